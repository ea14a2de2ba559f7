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
# # 01.4 An activation of your own
#
# **(20 min)** tanh has the slope $1 - a^2$: a backward pass that has kept $a$ needs no $z$. Take
# $a = f(z) = z/\sqrt{1 + z^2}$, which looks similar, and write its slope $f'$ as a function of $a$ alone. The last cell
# puts it into a network, and `gradient_check` judges it.
#
# <details><summary>Hint 1</summary>
#
# First differentiate by $z$, with the quotient rule, and simplify: what is left is one power of $1 + z^2$.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Compute $1 - a^2$.
#
# </details>

# %%
import numpy as np

import minnet as mn
from minnet import activations, datasets, gradient_check, losses
from minnet.coursework import check


# %% jupyter={"source_hidden": true} tags=["solution", "hide-input"]
def slope(a):
    """f′ as a function of the activation a."""
    ### BEGIN SOLUTION
    return (1 - a**2) ** 1.5
    ### END SOLUTION


# %% tags=["check"]
check("01.4", slope)

# %%
bent = activations.Activation("bent", lambda z: z / np.sqrt(1 + z * z), lambda z, a: slope(a), range=(-1, 1))
x, y = datasets.digits().train
net = mn.mlp([64, 16, 16, 10], activation=bent, init="glorot_uniform", rng=0)
report = gradient_check.check(net, x[:20], y[:20], losses.softmax_cross_entropy, samples=40)
print("the gradient is right" if report.passed else report)

# %% [markdown] tags=["explanation"]
# <details><summary>Explanation</summary>
#
# $f'(z) = \dfrac{1}{\sqrt{1+z^2}} - \dfrac{z^2}{(1+z^2)^{3/2}} = (1+z^2)^{-3/2}$, and
# $1 - a^2 = 1 - \dfrac{z^2}{1+z^2} = \dfrac{1}{1+z^2}$, so $f' = (1 - a^2)^{3/2}$. Whoever writes
# $(1 + a^2)^{-3/2}$ has put $a$ where $z$ belongs: this is the slope at a wrong point, a mistake of section 3.
#
# </details>

# %% tags=["explanation"]
assert report.passed
careless = activations.Activation("bent", bent.f, lambda z, a: (1 + a * a) ** -1.5, range=(-1, 1))
net = mn.mlp([64, 16, 16, 10], activation=careless, init="glorot_uniform", rng=0)
assert not gradient_check.check(net, x[:20], y[:20], losses.softmax_cross_entropy, samples=40).passed
