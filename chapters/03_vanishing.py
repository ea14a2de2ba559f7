# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Vanishing and exploding gradients
#
# **The question.** Why did deep networks not train? The usual answer is one sentence: a gradient that passes many
# layers is a product of many factors, and such a product vanishes or explodes. This chapter derives the factor,
# predicts it over ninety powers of ten, and then asks what the sentence leaves out. Which layers are hit? What does
# float32 do to such numbers? Is it true that saturated units stop gradients? Where is the border between nets that
# train and nets that do not?
#
# **What you need.** The backward pass and the softmax with its loss (chapter 01): z = x W + b, a = f(z), δ = ∂C/∂z. The
# data are 8 × 8 digits, every pixel *standardised* (mean 0, variance 1 over the training part), unless something else
# is said. Biases start at 0. Two usual starts are drawn here before they are derived: *Glorot's* weights have the
# variance 2/(fan_in + fan_out) (chapter 04), *He's* 2/fan_in (chapter 05). Articles A to D are four popular
# introductions to initialization. Under each claim stand the median and the range of its runs. It is *reproduced* only
# if the whole range meets the criterion, *conditional* if it does so under a condition and fails without it.
#
# Where it says **Predict**, stop and write an answer down before you read on. Numbers in the text are computed by the
# cell that prints them, in under a minute altogether; comparisons over five seeds of training are read from stored
# results, which `python -m chapters --sweeps 03` computes again.

# %%
import math
import os
from functools import partial
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Markdown

import minnet as mn
from minnet import activations, claims, datasets, diagnostics, initializers, losses, optimizers, plots, sweeps, theory

FAST = os.environ.get("MINNET_FAST") == "1"
SEEDS = range(2 if FAST else 5)
plt.rcParams.update({"figure.figsize": (7.5, 3.4), "figure.constrained_layout.use": True, "axes.grid": True,
                     "grid.alpha": 0.3, "legend.framealpha": 0.9, "font.size": 9})

digits = datasets.standardized(datasets.digits())
x, y = digits.train
image = x[:1]                                              # one image, where one is enough
RESULTS = Path(mn.__file__).parents[1] / "chapters" / "results"
stored, defaults, oscillation = (sweeps.read(RESULTS / f"03_{name}.jsonl")
                                 for name in ("vanishing", "defaults", "oscillation"))

# %%
def normal(std):
    """N(0, std²), the same in every layer, whatever its width."""
    return partial(initializers.normal, std=std)


def tower(activation, init, depth, *, width=64, seed=0, dtype=np.float64, **options):
    """`depth` hidden layers of equal width between 64 pixels and 10 classes."""
    return mn.mlp([64, *[width] * depth, 10], activation=activation, init=init, rng=seed, dtype=dtype, **options)


def rms(array):
    """Root mean square, in float64."""
    return math.sqrt(np.square(array, dtype=np.float64).mean())


def gradient(net, n=200):
    """Both passes on n images; the layers keep what came of them. Returns the loss."""
    return net.gradient(x[:n].astype(net.dtype), y[:n], losses.softmax_cross_entropy)


def deltas(net):
    """rms of δ in every layer, the output last."""
    return np.array([rms(layer.delta) for layer in net.layers])


# %% [markdown]
# ## 1. The patient
#
# An initializer that stands in many tutorials, article D's among them: N(0, 0.01²) for every layer. One net has two
# hidden layers of 64 tanh units, the other ten.
#
# **Predict.** How low do the two come in 20 epochs?

# %%
def trained(net, rate, epochs=20):
    return mn.fit(net, digits.train, loss=losses.softmax_cross_entropy, batch_size=64, epochs=epochs, rng=0,
                  optimizer=optimizers.SGD(rate, momentum=0.9), progress=False)


histories = {f"{depth} hidden layers": trained(tower(activations.tanh, normal(0.01), depth, dtype=np.float32), 0.05)
             for depth in (2, 10)}
ax = plots.learning_curves(histories)
ax.axhline(np.log(10), color="black", lw=0.8, ls=":")
ax.annotate("ln 10", (14, np.log(10)), (0, -11), textcoords="offset points", fontsize=8)
ends = [history.loss[-1] for history in histories.values()]
Markdown(f"The loss ends at {ends[0]:.3f} with two hidden layers and at {ends[1]:.4f} with ten; ln 10 = "
         f"{np.log(10):.4f}. The deep one has learned nothing, not even slowly; what it is above ln 10 is the noise of "
         "the batches.")

# %% [markdown]
# ## 2. One layer, two directions
#
# Let layer l have n inputs and n units, and weights that are independent, with mean 0 and variance σ². Write
# σ_w² = nσ². E is the mean over such draws, and u a standard normal number.
#
# **Forward.** z_j = Σ_i a_i W_ij is a sum of n uncorrelated terms, so E[z²] = nσ² E[a²] = σ_w² E[a²], and in a wide
# layer z is nearly normal (a sum of many small terms). With q_l = E[z²] in layer l,
#
# q_{l+1} = σ_w² E[f(√q_l u)²].
#
# Layer after layer, q runs to a fixed point of this map, or to 0, or to infinity.
#
# **Backward.** δ^l = (δ^{l+1} Wᵀ) ⊙ f′(z^l). Again a sum of n terms, times f′. If W and δ^{l+1} were independent (they
# are not quite: z came from the same W, which matters in order 1/n),
#
# E[(δ^l)²] = χ · E[(δ^{l+1})²],   **χ = σ_w² E[f′(√q u)²]**.
#
# χ is the factor on mean squares, √χ the one on sizes. Two cases need no integral. tanh of *small* signals is f(z) ≈ z:
# then q_{l+1} = σ_w² q_l, and χ = σ_w². ReLU is z for one half of the numbers and 0 for the other: q_{l+1} = ½σ_w² q_l
# and χ = ½σ_w², whatever q is.
#
# One factor per layer, the same in every layer once q has settled. L layers make χ^L, and χ^L is huge or tiny unless χ
# is very nearly 1. The gradient is a product of Jacobians, ∂z^L/∂z^1 = Π diag(f′) Wᵀ in row notation, and √χ is how
# much one of them stretches a typical vector. The rest of the chapter is about this number (Poole and others 2016;
# Schoenholz and others 2017; for linear units it is in Glorot & Bengio 2010, eq. 6).

# %%
def factor(activation, weight_var):
    """√χ: by how much rms δ changes in one layer, once the variance of z has settled."""
    field = theory.MeanField(activation, weight_var)
    return math.sqrt(field.chi(1.0 if activation is activations.relu else field.limit()))    # ReLU: the same at every q


assert math.isclose(factor(activations.tanh, 0.0064), 0.08, rel_tol=1e-6)               # the two cases without integral
assert math.isclose(factor(activations.relu, 64.0), 8 / math.sqrt(2), rel_tol=1e-9)
for activation, std in ((activations.tanh, 0.01), (activations.sigmoid, 0.125), (activations.tanh, 0.125),
                        (activations.relu, 0.125), (activations.relu, 1.0)):
    print(f"{activation!r:>8}, N(0, {std}²), n = 64: σ_w² = {64 * std**2:<7.4g} "
          f"√χ = {factor(activation, 64 * std**2):.4g}")

# %% [markdown]
# ## 3. Plain numpy, then the library
#
# Both passes of a tower, by hand. The backward pass is *linear* in what enters at the top, so any δ^L shows the product
# of Jacobians; we take random numbers instead of a loss.

# %%
def plain(x, Ws, f, df, top):
    """δ of every layer; the last layer is linear and has δ = top."""
    zs = []
    for W in Ws:
        zs.append(x @ W)
        x = f(zs[-1])
    found = [top]
    for W, z in zip(Ws[:0:-1], zs[-2::-1], strict=True):
        found.insert(0, (found[0] @ W.T) * df(z))
    return found


