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
# # Self-normalization
#
# Below are untrained networks of 100 layers with three kinds of units. Their inputs are images of digits times 3. With
# tanh the signal becomes small, with ReLU its size is left to chance. SELU brings it to mean 0 and variance 1 and keeps
# it there, and no layer normalizes.

# %% jupyter={"source_hidden": true} tags=["hide-input"]
import matplotlib.pyplot as plt
import numpy as np

import minnet as mn
from minnet import activations, claims, datasets, diagnostics, initializers, losses, plots, theory
from minnet.experiments.chapter import SEEDS, stored, style

style()
x, y = datasets.standardized(datasets.mnist_5k()).train   # mean 0, variance 1 (constant pixels: 0)
images, labels = x[:500], y[:500]
loss = losses.softmax_cross_entropy
sweep, hundred = stored("08_selu"), stored("08_hundred")
COLORS = dict(zip(("SELU", "ReLU", "tanh"), plt.cm.viridis([0, 0.29, 0.58]), strict=True))

# %%
UNITS = {"SELU": (activations.selu, initializers.lecun_normal),     # Var[W] = 1/n
         "ReLU": (activations.relu, initializers.he_normal),        # Var[W] = 2/n
         "tanh": (activations.tanh, initializers.lecun_normal)}
nets = {name: [mn.mlp([784, *[128] * 100, 10], activation=f, init=init, rng=seed) for seed in SEEDS]
        for name, (f, init) in UNITS.items()}


def handed_on(net, x):
    """Mean and variance of a in every hidden layer, over units and images."""
    net.forward(x)
    return [(layer.a.mean(), layer.a.var()) for layer in net.layers[:-1]]


found = {name: np.array([handed_on(net, 3 * images) for net in five]) for name, five in nets.items()}
fig, (left, right) = plt.subplots(1, 2, figsize=(11, 3.8))
plots.depth_profile({name: values[..., 1] for name, values in found.items()}, ylabel="variance of a", ax=left)
plots.depth_profile({name: values[..., 0] for name, values in found.items()}, ylabel="mean of a", log=False, ax=right)
left.set_title("Variance over 100 layers: SELU comes to 1")
right.set_title("Mean: SELU comes to 0")
for ax in (left, right):
    plots.label_lines(ax)

# %% [markdown]
# **What to see.** Markers: medians of five networks; bars: their range. SELU needs some twenty layers. ReLU has He's
# weights (chapter 05), and still its networks differ by orders of magnitude at the end.
#
# **The question.** Klambauer, Unterthiner, Mayr and Hochreiter (2017) found this activation and proved that it
# normalizes. How does it work? What does the proof say of a real network? And are vanishing and exploding gradients
# now *impossible*, as they say?
#
# **What you need.** Forward and backward pass (chapter 01), averages over a Gaussian.
#
# At **Predict**, write your answer down before you read on. A claim is *reproduced* if every run meets its criterion,
# *refuted* if none does, *conditional* if this depends on a stated condition, and *mixed* otherwise.
#
# ## 1. The unit
#
# $$\mathrm{selu}(z) = \lambda \begin{cases} z & z > 0 \\ \alpha\,(e^z - 1) & z \le 0 \end{cases}
# \qquad \alpha = 1.6733\ldots,\quad \lambda = 1.0507\ldots$$

# %%
z = np.linspace(-4, 3, 200)
ax = plt.figure(figsize=(6.5, 3.4)).subplots()
for line, (name, (f, _)) in zip(("-", "--", "-."), UNITS.items(), strict=True):
    ax.plot(z, f.f(z), line, label=name, color=COLORS[name], linewidth=2)
ax.axhline(0, color="0.5", linewidth=0.8)
ax.set(xlabel="z", ylabel="a = f(z)", title="SELU: steeper than 1 near 0, saturated on the left")
_ = plots.label_lines(ax)

# %% [markdown]
# **What to see.** Near 0 SELU's slope is above 1 ($\lambda = 1.05$ right, $\lambda\alpha = 1.76$ left): it can make a
# small signal larger. Far left it *saturates*: its slope falls to 0, and it can make a large signal smaller. Negative
# values can pull the mean to 0. ReLU has none, and tanh has no slope above 1.
#
# **Predict.** From here on images are not multiplied by 3. Draw the histogram of the activations $a$ in layer 100: for
# ReLU, for tanh and for SELU.

