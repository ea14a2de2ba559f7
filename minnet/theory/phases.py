"""The phase diagram of an activation: for which weights and biases signals become alike, and for which they diverge.

    diagram = theory.phase_diagram(activations.tanh)
    plots.phase_diagram(diagram)

Over the plane of σ_w² and σ_b² (`mean_field`), q* is the variance of z after many layers, c* the correlation there of
two different inputs, and χ the factor on the gradient's variance. χ < 1 is the ordered phase: all inputs become equal
(c* = 1) and gradients vanish. χ > 1 is the chaotic phase: similar inputs become different (c* < 1) and gradients
explode. Networks train to a depth that grows without limit towards the line between them, χ = 1, the edge of chaos.
Poole, Lahiri, Raghu, Sohl-Dickstein & Ganguli 2016, Fig. 1; Schoenholz, Gilmer, Ganguli & Sohl-Dickstein 2017, Fig. 1.
"""

# numpy types what a ufunc returns as Any:
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

import contextlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from minnet import checks
from minnet.activations import Activation
from minnet.theory.mean_field import Q_MAX, Q_MIN, MeanField, continuous
from minnet.theory.recommend import critical_line, critical_point

_TERMS = 120                        # of the series for c*
_CRITICAL = 1e-6                    # |χ − 1| up to which a point counts as critical


@dataclass(frozen=True, eq=False)
class PhaseDiagram:
    """What `phase_diagram` returns; rows belong to `bias_var`, columns to `weight_var`."""

    activation: Activation
    weight_var: np.ndarray          # (m,) σ_w²
    bias_var: np.ndarray            # (k,) σ_b²
    q: np.ndarray                   # (k, m) q*; inf where the variance grows without limit
    c: np.ndarray                   # (k, m) c*; NaN where q* is infinite
    chi: np.ndarray                 # (k, m) χ(q*); NaN where q* is infinite
    phase: np.ndarray               # (k, m) "ordered", "critical", "chaotic" or, where q* is infinite, "unbounded"
    line: tuple[np.ndarray, np.ndarray]       # σ_w² and σ_b² along the edge of chaos, in increasing order of q*

    def __repr__(self) -> str:
        counts = ", ".join(f"{(self.phase == name).sum()} {name}" for name in np.unique(self.phase))
        return f"PhaseDiagram({self.activation}: {counts} of {self.phase.size} points)"


def phase_diagram(activation: Activation, *, weight_var: Sequence[float] | np.ndarray | None = None,
                  bias_var: Sequence[float] | np.ndarray | None = None) -> PhaseDiagram:
    """q*, c*, χ and the phase on a grid of σ_w² = weight_var (m,) > 0 and σ_b² = bias_var (k,) ≥ 0.

    By default 24 values of σ_w² and 15 of σ_b², denser towards 0, with the edge of chaos about in the middle: seconds.
    q* is the limit from q = 1 on. c* is computed quickly, to about 2 · 10⁻³ (`MeanField.correlation_limit`: to 10⁻⁶).
    Raises TypeError or ValueError for values out of range or that do not increase, and for an activation that jumps.
    """
    middle, height = _window(continuous(activation))
    if weight_var is None:
        weight_var = np.linspace(middle / 12, 2 * middle, 24)
    if bias_var is None:
        bias_var = height * np.linspace(0, 1, 15) ** 2
    across, up = _axis("weight_var", weight_var, above=0), _axis("bias_var", bias_var, least=0)
    q, c, chi = np.full((3, len(up), len(across)), math.nan)
    for i, k in np.ndindex(q.shape):
        field = MeanField(activation, float(across[k]), float(up[i]))
        q[i, k] = field.limit()
        if q[i, k] <= Q_MAX:
            at = max(float(q[i, k]), Q_MIN)
            chi[i, k] = field.chi(at)
            c[i, k] = _correlation_limit(field, at) if chi[i, k] > 1 + _CRITICAL else 1.0
    phase = np.select([np.isnan(chi), chi < 1 - _CRITICAL, chi > 1 + _CRITICAL],
                      ["unbounded", "ordered", "chaotic"], "critical")
    return PhaseDiagram(activation, across, up, np.where(np.isnan(chi), math.inf, q), c, chi, phase,
                        _edge(activation, float(across[-1]), float(up[-1])))


def _window(activation: Activation) -> tuple[float, float]:
    """σ_w² in the middle of the default picture, and σ_b² at its top."""
    middle = 1 / MeanField(activation, 1.0).chi(1.0)
    with contextlib.suppress(ValueError):                   # no edge of chaos
        field, _ = critical_point(activation)
        middle = max(middle, field.weight_var)
        return middle, max(middle / 4, 2 * field.bias_var)
    return middle, middle / 4


def _axis(name: str, values: Sequence[float] | np.ndarray, **limits: float) -> np.ndarray:
    found = np.array([checks.number(name, value, **limits) for value in np.atleast_1d(np.asarray(values)).tolist()])
    if not found.size or (np.diff(found) <= 0).any():
        raise ValueError(f"expected {name} to be numbers that increase, got {found.tolist()}")
    return found


def _edge(activation: Activation, widest: float, highest: float) -> tuple[np.ndarray, np.ndarray]:
    """The edge of chaos inside the picture and a little beyond: points of `critical_line` with stable q."""
    points = []
    for q in np.geomspace(1e-4, 1e2, 121).tolist():
        try:
            field = critical_line(activation, q)
        except ValueError:                                  # no such point: σ_b² < 0, or no slope
            continue
        if field.slope(q) <= 1 + 1e-9 and field.weight_var <= 1.1 * widest and field.bias_var <= 1.1 * highest:
            points.append((field.weight_var, field.bias_var))
    found = np.array(points).reshape(-1, 2)
    return found[:, 0], found[:, 1]


# The correlation after many layers -----------------------------------------------------------------------------

@lru_cache(maxsize=1)
def _hermite() -> tuple[np.ndarray, np.ndarray]:
    """z (2001,) from −10 to 10, and h_k(z) φ(z) dz (terms, 2001) with the orthonormal Hermite polynomials h_k."""
    z = np.linspace(-10, 10, 2001)
    h = [np.ones_like(z), z]
    for k in range(1, _TERMS - 1):
        h.append((z * h[k] - math.sqrt(k) * h[k - 1]) / math.sqrt(k + 1))
    return z, np.array(h) * np.exp(-z * z / 2) * (z[1] - z[0]) / math.sqrt(2 * math.pi)


def _correlation_limit(field: MeanField, q: float) -> float:
    """c* < 1 at a fixed point q with χ > 1, by Mehler's formula.

    With the coefficients a_k = E[f(√q z) h_k(z)], the average E[f(√q u) f(√q v)] over u, v of correlation c is
    Σ a_k² c^k: a power series without negative coefficients, cut after 120 terms. C(c) is therefore convex, and
    Newton's method from 0 increases to its fixed point c* = C(c*) below 1.
    """
    z, weights = _hermite()
    squares = (weights @ field.activation.f(math.sqrt(q) * z)) ** 2
    series = field.weight_var * squares / q                                    # of C(c), but for σ_b²/q
    series[0] += field.bias_var / q
    map_of, slope_of = np.polynomial.Polynomial(series), np.polynomial.Polynomial(series).deriv()
    c = 0.0
    for _ in range(100):
        step = (map_of(c) - c) / max(1 - slope_of(c), 1e-9)
        if step < 1e-9 or slope_of(c) >= 1:
            break
        c = min(c + step, 1.0)
    return float(c)
