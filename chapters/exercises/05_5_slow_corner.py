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
# # 05.5 The slow corner
#
# **(30 min)** Let $c$ be the cosine between the signals $a$ of two images. In a wide ReLU network it becomes in the
# next layer
#
# $$C(c) = \frac{\sqrt{1 - c^2} + c\,(\pi - \arccos c)}{\pi}$$
#
# (the further part has the derivation). All images become alike, $c \to 1$. How fast? For a small `distance` write a
# function that returns
#
# - `layers`: the number of layers after which $1 - c$ is below the distance for the first time, counted with the map
#   from $c = 0$,
# - `estimate`: a formula for it that you derive, without a loop. Near 1, $\varepsilon = 1 - c$ becomes
#   $\varepsilon - k\,\varepsilon^{3/2}$. Find $k$, and then how $u = 1/\sqrt\varepsilon$ changes in a layer.
#
# <details><summary>Hint 1</summary>
#
# With $c = \cos\theta$ the map is $C = [\sin\theta + (\pi - \theta)\cos\theta]/\pi$. Expand it to the order $\theta^3$.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# $C = 1 - \theta^2/2 + \theta^3/(3\pi) + \dots$ And what is $\theta$ in terms of $\varepsilon$?
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# The next $u$ is $u\,(1 - k/u)^{-1/2}$. For large $u$, by how much is it larger than $u$?
#
# </details>

# %%
import numpy as np

from minnet.coursework import check


# %% jupyter={"source_hidden": true} tags=["solution", "hide-input"]
def corner(distance):
    """The number of layers until 1 − c is below the distance, and the estimate of it."""
    ### BEGIN SOLUTION
    c, layers = 0.0, 0
    while 1 - c >= distance:
        c = (np.sqrt(1 - c**2) + c * (np.pi - np.arccos(c))) / np.pi
        layers += 1
    k = 2 * np.sqrt(2) / (3 * np.pi)
    return layers, 2 / (k * np.sqrt(distance))
    ### END SOLUTION


# %% tags=["check"]
check("05.5", corner)

# %%
for distance in (1e-2, 1e-3, 1e-4):
    layers, estimate = corner(distance)
    print(f"1 − c < {distance:.0e} after {layers} layers, estimate {estimate:.0f}")

# %% [markdown] tags=["explanation"]
# <details><summary>Explanation</summary>
#
# $\varepsilon = \theta^2/2$ to this order, so $\theta^3/(3\pi) = (2\varepsilon)^{3/2}/(3\pi)$ and
# $k = 2\sqrt2/(3\pi) = 0.30$. Then $u\,(1 - k/u)^{-1/2} \approx u + k/2$: after $l$ layers $u \approx kl/2$, and
#
# $$1 - c_l \approx \frac{4}{k^2 l^2} = \frac{9\pi^2}{2\,l^2} .$$
#
# A power of $l$, not an exponential: images become alike, but slowly. The first layers, where $c$ is far from 1, and
# the next order shift the count by some layers.
#
# </details>

# %% tags=["explanation"]
layers, estimate = corner(1e-4)
assert 0.95 < layers / estimate < 1
