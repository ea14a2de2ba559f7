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
# **The question.** Batch normalization gives every layer mean 0 and variance 1 by force. In 2017 Klambauer,
# Unterthiner, Mayr and Hochreiter asked for an activation that does it by itself: signals that are too large shrink
# from layer to layer, signals that are too small grow, and all end at mean 0, variance 1. Their answer is one line
# with two strange constants,
#
# selu(z) = λz for z > 0,  λα(e^z − 1) for z ≤ 0,   α = 1.6732632…, λ = 1.0507009…,
#
# and a proof of many pages. Where do the constants come from? What does the proof say of a network as it is drawn,
# and of one that was trained? And the sentence everybody quotes, that with it *vanishing and exploding gradients are
# impossible*: is it so?
#
# **What you need.** The forward and backward pass (chapter 01), averages over a Gaussian, and what a Jacobian and its
# singular values are. The data are the 5,000 digits of MNIST-5k, each pixel standardised to mean 0 and variance 1 over
# the training part, or Gaussian noise of a variance that is stated. Five seeds of every training run are read from
# stored results, which `python -m chapters --sweeps 08` computes again. Article A is one of four popular introductions
# (see the README). A claim's table has the median over runs and their range, and the verdict compares the *whole
# range* with the criterion; *conditional* means that it holds under the condition that is named, and fails in the
# counter-measurement, "otherwise".
#
# Where it says **Predict**, stop and write an answer down before you read on.

# %%
import math
import os
from functools import partial
from itertools import pairwise, product
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Markdown

import minnet as mn
from minnet import (
    activations,
    claims,
    datasets,
    diagnostics,
    initializers,
    layers,
    losses,
    optimizers,
    plots,
    sweeps,
    theory,
)

FAST = os.environ.get("MINNET_FAST") == "1"
SEEDS = range(2 if FAST else 5)
plt.rcParams.update({"figure.figsize": (7.5, 3.2), "figure.constrained_layout.use": True, "axes.grid": True,
                     "grid.alpha": 0.3, "legend.framealpha": 0.9, "font.size": 9})

mnist = datasets.standardized(datasets.mnist_5k())
RESULTS = Path(mn.__file__).parents[1] / "chapters" / "results"
stored, hundred = (sweeps.read(RESULTS / f"08_{name}.jsonl") for name in ("selu", "hundred"))
PAPER = "Klambauer and others 2017"


def listed(values, form=".3g"):
    return ", ".join(f"{value:{form}}" for value in values)


# %% [markdown]
# ## 1. Two equations, two constants
#
# Suppose a layer's inputs have mean 0 and variance 1, and the weights of a unit satisfy Σ w = 0 and Σ w² = 1. Then
# z = Σ w_i x_i has mean 0 and variance 1 too, and as a sum of many terms it is nearly Gaussian. To hand the same on,
# the activation must satisfy
#
# E[f(z)] = 0  and  E[f(z)²] = 1  for z ~ N(0, 1).
#
# Two equations, so an activation with two free constants will do. Take an exponential linear unit, whose negative side
# can pull the mean down, and give it a depth α and a scale λ. The first equation does not contain λ (E[g; A] is the
# average of g, counted where A holds): E[z; z > 0] + α E[e^z − 1; z ≤ 0] = 0 gives α. Then the second gives λ. Both
# averages by plain numpy, with the integrals cut at 0, where f has its kink:

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


def selu(z):
    return lam * np.where(z > 0, z, alpha * np.expm1(np.minimum(z, 0)))


np.testing.assert_allclose(selu(Z), activations.selu.f(Z), rtol=1e-12, atol=1e-15)
assert max(abs(average(selu)), abs(average(lambda z: selu(z) ** 2) - 1)) < 1e-14
Markdown(f"α = {alpha:.13f}, λ = {lam:.13f}. E[selu] and E[selu²] − 1 are 0, to 14 decimal places. The library's "
         "`activations.selu` is the same function.")

# %% [markdown]
# Both integrals have a closed form, because E[e^{kz}; z < 0] = e^{k²/2} Φ(−k), where Φ(t) is the probability that a
# standard Gaussian is below t. With Φ(−1) = ½ erfc(1/√2) the first equation reads 1/√(2π) + α(½ e^{1/2} erfc(1/√2) − ½)
# = 0, that is
#
# α = −√(2/π) / (e^{1/2} erfc(1/√2) − 1),
#
# the paper's eq. 14. Criterion: our two numbers agree with the paper's printed digits to 12 places.

# %%
closed = -math.sqrt(2 / math.pi) / (math.exp(0.5) * math.erfc(1 / math.sqrt(2)) - 1)
printed = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946
claims.judge("08-constants", source=f"{PAPER}, eq. 14",
             statement="α and λ solve E[f] = 0, E[f²] = 1 (largest relative difference from the printed digits)",
             measured=max(abs(alpha / printed[0] - 1), abs(lam / printed[1] - 1), abs(closed / printed[0] - 1)),
             criterion=claims.at_most(1e-12))

# %% [markdown]
# ## 2. A fixed point that attracts
#
# That (0, 1) stays (0, 1) would be worth little if a small deviation grew. Let the inputs of a unit have mean μ and
# variance ν, let ω = Σ w and τ = Σ w². Then z ~ N(μω, ντ), and
#
# g: (μ, ν) → (μ̃, ν̃) = (E[selu(z)], Var[selu(z)])
#
# is the paper's map (eq. 3 to 5; `theory.selu_map` computes it). At ω = 0, τ = 1 the mean of the inputs does not
# matter. Its Jacobian there is eq. 6 of the paper. Where the largest singular value of the Jacobian is below 1, the map
# brings any two points closer to each other: it is a *contraction*, and they all end in one fixed point.
#
# **Predict.** From a variance of 16, how many layers until it is within 10% of 1?

# %%
for q in (0.05, 1.0, 9.0):                                             # the rung: our integral and the library's
    mean = average(selu, q)
    np.testing.assert_allclose(theory.selu_map(0, q), (mean, average(lambda z: selu(z) ** 2, q) - mean**2), rtol=1e-10,
                               atol=1e-14)
