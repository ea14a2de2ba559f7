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
# # Self-normalization, further
#
# What the chapter [Self-normalization](../08_selu.ipynb) states in a sentence is measured here: the constants, the
# theorems on a grid, the paper's map and that of random weights, what training does, PyTorch's gain, the law for
# gradients in numbers, alpha dropout, and all of Figure 1. Read the chapter first.
#
# The data are MNIST-5k, each pixel standardized to mean 0 and variance 1 over the training part (one in six is always
# 0), or Gaussian noise of a variance that is stated. Comparisons over five seeds of training runs are read from stored
# results, which `python -m chapters --sweeps 08` computes again.

# %% jupyter={"source_hidden": true} tags=["hide-input"]
import math
from functools import partial
from itertools import pairwise, product

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Markdown

import minnet as mn
from minnet import activations, claims, datasets, diagnostics, initializers, layers, losses, optimizers, plots, theory
from minnet.experiments.chapter import FAST, SEEDS, stored, style

style()
mnist = datasets.standardized(datasets.mnist_5k())
sweep, hundred = stored("08_selu"), stored("08_hundred")
PAPER = "Klambauer and others 2017"


def listed(values, form=".2g"):
    return ", ".join(f"{value:{form}}" for value in values)


# %% [markdown]
# ## 1. The constants, to all digits
#
# The chapter solves $E[f(z)] = 0$ and $E[f(z)^2] = 1$ on a grid. Here the integrals are cut at 0, where $f$ has its
# kink, and computed by Gauss–Legendre quadrature on either side. Both have a closed form too: with $\Phi(-1) =
# \tfrac12\,\mathrm{erfc}(1/\sqrt2)$, the probability that a standard Gaussian is below $-1$,
#
# $$\alpha = \frac{-\sqrt{2/\pi}}{e^{1/2}\,\mathrm{erfc}(1/\sqrt2) - 1},$$
#
# the paper's eq. 14. All three agree to 12 places with each other and with the digits that the paper prints.

# %%
t, weight = np.polynomial.legendre.leggauss(80)
half = 6 * (t + 1)                                                     # nodes on [0, 12]
Z = np.concatenate([-half, half])
P = np.tile(6 * weight, 2) * np.exp(-Z**2 / 2) / math.sqrt(2 * math.pi)


def average(g, q=1.0):
    """E[g(z)] for z ~ N(0, q), g smooth on either side of 0."""
    return float((P * g(math.sqrt(q) * Z)).sum())


alpha = -average(lambda z: z * (z > 0)) / average(lambda z: np.expm1(np.minimum(z, 0)))
lam = average(lambda z: np.where(z > 0, z, alpha * np.expm1(np.minimum(z, 0))) ** 2) ** -0.5
closed = -math.sqrt(2 / math.pi) / (math.exp(0.5) * math.erfc(1 / math.sqrt(2)) - 1)


def selu(z):
    return lam * np.where(z > 0, z, alpha * np.expm1(np.minimum(z, 0)))


print(f"α = {alpha:.13f}, λ = {lam:.13f}")

# %%
np.testing.assert_allclose([alpha, closed, lam], [1.6732632423543772, 1.6732632423543772, 1.0507009873554805],
                           rtol=1e-12)
np.testing.assert_allclose(selu(Z), activations.selu.f(Z), rtol=1e-12, atol=1e-15)

# %% [markdown]
# ## 2. The theorems on a grid
#
# A unit has inputs of mean $\mu$ and variance $\nu$, and weights with $\omega = \sum w$ and $\tau = \sum w^2$. The
# paper's map (eq. 3 to 5; `theory.selu_map`) sends $(\mu, \nu)$ to $(\tilde\mu, \tilde\nu)$, the mean and variance of
# $\mathrm{selu}(z)$ for $z \sim N(\mu\omega, \nu\tau)$. Where the largest singular value of its Jacobian is below 1, it
# brings any two near points closer to each other: it is a *contraction*. At $(0, 1)$ with $\omega = 0$ and $\tau = 1$
# the value is 0.7877, as in the paper.
#
# - **Theorem 1.** In the domain $\Omega$, $|\mu| \le 0.1$, $0.8 \le \nu \le 1.5$, with $|\omega| \le 0.1$ and
#   $0.95 \le \tau \le 1.1$, the map is a contraction. For each $(\omega, \tau)$ all points go to one fixed point, which
#   lies in $\mu \in [-0.03106, 0.06773]$, $\nu \in [0.80009, 1.48617]$.
# - **Theorem 2.** For $|\mu| \le 1$, $|\omega| \le 0.1$, $3 \le \nu \le 16$, $0.8 \le \tau \le 1.25$ the variance
#   falls.
# - **Theorem 3.** For $|\mu|, |\omega| \le 0.1$ and $\tau \le 1.25$ it rises, if $0.02 \le \nu \le 0.16$ and
#   $\tau \ge 0.8$, or if $0.02 \le \nu \le 0.24$ and $\tau \ge 0.9$.
#
# The paper proves them by computer, on fine grids. Our grids are coarse. They prove nothing, and the claims say no more
# than that there is no counterexample on them. Criteria: the largest singular value on the grid is below 1; every fixed
# point is in the stated intervals, and the four corners of $\Omega$ reach it to 1e-6 in 100 layers; $\tilde\nu/\nu$ is
# below 1 (Theorem 2) or above 1 (Theorem 3) on all of the grid.

# %%
J = theory.selu_jacobian(0, 1)
print(f"largest singular value at (0, 1): {np.linalg.norm(J, 2):.4f}")

# %%
assert round(float(np.linalg.norm(J, 2)), 4) == 0.7877
for q in (0.05, 1.0, 9.0):                                         # our integrals and the library's
    mean = average(selu, q)
    np.testing.assert_allclose(theory.selu_map(0, q), (mean, average(lambda z: selu(z) ** 2, q) - mean**2), rtol=1e-10,
                               atol=1e-14)


