"""The learning-rate range test: its rates and losses step by step, its end, and whether the suggested rate learns."""

import dataclasses
import math

import numpy as np
import pytest

from minnet import Diverged, datasets, fit, losses, mlp
from minnet.diagnostics import rate_range
from minnet.optimizers import SGD, Adam
from tests.conftest import batch, every_layer, frozen

CE = losses.softmax_cross_entropy


class Parabola:
    """C = ½ λ p²: gradient descent shrinks p where η < 2/λ, and makes it grow above."""

    def __init__(self, curvature):
        self.curvature, self.params, self.grads = curvature, np.ones(1), np.zeros(1)

    def gradient(self, x, y, loss, *, training=True, rng=None):
        self.grads[...] = self.curvature * self.params
        return float(0.5 * self.curvature * self.params[0] ** 2)


def found_by(model, x=None, y=None, **changes):
    given = batch(20) if x is None else (x, y)
    settings = {"loss": CE, "optimizer": SGD(momentum=0.9), "rng": 0, "batch_size": 8}
    return rate_range(model, *given, **settings | changes)


def test_every_step_by_hand():
    net, by_hand, (x, y) = every_layer(np.float32), every_layer(np.float32), batch(20)
    before, opt = frozen(net), Adam(learning_rate=123.0)                     # its own rate does not matter
    found = found_by(net, x, y, optimizer=opt, lowest=1e-5, highest=1e-3, steps=9)
    assert frozen(net) == before
    rng, state, C, batches = np.random.default_rng(0), opt.init(by_hand.params, by_hand.decay_mask), [], []
    np.testing.assert_allclose(found.rates, 10.0 ** np.linspace(-5, -3, 9), rtol=1e-12)
    for t, rate in enumerate(found.rates.tolist()):
        batches = np.array_split(rng.permutation(20), 2) if t % 2 == 0 else batches
        rows = batches[t % 2]
        C.append(by_hand.gradient(x[rows], y[rows], CE, rng=rng))
        opt.step(by_hand.params, by_hand.grads, state, factor=rate / 123)
    np.testing.assert_array_equal(found.losses, C)
    means = [sum(0.9**k * C[t - k] for k in range(t + 1)) * 0.1 / (1 - 0.9 ** (t + 1)) for t in range(9)]
    np.testing.assert_allclose(found.smoothed, means, rtol=1e-12)
    assert not found.exploded


@pytest.mark.parametrize("curvature", [0.1, 1, 10])
def test_it_ends_soon_after_the_rate_at_which_descent_becomes_unstable(curvature):
    found = found_by(Parabola(curvature), optimizer=SGD(), lowest=1e-3 / curvature, highest=1e3 / curvature)
    assert found.exploded
    assert 2 < found.rates[-1] * curvature < 40
    lowest = found.rates[found.losses.argmin()] * curvature
    assert 0.5 < lowest < 4
    assert found.suggested == found.rates[found.smoothed.argmin()] / 10
    assert (found.smoothed <= 4 * np.minimum.accumulate(found.smoothed)).all()


def test_it_may_end_at_the_largest_rate_and_have_nothing_to_suggest():
    found = found_by(Parabola(1.0), optimizer=SGD(), lowest=1e-6, highest=1e-2, steps=30)
    assert not found.exploded
    assert len(found.rates) == 30
    assert "had not exploded" in repr(found)
    rising = found_by(Parabola(1.0), optimizer=SGD(), lowest=2.1, highest=1e3)
    assert rising.exploded
    assert math.isnan(rising.suggested)


def test_it_ends_before_a_loss_that_is_not_finite():
    found = found_by(Parabola(1.0), optimizer=SGD(), lowest=1e-3, highest=1e300, steps=10)
    assert found.exploded
    assert np.isfinite(found.losses).all()
    model = Parabola(1.0)
    model.params[:] = math.nan
    with pytest.raises(ValueError, match="finite at the start, got the loss nan"):
        found_by(model)


@pytest.mark.parametrize("optimizer", [SGD(), SGD(momentum=0.9), Adam()], ids=["SGD", "momentum", "Adam"])
def test_the_suggested_rate_learns_and_one_beyond_the_end_does_not(optimizer):
    """On digits, two nets each, five epochs; chance is ln 10 = 2.3."""
    x, y = datasets.digits().train
    for seed in range(2):
        net = mlp([64, 64, 64, 10], activation="relu", rng=seed)
        found = found_by(net, x, y, optimizer=optimizer, batch_size=32, rng=seed)

        def after(rate, seed=seed):
            net = mlp([64, 64, 64, 10], activation="relu", rng=seed)
            try:
                return fit(net, (x, y), loss=CE, optimizer=dataclasses.replace(optimizer, learning_rate=rate), epochs=5,
                           batch_size=32, rng=seed).loss[-1]
            except Diverged:
                return math.inf

        assert after(found.suggested) < 0.5
        assert after(3 * found.rates[-1]) > 1.5


@pytest.mark.parametrize(("changes", "kind", "message"), [
    ({"optimizer": 0.1}, TypeError, r"an optimizer such as optimizers\.SGD"),
    ({"lowest": 0}, ValueError, "lowest to be a number > 0, got 0"),
    ({"lowest": 1, "highest": 1}, ValueError, "highest to be a number > 1, got 1"),
    ({"steps": 1}, ValueError, "steps to be a whole number ≥ 2, got 1"),
    ({"batch_size": 0}, ValueError, "batch_size to be a whole number ≥ 1, got 0"),
    ({"rng": None}, TypeError, "rng to be an int ≥ 0"),
    ({"x": np.ones((6, 2)), "y": np.ones(6, int)}, ValueError, r"x of shape \(n, 3\), got \(6, 2\)"),
    ({"x": np.ones((6, 3)), "y": np.ones(5, int)}, ValueError, r"a y for each of the 6 rows of x, got y of shape"),
])
def test_bad_arguments(changes, kind, message):
    net = every_layer()
    before = frozen(net)
    with pytest.raises(kind, match=message):
        found_by(net, **changes)
    assert frozen(net) == before
