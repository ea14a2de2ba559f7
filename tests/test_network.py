import copy
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minnet import Dense, Network, activations, fit, layers, losses, mlp
from minnet.activations import relu, tanh
from minnet.initializers import glorot_uniform, he_normal, normal, ones, zeros
from minnet.optimizers import Adam
from minnet.parameters import VECTORS, Array, declared
from tests.conftest import ACTIVATIONS, LOSSES, batch, bound_arrays, every_layer, frozen, stirred

CE = losses.softmax_cross_entropy
copies = pytest.mark.parametrize("again", [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))],
                                 ids=["deepcopy", "pickle"])


def plain(rng=0, dtype=np.float64):
    return mlp([3, 6, 5, 4], activation=tanh, init=he_normal, bias_init=normal, rng=rng, dtype=dtype)


# One seed, one network ---------------------------------------------------------------------------------------

def test_the_same_seed_gives_the_same_bits():
    assert frozen(every_layer(rng=3)) == frozen(every_layer(rng=3))
    assert frozen(every_layer(rng=3)) == frozen(every_layer(rng=np.random.default_rng(3)))
    assert frozen(every_layer(rng=3)) != frozen(every_layer(rng=4))


def test_layers_differ_and_so_do_networks_from_one_generator():
    rng = np.random.default_rng(0)
    first = mlp([4, 4, 4], activation=tanh, init=he_normal, rng=rng)
    second = mlp([4, 4, 4], activation=tanh, init=he_normal, rng=rng)
    drawn = [layer.W.ravel().tolist() for net in (first, second) for layer in net.layers]
    assert len(np.unique(drawn)) == 4 * 16


def test_the_first_weights_depend_neither_on_the_depth_nor_on_what_stands_between():
    shallow = Network([Dense(3, 5), Dense(5, 2)], rng=0)
    deep = Network([Dense(3, 5), Dense(5, 2), Dense(2, 2), Dense(2, 7)], rng=0)
    mixed = Network([layers.Dropout(), Dense(3, 5), layers.BatchNorm(5), layers.PReLU(5), layers.Activation(relu),
                     Dense(5, 2)], rng=0)
    for net, first, second in ((deep, 0, 1), (mixed, 1, 5)):
        np.testing.assert_array_equal(net.layers[first].W, shallow.layers[0].W)
        np.testing.assert_array_equal(net.layers[second].W, shallow.layers[1].W)


def test_biases_draw_after_the_weights_of_their_layer():
    without, with_biases = Network([Dense(3, 5), Dense(5, 2)], rng=0), plain_biases()
    for one, other in zip(without.layers, with_biases.layers, strict=True):
        np.testing.assert_array_equal(one.W, other.W)
        assert (other.b != 0).all()


def plain_biases():
    return Network([Dense(3, 5, bias_init=normal), Dense(5, 2, bias_init=normal)], rng=0)


def test_one_seed_gives_the_same_network_in_both_dtypes():
    np.testing.assert_array_equal(plain(dtype=np.float32).params, plain(dtype=np.float64).params.astype(np.float32))


def test_reset_draws_anew_and_forgets():
    net = every_layer(np.float32)
    net.gradient(*batch(), CE, rng=0)
    net.reset(5)
    fresh = Network(copy.deepcopy(net.layers), rng=5)
    assert frozen(net) == frozen(fresh)
    assert (net.grads == 0).all()
    assert net.layers[1].running_var.tolist() == [1] * 6


def test_a_failing_initializer_leaves_the_network_as_it_was():
    net = every_layer(np.float32)
    net.gradient(*batch(), CE, rng=0)
    before = frozen(net)
    net.layers[-1].init = lambda rng, shape: np.full(shape, np.nan)
    with pytest.raises(ValueError, match="finite in float32, got nan") as caught:
        net.reset(1)
    assert frozen(net) == before
    assert any("while initializing Dense(5, 4" in note for note in caught.value.__notes__)


def test_layers_are_free_again_after_an_initializer_failed():
    parts = [Dense(2, 2), Dense(2, 2, init=lambda rng, shape: np.full(shape, np.nan))]
    with pytest.raises(ValueError, match="finite in float32, got nan"):
        Network(parts, rng=0)
    parts[1].init = he_normal
    assert Network(parts, rng=0).params.size == 12


# Views -------------------------------------------------------------------------------------------------------

