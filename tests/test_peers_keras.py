"""Keras as a second oracle: activations, and the initializers whose definition is the same."""

import tempfile

import numpy as np
import pytest

from minnet import initializers
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
        "gelu_tanh": lambda z: of.gelu(z, approximate=True), "softplus": of.softplus, "softsign": of.softsign,
        "hard_tanh": of.hard_tanh, "leaky_relu(0.01)": lambda z: of.leaky_relu(z, negative_slope=0.01),
        "leaky_relu(0.3)": lambda z: of.leaky_relu(z, negative_slope=0.3), "elu(1)": of.elu,
        "elu(0.7)": lambda z: of.elu(z, alpha=0.7), "swish(1)": of.silu,
    }
    z = np.linspace(-12, 12, 2401, dtype=np.float32)
    for name, function in theirs.items():
        other = array(function(keras.ops.convert_to_tensor(z)))
        np.testing.assert_allclose(ACTIVATIONS[name].f(z), other, rtol=2e-6, atol=1e-6, err_msg=name)
    assert set(ACTIVATIONS) - set(theirs) == {"scaled_tanh", "swish(1.5)"}       # which Keras does not have


def test_initializers(keras):
    """Variance and support, both fans unequal; Keras' normals are truncated, with the same variance."""
    of, shape = keras.initializers, (512, 256)
    for mine, theirs in ((initializers.glorot_uniform, of.GlorotUniform), (initializers.glorot_normal, of.GlorotNormal),
                         (initializers.he_uniform, of.HeUniform), (initializers.he_normal, of.HeNormal),
                         (initializers.lecun_uniform, of.LecunUniform), (initializers.lecun_normal, of.LecunNormal)):
        w, other = mine(np.random.default_rng(0), shape), array(theirs(seed=0)(shape))
        assert w.var() == pytest.approx(other.var(), rel=0.03), mine.__name__
        assert w.mean() == pytest.approx(other.mean(), abs=0.03 * w.std()), mine.__name__
        if "uniform" in mine.__name__:
            assert abs(w).max() == pytest.approx(abs(other).max(), rel=1e-3), mine.__name__
    assert (array(of.Zeros()(shape)) == initializers.zeros(np.random.default_rng(0), shape)).all()
    assert (array(of.Ones()(shape)) == initializers.ones(np.random.default_rng(0), shape)).all()
