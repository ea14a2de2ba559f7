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
# # Variance scaling, further
#
# What the chapter [Variance scaling and the edge of chaos](../07_scaling.ipynb) states in a sentence is measured here:
# the constant in Keras' source, tanh's gain 5/3, the phases of order and chaos, the two depth scales, the edge for GELU
# and swish, LSUV in training, and four other ideas for initial weights. Read the chapter first.
#
# Inputs are the 8 × 8 digits with every pixel *standardized* (mean 0, variance 1; three are always 0), or random ones
# of a stated size. $g \sim N(0, 1)$ is a standard Gaussian number. Trainings over five seeds are read from stored
# results, which `python -m chapters --sweeps 07` computes again.

# %% jupyter={"source_hidden": true} tags=["hide-input"]
import math

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Markdown

import minnet as mn
from minnet import activations, claims, datasets, initializers, losses, optimizers, plots, pretraining, theory
from minnet.diagnostics import scorecard
from minnet.experiments.chapter import FAST, SEEDS, stored, style
from minnet.initializers import variance_scaling

style()
x, y = datasets.standardized(datasets.digits()).train
batch = x[:256].astype(float)
depths, starts = stored("07_depth"), stored("07_starts")


# %%
def deep_net(activation, weights, depth, *, width=256, bias=initializers.zeros, seed=0, dtype=np.float64):
    """`depth` hidden layers, drawn alike, between 64 inputs and 10 outputs."""
    return mn.mlp([64, *[width] * depth, 10], activation=activation, init=weights, bias_init=bias, rng=seed,
                  output_init=initializers.lecun_normal, dtype=dtype)


def squares(net, name):
    """The mean of z², or of δ², in every hidden layer."""
    return np.array([np.square(getattr(layer, name)).mean() for layer in net.layers[:-1]])


def unit_input(seed):
    """A random input (1, 64) with mean x² = 1."""
    u = np.random.default_rng([seed, 7]).normal(size=(1, 64))
    return u / math.sqrt(np.square(u).mean())


def accuracies(units, start, depth):
    """Stored training accuracies, one for each seed."""
    return starts.where(units=units, start=start, depth=depth).array("accuracy")


# %% [markdown]
# ## 1. One formula
#
# $\mathrm{Var}[W] = \text{scale}/n$, where $n$ is fan_in, fan_out or their mean. LeCun: scale 1, fan_in. Glorot:
# scale 1, the mean. He: scale 2, fan_in. From one seed the formula draws the very same matrices, in the library and in
# plain numpy:

# %%
def plain(rng, shape, scale, mode):
    """N(0, scale/n) in plain numpy."""
    n = {"fan_in": shape[0], "fan_out": shape[1], "fan_avg": sum(shape) / 2}[mode]
    return rng.normal(0, np.sqrt(scale / n), shape)


for init, scale, mode in ((initializers.lecun_normal, 1, "fan_in"), (initializers.glorot_normal, 1, "fan_avg"),
                          (initializers.he_normal, 2, "fan_in")):
    by_name, by_formula = (draw(np.random.default_rng(0), (300, 100)) for draw in (
        init, variance_scaling(scale=scale, mode=mode)))
    assert np.array_equal(by_name, by_formula)
    np.testing.assert_allclose(by_formula, plain(np.random.default_rng(0), (300, 100), scale, mode), rtol=1e-12)

# %% [markdown]
# Popular article A: *variance scaling, also He normal or LeCun normal, looks at inputs and outputs*. With the mode
# fan_avg it does. He normal and LeCun normal, which the sentence names, look at inputs only. Criterion: with 1,024
# inputs, going from 1,024 outputs to 64 changes $\mathrm{Var}[W]$ by more than a tenth (chance changes it by less).

# %%
def looks_at_outputs(init, seed):
    """How much Var[W] changes with fan_out alone, as |ratio − 1|."""
    narrow, wide = (init(np.random.default_rng(seed), shape).var() for shape in ((1024, 64), (1024, 1024)))
    return abs(narrow / wide - 1)


claims.judge("07-both-sides", source="popular article A", definition=True,
             statement="variance scaling looks at inputs and outputs (change of Var[W], 64 outputs instead of 1,024)",
             measured=[looks_at_outputs(variance_scaling(mode="fan_avg"), seed) for seed in SEEDS],
             criterion=claims.at_least(0.1), condition="the mode is fan_avg, not that of He normal or LeCun normal",
             without=[max(looks_at_outputs(init, seed) for init in (initializers.he_normal, initializers.lecun_normal))
                      for seed in SEEDS])

# %% [markdown]
# ## 2. A constant explained
#
# In Keras' source the normal initializers are cut at two deviations and divided by 0.87962566103423978. That looks like
# a measured number, but it is an integral: the deviation $c$ of a unit normal distribution that is cut at $\pm k$. Let
# $\varphi$ be the Gaussian density, whose derivative is $-z\varphi$. Integrating $z \cdot z\varphi$ by parts gives
#
# $$c^2 = \frac{\int_{-k}^{k} z^2 \varphi\,dz}{\int_{-k}^{k} \varphi\,dz}
# = 1 - \frac{2k\,\varphi(k)}{\operatorname{erf}(k/\sqrt2)} .$$
#
# For $k = 2$ this agrees with Keras' constant to all digits of a float. The library divides by the same integral.
# Criterion: its truncated weights have the deviation that was demanded, within 1% (512 × 256 weights; four standard
# errors). Without the division they do not: TensorFlow's plain *TruncatedNormal* leaves it out, and the weights are too
# small by 12%.