# %%
fig, axes = plt.subplots(1, 3, figsize=(11, 3.6), sharey=True)
for ax, (name, limits) in zip(axes, {"SELU": (-2, 4), "ReLU": (0, 5.5), "tanh": (-1.1, 1.1)}.items(), strict=True):
    nets[name][0].forward(images)
    plots.histograms({f"layer {k}": nets[name][0].layers[k - 1].a for k in (1, 5, 20, 50, 100)}, xlabel="a", bins=60,
                     offset=True, ax=ax)
    ax.set_xlim(limits)
axes[0].set_title("SELU: the same from layer 5 on")
axes[1].set_title("ReLU: half of it at 0, none below")
_ = axes[2].set_title("tanh: narrower and narrower")

# %% [markdown]
# **What to see.** The first layer is at the bottom; each curve is scaled to its own peak. From layer 5 on SELU's stay
# the same. Half of ReLU's activations are exactly 0. tanh's gather at 0.
#
# ## 2. Two equations, two constants
#
# Suppose the $n$ inputs of a unit ($n$ is fan_in) have mean 0 and variance 1, and its weights are independent with mean
# 0 and variance $1/n$. Then $z = \sum_i w_ix_i$ has mean 0 and variance 1 too, and is nearly Gaussian. The activation
# hands this on if
#
# $$E[f(z)] = 0, \qquad E[f(z)^2] = 1 \qquad\text{for } z \sim N(0, 1).$$
#
# The first equation gives $\alpha$,
#
# $$E[\max(z, 0)] + \alpha\,E[e^{\min(z, 0)} - 1] = 0,$$
#
# and the second then gives $\lambda$.
#
# **Predict.** If $\alpha$ is slightly too large, where does the mean of the signal go?

# %%
z = np.linspace(-12, 12, 240_001)
density = np.exp(-z**2 / 2) / np.sqrt(2 * np.pi)


def average(g):
    """E[g(z)] for z ~ N(0, 1): a sum over a fine grid."""
    return np.sum(g * density) * (z[1] - z[0])


alpha = -average(np.maximum(z, 0)) / average(np.expm1(np.minimum(z, 0)))
elu = np.where(z > 0, z, alpha * np.expm1(np.minimum(z, 0)))
lam = average(elu**2) ** -0.5
print(f"α = {alpha:.4f}, λ = {lam:.4f}; the library has {activations.SELU_ALPHA:.4f} and {activations.SELU_LAMBDA:.4f}")

# %% [markdown]
# <details><summary>Answer</summary>
#
# Below 0, because the negative side weighs more.
#
# </details>
#
# ## 3. A fixed point that attracts
#
# Follow $q = E[z^2]$ from layer to layer. With weights of variance $\sigma_w^2/n$,
#
# $$q_{l+1} = V(q_l) = \sigma_w^2\,E\big[f(\sqrt{q_l}\,g)^2\big], \qquad g \sim N(0, 1).$$
#
# A *fixed point* is a $q$ with $V(q) = q$. Where $V$ crosses the diagonal from above, values on the left grow and those
# on the right shrink: the fixed point attracts.
#
# **Predict.** Where does $V$ cross the diagonal: for ReLU ($\sigma_w^2 = 2$), for tanh and SELU ($\sigma_w^2 = 1$)?
# After how many layers does SELU bring $q = 16$ (right of the picture) within 10% of 1?

# %%
V = {"SELU": theory.MeanField(activations.selu, 1).variance, "ReLU": theory.MeanField(activations.relu, 2).variance,
     "tanh": theory.MeanField(activations.tanh, 1).variance}
ax = plots.iterated_maps(V, stop=3)
ax.set(title="SELU's map crosses the diagonal at q = 1", xlabel="q in one layer", ylabel="q in the next layer")
ax.get_lines()[0].set_label("")
for line in ax.get_lines():
    line.set_marker("")
ax.plot(1, 1, "ko", markersize=10, mfc="none", mew=2)
plots.label_lines(ax)
sequence = [16.0]
while abs(sequence[-1] - 1) > 0.1:
    sequence.append(V["SELU"](sequence[-1]))
print(f"{len(sequence) - 1} layers:", ", ".join(f"{q:.2g}" for q in sequence))
print(f"slope of SELU's map at 1: {(V['SELU'](1.001) - V['SELU'](0.999)) / 0.002:.2f}")

