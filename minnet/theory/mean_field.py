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
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from minnet import checks
from minnet.activations import Activation, required
from minnet.theory import gaussian
from minnet.theory.gaussian import Value

LEAST, MOST = 1e-12, 1e12             # a q below or above counts as 0 or ∞
_FLAT = 1e-9                          # |ln V(q)/q| below this: q is a fixed point
BLIND = 1e-25                         # E[f′²] below this: what there is of a slope lies where no unit is


class Moments(NamedTuple):
    """Averages of an activation over z of variance q, each with its error."""

    mean: Value             # E[f]
    second: Value           # E[f²]
    slope: Value            # E[f′²]
    growth: Value           # dE[f²]/dq


def jumps(activation: Activation) -> tuple[tuple[float, float, float], ...]:
    """(k, f(k−), f(k+)) for each of the activation's kinks k at which f itself jumps, as a step does.

    There two nearly equal inputs end on different sides: C has an infinite slope at c = 1, and χ does not exist.
    A jump is a rise that is much more than slope and rounding explain.
    """
    found = []
    for k in activation.kinks:
        z = np.array([k, k])
        eps = float(np.finfo(activation.f(z).dtype).eps)
        h = 4 * eps * max(1.0, abs(k))
        z = z + np.array([-h, h])
        a = activation.f(z)
        explained = h * np.abs(activation.df(z, a)).sum() + eps * np.abs(a).max()
        if abs(a[1] - a[0]) > 100 * explained:
            found.append((float(k), float(a[0]), float(a[1])))
    return tuple(found)


def continuous(activation: Activation) -> Activation:
    """`activation`, if f does not jump at any of its kinks. Raises ValueError otherwise."""
    if found := jumps(required(activation)):
        raise ValueError(f"expected an activation without jumps, got {activation}, which jumps at z = {found[0][0]:g}: "
                         "it parts inputs that are nearly equal, so that gradients have no factor χ; its variance map "
                         "exists, MeanField(...).variance; for the rest take a steep ramp in the step's place")
    return activation


def _mean_square(g: gaussian.Function, q: float, kinks: Sequence[float]) -> Value:
    """E[g(√q z)²]; ∞ where g is too large for a float, or grows so fast that the integral is not done where it ends."""
    std, ends = math.sqrt(q), np.array([-gaussian.END, gaussian.END])
    square: gaussian.Function = lambda u: np.minimum(np.square(g(u)), 1e300)
    found = gaussian.expectation(square, std=std, kinks=kinks)
    with np.errstate(all="ignore"):
        left = float((square(std * ends) * gaussian.density(ends)).sum())
    return found if found.value < 1e250 and left <= 1e-6 * found.value else Value(math.inf, math.inf)


@lru_cache(maxsize=64)
def _second_moments(activation: Activation) -> tuple[tuple[float, float], ...]:
    """(q, E[f(√q z)²]) for q from 1e-12 to 1e12; kept, for every point of a map over σ_w² and σ_b² asks for them."""
    return tuple((q, _mean_square(activation.f, q, activation.kinks).value)
                 for q in np.geomspace(LEAST, MOST, 601).tolist())


