"""Thirty layers at He's weights × ¼ … 4, plain and in residual blocks: python -m tests.campaigns.residual

Digits, width 32, ReLU, fifteen pairs of layers between the first and the last; ten epochs of SGD with momentum 0.9.
Accuracy on the training data at the best of the rates .001, .003, .01, .03, mean of two seeds; nan: every rate diverged
for one seed. Two minutes on one core.
"""

import math
from collections.abc import Callable
from functools import partial

import numpy as np

from minnet import Dense, Diverged, Network, datasets, fit, losses, optimizers
from minnet.activations import identity, relu
from minnet.initializers import Initializer, fixup, he_normal, zeros
from minnet.layers import Layer, LayerNorm, LearnedScale, Residual

WIDTH, PAIRS = 32, 15
FACTORS, RATES = (0.25, 0.5, 1, 2, 4), (0.001, 0.003, 0.01, 0.03)


def scaled(rng: np.random.Generator, shape: tuple[int, ...], *, init: Initializer, factor: float) -> np.ndarray:
    return factor * init(rng, shape)


def pair(init: Initializer, last: Initializer | None = None, f: Callable = identity) -> list[Layer]:
    return [Dense(WIDTH, WIDTH, relu, init), Dense(WIDTH, WIDTH, f, last or init)]


def normalized_pair(init: Initializer) -> list[Layer]:
    return [part for _ in range(2) for part in (Dense(WIDTH, WIDTH, init=init), LayerNorm(WIDTH), relu)]


KINDS = {
    "plain": lambda he, _: pair(he, f=relu),
    "plain, LayerNorm": lambda he, _: normalized_pair(he),
    "residual": lambda he, _: [Residual(pair(he))],
    "scale 1/√L": lambda he, _: [Residual(pair(he), scale=1 / math.sqrt(PAIRS))],
    "ReZero": lambda he, _: [Residual([*pair(he), LearnedScale()])],
    "Fixup": lambda he, factor: [Residual([*pair(partial(scaled, init=fixup(blocks=PAIRS), factor=factor), zeros),
                                           LearnedScale(1)])],
    "pre-LN": lambda he, _: [Residual([LayerNorm(WIDTH), *pair(he)])],
}


def accuracy(kind: str, factor: float, rate: float, seed: int) -> float:
    he = partial(scaled, init=he_normal, factor=factor)
    blocks = [layer for _ in range(PAIRS) for layer in KINDS[kind](he, factor)]
    outputs = Dense(WIDTH, 10, init=zeros if kind == "Fixup" else he)
    net = Network([Dense(64, WIDTH, relu, he), *blocks, outputs], rng=seed)
    try:
        return fit(net, datasets.standardized(datasets.digits()).train, loss=losses.softmax_cross_entropy, epochs=10,
                   optimizer=optimizers.SGD(rate, momentum=0.9), rng=seed, progress=False).accuracy[-1]
    except Diverged:
        return -math.inf


def main() -> None:
    print(f"{'':18}" + "".join(f"{f'He × {factor:g}':>10}" for factor in FACTORS))
    for kind in KINDS:
        best = [[max(accuracy(kind, factor, rate, seed) for rate in RATES) for seed in range(2)] for factor in FACTORS]
        means = [np.mean(values) if min(values) >= 0 else math.nan for values in best]
        print(f"{kind:18}" + "".join(f"{value:10.3f}" for value in means), flush=True)


if __name__ == "__main__":
    main()
