"""The tables of measurements against formulas written out here, and that measuring changes nothing."""

import copy
import html
import textwrap
from functools import partial

import numpy as np
import pytest

from minnet import Dense, Network, activations, initializers, layers, losses, mlp, optimizers
from minnet.activations import relu, sigmoid, tanh
from minnet.diagnostics import diagnose, jacobian, layer_statistics, symmetry
from minnet.initializers import constant, glorot_uniform, normal
from minnet.losses import softmax_cross_entropy as softmax_ce
from tests.conftest import batch, bound_arrays, every_layer, frozen

X, Y = batch(n=40, features=5, classes=4)
EPS = np.finfo(np.float64).eps


def net(f=tanh, sizes=(5, 8, 6, 4), init=glorot_uniform, dtype=np.float64, **options):
    return mlp(sizes, activation=f, init=init, rng=0, dtype=dtype, **options)


def same(a, b):
    """Equal but for the rounding of sums of some hundred terms."""
    np.testing.assert_allclose(a, b, rtol=1000 * EPS, atol=1000 * EPS)


# layer_statistics --------------------------------------------------------------------------------------------

def test_every_column_is_what_it_says():
    read = net(init=partial(normal, std=0.9))
    stats = layer_statistics(read, X, Y, softmax_ce, learning_rate=0.3)
    value = read.gradient(X, Y, softmax_ce)
    for row, layer in zip(stats.rows, read.layers, strict=True):
        last = layer is read.layers[-1]
        same(row.mean, layer.a.mean())
        same(row.std, layer.a.std())
        same(row.spread, np.sqrt(layer.a.var(axis=0).mean()))
        same(row.delta_std, (40 * layer.delta).std())
        same(row.W_norm, np.sqrt((layer.W**2).sum()))
        same(row.dW_norm, np.sqrt((layer.dW**2).sum()))
        same(row.dW_std, layer.dW.std())
        same(row.update, 0.3 * row.dW_norm / row.W_norm)
        same(row.saturated, np.nan if last else (1 - np.tanh(layer.z) ** 2 < 0.05).mean())
        assert (row.fan_in, row.fan_out, row.activation) == (*layer.W.shape, layer.activation.name)
        counts, edges = row.histogram
        np.testing.assert_array_equal(counts, np.histogram(layer.a, edges)[0])
        assert counts.sum() == layer.a.size
    assert 0 < stats.rows[0].saturated < 1
    same(stats.value, value)
    assert stats.layer.tolist() == [1, 2, 3]
    assert stats.index.tolist() == [0, 1, 2]
    same(stats.delta_std, [row.delta_std for row in stats.rows])
    assert len(stats.histogram) == len(stats) == 3


def test_the_size_of_the_batch_drops_out():
    one = layer_statistics(net(), X, Y, softmax_ce)
    thrice = layer_statistics(net(), np.tile(X, (3, 1)), np.tile(Y, 3), softmax_ce)
    for column in ("mean", "std", "spread", "saturated", "dead", "delta_std", "dW_norm", "dW_std"):
        same(getattr(one, column), getattr(thrice, column))
    assert np.isnan(one.update).all()


def test_an_activation_layer_belongs_to_its_dense_layer():
    whole = net(relu, (5, 8, 4))
    parts = Network([Dense(5, 8), layers.ActivationLayer(relu), Dense(8, 4)], rng=0, dtype=np.float64)
    one, other = (layer_statistics(n, X, Y, softmax_ce) for n in (whole, parts))
    for column in ("activation", "mean", "std", "saturated", "dead", "W_norm", "dW_norm"):
        np.testing.assert_array_equal(getattr(one, column), getattr(other, column))
    same(one.delta_std, other.delta_std)
    assert other.index.tolist() == [0, 2]


