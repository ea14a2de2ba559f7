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
# # 03.1 How deep?
#
# **(15 min, pencil)** A deep network of tanh units in float32. All layers have the same width $n$, and the weights are
# drawn from $N(0, \sigma^2)$ with $\sigma\sqrt n < 1$, so that signals are small. The smallest positive number of
# float32 is $2^{-149}$. Derive
#
# - `layers`: how many layers below the output the size of $\delta$ has fallen to $2^{-149}$, if it is `size` at the
#   output. Do not round it to a whole number.
#
# Then write it down as a function of $\sigma$ (`std`), $n$ (`width`) and `size`. With $\sigma = 0.05$: what does your
# formula say for $n = 64$, and what happens for $n = 1024$?
#
# <details><summary>Hint 1</summary>
#
# By which factor does one layer multiply the size of $\delta$? See the first prediction of section 1.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# size · factor$^{\,\text{layers}} = 2^{-149}$. Take logarithms on both sides.
#
# </details>

# %%
import numpy as np

import minnet as mn
from minnet import datasets, initializers, losses
from minnet.coursework import check


# %% jupyter={"source_hidden": true} tags=["solution", "hide-input"]
def how_deep(std, width, size):
    """The number of layers."""
    ### BEGIN SOLUTION
    factor = std * np.sqrt(width)
    return np.log(2.0**-149 / size) / np.log(factor)
    ### END SOLUTION


# %% tags=["check"]
check("03.1", how_deep)

# %% [markdown] tags=["explanation"]
# <details><summary>Explanation</summary>
#
# Small signals pass tanh nearly unchanged, so each layer multiplies the size of $\delta$ by $\sigma\sqrt n$, and
# $\text{layers} = \ln(2^{-149}/\text{size})/\ln(\sigma\sqrt n)$. With $\sigma = 0.05$ and $n = 64$ the factor is 0.4.
# With $n = 1024$ it is 1.6: the same initializer makes gradients explode, and there is no such depth. The cell below
# counts, in networks of 140 layers, those below the output that have any $\delta$ but 0 for 64 images. The count
# differs from the formula by a few layers: the product of a hundred random factors is random, the largest $\delta$ of a
# layer is above its size, and what is above half of $2^{-149}$ is rounded up.
#
# </details>

# %% tags=["explanation"]
x, y = datasets.standardized(datasets.digits()).train
x, y = x[:64].astype(np.float32), y[:64]
for seed in range(3):
    net = mn.mlp([64, *[64] * 140, 10], activation="tanh", init=initializers.normal(std=0.05), rng=seed)
    net.gradient(x, y, losses.softmax_cross_entropy)
    alive = sum(bool(layer.delta.any()) for layer in net.layers[:-1])
    size = np.sqrt(np.square(net.layers[-1].delta, dtype=np.float64).mean())
    assert abs(alive - how_deep(0.05, 64, size)) < 6
