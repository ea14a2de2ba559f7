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
# # 07.1 Powers
#
# **(15 min, pencil)** Let $f(z) = \max(z, 0)^k$ with a whole number $k$. For weights of mean 0 and no biases, derive
#
# - `gain`: the gain of $f$, $\sigma_w$ with $V(1) = 1$,
# - `slope`: $V'(1)$ with these weights.
#
# Write them down as a function of $k$. For which $k$ does a deep network keep a signal that is not exactly of size 1?
#
# <details><summary>Hint 1</summary>
#
# A standard normal $g$ has $E[g^2] = 1$, $E[g^4] = 3$, $E[g^6] = 3 \cdot 5$, $E[g^8] = 3 \cdot 5 \cdot 7$, …
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# $f(\sqrt q\,g) = q^{k/2} f(g)$. So what does $V(q)$ look like as a function of $q$?
#
# </details>

# %%
from math import prod, sqrt

from minnet.coursework import check


# %% jupyter={"source_hidden": true} tags=["solution", "hide-input"]
def powers(k):
    """The gain of max(z, 0)^k, and V′(1)."""
    ### BEGIN SOLUTION
    moment = prod(range(1, 2 * k, 2))
    return sqrt(2 / moment), k
    ### END SOLUTION


# %% tags=["check"]
check("07.1", powers)

# %% [markdown] tags=["explanation"]
# <details><summary>Explanation</summary>
#
# $\max(z, 0)$ keeps half of the average, $E[f(g)^2] = \tfrac12 E[g^{2k}] = \tfrac12 \cdot 1 \cdot 3 \cdots (2k - 1)$,
# and the gain is one divided by its root. With this gain $V(q) = q^k$, so $V'(1) = k$. Only ReLU, $k = 1$, keeps any
# size: each $q$ is a fixed point. For $k > 1$ the fixed point repels, and biases do not help, because $V$ is convex:
# `theory.for_activation` refuses.
#
# </details>

# %% tags=["explanation"]
import numpy as np

from minnet import activations, theory

squared = activations.Activation("squared ReLU", lambda z: np.maximum(z, 0) ** 2, lambda z, a: 2 * np.maximum(z, 0),
                                 kinks=(0.0,), range=(0.0, np.inf))
found = theory.gains(squared)[0]
assert np.allclose((found.gain, found.slope), powers(2))
try:
    theory.for_activation(squared)
    refused = ""
except ValueError as error:
    refused = str(error)
assert "stable" in refused