sequence = [(0.0, 16.0)]
while abs(sequence[-1][1] - 1) > 0.1:
    sequence.append(theory.selu_map(*sequence[-1]))
J = theory.selu_jacobian(0, 1)

# %%
fig, axes = plt.subplots(1, 2, figsize=(9, 3.6))
maps = {f"τ = {tau:g}": (lambda nu, tau=tau: theory.selu_map(0, nu, tau=tau)[1] if nu > 0 else 0.0)
        for tau in (0.8, 1, 1.25)}
plots.iterated_maps({"τ = 1": maps["τ = 1"]}, stop=16, start=16, symbol=r"\nu", ax=axes[0])
ends = dict.fromkeys(maps, 1.0)
for name, f in maps.items():
    for _ in range(300):
        ends[name] = f(ends[name])
plots.iterated_maps(maps, stop=3, symbol=r"\nu", ax=axes[1])
axes[1].plot([*ends.values()], [*ends.values()], "ko", markersize=10, mfc="none", mew=2, label="fixed point")
axes[0].get_legend().remove()
axes[1].legend(loc="lower right", fontsize=8)
Markdown(f"It takes {len(sequence) - 1} layers: {listed([nu for _, nu in sequence[1:]])}. Left, the staircase from 16; "
         "right, the map near its fixed point, which moves with τ; each crosses the diagonal from above: stable. "
         f"Jacobian at (0, 1): [[{J[0, 0]:.0f}, {J[0, 1]:.6f}], [{J[1, 0]:.0f}, {J[1, 1]:.6f}]].")

# %% [markdown]
# The paper then leaves ω = 0, τ = 1, as training will. **Theorem 1**: in the domain Ω, |μ| ≤ 0.1, |ω| ≤ 0.1,
# 0.8 ≤ ν ≤ 1.5, 0.95 ≤ τ ≤ 1.1, the map is a contraction, and for each (ω, τ) all points go to one fixed point, which
# lies in μ ∈ [−0.03106, 0.06773], ν ∈ [0.80009, 1.48617]. **Theorem 2**: for |μ| ≤ 1, |ω| ≤ 0.1, 3 ≤ ν ≤ 16,
# 0.8 ≤ τ ≤ 1.25 the variance falls. **Theorem 3**: for |μ|, |ω| ≤ 0.1 and τ ≤ 1.25 it rises if 0.02 ≤ ν ≤ 0.16 and
# τ ≥ 0.8, or if 0.02 ≤ ν ≤ 0.24 and τ ≥ 0.9. The proofs are by computer, on fine grids. Ours are coarser: they prove
# nothing, but would show where it fails.
#
# Criteria: the singular value at (0, 1) rounds to the paper's 0.7877; on the grid the largest is below 1; every fixed
# point is in the stated intervals, and the four corners of the domain reach it to 1e-6 in 100 layers; ν̃/ν is below 1
# (Theorem 2) or above 1 (Theorem 3) on all of the grid.

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
claims.judge("08-jacobian", source=f"{PAPER}, eq. 6", paper=0.7877,
             statement="the largest singular value of the map's Jacobian at (0, 1) is 0.7877",
             measured=float(np.linalg.norm(J, 2)), criterion=claims.between(0.78765, 0.78775))

# %%
claims.judge("08-contraction", source=f"{PAPER}, Theorem 1",
             statement="the map is a contraction on all of Ω (largest singular value on a grid)",
             measured=float(max(norms)), criterion=claims.at_most(1))

# %%
claims.judge("08-theorem-1", source=f"{PAPER}, Theorem 1",
             statement="each (ω, τ) has one fixed point, in the stated intervals, and all of Ω goes to it (share)",
             measured=float(np.mean(inside)), criterion=claims.at_least(1))

# %%
falls = max(theory.selu_map(mu, nu, omega=omega, tau=tau)[1] / nu for mu, omega, nu, tau in
            grid((-1, 1, K), (-0.1, 0.1, K), (3, 16, 2 * K), (0.8, 1.25, K)))
claims.judge("08-theorem-2", source=f"{PAPER}, Theorem 2", statement="a large variance falls (largest ν̃/ν on a grid)",
             measured=falls, criterion=claims.at_most(1))

# %%
rises = min(theory.selu_map(mu, nu, omega=omega, tau=tau)[1] / nu for top, low in ((0.16, 0.8), (0.24, 0.9))
            for mu, omega, nu, tau in grid((-0.1, 0.1, K), (-0.1, 0.1, K), (0.02, top, 2 * K), (low, 1.25, K)))
claims.judge("08-theorem-3", source=f"{PAPER}, Theorem 3", statement="a small variance rises (smallest ν̃/ν on a grid)",
             measured=rises, criterion=claims.at_least(1))

# %% [markdown]
# All of it holds. But the intervals of Theorem 1 are not where the fixed points are. They are where *one layer* sends
# all of Ω, and the fixed points fill less than that:

# %%
Markdown(f"Fixed points: μ from {fixed[:, 0].min():.4f} to {fixed[:, 0].max():.4f}, ν from {fixed[:, 1].min():.3f} to "
         f"{fixed[:, 1].max():.3f}. One layer: μ from {image[:, 0].min():.5f} to {image[:, 0].max():.5f}, ν from "
         f"{image[:, 1].min():.3f} to {image[:, 1].max():.3f} on this coarse grid.")

# %% [markdown]
# ## 3. What a network does
#
# The paper draws weights from N(0, 1/n). Then Σ w = 0 and Σ w² = 1 "in expectation".
#
# **Predict.** In such a layer of 1,000 inputs, which share of the units satisfies Theorem 1's |ω| ≤ 0.1 and
# 0.95 ≤ τ ≤ 1.1? Almost all, half, a tenth?

# %%
def drawn(rng, n, exact=False):
    """Weights (n, n) from N(0, 1/n); `exact` centres each column and scales it, so that ω = 0 and τ = 1."""
    W = rng.normal(0, n**-0.5, (n, n))
    if exact:
        W -= W.mean(axis=0)
        W /= np.sqrt((W**2).sum(axis=0))
    return W