# %%
phi = math.exp(-2) / math.sqrt(2 * math.pi)
cut = math.sqrt(1 - 4 * phi / math.erf(math.sqrt(2)))
assert abs(cut - 0.87962566103423978) < 1e-15
truncated, uncorrected = ([initializers.truncated_normal(np.random.default_rng(seed), (512, 256), std=0.05,
                                                         corrected=corrected).std() / 0.05 for seed in SEEDS]
                          for corrected in (True, False))
assert all(abs(found / cut - 1) < 0.01 for found in uncorrected)
print(f"corrected {min(truncated):.3f} to {max(truncated):.3f}, uncorrected {min(uncorrected):.3f} to "
      f"{max(uncorrected):.3f} of the deviation demanded; after 30 linear layers 0.88³⁰ = {cut**30:.3f}")
claims.judge("07-truncation", source="Keras, VarianceScaling", definition=True, criterion=claims.between(0.99, 1.01),
             statement="a normal distribution cut at ±2 and divided by 0.8796 has the deviation demanded "
                       "(measured/demanded)", measured=truncated)

# %% [markdown]
# ## 3. The gain of more activations
#
# The chapter's $V'(1)$, for eight activations. Mish, $z \tanh(\ln(1 + e^z))$, is one that the library does not have.
# `theory.gains` needs the function and its derivative, nothing else.
#
# Going back, the mean square of $\delta$ is multiplied by $\chi = \sigma_w^2 E[f'^2]$. The backward pass would like
# $\chi = 1$, which is a gain of $1/\sqrt{E[f'^2]}$. That is another number than the forward gain $1/\sqrt{E[f^2]}$,
# unless $f$ is like ReLU.

# %%
mish = activations.Activation("mish", lambda z: z * np.tanh(np.logaddexp(z, 0)),
                              lambda z, a: np.tanh(np.logaddexp(z, 0)) + z * activations.sigmoid(z)
                              * (1 - np.tanh(np.logaddexp(z, 0)) ** 2))
UNITS = {"ReLU": activations.relu, "tanh": activations.tanh, "sigmoid": activations.sigmoid, "SELU": activations.selu,
         "softsign": activations.softsign, "GELU": activations.gelu, "swish": activations.swish(), "mish": mish}
print("           forward    V′(1)  χ there   backward   E[z²] in layer 50 over layer 1")
for name, f in UNITS.items():
    forward, _, backward = theory.gains(f)
    grown = []
    for seed in SEEDS:
        net = deep_net(f, variance_scaling(scale=forward.gain**2), 50, seed=seed)
        net.forward(unit_input(seed))
        grown.append(squares(net, "z")[-1] / squares(net, "z")[0])
    print(f"{name:>9}: {forward.gain:7.3f}  {forward.slope:7.3f}  {forward.chi:7.3f}    {backward.gain:7.3f}"
          f"   {min(grown):.1g} to {max(grown):.1g}")

# %% [markdown]
# **What to see.** Where $V'(1) \le 1$ the last column is within a factor of ten of 1. With GELU and swish the signal
# explodes. Mish, whose $V'(1)$ is just above 1, is between them: some of its nets keep the signal and others do not.
#
# **A gain without a derivation.** PyTorch's table recommends 5/3 for tanh.

# %%
field = theory.MeanField(activations.tanh, 25 / 9)
q = field.limit()
Markdown(f"With 5/3, tanh's signal settles at E[z²] = {q:.3f} (deviation of a {math.sqrt(q * 9 / 25):.3f}), stably, "
         f"with a slope of {field.slope(q):.2f}. There χ = {field.chi(q):.3f}: the mean square of the gradient grows "
         f"by {field.chi(q) - 1:.0%} in each layer.")

# %% [markdown]
# Criteria for what one expects of a gain: over 30 layers $E[z^2]$ changes by at most a factor of ten (first), and
# $E[\delta^2]$ as well (second).

# %%
def five_thirds(seed):
    """Powers of ten of z² going up and of δ² going down 30 layers, at gain 5/3."""
    net = deep_net(activations.tanh, initializers.glorot_normal(gain=5 / 3), 30, seed=seed)
    net.forward(unit_input(seed))
    net.backward(np.random.default_rng(seed).normal(size=(1, 10)))
    up, down = squares(net, "z"), squares(net, "delta")
    return np.log10(up[-1] / up[0]), np.log10(down[0] / down[-1])


up, down = np.array([five_thirds(seed) for seed in SEEDS]).T
claims.judge("07-five-thirds-forward", source="PyTorch, nn.init.calculate_gain",
             statement="tanh's gain 5/3 keeps the signal's size (powers of ten in 30 layers)", measured=np.abs(up),
             criterion=claims.at_most(1))

# %%
claims.judge("07-five-thirds-backward", source="PyTorch, nn.init.calculate_gain",
             statement="tanh's gain 5/3 keeps the gradient's size (powers of ten in 30 layers)", measured=np.abs(down),
             criterion=claims.at_most(1))

