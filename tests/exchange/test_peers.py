"""PyTorch, Keras and onnxruntime compute what minnet computes, from the weights and the code that it writes."""

import tempfile

import numpy as np
import pytest

from minnet import Dense, Network, exchange, layers
from tests.conftest import ACTIVATIONS, stirred
from tests.exchange.networks import every_layer

pytestmark = pytest.mark.peers
NEAR = {np.float32: 1e-6, np.float64: 1e-12}              # relative to the largest output
HELD = [name for name in ACTIVATIONS if name not in ("scaled_tanh", "swish(1.5)")]
every_dtype = pytest.mark.parametrize("dtype", NEAR)
X = np.random.default_rng(0).normal(size=(20, 3))


@pytest.fixture(scope="module")
def torch():
    pytest.importorskip("safetensors")
    return pytest.importorskip("torch")


@pytest.fixture(scope="module")
def keras():
    """Keras on PyTorch; it writes its settings into a home folder, which is a temporary one here."""
    pytest.importorskip("torch")
    with tempfile.TemporaryDirectory() as home, pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERAS_BACKEND", "torch")
        patch.setenv("KERAS_HOME", home)
        yield pytest.importorskip("keras")


def nets(dtype, rng=0):
    """Every layer that others have; every activation; large z and other settings than the defaults."""
    others = Network([layer for name in HELD for layer in (Dense(3, 3), ACTIVATIONS[name])], rng=rng, dtype=dtype)
    large = stirred(Network([Dense(3, 3, "softplus"), layers.LayerNorm(3, 1e-2), layers.BatchNorm(3, 0.2, 1e-1)],
                            rng=rng, dtype=dtype))
    large.layers[0].W *= 30
    return every_layer(dtype, rng), others, large


def same(net, x, theirs):
    mine = net(x)
    assert theirs.dtype == net.dtype
    assert abs(mine - theirs).max() <= NEAR[net.dtype.type] * max(1, abs(mine).max())


def sequential(torch, net):
    return eval(exchange.torch_code(net), {"nn": torch.nn}).eval()


def outputs(torch, model, x):
    with torch.no_grad():
        return model(torch.tensor(x)).numpy()


@every_dtype
def test_to_pytorch_and_back(torch, tmp_path, dtype):
    from safetensors.torch import load_file, save_file

    for net, drawn in zip(nets(dtype), nets(dtype, rng=1), strict=True):
        x, path = X.astype(dtype), tmp_path / "net.safetensors"
        exchange.save_torch(net, path, seed=0)
        model = sequential(torch, net)
        assert str(model.load_state_dict(load_file(path))) == "<All keys matched successfully>"
        same(net, x, outputs(torch, model, x))

        other = sequential(torch, net)                          # with PyTorch's weights
        with torch.no_grad():
            for tensor in other.state_dict().values():
                if tensor.is_floating_point():
                    tensor.add_(torch.rand(tensor.shape, dtype=tensor.dtype))
        save_file(other.state_dict(), path)
        exchange.load_torch(drawn, path, check=(x, outputs(torch, other, x)))
        same(drawn, x, outputs(torch, other, x))


def test_softplus_where_pytorchs_default_is_z(torch):
    """e^{−z} = 2e-9 at z = 20, where PyTorch leaves it out unless told otherwise."""
    net = Network([Dense(1, 1, "softplus")], rng=0, dtype=np.float64)
    net.layers[0].W = 1
    model, z = sequential(torch, net), np.linspace(15, 60, 200)[:, None]
    with torch.no_grad():
        model[0].weight.fill_(1)
        model[0].bias.fill_(0)
    np.testing.assert_allclose(outputs(torch, model, z), net(z), rtol=1e-13)


def test_training_goes_on_in_pytorch_as_it_would_here(torch, tmp_path):
    """One pass in training changes the running statistics alike: ε and momentum have arrived."""
    from safetensors.torch import load_file

    net = Network([Dense(3, 4), layers.BatchNorm(4, momentum=0.3, epsilon=0.1)], rng=0, dtype=np.float64)
    exchange.save_torch(net, tmp_path / "net")
    model = sequential(torch, net).train()
    model.load_state_dict(load_file(tmp_path / "net"))
    theirs = model(torch.tensor(X)).detach().numpy()
    np.testing.assert_allclose(net.forward(X, training=True), theirs, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(net.layers[1].running_var, model[1].running_var.numpy(), rtol=1e-12)


@every_dtype
def test_to_keras_and_back(keras, monkeypatch, dtype):
    """Keras multiplies float64 arrays in float32; its table of dtypes is changed here, so that 1e-12 can be tested."""
    from keras.src.backend.common import dtypes

    before = keras.config.floatx()
    keras.config.set_floatx(np.dtype(dtype).name)
    monkeypatch.setitem(dtypes.BIT64_TO_BIT32_DTYPE, "float64", "float64")
    try:
        for net, drawn in zip(nets(dtype), nets(dtype, rng=1), strict=True):
            x = X.astype(dtype)
            if net.layers[0].activation.name == "softplus":
                x /= 10                                         # where PyTorch's softplus is not yet z
            model = eval(exchange.keras_code(net), {"keras": keras, "layers": keras.layers})
            model.set_weights(exchange.keras_weights(net))
            same(net, x, model.predict(x, verbose=0))

            rng = np.random.default_rng(3)
            model.set_weights([a + rng.random(a.shape).astype(dtype) for a in model.get_weights()])
            theirs = model.predict(x, verbose=0)
            exchange.set_keras_weights(drawn, model.get_weights(), check=(x, theirs))
            same(drawn, x, theirs)
    finally:
        keras.config.set_floatx(before)


def test_to_onnx(tmp_path):
    pytest.importorskip("onnx")
    runtime = pytest.importorskip("onnxruntime")
    every, others, large = nets(np.float32)
    held = [ACTIVATIONS[name] for name in HELD if name not in ("hard_tanh", "swish(1)")]
    others = Network([layer for f in held for layer in (Dense(3, 3), f)], rng=0)
    for net in (every, others, large):
        path, x = tmp_path / "net.onnx", X.astype(np.float32)
        exchange.save_onnx(net, path)
        session = runtime.InferenceSession(path, providers=["CPUExecutionProvider"])
        (z,) = session.run(None, {"x": x})
        same(net, x, z)
        (z,) = session.run(["z"], {"x": x[:1]})                 # any number of rows
        assert z.shape == (1, net.fan_out)
