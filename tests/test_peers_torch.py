"""PyTorch's autograd as the oracle, in float64: outputs, losses, every gradient, and whole runs of optimizers."""

from functools import partial

import numpy as np
import pytest

from minnet import Dense, Network, layers, losses, optimizers
from minnet.parameters import declared
from tests.conftest import ACTIVATIONS, LOSSES, every_layer, stirred

pytestmark = pytest.mark.peers
RNG = np.random.default_rng
NEAR = {"rtol": 1e-10, "atol": 1e-13}


@pytest.fixture(scope="module")
def torch():
    return pytest.importorskip("torch")


def activation(torch, name):
    """The function of PyTorch's that an activation of minnet's is, by its name."""
    F = torch.nn.functional
    return {
        "identity": lambda z: z, "sigmoid": torch.sigmoid, "tanh": torch.tanh,
        "scaled_tanh": lambda z: 1.7159 * torch.tanh(2 / 3 * z), "relu": torch.relu, "selu": F.selu,
        "gelu": lambda z: F.gelu(z, approximate="tanh"), "softplus": F.softplus, "softsign": F.softsign,
        "hard_tanh": F.hardtanh, "leaky_relu(0.01)": F.leaky_relu, "leaky_relu(0.3)": lambda z: F.leaky_relu(z, 0.3),
        "elu(1)": F.elu, "elu(0.7)": lambda z: F.elu(z, 0.7), "swish(1)": F.silu,
        "swish(1.5)": lambda z: z * torch.sigmoid(1.5 * z),
    }[name]


def leaf(torch, array):
    """A copy of a numpy array whose gradient PyTorch computes."""
    return torch.tensor(np.array(array), requires_grad=True)


def same(mine, theirs):
    np.testing.assert_allclose(mine, theirs.detach().numpy(), **NEAR)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_and_their_derivatives(torch, name):
    mine, z = ACTIVATIONS[name], np.append(np.linspace(-15, 15, 1001) + 1e-3, 0)      # PyTorch's softplus is z above 20
    theirs = leaf(torch, z)
    a = activation(torch, name)(theirs)
    a.sum().backward()
    same(mine.f(z), a)
    same(mine.df(z, mine.f(z)), theirs.grad)


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("factor", [1, 1e-2], ids=["z near 1", "z near 0"])
def test_dense_with_every_activation(torch, name, factor):
    net = stirred(Network([Dense(4, 6, ACTIVATIONS[name]), Dense(6, 3)], rng=0, dtype=np.float64))
    x, y = factor * RNG(0).normal(size=(7, 4)), RNG(1).integers(0, 3, 7)
    value, dz = losses.softmax_cross_entropy(net.forward(x, training=True), y)
    dx = net.backward(dz)
    first, second = net.layers
    tx, W, b, V, c = (leaf(torch, a) for a in (x, first.W, first.b, second.W, second.b))
    z = activation(torch, name)(tx @ W + b) @ V + c
    theirs = torch.nn.functional.cross_entropy(z, torch.tensor(y))
    theirs.backward()
    assert value == pytest.approx(theirs.item(), rel=1e-12)
    for mine, other in ((second.z, z), (dx, tx.grad), (first.dW, W.grad), (first.db, b.grad), (second.dW, V.grad),
                        (second.db, c.grad)):
        same(mine, other)


def test_gelu_differs_from_the_exact_form_by_what_its_docstring_says(torch):
    z = np.linspace(-5, 5, 2001)
    exact = torch.nn.functional.gelu(torch.tensor(z)).numpy()
    assert 4e-4 < abs(ACTIVATIONS["gelu"].f(z) - exact).max() <= 5e-4


@pytest.mark.parametrize("name", LOSSES)
def test_losses_with_the_factor_that_the_docstring_names(torch, name):
    F, k = torch.nn.functional, 3
    theirs = {"softmax_cross_entropy": lambda z, y: F.cross_entropy(z, y),
              "sigmoid_cross_entropy": lambda z, y: k * F.binary_cross_entropy_with_logits(z, y),
              "squared_error": lambda z, y: k / 2 * F.mse_loss(z, y), "mean_squared_error": F.mse_loss}[name]
    loss, targets = LOSSES[name]
    for scale in (0.1, 3, 100):
        z, y = scale * RNG(0).normal(size=(8, k)), targets(RNG(1), 8, k)
        value, dz = loss(z, y)
        tz = leaf(torch, z)
        other = theirs(tz, torch.tensor(y))
        other.backward()
        assert value == pytest.approx(other.item(), rel=1e-12)
        same(dz, tz.grad)