# %% [markdown]
# ## 4. Order and chaos, measured
#
# Let two inputs both have the size $q^*$ at which $V$ settles, and let $c$ be the correlation of their $z$. In the next
# layer their correlation is
#
# $$C(c) = \frac{\sigma_w^2\,E[f(\sqrt{q^*}\,u)\,f(\sqrt{q^*}\,v)] + \sigma_b^2}{q^*} ,$$
#
# where $u$ and $v$ are standard Gaussian with correlation $c$. Equal inputs stay equal, $C(1) = 1$, and the chapter's
# $\chi$ is the slope of $C$ there: $1 - C(c) \approx \chi\,(1 - c)$. If $\chi > 1$, correlations move away from 1, to
# another fixed point $c^*$. (Biases of variance $\sigma_b^2 = 0.05$ are there because without them tanh in order has
# $q^* = 0$, no signal at all.)

# %%
BIAS_VAR = 0.05
noisy = initializers.normal(std=math.sqrt(BIAS_VAR))
fields = {w: theory.MeanField(activations.tanh, w, BIAS_VAR) for w in (0.5, 1.0, 1.76, 3.0, 4.0)}
settled = {w: field.limit() for w, field in fields.items()}                                # q*
limits = {w: field.correlation_limit(settled[w]) for w, field in fields.items()}           # c*
fig, ax = plt.subplots(figsize=(6.5, 3.6))
c = np.linspace(0, 1, 13)
for (name, w), line in zip({"order, 1": 1.0, "edge, 1.76": 1.76, "chaos, 4": 4.0}.items(), ("-", "--", "-."),
                           strict=True):
    ax.plot(c, [fields[w].correlation(one, settled[w]) - one for one in c], "k" + line, label=name)
ax.axhline(0, color="0.6", lw=0.8)
ax.plot(limits[4.0], 0, "ko", ms=7)
ax.annotate("c* of chaos", (limits[4.0], 0), (4, 8), textcoords="offset points")
ax.set(title="In chaos the correlation moves away from 1", xlabel="correlation c of two inputs in a layer",
       ylabel="C(c) − c")
_ = ax.legend(title="$\\sigma_w^2$")

# %% [markdown]
# **What to see.** Above the grey line two inputs become more alike, below it less. In order they come to $c = 1$; at
# the edge too, with ever smaller steps. In chaos $c$ becomes smaller, even from just below 1, and ends at $c^*$.
#
# Now real nets of 300 units and 30 layers, with two digits as inputs. Two sentences are judged.
#
# - *With depth all inputs become alike.* Criterion: the correlation of the two digits in layer 30 is at least 0.99, at
#   both $\sigma_w^2 = 0.5$ and 1 (order). The counter-measurement is the higher correlation of 3 and 4 (chaos).
# - *Ordered and chaotic phase are those of vanishing and exploding gradients.* Criterion: from layer 30 to layer 5,
#   $E[\delta^2]$ changes in the direction that $\chi$ says, at all of $\sigma_w^2 = 0.5$, 1, 3 and 4.
#
# (In the table $c$ is that of one pair. In chaos it scatters around $c^*$ at this width, and at the edge it has not
# arrived.)

# %%
def phase(w, seed):
    """Correlation of two digits in layer 30, and the factor per layer on E[δ²] from layer 30 down to 5."""
    net = deep_net(activations.tanh, variance_scaling(scale=w), 30, width=300, bias=noisy, seed=seed)
    net.forward(x[:2].astype(float))
    net.backward(np.random.default_rng(seed).normal(size=(2, 10)))
    one, other = net.layers[29].z
    delta = squares(net, "delta")
    return one @ other / (np.linalg.norm(one) * np.linalg.norm(other)), (delta[4] / delta[29]) ** (1 / 25)


phases = {w: np.array([phase(w, seed) for seed in SEEDS]) for w in fields}
print("  σ_w²   E[z²]     χ   factor on E[δ²]     c*   correlation of two digits")
for w, field in fields.items():
    c, factor = np.median(phases[w], axis=0)
    assert abs(factor / field.chi(settled[w]) - 1) < 0.04
    print(f"  {w:4g}   {settled[w]:5.3f}  {field.chi(settled[w]):.3f}   {factor:.3f}           "
          f"{limits[w]:7.3f}   {c:.3f}")

# %%
claims.judge("07-phases", source="lore (after Poole and others 2016)",
             statement="with depth, all inputs become alike (correlation of two digits in layer 30)",
             measured=np.min([phases[w][:, 0] for w in (0.5, 1.0)], axis=0), criterion=claims.at_least(0.99),
             condition="order (σ_w² = 0.5 and 1), not chaos (3 and 4)",
             without=np.max([phases[w][:, 0] for w in (3.0, 4.0)], axis=0))

# %%
def as_predicted(w):
    """ln of the measured factor, positive where it is on the side of 1 that χ says."""
    return np.log(phases[w][:, 1]) * math.copysign(1, fields[w].chi(settled[w]) - 1)


claims.judge("07-gradients", source="Schoenholz and others 2017, abstract",
             statement="order and chaos are regions of vanishing and exploding gradients (ln of the factor per layer "
                       "on E[δ²], times the sign of χ − 1, the smallest of four σ_w²)",
             measured=np.min([as_predicted(w) for w in (0.5, 1.0, 3.0, 4.0)], axis=0), criterion=claims.at_least(0))

# %% [markdown]
# The chapter shows a circle of inputs in layer 15. How long is that curve? A length is the root of a square, so one
# layer should multiply it by $\sqrt\chi$. Raghu and others (2017) say that it grows with depth, exponentially.
# Criterion for *longer*: in layer 15 the curve is at least five times as long as in layer 1. The condition is chaos;
# the counter-measurement, the longest of two curves in order and one at the edge.