def in_domain(W):
    omega, tau = W.sum(axis=0), (W**2).sum(axis=0)
    return float(((abs(omega) <= 0.1) & (tau >= 0.95) & (tau <= 1.1)).mean())


shares = [in_domain(drawn(np.random.default_rng(seed), 1000)) for seed in SEEDS]
W = drawn(np.random.default_rng(0), 1000)
Markdown(f"As drawn: {np.mean(shares):.1%} of the units. Over the units ω has a standard deviation of "
         f"{W.sum(axis=0).std():.2f}: it is a sum of n numbers of variance 1/n. In a wide layer τ comes close to 1, "
         "but ω stays N(0, 1), however wide the layer is.")

# %% [markdown]
# Criterion for "a net that is drawn so meets the theorem's conditions": at least half of its units do.

# %%
claims.judge("08-mild-conditions", source=f"{PAPER}, Theorem 1",
             statement="a SELU net as it is drawn meets Theorem 1's conditions on the weights (share of its units)",
             measured=shares, criterion=claims.at_least(0.5))

# %% [markdown]
# But then, what do the other units do? Given the activations a of the layer below, z = Σ w_i a_i with *random* w is
# Gaussian over the units, with variance
#
# E[z²] = n · (1/n) · mean(a²) = E[a²] = ν + μ²,
#
# while the paper's ω = 0 takes the mean away and leaves ν. So there are **two** maps. Where the mean is 0 they agree,
# also in the fixed point; on the way they differ. Both are drawn below, from inputs N(0, 16), and both are measured:
# weights as drawn, and weights with Σ w = 0 and Σ w² = 1 in each unit.

# %%
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
plots.depth_profile(runs, predicted=theories, first=0, ylabel="variance of a")
off = {name: np.abs(runs[name] / paper_map - 1)[:, 1:].max(axis=1) for name in runs}
Markdown("The paper's map: " + listed([paper_map[k] for k in (1, 2, 4, 8, 16)], ".2f") + " at layers 1, 2, 4, 8, 16; "
         "weights as drawn: " + listed([theories["weights as drawn"][k] for k in (1, 2, 4, 8, 16)], ".2f")
         + " in theory, " + listed([np.median(runs["weights as drawn"][:, k]) for k in (1, 2, 4, 8, 16)], ".2f")
         + " measured. Lines are theory, markers networks.")

# %% [markdown]
# Criterion for the map: at each of 16 layers the measured variance is within 5% of the paper's map, for every seed.

# %%
claims.judge("08-two-maps", source=f"{PAPER}, eq. 3 to 5",
             statement="the variance goes through the layers as the map says (largest deviation in 16 layers)",
             measured=off["Σ w = 0, Σ w² = 1"], criterion=claims.at_most(0.05),
             condition="Σ w = 0 and Σ w² = 1 in each unit", without=off["weights as drawn"])

# %% [markdown]
# Theorem 1 is about those few units. That networks normalize themselves all the same is due to the other map, which
# needs no ω = 0: its fixed point is E[a²] = 1, and it is as stable.
#
# ## 4. A hundred layers, before and after training
#
# 100 layers of 128 units, weights N(0, 1/n), and five kinds of input: the test images as they are, a third or three
# times as large, shifted by 1, doubled and shifted by −2. Then 10 epochs of plain SGD on the images as they are, and
# the same five again. The bold lines are theory for the inputs a third and three times as large; on the right it is
# fed with the trained weights' Σ w², layer by layer. (Images differ in length; theory takes each with its own.)
#
# **Predict.** Training changes all weights, and nothing holds Σ w² at 1. Where will the variances be afterwards?
# Still at 1; near 1 but no longer in one point; anywhere? Will the theory still be right?

# %%
INPUTS = {"as it is": (0, 1), "a third": (0, 1 / 3), "three times": (0, 3), "shifted by 1": (1, 1),
          "doubled, shifted by -2": (-2, 2)}
x, y = mnist.train
x_test = mnist.test[0][:200 if FAST else 1000]                         # the classes are interleaved


def profile(net, x):
    """Mean and variance of every hidden layer's a, (2, layers)."""
    found = []
    for layer in net.layers[:-1]:
        x = layer(x)
        found.append((x.mean(dtype=float), x.var(dtype=float)))
    return np.array(found).T


def five(net):
    return {name: profile(net, (m + s * x_test).astype(np.float32)) for name, (m, s) in INPUTS.items()}


deep = mn.mlp([784, *[128] * 100, 10], activation=activations.selu, init=initializers.lecun_normal, rng=0)
before, W_before = five(deep), [layer.W.copy() for layer in deep.layers]
expected = [signal(((s * x_test) ** 2).mean(axis=1), np.ones(100)) for s in (1 / 3, 3)]
history = mn.fit(deep, (x, y), loss=losses.softmax_cross_entropy, optimizer=optimizers.SGD(0.0025),
                 epochs=1 if FAST else 10, batch_size=128, rng=0, progress=False)
after = five(deep)
taus = np.array([np.square(layer.W, dtype=float).sum(axis=0).mean() for layer in deep.layers[:-1]])
expected += [signal(((s * x_test) ** 2).mean(axis=1), taus) for s in (1 / 3, 3)]

# %%
fig, axes = plt.subplots(1, 2, figsize=(10, 3.8), sharey=True)
styles = ("o-", "s--", "^:", "D-.", "v-")
for ax, title, found in zip(axes, ("before", "after"), (before, after), strict=True):
    for k, (style, (name, (_, variance))) in enumerate(zip(styles, found.items(), strict=True)):
        ax.plot(range(1, 101), variance, style, color=plt.cm.viridis(k / 5), markevery=(2 * k, 12), markersize=4,
                linewidth=1, label=name)
    ax.set(title=f"{title} training", xlabel="layer", yscale="log", ylim=(0.15, 12), yticks=(0.2, 0.5, 1, 2, 5, 10))
    ax.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    ax.minorticks_off()
