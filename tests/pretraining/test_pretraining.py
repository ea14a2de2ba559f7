"""Autoencoders, their gradients, and the greedy stack."""

import copy
import gc
import math
import pickle
import weakref
from functools import partial

import numpy as np
import pytest

from minnet import (
    Dense,
    Diverged,
    Network,
    activations,
    datasets,
    fit,
    gradient_check,
    initializers,
    layers,
    losses,
    mlp,
    optimizers,
    pretraining,
)
from minnet.pretraining import Autoencoder, gaussian_noise, greedy, greedy_pretrain, masking, salt_and_pepper, unrolled
from tests.conftest import batch

RNG = np.random.default_rng
SGD = optimizers.SGD
masked = partial(masking, rate=0.3)


def unit_data(n=12, features=6, seed=0):
    return RNG(seed).random((n, features))


# Corruption --------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_corruptions(dtype):
    x = RNG(0).uniform(0.2, 0.8, (400, 500)).astype(dtype)
    n = x.size
    noisy = masking(RNG(1), x, rate=0.25)
    gone = noisy == 0
    assert (noisy[~gone] == x[~gone]).all()
    assert gone.mean() == pytest.approx(0.25, abs=5 * math.sqrt(0.25 * 0.75 / n))
    noisy = salt_and_pepper(RNG(1), x, rate=0.4)
    low, high = noisy == x.min(), noisy == x.max()
    for share in (low.mean(), high.mean()):
        assert share == pytest.approx(0.2, abs=5 * math.sqrt(0.2 * 0.8 / n) + 2 / n)
    assert (noisy[~(low | high)] == x[~(low | high)]).all()
    noise = gaussian_noise(RNG(1), x, std=0.1) - x
    assert noise.std() == pytest.approx(0.1, rel=5 / math.sqrt(2 * n))
    assert abs(noise.mean()) < 5 * 0.1 / math.sqrt(n)
    for corrupt in (partial(masking, rate=0.5), partial(salt_and_pepper, rate=0.5), partial(gaussian_noise, std=0.1)):
        assert corrupt(RNG(0), x).dtype == dtype
        np.testing.assert_array_equal(corrupt(RNG(0), x), corrupt(RNG(0), x))
    assert (masking(RNG(0), x, rate=0) == x).all()
    assert (masking(RNG(0), x, rate=1) == 0).all()
    assert (salt_and_pepper(RNG(0), x, rate=0) == x).all()
    assert set(np.unique(salt_and_pepper(RNG(0), x, rate=1))) == {x.min(), x.max()}
    assert (gaussian_noise(RNG(0), x, std=0) == x).all()


def test_corruptions_take_floats():
    for corrupt in (partial(masking, rate=0.5), partial(salt_and_pepper, rate=0.5), partial(gaussian_noise, std=0.1)):
        with pytest.raises(TypeError, match=r"expected x in float32 or float64, got int64: convert with x.astype"):
            corrupt(RNG(0), np.ones((2, 2), np.int64))


@pytest.mark.parametrize("rate", [-0.1, 1.1, math.nan])
def test_a_rate_outside_the_unit_interval(rate):
    for corrupt in (masking, salt_and_pepper):
        with pytest.raises(ValueError, match="expected rate to be a number ≥ 0 and ≤ 1, got"):
            corrupt(RNG(0), np.ones((2, 2)), rate=rate)
    with pytest.raises(ValueError, match="expected std to be a number ≥ 0, got -1"):
        gaussian_noise(RNG(0), np.ones((2, 2)), std=-1)


# Gradients ---------------------------------------------------------------------------------------------------

VARIANTS = {
    f"{activation} {'tied' if tied else 'untied'} {loss.__name__}{' ' + ' '.join(penalties) if penalties else ''}":
        (activation, tied, loss, penalties)
    for activation, tied, loss, penalties in [
        *((a, tied, loss, {}) for a in (activations.sigmoid, activations.tanh, activations.relu, activations.identity)
          for tied in (True, False) for loss in (losses.sigmoid_cross_entropy, losses.squared_error)),
        *((a, tied, losses.squared_error, {"contractive": 0.3}) for a in (activations.sigmoid, activations.tanh,
                                                                         activations.relu, activations.identity)
          for tied in (True, False)),
        (activations.sigmoid, True, losses.sigmoid_cross_entropy, {"sparse": 0.7}),
        (activations.sigmoid, False, losses.squared_error, {"sparse": 0.7, "sparsity": 0.2, "contractive": 0.1}),
        (activations.selu, True, losses.squared_error, {}), (activations.swish(), False, losses.squared_error, {}),
    ]}


def variant(name, corruption=masked, dtype=np.float64):
    activation, tied, _, penalties = VARIANTS[name]
    model = Autoencoder(6, 4, activation, tied=tied, corruption=corruption, rng=3, dtype=dtype, **penalties)
    model.params += (0.3 * RNG(7).normal(size=model.params.shape)).astype(dtype)
    return model


@pytest.mark.parametrize("name", VARIANTS)
@pytest.mark.parametrize("corruption", [None, masked, partial(gaussian_noise, std=0.2)], ids=["clean", "masked",
                                                                                              "gaussian"])
def test_every_variant_against_finite_differences(name, corruption):
    loss, x = VARIANTS[name][2], unit_data()
    report = gradient_check.check(variant(name, corruption), x, x, loss)
    assert report.passed, report
    assert {row.array for row in report.rows} == set(variant(name).arrays())


