"""Another machine's rounding: half of the numbers that layers and models compute get another last bit.

    LAST_BIT=1 python -m pytest -p tests.campaigns.last_bit

Changed are z, dW and what is passed back in Dense, and the gradients of autoencoders and Boltzmann machines. Which half
is decided by the numbers themselves and by LAST_BIT = 1, 2, …, so that equal numbers stay equal. What holds for every
processor and every BLAS holds for each of these.
"""

import functools
import os

import numpy as np

from minnet.layers import Dense
from minnet.pretraining import Autoencoder, BoltzmannMachine

SEED = int(os.environ.get("LAST_BIT", "0"))


def rounded_otherwise(a):
    """a, changed in place: the first bit of a product of the float's bits with a large odd number says where."""
    size = 8 * a.itemsize
    bits = np.ascontiguousarray(a).view(f"uint{size}")
    flip = bits * bits.dtype.type((2 * 3**SEED * 0x9E3779B97F4A7C15 + 1) % 2**size) >> (size - 1)
    a[...] = (bits ^ np.where(np.isfinite(a) & (a != 0), flip, 0).astype(bits.dtype)).view(a.dtype)
    return a


def predicting(before, layer, x):
    return layer.activation.f(rounded_otherwise(x.dot(layer.W) + layer.b))


def forward(before, layer, *args, **kwargs):
    before(layer, *args, **kwargs)
    layer.a = layer.activation.f(rounded_otherwise(layer.z))
    return layer.a


def backward(before, layer, *args, **kwargs):
    dx = before(layer, *args, **kwargs)
    rounded_otherwise(layer.dW)
    return dx if dx is None else rounded_otherwise(dx)


def gradient(before, model, *args, **kwargs):
    value = before(model, *args, **kwargs)
    rounded_otherwise(model.grads)
    return value


def replace(kind, name, after):
    before = getattr(kind, name)
    setattr(kind, name, functools.wraps(before)(lambda *args, **kwargs: after(before, *args, **kwargs)))


if SEED:
    replace(Dense, "__call__", predicting)
    replace(Dense, "forward", forward)
    replace(Dense, "backward", backward)
    replace(Autoencoder, "gradient", gradient)
    replace(BoltzmannMachine, "gradient", gradient)
