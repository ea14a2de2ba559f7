"""What an initializer is: a formula with checked arguments, options that may be set beforehand, and a name.

The formulas stand in the other files. There `@initializer(gain=positive)` before a function says which options it has.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, Protocol, overload

import numpy as np

from minnet import checks
from minnet.reporting import described

if TYPE_CHECKING:
    from minnet.activations import Activation


class Initializer(Protocol):
    """What a layer calls: `init(rng, shape)`, an array of that shape."""

    def __call__(self, rng: np.random.Generator, shape: tuple[int, ...], /) -> np.ndarray: ...


class InitializerWithOptions(Protocol):
    """What this module defines: `init(rng, shape, **options)`, and `init(**options)`, an initializer with these."""

    @overload
    def __call__(self, rng: np.random.Generator, shape: tuple[int, ...], /, **options: Any) -> np.ndarray: ...

    @overload
    def __call__(self, **options: Any) -> Initializer: ...


ALL: dict[str, InitializerWithOptions] = {}            # every initializer of the library, by name


def initializer(*, draws: bool = True, **options: Callable[[str, Any], Any]
                ) -> Callable[[Callable[..., np.ndarray]], InitializerWithOptions]:
    """Make a formula an initializer: arguments are checked before the formula runs, and options may be set beforehand.

    draws=False: the formula does not use the generator, which is not checked then. options: name → a check of its
    value, which returns the value or raises TypeError or ValueError.
    """
    def decorate(formula: Callable[..., np.ndarray]) -> InitializerWithOptions:
        name, needed = formula.__name__, options.keys() - (formula.__kwdefaults__ or {}).keys()

        @wraps(formula)
        def init(*arguments: Any, **given: Any) -> Any:
            if unknown := given.keys() - options.keys():
                raise TypeError(f"{name} has no option {', '.join(sorted(unknown))}: expected "
                                f"{', '.join(options) or 'none'}")
            if missing := needed - given.keys():
                raise TypeError(f"{name} needs {', '.join(sorted(missing))}: write {name}({min(missing)}=…)")
            given = {option: options[option](option, value) for option, value in given.items()}
            if not arguments:
                return partial(init, **given)
            if len(arguments) != 2:
                raise TypeError(f"expected {name}(rng, shape), or {name}(option=…) to set options, got {arguments!r}")
            rng, shape = arguments[0], checks.shape(arguments[1])
            return formula(checks.drawing_generator(rng) if draws else rng, shape, **given)

        init.__module__ = "minnet.initializers"              # where users find it
        ALL[name] = init
        return init
    return decorate


def named(argument: str, value: Any) -> Initializer:
    """The initializer of this name, or the function itself. Raises TypeError or ValueError for anything else."""
    if isinstance(value, str):
        if value not in ALL:
            raise ValueError(f"expected {argument} to name an initializer, one of {', '.join(ALL)}, got {value!r}")
        value = ALL[value]
    if not callable(value):
        raise TypeError(f"expected {argument} to be a function of (rng, shape), such as initializers.he_normal, or its "
                        f"name, got {value!r}")
    if any(value is one for one in ALL.values()):
        value()                                          # raises where an option is needed, as constant's value
    init: Initializer = value
    return init


def default(activation: Activation) -> Initializer:
    """The initializer for an activation where none is given: he_normal for ReLU and its relatives (leaky ReLU, ELU,
    GELU, swish, softplus), lecun_normal for SELU, glorot_uniform for the others (tanh, sigmoid, …, linear units).

    `theory.for_activation` derives better ones, with biases.
    """
    if activation.name == "selu":
        return ALL["lecun_normal"]
    grows = activation.range[1] == math.inf and activation.name != "identity"
    return ALL["he_normal" if grows else "glorot_uniform"]


def drawn(init: Initializer, rng: np.random.Generator, like: np.ndarray) -> np.ndarray:
    """What `init` draws for an array of this shape and dtype.

    Raises TypeError or ValueError where it returns another shape, or numbers that are not real and finite.
    """
    values = checks.array(f"what {described(init)} returns", init(rng, like.shape))
    if values.shape != like.shape:
        raise ValueError(f"expected {described(init)} to return an array of shape {like.shape}, got {values.shape}")
    return checks.real_array(f"what {described(init)} returns", values, like.dtype)


def fans(shape: Sequence[int]) -> tuple[int, int]:
    """(fan_in, fan_out) of a weight matrix. Raises ValueError for any other shape (a bias has no fans)."""
    found = checks.shape(shape)
    if len(found) != 2:
        raise ValueError(f"expected shape (fan_in, fan_out) of a weight matrix, got {found}: a bias has no fans, "
                         "initialize it with zeros, constant, normal or uniform")
    return found[0], found[1]


def fan(shape: Sequence[int], mode: str) -> float:
    """n: fan_in, fan_out, or fan_avg, the mean of both."""
    fan_in, fan_out = fans(shape)
    return {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[mode]


positive, not_negative = partial(checks.number, above=0), partial(checks.number, least=0)


def one_of(*choices: str) -> Callable[[str, Any], str]:
    """A check that a value is one of these words."""
    return lambda name, value: checks.one_of(name, value, *choices)
