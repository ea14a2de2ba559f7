"""The exercises of chapter 10: choosing an initializer."""

from __future__ import annotations

from typing import Any

import numpy as np

from minnet.coursework.exercises import Exercise, Function, Mistake
from minnet.coursework.observations import outputs

# 10.1 Unequal fans ---------------------------------------------------------------------------------------------------


def two_fans(rng: np.random.Generator) -> tuple[int, int]:
    """fan_in and fan_out, which differ."""
    fan_in = int(rng.integers(20, 1000))
    return fan_in, fan_in + int(rng.integers(1, 1000))


def sizes(fan_in: int, fan_out: int) -> tuple[float, float, float, float]:
    """σ_w² = fan_in · Var[W] of He, Glorot and PyTorch's default, and PyTorch's σ_b² = 1/(3 fan_in)."""
    return 2.0, 2 * fan_in / (fan_in + fan_out), 1 / 3, 1 / (3 * fan_in)


def sizes_with(he: Any = None, glorot: Any = None, pytorch: Any = None, bias: Any = None) -> Function:
    """The right sizes, but for parts that are functions of the fans."""
    def found(n: int, m: int) -> tuple[float, ...]:
        return tuple(part(n, m) if part else right
                     for part, right in zip((he, glorot, pytorch, bias), sizes(n, m), strict=True))

    return found


FANS = Exercise("10.1", sizes, outputs("he", "glorot", "pytorch", "bias", inputs=two_fans), (
    Mistake("these are the variances of one weight; σ_w² is fan_in times that",
            lambda n, m: (2 / n, 2 / (n + m), 1 / (3 * n), 1 / (3 * n))),
    Mistake("the variances are multiplied by fan_out: how many products does the sum z have?",
            lambda n, m: (2 * m / n, 2 * m / (n + m), m / (3 * n), 1 / (3 * n))),
    Mistake("these are standard deviations; σ_w² and σ_b² are variances",
            lambda n, m: tuple(np.sqrt(sizes(n, m)))),
    Mistake("he is LeCun's: by how much do He's weights make up for what ReLU loses?", sizes_with(he=lambda n, m: 1)),
    Mistake("glorot is multiplied by fan_out: how many products does the sum z have?",
            sizes_with(glorot=lambda n, m: 2 * m / (n + m))),
    Mistake("glorot is that of equal fans: put in the fans as they are", sizes_with(glorot=lambda n, m: 1)),
    Mistake("glorot has half of its variance: the mean of the fans is half their sum",
            sizes_with(glorot=lambda n, m: n / (n + m))),
    Mistake("glorot has the geometric mean of the fans; Glorot takes the arithmetic one",
            sizes_with(glorot=lambda n, m: np.sqrt(n / m))),
    Mistake("pytorch takes the bound of the interval for the standard deviation: what is the variance of U(−r, r)?",
            sizes_with(pytorch=lambda n, m: 1, bias=lambda n, m: 1 / n)),
    Mistake("pytorch takes r for the width of the interval, which goes from −r to r",
            sizes_with(pytorch=lambda n, m: 1 / 12, bias=lambda n, m: 1 / (12 * n))),
    Mistake("bias is multiplied by fan_in: how many biases does a unit have?", sizes_with(bias=lambda n, m: 1 / 3)),
    Mistake("bias is 0, as Keras has it; PyTorch draws the biases, too", sizes_with(bias=lambda n, m: 0)),
))


EXERCISES = (FANS,)
