"""Activation functions: f and its derivative, each as the formula, stable for large |z|.

A unit computes a = f(z). Going back, the layer needs f′(z); many functions have it cheaply from a (tanh:
1 − a²), so the derivative is `df(z, a)` and takes both. z is a float array of any shape, and f(z), df(z, a)
have its shape and dtype. The objects of this module are complete; `leaky_relu`, `elu` and `swish` are functions that
return one. An activation of your own is `Activation("name", f, df)`.

Functions in two pieces are written without np.where, which tests every number: on half a million numbers of random
signs SELU took 7 times as long with it, leaky ReLU 20 times. And max(z, 0) is z.clip(0, inf), which numpy vectorizes;
it does not vectorize np.maximum with a single number.
"""

# numpy types what a ufunc returns as Any:
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from minnet import checks


@dataclass(frozen=True)
class Activation:
    """a = f(z) and ∂a/∂z = df(z, a).

    f and df are called with float arrays of any shape. They must return an array of the same shape and dtype (no
    astype, constants as Python floats), must not write into z or a (the identity returns z itself), and must be
    stable: finite and accurate for |z| in the thousands and beyond, where theory integrates.
    `kinks`: the z where f or one of its derivatives jumps; integrals are split there, and gradient checks avoid them.
    `range`: (infimum, supremum) of f; a unit near a finite end, with a slope near 0, is saturated.
    Theory keeps what it has computed of an f, so an f must always compute the same.
    Raises TypeError or ValueError for f or df that break these rules on a small array, and for kinks that are not
    finite or a range that is not (low, high) with low < high.
    """

    name: str
    f: Callable[[np.ndarray], np.ndarray]
    df: Callable[[np.ndarray, np.ndarray], np.ndarray]
    kinks: tuple[float, ...] = ()
    range: tuple[float, float] = (-math.inf, math.inf)

    def __post_init__(self) -> None:
        checks.text("name", self.name)
        for name in ("kinks", "range"):                                 # a list becomes a tuple
            object.__setattr__(self, name, checks.numbers_in(f"{name} of {self.name}", getattr(self, name)))
        if not all(map(math.isfinite, self.kinks)):
            raise ValueError(f"expected kinks of {self.name} to be finite numbers, got {self.kinks}")
        if len(self.range) != 2 or not self.range[0] < self.range[1]:
            raise ValueError(f"expected range of {self.name} to be (low, high) with low < high, the infimum and the "
                             f"supremum of f, got {self.range}")
        z = np.array([[-3, -1, -0.25], [0.25, 1, 3]], np.float32)
        with np.errstate(all="ignore"):
            a = self._called("f", "an array, f(z)", given := z.copy())
            self._check_unchanged("f", "z", z, given)
            slopes = self._called("df", "two arrays, df(z, a) with a = f(z)", given, held := a.copy())
            self._check_unchanged("df", "z", z, given)
            self._check_unchanged("df", "a", a, held)
        for what, values in (("f(z)", a), ("df(z, a)", slopes)):
            if values.shape != z.shape or values.dtype != z.dtype:
                raise ValueError(f"expected {what} of {self.name} to keep the shape (2, 3) and dtype float32 of z, got "
                                 f"{values.shape} and {values.dtype}: one value for each z; constants as Python floats "
                                 "keep a dtype, np.sqrt(2) does not")

    def _called(self, function: str, wanted: str, *arrays: np.ndarray) -> np.ndarray:
        try:
            return np.asarray(getattr(self, function)(*arrays))
        except TypeError as error:
            raise TypeError(f"expected {function} of {self.name} to take {wanted}, got: {error}") from error

    def _check_unchanged(self, function: str, argument: str, before: np.ndarray, after: np.ndarray) -> None:
        if not np.array_equal(before, after, equal_nan=True):
            remedy = {"z": "do not pass out=z; change a copy, z.copy()", "a": "numpy's functions write into a second "
                      "argument, np.cos(z, a) into a; write lambda z, a: np.cos(z)"}[argument]
            raise ValueError(f"expected {function} of {self.name} to return a new array and leave {argument} as it is, "
                             f"got one that writes into {argument}: {remedy}")

    def __call__(self, z: np.ndarray) -> np.ndarray:
        return self.f(checks.real("z", z))

    def __repr__(self) -> str:
        return self.name


