"""A concept inventory: fifteen questions to answer before a course and after it.

Each question of chapters/inventory/questions.json is bound to a claim of the ledger; each wrong choice is a known
misconception. `save` keeps a student's answers as a small CSV file, `read` collects those of a class.
"""

from __future__ import annotations

import csv
import json
import re
from dataclasses import dataclass
from pathlib import Path

WHEN = ("before", "after")
FILE = Path(__file__).parents[2] / "chapters" / "inventory" / "questions.json"


@dataclass(frozen=True)
class Question:
    """A question: its claim in the ledger and the verdict there, the choices by letter, and the right one.

    `misconceptions` says for each wrong choice what somebody who takes it believes.
    """

    number: int
    claim: str
    verdict: str
    question: str
    choices: dict[str, str]
    right: str
    misconceptions: dict[str, str]

    def _repr_markdown_(self) -> str:
        choices = "\n".join(f"- **{letter}** {text}" for letter, text in self.choices.items())
        return f"**{self.number}.** {self.question}\n\n{choices}\n"


def questions() -> list[Question]:
    """The questions, in order. Raises FileNotFoundError outside of a clone of the repository."""
    if not FILE.exists():
        raise FileNotFoundError(f"expected the questions in {FILE}, got no such file: clone the repository")
    found = []
    for number, one in enumerate(json.loads(FILE.read_text(encoding="utf-8")), 1):
        choices = one["choices"]
        found.append(Question(number, one["claim"], one["verdict"], one["question"],
                              {letter: choice["text"] for letter, choice in choices.items()}, one["right"],
                              {letter: choice["misconception"] for letter, choice in choices.items()
                               if "misconception" in choice}))
    return found


def _checked(answers: str) -> str:
    """The answers without spaces, in small letters. Raises ValueError where they do not fit the questions."""
    asked = questions()
    given = re.sub(r"\s", "", answers).lower()
    if len(given) != len(asked):
        raise ValueError(f"expected {len(asked)} letters, one for each question, got {len(given)}")
    for question, letter in zip(asked, given, strict=True):
        if letter not in question.choices and letter != "-":
            raise ValueError(f"question {question.number}: expected one of {', '.join(question.choices)}, or - for no "
                             f"answer, got {letter!r}")
    return given


def save(answers: str, *, when: str, who: str, folder: str | Path = ".") -> Path:
    """Write the answers, a letter for each question ("-": none), to a CSV file in the folder, and return its path.

    `when` is "before" or "after"; `who` is a name or a number that the student chooses, the same both times, of
    letters, digits, - and _. Raises ValueError for anything else.
    """
    if when not in WHEN:
        raise ValueError(f"expected when to be 'before' or 'after', got {when!r}")
    if not re.fullmatch(r"[\w-]{1,40}", who):
        raise ValueError(f"expected who to be up to 40 letters, digits, - and _, got {who!r}")
    file = Path(folder) / f"inventory_{when}_{who}.csv"
    given = _checked(answers)
    with file.open("w", newline="", encoding="utf-8") as opened:
        rows = csv.writer(opened)
        rows.writerow(["who", "when", "question", "answer"])
        rows.writerows([who, when, number, letter] for number, letter in enumerate(given, 1))
    return file


def read(folder: str | Path) -> dict[str, dict[str, str]]:
    """The answers of a class: {"before": {who: letters}, "after": {who: letters}} of all CSV files in the folder.

    Raises ValueError, with the name of the file, where one is not as `save` writes it.
    """
    found: dict[str, dict[str, str]] = {when: {} for when in WHEN}
    for file in sorted(Path(folder).glob("inventory_*.csv")):
        try:
            with file.open(newline="", encoding="utf-8") as opened:
                rows = sorted(csv.DictReader(opened), key=lambda row: int(row["question"]))
            (who,), (when,) = {row["who"] for row in rows}, {row["when"] for row in rows}
            found[when][who] = _checked("".join(row["answer"] for row in rows))
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{file.name}: expected answers as `save` writes them, got {error}") from None
    return found


def score(answers: str) -> int:
    """How many of the answers are right."""
    return sum(letter == question.right for letter, question in zip(_checked(answers), questions(), strict=True))
