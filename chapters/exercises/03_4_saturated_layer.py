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
# # 03.4 Break a layer, and find it
#
# **(20 min)** The first cell breaks a network of tanh layers: one layer gets large biases, of both signs. Its weights
# are as healthy as those of the others, and yet hardly any gradient comes through. `diagnose` says what is wrong.
#
# Write a function `saturated_layer(net, x, y)` that returns the number of the hidden layer whose units are saturated,
# counted from 1. The reason may be its biases, or weights that are too large. Which of the two it is shall not matter.
#
# <details><summary>Hint 1</summary>
#
# Do not look at the weights or the biases, look at the units: what does $a$ look like if a tanh unit is saturated?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# After `net.forward(x)`, `layer.a` holds the activations of a layer, a row for each example. The last layer,
# `net.layers[-1]`, has no tanh.
#
# </details>

# %%
import numpy as np

import minnet as mn
from minnet import datasets, diagnostics, losses
from minnet.coursework import check

x, y = datasets.standardized(datasets.digits()).train
x, y = x[:200].astype(np.float64), y[:200]
net = mn.mlp([64, 60, 80, 40, 60, 50, 10], activation="tanh", init="glorot_uniform", rng=0, dtype=np.float64)
net.layers[3].b = 6 * np.random.default_rng(0).choice([-1, 1], 60)
found = diagnostics.diagnose(net, x, y, losses.softmax_cross_entropy)
found


# %% jupyter={"source_hidden": true} tags=["solution", "hide-input"]
def saturated_layer(net, x, y):
    """The number of the hidden layer whose units are saturated, counted from 1."""
    ### BEGIN SOLUTION
    net.forward(x)
    shares = [(abs(layer.a) > 0.99).mean() for layer in net.layers[:-1]]
    return int(np.argmax(shares)) + 1
    ### END SOLUTION


# %% tags=["check"]
check("03.4", saturated_layer)

# %% [markdown] tags=["explanation"]
# <details><summary>Explanation</summary>
#
# A saturated tanh unit is at −1 or 1 for every example. The share of $|a| > 0.99$ says so, whatever the reason; the
# column *saturated* of `diagnose` has it. The sizes of the gradients do not tell the layer: with large biases $\delta$
# is small in all layers below, and with large weights it grows again just below, since $W^\top$ multiplies it. With
# large biases the layer also forgets its inputs: its units give nearly the same numbers for every example, and so do
# all layers above.
#
# </details>

# %% tags=["explanation"]
assert saturated_layer(net, x, y) == 4
assert [finding.layers for finding in found.findings if finding.kind == "saturated"] == [(4,)]