@pytest.mark.parametrize("lost", ["encoder", "decoder"])
def test_a_tied_gradient_that_misses_one_of_its_two_terms_is_caught(lost):
    class Broken(Autoencoder):
        def gradient(self, x, y, loss, **options):
            value = super().gradient(x, y, loss, **options)
            z = x @ self.W + self.b
            h = self.activation.f(z)
            _, dz = loss(h @ self.V + self.c, y)
            delta = dz @ self.W * self.activation.df(z, h)
            self.dW -= x.T @ delta if lost == "encoder" else dz.T @ h
            return value

    model, x = Broken(6, 4, rng=3, dtype=np.float64), unit_data()
    report = gradient_check.check(model, x, x, losses.squared_error)
    assert not report.passed
    assert report.worst.array == "W"
    assert report.worst.error > 0.01


def test_the_gradient_is_that_of_the_damaged_input_and_the_clean_target():
    """Spelled out with the noise that the seed gives; the same model without noise has another one."""
    x = unit_data()
    model, plain = (Autoencoder(6, 4, corruption=noise, rng=3, dtype=np.float64) for noise in (masked, None))
    value = model.gradient(x, x, losses.squared_error, rng=5)
    assert value == plain.gradient(masked(RNG(5), x), x, losses.squared_error)
    np.testing.assert_array_equal(model.grads, plain.grads)
    model.gradient(x, x, losses.squared_error, rng=5, training=False)
    plain.gradient(x, x, losses.squared_error)
    np.testing.assert_array_equal(model.grads, plain.grads)


def test_contractive_penalty_is_the_squared_norm_of_the_jacobian():
    model = Autoencoder(6, 4, activations.tanh, contractive=0.5, rng=0, dtype=np.float64)
    plain = Autoencoder(6, 4, activations.tanh, rng=0, dtype=np.float64)
    x, h = unit_data(5), 1e-6
    norms = []
    for row in x:
        J = np.stack([(plain.encode((row + h * e)[None]) - plain.encode((row - h * e)[None]))[0] / (2 * h)
                      for e in np.eye(6)])
        norms.append((J**2).sum())
    penalty = model.gradient(x, x, losses.squared_error) - plain.gradient(x, x, losses.squared_error)
    assert penalty == pytest.approx(0.5 * np.mean(norms), rel=1e-6)


def test_sparse_penalty_is_the_divergence_and_makes_units_rest():
    model, plain = (Autoencoder(6, 4, sparse=beta, sparsity=0.1, rng=0, dtype=np.float64) for beta in (0.5, 0))
    x = unit_data()
    mean = plain.encode(x).mean(axis=0)
    divergence = (0.1 * np.log(0.1 / mean) + 0.9 * np.log(0.9 / (1 - mean))).sum()
    penalty = (model.gradient(x, x, losses.sigmoid_cross_entropy) - plain.gradient(x, x, losses.sigmoid_cross_entropy))
    assert penalty == pytest.approx(0.5 * divergence, rel=1e-12)
    for one in (model, plain):
        fit(one, (x, x), loss=losses.sigmoid_cross_entropy, optimizer=SGD(0.3), epochs=200, batch_size=12, rng=0)
    assert model.encode(x).mean() < plain.encode(x).mean() - 0.1


def test_a_sparsity_near_0_and_units_that_are_off_are_finite():
    x = unit_data().astype(np.float32)
    model = Autoencoder(6, 4, sparse=1, sparsity=1e-300, rng=0)
    for b in (0, -1000, 1000):                                                # a mean of ½, of 0 and of 1 in float32
        model.b = b
        assert math.isfinite(model.gradient(x, x, losses.sigmoid_cross_entropy))
        assert np.isfinite(model.grads).all()
        assert model.grads.dtype == np.float32


# The object --------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("tied", [True, False])
def test_vectors_views_and_copies(tied):
    model = Autoencoder(6, 4, tied=tied, rng=0)
    assert model.params.dtype == model.grads.dtype == np.float32
    assert sum(cut.stop - cut.start for cut in model.arrays().values()) == len(model.params)
    assert list(model.arrays()) == (["W", "b", "c"] if tied else ["W", "b", "U", "c"])
    assert [name for name, cut in model.arrays().items() if model.decay_mask[cut].all()] == (["W"] if tied else ["W",
                                                                                                                 "U"])
    assert model.decay_mask.sum() == 24 * (1 if tied else 2)
    assert model.V.shape == (4, 6)
    np.testing.assert_array_equal(model.W, Autoencoder(6, 4, tied=not tied, rng=0).W)
    if not tied:                                                       # drawn too, and not as a copy of W
        assert model.U.std() == pytest.approx(math.sqrt(2 / 10), rel=5 * math.sqrt(0.8 / (4 * 24)))
        assert abs(np.corrcoef(model.U.ravel(), model.W.T.ravel())[0, 1]) < 5 / math.sqrt(24)
        assert (model.U.reshape(6, 4) != model.W).any()
    assert np.shares_memory(model.V, model.W) == tied
    assert np.shares_memory(model.V, model.params)
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        other.params += 1
        assert (other.W == model.W + 1).all()
        assert (other.c == 1).all()
        x = unit_data().astype(np.float32)
        other.gradient(x, x, losses.squared_error)
        assert np.shares_memory(other.dW, other.grads)
        assert other.grads.any()
    assert not model.grads.any()


@pytest.mark.parametrize("tied", [True, False])
def test_a_pickle_holds_every_array_once(tied):
    model = Autoencoder(100, 50, tied=tied, rng=0)
    assert len(pickle.dumps(model)) < model.params.nbytes + model.grads.nbytes + model.decay_mask.nbytes + 2000


