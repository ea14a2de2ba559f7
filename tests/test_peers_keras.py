"""Keras as a second oracle: activations. The initializers are compared in test_peers_initializers.py."""

import tempfile

import numpy as np
import pytest

from tests.conftest import ACTIVATIONS

pytestmark = pytest.mark.peers


@pytest.fixture(scope="module")
def keras():
    """Keras on PyTorch; it writes its settings into a home folder, which is a temporary one here."""
    pytest.importorskip("torch")
    with tempfile.TemporaryDirectory() as home, pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERAS_BACKEND", "torch")
        patch.setenv("KERAS_HOME", home)
        yield pytest.importorskip("keras")


def array(tensor):
    """The numpy array in a tensor of the PyTorch backend."""
    return tensor.detach().cpu().numpy()


def test_activations(keras):
    """In float32, which is Keras' default; the gradients are checked against PyTorch."""
    of = keras.activations
    theirs = {
        "identity": of.linear, "sigmoid": of.sigmoid, "tanh": of.tanh, "relu": of.relu, "selu": of.selu,
        "gelu": lambda z: of.gelu(z, approximate=True), "softplus": of.softplus, "softsign": of.softsign,
        "hard_tanh": of.hard_tanh, "leaky_relu(0.01)": lambda z: of.leaky_relu(z, negative_slope=0.01),
        "leaky_relu(0.3)": lambda z: of.leaky_relu(z, negative_slope=0.3), "elu(1)": of.elu,
        "elu(0.7)": lambda z: of.elu(z, alpha=0.7), "swish(1)": of.silu,
    }
    z = np.linspace(-12, 12, 2401, dtype=np.float32)
    for name, function in theirs.items():
        other = array(function(keras.ops.convert_to_tensor(z)))
        np.testing.assert_allclose(ACTIVATIONS[name].f(z), other, rtol=2e-6, atol=1e-6, err_msg=name)
    assert set(ACTIVATIONS) - set(theirs) == {"scaled_tanh", "swish(1.5)"}       # which Keras does not have