# %% [markdown]
# **What to see.** ReLU's map *is* the diagonal: it keeps every $q$, so deviations by chance add up. tanh's is below it:
# signals shrink. SELU's crosses it from above, at 1. The slope there (printed) is the part of a small deviation that
# one layer leaves.
#
# ## 4. What the theorem asks of the weights
#
# The paper looks at *one unit with given weights*, with $\omega = \sum_i w_i$ and $\tau = \sum_i w_i^2$. If its inputs
# have mean $\mu$ and variance $\nu$, then $z \sim N(\mu\omega, \nu\tau)$, and the paper's map is
#
# $$(\mu, \nu) \;\mapsto\; \big(E[\mathrm{selu}(z)],\; \mathrm{Var}[\mathrm{selu}(z)]\big).$$
#
# **Theorem 1**: if $|\omega| \le 0.1$ and $0.95 \le \tau \le 1.1$, the same in every layer, all points with
# $|\mu| \le 0.1$ and $0.8 \le \nu \le 1.5$ go to one fixed point. The paper draws weights with $\omega = 0$ and
# $\tau = 1$ only *on average*. Do single units meet the conditions?
#
# **Predict.** A layer has 1,000 inputs and weights from $N(0, 1/n)$. What share of its units meets the conditions on
# $\omega$ and $\tau$? Criterion for *the network meets them*: at least half of its units do.

# %%
def share_in_domain(seed, n=1000):
    W = initializers.lecun_normal(np.random.default_rng(seed), (n, n))
    omega, tau = W.sum(axis=0), (W**2).sum(axis=0)                 # one number per unit
    return ((abs(omega) <= 0.1) & (tau >= 0.95) & (tau <= 1.1)).mean()


claims.judge("08-mild-conditions", source="Klambauer and others 2017, Theorem 1",
             statement="a SELU net as it is drawn meets Theorem 1's conditions on the weights (share of its units)",
             measured=[share_in_domain(seed) for seed in SEEDS], criterion=claims.at_least(0.5),
             headline="Most units of a freshly drawn SELU network meet the conditions of the paper's theorem")

# %% [markdown]
# **Verdict: refuted.** Most units do not meet the theorem's conditions.
#
# <details><summary>Answer</summary>
#
# Fewer than a tenth. $\omega$ is a sum of $n$ numbers of variance $1/n$, so its variance is 1, *however wide the layer
# is*, and a standard Gaussian lies within $\pm 0.1$ with probability 0.08.
#
# </details>
#
# The networks normalize all the same: averaged over a layer's random units, $E[z^2]$ depends on $E[a^2]$ alone, as in
# section 3.
#
# ## 5. Before and after training
#
# Stored runs send five kinds of test images through five SELU nets of 100 layers, before and after ten epochs of plain
# gradient descent. Criterion for *activations converge to unit variance*, before training: in layers 51 to 100, for all
# five kinds, the variance lies between 0.8 and 1.5, the theorem's interval.
#
# **Predict.** Does it? And after training: do the kinds still come together, and at 1?

# %%
def variance(when, kind):
    """(seeds, layers) of the stored runs."""
    return hundred.where(when=when, input=kind).table("variance")


TICKS = [0.2, 0.5, 1, 2, 5, 10]
KINDS = {"three times": "times 3", "doubled, shifted by -2": "times 2, minus 2", "shifted by 1": "plus 1",
         "as it is": "unchanged", "a third": "divided by 3"}
fig, axes = plt.subplots(1, 2, figsize=(11, 3.8), sharey=True)
for ax, when in zip(axes, ("before", "after"), strict=True):
    for line, shade, kind in zip(("-", "--", "-.", ":", "-"), np.linspace(0, 0.75, 5), KINDS, strict=True):
        ax.plot(range(1, 101), np.median(variance(when, kind), axis=0), line, color=plt.cm.viridis(shade),
                label=KINDS[kind])
    ax.axhline(1, color="0.5", linewidth=0.8)
    ax.set(xlabel="layer", yscale="log")
    ax.set_yticks(TICKS, TICKS)
    ax.minorticks_off()
axes[0].set(title="Before training: all kinds of images come to variance 1", ylabel="variance of a")
axes[1].set_title("After: they still come together, elsewhere")
axes[0].legend(title="pixel values")
late = np.stack([variance("before", kind)[:, 50:] for kind in KINDS])
print(f"before training, layers 51 to 100, all kinds and seeds: variance {late.min():.2f} to {late.max():.2f}")
_ = claims.judge("08-hundred-layers", source="Klambauer and others 2017, abstract", mode="stored",
                 statement="in 100 layers activations converge to unit variance (share of layers 51–100, five inputs)",
                 measured=((late >= 0.8) & (late <= 1.5)).mean(axis=(0, 2)), criterion=claims.at_least(1),
                 headline="Before training, the activations of a SELU net of 100 layers converge to unit variance")

