"""Plain tanh networks of 1,000 and of 10,000 layers on the digits: loss and accuracy by epoch, from orthogonal weights.

No skip connections, no normalization. All layers have 64 units, pixels are scaled to ±1. The learning rate of the 1,000
layers falls to 0 along a cosine, that of the 10,000, which see few epochs, stays. The rows are the epochs:
`loss` and `accuracy` as met while training, `test` afterwards on other writers; the last row of a run has `train`, the
accuracy on the training part at the end, and `moved`, the median over layers of ‖W − W₀‖/‖W₀‖.
"""

from functools import partial

import numpy as np

import minnet as mn
from minnet import activations, datasets, initializers, losses, optimizers

GRID = [{"layers": 1_000, "gain": 1.02, "rate": 3e-4, "epochs": 15, "falling": True},
        {"layers": 10_000, "gain": 1.01, "rate": 3e-5, "epochs": 4}]
SEEDS = range(5)


def cell(*, layers, gain, rate, epochs, seed, falling=False):
    digits = datasets.digits().map_x(lambda x: 2 * x - 1)
    x, y = digits.train
    net = mn.mlp([64] * layers + [10], activation=activations.tanh, init=partial(initializers.orthogonal, gain=gain),
                 rng=seed)
    start = net.params.copy()
    steps = epochs * -(-len(x) // 64)
    records = mn.train(net, digits.train, loss=losses.softmax_cross_entropy, batch_size=64, rng=seed, epochs=epochs,
                       optimizer=optimizers.SGD(rate, momentum=0.9), validation=digits.test,
                       schedule=partial(optimizers.cosine, steps=steps) if falling else optimizers.constant)
    rows = [{"epoch": r.epoch, "loss": r.loss, "accuracy": r.accuracy, "test": r.validation_accuracy} for r in records]
    rows[-1]["train"] = float((net(x).argmax(axis=1) == y).mean())
    places = [place for name, place in net.arrays().items() if name.endswith("W")]
    rows[-1]["moved"] = float(np.median([np.linalg.norm(net.params[place] - start[place])
                                         / np.linalg.norm(start[place]) for place in places]))
    return rows
