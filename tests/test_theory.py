"""Mean-field theory against closed forms, published numbers, and simulation."""

import math
from functools import partial

import numpy as np
import pytest

from minnet import activations, initializers, theory
from minnet.theory import MeanField
from tests.conftest import ACTIVATIONS

RNG = np.random.default_rng
gelu, relu, selu, sigmoid, swish, tanh = (activations.gelu, activations.relu, activations.selu, activations.sigmoid,
                                          activations.swish(), activations.tanh)


# Moments and gains -------------------------------------------------------------------------------------------

@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("q", [1e-4, 1.0, 30.0])
def test_moments_and_their_errors(name, q):
    activation = ACTIVATIONS[name]
    found = theory.moments(activation, q)
    assert all(value.error <= 1e-10 * max(abs(value.value), 1) for value in found)
    below, above = (theory.moments(activation, q * (1 + t)).second.value for t in (-1e-4, 1e-4))
    assert found.growth.value == pytest.approx((above - below) / (2e-4 * q), rel=1e-6, abs=1e-9)


def test_moments_against_a_million_draws():
    """Within five standard errors, for an activation of one's own with kinks away from 0."""
    own = activations.Activation("own", lambda z: np.clip(z, -0.5, 1.5), lambda z,
                                 a: ((z > -0.5) & (z < 1.5)).astype(z.dtype),
                                 kinks=(-0.5, 1.5))
    z = math.sqrt(2) * RNG(0).normal(size=1_000_000)
    a = own.f(z)
    d = own.df(z, a)
    for value, drawn in zip(theory.moments(own, 2.0), (a, a * a, d * d, a * d * z / 2), strict=True):
        assert abs(drawn.mean() - value.value) < 5 * drawn.std() / 1000


@pytest.mark.parametrize(("activation", "forward", "deviation", "gradient"), [
    (relu, 1.414, 1.713, 1.414), (tanh, 1.593, 1.593, 1.467), (selu, 1.000, 1.000, 0.966),
    (sigmoid, 1.846, 4.801, 4.723), (gelu, 1.534, 1.701, 1.481), (swish, 1.677, 1.787, 1.623)], ids=str)
def test_gains_three_ways(activation, forward, deviation, gradient):
    found = theory.gains(activation)
    assert [round(gain.gain, 3) for gain in found] == [forward, deviation, gradient]
    assert found[2].chi == pytest.approx(1, rel=1e-12)
    field = MeanField(activation, found[0].gain ** 2)
    assert field.variance(1.0) == pytest.approx(1, rel=1e-12)
    assert (found[0].slope, found[0].chi) == pytest.approx((field.slope(1.0), field.chi(1.0)), rel=1e-12)


def test_the_forward_gain_is_a_trap_for_gelu_and_swish():
    for activation, slope, after in ((gelu, 1.144, 4.9e3), (swish, 1.173, 2.9e7)):
        gain = theory.gains(activation)[0]
        assert round(gain.slope, 3) == slope
        # From unit inputs z² is gain² in the first layer; 50 layers on:
        assert MeanField(activation, gain.gain**2).variances(gain.gain**2, 51)[-1] == pytest.approx(after, rel=0.02)
    assert [round(theory.gains(a)[0].chi, 3) for a in (sigmoid, tanh)] == [0.153, 1.178]


def test_closed_forms_of_relu():
    slope = 0.2
    leaky = activations.leaky_relu(slope)
    for gain in (theory.gains(leaky)[0], theory.gains(leaky)[2]):
        assert gain.gain == pytest.approx(math.sqrt(2 / (1 + slope**2)), rel=1e-12)
        assert (gain.slope, gain.chi) == pytest.approx((1, 1), rel=1e-12)
    field = MeanField(relu, 2.0)
    for c in (-0.7, 0.0, 0.5, 0.9999):
        exact = (math.sqrt(1 - c * c) + c * (math.pi - math.acos(c))) / math.pi       # He's correlation map
        assert field.correlation(c, 3.0) == pytest.approx(exact, abs=1e-12)
        assert field.correlation_slope(c, 3.0) == pytest.approx((math.pi - math.acos(c)) / math.pi, abs=1e-12)
    correlations = field.correlations(0.0, 1.0, 31)
    assert [round(correlations[i], 3) for i in (1, 2, 5, 10, 20, 30)] == [0.318, 0.494, 0.736, 0.872, 0.948, 0.972]


# Maps, fixed points, depth scales ----------------------------------------------------------------------------

