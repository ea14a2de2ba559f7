"""An autoencoder of one layer: it learns codes h from which x can be restored, with its gradients by hand.

    h = f(x̃ W + b)         x̃ (n, fan_in), h (n, units): the code of the damaged input, or of x itself
    z = h V + c            z (n, fan_in): compared with the clean x by the loss

Backward, with dz = ∂C/∂z from the loss:

    δ = (dz Vᵀ) ∘ f′         dc = Σ dz        db = Σ δ
    untied, V = U:           dW = x̃ᵀ δ                      dU = hᵀ dz
    tied, V = Wᵀ:            dW = x̃ᵀ δ + dzᵀ h              W encodes *and* decodes: one term for each use

Bengio, Lamblin, Popovici & Larochelle 2007; with damaged inputs: Vincent et al. 2010.
"""

# numpy types what a ufunc returns as Any:
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minnet import activations, checks, initializers
from minnet.activations import Activation
from minnet.arrays import sum_of_rows
from minnet.initializers import Initializer, glorot_uniform
from minnet.losses import Loss
from minnet.parameters import Model, parameter
from minnet.pretraining.corruption import Corruption, corrupted
from minnet.reporting import described

# f″ as a function of a = f(z): the gradient of the contractive penalty needs it.
_SECOND: dict[Activation, Callable[[np.ndarray], np.ndarray]] = {
    activations.sigmoid: lambda a: a * (1 - a) * (1 - 2 * a), activations.tanh: lambda a: -2 * a * (1 - a * a),
    activations.identity: np.zeros_like, activations.relu: np.zeros_like}


