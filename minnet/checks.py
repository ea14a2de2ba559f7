"""Checks of arguments, with errors that say what was expected, what came and what to do.

They stand here so that the formulas elsewhere can be read without them. Each returns its argument in the form that the
library works with, or raises TypeError or ValueError.
"""

from __future__ import annotations

import math
import numbers
from typing import Any

import numpy as np

from minnet.arrays import all_finite


def generator(rng: int | np.random.Generator) -> np.random.Generator:
    """`rng` as a Generator: an int is a seed, a Generator is used (and advanced) as it is."""
    if isinstance(rng, np.random.Generator):
        return rng
    if isinstance(rng, numbers.Integral) and not isinstance(rng, bool) and rng >= 0:
        return np.random.default_rng(int(rng))
    raise TypeError(f"expected rng to be an int ≥ 0 or a numpy Generator, got {rng!r}: nothing is drawn from a "
                    "hidden seed; pass rng=0, or np.random.default_rng(0) to share one stream")


def shape(value: Any) -> tuple[int, ...]:
    """`value` as the shape of an array: whole numbers ≥ 1."""
    wanted = "expected shape to be a tuple of whole numbers ≥ 1, such as (64, 10)"
    if isinstance(value, np.random.Generator):
        raise TypeError(f"{wanted}, got a Generator: an initializer is called init(rng, shape), in this order")
    if not isinstance(value, tuple | list) or any(isinstance(n, bool) or not isinstance(n, numbers.Integral)
                                                  for n in value):
        raise TypeError(f"{wanted}, got {value!r}")
    if min(value, default=1) < 1:
        raise ValueError(f"{wanted}, got {value!r}")
    return tuple(map(int, value))


def drawing_generator(rng: Any) -> np.random.Generator:
    """The generator that an initializer draws from; a seed is refused, since every layer would get the same numbers."""
    if not isinstance(rng, np.random.Generator):
        seed = rng if isinstance(rng, int) else 0
        raise TypeError(f"expected rng to be a numpy Generator, got {rng!r}: pass np.random.default_rng({seed}), and "
                        "the same one for every layer")
    return rng


def boolean(name: str, value: Any) -> bool:
    """True or False: words and numbers are refused, since "no" would count as True."""
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"expected {name} to be True or False, got {value!r}")
    return bool(value)


def number(name: str, value: Any, *, above: float = -math.inf, least: float = -math.inf,
           below: float = math.inf, most: float = math.inf) -> float:
    """A finite real number with above < value < below and least ≤ value ≤ most."""
    bounds = [f"{sign} {bound:g}" for sign, bound in ((">", above), ("≥", least), ("<", below), ("≤", most))
              if math.isfinite(bound)]
    wanted = f"expected {name} to be a number {' and '.join(bounds)}".rstrip()
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(f"{wanted}, got {value!r} of type {type(value).__name__}")
    x = float(value)
    if not (math.isfinite(x) and above < x < below and least <= x <= most):
        raise ValueError(f"{wanted}, got {value!r}")
    return x


def epsilon(value: Any) -> float:
    """ε > 0, a number that keeps a denominator from being 0; in float32 one below 1.2e-38 would be no help."""
    found = number("epsilon", value, above=0)
    if found < np.finfo(np.float32).tiny:
        raise ValueError(f"expected epsilon to be at least 1.2e-38, got {value!r}: float32 rounds it to 0")
    return found


def count(name: str, value: Any, *, least: int = 1) -> int:
    """A whole number ≥ least: layer widths, epochs, batch sizes."""
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise TypeError(f"expected {name} to be a whole number ≥ {least}, got {value!r} of type {type(value).__name__}")
    if value < least:
        raise ValueError(f"expected {name} to be a whole number ≥ {least}, got {value!r}")
    return int(value)


def counts(name: str, values: Any) -> list[int]:
    """Whole numbers ≥ 1, at least one of them: the widths of some layers."""
    if not isinstance(values, list | tuple | np.ndarray):            # a set has no order
        raise TypeError(f"expected {name} to be a list of whole numbers ≥ 1, got {values!r}: one number is a list of "
                        "one")
    found = [count(f"{name}[{i}]", value) for i, value in enumerate(values)]
    if not found:
        raise ValueError(f"expected {name} to be a list of whole numbers ≥ 1, got an empty one")
    return found


def one_of(name: str, value: Any, *choices: str) -> str:
    """One of these words."""
    if not isinstance(value, str) or value not in choices:
        raise (ValueError if isinstance(value, str) else TypeError)(
            f"expected {name} to be one of {', '.join(map(repr, choices))}, got {value!r}")
    return value


def real_array(name: str, value: Any, dtype: np.dtype[Any]) -> np.ndarray:
    """`value` as a finite array of `dtype`; no copy is made if it is one already."""
    if np.ma.is_masked(value):                    # np.asarray would drop the mask and use the hidden numbers
        raise TypeError(f"expected {name} without masked entries, got a masked array: {name}.filled(value) replaces "
                        "them; or leave out the rows that have some")
    array = np.asarray(value)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"expected {name} to be an array of real numbers, got dtype {array.dtype}")
    if array.dtype != dtype:
        with np.errstate(over="ignore"):          # 1e300 in float32 is inf, and is reported as that below
            array = array.astype(dtype)
    if not all_finite(array):
        finite = np.isfinite(array)
        first = tuple(int(i) for i in np.argwhere(~finite)[0])
        raise ValueError(f"expected {name} to be finite in {dtype}, got {array[first]} at index {first} "
                         f"({array.size - int(finite.sum())} such entries): remove or impute them first")
    return array


def float_dtype(dtype: Any) -> np.dtype[Any]:
    """`dtype` if it is float32 or float64."""
    wanted: np.dtype[Any] = np.dtype(dtype)
    if dtype is None or wanted not in (np.float32, np.float64):
        raise ValueError(f"expected dtype float32 or float64, got {wanted if dtype is not None else None}")
    return wanted


def batch(name: str, value: Any, features: int | None, dtype: np.dtype[Any]) -> np.ndarray:
    """`value` as a batch of shape (n, features), n ≥ 1, finite, of `dtype`; features=None takes any width."""
    try:
        shape = np.shape(value)
    except ValueError:
        raise ValueError(f"expected {name} of shape (n, {'features' if features is None else features}), got rows of "
                         "unequal lengths") from None
    if len(shape) == 2 and shape[0] > 0 and features in (None, shape[1]):
        return real_array(name, value, dtype)
    wanted = f"expected {name} of shape (n, {'features' if features is None else features}), got {shape}"
    if len(shape) == 1:
        raise ValueError(f"{wanted}: one example is a batch of one, {name}[None, :]; one feature is {name}[:, None]")
    if len(shape) > 2:
        raise ValueError(f"{wanted}: flatten images with {name}.reshape(len({name}), -1)")
    if len(shape) == 0:
        raise ValueError(f"{wanted}: a batch is two-dimensional, one row per example")
    if shape[0] == 0:
        raise ValueError(f"{wanted}: the batch is empty, at least one example is needed")
    turned = f"; a row is an example: is {name}.T meant?" if shape[0] == features else ""
    raise ValueError(f"{wanted}: the first layer takes {features} features, a row has {shape[1]}{turned}")
