import math

import numpy as np
import pytest

from minnet import activations, gaussian
from minnet.activations import SELU_ALPHA, SELU_LAMBDA
from minnet.selu_map import selu_jacobian, selu_map

CASES = [(0, 1, 0, 1), (0.1, 1.3, 0.05, 1.1), (-0.5, 8, 0.1, 0.9), (1, 0.05, -0.1, 1.2), (0, 300, 0.1, 1.25), (2, 1e-4,
                                                                                                               0.1, 1)]


@pytest.mark.parametrize(("mu", "nu", "omega", "tau"), CASES)
def test_the_closed_form_is_the_integral(mu, nu, omega, tau):
    f = activations.selu.f
    over = {"mean": mu * omega, "std": math.sqrt(nu * tau), "kinks": (0.0,)}
    mean, second = gaussian.expectation(f, **over).value, gaussian.expectation(lambda z: f(z) ** 2, **over).value
    assert selu_map(mu, nu, omega=omega, tau=tau) == pytest.approx((mean, second - mean**2), rel=1e-9, abs=1e-13)


@pytest.mark.parametrize(("mu", "nu", "omega", "tau"), CASES)
def test_the_jacobian_is_the_derivative(mu, nu, omega, tau):
    def differences(index):
        h = 1e-4 * (nu if index else 1)
        points = [np.array(selu_map(mu + (1 - index) * k * h, nu + index * k * h, omega=omega, tau=tau))
                  for k in (-2, -1, 1, 2)]
        return (8 * (points[2] - points[1]) - (points[3] - points[0])) / (12 * h)

    numeric = np.stack([differences(0), differences(1)], axis=1)
    np.testing.assert_allclose(selu_jacobian(mu, nu, omega=omega, tau=tau), numeric, rtol=1e-6, atol=1e-9)


def test_the_fixed_point_and_its_jacobian():
    assert selu_map(0, 1) == pytest.approx((0, 1), abs=1e-14)
    J = selu_jacobian(0, 1)
    np.testing.assert_allclose(J, [[0, 0.088834], [0, 0.782648]], atol=1e-6)
    assert np.linalg.norm(J, 2) == pytest.approx(0.7877, abs=5e-5)


def test_alpha_and_lambda_are_the_solution_of_the_two_equations():
    """Changed by a thousandth, neither keeps (0, 1)."""
    assert pytest.approx((1.6732632423543772, 1.0507009873554805), rel=1e-15) == (SELU_ALPHA, SELU_LAMBDA)
    mean, _ = selu_map(0, 1, alpha=SELU_ALPHA * 1.001)
    _, variance = selu_map(0, 1, scale=SELU_LAMBDA * 1.001)
    assert abs(mean) > 1e-4
    assert abs(variance - 1) > 1e-3


def test_the_papers_variances_and_those_of_independent_weights_are_two_sequences():
    mean, variance, found = 0.0, 16.0, []
    for _ in range(16):
        mean, variance = selu_map(mean, variance)
        found.append(variance)
    assert [round(found[i], 3) for i in (0, 1, 7, 15)] == [9.017, 5.62, 1.468, 1.054]
    assert round(found[3], 2) == 2.85


def test_theorem_1_on_a_grid():
    """Klambauer et al.'s domain is mapped into itself (ν̃ and μ̃ stay inside) at its corners and between."""
    for mu in np.linspace(-0.1, 0.1, 5):
        for omega in np.linspace(-0.1, 0.1, 5):
            for nu in np.linspace(0.8, 1.5, 8):
                for tau in np.linspace(0.95, 1.1, 4):
                    mean, variance = selu_map(mu, nu, omega=omega, tau=tau)
                    assert -0.1 <= mean <= 0.1
                    assert 0.8 <= variance <= 1.5
                    assert np.linalg.norm(selu_jacobian(mu, nu, omega=omega, tau=tau), 2) < 1


def test_a_tiny_variance_far_from_zero_does_not_overflow():
    assert selu_map(5, 1e-6, omega=1) == pytest.approx((SELU_LAMBDA * 5, SELU_LAMBDA**2 * 1e-6), rel=1e-4)
    assert all(map(math.isfinite, selu_map(-5, 1e4, omega=1)))


@pytest.mark.parametrize(("arguments", "message"), [
    ({"nu": 0}, "expected nu to be a number > 0, got 0"), ({"tau": -1}, "expected tau to be a number > 0, got -1"),
    ({"mu": math.inf}, "expected mu to be a number, got inf"), ({"scale": 0},
                                                                "expected scale to be a number > 0, got 0")])
def test_bad_arguments(arguments, message):
    for function in (selu_map, selu_jacobian):
        with pytest.raises(ValueError, match=message):
            function(**{"mu": 0.0, "nu": 1.0} | arguments)
