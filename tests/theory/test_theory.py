"""Mean-field theory against closed forms, published numbers, and simulation."""

import math
from functools import partial

import numpy as np
import pytest

from minnet import activations, initializers, mlp, theory
from minnet.theory import MeanField, gaussian, mean_field
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


@pytest.mark.parametrize("q", [0.3, 4.0])
def test_gains_at_another_variance(q):
    moment, deviation, gradient = theory.gains(sigmoid, q)
    assert MeanField(sigmoid, moment.gain**2).variance(q) == pytest.approx(q, rel=1e-12)
    assert MeanField(sigmoid, gradient.gain**2).chi(q) == pytest.approx(1, rel=1e-12)
    centred = gaussian.expectation(lambda z: (sigmoid.f(z) - 0.5) ** 2, std=math.sqrt(q)).value
    assert deviation.gain**2 * centred == pytest.approx(q, rel=1e-12)


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
    critical, chaotic = MeanField(tanh, 1.0), MeanField(tanh, 1.5)
    assert critical.fixed_points() == ()
    assert critical.limit() == 0
    (q,) = chaotic.fixed_points()
    assert chaotic.variance(q) == pytest.approx(q, rel=1e-12)
    assert chaotic.limit(0.01) == chaotic.limit(5.0) == q
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
                       match=r"expected a variance that converges, got one that goes to inf with weight_var=3, .*: it"):
        MeanField(relu, 3.0).depth_scales()


def test_correlations_layer_by_layer():
    """Each map with the variance of its own layer; and, by differences, the slope away from fixed points."""
    field, c = MeanField(gelu, 1.9, 0.2), 0.3
    q = field.variances(5.0, 4)
    found = field.correlations(c, 5.0, 4)
    for k in range(3):
        assert found[k + 1] == pytest.approx(field.correlation(found[k], q[k]), rel=1e-12)
        low, high = (field.correlation(c + h, q[k]) for h in (-1e-4, 1e-4))
        assert field.correlation_slope(c, q[k]) == pytest.approx((high - low) / 2e-4, rel=1e-6)


def test_rounding_takes_no_correlation_beyond_1():
    for name, activation in ACTIVATIONS.items():
        field = MeanField(activation, 1.3, 0.1)
        assert abs(field.correlations(1.0, 2.0, 30)).max() <= 1, name
        assert field.correlations(1.0, 2.0, 30)[-1] == pytest.approx(1, abs=1e-12)
    for unlike in (1.2e-16, 1e-15, 1e-12):              # the map of some of these ends 4e-16 above 1
        assert MeanField(activations.softplus, 0.5).correlations(1 - unlike, 10**-1.5, 3).max() <= 1
    for odd in (tanh, activations.softsign, activations.scaled_tanh, activations.hard_tanh, activations.identity):
        assert MeanField(odd, 1.3).correlations(-1.0, 2.0, 30)[-1] == pytest.approx(-1, abs=1e-12)


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


def test_how_many_units_are_saturated():
    """σ′ is below a twentieth of its maximum ¼ where σ(1 − σ) < 1/80; an f without an end saturates nowhere."""
    beyond = -math.log((1 - math.sqrt(1 - 4 / 80)) / (1 + math.sqrt(1 - 4 / 80)))
    share = math.erfc(beyond / math.sqrt(2 * theory.critical_point(sigmoid)[1]))
    assert f"; {share:.0%} of the units are saturated there" in theory.for_activation(sigmoid).why
    endless = activations.Activation("endless", swish.f, swish.df)
    assert "; 0% of the units are saturated there" in theory.for_activation(endless).why


