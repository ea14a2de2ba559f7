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
# # He, further
#
# What the chapter [He: the factor of two](../05_he.ipynb) states in a sentence is measured here: both conditions, 22
# layers, what more depth does, fixed deviations, other slopes, how alike images become, and how far single networks
# are from the average. Read the chapter first.
#
# "Xavier" stands for $n\,\mathrm{Var}[W] = 1$ with $n$ = fan_in, as in He and others 2015. The data are MNIST-5k, 4,000
# training images of 784 pixels in [0, 1], *not* standardized: the mean of x² is 0.112. Comparisons over five seeds are
# read from stored results, which `python -m chapters --sweeps 05` computes again.

# %% jupyter={"source_hidden": true} tags=["hide-input"]
from functools import partial
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Markdown

import minnet as mn
from minnet import activations, claims, datasets, initializers, losses, optimizers, plots, theory
from minnet.experiments.chapter import FAST, SEEDS, stored, style

style()
x, y = datasets.mnist_5k().train
sweep, prelu = stored("05_he"), stored("05_prelu")
SIZES = [784, *[256] * 29, 10]                             # 30 weight matrices: what the paper calls 30 layers
xavier, he = initializers.lecun_normal, initializers.he_normal


def relu_net(sizes, init, rng, activation=activations.relu, **options):
    return mn.mlp(sizes, activation=activation, init=init, rng=rng, dtype=np.float64, **options)


# %% [markdown]
# ## 1. The formula in plain numpy
#
# A net of 30 layers without biases, and the library's network with the same weights: equal.

# %%
def forward(x, Ws):
    """z of every layer of a ReLU net without biases."""
    zs, a = [], x
    for W in Ws:
        zs.append(a @ W)
        a = np.maximum(zs[-1], 0)
    return zs


def drawn(seed, scale, sizes=SIZES):
    """Weights of variance scale/fan_in."""
    rng = np.random.default_rng(seed)
    return [rng.normal(0, np.sqrt(scale / a), (a, b)) for a, b in pairwise(sizes)]


images = x[:200].astype(float)
net = relu_net(SIZES, he, 0)
net.forward(images)
for z, layer in zip(forward(images, [layer.W for layer in net.layers]), net.layers, strict=True):
    np.testing.assert_allclose(layer.z, z, rtol=1e-10, atol=1e-12)

# %% [markdown]
# Popular articles give the result as a recipe. Article D: *He is N(0, 2/n_in)*. That is equation (10), and the
# library's `he_normal` should draw it. Criterion: n_in times the mean square of its weights is 2 up to four standard
# errors, each 2√(2/N) for N weights, for a wide, a narrow and a square layer. Article A: *ReLU can explode if badly
# initialized*. N(0, 1) does not depend on the width, so E[z²] grows by n/2 in each layer. Criterion: by more than ten
# orders of magnitude in 30 layers.

# %%
shapes = [(784, 256), (256, 784), (256, 256)]
found = [shape[0] * np.square(he(np.random.default_rng(seed), shape)).mean() for shape in shapes for seed in SEEDS]
margin = round(4 * 2 * float(np.sqrt(2 / (256 * 256))), 3)
claims.judge("05-n-in", source="popular article D", statement="He is N(0, 2/n_in) (n_in · Var[W])", definition=True,
             measured=found, criterion=claims.between(2 - margin, 2 + margin))

# %%
grown = [np.log10((zs[-1] ** 2).mean() / (zs[0] ** 2).mean()) for zs in
         (forward(images[:20], [np.random.default_rng([seed, k]).normal(size=shape)
                                for k, shape in enumerate(pairwise(SIZES))]) for seed in SEEDS)]
claims.judge("05-explodes", source="popular article A",
             statement="ReLU can explode if badly initialized (orders of magnitude of z² in 30 layers, N(0, 1))",
             measured=grown, criterion=claims.at_least(10))

# %% [markdown]
# ## 2. Either condition suffices
#
# The chapter shows three rules in a net of widths 64, 256, 64, 256, …: fan_in, which keeps the signal; fan_out, which
# keeps the gradient; the mean of the fans, which loses both. Here are the same curves with the theory, and the factor
# of a layer in numbers.

# %%
ZIGZAG = [784, *[64, 256] * 14, 10]
RULES = {"fan_in, (10)": he, "fan_out, (14)": partial(he, mode="fan_out"),
         "mean of the fans": partial(initializers.glorot_normal, gain=np.sqrt(2))}


def both_ways(net, image, rng):
    """mean z² and mean δ², layer by layer, for one image and a random ∂C/∂z at the output; δ² relative to there."""
    net.forward(image)
    net.backward(rng.normal(size=(len(image), net.fan_out)))
    z, delta = (np.array([np.square(getattr(layer, name)).mean() for layer in net.layers]) for name in ("z", "delta"))
    return z, delta / delta[-1]


def many(sizes, init, count, seed, activation=activations.relu):
    """mean z² and mean δ² of `count` networks, each (count, layers)."""
    rng = np.random.default_rng(seed)
    net = relu_net(sizes, init, rng, activation)
    rows = []
    for _ in range(count):
        net.reset(rng)
        rows.append(both_ways(net, images[:1], rng))
    return np.stack(rows, axis=1)


