"""Greedy pre-training against other starts: test errors on MNIST-5k by depth, number of labels, and start.

Every net has layers of 400 units and is trained by SGD at a learning rate of 0.1 in batches of 20, for about as many
epochs as its labels allow in the same number of steps. A pretrained net has seen all 4,000 images before, without
labels, ten epochs a layer. Those that start at random get, after that, as many more epochs as make up for the
arithmetic of pre-training: `test_error` is after the same fine-tuning, `equal` after the same work.
"""

from functools import partial
from itertools import pairwise

import numpy as np

import minnet as mn
from minnet import activations, datasets, initializers, losses, optimizers, pretraining, theory

UNITS, RATE, BATCH, EPOCHS_A_LAYER = 400, 0.1, 20, 10
EPOCHS = {500: 60, 4000: 20}
EDGE = theory.critical(activations.sigmoid)
# name: activation, initializers of weights and biases, and the corruption of pre-training, if there is one
STARTS = {
    "heuristic, sigmoid": (activations.sigmoid, initializers.heuristic_uniform, initializers.zeros, None),
    "Glorot, sigmoid": (activations.sigmoid, initializers.glorot_uniform, initializers.zeros, None),
    "edge of chaos, sigmoid": (activations.sigmoid, *EDGE, None),
    "Glorot, tanh": (activations.tanh, initializers.glorot_uniform, initializers.zeros, None),
    "He, ReLU": (activations.relu, initializers.he_normal, initializers.zeros, None),
    "pretrained, sigmoid": (activations.sigmoid, initializers.glorot_uniform, initializers.zeros, 0.25),
    "pretrained clean, sigmoid": (activations.sigmoid, initializers.glorot_uniform, initializers.zeros, 0.0),
    "pretrained frozen, sigmoid": (activations.sigmoid, initializers.glorot_uniform, initializers.zeros, 0.25),
}
GRID = {"depth": [1, 3, 5], "labels": [500, 4000], "start": list(STARTS)}
SEEDS = range(5)


def labelled(count, seed):
    """`count` training examples, as many of each class, drawn by the seed; and the test part."""
    mnist = datasets.mnist_5k()
    x, y = mnist.train
    rng = np.random.default_rng([seed, count])
    rows = np.concatenate([rng.permutation(np.flatnonzero(y == k))[:count // 10] for k in range(10)])
    return (x[rows], y[rows]), mnist.test


def built(depth, start, seed):
    activation, init, bias_init, _ = STARTS[start]
    output_init = initializers.glorot_uniform if init is EDGE[0] else init         # σ_w² = 103 is for hidden layers
    return mn.mlp([784, *[UNITS] * depth, 10], activation=activation, init=init, output_init=output_init,
                  bias_init=bias_init, rng=seed)


def pretrained(net, start, seed, epochs=EPOCHS_A_LAYER):
    rate = STARTS[start][3]
    corruption = partial(pretraining.masking, rate=rate) if rate else None
    return pretraining.greedy_pretrain(net, datasets.mnist_5k().train[0], optimizer=optimizers.SGD(RATE), epochs=epochs,
                                       batch_size=BATCH, rng=seed, corruption=corruption, progress=False)


def tuned(net, data, epochs, seed, span=None):
    return mn.fit(net, data, loss=losses.softmax_cross_entropy, optimizer=optimizers.SGD(RATE), epochs=epochs,
                  batch_size=BATCH, rng=seed, span=span, progress=False)


def error(net, part):
    """The share of wrong answers."""
    return float((net(part[0]).argmax(axis=1) != part[1]).mean())


def epochs_worth(depth, labels):
    """How many epochs of fine-tuning cost what pre-training does: five products a weight and example, against three."""
    sizes = [784, *[UNITS] * depth, 10]
    weights = [a * b for a, b in pairwise(sizes)]
    return round(5 * sum(weights[:-1]) * EPOCHS_A_LAYER * 4000 / (3 * sum(weights) * labels))


def cell(*, depth, labels, start, seed):
    data, test = labelled(labels, seed)
    net = built(depth, start, seed)
    if STARTS[start][3] is not None:
        pretrained(net, start, seed)
    span = net.span(-1) if "frozen" in start else None
    history = tuned(net, data, EPOCHS[labels], seed, span)
    found = {"test_error": error(net, test), "train_loss": float(history.loss[-1]), "train_error": error(net, data)}
    if STARTS[start][3] is None:
        tuned(net, data, epochs_worth(depth, labels), seed + 1000)
        return found | {"equal": error(net, test)}
    return found | {"equal": found["test_error"]}
