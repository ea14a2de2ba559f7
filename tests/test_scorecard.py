"""The score card: what it measures is right where the answer is known, and the good is told from the bad."""

import math
from functools import partial

import numpy as np
import pytest

from minnet import activations, diagnostics, initializers
from minnet.scorecard import Scorecard, scorecard

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


def test_orthogonal_linear_nets_are_an_isometry_and_gaussian_ones_are_not():
    quick = {"widths": (48,), "depths": (6,), "epochs": 0}
    flat = scorecard(initializers.orthogonal, activations.identity, **quick).rows[0]
    assert flat.spread == pytest.approx(0, abs=1e-12)
    assert flat.forward == pytest.approx(1, rel=1e-9)
    spread = scorecard(initializers.lecun_normal, activations.identity, **quick).rows[0].spread
    assert spread == pytest.approx(5, rel=0.5)                 # L = 5 matrices between; s⁴ of one draw varies much


def test_symmetry_is_seen():
    quick = {"widths": (16,), "depths": (3,), "epochs": 0}
    assert scorecard(initializers.ones, activations.tanh, **quick).rows[0].distinct < 0.5

    def one_seed(rng, shape):
        return initializers.lecun_normal(np.random.default_rng(0), shape)

    assert scorecard(one_seed, activations.tanh, **quick).rows[0].correlation == pytest.approx(16, rel=0.01)   # √N = 16


def test_text_html_and_plot(he):
    text = str(he)
    assert text.startswith("he_normal for relu\n")
    assert "width 48: learns the digits up to 12 hidden layers, the deepest tried" in text
    assert "nan" not in text
    assert he._repr_html_().count("<tr>") == 3
    assert "data:image/png;base64," in he._repr_html_()
    figure = he.plot()
    assert len(figure.axes) == 2
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


@pytest.mark.parametrize(("changes", "message"), [
    ({"widths": ()}, "expected at least one width and one depth"), ({"depths": (0,)},
                                                                    "expected a depth to be a whole number"),
    ({"seeds": 0}, "expected seeds to be a whole number ≥ 1, got 0"), ({"epochs": -1},
                                                                       "expected epochs to be a whole number"),
])
def test_bad_arguments(changes, message):
    with pytest.raises(ValueError, match=message):
        scorecard(initializers.he_normal, activations.relu, **changes)
