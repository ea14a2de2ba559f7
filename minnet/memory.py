"""Where the vectors lie, and in which order they are walked: what the speed of a step on long vectors depends on.

Neither changes a result. Both were measured with tests/benchmarks on a network of 235,000 parameters.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np

_LINE = 64                  # bytes of a cache line
_PIECE = 2**16              # numbers; a few such pieces of float32 fit a second-level cache


def aligned_zeros(size: int, dtype: np.dtype) -> np.ndarray:
    """A vector of zeros that begins at the start of a cache line.

    numpy's own begin 16 bytes behind one, so that every vector instruction straddles two lines: a pass over the
    parameters then takes about a tenth longer.
    """
    spare = _LINE // dtype.itemsize
    memory = np.zeros(size + spare, dtype)
    start = -memory.ctypes.data % _LINE // dtype.itemsize
    return memory[start:start + size]


@lru_cache(maxsize=8)
def ones(size: int, dtype: np.dtype[Any]) -> np.ndarray:
    """A vector of ones, kept: the sum over the examples is the product db = 1ᵀδ, three times as quick as .sum(axis=0)
    on small batches. Read-only, since all who ask for this size share it."""
    vector = np.ones(size, dtype)
    vector.flags.writeable = False
    return vector


def pieces(size: int) -> Iterator[slice]:
    """The slices of a long vector, one cacheful after the other.

    A formula such as p ← p − ηv makes temporary vectors. Evaluated piece by piece they stay in the cache, where the
    whole vector's would travel to memory and back. For formulas that treat every entry alike the result is the same.
    """
    return (slice(start, start + _PIECE) for start in range(0, size, _PIECE))