def normalized(torch, kind):
    if kind == "BatchNorm":
        return layers.BatchNorm(5), torch.nn.BatchNorm1d(5, dtype=torch.float64)
    if kind == "LayerNorm":
        return layers.LayerNorm(5), torch.nn.LayerNorm(5, dtype=torch.float64)
    features = 5 if kind == "PReLU" else 1
    return layers.PReLU(features), torch.nn.PReLU(features, dtype=torch.float64)


@pytest.mark.parametrize("kind", ["BatchNorm", "LayerNorm", "PReLU", "shared PReLU"])
@pytest.mark.parametrize("training", [True, False])
def test_layers_with_parameters_over_several_batches(torch, kind, training):
    mine, theirs = normalized(torch, kind)
    Network([mine], rng=0, dtype=np.float64)
    names = list(zip([array.name for array in declared(mine, "params")], theirs.parameters(), strict=True))
    with torch.no_grad():
        for name, parameter in names:
            same(getattr(mine, name), parameter)                                 # started alike
            setattr(mine, name, RNG(2).normal(size=parameter.shape))
            parameter.copy_(torch.tensor(getattr(mine, name)))
    for seed in range(4):                                                        # the running statistics follow
        x = RNG(seed).normal([1, 0, -2, 3, 0], [1, 3, 0.2, 2, 1e-3], (6 + seed, 5))
        theirs.train()
        same(mine.forward(x, training=True), theirs(torch.tensor(x)))
    if kind == "BatchNorm":
        same(mine.running_mean, theirs.running_mean)
        same(mine.running_var, theirs.running_var)
    theirs.train(training)
    x, da = RNG(8).normal(size=(6, 5)), RNG(9).normal(size=(6, 5))
    tx = leaf(torch, x)
    a = theirs(tx)
    theirs.zero_grad()
    a.backward(torch.tensor(da))
    same(mine.forward(x, training=training), a)
    same(mine.backward(da), tx.grad)
    for name, parameter in names:
        same(getattr(mine, f"d{name}"), parameter.grad)


def test_a_network_of_every_layer_given_its_noise(torch):
    """Dropout's factors are read from the pass and handed to PyTorch: everything else is computed anew."""
    net = every_layer()
    x, y = RNG(0).normal(size=(9, 3)), RNG(1).integers(0, 4, 9)
    value, dz = losses.softmax_cross_entropy(net.forward(x, training=True, rng=5), y)
    dx = net.backward(dz)
    F, tx = torch.nn.functional, leaf(torch, x)
    t = {f"{owner}{array.name}": leaf(torch, getattr(layer, array.name)) for owner, layer in net.owners().items()
         for array in declared(layer, "params")}
    a = torch.tanh(tx @ t["layer 0 W"] + t["layer 0 b"])
    a = F.batch_norm(a, None, None, t["layer 1 gamma"], t["layer 1 beta"], training=True, eps=1e-5)
    a = F.prelu(a, t["layer 2 slope"]) * torch.tensor(net.layers[3].factor)
    a = a @ t["layer 4 W"] + t["layer 4 b"]
    a = F.gelu(F.layer_norm(a, (5,), t["layer 5 gamma"], t["layer 5 beta"]), approximate="tanh")
    noise, low, q = net.layers[7], -1.7580993408473766, 0.8                      # alpha dropout at rate 0.2
    s, kept = (q + low**2 * q * (1 - q)) ** -0.5, torch.tensor(noise.factor != 0)
    a = s * torch.where(kept, a, low) - s * (1 - q) * low
    a = F.prelu(a, t["layer 8 slope"])
    a = a + t["layer 9.1 alpha"] * (a @ t["layer 9.0 W"] + t["layer 9.0 b"])
    z = a @ t["layer 10 W"] + t["layer 10 b"]
    theirs = F.cross_entropy(z, torch.tensor(y))
    theirs.backward()
    assert value == pytest.approx(theirs.item(), rel=1e-12)
    same(dx, tx.grad)
    for name, where in net.arrays().items():
        same(net.grads[where], t[name].grad.ravel())


def test_alpha_dropout_has_pytorchs_two_values(torch):
    """What a dropped and a kept 1 become: a constant and an affine map, both fixed by the rate."""
    torch.manual_seed(0)
    theirs = torch.nn.AlphaDropout(0.3)(torch.ones(2000, dtype=torch.float64)).numpy()
    mine = layers.AlphaDropout(0.3).forward(np.ones((1, 2000)), training=True, rng=RNG(0))
    np.testing.assert_allclose(np.unique(mine), np.unique(theirs), rtol=1e-12)


STEPS = 20


