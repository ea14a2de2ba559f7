"""The concept inventory: its answers are the ledger's verdicts; what is saved is what is read."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from minnet.coursework import inventory

ROOT = Path(__file__).parents[2]
LEDGER = {row["id"]: row for row in json.loads((ROOT / "chapters" / "ledger.json").read_bytes())}
RIGHT = "".join(question.right for question in inventory.questions())


def test_fifteen_questions_about_claims_of_the_ledger():
    asked = inventory.questions()
    assert len(asked) == len({question.claim for question in asked}) == 15
    assert {question.claim[:2] for question in asked} >= {f"0{k}" for k in range(1, 9)}
    for question in asked:
        assert question.verdict == LEDGER[question.claim]["verdict"]
        assert list(question.choices) == ["a", "b", "c", "d"]
        assert set(question.misconceptions) == set(question.choices) - {question.right}
        assert len(set(question.misconceptions.values())) == 3
    assert max(Counter(RIGHT).values()) <= 6, "no letter is right most of the time"


def test_saved_answers_are_read(tmp_path):
    file = inventory.save("ABCD " * 3 + "---", when="before", who="n_7", folder=tmp_path)
    assert file.name == "inventory_before_n_7.csv"
    inventory.save(RIGHT, when="after", who="n_7", folder=tmp_path)
    assert inventory.read(tmp_path) == {"before": {"n_7": "abcd" * 3 + "---"}, "after": {"n_7": RIGHT}}
    assert inventory.score(RIGHT) == 15
    assert inventory.score("-" * 15) == 0


@pytest.mark.parametrize(("answers", "when", "who", "words"), [
    ("abc", "before", "me", "expected 15 letters, one for each question, got 3"),
    ("x" + "a" * 14, "before", "me", "question 1: expected one of a, b, c, d, or - for no answer, got 'x'"),
    ("a" * 15, "later", "me", "expected when to be 'before' or 'after'"),
    ("a" * 15, "after", "../me", "expected who to be"),
])
def test_answers_that_cannot_be_saved(tmp_path, answers, when, who, words):
    with pytest.raises(ValueError, match=words):
        inventory.save(answers, when=when, who=who, folder=tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("text", ["", "who,when,question,answer\nme,before,1,a\n", "a,b\n1,2\n",
                                  "who,when,question,answer\nme,later,1,a\n"])
def test_a_file_that_is_not_as_saved(tmp_path, text):
    (tmp_path / "inventory_before_me.csv").write_text(text)
    with pytest.raises(ValueError, match=r"inventory_before_me\.csv: expected answers as `save` writes them"):
        inventory.read(tmp_path)


@pytest.mark.chapters
def test_the_class_notebook_reads_a_folder(tmp_path):
    for who in ("one", "two"):
        inventory.save("a" * 15, when="before", who=who, folder=tmp_path)
        inventory.save(RIGHT, when="after", who=who, folder=tmp_path)
    inventory.save(RIGHT, when="after", who="three", folder=tmp_path)
    text = (ROOT / "chapters/inventory/00_the_class.py").read_text(encoding="utf-8")
    script = tmp_path / "class.py"
    script.write_text(text.replace("FOLDER = None", f"FOLDER = {str(tmp_path)!r}"), encoding="utf-8")
    done = subprocess.run([sys.executable, "-W", "error", str(script)], capture_output=True, encoding="utf-8",
                          env=os.environ | {"MPLBACKEND": "Agg", "PYTHONUTF8": "1", "PYTHONPATH": str(ROOT)})
    assert done.returncode == 0, done.stderr
    assert "2 students answered both times; only before: 0, only after: 1" in done.stdout
    assert "100% was known after" in done.stdout