def expected(sizes, init, activation=activations.relu):
    """What theory says of such networks."""
    return theory.predict_statistics(relu_net(sizes, init, 0, activation), images[:1])


# %%
COUNT = 8 if FAST else 20
zigzag = {name: [many(ZIGZAG, init, COUNT, seed) for seed in SEEDS] for name, init in RULES.items()}
theories = {name: expected(ZIGZAG, init) for name, init in RULES.items()}
fig, axes = plt.subplots(1, 2, figsize=(9, 3.4))
for ax, k, label in ((axes[0], 0, "mean z²"), (axes[1], 1, "mean δ²/the output's")):
    lines = {name: (p.z, p.delta)[k].typical for name, p in theories.items()}
    plots.depth_profile({name: np.concatenate([run[k] for run in runs]) for name, runs in zigzag.items()},
                        predicted=lines, ylabel=label, band="quartiles", ax=ax)
    ax.get_legend().remove()
fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=8,
           title="lines: theory", title_fontsize=8)
_ = fig.suptitle("widths 64, 256, 64, …: the signal, left to right, and the gradient, right to left")

# %% [markdown]
# **What to see.** Markers are networks, lines are theory. Each rule keeps its own quantity level and makes the other
# zigzag *about* a level. The slight fall is due to the finite width, and the theory shows it too: what is kept is the
# *mean* of the square over networks, and the mean of a logarithm lies below the logarithm of the mean (section 7).
#
# Criterion for "either suffices": the factor per layer, over all layers, with the ratio of the end widths divided out
# and that shift of the mean logarithm subtracted, is 1 within four standard errors of its mean over the networks, about
# 4% (over 28 layers that is a factor of 3; what it must tell apart is 0.8, a factor of 500).

# %%
def per_layer(runs, rule, which):
    """The factor of a layer on z² or δ², for each seed, and its standard error."""
    widths, factors = ZIGZAG[1:], []
    ends = {("fan_in, (10)", "delta"): widths[-1] / widths[0], ("fan_out, (14)", "z"): widths[0] / widths[-1]}
    profile = getattr(theories[rule], which)
    for z, delta in runs:
        if which == "z":
            change = np.log(z[:, -1]).mean() - np.log(profile.square[0]) - profile.shift[-1]
            spread = profile.spread[-1]
        else:
            change, spread = np.log(delta[:, 0]).mean() - profile.shift[0], profile.spread[0]
        factors.append(np.exp((change - np.log(ends.get((rule, which), 1))) / (len(widths) - 1)))
    return factors, float(spread) / np.sqrt(COUNT) / (len(widths) - 1)


measured = {(rule, which): per_layer(runs, rule, which) for rule, runs in zigzag.items() for which in ("z", "delta")}
margin = round(4 * max(error for _, error in measured.values()), 3)
either = [f for (rule, _), (factors, _) in measured.items() if rule != "mean of the fans" for f in factors]
compromise = [f for (rule, _), (factors, _) in measured.items() if rule == "mean of the fans" for f in factors]
claims.judge("05-either", source="He and others 2015, (14)",
             statement="either the forward or the backward condition alone suffices (factor per layer on z², δ²)",
             paper=1, measured=either, criterion=claims.between(1 - margin, 1 + margin))

# %% [markdown]
# Now article A: *He is Xavier with another constant*. With √2 times Glorot and Bengio's deviation, does a ReLU net
# keep its signal? The same criterion; the condition is equal fans, and the net above the counter-measurement.

# %%
square = [784, *[128] * 30]


def square_factors(init, activation=activations.relu):
    """The factor of a layer on z² in square nets, for each seed."""
    p = expected(square, init, activation).z
    logs = [np.log(many(square, init, COUNT, seed, activation)[0][:, -1]).mean() for seed in SEEDS]
    return [np.exp((log - np.log(p.square[0]) - p.shift[-1]) / 29) for log in logs]


claims.judge("05-another-constant", source="popular article A",
             statement="He is Xavier with another constant, √2 (factor per layer on z², δ² in a ReLU net)",
             measured=square_factors(RULES["mean of the fans"]), criterion=claims.between(1 - margin, 1 + margin),
             condition="equal fans", without=compromise)

# %% [markdown]
# ## 3. Twenty-two layers
#
# The paper's Fig. 2 has a net of 22 layers, which both initializations train, He's sooner. Fig. 3, 30 layers, is in the
# chapter. Here are both, each start at the rate whose loss is lowest at the end. One run of 30 layers is made live, to
# show that the stored runs are those of the library.

# %%
def curve(start, depth, rate, optimizer="SGD", column="loss"):
    """A column of the stored runs, (seeds, epochs)."""
    rows = sweep.where(start=start, depth=depth, rate=rate, optimizer=optimizer)
    return np.nan_to_num(rows.table(column), nan=np.inf)


def best(start, depth, optimizer="SGD", column="loss", epochs=None):
    """The same, up to some epoch, at the rate whose loss is lowest then in the median over seeds; and that rate."""
    rates = list(sweep.where(start=start, depth=depth, optimizer=optimizer).by("rate"))
    rate = min(rates, key=lambda rate: np.median(curve(start, depth, rate, optimizer)[:, :epochs][:, -1]))
    return curve(start, depth, rate, optimizer, column)[:, :epochs], rate