def test_tanh_from_unit_inputs():
    """The exact recursion, with the variances of both of Glorot & Bengio's initializations."""
    for weight_var, expected in ((1 / 3, (0.4603, 0.2495, 0.1412, 0.0810, 0.0467)),
                                 (1.0, (0.6279, 0.4863, 0.4082, 0.3576, 0.3216))):
        q = MeanField(tanh, weight_var).variances(weight_var, 5)
        stds = [math.sqrt(theory.moments(tanh, v).second.value) for v in q]
        assert stds == pytest.approx(expected, abs=6e-5)


def test_fixed_points():
    assert MeanField(tanh, 1.0).fixed_points() == ()
    assert MeanField(tanh, 1.0).limit() == 0
    (q,) = MeanField(tanh, 1.5).fixed_points()
    assert MeanField(tanh, 1.5).variance(q) == pytest.approx(q, rel=1e-12)
    assert MeanField(tanh, 1.5).limit(0.01) == MeanField(tanh, 1.5).limit(5.0) == q
    assert MeanField(selu, 1.0).limit(16.0) == pytest.approx(1, rel=1e-12)
    he = MeanField(relu, 2.0)
    assert he.fixed_points() == ()
    assert he.limit(3.0) == 3
    assert (MeanField(relu, 1.9).limit(), MeanField(relu, 2.1).limit()) == (0, math.inf)
    assert MeanField(relu, 1.0, 0.5).limit() == pytest.approx(1, rel=1e-12)           # q = q/2 + 1/2


def test_where_the_map_only_touches_the_diagonal():
    """GELU at its critical point: stable from above, left below: a root without a change of sign."""
    field, q = theory.critical_point(gelu)
    assert field.fixed_points()[-1] == pytest.approx(q, rel=1e-3)
    assert field.limit(100.0) == pytest.approx(q, rel=1e-3)


@pytest.mark.parametrize(("weight_var", "depth"), [(1, 3.6), (1.3, 7.8), (1.5, 15.8), (2, 25.2), (2.5, 11.8), (3, 9.05),
                                                   (4, 6.98)])
def test_depth_scales_of_tanh(weight_var, depth):
    field = MeanField(tanh, weight_var, 0.05)
    scales = field.depth_scales()
    assert scales.correlation == pytest.approx(depth, abs=0.051 if depth > 9.5 or depth < 9 else 0.0051)
    q = field.limit()
    assert scales.variance == pytest.approx(-1 / math.log(field.slope(q)), rel=1e-9)
    assert scales.gradient == pytest.approx(1 / abs(math.log(field.chi(q))), rel=1e-9)
    c = field.correlation_limit(q)
    if field.chi(q) > 1:
        assert c < 1
        assert field.correlation(c, q) == pytest.approx(c, abs=1e-10)
        assert abs(math.log(field.correlation_slope(c, q))) == pytest.approx(1 / scales.correlation, rel=1e-9)
    else:
        assert c == 1


def test_depth_scales_on_the_edge_are_infinite_and_without_a_fixed_point_refused():
    assert theory.critical_line(tanh, 0.5).depth_scales(0.5).gradient == math.inf
    with pytest.raises(ValueError,
                       match="expected a variance that settles, got one that goes to inf with weight_var=3"):
        MeanField(relu, 3.0).depth_scales()


def test_the_correlation_map_against_wide_layers():
    """Two inputs of correlation .3 through one layer of 200,000 units; five standard errors of a correlation."""
    field, q, c, n = MeanField(tanh, 1.7, 0.1), 1.2, 0.3, 200_000
    u, w = RNG(0).normal(size=(2, n))
    first, second = math.sqrt(q) * u, math.sqrt(q) * (c * u + math.sqrt(1 - c * c) * w)
    terms = np.tanh(first) * np.tanh(second)
    after = (1.7 * terms + 0.1) / field.variance(q)
    assert abs(after.mean() - field.correlation(c, q)) < 5 * after.std() / math.sqrt(n)


# The edge of chaos -------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("weight_var", "bias_var", "q"), [
    (1.05, 2.01e-5, 0.0259), (1.189, 0.001, 0.107), (1.424, 0.01, 0.273), (1.761, 0.05, 0.570), (1.986, 0.1, 0.806),
    (2.285, 0.2, 1.165)])
