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
# # 02.3 Merge equal units
#
# **(25 min)** Section 3 replaces $m$ equal units by one. Do it for any layer: $W$ (n, m) are its incoming weights, $b$
# (m,) its biases, $V$ (m, k) the matrix of the next layer. Some units have equal activations for every input. Write a
# function that returns new $W$, $b$ and $V$ with as few units as possible, such that $f(xW + b)\,V$ is the same for
# every $x$ and every $f$. Use numpy alone.
#
# <details><summary>Hint 1</summary>
#
# Which of the three conditions of twins make activations equal? The others are not needed here.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Two units with the same activation $a$ and the outgoing rows $V_{1:}$ and $V_{2:}$: what does the next layer get from
# both?
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# Go through the units. If one with equal incoming weights and bias has been kept before, change that one's outgoing
# row; otherwise keep the unit.
#
# </details>

# %%
import numpy as np

import minnet as mn
from minnet import datasets, initializers, losses, optimizers
from minnet.coursework import check


# %% jupyter={"source_hidden": true} tags=["solution", "hide-input"]
def merged(W, b, V):
    """W, b and V of a layer with one unit for each group of units whose activations are equal."""
    ### BEGIN SOLUTION
    kept, rows = [], []
    for i in range(len(b)):
        for k, j in enumerate(kept):
            if (W[:, i] == W[:, j]).all() and b[i] == b[j]:
                rows[k] = rows[k] + V[i]
                break
        else:
            kept.append(i)
            rows.append(V[i])
    return W[:, kept], b[kept], np.array(rows)
    ### END SOLUTION


# %% tags=["check"]
check("02.3", merged)

# %% [markdown] tags=["explanation"]
# <details><summary>Explanation</summary>
#
# Equal columns of $W$ and equal biases make equal activations; the outgoing rows need not be equal, they add up:
# $aV_{1:} + aV_{2:} = a(V_{1:} + V_{2:})$. In section 3 all $m$ rows are equal, and the sum is $m$ times one of them.
# Merging keeps the function and not the training: the gradients of the small network are others (exercise 02.5).
#
# The cell below trains a layer of two kinds of unit: half of its columns start at 0.1 and half at 0.2, and the next
# matrix is constant. The 32 units stay two kinds, and two units compute the same.
#
# </details>

# %% tags=["explanation"]
halves = [lambda rng, shape: np.repeat([0.1, 0.2], 16) * np.ones((64, 1)), initializers.constant(value=0.1)]
net = mn.mlp([64, 32, 10], activation="tanh", init=halves, rng=0, dtype=np.float64)
x, y = datasets.standardized(datasets.digits()).train
mn.fit(net, (x, y), loss=losses.softmax_cross_entropy, epochs=5, batch_size=64, rng=0, progress=False,
       optimizer=optimizers.SGD(0.05))
first, last = net.layers
W, b, V = merged(first.W.round(8), first.b.round(8), last.W)           # rounding makes the last bits differ
assert W.shape == (64, 2)
assert np.allclose(np.tanh(x @ W + b) @ V + last.b, net(x), atol=1e-4)
