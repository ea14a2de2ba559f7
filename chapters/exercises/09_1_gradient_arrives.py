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
# # 09.1 How much of the gradient arrives?
#
# **(15 min, pencil)** A sigmoid network has the widths `widths`: inputs, hidden layers, outputs, such as `[784, 400,
# 400, 10]`. The weights of a layer are drawn from $U(\pm 1/\sqrt n)$, with $n$ its fan_in. The outputs are linear.
# Derive
#
# - `left`: the largest part of the gradient that can arrive, rms of $\delta$ in the first hidden layer over rms of
#   $\delta$ at the outputs,
# - `c`: the number for which weights from $U(\pm c/\sqrt n)$ keep the rms of $\delta$ between layers of equal width, if
#   $z$ stays near 0.
#
# Write both as a function of the widths. (`c` does not depend on them.)
#
# <details><summary>Hint 1</summary>
#
# $\delta_l = (\delta_{l+1}W_{l+1}^\top) \odot f'(z_l)$. How many terms does each entry of the product add? What is the
# variance of the weights? And how large can the mean of $f'^2$ be?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# In the product over layers most widths cancel: the fan_out of a layer is the fan_in of the next.
#
# </details>

# %%
import numpy as np

import minnet as mn
from minnet import datasets, diagnostics, losses
from minnet.coursework import check


# %% jupyter={"source_hidden": true} tags=["solution", "hide-input"]
def arrives(widths):
    """left and c."""
    ### BEGIN SOLUTION
    hidden = len(widths) - 2
    left = np.sqrt(widths[-1] / widths[1] / 48**hidden)
    return left, np.sqrt(48)
    ### END SOLUTION


# %% tags=["check"]
check("09.1", arrives)

# %% [markdown] tags=["explanation"]
# <details><summary>Explanation</summary>
#
# Going back through one layer with fan_in $n$ and fan_out $m$, an entry adds $m$ terms of variance $1/(3n)$ times the
# mean square of $\delta$, and $f'^2 \le \tfrac1{16}$. So each layer multiplies the mean square by at most
# $\tfrac{m}{48\,n}$. From the outputs to the first hidden layer $\delta$ crosses as many matrices as there are hidden
# layers, and the matrix of layer 1 is not among them. In the product all widths cancel but the outputs' and that of the
# first hidden layer. The bound is not far from what is measured, since $z$ stays near 0 and $f'$ near ¼.
#
# $U(\pm c/\sqrt n)$ has $n\,\mathrm{Var}[W] = c^2/3$, and $\tfrac{c^2}3 \cdot \tfrac1{16} = 1$ for $c = \sqrt{48}
# \approx 6.9$. With such weights $z$ does not stay near 0, which is why the edge of chaos lies higher still.
#
# </details>

# %% tags=["explanation"]
x, y = datasets.digits().train
widths = [64, 100, 60, 80, 10]
ratios = []
for seed in range(5):
    net = mn.mlp(widths, activation="sigmoid", init="heuristic_uniform", rng=seed)
    delta = diagnostics.profile(net, x[:300], y[:300], losses.softmax_cross_entropy).delta
    ratios.append(float(delta[0] / delta[-1]))
left, _ = arrives(widths)
print(f"bound 1/{1 / left:,.0f}, measured 1/{1 / max(ratios):,.0f} to 1/{1 / min(ratios):,.0f}")
assert 0.7 * left < np.mean(ratios) < 1.2 * left           # chance: one draw of the weights may lie a little above