for k, line in enumerate(expected):
    axes[k // 2].plot(range(1, 101), line, "k", linewidth=2, zorder=0.5, label=None if k else "theory")
axes[0].set_ylabel("variance of a")
fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=6, fontsize=8)
plt.show()

# %%
SEEDS_STORED = sorted({row["seed"] for row in hundred})                # the run above is seed 0 of this sweep


def kept(when, column, name=None):
    """(seeds, inputs, layers), or of one input (seeds, layers)."""
    if name is not None:
        return hundred.where(when=when, input=name).array(column).reshape(-1, 100)
    return np.stack([kept(when, column, name) for name in INPUTS], axis=1)


def apart(when):
    """The largest over the smallest of the five variances at layer 100, by seed."""
    last = kept(when, "variance")[..., -1]
    return last.max(axis=1) / last.min(axis=1)


level = {when: kept(when, "variance")[..., 50:].mean(axis=(1, 2)) for when in ("before", "after")}
if not FAST:
    live = np.mean([variance[50:] for _, variance in after.values()])
    assert 0.9 * level["after"].min() <= live <= 1.1 * level["after"].max(), (live, level)
Markdown("This run was one draw; here are five, stored. At the input the largest of the five variances is 81 times the "
         f"smallest, at layer 100 it is at most {apart('before').max():.2f} times the smallest before training and "
         f"{apart('after').max():.2f} times after it. The mean variance in layers 51 to 100 is "
         f"{level['before'].min():.2f} … {level['before'].max():.2f} before and {level['after'].min():.2f} … "
         f"{level['after'].max():.2f} after: still nearly one point, but another one, and on the way the variance "
         "differs from layer to layer.")

# %% [markdown]
# So the *attraction* survives training, the *point* does not; and the theory misses it, though it knows the trained
# weights' sizes. What has happened? For each layer take E[z²]/(τ E[a²]), which is 1 if weights and activations know
# nothing of each other.

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
Markdown("Training has moved the weights of layers 2 to 100 by less than 1% of their norm (median), and "
         f"Σ w² is on average {taus[1:].mean():.2f}, as it was. But E[z²] exceeds τ E[a²] by about a tenth on average "
         "in layers 2 to 50, and by more than 15% where it does most. The little that changed points where the "
         "activations point.")

# %% [markdown]
# Σ w² is not what moved the fixed point. What gave way is an assumption of the derivation, that weights and activations
# are independent; learning consists in making them dependent. The theorem's domain for ω and τ says nothing about that.
#
# Criteria, each for five seeds. *Before training, activations converge to unit variance*: in layers 51 to 100 all five
# inputs have a variance in Ω, between 0.8 and 1.5. *One point*: after training the largest of the five variances at
# layer 100 is at most 1.1 times the smallest (at the input 81 times). *Into Ω*: the authors observed in all experiments
# that mean and variance are pushed into Ω; of the layers 51 to 100, with five inputs, at least 95% lie in it after
# training.

# %%
late = kept("before", "variance")[..., 50:]
claims.judge("08-hundred-layers", source=f"{PAPER}, abstract",
             statement="in 100 layers activations converge to unit variance (smallest and largest, layers 51–100)",
             measured=[*late.min(axis=(1, 2)), *late.max(axis=(1, 2))], criterion=claims.between(0.8, 1.5),
             mode="stored")

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

# %%
ranges = {when: kept(when, "variance", "as it is")[:, 50:] for when in ("before", "after")}
Markdown("The variance in layers 51 to 100, images as they are, five seeds: "
         + "; ".join(f"{values.min():.2f} to {values.max():.2f} {when} training" for when, values in ranges.items())
         + f". Of the layers, {np.median(omega_share):.0%} are in Ω after training (median of the seeds), before it "
         f"{np.median(in_omega('before')):.0%}. One point within 10% is what {(apart('after') <= 1.1).sum()} of "
         f"{len(SEEDS_STORED)} trained nets come to, and {(apart('before') <= 1.1).sum()} before training: most of the "
         "attraction is left, not all of it.")

# %% [markdown]
# ## 5. Which weights?
#
# Article A says that self-normalizing networks need no careful initialization, and that even zeros work. Chapter 02
# has tried zeros (claim 02-selu-zeros): every weight stays exactly 0. Here is the other half, weights that are random
# but not N(0, 1/n). Let σ_w² = fan_in · Var[W]. Then E[z²] goes through the layers by V(q) = σ_w² E[selu(√q z)²].
#
# **Predict.** For large q half of the units are linear with slope λ, the others say −λα. For σ_w² = 2, He's choice:
# does V come back from large q?

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
plots.depth_profile(forward, predicted=predicted, ylabel="variance of a")
assert np.abs(forward["1/n (LeCun)"][:, -1] - 1).max() < 0.2              # single nets scatter by some 4%
far = theory.MeanField(activations.selu, 2.0)
Markdown("Variance at layer 32: " + "; ".join(f"{name} {np.median(forward[name][:, -1]):.2g} (theory "
         f"{predicted[name][-1]:.2g})" for name in SCALES) + ". With He's weights V(q)/q is "
         f"{far.variance(1e8) / 1e8:.3f} even for very large q: λ² = {lam**2:.3f}, and no fixed point. (The median of "
         "a product of random factors is below its mean: chapter 05.)")

# %%
q = np.geomspace(1e-6, 1e4, 21 if FAST else 41)
points = [theory.moments(activations.selu, float(value)) for value in q]
scales = q / [m.second.value for m in points]                                      # V(q) = q gives σ_w² = q/E[f²]
fig, axes = plt.subplots(1, 2, figsize=(9, 3.2), sharex=True)
axes[0].plot(scales, [m.second.value for m in points], "o-", markersize=3)
axes[0].set(ylabel="E[a²] at the fixed point", yscale="log", ylim=(1e-4, 1e3))
axes[1].plot(scales, [scale * m.slope.value for scale, m in zip(scales, points, strict=True)], "s-", markersize=3)
axes[1].set(ylabel="χ: factor on the gradient's variance")
for ax in axes:
    ax.set(xlabel="σ_w² = fan_in · Var[W]")
    for at, style in ((9 / 16, "--"), (1.0, ":")):
        ax.axvline(at, color="black", linewidth=0.8, linestyle=style)
