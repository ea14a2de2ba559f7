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
# # Answers to the further part of chapter 01
#
# Answers to the exercises of the chapter's further part; each asserts what it states. The exercises of the chapter
# itself, 1 to 6, are notebooks in `chapters/exercises`.

# %%
from itertools import pairwise

import numpy as np

import minnet as mn
from minnet import activations, datasets, gradient_check, initializers, losses

x, y = datasets.digits().train
x = x.astype(np.float64)

# %% [markdown]
# ## 7. Kinks
#
# The network has $\max(z, 0)$ going forward, and the factor $[a > 0]$ going back ($a > 0$ exactly where $z > 0$).
# A central difference that straddles a kink mixes both slopes. How often that happens can be counted: a step
# straddles a kink where some unit is on at one end and off at the other.


# %%
def relu_forward(weights, biases, x):
    inputs = [x]
    for W, b in zip(weights[:-1], biases[:-1], strict=True):
        inputs.append(np.maximum(inputs[-1] @ W + b, 0))
    return inputs, inputs[-1] @ weights[-1] + biases[-1]


def relu_backward(weights, inputs, p, y):
    delta = (p - np.eye(p.shape[1])[y]) / len(y)
    dWs = []
    for k in reversed(range(len(weights))):
        dWs.insert(0, inputs[k].T @ delta)
        if k > 0:
            delta = (delta @ weights[k].T) * (inputs[k] > 0)
    return dWs


def cost(weights, biases, x, y):
    z = relu_forward(weights, biases, x)[1]
    return losses.softmax_cross_entropy(z, y)[0]


sizes = [64, 12, 12, 10]
few = x[:200], y[:200]
h, kinked, smooth = 1e-4, [], []
for seed in range(5):
    rng = np.random.default_rng(seed)
    weights = [rng.normal(0, np.sqrt(2 / n), (n, m)) for n, m in pairwise(sizes)]
    biases = [np.zeros(m) for m in sizes[1:]]
    inputs, z = relu_forward(weights, biases, few[0])
    dW, W = relu_backward(weights, inputs, activations.softmax(z), few[1])[1], weights[1]
    for i in np.ndindex(W.shape):
        at, sides, C = W[i], [], []
        for step in (-h, h):
            W[i] = at + step
            sides.append([a > 0 for a in relu_forward(weights, biases, few[0])[0][1:]])
            C.append(cost(weights, biases, *few))
        W[i] = at
        error = abs((C[1] - C[0]) / (2 * h) - dW[i]) / np.linalg.norm(dW)
        crossed = any((a != b).any() for a, b in zip(*sides, strict=True))
        (kinked if crossed else smooth).append(error)

print(f"{len(kinked)} of {len(kinked + smooth)} differences straddle a kink; largest error there {max(kinked):.0e}, "
      f"elsewhere {max(smooth):.0e}")
assert max(smooth) < 1e-7 < max(kinked)

# %% [markdown]
# (With zero biases there is a worse case than a crossing: where all ReLUs of a layer are off for an image, the next
# pre-activations are 0 *exactly*, and no step is small enough. Random biases avoid it.)
#
# The library's check notices the crossing in the same way, takes a smaller step, and leaves the parameter out if that
# does not help.

# %%
net = mn.mlp(sizes, activation=activations.relu, init=initializers.he_normal, rng=0, dtype=np.float64)
report = gradient_check.check(net, *few, losses.softmax_cross_entropy, samples=50)
print(report)
assert report.passed