def test_the_critical_line_of_tanh(weight_var, bias_var, q):
    field = theory.critical_line(tanh, q)
    assert field.weight_var == pytest.approx(weight_var, rel=2e-3)
    assert field.bias_var == pytest.approx(bias_var, rel=1e-2)
    assert (field.chi(q), field.variance(q)) == pytest.approx((1, q), rel=1e-12)


@pytest.mark.parametrize(("activation", "weight_var", "bias_var", "at"), [
    (tanh, 1, 0, 0), (relu, 2, 0, 1), (gelu, 1.983, 0.173, 3.557), (swish, 1.988, 0.555, 14.32), (sigmoid, 103.008, 0,
                                                                                                  45.62),
    (activations.identity, 1, 0, 1), (activations.softsign, 1, 0, 0)], ids=str)
def test_critical_points(activation, weight_var, bias_var, at):
    field, q = theory.critical_point(activation)
    assert (field.weight_var, field.bias_var, q) == pytest.approx((weight_var, bias_var, at), abs=6e-4, rel=2e-4)
    if q > 0:
        assert field.chi(q) == pytest.approx(1, rel=1e-9)
        assert field.variance(q) == pytest.approx(q, rel=1e-9)
        assert field.slope(q) <= 1 + 1e-6


def test_critical_initializers_draw_from_that_point():
    init, bias_init = theory.critical(gelu)
    W, b = init(RNG(0), (512, 300)), bias_init(RNG(1), (100_000,))
    assert W.var() * 512 == pytest.approx(1.983, rel=0.02)
    assert b.var() == pytest.approx(0.173, rel=0.02)
    init, bias_init = theory.critical(tanh, q=0.57, distribution="uniform")
    W = init(RNG(0), (512, 300))
    assert W.var() * 512 == pytest.approx(1.761, rel=0.02)
    assert abs(W).max() <= math.sqrt(3 * 1.762 / 512)
    assert theory.critical(tanh)[1] is initializers.zeros
    with pytest.raises(ValueError, match="expected an activation with an edge of chaos, got softplus"):
        theory.critical(activations.softplus)
    with pytest.raises(ValueError,
                       match=r"expected a q at which sigmoid can be critical, got 1, where the biases' variance"):
        theory.critical(sigmoid, q=1.0)


# Recommendations ---------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("activation", "expected", "reason"), [
    (activations.identity, "glorot_uniform", "odd"), (tanh, "glorot_uniform", "odd"),
    (activations.softsign, "glorot_uniform", "odd"), (activations.hard_tanh, "glorot_uniform", "odd"),
    (activations.scaled_tanh, "glorot_uniform(gain=0.874", "odd, with f′(0) = 1.144"), (relu, "he_normal",
                                                                                        "scale-free"),
    (activations.leaky_relu(0.2), "he_normal(negative_slope=0.2)", "scale-free"), (selu, "lecun_normal",
                                                                                   "1.072 a layer"),
    (activations.elu(), "variance_scaling(scale=1.5505", "slope 0.891"), (gelu, "normal(std=0.4158", "unstable"),
    (swish, "normal(std=0.745", "unstable"), (sigmoid, "variance_scaling(scale=103.0", "edge of chaos"),
    (activations.softplus, "variance_scaling(scale=1.085", "no edge of chaos")], ids=str)
def test_recommendations_and_their_reasons(activation, expected, reason):
    text = str(theory.for_activation(activation))
    assert expected in text
    assert reason in text


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_no_recommendation_has_an_unstable_variance_map(name):
    """The weights' variance is read from a draw, and the fixed point that is reached from 1 must not be repelling."""
    recommended = theory.for_activation(ACTIVATIONS[name])
    weight_var = 400 * float(recommended.weights(RNG(0), (400, 400)).var())
    bias_var = float(recommended.bias(RNG(1), (400_000,)).var())
    variances = MeanField(ACTIVATIONS[name], weight_var, bias_var).variances(weight_var + bias_var, 60)
    assert np.isfinite(variances).all()
    growth = math.log(max(variances[-1], 1e-300) / variances[20]) / 40          # a layer
    assert growth < 0.02                                       # he_normal's draw alone is off by up to .01 (5 errors)


