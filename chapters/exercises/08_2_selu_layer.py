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
# # 08.2 The backward pass of a SELU layer
#
# **(15 min)** A layer $z = xW + b$, $a = \mathrm{selu}(z)$ keeps its input $x$ and its output $a$, and throws $z$ away.
# From $\partial C/\partial a$ compute $\partial C/\partial x$, $dW$ and $db$. Batches have one example per row.
#
# <details><summary>Hint 1</summary>
#
# Write $\mathrm{selu}'(z)$ for $z \le 0$. Which part of it can be read from $a$?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# $a$ and $z$ have the same sign.
#
# </details>

# %%
import numpy as np

from minnet import activations
from minnet.activations import SELU_ALPHA, SELU_LAMBDA
from minnet.coursework import check


# %% jupyter={"source_hidden": true} tags=["solution", "hide-input"]
def selu_backward(x, W, a, da):
    """dx, dW and db, where da = ∂C/∂a."""
    ### BEGIN SOLUTION
    slope = np.where(a > 0, SELU_LAMBDA, a + SELU_LAMBDA * SELU_ALPHA)
    delta = da * slope
    return delta @ W.T, x.T @ delta, delta.sum(axis=0)
    ### END SOLUTION


# %% tags=["check"]
check("08.2", selu_backward)

# %% [markdown] tags=["explanation"]
# <details><summary>Explanation</summary>
#
# For $z \le 0$ the slope is $\lambda\alpha e^z$, and $a = \lambda\alpha e^z - \lambda\alpha$. So the slope is $a +
# \lambda\alpha$: no exponential is needed on the way back. It falls from $\lambda\alpha = 1.76$ at 0 to 0 where SELU
# saturates. The rest is as in every layer: $\delta = \partial C/\partial a \odot f'(z)$, $dW = x^\top\delta$, $db$ the
# sum of the rows of $\delta$, and $\partial C/\partial x = \delta W^\top$. The cell below compares with a difference.
#
# </details>

# %% tags=["explanation"]
rng = np.random.default_rng(0)
x, W, da, direction = rng.normal(size=(5, 4)), rng.normal(size=(4, 3)), rng.normal(size=(5, 3)), rng.normal(size=(4, 3))
f, h = activations.selu.f, 1e-6
_, dW, _ = selu_backward(x, W, f(x @ W), da)
difference = (da * (f(x @ (W + h * direction)) - f(x @ (W - h * direction)))).sum() / (2 * h)
np.testing.assert_allclose((dW * direction).sum(), difference, rtol=1e-6)