def test_prediction_is_clean_and_keeps_the_dtype():
    model = Autoencoder(6, 4, corruption=masked, rng=0)
    x = unit_data().astype(np.float32)
    assert model(x).dtype == np.float32
    np.testing.assert_array_equal(model(x), model.encode(x).dot(model.V) + model.c)
    clean = model.gradient(x, x, losses.squared_error, training=False)
    assert clean == losses.squared_error(model(x), x)[0]
    assert model.gradient(x, x, losses.squared_error, rng=0) != clean
    assert model.grads.dtype == np.float32
    for call in (model, model.encode):
        assert call(x.astype(np.float64)).dtype == np.float32
        with pytest.raises(ValueError, match=r"expected x of shape \(n, 6\), got \(12, 5\)"):
            call(x[:, :5])


@pytest.mark.parametrize("tied", [True, False])
def test_the_gradient_casts_and_checks_what_comes(tied):
    model, x = Autoencoder(6, 4, tied=tied, corruption=masked, rng=0), unit_data().astype(np.float32)
    value = model.gradient(x, x, losses.squared_error, rng=0)
    grads = model.grads.copy()
    for other in (x.astype(np.float64), x.tolist()):
        assert model.gradient(other, other, losses.squared_error, rng=0) == value
        np.testing.assert_array_equal(model.grads, grads)
    for bad, message in ((x[:, :5], r"of shape \(n, 6\), got \(12, 5\)"), (x[:0], "the batch is empty"),
                         (x * np.nan, "to be finite")):
        with pytest.raises(ValueError, match=message):
            model.gradient(bad, x, losses.squared_error, rng=0)


def test_a_corruption_of_ones_own():
    """Whatever dtype it computes in; a shape that does not fit is found at once, not in an hour at layer 3."""
    x = unit_data().astype(np.float32)
    model = Autoencoder(6, 4, corruption=lambda rng, x: x + rng.normal(size=x.shape), rng=0)
    model.gradient(x, x, losses.squared_error, rng=0)
    assert model.grads.dtype == np.float32
    for corrupt, shape in ((lambda rng, x: x[:, :5], r"\(2, 5\)"), (lambda rng, x: None, r"\(\)")):
        with pytest.raises(ValueError, match=rf"to return an array of x's shape \(2, 6\), got {shape}"):
            Autoencoder(6, 4, corruption=corrupt, rng=0)
    with pytest.raises(TypeError, match="missing 1 required keyword-only argument: 'rate'") as caught:
        Autoencoder(6, 4, corruption=masking, rng=0)
    assert caught.value.__notes__[0].endswith("arguments beforehand, as in partial(masking, rate=0.25)")


@pytest.mark.parametrize("x_is_y", [True, False])
def test_a_corruption_that_writes_into_its_argument_leaves_x_as_it_is(x_is_y):
    def in_place(rng, x):
        x[rng.random(x.shape) < 0.3] = 0
        return x

    x = unit_data()
    held, y = x.copy(), x if x_is_y else x.copy()
    model, plain = (Autoencoder(6, 4, corruption=noise, rng=3, dtype=np.float64) for noise in (in_place, None))
    value = model.gradient(x, y, losses.squared_error, rng=5)
    np.testing.assert_array_equal(x, held)
    assert value == plain.gradient(in_place(RNG(5), held.copy()), held, losses.squared_error)
    np.testing.assert_array_equal(model.grads, plain.grads)


def test_masked_entries_are_refused():
    x = unit_data(20)
    hidden = np.ma.masked_array(x, mask=x > 0.9)
    for call in (lambda: greedy_pretrain(built(6, 5, 4, 3), hidden, **SETTINGS),
                 lambda: pretraining.lsuv(built(6, 5, 4, 3), hidden, rng=0), lambda: Autoencoder(6, 4, rng=0)(hidden)):
        with pytest.raises(TypeError, match=r"expected x without masked entries, got a masked array: x\.filled"):
            call()


def test_help_says_what_a_view_is():
    assert Autoencoder.dW.__doc__ == "dW: a view; assigning copies numbers into it."


def test_it_learns():
    """Six binary features made from three: three codes suffice, and a reconstruction comes near."""
    codes = RNG(0).integers(0, 2, (200, 3))
    x = np.repeat(codes, 2, axis=1).astype(np.float32)
    model = Autoencoder(6, 3, rng=0)
    history = fit(model, (x, x), loss=losses.sigmoid_cross_entropy, optimizer=optimizers.Adam(0.05), epochs=60,
                  batch_size=20, rng=0)
    assert history.loss[-1] < 0.1 * history.loss[0]
    assert ((model(x) > 0) == (x > 0.5)).mean() > 0.99


named_tanh = activations.Activation("tanh", activations.softsign.f, activations.softsign.df)


