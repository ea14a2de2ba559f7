"""What theory expects of a given network, against drawn networks."""

import math
from functools import partial

import numpy as np
import pytest

from minnet import Dense, Network, activations, initializers, layers, mlp
from minnet.theory import predict_statistics
from tests.against_networks import SETTINGS, compare

WIDTH, SEEDS = 250, 20


@pytest.mark.parametrize("name", SETTINGS)
def test_forward_and_backward_within_three_standard_errors(name):
    """At a quarter of the campaign's width, where the shifts of order depth/width are four times larger."""
    for row in compare(name, width=WIDTH, depths=(10, 25), seeds=range(SEEDS)):
        assert abs(row.errors) <= 3, row
        assert row.deviation == pytest.approx(row.spread, rel=0.5), row      # 20 draws give it to 16%: three of these


def test_the_shift_is_needed_and_has_the_right_size():
    """ReLU under He, ten layers of 20 units and 100 seeds: ln lies about half of 5 · depth/width low, far from 0."""
    for row in compare("relu He", width=20, depths=(10,), seeds=range(100)):
        assert row.spread**2 == pytest.approx(5 * 10 / 20, rel=0.07)          # z: nine layers and the average over z²
        assert row.shift == pytest.approx(-0.5 * 5 * 10 / 20, rel=0.07)
        assert abs(row.errors) <= 3
        assert abs(row.mean) / (row.deviation / math.sqrt(100)) > 5


def average(g, mean, variance):
    """E[g(mean + √variance u)], u ~ N(0, 1): a sum over a fine grid, whose ends are 14 deviations out."""
    u = np.linspace(-14, 14, 40_001)
    density = np.exp(-u * u / 2) / math.sqrt(2 * math.pi)
    return np.sum(g(mean + math.sqrt(variance) * u) * density) * (u[1] - u[0])


def test_squares_are_the_maps_with_the_networks_own_fans():
    """Unequal widths, uniform weights, biases with a mean: each layer's map, computed here from its own W and b."""
    net = mlp([20, 50, 30, 80, 4], activation=activations.tanh, init=initializers.glorot_uniform, rng=0,
              dtype=np.float64)
    rng = np.random.default_rng(1)
    for layer in net.layers:
        layer.b += rng.normal(0.7, 0.4, size=layer.fan_out)
    x = np.random.default_rng(0).normal(size=(5, 20))
    found = predict_statistics(net, x)
    v, f = 20 * np.mean(net.layers[0].W ** 2) * np.mean(x**2) + net.layers[0].b.var(), np.tanh
    for k, layer in enumerate(net.layers):
        mean = layer.b.mean()
        assert found.z.square[k] == pytest.approx(v + mean**2, rel=1e-12)
        second = average(lambda z: f(z) ** 2, mean, v) if k < 3 else v + mean**2
        assert found.a.square[k] == pytest.approx(second, rel=1e-12)
        if k < 3:
            above = net.layers[k + 1]
            slope = average(lambda z: (1 - f(z) ** 2) ** 2, mean, v)
            ratio = slope * above.fan_out * np.mean(above.W**2)
            assert found.delta.square[k] / found.delta.square[k + 1] == pytest.approx(ratio, rel=1e-12)
            v = above.fan_in * np.mean(above.W**2) * second + above.b.var()
    assert found.delta.square[-1] == 1
    assert found.delta.spread[-1] == 0


def drawn(sizes, activation, bias_init=initializers.zeros, seeds=200):
    """For E[z²] and E[δ²], layer by layer: the mean over the seeds of ln(measured/predicted) less the predicted shift,
    its deviation, and the predicted one. The gradient at the output is random."""
    logs, expected = [], []
    for seed in range(seeds):
        net = mlp(sizes, activation=activation, init=initializers.he_normal, bias_init=bias_init, rng=seed,
                  dtype=np.float64)
        x = np.ones((1, sizes[0]))
        net.forward(x)
        net.backward(np.random.default_rng([seed, 1]).normal(size=(1, sizes[-1])))
        p = predict_statistics(net, x)
        delta = np.array([np.mean(layer.delta**2) for layer in net.layers])
        logs.append([np.log([np.mean(layer.z**2) for layer in net.layers] / p.z.square),
                     np.log(delta / delta[-1] / p.delta.square)])
        expected.append([(p.z.shift, p.z.spread), (p.delta.shift, p.delta.spread)])
    (shift, spread) = np.mean(expected, axis=0).swapaxes(0, 1)
    return np.mean(logs, axis=0) - shift, np.std(logs, axis=0, ddof=1), spread


