"""Checks of the arguments of `train`: each raises TypeError or ValueError before anything has changed."""

from __future__ import annotations

import math
from collections.abc import Callable
from os import PathLike
from typing import Any

import numpy as np

from minnet import checks
from minnet.arrays import all_finite
from minnet.optimizers import Optimizer, State
from minnet.parameter_groups import ParameterGroups


def settings(model: Any, loss: Any, optimizer: Any, schedule: Any) -> None:
    """A model, a loss, an optimizer and a schedule are what they have to be."""
    checks.model(model)
    checks.loss(loss)
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"expected an optimizer such as optimizers.SGD(learning_rate=0.1), got {optimizer!r}")
    if not callable(schedule):
        raise TypeError(f"expected schedule to be a function of the step, got {schedule!r}: "
                        "partial(schedules.cosine, steps=1000) is one")


def factor(schedule: Callable[[int], float], step: int) -> float:
    """The schedule's factor at this step, a number ≥ 0."""
    found = schedule(step)
    if isinstance(found, float) and 0 <= found < math.inf:
        return found
    return checks.number(f"schedule({step}), a factor on the learning rate,", found, least=0)


def first_factor(schedule: Callable[[int], float], step: int) -> None:
    """A schedule whose arguments are missing gets the remedy as a note."""
    try:
        factor(schedule, step)
    except TypeError as error:
        error.add_note("a schedule is called as schedule(step) and returns a number; set its other arguments "
                       "beforehand, as in partial(schedules.cosine, steps=1000)")
        raise


def checkpoint(path: Any, every: int, resume: bool) -> None:
    """`every` and `resume` belong to a file."""
    checks.count("every", every)
    if path is None:
        if checks.boolean("resume", resume):
            raise ValueError("expected checkpoint, the file to resume from, got resume=True without one")
    elif not isinstance(path, str | PathLike) or not str(path):
        raise TypeError(f"expected checkpoint to be the path of a file, such as 'run.npz', got {path!r}")


def span(model: Any, value: slice | None) -> slice:
    """The part of `params` that is trained; all of it for None."""
    size = len(model.params)
    if value is None:
        return slice(0, size)
    if not isinstance(value, slice) or value.step not in (None, 1):
        raise TypeError(f"expected span to be a slice of params without a step, as from net.span(0, 2), got {value!r}")
    try:
        start, stop, _ = value.indices(size)
    except TypeError:
        raise TypeError("expected span to be a slice of whole numbers, as from net.span(0, 2), got "
                        f"{value!r}") from None
    if start >= stop:
        raise ValueError(f"expected span to hold at least one of the {size} parameters, got {value!r}")
    return slice(start, stop)


def optimizer_state(state: State | None, optimizer: Optimizer, model: Any, span: slice) -> State:
    """The optimizer's state for this part of the parameters: the given one, if it fits, or a fresh one."""
    if isinstance(optimizer, ParameterGroups) and span != slice(0, len(model.params)):
        raise ValueError("expected either parameter groups, which are parts of all params, or span, got both: give the "
                         "layers that are not to be trained no group")
    params, mask = model.params[span], getattr(model, "decay_mask", None)
    fresh = optimizer.init(params, None if mask is None else mask[span])
    if state is None:
        return fresh
    remedy = "use optimizer.init(params[span], decay_mask[span])"
    if not isinstance(state, dict):
        raise TypeError(f"expected state to be a dict from optimizer.init, got {state!r}: {remedy}")
    if set(state) != set(fresh):
        raise ValueError(f"expected a state of {type(optimizer).__name__} with {', '.join(sorted(fresh))}, got one "
                         f"with {', '.join(sorted(state)) or 'nothing'}: {remedy}")
    checks.count("t in state", state["t"], least=0)
    for name, vector in fresh.items():
        if name == "t":
            continue
        if not isinstance(state[name], np.ndarray) or state[name].shape != vector.shape:
            raise ValueError(f"expected a state for {params.size} parameters, got {name} of shape "
                             f"{np.shape(state[name])}: {remedy}")
        if state[name].dtype != vector.dtype or not all_finite(state[name]):
            raise ValueError(f"expected {name} in state to be finite numbers in {vector.dtype}, got dtype "
                             f"{state[name].dtype}, or numbers that are not finite: {remedy}")
        if name in optimizer.squares and state[name].min() < 0:
            raise ValueError(f"expected {name} in state to be ≥ 0, since it averages squares, got "
                             f"{state[name].min():g}: {remedy}")
    return state
