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
# # 03.2 The factor χ
#
# **(25 min)** Write the two formulas of section 1 for tanh, with numpy alone. For $\sigma_w^2$ (`weight_var`) and
# $q = E[z^2]$ compute
#
# - `next_q`: $\sigma_w^2\,E[f(\sqrt q\,g)^2]$, the mean square of $z$ in the next layer,
# - `chi`: $\sigma_w^2\,E[f'(\sqrt q\,g)^2]$,
#
# where $g$ is a standard normal number. Your result may be wrong by 1%: an integral over a fine grid is good enough,
# and so is the average over a million random numbers.
#
# <details><summary>Hint 1</summary>
#
# $E[h(g)] = \int h(g)\,\varphi(g)\,\mathrm{d}g$ with the density $\varphi(g) = e^{-g^2/2}/\sqrt{2\pi}$. Outside of
# $-8 \ldots 8$ the density is nearly 0.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# On an even grid: let `p` be $e^{-g^2/2}$ at all points, divided by its sum. Then `(p * h(g)).sum()` is the average.
#
# </details>

# %%
import numpy as np

from minnet import activations, theory
from minnet.coursework import check


# %% jupyter={"source_hidden": true} tags=["solution", "hide-input"]
def mean_field(weight_var, q):
    """next_q and chi for tanh."""
    ### BEGIN SOLUTION
    g = np.linspace(-8, 8, 2001)
    p = np.exp(-(g**2) / 2)
    p /= p.sum()
    a = np.tanh(np.sqrt(q) * g)
    return weight_var * (p * a**2).sum(), weight_var * (p * (1 - a**2) ** 2).sum()
    ### END SOLUTION


# %% tags=["check"]
check("03.2", mean_field)

# %% [markdown]
# With it, follow the signal through 50 layers and read off the factor on the size of $\delta$ in each of them:

# %%
for weight_var in (0.5, 1.0, 2.0, 4.0):
    q = 1.0
    for _ in range(50):
        q, chi = mean_field(weight_var, q)
    print(f"σ_w² = {weight_var}: after 50 layers q = {q:7.2g}, √χ = {np.sqrt(chi):.3f}")

# %% [markdown] tags=["explanation"]
# <details><summary>Explanation</summary>
#
# The mean *square* of $f'$ stands in $\chi$, since $\delta$ is multiplied by $f'$ and its mean square is asked for.
# Below $\sigma_w^2 = 1$ the signal dies out, the slope is 1, and $\chi = \sigma_w^2$. Above it, larger weights saturate
# more units, but $\chi$ still grows. At $\sigma_w^2 = 1$ the signal dies out very slowly, and $\chi$ comes up to 1 as
# slowly. `theory.MeanField` computes the same for every activation.
#
# </details>

# %% tags=["explanation"]
for weight_var, q in ((0.5, 2.0), (2.0, 0.3)):
    field = theory.MeanField(activations.tanh, weight_var)
    assert np.allclose(mean_field(weight_var, q), (field.variance(q), field.chi(q)), rtol=1e-6)
