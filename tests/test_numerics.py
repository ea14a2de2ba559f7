"""Numbers at their limits, arrays in any form: the right result, by formulas in Python's floats, or a clear error."""

import math

import numpy as np
import pytest

from minnet import (
    Dense,
    Diverged,
    Network,
    activations,
    fit,
    initializers,
    layers,
    losses,
    mlp,
    optimizers,
)
from tests.conftest import ACTIVATIONS, LOSSES, batch, every_layer, stirred
from tests.test_activations import REFERENCE

CE, every_dtype = losses.softmax_cross_entropy, pytest.mark.parametrize("dtype", [np.float32, np.float64])


# Large logits ----------------------------------------------------------------------------------------------------

def softmax_loss(z, y):
    """The loss of one row and dz, term by term."""
    top = max(z)
    total = math.fsum(math.exp(v - top) for v in z)
    return top - z[y] + math.log(total), [math.exp(v - top) / total - (k == y) for k, v in enumerate(z)]


def sigmoid_loss(z, y):
    value = math.fsum(max(v, 0.0) - t * v + math.log1p(math.exp(-abs(v))) for v, t in zip(z, y, strict=True))
    return value, [(math.exp(min(v, 0.0)) / (1 + math.exp(-abs(v)))) - t for v, t in zip(z, y, strict=True)]


ROWS = {
    "±1e4": [1e4, -1e4, 0.0], "±1e30": [1e30, -1e30, 0.0], "all 1e4": [1e4] * 3, "all 1e30": [1e30] * 3,
    "all −1e30": [-1e30] * 3, "all 0": [0.0] * 3, "two at 1e30": [1e30, 1e30, -1e30], "tiny": [1e-30, -1e-30, 1e-38],
}


@every_dtype
@pytest.mark.parametrize("name", ROWS)
def test_cross_entropies_of_large_logits(name, dtype):
    """Rows alone and together, each class the true one; without a warning."""
    near = {"rtol": 8 * np.finfo(dtype).eps, "atol": 8 * np.finfo(dtype).eps}
    z = np.array([ROWS[name]] * 3, dtype)
    exact = z[0].astype(float).tolist()                                 # 1e30 in float32 is another number
    for loss, one, y in ((CE, softmax_loss, np.arange(3)), (losses.plain_softmax_cross_entropy, softmax_loss,
                                                            np.arange(3)),
                         (losses.sigmoid_cross_entropy, sigmoid_loss, np.array([[0, 1, 1], [1, 0, 0.5], [1, 1, 1]]))):
        expected = [one(exact, target) for target in y]
        for i, (value, dz) in enumerate(expected):
            got, got_dz = loss(z[i:i + 1], y[i:i + 1])
            np.testing.assert_allclose(got, value, **near)
            np.testing.assert_allclose(got_dz[0], dz, **near)
            assert got_dz.dtype == dtype
        got, got_dz = loss(z, y)
        np.testing.assert_allclose(got, math.fsum(value for value, _ in expected) / 3, **near)
        np.testing.assert_allclose(got_dz, np.array([dz for _, dz in expected]) / 3, **near)


@every_dtype
def test_squares_that_the_dtype_cannot_hold_end_training_with_a_clear_error(dtype):
    z = np.array([[1e30, -1e30]], dtype)
    for loss, value in ((losses.squared_error, 1e60), (losses.mean_squared_error, 1e60)):
        with np.errstate(over="ignore"):
            got, dz = loss(z, np.zeros((1, 2)))
        assert got == (pytest.approx(value) if dtype == np.float64 else math.inf)
        np.testing.assert_allclose(dz, z, rtol=1e-6)
        net = Network([Dense(1, 2, init=initializers.constant(value=1e30))], rng=0)
        if dtype == np.float32:
            with pytest.raises(Diverged, match="the loss became inf in epoch 1, step 1"):
                fit(net, (np.ones((1, 1)), np.zeros((1, 2))), loss=loss, optimizer=optimizers.SGD(0.1), epochs=1, rng=0)


