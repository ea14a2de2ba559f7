"""An activation as a layer of its own."""

# numpy types what a ufunc returns as Any:
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from minnet import activations
from minnet.layer import Layer
from minnet.parameters import Cache


@dataclass(eq=False, repr=False)
class ActivationLayer(Layer):
    """a = f(z) as a layer of its own, where something stands between the product and f (BatchNorm, dropout).

    Its input is called z. z and a (n, features), δ = ∂C/∂z = ∂C/∂a ⊙ f′(z). `Network([Dense(64, 32), BatchNorm(32),
    activations.relu, …])` makes one of each activation in the list.
    """

    activation: activations.Activation

    draws: ClassVar[bool] = False
    z, delta = Cache(), Cache()

    def __post_init__(self) -> None:
        self.activation = activations.named(self.activation)

    @property
    def kinks(self) -> tuple[float, ...]:
        return self.activation.kinks

    def __call__(self, x: np.ndarray) -> np.ndarray:
        return self.activation.f(x)

    def forward(self, x: np.ndarray, training: bool = False, rng: np.random.Generator | None = None) -> np.ndarray:
        self.z = x
        self.a = self.activation.f(x)
        return self.a

    def backward(self, da: np.ndarray, input_gradient: bool = True) -> np.ndarray | None:
        self.delta = delta = da * self.activation.df(self.z, self.a)
        return delta