def moments(activation: Activation, q: float = 1.0) -> Moments:
    """The Gaussian averages of an activation at variance q > 0, of which everything else here is made.

        mean E[f],   second E[f²],   slope E[f′²],   growth dE[f²]/dq = E[f f′ z]/√q            at √q z, z ~ N(0, 1)

    Each is a pair (value, error); for the library's activations the errors are below 1e-10 up to q = 100, and where f²
    is too large for a float all are ∞. The integrals are cut at `activation.kinks`. Where f² jumps by J at the kink k,
    the growth has Jkφ(k/√q)/(2q√q) more, and E[f′²] is of the slopes beside the jump.
    """
    f, df, q = required(activation).f, activation.df, checks.number("q", q, above=0)
    kinks, std = activation.kinks, math.sqrt(q)
    second, slope = _mean_square(f, q, kinks), _mean_square(lambda u: df(u, f(u)), q, kinks)
    if math.inf in (second.value, slope.value):
        return Moments(*[Value(math.inf, math.inf)] * 4)

    def growth(u: np.ndarray) -> np.ndarray:
        a = f(u)
        return a * df(u, a) * u / q

    rise, error = gaussian.expectation(growth, std=std, kinks=kinks)
    for k, below, above in jumps(activation):
        rise += (above**2 - below**2) * k * float(gaussian.density(np.array(k / std))) / (2 * q * std)
    return Moments(gaussian.expectation(f, std=std, kinks=kinks), second, slope, Value(rise, error))


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
    the gradients grow. slope and chi say what each does. Raises ValueError for an f that does not vary, or jumps.
    """
    mean, second, slope, growth = (value.value for value in moments(continuous(activation), q))
    if second == math.inf:
        raise ValueError(f"expected an activation whose f² has an average at q = {q:g}, got {activation}, which grows "
                         "too fast: no gain can hold it")
    variance = second - mean**2
    if not (variance > 1e-15 * second and slope > BLIND):
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

    weight_var is the papers' σ_w² > 0, bias_var their σ_b² ≥ 0, else ValueError. q ≥ 0 is the variance of z in a layer.
    An f that jumps (at a kink that it declares) has variances and correlations, but neither χ nor C′: ValueError.
    """

    activation: Activation
    weight_var: float
    bias_var: float = 0.0

    def __post_init__(self) -> None:
        required(self.activation)
        object.__setattr__(self, "weight_var", checks.number("weight_var", self.weight_var, above=0))
        object.__setattr__(self, "bias_var", checks.number("bias_var", self.bias_var, least=0))

    def variance(self, q: float) -> float:
        """V(q) = σ_w² E[f(√q z)²] + σ_b²: the variance of the next layer's z. Poole et al. 2016, "length map".

        ∞ where f² is too large for a float.
        """
        second = _mean_square(self.activation.f, checks.number("q", q, least=0), self.activation.kinks)
        return self.weight_var * second.value + self.bias_var

    def slope(self, q: float) -> float:
        """V′(q) = σ_w² E[f f′ z]/√q: below 1 at a fixed point, deviations of the variance die out with depth."""
        return self.weight_var * moments(self.activation, max(checks.number("q", q, least=0), LEAST)).growth.value

    def chi(self, q: float) -> float:
        """χ(q) = σ_w² E[f′(√q z)²]: the factor on the gradient's variance; also the slope of C at c = 1 (χ₁ in
        Poole et al. 2016 and Schoenholz et al. 2017). Raises ValueError for an f that jumps."""
        q = max(checks.number("q", q, least=0), LEAST)
        return self.weight_var * moments(continuous(self.activation), q).slope.value

    def correlation(self, c: float, q: float) -> float:
        """C(c): the correlation of two inputs in the next layer, if it is c in this one and both have variance q > 0.

        −1 ≤ c ≤ 1. Poole et al. 2016, "correlation map". Raises ValueError where the next layer is silent, V(q) = 0.
        """
        after = self._heard(q)
        return (self.weight_var * self._both(self.activation.f, c, q) + self.bias_var) / after

    def correlation_slope(self, c: float, q: float) -> float:
        """C′(c) = σ_w² E[f′(√q u) f′(√q v)] · q/V(q); at c = 1 and a fixed point it is χ."""
        f, df = continuous(self.activation).f, self.activation.df
        after = self._heard(q)
        return self.weight_var * self._both(lambda u: df(u, f(u)), c, q) * q / after

    def _both(self, g: gaussian.Function, c: float, q: float) -> float:
        """E[g(√q u) g(√q v)] for u, v of correlation c."""
        std = math.sqrt(q)
        return gaussian.correlation(g, g, checks.number("c", c, least=-1, most=1), std=(std, std),
                                    kinks=self.activation.kinks).value

    def _heard(self, q: float) -> float:
        """V(q), if there is a signal in this layer and in the next."""
        if not 0 < (after := self.variance(checks.number("q", q, above=0))) < math.inf:
            raise ValueError(f"expected a variance q that {self.activation} passes on, got {q:g}, after which it is "
                             f"{after:g}: no correlation is defined there")
        return after

    def variances(self, q: float, layers: int) -> np.ndarray:
        """q of layers 1 … `layers`, (layers,), where layer 1 has the given q = σ_w² mean(x²) + σ_b²."""
        found = [checks.number("q", q, least=0)]
        for _ in range(checks.count("layers", layers) - 1):
            found.append(self.variance(found[-1]) if found[-1] < math.inf else math.inf)
        return np.array(found)

    def correlations(self, c: float, q: float, layers: int) -> np.ndarray:
        """c of two inputs in layers 1 … `layers`, (layers,), from c and q in layer 1.

        A variance beyond 10^±12 counts as that: C no longer changes there.
        """
        found = [checks.number("c", c, least=-1, most=1)]
        for variance in np.clip(self.variances(q, layers)[:-1], LEAST, MOST).tolist():
            found.append(min(max(self.correlation(found[-1], variance), -1.0), 1.0))
        return np.array(found)

    @property
    def _table(self) -> list[tuple[float, float]]:
        """(q, V(q)) for q in order, from 1e-12 to 1e12."""
        try:
            found = _second_moments(self.activation)
        except TypeError:                                       # an f without a hash
            found = _second_moments.__wrapped__(self.activation)
        return [(q, self.weight_var * second + self.bias_var) for q, second in found]

    def fixed_points(self) -> tuple[float, ...]:
        """Every q with V(q) = q between 1e-12 and 1e12, in order; where the map only touches the diagonal, that q too.

        0 is not listed. Where every q is a fixed point (ReLU under He), none is.
        """
        grid = [q for q, _ in self._table]
        ratio = [_log_ratio(after, q) for q, after in self._table]
        found = []
        for i, (here, after) in enumerate(pairwise(ratio)):
            before = ratio[max(i - 1, 0)]
            if min(abs(here), abs(after)) > _FLAT and here * after < 0:
                q = root(self._ratio, grid[i], grid[i + 1])
                if abs(self._ratio(q)) < 1e-6:                  # and not a jump to ∞, where f overflows
                    found.append(q)
            elif abs(here) <= _FLAT < min(abs(before), abs(after)) and before * after < 0:
                found.append(grid[i])
            elif min(here * before, here * after) > 0 and _FLAT < abs(here) < min(1e-2, abs(before), abs(after)):
                q = _minimum(lambda q: abs(self._ratio(q)), grid[i - 1], grid[i + 1])
                if abs(self._ratio(q)) < _FLAT:
                    found.append(q)
        return tuple(found)

    def _ratio(self, q: float) -> float:
        return _log_ratio(self.variance(q), q)

    def limit(self, q: float = 1.0) -> float:
        """The q* that the variance settles at, layer after layer, from q ≥ 0: a fixed point (q itself if it is one), 0
        or inf.

        It moves towards the next fixed point, and ends there unless V overshoots it on the way, as it can where V falls
        with q; then the layers are followed one by one. That ends: d ln V/d ln q ≥ −½, for E[f²(z²−1)] ≥ −E[f²], so
        that a fixed point is overshot by at most half of what was missing.
        """
        q = checks.number("q", q, least=0)
        points, table = self.fixed_points(), self._table
        for _ in range(1000):                            # far more than are needed
            after = self.variance(q)
            if abs(_log_ratio(after, q)) <= _FLAT:
                return next((p for p in points if math.isclose(p, q, rel_tol=1e-6)), q)
            if after > q:
                ahead = min((p for p in points if p > q), default=math.inf)
                settles = max([after, *(v for p, v in table if q < p < ahead)]) <= ahead * (1 + _FLAT)
            else:
                ahead = max((p for p in points if p < q), default=0.0)
                settles = min([after, *(v for p, v in table if ahead < p < q)]) >= ahead * (1 - _FLAT)
            if settles:
                return ahead
            q = after
        return q

    def correlation_limit(self, q: float) -> float:
        """c*: where the correlation of two different inputs ends in a deep network at the fixed point q.

        1 if χ(q) ≤ 1 (all inputs become one), else the fixed point of C below 1 (inputs are torn apart: chaos). C is a
        power series in c without negative coefficients, hence convex, and Newton's steps from 0 climb to it. Within
        1e-6 of 1 the integrals cannot tell it from 1, which is returned.
        """
        if self.chi(q) <= 1 + _FLAT or self.correlation_slope(1.0, q) <= 1 + _FLAT:
            return 1.0
        c = 0.0
        while (slope := self.correlation_slope(c, q)) < 1:
            step = (self.correlation(c, q) - c) / (1 - slope)
            if step <= 1e-12:
                break
            c = min(c + step, 1.0)                  # 1 − slope magnifies the integrals' errors near 1
        return c if 1 - c > 1e-6 else 1.0

    def depth_scales(self, q: float | None = None) -> DepthScales:
        """ξ_q, ξ_c and ξ_∇ at the fixed point that is reached from `q` (default: from 1), in layers.

        Signals and gradients reach a few times that depth; networks train to about as many layers. Schoenholz et al.
        2017. Raises ValueError where the variance does not settle, and for an f that jumps.
        """
        start = 1.0 if q is None else max(checks.number("q", q, least=0), LEAST)            # LEAST stands for 0
        q = max(self.limit(start), LEAST)
        if q > MOST:
            raise ValueError(f"expected a variance that settles, got one that goes to {q:g} with weight_var="
                             f"{self.weight_var:g}, bias_var={self.bias_var:g}: there are no depth scales")
        c = self.correlation_limit(q)
        chi = self.chi(q)
        return DepthScales(_scale(self.slope(q)), _scale(self.correlation_slope(c, q) if c < 1 else chi), _scale(chi))


def _log_ratio(after: float, q: float) -> float:
    """ln after/q."""
    return math.log(after) - math.log(q) if after > 0 < q else math.copysign(math.inf, after - q)


def _scale(factor: float) -> float:
    """Layers in which |factor|^l becomes e or 1/e."""
    rate = abs(_log_ratio(abs(factor), 1.0))
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