# %%
def grid(*ranges):
    return product(*(np.linspace(*r) for r in ranges))


def followed(mu, nu, omega, tau, steps=100):
    for _ in range(steps):
        before, (mu, nu) = nu, theory.selu_map(mu, nu, omega=omega, tau=tau)
        if abs(nu - before) < 1e-9:
            break
    return mu, nu


MU, NU = (-0.03106, 0.06773), (0.80009, 1.48617)                       # Theorem 1
K = 3 if FAST else 5
norms, image = [], []
for mu, omega, nu, tau in grid((-0.1, 0.1, K), (-0.1, 0.1, K), (0.8, 1.5, K), (0.95, 1.1, K)):
    norms.append(np.linalg.norm(theory.selu_jacobian(mu, nu, omega=omega, tau=tau), 2))
    image.append(theory.selu_map(mu, nu, omega=omega, tau=tau))
fixed, inside = [], []
for omega, tau in grid((-0.1, 0.1, K), (0.95, 1.1, K)):
    corners = np.array([followed(mu, nu, omega, tau) for mu in (-0.1, 0.1) for nu in (0.8, 1.5)])
    fixed.append(corners[0])
    inside.append(np.ptp(corners, axis=0).max() < 1e-6 and MU[0] <= corners[0, 0] <= MU[1]
                  and NU[0] <= corners[0, 1] <= NU[1])
fixed, image = np.array(fixed), np.array(image)

# %%
claims.judge("08-contraction", source=f"{PAPER}, Theorem 1",
             statement="the map is a contraction on Ω: no counterexample on a grid (largest singular value)",
             measured=float(max(norms)), criterion=claims.at_most(1))

# %%
claims.judge("08-theorem-1", source=f"{PAPER}, Theorem 1",
             statement="Ω goes to one fixed point in the intervals: no counterexample on a grid (share of (ω, τ))",
             measured=float(np.mean(inside)), criterion=claims.at_least(1))

# %%
falls = max(theory.selu_map(mu, nu, omega=omega, tau=tau)[1] / nu for mu, omega, nu, tau in
            grid((-1, 1, K), (-0.1, 0.1, K), (3, 16, 2 * K), (0.8, 1.25, K)))
claims.judge("08-theorem-2", source=f"{PAPER}, Theorem 2",
             statement="a large variance falls: no counterexample on a grid (largest ν̃/ν)", measured=falls,
             criterion=claims.at_most(1))

# %%
rises = min(theory.selu_map(mu, nu, omega=omega, tau=tau)[1] / nu for top, low in ((0.16, 0.8), (0.24, 0.9))
            for mu, omega, nu, tau in grid((-0.1, 0.1, K), (-0.1, 0.1, K), (0.02, top, 2 * K), (low, 1.25, K)))
claims.judge("08-theorem-3", source=f"{PAPER}, Theorem 3",
             statement="a small variance rises: no counterexample on a grid (smallest ν̃/ν)", measured=rises,
             criterion=claims.at_least(1))

# %% [markdown]
# All of it holds. But the fixed points do not fill the intervals of Theorem 1. These intervals are where *one layer*
# sends all of $\Omega$:

# %%
Markdown(f"Fixed points: μ from {fixed[:, 0].min():.4f} to {fixed[:, 0].max():.4f}, ν from {fixed[:, 1].min():.3f} to "
         f"{fixed[:, 1].max():.3f}. One layer: μ from {image[:, 0].min():.5f} to {image[:, 0].max():.5f}, ν from "
         f"{image[:, 1].min():.3f} to {image[:, 1].max():.3f} on this coarse grid.")

# %% [markdown]
# How the fixed point moves with $\tau$:

# %%
maps = {f"τ = {tau:g}": (lambda nu, tau=tau: theory.selu_map(0, nu, tau=tau)[1] if nu > 0 else 0.0)
        for tau in (0.8, 1, 1.25)}
ends = dict.fromkeys(maps, 1.0)
for name, f in maps.items():
    for _ in range(300):
        ends[name] = f(ends[name])
ax = plots.iterated_maps(maps, stop=3)
ax.plot([*ends.values()], [*ends.values()], "ko", markersize=10, mfc="none", mew=2)
ax.set(title="Each τ has one fixed point, and it attracts", xlabel="variance ν", ylabel="variance in the next layer")
ax.get_lines()[0].set_label("")
_ = plots.label_lines(ax)

# %% [markdown]
# ## 3. Two maps
#
# In a net whose weights are drawn from $N(0, 1/n)$ fewer than a tenth of the units meet Theorem 1's $|\omega| \le 0.1$.
# Given the activations $a$ of the layer below, $z = \sum w_i a_i$ with *random* $w$ is Gaussian over the units, with
# variance
#
# $$E[z^2] = n \cdot \tfrac1n \cdot E[a^2] = \nu + \mu^2 ,$$
#
# while the paper's $\omega = 0$ takes the mean away and leaves $\nu$. So there are **two** maps. Where the mean is 0
# they agree, also in the fixed point. Far from it they differ. Both are drawn below, from inputs $N(0, 16)$, and both
# are measured: weights as drawn, and weights with $\sum w = 0$ and $\sum w^2 = 1$ in each unit.
#
# **Predict.** On the way from 16 to 1, which of the two is faster?

# %%
def drawn(rng, n, exact=False):
    """Weights (n, n) from N(0, 1/n); `exact` centres each column and scales it, so that ω = 0 and τ = 1."""
    W = rng.normal(0, n**-0.5, (n, n))
    if exact:
        W -= W.mean(axis=0)
        W /= np.sqrt((W**2).sum(axis=0))
    return W


def variances(seed, exact, n=256 if FAST else 512, depth=16, count=200):
    """Var(a) in layers 0 … depth: plain numpy."""
    rng = np.random.default_rng(seed)
    a = rng.normal(0, 4, (count, n))
    found = [a.var()]
    for _ in range(depth):
        a = selu(a @ drawn(rng, n, exact))
        found.append(a.var())
    return np.array(found)


