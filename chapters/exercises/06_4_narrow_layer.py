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
# # 06.4 Break a layer, and find where the images meet
#
# **(25 min)** The first cell builds a network of tanh layers with Gaussian weights, and breaks one layer: its weights
# have the usual standard deviation, but only two large singular values. Look at what `diagnose` says. Why does
# its table not show the broken layer?
#
# Write a function `narrow_layer(net, x)` that returns the number of the layer that leaves the fewest directions.
# Layers count from 1, as in the table. The sizes of the weights differ somewhat from layer to layer.
#
# <details><summary>Hint 1</summary>
#
# The chapter measures how many directions the singular values $s$ leave: $(\sum s^2)^2/\sum s^4$.
# `np.linalg.svd(W, compute_uv=False)` computes them.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Gaussian layers lose directions as well, each of them. Compare the layers themselves, or compare what comes out of a
# layer with what goes in.
#
# </details>

# %%
import numpy as np

import minnet as mn
from minnet import datasets, diagnostics, initializers, losses
from minnet.coursework import check

x, y = datasets.standardized(datasets.digits()).train
x, y = x[:300], y[:300]
net = mn.mlp([64] * 9 + [10], activation="tanh", init="lecun_normal", rng=0)
U, V = (initializers.orthogonal(np.random.default_rng(seed), (64, 64)) for seed in (1, 2))
s = np.where(np.arange(64) < 2, 1, 0.02)
net.layers[4].W = U * s @ V * 8 / np.linalg.norm(s)        # 8 = √64: the length of a Gaussian matrix
diagnostics.diagnose(net, x, y, losses.softmax_cross_entropy)


# %% jupyter={"source_hidden": true} tags=["solution", "hide-input"]
def narrow_layer(net, x):
    """The number of the layer that leaves the fewest directions, counted from 1."""
    ### BEGIN SOLUTION
    left = []
    for layer in net.layers:
        s = np.linalg.svd(layer.W, compute_uv=False)
        left.append((s**2).sum() ** 2 / (s**4).sum())
    return int(np.argmin(left)) + 1
    ### END SOLUTION


# %% tags=["check"]
check("06.4", narrow_layer)

# %% [markdown] tags=["explanation"]
# <details><summary>Explanation</summary>
#
# `diagnose` finds nothing wrong: it looks at sizes, and signals, gradients and weights all have good ones. Sizes are
# averages over directions, and in layer 5 two directions carry nearly all. From there on all images lie near a plane,
# and no layer above can tell apart what has become equal. The singular values of the weights show it. So does the
# number of directions of the activations, which falls there from about 9 to 2. It stays near 2 in all layers above, so
# that its smallest value does not name the layer.
#
# </details>

# %% tags=["explanation"]
assert narrow_layer(net, x) == 5
assert diagnostics.diagnose(net, x, y, losses.softmax_cross_entropy).kinds == ()
net.forward(x)
directions = []
for layer in net.layers[:-1]:
    s2 = np.linalg.svd(layer.a - layer.a.mean(axis=0), compute_uv=False) ** 2
    directions.append(s2.sum() ** 2 / (s2**2).sum())
assert min(directions[:4]) > 4 * max(directions[4:])
