"""Thirty layers on the digits at He's weights × ¼ … 4: plain, normalized, and in residual blocks of several kinds.

Layers have 32 ReLU units: one from the pixels, fifteen pairs, one to the ten outputs. SGD with momentum 0.9, batches of
32, ten epochs on rows 0 to 999 of the training part. `validation` is the accuracy on its other 287 rows, mostly of
other writers, and chooses the rate. A row is the end of a run: loss and accuracy, or a guess's where it diverged.
"""

import math
from functools import partial

import minnet as mn
from minnet import activations, datasets, initializers, losses, optimizers
from minnet.experiments.runs import fit_until_diverged
from minnet.layers import BatchNorm, Dense, LayerNorm, LearnedScale, Residual

WIDTH, BLOCKS, EPOCHS, HELD_OUT = 32, 15, 10, 287
FACTORS, RATES = (0.25, 0.5, 1.0, 2.0, 4.0), (0.001, 0.003, 0.01, 0.03, 0.1)
# kind: factors, rates; normalized nets take five times as long, and have fewer cells
KINDS = {"plain": (FACTORS, RATES), "residual": (FACTORS, RATES), "residual, 1/√L": (FACTORS, RATES),
         "ReZero": (FACTORS, RATES), "Fixup": (FACTORS, RATES), "pre-LN": (FACTORS, RATES[1:4]),
         "post-LN": ((0.25, 1.0, 4.0), RATES[:3]), "plain, BatchNorm": ((1.0,), RATES[1:4]),
         "plain, LayerNorm": (FACTORS, RATES[:3])}
GRID = [{"kind": kind, "factor": factor, "rate": rate}
        for kind, (factors, rates) in KINDS.items() for factor in factors for rate in rates]
SEEDS = range(3)


def scaled(rng, shape, *, init, factor):
    return factor * init(rng, shape)


def block(kind, he, factor, n=WIDTH, L=BLOCKS):
    """Two Dense layers with what the kind puts around them."""
    relu, zeros = activations.relu, initializers.zeros
    branch = [Dense(n, n, relu, he), Dense(n, n, init=he)]
    small = partial(scaled, init=initializers.fixup(blocks=L), factor=factor)
    return {
        "plain": [Dense(n, n, relu, he), Dense(n, n, relu, he)],
        "plain, LayerNorm": [Dense(n, n, init=he), LayerNorm(n), relu, Dense(n, n, init=he), LayerNorm(n), relu],
        "plain, BatchNorm": [Dense(n, n, init=he), BatchNorm(n), relu, Dense(n, n, init=he), BatchNorm(n), relu],
        "residual": [Residual(branch)],
        "residual, 1/√L": [Residual(branch, scale=1 / math.sqrt(L))],
        "ReZero": [Residual([*branch, LearnedScale()])],
        "Fixup": [Residual([Dense(n, n, relu, small), Dense(n, n, init=zeros), LearnedScale(1.0)])],
        "post-LN": [Residual(branch), LayerNorm(n)],
        "pre-LN": [Residual([LayerNorm(n), *branch])],
    }[kind]


def built(kind, factor, seed, L=BLOCKS):
    he = partial(scaled, init=initializers.he_normal, factor=factor)
    blocks = [layer for _ in range(L) for layer in block(kind, he, factor, L=L)]
    outputs = Dense(WIDTH, 10, init=initializers.zeros if kind == "Fixup" else he)
    return mn.Network([Dense(64, WIDTH, activations.relu, he), *blocks, outputs], rng=seed)


def cell(*, kind, factor, rate, seed):
    x, y = datasets.standardized(datasets.digits()).train
    history = fit_until_diverged(built(kind, factor, seed), (x[:-HELD_OUT], y[:-HELD_OUT]), epochs=EPOCHS, rng=seed,
                                 loss=losses.softmax_cross_entropy, optimizer=optimizers.SGD(rate, momentum=0.9),
                                 validation=(x[-HELD_OUT:], y[-HELD_OUT:]))
    if history.diverged:                                                    # no loss, and the accuracy of a guess
        return {"loss": None, "accuracy": 0.1, "validation": 0.1, "error": 0.9, "diverged": 1}
    validation = history.validation_accuracy[-1]
    return {"loss": history.loss[-1], "accuracy": history.accuracy[-1], "validation": validation,
            "error": 1 - validation, "diverged": 0}
