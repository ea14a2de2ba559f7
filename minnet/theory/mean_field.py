"""Mean-field theory: how signals and gradients pass through a wide random network, computed before it is built.

In a wide layer each z is a sum of many independent terms. It is therefore Gaussian, and one number describes the
layer: q = E[z²]. If weights have the variance σ_w²/fan_in and biases the variance σ_b², then the next layer has

    V(q) = σ_w² E[f(√q z)²] + σ_b²,  z ~ N(0, 1)        variance map
    χ(q) = σ_w² E[f′(√q z)²]                            factor on the gradient's variance, layer by layer
    C(c) = (σ_w² E[f(√q u) f(√q v)] + σ_b²)/V(q)        correlation of two inputs; u and v have the correlation c

A signal survives many layers if q converges to a fixed point q* = V(q*) with slope V′(q*) ≤ 1. A gradient survives if
χ(q*) = 1, the *edge of chaos*. All of this follows from f and f′ by integration (`theory.gaussian`), also for an
activation of your own. Poole, Lahiri, Raghu, Sohl-Dickstein & Ganguli 2016; Schoenholz, Gilmer, Ganguli &
Sohl-Dickstein 2017.
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

Q_MIN, Q_MAX = 1e-12, 1e12            # a variance q below Q_MIN counts as 0, one above Q_MAX as ∞
MIN_SLOPE = 1e-25                     # E[f′²] below this counts as 0: f is flat wherever z is likely to be
_TOLERANCE = 1e-9                     # if |ln V(q)/q| is below this, q counts as a fixed point


class Moments(NamedTuple):
    """Averages of an activation over z ~ N(0, q), each with its numerical error."""

    mean: Value             # E[f]
    second: Value           # E[f²]
    slope: Value            # E[f′²]
    growth: Value           # dE[f²]/dq


def jumps(activation: Activation) -> tuple[tuple[float, float, float], ...]:
    """(k, f(k−), f(k+)) for each of the activation's kinks k at which f itself jumps, as a step does.

    At a jump two nearly equal inputs get different outputs: C has an infinite slope at c = 1, and χ does not exist.
    A difference counts as a jump if it is more than 100 times what the slope and rounding explain.
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
                         "there f′ does not exist, and gradients have no factor χ; only the variance map exists, "
                         "MeanField(...).variance; for the rest, replace the jump by a steep ramp")
    return activation


def _mean_square(g: gaussian.Function, q: float, kinks: Sequence[float]) -> Value:
    """E[g(√q z)²]; ∞ if it exceeds 1e250, or if g grows so fast that the integrand is not small at z = ±Z_MAX."""
    std, ends = math.sqrt(q), np.array([-gaussian.Z_MAX, gaussian.Z_MAX])
    square: gaussian.Function = lambda u: np.minimum(np.square(g(u)), 1e300)
    found = gaussian.expectation(square, std=std, kinks=kinks)
    with np.errstate(all="ignore"):
        at_ends = float((square(std * ends) * gaussian.density(ends)).sum())
    return found if found.value < 1e250 and at_ends <= 1e-6 * found.value else Value(math.inf, math.inf)


@lru_cache(maxsize=64)
def _second_moments(activation: Activation) -> tuple[tuple[float, float], ...]:
    """(q, E[f(√q z)²]) for q from 1e-12 to 1e12. Cached, because it is the same for all σ_w² and σ_b²."""
    return tuple((q, _mean_square(activation.f, q, activation.kinks).value)
                 for q in np.geomspace(Q_MIN, Q_MAX, 601).tolist())


def moments(activation: Activation, q: float = 1.0) -> Moments:
    """The four Gaussian averages of an activation for z of variance 0 < q ≤ 1e200; the rest of the theory uses them.

        mean E[f],   second E[f²],   slope E[f′²],   growth dE[f²]/dq = E[f f′ z]/√q            at √q z, z ~ N(0, 1)

    Each is a pair (value, error). For the library's activations the errors are below 1e-10 up to q = 100. All four are
    ∞ if E[f²] or E[f′²] exceeds 1e250; the slope alone is ∞ if its integral diverges, as for the cube root. The
    integrals are cut at `activation.kinks`. If f² jumps by J at a kink k, the growth contains the additional term
    Jkφ(k/√q)/(2q√q), and E[f′²] counts only the slopes beside the jump.
    """
    f, df, q = required(activation).f, activation.df, checks.number("q", q, above=0, most=1e200)
    kinks, std = activation.kinks, math.sqrt(q)
    second, slope = _mean_square(f, q, kinks), _mean_square(lambda u: df(u, f(u)), q, kinks)
    if math.inf in (second.value, slope.value):
        return Moments(*[Value(math.inf, math.inf)] * 4)
    if slope.error > max(0.01 * slope.value, MIN_SLOPE):         # every halving of the pieces adds more
        slope = Value(math.inf, math.inf)

    def growth(u: np.ndarray) -> np.ndarray:
        a = f(u)
        return a * df(u, a) * u / q

    rise, error = gaussian.expectation(growth, std=std, kinks=kinks)
    for k, below, above in jumps(activation):
        rise += (above**2 - below**2) * k * float(gaussian.density(np.array(k / std))) / (2 * q * std)
    return Moments(gaussian.expectation(f, std=std, kinks=kinks), second, slope, Value(rise, error))


