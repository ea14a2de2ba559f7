"""The values of a grid: how they are written in a row, and when two of them count as the same.

The last digits of a computed float, such as np.geomspace(1e-3, 10, 16)[4], differ between processors. So wherever
floats identify something they are compared with a tolerance. They are neither hashed nor rounded first: a value between
two rounded ones would still jump from one to the other with its last digit.
"""

from __future__ import annotations

import math
import re
import sys
from functools import partial
from typing import Any

import numpy as np

from minnet.reporting import described

RELATIVE = 1e-9                    # floats that differ by less, relative to their size, are the same
FLOAT = re.compile(r"[-+]?\d+(?:\.\d*(?:e[-+]?\d+)?|e[-+]?\d+)")          # as repr writes it


def stored_value(name: str, value: Any) -> Any:
    """How a value of column `name` is written in a row: a number, a word, None, a list, or the name of an object.

    Raises TypeError for what has no name by which its row could be found again (a lambda, an object that is shown by
    its address), and ValueError for NaN.
    """
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and math.isnan(value):
        raise ValueError(f"expected values of {name} that equal themselves, got nan, by which no row can be found: use "
                         f"None in a grid, and np.isnan(rows.array({name!r})) to look for NaN among results")
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple):
        return [stored_value(name, entry) for entry in value]
    if isinstance(value, partial):                # all digits of its settings: different partials get different names
        args = [repr(_item(setting)) for setting in value.args]
        args += [f"{key}={_item(setting)!r}" for key, setting in value.keywords.items()]
        text = f"{stored_value(name, value.func)}({', '.join(args)})"
    else:
        text = described(value)
    if "<" in text or "array(" in text:                                  # <lambda>, <object at 0x7f…>, array([0, …
        raise TypeError(f"expected values of {name} that have a name by which a row can be found again, got {text}: "
                        "use a function made with def, a list of numbers, or an object with a __repr__")
    return text


def same_value(value: Any, stored: Any) -> bool:
    """Whether a value, as it is given in a grid or to `Rows.where`, is the one that is written in a row as `stored`.

    Floats, also the settings of a partial, may differ by 1e-9 of their size, those of type np.float32 by 1e-6.
    """
    if value is None or isinstance(value, str):
        return bool(value == stored)
    if isinstance(value, list | tuple):
        return isinstance(stored, list) and len(value) == len(stored) and all(map(same_value, value, stored))
    if isinstance(value, int | float | np.generic):
        exact = not isinstance(stored, float) and not isinstance(value, float | np.floating)
        return isinstance(stored, int | float) and (
            bool(value == stored) if exact else close(value, stored, precision(value)))
    return isinstance(stored, str) and same_text(stored_value("the grid", value), stored, precision(value))


def same_text(a: str, b: str, eps: float) -> bool:
    """Whether two texts are equal but for the rounding of floats in them."""
    return FLOAT.sub("#", a) == FLOAT.sub("#", b) and all(
        close(float(x), float(y), eps) for x, y in zip(FLOAT.findall(a), FLOAT.findall(b), strict=True))


def close(a: Any, b: Any, eps: float, scale: float = 0.0) -> bool:
    """Whether two floats are the same but for rounding: they differ by 1e-9 of their size, or by 8 eps where that is
    more, or by 8 eps of `scale`, the size of the numbers from which they were computed."""
    return math.isclose(a, b, rel_tol=max(RELATIVE, 8 * eps), abs_tol=8 * eps * scale)


def precision(value: Any) -> float:
    """The machine epsilon of a float or an array of them, and the largest one among the settings of a partial."""
    if isinstance(value, partial):
        return max(map(precision, [*value.args, *value.keywords.values()]), default=sys.float_info.epsilon)
    if isinstance(value, np.floating | np.ndarray) and value.dtype.kind == "f":
        return float(np.finfo(value.dtype).eps)
    return sys.float_info.epsilon


def _item(setting: Any) -> Any:
    return setting.item() if isinstance(setting, np.generic) else setting
