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
# # Answers to the further part of chapter 02
#
# Answers to the exercises of the chapter's further part; each asserts what it states. The exercises of the chapter
# itself, 1 to 5, are notebooks in `chapters/exercises`.

# %%
import os

import numpy as np

import minnet as mn
from minnet import activations, datasets, layers, losses, optimizers
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
# ## 6. Two kinds
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
# ## 7. Normalization
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
# ## 8. Three hidden layers
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
