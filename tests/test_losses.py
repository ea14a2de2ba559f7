import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from minnet import activations, losses
from minnet.activations import sigmoid, softmax
from minnet.losses import mean_squared_error, sigmoid_cross_entropy, softmax_cross_entropy, squared_error
from tests.conftest import LOSSES

every_loss = pytest.mark.parametrize("name", LOSSES)


def case(name, n=5, k=3, seed=0):
    rng = np.random.default_rng(seed)
    loss, targets = LOSSES[name]
    return loss, rng.normal(size=(n, k), scale=2), targets(rng, n, k)


def entries(z, y):
    """Every output with its target, as plain pairs."""
    return [(o, t) for outputs, targets in zip(z, y, strict=True) for o, t in zip(outputs, targets, strict=True)]


def logistic(o):
    return 1 / (1 + math.exp(-o))


# The definitions, one example and one output at a time.
BY_HAND = {
    "softmax_cross_entropy": lambda z, y: sum(
        math.log(sum(math.exp(o) for o in row)) - row[label] for row, label in zip(z, y, strict=True)) / len(z),
    "sigmoid_cross_entropy": lambda z, y: sum(
        -t * math.log(logistic(o)) - (1 - t) * math.log(1 - logistic(o)) for o, t in entries(z, y)) / len(z),
    "squared_error": lambda z, y: sum((o - t) ** 2 / 2 for o, t in entries(z, y)) / len(z),
    "mean_squared_error": lambda z, y: sum((o - t) ** 2 for o, t in entries(z, y)) / z.size,
}


@every_loss
def test_value_is_the_mean_over_examples_of_the_sum_over_outputs(name):
    loss, z, y = case(name)
    value, _ = loss(z, y)
    assert type(value) is float
    assert value == pytest.approx(BY_HAND[name](z, y), rel=1e-13)


@every_loss
def test_dz_is_the_derivative_of_the_value(name):
    loss, z, y = case(name)
    _, dz = loss(z, y)
    numeric, h = np.zeros_like(z), 1e-3
    for place in np.ndindex(z.shape):
        at = np.zeros_like(z)
        at[place] = h
        c = {k: loss(z + k * at, y)[0] for k in (-2, -1, 1, 2)}
        numeric[place] = (8 * (c[1] - c[-1]) - (c[2] - c[-2])) / (12 * h)
    np.testing.assert_allclose(dz, numeric, rtol=0, atol=1e-11)


def test_delta_is_prediction_minus_target_over_n_in_all_three_canonical_pairs():
    for name, prediction in (("softmax_cross_entropy", softmax), ("sigmoid_cross_entropy", sigmoid.f),
                             ("squared_error", lambda z: z)):
        loss, z, y = case(name)
        target = np.eye(3)[y] if name == "softmax_cross_entropy" else y
        np.testing.assert_allclose(loss(z, y)[1], (prediction(z) - target) / 5, rtol=1e-13, atol=1e-16)


@given(n=st.integers(1, 6), k=st.integers(1, 5), seed=st.integers(0, 100))
def test_squared_error_is_k_halves_of_mean_squared_error(n, k, seed):
    _, z, y = case("squared_error", n, k, seed)
    value, dz = squared_error(z, y)
    other, other_dz = mean_squared_error(z, y)
    assert value == pytest.approx(k / 2 * other, rel=1e-12)
    np.testing.assert_allclose(dz, k / 2 * other_dz, rtol=1e-12)


