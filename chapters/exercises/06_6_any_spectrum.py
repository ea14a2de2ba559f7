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
# # 06.6 Layers of any singular values
#
# **(40 min)** Orthogonal layers have the singular values 1, and Gaussian layers leave $1/(L + 1)$ of the directions.
# Now let each of $L$ layers be $W = U\,\mathrm{diag}(s)\,V^\top$ with *given* singular values $s$ and random orthogonal
# $U$ and $V$, drawn anew for each layer. For wide layers, write a function of $s$ and $L$ that returns
#
# - `gain`: the number by which all $s$ must be multiplied to keep the mean square of a signal,
# - `share`: the share of the directions, $(\sum s^2)^2/(n\sum s^4)$ of the product's singular values, after $L$ layers.
#
# <details><summary>Hint 1</summary>
#
# With the gain, let the mean of $s^2$ be 1 in the product $P$ so far and in the new layer. Let $a_i$ be the squared
# singular values of $P$, and $B = WW^\top$. The mean of $s^4$ of the new product is $\frac1n\sum_{ij} a_i a_j
# B_{ij}^2$, in the directions of $P$.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# The directions of $W$ are random, so all diagonal entries $B_{ii}$ are about 1. Row $i$ of $B$ has the squared length
# $(B^2)_{ii}$, which is about the mean of $s^4$ of the layer. What is left for each of the $n - 1$ other entries?
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# Split the sum into $i = j$ and $i \ne j$. By how much does one more layer raise the mean of $s^4$? Test your formula
# with a Gaussian layer, whose mean of $s^4$ is 2, and with an orthogonal one.
#
# </details>

# %%
import numpy as np

from minnet.coursework import check


# %% jupyter={"source_hidden": true} tags=["solution", "hide-input"]
def product(s, layers):
    """The gain that keeps the mean square, and the share of the directions that is left after so many layers."""
    ### BEGIN SOLUTION
    gain = 1 / np.sqrt((s**2).mean())
    fourth = ((gain * s) ** 4).mean()
    return gain, 1 / (1 + layers * (fourth - 1))
    ### END SOLUTION


# %% tags=["check"]
check("06.6", product)

# %% [markdown] tags=["explanation"]
# <details><summary>Explanation</summary>
#
# Let $\kappa_P$ and $\kappa_W$ be the means of $s^4$ of the product and of the layer. The terms $i = j$ give
# $\frac1n\sum a_i^2 = \kappa_P$. Each $B_{ij}^2$ with $i \ne j$ is about $(\kappa_W - 1)/n$, and
# $\frac1{n^2}\sum a_i a_j = 1$, so the others give $\kappa_W - 1$. Each layer *adds* $\kappa_W - 1$, and
#
# $$\text{share} = \frac{1}{1 + L\,(\kappa_W - 1)} .$$
#
# For orthogonal layers $\kappa_W = 1$ and nothing is lost; for Gaussian ones $\kappa_W = 2$. Only the spread of $s^2$
# counts: a layer whose singular values are *nearly* equal can be repeated about $1/(\kappa_W - 1)$ times before half of
# the directions are gone. The cell below measures products of 300 × 300 matrices.
#
# </details>

# %% tags=["explanation"]
from minnet import initializers

rng, n = np.random.default_rng(0), 300
s = np.linspace(0.5, 1.5, n)
gain, share = product(s, 8)
P = np.eye(n)
for _ in range(8):
    P = P @ (initializers.orthogonal(rng, (n, n)) * (gain * s)) @ initializers.orthogonal(rng, (n, n))
s2 = np.linalg.svd(P, compute_uv=False) ** 2
assert abs(s2.mean() - 1) < 0.05
assert abs(s2.sum() ** 2 / (n * (s2**2).sum()) / share - 1) < 0.1
gaussian = np.linalg.svd(rng.normal(size=(1000, 1000)), compute_uv=False)
assert abs(product(gaussian, 10)[1] * 11 - 1) < 0.03
assert abs(product(np.ones(5), 10)[1] - 1) < 1e-12
