"""Initializers of the layers in a residual branch: scaled to the number of blocks, so that their sum stays small.

They have the form of those in initializers.py and are used from there: `initializers.fixup`. Of N blocks in a row each
adds its branch to the sum (residual.py). Branches that keep the variance double it N times; here their last or their
other weights are made small instead of being normalized. ReZero and SkipInit need no initializer of their own: their
branch ends with a `LearnedScale`, which starts at 0.
"""

from __future__ import annotations

import math

import numpy as np

from minnet import checks
from minnet.initializers.definition import fans, initializer, not_negative


def _at_least_two(name: str, value: object) -> int:
    return checks.count(name, value, least=2)


@initializer(blocks=checks.count, layers=_at_least_two)
def fixup(rng: np.random.Generator, shape: tuple[int, ...], *, blocks: int, layers: int = 2) -> np.ndarray:
    """N(0, σ²) with σ = L^(−1/(2m − 2)) · √(2 / fan_in), L = blocks, m = layers in each branch.

    For all layers of a branch but the last one, which starts at 0, as does the layer of the outputs:

        Residual([Dense(n, n, relu, fixup(blocks=L)), Dense(n, n, init=zeros), LearnedScale(1)])

    The paper has one learned multiplier, 1 at first, in each branch (LearnedScale) and scalar biases, of which a Dense
    layer has one for each unit. Raises ValueError where blocks < 1 or layers < 2.

    Keeps: with the zeros the input of each block; and what the first step on the weights changes at the outputs,
    whatever L. (Biases add a change that grows with L: the authors' code gives them a tenth of the learning rate.)
    Fails: outside a residual branch, where it is He's made too small.
    Source: Zhang, Dauphin & Ma 2019, *Fixup Initialization*, the second of its three rules.
    """
    fan_in, _ = fans(shape)
    return rng.normal(0.0, blocks ** (-1 / (2 * layers - 2)) * math.sqrt(2 / fan_in), shape)


@initializer(sums=checks.count, std=not_negative)
def gpt2_residual(rng: np.random.Generator, shape: tuple[int, ...], *, sums: int, std: float = 0.02) -> np.ndarray:
    """N(0, σ²) with σ = std/√N, N = sums: how many branches are added up in the whole network.

    For the last layer of each branch; the other layers are normal(std=0.02). A transformer of n blocks adds two
    branches in each (attention and MLP), N = 2n: σ = 0.02/√(2n).

    Keeps: the variance that N such branches add together, whatever N.
    Fails: at another width than that for which std was chosen: 0.02 is blind to it (1/√fan_in at 2,500 inputs).
    Source: Radford, Wu, Child, Luan, Amodei & Sutskever 2019 (GPT-2); std from Radford et al. 2018 (GPT).
    """
    fans(shape)
    return rng.normal(0.0, std / math.sqrt(sums), shape)
