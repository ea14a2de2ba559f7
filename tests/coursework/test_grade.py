"""Grading: our tests and not the submission's; what hangs or crashes costs its own exercise. Six of the submissions of
submissions.py; the others are graded by `python -m tests.campaigns.submissions`."""

import csv
import json
import socket

import numpy as np
import pytest

pytest.importorskip("jupytext")
pytest.importorskip("IPython")
from chapters import __main__ as runner
from chapters import grade, handout, sandbox
from minnet.coursework import Wrong
from minnet.coursework.remote import decode, encode
from tests.coursework.submissions import all_submissions, expected

CHOSEN = {"right": "right", "no metadata": "right", "wrong before 2010": "before 2010",
          "rewrites check": "expected an array", "exits hard": "there is no my_glorot",
          "no json": "no notebook that can be read"}


@pytest.mark.chapters
def test_six_submissions(tmp_path, capsys):
    folder, out = tmp_path / "in", tmp_path / "out"
    (folder / "group").mkdir(parents=True)
    every = all_submissions()
    for name in CHOSEN:
        (folder / "group" / f"{name}.ipynb").write_text(every[name], encoding="utf-8")
    assert runner.main(["grade", str(folder), "--out", str(out), "--rounds", "1", "--timeout", "300",
                        "--workers", "2"]) == 0
    with (out / "grades.csv").open(encoding="utf-8") as file:
        rows = {row["student"].removeprefix("group/"): row for row in csv.DictReader(file)}
    assert {name: int(row["points"]) for name, row in rows.items()} == {name: expected(name) for name in CHOSEN}
    assert {name: hint in rows[name]["04.2 hint"] for name, hint in CHOSEN.items()} == dict.fromkeys(CHOSEN, True)
    text = (out / "grades.md").read_text(encoding="utf-8")
    assert sandbox.isolation() in text
    assert "| group/right | 2 | 3 | 3 | 2 | 3 | 4 | 17 |" in text
    assert sorted(path.name for path in folder.rglob("*")) == sorted(["group", *(f"{name}.ipynb" for name in CHOSEN)])


@pytest.mark.chapters
def test_a_cell_and_a_call_without_end_are_stopped():
    cells = ["def f(x): return x + 1", "while True: pass", "def g(x):\n    while True: pass"]
    submission = sandbox.Submission(cells, hidden=[], megabytes=2048, seconds=3)
    try:
        submission.start()
        assert "stopped after 3 seconds" in submission.notes[1]
        with pytest.raises(Wrong, match="stopped after 3 seconds"):
            submission.function("g")(1)
        assert submission.process is None
        submission.seconds = 300
        assert submission.function("f")(np.arange(2)).tolist() == [1, 2]
        assert submission.function("h") is None
    finally:
        submission.close()


@pytest.mark.chapters
def test_the_calls_of_an_exercise_have_a_limit_together():
    submission = sandbox.Submission(["def f(x): return x"], hidden=[], megabytes=2048, seconds=300)
    try:
        function = submission.function("f")
        submission.allow(300)
        assert function(1) == 1
        submission.allow(0)
        with pytest.raises(Wrong, match="its calls took more than 0 seconds together"):
            function(1)
    finally:
        submission.close()


@pytest.mark.chapters
def test_each_exercise_has_the_limit_of_its_own():
    content = all_submissions()["right"].encode()
    done = grade.grade("one", content, "04", [], megabytes=2048, seconds=300, rounds=2, limit=1e-9)
    assert all("together" in hint for hint in done.hints.values())


@pytest.mark.chapters
def test_what_is_graded_before_an_interruption_is_kept(tmp_path, monkeypatch):
    def graded(student, *arguments, **options):
        if student == "b":
            raise KeyboardInterrupt
        return grade.nothing(student, "graded", "04")

    monkeypatch.setattr(grade, "grade", graded)
    handed_in(tmp_path, "a.ipynb", "b.ipynb")
    with pytest.raises(KeyboardInterrupt):
        runner.main(["grade", str(tmp_path), "--chapter", "04", "--workers", "1", "--out", str(tmp_path)])
    assert "1 of 2 submissions" in (tmp_path / "grades.md").read_text(encoding="utf-8")
    with (tmp_path / "grades.csv").open(encoding="utf-8") as file:
        assert [row["04.1 hint"] for row in csv.DictReader(file)] == ["graded"]


