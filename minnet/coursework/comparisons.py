"""When two results are equal, and the mistakes that occur everywhere: transposed, sign, factor, square, mean or sum."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minnet.coursework.exercises import Wrong


class NotDone(Wrong):
    """An answer that is still blank, or is not of the kind that was asked for."""

    @classmethod
    def of(cls, result: Any, expected: str) -> NotDone:
        """The sentence for a result that cannot be compared."""
        if result is None:
            return cls(f"not done yet: your function returns None ({expected}). Is the return missing?")
        if result is ...:
            return cls(f"not done yet: your function returns ... ({expected})")
        if isinstance(result, (tuple, list)):
            return cls(f"{expected}, got a {type(result).__name__} of {len(result)}")
        if isinstance(result, np.ndarray):
            return cls(f"{expected}, got an array of shape {result.shape} and dtype {result.dtype}")
        return cls(f"{expected}, got a {type(result).__name__}")


def numeric(value: Any) -> np.ndarray | None:
    """A number, an array or nested lists of numbers as an array; None for anything else."""
    try:
        found = np.asarray(value)
    except ValueError:                                          # lists of different lengths
        return None
    return found if found.dtype.kind in "fiuc" else None


def equal(a: Any, b: Any, tolerance: float) -> bool:
    """Whether shapes agree and no entry differs by more than tolerance times the largest of b; else whether a == b."""
    a_, b_ = numeric(a), numeric(b)
    if a_ is None or b_ is None:
        return bool(type(a) is type(b) and not isinstance(a, np.ndarray) and a == b)
    if a_.shape != b_.shape:
        return False
    if not np.isfinite(b_).all():
        return bool(np.array_equal(a_, b_, equal_nan=True))
    scale = abs(b_).max() if b_.size else 0.0
    return bool((abs(a_ - b_) <= tolerance * scale).all())      # NaN compares as False


Pairs = list[tuple[np.ndarray, np.ndarray]]                     # what came and what is right, one pair for each round


def _factor(pairs: Pairs, tolerance: float) -> list[float] | None:
    """c of each round, where what came is c times what is right."""
    found = []
    for a, b in pairs:
        if a.shape != b.shape or not b.any() or not np.isfinite(a).all():
            return None
        c = float(np.vdot(b, a).real / np.vdot(b, b).real)
        if c == 0 or not equal(a, c * b, tolerance):
            return None
        found.append(c)
    return found


def _factor_in_words(pairs: Pairs, tolerance: float) -> str | None:
    """A hint for a constant factor, or for one that changes from round to round: mean or sum?"""
    c = _factor(pairs, tolerance)
    if c is None or pairs[0][1].size == 0:
        return None
    near = max(1e-6, tolerance)
    if np.allclose(c, c[0], rtol=near):
        if np.isclose(c[0], -1, rtol=near):
            return "the sign is the opposite"
        sign = "of the opposite sign and " if c[0] < 0 else ""
        size = abs(c[0])
        named = {2.0: "twice", 0.5: "half", 4.0: "four times", 0.25: "a quarter of"}
        times = next((word for value, word in named.items() if np.isclose(size, value, rtol=near)), None)
        return f"{sign}{times or f'{size:.3g} times'} what it should be: a factor is missing, or there is one too many"
    whole = [max(abs(one), 1 / abs(one)) for one in c]
    if np.allclose(whole, np.round(whole), rtol=near) and tolerance < 1e-3:
        return "off by a factor n, a whole number that depends on the sizes: mean or sum?"
    if all(b.size == 1 for _, b in pairs):                      # any number is a multiple of any other
        return None
    return "right but for one factor, which changes with the inputs: which size or which number enters it?"


def _is(change: Callable[[np.ndarray], np.ndarray], hint: str) -> Callable[[Pairs, float], str | None]:
    """The hint, where what came is this change of what is right in every round."""
    def judge(pairs: Pairs, tolerance: float) -> str | None:
        with np.errstate(all="ignore"):
            return hint if all(equal(a, change(b), tolerance) for a, b in pairs) else None

    return judge


def _transposed_sign(pairs: Pairs, tolerance: float) -> str | None:
    turned = [(a, b.T) for a, b in pairs]
    if not all(b.ndim == 2 for _, b in pairs) or all(equal(a, b, tolerance) for a, b in pairs):
        return None
    if all(equal(a, b, tolerance) for a, b in turned):
        return "it is the transpose of what it should be"
    words = _factor_in_words(turned, tolerance)
    return f"it is transposed, and {words}" if words else None


def _constant(pairs: Pairs, tolerance: float) -> str | None:
    if any(a.shape != b.shape or b.size < 2 for a, b in pairs):
        return None
    same = all(equal(a, b + (a - b).mean(), tolerance) for a, b in pairs)
    return "it differs by a constant, the same in every entry: is a term added or forgotten?" if same else None


def _shape(pairs: Pairs, _: float) -> str | None:
    wrong = [(a.shape, b.shape) for a, b in pairs if a.shape != b.shape]
    return f"expected the shape {wrong[0][1]}, got {wrong[0][0]}" if wrong else None


def _finite(pairs: Pairs, _: float) -> str | None:
    if any(np.isnan(a).any() and np.isfinite(b).all() for a, b in pairs):
        return "it is NaN in places: 0/0, ∞ − ∞, or the root or logarithm of a negative number"
    if any(np.isinf(a).any() and np.isfinite(b).all() for a, b in pairs):
        return "it is infinite in places: is there a division by 0, or an exponential that overflows?"
    return None


def _entries(pairs: Pairs, tolerance: float, entries: str) -> str:
    wrong = [float((abs(a - b) > tolerance * abs(b).max()).mean()) for a, b in pairs]
    if max(wrong) < 1:
        return f"up to {max(wrong):.0%} of its {entries} are not right, the others are"
    share = float(np.mean([abs(a).mean() / abs(b).mean() if b.any() else np.inf for a, b in pairs]))
    size = "too large" if share > 1.05 else "too small" if share < 0.95 else "about right"
    if all(b.size == 1 for _, b in pairs):
        return f"it is not right. In absolute value it is {size}, on average over the inputs"
    return f"it has the right shape, but its {entries} are not right. In absolute value they are {size} on average"


GENERAL: tuple[Callable[[Pairs, float], str | None], ...] = (
    _finite, _factor_in_words, _transposed_sign,
    _is(np.square, "it is the square of what it should be"),
    _is(np.sqrt, "it is the root of what it should be"),
    _is(np.reciprocal, "it is 1 divided by what it should be"),
    _is(np.exp, "it is the exponential of what it should be"),
    _is(lambda b: np.log(b), "it is the logarithm of what it should be"),
    _constant, _shape)


def in_words(came: list[Any], right: list[Any], tolerance: float, entries: str = "entries") -> str:
    """How one part of an answer differs from the right one, over all rounds, without saying the right one.

    `entries` is what the numbers of an array are called.
    """
    if isinstance(right[0], bool):
        return "it should be so"
    if isinstance(right[0], tuple):                             # a shape: no secret
        return next(f"expected {b}, got {a}" for a, b in zip(came, right, strict=True) if a != b)
    arrays = [(numeric(a), numeric(b)) for a, b in zip(came, right, strict=True)]
    pairs: Pairs = [(a, b.astype(float) if b.dtype.kind in "iu" else b) for a, b in arrays
                    if a is not None and b is not None]
    if len(pairs) < len(arrays):
        other = next(a for a, b in zip(came, right, strict=True) if numeric(a) is None or numeric(b) is None)
        if numeric(right[0]) is None and type(other) is type(right[0]):
            return f"{other!r} is not right"
        wanted = "a number or an array of numbers" if numeric(right[0]) is not None else f"a {type(right[0]).__name__}"
        return f"expected {wanted}, got a {type(other).__name__}"
    if all(isinstance(b, int) for b in right) and all(a.shape == () for a, _ in pairs):   # a layer, a count
        return next(f"{a} is not right" for a, b in zip(came, right, strict=True) if a != b)
    found = (judge(pairs, tolerance) for judge in GENERAL)
    return next((words for words in found if words), None) or _entries(pairs, tolerance, entries)
