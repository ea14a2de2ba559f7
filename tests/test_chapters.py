"""The chapters: each notebook is its text, executed; the runner compares with the ledger; the answers hold."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

jupytext = pytest.importorskip("jupytext")
nbformat = pytest.importorskip("nbformat")
runner = pytest.importorskip("chapters.__main__")
from chapters import articles, front_page  # noqa: E402

ROOT = Path(__file__).parent.parent
PATHS = sorted((ROOT / "chapters").glob("[0-9][0-9]_*.py"))
FURTHER = sorted((ROOT / "chapters" / "further").glob("[0-9][0-9]_*.py"))
SOURCES = [*PATHS, *FURTHER]
EXERCISES = [path for folder in ("exercises", "inventory")
             for path in sorted((ROOT / "chapters" / folder).glob("[0-9][0-9]_*.py"))]
ANSWERS = sorted((ROOT / "chapters" / "answers").glob("*.py"))
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def claim(id, verdict, chapter="02"):
    return {"id": id, "chapter": chapter, "verdict": verdict}


@pytest.mark.parametrize("source", [*SOURCES, *EXERCISES], ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_notebook_is_its_text_executed(source):
    text, notebook = jupytext.read(source), nbformat.read(source.with_suffix(".ipynb"), as_version=4)
    assert [(c.cell_type, c.source) for c in notebook.cells] == [(c.cell_type, c.source) for c in text.cells], (
        f"python -m chapters {source.name[:2]} --write renews the notebook")
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    outputs = [output for cell in code for output in cell.outputs]
    assert not [o for o in outputs if o.output_type == "error"]
    assert not [o for o in outputs if o.get("name") == "stderr"]
    assert "widgets" not in notebook.metadata
    assert source in EXERCISES or any("image/png" in o.get("data", {}) for o in outputs), "a chapter without a picture"
    nbformat.validate(notebook)


@pytest.mark.parametrize("further", FURTHER, ids=lambda path: path.stem)
def test_a_path_is_short(further):
    """What a person reads in half an hour: 2,000 words and 250 lines of code, with a picture in the first screen."""
    cells = jupytext.read(ROOT / "chapters" / further.name).cells
    prose = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    code = [line for cell in cells if cell.cell_type == "code" for line in cell.source.splitlines() if line.strip()]
    assert len(prose.split()) <= 2000
    assert len(code) <= 250
    assert "<details>" in prose, "the answers to the predictions are folded"
    assert prose.count("<details>") == prose.count("</details>") == prose.count("<summary>")
    assert "$" in prose, "mathematics is typeset"
    assert prose.count("**What to see.**") >= 3


def test_front_page_is_that_of_the_ledger():
    rows = json.loads((ROOT / "chapters" / "ledger.json").read_bytes())
    assert (ROOT / "chapters" / "README.md").read_text(encoding="utf-8") == front_page.text(rows), (
        "python -m chapters.front_page renews it")


def test_a_condition_is_shown_with_the_runs_without_it():
    row = {"statement": "it is small (size)", "criterion": "≤ 1", "measured": 0.5, "met": "5 of 5", "condition": "c",
           "without_met": "2 of 5"}
    assert front_page.measured(row) == "size: 0.5 (criterion ≤ 1, met by 5 of 5; without the condition 2 of 5)"
    assert "without" not in front_page.measured(row | {"condition": None, "without_met": None})


def test_every_statement_of_an_article_has_a_claim():
    """And every claim about an article is listed. Claims of chapters that are not in the ledger are not asked for."""
    rows = json.loads((ROOT / "chapters" / "ledger.json").read_bytes())
    written = (ROOT / "chapters" / "articles.md").read_text(encoding="utf-8")
    assert written == articles.text(rows), "python -m chapters.front_page renews it"
    chapters, ids = {row["chapter"] for row in rows}, {row["id"] for row in rows}
    judged = [set(statement.claims.split()) for statement in articles.STATEMENTS]
    assert all(judged), "a statement without a claim"
    assert not [id for one in judged for id in one if id[:2] in chapters and id not in ids]
    assert all(one & ids for one in judged if any(id[:2] in chapters for id in one))
    assert not {row["id"] for row in rows if "popular article" in row["source"]} - set().union(*judged)
    assert {article for statement in articles.STATEMENTS for article in statement.article.split(" to ")} == set("ABCD")
    assert not [target for target in re.findall(r"\]\(([^)]*)\)", written) if not (ROOT / "chapters" / target).exists()]


@pytest.mark.parametrize("source", PATHS, ids=lambda path: path.stem)
def test_every_chapter_has_answers(source):
    assert source.name in [answer.name for answer in ANSWERS]


@pytest.mark.chapters
@pytest.mark.parametrize("answer", [*ANSWERS, *EXERCISES], ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_answers_hold(answer, tmp_path):
    environment = os.environ | ONE_THREAD | {"MINNET_FAST": "1", "MPLBACKEND": "Agg", "PYTHONUTF8": "1"}
    done = subprocess.run([sys.executable, "-W", "error", str(answer)], env=environment, cwd=tmp_path,
                          capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr


def contents():
    """What the folder of the chapters holds, but for what Python itself writes."""
    return {path: path.read_bytes() for path in (ROOT / "chapters").rglob("*")
            if path.is_file() and path.suffix != ".pyc"}


@pytest.mark.chapters
def test_the_main_job(tmp_path):
    before = contents()
    claims = tmp_path / "claims.json"
    poor = os.environ | {"PYTHONIOENCODING": "ascii"}                         # of a pipe or a file: the report has a σ
    done = subprocess.run([sys.executable, "-m", "chapters", "--fast", "--json", str(claims)], env=poor, cwd=ROOT,
                          capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(claims.read_bytes())
    ledger = json.loads((ROOT / "chapters" / "ledger.json").read_bytes())
    assert [c["id"] for c in found] == [row["id"] for row in ledger]
    assert all(c["verdict"] == c["expected"] for c in found)
    assert before == contents()


def test_the_ledger_is_a_full_run():
    ledger = json.loads((ROOT / "chapters" / "ledger.json").read_bytes())
    assert {row["chapter"] for row in ledger} == {source.name[:2] for source in PATHS}
    assert len({row["id"] for row in ledger}) == len(ledger)
    fields = {"id", "chapter", "source", "statement", "paper", "measured", "low", "high", "seeds", "criterion",
              "verdict", "expected", "mode"}
    assert all(set(row) >= fields and row["expected"] == row["verdict"] for row in ledger)


def chapter(folder, text, name="02_small.py"):
    (folder / name).write_text("# %% [markdown]\n# # A small chapter\n\n# %%\n" + text, encoding="utf-8")


JUDGE = """from minnet import claims
claims.judge("02-small", source="s", statement="t", measured={}, criterion=claims.at_most(1))
"""


@pytest.mark.chapters
@pytest.mark.parametrize(("text", "status", "said"), [
    (JUDGE.format(0.5), 0, "as expected"),
    (JUDGE.format(2.0), 1, "02-small: refuted, expected reproduced"),
    ("1 / 0", 1, "ZeroDivisionError"),
    ("1 + 1", 1, "02-small: not judged, expected reproduced"),
    (JUDGE.format(0.5) * 2, 1, "02-small: judged twice"),
    (JUDGE.format(0.5).replace("02-small", "02-new"), 1, "02-new: reproduced, expected no such claim"),
])
def test_exit_status(tmp_path, monkeypatch, capsys, text, status, said):
    ledger = tmp_path / "ledger.json"
    ledger.write_text(json.dumps([claim("02-small", "reproduced"), claim("07-other", "refuted", "07")]))
    monkeypatch.setattr(runner, "HERE", tmp_path)
    monkeypatch.setattr(runner, "LEDGER", ledger)
    chapter(tmp_path, text)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    assert runner.main([]) == status
    shown = capsys.readouterr()
    assert said in shown.out + shown.err


@pytest.mark.chapters
def test_write_renews_notebook_and_ledger(tmp_path, monkeypatch):
    ledger = tmp_path / "ledger.json"
    ledger.write_text(json.dumps([claim("02-gone", "refuted"), claim("07-other", "refuted", "07")]))
    monkeypatch.setattr(runner, "HERE", tmp_path)
    monkeypatch.setattr(runner, "LEDGER", ledger)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    chapter(tmp_path, JUDGE.format(0.5))
    assert runner.main(["2", "--write"]) == 0
    assert [(row["id"], row["expected"]) for row in json.loads(ledger.read_bytes())[:1]] == [("02-small", "reproduced")]
    assert [row["id"] for row in json.loads(ledger.read_bytes())] == ["02-small", "07-other"]
    first = (tmp_path / "02_small.ipynb").read_bytes()
    assert runner.main(["02", "--write"]) == 0
    assert (tmp_path / "02_small.ipynb").read_bytes() == first, "the same text gives the same file"


def test_list_and_unknown_numbers(capsys):
    assert runner.main(["--list"]) == 0
    assert "01  Backpropagation by hand" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="no chapter 77: there are 01"):
        runner.main(["77"])


def test_a_fast_run_is_not_written():
    with pytest.raises(SystemExit):
        runner.main(["--fast", "--write"])
