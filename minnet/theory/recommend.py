"""Which initializer for which activation: points on the edge of chaos, and a recommendation with its reason.

    r = theory.for_activation(activations.gelu)
    net = mlp([64, 128, 10], activation=activations.gelu, init=r.weights, bias_init=r.bias, rng=0)
    init, bias_init = theory.critical(activations.gelu)

This module makes the decisions. The maps, fixed points and depth scales that they use are in `mean_field`, the spread
of singular values is in `spectra`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from minnet import checks
from minnet.activations import Activation
from minnet.initializers import (
    Initializer,
    glorot_uniform,
    he_normal,
    lecun_normal,
    normal,
    orthogonal,
    variance_scaling,
    zeros,
)
from minnet.reporting import described, printable
from minnet.theory import gaussian
from minnet.theory.mean_field import (
    MIN_SLOPE,
    Q_MAX,
    Q_MIN,
    MeanField,
    bisection,
    continuous,
    gains,
    moments,
)
from minnet.theory.spectra import jacobian_spread

DEEP = 10                           # layers from which on orthogonal weights are recommended
_TOLERANCE = 1e-9                   # relative error up to which two numbers count as equal here


# The edge of chaos -------------------------------------------------------------------------------------------

def critical_line(activation: Activation, q: float) -> MeanField:
    """The point on the edge of chaos whose fixed point is q > 0: σ_w² = 1/E[f′²], σ_b² = q − σ_w² E[f²].

    There χ(q) = 1 and V(q) = q; the fixed point may be unstable (slope V′(q) > 1). Raises ValueError where σ_b² would
    have to be negative, where f has no slope (E[f′²] < 1e-25) or an infinite one, and for an f that jumps.
    """
    weight_var, bias_var, _ = _critical_variances(continuous(activation), q)
    if weight_var == math.inf:
        raise ValueError(f"expected a q at which {activation} can be critical, got {q:g}, where no weights keep its "
                         "gradients; critical_point(activation) finds a possible q")
    if bias_var < -_TOLERANCE * q:
        raise ValueError(f"expected a q at which {activation} can be critical, got {q:g}, where the biases' variance "
                         f"would have to be {bias_var:.3g}; critical_point(activation) finds a possible q")
    return MeanField(activation, weight_var, max(bias_var, 0.0))


def _critical_variances(activation: Activation, q: float) -> tuple[float, float, float]:
    """σ_w², σ_b² and the slope V′ of the point with V(q) = q and χ(q) = 1."""
    _, second, slope, growth = (value.value for value in moments(activation, q))
    if not MIN_SLOPE < slope < math.inf:               # gradients vanish or explode, whatever the weights
        return math.inf, -math.inf, math.inf
    return 1 / slope, q - second / slope, growth / slope


def critical_point(activation: Activation) -> tuple[MeanField, float]:
    """The point on the edge of chaos with the smallest stable variance, V′(q*) ≤ 1, and that variance q*.

    For f(0) = 0 (tanh, SELU) it is q* → 0 without biases, and 0.0 is returned. For a scale-free f (ReLU) every q is a
    fixed point, and 1.0 is returned. GELU and swish need biases; at their q* the map V only touches the diagonal:
    variances above q* converge to it, and variances below leave it very slowly. For the sigmoid the weights are large.
    Raises ValueError where there is no such point (softplus), and for an f that jumps.
    """
    continuous(activation)

    def margin(q: float) -> float:
        """≥ 0 where q is a stable fixed point on the edge of chaos with σ_b² ≥ 0."""
        _, bias_var, slope = _critical_variances(activation, q)
        return min(1 - slope, bias_var / q)

    grid = np.geomspace(1e-6, 1e4, 201).tolist()
    possible = np.array([margin(q) >= -_TOLERANCE for q in grid])
    if not possible.any():
        raise ValueError(f"expected an activation with an edge of chaos, got {activation}: at no variance of z are "
                         "signals and gradients both stable; for_activation(activation) gives the nearest choice")
    first = int(possible.argmax())
    below = grid[first - 1] if first > 0 else Q_MIN
    if margin(below) == -math.inf:
        raise ValueError(f"expected an activation with a smallest critical variance, got {activation}: the smaller the "
                         "variance of z, the fewer units have a slope, and the critical weights grow without limit; "
                         "choose a variance, as in critical(activation, q=1.0)")
    if margin(below) < -_TOLERANCE:
        q = bisection(margin, below, grid[first])
        return critical_line(activation, q), q
    if all(abs(_critical_variances(activation, q)[1]) <= _TOLERANCE * q for q in grid[::10]):
        return critical_line(activation, 1.0), 1.0
    return MeanField(activation, _critical_variances(activation, Q_MIN)[0]), 0.0


def critical(activation: Activation, *, q: float | None = None,
             distribution: str = "normal") -> tuple[Initializer, Initializer]:
    """Initializers for weights and biases on the edge of chaos, where gradients keep their variance: (init, bias_init).

        init, bias_init = critical(activations.gelu)
        Dense(64, 64, activations.gelu, init, bias_init)

    W has the variance σ_w²/fan_in (`distribution` as in variance_scaling), b is N(0, σ_b²) or zeros. σ_w² and σ_b²
    are those of `critical_point`, or, if `q` is given, of `critical_line` at q. Scale the inputs so that
    σ_w² mean(x²) + σ_b² is near q*. Raises ValueError where there is no such point. Schoenholz, Gilmer, Ganguli &
    Sohl-Dickstein 2017.
    """
    checks.one_of("distribution", distribution, "normal", "truncated_normal", "uniform")
    field = critical_point(activation)[0] if q is None else critical_line(activation, q)
    return _initializers(field, distribution)


def _initializers(field: MeanField, distribution: str = "normal") -> tuple[Initializer, Initializer]:
    weights = partial(variance_scaling, scale=field.weight_var, mode="fan_in", distribution=distribution)
    return weights, partial(normal, std=math.sqrt(field.bias_var)) if field.bias_var > 0 else zeros


# Which initializer? ------------------------------------------------------------------------------------------

@dataclass(frozen=True)
class Recommendation:
    """Initializers for the weights and the biases of a layer, and the reason; prints as one sentence.

        r = theory.for_activation(activations.gelu)
        net = mlp([64, 128, 10], activation=activations.gelu, init=r.weights, bias_init=r.bias, rng=0)

    `orthogonal`: orthogonal weights of the same size, which are better from about ten layers on; None where they do
    not help. If `for_activation` knows that there are as many layers, they are the `weights`.
    """

    weights: Initializer
    bias: Initializer
    why: str
    orthogonal: Initializer | None = None

    def __str__(self) -> str:
        biases = "" if self.bias is zeros else f", biases {described(self.bias)}"
        deep = "" if self.orthogonal in (None, self.weights) else (
            f"; from about ten layers on {described(self.orthogonal)} is better, because gradients then change their "
            "size by a similar factor in every direction (Saxe, McClelland & Ganguli 2014)")
        return printable(f"{described(self.weights)}{biases}: {self.why}{deep}")

    def __repr__(self) -> str:
        deep = "" if self.orthogonal in (None, self.weights) else " or r.orthogonal"
        return f"{self} [use it, as r, in mlp(..., init=r.weights{deep}, bias_init=r.bias)]"


def for_activation(activation: Activation, *, depth: int | None = None) -> Recommendation:
    """Recommend an initializer for layers of this activation, with the reason; also for an activation of your own.

    depth: the number of layers with weights, if known: `for_activation(tanh, depth=30).weights` is orthogonal. The
    rules, in this order:

    1. f odd, f′(0) > 0 and V(q) ≤ q from 1e-12 to 1e12: small signals pass as through a linear unit, and none grows.
       Glorot's initializer with gain 1/f′(0).
    2. f scale-free, f(tz) = t f(z) for t > 0: He's condition holds for signals of every size.
    3. The gain that keeps E[z²] = 1, if that fixed point is stable and χ changes the gradient's variance by at most
       10% a layer. An unstable one is rejected even though it is right at q = 1 (GELU, swish).
    4. The edge of chaos, with biases.
    5. If there is none, the stable gain under which gradients change least, and by how much they change.

    Under rules 1 to 4, `orthogonal` offers orthogonal weights of the same size if E[f′⁴]/E[f′²]² ≤ 1.5. In that case
    they remove at least two thirds of what a layer adds to the spread of the Jacobian's singular values
    (`jacobian_spread`; for ReLU it would be half): Pennington, Schoenholz & Ganguli 2017. With depth ≥ 10 they are the
    `weights`. Measured with tanh on the digits (width 64, five epochs, best of four rates, mean of three seeds), test
    accuracy with Glorot's and with orthogonal weights: 2 layers .916 and .918, 5 layers .922 and .922, 10 layers .898
    and .918, 20 layers .880 and .915, 30 layers .833 and .901.

    Raises ValueError for an activation that is constant, that jumps or has an infinite slope, or for which the variance
    explodes or vanishes under every gain.
    """
    found = _for_any_depth(activation)
    if depth is None or checks.count("depth", depth) < DEEP or found.orthogonal is None:
        return found
    return replace(found, weights=found.orthogonal, why=(
        f"{found.why}; in {depth} layers orthogonal weights of that size keep the sizes of gradients together in every "
        "direction (Saxe, McClelland & Ganguli 2014)"))


def _for_any_depth(activation: Activation) -> Recommendation:
    f, z = continuous(activation).f, np.geomspace(1e-4, 1e2, 61)
    _check_derivative(activation)
    forward, deviation, backward = gains(activation)
    with np.errstate(all="ignore"):
        at_zero = float(activation.df(np.zeros(1), f(np.zeros(1)))[0])
    odd = np.allclose(f(-z), -f(z), rtol=1e-9)
    if odd and 0 < at_zero < math.inf and _never_grows(MeanField(activation, at_zero**-2)):
        options = {} if math.isclose(at_zero, 1) else {"gain": 1 / at_zero}
        return Recommendation(_with_options(glorot_uniform, options), zeros,
                              f"f is odd, with f′(0) = {at_zero:.4g}: small signals and their gradients pass as "
                              "through a linear unit, and no signal grows (Glorot & Bengio 2010)",
                              _orthogonal(activation, 1 / at_zero, Q_MIN))
    if np.allclose(f(2 * z), 2 * f(z), rtol=1e-9) and np.allclose(f(-2 * z), 2 * f(-z), rtol=1e-9):
        below, above = (float(f(np.array([side]))[0]) for side in (-1.0, 1.0))
        he = _with_options(he_normal, {"negative_slope": -below} if below else {})
        return Recommendation(he if math.isclose(above, 1) else partial(variance_scaling, scale=forward.gain**2), zeros,
                              f"f is scale-free: fan_in · Var[W] = {forward.gain**2:.4g} keeps E[z²] and the "
                              "gradients' variance for signals of every size (He, Zhang, Ren & Sun 2015)",
                              _orthogonal(activation, forward.gain, 1.0))
    if forward.slope <= 1 and abs(math.log(forward.chi)) <= 0.1:
        one = math.isclose(forward.gain, 1, rel_tol=1e-6)
        return Recommendation(lecun_normal if one else partial(variance_scaling, scale=forward.gain**2), zeros,
                              f"it keeps E[z²] = 1, a stable fixed point (slope {forward.slope:.3f}); the gradient's "
                              f"variance changes by a factor of {forward.chi:.3f} a layer",
                              _orthogonal(activation, forward.gain, 1.0))
    rejected = f"the gain {forward.gain:.3f}, which keeps E[z²] = 1, " + (
        f"is unstable: deviations grow by a factor of {forward.slope:.3f} a layer" if forward.slope > 1 else
        f"changes the gradient's variance by a factor of {forward.chi:.3f} a layer")
    try:
        field, q = critical_point(activation)
    except ValueError:
        stable = []
        for field in (MeanField(activation, gain.gain**2) for gain in (forward, deviation, backward)):
            q = field.limit()
            if 0 < q < math.inf and (slope := field.slope(q)) <= 1:
                stable.append((field, q, slope, field.chi(q)))
        if not stable:
            raise ValueError(f"expected an activation for which some gain is stable, got {activation}: the variance of "
                             "z explodes or vanishes under each of them, and the edge of chaos has no smallest point; "
                             "use another activation") from None
        field, q, slope, chi = min(stable, key=lambda found: abs(math.log(found[-1])))
        return Recommendation(partial(variance_scaling, scale=field.weight_var), zeros,
                              f"there is no edge of chaos; with this gain signals converge (E[z²] = {q:.4g}, slope "
                              f"{slope:.3f}), but the gradient's variance changes by a factor of {chi:.3f} a layer: "
                              "for few layers only")
    at = max(q, Q_MIN)
    return Recommendation(*_initializers(field),
                          f"{rejected}; on the edge of chaos, at E[z²] = {q:.4g}, gradients keep their variance and "
                          f"signals their size (slope {field.slope(at):.3f}); {_saturated(activation, at):.0%} of the "
                          "units are saturated there", _orthogonal(activation, math.sqrt(field.weight_var), at))


def _orthogonal(activation: Activation, gain: float, q: float) -> Initializer | None:
    """Orthogonal weights, if a layer of them adds at most 1/2 to `jacobian_spread`; independent weights add 1 more."""
    spread = jacobian_spread(activation, 1, q=q, orthogonal=True)
    return partial(orthogonal, gain=gain) if spread <= 0.5 else None


def _never_grows(field: MeanField) -> bool:
    return all(field.variance(q) <= (1 + _TOLERANCE) * q for q in np.geomspace(Q_MIN, Q_MAX, 73))


def _saturated(activation: Activation, q: float) -> float:
    """The share of units whose slope is below 1/20 of the steepest; 0 if f has no finite end."""
    if not any(map(math.isfinite, activation.range)):
        return 0.0
    z = np.linspace(-10, 10, 2001)
    steepest = float(np.abs(activation.df(z, activation.f(z))).max())
    return gaussian.expectation(lambda z: np.abs(activation.df(z, activation.f(z))) < steepest / 20, std=math.sqrt(q),
                                kinks=activation.kinks).value


def _check_derivative(activation: Activation) -> None:
    """Compare df with differences of f, at six points that are no round numbers, because kinks often are."""
    z, h = np.array([-3.217, -0.7313, -0.1171, 0.1931, 0.8117, 2.9131]), 1e-5
    dtypes = {"f": activation.f(z).dtype, "df": activation.df(z, activation.f(z)).dtype}
    if wrong_dtypes := [f"{name} returns {dtype}" for name, dtype in dtypes.items() if dtype != z.dtype]:
        raise ValueError(f"expected {activation} to keep z's dtype float64, got that {' and '.join(wrong_dtypes)}: the "
                         "theory needs all digits; remove astype(np.float32)")
    slope, differences = activation.df(z, activation.f(z)), (activation.f(z + h) - activation.f(z - h)) / (2 * h)
    wrong = np.flatnonzero(np.abs(slope - differences) > 1e-5 * (1 + np.abs(differences)))
    if len(wrong):
        i = wrong[0]
        raise ValueError(f"expected df of {activation} to be the derivative of f, got {slope[i]:.4g} at z = {z[i]:g}, "
                         f"where differences of f give {differences[i]:.4g} (if df is right, f may compute in float32: "
                         "keep z's dtype)")


def _with_options(init: Initializer, options: dict[str, float]) -> Initializer:
    return partial(init, **options) if options else init
