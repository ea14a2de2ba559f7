"""Is the backward pass right? Compares the gradient with finite differences, in float64, array by array.

Four evaluations of the loss C per parameter p give the central difference of fourth order,

    ĝ = [8(C(p+h) − C(p−h)) − (C(p+2h) − C(p−2h))]/(12h) = ∂C/∂p + O(h⁴),

whose truncation and rounding errors are both near 1e-12 at h = 1e-3. The error of a learned array is

    ‖g − ĝ‖ / max(‖g‖ + ‖ĝ‖, 1e-3 · ‖whole gradient‖),

and a right backward pass keeps it below 1e-7. The second term in the denominator is for arrays whose true gradient is 0
(a bias before BatchNorm): without it the quotient would compare rounding errors with rounding errors.

At a kink, such as ReLU's at 0, a finite difference is not the derivative. If any pre-activation crosses a kink between
p − 2h and p + 2h, the step is divided by ten, up to three times; if that does not help, the parameter is left out and
listed as "at kinks". The check knows the kinks from `Activation(…, kinks=…)`, and from the property `kinks` of a layer.
A kink that is not declared shows in the loss: differences taken on one side of p alone are not ĝ.
"""

from __future__ import annotations

import math
import numbers
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from minnet import checks
from minnet.losses import Loss
from minnet.network import Network
from minnet.parameters import Model, declared
from minnet.reporting import printable
from minnet.sequence import nested

_STEPS = (1e-3, 1e-4, 1e-5, 1e-6)
_SHOWN = 3                         # entries of an array that a report lists
TOLERANCE = 1e-7

Index = tuple[int, ...]


@dataclass(frozen=True)
class Entry:
    """One parameter: where it stands in its array, g from the backward pass, and the finite difference ĝ."""

    index: Index
    gradient: float
    difference: float


@dataclass(frozen=True)
class Row:
    """One learned array: its relative error, how many entries were compared, the worst three, and those at kinks.

    Of an array beyond the tolerance: factor, where g = factor · ĝ in all entries, and the entries among the worst near
    which the loss has a kink that is not declared.
    """

    array: str
    error: float
    compared: int
    worst: tuple[Entry, ...]
    at_kinks: tuple[Index, ...]
    factor: float | None = None
    undeclared: tuple[Index, ...] = ()

    @property
    def excluded(self) -> int:
        """How many entries are left out, because the loss has a kink there."""
        return len(self.at_kinks)

    def __str__(self) -> str:
        where = f": {_listed(self.at_kinks)}" if self.at_kinks else ""
        return f"error {self.error:.1e}  ({self.compared} compared, {self.excluded} at kinks{where})"


@dataclass(frozen=True)
class Report:
    """The rows of a check. `passed`: every array's error is within the tolerance, and no array is wholly at kinks.

    examples: the rows of x in which a pre-activation lies on a declared kink.
    """

    rows: tuple[Row, ...]
    tolerance: float
    examples: tuple[int, ...] = ()

    @property
    def worst(self) -> Row:
        """The array with the largest error; an array that is wholly at kinks counts as worse."""
        return max(self.rows, key=lambda row: (row.compared == 0, row.error))

    @property
    def passed(self) -> bool:
        return self.worst.compared > 0 and self.worst.error <= self.tolerance

    def __str__(self) -> str:
        wide = max(len(row.array) for row in self.rows)
        rows = (f"{row.array:<{wide}}  {row}" for row in self.rows)
        return printable("\n".join([*rows, *self._verdict(), *self._at_kinks()]))

    def _verdict(self) -> list[str]:
        worst = self.worst
        if self.passed:
            return [f"passed: every array within {self.tolerance:g}"]
        if not worst.compared:
            return [f"failed: {worst.array} is the worst, all of it at kinks"]
        return [f"failed: {worst.array} is the worst",
                *(f"  entry {list(one.index)}: gradient {one.gradient:.6g}, finite difference {one.difference:.6g}"
                  for one in worst.worst), *(f"  {sentence}" for sentence in self._causes(worst))]

    def _causes(self, worst: Row) -> list[str]:
        """What the numbers say of the mistake, and where to look for it."""
        if worst.undeclared:
            return [f"The loss has a kink near {_listed(worst.undeclared)}, where a finite difference is no "
                    "derivative.",
                    "Declare it, Activation(…, kinks=(0.0,)) for a ReLU, or as the property `kinks` of a layer that "
                    "keeps its z; or move off it: add a little noise to x and b."]
        said = []
        if math.isnan(worst.worst[0].gradient):
            said = ["NaN is also what stands where backward writes nothing: does it assign to this gradient?"]
        elif worst.factor is not None:
            said = [f"Every entry is {worst.factor:.6g} times the difference: a sign or a factor is wrong. Only the "
                    "loss divides by the number of examples."]
        layers = [_layer(row.array) for row in self.rows]
        last = max(_layer(row.array) for row in self.rows if row.error > self.tolerance)
        if last >= 0:
            right = "All arrays of later layers are right" if last < layers[-1] else "No later layer has parameters"
            said += [f"{right}: look at the backward of layer {last}, and at the ∂C/∂x or dz that it is given."]
        return said

    def _at_kinks(self) -> list[str]:
        """Which examples keep entries from being compared, and how to move off."""
        if not any(row.at_kinks for row in self.rows):
            return []
        which = f" in row{'s' * (len(self.examples) > 1)} {_numbers(self.examples)} of x" if self.examples else ""
        return [f"  Entries at kinks are not compared: a pre-activation lies on a kink{which}, as z = 0 does for rows "
                "of zeros where b = 0. To compare them, add a little noise to x and b."]


