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
# # 05.4 Break every layer, repair one
#
# **(25 min)** The first cell builds a network of 20 ReLU layers and breaks it: each layer's weights are He's times a
# number of its own, between 0.5 and 0.9. `diagnose` says what is wrong.
#
# You may change *one* layer. Write a function `repair(net)` that returns the number by which the weights of layer 1
# must be multiplied so that the outputs have the size that they would have with He's weights in every layer, the output
# layer included. All biases are 0. Find it from the weights alone; the widths differ from layer to layer.
#
# <details><summary>Hint 1</summary>
#
# `layer.W` is the matrix of a layer, for `layer` in `net.layers`, and its shape is (fan_in, fan_out). By which factor
# is its standard deviation off?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# $\max(tz, 0) = t\max(z, 0)$ for $t > 0$. What does a factor in layer 5 do to the output? And
# factors in layers 5 and 6?
#
# </details>

# %%
import numpy as np

import minnet as mn
from minnet import datasets, diagnostics, losses
from minnet.coursework import check

x, y = datasets.standardized(datasets.digits()).train
x, y = x[:300], y[:300]
net = mn.mlp([64, *[100, 80] * 9, 60, 10], activation="relu", init="he_normal", rng=0)
for k, layer in enumerate(net.layers):
    layer.W *= (0.5, 0.7, 0.9)[k % 3]
diagnostics.diagnose(net, x, y, losses.softmax_cross_entropy)


# %% jupyter={"source_hidden": true} tags=["solution", "hide-input"]
def repair(net):
    """The factor for the weights of layer 1 that gives the outputs the size which He's weights give them."""
    ### BEGIN SOLUTION
    factor = 1.0
    for layer in net.layers:
        fan_in, _ = layer.W.shape
        factor *= np.sqrt(2 / fan_in) / layer.W.std()
    return factor
    ### END SOLUTION


# %% tags=["check"]
check("05.4", repair)

# %%
before = np.sqrt((net(x) ** 2).mean())
net.layers[0].W *= repair(net)
print(f"size of the outputs: {before:.1e} before, {np.sqrt((net(x) ** 2).mean()):.2f} after")
diagnostics.diagnose(net, x, y, losses.softmax_cross_entropy)

# %% [markdown] tags=["explanation"]
# <details><summary>Explanation</summary>
#
# A factor in any layer moves through all ReLUs above it to the output, so the factors multiply, and one layer can make
# up for all of them. The network now computes what it would with He's weights in every layer. `diagnose` said
# *vanishing* before. Now it says *exploding*, since layer 1 makes the signal of the lower layers large, and the other
# layers bring it back to size: it sees the layers, and the loss sees the outputs. The gradient of each layer's weights
# is that of He's network, divided by the layer's own number; layer 1, with the largest, learns least.
#
# </details>

# %% tags=["explanation"]
assert abs(repair(net) - 1) < 1e-3
assert diagnostics.diagnose(net, x, y, losses.softmax_cross_entropy).kinds == ("exploding",)
