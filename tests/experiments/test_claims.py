"""The verdict follows from the numbers and the criterion, and from nothing else."""

import json
import math

import pytest

from minnet import claims

COMMON = {"source": "somebody 2020", "statement": "it is small"}


def judged(measured, criterion, **options):
    return claims.judge("99-test", measured=measured, criterion=criterion, **COMMON, **options)


@pytest.mark.parametrize(("measured", "criterion", "options", "verdict"), [
    (0.5, claims.at_most(1), {}, "reproduced"),
    (1.0, claims.at_most(1), {}, "reproduced"),
    (1.1, claims.at_most(1), {}, "refuted"),
    (1.1, claims.at_most(1), {"refutable": False}, "not reproduced"),
    ([0.5, 0.9], claims.at_most(1), {}, "reproduced"),
    ([0.5, 1.1], claims.at_most(1), {}, "not reproduced"),
    ([1.2, 1.1], claims.at_most(1), {}, "refuted"),
    (2.0, claims.at_least(1), {}, "reproduced"),
    (0.9, claims.at_least(1), {}, "refuted"),
    ([2.0, 3.0], claims.between(1, 4), {}, "reproduced"),
    ([0.0, 5.0], claims.between(1, 4), {}, "not reproduced"),
    ([4.5, 5.0], claims.between(1, 4), {}, "refuted"),
    (0.5, claims.at_most(1), {"condition": "c", "without": 2.0}, "conditional"),
    (0.5, claims.at_most(1), {"condition": "c", "without": [0.7, 0.8]}, "reproduced"),
    (0.5, claims.at_most(1), {"condition": "c", "without": [0.7, 2.0]}, "not reproduced"),
    (1.5, claims.at_most(1), {"condition": "c", "without": 2.0}, "refuted"),
    (math.inf, claims.at_most(1), {}, "refuted"),
])
def test_verdict(measured, criterion, options, verdict):
    assert judged(measured, criterion, **options).verdict == verdict


def test_median_and_range():
    claim = judged([3.0, 1.0, 2.0], claims.between(0, 10))
    assert (claim.measured, claim.low, claim.high, claim.seeds, claim.met) == (2.0, 1.0, 3.0, 3, "3 of 3")


def test_how_many_runs_meet_the_criterion():
    claim = judged([1.0, 2.0, 4.5], claims.between(2, 4.5), condition="c", without=[0.0, 4.6])
    assert (claim.met, claim.without_met, claim.verdict) == ("2 of 3", "0 of 2", "not reproduced")
    assert "criterion in [2, 4.5], met by 2 of 3\n  where c; otherwise 2.3, met by 0 of 2" in str(claim)
    assert judged(1.0, claims.at_most(0)).without_met is None


@pytest.mark.parametrize(("options", "message"), [
    ({"measured": [], "criterion": claims.at_most(1)}, r"expected measured to be numbers.*got \[\]"),
    ({"measured": [1.0, math.nan], "criterion": claims.at_most(1)}, "expected measured to be numbers.*nan"),
    ({"measured": 1.0, "criterion": claims.at_most(1), "condition": "c"}, "condition.*and without.*together"),
    ({"measured": 1.0, "criterion": claims.at_most(1), "without": 1.0}, "condition.*and without.*together"),
    ({"measured": 1.0, "criterion": claims.at_most(1), "mode": "guessed"}, "expected mode 'live' or 'stored', got"),
])
def test_what_cannot_be_judged(options, message):
    with pytest.raises(ValueError, match=message):
        claims.judge("99-test", **COMMON, **options)


@pytest.mark.parametrize("numbers", ["0.5", {0: 0.5, 1: 0.7}])
def test_neither_text_nor_a_dict_is_judged(numbers):
    """A dict would be judged by its keys."""
    with pytest.raises(TypeError, match="expected measured to be a number, or one per seed"):
        judged(numbers, claims.at_most(1))


def test_an_empty_interval_is_an_error():
    with pytest.raises(ValueError, match="expected low ≤ high, got 2 and 1"):
        claims.between(2, 1)


def test_rows_are_appended_with_the_expected_verdict(tmp_path, monkeypatch):
    ledger, rows = tmp_path / "ledger.json", tmp_path / "rows.jsonl"
    ledger.write_text(json.dumps([{"id": "99-test", "verdict": "refuted"}]), encoding="utf-8")
    monkeypatch.setenv("MINNET_CLAIMS", str(rows))
    monkeypatch.setenv("MINNET_LEDGER", str(ledger))
    judged(0.5, claims.at_most(1), paper=0.4)
    judged(2.0, claims.at_most(1))
    first, second = map(json.loads, rows.read_text(encoding="utf-8").splitlines())
    assert (first["id"], first["chapter"], first["paper"]) == ("99-test", "99", 0.4)
    assert (first["verdict"], first["expected"]) == ("reproduced", "refuted")
    assert second["verdict"] == second["expected"] == "refuted"


def test_nothing_is_written_unless_asked(tmp_path, monkeypatch):
    monkeypatch.delenv("MINNET_CLAIMS", raising=False)
    monkeypatch.chdir(tmp_path)
    assert judged(0.5, claims.at_most(1)).expected is None
    assert list(tmp_path.iterdir()) == []


def test_shown_in_a_notebook_and_in_text():
    claim = judged([0.5, 0.6], claims.at_most(1), paper=0.4, condition="a < b", without=3.0)
    html = claim._repr_html_()
    assert "a &lt; b" in html
    for text in (str(claim), repr(claim), html):
        assert "conditional" in text.lower()
        assert "0.55 (0.5 … 0.6, 2 runs)" in text
        assert "0.4" in text
        assert "≤ 1" in text
        assert "2 of 2" in text
        assert "3, met by 0 of 1" in text