class Gain(NamedTuple):
    """A gain: weights have the standard deviation gain/√fan_in. With it come V′(q) and χ(q)."""

    keeps: str              # what stays the same from layer to layer
    gain: float
    slope: float            # V′(q): above 1 the fixed point q is unstable
    chi: float              # χ(q): the factor on the gradient's variance


def gains(activation: Activation, q: float = 1.0) -> tuple[Gain, Gain, Gain]:
    """Three gains of an activation, for z of variance q and weights of standard deviation gain/√fan_in.

        second moment   √(q/E[f²])       keeps E[z²] (with σ_b = 0): He's condition
        deviation       √(q/Var[f])      keeps E[z²] if the mean of f is subtracted
        gradient        1/√E[f′²]        keeps the variance of ∂C/∂z

    For ReLU-like units the first and the third agree; for other units all three differ, and a gain that keeps E[z²]
    can make gradients grow. `slope` and `chi` of each `Gain` tell what it does. Raises ValueError for an f that is
    constant or jumps, or whose E[f²] or E[f′²] is infinite.
    """
    mean, second, slope, growth = (value.value for value in moments(continuous(activation), q))
    if second == math.inf:
        raise ValueError(f"expected an activation with a finite E[f²] at q = {q:g}, got {activation}: f or f′ is too "
                         "large there, and no gain keeps E[z²]")
    if slope == math.inf:
        raise ValueError(f"expected an activation with a finite E[f′²] at q = {q:g}, got {activation}, whose slope is "
                         "infinite somewhere: no gain keeps its gradients; replace the steep part by a finite slope")
    variance = second - mean**2
    if not (variance > 1e-15 * second and slope > MIN_SLOPE):
        raise ValueError(f"expected an activation that varies around 0, got {activation}, which is constant there: "
                         "no signal passes through it, whatever the gain")
    return tuple(Gain(keeps, math.sqrt(w), w * growth, w * slope)             # type: ignore[return-value]
                 for keeps, w in (("second moment", q / second), ("deviation", q / variance), ("gradient", 1 / slope)))


class DepthScales(NamedTuple):
    """Layers over which a deviation shrinks, or grows, by a factor of e; ∞ at the edge of chaos."""

    variance: float         # ξ_q = 1/|ln V′(q*)|
    correlation: float      # ξ_c = −1/ln C′(c*)
    gradient: float         # ξ_∇ = 1/|ln χ(q*)|