def test_batch_norm_takes_the_batch_and_dropout_is_off():
    def made(*between):
        return Network([Dense(5, 8, init=partial(normal, std=3.0)), layers.BatchNorm(8), layers.ActivationLayer(tanh),
                        *between, Dense(8, 4)], rng=0, dtype=np.float64)

    stats, without = (layer_statistics(made(*more), X, Y, softmax_ce) for more in ([layers.Dropout(0.5)], []))
    same(stats.std, without.std)
    same(stats.dW_norm, without.dW_norm)
    z = X @ made().layers[0].W
    same(stats.rows[0].std, np.tanh((z - z.mean(axis=0)) / np.sqrt(z.var(axis=0) + 1e-5)).std())


@pytest.mark.parametrize(("f", "z", "expected"), [
    (sigmoid, [-4.5, -4.2, 0, 4.2, 4.5], 0.4),           # σ′ = 0.05/4 at ±4.366
    (tanh, [-2.3, -2.0, 0, 2.0, 2.3], 0.4),              # 1 − tanh² = 0.05 at ±2.178
    (relu, [-1, -2, 1, 2, 3], 0.4),
    (activations.hard_tanh, [-1.5, -0.9, 0, 0.9, 1.5], 0.4),
    (activations.elu(), [-3.5, -2.9, 0, 1, 2], 0.2),     # e^z = 0.05 at −2.996
    (activations.leaky_relu(), [-1, -2, 1, 2, 3], None),
    (activations.identity, [-1, -2, 1, 2, 3], None),
])
def test_saturated_is_where_the_slope_has_gone(f, z, expected):
    read = Network([Dense(1, 1, f, initializers.ones), Dense(1, 2)], rng=0, dtype=np.float64)
    got = layer_statistics(read, np.array(z, float)[:, None], np.zeros(5, int), softmax_ce).rows[0].saturated
    same(got, np.nan if expected is None else expected)


def test_a_unit_is_dead_if_no_example_moves_it():
    read = net(relu, (5, 4, 4))
    read.layers[0].b[:] = [-100, 100, 0, -100]
    assert layer_statistics(read, X, Y, softmax_ce).dead.tolist() == [0.5, 0]
    read = Network([Dense(5, 4), layers.PReLU(4), Dense(4, 4)], rng=0, dtype=np.float64)
    read.layers[0].b[:] = [-100, 100, 0, -100]
    assert layer_statistics(read, X, Y, softmax_ce).dead.tolist() == [0, 0]
    read.layers[1].slope[0] = 0
    stats = layer_statistics(read, X, Y, softmax_ce)
    assert stats.dead.tolist() == [0.25, 0]
    assert stats.rows[0].activation == "prelu"


def test_the_update_is_the_optimizers_own_step():
    read, optimizer = net(), optimizers.AdamW(0.01, weight_decay=0.5)
    update = layer_statistics(read, X, Y, softmax_ce, learning_rate=optimizer).update
    before = [layer.W.copy() for layer in read.layers]
    read.gradient(X, Y, softmax_ce)
    optimizer.step(read.params, read.grads, optimizer.init(read.params, read.decay_mask))
    for ratio, layer, W in zip(update, read.layers, before, strict=True):
        same(ratio, np.linalg.norm(layer.W - W) / np.linalg.norm(W))


def test_float64_inside_and_no_overflow():
    deep = mlp([5, *[8] * 60, 4], activation=tanh, init=partial(normal, std=0.01), rng=0)
    stats = layer_statistics(deep, X, Y, softmax_ce)
    assert 0 < stats.delta_std[0] < 1e-60               # float32 ends at 1e-45
    huge = mlp([5, *[8] * 140, 4], activation=activations.identity, init=partial(normal, std=100.0), rng=0)
    with np.errstate(over="ignore"):
        assert not np.isfinite(layer_statistics(huge, X, Y, softmax_ce).std[-1])


