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
# # Answers to the further part of chapter 09
#
# Answers to the exercises of the chapter's further part; each asserts what it states. The exercises of the chapter
# itself, 1 to 5, are notebooks in `chapters/exercises`.

# %%
import os

import numpy as np

import minnet as mn
from minnet import activations, datasets, initializers, losses, optimizers, pretraining, theory

FAST = os.environ.get("MINNET_FAST") == "1"
mnist = datasets.mnist_5k()
x, y = mnist.train
part = x[:1000] if FAST else x
sgd = optimizers.SGD(0.1)


def trained(model, epochs=3 if FAST else 10, loss=losses.sigmoid_cross_entropy):
    return mn.fit(model, (part, part), loss=loss, optimizer=sgd, epochs=epochs, batch_size=20, rng=0, progress=False)


# %% [markdown]
# ## 6. Untied weights
#
# V comes to resemble Wᵀ without being told: both get gradients that are products of the same images and codes. Their
# correlation starts at 0 and rises, without reaching 1.

# %%
untied = pretraining.Autoencoder(784, 100, tied=False, rng=0)


def agreement():
    return float(np.corrcoef(untied.W.T.ravel(), untied.V.ravel())[0, 1])


start = agreement()
trained(untied)
assert abs(start) < 5 / np.sqrt(untied.W.size)
assert 0.2 < agreement() < 1

# %% [markdown]
# ## 7. Two numbers
#
# Draw it with `plt.scatter(*codes.T, c=test_labels, cmap="tab10")`: some digits form clouds of their own, 4, 7 and 9
# lie on top of each other. The nearest neighbour among the training codes is right far more often than one time in ten,
# and far less often than with 30 codes.

# %%
def codes(units, epochs=3 if FAST else 10):
    net = mn.mlp([784, 500, 250, units], activation=activations.sigmoid, init=initializers.glorot_uniform, rng=0)
    stack = pretraining.greedy_pretrain(net, part, layers=3, optimizer=[sgd, sgd, optimizers.SGD(0.01)], epochs=epochs,
                                        batch_size=20, rng=0, progress=False)
    deep = pretraining.unrolled(net, stack)
    mn.fit(deep, (part, part), loss=losses.sigmoid_cross_entropy, optimizer=optimizers.Adam(), epochs=epochs // 2,
           batch_size=20, rng=0, progress=False)
    found = []
    for a in (part, mnist.test[0]):
        for layer in deep.layers[:3]:
            a = layer(a)
        found.append(a)
    return found


def neighbour_accuracy(train_codes, test_codes):
    distance = ((test_codes[:, None] - train_codes[None]) ** 2).sum(axis=2)
    return float((y[:len(part)][distance.argmin(axis=1)] == mnist.test[1]).mean())


if FAST:
    order = np.random.default_rng(0).permutation(len(x))
    x, y = x[order], y[order]
    part = x[:1000]
two, thirty = (neighbour_accuracy(*codes(units)) for units in (2, 30))
assert two > 0.2
assert thirty > two + 0.2

# %% [markdown]
# ## 8. The wrong loss
#
# Layer 2 sees the outputs of tanh, which lie in [−1, 1]. A cross-entropy compares σ(z) ∈ (0, 1) with them: −0.5 is no
# probability, and −y ln σ(z) would reward z → −∞ without end. The library refuses, before anything is changed, and by
# itself it takes the squared error for such a layer.

# %%
net = mn.mlp([784, 50, 30, 10], activation=activations.tanh, init=initializers.glorot_uniform, rng=0)
before = net.params.copy()
settings = {"optimizer": optimizers.SGD(0.01), "epochs": 1, "batch_size": 20, "rng": 0, "progress": False}
refusal = ""
try:
    pretraining.greedy_pretrain(net, part, loss=losses.sigmoid_cross_entropy, **settings)
except ValueError as error:
    refusal = str(error)
assert "the outputs of layer 1, tanh" in refusal
assert (net.params == before).all()
assert len(pretraining.greedy_pretrain(net, part, **settings).models) == 2

# %% [markdown]
# ## 9. Depth without data
#
# `lsuv` gives every layer's z the variance 1, at which a sigmoid layer passes on χ = 0.15 of the gradient's variance:
# little, but more than with Glorot's weights, which leave five layers at chance. After it they begin to train, the
# later the fewer images there are, and at the end of these epochs they are far behind the same net with tanh units, and
# behind pretrained ones. So rescaling explains that a net starts to train, not how well it does in the end.

# %%
def accuracy(activation, rescaled):
    net = mn.mlp([784, *[200] * 5, 10], activation=activation, init=initializers.glorot_uniform, rng=0)
    if rescaled:
        pretraining.lsuv(net, part[:500], rng=0)
    mn.fit(net, (part, y[:len(part)]), loss=losses.softmax_cross_entropy, optimizer=sgd, epochs=6 if FAST else 10,
           batch_size=20, rng=0, progress=False)
    return float((net(mnist.test[0]).argmax(axis=1) == mnist.test[1]).mean())


second = theory.moments(activations.sigmoid, 1.0)[1].value                # E[f²], so that q = σ_w² E[f²] = 1 stays
assert round(theory.MeanField(activations.sigmoid, 1 / second).chi(1.0), 2) == 0.15
drawn, rescaled, other = (accuracy(activations.sigmoid, False), accuracy(activations.sigmoid, True),
                          accuracy(activations.tanh, True))
assert drawn < 0.2
assert rescaled < other - 0.1
assert FAST or rescaled > 0.5
assert other > 0.75