def signal(q, taus, keep=1.0):
    """Var(a) of each layer over units and examples, from q = mean x² of each example: E[a²] is passed on (/keep)."""
    q, found = np.atleast_1d(q), []
    for tau in taus:
        a = selu(np.sqrt(tau * q) * Z[:, None])
        mean, q = P @ a, P @ a**2 / keep
        found.append(q.mean() - mean.mean() ** 2)
    return np.array(found)


# %%
paper_map, point = [16.0], (0.0, 16.0)
for _ in range(16):
    point = theory.selu_map(*point)
    paper_map.append(point[1])
field = theory.MeanField(activations.selu, 1.0)                       # the same map for E[z²], from the library
np.testing.assert_allclose([average(lambda z: selu(z) ** 2, q) for q in (0.3, 1.0, 16.0)],
                           [field.variance(q) for q in (0.3, 1.0, 16.0)], rtol=1e-10)
theories = {"weights as drawn": np.append(16.0, signal(16, np.ones(16))), "Σ w = 0, Σ w² = 1": np.array(paper_map)}
runs = {name: np.stack([variances(seed, exact) for seed in SEEDS])
        for name, exact in zip(theories, (False, True), strict=True)}
ax = plots.depth_profile(runs, predicted=theories, first=0, ylabel="variance of a")
ax.set_title("The paper's map (Σ w = 0) comes to 1 sooner than random weights do")
plots.label_lines(ax)
off = {name: np.abs(runs[name] / paper_map - 1)[:, 1:].max(axis=1) for name in runs}

# %% [markdown]
# **What to see.** Lines are theory, markers networks. Both maps end at 1. On the way the mean is not 0, and random
# weights let it add to the variance.
#
# Criterion for the map: at each of 16 layers the measured variance is within 5% of the paper's map, for every seed.

# %%
claims.judge("08-two-maps", source=f"{PAPER}, eq. 3 to 5",
             statement="the variance goes through the layers as the map says (largest deviation in 16 layers)",
             measured=off["Σ w = 0, Σ w² = 1"], criterion=claims.at_most(0.05),
             condition="Σ w = 0 and Σ w² = 1 in each unit", without=off["weights as drawn"])

# %% [markdown]
# ## 4. What training does
#
# The chapter shows 100 layers of 128 units before and after ten epochs of plain gradient descent, for five kinds of
# test images: as they are, a third or three times as large, shifted by 1, doubled and shifted by −2. Before training
# they come to variance 1, after training to another value. Is it because $\sum w^2$ has changed? Theory can take the
# trained weights' $\sum w^2$, layer by layer, and the images' own lengths.

# %%
x, y = mnist.train
x_test = mnist.test[0][:200 if FAST else 1000]                         # the classes are interleaved


def variances_of(net, x):
    """The variance of a in every hidden layer."""
    net.forward(x.astype(np.float32))
    return np.array([layer.a.var(dtype=float) for layer in net.layers[:-1]])


deep = mn.mlp([784, *[128] * 100, 10], activation=activations.selu, init=initializers.lecun_normal, rng=0)
W_before = [layer.W.copy() for layer in deep.layers]
mn.fit(deep, (x, y), loss=losses.softmax_cross_entropy, optimizer=optimizers.SGD(0.0025), epochs=1 if FAST else 10,
       batch_size=128, rng=0, progress=False)
after = {name: variances_of(deep, s * x_test) for name, s in {"three times": 3, "a third": 1 / 3}.items()}
taus = np.array([np.square(layer.W, dtype=float).sum(axis=0).mean() for layer in deep.layers[:-1]])
expected = {name: signal(((s * x_test) ** 2).mean(axis=1), taus)
            for name, s in {"three times": 3, "a third": 1 / 3}.items()}
ax = plots.depth_profile(after, predicted=expected, ylabel="variance of a")
ax.set_title("After training: theory with the trained Σ w² (lines) misses the network (markers)")
TICKS = [0.2, 0.5, 1, 2, 5]
ax.set_yticks(TICKS, TICKS)
ax.minorticks_off()
_ = plots.label_lines(ax)

# %% [markdown]
# **What to see.** The two kinds of images still meet (the attraction is there), but above the lines: the theory does
# not know where, though it knows the sizes of the weights. For each layer take $E[z^2]/(\tau E[a^2])$, which is 1 if
# weights and activations are independent.

# %%
def alignment(net, x):
    """E[z²]/(τ E[a²]) of every hidden layer, with a the layer's input and z without its bias."""
    found = []
    for layer in net.layers[:-1]:
        z = x @ layer.W
        tau = np.square(layer.W, dtype=float).sum(axis=0).mean()
        found.append(float(np.square(z, dtype=float).mean() / (tau * np.square(x, dtype=float).mean())))
        x = layer(x)
    return np.array(found)


moved = [float(np.linalg.norm(layer.W - W) / np.linalg.norm(W)) for layer, W in
         zip(deep.layers[1:-1], W_before[1:-1], strict=True)]
aligned = alignment(deep, x_test)
assert np.median(moved) < 0.01
assert 1.05 < aligned[1:50].mean() < 1.2
assert aligned.max() > 1.15
print(f"weights of layers 2 to 100 have moved by {np.median(moved):.1%} of their norm (median); "
      f"Σ w² is {taus[1:].mean():.2f} on average")
print(f"E[z²]/(τ E[a²]): {aligned[1:50].mean():.2f} on average in layers 2 to 50, at most {aligned.max():.2f}")

