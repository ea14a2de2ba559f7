"""Handouts: no solution and no result in them, marked for nbgrader; they run to the end."""

import re
from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat")
pytest.importorskip("jupytext")
from chapters import __main__ as runner  # noqa: E402
from chapters import handout  # noqa: E402
from minnet.coursework import exercises  # noqa: E402

CHAPTERS = sorted({path.name[:2] for path in (Path(handout.HERE) / "exercises").glob("[0-9][0-9]_*.py")})


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_handout_has_stubs_and_marks(chapter):
    made = handout.notebook(chapter)
    marks = [cell.metadata.nbgrader for cell in made.cells]
    assert len({mark.grade_id for mark in marks}) == len(marks)
    assert all(re.fullmatch(r"[\w-]+", mark.grade_id) for mark in marks)
    assert all(mark.locked != mark.solution for mark in marks if not mark.grade_id.endswith("-name"))
    text = "\n".join(cell.source for cell in made.cells)
    assert "SOLUTION" not in text
    assert "HIDDEN" not in text
    assert "Explanation" not in text
    here = exercises(chapter)
    assert text.count(handout.STUB) == len(here) == sum(mark.solution for mark in marks)
    assert [mark.points for mark in marks if mark.grade] == [exercise.points for exercise in here.values()]
    assert all(not cell.outputs for cell in made.cells if cell.cell_type == "code")


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_version_for_nbgrader_has_solutions_and_hidden_tests(chapter):
    made = handout.notebook(chapter, nbgrader=True)
    for cell in made.cells:
        mark = cell.metadata.nbgrader
        assert ("### BEGIN SOLUTION" in cell.source) == ("### END SOLUTION" in cell.source) == mark.solution
        assert ("### BEGIN HIDDEN TESTS" in cell.source) == ("### END HIDDEN TESTS" in cell.source) == mark.grade
        if mark.grade:
            compile(cell.source, "check", "exec")
            assert f", rounds={handout.HIDDEN_ROUNDS})" in cell.source


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_handout_begins_with_what_a_student_needs(chapter):
    begin, name = handout.notebook(chapter).cells[:2]
    text = next(Path(handout.HERE).glob(f"{chapter}_*.py")).read_text(encoding="utf-8")
    title = re.search("^# # (.+)", text, re.MULTILINE)[1]
    assert begin.source.startswith(f"# Exercises to chapter {chapter}: {title}\n")
    assert begin.metadata.nbgrader.locked
    for words in (f"{len(exercises(chapter))} exercises", "pip install", "check", "as often as you like", "hand in",
                  "chapters/" + next(Path(handout.HERE).glob(f"{chapter}_*.ipynb")).name):
        assert words in begin.source
    assert "points" not in begin.source
    assert "name" in name.source
    assert not name.metadata.nbgrader.locked


def test_the_command(tmp_path, capsys):
    assert runner.main(["handout", "4", "--points", "--out", str(tmp_path / "new")]) == 0
    file = tmp_path / "new" / "04_glorot_exercises.ipynb"
    assert str(file) in capsys.readouterr().out
    cells = nbformat.read(file, as_version=4).cells
    assert "# 04.2 Glorot's initializer (3 points)" in cells[6].source
    assert "6 exercises, 17 points" in cells[0].source
    with pytest.raises(SystemExit, match="no exercises of chapter 77: there are those of "):
        runner.main(["handout", "77"])


def test_a_notebook_that_is_there_is_not_overwritten(tmp_path):
    solved = tmp_path / "04_glorot_exercises.ipynb"
    solved.write_text("answers")
    with pytest.raises(SystemExit, match=r"04_glorot_exercises\.ipynb exists.* --force"):
        runner.main(["handout", "03", "04", "--out", str(tmp_path)])
    assert [path.name for path in tmp_path.iterdir()] == [solved.name]
    assert solved.read_text() == "answers"
    assert runner.main(["handout", "04", "--force", "--out", str(tmp_path)]) == 0
    assert "geometric" in solved.read_text(encoding="utf-8")


def test_some_exercises_only(tmp_path):
    made = handout.notebook("04", only=["04.3", "04.1"])
    assert [cell.metadata.nbgrader.grade_id for cell in made.cells if cell.metadata.nbgrader.grade] == [
        "04-1-check", "04-3-check"]
    assert runner.main(["handout", "04", "--only", "04.1", "04.3", "--out", str(tmp_path)]) == 0
    assert "2 exercises" in (tmp_path / "04_glorot_exercises.ipynb").read_text(encoding="utf-8")
    with pytest.raises(SystemExit, match=r"expected exercises of chapter 04, 04\.1, .*, got 05\.1"):
        runner.main(["handout", "04", "--only", "05.1", "--out", str(tmp_path / "new")])
    assert not (tmp_path / "new").exists()
