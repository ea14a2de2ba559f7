"""Weights of examples and of classes: in the losses, in training, and against PyTorch and scikit-learn."""

from functools import partial

import numpy as np
import pytest

from minnet import Dense, Network, activations, fit, gradient_check, losses, mlp, train
from minnet.losses import balanced_weights, sigmoid_cross_entropy, softmax_cross_entropy, squared_error, weighted
from minnet.optimizers import SGD
from minnet.pretraining import Autoencoder, BoltzmannMachine
from tests.conftest import LOSSES, batch, every_layer

CE = softmax_cross_entropy
every_loss = pytest.mark.parametrize("name", LOSSES)


def case(name, n=6, k=3):
    """A loss with z, y and weights, one of which is 0."""
    rng = np.random.default_rng(0)
    loss, targets = LOSSES[name]
    return loss, 2 * rng.normal(size=(n, k)), targets(rng, n, k), np.array([0.5, 2, 0, 1, 3.5, 1])


@every_loss
def test_the_value_is_the_mean_of_weight_times_loss(name):
    loss, z, y, w = case(name)
    alone = [loss(z[i:i + 1], y[i:i + 1])[0] for i in range(6)]
    value, _ = loss(z, y, w)
    assert type(value) is float
    assert value == pytest.approx(sum(w * alone) / 6, rel=1e-13)


@every_loss
def test_dz_is_the_derivative_of_the_weighted_value(name):
    loss, z, y, w = case(name)
    _, dz = loss(z, y, w)
    numeric, h = np.zeros_like(z), 1e-3
    for place in np.ndindex(z.shape):
        at = np.zeros_like(z)
        at[place] = h
        c = {k: loss(z + k * at, y, w)[0] for k in (-2, -1, 1, 2)}
        numeric[place] = (8 * (c[1] - c[-1]) - (c[2] - c[-2])) / (12 * h)
    np.testing.assert_allclose(dz, numeric, rtol=0, atol=1e-11)
    assert (dz[2] == 0).all()                                            # an example of weight 0


@every_loss
def test_weights_of_1_change_nothing_and_weight_2_is_the_example_twice(name):
    loss, z, y, _ = case(name)
    value, dz = loss(z, y)
    same, same_dz = loss(z, y, np.ones(6))
    assert same == pytest.approx(value, rel=1e-15)
    np.testing.assert_array_equal(same_dz, dz)
    twice, _ = loss(z, y, [1, 1, 1, 1, 1, 2])
    longer, _ = loss(np.concatenate([z, z[-1:]]), np.concatenate([y, y[-1:]]))
    assert twice == pytest.approx(7 / 6 * longer, rel=1e-14)             # the divisor is n, not the sum of weights


@every_loss
def test_weights_keep_the_dtype(name):
    loss, z, y, w = case(name)
    exact, exact_dz = loss(z, y, w)
    value, dz = loss(z.astype(np.float32), y, w)
    assert dz.dtype == np.float32
    assert value == pytest.approx(exact, rel=1e-6)
    np.testing.assert_allclose(dz, exact_dz, rtol=1e-5, atol=1e-6)


@every_loss
def test_the_gradient_of_a_network_under_weights(name):
    net, (loss, targets) = every_layer(), LOSSES[name]
    x, y = batch(8)[0], targets(np.random.default_rng(1), 8, 4)
    w = np.random.default_rng(2).uniform(0, 3, 8)
    assert gradient_check.check(net, x, y, weighted(loss, w)).passed


def test_a_weighted_loss_keeps_its_output_function():
    w = np.ones(20)
    net, (x, y) = mlp([3, 4], activation="tanh", rng=0), batch(20)
    net.gradient(x, y, weighted(CE, w))
    assert net.output_function is activations.softmax
    assert weighted(CE, w).weights is w


