"""Where learned numbers live: a model has one vector of parameters, and every array is a view into it.

    class Scale(Layer):
        s, ds = parameter("features")          # in a network layer.s is a part of net.params, layer.ds of net.grads

An optimizer, a norm or a file then sees all parameters as one array, and x.dot(W) still sees a matrix. A `Network`, an
autoencoder and a Boltzmann machine are models. A copy or a pickle of a model gets vectors and views of its own.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from operator import attrgetter
from typing import Any, Self

import numpy as np

from minnet import checks

VECTORS = ("params", "grads", "state")


class Cache:
    """An attribute that a pass sets, such as `x, z = Cache(), Cache()`; copies and pickles do not carry it.

    Reading it before it is set raises AttributeError with the reason. (There is no __set__: `layer.x = x` puts x into
    the instance, where Python looks first.)
    """

    def __init__(self, reason: str = "net.forward(x) and net.gradient(x, y, loss) keep what they compute; net(x) keeps "
                                     "nothing, and copies and pickles do not carry it") -> None:
        self.reason = reason

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, owner: Any, kind: type | None = None) -> Any:
        if owner is None:
            return self
        raise AttributeError(f"{type(owner).__name__} has no {self.name} yet: {self.reason}")


class View(property):
    """An attribute that holds an array of fixed size. Assigning copies numbers into it; one number fills it.

    Raises TypeError for what is no array of real numbers, ValueError for another shape.
    """

    def __set_name__(self, owner: type, name: str) -> None:
        self.name, self.slot = name, f"_{name}"
        super().__init__(attrgetter(self.slot), self._copy_into)
        self.__doc__ = f"{name}: a view; assigning copies numbers into it."
        unbound = Cache("parameters live in a network's vector; place the layer in Network([...], rng=...)")
        unbound.__set_name__(owner, name)                # so that it speaks of W, not of _W
        setattr(owner, self.slot, unbound)

    def _copy_into(self, owner: Any, value: Any) -> None:
        array = getattr(owner, self.slot)
        if value is array:                                # `net.params -= step` assigns what it has changed in place
            return
        numbers = value if type(value) is np.ndarray else checks.array(self.name, value)
        if numbers.dtype.kind not in "fiub":
            raise TypeError(f"expected {self.name} to be an array of real numbers, got {value!r}")
        if numbers.ndim and numbers.shape != array.shape:
            raise ValueError(f"expected {self.name} of shape {array.shape}, got {numbers.shape}")
        array[...] = numbers


class Width:
    """An attribute that the shape of an array depends on. Raises AttributeError where it is set after the array exists.

    Without this, `layer.fan_out = 7` would change what is printed and copied, and not what is computed.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, owner: Any, kind: type | None = None) -> Any:
        if owner is None or self.name not in vars(owner):
            raise AttributeError(f"no {self.name} yet")           # @dataclass then knows that there is no default
        return vars(owner)[self.name]

    def __set__(self, owner: Any, value: Any) -> None:
        if getattr(owner, "bound", "_params" in vars(owner)):
            raise AttributeError(f"expected {self.name} of {owner!r} to stay {vars(owner)[self.name]}, got {value!r}: "
                                 "its arrays have that shape; make a new one")
        vars(owner)[self.name] = value


class Array(View):
    """A view into one of the model's vectors: params, grads or state.

    dims: its shape, as whole numbers or names of attributes.
    decays: whether weight decay shrinks it (weight matrices, never biases or scales).
    """

    def __init__(self, vector: str, *dims: str | int, decays: bool = False) -> None:
        super().__init__()
        self.vector, self.dims, self.decays = vector, dims, decays

    def __set_name__(self, owner: type, name: str) -> None:
        super().__set_name__(owner, name)
        for dim in self.dims:
            if isinstance(dim, str) and not hasattr(owner, dim):
                setattr(owner, dim, Width(dim))

    def shape(self, owner: Any) -> tuple[int, ...]:
        """The shape in this layer or model."""
        return tuple(dim if isinstance(dim, int) else getattr(owner, dim) for dim in self.dims)