def test_a_recommendation_says_what_to_do_with_it():
    text = repr(theory.for_activation(relu))
    assert text == f"{theory.for_activation(relu)} [use it, as r, in mlp(..., init=r.weights, bias_init=r.bias)]"
    assert repr(theory.for_activation(tanh)).endswith("init=r.weights or r.orthogonal, bias_init=r.bias)]")


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
    (lambda: theory.moments(tanh, 0), r"expected q to be a number > 0 and ≤ 1e\+200, got 0"),
    (lambda: theory.moments(relu, 1e280), r"expected q to be a number > 0 and ≤ 1e\+200, got 1e\+280"),
    (lambda: MeanField(tanh, 1.0).variances(1.0, 0), "expected layers to be a whole number ≥ 1, got 0"),
    (lambda: theory.critical(tanh, q=-1), r"expected q to be a number > 0 and ≤ 1e\+200, got -1"),
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
    with pytest.raises(ValueError, match=r"got shrink, which jumps at z = -0\.3"):
        theory.for_activation(shrink)
    soft = own("soft", lambda z: z - np.clip(z, -0.3, 0.3), lambda z, a: (abs(z) > 0.3).astype(z.dtype), -0.3, 0.3)
    with pytest.raises(ValueError, match="the edge of chaos has no smallest point"):
        theory.for_activation(soft)


def test_what_is_no_activation_and_a_wrong_derivative_are_named():
    for call in (theory.for_activation, theory.gains, theory.critical, lambda a: MeanField(a, 1.0)):
        with pytest.raises(TypeError, match=r"expected an activation such as activations\.relu, got 'relu'"):
            call("relu")
        with pytest.raises(TypeError, match="this function makes one, call it"):
            call(activations.leaky_relu)
    wrong = activations.Activation("wrong", np.tanh, lambda z, a: 1 - z**2)
    with pytest.raises(ValueError, match=r"expected df of wrong to be the derivative of f, got .* at z = -3\.217"):
        theory.for_activation(wrong)


def test_correlations_close_to_the_edge_and_off_the_fixed_point():
    """Next to 1 the integrals' errors must not carry c beyond it; where C′(1) ≤ 1 there is no point below."""
    for activation, off in ((activations.hard_tanh, 1e-4), (tanh, 3e-8), (activations.elu(0.5), 3e-9)):
        edge = theory.critical_line(activation, 1.0)
        scales = MeanField(activation, edge.weight_var * (1 + off), edge.bias_var).depth_scales()
        assert scales.correlation > 1e3
        assert scales.correlation == pytest.approx(scales.gradient, rel=1)
    assert MeanField(selu, 2.0, 0.5).correlation_limit(1.0) == MeanField(relu, 3.0).correlation_limit(1.0) == 1


def test_an_activation_without_a_hash():
    class Scaled:
        __hash__ = None

        def __call__(self, z):
            return np.tanh(z)

    f = activations.Activation("scaled", Scaled(), lambda z, a: 1 - a * a, kinks=np.array([]), range=[-1, 1])
    assert MeanField(f, 2.0, 0.1).limit() == MeanField(tanh, 2.0, 0.1).limit()


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


# What an activation of one's own may be: stepped, blind, exploding, not monotone, imprecise ------------------

def own(name, f, df, *kinks):
    return activations.Activation(name, f, df, kinks=kinks)


def flat_slope(z, a):
    return np.zeros_like(z)


SIGN = own("sign", np.sign, flat_slope, 0.0)
STEP = own("step", lambda z: 3 * (z > 0.5).astype(z.dtype) - 1, flat_slope, 0.5)          # −1 below, 2 above
BLIND = own("threshold", lambda z: np.maximum(z - 1, 0), lambda z, a: (z > 1).astype(z.dtype), 1.0)
EXP = own("exp", np.exp, lambda z, a: a)
SINH = own("sinh", np.sinh, lambda z, a: np.cosh(z))