def test_every_array_is_a_view_of_the_one_vector():
    net = every_layer()
    for name, where in net.arrays().items():
        owner, letter = name.rsplit(" ", 1)
        layer = net.owners()[f"{owner} "]
        array, gradient = getattr(layer, letter), getattr(layer, f"d{letter}")
        np.testing.assert_array_equal(array.ravel(), net.params[where])
        assert np.shares_memory(array, net.params[where])
        assert np.shares_memory(gradient, net.grads[where])
    covered = np.concatenate([np.arange(net.params.size)[where] for where in net.arrays().values()])
    np.testing.assert_array_equal(covered, np.arange(net.params.size))
    assert list(Network([Dense(2, 3)], rng=0).arrays().items()) == [("layer 0 W", slice(0, 6)),
                                                                    ("layer 0 b", slice(6, 9))]


def test_every_assignment_keeps_the_views():
    net = every_layer()
    layer, vector = net.layers[0], net.params
    net.params = np.arange(net.params.size)
    assert layer.W.ravel().tolist() == list(range(18))
    net.params -= 1
    assert layer.W[0, 0] == -1
    net.params[:] = 5
    assert (layer.W == 5).all()
    layer.W = 7 * np.ones((3, 6))
    layer.W *= 2
    assert (net.params[:18] == 14).all()
    net.grads = np.ones(net.params.size)
    net.state = 2                                             # a single number fills
    assert (layer.dW == 1).all()
    assert (net.layers[1].running_mean == 2).all()
    assert net.params is vector


@copies
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_copies_have_views_of_their_own(again, dtype):
    net = every_layer(dtype)
    net.gradient(*batch(), CE, rng=0)
    other, before = again(net), frozen(net)
    assert frozen(other) == before
    assert (other.dtype, other.fan_in, other.fan_out) == (dtype, 3, 4)
    np.testing.assert_array_equal(other.decay_mask, net.decay_mask)
    np.testing.assert_array_equal(other(batch()[0]), net(batch()[0]))
    for vector, name in ((other.params, "W"), (other.grads, "dW")):
        vector[0] = 99
        assert getattr(other.layers[0], name)[0, 0] == 99
    other.state[0] = 99
    assert other.layers[1].running_mean[0] == 99
    other.gradient(*batch(), CE, rng=0)
    other.params -= other.grads
    assert frozen(net) == before


def test_caches_are_not_copied():
    net = every_layer()
    net.gradient(*batch(), CE, rng=0)
    other = copy.deepcopy(net)
    for layer in other.layers:
        assert set(bound_arrays(layer)) == {array.slot for vector in VECTORS for array in declared(layer, vector)}
    with pytest.raises(RuntimeError, match=r"call net\.forward"):
        other.backward(np.ones((8, 4)))


def test_astype_is_a_copy_in_the_other_dtype():
    net = every_layer(np.float32)
    net.gradient(*batch(), CE, rng=0)
    wide = net.astype(np.float64)
    assert wide.dtype == wide.params.dtype == wide.grads.dtype == wide.state.dtype == wide(batch()[0]).dtype == float
    for name in ("params", "grads", "state"):
        np.testing.assert_array_equal(getattr(wide, name), getattr(net, name))
    for name in ("W", "dW"):
        vector = wide.params if name == "W" else wide.grads
        vector[0] = 99
        assert getattr(wide.layers[0], name)[0, 0] == 99
        assert getattr(net.layers[0], name)[0, 0] != 99
    assert frozen(net.astype(np.float32)) == frozen(net)
    assert net.astype(np.float32).params is not net.params


def test_decay_mask_is_true_on_dense_weights_only():
    net = every_layer()
    for name, where in net.arrays().items():
        assert (net.decay_mask[where] == name.endswith(" W")).all(), name
    assert net.decay_mask.dtype == bool


# The passes --------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("parts", [
    lambda: [layers.Dropout()], lambda: [layers.Activation(activations.identity)],
    lambda: [layers.Dropout(), layers.Activation(activations.identity), layers.AlphaDropout()],
    lambda: [Dense(3, 3)], lambda: [Dense(3, 3), layers.Dropout()],
    lambda: [Dense(3, 3), layers.Activation(activations.identity)], lambda: [layers.BatchNorm(3)],
], ids=["dropout", "identity", "both", "dense", "dense dropout", "dense identity", "batch norm"])
def test_net_of_x_is_a_fresh_array(parts):
    net = Network(parts(), rng=0, dtype=np.float64)
    x = batch()[0]
    first = net(x)
    kept = first.copy()
    held = [x, net.params, net.grads, net.state, *(a for layer in net.layers for a in bound_arrays(layer).values())]
    assert not any(np.shares_memory(first, other) for other in held)
    second = net(x)
    second[...] = -1
    np.testing.assert_array_equal(first, kept)
    np.testing.assert_array_equal(net(x), kept)


