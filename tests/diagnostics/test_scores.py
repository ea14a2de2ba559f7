"""The score card: what it measures is right where the answer is known, and the good is told from the bad."""

import copy
import math
from functools import partial

import numpy as np
import pytest

from minnet import (
    Dense,
    Network,
    activations,
    datasets,
    diagnostics,
    fit,
    initializers,
    losses,
    optimizers,
    theory,
)
from minnet.diagnostics import symmetry
from minnet.diagnostics.scores import RATES, Scorecard, ScoreRow, scorecard

QUICK = {"widths": (48,), "depths": (2, 12), "seeds": 3, "epochs": 2}


@pytest.fixture(scope="module")
def he():
    return scorecard(initializers.he_normal, activations.relu, **QUICK)


def test_he_keeps_what_the_heuristic_loses(he):
    heuristic = scorecard(initializers.heuristic_uniform, activations.relu, **QUICK)
    assert he.trainable_depth(48) == 12
    assert heuristic.trainable_depth(48) == 2
    deep, poor = he.rows[-1], heuristic.rows[-1]
    # eleven layers that halve, times 1/3: (1/6)^11; the spread of ln over seeds is √(5 · 11/48) = 1.1
    assert math.log(poor.forward) == pytest.approx(11 * math.log(1 / 6), abs=4)
    assert abs(math.log(deep.forward)) < 4
    for card in (he, heuristic):
        for row in card.rows:
            allowed = 4 * math.sqrt(5 * row.depth / 48)                    # deviations of ln, theory's for ReLU
            assert abs(math.log(row.forward / row.forward_predicted)) < allowed
            assert abs(math.log(row.backward / row.backward_predicted)) < allowed
    assert all(row.distinct == 1 for row in he.rows)
    assert all(row.correlation < 5 for row in he.rows)


def test_every_column_is_what_it_says():
    """Networks, passes, Jacobians and trainings made here once more, from the same seeds."""
    init, bias = initializers.he_normal, partial(initializers.normal, std=0.3)
    card = scorecard(init, activations.tanh, widths=(7, 6), depths=(3, 2), bias=bias, seeds=3, epochs=2, rng=4)
    x, y = datasets.standardized(datasets.digits()).train
    assert [(row.width, row.depth) for row in card.rows] == [(7, 2), (7, 3), (6, 2), (6, 3)]
    for row in card.rows[1:3]:
        def drawn(seed, dtype=np.float64, width=row.width, depth=row.depth):
            hidden = [Dense(64 if k == 0 else width, width, activations.tanh, init, bias) for k in range(depth)]
            return Network([*hidden, Dense(width, 10, init=initializers.lecun_normal)], rng=seed, dtype=dtype)

        z, delta, typical, spread = [], [], [], []
        for seed in (4, 5, 6):
            net = drawn(seed)
            net.forward(x[:64])
            net.backward(np.random.default_rng([seed, 7]).normal(size=(64, 10)))
            z.append([np.mean(layer.z**2) for layer in net.layers[:-1]])
            delta.append([np.mean(layer.delta**2) / np.mean(net.layers[-1].delta**2) for layer in net.layers[:-1]])
            found = theory.predict_statistics(net, x[:64])
            typical.append([found.z.typical[:-1], found.delta.typical[:-1]])
            last = Network(copy.deepcopy(net.layers[1:-1]), rng=0, dtype=np.float64)      # a₁ ↦ a_L
            last.params = net.params[net.span(1, row.depth - 1)]
            s2 = diagnostics.jacobian(last, net.layers[0].a[:2]).whole ** 2
            spread.append(np.mean(s2.var(axis=1) / s2.mean(axis=1) ** 2))
        z, delta, typical = np.array(z), np.array(delta), np.array(typical)
        for got, first, end in ((row.forward, z[:, 0], z[:, -1]), (row.backward, delta[:, -1], delta[:, 0]),
                                (row.forward_predicted, typical[:, 0, 0], typical[:, 0, -1]),
                                (row.backward_predicted, typical[:, 1, -1], typical[:, 1, 0])):
            assert got == pytest.approx(np.median(end / first), rel=1e-9)
        assert row.spread == pytest.approx(np.median(spread), rel=1e-9)
        if row.depth == 3:                                # of the deepest networks
            profile = card.profiles[row.width]
            np.testing.assert_allclose(profile["z"], z, rtol=1e-9)
            np.testing.assert_allclose(profile["delta"], delta, rtol=1e-9)
            np.testing.assert_allclose(profile["z predicted"], np.median(typical[:, 0], axis=0), rtol=1e-9)
            np.testing.assert_allclose(profile["delta predicted"], np.median(typical[:, 1], axis=0), rtol=1e-9)
        else:
            runs = [(fit(drawn(4, np.float32), (x, y), loss=losses.softmax_cross_entropy, epochs=2, batch_size=32,
                         optimizer=optimizers.SGD(rate, momentum=0.9), rng=0, progress=False).accuracy[-1], rate)
                    for rate in RATES]
            assert (row.accuracy, row.rate) == max(runs)
            layers = symmetry(drawn(4), x[:64], y[:64], losses.softmax_cross_entropy).rows[:-1]
            assert row.correlation >= max(layer.correlation / layer.chance for layer in layers if layer.like)


