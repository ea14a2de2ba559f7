import math

import numpy as np
import pytest

from minnet import activations, initializers
from minnet.theory import spectra


@pytest.mark.parametrize("shape", [(300, 300), (300, 100), (100, 300)])
@pytest.mark.parametrize("std", [0.05, 3.0, 1e-200])
def test_the_density_integrates_to_one_and_has_the_right_moments(shape, std):
    low, high = spectra.edges(shape, std=std)
    # s = low + (high − low) sin²t: no ends to round
    t = (np.arange(100_000) + 0.5) / 100_000 * math.pi / 2
    s = low + (high - low) * np.sin(t) ** 2
    weight = spectra.marchenko_pastur(s, shape, std=std) * (high - low) * np.sin(2 * t) * (math.pi / 2 / 100_000)
    assert weight.sum() == pytest.approx(1, rel=1e-6)
    assert weight @ (s / std) ** 2 == pytest.approx(max(shape), rel=1e-6)
    if shape[0] == shape[1]:
        assert weight @ (s / std) == pytest.approx(8 / (3 * math.pi) * math.sqrt(shape[0]), rel=1e-6)
    assert spectra.marchenko_pastur(np.array([0.0, high * 1.01]), shape, std=std).tolist() == [0, 0]


@pytest.mark.parametrize("init", [initializers.lecun_normal, initializers.lecun_uniform])
@pytest.mark.parametrize("shape", [(400, 400), (400, 150), (150, 400)])
def test_the_density_is_that_of_drawn_weights(init, shape):
    """The distribution function of a draw against the law's: they differ by O(1/n), here allowed 3/n."""
    W = init(np.random.default_rng(0), shape)
    s, std = np.sort(np.linalg.svd(W, compute_uv=False)), 1 / math.sqrt(shape[0])
    low, high = spectra.edges(shape, std=std)
    grid = np.linspace(low, high, 40_001)[1:-1]
    law = np.cumsum(spectra.marchenko_pastur(grid, shape, std=std)) * (grid[1] - grid[0])
    drawn = np.searchsorted(s, grid) / len(s)
    assert abs(drawn - law).max() < 3 / len(s) * 2
    assert s[-1] == pytest.approx(high, rel=0.03)


@pytest.mark.parametrize("layers", [1, 2, 5])
def test_products_of_gaussian_layers(layers):
    """Moments over 20 products of 200 × 200, their means within four standard errors and the O(L/n) shift."""
    n, squares, shares, largest = 200, [], [], []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        product = np.eye(n)
        for _ in range(layers):
            product = product @ initializers.lecun_normal(rng, (n, n))
        s2 = np.linalg.svd(product, compute_uv=False) ** 2
        squares.append(s2.mean())
        shares.append(s2.sum() ** 2 / (s2**2).sum() / n)
        largest.append(math.sqrt(s2[0]))
    theory = spectra.product_moments(layers)
    for measured, predicted in ((squares, theory.mean_square), (shares, theory.participation)):
        error = np.std(measured, ddof=1) / math.sqrt(20)
        assert abs(np.mean(measured) - predicted) < 4 * error + predicted * layers**2 / n / 4
    assert np.mean(largest) == pytest.approx(theory.largest, rel=0.05)        # approached from below, as n^(−2/3)
    assert np.mean(largest) < theory.largest


def test_the_density_of_products_is_a_density_with_these_moments():
    for layers in (1, 2, 5):
        s, density = spectra.product_density(layers, 200_000)
        weight = -np.diff(s) * (density[1:] + density[:-1]) / 2
        middle = (s[1:] + s[:-1]) / 2
        assert weight.sum() == pytest.approx(1, abs=2e-3 * layers)               # the rest lies below the last point
        assert weight @ middle**2 == pytest.approx(1, rel=1e-4)
        assert (weight @ middle**4) == pytest.approx(1 / spectra.product_moments(layers).participation, rel=1e-3)
        assert s[0] == pytest.approx(spectra.product_moments(layers).largest, rel=1e-6)
    s, density = spectra.product_density(1)
    np.testing.assert_allclose(density, spectra.marchenko_pastur(s, (50, 50), std=1 / math.sqrt(50)), rtol=1e-9)


