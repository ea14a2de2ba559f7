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
# # Variance scaling and the edge of chaos
#
# There is a formula for the size of random weights that seems to work for *any* activation: take the variance that
# keeps a signal of mean square 1 at 1. The networks below have 50 layers whose weights follow it, for four activations.
# With GELU and swish, which many of today's networks use, the signal explodes.

# %% jupyter={"source_hidden": true} tags=["hide-input"]
import matplotlib.pyplot as plt
import numpy as np

import minnet as mn
from minnet import activations, claims, datasets, diagnostics, initializers, losses, plots, pretraining, theory
from minnet.experiments.chapter import SEEDS, stored, style

style()
digits, labels = datasets.standardized(datasets.digits()).train         # pixels: mean 0, variance 1; three are always 0
depths, starts = stored("07_depth"), stored("07_starts")


# %%
def one_input(seed, mean_square=1.0):
    """A random input (1, 64) with the given mean of x²."""
    x = np.random.default_rng([seed, 7]).normal(size=(1, 64))
    return x * np.sqrt(mean_square / np.mean(x**2))


def signal(f, seed, mean_square=1.0):
    """The mean of z² in each of 50 layers whose weights follow the formula for f."""
    weights = initializers.variance_scaling(scale=theory.gains(f)[0].gain ** 2)
    net = mn.mlp([64, *[256] * 50, 10], activation=f, init=weights, rng=seed)
    return diagnostics.profile(net, one_input(seed, mean_square), [0], losses.softmax_cross_entropy).z[:50] ** 2


UNITS = {"ReLU": activations.relu, "tanh": activations.tanh, "GELU": activations.gelu, "swish": activations.swish()}
signals = {name: np.array([signal(f, seed) for seed in SEEDS]) for name, f in UNITS.items()}
ax = plots.depth_profile(signals, ylabel="signal (mean of z²)")
ax.set_title("One formula, four activations: GELU's and swish's signal explodes")
_ = plots.label_lines(ax)

# %% [markdown]
# **What to see.** Bars show the range over five networks. The *input* has mean square 1, so layer 1 begins at
# about the formula's $\sigma_w^2$ (section 1), at 2 or more. With ReLU and tanh the signal keeps its size. With GELU
# and swish it grows by many powers of ten.
#
# **The question.** What is wrong with the formula? Which weights suit GELU and swish? How deep can a network be?
#
# **What you need.** The backward pass (chapter 01), He's formula (chapter 05), expectation and variance, and the first
# term of a Taylor series. Everywhere $g \sim N(0, 1)$ is a standard Gaussian number. Swish is $z/(1 + e^{-z})$.
#
# At **Predict**, write your answer down before you read on. A claim is *reproduced* if every run meets its criterion,
# *refuted* if none does, *conditional* if this depends on a stated condition, and *mixed* otherwise. *Lore* is what is
# widely said without a source.

# %%
ax = plots.network_diagram([64, 256, 256, 256, 10], labels=["$x$", "$q_1$", "$q_2$", "… $q_{50}$", "$z_{51}$"])
_ = ax.set_title("Our network. One number describes a layer: q, the mean of z²", fontsize=10)

# %% [markdown]
# ## 1. One formula
#
# A layer computes $z_j = \sum_i a_iW_{ij}$ from $n$ inputs (fan_in) for $m$ outputs (fan_out). The weights are
# independent, with mean 0, so
#
# $$E[z^2] = n\,\mathrm{Var}[W]\,E[a^2].$$
#
# An initializer of independent weights therefore chooses one number, $\sigma_w^2 = n\,\mathrm{Var}[W]$: LeCun 1, He 2,
# Glorot 1 with the mean $\bar n = (n + m)/2$ in place of $n$.
#
# A sum of many independent terms is nearly Gaussian. If $z$ has the mean square $q$ in one layer, then $z = \sqrt q\,g$
# and $a = f(\sqrt q\,g)$, and in the next layer the mean square is
#
# $$V(q) = \sigma_w^2\,E\big[f(\sqrt q\,g)^2\big].$$
#
# **Predict.** Which $\sigma_w^2$ keeps $q = 1$ at 1, in general and for ReLU?
#
# <details><summary>Answer</summary>
#
# $V(1) = 1$ gives $\sigma_w^2 = 1/E[f(g)^2]$. ReLU passes half of the square, $E[f(g)^2] = \tfrac12$, so
# $\sigma_w^2 = 2$, He's formula.
#
# </details>
#
# The square root of it, $1/\sqrt{E[f(g)^2]}$, is the *gain* of $f$. A fine sum computes the integral:

