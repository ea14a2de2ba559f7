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
# # Answers to chapter 08
#
# Each answer asserts what it states.

# %%
import math
import os

import numpy as np

import minnet as mn
from minnet import activations, datasets, initializers, layers, losses, optimizers, theory
from minnet.theory import gaussian

FAST = os.environ.get("MINNET_FAST") == "1"
N = 128 if FAST else 256


def noise(mean=0.0, std=1.0, count=100, n=N):
    rng = np.random.default_rng(1)
    return rng.normal(mean, std, (count, n)).astype(np.float32), rng.integers(10, size=count)


def both_ways(net, x, y, training=False):
    """Variance of what each hidden layer hands on, and the gradient's mean square in layer 1 relative to the last."""
    net.forward(x, training=training, rng=0)
    net.gradient(x, y, losses.softmax_cross_entropy, training=training, rng=0)
    dense = [layer for layer in net.layers[:-1] if isinstance(layer, mn.Dense)]
    delta = [float(np.square(layer.delta, dtype=float).mean()) for layer in dense]
    return np.array([float(layer.a.var(dtype=float)) for layer in net.layers[:-1]]), delta[0] / delta[-1]


# %% [markdown]
# ## 1. Another fixed point
#
# Not by a factor: e^z is not scale-free, so that both constants change. The equations are the same with z ~ N(0, ν). As
# ν → 0, both go to 1: small z see a line of slope 1, which keeps every variance. As ν grows, the fixed point can only
# be had from a more and more crooked function, and χ rises.

# %%
def fitted(nu):
    """α and λ with E[f] = 0 and E[f²] = ν for z ~ N(0, ν)."""
    def mean(g):
        return gaussian.expectation(g, std=math.sqrt(nu), kinks=(0.0,)).value

    alpha = -mean(lambda z: z * (z > 0)) / mean(lambda z: np.expm1(np.minimum(z, 0)))
    return alpha, math.sqrt(nu / mean(lambda z: np.where(z > 0, z, alpha * np.expm1(np.minimum(z, 0))) ** 2))


alpha, scale = fitted(2.0)
np.testing.assert_allclose(fitted(1.0), (activations.SELU_ALPHA, activations.SELU_LAMBDA), rtol=1e-9)
np.testing.assert_allclose(theory.selu_map(0, 2, alpha=alpha, scale=scale), (0, 2), atol=1e-9)
print(f"mean 0, variance 2: α = {alpha:.4f}, λ = {scale:.4f}")
assert alpha > activations.SELU_ALPHA
assert scale > activations.SELU_LAMBDA
np.testing.assert_allclose(fitted(1e-4), 1, atol=0.02)

# %% [markdown]
# ## 2. A self-normalizing tanh
#
# The mean is 0 by symmetry. The variance map has the slope 0.46 at 1, SELU has 0.78, so a variance of 4 is close to 1
# after three layers. The gradient's variance grows by 1.178 a layer, ten million times over 100.

# %%
c = gaussian.expectation(lambda z: np.tanh(z) ** 2).value ** -0.5
tanh = activations.Activation("c tanh", lambda z: c * np.tanh(z), lambda z, a: c * (1 - (a / c) ** 2), range=(-c, c))
net = mn.mlp([N, *[N] * 100, 10], activation=tanh, init=initializers.lecun_normal, rng=0)
variance, ratio = both_ways(net, *noise(std=2))
assert abs(variance[2] - 1) < 0.2
assert abs(variance[-1] - 1) < 0.2
chi = theory.MeanField(tanh, 1.0).chi(1.0)
assert round(chi, 3) == 1.178
assert abs(math.log(ratio) / (99 * math.log(chi)) - 1) < 0.15

# %% [markdown]
# ## 3. Normal in both directions
#
# With p = (χ − 1)/α′² = 2.3% the variance stays, and the gradient's variance too. In prediction the noise is off: then
# the line s·a + t is not applied, the net is a plain SELU net, its variance is 1 as before, and a gradient taken there
# (for an adversarial example, say) grows by 1.0716 a layer.

# %%
low = -activations.SELU_LAMBDA * activations.SELU_ALPHA
growth = theory.MeanField(activations.selu, 1.0).chi(1.0)
stack = []
for _ in range(64):
    stack += [mn.Dense(N, N, activations.selu, initializers.lecun_normal), layers.AlphaDropout((growth - 1) / low**2)]
