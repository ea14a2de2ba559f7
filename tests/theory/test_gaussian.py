import math

import numpy as np
import pytest

from minnet import activations
from minnet.theory import gaussian
from tests.conftest import ACTIVATIONS


def relu_kernel(c):
    """E[relu(u) relu(v)] in closed form (Cho & Saul 2009)."""
    return (math.sqrt(1 - c * c) + c * (math.pi - math.acos(c))) / (2 * math.pi)


@pytest.mark.parametrize(("g", "kinks", "exact"), [
    (lambda z: z**2, (), 1), (lambda z: z**8, (), 105), (np.cos, (), math.exp(-0.5)), (np.exp, (), math.exp(0.5)),
    (lambda z: np.maximum(z, 0), (0,), 1 / math.sqrt(2 * math.pi)), (np.abs, (0,), math.sqrt(2 / math.pi)),
    (lambda z: z > 1, (1,), 0.5 * math.erfc(1 / math.sqrt(2))), (np.sign, (), 0),
    (lambda z: z > 1.2345, (), 0.5 * math.erfc(1.2345 / math.sqrt(2))),          # a jump that nobody announced
], ids=range(9))
def test_expectations_with_a_closed_form(g, kinks, exact):
    value, error = gaussian.expectation(g, kinks=kinks)
    assert abs(value - exact) <= error
    assert error < 1e-10 * max(abs(exact), 1)