# %% [markdown]
# **What to see.** Lines are medians of five networks. Right, after training, they still meet, but above 1: the fixed
# point attracts, but it has moved. The derivation assumes weights independent of activations; after training they are
# not (further part).
#
# **Verdict: reproduced.** Before training, all kinds come to unit variance in every network.
#
# ## 6. Which weights?
#
# Popular article A says that self-normalizing networks need no careful initialization (even zeros, which chapter 02
# refutes). We change $\sigma_w^2 = n\,\mathrm{Var}[W]$. PyTorch's gain for SELU is ¾, with the square 9/16.
#
# **Predict.** For small $|z|$, selu is $\lambda z$ on the right and $\lambda\alpha z$ on the left. Below which
# $\sigma_w^2$ does the signal vanish? And above which one does a very large signal grow?
#
# <details><summary>Answer</summary>
#
# The square of a small signal is multiplied by $\tfrac12\sigma_w^2\lambda^2(1 + \alpha^2)$, below 1 for
# $\sigma_w^2 < 0.477$; that of a large one by $\tfrac12\sigma_w^2\lambda^2$, above 1 for $\sigma_w^2 > 1.81$. Between
# the two a fixed point attracts; it is 1 only for $\sigma_w^2 = 1$.
#
# </details>

# %%
def selu_net(scale, depth, seed):
    """Hidden layers of 128 units, weights of variance scale/n."""
    init = initializers.variance_scaling(scale=scale, mode="fan_in", distribution="normal")
    return mn.mlp([784, *[128] * depth, 10], activation=activations.selu, init=init, rng=seed)


SCALES = {"2 (He)": 2, "1 (LeCun)": 1, "9/16 (PyTorch's gain ¾)": 9 / 16, "1/3 (PyTorch's default)": 1 / 3}
found = {f"$\\sigma_w^2$ = {name}": np.array([handed_on(selu_net(scale, 32, seed), images) for seed in SEEDS])[..., 1]
         for name, scale in SCALES.items()}
ax = plots.depth_profile(found, ylabel="variance of a")
ax.set_title("Below 0.477 the signal vanishes, above 1.81 it grows")
_ = plots.label_lines(ax)

# %% [markdown]
# **What to see.** The two in the middle settle. The lowest falls exponentially, and He's rises.
#
# **Predict.** Which of the four learn? Criterion: stored nets of 32 layers, at the best of five learning rates, bring
# the training loss below half of $\ln 10$ in ten epochs. Judged are He's variance, twice too large, and that of
# PyTorch's default for linear layers, $U(\pm 1/\sqrt n)$, three times too small.

# %%
def best_rate(net):
    return sweep.where(net=net, depth=32, epoch=10).best("rate", by="loss")[0]["rate"]


def trained(net):
    """Stored runs of 32 layers at the rate whose last loss is lowest: (seeds, epochs)."""
    return sweep.where(net=net, depth=32, rate=best_rate(net)).table("loss")


for scale, name in {"2": "SELU, scale 2", "1": "SELU", "9/16": "SELU, scale 9/16", "1/3": "SELU, scale 1/3"}.items():
    final = trained(name)[:, -1]
    print(f"σ_w² = {scale:4}  training loss {np.median(final):.2g} ({final.min():.2g} to {final.max():.2g}), "
          f"best rate {best_rate(name):g}")
_ = claims.judge("08-careful-initialization", source="popular article A", mode="stored",
                 statement="self-normalizing nets need no careful initialization (training loss, 32 layers)",
                 measured=trained("SELU, scale 2")[:, -1], criterion=claims.at_most(np.log(10) / 2),
                 condition="the weights are too large (2/n), not too small (1/(3n))",
                 without=trained("SELU, scale 1/3")[:, -1],
                 headline="Self-normalizing networks need no careful initialization: if the weights are too large, "
                          "not too small")

