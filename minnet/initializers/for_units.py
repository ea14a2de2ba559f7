"""Initializers derived for one kind of activation: siren, kumar_normal, nguyen_widrow; and caffe_xavier.

They have the form of those in initializers.py and are used from there: `initializers.siren`. `theory.for_activation`
derives an initializer for any activation.
"""

from __future__ import annotations

import math

import numpy as np

from minnet import checks
from minnet.initializers.definition import fan, fans, initializer, one_of, positive


@initializer(position=one_of("first", "hidden"), omega=positive)
def siren(rng: np.random.Generator, shape: tuple[int, ...], *, position: str = "hidden",
          omega: float = 30.0) -> np.ndarray:
    """U(−a, a) with a = √(6 / fan_in)/ω in hidden layers and a = 1/fan_in in the first, for units sin(ω z).

    ω = omega. Outputs of sine units count as having variance ½, so that ω z has ω² · fan_in · a²/3 · ½ = 1 in the next
    layer. The inputs of the first layer fill [−1, 1], where sin(ω z) shall run through several periods.
    minnet has no sine unit; `Activation("sine", lambda z: np.sin(30 * z), lambda z, a: 30 * np.cos(30 * z))` is one.

    Keeps: E[(ω z)²] near 1, going forward, of sine units: q converges to 0.80, where q = 1 − e^(−2q) = 2 E[sin²(√q u)].
    Fails: with other units, and where ω is not that of the units.
    Source: Sitzmann, Martel, Bergman, Lindell & Wetzstein 2020 (SIREN), §3.2 and the supplement; the first layer's
    1/fan_in is that of the authors' code.
    """
    fan_in, _ = fans(shape)
    a = 1 / fan_in if position == "first" else math.sqrt(6 / fan_in) / omega
    return rng.uniform(-a, a, shape)


@initializer(value=checks.number, slope=positive)
def kumar_normal(rng: np.random.Generator, shape: tuple[int, ...], *, value: float = 0.5,
                 slope: float = 0.25) -> np.ndarray:
    """N(0, σ²) with σ² = 1 / (fan_in · f′(0)² · (1 + f(0)²)): for the sigmoid σ = 3.6/√fan_in.

    value = f(0) and slope = f′(0); the defaults are the sigmoid's, ½ and ¼, so that fan_in · σ² = 12.8. For tanh,
    value=0 and slope=1, it is LeCun's. f is taken as linear about 0, f(z) = f(0) + f′(0) z, and a layer's outputs
    are to have variance 1.

    Keeps: Var[a] = 1, going forward, of units that are linear about 0 with a = f(0) + f′(0) z.
    Fails: where z leaves that range, as it does with the sigmoid: for z of variance 16 it saturates, and Var[a] ≤ ¼.
    Source: Kumar 2017, *On weight initialization in deep neural networks*: the sigmoid's 3.6/√N.
    """
    fan_in, _ = fans(shape)
    return rng.normal(0.0, 1 / (slope * math.sqrt(fan_in * (1 + value**2))), shape)


@initializer()
def nguyen_widrow(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Each unit's weights have the length β = 0.7 · H^(1/N), N = fan_in, H = fan_out; their direction is random.

    Weights from U(−1, 1) are rescaled unit by unit. The biases belong to it: U(−β, β) places the sloping part of each
    unit somewhere in the inputs' cube [−1, 1]^N, which H units then cover with a little overlap:

        beta = 0.7 * H ** (1 / N)
        Dense(N, H, tanh, nguyen_widrow, uniform(low=-beta, high=beta))

    Keeps: the sloping parts of H tanh units spread over all inputs, of few features; each about 2/H^(1/N) wide.
    Fails: with many inputs: β tends to 0.7, whatever H, and with more than one hidden layer, which it is not for.
    Source: Nguyen & Widrow 1990, *Improving the learning speed of 2-layer neural networks*.
    """
    fan_in, fan_out = fans(shape)
    W = rng.uniform(-1.0, 1.0, shape)
    W *= 0.7 * fan_out ** (1 / fan_in) / np.linalg.norm(W, axis=0)
    return W


@initializer(mode=one_of("fan_in", "fan_out", "fan_avg"))
def caffe_xavier(rng: np.random.Generator, shape: tuple[int, ...], *, mode: str = "fan_in") -> np.ndarray:
    """U(−a, a) with a = √(3 / n), n = fan_in, so that Var[W] = 1/n: what Caffe calls "xavier".

    Glorot & Bengio's has the mean of both fans: mode="fan_avg", Caffe's variance_norm: AVERAGE. Caffe's default is
    `lecun_uniform`. Its "msra" is he_normal, and with AVERAGE variance_scaling(scale=2, mode="fan_avg").

    Keeps: E[z²], going forward, of linear units (fan_in), E[δ²] going back (fan_out), or a compromise (fan_avg).
    Fails: with ReLU, where E[z²] halves from layer to layer.
    Source: no paper; Caffe's XavierFiller (Jia et al. 2014), which refers to Glorot & Bengio 2010.
    """
    a = math.sqrt(3 / fan(shape, mode))
    return rng.uniform(-a, a, shape)
