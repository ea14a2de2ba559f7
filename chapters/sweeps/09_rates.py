"""The learning rate of random starts: nets on MNIST-5k by depth, labels, start and rate.

What 09_pretraining trains at a rate of 0.1 is trained here at others: the same seeds, the same images, batches and
numbers of epochs, then (`equal`) as many more as make up for the arithmetic of pre-training, unless nothing is left to
learn: a training loss below 0.02. Five layers have 4,000 labels and no rate of 0.3: at 0.1 they do not move.
"""

from itertools import pairwise

import numpy as np

import minnet as mn
from minnet import activations, datasets, initializers, losses, optimizers

UNITS, BATCH, PRETRAINING = 400, 20, 10 * 4000            # pre-training: ten epochs a layer of 4,000 images
EPOCHS = {500: 60, 4000: 20}
STARTS = {"heuristic, sigmoid": (activations.sigmoid, initializers.heuristic_uniform),
          "Glorot, sigmoid": (activations.sigmoid, initializers.glorot_uniform),
          "He, ReLU": (activations.relu, initializers.he_normal)}
SIGMOID = list(STARTS)[:2]
SETTINGS = [(3, "He, ReLU", (500, 4000), (0.03, 0.3)), (1, "Glorot, sigmoid", (500, 4000), (0.3, 1, 3))]
SETTINGS += [(3, start, (500, 4000), (0.3, 1, 3)) for start in SIGMOID]
SETTINGS += [(5, start, (4000,), (1, 3)) for start in SIGMOID]
GRID = [{"depth": depth, "labels": labels, "start": start, "rate": rate}
        for depth, start, several, rates in SETTINGS for labels in several for rate in rates]
SEEDS = range(5)


def labelled(count, seed):
    """`count` training examples, as many of each class, drawn by the seed; and the test part."""
    mnist = datasets.mnist_5k()
    x, y = mnist.train
    rng = np.random.default_rng([seed, count])
    rows = np.concatenate([rng.permutation(np.flatnonzero(y == k))[:count // 10] for k in range(10)])
    return (x[rows], y[rows]), mnist.test


def tuned(net, data, rate, epochs, seed):
    """The mean training loss of the last epoch."""
    return float(mn.fit(net, data, loss=losses.softmax_cross_entropy, optimizer=optimizers.SGD(rate), epochs=epochs,
                        batch_size=BATCH, rng=seed, progress=False).loss[-1])


def error(net, part):
    """The share of wrong answers."""
    return float((net(part[0]).argmax(axis=1) != part[1]).mean())


def epochs_worth(depth, labels):
    """How many epochs of fine-tuning cost what pre-training does: five products a weight and example, against three."""
    weights = [a * b for a, b in pairwise([784, *[UNITS] * depth, 10])]
    return round(5 * sum(weights[:-1]) * PRETRAINING / (3 * sum(weights) * labels))


def cell(*, depth, labels, start, rate, seed):
    data, test = labelled(labels, seed)
    activation, init = STARTS[start]
    net = mn.mlp([784, *[UNITS] * depth, 10], activation=activation, init=init, rng=seed)
    for order in (seed, seed + 500):                       # the images' order, drawn anew for the second half
        loss = tuned(net, data, rate, EPOCHS[labels] // 2, order)
    found = {"test_error": error(net, test), "train_loss": loss}
    if loss > 0.02:
        tuned(net, data, rate, epochs_worth(depth, labels), seed + 1000)
    return found | {"equal": error(net, test)}