@pytest.mark.parametrize("activation", [activations.tanh, activations.relu], ids=str)
@pytest.mark.parametrize("bias", [0.8, -0.5])
def test_biases_that_have_a_mean(activation, bias):
    """z is then N(mean(b), v) over the units. Taken for biases around 0 with the same mean
    square, most of ReLU's rows are ten standard errors out and more (tanh, which is odd, hardly tells them apart)."""
    bias_init = partial(initializers.normal, mean=bias, std=abs(bias) / 2)
    deviation, measured, spread = drawn([30, 60, 60, 60, 10], activation, bias_init)
    assert (abs(deviation) <= 3.5 * measured / math.sqrt(200))[:, :-1].all()
    # the deviation of 200 values is known to 5%: three of these, and 10% for the next order in 1/60
    np.testing.assert_allclose(spread[:, :-1], measured[:, :-1], rtol=0.25)


def test_few_inputs_and_outputs():
    """W's mean square is given, and of one input or output it says all: E[z²] of layer 1, E[δ²] below the last W."""
    for activation in (activations.tanh, activations.relu):
        deviation, measured, spread = drawn([1, 60, 60, 1], activation)
        np.testing.assert_allclose(spread[:, :2], measured[:, :2], rtol=0.2, atol=1e-7)       # the first of them is 0
        assert (abs(deviation) <= 3.5 * measured / math.sqrt(200) + 1e-12)[:, :2].all()
    linear = predict_statistics(mlp([1, 7, 1], activation=activations.identity, init=initializers.he_normal, rng=0),
                                np.ones((1, 1)))
    for profile, layer in ((linear.z, 0), (linear.delta, 0), (linear.delta, 1)):
        assert profile.shift[layer] == pytest.approx(0, abs=1e-15)
        assert profile.spread[layer] == pytest.approx(0, abs=1e-7)
    for fan_in in (2, 5):
        p = predict_statistics(mlp([fan_in, 50, 3], activation=activations.relu, init=initializers.he_normal, rng=0),
                               np.ones((1, fan_in)))
        assert p.z.spread[0] ** 2 == pytest.approx(2 / 50 * (1 - 1 / fan_in), rel=1e-12)
        assert p.z.shift[0] == pytest.approx(-1 / 50 * (1 - 1 / fan_in), rel=1e-12)


def test_it_shows_itself_as_a_table():
    p = predict_statistics(mlp([20, 30, 3], activation=activations.relu, init=initializers.he_normal, rng=0),
                           np.ones((1, 20)))
    head, first, last, legend = str(p).splitlines()
    assert repr(p) == str(p)
    assert head.split()[:2] == ["layer", "E[z²]"]
    low, high = p.z.band[:, 0]
    assert first.split()[:5] == ["1", f"{p.z.typical[0]:.3g}", f"{low:.3g}", "…", f"{high:.3g}"]
    assert last.split()[-4:] == ["1", "1", "…", "1"]                                # δ of the last layer
    for profile in (p.a, p.delta):
        assert f"{profile.typical[0]:.3g}" in first
    assert head.count("68% range") == 3
    assert "δ relative to the last" in legend
    assert p._repr_html_().count("<tr>") == 3


