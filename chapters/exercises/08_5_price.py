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
# # 08.5 The price of normalization
#
# **(35 min)** Any activation $f$ becomes self-normalizing if it is shifted and scaled: $g(z) = (f(z) - m)/s$ keeps mean
# 0 and variance 1 with weights $N(0, 1/n)$. Write a function of $f$ and $f'$, which both take arrays, that returns
#
# - `m` and `s`,
# - `slope`: $V'(1)$ of the map $V(q) = E[g(\sqrt q\,z)^2]$, the part of a small deviation that is left after one layer,
# - `chi`: $\chi = E[g'(z)^2]$, the factor on the mean square of $\delta$.
#
# All averages are over $z \sim N(0, 1)$. Then look at the last cell: ELUs with several $\alpha$, and tanh. Can you have
# a fast return (small `slope`) and a small $\chi$?
#
# <details><summary>Hint 1</summary>
#
# An average is a sum over a fine grid: $\sum g(z)\,e^{-z^2/2}/\sqrt{2\pi}$ times the step. Let it reach from $-12$ to
# 12, with a grid point at 0.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# $V'(q)$ by the chain rule: the derivative of $g(\sqrt q\,z)^2$ by $q$ has three factors.
#
# </details>

# %%
import numpy as np

from minnet.coursework import check


# %% jupyter={"source_hidden": true} tags=["solution", "hide-input"]
def price(f, df):
    """m, s, slope and chi of (f − m)/s."""
    ### BEGIN SOLUTION
    z = np.linspace(-12, 12, 240_001)
    density = np.exp(-z**2 / 2) / np.sqrt(2 * np.pi) * (z[1] - z[0])
    m = (f(z) * density).sum()
    s = np.sqrt(((f(z) - m) ** 2 * density).sum())
    g, slope = (f(z) - m) / s, df(z) / s
    return m, s, (g * slope * z * density).sum(), (slope**2 * density).sum()
    ### END SOLUTION


# %% tags=["check"]
check("08.5", price)

# %%
def elu(alpha):
    """ELU and its slope."""
    return (lambda z: np.where(z > 0, z, alpha * np.expm1(np.minimum(z, 0))),
            lambda z: np.where(z > 0, 1, alpha * np.exp(np.minimum(z, 0))))


found = {f"ELU, α = {alpha:.2f}": price(*elu(alpha)) for alpha in (0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 2.5, 3)}
found["tanh"] = price(np.tanh, lambda z: 1 - np.tanh(z) ** 2)
for name, (_, _, slope, chi) in found.items():
    print(f"{name:13} V′(1) = {slope:.3f}  χ = {chi:.3f}  over 100 layers √χ¹⁰⁰ = {chi**50:,.0f}")

# %% [markdown] tags=["explanation"]
# <details><summary>Explanation</summary>
#
# $V'(1) = E[g(z)\,g'(z)\,z]$: the 2 of the square and the ½ of the root cancel.
#
# Below $\alpha \approx 1.4$ a larger $\alpha$ is better in both respects. From there on it is a trade: the faster the
# return, the faster the gradient grows. SELU's $\alpha = 1.67$ was chosen for its fixed point alone, and is near the
# smallest $\chi$. tanh, scaled by $1/\sqrt{E[\tanh^2]}$, returns faster than all of these ELUs; its $\chi = 1.18$ makes
# the gradient grow thousands of times over 100 layers. None has $\chi \le 1$: section 7 says why.
#
# </details>

# %% tags=["explanation"]
slopes, chis = np.array(list(found.values()))[:, 2:].T
assert (chis > 1).all()
assert (np.diff(slopes[:-1]) < 0).all()
best = int(chis[:-1].argmin())
assert 0 < best < 5
assert (np.diff(chis[best:-1]) > 0).all()
assert slopes[-1] < slopes[:-1].min()
assert round(chis[-1], 2) == 1.18