# %%
z = np.linspace(-12, 12, 240_001)
weight = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi) * (z[1] - z[0])
for name, f in UNITS.items():
    print(f"{name:>5}: gain {1 / np.sqrt(np.sum(weight * f(z) ** 2)):.4f}, from the library "
          f"{theory.gains(f)[0].gain:.4f}")

# %% [markdown]
# ## 2. A fixed point that repels
#
# The gain makes $q = 1$ a *fixed point*: $V(1) = 1$. But no layer is exactly there. For $q = 1 + \varepsilon$
#
# $$V(1 + \varepsilon) \approx 1 + V'(1)\,\varepsilon, \qquad
# V'(q) = \sigma_w^2\,E\big[f(\sqrt q\,g)\,f'(\sqrt q\,g)\,g\big]/\sqrt q.$$
#
# Every layer multiplies the deviation by $V'(1)$. Below 1, the signal returns to its size. Above 1, the deviation
# grows.
#
# **Predict.** GELU and swish are about $z/2$ for small $z$. For large $|z|$ they are like ReLU. (a) Which share of
# $E[z^2]$ do they pass on when $q$ is small, and which when it is large? (b) So is $V'(1)$ above or below 1? (c) Three
# inputs give $q = 0.5$, 1 and 2 in layer 1. What becomes of them?
#
# <details><summary>Answer</summary>
#
# (a) A quarter of a small signal, half of a large one. (b) The larger the signal, the larger the share: $V$ grows
# faster than $q$, and $V'(1) > 1$. (c) The small one fades, the large one explodes. The one in the middle leaves, up or
# down: by chance 256 units miss $V(q)$ by about $\sqrt{2/256} = 9\%$, and this first deviation grows.
#
# </details>

# %%
gains = {name: theory.gains(f)[0] for name, f in UNITS.items()}
print("V'(1):", ", ".join(f"{name} {gain.slope:.2f}" for name, gain in gains.items()))
fig, axes = plt.subplots(1, 3, figsize=(12, 3.6), width_ratios=(1, 1, 1.4))
for ax, name, what in zip(axes, ("tanh", "GELU"), ("the point attracts", "the point repels"), strict=False):
    V = theory.MeanField(UNITS[name], gains[name].gain ** 2).variance
    plots.iterated_maps(V, stop=2.5, fixed_points=1.0, start=1.5, ax=ax)
    ax.lines[1].set(marker="", linewidth=2.5)                               # V itself
    ax.get_legend().remove()
    ax.set(title=f"{name}: {what}", xlabel="q in a layer", ylabel="q in the next layer: V(q)")
for q, color, line in ((2.0, "0.0", "-"), (1.0, "tab:orange", "--"), (0.5, "0.6", "-")):
    for seed in SEEDS:
        axes[2].semilogy(range(1, 51), signal(activations.gelu, seed, q / gains["GELU"].gain ** 2), line, color=color,
                         label=None if seed else f"begins at q = {q:g}")
axes[2].set(title="GELU: the signal leaves q = 1", xlabel="layer", ylabel="mean of z²")
_ = plots.label_lines(axes[2])

# %% [markdown]
# **What to see.** Left and middle, the thick curve is $V$ and the straight line is $q$ itself. The thin staircase
# starts at 1.5 and takes one step a layer: tanh's comes to the fixed point, GELU's leaves it. Right, each line is one
# network of GELU units. None stays at 1. (At the top all began above 1, so all exploded.)
#
# Criterion for the formula: $E[z^2]$ in layer 50 is within a factor of ten of that in layer 1, for the worst of five
# activations with $V'(1) \le 1$. The comparison is the one of GELU and swish whose signal changes less.

