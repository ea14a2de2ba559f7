"""The size of signals and gradients, layer by layer: the curves that most experiments on initialization draw.

    signal = profile(net, x, y, losses.softmax_cross_entropy)
    plots.depth_profile(signal.delta, ylabel="rms of δ")
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from minnet.layers import Dense
from minnet.network import Loss, Network


class Profile(NamedTuple):
    """Root mean squares √(mean of the entry's square), one number per Dense layer, (layers,) each."""

    z: np.ndarray
    a: np.ndarray
    delta: np.ndarray
    W: np.ndarray
    dW: np.ndarray


def profile(net: Network, x: np.ndarray, y: np.ndarray, loss: Loss) -> Profile:
    """Root mean squares of z, a = f(z), δ = ∂C/∂z, W and dW in every Dense layer, for the batch x (n, features), y.

    Both passes run on a copy in float64, where 10⁻⁵⁵ is still a number, and as in prediction: noise is off, BatchNorm
    uses its running statistics. δ is that of the mean loss, so it has the factor 1/n. Raises ValueError or TypeError
    for x and y that do not fit.
    """
    copied = net.astype(np.float64)
    copied.gradient(np.asarray(x, np.float64), y, loss, training=False)
    dense = [layer for layer in copied.layers if isinstance(layer, Dense)]
    return Profile(*(np.array([np.sqrt(np.square(getattr(layer, name)).mean()) for layer in dense])
                     for name in Profile._fields))