@pytest.mark.parametrize("scale", [1e-200, 1e-100])
def test_deviations_do_not_underflow(scale):
    """A linear net and targets 0: a and δ are proportional to the inputs, dW to their squares."""
    one, other = (layer_statistics(net(activations.identity), s * X, np.zeros((40, 4)), losses.squared_error)
                  for s in (1.0, scale))
    for column in ("std", "spread", "delta_std"):
        np.testing.assert_allclose(getattr(other, column), scale * getattr(one, column), rtol=1e-12)
    np.testing.assert_allclose(other.dW_std, scale**2 * one.dW_std, rtol=1e-12)


def test_equal_numbers_and_zero_weights_are_no_trouble():
    stats = layer_statistics(net(init=initializers.zeros), X, Y, softmax_ce, learning_rate=0.1)
    assert stats.histogram[0][0].sum() == stats.histogram[0][0].max() == 40 * 8
    stats = layer_statistics(net(init=partial(constant, value=0.1), bias_init=partial(constant, value=1e6)), X, Y,
                             softmax_ce)
    assert stats.histogram[1][0].max() == 40 * 6


# symmetry ----------------------------------------------------------------------------------------------------

def distinct(read):
    return symmetry(read, X, Y, softmax_ce).distinct.tolist()


def test_twins_need_equal_weights_in_and_out_and_equal_biases():
    read = net(sizes=(5, 8, 6, 4))
    first, second = read.layers[:2]
    assert distinct(read) == [8, 6, 4]
    first.W[:, 1] = first.W[:, 0]
    assert distinct(read) == [8, 6, 4]                   # their outgoing weights differ
    second.W[1] = second.W[0]
    assert distinct(read) == [7, 6, 4]
    first.b[1] = 0.5
    assert distinct(read) == [8, 6, 4]
    first.b[0] = 0.5
    first.W[:, 2:4] = first.W[:, :1]
    first.b[2:4], second.W[2:4] = 0.5, second.W[0]
    assert distinct(read) == [5, 6, 4]
    first.W[:, 3] *= 1.001                               # within 1%
    assert distinct(read) == [5, 6, 4]
    first.W[:, 3] *= 1.1
    assert distinct(read) == [6, 6, 4]


def test_what_stands_behind_a_unit_is_its_own():
    read = Network([Dense(5, 6, init=initializers.ones), layers.BatchNorm(6), layers.ActivationLayer(tanh),
                    Dense(6, 4, init=initializers.ones)], rng=0, dtype=np.float64)
    assert distinct(read) == [1, 4]
    read.layers[1].gamma[:3] = 2
    assert distinct(read) == [2, 4]


def test_constant_weights():
    rows = symmetry(net(init=partial(constant, value=0.1)), X, Y, softmax_ce)
    assert rows.distinct.tolist() == [1, 1, 4]
    assert rows.rank.tolist() == [1, 1, 1]
    assert rows.rank_dW.tolist() == [1, 1, 1]            # zᵀδ: equal columns
    assert np.isnan(rows.correlation).all()
    random = symmetry(net(), X, Y, softmax_ce)
    assert random.rank.tolist() == [5, 6, 4]
    assert random.rank_dW.tolist() == [5, 6, 3]          # softmax: the δ of an example sum to 0 over the outputs


def seeded(rng, shape):
    return glorot_uniform(np.random.default_rng(0), shape)


def test_layers_from_one_seed():
    rows = symmetry(net(sizes=(5, 8, 8, 8, 4), init=seeded), X, Y, softmax_ce)
    same(rows.correlation[1:], 1)                        # the last one too: the leading numbers of an 8 × 8 layer
    assert (rows.rows[1].like, rows.rows[2].like) == (3, 2)
    assert rows.distinct.tolist() == [8, 8, 8, 4]
    same(rows.chance[1:3], 1 / 8)