def test_a_jump_is_seen_where_it_is_declared_and_only_there():
    for activation in ACTIVATIONS.values():
        assert mean_field.jumps(activation) == ()
    steep = own("ramp", lambda z: np.clip(1e4 * z, -1, 1), lambda z, a: 1e4 * (abs(z) < 1e-4).astype(z.dtype), 0.0)
    root = own("root", lambda z: np.sqrt(np.maximum(z, 0)), lambda z, a: 0.5 / np.sqrt(np.maximum(z, 1e-300)), 0.0)
    for activation in (steep, root, own("undeclared", np.sign, flat_slope), own("offset", lambda z: 1e6 + abs(z),
                                                                              lambda z, a: np.sign(z), 0.0)):
        assert mean_field.jumps(activation) == ()
    assert mean_field.jumps(SIGN) == ((0, -1, 1),)
    assert mean_field.jumps(STEP) == ((0.5, -1, 2),)
    tiny = own("tiny", lambda z: 1e-9 * (z > 1e3).astype(z.dtype), flat_slope, 1e3)
    assert mean_field.jumps(tiny) == ((1e3, 0, 1e-9),)
    single = own("single", lambda z: z + (z.astype(np.float32) > 1), lambda z, a: np.ones_like(z), 1.0)
    ((k, low, high),) = mean_field.jumps(own("float32", lambda z: single.f(z).astype(np.float32), lambda z, a: np.ones(
        z.shape, np.float32), 1.0))
    assert (k, high - low) == (1, pytest.approx(1, abs=1e-5))


def test_rounding_is_no_jump():
    """e^{ln(3 + z)} − z is 3, but for the last digits, which differ from one side to the other at some of these."""
    kinks = np.arange(0.1, 3, 0.1)
    three = own("three", lambda z: np.exp(np.log(3 + z)) - z, flat_slope, *kinks)
    h = 4 * np.finfo(float).eps * np.maximum(kinks, 1)
    assert (three.f(kinks - h) != three.f(kinks + h)).any()
    assert mean_field.jumps(three) == ()


def test_moments_are_infinite_together():
    high = own("high", lambda z: z + z.dtype.type(1e30) if z.dtype == np.float32 else z + 1e126, lambda z,
               a: np.ones_like(z))
    assert theory.moments(high, 1.0) == ((math.inf, math.inf),) * 4


@pytest.mark.parametrize("q", [0.05, 1.0, 40.0])
def test_the_growth_of_a_step(q):
    """E[f²] = 1 + 3Φ(−½/√q), so that dE/dq = 3φ(½/√q)·½/(2q√q); and the same by parts, E[f²(z²−1)]/(2q)."""
    t = 0.5 / math.sqrt(q)
    exact = 3 * math.exp(-t * t / 2) / math.sqrt(2 * math.pi) * t / (2 * q)
    assert theory.moments(STEP, q).growth.value == pytest.approx(exact, rel=1e-12)
    assert MeanField(STEP, 2.0).slope(q) == pytest.approx(2 * exact, rel=1e-12)
    ramp = own("both", lambda z: z + (z > 0.5), lambda z, a: np.ones_like(z), 0.5)
    parts = gaussian.expectation(lambda z: ramp.f(math.sqrt(q) * z) ** 2 * (z * z - 1), kinks=(t,)).value / (2 * q)
    assert theory.moments(ramp, q).growth.value == pytest.approx(parts, rel=1e-11)


@pytest.mark.parametrize("call", [theory.for_activation, theory.gains, theory.critical, theory.critical_point,
                                  lambda a: theory.critical_line(a, 1.0), lambda a: MeanField(a, 1.0).chi(1.0),
                                  lambda a: MeanField(a, 1.0).correlation_slope(0.3, 1.0),
                                  lambda a: MeanField(a, 1.0).correlation_limit(1.0),
                                  lambda a: MeanField(a, 1.0).depth_scales()], ids=range(9))
def test_what_needs_a_slope_refuses_a_jump(call):
    with pytest.raises(ValueError, match=r"expected an activation without jumps, got step, which jumps at z = 0\.5"):
        call(STEP)


def test_the_maps_of_a_step_exist():
    field = MeanField(SIGN, 0.7, 0.1)
    assert field.variance(3.0) == pytest.approx(0.8, rel=1e-12)
    assert field.limit() == pytest.approx(0.8, rel=1e-12)
    for c in (-0.4, 0.3, 0.999):
        assert field.correlation(c, 3.0) == pytest.approx((0.7 * 2 / math.pi * math.asin(c) + 0.1) / 0.8, abs=1e-11)


