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
# # Answers to chapter 10
#
# Each answer asserts what it states.

# %%
import math

import numpy as np

import minnet as mn
from minnet import activations, datasets, initializers, losses, optimizers, theory

(x, y), (x_test, y_test) = datasets.standardized(datasets.digits())


def accuracy(net, rate, epochs=10):
    """Test accuracy after training."""
    mn.fit(net, (x, y), loss=losses.softmax_cross_entropy, optimizer=optimizers.SGD(rate, momentum=0.9), epochs=epochs,
           batch_size=32, rng=0, progress=False)
    return float((net.predict(x_test) == y_test).mean())


# %% [markdown]
# ## 1. Unequal fans
#
# σ_w² is 2 for He, 1 for LeCun and 1/3 for PyTorch's default at any width. Glorot's depends on both fans,
# fan_in · 2/(fan_in + fan_out): **1.77** for 784 → 100 and **0.23** for 100 → 784. He and Glorot would agree if fan_out
# were 0, so a layer that narrows comes close to He's weights, and one that widens is far from them.

# %%
def weight_var(init, shape):
    return shape[0] * np.var([init(np.random.default_rng(seed), shape) for seed in range(5)])


for shape, expected in (((784, 100), 1.774), ((100, 784), 0.226)):
    assert math.isclose(2 * shape[0] / sum(shape), expected, abs_tol=0.001)
    assert math.isclose(weight_var(initializers.glorot_uniform, shape), expected, rel_tol=0.02)
    assert math.isclose(weight_var(initializers.he_normal, shape), 2, rel_tol=0.02)
    assert math.isclose(weight_var(initializers.heuristic_uniform, shape), 1 / 3, rel_tol=0.02)

# %% [markdown]
# ## 2. How deep does a default reach?
#
# A ReLU layer multiplies the mean square by σ_w²/2, so the signal's size by √(1/6) with PyTorch's weights and by √(1/2)
# with Keras's. A thousandth is left after 3/log₁₀√6 = 7.7, so after **8** layers, and after 3/log₁₀√2 = 19.9, so **20**
# layers. (PyTorch's biases do not shrink: they add the variance 1/(3n) in each layer, so z does not fall below that.
# But they say nothing about the image.)

# %%
assert math.ceil(3 / math.log10(math.sqrt(6))) == 8
assert math.ceil(3 / math.log10(math.sqrt(2))) == 20


def left_over(init, layers, width=512, nets=5):
    """rms of z in the layer after `layers` ReLU layers, over that in the first."""
    found = []
    for seed in range(nets):
        rng, a, sizes = np.random.default_rng(seed), x[:20].astype(float), []
        for _ in range(layers + 1):
            z = a @ init(rng, (a.shape[1], width))
            a = np.maximum(z, 0)
            sizes.append(math.sqrt(np.square(z).mean()))
        found.append(sizes[-1] / sizes[0])
    return np.median(found)


assert left_over(initializers.heuristic_uniform, 8) < 1e-3 < left_over(initializers.heuristic_uniform, 7)
assert 0.5e-3 < left_over(initializers.lecun_normal, 20) < 2e-3

# %% [markdown]
# ## 3. The factor √6
#
# U(±1/√n) times √6 is U(±√(6/n)), and √(6/n) is the bound of He's uniform weights. From the same random numbers the
# two are equal.

# %%
shape = (64, 64)
default = initializers.heuristic_uniform(np.random.default_rng(0), shape)
np.testing.assert_allclose(math.sqrt(6) * default, initializers.he_uniform(np.random.default_rng(0), shape), atol=1e-15)


def repaired(rng, shape):
    return math.sqrt(6) * initializers.heuristic_uniform(rng, shape)


sizes = [64, *[64] * 10, 10]
assert accuracy(mn.mlp(sizes, activation="relu", init="heuristic_uniform", rng=0), 0.01) < 0.2
assert accuracy(mn.mlp(sizes, activation="relu", init=repaired, rng=0), 0.01) > 0.7

# %% [markdown]
# ## 4. Equal predictions
#
# Without biases N(0, 1) weights are He's times √(n/2) in each layer, and max(tz, 0) = t max(z, 0), so all outputs are
# multiplied by one positive number. A bias b does not grow with the weights: the two nets then differ. They agree again
# if the biases of layer l are multiplied by the factors of layers 1 to l.

# %%
he, fixed = (mn.mlp([64, 64, 64, 10], activation="relu", init=init, rng=0, dtype=np.float64)
             for init in ("he_normal", initializers.normal(std=1.0)))
t = math.sqrt(64 / 2)
np.testing.assert_allclose(fixed(x_test), t**3 * he(x_test), rtol=1e-9, atol=1e-9)
rng = np.random.default_rng(1)
for layer, other in zip(he.layers, fixed.layers, strict=True):
    layer.b[...] = other.b[...] = rng.normal(size=layer.b.shape)
assert (he.predict(x_test) == fixed.predict(x_test)).mean() < 0.9
for k, layer in enumerate(fixed.layers, start=1):
    layer.b *= t**k
np.testing.assert_allclose(fixed(x_test), t**3 * he(x_test), rtol=1e-9, atol=1e-9)

# %% [markdown]
# ## 5. How wide is safe?
#
# 1 − (1 − 2⁻ⁿ)^L ≤ L 2⁻ⁿ, and L 2⁻ⁿ ≤ 0.01 where n ≥ log₂(100 L): for L = 100 that is 13.3, so **14** units. A leaky
# ReLU has no zeros, so none of its nets is dead at any width.

# %%
def bound(n, L):
    return 1 - (1 - 2.0**-n) ** L


assert bound(14, 100) <= 0.01 < bound(13, 100)


def dead(f, width, layers, seed):
    rng, a = np.random.default_rng(seed), x[:100].astype(float)
    for _ in range(layers):
        a = f(a @ initializers.he_normal(rng, (a.shape[1], width)))
    return not a.any()


relu, leaky = activations.relu.f, activations.leaky_relu().f
assert np.mean([dead(relu, 4, 20, seed) for seed in range(100)]) > 0.3
assert not any(dead(leaky, 4, 20, seed) for seed in range(100))

# %% [markdown]
# ## 6. An activation that is not in the map
#
# ELU is not odd and not scale-free, so the first two rules of `for_activation` do not apply. Its gain that keeps
# E[z²] = 1 is between the two: `for_activation` prints it with its reason. With ten hidden layers it trains.

# %%
elu = activations.elu()
found = theory.for_activation(elu, depth=11)
print(found)
assert accuracy(mn.mlp(sizes, activation=elu, init=found.weights, bias_init=found.bias, rng=0), 0.01) > 0.7
