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

from minnet.arrays import all_finite, blocks
from minnet.checks import conversion


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
    """`value` as an array of whatever it holds."""
    return value if type(value) is np.ndarray else conversion.as_array(name, unmasked(name, value))


def real_array(name: str, value: Any, dtype: np.dtype[Any]) -> np.ndarray:
    """`value` as a finite array of `dtype`; no copy is made if it is one already."""
    given = real(name, value)
    found = _cast(given, dtype)
    if not all_finite(found):
        raise _not_finite(name, given, dtype)
    return found


def finite(name: str, array: np.ndarray, dtype: np.dtype[Any]) -> None:
    """ValueError where an entry is not finite in `dtype`. Only a block is cast at a time: the array may be large."""
    if array.dtype.kind == "f" and not all(all_finite(_cast(array[rows], dtype)) for rows in blocks(array)):
        raise _not_finite(name, array, dtype)


def real(name: str, value: Any) -> np.ndarray:
    """`value` as an array of real numbers, of the dtype that it has."""
    if type(value) is np.ndarray and value.dtype.kind in conversion.REAL:
        return value
    return conversion.as_real(name, unmasked(name, value))


def _cast(array: np.ndarray, dtype: np.dtype[Any]) -> np.ndarray:
    if array.dtype == dtype:
        return array
    with np.errstate(over="ignore"):              # 1e300 in float32 is inf, and is reported as that
        return array.astype(dtype)


def _not_finite(name: str, array: np.ndarray, dtype: np.dtype[Any]) -> ValueError:
    array, count, first = np.atleast_1d(array), 0, None
    for rows in blocks(array):
        places = np.argwhere(~np.isfinite(_cast(array[rows], dtype)))
        if first is None and len(places):
            first = (int(places[0][0]) + rows.start, *map(int, places[0][1:]))
        count += len(places)
    assert first is not None
    x, remedy = name.split()[-1], "remove or impute them first"
    if x in ("x", "y"):
        large = f"(np.abs({x}) < {'1e38' if dtype == np.float32 else '1e308'})"
        whole = (large if np.isfinite(array[first]) else f"np.isfinite({x})") + ".all(axis=1)" * (array.ndim == 2)
        remedy += f", such as with good = {whole}, np.array({x})[good], and the other of x and y likewise"
    return ValueError(f"expected {name} to be finite in {dtype}, got {_cast(array[first], dtype)} at index {first} "
                      f"({count} such entries): {remedy}")


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
    return real_array(name, rows(name, value, features), dtype)


def rows(name: str, value: Any, features: int | None) -> np.ndarray:
    """`value` as real numbers of shape (n, features), n ≥ 1, in a dtype of its own."""
    found = real(name, value)
    shape = found.shape
    if len(shape) == 2 and shape[0] > 0 and features in (None, shape[1]):
        return found
    wanted = f"expected {name} of shape (n, {'features' if features is None else features}), got {shape}"
    it = name if isinstance(value, np.ndarray) else f"np.array({name})"          # a list or a table cannot do all of it
    if len(shape) == 1:
        raise ValueError(f"{wanted}: one example is a batch of one, {it}[None, :]; one feature is {it}[:, None]")
    if len(shape) > 2:
        raise ValueError(f"{wanted}: flatten images with {it}.reshape(len({name}), -1)")
    if len(shape) == 0:
        raise ValueError(f"{wanted}: a batch is two-dimensional, one row per example")
    if shape[0] == 0:
        raise ValueError(f"{wanted}: the batch is empty, at least one example is needed")
    turned = f"; a row is an example: is {it}.T meant?" if shape[0] == features else ""
    raise ValueError(f"{wanted}: the first layer takes {features} features, a row has {shape[1]}{turned}")


def data(name: str, value: Any) -> tuple[Any, ...]:
    """`value` as (x, y) or (x, y, weights)."""
    weighted = isinstance(value, tuple | list) and len(value) == 3 and not hasattr(value, "train")
    return tuple(value) if weighted else pair(name, value)


def pair(name: str, data: Any) -> tuple[Any, Any]:
    """`data` as the pair (x, y); TypeError for anything else, such as batches that someone else makes."""
    if isinstance(data, tuple | list) and len(data) == 2 and not hasattr(data, "train"):
        return data[0], data[1]
    hint = ""
    if hasattr(data, "train"):
        hint = f": pass one of its parts, {name}.train"
    elif hasattr(data, "columns"):
        hint = f': with the targets in a column "target", pass ({name}.drop(columns="target"), {name}["target"])'
    elif isinstance(data, dict) and len(data) == 2:
        hint = f": pass tuple({name}.values())"
    elif not isinstance(data, np.ndarray | tuple | dict | str) and (hasattr(data, "__iter__")
                                                                    or hasattr(data, "__getitem__")):
        hint = (": train and fit cut batches from two arrays; to learn from batches of your own, write the loop,\n"
                "    rng, state = np.random.default_rng(0), optimizer.init(net.params, net.decay_mask)\n"
                "    for xb, yb in batches:\n"
                "        net.gradient(xb, yb, loss, rng=rng)\n"
                "        optimizer.step(net.params, net.grads, state)")
    raise TypeError(f"expected {name} to be a pair (x, y), got {type(data).__name__}{hint}")


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
    def checked(z: np.ndarray, y: Any, **options: Any) -> tuple[float, np.ndarray]:
        before = {"z": z.tobytes(), "y": np.asarray(y).tobytes()}
        returned = value(z, y, **options)
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