net = tower(activations.tanh, normal(0.02), 30)
top = np.random.default_rng(0).normal(size=(1, 10))
by_hand = plain(image.astype(float), [layer.W for layer in net.layers], np.tanh, lambda z: 1 - np.tanh(z) ** 2, top)
net.forward(image.astype(float))
net.backward(top)
for layer, delta in zip(net.layers, by_hand, strict=True):
    np.testing.assert_allclose(layer.delta, delta, rtol=1e-12)
Markdown(f"The library gives the same δ in all 31 layers, to twelve digits, down to rms δ¹ = {rms(by_hand[0]):.1e}. "
         "From here on it does the work.")

# %% [markdown]
# ## 4. Ninety orders of magnitude
#
# Fifty hidden layers of 64 units, drawn from N(0, σ²), in float64, one image, five networks each.
#
# **Predict**, with the factors just printed. ReLU with N(0, 1), sigmoid with N(0, 1/64), tanh with N(0, 0.01²) and with
# N(0, 1/64): how many powers of ten are lost or gained from the output to layer 1?
#
# A random product is random. `theory.predict_statistics` also says by how much ln δ² should scatter from
# network to network: its
# standard deviation, `spread`, grows as the root of depth/width. Criterion, for each of the five networks and all six
# starts: within three of these of the predicted median, `typical`. (If theory is right, that holds for all 30 with a
# probability of at least 92%.)

# %%
CASES = {"ReLU, σ = 1": (activations.relu, 1.0), "tanh, σ = 0.25": (activations.tanh, 0.25),
         "tanh, σ = 0.125": (activations.tanh, 0.125), "tanh, σ = 0.05": (activations.tanh, 0.05),
         "sigmoid, σ = 0.125": (activations.sigmoid, 0.125), "tanh, σ = 0.01": (activations.tanh, 0.01)}


def profile(net):
    """mean δ² of every layer, relative to the output's."""
    net.forward(image.astype(float))
    net.backward(top)
    return deltas(net) ** 2 / rms(top) ** 2


towers = {name: [tower(activation, normal(std), 50, seed=seed) for seed in SEEDS]
          for name, (activation, std) in CASES.items()}
measured = {name: np.array([profile(net) for net in nets]) for name, nets in towers.items()}
predicted = {name: [theory.predict_statistics(net, image.astype(float)).delta for net in nets]
             for name, nets in towers.items()}
typical = {name: np.median([p.typical for p in found], axis=0) for name, found in predicted.items()}
ax = plots.depth_profile({name: np.sqrt(m) for name, m in measured.items()},
                         predicted={name: np.sqrt(t) for name, t in typical.items()},
                         ylabel="rms δ, relative to the output")
lost = {name: np.log10(np.median(m[:, 0])) / 2 for name, m in measured.items()}
Markdown("Powers of ten from the output to layer 1: "
         + "; ".join(f"{name}: {value:+.1f} (theory {np.log10(typical[name][0]) / 2:+.1f})" for name, value in
                     lost.items()) + ".")

# %%
edge = predicted["tanh, σ = 0.125"][0]
outputs, total = math.log10(10 / 64) / 2, math.log10(edge.square[0]) / 2
Markdown(f"""**What to see.** Straight lines on a logarithmic axis: a constant factor per layer. Nothing is fitted: the
theory is told the mean squares of the image and of every weight matrix, not the gradient. Only tanh with σ = 0.125 =
1/√64, where σ_w² = 1, keeps its gradient nearly, and yet √χ = 1 had promised more. What is lost there comes from the
first step, from ten outputs to 64 units ({outputs:+.1f} powers of ten), from a q that is still on its way to 0
({total - outputs:+.1f}), and from the difference between mean and median: a product of random factors is skewed
({math.log10(edge.typical[0] / edge.square[0]) / 2:+.1f}).""")

# %%
def deviation(row, p):
    """How far ln δ² of layer 1 is from its prediction, in predicted standard deviations."""
    return abs(math.log(row[0] / p.typical[0])) / p.spread[0]


claims.judge("03-product", source="Glorot & Bengio 2010, eq. 6; Schoenholz and others 2017",
             statement="the gradient is a product of one factor per layer, which theory gives (deviation over 50 "
                       "layers, the worst of six starts, in predicted standard deviations)",
             measured=[max(deviation(measured[name][seed], predicted[name][seed]) for name in CASES) for seed in SEEDS],
             criterion=claims.at_most(3))

# %% [markdown]
# Three sayings can be judged at once. *The sigmoid multiplies the gradient by at most ¼ in every layer*: the slope is
# at most ¼, but the weights multiply too. Criterion: no layer multiplies rms δ by more than ¼. Ten hidden layers of 256
# units, Glorot's weights, and, as the counter-measurement, N(0, 1), the default in article C's code.
#
# *Random weights are prone to vanishing and exploding* (article C). Criterion: over 20 hidden layers the gradient
# changes by a factor of 100 or more, one way or the other. Measured with fixed σ (0.01, 0.05 and 1 for tanh, 0.05 and 1
# for ReLU), and with weights that know the width of their layer: Glorot's for tanh, He's for ReLU. (A fixed σ can suit
# one width by chance, as 0.125 did above.)
#
# *ReLU mitigates vanishing gradients* (articles A and B). Its slope is 1 where a unit is on, but half of the units are
# off: at σ_w² = 1, where tanh keeps its gradient, χ is ½. Criterion: over 20 layers less than one power of ten is lost.
# Measured with He's weights, and with Glorot's, on which the comparison with tanh and sigmoid is usually made.

# %%
def ratios(activation, init, width=256):
    """rms δ of a hidden layer over that of the next, ten hidden layers."""
    found = []
    for seed in SEEDS:
        net = tower(activation, init, 10, width=width, seed=seed)
        gradient(net)
        found.append(deltas(net)[:-2] / deltas(net)[1:-1])
    return np.array(found)


steep = ratios(activations.sigmoid, normal(1.0))
claims.judge("03-quarter", source="circulating",
             statement="a sigmoid layer multiplies the gradient by at most 1/4 (the largest of nine layers)",
             measured=ratios(activations.sigmoid, initializers.glorot_normal).max(axis=1),
             criterion=claims.at_most(0.25), condition="the weights have Glorot's size, not N(0, 1)",
             without=steep.min(axis=1))

# %%
def decades(activation, init, depth=20, width=64):
    """log₁₀ of rms δ in layer 1 over that in the last hidden layer, one number per seed."""
    found = []
    for seed in SEEDS:
        net = tower(activation, init, depth, width=width, seed=seed)
        gradient(net)
        found.append(math.log10(deltas(net)[0] / deltas(net)[-2]))
    return np.array(found)


blind = [decades(activations.tanh, normal(std)) for std in (0.01, 0.05, 1.0)]
blind += [decades(activations.relu, normal(std)) for std in (0.05, 1.0)]
suited = [decades(activations.tanh, initializers.glorot_normal), decades(activations.relu, initializers.he_normal)]
claims.judge("03-prone", source="popular article C",
             statement="random weights are prone to vanishing and exploding (powers of ten over 20 layers, either way)",
             measured=np.abs(blind).ravel(), criterion=claims.at_least(2),
             condition="their scale is fixed and does not follow the width", without=np.abs(suited).ravel())

# %%
claims.judge("03-relu", source="popular articles A and B",
             statement="ReLU mitigates vanishing gradients (powers of ten over 20 layers)",
             measured=decades(activations.relu, initializers.he_normal, width=256), criterion=claims.at_least(-1),
             condition="the weights are He's, not Glorot's",
             without=decades(activations.relu, initializers.glorot_normal, width=256))