# %% [markdown]
# **Verdict: conditional.** SELU networks still learn (though less) with weights that are too large, and hardly with
# PyTorch's default, too small.
#
# Every gradient is a product, $dW_l = a_{l-1}^\top \delta_l$. Above 1.81 it grows slowly with depth; a smaller rate
# (printed) makes up for it. Below 0.477, $a$ vanishes forward and $\delta$ backward; no rate of the five makes up for
# both.
#
# ## 7. The way back
#
# The variance is bounded, so the paper concludes that vanishing and exploding gradients are impossible. But backward,
# $\delta_l = (\delta_{l+1}W_{l+1}^\top) \odot f'(z_l)$, the variance of $\delta$ is multiplied by another average (if
# fan_out $m = n$):
#
# $$\chi = \sigma_w^2\,E[f'(z)^2].$$
#
# **Predict.** For SELU at its fixed point, $\sigma_w^2 = 1$: is $\chi$ below, equal to, or above 1? Criterion for
# *impossible*: from layer 100 to layer 1 the gradient changes by less than a factor of ten, either way.

# %%
gradients = {name: np.array([diagnostics.profile(net, images, labels, loss).delta[:-1] for net in five])
             for name, five in nets.items()}
gradients = {name: values / values[:, -1:] for name, values in gradients.items()}
chi = average(np.where(z > 0, lam, lam * alpha * np.exp(np.minimum(z, 0))) ** 2)
ax = plots.depth_profile({name: values[:, ::-1] for name, values in gradients.items()}, first=0,
                         predicted={"SELU": chi ** (np.arange(100) / 2)}, xlabel="layers back from layer 100",
                         ylabel="gradient (rms of δ)")
ax.set_title("SELU's gradient grows on its way back")
plots.label_lines(ax)
growth = gradients["SELU"][:, 0]
size = np.mean(images**2, axis=1, keepdims=True)                   # one number per image
scaled = [diagnostics.profile(net, images / np.sqrt(size), labels, loss).delta[:-1] for net in nets["SELU"]]
scaled = [delta[0] / delta[-1] for delta in scaled]
c_1 = average(np.where(z > 0, lam, lam * alpha * np.exp(np.minimum(z, 0))))
print(f"c₁² = {c_1**2:.2f}; χ^(k/2) passes 10 at k = {np.log(10) / np.log(chi**0.5):.0f} layers")
print(f"χ = {chi:.3f}, over 99 layers √χ⁹⁹ = {chi**49.5:.0f}; measured {growth.min():.0f} to {growth.max():.0f}")
print(f"half of the images have a mean square below {np.median(size):.2f}; "
      f"scaled to 1 they give {min(scaled):.0f} to {max(scaled):.0f}")
_ = claims.judge("08-impossible", source="Klambauer and others 2017, abstract", measured=growth,
                 statement="vanishing and exploding gradients are impossible (rms δ, layer 1/layer 100)",
                 criterion=claims.between(0.1, 10),
                 headline="In self-normalizing networks vanishing and exploding gradients are impossible")

# %% [markdown]
# **What to see.** Layer 100 is left. Markers are networks, the line is $\chi^{k/2}$ after $k$ layers. SELU's gradient
# grows more than the line: in the first layers most images have a mean square below 1 (constant pixels stay 0), where
# SELU's average slope is larger. Scaled to 1 (printed), they come near the theory. The rest is the chance of 128 units.
#
# **Verdict: refuted.** In a SELU network the gradient explodes, though slowly: by the theory, half this depth would
# have met the criterion.
#
# This is a law: **every activation that hands on mean 0 and variance 1 makes gradients grow** ($\chi > 1$), unless it
# is linear. SELU is nearly linear: the line $c_1 z$, $c_1 = E[f'(z)]$, has the part $c_1^2$ (printed) of its
# variance. ReLU's mean is not 0, so the law does not apply.
#
# <details><summary>Why it must be so</summary>
#
# Write $f = \sum_k c_k h_k$ with Hermite polynomials $h_k$ of degree $k$: $E[h_j h_k]$ is 1 for $j = k$, else 0. Since
# $h_k' = \sqrt{k}\,h_{k-1}$,
#
# $$E[f] = c_0, \qquad E[f^2] = \sum_k c_k^2, \qquad E[f'^2] = \sum_k k\,c_k^2 .$$
#
# Mean 0 and variance 1 say $c_0 = 0$ and $\sum_{k \ge 1} c_k^2 = 1$. So $\chi = \sum_{k \ge 1} k\,c_k^2 \ge 1$, with
# equality only for a linear $f$.
#
# </details>
#
# ## 8. What slows BatchNorm down?
#
# In Figure 1 of the paper SELU nets learn faster than ReLU nets with batch normalization (BatchNorm). The paper's
# reason: mean and variance of a small batch are noisy. Section 7 suggests another: ReLU with BatchNorm also hands on
# mean 0 and variance 1. Its mean squared slope $\tfrac12$ is divided by ReLU's variance $\tfrac12(1 - 1/\pi)$, which
# gives $\chi = 1.47$. SELU has 1.07.
#
# **Predict.** SELU and ReLU, with and without BatchNorm: which are slow? Criterion for *the noise slows ReLU +
# BatchNorm down*: with 32 layers SELU + BatchNorm, which has this noise too, ends at 0.8 times its training loss or
# more (each at its best rate, seed by seed).