def _layer(array: str) -> int:
    """The number of the layer (or block) of an array "layer 3 W" of a Network; −1 for those of other models."""
    words = array.split()
    return int(words[1].split(".")[0]) if words[0] == "layer" else -1


def _numbers(values: tuple[int, ...]) -> str:
    return ", ".join(map(str, values[:_SHOWN])) + (", …" if len(values) > _SHOWN else "")


def _listed(entries: tuple[Index, ...]) -> str:
    return ", ".join(str(list(index)) for index in entries[:_SHOWN]) + (", …" if len(entries) > _SHOWN else "")


def check(model: Any, x: np.ndarray, y: np.ndarray, loss: Loss, *, training: bool = True, noise: int = 0,
          samples: int | None = None, tolerance: float = TOLERANCE) -> Report:
    """Compare every learned array's gradient with finite differences, parameter by parameter.

    - model: a Network, or any object with float64 vectors `params`, `grads` and `gradient(x, y, loss)`. A float32
      Network is checked in a float64 copy; of a float64 model params, grads and state are restored afterwards.
    - noise: the seed, an int ≥ 0, of the layers' noise, which is the same at every evaluation.
    - samples: the largest number of entries checked in each array, drawn at random; None checks all of them, with four
      losses each.
    - tolerance: between 0 and 1; a gradient of zeros has error 1.

    Raises TypeError for a float32 model that is no Network, and TypeError or ValueError for settings out of range.
    """
    tolerance = checks.number("tolerance", tolerance, above=0, below=1)
    samples = None if samples is None else checks.count("samples", samples)
    probe = _Probe(model, x, y, loss, training, noise)
    chooser = np.random.default_rng(noise)
    with probe:
        g, rows = probe.gradient(), []
        examples = probe.at_kinks()
        whole = float(np.linalg.norm(g[np.isfinite(g)]))
        for array, span in probe.arrays.items():
            entries = np.arange(span.start, span.stop)
            if samples is not None and samples < len(entries):
                entries = np.sort(chooser.choice(entries, samples, replace=False))
            unit = np.zeros_like(g)
            compared, at_kinks = [], []
            for i in entries:
                unit[i] = 1
                numeric = probe.derivative(unit)
                unit[i] = 0
                index = tuple(map(int, np.unravel_index(i - span.start, probe.shapes[array])))
                if numeric is None:
                    at_kinks.append(index)
                else:
                    compared.append(Entry(index, float(g[i]), numeric))
            row = _row(array, compared, at_kinks, whole, tolerance)
            if row.error > tolerance:
                gap = abs(row.worst[0].gradient - row.worst[0].difference)
                places = [span.start + int(np.ravel_multi_index(one.index, probe.shapes[array])) for one in row.worst]
                row = replace(row, undeclared=tuple(one.index for one, i in zip(row.worst, places, strict=True)
                                                    if probe.one_sided(i, one.difference) > 0.1 * gap))
            rows.append(row)
    return Report(tuple(rows), tolerance, examples)


