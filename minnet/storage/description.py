"""A network as JSON and back: its layers by class and settings, activations and initializers by name.

    describe(net)                          {"dtype": "float32", "layers": [...], "output": "softmax"}
    layers_of(description, own)            the layers, for `Network.blank`

A layer is {"layer": "Dense", "settings": {"fan_in": 64, …}}; its settings are the fields of its dataclass. A setting is
a number, a word, true, false, null, a list of settings, a layer, or one of

    {"activation": "relu"}           {"activation": "leaky_relu", "options": {"slope": 0.1}}     of activations.py
    {"initializer": "he_normal"}     {"initializer": "normal", "options": {"std": 0.1}}          of initializers.py
    {"own": "wave"}                  {"own": "start", "options": {"scale": 2}}                   of your own

A layer class of your own has "own": true. What is your own is known by its name only: whoever reads the description
hands over the things themselves, own={"wave": wave}. Names are looked up in tables; nothing is evaluated.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import partial
from typing import Any

import numpy as np

from minnet import activations
from minnet import layers as layer_classes
from minnet.activations import Activation
from minnet.initializers import definition
from minnet.layer import Layer
from minnet.parameters import declared
from minnet.sequence import nested
from minnet.storage.archive import CheckpointError

LAYERS = {kind.__name__: kind for kind in vars(layer_classes).values()
          if isinstance(kind, type) and issubclass(kind, Layer) and kind is not Layer}
ACTIVATIONS = activations._OBJECTS | activations._FACTORIES
OUTPUTS = {"softmax": activations.softmax, "sigmoid": activations.sigmoid.f, "identity": activations.identity.f,
           "unknown": None}                                          # trained with a loss that does not say


def describe(net: Any, own: dict[str, Any] | None = None) -> dict[str, Any]:
    """The description of a network, which `json.dumps` takes; the numbers in its vectors are not part of it.

    "output" is how outputs become a prediction: "softmax", "sigmoid", "identity", "unknown", {"own": name}, or null
    before training. What is your own is added to `own` under its name. Raises TypeError for a setting that has none of
    the forms above, ValueError where two things of your own have one name.
    """
    own = {} if own is None else own
    function, output = vars(net).get("output_function", math.nan), None
    if function is not math.nan:
        output = next((name for name, known in OUTPUTS.items() if known is function), None) or as_json(function, own)
    return {"dtype": str(net.dtype), "layers": [as_json(layer, own) for layer in net.layers], "output": output}


def layers_of(description: Mapping[str, Any], own: Mapping[str, Any]) -> list[Layer]:
    """The layers of a description, not yet in a network. Any error that it raises means that the description is wrong.

    Raises CheckpointError with the remedy where something of your own is missing in `own`.
    """
    return [_layer(entry, own) for entry in description["layers"]]


def sizes(layers: Sequence[Layer]) -> dict[str, int]:
    """{"params": P, "state": S}: how many numbers the layers need, known before anything is allocated."""
    return {vector: sum(math.prod(array.shape(layer)) for _, layer in nested(layers)
                        for array in declared(layer, vector)) for vector in ("params", "state")}


def output_function(description: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """{"output_function": f} as in the attributes of the network that was described; {} if it was not trained."""
    output = description["output"]
    if output is None:
        return {}
    return {"output_function": OUTPUTS[output] if isinstance(output, str) else from_json(output, own)}


# To JSON -------------------------------------------------------------------------------------------------------

def as_json(value: Any, own: dict[str, Any]) -> Any:
    """A setting in one of the forms above; what is the user's is noted in `own` under its name."""
    if isinstance(value, np.generic) and value.dtype.kind in "fiub":
        value = value.item()
    if value is None or isinstance(value, bool | int | str) or (isinstance(value, float) and math.isfinite(value)):
        return value
    if isinstance(value, list | tuple):
        return [as_json(part, own) for part in value]
    if isinstance(value, Layer):
        return _layer_as_json(value, own)
    if isinstance(value, Activation):
        return _activation_as_json(value, own)
    if not callable(value):
        raise TypeError(f"expected settings that can be written as text (finite numbers, words, lists of them, "
                        f"activations, functions), got {value!r}")
    options = {}
    if isinstance(value, partial) and not value.args:
        value, options = value.func, {"options": as_json_dict(value.keywords, own)}
    name = getattr(value, "__name__", type(value).__name__)
    if definition.ALL.get(name) is value:
        return {"initializer": name} | options
    return _own(name, value, own) | options