# %% [markdown]
# Training moves the weights by less than 1% of their norm and leaves $\sum w^2$ as it was. But what little changed
# points where the activations point: $E[z^2]$ exceeds $\tau E[a^2]$ by about a tenth. So $\sum w^2$ is not what moved
# the fixed point. The derivation assumes that weights and activations are independent, and learning makes them
# dependent. The theorem's domain for $\omega$ and $\tau$ does not contain this condition.
#
# Criteria, for five stored seeds. *One point*: after training the largest of the five variances at layer 100 is at most
# 1.1 times the smallest (at the input 81 times). *Into Ω*: the authors observed in all experiments that mean and
# variance are pushed into $\Omega$; of the layers 51 to 100, with five inputs, at least 95% lie in it after training.

# %%
INPUTS = ("as it is", "a third", "three times", "shifted by 1", "doubled, shifted by -2")


def kept(when, column, name=None):
    """(seeds, inputs, layers), or of one input (seeds, layers)."""
    if name is not None:
        return hundred.where(when=when, input=name).table(column)
    return np.stack([kept(when, column, name) for name in INPUTS], axis=1)


def apart(when):
    """The largest over the smallest of the five variances at layer 100, by seed."""
    last = kept(when, "variance")[..., -1]
    return last.max(axis=1) / last.min(axis=1)


level = {when: kept(when, "variance")[..., 50:].mean(axis=(1, 2)) for when in ("before", "after")}
live = np.mean([variance[50:] for variance in after.values()])
assert FAST or 0.9 * level["after"].min() <= live <= 1.1 * level["after"].max(), (live, level)
for when, found in level.items():
    print(f"{when} training: mean variance in layers 51 to 100 {found.min():.2f} to {found.max():.2f}, "
          f"largest/smallest of five inputs at layer 100 {apart(when).min():.2f} to {apart(when).max():.2f}")

# %%
claims.judge("08-one-point", source=f"{PAPER}, Theorem 1",
             statement="different inputs are drawn to one point, after training too (largest/smallest variance)",
             measured=apart("after"), criterion=claims.at_most(1.1), mode="stored")

# %%
def in_omega(when):
    mean, variance = kept(when, "mean")[..., 50:], kept(when, "variance")[..., 50:]
    return ((np.abs(mean) <= 0.1) & (variance >= 0.8) & (variance <= 1.5)).mean(axis=(1, 2))


omega_share = in_omega("after")
claims.judge("08-into-omega", source=f"{PAPER}, after Theorem 3",
             statement="training keeps mean and variance in Ω (share of layers 51–100, five inputs)",
             measured=omega_share, criterion=claims.at_least(0.95), refutable=False, mode="stored")

# %% [markdown]
# In most of the trained nets the five kinds of images come to one point within 10%, not in all. Most of the layers are
# in $\Omega$, but in some of the nets fewer than 95%.
#
# **At larger rates.** Article A: with SELU, mean and variance stay stable during training. Take the nets of 16 layers,
# and in each the layer whose variance is furthest from 1, up or down. Criterion: by a factor of at most 2. Condition:
# the small learning rate of the paper's Figure 1, 0.00128. The counter-measurement is 0.08, the best rate at this
# depth.

# %%
def final_losses(net, depth, rate):
    """The last epoch's training loss of each seed; ∞ where training diverged."""
    return np.array([row.get("loss", math.inf) for row in sweep.where(net=net, depth=depth, rate=rate, epoch=10)])


def best_rate(net, depth):
    return sweep.where(net=net, depth=depth, epoch=10).best("rate", by="loss")[0]["rate"]


def best(net, depth):
    return final_losses(net, depth, best_rate(net, depth))


def furthest(depth, rate):
    """The largest factor between a layer's variance and 1, by seed."""
    rows = sweep.where(net="SELU", depth=depth, rate=rate, epoch=10)
    return np.maximum(rows.array("largest"), 1 / rows.array("least"))


assert best_rate("SELU", 16) == 0.08
claims.judge("08-during-training", source="popular article A",
             statement="mean and variance stay stable during training (variances, factor from 1, 16 layers)",
             measured=furthest(16, 0.00128), criterion=claims.at_most(2), condition="a small learning rate, 0.00128",
             mode="stored", without=furthest(16, 0.08), post_hoc="the two rates of the condition")

# %%
deepest = kept("after", "variance", "as it is")
others = {f"{depth} layers, rate {rate:g}": furthest(depth, rate)
          for depth, rate in ((8, 0.00128), (8, 0.08), (32, 0.00128), (32, best_rate("SELU", 32)))}
others |= {"100 layers, rate 0.0025": np.maximum(deepest.max(axis=1), 1 / deepest.min(axis=1))}
for name, found in others.items():
    print(f"{name:26} factor {found.min():.2f} to {found.max():.2f}")
taus = sweep.where(net="SELU", depth=16, rate=0.08, epoch=10).array("tau")
print(f"Σ w² at 16 layers and 0.08: {taus.min():.2f} to {taus.max():.2f}")
for rate in (0.00128, 0.08):
    errors = 100 * sweep.where(net="SELU", depth=16, rate=rate, epoch=10).array("test_error")
    print(f"16 layers, rate {rate:g}: {np.median(errors):.1f}% test errors")

# %% [markdown]
# At 8 layers it is the same. At 32 layers the best rate is smaller, and there the factor is about 2. $\sum w^2$ stays
# near 1, so it does not show the change. And a net need not stay near the fixed point to be good: the rate that moves
# it furthest gives far fewer test errors (a larger rate also trains further).
#
# ## 5. Which weights?
#
# Let $c = n\,\mathrm{Var}[W]$. Each $c$ between two ends has a fixed point of its own. Where is it, and what is $\chi$,
# the factor on the gradient's variance, there?

# %%
SCALES = {"1/n (LeCun)": 1.0, "2/n (He)": 2.0, "(9/16)/n (PyTorch's gain ¾)": 9 / 16, "(1/3)/n (U(±1/√n))": 1 / 3}
N, DEPTH = (128 if FAST else 256), 32