@pytest.mark.chapters
def test_arguments_come_back_as_the_function_leaves_them():
    cells = ["def f(x, rng):\n    x += 1\n    return rng.normal()"]
    submission = sandbox.Submission(cells, hidden=[], megabytes=2048, seconds=300)
    try:
        x, rng, same = np.zeros(2), np.random.default_rng(0), np.random.default_rng(0)
        assert submission.function("f")(x, rng) == same.normal()
        assert rng.normal() == same.normal()
        assert x.tolist() == [1, 1]
    finally:
        submission.close()


TRIES = """
import os, socket
def tries(folder, other, port):
    found = []
    try:
        open(os.path.join(folder, "left"), "w")
        found.append("wrote")
    except OSError:
        pass
    try:
        found.append("read " + open(other).read())
    except OSError:
        found.append("could not read")
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5)
        found.append("connected")
    except OSError:
        pass
    open("mine", "w").write("in its own folder")
    return found + [str(len([name for name in os.listdir("/proc") if name.isdigit()]) < 10), open("mine").read()]
"""


@pytest.mark.chapters
@pytest.mark.skipif(not sandbox.namespaces(), reason="this system has no namespaces for ordinary accounts")
def test_a_submission_is_closed_in(tmp_path):
    other = tmp_path / "other.ipynb"
    other.write_text("secret")
    with socket.create_server(("127.0.0.1", 0)) as server:
        submission = sandbox.Submission([TRIES], hidden=[other], megabytes=2048, seconds=300)
        try:
            found = submission.function("tries")(str(tmp_path), str(other), server.getsockname()[1])
        finally:
            submission.close()
    assert found == ["read ", "True", "in its own folder"]
    assert [path.name for path in tmp_path.iterdir()] == ["other.ipynb"]
    assert other.read_text() == "secret"


@pytest.mark.parametrize("value", [None, ..., True, 3, 0.5, "text", (1, [2.0, None]), {"a": (1,), 2: "b"}])
def test_data_comes_back(value):
    assert decode(encode(value)) == value


def test_arrays_come_back():
    for array in (np.arange(6.0).reshape(2, 3).T, np.array(3), np.zeros((0, 2), "f4"), np.array([True])):
        again = decode(encode(array))
        assert again.dtype == array.dtype
        np.testing.assert_array_equal(again, array)


def test_what_is_no_data_does_not_come_back():
    with pytest.raises(TypeError, match="expected numbers, text or arrays, got a function"):
        encode(lambda: 0)
    with pytest.raises(TypeError, match="dtype object"):
        encode(np.array([lambda: 0]))
    for bad in ({"array": ["O", [1], ""]}, {"array": ["<f8", [9], ""]}, {"what": 1}, {"a": 1, "b": 2}):
        with pytest.raises((ValueError, KeyError, TypeError)):
            decode(bad)


def test_given_cells_are_run_as_we_wrote_them_and_checks_are_not():
    made = handout.notebook("04")
    ran = grade.cells(made, "04")
    assert not any("check(" in source for source in ran)
    made.cells = [cell for cell in made.cells if cell.metadata.nbgrader.solution]
    assert sorted(grade.cells(made, "04")) == sorted(ran)


def test_what_the_student_adds_to_a_given_cell_is_run_after_ours():
    made = handout.notebook("04")
    given = next(cell for cell in made.cells if cell.cell_type == "code")
    ours, given.source = given.source, "import math\n" + given.source
    ran = grade.cells(made, "04")
    assert ran[:2] == [ours, given.source]
    assert ran[2].startswith("def geometric")


@pytest.mark.chapters
def test_a_line_added_to_a_given_cell_costs_nothing():
    made = handout.notebook("04")
    given, answer = [cell for cell in made.cells if cell.cell_type == "code"][:2]
    given.source = "import math\ndef root(x): return math.sqrt(x)\nundefined_name"
    answer.source = "def geometric(n, m): return root(3 / root(n * m)), root(n / m), root(m / n)"
    done = grade.grade("one", json.dumps(made).encode(), "04", [], megabytes=2048, seconds=300, rounds=1)
    assert done.hints["04.1"] == "right"
    assert done.points["04.1"] == 2


