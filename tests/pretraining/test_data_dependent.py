"""Weights scaled by the data: what is promised of z, of gradients and of the function, measured on the network itself.

Everything here is exact up to rounding. The bounds: a float64 sum of N terms is off by less than N · 2⁻⁵³ of the sum of
their sizes, a float32 W by 2⁻²⁴ of each entry; below they stand ten times and more above what that makes.
"""

import copy
from functools import partial

import numpy as np
import pytest

from minnet import Dense, Network, activations, datasets, fit, initializers, layers, losses, mlp, optimizers
from minnet.pretraining.data_dependent import balanced, lsuv, unit_normalized
from tests.conftest import ACTIVATIONS

RNG = np.random.default_rng
CE = losses.softmax_cross_entropy
EPS = {np.float32: 1e-5, np.float64: 1e-13}                 # for networks of a few dozen units in a few layers
both = pytest.mark.parametrize("dtype", [np.float32, np.float64])
HOMOGENEOUS = {name: a for name, a in ACTIVATIONS.items() if name == "identity" or "relu" in name}


def data(n=200, features=6, seed=0):
    """Correlated features, neither centred nor of one size, and labels."""
    rng = RNG(seed)
    return 2 + rng.normal(size=(n, features)) @ rng.normal(size=(features, features)), rng.integers(0, 4, n)


def net(activation=activations.relu, dtype=np.float64, sizes=(6, 20, 15, 10, 4), std=1.0, bias_init=initializers.zeros):
    return mlp(sizes, activation=activation, init=partial(initializers.normal, std=std), bias_init=bias_init, rng=5,
               dtype=dtype)


def pre_activations(model, x):
    """z of every Dense layer, as in prediction."""
    model = copy.deepcopy(model)
    model.forward(x)
    return [layer.z.astype(np.float64) for layer in model.layers if isinstance(layer, Dense)]


def everything(model):
    """The bytes of all that a network holds, caches included."""
    caches = [getattr(layer, "z", None) for layer in model.layers]
    return [a if a is None else a.tobytes() for a in (model.params, model.grads, model.state, *caches)]


def after_a_pass(model, x, y):
    """The network with gradients and caches that something could overwrite."""
    model.gradient(x, y, CE, rng=0)
    return model


# LSUV --------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("activation", ACTIVATIONS.values(), ids=str)
@both
def test_lsuv_every_variance_is_1_after_one_division(activation, dtype):
    x, _ = data()
    model = net(activation, dtype)
    found = lsuv(model, x, rng=0)
    zs = pre_activations(model, x)
    assert len(found) == len(zs) == 4
    for stds, z in zip(found, zs, strict=True):
        assert 1 <= len(stds) <= 2
        if len(stds) == 2:
            assert z.var() == pytest.approx(1, abs=EPS[dtype])
        assert abs(z.var() - 1) <= 0.1
        assert stds[-1] == pytest.approx(z.std(), rel=EPS[dtype])
    assert len(found[0]) == 2                                               # these x are not of variance 1


def test_lsuv_weights_are_orthonormal_over_std():
    x, _ = data()
    model = net()
    found = lsuv(model, x, tolerance=1e-9, rng=3)
    for layer, stds, child in zip(model.layers, found, RNG(3).spawn(4), strict=True):
        np.testing.assert_allclose(layer.W, initializers.orthogonal(child, layer.W.shape) / stds[0], rtol=1e-12)
        assert not layer.b.any()


def test_lsuv_leaves_alone_what_is_within_tolerance():
    """Sphered data and a square orthonormal W: z has the variance of x, here 1.04, which is near enough or is not."""
    x = RNG(0).normal(size=(200, 6))
    x = np.linalg.qr(x - x.mean(axis=0))[0] * np.sqrt(200 * 1.04)
    for tolerance, divisions in ((0.1, 0), (0.041, 0), (0.039, 1)):
        found = lsuv(net(sizes=(6, 6, 4)), x, tolerance=tolerance, rng=0)
        assert len(found[0]) == 1 + divisions
        assert found[0][0] ** 2 == pytest.approx(1.04, rel=1e-12)


