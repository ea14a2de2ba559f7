"""One layer: forward keeps what backward needs, backward turns ∂C/∂a into ∂C/∂x and the layer's gradients.

    a  = layer.forward(x)          x (n, fan_in),  a (n, fan_out), caches layer.x, .z, .a
    dx = layer.backward(da)        da = ∂C/∂a,     dx = ∂C/∂x,     fills layer.dW, .db

Every backward pass below is the derivative written out by hand. Gradients are overwritten at each pass, never
accumulated. A layer owns no memory: its parameters are views into the one vector of the network that it is
placed in, so that an optimizer, a norm or a file sees all of them as one array. Assigning to one
(`layer.W = W0`) copies into that vector.

x and da are arrays of the network's dtype, which the network sees to. `layer(x)` predicts and touches no cache. In
`forward`, training=True switches on what differs between training and prediction (dropout's noise, batch statistics);
a layer that draws noise takes it from the `rng` of the pass.
"""

# numpy types what a ufunc returns as Any:
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from minnet import activations, checks, memory
from minnet.initializers import Initializer, glorot_uniform, zeros
from minnet.layer import Layer, view
from minnet.reporting import described


@dataclass(eq=False, repr=False)
class Dense(Layer):
    """z = x W + b, a = f(z): every unit sees every input.

    x (n, fan_in), W (fan_in, fan_out), b (fan_out,), z and a (n, fan_out). With δ = ∂C/∂z:

        δ = ∂C/∂a ⊙ f′(z),   dW = xᵀ δ,   db = Σ_i δ_i,   ∂C/∂x = δ Wᵀ       (Nielsen 2015, BP1–BP4)

    After the passes `.x .z .a .delta .dW .db` hold these arrays. `init(rng, (fan_in, fan_out))` draws W,
    `bias_init(rng, (fan_out,))` b. Raises TypeError or ValueError for widths that are not whole numbers ≥ 1, and
    where an initializer returns another shape or numbers that are not finite.
    """

    fan_in: int
    fan_out: int
    activation: activations.Activation = activations.identity
    init: Initializer = glorot_uniform
    bias_init: Initializer = zeros

    decayed: ClassVar[tuple[str, ...]] = ("W",)
    cached: ClassVar[tuple[str, ...]] = ("x", "z", "a", "delta")
    W, dW, b, db = view("W"), view("dW"), view("b"), view("db")

    def __post_init__(self) -> None:
        self.fan_in = checks.count("fan_in", self.fan_in)
        self.fan_out = checks.count("fan_out", self.fan_out)
        activations.required(self.activation)
        for name in ("init", "bias_init"):
            if not callable(getattr(self, name)):
                raise TypeError(f"expected {name} to be a function of (rng, shape), such as initializers.he_normal, "
                                f"got {getattr(self, name)!r}")

    def widths(self) -> tuple[int | None, int | None]:
        return self.fan_in, self.fan_out

    @property
    def kinks(self) -> tuple[float, ...]:
        return self.activation.kinks

    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {"W": (self.fan_in, self.fan_out), "b": (self.fan_out,)}

    def reset(self, rng: np.random.Generator) -> None:
        _draw(self.W, self.init, rng)
        _draw(self.b, self.bias_init, rng)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        return self.activation.f(x.dot(self.W) + self.b)

    def forward(self, x: np.ndarray, training: bool = False, rng: np.random.Generator | None = None) -> np.ndarray:
        self.x, self.z = x, x.dot(self.W)                                 # .dot is @ with less overhead
        self.z += self.b
        self.a = self.activation.f(self.z)
        return self.a

    def backward(self, da: np.ndarray, input_gradient: bool = True) -> np.ndarray | None:
        linear = self.activation.df is activations.identity.df            # then f′ = 1 and δ = ∂C/∂a
        self.delta = da if linear else da * self.activation.df(self.z, self.a)
        self.x.T.dot(self.delta, out=self.dW)                             # dW = xᵀδ, straight into net.grads
        memory.ones(len(da), da.dtype).dot(self.delta, out=self.db)       # db = 1ᵀδ: a sum over the examples
        return self.delta.dot(self.W.T) if input_gradient else None


