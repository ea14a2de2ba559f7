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
# # 09.4 Break a layer, and find it
#
# **(25 min)** The first cell pretrains five sigmoid layers and then breaks one: it shuffles the entries of its $W$, as
# in section 4. What does `diagnose` say? And what does its table show?
#
# Write a function `forgotten_layer(net, x)` that returns the number of the hidden layer whose weights were shuffled,
# counted from 1. `net` is such a network, and `x` some images.
#
# <details><summary>Hint 1</summary>
#
# Shuffling keeps every value, so neither size, mean nor the largest entry can show it. What is lost is how the entries
# stand to each other, in rows and columns.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Independent entries have singular values of about the same size (chapter 04's further part). What do learned weights
# have, with rows and columns that resemble each other? `np.linalg.svd(W, compute_uv=False)` computes them.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# The layers have different shapes. With which matrix of the same shape and the same values can you compare?
#
# </details>

# %%
import numpy as np

import minnet as mn
from minnet import datasets, diagnostics, losses, optimizers, pretraining
from minnet.coursework import check

x, y = datasets.digits().train
net = mn.mlp([64, 60, 55, 50, 45, 40, 10], activation="sigmoid", init="heuristic_uniform", rng=2)
pretraining.greedy_pretrain(net, x, optimizer=optimizers.SGD(0.5), epochs=8, batch_size=20, rng=2, progress=False)
broken = net.layers[2]
broken.W = np.random.default_rng(0).permutation(broken.W.ravel()).reshape(broken.W.shape)
diagnostics.diagnose(net, x[:300], y[:300], losses.softmax_cross_entropy)


# %% jupyter={"source_hidden": true} tags=["solution", "hide-input"]
def forgotten_layer(net, x):
    """The number of the hidden layer whose weights were shuffled, counted from 1."""
    ### BEGIN SOLUTION
    def spread(W):
        squares = np.linalg.svd(W, compute_uv=False) ** 2
        return (squares**2).sum() / squares.sum() ** 2

    rng = np.random.default_rng(0)
    order = [spread(layer.W) / spread(rng.permutation(layer.W.ravel()).reshape(layer.W.shape))
             for layer in net.layers[:-1]]
    return int(np.argmin(order)) + 1
    ### END SOLUTION


# %% tags=["check"]
check("09.4", forgotten_layer)

# %% [markdown] tags=["explanation"]
# <details><summary>Explanation</summary>
#
# `diagnose` finds nothing, and it is right: the size of the weights is what it was, signal and gradient pass. What the
# layer had learned is gone. The table shows it from layer 3 on: the images differ less in the column *over examples*.
# But this column also depends on the widths, and stays low in the layers above.
#
# The weights themselves say more. Learned weights have some large singular values: a few directions in the images
# matter most. Shuffled ones have the spread-out values of random matrices. $\sum s^4/(\sum s^2)^2$ measures how few
# directions hold most of the matrix. For learned weights it is about twice that of a shuffled copy; for weights that
# are shuffled already both are nearly equal. So they are for the output layer, which was never pretrained.
#
# </details>

# %% tags=["explanation"]
assert forgotten_layer(net, x) == 3
assert not diagnostics.diagnose(net, x[:300], y[:300], losses.softmax_cross_entropy).kinds
