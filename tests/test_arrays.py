import numpy as np
import pytest

from minnet import arrays


@pytest.mark.parametrize("size", [0, 1, 2, 3, 4, 10])
def test_pieces_cover_vectors_once(size, monkeypatch):
    monkeypatch.setattr(arrays, "PIECE", 3)
    p, g = np.arange(size), -np.arange(size)
    cut = list(arrays.pieces(p, g))
    assert [i for piece, _ in cut for i in piece] == list(range(size))
    assert all(len(piece) <= 3 and (piece == -other).all() for piece, other in cut)
    for piece, _ in cut:
        piece += 1                                             # views: the vector itself changes
    assert p.tolist() == list(range(1, size + 1))


@pytest.mark.parametrize("shape", [(1, 1), (7, 3), (64, 10)])
def test_sum_of_rows(shape):
    array, out = np.random.default_rng(0).normal(size=shape), np.empty(shape[1])
    np.testing.assert_allclose(arrays.sum_of_rows(array, out=out), array.sum(axis=0), rtol=1e-13)
    assert arrays.sum_of_rows(array, out=out) is out
    assert arrays.sum_of_rows(array.astype(np.float32)).dtype == np.float32
    ones = arrays._ones(5, np.dtype(np.float32))               # shared by all callers: nobody may change it
    assert arrays._ones(5, np.dtype(np.float32)) is ones
    with pytest.raises(ValueError, match="read-only"):
        ones += 1


@pytest.mark.parametrize(("entries", "finite"), [([], True), ([1, 2], True), ([1e300, 1e300], True),
                                                 ([1, np.nan], False), ([-np.inf, 1], False)])
def test_all_finite(entries, finite):
    with np.errstate(over="ignore"):
        assert arrays.all_finite(np.array(entries, float)) is finite
