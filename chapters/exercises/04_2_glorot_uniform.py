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
# # 04.2 Glorot's initializer
#
# **(15 min)** Write Glorot's initializer: weights from $U(-r, r)$ with $\mathrm{Var}[W] = 2/(\text{fan\_in} +
# \text{fan\_out})$. It is a function of a generator, `np.random.default_rng(…)`, and the shape of a matrix, (fan_in,
# fan_out). Use numpy alone.
#
# <details><summary>Hint 1</summary>
#
# First the bound: which $r$ gives $U(-r, r)$ this variance? (Exercise 04.1 needed the same step.)
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `rng.uniform(low, high, shape)` draws the matrix. Draw from the generator that is passed: who calls your function
# decides about the seed.
#
# </details>

# %%
import numpy as np

from minnet.coursework import check


# %% jupyter={"source_hidden": true} tags=["solution", "hide-input"]
def my_glorot(rng, shape):
    """Weights of this shape from Glorot's uniform distribution."""
    ### BEGIN SOLUTION
    fan_in, fan_out = shape
    r = np.sqrt(6 / (fan_in + fan_out))
    return rng.uniform(-r, r, shape)
    ### END SOLUTION


# %% tags=["check"]
check("04.2", my_glorot)

# %% [markdown] tags=["explanation"]
# <details><summary>Explanation</summary>
#
# $r^2/3 = 2/(n + m)$ gives $r = \sqrt{6/(n + m)}$, equation 16 of the paper. What the check looks at: the shape, the
# distribution (by its quantiles, at a wide and at a narrow matrix, so that swapped fans are seen), that two calls
# draw different weights, and that equal seeds draw equal ones.
#
# </details>