def softmax(z: np.ndarray) -> np.ndarray:
    """p_k = e^{z_k} / Σ_j e^{z_j} along the last axis; z (…, K), p the same shape.

    The maximum is subtracted first, which changes nothing (numerator and denominator shrink alike) and keeps
    e^z from overflowing.
    """
    z = checks.real("z", z)
    if not z.size:
        raise ValueError(f"expected z of shape (…, K) with at least one number, got {z.shape}")
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    p: np.ndarray = e / e.sum(axis=-1, keepdims=True)
    return p


# f and f′, one pair each -----------------------------------------------------------------------------------

def _identity(z: np.ndarray) -> np.ndarray:
    return z


def _d_identity(z: np.ndarray, a: np.ndarray) -> np.ndarray:
    return np.ones_like(z)


def _sigmoid(z: np.ndarray) -> np.ndarray:
    """1/(1 + e^{−z}) = e^z/(1 + e^z): of the two forms, the one whose exponential cannot overflow."""
    e = np.exp(-np.abs(z))
    return np.maximum(e, z >= 0) / (1 + e)    # the numerator is 1 where z ≥ 0, since e ≤ 1, and e below


def _d_sigmoid(z: np.ndarray, a: np.ndarray) -> np.ndarray:
    return a * (1 - a)


_ONE = np.ones((), np.float32)                # an array already; numpy makes one of a Python number at every call


def _d_tanh(z: np.ndarray, a: np.ndarray) -> np.ndarray:
    return _ONE - a * a


_A, _S = 1.7159, 2 / 3          # chosen by LeCun et al. so that f(±1) = ±1 and |f″| is largest at ±1


def _scaled_tanh(z: np.ndarray) -> np.ndarray:
    return _A * np.tanh(_S * z)


def _d_scaled_tanh(z: np.ndarray, a: np.ndarray) -> np.ndarray:
    t = a / _A
    return _A * _S * (1 - t * t)


def _relu(z: np.ndarray) -> np.ndarray:
    return z.clip(0, math.inf)


def _d_relu(z: np.ndarray, a: np.ndarray) -> np.ndarray:
    return (z > 0).astype(z.dtype)


def _leaky_relu(z: np.ndarray, *, slope: float) -> np.ndarray:
    return np.maximum(z, slope * z)           # slope < 1


def _d_leaky_relu(z: np.ndarray, a: np.ndarray, *, slope: float) -> np.ndarray:
    return (z > 0).astype(z.dtype).clip(slope, 1)      # 1, and slope in place of 0


def _elu(z: np.ndarray, *, alpha: float, scale: float = 1.0) -> np.ndarray:
    return scale * z.clip(0, math.inf) + (scale * alpha) * np.expm1(z.clip(-math.inf, 0))


def _d_elu(z: np.ndarray, a: np.ndarray, *, alpha: float, scale: float = 1.0) -> np.ndarray:
    slope, limit = z.dtype.type(scale), z.dtype.type(scale * alpha)
    return (z > 0) * slope + ((z <= 0) * limit + a.clip(-math.inf, 0))         # λ above 0, λα e^z = λα + a below


_C, _K = math.sqrt(2 / math.pi), 0.044715     # GELU's tanh form: tanh(C(z + Kz³)) ≈ erf(z/√2)


def _gelu(z: np.ndarray) -> np.ndarray:
    near = np.clip(z, -50, 50)                # beyond, tanh is ±1, and z³ need not overflow for it
    return 0.5 * z * (1 + np.tanh(_C * (near + _K * near * near * near)))


def _d_gelu(z: np.ndarray, a: np.ndarray) -> np.ndarray:
    near = np.clip(z, -50, 50)
    t = np.tanh(_C * (near + _K * near * near * near))
    return 0.5 * (1 + t) + 0.5 * near * (1 - t * t) * (_C * (1 + 3 * _K * near * near))


def _swish(z: np.ndarray, *, beta: float) -> np.ndarray:
    return z * _sigmoid(beta * z)