def test_net_of_x_touches_neither_caches_nor_vectors():
    net = every_layer()
    net.gradient(*batch(), CE, rng=0)
    vectors = frozen(net)
    before = [{name: (id(a), a.tobytes()) for name, a in bound_arrays(layer).items()} for layer in net.layers]
    net(batch(5, seed=9)[0])
    after = [{name: (id(a), a.tobytes()) for name, a in bound_arrays(layer).items()} for layer in net.layers]
    assert after == before
    assert frozen(net) == vectors


def test_forward_in_prediction_agrees_with_net_of_x():
    net = every_layer()
    net.gradient(*batch(), CE, rng=0)
    x = batch(5, seed=9)[0]
    np.testing.assert_allclose(net.forward(x), net(x), rtol=1e-12)
    assert net.forward(x) is net.layers[-1].a


def test_inputs_are_cast_to_the_networks_dtype():
    net = plain(dtype=np.float32)
    x = np.array([[1, 0, 1], [0, 1, 1]])
    for given_x in (x, x.tolist(), x.astype(bool), x.astype(np.float64), x.astype(np.uint8)):
        assert net(given_x).dtype == np.float32
        np.testing.assert_array_equal(net(given_x), net(x))


def test_large_inputs_are_taken_though_their_squares_overflow():
    net = Network([Dense(3, 2)], rng=0)
    np.testing.assert_allclose(net(np.full((2, 3), 1e30)), 1e30 * net(np.ones((2, 3))), rtol=1e-5)


def test_gradient_returns_the_loss_and_fills_grads():
    net = plain()
    x, y = batch()
    value = net.gradient(x, y, CE)
    assert value == CE(net(x), y)[0]
    other = plain()
    dx = other.backward(CE(other.forward(x), y)[1])
    np.testing.assert_array_equal(other.grads, net.grads)
    assert dx.shape == x.shape
    assert other.backward(CE(other.forward(x), y)[1], input_gradient=False) is None


def test_gradients_are_overwritten_not_accumulated():
    net = every_layer()
    net.gradient(*batch(), CE, rng=0)
    first = net.grads.copy()
    net.grads = np.full(net.grads.shape, 1e6)
    net.gradient(*batch(), CE, rng=0)
    np.testing.assert_array_equal(net.grads, first)


def test_gradient_takes_noise_from_the_pass():
    net = every_layer()
    x, y = batch()
    assert net.gradient(x, y, CE, rng=0) == net.gradient(x, y, CE, rng=0) != net.gradient(x, y, CE, rng=1)
    rng = np.random.default_rng(0)
    assert net.gradient(x, y, CE, rng=rng) != net.gradient(x, y, CE, rng=rng)        # a generator moves on
    assert net.gradient(x, y, CE, training=False) == pytest.approx(CE(net(x), y)[0], rel=1e-14)


@pytest.mark.parametrize("loss", [
    lambda z, y: (np.nan, np.zeros_like(z)), lambda z, y: (np.inf, np.zeros_like(z)), lambda z, y: 1 / 0,
    lambda z, y: (1.0, np.zeros(3)),
], ids=["NaN", "inf", "raises", "dz of a wrong shape"])
def test_a_loss_that_fails_leaves_the_running_statistics(loss):
    net = every_layer()
    net.gradient(*batch(), CE, rng=0)
    before = net.state.tobytes()
    try:
        value = net.gradient(*batch(seed=5), loss, rng=0)
    except (ValueError, ZeroDivisionError):
        value = np.nan
    assert not np.isfinite(value)
    assert net.state.tobytes() == before


def modes(net, training):
    """Which layers a pass puts into training."""
    seen = []
    for layer in net.layers:
        def forward(x, mode=False, rng=None, layer=layer):
            seen.append(mode)
            return type(layer).forward(layer, x, mode, rng)
        layer.forward = forward
    net.forward(np.zeros((4, 2)), training=training, rng=0)
    return seen


