"""What is not written to ONNX. onnxruntime computes from the files in test_peers.py."""

import sys

import numpy as np
import pytest

from minnet import Dense, Network, exchange
from minnet.exchange import ExchangeError


@pytest.mark.parametrize(("activation", "dtype", "reason"), [
    ("hard_tanh", np.float32, "layer 1, .*ONNX.* computes hard_tanh"),
    ("swish", np.float32, "layer 1, .*ONNX.* computes swish"),
    ("relu", np.float64, "expected a float32 network, got float64"),
])
def test_what_is_refused(tmp_path, activation, dtype, reason):
    pytest.importorskip("onnx")
    net = Network([Dense(3, 4), Dense(4, 2, activation)], rng=0, dtype=dtype)
    with pytest.raises(ExchangeError, match=reason):
        exchange.save_onnx(net, tmp_path / "net.onnx")
    assert list(tmp_path.iterdir()) == []


def test_without_onnx(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ModuleNotFoundError, match=r'pip install "minnet\[onnx\]"'):
        exchange.save_onnx(Network([Dense(3, 4)], rng=0), tmp_path / "net.onnx")
