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
# # 11.3 The backward pass of LayerNorm
#
# **(25 min)** LayerNorm without its learned scale and shift is
#
# $$a = \hat x = \frac{x - \mu}{\sigma},$$
#
# where $\mu$ and $\sigma$ are the mean and the standard deviation over the $n$ features of *each example* ($\sigma^2$
# is divided by $n$). Compute $\partial C/\partial x$ from $x$ and $\partial C/\partial a$. Batches have one example per
# row.
#
# <details><summary>Hint 1</summary>
#
# $\mu$ and $\sigma$ depend on every $x_i$ of the example. What are $\partial\mu/\partial x_i$ and
# $\partial\sigma/\partial x_i$?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# $\partial\sigma/\partial x_i = \hat x_i/n$. Write $\partial\hat x_j/\partial x_i$, and sum over $j$.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# Two directions of $x$ do not change $\hat x$: a shift of all features, and a stretching about the mean. So in these
# two directions $\partial C/\partial x$ must be 0.
#
# </details>

# %%
import numpy as np

import minnet as mn
from minnet import activations, datasets, losses
from minnet.coursework import check
from minnet.layers import Dense, LayerNorm


# %% jupyter={"source_hidden": true} tags=["solution", "hide-input"]
def layer_norm_backward(x, da):
    """∂C/∂x, where da = ∂C/∂a."""
    ### BEGIN SOLUTION
    mu, sigma = x.mean(axis=1, keepdims=True), x.std(axis=1, keepdims=True)
    xhat = (x - mu) / sigma
    return (da - da.mean(axis=1, keepdims=True) - xhat * (da * xhat).mean(axis=1, keepdims=True)) / sigma
    ### END SOLUTION


# %% tags=["check"]
check("11.3", layer_norm_backward)

# %% [markdown] tags=["explanation"]
# <details><summary>Explanation</summary>
#
# $\partial\hat x_j/\partial x_i = \frac1\sigma\big(\delta_{ij} - \frac1n - \frac1n\hat x_j\hat x_i\big)$, with
# $\delta_{ij} = 1$ for $i = j$ and 0 otherwise. Summed over $j$,
#
# $$\frac{\partial C}{\partial x} = \frac1\sigma\Big(g - \overline{g} - \hat x\;\overline{g \odot \hat x}\Big), \qquad
# g = \frac{\partial C}{\partial a},$$
#
# where the bar is the mean over the features. The two terms that are subtracted are the parts of $g$ along the two
# directions of hint 3.
#
# The factor $1/\sigma$ has a consequence for weights: if those of the layer below are 4 times as large, so is $\sigma$.
# The output does not change, and the gradient of these weights is a *quarter* of what it was. The cell below shows it.
#
# </details>

# %% tags=["explanation"]
x, y = datasets.standardized(datasets.digits()).train
x, y = x[:200].astype(np.float64), y[:200]
net = mn.Network([Dense(64, 32, init="he_normal"), LayerNorm(32), activations.relu, Dense(32, 10)], rng=0,
                 dtype=np.float64)
before = net.gradient(x, y, losses.softmax_cross_entropy)
G = net.layers[0].dW.copy()
net.layers[0].W *= 4
after = net.gradient(x, y, losses.softmax_cross_entropy)
np.testing.assert_allclose(after, before, rtol=1e-3)
np.testing.assert_allclose(net.layers[0].dW, G / 4, atol=1e-3 * abs(G).max())
