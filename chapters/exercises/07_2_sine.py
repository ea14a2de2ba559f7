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
# # 07.2 A sine
#
# **(20 min, pencil)** Let $f = \sin$, and $z = \sqrt q\,g$. Derive in closed form
#
# - `second`: $E[f(z)^2]$, and `slope`: $E[f'(z)^2]$,
# - `weight_var` and `bias_var`: the $\sigma_w^2$ and $\sigma_b^2$ of the edge of chaos whose fixed point is $q$.
#
# Write them down as a function of $q$. Is there an edge of chaos for every $q > 0$? And without biases?
#
# <details><summary>Hint 1</summary>
#
# $\sin^2 u = (1 - \cos 2u)/2$.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# The average of $\cos u$ over a normal $u$ with mean 0 and variance $v$ is $e^{-v/2}$. Which $v$ do you need?
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# Section 6 has the two variances. Is $\sigma_b^2$ negative for some $q$?
#
# </details>

# %%
import numpy as np

from minnet.coursework import check


# %% jupyter={"source_hidden": true} tags=["solution", "hide-input"]
def sine(q):
    """E[f²], E[f′²], and the variances of weights and biases at the edge of chaos."""
    ### BEGIN SOLUTION
    second = (1 - np.exp(-2 * q)) / 2
    slope = (1 + np.exp(-2 * q)) / 2
    weight_var = 1 / slope
    bias_var = q - weight_var * second
    return second, slope, weight_var, bias_var
    ### END SOLUTION


# %% tags=["check"]
check("07.2", sine)

# %% [markdown] tags=["explanation"]
# <details><summary>Explanation</summary>
#
# $2z$ has the variance $4q$, so $E[\cos 2z] = e^{-2q}$, and $E[f^2] = \tfrac12(1 - e^{-2q})$,
# $E[f'^2] = \tfrac12(1 + e^{-2q})$. On the edge $\sigma_w^2 = 2/(1 + e^{-2q})$, between 1 and 2, and
# $\sigma_b^2 = q - \tanh q$, which is positive for every $q > 0$. So there is an edge for each $q$. Without biases it
# is there at $q \to 0$ only, with $\sigma_w^2 = 1$, as for tanh.
#
# </details>

# %% tags=["explanation"]
q = np.linspace(0.1, 5, 50)
second, slope, weight_var, bias_var = sine(q)
assert np.allclose(second + slope, 1)
assert np.allclose(bias_var, q - np.tanh(q))
assert (bias_var > 0).all()
assert ((weight_var > 1) & (weight_var < 2)).all()