def test_where_no_unit_has_a_slope_there_is_no_edge():
    """max(z − 1, 0): the smaller the signal, the larger the weights that keep gradients, e^{1/2q}: without end."""
    with pytest.raises(ValueError, match="expected an activation with a smallest critical variance, got threshold"):
        theory.critical_point(BLIND)
    with pytest.raises(ValueError, match="expected an activation for which some gain is stable, got threshold"):
        theory.for_activation(BLIND)
    active = 0.5 * math.erfc(1 / math.sqrt(2))
    field = theory.critical_line(BLIND, 1.0)                                   # what the error advises
    assert field.weight_var == pytest.approx(1 / active, rel=1e-12)
    assert field.chi(1.0) == pytest.approx(1, rel=1e-12)
    assert theory.critical(BLIND, q=1.0)[0].keywords["scale"] == field.weight_var
    with pytest.raises(ValueError, match=r"got 0\.0085, where no weights keep its gradients"):
        theory.critical_line(BLIND, 0.0085)
    with pytest.raises(ValueError, match="got 1000, where no weights keep its gradients"):
        theory.critical_line(EXP, 1000)
    with pytest.raises(ValueError, match="which is constant there"):
        theory.gains(BLIND, 0.0085)
    assert MeanField(BLIND, 0.1).fixed_points() == ()
    assert MeanField(BLIND, 0.1).limit(1e-3) == MeanField(BLIND, 0.1).limit() == 0
    with pytest.raises(ValueError, match=r"expected a variance q that threshold passes on, got 0\.001, for wh"):
        MeanField(BLIND, 0.1).correlation(0.5, 1e-3)


@pytest.mark.parametrize("activation", [EXP, SINH], ids=str)
def test_an_exploding_square_counts_as_infinite(activation):
    """V(q) = .1e^{2q} for exp, .1(e^{2q} − 1)/2 for sinh."""
    field = MeanField(activation, 0.1)
    exact = (lambda q: 0.1 * math.exp(2 * q)) if activation is EXP else (lambda q: 0.05 * math.expm1(2 * q))
    assert field.variance(9.0) == pytest.approx(exact(9.0), rel=1e-9)
    assert [field.variance(q) for q in (200.0, 1e6, 1e12)] == [math.inf] * 3
    assert theory.moments(activation, 1e6) == ((math.inf, math.inf),) * 4
    assert theory.moments(activations.Activation("far", lambda z: z + 1e200, lambda z, a: z * 0 + 1)) == (
        (math.inf, math.inf),) * 4                             # f² too large, f′ not
    points = field.fixed_points()
    assert len(points) == (2 if activation is EXP else 1)
    assert [exact(q) for q in points] == pytest.approx(points, rel=1e-9)
    assert field.limit(points[-1] * 1.01) == math.inf
    assert field.limit(points[-1] * 0.99) == (points[0] if activation is EXP else 0)
    assert field.variances(points[-1] * 2, 9)[-1] == math.inf
    with pytest.raises(ValueError, match=f"expected an activation with an edge of chaos, got {activation}"):
        theory.critical_point(activation)
    with pytest.raises(ValueError, match=rf"with a finite E\[f²\] at q = 1000, got {activation}: f or f′ is too"):
        theory.gains(activation, 1e3)
    with pytest.raises(ValueError, match=r"passes on, got 1e\+06, for which the next layer has inf"):
        field.correlation(0.5, 1e6)


def test_overflow_is_no_fixed_point():
    """ln(1 + e^z), written so that it overflows at 710: V jumps from 0.54 q to ∞ there, through V = q."""
    naive = own("naive", lambda z: np.log(1 + np.exp(z)), lambda z, a: 1 / (1 + np.exp(-z)))
    (q,) = MeanField(activations.softplus, 1.0).fixed_points()
    assert MeanField(naive, 1.0).fixed_points() == pytest.approx((q,), rel=1e-9)


@pytest.mark.parametrize("bias_var", [1e-10, 1e10])
def test_fixed_points_far_from_1(bias_var):
    assert MeanField(relu, 1.0, bias_var).fixed_points() == pytest.approx((2 * bias_var,), rel=1e-9)


