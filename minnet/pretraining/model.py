"""A model with a vector of its own: what `train` asks of anything that is not a Network.

`params` and `grads` are one vector each; every learned array is a view into them, under its name and d + name. An
Autoencoder whose weights are tied, or a Boltzmann machine, is such a model.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minnet import checks
from minnet.initializers import Initializer
from minnet.layer import view
from minnet.reporting import described


class Model:
    """Arrays of given shapes in one vector. A subclass declares `W, dW = view("W"), view("dW")` for each name.

    `arrays()` says where each lies in `params`; `decay_mask` is True on those named in `decayed`. Assigning to an array
    or a vector copies into it. Copies and pickles have vectors of their own. Raises ValueError for a dtype other than
    float32 and float64.
    """

    params, grads = view("params"), view("grads")

    def __init__(self, shapes: dict[str, tuple[int, ...]], *, decayed: tuple[str, ...], dtype: Any) -> None:
        dtype = checks.float_dtype(dtype)
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

    def __getstate__(self) -> dict[str, Any]:
        views = {f"_{prefix}{name}" for name in self.shapes for prefix in ("", "d")}
        return {key: value for key, value in vars(self).items() if key not in views}     # they are cut anew

    def __setstate__(self, saved: dict[str, Any]) -> None:
        vars(self).update(saved)
        self._bind()

    def draw(self, name: str, init: Initializer, rng: np.random.Generator) -> None:
        """Fill one array from an initializer. Raises TypeError or ValueError where that gives no finite numbers."""
        if not callable(init):
            raise TypeError("expected init to be a function of (rng, shape), such as initializers.he_normal, got "
                            f"{init!r}")
        values = init(rng, self.shapes[name])
        setattr(self, name, checks.real_array(f"what {described(init)} returns", values, self.params.dtype))

    def arrays(self) -> dict[str, slice]:
        """Where each learned array lies in `params`, by name."""
        found, start = {}, 0
        for name, shape in self.shapes.items():
            found[name] = slice(start, start := start + math.prod(shape))
        return found
