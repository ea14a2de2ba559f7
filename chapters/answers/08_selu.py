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
# # Answers to the further part of chapter 08
#
# Answers to the exercises of the chapter's further part; each asserts what it states. The exercises of the chapter
# itself, 1 to 6, are notebooks in `chapters/exercises`.

# %%
import os

import numpy as np

import minnet as mn
from minnet import activations, datasets, initializers, losses, optimizers

FAST = os.environ.get("MINNET_FAST") == "1"


def variances(net, x):
    """Variance of what each hidden layer hands on."""
    net.forward(x)
    return np.array([float(layer.a.var(dtype=float)) for layer in net.layers[:-1]])


# %% [markdown]
# ## 7. Which way did the weights turn?
#
# Multiplying W by random orthogonal matrices on both sides keeps its singular values and Σ w², and makes its directions
# random. The variance goes back to about 1: what had moved it were the directions.

# %%
data, test = datasets.standardized(datasets.mnist_5k())
net = mn.mlp([784, *[128] * 32, 10], activation=activations.selu, init=initializers.lecun_normal, rng=0)
mn.fit(net, data, loss=losses.softmax_cross_entropy, optimizer=optimizers.SGD(0.01), epochs=4 if FAST else 10,
       batch_size=128, rng=0, progress=False)
trained = variances(net, test[0])
rng = np.random.default_rng(0)
for layer in net.layers[1:-1]:
    left, right = (initializers.orthogonal(rng, (128, 128)) for _ in range(2))
    layer.W = left @ layer.W @ right
turned = variances(net, test[0])
print(f"variance in layers 9 to 32: {trained[8:].mean():.2f} trained, {turned[8:].mean():.2f} turned")
assert trained[8:].mean() > 1.15
assert abs(turned[8:].mean() - 1) < 0.15
