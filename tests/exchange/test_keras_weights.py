"""Arrays for Keras, without Keras, which takes them in test_peers.py."""

import numpy as np
import pytest

from minnet import Dense, Network, exchange, layers
from minnet.exchange import ExchangeError
from tests.conftest import frozen
from tests.exchange.networks import every_layer


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_there_and_back_is_bit_equal(dtype):
    net, other = every_layer(dtype), every_layer(dtype, rng=1)
    arrays = exchange.keras_weights(net)
    assert [a.shape for a in arrays[:4]] == [(3, 6), (6,), (6,), (6,)]
    exchange.set_keras_weights(other, arrays)
    assert other.params.tobytes() == net.params.tobytes()
    assert other.state.tobytes() == net.state.tobytes()
    assert not any(np.may_share_memory(a, net.params) for a in arrays)


def test_settings_that_keras_has_otherwise():
    code = exchange.keras_code(Network([Dense(3, 2), layers.BatchNorm(2, momentum=0.3, epsilon=0.1),
                                        layers.LayerNorm(2), layers.PReLU(1)], rng=0))
    for part in ("Input(shape=(3,))", "BatchNormalization(momentum=0.7, epsilon=0.1)",
                 "LayerNormalization(epsilon=1e-05)", "PReLU(shared_axes=[1])"):
        assert part in code


def test_the_batch_of_the_check():
    net, other = (Network([Dense(3, 3), layers.LayerNorm(3), Dense(3, 3)], rng=rng) for rng in (0, 1))
    arrays, x = exchange.keras_weights(net), np.eye(3)
    exchange.set_keras_weights(other, arrays, check=(x, net(x)))
    before = frozen(other)
    arrays[0] = arrays[0].T
    with pytest.raises(ExchangeError, match="transposed"):
        exchange.set_keras_weights(other, arrays, check=(x, net(x)))
    with pytest.raises(ExchangeError, match=r"outputs of shape \(3, 3\)"):
        exchange.set_keras_weights(other, arrays, check=(x, net(x)[:, :2]))
    assert frozen(other) == before


@pytest.mark.parametrize(("change", "reason"), [
    (lambda a: a[:-1], "list of 2 arrays .*kernel.*got 1"),
    (lambda a: None, "got NoneType"),
    (lambda a: [a[0].T, a[1]], r"array 0 \(kernel\), as W of layer 0, .*shape \(3, 2\), got \(2, 3\)"),
    (lambda a: [a[0].astype(float), a[1]], "got float64"),
    (lambda a: [a[0].tolist(), a[1]], "got list"),
    (lambda a: [a[0], a[1] * np.nan], r"finite numbers in array 1 \(bias\)"),
], ids=range(6))
def test_arrays_that_do_not_fit(change, reason):
    net = Network([Dense(3, 2)], rng=0)
    before = frozen(net)
    with pytest.raises(ExchangeError, match=reason):
        exchange.set_keras_weights(net, change(exchange.keras_weights(net)))
    assert frozen(net) == before
