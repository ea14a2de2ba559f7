"""The verdict follows from the numbers and the criterion, and from nothing else."""

import json
import math

import numpy as np
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
    ([0.5, 1.1], claims.at_most(1), {}, "mixed"),
    ([0.5, 1.1], claims.at_most(1), {"refutable": False}, "mixed"),
    ([1.2, 1.1], claims.at_most(1), {}, "refuted"),
    (2.0, claims.at_least(1), {}, "reproduced"),
    (0.9, claims.at_least(1), {}, "refuted"),
    ([2.0, 3.0], claims.between(1, 4), {}, "reproduced"),
    ([0.0, 5.0], claims.between(1, 4), {}, "refuted"),
    ([4.5, 5.0], claims.between(1, 4), {}, "refuted"),
    (0.5, claims.at_most(1), {"condition": "c", "without": 2.0}, "conditional"),
    (0.5, claims.at_most(1), {"condition": "c", "without": [0.7, 0.8]}, "reproduced"),
    (0.5, claims.at_most(1), {"condition": "c", "without": [0.7, 2.0]}, "mixed"),
    ([0.5, 1.5], claims.at_most(1), {"condition": "c", "without": 2.0}, "mixed"),
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
    assert (claim.met, claim.without_met, claim.verdict) == ("2 of 3", "0 of 2", "mixed")
    assert "criterion in [2, 4.5], met by 2 of 3\n  where c; otherwise 2.3, met by 0 of 2" in str(claim)
    assert claim.runs == "2 of 3; without the condition 0 of 2"
    one = judged(1.0, claims.at_most(0))
    assert (one.without_met, one.runs) == (None, "0 of 1")


def test_summary_has_the_claims_of_this_process_once(monkeypatch):
    monkeypatch.setattr(claims, "_judged", {})
    judged(2.0, claims.at_most(1))
    judged([0.5, 0.25], claims.at_most(1), headline="It is small in every run")
    claims.judge("99-other", source="s", statement="it is large", measured=0, criterion=claims.at_least(1),
                 condition="c", without=2)
    table = claims.summary()
    assert table.verdict.tolist() == ["reproduced", "refuted"]
    assert "It is small in every run" in str(table)
    assert "it is large" in table._repr_html_()
    assert "2 of 2" in str(table)
    assert "0 of 1; without the condition 1 of 1" in str(table)


def test_what_was_chosen_afterwards_is_shown():
    claim = judged(0.5, claims.at_most(1), post_hoc="the window, epochs 5 to 10")
    assert "chosen after the data were seen: the window, epochs 5 to 10" in str(claim)
    assert "the window" in claim._repr_html_()


@pytest.mark.parametrize(("options", "message"), [
    ({"measured": [], "criterion": claims.at_most(1)}, r"expected measured to be numbers.*got \[\]"),
    ({"measured": [1.0, math.nan], "criterion": claims.at_most(1)}, "expected measured to be numbers.*nan"),
    ({"measured": 1.0, "criterion": claims.at_most(1), "condition": "c"}, "condition.*and without.*together"),
    ({"measured": 1.0, "criterion": claims.at_most(1), "without": 1.0}, "condition.*and without.*together"),
    ({"measured": 1.0, "criterion": claims.at_most(1), "mode": "guessed"}, "mode to be one of 'live', 'stored', got"),
])
def test_what_cannot_be_judged(options, message):
    with pytest.raises(ValueError, match=message):
        claims.judge("99-test", **COMMON, **options)


@pytest.mark.parametrize(("numbers", "remedy"), [
    ("0.5", "pass numbers"), (b"0.5", "pass numbers"), (["1", "2"], "got '1': pass numbers"), ([None], "pass numbers"),
    (None, "got None: pass numbers"), (1j, "pass numbers"), ([[1], [2]], "pass numbers"), (np.ones((2, 2)), "ravel"),
    ({0: 0.5, 1: 0.7}, "pass the numbers of a dict by list"),            # it would be judged by its keys
    ({0.5, 0.7}, "a set has equal numbers only once, pass a list"), (frozenset([1]), "a set has equal numbers only"),
])
def test_what_is_no_list_of_numbers_is_not_judged(numbers, remedy):
    with pytest.raises(TypeError, match=f"expected measured to be a number, or a list with one number per.*{remedy}"):
        judged(numbers, claims.at_most(1))
    with pytest.raises(TypeError, match="expected without to be a number, or a list with one number per run"):
        judged(1.0, claims.at_most(1), condition="c", without=[None] if numbers is None else numbers)


@pytest.mark.parametrize("numbers", [True, np.True_, np.float32(0.5), np.array(0.5), [np.array(0.5), 1], range(1),
                                     np.arange(2), {0: 0.5}.values(), (x / 2 for x in range(3)), np.array([True])])
def test_whatever_lists_numbers_is_judged(numbers):
    assert judged(numbers, claims.at_most(1)).verdict == "reproduced"


@pytest.mark.parametrize(("options", "message"), [
    ({"criterion": 1}, r"expected criterion to be claims\.at_most\(…\), .* got 1"),
    ({"refutable": "no"}, "expected refutable to be True or False, got 'no'"),
    ({"refutable": 0}, "expected refutable to be True or False, got 0"),
    ({"definition": "yes"}, "expected definition to be True or False, got 'yes'"),
    ({"headline": 3}, "expected headline to be a sentence or None, got 3"),
    ({"post_hoc": True}, "expected post_hoc to be a sentence or None, got True"),
])
def test_arguments_of_another_type(options, message):
    with pytest.raises(TypeError, match=message):
        judged(**{"measured": 1.0, "criterion": claims.at_most(1)} | options)


def test_an_empty_interval_is_an_error():
    with pytest.raises(ValueError, match="expected low ≤ high, got 2 and 1"):
        claims.between(2, 1)


@pytest.mark.parametrize(("make", "error", "message"), [
    (lambda: claims.at_most(math.inf), ValueError, "that some numbers meet and others do not, got -inf ≤ measured ≤ i"),
    (lambda: claims.at_least(-math.inf), ValueError, "give a finite bound"),
    (lambda: claims.at_least(math.inf), ValueError, "give a finite bound"),
    (lambda: claims.at_most(-math.inf), ValueError, "give a finite bound"),
    (lambda: claims.at_most(math.nan), ValueError, "expected low ≤ high, got -inf and nan"),
    (lambda: claims.between(math.nan, 1), ValueError, "expected low ≤ high, got nan and 1"),
    (lambda: claims.at_most("a"), TypeError, "expected the bounds of a criterion to be numbers, got 'a'"),
    (lambda: claims.at_least(None), TypeError, "expected the bounds of a criterion to be numbers, got None"),
    (lambda: claims.at_most(True), TypeError, "expected the bounds of a criterion to be numbers, got True"),
])
def test_a_criterion_that_judges_nothing(make, error, message):
    with pytest.raises(error, match=message):
        make()


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