def _row(array: str, compared: list[Entry], at_kinks: list[Index], whole: float, tolerance: float) -> Row:
    """The error of one array, and its worst entries: the largest |g − ĝ|, not finite ones first."""
    analytic, numeric = np.array([(one.gradient, one.difference) for one in compared]).reshape(-1, 2).T
    scale = max(float(np.linalg.norm(analytic) + np.linalg.norm(numeric)), 1e-3 * whole)
    with np.errstate(invalid="ignore"):
        difference = analytic - numeric
    order = np.argsort(-np.nan_to_num(abs(difference), nan=math.inf), kind="stable")
    error, factor = _relative(float(np.linalg.norm(difference)), scale), None
    if tolerance < error < math.inf and len(compared) > 1 and numeric.any():
        factor = float(analytic @ numeric) / float(numeric @ numeric)
        factor = factor if np.linalg.norm(analytic - factor * numeric) <= 10 * tolerance * scale else None
    return Row(array, error, len(compared), tuple(compared[i] for i in order[:_SHOWN]), tuple(at_kinks), factor)


def directional(model: Any, x: np.ndarray, y: np.ndarray, loss: Loss, *, rng: int | np.random.Generator,
                training: bool = True, noise: int = 0) -> float:
    """The relative error |u·g − ∂C/∂u| / (|u·g| + |∂C/∂u|) along one random direction u of unit length.

    Four losses check all parameters together: a quick test where `check` would take long. It does not say which array
    is wrong. Returns NaN where a kink is too close at every step size; another `rng` may avoid it. The arguments and
    errors are those of `check`.
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
    """Evaluates a model's loss at displaced parameters; a context manager that restores the model at its end."""

    def __init__(self, model: Any, x: np.ndarray, y: np.ndarray, loss: Loss, training: bool, noise: Any) -> None:
        if isinstance(checks.model(model), Network):
            model = model if model.dtype == np.float64 else model.astype(np.float64)
            self.arrays = model.arrays()
        elif model.params.dtype == np.float64:
            self.arrays = model.arrays() if hasattr(model, "arrays") else {"params": slice(0, len(model.params))}
        else:
            raise TypeError(f"expected a model in float64, got params of dtype {model.params.dtype}: finite "
                            "differences need its digits; pass model.astype(np.float64)")
        if not self.arrays:
            raise ValueError(f"expected a model that learns something, got {model!r} without parameters")
        if isinstance(noise, bool) or not isinstance(noise, numbers.Integral) or noise < 0:
            raise TypeError(f"expected noise to be a seed, an int ≥ 0, got {noise!r}: every evaluation of the loss "
                            "starts a new generator from it, so that all have the same noise")
        self.shapes: dict[str, Index] = {name: (span.stop - span.start,) for name, span in self.arrays.items()}
        if isinstance(model, Model):
            self.shapes |= {prefix + array.name: array.shape(owner) for prefix, owner in model.owners().items()
                            for array in declared(owner, "params")}
        self.model = model
        self.arguments = x, y, checks.loss(loss)
        self.noisy = {"training": training, "rng": noise}
        self.kinked: list[Any] = [layer for _, layer in nested(getattr(model, "layers", ())) if layer.kinks]

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
        self.model.grads[...] = np.nan                 # entries that the backward pass does not overwrite stay NaN
        self.evaluate()
        return np.array(self.model.grads)

    def sides(self) -> list[np.ndarray]:
        """On which side of its layer's kinks each pre-activation of the last pass lies."""
        return [np.digitize(layer.z, layer.kinks) for layer in self.kinked]

    def at_kinks(self) -> tuple[int, ...]:
        """The rows of x in which a pre-activation of the last pass lies on a kink, up to twice the smallest step."""
        near = [abs(np.subtract.outer(layer.z, layer.kinks)).min(axis=-1) <= 2 * _STEPS[-1] for layer in self.kinked]
        return tuple(np.flatnonzero(sum(one.reshape(len(one), -1).any(axis=1) for one in near)).tolist())

    def one_sided(self, i: int, numeric: float) -> float:
        """How far the slopes of the loss on both sides of p_i are from ĝ; on a smooth loss it is rounding, 1e-10."""
        slopes, h = [], _STEPS[-2]
        for side in (h, -h):
            values = []
            for k in range(3):
                self.model.params[...] = self.before["params"]
                self.model.params[i] += k * side
                values.append(self.evaluate())
            slopes.append((4 * values[1] - values[2] - 3 * values[0]) / (2 * side))          # + O(h²)
        self.model.params[...] = self.before["params"]
        return max(abs(slope - numeric) for slope in slopes)

    def derivative(self, u: np.ndarray) -> float | None:
        """∂C/∂u by the central difference, or None where a kink is too close at every step size."""
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