# %%
def stretch(w, seed, count=400):
    """The length of the image of a circle in layers 1, 8 and 15."""
    t = np.arange(count) * 2 * np.pi / count
    plane = initializers.orthogonal(np.random.default_rng(0), (2, 64))
    circle = np.stack([np.cos(t), np.sin(t)], axis=1) @ plane * math.sqrt(64 * (settled[w] - BIAS_VAR) / w)
    net = deep_net(activations.tanh, variance_scaling(scale=w), 15, width=300, bias=noisy, seed=seed)
    net.forward(circle)
    images = [net.layers[k].z for k in (0, 7, 14)]
    return [np.linalg.norm(np.roll(z, -1, axis=0) - z, axis=1).sum() for z in images]


lengths = {w: np.array([stretch(w, seed) for seed in SEEDS]) for w in (0.5, 1.0, 1.76, 4.0)}
longer = {w: found[:, 2] / found[:, 0] for w, found in lengths.items()}
for w, found in longer.items():
    print(f"σ_w² = {w:4g}: layer 15 over layer 1 {min(found):.2g} to {max(found):.2g}, "
          f"theory χ⁷ = {fields[w].chi(settled[w]) ** 7:.2g}")
first, second = (np.median(lengths[4.0][:, k + 1] / lengths[4.0][:, k]) for k in (0, 1))
print(f"In chaos the first seven layers multiply it by {first:.2f}, the next seven by {second:.2f}.")
claims.judge("07-expressive", source="Raghu and others 2017",
             statement="depth makes the image of a curve longer (length in layer 15 over layer 1)",
             measured=longer[4.0], criterion=claims.at_least(5), condition="chaos (σ_w² = 4), not order or the edge",
             without=np.max([longer[w] for w in (0.5, 1.0, 1.76)], axis=0))

# %% [markdown]
# (If the length grew by equal steps and not by equal factors, the second factor could not be more than 2.)
#
# ## 5. How deep can it be?
#
# Near a fixed point $c^*$ of $C$ a deviation is multiplied by $C'(c^*)$ in every layer. Over $l$ layers it dies out
# like $e^{-l/\xi_c}$, with the *depth scale* $\xi_c = -1/\ln C'(c^*)$. The gradient's mean square changes by a factor
# of $e$ in $\xi_\nabla = 1/|\ln\chi|$ layers. In order $c^* = 1$ and $C'(1) = \chi$, so both are the same number. In
# chaos $C'(c^*)$ and $C'(1)$ are two slopes. At the edge both scales are infinite.
#
# The stored training: tanh nets of 100 units, 205 steps of SGD, the best of four rates, five seeds. Depths were tried
# in steps of $\sqrt2$ until two in a row failed.

# %%
WEIGHT_VARS = sorted(depths.by("weight_var"))
DEPTHS = sorted({int(depth) for depth in depths.array("depth")})
scales = {w: theory.MeanField(activations.tanh, w, BIAS_VAR).depth_scales() for w in WEIGHT_VARS}


def accuracy(w, depth):
    rows = depths.where(weight_var=w, depth=depth)
    return np.median(rows.array("accuracy")) if len(rows) == 5 else math.nan


ax = plots.heat_map([[accuracy(w, depth) for w in WEIGHT_VARS] for depth in DEPTHS[::-1]], DEPTHS[::-1], WEIGHT_VARS,
                    xlabel="$\\sigma_w^2$", ylabel="hidden layers", label="training accuracy, median of 5 seeds",
                    annotate=False)
ax.set_title("The border of what trains rises to the edge of chaos and falls behind it")
ax.get_legend().get_texts()[0].set_text("not tried by all seeds")
print("  σ_w²     ξ_c     ξ_∇")
for w, found in scales.items():
    print(f"  {w:4g}  {found.correlation:6.1f}  {found.gradient:6.1f}")

# %% [markdown]
# **What to see.** Light is trained, dark is not. One seed of one column, live:

# %%
def trained(net, rate, seed, epochs=5, data=(x, y)):
    """Accuracy on the training part after training; 0 where it diverged."""
    try:
        mn.fit(net, data, loss=losses.softmax_cross_entropy, optimizer=optimizers.SGD(rate, momentum=0.9),
               epochs=epochs, batch_size=32, rng=seed, progress=False)
    except mn.training.Diverged:
        return 0.0
    return float((net(data[0]).argmax(axis=1) == data[1]).mean())


for depth in (6, 14, 20):
    found = depths.where(weight_var=0.5, depth=depth)
    net = mn.mlp([64, *[100] * depth, 10], activation=activations.tanh, init=variance_scaling(scale=0.5), rng=0,
                 bias_init=noisy)
    net.layers[-1].b[:] = 0                                                # as in the stored runs
    live, band = trained(net, found.where(seed=0).array("rate")[0], 0), found.array("accuracy")
    assert band.min() - 0.1 <= live <= band.max() + 0.1, (depth, live, band)
    print(f"σ_w² = 0.5, {depth:2} layers: live {live:.2f}, stored {band.min():.2f} to {band.max():.2f}")

