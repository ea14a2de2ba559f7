"""How results are shown: tables in a terminal and in a notebook, settings as text, a progress bar.

Nothing here computes anything, so that every other file may use it.
"""

from __future__ import annotations

import math
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import fields
from functools import partial
from importlib import import_module
from typing import Any, ClassVar

import numpy as np


def described(value: Any) -> str:
    """How a setting is shown: a function by its name, a partial with what it sets."""
    if isinstance(value, partial):
        settings = ", ".join(f"{key}={setting:g}" if isinstance(setting, float) else f"{key}={setting!r}"
                             for key, setting in value.keywords.items())
        return f"{described(value.func)}({settings})"
    if isinstance(value, float) and math.isfinite(value):
        return f"{value:g}"
    return getattr(value, "__name__", None) or repr(value)


class Table:
    """Rows of one dataclass: printed in columns, shown as HTML in a notebook; `table.NAME` is a column as an array."""

    rows: tuple[Any, ...]
    shown: ClassVar[dict[str, str]] = {}              # heading → how a row is written there, for str.format
    legend: ClassVar[str] = ""                        # what the headings mean, printed below

    def __len__(self) -> int:
        return len(self.rows)

    def __getattr__(self, name: str) -> np.ndarray:          # called only where nothing of that name is there
        names = [] if name.startswith("_") or name == "rows" else [f.name for f in fields(self.rows[0])]
        if name not in names:
            raise AttributeError(f"{type(self).__name__} has no column {name!r}: it has {', '.join(names)}")
        return np.array([getattr(row, name) for row in self.rows])

    def cells(self) -> list[list[str]]:
        """The table as text: the headings, then every row; what was not measured is left blank."""
        blank = {"nan": "", "nan%": "", "None": "", "nan …  nan": ""}
        return [list(self.shown), *([blank.get(cell.strip(), cell.strip()) for cell in
                                     (form.format(row) for form in self.shown.values())] for row in self.rows)]

    def __str__(self) -> str:
        return "\n".join([aligned(self.cells()), *textwrap.wrap(self.legend, 116)])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from html import escape

        return as_html(self.cells()) + (f"<p>{escape(self.legend)}</p>" if self.legend else "")


def aligned(cells: Sequence[Sequence[str]]) -> str:
    """Lines with every column flush right."""
    wide = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join("  ".join(f"{cell:>{w}}" for cell, w in zip(row, wide, strict=True)).rstrip() for row in cells)


def as_html(cells: Sequence[Sequence[str]]) -> str:
    """The same lines as an HTML table, the first one its head."""
    from html import escape

    head, *rows = ([escape(cell) for cell in row] for row in cells)
    lines = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    style = "border-spacing: 0.8em 0.1em; text-align: right"
    return f'<table style="{style}"><tr>{"".join(f"<th>{cell}</th>" for cell in head)}</tr>{lines}</table>'


def progress_bar(total: int, progress: bool | None, *, done: int = 0, unit: str = "epoch") -> Any:
    """tqdm's bar: True shows it, False does not, None shows it in a terminal or a notebook, unless TQDM_DISABLE=1."""
    from tqdm import tqdm

    if progress not in (None, True, False):
        raise TypeError(f"expected progress to be True, False or None, got {progress!r}")
    settings = {} if progress is None else {"disable": not progress}     # {}: TQDM_DISABLE decides
    if progress is None:
        ipython = sys.modules.get("IPython")
        shell = ipython.get_ipython() if ipython else None
        if not (sys.stderr.isatty() or hasattr(shell, "kernel")):
            settings = {"disable": True}
    return tqdm(total=total, initial=done, unit=unit, **settings)


def library(name: str, remedy: str) -> Any:
    """An optional library, imported where it is needed."""
    try:
        return import_module(name)
    except ImportError as error:
        raise ImportError(f"this needs {name}: {remedy}") from error
