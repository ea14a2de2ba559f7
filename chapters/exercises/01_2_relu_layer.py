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
# # 01.2 The backward pass of a ReLU layer
#
# **(15 min)** A layer computes $z = xW + b$ and $a = \max(z, 0)$, entry by entry. Write its backward pass: from $x$,
# $W$, $b$ and the array `da` = $\partial C/\partial a$ compute $\partial C/\partial x$, $dW$ and $db$. Use numpy alone.
#
# <details><summary>Hint 1</summary>
#
# Draw $\max(z, 0)$. Which slope does it have to the left of 0, and which to the right?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# First compute $\delta = \partial C/\partial z$. The three results are made of $\delta$; their shapes are those of $x$,
# $W$ and $b$.
#
# </details>

# %%
import numpy as np

from minnet.coursework import check


# %% jupyter={"source_hidden": true} tags=["solution", "hide-input"]
def relu_backward(x, W, b, da):
    """dx, dW and db."""
    ### BEGIN SOLUTION
    z = x @ W + b
    delta = da * (z > 0)
    return delta @ W.T, x.T @ delta, delta.sum(axis=0)
    ### END SOLUTION


# %% tags=["check"]
check("01.2", relu_backward)

# %% [markdown] tags=["explanation"]
# <details><summary>Explanation</summary>
#
# The slope of ReLU is 1 where $z > 0$ and 0 where $z < 0$, so $\delta$ keeps those entries of $\partial C/\partial a$
# whose unit is on. The rest is as for any activation: the formulas of section 2. Since $a > 0$ exactly where $z > 0$,
# the slope can also be read from $a$; that is what a network keeps anyway. At $z = 0$ there is no derivative; every
# value between 0 and 1 would do. The cell below compares $dW$ with central differences of $C = \sum a \odot da$, whose
# $\partial C/\partial a$ is `da`.
#
# </details>

# %% tags=["explanation"]
rng, h = np.random.default_rng(0), 1e-6
x, W, b, da = rng.normal(size=(5, 4)), rng.normal(size=(4, 3)), rng.normal(size=3), rng.normal(size=(5, 3))
difference = np.zeros_like(W)
for i in np.ndindex(W.shape):
    step = np.zeros_like(W)
    step[i] = h
    up, down = (np.maximum(x @ (W + s) + b, 0) for s in (step, -step))
    difference[i] = ((up - down) * da).sum() / (2 * h)
assert np.allclose(relu_backward(x, W, b, da)[1], difference)