# %% [markdown]
# Criteria. *The deeper $\xi_c$, the deeper a net can be trained*: over the eleven $\sigma_w^2$, the rank correlation of
# trained depth and $\xi_c$ is at least 0.8, for each seed. *Trained depth is a multiple of $\xi_c$*: away from the edge
# ($\xi_c$ below 15 layers), the largest ratio of trained depth to $\xi_c$ is at most twice the smallest. *Only close to
# criticality can nets be arbitrarily deep* (so the abstract): the $\sigma_w^2$ that trains deepest is that of the edge,
# 1.75, or its neighbour, for each seed.

# %%
def reached(mark):
    """The largest depth tried with an accuracy of `mark` or more, (σ_w², seeds)."""
    return np.array([[max(row["depth"] for row in depths.where(weight_var=w, seed=seed) if row["accuracy"] >= mark)
                      for seed in range(5)] for w in WEIGHT_VARS])


def ranks(values):
    """Ranks, the mean rank for equal values."""
    return np.array([(np.less(values, v).sum() + np.less_equal(values, v).sum() - 1) / 2 for v in values])


scale = {name: np.array([getattr(found, name) for found in scales.values()]) for name in ("correlation", "gradient")}
deepest, away = reached(0.5), scale["correlation"] < 15
agreement = {name: [np.corrcoef(ranks(column), ranks(values))[0, 1] for column in deepest.T]
             for name, values in scale.items()}
claims.judge("07-ranks", source="Schoenholz and others 2017",
             statement="the deeper ξ_c, the deeper a net can be trained (rank correlation over σ_w²)",
             measured=agreement["correlation"], criterion=claims.at_least(0.8), refutable=False, mode="stored")

# %%
def unevenness(name, mark=0.5):
    """The largest ratio of trained depth to a depth scale over the smallest, for each seed."""
    ratio = reached(mark)[away] / scale[name][away, None]
    return ratio.max(axis=0) / ratio.min(axis=0)


claims.judge("07-multiple-of-correlation", source="Schoenholz and others 2017",
             statement="nets train to a fixed multiple of ξ_c (largest ratio over smallest)",
             measured=unevenness("correlation"), criterion=claims.at_most(2), refutable=False, mode="stored",
             post_hoc="the factor of 2, after trial runs of one or two seeds")

# %%
Markdown(f"Ranks cannot tell the two scales apart (with ξ_∇ the rank correlation is "
         f"{np.median(agreement['gradient']):.2f}), but multiples can. What if *trained* means another accuracy than "
         "one half? Largest ratio over smallest, medians of five seeds: "
         + "; ".join(f"accuracy {mark:g}: ξ_c {np.median(unevenness('correlation', mark)):.1f}, ξ_∇ "
                     f"{np.median(unevenness('gradient', mark)):.1f}" for mark in (0.3, 0.5, 0.7, 0.9))
         + ". From one half on, ξ_∇ is the better measure. At 0.3, which is three times chance, ξ_c is as good: some "
         "of the input still arrives at that depth, but 205 steps do not make more of it.")

# %%
def off_the_edge(seed):
    """How many columns the σ_w² that trains deepest is from that of the edge; of several, the furthest."""
    best = np.flatnonzero(deepest[:, seed] == deepest[:, seed].max())
    return np.abs(best - WEIGHT_VARS.index(1.75)).max()


claims.judge("07-deepest", source="Schoenholz and others 2017, abstract",
             statement="the deepest nets train close to criticality only (columns of σ_w² off the edge)",
             measured=[off_the_edge(seed) for seed in range(5)], criterion=claims.at_most(1), mode="stored")

# %% [markdown]
# ## 6. The edge for GELU and swish
#
# With $\chi(q) = 1$ and $V(q) = q$ the slope of $V$ is $V' = E[f f' g]/(\sqrt q\,E[f'^2])$. Bisection in $q$ finds
# where it is 1. The library's `critical_line` and `critical_point` give the same numbers.

# %%
def edge(f):
    """(σ_w², σ_b², q) where χ = 1, V(q) = q and V′(q) = 1, by bisection between q = 0.1 and 100."""
    low, high = 0.1, 100.0
    while high - low > 1e-6:
        q = (low + high) / 2
        _, second, slope, growth = (value.value for value in theory.moments(f, q))    # …, E[f²], E[f′²], E[f f′ g]/√q
        low, high = (q, high) if growth / slope > 1 else (low, q)
    return 1 / slope, q - second / slope, q


for name in ("GELU", "swish", "mish"):
    weight_var, bias_var, q = edge(UNITS[name])
    library = theory.critical_line(UNITS[name], q)
    np.testing.assert_allclose((weight_var, bias_var), (library.weight_var, library.bias_var), rtol=1e-6)
    assert math.isclose(library.variance(q), q, rel_tol=1e-12)
    around = ", ".join(f"{library.variance(k * q) / (k * q) - 1:+.1e}" for k in (0.3, 3.0))
    print(f"{name:>6}: σ_w² = {weight_var:.3f}, σ_b² = {bias_var:.3f}, q = {q:.2f}; V/q − 1 is 0 at q, and at 0.3q, "
          f"3q: {around}")
np.testing.assert_allclose(edge(UNITS["swish"])[2], theory.critical_point(UNITS["swish"])[1], rtol=1e-4)

# %% [markdown]
# There is no point that repels any more. Signals of very different size change by a few per cent a layer at most. The
# price: at such a size GELU and swish are nearly ReLU.
#
# Does it train? Here are all stored starts: nets of 10, 30 and 100 layers of 64 units, the best of six rates, 205
# steps, five seeds.

