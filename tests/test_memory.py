import numpy as np
import pytest

from minnet import memory


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
