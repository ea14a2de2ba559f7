"""The size of signals and gradients by layer: equal to what the passes leave in the layers."""

import numpy as np
import pytest

import minnet as mn
from minnet import activations, diagnostics, initializers, losses
from minnet.layers import BatchNorm, Dense, Dropout
from minnet.network import Network

X = np.random.default_rng(0).normal(size=(30, 6))
Y = np.arange(30) % 3
LOSS = losses.softmax_cross_entropy


def test_profile_is_that_of_the_passes():
    net = mn.mlp([6, 5, 4, 3], activation=activations.tanh, rng=0, dtype=np.float64)
    found = diagnostics.profile(net, X, Y, LOSS)
    net.gradient(X, Y, LOSS)
    for name in ("z", "a", "delta", "W", "dW"):
        expected = [np.sqrt(np.mean(getattr(layer, name) ** 2)) for layer in net.layers]
        np.testing.assert_allclose(getattr(found, name), expected, rtol=1e-14)


def test_only_dense_layers_count_noise_is_off_and_the_network_stays_as_it_was():
    net = Network([Dense(6, 8), BatchNorm(8), activations.relu, Dropout(0.5), Dense(8, 3)], rng=0)
    before = net.params.copy(), net.grads.copy(), net.state.copy()
    found = diagnostics.profile(net, X, Y, LOSS)
    assert [len(column) for column in found] == [2] * 5
    for now, then in zip((net.params, net.grads, net.state), before, strict=True):
        np.testing.assert_array_equal(now, then)
    with pytest.raises(AttributeError):
        net.layers[0].z  # noqa: B018


def test_vanished_gradients_are_numbers():
    net = mn.mlp([6, *[20] * 60, 3], activation=activations.tanh, init=initializers.normal(std=0.01), rng=0)
    delta = diagnostics.profile(net, X, Y, LOSS).delta
    assert 0 < delta[0] < 1e-60
