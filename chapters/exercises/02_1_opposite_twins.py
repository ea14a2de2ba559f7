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
# # 02.1 Opposite twins
#
# **(15 min, pencil)** Let $f$ be odd, $f(-z) = -f(z)$, as tanh is. Units $i$ and $j$ of a layer have the incoming
# weights $W_{:j} = s\,W_{:i}$, the biases $b_j = s\,b_i$ and the outgoing weights $V_{j:} = t\,V_{i:}$, where $s$ and
# $t$ are 1 or −1. With $s = t = 1$ they are twins. Given the gradients of unit $i$, what are those of unit $j$? Derive
#
# - `dW`, `db`, `dV`: the gradients of $W_{:j}$, $b_j$ and $V_{j:}$,
# - `apart`: the gradient of unit $j$'s incoming weights less $s$ times that of unit $i$'s. Where it is 0, a step leaves
#   $W_{:j} = s\,W_{:i}$.
#
# Then write them down as a function of the gradients of unit $i$ and of $s$ and $t$. For which $s$ and $t$ do the units
# stay as they are to each other?
#
# <details><summary>Hint 1</summary>
#
# Going up: what are $z_j$ and $a_j$, in terms of $z_i$ and $a_i$?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Going down: column $j$ of $\partial C/\partial a$ is $\gamma V_{j:}^\top$, with the $\delta$ of the next layer for
# $\gamma$. Differentiate $f(-z) = -f(z)$: what does it say about $f'(-z)$?
#
# </details>

# %%
import numpy as np

import minnet as mn
from minnet import activations, datasets, losses, optimizers
from minnet.coursework import check


# %% jupyter={"source_hidden": true} tags=["solution", "hide-input"]
def opposite(dW, db, dV, s, t):
    """dW, db and dV of unit j, and where a step moves W_j apart from s W_i."""
    ### BEGIN SOLUTION
    return t * dW, t * db, s * dV, t * dW - s * dW
    ### END SOLUTION


# %% tags=["check"]
check("02.1", opposite)

# %% [markdown] tags=["explanation"]
# <details><summary>Explanation</summary>
#
# Going up, $z_j = s z_i$ and $a_j = s a_i$. Going down, $\partial C/\partial a_j = t\,\partial C/\partial a_i$. The
# derivative of an odd function is even, $f'(z_j) = f'(z_i)$, so $\delta_j = t\,\delta_i$. Then
# $dW_{:j} = x^\top\delta_j$ and $db_j$ take the sign $t$, and $dV_{j:} = a_j^\top\gamma$ takes the sign $s$. A step
# keeps $W_{:j} = s\,W_{:i}$ if $t = s$: twins stay twins, and *opposite* twins, with $s = t = -1$, stay opposite. Units
# that are equal on one side and opposite on the other move apart. The cell below trains opposite twins: with tanh and
# softsign, which are odd, they stay opposite; with the sigmoid they do not.
#
# </details>

# %% tags=["explanation"]
x, y = datasets.standardized(datasets.digits()).train
for activation in (activations.tanh, activations.softsign, activations.sigmoid):
    net = mn.mlp([64, 32, 32, 10], activation=activation, init="glorot_uniform", rng=0, dtype=np.float64)
    first, second = net.layers[:2]
    first.b[0] = 0.1
    first.W[:, 1], first.b[1], second.W[1] = -first.W[:, 0], -first.b[0], -second.W[0]
    mn.fit(net, (x, y), loss=losses.softmax_cross_entropy, epochs=3, batch_size=64, rng=0, progress=False,
           optimizer=optimizers.SGD(0.05, momentum=0.9))
    off = abs(first.W[:, 1] + first.W[:, 0]).max()
    assert off > 1e-3 if activation is activations.sigmoid else off < 1e-9
