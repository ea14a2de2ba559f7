"""The base class of the layers, which stand in layers.py and the files that it names."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any, ClassVar

import numpy as np

from minnet.parameters import Cache, settings
from minnet.reporting import described


class Layer:
    """What a network needs of a layer. A layer of your own derives from it and overrides what differs."""

    draws: ClassVar[bool] = True                     # `reset` draws weights: it gets a generator of its own
    noisy: ClassVar[bool] = False                    # forward draws noise in training
    bound = False                                    # whether the layer is part of a network
    x, a = Cache(), Cache()

    @property
    def kinks(self) -> tuple[float, ...]:
        """The values of `z` at which the layer is not smooth; the gradient check keeps away from them."""
        return ()

    @property
    def inner(self) -> tuple[Layer, ...]:
        """The layers that this one contains: the branch of a residual block."""
        return ()

    def widths(self) -> tuple[int | None, int | None]:
        """(features in, features out); None where any number fits."""
        return None, None

    def reset(self, rng: np.random.Generator) -> None:
        """Fill parameters and statistics anew; weights are drawn from `rng`."""

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """The prediction for x; no cache is touched."""
        raise NotImplementedError

    def forward(self, x: np.ndarray, training: bool = False, rng: np.random.Generator | None = None) -> np.ndarray:
        """The output for x (n, fan_in); keeps what `backward` needs."""
        raise NotImplementedError

    def backward(self, da: np.ndarray, input_gradient: bool = True) -> np.ndarray | None:
        """Fill the gradients from da = ∂C/∂a of the last forward pass; return ∂C/∂x.

        With input_gradient=False nobody needs ∂C/∂x: it may be None, where leaving it out saves a product.
        """
        raise NotImplementedError

    def __getstate__(self) -> dict[str, Any]:
        return settings(self) | {"bound": False}     # a copy belongs to no network yet

    def __repr__(self) -> str:
        names: list[str] = [field.name for field in fields(self)] if is_dataclass(self) else []
        return f"{type(self).__name__}({', '.join(described(getattr(self, name)) for name in names)})"