def test_cubic_units():
    """f(z) = z³, all of whose averages are whole numbers (E[z²ᵏ] = (2k − 1)!! vᵏ), in layers with biases ±s, of mean 0:
    shift and spread of every layer, from the recursions written out with these numbers. Central differences over 0.02
    in ln v leave 2e-4 of the derivatives."""
    cube = activations.Activation("cube", lambda z: z**3, lambda z, a: 3 * z**2)
    net = mlp([3, 40, 30, 20, 4], activation=cube, init=partial(initializers.normal, std=0.2), rng=0, dtype=np.float64)
    for layer in net.layers:
        layer.b = 0.5 * (-1.0) ** np.arange(layer.fan_out)
    found = predict_statistics(net, np.ones((1, 3)))
    n, size = [layer.fan_out for layer in net.layers], [layer.W.size for layer in net.layers]
    w = [layer.fan_in * np.mean(layer.W**2) for layer in net.layers]
    v, share = [w[0] + 0.25], [w[0] / (w[0] + 0.25)]              # of v, what comes from the layer below
    mean, variance = share[0] ** 2 / size[0], -2 * share[0] ** 2 / size[0]
    before, noise = [], 10395 / 15**2 - 1                          # of a² = z⁶, n times
    for k in range(4):
        before.append((mean, variance))
        np.testing.assert_allclose([found.z.square[k], found.z.shift[k], found.z.spread[k] ** 2],
                                   [v[k], mean - 1 / n[k], variance + 2 / n[k]], rtol=1e-3)
        if k < 3:
            np.testing.assert_allclose(
                [found.a.square[k], found.a.shift[k], found.a.spread[k] ** 2],
                [15 * v[k] ** 3, 3 * mean - noise / n[k] / 2, 9 * variance + noise / n[k]], rtol=1e-3)
            v.append(15 * w[k + 1] * v[k] ** 3 + 0.25)
            share.append(s := 1 - 0.25 / v[-1])
            curvature = 9 * s * (1 - s)                            # of ln(c v³ + s²), whose slope is 3 s
            mean = 3 * s * mean + curvature / 2 * variance - s**2 * noise / n[k] / 2
            variance = 9 * s**2 * variance + s**2 * noise / n[k]
    square, shift, spread, ahead, met = 1.0, 0.0, 0.0, 0.0, 1.0    # and backwards, f′² = 9z⁴
    for k in (2, 1, 0):
        s, (mean, variance) = share[k + 1], before[k]
        back = (3 * 81 * 105 / 27**2 - 1) / n[k] - 2 / size[k + 1]
        square *= 27 * v[k] ** 2 * n[k + 1] * np.mean(net.layers[k + 1].W ** 2)
        shift += 2 * mean - back / 2 + 21 * s / n[k] * (met - 1)              # E[(f f′)²]/… = 9·945/(15·27)
        spread += ahead**2 * s**2 * noise / n[k] + back + 2 * ahead * 20 * s / n[k]
        ahead, met = 2 + 3 * s * ahead, 5 + 5 * s * (met - 1)                 # E[(z f′)²]/(v E[f′²]) = 9·15/27
        np.testing.assert_allclose([found.delta.square[k], found.delta.shift[k], found.delta.spread[k] ** 2],
                                   [square, shift, spread + ahead**2 * variance], rtol=1e-3)


def test_linear_units_with_biases_that_have_a_mean():
    """z ~ N(μ, v): of E[z²] = v + μ² the share r = v/(v + μ²) varies with v, and Var[z²] = 2v² + 4μ²v. Biases μ ± s,
    few inputs, layer by layer; central differences over 0.02 in ln v leave 1e-6 of a shift."""
    net = mlp([2, 40, 30, 4], activation=activations.identity, init=initializers.lecun_normal, rng=0, dtype=np.float64)
    mu, s = (0.9, -0.6, 0.3), 0.5
    for layer, centre in zip(net.layers, mu, strict=True):
        layer.b = centre + s * (-1.0) ** np.arange(layer.fan_out)
    found = predict_statistics(net, np.ones((1, 2)))
    w = [layer.fan_in * np.mean(layer.W**2) for layer in net.layers]
    v, below = w[0] + s**2, w[0]
    mean, variance = (below / v) ** 2 / 80, -2 * (below / v) ** 2 / 80
    for k, (layer, centre) in enumerate(zip(net.layers, mu, strict=True)):
        n, q = layer.fan_out, v + centre**2
        r, noise = v / q, (2 * v**2 + 4 * centre**2 * v) / (n * q**2)                          # of mean z²/q
        np.testing.assert_allclose([found.z.square[k], found.z.shift[k], found.z.spread[k] ** 2],
                                   [q, r * mean + r * (1 - r) / 2 * variance - noise / 2, r**2 * variance + noise],
                                   rtol=1e-5)
        for got, same in zip(found.a, found.z, strict=True):                                   # a = z
            assert got[k] == pytest.approx(same[k], rel=1e-3)
        if k < 2:
            below, slope = w[k + 1] * q, w[k + 1] * v                                          # dv'/d ln v = w v
            v = below + s**2
            slope, curvature, noise = slope / v, slope / v * (1 - slope / v), (below / v) ** 2 * noise
            mean, variance = (slope * mean + curvature / 2 * variance - noise / 2, slope**2 * variance + noise)
    noise = [2 / layer.fan_in - 2 / layer.W.size for layer in net.layers[1:]]                  # δ does not see biases
    np.testing.assert_allclose(found.delta.spread[:2] ** 2, [sum(noise), noise[1]], rtol=1e-5)
    np.testing.assert_allclose(found.delta.shift[:2], [-sum(noise) / 2, -noise[1] / 2], rtol=1e-5)


