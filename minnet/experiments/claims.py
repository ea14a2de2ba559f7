"""A claim of the literature, judged by a measurement: the verdict is computed, never written down.

    claims.judge("02-zeros", source="popular article A", statement="zeros make every unit of a layer learn the same",
                 measured=ranks, criterion=claims.at_most(1))

`measured` is one number per seed. The verdict compares their whole range, smallest to largest, with the criterion,
an interval that was chosen before measuring:

    reproduced       the range lies inside
    refuted          the range lies outside (a paper's figure that does not come out is *not reproduced*, see `judge`)
    conditional      it lies inside where a stated condition holds, and outside where it does not; both are measured
    not reproduced   neither: the range straddles an end of the interval (with or without the condition)

The range asks nothing of the distribution over seeds: the range of n independent seeds covers the median with
probability 1 − 2^(1−n), 94% for five.
"""

from __future__ import annotations

import html
import json
import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

FILE = "MINNET_CLAIMS"             # the environment variable that names the file to which claims are appended
LEDGER = "MINNET_LEDGER"           # … and the one that names the ledger with the expected verdicts


@dataclass(frozen=True)
class Criterion:
    """low ≤ measured ≤ high."""

    low: float = -math.inf
    high: float = math.inf

    def __post_init__(self) -> None:
        if not self.low <= self.high:
            raise ValueError(f"expected low ≤ high, got {self.low} and {self.high}: no measurement could lie between")

    def holds(self, low: float, high: float) -> bool | None:
        """Whether [low, high] lies inside (True), outside (False), or across an end (None)."""
        if self.low <= low and high <= self.high:
            return True
        return False if high < self.low or self.high < low else None

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
    """One row of the ledger. `measured` is the median over runs, `low` and `high` their range, `met` how many of them
    meet the criterion; `without` and `without_met` are the same where the condition does not hold. A run is a seed, or
    a seed and a setting: `seeds` counts them all."""

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

    def __str__(self) -> str:
        parts = [f"{self.verdict.upper()}: {self.statement} ({self.source})",
                 f"  measured {_spread(self)}, criterion {self.criterion}, met by {self.met}"]
        if self.condition is not None:
            parts.append(f"  where {self.condition}; otherwise {_short(self.without)}, met by {self.without_met}")
        if self.paper is not None:
            parts.append(f"  the paper has {_short(self.paper)}")
        return "\n".join(parts)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        cells = {"verdict": f"<b>{self.verdict}</b>", "claim": _text(self.statement), "source": _text(self.source),
                 "measured": _text(_spread(self)), "criterion": _text(self.criterion), "met by": self.met}
        if self.condition is not None:
            cells |= {"where": _text(self.condition),
                      "otherwise": _text(f"{_short(self.without)}, met by {self.without_met}")}
        if self.paper is not None:
            cells |= {"the paper has": _text(_short(self.paper))}
        return (f"<table><tr>{''.join(f'<th>{name}</th>' for name in cells)}</tr>"
                f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells.values())}</tr></table>")


def judge(id: str, *, source: str, statement: str, measured: float | Iterable[float], criterion: Criterion,
          paper: float | str | None = None, condition: str | None = None,
          without: float | Iterable[float] | None = None, refutable: bool = True, mode: str = "live") -> Claim:
    """Judge a claim, append it to the file named by MINNET_CLAIMS if that is set, and return it for display.

    - id: "02-zeros", the chapter's number first. source: paper and figure, or the article.
    - measured: a number, or one per run. paper: the number in the source, read there, if it has one.
    - condition and without: the condition under which `measured` was measured, in words, and the numbers measured
      where it does not hold; then and only then the verdict can be *conditional*.
    - refutable=False: for a figure of a paper whose setting is not repeated in full. Another number then means *not
      reproduced*, not that the paper is wrong.
    - mode: "live", or "stored" where the numbers come from a stored sweep.

    Raises ValueError where nothing was measured, a number is NaN, or only one of condition and without is given, and
    TypeError for text or a dict.
    """
    if (condition is None) != (without is None):
        raise ValueError("expected condition (words) and without (its counter-measurement) together, got one of them: "
                         "a condition that was not measured cannot be judged")
    if mode not in ("live", "stored"):
        raise ValueError(f"expected mode 'live' or 'stored', got {mode!r}")
    values = _numbers("measured", measured)
    holds = criterion.holds(min(values), max(values))
    verdict = {True: "reproduced", False: "refuted" if refutable else "not reproduced", None: "not reproduced"}[holds]
    others = None if without is None else _numbers("without", without)
    if holds and others is not None:
        elsewhere = criterion.holds(min(others), max(others))
        verdict = {True: "reproduced", False: "conditional", None: "not reproduced"}[elsewhere]
    claim = Claim(id, id.split("-")[0], source, statement, paper, float(np.median(values)), min(values), max(values),
                  len(values), str(criterion), _met(criterion, values), condition,
                  None if others is None else float(np.median(others)),
                  None if others is None else _met(criterion, others), verdict, None, mode)
    claim = replace(claim, expected=expected().get(id))
    if path := os.environ.get(FILE):
        with open(path, "a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(claim), ensure_ascii=False) + "\n")
    return claim


def expected() -> dict[str, str]:
    """The verdicts of the ledger named by MINNET_LEDGER, id → verdict; empty where it names none."""
    path = os.environ.get(LEDGER)
    if not path or not os.path.exists(path):
        return {}
    with open(path, encoding="utf-8") as file:
        return {row["id"]: row["verdict"] for row in json.load(file)}


def _numbers(name: str, values: float | Iterable[float]) -> list[float]:
    if isinstance(values, str | Mapping):                       # a dict would be judged by its keys
        raise TypeError(f"expected {name} to be a number, or one per seed, got {values!r}")
    several = isinstance(values, Iterable) and getattr(values, "ndim", 1) > 0
    numbers = [float(v) for v in (values if several else [values])]     # type: ignore[union-attr, arg-type]
    if not numbers or any(math.isnan(v) for v in numbers):
        raise ValueError(f"expected {name} to be numbers, one per seed, got {numbers}: nothing can be judged by it")
    return numbers


def _met(criterion: Criterion, values: list[float]) -> str:
    return f"{sum(criterion.low <= value <= criterion.high for value in values)} of {len(values)}"


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _spread(claim: Claim) -> str:
    if claim.seeds == 1:
        return _short(claim.measured)
    return f"{_short(claim.measured)} ({_short(claim.low)} … {_short(claim.high)}, {claim.seeds} runs)"


def _text(value: str) -> str:
    return html.escape(value)
