"""Twins are equal to 1% of their own size, whatever the other units, and whatever the scale."""

from functools import partial

import numpy as np
import pytest

from minnet import Dense, Network, activations, initializers, layers, mlp
from minnet.diagnostics.symmetries import symmetry
from minnet.losses import softmax_cross_entropy

X, Y = np.random.default_rng(0).normal(size=(6, 5)), np.array([0, 3, 1, 2, 0, 1])


def made(init=initializers.normal, width=6):
    return mlp([5, width, 4], activation=activations.tanh, init=init, rng=0, dtype=np.float64)


def distinct(net):
    return symmetry(net, X, Y, softmax_cross_entropy).distinct.tolist()[0]


@pytest.mark.parametrize("factor", [3e3, 1e100, 1e-100])
def test_one_unit_of_another_size_makes_no_twins(factor):
    net = made()
    net.layers[0].W[:, 2] *= factor
    net.layers[1].W[2] *= factor
    assert distinct(net) == 6


@pytest.mark.parametrize("std", [1e-200, 1e-300, 1e100])
def test_scale_does_not_matter(std):
    assert distinct(made(partial(initializers.normal, std=std))) == 6
    assert distinct(made(partial(initializers.constant, value=std))) == 1


def test_zeros_are_twins_of_zeros_and_of_nothing_else():
    assert distinct(made(initializers.zeros)) == 1
    net = made()
    net.layers[0].W[:, :2], net.layers[1].W[:2] = 0, 0
    assert distinct(net) == 5


@pytest.mark.parametrize(("change", "found"), [(1.009, 5), (1 / 1.009, 5), (1.011, 6), (1 / 1.011, 6), (-1.0, 6)])
def test_alike_is_one_percent_of_the_longer(change, found):
    for part in range(2):
        net = made()
        first, second = (layer.W for layer in net.layers)
        first[:, 1], second[1] = first[:, 0], second[0]
        (first[:, 1] if part == 0 else second[1])[:] *= change
        assert distinct(net) == found


@pytest.mark.parametrize("between", [layers.BatchNorm(6), layers.PReLU(6)], ids=["BatchNorm", "PReLU"])
def test_what_stands_behind_says_nothing_of_how_large_the_weights_are(between):
    """Weights of a thousandth beside γ = 1 or a slope of ¼: units with equal outgoing weights are no twins for that."""
    net = Network([Dense(5, 6, init=partial(initializers.normal, std=1e-3)), between,
                   Dense(6, 4, init=initializers.ones)], rng=0, dtype=np.float64)
    assert distinct(net) == 6
    net.layers[0].W[:] = net.layers[0].W[:, :1]
    assert distinct(net) == 1
    own = net.layers[1].gamma if isinstance(between, layers.BatchNorm) else net.layers[1].slope
    own[:2] *= 1.5
    assert distinct(net) == 2


def test_the_second_of_two_parameters_behind_counts_too():
    net = Network([Dense(5, 6, init=initializers.ones), layers.BatchNorm(6), Dense(6, 4, init=initializers.ones)],
                  rng=0, dtype=np.float64)
    net.layers[1].beta[3] = 0.1
    assert distinct(net) == 2


def test_differences_along_a_row_count_as_those_across():
    """One of five ones less 1.1% of √5: of that 0.98% lie across the row; the length has changed as well."""
    net = made(initializers.ones)
    net.layers[0].W[0, 0] -= 0.011 * np.sqrt(5)
    assert distinct(net) == 2
    net.layers[0].W[0, 0] = 1 - 0.009 * np.sqrt(5)
    assert distinct(net) == 1


def test_biases_count_beside_the_weights():
    net = made(initializers.ones)
    net.layers[0].b[0] = 0.1                                                   # of √5.01
    assert distinct(net) == 2
    net.layers[0].b[0] = 0.01
    assert distinct(net) == 1


def test_what_is_not_finite_is_nobodys_twin():
    net = made(initializers.ones)
    net.layers[0].W[0, :2] = np.inf, np.nan
    assert distinct(net) == 3