# %%
def trained(net, rate, epochs, data=(x, y), seed=0):
    return mn.fit(net, data, loss=losses.softmax_cross_entropy, optimizer=optimizers.SGD(rate, momentum=0.9),
                  epochs=epochs, batch_size=64, rng=seed, progress=False)


_, RATE = best("He", 30)
EPOCHS = 1 if FAST else 6
live = trained(mn.mlp(SIZES, activation=activations.relu, init=he, rng=0), RATE, EPOCHS)
band = curve("He", 30, RATE)[:, EPOCHS - 1]
assert band.min() / 1.5 <= live.loss[-1] <= 1.5 * band.max(), (band, live.loss)       # 1.5: another BLAS rounds anew

# %%
fig, axes = plt.subplots(1, 2, figsize=(9, 3.6), sharey=True)
for ax, depth in zip(axes, (22, 30), strict=True):
    runs = {start: best(start, depth) for start in ("He", "Xavier")}
    plots.learning_curves({f"{start}, rate {rate:g}": table for start, (table, rate) in runs.items()}, ax=ax)
    ax.axhline(np.log(10), color="black", linewidth=0.8, linestyle=":")
    ax.set(title=f"{depth} layers", ylim=(0, 2.5), ylabel="training loss" if depth == 22 else "")
axes[1].plot(live.epoch, live.loss, "kx", markersize=6, label="He, live")
for ax in axes:
    ax.legend(loc="upper right", bbox_to_anchor=(1, 0.9), fontsize=8)

# %% [markdown]
# **What to see.** Left Fig. 2, right Fig. 3 of the paper, in small. Lines are medians over seeds and bands their range;
# the dotted line is ln 10; crosses are the live run.
#
# The criteria, from what the words mean. *Converges*: at the end at least eight of ten training images are right.
# *Earlier*: the loss falls below half of ln 10 at least one epoch sooner, for every seed.

# %%
claims.judge("05-fig2-converge", source="He and others 2015, Fig. 2", refutable=False, mode="stored",
             statement="22 layers: both initializations converge (training accuracy)",
             measured=np.concatenate([best(start, 22, column="train_accuracy")[0][:, -1]
                                      for start in ("He", "Xavier")]),
             criterion=claims.at_least(0.8))

# %%
slow = best("Xavier", 22, column="train_accuracy")[0][:, -1]
Markdown(f"After {sweep.where(start='Xavier', depth=22).array('epoch').max():.0f} epochs Xavier's 22 layers are right "
         f"on {slow.min():.0%} to {slow.max():.0%} of the training images: of {len(slow)} seeds {(slow >= 0.2).sum()} "
         f"have left the plateau, and {(slow >= 0.8).sum()} have arrived. The paper's training was far longer.")

# %%
def reached(start, depth, level):
    """The first epoch whose loss is below the level, for each seed; one more than there are, where none is."""
    below = best(start, depth)[0] < level
    return np.where(below.any(axis=1), below.argmax(axis=1), below.shape[1]) + 1


claims.judge("05-fig2-earlier", source="He and others 2015, Fig. 2", refutable=False, mode="stored",
             statement="22 layers: He's converges earlier (epochs sooner)",
             measured=reached("Xavier", 22, np.log(10) / 2) - reached("He", 22, np.log(10) / 2),
             criterion=claims.at_least(1))

# %%
claims.judge("05-fig3-he", source="He and others 2015, Fig. 3", refutable=False, mode="stored",
             statement="30 layers: He's converges (training accuracy)",
             measured=best("He", 30, column="train_accuracy")[0][:, -1], criterion=claims.at_least(0.8))

# %% [markdown]
# ## 4. One number, step by step
#
# The chapter shows that Xavier's net is He's divided by 2^(L/2). If its *output* is multiplied by 2^15 and the weights
# stay as they are, does it train like He's?
#
# **The derivation.** Let W̃ = W/√2 and let the loss be C(2^(L/2) · net(W̃)), the same number as C(net(W)). By the chain
# rule ∂C/∂W̃ = √2 ∂C/∂W. A step of SGD, W̃ ← W̃ − η ∂C/∂W̃, is for W = √2 W̃ the step W ← W − 2η ∂C/∂W. So Xavier's
# net with a factor at the output *is* He's net at twice the rate, step by step, with momentum too. (Biases are left
# out: with them a net is not homogeneous.) In plain numpy, on 30 layers of 32 units:

# %%
def gradients(x, y, Ws, factor):
    """∂C/∂W of the cross-entropy of factor · net(x), layer by layer."""
    zs = forward(x, Ws)
    p = activations.softmax(factor * zs[-1])
    delta, found = factor * (p - np.eye(10)[y]) / len(x), []
    for W, before, k in zip(reversed(Ws), reversed([None, *zs[:-1]]), reversed(range(len(Ws))), strict=True):
        a = x if k == 0 else np.maximum(before, 0)
        found.insert(0, a.T @ delta)
        if k:
            delta = (delta @ W.T) * (before > 0)
    return found


