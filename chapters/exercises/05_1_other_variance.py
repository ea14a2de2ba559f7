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
# # 05.1 The other variance
#
# **(15 min, pencil)** He's formula puts back the mean square $E[a^2]$. Suppose somebody puts back the *variance* of $a$
# instead: weights for which the variance of $z$ would stay the same if $a$ had the mean 0. For a leaky ReLU,
# $f(z) = z$ above 0 and $sz$ below with a slope $s$, and for normal $z$ of mean 0 and mean square $q$, derive
#
# - `std`: the standard deviation of the weights with $n\,\mathrm{Var}[W]\,\mathrm{Var}[a] = q$, with $n$ = fan_in,
# - `growth`: the factor by which $E[z^2]$ then changes from layer to layer.
#
# Write them down as a function of the slope and of fan_in.
#
# <details><summary>Hint 1</summary>
#
# $\mathrm{Var}[a] = E[a^2] - E[a]^2$. For a standard normal $g$ the mean of $\max(g, 0)$ is $1/\sqrt{2\pi}$.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Split $E[a]$ and $E[a^2]$ into the part above 0 and the part below. What is the sign of each?
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# The next $z$ is a sum of products $aW$, and the weights have mean 0. Is its mean square made of $\mathrm{Var}[a]$, or
# of $E[a^2]$?
#
# </details>

# %%
import numpy as np

from minnet.coursework import check


# %% jupyter={"source_hidden": true} tags=["solution", "hide-input"]
def other_variance(slope, fan_in):
    """The deviation of the weights, and the growth of E[z²] in each layer."""
    ### BEGIN SOLUTION
    mean_square = (1 + slope**2) / 2
    mean = (1 - slope) / np.sqrt(2 * np.pi)
    variance = mean_square - mean**2
    return 1 / np.sqrt(fan_in * variance), mean_square / variance
    ### END SOLUTION


# %% tags=["check"]
check("05.1", other_variance)

# %% [markdown] tags=["explanation"]
# <details><summary>Explanation</summary>
#
# $E[a^2] = \tfrac12(1 + s^2)\,q$ and $E[a] = (1 - s)\sqrt{q/2\pi}$. The next layer feels all of $E[a^2]$, the squared
# mean included, since $E[z^2] = n\,\mathrm{Var}[W]\,E[a^2]$. So the signal grows by $E[a^2]/\mathrm{Var}[a]$, for ReLU
# by $1/(1 - 1/\pi) = 1.47$ in each layer, which is 47 times in ten layers. The mean of $a$ can be taken away only by
# subtracting it, as a normalization does. The cell below measures one layer.
#
# </details>

# %% tags=["explanation"]
rng = np.random.default_rng(0)
for slope in (0.0, 0.3):
    std, growth = other_variance(slope, 1000)
    z = rng.normal(size=(200, 1000))
    a = np.where(z > 0, z, slope * z)
    after = a @ rng.normal(0, std, (1000, 1000))
    assert abs((after**2).mean() / growth - 1) < 0.05
