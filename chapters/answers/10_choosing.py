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
# # Answers to the further part of chapter 10
#
# Answers to the exercises of the chapter's further part; each asserts what it states. The exercises of the chapter
# itself, 1 to 5, are notebooks in `chapters/exercises`.

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
# ## 6. How deep does a default reach?
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
# ## 7. The factor √6
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
# ## 8. An activation that is not in the map
#
# ELU is not odd and not scale-free, so the first two rules of `for_activation` do not apply. Its gain that keeps
# E[z²] = 1 is between the two: `for_activation` prints it with its reason. With ten hidden layers it trains.

# %%
elu = activations.elu()
found = theory.for_activation(elu, depth=11)
print(found)
assert accuracy(mn.mlp(sizes, activation=elu, init=found.weights, bias_init=found.bias, rng=0), 0.01) > 0.7
