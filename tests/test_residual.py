"""Residual blocks: the formula, the gradients of layers inside layers, and their place in a network."""

import copy
import math
import pickle

import numpy as np
import pytest

from minnet import Dense, Network, activations, datasets, diagnostics, fit, layers, losses, optimizers
from minnet.activations import relu, tanh
from minnet.gradient_check import check
from minnet.initializers import he_normal, lecun_normal, normal
from minnet.layers import LayerNorm, LearnedScale, Residual
from tests.conftest import batch, frozen, stirred

CE = losses.softmax_cross_entropy


def blocks(dtype=np.float64):
    """5 → 6 features, a block with every kind of layer and a block in it, → 4."""
    return stirred(Network([
        Dense(3, 6, tanh),
        Residual([LayerNorm(6), Dense(6, 7, relu, bias_init=normal), layers.Dropout(0.2), layers.BatchNorm(7),
                  Residual([Dense(7, 7), layers.PReLU(7), LearnedScale(0.5)], scale=-0.7), tanh, Dense(7, 6),
                  LearnedScale()], scale=0.4),
        Dense(6, 4)], rng=0, dtype=dtype))


def test_the_formula():
    net = Network([Residual([Dense(3, 5, tanh, bias_init=normal), Dense(5, 3)], scale=0.3)], rng=0, dtype=np.float64)
    first, second = net.layers[0].branch
    x, da = batch()[0], np.random.default_rng(1).normal(size=(8, 3))
    h = np.tanh(x @ first.W + first.b)
    a = x + 0.3 * (h @ second.W + second.b)
    np.testing.assert_allclose(net(x), a, rtol=1e-13)
    np.testing.assert_allclose(net.forward(x), a, rtol=1e-13)
    dx = net.backward(da)
    delta = 0.3 * da @ second.W.T * (1 - h**2)
    np.testing.assert_allclose(dx, da + delta @ first.W.T, rtol=1e-12)
    np.testing.assert_allclose(first.dW, x.T @ delta, rtol=1e-12)
    np.testing.assert_allclose(second.dW, 0.3 * h.T @ da, rtol=1e-12)
    np.testing.assert_array_equal(net.layers[0].a, net(x))


@pytest.mark.parametrize("training", [True, False])
def test_gradients_of_layers_inside_layers(training):
    net = blocks()
    report = check(net, *batch(), CE, training=training)
    assert report.passed, str(report)
    assert [row.array for row in report.rows] == list(net.arrays())
    assert {"layer 1.0 gamma", "layer 1.1 W", "layer 1.4.1 slope", "layer 1.4.2 alpha"} < set(net.arrays())


def test_the_check_keeps_away_from_kinks_inside():
    """Rows of zeros and no biases: z = 0 in the branch, on ReLU's kink."""
    net = Network([Residual([Dense(3, 3, relu)]), Dense(3, 4)], rng=0, dtype=np.float64)
    x, y = batch()
    report = check(net, 0 * x, y, CE)
    assert [row.excluded for row in report.rows[:2]] == [0, 3]


def test_arrays_masks_and_spans_follow_the_layers_inside():
    net = blocks()
    for name, where in net.arrays().items():
        _, place, letter = name.split()
        layer = net.layers[int(place[0])]
        for i in place.split(".")[1:]:
            layer = layer.branch[int(i)]
        assert np.shares_memory(getattr(layer, letter), net.params[where])
        np.testing.assert_array_equal(getattr(layer, letter).ravel(), net.params[where])
        assert (net.decay_mask[where] == (letter == "W")).all(), name
    assert net.span(1) == slice(net.arrays()["layer 1.0 gamma"].start, net.arrays()["layer 1.7 alpha"].stop)
    assert net.span(2) == slice(net.span(1).stop, len(net.params))
    assert net.state.size == 14
    net.layers[1].branch[1].W = 7
    assert (net.params[net.arrays()["layer 1.1 W"]] == 7).all()


def test_statistics_and_noise_inside():
    net = blocks()
    x, y = batch()
    with pytest.raises(ValueError, match=r"layer 1, Residual.* draws noise in training: expected rng"):
        net.gradient(x, y, CE)
    assert net.gradient(x, y, CE, rng=0) == net.gradient(x, y, CE, rng=0) != net.gradient(x, y, CE, rng=1)
    before = net.state.copy()
    net.gradient(x, y, CE, training=net.span(2))
    np.testing.assert_array_equal(net.state, before)
    net.gradient(x, y, CE, training=net.span(1), rng=0)
    assert (net.state != before).any()
    with pytest.raises(ZeroDivisionError):
        net.gradient(x, y, lambda z, y: 1 / 0, rng=0)