# %%
more = {"sigmoid": activations.sigmoid, "SELU": activations.selu, "softsign": activations.softsign}
signals |= {name: np.array([signal(f, seed) for seed in SEEDS]) for name, f in more.items()}
change = {name: np.abs(np.log10(found[:, -1] / found[:, 0])) for name, found in signals.items()}
stable = ("ReLU", "tanh", "sigmoid", "SELU", "softsign")
claims.judge("07-forward-gain", source="lore", criterion=claims.at_most(1), condition="V′(1) ≤ 1: " + ", ".join(stable),
             statement="the gain 1/√E[f²] keeps the signal's size (powers of ten in 50 layers, worst activation)",
             measured=np.max([change[name] for name in stable], axis=0),
             without=np.min([change[name] for name in ("GELU", "swish")], axis=0),
             headline="The gain 1/√E[f²] keeps the signal where V′(1) ≤ 1 (ReLU, tanh, sigmoid, SELU, softsign), and "
                      "not with GELU or swish",
             post_hoc="the activation mish, z tanh(ln(1 + eᶻ)), was left out of the counter-measurement: its V′(1) is "
                      "just above 1, and some of its runs meet the criterion")

# %% [markdown]
# **Verdict: conditional.** The formula keeps the signal's size if $V'(1) \le 1$, and fails with GELU and swish.
#
# ## 3. Measure instead
#
# LSUV (*layer-sequential unit variance*, Mishkin and Matas 2016) measures. Draw orthogonal
# weights (chapter 06), send a batch of images through the network, divide the weights of layer 1 by the standard
# deviation of its $z$, and go on to the next layer. In the end every layer has $\mathrm{Var}[z] \approx 1$, with GELU
# too.
#
# **Predict.** The batch has 256 digits. In layer 50 of a GELU network, what is the mean of $z^2$ for a *typical* digit?

# %%
def sizes_after_lsuv(f, seed):
    """The mean of z² over units, (50 layers, 256 digits)."""
    net = mn.mlp([64] * 51 + [10], activation=f, rng=seed)
    pretraining.lsuv(net, digits[:256], rng=seed)
    net.forward(digits[:256])
    return np.array([np.mean(layer.z.astype(float) ** 2, axis=1) for layer in net.layers[:50]])


sizes = {name: [sizes_after_lsuv(f, seed) for seed in SEEDS] for name, f in {**UNITS, **more}.items()
         if name not in ("sigmoid", "softsign")}
fig, axes = plt.subplots(1, 2, figsize=(11, 3.5), sharey=True)
TITLES = {"tanh": "LSUV, tanh: every digit comes to size 1", "GELU": "LSUV, GELU: the average hides the digits"}
for ax, (name, title) in zip(axes, TITLES.items(), strict=True):
    found, layer = sizes[name][0], range(1, 51)
    ax.semilogy(layer, found.max(axis=1), "k--", label="largest digit")
    ax.semilogy(layer, found.mean(axis=1), "o", color="tab:orange", mfc="none", ms=4, label="mean of all")
    ax.semilogy(layer, np.median(found, axis=1), "k-", lw=2, label="typical digit")
    ax.set(title=title, xlabel="layer", ylabel="mean of z²")
for ax in axes:
    plots.label_lines(ax)

# %% [markdown]
# **What to see.** Circles are the mean over the batch, which LSUV holds at about 1. In the tanh network all digits come
# near it. In the GELU network the largest digit grows, and the typical one (the median) fades away.
#
# <details><summary>Why</summary>
#
# LSUV divides all digits by the same number. It cannot change their *ratio*, and where $V' > 1$ every layer makes that
# ratio larger.
#
# </details>
#
# Criterion for "unit size", image by image: at least 90% of the digits have a mean of $z^2$ between 0.1 and 10 in layer
# 50, for the worst of ReLU, tanh and SELU. The comparison is the one of GELU and swish with more such digits.