@every_loss
def test_twice_the_same_examples_cost_the_same(name):
    loss, z, y = case(name)
    value, dz = loss(z, y)
    twice, twice_dz = loss(np.concatenate([z, z]), np.concatenate([y, y]))
    assert twice == pytest.approx(value, rel=1e-14)
    np.testing.assert_allclose(twice_dz, np.concatenate([dz, dz]) / 2, rtol=1e-13, atol=1e-17)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_extreme_logits(dtype):
    z = np.array([[1e4, -1e4], [1e4, -1e4]], dtype)
    value, dz = softmax_cross_entropy(z, np.array([0, 1]))               # one right for sure, one wrong for sure
    assert value == pytest.approx(1e4)
    np.testing.assert_array_equal(dz, [[0, 0], [0.5, -0.5]])
    value, dz = sigmoid_cross_entropy(z, np.array([[1, 0], [0, 1]]))
    assert value == pytest.approx(1e4)
    np.testing.assert_array_equal(dz, [[0, 0], [0.5, -0.5]])
    assert softmax_cross_entropy(z[:1], [0])[0] == sigmoid_cross_entropy(z[:1], [[1, 0]])[0] == 0


@every_loss
def test_float32_stays_float32_and_agrees_with_float64(name):
    loss, z, y = case(name)
    value, dz = loss(z.astype(np.float32), y)                            # float targets are float64 here
    assert dz.dtype == np.float32
    exact, exact_dz = loss(z, y)
    assert value == pytest.approx(exact, rel=1e-6)
    np.testing.assert_allclose(dz, exact_dz, rtol=1e-5, atol=1e-7)


@every_loss
def test_arguments_are_left_as_they_were(name):
    loss, z, y = case(name)
    z_before, y_before = z.copy(), y.copy()
    _, dz = loss(z, y)
    np.testing.assert_array_equal(z, z_before)
    np.testing.assert_array_equal(y, y_before)
    assert not np.shares_memory(dz, z)
    assert not np.shares_memory(dz, y)


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.int64, np.uint64])
def test_labels_of_any_integer_dtype(dtype):
    loss, z, y = case("softmax_cross_entropy")
    value, dz = loss(z, y.astype(dtype))
    assert (value, dz.tolist()) == (loss(z, y)[0], loss(z, y)[1].tolist())


def test_many_examples_with_labels_of_one_byte():
    """Positions in the array are counted beyond what a byte holds."""
    rng = np.random.default_rng(0)
    z = rng.normal(size=(1000, 10)).astype(np.float32)
    y = rng.integers(10, size=1000)
    value, dz = softmax_cross_entropy(z, y)
    for dtype in (np.uint8, np.int8):
        other, dother = softmax_cross_entropy(z, y.astype(dtype))
        assert other == value
        np.testing.assert_array_equal(dother, dz)


def test_the_order_of_the_outputs_in_memory_does_not_matter():
    rng = np.random.default_rng(0)
    z = rng.normal(size=(7, 4))
    y = rng.integers(4, size=7)
    value, dz = softmax_cross_entropy(z, y)
    wide = np.zeros((14, 8))
    wide[::2, ::2] = z
    for other in (np.asfortranarray(z), wide[::2, ::2]):
        again, dagain = softmax_cross_entropy(other, y)
        assert again == value
        np.testing.assert_array_equal(dagain, dz)


@pytest.mark.parametrize("y", [np.array([0, -1]), np.array([0, 3]), np.array([0, 2**64 - 1], np.uint64),
                               np.array([0, -128], np.int8)])
def test_labels_out_of_range_are_shown_as_they_are(y):
    with pytest.raises(ValueError, match=rf"labels in 0 … 2 for 3 outputs, got {y.min()} … {y.max()}"):
        softmax_cross_entropy(np.zeros((2, 3)), y)


def test_sigmoid_cross_entropy_takes_labels_as_it_takes_a_column():
    z, y = np.random.default_rng(0).normal(size=(6, 1)), np.array([0, 1, 1, 0, 1, 0])
    for labels in (y, y.astype(np.uint8), y.tolist()):
        value, dz = sigmoid_cross_entropy(z, labels)
        column, column_dz = sigmoid_cross_entropy(z, y[:, None].astype(float))
        assert value == column
        assert dz.shape == (6, 1)
        np.testing.assert_array_equal(dz, column_dz)


