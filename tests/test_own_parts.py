"""Layers, models and settings of one's own: what the docstrings promise them, and what may not fail in silence."""

import copy
import pickle
from dataclasses import dataclass

import numpy as np
import pytest

from minnet import (
    Dense,
    Diverged,
    Network,
    activations,
    claims,
    datasets,
    fit,
    initializers,
    layers,
    losses,
    mlp,
    train,
)
from minnet.activations import gelu, softsign, tanh
from minnet.gradient_check import check
from minnet.layer import Layer
from minnet.optimizers import SGD, Adam
from minnet.parameters import parameter

CE = losses.softmax_cross_entropy
RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(12, 3)), np.arange(12) % 4
COMMON = {"loss": CE, "optimizer": SGD(learning_rate=0.1), "epochs": 2, "batch_size": 4, "rng": 0}


@dataclass(eq=False, repr=False)
class Scale(Layer):
    """Written from the docstrings of Layer and `parameter` alone."""

    features: int

    s, ds = parameter("features")

    def widths(self):
        return self.features, self.features

    def reset(self, rng):
        self.s = np.ones(self.features)

    def __call__(self, x):
        return x * self.s

    def forward(self, x, training=False, rng=None):
        self.x = x
        return x * self.s

    def backward(self, da, input_gradient=True):
        self.ds = (da * self.x).sum(axis=0)
        return da * self.s


class Drawn(Scale):
    def reset(self, rng):
        self.s = rng.normal(size=self.features)


def test_a_layer_of_ones_own_is_checked_trained_and_copied():
    net = Network([Dense(3, 5, tanh), Scale(5), Dense(5, 4)], rng=0)
    assert check(net, X, Y, CE).passed
    fit(net, (X, Y), **COMMON)
    scale = net.layers[1].s
    assert (scale != 1).any()
    np.testing.assert_array_equal(scale, net.params[net.span(1)])
    twin = pickle.loads(pickle.dumps(net))
    twin.params[...] = 7
    assert (twin.layers[1].s == 7).all()
    assert (net.layers[1].s != 7).all()


def test_a_layer_of_ones_own_draws_from_a_child_of_the_generator():
    first, second = (Network([Drawn(n), Dense(n, 2), Drawn(2)], rng=0) for n in (3, 5))
    np.testing.assert_array_equal(first.layers[2].s, second.layers[2].s)
    assert (first.layers[0].s != np.random.default_rng(0).normal(size=3).astype(np.float32)).all()


def test_an_error_inside_a_property_is_not_hidden():
    class Broken(Scale):
        @property
        def sharpness(self):
            return self.s.tpyo

    net = Network([Broken(3)], rng=0)
    with pytest.raises(AttributeError, match="tpyo"):
        _ = net.layers[0].sharpness


@pytest.mark.parametrize("make", [lambda: layers.Activation(tanh), lambda: layers.Dropout(0.5), lambda: Scale(3)])
def test_a_layer_belongs_to_one_network(make):
    layer = make()
    Network([Dense(3, 3), layer], rng=0)
    with pytest.raises(ValueError, match="already has its place in a network"):
        Network([Dense(3, 3), layer], rng=0)
    Network([Dense(3, 3), copy.deepcopy(layer)], rng=0)


class Adding(Dense):
    def backward(self, da, input_gradient=True):
        delta = da * self.activation.df(self.z, self.a)
        self.dW += self.x.T @ delta
        self.db += delta.sum(axis=0)
        return delta @ self.W.T


class Lazy(Dense):
    def backward(self, da, input_gradient=True):
        return da @ self.W.T


@pytest.mark.parametrize("kind", [Adding, Lazy])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_check_catches_gradients_that_are_not_written(kind, dtype):
    net = Network([kind(3, 4)], rng=0, dtype=dtype)
    net.grads[...] = Network([Dense(3, 4)], rng=0).grads
    assert not check(net, X, Y, CE).passed


def test_a_network_without_parameters_cannot_be_checked():
    with pytest.raises(ValueError, match="expected a model that learns something"):
        check(Network([layers.Activation(tanh)], rng=0), X, X, losses.squared_error)


class Rebinding:
    """A linear model that makes a new array of gradients at every call, and a noisy one."""

    def __init__(self):
        self.params, self.grads, self.calls = np.zeros(3), np.zeros(3), []

    def __call__(self, x):
        return x @ self.params[:, None]

    def gradient(self, x, y, loss, training=True, rng=None):
        self.calls.append((training, rng))
        value, dz = loss(self(x), y)
        self.grads = x.T @ dz[:, 0]
        return value


def test_a_model_that_rebinds_its_gradients_is_trained():
    model, y = Rebinding(), X @ np.array([[1.0], [2.0], [3.0]])
    history = fit(model, (X, y), **COMMON | {"loss": losses.squared_error, "epochs": 50})
    assert history[-1].loss < 1e-2 * history[0].loss


def test_the_check_passes_training_and_noise_on_to_any_model():
    model = Rebinding()
    check(model, X, X @ np.ones((3, 1)), losses.squared_error, training=False, noise=3)
    assert set(model.calls) == {(False, 3)}


