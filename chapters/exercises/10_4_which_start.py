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
# # 10.4 Break a network, and find the start
#
# **(25 min)** The first cell breaks a deep ReLU network by its start: PyTorch's default. `diagnose` says that gradients
# vanish, and what to use instead. It does not say which start was used. Put the other four into the first cell,
# `"glorot_uniform"`, `"lecun_normal"`, `"orthogonal"` and `"he_normal"`, and compare.
#
# Write a function `which_start(net)` that looks at the weights of a network before training and returns the start:
# `"PyTorch"`, `"Glorot"`, `"LeCun"`, `"orthogonal"` or `"He"`. All hidden layers have the same width,
# which is smaller than that of the inputs; all biases are 0.
#
# <details><summary>Hint 1</summary>
#
# `net.layers[0].W` is the first matrix. Compute $\sigma_w^2 = \text{fan\_in}\cdot\mathrm{Var}[W]$ of the second layer
# for the five starts. Which of them have the same?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Glorot and LeCun differ where the fans do: in which layers? (Exercise 10.1 has the formula.)
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# What do the singular values of an orthogonal matrix have in common, up to rounding? `np.linalg.svd(W,
# compute_uv=False)` computes them.
#
# </details>

# %%
import numpy as np

import minnet as mn
from minnet import datasets, diagnostics, losses
from minnet.coursework import check

(x, y), _ = datasets.standardized(datasets.digits())
init = "heuristic_uniform"                                                      # PyTorch's default
net = mn.mlp([64, *[32] * 10, 10], activation="relu", init=init, rng=0)
diagnostics.diagnose(net, x[:300], y[:300], losses.softmax_cross_entropy)


# %% jupyter={"source_hidden": true} tags=["solution", "hide-input"]
def which_start(net):
    """The start from which the weights of a network were drawn."""
    ### BEGIN SOLUTION
    W = net.layers[0].W
    n, m = W.shape
    s = np.linalg.svd(W, compute_uv=False)
    if s.max() < 1.01 * s.min():
        return "orthogonal"
    variance = {"PyTorch": 1 / (3 * n), "Glorot": 2 / (n + m), "LeCun": 1 / n, "He": 2 / n}
    return min(variance, key=lambda start: abs(np.log(W.var() / variance[start])))
    ### END SOLUTION


# %% tags=["check"]
check("10.4", which_start)

# %% [markdown] tags=["explanation"]
# <details><summary>Explanation</summary>
#
# $\sigma_w^2$ is 1/3 for PyTorch's default and 2 for He's start in every layer. Between hidden layers, where the fans
# are equal, it is 1 for the three others. The first layer parts Glorot from LeCun, since its fans differ. Orthogonal
# weights are seen by their singular values, which are all equal; no other start has that. The variance is compared by
# its logarithm, so that a half and the double are equally far.
#
# `diagnose` looks at what the weights do to signals and gradients: with PyTorch's default it says *vanishing*, with
# He's weights it does not. Starts of one size do much the same, so their effect hardly tells them apart.
#
# </details>

# %% tags=["explanation"]
def diagnosed(init):
    """What diagnose finds in the network of the first cell, with this initializer."""
    net = mn.mlp([64, *[32] * 10, 10], activation="relu", init=init, rng=0)
    return diagnostics.diagnose(net, x[:300], y[:300], losses.softmax_cross_entropy).kinds


assert which_start(net) == "PyTorch"
assert "vanishing" in diagnosed("heuristic_uniform")
assert "vanishing" not in diagnosed("he_normal")
