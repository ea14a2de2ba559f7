"""Test errors on MNIST-5k without pre-training: by start, depth, number of labels, and learning rate.

Every net has layers of 400 units and is trained by SGD in batches of 20, first (`test_error`) for as many epochs as the
pretrained nets of 09_pretrained, then (`equal`) for as many more as make up for the arithmetic of their pre-training.
A run that diverges counts as chance.
"""

import math
from contextlib import suppress
from itertools import pairwise

import numpy as np

import minnet as mn
from minnet import activations, datasets, initializers, losses, optimizers, theory

UNITS, BATCH, EPOCHS_A_LAYER = 400, 20, 10
EPOCHS = {500: 60, 4000: 20}
EDGE = theory.critical(activations.sigmoid)
# name: activation, initializers of weights and biases
STARTS = {
    "heuristic, sigmoid": (activations.sigmoid, initializers.heuristic_uniform, initializers.zeros),
    "Glorot, sigmoid": (activations.sigmoid, initializers.glorot_uniform, initializers.zeros),
    "edge of chaos, sigmoid": (activations.sigmoid, *EDGE),
    "Glorot, tanh": (activations.tanh, initializers.glorot_uniform, initializers.zeros),
    "He, ReLU": (activations.relu, initializers.he_normal, initializers.zeros),
}
GRID = [{"start": start, "depth": depth, "labels": labels, "rate": rate} for start in STARTS for depth in (1, 3, 5)
        for labels in EPOCHS for rate in ((0.1, 0.3, 1, 3) if "sigmoid" in start else (0.03, 0.1, 0.3, 1))]
SEEDS = range(5)


def labelled(count, seed):
    """`count` training examples, as many of each class, drawn by the seed; and the test part."""
    mnist = datasets.mnist_5k()
    x, y = mnist.train
    rng = np.random.default_rng([seed, count])
    rows = np.concatenate([rng.permutation(np.flatnonzero(y == k))[:count // 10] for k in range(10)])
    return (x[rows], y[rows]), mnist.test


def built(start, depth, seed):
    activation, init, bias_init = STARTS[start]
    output_init = initializers.glorot_uniform if init is EDGE[0] else init         # σ_w² = 103 is for hidden layers
    return mn.mlp([784, *[UNITS] * depth, 10], activation=activation, init=init, output_init=output_init,
                  bias_init=bias_init, rng=seed)


def tuned(net, data, rate, epochs, seed):
    """The mean training loss of the last epoch."""
    return float(mn.fit(net, data, loss=losses.softmax_cross_entropy, optimizer=optimizers.SGD(rate), epochs=epochs,
                        batch_size=BATCH, rng=seed, progress=False).loss[-1])


def error(net, part):
    """The share of wrong answers."""
    return float((net(part[0]).argmax(axis=1) != part[1]).mean())


def epochs_worth(depth, labels):
    """How many epochs of fine-tuning cost what pre-training does.

    An autoencoder takes five products for each weight and example; fine-tuning takes three, and two in the first layer,
    which sends no gradient to the images.
    """
    weights = [a * b for a, b in pairwise([784, *[UNITS] * depth, 10])]
    return math.ceil(5 * sum(weights[:-1]) * EPOCHS_A_LAYER * 4000 / ((3 * sum(weights) - weights[0]) * labels))


def cell(*, start, depth, labels, rate, seed):
    data, test = labelled(labels, seed)
    net = built(start, depth, seed)
    found = {"train_loss": math.inf, "train_error": 0.9, "test_error": 0.9, "equal_train": 0.9, "equal": 0.9}
    with suppress(mn.Diverged):
        loss = tuned(net, data, rate, EPOCHS[labels], seed)
        found |= {"train_loss": loss, "train_error": error(net, data), "test_error": error(net, test)}
        tuned(net, data, rate, epochs_worth(depth, labels), seed + 1000)
        found |= {"equal_train": error(net, data), "equal": error(net, test)}
    return found