# %%
share = {name: [np.mean((last >= 0.1) & (last <= 10)) for *_, last in found] for name, found in sizes.items()}
claims.judge("07-lsuv-images", source="lore (after Mishkin & Matas 2016)", criterion=claims.at_least(0.9),
             statement="after LSUV signals have unit variance (share of digits with mean z² in 0.1 … 10, layer 50, "
                       "worst activation)",
             measured=np.min([share[name] for name in ("ReLU", "tanh", "SELU")], axis=0),
             condition="V′ ≤ 1: ReLU, tanh, SELU, not GELU, swish",
             without=np.max([share[name] for name in ("GELU", "swish")], axis=0),
             headline="LSUV gives nearly every image a signal of unit size with ReLU, tanh and SELU, and not with GELU "
                      "or swish")

# %% [markdown]
# **Verdict: conditional.** LSUV gives nearly every digit unit size with ReLU, tanh and SELU, but few with GELU or
# swish.
#
# ## 4. Two inputs: order and chaos
#
# From here on layers may have biases, of variance $\sigma_b^2$, which is added to $V(q)$. Let $q^*$ be a fixed point of
# $V$ that attracts. Take two inputs that differ a little. If $z$ differs by $\Delta z$, then $a$ differs by
# $f'(z)\,\Delta z$, and in the next layer
#
# $$E[(\Delta z_{\text{next}})^2] = \chi\,E[(\Delta z)^2], \qquad \chi = \sigma_w^2\,E\big[f'(\sqrt{q^*}\,g)^2\big].$$
#
# Going back, $\delta$ is multiplied by the weights and by $f'$ too: its mean square gets the same factor $\chi$ where
# $m = n$. One number decides both (Poole and others 2016; Schoenholz and others 2017):
#
# | | two nearly equal inputs | gradient |
# |---|---|---|
# | $\chi < 1$, *order* | become equal | vanishes |
# | $\chi = 1$, *edge of chaos* | keep their distance | keeps its size |
# | $\chi > 1$, *chaos* | are driven apart | explodes |
#
# **Predict.** 400 inputs form a circle. They go into tanh networks with $\sigma_b^2 = 0.05$ and $\sigma_w^2 = 1$, 1.76
# and 4. Sketch what becomes of the circle in layer 15.

# %%
biases = initializers.normal(std=np.sqrt(0.05))
angle = np.linspace(0, 2 * np.pi, 401)
plane = initializers.orthogonal(np.random.default_rng(0), (2, 64))
fig, axes = plt.subplots(1, 3, figsize=(11, 3.7), sharex=True, sharey=True)
for ax, (name, weight_var) in zip(axes, {"order shrinks it": 1.0, "the edge bends it": 1.76,
                                         "chaos tangles it": 4.0}.items(), strict=True):
    field = theory.MeanField(activations.tanh, weight_var, 0.05)
    radius = np.sqrt((field.limit() - 0.05) / weight_var)                   # layer 1 then has q = q*
    net = mn.mlp([64, *[300] * 15, 10], activation=activations.tanh, bias_init=biases, rng=0,
                 init=initializers.variance_scaling(scale=weight_var))
    net.forward(8 * radius * np.stack([np.cos(angle), np.sin(angle)], axis=1) @ plane)       # 8 = √64
    z = net.layers[14].z - net.layers[14].z.mean(axis=0)
    u, s, _ = np.linalg.svd(z, full_matrices=False)                         # the two directions of largest variance
    ax.plot(*(u[:, :2] * s[:2]).T / np.sqrt(300), "k-", lw=0.9)
    ax.plot(radius * np.cos(angle), radius * np.sin(angle), "--", color="0.6")
    ax.set(title=f"{name}: $σ_w^2$ = {weight_var:g}, χ = {field.chi(field.limit()):.2f}", aspect="equal",
           xlabel="first direction")
_ = axes[0].set_ylabel("second direction")

