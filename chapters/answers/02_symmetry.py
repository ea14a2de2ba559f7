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
# # Answers to chapter 02
#
# Each answer asserts what it states.

# %%
import os

import numpy as np

import minnet as mn
from minnet import activations, datasets, initializers, layers, losses, optimizers
from minnet.diagnostics import kinds

FAST = os.environ.get("MINNET_FAST") == "1"
digits = datasets.standardized(datasets.digits())
x, y = digits.train[0].astype(np.float64), digits.train[1]
SIZES = [64, 32, 32, 10]
sgd = optimizers.SGD(learning_rate=0.05, momentum=0.9)


def constant(value, noise=0.0):
    return lambda rng, shape: value + noise * rng.normal(size=shape)


def fitted(model, *, epochs=10, optimizer=sgd):
    for _ in mn.train(model, digits.train, loss=losses.softmax_cross_entropy, optimizer=optimizer, epochs=epochs,
                      batch_size=64, rng=0):
        pass
    return model


def rank(W, tolerance=1e-8):
    s = np.linalg.svd(W, compute_uv=False)
    return int((s > tolerance * s[0]).sum())


# %% [markdown]
# ## 1. Opposite twins
#
# Let f be odd, f(−z) = −f(z); then f′ is even. With W[:, j] = −W[:, i] and b[j] = −b[i] we have z_j = −z_i and
# a_j = −a_i. Going back, da_j = δ′ V[j]ᵀ = −da_i, and δ_j = da_j f′(z_j) = −da_i f′(z_i) = −δ_i. So dW[:, j] = xᵀ δ_j,
# db[j] and dV[j] = a_jᵀ δ′ are all the negatives of those of i, and the units stay opposite, under every optimizer
# that is odd in the gradient (SGD, momentum, RMSprop, Adam). It holds for tanh, softsign and linear units, not for
# the sigmoid, ReLU or SELU. A layer of opposite twins has two kinds of column and still rank 1.

# %%
def distance_to_opposite(activation):
    net = mn.mlp(SIZES, activation=activation, init=initializers.glorot_uniform, rng=0, dtype=np.float64)
    first, second = net.layers[:2]
    first.b[0] = 0.1
    first.W[:, 1], first.b[1], second.W[1] = -first.W[:, 0], -first.b[0], -second.W[0]
    fitted(net)
    return np.abs(first.W[:, 1] + first.W[:, 0]).max()


for activation in (activations.tanh, activations.softsign):
    assert distance_to_opposite(activation) < 1e-9
assert distance_to_opposite(activations.sigmoid) > 1e-2

# %% [markdown]
# ## 2. The same numbers in another shape
#
# A generator draws one stream of numbers and fills an array row by row. Both layers begin the same stream. So the
# 32·32 entries of the second are, up to the scale of each layer, the first 32·32 entries of the first: its first 16
# rows of 64·32. Their correlation is 1. Drawing from one generator that goes on, or from its children as `Network`
# does, avoids it.

# %%
def from_seed(rng, shape):
    return initializers.glorot_uniform(np.random.default_rng(0), shape)


first, second = (layer.W.ravel() for layer in
                 mn.mlp(SIZES, activation=activations.tanh, init=from_seed, rng=0, dtype=np.float64).layers[:2])
assert np.isclose(np.corrcoef(first[:second.size], second)[0, 1], 1)
first, second = (layer.W.ravel() for layer in mn.mlp(SIZES, activation=activations.tanh, rng=0, dtype=np.float64,
                                                     init=initializers.glorot_uniform).layers[:2])
assert abs(np.corrcoef(first[:second.size], second)[0, 1]) < 5 / np.sqrt(second.size)

