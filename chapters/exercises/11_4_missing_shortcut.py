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
# # 11.4 Break a block, and find it
#
# **(20 min)** Twelve residual blocks, all weights He's times ¼. In one of them, block 6, somebody forgot the shortcut:
# $a = F(x)$ instead of $a = x + F(x)$. The first cell builds the network. What does `diagnose` say? And what does its
# table show?
#
# Write a function `missing_shortcut(signals)` that finds the block. `signals[0]` is the input of block 1, and
# `signals[k]` the output of block $k$, each an array (examples, units). Weights may be larger than here, and the block
# without a shortcut may keep the size of the signal.
#
# <details><summary>Hint 1</summary>
#
# Which columns of the table change at block 6? Would they change if the weights of this block were larger?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# The random weights of $F$ make $F(x)$ uncorrelated with $x$. What about $x + F(x)$?
#
# </details>

# %%
import numpy as np

import minnet as mn
from minnet import activations, datasets, diagnostics, initializers, losses
from minnet.coursework import check
from minnet.layers import Dense, Residual

x, y = datasets.standardized(datasets.digits()).train


def quarter(rng, shape):
    """He's weights times ¼."""
    return initializers.he_normal(rng, shape) / 4


layers = [Dense(64, 64, activations.relu, "he_normal")]
for number in range(1, 13):
    branch = [Dense(64, 64, activations.relu, quarter), Dense(64, 64, init=quarter)]
    layers += branch if number == 6 else [Residual(branch)]
net = mn.Network([*layers, Dense(64, 10)], rng=0)
diagnostics.diagnose(net, x[:200], y[:200], losses.softmax_cross_entropy)


# %% jupyter={"source_hidden": true} tags=["solution", "hide-input"]
def missing_shortcut(signals):
    """The number of the block that has no shortcut, counted from 1."""
    ### BEGIN SOLUTION
    likeness = []
    for k in range(1, len(signals)):
        before, after = signals[k - 1], signals[k]
        likeness.append((before * after).sum() / (np.linalg.norm(before) * np.linalg.norm(after)))
    return int(np.argmin(likeness)) + 1
    ### END SOLUTION


# %% tags=["check"]
check("11.4", missing_shortcut)

# %% [markdown] tags=["explanation"]
# <details><summary>Explanation</summary>
#
# `diagnose` finds nothing: in a network with residual blocks it does not look for vanishing signals, since it takes the
# shortcuts for granted. The table shows the break. Above it, in layers 14 and up, the activations are ten times
# smaller, and below it the gradients ("std n δ") are.
#
# But size is no safe sign: with other weights $F(x)$ may be as large as $x$. What no weights can give is the likeness.
# The output of a residual block contains its input, so the cosine between the two is $1/\sqrt{1 + E[F^2]/E[x^2]}$.
# Without the shortcut it is near 0.
#
# </details>

# %% tags=["explanation"]
net.forward(x[:200])
blocks = [layer for layer in net.layers[:-1] if not (isinstance(layer, Dense) and layer.activation is activations.relu)]
signals = [net.layers[0].a, *(layer.a for layer in blocks)]
assert len(signals) == 13
assert missing_shortcut(signals) == 6
assert not diagnostics.diagnose(net, x[:200], y[:200], losses.softmax_cross_entropy).kinds
