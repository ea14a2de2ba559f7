import copy
import math
import pickle
import re
from functools import partial

import numpy as np
import pytest

from minnet import Dense, Network, activations, initializers, layers, losses
from minnet.gradient_check import check
from minnet.layer import Layer
from minnet.parameters import Array, Cache, declared, parameter
from tests.conftest import ACTIVATIONS, LOSSES, batch, bound_arrays, every_layer, stirred

RNG = np.random.default_rng

# Every kind of layer, as it takes 5 features.
KINDS = {
    "Dense": lambda: Dense(5, 5, activations.tanh),
    "Activation": lambda: layers.Activation(activations.softplus),
    "PReLU": lambda: layers.PReLU(5),
    "PReLU shared": lambda: layers.PReLU(1),
    "Dropout": lambda: layers.Dropout(0.4),
    "AlphaDropout": lambda: layers.AlphaDropout(0.3),
    "BatchNorm": lambda: layers.BatchNorm(5),
    "LayerNorm": lambda: layers.LayerNorm(5),
    "Residual": lambda: layers.Residual([Dense(5, 4, activations.relu), Dense(4, 5)], scale=0.5),
    "LearnedScale": lambda: layers.LearnedScale(0.5),
}
every_kind = pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)


def between(*middle):
    """A float64 network 3 → 5 → the given layers → 4, so that gradients flow into and through them."""
    return stirred(Network([Dense(3, 5), *middle, Dense(5, 4)], rng=0, dtype=np.float64))


def alone(layer, dtype=np.float64, rng=0):
    """The layer, bound in a network of its own."""
    Network([layer], rng=rng, dtype=dtype)
    return layer


# Gradients ---------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("activation", ACTIVATIONS.values(), ids=ACTIVATIONS)
def test_dense_gradients_with_every_activation(activation):
    report = check(between(Dense(5, 5, activation)), *batch(), losses.softmax_cross_entropy)
    assert report.passed, str(report)
    assert sum(row.excluded for row in report.rows) == 0


@every_kind
@pytest.mark.parametrize("training", [True, False])
def test_gradients_of_every_layer_in_training_and_in_prediction(make, training):
    net = between(make())
    net.state += RNG(1).random(net.state.shape)                # prediction with statistics of some batches
    report = check(net, *batch(), losses.softmax_cross_entropy, training=training)
    assert report.passed, str(report)


@pytest.mark.parametrize("name", LOSSES)
def test_gradients_of_every_loss(name):
    loss, targets = LOSSES[name]
    x, _ = batch()
    report = check(every_layer(), x, targets(RNG(0), len(x), 4), loss)
    assert report.passed, str(report)


@every_kind
@pytest.mark.parametrize("training", [True, False])
def test_backward_returns_the_gradient_of_the_input(make, training):
    net = Network([make(), Dense(5, 4)], rng=0, dtype=np.float64)
    (x, y), h = batch(6, features=5), 1e-4
    state = net.state.copy()

    def value(x):
        net.state = state
        return losses.softmax_cross_entropy(net.forward(x, training=training, rng=3), y)

    dx = net.backward(value(x)[1])
    numeric = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        at = np.zeros_like(x)
        at[place] = h
        numeric[place] = (value(x + at)[0] - value(x - at)[0]) / (2 * h)
    np.testing.assert_allclose(dx, numeric, rtol=0, atol=1e-8)


def test_a_layer_of_ones_own_takes_part():
    class Scale(Layer):
        """a = s x, one s for all."""

        s, ds = parameter(1)

        def reset(self, rng):
            self.s = 2

        def __call__(self, x):
            return self.s * x

        def forward(self, x, training=False, rng=None):
            self.x, self.a = x, self.s * x
            return self.a

        def backward(self, da, input_gradient=True):
            self.ds = (da * self.x).sum()
            return self.s * da

    net = between(Scale())
    report = check(net, *batch(), losses.softmax_cross_entropy)
    assert report.passed, str(report)
    assert [row.array for row in report.rows][2] == "layer 1 s"
    assert not net.decay_mask[net.span(1)].any()