# %% [markdown]
# ## 3. Two kinds
#
# Layer 1: the columns of a half are equal, and all rows of W₂ are equal at the start, so the units of a half are twins.
# Layer 2: likewise, with W₃ constant. So there are two kinds of unit in each layer, for ever (in exact arithmetic).
# W₂ consists of four blocks of equal entries: its rank is at most 2. At the start it is 1, since its rows are equal;
# the two halves of layer 1 get different gradients, and it becomes 2.
#
# The quotient is 64-2-2-10, with 16 units behind each of its units: u = 16 c into layers 2 and 3, du = 16 dc in
# layers 1 and 2.

# %%
def halves(rng, shape):
    fan_in, fan_out = shape
    return np.full(shape, 0.1) if fan_out == 10 else np.repeat([0.1, 0.2], fan_out // 2) * np.ones((fan_in, 1))


class TwoKinds:
    def __init__(self):
        self.net = mn.mlp([64, 2, 2, 10], activation=activations.tanh, init=halves, rng=0, dtype=np.float64)
        self.params, self.grads = self.net.params.copy(), np.zeros_like(self.net.params)
        self.into, self.out_of = np.ones((2, len(self.params)))
        for k in (1, 2):
            self.into[self.net.arrays()[f"layer {k} W"]] = 16
        self.out_of[self.net.span(0, 1)] = 16

    def gradient(self, x, y, loss, *, training=True, rng=None):
        self.net.params = self.into * self.params
        value = self.net.gradient(x, y, loss)
        self.grads[...] = self.net.grads / self.out_of
        return value


whole = fitted(mn.mlp(SIZES, activation=activations.tanh, init=halves, rng=0, dtype=np.float64))
small = fitted(TwoKinds())
assert [kinds(layer.W) for layer in whole.layers[:2]] == [2, 2]
assert rank(whole.layers[1].W) == 2
c1 = small.params[small.net.arrays()["layer 0 W"]].reshape(64, 2)
c2 = small.params[small.net.arrays()["layer 1 W"]].reshape(2, 2)
assert np.abs(whole.layers[0].W - c1.repeat(16, axis=1)).max() < 1e-10
assert np.abs(whole.layers[1].W - c2.repeat(16, axis=0).repeat(16, axis=1)).max() < 1e-10

# %% [markdown]
# ## 4. Normalization
#
# BatchNorm works on each feature by itself and has one γ and one β for each: twins with equal γ and β have equal
# outputs and equal gradients, and stay twins. It does not break the symmetry.
#
# LayerNorm subtracts the mean over the features of an example. If all features are equal, nothing is left: x̂ = 0, and
# its output is β, whatever the image. It erases the one feature that equal units have. Its backward pass subtracts a
# mean as well, so the weights below get no gradient. In exact arithmetic only constants can be learned, and the loss
# cannot fall below the entropy of the labels. In floating point, what is left of x − mean is rounding, and it is
# divided by √ε: each LayerNorm magnifies it some 300 times. With a kernel that rounds equal columns differently, this
# network frees itself much sooner than one without. So the answer asserts the start only, and prints the rest.

# %%
def normalized(kind):
    return mn.Network([mn.Dense(64, 32, init=constant(0.1)), kind(32), layers.Activation(activations.tanh),
                       mn.Dense(32, 32, init=constant(0.1)), kind(32), layers.Activation(activations.tanh),
                       mn.Dense(32, 10, init=constant(0.1))], rng=0, dtype=np.float64)


q = np.bincount(y) / len(y)
entropy = float(-(q * np.log(q)).sum())
with_batch, with_layer = normalized(layers.BatchNorm), normalized(layers.LayerNorm)
fitted(with_batch)
assert [kinds(with_batch.layers[k].W) for k in (0, 3)] == [1, 1]
assert losses.softmax_cross_entropy(with_batch(x), y)[0] < 2              # one feature is learned
with_layer.gradient(x, y, losses.softmax_cross_entropy)
assert np.ptp(with_layer(x), axis=0).max() < 1e-6                         # the same outputs for every image
assert np.abs(with_layer.layers[0].dW).max() < 1e-9 < np.abs(with_layer.layers[6].db).max()
fitted(with_layer)
print(f"after 10 epochs: loss {losses.softmax_cross_entropy(with_layer(x), y)[0]:.3f} with LayerNorm, entropy of the "
      f"labels {entropy:.3f}")

# %% [markdown]
# ## 5. Rates for Adam
#
# In the coordinates u the gradient of layer l is du = m_l dc, and a step of c becomes a step of u = m_{l−1} c that is
# m_{l−1} times as long (biases: 1). Adam's step is η m̂/(√v̂ + ε), with m̂ and √v̂ both proportional to the gradient:
# the factor m_l cancels, if ε is multiplied by it too. So the learning rate is **η m_{l−1}** for a weight and η for
# a bias, and ε is **ε m_l** for both. (SGD: η m_{l−1}/m_l. Adam forgets the size of the gradient, and with it the m_l.)

# %%
ADAM = {"learning_rate": 1e-3, "epsilon": 1e-8}
whole = mn.mlp(SIZES, activation=activations.tanh, init=constant(0.1), rng=0, dtype=np.float64)
small = mn.mlp([64, 1, 1, 10], activation=activations.tanh, init=constant(0.1), rng=0, dtype=np.float64)
M = [1, 32, 32, 1]
adams = []
for k, layer in enumerate(small.layers):
    layer.W *= M[k]                                             # u = m_{l−1} c
    for letter, factor in (("W", M[k]), ("b", 1)):
        span = small.arrays()[f"layer {k} {letter}"]
        adam = optimizers.Adam(learning_rate=1e-3 * factor, epsilon=1e-8 * M[k + 1])
        adams.append((span, adam, adam.init(small.params[span])))
adam = optimizers.Adam(**ADAM)
state, rng = adam.init(whole.params), np.random.default_rng(0)
for _ in range(200):
    rows = rng.choice(len(x), 64, replace=False)
    whole.gradient(x[rows], y[rows], losses.softmax_cross_entropy)
    adam.step(whole.params, whole.grads, state)
    small.gradient(x[rows], y[rows], losses.softmax_cross_entropy)
    for span, one, memory in adams:
        one.step(small.params[span], small.grads[span], memory)
for k in range(3):
    assert np.abs(whole.layers[k].W * M[k] - small.layers[k].W).max() < 1e-10 * max(1, M[k])
    assert np.abs(whole.layers[k].b - small.layers[k].b).max() < 1e-10
assert np.abs(whole.layers[0].W - 0.1).max() > 0.01             # they did move

# %% [markdown]
# ## 6. Three hidden layers
#
# With L weight matrices each gradient is a product of the other L − 1. W = ε w gives ε dw/dt = ε^{L−1} (…), so w
# depends on time through ε^{L−2} t: the time of escape goes as **1/ε^{L−2}**. L = 2: no dependence but through ln(1/ε),
# L = 3: 1/ε, L = 4: 1/ε². The measured exponent comes near to it from below as ε falls, when the wait at the saddle
# outlasts everything else.

# %%
def escape(sizes, noise):
    net = mn.mlp(sizes, activation=activations.tanh, init=constant(0, noise), rng=0, dtype=np.float64)
    for record in mn.train(net, (x[:200], y[:200]), loss=losses.softmax_cross_entropy, optimizer=sgd, epochs=20_000,
                           batch_size=200, rng=0):
        if record.loss < 2:
            return record.step
    raise AssertionError(f"no escape from noise {noise}")


def exponent(sizes, high, low):
    return np.log(escape(sizes, low) / escape(sizes, high)) / np.log(high / low)


three = exponent(SIZES, *((0.003, 0.001) if FAST else (0.001, 0.0003)))
four = exponent([64, 32, 32, 32, 10], *((0.02, 0.01) if FAST else (0.01, 0.005)))
print(f"measured exponents: {three:.2f} for L = 3, {four:.2f} for L = 4")
assert 0.7 < three < 1.05
assert 1.6 < four < 2.05
