import math
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from minnet import activations
from minnet.activations import Activation, elu, leaky_relu, softmax, swish
from tests.conftest import ACTIVATIONS

every_activation = pytest.mark.parametrize("activation", ACTIVATIONS.values(), ids=ACTIVATIONS)


def logistic(z):
    return 1 / (1 + math.exp(-z))


# The formula in plain Python, and the limits f(−1e4), f(1e4), f′(−1e4), f′(1e4).
SELU = 1.6732632423543772848, 1.0507009873554804934
REFERENCE = {
    "identity": (lambda z: z, (-1e4, 1e4, 1, 1)),
    "sigmoid": (logistic, (0, 1, 0, 0)),
    "tanh": (math.tanh, (-1, 1, 0, 0)),
    "scaled_tanh": (lambda z: 1.7159 * math.tanh(2 * z / 3), (-1.7159, 1.7159, 0, 0)),
    "relu": (lambda z: max(z, 0.0), (0, 1e4, 0, 1)),
    "selu": (lambda z: SELU[1] * (z if z > 0 else SELU[0] * (math.exp(z) - 1)),
             (-SELU[0] * SELU[1], 1e4 * SELU[1], 0, SELU[1])),
    "gelu": (lambda z: z / 2 * (1 + math.tanh(math.sqrt(2 / math.pi) * (z + 0.044715 * z**3))), (0, 1e4, 0, 1)),
    "softplus": (lambda z: math.log(1 + math.exp(z)), (0, 1e4, 0, 1)),
    "softsign": (lambda z: z / (1 + abs(z)), (-1e4 / 10001, 1e4 / 10001, 10001**-2, 10001**-2)),
    "hard_tanh": (lambda z: min(max(z, -1.0), 1.0), (-1, 1, 0, 0)),
    "leaky_relu(0.01)": (lambda z: max(z, 0.01 * z), (-100, 1e4, 0.01, 1)),
    "leaky_relu(0.3)": (lambda z: max(z, 0.3 * z), (-3000, 1e4, 0.3, 1)),
    "elu(1)": (lambda z: z if z > 0 else math.exp(z) - 1, (-1, 1e4, 0, 1)),
    "elu(0.7)": (lambda z: z if z > 0 else 0.7 * (math.exp(z) - 1), (-0.7, 1e4, 0, 1)),
    "swish(1)": (lambda z: z * logistic(z), (0, 1e4, 0, 1)),
    "swish(1.5)": (lambda z: z * logistic(1.5 * z), (0, 1e4, 0, 1)),
}


def test_the_tables_hold_every_activation_of_the_module():
    objects = {a.name for a in vars(activations).values() if isinstance(a, Activation)}
    assert objects <= set(ACTIVATIONS)
    assert set(ACTIVATIONS) == set(REFERENCE)


@every_activation
def test_f_is_its_formula(activation):
    z = np.linspace(-6, 6, 241)
    expected = [REFERENCE[activation.name][0](float(one)) for one in z]
    np.testing.assert_allclose(activation.f(z), expected, rtol=1e-13, atol=1e-15)
    np.testing.assert_array_equal(activation(z), activation.f(z))


@every_activation
def test_df_is_the_derivative_of_f(activation):
    """Central differences of eighth order: truncation and rounding both stay below 1e-12 at h = 1e-2."""
    h, z = 1e-2, np.linspace(-8, 8, 641) + 0.0123
    for kink in activation.kinks:
        z = z[abs(z - kink) > 4.5 * h]
    weights = {1: 4 / 5, 2: -1 / 5, 3: 4 / 105, 4: -1 / 280}
    numeric = sum(w * (activation.f(z + k * h) - activation.f(z - k * h)) for k, w in weights.items()) / h
    np.testing.assert_allclose(activation.df(z, activation.f(z)), numeric, rtol=0, atol=1e-11)


@every_activation
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_large_inputs_have_the_right_limits(activation, dtype):
    z = np.array([-1e4, 1e4], dtype)
    a = activation.f(z)
    low, high, slope_low, slope_high = REFERENCE[activation.name][1]
    near = {"rtol": 4 * np.finfo(dtype).eps, "atol": 4 * np.finfo(dtype).eps}
    np.testing.assert_allclose(a, [low, high], **near)
    np.testing.assert_allclose(activation.df(z, a), [slope_low, slope_high], **near)


@every_activation
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (2, 3, 4)], ids=str)
def test_shape_and_dtype_are_kept_and_z_is_not_changed(activation, dtype, shape):
    z = np.random.default_rng(0).normal(size=shape, scale=2).astype(dtype)[...]
    before = z.copy()
    a = activation.f(z)
    d = activation.df(z, a)
    assert (a.shape, a.dtype, d.shape, d.dtype) == (shape, dtype, shape, dtype)
    np.testing.assert_array_equal(z, before)


