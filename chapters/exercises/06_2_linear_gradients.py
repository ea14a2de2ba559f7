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
# # 06.2 The backward pass of a deep linear network
#
# **(20 min)** Three linear layers learn a matrix $T$: the inputs are white, and the cost is
# $C = \tfrac12\|W_1W_2W_3 - T\|^2$, half the sum of the squared entries. Write the gradients $dW_1$, $dW_2$ and $dW_3$
# of $C$, as a function of the three matrices and $T$.
#
# <details><summary>Hint 1</summary>
#
# Section 1 has the two-layer case, as steps downhill. For layer 2, call all that lies below it $A$ and all above it
# $B$: the product is $A\,W_2\,B$.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# A small change of $W_2$ changes the product by $A\,(\text{change})\,B$. Which matrix tells by how much $C$ changes?
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# $(B\,C)^\top = C^\top B^\top$. Try matrices of different shapes: a gradient has the shape of its matrix.
#
# </details>

# %%
import numpy as np

from minnet.coursework import check


# %% jupyter={"source_hidden": true} tags=["solution", "hide-input"]
def linear_gradients(W1, W2, W3, T):
    """The gradients dW1, dW2, dW3."""
    ### BEGIN SOLUTION
    error = W1 @ W2 @ W3 - T
    dW3 = (W1 @ W2).T @ error
    dW2 = W1.T @ error @ W3.T
    dW1 = error @ (W2 @ W3).T
    return dW1, dW2, dW3
    ### END SOLUTION


# %% tags=["check"]
check("06.2", linear_gradients)

# %% [markdown] tags=["explanation"]
# <details><summary>Explanation</summary>
#
# With $E = W_1W_2W_3 - T$ and the product $A W B$, a change $\Delta$ of $W$ changes $C$ by
# $\sum E \odot (A\Delta B) = \sum (A^\top E B^\top) \odot \Delta$: the gradient is $A^\top E B^\top$. It contains all
# *other* matrices. So the gradient of one layer is small when the others are, and with $L$ layers of strength $a$ in a
# mode it goes with $a^{L-1}$: the reason why modes wait before they rise. The cell below compares with finite
# differences.
#
# </details>

# %% tags=["explanation"]
rng = np.random.default_rng(0)
weights = [rng.normal(size=shape) for shape in ((5, 4), (4, 6), (6, 3))]
T = rng.normal(size=(5, 3))


def cost(W1, W2, W3):
    return ((W1 @ W2 @ W3 - T) ** 2).sum() / 2


h = 1e-5
for k, dW in enumerate(linear_gradients(*weights, T)):
    assert dW.shape == weights[k].shape
    change = np.zeros_like(dW)
    change[1, 2] = h
    up, down = (cost(*[W + sign * change if i == k else W for i, W in enumerate(weights)]) for sign in (1, -1))
    assert abs((up - down) / (2 * h) - dW[1, 2]) < 1e-6 * abs(dW).max()
