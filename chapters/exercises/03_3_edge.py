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
# # 03.3 The sigmoid's edge
#
# **(35 min)** For tanh, $\chi = 1$ at $\sigma_w^2 = 1$. The sigmoid is not 0 at 0, so its $q$ does not die out, and its
# slope is ¼ at most. For which weights does its gradient keep its size? Write a function that finds, for
# $f(z) = h\,\sigma(kz)$ with the height $h$ (`height`) and the steepness $k$ (`steepness`), the $\sigma_w^2$ at which
# $\chi = 1$ at the limit of $q$. Biases are 0. For $h = k = 1$ it lies between 1 and 1000.
#
# <details><summary>Hint 1</summary>
#
# First write a function of $\sigma_w^2$ that repeats the step $q \to \sigma_w^2\,E[f(\sqrt q\,g)^2]$ until $q$ stays,
# and returns $\chi$ there. The averages are those of exercise 03.2.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# $\chi$ grows with $\sigma_w^2$. Bisection: keep two numbers, one where $\chi < 1$ and one where $\chi > 1$; look at
# the middle, and replace one of them.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# You may solve it for $h = k = 1$ alone. How do $h$ and $k$ change $f'$, and how does $kz$ behave, if $\sigma_w^2$ is
# divided by $(hk)^2$?
#
# </details>

# %%
import numpy as np

import minnet as mn
from minnet import activations, datasets, initializers, theory
from minnet.coursework import check


# %% jupyter={"source_hidden": true} tags=["solution", "hide-input"]
def edge(height, steepness):
    """σ_w² with χ = 1 for f(z) = height · σ(steepness · z)."""
    ### BEGIN SOLUTION
    g = np.linspace(-8, 8, 1001)
    p = np.exp(-(g**2) / 2)
    p /= p.sum()

    def chi(weight_var):
        q = 1.0
        for _ in range(50):
            s = 1 / (1 + np.exp(-np.sqrt(q) * g))
            q = weight_var * (p * s**2).sum()
        return weight_var * (p * (s * (1 - s)) ** 2).sum()

    low, high = 1.0, 1000.0
    while high - low > 1e-6:
        middle = (low + high) / 2
        if chi(middle) < 1:
            low = middle
        else:
            high = middle
    return low / (height * steepness) ** 2
    ### END SOLUTION


# %% tags=["check"]
check("03.3", edge)

# %% [markdown] tags=["explanation"]
# <details><summary>Explanation</summary>
#
# For the sigmoid itself $\sigma_w^2$ is near 103, a hundred times what tanh needs. The slope at 0 alone would say 16;
# but with such weights most $z$ are far from 0, where the slope is smaller still. For $h\,\sigma(kz)$ write $z' = kz$.
# Its $q' = k^2 q$ follows $q' \to (hk)^2\sigma_w^2\,E[\sigma(\sqrt{q'}\,g)^2]$, and $\chi =
# (hk)^2\sigma_w^2\,E[\sigma'(\sqrt{q'}\,g)^2]$: everything is as for the sigmoid with $(hk)^2\sigma_w^2$.
# `theory.critical_point` finds the same number in another way. In a network of 20 layers of 256 sigmoid units with
# these weights, $\delta$ stays within the band that theory gives for this width.
#
# </details>

# %% tags=["explanation"]
weight_var = edge(1, 1)
assert abs(theory.critical_point(activations.sigmoid)[0].weight_var - weight_var) < 0.01
x = datasets.standardized(datasets.digits()).train[0][:1].astype(np.float64)
net = mn.mlp([64, *[256] * 20, 10], activation="sigmoid", init=initializers.variance_scaling(scale=weight_var), rng=0,
             dtype=np.float64)
net.forward(x)
net.backward(np.ones((1, 10)))
predicted = theory.predict_statistics(net, x).delta
assert abs(np.log((net.layers[0].delta**2).mean() / predicted.typical[0])) < 3 * predicted.spread[0]