@pytest.mark.parametrize(("settings", "error", "message"), [
    ({"activation": "sigmod"}, ValueError, "expected activation to be one of identity, sigmoid, .*got 'sigmod'"),
    ({"activation": abs}, TypeError, "expected an activation such as activations.relu, got <built-in function abs>"),
    ({"tied": "no"}, TypeError, "expected tied to be True or False, got 'no'"),
    ({"dtype": int}, ValueError, "expected dtype float32 or float64, got int64"),
    ({"dtype": np.float16}, ValueError, "expected dtype float32 or float64"),
    ({"dtype": None}, ValueError, "expected dtype float32 or float64, got None"),
    ({"init": "glorot"}, ValueError, "expected init to name an initializer, one of .*, got 'glorot'"),
    ({"init": lambda rng, shape: np.full(shape, np.nan)}, ValueError, "expected what <lambda> returns to be finite"),
    ({"init": lambda rng, shape: np.ones(shape[::-1])}, ValueError, r"return an array of shape \(6, 4\), got \(4, 6\)"),
    ({"corruption": partial(masking, rate=2)}, ValueError, "expected rate to be a number ≥ 0 and ≤ 1, got 2"),
    ({"contractive": 1, "activation": named_tanh}, ValueError, "the contractive penalty needs f″"),
    ({"fan_in": 0}, ValueError, "expected fan_in to be a whole number ≥ 1, got 0"),
    ({"corruption": 0.3}, TypeError, r"expected corruption to be a function of \(rng, x\), such as partial"),
    ({"contractive": -1}, ValueError, "expected contractive to be a number ≥ 0, got -1"),
    ({"contractive": 1, "activation": activations.selu}, ValueError, "the contractive penalty needs f″"),
    ({"sparse": 1, "activation": activations.tanh}, ValueError, "expected sigmoid units, got tanh"),
    ({"sparsity": 0}, ValueError, "expected sparsity to be a number > 0 and < 1, got 0"),
    ({"rng": None}, TypeError, "expected rng to be an int"),
])
def test_settings_out_of_range(settings, error, message):
    with pytest.raises(error, match=message):
        Autoencoder(**{"fan_in": 6, "units": 4, "rng": 0} | settings)


def test_noise_needs_a_generator():
    x = unit_data().astype(np.float32)
    with pytest.raises(ValueError, match="the corruption draws noise in training: expected rng, got None"):
        Autoencoder(6, 4, corruption=masked, rng=0).gradient(x, x, losses.squared_error)


# The stack ---------------------------------------------------------------------------------------------------

SETTINGS = {"optimizer": SGD(0.5), "epochs": 3, "batch_size": 10, "rng": 0}


def built(*sizes, activation=activations.sigmoid, rng=0, dtype=np.float32):
    return mlp(sizes, activation=activation, init=initializers.glorot_uniform, rng=rng, dtype=dtype)


def test_greedy_is_one_autoencoder_after_the_other_on_frozen_codes():
    """The same, spelled out: start from the layer's weights, train, copy, encode."""
    net, x = built(6, 5, 4, 3), unit_data(40).astype(np.float32)
    by_hand, data = copy.deepcopy(net), x
    for layer, child in zip(by_hand.layers[:2], RNG(0).spawn(2), strict=True):
        model = Autoencoder(layer.fan_in, layer.fan_out, layer.activation, corruption=masked, rng=child.spawn(1)[0])
        model.W, model.b = layer.W, layer.b
        fit(model, (data, data), loss=losses.sigmoid_cross_entropy, optimizer=SGD(0.5), epochs=3, batch_size=10,
            rng=child)
        layer.W, layer.b = model.W, model.b
        data = layer(data)
    stack = greedy_pretrain(net, x, corruption=masked, **SETTINGS)
    np.testing.assert_array_equal(net.params, by_hand.params)
    assert [len(history) for history in stack.histories] == [3, 3]
    assert not stack.interrupted
    for layer, model in zip(net.layers[:2], stack.models, strict=True):
        np.testing.assert_array_equal(layer.W, model.W)
        assert not np.shares_memory(layer.W, model.W)


def test_the_first_layer_does_not_depend_on_how_many_there_are():
    x = unit_data(40).astype(np.float32)
    one, two = built(6, 5, 4, 3), built(6, 5, 4, 3)
    greedy_pretrain(one, x, layers=1, **SETTINGS)
    greedy_pretrain(two, x, layers=2, **SETTINGS)
    np.testing.assert_array_equal(one.layers[0].W, two.layers[0].W)
    assert (one.layers[1].W != two.layers[1].W).any()
    assert (two.layers[2].W == built(6, 5, 4, 3).layers[2].W).all()                      # the classifier is left


def test_every_layer_has_its_own_settings():
    """One of each where one is given, else those of its place."""
    x, optimizers_ = unit_data(20).astype(np.float32), [SGD(0.5), SGD(0.1), optimizers.Adam(0.01)]
    corruptions, chosen = [masked, None, partial(gaussian_noise, std=0.1)], [losses.squared_error, None, None]
    net = built(6, 5, 4, 3)
    by_hand, data = copy.deepcopy(net), x
    stack = greedy_pretrain(net, x, layers=3, optimizer=optimizers_, corruption=corruptions, loss=chosen, epochs=2,
                            batch_size=10, rng=RNG(4))
    used = [losses.squared_error, losses.sigmoid_cross_entropy, losses.sigmoid_cross_entropy]
    assert stack.losses == used
    assert [one.corruption for one in stack.models] == corruptions
    for layer, child, optimizer, corruption, loss in zip(by_hand.layers, RNG(4).spawn(3), optimizers_, corruptions,
                                                         used, strict=True):
        model = Autoencoder(layer.fan_in, layer.fan_out, layer.activation, corruption=corruption, rng=0)
        model.W, model.b = layer.W, layer.b
        fit(model, (data, data), loss=loss, optimizer=optimizer, epochs=2, batch_size=10, rng=child)
        layer.W, layer.b = model.W, model.b
        data = layer(data)
    np.testing.assert_array_equal(net.params, by_hand.params)


