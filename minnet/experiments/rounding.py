"""A layer that rounds in two ways: what processors do by chance, done on purpose.

A sum of floating point numbers depends on the order in which it is added. Whether the equal units of a layer are added
in the same order depends on the processor, its library and the width of the layer.
"""

from __future__ import annotations

import numpy as np

from minnet.layers import Dense


class TwoOrders(Dense):
    """A Dense layer whose right half adds up x W in another order than the left half: `order`, a permutation of fan_in.

    In exact arithmetic it is a Dense layer like any other.
    """

    order: np.ndarray | None = None

    def product(self, x: np.ndarray) -> np.ndarray:
        """x W (n, fan_out), the right half with the inputs in `order`."""
        half, order = self.fan_out // 2, slice(None) if self.order is None else self.order
        return np.hstack([x @ self.W[:, :half], x[:, order] @ self.W[order, half:]])

    def __call__(self, x: np.ndarray) -> np.ndarray:
        return self.activation.f(self.product(x) + self.b)

    def forward(self, x: np.ndarray, training: bool = False, rng: np.random.Generator | None = None) -> np.ndarray:
        self.x, self.z = x, self.product(x) + self.b
        self.a = a = self.activation.f(self.z)
        return a
