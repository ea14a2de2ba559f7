"""Plain networks of 1,000 layers from several starts, each at six learning rates: accuracy after three epochs.

All layers have 64 units, pixels are scaled to ±1, SGD with momentum 0.9 in batches of 64. A run whose loss is no longer
finite ends there, and what is measured is the network that it leaves, or 0 where that no longer answers in numbers.
Three epochs are few: they tell a start that learns from one that does not.
"""

from functools import partial

import numpy as np

import minnet as mn
from minnet import activations, datasets, initializers, losses, optimizers
from minnet.training import Diverged

EPOCHS = 3
STARTS = {
    "orthogonal, gain 1": (activations.tanh, initializers.orthogonal),
    "orthogonal, gain 1.02": (activations.tanh, partial(initializers.orthogonal, gain=1.02)),
    "orthogonal, gain 1.05": (activations.tanh, partial(initializers.orthogonal, gain=1.05)),
    "orthogonal, gain 1.1": (activations.tanh, partial(initializers.orthogonal, gain=1.1)),
    "Gaussian, gain 1.02": (activations.tanh, partial(initializers.glorot_normal, gain=1.02)),
    "Glorot": (activations.tanh, initializers.glorot_uniform),
    "N(0, 0.01²)": (activations.tanh, partial(initializers.normal, std=0.01)),
    "orthogonal, gain √2, ReLU": (activations.relu, partial(initializers.orthogonal, gain=2**0.5)),
}
GRID = {"start": list(STARTS), "rate": [1e-4, 3e-4, 1e-3, 1e-2, 1e-1, 1.0]}
SEEDS = range(5)


def cell(*, start, rate, seed):
    activation, init = STARTS[start]
    digits = datasets.digits().map_x(lambda x: 2 * x - 1)
    net = mn.mlp([64] * 1000 + [10], activation=activation, init=init, rng=seed)
    diverged = 0
    try:
        for _ in mn.train(net, digits.train, loss=losses.softmax_cross_entropy, batch_size=64, rng=seed, epochs=EPOCHS,
                          optimizer=optimizers.SGD(rate, momentum=0.9)):
            pass
    except Diverged:
        diverged = 1
    found = {"diverged": diverged}
    for name, (x, y) in (("train", digits.train), ("test", digits.test)):
        with np.errstate(all="ignore"):
            z = net(x)
        found[name] = float((z.argmax(axis=1) == y).mean()) if np.isfinite(z).all() else 0.0
    return found