# %% [markdown]
# **What to see.** Dashed: the circle at the input. Black: layer 15. In order the circle has shrunk: the network can
# hardly tell its inputs apart. At the edge it is a bent ring. In chaos it runs through many directions, of which a
# plane shows two.
#
# ## 5. How deep can a network be?
#
# Which of two *depth scales* decides how deep a network trains?
#
# - $\xi_\nabla = 1/|\ln\chi|$: in so many layers the gradient's mean square changes by a factor of $e$.
# - $\xi_c$: the *correlation* of two inputs in a layer, $E[zz']/q^*$, is 1 if their vectors $z$ and $z'$ are equal and
#   0 if they are orthogonal. It goes to a limit, and its distance from the limit falls by a factor of $e$ in $\xi_c$
#   layers.
#
# In order both are equal; in chaos $\xi_c$ is longer. Schoenholz and others say that networks train to a fixed multiple
# of $\xi_c$. Stored networks of 100 tanh units a layer get 205 steps at the best of four rates. *Trained*: half of the
# training digits are right. Only the depths 6, 8, 10, 14, 20, …, 80, 112 were tried, in steps of $\sqrt2$.
#
# **Predict.** At $\sigma_w^2 = 1$, $\xi_c = \xi_\nabla = 3.6$ layers. At $\sigma_w^2 = 4$, $\xi_c = 7.0$ and
# $\xi_\nabla = 3.4$. How much deeper do networks train at 4 than at 1, if $\xi_c$ counts? And if $\xi_\nabla$ counts?
#
# <details><summary>Answer</summary>
#
# If $\xi_c$ counts, twice as deep. If $\xi_\nabla$ counts, no deeper.
#
# </details>

# %%
def depth_scale(name, weight_vars):
    """ξ for "gradient" or "correlation"."""
    return np.array([getattr(theory.MeanField(activations.tanh, weight_var, 0.05).depth_scales(), name)
                     for weight_var in weight_vars])


weight_vars = np.array(sorted(depths.by("weight_var")))
deepest = np.array([[max(row["depth"] for row in depths.where(weight_var=w, seed=seed) if row["accuracy"] >= 0.5)
                     for w in weight_vars] for seed in range(5)])
away = depth_scale("correlation", weight_vars) < 15                         # not at the edge, where both are infinite
ratio = deepest[:, away] / depth_scale("gradient", weight_vars[away])       # (seeds, σ_w²)
multiple = np.median(np.median(ratio, axis=0)[weight_vars[away] < 1.76])
ax, middle = plt.figure(figsize=(7.5, 3.8)).subplots(), np.median(deepest, axis=0)
ax.errorbar(weight_vars, middle, [middle - deepest.min(axis=0), deepest.max(axis=0) - middle], fmt="ko", capsize=3)
fine = np.linspace(0.5, 6, 45)
ax.plot(fine, multiple * depth_scale("gradient", fine), "-", color="tab:blue", label=f"{multiple:.1f} gradient scales")
ax.plot(fine[11:], multiple * depth_scale("correlation", fine[11:]), "--", color="tab:orange",
        label=f"{multiple:.1f} correlation scales")
ax.set(yscale="log", ylim=(5, 200), yticks=(6, 10, 20, 40, 80, 160), xlabel="$\\sigma_w^2$",
       ylabel="layers that train", title="The gradient's depth scale predicts how deep a network trains")
ax.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
ax.minorticks_off()
plots.label_lines(ax)
for weight_var in (1, 4):
    print(f"σ_w² = {weight_var}: networks of up to {middle[weight_vars == weight_var].item():g} layers train")

# %% [markdown]
# **What to see.** Points are measured: medians and range over five seeds. At $\sigma_w^2 = 1$ and 4 they are equally
# high: $\xi_\nabla$ counts. Left of the peak, in order, the multiple was fitted. Right of it, in chaos, nothing was
# fitted, and the points follow the solid line. At the edge both lines go to infinity; the networks do not.
#
# Criterion for "a fixed multiple": away from the edge ($\xi_c < 15$), the largest ratio of trained depth to
# $\xi_\nabla$ is at most twice the smallest, for each seed.

