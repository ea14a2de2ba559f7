"""Layers in a row: what a network has in common with the branch of a residual block (residual.py)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from minnet.activation_layer import ActivationLayer
from minnet.activations import Activation
from minnet.layer import Layer


def in_a_row(layers: Sequence[Layer | Activation], example: str) -> tuple[Layer, ...]:
    """The layers, an `ActivationLayer` for each activation. Raises TypeError for what is no list; `example` is one."""
    if not isinstance(layers, list | tuple):
        raise TypeError(f"expected a list of layers, {example}, got {layers!r}")
    return tuple(ActivationLayer(layer) if isinstance(layer, Activation) else layer for layer in layers)


def nested(layers: Sequence[Layer], within: str = "") -> Iterator[tuple[str, Layer]]:
    """Every layer with its place, "0", "1", …; a layer's inner layers, "1.0", "1.1", …, follow it."""
    for i, layer in enumerate(layers):
        yield f"{within}{i}", layer
        yield from nested(layer.inner, f"{within}{i}.")


def checked_widths(layers: Sequence[Layer]) -> tuple[int | None, int | None]:
    """The fan_in of the first and the fan_out of the last, after checking that each takes what the one before gives."""
    if not layers:
        raise ValueError("expected at least one layer, got none")
    for i, layer in enumerate(layers):
        if not isinstance(layer, Layer):
            raise TypeError(f"expected layers such as Dense(64, 10), got {layer!r} in place {i}")
    everyone = dict(nested(layers))
    if len(set(map(id, everyone.values()))) < len(everyone):
        raise ValueError("expected a layer object in each place, got the same object twice: make one for each")
    for place, layer in everyone.items():
        if layer.bound:
            raise ValueError(f"layer {place}, {layer!r}, already has its place in a network: expected one network for "
                             "each layer, got two; make a new layer, or copy.deepcopy it; either draws its weights "
                             "anew (assign W and b afterwards to keep them)")
    first = last = None
    for i, layer in enumerate(layers):
        fan_in, fan_out = layer.widths()
        if last is not None and fan_in is not None and fan_in != last:
            raise ValueError(f"layers do not fit together: layer {i}, {layer!r}, takes {fan_in} features, but gets "
                             f"{last} from layer {i - 1}")
        first = fan_in if first is None and last is None else first       # the first width that a layer fixes
        last = fan_out if fan_out is not None else last
    return first, last


def reset(layers: Sequence[Layer], rng: np.random.Generator) -> None:
    """Fill parameters and statistics anew: the k-th layer that draws weights gets the k-th child of `rng`."""
    children = iter(rng.spawn(sum(layer.draws for layer in layers)))
    for layer in layers:
        try:
            layer.reset(next(children) if layer.draws else rng)
        except BaseException as error:
            error.add_note(f"while initializing {layer!r}")
            raise
