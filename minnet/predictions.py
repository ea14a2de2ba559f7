"""What theory expects of a given network: the size of signals and gradients in every layer, and their chance spread.

`predict(net, x)` reads the weights' and biases' mean squares, layer by layer, and follows E[z²] forward and E[δ²]
backward. In a network of finite width the result is itself random: with z Gaussian given the layer below, the layer's
mean square is an average over n units, and so

    ln(measured/predicted) ≈ Normal(shift, spread²),        both of order depth/width,

computed here by carrying mean and variance of ln q̂ through the variance map to first order in 1/n: good as long as the
spread is well below 1. For ReLU under He
spread² = 5/n a layer and the shift is half of it, downwards: Hanin & Nica 2020, *Products of many large random matrices
and gradients in deep neural networks*; the other activations follow from the same step.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from minnet import activations, checks, gaussian
from minnet.activations import Activation
from minnet.layers import Activation as ActivationLayer
from minnet.layers import Dense
from minnet.network import Network


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


@dataclass(frozen=True)
class Prediction:
    """Mean squares over the units of a layer: z and a for one example, delta relative to the last layer's."""

    z: Profile
    a: Profile
    delta: Profile


def predict(net: Network, x: np.ndarray) -> Prediction:
    """E[z²], E[a²] and E[δ²]/E[δ_L²] in every layer of `net` at inputs x (n, features), before they are computed.

        q₁ = σ_w² mean(x²) + σ_b²,   q_{l+1} = σ_w² E[f(√q_l z)²] + σ_b²,   σ_w² = fan_in · mean(W²),   σ_b² = mean(b²)
        E[δ_l²] = E[f′(√q_l z)²] · fan_out · mean(W_{l+1}²) · E[δ_{l+1}²]

    Draw it as plots.depth_profile(measured, predicted=p.z.typical, spread=p.z.band, ylabel="E[z²]").

    For any initializer of independent, centred weights (others raise ValueError); orthogonal ones have the same squares
    and a smaller spread. x counts by its mean square, as if all rows had the same. The spread is that of one example
    over networks. For networks of Dense layers, each with its activation (an Activation layer may follow); others raise
    TypeError.
    """
    rows = _rows(net)
    signal = float(np.mean(np.square(checks.batch("x", x, net.fan_in, np.dtype(np.float64)))))
    for i, (dense, _) in enumerate(rows):
        mean, second = float(dense.W.mean(dtype=np.float64)), float(np.mean(np.square(dense.W, dtype=np.float64)))
        if dense.fan_in * mean**2 > (0.1 + 16 / dense.fan_out) * second:
            raise ValueError(f"expected weights around 0, got a mean of {mean:.3g} beside a root mean square of "
                             f"{math.sqrt(second):.3g} in Dense layer {i + 1}: the theory here is for centred weights")
    weight = [dense.fan_in * float(np.mean(np.square(dense.W, dtype=np.float64))) for dense, _ in rows]
    bias = [float(np.mean(np.square(dense.b, dtype=np.float64))) for dense, _ in rows]
    steps: list[_Step] = []
    z: list[tuple[float, float, float]] = []
    a: list[tuple[float, float, float]] = []
    q, mean, variance = weight[0] * signal + bias[0], 0.0, 0.0     # q̂ of layer 1 is exact
    for (dense, activation), w, b in zip(rows, [*weight[1:], 1.0], [*bias[1:], 0.0], strict=True):
        if not 0 < q < math.inf:
            raise ValueError(f"expected a signal that reaches every layer, got E[z²] = {q:g} in layer {len(z) + 1}")
        n = dense.fan_out
        z.append((q, mean - 1 / n, variance + 2 / n))              # and the average over n Gaussian z²
        try:
            step = _Step(activation, q, w, b, n)
            a.append((step.second, *step.carried(step.log_second, mean, variance, step.noise / step.share**2)))
        except (ZeroDivisionError, ValueError):
            raise ValueError(f"expected signals and gradients that reach every layer, got none that pass layer "
                             f"{len(z)} in numbers that a float can hold") from None
        steps.append(step)
        step.before = mean, variance
        q, (mean, variance) = step.next, step.carried(step.log_next, mean, variance, step.noise)
    return Prediction(_profile(z), _profile(a), _profile(_backward(steps, rows)))


