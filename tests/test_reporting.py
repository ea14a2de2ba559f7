"""Texts that any terminal can encode, and the progress bar that is not there."""

import inspect
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from minnet import activations, initializers, mlp, reference, reporting, theory
from tests.conftest import ACTIVATIONS
from tests.initializer_table import EVERY


@dataclass(frozen=True)
class Row:
    name: str
    value: float


class Measured(reporting.Table):
    shown = {"σ_w": "{0.name}", "E[z²]": "{0.value:.2f}"}        # noqa: RUF012
    legend = "σ_w: deviation; E[z²] → 1"

    def __init__(self, *rows):
        self.rows = rows


TABLE = Measured(Row("½", 1.0), Row("first ≥ 2", 0.25))


def texts():
    """Everything that the packages theory and reference show."""
    net = mlp([5, 6, 2], activation=activations.relu, init=initializers.he_normal, rng=0)
    x = [[1.0, 2, 3, 4, 5]]
    yield from (str(TABLE), str(theory.predict_statistics(net, x)), str(reference.parity()))
    yield from (str(reference.card(init, (24, 16))) for init in EVERY.values())
    yield from (repr(theory.for_activation(activation)) for activation in ACTIVATIONS.values())


class Terminal:
    def __init__(self, encoding):
        self.encoding = encoding


@pytest.mark.parametrize(("encoding", "shown"), [
    ("utf-8", "E[z²] ≤ ½σ → Żółw"), ("cp1252", "E[z²] <= ½sigma -> Zó?w"), ("ascii", "E[z^2] <= 1/2sigma -> Zo?w"),
    (None, "E[z²] ≤ ½σ → Żółw")])
def test_letters_are_spelled_only_where_they_must_be(monkeypatch, encoding, shown):
    monkeypatch.setattr(sys, "stdout", Terminal(encoding))
    assert reporting.printable("E[z²] ≤ ½σ → Żółw") == shown


def test_without_a_terminal_nothing_is_spelled(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    assert reporting.printable("σ") == "σ"


def test_columns_stay_aligned_where_letters_get_longer(monkeypatch):
    monkeypatch.setattr(sys, "stdout", Terminal("ascii"))
    assert str(TABLE).splitlines() == ["   sigma_w  E[z^2]",
                                       "       1/2    1.00",
                                       "first >= 2    0.25",
                                       "sigma_w: deviation; E[z^2] -> 1"]


def test_every_letter_that_is_shown_has_a_spelling(monkeypatch):
    """In ASCII no text of ours has a "?" that it does not have in Unicode."""
    before = list(texts())
    assert any("σ" in text for text in before)
    monkeypatch.setattr(sys, "stdout", Terminal("ascii"))
    for text, plain in zip(before, texts(), strict=True):
        assert plain.isascii()
        assert plain.count("?") == text.count("?"), text
    assert max(len(line) for line in str(reference.parity()).splitlines()) <= 120


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "utf-8"])
def test_what_is_piped_to_a_file_is_written(encoding, tmp_path):
    """As in `python x.py > log` on Windows, where print raised UnicodeEncodeError."""
    code = "from tests.test_reporting import texts\nfor text in texts(): print(text)"
    with (tmp_path / "log").open("wb") as log:
        done = subprocess.run([sys.executable, "-c", code], stdout=log, stderr=subprocess.PIPE, text=True,
                              cwd=Path(__file__).parent.parent,
                              env=os.environ | {"PYTHONUTF8": "0", "PYTHONIOENCODING": encoding})
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "log").read_bytes().decode(encoding)
    assert ("sigma_w" in text, "σ_w" in text) == ((False, True) if encoding == "utf-8" else (True, False))


# Tables ------------------------------------------------------------------------------------------------------

def test_columns_of_a_table():
    assert TABLE.value.tolist() == [1.0, 0.25]
    with pytest.raises(AttributeError, match="Measured has no column 'values': it has name, value"):
        TABLE.values  # noqa: B018
    assert not hasattr(Measured(), "value")                      # no rows, no columns


# The progress bar --------------------------------------------------------------------------------------------

def test_without_a_bar_tqdm_is_not_imported():
    """Its import takes a tenth of a second, in which Ctrl-C would end the program."""
    code = ("import sys, io; from minnet.reporting import progress_bar\n"
            "for progress in (False, None):\n"
            "    with progress_bar(3, progress) as bar:\n"
            "        bar.set_description('layer 1', refresh=False)\n"
            "        bar.set_postfix({'loss': 1}); bar.update(); bar.close()\n"
            "sys.stderr = None; progress_bar(3, None)\n"
            "print('tqdm' in sys.modules)")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("False\n", "")


def test_no_bar_has_the_methods_of_a_bar():
    tqdm = pytest.importorskip("tqdm").tqdm
    for name, method in vars(reporting.NoBar).items():
        if inspect.isfunction(method):
            assert callable(getattr(tqdm, name))


def test_a_bar_on_request_and_in_a_terminal(monkeypatch, capsys):
    with reporting.progress_bar(3, True) as bar:
        bar.update()
    assert "1/3" in capsys.readouterr().err
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with reporting.progress_bar(3, None, done=1) as bar:
        bar.update()
    assert "2/3" in capsys.readouterr().err
    with pytest.raises(TypeError, match="expected progress to be True, False or None, got 'no'"):
        reporting.progress_bar(3, "no")
