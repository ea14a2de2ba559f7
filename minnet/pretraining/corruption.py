"""Corruptions: what damages the input that a denoising autoencoder learns to restore.

    corruption(rng, x) → x̃        x (n, features) float32 or float64, x̃ of the same shape and dtype

The strength is set with functools.partial: `partial(masking, rate=0.25)`. The loss compares with the clean x.
Vincent, Larochelle, Lajoie, Bengio & Manzagol 2010, *Stacked Denoising Autoencoders*, §3.3.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minnet import checks
from minnet.reporting import described

Corruption = Callable[[np.random.Generator, np.ndarray], np.ndarray]


def masking(rng: np.random.Generator, x: np.ndarray, *, rate: float) -> np.ndarray:
    """Set each entry to 0 with probability `rate` in [0, 1]."""
    return x * (_uniform(rng, x) >= _rate(rate))


def salt_and_pepper(rng: np.random.Generator, x: np.ndarray, *, rate: float) -> np.ndarray:
    """Replace each entry with probability `rate` in [0, 1]: half of these by the minimum of x, half by its maximum."""
    u, rate = _uniform(rng, x), _rate(rate)
    return np.where(u < rate / 2, x.min(), np.where(u < rate, x.max(), x))


def gaussian_noise(rng: np.random.Generator, x: np.ndarray, *, std: float) -> np.ndarray:
    """x + ε with ε ~ N(0, std²), std ≥ 0. The result may leave [0, 1]; only the clean x has to lie there."""
    dtype = _float(x)
    return x + checks.number("std", std, least=0) * checks.drawing_generator(rng).standard_normal(x.shape, dtype)


def corrupted(corruption: Corruption, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """x̃ in x's dtype. The corruption gets a copy, so one that writes into its argument leaves x as it is.

    Raises ValueError where x̃ has another shape than x; a TypeError from the call gets a note.
    """
    try:
        damaged = np.asarray(corruption(rng, x.copy()))
    except TypeError as error:
        error.add_note("a corruption is called as corruption(rng, x); set its other arguments beforehand, as in "
                       "partial(masking, rate=0.25)")
        raise
    if damaged.shape != x.shape:
        raise ValueError(f"expected {described(corruption)} to return an array of x's shape {x.shape}, got "
                         f"{damaged.shape}: return the damaged x")
    return damaged.astype(x.dtype, copy=False)


def _uniform(rng: np.random.Generator, x: np.ndarray) -> np.ndarray:
    dtype = _float(x)
    return checks.drawing_generator(rng).random(x.shape, dtype)


def _float(x: Any) -> Any:
    dtype = getattr(checks.unmasked("x", x), "dtype", None)
    if dtype not in (np.float32, np.float64):
        convert = "np.array(x, np.float32)" if dtype is None else "x.astype(np.float32)"
        raise TypeError(f"expected x in float32 or float64, got {x if dtype is None else dtype}: convert with "
                        f"{convert}")
    return dtype.type


def _rate(rate: float) -> float:
    return checks.number("rate", rate, least=0, most=1)
