"""What theory says before a network is built: gains, the edge of chaos, an initializer for any activation, and why.

    r = theory.for_activation(activations.gelu)
    net = mlp([64, 128, 10], activation=activations.gelu, init=r.weights, bias_init=r.bias, rng=0)
    init, bias_init = theory.critical(activations.gelu)
    theory.predict_statistics(net, x)                  # what a given network should show, layer by layer

Here stand the decisions; what they rest on is in `mean_field` (maps, fixed points, depth scales), `predictions` (a
given network of finite width), `selu_map` (self-normalization) and `spectra` (singular values), whose names are here
as well.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

import numpy as np

from minnet.activations import Activation
from minnet.initializers import Initializer, glorot_uniform, he_normal, lecun_normal, normal, variance_scaling, zeros
from minnet.reporting import described
from minnet.theory import gaussian
from minnet.theory.mean_field import (
    BLIND,
    LEAST,
    MOST,
    MeanField,
    continuous,
    gains,
    moments,
    root,
)

_ROUNDING = 1e-9


# The edge of chaos -------------------------------------------------------------------------------------------

def critical_line(activation: Activation, q: float) -> MeanField:
    """The point of the edge of chaos whose fixed point is q > 0: σ_w² = 1/E[f′²], σ_b² = q − σ_w² E[f²].

    Then χ(q) = 1 and V(q) = q; the fixed point may be unstable (slope V′(q) > 1). Raises ValueError where σ_b² would
    have to be negative, where f has no slope (E[f′²] < 1e-25), and for an f that jumps.
    """
    weight_var, bias_var, _ = _edge(continuous(activation), q)
    if weight_var == math.inf:
        raise ValueError(f"expected a q at which {activation} can be critical, got {q:g}, where no weights keep its "
                         "gradients; critical_point(activation) looks for one")
    if bias_var < -_ROUNDING * q:
        raise ValueError(f"expected a q at which {activation} can be critical, got {q:g}, where the biases' variance "
                         f"would have to be {bias_var:.3g}; critical_point(activation) looks for one")
    return MeanField(activation, weight_var, max(bias_var, 0.0))


def _edge(activation: Activation, q: float) -> tuple[float, float, float]:
    """σ_w², σ_b² and the slope V′ of the point with V(q) = q and χ(q) = 1."""
    _, second, slope, growth = (value.value for value in moments(activation, q))
    if not BLIND < slope < math.inf:                       # no gradient passes, or all explode, whatever the weights
        return math.inf, -math.inf, math.inf
    return 1 / slope, q - second / slope, growth / slope


def critical_point(activation: Activation) -> tuple[MeanField, float]:
    """The point on the edge of chaos with the smallest variance that is stable, V′(q*) ≤ 1, and its q*.

    For f(0) = 0 (tanh, SELU) that is q* → 0, without biases, and 0.0 is returned; for a scale-free f (ReLU) every q is
    fixed, and 1.0 is returned. GELU and swish need biases: their q* is where V only touches the diagonal:
    signals come to it from above and leave it, very slowly, below. The sigmoid's lies at large weights. Raises
    ValueError where there is none (softplus), and for an f that jumps.
    """
    continuous(activation)

    def margin(q: float) -> float:
        _, bias_var, slope = _edge(activation, q)
        return min(1 - slope, bias_var / q)

    grid = np.geomspace(1e-6, 1e4, 201).tolist()
    fits = np.array([margin(q) >= -_ROUNDING for q in grid])
    if not fits.any():
        raise ValueError(f"expected an activation with an edge of chaos, got {activation}: at no variance of z are "
                         "signals and gradients both stable; for_activation(activation) says what comes nearest")
    first = int(fits.argmax())
    below = grid[first - 1] if first > 0 else LEAST
    if margin(below) == -math.inf:
        raise ValueError(f"expected an activation with a smallest critical variance, got {activation}: the fewer of "
                         "its units have a slope, the larger weights are critical, without end; choose a variance, as "
                         "in critical(activation, q=1.0)")
    if margin(below) < -_ROUNDING:
        q = root(margin, below, grid[first])
        return critical_line(activation, q), q
    if all(abs(_edge(activation, q)[1]) <= _ROUNDING * q for q in grid[::10]):
        return critical_line(activation, 1.0), 1.0
    return MeanField(activation, _edge(activation, LEAST)[0]), 0.0


def critical(activation: Activation, *, q: float | None = None,
             distribution: str = "normal") -> tuple[Initializer, Initializer]:
    """Initializers for weights and biases on the edge of chaos, where gradients keep their variance: (init, bias_init).

        init, bias_init = critical(activations.gelu)
        Dense(64, 64, activations.gelu, init, bias_init)

    W of variance σ_w²/fan_in (`distribution` as in variance_scaling), b ~ N(0, σ_b²) or zeros: those of
    `critical_point`, or of the fixed point `q` (`critical_line`). Scale the inputs so that layer 1 has
    σ_w² mean(x²) + σ_b² near q*. Raises ValueError where there is no such point. Schoenholz, Gilmer, Ganguli &
    Sohl-Dickstein 2017.
    """
    field = critical_point(activation)[0] if q is None else critical_line(activation, q)
    return _initializers(field, distribution)


def _initializers(field: MeanField, distribution: str = "normal") -> tuple[Initializer, Initializer]:
    weights = partial(variance_scaling, scale=field.weight_var, mode="fan_in", distribution=distribution)
    return weights, partial(normal, std=math.sqrt(field.bias_var)) if field.bias_var > 0 else zeros


# Which initializer? ------------------------------------------------------------------------------------------

@dataclass(frozen=True)
class Recommendation:
    """Initializers for the weights and the biases of a layer, and why these; prints as one sentence.

        r = theory.for_activation(activations.gelu)
        net = mlp([64, 128, 10], activation=activations.gelu, init=r.weights, bias_init=r.bias, rng=0)
    """

    weights: Initializer
    bias: Initializer
    why: str

    def __str__(self) -> str:
        biases = "" if self.bias is zeros else f", biases {described(self.bias)}"
        return f"{described(self.weights)}{biases}: {self.why}"

    def __repr__(self) -> str:
        return f"{self} [hand it, as r, to mlp(..., init=r.weights, bias_init=r.bias)]"


def for_activation(activation: Activation) -> Recommendation:
    """An initializer for layers of this activation, and why; for an activation of your own too.

    One whose variance map is unstable is refused, even where its gain is right at q = 1 (GELU, swish). In this order:

    - f odd, with f′(0) > 0, and V(q) ≤ q (looked at from 1e-12 to 1e12): small signals pass as through a linear unit,
      and none grows; Glorot's with gain 1/f′(0);
    - f scale-free, f(tz) = t f(z) for t > 0: He's condition holds at every scale;
    - the gain that keeps E[z²] = 1, where that is stable and costs the gradient's variance at most 10% a layer;
    - the edge of chaos, with biases;
    - where there is none, the stable gain that costs gradients least, and how much that is.

    Raises ValueError for an activation that lets no signal through, that jumps, or under whose every gain the variance
    runs away or fades.
    """
    f, z = continuous(activation).f, np.geomspace(1e-4, 1e2, 61)
    _checked_slope(activation)
    forward, deviation, backward = gains(activation)
    at_zero = float(activation.df(np.zeros(1), f(np.zeros(1)))[0])
    odd = np.allclose(f(-z), -f(z), rtol=1e-9)
    if odd and at_zero > 0 and _never_grows(MeanField(activation, at_zero**-2)):
        scaled = {} if math.isclose(at_zero, 1) else {"gain": 1 / at_zero}
        return Recommendation(_with(glorot_uniform, scaled), zeros,
                              f"odd, with f′(0) = {at_zero:.4g}: small signals and their gradients pass as through a "
                              "linear unit, and no signal grows (Glorot & Bengio 2010)")
    if np.allclose(f(2 * z), 2 * f(z), rtol=1e-9) and np.allclose(f(-2 * z), 2 * f(-z), rtol=1e-9):
        below, above = (float(f(np.array([side]))[0]) for side in (-1.0, 1.0))
        he = _with(he_normal, {"negative_slope": -below} if below else {})
        return Recommendation(he if math.isclose(above, 1) else partial(variance_scaling, scale=forward.gain**2), zeros,
                              f"scale-free: fan_in · Var[W] = {forward.gain**2:.4g} keeps E[z²] and the gradients' "
                              "variance, whatever the size of the signal (He, Zhang, Ren & Sun 2015)")
    if forward.slope <= 1 and abs(math.log(forward.chi)) <= 0.1:
        one = math.isclose(forward.gain, 1, rel_tol=1e-6)
        return Recommendation(lecun_normal if one else partial(variance_scaling, scale=forward.gain**2), zeros,
                              f"E[z²] = 1 stays, and stably so (slope {forward.slope:.3f}); the gradient's variance "
                              f"changes by a factor of {forward.chi:.3f} a layer")
    refused = f"the gain {forward.gain:.3f}, which keeps E[z²] = 1, " + (
        f"is unstable: deviations grow by {forward.slope:.3f} a layer" if forward.slope > 1 else
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
                             "z runs away or fades under every one, and there is no smallest point on an edge of chaos "
                             "either") from None
        field, q, slope, chi = min(stable, key=lambda found: abs(math.log(found[-1])))
        return Recommendation(partial(variance_scaling, scale=field.weight_var), zeros,
                              f"there is no edge of chaos; here signals settle (E[z²] = {q:.4g}, slope {slope:.3f}), "
                              f"but the gradient's variance changes by a factor of {chi:.3f} a layer: for few layers "
                              "only")
    return Recommendation(*_initializers(field),
                          f"{refused}; on the edge of chaos, at E[z²] = {q:.4g}, gradients keep their variance and "
                          f"signals their size (slope {field.slope(max(q, LEAST)):.3f}); "
                          f"{_saturated(activation, max(q, LEAST)):.0%} of the units are saturated there")


def _never_grows(field: MeanField) -> bool:
    return all(field.variance(q) <= (1 + _ROUNDING) * q for q in np.geomspace(LEAST, MOST, 73))


def _saturated(activation: Activation, q: float) -> float:
    """The share of units whose slope is below a twentieth of the steepest, if f has a finite end."""
    if not any(map(math.isfinite, activation.range)):
        return 0.0
    z = np.linspace(-10, 10, 2001)
    steepest = float(np.abs(activation.df(z, activation.f(z))).max())
    return gaussian.expectation(lambda z: np.abs(activation.df(z, activation.f(z))) < steepest / 20, std=math.sqrt(q),
                                kinks=activation.kinks).value


def _checked_slope(activation: Activation) -> None:
    """Compare df with differences of f at a few points, none of them a round number where a kink might be."""
    z, h = np.array([-3.217, -0.7313, -0.1171, 0.1931, 0.8117, 2.9131]), 1e-5
    kept = {"f": activation.f(z).dtype, "df": activation.df(z, activation.f(z)).dtype}
    if lost := [f"{name} returns {dtype}" for name, dtype in kept.items() if dtype != z.dtype]:
        raise ValueError(f"expected {activation} to keep z's dtype float64, got that {' and '.join(lost)}: theory "
                         "needs all its digits; leave astype(np.float32) out")
    slope, differences = activation.df(z, activation.f(z)), (activation.f(z + h) - activation.f(z - h)) / (2 * h)
    wrong = np.flatnonzero(np.abs(slope - differences) > 1e-5 * (1 + np.abs(differences)))
    if len(wrong):
        i = wrong[0]
        raise ValueError(f"expected df of {activation} to be the derivative of f, got {slope[i]:.4g} at z = {z[i]:g}, "
                         f"where f rises by {differences[i]:.4g} (if df is right, f may compute in float32: keep z's "
                         "dtype)")


def _with(init: Initializer, options: dict[str, float]) -> Initializer:
    return partial(init, **options) if options else init
