"""Checks of arguments, with errors that say what was expected, what came and what to do.

They stand here so that the formulas elsewhere can be read without them. Each returns its argument in the form that the
library works with, or raises TypeError or ValueError.
"""

from __future__ import annotations

import math
import numbers
from functools import wraps
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
    try:
        x = float(value)
    except OverflowError:                             # 10**400
        x = math.inf
    if not (math.isfinite(x) and above < x < below and least <= x <= most):
        raise ValueError(f"{wanted}, got {value!r}")
    return x


def not_zero_in(dtype: Any, epsilon: float) -> None:
    """ValueError where this dtype rounds an ε > 0 to 0: it could not keep a denominator from being 0."""
    if np.dtype(dtype).type(epsilon) == 0:
        raise ValueError(f"expected epsilon to be larger than 0 in {np.dtype(dtype)}, got {epsilon!r}, which it rounds "
                         "to 0: take one of at least 1e-38")


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


def numbers_in(name: str, values: Any) -> tuple[float, ...]:
    """A list of real numbers as a tuple of floats; NaN and ±∞ are not refused."""
    if not isinstance(values, list | tuple | np.ndarray) or any(
            isinstance(value, bool) or not isinstance(value, numbers.Real) for value in values):
        raise TypeError(f"expected {name} to be a list of numbers, got {values!r}: one number is a list of one")
    return tuple(map(float, values))


def text(name: str, value: Any) -> str:
    """A string."""
    if not isinstance(value, str):
        raise TypeError(f"expected {name} to be a text, got {value!r}")
    return value


def function(name: str, value: Any, kind: str) -> Any:
    """Anything that can be called; `kind` is "of x, such as f"."""
    if not callable(value):
        got = f"an array of shape {value.shape}" if isinstance(value, np.ndarray) else repr(value)
        raise TypeError(f"expected {name} to be a function {kind}, got {got}")
    return value


def one_of(name: str, value: Any, *choices: str) -> str:
    """One of these words."""
    if not isinstance(value, str) or value not in choices:
        raise (ValueError if isinstance(value, str) else TypeError)(
            f"expected {name} to be one of {', '.join(map(repr, choices))}, got {value!r}")
    return value


def unmasked(name: str, value: Any) -> Any:
    """`value`, if neither it nor an element of the list `value` is a masked array: np.asarray would drop the mask."""
    for part in value if isinstance(value, list | tuple) else [value]:
        if isinstance(part, np.ndarray) and hasattr(part, "mask"):           # without importing numpy.ma
            raise TypeError(f"expected {name} without a mask, got a masked array, whose mask would be ignored: replace "
                            "the masked values, x.filled(...), or remove them, x[~x.mask]")
    return value


def array(name: str, value: Any) -> np.ndarray:
    """`value` as an array. Raises TypeError for a masked array, ValueError for rows of unequal lengths."""
    try:
        return np.asarray(unmasked(name, value))
    except ValueError:
        raise ValueError(f"expected {name} to be an array, got rows of unequal lengths") from None


def real(name: str, value: Any) -> np.ndarray:
    """`value` as an array of real numbers, of the dtype that it has."""
    found = array(name, value)
    if found.dtype.kind not in "fiub":
        raise TypeError(f"expected {name} to be an array of real numbers, got dtype {found.dtype}")
    return found


def real_array(name: str, value: Any, dtype: np.dtype[Any]) -> np.ndarray:
    """`value` as a finite array of `dtype`; no copy is made if it is one already."""
    array = real(name, value)
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
    try:
        wanted: Any = None if dtype is None else np.dtype(dtype)      # np.dtype(None) is float64
    except (TypeError, ValueError):
        wanted = repr(dtype)
    if not isinstance(wanted, np.dtype) or wanted not in (np.float32, np.float64):
        raise ValueError(f"expected dtype float32 or float64, got {wanted}")
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


def pair(name: str, data: Any) -> tuple[Any, Any]:
    """`data` as a pair (x, y)."""
    if not isinstance(data, tuple | list) or len(data) != 2 or hasattr(data, "train"):
        hint = f": pass one of its parts, {name}.train" if hasattr(data, "train") else ""
        raise TypeError(f"expected {name} to be a pair (x, y), got {type(data).__name__}{hint}")
    return data[0], data[1]


def model(value: Any) -> Any:
    """What can be trained: an object with params, grads and gradient(x, y, loss)."""
    for name in ("params", "grads", "gradient"):
        if not hasattr(value, name):
            raise TypeError("expected a model with params, grads and gradient(x, y, loss), such as a Network; got "
                            f"{value!r} without {name}")
    return value


def loss(value: Any) -> Any:
    """A loss that checks what it returns. One of minnet's own, which has a check of y, is returned as it is.

    A call raises TypeError unless it returns (value, dz), a real number and an array of z's shape, and ValueError where
    it writes into z or y.
    """
    function("loss", value, "of (z, y), such as losses.softmax_cross_entropy")
    if hasattr(value, "check"):
        return value

    @wraps(value)                                     # with its attributes, such as output_function
    def checked(z: np.ndarray, y: Any) -> tuple[float, np.ndarray]:
        before = {"z": z.tobytes(), "y": np.asarray(y).tobytes()}
        returned = value(z, y)
        wanted = f"expected the loss to return (value, dz), a number and an array of real numbers of shape {z.shape}"
        if not isinstance(returned, tuple | list) or len(returned) != 2:
            raise TypeError(f"{wanted}, got {returned!r}")
        C, dz = array("the loss", returned[0]), array("dz", returned[1])
        if C.shape != () or C.dtype.kind not in "fiu" or dz.shape != z.shape or dz.dtype.kind not in "fiu":
            raise TypeError(f"{wanted}, got a value of shape {C.shape} and dtype {C.dtype}, and dz of shape {dz.shape} "
                            f"and dtype {dz.dtype}")
        for name, given in (("z", z), ("y", y)):
            if np.asarray(given).tobytes() != before[name]:
                raise ValueError(f"expected a loss that leaves {name} as it is, got one that writes into {name}: "
                                 f"change a copy, {name}.copy()")
        return float(C), dz
    return checked
