"""Judge a claim of the literature by a measurement: the verdict is computed, not written by hand.

    claims.judge("02-zeros", source="popular article A", statement="zeros make every unit of a layer learn the same",
                 measured=ranks, criterion=claims.at_most(1))

`measured` is a list with one number per run. The verdict compares each of them with the criterion, an interval that is
chosen before measuring:

    reproduced       every run meets it, also without a condition where one is stated
    refuted          no run meets it (*not reproduced*, where a paper's setting is not repeated in full)
    conditional      every run meets it where a stated condition holds, and no run where it does not
    mixed            some runs meet it and others do not, under the condition or without it; `runs` says how many

No distribution over seeds is assumed: the range of n independent seeds covers the median with probability
1 − 2^(1−n), which is 94% for five. Runs are repetitions with other seeds: settings that differ are claims of their own.

`summary()` is the table of the claims that were judged so far in this process.
"""

from __future__ import annotations

import html
import json
import math
import os
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import asdict, dataclass, replace
from numbers import Real
from typing import Any, ClassVar

import numpy as np

from minnet import checks
from minnet.reporting import Table, printable

FILE = "MINNET_CLAIMS"             # the environment variable with the path of the file to which claims are appended
LEDGER = "MINNET_LEDGER"           # the environment variable with the path of the ledger of expected verdicts


@dataclass(frozen=True)
class Criterion:
    """low ≤ measured ≤ high.

    Raises TypeError for bounds that are not numbers, ValueError for an interval that no number, or every number, meets.
    """

    low: float = -math.inf
    high: float = math.inf

    def __post_init__(self) -> None:
        for bound in (self.low, self.high):
            if isinstance(bound, bool) or not isinstance(bound, Real):
                raise TypeError(f"expected the bounds of a criterion to be numbers, got {bound!r}: write them as 0.5")
        if not self.low <= self.high:
            raise ValueError(f"expected low ≤ high, got {self.low} and {self.high}: no measurement could lie between")
        if math.isinf(self.low) and math.isinf(self.high):
            raise ValueError("expected a criterion that some numbers meet and others do not, got "
                             f"{self.low} ≤ measured ≤ {self.high}: give a finite bound")

    def met(self, values: Sequence[float]) -> int:
        """How many of the numbers lie inside."""
        return sum(self.low <= value <= self.high for value in values)

    def __str__(self) -> str:
        if self.low == self.high:
            return f"= {self.low:g}"
        if math.isinf(self.low):
            return f"≤ {self.high:g}"
        return f"≥ {self.low:g}" if math.isinf(self.high) else f"in [{self.low:g}, {self.high:g}]"


def at_most(high: float) -> Criterion:
    """measured ≤ high."""
    return Criterion(high=high)


def at_least(low: float) -> Criterion:
    """measured ≥ low."""
    return Criterion(low=low)


def between(low: float, high: float) -> Criterion:
    """low ≤ measured ≤ high."""
    return Criterion(low, high)


@dataclass(frozen=True)
class Claim:
    """A claim and its verdict, as the ledger has them.

    measured is the median over runs, low and high are their range, met says how many of them meet the criterion;
    without and without_met are the same where the condition does not hold. seeds is the number of runs, also where a
    seed has several. headline, definition and post_hoc are described in `judge`.
    """

    id: str
    chapter: str
    source: str
    statement: str
    paper: float | str | None
    measured: float
    low: float
    high: float
    seeds: int
    criterion: str
    met: str
    condition: str | None
    without: float | None
    without_met: str | None
    verdict: str
    expected: str | None
    mode: str
    headline: str | None = None
    definition: bool = False
    post_hoc: str | None = None

    @property
    def words(self) -> str:
        """The headline, or else the statement."""
        return self.headline or self.statement

    @property
    def runs(self) -> str:
        """How many runs meet the criterion, "5 of 5", and how many do so without the condition, if one is stated."""
        return self.met if self.condition is None else f"{self.met}; without the condition {self.without_met}"

    def __str__(self) -> str:
        parts = [f"{self.verdict.upper()}: {self.statement} ({self.source})",
                 f"  measured {_spread(self)}, criterion {self.criterion}, met by {self.met}"]
        if self.condition is not None:
            parts.append(f"  where {self.condition}; otherwise {_short(self.without)}, met by {self.without_met}")
        if self.paper is not None:
            parts.append(f"  the paper has {_short(self.paper)}")
        if self.post_hoc is not None:
            parts.append(f"  chosen after the data were seen: {self.post_hoc}")
        return printable("\n".join(parts))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        cells = {"verdict": f"<b>{self.verdict}</b>", "claim": _text(self.statement), "source": _text(self.source),
                 "measured": _text(_spread(self)), "criterion": _text(self.criterion), "met by": self.met}
        if self.condition is not None:
            cells |= {"where": _text(self.condition),
                      "otherwise": _text(f"{_short(self.without)}, met by {self.without_met}")}
        if self.paper is not None:
            cells |= {"the paper has": _text(_short(self.paper))}
        if self.post_hoc is not None:
            cells |= {"chosen after the data were seen": _text(self.post_hoc)}
        return (f"<table><tr>{''.join(f'<th>{name}</th>' for name in cells)}</tr>"
                f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells.values())}</tr></table>")


