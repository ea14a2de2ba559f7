"""How soon tanh networks learn the digits from orthogonal weights and from Glorot's: epochs to 90%, by depth.

All hidden layers have 64 units, pixels are scaled to ±1, SGD with momentum 0.9 in batches of 64. `epochs` is the first
whose running training accuracy is 90% or more, at the best of eight learning rates (`rate`); LIMIT where none gets
there.
"""

import minnet as mn
from minnet import activations, datasets, initializers, losses, optimizers
from minnet.training import Diverged

LIMIT = 20
RATES = [1e-1, 3e-2, 1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5]
STARTS = {"orthogonal": initializers.orthogonal, "Glorot": initializers.glorot_uniform}
GRID = {"start": list(STARTS), "layers": [3, 10, 30, 100]}
SEEDS = range(5)


def epochs_to(start, layers, rate, seed, limit):
    digits = datasets.digits().map_x(lambda x: 2 * x - 1)
    net = mn.mlp([64] * layers + [10], activation=activations.tanh, init=STARTS[start], rng=seed)
    try:
        for record in mn.train(net, digits.train, loss=losses.softmax_cross_entropy, batch_size=64, rng=seed,
                               epochs=limit, optimizer=optimizers.SGD(rate, momentum=0.9)):
            if record.accuracy >= 0.9:
                return record.epoch
    except Diverged:
        pass
    return limit


def cell(*, start, layers, seed):
    best, best_rate = LIMIT, 0.0
    for rate in RATES:
        epochs = epochs_to(start, layers, rate, seed, best)
        if epochs < best:
            best, best_rate = epochs, rate
    return {"epochs": best, "rate": best_rate}