@dataclass(eq=False, repr=False)
class Activation(Layer):
    """a = f(z) as a layer of its own, where something stands between the product and f (BatchNorm, Dropout).

    Its input is called z. z and a (n, features), δ = ∂C/∂z = ∂C/∂a ⊙ f′(z).
    """

    activation: activations.Activation

    draws: ClassVar[bool] = False
    cached: ClassVar[tuple[str, ...]] = ("z", "a", "delta")

    def __post_init__(self) -> None:
        activations.required(self.activation)

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
        self.delta: np.ndarray = da * self.activation.df(self.z, self.a)
        return self.delta


@dataclass(eq=False, repr=False)
class PReLU(Layer):
    """a = z for z > 0, slope · z below, the slope learned: one per unit, or PReLU(1) shares one among all.

    Its input is called z (n, features); slope (features,), started at 0.25 and never decayed: decay would pull
    it to 0, towards ReLU. dslope = Σ_i [z ≤ 0] z ∂C/∂a. He, Zhang, Ren & Sun 2015, eq. 1 and §2.1.
    Follows a linear layer: Dense(n, features), PReLU(features).
    """

    features: int
    initial_slope: float = 0.25

    draws: ClassVar[bool] = False
    cached: ClassVar[tuple[str, ...]] = ("z", "a", "delta")
    slope, dslope = view("slope"), view("dslope")

    def __post_init__(self) -> None:
        self.features = checks.count("features", self.features)
        self.initial_slope = checks.number("initial_slope", self.initial_slope)

    def widths(self) -> tuple[int | None, int | None]:
        return (self.features, self.features) if self.features > 1 else (None, None)

    @property
    def kinks(self) -> tuple[float, ...]:
        return (0.0,)

    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {"slope": (self.features,)}

    def reset(self, rng: np.random.Generator) -> None:
        self.slope[...] = self.initial_slope

    def __call__(self, x: np.ndarray) -> np.ndarray:
        return x.clip(0, math.inf) + self.slope * x.clip(-math.inf, 0)

    def forward(self, x: np.ndarray, training: bool = False, rng: np.random.Generator | None = None) -> np.ndarray:
        self.z, self.a = x, self(x)
        return self.a

    def backward(self, da: np.ndarray, input_gradient: bool = True) -> np.ndarray | None:
        per_unit = (da * self.z.clip(-math.inf, 0)).sum(axis=0)
        self.dslope[...] = per_unit if self.features > 1 else per_unit.sum()
        self.delta = da * ((self.z > 0) + self.slope * (self.z <= 0))
        return self.delta


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
    cached: ClassVar[tuple[str, ...]] = ("x", "a", "factor")

    def __post_init__(self) -> None:
        self.rate = checks.number("rate", self.rate, least=0, below=1)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        return x

    def forward(self, x: np.ndarray, training: bool = False, rng: np.random.Generator | None = None) -> np.ndarray:
        self.x, self.factor = x, None
        if training:
            self.factor = _kept(rng, x, self.rate) * x.dtype.type(1 / (1 - self.rate))      # m/(1 − rate)
        self.a = x if self.factor is None else x * self.factor
        return self.a

    def backward(self, da: np.ndarray, input_gradient: bool = True) -> np.ndarray | None:
        return da if self.factor is None else da * self.factor


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
        q, low = 1 - self.rate, -activations.SELU_LAMBDA * activations.SELU_ALPHA
        s = (q + low**2 * q * (1 - q)) ** -0.5
        t = -s * (1 - q) * low
        kept = _kept(rng, x, self.rate)
        self.factor = kept * x.dtype.type(s)
        self.a = s * (kept * x + ~kept * x.dtype.type(low)) + t
        return self.a


