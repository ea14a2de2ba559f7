"""The examples in the plane."""

import numpy as np
import pytest

from minnet.explorer import points

ALL = [points.moons, points.circles, points.quadrants]


@pytest.mark.parametrize("draw", ALL)
def test_shapes_seeds_and_labels(draw):
    x, y = draw(300, rng=3)
    assert x.shape == (300, 2)
    assert x.dtype == np.float32
    assert y.dtype == np.int64
    assert set(y) == {0, 1}
    again, other = draw(300, rng=3), draw(300, rng=4)
    assert np.array_equal(again[0], x)
    assert np.array_equal(again[1], y)
    assert not np.array_equal(other[0], x)


def test_where_the_points_lie():
    x, y = points.circles(200, rng=0, noise=0)
    assert np.hypot(*x.T) == pytest.approx(np.where(y == 0, 1, 0.5), abs=1e-6)
    x, y = points.quadrants(200, rng=0, noise=0)
    assert np.array_equal(y == 1, x[:, 0] * x[:, 1] < 0)
    x, y = points.moons(200, rng=0, noise=0)
    middle = np.where(y[:, None] == 0, [0, 0], [1, 0.5]) - [0.5, 0.25]
    assert np.hypot(*(x - middle).T) == pytest.approx(1, abs=1e-6)
    assert ((x - middle)[y == 0, 1] >= -1e-6).all()
    assert ((x - middle)[y == 1, 1] <= 1e-6).all()


@pytest.mark.parametrize("draw", ALL)
def test_errors(draw):
    with pytest.raises(ValueError, match="noise"):
        draw(10, rng=0, noise=-1)
    with pytest.raises((TypeError, ValueError)):
        draw(0, rng=0)
