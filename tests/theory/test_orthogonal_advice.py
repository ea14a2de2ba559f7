"""When `for_activation` offers orthogonal weights, and a measurement that they are better in deep networks."""

import math

import numpy as np
import pytest

from minnet import activations, datasets, diagnostics, fit, losses, mlp, optimizers, theory
from minnet.activations import elu, hard_tanh, leaky_relu, relu, scaled_tanh, selu, sigmoid, softplus, softsign, tanh
from minnet.reporting import described


@pytest.mark.parametrize("activation", [activations.identity, tanh, scaled_tanh, softsign, hard_tanh, selu, elu(),
                                        leaky_relu(0.5)], ids=str)
def test_offered_with_the_same_size_of_weights(activation):
    r = theory.for_activation(activation)
    W, other = r.orthogonal(np.random.default_rng(0), (200, 200)), r.weights(np.random.default_rng(0), (200, 200))
    gram = W.T @ W
    np.testing.assert_allclose(gram, gram[0, 0] * np.eye(200), atol=1e-12)
    assert gram[0, 0] == pytest.approx(200 * other.var(), rel=0.04)           # 40,000 entries: five standard errors
    assert f"from about ten layers on orthogonal(gain={math.sqrt(gram[0, 0]):.6g}) is better" in str(r)


@pytest.mark.parametrize("activation", [relu, leaky_relu(), leaky_relu(0.3), elu(0.7), activations.gelu, sigmoid,
                                        softplus], ids=str)
def test_not_offered_where_slopes_differ_too_much(activation):
    r = theory.for_activation(activation)
    assert r.orthogonal is None
    assert "orthogonal" not in repr(r)


@pytest.mark.parametrize("activation", [tanh, selu, leaky_relu(0.5)], ids=str)
def test_a_known_depth_decides(activation):
    without, deep = theory.for_activation(activation), theory.for_activation(activation, depth=10)
    assert repr(theory.for_activation(activation, depth=9)) == repr(without)
    assert described(deep.weights) == described(deep.orthogonal) == described(without.orthogonal)
    assert deep.bias is without.bias
    assert str(deep).startswith(f"{described(without.orthogonal)}: ")
    assert "in 10 layers orthogonal weights of that size keep" in str(deep)
    assert "is better" not in str(deep)
    assert "r.orthogonal" not in repr(deep)


@pytest.mark.parametrize("activation", [relu, activations.gelu, softplus], ids=str)
def test_depth_changes_nothing_where_orthogonal_weights_do_not_help(activation):
    assert str(theory.for_activation(activation, depth=100)) == str(theory.for_activation(activation))


@pytest.mark.parametrize(("depth", "kind"), [(0, ValueError), (2.5, TypeError), (True, TypeError)])
def test_a_depth_that_is_none(depth, kind):
    with pytest.raises(kind, match="expected depth to be a whole number ≥ 1"):
        theory.for_activation(tanh, depth=depth)


def tanh_nets(*outputs):
    """The same 30 layers of 64 units twice, with the recommended weights and with orthogonal ones."""
    r = theory.for_activation(tanh)
    return [mlp([64] * 31 + [*outputs], activation=tanh, init=init, rng=0) for init in (r.weights, r.orthogonal)]


X, Y = datasets.standardized(datasets.digits()).train


def test_it_keeps_singular_values_together():
    """Var[s²]/mean[s²]² of the Jacobian, ten digits: theory has about 30 for independent weights and 0 at small z."""
    recommended, orthogonal = (
        np.mean([(s**2).var() / (s**2).mean() ** 2 for s in diagnostics.jacobian(net, X[:10], layers=False).whole])
        for net in tanh_nets())
    assert orthogonal < 2 < 10 < recommended


@pytest.mark.parametrize("rate", [0.001, 0.003, 0.01])
def test_30_layers_train_better(rate):
    """Accuracy on the digits in the fifth epoch; measured with seed 0: .71 and .93, .88 and .97, .89 and .97."""
    recommended, orthogonal = (
        fit(net, (X, Y), loss=losses.softmax_cross_entropy, epochs=5, batch_size=32, rng=0, progress=False,
            optimizer=optimizers.SGD(learning_rate=rate, momentum=0.9)).accuracy[-1] for net in tanh_nets(10))
    assert orthogonal > recommended + 0.03


def cube_root(power=1 / 3):
    def slope(z, a):
        with np.errstate(divide="ignore"):
            return power * np.abs(z) ** (power - 1)

    return activations.Activation("root", lambda z: np.sign(z) * np.abs(z) ** power, slope, kinks=(0.0,))


@pytest.mark.parametrize("call", [theory.for_activation, theory.gains])
def test_a_cube_root_is_refused(call):
    """f′ = z^(−2/3)/3 is infinite at 0, and E[f′²] diverges."""
    with pytest.raises(ValueError, match=r"a finite E\[f′²\] at q = 1, got root, whose slope is infinite somewhere"):
        call(cube_root())


def test_what_else_a_cube_root_gives():
    root = cube_root()
    mean, second, slope, growth = theory.moments(root)
    third = 2 ** (1 / 3) * math.gamma(5 / 6) / math.sqrt(math.pi)              # E|z|^(2/3)
    assert second.value == pytest.approx(third, rel=1e-11)
    assert growth.value == pytest.approx(third / 3, rel=1e-11)
    assert (abs(mean.value), slope) == (pytest.approx(0, abs=1e-14), (math.inf, math.inf))
    assert theory.MeanField(root, 1.0).chi(1.0) == math.inf
    with pytest.raises(ValueError, match="expected a q at which root can be critical, got 1, where no weights keep"):
        theory.critical_line(root, 1.0)
    with pytest.raises(ValueError, match="expected an activation with an edge of chaos, got root"):
        theory.critical_point(root)
    with pytest.raises(ValueError, match=r"expected an activation with a finite E\[f′⁴\] at q = 1, got root"):
        theory.jacobian_spread(root, 3)


def test_an_infinite_slope_whose_square_has_an_average_is_not_refused():
    """sign(z)|z|^.8 has f′(0) = ∞, but E[f′²] = .64 E|z|^(−.4)."""
    root = cube_root(0.8)
    exact = 0.64 * 2 ** (-0.2) * math.gamma(0.3) / math.sqrt(math.pi)
    value, error = theory.moments(root).slope
    assert abs(value - exact) < 3e-9
    assert error < 3e-9
    assert theory.for_activation(root).weights.keywords["scale"] == pytest.approx(theory.gains(root)[0].gain ** 2)


def test_the_largest_variance():
    assert theory.moments(relu, 1e200).second.value == pytest.approx(0.5e200, rel=1e-12)