@dataclass(eq=False, repr=False)
class BatchNorm(Layer):
    """a = γ x̂ + β with x̂ = (x − μ)/√(σ² + ε), per feature; μ, σ² of the batch in training.

    x, a (n, features). In training μ and σ² are the batch's (σ² divided by n), and the running statistics follow:
    running ← (1 − momentum) · running + momentum · batch, the running variance with the unbiased σ² · n/(n − 1).
    Prediction uses the running ones. γ = 1, β = 0 at first; defaults and conventions are PyTorch's. In training

        ∂C/∂x = γ/√(σ² + ε) · (da − mean(da) − x̂ · mean(da ⊙ x̂)):

    the two means are what flows back through μ and σ². Raises ValueError in training on a batch of one.
    Ioffe & Szegedy 2015, Algorithms 1 and 2.
    """

    features: int
    momentum: float = 0.1
    epsilon: float = 1e-5

    draws: ClassVar[bool] = False
    cached: ClassVar[tuple[str, ...]] = ("x", "a", "normalized", "inverse_std", "batch_statistics")
    gamma, dgamma, beta, dbeta = view("gamma"), view("dgamma"), view("beta"), view("dbeta")
    running_mean, running_var = view("running_mean"), view("running_var")

    def __post_init__(self) -> None:
        self.features = checks.count("features", self.features)
        self.momentum = checks.number("momentum", self.momentum, above=0, most=1)
        self.epsilon = checks.number("epsilon", self.epsilon, above=0)

    def widths(self) -> tuple[int | None, int | None]:
        return self.features, self.features

    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {"gamma": (self.features,), "beta": (self.features,)}

    def state_shapes(self) -> dict[str, tuple[int, ...]]:
        return {"running_mean": (self.features,), "running_var": (self.features,)}

    def reset(self, rng: np.random.Generator) -> None:
        self.gamma[...], self.beta[...] = 1, 0
        self.running_mean[...], self.running_var[...] = 0, 1

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
        self.dgamma[...] = (da * self.normalized).sum(axis=0)
        self.dbeta[...] = da.sum(axis=0)
        if self.batch_statistics:
            n = len(da)
            da = da - self.dbeta / n - self.normalized * (self.dgamma / n)
        return self.gamma * self.inverse_std * da


@dataclass(eq=False, repr=False)
class LayerNorm(Layer):
    """a = γ x̂ + β with x̂ = (x − μ)/√(σ² + ε), per *example*: μ, σ² over its features, the same in prediction.

    x, a (n, features); σ² is divided by `features`. γ = 1, β = 0 at first, ε as in PyTorch. With g = γ ⊙ da,

        ∂C/∂x = (g − mean(g) − x̂ · mean(g ⊙ x̂))/√(σ² + ε),   means over the features.

    Ba, Kiros & Hinton 2016.
    """

    features: int
    epsilon: float = 1e-5

    draws: ClassVar[bool] = False
    cached: ClassVar[tuple[str, ...]] = ("x", "a", "normalized", "inverse_std")
    gamma, dgamma, beta, dbeta = view("gamma"), view("dgamma"), view("beta"), view("dbeta")

    def __post_init__(self) -> None:
        self.features = checks.count("features", self.features)
        self.epsilon = checks.number("epsilon", self.epsilon, above=0)

    def widths(self) -> tuple[int | None, int | None]:
        return self.features, self.features

    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {"gamma": (self.features,), "beta": (self.features,)}

    def reset(self, rng: np.random.Generator) -> None:
        self.gamma[...], self.beta[...] = 1, 0

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
        self.dgamma[...] = (da * self.normalized).sum(axis=0)
        self.dbeta[...] = da.sum(axis=0)
        g = self.gamma * da
        correlation = (g * self.normalized).mean(axis=1, keepdims=True)
        return (g - g.mean(axis=1, keepdims=True) - self.normalized * correlation) * self.inverse_std


def _kept(rng: np.random.Generator | None, x: np.ndarray, rate: float) -> np.ndarray:
    """True with probability 1 − rate, independently for every entry of x."""
    if rng is None:
        raise ValueError("dropout draws noise in training: expected rng, got None; pass rng=0 or a Generator")
    return rng.random(x.shape, dtype=x.dtype.type) >= rate


def _draw(array: np.ndarray, init: Initializer, rng: np.random.Generator) -> None:
    """Fill a W or b; this is where an initializer's float64 becomes the network's dtype."""
    values = np.asarray(init(rng, array.shape))
    if values.shape != array.shape:
        raise ValueError(f"expected {described(init)} to return an array of shape {array.shape}, got {values.shape}")
    if values.dtype.kind not in "fiu":
        raise TypeError(f"expected {described(init)} to return real numbers, got dtype {values.dtype}")
    with np.errstate(over="ignore"):
        array[...] = values
    if not np.isfinite(array).all():
        raise ValueError(f"expected {described(init)} to return numbers that are finite in {array.dtype}, got "
                         f"{array[~np.isfinite(array)][0]}")