# %% [markdown]
# ## 5. Which layers starve?
#
# δ falls towards the input. So the first layers learn slowest, it is said, and the last ones learn almost as usual.
#
# **Predict.** Twenty layers. Where is dW smallest with sigmoid units and Glorot's weights? With tanh and N(0, 0.05²)?
#
# **The derivation.** What moves a weight is dW^l = (a^{l−1})ᵀ δ^l, two factors. δ^l has passed the L − l layers above,
# a^{l−1} the l − 1 layers below. The sigmoid's a is near ½ in every layer, so dW falls as δ does. But with tanh or ReLU
# the signal shrinks on its way *up* by the same factor per layer as the gradient on its way *down* (section 2): σ_w for
# tanh near 0, σ_w/√2 for ReLU. For tanh the product is σ_w^(l−1) σ_w^(L−l) = σ_w^(L−1): the layer drops out.
#
# Criterion of the saying: dW in layer 1 is at most a tenth of that in the last hidden layer.

# %%
PAIRS = {"sigmoid, Glorot": (activations.sigmoid, initializers.glorot_normal),
         "tanh, σ = 0.05": (activations.tanh, normal(0.05)), "ReLU, σ = 0.05": (activations.relu, normal(0.05))}
steps, expected = {}, {}
for name, (activation, init) in PAIRS.items():
    nets = [tower(activation, init, 20, seed=seed) for seed in SEEDS]
    for net in nets:
        gradient(net)
    steps[name] = np.array([[rms(layer.dW) for layer in net.layers[:-1]] for net in nets])
    p = theory.predict_statistics(nets[0], x[:200].astype(float))
    size = np.sqrt(np.append(np.mean(x[:200] ** 2), p.a.square[:-2]) * p.delta.square[:-1])       # a below times δ
    expected[name] = size * np.exp(np.log(np.median(steps[name], axis=0) / size).mean())
plots.depth_profile(steps, predicted=expected, ylabel="rms dW (200 images)", xlabel="hidden layer")
Markdown("dW in layer 1 over dW in layer 20: "
         + ", ".join(f"{name}: {np.median(found[:, 0] / found[:, -1]):.2g}" for name, found in steps.items())
         + ". The lines are theory, of one image; only their height is fitted.")

# %% [markdown]
# **What to see.** With the sigmoid the saying is right (the kink at layer 1: pixels are twice as large as its
# activations). With tanh and ReLU *all* layers starve alike, the last hidden one as much as the first: the first gets
# no gradient, the last no signal. (Glorot & Bengio 2010, Fig. 8, have the flat line for five tanh layers.)

# %%
starved = {name: found[:, 0] / found[:, -1] for name, found in steps.items()}
claims.judge("03-early-layers", source="circulating",
             statement="where gradients vanish, the first layers get the least (dW of layer 1/layer 20)",
             measured=starved["sigmoid, Glorot"], criterion=claims.at_most(0.1),
             condition="the signal does not vanish too: sigmoid, not tanh or ReLU from N(0, 0.05²)",
             without=np.concatenate([starved["tanh, σ = 0.05"], starved["ReLU, σ = 0.05"]]))

# %% [markdown]
# ## 6. What float32 makes of it
#
# Networks are trained in float32, where normal numbers end at 1.2·10⁻³⁸. Below, down to 1.4·10⁻⁴⁵, are the *subnormal*
# ones, with ever fewer digits; then 0. A net of 60 tanh layers with N(0, 0.01²) passes all three.
#
# If δ in a layer is Gaussian with root mean square r, the share that is rounded to 0 is P(|δ| < 0.7·10⁻⁴⁵) =
# erf(0.7·10⁻⁴⁵/(r√2)), and r we can predict. Criterion: the last layer in which half of the δ are 0 is predicted to
# within one layer. (One layer is a factor of 0.08; the predicted scatter of δ over networks is much smaller than that.)

# %%
LAST, FLUSHED = float(np.finfo(np.float32).tiny), 2.0**-150            # smallest normal; what rounds to 0


def between(low, high, r):
    """The share of Gaussian numbers of root mean square r with low < |number| < high."""
    return math.erf(high / (r * math.sqrt(2))) - math.erf(low / (r * math.sqrt(2)))


def underflow(seed):
    """Shares (layers, 2) of δ that are subnormal, and 0: measured in float32, and predicted."""
    net = tower(activations.tanh, normal(0.01), 60, seed=seed, dtype=np.float32)
    gradient(net, 64)
    size = rms(net.layers[-1].delta) * np.sqrt(theory.predict_statistics(net, x[:64]).delta.typical)
    shares = [[((layer.delta != 0) & (abs(layer.delta) < LAST)).mean(), (layer.delta == 0).mean()]
              for layer in net.layers]
    return np.array(shares), np.array([[between(FLUSHED, LAST, r), between(0, FLUSHED, r)] for r in size])


shares, guesses = map(np.array, zip(*map(underflow, SEEDS), strict=True))
fig, ax = plt.subplots()
layer = np.arange(1, 62)
for k, (name, style) in enumerate((("subnormal", "--"), ("exactly 0", "-"))):
    ax.plot(layer, shares[0, :, k], "os"[k], color="0.25", mfc="none", ms=4, label=f"{name}, measured")
    ax.plot(layer, guesses[0, :, k], style, color="black", lw=1, label=f"{name}, theory")
ax.set(xlabel="layer", ylabel="share of the δ of 64 images")
ax.legend(loc="center right")
empty, guess = ((found[:, :, 1] >= 0.5).sum(axis=1) for found in (shares, guesses))
blurred = (shares[0, :, 0] >= 0.5).sum()
Markdown(f"From the output (layer 61) down: normal numbers, then {blurred} layers of mostly subnormal ones, then zeros "
         f"in layers 1 to {empty[0]}; predicted, 1 to {guess[0]}.")

# %%
claims.judge("03-underflow", source="this chapter",
             statement="the layer from which float32 gradients are exactly 0 follows from the slope (layers off)",
             measured=empty - guess, criterion=claims.between(-1, 1))

# %% [markdown]
# So underflow ends learning in float32, and float64 or loss scaling would help? **Predict.** A gradient of 10⁻⁴⁵ is
# reached after some forty layers of this kind. At which depth does a step of SGD (rate η = 0.1) leave most weights
# exactly as they were, bit for bit?
#
# **The derivation.** w − ηg is rounded to the nearest float32, and those near w are between 6·10⁻⁸ |w| and 12·10⁻⁸ |w|
# apart. If η|g| is less than half of that, nothing happens: with |w| = 0.01 and η = 0.1 not at 10⁻⁴⁵, but below some
# 4·10⁻⁹. With g Gaussian of root mean square s, the share of weights that stay is the mean of erf(spacing/(2ηs√2)); and
# s, by section 5, is the same in all layers and falls by a factor of σ_w = 0.08 with every layer that is added. (s with
# one hidden layer is measured.)
#
# Criterion for *what ends learning in float32 is underflow*: half of the weights stand still at a depth that is at
# least 0.9 times the depth at which half of the gradients are 0.

# %%
DEPTHS = [*range(1, 15), 20, 25, 30, 34, 36, 38, 39, 40, 41, 42, 43, 45]
sgd = optimizers.SGD(0.1)


def frozen(depth, seed):
    """Shares of the hidden weights that a step leaves as they are, and of their gradients that are 0; rms dW."""
    net = tower(activations.tanh, normal(0.01), depth, seed=seed, dtype=np.float32)
    gradient(net, 64)
    before, hidden = net.params.copy(), net.span(0, depth - 1)
    sgd.step(net.params, net.grads, sgd.init(net.params))
    is_weight = net.decay_mask[hidden]
    return ((net.params == before)[hidden][is_weight].mean(), (net.grads == 0)[hidden][is_weight].mean(),
            rms(net.grads[hidden][is_weight]))


