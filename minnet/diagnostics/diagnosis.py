"""What is wrong with a network, what causes it, and what to do.

    print(diagnose(net, x, y, loss, optimizer=optimizer))

The network is measured once (evidence.py), and rules judge the measurements, before the first step as well as in the
middle of training. A rule is a plain function from the evidence to a Finding or None:

    data_rules        x, y and the validation part
    output_rules      the last layer and the loss
    capacity_rules    what the network could learn at all
    signal_rules      weights, signals and gradients, layer by layer
    optimizer_rules   the settings of the training, by trial steps

Nothing is changed: everything runs on a copy in float64, the trial steps too. How well it works is measured by
`python -m tests.campaigns.diagnose_bench`, on networks, seeds and data that no threshold was set on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from minnet import checks, schedules
from minnet.checks import training as training_checks
from minnet.diagnostics import capacity_rules, data_rules, optimizer_rules, output_rules, signal_rules
from minnet.diagnostics.chance import chance
from minnet.diagnostics.evidence import Evidence, Validation
from minnet.diagnostics.findings import Diagnosis, Finding
from minnet.diagnostics.measurements import as_optimizer, statistics_of, take_snapshot
from minnet.diagnostics.symmetries import symmetry_of
from minnet.diagnostics.trials import FAR, Settings
from minnet.network import Loss, Network
from minnet.optimizers import Optimizer


@dataclass(frozen=True)
class Rule:
    """A function that judges, the kinds that it may find, and the kinds that would explain them: then it is skipped."""

    judge: Callable[[Evidence], Finding | None]
    kinds: tuple[str, ...]
    explained_by: frozenset[str] = frozenset()


def _rule(judge: Callable[[Evidence], Finding | None], *explained_by: str, kinds: tuple[str, ...] = ()) -> Rule:
    return Rule(judge, kinds or (judge.__name__,), frozenset(explained_by))


_DATA = ("constant_targets", "sentinel_values", "constant_features", "unequal_features", "unstandardized_inputs",
         "shifted_labels", "unrelated_labels", "conflicting_labels", "unscaled_targets")
_OUTPUT = ("output_activation", "output_range", "layer_after_output")
_SIGNALS = ("identical_units", "wrong_gradient", "saturated", "exploding", "dead_units")
_SETTINGS = ("schedule_small", "clip_norm_small", "weight_decay_large", "l1_large", "momentum_large")

# Causes come before their consequences.
RULES = (
    _rule(data_rules.constant_targets),
    _rule(data_rules.sentinel_values),
    _rule(data_rules.constant_features, "sentinel_values"),
    _rule(data_rules.unequal_features, "constant_targets", "sentinel_values", "constant_features"),
    _rule(data_rules.unstandardized_inputs, "sentinel_values", "constant_features", "unequal_features"),
    _rule(data_rules.conflicting_labels, "constant_targets"),
    _rule(data_rules.unrelated_labels, "constant_targets", "sentinel_values", "conflicting_labels",
          kinds=("shifted_labels", "unrelated_labels")),
    _rule(data_rules.unscaled_targets, "constant_targets", "sentinel_values"),
    _rule(data_rules.validation_shift),
    _rule(output_rules.output_activation),
    _rule(output_rules.output_range),
    _rule(output_rules.layer_after_output),
    _rule(capacity_rules.linear_network, *_DATA),
    _rule(signal_rules.identical_units),
    _rule(signal_rules.equal_layers),
    _rule(signal_rules.wrong_gradient, "output_activation"),
    _rule(signal_rules.saturated, "sentinel_values", "constant_features", "unequal_features", "unstandardized_inputs",
          "identical_units", "wrong_gradient"),
    _rule(signal_rules.dead_units, "identical_units", "wrong_gradient", *_OUTPUT),
    _rule(signal_rules.exploding, "constant_targets", "sentinel_values", "constant_features", "unequal_features",
          "unstandardized_inputs", "unscaled_targets", *_OUTPUT, "wrong_gradient", "saturated",
          "dead_units"),
    _rule(output_rules.initial_loss, "constant_targets", "sentinel_values", "constant_features", "unequal_features",
          "unstandardized_inputs", "unscaled_targets", "exploding", "dead_units", *_OUTPUT),
    _rule(optimizer_rules.schedule_small),
    _rule(optimizer_rules.clip_norm_small, *_DATA, *_OUTPUT, *_SIGNALS, "schedule_small"),
    _rule(optimizer_rules.weight_decay_large, "constant_targets", "schedule_small"),
    _rule(optimizer_rules.l1_large, "constant_targets", "schedule_small"),
    _rule(optimizer_rules.momentum_large, *_DATA, "exploding", "initial_loss", "weight_decay_large", "l1_large"),
    _rule(capacity_rules.too_narrow, *_DATA, *_OUTPUT, *_SIGNALS, *_SETTINGS, "linear_network"),
    _rule(signal_rules.vanishing, *_DATA, *_OUTPUT, *_SIGNALS, *_SETTINGS, "too_narrow"),
    _rule(optimizer_rules.learning_rate_large, *_DATA, *_SIGNALS, "linear_network", "initial_loss",
          "weight_decay_large", "l1_large", "momentum_large", "too_narrow", "vanishing"),
    _rule(optimizer_rules.learning_rate_small, *_DATA, *_OUTPUT, *_SIGNALS, *_SETTINGS, "initial_loss", "too_narrow",
          "linear_network", "vanishing", "learning_rate_large"),
    _rule(optimizer_rules.overfitting, *_DATA, "validation_shift"),
)
KINDS = tuple(kind for rule in RULES for kind in rule.kinds)

_NEED_OPTIMIZER = {rule.kinds[0] for rule in RULES if rule.judge.__module__ == optimizer_rules.__name__} - {
    "overfitting"}
_NEED_VALIDATION = {"validation_shift", "overfitting"}


def diagnose(net: Network, x: np.ndarray, y: np.ndarray, loss: Loss, *, optimizer: Optimizer | None = None,
             learning_rate: float | None = None, schedule: Callable[[int], float] = schedules.constant,
             clip_norm: float | None = None, batch_size: int = 32,
             validation: tuple[np.ndarray, np.ndarray] | None = None) -> Diagnosis:
    """Measure the network on the batch x (n, features), y, and name what is wrong with it, the cause and a remedy.

    x, y: some hundreds of the examples that it is trained on; y as `loss` takes it. The other arguments are those of
    `fit`. `optimizer`, or `learning_rate` for plain gradient descent, is judged with `schedule`, `clip_norm` and
    `batch_size` by trial steps on a copy: 24, or as many as momentum, weight decay and l1 need to show their effect.
    Where these steps fail, they are repeated with one setting changed. The schedule is looked at over 1,000 steps.
    `validation` (x, y), without weights, is compared with x and y.

    Findings stand in the order of KINDS, and a finding that an earlier one explains is left out: correct the first, and
    diagnose again. `layer_statistics` and `symmetry` explain the columns of the printed table. Raises TypeError or
    ValueError for arguments that do not fit.
    """
    settings = _checked_settings(optimizer, learning_rate, schedule, clip_norm, batch_size)
    snapshot = take_snapshot(net, x, y, loss)
    examples = checks.batch("x", x, net.fan_in, snapshot.net.dtype)
    if not np.ptp(examples, axis=0).any():
        raise ValueError(f"expected examples that differ, got {len(x)} equal row{'s' * (len(x) > 1)}: how a network "
                         "tells inputs apart cannot be measured on one; use some hundreds")
    held_out = None if validation is None else _checked_validation(net, validation, loss)
    found: list[Finding] = []
    with np.errstate(all="ignore"):                           # what has exploded is inf or NaN, and is reported
        statistics = statistics_of(snapshot, None if settings is None else settings.optimizer, bins=50)
        evidence = Evidence(snapshot, examples, _as_numbers("y", y), loss, statistics, symmetry_of(snapshot), settings,
                            held_out)
        for rule in RULES:
            if not rule.explained_by & {finding.kind for finding in found}:
                finding = rule.judge(evidence)
                found += [finding] if finding is not None else []
    left_out = (_NEED_OPTIMIZER if settings is None else set()) | (_NEED_VALIDATION if held_out is None else set())
    checked = tuple(kind for kind in KINDS if kind not in left_out)
    return Diagnosis(statistics, evidence.symmetry, tuple(found), snapshot.loss_value, evidence.chance, checked)


def _as_numbers(name: str, y: np.ndarray) -> np.ndarray:
    """y as an array that can be subtracted: True and False become 1 and 0."""
    array = checks.array(name, y)
    return array.astype(np.int64) if array.dtype == bool else array


def _checked_settings(optimizer: Optimizer | None, learning_rate: float | None, schedule: Callable[[int], float],
                      clip_norm: float | None, batch_size: int) -> Settings | None:
    if optimizer is not None and learning_rate is not None:
        raise ValueError("expected either optimizer or learning_rate, got both: an optimizer has its learning rate")
    if optimizer is not None and not isinstance(optimizer, Optimizer):
        raise TypeError(f"expected an optimizer such as optimizers.SGD(learning_rate=0.1), got {optimizer!r}")
    if not callable(schedule):
        raise TypeError(f"expected schedule to be a function of the step, got {schedule!r}: "
                        "partial(schedules.cosine, steps=1000) is one")
    training_checks.first_factor(schedule, 0)
    for step in range(1, FAR):
        training_checks.factor(schedule, step)
    if clip_norm is not None:
        checks.number("clip_norm", clip_norm, above=0)
    checks.count("batch_size", batch_size)
    if learning_rate is not None:
        optimizer = as_optimizer(learning_rate)
    if optimizer is None:
        if schedule is not schedules.constant or clip_norm is not None:
            raise ValueError("expected an optimizer with schedule and clip_norm, got None: without one no step is made")
        return None
    return Settings(optimizer, schedule, clip_norm, batch_size)


def _checked_validation(net: Network, validation: tuple[np.ndarray, np.ndarray], loss: Loss) -> Validation:
    if len(checks.data("validation", validation)) == 3:
        raise TypeError("expected validation to be a pair (x, y), got (x, y, weights): a diagnosis does not weight "
                        "examples; leave the weights out, validation[:2]")
    x, y = validation
    x, y = checks.batch("validation x", x, net.fan_in, np.dtype(np.float64)), _as_numbers("validation y", y)
    with np.errstate(all="ignore"):
        z = net.astype(np.float64)(x)
        return Validation(x, y, float(loss(z, y)[0]), chance(loss, y, z.shape[1]))
