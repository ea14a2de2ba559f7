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
# # 02.4 One seed for every layer
#
# **(20 min)** The first cell breaks a network: its initializer makes a new generator from the same seed whenever it is
# called. All units differ, and yet `diagnose` finds it. The layers have different shapes: what is equal?
#
# Write a function that measures it: from two matrices $V$ and $W$ of any shapes, the correlation of the numbers of one
# with those of the other *in the order in which they are drawn*, as far as the shorter one goes. A correlation lies
# between −1 and 1, and does not depend on the means and scales of the two. Use numpy alone.
#
# <details><summary>Hint 1</summary>
#
# Print `np.random.default_rng(0).normal(size=(2, 3))` and the same with `(3, 2)`. Which number has moved where?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `W.ravel()` is the vector of the entries of $W$, row by row. `np.corrcoef(u, v)[0, 1]` is the correlation of two
# vectors of the same length.
#
# </details>

# %%
import numpy as np

import minnet as mn
from minnet import datasets, diagnostics, initializers, losses
from minnet.coursework import check


def from_seed(rng, shape):
    """Glorot's weights, always of the same seed."""
    return initializers.glorot_uniform(np.random.default_rng(0), shape)


x, y = datasets.standardized(datasets.digits()).train
net = mn.mlp([64, 32, 24, 10], activation="tanh", init=from_seed, rng=0)
found = diagnostics.diagnose(net, x[:300], y[:300], losses.softmax_cross_entropy)
found


# %% jupyter={"source_hidden": true} tags=["solution", "hide-input"]
def correlation(V, W):
    """The correlation of the numbers of two matrices in the order in which they are drawn."""
    ### BEGIN SOLUTION
    v, w = V.ravel(), W.ravel()
    n = min(len(v), len(w))
    return np.corrcoef(v[:n], w[:n])[0, 1]
    ### END SOLUTION


# %% tags=["check"]
check("02.4", correlation)

# %% [markdown] tags=["explanation"]
# <details><summary>Explanation</summary>
#
# A generator draws one stream of numbers and fills an array with it row by row. Both layers begin the same stream, so
# the $32 \cdot 24$ entries of the second are, up to the scale, the first $32 \cdot 24$ of the first: its first 12 rows.
# Their correlation is 1. Independent matrices have one of about $1/\sqrt N$ for $N$ numbers. Drawing all layers from
# the generator that is passed, as the library's initializers do, avoids it.
#
# </details>

# %% tags=["explanation"]
assert found.kinds == ("equal_layers",)
first, second = net.layers[:2]
assert correlation(first.W, second.W) > 0.999
first, second = mn.mlp([64, 32, 24, 10], activation="tanh", init="glorot_uniform", rng=0).layers[:2]
assert abs(correlation(first.W, second.W)) < 5 / np.sqrt(second.W.size)