found = np.array([[frozen(depth, seed) for depth in DEPTHS] for seed in SEEDS])             # (seeds, depths, 3)
W = normal(0.01)(np.random.default_rng(0), (1000,)).astype(np.float32)
start = np.median(found[:, 0, 2])
stay = [np.mean([math.erf(gap / (2 * 0.1 * start * 0.08 ** (depth - 1) * math.sqrt(2))) for gap in np.spacing(abs(W))])
        for depth in DEPTHS]
fig, ax = plt.subplots()
ax.plot(DEPTHS, np.median(found[:, :, 0], axis=0), "ko", mfc="none", ms=5,
        label="weights that a step leaves as they are")
ax.plot(DEPTHS, stay, "k-", lw=1, label="theory")
ax.plot(DEPTHS, np.median(found[:, :, 1], axis=0), "^--", color="0.5", ms=5, label="gradients that are exactly 0")
ax.set(xlabel="hidden layers", ylabel="share of the hidden layers' weights")
ax.legend(loc="center", bbox_to_anchor=(0.5, 0.45))
stuck, gone = (np.array([DEPTHS[int((row >= 0.5).argmax())] for row in found[:, :, k]]) for k in (0, 1))
still = found[:, DEPTHS.index(10), 2]
Markdown(f"Half of the weights stay from {np.median(stuck):.0f} layers on, half of the gradients are 0 from "
         f"{np.median(gone):.0f} on. At {np.median(gone - stuck):.0f} depths in between the gradients are there and do "
         "nothing. (The few that are 0 at the left belong to three pixels that never change.)")

# %%
claims.judge("03-underflow-ends-it", source="circulating",
             statement="it is underflow that ends learning in float32 (depth of standstill/depth of underflow)",
             measured=stuck / gone, criterion=claims.at_least(0.9))

# %%
Markdown(f"Would float64 help? There the weights move. With ten layers, by {0.1 * np.median(still):.0e} a step: to go "
         f"as far as a weight is large, 0.01, would take some {0.01 / (0.1 * np.median(still)):.0e} steps.")

# %% [markdown]
# ## 7. Saturation
#
# Too small is bad; what about too large? N(0, 1) is the default in article C's code. A tanh unit beyond ±0.99 counts as
# saturated; its slope is below 0.02. Theory: q from the map of section 2, share = P(|z| > 2.65). The inputs here are
# standard normal numbers, as many as a layer has units.
#
# **Predict.** Which share of the units of layer 5 is saturated, with layers of 4, 64, 1,024 units?
#
# Criteria, at width 256: a sensible default saturates at most 10% of the units of layer 5; and, for article B's *a
# uniform range chosen badly saturates the activations*, at least half of them are saturated by U(−1, 1), with
# U(±√(3/256)) as the range chosen well.

# %%
def uniform(a):
    return partial(initializers.uniform, low=-a, high=a)


WIDTHS = (4, 8, 16, 32, 64, 128, 256, 512, 1024)
WAYS = {"N(0, 1)": (normal(1.0), lambda n: n), "U(−1, 1)": (uniform(1.0), lambda n: n / 3),
        "N(0, 0.1²)": (normal(0.1), lambda n: n / 100), "Glorot": (initializers.glorot_normal, lambda n: 1.0)}


def saturated(width, init, seed):
    """The share of layer 5's activations beyond ±0.99, 100 random inputs."""
    net = mn.mlp([width] * 6, activation=activations.tanh, init=init, rng=seed)
    net.forward(np.random.default_rng(seed).normal(size=(100, width)).astype(np.float32))
    return float((abs(np.tanh(net.layers[-1].z)) > 0.99).mean())


def tail(weight_var):
    """The same from theory; inputs of variance 1."""
    q = theory.MeanField(activations.tanh, weight_var).variances(weight_var, 5)[-1]
    return math.erfc(math.atanh(0.99) / math.sqrt(2 * q))


beyond = {name: np.array([[saturated(n, init, seed) for n in WIDTHS] for seed in ((0,) if FAST else (0, 1))])
          for name, (init, _) in WAYS.items()}
fig, ax = plt.subplots()
for (name, (_, scale)), marker, line in zip(WAYS.items(), "os^D", ("-", "--", ":", "-."), strict=True):
    ax.plot(WIDTHS, beyond[name].mean(axis=0), marker, color="0.25", mfc="none", label=name)
    ax.plot(WIDTHS, [tail(scale(n)) for n in WIDTHS], line, color="black", lw=1)
ax.set(xlabel="width n", ylabel="share of units beyond ±0.99, layer 5", xscale="log", xticks=WIDTHS,
       ylim=(-0.03, 1.03))
ax.set_xticklabels(map(str, WIDTHS))
ax.minorticks_off()
ax.legend(loc="upper left", title="lines: theory")
plt.show()

# %% [markdown]
# **What to see.** A fixed scale is good at one width. At three units, as in article C's example, one would hardly
# notice.

# %%
claims.judge("03-normal-saturates", source="popular article C (its code)",
             statement="N(0, 1) is a sensible default: it leaves units open (share saturated in layer 5, width 256)",
             measured=[saturated(256, normal(1.0), seed) for seed in SEEDS], criterion=claims.at_most(0.1))

# %%
claims.judge("03-uniform-saturates", source="popular article B",
             statement="a uniform range chosen badly saturates the activations (share, tanh, layer 5, width 256)",
             measured=[saturated(256, uniform(1.0), seed) for seed in SEEDS], criterion=claims.at_least(0.5),
             condition="it is U(−1, 1), not U(±√(3/256))",
             without=[saturated(256, uniform(math.sqrt(3 / 256)), seed) for seed in SEEDS])

# %% [markdown]
# And saturated units have no slope, hence *saturation makes gradients vanish*: the textbook sentence. **Predict.** Ten
# layers of 256 tanh units. N(0, 1) saturates most of the units, U(0, 1) all of them. By which factor does the gradient
# change from the output to layer 1, in each?
#
# **The derivation.** With large weights, only the units with |z| of about 1 have a slope, and for Gaussian z of
# variance q they are a share of about 1/√q. Since ∫f′² dz = 4/3 for tanh, E[f′²] ≈ (4/3)/√(2πq), and q ≈ σ_w² (all a²
# near 1):
#
# χ = σ_w² E[f′²] ≈ (4/3) σ_w²/√(2πσ_w²) ≈ **0.53 σ_w**.
#
# The share of open units falls as 1/σ_w, but each of them is worth σ_w². Saturation does not stop the gradient; it
# *explodes* through the few units that are left. Schoenholz and others (2017) call the side where it vanishes ordered,
# the other chaotic. Criterion: at every σ_w drawn below, a network's median factor is on the side of 1 that theory says
# (layers 4 to 9, where q has settled).

# %%
SCALES = np.array([0.25, 0.5, 0.7, 1.4, 2, 4, 8, 16, 32])
through = np.median([ratios(activations.tanh, normal(s / 16))[:, 3:] for s in SCALES], axis=2)       # (scales, seeds)
fine = np.geomspace(0.25, 32, 8 if FAST else 15)
fig, ax = plt.subplots()
ax.loglog(SCALES, np.median(through, axis=1), "ko", mfc="none", label="measured, width 256")
ax.loglog(fine, [factor(activations.tanh, s**2) for s in fine], "k-", lw=1, label="theory: √χ")
ax.loglog(fine[fine > 2], np.sqrt(0.532 * fine[fine > 2]), "k:", lw=1.5, label="√(0.53 σ_w)")
ax.axhline(1, color="0.6", lw=0.8)
ax.axvline(1, color="0.6", lw=0.8)
ax.annotate("N(0, 1)", (16, np.median(through[-2])), (0, -16), textcoords="offset points", ha="center", fontsize=8)
ticks = (0.25, 0.5, 1, 2, 4)
ax.set(xlabel="σ_w = σ √n", ylabel="factor on rms δ, per layer", xticks=[*SCALES, 1], yticks=ticks)
ax.set_xticklabels([f"{s:g}" for s in [*SCALES, 1]])
ax.set_yticklabels([f"{t:g}" for t in ticks])
ax.minorticks_off()
ax.legend(loc="upper left")
plt.show()

