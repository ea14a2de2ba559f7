"""The explorer without widgets: its numbers are the library's, a run can be rewound, its Python makes the same run."""

import contextlib
import io
from itertools import pairwise

import numpy as np
import pytest

import minnet as mn
from minnet import Dense, Network, diagnostics, losses, optimizers, theory
from minnet.explorer import Run, Settings
from minnet.explorer.runs import same_weights
from minnet.explorer.settings import ACTIVATIONS, DATA, INITIALIZERS

SMALL = {"depth": 3, "width": 12}
OTHERS = [Settings(**SMALL), Settings(**SMALL, init="normal(std=0.3)", activation="tanh", data="moons", scale=3.0,
                                      learning_rate=0.03, batch_size=64, seed=2),
          Settings(depth=2, width=8, data="digits", activation="gelu", init="orthogonal(gain=1.41)"),
          Settings(**SMALL, data="circles", scale=1), Settings(**SMALL, data="quadrants", seed=1)]


@pytest.mark.parametrize("settings", OTHERS, ids=lambda s: s.data)
def test_the_python_makes_the_same_run_bit_for_bit(settings):
    run, names = Run(settings), {}
    run.advance(2)
    run.advance(1)
    code = run.code()
    assert 9 <= len([line for line in code.splitlines() if line]) <= 11, "it is called ten lines"
    with contextlib.redirect_stdout(io.StringIO()) as said:
        exec(compile(code, "explorer", "exec"), names)
    assert np.array_equal(names["net"].params, run.net.params)
    assert str(run.diagnosis()) in said.getvalue()
    loss = losses.softmax_cross_entropy
    assert str(run.net.evaluate((run.x, run.y), loss)) in said.getvalue()


@pytest.mark.parametrize("settings", OTHERS, ids=lambda s: s.data)
def test_measurements_are_those_of_the_library(settings):
    run = Run(settings)
    for _ in range(2):
        found, (x, y) = run.layers(), run.measured()
        profile = diagnostics.profile(run.net, x, y, losses.softmax_cross_entropy)
        assert np.array_equal(found.z, profile.z)
        assert np.array_equal(found.delta, profile.delta)
        assert found.loss == pytest.approx(run.net.evaluate((x, y), losses.softmax_cross_entropy).loss, rel=1e-5)
        run.advance(1)
    fitted = settings.network()
    history = mn.fit(fitted, (run.x, run.y), loss=losses.softmax_cross_entropy, batch_size=settings.batch_size,
                     optimizer=optimizers.SGD(settings.learning_rate), epochs=2, rng=settings.seed)
    assert np.array_equal(run.net.params, fitted.params)
    assert np.array_equal(run.history.loss, history.loss)
    assert run.step == history[-1].step


def test_histograms_are_shares_of_the_entries():
    run = Run(Settings(**SMALL))
    net = run.net.astype(np.float64)
    net.gradient(run.x.astype(np.float64), run.y, losses.softmax_cross_entropy, training=False)
    for layer, size, row in zip(net.layers, run.layers().z, run.layers().z_counts, strict=True):
        counts, _ = np.histogram(layer.z / size, 40, (-4, 4))
        assert row == pytest.approx(counts / layer.z.size, abs=2 / layer.z.size)
        assert 0.98 < row.sum() <= 1
    assert not Run(Settings(**SMALL, init="zeros")).layers().z_counts.any()


def test_singular_values_are_those_of_finite_differences():
    run = Run(Settings(**SMALL, activation="tanh", init="glorot_normal"))
    layers = run.net.astype(np.float64).layers
    z = run.x[:1].astype(np.float64) @ layers[0].W

    def last(z):
        for before, layer in pairwise(layers[:-1]):
            z = before.activation(z) @ layer.W + layer.b
        return z

    h = 1e-6
    J = np.array([(last(z + h * e) - last(z - h * e))[0] / (2 * h) for e in np.eye(12)])
    assert run.singular_values() == pytest.approx(np.linalg.svd(J, compute_uv=False), rel=1e-6, abs=1e-9)
    assert Run(Settings(depth=1)).singular_values().size == 0


def test_theory_is_the_library_s_and_covers_networks():
    run = Run(Settings(depth=6, width=128))
    expected, predicted = run.expected(), theory.predict_statistics(run.net, run.x)
    assert np.array_equal(expected.z, np.sqrt(predicted.z.typical))
    assert np.array_equal(expected.delta_band, np.sqrt(predicted.delta.band))
    # The mean square of the singular values, over networks, is the predicted one: within five standard errors.
    squares = np.array([np.mean(np.square(Run(Settings(depth=6, width=128, seed=k)).singular_values()))
                        for k in range(40)])
    assert abs(squares.mean() - expected.stretch**2) < 5 * squares.std() / np.sqrt(40)
    run.advance(2)
    assert np.array_equal(run.expected().z, expected.z), "theory is that of step 0"


