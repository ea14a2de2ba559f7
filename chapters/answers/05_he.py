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
# # Answers to chapter 05
#
# Each answer asserts what it states.

# %%
import os

import numpy as np

import minnet as mn
from minnet import activations, datasets, initializers, layers, losses, optimizers

FAST = os.environ.get("MINNET_FAST") == "1"
NETS = 300 if FAST else 1000


def walk(step, n, L, count, seed=0):
    """ln of ‖h_L‖²/‖h₀‖² of `count` nets; step(rng, h) makes the next layer's h (n,) from h (n,)."""
    rng, found = np.random.default_rng(seed), []
    for _ in range(count):
        h = np.ones(n)
        for _ in range(L):
            h = step(rng, h)
        found.append(np.log((h @ h) / n))
    return np.array(found)


def gaussian(n, variance, f):
    return lambda rng, h: f(h @ rng.normal(0, np.sqrt(variance / n), (n, n)))


def relu(z):
    return np.maximum(z, 0)


# %% [markdown]
# ## 1. The other variance
#
# E[a] = √(q/(2π)), so Var[a] = q/2 − q/(2π). Putting that back takes n Var[W] = 1/(½ − 1/(2π)) = 2/(1 − 1/π). But the
# next layer's z is a sum of w a with weights of mean 0, and E[z²] = n Var[W] E[a²]: it feels all of E[a²], its mean
# included. So E[z²] grows by ½ · 2/(1 − 1/π) = **1/(1 − 1/π) = 1.467** in each layer. The mean of a could be taken away
# only by subtracting it, as a normalization does.

# %%
growth = 1 / (1 - 1 / np.pi)
n, L, count = 64, 10, NETS
logs = walk(gaussian(n, 2 * growth, relu), n, L, count)
expected = L * np.log(growth) - 2.5 * L / n                     # and half of the spread², downwards
assert abs(logs.mean() - expected) < 4 * np.sqrt(5 * L / n / count) + 4 * L / n**2

# %% [markdown]
# ## 2. The slow corner
#
# Let ε = 1 − c. With ε′ = ε − k ε^(3/2), write u = ε^(−1/2): u′ = u (1 − k/u)^(−1/2) ≈ u + k/2. So u grows by k/2 a
# layer, and ε ≈ 4/(k² l²) = 9π²/(2 l²) = 44.4/l². For ε < 10⁻⁴ that needs about √(44.4 · 10⁴) = 666 layers; the first
# layers, where c is far from 1, and the next order shift it by a few.

# %%
def cosine_map(c):
    return (np.sqrt(1 - c**2) + c * (np.pi - np.arccos(c))) / np.pi


c, path = 0.0, []
while not path or path[-1] > 1e-4:
    c = float(cosine_map(c))
    path.append(1 - c)
assert 0.95 < path[-1] * len(path) ** 2 / (4.5 * np.pi**2) < 1
print(f"1 − c < 1e-4 after {len(path)} layers")
assert len(path) == 653

# %% [markdown]
# ## 3. A steeper walk
#
# X = (1/n) Σ 2 f(g)²/(1 + a²), with E[f⁴] = (3/2)(1 + a⁴). Its variance is (1/n) [6 (1 + a⁴)/(1 + a²)² − 1]: 5 at
# a = 0, 3.08 at a = ½, and smallest at a = 1, a *linear* net, where it is 2. What is left there is the chance of the
# weights alone.

# %%
def noise(a):
    return 6 * (1 + a**4) / (1 + a**2) ** 2 - 1


assert noise(0) == 5
assert round(noise(0.5), 2) == 3.08
assert noise(1) == 2
assert min(noise(a) for a in np.linspace(0, 1, 101)) == 2
for a in (0.25, 0.5, 1.0):
    logs = walk(gaussian(n, 2 / (1 + a**2), lambda z, a=a: np.maximum(z, a * z)), n, L, count)
    ratio = logs.var() / (noise(a) * L / n)
    assert abs(ratio - 1) < 4 * np.sqrt(2 / count) + 4 / n, (a, ratio)

# %% [markdown]
# ## 4. Decay on the slope
#
# The library's `decay_mask` is True on weight matrices only. Decoupled decay takes p ← p − ηλp off everything that it
# covers; a slope, whose gradient is often small, follows it towards 0, and PReLU towards ReLU.

# %%
digits = datasets.standardized(datasets.digits())