def built(sizes, seed, activation=activations.selu, scale=1.0, between=None):
    """Hidden layers of weights N(0, scale/fan_in), `between(width)` after each if it is given, and a linear output."""
    init, stack = partial(initializers.variance_scaling, scale=scale, mode="fan_in", distribution="normal"), []
    for fan_in, fan_out in pairwise(sizes):
        stack += [mn.Dense(fan_in, fan_out, activation, init), *([between(fan_out)] if between else [])]
    return mn.Network([*stack, mn.Dense(sizes[-1], 10, init=initializers.lecun_normal)], rng=seed)


def noise(seed, n=N, count=100):
    rng = np.random.default_rng([seed, 1])
    return rng.normal(size=(count, n)).astype(np.float32), rng.integers(10, size=count)


def both_ways(net, x, y):
    """Variance of a, and mean square of δ relative to the last hidden layer: (layers,) each."""
    read = diagnostics.layer_statistics(net, x, y, losses.softmax_cross_entropy)
    return read.std[:-1] ** 2, (read.delta_std[:-1] / read.delta_std[-2]) ** 2


# %%
measured = {name: [both_ways(built([N] * (DEPTH + 1), seed, scale=scale), *noise(seed)) for seed in SEEDS]
            for name, scale in SCALES.items()}
forward = {name: np.array([variance for variance, _ in found]) for name, found in measured.items()}
predicted = {name: signal(1, np.full(DEPTH, scale)) for name, scale in SCALES.items()}
ax = plots.depth_profile(forward, predicted=predicted, ylabel="variance of a")
ax.set_title("Theory (lines) knows where the signal of each scale goes")
plots.label_lines(ax)
assert np.abs(forward["1/n (LeCun)"][:, -1] - 1).max() < 0.2              # single nets scatter by some 4%

# %%
q = np.geomspace(1e-6, 1e4, 21 if FAST else 41)
points = [theory.moments(activations.selu, float(value)) for value in q]
scales = q / [m.second.value for m in points]                                      # V(q) = q gives c = q/E[f²]
fig, axes = plt.subplots(1, 2, figsize=(10, 3.4), sharex=True)
axes[0].plot(scales, [m.second.value for m in points], "o-", markersize=3)
axes[0].set(ylabel="E[a²] at the fixed point", yscale="log", ylim=(1e-4, 1e3),
            title="Every c in between has its fixed point")
axes[1].plot(scales, [scale * m.slope.value for scale, m in zip(scales, points, strict=True)], "s-", markersize=3)
axes[1].set(ylabel="χ: factor on the gradient's variance", title="χ is above 1 at every fixed point")
for ax in axes:
    ax.set(xlabel="c = n · Var[W]")
    for at, style_ in ((9 / 16, "--"), (1.0, ":")):
        ax.axvline(at, color="black", linewidth=0.8, linestyle=style_)
edge, end = scales[0], 2 / lam**2                          # q → 0: linear with slope λ above 0, λα below
np.testing.assert_allclose(edge, 2 / (lam**2 * (1 + alpha**2)), rtol=1e-2)
print(f"signals vanish below c = {edge:.3f} and grow without end above {end:.3f}")

# %% [markdown]
# **What to see.** Left, the fixed point as a function of $c$; only one of them is at 1. Dotted: $c = 1$; dashed:
# PyTorch's 9/16. With ReLU or linear units a scale that is wrong by a factor of two costs a factor of 2 in each layer.
# SELU finds a point of its own, between the two ends.
#
# Criterion for *keeps unit variance*: the variance of $a$ at layer 32 is between ½ and 2.

# %%
claims.judge("08-unit-variance", source="PyTorch, calculate_gain('selu') = 3/4",
             statement="initialized for SELU, a network keeps unit variance (variance of a, layer 32)",
             measured=forward["1/n (LeCun)"][:, -1], criterion=claims.between(0.5, 2),
             condition="gain 1, as the documentation itself advises",
             without=forward["(9/16)/n (PyTorch's gain ¾)"][:, -1])

# %% [markdown]
# ## 6. The law for gradients, in numbers
#
# The chapter derives: an activation that keeps mean 0 and variance 1 with weights of variance $1/n$ has
# $\chi = E[f'^2] \ge 1$, with equality only if it is linear. (It is the Gaussian Poincaré inequality,
# $\mathrm{Var}[f] \le E[f'^2]$.) Here are activations that are shifted and scaled to mean 0 and variance 1.

# %%
chi = average(lambda z: np.where(z > 0, lam, lam * alpha * np.exp(np.minimum(z, 0))) ** 2)
np.testing.assert_allclose(chi, theory.MeanField(activations.selu, 1.0).chi(1.0), rtol=1e-10)
first = average(lambda z: z * selu(z)) ** 2                              # c_1², the share of E[f²] that is linear


def normalized(activation):
    """χ of (f − E[f])/√Var[f], at z ~ N(0, 1)."""
    mean, second, slope, _ = (value.value for value in theory.moments(activation, 1.0))
    return slope / (second - mean**2)


table = {f.name: normalized(f) for f in (activations.sigmoid, activations.selu, activations.elu(), activations.softplus,
                                         activations.tanh, activations.swish(), activations.gelu, activations.relu)}
assert min(table.values()) > 1
print(f"share of SELU that is linear: {first:.1%}")
for name, value in table.items():
    print(f"{name:10} χ = {value:.3f}, over 32 layers {value**32:.3g}")

# %% [markdown]
# The last one is important: ReLU with mean 0 and variance 1 is what **ReLU + BatchNorm** computes. BatchNorm subtracts
# from each unit its mean over the batch and divides by its deviation, here after the activation, as in the authors'
# code. It normalizes the forward pass too, so the same law makes gradients grow, with ReLU far more than with SELU.
# Measured: mean δ² in each of 32 layers, relative to the last.

