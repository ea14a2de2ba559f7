"""Tidy rows: a list of dicts, one observation each, with the few questions that a figure asks of them.

    rows.where(init=he_normal).array("loss")                                      a column as an array
    for depth, group in rows.by("depth").items(): …                              groups
    rows.spread("loss", by=["depth", "init"])                                     median and range over the seeds
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, overload

import numpy as np

from minnet.experiments.values import same_value, stored_value
from minnet.reporting import aligned, as_html, library

SHOWN = 20                         # rows that are printed
WIDE = 80                          # characters of an error that are printed


class Rows(list[dict[str, Any]]):
    """A list of dicts that is shown as a table; `runs` says by what, when and with which versions they were computed.

    Rows need not have the same names: that of a failed cell has `failed`, the reason, and no result. A question for a
    name that no row has raises ValueError.
    """

    def __init__(self, rows: Iterable[dict[str, Any]] = (), runs: Sequence[dict[str, Any]] = ()) -> None:
        super().__init__(rows)
        self.runs = tuple(runs)

    @overload  # type: ignore[override]
    def __getitem__(self, index: slice) -> Rows: ...

    @overload
    def __getitem__(self, index: int) -> dict[str, Any]: ...

    def __getitem__(self, index: Any) -> Any:
        """A row, or for a slice the rows of it, as Rows."""
        found: Any = super().__getitem__(index)
        return Rows(found, self.runs) if isinstance(index, slice) else found

    @property
    def columns(self) -> list[str]:
        """The names that occur in any row, in order of appearance."""
        return list(dict.fromkeys(name for row in self for name in row))

    @property
    def failed(self) -> Rows:
        """The rows of the cells that failed; their `failed` says why."""
        return Rows((row for row in self if "failed" in row), self.runs)

    def array(self, name: str) -> np.ndarray:
        """A column, in the rows' order; where a row has none of that name, NaN (in a column of words, None)."""
        self._check(name)
        values = [row.get(name) for row in self]
        if any(isinstance(value, str | list) for value in values):
            column = np.empty(len(values), dtype=object)
            column[:] = values
            return column
        return np.array([np.nan if value is None else value for value in values])

    def where(self, **wanted: Any) -> Rows:
        """The rows that have these values; functions and objects are given as in the grid."""
        self._check(*wanted)
        for name, value in wanted.items():
            stored_value(name, value)                                         # raises where nothing could be found
        return Rows((row for row in self if all(name in row and same_value(value, row[name])
                                                for name, value in wanted.items())), self.runs)

    def by(self, *names: str) -> dict[Any, Rows]:
        """The rows in groups, value → rows (for several names a tuple of values), in order of appearance."""
        self._check(*names)
        groups: dict[Any, Rows] = {}
        for row in self:
            key = tuple(_hashable(row.get(name)) for name in names)
            groups.setdefault(key[0] if len(key) == 1 else key, Rows(runs=self.runs)).append(row)
        return groups

    def spread(self, name: str, *, by: str | Sequence[str]) -> Rows:
        """Median and range of a column in each group: `n`, `median`, `low`, `high`; n counts the rows that have it."""
        self._check(name)
        by, found = [by] if isinstance(by, str) else list(by), Rows(runs=self.runs)
        for group in self.by(*by).values():
            values = np.array([row[name] for row in group if row.get(name) is not None], dtype=float)
            with np.errstate(invalid="ignore"):                     # between −∞ and ∞ the median is NaN
                ends = (np.median(values), values.min(), values.max()) if len(values) else (np.nan,) * 3
            median, low, high = map(float, ends)
            found.append({key: group[0].get(key) for key in by}
                         | {"n": len(values), "median": median, "low": low, "high": high})
        return found

    def without(self, *names: str) -> Rows:
        """The rows without these columns: without("seconds") is what two runs of a sweep have in common."""
        self._check(*names)
        return Rows(({key: value for key, value in row.items() if key not in names} for row in self), self.runs)

    def to_frame(self) -> Any:
        """The same as a pandas DataFrame."""
        return library("pandas", "pip install pandas").DataFrame(list(self))

    def _check(self, *names: str) -> None:
        for name in names:
            if not isinstance(name, str):
                raise TypeError(f"expected the name of one column, got {name!r}: ask for one after the other")
        missing = [name for name in names if self and not any(name in row for row in self)]
        if missing:
            raise ValueError(f"expected columns out of {', '.join(self.columns)}, got {', '.join(missing)}")

    def _cells(self) -> list[list[str]]:
        return [self.columns, *([_short(row.get(name)) for name in self.columns] for row in self[:SHOWN])]

    def _rest(self) -> list[str]:
        return [f"… and {len(self) - SHOWN} more rows"] if len(self) > SHOWN else []

    def __str__(self) -> str:
        return "\n".join([aligned(self._cells()), *self._rest()]) if self else "no rows"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return "".join([as_html(self._cells()), *(f"<p>{line}</p>" for line in self._rest())]) if self else "no rows"


def _hashable(value: Any) -> Any:
    return tuple(map(_hashable, value)) if isinstance(value, list) else value


def _short(value: Any) -> str:
    text = "" if value is None else f"{value:.4g}" if isinstance(value, float) else " ".join(str(value).split())
    return text if len(text) <= WIDE else f"{text[:WIDE]}…"