small = [784, *[32] * 29, 10]
Ws = {name: drawn(1, scale, small) for name, scale in (("He", 2), ("Xavier", 1))}
for name, factor, rate in (("He", 1, 0.01), ("Xavier", 2.0**15, 0.005)):
    for step in range(20):
        rows = slice(64 * step, 64 * step + 64)
        for W, dW in zip(Ws[name], gradients(x[rows].astype(float), y[rows], Ws[name], factor), strict=True):
            W -= rate * dW
moved = max(np.abs(a - b).max() for a, b in zip(Ws["He"], drawn(1, 2, small), strict=True))
apart = max(np.abs(a - np.sqrt(2) * b).max() for a, b in zip(Ws["He"], Ws["Xavier"], strict=True))
assert apart < 1e-12 < 1e-3 < moved                                     # apart: rounding

# %%
net = relu_net(small, he, 1)
net.gradient(images[:64], y[:64], losses.softmax_cross_entropy)           # the library's gradients are the same
for layer, dW in zip(net.layers, gradients(images[:64], y[:64], [layer.W for layer in net.layers], 1), strict=True):
    np.testing.assert_allclose(layer.dW, dW, rtol=1e-8, atol=1e-13)
Markdown(f"After 20 steps weights have moved by up to {moved:.3f}; those of the two nets agree, up to the √2, to "
         "12 decimal places.")

# %% [markdown]
# For *training*, with biases, the layer that repairs the net is the first. Where the signal is t times He's, a step
# moves a bias by 1/t² of what it would be in He's net, relative to the signal: by the same argument as above. Below the
# repaired layer the factor t is tiny and biases run away; above it they hardly move. So the chapter draws the *first*
# layer 2^15 times larger.
#
# ## 5. Deeper, faster, better?
#
# The paper says what initialization did not buy. Its 30-layer net made *more* errors than one of 14 layers, 38.56%
# against 33.82%. Articles say that good initialization converges faster (B), ends at a higher accuracy (B), and that
# ReLU layers want He's (C).
#
# **Predict.** At 3, 6, 14, 22 and 30 layers, each at its best rate, ten epochs: where does He's test error rise above
# that of 14 layers? At which depth does the choice between He and Xavier begin to matter?

# %%
DEPTHS = (3, 6, 14, 22, 30)


def errors(start, depth):
    """Test errors after ten epochs, in percent, one for each seed."""
    return 100 * best(start, depth, column="test_error", epochs=10)[0][:, -1]


fig, ax = plt.subplots(figsize=(7.5, 3.6))
for look, start, depths in (("o-", "He", DEPTHS), ("s--", "Xavier", DEPTHS), ("^:", "N(0, 0.01²)", (3, 6))):
    table = np.stack([errors(start, depth) for depth in depths], axis=1)
    (line,) = ax.plot(depths, np.median(table, axis=0), look, label=start)
    ax.fill_between(depths, table.min(axis=0), table.max(axis=0), alpha=0.2, color=line.get_color())
ax.set(xlabel="layers", ylabel="test error, %", xticks=DEPTHS, yscale="log", yticks=(5, 10, 20, 50, 90), ylim=(4, 110),
       title="ten epochs, best rate for each; bands are the range of five seeds")
ax.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
ax.minorticks_off()
ax.legend(loc="center right")
more = errors("He", 30) - errors("He", 14)
Markdown("He, test errors: " + ", ".join(f"{depth} layers {np.median(errors('He', depth)):.1f}%" for depth in DEPTHS)
         + ". Xavier: " + ", ".join(f"{np.median(errors('Xavier', depth)):.1f}%" for depth in DEPTHS)
         + f". Depth buys nothing here; 30 layers make more errors than 14 for {(more > 0).sum()} of {len(more)} "
         "seeds.")

# %% [markdown]
# Criteria. *Deeper is worse*: 30 layers make more errors than 14, for every seed. *Faster*: He needs at least one
# epoch less than Xavier to a training loss of 0.5, for every seed, at 14 layers; the counter-measurement is 3 layers.
# *Higher accuracy*: He makes at least 2% fewer errors for every seed, at 30 layers, and at 3; two tests on 1,000 images
# each, with 6% errors, differ by 1% by chance alone, and 2% is twice that. *He for ReLU*: He is the choice at every
# depth if at none of the five it makes more errors than Xavier by those 2%, for every seed.

# %%
claims.judge("05-deeper", source="He and others 2015", refutable=False, mode="stored", paper=round(38.56 - 33.82, 2),
             statement="with He, 30 layers are worse than 14 (test errors more, %)",
             measured=errors("He", 30) - errors("He", 14), criterion=claims.at_least(0))

# %%
sooner = {depth: reached("Xavier", depth, 0.5) - reached("He", depth, 0.5) for depth in (3, 14)}
claims.judge("05-faster", source="popular article B", mode="stored",
             statement="good initialization converges faster (epochs sooner, He against Xavier)",
             measured=sooner[14], criterion=claims.at_least(1), condition="14 layers", without=sooner[3])

# %%
better = {depth: errors("Xavier", depth) - errors("He", depth) for depth in DEPTHS}
claims.judge("05-accuracy", source="popular article B", mode="stored",
             statement="good initialization ends at a higher accuracy (test errors less, %, He against Xavier)",
             measured=better[30], criterion=claims.at_least(2), condition="30 layers", without=better[3])