edge, end = scales[0], 2 / lam**2                          # q → 0: linear with slope λ above 0, λα below
np.testing.assert_allclose(edge, 2 / (lam**2 * (1 + alpha**2)), rtol=1e-2)
Markdown(f"Left: below σ_w² = {edge:.3f} signals die, above 2/λ² = {end:.3f} they grow without end; between the two "
         "each scale has a fixed point of its own, and only one of them is at 1. Dotted: σ_w² = 1; dashed: "
         "PyTorch's 9/16. Right: χ, the subject of the next section.")

# %% [markdown]
# With ReLU or linear units a scale that is wrong by a factor of two costs a factor of 2 in each layer; SELU finds a
# point of its own, if the scale is between these ends. In that sense it is forgiving. But PyTorch's default for linear
# layers, U(±1/√n), has σ_w² = 1/3 and lies below; He's 2 lies above. Criteria: *keeps unit variance*, the variance of a
# at layer 32 is between ½ and 2. *Trains without careful initialization*: the stored 32-layer nets (128 units,
# MNIST-5k, five learning rates, the best for each) bring the training loss below half of ln 10 in 10 epochs. The scales
# are judged in two groups, those above the lower end and the one below it.

# %%
def final_losses(net, depth, rate):
    """The last epoch's training loss of each seed; ∞ where training diverged."""
    return np.array([row.get("loss", math.inf) for row in stored.where(net=net, depth=depth, rate=rate, epoch=10)])


RATES = sorted({row["rate"] for row in stored})


def best_rate(net, depth):
    return min(RATES, key=lambda rate: np.median(final_losses(net, depth, rate)))


def best(net, depth):
    return final_losses(net, depth, best_rate(net, depth))


starts = {"SELU": "1", "SELU, scale 9/16": "9/16", "SELU, scale 2": "2", "SELU, scale 1/3": "1/3"}
print("σ_w²   best rate   training loss, five seeds\n" + "\n".join(
    f"{scale:>4} {best_rate(net, 32):>11g}   {listed(sorted(best(net, 32)))}" for net, scale in starts.items()))

# %%
claims.judge("08-unit-variance", source="PyTorch, calculate_gain('selu') = 3/4",
             statement="initialized for SELU, a network keeps unit variance (variance of a, layer 32)",
             measured=forward["1/n (LeCun)"][:, -1], criterion=claims.between(0.5, 2),
             condition="gain 1, as the documentation itself advises",
             without=forward["(9/16)/n (PyTorch's gain ¾)"][:, -1])

# %%
claims.judge("08-careful-initialization", source="popular article A",
             statement="self-normalizing nets need no careful initialization (training loss, 32 layers)",
             measured=[*best("SELU", 32), *best("SELU, scale 9/16", 32), *best("SELU, scale 2", 32)],
             criterion=claims.at_most(math.log(10) / 2), mode="stored",
             condition=f"signals survive, fan_in · Var[W] above {edge:.3f}: 9/16, 1 and 2",
             without=best("SELU, scale 1/3", 32))

# %% [markdown]
# Article A is half right. From He's weights, which explode, the net learns at a small rate, if badly; from PyTorch's
# gain ¾ it learns well. SELU forgives a start that is too large; it does not forgive one that is too small, and that is
# what PyTorch's layers have when nothing is said.

# %% [markdown]
# ## 6. The way back
#
# From the bounds on the variance the paper concludes that vanishing and exploding gradients are impossible. Is that
# right? Going back, δˡ = (δˡ⁺¹ Wᵀ) ⊙ f′(zˡ), with W of layer l + 1, and the variance of δ is multiplied by
#
# χ = σ_w² E[f′(z)²].
#
# That is another average than E[f²].
#
# **Predict.** For SELU at its fixed point: below 1, equal to 1, above 1?
#
# There is no need to integrate. Write f as a sum of Hermite polynomials, f = Σ c_k h_k, where h_k has the degree k and
# E[h_j h_k] is 1 for j = k and 0 otherwise (h_0 = 1, h_1 = z, h_2 = (z² − 1)/√2, …). Since h_k′ = √k h_{k−1},
#
# E[f] = c_0,  E[f²] = Σ c_k²,  E[f′²] = Σ k c_k².
#
# The two equations of section 1 say c_0 = 0 and Σ_{k≥1} c_k² = 1. Hence χ = Σ k c_k² **≥ 1, with equality only if
# f is linear**. Whatever activation keeps mean 0 and variance 1 by weights of variance 1/n makes gradients grow: not
# a weakness of SELU, a theorem about self-normalization (it is the Gaussian Poincaré inequality, Var[f] ≤ E[f′²]).
# ReLU with He's weights escapes by giving up the mean: c_0² is part of E[f²] and not of E[f′²].

# %%
chi = average(lambda z: np.where(z > 0, lam, lam * alpha * np.exp(np.minimum(z, 0))) ** 2)
np.testing.assert_allclose(chi, theory.MeanField(activations.selu, 1.0).chi(1.0), rtol=1e-10)
first = average(lambda z: z * selu(z)) ** 2                                             # c_1², the linear part


def normalized(activation):
    """χ of (f − E[f])/√Var[f], at z ~ N(0, 1)."""
    mean, second, slope, _ = (value.value for value in theory.moments(activation, 1.0))
    return slope / (second - mean**2)


table = {f.name: normalized(f) for f in (activations.sigmoid, activations.selu, activations.elu(), activations.softplus,
                                         activations.tanh, activations.swish(), activations.gelu, activations.relu)}
