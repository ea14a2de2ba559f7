"""Dropout: noise in training that switches units off at random, the identity in prediction."""

# numpy types what a ufunc returns as Any:
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from minnet import checks
from minnet.activations import SELU_ALPHA, SELU_LAMBDA
from minnet.layer import Layer
from minnet.parameters import Cache


@dataclass(eq=False, repr=False)
class Dropout(Layer):
    """a = m ⊙ x/(1 − rate), m = 0 with probability `rate`, else 1: noise in training, the identity in prediction.

    *Inverted* dropout: dividing in training keeps E[a] = x, so that prediction needs no correction.
    x, a (n, features), 0 ≤ rate < 1, else ValueError. Backward: ∂C/∂x = m ⊙ ∂C/∂a/(1 − rate).
    Srivastava, Hinton, Krizhevsky, Sutskever & Salakhutdinov 2014, who scale at prediction instead (§10 names both).
    """

    rate: float = 0.5

    draws: ClassVar[bool] = False
    noisy: ClassVar[bool] = True
    factor = Cache()                                     # ∂a/∂x, entry by entry; None in prediction

    def __post_init__(self) -> None:
        self.rate = checks.number("rate", self.rate, least=0, below=1)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        return x

    def forward(self, x: np.ndarray, training: bool = False, rng: np.random.Generator | None = None) -> np.ndarray:
        self.x, self.factor = x, None
        if training:
            self.factor = self._kept(x, rng) * x.dtype.type(1 / (1 - self.rate))      # m/(1 − rate)
        self.a = x if self.factor is None else x * self.factor
        return self.a

    def backward(self, da: np.ndarray, input_gradient: bool = True) -> np.ndarray | None:
        return da if self.factor is None else da * self.factor

    def _kept(self, x: np.ndarray, rng: np.random.Generator | None) -> np.ndarray:
        """m: True with probability 1 − rate, independently for every entry of x."""
        if rng is None:
            raise ValueError(f"{self!r} draws noise in training: expected rng, got None; pass rng=0 or a Generator")
        return rng.random(x.shape, dtype=x.dtype.type) >= self.rate


@dataclass(eq=False, repr=False)
class AlphaDropout(Dropout):
    """a = s · (m ⊙ x + (1 − m) α′) + t: dropout that keeps mean 0 and variance 1, for SELU networks.

    A dropped unit is set to SELU's lower limit α′ = −λα, not to 0. With q = 1 − rate the probability of m = 1,

        s = (q + α′² q(1 − q))^(−1/2),   t = −s (1 − q) α′

    bring mean and variance back to 0 and 1. x, a (n, features), 0 ≤ rate < 1; the paper uses 0.05 and 0.1.
    Backward: ∂C/∂x = s m ⊙ ∂C/∂a. Klambauer, Unterthiner, Mayr & Hochreiter 2017, "New Dropout Technique".
    """

    rate: float = 0.05

    def forward(self, x: np.ndarray, training: bool = False, rng: np.random.Generator | None = None) -> np.ndarray:
        self.x, self.factor = x, None
        if not training:
            self.a = x
            return x
        q, low = 1 - self.rate, -SELU_LAMBDA * SELU_ALPHA
        s = (q + low**2 * q * (1 - q)) ** -0.5
        t = -s * (1 - q) * low
        m = self._kept(x, rng)
        self.factor = m * x.dtype.type(s)
        self.a = s * (m * x + ~m * x.dtype.type(low)) + t
        return self.a