# %%
_ = claims.judge("07-multiple-of-gradient", source="this chapter", mode="stored", criterion=claims.at_most(2),
                 statement="nets train to a fixed multiple of ξ_∇ (largest ratio over smallest)",
                 measured=ratio.max(axis=1) / ratio.min(axis=1),
                 headline="Tanh nets can be trained to a fixed multiple of the depth over which the gradient changes",
                 post_hoc="the factor of 2, after trial runs of one or two seeds")

# %% [markdown]
# **Verdict: reproduced.** For every seed the trained depth is a nearly fixed multiple of $\xi_\nabla$. The further part
# judges $\xi_c$ in the same way; it fails.
#
# ## 6. Weights for GELU and swish
#
# Now demand both at once, $V(q) = q$ for the signal and $\chi = 1$ for the gradient. With biases this is possible:
#
# $$\sigma_w^2 = 1/E[f'(\sqrt q\,g)^2], \qquad \sigma_b^2 = q - \sigma_w^2\,E[f(\sqrt q\,g)^2].$$
#
# This leaves $q$ free. `theory.critical_point` takes the smallest $q$ with $V'(q) \le 1$.

# %%
for name in ("GELU", "swish"):
    field, q = theory.critical_point(UNITS[name])
    print(f"{name:>5}: σ_w² = {field.weight_var:.3f}, σ_b² = {field.bias_var:.3f}, at q = {q:.1f}")

# %% [markdown]
# The weights are nearly He's, with $\sigma_w^2 = 2$. The difference is the *biases*: He's are 0, these are random. They
# keep $q$ at a fixed point that does not repel.
#
# **Predict.** Thirty layers of 64 swish units, from four starts: He's weights, the gain of section 1, LSUV, and the
# edge of chaos. Which learns most in 205 steps? Criterion (after Hayou, Doucet and Rousseau 2018): the edge's training
# accuracy exceeds that of He's weights and of the gain by at least 0.1, for each seed. LSUV is drawn for comparison; it
# is not part of the claim.

# %%
NAMES = {"he": "He", "forward": "gain of section 1", "lsuv": "LSUV", "critical": "edge of chaos"}
learned = {name: starts.where(units="swish", start=start, depth=30).array("accuracy") for start, name in NAMES.items()}
ax = plt.figure(figsize=(7.5, 2.5)).subplots()
for row, accuracies in enumerate(learned.values()):
    ax.plot(accuracies, [row] * 5, "ko", mfc="none")
ax.axvline(0.1, color="0.5", ls=":")
ax.annotate("guessing", (0.1, 3.3), (4, 0), textcoords="offset points", fontsize=9)
ax.set(yticks=range(4), yticklabels=learned, ylim=(-0.5, 3.7), xlim=(0, 1), xlabel="training accuracy, 5 runs each",
       title="30 swish layers learn most from the edge of chaos")
_ = claims.judge("07-swish-edge", source="Hayou, Doucet & Rousseau 2018", mode="stored", criterion=claims.at_least(0.1),
                 statement="swish trains deeper from the edge of chaos (accuracy, 30 layers, ahead of He and forward "
                           "gain)",
                 measured=learned["edge of chaos"] - np.maximum(learned["He"], learned["gain of section 1"]),
                 headline="Thirty layers of swish learn more from the edge of chaos than from He's weights or the "
                          "gain 1/√E[f²]",
                 post_hoc="the margin of 0.1, after trial runs of one or two seeds")

# %% [markdown]
# **What to see.** Each circle is a run, at the best of six learning rates.
#
# **Verdict: reproduced.** In every run swish learns more from the edge.
#
# ## 7. Does the shape matter?
#
# Only the *variance* of the weights entered. So one may throw a coin: $\pm1/\sqrt n$.
#
# **Predict.** Three distributions have $\mathrm{Var}[W] = 1/n$: the normal one, the coin, and a rare one, in which 1%
# of the weights are ten times as large as normal ones and the rest are 0. With 1.5 times these weights and tanh, which
# of the three give the $E[z^2]$ of the theory? Criterion: within 20% of it in layer 20, for coin and normal. The
# comparison is the rare one.

# %%
def coin(rng, shape):
    return rng.choice([-1.0, 1.0], shape) / np.sqrt(shape[0])