# %% [markdown]
# **What to see.** The larger the weights, the more units are saturated, and the *faster* the gradient grows. Left of
# σ_w = 1 it vanishes, right of it it explodes.
#
# U(0, 1) is another matter. Its weights have the mean ½, so every unit of a layer adds up *all* inputs with weights of
# one sign; |z| is of order n/2 for all units alike, and there is no share of open ones. In float64 tanh(20) is exactly
# 1 and f′ = 1 − a² exactly 0. Criterion for the textbook sentence: rms δ falls at least a thousandfold over ten layers.

# %%
claims.judge("03-phases", source="Schoenholz and others 2017, abstract",
             statement="gradients vanish in the ordered and explode in the chaotic phase (share of σ_w, tanh)",
             measured=((through > 1) == (SCALES > 1)[:, None]).mean(axis=0), criterion=claims.at_least(1))

# %%
def passed(init):
    """rms δ of layer 1 over that of the output, and the saturated share of layer 10."""
    found = []
    for seed in SEEDS:
        net = tower(activations.tanh, init, 10, width=256, seed=seed)
        gradient(net)
        found.append((deltas(net)[0] / deltas(net)[-1], (abs(net.layers[-2].a) > 0.99).mean()))
    return np.array(found).T


zero_to_one = partial(initializers.uniform, low=0.0, high=1.0)
(stopped, all_shut), (grown, most_shut) = passed(zero_to_one), passed(normal(1.0))
claims.judge("03-saturation", source="circulating",
             statement="saturation makes gradients vanish (rms δ, layer 1/output, ten layers of 256)", measured=stopped,
             criterion=claims.at_most(1e-3), condition="the weights have a common sign, U(0, 1), not N(0, 1)",
             without=grown)

# %%
Markdown(f"Saturated in layer 10: {np.median(most_shut):.0%} with N(0, 1), {np.median(all_shut):.0%} with U(0, 1). The "
         f"gradient grows by a factor of {np.median(grown):,.0f} in the first net and is exactly 0 in the second.")

# %% [markdown]
# ## 8. U(0, 1): one direction
#
# A matrix of n_in × n_out numbers with mean ½ is that mean, a matrix of rank 1 and singular value ½√(n_in n_out), plus
# noise of variance 1/12, whose singular values end at √(1/12)(√n_in + √n_out) (Marchenko and Pastur's law). For
# U(0, 1) and 256 × 128 the ratio is 90.5/7.9 = 11.5: all images come out along the same vector, and what tells them
# apart is the small rest. Criterion for *random weights treat all directions alike*: the largest singular value is at
# most 1.2 times the second.

# %%
def top_two(init, seed, shape=(256, 128)):
    s = np.linalg.svd(init(np.random.default_rng(seed), shape), compute_uv=False)
    return s[0] / s[1]


claims.judge("03-directions", source="circulating",
             statement="random weights treat all directions alike (largest singular value/second, 256 × 128)",
             measured=[top_two(uniform(1.0), seed) for seed in SEEDS], criterion=claims.at_most(1.2),
             condition="their mean is 0: U(−1, 1), not U(0, 1)",
             without=[top_two(zero_to_one, seed) for seed in SEEDS])

# %% [markdown]
# ## 9. The loss at step 0
#
# A classifier of K classes that knows nothing should pay ln K; *a healthy start shows a loss of ln K* is common advice.
#
# **Predict.** Which of these has a loss closest to ln 10: Glorot's tanh net, He's ReLU net, or the 20-layer tower with
# N(0, 0.01²) that cannot learn?
#
# **The derivation.** One image costs ln Σ_k e^(z_k) − z_y, with z the ten outputs and y the label. At the start the z_k
# are about normal, with some deviation s, and do not depend on the label: z_y is 0 on average. There remains
# E[ln Σ_k e^(s u_k)] with standard normal u. Near s = 0 it is ln K + s²(1 − 1/K)/2 (to second order); for large s it is
# s E[max u], because the net is confident and wrong. s² is q of the last layer, which theory gives.
#
# Criterion: the loss is within 5% of ln 10. Measured on He's net, with an output layer of N(0, 0.01²), and without it.

# %%
noise = np.random.default_rng(0).normal(size=(20_000, 10))


def step_zero(s):
    """E[ln Σ e^(s u)] over ten independent logits."""
    top = s * noise.max(axis=1)
    return float((top + np.log(np.exp(s * noise - top[:, None]).sum(axis=1))).mean())


ARTICLE_D = [64, 128, 64, 10]
STARTS = {"Glorot, tanh": (ARTICLE_D, activations.tanh, initializers.glorot_normal, None),
          "He, ReLU": (ARTICLE_D, activations.relu, initializers.he_normal, None),
          "He, ReLU, small output layer": (ARTICLE_D, activations.relu, initializers.he_normal, normal(0.01)),
          "N(0, 1), tanh": (ARTICLE_D, activations.tanh, normal(1.0), None),
          "N(0, 0.01²), tanh, 20 layers": ([64] * 21 + [10], activations.tanh, normal(0.01), None)}
nets = {name: [mn.mlp(sizes, activation=f, init=init, output_init=output, rng=seed, dtype=np.float64) for seed in SEEDS]
        for name, (sizes, f, init, output) in STARTS.items()}
logits = {name: math.sqrt(theory.predict_statistics(found[0], x).z.square[-1]) for name, found in nets.items()}
first = {name: np.array([losses.softmax_cross_entropy(net(x), y)[0] for net in found]) for name, found in nets.items()}
grid = np.geomspace(1e-2, 30, 60)
fig, ax = plt.subplots()
ax.loglog(grid, [step_zero(s) for s in grid], "k-", lw=1, label="theory: ten logits of deviation s")
ax.axhline(np.log(10), color="0.6", ls=":", label="ln 10")
for (name, values), marker in zip(first.items(), "os^Dv", strict=True):
    ax.plot([max(logits[name], 1e-2)] * len(values), values, marker, color="0.3", mfc="none", ms=5, label=name)
ax.set(xlabel="s, predicted deviation of the logits (left edge: 0.01 or less)", ylabel="loss at step 0",
       yticks=(2, 5, 10, 20), yticklabels=("2", "5", "10", "20"))
ax.minorticks_off()
ax.legend(loc="upper left", fontsize=8)
Markdown("Loss at step 0, median (theory): "
         + "; ".join(f"{name}: {np.median(values):.3f} ({step_zero(logits[name]):.3f})"
                     for name, values in first.items()) + f". ln 10 = {np.log(10):.3f}.")

# %% [markdown]
# **What to see.** The textbook starts are *not* at ln 10, since their output layer, scaled like the others, says
# something about every image from the beginning. The dead tower is, to all digits. A loss far above ln K shows weights
# that are too large; a loss of ln K shows a small output, by design or by death. (A draw of ten logits is a small
# sample, hence the scatter: a single Glorot net may be at ln 10 by chance.)