def test_rewound_to_the_same_weights_and_batches():
    run = Run(Settings(**SMALL))
    start = run.net.params.copy()
    run.advance(3)
    trained, losses_before = run.net.params.copy(), run.history.loss
    assert not np.array_equal(trained, start)
    run.rewind()
    assert np.array_equal(run.net.params, start)
    assert (run.step, len(run.history)) == (0, 0)
    run.advance(3)
    assert np.array_equal(run.net.params, trained)
    assert np.array_equal(run.history.loss, losses_before)


@pytest.mark.parametrize("change", [{"learning_rate": 0.3}, {"activation": "tanh"}, {"scale": 10.0},
                                    {"batch_size": 8}, {"data": "moons"}])
def test_one_thing_changed_leaves_the_weights(change):
    run = Run(Settings(**SMALL))
    other = Run(Settings(**SMALL, **change))
    assert all(same_weights(run, other)[:3])
    assert list(run.settings.changed(other.settings)) == list(change)
    assert not any(same_weights(run, Run(Settings(**SMALL, seed=1))))


def test_a_run_that_diverges_is_put_back_to_the_epoch_before():
    """The steps, the loss, the weights and the Python then belong to one state."""
    for settings, later in ((Settings(data="digits", learning_rate=1.0, seed=1), False),
                             (Settings(depth=10, init="normal(std=0.3)", batch_size=300), True)):
        run = Run(settings)
        run.advance(10)
        assert run.stopped
        assert bool(run.history) is later, "whether an epoch was finished before"
        other = Run(settings)
        other.advance(len(run.history))
        assert not other.stopped
        assert run.step == other.step
        assert np.array_equal(run.net.params, other.net.params)
        assert run.layers().loss == other.layers().loss


def test_divergence_is_said_in_words_and_can_be_rewound():
    run = Run(Settings(depth=10, width=32, init="normal(std=1.0)", learning_rate=3.0))
    run.advance(5)
    assert "training has diverged; try a learning rate" in run.stopped
    before = len(run.history)
    run.advance(5)
    assert len(run.history) == before
    run.layers(), run.singular_values(), run.probabilities(5)
    run.rewind()
    assert run.stopped == ""
    assert np.isfinite(run.layers().loss)


@pytest.mark.parametrize("init", INITIALIZERS)
@pytest.mark.parametrize("activation", ["relu", "sigmoid"])
def test_every_choice_can_be_seen(init, activation):
    for data in ("spirals", "digits"):
        run = Run(Settings(depth=3, width=8, init=init, activation=activation, data=data))
        assert len(run.layers().z) == 4
        assert len(run.singular_values()) == 8
        if init in ("zeros", "constant(value=0.1)"):
            with pytest.raises(ValueError, match=r"expected (a signal|weights around 0)"):
                run.expected()
        else:
            run.expected()


def test_settings():
    assert Settings(activation="gelu", data="digits").sizes()[-1] == 10
    for activation in ACTIVATIONS:
        Settings(activation=activation, depth=1, width=4).network()
    for wrong in ({"init": "he"}, {"activation": "step"}, {"data": "cats"}, {"depth": 0}, {"scale": 0.0},
                  {"learning_rate": -1.0}, {"seed": -1}):
        with pytest.raises((TypeError, ValueError), match=next(iter(wrong))):
            Settings(**wrong)
    assert set(DATA) == {"spirals", "moons", "circles", "quadrants", "digits"}


def test_the_grid_of_the_plane():
    """A network that says on which side of the vertical axis a point lies: the left half is class 0."""
    run = Run(Settings(depth=1, width=4, data="moons"))
    run.net = Network([Dense(2, 2)], rng=0)
    run.net.layers[0].W[...] = [[-1, 1], [0, 0]]
    p = run.probabilities(6)
    assert np.array_equal(p.argmax(axis=-1), [[0, 0, 0, 1, 1, 1]] * 6)
    run.net.layers[0].W[...] = [[0, 0], [-1, 1]]
    assert np.array_equal(run.probabilities(6).argmax(axis=-1)[:, 0], [1, 1, 1, 0, 0, 0]), "row 0 is at the top"
