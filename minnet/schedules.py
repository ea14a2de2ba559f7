"""Schedules: the number of steps done, 0, 1, 2, …, to a factor on the learning rate.

    fit(…, schedule=partial(schedules.cosine, steps=900))

Options are set with functools.partial, and schedules are multiplied:
`lambda t: linear_warmup(t, steps=100) * cosine(t, steps=900)`. All raise TypeError or ValueError for options out of
range.
"""

from __future__ import annotations

import math

from minnet import checks


def constant(step: int) -> float:
    """1: the learning rate as it is."""
    return 1.0


def step_decay(step: int, *, every: int, factor: float = 0.1) -> float:
    """factor^⌊step/every⌋: multiplied by `factor` after each `every` steps."""
    step, every, factor = _count(step), checks.count("every", every), checks.number("factor", factor, above=0)
    return factor ** (step // every)


def exponential(step: int, *, decay: float) -> float:
    """decay^step, decay > 0. Below 1 the rate falls; above 1 it grows, as in a range test (`diagnostics.rate_range`).

    Beyond what a float holds it is infinite, which training refuses.
    """
    step, decay = _count(step), checks.number("decay", decay, above=0)
    try:
        return decay**step
    except OverflowError:
        return math.inf


def cosine(step: int, *, steps: int, floor: float = 0.0) -> float:
    """floor + (1 − floor) · ½(1 + cos(π step/steps)): from 1 to `floor` over `steps`, then floor.

    Loshchilov & Hutter 2017, eq. 5, without restarts.
    """
    step, steps, floor = _count(step), checks.count("steps", steps), checks.number("floor", floor, least=0, most=1)
    return floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * min(step / steps, 1.0)))


def linear_warmup(step: int, *, steps: int) -> float:
    """(step + 1)/steps, at most 1: the first of `steps` steps is already larger than 0."""
    step, steps = _count(step), checks.count("steps", steps)
    return min((step + 1) / steps, 1.0)


def _count(step: int) -> int:
    return checks.count("step", step, least=0)
