import math

import numpy as np
import pytest

from minnet import activations
from minnet.activations import SELU_ALPHA, SELU_LAMBDA
from minnet.theory import gaussian
from minnet.theory.self_normalization import selu_jacobian, selu_map

CASES = [(0, 1, 0, 1), (0.1, 1.3, 0.05, 1.1), (-0.5, 8, 0.1, 0.9), (1, 0.05, -0.1, 1.2), (0, 300, 0.1, 1.25), (2, 1e-4,
                                                                                                               0.1, 1)]


def closed_form(m, s, alpha=SELU_ALPHA, scale=SELU_LAMBDA):
    """Klambauer et al. 2017, eq. 4 and 5: mean and variance, by E[e^{kz}; z < 0] = e^{km + k²s²/2} Φ(−(m + ks²)/s)."""
    e0, e1, e2 = (math.exp(k * m + (k * s) ** 2 / 2) * 0.5 * math.erfc((m + k * s * s) / s / math.sqrt(2))
                  for k in range(3))
    above, peak = 1 - e0, math.exp(-0.5 * (m / s) ** 2) / math.sqrt(2 * math.pi)
    mean = scale * (m * above + s * peak + alpha * (e1 - e0))
    return mean, scale**2 * ((m * m + s * s) * above + m * s * peak + alpha**2 * (e2 - 2 * e1 + e0)) - mean**2


@pytest.mark.parametrize(("mu", "nu", "omega", "tau"), [*CASES, (3, 2, 1, 1), (-3, 2, 1, 1), (-0.2, 0.02, 1, 2)])
def test_the_integral_is_the_papers_closed_form(mu, nu, omega, tau):
    m, s = mu * omega, math.sqrt(nu * tau)
    if s < 12:                                                                 # beyond, e^{2s²} overflows
        assert selu_map(mu, nu, omega=omega, tau=tau) == pytest.approx(closed_form(m, s), rel=1e-9, abs=1e-13)
        other = selu_map(mu, nu, omega=omega, tau=tau, alpha=0.7, scale=2.0)
        assert other == pytest.approx(closed_form(m, s, 0.7, 2.0), rel=1e-9, abs=1e-13)
    f = activations.selu.f
    over = {"mean": m, "std": s, "kinks": (0.0,)}
    mean, second = gaussian.expectation(f, **over).value, gaussian.expectation(lambda z: f(z) ** 2, **over).value
    assert selu_map(mu, nu, omega=omega, tau=tau) == pytest.approx((mean, second - mean**2), rel=1e-9, abs=1e-13)


@pytest.mark.parametrize(("m", "s"), [(-30, 1.0), (-3, 0.1), (-40, 1e-8), (-0.5, 1e-9)])
def test_every_digit_far_below_0(m, s):
    """Where no z is positive, a + λα is log-normal: all moments are known, and so are their derivatives."""
    level = SELU_LAMBDA * SELU_ALPHA * math.exp(m)
    mean, variance = selu_map(m, s * s, omega=1)
    exact = level**2 * math.exp(s * s) * math.expm1(s * s)
    assert mean == pytest.approx(SELU_LAMBDA * SELU_ALPHA * math.expm1(m + s * s / 2), rel=1e-14)
    assert variance == pytest.approx(exact, rel=1e-11)
    J = selu_jacobian(m, s * s, omega=1)
    e1, steep = level * math.exp(s * s / 2), level**2 * math.exp(s * s) * (2 * math.exp(s * s) - 1)
    np.testing.assert_allclose(J, [[e1, e1 / 2], [2 * exact, steep]], rtol=1e-11,
                               atol=1e-15 * s * level**2)                      # the terms of ∂ν̃/∂μ that cancel


@pytest.mark.parametrize("s", [1e-6, 1e-10, 1e-50])
def test_every_digit_at_0(s):
    """To first order in s selu is λz above and λαz below: a split normal."""
    mean, variance = selu_map(0, s * s)
    first = SELU_LAMBDA * s * (1 - SELU_ALPHA) / math.sqrt(2 * math.pi)
    second = (SELU_LAMBDA * s) ** 2 * (1 + SELU_ALPHA**2) / 2
    assert (mean, variance) == pytest.approx((first, second - first**2), rel=3 * s + 1e-12)
    J = selu_jacobian(0, s * s)                                                # ν̃ = kν: ω = 0 hides the first column
    assert J[1, 1] == pytest.approx((second - first**2) / s**2, rel=9 * s + 1e-11)
    assert J[0, 1] == pytest.approx(first / (2 * s * s), rel=9 * s + 1e-11)


@pytest.mark.parametrize(("mu", "nu"), [(0, 1e-100), (0, 1e100), (1e100, 1), (-1e100, 1), (-1e100, 1e-100), (-38, 1)])
def test_extremes_stay_numbers(mu, nu):
    mean, variance = selu_map(mu, nu, omega=1)
    assert math.isfinite(mean)
    assert 0 <= variance < math.inf
    assert np.isfinite(selu_jacobian(mu, nu, omega=1)).all()
    assert math.isfinite(selu_map(mu, nu, omega=1e100)[0])
    assert np.isfinite(selu_jacobian(mu, nu, omega=1e100)).all()


def test_a_very_large_variance_is_a_relus():
    """E[selu″] = λ·φ(0)/s of the kink there, to O(s^−3)."""
    assert selu_jacobian(0, 1e14)[0, 1] == pytest.approx(0.5 * SELU_LAMBDA / (1e7 * math.sqrt(2 * math.pi)), rel=1e-9)
    assert selu_map(0, 1e100)[1] == pytest.approx(SELU_LAMBDA**2 * 1e100 * (0.5 - 0.5 / math.pi), rel=1e-12)


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
    for mu in np.linspace(-0.1, 0.1, 3):
        for omega in np.linspace(-0.1, 0.1, 3):
            for nu in np.linspace(0.8, 1.5, 4):
                for tau in np.linspace(0.95, 1.1, 3):
                    mean, variance = selu_map(mu, nu, omega=omega, tau=tau)
                    assert -0.1 <= mean <= 0.1
                    assert 0.8 <= variance <= 1.5
                    assert np.linalg.norm(selu_jacobian(mu, nu, omega=omega, tau=tau), 2) < 1


def test_a_tiny_variance_far_from_zero_does_not_overflow():
    assert selu_map(5, 1e-6, omega=1) == pytest.approx((SELU_LAMBDA * 5, SELU_LAMBDA**2 * 1e-6), rel=1e-4)
    assert all(map(math.isfinite, selu_map(-5, 1e4, omega=1)))


@pytest.mark.parametrize(("arguments", "message"), [
    ({"nu": 0}, r"expected nu to be a number ≥ 1e-100 and ≤ 1e\+100, got 0"),
    ({"tau": -1}, r"expected tau to be a number ≥ 1e-100 and ≤ 1e\+100, got -1"),
    ({"mu": math.inf}, r"expected mu to be a number ≥ -1e\+100 and ≤ 1e\+100, got inf"),
    ({"omega": 1e200}, r"expected omega to be a number ≥ -1e\+100 and ≤ 1e\+100, got 1e\+200"),
    ({"alpha": 0}, "expected alpha to be a number > 0, got 0"),
    ({"scale": 0}, "expected scale to be a number > 0, got 0")])
def test_bad_arguments(arguments, message):
    for function in (selu_map, selu_jacobian):
        with pytest.raises(ValueError, match=message):
            function(**{"mu": 0.0, "nu": 1.0} | arguments)
