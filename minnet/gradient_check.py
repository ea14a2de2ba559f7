"""Is the backward pass right? The gradient against finite differences, in float64, array by array.

With four evaluations of the loss C per parameter, the central difference of fourth order,

    ĝ = [8(C(p+h) − C(p−h)) − (C(p+2h) − C(p−2h))]/(12h) = ∂C/∂p + O(h⁴),

has both truncation and rounding near 1e-12 at h = 1e-3. For each learned array the error is

    ‖g − ĝ‖ / max(‖g‖ + ‖ĝ‖, 1e-3 · ‖whole gradient‖)

and a right backward pass keeps it below 1e-7. The floor in the denominator is for arrays whose true gradient is 0
(a bias before BatchNorm), where the quotient would compare rounding with rounding.

A kink makes the difference meaningless: if any pre-activation crosses one between p − 2h and p + 2h, the step is
made smaller, up to three times by ten, and then the parameter is left out and counted as excluded.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from minnet import checks
from minnet.losses import Loss
from minnet.network import Network

_STEPS = (1e-3, 1e-4, 1e-5, 1e-6)
TOLERANCE = 1e-7


@dataclass(frozen=True)
class Row:
    """One learned array: its relative error, how many of its entries were compared, how many left out at kinks."""

    array: str
    error: float
    compared: int
    excluded: int


@dataclass(frozen=True)
class Report:
    """The rows of a check. `passed`: every array is below the tolerance, and none had all its entries left out."""

    rows: tuple[Row, ...]
    tolerance: float

    @property
    def worst(self) -> Row:
        return max(self.rows, key=lambda row: (row.compared == 0, row.error))

    @property
    def passed(self) -> bool:
        return self.worst.compared > 0 and self.worst.error <= self.tolerance

    def __str__(self) -> str:
        wide = max(len(row.array) for row in self.rows)
        lines = [f"{row.array:<{wide}}  error {row.error:.1e}  ({row.compared} compared, {row.excluded} at kinks)"
                 for row in self.rows]
        verdict = (f"passed: every array within {self.tolerance:g}" if self.passed else
                   f"failed: {self.worst.array} is the worst" + ("" if self.worst.compared else ", all of it at kinks"))
        return "\n".join([*lines, verdict])


def check(model: Any, x: np.ndarray, y: np.ndarray, loss: Loss, *, training: bool = True, noise: int = 0,
          samples: int | None = None, tolerance: float = TOLERANCE) -> Report:
    """Compare every learned array's gradient with finite differences, parameter by parameter.

    model: a Network, or any object with float64 vectors `params`, `grads` and `gradient(x, y, loss)`. A float32
    Network is checked in a float64 copy; a float64 model is checked as it stands, and gets its params, grads and
    state back. noise: the seed of the layers' noise, drawn alike at every evaluation. samples: at most so many
    entries of each array, drawn at random (None: all of them; four losses each).
    Raises TypeError for a model in float32 that is no Network.
    """
    probe = _Probe(model, x, y, loss, training, noise)
    chooser = np.random.default_rng(noise)
    with probe:
        g, rows = probe.gradient(), []
        whole = float(np.linalg.norm(g[np.isfinite(g)]))
        for array, span in probe.arrays.items():
            entries = np.arange(span.start, span.stop)
            if samples is not None and samples < len(entries):
                entries = np.sort(chooser.choice(entries, checks.count("samples", samples), replace=False))
            unit = np.zeros_like(g)
            pairs = []
            for i in entries:
                unit[i] = 1
                numeric = probe.derivative(unit)
                unit[i] = 0
                if numeric is not None:
                    pairs.append((g[i], numeric))
            analytic, numbers = np.array(pairs).reshape(-1, 2).T
            scale = max(float(np.linalg.norm(analytic) + np.linalg.norm(numbers)), 1e-3 * whole)
            rows.append(Row(array, _relative(float(np.linalg.norm(analytic - numbers)), scale), len(pairs),
                            len(entries) - len(pairs)))
    return Report(tuple(rows), tolerance)


def directional(model: Any, x: np.ndarray, y: np.ndarray, loss: Loss, *, rng: int | np.random.Generator,
                training: bool = True, noise: int = 0) -> float:
    """The relative error |u·g − ∂C/∂u| / (|u·g| + |∂C/∂u|) along one random direction u of unit length.

    Four losses check all parameters at once, whatever their number: a quick look where `check` would take long. It
    does not say which array is wrong. NaN where a kink lies too close in every step size. Otherwise as `check`.
    """
    probe = _Probe(model, x, y, loss, training, noise)
    with probe:
        g = probe.gradient()
        u = checks.generator(rng).normal(size=g.shape)
        u /= np.linalg.norm(u)
        numeric, analytic = probe.derivative(u), float(u @ g) if np.isfinite(g).all() else math.inf
    return math.nan if numeric is None else _relative(abs(analytic - numeric), abs(analytic) + abs(numeric))


def _relative(difference: float, scale: float) -> float:
    """difference/scale; 0 where both vanish, ∞ where the gradient or the loss was not finite."""
    if not math.isfinite(scale):
        return math.inf
    return difference / scale if scale > 0 else 0.0


class _Probe:
    """Evaluates a model's loss at displaced parameters; a context that puts everything back."""

    def __init__(self, model: Any, x: np.ndarray, y: np.ndarray, loss: Loss, training: bool, noise: int) -> None:
        if isinstance(model, Network):
            model = model if model.dtype == np.float64 else model.astype(np.float64)
            self.arrays = model.arrays()
        elif model.params.dtype == np.float64:
            self.arrays = model.arrays() if hasattr(model, "arrays") else {"params": slice(0, len(model.params))}
        else:
            raise TypeError(f"expected a model in float64, got params of dtype {model.params.dtype}: finite "
                            "differences need the digits")
        if not self.arrays:
            raise ValueError(f"expected a model that learns something, got {model!r} without parameters")
        self.model, self.arguments = model, (x, y, loss)
        self.noisy = {"training": training, "rng": noise}
        self.kinked = [layer for layer in getattr(model, "layers", ()) if layer.kinks]

    def __enter__(self) -> _Probe:
        self.before = {name: getattr(self.model, name).copy() for name in ("params", "grads", "state")
                       if hasattr(self.model, name)}
        return self

    def __exit__(self, *failure: object) -> None:
        for name, vector in self.before.items():
            getattr(self.model, name)[...] = vector

    def evaluate(self) -> float:
        return float(self.model.gradient(*self.arguments, **self.noisy))

    def gradient(self) -> np.ndarray:
        self.model.grads[...] = np.nan                 # what the backward pass does not write, or only adds to, shows
        self.evaluate()
        return np.array(self.model.grads)

    def sides(self) -> list[np.ndarray]:
        """On which side of its layer's kinks each pre-activation of the last pass lies."""
        return [np.digitize(layer.z, layer.kinks) for layer in self.kinked]

    def derivative(self, u: np.ndarray) -> float | None:
        """∂C/∂u by the central difference, or None where a kink is in the way at every step size."""
        for h in _STEPS:
            values, sides = [], []
            for k in (-2, -1, 1, 2):
                self.model.params[...] = self.before["params"] + k * h * u
                values.append(self.evaluate())
                sides.append(self.sides())
            self.model.params[...] = self.before["params"]
            if all(np.array_equal(a, b) for other in sides[1:] for a, b in zip(sides[0], other, strict=True)):
                return float((8 * (values[2] - values[1]) - (values[3] - values[0])) / (12 * h))
        return None
