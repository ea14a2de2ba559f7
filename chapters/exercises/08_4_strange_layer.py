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
# # 08.4 Break a layer, and find it
#
# **(20 min)** In a SELU network one layer was given another activation by mistake: ReLU, tanh, or ELU with $\alpha =
# 1$. The first cell does this to layer 7. What does `diagnose` say? And what does its table show?
#
# Write a function `strange_layer(signals)` that finds the layer from the activations alone. `signals` is a list with
# one array (images, units) for each layer; layers count from 1. The inputs may be too small or too large.
#
# <details><summary>Hint 1</summary>
#
# Change `f` in the first cell. Which columns change at layer 7, and does the change look the same for the three?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Mean and variance also move when the inputs have another size. What can SELU do that none of the three can, whatever
# its inputs are?
#
# </details>

# %%
import numpy as np

import minnet as mn
from minnet import activations, datasets, diagnostics, losses
from minnet.coursework import check

x, y = datasets.standardized(datasets.digits()).train
f = activations.relu                                     # then activations.tanh, activations.elu(1.0)
net = mn.mlp([64, *[60] * 12, 10], activation=activations.selu, init="lecun_normal", rng=0)
net.layers[6].activation = f
diagnostics.diagnose(net, x[:300], y[:300], losses.softmax_cross_entropy)


# %% jupyter={"source_hidden": true} tags=["solution", "hide-input"]
def strange_layer(signals):
    """The number of the layer that is no SELU layer, counted from 1."""
    ### BEGIN SOLUTION
    lowest = [a.min() for a in signals]
    return int(np.argmax(lowest)) + 1
    ### END SOLUTION


# %% tags=["check"]
check("08.4", strange_layer)

# %% [markdown] tags=["explanation"]
# <details><summary>Explanation</summary>
#
# `diagnose` says that the network is healthy, and it is right in a way: the layers above bring the signal back towards
# mean 0 and variance 1. Self-normalization hides the mistake. The table shows it, though. At layer 7 the standard
# deviation falls, and with ReLU and ELU the mean rises.
#
# Mean and variance are no safe sign: they move as well where the inputs are too small or too large, and tanh keeps the
# mean. But SELU goes down to $-\lambda\alpha = -1.76$, and of many activations some come near it. ReLU ends at 0, tanh
# and ELU end at $-1$.
#
# </details>

# %% tags=["explanation"]
assert not diagnostics.diagnose(net, x[:300], y[:300], losses.softmax_cross_entropy).kinds
for f in (activations.relu, activations.tanh, activations.elu(1.0)):
    net.layers[6].activation = f
    net.forward(x[:300])
    assert strange_layer([layer.a for layer in net.layers[:-1]]) == 7
