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
# # 05.6 A steeper walk
#
# **(40 min)** In section 6 chance multiplies the squared length of $a$ in each layer by a factor $X$ of mean 1 and of
# variance $5/n$. Go further: to the leaky ReLU with slope $s$ below 0, and to orthogonal matrices.
#
# - `gaussian`: the number in place of 5 for Gaussian weights of variance $2/((1 + s^2)\,n)$.
# - `orthogonal`: the number for square orthogonal matrices times $\sqrt{2/(1 + s^2)}$, to first order in $1/n$. They
#   give $z$ exactly the length of $a$, times this factor, in a random direction.
#
# Write a function of the slope that returns both. Before you run the last cell: for which slope is either smallest?
#
# <details><summary>Hint 1</summary>
#
# With independent standard normal $g_i$, $X = \frac1n\sum_i \frac{2 f(g_i)^2}{1 + s^2}$ for Gaussian weights. You need
# $E[f(g)^4]$, and $E[g^4] = 3$.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# A random direction is $g/\|g\|$, so for orthogonal matrices $X$ is the same sum divided by $\frac1n\sum_i g_i^2$.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# For averages $A$ and $B$ of mean 1, $A/B \approx 1 + (A - B)$. Write $A - B$ as one average, and look at the two sides
# of 0 apart.
#
# </details>

# %%
import numpy as np

from minnet import initializers
from minnet.coursework import check


# %% jupyter={"source_hidden": true} tags=["solution", "hide-input"]
def walk(slope):
    """The numbers in place of 5 for Gaussian and for orthogonal matrices."""
    ### BEGIN SOLUTION
    mean = 1 + slope**2
    gaussian = 6 * (1 + slope**4) / mean**2 - 1
    orthogonal = 3 * ((1 - slope**2) / mean) ** 2
    return gaussian, orthogonal
    ### END SOLUTION


# %% tags=["check"]
check("05.6", walk)


# %%
def measured(init, slope, n=64, L=5, count=300):
    """n/L times the variance of ln ‖a‖² over networks."""
    rng, found = np.random.default_rng(0), []
    for _ in range(count):
        a = np.ones(n)
        for _ in range(L):
            z = a @ init(rng, (n, n)) * np.sqrt(2 / (1 + slope**2))
            a = np.where(z > 0, z, slope * z)
        found.append(np.log(a @ a))
    return n / L * np.var(found)


INITS = {"Gaussian": initializers.lecun_normal, "orthogonal": initializers.orthogonal}
ratios = []
for slope in (0.0, 0.5):
    for (name, init), theory in zip(INITS.items(), walk(slope), strict=True):
        found = measured(init, slope)
        ratios.append(found / theory)
        print(f"slope {slope}, {name:10}: theory {theory:.2f}, measured {found:.2f}")

# %% [markdown] tags=["explanation"]
# <details><summary>Explanation</summary>
#
# *Gaussian.* $E[f^2] = \tfrac12(1 + s^2)$ and $E[f^4] = \tfrac32(1 + s^4)$, so
# $\mathrm{Var}[X] = \frac1n\big[6\,(1 + s^4)/(1 + s^2)^2 - 1\big]$.
#
# *Orthogonal.* $X - 1 \approx \frac1n\sum_i\big[2f(g_i)^2/(1 + s^2) - g_i^2\big]$. Above 0 the bracket is
# $\frac{1 - s^2}{1 + s^2}\,g^2$, below 0 it is the negative of that. Its mean square is
# $3\,\big(\frac{1 - s^2}{1 + s^2}\big)^2$.
#
# The first minus the second is 2 for every slope, the variance of $g^2$: it is the chance of the length of $z$, which
# orthogonal matrices take away. What remains is the chance of the signs. Both are smallest at $s = 1$, a linear
# layer, where orthogonal matrices leave nothing to chance.
#
# </details>

# %% tags=["explanation"]
slopes = np.linspace(0, 1, 101)
gaussian, orthogonal = np.array([walk(slope) for slope in slopes]).T
assert np.allclose(gaussian - orthogonal, 2)
assert slopes[gaussian.argmin()] == slopes[orthogonal.argmin()] == 1
assert walk(0) == (5, 3)
spread = 4 * np.sqrt(2 / 300) + 4 / 64                     # of a variance over 300 networks, and the next order in 1/n
assert np.abs(np.array(ratios) - 1).max() < spread
