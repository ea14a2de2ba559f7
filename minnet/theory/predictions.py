"""Mean squares of signals and gradients in a given network, as theory predicts them, and their random deviation.

`print(predict_statistics(net, x))` reads the mean square of each layer's weights and the mean and variance of its
biases. From them it computes E[z²] and E[a²], layer by layer forward, and E[δ²], layer by layer backward.

In a layer of finite width n these squares are random: z is Gaussian, given the layer below, and the layer's mean
square is an average over n units. Therefore

    ln(measured/predicted) ≈ Normal(shift, spread²),        shift and spread² of order depth/width.

Shift and spread are computed to first order in 1/n. Let v̂ be the variance of z in one network and v its prediction;
the mean and the variance of ln(v̂/v) are carried from layer to layer through the variance map. The result is good while
the spread is well below 1. For ReLU under He, spread² grows by 5/n per layer and shift is −spread²/2: Hanin & Nica
2020, *Products of many large random matrices and gradients in deep neural networks*. The same steps hold for every
other activation.
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
from minnet.reporting import aligned, as_html, printable
from minnet.theory import gaussian


class Profile(NamedTuple):
    """One predicted mean square in the layers 1 … L; each array has the shape (L,)."""

    square: np.ndarray      # the mean square in the limit of infinite width
    shift: np.ndarray       # mean of ln(measured/square) over networks of the given width
    spread: np.ndarray      # standard deviation of ln(measured/square)

    @property
    def typical(self) -> np.ndarray:
        """square · e^shift (L,): the median over networks of the given width."""
        return np.asarray(self.square * np.exp(self.shift))

    @property
    def band(self) -> np.ndarray:
        """typical · e^∓spread (2, L): the range in which 68% of the networks lie."""
        return np.asarray(self.typical * np.exp(np.array([[-1.0], [1.0]]) * self.spread))


LEGEND = ("mean squares over the units of a layer: the median over networks, and the range of 68% of the networks; "
          "δ relative to the last layer")


@dataclass(frozen=True, repr=False)
class Prediction:
    """Predicted mean squares of z, a and δ, one `Profile` each; δ is relative to the last layer's.

    It prints as a table of `typical` and `band`, and shows the same table in a notebook.
    """

    z: Profile
    a: Profile
    delta: Profile

    def cells(self) -> list[list[str]]:
        """The table as text: a row of headings, then one row per layer."""
        head = ["layer", *(cell for name in ("E[z²]", "E[a²]", "E[δ²]/E[δ_L²]") for cell in (name, "68% range"))]
        columns = [(p.typical, *p.band) for p in (self.z, self.a, self.delta)]
        return [head, *([str(k + 1), *(cell for typical, low, high in columns for cell in
                                       (f"{typical[k]:.3g}", f"{low[k]:.3g} … {high[k]:.3g}"))]
                        for k in range(len(self.z.square)))]

    def __str__(self) -> str:
        return f"{aligned(self.cells())}\n{printable(LEGEND)}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return f"{as_html(self.cells())}<p>{LEGEND}</p>"


@np.errstate(all="ignore")                  # overflow is reported below, by a ValueError that names the layer
def predict_statistics(net: Network, x: np.ndarray) -> Prediction:
    """Predict E[z²], E[a²] and E[δ²]/E[δ_L²] in every layer of `net` for inputs x (n, features), without a pass.

        z ~ N(μ, v) over the units of a layer,   μ = mean(b),   σ_w² = fan_in · mean(W²),   u ~ N(0, 1)
        v₁ = σ_w² mean(x²) + Var(b),   v_{l+1} = σ_w² E[f(μ_l + √v_l u)²] + Var(b_{l+1}),   E[z_l²] = v_l + μ_l²
        E[δ_l²] = E[f′(μ_l + √v_l u)²] · fan_out · mean(W_{l+1}²) · E[δ_{l+1}²]

    To draw it: plots.depth_profile(measured, predicted=p.z.typical, spread=p.z.band, ylabel="E[z²]").

    Assumptions. The weights are independent and centred; weights with a mean raise ValueError, and orthogonal weights
    have the same mean squares with a smaller spread. Biases count as Gaussian with their mean and variance. Every row
    of x counts as one with the mean square of all of x. The spread is that of one example over networks whose weights
    have the mean squares of this one: for a single input feature mean(W²) determines E[z²], and layer 1 has spread 0.

    Raises TypeError for a network that is not made of Dense layers (each with its activation, or with an Activation
    layer behind it), and ValueError where a signal or a gradient becomes 0 or infinite.
    """
    layers = _dense_layers(net)
    signal = float(np.mean(np.square(checks.batch("x", x, net.fan_in, np.dtype(np.float64)))))
    weight_var: list[float] = []                                              # σ_w² of each layer
    for i, (dense, _) in enumerate(layers):
        mean, second = float(dense.W.mean(dtype=np.float64)), float(np.mean(np.square(dense.W, dtype=np.float64)))
        if dense.fan_in * mean * mean > (0.1 + 16 / dense.fan_out) * second:
            raise ValueError(f"expected weights around 0, got a mean of {mean:.3g} beside a root mean square of "
                             f"{math.sqrt(second):.3g} in Dense layer {i + 1}: this theory is for centred weights")
        weight_var.append(dense.fan_in * second)
    bias_mean = [float(dense.b.mean(dtype=np.float64)) for dense, _ in layers]
    bias_var = [float(dense.b.var(dtype=np.float64)) for dense, _ in layers]
    steps: list[_Step] = []
    z: list[tuple[float, float, float]] = []                                  # (square, shift, spread²) of each layer
    a: list[tuple[float, float, float]] = []
    v = weight_var[0] * signal + bias_var[0]
    known = 2 * (weight_var[0] * signal / (v or 1)) ** 2 / layers[0][0].W.size
    mean, variance = known / 2, -known          # of ln(v̂/v): mean(W²) is measured, so its share of the noise is removed
    for (dense, activation), mu, w, b in zip(layers, bias_mean, [*weight_var[1:], 1.0], [*bias_var[1:], 0.0],
                                             strict=True):
        if not 0 < v < math.inf:
            raise ValueError(f"expected a signal that reaches every layer, got z of variance {v:g} in layer "
                             f"{len(z) + 1}")
        n = dense.fan_out
        q = v + mu * mu                                                       # E[z²]
        share = v / q                           # d ln E[z²]/d ln v; the average of z² over n units adds its own noise
        z.append((q, *_propagated((share, share * (1 - share)), mean, variance, 2 * share * (2 - share) / n)))
        try:
            step = _Step(activation, mu, v, w, b, n)
            a.append((step.second, *_propagated(step.log_second, mean, variance, step.noise / step.share**2)))
        except (ArithmeticError, ValueError):
            raise ValueError("expected signals and gradients that a float can hold, got 0 or infinity behind layer "
                             f"{len(z)}: scale the weights") from None
        steps.append(step)
        step.before = mean, variance
        v, (mean, variance) = step.next_v, _propagated(step.log_next_v, mean, variance, step.noise)
    return Prediction(_profile(z), _profile(a), _profile(_backward(steps, layers)))


def _backward(steps: list[_Step], layers: list[tuple[Dense, Activation]]) -> list[tuple[float, float, float]]:
    """(square, shift, spread²) of E[δ²] in every layer, relative to the last one; computed from the last layer down.

    ln E[δ_l²] is Σ_{k≥l} (ln E[f′²](v̂_k) + η_k) plus constants. η_k is the noise of an average over n units; let ε_k
    be the noise of v̂_{k+1}.

    - ε_k changes all later terms of the sum; `sensitivity` is the sum of their derivatives.
    - η_k and ε_k come from the same units; `step.covariance` is their covariance.
    - mean(W²) is measured, so its share of η_k, 2/size, is no noise.
    - Both passes use the same W, and z − b = aW fixes W in the direction of a. Therefore ‖δ‖² in the layer below
      depends, to order 1/n, on `alignment` = E[((z − μ)·δ)²]/(v ‖δ‖²) in the layer above. It would be 1 if δ were
      independent of z.
    """
    found = [(1.0, 0.0, 0.0)]
    square, shift, noise, sensitivity, alignment = 1.0, 0.0, 0.0, 0.0, 1.0
    for step, (dense, _) in zip(reversed(steps[:-1]), reversed(layers[1:]), strict=True):
        back_noise = step.back_noise - 2 / dense.W.size
        square *= step.slope * step.weight_var * dense.fan_out / dense.fan_in     # E[f′²] · fan_out · mean(W²)
        shift += _propagated(step.log_slope, *step.before, back_noise)[0] + step.coupling * (alignment - 1)
        noise += sensitivity**2 * step.noise + back_noise + 2 * sensitivity * step.covariance
        sensitivity = step.log_slope[0] + step.log_next_v[0] * sensitivity
        alignment = step.alignment + step.alignment_kept * (alignment - 1)
        found.append((square, shift, noise + sensitivity**2 * step.before[1]))
    return found[::-1]


def _propagated(derivatives: tuple[float, float], mean: float, variance: float, noise: float) -> tuple[float, float]:
    """Mean and variance of ln y, from those of ln x: y = g(x) · (1 + noise of this variance), to second order.

    `derivatives` are the first and the second derivative of ln g with respect to ln x.
    """
    slope, curvature = derivatives
    return slope * mean + 0.5 * curvature * variance - 0.5 * noise, slope**2 * variance + noise


def _profile(rows: list[tuple[float, float, float]]) -> Profile:
    square, shift, variance = np.array(rows).T
    return Profile(square, shift, np.sqrt(np.maximum(variance, 0)))


class _Step:
    """From one layer, whose z are N(mu, v), to the next: Gaussian averages, and the noise of averages over n units."""

    before = (0.0, 0.0)                              # mean and variance of ln(v̂/v) in this layer

    def __init__(self, activation: Activation, mu: float, v: float, weight_var: float, bias_var: float,
                 n: int) -> None:
        f, df, kinks = activation.f, activation.df, activation.kinks

        def average(g: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray], v: float = v) -> float:
            """E[g(z − μ, a, f′)]."""
            def integrand(z: np.ndarray) -> np.ndarray:
                a = f(z)
                return g(z - mu, a, df(z, a))

            return gaussian.expectation(integrand, std=math.sqrt(v), mean=mu, kinks=kinks).value

        self.weight_var = weight_var
        self.second, self.slope = average(lambda z, a, d: a * a), average(lambda z, a, d: d * d)
        self.next_v = weight_var * self.second + bias_var
        self.share = weight_var * self.second / self.next_v                   # of next_v; the biases have the rest
        both = average(lambda z, a, d: (a * d) ** 2) / (self.second * self.slope)
        self.noise = self.share**2 * (average(lambda z, a, d: a**4) / self.second**2 - 1) / n
        self.back_noise = (3 * average(lambda z, a, d: d**4) / self.slope**2 - 1) / n
        self.covariance = self.share * (both - 1) / n
        self.coupling = self.share * both / n
        self.alignment = average(lambda z, a, d: (z * d) ** 2) / (v * self.slope)
        self.alignment_kept = self.share * average(lambda z, a, d: z * d * a) ** 2 / (self.second * v * self.slope)
        h = 0.02
        seconds = [average(lambda z, a, d: a * a, v * math.exp(t)) for t in (-h, h)]
        slopes = [average(lambda z, a, d: d * d, v * math.exp(t)) for t in (-h, h)]
        self.log_second = _log_derivatives(seconds[0], self.second, seconds[1], h)
        self.log_next_v = _log_derivatives(weight_var * seconds[0] + bias_var, self.next_v,
                                           weight_var * seconds[1] + bias_var, h)
        self.log_slope = _log_derivatives(slopes[0], self.slope, slopes[1], h)


def _log_derivatives(low: float, middle: float, high: float, h: float) -> tuple[float, float]:
    """First and second derivative of ln g with respect to ln v, by central differences of ±h in ln v."""
    low, middle, high = (math.log(value) for value in (low, middle, high))
    return (high - low) / (2 * h), (high - 2 * middle + low) / h**2


def _dense_layers(net: Network) -> list[tuple[Dense, Activation]]:
    """(Dense, activation) of every layer; an Activation layer belongs to the linear Dense layer before it."""
    if not isinstance(net, Network):
        raise TypeError(f"expected a Network, such as minnet.mlp makes, got {net!r}")
    found: list[tuple[Dense, Activation]] = []
    for i, layer in enumerate(net.layers):
        if isinstance(layer, Dense):
            found.append((layer, layer.activation))
        elif isinstance(layer, ActivationLayer) and found and found[-1][1] is activations.identity:
            found[-1] = found[-1][0], layer.activation
        else:
            raise TypeError(f"expected a network of Dense layers and their activations, got {layer!r} as layer {i}, "
                            "which this theory does not cover")
    return found
