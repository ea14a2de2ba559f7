"""minnet's docstrings are plain text; Sphinx reads reStructuredText. What differs is translated here."""

import re
from itertools import groupby
from typing import Any


def translated(lines: list[str]) -> list[str]:
    """Formulas and tables become literal blocks; * _ | in prose are characters, not marks."""
    out: list[str] = []
    for blank, group in groupby(lines, key=lambda line: not line.strip()):
        paragraph = list(group)
        if not blank and as_it_stands(paragraph):
            out += ["::", "", *(f"    {line}" for line in paragraph)]
        else:
            out += [escaped(line) for line in paragraph]
    return out


def as_it_stands(paragraph: list[str]) -> bool:
    """Is it a formula or a table? They are indented, or have columns; so has no item of a list."""
    first = paragraph[0]
    if first.startswith(("- ", "* ")) or re.match(r"\d+\. ", first):
        return False
    return first.startswith(" ") or any(re.search(r"\S {2,}\S", line) or line.startswith(" ") for line in paragraph)


def escaped(line: str) -> str:
    """Backslashes before what reStructuredText would take for a mark, outside of `code`."""
    parts = re.split(r"(`[^`]*`)", line)
    return "".join(part if i % 2 else re.sub(r"([\\*|]|_(?!\w))", r"\\\1", part) for i, part in enumerate(parts))


def process(app: Any, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    lines[:] = translated(lines)


def skip(app: Any, what: str, name: str, thing: Any, skipped: bool, options: Any) -> bool | None:
    """Methods that scikit-learn adds to its estimators are not minnet's."""
    return True if re.fullmatch(r"set_\w+_request", name) else None


def setup(app: Any) -> dict[str, bool]:
    app.connect("autodoc-process-docstring", process)
    app.connect("autodoc-skip-member", skip)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
