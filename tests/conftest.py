"""What several test modules share: the tables of activations and losses, and a network with every kind of layer."""

import os

# The suite runs in as many processes as there are cores: one BLAS thread each, set before numpy is loaded.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MKL_NUM_THREADS", "1")

import numpy as np
from hypothesis import settings

from minnet import Dense, Network, activations, initializers, layers, losses

settings.register_profile("minnet", deadline=None, max_examples=25, derandomize=True, database=None)
settings.load_profile("minnet")

ACTIVATIONS = {
    a.name: a
    for a in (activations.identity, activations.sigmoid, activations.tanh, activations.scaled_tanh, activations.relu,
              activations.selu, activations.gelu, activations.softplus, activations.softsign, activations.hard_tanh,
              activations.leaky_relu(), activations.leaky_relu(0.3), activations.elu(), activations.elu(0.7),
              activations.swish(), activations.swish(1.5))
}

LOSSES = {
    "softmax_cross_entropy": (losses.softmax_cross_entropy, lambda rng, n, k: rng.integers(0, k, n)),
    "sigmoid_cross_entropy": (losses.sigmoid_cross_entropy, lambda rng, n, k: rng.random((n, k))),
    "squared_error": (losses.squared_error, lambda rng, n, k: rng.normal(size=(n, k))),
    "mean_squared_error": (losses.mean_squared_error, lambda rng, n, k: rng.normal(size=(n, k))),
}


def stirred(net, seed=7):
    """The network with every parameter moved at random, so that no gradient is zero by symmetry."""
    net.params += 0.3 * np.random.default_rng(seed).normal(size=net.params.shape)
    return net


def every_layer(dtype=np.float64, rng=0):
    """A network from 3 to 4 features that has every kind of layer."""
    return stirred(Network([
        Dense(3, 6, activations.tanh, initializers.he_normal), layers.BatchNorm(6), layers.PReLU(6),
        layers.Dropout(0.3), Dense(6, 5), layers.LayerNorm(5), layers.Activation(activations.gelu),
        layers.AlphaDropout(0.2), layers.PReLU(1), layers.Residual([Dense(5, 5), layers.LearnedScale(0.5)]),
        Dense(5, 4),
    ], rng=rng, dtype=dtype))


def batch(n=8, features=3, classes=4, seed=0):
    """x (n, features) normal and labels y (n,)."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, features)), rng.integers(0, classes, n)


def frozen(model):
    """The bytes of the model's vectors: equal means untouched."""
    return tuple(getattr(model, name).tobytes() for name in ("params", "grads", "state"))


def bound_arrays(layer):
    """What a layer holds: every array of its views and caches, by attribute name."""
    return {name: value for name, value in vars(layer).items() if isinstance(value, np.ndarray)}