def smallest(f):
    """The infimum of f over the line: a coarse grid to ±1e9, then ever finer grids about its lowest point."""
    z = np.concatenate([np.linspace(-50, 50, 100_001), np.geomspace(50, 1e9, 100), -np.geomspace(50, 1e9, 100)])
    best = z[np.argmin(f(z))]
    for width in (1e-2, 1e-4, 1e-6):
        z = best + np.linspace(-width, width, 2001)
        best = z[np.argmin(f(z))]
    return f(np.array([best]))[0]


@every_activation
def test_range_is_the_infimum_and_the_supremum(activation):
    low, high = activation.range
    for claimed, found in ((low, smallest(activation.f)), (-high, smallest(lambda z: -activation.f(z)))):
        if math.isinf(claimed):
            assert found < -1e6
        else:
            assert found == pytest.approx(claimed, rel=2e-9, abs=2e-9)       # softsign is 1e-9 from its limit at 1e9
            assert found >= claimed - 1e-15


@every_activation
def test_kinks_are_where_f_or_its_first_two_derivatives_jump(activation):
    jumps = []
    for z in np.linspace(-3, 3, 25):
        h = 1e-4 * np.array([-2, -1, 1, 2])
        f = activation.f(z + h)
        d = activation.df(z + h, f)
        second = (d[1] - d[0]) / 1e-4, (d[3] - d[2]) / 1e-4
        if abs(f[2] - f[1]) > 1e-2 or abs(d[2] - d[1]) > 1e-2 or abs(second[1] - second[0]) > 1e-2:
            jumps.append(float(z))
    assert tuple(jumps) == activation.kinks


def test_selu_constants_solve_the_two_equations_of_the_fixed_point():
    """E[selu(z)] = 0 and E[selu(z)²] = 1 for z ~ N(0, 1), by Gauss–Legendre quadrature on either side of the kink."""
    nodes, weights = np.polynomial.legendre.leggauss(100)
    mean = square = 0.0
    for low, high in ((-14, 0), (0, 14)):
        z = (high - low) / 2 * nodes + (high + low) / 2
        density = (high - low) / 2 * weights * np.exp(-z * z / 2) / math.sqrt(2 * math.pi)
        mean += density @ activations.selu.f(z)
        square += density @ activations.selu.f(z) ** 2
    assert mean == pytest.approx(0, abs=1e-13)
    assert square == pytest.approx(1, abs=1e-13)
    assert pytest.approx(SELU, rel=1e-15) == (activations.SELU_ALPHA, activations.SELU_LAMBDA)


def test_derivatives_at_the_kinks_are_those_from_the_left():
    z = np.zeros(1)
    for activation, slope in ((activations.relu, 0), (leaky_relu(0.3), 0.3), (elu(0.7), 0.7),
                              (activations.selu, SELU[0] * SELU[1])):
        assert activation.df(z, activation.f(z)) == pytest.approx(slope, rel=1e-14)
    assert activations.hard_tanh.df(z + 1, z + 1) == activations.hard_tanh.df(z - 1, z - 1) == 0


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_softmax_sums_to_one_without_overflow(dtype):
    z = np.array([[1e4, -1e4, 0], [-1e4, -1e4, -1e4], [1, 2, 3]], dtype)
    p = softmax(z)
    assert p.dtype == dtype
    np.testing.assert_allclose(p.sum(axis=-1), 1, rtol=4 * np.finfo(dtype).eps)
    np.testing.assert_array_equal(p[0], [1, 0, 0])
    np.testing.assert_allclose(p[2], np.exp([1, 2, 3]) / np.exp([1, 2, 3]).sum(), rtol=8 * np.finfo(dtype).eps)
    np.testing.assert_array_equal(softmax(z[2]), p[2])                       # the last axis, whatever stands before
    np.testing.assert_array_equal(softmax(z[:, None]), p[:, None])


@given(z=arrays(float, (2, 5), elements=st.floats(-50, 50)), shift=st.floats(-1e3, 1e3))
def test_softmax_does_not_see_a_shift(z, shift):
    np.testing.assert_allclose(softmax(z + shift), softmax(z), rtol=1e-11, atol=1e-300)


@pytest.mark.parametrize(("factory", "bad"), [
    (leaky_relu, 1), (leaky_relu, -0.1), (leaky_relu, math.nan), (elu, 0), (elu, -1), (elu, math.inf), (swish, 0),
    (swish, -1),
], ids=lambda value: getattr(value, "__name__", str(value)))
def test_factories_reject_parameters_out_of_range(factory, bad):
    with pytest.raises(ValueError, match=rf"expected \w+ to be a number [>≥] 0.*, got {bad}"):
        factory(bad)


