"""What theory expects of a given network, against drawn networks."""

import math

import numpy as np
import pytest

from minnet import Dense, Network, activations, initializers, layers, mlp, theory
from tests.against_networks import SETTINGS, compare

WIDTH, SEEDS = 250, 20


@pytest.mark.parametrize("name", SETTINGS)
def test_forward_and_backward_within_three_standard_errors(name):
    """At a quarter of the campaign's width, where the shifts of order depth/width are four times larger."""
    for row in compare(name, width=WIDTH, depths=(10, 25), seeds=range(SEEDS)):
        assert abs(row.errors) <= 3, row
        assert row.deviation == pytest.approx(row.spread, rel=0.5), row      # 20 draws give it to 16%: three of these


def test_the_shift_is_needed_and_has_the_right_size():
    """ReLU under He, ten layers of 20 units and 100 seeds: ln lies about half of 5 · depth/width low, far from 0."""
    for row in compare("relu He", width=20, depths=(10,), seeds=range(100)):
        assert row.spread**2 == pytest.approx(5 * 10 / 20, rel=0.07)          # z: nine layers and the average over z²
        assert row.shift == pytest.approx(-0.5 * 5 * 10 / 20, rel=0.07)
        assert abs(row.errors) <= 3
        assert abs(row.mean) / (row.deviation / math.sqrt(100)) > 5


def test_squares_are_the_maps_with_the_networks_own_fans():
    """Unequal widths, uniform weights, biases: each layer's map, computed here once more from its own W and b."""
    net = mlp([20, 50, 30, 80, 4], activation=activations.tanh, init=initializers.glorot_uniform, rng=0,
              dtype=np.float64)
    for layer in net.layers:
        layer.b += 0.3
    x = np.random.default_rng(0).normal(size=(5, 20))
    found = theory.predict(net, x)
    q = 20 * np.mean(net.layers[0].W ** 2) * np.mean(x**2) + 0.09
    for k, layer in enumerate(net.layers):
        assert found.z.square[k] == pytest.approx(q, rel=1e-12)
        second = theory.moments(layer.activation, q).second.value
        assert found.a.square[k] == pytest.approx(second, rel=1e-12)
        if k < 3:
            above = net.layers[k + 1]
            ratio = theory.moments(layer.activation, q).slope.value * above.fan_out * np.mean(above.W**2)
            assert found.delta.square[k] / found.delta.square[k + 1] == pytest.approx(ratio, rel=1e-12)
            q = above.fan_in * np.mean(above.W**2) * second + 0.09
    assert found.delta.square[-1] == 1
    assert found.delta.spread[-1] == 0


def test_an_activation_layer_counts_with_its_dense_layer():
    def built(separate):
        middle = ([Dense(30, 40, init=initializers.he_normal), layers.Activation(activations.relu)] if separate else
                  [Dense(30, 40, activations.relu, initializers.he_normal)])
        return Network([*middle, Dense(40, 3)], rng=0)

    x = np.ones((2, 30))
    one, other = theory.predict(built(True), x), theory.predict(built(False), x)
    for mine, theirs in zip((one.z, one.a, one.delta), (other.z, other.a, other.delta), strict=True):
        for column, same in zip(mine, theirs, strict=True):
            np.testing.assert_array_equal(column, same)


def test_the_network_is_left_as_it_is():
    net = mlp([6, 8, 3], activation=activations.selu, init=initializers.lecun_normal, rng=0)
    before = net.params.tobytes(), net.grads.tobytes()
    theory.predict(net, np.ones((1, 6)))
    assert (net.params.tobytes(), net.grads.tobytes()) == before
    assert not any("z" in vars(layer) for layer in net.layers)


def test_what_it_refuses():
    net = mlp([6, 8, 3], activation=activations.relu, init=initializers.zeros, rng=0)
    with pytest.raises(ValueError, match=r"expected a signal that reaches every layer, got E\[z²\] = 0 in layer 1"):
        theory.predict(net, np.ones((1, 6)))
    net = mlp([6, 5, 3], activation=activations.relu, init=initializers.he_normal, output_init=initializers.zeros,
              rng=0)
    with pytest.raises(ValueError, match="expected signals and gradients that reach every layer, got none that pass"):
        theory.predict(net, np.ones((2, 6)))
    net = Network([Dense(4, 4), layers.BatchNorm(4), layers.Activation(activations.relu)], rng=0)
    with pytest.raises(TypeError, match=r"expected a network of Dense layers and their activations, got BatchNorm"):
        theory.predict(net, np.ones((2, 4)))
    with pytest.raises(ValueError, match=r"expected x of shape \(n, 6\), got \(6,\)"):
        theory.predict(mlp([6, 2], activation=activations.relu, init=initializers.he_normal, rng=0), np.ones(6))


def test_weights_that_are_not_centred_are_refused():
    for init in (initializers.ones, initializers.uniform):
        net = mlp([30, 40, 3], activation=activations.tanh, init=init if init is initializers.ones else
                  lambda rng, shape: rng.uniform(0, 1, shape), rng=0)
        with pytest.raises(ValueError, match="expected weights around 0, got a mean of"):
            theory.predict(net, np.ones((1, 30)))
    for width in (1, 2, 5, 300):                                   # narrow layers of centred weights are no such case
        for seed in range(20):
            net = mlp([width] * 3, activation=activations.tanh, init=initializers.he_normal, rng=seed)
            theory.predict(net, np.ones((1, width)))


def test_typical_and_band():
    found = theory.predict(mlp([20, 20, 20], activation=activations.relu, init=initializers.he_normal, rng=0),
                           np.ones((1, 20))).z
    np.testing.assert_allclose(found.typical, found.square * np.exp(found.shift))
    np.testing.assert_allclose(found.band[1] / found.band[0], np.exp(2 * found.spread))
