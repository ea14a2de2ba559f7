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
# # 01.6 A layer that scales
#
# **(30 min)** A layer multiplies each feature by a number that it learns: $a_{ik} = s_k\,x_{ik}$ for example $i$ and
# feature $k$. Write its backward pass: from $x$, $s$ and `da` = $\partial C/\partial a$ compute $\partial C/\partial x$
# and $ds$. The last cell makes a layer of the library from it.
#
# <details><summary>Hint 1</summary>
#
# At which rate does $a_{ik}$ change with $x_{ik}$, and at which with $s_k$?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Which entries of $a$ does one $s_k$ change?
#
# </details>

# %%
from dataclasses import dataclass

import numpy as np

import minnet as mn
from minnet import activations, datasets, gradient_check, losses, optimizers
from minnet.coursework import check
from minnet.layers import Layer
from minnet.parameters import parameter


# %% jupyter={"source_hidden": true} tags=["solution", "hide-input"]
def scale_backward(x, s, da):
    """dx and ds."""
    ### BEGIN SOLUTION
    return da * s, (da * x).sum(axis=0)
    ### END SOLUTION


# %% tags=["check"]
check("01.6", scale_backward)


# %%
@dataclass(eq=False, repr=False)
class Scale(Layer):
    features: int

    s, ds = parameter("features")                # learned, with its gradient; decays=True would let it decay

    def widths(self):
        return self.features, self.features

    def reset(self, rng):
        self.s[...] = 1

    def __call__(self, x):
        return x * self.s

    def forward(self, x, training=False, rng=None):
        self.x = x
        return x * self.s

    def backward(self, da, input_gradient=True):
        dx, self.ds[...] = scale_backward(self.x, self.s, da)
        return dx


x, y = datasets.digits().train
net = mn.Network([mn.Dense(64, 16, activations.tanh), Scale(16), mn.Dense(16, 10)], rng=0)
report = gradient_check.check(net, x[:20], y[:20], losses.softmax_cross_entropy, samples=40)
print("the gradient is right" if report.passed else report)

# %% [markdown] tags=["explanation"]
# <details><summary>Explanation</summary>
#
# $\partial C/\partial x_{ik} = s_k\,\partial C/\partial a_{ik}$. One $s_k$ acts in every example, so
# $ds_k = \sum_i x_{ik}\,\partial C/\partial a_{ik}$: a sum over the examples, as for the bias. Weight decay pulls
# parameters to 0. For weights that is a choice; for a scale that starts at 1 it would switch the features off, so the
# layer declares $s$ without `decays=True`. The cell below makes one step with weight decay and a gradient of 0: the
# weights shrink, the scales stay.
#
# </details>

# %% tags=["explanation"]
assert report.passed
before = net.params.copy()
optimizer = optimizers.SGD(learning_rate=0.1, weight_decay=0.5)
optimizer.step(net.params, np.zeros_like(net.grads), optimizer.init(net.params, net.decay_mask))
assert np.array_equal(net.layers[1].s, before[net.span(1)])
assert np.linalg.norm(net.layers[0].W) < np.linalg.norm(before[net.span(0)])
