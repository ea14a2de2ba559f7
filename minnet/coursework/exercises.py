"""What an exercise is, and where those of a chapter stand.

An exercise is a right function, a way to observe a function (what it returns for random inputs), and a list of typical
mistakes: each a wrong function with the hint for whoever wrote it. A check observes the student's function; where it
differs from the right one and agrees with a wrong one, the hint of that one is said.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

Function = Callable[..., Any]
Observation = dict[str, Any]
Observe = Callable[[Function, np.random.Generator], Observation]


class Wrong(AssertionError):
    """What `check` raises where an answer is not right: its text is the hint. A notebook shows the text alone."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


@dataclass(frozen=True)
class Mistake:
    """A typical mistake: a hint, and the function that somebody writes who makes it.

    The hint says where to look. It does not say the right formula.
    """

    hint: str
    function: Function


@dataclass(frozen=True)
class Exercise:
    """One exercise of a chapter.

    id           "04.2": chapter and number
    right        the model answer, a function: from minnet, where minnet has it
    observe      from a function and a generator to what is compared, by name: see observations.py. With the same state
                 of the generator it makes the same inputs.
    mistakes     the typical ones, the more special before the more general
    points       in a graded handout
    tolerance    two arrays are equal if no entry differs by more than this times the largest: 1e-6 for formulas, some
                 percent for what is drawn
    rounds       how often `check` draws inputs
    seconds      the time limit of one observation
    """

    id: str
    right: Function
    observe: Observe
    mistakes: tuple[Mistake, ...]
    points: int = 2
    tolerance: float = 1e-6
    rounds: int = 3
    seconds: float = 10.0


def exercises(chapter: str) -> dict[str, Exercise]:
    """The exercises of a chapter, `exercises("04")`, by id. Raises ValueError where the chapter has none."""
    there = sorted(path.stem[-2:] for path in Path(__file__).parent.glob("chapter_[0-9][0-9].py"))
    if chapter not in there:
        raise ValueError(f"expected a chapter with exercises, one of {', '.join(there)}, got {chapter!r}")
    found: tuple[Exercise, ...] = import_module(f"minnet.coursework.chapter_{chapter}").EXERCISES
    return {one.id: one for one in found}


def exercise(id: str) -> Exercise:
    """The exercise of this id, such as "04.2". Raises ValueError where there is none."""
    chapter = exercises(str(id)[:2])
    if id not in chapter:
        raise ValueError(f"expected the id of an exercise, one of {', '.join(chapter)}, got {id!r}")
    return chapter[id]