def test_lsuv_with_biases_takes_more_divisions_or_says_so():
    x, _ = data()
    small = net(bias_init=partial(initializers.uniform, low=-0.5, high=0.5))
    before = [layer.b.copy() for layer in small.layers]
    found = lsuv(small, x, tolerance=0.01, rng=0)
    assert max(map(len, found)) > 2
    for layer, b, z in zip(small.layers, before, pre_activations(small, x), strict=True):
        np.testing.assert_array_equal(layer.b, b)
        assert abs(z.var() - 1) <= 0.01
    large = after_a_pass(net(bias_init=partial(initializers.normal, std=3.0)), *data())
    held = everything(large)
    W = initializers.orthogonal(RNG(0).spawn(4)[0], (6, 20))
    for _ in range(2):
        W /= (x @ W + large.layers[0].b).std()
    left = f"{(x @ W + large.layers[0].b).var():.4g}"
    message = rf"of weight layer 0, Dense.*within 0\.1 of 1 after 2 divisions, got {left}: b.*set it to 0"
    with pytest.raises(ValueError, match=message):
        lsuv(large, x, tries=2, rng=0)
    assert everything(large) == held
    once = lsuv(net(), x, tries=1, rng=0)
    assert max(map(len, once)) == 2


def test_lsuv_lets_deep_networks_learn_whatever_the_activation():
    """Twenty layers and no theory: from N(0, 0.01²) they stay at chance, which on digits is ln 10.

    The rate is a small one, at which the loss falls without jumps: other last bits move ReLU's by 0.03 about 1.27.
    Where it jumps, they decide how high: 1.1 or 2.1 at a rate of 0.01.
    """
    x, y = datasets.digits().train
    for activation in (activations.relu, activations.tanh, activations.softsign):
        model = net(activation, np.float32, sizes=[64] + [40] * 20 + [10], std=0.01)
        end = []
        for prepare in (lambda *_, **__: None, lsuv):
            one = copy.deepcopy(model)
            prepare(one, x[:500], rng=0)
            end.append(fit(one, (x, y), loss=CE, optimizer=optimizers.SGD(0.002, momentum=0.9), epochs=4, batch_size=50,
                           rng=0).loss[-1])
        assert end[0] > 2.25
        assert end[1] < 1.5


# Unit normalization ------------------------------------------------------------------------------------------

@pytest.mark.parametrize("activation", ACTIVATIONS.values(), ids=str)
@pytest.mark.parametrize("bias", [0.0, 0.5])
@both
def test_every_unit_has_mean_and_variance(activation, bias, dtype):
    x, _ = data()
    model = net(activation, dtype, bias_init=initializers.ones)
    found = unit_normalized(model, x, rng=0, bias=bias)
    for layer, sigma, z in zip(model.layers, found, pre_activations(model, x), strict=True):
        assert sigma.shape == (layer.fan_out,)
        scale = 1 + abs(layer.b).max() + abs(layer.W).max()                 # terms of that size cancel to a mean of 0
        np.testing.assert_allclose(z.mean(axis=0), bias, rtol=0, atol=scale * EPS[dtype])
        np.testing.assert_allclose(z.std(axis=0), 1, rtol=0, atol=scale * EPS[dtype])


def test_unit_normalization_is_the_formula():
    x, _ = data()
    model = net()
    found = unit_normalized(model, x, rng=3, bias=0.25)
    a = x
    for layer, sigma, child in zip(model.layers, found, RNG(3).spawn(4), strict=True):
        W = child.normal(size=layer.W.shape)
        for j in range(layer.fan_out):
            z = a @ W[:, j]
            assert sigma[j] == pytest.approx(z.std(), rel=1e-12)
            np.testing.assert_allclose(layer.W[:, j], W[:, j] / z.std(), rtol=1e-12)
            assert layer.b[j] == pytest.approx(0.25 - z.mean() / z.std(), rel=1e-10, abs=1e-12)
        a = layer.activation.f(a @ layer.W + layer.b)


def test_the_scale_of_the_first_draw_falls_out_its_directions_stay():
    x, _ = data()
    models = [net() for _ in range(3)]
    inits = initializers.normal, partial(initializers.normal, std=1e-3), initializers.orthogonal
    for model, init in zip(models, inits, strict=True):
        unit_normalized(model, x, rng=0, init=init)
    np.testing.assert_allclose(models[0].params, models[1].params, rtol=1e-9, atol=1e-11)
    W = models[2].layers[0].W
    W = W / np.linalg.norm(W, axis=0)
    q = initializers.orthogonal(RNG(0).spawn(4)[0], (6, 20))
    np.testing.assert_allclose(W, q / np.linalg.norm(q, axis=0), rtol=1e-10)


