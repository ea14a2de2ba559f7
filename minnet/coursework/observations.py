"""What is observed of a function: its outputs for random inputs, or the statistics of an initializer.

Each of these makes the `observe` of an Exercise. A part of an observation whose value is a truth value is a property
that the function shall have; its name is the sentence that a hint says.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minnet.coursework.comparisons import NotDone, equal
from minnet.coursework.exercises import Function, Observation, Observe

UNCHANGED = "leaves its arguments as they are"
FRESH = "two calls draw different weights"
REPEATS = "generators of equal seed draw equal weights"
VARIES = "the standard deviation of what is drawn differs a little from call to call, by chance"
DISTRIBUTION = "the distribution for"
PROBABILITIES = (0.005, 0.05, 0.15, 0.3, 0.5, 0.7, 0.85, 0.95, 0.995)


def outputs(*names: str, inputs: Callable[[np.random.Generator], tuple[Any, ...]]) -> Observe:
    """What a function returns for inputs(rng), one name for each output, and whether it leaves its arguments alone.

        outputs("dx", "dW", "db", inputs=lambda rng: (rng.normal(size=(4, 3)), …))

    The inputs are what `inputs` draws from the generator. NotDone is raised where the function returns None or `...`,
    and where it returns another number of outputs.
    """
    def observe(function: Function, rng: np.random.Generator) -> Observation:
        arguments = inputs(rng)
        before = copy.deepcopy(arguments)
        result = function(*arguments)
        if len(names) == 1:
            results: Sequence[Any] = (result,)
        elif isinstance(result, (tuple, list)) and len(result) == len(names):
            results = result
        else:
            raise NotDone.of(result, f"expected {len(names)} results, ({', '.join(names)})")
        for name, one in zip(names, results, strict=True):
            if one is None or one is ...:
                raise NotDone.of(one, f"expected a value for {name}")
        same = all(equal(a, b, 0.0) for a, b in zip(arguments, before, strict=True) if isinstance(a, np.ndarray))
        return dict(zip(names, results, strict=True)) | {UNCHANGED: same}

    return observe


def _quantiles(values: np.ndarray) -> np.ndarray:
    return np.sort(values, axis=None)[[int(p * values.size) for p in PROBABILITIES]]


def weights(shape: tuple[int, int] = (300, 120), wide: tuple[int, int] = (100, 400)) -> Observe:
    """The statistics of an initializer, a function of (rng, shape), at two shapes.

    The distribution is seen by its quantiles at PROBABILITIES, which hold mean, deviation and form at once; a tolerance
    of 0.04 is more than five standard errors at these sizes. Beside them: the shape, whether two calls differ, also in
    their deviation (weights that are divided by their own deviation do not), and whether the generator that is passed
    decides what is drawn.
    """
    def observe(function: Function, rng: np.random.Generator) -> Observation:
        found: Observation = {}
        seed = int(rng.integers(2**31))
        for size in (shape, wide):
            generator = np.random.default_rng(seed)
            first, second = function(generator, size), function(generator, size)
            again = function(np.random.default_rng(seed), size)
            if not isinstance(first, np.ndarray) or first.dtype.kind not in "fiu" or not first.size:
                raise NotDone.of(first, f"expected an array of real numbers of shape {size}")
            found |= {f"the shape for {size}": first.shape,
                      f"{DISTRIBUTION} {size}": _quantiles(first),
                      FRESH: not equal(first, second, 0.0), REPEATS: equal(first, again, 0.0),
                      VARIES: not equal(np.std(first), np.std(second), 1e-12)}       # rounding alone: 1e-15
        return found

    return observe