# %%
claims.judge("05-he-for-relu", source="popular article C", mode="stored",
             statement="He for ReLU layers (test errors less than Xavier's, %, at the depth where least is gained)",
             measured=np.min([better[depth] for depth in DEPTHS], axis=0), criterion=claims.at_least(-2))

# %% [markdown]
# **A fixed deviation.** Before 2015 weights were often drawn from N(0, 0.01²), blind to the width, and article D's
# example of a custom initializer still is. The paper computes what that does to its "model B" of the VGG family: from
# the tenth convolution down to the second the gradient's deviation falls to 1/(5.9 · 4.2² · 2.9² · 2.1⁴) = 1/(1.7 ·
# 10⁴) of He's, where 0.059, 0.042, … are He's deviations for 3 × 3 filters in 64, 128, 256 and 512 channels, √(2/(9 ·
# 64)) and so on. (Here a convolution is no more than a layer whose fans are 9 times its channels.) Nothing in this is
# about images: a multi-layer perceptron with a sixteenth of the fans and four times the deviation has the same factors.
# Both nets get the same random numbers, so that there is no chance in the ratio of their gradients (section 4
# explains it). Criterion: it rounds as the paper's does, to 1.7 · 10⁴.

# %%
channels = [36, 36, 72, 72, 144, 144, 288, 288, 288, 288]
bottom = {}
for name, init in (("He", partial(he, mode="fan_out")), ("fixed", partial(initializers.normal, std=0.04))):
    net = relu_net(channels, init, 0)
    net.forward(np.random.default_rng(1).normal(size=(1, 36)))
    bottom[name] = np.linalg.norm(net.backward(np.random.default_rng(2).normal(size=(1, 288))))
claims.judge("05-vgg", source="He and others 2015, section 2.2", paper=1.7e4,
             statement="N(0, 0.01²) leaves the gradient of VGG's model B at conv2 one 17,000th of He's (He/fixed)",
             measured=bottom["He"] / bottom["fixed"], criterion=claims.between(1.65e4, 1.75e4))

# %% [markdown]
# Article D applies it to a net with layers of 128, 64 and 10 units: three weight matrices. Criterion: after ten
# epochs at its best rate such a net has eight of ten training images right; measured at 3 layers and at 6.

# %%
def fixed(depth):
    return best("N(0, 0.01²)", depth, column="train_accuracy")[0][:, -1]


claims.judge("05-fixed", source="popular article D", mode="stored",
             statement="N(0, 0.01²) serves as an initializer of one's own (training accuracy, 256 units)",
             measured=fixed(3), criterion=claims.at_least(0.8), condition="3 layers", without=fixed(6))

# %% [markdown]
# ## 6. Other slopes
#
# Leaky ReLU has a slope below 0, in the paper's letters a, and keeps a² of the half that ReLU loses: E[f²] =
# ½(1 + a²) q, and so ½(1 + a²) n Var[W] = 1, their (15). Criterion: for a = 0.25 the factor of a layer is 1, within the
# same margin as in section 2; with ReLU's √(2/n) it would be 1 + a² = 1.0625.

# %%
leaky = activations.leaky_relu(0.25)
claims.judge("05-leaky", source="He and others 2015, (15)", paper=1,
             statement="½(1 + a²) n Var[W] = 1 keeps E[z²] of leaky ReLU (factor per layer, a = 0.25)",
             measured=square_factors(partial(he, negative_slope=0.25), leaky),
             criterion=claims.between(1 - margin, 1 + margin))

# %% [markdown]
# Article D also says that *Xavier suits sigmoid and tanh, not ReLU, where half of the units are off*. (Its recipe for
# swish is judged in the chapter.)
#
# For sigmoid and tanh, the gradient: 30 layers of 128 units by Glorot and Bengio's formula, the last one too, so that
# all fans but the first are equal; the root mean square of δ in layer 1 over that at the output. Criterion for "suits":
# at least 1/10 of it arrives.

# %%
glorot = {f.name: [float(np.sqrt(np.median(many(square, initializers.glorot_normal, 5, seed, f)[1][:, 0])))
                   for seed in SEEDS] for f in (activations.tanh, activations.sigmoid, activations.relu)}
claims.judge("05-xavier-suits", source="popular article D",
             statement="Xavier suits sigmoid and tanh (rms δ, layer 1 over the output, 30 layers)",
             measured=glorot["tanh"], criterion=claims.at_least(0.1), condition="tanh", without=glorot["sigmoid"])

# %%
Markdown(f"And with ReLU, where half of the units are off, {np.median(glorot['relu']):.0e} of it arrives: there the "
         "article is right. The sigmoid, which it recommends Xavier for, is far worse.")

# %%
claims.judge("05-xavier-not-relu", source="popular article D",
             statement="Xavier does not suit ReLU (rms δ, layer 1 over the output, 30 layers)",
             measured=glorot["relu"], criterion=claims.at_most(0.1))

# %% [markdown]
# **PReLU** makes the slope a parameter. It starts at 0.25 and gets no weight decay, which would pull it to 0, towards
# ReLU (`net.decay_mask` leaves it out). In the paper PReLU fits better, and its first convolution learns slopes far
# above 0, while deeper layers tend to smaller ones. Criteria: the final training loss of PReLU is at most ReLU's, each
# at its best rate, for every seed, at 8 and at 22 layers; and layer 1's slope is above the mean of the others.