def mean_slope(decayed):
    stack = [part for a, b in ((64, 64), (64, 64), (64, 64)) for part in
             (mn.Dense(a, b, init=initializers.he_normal), layers.PReLU(b))]
    net = mn.Network([*stack, mn.Dense(64, 10)], rng=0)
    slopes = [place for name, place in net.arrays().items() if name.endswith("slope")]
    assert not any(net.decay_mask[place].any() for place in slopes)
    for place in slopes:
        net.decay_mask[place] = decayed
    mn.fit(net, digits.train, loss=losses.softmax_cross_entropy, epochs=20, batch_size=64, rng=0, progress=False,
           optimizer=optimizers.SGD(0.02, momentum=0.9, weight_decay=0.2))
    return float(np.mean([net.params[place].mean() for place in slopes]))


free, pulled = mean_slope(False), mean_slope(True)
print(f"mean slope {free:.3f}, and {pulled:.3f} with decay")
assert pulled < 0.5 * free

# %% [markdown]
# ## 5. Orthogonal
#
# z = √2 Q h has exactly the length √2 ‖h‖, in a random direction: z/‖z‖ is distributed as g/‖g‖. So
# X = 2 Σ max(g, 0)²/Σ g². The chance of the length has gone, and that of the *signs* is left:
# Var[X] = 4 E[(max(g, 0)² − g²/2)²]/n = **3/n** in place of 5/n. The map of cosines stays: two vectors turned by the
# same Q keep their angle, and in a wide layer their entries are pairs of Gaussian numbers as before.

# %%
def orthogonal(rng, h):
    return relu(h @ initializers.orthogonal(rng, (len(h), len(h)), gain=np.sqrt(2)))


logs = walk(orthogonal, n, L, NETS)
ratio = logs.var() / (3 * L / n)
assert abs(ratio - 1) < 4 * np.sqrt(2 / NETS) + 4 / n, ratio
assert logs.var() < 4 * L / n, "nearer to 3 than to 5"
rng, wide = np.random.default_rng(0), 400
pair, c = np.eye(2, wide), 0.0
for _ in range(5):
    pair = relu(pair @ initializers.orthogonal(rng, (wide, wide), gain=np.sqrt(2)))
    c = float(cosine_map(c))
# one net scatters by about 1/√n a layer
assert abs(pair[0] @ pair[1] / np.linalg.norm(pair[0]) / np.linalg.norm(pair[1]) - c) < 4 / np.sqrt(wide)

# %% [markdown]
# ## 6. One number, for Adam
#
# With the factor at the output, Xavier's gradients are √2 times He's (section 4). Adam with ε = 0 divides by the
# gradient's own size: its steps of W̃ are those that it would make for W. And W = √2 W̃ then moves √2 times as far: He's
# net at **√2 times the rate**.
#
# Without the factor, too, a step is as long as the rate says, however small the gradient. The gradient points the same
# way for many steps, since p − y hardly changes. Each weight of about 1/√n moves by η a step, all of them in concert:
# the product over 30 layers grows exponentially until the output has the size that it lacked, and the gradient with it.

# %%
mnist = datasets.mnist_5k()
x, y = mnist.train[0][:640].astype(float), mnist.train[1][:640]
SIZES = [784, *[64] * 29, 10]


class Unbiased:
    """A net whose biases stay 0, with a factor at the output: what `mn.train` asks of a model, and no more."""

    def __init__(self, init, factor):
        self.net = mn.mlp(SIZES, activation=activations.relu, init=init, rng=0, dtype=np.float64)
        self.params, self.grads, self.factor = self.net.params, self.net.grads, factor

    def gradient(self, x, y, loss, *, training=True, rng=None):
        def scaled(z, y):
            value, dz = loss(self.factor * z, y)
            return value, self.factor * dz

        value = self.net.gradient(x, y, scaled)
        self.grads[~self.net.decay_mask] = 0
        return value


def fitted(init, factor, rate, epochs=1):
    model = Unbiased(init, factor)
    before = np.sqrt(np.square(model.net(x)).mean())
    mn.fit(model, (x, y), loss=losses.softmax_cross_entropy, epochs=epochs, batch_size=64, rng=0, progress=False,
           optimizer=optimizers.Adam(rate, epsilon=1e-100))
    return model, np.sqrt(np.square(model.net(x)).mean()) / before


he, _ = fitted(initializers.he_normal, 1.0, np.sqrt(2) * 1e-4)
xavier, _ = fitted(initializers.lecun_normal, 2.0**15, 1e-4)
mask = he.net.decay_mask
assert np.abs(he.params[mask] - np.sqrt(2) * xavier.params[mask]).max() < 1e-9
_, grown = fitted(initializers.lecun_normal, 1.0, 3e-4, epochs=6)
print(f"60 steps of Adam on Xavier's net, without the factor: its output has grown {grown:,.0f} times")
assert grown > 300