def judge(id: str, *, source: str, statement: str, measured: float | Iterable[float], criterion: Criterion,
          paper: float | str | None = None, condition: str | None = None,
          without: float | Iterable[float] | None = None, refutable: bool = True, mode: str = "live",
          headline: str | None = None, definition: bool = False, post_hoc: str | None = None) -> Claim:
    """Judge a claim, append it to the file named by MINNET_CLAIMS if that is set, and return it for display.

    - id: "02-zeros", the chapter's number first. source: paper and figure, or the article.
    - measured: a number, or a list with one per run. paper: the number that the source gives, if it gives one.
    - condition and without: the condition, in words, under which `measured` was measured, and the numbers measured
      where it does not hold. The verdict can be *conditional* only if both are given.
    - refutable: False for a figure of a paper whose setting is not repeated in full. Another number then means *not
      reproduced*, not that the paper is wrong.
    - mode: "live", or "stored" where the numbers come from a stored sweep.
    - headline: one sentence in plain words, for the claims on the ledger's front page.
    - definition: True where a statement is judged that arithmetic alone decides.
    - post_hoc: what of setting, window or criterion was chosen after the data were seen, in words.

    Raises ValueError where nothing was measured, a number is NaN, or only one of condition and without is given;
    TypeError for text, a dict, a set or other things that are not lists of numbers, and for wrong types elsewhere.
    """
    if not isinstance(criterion, Criterion):
        raise TypeError(f"expected criterion to be claims.at_most(…), at_least(…) or between(…, …), got {criterion!r}")
    checks.boolean("refutable", refutable)
    checks.boolean("definition", definition)
    checks.one_of("mode", mode, "live", "stored")
    for name, words in (("id", id), ("source", source), ("statement", statement)):
        checks.text(name, words)
    for name, other in (("condition", condition), ("headline", headline), ("post_hoc", post_hoc)):
        if other is not None and not isinstance(other, str):
            raise TypeError(f"expected {name} to be a sentence or None, got {other!r}")
    if (condition is None) != (without is None):
        raise ValueError("expected condition (words) and without (its counter-measurement) together, got one of them: "
                         "a condition that was not measured cannot be judged")
    values = _numbers("measured", measured)
    others = None if without is None else _numbers("without", without)
    claim = Claim(id, id.split("-")[0], source, statement, paper, float(np.median(values)), min(values), max(values),
                  len(values), str(criterion), _met(criterion, values), condition,
                  None if others is None else float(np.median(others)),
                  None if others is None else _met(criterion, others), _verdict(criterion, values, others, refutable),
                  None, mode, headline, definition, post_hoc)
    claim = replace(claim, expected=expected().get(id))
    if path := os.environ.get(FILE):
        with open(path, "a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(claim), ensure_ascii=False) + "\n")
    _judged[id] = claim
    return claim


def _verdict(criterion: Criterion, values: list[float], others: list[float] | None, refutable: bool) -> str:
    met = criterion.met(values)
    if met == 0:
        return "refuted" if refutable else "not reproduced"
    if met < len(values):
        return "mixed"
    if others is None or criterion.met(others) == len(others):
        return "reproduced"
    return "mixed" if criterion.met(others) else "conditional"


class Summary(Table):
    """Claims, a row each: the verdict, the claim in words, and how many runs meet it."""

    shown: ClassVar[dict[str, str]] = {"verdict": "{0.verdict}", "claim": "{0.words}", "met by": "{0.runs}",
                                       "measured": "{0.measured:.2g}", "criterion": "{0.criterion}"}


def summary() -> Summary:
    """The claims that were judged so far in this process, for the end of a chapter."""
    table = Summary()
    table.rows = tuple(_judged.values())
    return table


_judged: dict[str, Claim] = {}                       # id → claim, in the order of judging


def expected() -> dict[str, str]:
    """The verdicts in the ledger whose path is in MINNET_LEDGER, id → verdict; empty where there is no such file."""
    path = os.environ.get(LEDGER)
    if not path or not os.path.exists(path):
        return {}
    with open(path, encoding="utf-8") as file:
        return {row["id"]: row["verdict"] for row in json.load(file)}


def _numbers(name: str, values: float | Iterable[float]) -> list[float]:
    wanted = f"expected {name} to be a number, or a list with one number per run"
    if isinstance(values, Mapping):
        raise TypeError(f"{wanted}, got {values!r}: pass the numbers of a dict by list(….values())")
    if isinstance(values, Set):
        raise TypeError(f"{wanted}, got {values!r}: a set has equal numbers only once, pass a list")
    one = isinstance(values, str | bytes) or not isinstance(values, Iterable) or getattr(values, "ndim", 1) == 0
    several: list[Any] = [values] if one else list(values)      # type: ignore[arg-type]
    for value in several:
        if np.ndim(value) or not isinstance(value, Real | np.bool_ | np.ndarray):
            raise TypeError(f"{wanted}, got {value!r}: pass numbers, such as float(x), or array.ravel()")
    numbers = [float(value) for value in several]
    if not numbers or any(math.isnan(number) for number in numbers):
        raise ValueError(f"expected {name} to be numbers, at least one and without NaN, got {numbers}: nothing can be "
                         "judged by it")
    return numbers


def _met(criterion: Criterion, values: list[float]) -> str:
    return f"{criterion.met(values)} of {len(values)}"


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _spread(claim: Claim) -> str:
    if claim.seeds == 1:
        return _short(claim.measured)
    return f"{_short(claim.measured)} ({_short(claim.low)} … {_short(claim.high)}, {claim.seeds} runs)"


def _text(value: str) -> str:
    return html.escape(value)
