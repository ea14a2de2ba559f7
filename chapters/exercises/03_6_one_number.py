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
# # 03.6 One number for a whole network
#
# **(30 min)** To be safe from exploding gradients, somebody divides every matrix $W$ by its largest singular value:
# then no layer can make any vector longer. How much is left of a *typical* vector? For a wide matrix of $n$ inputs and
# $m$ outputs with entries from $N(0, \sigma^2)$ the largest singular value is nearly $\sigma(\sqrt n + \sqrt m)$.
# Derive for a layer of linear units (or of tanh units and small signals), after the division,
#
# - `up`: the factor on the size (rms) of a signal, from $x$ to $z = xW$,
# - `down`: the factor on the size of $\delta$, from $z$ to $x$.
#
# Write them down as a function of $n$ and $m$. Then say before you run the last cell: in ten layers of equal width,
# what is left of $\delta$?
#
# <details><summary>Hint 1</summary>
#
# Before the division: a unit adds $n$ independent terms going up. How many are there going down?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Does the result depend on $\sigma$?
#
# </details>

# %%
import numpy as np

import minnet as mn
from minnet import datasets, initializers, losses
from minnet.coursework import check


# %% jupyter={"source_hidden": true} tags=["solution", "hide-input"]
def stretch(n, m):
    """The factors on the size of a signal, and of δ."""
    ### BEGIN SOLUTION
    up = np.sqrt(n) / (np.sqrt(n) + np.sqrt(m))
    down = np.sqrt(m) / (np.sqrt(n) + np.sqrt(m))
    return up, down
    ### END SOLUTION


# %% tags=["check"]
check("03.6", stretch)

# %%
x, y = datasets.standardized(datasets.digits()).train
net = mn.mlp([64, *[64] * 10, 10], activation="tanh", init=initializers.normal(std=0.01), rng=0, dtype=np.float64)
for layer in net.layers:
    layer.W /= np.linalg.svd(layer.W, compute_uv=False)[0]
net.gradient(x[:64].astype(np.float64), y[:64], losses.softmax_cross_entropy)
top, bottom = (np.sqrt((net.layers[k].delta ** 2).mean()) for k in (9, 0))
print(f"size of δ: layer 1 has {bottom / top:.1g} of layer 10, a factor of {(bottom / top) ** (1 / 9):.2f} per layer")

# %% [markdown] tags=["explanation"]
# <details><summary>Explanation</summary>
#
# Before the division a signal is multiplied by $\sigma\sqrt n$ and $\delta$ by $\sigma\sqrt m$. Divided by
# $\sigma(\sqrt n + \sqrt m)$, the factors are $\sqrt n/(\sqrt n + \sqrt m)$ and $\sqrt m/(\sqrt n + \sqrt m)$, whatever
# $\sigma$ was. Their sum is 1. With equal widths both are ½: ten layers leave $2^{-9}$ from layer 10 to layer 1, and
# the gradient vanishes. To bound what the *worst* direction does is not to keep what the typical one does. (A matrix
# all of whose singular values are equal does both: chapter 06.)
#
# </details>

# %% tags=["explanation"]
assert 0.42 < (bottom / top) ** (1 / 9) < 0.58
rng = np.random.default_rng(0)
W = rng.normal(size=(900, 400))
W /= np.linalg.svd(W, compute_uv=False)[0]
x, delta = rng.normal(size=(200, 900)), rng.normal(size=(200, 400))
measured = np.sqrt([((x @ W) ** 2).mean(), ((delta @ W.T) ** 2).mean()])
assert np.allclose(measured, stretch(900, 400), rtol=0.03)
