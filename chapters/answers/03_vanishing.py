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
# # Answers to the further part of chapter 03
#
# Answers to the exercises of the chapter's further part; each asserts what it states. The exercises of the chapter
# itself, 1 to 6, are notebooks in `chapters/exercises`.

# %%
import math
from functools import partial

import numpy as np

import minnet as mn
from minnet import activations, datasets, initializers, losses, optimizers

x, y = datasets.standardized(datasets.digits()).train


def normal(std):
    return partial(initializers.normal, std=std)


def rms(array):
    return math.sqrt(np.square(array, dtype=np.float64).mean())


def deep_net(activation, init, depth, *, width=64, seed=0, dtype=np.float32):
    return mn.mlp([64, *[width] * depth, 10], activation=activation, init=init, rng=seed, dtype=dtype)


def gradient(net, n=64):
    return net.gradient(x[:n].astype(net.dtype), y[:n], losses.softmax_cross_entropy)


# %% [markdown]
# ## 7. Adam
#
# Adam moves by g/(√v + ε), about ±1 where |g| is far above ε. With the default ε = 10⁻⁸ and gradients of 10⁻¹³ the
# quotient is 10⁻⁵: a step of 10⁻³ · 10⁻⁵ is ten times the spacing of float32 numbers near 0.01, so the weights do move,
# where those of SGD stay as they are, but nothing is learned in 20 epochs. With ε = 10⁻¹² it is; slowly, since the
# direction of the first steps is the little that has come through ten layers. So the ε that is there against division
# by zero decides.

# %%
def moved(optimizer):
    """The share of the hidden weights that one step changes."""
    net = deep_net(activations.tanh, normal(0.01), 10)
    gradient(net)
    before = net.params.copy()
    optimizer.step(net.params, net.grads, optimizer.init(net.params))
    hidden = net.span(0, 9)
    return float((net.params != before)[hidden][net.decay_mask[hidden]].mean())


def learned(net, optimizer, **options):
    """The training loss after 20 epochs; infinity where it diverges."""
    try:
        return float(mn.fit(net, (x, y), loss=losses.softmax_cross_entropy, optimizer=optimizer, epochs=20,
                            batch_size=64, rng=0, progress=False, **options).loss[-1])
    except mn.training.Diverged:
        return math.inf


assert moved(optimizers.SGD(0.1)) < 0.01
assert moved(optimizers.Adam(1e-3)) > 0.5
assert learned(deep_net(activations.tanh, normal(0.01), 10), optimizers.Adam(1e-3)) > 2.25
assert learned(deep_net(activations.tanh, normal(0.01), 10), optimizers.Adam(1e-3, epsilon=1e-12)) < 2.1

# %% [markdown]
# ## 8. Clipping
#
# A clipped step has the length η at most: the net no longer diverges at any rate. But the loss starts in the thousands,
# and with steps of bounded length there is far to go: at none of these rates does it come below ln 10 in 20 epochs. The
# unclipped net does, at a rate of 10⁻³ or 10⁻⁴. Clipping guards against the rare long gradient, not against a start at
# which every gradient is long.

# %%
def exploding():
    return deep_net(activations.relu, partial(initializers.variance_scaling, scale=8.0), 10)


for rate in (1e-1, 1e-2, 1e-3):
    clipped = learned(exploding(), optimizers.SGD(rate), clip_norm=1.0)
    assert math.log(10) < clipped < math.inf
assert learned(exploding(), optimizers.SGD(1e-2)) == math.inf
assert min(learned(exploding(), optimizers.SGD(rate)) for rate in (1e-3, 1e-4)) < 2.3

# %% [markdown]
# ## 9. How deep, with one number
#
# By exercise 6 of the chapter the size of δ is halved in every layer, whatever σ was: √χ = ½ and ξ = 1/|ln ¼| = 0.72.
# By the rule of section 9, six ξ, such a network can be four layers deep and train well.

# %%
net = deep_net(activations.tanh, normal(0.01), 10, dtype=np.float64)
for layer in net.layers:
    layer.W /= np.linalg.svd(layer.W, compute_uv=False)[0]
gradient(net)
factor = (rms(net.layers[0].delta) / rms(net.layers[9].delta)) ** (1 / 9)
assert 4 <= 6 / abs(math.log(factor**2)) < 5
