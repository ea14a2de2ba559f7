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
# # 11.1 A scaled block
#
# **(15 min, pencil)** A residual block with a scale $s$ in front of its branch,
#
# $$a = x + s\,F(x), \qquad F(x) = \max(xW_1, 0)\,W_2,$$
#
# gets $\partial C/\partial a$ from above. Derive $\partial C/\partial x$, $\partial C/\partial W_2$ and
# $\partial C/\partial s$, and write them with numpy. Batches have one example per row; there are no biases.
#
# <details><summary>Hint 1</summary>
#
# What arrives at the output of $F$, if $\partial C/\partial a$ arrives at $a$?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# $s$ is one number, which enters every entry of $a$. How does $C$ change if it grows by a small $\varepsilon$?
#
# </details>

# %%
import numpy as np

from minnet.coursework import check


# %% jupyter={"source_hidden": true} tags=["solution", "hide-input"]
def block_backward(x, W1, W2, s, da):
    """∂C/∂x, ∂C/∂W₂ and ∂C/∂s, where da = ∂C/∂a."""
    ### BEGIN SOLUTION
    h = np.maximum(x @ W1, 0)
    delta = (s * da @ W2.T) * (h > 0)
    dx = da + delta @ W1.T
    dW2 = h.T @ (s * da)
    ds = ((h @ W2) * da).sum()
    return dx, dW2, ds
    ### END SOLUTION


# %% tags=["check"]
check("11.1", block_backward)

# %% [markdown] tags=["explanation"]
# <details><summary>Explanation</summary>
#
# At the output of $F$ arrives $s\,\partial C/\partial a$, and the branch's backward pass $B$ is linear:
#
# $$\frac{\partial C}{\partial x} = \frac{\partial C}{\partial a} + s\,B\Big(\frac{\partial C}{\partial a}\Big), \qquad
# \frac{\partial C}{\partial W_2} = s\,h^\top\frac{\partial C}{\partial a}, \qquad
# \frac{\partial C}{\partial s} = \sum F(x) \odot \frac{\partial C}{\partial a}, \qquad h = \max(xW_1, 0) .$$
#
# With $s = 0$ the branch's weights have no gradient, but $s$ has: this is how ReZero begins. The cell below compares
# with a difference.
#
# </details>

# %% tags=["explanation"]
rng = np.random.default_rng(0)
x, da, direction = rng.normal(size=(3, 5, 4))
W1, W2 = rng.normal(size=(2, 4, 4))
s, h = 0.3, 1e-6


def C(x, W2, s):
    """A cost with ∂C/∂a = da."""
    return (da * (x + s * np.maximum(x @ W1, 0) @ W2)).sum()


dx, dW2, ds = block_backward(x, W1, W2, s, da)
by_x = (C(x + h * direction, W2, s) - C(x - h * direction, W2, s)) / (2 * h)
by_W2 = (C(x, W2 + h * W1, s) - C(x, W2 - h * W1, s)) / (2 * h)                # W1 serves as a direction
by_s = (C(x, W2, s + h) - C(x, W2, s - h)) / (2 * h)
np.testing.assert_allclose(((dx * direction).sum(), (dW2 * W1).sum(), ds), (by_x, by_W2, by_s), rtol=1e-6)
