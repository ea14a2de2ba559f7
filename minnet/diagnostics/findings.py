"""What is wrong with a network, why, and what to do: `print(diagnose(net, x, y, loss, optimizer=optimizer))`.

The instruments read (`layer_statistics`, `symmetry`, `jacobian`, `scorecard`: their names are here as well), and rules
judge what they read, before the first step as well as in the middle of training. A rule is a few numbers and a
threshold. The thresholds were set on networks drawn at random, of which some had been made sick; on others,
`python -m tests.campaigns.diagnose_bench` measures how many sicknesses are named and how often a healthy network is
called sick.

Nothing is changed: everything runs on a copy (see instruments.py), the trial steps too, by which a learning rate is
judged.
"""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from minnet import checks, losses
from minnet.diagnostics.measurements import (
    LayerStatistics,
    Passes,
    as_optimizer,
    dense_of,
    nonlinearity,
    passes,
    run,
    statistics,
)
from minnet.diagnostics.symmetries import Symmetry, twins
from minnet.initializers import zeros
from minnet.layers import Dense
from minnet.network import Loss, Network
from minnet.optimizers import Optimizer
from minnet.reporting import aligned, as_html, described, printable

STEPS, BATCH = 24, 64            # of a trial of a learning rate


# What comes out ----------------------------------------------------------------------------------------------

@dataclass(frozen=True, repr=False)
class Finding:
    """One thing that is wrong: `kind` is one of KINDS, `layers` count from 1 as in the table, `numbers` say how bad."""

    kind: str
    layers: tuple[int, ...]
    numbers: dict[str, float]
    sentence: str

    def __str__(self) -> str:
        return printable(f"{self.kind}: {self.sentence}")

    __repr__ = __str__


@dataclass(frozen=True, repr=False)
class Diagnosis:
    """What `diagnose` read and found: the table of the layers, then a sentence for each finding, the cause first."""

    statistics: LayerStatistics
    symmetry: Symmetry
    findings: tuple[Finding, ...]
    loss: float
    chance: float                    # the loss of the answer that knows nothing of x

    @property
    def kinds(self) -> tuple[str, ...]:
        """The names of what was found."""
        return tuple(finding.kind for finding in self.findings)

    def _cells(self) -> list[list[str]]:
        distinct = ["distinct units", *(f"{row.distinct}/{row.units}" for row in self.symmetry.rows)]
        return [[*row, cell] for row, cell in zip(self.statistics.cells(), distinct, strict=True)]

    def _sentences(self) -> list[str]:
        return [str(finding) for finding in self.findings] or ["healthy: none of the sicknesses that are looked for "
                                                               f"({', '.join(KINDS)})"]

    def _head(self) -> str:
        return f"loss {self.loss:.4g}; an answer that knows nothing of x costs {self.chance:.4g}"

    def __str__(self) -> str:
        lines = [self._head(), aligned(self._cells()), *(f"- {line}" for line in self._sentences())]
        return printable("\n".join(lines))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        lines = "".join(f"<li>{html.escape(line)}</li>" for line in self._sentences())
        return f"<p>{html.escape(self._head())}</p>{as_html(self._cells())}<ul>{lines}</ul>"


def diagnose(net: Network, x: np.ndarray, y: np.ndarray, loss: Loss, *, optimizer: Optimizer | None = None,
             learning_rate: float | None = None) -> Diagnosis:
    """Read the network on the batch x (n, features), y, and name what is wrong with it, the cause and a remedy.

    Take some hundreds of examples, such as those it is trained on. `optimizer`, or `learning_rate` for plain gradient
    descent, is judged too: 24 steps, and others at larger and smaller rates where they fail, are tried on the copy,
    from a fresh state, in batches of 64 shuffled by seed 0. Sicknesses are looked for in the order of KINDS; where one
    explains another, the other is left out: after a cure, ask again. What the columns of the printed table mean is in
    `layer_statistics` and `symmetry`. Raises TypeError or ValueError for arguments that do not fit.
    """
    if optimizer is not None and learning_rate is not None:
        raise ValueError("expected either optimizer or learning_rate, got both: an optimizer has its learning rate")
    if optimizer is not None and not isinstance(optimizer, Optimizer):
        raise TypeError(f"expected an optimizer such as optimizers.SGD(learning_rate=0.1), got {optimizer!r}")
    step = optimizer if learning_rate is None else as_optimizer(learning_rate)
    read = passes(net, x, y, loss)
    if not np.ptp(np.asarray(x, np.float64), axis=0).any():
        raise ValueError(f"expected examples that differ, got {len(x)} equal row{'s' * (len(x) > 1)}: how a network "
                         "tells inputs apart cannot be read from one; take some hundreds")
    with np.errstate(all="ignore"):
        evidence = _Evidence(read, checks.batch("x", x, net.fan_in, read.net.dtype), np.asarray(y), loss, step,
                             statistics(read, step, 50), twins(read))
        found: list[Finding] = []
        for rule in _RULES:
            finding = rule(evidence, {other.kind for other in found})
            found += [finding] if finding is not None else []
    return Diagnosis(evidence.rows, evidence.symmetry, tuple(found), read.value, evidence.chance)


