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
# # 10.5 How wide is safe?
#
# **(20 min)** Section 7 has the probability $P$ that a ReLU net of $L$ hidden layers of width $n$, with He's weights
# and no biases, is dead for one image. Turn it round: write a function `safe_width(layers, share)` that returns the
# smallest width for which $P$ is at most `share`. Then answer: how many units do 100 hidden layers need, if at most 1%
# of the nets may be dead? And 10,000 layers? The last cell measures $P$ at a width and at the next smaller one.
#
# <details><summary>Hint 1</summary>
#
# $P = 1 - (1 - 2^{-n})^L$ falls with $n$. You may solve for $n$, or try one width after the other.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# A width is a whole number. Which of the two neighbours of your solution keeps the promise?
#
# </details>

# %%
import numpy as np

from minnet import initializers
from minnet.coursework import check


# %% jupyter={"source_hidden": true} tags=["solution", "hide-input"]
def safe_width(layers, share):
    """The smallest width at which at most this share of the nets is dead for one image."""
    ### BEGIN SOLUTION
    n = 1
    while 1 - (1 - 2.0**-n) ** layers > share:
        n += 1
    return n
    ### END SOLUTION


# %% tags=["check"]
check("10.5", safe_width)

# %%
def is_dead(width, layers, rng):
    """Whether a layer of a net from He's weights is 0 for an image of 64 random pixels."""
    a = rng.normal(size=64)
    for _ in range(layers):
        a = np.maximum(a @ initializers.he_normal(rng, (len(a), width)), 0)
    return not a.any()


rng, measured = np.random.default_rng(0), {}
wide_enough = safe_width(20, 0.3)
for width in (wide_enough - 1, wide_enough):
    measured[width] = np.mean([is_dead(width, 20, rng) for _ in range(1000)])
    print(f"20 layers of {width} units: {measured[width]:.0%} of the nets are dead, expected at most 30%")

# %% [markdown] tags=["explanation"]
# <details><summary>Explanation</summary>
#
# Solved for $n$, the condition is $n \ge -\log_2\bigl(1 - (1 - \text{share})^{1/L}\bigr)$, rounded up. If `share` is
# small, $P \approx L\,2^{-n}$, so $n \approx \log_2(L/\text{share})$: 14 units for 100 layers and 1%, and 20 for 10,000
# layers. Each doubling of the depth asks for one more unit, so only very narrow nets die in this way. A leaky ReLU has
# no zeros, so none of its nets is dead at any width.
#
# </details>

# %% tags=["explanation"]
assert safe_width(100, 0.01) == 14
assert safe_width(10_000, 0.01) == 20
assert measured[wide_enough] <= 0.3 < measured[wide_enough - 1]
