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
# # 07.3 The edge of chaos for any activation
#
# **(25 min)** Write a function that computes the edge of chaos of any smooth activation. It gets $f$ and $f'$, two
# functions of an array, and the fixed point $q$, and returns
#
# - `weight_var` and `bias_var`: the $\sigma_w^2$ and $\sigma_b^2$ of section 6,
# - `slope`: $V'(q)$ with these. (If it is above 1, the fixed point repels, and the edge is of no use.)
#
# Compute the averages as sums over a fine grid of $g$, to three digits. Use numpy alone.
#
# <details><summary>Hint 1</summary>
#
# Section 1 computes a gain with such a sum. Test the weights of the sum: they add up to 1, and the average of $g^2$ is
# 1.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# $z = \sqrt q\,g$ is the argument of $f$ and $f'$. Section 2 has the formula for $V'(q)$.
#
# </details>

# %%
import numpy as np

from minnet.coursework import check


# %% jupyter={"source_hidden": true} tags=["solution", "hide-input"]
def edge(f, df, q):
    """σ_w² and σ_b² at the edge of chaos with the fixed point q, and V′(q)."""
    ### BEGIN SOLUTION
    g = np.linspace(-10, 10, 4001)
    weight = np.exp(-(g**2) / 2) / np.sqrt(2 * np.pi) * (g[1] - g[0])
    z = np.sqrt(q) * g
    weight_var = 1 / np.sum(weight * df(z) ** 2)
    bias_var = q - weight_var * np.sum(weight * f(z) ** 2)
    slope = weight_var * np.sum(weight * f(z) * df(z) * g) / np.sqrt(q)
    return weight_var, bias_var, slope
    ### END SOLUTION


# %% tags=["check"]
check("07.3", edge)


# %%
def swish(z):
    return z / (1 + np.exp(-z))


def dswish(z):
    s = 1 / (1 + np.exp(-z))
    return s + z * s * (1 - s)


for q in (1, 4, 8, 12, 16):
    weight_var, bias_var, slope = edge(swish, dswish, q)
    print(f"swish, q = {q:<2}: σ_w² = {weight_var:.3f}, σ_b² = {bias_var:.3f}, V′(q) = {slope:.3f}")

# %% [markdown] tags=["explanation"]
# <details><summary>Explanation</summary>
#
# $\chi = 1$ decides about the weights, and what is then missing to $V(q) = q$ the biases must add. For swish
# $V'(q)$ stays above 1 for small $q$, where the fixed point repels, and comes down to 1 at $q \approx 14$: the point
# that `theory.critical_point` finds. The cell below compares with the library.
#
# </details>

# %% tags=["explanation"]
from minnet import activations, theory

field, q = theory.critical_point(activations.swish())
weight_var, bias_var, slope = edge(swish, dswish, q)
assert abs(weight_var / field.weight_var - 1) < 1e-4
assert abs(bias_var / field.bias_var - 1) < 1e-4
assert abs(slope - 1) < 1e-3
assert 14 < q < 15
assert edge(swish, dswish, 12)[2] > 1 > edge(swish, dswish, 16)[2]