def run_both(torch, mine, theirs, decayed=None):
    """Both optimizers over the same gradients, which depend on where they are; yields (params, tensors) each step."""
    start = RNG(0).normal(size=(2, 6))
    params = start.ravel().copy()
    tensors = [torch.tensor(row.copy()) for row in start]
    opt = theirs(tensors)
    mask = None if decayed is None else np.repeat(decayed, 6)
    state = mine.init(params, mask)
    scale, noise = 10.0 ** np.linspace(-6, 1, 12), RNG(1).normal(size=(STEPS, 12))
    for t in range(STEPS):
        mine.step(params, scale * (np.sin(3 * params) + noise[t]), state)
        for i, tensor in enumerate(tensors):
            part = slice(6 * i, 6 * i + 6)
            tensor.grad = torch.tensor(scale[part] * (np.sin(3 * tensor.numpy()) + noise[t][part]))
        opt.step()
        yield params, np.concatenate([tensor.numpy() for tensor in tensors])


@pytest.mark.parametrize(("mine", "theirs"), [
    (optimizers.SGD(learning_rate=0.05), lambda t, p: t.SGD(p, lr=0.05)),
    (optimizers.SGD(learning_rate=0.05, momentum=0.9), lambda t, p: t.SGD(p, lr=0.05, momentum=0.9)),
    (optimizers.SGD(learning_rate=0.05, momentum=0.9, nesterov=True),
     lambda t, p: t.SGD(p, lr=0.05, momentum=0.9, nesterov=True)),
    (optimizers.SGD(), lambda t, p: t.SGD(p)),
    (optimizers.RMSprop(), lambda t, p: t.RMSprop(p)),
    (optimizers.RMSprop(learning_rate=0.03, alpha=0.8, epsilon=1e-4), lambda t, p: t.RMSprop(p, 0.03, 0.8, 1e-4)),
    (optimizers.Adam(), lambda t, p: t.Adam(p)),
    (optimizers.Adam(learning_rate=0.03, beta1=0.7, beta2=0.9, epsilon=1e-4),
     lambda t, p: t.Adam(p, 0.03, (0.7, 0.9), 1e-4)),
    (optimizers.AdamW(), lambda t, p: t.AdamW(p)),
    (optimizers.AdamW(learning_rate=0.03, weight_decay=0.2), lambda t, p: t.AdamW(p, 0.03, weight_decay=0.2)),
], ids=["SGD", "momentum", "Nesterov", "SGD defaults", "RMSprop defaults", "RMSprop", "Adam defaults", "Adam",
        "AdamW defaults", "AdamW"])
def test_trajectories(torch, mine, theirs):
    for params, other in run_both(torch, mine, lambda tensors: theirs(torch.optim, tensors)):
        np.testing.assert_allclose(params, other, rtol=1e-10)


def test_masked_decay_is_pytorchs_parameter_groups(torch):
    def theirs(tensors):
        return torch.optim.AdamW([{"params": tensors[:1], "weight_decay": 0.3},
                                  {"params": tensors[1:], "weight_decay": 0.0}], lr=0.01)

    mine = optimizers.AdamW(learning_rate=0.01, weight_decay=0.3)
    for params, other in run_both(torch, mine, theirs, decayed=[True, False]):
        np.testing.assert_allclose(params, other, rtol=1e-10)


def test_schedules_are_pytorchs(torch):
    """A factor by the number of steps done."""
    for schedule, theirs in (
        (partial(optimizers.cosine, steps=15), lambda s, o: s.CosineAnnealingLR(o, 15)),
        (partial(optimizers.exponential, decay=0.9), lambda s, o: s.ExponentialLR(o, 0.9)),
        (partial(optimizers.step_decay, every=4), lambda s, o: s.StepLR(o, 4)),
    ):
        opt = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=2.0)
        scheduler = theirs(torch.optim.lr_scheduler, opt)
        for step in range(15):
            assert 2 * schedule(step) == pytest.approx(opt.param_groups[0]["lr"], rel=1e-12, abs=1e-14)
            opt.step()
            scheduler.step()


def test_clipping_is_pytorchs_up_to_its_epsilon(torch):
    g = RNG(0).normal(size=50)
    tensor = torch.zeros(50, dtype=torch.float64)
    tensor.grad = torch.tensor(g.copy())
    norm = torch.nn.utils.clip_grad_norm_([tensor], 0.5).item()
    assert optimizers.clip_by_norm(g, 0.5) == pytest.approx(norm, rel=1e-14)
    np.testing.assert_allclose(g, tensor.grad.numpy(), rtol=1e-6)                # PyTorch divides by ‖g‖ + 1e-6
