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
# # 05.3 He's initializer for a leaky ReLU
#
# **(15 min)** The units are leaky ReLU with the slope ½ below 0. Write the initializer that keeps $E[z^2]$ from layer
# to layer *forward*, with normal weights. It is a function of a generator, `np.random.default_rng(…)`, and the shape of
# a matrix, (fan_in, fan_out). Use numpy alone.
#
# <details><summary>Hint 1</summary>
#
# ReLU passes on half of $E[z^2]$. Which share does the leaky ReLU pass on? Look at the two sides of 0 apart.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# The share, times $n\,\mathrm{Var}[W]$, shall be 1. Draw from the generator that is passed, `rng.normal(mean, std,
# shape)`.
#
# </details>

# %%
import numpy as np

from minnet.coursework import check


# %% jupyter={"source_hidden": true} tags=["solution", "hide-input"]
def my_he(rng, shape):
    """Normal weights of this shape for leaky ReLU with slope ½."""
    ### BEGIN SOLUTION
    fan_in, _ = shape
    share = (1 + 0.5**2) / 2
    return rng.normal(0, np.sqrt(1 / (share * fan_in)), shape)
    ### END SOLUTION


# %% tags=["check"]
check("05.3", my_he)

# %% [markdown] tags=["explanation"]
# <details><summary>Explanation</summary>
#
# Below 0 the square is multiplied by $s^2 = \tfrac14$, so that $\tfrac12(1 + s^2) = \tfrac58$ of $E[z^2]$ is passed on,
# and $\mathrm{Var}[W] = 2/((1 + s^2)\,n)$. This is equation 15 of the paper. With ReLU's weights the mean square would
# grow by $\tfrac54$ in each layer, which is 800 times in 30 layers. The cell below follows 30 layers.
#
# </details>

# %% tags=["explanation"]
rng = np.random.default_rng(0)
kept = []
for _ in range(5):
    z = rng.normal(size=(20, 256))
    for _ in range(30):
        z = np.where(z > 0, z, z / 2) @ my_he(rng, (256, 256))
    kept.append((z**2).mean())
assert 1 / 4 < np.median(kept) < 4
assert 700 < 1.25**30 < 900
