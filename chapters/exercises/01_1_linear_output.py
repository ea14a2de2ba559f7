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
# # 01.1 The linear output
#
# **(10 min, pencil)** A network whose output is linear shall predict numbers: for a batch of $B$ examples with $m$
# outputs each, $z$ and the targets $y$ are $B \times m$, and the cost is
# $C = \frac1B\sum_{i=1}^{B}\frac12\|z_i - y_i\|^2$. Derive
#
# - `delta`: $\delta = \partial C/\partial z$, an array of the shape of $z$,
# - `factor`: the other common cost is the mean over all $Bm$ entries of $(z_{ij} - y_{ij})^2$, without a ½; the library
#   has it as `mean_squared_error`. By which factor is its $\delta$ larger than yours?
#
# Then write them down as a function of $z$ and $y$.
#
# <details><summary>Hint 1</summary>
#
# Write the norm as a sum over the outputs $j$. How many of the terms contain one given $z_{ij}$?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# For the factor: what stands in front of $(z_{ij} - y_{ij})^2$ in the one cost, and what in the other?
#
# </details>

# %%
import numpy as np

from minnet import losses
from minnet.coursework import check


# %% jupyter={"source_hidden": true} tags=["solution", "hide-input"]
def linear_output(z, y):
    """delta, and the factor by which that of mean_squared_error is larger."""
    ### BEGIN SOLUTION
    B, m = z.shape
    return (z - y) / B, 2 / m
    ### END SOLUTION


# %% tags=["check"]
check("01.1", linear_output)

# %% [markdown] tags=["explanation"]
# <details><summary>Explanation</summary>
#
# $C = \frac1B\sum_i\frac12\sum_j (z_{ij} - y_{ij})^2$. Only one term contains $z_{ij}$, and its derivative is
# $\delta_{ij} = (z_{ij} - y_{ij})/B$: the ½ cancels the 2 of the square. This is `losses.squared_error`.
# `mean_squared_error` has $1/(Bm)$ where this cost has $1/(2B)$, so everything is $2/m$ times as large: with ten
# outputs, a fifth. If both are to make the same steps, the learning rate must be $m/2$ times as large.
#
# </details>

# %% tags=["explanation"]
rng = np.random.default_rng(0)
z, y = rng.normal(size=(7, 3)), rng.normal(size=(7, 3))
delta, factor = linear_output(z, y)
assert np.allclose(losses.squared_error(z, y)[1], delta)
assert np.allclose(losses.mean_squared_error(z, y)[1], factor * delta)