def test_what_was_learned_in_words():
    def row(width, depth, accuracy):
        return ScoreRow(width, depth, 1, 1, 1, 1, 1, 1, 1, accuracy, 0.1)

    rows = (row(8, 2, 0.9), row(8, 4, 0.5), row(8, 6, 0.49), row(9, 2, 0.3), row(9, 9, math.nan), row(7, 3, 0.6))
    card = Scorecard("title", rows, {}, 1)
    assert [card.trainable_depth(width) for width in (8, 9, 7)] == [4, 0, 3]
    assert card.summary().splitlines() == [
        "width 8: learns the digits up to 4 hidden layers (1 epoch, best of 6 rates)",
        "width 9: learns the digits at no depth tried (1 epoch, best of 6 rates)",
        "width 7: learns the digits up to 3 hidden layers, the deepest tried (1 epoch, best of 6 rates)"]
    assert row(8, 2, 1).alike == "1.0×"
    assert "title" in str(card)


def test_orthogonal_linear_nets_are_an_isometry_and_gaussian_ones_are_not():
    quick = {"widths": (48,), "depths": (6,), "epochs": 0}
    flat = scorecard(initializers.orthogonal, activations.identity, **quick).rows[0]
    assert flat.spread == pytest.approx(0, abs=1e-12)
    assert flat.forward == pytest.approx(1, rel=1e-9)
    spread = scorecard(initializers.lecun_normal, activations.identity, **quick).rows[0].spread
    assert spread == pytest.approx(5, rel=0.5)                 # L = 5 matrices between; s⁴ of one draw varies much


def test_symmetry_is_seen():
    quick = {"widths": (16,), "depths": (3,), "epochs": 0}
    for depth in (1, 3):                           # one of 16 in every layer, the last hidden one too
        row = scorecard(initializers.ones, activations.tanh, **quick | {"depths": (depth,)}).rows[0]
        assert row.distinct == 1 / 16

    def pairs(rng, shape):                        # every second unit with its neighbour's weights, in and out
        w = rng.normal(size=shape)
        return np.repeat(np.repeat(w[::2], 2, axis=0)[:shape[0], ::2], 2, axis=1)

    assert scorecard(pairs, activations.tanh, **quick).rows[0].distinct == 1 / 2

    def only_in_layer_1(rng, shape):              # the columns of the first W, the rows of all others
        w = rng.normal(size=shape)
        return np.repeat(w[:, ::2], 2, axis=1) if shape[0] == 64 else np.repeat(w[::2], 2, axis=0)

    assert scorecard(only_in_layer_1, activations.tanh, **quick).rows[0].distinct == (8 + 16 + 16) / 48

    def one_seed(rng, shape):
        return initializers.lecun_normal(np.random.default_rng(0), shape)

    assert scorecard(one_seed, activations.tanh, **quick).rows[0].correlation == pytest.approx(16, rel=0.01)   # √N = 16


