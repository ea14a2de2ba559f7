"""Rows, and when a value of a grid is the one in a row."""

import math
import sys
import warnings
from functools import partial

import numpy as np
import pytest

from minnet import initializers
from minnet.experiments.rows import Rows
from minnet.experiments.values import same_value, stored_value

ROWS = Rows([{"depth": 5, "init": "he", "seed": 0, "loss": 1.0}, {"depth": 5, "init": "he", "seed": 1, "loss": 4.0},
             {"depth": 5, "init": "he", "seed": 2, "loss": 2.0},
             {"depth": 9, "init": "he", "seed": 0, "failed": "E: no"},
             {"depth": 9, "init": "xa", "seed": 0, "loss": 7.0}])


def test_columns_and_arrays():
    assert ROWS.columns == ["depth", "init", "seed", "loss", "failed"]
    np.testing.assert_array_equal(ROWS.array("loss"), [1, 4, 2, math.nan, 7])
    assert ROWS.array("depth").dtype.kind == "i"
    assert ROWS.array("failed").tolist() == [None] * 3 + ["E: no", None]
    assert Rows().columns == []


def test_where_and_by():
    assert [row["seed"] for row in ROWS.where(depth=5, init="he")] == [0, 1, 2]
    assert isinstance(ROWS.where(depth=5), Rows)
    assert ROWS.where(depth=77) == []
    assert ROWS.where(loss=7.0) == [ROWS[4]]
    assert {key: len(group) for key, group in ROWS.by("depth").items()} == {5: 3, 9: 2}
    assert {key: len(group) for key, group in ROWS.by("depth", "init").items()} == {(5, "he"): 3, (9, "he"): 1,
                                                                                    (9, "xa"): 1}
    assert ROWS.by("depth")[5].array("loss").tolist() == [1, 4, 2]
    assert ROWS.failed == [ROWS[3]]


def test_where_finds_numbers_with_other_last_bits():
    """A column has the numbers of the processor that computed them."""
    rows = Rows([{"rate": 0.1 * k, "init": f"normal(std={0.1 * k!r})", "sizes": [k, 0.1 * k]} for k in range(1, 10)])
    for k, rate in enumerate(np.linspace(0.1, 0.9, 9), start=1):
        assert [row["sizes"][0] for row in rows.where(rate=rate)] == [k]
        assert rows.where(rate=float(f"{rate:.12g}")) == rows.where(sizes=[k, rate]) == [rows[k - 1]]
        assert rows.where(init=partial(initializers.normal, std=rate)) == [rows[k - 1]]
    assert rows.where(rate=0.3 * (1 + 3e-9)) == rows.where(rate="0.1") == rows.where(sizes=[1]) == []
    assert ROWS.where(depth=5.0) == ROWS.where(depth=np.int64(5)) == ROWS[:3]


@pytest.mark.parametrize("value", [math.nan, np.float32("nan"), [1, math.nan]])
def test_where_refuses_nan(value):
    with pytest.raises(ValueError, match=r"expected values of loss that equal themselves, got nan, .* np\.isnan\(rows"):
        ROWS.where(loss=value)


@pytest.mark.parametrize(("value", "stored", "same"), [
    (1 / 3, 0.33333333333333337, True), (1 / 3, 0.33333333366, True), (1 / 3, 0.333333335, False), (2, 2.0, True),
    (1, 0.9999999999999999, True), (1, 0.99999999, False),
    (np.float32(0.1), 0.1, True), (0.1, 0.10000000149, False), (np.float32(0.1), 0.100001, False), (0.0, -0.0, True),
    (math.inf, math.inf, True), (math.inf, 1e308, False), (0.1, math.nan, False), (True, True, True),
    (True, None, False), (None, None, True), ("0.1", "0.10", False), ("0.1", 0.1, False), (2**60, 2**60 + 1, False),
    (0.1, [0.1], False), ((0.1, "a"), [0.1, "a"], True), ([[1 / 3]], [[0.33333333333333337]], True), ([], [0.1], False),
    (partial(initializers.normal, std=1 / 3), "normal(std=0.33333333333333337)", True),
    (partial(initializers.normal, std=1 / 3), "normal(std=0.3333)", False),
    (partial(initializers.normal, std=1), "normal(std=2)", False), (initializers.normal, "normal", True),
    (partial(initializers.normal, std=np.float32(0.1)), "normal(std=0.1)", True), (initializers.normal, 0.5, False),
])
def test_when_a_value_is_that_of_a_row(value, stored, same):
    assert same_value(value, stored) == same


