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
# # 04.6 Every p
#
# **(40 min)** Between $1/n$, $1/m$ and the geometric mean lie all rules $\mathrm{Var}[W] = 1/(n^p\, m^{1-p})$, with
# $0 \le p \le 1$. Show that with none of them a pass fades with depth, whatever the widths. For linear layers of
# widths `widths[0]` (the inputs) to `widths[-1]` (the outputs) write a function `swings(widths, p)` that computes
#
# - `up`: the largest $|\log_{10}|$ of the mean square of the signal on the way up, where it is 1 at the inputs,
# - `down`: the same for $\delta$ on the way down to the inputs, where it is 1 at the outputs.
#
# For which $p$ is the larger of the two smallest, where wide and narrow layers alternate? The cell after the
# check measures it.
#
# <details><summary>Hint 1</summary>
#
# One layer multiplies the mean square by $n\,\mathrm{Var}[W]$ going up. Write this as a power of $n/m$.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# The $m$ of a layer is the $n$ of the next. What remains of the product over layers 1 to $l$?
#
# </details>

# %%
from itertools import pairwise

import numpy as np

from minnet.coursework import check


# %% jupyter={"source_hidden": true} tags=["solution", "hide-input"]
def swings(widths, p):
    """The largest |log₁₀| of the mean square on the way, up and down."""
    ### BEGIN SOLUTION
    log = np.log10(widths)
    up = (1 - p) * abs(log - log[0]).max()
    down = p * abs(log - log[-1]).max()
    return up, down
    ### END SOLUTION


# %% tags=["check"]
check("04.6", swings)

# %%
def measured(widths, p, rng):
    """The same two numbers, measured with matrices that are drawn."""
    weights = [rng.normal(size=(n, m)) / np.sqrt(n**p * m ** (1 - p)) for n, m in pairwise(widths)]
    found = []
    for matrices in (weights, [W.T for W in reversed(weights)]):
        h, sizes = rng.normal(size=(300, matrices[0].shape[0])), []
        for W in matrices:
            h = h @ W
            sizes.append(abs(np.log10((h**2).mean())))
        found.append(max(sizes))
    return found


rng, widths = np.random.default_rng(0), (512, 16, 512, 16, 512)
larger = {}
for p in (0, 0.25, 0.5, 0.75, 1):
    up, down = np.mean([measured(widths, p, rng) for _ in range(10)], axis=0)
    larger[p] = max(up, down)
    print(f"p = {p:<4}  up {up:.1f}  down {down:.1f}")

# %% [markdown] tags=["explanation"]
# <details><summary>Explanation</summary>
#
# Going up, a layer multiplies by $n/(n^p m^{1-p}) = (n/m)^{1-p}$; going down by $m/(n^p m^{1-p}) = (m/n)^p$. Both are
# powers of a ratio of neighbouring widths. In a product over layers all widths but the first and the last cancel, so
# that the mean square at layer $l$ is $(n_0/n_l)^{1-p}$: it depends on where you are, not on how deep. The swing is
# $(1-p)\,|\log_{10}(n_0/n_l)|$ at its largest up, and the same with $p$ down. Where widths alternate between two
# values the larger is smallest at $p = \tfrac12$. Glorot's sum $n + m$ is no power, which is why its product does not
# cancel.
#
# </details>

# %% tags=["explanation"]
assert min(larger, key=larger.get) == 0.5