# %%
batch = np.random.default_rng(0).normal(3, 2, (50, 4))                    # the library's BatchNorm
net = mn.Network([layers.BatchNorm(4)], rng=0, dtype=np.float64)
np.testing.assert_allclose(net.forward(batch, training=True),
                           (batch - batch.mean(axis=0)) / np.sqrt(batch.var(axis=0) + 1e-5))

# %%
backward = {name: np.array([gradient for _, gradient in measured[scale]]) for name, scale in
            {"SELU, 1/n": "1/n (LeCun)", "SELU, gain ¾": "(9/16)/n (PyTorch's gain ¾)"}.items()}
for name, activation, scale in (("ReLU + BatchNorm", activations.relu, 2), ("SELU + BatchNorm", activations.selu, 1)):
    backward[name] = np.array([both_ways(built([128] * (DEPTH + 1), seed, activation, scale, layers.BatchNorm),
                                         *noise(seed, 128, 128))[1] for seed in SEEDS])
steps = np.arange(DEPTH)[::-1]
lines = {"SELU, 1/n": chi**steps, "ReLU + BatchNorm": table["relu"] ** steps, "SELU + BatchNorm": chi**steps}
q = theory.MeanField(activations.selu, 9 / 16).variances(9 / 16, DEPTH)
slopes = np.array([theory.MeanField(activations.selu, 9 / 16).chi(value) for value in q])
lines["SELU, gain ¾"] = np.cumprod(slopes[::-1])[::-1] / slopes[-1]
ax = plots.depth_profile({name: values[:, ::-1] for name, values in backward.items()}, first=0, ylabel="mean δ²",
                         predicted={name: line[::-1] for name, line in lines.items()},
                         xlabel="layers back from layer 32")
ax.set_title("On the way back ReLU + BatchNorm explodes, gain ¾ vanishes")
plots.label_lines(ax)
for name, values in backward.items():
    print(f"{name:17} layer 1: {np.median(values[:, 0]):.2g}, theory {lines[name][0]:.2g}")

# %% [markdown]
# **What to see.** Layer 32 is on the left. Forward, all but gain ¾ are normalized. Backward, none is exactly. Theory
# is for infinite width and infinite batches; finite ones add to each factor, by the order of $1/n$, and that is why the
# markers of BatchNorm are above its lines.
#
# PyTorch's gain is ¾. Its documentation says that this gives up normalization for a more stable flow of gradients in
# rectangular layers. (Where fans alternate, their ratios cancel, as in chapter 05, so ours stay square.) At its fixed
# point $\chi$ is indeed very near to 1. But a signal of unit variance is not at that fixed point. It falls to it,
# slowly, and on the way $\chi$ is below 1. So gradients *vanish*, over 16 layers by far more than they grow at gain 1.
# In deeper nets the loss ends, while the growth goes on.
#
# Criterion: gradients change less, by the logarithm, at gain ¾ than at gain 1, in 100 layers. The counter-measurement
# is the first 16 of the 32 layers above.

# %%
def change(scale, depth, seed, n):
    """ln of the gradient's variance in layer 1, relative to the last hidden layer."""
    return math.log(both_ways(built([n] * (depth + 1), seed, scale=scale), *noise(seed, n))[1][0])


changes = {gain: np.array([change(gain**2, 100, seed, 128) for seed in SEEDS]) for gain in (1, 0.75)}
for gain, values in changes.items():
    print(f"gain {gain:g}: over 100 layers the gradient's variance is multiplied by {math.exp(np.median(values)):.2g}")
at_16 = {name: np.abs(np.log(backward[name][:, 0] / backward[name][:, 15])) for name in ("SELU, gain ¾", "SELU, 1/n")}
claims.judge("08-gain", source="PyTorch, documentation of calculate_gain",
             statement="the gain ¾ gives gradients a more stable flow (|ln| of their change, ¾/1, square layers)",
             measured=np.abs(changes[0.75]) / np.abs(changes[1]), criterion=claims.at_most(1),
             condition="100 layers", without=at_16["SELU, gain ¾"] / at_16["SELU, 1/n"], post_hoc="the two depths")

# %%
fresh, learned = kept("before", "delta", "as it is"), kept("after", "delta", "as it is")
print(f"100 layers on digits, variance of the gradient, layer 1 over layer 100: χ⁹⁹ = {chi**99:,.0f}; "
      f"before training {np.median(fresh[:, 0] / fresh[:, -1]):,.0f}, after it "
      f"{np.median(learned[:, 0] / learned[:, -1]):,.0f} (medians)")

# %% [markdown]
# One more sentence of the paper can be judged here: that self-normalizing nets cannot be derived with tanh units. The
# two equations are solved by $c\tanh(z)$: $E[f] = 0$ holds by symmetry, and $c = 1/\sqrt{E[\tanh^2]}$. Criterion for
# "cannot": a variance of 1 does not stay, after 100 layers of the map it is below ½. Condition: tanh as it is, $c = 1$.

# %%
c = average(lambda z: np.tanh(z) ** 2) ** -0.5


def tanh_map(scale, nu):
    """ν̃ of scale · tanh: its mean is 0."""
    return scale**2 * average(lambda z: np.tanh(z) ** 2, nu)


kept_variance = {}
for scale in (1.0, c):
    nu = 1.0
    for _ in range(100):
        nu = tanh_map(scale, nu)
    kept_variance[scale] = nu
claims.judge("08-only-selu", source=f"{PAPER}, on constructing self-normalizing nets",
             statement="tanh units cannot be self-normalizing (variance after 100 layers of the map, from 1)",
             measured=kept_variance[1.0], criterion=claims.at_most(0.5), condition="tanh(z) as it is",
             without=kept_variance[c])

# %%
h = 1e-4
slope = (tanh_map(c, 1 + h) - tanh_map(c, 1 - h)) / (2 * h)              # at ω = 0 nothing depends on μ
print(f"c = {c:.3f}; slope of the map at 1: c tanh {slope:.3f}, SELU {J[1, 1]:.3f}; χ: c tanh {table['tanh']:.3f}, "
      f"SELU {chi:.3f}")

