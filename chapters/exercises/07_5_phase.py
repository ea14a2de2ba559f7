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
# # 07.5 Break a network: order or chaos?
#
# **(25 min)** The first cell draws two networks of tanh layers, one with weights too small and one with weights too
# large. `diagnose` says which is which, after it has sent data through them. The theory knows it from the weights
# alone.
#
# Write a function `chi(net)` that returns $\chi$, the factor by which each layer multiplies the mean square of the
# gradient, where the signal has settled. Estimate $\sigma_w^2$ and $\sigma_b^2$ from the weights and biases of the
# hidden layers, which all have as many units as inputs. Compute averages to two digits.
#
# <details><summary>Hint 1</summary>
#
# `net.layers[:-1]` are the hidden layers; `layer.W` has the shape (fan_in, fan_out), `layer.b` (fan_out,). The
# theory's $\sigma_w^2$ is $n\,\mathrm{Var}[W]$.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# First find $q^*$: begin with $q = 1$ and apply $V(q) = \sigma_w^2\,E[\tanh^2(\sqrt q\,g)] + \sigma_b^2$ until $q$ does
# not change any more.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# Then $\chi$ of section 4, with $\tanh' = 1 - \tanh^2$.
#
# </details>

# %%
import numpy as np

import minnet as mn
from minnet import datasets, diagnostics, initializers, losses
from minnet.coursework import check

x, y = datasets.standardized(datasets.digits()).train
x, y = x[:300], y[:300]
nets = {}
for weight_var in (0.5, 6):
    nets[weight_var] = mn.mlp([64] * 20 + [10], activation="tanh", rng=0, bias_init=initializers.normal(std=0.3),
                              init=initializers.variance_scaling(scale=weight_var))
    found = diagnostics.diagnose(nets[weight_var], x, y, losses.softmax_cross_entropy)
    print(f"σ_w² = {weight_var}: {', '.join(found.kinds)}")


# %% jupyter={"source_hidden": true} tags=["solution", "hide-input"]
def chi(net):
    """The factor on the gradient's mean square, from the weights and biases of a tanh network."""
    ### BEGIN SOLUTION
    hidden = net.layers[:-1]
    weight_var = np.mean([len(layer.W) * layer.W.var() for layer in hidden])
    bias_var = np.mean([layer.b.var() for layer in hidden])
    g = np.linspace(-8, 8, 801)
    weight = np.exp(-(g**2) / 2) / np.sqrt(2 * np.pi) * (g[1] - g[0])
    q = 1.0
    for _ in range(200):
        q = weight_var * np.sum(weight * np.tanh(np.sqrt(q) * g) ** 2) + bias_var
    return weight_var * np.sum(weight * (1 - np.tanh(np.sqrt(q) * g) ** 2) ** 2)
    ### END SOLUTION


# %% tags=["check"]
check("07.5", chi)

# %%
for weight_var, net in nets.items():
    delta = diagnostics.profile(net, x, y, losses.softmax_cross_entropy).delta
    measured = (delta[4] / delta[18]) ** (2 / 14)
    print(f"σ_w² = {weight_var}: χ = {chi(net):.2f}, measured between layers 19 and 5: {measured:.2f}")

# %% [markdown] tags=["explanation"]
# <details><summary>Explanation</summary>
#
# At $\sigma_w^2 = 0.5$ the network is in order, $\chi < 1$, and `diagnose` says *vanishing*; at 6 it is in chaos,
# $\chi > 1$, and `diagnose` says *exploding*. In chaos the signal itself does not explode, as tanh stays below 1. It
# lowers the average slope: $\chi$ is far below $\sigma_w^2$, but above 1. The biases belong to it: without them $q$
# would fall to 0 in the first network, and $\chi$ would be 0.5 instead of 0.4.
#
#
# </details>

# %% tags=["explanation"]
assert chi(nets[0.5]) < 1 < chi(nets[6])
for weight_var, kind in ((0.5, "vanishing"), (6, "exploding")):
    assert diagnostics.diagnose(nets[weight_var], x, y, losses.softmax_cross_entropy).kinds == (kind,)
    delta = diagnostics.profile(nets[weight_var], x, y, losses.softmax_cross_entropy).delta
    assert abs((delta[4] / delta[18]) ** (2 / 14) / chi(nets[weight_var]) - 1) < 0.1
assert abs(chi(nets[0.5]) - 0.4) < 0.05
