"""Files for PyTorch: what is written and what is refused. PyTorch itself reads them in test_peers.py."""

import json
import sys

import numpy as np
import pytest

from minnet import Dense, Network, activations, exchange, initializers, layers, mlp
from minnet.exchange import ExchangeError
from tests.conftest import frozen
from tests.exchange.networks import every_layer

safetensors = pytest.importorskip("safetensors.numpy")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "net.safetensors"


def tensors(path):
    return safetensors.load(path.read_bytes())


def small(dtype=np.float32, rng=0):
    """A network with a square matrix and running statistics."""
    net = Network([Dense(3, 3, "tanh"), layers.BatchNorm(3), Dense(3, 2)], rng=rng, dtype=dtype)
    net.layers[1].running_mean, net.layers[1].running_var = [1, -1, 0.5], [0.5, 1, 2]
    return net


def rewritten(path, change):
    """The file with its tensors and its metadata changed by `change(tensors, metadata)`."""
    found = tensors(path)
    with safetensors_open(path) as file:
        metadata = file.metadata()
    change(found, metadata)
    path.write_bytes(safetensors.save(found, metadata))


def safetensors_open(path):
    from safetensors import safe_open

    return safe_open(path, "numpy")


def test_names_layout_and_bytes(path):
    net = small()
    exchange.save_torch(net, path)
    found, (first, norm, last) = tensors(path), net.layers
    assert set(found) == {"0.weight", "0.bias", "2.weight", "2.bias", "2.running_mean", "2.running_var",
                          "2.num_batches_tracked", "3.weight", "3.bias"}
    np.testing.assert_array_equal(found["0.weight"], first.W.T)
    np.testing.assert_array_equal(found["3.weight"], last.W.T)
    np.testing.assert_array_equal(found["2.running_var"], norm.running_var)
    assert (found["2.num_batches_tracked"].shape, found["2.num_batches_tracked"].dtype) == ((), np.int64)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_there_and_back_is_bit_equal(path, dtype):
    net, other = every_layer(dtype), every_layer(dtype, rng=1)
    exchange.save_torch(net, path)
    exchange.load_torch(other, path)
    assert other.params.tobytes() == net.params.tobytes()
    assert other.state.tobytes() == net.state.tobytes()
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_the_card(path):
    net = mlp([3, 4, 2], activation="relu", init=initializers.he_normal(mode="fan_out"), rng=5)
    exchange.save_torch(net, path, seed=5)
    card = exchange.card(path)
    assert (card["seed"], card["dtype"], card["torch"]) == (5, "float32", exchange.torch_code(net))
    assert card["layers"] == [repr(layer) for layer in net.layers]
    assert "he_normal(mode='fan_out')" in card["layers"][0]
    assert card["minnet"]
    x = np.sin(np.arange(1, 10)).reshape(3, 3)
    np.testing.assert_allclose(card["outputs"], net(x), rtol=1e-6)


def test_a_file_without_a_card(path):
    net, other = small(), small(rng=1)
    exchange.save_torch(net, path)
    path.write_bytes(safetensors.save({name: a for name, a in tensors(path).items() if "tracked" not in name}))
    exchange.load_torch(other, path)
    assert other.params.tobytes() == net.params.tobytes()
    assert exchange.card(path) is None


def test_a_square_matrix_that_is_transposed(path):
    """No shape shows it: the outputs in the card do, or those that the user hands over."""
    net, other = small(), small(rng=1)
    exchange.save_torch(net, path)

    def transpose(found, _):
        found["0.weight"] = np.ascontiguousarray(found["0.weight"].T)

    rewritten(path, transpose)
    before = frozen(other)
    with pytest.raises(ExchangeError, match="transposed"):
        exchange.load_torch(other, path)
    rewritten(path, lambda _, metadata: metadata.clear())
    x = np.eye(3)
    with pytest.raises(ExchangeError, match="transposed"):
        exchange.load_torch(other, path, check=(x, net(x)))
    assert frozen(other) == before
    exchange.load_torch(other, path)                             # nothing to compare with
    assert frozen(other) != before


class Own(layers.Layer):
    """The identity, as a layer of one's own."""

    draws = False

    def __call__(self, x):
        return x


SCALED = activations.Activation("relu", lambda z: 2 * z, lambda z, a: 2 + 0 * z)         # not the relu it is called


@pytest.mark.parametrize("code", [exchange.torch_code, exchange.keras_code, exchange.keras_weights])
@pytest.mark.parametrize(("layer", "reason"), [
    (Own, "Own"), (lambda: activations.scaled_tanh, "scaled_tanh"), (lambda: activations.swish(1.5), r"swish\(1.5\)"),
    (lambda: SCALED, "relu"), (lambda: layers.Residual([Dense(4, 4)]), "Residual"),
], ids=["own layer", "scaled_tanh", "swish", "own activation", "residual"])
def test_what_the_other_side_cannot_hold_is_named(code, layer, reason):
    net = Network([Dense(3, 4), layer(), Dense(4, 2)], rng=0)
    with pytest.raises(ExchangeError, match=f"layer 1, .*(PyTorch|Keras) has no layer that computes {reason};"):
        code(net)


