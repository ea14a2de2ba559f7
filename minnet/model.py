"""A model with a vector of its own: what `train` asks of anything that is not a Network.

`params` and `grads` are one vector each; every learned array is a view into them, under its name and d + name. An
Autoencoder whose weights are tied, or a Boltzmann machine, is such a model.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minnet.layer import view


class Model:
    """Arrays of given shapes in one vector. A subclass declares `W, dW = view("W"), view("dW")` for each name.

    `arrays()` says where each lies in `params`; `decay_mask` is True on those named in `decayed`. Assigning to an array
    or a vector copies into it. Copies and pickles have vectors of their own.
    """

    params, grads = view("params"), view("grads")

    def __init__(self, shapes: dict[str, tuple[int, ...]], *, decayed: tuple[str, ...], dtype: Any) -> None:
        self.shapes = shapes
        size = sum(math.prod(shape) for shape in shapes.values())
        self._params, self._grads = np.zeros(size, dtype), np.zeros(size, dtype)
        self.decay_mask = np.zeros(size, bool)
        for name in decayed:
            self.decay_mask[self.arrays()[name]] = True
        self._bind()

    def _bind(self) -> None:
        for name, cut in self.arrays().items():
            vars(self)[f"_{name}"] = self._params[cut].reshape(self.shapes[name])
            vars(self)[f"_d{name}"] = self._grads[cut].reshape(self.shapes[name])

    def __setstate__(self, saved: dict[str, Any]) -> None:
        vars(self).update(saved)
        self._bind()

    def arrays(self) -> dict[str, slice]:
        """Where each learned array lies in `params`, by name."""
        found, start = {}, 0
        for name, shape in self.shapes.items():
            found[name] = slice(start, start := start + math.prod(shape))
        return found
