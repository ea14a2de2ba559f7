"""Networks that travel: weights to and from PyTorch and Keras, whole networks to ONNX.

    print(torch_code(net))             the nn.Sequential that computes the same, settings included
    save_torch(net, path)              its state dict as a safetensors file, with a card of the network
    load_torch(net, path)              the weights of such a file, from here or from PyTorch
    card(path)                         what the file says about the network
    print(keras_code(net))             the keras.Sequential that computes the same
    keras_weights(net)                 arrays for model.set_weights(…)
    set_keras_weights(net, arrays)     arrays from model.get_weights()
    save_onnx(net, path)               a network for prediction elsewhere

No other framework is imported; safetensors and onnx are imported where they are used.
"""

from minnet.exchange.keras_weights import keras_code, keras_weights, set_keras_weights
from minnet.exchange.onnx_files import save_onnx
from minnet.exchange.parts import ExchangeError
from minnet.exchange.torch_files import card, load_torch, save_torch, torch_code

__all__ = ["ExchangeError", "card", "keras_code", "keras_weights", "load_torch", "save_onnx", "save_torch",
           "set_keras_weights", "torch_code"]
