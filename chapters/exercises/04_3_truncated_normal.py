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
# # 04.3 What truncation takes away
#
# **(20 min)** Keras offers Glorot's deviation with a *truncated* normal distribution as well: no weight lies further
# out than two standard deviations of the normal distribution that is cut. Write it: what is drawn shall have
# $\mathrm{Var}[W] = 2/(\text{fan\_in} + \text{fan\_out})$ *after* the cut. Use numpy alone.
#
# <details><summary>Hint 1</summary>
#
# Draw a unit normal, and draw those entries again that lie beyond ±2, until none does.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Measure the standard deviation of what you drew: it is below 1. Which factor brings it back to 1? It is
# a constant of the distribution, the same for every matrix: measure it once, with a million numbers.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# A unit normal that is cut at ±2 has the variance $1 - 4\varphi(2)/(2\Phi(2) - 1) = 0.774$, with density $\varphi$
# and distribution function $\Phi$.
#
# </details>

# %%
import numpy as np

from minnet.coursework import check


# %% jupyter={"source_hidden": true} tags=["solution", "hide-input"]
def my_truncated(rng, shape):
    """Weights of this shape from a truncated normal distribution with Glorot's standard deviation."""
    ### BEGIN SOLUTION
    w = rng.normal(size=shape)
    while (far := abs(w) > 2).any():
        w[far] = rng.normal(size=far.sum())
    return w * np.sqrt(2 / sum(shape)) / np.sqrt(0.7737)
    ### END SOLUTION


# %% tags=["check"]
check("04.3", my_truncated)

# %% [markdown] tags=["explanation"]
# <details><summary>Explanation</summary>
#
# Integrate by parts: $\int_{-k}^{k} w^2\varphi(w)\,\mathrm{d}w = (2\Phi(k) - 1) - 2k\varphi(k)$. Divided by the
# probability $2\Phi(k) - 1$ of lying inside, this is the variance, 0.774 for $k = 2$. Without the correction every
# layer passes 0.77 of the mean square, and ten layers pass $0.77^{10} = 0.08$. Keras' scaled initializers are
# corrected; its `TruncatedNormal` is not. Clipping (`np.clip`) is something else: it puts 5% of all weights exactly
# on the bounds.
#
# </details>

# %% tags=["explanation"]
from math import erf, exp, pi, sqrt

assert abs(1 - 2 * sqrt(2 / pi) * exp(-2) / erf(sqrt(2)) - 0.7737) < 1e-4
