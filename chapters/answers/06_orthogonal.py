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
# # Answers to the further part of chapter 06
#
# Answers to the exercises of the chapter's further part; each asserts what it states. The exercises of the chapter
# itself, 1 to 6, are notebooks in `chapters/exercises`.

# %%
import os
from functools import partial

import numpy as np

import minnet as mn
from minnet import activations, datasets, initializers, losses, optimizers, theory
from minnet.training import Diverged

FAST = os.environ.get("MINNET_FAST") == "1"
digits = datasets.digits().map_x(lambda x: 2 * x - 1)
RATE = 0.004

# %% [markdown]
# ## 7. Unbalanced
#
# τ du/dt = τ (b da/dt + a db/dt) = (a² + b²)(s − u), and a² + b² = √((a² − b²)² + 4u²): never less than 2u, and with
# a² − b² = 3 conserved never less than 3. So there is no plateau: it is learned as by a single layer, at once. The
# product was as small, yet the mode is learned many times sooner.

# %%
def descend(a, b, s, steps):
    """Two scalar weights per mode, gradient descent on ½(ab − s)²: u = ab before every step."""
    found = []
    for _ in range(steps):
        found.append(a * b)
        error = s - a * b
        a, b = a + RATE * b * error, b + RATE * a * error
    return np.array(found)


u0 = 0.01
b_squared = (-3 + np.sqrt(9 + 4 * u0**2)) / 2                     # a² = b² + 3, a²b² = u₀²
unbalanced = descend(np.sqrt(b_squared + 3), np.sqrt(b_squared), 2.0, 1000)
balanced = descend(np.sqrt(u0), np.sqrt(u0), 2.0, 1000)
assert abs(unbalanced[0] - balanced[0]) < 1e-9
assert 3 * (unbalanced > 1).argmax() < (balanced > 1).argmax()

# %% [markdown]
# ## 8. A corrected Gaussian
#
# g = e^{1/2n} makes up for the mean of ln ‖h‖, which falls by 1/(2n) a layer. The mean is cured. The spectrum is not:
# a common factor leaves every ratio of singular values as it was, and after 500 layers of width 100 one direction is
# left. Only other *matrices* can help, not another size.

# %%
def deep_product(gain, n, layers, seed):
    P = np.eye(n)
    for rng in np.random.default_rng(seed).spawn(layers):
        P = P @ initializers.lecun_normal(rng, (n, n)) * gain
    return P


N, LAYERS = 100, 200 if FAST else 500
products = {gain: [deep_product(gain, N, LAYERS, seed) for seed in range(10)] for gain in (1.0, np.exp(1 / (2 * N)))}
logs = {gain: np.array([np.log(np.linalg.norm(P[0])) for P in some]) for gain, some in products.items()}
error = np.sqrt(LAYERS / (2 * N) / 10)                            # of the mean of ten random walks
assert abs(logs[1.0].mean() + LAYERS / (2 * N)) < 4 * error
assert abs(logs[np.exp(1 / (2 * N))].mean()) < 4 * error
for P in products[np.exp(1 / (2 * N))]:
    s2 = np.linalg.svd(P, compute_uv=False) ** 2
    assert s2.sum() ** 2 / (s2**2).sum() < 3                      # directions, of 100

# %% [markdown]
# ## 9. ReLU, 300 layers
#
# With `orthogonal` and gain √2 the net stays near chance at every rate tried here. `looks_linear` begins as the linear
# map x V₁V₂⋯, an isometry, and bends in training. The first layer has to make the mirror images, (V, −V), and the last
# to take their difference, (V, −V)ᵀ; the hidden width is twice that of the input, so that the pairs carry all of it.

# %%
def relu_net(init, layers=100 if FAST else 300, seed=0):
    if init is initializers.looks_linear:
        inits = [partial(init, position="first"), *[init] * (layers - 2), partial(init, position="last")]
    else:
        inits = [partial(init, gain=2**0.5)] * layers
    return mn.mlp([64, *[128] * (layers - 1), 10], activation=activations.relu, init=inits, rng=seed)