# What the rules look at --------------------------------------------------------------------------------------

@dataclass
class _Evidence:
    """Measurements, and the few ratios that several rules need. Index 0 is layer 1."""

    passes: Passes
    x: np.ndarray
    y: np.ndarray
    loss: Loss
    optimizer: Optimizer | None
    rows: LayerStatistics
    symmetry: Symmetry
    tried: dict[float, float] = field(default_factory=dict)

    @cached_property
    def scale(self) -> float:
        """Root mean square of the inputs."""
        return math.sqrt((self.x**2).mean())

    @cached_property
    def chance(self) -> float:
        """The loss of the answer 0, which is ln K with softmax; with squared errors, of the mean target."""
        squared = self.loss in (losses.squared_error, losses.mean_squared_error)
        answer = np.zeros_like(self.passes.z) + (self.y.mean(axis=0) if squared else 0)
        return float(self.loss(answer, self.y)[0])

    @property
    def learned(self) -> bool:
        """Whether the network knows something: signals may then be sharp, and gradients small."""
        return self.passes.value < 0.5 * self.chance

    @cached_property
    def gradient(self) -> np.ndarray:
        """Standard deviation of δ, in units of the last layer's."""
        ratio: np.ndarray = self.rows.delta_std / self.rows.delta_std[-1]
        return ratio

    @cached_property
    def signal(self) -> np.ndarray:
        """Spread of a over the examples in the hidden layers, in units of the inputs' size, where that is below 1."""
        spread: np.ndarray = self.rows.spread[:-1] / min(1, self.scale)
        return spread

    @cached_property
    def two_sided(self) -> np.ndarray:
        """Whether f is bounded above and below, so that both ends saturate: a ReLU's lower end is meant to be used."""
        net = self.passes.net
        functions = [getattr(nonlinearity(net, stage), "activation", None) for stage in self.passes.stages]
        return np.array([f is not None and bool(np.isfinite(f.range).all()) for f in functions])

    @cached_property
    def faster(self) -> float:
        """The factor, 1, 10, 100, …, up to which larger learning rates bring the loss lower in a trial."""
        factor = 1.0
        while factor < 1e8 and self.trial(10 * factor) <= self.trial(factor) < math.inf:
            factor *= 10
        return factor

    def trial(self, factor: float) -> float:
        """The loss of the whole batch after STEPS steps at `factor` times the learning rate; infinite if not finite."""
        if factor not in self.tried:
            self.tried[factor] = self._tried(factor)
        return self.tried[factor]

    def _tried(self, factor: float) -> float:
        assert self.optimizer is not None
        net, parts = self.passes.net.astype(np.float64), max(1, len(self.x) // BATCH)
        state = self.optimizer.init(net.params, net.decay_mask)
        batches = np.array_split(np.random.default_rng(0).permutation(len(self.x)), parts)     # labels may be in order
        for t in range(STEPS):
            rows = batches[t % parts]
            if not math.isfinite(run(net, self.x[rows], self.y[rows], self.loss)[0]):
                return math.inf
            self.optimizer.step(net.params, net.grads, state, factor=factor)
        value = run(net, self.x, self.y, self.loss)[0]
        return value if math.isfinite(value) else math.inf


# The rules: evidence and the kinds found so far → a finding or None ------------------------------------------

def _unstandardized(e: _Evidence, found: set[str]) -> Finding | None:
    if not isinstance(e.passes.net.layers[0], Dense):          # BatchNorm or LayerNorm first see to it
        return None
    mean, std = e.x.mean(axis=0), e.x.std(axis=0)
    shift = math.sqrt((mean**2).mean()) / (math.sqrt((std**2).mean()) or 1)
    varying = std[std > 0]
    unequal = float(varying.max() / np.median(varying)) if varying.size else 1.0
    if 0.1 <= e.scale <= 5 and shift <= 4 and unequal <= 30:
        return None
    return Finding("unstandardized_inputs", (1,), {"rms": e.scale, "shift": shift, "unequal": unequal},
                   f"the inputs have root mean square {e.scale:.3g}, means of {shift:.3g} standard deviations, and the "
                   f"widest feature is {unequal:.3g} times the median one; weights are scaled for inputs near mean 0 "
                   "and variance 1: use datasets.standardized, or (x − mean)/std of the training part")


def _identical_units(e: _Evidence, found: set[str]) -> Finding | None:
    sick = [row for row in e.symmetry.rows if 2 * row.distinct <= row.units and not row.noisy]
    if not sick:
        return None
    worst = min(sick, key=lambda row: row.distinct / row.units)
    return Finding("identical_units", _numbers(sick), {"distinct": worst.distinct, "units": worst.units},
                   f"{_layers(_numbers(sick))}: the units are copies (in layer {worst.layer}, {worst.distinct} of "
                   f"{worst.units} differ), with equal weights in, bias and weights out: they get equal gradients and "
                   f"stay equal; draw the weights at random, {_suited(e, worst.layer)}")


def _equal_layers(e: _Evidence, found: set[str]) -> Finding | None:
    sick = [row for row in e.symmetry.rows if row.correlation > max(0.3, 6 * row.chance)]
    if not sick:
        return None
    worst = max(sick, key=lambda row: row.correlation)
    return Finding("equal_layers", _numbers(sick), {"correlation": worst.correlation, "chance": worst.chance},
                   f"{_layers(_numbers(sick))} hold the same numbers (layers {worst.layer} and {worst.like} correlate "
                   f"by {worst.correlation:.2f}, chance gives {worst.chance:.2g}), as when each makes a generator of "
                   "its own from one seed; let initializers draw from the rng that they are given")


def _exploding(e: _Evidence, found: set[str]) -> Finding | None:
    broken = [row.layer for row in e.rows.rows if not math.isfinite(row.std + row.delta_std + row.W_norm)]
    signals = e.rows.std[:-1] / e.scale
    gradients = e.gradient[:-1] / e.gradient[-2:-1]            # of the hidden layers' last: the output has its own rule
    signal, gradient = (20, 100) if e.learned else (4, 30)
    layers = broken or [k + 1 for k in range(len(signals)) if signals[k] > signal or gradients[k] > gradient]
    if not layers or "unstandardized_inputs" in found:
        return None
    numbers = {"signal": float(signals.max(initial=0)), "gradient": float(gradients.max(initial=0))}
    what = ("numbers are no longer finite" if broken else f"signals reach {numbers['signal']:.2g} times the inputs, "
            f"gradients {numbers['gradient']:.2g} times the last hidden layer's: exploding")
    return Finding("exploding", tuple(layers), numbers,
                   f"{_layers(layers)}: {what}; start from smaller weights, {_suited(e, layers[0])}")


def _dead_units(e: _Evidence, found: set[str]) -> Finding | None:
    off = np.where(e.two_sided, 0, np.nan_to_num(e.rows.saturated))
    sick = [row for row, share in zip(e.rows.rows[:-1], off, strict=False) if row.dead > 0.8 or share > 0.85]
    if not sick or found & {"identical_units", "exploding"}:
        return None
    dead, share = max(row.dead for row in sick), float(max(off[row.layer - 1] for row in sick))
    return Finding("dead_units", _numbers(sick), {"dead": dead, "off": share},
                   f"{_layers(_numbers(sick))}: {dead:.0%} of the units have slope 0 for every example (off for "
                   f"{share:.0%} of all pairs of unit and example), and what has no slope does not learn; lower the "
                   "learning rate if it came with training; else set biases to 0 and give weights mean 0, "
                   f"{_suited(e, sick[0].layer)}; activations.leaky_relu() cannot die")


def _saturated(e: _Evidence, found: set[str]) -> Finding | None:
    most = 0.9 if e.learned else 0.6
    sick = [row for row, both in zip(e.rows.rows[:-1], e.two_sided, strict=False) if both and row.saturated > most]
    if not sick or found & {"identical_units", "unstandardized_inputs"}:
        return None
    share = max(row.saturated for row in sick)
    return Finding("saturated", _numbers(sick), {"saturated": share},
                   f"{_layers(_numbers(sick))}: up to {share:.0%} of the values of {sick[0].activation} lie where its "
                   f"slope has gone: saturated; start from smaller weights or biases, "
                   f"{_suited(e, sick[0].layer, smaller=True)}")


def _vanishing(e: _Evidence, found: set[str]) -> Finding | None:
    if len(e.signal) == 0 or found - {"equal_layers"}:
        return None
    forward, backward = float(e.signal.min()), float(e.gradient.min())
    suspect = not e.learned and forward * backward < (1e-3 if e.optimizer else 2e-4)
    if not suspect or (e.optimizer and forward * backward > 5e-5 and e.trial(e.faster) < 0.98 * e.chance):
        return None
    weak = [row.layer for row, s, g in zip(e.rows.rows[:-1], e.signal, e.gradient, strict=False) if min(s, g) < 0.03]
    layers = tuple(weak) or (1 + int(e.gradient.argmin()),)
    return Finding("vanishing", layers, {"signal": forward, "gradient": backward},
                   f"{_layers(layers)}: gradients fall to {backward:.1e} of the last layer's, signals to "
                   f"{forward:.1e} of the inputs': vanishing; start from larger weights, {_suited(e, layers[0])}")


def _initial_loss(e: _Evidence, found: set[str]) -> Finding | None:
    known = e.loss in (losses.softmax_cross_entropy, losses.sigmoid_cross_entropy)
    if not known or not e.passes.value > 3 * e.chance + 1 or found & {"unstandardized_inputs", "exploding"}:
        return None
    name = f"ln {e.passes.z.shape[1]}" if e.loss is losses.softmax_cross_entropy else "ln 2 per output"
    last = len(e.rows)
    return Finding("initial_loss", (last,), {"loss": e.passes.value, "chance": e.chance},
                   f"the loss is {e.passes.value:.3g}, where not knowing costs {e.chance:.3g} ({name}): outputs are "
                   "confident and wrong, and the first steps only shrink them; give the last layer smaller weights: "
                   "output_init=initializers.glorot_uniform, or zeros for this layer alone")


def _learning_rate_large(e: _Evidence, found: set[str]) -> Finding | None:
    if e.optimizer is None or found & {"unstandardized_inputs", "exploding", "initial_loss"}:
        return None
    after = e.trial(1)
    if after < 0.9 * e.chance:
        return None
    best = min((0.1, 0.01, 1e-3, 1e-4, 1e-5), key=e.trial)
    return _rate(e, e.optimizer.learning_rate, best, "large") if e.trial(best) < 0.75 * after else None


def _learning_rate_small(e: _Evidence, found: set[str]) -> Finding | None:
    if e.optimizer is None or e.learned or found - {"equal_layers"}:
        return None
    before = e.passes.value
    if not 0.92 * before < e.trial(1) < 1.05 * before:
        return None
    best = e.faster
    slow = best >= 100 and e.trial(best) < 0.8 * e.trial(1)
    return _rate(e, e.optimizer.learning_rate, best, "small") if slow else None


def _rate(e: _Evidence, rate: float, best: float, size: str) -> Finding:
    """The learning rate is far too large, or small: `best` times as much would do."""
    updates = e.rows.update[np.isfinite(e.rows.update)]
    numbers = {"loss": e.trial(1), "better_factor": best, "better_loss": e.trial(best),
               "update": float(updates.max(initial=0))}
    return Finding(f"learning_rate_{size}", (), numbers,
                   f"{STEPS} trial steps at the learning rate {rate:g} take the loss from {e.passes.value:.4g} to "
                   f"{e.trial(1):.4g}, at {best * rate:.2g} to {e.trial(best):.3g}: the rate is far too {size}; try "
                   f"{best * rate:.1g}")


_RULES: tuple[Callable[[_Evidence, set[str]], Finding | None], ...] = (
    _unstandardized, _identical_units, _equal_layers, _exploding, _dead_units, _saturated, _vanishing, _initial_loss,
    _learning_rate_large, _learning_rate_small)
KINDS = ("unstandardized_inputs", "identical_units", "equal_layers", "exploding", "dead_units", "saturated",
         "vanishing", "initial_loss", "learning_rate_large", "learning_rate_small")


# Words -------------------------------------------------------------------------------------------------------

def _numbers(rows: Sequence[Any]) -> tuple[int, ...]:
    return tuple(row.layer for row in rows)


def _layers(numbers: Sequence[int]) -> str:
    """[3, 4, 5, 9] → "layers 3–5 and 9"."""
    starts = [n for n in numbers if n - 1 not in numbers]
    ends = [n for n in numbers if n + 1 not in numbers]
    runs = [str(a) if a == b else f"{a}–{b}" for a, b in zip(starts, ends, strict=True)]
    words = " and ".join([*([", ".join(runs[:-1])] if runs[1:] else []), runs[-1]])
    return f"layer{'s' if len(numbers) > 1 else ''} {words}"


def _suited(e: _Evidence, layer: int, *, smaller: bool = False) -> str:
    """What theory recommends for the activation of a layer, and why; if that has to be smaller and is not, tanh."""
    from minnet import theory

    activation = getattr(nonlinearity(e.passes.net, e.passes.stages[layer - 1]), "activation", None)
    if activation is None:
        return "for PReLU partial(he_normal, negative_slope=0.25)"
    try:
        advice = theory.for_activation(activation)
    except ValueError as error:                # no gain suits it: that is an answer too
        return f"but {error}"
    W = dense_of(e.passes.net, e.passes.stages[layer - 1])[1].W
    if smaller and np.square(advice.weights(np.random.default_rng(0), W.shape)).mean() > 0.9 * np.square(W).mean():
        return f"though deep {activation} nets lose their gradients then: tanh with glorot_uniform has neither trouble"
    biases = "" if advice.bias is zeros else f" and biases {described(advice.bias)}"
    return f"for {activation} {described(advice.weights)}{biases} ({advice.why})"