def test_it_starts_from_what_the_network_has():
    """Without an epoch nothing changes, biases included; a decoder of its own is drawn for each layer, by the seed."""
    net = mlp([5, 5, 5, 5], activation=activations.sigmoid, init=initializers.glorot_uniform,
              bias_init=initializers.normal, rng=0, dtype=np.float64)
    before, decoders = net.params.copy(), []
    for seed in (0, 1):
        stack = greedy_pretrain(net, unit_data(20, 5), model=partial(Autoencoder, tied=False),
                                **SETTINGS | {"epochs": 0, "rng": seed})
        np.testing.assert_array_equal(net.params, before)
        assert [model.params.dtype for model in stack.models] == [np.float64] * 2
        decoders += [model.U.tobytes() for model in stack.models]
    assert len(set(decoders)) == 4


def test_a_model_of_ones_own_keeps_its_corruption():
    x = unit_data(20).astype(np.float32)
    one, two = built(6, 5, 4, 3), built(6, 5, 4, 3)
    greedy_pretrain(one, x, corruption=masked, **SETTINGS)
    stack = greedy_pretrain(two, x, model=partial(Autoencoder, corruption=masked), **SETTINGS)
    assert [model.corruption for model in stack.models] == [masked, masked]
    np.testing.assert_array_equal(one.params, two.params)
    stack = greedy_pretrain(two, x, model=partial(Autoencoder, tied=False), **SETTINGS)
    assert (stack.models[0].U != stack.models[0].W.T).any()


def test_one_encoding_at_a_time_and_x_is_not_copied(monkeypatch):
    x, seen = unit_data(40).astype(np.float32), []
    original = greedy.train

    def watched(model, data, **settings):
        gc.collect()
        assert all(codes() is None for codes in seen[1:])                        # those of the layers below are gone
        assert data[0] is data[1]
        seen.append(weakref.ref(data[0]))
        return original(model, data, **settings)

    monkeypatch.setattr(greedy, "train", watched)
    stack = greedy_pretrain(built(6, 5, 4, 3, 2), x, layers=4, **SETTINGS)
    assert len(seen) == 4
    assert seen[0]() is x
    gc.collect()
    assert seen[3]() is None
    assert len(stack.models) == 4


def test_the_bar_counts_layers_and_epochs(monkeypatch):
    class Bar:
        def __init__(self):
            self.said, self.closed = [], False

        def set_description(self, text, refresh):
            self.said.append(text)

        def set_postfix(self, refresh, **values):
            self.said.append(list(values))

        def update(self):
            self.said.append(1)

        def close(self):
            self.closed = True

    bars = []
    monkeypatch.setattr(greedy, "progress_bar",
                        lambda total, progress: bars.append((total, progress, Bar())) or bars[-1][2])
    greedy_pretrain(built(6, 5, 4, 3), unit_data(20), progress=True, **SETTINGS)
    ((total, progress, bar),) = bars
    assert (total, progress) == (6, True)
    assert bar.said == ["layer 1 of 2", *[["loss"], 1] * 3, "layer 2 of 2", *[["loss"], 1] * 3]
    assert bar.closed
    with pytest.raises(Diverged):
        greedy_pretrain(built(6, 5, 4, 3), unit_data(20), loss=losses.squared_error,
                        **SETTINGS | {"optimizer": SGD(1e30)})
    assert bars[-1][2].closed


def test_what_a_stack_looks_like():
    net, x = built(6, 5, 4, 3), unit_data(20)
    stack = greedy_pretrain(net, x, loss=[None, losses.squared_error], **SETTINGS)
    (a, b, c), (d, e, f) = ([f"{value:.4g}" for value in history.loss] for history in stack.histories)
    assert repr(stack) == (f"Autoencoder(6, 5, sigmoid, tied): sigmoid_cross_entropy {a} → {c} in 3 epochs\n"
                           f"Autoencoder(5, 4, sigmoid, tied): squared_error {d} → {f} in 3 epochs")
    assert b not in repr(stack)
    assert e not in repr(stack)
    assert repr(pretraining.Stack()) == "Stack()"
    assert repr(Autoencoder(6, 4, tied=False, corruption=masked, contractive=0.1, sparse=1, rng=0)) == (
        "Autoencoder(6, 4, sigmoid, untied, corruption=masking(rate=0.3), contractive=0.1, sparse=1)")
    assert repr(pretraining.Stack(interrupted=True)) == "interrupted"
    none = greedy_pretrain(net, x, **SETTINGS | {"epochs": 0})
    assert repr(none).endswith("sigmoid_cross_entropy not trained: 0 epochs")
    other = pickle.loads(pickle.dumps(stack))
    assert repr(other) == repr(stack)
    np.testing.assert_array_equal(unrolled(net, other).params, unrolled(net, stack).params)


def test_codes_are_computed_once_for_each_layer(monkeypatch):
    """What makes the cost of layer k's epochs independent of the layers below."""
    net, x, calls = built(6, 5, 4, 3, 2), unit_data(40).astype(np.float32), []
    original = Dense.__call__
    monkeypatch.setattr(Dense, "__call__", lambda self, x: calls.append((self, len(x))) or original(self, x))
    greedy_pretrain(net, x, **SETTINGS)
    assert calls == [(net.layers[0], 40), (net.layers[1], 40)]