def handed_in(folder, *names):
    """Files of these names, and folders where a name ends in a slash."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).mkdir(exist_ok=True) if name.endswith("/") else (folder / name).write_text("{}")


def test_students_whose_files_have_one_name(tmp_path):
    handed_in(tmp_path, "a/lab.ipynb", "b/lab.ipynb", "c.ipynb")
    files = [tmp_path / "a/lab.ipynb", tmp_path / "b/lab.ipynb"]
    assert grade.files(files)[0] == {"a/lab": files[0], "b/lab": files[1]}
    assert grade.files([tmp_path / "a", tmp_path / "b"])[0] == {"a/lab": files[0], "b/lab": files[1]}
    assert list(grade.files([tmp_path])[0]) == ["a/lab", "b/lab", "c"]
    assert list(grade.files([tmp_path / "c.ipynb"])[0]) == ["c"]
    handed_in(tmp_path, "c.IPYNB")
    if len(list(tmp_path.glob("[cC].*"))) == 2:                  # a file system that tells the two apart
        with pytest.raises(SystemExit, match="one notebook for each student"):
            grade.files([tmp_path])


def test_what_is_no_notebook_is_said(tmp_path):
    handed_in(tmp_path, "a/lab.ipynb", "a/figures/one.png", "b/lab.py", "c/", "d/LAB.IPYNB", "notes.txt",
              "group/e/lab.ipynb.txt", "group/f/lab.ipynb", ".ipynb_checkpoints/g.ipynb",
              "grades/grades.csv", "grades/grades.md")
    found, empty, skipped = grade.files([tmp_path])
    assert list(found) == ["a/lab", "d/LAB", "group/f/lab"]
    assert empty == {"b": "there is no notebook (.ipynb) in this folder: lab.py",
                     "c": "there is no notebook (.ipynb) in this folder: it is empty",
                     "group/e": "there is no notebook (.ipynb) in this folder: lab.ipynb.txt"}
    assert [path.as_posix() for path in skipped] == ["a/figures/one.png", "b/lab.py", "group/e/lab.ipynb.txt",
                                                     "notes.txt"]


def test_a_folder_whose_name_is_that_of_a_notebook(tmp_path):
    handed_in(tmp_path, "x.ipynb/", "y.ipynb/lab.ipynb")
    found, empty, _ = grade.files([tmp_path])
    assert list(found) == ["y.ipynb/lab"]
    assert list(empty) == ["x.ipynb"]


@pytest.mark.chapters
def test_a_folder_without_a_notebook_has_a_row(tmp_path, capsys):
    handed_in(tmp_path, "a/lab.ipynb", "b/lab.zip")
    assert runner.main(["grade", str(tmp_path), "--chapter", "04", "--out", str(tmp_path)]) == 0
    assert "skipped, no notebook (.ipynb): b/lab.zip" in capsys.readouterr().err.replace("\\", "/")
    with (tmp_path / "grades.csv").open(encoding="utf-8") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    assert rows["b"]["points"] == "0"
    assert "lab.zip" in rows["b"]["04.1 hint"]


def test_a_table_is_no_formula():
    assert grade.plain("=1+1") == "'=1+1"
    assert grade.marked_down("a|b\n<c>") == r"a\|b \<c\>"


def test_a_notebook_of_another_chapter_is_said():
    content = json.dumps(handout.notebook("03")).encode()
    done = grade.grade("one", content, "04", [], megabytes=2048, seconds=300, rounds=1)
    assert set(done.hints.values()) == {"this is a notebook of chapter 03, not of chapter 04"}


def test_some_exercises_only(tmp_path):
    handed_in(tmp_path, "a.ipynb")
    assert runner.main(["grade", str(tmp_path), "--chapter", "04", "--out", str(tmp_path),
                        "--only", "04.1", "04.3"]) == 0
    with (tmp_path / "grades.csv").open(encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert list(row) == ["student", "04.1", "04.3", "points", "of", "04.1 hint", "04.3 hint"]
    assert row["of"] == "5"


def test_what_cannot_be_graded(tmp_path):
    with pytest.raises(SystemExit, match="does not exist"):
        runner.main(["grade", str(tmp_path / "none")])
    (tmp_path / "lab.py").touch()
    with pytest.raises(SystemExit, match=r"at least one notebook.* skipped: lab\.py"):
        runner.main(["grade", str(tmp_path)])
    (tmp_path / "a.ipynb").write_text("{}")
    with pytest.raises(SystemExit, match="say which chapter"):
        runner.main(["grade", str(tmp_path)])