@every_dtype
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_far_out(name, dtype):
    """At ±1e30 a limit that is a number is reached; where f grows, f/z is the slope."""
    f, z = ACTIVATIONS[name], np.array([-1e30, 1e30], dtype)
    a, (_, _, *slopes) = f(z), (0, 0, 0, 0) if name == "softsign" else REFERENCE[name][1]
    near = {"rtol": 4 * np.finfo(dtype).eps, "atol": 4 * np.finfo(dtype).eps}
    for i, limit in enumerate(f.range):
        if math.isinf(limit):
            np.testing.assert_allclose(a[i] / z[i], slopes[i], **near)
        elif f.name not in ("gelu", "swish(1)", "swish(1.5)"):          # these have their minimum near −1
            np.testing.assert_allclose(a[i], limit, **near)
        else:
            assert a[i] == 0
    np.testing.assert_allclose(f.df(z, a), slopes, **near)


@pytest.mark.parametrize("layer", [layers.BatchNorm(4), layers.LayerNorm(4)], ids=repr)
@pytest.mark.parametrize("value", [0.0, 1e4, -1e4, 1e15])
@every_dtype
def test_equal_inputs_are_normalized_to_zero(layer, value, dtype):
    """σ² = 0: x̂ = 0, and ε keeps the gradient finite."""
    net = Network([type(layer)(4)], rng=0, dtype=dtype)
    x, y = np.full((6, 4), value, dtype), np.zeros((6, 4))
    assert net.gradient(x, y, losses.squared_error) == 0
    assert (net.layers[0].a == 0).all()
    assert np.isfinite(net.backward(np.ones((6, 4)))).all()
    assert np.isfinite(net(x)).all()


# Batches of one, and of many -----------------------------------------------------------------------------------------

@pytest.mark.parametrize("name", LOSSES)
def test_a_batch_is_the_mean_of_batches_of_one(name):
    loss, target = LOSSES[name]
    net = stirred(mlp([3, 5, 4], activation=activations.tanh, rng=0, dtype=np.float64))
    x, y = batch()[0], target(np.random.default_rng(0), 8, 4)
    value, grads = net.gradient(x, y, loss), net.grads.copy()
    ones = [(net.gradient(x[i:i + 1], y[i:i + 1], loss), net.grads.copy()) for i in range(8)]
    assert value == pytest.approx(sum(v for v, _ in ones) / 8, rel=1e-13)
    np.testing.assert_allclose(grads, sum(g for _, g in ones) / 8, rtol=1e-11, atol=1e-15)
    np.testing.assert_allclose(net(x), np.concatenate([net(x[i:i + 1]) for i in range(8)]), rtol=1e-13)


def test_training_on_one_example():
    net = mlp([3, 5, 4], activation=activations.tanh, init=initializers.glorot_uniform, rng=0)
    x, y = batch(1)
    history = fit(net, (x, y), loss=CE, optimizer=optimizers.SGD(0.5), epochs=50, rng=0, validation=(x, y))
    assert history[-1].loss < 0.1
    assert history[-1].accuracy == history[-1].validation_accuracy == 1


@pytest.mark.parametrize("name", LOSSES)
def test_a_huge_batch_loses_no_digits(name):
    """300,000 rows in float32 against float64: sums are not added one by one."""
    loss, target = LOSSES[name]
    rng = np.random.default_rng(0)
    x, y = rng.random((300_000, 3)).astype(np.float32), target(rng, 300_000, 4)
    net = stirred(mlp([3, 5, 4], activation=activations.sigmoid, init=initializers.glorot_uniform, rng=0))
    exact = net.astype(np.float64)
    assert net.gradient(x, y, loss) == pytest.approx(exact.gradient(x, y, loss), rel=1e-5)
    assert np.linalg.norm(net.grads - exact.grads) <= 1e-4 * np.linalg.norm(exact.grads)


# Arrays in any form --------------------------------------------------------------------------------------------------