@both
def test_constant_units_are_named(dtype):
    x, y = data()
    same = np.repeat(x[:1], 50, axis=0)
    model = after_a_pass(net(dtype=dtype), x, y)
    held = everything(model)
    with pytest.raises(ValueError, match=r"over the 50 rows of x, got 20 of 20 units in weight layer 0, Dense\(6"):
        unit_normalized(model, same, rng=0)
    with pytest.raises(ValueError, match=r"over the 1 rows of x, got 20 of 20 units"):
        unit_normalized(model, x[:1], rng=0)

    nearly = same.astype(dtype)
    nearly[0] = np.nextafter(nearly[0], dtype(np.inf))                      # differences of the size of rounding
    with pytest.raises(ValueError, match=r"over the 50 rows of x, got 20 of 20 units in weight layer 0, Dense\(6"):
        unit_normalized(model, nearly, rng=0)

    def one_dead(rng, shape):
        W = rng.normal(size=shape)
        W[:, 2] = 0
        return W

    with pytest.raises(ValueError, match=r"got 1 of 20 units in weight layer 0"):
        unit_normalized(model, x, rng=0, init=one_dead)
    with pytest.raises(ValueError, match=r"weight layer 1, Dense\(20, 15.*: take more rows, or see whether"):
        unit_normalized(model, x, rng=0, bias=-1e3)                          # every ReLU below is off
    assert everything(model) == held


# Balance -----------------------------------------------------------------------------------------------------

def rates(model, x, y, loss=CE):
    """‖dW‖/‖W‖ of each Dense layer, in float64."""
    model = model.astype(np.float64)
    model.gradient(x, y, loss, training=False)
    return np.array([np.linalg.norm(layer.dW) / np.linalg.norm(layer.W) for layer in model.layers
                     if isinstance(layer, Dense)])


@pytest.mark.parametrize("activation", HOMOGENEOUS.values(), ids=str)
@both
def test_balanced_has_one_rate_and_the_same_function(activation, dtype):
    x, y = data()
    model = net(activation, dtype, std=0.3, bias_init=partial(initializers.normal, std=0.3))
    model.layers[1].W *= 30                                                  # out of balance, to begin with
    model.layers[2].W *= 0.1
    before, z = rates(model, x, y), model(x)
    r = balanced(model, x, y, CE)
    after = rates(model, x, y)
    assert before.max() / before.min() > 100
    np.testing.assert_allclose(after, np.exp(np.log(before).mean()), rtol=EPS[dtype])
    np.testing.assert_allclose(model(x), z, rtol=0, atol=EPS[dtype] * abs(z).max())
    assert np.prod(r) == pytest.approx(1, rel=1e-12)
    np.testing.assert_allclose(r**2, before / after, rtol=2 * EPS[dtype])
    np.testing.assert_allclose(balanced(model, x, y, CE), 1, rtol=EPS[dtype])


def test_the_last_layer_may_have_any_activation():
    x = data()[0]
    y = RNG(1).random((200, 4))
    model = Network([Dense(6, 9, activations.relu), Dense(9, 4, activations.tanh, bias_init=initializers.ones)], rng=0,
                    dtype=np.float64)
    z = model(x)
    balanced(model, x, y, losses.squared_error)
    np.testing.assert_allclose(model(x), z, rtol=0, atol=1e-12)
    assert np.ptp(rates(model, x, y, losses.squared_error)) < 1e-12


def test_balance_of_what_has_vanished_in_float32():
    """Every gradient is below the smallest float32; the balance is computed in float64, and holds."""
    x, y = data()
    model = net(dtype=np.float32, sizes=[6] + [10] * 40 + [4], std=0.01)
    model.gradient(x, y, CE)
    assert not any(layer.dW.any() for layer in model.layers)
    balanced(model, x, y, CE)
    after = rates(model, x, y)
    np.testing.assert_allclose(after, after[0], rtol=1e-4)               # float32 weights in 41 layers: about 41 · 2⁻²⁴


@pytest.mark.parametrize("activation", [a for name, a in ACTIVATIONS.items() if name not in HOMOGENEOUS], ids=str)
def test_balance_needs_homogeneous_activations(activation):
    x, y = data()
    model = after_a_pass(net(activation), x, y)
    held = everything(model)
    with pytest.raises(ValueError, match=r"f\(rz\) = r f\(z\), such as ReLU, below the last .* in weight layer 0"):
        balanced(model, x, y, CE)
    assert everything(model) == held


def test_balance_needs_weights_and_gradients():
    x, y = data()
    for spoil in (lambda model: model.layers[1].W.fill(0), lambda model: model.layers[1].b.fill(-1e4)):
        model = net()
        spoil(model)
        held = everything(model)
        with pytest.raises(ValueError, match=r"every W and its gradient to be finite and not 0, got .*(, 0,|nan)"):
            balanced(model, x, y, CE)
        assert everything(model) == held