# %%
STARTS = list(dict.fromkeys((row["units"], row["start"]) for row in starts))
names = {"forward": "forward gain", "critical": "edge of chaos", "lsuv": "LSUV", "he": "He", "glorot": "Glorot"}
table = [[np.median([*accuracies(*start, depth)] or math.nan) for depth in (10, 30, 100)] for start in STARTS]
ax = plots.heat_map(table, [f"{units}, {names.get(start, start)}" for units, start in STARTS], [10, 30, 100],
                    xlabel="hidden layers", ylabel="", label="training accuracy, median of 5 seeds")
ax.get_legend().get_texts()[0].set_text("not tried")
ax.figure.set_size_inches(6.5, 5.2)
_ = ax.set_title("Swish trains best from its edge; tanh better still")

# %% [markdown]
# **What to see.** Three groups of rows: ReLU, tanh, swish; 100 layers were tried with four starts; 0 means that all
# rates diverged. In 30 layers swish from its edge is well ahead of its group, but behind tanh, which needs no biases.
# (ReLU from He's weights did learn 30 layers in chapter 05, with 256 units and more steps.)
#
# Popular article A: variance scaling is *effective with non-linear activations*. Criterion: with He's weights (ReLU,
# swish) or Glorot's (tanh), the worst of the three activations gets 90% of the training digits right. The condition is
# ten layers; the counter-measurement, thirty.

# %%
def worst(depth):
    """The lowest of three training accuracies, for each seed."""
    return np.min([accuracies("relu", "he", depth), accuracies("tanh", "glorot", depth),
                   accuracies("swish", "he", depth)], axis=0)


claims.judge("07-non-linear", source="popular article A", mode="stored",
             statement="variance scaling is effective with non-linear activations (training accuracy, the worst of "
                       "ReLU, tanh, swish)", measured=worst(10), criterion=claims.at_least(0.9),
             condition="10 layers, not 30", without=worst(30),
             post_hoc="the mark of 0.9 and the two depths: the stored runs were known")

# %% [markdown]
# ## 7. LSUV
#
# Mishkin and Matas (2016): divide each layer's weights by the measured deviation of its $z$, and if the variance is not
# within 0.1 of 1, repeat, at most ten times. With $b = 0$, $z$ is proportional to $W$, and one division is enough. In
# plain numpy:

# %%
def lsuv_by_hand(Ws, f, x):
    for W in Ws:
        W /= (x @ W).std()
        x = f(x @ W)


net = deep_net(activations.gelu, initializers.zeros, 50, width=64)
pretraining.lsuv(net, batch, rng=0, tolerance=1e-9)
Ws = [initializers.orthogonal(child, layer.W.shape) for child, layer in
      zip(np.random.default_rng(0).spawn(51), net.layers, strict=True)]
lsuv_by_hand(Ws, activations.gelu, batch)
for W, layer in zip(Ws, net.layers, strict=True):
    np.testing.assert_allclose(layer.W, W, rtol=1e-8)

# %%
for name in ("ReLU", "tanh", "SELU", "GELU", "swish"):                     # one division for each of 50 layers
    for seed in SEEDS:
        net = deep_net(UNITS[name], initializers.zeros, 50, width=64, seed=seed)
        assert max(len(stds) - 1 for stds in pretraining.lsuv(net, batch, rng=seed)) == 1
        if name == "swish" and seed == 0:
            net.forward(batch)
            last = np.square(net.layers[49].z).mean(axis=1)
assert last.argmax() == np.square(batch).mean(axis=1).argmax()
Markdown(f"In the swish net the median digit has mean z² = {np.median(last):.1e} in layer 50. The largest one makes up "
         f"{last.max() / last.sum():.0%} of the whole layer's.")

# %% [markdown]
# It is the digit with the largest mean $x^2$ in the batch: it has ink where other digits have none, which standardizing
# makes large.
#
# Does LSUV train? The paper's abstract says: accuracy *better or equal* to that of standard methods. Criterion: ReLU,
# 30 layers, not more than 0.05 behind He. The condition is the activation; the counter-measurement is swish, compared
# with its edge. (If LSUV is ahead of He, its orthonormal weights may be why: chapter 06.)

# %%
claims.judge("07-lsuv-trains", source="Mishkin & Matas 2016",
             statement="LSUV trains as well as the initializer that is derived (accuracy, 30 layers, LSUV less that)",
             measured=accuracies("relu", "lsuv", 30) - accuracies("relu", "he", 30), criterion=claims.at_least(-0.05),
             condition="ReLU against He, not swish against its edge",
             without=accuracies("swish", "lsuv", 30) - accuracies("swish", "critical", 30), mode="stored",
             post_hoc="the margin of 0.05, after trial runs of one or two seeds")

# %% [markdown]
# ## 8. Looks-linear
#
# He's ReLU net makes all inputs alike (chapter 05). But $\max(z, 0) - \max(-z, 0) = z$. Balduzzi and others (2017) use
# weights of the form
#
# $$W = \begin{pmatrix} V & -V \\ -V & V \end{pmatrix} .$$
#
# Each layer holds $z$ beside $-z$ and takes the difference of what they pass; the first layer is $(V, -V)$ and the last
# one its transpose. At the start such a ReLU net *is* a linear one, and with orthogonal $V$ it keeps lengths. Here is
# the check for 100 layers, against the product of the blocks:

