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
# # 10.3 Equal predictions
#
# **(20 min)** In section 6 nets from He's weights and from N(0, 1) make the same predictions, since they were drawn
# from the same numbers and have no biases. Now give them biases. Net B has the weights of net A, multiplied in layer
# $l$ by a number $t_l > 0$. All hidden layers are ReLU layers, the output layer is linear. Which biases must B have, so
# that in every layer its activations are those of A times one positive number?
#
# Write a function of `b`, A's biases, an array (layers, units), and of `t`, one number for each layer. It returns
#
# - `biases`: those of B, an array like `b`,
# - `factor`: the number by which B's outputs are larger than A's.
#
# The first layer comes first. The last cell tries your function on two networks.
#
# <details><summary>Hint 1</summary>
#
# Begin with the first layer: for which bias $b'$ is $\max(t_1 W^\top x + b', 0)$ a multiple of $\max(W^\top x + b, 0)$?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# What enters the second layer of B is that of A times the first layer's factor. What does $t_2$ add to this?
#
# </details>

# %%
import numpy as np

import minnet as mn
from minnet import datasets, initializers
from minnet.coursework import check


# %% jupyter={"source_hidden": true} tags=["solution", "hide-input"]
def matching_biases(b, t):
    """The biases with which net B predicts what A predicts, and the factor of its outputs."""
    ### BEGIN SOLUTION
    factors = np.cumprod(t)
    return b * factors[:, None], factors[-1]
    ### END SOLUTION


# %% tags=["check"]
check("10.3", matching_biases)

# %%
x = datasets.standardized(datasets.digits()).test[0]
A, B = (mn.mlp([64, 64, 64, 64], activation="relu", init=init, rng=0, dtype=np.float64)
        for init in ("he_normal", initializers.normal(std=1.0)))        # 64 outputs: all biases fit into one array
b = np.random.default_rng(1).normal(size=(3, 64))
same, matched = b, matching_biases(b, [np.sqrt(64 / 2)] * 3)[0]       # N(0, 1) is He's distribution times √(fan_in/2)
agree = {}
for name, biases in (("the same biases", same), ("matching biases", matched)):
    for k in range(3):
        A.layers[k].b[...], B.layers[k].b[...] = b[k], biases[k]
    agree[name] = (A.predict(x) == B.predict(x)).mean()
    print(f"{name}: {agree[name]:.0%} of the predictions agree")

# %% [markdown] tags=["explanation"]
# <details><summary>Explanation</summary>
#
# Let $c_l$ be the factor of layer $l$, with $c_0 = 1$. If $a^{l-1}$ of B is $c_{l-1}$ times that of A, its $z^l$ is
# $t_l c_{l-1}\,W^\top a^{l-1} + b'$. This is a multiple of A's $z^l$ if $b' = t_l c_{l-1} b$, and then the multiple is
# $c_l = t_l c_{l-1}$; ReLU lets a positive factor through. So $c_l = t_1 \cdots t_l$: a bias must grow with all layers
# up to its own. With biases of one size in all layers, as PyTorch draws them, the scale of the weights does change what
# a ReLU net computes.
#
# </details>

# %% tags=["explanation"]
assert agree["matching biases"] == 1
assert agree["the same biases"] < 0.9
factor = matching_biases(b, [np.sqrt(64 / 2)] * 3)[1]
assert np.allclose(B(x), factor * A(x))
