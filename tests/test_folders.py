"""minnet works in folders with spaces and letters of any script, for users whose home folder cannot be written to."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NAME = "Zażółć gęślą, мои данные"
PROGRAM = """
import pickle
from pathlib import Path

import matplotlib
import numpy as np

import minnet as mn
from minnet import claims, datasets, losses, optimizers, plots, sweeps

matplotlib.use("Agg")
here = Path(__file__).parent


def cell(a, seed):
    return {"value": a + seed}


if __name__ == "__main__":
    assert Path(mn.__file__).parents[1] == here, mn.__file__
    net = mn.mlp([64, 8, 10], activation="relu", rng=0)
    history = mn.fit(net, datasets.digits().train, loss=losses.softmax_cross_entropy,
                     optimizer=optimizers.SGD(0.1), epochs=2, rng=0, progress=True)
    plots.learning_curves(history).figure.savefig(here / "krzywa ñ.png")
    (here / "sieć 1.pickle").write_bytes(pickle.dumps(net))
    again = pickle.loads((here / "sieć 1.pickle").read_bytes())
    assert np.array_equal(again.params, net.params)
    for _ in range(2):
        rows = sweeps.sweep(cell, {"a": [1, 2]}, seeds=range(2), file=here / "wyniki é 1.jsonl", workers=2)
        assert sorted(rows.array("value").tolist()) == [1, 2, 2, 3]
    claims.judge("99-x", source="é", statement="σ", measured=0.4, criterion=claims.at_most(0.5))
    print("all is well")
"""
CHAPTER = """# %% [markdown]
# # A small chapter

# %%
from minnet import claims, datasets
assert len(datasets.digits().train) == 2
claims.judge("02-small", source="s", statement="t", measured=0.5, criterion=claims.at_most(1))
"""


@pytest.fixture
def house(tmp_path):
    """A copy of the project in a folder of that name, and a way to run Python in it."""
    here = tmp_path / NAME
    for part in ("minnet", "chapters", "datasets"):
        shutil.copytree(ROOT / part, here / part, ignore=shutil.ignore_patterns(
            "__pycache__", "[0-9][0-9]_*", "answers", "results", "*.png"))
    home = here / "home"
    home.touch()                                # a file: nobody, root included, can write into it as into a folder
    (here / "tmp é").mkdir()
    kept = {name: value for name, value in os.environ.items() if name not in (
        "MPLCONFIGDIR", "KERAS_HOME", "IPYTHONDIR", "JUPYTER_RUNTIME_DIR") and not name.startswith("XDG_")}
    environment = kept | dict.fromkeys(("HOME", "USERPROFILE"), str(home)) | {
        "PYTHONPATH": str(here), "TMPDIR": str(here / "tmp é"), "MINNET_CLAIMS": str(here / "é.jsonl"),
        "PYTHONIOENCODING": "cp1252"}

    def run(*arguments):
        done = subprocess.run([sys.executable, *arguments], env=environment, cwd=here, capture_output=True, check=False)
        return done.returncode, done.stdout.decode("utf-8", "replace") + done.stderr.decode("utf-8", "replace")

    return here, run


def test_data_pictures_sweeps_and_claims(house):
    pytest.importorskip("joblib")
    here, run = house
    (here / "program.py").write_text(PROGRAM, encoding="utf-8")
    status, said = run("program.py")
    assert status == 0, said
    assert "all is well" in said
    assert (here / "krzywa ñ.png").read_bytes().startswith(b"\x89PNG")
    assert json.loads((here / "é.jsonl").read_text(encoding="utf-8"))["source"] == "é"


@pytest.mark.chapters
def test_chapters(house):
    pytest.importorskip("nbclient")
    here, run = house
    (here / "chapters" / "02_small.py").write_text(CHAPTER, encoding="utf-8")
    ledger = [{"id": "02-small", "chapter": "02", "verdict": "reproduced"}]
    (here / "chapters" / "ledger.json").write_text(json.dumps(ledger), encoding="utf-8")
    status, said = run("-m", "chapters", "--fast")
    assert status == 0, said
    assert "1 claims: 1 reproduced" in said