def trained(net, rate, epochs=2):
    """The training accuracy of the last epoch; 0 where it diverges."""
    try:
        return mn.fit(net, digits.train, loss=losses.softmax_cross_entropy, batch_size=64, rng=0, epochs=epochs,
                      optimizer=optimizers.SGD(rate, momentum=0.9), progress=False)[-1].accuracy
    except Diverged:
        return 0.0


rates = (1e-3, 1e-4)
best = {init: max(trained(relu_net(init), rate) for rate in rates)
        for init in (initializers.orthogonal, initializers.looks_linear)}
assert best[initializers.looks_linear] > 0.7
assert best[initializers.looks_linear] > best[initializers.orthogonal] + 0.2

# %% [markdown]
# ## 10. The edge of stability
#
# At the start all singular values of the product are 1, and so are those of every partial product: each of the L layers
# contributes 1 to the curvature in a mode's direction, L in all, and descent is stable below 2/L. (Later u is smaller
# here, and the curvature L u^{2−2/L} with it.) From 8 layers on the largest rate that learns goes like 1/L.
#
# Two traps. It does not do to ask whether the loss *falls*: at a far too large rate the weights of a deep net are
# thrown to where their product is nearly 0, and the loss stays at ½‖T‖², less than at the start. And T should not be
# square: if the determinants of T and of the product differ in sign, one singular value has to pass through 0, where a
# deep net waits for long.

# %%
def learns(rate, layers, T, steps=200):
    """Whether descent on ½‖W₁ ⋯ W_L − T‖² from orthogonal weights gets below 1% of ½‖T‖²."""
    shapes = [(16, 16)] * (layers - 1) + [T.shape]
    W = [initializers.orthogonal(rng, shape)
         for rng, shape in zip(np.random.default_rng(0).spawn(layers), shapes, strict=True)]
    for _ in range(steps):
        before = [np.eye(len(T))]
        for w in W:
            before.append(before[-1] @ w)
        back = before[-1] - T
        value = float((back**2).sum() / (T**2).sum())
        if value < 0.01 or not value < 100:
            return value < 0.01
        for k in reversed(range(layers)):
            step = before[k].T @ back
            back = back @ W[k].T
            W[k] = W[k] - rate * step
    return False


T = 0.5 * initializers.orthogonal(np.random.default_rng(1), (16, 4))
depths, rates = (2, 4, 8, 16, 32, 64), np.geomspace(4, 0.02, 30)
largest = [next(rate for rate in rates if learns(rate, layers, T)) for layers in depths]
slope = np.polyfit(np.log(depths[2:]), np.log(largest[2:]), 1)[0]
assert -1.2 < slope < -0.8

# %% [markdown]
# ## 11. How deep can it go?
#
# With a rate of 0.3/L the losses after one epoch are about the same, at ten times the depth. At the fixed point
# χ − 1 ≈ 1.3 q*², q* ≈ gain − 1: for χ^L to stay below e at L = 100,000 the gain must be within about 0.3% of 1. A
# smaller gain also means a smaller signal, √q* ≈ 0.05 there, and a slower start.

# %%
def one_epoch(layers):
    net = mn.mlp([64] * layers + [10], activation=activations.tanh, init=partial(initializers.orthogonal, gain=1.01),
                 rng=0)
    return mn.fit(net, digits.train, loss=losses.softmax_cross_entropy, epochs=1, batch_size=64, rng=0, progress=False,
                  optimizer=optimizers.SGD(0.3 / layers, momentum=0.9))[-1].loss


found = [one_epoch(layers) for layers in ((100, 300) if FAST else (100, 300, 1000, 3000))]
assert max(found) < 0.97 * np.log(10)
assert max(found) < 1.3 * min(found)


def growth(gain, layers):
    field = theory.MeanField(activations.tanh, gain**2)
    return field.chi(field.limit()) ** layers


assert growth(1.002, 100_000) < np.e < growth(1.005, 100_000)
