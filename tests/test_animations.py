"""The animations: small, described in the README, and showing what the library computes."""

import re
from pathlib import Path

import numpy as np
import pytest

from chapters.animations import edge, filters, twins

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_twins_stay_twins_and_random_units_part():
    equal, random = (twins.paths(init, epochs=5) for init in twins.STARTS.values())
    assert equal.shape == random.shape == (6, 2, twins.UNITS)
    np.testing.assert_allclose(equal, np.broadcast_to(equal[:, :, :1], equal.shape), rtol=1e-4, atol=1e-5)
    assert abs(equal[-1] - equal[0]).max() > 0.1, "the twins move"
    assert len(np.unique(np.round(random[-1], 3), axis=1).T) == twins.UNITS


@pytest.mark.parametrize("sigma", [0.8, 1.0, 1.6])
def test_theory_lies_on_the_measured_gradients(sigma):
    """In 20 layers of 100 units ln δ scatters by 0.17 between networks: the mean of 20 by a fifth of the margin."""
    measured = np.log(edge.measured(sigma, layers=20, nets=20)).mean(axis=0)
    assert measured == pytest.approx(np.log(edge.predicted(sigma, layers=20)), abs=0.2)


def test_tiles_are_the_columns():
    W = np.random.default_rng(0).normal(size=(784, 20))
    column = W[:, 5] - W[:, 5].mean()
    picture = filters.tiles(W)                                                  # unit 5: second row, second column
    assert picture.shape == (90, 120)
    np.testing.assert_allclose(picture[31:59, 31:59].ravel(), column / abs(column).max())


@pytest.mark.parametrize(("film", "settings"), [
    (twins, {"epochs": 2}), (edge, {"sizes": np.array([0.8, 1.0, 1.2]), "layers": 4, "nets": 2}),
    (filters, {"images": 40, "epochs": (0, 1)})], ids=["twins", "edge", "filters"])
def test_a_film_is_written(tmp_path, film, settings):
    image = pytest.importorskip("PIL.Image")
    file = film.write(tmp_path, **settings)
    with image.open(file) as moving:
        assert moving.n_frames >= 3
        assert moving.info["loop"] == 0


@pytest.mark.parametrize("name", ["twins", "edge", "filters"])
def test_animations_are_small_and_described(name):
    file = f"chapters/animations/{name}.gif"
    assert (ROOT / file).stat().st_size < 400_000
    (described,) = re.findall(rf"!\[([^]]+)\]\({re.escape(file)}\)", README)
    assert len(described) > 100