# All three ---------------------------------------------------------------------------------------------------

def call(how, model, x, y=None):
    if how is balanced:
        return balanced(model, x, data()[1][:len(x)] if y is None else y, CE)
    return how(model, x, rng=0)


all_three = pytest.mark.parametrize("how", [lsuv, unit_normalized, balanced], ids=lambda how: how.__name__)


@all_three
def test_only_weights_and_biases_change_and_a_seed_decides(how):
    x, y = data()
    model, twin = (after_a_pass(net(dtype=np.float32), x, y) for _ in range(2))
    held, vector = everything(model), model.params
    call(how, model, x)
    call(how, twin, x)
    assert everything(model)[1:] == held[1:]                               # gradients, state, caches
    assert everything(model)[0] != held[0]
    assert model.params is vector
    assert np.shares_memory(model.layers[0].W, model.params)
    np.testing.assert_array_equal(model.params, twin.params)
    fit(model, (x, y), loss=CE, optimizer=optimizers.SGD(0.01), epochs=1, batch_size=20, rng=0)


@all_three
def test_dropout_is_passed_by(how):
    x, _ = data()

    def built(*between):
        return Network([Dense(6, 20, activations.relu), *between, Dense(20, 4)], rng=0, dtype=np.float64)

    plain = built()
    call(how, plain, x)
    for noise in (layers.Dropout(0.5), layers.AlphaDropout(0.1)):
        other = built(noise)
        call(how, other, x)
        np.testing.assert_array_equal(other.params, plain.params)


@all_three
def test_other_layers_and_other_things_are_refused(how):
    x, y = data()
    for between in (layers.BatchNorm(20), layers.Activation(activations.relu), layers.PReLU(20)):
        with pytest.raises(TypeError, match=rf"Dense layers and dropout, got {type(between).__name__}.* as layer 1"):
            call(how, Network([Dense(6, 20), between, Dense(20, 4)], rng=0), x)
    with pytest.raises(TypeError, match=r"expected a Network, such as minnet\.mlp makes, got 3"):
        call(how, 3, x)
    with pytest.raises(ValueError, match="expected a network with at least one Dense layer, got Network"):
        call(how, Network([layers.Dropout(0.5)], rng=0), x)
    model = after_a_pass(net(), x, y)
    held = everything(model)
    with pytest.raises(ValueError, match=r"expected x of shape \(n, 6\), got \(200, 5\)"):
        call(how, model, x[:, :5])
    with pytest.raises(ValueError, match="expected x to be finite"):
        call(how, model, np.where(x > 3, np.inf, x))
    with pytest.raises(ValueError, match=r"to vary|to be finite and not 0"):
        call(how, model, np.zeros((200, 6)))                               # nothing to measure
    assert everything(model) == held


@pytest.mark.parametrize(("settings", "error", "message"), [
    ({"tolerance": 0}, ValueError, "expected tolerance to be a number > 0, got 0"),
    ({"tries": 0}, ValueError, "expected tries to be a whole number ≥ 1, got 0"),
    ({"rng": None}, TypeError, "expected rng to be an int"),
])
def test_settings_of_lsuv(settings, error, message):
    with pytest.raises(error, match=message):
        lsuv(net(), data()[0], **{"rng": 0} | settings)


@pytest.mark.parametrize(("settings", "error", "message"), [
    ({"bias": np.nan}, ValueError, "expected bias to be a number, got nan"),
    ({"rng": None}, TypeError, "expected rng to be an int"),
    ({"init": None}, TypeError, r"expected init to be a function of \(rng, shape\), such as .*, got None"),
    ({"init": lambda rng, shape: np.ones(shape[::-1])}, ValueError, r"expected W of shape \(6, 20\), got \(20, 6\)"),
])
def test_settings_of_unit_normalized(settings, error, message):
    with pytest.raises(error, match=message):
        unit_normalized(net(), data()[0], **{"rng": 0} | settings)


def test_a_bias_beyond_float32():
    model = net(dtype=np.float32)
    held = everything(model)
    with pytest.raises(ValueError, match="expected b to be finite in float32, got inf"):
        unit_normalized(model, data()[0], rng=0, bias=1e39)
    assert everything(model) == held


@pytest.mark.parametrize("scale", [lsuv, unit_normalized])
def test_labels_are_not_needed(scale):
    with pytest.raises(TypeError, match=r"expected x alone, an array \(n, 6\), got a tuple: .*; pass data\[0\]"):
        scale(net(), data(), rng=0)