def test_text_html_and_plot(he):
    text = str(he)
    assert text.startswith("he_normal for relu\n")
    assert "width 48: learns the digits up to 12 hidden layers, the deepest tried (2 epochs, best of 6 rates)" in text
    assert "nan" not in text
    assert he._repr_html_().count("<tr>") == 3
    assert "data:image/png;base64," in he._repr_html_()
    figure = he.plot()
    assert len(figure.axes) == 2
    assert [ax.get_legend() is None for ax in figure.axes] == [True, False]            # one says it for both
    assert all(ax.get_xlabel() and ax.get_ylabel() for ax in figure.axes)
    assert isinstance(he, Scorecard)
    assert diagnostics.scorecard is scorecard


def test_a_signal_that_dies_and_one_that_explodes():
    for init, epochs in ((initializers.zeros, 1), (partial(initializers.normal, std=1e3), 0)):
        card = scorecard(init, activations.relu, widths=(8,), depths=(3,), epochs=epochs)
        assert "nan" not in str(card)
        assert card.trainable_depth(8) == 0
    assert "not trained" in str(card)


def test_an_activation_and_biases_of_ones_own():
    sine = activations.Activation("sin", np.sin, lambda z, a: np.cos(z))
    card = scorecard(initializers.lecun_normal, sine, bias=partial(initializers.normal, std=0.1), widths=(8,),
                     depths=(2,),
                     epochs=0)
    assert str(card).startswith("lecun_normal for sin, biases normal(std=0.1)")


def test_a_generator_is_a_seed_that_is_drawn():
    quick = {"widths": (8,), "depths": (2,), "seeds": 2, "epochs": 0}

    def card(rng):
        return scorecard(initializers.he_normal, activations.relu, rng=rng, **quick)

    drawn = int(np.random.default_rng(5).integers(2**32))
    assert str(card(np.random.default_rng(5))) == str(card(drawn)) != str(card(0))
    rng = np.random.default_rng(5)
    assert str(card(rng)) != str(card(rng))       # it goes on


@pytest.mark.parametrize("std", [1e-100, 1e60])
def test_the_scale_of_the_weights_is_not_in_the_spread(std):
    """A linear net of ten layers whose weights are scaled by `std`: the Jacobian is 10⁻⁹⁰⁰ times as large, or 10⁵⁴⁰."""
    quick = {"widths": (6,), "depths": (10,), "seeds": 3, "epochs": 0}
    spreads = [scorecard(partial(initializers.normal, std=s), activations.identity, **quick).rows[0].spread
               for s in (1.0, std)]
    assert spreads[0] == pytest.approx(spreads[1], rel=1e-9)


def test_what_overflows_is_left_blank():
    """The suite turns every warning into an error: none may come from what the card measures."""
    for width, std in ((1, 1e100), (8, 1e200), (8, 1e-200)):
        card = scorecard(partial(initializers.normal, std=std), activations.relu, widths=(width,), depths=(2, 6),
                         epochs=0)
        assert "nan" not in str(card)


@pytest.mark.parametrize(("changes", "kind", "message"), [
    ({"widths": ()}, ValueError, "expected widths to be a list of whole numbers ≥ 1, got an empty one"),
    ({"depths": []}, ValueError, "expected depths to be a list of whole numbers ≥ 1, got an empty one"),
    ({"widths": 8}, TypeError, "expected widths to be a list of whole numbers ≥ 1, got 8: one number is a list of one"),
    ({"depths": "ab"}, TypeError, "expected depths to be a list of whole numbers ≥ 1, got 'ab'"),
    ({"depths": (2, 0)}, ValueError, r"expected depths\[1\] to be a whole number ≥ 1, got 0"),
    ({"seeds": 0}, ValueError, "expected seeds to be a whole number ≥ 1, got 0"),
    ({"epochs": -1}, ValueError, "expected epochs to be a whole number ≥ 0, got -1"),
    ({"rng": None}, TypeError, "expected rng to be an int ≥ 0 or a numpy Generator, got None"),
])
def test_bad_arguments(changes, kind, message):
    with pytest.raises(kind, match=message):
        scorecard(initializers.he_normal, activations.relu, **changes)