@pytest.mark.parametrize("factory", [leaky_relu, elu, swish])
@pytest.mark.parametrize("bad", ["0.5", True, None, np.zeros(2)], ids=["str", "bool", "None", "array"])
def test_factories_reject_what_is_no_number(factory, bad):
    with pytest.raises(TypeError, match=rf"expected \w+ to be a number .*, got .* of type {type(bad).__name__}"):
        factory(bad)


def test_leaky_relu_with_slope_zero_is_relu():
    z = np.linspace(-2, 2, 9)
    zero = leaky_relu(0)
    assert (zero.range, zero.kinks) == (activations.relu.range, activations.relu.kinks)
    np.testing.assert_array_equal(zero.f(z), activations.relu.f(z))


@every_activation
def test_pickle_and_repr(activation):
    z = np.linspace(-3, 3, 7)
    back = pickle.loads(pickle.dumps(activation))
    assert (back.name, back.kinks, back.range) == (activation.name, activation.kinks, activation.range)
    np.testing.assert_array_equal(back.f(z), activation.f(z))
    np.testing.assert_array_equal(back.df(z, back.f(z)), activation.df(z, activation.f(z)))
    assert repr(activation) == activation.name


def test_an_activation_of_ones_own():
    square = Activation("square", lambda z: z * z, lambda z, a: 2 * z)
    assert (square.kinks, square.range) == ((), (-math.inf, math.inf))
    assert square(np.array(3.0)) == 9
    ramp = Activation("ramp", lambda z: z.clip(-1, 1), lambda z, a: (abs(z) < 1).astype(z.dtype), kinks=[-1.0, 1.0])
    assert ramp.kinks == (-1.0, 1.0)


def written(z, a):
    a -= z
    return a


@pytest.mark.parametrize(("f", "df", "message"), [
    (lambda z: np.tanh(z, out=z), lambda z, a: 1 - a * a, "expected f of mine to return a new array and .*out=z"),
    (lambda z: np.maximum(z, 0, out=z), lambda z, a: 1.0 * (z > 0), "expected f of mine .* writes into z"),
    (np.tanh, lambda z, a: np.cosh(z, out=z) ** -2, "df of mine .* leave z as it is, got one that writes into z"),
    (np.sin, np.cos, r"df of mine .* writes into a: .*; write lambda z, a: np\.cos\(z\)"),
    (np.tanh, written, "df of mine .* writes into a"),
    (lambda z: z, lambda z, a: np.exp(z, a), "df of mine .* writes into a"),
])
def test_functions_that_write_into_their_arguments_are_refused(f, df, message):
    with pytest.raises(ValueError, match=message):
        Activation("mine", f, df)


def test_a_slope_that_is_the_output_itself_may_be_returned():
    z = np.ones((2, 2))
    assert (Activation("exp", np.exp, lambda z, a: a).df(z, np.exp(z)) == np.exp(1)).all()


@pytest.mark.parametrize(("settings", "message"), [
    ({"range": (1, -1)}, r"range of mine to be \(low, high\) with low < high, .*, got \(1\.0, -1\.0\)"),
    ({"range": (math.nan, 1)}, r"with low < high, .*, got \(nan, 1\.0\)"), ({"range": (0, 0)}, r"got \(0\.0, 0\.0\)"),
    ({"range": (-1, 0, 1)}, r"with low < high, .*, got \(-1\.0, 0\.0, 1\.0\)"), ({"range": ()}, r"got \(\)"),
    ({"kinks": (0, math.nan)}, r"kinks of mine to be finite numbers, got \(0\.0, nan\)"),
    ({"kinks": [math.inf]}, r"finite numbers, got \(inf,\)"),
], ids=str)
def test_ranges_and_kinks_that_cannot_be(settings, message):
    with pytest.raises(ValueError, match=message):
        Activation("mine", np.tanh, lambda z, a: 1 - a * a, **settings)


@every_activation
def test_what_is_not_a_number_stays_so(activation):
    """A loss that has become NaN must not come back to life."""
    z = np.array([np.nan, 1.0], np.float32)
    with np.errstate(invalid="ignore"):
        assert np.isnan(activation.f(z)).tolist() == [True, False]


@pytest.mark.parametrize("activation", [activations.selu, elu(0.3), elu(1e9), leaky_relu(0.3)], ids=repr)
def test_the_slope_above_zero_is_exact(activation):
    z = np.array([1e-3, 1.0, 20.0], np.float32)
    slope = np.float32(activations.SELU_LAMBDA) if activation is activations.selu else 1
    assert (activation.df(z, activation.f(z)) == slope).all()


def test_a_number_or_a_list_may_be_passed():
    assert activations.relu(-3.0) == 0
    assert activations.relu([-1.0, 2.0]).tolist() == [0, 2]