class Autoencoder(Model):
    """h = f(x W + b), z = h V + c: x (n, fan_in), h (n, units), z (n, fan_in) before the output function.

    The loss decides what z means: `losses.sigmoid_cross_entropy` compares σ(z) with x in [0, 1], `squared_error`
    compares z itself with any x. tied=True: V = Wᵀ, one array whose gradient has two terms. tied=False: V = U
    (units, fan_in), an array of its own.

    - corruption: a function (rng, x) → x̃ such as partial(masking, rate=0.25). It is called once, on a batch of ½, when
      the autoencoder is made, so that an error shows early.
    - contractive: the weight λ of the penalty λ · mean ‖∂h/∂x‖² = λ · mean_n Σ_j f′(z_nj)² Σ_i W_ij², which makes the
      code insensitive to small changes of x (Rifai, Vincent, Muller, Glorot & Bengio 2011); for sigmoid, tanh, ReLU
      and identity units.
    - sparse: the weight β of the penalty β Σ_j KL(ρ ‖ mean_n h_nj) with ρ = `sparsity`, which keeps the mean activation
      of each unit near ρ (Ng 2011, *Sparse Autoencoder*); for sigmoid units.

    `params`, `grads`: one vector (W, b, [U,] c). `rng` draws W, and U, from `init`. Train it with
    `fit(model, (x, x), loss=…, …)`. Raises TypeError or ValueError for settings out of range.
    """

    W, dW = parameter("fan_in", "units", decays=True)
    b, db = parameter("units")
    U, dU = parameter("untied_units", "fan_in", decays=True)
    c, dc = parameter("fan_in")

    def __init__(self, fan_in: int, units: int, activation: Activation = activations.sigmoid, *, tied: bool = True,
                 corruption: Corruption | None = None, contractive: float = 0.0, sparse: float = 0.0,
                 sparsity: float = 0.05, init: Initializer = glorot_uniform, rng: int | np.random.Generator,
                 dtype: Any = np.float32) -> None:
        self.fan_in, self.units = checks.count("fan_in", fan_in), checks.count("units", units)
        self.activation, self.corruption = activations.named(activation), corruption
        self.tied = checks.boolean("tied", tied)
        self.contractive = checks.number("contractive", contractive, least=0)
        self.sparse = checks.number("sparse", sparse, least=0)
        self.sparsity = checks.number("sparsity", sparsity, above=0, below=1)
        self._check_settings()
        self.untied_units = 0 if tied else self.units               # so that U is empty where the weights are tied
        self.allocate(dtype)
        if corruption is not None:
            corrupted(corruption, np.full((2, self.fan_in), 0.5, dtype), np.random.default_rng(0))
        first, second = checks.generator(rng).spawn(2)
        init = initializers.named("init", init)
        self.W = initializers.drawn(init, first, self.W)
        if not tied:
            self.U = initializers.drawn(init, second, self.U)

    def _check_settings(self) -> None:
        if not callable(self.corruption) and self.corruption is not None:
            raise TypeError("expected corruption to be a function of (rng, x), such as partial(masking, rate=0.25), "
                            f"got {self.corruption!r}")
        if self.contractive and self.activation not in _SECOND:
            raise ValueError(f"the contractive penalty needs f″: expected one of {', '.join(map(str, _SECOND))}, got "
                             f"{self.activation}; set contractive=0 for other units")
        if self.sparse and self.activation.range != (0.0, 1.0):
            raise ValueError("the sparsity penalty compares mean activations with a probability: expected sigmoid "
                             f"units, got {self.activation} with values in {self.activation.range}")

    @property
    def V(self) -> np.ndarray:
        """The decoder's weights (units, fan_in): Wᵀ where they are tied, else U."""
        return self.W.T if self.tied else self.U

    def encode(self, x: np.ndarray) -> np.ndarray:
        """h = f(x W + b), (n, units), of clean x."""
        z = checks.batch("x", x, self.fan_in, self.params.dtype).dot(self.W) + self.b
        return self.activation.f(z)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """z = h V + c (n, fan_in) for clean x; σ(z) is the reconstruction where the loss is a cross-entropy."""
        return self.encode(x).dot(self.V) + self.c

    def gradient(self, x: np.ndarray, y: np.ndarray, loss: Loss, *, training: bool = True,
                 rng: int | np.random.Generator | None = None) -> float:
        """Fill `grads` for inputs x (n, fan_in) and targets y, usually x itself; return the loss with its penalties.

        training=True damages x with the corruption, which draws from `rng`. Raises ValueError where rng is missing.
        """
        x = checks.batch("x", x, self.fan_in, self.params.dtype)
        if self.corruption is not None and checks.boolean("training", training):
            if rng is None:
                raise ValueError("the corruption draws noise in training: expected rng, got None; pass rng=0 or a "
                                 "Generator")
            x = corrupted(self.corruption, x, checks.generator(rng))
        z = x.dot(self.W)
        z += self.b
        h = self.activation.f(z)
        self.outputs = h.dot(self.V) + self.c
        try:
            value, dz = loss(self.outputs, y)
        except (TypeError, ValueError):
            checks.loss(loss)(self.outputs, y)
            raise
        dh = dz.dot(self.V.T)
        slope = self.activation.df(z, h)
        if self.sparse:
            value += self._add_sparsity(h, dh)
        delta = dh * slope
        if self.contractive:
            value += self._add_contraction(h, slope, delta)
        sum_of_rows(delta, out=self.db)
        sum_of_rows(dz, out=self.dc)
        if self.tied:                       # dW = x̃ᵀ δ + dzᵀ h, both terms in one product
            np.concatenate([x, dz]).T.dot(np.concatenate([delta, h]), out=self.dW)
        else:
            x.T.dot(delta, out=self.dW)
            h.T.dot(dz, out=self.dU)
        if self.contractive:                # the penalty depends on W directly too, not only through z
            self.dW += (2 * self.contractive / len(x)) * self.W * np.square(slope).sum(axis=0)
        return value

    def _add_sparsity(self, h: np.ndarray, dh: np.ndarray) -> float:
        """β Σ_j KL(ρ ‖ ρ̂_j) with ρ̂ the mean activation; adds its derivative to dh."""
        rho, mean = self.sparsity, h.mean(axis=0, dtype=np.float64).clip(1e-7, 1 - 1e-7)
        dh += (self.sparse / len(h)) * ((1 - rho) / (1 - mean) - rho / mean)
        return self.sparse * float((rho * np.log(rho / mean) + (1 - rho) * np.log((1 - rho) / (1 - mean))).sum())

    def _add_contraction(self, h: np.ndarray, slope: np.ndarray, delta: np.ndarray) -> float:
        """λ · mean_n Σ_j f′² w_j with w_j = Σ_i W_ij²; adds 2λ f′ f″ w_j/n, its derivative by z, to delta."""
        w = np.square(self.W).sum(axis=0)
        delta += (2 * self.contractive / len(h)) * slope * _SECOND[self.activation](h) * w
        return self.contractive * float(np.square(slope).sum(axis=0) @ w) / len(h)

    def __repr__(self) -> str:
        kind = "tied" if self.tied else "untied"
        settings = "".join(f", {name}={described(value)}" for name in ("corruption", "contractive", "sparse")
                           if (value := getattr(self, name)))
        return f"Autoencoder({self.fan_in}, {self.units}, {self.activation}, {kind}{settings})"