# %%
claims.judge("03-ln-k", source="common advice",
             statement="a healthy start has a loss of ln K (loss/ln 10, He's ReLU net)",
             measured=first["He, ReLU, small output layer"] / math.log(10), criterion=claims.between(0.95, 1.05),
             condition="the output layer is drawn small", without=first["He, ReLU"] / math.log(10))

# %% [markdown]
# ## 10. Where training works
#
# Now train. N(0, σ²), and the uniform distribution of the same variance, U(−a, a) with a = √3σ, for tanh and ReLU; 64
# units a layer, 2 to 40 hidden layers, 20 epochs of SGD (momentum 0.9, batches of 64), each at the best of four
# learning rates from 0.05 to 0.0004; five seeds.
#
# **Predict.** Where in the plane of σ and depth does training work, and does the shape of the distribution matter?
#
# **The derivation.** ξ = 1/|ln χ| is the number of layers in which E[δ²] changes by a factor of e. Let us say, before
# looking, that six ξ are the limit: there rms δ has changed by e³ = 20. The border is at infinity where χ = 1:
# σ = 1/√64 = 0.125 for tanh, √2 times that for ReLU.
#
# That is the way down. What comes *up* is measured by the correlation between the z of two images. It, too, runs to a
# fixed point c*, and the rest dies out as e^(−l/ξ_c): some ξ_c up, a layer no longer knows which image it sees. Below
# σ_w = 1 all images become alike (c* = 1), and ξ_c = ξ. In the chaotic phase tanh tears them apart until nothing is
# common (c* = 0), but more slowly than the gradient explodes: ξ_c is longer than ξ.
#
# Schoenholz and others (2017) say that random networks can be trained *exactly when information can travel through
# them*, and mean ξ_c. Criterion, set before the results were read: with six ξ_c as the border (and training to 90% as
# success) at least 90% of the cells of tanh are right. The paper has biases, other training and other data, so that a
# failure is *not reproduced*.

# %%
STDS = (0.01, 0.02, 0.05, 0.0625, 0.0884, 0.125, 0.177, 0.25, 0.354, 0.5, 1.0)
LAYERS = (40, 20, 10, 5, 2)


def mapped(activation, distribution, column="accuracy"):
    """Stored results (seeds, depths, stds)."""
    cells = stored.where(activation=activation, distribution=distribution).by("depth", "std")
    return np.moveaxis([[cells[depth, std].array(column) for std in STDS] for depth in LAYERS], 2, 0)


def depth_scale(activation, std):
    """ξ = 1/|ln χ| in layers."""
    return 1 / max(abs(2 * math.log(factor(activation, 64 * std**2))), 1e-9)


fields = [theory.MeanField(activations.tanh, 64 * std**2).depth_scales() for std in STDS]
fig, axes = plt.subplots(2, 2, figsize=(11.5, 6))
fine = np.geomspace(0.01, 1, 9 if FAST else 37)
row_of = partial(np.interp, xp=np.log(LAYERS[::-1]), fp=range(4, -1, -1))
column_of = partial(np.interp, xp=np.log(STDS), fp=range(11))
for row, activation, edge in zip(axes, (activations.tanh, activations.relu), (0.125, math.sqrt(2) / 8), strict=True):
    border = 6 * np.array([depth_scale(activation, std) for std in fine])
    inside = (border > 2) & (border < 40)
    for ax, distribution in zip(row, ("normal", "uniform"), strict=True):
        share = np.median(mapped(activation, distribution), axis=0)
        plots.heat_map(share, LAYERS, STDS, xlabel="σ" if distribution == "normal" else "σ = a/√3", annotate=False,
                       ylabel="hidden layers", label="training accuracy", ax=ax)
        ax.tick_params(axis="x", labelrotation=45)
        for side in (inside & (fine < edge), inside & (fine > edge)):
            ax.plot(column_of(np.log(fine[side])), row_of(np.log(border[side])), "w-", lw=4)
            ax.plot(column_of(np.log(fine[side])), row_of(np.log(border[side])), "k--", lw=1.5)
        ax.plot(column_of(math.log(edge)), -0.45, "kv", mfc="w", ms=9, clip_on=False)
        ax.set_title(f"{activation.name}, {distribution}")
chaotic = [(column_of(math.log(std)), row_of(math.log(6 * scales.correlation)))
           for std, scales in zip(STDS, fields, strict=True) if std > 0.125 and 2 < 6 * scales.correlation < 40]
axes[0, 0].plot(*zip(*chaotic, strict=True), "w-", lw=4)
axes[0, 0].plot(*zip(*chaotic, strict=True), "ko:", lw=1.5, ms=4)
plt.show()

# %%
def agreement(scale, seed):
    """The share of the cells (tanh, normal) that train to 90% where depth ≤ 6 scales, and do not where it is more."""
    works = mapped(activations.tanh, "normal")[seed] >= 0.9
    return float((works == (np.array(LAYERS)[:, None] <= 6 * np.array(scale))).mean())


by_correlation, by_gradient = ([agreement([getattr(scales, name) for scales in fields], seed) for seed in range(5)]
                               for name in ("correlation", "gradient"))
claims.judge("03-information", source="Schoenholz and others 2017, abstract",
             statement="networks train where information can travel (share of cells in which depth ≤ 6 ξ_c tells)",
             measured=by_correlation, criterion=claims.at_least(0.9), refutable=False, mode="stored")

# %%
Markdown(f"""**What to see.** Light is trained. Dashed: six ξ, where that is between 2 and 40; at the triangle ξ is
infinite. There is a wedge, it opens where theory says, and it is the same for both distributions: a sum of 64
independent terms hardly remembers how each was distributed. Tanh forgives a σ that is somewhat too large, ReLU does
not. Of the cells of tanh (normal) the dashed line tells {np.median(by_gradient):.0%} right; it is too strict for
shallow nets with small weights, which work their way up while training. Six ξ_c (dotted, where it is another line) tell
{np.median(by_correlation):.0%}: information reaches further than these nets could be trained in 20 epochs. There the
exploding gradient draws the line.""")

# %% [markdown]
# One column of the map, live: seed 0, tanh, normal, ten layers, three values of σ, the same four rates. The run has to
# lie in the band of the stored seeds, give or take 0.03.

# %%
def best_of_four(sizes, activation, init, dtype=np.float32):
    """Training and test accuracy after 20 epochs at the rate with the lowest loss."""
    found = []
    for rate in (0.05, 0.01, 0.002, 0.0004):
        net = mn.mlp(sizes, activation=activation, init=init, rng=0, dtype=dtype)
        trained(net, rate)
        z = net(x)
        found.append((losses.softmax_cross_entropy(z, y)[0], float((z.argmax(axis=1) == y).mean()),
                      float((net(digits.test[0]).argmax(axis=1) == digits.test[1]).mean())))
    return min(found)[1:]


for std in (0.125,) if FAST else (0.05, 0.125, 0.25):
    live, _ = best_of_four([64, *[64] * 10, 10], activations.tanh, normal(std))
    band = stored.where(activation=activations.tanh, distribution="normal", depth=10, std=std).array("accuracy")
    assert band.min() - 0.03 <= live <= band.max() + 0.03, (std, live, band)
    print(f"σ = {std:<6} live {live:.3f}, stored {band.min():.3f} … {band.max():.3f}")

# %% [markdown]
# **The articles' sentences**, and a criterion for each.
#
# - *A small random range breaks the symmetry, yet deep nets may still vanish* (A): with U(−0.035, 0.035), σ = 0.02, the
#   training accuracy stays at 20% or less; the condition is the depth.
# - *Small random values make gradients vanish* (C): with N(0, 0.01²), dW in layer 1 is at most a thousandth of what it
#   is with Glorot's weights.
# - Three starts stand in articles as code. A usable start trains to 90%, with tanh and with ReLU, at the best of four
#   rates, on article D's net, hidden layers of 128 and 64; or else on one with ten hidden layers.