def test_a_subclass_and_its_attributes_survive_copies():
    class Tempered(Network):
        def __call__(self, x):
            return super().__call__(x) / self.temperature

    net = Tempered([Dense(3, 4)], rng=0)
    net.temperature, net.decay_mask[0] = 2.0, False
    for other in (copy.deepcopy(net), net.astype(np.float64)):
        np.testing.assert_allclose(other(X), net(X), atol=1e-6)      # float32 and float64
        np.testing.assert_array_equal(other.decay_mask, net.decay_mask)


@pytest.mark.parametrize("make", [lambda n: SGD(n(0.1)), lambda n: SGD(0.1, momentum=n(0.9)), lambda n: Adam(n(0.01)),
                                  lambda n: SGD(0.1, weight_decay=n(0.1))])
def test_numpy_scalars_as_settings_change_no_bit(make):
    nets = [mlp([3, 8, 4], activation=tanh, init=initializers.glorot_uniform, rng=0) for _ in range(3)]
    for net, number in zip(nets, (float, np.float64, np.float32), strict=True):
        fit(net, (X, Y), **COMMON | {"optimizer": make(number), "schedule": lambda t, number=number: number(0.5)})
    assert nets[0].params.tobytes() == nets[1].params.tobytes()
    np.testing.assert_allclose(nets[0].params, nets[2].params, rtol=1e-5)       # 0.1 itself is rounded there


def test_a_last_step_that_overflows_is_reported():
    net = Network([Dense(3, 4)], rng=0)
    with pytest.raises(Diverged, match=r"a parameter became"):
        fit(net, (1e4 * X, Y), **COMMON | {"optimizer": SGD(1e38), "epochs": 1, "batch_size": 12})


@pytest.mark.parametrize("logit", [5.0, 10.0, 15.0, 20.0, 40.0])
def test_sigmoid_cross_entropy_keeps_small_losses_in_float32(logit):
    value, _ = losses.sigmoid_cross_entropy(np.float32([[logit]]), np.float32([[1]]))
    assert value == pytest.approx(np.log1p(np.exp(-logit)), rel=1e-6)


@pytest.mark.parametrize("z", [1e10, 1e20, 1e30])
def test_derivatives_far_out(z):
    both = np.float32([-z, z])
    np.testing.assert_array_equal(gelu.df(both, gelu.f(both)), [0, 1])
    assert (softsign.df(both, softsign.f(both)) >= 0).all()


def test_a_linear_teacher_has_no_preferred_sign():
    drawn = [datasets.linear_teacher(8, singular_values=(1.0,), fan_in=4, fan_out=3, rng=seed) for seed in range(200)]
    for entries in ([x[0, 0] for x, _ in drawn], [(x.T @ y)[0, 0] for x, y in drawn]):
        assert 70 < sum(entry > 0 for entry in entries) < 130           # 4 standard deviations about 100
    for wrong in (-1.0, np.nan):
        with pytest.raises(ValueError, match="a singular value"):
            datasets.linear_teacher(8, singular_values=(wrong,), fan_in=4, fan_out=3, rng=0)


def test_integer_pixels_are_standardized_as_numbers():
    pixels = np.array([[0, 10], [4, 20], [8, 60]], np.uint8)
    data = datasets.standardized(datasets.Dataset((pixels, Y[:3]), (pixels, Y[:3])))
    np.testing.assert_allclose(data.train[0].std(axis=0), 1, rtol=1e-6)


@pytest.mark.parametrize(("measured", "criterion"), [("12", (0, 20)), (1.0, (np.nan, 1)), (1.0, (2, 1))])
def test_what_is_no_measurement_or_no_interval(measured, criterion):
    with pytest.raises((TypeError, ValueError), match="expected"):
        claims.judge("99-x", source="s", statement="t", measured=measured, criterion=claims.Criterion(*criterion))


def test_a_zero_dimensional_array_is_one_measurement():
    claim = claims.judge("99-x", source="s", statement="t", measured=np.array(0.5), criterion=claims.at_most(1))
    assert (claim.verdict, claim.seeds) == ("reproduced", 1)


def test_an_activation_of_ones_own():
    bent = activations.Activation("bent", lambda z: z / np.sqrt(1 + z * z), lambda z, a: (1 - a * a) ** 1.5)
    assert check(mlp([3, 5, 4], activation=bent, init=initializers.glorot_uniform, rng=0), X, Y, CE).passed


@pytest.mark.parametrize(("f", "df"), [
    (lambda z: 1.0, lambda z, a: np.ones_like(z)),
    (lambda z: z.sum(axis=1), lambda z, a: np.ones_like(z)),
    (lambda z: z * np.sqrt(2), lambda z, a: np.ones_like(z)),
    (lambda z: z, lambda z, a: 1.0),
])
def test_an_activation_keeps_shape_and_dtype(f, df):
    with pytest.raises(ValueError, match=r"of bad to keep the shape \(2, 3\) and dtype float32 of z, got"):
        activations.Activation("bad", f, df)