# %%
def prelu_best(unit, depth, column="loss"):
    """(seeds, layers) at the rate with the lowest median loss."""
    return prelu.where(unit=unit, depth=depth).best("rate", by="loss").table(column)


fig, axes = plt.subplots(1, 2, figsize=(9, 3.1), sharey=True)
for ax, depth in zip(axes, (8, 22), strict=True):
    plots.depth_profile(prelu_best("PReLU", depth, "slope"), ylabel="slope learned" if depth == 8 else "", log=False,
                        ax=ax)
    ax.axhline(0.25, color="black", linewidth=0.8, linestyle=":")
    ax.set(title=f"{depth} layers")
    ax.get_legend().remove()
mean_slopes = {depth: prelu_best("PReLU", depth, "slope").mean() for depth in (8, 22)}
final = {(unit, depth): 100 * np.median(prelu_best(unit, depth, "test_error")[:, 0])
         for unit in ("ReLU", "PReLU") for depth in (8, 22)}
Markdown(f"Slopes learned, layer by layer; the dotted line is the start. In the mean they come to {mean_slopes[8]:.2f} "
         f"with 8 layers and to {mean_slopes[22]:.2f} with 22: away from ReLU, towards linear units. Test errors: ReLU "
         f"{final['ReLU', 8]:.1f}% and {final['ReLU', 22]:.1f}%, PReLU {final['PReLU', 8]:.1f}% and "
         f"{final['PReLU', 22]:.1f}%.")

# %%
fits = np.concatenate([prelu_best("PReLU", depth)[:, 0] / prelu_best("ReLU", depth)[:, 0] for depth in (8, 22)])
claims.judge("05-prelu-fits", source="He and others 2015", refutable=False, mode="stored",
             statement="PReLU fits better than ReLU (training loss, PReLU/ReLU)", measured=fits,
             criterion=claims.at_most(1))

# %%
slopes = [prelu_best("PReLU", depth, "slope") for depth in (8, 22)]
claims.judge("05-prelu-first", source="He and others 2015", refutable=False, mode="stored",
             statement="PReLU learns larger slopes in the first layer than in the others (difference)",
             measured=np.concatenate([rows[:, 0] - rows[:, 1:].mean(axis=1) for rows in slopes]),
             criterion=claims.at_least(0))

# %%
Markdown(f"PReLU fits better in {(fits <= 1).sum()} of {len(fits)} runs, not in all. Its slopes go the other way, up "
         "with depth; but the paper's first layer is a convolution, and ours sees all pixels at once.")

# %% [markdown]
# ## 7. What it does not fix: two inputs become one
#
# "He's initialization keeps the variance." It keeps E[z²], an average over weights. But what a net can learn from is
# how z differs *between images*. Take two of them with z-vectors of equal length and cosine c. Units of the next layer
# see two Gaussian numbers with correlation c, and for ReLU the average E[max(u, 0) max(v, 0)] is known (Cho & Saul
# 2009; the integral is in polar coordinates): with √(2/n) the cosine in the next layer is
#
# **cˡ⁺¹ = [√(1 − c²) + c (π − arccos c)]/π,**  with c = cˡ.
#
# Check the ends: c = 1 gives 1, c = 0 gives 1/π, c = −1 gives 0. The map lies above the diagonal everywhere below 1.
#
# **Predict.** Two images that have nothing in common (c = 0): what is their cosine after 30 layers?

# %%
def cosine_map(c):
    return (np.sqrt(1 - c**2) + c * (np.pi - np.arccos(c))) / np.pi


def iterated(c, layers):
    """The cosine in layers 1 … layers, (layers,), from that of the inputs, which is layer 1's."""
    found = [c]
    while len(found) < layers:
        found.append(cosine_map(found[-1]))
    return np.array(found)


field = theory.MeanField(activations.relu, 2.0)
for c in (-0.9, -0.3, 0.0, 0.4, 0.9):
    assert abs(field.correlation(c, 1.0) - cosine_map(c)) < 1e-9          # the library's integral is the same

# %%
lengths = np.linalg.norm(images, axis=1)
cosines = images @ images.T / np.outer(lengths, lengths)
far = np.unravel_index(cosines.argmin(), cosines.shape)
alike = np.flatnonzero(y[:200] == 1)[:2]
pairs = {"two images far apart": far, "two images of a 1": alike}
seen, mapped = {}, {}
for name, (i, j) in pairs.items():
    rows = []
    for seed in SEEDS:
        zs = forward(images[[i, j]], drawn(seed, 2))[:-1]
        rows.append([float(z[0] @ z[1] / np.linalg.norm(z[0]) / np.linalg.norm(z[1])) for z in zs])
    seen[name], mapped[name] = np.array(rows), iterated(cosines[i, j], 29)
