"""`check`: is this answer right, and if not, which mistake is likely?"""

from __future__ import annotations

import re
import secrets
import traceback
from collections.abc import Callable, Collection, Sequence
from typing import Any

import numpy as np

from minnet.coursework.comparisons import NotDone, equal, in_words
from minnet.coursework.exercises import Exercise, Function, Observation, Wrong, exercise
from minnet.coursework.limits import TooLong, limited
from minnet.coursework.observations import DISTRIBUTION


def check(id: str, answer: Any, *, rounds: int | None = None) -> None:
    """Print "04.2: right", or raise `Wrong` with a hint.

    `answer` is a function, which is called with fresh random inputs in each of so many rounds (default: those of the
    exercise), or a value where the exercise asks for one. It is compared with the right one and, where it differs, with
    what is known as typical mistakes; the hint never says the answer. A function that does not come to an end is
    stopped. Raises ValueError for an id that no exercise has.
    """
    found = exercise(id)
    function = answer if callable(answer) else lambda *_: answer
    judge(found, function, [secrets.randbits(64) for _ in range(rounds or found.rounds)])
    print(f"{id}: right")


def judge(what: Exercise, function: Function, seeds: Sequence[int]) -> None:
    """Raise `Wrong` with a hint where a function is not right: the check of one exercise, a round for each seed."""
    try:
        came = [_observed(what, function, seed) for seed in seeds]
    except Wrong as hint:
        raise type(hint)(f"{what.id}: {hint}") from None

    def observe(other: Function, begin: int = 0, end: int | None = None) -> list[Observation]:
        with np.errstate(all="ignore"):
            return [what.observe(other, np.random.default_rng(seed)) for seed in seeds[begin:end]]

    right = observe(what.right)
    wrong = _differences(what, came, right)
    if not wrong:
        return
    words = _named(what, came, right, wrong, observe)
    if words is None:
        name = wrong[0]
        if isinstance(right[0][name], bool):
            words = f"expected a function for which this holds: {name}"
        else:
            words = in_words([one[name] for one in came], [one[name] for one in right], what.tolerance,
                             "quantiles" if name.startswith(DISTRIBUTION) else "entries")
            words = f"`{name}`: {words}" if name.isidentifier() else f"{name}: {words}"
    fine = [name for name in right[0] if name not in wrong and name.isidentifier()]
    also = f"Right: {', '.join(fine)}. " if fine else ""
    raise Wrong(f"{what.id}: not yet. {also}{capitalized(words, right[0])}")


def capitalized(hint: str, names: Collection[str]) -> str:
    """A hint with a capital letter, unless it begins with a name: one of these, or a symbol: r, δ, dW, fan_in."""
    word = re.split(r"[ ,:]", hint, maxsplit=1)[0]
    is_name = word in names or not re.fullmatch(r"[a-z]{2,}|a", word)
    return hint if is_name else hint[0].upper() + hint[1:]


def _observed(what: Exercise, function: Function, seed: int) -> Observation:
    """What the answer does in one round; a hint where it is blank, raises an error, or does not end."""
    def call() -> Observation:
        with np.errstate(all="ignore"):
            return what.observe(function, np.random.default_rng(seed))

    try:
        found: Observation = limited(call, what.seconds)
        return found
    except Wrong:
        raise
    except TooLong:
        raise Wrong(f"stopped after {what.seconds:g} seconds. Does a loop never end?") from None
    except BaseException as error:
        raise (NotDone if isinstance(error, NotImplementedError) else Wrong)(in_one_sentence(error)) from None


def in_one_sentence(error: BaseException) -> str:
    """What to say of an error that a student's function raises."""
    if isinstance(error, NotImplementedError):
        return "not done yet"
    if isinstance(error, (KeyboardInterrupt, SystemExit)):
        return f"your function ends the program: it raises {type(error).__name__}"
    said = f"your function raises an error. {type(error).__name__}: {error}"
    lines = traceback.extract_tb(error.__traceback__)
    return f"{said} (in {lines[-1].name}: {lines[-1].line})" if lines and lines[-1].line else said


def _differences(what: Exercise, came: list[Observation], right: list[Observation]) -> list[str]:
    """The names of the parts that are not right in some round."""
    return [name for name in right[0]
            if not all(equal(a[name], b[name], what.tolerance) for a, b in zip(came, right, strict=True))]


def _named(what: Exercise, came: list[Observation], right: list[Observation], wrong: list[str],
           observe: Callable[..., list[Observation]]) -> str | None:
    """The hint of the mistake that explains most: all that is wrong, or else the first part that is.

    A mistake explains a part if it agrees with the answer in every round, and differs from what is right in some.
    """
    partial = None
    for mistake in what.mistakes:
        try:
            theirs = observe(mistake.function, 0, 1)
            if wrong[0] in _differences(what, came[:1], theirs):            # most mistakes: one round says so
                continue
            theirs += observe(mistake.function, 1)
        except Exception:                                                   # it raises for these inputs
            continue
        apart = _differences(what, came, theirs)
        if not apart:
            return mistake.hint
        if partial is None and wrong[0] not in apart and wrong[0] in _differences(what, theirs, right):
            partial = mistake.hint
    return partial


def said(what: Exercise, function: Function, seeds: Sequence[int]) -> str:
    """What `check` says to this function."""
    try:
        judge(what, function, seeds)
    except Wrong as hint:
        return str(hint)
    return f"{what.id}: right"