# %% [markdown]
# With this $c$, $c\tanh(z)$ is a self-normalizing activation in the sense of the paper's definition, and it comes to
# its fixed point faster than SELU (its slope is smaller). What is worse is the way back: its $\chi$ is larger. A small
# $\chi$, rather than the fixed point, is the merit of SELU.
#
# ## 7. Alpha dropout
#
# Dropout sets a unit to 0 with probability $p$ and divides the others by $q = 1 - p$ (the paper's letter; here it is no
# variance). The mean stays, the second moment becomes $E[a^2]/q$. In a SELU net that acts as if $c$ were $1/q$: the
# fixed point moves up, and from $1/q = 2/\lambda^2$ on there is none. So the paper sets a dropped unit to $\alpha' =
# -\lambda\alpha$, selu's lower end, and repairs mean and variance by a line $s\,a + t$, with
#
# $$s = \big(q + \alpha'^2 q(1 - q)\big)^{-1/2}, \qquad t = -s\,(1 - q)\,\alpha' .$$
#
# **Predict.** That keeps the forward pass. And the backward pass? Each gradient is multiplied by $s$, or by 0 where the
# unit was dropped.

# %%
low = -lam * alpha


def constants(rate):
    q = 1 - rate
    s = (q + low**2 * q * (1 - q)) ** -0.5
    return s, -s * (1 - q) * low


for rate in (0.05, 0.1):                                                 # the library's layer
    s, t = constants(rate)
    out = layers.AlphaDropout(rate).forward(np.zeros((100, 100)), True, np.random.default_rng(0))
    np.testing.assert_allclose(np.unique(out), [s * low + t, t], rtol=1e-12)


# %%
def with_noise(kind, rate, seed):
    """Mean and variance of what each layer hands on, and mean δ² relative to layer 32, in training mode."""
    net = built([N] * (DEPTH + 1), seed, between=lambda _: kind(rate))
    net.gradient(*noise(seed), losses.softmax_cross_entropy, rng=seed)
    handed = [layer.a for layer in net.layers[1::2]]
    delta = np.array([np.square(layer.delta, dtype=float).mean() for layer in net.layers[:-1:2]])
    return [a.mean(dtype=float) for a in handed], [a.var(dtype=float) for a in handed], delta / delta[-1]


NOISES = {"alpha dropout, 10%": (layers.AlphaDropout, 0.1), "dropout, 10%": (layers.Dropout, 0.1),
          "alpha dropout, 50%": (layers.AlphaDropout, 0.5), "dropout, 50%": (layers.Dropout, 0.5)}
tried = {name: np.array([with_noise(*setting, seed) for seed in SEEDS]) for name, setting in NOISES.items()}
lines = {name: signal(1, np.ones(DEPTH), 1 - rate) if kind is layers.Dropout else np.ones(DEPTH)
         for name, (kind, rate) in NOISES.items()}
ax = plots.depth_profile({name: found[:, 1] for name, found in tried.items()}, predicted=lines,
                         ylabel="variance handed on")
ax.set_title("Alpha dropout keeps variance 1, ordinary dropout does not")
plots.label_lines(ax)
means = tried["alpha dropout, 10%"][:, 0, -1]
assert np.abs(means).max() < 4 / math.sqrt(N)                            # four standard errors, N units
for rate in (0.05, 0.1):
    print("p = {:.0%}: s = {:.6f}, t = {:.6f}".format(rate, *constants(rate)))

# %% [markdown]
# **What to see.** Ordinary dropout of half of the units doubles $E[a^2]$. For SELU that is He's initialization once
# more, and explodes.
#
# Now backward. $f'$ does not depend on which units will be dropped, so the factor of a layer is $\chi\,s^2 q$, and
# $s^2 q = 1/(1 + \alpha'^2 p)$ is below 1 as soon as $p > 0$. The two effects pull in opposite directions.

# %%
RATES_TRIED = (0.0, 0.05, 0.1)
paths = {f"{rate:.0%} dropped": np.array([with_noise(layers.AlphaDropout, rate, seed)[2] for seed in SEEDS])
         for rate in RATES_TRIED[:2]} | {"10% dropped": tried["alpha dropout, 10%"][:, 2]}
expected_paths = {name: (chi / (1 + low**2 * rate)) ** steps for name, rate in zip(paths, RATES_TRIED, strict=True)}
ax = plots.depth_profile({name: path[:, ::-1] for name, path in paths.items()}, first=0,
                         predicted={name: path[::-1] for name, path in expected_paths.items()},
                         xlabel="layers back from layer 32", ylabel="mean δ²")
ax.set_title("Without dropout the gradient grows, with alpha dropout it vanishes")
plots.label_lines(ax)
print(f"growth and loss cancel at p = (χ − 1)/α′² = {(chi - 1) / low**2:.1%}")

# %% [markdown]
# Criteria: *alpha dropout keeps the variance*: at layer 32 it is between 0.8 and 1.25 with 10% dropped (the paper
# recommends 5% and 10%); the mean was asserted above. *Gradients cannot vanish*, with the same: their size (root
# mean square) at layer 1 is at least a tenth of that at layer 32.

# %%
claims.judge("08-alpha-dropout", source=f"{PAPER}, new dropout technique",
             statement="dropout in a SELU net keeps unit variance (at layer 32, 10% dropped)",
             measured=tried["alpha dropout, 10%"][:, 1, -1], criterion=claims.between(0.8, 1.25),
             condition="alpha dropout", without=tried["dropout, 10%"][:, 1, -1])

# %%
claims.judge("08-alpha-gradient", source=f"{PAPER}, abstract and new dropout technique",
             statement="gradients do not vanish, with alpha dropout at 10% (rms δ, layer 1/layer 32)",
             measured=np.sqrt(paths["10% dropped"][:, 0]), criterion=claims.at_least(0.1))

