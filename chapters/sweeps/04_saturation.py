"""What the layers of deep nets do while they learn MNIST-5k: activations and gradients on 300 fixed test images.

After Glorot & Bengio 2010, Figs 2–4, 7 and 9: 784 inputs, hidden layers of 200 units, softmax, SGD in batches of 10, at
rates that are the same for all seeds. Pixels lie in [0, 1], or are standardised. A row is a hidden layer at an epoch:
mean, standard deviation and 98th percentile of a, the share of saturated units (slope below 5% of the steepest), the
deviations of δ (of one example) and of dW; `loss` is the mean over the epoch, `test_error` is at its end.
"""

from functools import partial

import numpy as np

import minnet as mn
from minnet import activations, datasets, diagnostics, initializers, losses, optimizers

UNITS, BATCH, WATCHED = 200, 10, 300


def centred(z):
    return activations.sigmoid(z) - 0.5


def centred_slope(z, a):
    return (0.5 + a) * (0.5 - a)


CENTRED = activations.Activation("sigmoid − ½", centred, centred_slope, range=(-0.5, 0.5))

# name: activation, initializer, hidden layers, learning rate, epochs, standardised?
NETS = {
    "sigmoid, 4 layers": (activations.sigmoid, initializers.heuristic_uniform, 4, 0.1, 150, False),
    "sigmoid, 5 layers": (activations.sigmoid, initializers.heuristic_uniform, 5, 0.1, 150, False),
    "sigmoid − ½, 4 layers": (CENTRED, initializers.heuristic_uniform, 4, 0.1, 60, False),
    "sigmoid, 4 layers, 4 × Glorot": (activations.sigmoid, partial(initializers.glorot_uniform, gain=4), 4, 0.1, 10,
                                      False),
    "tanh": (activations.tanh, initializers.heuristic_uniform, 5, 0.05, 40, False),
    "tanh N": (activations.tanh, initializers.glorot_uniform, 5, 0.05, 40, False),
    "softsign": (activations.softsign, initializers.heuristic_uniform, 5, 0.05, 40, False),
    "tanh, standardised": (activations.tanh, initializers.heuristic_uniform, 5, 0.05, 40, True),
}
GRID = {"net": list(NETS)}
SEEDS = range(5)


def watched(epoch, epochs):
    """At the start, in the first epochs, and then at every fifth (of a long run) or so."""
    return epoch in (0, 1, 2, 3) or epoch % 5 == 0 or (epochs <= 40 and epoch <= 20)


def short(value):
    return float(f"{value:.4g}")


def seen(net, x, y, epoch, loss, error):
    """One row for each hidden layer."""
    table = diagnostics.layer_statistics(net, x, y, losses.softmax_cross_entropy)
    net.forward(x)
    return [{"epoch": epoch, "layer": row.layer, "mean": short(row.mean), "std": short(row.std),
             "p98": short(np.quantile(layer.a, 0.98)), "saturated": short(row.saturated),
             "delta": short(row.delta_std), "dW": short(row.dW_std), "loss": short(loss), "test_error": short(error)}
            for row, layer in zip(table.rows[:-1], net.layers[:-1], strict=True)]


def followed(name, seed, epochs=None):
    """Train the net of that name and return what was seen; `epochs` shortens the run."""
    activation, init, depth, rate, last, standardised = NETS[name]
    mnist = datasets.standardized(datasets.mnist_5k()) if standardised else datasets.mnist_5k()
    x, y = (part[:WATCHED] for part in mnist.test)
    net = mn.mlp([784, *[UNITS] * depth, 10], activation=activation, init=init, rng=seed)
    rows = seen(net, x, y, 0, losses.softmax_cross_entropy(net(mnist.train[0]), mnist.train[1])[0], 0.9)
    for record in mn.train(net, mnist.train, loss=losses.softmax_cross_entropy, optimizer=optimizers.SGD(rate),
                           epochs=epochs or last, batch_size=BATCH, rng=seed, validation=mnist.test):
        if watched(record.epoch, last):
            rows += seen(net, x, y, record.epoch, record.loss, 1 - record.validation_accuracy)
    return rows


def cell(*, net, seed):
    return followed(net, seed)
