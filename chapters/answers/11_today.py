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
# # Answers to chapter 11
#
# Each answer asserts what it states.

# %%
import numpy as np

import minnet as mn
from minnet import activations, datasets, initializers, losses, optimizers
from minnet.layers import Dense, LayerNorm, Residual

relu, he, lecun = activations.relu, initializers.he_normal, initializers.lecun_normal
x, y = datasets.standardized(datasets.digits()).train
x, y = x[:200].astype(np.float64), y[:200]

# %% [markdown]
# ## 1. A scaled block
#
# a = x + s F(x). With δ = ∂C/∂a and the branch's backward pass B, which is linear: ∂C/∂x = δ + B(s δ) = δ + s B(δ), and
# ∂C/∂s = Σ F(x) ⊙ δ. With C = Σ c ⊙ a for any fixed c we have δ = c.

# %%
block = Residual([Dense(6, 6, relu, he), Dense(6, 6, init=he)], scale=0.3)
net = mn.Network([block], rng=0, dtype=np.float64)
rng = np.random.default_rng(0)
v, c, d = rng.normal(size=(3, 4, 6))
net.forward(v)
dx, h = net.layers[0].backward(c), 1e-6
np.testing.assert_allclose((dx * d).sum(), (c * (net(v + h * d) - net(v - h * d))).sum() / (2 * h), rtol=1e-6)
F, at = (net(v) - v) / 0.3, {}
for s in (0.3 + h, 0.3 - h):
    block.scale = s
    at[s] = (c * net(v)).sum()
np.testing.assert_allclose((F * c).sum(), (at[0.3 + h] - at[0.3 - h]) / (2 * h), rtol=1e-6)

# %% [markdown]
# ## 2. The variance of the second layer
#
# After the first layer and ReLU the mean square is that of x. The second layer multiplies it by n · Var[W], and this is
# what the block adds: n · Var[W] = 1/L, so Var[W] = 1/(nL), or He's times 1/(2L).

# %%
L, n = 20, 400
last = initializers.variance_scaling(scale=1 / L)
growth = []
for seed in range(5):
    net = mn.Network([Dense(64, n, init=lecun), *[Residual([Dense(n, n, relu, he), Dense(n, n, init=last)])
                                                  for _ in range(L)]], rng=seed)
    first = net.layers[0](x.astype(np.float32))
    growth.append(np.square(net(x.astype(np.float32))).mean() / np.square(first).mean())
print(f"after {L} blocks: {min(growth):.2f} to {max(growth):.2f}, in theory {(1 + 1 / L) ** L:.2f}")
np.testing.assert_allclose(np.mean(growth), (1 + 1 / L) ** L, rtol=0.15)

# %% [markdown]
# ## 3. LayerNorm cancels the size
#
# z and its deviation are both 4 times as large, so LN(z) is the same, and so is the loss. Let G be the gradient at W.
# C(4W) = C(W) for all W: the derivative by W of the left side is 4 times the gradient at 4W, that of the right side is
# G. So the gradient at 4W is G/4. (Up to the small ε that LayerNorm adds to the variance.)

# %%
net = mn.Network([Dense(64, 32, init=he), LayerNorm(32), relu, Dense(32, 10, init=he)], rng=0, dtype=np.float64)
before = net.gradient(x, y, losses.softmax_cross_entropy)
G = net.layers[0].dW.copy()
net.layers[0].W = 4 * net.layers[0].W
after = net.gradient(x, y, losses.softmax_cross_entropy)
np.testing.assert_allclose(after, before, rtol=1e-3)
np.testing.assert_allclose(net.layers[0].dW, G / 4, atol=1e-3 * np.abs(G).max())

# %% [markdown]
# ## 4. Adam's first step
#
# In the first step Adam's two averages, corrected for their start, are the gradient g and its square: the step is
# η g/(|g| + ε), or ±η. Weights of a unit whose gradient is 0 do not move. The change of z sums fan_in terms of one sign
# on average, so it grows like the width, 16 times from 32 to 512, and not like its root, 4 times.

# %%
changes = {}
for width in (32, 512):
    net = mn.mlp([64, width, width, 10], activation=relu, init=he, rng=0, dtype=np.float64)
    net.gradient(x, y, losses.softmax_cross_entropy)
    W, dW, a = (array.copy() for array in (net.layers[1].W, net.layers[1].dW, net.layers[1].x))
    mn.fit(net, (x, y), loss=losses.softmax_cross_entropy, epochs=1, batch_size=200, rng=0, progress=False,
           optimizer=optimizers.Adam(0.001))
    step = net.layers[1].W - W
    clear = np.abs(dW) > 1e-5                                                  # far above Adam's ε = 1e-8
    assert clear.mean() > 0.5
    np.testing.assert_allclose(step[clear], -0.001 * np.sign(dW[clear]), rtol=0.01)
    changes[width] = np.sqrt(np.square(a @ step).mean())
print(f"the change of z grows {changes[512] / changes[32]:.1f} times")
assert changes[512] / changes[32] > 8

# %% [markdown]
# ## 5. The scale after the network
#
# Let f(w) be the network without biases. ReLU moves factors out: f(√α w) = α f(w), and ∇f(√α w) = √α ∇f(w). Take the
# outputs α f(v), trained at the rate η′: v moves by −η′ α ∇f(v) · e, where e is the error. Take weights w = √α v,
# trained at the rate η: w moves by −η √α ∇f(v) · e, so v moves by −η ∇f(v) · e. Both are the same if η′ = η/α.

# %%
rng = np.random.default_rng(0)
signs = rng.choice([-1.0, 1.0], size=(100, 10))
targets = signs[:, :1] * signs[:, 1:2]


def descend(v, V, alpha, inside, rate=0.002, steps=50):
    """Outputs after training two layers without biases, the scale in the weights or after the network."""
    root, after = (np.sqrt(alpha), 1.0) if inside else (1.0, alpha)
    v, V = root * v, root * V
    rate = rate if inside else rate / alpha
    for _ in range(steps):
        z = signs @ v
        e = after * (after * np.maximum(z, 0) @ V - targets) / len(signs)
        v, V = v - rate * signs.T @ ((e @ V.T) * (z > 0)), V - rate * np.maximum(z, 0).T @ e
    return after * np.maximum(signs @ v, 0) @ V


first, second = rng.normal(size=(10, 20)) / np.sqrt(10), rng.normal(size=(20, 1)) / np.sqrt(20)
inside, outside = (descend(first, second, 3.0, where) for where in (True, False))
np.testing.assert_allclose(inside, outside, rtol=1e-8)
assert np.abs(inside - 3 * np.maximum(signs @ first, 0) @ second).max() > 0.1, "it has trained"
