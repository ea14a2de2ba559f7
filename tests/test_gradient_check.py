import numpy as np
import pytest

from minnet import Dense, Network, activations, initializers, layers, losses
from minnet.gradient_check import TOLERANCE, check, directional
from tests.conftest import batch, every_layer, frozen, stirred

CE = losses.softmax_cross_entropy
ARRAYS = list(every_layer().arrays())


def spoil(monkeypatch, net, array, change):
    """Let the layer's backward pass end with `change` applied to one of its gradients: array = "layer 3 W"."""
    owner, name = array.rsplit(" ", 1)
    layer = net.owners()[f"{owner} "]
    right = layer.backward

    def wrong(da, input_gradient=True):
        dx = right(da, input_gradient)
        change(getattr(layer, f"d{name}"))
        return dx

    monkeypatch.setattr(layer, "backward", wrong)


def negate(gradient):
    gradient *= -1


def test_a_right_network_passes():
    report = check(every_layer(), *batch(), CE)
    assert report.passed, str(report)
    assert [row.array for row in report.rows] == ARRAYS
    assert all(row.compared > 0 and row.error < TOLERANCE for row in report.rows)
    assert sum(row.compared + row.excluded for row in report.rows) == every_layer().params.size
    assert str(report).endswith("passed: every array within 1e-07")
    assert directional(every_layer(), *batch(), CE, rng=0) < 1e-8


@pytest.mark.parametrize("array", ARRAYS)
def test_a_wrong_sign_in_any_one_array_fails_and_is_named(array, monkeypatch):
    net = every_layer()
    spoil(monkeypatch, net, array, negate)
    report = check(net, *batch(), CE)
    assert not report.passed
    assert report.worst.array == array
    assert report.worst.error == pytest.approx(1)
    assert report.worst.undeclared == ()
    assert f"failed: {array} is the worst" in str(report)
    assert all(row.error < TOLERANCE for row in report.rows if row.array != array)
    assert directional(net, *batch(), CE, rng=0) > 1e-5


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("array", ["layer 0 W", "layer 10 b"])
def test_a_gradient_that_is_not_finite_fails_and_is_named(array, value, monkeypatch):
    net = every_layer()
    spoil(monkeypatch, net, array, lambda gradient: gradient.fill(value))
    report = check(net, *batch(), CE)
    assert not report.passed
    assert report.worst.array == array
    assert not directional(net, *batch(), CE, rng=0) < 1e-5


@pytest.mark.parametrize("array", ["layer 0 W", "layer 10 b"])
def test_one_wrong_entry_among_many_fails(array, monkeypatch):
    net = every_layer()

    def change(gradient):
        gradient.flat[1] *= 1 + 1e-4

    spoil(monkeypatch, net, array, change)
    assert check(net, *batch(), CE).worst.array == array
    assert not check(net, *batch(), CE).passed


def without_mean_terms(self, da, input_gradient=True):
    self.dgamma[...] = (da * self.normalized).sum(axis=0)
    self.dbeta[...] = da.sum(axis=0)
    return self.gamma * self.inverse_std * da


def without_slope(self, da, input_gradient=True):
    self.dW[...], self.db[...] = self.x.T @ da, da.sum(axis=0)
    return da @ self.W.T


@pytest.mark.parametrize(("kind", "wrong", "named"), [
    (layers.BatchNorm, without_mean_terms, "layer 0"),                  # what lies before it is wrong
    (Dense, without_slope, "layer 0"),
])
def test_a_missing_term_fails(kind, wrong, named, monkeypatch):
    monkeypatch.setattr(kind, "backward", wrong)
    report = check(every_layer(), *batch(), CE)
    assert not report.passed
    assert report.worst.array.startswith(named)
    assert directional(every_layer(), *batch(), CE, rng=0) > 1e-4


def test_a_missing_mean_over_the_examples_fails_everywhere():
    def summed(z, y):
        value, dz = CE(z, y)
        return value, dz * len(z)

    report = check(every_layer(), *batch(), summed)
    assert all(row.error > 0.5 for row in report.rows)