@pytest.mark.parametrize("layers", [160, 300, 1000])
def test_the_density_of_very_long_products(layers):
    """In logarithms: mean s² and participation by integration over ln s, where powers of sines underflow."""
    s, density = spectra.product_density(layers, 100_000)
    assert np.isfinite(density).all()
    assert (s > 0).all()
    assert (np.diff(s) < 0).all()
    assert s[0] == pytest.approx(spectra.product_moments(layers).largest, rel=1e-4)
    for power, exact in ((2, 1.0), (4, layers + 1.0)):
        terms = density * s ** (power + 1)                                     # ρ s^power ds = ρ s^(power + 1) d ln s
        assert -np.diff(np.log(s)) @ (terms[1:] + terms[:-1]) / 2 == pytest.approx(exact, rel=1e-3)
    assert (len(s) == 100_000) == (layers < 300)                               # what no float can hold is left out


def test_a_step_has_no_jacobian():
    step = activations.Activation("step", np.sign, lambda z, a: np.zeros_like(z), kinks=(0.0,))
    with pytest.raises(ValueError, match="expected an activation with a slope at q = 2, got step, whose f′ is 0 there"):
        spectra.jacobian_spread(step, 3, q=2.0)
    with pytest.raises(TypeError, match=r"expected an activation such as activations\.relu, got 'relu'"):
        spectra.jacobian_spread("relu", 3)


def test_the_spread_at_another_variance():
    """hard_tanh: f′² is 1 with probability p = erf(1/√(2q)), so that μ₂/μ₁² = 1/p."""
    for q in (0.3, 4.0):
        p = math.erf(1 / math.sqrt(2 * q))
        for orthogonal in (False, True):
            found = spectra.jacobian_spread(activations.hard_tanh, 5, q=q, orthogonal=orthogonal)
            assert found == pytest.approx(5 * (1 / p - orthogonal), rel=1e-12)


def test_the_spread_of_slopes_that_are_not_0_or_1():
    """leaky_relu(½): E[f′²] = 5/8 and E[f′⁴] = 17/32."""
    found = spectra.jacobian_spread(activations.leaky_relu(0.5), 7, q=3.0, orthogonal=True)
    assert found == pytest.approx(7 * (17 / 32 / (5 / 8) ** 2 - 1), rel=1e-12)


@pytest.mark.parametrize("orthogonal", [False, True])
@pytest.mark.parametrize("activation", [activations.relu, activations.identity], ids=str)
def test_the_spread_of_jacobians(orthogonal, activation):
    """Products of W diag(f′) at random signs, 8 seeds of width 300, depth 4: within 4 standard errors + O(L/n)."""
    n, layers, measured = 300, 4, []
    init = initializers.orthogonal if orthogonal else initializers.lecun_normal
    for seed in range(8):
        rng = np.random.default_rng(seed)
        J, z = np.eye(n), rng.normal(size=(layers, n))
        for k in range(layers):
            J = J @ init(rng, (n, n)) * activation.df(z[k], z[k])
        s2 = np.linalg.svd(J, compute_uv=False) ** 2
        measured.append(s2.var() / s2.mean() ** 2)
    predicted = spectra.jacobian_spread(activation, layers, orthogonal=orthogonal)
    error = np.std(measured, ddof=1) / math.sqrt(8)
    assert abs(np.mean(measured) - predicted) < 4 * error + predicted * layers**2 / n + 1e-12


def test_bad_arguments():
    for call, message in ((lambda: spectra.edges((0, 3), std=1), r"expected shape .* ≥ 1, .* got \(0, 3\)"),
                          (lambda: spectra.marchenko_pastur(1.0, (3, 3), std=0),
                           "expected std to be a number > 0, got 0"),
                          (lambda: spectra.marchenko_pastur([1, math.nan], (3, 3), std=1),
                           r"expected s to be finite in float64, got nan at index \(1,\)"),
                          (lambda: spectra.marchenko_pastur(math.inf, (3, 3), std=1), "expected s to be finite"),
                          (lambda: spectra.product_moments(0), "expected layers to be a whole number ≥ 1, got 0"),
                          (lambda: spectra.jacobian_spread(activations.relu, 3, q=0), "expected q to be a number > 0")):
        with pytest.raises(ValueError, match=message):
            call()


def test_a_mask_is_not_dropped():
    s = np.ma.masked_array([0.5, 1.0], [False, True])
    for masked in (s, [s, s]):
        with pytest.raises(TypeError, match="expected s without a mask, got a masked array"):
            spectra.marchenko_pastur(masked, (3, 3), std=1)
