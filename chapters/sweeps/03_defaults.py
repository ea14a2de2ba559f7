"""Starts that stand in articles as code, on the net of article D: hidden layers of 128 units, the last one of 64.

N(0, 1) and U(0, 1) are the defaults of article C's code, N(0, 0.01²) is article D's own initializer, Glorot's and He's
weights are there to compare. Two or ten hidden layers, ReLU or tanh; all layers are drawn alike and biases are
0. Inputs are the digits with every pixel standardised. Each net is trained anew at each of four learning rates, and the
one with the lowest training loss at the end counts.
"""

import math
from functools import partial

import minnet as mn
from minnet import activations, datasets, initializers, losses, optimizers

EPOCHS, BATCH, RATES = 20, 64, (0.05, 0.01, 0.002, 0.0004)
STARTS = {"N(0, 1)": partial(initializers.normal, std=1.0), "U(0, 1)": partial(initializers.uniform, low=0.0, high=1.0),
          "N(0, 0.01²)": partial(initializers.normal, std=0.01), "Glorot": initializers.glorot_normal,
          "He": initializers.he_normal}
GRID = {"activation": [activations.relu, activations.tanh], "depth": [2, 10], "start": list(STARTS)}
SEEDS = range(5)


def built(activation, depth, start, seed):
    """128 units a layer, 64 in the last hidden one: with two layers the 128-64-10 of the article."""
    return mn.mlp([64, *[128] * (depth - 1), 64, 10], activation=activation, init=STARTS[start], rng=seed)


def cell(*, activation, depth, start, seed):
    (x, y), (held_out, truth) = datasets.standardized(datasets.digits())
    first = losses.softmax_cross_entropy(built(activation, depth, start, seed).astype(float)(x), y)[0]
    best = {"loss": math.log(10), "accuracy": 0.1, "test": 0.1, "rate": 0.0}
    for rate in RATES:
        net = built(activation, depth, start, seed)
        try:
            mn.fit(net, (x, y), loss=losses.softmax_cross_entropy, optimizer=optimizers.SGD(rate, momentum=0.9),
                   epochs=EPOCHS, batch_size=BATCH, rng=seed, progress=False)
        except mn.training.Diverged:
            continue
        z = net(x)
        value = losses.softmax_cross_entropy(z, y)[0]
        if best["rate"] == 0 or value < best["loss"]:
            best = {"loss": value, "accuracy": float((z.argmax(axis=1) == y).mean()),
                    "test": float((net(held_out).argmax(axis=1) == truth).mean()), "rate": rate}
    return best | {"first_loss": first}
