"""Keras: the arrays of a keras.Sequential, in the order of model.get_weights() and model.set_weights().

    minnet                        keras.Sequential           arrays
    Dense                         Dense                      kernel = W (fan_in, fan_out), bias
    activation                    Activation, LeakyReLU …    (nothing)
    PReLU                         PReLU                      alpha = slope
    BatchNorm                     BatchNormalization         gamma, beta, moving_mean, moving_variance
    LayerNorm                     LayerNormalization         gamma, beta
    Dropout, AlphaDropout         the same                   (nothing)

Arrays, not .weights.h5 files: get_weights and set_weights are Keras' public interface, while the names inside these
files are not, and have changed. `model.save_weights(path)` and `model.load_weights(path)` make and read files there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minnet import activations, layers
from minnet.exchange.parts import Batch, Code, ExchangeError, Framework, Part, fill, finite
from minnet.network import Network

SCALES = {"gamma": "gamma", "beta": "beta"}


def _activation(name: str) -> Part:
    return Part("Activation", {"activation": name})


KERAS = Framework("Keras", {
    layers.Dense: lambda layer: Part("Dense", {"units": layer.fan_out}, {"kernel": "W", "bias": "b"}),
    layers.PReLU: lambda layer: Part("PReLU", {"shared_axes": [1]} if layer.features == 1 else {}, {"alpha": "slope"}),
    layers.BatchNorm: lambda layer: Part(
        "BatchNormalization", {"momentum": 1 - layer.momentum, "epsilon": layer.epsilon},
        SCALES | {"moving_mean": "running_mean", "moving_variance": "running_var"}),
    layers.LayerNorm: lambda layer: Part("LayerNormalization", {"epsilon": layer.epsilon}, SCALES),
    layers.Dropout: lambda layer: Part("Dropout", {"rate": layer.rate}),
    layers.AlphaDropout: lambda layer: Part("AlphaDropout", {"rate": layer.rate}),
}, {
    activations.identity.f: lambda: _activation("linear"),
    activations.sigmoid.f: lambda: _activation("sigmoid"),
    activations.tanh.f: lambda: _activation("tanh"),
    activations.relu.f: lambda: _activation("relu"),
    activations.gelu.f: lambda: Part(
        "Activation", {"activation": Code("lambda z: keras.activations.gelu(z, approximate=True)")}),
    activations.softplus.f: lambda: _activation("softplus"),
    activations.softsign.f: lambda: _activation("softsign"),
    activations.hard_tanh.f: lambda: _activation("hard_tanh"),
    activations._leaky_relu: lambda slope: Part("LeakyReLU", {"negative_slope": slope}),
    activations._elu: lambda alpha, scale=1.0: (
        Part("ELU", {"alpha": alpha}) if scale == 1 else
        _activation("selu") if (alpha, scale) == (activations.SELU_ALPHA, activations.SELU_LAMBDA) else None),
    activations._swish: lambda beta: _activation("silu") if beta == 1 else None,
})


def keras_code(net: Network) -> str:
    """The keras.Sequential that predicts what net predicts: Python text, for `import keras; from keras import layers`.

    Where Keras' default differs, the setting is given: BatchNormalization has ε = 1e-5 and momentum 1 − 0.1, gelu the
    tanh form. What stays different: in training Keras' moving variance follows the biased variance of the batch; on
    PyTorch as backend its softplus is z above 20, 2e-9 less; and with float64 weights Keras multiplies matrices in
    float32 on PyTorch and JAX, so that its outputs have float32's precision. Raises ExchangeError for a layer or an
    activation that Keras does not have, such as scaled_tanh, swish with β ≠ 1, or one of your own.
    """
    dtype = {} if net.dtype == np.float32 else {"dtype": "float64"}
    entry = Part("keras.Input", {"shape": (net.fan_in,)})
    calls = [entry.code(**dtype), *(f"layers.{part.code(**dtype)}" for _, part in KERAS.parts(net))]
    return "keras.Sequential([\n" + "".join(f"    {call},\n" for call in calls) + "])"


def keras_weights(net: Network) -> list[np.ndarray]:
    """The arrays for `model.set_weights(…)` of the model that `keras_code(net)` makes; copies, in net's dtype.

    Raises ExchangeError for what Keras does not have, and for numbers that are not finite.
    """
    return [getattr(layer, attribute).copy() for _, layer, attribute in _names(finite(net))]


def set_keras_weights(net: Network, arrays: Sequence[np.ndarray], *, check: Batch | None = None) -> None:
    """Copy the arrays of `model.get_weights()` into net, which has the architecture of the model: `keras_code`.

    check=(x, outputs): a batch and the model's outputs for it, `model.predict(x)`; net's must be the same. Without it,
    settings that are not in the arrays (ε, activations) are not compared. Raises ExchangeError for arrays that do not
    fit or are not right, and net is as it was.
    """
    names = _names(net)
    if not isinstance(arrays, list | tuple) or len(arrays) != len(names):
        got: Any = len(arrays) if isinstance(arrays, list | tuple) else type(arrays).__name__
        raise ExchangeError(f"expected a list of {len(names)} arrays ({', '.join(name for name, _, _ in names)}), got "
                            f"{got}")
    fill(net, [(*name, array) for name, array in zip(names, arrays, strict=True)], [] if check is None else [check])


def _names(net: Network) -> list[tuple[str, Any, str]]:
    """(its name in Keras, with the number of the array; layer, attribute) of every array."""
    found = [(name, layer, attribute) for layer, part in KERAS.parts(net) for name, attribute in part.arrays.items()]
    return [(f"array {k} ({name})", layer, attribute) for k, (name, layer, attribute) in enumerate(found)]
