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


def test_blocks_cover_the_rows_once(monkeypatch):
    monkeypatch.setattr(arrays, "BLOCK", 10)
    assert [len(range(7)[rows]) for rows in arrays.blocks(np.zeros((7, 3)))] == [3, 3, 1]
    assert [len(range(2)[rows]) for rows in arrays.blocks(np.zeros((2, 30)))] == [1, 1]
    assert [len(range(4)[rows]) for rows in arrays.blocks(np.zeros((4, 3, 2)))] == [1, 1, 1, 1]
    assert [len(range(25)[rows]) for rows in arrays.blocks(np.zeros(25))] == [25]


@pytest.mark.parametrize(("strided", "copied"), [
    (lambda x: x, False), (lambda x: x[:, 1:], False), (lambda x: x[::-2], False), (lambda x: x[:, 0], False),
    (np.asfortranarray, True), (lambda x: x[:, ::2], True),
], ids=["whole", "without the first column", "backwards", "one column", "Fortran", "every second column"])
def test_rows_are_taken_in_one_piece(strided, copied):
    given = strided(np.arange(24.0).reshape(6, 4))
    found, rows = arrays.by_rows(given), np.array([2, 0])
    assert (found is not given) is copied
    taken = arrays.taken(found, rows, np.dtype(np.float32))
    np.testing.assert_array_equal(taken, given[rows])
    assert taken.flags.c_contiguous
    assert taken.dtype == np.float32