# %%
def narrow(depth):
    return stored.where(activation=activations.tanh, distribution="uniform", std=0.02, depth=depth).array("accuracy")


claims.judge("03-small-range", source="popular article A",
             statement="drawn from a small range, deep nets may still vanish (training accuracy, σ = 0.02)",
             measured=narrow(20), criterion=claims.at_most(0.2), condition="20 hidden layers, not 2",
             without=narrow(2), mode="stored")

# %%
def first_step(depth, init, seed):
    net = tower(activations.tanh, init, depth, seed=seed)
    gradient(net)
    return rms(net.layers[0].dW)


share_left = {depth: [first_step(depth, normal(0.01), seed) / first_step(depth, initializers.glorot_normal, seed)
                      for seed in SEEDS] for depth in (2, 10)}
claims.judge("03-small-values", source="popular article C",
             statement="small random values make gradients vanish (dW of layer 1, N(0, 0.01²)/Glorot)",
             measured=share_left[10], criterion=claims.at_most(1e-3), condition="ten hidden layers, not two",
             without=share_left[2])

# %%
def both(start, depth, column="accuracy"):
    """Stored results of tanh and of ReLU on article D's net."""
    return np.concatenate([defaults.where(activation=f, start=start, depth=depth).array(column)
                           for f in (activations.tanh, activations.relu)])


claims.judge("03-article-d", source="popular article D (its code)",
             statement="N(0, 0.01²) is a usable custom initializer (training accuracy)",
             measured=both("N(0, 0.01²)", 2), criterion=claims.at_least(0.9),
             condition="two hidden layers, as there, not ten", without=both("N(0, 0.01²)", 10), mode="stored")

# %%
claims.judge("03-normal-default", source="popular article C (its code)",
             statement="N(0, 1) is a usable start (training accuracy)", measured=both("N(0, 1)", 2),
             criterion=claims.at_least(0.9), condition="two hidden layers, not ten", without=both("N(0, 1)", 10),
             mode="stored")

# %%
claims.judge("03-uniform-default", source="popular article C (its code)",
             statement="U(0, 1) is a usable start (training accuracy, two hidden layers)", measured=both("U(0, 1)", 2),
             criterion=claims.at_least(0.9), mode="stored")

# %% [markdown]
# N(0, 1) trains a shallow net to the end. **Predict.** Then is anything lost? Article B says that *good initialization
# ends at higher accuracy*. Criterion: on new writers' digits, Glorot's start is ahead of N(0, 1) by at least 0.05,
# where both train to 99% or more.

# %%
def test_accuracy(start, activation):
    rows = defaults.where(start=start, depth=2, activation=activation)
    assert rows.array("accuracy").min() >= 0.99
    return rows.array("test")


ahead = {f.name: test_accuracy("Glorot", f) - test_accuracy("N(0, 1)", f) for f in (activations.tanh, activations.relu)}
live = best_of_four(ARTICLE_D, activations.tanh, normal(1.0))[1]
band = test_accuracy("N(0, 1)", activations.tanh)
assert band.min() - 0.03 <= live <= band.max() + 0.03, (live, band)
claims.judge("03-higher-accuracy", source="popular article B",
             statement="good initialization ends at higher accuracy, by 0.05 (test, Glorot less N(0, 1), tanh)",
             measured=ahead["tanh"], criterion=claims.at_least(0.05), mode="stored")

# %%
claims.judge("03-higher-accuracy-relu", source="popular article B", statement="… and with ReLU",
             measured=ahead["relu"], criterion=claims.at_least(0.05), mode="stored")

# %%
far = mapped(activations.tanh, "normal", "moved")[:, LAYERS.index(2)]
Markdown(f"Same net, same training accuracy: tanh from N(0, 1) is right on {np.median(band):.1%} of the test digits "
         f"(live: {live:.1%}), from Glorot's weights on {np.median(test_accuracy('Glorot', activations.tanh)):.1%}. "
         "Large weights hardly have to move, and the net keeps the arbitrary features with which it began: in the "
         f"map's nets with two layers training moves N(0, 1) by {np.median(far[:, STDS.index(1.0)]):.0%} of its length "
         f"and N(0, 1/64) by {np.median(far[:, STDS.index(0.125)]):.0%}. With ReLU, which does not saturate, Glorot is "
         f"ahead by {ahead['relu'].min():.3f} to {ahead['relu'].max():.3f}, on both sides of the criterion.")

# %% [markdown]
# *Uniform explores more broadly than normal* (B). At equal variance? The normal draws further out: 8% of its numbers
# are beyond √3σ, where the uniform has none. "Exploring" has no agreed measure; we take how far training moves the
# weights. Criterion: where both train to 90% at the same best rate, nets from the uniform move at least 5% further
# (‖W − W₀‖/‖W₀‖, geometric mean).

# %%
def further(seed):
    """Distance moved in training, uniform over normal, geometric mean over the cells that can be compared."""
    found = []
    for f in (activations.tanh, activations.relu):
        accuracy, rate, moved = ({kind: mapped(f, kind, name)[seed] for kind in ("normal", "uniform")}
                                 for name in ("accuracy", "rate", "moved"))
        fair = (np.minimum(*accuracy.values()) >= 0.9) & (rate["normal"] == rate["uniform"])
        found.append(np.log(moved["uniform"][fair] / moved["normal"][fair]))
    return math.exp(np.concatenate(found).mean())


claims.judge("03-explores", source="popular article B",
             statement="uniform explores more broadly than normal (distance moved in training, at equal variance)",
             measured=[further(seed) for seed in range(5)], criterion=claims.at_least(1.05), mode="stored")

# %% [markdown]
# ## 11. Does exploding mean oscillating?
#
# *Exploding gradients make the loss oscillate* (article D). Full-batch gradient descent, ten layers, so that no noise
# of batches is counted. Two starts at the edge of chaos; tanh with N(0, 1) and ReLU with σ_w² = 8, whose gradients are
# hundreds of times as long. Counted is at how many of 100 steps the loss *turns round*.
#
# A quadratic valley of curvature λ is calm for rates below 2/λ; beyond that a step goes further up on the other side
# than it came from. For a loss like the squared error λ is made of products J Jᵀ, J the derivative of the outputs by
# the weights: with a gradient twice as long, the rate has to be a quarter.
#
# **Predict.** At a rate of 0.01, what does the loss of the two exploding nets do? At which rate, if at any, is it calm?
#
# Criterion: at a rate of 0.01, which suits the critical nets, the loss turns at 20% of the steps or more. For tanh the
# counter-measurement is a rate of 10⁻⁷. A run that overflows is counted as far as it goes.

# %%
PARTS = {"tanh, critical": (activations.tanh, 1.0), "tanh, exploding": (activations.tanh, 64.0),
         "ReLU, critical": (activations.relu, 2.0), "ReLU, exploding": (activations.relu, 8.0)}


def descent(start, rate, steps=100):
    """The loss before each step of full-batch gradient descent; where it diverges, as far as it goes."""
    activation, weight_var = PARTS[start]
    net = tower(activation, partial(initializers.variance_scaling, scale=weight_var), 10)
    history = mn.History()
    try:
        history.extend(mn.train(net, (x[:300], y[:300]), loss=losses.softmax_cross_entropy, batch_size=300, rng=0,
                                optimizer=optimizers.SGD(rate), epochs=steps + 1))
    except mn.training.Diverged as end:
        history = end.history
    return np.array(history.loss)


