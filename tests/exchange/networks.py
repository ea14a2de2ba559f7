"""The network that the tests of exchange send."""

import numpy as np

from minnet import Dense, Network, activations, layers
from tests.conftest import stirred


def every_layer(dtype=np.float64, rng=0):
    """From 3 to 4 features, with every kind of layer that others have, and statistics that are not those at first."""
    net = stirred(Network([
        Dense(3, 6, activations.tanh), layers.BatchNorm(6), layers.PReLU(6), layers.Dropout(0.3), Dense(6, 5),
        layers.LayerNorm(5), activations.gelu, layers.AlphaDropout(0.2), layers.PReLU(1), Dense(5, 4),
    ], rng=rng, dtype=dtype), seed=7 + rng)
    net.layers[1].running_mean, net.layers[1].running_var = 0.5 + rng, [0.5, 1, 2, 3, 4, 5 + rng]
    return net
