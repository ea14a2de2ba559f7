"""python -m chapters --sweeps, and the stored sweeps of the chapters."""

import importlib
import json
from pathlib import Path

import pytest

from minnet import sweeps
from tests.experiments.test_fingerprint import bumped

pytest.importorskip("joblib")

ROOT = Path(__file__).parents[2]

SWEEP = '''"""A small sweep.

More about it.
"""

from __future__ import annotations

from dataclasses import dataclass

GRID = {"a": [1, 2, 3]}
SEEDS = range(2)


@dataclass
class Pair:
    left: int
    right: int


def cell(a, seed):
    return {"value": Pair(a, FACTOR * seed).right + a}


FACTOR = 10
'''


@pytest.fixture
def chapters(tmp_path, monkeypatch):
    """A folder of chapters with two sweeps, and the runner for it."""
    runner = importlib.import_module("chapters.__main__")
    monkeypatch.setattr(runner, "HERE", tmp_path)
    (tmp_path / "sweeps").mkdir()
    (tmp_path / "sweeps" / "03_small.py").write_text(SWEEP, encoding="utf-8")
    (tmp_path / "sweeps" / "05_other.py").write_text(SWEEP.replace("A small", "Another"), encoding="utf-8")
    return lambda *arguments: runner.main(["--sweeps", *arguments])


def test_the_runner_computes_what_is_missing(chapters, tmp_path, capsys):
    assert chapters("--list") == 0
    said = capsys.readouterr().out
    assert "03_small  A small sweep.\n    6 cells, 0 finished, 6 to compute: no estimate before the first cells" in said
    assert "05_other  Another sweep." in said
    assert not (tmp_path / "results").exists(), "--list writes nothing"

    assert chapters("3") == 0
    said = capsys.readouterr().out
    assert "03_small: 6 cells, 2 finished, 4 to compute: about 0 s, 2 at a time, if a cell takes" in said
    assert "03_small: 6 rows, 0 of failed cells" in said
    assert {path.name for path in (tmp_path / "results").iterdir()} == {"03_small.jsonl", "03_small.jsonl.lock"}
    rows = sweeps.read(tmp_path / "results" / "03_small.jsonl")
    assert rows.array("value").tolist() == [1, 11, 2, 12, 3, 13]
    assert rows.runs[0]["function"] == "chapters.sweeps.03_small.cell"
    before = (tmp_path / "results" / "03_small.jsonl").read_bytes()

    assert chapters("--workers", "1") == 0
    said = capsys.readouterr().out
    assert "    6 cells, all of them finished" in said
    assert "05_other: 6 rows" in said
    assert (tmp_path / "results" / "03_small.jsonl").read_bytes() == before

    (tmp_path / "sweeps" / "03_small.py").write_text(SWEEP.replace("[1, 2, 3]", "[2, 5]"), encoding="utf-8")
    assert chapters("03_small", "--list") == 0
    assert ("4 cells, 2 finished, 2 to compute: about 0 s, 2 at a time, if a cell takes "
            in (said := capsys.readouterr().out))
    assert said.rstrip().endswith("4 more in the file are of another grid")
    assert "05_other" not in said


def test_the_runner_estimates_from_stored_seconds(chapters, tmp_path, capsys):
    assert chapters("--workers", "1") == 0
    for name in ("03_small", "05_other"):
        file = tmp_path / "results" / f"{name}.jsonl"
        lines = [line | {"seconds": 3600.0} if "cell" in line else line
                 for line in map(json.loads, file.read_text(encoding="utf-8").splitlines())]
        file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
        (tmp_path / "sweeps" / f"{name}.py").write_text(SWEEP.replace("range(2)", "range(4)"), encoding="utf-8")
    capsys.readouterr()
    assert chapters("--list") == 0
    said = capsys.readouterr().out
    assert said.count("12 cells, 6 finished, 6 to compute: about 3.0 h, 2 at a time") == 2
    assert "in all about 6.0 h" in said


