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
# # Answers to the further part of chapter 05
#
# Answers to the exercises of the chapter's further part; each asserts what it states. The exercises of the chapter
# itself, 1 to 6, are notebooks in `chapters/exercises`.

# %%
import numpy as np

import minnet as mn
from minnet import activations, datasets, initializers, layers, losses, optimizers

# %% [markdown]
# ## 7. Decay on the slope
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
# ## 8. One number, for Adam
#
# With the factor at the output, Xavier's gradients are √2 times He's (section 4 of the chapter). Adam with ε = 0
# divides by the gradient's own size: its steps of W̃ are those that it would make for W. And W = √2 W̃ then moves √2
# times as far: He's net at **√2 times the rate**.
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
