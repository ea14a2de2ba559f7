"""What the initializers of one kind of unit, of residual branches and of the outputs promise beyond their variance,
which stands in test_initializers.py. Tolerances are five standard errors, or rounding."""

import math
import pickle
from functools import partial

import numpy as np
import pytest

from minnet import Dense, Network, activations, losses, mlp
from minnet.initializers import (
    caffe_xavier,
    fixup,
    he_normal,
    identity,
    kumar_normal,
    lecun_normal,
    lecun_uniform,
    log_frequencies,
    mup_output,
    nguyen_widrow,
    siren,
    uniform,
    zero_hadamard,
    zeros,
)
from minnet.layers import LearnedScale, Residual
from tests.conftest import batch

RNG = np.random.default_rng
SINE = activations.Activation("sine", lambda z: np.sin(30 * z), lambda z, a: 30 * np.cos(30 * z))


def test_siren_keeps_its_fixed_point():
    """q = 1 − e^(−2q) at 0.797, after ten layers of 30 networks; and the first layer is as wide as documented."""
    q = 0.8
    for _ in range(100):
        q = 1 - math.exp(-2 * q)
    assert q == pytest.approx(0.797, abs=5e-4)
    found = []
    for seed in range(30):
        net = mlp([2] + [200] * 11, activation=SINE, init=[partial(siren, position="first"), *[siren] * 10], rng=seed,
                  dtype=np.float64)
        net.forward(RNG(seed).uniform(-1, 1, (30, 2)))
        found.append(900 * (net.layers[-1].z ** 2).mean())
    assert np.mean(found) == pytest.approx(q, abs=5 * np.std(found) / math.sqrt(30))


def test_kumars_sigmoid():
    """The paper's 3.6/√N, rounded; and an output whose variance is 1 if units were linear, but at most ¼."""
    W = kumar_normal(RNG(0), (400, 400))
    assert round(W.std() * 20, 1) == 3.6
    np.testing.assert_allclose(kumar_normal(RNG(0), (4, 3), value=0, slope=1), lecun_normal(RNG(0), (4, 3)), rtol=1e-14)
    z = RNG(1).normal(0.5, 1, (2000, 400)) @ W                    # as linear sigmoid units: mean ½, variance 1
    assert (0.5 + z / 4).var() == pytest.approx(1, rel=0.05)
    assert activations.sigmoid.f(z).var() < 0.25


@pytest.mark.parametrize("shape", [(1, 10), (2, 30), (20, 7)], ids=str)
def test_nguyen_widrow_gives_each_unit_the_length_beta(shape):
    W = nguyen_widrow(RNG(0), shape)
    np.testing.assert_allclose(np.linalg.norm(W, axis=0), 0.7 * shape[1] ** (1 / shape[0]), rtol=1e-13)
    assert (np.sign(W) == 1).any()
    assert (np.sign(W) == -1).any()


def test_nguyen_widrow_spreads_the_units_over_the_inputs():
    """One input: H units with slopes 0.7 H have their centres −b/w in [−1, 1], uniformly."""
    H = 2000
    layer = Dense(1, H, activations.tanh, nguyen_widrow, uniform(low=-0.7 * H, high=0.7 * H))
    Network([layer], rng=0, dtype=np.float64)
    centres = -layer.b / layer.W[0]
    assert abs(centres).max() <= 1
    assert centres.var() == pytest.approx(1 / 3, abs=5 * math.sqrt(4 / 45 / H))


@pytest.mark.parametrize("shape", [(3, 3), (5, 2), (1, 1)], ids=str)
def test_zero_hadamard_without_more_units_is_the_identity(shape):
    np.testing.assert_array_equal(zero_hadamard(None, shape), identity(None, shape))


def test_zero_hadamard_where_a_layer_widens():
    """Every input reaches every unit; with a power of two the rows are orthogonal, of length √2, as c has it."""
    W = zero_hadamard(RNG(0), (3, 8))
    np.testing.assert_allclose(W @ W.T, 2 * np.eye(3), atol=1e-15)
    np.testing.assert_allclose(2 * W, [[1] * 8, [1, -1] * 4, [1, 1, -1, -1] * 2], rtol=1e-15)
    np.testing.assert_allclose(zero_hadamard(None, (1, 2)), [[1, 1]])
    W = zero_hadamard(None, (5, 6))                               # m = 3
    np.testing.assert_allclose(abs(W), 0.5)
    np.testing.assert_array_equal(W, zero_hadamard(None, (5, 8))[:, :6])
    assert np.linalg.matrix_rank(W) == 5