# %%
looks = {"SELU": (COLORS["SELU"], "-"), "SELU + BatchNorm": (COLORS["SELU"], "--"),
         "ReLU": (COLORS["ReLU"], "-"), "ReLU + BatchNorm": (COLORS["ReLU"], "--")}
curves = {name: trained(name) for name in looks}
ax = plots.learning_curves(curves, ylabel="training loss",
                           styles={name: {"color": color, "linestyle": line} for name, (color, line) in looks.items()})
ax.set(title="32 layers: ReLU is slow with BatchNorm and without, SELU is fast", ylim=(0, 2.6))
plots.label_lines(ax)
for name in ("SELU", "ReLU"):
    price = curves[f"{name} + BatchNorm"][:, -1] / curves[name][:, -1]
    print(f"{name}: loss with BatchNorm / loss without: {price.min():.2f} to {price.max():.2f}")
_ = claims.judge("08-perturbations", source="Klambauer and others 2017, on Fig. 1", mode="stored",
                 statement="what slows ReLU + BatchNorm down is the perturbation by batches (loss, SELU + BatchNorm / "
                           "ReLU + BatchNorm)",
                 measured=curves["SELU + BatchNorm"][:, -1] / curves["ReLU + BatchNorm"][:, -1],
                 criterion=claims.at_least(0.8),
                 headline="What slows ReLU networks with batch normalization down is the perturbation by batches")

# %% [markdown]
# **What to see.** Lines are medians of five stored runs, bands their range. BatchNorm costs ReLU little and SELU more
# (printed).
#
# **Verdict: refuted.** The noise is not what slows ReLU + BatchNorm down: with SELU it is still there, and the loss is
# far lower. Nor is it $\chi$: ReLU alone has $\chi = 1$ and is hardly faster. But BatchNorm slows SELU down; these runs
# do not tell why.
#
# ## Summary
#
# 1. SELU's two constants solve two equations: mean 0 and variance 1 are handed on.
# 2. This fixed point attracts: signals that are too large or too small come back to it.
# 3. Few units of a real network meet the theorem's conditions, but the network normalizes itself.
# 4. A variance of weights twice or 9/16 of the right one still learns; one with which the signal vanishes does not.
#    Training moves the fixed point.
# 5. Every nonlinear activation that normalizes itself makes gradients grow; SELU does so slowly.

# %%
claims.summary()

# %% [markdown]
# ## Exercises
#
# Each is a notebook with hints, a check that answers at once, and the solution, folded.
# `python -m chapters handout 08` writes a copy without the solutions for you to work in.
#
# 1. **(20 min, pencil)** [Another fixed point](exercises/08_1_another_fixed_point.ipynb). Derive the $\alpha$ and
#    $\lambda$ that keep mean 0 and variance $\nu$.
# 2. **(15 min)** [The backward pass of a SELU layer](exercises/08_2_selu_layer.ipynb), from its outputs alone.
# 3. **(20 min)** [Centred weights](exercises/08_3_centred_weights.ipynb). Draw weights with $\omega = 0$ and
#    $\tau = 1$ in every unit.
# 4. **(20 min)** [Break a layer, and find it](exercises/08_4_strange_layer.ipynb). One layer has another activation.
# 5. **(35 min)** [The price of normalization](exercises/08_5_price.ipynb). Normalize any activation. Can you have a
#    fast return and a small $\chi$?
# 6. **(25 min)** [Dropout that keeps mean and variance](exercises/08_6_alpha_dropout.ipynb), and the gradient too.
#
# **Where to go on.** [The further part](further/08_selu.ipynb): the theorems, training in detail, PyTorch's gain ¾,
# alpha dropout, all of Figure 1. [Chapter 06](06_orthogonal.ipynb) treats networks that keep gradients too.
