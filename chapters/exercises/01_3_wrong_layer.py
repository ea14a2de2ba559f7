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
# # 01.3 Break a backward pass, and find it
#
# **(25 min)** The first cell breaks a network of tanh layers: the backward pass of one of them forgets the slope. The
# network still computes, and `diagnose` says that its gradient is wrong. Does it say where?
#
# Write a function `wrong_layer(net, x, y)` that returns the number of the layer whose backward pass has a mistake,
# counted from 1. The cost is `losses.softmax_cross_entropy`. The mistake is in the $\delta$ of one hidden layer: no
# slope, the slope at a wrong point, or a wrong sign. The network computes in float64. Do not look at the type of the
# layers: a mistake does not come with a name.
#
# <details><summary>Hint 1</summary>
#
# Which gradients does the mistake spoil: those of the layers above, of the layer itself, of the layers below?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `net.gradient(x, y, loss)` computes the gradients and returns the cost; `layer.dW` is the gradient of `layer.W` for
# `layer` in `net.layers`. Copy `layer.dW`: the next pass overwrites it. `loss(net(x), y)[0]` is the cost alone.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# You need not check every weight. Move the whole matrix $W$ along its own $dW$, by a small $h$ up and down: if $dW$ is
# right, the cost must change by $2h\,\|dW\|^2$.
#
# </details>

# %%
import numpy as np

import minnet as mn
from minnet import activations, datasets, diagnostics, losses
from minnet.coursework import check


class Forgetful(mn.Dense):
    """A dense layer whose backward pass forgets the slope of the activation."""

    def backward(self, da, input_gradient=True):
        self.delta = da
        self.dW[...] = self.x.T @ da
        self.db[...] = da.sum(axis=0)
        return da @ self.W.T


x, y = datasets.digits().train
x, y = 2 * x[:300].astype(np.float64), y[:300]
net = mn.Network([mn.Dense(64, 30, activations.tanh), mn.Dense(30, 20, activations.tanh),
                  Forgetful(20, 25, activations.tanh), mn.Dense(25, 20, activations.tanh), mn.Dense(20, 10)],
                 rng=0, dtype=np.float64)
found = diagnostics.diagnose(net, x, y, losses.softmax_cross_entropy)
found


# %% jupyter={"source_hidden": true} tags=["solution", "hide-input"]
def wrong_layer(net, x, y):
    """The number of the layer whose backward pass has a mistake, counted from 1."""
    ### BEGIN SOLUTION
    loss = losses.softmax_cross_entropy
    net.gradient(x, y, loss)
    for number in range(len(net.layers), 0, -1):
        layer = net.layers[number - 1]
        W, dW = layer.W.copy(), layer.dW.copy()
        h, costs = 1e-4 / np.linalg.norm(dW), []
        for step in (h, -h):
            layer.W = W + step * dW
            costs.append(loss(net(x), y)[0])
        layer.W = W
        slope = (costs[0] - costs[1]) / (2 * h)
        if abs(slope / (dW**2).sum() - 1) > 1e-3:
            return number
    ### END SOLUTION


# %% tags=["check"]
check("01.3", wrong_layer)

# %% [markdown] tags=["explanation"]
# <details><summary>Explanation</summary>
#
# The error goes from the output down, so the layers above the mistake have right gradients, and the layer itself and
# all below have wrong ones. The mistake is in the topmost layer whose gradient is wrong. `diagnose` checks the gradient
# as a whole by one difference along it, which is quick and cannot say where; it does name the layer where the mistake
# is in the derivative of an activation. (`net(x)` predicts and keeps nothing, so the gradients in `layer.dW` stay as
# they are.)
#
# </details>

# %% tags=["explanation"]
assert wrong_layer(net, x, y) == 3
assert found.kinds == ("wrong_gradient",)
