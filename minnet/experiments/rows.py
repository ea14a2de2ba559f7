"""Tidy rows: a list of dicts, one observation each, with the few operations that a figure needs.

    rows.where(init=he_normal).array("loss")                                     a column as an array
    for depth, group in rows.by("depth").items(): …                              groups
    rows.spread("loss", by=["depth", "init"])                                    median and range over the seeds
    rows.where(init=he_normal).best("rate", by="loss").table("loss")             (seeds, epochs) at the best rate
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, overload

import numpy as np

from minnet.experiments.values import same_value, stored_value
from minnet.reporting import aligned, as_html, library, printable

SHOWN = 20                         # rows that are printed
WIDE = 80                          # characters of an error that are printed


class Rows(list[dict[str, Any]]):
    """A list of dicts that is shown as a table; `runs` are the runs of the sweep's file, see `store`.

    Rows need not have the same columns: the row of a failed cell has `failed`, the error, and no result. Methods raise
    ValueError for a column that no row has.
    """

    def __init__(self, rows: Iterable[dict[str, Any]] = (), runs: Sequence[dict[str, Any]] = ()) -> None:
        super().__init__(rows)
        if strange := [row for row in self if not isinstance(row, dict)]:
            raise TypeError(f"expected rows to be a list of dicts, got {strange[0]!r} among them")
        self.runs = tuple(runs)

    @overload  # type: ignore[override]
    def __getitem__(self, index: slice) -> Rows: ...

    @overload
    def __getitem__(self, index: int) -> dict[str, Any]: ...

    def __getitem__(self, index: Any) -> Any:
        """One row, or the rows of a slice as Rows."""
        found: Any = super().__getitem__(index)
        return Rows(found, self.runs) if isinstance(index, slice) else found

    @property
    def columns(self) -> list[str]:
        """The names of all columns, in order of appearance."""
        return list(dict.fromkeys(name for row in self for name in row))

    @property
    def failed(self) -> Rows:
        """The rows of the cells that failed; `failed` has the error."""
        return Rows((row for row in self if "failed" in row), self.runs)

    def array(self, name: str) -> np.ndarray:
        """A column, in the rows' order; NaN where a row does not have it (None in a column of words)."""
        self._check(name)
        values = [row.get(name) for row in self]
        if any(isinstance(value, str | list) for value in values):
            column = np.empty(len(values), dtype=object)
            column[:] = values
            return column
        return np.array([np.nan if value is None else value for value in values])

    def where(self, **wanted: Any) -> Rows:
        """The rows that have these values; functions and objects are given as in the grid.

        Floats may differ by rounding, see `values.same_value`. Raises ValueError for NaN, which equals nothing.
        """
        self._check(*wanted)
        found = list(self)
        for name, value in wanted.items():
            written = stored_value(name, value)                               # an error if no row could have it
            found = [row for row in found if name in row and (row[name] == written or same_value(value, row[name]))]
        return Rows(found, self.runs)

    def by(self, *names: str) -> dict[Any, Rows]:
        """Groups of rows, value → rows, in order of appearance; for several names the key is a tuple of values."""
        self._check(*names)
        groups: dict[Any, Rows] = {}
        for row in self:
            key = tuple(_hashable(row.get(name)) for name in names)
            groups.setdefault(key[0] if len(key) == 1 else key, Rows(runs=self.runs)).append(row)
        return groups

    def spread(self, name: str, *, by: str | Sequence[str]) -> Rows:
        """Median and range of a column in each group: `n`, `median`, `low`, `high`; n is the number of rows with it."""
        self._check(name)
        by, found = [by] if isinstance(by, str) else by, Rows(runs=self.runs)
        if not isinstance(by, list | tuple):
            raise TypeError(f"expected by to be the name of a column, or a list of them, got {by!r}")
        if taken := {"n", "median", "low", "high"} & set(by):
            raise ValueError("expected by to name other columns than those of the result, got "
                             f"{', '.join(sorted(taken))}: rename the column")
        for group in self.by(*by).values():
            values = np.array([row[name] for row in group if row.get(name) is not None], dtype=float)
            with np.errstate(invalid="ignore"):                     # between −∞ and ∞ the median is NaN
                ends = (np.median(values), values.min(), values.max()) if len(values) else (np.nan,) * 3
            median, low, high = map(float, ends)
            found.append({key: group[0].get(key) for key in by}
                         | {"n": len(values), "median": median, "low": low, "high": high})
        return found

    def best(self, name: str, *, by: str) -> Rows:
        """The rows with the value of column `name` for which the median of `by` is lowest, NaN counting as infinite.

        `rows.where(init="he").best("rate", by="loss")`: the learning rate that suits this initializer, all its seeds.
        Of equal medians the first value in order of appearance is taken.
        """
        self._check(name, by)
        if not self:
            raise ValueError("expected at least one row to choose from, got none")

        def median(rows: Rows) -> float:                            # a group without the column counts as infinite
            return float(np.median([np.inf if row.get(by) is None or np.isnan(row[by]) else row[by] for row in rows]))

        return min(self.by(name).values(), key=median)

    def table(self, name: str, *, by: str = "seed") -> np.ndarray:
        """Column `name` as a matrix with a row for each value of `by`: (seeds, epochs).

        A run that ended early has NaN behind its end. Raises ValueError where a run has rows of several cells: their
        epochs are not in order then. Choose one with `where`.
        """
        self._check(name, by)
        groups = self.by(by).values()
        runs = [rows.array(name) for rows in groups]
        if "epoch" in self.columns and not all((np.diff(rows.array("epoch")) > 0).all() for rows in groups):
            raise ValueError(f"expected one run for each value of {by}, with rising epochs, got rows of several: "
                             "choose one with rows.where(…)")
        matrix = np.full((len(runs), max(map(len, runs), default=0)), np.nan)
        for row, values in zip(matrix, runs, strict=True):
            row[:len(values)] = values
        return matrix

    def without(self, *names: str) -> Rows:
        """The rows without these columns; without("seconds") is the same for two runs of a sweep."""
        self._check(*names)
        return Rows(({key: value for key, value in row.items() if key not in names} for row in self), self.runs)

    def to_frame(self) -> Any:
        """The same as a pandas DataFrame."""
        return library("pandas", "pip install pandas").DataFrame(list(self))

    def _check(self, *names: str) -> None:
        for name in names:
            if not isinstance(name, str):
                raise TypeError(f"expected the name of one column, got {name!r}: pass several as separate arguments")
        missing = [name for name in names if self and not any(name in row for row in self)]
        if missing:
            raise ValueError(f"expected columns out of {', '.join(self.columns)}, got {', '.join(missing)}")

    def _cells(self) -> list[list[str]]:
        return [self.columns, *([_short(row.get(name)) for name in self.columns] for row in self[:SHOWN])]

    def _rest(self) -> list[str]:
        return [f"… and {len(self) - SHOWN} more rows"] if len(self) > SHOWN else []

    def __str__(self) -> str:
        return printable("\n".join([aligned(self._cells()), *self._rest()])) if self else "no rows"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return "".join([as_html(self._cells()), *(f"<p>{line}</p>" for line in self._rest())]) if self else "no rows"


def _hashable(value: Any) -> Any:
    return tuple(map(_hashable, value)) if isinstance(value, list) else value


def _short(value: Any) -> str:
    text = "" if value is None else f"{value:.4g}" if isinstance(value, float) else " ".join(str(value).split())
    return text if len(text) <= WIDE else f"{text[:WIDE]}…"