def test_an_activation_layer_counts_with_its_dense_layer():
    def built(separate):
        middle = ([Dense(30, 40, init=initializers.he_normal), layers.Activation(activations.relu)] if separate else
                  [Dense(30, 40, activations.relu, initializers.he_normal)])
        return Network([*middle, Dense(40, 3)], rng=0)

    x = np.ones((2, 30))
    one, other = predict_statistics(built(True), x), predict_statistics(built(False), x)
    for mine, theirs in zip((one.z, one.a, one.delta), (other.z, other.a, other.delta), strict=True):
        for column, same in zip(mine, theirs, strict=True):
            np.testing.assert_array_equal(column, same)


def test_the_network_is_left_as_it_is():
    net = mlp([6, 8, 3], activation=activations.selu, init=initializers.lecun_normal, rng=0)
    before = net.params.tobytes(), net.grads.tobytes()
    predict_statistics(net, np.ones((1, 6)))
    assert (net.params.tobytes(), net.grads.tobytes()) == before
    assert not any("z" in vars(layer) for layer in net.layers)


def test_what_it_refuses():
    net = mlp([6, 8, 3], activation=activations.relu, init=initializers.zeros, rng=0)
    with pytest.raises(ValueError, match=r"expected a signal that reaches every layer, got z of variance 0 in layer 1"):
        predict_statistics(net, np.ones((1, 6)))
    net = mlp([6, 5, 3], activation=activations.relu, init=initializers.he_normal, output_init=initializers.zeros,
              rng=0)
    with pytest.raises(ValueError, match="that a float can hold, got 0 or infinity behind layer 1: scale the w"):
        predict_statistics(net, np.ones((2, 6)))
    for std in (1e200, 1e80):                       # of layer 1, and of the fourth powers in the noise of layer 1
        net = mlp([6, 5, 3], activation=activations.relu, init=partial(initializers.normal, std=std), rng=0,
                  dtype=np.float64)
        with pytest.raises(ValueError, match=r"z of variance inf in layer 1|that a float can hold, got 0 or inf"):
            predict_statistics(net, np.ones((2, 6)))
    net = Network([Dense(4, 4), layers.BatchNorm(4), layers.Activation(activations.relu)], rng=0)
    with pytest.raises(TypeError, match=r"expected a network of Dense layers and their activations, got BatchNorm"):
        predict_statistics(net, np.ones((2, 4)))
    with pytest.raises(TypeError, match=r"expected a Network, such as minnet\.mlp makes, got 'a'"):
        predict_statistics("a", np.ones((2, 4)))
    with pytest.raises(ValueError, match=r"expected x of shape \(n, 6\), got \(6,\)"):
        predict_statistics(mlp([6, 2], activation=activations.relu, init=initializers.he_normal, rng=0), np.ones(6))


def test_a_mask_is_not_dropped():
    net = mlp([4, 2], activation=activations.relu, init=initializers.he_normal, rng=0)
    with pytest.raises(TypeError, match="expected x without a mask, got a masked array"):
        predict_statistics(net, np.ma.masked_array(np.ones((2, 4)), np.eye(2, 4)))


def test_weights_that_are_not_centred_are_refused():
    for init in (initializers.ones, initializers.uniform):
        net = mlp([30, 40, 3], activation=activations.tanh, init=init if init is initializers.ones else
                  lambda rng, shape: rng.uniform(0, 1, shape), rng=0)
        with pytest.raises(ValueError, match="expected weights around 0, got a mean of"):
            predict_statistics(net, np.ones((1, 30)))
    net = mlp([64, 64, 3], activation=activations.tanh, init=partial(initializers.normal, mean=0.1), rng=0)
    with pytest.raises(ValueError, match="expected weights around 0, got a mean of"):      # 64 · 0.1² is more than half
        predict_statistics(net, np.ones((1, 64)))                                          # of what z has from them
    for width in (1, 2, 5, 300):                                   # narrow layers of centred weights are no such case
        for seed in range(20):
            net = mlp([width] * 3, activation=activations.tanh, init=initializers.he_normal, rng=seed)
            predict_statistics(net, np.ones((1, width)))


def test_typical_and_band():
    found = predict_statistics(mlp([20, 20, 20], activation=activations.relu, init=initializers.he_normal, rng=0),
                               np.ones((1, 20))).z
    np.testing.assert_allclose(found.typical, found.square * np.exp(found.shift))
    factor = np.exp(found.spread)
    np.testing.assert_allclose(found.band, [found.typical / factor, found.typical * factor])
