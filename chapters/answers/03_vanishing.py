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
# # Answers to chapter 03
#
# Each answer asserts what it states.

# %%
import math
from functools import partial

import numpy as np

import minnet as mn
from minnet import activations, datasets, initializers, losses, optimizers, theory

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
# ## 1. How deep?
#
# σ_w = 0.05 · √64 = 0.4, and small signals pass tanh as through a linear unit: rms δ falls by 0.4 in each layer. It
# starts at some r at the output and is rounded to 0 below 2⁻¹⁵⁰, so it takes ln(r 2¹⁵⁰)/ln 2.5 layers, about 107. The
# count differs by a layer or two: a product of a hundred random factors is random. With 1,024 units σ_w = 1.6: the same
# initializer makes gradients explode.

# %%
def layers_with_numbers(seed):
    """How many layers, from the output down, have at least one δ that is not 0; and the prediction."""
    net = deep_net(activations.tanh, normal(0.05), 140, seed=seed)
    gradient(net)
    alive = sum(bool(layer.delta.any()) for layer in net.layers[:-1])
    return alive, math.log(rms(net.layers[-1].delta) * 2.0**150) / math.log(2.5)


for seed in range(3):
    counted, expected = layers_with_numbers(seed)
    assert abs(counted - expected) < 5, (counted, expected)
wide = deep_net(activations.tanh, normal(0.05), 10, width=1024)
gradient(wide)
assert rms(wide.layers[0].delta) > 2 * rms(wide.layers[9].delta)

# %% [markdown]
# ## 2. The sigmoid's edge
#
# χ grows with σ_w²: the units saturate, but more slowly than the weights grow. χ = 1 at σ_w² near 103, a hundred times
# what tanh needs. `theory.critical_point` finds the same point by another way. On twenty layers rms δ then stays
# within the band that theory gives for a net of finite width.

# %%
def chi(weight_var):
    field = theory.MeanField(activations.sigmoid, weight_var)
    return field.chi(field.limit())


low, high = 1.0, 1000.0
while high - low > 1e-6:
    middle = (low + high) / 2
    low, high = (middle, high) if chi(middle) < 1 else (low, middle)
assert 102 < low < 104
assert abs(theory.critical_point(activations.sigmoid)[0].weight_var - low) < 0.01
edge = deep_net(activations.sigmoid, partial(initializers.variance_scaling, scale=low), 20, width=256, dtype=np.float64)
edge.forward(x[:1].astype(float))
edge.backward(np.ones((1, 10)))
p = theory.predict_statistics(edge, x[:1].astype(float)).delta
measured = math.log(np.square(edge.layers[0].delta).mean() / p.typical[0])
assert abs(measured) < 3 * p.spread[0]

# %% [markdown]
# ## 3. Adam
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
# ## 4. Clipping
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
# ## 5. One number for a whole network
#
# The largest singular value of an n × n matrix of deviation σ is 2σ√n, so dividing by it leaves σ_w = ½ whatever σ was:
# √χ = ½ near 0. No layer stretches, and a typical vector is halved in every one. Ten layers cost a factor of 2⁹ from
# the last hidden layer to the first, and δ would be 0 in float32 after some 150. But by the rule of the further part,
# section 9 (six ξ, with ξ = 1/|ln ¼| = 0.72) four layers are as deep as such a net can be and train well. To bound what
# the *worst* direction does is not to keep what the typical one does.

# %%
net = deep_net(activations.tanh, normal(0.01), 10, dtype=np.float64)
for layer in net.layers:
    layer.W /= np.linalg.svd(layer.W, compute_uv=False)[0]
gradient(net)
factor = (rms(net.layers[0].delta) / rms(net.layers[9].delta)) ** (1 / 9)
assert 0.42 < factor < 0.58, factor
