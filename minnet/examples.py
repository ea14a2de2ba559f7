"""The data of a training, (x, y) or (x, y, weights): checked once, read a batch at a time.

The arrays keep their dtypes: only the rows of a batch are copied and cast, so that x may be a memory map larger than
memory, or bytes.
"""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from minnet import checks
from minnet.arrays import blocks, by_rows, taken
from minnet.losses import Loss, accuracy, checked_weights, weighted
from minnet.reporting import described

Data = tuple[np.ndarray, ...]                  # (x, y) or (x, y, weights)


class Examples:
    """x (n, features), y whatever the loss takes, weights (n,) or None; `dtype` is that of the model."""

    def __init__(self, x: np.ndarray, y: np.ndarray, weights: np.ndarray | None, dtype: np.dtype[Any]) -> None:
        self.x, self.y, self.weights, self.dtype = by_rows(x), by_rows(y), weights, dtype
        self.y_dtype = dtype if y.dtype.kind == "f" else y.dtype

    def __len__(self) -> int:
        return len(self.x)

    def batch(self, rows: np.ndarray, loss: Loss) -> tuple[np.ndarray, np.ndarray, Loss]:
        """x and y of these rows, and the loss with their weights."""
        if self.weights is not None:
            loss = weighted(loss, self.weights.take(rows))
        return taken(self.x, rows, self.dtype), taken(self.y, rows, self.y_dtype), loss

    def measured(self, model: Any, loss: Any) -> tuple[float, float | None]:
        """Loss and accuracy of the model on all rows, as in prediction."""
        z = np.concatenate([model(self.x[rows].astype(self.dtype, copy=False)) for rows in blocks(self.x)])
        y = self.y.astype(self.y_dtype, copy=False)
        C, _ = loss(z, y) if self.weights is None else loss(z, y, self.weights)
        return float(C), accuracy(z, y, loss)


def checked(name: str, model: Any, data: Any, loss: Any) -> Examples:
    """`data` as Examples that model and loss accept; TypeError or ValueError before anything has changed."""
    x, y, *weights = checks.data(name, data)
    if name == "validation" and not callable(model):
        raise TypeError(f"validation needs a model that predicts, model(x); got {model!r}, which cannot be called")
    dtype = model.params.dtype
    x, y = checks.rows("x", x, getattr(model, "fan_in", None)), checks.array("y", y)
    checks.finite("x", x, dtype)
    if y.ndim == 0 or len(y) != len(x):
        raise ValueError(f"expected a y for each of the {len(x)} rows of x in {name}, got y of shape {y.shape}")
    checks.finite("y", y, dtype)
    if callable(model) and hasattr(loss, "check"):
        k = model(x[:1]).shape[1]
        for rows in blocks(y) if y.shape == (len(x), k) else [slice(None)]:
            z = np.broadcast_to(np.zeros((), dtype), (len(y[rows]), k))             # only shape and dtype count
            loss.check(z, y[rows])
    return Examples(x, y, _checked_weights(loss, len(x), dtype, *weights), dtype)


def _checked_weights(loss: Any, n: int, dtype: np.dtype[Any], weights: Any = None) -> np.ndarray | None:
    if weights is None:
        return None
    if "weights" not in inspect.signature(loss).parameters:
        raise TypeError(f"expected a loss that takes weights, loss(z, y, weights=None), with data = (x, y, weights), "
                        f"got {described(loss)}: multiply each example's part of C and dz by its weight")
    return checked_weights(n, weights, dtype)