def test_the_loss_follows_the_range_of_each_layers_inputs():
    x, asked = unit_data(20).astype(np.float32), []

    def spy(name):
        original = getattr(losses, name)
        return lambda z, y: asked.append(name) or original(z, y)

    with pytest.MonkeyPatch.context() as patch:
        for name in ("sigmoid_cross_entropy", "squared_error"):
            patch.setattr(losses, name, spy(name))
        for activation, data, expected in ((activations.sigmoid, x, ["sigmoid_cross_entropy"] * 2),
                                           (activations.tanh, x, ["sigmoid_cross_entropy", "squared_error"]),
                                           (activations.sigmoid, 3 * x, ["squared_error", "sigmoid_cross_entropy"]),
                                           (activations.sigmoid, x - 1, ["squared_error", "sigmoid_cross_entropy"])):
            asked.clear()
            greedy_pretrain(built(6, 5, 4, 3, activation=activation), data, **SETTINGS)
            assert list(dict.fromkeys(asked)) == list(dict.fromkeys(expected))
            assert asked[0] == expected[0]
            assert asked[-1] == expected[-1]


@pytest.mark.parametrize("activation", [activations.sigmoid, activations.tanh, activations.relu, activations.selu,
                                        activations.softplus, activations.leaky_relu()], ids=str)
@pytest.mark.parametrize("tied", [True, False])
def test_any_activation_and_every_layer_gets_better(activation, tied):
    net, x = built(6, 5, 4, 3, activation=activation), unit_data(100).astype(np.float32)
    stack = greedy_pretrain(net, x, optimizer=SGD(0.05), epochs=20, batch_size=10, rng=0, layers=3,
                            model=partial(Autoencoder, tied=tied))
    assert len(stack.models) == 3
    for history in stack.histories:
        assert history.loss[-1] < history.loss[0]


def test_dropout_between_the_layers_is_skipped():
    def net(*between):
        return Network([Dense(6, 5, activations.sigmoid), *between, Dense(5, 4, activations.sigmoid), Dense(4, 3)],
                       rng=0)

    x, one, other = unit_data(20).astype(np.float32), net(), net(layers.Dropout(0.5))
    greedy_pretrain(one, x, **SETTINGS)
    greedy_pretrain(other, x, **SETTINGS)
    np.testing.assert_array_equal(one.params, other.params)


def test_interrupted_pretraining_leaves_the_finished_layers():
    net, x, count = built(6, 5, 4, 3, 2), unit_data(20).astype(np.float32), []
    before, whole = copy.deepcopy(net), built(6, 5, 4, 3, 2)
    greedy_pretrain(whole, x, corruption=masked, **SETTINGS)

    def impatient(rng, x):
        count.append(len(x) == 10)                                         # a batch; models try it on a smaller one
        if sum(count) == 2 * 3 + 1:                                        # two batches an epoch: layer 2 has begun
            raise KeyboardInterrupt
        return masked(rng, x)

    with pytest.warns(RuntimeWarning, match=r"1 of 3 layers are finished, .* repeat the call with stack=…"):
        stack = greedy_pretrain(net, x, corruption=impatient, **SETTINGS)
    assert stack.interrupted
    assert len(stack.models) == 1
    np.testing.assert_array_equal(net.layers[0].W, whole.layers[0].W)
    for k in (1, 2, 3):
        np.testing.assert_array_equal(net.layers[k].W, before.layers[k].W)
    assert unrolled(net, stack)(x).shape == x.shape
    assert len(unrolled(net, stack).layers) == 2                               # shallower: the other two are left out
    assert repr(stack).endswith("\ninterrupted")
    rest = greedy_pretrain(net, x, corruption=masked, stack=stack, **SETTINGS)
    np.testing.assert_array_equal(net.params, whole.params)
    assert [len(stack.models), len(rest.models), rest.interrupted] == [1, 3, False]
    assert rest.models[0] is stack.models[0]


def test_going_on_gives_what_one_call_gives():
    """From any number of finished layers, for all layers, without an encoding or an epoch for those that stand."""
    x, settings = unit_data(20).astype(np.float32), SETTINGS | {"corruption": masked, "layers": 3}
    whole = built(6, 5, 4, 3)
    expected = greedy_pretrain(whole, x, **settings)
    for finished in (1, 2, 3):
        net = built(6, 5, 4, 3)
        stack = greedy_pretrain(net, x, **settings | {"layers": finished})
        stack = greedy_pretrain(net, x, stack=stack, **settings)
        np.testing.assert_array_equal(net.params, whole.params)
        assert repr(stack) == repr(expected)
        np.testing.assert_array_equal(unrolled(net, stack).params, unrolled(whole, expected).params)


def test_a_stack_that_is_not_the_networks_is_refused():
    net, x = built(6, 5, 4, 3), unit_data(20).astype(np.float32)
    stack = greedy_pretrain(net, x, **SETTINGS)
    with pytest.raises(ValueError, match=r"a stack of at most 1 layers whose W and b .*, got one of 2"):
        greedy_pretrain(net, x, layers=1, stack=stack, **SETTINGS)
    with pytest.raises(TypeError, match="expected stack to be what greedy_pretrain returned, got 'first'"):
        greedy_pretrain(net, x, stack="first", **SETTINGS)
    moved = copy.deepcopy(net)
    moved.layers[1].W += 1
    net.layers[0].b += 1
    before = net.params.copy()
    for other in (net, moved, built(6, 4, 3, 2)):
        with pytest.raises(ValueError, match="continue with the network it was made with, before fine-tuning"):
            greedy_pretrain(other, x, stack=stack, **SETTINGS)
    np.testing.assert_array_equal(net.params, before)


