"""Singular values of random matrices and of their products: by which factors a layer, or a network, changes lengths.

A layer's Jacobian multiplies lengths in each of its singular directions by a singular value s. If the entries of a
matrix are independent, its singular values differ from each other (Marchenko & Pastur 1967). In a product of such
matrices they differ more with every factor, although the mean of s² stays the same. Orthogonal matrices have equal
singular values, and so have their products. Weights have the shape (fan_in, fan_out).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from minnet import checks
from minnet.activations import Activation, required
from minnet.initializers.definition import fans
from minnet.theory import gaussian


def edges(shape: tuple[int, int], *, std: float) -> tuple[float, float]:
    """The smallest and largest singular value of a large matrix with independent entries of standard deviation `std`:

        s∓ = std · |√fan_in ∓ √fan_out|

    All min(fan_in, fan_out) singular values lie between them; for a square matrix s₋ = 0. Marchenko & Pastur 1967.
    """
    fan_in, fan_out = fans(shape)
    std = checks.number("std", std, above=0)
    return std * abs(math.sqrt(fan_in) - math.sqrt(fan_out)), std * (math.sqrt(fan_in) + math.sqrt(fan_out))


def marchenko_pastur(s: np.ndarray, shape: tuple[int, int], *, std: float) -> np.ndarray:
    """The density of the singular values s of a large matrix with independent, centred entries of deviation `std`.

        ρ(s) = √((s₊² − s²)(s² − s₋²)) / (π · std² · min(fan_in, fan_out) · s)        for s₋ ≤ s ≤ s₊, else 0

    with s∓ from `edges`. It is the same for every distribution of the entries. For a square matrix with std = σ/√n it
    is the quarter circle √(4σ² − s²)/(πσ²), with mean 8σ/(3π), root mean square σ and largest value 2σ. Marchenko &
    Pastur 1967. Raises TypeError or ValueError for s that are no finite numbers.
    """
    low, high = edges(shape, std=1.0)
    t = checks.real_array("s", s, np.dtype(np.float64)) / checks.number("std", std, above=0)
    inside = (t >= low) & (t <= high) & (t > 0)
    t = np.where(inside, t, (low + high) / 2)
    root = np.sqrt(np.maximum((high - t) * (high + t) * (t - low) * (t + low), 0))
    density: np.ndarray = np.where(inside, root / (math.pi * min(shape) * t * std), 0.0)
    return density


class ProductMoments(NamedTuple):
    """Statistics of the n singular values s of a product of L square matrices."""

    mean_square: float           # the mean of s², which is the same at every depth
    participation: float         # (Σs²)²/(n Σs⁴): the share of directions that carry the signal
    largest: float               # the largest s


def product_moments(layers: int) -> ProductMoments:
    """Statistics of the singular values of a product of L large n × n matrices with independent entries N(0, 1/n):

        mean s² = 1,   participation = 1/(L + 1),   s_max = √((L + 1)^(L+1)/L^L)

    The mean square does not show it, but the deeper the product, the fewer directions carry the signal. A product of
    orthogonal matrices has s = 1 throughout. The moments of s² are the Fuss–Catalan numbers; the effect on deep linear
    networks is in Saxe, McClelland & Ganguli 2014.
    """
    layers = checks.count("layers", layers)
    return ProductMoments(1.0, 1 / (layers + 1), math.sqrt((1 + 1 / layers) ** layers * (layers + 1)))


def product_density(layers: int, points: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """The density ρ of the singular values of `product_moments`, as a curve (s, ρ), with s from s_max down towards 0.

    The Fuss–Catalan law, with the parameter 0 < φ < π/(L + 1):

        s² = sin^{L+1}((L+1)φ)/(sin φ · sin^L(Lφ)),    ρ(s) = 2s · sin²φ · sin^{L−1}(Lφ)/(π sin^L((L+1)φ))

    For L = 1 it is the quarter circle. With hundreds of layers some s are too small, and their ρ too large, for a
    float: these points are left out. Penson & Życzkowski 2011.
    """
    layers, points = checks.count("layers", layers), checks.count("points", points, least=2)
    phi = np.linspace(0, math.pi / (layers + 1), points + 2)[1:-1]
    sine, below, above = (np.log(np.sin(k * phi)) for k in (1, layers, layers + 1))
    s = ((layers + 1) * above - sine - layers * below) / 2                     # s and density are logarithms here
    density = math.log(2 / math.pi) + s + 2 * sine + (layers - 1) * below - layers * above
    kept = s > -700                                            # there ρ < 1/s is a float, too
    return np.exp(s[kept]), np.exp(density[kept])


def jacobian_spread(activation: Activation, layers: int, *, q: float = 1.0, orthogonal: bool = False) -> float:
    """Var[s²]/mean[s²]² of the singular values s of a deep network's Jacobian; 0 means that all s are equal.

        L · (μ₂/μ₁² − 1 − s₁),    μ_k = E[f′(√q z)^{2k}],    s₁ = 0 for orthogonal weights, −1 for Gaussian ones

    q is the variance of z, the same in all L layers (a fixed point). Orthogonal weights help if f′ varies little over
    the signal, as for tanh near 0. For ReLU, half of whose slopes are 0, the spread grows with depth in both cases.
    Raises ValueError if all slopes are 0 (a step) or if the average of f′⁴ is infinite (the cube root). Pennington,
    Schoenholz & Ganguli 2017.
    """
    def power(k: int) -> float:
        value, error = gaussian.expectation(lambda z: activation.df(z, activation.f(z)) ** (2 * k), std=math.sqrt(q),
                                            kinks=activation.kinks)
        if error > max(0.01 * value, 1e-25):
            raise ValueError(f"expected an activation with a finite E[f′⁴] at q = {q:g}, got {activation}, whose slope "
                             "is infinite somewhere: replace the steep part by a finite slope")
        return value

    required(activation)
    orthogonal = checks.boolean("orthogonal", orthogonal)
    checks.number("q", q, above=0)
    if not (mean := power(1)) > 0:
        raise ValueError(f"expected an activation with a slope at q = {q:g}, got {activation}, whose f′ is 0 there: "
                         "all singular values of its Jacobian are 0")
    return checks.count("layers", layers) * (power(2) / mean**2 - (1 if orthogonal else 0))
