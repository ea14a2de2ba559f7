"""Self-normalization: how SELU maps the mean and variance of a layer's inputs to those of its outputs.

Klambauer, Unterthiner, Mayr & Hochreiter 2017. Inputs with mean μ and variance ν, summed with weights w whose sum is ω
and whose sum of squares is τ, give z ~ N(m, s²), m = μω, s² = ντ; a = selu(z) has mean μ̃ and variance ν̃, and

    g: (μ, ν) → (μ̃, ν̃)

has the fixed point (0, 1) for ω = 0, τ = 1. It attracts: that is self-normalization, and it says nothing of gradients.

The paper has the integrals in closed form (eq. 4 and 5), as differences that lose every digit where ν is small or m
far below 0. Here they are integrated, about selu(m): that is the median of a, and no mean is further from the median
than one standard deviation, so that nothing cancels.
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
    """a = selu(m + sw) as a function of w ~ N(0, 1)."""

    def __init__(self, mu: float, nu: float, omega: float, tau: float, alpha: float, scale: float) -> None:
        mu, omega = (checks.number(name, value, least=-1e100, most=1e100)
                     for name, value in (("mu", mu), ("omega", omega)))
        nu, tau = (checks.number(name, value, least=1e-100, most=1e100) for name, value in (("nu", nu), ("tau", tau)))
        self.m, self.s = mu * omega, math.sqrt(nu * tau)
        self.alpha, self.scale = checks.number("alpha", alpha, above=0), checks.number("scale", scale, above=0)
        self.median = self.scale * (max(self.m, 0.0) + self.alpha * math.expm1(min(self.m, 0.0)))
        self.shift = self.average(self.rise)                    # E[a] − median

    def average(self, g: gaussian.Function) -> float:
        """E[g(w)], cut at the kink of selu and where e^z has faded."""
        return gaussian.expectation(g, kinks=[(z - self.m) / self.s for z in (-40.0, 0.0)]).value

    def rise(self, w: np.ndarray) -> np.ndarray:
        """a − median, to all digits however small s is: what max(z, 0) and min(z, 0) gain from m to m + sw."""
        step, low, high = self.s * w, min(self.m, 0.0), max(self.m, 0.0)
        above, below = np.maximum(step, -self.m) + low, np.minimum(step, -self.m) + high
        return self.scale * (above + self.alpha * math.exp(low) * np.expm1(below))

    def centred(self, w: np.ndarray) -> np.ndarray:
        """a − E[a]."""
        return self.rise(w) - self.shift

    def bend(self, w: np.ndarray) -> np.ndarray:
        """selu″(z): λα e^z below 0, and nothing above."""
        z = self.m + self.s * w
        return np.where(z < 0, self.scale * self.alpha * np.exp(np.minimum(z, 0)), 0.0)

    def slope(self, w: np.ndarray) -> np.ndarray:
        """selu′(z): λα e^z below 0, λ above."""
        return self.bend(w) + self.scale * (self.m + self.s * w > 0)


def selu_map(mu: float, nu: float, *, omega: float = 0.0, tau: float = 1.0, alpha: float = SELU_ALPHA,
             scale: float = SELU_LAMBDA) -> tuple[float, float]:
    """(μ̃, ν̃) = g(μ, ν) = (E[a], E[(a − E[a])²]), a = selu(z), z ~ N(μω, ντ). Klambauer et al. 2017, eq. 4 and 5.

    ν and τ between 1e-100 and 1e100, else ValueError. ν̃ is what the *paper's* map passes on (ω = 0 removes the mean);
    a network of independent weights passes E[a²] on, which is `MeanField(selu, 1.0).variance`.
    """
    a = _Selu(mu, nu, omega, tau, alpha, scale)
    return a.median + a.shift, a.average(lambda w: a.centred(w) ** 2)


def selu_jacobian(mu: float, nu: float, *, omega: float = 0.0, tau: float = 1.0, alpha: float = SELU_ALPHA,
                  scale: float = SELU_LAMBDA) -> np.ndarray:
    """∂(μ̃, ν̃)/∂(μ, ν), (2, 2): rows μ̃, ν̃. Klambauer et al. 2017, eq. 6 has it at (0, 1), ω = 0, τ = 1.

    With E[·] as a function of m = μω and s² = ντ, ∂E[h]/∂m = E[h′] and ∂E[h]/∂s² = ½E[h″], so that

        ∂μ̃/∂m = E[a′],    ∂μ̃/∂s² = ½E[a″],    ∂ν̃/∂m = 2E[(a − μ̃)a′],    ∂ν̃/∂s² = E[a′²] + E[(a − μ̃)a″]

    where the slope jumps by λ(1 − α) at z = 0: a″ has a peak of that area there, which E[·] sees with the density of z.
    The map contracts where the largest singular value is below 1.
    """
    a = _Selu(mu, nu, omega, tau, alpha, scale)
    far = min(abs(a.m / a.s), 40.0)                             # beyond, the density is 0
    peak = a.scale * (1 - a.alpha) * math.exp(-0.5 * far**2) / (math.sqrt(2 * math.pi) * a.s)
    mean_m, mean_s = a.average(a.slope), 0.5 * (a.average(a.bend) + peak)
    variance_m = 2 * a.average(lambda w: a.centred(w) * a.slope(w))
    variance_s = a.average(lambda w: a.slope(w) ** 2 + a.centred(w) * a.bend(w)) - (a.median + a.shift) * peak
    return np.array([[mean_m, mean_s], [variance_m, variance_s]]) * np.array([omega, tau])
