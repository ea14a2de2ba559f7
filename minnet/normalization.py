"""Layers that give their features mean 0 and variance 1: over the batch (BatchNorm) or in each example (LayerNorm)."""

# numpy types what a ufunc returns as Any:
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from minnet import checks
from minnet.layer import Layer
from minnet.parameters import Cache, parameter, statistic


class Normalization(Layer):
    """What both share: γ and β (features,), 1 and 0 at first, after x̂ has mean 0 and variance 1."""

    features: int
    epsilon: float

    draws: ClassVar[bool] = False
    gamma, dgamma = parameter("features")
    beta, dbeta = parameter("features")
    normalized, inverse_std = Cache(), Cache()

    def __post_init__(self) -> None:
        self.features = checks.count("features", self.features)
        self.epsilon = checks.number("epsilon", self.epsilon, above=0)

    def widths(self) -> tuple[int | None, int | None]:
        return self.features, self.features

    def reset(self, rng: np.random.Generator) -> None:
        checks.not_zero_in(self.gamma.dtype, self.epsilon)
        self.gamma, self.beta = 1, 0


@dataclass(eq=False, repr=False)
class BatchNorm(Normalization):
    """a = γ x̂ + β with x̂ = (x − μ)/√(σ² + ε), per feature; μ, σ² of the batch in training.

    x, a (n, features). In training μ and σ² are the batch's (σ² divided by n), and the running statistics follow:
    running ← (1 − momentum) · running + momentum · batch, the running variance with the unbiased σ² · n/(n − 1).
    Prediction uses the running ones. γ = 1, β = 0 at first; defaults and conventions are PyTorch's. In training

        ∂C/∂x = γ/√(σ² + ε) · (da − mean(da) − x̂ · mean(da ⊙ x̂)):

    the two means are the paths through μ and σ². Raises ValueError in training on a batch of one.
    Ioffe & Szegedy 2015, Algorithms 1 and 2.
    """

    features: int
    momentum: float = 0.1
    epsilon: float = 1e-5

    running_mean, running_var = statistic("features"), statistic("features")
    batch_statistics = Cache()                           # whether the last forward pass used the batch's μ and σ²

    def __post_init__(self) -> None:
        super().__post_init__()
        self.momentum = checks.number("momentum", self.momentum, above=0, most=1)

    def reset(self, rng: np.random.Generator) -> None:
        super().reset(rng)
        self.running_mean, self.running_var = 0, 1

    def __call__(self, x: np.ndarray) -> np.ndarray:
        normalized = (x - self.running_mean) / np.sqrt(self.running_var + self.epsilon)
        return self.gamma * normalized + self.beta

    def forward(self, x: np.ndarray, training: bool = False, rng: np.random.Generator | None = None) -> np.ndarray:
        mean, var = self.running_mean, self.running_var
        if training:
            n = len(x)
            if n == 1:
                raise ValueError("BatchNorm cannot train on a batch of one, whose variance is 0: expected at least 2 "
                                 "examples, got 1")
            mean, var = x.mean(axis=0), x.var(axis=0)
            self.running_mean += self.momentum * (mean - self.running_mean)
            self.running_var += self.momentum * (var * (n / (n - 1)) - self.running_var)
        self.x, self.batch_statistics = x, training
        self.inverse_std = 1 / np.sqrt(var + self.epsilon)
        self.normalized = (x - mean) * self.inverse_std
        self.a = self.gamma * self.normalized + self.beta
        return self.a

    def backward(self, da: np.ndarray, input_gradient: bool = True) -> np.ndarray | None:
        self.dgamma = (da * self.normalized).sum(axis=0)
        self.dbeta = da.sum(axis=0)
        if self.batch_statistics:
            n = len(da)
            da = da - self.dbeta / n - self.normalized * (self.dgamma / n)
        return self.gamma * self.inverse_std * da


@dataclass(eq=False, repr=False)
class LayerNorm(Normalization):
    """a = γ x̂ + β with x̂ = (x − μ)/√(σ² + ε), per *example*: μ, σ² over its features, the same in prediction.

    x, a (n, features); σ² is divided by `features`. γ = 1, β = 0 at first, ε as in PyTorch. With g = γ ⊙ da,

        ∂C/∂x = (g − mean(g) − x̂ · mean(g ⊙ x̂))/√(σ² + ε),   means over the features.

    Ba, Kiros & Hinton 2016.
    """

    features: int
    epsilon: float = 1e-5

    def _normalize(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        inverse_std = 1 / np.sqrt(x.var(axis=1, keepdims=True) + self.epsilon)
        return (x - x.mean(axis=1, keepdims=True)) * inverse_std, inverse_std

    def __call__(self, x: np.ndarray) -> np.ndarray:
        return self.gamma * self._normalize(x)[0] + self.beta

    def forward(self, x: np.ndarray, training: bool = False, rng: np.random.Generator | None = None) -> np.ndarray:
        self.x = x
        self.normalized, self.inverse_std = self._normalize(x)
        self.a = self.gamma * self.normalized + self.beta
        return self.a

    def backward(self, da: np.ndarray, input_gradient: bool = True) -> np.ndarray | None:
        self.dgamma = (da * self.normalized).sum(axis=0)
        self.dbeta = da.sum(axis=0)
        g = self.gamma * da
        correlation = (g * self.normalized).mean(axis=1, keepdims=True)
        return (g - g.mean(axis=1, keepdims=True) - self.normalized * correlation) * self.inverse_std