def test_the_limit_where_the_map_is_not_monotone():
    """From .5 the second layer lands beyond the unstable fixed point; from 3 signals settle, overshooting each time."""
    hump = own("hump", lambda z: 20 * z * np.exp(-z * z) + 8 * np.sign(z) * np.maximum(abs(z) - 12, 0),
               lambda z, a: (20 * (1 - 2 * z * z) * np.exp(-z * z) + 8 * (abs(z) > 12)).astype(z.dtype), -12.0, 12.0)
    field = MeanField(hump, 1.0)
    stable, unstable = field.fixed_points()
    assert field.slope(stable) < 0 < 1 < field.slope(unstable)
    for q in (1e-6, 1e-3, 0.01, 0.5, 3.0, 30.0, 40.0):
        after = field.variances(q, 60)[-1]
        assert field.limit(q) == (math.inf if after > 1e6 else stable)
        assert after > 1e6 or after == pytest.approx(stable, rel=1e-9)
    assert field.limit(0.5) == field.limit(1e-3) == math.inf
    assert field.limit(3.0) == field.limit(stable * (1 + 1e-10)) == stable
    assert field.depth_scales(3.0).variance == pytest.approx(-1 / math.log(-field.slope(stable)), rel=1e-9)


def test_the_limit_of_signals_that_hardly_a_unit_hears():
    """V ∝ q² below and ∝ 1/√q above: what is too loud is too soft a layer later, and fades."""
    field = MeanField(own("ring", lambda z: 9 * z * z * np.exp(-z * z),
                          lambda z, a: 18 * z * (1 - z * z) * np.exp(-z * z)), 1.0)
    unstable, stable = field.fixed_points()
    assert field.limit(unstable * 0.99) == 0
    assert field.limit(unstable * 1.01) == field.limit(stable * 9) == stable
    assert field.variance(1e9) < unstable
    assert field.limit(1e9) == 0
    K = 3000.0                                       # and with a rise far out the second layer decides, or the third
    field = MeanField(own("ring and rise", lambda z: 5 * z * z * np.exp(-z * z)
                          + 0.9 * np.sign(z) * np.maximum(abs(z) - K, 0),
                          lambda z, a: (10 * z * (1 - z * z) * np.exp(-z * z) + 0.9 * (abs(z) > K)).astype(z.dtype),
                          -K, K), 1.0)
    unstable, stable = field.fixed_points()
    for q, end in ((1e6, stable), (10**6.5, 0), (1e7, stable), (1e8, 0)):
        assert field.variance(q) > stable
        assert field.limit(q) == end
        assert field.variances(q, 40)[-1] == pytest.approx(end, rel=1e-9, abs=1e-12)


def test_no_variance_at_the_start():
    assert MeanField(tanh, 1.5).limit(0) == 0
    assert MeanField(sigmoid, 4.0).limit(0) == MeanField(sigmoid, 4.0).limit()
    assert MeanField(tanh, 1.5).variances(0.0, 3).tolist() == [0, 0, 0]
    assert MeanField(tanh, 0.1).correlations(-1.0, 1.0, 400)[-1] == pytest.approx(-1, abs=1e-12)       # q ends at 0
    assert MeanField(relu, 5.0).correlations(1.0, 1.0, 900)[-1] == pytest.approx(1, abs=1e-12)         # and at ∞
    assert MeanField(tanh, 1.5).chi(0) == pytest.approx(1.5, rel=1e-9)
    assert MeanField(tanh, 1.5).slope(0) == pytest.approx(1.5, rel=1e-9)


