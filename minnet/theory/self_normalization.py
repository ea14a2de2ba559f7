"""Self-normalization: the map from the mean and variance of a SELU layer's inputs to those of its outputs.

Klambauer, Unterthiner, Mayr & Hochreiter 2017. A unit's inputs have mean μ and variance ν; its weights have the sum ω
and the sum of squares τ. Then z ~ N(m, s²) with m = μω and s² = ντ. Let μ̃ and ν̃ be the mean and variance of
a = selu(z). The map

    g: (μ, ν) → (μ̃, ν̃)

has a stable fixed point at (0, 1) for ω = 0, τ = 1. This is self-normalization; it is about signals, not gradients.

In the paper the integrals are in closed form (eq. 4 and 5), as differences that lose all digits if ν is small or m is
far below 0. Here they are integrated numerically, relative to the median of a, which is selu(m). A mean differs from
the median by at most one standard deviation, so no digits cancel.
"""

# numpy types what a ufunc returns as Any:
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

import math

import numpy as np

from minnet import checks
from minnet.activations import SELU_ALPHA, SELU_LAMBDA
from minnet.theory import gaussian


class _Selu:
    """The random variable a = selu(m + sw), w ~ N(0, 1), relative to its median, and the derivatives of selu."""

    def __init__(self, mu: float, nu: float, omega: float, tau: float, alpha: float, scale: float) -> None:
        mu, omega = (checks.number(name, value, least=-1e100, most=1e100)
                     for name, value in (("mu", mu), ("omega", omega)))
        nu, tau = (checks.number(name, value, least=1e-100, most=1e100) for name, value in (("nu", nu), ("tau", tau)))
        self.m, self.s = mu * omega, math.sqrt(nu * tau)
        self.alpha, self.scale = checks.number("alpha", alpha, above=0), checks.number("scale", scale, above=0)
        self.median = self.scale * (max(self.m, 0.0) + self.alpha * math.expm1(min(self.m, 0.0)))
        self.shift = self.average(self.rise)                    # E[a] − median

    def average(self, g: gaussian.Function) -> float:
        """E[g(w)]; the integral is cut at the kink z = 0, and at z = −40, below which e^z is negligible."""
        return gaussian.expectation(g, kinks=[(z - self.m) / self.s for z in (-40.0, 0.0)]).value

    def rise(self, w: np.ndarray) -> np.ndarray:
        """a − median, with all digits even for tiny s: from the changes of max(z, 0) and min(z, 0) between m and z."""
        step, low, high = self.s * w, min(self.m, 0.0), max(self.m, 0.0)
        above, below = np.maximum(step, -self.m) + low, np.minimum(step, -self.m) + high
        return self.scale * (above + self.alpha * math.exp(low) * np.expm1(below))

    def centred(self, w: np.ndarray) -> np.ndarray:
        """a − E[a]."""
        return self.rise(w) - self.shift

    def second_derivative(self, w: np.ndarray) -> np.ndarray:
        """selu″(z): λα e^z below 0, and 0 above."""
        z = self.m + self.s * w
        return np.where(z < 0, self.scale * self.alpha * np.exp(np.minimum(z, 0)), 0.0)

    def slope(self, w: np.ndarray) -> np.ndarray:
        """selu′(z): λα e^z below 0, λ above."""
        return self.second_derivative(w) + self.scale * (self.m + self.s * w > 0)


def selu_map(mu: float, nu: float, *, omega: float = 0.0, tau: float = 1.0, alpha: float = SELU_ALPHA,
             scale: float = SELU_LAMBDA) -> tuple[float, float]:
    """(μ̃, ν̃) = g(μ, ν) = (E[a], E[(a − E[a])²]), a = selu(z), z ~ N(μω, ντ). Klambauer et al. 2017, eq. 4 and 5.

    ν and τ lie between 1e-100 and 1e100, else ValueError. The paper's map passes the variance ν̃ to the next layer,
    where ω = 0 removes the mean. In a network with independent weights, E[a²] takes its place: that map is
    `MeanField(selu, 1.0).variance`.
    """
    a = _Selu(mu, nu, omega, tau, alpha, scale)
    return a.median + a.shift, a.average(lambda w: a.centred(w) ** 2)


def selu_jacobian(mu: float, nu: float, *, omega: float = 0.0, tau: float = 1.0, alpha: float = SELU_ALPHA,
                  scale: float = SELU_LAMBDA) -> np.ndarray:
    """∂(μ̃, ν̃)/∂(μ, ν), (2, 2), rows μ̃ and ν̃. Klambauer et al. 2017 give it at (0, 1), ω = 0, τ = 1 (eq. 6).

    As a function of m = μω and s² = ντ, an average has ∂E[h]/∂m = E[h′] and ∂E[h]/∂s² = ½E[h″]. Hence

        ∂μ̃/∂m = E[a′],    ∂μ̃/∂s² = ½E[a″],    ∂ν̃/∂m = 2E[(a − μ̃)a′],    ∂ν̃/∂s² = E[a′²] + E[(a − μ̃)a″]

    At z = 0 the slope a′ jumps by λ(1 − α); there a″ is a delta function of this weight, whose average is the weight
    times the density of z at 0. The map is a contraction where the largest singular value is below 1.
    """
    a = _Selu(mu, nu, omega, tau, alpha, scale)
    at_kink = min(abs(a.m / a.s), 40.0)                         # |w| where z = 0; beyond 40 the density is 0
    delta = a.scale * (1 - a.alpha) * math.exp(-0.5 * at_kink**2) / (math.sqrt(2 * math.pi) * a.s)
    mean_m, mean_s = a.average(a.slope), 0.5 * (a.average(a.second_derivative) + delta)
    variance_m = 2 * a.average(lambda w: a.centred(w) * a.slope(w))
    variance_s = (a.average(lambda w: a.slope(w) ** 2 + a.centred(w) * a.second_derivative(w))
                  - (a.median + a.shift) * delta)
    return np.array([[mean_m, mean_s], [variance_m, variance_s]]) * np.array([omega, tau])