def test_training_by_span():
    """A layer without parameters belongs to the one before it, leading ones to the first that learns."""
    def net():
        return Network([layers.Dropout(), Dense(2, 2), layers.Dropout(), layers.BatchNorm(2), layers.Dropout(),
                        Dense(2, 2), layers.AlphaDropout()], rng=0)
    some = net()
    T, F = True, False
    for first, last, expected in ((1, 1, [T, T, T, F, F, F, F]), (3, 3, [F, F, F, T, T, F, F]),
                                  (5, 5, [F, F, F, F, F, T, T]), (1, 3, [T, T, T, T, T, F, F]),
                                  (0, 6, [T] * 7)):
        assert modes(net(), some.span(first, last)) == expected, (first, last)
    assert modes(net(), True) == [T] * 7
    assert modes(net(), False) == [F] * 7
    assert modes(Network([layers.Dropout(), layers.Dropout()], rng=0), slice(0, 0)) == [F, F]


def test_statistics_follow_only_inside_the_span():
    net = Network([layers.BatchNorm(3), Dense(3, 3), layers.BatchNorm(3), Dense(3, 4)], rng=0)
    net.gradient(*batch(), CE, training=net.span(2, 3))
    assert net.layers[0].running_mean.tolist() == [0, 0, 0]
    assert (net.layers[2].running_mean != 0).all()


def test_span():
    net = Network([Dense(2, 3), layers.Dropout(), Dense(3, 1)], rng=0)               # 9, 0 and 4 parameters
    assert (net.span(0), net.span(1), net.span(2)) == (slice(0, 9), slice(9, 9), slice(9, 13))
    assert (net.span(-1), net.span(0, 1), net.span(1, 2)) == (slice(9, 13), slice(0, 9), slice(9, 13))
    assert net.span(0, -1) == net.span(-3, -1) == slice(0, 13)