def every_second(x):
    wide = np.full((2 * len(x), *(2 * n for n in x.shape[1:])), 7, x.dtype)
    wide[tuple(slice(None, None, 2) for _ in x.shape)] = x
    return wide[tuple(slice(None, None, 2) for _ in x.shape)]


def read_only(x):
    x = x.copy()
    x.flags.writeable = False
    return x


FORMS = {
    "Fortran order": np.asfortranarray, "every second": every_second, "backwards": lambda x: x[::-1].copy()[::-1],
    "read-only": read_only, "big-endian": lambda x: x.astype(x.dtype.newbyteorder(">")),
    "one row repeated": lambda x: np.broadcast_to(x[:1], x.shape),
}


@pytest.mark.parametrize("form", FORMS)
def test_data_in_any_form_train_and_predict_alike(form):
    x, y = batch(20)
    x = x.astype(np.float32)
    x, y = FORMS[form](x), FORMS[form](y)
    results = []
    for data in ((x, y), (np.array(x, np.float32, order="C"), np.array(y, np.int64))):
        before = data[0].copy(), data[1].copy()
        net = every_layer(np.float32)
        history = fit(net, data, loss=CE, optimizer=optimizers.Adam(), epochs=2, batch_size=6, rng=0, validation=data)
        results.append((net.params, net(data[0]), history.loss, history.validation_accuracy, net.evaluate(data, CE)))
        np.testing.assert_array_equal(data[0], before[0])
        np.testing.assert_array_equal(data[1], before[1])
    for one, two in zip(*results, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", [np.float16, np.float64, np.uint8, np.int8, np.int64, bool])
def test_inputs_of_any_dtype_are_cast_to_the_networks(kind):
    x = (100 * np.random.default_rng(0).random((9, 3))).astype(kind)
    y = batch(9)[1]
    net, other = every_layer(np.float32), every_layer(np.float32)
    np.testing.assert_array_equal(net(x), net(x.astype(np.float32)))
    assert net(x).dtype == np.float32
    assert net.gradient(x, y, CE, rng=0) == other.gradient(x.astype(np.float32), y, CE, rng=0)
    assert net.grads.tobytes() == other.grads.tobytes()


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("kind", [np.float16, np.int64, np.uint8, bool])
def test_outputs_of_another_dtype_are_refused(name, kind):
    """In whole numbers a target of 0.5 would count as 0, and 3 − 5 of unsigned ones is 254."""
    loss, target = LOSSES[name]
    y = target(np.random.default_rng(0), 2, 3)
    with pytest.raises(TypeError, match=f"expected outputs z in float32 or float64, got {np.dtype(kind)}"):
        loss(np.zeros((2, 3), kind), y)


# Arrays that share memory --------------------------------------------------------------------------------------------

@pytest.mark.parametrize("make", [lambda: [activations.identity], lambda: [layers.Dropout(0.5)],
                                  lambda: [activations.identity, layers.Dropout(0.5)]])
def test_a_network_that_returns_its_input_returns_a_copy(make):
    net, (x, _) = Network(make(), rng=0, dtype=np.float64), batch()
    before, z = x.copy(), net(x)
    z += 1
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize("name", ["squared_error", "mean_squared_error"])
def test_outputs_that_are_their_own_targets(name):
    x = batch()[0]
    before = x.copy()
    value, dz = getattr(losses, name)(x, x)
    assert (value, np.abs(dz).max()) == (0, 0)
    assert not np.shares_memory(dz, x)
    net = Network([activations.identity, Dense(3, 3)], rng=0)
    fit(net, (x, x), loss=losses.squared_error, optimizer=optimizers.Adam(), epochs=3, rng=0, validation=(x, x))
    np.testing.assert_array_equal(x, before)


def test_parameters_assigned_from_their_own_memory():
    net = Network([Dense(4, 4, init=initializers.normal)], rng=0)
    W = net.layers[0].W.copy()
    net.layers[0].W = net.layers[0].W.T
    np.testing.assert_array_equal(net.layers[0].W, W.T)
    params = net.params.copy()
    net.params = net.params[::-1]
    np.testing.assert_array_equal(net.params, params[::-1])