def test_independent_layers_correlate_by_chance():
    """√N r is nearly standard normal: of 3 × 200 correlations the mean square is 1 within 5 standard errors."""
    squares = []
    for seed in range(200):
        read = mlp([6, 6, 6, 6], activation=tanh, init=normal, rng=seed, dtype=np.float64)
        W = [layer.W[~np.eye(6, dtype=bool)] for layer in read.layers]
        largest = max(abs(np.corrcoef(W)[i, j]) for i, j in ((0, 1), (0, 2), (1, 2)))
        rows = symmetry(read, np.ones((2, 6)), np.array([0, 1]), softmax_ce)
        same(rows.correlation.max(), largest)
        squares += [29 * np.corrcoef(W)[i, j] ** 2 for i, j in ((0, 1), (0, 2), (1, 2))]
    assert np.mean(squares) == pytest.approx(1, abs=5 * np.sqrt(2 / 600))


def test_identity_layers_are_equal_on_purpose():
    read = net(sizes=(6, 6, 6, 6), init=lambda rng, shape: np.eye(*shape))
    assert np.isnan(symmetry(read, np.ones((2, 6)), np.array([0, 1]), softmax_ce).correlation).all()


# jacobian ----------------------------------------------------------------------------------------------------

def test_a_jacobian_is_weights_times_slopes():
    read = net()
    got = jacobian(read, X[:3])
    for i, x in enumerate(X[:3]):
        a, whole = x, np.eye(5)
        for k, layer in enumerate(read.layers):
            z = a @ layer.W + layer.b
            slope = np.ones(4) if k == 2 else 1 - np.tanh(z) ** 2
            a, J = (z if k == 2 else np.tanh(z)), layer.W * slope
            whole = whole @ J
            same(got.layers[k][i], np.linalg.svd(J, compute_uv=False))
        same(got.whole[i], np.linalg.svd(whole, compute_uv=False))
    same(got.rows[1].mean, got.layers[1].mean())
    same(got.rows[1].largest, got.layers[1][:, 0].mean())
    same(got.rows[3].smallest, got.whole[:, -1].mean())
    assert [row.layer for row in got.rows] == ["1", "2", "3", "all"]
    alone = jacobian(read, X[:3], layers=False)
    same(alone.whole, got.whole)
    assert (alone.layers, [row.layer for row in alone.rows]) == ((), ["all"])


def test_any_layer_against_finite_differences():
    """Central differences with h = 1e-5 are off by h² f‴/6 and by ε/h, some 1e-10 each."""
    read, x, h = every_layer(), batch(1)[0][0], 1e-5
    rows = np.array([(read((x + h * e)[None])[0] - read((x - h * e)[None])[0]) / (2 * h) for e in np.eye(3)])
    np.testing.assert_allclose(jacobian(read, x[None]).whole[0], np.linalg.svd(rows, compute_uv=False), atol=1e-8)


def test_orthogonal_layers_are_isometries():
    q = np.linalg.qr(np.random.default_rng(0).normal(size=(6, 6)))[0]
    read = Network([Dense(6, 6, init=lambda rng, shape: q), Dense(6, 6, init=lambda rng, shape: q.T)], rng=0,
                   dtype=np.float64)
    got = jacobian(read, np.ones((1, 6)))
    same(got.whole, np.ones((1, 6)))
    same(got.layers[0], np.ones((1, 6)))


# nothing is changed ------------------------------------------------------------------------------------------

class OwnGenerator(layers.Layer):
    """A layer that holds a generator and uses it in every pass."""

    def __init__(self):
        self.rng = np.random.default_rng(0)

    def __call__(self, x):
        return x + 1e-3 * self.rng.normal(size=x.shape).astype(x.dtype)

    def forward(self, x, training=False, rng=None):
        return self(x)

    def backward(self, da, input_gradient=True):
        return da


