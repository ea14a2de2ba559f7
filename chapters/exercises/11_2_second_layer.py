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
# # 11.2 Weights instead of 1/√L
#
# **(10 min, pencil)** A residual block has the branch Dense, ReLU, Dense, with $n$ units in each layer and He's weights
# in the first. There is no factor $1/\sqrt L$. Instead, the weights of the *second* layer are chosen so that the block
# multiplies the mean square of the signal by $1 + 1/L$. Derive
#
# - `var`: their variance,
# - `total`: the factor on the mean square after all $L$ blocks.
#
# <details><summary>Hint 1</summary>
#
# What is the mean square after the first layer and its ReLU?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# $E[a^2] = E[x^2] + E[F^2]$. How large must $E[F^2]$ be?
#
# </details>

# %%
import numpy as np

from minnet.coursework import check


# %% jupyter={"source_hidden": true} tags=["solution", "hide-input"]
def second_layer(n, L):
    """The variance of the second layer's weights, and the factor after L blocks."""
    ### BEGIN SOLUTION
    return 1 / (n * L), (1 + 1 / L) ** L
    ### END SOLUTION


# %% tags=["check"]
check("11.2", second_layer)

# %% [markdown] tags=["explanation"]
# <details><summary>Explanation</summary>
#
# He's weights double the mean square, and ReLU halves it: the second layer gets $E[x^2]$. It multiplies this by
# $n\,\mathrm{Var}[W_2]$, and the block adds the result. So $n\,\mathrm{Var}[W_2] = 1/L$. That is He's variance divided
# by $2L$: the 2 is the one that only a layer before a ReLU needs. After $L$ blocks the factor is $(1 + 1/L)^L$, which
# stays below $e$ at any depth. The cell below measures it.
#
# </details>

# %% tags=["explanation"]
n, L, growth = 256, 20, []
for seed in range(5):
    rng = np.random.default_rng(seed)
    start = a = rng.normal(size=(50, n))
    for _ in range(L):
        W1 = rng.normal(0, np.sqrt(2 / n), (n, n))
        W2 = rng.normal(0, np.sqrt(second_layer(n, L)[0]), (n, n))
        a = a + np.maximum(a @ W1, 0) @ W2
    growth.append((a**2).mean() / (start**2).mean())
print(f"after {L} blocks: {min(growth):.2f} to {max(growth):.2f}, in theory {second_layer(n, L)[1]:.2f}")
assert abs(np.mean(growth) / second_layer(n, L)[1] - 1) < 0.15