def rare(rng, shape):
    return 10 * initializers.lecun_normal(rng, shape) * (rng.random(shape) < 0.01)


def against_theory(init, seed):
    """The mean of z² in 20 tanh layers of 256 units, σ_w = 1.5, over the theory's fixed point."""
    net = mn.mlp([64, *[256] * 20, 10], activation=activations.tanh, rng=seed,
                 init=lambda rng, shape: 1.5 * init(rng, shape))
    found = diagnostics.profile(net, digits[:256], labels[:256], losses.softmax_cross_entropy)
    return found.z[:20] ** 2 / theory.MeanField(activations.tanh, 1.5**2).limit()


SHAPES = {"normal": initializers.lecun_normal, "coin": coin, "rare, large": rare}
found = {name: np.array([against_theory(init, seed) for seed in SEEDS]) for name, init in SHAPES.items()}
looks = {"normal": plots.initializer_style(initializers.lecun_normal), "coin": {"color": "tab:pink", "marker": "o"},
         "rare, large": {"color": "0.5", "marker": "D"}}
ax = plots.depth_profile(found, ylabel="mean of z² / theory", log=False, styles=looks)
ax.axhline(1, color="0.5", ls=":")
ax.set(ylim=(0, 3), title="A coin does as well as the normal; a few large weights do not")
plots.label_lines(ax)
off = {name: np.abs(table[:, -1] - 1) for name, table in found.items()}
_ = claims.judge("07-shape", source="lore", criterion=claims.at_most(0.2),
                 statement="only the variance of the weights counts (distance of E[z²] from theory, layer 20, "
                           "σ_w = 1.5, the worse of coin and normal)",
                 measured=np.maximum(off["coin"], off["normal"]), without=off["rare, large"],
                 condition="many weights share it: coin and normal, not 1% of the weights",
                 headline="Only the variance of the weights counts, as long as many weights share it")

# %% [markdown]
# **What to see.** After a few layers coin and normal lie on the theory, the dotted line. The rare weights do not: a
# unit has two or three weights that are not 0, and so short a sum is not Gaussian.
#
# **Verdict: conditional.** Only the variance counts if many weights share it.
#
# ## Summary
#
# 1. Initializers of independent weights choose one number, $n\,\mathrm{Var}[W]$; the gain $1/\sqrt{E[f^2]}$ makes
#    $q = 1$ a fixed point.
# 2. With GELU and swish $V'(1)$ is above 1, and the signal leaves the fixed point.
# 3. Unit variance over a batch does not mean unit variance for each image.
# 4. $\chi$ decides whether gradients vanish or explode; the depth that trains is a multiple of $1/|\ln\chi|$.
# 5. At the edge of chaos, $\chi = 1$, networks train deepest; with biases, GELU and swish have such a point.

# %%
claims.summary()

# %% [markdown]
# ## Exercises
#
# Each is a notebook with hints, a check that answers at once, and the solution, folded.
# `python -m chapters handout 07` writes a copy without the solutions for you to work in.
#
# 1. **(15 min, pencil)** [Powers](exercises/07_1_powers.ipynb). Find the gain of $\max(z, 0)^k$, and $V'$.
# 2. **(20 min, pencil)** [A sine](exercises/07_2_sine.ipynb). Find its edge of chaos in closed form.
# 3. **(25 min)** [The edge of chaos for any activation](exercises/07_3_edge.ipynb). Compute it.
# 4. **(20 min)** [LSUV](exercises/07_4_lsuv.ipynb). Write it.
# 5. **(25 min)** [Break a network: order or chaos?](exercises/07_5_phase.ipynb) Find $\chi$ from the weights alone.
# 6. **(40 min)** [Weights from cosines](exercises/07_6_cosines.ipynb). How much chance do orthogonal weights need?
#
# **Where to go on.** [The further part](further/07_scaling.ipynb): the phases measured, $\xi_c$ against $\xi_\nabla$,
# other weights, and weights of your own. [Chapter 08](08_selu.ipynb) builds the stable fixed point into the activation
# itself.