def _d_swish(z: np.ndarray, a: np.ndarray, *, beta: float) -> np.ndarray:
    s = _sigmoid(beta * z)
    return s + beta * z * s * (1 - s)


def _softplus(z: np.ndarray) -> np.ndarray:
    return np.logaddexp(z, 0)                 # ln(e^z + e^0), which numpy computes without overflow


def _d_softplus(z: np.ndarray, a: np.ndarray) -> np.ndarray:
    return _sigmoid(z)


def _softsign(z: np.ndarray) -> np.ndarray:
    return z / (1 + np.abs(z))


def _d_softsign(z: np.ndarray, a: np.ndarray) -> np.ndarray:
    d = 1 / (1 + np.abs(z))
    return d * d


def _hard_tanh(z: np.ndarray) -> np.ndarray:
    return np.clip(z, -1, 1)


def _d_hard_tanh(z: np.ndarray, a: np.ndarray) -> np.ndarray:
    return (np.abs(z) < 1).astype(z.dtype)


# SELU's two constants are the solution of two equations for z ~ N(0, 1): E[selu(z)] = 0 gives α, then
# E[selu(z)²] = 1 gives λ. With E[e^{kz}; z < 0] = e^{k²/2} Φ(−k) and Φ(−k) = erfc(k/√2)/2 both are closed.
# Klambauer et al. 2017, eq. 14.
SELU_ALPHA = -math.sqrt(2 / math.pi) / (math.erfc(1 / math.sqrt(2)) * math.exp(0.5) - 1)
SELU_LAMBDA = 1 / math.sqrt(0.5 + SELU_ALPHA**2 * (0.5 * math.exp(2) * math.erfc(math.sqrt(2))
                                                   - math.exp(0.5) * math.erfc(1 / math.sqrt(2)) + 0.5))

# The smallest values of GELU (tanh form) and of swish with β = 1. For swish, f′ = 0 means z(1 − σ(z)) = −1,
# and the minimum is −w with w e^w = 1/e. Both ends are checked by minimization in the tests.
_GELU_MIN = -0.17004075057125412
_SWISH_MIN = -0.27846454276107374


# The activations ---------------------------------------------------------------------------------------------

identity = Activation("identity", _identity, _d_identity)
"""f(z) = z: a linear unit; the usual output layer, whose nonlinearity is then part of the loss."""

sigmoid = Activation("sigmoid", _sigmoid, _d_sigmoid, range=(0.0, 1.0))
"""f(z) = 1/(1 + e^{−z}), f′ = a(1 − a) ≤ 1/4. Not centred: f(0) = 1/2."""

tanh = Activation("tanh", np.tanh, _d_tanh, range=(-1.0, 1.0))
"""f(z) = tanh z, f′ = 1 − a²."""

scaled_tanh = Activation("scaled_tanh", _scaled_tanh, _d_scaled_tanh, range=(-_A, _A))
"""f(z) = 1.7159 tanh(2z/3), with f(±1) ≈ ±1. LeCun, Bottou, Orr & Müller 1998, *Efficient BackProp*."""

relu = Activation("relu", _relu, _d_relu, kinks=(0.0,), range=(0.0, math.inf))
"""f(z) = max(z, 0), f′ = 1 for z > 0, else 0; the value f′(0) = 0 is a convention. Nair & Hinton 2010."""

selu = Activation("selu", partial(_elu, alpha=SELU_ALPHA, scale=SELU_LAMBDA),
                  partial(_d_elu, alpha=SELU_ALPHA, scale=SELU_LAMBDA),
                  kinks=(0.0,), range=(-SELU_LAMBDA * SELU_ALPHA, math.inf))
"""f(z) = λz for z > 0, λα(e^z − 1) below; λ = 1.0507…, α = 1.6732…. Klambauer et al. 2017, eq. 2 and 14."""

gelu = Activation("gelu", _gelu, _d_gelu, range=(_GELU_MIN, math.inf))
"""f(z) = ½z(1 + tanh(√(2/π)(z + 0.044715 z³))): the *tanh form* of zΦ(z), which differs by up to 5e-4.
Hendrycks & Gimpel 2016. PyTorch: gelu(approximate="tanh"); Keras: gelu(approximate=True)."""

