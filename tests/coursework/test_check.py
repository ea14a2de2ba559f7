"""`check`: what it says to mistakes that occur everywhere, and to functions that raise, change, end or never end."""

import contextlib
import math
import time

import numpy as np
import pytest

from minnet.coursework import Exercise, Mistake, Wrong
from minnet.coursework.checking import capitalized, judge
from minnet.coursework.limits import TooLong, limited
from minnet.coursework.observations import FRESH, REPEATS, UNCHANGED, VARIES, outputs, weights


def backward(x, W, delta):
    """Of a layer z = x W + b: dx, dW and db."""
    return delta @ W.T, x.T @ delta, delta.sum(axis=0)


def inputs(rng):
    n = int(rng.integers(3, 9))
    return rng.normal(size=(n, 4)), rng.normal(size=(4, 4)), rng.normal(size=(n, 4))


BACKWARD = Exercise("01.9", backward, outputs("dx", "dW", "db", inputs=inputs), (
    Mistake("W is not transposed", lambda x, W, delta: (delta @ W, x.T @ delta, delta.sum(axis=0))),))


def hint(exercise, function):
    with pytest.raises(Wrong) as caught:
        judge(exercise, function, range(exercise.rounds))
    return str(caught.value)


def but(**parts):
    """The backward pass with one part changed, a function of the right one."""
    def function(x, W, delta):
        right = dict(zip(("dx", "dW", "db"), backward(x, W, delta), strict=True))
        return tuple(parts.get(name, lambda same: same)(value) for name, value in right.items())

    return function


def test_the_right_answer_is_right():
    judge(BACKWARD, backward, range(50))


def test_a_named_mistake():
    assert hint(BACKWARD, BACKWARD.mistakes[0].function) == "01.9: not yet. Right: dW, db. W is not transposed"


def test_a_named_mistake_beside_another():
    both = hint(BACKWARD, lambda x, W, delta: (delta @ W, x.T @ delta, delta.mean(axis=0)))
    assert both == "01.9: not yet. Right: dW. W is not transposed"


@pytest.mark.parametrize(("change", "words"), [
    ({"dW": np.transpose}, "`dW`: it is the transpose of what it should be"),
    ({"dW": lambda v: -v.T}, "transposed, and the sign is the opposite"),
    ({"dW": np.negative}, "the sign is the opposite"),
    ({"db": lambda v: 2 * v}, "twice what it should be"),
    ({"db": lambda v: v / 3}, "0.333 times what it should be"),
    ({"db": lambda v: v**2}, "the square"),
    ({"dW": lambda v: v + 1}, "differs by a constant"),
    ({"dW": lambda v: v[:2]}, "expected the shape (4, 4), got (2, 4)"),
    ({"dW": lambda v: v * np.nan}, "NaN"),
    ({"dW": lambda v: v / 0.0}, "infinite"),
    ({"dW": lambda v: "seven"}, "expected a number or an array of numbers, got a str"),
    ({"dW": lambda v: v * (v > 0)}, "of its entries are not right, the others are"),
    ({"dW": lambda v: np.sin(v) + 9}, "In absolute value they are too large on average"),
])
def test_general_mistakes(change, words):
    said = hint(BACKWARD, but(**change))
    assert words in said
    assert "Right: dx" in said


def test_mean_or_sum():
    assert "mean or sum?" in hint(BACKWARD, lambda x, W, delta: (delta @ W.T, x.T @ delta, delta.mean(axis=0)))
    assert "mean or sum?" in hint(BACKWARD, lambda x, W, delta: (delta @ W.T, len(x) * x.T @ delta, delta.sum(axis=0)))


def test_a_whole_number_is_no_factor_of_another():
    layer = Exercise("01.9", lambda k: k, outputs("layer", inputs=lambda rng: (int(rng.integers(2, 9)),)), ())
    assert hint(layer, lambda k: 1) == "01.9: not yet. `layer`: 1 is not right"
    assert "expected the shape (), got (1,)" in hint(layer, lambda k: np.array([k]))


def test_one_number_is_no_multiple_of_another():
    square = Exercise("01.9", lambda x: x**2, outputs("y", inputs=lambda rng: (rng.uniform(1, 2),)), ())
    assert hint(square, lambda x: 0.1 + x / 7) == (
        "01.9: not yet. `y`: it is not right. In absolute value it is too small, on average over the inputs")
    assert "twice what it should be" in hint(square, lambda x: 2 * x**2)


@pytest.mark.parametrize(("words", "begins"), [
    ("a root is missing", "A root"), ("the root of r", "The root"), ("two roots", "Two"), ("r is a root", "r is"),
    ("dW is half", "dW is"), ("fan_in stands", "fan_in"), ("np.clip moves", "np.clip"), ("df, not f", "df,"),
    ("δ starts", "δ"), ("r²/3 is", "r²/3"), ("f is a root", "f is"),
])
def test_a_hint_that_begins_with_a_name_keeps_its_small_letter(words, begins):
    assert capitalized(words, {"df", "f"}).startswith(begins)


def test_an_argument_that_is_changed():
    def function(x, W, delta):
        found = backward(x, W, delta)
        delta *= 2
        return found

    assert UNCHANGED in hint(BACKWARD, function)


@pytest.mark.parametrize(("function", "words"), [
    (lambda x, W, delta: None, "returns None"),
    (lambda x, W, delta: (1, 2), "expected 3 results, (dx, dW, db), got a tuple of 2"),
    (lambda x, W, delta: (1, None, 2), "expected a value for dW"),
    (lambda x, W, delta: x @ delta, "raises an error. ValueError"),
    (lambda x: x, "TypeError"),
    (lambda x, W, delta: exit(), "ends the program"),
])
def test_what_cannot_be_compared(function, words):
    assert words in hint(BACKWARD, function)


def test_a_loop_without_end_is_stopped():
    def loop(x, W, delta):
        while True:
            with contextlib.suppress(Exception):
                math.sqrt(2)

    quick = Exercise("01.9", backward, BACKWARD.observe, (), seconds=0.2)
    assert "stopped after 0.2 seconds" in hint(quick, loop)


def test_limited():
    assert limited(lambda: 3, 5) == 3
    with pytest.raises(ZeroDivisionError):
        limited(lambda: 1 / 0, 5)
    with pytest.raises(TooLong):
        limited(lambda: time.sleep(1), 0.05)


def test_initializers():
    law = Exercise("02.9", lambda rng, shape: rng.normal(size=shape), weights(), (), tolerance=0.04)
    judge(law, law.right, range(20))
    assert FRESH in hint(law, lambda rng, shape: np.random.default_rng(0).normal(size=shape))
    assert REPEATS in hint(law, lambda rng, shape: np.random.default_rng().normal(size=shape))
    assert "twice" in hint(law, lambda rng, shape: 2 * rng.normal(size=shape))
    assert "quantiles are not right" in hint(law, lambda rng, shape: rng.uniform(-1.7, 1.7, shape))
    swapped = hint(law, lambda rng, shape: rng.normal(size=shape[::-1]))
    assert "The shape for (300, 120): expected (300, 120), got (120, 300)" in swapped
    assert VARIES in hint(law, lambda rng, shape: (W := rng.normal(size=shape)) / W.std())
    assert "a constant" in hint(law, lambda rng, shape: rng.normal(1, 1, shape))
    assert "expected an array of real numbers" in hint(law, lambda rng, shape: 3)


def test_a_notebook_shows_the_hint_alone():
    assert Wrong("a hint")._render_traceback_() == ["a hint"]