def test_gauss_hermite_would_not_do():
    """The module's reason to be: the usual rule, with many nodes, against a kink."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(250)
    usual = weights @ np.maximum(nodes, 0) / math.sqrt(2 * math.pi)
    exact = 1 / math.sqrt(2 * math.pi)
    assert abs(usual - exact) > 1e-4
    assert abs(gaussian.expectation(lambda z: np.maximum(z, 0), kinks=(0,)).value - exact) < 1e-15


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("std", [1e-3, 0.3, 1.0, 10.0])
def test_the_error_is_stated_and_small_for_every_activation(name, std):
    """Against a rule of another kind: the midpoint rule, which converges exponentially where nothing jumps."""
    activation = ACTIVATIONS[name]
    value, error = gaussian.expectation(lambda z: activation.f(z) ** 2, std=std, kinks=activation.kinks)
    assert error <= 1e-10 * max(value, 1)
    if not activation.kinks:
        z = (np.arange(52_000) + 0.5) / 2000 - 13
        other = float((activation.f(std * z) ** 2 * gaussian.density(z)).sum()) / 2000
        assert abs(value - other) <= error


def test_mean_and_deviation_of_the_variable():
    assert gaussian.expectation(lambda z: z**2, mean=3, std=2).value == pytest.approx(13, rel=1e-14)
    assert gaussian.expectation(np.cos, mean=1, std=0) == (math.cos(1), 0)
    exact = 2 * math.exp(-0.125) / math.sqrt(2 * math.pi) + 0.5 * math.erfc(-0.25 * math.sqrt(2))
    assert gaussian.expectation(activations.relu.f, mean=1, std=2, kinks=(0,)).value == pytest.approx(exact, rel=1e-14)


@pytest.mark.parametrize("c", [-1, -0.9, 0, 0.3, 0.99, 0.999999, 1])
def test_correlated_pairs(c):
    f, df = activations.relu.f, lambda z: activations.relu.df(z, z)
    for g, exact in ((f, relu_kernel(c)), (df, (math.pi - math.acos(c)) / (2 * math.pi)), (lambda z: z, c),
                     (lambda z: z**2, 1 + 2 * c * c)):
        value, error = gaussian.correlation(g, g, c, kinks=(0,))
        assert abs(value - exact) <= error
        assert error < 1e-10
    value, _ = gaussian.correlation(f, lambda z: z, c, std=(2, 3), kinks=(0,))
    assert value == pytest.approx(2 * 3 * c / 2, abs=1e-13)                     # Stein: E[f(σu) τv] = στc E[f′]


def test_pairs_of_a_smooth_function_against_a_product_rule():
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    u, w = np.meshgrid(nodes, nodes)
    for c in (-0.5, 0.2, 0.9):
        both = np.sin(u) * np.sin(c * u + math.sqrt(1 - c * c) * w)
        exact = weights @ both @ weights / (2 * math.pi)
        assert gaussian.correlation(np.sin, np.sin, c).value == pytest.approx(exact, abs=1e-14)


def test_a_function_that_is_not_finite_is_refused():
    with pytest.raises(ValueError, match="expected a function that is finite on the whole range of integration"):
        gaussian.expectation(lambda z: np.where(z > 2, np.nan, z))
    with pytest.raises(ValueError, match="got inf"), np.errstate(over="ignore"):
        gaussian.expectation(lambda z: np.exp(z**4))


def test_subnormal_integrands_end():
    assert 0 <= gaussian.expectation(lambda z: z**4, std=1e-78).value < 1e-300


@pytest.mark.parametrize("std", [(1, 1), (30, 0.2), (300, 300), (1e3, 1e4), (1e6, 1e6)])
@pytest.mark.parametrize("c", [-0.999, 0.6, 1 - 1e-6])
def test_correlated_pairs_of_a_steep_function(std, c):
    """E[erf(au) erf(bv)] = (2/π) arcsin(2abc/√((1 + 2a²)(1 + 2b²))) at every steepness; Williams 1997."""
    a, b = std
    x, rest = 2 * a * b * c, 1 + 2 * a * a + 2 * b * b + 4 * a * a * b * b * (1 - c) * (1 + c)
    value, error = gaussian.correlation(np.vectorize(math.erf), np.vectorize(math.erf), c, std=std)
    exact = 2 / math.pi * math.atan2(x, math.sqrt(rest))
    assert abs(value - exact) <= error
    assert error < 1e-11


@pytest.mark.parametrize("std", [1e3, 1e5])
def test_exponential_tails_of_a_steep_function(std):
    """E[(e^{σz} − 1)²; z < 0] = ½ − 2e₁ + e₂ with e_k → (1 − 1/(kσ)²)/(kσ√(2π)): what is bent is a few 1/σ wide."""
    one, two = ((1 - 1 / (k * std) ** 2) / (k * std * math.sqrt(2 * math.pi)) for k in (1, 2))
    exact, cut = 0.5 - 2 * one + two, 3 / std**5                               # Mills' next term

    def below(z):
        return np.expm1(np.minimum(z, 0)) ** 2

    for value, error in (gaussian.expectation(below, std=std, kinks=(0,)),
                         gaussian.correlation(np.ones_like, below, 0.5, std=(1, std), kinks=(0,))):
        assert abs(value - exact) <= error + cut
        assert error < 1e-11


@pytest.mark.parametrize("k", [5, 9, 11, 14])
def test_what_lies_beyond_the_end_of_the_axis_is_in_the_error(k):
    value, error = gaussian.expectation(lambda z: np.exp(k * z))
    exact = math.exp(k * k / 2)
    assert (abs(value - exact) <= error) if k < 13 else (error > value / 2)


def test_a_small_difference_of_large_parts_ends():
    """An odd f at c ≈ 0: E = c E[zf]² + O(c³), although E[|f|]² is a billion times that; and no endless halving."""
    seen = []

    def f(z):
        seen.append(z.size)
        return np.tanh(1.5 * z)

    found = gaussian.correlation(f, f, 1e-9)
    first = gaussian.expectation(lambda z: z * np.tanh(1.5 * z)).value
    assert abs(found.value - 1e-9 * first**2) <= found.error < 1e-14
    assert sum(seen) < 2e6


def test_a_functions_own_warnings_are_not_shown():
    assert gaussian.expectation(lambda z: 1 / (1 + np.exp(-z)), std=1e4).value == pytest.approx(0.5, rel=1e-12)


def test_the_noise_of_rounding_is_in_the_error():
    assert gaussian.integrate(np.cos, [0, 1], noise=1e-3).error >= 1e-3


@pytest.mark.parametrize("std", [1e4, 1e6])
def test_a_steep_function_with_itself(std):
    """E[tanh(σz)²] = 1 − E[sech²(σz)] → 1 − 2/(σ√(2π)), and the other sign at c = −1; O(σ^−3) is left out."""
    exact = 1 - 2 / (std * math.sqrt(2 * math.pi))
    for c in (1, -1, 1 + 1e-12):
        value, error = gaussian.correlation(np.tanh, np.tanh, c, std=(std, std))
        assert abs(value - math.copysign(exact, c)) <= error + 2 / std**3
        assert error < 1e-12
    value, error = gaussian.correlation(np.tanh, np.sin, -1, std=(std, 2))               # E[sin(2|z|)], by its series
    other = gaussian.expectation(lambda z: np.sin(2 * abs(z)), kinks=(0,)).value
    assert abs(value + other) <= error + 4 / std**2


def test_a_bump_narrower_than_everything_else():
    """h = sech² is 1e-5 wide, and v differs from u by as little: E[g(u)h(σv)] → 2g(0)φ(0)/σ, to 1/σ² of itself."""
    value, error = gaussian.correlation(np.cos, lambda v: 1 - np.tanh(v) ** 2, 1 - 1e-12, std=(1, 1e5))
    exact = 2 / (1e5 * math.sqrt(2 * math.pi))
    assert abs(value - exact) <= error + 1e-10 * exact
    assert error < 1e-10 * exact


@pytest.mark.parametrize("k", [0.3, 1.7])
def test_pairs_of_steps_away_from_0(k):
    """P(σu > k, σv > k): its derivative in c is the density of (u, v) at that corner (Plackett 1954)."""
    sigma, c = 1.5, 0.6

    def corner(t):
        return np.exp(-((k / sigma) ** 2) / (1 + t)) / (2 * math.pi * np.sqrt(1 - t * t))

    exact = (0.5 * math.erfc(k / sigma / math.sqrt(2))) ** 2 + gaussian.integrate(corner, [0, c]).value
    value, error = gaussian.correlation(lambda z: z > k, lambda z: z > k, c, std=(sigma, sigma), kinks=(k,))
    assert abs(value - exact) <= error
    assert error < 1e-11


@pytest.mark.parametrize("std", [3, 30, 1000])
def test_the_error_tells_how_steep_is_too_steep(std):
    """tanh is integrated to 1e-11; tanh(10z), steeper than the fixed nodes are meant for, less well, and says so."""
    good = gaussian.correlation(np.tanh, np.tanh, 0.6, std=(std, std))
    rough = gaussian.correlation(lambda z: np.tanh(10 * z), lambda z: np.tanh(10 * z), 0.6, std=(std / 10, std / 10))
    assert good.error < 1e-11 < rough.error
    assert abs(good.value - rough.value) <= good.error + rough.error


def evaluations(g, **options):
    """E[g], and at how many points g was asked for."""
    seen = []
    value = gaussian.expectation(lambda z: (seen.append(z.size), g(z))[1], **options)
    return value, sum(seen)


def test_an_announced_kink_costs_nothing():
    def bent(z):
        return np.maximum(z - 3.3, 0)

    announced, few = evaluations(bent, mean=2, std=3, kinks=(3.3,))
    found, many = evaluations(bent, mean=2, std=3)
    assert few < 0.6 * many
    assert abs(announced.value - found.value) <= announced.error + found.error


@pytest.mark.parametrize(("g", "exact", "error"), [(lambda z: np.cos(1e7 * z), 0.0, 0.2), (
    lambda z: np.tanh(z.astype(np.float32)).astype(float), 0.0, 1e-8)], ids=["oscillation", "float32"])
def test_what_cannot_be_integrated_ends_and_says_so(g, exact, error):
    found, asked = evaluations(g)
    assert asked < 4e6
    assert abs(found.value - exact) <= found.error
    assert 1e-10 < found.error < error


def test_a_bump_at_0_is_found_from_afar():
    """sech²(100x) of x ~ N(13, 1e8) is 1e-6 of a deviation wide: (2/100)φ(13/σ)/σ, to 1/σ² of itself."""
    found = gaussian.expectation(lambda x: 1 - np.tanh(100 * x) ** 2, mean=13, std=1e4)
    exact = 0.02 * math.exp(-0.5 * 0.0013**2) / (1e4 * math.sqrt(2 * math.pi))
    assert found.value == pytest.approx(exact, rel=1e-8)