softplus = Activation("softplus", _softplus, _d_softplus, range=(0.0, math.inf))
"""f(z) = ln(1 + e^z), f′ = σ(z): a smooth ReLU. Dugas et al. 2001."""

softsign = Activation("softsign", _softsign, _d_softsign, kinks=(0.0,), range=(-1.0, 1.0))
"""f(z) = z/(1 + |z|), f′ = 1/(1 + |z|)²: tanh's shape with polynomial tails; f″ jumps at 0.
Bergstra, Desjardins, Lamblin & Bengio 2009, as used by Glorot & Bengio 2010."""

hard_tanh = Activation("hard_tanh", _hard_tanh, _d_hard_tanh, kinks=(-1.0, 1.0), range=(-1.0, 1.0))
"""f(z) = min(max(z, −1), 1), f′ = 1 for |z| < 1, else 0. Collobert 2004."""


def leaky_relu(slope: float = 0.01) -> Activation:
    """f(z) = z for z > 0, slope · z below. Maas, Hannun & Ng 2013. 0 ≤ slope < 1, else ValueError.

    PyTorch's default slope is 0.01, Keras' is 0.3 in the layer (0.2 in the function).
    """
    slope = checks.number("slope", slope, least=0, below=1)
    low = 0.0 if slope == 0 else -math.inf
    return Activation(f"leaky_relu({slope:g})", partial(_leaky_relu, slope=slope),
                      partial(_d_leaky_relu, slope=slope), kinks=(0.0,), range=(low, math.inf))


def elu(alpha: float = 1.0) -> Activation:
    """f(z) = z for z > 0, α(e^z − 1) below; α > 0, else ValueError. Clevert, Unterthiner & Hochreiter 2016."""
    alpha = checks.number("alpha", alpha, above=0)
    return Activation(f"elu({alpha:g})", partial(_elu, alpha=alpha), partial(_d_elu, alpha=alpha),
                      kinks=(0.0,), range=(-alpha, math.inf))


def swish(beta: float = 1.0) -> Activation:
    """f(z) = z σ(βz), f′ = σ(βz) + βz σ(βz)(1 − σ(βz)); β > 0, else ValueError.

    Ramachandran, Zoph & Le 2017; β = 1 is the SiLU of Elfwing, Uchibe & Doya 2018.
    """
    beta = checks.number("beta", beta, above=0)
    return Activation(f"swish({beta:g})", partial(_swish, beta=beta), partial(_d_swish, beta=beta),
                      range=(_SWISH_MIN / beta, math.inf))


# By name -----------------------------------------------------------------------------------------------------

_OBJECTS = {f.name: f for f in (identity, sigmoid, tanh, scaled_tanh, relu, selu, gelu, softplus, softsign, hard_tanh)}
_FACTORIES = {"leaky_relu": leaky_relu, "elu": elu, "swish": swish}


def named(value: Any) -> Activation:
    """The activation itself, or that of this name ("relu"); leaky_relu, elu and swish stand for their default settings.

    Raises TypeError or ValueError for anything else.
    """
    if value is softmax or (isinstance(value, str) and value == "softmax"):
        raise ValueError("softmax is no activation of a layer: losses.softmax_cross_entropy applies it to the outputs "
                         "of a linear last layer, so leave the activation out there")
    if isinstance(value, str):
        if value not in _OBJECTS | _FACTORIES:
            raise ValueError("expected activation to be one of "
                             f"{', '.join(_OBJECTS | _FACTORIES)}, got {value!r}")
        value = _OBJECTS.get(value) or _FACTORIES[value]
    if any(value is factory for factory in _FACTORIES.values()):
        value = value()
    return required(value)


def required(value: Any) -> Activation:
    """`value`, if it is an activation. Raises TypeError otherwise."""
    if not isinstance(value, Activation):
        factory = any(value is one for one in _FACTORIES.values())
        hint = ("this function makes one, call it, as in leaky_relu()" if factory else
                "one of your own is activations.Activation(name, f, df)")
        raise TypeError(f"expected an activation such as activations.relu, got {value!r}: {hint}")
    return value