@pytest.mark.parametrize("again", [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net)),
                                   lambda net: net.astype(np.float64)], ids=["deepcopy", "pickle", "astype"])
def test_copies_have_arrays_of_their_own(again):
    net = blocks()
    net.gradient(*batch(), CE, rng=0)
    other, before = again(net), frozen(net)
    assert frozen(other) == before
    np.testing.assert_array_equal(other(batch()[0]), net(batch()[0]))
    other.params += 1
    assert (other.layers[1].branch[4].branch[0].W == net.layers[1].branch[4].branch[0].W + 1).all()
    other.gradient(*batch(), CE, rng=0)
    assert frozen(net) == before


def test_one_seed_gives_the_same_block_in_both_dtypes():
    single, double = blocks(np.float32)(batch()[0]), blocks()(batch()[0])
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, double, rtol=1e-4, atol=1e-5)


def test_weights_are_drawn_from_a_generator_of_the_block():
    """So that a block's weights depend neither on the blocks behind it nor on how many layers those have."""
    def net(*more):
        return Network([Dense(3, 3), Residual([Dense(3, 3), tanh, Dense(3, 3)]), *more], rng=0)

    alone, longer = net(), net(Residual([Dense(3, 3)]), Dense(3, 2))
    np.testing.assert_array_equal(longer.params[:alone.params.size], alone.params)
    _, child = np.random.default_rng(0).spawn(2)
    branch = Network([Dense(3, 3), tanh, Dense(3, 3)], rng=child)
    np.testing.assert_array_equal(alone.params[alone.span(1)], branch.params)
    alone.reset(0)
    np.testing.assert_array_equal(alone.params, net().params)
    assert np.unique([layer.W for layer in (alone.layers[0], *alone.layers[1].branch[::2])]).size == 27


def test_a_failing_initializer_inside_is_named():
    with pytest.raises(ValueError, match="finite") as caught:
        Network([Residual([Dense(2, 2, init=lambda rng, shape: np.full(shape, np.nan))])], rng=0)
    assert [note[:25] for note in caught.value.__notes__] == ["while initializing Dense(", "while initializing Residu"]


def test_a_learned_scale_of_zero_makes_the_identity_and_moves_first():
    net = Network([Residual([Dense(3, 5, relu, he_normal), Dense(5, 3), LearnedScale()]), Dense(3, 4)], rng=0,
                  dtype=np.float64)
    x, y = batch()
    np.testing.assert_array_equal(net.layers[0](x), x)
    net.gradient(x, y, CE)
    branch = net.layers[0].branch
    assert not branch[0].dW.any()
    assert not branch[1].dW.any()
    assert branch[2].dalpha[0] != 0
    assert branch[2].dalpha[0] == pytest.approx((branch[1].a * (net.layers[1].delta @ net.layers[1].W.T)).sum())
    assert LearnedScale().start == 0
    net.params -= net.grads
    net.gradient(x, y, CE)
    assert branch[0].dW.any()


@pytest.mark.parametrize(("scale", "growth"), [(1.0, 2**12), (1 / math.sqrt(12), (1 + 1 / 12) ** 12)])
def test_the_variance_after_many_blocks(scale, growth):
    """For branches that keep E[a²]: 2^L, and (1 + 1/L)^L; five standard errors of 40 networks."""
    found = []
    for seed in range(40):
        net = Network([Residual([Dense(100, 100, relu, he_normal), Dense(100, 100, init=lecun_normal)], scale)
                       for _ in range(12)], rng=seed, dtype=np.float64)
        x = np.random.default_rng(seed).normal(size=(20, 100))
        found.append((net(x) ** 2).mean() / (x**2).mean() / growth)
    assert np.mean(found) == pytest.approx(1, abs=5 * np.std(found) / math.sqrt(40))


def test_what_it_looks_like():
    net = Network([Residual([Dense(3, 4, tanh), Dense(4, 3), LearnedScale(2)], scale=0.5)], rng=0)
    assert repr(net.layers[0]) == ("Residual([Dense(3, 4, tanh, glorot_uniform, zeros), "
                                   "Dense(4, 3, identity, glorot_uniform, zeros), LearnedScale(2)], 0.5)")
    rows = [line.split() for line in net.summary().splitlines()]
    assert [row[0] for row in rows] == ["layer", "0", "0.0", "0.1", "0.2", "total"]
    assert rows[1] == ["0", "Residual", "of", "0"]
    assert rows[-2] == ["0.2", "LearnedScale(2)", "1", "alpha", "(1,)"]
    assert "0.1" in net._repr_html_()


