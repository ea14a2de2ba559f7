"""How results are shown: tables in a terminal and in a notebook, settings as text, a progress bar.

Nothing here computes anything, so every other module may use it.
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

# Text --------------------------------------------------------------------------------------------------------

SPELLINGS = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta", "η": "eta", "θ": "theta",
    "λ": "lambda", "μ": "mu", "ν": "nu", "ξ": "xi", "π": "pi", "ρ": "rho", "σ": "sigma", "τ": "tau", "φ": "phi",
    "χ": "chi", "ψ": "psi", "ω": "omega", "Γ": "Gamma", "Δ": "Delta", "Θ": "Theta", "Λ": "Lambda", "Π": "Pi",
    "Σ": "Sigma", "Φ": "Phi", "Ψ": "Psi", "Ω": "Omega",
    "²": "^2", "³": "^3", "⁴": "^4", "⁻": "^-", "ⁿ": "^n", "ᵀ": "^T", "½": "1/2", "¼": "1/4", "√": "sqrt",
    "−": "-", "–": "-", "±": "+-", "·": "*", "×": "x", "∂": "d", "∇": "grad ", "′": "'", "″": "''", "‖": "||",
    "§": "section ", "≤": "<=", "≥": ">=", "≈": "~", "→": "->", "↦": "->", "∞": "inf", "…": "...", "⋯": "...",
    **dict(zip("▁▂▃▄▅▆▇█", ".:-=+*#@", strict=True)),
}


def printable(text: str) -> str:
    """`text`, in which letters that sys.stdout cannot encode are spelled in ASCII: σ as sigma, ² as ^2.

    In a pipe, or in a Windows console, Python may write cp1252 or ASCII, and print would raise UnicodeEncodeError.
    Every `__str__` and `__repr__` that returns such letters calls this function. A letter without an entry in
    `SPELLINGS` loses its accent or becomes "?".
    """
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"

    def encodable(part: str) -> bool:
        try:
            part.encode(encoding)
        except UnicodeEncodeError:
            return False
        return True

    if encodable(text):
        return text
    return "".join(letter if encodable(letter) else SPELLINGS.get(letter) or _unaccented(letter) for letter in text)


def _unaccented(letter: str) -> str:
    import unicodedata

    return unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode() or "?"


def described(value: Any) -> str:
    """A setting as text: a function by its name, a partial with its options, a number in short form."""
    if isinstance(value, partial):
        settings = ", ".join(f"{key}={setting:g}" if isinstance(setting, float) else f"{key}={setting!r}"
                             for key, setting in value.keywords.items())
        return f"{described(value.func)}({settings})"
    if isinstance(value, float) and math.isfinite(value):
        return f"{value:g}"
    return getattr(value, "__name__", None) or repr(value)


# Tables ------------------------------------------------------------------------------------------------------

class Table:
    """Rows of one dataclass: printed in columns, shown as HTML in a notebook; `table.NAME` is a column as an array."""

    rows: tuple[Any, ...]
    shown: ClassVar[dict[str, str]] = {}              # heading → format of the cell, for str.format with the row as {0}
    legend: ClassVar[str] = ""                        # the meaning of the headings, printed below the table

    def __len__(self) -> int:
        return len(self.rows)

    def __getattr__(self, name: str) -> np.ndarray:
        """Column `name` of the rows. Python calls this only for names that are no attribute of the table itself."""
        names = [] if name.startswith("_") or name == "rows" else [f.name for row in self.rows[:1] for f in fields(row)]
        if name not in names:
            raise AttributeError(f"{type(self).__name__} has no column {name!r}: it has {', '.join(names)}")
        return np.array([getattr(row, name) for row in self.rows])

    def cells(self) -> list[list[str]]:
        """The table as text: the headings, then every row; cells without a value are empty."""
        blank = {"nan": "", "nan%": "", "None": "", "nan …  nan": ""}
        return [list(self.shown), *([blank.get(cell.strip(), cell.strip()) for cell in
                                     (form.format(row) for form in self.shown.values())] for row in self.rows)]

    def __str__(self) -> str:
        return "\n".join([aligned(self.cells()), *textwrap.wrap(printable(self.legend), 116)])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from html import escape

        return as_html(self.cells()) + (f"<p>{escape(self.legend)}</p>" if self.legend else "")


def aligned(cells: Sequence[Sequence[str]]) -> str:
    """Lines of `printable` text with every column flush right."""
    lines = [[printable(cell) for cell in row] for row in cells]
    wide = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(f"{cell:>{w}}" for cell, w in zip(row, wide, strict=True)).rstrip() for row in lines)


def as_html(cells: Sequence[Sequence[str]]) -> str:
    """The same lines as an HTML table; the first line is its head."""
    from html import escape

    head, *rows = ([escape(cell) for cell in row] for row in cells)
    lines = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    style = "border-spacing: 0.8em 0.1em; text-align: right"
    return f'<table style="{style}"><tr>{"".join(f"<th>{cell}</th>" for cell in head)}</tr>{lines}</table>'


# Progress ----------------------------------------------------------------------------------------------------

class NoBar:
    """Takes the place of tqdm's bar where none is shown: the same methods, without effect."""

    def update(self, n: int = 1) -> None:
        """n more steps are done."""

    def set_description(self, *args: Any, **kwargs: Any) -> None:
        """The text before the bar."""

    def set_postfix(self, *args: Any, **kwargs: Any) -> None:
        """The values behind the bar."""

    def close(self) -> None:
        """The end of the bar."""

    def __enter__(self) -> NoBar:
        return self

    def __exit__(self, *error: object) -> None:
        pass


def progress_bar(total: int, progress: bool | None, *, done: int = 0, unit: str = "epoch") -> Any:
    """A progress bar: tqdm's, or a `NoBar`, for which tqdm is not imported.

    progress: True shows a bar and False does not; None shows one in a terminal or a notebook, unless TQDM_DISABLE=1.
    Ctrl-C can arrive while tqdm is being imported, so call this inside the `try` that catches KeyboardInterrupt.
    """
    if progress is not None and not isinstance(progress, bool):
        raise TypeError(f"expected progress to be True, False or None, got {progress!r}")
    if progress is None:
        ipython = sys.modules.get("IPython")
        shell = ipython.get_ipython() if ipython else None
        visible = (sys.stderr is not None and sys.stderr.isatty()) or hasattr(shell, "kernel")
    if not (visible if progress is None else progress):
        return NoBar()
    from tqdm import tqdm

    settings = {} if progress is None else {"disable": False}     # {}: TQDM_DISABLE decides
    return tqdm(total=total, initial=done, unit=unit, **settings)


def library(name: str, remedy: str) -> Any:
    """An optional library, imported where it is needed. Raises ImportError with the remedy if it is not installed."""
    try:
        return import_module(name)
    except ImportError as error:
        raise ImportError(f"this needs {name}: {remedy}") from error
