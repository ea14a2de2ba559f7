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
# # 08.6 Dropout that keeps mean and variance
#
# **(25 min)** Dropout sets units to 0, which changes the variance. *Alpha dropout* sets them to SELU's lower end
# $\alpha' = -\lambda\alpha$ instead, and then applies a straight line:
#
# $$a = s\,\big(m\,x + (1 - m)\,\alpha'\big) + t, \qquad m = 0 \text{ with probability } p = \text{rate, else } 1 .$$
#
# For $x$ with mean 0 and variance 1, write a function of the rate that returns
#
# - `s` and `t`: those for which $a$ has mean 0 and variance 1,
# - `growth`: the factor on $E[\delta^2]$, going back through alpha dropout and the SELU layer below it (equal widths,
#   weights $N(0, 1/n)$).
#
# For which rate is the growth 1? The last cell tries it, with 64 layers.
#
# <details><summary>Hint 1</summary>
#
# First mean and variance of $m\,x + (1 - m)\,\alpha'$, with $q = 1 - p$. $m$ is independent of $x$, and $m^2 = m$.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Going back, alpha dropout multiplies $\delta$ by $\partial a/\partial x$. What is the mean of its square? The layer
# multiplies $E[\delta^2]$ by $\chi$.
#
# </details>

# %%
import math

import numpy as np

import minnet as mn
from minnet import activations, layers, losses, theory
from minnet.coursework import check

LOW = -activations.SELU_LAMBDA * activations.SELU_ALPHA               # α′
CHI = theory.MeanField(activations.selu, 1.0).chi(1.0)                # χ = E[selu′(z)²] for z ~ N(0, 1)


# %% jupyter={"source_hidden": true} tags=["solution", "hide-input"]
def alpha_dropout(rate):
    """s, t and growth."""
    ### BEGIN SOLUTION
    q = 1 - rate
    s = 1 / np.sqrt(q + LOW**2 * q * rate)
    t = -s * rate * LOW
    return s, t, CHI * q * s**2
    ### END SOLUTION


# %% tags=["check"]
check("08.6", alpha_dropout)

# %%
def measured(rate, training):
    """Variance after the last of 64 SELU layers, and E[δ²] in layer 1 over that in layer 64."""
    stack = []
    for _ in range(64):
        stack += [mn.Dense(128, 128, activations.selu, "lecun_normal"), layers.AlphaDropout(rate)]
    net = mn.Network([*stack, mn.Dense(128, 10, init="lecun_normal")], rng=0)
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(100, 128)).astype(np.float32), rng.integers(10, size=100)
    net.gradient(x, y, losses.softmax_cross_entropy, training=training, rng=0)
    first, last = net.layers[0], net.layers[-3]
    return float(net.layers[-2].a.var()), float((first.delta**2).mean() / (last.delta**2).mean())


for rate, training in ((0.0, True), ((CHI - 1) / LOW**2, True), ((CHI - 1) / LOW**2, False)):
    print(f"rate {rate:.3f}, {'training' if training else 'prediction'}: variance {{:.2f}}, growth of E[δ²] {{:.1f}}"
          .format(*measured(rate, training)))

# %% [markdown] tags=["explanation"]
# <details><summary>Explanation</summary>
#
# Before the line the mean is $p\,\alpha'$, and the variance is $q + p\,\alpha'^2 - p^2\alpha'^2 = q + \alpha'^2 pq$. So
# $s = (q + \alpha'^2pq)^{-1/2}$ and $t = -s\,p\,\alpha'$. Going back, $\partial a/\partial x = s\,m$, with the mean
# square $s^2 q$:
#
# $$\text{growth} = \chi\,s^2 q = \frac{\chi}{1 + \alpha'^2 p} ,$$
#
# which is 1 for $p = (\chi - 1)/\alpha'^2$, 2.3%. Then variance and gradient both stay, in training. In prediction
# there is no dropout and no line: it is a plain SELU network, whose variance stays and whose gradient grows.
#
# </details>

# %% tags=["explanation"]
best = (CHI - 1) / LOW**2
assert math.isclose(alpha_dropout(best)[2], 1)
with_noise, silent, none = measured(best, True), measured(best, False), measured(0.0, True)
assert all(0.7 < variance < 1.4 for variance, _ in (with_noise, silent, none))
assert abs(math.log(with_noise[1])) < 2 < math.log(silent[1])
