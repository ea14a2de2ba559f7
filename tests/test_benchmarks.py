"""The benchmark compares like with like: all sides take the same steps; and it says what it measured."""

import json
import sys
import time
from dataclasses import replace
from functools import partial

import pytest

from tests.benchmarks import __main__ as benchmarks
from tests.benchmarks import measure, steps

# At most ten hidden layers: fifty of SELU make 1e-2 of a rounding error within eight steps.
SMALL = {name: replace(work, sizes=work.sizes[-11:]) for name, work in steps.WORKLOADS.items()
         if "glorot" not in name and name != "wide"}
# All but what has nothing to compare: JAX unread is the step of JAX.
OTHERS = [name for name in steps.STEPS if name not in ("minnet", *benchmarks.PRODUCTS, *steps.UNREAD)]


@pytest.mark.parametrize("work", SMALL)
@pytest.mark.parametrize("name", [pytest.param(name, marks=[] if name == "numpy" else pytest.mark.peers)
                                  for name in OTHERS])
def test_all_take_the_same_steps(name, work):
    try:
        theirs = steps.STEPS[name](SMALL[work])
    except (ImportError, steps.Absent) as reason:
        pytest.skip(str(reason))
    ours = steps.minnet_step(SMALL[work])
    tolerance = 2e-6                          # of losses near 1 or 2 in float32, whose last bit is 1.2e-7
    if "adam" in work:                        # Adam divides by small roots; scikit-learn adds ε before the correction,
        tolerance = 1e-4 if name == "scikit-learn" else 2e-5                         # minnet and PyTorch after it
    for _ in range(8):
        assert float(theirs()) == pytest.approx(ours(), rel=tolerance)


def takes(seconds):
    """A function that takes so long by the clock of its process: nothing else moves the hand."""
    now = 0.0

    def call():
        nonlocal now
        now += seconds
        return 0.0

    time.perf_counter = lambda: now
    return call


def broken():
    raise steps.Absent("nothing like it")


def breaks_later():
    left = iter([0.0] * 3)
    return lambda: next(left)


def test_rounds_time_each_in_its_own_process():
    makers = {"slow": partial(takes, 0.004), "quick": partial(takes, 0.001), "broken": broken}
    times, missing = measure.rounds(makers, number=3, at_least=0.02)
    assert times == {"slow": pytest.approx([0.004] * 3), "quick": pytest.approx([0.001] * 3)}
    assert list(missing) == ["broken"]
    assert isinstance(missing["broken"], steps.Absent)
    assert measure.ratio(times["slow"], times["quick"]) == pytest.approx((4, 4, 4))


def test_an_error_in_a_turn_is_the_contestants_own():
    with pytest.raises(StopIteration):
        measure.rounds({"breaks": breaks_later}, number=1)


def test_ratio_is_taken_pair_by_pair():
    """A machine that slows down by ten in the middle of it changes no ratio."""
    assert measure.ratio([2, 4, 20, 40], [1, 2, 10, 20]) == (2, 2, 2)


def test_an_unread_result_is_read_once():
    class Result:
        read = 0

        def __float__(self):
            Result.read += 1
            return 0.0

    calls = []
    measure.burst(lambda: calls.append(0) or Result(), 0.001, read=True)
    assert Result.read == len(calls)
    Result.read, made = 0, len(calls)
    measure.burst(lambda: calls.append(0) or Result(), 0.05, read=False)
    assert Result.read < len(calls) - made


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    def run(*arguments):
        file = tmp_path / "rows.json"
        monkeypatch.setattr(sys, "argv", ["benchmarks", *arguments, "--rounds", "2", "--json", str(file)])
        benchmarks.main()
        return json.loads(file.read_text(encoding="utf-8")), capsys.readouterr().out
    return run


def test_steps(run):
    result, out = run("steps", "--workloads", "tiny")
    (row,) = result["steps"]
    low, middle, high = (row["ratio"]["numpy"][i] for i in (1, 0, 2))
    assert 0 < low <= middle <= high
    assert set(row["seconds"]) | set(row["missing"]) == set(steps.STEPS)
    assert "\ntiny " in out
    assert ("not installed" in out) == any("ModuleNotFoundError" in reason for reason in row["missing"].values())
    assert "failed" not in out
    assert result["machine"]["numpy"] in out


def test_the_other_parts(run, monkeypatch):
    monkeypatch.setattr(benchmarks, "DEPTHS", (10, 30))
    monkeypatch.setattr(benchmarks, "BATCHES", (32, 128))
    result, out = run("epoch", "memory", "depth", "batch", "imports", "subnormals", "--workloads", "tiny")
    assert [row["workload"] for row in result["epoch"]] == ["tiny"]
    assert result["memory"] == [] or abs(result["memory"][0]["minnet"][1]) < 2e6       # the net is there already
    assert [row["layers"] for row in result["depth"]] == [10, 30]
    assert result["depth"][1]["bytes"] > 2.5 * result["depth"][0]["bytes"]
    assert [row["batch"] for row in result["batch"]] == [32, 128] * 2
    assert result["imports"][0]["ratio"][0] > 0
    assert result["subnormals"][1]["subnormal"] > 0.1        # the net is deep enough for what is to be measured
    assert "µs a layer" in out


@pytest.mark.parametrize(("arguments", "message"), [
    (("stesp",), "no part 'stesp': expected one of steps, epoch"),
    (("--workloads", "large"), "no workload 'large': expected one of tiny"),
    (("--rounds", "1"), "expected --rounds ≥ 2, got 1"),
])
def test_a_wrong_argument_is_said(arguments, message, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["benchmarks", *arguments])
    with pytest.raises(SystemExit):
        benchmarks.main()
    assert message in capsys.readouterr().err
