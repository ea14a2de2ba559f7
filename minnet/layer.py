"""What a network asks of a layer, and how a layer lives inside the network's vectors.

A layer computes: `forward`, `backward`, `layer(x)`. It says what it learns (`shapes`) and carries (`state_shapes`); the
network owns the memory and binds a view of it to each name. The layers themselves stand in layers.py.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from operator import attrgetter
from typing import Any, ClassVar

import numpy as np

from minnet.reporting import described


def view(name: str) -> Any:
    """An attribute that is a view of the network's vectors: assigning to it copies, and the view stays.

    Assigning an array of another shape raises ValueError; a single number fills the array.
    """
    def assign(owner: Any, value: Any) -> None:
        array = getattr(owner, name)
        if np.ndim(value) and np.shape(value) != array.shape:
            raise ValueError(f"expected {name} of shape {array.shape}, got {np.shape(value)}")
        array[...] = value

    return property(attrgetter(f"_{name}"), assign, doc=f"{name}, a view into the flat vector; assigning copies.")


class Layer:
    """What a network asks of a layer; a layer of your own derives from it and overrides what differs."""

    bound = False                                    # whether it has its place in a network
    draws: ClassVar[bool] = True                     # `reset` draws weights: it gets a child of the generator
    noisy: ClassVar[bool] = False                    # draws from the pass's rng in training
    decayed: ClassVar[tuple[str, ...]] = ()          # the parameters that weight decay may shrink
    cached: ClassVar[tuple[str, ...]] = ("x", "a")   # what a forward and a backward pass leave behind

    @property
    def kinks(self) -> tuple[float, ...]:
        """Where the layer's nonlinearity is not smooth, as values of its cached `z`: a gradient check stays away."""
        return ()

    def widths(self) -> tuple[int | None, int | None]:
        """(features in, features out); None where any number fits."""
        return None, None

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The learned arrays: name → shape. In a network, "W" here gives the layer the attributes W and dW."""
        return {}

    def state_shapes(self) -> dict[str, tuple[int, ...]]:
        """What is carried from batch to batch but not learned: name → shape; each becomes an attribute."""
        return {}

    def reset(self, rng: np.random.Generator) -> None:
        """Fill parameters and state anew; a layer that draws its weights draws them from `rng`."""

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """The prediction for x, leaving every cache as it is."""
        raise NotImplementedError

    def forward(self, x: np.ndarray, training: bool = False, rng: np.random.Generator | None = None) -> np.ndarray:
        """The output for x (n, fan_in), keeping what `backward` needs."""
        raise NotImplementedError

    def backward(self, da: np.ndarray, input_gradient: bool = True) -> np.ndarray | None:
        """Fill the gradients from da = ∂C/∂a of the last forward pass; return ∂C/∂x, if it is asked for."""
        raise NotImplementedError

    # Life inside a network. Views and caches belong to one network: a copy or a pickle carries the settings,
    # and the network that holds the copy binds new views.

    def bind(self, views: dict[str, np.ndarray]) -> None:
        """Take these arrays as W, dW, b, … of the layer."""
        self.bound = True
        for name, array in views.items():
            vars(self)[f"_{name}"] = array
            if not isinstance(getattr(type(self), name, None), property):
                setattr(type(self), name, view(name))

    def release(self) -> None:
        """Let go of the network's arrays and of the caches."""
        for key in vars(self).keys() - self.__getstate__().keys():
            del vars(self)[key]

    def __getstate__(self) -> dict[str, Any]:
        left = {"bound", *self.cached, *(f"_{name}" for name in self._arrays())}
        return {key: value for key, value in vars(self).items() if key not in left}

    def _arrays(self) -> list[str]:
        """The names that `bind` gets: W, dW, b, db, …"""
        return [prefix + name for name in self.shapes() for prefix in ("", "d")] + list(self.state_shapes())

    def __getattr__(self, name: str) -> Any:          # called only where nothing of that name is there
        kind = type(self).__name__
        if name in type(self).cached:
            raise AttributeError(f"{kind} has no {name} yet: net.forward(x) and net.gradient(x, y, loss) keep what "
                                 "they compute; net(x) keeps nothing, and copies and pickles do not carry it")
        if not name.startswith("_") and not self.bound and name in self._arrays():
            raise AttributeError(f"{kind} has no {name} yet: parameters live in a network's vector; place the layer in "
                                 "Network([...], rng=...)")
        return object.__getattribute__(self, name)    # Python's own error

    def __repr__(self) -> str:
        shown: list[str] = [described(getattr(self, f.name)) for f in fields(self)] if is_dataclass(self) else []
        return f"{type(self).__name__}({', '.join(shown)})"