def first_change(blocks, init):
    """‖change of the outputs‖ by one small step of gradient descent, per unit of learning rate; mean of five."""
    found = []
    for seed in range(5):
        net = Network([Dense(3, 32), *[Residual([Dense(32, 32, activations.relu, init), Dense(32, 32, init=zeros),
                                                 LearnedScale(1)]) for _ in range(blocks)], Dense(32, 4)],
                      rng=seed, dtype=np.float64)
        x, y = batch(40, seed=seed)
        before = net(x)
        np.testing.assert_allclose(before, net.layers[-1](net.layers[0](x)))         # blocks are the identity
        net.gradient(x, y, losses.softmax_cross_entropy)
        inside = net.span(1, blocks)
        net.params[inside] -= 1e-5 * (net.decay_mask * net.grads)[inside]             # weights, no biases
        found.append(np.linalg.norm(net(x) - before) / 1e-5)
    return np.mean(found)


def test_fixup_makes_the_first_step_the_same_for_any_depth():
    """The change that the weights of all blocks together make: with He's it grows as L."""
    few, many = (first_change(blocks, fixup(blocks=blocks)) for blocks in (4, 64))
    assert many / few == pytest.approx(1, rel=0.1)
    few, many = (first_change(blocks, he_normal) for blocks in (4, 64))
    assert many / few == pytest.approx(16, rel=0.1)


def test_caffes_default_is_lecuns():
    np.testing.assert_allclose(caffe_xavier(RNG(0), (5, 3)), lecun_uniform(RNG(0), (5, 3)), rtol=1e-15)


def test_the_outputs_of_mup_shrink_with_width():
    for n in (64, 256):
        assert mup_output(RNG(0), (n, 500), base_width=64).std() == pytest.approx(8 / n, rel=0.02)
    np.testing.assert_allclose(mup_output(RNG(0), (64, 5), base_width=64), lecun_normal(RNG(0), (64, 5)), rtol=1e-14)


# Biases of the outputs ---------------------------------------------------------------------------------------

def test_log_frequencies_start_at_the_entropy_of_the_labels():
    y = np.array([0] * 6 + [1] * 3 + [2])
    bias = log_frequencies(y)
    net = Network([Dense(4, 3, init=zeros, bias_init=bias)], rng=0, dtype=np.float64)
    np.testing.assert_allclose(net.layers[0].b, np.log([0.6, 0.3, 0.1]), rtol=1e-14)
    loss, dz = losses.softmax_cross_entropy(net(np.ones((10, 4))), y)
    assert loss == pytest.approx(-sum(p * math.log(p) for p in (0.6, 0.3, 0.1)), rel=1e-14)
    np.testing.assert_allclose(dz.sum(axis=0), 0, atol=1e-15)     # nothing left for the biases to learn
    assert pickle.loads(pickle.dumps(bias))(RNG(0), (3,)).tolist() == bias(RNG(0), (3,)).tolist()


def test_log_frequencies_of_a_single_output():
    y = np.array([1, 0, 0, 0])
    b = log_frequencies(y)(RNG(0), (1,))
    assert (b.shape, activations.sigmoid.f(b)[0]) == ((1,), pytest.approx(0.25, rel=1e-14))


@pytest.mark.parametrize(("call", "kind", "message"), [
    (lambda: log_frequencies([0.5, 1.0]), TypeError, r"labels y \(n,\), whole numbers, got float64 of shape \(2,\)"),
    (lambda: log_frequencies([[0, 1]]), TypeError, r"got int64 of shape \(1, 2\)"),
    (lambda: log_frequencies([]), TypeError, "expected labels"),
    (lambda: log_frequencies([0, -1]), ValueError, "expected labels ≥ 0, got -1"),
    (lambda: log_frequencies([0, 2])(RNG(0), (3,)), ValueError, "each of the 3 classes among the labels, .*got 1 0 1"),
    (lambda: log_frequencies([0, 1, 2])(RNG(0), (2,)), ValueError, "each of the 2 classes"),
    (lambda: log_frequencies([0, 1])(RNG(0), (3,)), ValueError, "each of the 3 classes"),
    (lambda: log_frequencies([1, 1])(RNG(0), (1,)), ValueError, "each of the 2 classes"),
    (lambda: log_frequencies([0, 1])(RNG(0), (2, 2)), ValueError, r"for biases of shape \(2, 2\)"),
])
def test_errors_of_log_frequencies(call, kind, message):
    with pytest.raises(kind, match=message):
        call()
