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
# # 04.1 The geometric mean
#
# **(10 min, pencil)** Glorot takes the arithmetic mean of the two fans $n$ = fan_in and $m$ = fan_out. The geometric
# mean gives $\mathrm{Var}[W] = 1/\sqrt{nm}$. Derive for one linear layer
#
# - `r`: the bound of a uniform distribution $U(-r, r)$ with this variance,
# - `up`: the factor by which the layer multiplies the mean square of a signal, going up,
# - `down`: the factor by which it multiplies the mean square of $\delta$, going down.
#
# Then write them down as a function of the fans.
#
# <details><summary>Hint 1</summary>
#
# The variance of $U(-r, r)$ is $\int_{-r}^{r} w^2\,\mathrm{d}w/(2r)$.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Going up, a unit adds $n$ independent terms $a_i W_{ij}$; going down, it adds $m$ terms. What is the variance of a
# sum of independent terms?
#
# </details>

# %%
import numpy as np

from minnet.coursework import check


# %% jupyter={"source_hidden": true} tags=["solution", "hide-input"]
def geometric(fan_in, fan_out):
    """The bound r, and the factors up and down."""
    ### BEGIN SOLUTION
    r = np.sqrt(3) / (fan_in * fan_out) ** 0.25
    up = np.sqrt(fan_in / fan_out)
    down = np.sqrt(fan_out / fan_in)
    return r, up, down
    ### END SOLUTION


# %% tags=["check"]
check("04.1", geometric)

# %% [markdown] tags=["explanation"]
# <details><summary>Explanation</summary>
#
# $U(-r, r)$ has the variance $r^2/3$, so $r = \sqrt3/(nm)^{1/4}$. Going up, $n\,\mathrm{Var}[W] = \sqrt{n/m}$; going
# down, $m\,\mathrm{Var}[W] = \sqrt{m/n}$. The two are each other's inverse for any shape: what one pass gains the
# other loses. For 1024 → 64 they are 4 and ¼, with the product 1. Glorot's are 1.88 and 0.118, with the product 0.22:
# with unequal fans the arithmetic mean loses for both passes together. The cell below measures it.
#
# </details>

# %% tags=["explanation"]
rng = np.random.default_rng(0)
r, up, down = geometric(1024, 64)
W = rng.uniform(-r, r, (1024, 64))
x, delta = rng.normal(size=(200, 1024)), rng.normal(size=(200, 64))
assert abs(((x @ W) ** 2).mean() / up - 1) < 0.05
assert abs(((delta @ W.T) ** 2).mean() / down - 1) < 0.05