def test_how_a_value_is_written():
    assert stored_value("a", [np.float32(0.5), np.int64(3), (True, None)]) == [0.5, 3, [True, None]]
    assert stored_value("a", partial(initializers.normal, std=np.float64(1 / 3))) == "normal(std=0.3333333333333333)"


def test_spread():
    spread = ROWS.spread("loss", by=["depth", "init"])
    assert spread[0] == {"depth": 5, "init": "he", "n": 3, "median": 2.0, "low": 1.0, "high": 4.0}
    assert (spread[1]["n"], math.isnan(spread[1]["median"])) == (0, True)
    assert spread[2] == {"depth": 9, "init": "xa", "n": 1, "median": 7.0, "low": 7.0, "high": 7.0}
    assert ROWS.spread("loss", by="depth")[1] == {"depth": 9, "n": 1, "median": 7.0, "low": 7.0, "high": 7.0}
    assert ROWS.spread("loss", by=[]) == [{"n": 4, "median": 3.0, "low": 1.0, "high": 7.0}]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        infinite = Rows([{"a": 1, "x": math.inf}, {"a": 1, "x": math.inf}]).spread("x", by="a")
    assert infinite[0]["high"] == math.inf


def test_a_slice_of_rows_is_rows():
    rows = Rows([{"a": k} for k in range(5)], runs=[{"numpy": "2"}])
    assert isinstance(rows[1:3], Rows)
    assert rows[1:3].array("a").tolist() == [1, 2]
    assert rows[1:3].runs == rows.runs
    assert rows[-1] == {"a": 4}
    with pytest.raises(TypeError, match=r"expected the name of one column, got \['a', 'b'\]"):
        rows.spread(["a", "b"], by=[])


def test_without():
    assert ROWS.without("loss", "failed", "init")[0] == {"depth": 5, "seed": 0}
    assert "loss" in ROWS[0]


@pytest.mark.parametrize("question", [lambda r: r.array("los"), lambda r: r.where(los=1), lambda r: r.by("los"),
                                      lambda r: r.without("los"), lambda r: r.spread("los", by="depth"),
                                      lambda r: r.spread("loss", by="los")])
def test_a_column_that_is_not_there(question):
    with pytest.raises(ValueError, match="expected columns out of depth, init, seed, loss, failed, got los"):
        question(ROWS)


def test_shown_as_a_table():
    text = str(ROWS).splitlines()
    assert text[0].split() == ["depth", "init", "seed", "loss", "failed"]
    assert text[4].split() == ["9", "he", "0", "E:", "no"]
    assert repr(ROWS) == str(ROWS)
    html = ROWS._repr_html_()
    assert html.count("<tr>") == 6
    assert "<th>loss</th>" in html
    many = Rows({"x": 0.123456, "failed": "<a>\nb" + "c" * 100} for _ in range(25))
    assert str(many).splitlines()[-1] == "… and 5 more rows"
    assert len(str(many).splitlines()) == 22
    assert "0.1235" in str(many)
    assert "<a> b" + "c" * 75 + "…" in str(many)
    assert "&lt;a&gt;" in many._repr_html_()
    assert "… and 5 more rows" in many._repr_html_()
    assert str(Rows()) == Rows()._repr_html_() == "no rows"


def test_to_frame(monkeypatch):
    pandas = pytest.importorskip("pandas")
    frame = ROWS.to_frame()
    assert isinstance(frame, pandas.DataFrame)
    assert list(frame.columns) == ROWS.columns
    assert frame["loss"].isna().tolist() == [False, False, False, True, False]
    assert Rows().to_frame().empty
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="this needs pandas: pip install pandas"):
        ROWS.to_frame()