def test_a_numpy_factor_changes_no_bit():
    vectors = []
    for factor in (0.3, np.float64(0.3)):
        p, g = np.random.default_rng(0).normal(size=(2, 1000)).astype(np.float32)
        optimizer = SGD(0.1, momentum=0.9)
        optimizer.step(p, g, optimizer.init(p), factor=factor)
        vectors.append(p.tobytes())
    assert vectors[0] == vectors[1]


def test_a_step_refused_for_its_gradient_moves_no_running_statistics():
    net = Network([Dense(3, 4), layers.BatchNorm(4)], rng=0)
    params, state = net.params.tobytes(), net.state.tobytes()
    with pytest.raises(Diverged, match="a gradient became"):
        fit(net, (X, Y), **COMMON | {"loss": lambda z, y: (1.0, np.full_like(z, np.inf))})
    assert (net.params.tobytes(), net.state.tobytes()) == (params, state)


class Half(Layer):
    """Forgets the network's dtype in one of its two passes."""

    def __init__(self, where):
        self.where = where

    def _half(self, x, where):
        return x * (np.float64(0.5) if where == self.where else 0.5)

    def __call__(self, x):
        return self._half(x, "forward")

    def forward(self, x, training=False, rng=None):
        return self(x)

    def backward(self, da, input_gradient=True):
        return self._half(da, "backward")


@pytest.mark.parametrize("where", ["forward", "backward"])
def test_a_layer_that_changes_the_dtype_is_named(where):
    net = Network([Dense(3, 5), Half(where), Dense(5, 4)], rng=0)
    with pytest.raises(TypeError, match=f"{where} of layer 1, Half.*an array of dtype float32, got dtype float64"):
        net.gradient(X, Y, CE)
    check(net.astype(np.float64), X, Y, CE)


def test_a_layer_that_returns_nothing_is_named():
    net = Network([Dense(3, 5), Half(None), Half(None), Dense(5, 4)], rng=0)
    net.layers[2].backward = lambda da: None
    with pytest.raises(TypeError, match=r"expected backward of layer 2, Half.* array of dtype float32, got None"):
        net.gradient(X, Y, CE)


class Linear:
    """A linear classifier that follows the protocol of `train`, `outputs` included."""

    def __init__(self):
        self.params, self.grads = np.zeros(6), np.zeros(6)

    def gradient(self, x, y, loss, *, training=True, rng=None):
        self.outputs = x @ self.params.reshape(3, 2)
        value, dz = loss(self.outputs, y)
        self.grads[:] = (x.T @ dz).ravel()
        return value


class Silent(Linear):
    """The same without `outputs`."""

    def gradient(self, *arguments, **options):
        value = super().gradient(*arguments, **options)
        del self.outputs
        return value


def test_accuracy_is_that_of_the_models_outputs():
    x = np.random.default_rng(0).normal(size=(40, 3))
    data = x, (x[:, 0] > 0).astype(int)
    assert fit(Silent(), data, **COMMON)[-1].accuracy is None
    assert fit(Linear(), data, **COMMON)[-1].accuracy > 0.8


def test_a_models_vector_may_be_replaced_between_epochs():
    x = np.random.default_rng(0).normal(size=(40, 3))
    model, found = Linear(), []
    for record in train(model, (x, (x[:, 0] > 0).astype(int)), **COMMON | {"epochs": 4}):
        found.append(record.loss)
        model.params = model.params.copy()
    assert found == sorted(found, reverse=True)
    assert found[-1] < found[1]


@pytest.mark.parametrize("turn", [np.asfortranarray, lambda x: np.hstack([x, x])[:, :3]])
def test_data_of_any_memory_order_trains_alike(turn):
    results = []
    for x in (X, turn(X)):
        net = Network([Dense(3, 5, tanh), Dense(5, 4)], rng=0)
        results.append((fit(net, (x, Y), **COMMON).loss.tolist(), net.params.tolist()))
    assert results[0] == results[1]


def test_a_copied_linear_layer_still_passes_its_gradient_on_as_it_is():
    net = copy.deepcopy(Network([Dense(3, 4)], rng=0))
    net.forward(X)
    dz = np.ones((12, 4), np.float32)
    net.backward(dz)
    assert np.shares_memory(net.layers[0].delta, dz)


def test_a_width_is_kept_once_the_arrays_exist():
    layer = Scale(3)
    layer.features = 4                                    # no network yet
    net = Network([layer], rng=0)
    with pytest.raises(AttributeError, match=r"features of Scale.* to stay 4, got 7: its arrays have that"):
        layer.features = 7
    assert layer.s.shape == (4,)
    assert layer.features == 4
    free = copy.deepcopy(layer)
    free.features = 7
    assert Network([free], rng=0).layers[0].s.shape == (7,)
    assert net.params.shape == (4,)


def test_a_width_may_be_a_property_of_a_base_class():
    class Sized(Layer):
        n = 3

        @property
        def twice(self):
            return 2 * self.n

    class Doubled(Sized):
        s, ds = parameter("twice")

    assert Network([Doubled()], rng=0).layers[0].s.shape == (6,)
