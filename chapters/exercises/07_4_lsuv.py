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
# # 07.4 LSUV
#
# **(20 min)** Write the scaling of LSUV (section 3) for a network of ReLU layers without biases. Given a list of
# weight matrices, drawn already, and a batch $x$, one row for each example, it returns the list of scaled matrices: in
# every layer, $z$ has the standard deviation 1 over all examples and units together. Each layer gets one number.
# Leave the matrices that you are given as they are.
#
# <details><summary>Hint 1</summary>
#
# $z = aW$ is proportional to $W$. So one division is enough for a layer.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# What are the inputs of layer 2, once layer 1 is scaled?
#
# </details>

# %%
import numpy as np

from minnet.coursework import check


# %% jupyter={"source_hidden": true} tags=["solution", "hide-input"]
def lsuv(weights, x):
    """The matrices, scaled one after another so that z has the standard deviation 1 in each layer."""
    ### BEGIN SOLUTION
    scaled = []
    for W in weights:
        W = W / (x @ W).std()
        x = np.maximum(x @ W, 0)
        scaled.append(W)
    return scaled
    ### END SOLUTION


# %% tags=["check"]
check("07.4", lsuv)

# %% [markdown] tags=["explanation"]
# <details><summary>Explanation</summary>
#
# The layers are scaled in turn, each on the outputs of the finished layers below. LSUV also draws orthogonal matrices
# first, leaves a layer alone whose variance is within 0.1 of 1 already, and divides again where biases make one
# division too little. The cell below takes the library's orthogonal matrices, and compares.
#
# </details>

# %% tags=["explanation"]
import minnet as mn
from minnet import pretraining

x = np.random.default_rng(0).normal(0.5, 3, (50, 20))
net = mn.mlp([20, 30, 30, 5], activation="relu", rng=0, dtype=np.float64)
stds = pretraining.lsuv(net, x, rng=0)
assert [len(found) for found in stds] == [2, 2, 2]                        # one division in each layer
drawn = [layer.W * found[0] for layer, found in zip(net.layers, stds, strict=True)]
assert np.allclose(drawn[1] @ drawn[1].T, np.eye(30))
assert all(np.allclose(W, layer.W) for W, layer in zip(lsuv(drawn, x), net.layers, strict=True))
