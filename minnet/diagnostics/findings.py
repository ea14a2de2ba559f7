"""What a diagnosis is: a table of the layers, and a finding for each thing that is wrong."""

from __future__ import annotations

import html
from dataclasses import dataclass

from minnet.diagnostics.measurements import LayerStatistics
from minnet.diagnostics.symmetries import Symmetry
from minnet.reporting import aligned, as_html, printable


@dataclass(frozen=True, repr=False)
class Finding:
    """One thing that is wrong, in three sentences: what it is, what causes it, what to do.

    `kind` is one of KINDS, `layers` count from 1 as in the table, `numbers` hold what was measured. What stands between
    backticks in `remedy` is Python: arguments of `mlp`, `Dense` and `fit`, or assignments to x and y.
    """

    kind: str
    layers: tuple[int, ...]
    numbers: dict[str, float]
    problem: str
    cause: str
    remedy: str

    @property
    def sentence(self) -> str:
        """Problem, cause and remedy in one string."""
        return " ".join(text[0].upper() + text[1:] for text in (self.problem, self.cause, self.remedy))

    def __str__(self) -> str:
        return printable(f"{self.kind}: {self.sentence}")

    __repr__ = __str__


@dataclass(frozen=True, repr=False)
class Diagnosis:
    """What `diagnose` measured and found: the table of the layers, then the findings, the cause first.

    `chance` is the loss of the best constant output (None where it cannot be found), `checked` are the kinds that were
    looked for: without an optimizer none that concern it, without validation data none that need those.
    """

    statistics: LayerStatistics
    symmetry: Symmetry
    findings: tuple[Finding, ...]
    loss: float
    chance: float | None
    checked: tuple[str, ...]

    @property
    def kinds(self) -> tuple[str, ...]:
        """The names of what was found."""
        return tuple(finding.kind for finding in self.findings)

    def _cells(self) -> list[list[str]]:
        distinct = ["distinct units", *(f"{row.distinct}/{row.units}" for row in self.symmetry.rows)]
        return [[*row, cell] for row, cell in zip(self.statistics.cells(), distinct, strict=True)]

    def _conclusions(self) -> list[str]:
        return [str(finding) for finding in self.findings] or [
            f"healthy: none of these was found: {', '.join(self.checked)}"]

    def _heading(self) -> str:
        if self.chance is None:
            return f"loss {self.loss:.4g}"
        return f"loss {self.loss:.4g}; the best constant output, which knows nothing of x, costs {self.chance:.4g}"

    def __str__(self) -> str:
        lines = [self._heading(), aligned(self._cells()), *(f"- {line}" for line in self._conclusions())]
        return printable("\n".join(lines))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        lines = "".join(f"<li>{html.escape(line)}</li>" for line in self._conclusions())
        return f"<p>{html.escape(self._heading())}</p>{as_html(self._cells())}<ul>{lines}</ul>"
