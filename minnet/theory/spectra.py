"""Singular values of random matrices and their products: how far a layer, or a network, stretches and squeezes.

A layer's Jacobian multiplies each direction by one of its singular values s. Matrices with independent entries spread
them (Marchenko & Pastur); every further factor of a product spreads them more, although the mean of s² stays.
Orthogonal factors spread nothing. Weights have the shape (fan_in, fan_out).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from minnet import checks
from minnet.activations import Activation, required
from minnet.theory import gaussian


def edges(shape: tuple[int, int], *, std: float) -> tuple[float, float]:
    """The smallest and largest singular value of a large matrix with independent entries of deviation `std`:

        s∓ = std · |√fan_in ∓ √fan_out|

    The min(fan_in, fan_out) singular values lie between them; a square matrix has them down to 0. Marchenko & Pastur
    1967.
    """
    fan_in, fan_out = (checks.count(name, n) for name, n in zip(("fan_in", "fan_out"), shape, strict=True))
    std = checks.number("std", std, above=0)
    return std * abs(math.sqrt(fan_in) - math.sqrt(fan_out)), std * (math.sqrt(fan_in) + math.sqrt(fan_out))


def marchenko_pastur(s: np.ndarray, shape: tuple[int, int], *, std: float) -> np.ndarray:
    """The density of the singular values s of a large matrix with independent, centred entries of deviation `std`:

        ρ(s) = √((s₊² − s²)(s² − s₋²)) / (π · std² · min(fan_in, fan_out) · s)        for s₋ ≤ s ≤ s₊, else 0

    with s∓ from `edges`. It does not depend on the entries' distribution. In the square case with std = σ/√n it is the
    quarter circle √(4σ² − s²)/(πσ²): mean 8σ/(3π), root mean square σ, largest 2σ. Marchenko & Pastur 1967.
    """
    low, high = edges(shape, std=1.0)
    t = np.asarray(s, np.float64) / checks.number("std", std, above=0)
    inside = (t >= low) & (t <= high) & (t > 0)
    t = np.where(inside, t, (low + high) / 2)
    root = np.sqrt(np.maximum((high - t) * (high + t) * (t - low) * (t + low), 0))
    density: np.ndarray = np.where(inside, root / (math.pi * min(shape) * t * std), 0.0)
    return density


class ProductMoments(NamedTuple):
    """What a product of L square Gaussian matrices does to directions, relative to one factor's scale σ^L."""

    mean_square: float           # of the singular values: the same at every depth
    participation: float         # (Σs²)²/Σs⁴ over their number: the share of directions that carry the signal
    largest: float


def product_moments(layers: int) -> ProductMoments:
    """The singular values of a product of L large square matrices with independent entries N(0, 1/n):

        mean s² = 1,   participation = 1/(L + 1),   s_max = √((L + 1)^(L+1)/L^L)

    The mean hides it: with depth, fewer and fewer directions carry all of the signal. A product of orthogonal matrices
    has all s = 1. The moments of s² are the Fuss–Catalan numbers; Saxe, McClelland & Ganguli 2014 show the effect.
    """
    layers = checks.count("layers", layers)
    return ProductMoments(1.0, 1 / (layers + 1), math.sqrt((1 + 1 / layers) ** layers * (layers + 1)))


def product_density(layers: int, points: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """(s, ρ): the density of those singular values, as a curve to draw, s falling from s_max towards 0.

    The Fuss–Catalan law, by its parameter 0 < φ < π/(L + 1):

        s² = sin^{L+1}((L+1)φ)/(sin φ · sin^L(Lφ)),    ρ(s) = 2s · sin²φ · sin^{L−1}(Lφ)/(π sin^L((L+1)φ))

    For L = 1 it is the quarter circle. With hundreds of layers s falls, and ρ rises, beyond what a float can hold:
    those points are left out. Penson & Życzkowski 2011.
    """
    layers, points = checks.count("layers", layers), checks.count("points", points, least=2)
    phi = np.linspace(0, math.pi / (layers + 1), points + 2)[1:-1]
    sine, below, above = (np.log(np.sin(k * phi)) for k in (1, layers, layers + 1))
    s = ((layers + 1) * above - sine - layers * below) / 2                                    # logarithms so far
    density = math.log(2 / math.pi) + s + 2 * sine + (layers - 1) * below - layers * above
    held = s > -700                                            # and ρ < 1/s
    return np.exp(s[held]), np.exp(density[held])


def jacobian_spread(activation: Activation, layers: int, *, q: float = 1.0, orthogonal: bool = False) -> float:
    """Var[s²]/mean[s²]² of the singular values s of a deep network's Jacobian: 0 is an isometry.

        L · (μ₂/μ₁² − 1 − s₁),    μ_k = E[f′(√q z)^{2k}],    s₁ = 0 for orthogonal weights, −1 for Gaussian ones

    q is the variance of z, the same in all L layers (a fixed point). Only where f′ hardly varies over the signal
    (tanh near 0) do orthogonal weights help; with ReLU, half of whose slopes are 0, both grow with depth. Raises
    ValueError where all slopes are 0 (a step). Pennington, Schoenholz & Ganguli 2017.
    """
    def power(k: int) -> float:
        return gaussian.expectation(lambda z: activation.df(z, activation.f(z)) ** (2 * k), std=math.sqrt(q),
                                    kinks=activation.kinks).value

    required(activation)
    checks.number("q", q, above=0)
    if not (mean := power(1)) > 0:
        raise ValueError(f"expected an activation with a slope at q = {q:g}, got {activation}, whose f′ is 0 there: "
                         "its Jacobian is 0, and has no spread")
    return checks.count("layers", layers) * (power(2) / mean**2 - (1 if orthogonal else 0))
