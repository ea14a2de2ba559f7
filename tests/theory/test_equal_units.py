"""One unit per layer is the whole network of equal units; small deviations grow as predicted."""

import numpy as np
import pytest

import minnet as mn
from minnet import activations, initializers, losses, optimizers
from minnet.experiments.rounding import TwoOrders
from minnet.network import Network
from minnet.theory import Deviations, EqualUnits

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 7))
Y = (X[:, 0] > 0).astype(int) + (X[:, 1] > 0)
LOSS = losses.softmax_cross_entropy
OPTIMIZERS = [optimizers.SGD(0.1), optimizers.SGD(0.05, momentum=0.9), optimizers.Adam(0.01)]


def trained(model, optimizer, epochs=10):
    mn.fit(model, (X, Y), loss=LOSS, optimizer=optimizer, epochs=epochs, batch_size=20, rng=0, progress=False)
    return model


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
@pytest.mark.parametrize("sizes", [[7, 5, 3], [7, 4, 6, 3], [7, 3, 5, 2, 3]])
@pytest.mark.parametrize("activation", [activations.tanh, activations.relu])
def test_the_whole_network_and_one_unit_per_layer_agree(sizes, activation, optimizer):
    whole = trained(mn.mlp(sizes, activation=activation, init=initializers.constant(value=0.3), rng=0,
                           dtype=np.float64), optimizer)
    small = trained(EqualUnits(sizes, 0.3, activation), optimizer)
    assert abs(whole.params - 0.3).max() > 0.01, "it has moved"
    np.testing.assert_allclose(small.expanded(), whole.params, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(small(X), whole(X), rtol=1e-9, atol=1e-12)


def test_the_rates_are_those_of_plain_descent():
    small, model = EqualUnits([7, 4, 6, 3], 0.3), EqualUnits([7, 4, 6, 3], 0.3)
    net = model.load()
    trained(small, optimizers.SGD(0.1))
    rng = np.random.default_rng(0)
    for _ in range(10):
        order = rng.permutation(60)
        for rows in (order[:20], order[20:40], order[40:]):
            net.gradient(X[rows], Y[rows], LOSS)
            net.params -= 0.1 * model.rates * net.grads
    np.testing.assert_allclose(net.params, small.load().params, rtol=1e-10)


def spread(net):
    return float(np.ptp(net.layers[0].W, axis=1).max())


@pytest.mark.parametrize("optimizer", OPTIMIZERS[:2], ids=repr)
@pytest.mark.parametrize("sizes", [[7, 5, 5, 3], [7, 4, 6, 3]])
def test_small_deviations_grow_as_predicted(sizes, optimizer):
    def network(noise, value):
        return mn.mlp(sizes, activation=activations.tanh, rng=1, dtype=np.float64,
                      init=lambda rng, shape: value + noise * rng.normal(size=shape))
    epsilon = 1e-9
    whole, model = network(epsilon, 0.3), Deviations(network(1, 0), 0.3)
    before = spread(whole)
    assert epsilon * model.spread() == pytest.approx(before, rel=1e-6)
    trained(whole, optimizer, 20)
    trained(model, optimizer, 20)
    assert abs(spread(whole) / before - 1) > 0.05, "it has grown or shrunk"
    assert epsilon * model.spread() == pytest.approx(spread(whole), rel=1e-5)


def test_what_fits_is_checked():
    with pytest.raises(ValueError, match="at least one hidden layer"):
        EqualUnits([7, 3], 0.1)
    with pytest.raises(ValueError, match="two hidden tanh layers"):
        Deviations(mn.mlp([7, 4, 4, 3], activation=activations.relu, rng=0), 0.1)


def test_two_orders_is_a_dense_layer_up_to_rounding():
    first = TwoOrders(7, 6, activations.tanh, initializers.constant(value=0.1))
    first.order = np.random.default_rng(0).permutation(7)
    net = Network([first, mn.Dense(6, 3)], rng=0, dtype=np.float64)
    plain = Network([mn.Dense(7, 6, activations.tanh), mn.Dense(6, 3)], rng=0, dtype=np.float64)
    net.layers[0].W = RNG.normal(size=(7, 6))
    plain.params = net.params
    np.testing.assert_allclose(net(X), plain(X), rtol=1e-12)
    assert net.gradient(X, Y, LOSS) == pytest.approx(plain.gradient(X, Y, LOSS), rel=1e-12)
    np.testing.assert_allclose(net.grads, plain.grads, rtol=1e-10, atol=1e-15)