assert min(table.values()) > 1
Markdown(f"SELU: χ = {chi:.4f}, so near to 1 because of E[f²] = 1 a share of c_1² = {first:.1%} is linear. Over 32 "
         f"layers the gradient's variance grows by {chi**32:.1f}, over 100 by {chi**100:,.0f}. Other activations, "
         "shifted and scaled to mean 0 and variance 1: "
         + ", ".join(f"{name} {value:.3f}" for name, value in table.items()) + ".")

# %% [markdown]
# The last one deserves a second look: ReLU made to have mean 0 and variance 1 is what **ReLU + BatchNorm** computes:
# BatchNorm subtracts from each unit its mean over the batch and divides by its deviation, here after the activation, as
# in the authors' code. It normalizes the forward pass too, and by the same inequality it pays for it on the way back,
# with ReLU far more than SELU does. Measured: mean δ² in each of 32 layers, relative to the last.

# %%
batch = np.random.default_rng(0).normal(3, 2, (50, 4))                    # the rung: the library's BatchNorm
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
plots.depth_profile(backward, predicted=lines, ylabel="mean δ², relative to layer 32")
grown = {name: np.median(values[:, 0]) for name, values in backward.items()}
Markdown("From layer 32 to layer 1 the variance of the gradient is multiplied by "
         + ", ".join(f"{value:.3g} ({name}; theory {lines[name][0]:.3g})" for name, value in grown.items())
         + ". Forward, all but gain ¾ are normalized; backward, none is exactly. Theory is for infinite width and "
         "infinite batches: finite ones add to each factor, by the order of 1/n, which is what BatchNorm's lines miss.")

# %% [markdown]
# PyTorch's gain is ¾; its documentation says that it sacrifices normalization for a more stable flow of gradients in
# rectangular layers. (Where fans alternate, their ratios cancel, as in chapter 05; so ours stay square.) At its fixed
# point χ is indeed very near to 1. But a signal of unit variance is not at that fixed point; it comes down to it,
# slowly, and on the way χ is below 1. So gradients *vanish*, over 16 layers by far more than they grow at gain 1. In
# deeper nets the loss has ended, while the growth goes on: here are 100 layers (of 128 units).

# %%
def change(scale, depth, seed, n):
    """ln of the gradient's variance in layer 1, relative to the last hidden layer."""
    return math.log(both_ways(built([n] * (depth + 1), seed, scale=scale), *noise(seed, n))[1][0])


changes = {gain: np.array([change(gain**2, 100, seed, 128) for seed in SEEDS]) for gain in (1, 0.75)}
Markdown("Over 100 layers the gradient's variance is multiplied by "
         + ", ".join(f"{math.exp(np.median(values)):.3g} (gain {gain:g})" for gain, values in changes.items()) + ".")

# %% [markdown]
# Criteria. For the quoted sentence, as in chapter 05: from layer 100 to layer 1 the gradient's size (root mean square)
# changes by less than a factor of ten either way (stored, before training, 128 units, digits). For PyTorch's: it
# changes less, by its logarithm, at gain ¾ than at gain 1, in 100 layers; the counter-measurement is the first 16 of
# the 32 above.

# %%
fresh = kept("before", "delta", "as it is")
claims.judge("08-impossible", source=f"{PAPER}, abstract",
             statement="vanishing and exploding gradients are impossible (rms δ, layer 1/layer 100)",
             measured=np.sqrt(fresh[:, 0] / fresh[:, -1]), criterion=claims.between(0.1, 10), mode="stored")

# %%
at_16 = {name: np.abs(np.log(backward[name][:, 0] / backward[name][:, 15])) for name in ("SELU, gain ¾", "SELU, 1/n")}
claims.judge("08-gain", source="PyTorch, documentation of calculate_gain",
             statement="the gain ¾ gives gradients a more stable flow (|ln| of their change, ¾/1, square layers)",
             measured=np.abs(changes[0.75]) / np.abs(changes[1]), criterion=claims.at_most(1),
             condition="100 layers", without=at_16["SELU, gain ¾"] / at_16["SELU, 1/n"])

# %%
learned = kept("after", "delta", "as it is")
Markdown(f"In variance that is {np.median(fresh[:, 0] / fresh[:, -1]):,.0f} times before training, at 128 units "
         f"(infinite width: χ⁹⁹ = {chi**99:,.0f}), and {np.median(learned[:, 0] / learned[:, -1]):.0f} times after it.")

# %% [markdown]
# One more sentence of the paper can be judged here: that self-normalizing nets cannot be derived with tanh units. The
# two equations are easily solved by c · tanh(z): E[f] = 0 holds by symmetry, and c = 1/√E[tanh²]. Criterion for
# "cannot": a variance of 1 does not stay, after 100 layers of the map it is below ½. Condition: tanh as it is, c = 1.

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
Markdown(f"{c:.3f} tanh(z) is a self-normalizing activation in the sense of the paper's definition, and comes to its "
         f"fixed point faster than SELU: its Jacobian has the singular value {slope:.3f}, SELU's "
         f"{np.linalg.norm(J, 2):.3f}. What it loses is the way back: χ = {table['tanh']:.3f} against {chi:.3f}. That, "
         "rather than the fixed point, is what SELU is good at.")

# %% [markdown]
# ## 7. Alpha dropout
#
# Dropout sets a unit to 0 with probability p and divides the others by q = 1 − p (the paper's letter; no variance now).
# The mean stays, the second moment becomes E[a²]/q. In a SELU net that acts as if σ_w² were 1/q: the fixed point moves
# up, and from 1/q = 2/λ² on, there is none. So the paper sets a dropped unit to α′ = −λα, selu's lower end, and repairs
# mean and variance by a line s·a + t, with s = (q + α′²q(1 − q))^{−1/2} and t = −s(1 − q)α′.
#
# **Predict.** That keeps the forward pass. And the backward pass? Each gradient is multiplied by s, or by 0 where the
# unit was dropped.

# %%
low = -lam * alpha


def constants(rate):
    q = 1 - rate
    s = (q + low**2 * q * (1 - q)) ** -0.5
    return s, -s * (1 - q) * low


