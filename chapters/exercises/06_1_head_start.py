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
# # 06.1 A head start
#
# **(15 min, pencil)** With two linear layers a mode of strength $s$ is learned by $\tau\,du/dt = 2u\,(s - u)$, with
# $\tau = 1/\eta$ for the rate $\eta$. Integrate it from $u_0$, and derive
#
# - `steps`: the number of steps $t$ until $u$ is a given part of $s$, such as 0.9 of it,
# - `lead`: how many steps *earlier* that is, if the mode begins with $10\,u_0$ instead.
#
# Write them down as a function of $s$, $u_0$, the part and the rate, without approximation.
#
# <details><summary>Hint 1</summary>
#
# Separate the variables, and split $\frac{1}{u\,(s - u)}$ into two fractions.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# The integral is a logarithm of $u/(s - u)$, between $u_0$ and part · $s$.
#
# </details>

# %%
import numpy as np

from minnet.coursework import check


# %% jupyter={"source_hidden": true} tags=["solution", "hide-input"]
def head_start(s, u0, part, rate):
    """The steps until u = part · s, and by how many steps ten times the u₀ is earlier."""
    ### BEGIN SOLUTION
    def steps(start):
        return np.log(part * (s - start) / ((1 - part) * start)) / (2 * s * rate)

    return steps(u0), steps(u0) - steps(10 * u0)
    ### END SOLUTION


# %% tags=["check"]
check("06.1", head_start)

# %% [markdown] tags=["explanation"]
# <details><summary>Explanation</summary>
#
# $\frac{1}{u(s-u)} = \frac1s\big(\frac1u + \frac1{s-u}\big)$, so $\frac{2st}{\tau} = \ln\frac{u}{s-u}$ between the two
# ends. With $u = ps$ at the end,
#
# $$t = \frac{\tau}{2s}\,\ln\frac{p\,(s - u_0)}{(1 - p)\,u_0} .$$
#
# The start enters by its logarithm alone: ten times the $u_0$ saves about $\frac{\tau}{2s}\ln 10$ steps, whatever $u_0$
# is. A small start costs little time, and only an exponentially small one costs a lot. The cell below trains two
# modes by gradient descent, one with ten times the start of the other.
#
# </details>

# %% tags=["explanation"]
s, rate = 2.0, 0.004
a = b = np.sqrt([0.001, 0.01])                             # u₀ = a b of the two modes
u = []
for _ in range(1500):
    u.append(a * b)
    error = s - a * b
    a, b = a + rate * b * error, b + rate * a * error
reached = (np.array(u) > 0.9 * s).argmax(axis=0)
steps, lead = head_start(s, 0.001, 0.9, rate)
assert abs(reached[0] / steps - 1) < 0.02
assert abs((reached[0] - reached[1]) / lead - 1) < 0.03
