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
# # 08.3 Centred weights
#
# **(20 min)** Few units of a drawn layer meet Theorem 1's conditions on $\omega = \sum_i w_i$ and $\tau = \sum_i
# w_i^2$. Write an initializer whose units all have $\omega = 0$ and $\tau = 1$ exactly: weights that are drawn from a
# Gaussian and then corrected. It is a function of a generator and a shape, (fan_in, fan_out).
#
# Then say before you run the last cell: inputs have mean 3 and variance 1. What is $E[z^2]$ in layer 1, with weights
# $N(0, 1/n)$ and with yours?
#
# <details><summary>Hint 1</summary>
#
# Which axis of $W$ has the weights of one unit, if $z = xW$?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# There are two corrections. Does the second one destroy what the first one did? Does it, if you exchange them?
#
# </details>

# %%
import numpy as np

from minnet import initializers
from minnet.coursework import check


# %% jupyter={"source_hidden": true} tags=["solution", "hide-input"]
def centred(rng, shape):
    """Gaussian weights with Σ w = 0 and Σ w² = 1 in each unit."""
    ### BEGIN SOLUTION
    W = rng.normal(size=shape)
    W = W - W.mean(axis=0)
    return W / np.sqrt((W**2).sum(axis=0))
    ### END SOLUTION


# %% tags=["check"]
check("08.3", centred)

# %%
x = np.random.default_rng(1).normal(3, 1, (100, 256))
found = {}
for name, init in {"as drawn": initializers.lecun_normal, "centred": centred}.items():
    z = x @ init(np.random.default_rng(0), (256, 256))
    size, share = found[name] = (z**2).mean(), z.var(axis=0).mean() / (z**2).mean()
    print(f"{name:8}  E[z²] = {size:.2f}; {share:.0%} of it differs from input to input")

# %% [markdown] tags=["explanation"]
# <details><summary>Explanation</summary>
#
# Subtract first, then divide: division by a number keeps a sum of 0. The other way round $\tau$ does not stay 1.
#
# As drawn, $E[z^2] = E[x^2] = 3^2 + 1 = 10$, averaged over all weights that could be drawn. Nine tenths of it are
# $(3\omega)^2$, the same for every input: what the inputs have in common drowns what they do not. With $\omega = 0$ a
# common shift is invisible, and $E[z^2]$ is the variance of $x$, 1.
#
# </details>

# %% tags=["explanation"]
(size, share), (size_centred, share_centred) = found.values()
assert abs(size / 10 - 1) < 0.3
assert share < 0.2
assert abs(size_centred - 1) < 0.05
assert share_centred > 0.9
