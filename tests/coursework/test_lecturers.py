"""The lecturer's page: it has every chapter, its minutes are those of the exercises, its options are the commands'."""

import re
from pathlib import Path

import pytest

pytest.importorskip("jupytext")
from chapters import grade, handout

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "chapters" / "lecturers.md").read_text(encoding="utf-8")


def test_every_chapter_has_a_row():
    for path in (ROOT / "chapters").glob("[0-9][0-9]_*.py"):
        assert re.search(rf"^\| \[?{path.stem[:2]} ", PAGE, re.MULTILINE), f"chapter {path.stem} has no row"


def test_the_minutes_of_the_lab_are_those_of_its_exercises():
    listed, minutes = re.search(r"exercises (04\.[\d., and]+), (\d+) minutes", PAGE).groups()
    sources = handout.sources("04")
    each = [int(re.search(r"\*\*\((\d+) min", sources[id].read_text(encoding="utf-8"))[1])
            for id in re.findall(r"\d\d\.\d", listed)]
    assert sum(each) == int(minutes)


@pytest.mark.parametrize("command", [grade.main, handout.main])
def test_the_options_are_there(command, capsys):
    with pytest.raises(SystemExit):
        command(["--help"])
    options = set(re.findall(r"--\w+", capsys.readouterr().out))
    name = command.__module__.split(".")[-1]
    used = [option for line in re.findall(rf"python -m chapters {name} (.+)", PAGE)
            for option in re.findall(r"--\w+", line.split("`")[0])]
    assert used
    assert set(used) <= options
    if command is grade.main:
        assert {"--timeout", "--memory", "--workers"} <= options
        assert "`--timeout` seconds (20)" in PAGE