def test_the_runner_and_a_changed_function(chapters, tmp_path, capsys):
    assert chapters("3", "--workers", "1") == 0
    (tmp_path / "sweeps" / "03_small.py").write_text(SWEEP.replace("FACTOR = 10", "FACTOR = 20"), encoding="utf-8")
    with pytest.raises(SystemExit, match=r"03_small: expected 03_small\.jsonl .* change to FACTOR.*--changed recomp"):
        chapters("3")
    assert chapters("3", "--changed", "keep") == 0
    assert chapters("3") == 0, "kept once is kept"
    assert sweeps.read(tmp_path / "results" / "03_small.jsonl").array("value").tolist() == [1, 11, 2, 12, 3, 13]
    (tmp_path / "sweeps" / "03_small.py").write_text(SWEEP.replace("FACTOR = 10", "FACTOR = 20 + 0"), encoding="utf-8")
    assert chapters("3") == 0, "the same number"
    (tmp_path / "sweeps" / "03_small.py").write_text(SWEEP.replace("FACTOR = 10", "FACTOR = 30"), encoding="utf-8")
    assert chapters("3", "--workers", "1", "--changed", "recompute") == 0
    assert sweeps.read(tmp_path / "results" / "03_small.jsonl").array("value").tolist() == [1, 31, 2, 32, 3, 33]


def test_the_runner_and_failed_cells(chapters, tmp_path, capsys):
    broken = SWEEP.replace("    return", "    if a == 2:\n        raise ValueError('no')\n    return")
    (tmp_path / "sweeps" / "03_small.py").write_text(broken, encoding="utf-8")
    assert chapters("3", "--workers", "1") == 1
    shown = capsys.readouterr()
    assert "03_small: 6 rows, 2 of failed cells, which the same command tries again" in shown.out
    assert "03_small: failed: {'a': 2, 'seed': 0, 'failed': 'ValueError: no (in cell:" in shown.err


def test_the_runner_and_ctrl_c(chapters, tmp_path, capsys):
    (tmp_path / "sweeps" / "03_small.py").write_text(
        SWEEP.replace("    return", "    if a == 2:\n        raise KeyboardInterrupt\n    return"), encoding="utf-8")
    assert chapters("3", "--workers", "1") == 130
    assert "finished cells are kept, the same command goes on from there" in capsys.readouterr().err
    assert sweeps.read(tmp_path / "results" / "03_small.jsonl").array("value").tolist() == [1, 3]


def test_what_the_runner_refuses(chapters, tmp_path, capsys):
    with pytest.raises(SystemExit, match="no sweep 77: there are 03_small, 05_other"):
        chapters("77")
    for options in (["--fast"], ["--write"], ["--json", "-"], ["--workers", "0"]):
        with pytest.raises(SystemExit):
            chapters(*options)
        assert "--sweeps goes with --list, --changed and --workers N, N ≥ 1" in capsys.readouterr().err
    (tmp_path / "sweeps" / "03_small.py").write_text("SEEDS = [0]\n", encoding="utf-8")
    with pytest.raises(SystemExit, match=r"03_small.py: expected a docstring, .* got no GRID, cell, __doc__"):
        chapters()
    for path in (tmp_path / "sweeps").iterdir():
        path.unlink()
    with pytest.raises(SystemExit, match=r"no sweeps: there is no NN_name\.py in"):
        chapters()


@pytest.mark.parametrize("source", sorted((ROOT / "chapters" / "sweeps").glob("[0-9][0-9]_*.py")), ids=lambda p: p.stem)
def test_every_sweep_of_the_chapters_is_stored(source):
    """Whole, nothing else beside it, and computed by the function as it stands."""
    run_sweeps = importlib.import_module("chapters.run_sweeps")
    made, file = run_sweeps.loaded(source), ROOT / "chapters" / "results" / f"{source.stem}.jsonl"
    plan = sweeps.plan(made.cell, made.GRID, seeds=made.SEEDS, file=file)
    assert 0 < plan.cells == plan.finished
    assert plan.others == 0


@pytest.mark.parametrize("by", [-2, -1, 1, 2])
def test_a_stored_sweep_is_the_same_on_another_processor(by):
    """np.geomspace ends in other bits there."""
    run_sweeps = importlib.import_module("chapters.run_sweeps")
    made = run_sweeps.loaded(ROOT / "chapters" / "sweeps" / "06_learning_time.py")
    file = ROOT / "chapters" / "results" / "06_learning_time.jsonl"
    made.RATES = bumped(made.RATES, by)
    assert sweeps.plan(made.cell, made.GRID, seeds=made.SEEDS, file=file).finished == 60
    made.RATES = made.RATES * (1 + 3e-9)
    with pytest.raises(ValueError, match="a change to RATES: pass changed='recompute'"):
        sweeps.plan(made.cell, made.GRID, seeds=made.SEEDS, file=file)
