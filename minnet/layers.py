"""One layer: forward keeps what backward needs, backward turns ∂C/∂a into ∂C/∂x and the layer's gradients.

    a  = layer.forward(x)          x (n, fan_in),  a (n, fan_out); keeps layer.x, .z, .a
    dx = layer.backward(da)        da = ∂C/∂a,     dx = ∂C/∂x;     fills layer.dW, .db

Every backward pass is the derivative written out by hand. Gradients are overwritten at each pass, never accumulated.
Arrays are declared with `parameter`; the network that holds the layer makes them views into its vectors, so that
`layer.W = W0` copies numbers into the network. A layer's other attributes are its settings.

x and da are arrays of the network's dtype; the network checks them. `layer(x)` predicts and keeps nothing. In
`forward`, training=True switches on what differs in training (dropout's noise, batch statistics); a layer that draws
noise takes it from the pass's `rng`. BatchNorm and LayerNorm stand in normalization.py, dropout in dropout.py, an
activation as a layer in activation_layer.py, residual blocks in residual.py.
"""

# numpy types what a ufunc returns as Any:
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from minnet import activations, checks, initializers
from minnet.activation_layer import ActivationLayer
from minnet.arrays import sum_of_rows
from minnet.dropout import AlphaDropout, Dropout
from minnet.initializers import Initializer
from minnet.layer import Layer
from minnet.normalization import BatchNorm, LayerNorm
from minnet.parameters import Cache, parameter
from minnet.residual import LearnedScale, Residual

__all__ = ["Activation", "ActivationLayer", "AlphaDropout", "BatchNorm", "Dense", "Dropout", "Layer", "LayerNorm",
           "LearnedScale", "PReLU", "Residual"]


@dataclass(eq=False, repr=False)
class Dense(Layer):
    """z = x W + b, a = f(z): every unit sees every input.

    x (n, fan_in), W (fan_in, fan_out), b (fan_out,), z and a (n, fan_out). With δ = ∂C/∂z:

        δ = ∂C/∂a ⊙ f′(z),   dW = xᵀ δ,   db = Σ_i δ_i,   ∂C/∂x = δ Wᵀ       (Nielsen 2015, BP1–BP4)

    After the passes `.x .z .a .delta .dW .db` hold these arrays. `init(rng, (fan_in, fan_out))` draws W,
    `bias_init(rng, (fan_out,))` b. Activation and initializers may be given by name ("relu", "he_normal").
    Raises TypeError or ValueError for widths that are not whole numbers ≥ 1, for unknown names, and where an
    initializer returns another shape or numbers that are not finite.
    """

    fan_in: int
    fan_out: int
    activation: activations.Activation = activations.identity
    init: Initializer = initializers.glorot_uniform
    bias_init: Initializer = initializers.zeros

    W, dW = parameter("fan_in", "fan_out", decays=True)
    b, db = parameter("fan_out")
    z, delta = Cache(), Cache()

    def __post_init__(self) -> None:
        self.fan_in, self.fan_out = checks.count("fan_in", self.fan_in), checks.count("fan_out", self.fan_out)
        self.activation = activations.named(self.activation)
        self.init = initializers.named("init", self.init)
        self.bias_init = initializers.named("bias_init", self.bias_init)

    def widths(self) -> tuple[int | None, int | None]:
        return self.fan_in, self.fan_out

    @property
    def kinks(self) -> tuple[float, ...]:
        return self.activation.kinks

    def reset(self, rng: np.random.Generator) -> None:
        self.W = initializers.drawn(self.init, rng, self.W)
        self.b = initializers.drawn(self.bias_init, rng, self.b)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        return self.activation.f(x.dot(self.W) + self.b)

    def forward(self, x: np.ndarray, training: bool = False, rng: np.random.Generator | None = None) -> np.ndarray:
        self.x = x
        self.z = z = x.dot(self.W)                       # x.dot(W) is x @ W with less overhead
        z += self.b
        self.a = a = self.activation.f(z)
        return a

    def backward(self, da: np.ndarray, input_gradient: bool = True) -> np.ndarray | None:
        linear = self.activation.df is activations.identity.df            # then f′ = 1 and δ = ∂C/∂a
        self.delta = delta = da if linear else da * self.activation.df(self.z, self.a)
        self.x.T.dot(delta, out=self.dW)                 # out: written straight into net.grads
        sum_of_rows(delta, out=self.db)
        return delta.dot(self.W.T) if input_gradient else None


Activation = ActivationLayer           # its name before; `activations.Activation` is the function f with its derivative


@dataclass(eq=False, repr=False)
class PReLU(Layer):
    """a = z for z > 0, slope · z below, the slope learned: one per unit, or PReLU(1) shares one among all.

    Its input is called z (n, features); slope (features,) starts at 0.25 and never decays: decay would pull it to 0,
    towards ReLU. dslope = Σ_i [z ≤ 0] z ∂C/∂a. He, Zhang, Ren & Sun 2015, eq. 1 and §2.1.
    It follows a linear layer: Dense(n, features), PReLU(features).
    """

    features: int
    initial_slope: float = 0.25

    draws: ClassVar[bool] = False
    slope, dslope = parameter("features")
    z, delta = Cache(), Cache()

    def __post_init__(self) -> None:
        self.features = checks.count("features", self.features)
        self.initial_slope = checks.number("initial_slope", self.initial_slope)

    def widths(self) -> tuple[int | None, int | None]:
        return (self.features, self.features) if self.features > 1 else (None, None)

    @property
    def kinks(self) -> tuple[float, ...]:
        return (0.0,)

    def reset(self, rng: np.random.Generator) -> None:
        self.slope = self.initial_slope

    def __call__(self, x: np.ndarray) -> np.ndarray:
        return x.clip(0, math.inf) + self.slope * x.clip(-math.inf, 0)

    def forward(self, x: np.ndarray, training: bool = False, rng: np.random.Generator | None = None) -> np.ndarray:
        self.z, self.a = x, self(x)
        return self.a

    def backward(self, da: np.ndarray, input_gradient: bool = True) -> np.ndarray | None:
        per_unit = (da * self.z.clip(-math.inf, 0)).sum(axis=0)
        self.dslope = per_unit if self.features > 1 else per_unit.sum()
        self.delta = da * ((self.z > 0) + self.slope * (self.z <= 0))
        return self.delta