fig, axes = plt.subplots(1, 2, figsize=(9, 3.6), width_ratios=(2, 3))
plots.iterated_maps(cosine_map, begin=0, stop=1, start=0, steps=30, symbol="c", ax=axes[0])
axes[0].legend(loc="lower right", fontsize=8)
plots.depth_profile(seen, predicted=mapped, ylabel="cosine of z for two images", log=False, ax=axes[1])
axes[1].legend(loc="lower right", fontsize=8, title="lines: theory", title_fontsize=8)
from_zero = iterated(0.0, 31)
Markdown(f"From c = 0: {', '.join(f'{from_zero[k]:.3f} after {k}' for k in (1, 5, 10, 30))} layers. "
         f"Measured after 28 layers for the pair far apart (c = {cosines[far]:.3f} in the pixels): "
         f"{np.median(seen['two images far apart'][:, -1]):.3f}.")

# %% [markdown]
# **What to see.** Left, the staircase climbs into the corner and slows down: near 1 the map touches the diagonal (its
# slope there is 1), so that 1 − c falls as 1/l² and not exponentially. Right, markers are nets of 256 units.
#
# In numbers: the variance of z over images, averaged over units, is what tells the images apart. Criterion for "He
# keeps the variance": from layer 1 to layer 29 it changes by less than a factor of 4, in the geometric mean over five
# nets, for every seed; for E[z²], and for the variance over images. (Chance alone, by section 8, gives the logarithm
# of that mean a deviation of √(5 · 28/(256 · 5)) = 0.33; four of them are a factor of 4.)

# %%
def kept(seed, images=images[:100]):
    """E[z²] and the variance of z over images, layer 29 over layer 1, geometric means over five nets."""
    ratios = []
    for k in range(5):
        zs = forward(images, drawn([seed, k], 2))
        ratios.append([[(z**2).mean(), z.var(axis=0).mean()] for z in (zs[0], zs[28])])
    first, last = np.swapaxes(ratios, 0, 1)
    return np.exp(np.log(last / first).mean(axis=0))


moment, over_images = np.array([kept(seed) for seed in SEEDS]).T
claims.judge("05-variance", source="lore", statement="He keeps the variance of the signal (layer 29/layer 1)",
             measured=moment, criterion=claims.between(0.25, 4), condition="variance means E[z²], over the weights",
             without=over_images)

# %% [markdown]
# ## 8. What it does not fix: chance
#
# The chapter derives that $\ln(\|h_L\|^2/\|h_0\|^2)$ is near $\text{Normal}(-5L/(2n),\, 5L/n)$, where $h$ is the signal
# behind ReLU (Hanin & Nica 2020, for gradients too). Here we compare nets of different depth and width.