def test_activations_of_ones_own():
    cubic = activations.Activation("cubic", lambda z: z**3, lambda z, a: 3 * z**2)
    with pytest.raises(ValueError, match="expected an activation for which some gain is stable, got cubic"):
        theory.for_activation(cubic)
    flat = activations.Activation("flat", np.ones_like, lambda z, a: np.zeros_like(z))
    with pytest.raises(ValueError, match="expected an activation that varies around 0, got flat"):
        theory.for_activation(flat)
    absolute = activations.Activation("absolute", np.abs, lambda z, a: np.sign(z), kinks=(0.0,))
    assert "he_normal(negative_slope=-1)" in str(theory.for_activation(absolute))
    double = activations.Activation("double", lambda z: 2 * relu.f(z), lambda z, a: 2 * relu.df(z, a), kinks=(0.0,))
    W = theory.for_activation(double).weights(RNG(0), (512, 512))
    assert W.var() * 512 == pytest.approx(0.5, rel=0.02)
    squashed = activations.Activation("sin", np.sin, lambda z, a: np.cos(z))
    assert "glorot_uniform" in str(theory.for_activation(squashed))


def test_the_sigmoid_on_the_edge_keeps_gradients_where_four_times_glorot_loses_them():
    """What is recommended, against the rule of thumb: χ per layer at the fixed point that each reaches."""
    thumb = MeanField(sigmoid, 16.0)
    assert thumb.chi(thumb.limit()) < 0.5
    edge, q = theory.critical_point(sigmoid)
    assert edge.limit() == pytest.approx(q, rel=1e-9)
    assert edge.chi(q) == pytest.approx(1, rel=1e-9)


@pytest.mark.parametrize(("call", "message"), [
    (lambda: MeanField(tanh, 0.0), "expected weight_var to be a number > 0, got 0"),
    (lambda: MeanField(tanh, 1.0, -0.1), "expected bias_var to be a number ≥ 0, got -0.1"),
    (lambda: theory.moments(tanh, 0), "expected q to be a number > 0, got 0"),
    (lambda: MeanField(tanh, 1.0).variances(1.0, 0), "expected layers to be a whole number ≥ 1, got 0"),
    (lambda: theory.critical(tanh, q=-1), "expected q to be a number > 0, got -1"),
])
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_names_of_the_parts_are_here_too():
    assert all(hasattr(theory, name) for name in theory.__all__)
    assert theory.selu_map(0.0, 1.0) == pytest.approx((0, 1), abs=1e-14)
    assert isinstance(theory.critical(tanh)[0], partial)


def test_depth_scales_where_the_signal_fades_to_nothing():
    """tanh at its critical point: q* = 0, and every scale is infinite; below it, the linear factor's."""
    field, q = theory.critical_point(tanh)
    assert field.depth_scales() == field.depth_scales(q) == (math.inf, math.inf, math.inf)
    assert MeanField(relu, 1.9).depth_scales().gradient == pytest.approx(-1 / math.log(0.95), rel=1e-6)


def test_a_threshold_is_not_scale_free():
    shrink = activations.Activation("shrink", lambda z: np.where(abs(z) > 0.3, z, 0 * z),
                                    lambda z, a: (abs(z) > 0.3).astype(z.dtype), kinks=(-0.3, 0.3))
    assert "scale-free" not in str(theory.for_activation(shrink))


def test_what_is_no_activation_and_a_wrong_derivative_are_named():
    for call in (theory.for_activation, theory.gains, theory.critical, lambda a: MeanField(a, 1.0)):
        with pytest.raises(TypeError, match=r"expected an activation such as activations\.relu, got 'relu'"):
            call("relu")
        with pytest.raises(TypeError, match="this function makes one, call it"):
            call(activations.leaky_relu)
    wrong = activations.Activation("wrong", np.tanh, lambda z, a: 1 - z**2)
    with pytest.raises(ValueError, match=r"expected df of wrong to be the derivative of f, got .* at z = -3\.217"):
        theory.for_activation(wrong)


def test_chaos_without_biases_ends_uncorrelated():
    """tanh at σ_w² = 1.5, σ_b = 0: c* = 0, and ξ_c is that of C′(0), not of χ."""
    for weight_var in (1.5, 1.7, 2.0, 4.0):
        field = MeanField(tanh, weight_var)
        q = field.limit()
        assert field.correlation_limit(q) == 0
        expected = -1 / math.log(field.correlation_slope(0.0, q))
        assert field.depth_scales().correlation == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("q", [0.1, 1.0, 10.0])
def test_a_fixed_point_at_a_round_number_is_found(q):
    field = theory.critical_line(tanh, q)
    assert field.fixed_points() == pytest.approx((q,), rel=1e-9)
    assert field.limit(q / 2) == field.limit(2 * q) == pytest.approx(q, rel=1e-9)
