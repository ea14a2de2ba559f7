"""Where training works: tanh and ReLU nets drawn from N(0, σ²) or U(−√3 σ, √3 σ), over σ and depth, on the digits.

Every layer has 64 units and is drawn alike, the output layer too; biases start at 0. Inputs are the digits with every
pixel standardised. Each net is trained anew at each of four learning rates, and the one with the lowest training loss
at the end counts: a start is not to blame for a rate that does not suit it. A net that diverges at every rate counts as
one that knows nothing.
"""

import math
from functools import partial

import numpy as np

import minnet as mn
from minnet import activations, datasets, initializers, losses, optimizers

WIDTH, EPOCHS, BATCH, RATES = 64, 20, 64, (0.05, 0.01, 0.002, 0.0004)
STDS = (0.01, 0.02, 0.05, 0.0625, 0.0884, 0.125, 0.177, 0.25, 0.354, 0.5, 1.0)           # σ_w = 8σ: 0.08 … 8
GRID = {"activation": [activations.tanh, activations.relu], "distribution": ["normal", "uniform"],
        "depth": [2, 5, 10, 20, 40], "std": list(STDS)}
SEEDS = range(5)


def drawn(distribution, std):
    """N(0, std²), or the uniform distribution of the same variance."""
    if distribution == "normal":
        return partial(initializers.normal, std=std)
    return partial(initializers.uniform, low=-math.sqrt(3) * std, high=math.sqrt(3) * std)


def trained(net, data, rate, seed):
    """Train in place; False where it diverged."""
    try:
        mn.fit(net, data, loss=losses.softmax_cross_entropy, optimizer=optimizers.SGD(rate, momentum=0.9),
               epochs=EPOCHS, batch_size=BATCH, rng=seed, progress=False)
    except mn.training.Diverged:
        return False
    return True


def read(net, start, digits):
    """Loss and accuracies, and how far the weights have moved, relative to where they started."""
    (x, y), (held_out, truth) = digits
    z = net(x)
    return {"loss": losses.softmax_cross_entropy(z, y)[0], "accuracy": float((z.argmax(axis=1) == y).mean()),
            "test": float((net(held_out).argmax(axis=1) == truth).mean()),
            "moved": float(np.linalg.norm(net.params - start) / np.linalg.norm(start))}


def cell(*, activation, distribution, depth, std, seed):
    digits = datasets.standardized(datasets.digits())
    best = {"loss": math.log(10), "accuracy": 0.1, "test": 0.1, "moved": 0.0, "rate": 0.0}
    found = []
    for rate in RATES:
        net = mn.mlp([64, *[WIDTH] * depth, 10], activation=activation, init=drawn(distribution, std), rng=seed)
        start = net.params.copy()
        if trained(net, digits.train, rate, seed):
            found.append(read(net, start, digits) | {"rate": rate})
    return min(found, key=lambda row: row["loss"], default=best) | {"diverged": len(RATES) - len(found)}