@given(cut=st.integers(1, 7), seed=st.integers(0, 50))
def test_prediction_does_not_depend_on_how_a_batch_is_split(cut, seed):
    net, (x, _) = every_layer(), batch(seed=seed)
    np.testing.assert_allclose(net(x), np.concatenate([net(x[:cut]), net(x[cut:])]), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", LOSSES)
@given(seed=st.integers(0, 50))
def test_the_gradient_of_a_mean_is_the_mean_of_the_examples_gradients(name, seed):
    loss, targets = LOSSES[name]
    net, (x, _) = plain(), batch(seed=seed)
    y = targets(np.random.default_rng(seed), len(x), 4)
    value = net.gradient(x, y, loss)
    whole = net.grads.copy()
    single = [(net.gradient(x[i:i + 1], y[i:i + 1], loss), net.grads.copy()) for i in range(len(x))]
    assert value == pytest.approx(np.mean([value for value, _ in single]), rel=1e-12)
    np.testing.assert_allclose(whole, np.mean([g for _, g in single], axis=0), rtol=1e-9, atol=1e-14)


@given(order=st.permutations(range(6)), activation=st.sampled_from(list(ACTIVATIONS.values())))
def test_permuting_hidden_units_leaves_the_function_unchanged(order, activation):
    net = Network([Dense(3, 6, activation), Dense(6, 4)], rng=0, dtype=np.float64)
    twin = copy.deepcopy(net)
    twin.layers[0].W, twin.layers[0].b = net.layers[0].W[:, order], net.layers[0].b[order]
    twin.layers[1].W = net.layers[1].W[order]
    np.testing.assert_allclose(twin(batch()[0]), net(batch()[0]), rtol=1e-12, atol=1e-14)


# mlp and what it looks like ----------------------------------------------------------------------------------

def test_mlp_is_dense_layers_with_a_linear_last():
    net = mlp([3, 6, 5, 4], activation=relu, init=he_normal, rng=0)
    by_hand = Network([Dense(3, 6, relu, he_normal), Dense(6, 5, relu, he_normal), Dense(5, 4, init=he_normal)], rng=0)
    assert repr(net) == repr(by_hand)
    assert frozen(net) == frozen(by_hand)
    assert (net.dtype, net.fan_in, net.fan_out) == (np.float32, 3, 4)
    (only,) = mlp([3, 4], activation=relu, init=he_normal, rng=0).layers
    assert only.activation is activations.identity


def test_mlp_initializers():
    def inits(net):
        return [layer.init for layer in net.layers]
    sizes = [3, 6, 5, 4]
    assert inits(mlp(sizes, activation=relu, init=[he_normal, ones, zeros], rng=0)) == [he_normal, ones, zeros]
    assert inits(mlp(sizes, activation=relu, init=he_normal, output_init=zeros, rng=0)) == [he_normal, he_normal, zeros]
    assert inits(mlp(sizes, activation=relu, init=glorot_uniform, rng=0)) == [glorot_uniform] * 3
    net = mlp(sizes, activation=relu, init=he_normal, bias_init=ones, rng=0)
    assert all((layer.b == 1).all() for layer in net.layers)


def test_what_it_looks_like():
    net = Network([Dense(3, 600, tanh), layers.BatchNorm(600), layers.Dropout(0.25), Dense(600, 2)], rng=0)
    assert repr(net) == ("Network(Dense(3, 600, tanh, glorot_uniform, zeros) → BatchNorm(600, 0.1, 1e-05) → "
                         "Dropout(0.25) → Dense(600, 2, identity, glorot_uniform, zeros); 4,802 parameters, float32)")
    lines = net.summary().splitlines()
    assert len(lines) == 6
    assert lines[0].split() == ["layer", "parameters", "shapes"]
    assert lines[1].endswith("2,400  W (3, 600), b (600,)")
    assert lines[3].split() == ["2", "Dropout(0.25)", "0"]
    assert lines[5].split() == ["total", "4,802", "float32"]
    assert len({line.index(size) + len(size) for line, size in
                zip(lines[1:], ("2,400", "1,200", " 0", "1,202", "4,802"), strict=True)}) == 1    # right-aligned


def test_html_is_escaped():
    html = Network([Dense(2, 2, init=lambda rng, shape: np.ones(shape))], rng=0)._repr_html_()
    assert "<lambda>" not in html
    assert "&lt;lambda&gt;" in html
    assert html.count("<tr>") == 3
    assert html.startswith("<table")
    assert html.endswith("</table>")


def test_stirred_changes_every_parameter():
    """The helper on which the other tests rely."""
    assert (stirred(plain()).params != plain().params).all()


def test_construction_takes_time_in_proportion_to_depth(monkeypatch):
    looked_at = []
    shape = Array.shape
    monkeypatch.setattr(Array, "shape", lambda array, owner: looked_at.append(owner) or shape(array, owner))
    counts = []
    for depth in (50, 100):
        looked_at.clear()
        mlp([2] * (depth + 1), activation=activations.tanh, init=glorot_uniform, rng=0)
        counts.append(len(looked_at))
    assert counts[1] == 2 * counts[0]


# Predictions -------------------------------------------------------------------------------------------------

def trained(loss, y, outputs, x=None):
    net = mlp([3, 8, outputs], activation=tanh, rng=0)
    x = np.random.default_rng(0).normal(size=(len(y), 3)) if x is None else x
    fit(net, (x, y), loss=loss, optimizer=Adam(0.02), epochs=30, rng=0)
    return net, x


def test_a_classifier_predicts_classes_and_probabilities():
    x = np.random.default_rng(0).normal(size=(90, 3))
    y = x.argmax(axis=1)
    net, _ = trained(CE, y, 3, x)
    np.testing.assert_array_equal(net.predict(x), net(x).argmax(axis=1))
    p = net.predict_proba(x)
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(-np.log(p[np.arange(90), y]).mean(), CE(net(x), y)[0], rtol=1e-5)
    found = net.evaluate((x, y), CE)
    assert found.accuracy == (net.predict(x) == y).mean() > 0.9
    assert found.loss == CE(net(x), y)[0]


def test_yes_or_no_outputs():
    x = np.random.default_rng(0).normal(size=(90, 3))
    one, _ = trained(losses.sigmoid_cross_entropy, (x[:, 0] > 0).astype(int), 1, x)
    assert one.predict(x).shape == (90,)
    assert (one.predict(x) == (x[:, 0] > 0)).mean() > 0.9
    np.testing.assert_array_equal(one.predict(x), one.predict_proba(x)[:, 0] > 0.5)
    several, _ = trained(losses.sigmoid_cross_entropy, (x > 0).astype(float), 3, x)
    assert several.predict(x).shape == several.predict_proba(x).shape == (90, 3)
    assert (several.predict(x) == (x > 0)).mean() > 0.9


def test_the_accuracy_of_several_yes_or_no_outputs():
    """The share of right answers, where the answers are integers; values of a regression have none."""
    x = np.random.default_rng(0).normal(size=(90, 3))
    y = (x > 0).astype(int)
    for loss in (losses.sigmoid_cross_entropy, losses.squared_error):
        net = Network([Dense(3, 3)], rng=0)
        history = fit(net, (x, y), loss=loss, optimizer=Adam(), epochs=1, rng=0, validation=(x, y),
                      schedule=lambda t: 0.0)
        found = net.evaluate((x, y), loss).accuracy
        if loss is losses.squared_error:
            assert found is None
            assert np.isnan([history.accuracy, history.validation_accuracy]).all()
        else:
            assert found == history.validation_accuracy[0] == (net.predict(x) == y).mean()
            assert history.accuracy[0] == pytest.approx(found, rel=1e-12)
    net.layers[0].W = np.nan
    assert np.isnan(net.evaluate((x, y), losses.sigmoid_cross_entropy).accuracy)


@pytest.mark.parametrize("loss", [losses.squared_error, losses.mean_squared_error])
def test_a_regression_predicts_values(loss):
    y = np.linspace(-3, 3, 40)[:, None]
    net, x = trained(loss, y, 1)
    np.testing.assert_array_equal(net.predict(x), net(x))
    assert net.evaluate((x, y), loss).accuracy is None
    with pytest.raises(ValueError, match="expected a classifier, got a network trained for a regression"):
        net.predict_proba(x)


def test_before_training_a_network_is_taken_for_a_classifier():
    x = batch()[0]
    assert plain().predict(x).tolist() == plain()(x).argmax(axis=1).tolist()
    one = mlp([3, 1], activation=tanh, rng=0)
    assert one.predict(x).tolist() == (one(x)[:, 0] > 0).astype(int).tolist()


@copies
def test_copies_know_what_their_outputs_mean(again):
    net, x = trained(losses.squared_error, np.ones((20, 1)), 1)
    np.testing.assert_array_equal(again(net).predict(x), net(x))


def test_a_loss_of_ones_own_does_not_say_what_outputs_mean():
    net, x = trained(lambda z, y: losses.squared_error(z, y), np.ones((20, 1)), 1)
    for question in (net.predict, net.predict_proba):
        with pytest.raises(ValueError, match=r"does not say what its outputs mean: net\(x\) gives the outputs"):
            question(x)


# Names and defaults ------------------------------------------------------------------------------------------

def test_names_stand_for_functions():
    named = mlp([3, 6, 4], activation="relu", init="he_normal", output_init="zeros", bias_init="ones", rng=0)
    given = mlp([3, 6, 4], activation=relu, init=he_normal, output_init=zeros, bias_init=ones, rng=0)
    assert repr(named) == repr(given)
    assert frozen(named) == frozen(given)
    assert repr(Dense(2, 2, "leaky_relu")) == repr(Dense(2, 2, activations.leaky_relu()))


@pytest.mark.parametrize(("activation", "init"), [
    *[(f, "he_normal") for f in ("relu", "leaky_relu", "elu", "gelu", "swish", "softplus")], ("selu", "lecun_normal"),
    *[(f, "glorot_uniform") for f in ("tanh", "sigmoid", "softsign", "hard_tanh", "scaled_tanh", "identity")]])
def test_the_initializer_follows_the_activation(activation, init):
    assert mlp([3, 4, 2], activation=activation, rng=0).layers[0].init.__name__ == init


def test_an_activation_among_the_layers_becomes_one():
    listed = Network([Dense(3, 4), layers.BatchNorm(4), relu, Dense(4, 2)], rng=0)
    written = Network([Dense(3, 4), layers.BatchNorm(4), layers.Activation(relu), Dense(4, 2)], rng=0)
    assert repr(listed) == repr(written)
    np.testing.assert_array_equal(listed(batch()[0]), written(batch()[0]))


@pytest.mark.parametrize(("name", "value", "error"), [
    ("params", None, TypeError), ("params", "3", TypeError), ("params", np.ones(3), ValueError),
    ("grads", 1j, TypeError), ("state", [None], TypeError)])
def test_a_vector_takes_numbers_alone(name, value, error):
    net = plain()
    before = frozen(net)
    with pytest.raises(error, match=f"expected {name} "):
        setattr(net, name, value)
    with pytest.raises(TypeError, match="expected W to be an array of real numbers, got None"):
        net.layers[0].W = None
    assert frozen(net) == before


def test_training_is_true_or_false():
    with pytest.raises(TypeError, match="expected training to be True or False, got 'no'"):
        plain().forward(batch()[0], training="no")