def parameter(*dims: str | int, decays: bool = False) -> tuple[Any, Any]:
    """Declare a learned array and its gradient: `W, dW = parameter("fan_in", "fan_out", decays=True)`."""
    return Array("params", *dims, decays=decays), Array("grads", *dims)


def statistic(*dims: str | int) -> Any:
    """Declare an array that is carried from batch to batch but not learned: `running_mean = statistic("features")`."""
    return Array("state", *dims)


def declared(owner: Any, vector: str) -> list[Array]:
    """The arrays that a layer or a model has declared for one of the three vectors, base classes first."""
    return [thing for kind in reversed(type(owner).__mro__) for thing in vars(kind).values()
            if isinstance(thing, Array) and thing.vector == vector]


def settings(owner: Any) -> dict[str, Any]:
    """What a copy of a layer carries: its attributes without caches, and without the slots of the views, which are
    caches until they are bound."""
    kind = type(owner)
    return {name: value for name, value in vars(owner).items() if not isinstance(getattr(kind, name, None), Cache)}


class Model:
    """Vectors `params`, `grads` (P,) and `state` (S,), and `decay_mask` (P,) bool, True where weight decay acts.

    What `minnet.train` needs of a model: these four, `gradient(x, y, loss, *, training=True, rng=None)`, which fills
    `grads` and returns the loss, and `outputs`, the outputs (n, k) of the last pass. To be measured on validation data
    it must also predict: `model(x)`.

    `net.params` is the vector itself, and training changes it: `best = net.params.copy()` keeps its numbers, and
    `net.params = best` puts them back. BatchNorm's running statistics are in `net.state`, to be kept likewise.
    """

    params, grads, state = View(), View(), View()
    outputs = Cache()

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the vectors, float32 or float64."""
        dtype: np.dtype[Any] = self.params.dtype
        return dtype

    def owners(self) -> dict[str, Any]:
        """Who declares arrays, by the prefix that their names get in `arrays()`: the model itself."""
        return {"": self}

    def allocate(self, dtype: Any) -> None:
        """Make the vectors, all zeros, and bind every declared array to its part of them.

        Raises ValueError for a dtype other than float32 and float64.
        """
        dtype = checks.float_dtype(dtype)
        for vector in VECTORS:
            size = sum(cut.stop - cut.start for _, _, cut in self._cuts(vector))
            setattr(self, f"_{vector}", np.zeros(size, dtype))
        self.decay_mask = np.zeros(len(self.params), bool)
        for _, array, cut in self._cuts("params"):
            self.decay_mask[cut] = array.decays
        self._bind()

    def arrays(self) -> dict[str, slice]:
        """Where each learned array lies in `params`, by name: {"layer 0 W": slice(0, 640), …} in a network."""
        prefixes = {id(owner): prefix for prefix, owner in self.owners().items()}
        return {prefixes[id(owner)] + array.name: cut for owner, array, cut in self._cuts("params")
                if cut.start < cut.stop}

    def _cuts(self, vector: str) -> Iterator[tuple[Any, Array, slice]]:
        stop = 0
        for owner in self.owners().values():
            for array in declared(owner, vector):
                start, stop = stop, stop + math.prod(array.shape(owner))
                yield owner, array, slice(start, stop)

    def _bind(self) -> None:
        for vector in VECTORS:
            for owner, array, cut in self._cuts(vector):
                setattr(owner, array.slot, getattr(self, vector)[cut].reshape(array.shape(owner)))

    def astype(self, dtype: Any) -> Self:
        """A copy in another dtype: `net.astype(np.float64)` for checking."""
        other, dtype = copy.deepcopy(self), checks.float_dtype(dtype)
        for vector in VECTORS:
            setattr(other, f"_{vector}", getattr(self, vector).astype(dtype))
        other._bind()
        return other

    def __getstate__(self) -> dict[str, Any]:
        return settings(self) | {f"_{vector}": getattr(self, vector) for vector in VECTORS}

    def __setstate__(self, saved: dict[str, Any]) -> None:
        vars(self).update(saved)
        self._bind()