for rate in (0.05, 0.1):                                                 # the rung: the library's layer
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
plots.depth_profile({name: found[:, 1] for name, found in tried.items()}, predicted=lines, ylabel="variance handed on")
means = tried["alpha dropout, 10%"][:, 0, -1]
assert np.abs(means).max() < 4 / math.sqrt(N)                            # four standard errors, N units
Markdown(f"s and t at 5%: {constants(0.05)[0]:.6f}, {constants(0.05)[1]:.6f}; at 10%: {constants(0.1)[0]:.6f}, "
         f"{constants(0.1)[1]:.6f}. Half of the units dropped in the ordinary way doubles E[a²]: for SELU that is He's "
         "initialization once more, and explodes. Means at layer 32: "
         + ", ".join(f"{np.median(found[:, 0, -1]):.3f} ({name})" for name, found in tried.items()) + ".")

# %% [markdown]
# Now backward. f′ does not know which units will be dropped, so the factor is χ times s²q, and
# s²q = 1/(1 + α′²p): below 1 as soon as p > 0. The two effects pull in opposite directions.

# %%
RATES_TRIED = (0.0, 0.05, 0.1)
paths = {f"{rate:.0%} dropped": np.array([with_noise(layers.AlphaDropout, rate, seed)[2] for seed in SEEDS])
         for rate in RATES_TRIED[:2]} | {"10% dropped": tried["alpha dropout, 10%"][:, 2]}
expected_paths = {name: (chi / (1 + low**2 * rate)) ** steps for name, rate in zip(paths, RATES_TRIED, strict=True)}
plots.depth_profile(paths, predicted=expected_paths, ylabel="mean δ², relative to layer 32")
balance = (chi - 1) / low**2
Markdown("Alpha dropout lets gradients *vanish*: from layer 32 to 1 their variance is multiplied by "
         + ", ".join(f"{np.median(path[:, 0]):.3g} ({name}; theory {expected_paths[name][0]:.3g})"
                     for name, path in paths.items())
         + f". Growth and loss cancel at p = (χ − 1)/α′² = {balance:.1%}: a SELU net that drops so few units is normal "
         "in both directions.")

# %% [markdown]
# Criteria: *alpha dropout keeps the variance*, at layer 32 it is between 0.8 and 1.25 with 10% dropped (the paper
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
# 0.00128.) The SELU nets learn faster and their curves are smooth; those with BatchNorm are slow and rough, which the
# paper attributes to the perturbations that a batch brings. Section 6 has another suspect. Ours have 128 units a layer,
# 4,000 images, and five learning rates, the same for all.
#
# **Predict.** At a rate of 0.00128 SELU should win. And if each may choose its rate? And on the test part?

# %%
def curves(net, depth, rate):
    return stored.where(net=net, depth=depth, rate=rate).array("loss").reshape(-1, 10)


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
fig, axes = plt.subplots(2, 3, figsize=(10, 5.4), sharex=True, sharey="row")
for row, choice in zip(axes, ("paper", "best"), strict=True):
    for ax, depth in zip(row, (8, 16, 32), strict=True):
        for net, style in zip(PAIR, ("o-", "s--"), strict=True):
            rate = 0.00128 if choice == "paper" else best_rate(net, depth)
            found = curves(net, depth, rate)
            (line,) = ax.plot(range(1, 11), np.median(found, axis=0), style, markersize=3, label=net)
            ax.fill_between(range(1, 11), found.min(axis=0), found.max(axis=0), alpha=0.25, color=line.get_color())
            if choice == "paper" and depth == 8:
                ax.plot(range(1, len(live[net]) + 1), live[net], "kx", label="live" if net == "SELU" else None)
        rates = ", ".join(f"{best_rate(net, depth):g}" for net in PAIR)
        ax.set(title=f"{depth} layers, " + ("rate 0.00128" if choice == "paper" else f"best rates: {rates}"),
               yscale="log")
        ax.set_yticks((0.5, 1, 2) if choice == "paper" else (0.01, 0.1, 1))
        ax.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
        ax.minorticks_off()
    row[0].set_ylabel("training loss")
for ax in axes[1]:
    ax.set_xlabel("epoch")
fig.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
plt.show()

# %%
ratio = {(choice, depth): best("SELU", depth) / best("ReLU + BatchNorm", depth) if choice == "best" else
         final_losses("SELU", depth, 0.00128) / final_losses("ReLU + BatchNorm", depth, 0.00128)
         for choice in ("paper", "best") for depth in (8, 16, 32)}
Markdown("Training loss after 10 epochs, SELU/(ReLU + BatchNorm), medians at 8, 16, 32 layers: "
         + listed([np.median(ratio["paper", depth]) for depth in (8, 16, 32)]) + " at the paper's rate, "
         + listed([np.median(ratio["best", depth]) for depth in (8, 16, 32)]) + " at the best rate for each.")

# %% [markdown]
# **What to see.** Above, the paper's rate: with BatchNorm the deep nets hardly move. Below, the best rates: they move,
# and stay behind. Bands go from the smallest to the largest of five seeds; crosses are the live runs, seed 0.
#
# Criteria, all five seeds and all three depths: *faster*, SELU's training loss after 10 epochs is at most that of
# ReLU + BatchNorm, at the paper's rate, and with the best rate for each. *High variance*: at the paper's rate, the
# number of epochs in which the loss rises is greater by at least one with BatchNorm (32 layers; 8 and 16 beside it).
# *Better*: at 32 layers and the best rate (chosen by training loss) SELU makes fewer test errors than ReLU, than tanh
# and than ReLU + BatchNorm, by seed.

# %%
claims.judge("08-figure-1", source=f"{PAPER}, Fig. 1",
             statement="SELU learns faster than ReLU + BatchNorm, at the figure's rate (training loss, ratio)",
             measured=np.concatenate([ratio["paper", depth] for depth in (8, 16, 32)]), criterion=claims.at_most(1),
             refutable=False, mode="stored")

# %%
claims.judge("08-figure-1-best-rates", source=f"{PAPER}, Fig. 1",
             statement="SELU learns faster than ReLU + BatchNorm, each at its best rate (training loss, ratio)",
             measured=np.concatenate([ratio["best", depth] for depth in (8, 16, 32)]), criterion=claims.at_most(1),
             refutable=False, mode="stored")

