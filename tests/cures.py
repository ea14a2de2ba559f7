"""The advice of a diagnosis, followed to the letter: does the network learn then?

    recipe = followed(recipe, twin, finding)     what the finding says to do, done
    rounds = cured(case)                         after how many findings, one at a time, the network learns

What stands between backticks in a remedy is run as Python. What only the owner of the data can do (find the right
labels) is taken from the twin; OWNER names these kinds.
"""

from __future__ import annotations

import math
import re
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from minnet import activations, initializers, optimizers, schedules
from minnet.diagnostics import Diagnosis, Finding, diagnose
from tests.healthy_networks import STEPS, Recipe, progress, times, trained
from tests.sick_networks import Case

OWNER = ("constant_targets", "unrelated_labels", "wrong_gradient", "validation_shift")
NAMES = {"np": np, "partial": partial, "activations": activations, "initializers": initializers,
         "optimizers": optimizers, "schedules": schedules}
ROUNDS = 3


def diagnosed(recipe: Recipe, net: Any) -> Diagnosis:
    """The diagnosis, with all that is known of the training."""
    return diagnose(net, recipe.x, recipe.y, recipe.loss, optimizer=recipe.optimizer, schedule=recipe.schedule,
                    clip_norm=recipe.clip_norm, batch_size=recipe.batch_size, validation=recipe.validation)


def followed(recipe: Recipe, twin: Recipe, finding: Finding) -> Recipe:
    """The recipe with the advice followed."""
    for code in re.findall(r"`(.*?)`", finding.remedy):
        if code.startswith("Dense("):
            recipe = replace(recipe, output_activation=activations.identity, after_output=None)
        elif assigned := re.fullmatch(r"([xy]) = (.*)", code):
            parts: list[dict[str, Any]] = [{"x": recipe.x, "y": recipe.y}]
            parts += [dict(zip("xy", recipe.validation, strict=True))] if recipe.validation else []
            for part in parts:
                part[assigned[1]] = np.asarray(eval(assigned[2], NAMES | part))
            recipe = replace(recipe, noise=twin.noise, **parts[0], validation=(
                (parts[1]["x"], parts[1]["y"]) if recipe.validation else None))
        else:
            name, expression = code.split("=", 1)
            recipe = replace(recipe, **{name: eval(expression, dict(NAMES))})
    if finding.kind == "conflicting_labels":                 # "remove all rows that contradict each other"
        first: dict[bytes, Any] = {}
        rows = [row.tobytes() for row in recipe.x]
        clear = dict.fromkeys(rows, True)
        for row, label in zip(rows, recipe.y, strict=True):
            clear[row] &= bool(np.all(first.setdefault(row, label) == label))
        keep = [clear[row] for row in rows]
        return replace(recipe, x=recipe.x[keep], y=recipe.y[keep])
    if finding.kind == "too_narrow":
        units = int(re.search(r"at least (\d+) units", finding.remedy)[1])       # type: ignore[index]
        return replace(recipe, sizes=(recipe.sizes[0], *[max(units, k) for k in recipe.sizes[1:-1]], recipe.sizes[-1]))
    if finding.kind in ("constant_targets", "unrelated_labels"):
        return replace(recipe, x=twin.x, y=twin.y)
    if finding.kind == "wrong_gradient":
        return replace(recipe, activation=twin.activation)
    if finding.kind == "validation_shift":
        return replace(recipe, validation=twin.validation)
    return recipe


def learns(recipe: Recipe, twin: Recipe) -> bool:
    """Whether the network comes at least half as far as the twin, in as many steps."""
    reached, healthy = (progress(one, trained(one, one.network())[-1]) for one in (recipe, twin))
    return reached >= 0.5 * healthy


def validates(recipe: Recipe) -> bool:
    """Whether a network trained on this recipe does better on the validation part than a constant output."""
    net = recipe.network()
    trained(recipe, net)
    assert recipe.validation is not None
    x, y = recipe.validation
    part = replace(recipe, x=x, y=y, noise=0.0)
    return progress(part, float(recipe.loss(net(x), y)[0])) > 0.1


def stopped_early(case: Case) -> bool:
    """Whether the best validation loss of a new training is lower than the present one, and than a constant's."""
    recipe, net, losses = case.recipe, case.recipe.network(), [math.inf]
    assert recipe.validation is not None
    x, y = recipe.validation
    for k in range(100):
        trained(replace(recipe, seed=recipe.seed + k), net, STEPS // 10)
        losses.append(float(recipe.loss(net(x), y)[0]))
    now = float(recipe.loss(case.net(x), y)[0])
    return min(losses) < 0.9 * now and progress(replace(recipe, x=x, y=y, noise=0.0), min(losses)) > 0


def cured(case: Case) -> int | None:
    """The number of findings that were followed, one at a time, until the network learns; None if three do not do."""
    recipe, net = case.recipe, case.net
    for done in range(1, ROUNDS + 1):
        findings = diagnosed(recipe, net).findings
        if not findings:
            return None
        first = findings[0]
        if first.kind == "overfitting":
            return done if stopped_early(case) else None
        recipe = followed(recipe, case.twin, first)
        net = recipe.network()
        if first.kind == "validation_shift":
            if validates(recipe):
                return done
        elif learns(recipe, case.twin) or (first.kind == "dead_units" and learns(times(recipe, 0.1), case.twin)):
            return done
    return None