def _backward(steps: list[_Step], rows: list[tuple[Dense, Activation]]) -> list[tuple[float, float, float]]:
    """(square, shift, spread²) of ln mean δ², from the last layer down.

    ln D_l = Σ_{k≥l} [ln E[f′²](q̂_k) + η_k]. A chance deviation ε_k of q̂_{k+1} acts on all later terms: `ahead` is the
    sum of their sensitivities. η_k and ε_k come from the same units and are correlated. And W is the same in both
    passes: z = Wa fixes W along a, so that ‖δ‖² below depends, by 1/n, on `met` = E[(z·δ)²]/(q ‖δ‖²) above, which would
    be 1 if δ had not seen z.
    """
    found = [(1.0, 0.0, 0.0)]
    square, shift, noise, ahead, met = 1.0, 0.0, 0.0, 0.0, 1.0
    for step, (dense, _) in zip(reversed(steps[:-1]), reversed(rows[1:]), strict=True):
        mean, variance = step.before
        slope, curvature = step.log_slope
        weights = step.weight * dense.fan_out / dense.fan_in        # fan_out · mean(W²)
        square *= step.slope * weights
        shift += slope * mean + 0.5 * curvature * variance - 0.5 * step.back_noise + step.tie * (met - 1)
        noise += ahead**2 * step.noise + step.back_noise + 2 * ahead * step.common
        ahead, met = slope + step.log_next[0] * ahead, step.met + step.passed * (met - 1)
        found.append((square, shift, noise + ahead**2 * variance))
    return found[::-1]


def _profile(rows: list[tuple[float, float, float]]) -> Profile:
    square, shift, variance = np.array(rows).T
    return Profile(square, shift, np.sqrt(np.maximum(variance, 0)))


class _Step:
    """One layer at its variance q: its averages, and those noises of ln q̂ that n units make."""

    before = (0.0, 0.0)                              # mean and variance of ln q̂/q

    def __init__(self, activation: Activation, q: float, weight: float, bias: float, n: int) -> None:
        f, df, kinks = activation.f, activation.df, activation.kinks

        def average(g: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray], q: float = q) -> float:
            def at(z: np.ndarray) -> np.ndarray:
                a = f(z)
                return g(z, a, df(z, a))

            return gaussian.expectation(at, std=math.sqrt(q), kinks=kinks).value

        self.weight = weight
        self.second, self.slope = average(lambda z, a, d: a * a), average(lambda z, a, d: d * d)
        self.next = weight * self.second + bias
        self.share = weight * self.second / self.next                # what the biases leave of it
        both = average(lambda z, a, d: (a * d) ** 2) / (self.second * self.slope)
        self.noise = self.share**2 * (average(lambda z, a, d: a**4) / self.second**2 - 1) / n
        self.back_noise = (3 * average(lambda z, a, d: d**4) / self.slope**2 - 1) / n
        self.common = self.share * (both - 1) / n
        self.tie = self.share * both / n
        self.met = average(lambda z, a, d: (z * d) ** 2) / (q * self.slope)
        self.passed = self.share * average(lambda z, a, d: z * d * a) ** 2 / (self.second * q * self.slope)
        h = 0.02
        seconds = [average(lambda z, a, d: a * a, q * math.exp(t)) for t in (-h, h)]
        slopes = [average(lambda z, a, d: d * d, q * math.exp(t)) for t in (-h, h)]
        self.log_second = _derivatives(seconds[0], self.second, seconds[1], h)
        self.log_next = _derivatives(weight * seconds[0] + bias, self.next, weight * seconds[1] + bias, h)
        self.log_slope = _derivatives(slopes[0], self.slope, slopes[1], h)

    @staticmethod
    def carried(derivatives: tuple[float, float], mean: float, variance: float, noise: float) -> tuple[float, float]:
        """Mean and variance of ln of what follows, from those of ln q̂: second order of the map, and its own noise."""
        slope, curvature = derivatives
        return slope * mean + 0.5 * curvature * variance - 0.5 * noise, slope**2 * variance + noise


def _derivatives(low: float, middle: float, high: float, h: float) -> tuple[float, float]:
    """First and second derivative of the logarithm, by central differences over ±h in ln q."""
    low, middle, high = (math.log(value) for value in (low, middle, high))
    return (high - low) / (2 * h), (high - 2 * middle + low) / h**2


def _rows(net: Network) -> list[tuple[Dense, Activation]]:
    """(Dense, activation) of every layer; an Activation layer belongs to the linear Dense before it."""
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
