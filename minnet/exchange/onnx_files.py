"""ONNX: a network as a graph of operators, for prediction in other programs. One way: minnet reads no ONNX.

An operator has inputs by name, the last result first and then arrays: Gemm(a, W, b) = a W + b, in minnet's layout.
Dropout is the identity in prediction. ONNX, operator set 20 (2023).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from minnet import activations, layers
from minnet.exchange.parts import ExchangeError, Framework, Part, finite, missing
from minnet.network import Network
from minnet.storage.archive import replace

SCALES = {"scale": "gamma", "B": "beta"}
ONNX = Framework("ONNX, as minnet writes it,", {
    layers.Dense: lambda layer: Part("Gemm", {}, {"W": "W", "b": "b"}),
    layers.PReLU: lambda layer: Part("PRelu", {}, {"slope": "slope"}),
    layers.BatchNorm: lambda layer: Part("BatchNormalization", {"epsilon": layer.epsilon},
                                         SCALES | {"mean": "running_mean", "var": "running_var"}),
    layers.LayerNorm: lambda layer: Part("LayerNormalization", {"epsilon": layer.epsilon}, SCALES),
    layers.Dropout: lambda layer: Part("Identity"),
    layers.AlphaDropout: lambda layer: Part("Identity"),
}, {
    activations.identity.f: lambda: Part("Identity"),
    activations.sigmoid.f: lambda: Part("Sigmoid"),
    activations.tanh.f: lambda: Part("Tanh"),
    activations.relu.f: lambda: Part("Relu"),
    activations.gelu.f: lambda: Part("Gelu", {"approximate": "tanh"}),
    activations.softplus.f: lambda: Part("Softplus"),
    activations.softsign.f: lambda: Part("Softsign"),
    activations._leaky_relu: lambda slope: Part("LeakyRelu", {"alpha": slope}),
    activations._elu: lambda alpha, scale=1.0: (
        Part("Elu", {"alpha": alpha}) if scale == 1 else Part("Selu", {"alpha": alpha, "gamma": scale})),
})


def save_onnx(net: Network, path: str | Path) -> None:
    """Write a float32 network to an ONNX file with the input "x" (n, fan_in) and the output "z" (n, fan_out).

    The attributes of ONNX' operators (ε, slopes) are float32, so a float64 network would lose digits: it is refused
    with ExchangeError, and so are activations without an operator of their own (swish, hard_tanh, scaled_tanh), layers
    of your own and numbers that are not finite. Raises OSError where the file cannot be written, ModuleNotFoundError
    without onnx.
    """
    try:
        from onnx import TensorProto, checker, helper, numpy_helper
    except ModuleNotFoundError as error:
        raise missing("onnx", "onnx") from error

    parts = ONNX.parts(finite(net))
    if net.dtype != np.float32:
        raise ExchangeError(f"expected a float32 network, got {net.dtype}: net.astype(np.float32) is a copy of it")
    nodes, arrays, last = [], [], "x"
    for k, (layer, part) in enumerate(parts):
        names = {f"{k}.{name}": attribute for name, attribute in part.arrays.items()}
        arrays += [numpy_helper.from_array(getattr(layer, attribute), name) for name, attribute in names.items()]
        result = "z" if k == len(parts) - 1 else f"a{k}"
        nodes.append(helper.make_node(part.kind, [last, *names], [result], **part.settings))
        last = result
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", width])
            for name, width in (("x", net.fan_in), ("z", net.fan_out))]
    graph = helper.make_graph(nodes, "minnet", ends[:1], ends[1:], arrays)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9, producer_name="minnet")
    checker.check_model(model)
    replace(path, lambda file: file.write(model.SerializeToString()))