def test_every_evaluation_has_the_same_noise():
    """Without dropout's noise repeated, differences would compare two different functions."""
    net = stirred(Network([Dense(3, 20), layers.Dropout(0.5), layers.AlphaDropout(0.5), Dense(20, 4)], rng=0,
                          dtype=np.float64))
    seen = []
    forward = net.layers[1].forward

    def recorded(*arguments):
        a = forward(*arguments)
        seen.append(net.layers[1].factor.tobytes())
        return a

    net.layers[1].forward = recorded
    assert check(net, *batch(), CE, samples=3, noise=5).passed
    assert len(set(seen)) == 1
    check(net, *batch(), CE, samples=1, noise=6)
    assert len(set(seen)) == 2


@pytest.mark.parametrize("run", [check, lambda *data: directional(*data, rng=0)], ids=["check", "directional"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_network_is_put_back_bit_for_bit(run, dtype):
    net = every_layer(dtype)
    net.gradient(*batch(seed=3), CE, rng=0)
    before = frozen(net)
    run(net, *batch(), CE)
    assert frozen(net) == before
    assert net.params.dtype == dtype


def test_the_network_is_put_back_after_an_error():
    net = every_layer()
    before, calls = frozen(net), []

    def failing(z, y):
        calls.append(1)
        if len(calls) == 4:
            raise ArithmeticError
        return CE(z, y)

    with pytest.raises(ArithmeticError):
        check(net, *batch(), failing)
    assert frozen(net) == before


def test_a_float32_network_is_checked_in_a_float64_copy():
    net = every_layer(np.float32)
    assert max(row.error for row in check(net, *batch(), CE).rows) < 1e-8        # float32 would not reach it
    assert check(net, *batch(), CE) == check(net.astype(np.float64), *batch(), CE)


def test_a_preactivation_on_its_kink_is_left_out():
    net = Network([Dense(2, 3, activations.relu), Dense(3, 2)], rng=0, dtype=np.float64)
    net.layers[0].W = [[1, -1, 0.5], [1, 1, 0.5]]
    x, y = np.array([[1.0, 1.0], [2.0, 1.0]]), np.array([0, 1])         # z of unit 1 is 0 in the first row
    report = check(net, x, y, CE)
    assert report.passed, str(report)
    excluded = {row.array: row.excluded for row in report.rows}
    assert excluded == {"layer 0 W": 2, "layer 0 b": 1, "layer 1 W": 0, "layer 1 b": 0}


@pytest.mark.parametrize("make", [lambda: layers.PReLU(3), lambda: layers.PReLU(1),
                                  lambda: layers.Activation(activations.hard_tanh)],
                         ids=["PReLU", "shared", "hard_tanh"])
def test_kinks_of_every_layer_that_has_some_are_seen(make):
    net = Network([Dense(2, 3), make(), Dense(3, 2)], rng=0, dtype=np.float64)
    net.layers[0].W = [[1, -1, 0.3], [1, 1, 0.3]]
    net.layers[0].b = [0, net.layers[1].kinks[-1], 0]                    # unit 1 stands on its kink in the first row
    report = check(net, np.array([[1.0, 1.0], [2.0, 0.5]]), np.array([0, 1]), CE)
    assert report.passed, str(report)
    assert {row.array: row.excluded for row in report.rows}["layer 0 b"] == 1


def test_a_step_is_made_smaller_where_a_kink_is_near():
    net = Network([Dense(1, 1, activations.relu), Dense(1, 2)], rng=0, dtype=np.float64)
    net.layers[0].W, net.layers[0].b = 1, 1e-4                           # 1e-4 above the kink: h = 1e-3 crosses it
    report = check(net, np.zeros((1, 1)) + 1e-5, np.array([0]), CE)
    assert report.passed, str(report)
    assert sum(row.excluded for row in report.rows) == 0


def test_an_array_wholly_at_kinks_is_no_pass():
    net = Network([Dense(2, 2, activations.relu, initializers.zeros), Dense(2, 2)], rng=0, dtype=np.float64)
    report = check(net, np.ones((1, 2)), np.array([0]), CE)
    assert not report.passed
    assert report.worst.compared == 0
    assert "all of it at kinks" in str(report)
    assert np.isnan(directional(net, np.ones((1, 2)), np.array([0]), CE, rng=0))


def test_samples_limits_the_entries_of_each_array():
    report = check(every_layer(), *batch(), CE, samples=4)
    assert report.passed
    assert all(row.compared == min(4, entries.stop - entries.start)
               for row, entries in zip(report.rows, every_layer().arrays().values(), strict=True))


def test_the_tolerance_decides():
    tight = check(every_layer(), *batch(), CE, tolerance=1e-20)
    assert not tight.passed
    assert tight.tolerance == 1e-20


class Tied:
    """An autoencoder x → x w wᵀ whose one vector is used twice: no Network, but the same protocol."""

    def __init__(self, w):
        self.params, self.grads = np.array(w), np.zeros(len(w))

    def gradient(self, x, y, loss, *, training=True, rng=None):
        code = x @ self.params
        value, dz = loss(np.outer(code, self.params), y)
        self.grads[...] = x.T @ (dz @ self.params) + dz.T @ code
        return value


def test_any_model_with_params_grads_and_gradient():
    x = batch()[0]
    model = Tied([0.3, -0.7, 0.4])
    report = check(model, x, x, losses.squared_error)
    assert report.passed, str(report)
    assert [(row.array, row.compared) for row in report.rows] == [("params", 3)]
    assert model.params.tolist() == [0.3, -0.7, 0.4]
    assert (model.grads == 0).all()
    assert directional(model, x, x, losses.squared_error, rng=0) < 1e-9

    class Forgetful(Tied):
        """Only one of the two terms."""

        def gradient(self, x, y, loss, *, training=True, rng=None):
            value, dz = loss(np.outer(x @ self.params, self.params), y)
            self.grads[...] = dz.T @ (x @ self.params)
            return value

    assert not check(Forgetful([0.3, -0.7, 0.4]), x, x, losses.squared_error).passed
    assert directional(Forgetful([0.3, -0.7, 0.4]), x, x, losses.squared_error, rng=0) > 1e-3


def test_a_loss_that_depends_on_nothing_has_no_gradient_and_no_error():
    flat = (every_layer(), *batch(), lambda z, y: (1.0, np.zeros_like(z)))
    assert [row.error for row in check(*flat).rows] == [0] * len(ARRAYS)
    assert directional(*flat, rng=0) == 0


def test_the_sign_of_a_bias_before_batch_norm_is_rounding_and_passes():
    net = stirred(Network([Dense(3, 5), layers.BatchNorm(5), Dense(5, 4)], rng=0, dtype=np.float64))
    report = check(net, *batch(), CE)
    assert report.passed, str(report)
    net.gradient(*batch(), CE)
    assert abs(net.layers[0].db).max() < 1e-15


# Settings, and what a report says -----------------------------------------------------------------------------

@pytest.mark.parametrize("noise", [np.random.default_rng(0), True, -1, 1.5, None],
                         ids=["Generator", "True", "-1", "1.5", "None"])
def test_noise_is_a_seed(noise):
    """A Generator would draw other noise at every evaluation, and a right network with dropout would fail."""
    with pytest.raises(TypeError, match=r"expected noise to be a seed, an int ≥ 0, got .*: every evaluation"):
        check(every_layer(), *batch(), CE, noise=noise)
    with pytest.raises(TypeError, match="expected noise to be a seed"):
        directional(every_layer(), *batch(), CE, rng=0, noise=noise)


@pytest.mark.parametrize(("settings", "error"), [
    ({"tolerance": np.inf}, ValueError), ({"tolerance": np.nan}, ValueError), ({"tolerance": -1}, ValueError),
    ({"tolerance": 0}, ValueError), ({"tolerance": 1}, ValueError), ({"tolerance": True}, TypeError),
    ({"samples": 99.5}, TypeError), ({"samples": True}, TypeError), ({"samples": 0}, ValueError),
], ids=str)
def test_settings_out_of_range(settings, error):
    ((name, _),) = settings.items()
    with pytest.raises(error, match=f"expected {name} to be a (whole )?number"):
        check(every_layer(), *batch(), CE, **settings)


def test_a_gradient_of_zeros_fails_at_every_tolerance(monkeypatch):
    net = every_layer()
    spoil(monkeypatch, net, "layer 10 W", lambda gradient: gradient.fill(0))
    report = check(net, *batch(), CE, tolerance=0.999)
    assert not report.passed
    assert report.worst.error == 1


def test_the_direction_has_unit_length():
    """Its steps are those of a single parameter, 1e-3 and 2e-3, however many parameters move."""
    class Recording(Tied):
        def gradient(self, x, y, loss, **options):
            places.append(self.params.copy())
            return super().gradient(x, y, loss, **options)

    x, places, start = batch(features=40)[0], [], np.full(40, 0.1)
    assert directional(Recording(start), x, x, losses.squared_error, rng=0) < 1e-8
    steps = [np.linalg.norm(place - start) for place in places]
    np.testing.assert_allclose(steps, [0, 2e-3, 1e-3, 1e-3, 2e-3], rtol=1e-10, atol=1e-18)


@pytest.mark.parametrize("y", [[[0.2], [1.0], [0.0], [0.7]], [[1], [0], [0], [1]]], ids=["probabilities", "labels"])
def test_a_column_of_probabilities_for_one_output(y):
    y = np.array(y)
    net, x = stirred(Network([Dense(3, 5, activations.tanh), Dense(5, 1)], rng=0, dtype=np.float64)), batch(4)[0]
    report = check(net, x, y, losses.sigmoid_cross_entropy)
    assert report.passed, str(report)
    p = 1 / (1 + np.exp(-net(x)))
    value = net.gradient(x, y, losses.sigmoid_cross_entropy)
    assert value == pytest.approx(-(y * np.log(p) + (1 - y) * np.log(1 - p)).mean(), rel=1e-13)
    np.testing.assert_allclose(net.layers[-1].db, [(p - y).mean()], rtol=1e-13)


def test_the_worst_entries_are_named(monkeypatch):
    net = every_layer()

    def change(gradient):
        gradient[1, 2] += 0.25
        gradient[0, 3] -= 0.5
        gradient[2, 0] += 0.125

    spoil(monkeypatch, net, "layer 4 W", change)
    report = check(net, *batch(), CE)
    assert [entry.index for entry in report.worst.worst] == [(0, 3), (1, 2), (2, 0)]
    assert [entry.gradient - entry.difference for entry in report.worst.worst] == pytest.approx([-0.5, 0.25, 0.125])
    first = report.worst.worst[0]
    assert (f"failed: layer 4 W is the worst\n  entry [0, 3]: gradient {first.gradient:.6g}, finite difference "
            f"{first.difference:.6g}\n  entry [1, 2]: ") in str(report)


def test_an_entry_that_is_not_finite_is_the_worst(monkeypatch):
    net = every_layer()

    def change(gradient):
        gradient[0, 0] += 1e6
        gradient[1, 1] = np.nan

    spoil(monkeypatch, net, "layer 0 W", change)
    assert check(net, *batch(), CE).worst.worst[0].index == (1, 1)


def test_a_kink_that_is_not_declared_is_mentioned():
    """A right network: what is wrong is the finite difference across the kink of a ReLU without kinks=(0.0,)."""
    def net(**settings):
        own = activations.Activation("own", activations.relu.f, activations.relu.df, **settings)
        made = Network([Dense(2, 2, own), Dense(2, 2)], rng=0, dtype=np.float64)
        made.layers[0].W, made.layers[0].b = np.eye(2), [1e-4, 0.5]           # z of unit 0 is 1e-4 in a row of zeros
        return made

    data = np.array([[0.0, 0.0], [2.0, 1.0]]), np.array([0, 1]), CE
    report = check(net(), *data)
    assert not report.passed
    assert report.worst.array == "layer 0 b"
    assert report.worst.worst[0].index == (0,)
    assert report.worst.undeclared == ((0,),)
    assert "The loss has a kink near [0], where a finite difference is no derivative." in str(report)
    assert "Activation(…, kinks=(0.0,))" in str(report)
    assert check(net(kinks=(0.0,)), *data).passed


def test_entries_at_kinks_are_listed_and_noise_moves_them_off():
    net = Network([Dense(2, 5, activations.relu), Dense(5, 2)], rng=0, dtype=np.float64)             # b = 0
    x, y = np.array([[0.0, 0.0], [2.0, 1.0]]), np.array([0, 1])
    report = check(net, x, y, CE)
    rows = {row.array: row for row in report.rows}
    assert rows["layer 0 b"].at_kinks == tuple((k,) for k in range(5))
    assert rows["layer 0 W"].at_kinks == ()
    assert "(0 compared, 5 at kinks: [0], [1], [2], …)" in str(report)
    assert report.examples == (0,)
    assert "a pre-activation lies on a kink in row 0 of x, as z = 0 does" in str(report)
    assert "To compare them, add a little noise to x and b." in str(report)
    noisy = check(net, x + 0.1 * np.random.default_rng(0).normal(size=x.shape), y, CE)
    assert noisy.passed
    assert noisy.examples == ()
    assert "noise" not in str(noisy)


class OwnReLU(layers.Layer):
    """As somebody writes it first, without `kinks`."""

    draws = False

    def __call__(self, x):
        return np.maximum(x, 0)

    def forward(self, x, training=False, rng=None):
        self.z = x
        return self(x)

    def backward(self, da, input_gradient=True):
        return da * (self.z > 0)


class DeclaredReLU(OwnReLU):
    kinks = (0.0,)


def test_rows_on_both_sides_of_a_kink():
    """With W = 0 each z is 0, and one step of W moves some rows up and some down: no side has slope g = 0."""
    def net(own):
        made = Network([Dense(2, 3, init=initializers.zeros), own, Dense(3, 2)], rng=0, dtype=np.float64)
        made.layers[2].b = [1, -1]
        return made

    x, y = np.array([[1.0, 2.0], [-1.5, 1.0], [-1.0, -1.0]]), np.array([0, 1, 1])
    report = check(net(OwnReLU()), x, y, CE)
    assert not report.passed
    assert len(report.worst.undeclared) == len(report.worst.worst)
    assert "the property `kinks` of a layer that keeps its z" in str(report)
    declared = check(net(DeclaredReLU()), x, y, CE)
    assert declared.examples == (0, 1, 2)
    assert "in rows 0, 1, 2 of x" in str(declared)
    moved = net(OwnReLU())
    moved.layers[0].b = [0.1, -0.1, 0.2]
    assert check(moved, x, y, CE).passed


@pytest.mark.parametrize("array", ARRAYS)
def test_a_slightly_wrong_gradient_is_no_kink(array, monkeypatch):
    net = every_layer()
    spoil(monkeypatch, net, array, lambda gradient: gradient.__imul__(1 + 1e-5))
    report = check(net, *batch(), CE, samples=4)
    assert report.worst.array == array
    assert report.worst.undeclared == ()


@pytest.mark.parametrize(("change", "says"), [
    (negate, "Every entry is -1 times the difference: a sign or a factor is wrong."),
    (lambda g: g.__imul__(8), "Every entry is 8 times the difference"),
    (lambda g: g.fill(0), "Every entry is 0 times the difference"),
    (lambda g: g.fill(np.nan), "NaN is also what stands where backward writes nothing"),
], ids=["sign", "factor", "zeros", "nothing"])
def test_what_the_numbers_say_of_the_mistake(change, says, monkeypatch):
    net = every_layer()
    spoil(monkeypatch, net, "layer 4 W", change)
    report = str(check(net, *batch(), CE))
    assert says in report
    assert "All arrays of later layers are right: look at the backward of layer 4" in report


def test_where_to_look(monkeypatch):
    """A wrong ∂C/∂x makes the arrays before it wrong, and no other; a wrong dz makes all of them wrong."""
    net = every_layer()
    right = net.layers[5].backward
    monkeypatch.setattr(net.layers[5], "backward", lambda da: 1.5 * right(da))       # LayerNorm; its γ and β are right
    assert "All arrays of later layers are right: look at the backward of layer 4, and at the ∂C/∂x or dz" in str(
        check(net, *batch(), CE))

    def summed(z, y):
        value, dz = CE(z, y)
        return value, dz * len(z)

    report = str(check(every_layer(), *batch(), summed))
    assert "Every entry is 8 times the difference" in report
    assert "No later layer has parameters: look at the backward of layer 10, and at the ∂C/∂x or dz" in report
