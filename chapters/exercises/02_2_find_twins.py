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
# # 02.2 Find the twins
#
# **(15 min)** Write a function that finds the twins of a layer. $W$ (n, m) are the incoming weights, a column for each
# of the $m$ units; $b$ (m,) are the biases; $V$ (m, k) is the matrix of the next layer. Return a list of all pairs
# $(i, j)$ with $i < j$ whose units are twins, in ascending order. Units count from 0, as columns do. Use numpy alone.
#
# <details><summary>Hint 1</summary>
#
# Section 2 has three conditions. Which columns, entries or rows belong to unit $i$?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Three twins are three pairs.
#
# </details>

# %%
import numpy as np

import minnet as mn
from minnet import initializers
from minnet.coursework import check


# %% jupyter={"source_hidden": true} tags=["solution", "hide-input"]
def twins(W, b, V):
    """The pairs (i, j), i < j, of units that are twins."""
    ### BEGIN SOLUTION
    pairs = []
    for i in range(len(b)):
        for j in range(i + 1, len(b)):
            if np.array_equal(W[:, i], W[:, j]) and b[i] == b[j] and np.array_equal(V[i], V[j]):
                pairs.append((i, j))
    return pairs
    ### END SOLUTION


# %% tags=["check"]
check("02.2", twins)

# %% [markdown] tags=["explanation"]
# <details><summary>Explanation</summary>
#
# Unit $i$ owns column $i$ of $W$, entry $i$ of $b$ and row $i$ of $V$. All three must be equal: units that are
# proportional or opposite, or that differ in the bias alone, get different gradients or different activations. The cell
# below counts the pairs in the first hidden layer of a network where two of the three matrices are constant: none if
# the random one touches the layer, all $32 \cdot 31/2$ if it does not.
#
# </details>

# %% tags=["explanation"]
constant = initializers.constant(value=0.1)
for drawn, pairs in ((0, 0), (1, 0), (2, 496)):
    inits = [initializers.glorot_uniform if layer == drawn else constant for layer in range(3)]
    first, second, _ = mn.mlp([64, 32, 32, 10], activation="tanh", init=inits, rng=0).layers
    assert len(twins(first.W, first.b, second.W)) == pairs
