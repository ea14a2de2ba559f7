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
# # 05.2 The backward pass of PReLU
#
# **(20 min)** He and others let the network learn the slope below 0. Each unit $j$ has a slope $s_j$ of its own:
#
# $$a_{ij} = z_{ij} \text{ where } z_{ij} > 0, \qquad a_{ij} = s_j z_{ij} \text{ elsewhere},$$
#
# with one row $i$ for each example. Given `z` $(n, k)$, `slope` $(k,)$ and `da` $= \partial C/\partial a$ $(n, k)$,
# write the backward pass: it returns `dz` $= \partial C/\partial z$ and `dslope` $= \partial C/\partial s$.
#
# <details><summary>Hint 1</summary>
#
# Each $a_{ij}$ depends on one $z_{ij}$ and on one $s_j$. What is $\partial a_{ij}/\partial z_{ij}$, and what is
# $\partial a_{ij}/\partial s_j$, on either side of 0?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# $s_j$ enters the output of every example. The chain rule adds up all ways in which it reaches $C$.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# Shapes are a check: a gradient has the shape of what it is the gradient of.
#
# </details>

# %%
import numpy as np

from minnet.coursework import check


# %% jupyter={"source_hidden": true} tags=["solution", "hide-input"]
def prelu_backward(z, slope, da):
    """The gradients dz (n, k) and dslope (k,)."""
    ### BEGIN SOLUTION
    dz = da * np.where(z > 0, 1, slope)
    dslope = (da * np.where(z > 0, 0, z)).sum(axis=0)
    return dz, dslope
    ### END SOLUTION


# %% tags=["check"]
check("05.2", prelu_backward)

# %% [markdown] tags=["explanation"]
# <details><summary>Explanation</summary>
#
# $\partial a/\partial z$ is 1 above 0 and $s_j$ below. $\partial a/\partial s_j$ is 0 above and $z_{ij}$ below, and the
# sum over the examples collects all ways from $s_j$ to $C$. The cell below compares with finite differences, for
# $C = \sum_{ij} a_{ij}\,da_{ij}$, whose derivative by $a$ is `da`.
#
# </details>

# %% tags=["explanation"]
rng = np.random.default_rng(0)
z, slope, da = rng.normal(size=(6, 3)), rng.uniform(0.1, 0.5, 3), rng.normal(size=(6, 3))


def cost(z, slope):
    return (np.where(z > 0, z, slope * z) * da).sum()


dz, dslope = prelu_backward(z, slope, da)
h, unit = 1e-6, np.eye(3)[1]
assert abs((cost(z, slope + h * unit) - cost(z, slope - h * unit)) / (2 * h) - dslope[1]) < 1e-7
one = np.outer(np.eye(6)[2], unit)
assert abs((cost(z + h * one, slope) - cost(z - h * one, slope)) / (2 * h) - dz[2, 1]) < 1e-7