def as_json_dict(settings: Mapping[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """The settings, each in one of the forms above."""
    return {name: as_json(value, own) for name, value in settings.items()}


def settings_as_json(thing: Any, own: dict[str, Any]) -> dict[str, Any]:
    """The fields of a dataclass (a layer, an optimizer) by name. Raises TypeError where it is none."""
    if not is_dataclass(thing):
        raise TypeError(f"expected {type(thing).__name__} to be a dataclass, whose fields are its settings: write "
                        "@dataclass(eq=False, repr=False) before the class")
    return as_json_dict({field.name: getattr(thing, field.name) for field in fields(thing) if field.init}, own)


def _layer_as_json(layer: Layer, own: dict[str, Any]) -> dict[str, Any]:
    kind = type(layer)
    entry = {"layer": kind.__name__, "settings": settings_as_json(layer, own)}
    if LAYERS.get(kind.__name__) is kind:
        return entry
    return entry | {"own": bool(_own(kind.__name__, kind, own))}


def _activation_as_json(f: Activation, own: dict[str, Any]) -> dict[str, Any]:
    name, options = f.name.partition("(")[0], {}
    if name in activations._FACTORIES and isinstance(f.f, partial):
        options = {"options": as_json_dict(f.f.keywords, own)}
    try:
        known = _activation({"activation": name} | options)
    except (LookupError, TypeError, ValueError):
        known = None
    if known is not None and (known.name, _parts(known.f), _parts(known.df)) == (f.name, _parts(f.f), _parts(f.df)):
        return {"activation": name} | options
    return _own(f.name, f, own)


def _parts(function: Any) -> Any:
    """What two equal functions have in common: copies of a partial are not equal, their parts are."""
    return (function.func, function.args, function.keywords) if isinstance(function, partial) else function


def _own(name: str, thing: Any, own: dict[str, Any]) -> dict[str, Any]:
    known = own.setdefault(name, thing)
    if known is not thing and known != thing:
        raise ValueError(f"expected each thing of your own to have a name of its own, got {known!r} and {thing!r}, "
                         f"both called {name!r}: reading finds them by name")
    return {"own": name}


# From JSON -----------------------------------------------------------------------------------------------------

def from_json(value: Any, own: Mapping[str, Any]) -> Any:
    """The setting that stands for this JSON value."""
    if isinstance(value, list):
        return [from_json(part, own) for part in value]
    if not isinstance(value, dict):
        return value
    if "layer" in value:
        return _layer(value, own)
    if "activation" in value:
        return _activation(value)
    options = {name: from_json(option, own) for name, option in value.get("options", {}).items()}
    if "initializer" in value:
        known: Callable[..., Any] = definition.ALL[value["initializer"]]
        return known(**options) if options else known
    thing = handed_over(value["own"], own)
    return partial(thing, **options) if options else thing


def handed_over(name: str, own: Mapping[str, Any]) -> Any:
    """What `own` has under this name. Raises CheckpointError with the remedy."""
    if name not in own:
        raise CheckpointError(f"the network has something of your own, {name!r}: hand it over, own={{{name!r}: …}}")
    return own[name]


def _layer(entry: Mapping[str, Any], own: Mapping[str, Any]) -> Layer:
    name = entry["layer"]
    kind = handed_over(name, own) if entry.get("own") else LAYERS[name]
    layer = kind(**{setting: from_json(value, own) for setting, value in entry["settings"].items()})
    if not isinstance(layer, Layer):
        raise TypeError(f"expected {name!r} to be a layer, got {layer!r}")
    return layer


def _activation(value: Mapping[str, Any]) -> Activation:
    found = ACTIVATIONS[value["activation"]]
    return found if isinstance(found, Activation) else found(**value.get("options", {}))