# %%
def looks_linear(depth, seed, dtype=np.float64):
    position = initializers.looks_linear
    hidden = [mn.Dense(64, 64, activations.relu, position if k else position(position="first")) for k in range(depth)]
    return mn.Network([*hidden, mn.Dense(64, 10, init=position(position="last"))], rng=seed, dtype=dtype)


for seed in SEEDS:
    net = looks_linear(100, seed)
    product = batch @ net.layers[0].W[:, :32]
    for layer in net.layers[1:]:
        product = product @ layer.W[:32, :32]
    assert np.abs(net(batch) - product).max() < 1e-12 * np.abs(product).max()

# %% [markdown]
# Does it train? Criterion: an accuracy of 0.9 with 100 layers; the counter-measurement is He's weights.

# %%
rate = starts.where(units="relu", start="looks-linear", depth=100, seed=0).array("rate")[0]
band = accuracies("relu", "looks-linear", 100)
if not FAST:
    live = trained(looks_linear(100, 0, np.float32), rate, 0)
    assert band.min() - 0.1 <= live <= band.max() + 0.1, (live, band)
claims.judge("07-looks-linear-deep", source="Balduzzi and others 2017",
             statement="100 ReLU layers without skip connections train (accuracy)", measured=band,
             criterion=claims.at_least(0.9), condition="from a looks-linear start, not from He's",
             without=accuracies("relu", "he", 100), mode="stored")

# %% [markdown]
# ## 9. Random-walk gains
#
# Critical weights keep the *mean* of $\|\delta\|^2$ over all networks that could be drawn. In a single network the
# logarithm $\ln\|\delta\|$ takes a random step in each layer, and its mean step is a little below 0, because the mean
# of a logarithm is below the logarithm of the mean. In a deep net of small width $N$ the typical gradient therefore
# fades (chapter 05). The gains of Sussillo and Abbott (2014) are larger: $e^{1/2N}$ for linear units and
# $\sqrt2\,e^{1.2/(N - 2.4)}$ for ReLU.
#
# **Predict.** These gains make the mean of $\ln\|\delta\|$ zero. What do they do to the mean of $\|\delta\|^2$?

# %%
def logarithms(units, init, count, seed, width=32, depth=200):
    """ln of ‖δ‖ in layer 1 over ‖δ‖ at the top, for `count` nets."""
    net = mn.mlp([width] * (depth + 1), activation=units, init=init, rng=0, dtype=np.float64)
    rng, found = np.random.default_rng([seed, depth]), []
    for _ in range(count):
        net.reset(rng)
        net.forward(rng.normal(size=(1, width)))
        net.backward(rng.normal(size=(1, width)))
        found.append(math.log(np.linalg.norm(net.layers[0].delta) / np.linalg.norm(net.layers[-1].delta)))
    return np.array(found)


COUNT = 10 if FAST else 20
CASES = {"linear": (activations.identity, initializers.lecun_normal),
         "ReLU": (activations.relu, initializers.he_normal)}
critical = {name: [logarithms(f, init, COUNT, seed) for seed in SEEDS] for name, (f, init) in CASES.items()}
larger = {name: [logarithms(f, initializers.random_walk(units=name.lower()), COUNT, seed) for seed in SEEDS]
          for name, (f, _) in CASES.items()}

# %%
clouds = {"ReLU, √2": critical["ReLU"], "ReLU, random walk": larger["ReLU"], "linear, 1": critical["linear"],
          "linear, random walk": larger["linear"]}
fig, ax = plt.subplots(figsize=(7.5, 2.9))
for k, found in enumerate(clouds.values()):
    values = np.concatenate(found) / math.log(10)
    ax.plot(values, k + np.random.default_rng(0).uniform(-0.25, 0.25, len(values)), "o", color="0.4", ms=3, mfc="none")
    ax.plot([values.mean()] * 2, [k - 0.35, k + 0.35], "k-", lw=2)
ax.axvline(0, color="black", lw=0.8, ls=":")
ax.set(yticks=range(4), yticklabels=list(clouds), xlabel="powers of ten of ‖δ‖, layer 1 against layer 200",
       title="The larger gains move the cloud, they do not make it narrower")
mean = {name: [np.exp(2 * np.concatenate(found[name])).mean() for found in (critical, larger)] for name in CASES}
Markdown("In each of 199 layers the mean of ‖δ‖², over all nets, is multiplied by n Var[W] (ReLU: by half of it). It "
         f"stays 1 with the critical gains; the larger ones make it e^(199/32) = {math.exp(199 / 32):.0f} (linear) and "
         f"e^(2.4·199/29.6) = {math.exp(2.4 * 199 / 29.6):.1e} (ReLU). And over the {COUNT * len(SEEDS)} nets drawn "
         f"here? Linear {mean['linear'][0]:.2g} and {mean['linear'][1]:.2g}, ReLU {mean['ReLU'][0]:.2g} and "
         f"{mean['ReLU'][1]:.2g}: the mean is made by nets so rare that none is among them.")

# %% [markdown]
# **What to see.** A circle is a net, and bars are means. Criterion: the mean of $\ln\|\delta\|$ over a seed's nets is 0
# within four standard errors, which come from the spread over all nets, for the worse of linear and ReLU; the
# counter-measurement is the better one with critical gains. Then training: ReLU, 30 layers of 64. Criterion for *they
# train better*: ahead of He by at least 0.05.

# %%
spread = {name: np.concatenate(found).std() for name, found in larger.items()}