@pytest.mark.parametrize(("call", "kind", "message"), [
    (lambda: Residual(Dense(3, 3)), TypeError, r"expected a list of layers, Residual\(\[Dense\(64, 64\), .*got Dense"),
    (lambda: Residual([]), ValueError, "expected at least one layer, got none"),
    (lambda: Residual([3]), TypeError, "expected layers such as Dense.*got 3 in place 0"),
    (lambda: Residual([Dense(3, 4), Dense(5, 3)]), ValueError, "layers do not fit together: layer 1"),
    (lambda: Residual([Dense(3, 4)]), ValueError, "as many outputs as inputs, got 3 → 4: they are added"),
    (lambda: Residual([Dense(3, 3)], scale="a"), TypeError, "expected scale to be a number"),
    (lambda: Residual([Dense(3, 3)], scale=math.inf), ValueError, "expected scale to be a number"),
    (lambda: LearnedScale(math.nan), ValueError, "expected start to be a number"),
    (lambda: Network([Dense(2, 4), Residual([Dense(3, 3)])], rng=0), ValueError, "takes 3 features, but gets 4"),
])
def test_errors(call, kind, message):
    with pytest.raises(kind, match=message):
        call()


def test_a_layer_has_one_place():
    dense = Dense(3, 3)
    with pytest.raises(ValueError, match="got the same object twice"):
        Residual([dense, dense])
    with pytest.raises(ValueError, match="got the same object twice"):
        Network([Residual([dense]), Residual([dense])], rng=0)
    block = Residual([dense])
    Network([block], rng=0)
    for again in (lambda: Network([dense], rng=0), lambda: Residual([dense]), lambda: Network([block], rng=0)):
        with pytest.raises(ValueError, match="already has its place in a network"):
            again()
    Network([copy.deepcopy(block)], rng=0)


# What is measured inside -------------------------------------------------------------------------------------

def test_layer_statistics_have_a_row_for_every_weight_matrix():
    net = blocks()
    x, y = batch(50)
    rows = diagnostics.layer_statistics(net, x, y, CE, learning_rate=0.1)
    assert rows.fan_in.tolist() == [3, 6, 7, 7, 6]
    assert rows.activation.tolist() == ["tanh", "relu", "tanh", "identity", "identity"]
    inner = net.layers[1].branch
    assert rows.W_norm == pytest.approx([np.linalg.norm(W) for W in (
        net.layers[0].W, inner[1].W, inner[4].branch[0].W, inner[6].W, net.layers[2].W)])
    assert rows.update == pytest.approx(0.1 * rows.dW_norm / rows.W_norm)
    assert [row.units for row in diagnostics.symmetry(net, x, y, CE).rows] == [6, 7, 7, 6, 4]


def test_a_block_is_one_row_of_the_jacobian():
    net = Network([Dense(3, 6, tanh), Residual([Dense(6, 2, tanh), Dense(2, 6)], scale=0.5), Dense(6, 4)], rng=0,
                  dtype=np.float64)
    x = batch()[0][:1]
    found = diagnostics.jacobian(net, x)
    assert len(found.layers) == 3
    first, second = net.layers[1].branch
    h = net.layers[0](x)
    J = np.eye(6) + 0.5 * first.W * (1 - first(h) ** 2) @ second.W
    np.testing.assert_allclose(found.layers[1][0], np.linalg.svd(J, compute_uv=False), rtol=1e-12)


# What residual blocks are for --------------------------------------------------------------------------------

def test_15_blocks_train_at_a_quarter_of_hes_weights_where_30_plain_layers_do_not():
    """Accuracy on the digits after three epochs, ReLU: chance is .10."""
    x, y = datasets.standardized(datasets.digits()).train

    def weak(rng, shape):
        return he_normal(rng, shape) / 4

    def accuracy(parts):
        net = Network([Dense(64, 32, relu, weak), *parts, Dense(32, 10)], rng=0)
        return fit(net, (x, y), loss=CE, optimizer=optimizers.SGD(0.01, momentum=0.9), epochs=3, rng=0,
                   progress=False).accuracy[-1]

    assert accuracy([Dense(32, 32, relu, weak) for _ in range(30)]) < 0.15
    assert accuracy([Residual([Dense(32, 32, relu, weak), Dense(32, 32, init=weak)]) for _ in range(15)]) > 0.9


def test_activations_in_a_branch_become_layers():
    block = Residual([Dense(3, 3), relu])
    assert isinstance(block.branch[1], layers.ActivationLayer)
    assert isinstance(Residual([activations.tanh]).branch[0], layers.Activation)