@pytest.mark.parametrize("read", [
    lambda net, x, y: layer_statistics(net, x, y, softmax_ce, learning_rate=optimizers.Adam(0.1)),
    lambda net, x, y: symmetry(net, x, y, softmax_ce),
    lambda net, x, y: jacobian(net, x[:2]),
    lambda net, x, y: diagnose(net, x, y, softmax_ce, optimizer=optimizers.SGD(100.0, momentum=0.9)),
])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_network_stays_as_it_was(read, dtype):
    sick = Network([*copy.deepcopy(every_layer(dtype).layers), OwnGenerator()], rng=0, dtype=dtype)
    x, y = batch()
    sick.gradient(x, y, softmax_ce, rng=0)
    own = sick.layers[-1].rng
    arrays = [bound_arrays(layer) for layer in sick.layers]
    bytes_before = [{name: array.tobytes() for name, array in held.items()} for held in arrays]
    before, generator, data = frozen(sick), own.bit_generator.state, (x.tobytes(), y.tobytes())
    legacy = np.random.get_state()[1].copy()             # noqa: NPY002
    read(sick, x, y)
    assert frozen(sick) == before
    assert own.bit_generator.state == generator
    assert own is sick.layers[-1].rng
    assert (x.tobytes(), y.tobytes()) == data
    assert (np.random.get_state()[1] == legacy).all()    # noqa: NPY002
    for layer, held, frozen_bytes in zip(sick.layers, arrays, bytes_before, strict=True):
        now = bound_arrays(layer)
        assert now.keys() == held.keys()
        assert all(now[name] is held[name] for name in held)
        assert {name: array.tobytes() for name, array in now.items()} == frozen_bytes


# errors ------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("call", "kind", "message"), [
    (lambda: layer_statistics(net(), X, Y, softmax_ce, learning_rate="1"), TypeError, "learning_rate to be a number"),
    (lambda: layer_statistics(net(), X, Y, softmax_ce, bins=0), ValueError, "bins to be a whole number ≥ 1, got 0"),
    (lambda: layer_statistics(net(), X[0], Y, softmax_ce), ValueError, r"expected x of shape \(n, 5\), got \(5,\)"),
    (lambda: symmetry(net(), X, Y[:3], softmax_ce), ValueError, r"expected labels y of shape \(40,\)"),
    (lambda: jacobian(net(), X[:, :4]), ValueError, r"expected x of shape \(n, 5\), got \(40, 4\)"),
    (lambda: jacobian(5, X), TypeError, "expected a Network, such as minnet.mlp makes, got 5"),
    (lambda: jacobian(Network([layers.ActivationLayer(tanh)], rng=0), X), ValueError, "at least one Dense layer"),
    *((lambda read=read: read(net(), X, Y, "softmax"), TypeError,
       r"expected loss to be a function of \(z, y\), such as losses.softmax_cross_entropy, got 'softmax'")
      for read in (layer_statistics, symmetry)),
    (lambda: symmetry(net(), X, softmax_ce, Y), TypeError, r"expected loss to be .*, got an array of shape \(40,\)"),
    (lambda: layer_statistics(net(), X, Y, softmax_ce).nothing, AttributeError, "no column 'nothing': it has layer"),
])
def test_bad_input(call, kind, message):
    with pytest.raises(kind, match=message):
        call()


def test_tables_are_shown():
    stats = layer_statistics(net(), X, Y, softmax_ce, learning_rate=0.1)
    for table, head in ((stats, "std n δ"), (symmetry(net(), X, Y, softmax_ce), "distinct"),
                        (jacobian(net(), X), "smallest")):
        lines = str(table).splitlines()
        assert repr(table) == str(table)
        assert head in lines[0]
        legend = textwrap.wrap(table.legend, 116)
        assert lines[1 + len(table):] == legend
        page = html.unescape(table._repr_html_())
        assert page.count("<tr>") == 1 + len(table)
        assert table.legend in page
        assert head in page
    assert "nan" not in str(stats)
    assert "5→8" in str(stats)
    for head in ("over examples", "saturated", "dead", "n δ", "ΔW"):
        assert f"{head}: " in stats.legend
    assert "all: of ∂outputs/∂x" in jacobian(net(), X).legend


