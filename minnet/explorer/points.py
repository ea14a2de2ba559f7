"""Examples in the plane, two classes each, to draw a decision boundary on: x (n, 2) float32, y (n,) int64.

Each has N(0, noise²) added to both coordinates. `datasets.spirals` is a fourth, with three classes.
"""

from __future__ import annotations

import numpy as np

from minnet import checks
from minnet.datasets import Data


def moons(n: int, *, rng: int | np.random.Generator, noise: float = 0.1) -> Data:
    """Two half circles that reach into each other: (cos t, sin t) and (1 − cos t, ½ − sin t), 0 ≤ t ≤ π, centred.

    t is uniform. Raises TypeError or ValueError for an n that is no count, and for a noise below 0.
    """
    generator, y = _labels(n, rng)
    t = generator.uniform(0, np.pi, n)
    upper = np.stack([np.cos(t), np.sin(t)], axis=1)
    x = np.where(y[:, None] == 0, upper, [1, 0.5] - upper) - [0.5, 0.25]
    return _noisy(x, generator, noise), y


def circles(n: int, *, rng: int | np.random.Generator, noise: float = 0.1) -> Data:
    """A circle of radius 1 around one of radius ½; angles are uniform. Errors as of `moons`."""
    generator, y = _labels(n, rng)
    t = generator.uniform(0, 2 * np.pi, n)
    x = np.where(y == 0, 1, 0.5)[:, None] * np.stack([np.cos(t), np.sin(t)], axis=1)
    return _noisy(x, generator, noise), y


def quadrants(n: int, *, rng: int | np.random.Generator, noise: float = 0.1) -> Data:
    """XOR in the plane: x uniform in [−1, 1]², y = 1 where the two signs differ. Errors as of `moons`."""
    generator = checks.generator(rng)
    x = generator.uniform(-1, 1, (checks.count("n", n), 2))
    y = (x[:, 0] * x[:, 1] < 0).astype(np.int64)
    return _noisy(x, generator, noise), y


def _labels(n: int, rng: int | np.random.Generator) -> tuple[np.random.Generator, np.ndarray]:
    """The generator, and n labels 0 and 1, as many of each, shuffled."""
    generator = checks.generator(rng)
    return generator, generator.permutation(np.arange(checks.count("n", n)) % 2).astype(np.int64)


def _noisy(x: np.ndarray, rng: np.random.Generator, noise: float) -> np.ndarray:
    noisy: np.ndarray = x + rng.normal(0, checks.number("noise", noise, least=0), x.shape)
    return noisy.astype(np.float32)