# %%
def log_lengths(n, L, count, seed):
    """ln of ‖h_L‖²/‖h₀‖² of `count` nets of L square layers, whole weight matrices drawn."""
    rng, found = np.random.default_rng([seed, n, L]), []
    for start in range(0, count, chunk := max(1, 2**20 // n**2)):
        h = np.ones((min(chunk, count - start), 1, n), np.float32)
        for _ in range(L):
            W = rng.standard_normal((len(h), n, n), dtype=np.float32) * np.float32(np.sqrt(2 / n))
            h = np.maximum(h @ W, 0)
        found.append(np.log(np.square(h.astype(float)).sum(axis=(1, 2)) / n))
    return np.concatenate(found)


# %%
thousand = {seed: log_lengths(64, 16, 1000, seed) for seed in SEEDS}
net = relu_net([64, *[64] * 16, 1], he, 0)
profile = theory.predict_statistics(net, np.ones((1, 64))).a
assert abs(profile.spread[15] ** 2 - 5 * 16 / 64) < 0.02
fig, axes = plt.subplots(1, 2, figsize=(9, 3.4))
t = np.linspace(-6, 4, 400)
axes[0].hist(thousand[0], bins=40, density=True, color="0.8", edgecolor="0.5", label="1,000 nets")
axes[0].plot(t, np.exp(-((t - profile.shift[15]) ** 2) / (2 * profile.spread[15] ** 2))
             / (profile.spread[15] * np.sqrt(2 * np.pi)), "k-", label="theory")
axes[0].axvline(0, color="black", linewidth=0.8, linestyle=":")
axes[0].set(xlabel="ln(‖h‖²/‖input‖²)", ylabel="density", title="16 layers of 64 units", ylim=(0, 0.5))
axes[0].legend(loc="upper left", fontsize=8)
same = {(n, L): log_lengths(n, L, 50 if FAST else 300, 0) for n, L in ((32, 8), (128, 32), (32, 32))}
same[64, 16] = thousand[0]
for line, (n, L) in zip(("-", "--", ":", "-."), sorted(same, key=lambda key: (key[1] / key[0], key)), strict=True):
    heights, edges = np.histogram(same[n, L], bins=np.arange(-12, 6, 0.75), density=True)
    axes[1].plot(edges[:-1] + 0.375, heights, line, label=f"{L} layers of {n}, L/n = {L / n:g}")
axes[1].set(xlabel="ln(‖h‖²/‖input‖²)", title="equal L/n, equal spread", ylim=(0, 0.5))
axes[1].legend(loc="upper left", fontsize=8)
Markdown(f"Beyond ±2: {np.mean(np.abs(thousand[0]) > 2):.0%} of the nets. Mean {thousand[0].mean():.3f} (theory "
         f"{profile.shift[15]:.3f}), variance {thousand[0].var():.3f} (theory {profile.spread[15] ** 2:.3f}), skewness "
         f"{((thousand[0] - thousand[0].mean()) ** 3).mean() / thousand[0].std() ** 3:.2f} (Normal: 0).")

# %% [markdown]
# **What to see.** Left, the line is computed before any net is made. Right, three nets of different depth and the same
# L/n lie on one curve; 32 layers with a fourth of the width do not.
#
# *The deeper, the more*. Criterion: with twice the layers the variance is at least 1.5 times as large. The condition is
# that the width stays; without it, the width is doubled as well.

# %%
shorter, longer = ([log_lengths(32, L, 1000, seed).var() for seed in SEEDS] for L in (8, 16))
wider = [values.var() for values in thousand.values()]
claims.judge("05-depth", source="lore",
             statement="the deeper, the more signals vanish or explode (variance of ln ‖h‖², 16 layers/8)",
             measured=np.divide(longer, shorter), criterion=claims.at_least(1.5),
             condition="the width stays", without=np.divide(wider, shorter))

# %% [markdown]
# A net as deep as it is wide has a spread of √5 = 2.2 e-folds; the average over networks says nothing about it any
# more. What does that do to the gradient? 30 layers of 256, 64 and 16 units: δ in layer 1 over δ at the output.

# %%
CASES = {"256 units": (256, he), "64 units": (64, he), "16 units": (16, he), "64 units, Xavier": (64, xavier)}
COUNTS = {256: 4, 64: 10, 16: 20} if FAST else {256: 8, 64: 20, 16: 40}
gradient = {name: [np.log(np.maximum(many([784, *[n] * 30], init, COUNTS[n], seed)[1][:, 0], 1e-16))
                   for seed in SEEDS] for name, (n, init) in CASES.items()}
fig, ax = plt.subplots(figsize=(7.5, 3.4))
for k, found in enumerate(gradient.values()):
    values = np.concatenate(found) / np.log(100)
    ax.plot(values, k + np.random.default_rng(0).uniform(-0.25, 0.25, len(values)), "o", color="0.4", markersize=3,
            mfc="none")
    ax.plot([np.median(values)] * 2, [k - 0.35, k + 0.35], "k-", linewidth=2)
ax.set(xlabel="orders of magnitude of the gradient (rms), layer 1 against the output", yticks=range(len(gradient)),
       yticklabels=list(gradient), title="30 layers: one point is one net, bars are medians")
for edge in (-1, 1):
    ax.axvline(edge, color="black", linewidth=0.8, linestyle=":")
narrow = np.exp(np.concatenate(gradient["16 units"]))
Markdown(f"With 16 units the mean of δ² over the nets is {narrow.mean():.2f} of the output's, and its median "
         f"{np.median(narrow):.3f}. The largest tenth of the nets makes up "
         f"{np.sort(narrow)[-len(narrow) // 10:].sum() / narrow.sum():.0%} of the mean.")

# %% [markdown]
# **What to see.** Between the dotted lines the gradient arrives within a factor of ten. (A point at −8 is a net that
# was dead as drawn: no path of active units.) He's condition says that the *mean* over all networks is kept, and with
# 16 units, L/n near 2, that mean is owed to a few lucky nets; nearly every single one is far below it.
#
# Article B: *Xavier and He keep gradients from vanishing and exploding*. These are two statements. Criterion for "do
# not vanish": of nets of 30 layers at least 95% have a gradient in layer 1 of at least a tenth of the output's. The
# condition: He with ReLU, and width well above depth; the counter-measurements are 16 units, and Xavier's weights.
# Criterion for "do not explode": at least 95% have at most ten times the output's, in each of the four cases.

# %%
def share(name, meets):
    """The share of nets whose ln of the ratio of mean squares meets the criterion, for each seed."""
    return [float(meets(values).mean()) for values in gradient[name]]


def stays(values):
    return values >= -np.log(100)


claims.judge("05-keep-from-vanishing", source="popular article B",
             statement="Xavier and He keep gradients from vanishing (share of nets, 30 layers)",
             measured=share("256 units", stays), criterion=claims.at_least(0.95),
             condition="the formula suits the activation, and the width is well above the depth",
             without=share("16 units", stays) + share("64 units, Xavier", stays))

# %%
claims.judge("05-keep-from-exploding", source="popular article B",
             statement="Xavier and He keep gradients from exploding (share of nets, 30 layers, least of four cases)",
             measured=np.min([share(name, lambda values: values <= np.log(100)) for name in CASES], axis=0),
             criterion=claims.at_least(0.95))

# %% [markdown]
# With these formulas gradients do not explode, not even in narrow nets. Where the formulas fail, gradients vanish.

# %% [markdown]
# ## Exercises
#
# Answers are in `chapters/answers/05_he.py`; 1 to 6 are in the chapter.
#
# 7. **(20 min)** Decay on the slope. Train a PReLU net with weight decay, once as the library does it and once with
#    the slopes in the decay mask. What do the slopes come to?
# 8. **(45 min)** One number, for SGD and for Adam. Show that Adam with $\epsilon = 0$, given 30 Xavier layers with the
#    output times $2^{15}$, is Adam on He's net at $\sqrt2$ times the rate.