def test_balanced_weights():
    w = balanced_weights([2, 0, 2, 2, 2, 0])
    np.testing.assert_allclose(w, [0.75, 1.5, 0.75, 0.75, 0.75, 1.5])
    assert w.sum() == pytest.approx(6)
    np.testing.assert_array_equal(balanced_weights(["b", "a", "b", "b", "b", "a"]), w)
    np.testing.assert_array_equal(balanced_weights(np.array([3, 3])), [1, 1])


# Training ----------------------------------------------------------------------------------------------------

def run(net, data, **changes):
    return fit(net, data, **{"loss": CE, "optimizer": SGD(learning_rate=0.1), "epochs": 1, "batch_size": 8, "rng": 0}
               | changes)


def small(dtype=np.float64):
    return mlp([3, 6, 4], activation="tanh", rng=0, dtype=dtype)


def test_the_weights_go_with_their_rows():
    """The same run by hand: the order of the rows, and for each batch its weights."""
    (x, y), w = batch(20), np.random.default_rng(3).uniform(0, 3, 20)
    net, by_hand, opt = small(), small(), SGD(learning_rate=0.1)
    history = run(net, (x, y, w), validation=(x, y, 2 * w))
    state, order, total = opt.init(by_hand.params), np.random.default_rng(0).permutation(20), 0.0
    for rows in (order[:8], order[8:16], order[16:]):
        total += len(rows) * by_hand.gradient(x[rows], y[rows], partial(CE, weights=w[rows]))
        opt.step(by_hand.params, by_hand.grads, state)
    np.testing.assert_array_equal(net.params, by_hand.params)
    assert history.loss[0] == pytest.approx(total / 20, rel=1e-13)
    assert history.validation_loss[0] == CE(net(x), y, 2 * w)[0]
    assert history.validation_accuracy[0] == (net(x).argmax(axis=1) == y).mean()
    assert net.evaluate((x, y, w), CE) == (CE(net(x), y, w)[0], history.validation_accuracy[0])


def test_weights_of_1_train_as_none():
    x, y = batch(20)
    one, other = small(np.float32), small(np.float32)
    run(one, (x, y), epochs=3)
    run(other, (x, y, np.ones(20)), epochs=3)
    assert one.params.dtype == np.float32
    assert one.params.tobytes() == other.params.tobytes()


def test_a_rare_class_is_found_with_balanced_weights():
    """4% positives that overlap with the rest: without weights few of them are found, with weights most of them."""
    rng = np.random.default_rng(0)
    y = (np.arange(1000) % 25 == 0).astype(int)
    x = rng.normal(size=(1000, 2)) + 1.5 * y[:, None]
    found = []
    for data in ((x, y), (x, y, balanced_weights(y))):
        net = Network([Dense(2, 2)], rng=0)
        run(net, data, epochs=30, batch_size=100, optimizer=SGD(learning_rate=0.3))
        found.append((net.predict(x) == 1)[y == 1].mean())
    assert found[0] < 0.5 < 0.8 < found[1]


def test_a_loss_of_ones_own():
    """Two arguments are enough without weights; with weights it needs a third one."""
    def absolute(z, y):
        return float(abs(z - y).sum()) / len(z), np.sign(z - y) / len(z)

    def with_weights(z, y, weights=None):
        w = np.ones(len(z)) if weights is None else weights
        return float(w @ abs(z - y).sum(axis=1)) / len(z), w[:, None] * np.sign(z - y) / len(z)

    x, y = batch(20)[0], np.ones((20, 4))
    one, other = small(), small()
    run(one, (x, y), loss=absolute)
    run(other, (x, y), loss=with_weights)
    np.testing.assert_allclose(one.params, other.params, rtol=1e-12)
    with pytest.raises(TypeError, match=r"expected a loss that takes weights.*got absolute"):
        train(one, (x, y, np.ones(20)), loss=absolute, optimizer=SGD(), epochs=1, rng=0)
    run(other, (x, y, np.zeros(20)), loss=with_weights)
    np.testing.assert_allclose(one.params, other.params, rtol=1e-12)
    with pytest.raises(ValueError, match="trained with one of minnet's losses"):
        other.predict(x)


