"""What the weights are before the first step: a function from a generator and a shape to an array.

    W = init(rng, (fan_in, fan_out))        float64; the layer casts it to the network's dtype

Every function here has that form; its options are keyword-only and are set with functools.partial:
`partial(normal, std=0.01)`. fan_in is the number of inputs of a unit, fan_out the number of units that it
feeds. For z = x @ W with centred, independent weights,

    E[z²] = fan_in · Var[W] · E[x²]          and, backwards,        E[δx²] = fan_out · Var[W] · E[δ²]

so that Var[W] alone decides whether a signal grows or fades from layer to layer: each of the scaled
initializers is one answer to the question which of the two products should be 1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from minnet import checks


class Initializer(Protocol):
    """What a layer calls: `init(rng, shape)`, a float64 array of that shape."""

    def __call__(self, rng: np.random.Generator, shape: tuple[int, ...], /) -> np.ndarray: ...


def fans(shape: Sequence[int]) -> tuple[int, int]:
    """(fan_in, fan_out) of a weight matrix. Raises ValueError for any other shape (a bias has no fans)."""
    if len(shape) != 2 or min(shape) < 1:
        raise ValueError(f"expected shape (fan_in, fan_out) of a weight matrix, got {tuple(shape)}: a bias has no "
                         "fans, initialize it with zeros, constant, normal or uniform")
    return int(shape[0]), int(shape[1])


def zeros(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """W = 0. Right for biases; for weights it is the bad alternative: every unit of a layer stays the same.

    The generator is not used. Chapter 02 shows what happens.
    """
    return np.zeros(shape)


def ones(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """W = 1. As a weight matrix it is the bad alternative: rank 1, and a layer multiplies its input by fan_in.

    The generator is not used.
    """
    return np.ones(shape)


def constant(rng: np.random.Generator, shape: tuple[int, ...], *, value: float) -> np.ndarray:
    """W = value in every place: rank 1, whatever the value. The generator is not used.

    Raises ValueError where value is not finite.
    """
    return np.full(shape, checks.number("value", value))


def normal(rng: np.random.Generator, shape: tuple[int, ...], *, mean: float = 0.0, std: float = 1.0) -> np.ndarray:
    """N(mean, std²): a width-blind scale, since fan_in does not enter.

    std = 1 is the default of the distribution, not a recommendation: fan_in · Var[W] = fan_in then, which
    saturates tanh and makes ReLU explode. Raises ValueError where std is negative.
    """
    return rng.normal(checks.number("mean", mean), checks.number("std", std, least=0), shape)


def uniform(rng: np.random.Generator, shape: tuple[int, ...], *, low: float = -1.0, high: float = 1.0) -> np.ndarray:
    """U[low, high): variance (high − low)²/12, again blind to the width.

    low=0, high=1, often seen, is the bad alternative: the mean of 1/2 makes one direction (all units alike)
    dominate every other. Raises ValueError where high < low.
    """
    low = checks.number("low", low)
    return rng.uniform(low, checks.number("high", high, least=low), shape)


def lecun_normal(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """N(0, 1/fan_in): keeps the forward variance of linear units, and is what SELU is made for.

    LeCun, Bottou, Orr & Müller 1998, *Efficient BackProp*, eq. 16: σ_w = m^(−1/2), m the number of inputs.
    Untruncated; Keras' and JAX' lecun_normal cut the normal at two standard deviations (same variance).
    """
    fan_in, _ = fans(shape)
    return rng.normal(0.0, math.sqrt(1 / fan_in), shape)


def lecun_uniform(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """U(−a, a) with a = √(3 / fan_in), so that Var[W] = a²/3 = 1/fan_in.

    LeCun, Bottou, Orr & Müller 1998, *Efficient BackProp*, eq. 16.
    """
    fan_in, _ = fans(shape)
    a = math.sqrt(3 / fan_in)
    return rng.uniform(-a, a, shape)


def glorot_normal(rng: np.random.Generator, shape: tuple[int, ...], *, gain: float = 1.0) -> np.ndarray:
    """N(0, σ²) with σ = gain · √(2 / (fan_in + fan_out)).

    fan_in · Var[W] = 1 would keep the activations' variance (eq. 10), fan_out · Var[W] = 1 the gradients'
    (eq. 11); eq. 12, Var[W] = 2/(fan_in + fan_out), stands between them. Derived for units that are linear
    about 0 (tanh, softsign). Glorot & Bengio 2010, eq. 12; the paper draws from the uniform (`glorot_uniform`).
    Untruncated, as PyTorch's xavier_normal_; Keras' GlorotNormal is truncated (same variance).
    """
    fan_in, fan_out = fans(shape)
    return rng.normal(0.0, checks.number("gain", gain, above=0) * math.sqrt(2 / (fan_in + fan_out)), shape)


def glorot_uniform(rng: np.random.Generator, shape: tuple[int, ...], *, gain: float = 1.0) -> np.ndarray:
    """U(−a, a) with a = gain · √(6 / (fan_in + fan_out)): "normalized initialization".

    fan_in · Var[W] = 1 would keep the activations' variance, fan_out · Var[W] = 1 the gradients'; with
    Var[W] = a²/3 = 2/(fan_in + fan_out) it stands between them. Derived for units that are linear about 0
    (tanh, softsign). Glorot & Bengio 2010, eq. 16.
    """
    fan_in, fan_out = fans(shape)
    a = checks.number("gain", gain, above=0) * math.sqrt(6 / (fan_in + fan_out))
    return rng.uniform(-a, a, shape)


def he_normal(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """N(0, 2/fan_in): keeps the second moment E[z²] through ReLU, which halves it.

    ½ · fan_in · Var[W] = 1. He, Zhang, Ren & Sun 2015, eq. 10 (the forward condition; eq. 14 is the same with
    fan_out). The first layer, whose inputs no ReLU has halved, would strictly need 1/fan_in.
    Untruncated, as PyTorch's kaiming_normal_; Keras' HeNormal is truncated (same variance).
    """
    fan_in, _ = fans(shape)
    return rng.normal(0.0, math.sqrt(2 / fan_in), shape)


def he_uniform(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """U(−a, a) with a = √(6 / fan_in), so that Var[W] = a²/3 = 2/fan_in.

    He, Zhang, Ren & Sun 2015, eq. 10, with the uniform distribution in place of their normal.
    """
    fan_in, _ = fans(shape)
    a = math.sqrt(6 / fan_in)
    return rng.uniform(-a, a, shape)