# What each computes ------------------------------------------------------------------------------------------

def test_dense_is_the_formula_and_keeps_what_the_docstring_names():
    layer = alone(Dense(3, 2, activations.tanh, bias_init=initializers.normal))
    x, da = RNG(0).normal(size=(4, 3)), RNG(1).normal(size=(4, 2))
    a = layer.forward(x)
    np.testing.assert_allclose(a, np.tanh(x @ layer.W + layer.b), rtol=1e-14)
    np.testing.assert_allclose(layer(x), a, rtol=1e-14)
    dx = layer.backward(da)
    delta = da * (1 - np.tanh(x @ layer.W + layer.b) ** 2)
    for name, value in {"x": x, "z": x @ layer.W + layer.b, "a": a, "delta": delta, "dW": x.T @ delta,
                        "db": delta.sum(axis=0)}.items():
        np.testing.assert_allclose(getattr(layer, name), value, rtol=1e-13)
    np.testing.assert_allclose(dx, delta @ layer.W.T, rtol=1e-13)
    assert layer.backward(da, input_gradient=False) is None


@every_kind
def test_prediction_is_forward_without_training(make):
    layer = alone(make())
    if declared(layer, "state"):
        layer.running_mean, layer.running_var = 0.3, 2.0
    x = RNG(0).normal(size=(6, 5))
    np.testing.assert_allclose(layer.forward(x), layer(x), rtol=1e-13)


@every_kind
def test_layer_of_x_touches_no_cache(make):
    layer = alone(make())
    layer.forward(RNG(0).normal(size=(6, 5)), training=True, rng=RNG(0))
    layer.backward(np.ones((6, 5)))
    before = {name: (id(value), value.tobytes()) for name, value in bound_arrays(layer).items()}
    layer(RNG(1).normal(size=(7, 5)))
    assert {name: (id(value), value.tobytes()) for name, value in bound_arrays(layer).items()} == before


@every_kind
def test_passes_leave_their_arguments_alone(make):
    layer = alone(make())
    x, da = RNG(0).normal(size=(6, 5)), RNG(1).normal(size=(6, 5))
    x_before, da_before = x.copy(), da.copy()
    layer.forward(x, training=True, rng=RNG(0))
    layer.backward(da)
    np.testing.assert_array_equal(x, x_before)
    np.testing.assert_array_equal(da, da_before)


@pytest.mark.parametrize("features", [5, 1])
def test_prelu_slopes(features):
    layer = alone(layers.PReLU(features, initial_slope=0.1))
    assert layer.slope.tolist() == [0.1] * features
    layer.slope = 0.5 * np.arange(features) + 0.5
    x = RNG(0).normal(size=(6, 5))
    np.testing.assert_array_equal(layer(x), np.where(x > 0, x, (0.5 * np.arange(features) + 0.5) * x))
    layer.forward(x)
    layer.backward(np.ones_like(x))
    negative = np.minimum(x, 0).sum(axis=0)
    np.testing.assert_allclose(layer.dslope, negative if features > 1 else [negative.sum()], rtol=1e-14)
    assert layers.PReLU(5).initial_slope == 0.25


def test_dropout_keeps_the_mean_and_scales_by_the_share_kept():
    layer, x = layers.Dropout(0.3), np.ones((500, 400))
    a = layer.forward(x, training=True, rng=RNG(0))
    assert set(np.unique(a)) == {0, 1 / 0.7}
    error = (0.3 * 0.7 / x.size) ** 0.5                        # of the share dropped
    assert (a == 0).mean() == pytest.approx(0.3, abs=4 * error)
    assert a.mean() == pytest.approx(1, abs=4 * error / 0.7)
    assert abs(np.corrcoef(a[:, 0], a[:, 1])[0, 1]) < 0.2      # each unit and each example has its own draw
    assert abs(np.corrcoef(a[0], a[1])[0, 1]) < 0.2
    np.testing.assert_array_equal(layer.backward(x), a)
    np.testing.assert_array_equal(layer.forward(x), x)
    np.testing.assert_array_equal(layer.backward(x), x)        # after a pass in prediction, no noise
    assert (layers.Dropout(0).forward(x, training=True, rng=RNG(0)) == x).all()


