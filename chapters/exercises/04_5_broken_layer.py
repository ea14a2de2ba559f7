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
# # 04.5 Break a layer, and find it
#
# **(20 min)** The first code cell of this exercise breaks a network of tanh layers: the weights of one layer are
# multiplied by `factor`, here 1/40. `diagnose` says what is wrong. Does it say where? What does it say with a factor
# of 30?
#
# Write a function `broken_layer(net, x)` that returns the number of the layer whose weights have the wrong scale.
# Layers count from 1, as in the table of `diagnose`. The widths differ from layer to layer, and the factor may be far
# below 1 or far above.
#
# <details><summary>Hint 1</summary>
#
# Change `factor` and the layer in the cell that breaks the network, and read the table. Which column changes *at* the
# layer, and which only above or below it?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `layer.W` is the matrix of a layer, for `layer` in `net.layers`. What should its standard deviation be? By which
# factor is it off?
#
# </details>

# %%
import numpy as np

import minnet as mn
from minnet import datasets, diagnostics, losses
from minnet.coursework import check

x, y = datasets.digits().train
net = mn.mlp([64, 60, 80, 40, 60, 50, 10], activation="tanh", init="glorot_uniform", rng=0)
factor = 1 / 40
net.layers[2].W *= factor
diagnostics.diagnose(net, x, y, losses.softmax_cross_entropy)

# %% jupyter={"source_hidden": true} tags=["solution", "hide-input"]
def broken_layer(net, x):
    """The number of the layer whose weights have the wrong scale, counted from 1."""
    ### BEGIN SOLUTION
    off = []
    for layer in net.layers:
        glorot = np.sqrt(2 / sum(layer.W.shape))
        off.append(abs(np.log(layer.W.std() / glorot)))
    return int(np.argmax(off)) + 1
    ### END SOLUTION


# %% tags=["check"]
check("04.5", broken_layer)

# %% [markdown] tags=["explanation"]
# <details><summary>Explanation</summary>
#
# With weights 40 times too small `diagnose` says *vanishing*, in all layers: the signal is small above the layer and
# the gradient is small below it. Where weights are 30 times too large it says *saturated*, and names the layer, since
# only this layer's tanh is at the ends of its range. The scale of the weights, seen against what the fans ask for,
# finds both: the deviation of a healthy layer is within some percent of Glorot's, and the logarithm treats 1/30 and
# 30 alike.
#
# </details>

# %% tags=["explanation"]
assert broken_layer(net, x) == 3
found = diagnostics.diagnose(net, x, y, losses.softmax_cross_entropy)
assert "vanishing" in found.kinds
net.layers[2].W *= 30 / factor
found = diagnostics.diagnose(net, x, y, losses.softmax_cross_entropy)
assert [finding.layers for finding in found.findings if finding.kind == "saturated"] == [(3,)]
