"""What all exchange has in common: a network as a list of another framework's layers, and filling it with arrays.

A framework is two tables: a layer class of minnet's, or a function f of an activation, → the `Part` that computes the
same there, or None where it has none. A Dense layer with an activation becomes two parts.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from minnet import activations
from minnet.arrays import all_finite
from minnet.layers import ActivationLayer
from minnet.network import Network

Batch = tuple[np.ndarray, np.ndarray]              # x (n, fan_in) and the other side's outputs for it (n, fan_out)


class ExchangeError(ValueError):
    """A network that the other side cannot hold, or weights and files that do not fit a network or are not right."""


class Part(NamedTuple):
    """One layer of another framework: its class, its settings, and its arrays, {name there: name in minnet's layer}."""

    kind: str
    settings: Mapping[str, Any] = MappingProxyType({})
    arrays: Mapping[str, str] = MappingProxyType({})

    def code(self, **more: Any) -> str:
        """The call that makes the layer: "Linear(in_features=64, out_features=10)"."""
        return f"{self.kind}({', '.join(f'{key}={value!r}' for key, value in {**self.settings, **more}.items())})"


class Code(str):
    """A setting that is an expression, not a word."""

    def __repr__(self) -> str:
        return str(self)


@dataclass(frozen=True)
class Framework:
    """How another framework writes minnet's layers and functions."""

    name: str
    layers: dict[type, Callable[[Any], Part | None]]
    functions: dict[Any, Callable[..., Part | None]] = field(default_factory=dict)

    def parts(self, net: Network) -> list[tuple[Any, Part]]:
        """(layer of net, part) in the order of the other side. Raises ExchangeError for what it cannot hold."""
        if not isinstance(net, Network):
            raise TypeError(f"expected a Network, got {type(net).__name__}")
        if net.fan_in is None:
            raise ExchangeError("expected a network with a layer whose width is fixed, such as Dense, got none")
        found: list[tuple[Any, Part]] = []
        for i, layer in enumerate(net.layers):
            if type(layer) is not ActivationLayer:
                make = self.layers.get(type(layer), lambda _: None)
                found.append((layer, self._held(i, layer, type(layer).__name__, make(layer))))
            function = getattr(layer, "activation", activations.identity)
            if type(layer) is ActivationLayer or function.f is not activations.identity.f:
                found.append((layer, self._held(i, layer, function.name, self._function(function.f))))
        return found

    def _function(self, f: Any) -> Part | None:
        f, options = (f.func, f.keywords) if isinstance(f, partial) else (f, {})
        return next((make(**options) for known, make in self.functions.items() if known is f), None)

    def _held(self, i: int, layer: Any, what: str, part: Part | None) -> Part:
        if part is None:
            raise ExchangeError(f"layer {i}, {layer!r}: {self.name} has no layer that computes {what}; replace it, or "
                                "write this layer there yourself and copy its arrays")
        return part


def finite(net: Network) -> Network:
    """The network, if all its numbers are finite. Raises ExchangeError otherwise."""
    if not (all_finite(net.params) and all_finite(net.state)):
        raise ExchangeError("expected finite parameters and statistics, got NaN or inf: the training has diverged")
    return net


def fill(net: Network, arrays: Sequence[tuple[str, Any, str, np.ndarray]], checks: Sequence[Batch]) -> None:
    """Copy arrays, each (its name there, layer, attribute, numbers), into net, if all of them are right.

    They must have the shape of the attribute, net's dtype and finite numbers, a variance none below 0; the network's
    outputs must then be those of `checks`. Raises ExchangeError otherwise, and net is as it was.
    """
    places = {id(layer): i for i, layer in enumerate(net.layers)}
    trial = copy.deepcopy(net)
    for name, layer, attribute, array in arrays:
        shape = getattr(layer, attribute).shape
        if not isinstance(array, np.ndarray) or array.dtype != net.dtype:
            got = array.dtype if isinstance(array, np.ndarray) else type(array).__name__
            raise ExchangeError(f"expected {name} to be an array of {net.dtype}, as the network, got {got}: "
                                "net.astype(…) is the network in another dtype")
        if array.shape != shape:
            raise ExchangeError(f"expected {name}, as {attribute} of layer {places[id(layer)]}, {layer!r}, to have "
                                f"shape {shape}, got {array.shape}")
        if not all_finite(array):
            raise ExchangeError(f"expected finite numbers in {name}, got NaN or inf")
        if attribute == "running_var" and array.min() < 0:
            raise ExchangeError(f"expected variances ≥ 0 in {name}, got {array.min()}")
        setattr(trial.layers[places[id(layer)]], attribute, array)
    for x, outputs in checks:
        compare(trial, x, outputs)
    net.params, net.state = trial.params, trial.state


def compare(net: Network, x: Any, outputs: Any) -> None:
    """Raise ExchangeError unless net(x) are these outputs, up to 1e-3 of the largest.

    This finds another architecture, ε or order, and a square matrix that is transposed, which no shape shows. Rounding
    is far below, and is not the question here.
    """
    with np.errstate(all="ignore"):
        got = net(x)
    outputs = np.asarray(outputs)
    if outputs.shape != got.shape or outputs.dtype.kind not in "fiu":
        raise ExchangeError(f"expected outputs of shape {got.shape} to compare with, got {outputs.shape} of "
                            f"{outputs.dtype}")
    difference, largest = abs(got - outputs).max(), abs(outputs).max()
    if not difference <= 1e-3 * largest:                # NaN, too, is different
        raise ExchangeError(f"expected the other side's outputs for the batch of the check, up to {largest:.3g}, got "
                            f"outputs that differ by up to {difference:.3g}: a transposed matrix, another setting, or "
                            "weights that were changed after the outputs were computed")


def missing(package: str, extra: str) -> ModuleNotFoundError:
    """The error that says how to install an optional package."""
    return ModuleNotFoundError(f'this needs {package}: pip install "minnet[{extra}]"', name=package)