def off_zero(found):
    """|mean of ln ‖δ‖| in standard errors of so many nets, (linear and ReLU, seeds)."""
    return np.array([[abs(one.mean()) / (spread[name] / math.sqrt(COUNT)) for one in found[name]] for name in CASES])


claims.judge("07-random-walk", source="Sussillo & Abbott 2014",
             statement="the random-walk gains keep the mean of ln ‖δ‖ (distance from 0 over 200 layers of 32 units, in "
                       "standard errors)", measured=off_zero(larger).max(axis=0), criterion=claims.at_most(4),
             condition="the gains are g_linear and g_ReLU, not 1 and √2", without=off_zero(critical).min(axis=0))

# %%
claims.judge("07-random-walk-trains", source="Sussillo & Abbott 2014",
             statement="they train deep ReLU nets better (accuracy, 30 layers of 64, ahead of He)",
             measured=accuracies("relu", "random walk", 30) - accuracies("relu", "he", 30),
             criterion=claims.at_least(0.05), refutable=False, mode="stored",
             post_hoc="the margin of 0.05, after trial runs of one or two seeds")

# %% [markdown]
# ## 10. Sparse weights
#
# Martens (2010) gives each unit 15 inputs, with weights $N(0, 1)$; the rest are 0. Then $E[z^2] = 15\,E[x^2]$ whatever
# the width, and units look at different inputs. Criterion: a tanh net of ten layers learns (0.9). The condition is that
# the scale fits: 15 weights of variance 1/15, not 1.

# %%
saturated = {}
for std in (1.0, 15**-0.5):
    net = deep_net(activations.tanh, initializers.sparse(std=std), 5)
    net.forward(batch)
    saturated[std] = (np.abs(net.layers[4].a) > 0.99).mean()
claims.judge("07-sparse", source="Martens 2010 (15 connections, N(0, 1))",
             statement="sparse weights train tanh nets of ten layers (accuracy)",
             measured=accuracies("tanh", "sparse, scaled", 10), criterion=claims.at_least(0.9),
             condition="the variance is 1/15, not 1", without=accuracies("tanh", "sparse", 10), mode="stored")

# %%
gap = accuracies("tanh", "sparse, scaled", 10) - accuracies("tanh", "glorot", 10)
Markdown(f"With N(0, 1) {saturated[1.0]:.0%} of the units in layer 5 are beyond ±0.99 at the start, with the scaled "
         f"weights {saturated[15**-0.5]:.0%}. Accuracy in ten layers, sparse and scaled minus dense (Glorot), the same "
         f"n Var[W]: {gap.min():+.3f} to {gap.max():+.3f}.")

# %% [markdown]
# ## 11. Weights of your own
#
# The chapter throws a coin for each weight. Here is that initializer again, and a second version with a mistake that is
# easily made: it always starts from the same random numbers.
#
# **Predict.** What does the mistake do to signals, to gradients, to the units of a layer, and to its layers?

# %%
def coin(rng, shape):
    """±1/√fan_in."""
    return rng.choice([-1.0, 1.0], shape) / math.sqrt(shape[0])


def coin_seeded(rng, shape):
    """The same, 'reproducible'."""
    return np.random.default_rng(42).choice([-1.0, 1.0], shape) / math.sqrt(shape[0])


cards = {init.__name__: scorecard(init, activations.tanh, widths=(64,), depths=(2, 10) if FAST else (2, 10, 30),
                                  seeds=2, epochs=1 if FAST else 3)
         for init in (coin, coin_seeded, initializers.glorot_normal)}
for card in cards.values():
    print(card, end="\n\n")

# %%
cards["coin_seeded"].plot()

# %% [markdown]
# **What to see.** In signals, gradients and units neither coin differs from Glorot's normal, and both are near the
# theory (the lines). But the layers of the seeded coin are equal. The card says so in the column *layers alike*, where
# independent layers have 1 to 4. (The Jacobian of such a net is nearly a power of one matrix. That is why the spread of
# its squared singular values differs too.) Accuracy is that of one run: do not read an order of merit into it.
#
# ## 12. Where this breaks
#
# The theory is that of wide layers, and of the *start*: it sees one step of training at most. $V$, $C$ and $\chi$ are
# averages, and a net that is as deep as wide does not follow them (chapter 05). At the edge the Jacobian still has very
# unequal singular values, unless the weights are orthogonal (chapter 06). The depth that trains depends on steps, rate
# and optimizer: the map of section 5 is that of 205 steps of SGD with momentum, 100 units and one data set, and what it
# found about $\xi_\nabla$ is a finding about that. Normalization layers change $V$ and $C$, and so do connections that
# skip layers (chapter 11).
#
# ## Exercises
#
# Answers are in `chapters/answers/07_scaling.py`; 1 to 6 are in the chapter.
#
# 7. **(25 min)** Two digits. In a swish network of 256 units with LSUV's weights, two digits have a mean $z^2$ of 0.6
#    and 1.2 in layer 1. By which factor do they differ in layer 20? Predict it from $V$, and measure it.
# 8. **(30 min)** More steps. At $\sigma_w^2 = 1$, networks of 40 layers did not train in 205 steps. Do they in 820? Do
#    56 layers? Does the edge keep its lead?
# 9. **(10 min)** Another cut. Had Keras cut at $\pm1$, what would the constant of section 2 be? What does it tend to
#    for a cut at $\pm k$ as $k \to 0$, and which distribution is that?