def test_a_prediction_at_random_costs_the_logarithm_of_the_classes():
    assert softmax_cross_entropy(np.zeros((4, 10)), np.arange(4))[0] == pytest.approx(math.log(10))
    assert sigmoid_cross_entropy(np.zeros((4, 1)), np.array([0, 1, 0, 1]))[0] == pytest.approx(math.log(2))


@given(z=arrays(float, (3, 4), elements=st.floats(-20, 20)), shift=arrays(float, (3, 1), elements=st.floats(-100, 100)))
def test_softmax_cross_entropy_does_not_see_a_shift_of_a_row(z, shift):
    y = np.array([0, 3, 1])
    value, dz = softmax_cross_entropy(z, y)
    shifted, shifted_dz = softmax_cross_entropy(z + shift, y)
    assert shifted == pytest.approx(value, rel=1e-11, abs=1e-12)
    np.testing.assert_allclose(shifted_dz, dz, rtol=0, atol=1e-12)
    np.testing.assert_allclose(dz.sum(axis=1), 0, atol=1e-15)


def test_a_large_batch_is_summed_without_loss():
    """A running sum in float32 would be off by 2e-4 here."""
    n = 500_000
    value, _ = softmax_cross_entropy(np.zeros((n, 10), np.float32), np.zeros(n, int))
    assert value == pytest.approx(math.log(10), rel=2e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("scale", [1, 30])
def test_the_plain_form_of_the_softmax_loss_is_the_same(dtype, scale):
    rng = np.random.default_rng(0)
    z, y = (scale * rng.normal(size=(50, 7))).astype(dtype), rng.integers(0, 7, 50)
    (value, dz), (plain, plain_dz) = losses.softmax_cross_entropy(z, y), losses.plain_softmax_cross_entropy(z, y)
    bound = 50 * float(np.finfo(dtype).eps)                     # a sum of fifty terms, each rounded
    assert value == pytest.approx(plain, rel=bound)
    np.testing.assert_allclose(dz, plain_dz, rtol=0, atol=bound / 50)


# How often the prediction is right -----------------------------------------------------------------------------

def test_accuracy_of_yes_or_no_questions_is_the_share_of_right_answers():
    z, y = np.array([[1.0, -1.0, 2.0], [1.0, 1.0, -3.0]]), np.array([[1, 0, 1], [0, 0, 0]])
    np.testing.assert_array_equal(losses.hits(z, y), [[True, True, True], [False, False, True]])
    assert losses.accuracy(z, y) == losses.accuracy(z, y, sigmoid_cross_entropy) == pytest.approx(4 / 6)
    assert losses.accuracy(z[:, :1], y[:, :1]) == losses.accuracy(z[:, :1], y[:, 0]) == 0.5
    assert losses.accuracy(z, y.astype(float)) is None                   # floats are probabilities
    assert losses.accuracy(z, 2 * y) is None                             # counts are values
    for regression in (squared_error, mean_squared_error, lambda z, y: (0.0, z)):
        assert losses.accuracy(z, y, regression) is None


@pytest.mark.parametrize("k", [1, 3])
def test_the_accuracy_of_nan_is_nan(k):
    z = np.full((4, k), np.nan)
    assert math.isnan(losses.accuracy(z, np.zeros(4, int)))
    assert math.isnan(losses.accuracy(z, np.zeros((4, k), int)))
    z[:3] = 1
    assert math.isnan(losses.accuracy(z, np.zeros(4, int)))
    z[:] = np.inf
    assert losses.accuracy(z, np.full(4, int(k == 1))) == 1


def test_losses_say_what_they_take_and_mean():
    z = np.zeros((4, 3))
    for loss, output_function in ((losses.softmax_cross_entropy, activations.softmax),
                                  (losses.sigmoid_cross_entropy, activations.sigmoid.f),
                                  (losses.squared_error, activations.identity.f),
                                  (losses.mean_squared_error, activations.identity.f)):
        assert loss.output_function is output_function
        with pytest.raises((TypeError, ValueError), match="expected"):
            loss.check(z, np.full(4, 9))