@pytest.mark.parametrize("rate", [0.05, 0.4])
def test_alpha_dropout_keeps_mean_zero_and_variance_one(rate):
    layer, x = layers.AlphaDropout(rate), RNG(0).normal(size=(1000, 400))
    a = layer.forward(x, training=True, rng=RNG(1))
    assert a.mean() == pytest.approx(0, abs=5 / x.size**0.5)
    assert a.var() == pytest.approx(1, abs=5 * (a**4).mean() ** 0.5 / x.size**0.5)
    dropped = layer.factor == 0
    assert dropped.mean() == pytest.approx(rate, abs=4 * (rate * (1 - rate) / x.size) ** 0.5)
    assert len(np.unique(a[dropped])) == 1
    low, q = -1.7580993408473766, 1 - rate                     # −λα of SELU
    s = (q + low**2 * q * (1 - q)) ** -0.5
    np.testing.assert_allclose(a, s * np.where(dropped, low, x) - s * (1 - q) * low, rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(layer.forward(x), x)


def test_batch_norm_running_statistics_by_hand():
    layer = alone(layers.BatchNorm(2, momentum=0.3))
    mean, var = np.zeros(2), np.ones(2)
    for seed in range(3):
        x = RNG(seed).normal([1, -2], [3, 0.5], (4 + seed, 2))
        layer.forward(x, training=True)
        mean = 0.7 * mean + 0.3 * x.sum(axis=0) / len(x)
        var = 0.7 * var + 0.3 * ((x - x.mean(axis=0)) ** 2).sum(axis=0) / (len(x) - 1)
    np.testing.assert_allclose(layer.running_mean, mean, rtol=1e-13)
    np.testing.assert_allclose(layer.running_var, var, rtol=1e-13)
    layer.gamma, layer.beta = [2, 3], [0.5, -1]
    expected = [2, 3] * (x - mean) / np.sqrt(var + 1e-5) + [0.5, -1]
    np.testing.assert_allclose(layer(x), expected, rtol=1e-12)
    np.testing.assert_allclose(layer.forward(x), expected, rtol=1e-12)
    np.testing.assert_allclose(layer.running_mean, mean, rtol=1e-13)          # prediction leaves them alone
    assert (layers.BatchNorm(2).momentum, layers.BatchNorm(2).epsilon) == (0.1, 1e-5)


def test_batch_norm_normalizes_with_the_biased_variance():
    layer = alone(layers.BatchNorm(2, epsilon=0.01))
    x = np.array([[1.0, 4.0], [3.0, 0.0]])                     # means 2 and 2, biased variances 1 and 4
    np.testing.assert_allclose(layer.forward(x, training=True),
                               [[-1 / math.sqrt(1.01), 2 / math.sqrt(4.01)], [1 / math.sqrt(1.01),
                                                                               -2 / math.sqrt(4.01)]], rtol=1e-14)
    np.testing.assert_allclose(layer.running_var, [0.9 + 0.2, 0.9 + 0.8], rtol=1e-14)


def test_layer_norm_sees_one_example_at_a_time():
    layer = alone(layers.LayerNorm(4, epsilon=0.01))
    x = np.array([[1.0, 3.0, 1.0, 3.0], [5.0, 5.0, 5.0, 9.0]])
    expected = np.array([[-1, 1, -1, 1] / np.sqrt(1.01), [-1, -1, -1, 3] / np.sqrt(3.01)])
    np.testing.assert_allclose(layer.forward(x, training=True), expected, rtol=1e-14)
    np.testing.assert_allclose(layer(x[1:]), expected[1:], rtol=1e-14)
    layer.gamma, layer.beta = [1, 2, 3, 4], 1
    np.testing.assert_allclose(layer(x), expected * [1, 2, 3, 4] + 1, rtol=1e-14)


# Life in a network -------------------------------------------------------------------------------------------

@pytest.mark.parametrize("kind", ["Dense", "PReLU", "BatchNorm", "LayerNorm"])
def test_assigning_copies_into_the_vector(kind):
    net = Network([KINDS[kind]()], rng=0)
    layer, start = net.layers[0], 0
    shapes = {array.name: array.shape(layer) for array in declared(layer, "params")}
    for name, shape in shapes.items():
        value = RNG(0).random(shape)
        setattr(layer, name, value)
        setattr(layer, f"d{name}", 2 * value)
        assert np.shares_memory(getattr(layer, name), net.params)
        assert not np.shares_memory(getattr(layer, name), value)
        part = slice(start, start := start + value.size)
        np.testing.assert_array_equal(net.params[part], value.astype(np.float32).ravel())
        np.testing.assert_array_equal(net.grads[part], (2 * value).astype(np.float32).ravel())
    for array in declared(layer, "state"):
        setattr(layer, array.name, 3)
    assert (net.state == 3).all()
    name, shape = next(iter(shapes.items()))
    with pytest.raises(ValueError, match=re.escape(f"expected {name} of shape {shape}, got (17,)")):
        setattr(layer, name, np.zeros(17))


@every_kind
def test_a_layer_without_a_network_says_what_is_missing(make):
    layer = make()
    for kind in type(layer).__mro__:
        for name, thing in vars(kind).items():
            if isinstance(thing, Array):
                with pytest.raises(AttributeError, match=f"no {name} yet.*place the layer in Network"):
                    getattr(layer, name)
            elif isinstance(thing, Cache) and not name.startswith("_"):
                with pytest.raises(AttributeError, match=f"no {name} yet: net.forward\\(x\\) and net.gradient"):
                    getattr(layer, name)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        layer.nonsense  # noqa: B018


@every_kind
@pytest.mark.parametrize("again", [copy.deepcopy, lambda layer: pickle.loads(pickle.dumps(layer))],
                         ids=["deepcopy", "pickle"])
def test_copies_carry_the_settings_and_nothing_else(make, again):
    layer = alone(make())
    layer.forward(np.ones((3, 5)), training=True, rng=RNG(0))
    other = again(layer)
    assert repr(other) == repr(layer)
    assert bound_arrays(other) == {}
    alone(other)                                               # it may take its place in another network


def test_repr_is_the_call_that_makes_the_layer():
    assert repr(Dense(3, 4, activations.tanh, partial(initializers.normal, std=0.01))) == (
        "Dense(3, 4, tanh, normal(std=0.01), zeros)")
    assert repr(Dense(3, 4, init=partial(initializers.constant, value=2.0), bias_init=initializers.ones)) == (
        "Dense(3, 4, identity, constant(value=2), ones)")
    assert [repr(make()) for make in KINDS.values()] == [
        "Dense(5, 5, tanh, glorot_uniform, zeros)", "ActivationLayer(softplus)", "PReLU(5, 0.25)", "PReLU(1, 0.25)",
        "Dropout(0.4)", "AlphaDropout(0.3)", "BatchNorm(5, 0.1, 1e-05)", "LayerNorm(5, 1e-05)",
        "Residual([Dense(5, 4, relu, glorot_uniform, zeros), Dense(4, 5, identity, glorot_uniform, zeros)], 0.5)",
        "LearnedScale(0.5)"]


@every_kind
def test_two_layers_with_the_same_settings_are_two(make):
    assert make() != make()
    assert len({make(), make()}) == 2


def test_defaults():
    dense = Dense(3, 4)
    assert (dense.activation, dense.init, dense.bias_init) == (
        activations.identity, initializers.glorot_uniform, initializers.zeros)
    assert (layers.Dropout().rate, layers.AlphaDropout().rate, layers.LayerNorm(2).epsilon) == (0.5, 0.05, 1e-5)