def test_a_dense_layer_whose_activation_is_not_held():
    with pytest.raises(ExchangeError, match=r"layer 0, Dense.* computes scaled_tanh"):
        exchange.torch_code(Network([Dense(3, 4, "scaled_tanh")], rng=0))


def test_what_is_no_network_to_send():
    with pytest.raises(TypeError, match="expected a Network"):
        exchange.torch_code([Dense(3, 4)])
    with pytest.raises(ExchangeError, match="width is fixed"):
        exchange.torch_code(Network([activations.relu], rng=0))


def test_numbers_that_are_not_written(path):
    net = small()
    net.params[0] = np.nan
    with pytest.raises(ExchangeError, match="finite parameters"):
        exchange.save_torch(net, path)
    net.params[:] = 3e38
    with pytest.raises(ExchangeError, match="finite outputs"):
        exchange.save_torch(net, path)
    assert not path.exists()


def test_a_failed_write_keeps_the_old_file(path, monkeypatch):
    exchange.save_torch(small(), path)
    before = path.read_bytes()
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        exchange.save_torch(small(rng=1), path)
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def put(name, value):
    return lambda found, metadata: (metadata.clear(), found.update({name: value}))


def told(text):
    return lambda found, metadata: metadata.update(minnet=text)


def with_entry(**entries):
    return lambda found, metadata: metadata.update(minnet=json.dumps(json.loads(metadata["minnet"]) | entries))


@pytest.mark.parametrize(("change", "reason"), [
    (lambda found, _: found.pop("0.bias"), "missing: 0.bias"),
    (put("9.weight", np.zeros(3, np.float32)), "not expected: 9.weight"),
    (put("0.weight", np.zeros((3, 4), np.float32)), r"0.weight, as W of layer 0, .* shape \(3, 3\), got \(4, 3\)"),
    (put("0.weight", np.zeros((3, 3), np.float64)), "float32, as the network, got float64"),
    (put("0.weight", np.zeros((3, 3), np.float16)), "F32 or F64, got F16"),
    (put("0.weight", np.zeros((3, 3), np.int64)), "F32 or F64, got I64"),
    (put("3.bias", np.array([0, np.nan], np.float32)), "finite numbers in 3.bias"),
    (put("2.running_var", np.array([1, -1, 1], np.float32)), "variances ≥ 0 in 2.running_var"),
    (told("{"), "JSONDecodeError"),
    (told("[" * 100_000), "RecursionError"),
    (told("[1]"), "expected a card as save_torch writes it"),
    (told("{}"), "KeyError"),
    (with_entry(torch=3), "expected a card as save_torch writes it"),
    (with_entry(outputs="many"), "one of save_torch"),
    (with_entry(outputs=[[1], [1, 2]]), "one of save_torch"),
    (with_entry(outputs=[1, 2]), "expected outputs of shape"),
    (with_entry(outputs=[[float("nan")] * 2] * 3), "differ"),
    (with_entry(torch="nn.Sequential()"), "got that of nn.Sequential"),
], ids=range(18))
def test_files_that_do_not_fit(path, change, reason):
    exchange.save_torch(small(), path)
    rewritten(path, change)
    net = small(rng=1)
    before = frozen(net)
    with pytest.raises(ExchangeError, match=reason):
        exchange.load_torch(net, path)
    assert frozen(net) == before


def test_another_epsilon_is_seen(path):
    exchange.save_torch(Network([Dense(3, 3), layers.LayerNorm(3, epsilon=1e-3)], rng=0), path)
    with pytest.raises(ExchangeError, match=r"(?s)eps=1e-05.*eps=0\.001"):
        exchange.load_torch(Network([Dense(3, 3), layers.LayerNorm(3)], rng=0), path)


def test_damaged_files(path):
    """Cut off, or with bits changed: an ExchangeError, or a network that was read whole."""
    exchange.save_torch(small(), path)
    data, rng = path.read_bytes(), np.random.default_rng(0)
    damaged = [data[:cut] for cut in (0, 1, 7, 8, 20, len(data) - 1)] + [data + b"\0", b"\xff" * 8 + data[8:]]
    for _ in range(100):
        flipped = np.frombuffer(data, np.uint8).copy()
        flipped[rng.integers(0, len(flipped), 3)] ^= np.uint8(1) << rng.integers(0, 8, 3, np.uint8)
        damaged.append(flipped.tobytes())
    refused = 0
    for bad in damaged:
        path.write_bytes(bad)
        net = small(rng=1)
        before = frozen(net)
        try:
            exchange.load_torch(net, path)
            assert np.isfinite(net.params).all()
        except ExchangeError:
            refused += 1
            assert frozen(net) == before
    assert refused > len(damaged) / 2


def test_files_that_cannot_be_opened(path):
    with pytest.raises(FileNotFoundError):
        exchange.load_torch(small(), path)
    with pytest.raises(OSError, match="directory"):
        exchange.load_torch(small(), path.parent)
    with pytest.raises(FileNotFoundError):
        exchange.save_torch(small(), path / "net")


def test_without_safetensors(path, monkeypatch):
    exchange.save_torch(small(), path)
    for name in ("safetensors", "safetensors.numpy"):
        monkeypatch.setitem(sys.modules, name, None)
    for act in (exchange.save_torch, exchange.load_torch):
        with pytest.raises(ModuleNotFoundError, match=r'pip install "minnet\[interop\]"'):
            act(small(), path)
