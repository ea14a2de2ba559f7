"""PyTorch: the state dict of an nn.Sequential, as a safetensors file.

    minnet                        nn.Sequential              state dict, k the place in the Sequential
    Dense                         Linear                     k.weight = Wᵀ (fan_out, fan_in), k.bias
    activation                    a module of its own        (nothing, but it takes a place)
    PReLU                         PReLU                      k.weight = slope
    BatchNorm                     BatchNorm1d                k.weight = γ, k.bias = β, k.running_mean, k.running_var
    LayerNorm                     LayerNorm                  k.weight = γ, k.bias = β
    Dropout, AlphaDropout         the same                   (nothing, but it takes a place)

In PyTorch: `model.load_state_dict(safetensors.torch.load_file(path))`, and `safetensors.torch.save_file(
model.state_dict(), path)`. A square weight matrix that is transposed, or not, has the same shape: the file therefore
holds the network's outputs for a small batch, in its *card*, and loading compares them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from minnet import __version__, activations, checks, layers
from minnet.exchange.parts import Batch, ExchangeError, Framework, Part, fill, finite, missing
from minnet.network import Network
from minnet.storage.archive import replace

SCALES = {"weight": "gamma", "bias": "beta"}
TORCH = Framework("PyTorch", {
    layers.Dense: lambda layer: Part("Linear", {"in_features": layer.fan_in, "out_features": layer.fan_out},
                                     {"weight": "W", "bias": "b"}),
    layers.PReLU: lambda layer: Part("PReLU", {"num_parameters": layer.features}, {"weight": "slope"}),
    layers.BatchNorm: lambda layer: Part(
        "BatchNorm1d", {"num_features": layer.features, "eps": layer.epsilon, "momentum": layer.momentum},
        SCALES | {"running_mean": "running_mean", "running_var": "running_var"}),
    layers.LayerNorm: lambda layer: Part("LayerNorm", {"normalized_shape": layer.features, "eps": layer.epsilon},
                                         SCALES),
    layers.Dropout: lambda layer: Part("Dropout", {"p": layer.rate}),
    layers.AlphaDropout: lambda layer: Part("AlphaDropout", {"p": layer.rate}),
}, {
    activations.identity.f: lambda: Part("Identity"),
    activations.sigmoid.f: lambda: Part("Sigmoid"),
    activations.tanh.f: lambda: Part("Tanh"),
    activations.relu.f: lambda: Part("ReLU"),
    activations.gelu.f: lambda: Part("GELU", {"approximate": "tanh"}),
    activations.softplus.f: lambda: Part("Softplus", {"threshold": 40.0}),     # above it PyTorch's is z; default 20
    activations.softsign.f: lambda: Part("Softsign"),
    activations.hard_tanh.f: lambda: Part("Hardtanh"),
    activations._leaky_relu: lambda slope: Part("LeakyReLU", {"negative_slope": slope}),
    activations._elu: lambda alpha, scale=1.0: (
        Part("ELU", {"alpha": alpha}) if scale == 1 else
        Part("SELU") if (alpha, scale) == (activations.SELU_ALPHA, activations.SELU_LAMBDA) else None),
    activations._swish: lambda beta: Part("SiLU") if beta == 1 else None,
})


def torch_code(net: Network) -> str:
    """The nn.Sequential that computes what net computes: Python text, for `from torch import nn`.

    Where PyTorch's default differs, the setting is given (gelu's tanh form). Raises ExchangeError for a layer or an
    activation that PyTorch does not have, such as scaled_tanh, swish with β ≠ 1, or one of your own.
    """
    lines = "".join(f"    nn.{part.code()},\n" for _, part in TORCH.parts(net))
    return f"nn.Sequential(\n{lines})" + (".double()" if net.dtype == np.float64 else "")


def save_torch(net: Network, path: str | Path, *, seed: int | None = None) -> None:
    """Write the state dict of `torch_code(net)` to a safetensors file, with a card of the network.

    seed: the int that the network was made with, for the card, if you know it. Raises ExchangeError for what PyTorch
    does not have and for numbers that are not finite, OSError where the file cannot be written, ModuleNotFoundError
    without safetensors.
    """
    try:
        from safetensors.numpy import save
    except ModuleNotFoundError as error:
        raise missing("safetensors", "interop") from error

    code, seed = torch_code(finite(net)), None if seed is None else checks.count("seed", seed, least=0)
    with np.errstate(all="ignore"):
        outputs = net(_probe(net))
    if not np.isfinite(outputs).all():
        raise ExchangeError("expected finite outputs for inputs in ±1, got inf or NaN: the weights are too large")
    entries = {"minnet": __version__, "layers": [repr(layer) for layer in net.layers], "dtype": str(net.dtype),
               "seed": seed, "torch": code, "outputs": outputs.tolist()}
    tensors = {name: np.ascontiguousarray(getattr(layer, attribute).T)        # safetensors ignores strides
               for name, layer, attribute in _names(net)}
    tensors |= {name: np.zeros((), np.int64) for name in _counters(net)}
    content = save(tensors, {"minnet": json.dumps(entries)})
    replace(path, lambda file: file.write(content))


def load_torch(net: Network, path: str | Path, *, check: Batch | None = None) -> None:
    """Copy the weights of a safetensors file into net, which has the architecture of the nn.Sequential: `torch_code`.

    The file may be from `save_torch` or from PyTorch, in net's dtype. check=(x, outputs): a batch and the outputs of
    the other side for it; net's must be the same. If the file has a card, its settings and outputs are compared too.
    Raises ExchangeError for everything that does not fit or is not right, and net is as it was; OSError for a file that
    cannot be opened, ModuleNotFoundError without safetensors.
    """
    names, code = _names(net), torch_code(net)
    with _opened(path) as file:
        tensors, entries = _tensors(file, {name for name, _, _ in names}, _counters(net)), _card(file)
    batches = [] if check is None else [check]
    if entries is not None:
        if entries["torch"] != code:
            raise ExchangeError(f"expected the file of a network that is {code} in PyTorch, got that of "
                                f"{entries['torch']}")
        batches.append((_probe(net), entries["outputs"]))
    fill(net, [(name, layer, attribute, tensors[name].T) for name, layer, attribute in names], batches)


def card(path: str | Path) -> dict[str, Any] | None:
    """The card of a file from `save_torch`; None in a file that has none, such as one from PyTorch.

    minnet: the version; layers, with their initializers; dtype; seed or None; torch: the code of the nn.Sequential;
    outputs: those for x = sin(1), sin(2), … in 3 rows. Raises ExchangeError for a file that is not right.
    """
    with _opened(path) as file:
        return _card(file)


@contextmanager
def _opened(path: str | Path) -> Iterator[Any]:
    """`with _opened(path) as file:` a safetensors file. Every error in the block becomes an ExchangeError, since the
    block does nothing but make sense of the file."""
    try:
        from safetensors import safe_open
    except ModuleNotFoundError as error:
        raise missing("safetensors", "interop") from error

    with open(path, "rb"):                              # raises OSError where the file cannot be opened
        pass
    opened: Any = safe_open                             # whose methods have no types
    try:
        with opened(path, "numpy") as file:
            yield file
    except ExchangeError as error:
        raise ExchangeError(f"{path}: {error}") from error
    except Exception as error:
        raise ExchangeError(f"{path}: expected a complete safetensors file, and in it, if it has a card, one of "
                            f"save_torch, got {type(error).__name__}: {error}") from error


def _tensors(file: Any, wanted: set[str], counters: set[str]) -> dict[str, np.ndarray]:
    """The tensors of these names; the counters may be there or not, and others may not."""
    names = set(file.keys()) - counters
    if names != wanted:
        raise ExchangeError(f"expected the tensors {', '.join(sorted(wanted))}; missing: "
                            f"{', '.join(sorted(wanted - names)) or 'none'}; not expected: "
                            f"{', '.join(sorted(names - wanted)[:9]) or 'none'}. torch_code(net) is the nn.Sequential "
                            "that fits")
    for name in names:
        if (dtype := file.get_slice(name).get_dtype()) not in ("F32", "F64"):
            raise ExchangeError(f"expected {name} in F32 or F64, got {dtype}: model.float() has float32")
    return {name: file.get_tensor(name) for name in names}


def _card(file: Any) -> dict[str, Any] | None:
    text = (file.metadata() or {}).get("minnet")
    if text is None:
        return None
    entries = json.loads(text)
    if not isinstance(entries, dict) or not isinstance(entries["torch"], str):
        raise ExchangeError(f"expected a card as save_torch writes it, got {text[:99]}")
    entries["outputs"] = np.array(entries["outputs"], float)
    return entries


def _names(net: Network) -> list[tuple[str, Any, str]]:
    """(name in the state dict, layer, attribute) of every array."""
    return [(f"{k}.{name}", layer, attribute) for k, (layer, part) in enumerate(TORCH.parts(net))
            for name, attribute in part.arrays.items()]


def _counters(net: Network) -> set[str]:
    """BatchNorm1d counts batches; with a momentum it makes no use of the number."""
    return {f"{k}.num_batches_tracked" for k, (_, part) in enumerate(TORCH.parts(net)) if part.kind == "BatchNorm1d"}


def _probe(net: Network) -> np.ndarray:
    """Three examples without any symmetry: sin 1, sin 2, …"""
    columns: Any = net.fan_in                           # which `parts` has found to be a number
    return np.sin(np.arange(1, 3 * columns + 1)).reshape(3, columns)