net = mn.Network([*stack, mn.Dense(N, 10, init=initializers.lecun_normal)], rng=0)
variance, ratio = both_ways(net, *noise(), training=True)
assert 0.8 < variance[1::2].min() < variance[1::2].max() < 1.25
assert abs(math.log(ratio)) < 1.5
variance, silent = both_ways(net, *noise())
assert 0.8 < variance[-1] < 1.25
assert abs(math.log(silent) - 63 * math.log(growth)) < 1.5

# %% [markdown]
# ## 4. Centred weights
#
# As drawn, E[z²] = E[x²] = 10: every image has a large z, with the sign of its unit's ω, and what the images have in
# common drowns what they do not. With Σ w = 0 a common shift is invisible: E[z²] = Var(x) = 1.

# %%
rng = np.random.default_rng(0)
W = rng.normal(0, N**-0.5, (N, N))
centred = W - W.mean(axis=0)
centred /= np.sqrt((centred**2).sum(axis=0))
x, _ = noise(mean=3)
as_drawn, exact = x @ W, x @ centred
assert abs((as_drawn**2).mean() / 10 - 1) < 0.3               # over N units: a relative error of √(2/N) = 0.13, or less
assert abs((exact**2).mean() - 1) < 0.05
between = as_drawn.var(axis=0).mean() / (as_drawn**2).mean()
assert between < 0.2 < 0.9 < exact.var(axis=0).mean() / (exact**2).mean()

# %% [markdown]
# ## 5. The trade
#
# Not both. Below α = 1.4 a larger α is better in both respects; from there on it is a trade: a faster return (smaller
# V′) for faster growth of the gradient (larger χ). SELU's α = 1.67, chosen for its fixed point alone, is almost where χ
# is least.

# %%
def normalized_elu(alpha):
    """(f − E[f])/√Var[f] of an ELU."""
    elu = activations.elu(alpha)
    mean, second, _, _ = (value.value for value in theory.moments(elu, 1.0))
    deviation = math.sqrt(second - mean**2)
    return activations.Activation("normalized", lambda z: (elu.f(z) - mean) / deviation,
                                  lambda z, a: elu.df(z, a * deviation + mean) / deviation, kinks=(0.0,))


alphas = np.linspace(0.5, 3, 11)
fields = [theory.MeanField(normalized_elu(float(alpha)), 1.0) for alpha in alphas]
slopes, chis = np.array([field.slope(1.0) for field in fields]), np.array([field.chi(1.0) for field in fields])
print("\n".join(f"α = {a:.2f}: V′(1) = {v:.3f}, χ = {g:.3f}" for a, v, g in zip(alphas, slopes, chis, strict=True)))
best = int(chis.argmin())
assert chis[best] > 1
assert 1.2 < alphas[best] < 1.6
assert (np.diff(slopes) < 0).all()
assert (np.diff(chis[best + 1:]) > 0).all()
assert growth < 1.01 * chis[best]

# %% [markdown]
# ## 6. Which way did the weights turn?
#
# Multiplying W by random orthogonal matrices on both sides keeps its singular values and Σ w², and makes its directions
# random. The variance goes back to about 1: what had moved it were the directions.

# %%
data, test = datasets.standardized(datasets.mnist_5k())
net = mn.mlp([784, *[128] * 32, 10], activation=activations.selu, init=initializers.lecun_normal, rng=0)
mn.fit(net, data, loss=losses.softmax_cross_entropy, optimizer=optimizers.SGD(0.01), epochs=4 if FAST else 10,
       batch_size=128, rng=0, progress=False)
trained, _ = both_ways(net, *test)
rng = np.random.default_rng(0)
for layer in net.layers[1:-1]:
    left, right = (initializers.orthogonal(rng, (128, 128)) for _ in range(2))
    layer.W = left @ layer.W @ right
turned, _ = both_ways(net, *test)
print(f"variance in layers 9 to 32: {trained[8:].mean():.2f} trained, {turned[8:].mean():.2f} turned")
assert trained[8:].mean() > 1.15
assert abs(turned[8:].mean() - 1) < 0.15
