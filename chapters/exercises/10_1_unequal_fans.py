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
# # 10.1 Unequal fans
#
# **(10 min, pencil)** In the chapter all hidden layers have 64 inputs and 64 units. Take any two fans $n$ = fan_in and
# $m$ = fan_out. Derive
#
# - `he`, `glorot`, `pytorch`: $\sigma_w^2 = n\,\mathrm{Var}[W]$ for He's weights, for Glorot's, and for PyTorch's
#   default, which draws uniformly from $\pm 1/\sqrt n$,
# - `bias`: $\sigma_b^2$ of PyTorch's default, which draws the biases from the same interval.
#
# Then write them down as a function of the fans. For which fans do Glorot's weights come close to He's?
#
# <details><summary>Hint 1</summary>
#
# First write down $\mathrm{Var}[W]$ for each. What is the variance of a uniform distribution on $\pm r$?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# $z = \sum_i a_i W_{ij} + b_j$ is a sum of fan_in products and one bias.
#
# </details>

# %%
import numpy as np

from minnet import initializers
from minnet.coursework import check


# %% jupyter={"source_hidden": true} tags=["solution", "hide-input"]
def sizes(fan_in, fan_out):
    """σ_w² of He, of Glorot and of PyTorch's default, and σ_b² of PyTorch's default."""
    ### BEGIN SOLUTION
    he = 2
    glorot = 2 * fan_in / (fan_in + fan_out)
    pytorch = 1 / 3
    bias = 1 / (3 * fan_in)
    return he, glorot, pytorch, bias
    ### END SOLUTION


# %% tags=["check"]
check("10.1", sizes)

# %%
for shape in ((784, 100), (64, 64), (100, 784)):
    print(shape, "σ_w² of He, Glorot and PyTorch:", np.round(sizes(*shape)[:3], 2))

# %% [markdown] tags=["explanation"]
# <details><summary>Explanation</summary>
#
# $n \cdot 2/n = 2$, $n \cdot 2/(n + m)$ and $n \cdot 1/(3n) = 1/3$: only Glorot's $\sigma_w^2$ depends on the shape. A
# layer that narrows, 784 → 100, has 1.77 and comes close to He's 2; one that widens, 100 → 784, has 0.23, less than
# PyTorch's default. A table with the row *Glorot* therefore says little about the size until the shape is known. There
# is one bias for each unit, so its variance is not multiplied. PyTorch's weights times $\sqrt6$ are He's uniform ones.
#
# </details>

# %% tags=["explanation"]
inits = initializers.he_normal, initializers.glorot_uniform, initializers.heuristic_uniform
for shape in ((784, 100), (100, 784)):
    measured = [shape[0] * init(np.random.default_rng(0), shape).var() for init in inits]
    assert np.allclose(measured, sizes(*shape)[:3], rtol=0.03)
default = initializers.heuristic_uniform(np.random.default_rng(0), (64, 64))
assert np.allclose(np.sqrt(6) * default, initializers.he_uniform(np.random.default_rng(0), (64, 64)))