fig, (left, right) = plt.subplots(1, 2, figsize=(10, 3.6))
for name, style in (("tanh, critical", "o-"), ("tanh, exploding", "^--")):
    curve = descent(name, 0.01)
    left.plot(range(1, len(curve) + 1), curve, style, color="black" if "exploding" in name else "0.55", markevery=10,
              ms=4, lw=1, label=name)
left.set(xlabel="step", ylabel="training loss, rate 0.01", title="live, seed 0", ylim=(0, 16))
left.legend(fontsize=8)
rates = sorted(set(oscillation.array("rate")))
for name, style in zip(PARTS, ("o-", "^--", "s-", "D:"), strict=True):
    turns = np.array([oscillation.where(start=name, rate=rate).array("turns") for rate in rates])
    over = np.array([oscillation.where(start=name, rate=rate).array("diverged").mean() for rate in rates]) > 0.5
    right.semilogx(rates, np.where(over, np.nan, np.median(turns, axis=1)), style, ms=4, label=name,
                   color="black" if "exploding" in name else "0.55")
    if over.any():
        end = np.flatnonzero(~over)[-1]
        right.annotate("diverges →", (rates[end], np.median(turns[end])), (5, -3 if "exp" in name else 2), fontsize=8,
                       textcoords="offset points")
right.set(xlabel="learning rate", ylabel="share of steps at which the loss turns", ylim=(-0.03, 0.8), xlim=(3e-9, 30),
          title="stored, median of five seeds")
right.legend(fontsize=8, loc="upper left")
plt.show()

# %%
curve = descent("ReLU, exploding", 0.01)
Markdown(f"""**What to see.** Left: tanh, exploding, jumps up and down and hardly gets on. ReLU, exploding, has no
place in the picture: its loss before each step is {", ".join(f"{value:.0e}" for value in curve)}, and then it is no
number any more. Right: the same nets are calm once the rate is small enough, and a critical one is not once it is too
large.""")

# %%
def turns(start, rate):
    return oscillation.where(start=start, rate=rate).array("turns")


steps = np.diff(descent("tanh, exploding", 0.01)) > 0
live = (steps[1:] != steps[:-1]).mean()
assert turns("tanh, exploding", 1e-2).min() - 0.15 <= live <= turns("tanh, exploding", 1e-2).max() + 0.15
claims.judge("03-oscillates", source="popular article D",
             statement="exploding gradients make the loss oscillate (share of steps at which it turns, tanh)",
             measured=turns("tanh, exploding", 1e-2), criterion=claims.at_least(0.2),
             condition="the learning rate is not reduced in proportion: 0.01, not 10⁻⁷",
             without=turns("tanh, exploding", 1e-7), mode="stored")

# %%
claims.judge("03-oscillates-relu", source="popular article D", statement="… and with ReLU (same rate; it overflows)",
             measured=turns("ReLU, exploding", 1e-2), criterion=claims.at_least(0.2), mode="stored")

# %%
long = {name: np.median(oscillation.where(start=name, rate=1e-2).array("gradient")) for name in PARTS}


def calm(start):
    """The largest stored rate at which no seed's loss ever turned."""
    return max(rate for rate in rates if turns(start, rate).max() == 0)


longer = long["tanh, exploding"] / long["tanh, critical"]
Markdown(f"At the start the gradient of the exploding tanh net is {longer:,.0f} times as long as the critical one's; "
         f"squared, {longer**2:.0e}. The critical net is calm (no turn, five seeds) up to a rate of "
         f"{calm('tanh, critical'):g}, the exploding one up to {calm('tanh, exploding'):g}. So article D's sentence is "
         "about gradient and rate together. With ReLU "
         f"{oscillation.where(start='ReLU, exploding', rate=1e-2).array('diverged').mean():.0%} of the runs at 0.01 "
         "overflow, without an oscillation to warn of it.")

# %% [markdown]
# ## 12. Where this breaks
#
# χ = 1 keeps the *mean square* of δ. That is an average over directions, and over networks. A product of L square
# Gaussian matrices with σ_w = 1 has singular values whose mean square is 1 at every depth, while they move apart: ever
# fewer directions carry all of it, a share of 1/(L + 1) of them (participation, (Σs²)²/(NΣs⁴)).

# %%
linear = {L: mn.Network([mn.Dense(64, 64, init=initializers.lecun_normal) for _ in range(L)], rng=0, dtype=np.float64)
          for L in (1, 5, 20, 50)}
spectra = {f"{L} layer{'s' * (L > 1)}": diagnostics.jacobian(net, image, layers=False).whole[0]
           for L, net in linear.items()}
plots.singular_values(spectra, ranked=True, xlabel="singular value of the product")
carried = [f"{(s**2).sum() ** 2 / (len(s) * (s**4).sum()):.3f} ({theory.product_moments(L).participation:.3f})"
           for L, s in zip(linear, spectra.values(), strict=True)]
lost_in_32 = (spectra["50 layers"] < 2.0**-24 * spectra["50 layers"].max()).sum()
Markdown("Participation after 1, 5, 20 and 50 layers, measured (theory): " + ", ".join(carried)
         + ". At the edge of chaos a deep linear net has a gradient of the right size that points in a few directions, "
         f"whatever the image. After 50 layers {lost_in_32} of 64 directions are below the rounding of float32.")

# %% [markdown]
# **What to see.** Every line is expected to have the same mean square, and the lines fall apart. (The theory of the
# share is for layers that are wider than the net is deep, which 50 layers of 64 units hardly are; the flat end of the
# last line is the rounding of float64.) Orthogonal matrices have no such spread, which is the subject of chapter 06.
#
# Further: the theory is that of wide layers and of the *start*; training moves q and χ. Biases were 0. Momentum SGD was
# the only optimizer; Adam divides by the size of the gradient, which changes section 6 (exercise 3). One data set, 64
# units a layer.
#
# ## What to keep
#
# - One number per layer, χ = σ_w² E[f′²], and its L-th power. It is 1 at one σ only, which depends on width and f.
# - Small weights kill the signal as well as the gradient, and then *no* layer learns, not even the last hidden one.
# - float32 stops learning long before numbers underflow: a step has to be felt by a weight of ordinary size.
# - Saturation by large centred weights makes gradients explode. Saturation by a common sign stops them.
# - A loss of ln K at step 0 is what a healthy start with a small output layer shows, and what a dead one shows.
# - N(0, 1) in a shallow tanh net trains to the end and is worse on new data.
#
# ## Exercises
#
# Answers are in `answers/03_vanishing.py`.
#
# 1. **(10 min)** How deep? With N(0, 0.05²), tanh and 64 units, how many layers below the output is every δ of 64
#    images exactly 0 in float32? Pencil first, then count. And with 1,024 units? *Needs:* sections 2 and 6.
# 2. **(15 min)** The sigmoid's edge. Which σ_w² makes χ = 1 for the sigmoid without biases? Find it by bisection (look
#    up to 1,000) and check it on twenty layers of 256 units. *Needs:* `theory.MeanField`.
# 3. **(20 min)** Adam. It divides the gradient by its size. Take article D's N(0, 0.01²) with ten tanh layers. Does one
#    step of Adam move the weights, as in section 6? Does the net learn in 20 epochs, and what has Adam's ε to do with
#    it? *Needs:* section 6, `optimizers.Adam`.
# 4. **(25 min)** Clipping. Limit the norm of the gradient to 1 for the exploding ReLU net. Does it train now, and at
#    which rates? *Needs:* section 11, `clip_norm=` of `mn.fit`.
# 5. **(40 min)** One number for a whole network. Divide every W of a ten-layer N(0, 0.01²) net by its largest singular
#    value, so that no layer can stretch. Predict √χ with Marchenko and Pastur's 2σ, and say how deep such a net can be.
#    *Needs:* sections 2 and 12.
