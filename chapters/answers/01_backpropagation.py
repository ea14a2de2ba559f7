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
# # Answers to chapter 01
#
# Each answer asserts what it states.

# %%
import os
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

import minnet as mn
from minnet import activations, datasets, gradient_check, initializers, layers, losses, optimizers
from minnet.layers import Layer
from minnet.parameters import parameter

FAST = os.environ.get("MINNET_FAST") == "1"
x, y = datasets.digits().train
x = x.astype(np.float64)

# %% [markdown]
# ## 1. The linear output
#
# $C = \frac1n \sum_i \frac12 \sum_k (z_{ik} - y_{ik})^2$. Only one term holds $z_{ik}$, and its derivative is
# $\delta_{ik} = (z_{ik} - y_{ik})/n$. That is `losses.squared_error`. `mean_squared_error` has neither the ½ nor the
# sum over the $k$ outputs, but their mean: its $\delta$ is $2/k$ times as large, and so must be the change of the
# learning rate the other way round, if both are to take the same steps.

# %%
rng = np.random.default_rng(0)
z, target = rng.normal(size=(7, 3)), rng.normal(size=(7, 3))
delta = losses.squared_error(z, target)[1]
assert np.allclose(delta, (z - target) / 7)
assert np.allclose(losses.mean_squared_error(z, target)[1], delta * 2 / 3)

# %% [markdown]
# ## 2. ReLU in the plain functions
#
# Two places change: $\max(z, 0)$ going forward, and the factor $[a > 0]$ going back ($a > 0$ exactly where $z > 0$).
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
weights = [rng.normal(0, np.sqrt(2 / m), (m, n)) for m, n in pairwise(sizes)]
biases = [np.zeros(n) for n in sizes[1:]]
few = x[:200], y[:200]
inputs, z = relu_forward(weights, biases, few[0])
dWs = relu_backward(weights, inputs, activations.softmax(z), few[1])

h, kinked, smooth = 1e-4, [], []
W = weights[1]
for i in np.ndindex(W.shape):
    at, sides, C = W[i], [], []
    for step in (-h, h):
        W[i] = at + step
        sides.append([a > 0 for a in relu_forward(weights, biases, few[0])[0][1:]])
        C.append(cost(weights, biases, *few))
    W[i] = at
    error = abs((C[1] - C[0]) / (2 * h) - dWs[1][i]) / np.linalg.norm(dWs[1])
    crossed = any((a != b).any() for a, b in zip(*sides, strict=True))
    (kinked if crossed else smooth).append(error)

print(f"{len(kinked)} of {W.size} differences straddle a kink; largest error there {max(kinked):.0e}, elsewhere "
      f"{max(smooth):.0e}")
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

# %% [markdown]
# ## 3. The angle of random feedback
#
# Train with a fixed random matrix in the place of $W_1^\top$ and measure, after every epoch, the angle between the
# step that is taken and the right gradient in the first layer, and between $W_1$ and the feedback. 90° would mean
# unrelated.

# %%
def degrees(u, v):
    return float(np.degrees(np.arccos(np.vdot(u, v) / (np.linalg.norm(u) * np.linalg.norm(v)))))


weights = [rng.normal(0, np.sqrt(1 / m), (m, n)) for m, n in pairwise([64, 32, 10])]
feedback = rng.normal(0, np.sqrt(1 / 32), weights[1].shape)
angles = []
for _ in range(8 if FAST else 20):
    a = np.tanh(x @ weights[0])
    delta = (activations.softmax(a @ weights[1]) - np.eye(10)[y]) / len(y)
    right, wrong = (x.T @ (delta @ B.T * (1 - a**2)) for B in (weights[1], feedback))
    angles.append((degrees(right, wrong), degrees(weights[1], feedback)))
    for rows in np.array_split(rng.permutation(len(x)), 40):
        a = np.tanh(x[rows] @ weights[0])
        delta = (activations.softmax(a @ weights[1]) - np.eye(10)[y[rows]]) / len(rows)
        steps = x[rows].T @ (delta @ feedback.T * (1 - a**2)), a.T @ delta
        for W, step in zip(weights, steps, strict=True):
            W -= 0.2 * step

for epoch, (gradients, matrices) in enumerate(angles):
    print(f"epoch {epoch:2}: gradient against feedback {gradients:3.0f}°, weights against feedback {matrices:3.0f}°")
assert angles[0][1] > 75
assert angles[-1][0] < angles[0][0] < 110
assert angles[-1][1] < angles[0][1] - 10

# %% [markdown]
# The forward weights do turn towards the feedback, and with them the wrong gradient towards the right one: it never
# becomes the gradient, but after the first epochs stays well below 90°, which is all that going downhill asks for.

# %% [markdown]
# ## 4. An activation of one's own
#
# For $a = z/\sqrt{1 + z^2}$, $a' = (1 + z^2)^{-3/2}$, and since $1 - a^2 = 1/(1 + z^2)$, it is $(1 - a^2)^{3/2}$.


# %%
bent = activations.Activation("bent", lambda z: z / np.sqrt(1 + z * z), lambda z, a: (1 - a * a) ** 1.5, range=(-1, 1))
net = mn.mlp([64, 16, 16, 10], activation=bent, init=initializers.glorot_uniform, rng=0)
report = gradient_check.check(net, *few, losses.softmax_cross_entropy, samples=50)
print(report)
assert report.passed

# %% [markdown]
# ## 5. A layer of one's own
#
# $a = x \odot s$: going back, $ds = \sum_i x_i \odot \partial C/\partial a_i$ and $\partial C/\partial x = s \odot
# \partial C/\partial a$. `parameter` declares what is learned; without
# `decays=True`, weight decay leaves $s$ alone.


# %%
@dataclass(eq=False, repr=False)
class Scale(Layer):
    features: int

    s, ds = parameter("features")

    def widths(self):
        return self.features, self.features

    def reset(self, rng):
        self.s[...] = 1

    def __call__(self, x):
        return x * self.s

    def forward(self, x, training=False, rng=None):
        self.x = x
        return x * self.s

    def backward(self, da, input_gradient=True):
        self.ds[...] = (da * self.x).sum(axis=0)
        return da * self.s


net = mn.Network([layers.Dense(64, 16, activations.tanh), Scale(16), layers.Dense(16, 10)], rng=0)
report = gradient_check.check(net, *few, losses.softmax_cross_entropy, samples=50)
print(report)
assert report.passed

before = net.params.copy()
optimizer = optimizers.SGD(learning_rate=0.1, weight_decay=0.5)
optimizer.step(net.params, np.zeros_like(net.grads), optimizer.init(net.params, net.decay_mask))
assert np.array_equal(net.layers[1].s, before[net.span(1)])
assert np.linalg.norm(net.layers[0].W) < np.linalg.norm(before[net.span(0)])
