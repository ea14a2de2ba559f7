"""The benchmark compares like with like: both sides take the same steps."""

import json
import sys

import numpy as np
import pytest

from tests.benchmarks import __main__ as benchmarks


@pytest.mark.parametrize("name", ["tiny", "digits", "deep", "mnist"])
def test_both_sides_take_the_same_steps(name):
    sizes, batch, activation = benchmarks.WORKLOADS[name]
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(batch, sizes[0])).astype(np.float32), rng.integers(sizes[-1], size=batch)
    ours, plain = (make(sizes, activation, x, y) for make in (benchmarks.minnet_step, benchmarks.numpy_step))
    for _ in range(5):
        assert ours() == pytest.approx(plain(), rel=1e-4)


def test_it_prints_and_writes_rows(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["benchmarks", "tiny", "--seconds", "0.05", "--json", str(tmp_path / "rows.json")])
    benchmarks.main()
    (row,) = json.loads((tmp_path / "rows.json").read_text())
    assert row["workload"] == "tiny"
    assert 0 < row["ratio_low"] <= row["ratio"] <= row["ratio_high"]
    assert "tiny" in capsys.readouterr().out
