import math

import numpy as np
import pytest

from minnet import activations, gaussian
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
    with pytest.raises(ValueError, match="expected a function that is finite wherever the Gaussian density counts"):
        gaussian.expectation(lambda z: np.where(z > 2, np.nan, z))
    with pytest.raises(ValueError, match="got inf"), np.errstate(over="ignore"):
        gaussian.expectation(lambda z: np.exp(z**4))


def test_subnormal_integrands_end():
    assert 0 <= gaussian.expectation(lambda z: z**4, std=1e-78).value < 1e-300
