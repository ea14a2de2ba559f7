"""Self-normalization: how SELU maps the mean and variance of a layer's inputs to those of its outputs.

Klambauer, Unterthiner, Mayr & Hochreiter 2017. Inputs with mean μ and variance ν, summed with weights w whose sum is ω
and whose sum of squares is τ, give z ~ N(μω, ντ); a = selu(z) has mean μ̃ and variance ν̃, and

    g: (μ, ν) → (μ̃, ν̃)

has the fixed point (0, 1) for ω = 0, τ = 1. It attracts: that is self-normalization, and it says nothing of gradients.
All four integrals are closed, with Φ(t) = ½ erfc(−t/√2) and E[e^{kz}; z < 0] = e^{km + k²s²/2} Φ(−(m + ks²)/s).
"""

# numpy types what a ufunc returns as Any:
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

import math

import numpy as np

from minnet import checks
from minnet.activations import SELU_ALPHA, SELU_LAMBDA


def _normal_cdf(t: float) -> float:
    return 0.5 * math.erfc(-t / math.sqrt(2))


def _below(k: int, m: float, s: float) -> float:
    """E[e^{kz}; z < 0] for z ~ N(m, s²)."""
    exponent, t = k * m + (k * s) ** 2 / 2, (m + k * s * s) / s
    if t > 25:                   # the product of a large and a tiny number: Φ(−t) → e^{−t²/2}/(t√(2π)), Mills' ratio
        return math.exp(exponent - t * t / 2) / (t * math.sqrt(2 * math.pi)) * (1 - 1 / t**2 + 3 / t**4)
    return math.exp(exponent) * _normal_cdf(-t)


def _arguments(mu: float, omega: float, nu: float, tau: float, alpha: float, scale: float) -> tuple[float, float]:
    """m and s of z ~ N(m, s²)."""
    checks.number("alpha", alpha, above=0)
    checks.number("scale", scale, above=0)
    mean = checks.number("mu", mu) * checks.number("omega", omega)
    return mean, math.sqrt(checks.number("nu", nu, above=0) * checks.number("tau", tau, above=0))


def selu_map(mu: float, nu: float, *, omega: float = 0.0, tau: float = 1.0, alpha: float = SELU_ALPHA,
             scale: float = SELU_LAMBDA) -> tuple[float, float]:
    """(μ̃, ν̃) = g(μ, ν): mean and variance of a = selu(z), z ~ N(μω, ντ). Klambauer et al. 2017, eq. 4 and 5.

        E[a]  = λ [ mΦ(m/s) + sφ(m/s) + α(e₁ − e₀) ]
        E[a²] = λ² [ (m² + s²)Φ(m/s) + msφ(m/s) + α²(e₂ − 2e₁ + e₀) ],      e_k = E[e^{kz}; z < 0], m = μω, s² = ντ

    ν > 0, τ > 0, else ValueError. ν̃ = E[a²] − E[a]² is what the *paper's* map passes on (ω = 0 removes the mean);
    a network of independent weights passes E[a²] on, which is `MeanField(selu, 1.0).variance`.
    """
    m, s = _arguments(mu, omega, nu, tau, alpha, scale)
    e0, e1, e2 = (_below(k, m, s) for k in range(3))
    above, peak = _normal_cdf(m / s), math.exp(-0.5 * (m / s) ** 2) / math.sqrt(2 * math.pi)
    mean = scale * (m * above + s * peak + alpha * (e1 - e0))
    second = scale**2 * ((m * m + s * s) * above + m * s * peak + alpha**2 * (e2 - 2 * e1 + e0))
    return mean, second - mean**2


def selu_jacobian(mu: float, nu: float, *, omega: float = 0.0, tau: float = 1.0, alpha: float = SELU_ALPHA,
                  scale: float = SELU_LAMBDA) -> np.ndarray:
    """∂(μ̃, ν̃)/∂(μ, ν), (2, 2): rows μ̃, ν̃. Klambauer et al. 2017, eq. 6 has it at (0, 1), ω = 0, τ = 1.

    With E[·] as a function of m and s²: ∂E[h]/∂m = E[h′] and ∂E[h]/∂s² = ½E[h″], where selu″ has a jump of λ(1 − α)
    in the slope at 0. The map contracts where the largest singular value is below 1.
    """
    m, s = _arguments(mu, omega, nu, tau, alpha, scale)
    e0, e1, e2 = (_below(k, m, s) for k in range(3))
    above, peak = _normal_cdf(m / s), math.exp(-0.5 * (m / s) ** 2) / math.sqrt(2 * math.pi)
    mean = scale * (m * above + s * peak + alpha * (e1 - e0))
    mean_m = scale * (above + alpha * e1)
    mean_s = 0.5 * scale * (alpha * e1 + (1 - alpha) * peak / s)
    second_m = 2 * scale**2 * (m * above + s * peak + alpha**2 * (e2 - e1))
    second_s = scale**2 * (above + alpha**2 * (2 * e2 - e1))
    chain = np.array([omega, tau])
    return np.array([[mean_m, mean_s], [second_m - 2 * mean * mean_m, second_s - 2 * mean * mean_s]]) * chain
