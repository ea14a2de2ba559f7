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
# # 06.5 What a gain does to tanh
#
# **(30 min)** Orthogonal weights times a gain $\sigma_w > 1$, and tanh. In wide layers $z = \sqrt q\,g$ with a standard
# normal $g$. Write a function of the gain and of the number of layers $L$ that returns
#
# - `q`: the mean square of $z$ where it settles, $q = \sigma_w^2\,E[\tanh^2(\sqrt q\,g)]$,
# - `factor`: by how much the *square* of the gradient is multiplied over $L$ layers, where the signal has settled.
#
# Compute the averages as sums over a fine grid of $g$, to three digits. Use numpy alone.
#
# <details><summary>Hint 1</summary>
#
# `g = np.linspace(-8, 8, 801)` with the weights $e^{-g^2/2}/\sqrt{2\pi}$ times the step. The weights add up to 1.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Begin with $q = 1$ and apply the map until $q$ does not change any more. Near gain 1 this takes hundreds of steps.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# $\tanh' = 1 - \tanh^2$, and section 4 has the factor $\chi$ of one layer.
#
# </details>

# %%
import numpy as np

from minnet.coursework import check


# %% jupyter={"source_hidden": true} tags=["solution", "hide-input"]
def gain_of_tanh(gain, layers):
    """q where the signal settles, and the factor on the gradient's square over so many layers."""
    ### BEGIN SOLUTION
    g = np.linspace(-8, 8, 801)
    weight = np.exp(-(g**2) / 2) / np.sqrt(2 * np.pi) * (g[1] - g[0])
    q = 1.0
    for _ in range(1000):
        q = gain**2 * np.sum(weight * np.tanh(np.sqrt(q) * g) ** 2)
    chi = gain**2 * np.sum(weight * (1 - np.tanh(np.sqrt(q) * g) ** 2) ** 2)
    return q, chi**layers
    ### END SOLUTION


# %% tags=["check"]
check("06.5", gain_of_tanh)

# %%
for gain in (1.02, 1.05, 1.1, 1.5):
    q, factor = gain_of_tanh(gain, 100)
    print(f"gain {gain:<4}: q = {q:.3f}, the gradient's square over 100 layers times {factor:.3g}")

# %% [markdown] tags=["explanation"]
# <details><summary>Explanation</summary>
#
# With gain 1 the signal would fade slowly; with a gain above 1 it settles where tanh takes away what the gain adds.
# There the average slope $E[\tanh'^2]$ is below 1 and $\sigma_w^2$ above it, and their product $\chi$ is slightly above
# 1 for every gain above 1. It acts as a power of the depth: at gain 1.02 a hundred layers hardly change the gradient,
# at 1.5 they multiply its square by more than $10^5$. For a depth ten times as large $\chi - 1$ must be ten times
# smaller. The cell below compares with a network.
#
# </details>

# %% tags=["explanation"]
import minnet as mn
from minnet import diagnostics, initializers, losses

assert gain_of_tanh(1.02, 100)[1] < 2
assert gain_of_tanh(1.5, 100)[1] > 1e5
x, y = np.random.default_rng(0).normal(size=(100, 256)), np.zeros(100, dtype=int)
init = initializers.orthogonal(gain=1.3)
net = mn.mlp([256] * 30 + [10], activation="tanh", init=init, rng=0)
found = diagnostics.profile(net, x, y, losses.softmax_cross_entropy)
q, factor = gain_of_tanh(1.3, 15)
assert abs(found.z[20] ** 2 / q - 1) < 0.1
assert abs(np.log(found.delta[10] ** 2 / found.delta[25] ** 2 / factor)) < 0.3 * abs(np.log(factor))