@pytest.mark.parametrize(("call", "message"), [
    (lambda f: f.limit(-1), "expected q to be a number ≥ 0, got -1"),
    (lambda f: f.limit(math.nan), "expected q to be a number ≥ 0, got nan"),
    (lambda f: f.variance(-1), "expected q to be a number ≥ 0, got -1"),
    (lambda f: f.variances(-1, 1), "expected q to be a number ≥ 0, got -1"),
    (lambda f: f.slope(-1), "expected q to be a number ≥ 0, got -1"),
    (lambda f: f.chi(-1), "expected q to be a number ≥ 0, got -1"),
    (lambda f: f.depth_scales(-1), "expected q to be a number ≥ 0, got -1"),
    (lambda f: f.correlation(0.5, 0), "expected q to be a number > 0, got 0"),
    (lambda f: f.correlation_slope(0.5, 0), "expected q to be a number > 0, got 0"),
    (lambda f: f.correlation(1.5, 1.0), "expected c to be a number ≥ -1 and ≤ 1, got 1.5"),
    (lambda f: f.correlations(-2, 1.0, 3), "expected c to be a number ≥ -1 and ≤ 1, got -2"),
])
def test_q_and_c_out_of_range(call, message):
    with pytest.raises(ValueError, match=message):
        call(MeanField(tanh, 1.5))


def test_a_field_holds_plain_floats():
    shown = repr(MeanField(tanh, np.float64(1.5), np.float32(0.25)))
    assert shown == "MeanField(activation=tanh, weight_var=1.5, bias_var=0.25)"
    assert "np.float" not in repr(theory.critical_point(gelu)) + repr(theory.critical_line(tanh, np.float64(0.5)))


def test_growth_is_looked_for_at_every_size():
    """tanh z + z³/1000 shrinks unit signals, and lets those beyond E[z²] = 258 grow."""
    late = own("late", lambda z: np.tanh(z) + 1e-3 * z**3, lambda z, a: 1 - np.tanh(z) ** 2 + 3e-3 * z**2)
    assert MeanField(late, 1.0).variance(1.0) < 1
    assert MeanField(late, 1.0).variance(1e3) > 1e3
    assert "grow" not in str(theory.for_activation(late))


def test_a_critical_point_next_to_0():
    """tanh(z + ε): f(0) > 0, so that q* → 0 without biases is not to be had; σ_b² = 0 where q³ is about ε²."""
    for shift in (1e-4, 1e-10):
        shifted = own("shifted", lambda z, shift=shift: np.tanh(z + shift), lambda z, a: 1 - a * a)
        field, q = theory.critical_point(shifted)
        assert 0.1 < q**3 / shift**2 < 10
        assert field.variance(q) == pytest.approx(q, rel=1e-6)


def test_float32_inside_is_named():
    for f, what in ((lambda z: np.tanh(z.astype(np.float32)), "to keep z's dtype float64, got that f returns float32"),
                    (lambda z: np.tanh(z.astype(np.float32)).astype(z.dtype), "f may compute in float32: keep z's")):
        with pytest.raises(ValueError, match=what):
            theory.for_activation(own("narrow", f, lambda z, a: np.float64(1) * (1 - a * a) if z.dtype == np.float64
                                      else 1 - a * a))
    with pytest.raises(ValueError, match="got that df returns float32"):
        theory.for_activation(own("narrow", np.tanh, lambda z, a: (1 - a * a).astype(np.float32)))


def test_a_derivative_of_one_argument_is_named():
    with pytest.raises(TypeError, match=r"expected df of one to take two arrays, df\(z, a\) with a = f\(z\), got: "):
        own("one", np.tanh, lambda z: 1 - np.tanh(z) ** 2)


def test_a_recommendation_goes_into_mlp():
    """By the two lines of its docstring, as they stand; and whoever hands it over whole is told so."""
    lines = [line.strip() for line in theory.Recommendation.__doc__.splitlines() if "=" in line]
    names = {"theory": theory, "activations": activations, "mlp": mlp}
    exec("\n".join(lines), names)
    net, r = names["net"], names["r"]
    assert net.layers[1].W.var() * 128 == pytest.approx(1.983, rel=0.1)
    assert net.layers[1].b.var() > 0
    assert " [" not in str(r)
    with pytest.raises(TypeError, match=r"got variance_scaling.*init=r\.weights, bias_init=r\.bias"):
        mlp([3, 2], activation=gelu, init=r, rng=0)
