"""What theory expects of a given network: the size of signals and gradients in every layer, and their chance spread.

`print(predict(net, x))` reads the weights' mean squares and the biases' mean and variance, layer by layer, and follows
E[z²] forward and E[δ²] backward. In a network of finite width the result is itself random: with z Gaussian given the
layer below, the layer's mean square is an average over n units, and so

    ln(measured/predicted) ≈ Normal(shift, spread²),        both of order depth/width,

computed here by carrying mean and variance of ln v̂, v̂ the variance of z, through the variance map to first order in
1/n: good as long as the spread is well below 1. For ReLU under He spread² = 5/n a layer and the shift is half of it,
downwards: Hanin & Nica 2020, *Products of many large random matrices and gradients in deep neural networks*; the other
activations follow from the same step.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from minnet import activations, checks
from minnet.activations import Activation
from minnet.layers import Activation as ActivationLayer
from minnet.layers import Dense
from minnet.network import Network
from minnet.reporting import aligned, as_html
from minnet.theory import gaussian


class Profile(NamedTuple):
    """A mean square in layers 1 … L, (L,) each; of ln(measured/square), shift is the mean, spread the deviation."""

    square: np.ndarray
    shift: np.ndarray
    spread: np.ndarray

    @property
    def typical(self) -> np.ndarray:
        """square · e^shift (L,): the median over networks, where `square` is the mean of the wide limit."""
        return np.asarray(self.square * np.exp(self.shift))

    @property
    def band(self) -> np.ndarray:
        """typical · e^∓spread (2, L): two networks of three lie between."""
        return np.asarray(self.typical * np.exp(np.array([[-1.0], [1.0]]) * self.spread))


LEGEND = "mean squares over the units: median over networks, and where two of three lie; δ relative to the last layer"


@dataclass(frozen=True, repr=False)
class Prediction:
    """Mean squares over the units of a layer: z and a for one example, delta relative to the last layer's. It shows
    itself as a table of `typical` and `band`."""

    z: Profile
    a: Profile
    delta: Profile

    def cells(self) -> list[list[str]]:
        """The table as text: the headings, then every layer."""
        head = ["layer", *(cell for name in ("E[z²]", "E[a²]", "E[δ²]/E[δ_L²]") for cell in (name, "two of three in"))]
        columns = [(p.typical, *p.band) for p in (self.z, self.a, self.delta)]
        return [head, *([str(k + 1), *(cell for typical, low, high in columns for cell in
                                       (f"{typical[k]:.3g}", f"{low[k]:.3g} … {high[k]:.3g}"))]
                        for k in range(len(self.z.square)))]

    def __str__(self) -> str:
        return f"{aligned(self.cells())}\n{LEGEND}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return f"{as_html(self.cells())}<p>{LEGEND}</p>"


@np.errstate(all="ignore")                  # what overflows is told below, as a signal that no float can hold
def predict(net: Network, x: np.ndarray) -> Prediction:
    """E[z²], E[a²] and E[δ²]/E[δ_L²] in every layer of `net` at inputs x (n, features), before they are computed.

        z ~ N(μ, v) over the units of a layer,   μ = mean(b),   σ_w² = fan_in · mean(W²),   u ~ N(0, 1)
        v₁ = σ_w² mean(x²) + Var(b),   v_{l+1} = σ_w² E[f(μ_l + √v_l u)²] + Var(b_{l+1}),   E[z_l²] = v_l + μ_l²
        E[δ_l²] = E[f′(μ_l + √v_l u)²] · fan_out · mean(W_{l+1}²) · E[δ_{l+1}²]

    Draw it as plots.depth_profile(measured, predicted=p.z.typical, spread=p.z.band, ylabel="E[z²]").

    For any initializer of independent, centred weights (others raise ValueError); orthogonal ones have the same squares
    and a smaller spread. Biases count by their mean and variance, as if they were Gaussian; x by its mean square, as if
    all rows had the same. The spread is that of one example over networks whose W have the mean squares found here:
    with one input, mean(W²) says all about E[z²], and the spread of layer 1 is 0. For networks of Dense layers, each
    with its activation (an Activation layer may follow); others raise TypeError.
    """
    rows = _rows(net)
    signal = float(np.mean(np.square(checks.batch("x", x, net.fan_in, np.dtype(np.float64)))))
    weight: list[float] = []
    for i, (dense, _) in enumerate(rows):
        mean, second = float(dense.W.mean(dtype=np.float64)), float(np.mean(np.square(dense.W, dtype=np.float64)))
        if dense.fan_in * mean * mean > (0.1 + 16 / dense.fan_out) * second:
            raise ValueError(f"expected weights around 0, got a mean of {mean:.3g} beside a root mean square of "
                             f"{math.sqrt(second):.3g} in Dense layer {i + 1}: the theory here is for centred weights")
        weight.append(dense.fan_in * second)
    centres = [float(dense.b.mean(dtype=np.float64)) for dense, _ in rows]
    bias = [float(dense.b.var(dtype=np.float64)) for dense, _ in rows]
    steps: list[_Step] = []
    z: list[tuple[float, float, float]] = []
    a: list[tuple[float, float, float]] = []
    v = weight[0] * signal + bias[0]
    known = 2 * (weight[0] * signal / (v or 1)) ** 2 / rows[0][0].W.size
    mean, variance = known / 2, -known             # mean(W²) is given: what it would add to the spread is taken away
    for (dense, activation), centre, w, b in zip(rows, centres, [*weight[1:], 1.0], [*bias[1:], 0.0], strict=True):
        if not 0 < v < math.inf:
            raise ValueError(f"expected a signal that reaches every layer, got z of variance {v:g} in layer "
                             f"{len(z) + 1}")
        n = dense.fan_out
        q = v + centre * centre
        varies = v / q                             # and the average over n units of z² adds its own noise
        z.append((q, *_carried((varies, varies * (1 - varies)), mean, variance, 2 * varies * (2 - varies) / n)))
        try:
            step = _Step(activation, centre, v, w, b, n)
            a.append((step.second, *_carried(step.log_second, mean, variance, step.noise / step.share**2)))
        except (ArithmeticError, ValueError):
            raise ValueError(f"expected signals and gradients that reach every layer, got none that pass layer "
                             f"{len(z)} in numbers that a float can hold") from None
        steps.append(step)
        step.before = mean, variance
        v, (mean, variance) = step.next, _carried(step.log_next, mean, variance, step.noise)
    return Prediction(_profile(z), _profile(a), _profile(_backward(steps, rows)))


def _backward(steps: list[_Step], rows: list[tuple[Dense, Activation]]) -> list[tuple[float, float, float]]:
    """(square, shift, spread²) of ln mean δ², from the last layer down.

    ln D_l = Σ_{k≥l} [ln E[f′²](v̂_k) + η_k]. A chance deviation ε_k of v̂_{k+1} acts on all later terms: `ahead` is the
    sum of their sensitivities. η_k and ε_k come from the same units and are correlated; of η_k, mean(W²) is `known`.
    And W is the same in both passes: z − b = Wa fixes W along a, so that ‖δ‖² below depends, by 1/n, on
    `met` = E[((z − μ)·δ)²]/(v ‖δ‖²) above, which would be 1 if δ had not seen z.
    """
    found = [(1.0, 0.0, 0.0)]
    square, shift, noise, ahead, met = 1.0, 0.0, 0.0, 0.0, 1.0
    for step, (dense, _) in zip(reversed(steps[:-1]), reversed(rows[1:]), strict=True):
        back_noise = step.back_noise - 2 / dense.W.size
        square *= step.slope * step.weight * dense.fan_out / dense.fan_in      # the last three: fan_out · mean(W²)
        shift += _carried(step.log_slope, *step.before, back_noise)[0] + step.tie * (met - 1)
        noise += ahead**2 * step.noise + back_noise + 2 * ahead * step.common
        ahead, met = step.log_slope[0] + step.log_next[0] * ahead, step.met + step.passed * (met - 1)
        found.append((square, shift, noise + ahead**2 * step.before[1]))
    return found[::-1]


def _carried(derivatives: tuple[float, float], mean: float, variance: float, noise: float) -> tuple[float, float]:
    """Mean and variance of ln of what follows, from those of ln v̂: second order of the map, and its own noise."""
    slope, curvature = derivatives
    return slope * mean + 0.5 * curvature * variance - 0.5 * noise, slope**2 * variance + noise


def _profile(rows: list[tuple[float, float, float]]) -> Profile:
    square, shift, variance = np.array(rows).T
    return Profile(square, shift, np.sqrt(np.maximum(variance, 0)))


class _Step:
    """One layer whose z are N(centre, v): its averages, and those noises of ln v̂ that n units make."""

    before = (0.0, 0.0)                              # mean and variance of ln v̂/v

    def __init__(self, activation: Activation, centre: float, v: float, weight: float, bias: float, n: int) -> None:
        f, df, kinks = activation.f, activation.df, activation.kinks

        def average(g: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray], v: float = v) -> float:
            """E[g(z − centre, a, f′)]."""
            def at(z: np.ndarray) -> np.ndarray:
                a = f(z)
                return g(z - centre, a, df(z, a))

            return gaussian.expectation(at, std=math.sqrt(v), mean=centre, kinks=kinks).value

        self.weight = weight
        self.second, self.slope = average(lambda z, a, d: a * a), average(lambda z, a, d: d * d)
        self.next = weight * self.second + bias
        self.share = weight * self.second / self.next                # what the biases leave of it
        both = average(lambda z, a, d: (a * d) ** 2) / (self.second * self.slope)
        self.noise = self.share**2 * (average(lambda z, a, d: a**4) / self.second**2 - 1) / n
        self.back_noise = (3 * average(lambda z, a, d: d**4) / self.slope**2 - 1) / n
        self.common = self.share * (both - 1) / n
        self.tie = self.share * both / n
        self.met = average(lambda z, a, d: (z * d) ** 2) / (v * self.slope)
        self.passed = self.share * average(lambda z, a, d: z * d * a) ** 2 / (self.second * v * self.slope)
        h = 0.02
        seconds = [average(lambda z, a, d: a * a, v * math.exp(t)) for t in (-h, h)]
        slopes = [average(lambda z, a, d: d * d, v * math.exp(t)) for t in (-h, h)]
        self.log_second = _derivatives(seconds[0], self.second, seconds[1], h)
        self.log_next = _derivatives(weight * seconds[0] + bias, self.next, weight * seconds[1] + bias, h)
        self.log_slope = _derivatives(slopes[0], self.slope, slopes[1], h)


def _derivatives(low: float, middle: float, high: float, h: float) -> tuple[float, float]:
    """First and second derivative of the logarithm, by central differences over ±h in ln v."""
    low, middle, high = (math.log(value) for value in (low, middle, high))
    return (high - low) / (2 * h), (high - 2 * middle + low) / h**2


def _rows(net: Network) -> list[tuple[Dense, Activation]]:
    """(Dense, activation) of every layer; an Activation layer belongs to the linear Dense before it."""
    if not isinstance(net, Network):
        raise TypeError(f"expected a Network, such as minnet.mlp makes, got {net!r}")
    rows: list[tuple[Dense, Activation]] = []
    for i, layer in enumerate(net.layers):
        if isinstance(layer, Dense):
            rows.append((layer, layer.activation))
        elif isinstance(layer, ActivationLayer) and rows and rows[-1][1] is activations.identity:
            rows[-1] = rows[-1][0], layer.activation
        else:
            raise TypeError(f"expected a network of Dense layers and their activations, got {layer!r} as layer {i}, "
                            "which the theory here does not cover")
    return rows
