"""A Table 1 of one's own: test errors of nets with five hidden layers on MNIST-5k, by activation, start and rate.

After Glorot & Bengio 2010, Table 1: 784 inputs in [0, 1], five hidden layers of 200 units, softmax, SGD in batches of
10, biases 0. As in the paper the learning rate is chosen by validation, for each net on its own: of the 4,000 training
images 3,500 are learned from, and 500 choose. A net that diverges knows nothing: 90% errors.
"""

from functools import partial

import minnet as mn
from minnet import activations, datasets, initializers, losses, optimizers

UNITS, DEPTH, BATCH, EPOCHS = 200, 5, 10, 15
NETS = {
    "softsign": (activations.softsign, initializers.heuristic_uniform),
    "softsign N": (activations.softsign, initializers.glorot_uniform),
    "tanh": (activations.tanh, initializers.heuristic_uniform),
    "tanh N": (activations.tanh, initializers.glorot_uniform),
    "sigmoid": (activations.sigmoid, initializers.heuristic_uniform),
    "sigmoid N": (activations.sigmoid, initializers.glorot_uniform),
    "sigmoid 4 N": (activations.sigmoid, partial(initializers.glorot_uniform, gain=4)),
}
GRID = {"net": list(NETS), "rate": [0.01, 0.03, 0.1, 0.3, 1.0]}
SEEDS = range(5)


def parts():
    """Training, validation and test parts; the classes are interleaved, so that each part has all of them alike."""
    (x, y), test = datasets.mnist_5k()
    return (x[:3500], y[:3500]), (x[3500:], y[3500:]), test


def built(name, seed):
    activation, init = NETS[name]
    return mn.mlp([784, *[UNITS] * DEPTH, 10], activation=activation, init=init, rng=seed)


def error(net, part):
    return float((net(part[0]).argmax(axis=1) != part[1]).mean())


def cell(*, net, rate, seed):
    train, validation, test = parts()
    model = built(net, seed)
    try:
        history = mn.fit(model, train, loss=losses.softmax_cross_entropy, optimizer=optimizers.SGD(rate),
                         epochs=EPOCHS, batch_size=BATCH, rng=seed, progress=False)
    except mn.training.Diverged:
        return {"diverged": True, "validation_error": 0.9, "test_error": 0.9}
    return {"diverged": False, "validation_error": error(model, validation), "test_error": error(model, test),
            "loss_1": float(history.loss[0]), "loss_5": float(history.loss[4]), "loss": float(history.loss[-1])}