def test_an_autoencoder_takes_weights():
    x, w = np.random.default_rng(0).random((8, 5)), np.arange(8.0)
    model = Autoencoder(5, 3, sparse=0.1, contractive=0.1, rng=0, dtype=np.float64)
    assert gradient_check.check(model, x, x, weighted(squared_error, w)).passed
    before = model.params.copy()
    fit(model, (x, x, w), loss=sigmoid_cross_entropy, optimizer=SGD(), epochs=1, rng=0)
    assert (model.params != before).any()


def test_a_boltzmann_machine_refuses_weights():
    x = np.eye(4)
    model = BoltzmannMachine(4, 3, rng=0)
    before = model.params.tobytes()
    with pytest.raises(ValueError, match="without weights, got weights: CD-k does not use the loss"):
        fit(model, (x, x, np.ones(4)), loss=sigmoid_cross_entropy, optimizer=SGD(), epochs=1, rng=0)
    assert model.params.tobytes() == before


# Against others ----------------------------------------------------------------------------------------------

@pytest.mark.peers
def test_weighted_losses_of_pytorch():
    """PyTorch's mean divides by the sum of the weights of the labels; the sum over examples, divided by n, is ours."""
    torch = pytest.importorskip("torch")
    F = torch.nn.functional
    for name, theirs in (
            ("softmax_cross_entropy", lambda z, y, w: (w * F.cross_entropy(z, y, reduction="none")).sum()),
            ("sigmoid_cross_entropy", lambda z, y, w: F.binary_cross_entropy_with_logits(z, y, w[:, None],
                                                                                         reduction="sum")),
            ("squared_error", lambda z, y, w: 0.5 * F.mse_loss(z, y, weight=w[:, None].expand_as(z), reduction="sum")),
            ("mean_squared_error", lambda z, y, w: F.mse_loss(z, y, weight=w[:, None].expand_as(z), reduction="sum")
             / 3)):
        loss, z, y, w = case(name)
        outputs = torch.tensor(z, requires_grad=True)
        C = theirs(outputs, torch.tensor(y), torch.tensor(w)) / 6
        C.backward()
        value, dz = loss(z, y, w)
        assert value == pytest.approx(C.item(), rel=1e-12), name
        np.testing.assert_allclose(dz, outputs.grad, rtol=1e-12, atol=1e-15, err_msg=name)
    loss, z, y, _ = case("softmax_cross_entropy")
    of_class = np.array([0.5, 2, 3])
    theirs = F.cross_entropy(torch.tensor(z), torch.tensor(y), torch.tensor(of_class)).item()
    assert loss(z, y, of_class[y])[0] * 6 / of_class[y].sum() == pytest.approx(theirs, rel=1e-12)


@pytest.mark.peers
def test_balanced_weights_and_weighted_regression_of_scikit_learn():
    """At their balanced logistic regression our weighted gradient is minus that of ½‖W‖²."""
    pytest.importorskip("sklearn")
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import log_loss
    from sklearn.utils.class_weight import compute_sample_weight

    rng = np.random.default_rng(0)
    y = rng.choice(3, 200, p=[0.7, 0.25, 0.05])
    x = rng.normal(size=(200, 4)) + y[:, None]
    w = balanced_weights(y)
    np.testing.assert_allclose(w, compute_sample_weight("balanced", y), rtol=1e-14)
    model = LogisticRegression(class_weight="balanced", C=2.0, tol=1e-10, max_iter=10_000).fit(x, y)
    net = Network([Dense(4, 3)], rng=0, dtype=np.float64)
    net.layers[0].W, net.layers[0].b = model.coef_.T, model.intercept_
    value = net.gradient(x, y, weighted(losses.softmax_cross_entropy, w))
    np.testing.assert_allclose(2.0 * 200 * net.layers[0].dW, -model.coef_.T, atol=1e-4)
    np.testing.assert_allclose(net.layers[0].db, 0, atol=1e-6)
    assert value == pytest.approx(log_loss(y, model.predict_proba(x), sample_weight=w), rel=1e-9)
