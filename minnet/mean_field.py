"""Mean-field theory: how signals and gradients travel through a wide random network, computed before it is built.

In a wide layer each z is a sum of many independent terms, hence Gaussian, and one number describes the layer:
q = E[z²]. With weights of variance σ_w²/fan_in and biases of variance σ_b² the next layer has

    V(q) = σ_w² E[f(√q z)²] + σ_b²,  z ~ N(0, 1)        variance map
    χ(q) = σ_w² E[f′(√q z)²]                            factor on the gradient's variance, layer by layer
    C(c) = (σ_w² E[f(√q u) f(√q v)] + σ_b²)/V(q)        correlation of two inputs; u and v have the correlation c

A signal survives depth if q settles at a fixed point q* = V(q*) with slope V′(q*) ≤ 1; a gradient survives if
χ(q*) = 1, the *edge of chaos*. Everything follows from f and f′ by integration (`minnet.gaussian`), for an activation
of your own too. Poole, Lahiri, Raghu, Sohl-Dickstein & Ganguli 2016; Schoenholz, Gilmer, Ganguli & Sohl-Dickstein
2017.
"""

# numpy types what a ufunc returns as Any:
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from minnet import checks, gaussian
from minnet.activations import Activation, required
from minnet.gaussian import Value

LEAST, MOST = 1e-12, 1e12           # a q below or above counts as 0 or ∞
_FLAT = 1e-9                          # |ln V(q)/q| below this: q is a fixed point


class Moments(NamedTuple):
    """Averages of an activation over z of variance q, each with its error."""

    mean: Value             # E[f]
    second: Value           # E[f²]
    slope: Value            # E[f′²]
    growth: Value           # dE[f²]/dq


def moments(activation: Activation, q: float = 1.0) -> Moments:
    """The Gaussian averages of an activation at variance q > 0, of which everything else here is made.

        mean E[f],   second E[f²],   slope E[f′²],   growth dE[f²]/dq = E[f f′ z]/√q            at √q z, z ~ N(0, 1)

    Each is a pair (value, error); for the library's activations the errors are below 1e-10 up to q = 100. The integrals
    are cut at `activation.kinks`.
    """
    f, df, std = required(activation).f, activation.df, math.sqrt(checks.number("q", q, above=0))
    over = partial(gaussian.expectation, std=std, kinks=activation.kinks)

    def growth(u: np.ndarray) -> np.ndarray:
        a = f(u)
        return a * df(u, a) * u

    product = over(growth)
    return Moments(over(f), over(lambda u: f(u) ** 2), over(lambda u: df(u, f(u)) ** 2),
                   Value(product.value / q, product.error / q))


class Gain(NamedTuple):
    """A factor on the weights' deviation 1/√fan_in, what it keeps, and what it does to the rest: V′ and χ at q."""

    keeps: str
    gain: float
    slope: float            # V′(q): above 1 the variance runs away from the fixed point
    chi: float              # χ(q): the factor on the gradient's variance


def gains(activation: Activation, q: float = 1.0) -> tuple[Gain, Gain, Gain]:
    """The gain of an activation, three ways, for z of variance q; weights of deviation gain/√fan_in.

        second moment   √(q/E[f²])       E[z²] stays (with σ_b = 0): He's condition
        deviation       √(q/Var[f])      E[z²] stays if the mean of f is taken away
        gradient        1/√E[f′²]        the variance of ∂C/∂z stays

    They agree for ReLU-like units (first and third), and differ for the others: a gain that is right forward can make
    the gradients grow. slope and chi say what each does. Raises ValueError for an f that does not vary.
    """
    mean, second, slope, growth = (value.value for value in moments(activation, q))
    variance = second - mean**2
    if not (variance > 1e-15 * second and slope > 0):
        raise ValueError(f"expected an activation that varies around 0, got {activation}, which is constant there: "
                         "no gain can carry a signal through it")
    return tuple(Gain(keeps, math.sqrt(w), w * growth, w * slope)             # type: ignore[return-value]
                 for keeps, w in (("second moment", q / second), ("deviation", q / variance), ("gradient", 1 / slope)))


