"""Words and Python code for the remedies: names of layers, initializers that suit an activation, optimizers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import MISSING, fields
from functools import partial
from typing import Any

import numpy as np

from minnet import activations, initializers
from minnet.activations import Activation
from minnet.diagnostics.evidence import Evidence
from minnet.diagnostics.measurements import dense_in
from minnet.initializers import Initializer
from minnet.optimizers import Optimizer
from minnet.parameter_groups import ParameterGroups

STANDARDIZE_X = "`x = (x - x.mean(axis=0)) / np.where(np.ptp(x, axis=0) > 0, x.std(axis=0), 1)`"
STANDARDIZE_Y = "`y = (y - y.mean(axis=0)) / np.where(np.ptp(y, axis=0) > 0, y.std(axis=0), 1)`"


def layer_names(numbers: Sequence[int]) -> str:
    """[3, 4, 5, 9] → "layers 3–5 and 9"."""
    starts = [n for n in numbers if n - 1 not in numbers]
    ends = [n for n in numbers if n + 1 not in numbers]
    runs = [str(a) if a == b else f"{a}–{b}" for a, b in zip(starts, ends, strict=True)]
    words = " and ".join([*([", ".join(runs[:-1])] if runs[1:] else []), runs[-1]])
    return f"layer{'s' if len(numbers) > 1 else ''} {words}"


def initializer_code(init: Initializer) -> str:
    """An initializer of the library as Python: `partial(initializers.he_normal, negative_slope=0.1)`."""
    if isinstance(init, partial):
        settings = ", ".join(f"{name}={value:.6g}" if isinstance(value, float) else f"{name}={value!r}"
                             for name, value in init.keywords.items())
        return f"partial({initializer_code(init.func)}, {settings})"
    return f"initializers.{init.__name__}"                # type: ignore[attr-defined]


def optimizer_code(optimizer: Optimizer) -> str:
    """An optimizer as Python, without the settings that are defaults; groups are those of the user's `optimizer`."""
    if isinstance(optimizer, ParameterGroups):
        return f"ParameterGroups({optimizer_code(optimizer.optimizer)}, optimizer.groups)"
    settings = [f"learning_rate={optimizer.learning_rate:.3g}"]
    for field in fields(optimizer):
        value: Any = getattr(optimizer, field.name)
        if field.name != "learning_rate" and (field.default is MISSING or value != field.default):
            settings.append(f"{field.name}={value.item() if isinstance(value, np.generic) else value!r}")
    return f"optimizers.{type(optimizer).__name__}({', '.join(settings)})"


def initializers_for(e: Evidence, layer: int, *, smaller: bool = False) -> str:
    """What theory recommends for the activation of a layer, as arguments of `mlp` and `Dense`.

    Where it recommends nothing that trains (the sigmoid's critical weights saturate half of its units), and where the
    weights have to become smaller and the recommended ones are not: tanh with Glorot's, which has neither trouble.
    """
    from minnet import theory

    activation = e.activation(layer - 1)
    if activation is None:
        return ("for PReLU use `init=partial(initializers.he_normal, negative_slope=0.25)` and "
                "`bias_init=initializers.zeros`")
    try:
        advice = theory.for_activation(activation) if not _poor(activation) else None
    except ValueError:                          # no gain suits it
        advice = None
    if advice is not None and smaller:
        W = dense_in(e.net, e.snapshot.blocks[layer - 1])[1].W
        recommended = np.square(advice.weights(np.random.default_rng(0), W.shape)).mean()
        too_large = e.two_sided[layer - 1] and recommended > 0.9 * np.square(W).mean() > 0
        advice = None if too_large else advice
    if advice is None:
        return (f"no initializer suits deep networks of {activation}, so use `activation=activations.tanh` with "
                "`init=initializers.glorot_uniform` and `bias_init=initializers.zeros`")
    return (f"for {activation} use `init={initializer_code(advice.weights)}` and "
            f"`bias_init={initializer_code(advice.bias)}` (theory.for_activation says why)")


def _poor(activation: Activation) -> bool:
    """Activations that no weights make fit for many layers: their slopes are too small, or half of them saturate."""
    return activation in (activations.sigmoid, activations.softplus)


def zeros_for_output() -> str:
    """The start of a last layer that says nothing yet."""
    return f"`output_init={initializer_code(initializers.zeros)}`"
