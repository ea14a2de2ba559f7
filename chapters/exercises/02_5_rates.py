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
# # 02.5 Rates for one unit that stands for many
#
# **(40 min, pencil)** A layer of $m_\text{out}$ equal units gets its inputs from $m_\text{in}$ equal units. All its
# weights are the same number $c$, all biases the same number $b$. The small network of section 3 has one unit in each
# layer, with the weight $u = m_\text{in}\,c$ and the bias $b$. (For the first layer $m_\text{in} = 1$: inputs are not
# merged. For the output layer $m_\text{out} = 1$.) When the large network makes a step, with the learning rate $\eta$
# and, for Adam, with $\epsilon$, the small one shall make the same step. Derive which settings it needs:
#
# - `sgd_W`, `sgd_b`: the learning rates of $u$ and of the bias for gradient descent,
# - `adam_W`, `adam_b`, `adam_epsilon`: the learning rates and the $\epsilon$ for Adam. Its step is
#   $-\eta\,\hat m/(\sqrt{\hat v} + \epsilon)$, where $\hat m$ is an average of gradients and $\hat v$ one of their
#   squares.
#
# Then write them down as a function of $m_\text{in}$, $m_\text{out}$, $\eta$ and $\epsilon$.
#
# <details><summary>Hint 1</summary>
#
# Let `dc` be the gradient of *one* of the large network's weights, and `du` that of $u$. Move all $m_\text{in}
# m_\text{out}$ weights $c$ by a small number. How does $C$ change, written with `dc`, and written with `du`?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# A step changes $c$ by $-\eta\,dc$. By how much does it change $u$? Write this as a multiple of `du`.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# For Adam: if all gradients are multiplied by a number, what happens to $\hat m$, to $\sqrt{\hat v}$, and to their
# quotient? And what must $\epsilon$ do?
#
# </details>

# %%
import numpy as np

import minnet as mn
from minnet import datasets, initializers, losses, optimizers
from minnet.coursework import check


# %% jupyter={"source_hidden": true} tags=["solution", "hide-input"]
def rates(m_in, m_out, rate, epsilon):
    """sgd_W, sgd_b, adam_W, adam_b, adam_epsilon of the small network."""
    ### BEGIN SOLUTION
    return rate * m_in / m_out, rate / m_out, rate * m_in, rate, epsilon * m_out
    ### END SOLUTION


# %% tags=["check"]
check("02.5", rates)

# %% [markdown]
# The next cell trains both networks with Adam, the small one with your settings.

# %%
x, y = datasets.standardized(datasets.digits()).train
constant, M = initializers.constant(value=0.1), [1, 32, 32, 1]
large = mn.mlp([64, 32, 32, 10], activation="tanh", init=constant, rng=0, dtype=np.float64)
small = mn.mlp([64, 1, 1, 10], activation="tanh", init=constant, rng=0, dtype=np.float64)
adams = []
for k, layer in enumerate(small.layers):
    layer.W *= M[k]                                             # u = m_in c
    _, _, adam_W, adam_b, epsilon = rates(M[k], M[k + 1], 1e-3, 1e-8)
    for array, rate in (("W", adam_W), ("b", adam_b)):
        span, adam = small.arrays()[f"layer {k} {array}"], optimizers.Adam(rate, epsilon=epsilon)
        adams.append((span, adam, adam.init(small.params[span])))
adam = optimizers.Adam(1e-3, epsilon=1e-8)
state, rng = adam.init(large.params), np.random.default_rng(0)
for _ in range(100):
    rows = rng.choice(len(x), 64, replace=False)
    large.gradient(x[rows], y[rows], losses.softmax_cross_entropy)
    adam.step(large.params, large.grads, state)
    small.gradient(x[rows], y[rows], losses.softmax_cross_entropy)
    for span, one, memory in adams:
        one.step(small.params[span], small.grads[span], memory)
off = max(abs(a.W * m - b.W).max() / m for a, b, m in zip(large.layers, small.layers, M, strict=False))
print("after 100 steps the small network", "follows the large one" if off < 1e-9 else "is somewhere else")

# %% [markdown] tags=["explanation"]
# <details><summary>Explanation</summary>
#
# Move every $c$ by $h$: $C$ changes by $m_\text{in} m_\text{out}\,h\,dc$, and $u$ moves by $m_\text{in} h$, so $C$
# changes by $m_\text{in}\,h\,du$. Hence $du = m_\text{out}\,dc$. A step changes $c$ by $-\eta\,dc$ and so $u$ by
# $-\eta\,m_\text{in}\,dc = -\eta\,(m_\text{in}/m_\text{out})\,du$. A bias is not multiplied by $m_\text{in}$: its
# gradient is $m_\text{out}\,db$, and its rate $\eta/m_\text{out}$.
#
# Adam's $\hat m$ and $\sqrt{\hat v}$ are both $m_\text{out}$ times as large, and the factor cancels if $\epsilon$ gets
# it too. At the rate $\eta$, Adam then moves $u$ as far as it moves $c$ in the large network; but $u$ has to move
# $m_\text{in}$ times as far. So the rates are $\eta\,m_\text{in}$ for $u$ and $\eta$ for the bias. Adam forgets the
# size of the gradient, and with it $m_\text{out}$.
#
# </details>

# %% tags=["explanation"]
assert off < 1e-9
assert abs(large.layers[0].W - 0.1).max() > 0.01                # they did move
