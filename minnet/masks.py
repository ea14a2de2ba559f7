"""Masked arrays are refused: np.asarray drops a mask silently, and the hidden values would count as data."""

from __future__ import annotations

from typing import Any

import numpy as np


def unmasked(name: str, value: Any) -> Any:
    """`value`, if neither it nor an element of the list `value` is a masked array. Raises TypeError otherwise."""
    for part in value if isinstance(value, list | tuple) else [value]:
        if isinstance(part, np.ndarray) and hasattr(part, "mask"):           # without importing numpy.ma
            raise TypeError(f"expected {name} without a mask, got a masked array, whose mask would be ignored: replace "
                            "the masked values, x.filled(...), or remove them, x[~x.mask]")
    return value