class DepthScales(NamedTuple):
    """Layers after which a deviation has shrunk, or grown, to 1/e or e times what it was; ∞ at the edge of chaos."""

    variance: float         # ξ_q = 1/|ln V′(q*)|
    correlation: float      # ξ_c = −1/ln C′(c*)
    gradient: float         # ξ_∇ = 1/|ln χ(q*)|


@dataclass(frozen=True)
class MeanField:
    """A wide network of one activation: weights of variance `weight_var`/fan_in, biases of variance `bias_var`.

    weight_var is the papers' σ_w² > 0, bias_var their σ_b² ≥ 0, else ValueError. q is the variance of z in a layer.
    """

    activation: Activation
    weight_var: float
    bias_var: float = 0.0

    def __post_init__(self) -> None:
        required(self.activation)
        checks.number("weight_var", self.weight_var, above=0)
        checks.number("bias_var", self.bias_var, least=0)

    def variance(self, q: float) -> float:
        """V(q) = σ_w² E[f(√q z)²] + σ_b²: the variance of the next layer's z. Poole et al. 2016, "length map"."""
        f, kinks = self.activation.f, self.activation.kinks
        second = gaussian.expectation(lambda u: f(u) ** 2, std=math.sqrt(q), kinks=kinks)
        return self.weight_var * second.value + self.bias_var

    def slope(self, q: float) -> float:
        """V′(q) = σ_w² E[f f′ z]/√q: below 1 at a fixed point, deviations of the variance die out with depth."""
        return self.weight_var * moments(self.activation, max(q, LEAST)).growth.value

    def chi(self, q: float) -> float:
        """χ(q) = σ_w² E[f′(√q z)²]: the factor on the gradient's variance; also the slope of C at c = 1 (χ₁ in
        Poole et al. 2016 and Schoenholz et al. 2017)."""
        return self.weight_var * moments(self.activation, max(q, LEAST)).slope.value

    def correlation(self, c: float, q: float) -> float:
        """C(c): the correlation of two inputs in the next layer, if it is c in this one and both have variance q.

        −1 ≤ c ≤ 1. Poole et al. 2016, "correlation map".
        """
        f, std = self.activation.f, math.sqrt(q)
        both = gaussian.correlation(f, f, c, std=(std, std), kinks=self.activation.kinks)
        return (self.weight_var * both.value + self.bias_var) / self.variance(q)

    def correlation_slope(self, c: float, q: float) -> float:
        """C′(c) = σ_w² E[f′(√q u) f′(√q v)] · q/V(q); at c = 1 and a fixed point it is χ."""
        std = math.sqrt(q)
        df: gaussian.Function = lambda u: self.activation.df(u, self.activation.f(u))
        both = gaussian.correlation(df, df, c, std=(std, std), kinks=self.activation.kinks)
        return self.weight_var * both.value * q / self.variance(q)

    def variances(self, q: float, layers: int) -> np.ndarray:
        """q of layers 1 … `layers`, (layers,), where layer 1 has the given q = σ_w² mean(x²) + σ_b²."""
        found = [float(q)]
        for _ in range(checks.count("layers", layers) - 1):
            found.append(self.variance(found[-1]))
        return np.array(found)

    def correlations(self, c: float, q: float, layers: int) -> np.ndarray:
        """c of two inputs in layers 1 … `layers`, (layers,), from c and q in layer 1."""
        found = [float(c)]
        for variance in self.variances(q, layers)[:-1]:
            found.append(min(self.correlation(found[-1], variance), 1.0))
        return np.array(found)

    def fixed_points(self) -> tuple[float, ...]:
        """Every q > 0 with V(q) = q, in order; where the map only touches the diagonal, that q too.

        0 is not listed. Where every q is a fixed point (ReLU under He), none is.
        """
        grid = [float(q) for q in np.geomspace(1e-8, 1e8, 401)]
        ratio = [self._ratio(q) for q in grid]
        found = []
        for i, (here, after) in enumerate(pairwise(ratio)):
            before = ratio[max(i - 1, 0)]
            if min(abs(here), abs(after)) > _FLAT and here * after < 0:
                found.append(root(self._ratio, grid[i], grid[i + 1]))
            elif abs(here) <= _FLAT < min(abs(before), abs(after)) and before * after < 0:
                found.append(grid[i])
            elif min(here * before, here * after) > 0 and _FLAT < abs(here) < min(1e-2, abs(before), abs(after)):
                q = _minimum(lambda q: abs(self._ratio(q)), grid[i - 1], grid[i + 1])
                if abs(self._ratio(q)) < _FLAT:
                    found.append(q)
        return tuple(found)

    def limit(self, q: float = 1.0) -> float:
        """The q* that the variance map leads to from q: q itself if it is fixed, 0 or inf if none is on the way."""
        direction = self._ratio(q)
        if abs(direction) <= _FLAT:
            return q
        ahead = [p for p in self.fixed_points() if (p > q if direction > 0 else p < q)]
        return (min(ahead, default=math.inf) if direction > 0 else max(ahead, default=0.0))

    def _ratio(self, q: float) -> float:
        """ln V(q)/q: positive where the variance grows."""
        return math.log(self.variance(q) / q)

    def correlation_limit(self, q: float) -> float:
        """c*: where the correlation of two different inputs ends in a deep network at the fixed point q.

        1 if χ(q) ≤ 1 (all inputs become one), else the fixed point of C below 1 (inputs are torn apart: chaos).
        """
        if self.chi(q) <= 1 + 1e-9:
            return 1.0
        if abs(self.correlation(0.0, q)) < 1e-12 and self.correlation_slope(0.0, q) <= 1:     # f odd, no biases
            return 0.0
        return root(lambda c: self.correlation(c, q) - c, 1e-9, 1 - 1e-9)

    def depth_scales(self, q: float | None = None) -> DepthScales:
        """ξ_q, ξ_c and ξ_∇ at the fixed point that is reached from `q` (default: from 1), in layers.

        Signals and gradients reach a few times that depth; networks train to about as many layers. Schoenholz et al.
        2017. Raises ValueError where the variance has no fixed point.
        """
        q = max(self.limit(1.0 if q is None else max(q, LEAST)), LEAST)           # LEAST stands for 0
        if q > MOST:
            raise ValueError(f"expected a variance that settles, got one that goes to {q:g} with weight_var="
                             f"{self.weight_var:g}, bias_var={self.bias_var:g}: there are no depth scales")
        c = self.correlation_limit(q)
        chi = self.chi(q)
        return DepthScales(_scale(self.slope(q)), _scale(self.correlation_slope(c, q) if c < 1 else chi), _scale(chi))


def _scale(factor: float) -> float:
    """Layers in which factor^l becomes e or 1/e."""
    rate = abs(math.log(factor)) if factor > 0 else math.inf
    return 1 / rate if rate > _FLAT else math.inf


def root(g: Callable[[float], float], low: float, high: float) -> float:
    """A zero of g between low and high, where its signs differ, by bisection."""
    negative = g(low) < 0
    while (middle := (low + high) / 2) not in (low, high) and high - low > 1e-14 * high:
        low, high = (middle, high) if (g(middle) < 0) == negative else (low, middle)
    return (low + high) / 2


def _minimum(g: Callable[[float], float], low: float, high: float) -> float:
    """Where g is least between low and high, by golden section."""
    part = (math.sqrt(5) - 1) / 2
    while high - low > 1e-9 * high:
        left, right = high - part * (high - low), low + part * (high - low)
        low, high = (low, right) if g(left) < g(right) else (left, high)
    return (low + high) / 2
