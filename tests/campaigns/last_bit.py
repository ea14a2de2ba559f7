"""Another machine's rounding: half of the numbers that Dense computes get another last bit.

    LAST_BIT=1 python -m pytest -p tests.campaigns.last_bit

Which half is decided by the numbers themselves and by LAST_BIT = 1, 2, …, so that equal numbers stay equal. What holds
for every processor and every BLAS holds for each of these.
"""

import functools
import os

import numpy as np

from minnet import layers

SEED = int(os.environ.get("LAST_BIT", "0"))
Dense = layers.Dense
call, forward, backward = Dense.__call__, Dense.forward, Dense.backward


def rounded_otherwise(a: np.ndarray) -> np.ndarray:
    """a, changed in place: the first bit of a product of the float's bits with a large odd number says where."""
    size = 8 * a.itemsize
    bits = np.ascontiguousarray(a).view(f"uint{size}")
    flip = bits * bits.dtype.type((2 * 3**SEED * 0x9E3779B97F4A7C15 + 1) % 2**size) >> (size - 1)
    a[...] = (bits ^ np.where(np.isfinite(a) & (a != 0), flip, 0).astype(bits.dtype)).view(a.dtype)
    return a


@functools.wraps(call)
def other_call(self, x):
    return self.activation.f(rounded_otherwise(x.dot(self.W) + self.b))


@functools.wraps(forward)
def other_forward(self, x, *args, **kwargs):
    forward(self, x, *args, **kwargs)
    self.a = self.activation.f(rounded_otherwise(self.z))
    return self.a


@functools.wraps(backward)
def other_backward(self, da, *args, **kwargs):
    dx = backward(self, da, *args, **kwargs)
    rounded_otherwise(self.dW)
    return dx if dx is None else rounded_otherwise(dx)


if SEED:
    Dense.__call__, Dense.forward, Dense.backward = other_call, other_forward, other_backward
