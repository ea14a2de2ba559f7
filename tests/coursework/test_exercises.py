"""Every exercise: its model answer is right, its stub is not done, and each typical mistake gets its hint."""

import contextlib
import io
import re
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest

from minnet.coursework import Wrong, chapter_04, check, exercises
from minnet.coursework.checking import said

jupytext = pytest.importorskip("jupytext")
from chapters import handout  # noqa: E402

CHAPTERS = sorted(path.stem[-2:] for path in (Path(handout.HERE).parent / "minnet/coursework").glob("chapter_*.py"))
EXERCISES = [exercise for chapter in CHAPTERS for exercise in exercises(chapter).values()]
SOURCES = {id: source for chapter in CHAPTERS for id, source in handout.sources(chapter).items()}
each = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.id)
every_source = pytest.mark.parametrize("id", SOURCES)
MISTAKES = [(exercise, mistake) for exercise in EXERCISES for mistake in exercise.mistakes]


def cells(id, *kinds):
    """The text of the code cells of these kinds."""
    return [cell.source for cell in jupytext.read(SOURCES[id]).cells
            if cell.cell_type == "code" and handout.kind(cell) in kinds]


def test_every_source_has_an_exercise_and_every_exercise_a_source():
    assert list(SOURCES) == [exercise.id for exercise in EXERCISES]


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_chapter_has_four_to_six_exercises_and_ten_mistakes(chapter):
    here = exercises(chapter).values()
    assert 4 <= len(here) <= 6
    assert sum(len(exercise.mistakes) for exercise in here) >= 10
    path = next(handout.HERE.glob(f"{chapter}_*.py")).read_text(encoding="utf-8")
    linked = re.findall(r"\]\(exercises/(\w+)\.ipynb\)", path)
    assert linked == [source.stem for source in handout.sources(chapter).values()]


@every_source
def test_a_source_has_the_cells_of_an_exercise(id):
    read = jupytext.read(SOURCES[id]).cells
    assert read[0].source.startswith(f"# {id} ")
    assert re.search(r"\*\*\(\d+ min(, pencil)?\)\*\*", read[0].source), "the minutes"
    prose = "\n".join(cell.source for cell in read if cell.cell_type == "markdown")
    assert prose.count("<details><summary>Hint ") >= 2
    assert prose.count("<details>") == prose.count("</details>") == prose.count("<summary>")
    (solution,), (checked,) = cells(id, "solution"), cells(id, "check")
    assert handout.stubbed(solution).count(handout.STUB) == 1
    assert "SOLUTION" not in handout.stubbed(solution)
    assert re.fullmatch(rf'check\("{id}", (\w+)\)', checked)
    assert f"def {re.search(r', (.+)[)]', checked)[1]}(" in handout.stubbed(solution)
    assert any(handout.kind(cell) == "explanation" for cell in read)


@every_source
def test_the_stub_is_not_done(id):
    """The handout's cells run in turn, and the check says that there is nothing yet."""
    names = {}
    for source in cells(id, "given", "solution"):
        stub = handout.stubbed(source)
        with contextlib.suppress(NotImplementedError), contextlib.redirect_stdout(io.StringIO()):
            exec(stub, names)
    plt.close("all")                                            # what the given cells drew
    with pytest.raises(Wrong, match=f"{id}: not done yet"):
        exec(cells(id, "check")[0], names)


@each
def test_the_right_function_is_right(exercise):
    assert said(exercise, exercise.right, range(10)) == f"{exercise.id}: right"


@pytest.mark.parametrize(("exercise", "mistake"), MISTAKES,
                         ids=[f"{exercise.id}-{mistake.hint[:40]}" for exercise, mistake in MISTAKES])
def test_a_mistake_gets_its_hint(exercise, mistake):
    for begin in (0, 100):
        assert mistake.hint[1:] in said(exercise, mistake.function, range(begin, begin + exercise.rounds))


def test_the_largest_jump_is_not_always_the_broken_layer():
    """A check that draws few networks would say "right" to it: none of ten does."""
    exercise = exercises("04")["04.5"]
    for begin in range(0, 10 * exercise.rounds, exercise.rounds):
        assert "changes most" in said(exercise, chapter_04.largest_jump, range(begin, begin + exercise.rounds))


@each
@pytest.mark.parametrize("blank", [None, ...])
def test_a_blank_is_not_done(exercise, blank):
    with pytest.raises(Wrong, match="not done yet"):
        check(exercise.id, lambda *arguments: blank)


@each
def test_hints_are_sentences_of_their_own(exercise):
    hints = [mistake.hint for mistake in exercise.mistakes]
    assert len(set(hints)) == len(hints)
    assert all(len(hint) > 20 and not hint.endswith(".") for hint in hints)


def test_an_answer_may_be_a_value():
    with pytest.raises(Wrong, match=r"04\.5: not yet"):
        check("04.5", 99)


def test_an_id_that_no_exercise_has():
    with pytest.raises(ValueError, match=r"expected the id of an exercise, one of 04\.1, "):
        check("04.99", np.sin)
    with pytest.raises(ValueError, match="expected a chapter with exercises, one of "):
        check("99.1", np.sin)
