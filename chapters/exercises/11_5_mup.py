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
# # 11.5 The table of μP
#
# **(20 min)** Write μP for Adam as a function of the widths of a ReLU network, such as `[64, 512, 512, 10]`, and of the
# base width $n_0$. It returns two lists with one number per layer:
#
# - `rates`: by which number the learning rate of the layer's weights is multiplied,
# - `variances`: the variance of its weights, which is He's in all layers but the last. At the base width the last one
#   has $1/\text{fan\_in}$.
#
# Say before you run the last cell: Adam's first step moves the weights of the second hidden layer. By which factor does
# this change their $z$ more at width 512 than at width 32, with your table and without it?
#
# <details><summary>Hint 1</summary>
#
# Section 5 has the rule in one sentence. Which layers does it name? Which one does it leave alone, and why?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# $\text{fan\_in}/n_0$ is 1 at the base width. At this width your table must give the usual rates and variances.
#
# </details>

# %%
import numpy as np

import minnet as mn
from minnet import datasets, losses
from minnet.coursework import check


# %% jupyter={"source_hidden": true} tags=["solution", "hide-input"]
def mup_table(widths, base_width):
    """Factors on Adam's rate and variances of the weights, one per layer."""
    ### BEGIN SOLUTION
    fan_in = widths[:-1]
    rates = [1.0] + [base_width / n for n in fan_in[1:]]
    variances = [2 / n for n in fan_in[:-1]] + [1 / fan_in[-1] * base_width / fan_in[-1]]
    return rates, variances
    ### END SOLUTION


# %% tags=["check"]
check("11.5", mup_table)

# %%
x, y = datasets.standardized(datasets.digits()).train
x, y = x[:200].astype(np.float64), y[:200]


def change(width, with_table):
    """Change (rms) of z in the second hidden layer by its own weights, in Adam's first step at the rate 0.001."""
    widths = [64, width, width, 10]
    rates, variances = mup_table(widths, 32) if with_table else ([1, 1, 1], [2 / 64, 2 / width, 1 / width])
    net = mn.mlp(widths, activation="relu", init="zeros", rng=0, dtype=np.float64)
    rng = np.random.default_rng(0)
    for layer, variance in zip(net.layers, variances, strict=True):
        layer.W = rng.normal(0, np.sqrt(variance), layer.W.shape)
    net.gradient(x, y, losses.softmax_cross_entropy)
    step = -0.001 * rates[1] * np.sign(net.layers[1].dW)
    return np.sqrt(((net.layers[0].a @ step) ** 2).mean())


grows = {name: change(512, table) / change(32, table) for name, table in (("without", False), ("with", True))}
for name, factor in grows.items():
    print(f"{name:7} the table: {factor:.1f} times the change of z at width 512 as at 32")

# %% [markdown] tags=["explanation"]
# <details><summary>Explanation</summary>
#
# The fan_in of layer 1 is the number of inputs, which does not grow with the width: its rate stays. All other layers
# have $n_0/\text{fan\_in}$, and the outputs' variance is $\tfrac1{\text{fan\_in}} \cdot \tfrac{n_0}{\text{fan\_in}}$.
#
# In Adam's first step its two averages, corrected for their start, are the gradient $g$ and its square, so every weight
# moves by $\eta\,g/|g| = \pm\eta$. The change of $z$ sums fan_in terms of one sign on average: without the table it
# grows about like the width, 16 times from 32 to 512. With the table it stays about the same.
#
# </details>

# %% tags=["explanation"]
assert grows["without"] > 8
assert 0.5 < grows["with"] < 2