# %%
def rises(net, depth):
    return (np.diff(curves(net, depth, 0.00128)) > 0).sum(axis=1)


more = {depth: rises("ReLU + BatchNorm", depth) - rises("SELU", depth) for depth in (8, 16, 32)}
claims.judge("08-figure-1-variance", source=f"{PAPER}, Fig. 1",
             statement="BatchNorm's training loss goes up and down (epochs in which it rises, more than SELU's)",
             measured=more[32], criterion=claims.at_least(1), condition="32 layers", without=[*more[8], *more[16]],
             refutable=False, mode="stored")

# %%
def wrong(net):
    return 100 * stored.where(net=net, depth=32, rate=best_rate(net, 32), epoch=10).array("test_error")


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

# %% [markdown]
# **Which suspect?** The paper says: batches perturb. Section 6 says: ReLU with BatchNorm makes gradients explode, so
# that no learning rate suits all layers. An experiment tells them apart. SELU + BatchNorm has the same batches and
# perturbations, but SELU's χ. Criterion: if the perturbations are what slows BatchNorm down, SELU + BatchNorm is nearly
# as slow as ReLU + BatchNorm, its training loss at least 0.8 times as large (32 layers, best rate for each, by seed).

# %%
claims.judge("08-perturbations", source=f"{PAPER}, on Fig. 1",
             statement="what slows BatchNorm down is the perturbation by batches (training loss, SELU/ReLU before it)",
             measured=best("SELU + BatchNorm", 32) / best("ReLU + BatchNorm", 32), criterion=claims.at_least(0.8),
             mode="stored")

# %% [markdown]
# **And during training?** Article A: with SELU mean and variance stay stable through the network during training. Take
# the SELU nets of this chapter, and in each the layer whose variance has gone furthest from 1, up or down. Criterion:
# by a factor of at most 2. Condition: the small learning rates, 0.00128 with 8, 16 and 32 layers and 0.0025 with 100;
# beside it 0.08, the best rate for 8 and 16 layers.

# %%
def furthest(depth, rate):
    """The largest factor between a layer's variance and 1, by seed."""
    rows = stored.where(net="SELU", depth=depth, rate=rate, epoch=10)
    return np.maximum(rows.array("largest"), 1 / rows.array("least"))


assert {best_rate("SELU", depth) for depth in (8, 16)} == {0.08}
deepest = kept("after", "variance", "as it is")
claims.judge("08-during-training", source="popular article A",
             statement="mean and variance stay stable during training (variance of any layer, factor from 1)",
             measured=[*(value for depth in (8, 16, 32) for value in furthest(depth, 0.00128)),
                       *np.maximum(deepest.max(axis=1), 1 / deepest.min(axis=1))],
             criterion=claims.at_most(2), condition="a small learning rate", mode="stored",
             without=[*furthest(8, 0.08), *furthest(16, 0.08)])

# %%
tau = np.concatenate([stored.where(net="SELU", depth=d, rate=0.08, epoch=10).array("tau") for d in (8, 16)])
last_errors = {rate: 100 * stored.where(net="SELU", depth=16, rate=rate, epoch=10).array("test_error")
               for rate in (0.00128, 0.08)}
at_best = furthest(32, best_rate("SELU", 32))
Markdown(f"At 32 layers and the best rate, {best_rate('SELU', 32):g}, the factor is {at_best.min():.2f} to "
         f"{at_best.max():.2f}. Σ w² is no witness: at a rate of 0.08 it is {tau.min():.3f} to "
         f"{tau.max():.3f}. Nor does a net have to stay near the fixed point to be good: with 16 layers it makes "
         f"{np.median(last_errors[0.08]):.1f}% test errors at 0.08, {np.median(last_errors[0.00128]):.1f}% at 0.00128 "
         "(a larger rate also trains further).")

# %% [markdown]
# ## What to keep
#
# The constants are the solution of two equations, the theorems hold, and a hundred layers come to
# mean 0 and variance 1 from wherever they start. Most of a network's units do not meet the theorem's conditions, and
# after training its assumption of independence does not hold: the attraction is robust beyond what is proved, the
# fixed point itself is not. And the forward pass is not the backward pass: an activation that normalizes itself must
# make gradients grow, by an inequality that leaves no way out but to be nearly linear. SELU is. ReLU before BatchNorm
# is not; and with SELU before the same BatchNorm much of the distance in Figure 1 is gone.

# %% [markdown]
# ## Exercises
#
# Answers are in `chapters/answers/08_selu.py`.
#
# 1. **(10 min)** Another fixed point. Which α and λ keep mean 0 and variance 2? Guess first how they differ from
#    SELU's, then solve. *Needs:* section 1.
# 2. **(15 min)** A self-normalizing tanh. Build 100 layers of c · tanh(z), c = 1/√E[tanh²], with weights N(0, 1/n), and
#    measure how fast a variance of 4 falls, and what becomes of the gradient. *Needs:* sections 2 and 6.
# 3. **(20 min)** Normal in both directions. Put alpha dropout with p = (χ − 1)/α′² into a SELU net of 64 layers and
#    measure variance and gradient. What happens in prediction, when dropout is off? *Needs:* section 7.
# 4. **(25 min)** Centred weights. Draw weights with Σ w = 0 and Σ w² = 1 in each unit. Inputs of mean 3, variance 1:
#    what does layer 1 make of them, with weights as drawn and with these? *Needs:* section 3.
# 5. **(30 min)** The trade. Among ELUs with α between 0.5 and 3, each shifted and scaled to mean 0 and variance 1 at
#    z ~ N(0, 1), compare the slope V′(1) of the variance map with χ. Can you have a fast return and a small χ?
#    *Needs:* sections 2 and 6.
# 6. **(45 min)** Which way did the weights turn? Train the net of section 4, then replace each W by one with the same
#    singular values and random singular vectors. Where is the variance now? *Needs:* section 4.