# %% [markdown]
# ## 8. Figure 1
#
# Figure 1 of the paper trains nets of 8, 16 and 32 layers on MNIST, SELU against ReLU + BatchNorm, by plain SGD at one
# learning rate, 1e-5. (In the authors' code the loss is a sum over the batch of 128, so that with a mean it is
# 0.00128.) Ours have 128 units a layer, 4,000 images, and five learning rates, the same for all.
#
# **Predict.** At a rate of 0.00128, which one wins? And if each may choose its rate? And on the test part?

# %%
def curves(net, depth, rate):
    return sweep.where(net=net, depth=depth, rate=rate).table("loss")


PAIR = {"SELU": (activations.selu, 1, None), "ReLU + BatchNorm": (activations.relu, 2, layers.BatchNorm)}
live = {name: mn.fit(built([784, *[128] * 8], 0, *kind), (x, y), loss=losses.softmax_cross_entropy, batch_size=128,
                     optimizer=optimizers.SGD(0.00128), epochs=2 if FAST else 10, rng=0, progress=False).loss
        for name, kind in PAIR.items()}
for net in PAIR:
    if not FAST:                                         # seed 0 of the stored runs; 10% for another BLAS
        band = curves(net, 8, 0.00128)
        assert (0.9 * band.min(axis=0) <= live[net]).all(), net
        assert (live[net] <= 1.1 * band.max(axis=0)).all(), net

# %%
fig, axes = plt.subplots(2, 3, figsize=(11, 6), sharex=True, sharey="row")
for row, choice in zip(axes, ("the paper's rate", "the best rates"), strict=True):
    for ax, depth in zip(row, (8, 16, 32), strict=True):
        rates = {net: 0.00128 if choice == "the paper's rate" else best_rate(net, depth) for net in PAIR}
        plots.learning_curves({net: curves(net, depth, rate) for net, rate in rates.items()}, ax=ax,
                              ylabel="training loss" if depth == 8 else "")
        ax.set(title=f"{depth} layers, {choice}", xlabel="epoch" if choice == "the best rates" else "")
        ax.get_legend().remove()
for ax in axes[:, 2]:
    plots.label_lines(ax)

# %% [markdown]
# **What to see.** Above, the paper's rate: with BatchNorm the deep nets hardly move. Below, the best rates: they move,
# and stay behind. Bands go from the smallest to the largest of five seeds.
#
# Criteria, all five seeds: *faster*, SELU's training loss after 10 epochs is at most that of ReLU + BatchNorm, at 32
# layers, at the paper's rate, and with the best rate for each. *High variance*: at the paper's rate and 32 layers, the
# number of epochs in which the loss rises is greater by at least one with BatchNorm; the counter-measurement is 8
# layers. *Better*: at 32 layers and the best rate (chosen by training loss) SELU makes fewer test errors than ReLU,
# than tanh and than ReLU + BatchNorm, by seed.

# %%
ratio = {"paper": final_losses("SELU", 32, 0.00128) / final_losses("ReLU + BatchNorm", 32, 0.00128),
         "best": best("SELU", 32) / best("ReLU + BatchNorm", 32)}
for depth in (8, 16):
    print(f"{depth} layers, SELU/(ReLU + BatchNorm), medians: paper's rate "
          f"{np.median(final_losses('SELU', depth, 0.00128) / final_losses('ReLU + BatchNorm', depth, 0.00128)):.2g}, "
          f"best rates {np.median(best('SELU', depth) / best('ReLU + BatchNorm', depth)):.2g}")
claims.judge("08-figure-1", source=f"{PAPER}, Fig. 1",
             statement="SELU learns faster than ReLU + BatchNorm, at the figure's rate (loss, ratio, 32 layers)",
             measured=ratio["paper"], criterion=claims.at_most(1), refutable=False, mode="stored")

# %%
claims.judge("08-figure-1-best-rates", source=f"{PAPER}, Fig. 1",
             statement="SELU learns faster than ReLU + BatchNorm, each at its best rate (loss, ratio, 32 layers)",
             measured=ratio["best"], criterion=claims.at_most(1), refutable=False, mode="stored")

# %%
def rises(net, depth):
    return (np.diff(curves(net, depth, 0.00128)) > 0).sum(axis=1)


more = {depth: rises("ReLU + BatchNorm", depth) - rises("SELU", depth) for depth in (8, 32)}
claims.judge("08-figure-1-variance", source=f"{PAPER}, Fig. 1",
             statement="BatchNorm's training loss goes up and down (epochs in which it rises, more than SELU's)",
             measured=more[32], criterion=claims.at_least(1), condition="32 layers", without=more[8],
             refutable=False, mode="stored", post_hoc="the depth of the condition")

# %%
def wrong(net):
    return 100 * sweep.where(net=net, depth=32, rate=best_rate(net, 32), epoch=10).array("test_error")


rivals = ("ReLU + BatchNorm", "ReLU", "tanh")
print("32 layers            rate   training loss   test error, %   (medians of five seeds)\n" + "\n".join(
    f"{net:18} {best_rate(net, 32):>7g} {np.median(best(net, 32)):>12.3f} {np.median(wrong(net)):>14.1f}"
    for net in ("SELU", "SELU, scale 9/16", "SELU + BatchNorm", *rivals)))
ahead = np.min([wrong(net) for net in rivals], axis=0) - wrong("SELU")
claims.judge("08-better", source=f"{PAPER}, abstract",
             statement="SELU nets are more accurate than the others (errors fewer than the best rival, %, 32 layers)",
             measured=ahead, criterion=claims.at_least(0), refutable=False, mode="stored")

# %% [markdown]
# This is a lead under Figure 1's training: plain SGD, and some 30 steps an epoch. With momentum and batches of 64
# chapter 05's ReLU nets come much further at about the same depth, without BatchNorm.
