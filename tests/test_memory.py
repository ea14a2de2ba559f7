import numpy as np
import pytest

from minnet import memory, optimizers
from tests.conftest import every_layer


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", [0, 1, 7, 1000])
def test_zeros_begin_at_a_cache_line(size, dtype):
    for _ in range(5):
        vector = memory.aligned_zeros(size, np.dtype(dtype))
        assert (vector.shape, vector.dtype, vector.any()) == ((size,), dtype, False)
        assert size == 0 or vector.ctypes.data % 64 == 0


def test_the_long_vectors_of_training_lie_there():
    net = every_layer(np.float32)
    state = optimizers.Adam().init(net.params)
    assert all(vector.ctypes.data % 64 == 0 for vector in (net.params, net.grads, state["m"], state["v"]))


@pytest.mark.parametrize("size", [0, 1, 2, 3, 4, 10])
def test_pieces_cover_a_vector_once(size, monkeypatch):
    monkeypatch.setattr(memory, "_PIECE", 3)
    covered = [i for piece in memory.pieces(size) for i in range(size)[piece]]
    assert covered == list(range(size))
    assert all(len(range(size)[piece]) <= 3 for piece in memory.pieces(size))


def test_ones_are_shared_and_cannot_be_changed():
    vector = memory.ones(5, np.dtype(np.float32))
    assert vector.dtype == np.float32
    assert vector.tolist() == [1] * 5
    assert memory.ones(5, np.dtype(np.float32)) is vector
    with pytest.raises(ValueError, match="read-only"):
        vector += 1
