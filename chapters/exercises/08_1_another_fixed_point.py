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
# # 08.1 Another fixed point
#
# **(20 min, pencil)** SELU's two constants keep mean 0 and variance 1. Which ones keep mean 0 and variance $\nu$? For
# $z \sim N(0, \nu)$ and
#
# $$f(z) = \lambda \begin{cases} z & z > 0 \\ \alpha\,(e^z - 1) & z \le 0 \end{cases}$$
#
# derive $\alpha$ from $E[f(z)] = 0$ and $\lambda$ from $E[f(z)^2] = \nu$, and write them as a function of $\nu$. Guess
# first: is it SELU times a number?
#
# <details><summary>Hint 1</summary>
#
# $E[f] = 0$ does not contain $\lambda$. What is the mean of the positive half of $N(0, \nu)$?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Complete the square: $e^{kz}$ times the density of $N(0, \nu)$ is $e^{k^2\nu/2}$ times the density of $N(k\nu, \nu)$.
# So the average of $e^{kz}$ over $z \le 0$ is $e^{k^2\nu/2}\,\Phi(-k\sqrt\nu)$. The first condition needs $k = 1$, the
# second $k = 1$ and 2.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# Or integrate over a fine grid, as the chapter does.
#
# </details>

# %%
import math

import numpy as np

from minnet import activations, theory
from minnet.coursework import check


def Phi(t):
    """The distribution function of N(0, 1)."""
    return (1 + math.erf(t / math.sqrt(2))) / 2


# %% jupyter={"source_hidden": true} tags=["solution", "hide-input"]
def constants(nu):
    """α and λ for the variance ν."""
    ### BEGIN SOLUTION
    s = np.sqrt(nu)
    once, twice = np.exp(nu / 2) * Phi(-s), np.exp(2 * nu) * Phi(-2 * s)
    alpha = s / np.sqrt(2 * np.pi) / (0.5 - once)
    lam = np.sqrt(nu / (nu / 2 + alpha**2 * (twice - 2 * once + 0.5)))
    return alpha, lam
    ### END SOLUTION


# %% tags=["check"]
check("08.1", constants)

# %% [markdown] tags=["explanation"]
# <details><summary>Explanation</summary>
#
# $E[\max(z, 0)] = \sqrt{\nu/2\pi}$ and $E[e^{\min(z, 0)} - 1] = e^{\nu/2}\Phi(-\sqrt\nu) - \tfrac12$, which give
# $\alpha$. Squaring $e^z - 1$ gives $e^{2z} - 2e^z + 1$, so
#
# $$\lambda^2 = \frac{\nu}{\tfrac\nu2 + \alpha^2\big(e^{2\nu}\Phi(-2\sqrt\nu) - 2e^{\nu/2}\Phi(-\sqrt\nu) +
# \tfrac12\big)} .$$
#
# It is not SELU times a number: $e^z$ has a scale of its own, so both constants change. For $\nu \to 0$ both go to 1,
# since small $z$ see a straight line of slope 1. The larger $\nu$, the more crooked the function must be.
#
# </details>

# %% tags=["explanation"]
np.testing.assert_allclose(constants(1), (activations.SELU_ALPHA, activations.SELU_LAMBDA))
alpha, lam = constants(2)
np.testing.assert_allclose(theory.selu_map(0, 2, alpha=alpha, scale=lam), (0, 2), atol=1e-9)
np.testing.assert_allclose(constants(1e-4), (1, 1), atol=0.02)
print(f"mean 0, variance 2: α = {alpha:.4f}, λ = {lam:.4f}")