def test_machines_below_and_a_linear_code_on_top():
    """Hinton & Salakhutdinov 2006; each layer with its own model and epochs, unrolled as it was learned."""
    net = Network([Dense(6, 5, activations.sigmoid), Dense(5, 4, activations.sigmoid), Dense(4, 2)], rng=0,
                  dtype=np.float64)
    x, machine = unit_data(20), pretraining.BoltzmannMachine
    stack = greedy_pretrain(net, x, layers=3, optimizer=SGD(0.1), batch_size=5, rng=0, epochs=[1, 2, 3],
                            model=[machine, machine, Autoencoder])
    assert [type(one) for one in stack.models] == [machine, machine, Autoencoder]
    assert [len(history) for history in stack.histories] == [1, 2, 3]
    a, sigmoid = net(x), activations.sigmoid.f
    for k, g in ((2, sigmoid), (1, sigmoid), (0, lambda z: z)):
        a = g(a @ stack.models[k].V + stack.models[k].c)
    np.testing.assert_allclose(unrolled(net, stack)(x), a, rtol=1e-12, atol=1e-14)


def test_pixels_that_were_not_scaled_are_mentioned():
    x = 255 * (unit_data(20) > 0.8).astype(np.float32)
    with pytest.warns(RuntimeWarning, match=f"root mean square of {np.sqrt(np.mean(x**2)):.3g}, .*: divide pixels by"):
        greedy_pretrain(built(6, 5, 4, 3), x, **SETTINGS | {"epochs": 0})


@pytest.mark.parametrize("layer", [0, 1, 2])
def test_diverged_in_a_layer_leaves_the_finished_ones_too(layer):
    net, x = built(6, 5, 4, 3, 2, activation=activations.identity), unit_data(20).astype(np.float32)
    before, rates = copy.deepcopy(net), [SGD(1e-3)] * 3
    rates[layer] = SGD(1e30)
    with pytest.raises(Diverged) as caught:
        greedy_pretrain(net, x, optimizer=rates, epochs=30, batch_size=10, rng=0)
    assert caught.value.__notes__ == [f"while pre-training layer {layer + 1} of 3; the network has what the "
                                      "layers below it have learned"]
    changed = [bool((a.W != b.W).any()) for a, b in zip(net.layers, before.layers, strict=True)]
    assert changed == [k < layer for k in range(4)]


@pytest.mark.parametrize(("changes", "error", "message"), [
    ({"layers": 5}, ValueError, "expected between 1 and 3 layers to pre-train, got 5"),
    ({"layers": 0}, ValueError, "expected layers to be a whole number ≥ 1, got 0"),
    ({"loss": losses.sigmoid_cross_entropy, "x": 3 * unit_data()}, ValueError,
     r"sigmoid_cross_entropy needs inputs in \[0, 1\], and x lies in \[0\.008\d+, 2\.99\d+\]: .*use squared_error"),
    ({"loss": losses.sigmoid_cross_entropy, "net": built(6, 5, 4, 3, activation=activations.tanh)}, ValueError,
     r"and the outputs of layer 1, tanh, may lie in \[-1, 1\]"),
    ({"loss": [losses.squared_error]}, ValueError, "expected loss to be one function, or one for each of the 2 layers"),
    ({"corruption": 0.3}, ValueError, r"expected corruption to be one function such as partial\(masking, rate=0\.25\), "
                                      "or one for each of the 2 layers, got 0.3"),
    ({"model": [Autoencoder]}, ValueError, "expected model to be one function, or one for each of the 2 layers, got"),
    ({"model": [Autoencoder, Autoencoder(6, 5, rng=0)]}, TypeError, "expected model to be a function that makes the"),
    ({"epochs": [1, 2, 3]}, ValueError, "epochs to be one whole number, or one for each of the 2 layers, got"),
    ({"epochs": [1, -1]}, ValueError, "expected epochs to be a whole number ≥ 0, got -1"),
    ({"x": datasets.digits()}, TypeError, r"expected x alone, an array \(n, 6\), got a tuple: .* data\.train\[0\]"),
    ({"corruption": partial(masking, rate=2)}, ValueError, "expected rate to be a number ≥ 0 and ≤ 1, got 2"),
    ({"corruption": [None, partial(masking, rate=2)]}, ValueError, "expected rate to be a number ≥ 0 and ≤ 1, got 2"),
    ({"optimizer": [SGD(0.1), "sgd"]}, ValueError, "expected optimizer to be one optimizer such as .*, got .*'sgd'"),
    ({"optimizer": [SGD(0.1)]}, ValueError, "expected optimizer to be .*, or one for each of the 2 layers, got"),
    ({"optimizer": "ab"}, ValueError, "expected optimizer to be .*, or one for each of the 2 layers, got 'ab'"),
    ({"epochs": None}, TypeError, "expected epochs to be a whole number ≥ 0, got None"),
    ({"model": Autoencoder(6, 5, rng=0)}, TypeError, "expected model to be a function that makes the model of a layer"),
    ({"x": (unit_data(), np.zeros(12, int))}, TypeError, r"expected x alone, .*got a tuple: labels are not needed"),
    ({"net": Autoencoder(6, 5, rng=0)}, TypeError, r"expected a Network, such as minnet\.mlp makes, got Autoencoder"),
    ({"x": unit_data(features=5)}, ValueError, r"expected x of shape \(n, 6\), got \(12, 5\)"),
    ({"net": Network([Dense(6, 5), layers.BatchNorm(5), Dense(5, 3)], rng=0)}, TypeError,
     "expected a network of Dense layers and dropout, got BatchNorm"),
    ({"layers": 4}, ValueError, "expected between 1 and 3 layers to pre-train, got 4: .*`layers` says how many"),
    ({"net": built(6, 3)}, ValueError, "a network with a hidden layer, got one with the classifier alone, .*layers=1"),
])
def test_bad_input_changes_nothing(changes, error, message):
    arguments = {"net": built(6, 5, 4, 3), "x": unit_data()} | SETTINGS | changes
    before = arguments["net"].params.copy()
    with pytest.raises(error, match=message):
        greedy_pretrain(**arguments)
    np.testing.assert_array_equal(arguments["net"].params, before)