@dataclass(frozen=True)
class MeanField:
    """A wide network of one activation: weights of variance `weight_var`/fan_in, biases of variance `bias_var`.

    weight_var is σ_w² > 0 of the papers and bias_var their σ_b² ≥ 0, else ValueError. q ≥ 0 is the variance of z in a
    layer. For an f that jumps (at one of its `kinks`) the variances and correlations exist, but χ and C′ do not, and
    raise ValueError.
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

        ∞ if E[f²] exceeds 1e250.
        """
        second = _mean_square(self.activation.f, checks.number("q", q, least=0), self.activation.kinks)
        return self.weight_var * second.value + self.bias_var

    def slope(self, q: float) -> float:
        """V′(q) = σ_w² E[f f′ z]/√q. If it is below 1 at a fixed point, the variance converges to that point."""
        return self.weight_var * moments(self.activation, max(checks.number("q", q, least=0), Q_MIN)).growth.value

    def chi(self, q: float) -> float:
        """χ(q) = σ_w² E[f′(√q z)²]: the factor on the gradient's variance.

        It is also the slope of C at c = 1, χ₁ in Poole et al. 2016 and Schoenholz et al. 2017. Raises ValueError for
        an f that jumps.
        """
        q = max(checks.number("q", q, least=0), Q_MIN)
        return self.weight_var * moments(continuous(self.activation), q).slope.value

    def correlation(self, c: float, q: float) -> float:
        """C(c): the correlation of two inputs in the next layer, if it is c in this layer and both have variance q > 0.

        −1 ≤ c ≤ 1. Poole et al. 2016, "correlation map". Raises ValueError where V(q) is 0 or infinite.
        """
        after = self._next_variance(q)
        return (self.weight_var * self._pair_average(self.activation.f, c, q) + self.bias_var) / after

    def correlation_slope(self, c: float, q: float) -> float:
        """C′(c) = σ_w² E[f′(√q u) f′(√q v)] · q/V(q); at c = 1 and a fixed point it is χ."""
        f, df = continuous(self.activation).f, self.activation.df
        after = self._next_variance(q)
        return self.weight_var * self._pair_average(lambda u: df(u, f(u)), c, q) * q / after

    def _pair_average(self, g: gaussian.Function, c: float, q: float) -> float:
        """E[g(√q u) g(√q v)] for u, v of correlation c."""
        std = math.sqrt(q)
        return gaussian.correlation(g, g, checks.number("c", c, least=-1, most=1), std=(std, std),
                                    kinks=self.activation.kinks).value

    def _next_variance(self, q: float) -> float:
        """V(q), if neither q nor V(q) is 0 or infinite."""
        if not 0 < (after := self.variance(checks.number("q", q, above=0))) < math.inf:
            raise ValueError(f"expected a variance q that {self.activation} passes on, got {q:g}, for which the next "
                             f"layer has {after:g}: no correlation is defined there")
        return after

    def variances(self, q: float, layers: int) -> np.ndarray:
        """The variances of z in layers 1 … `layers`, (layers,); layer 1 has the given q = σ_w² mean(x²) + σ_b²."""
        found = [checks.number("q", q, least=0)]
        for _ in range(checks.count("layers", layers) - 1):
            found.append(self.variance(found[-1]) if found[-1] < math.inf else math.inf)
        return np.array(found)

    def correlations(self, c: float, q: float, layers: int) -> np.ndarray:
        """The correlations of two inputs in layers 1 … `layers`, (layers,), which have c and q in layer 1.

        A variance beyond 1e±12 is replaced by 1e±12; C no longer changes there.
        """
        found = [checks.number("c", c, least=-1, most=1)]
        for variance in np.clip(self.variances(q, layers)[:-1], Q_MIN, Q_MAX).tolist():
            found.append(min(max(self.correlation(found[-1], variance), -1.0), 1.0))
        return np.array(found)

    @property
    def _variance_table(self) -> list[tuple[float, float]]:
        """(q, V(q)) for increasing q from 1e-12 to 1e12."""
        try:
            found = _second_moments(self.activation)
        except TypeError:                                       # an f without a hash
            found = _second_moments.__wrapped__(self.activation)
        return [(q, self.weight_var * second + self.bias_var) for q, second in found]

    def fixed_points(self) -> tuple[float, ...]:
        """Every q with V(q) = q between 1e-12 and 1e12, in increasing order, also where V only touches the diagonal.

        0 is not listed. If every q is a fixed point (ReLU under He), the tuple is empty.
        """
        grid = [q for q, _ in self._variance_table]
        ratio = [_log_ratio(after, q) for q, after in self._variance_table]
        found = []
        for i, (here, after) in enumerate(pairwise(ratio)):
            before = ratio[max(i - 1, 0)]
            if min(abs(here), abs(after)) > _TOLERANCE and here * after < 0:
                q = bisection(self._ratio, grid[i], grid[i + 1])
                if abs(self._ratio(q)) < 1e-6:                  # false where V jumps to ∞ because f overflows
                    found.append(q)
            elif abs(here) <= _TOLERANCE < min(abs(before), abs(after)) and before * after < 0:
                found.append(grid[i])
            elif min(here * before, here * after) > 0 and _TOLERANCE < abs(here) < min(1e-2, abs(before), abs(after)):
                q = _minimum(lambda q: abs(self._ratio(q)), grid[i - 1], grid[i + 1])
                if abs(self._ratio(q)) < _TOLERANCE:
                    found.append(q)
        return tuple(found)

    def _ratio(self, q: float) -> float:
        return _log_ratio(self.variance(q), q)

    def limit(self, q: float = 1.0) -> float:
        """q*: the limit of the variance over many layers, from q ≥ 0 on. It is a fixed point, 0 or inf.

        The variance moves towards the next fixed point in its direction, and converges to it unless a layer overshoots,
        which is possible where V decreases; in that case the layers are computed one by one. This loop ends:
        d ln V/d ln q ≥ −½, because E[f²(z²−1)] ≥ −E[f²], so ln q overshoots a fixed point by at most half its distance
        from it.
        """
        q = checks.number("q", q, least=0)
        points, table = self.fixed_points(), self._variance_table
        for _ in range(1000):                            # far more than needed
            after = self.variance(q)
            if abs(_log_ratio(after, q)) <= _TOLERANCE:
                return next((p for p in points if math.isclose(p, q, rel_tol=1e-6)), q)
            if after > q:
                ahead = min((p for p in points if p > q), default=math.inf)
                converges = max([after, *(v for p, v in table if q < p < ahead)]) <= ahead * (1 + _TOLERANCE)
            else:
                ahead = max((p for p in points if p < q), default=0.0)
                converges = min([after, *(v for p, v in table if ahead < p < q)]) >= ahead * (1 - _TOLERANCE)
            if converges:
                return ahead
            q = after
        return q

    def correlation_limit(self, q: float) -> float:
        """c*: the limit of the correlation of two different inputs over many layers, at the fixed point q.

        It is 1 if χ(q) ≤ 1: all inputs become equal. Otherwise it is the fixed point of C below 1: similar inputs
        become different, which is chaos. C is a power series in c without negative coefficients, hence convex, and
        Newton's method from 0 increases to that point. A limit within 1e-6 of 1 is returned as 1, because the
        integrals are not precise enough to tell them apart.
        """
        if self.chi(q) <= 1 + _TOLERANCE or self.correlation_slope(1.0, q) <= 1 + _TOLERANCE:
            return 1.0
        c = 0.0
        while (slope := self.correlation_slope(c, q)) < 1:
            step = (self.correlation(c, q) - c) / (1 - slope)
            if step <= 1e-12:
                break
            c = min(c + step, 1.0)                  # 1 − slope magnifies the integrals' errors near 1
        return c if 1 - c > 1e-6 else 1.0

    def depth_scales(self, q: float | None = None) -> DepthScales:
        """ξ_q, ξ_c and ξ_∇, in layers, at the fixed point to which the variance converges from `q` (default 1).

        Signals and gradients survive a few times that depth, and networks of about that depth can be trained:
        Schoenholz et al. 2017. Raises ValueError where the variance does not converge, and for an f that jumps.
        """
        start = 1.0 if q is None else max(checks.number("q", q, least=0), Q_MIN)
        q = max(self.limit(start), Q_MIN)
        if q > Q_MAX:
            raise ValueError(f"expected a variance that converges, got one that goes to {q:g} with weight_var="
                             f"{self.weight_var:g}, bias_var={self.bias_var:g}: it has no depth scales; take a smaller "
                             "weight_var")
        c = self.correlation_limit(q)
        chi = self.chi(q)
        return DepthScales(_scale(self.slope(q)), _scale(self.correlation_slope(c, q) if c < 1 else chi), _scale(chi))


def _log_ratio(after: float, q: float) -> float:
    """ln(after/q), also where one of them is 0 or infinite."""
    return math.log(after) - math.log(q) if after > 0 < q else math.copysign(math.inf, after - q)


def _scale(factor: float) -> float:
    """The number of layers l after which |factor|^l is e or 1/e."""
    rate = abs(_log_ratio(abs(factor), 1.0))
    return 1 / rate if rate > _TOLERANCE else math.inf


def bisection(g: Callable[[float], float], low: float, high: float) -> float:
    """A zero of g between low and high, where g has different signs."""
    negative = g(low) < 0
    while (middle := (low + high) / 2) not in (low, high) and high - low > 1e-14 * high:
        low, high = (middle, high) if (g(middle) < 0) == negative else (low, middle)
    return (low + high) / 2


def _minimum(g: Callable[[float], float], low: float, high: float) -> float:
    """The argument between low and high at which g is smallest, by golden-section search."""
    golden = (math.sqrt(5) - 1) / 2
    while high - low > 1e-9 * high:
        left, right = high - golden * (high - low), low + golden * (high - low)
        low, high = (low, right) if g(left) < g(right) else (left, high)
    return (low + high) / 2