# The deep autoencoder, and fine-tuning -----------------------------------------------------------------------

@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize(("activation", "loss", "decoder"), [
    (activations.sigmoid, losses.sigmoid_cross_entropy, activations.sigmoid),
    (activations.sigmoid, losses.squared_error, activations.identity),
    (activations.tanh, losses.squared_error, activations.identity),
], ids=lambda value: getattr(value, "__name__", str(value)))
def test_unrolled_is_encoders_then_decoders_as_they_were_learned(activation, loss, decoder, tied):
    """Each decoder alone, on the codes of its layer, gives what its layer's loss compared with the codes below."""
    net, x = built(6, 5, 4, 3, activation=activation, dtype=np.float64), unit_data(30)
    stack = greedy_pretrain(net, x, layers=3, loss=loss if activation is activations.sigmoid else None,
                            model=partial(Autoencoder, tied=tied), **SETTINGS)
    deep = unrolled(net, stack)
    a = x
    for layer in net.layers:
        a = layer(a)
    for k in (2, 1, 0):
        a = a @ stack.models[k].V + stack.models[k].c
        a = decoder.f(a) if k else a
    np.testing.assert_allclose(deep(x), a, rtol=1e-12, atol=1e-14)
    assert [layer.activation for layer in deep.layers] == [activation, activation, activations.identity,
                                                           decoder, decoder, activations.identity]
    assert "array" not in repr(deep)
    assert deep.dtype == np.float64
    before, learned = deep.params.copy(), [layer.W.copy() for layer in deep.layers]
    deep.reset(1)                                                            # draws anew, encoders and decoders
    assert all((layer.W != W).any() for layer, W in zip(deep.layers, learned, strict=True))
    with pytest.raises(ValueError, match=r"with, whose first layers have W of shapes \[\(6, 5\), \(5, 4\), \(4, 3\)\], "
                                         r"got \[\(6, 5\), \(5, 3\)\]"):
        unrolled(built(6, 5, 3), stack)
    net.layers[0].W += 1                                                     # as it is now, trained further or not
    assert (unrolled(net, stack).layers[0].W == net.layers[0].W).all()
    net.layers[0].W -= 1
    deep.params = before
    fit(deep, (x, x), loss=losses.squared_error, optimizer=SGD(0.05), epochs=2, batch_size=10, rng=0)
    assert (deep.layers[0].W != net.layers[0].W).any()                       # weights of its own
    with pytest.raises(ValueError, match="expected a stack with at least one finished layer"):
        unrolled(net, pretraining.Stack())


def test_a_network_of_other_units_is_refused():
    """Equal shapes and equal weights; the same units as other objects, as from a pickle, are the same."""
    net, x = built(6, 5, 4, 3, activation=activations.elu()), unit_data(20).astype(np.float32)
    stack = greedy_pretrain(net, x, **SETTINGS)
    other = built(6, 5, 4, 3, activation=activations.relu)
    other.params = net.params
    for call in (lambda: unrolled(other, stack), lambda: greedy_pretrain(other, x, stack=stack, **SETTINGS)):
        with pytest.raises(ValueError, match=r"whose layer 1 has elu\(1\) units, got relu units"):
            call()
    twin = pickle.loads(pickle.dumps(net))
    np.testing.assert_array_equal(unrolled(twin, stack).params, unrolled(net, stack).params)


def test_frozen_features_against_fine_tuned_ones():
    net, (x, y) = built(3, 5, 4), batch(40)
    greedy_pretrain(net, x, **SETTINGS)
    frozen = net.layers[0].W.copy()
    fit(net, (x, y), loss=losses.softmax_cross_entropy, optimizer=SGD(0.1), epochs=2, batch_size=10, rng=0,
        span=net.span(-1))
    np.testing.assert_array_equal(net.layers[0].W, frozen)
    fit(net, (x, y), loss=losses.softmax_cross_entropy, optimizer=SGD(0.1), epochs=2, batch_size=10, rng=0)
    assert (frozen != net.layers[0].W).any()


def test_pretraining_rescues_a_deep_sigmoid_net():
    """The story of 2006 in small: digits, 3 sigmoid layers drawn by the common heuristic."""
    digits = datasets.digits()
    x, y = digits.train

    def net():
        return mlp([64, 60, 60, 60, 10], activation=activations.sigmoid, init=initializers.heuristic_uniform, rng=0)

    def tuned(model):
        fit(model, (x, y), loss=losses.softmax_cross_entropy, optimizer=SGD(0.1), epochs=15, batch_size=20, rng=0)
        return float((model(digits.test[0]).argmax(axis=1) == digits.test[1]).mean())

    random, pretrained = net(), net()
    greedy_pretrain(pretrained, x, optimizer=SGD(0.1), epochs=15, batch_size=20, rng=0, corruption=partial(masking,
                                                                                                           rate=0.2))
    assert tuned(random) < 0.2
    assert tuned(pretrained) > 0.8
