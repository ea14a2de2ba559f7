"""From a gradient to a step: each optimizer is its paper's formula on vectors.

    state = opt.init(params, decay_mask)        a dict of vectors, which the optimizer keeps from step to step
    opt.step(params, grads, state)              changes params and state in place

An optimizer holds settings only; what it has computed for one network is in `state`, so that it can be
used for another as if new. Definitions and defaults are PyTorch's, but for weight decay, which is always *decoupled*
(Loshchilov & Hutter 2019): before the step, p ← p − η λ mask ⊙ p, and the gradient does not contain it. (The paper's
Algorithm 2 puts the schedule's factor alone before λ; η λ, with the learning rate, is PyTorch's form.)
An L1 penalty λ₁ Σ|p| over the same mask is decoupled too, as a *proximal* step after the optimizer's:

    p ← S(p, η λ₁),      S(p, t) = sign(p) · max(|p| − t, 0) = p − clip(p, −t, t),      the soft threshold.

S(p, t) is the q at which ½(q − p)² + t|q| is smallest. It makes weights exactly 0, and gradient descent with it
converges to the minimum of C + λ₁ Σ|p|. A step along the subgradient, g + λ₁ sign(p), jumps over 0 and makes no weight
0. With momentum μ a steady gradient moves p by η g/(1 − μ), so the minimum is that of C + (1 − μ) λ₁ Σ|p|; Adam and
RMSprop divide g, but not λ₁. Daubechies, Defrise & De Mol 2004; Duchi & Singer 2009, for gradients of batches.

With g = ∂C/∂p, η the learning rate, t = 1, 2, … the number of the step. All raise TypeError or ValueError for
settings out of range. Learning-rate schedules stand in schedules.py.
"""

from __future__ import annotations

import math
from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar

import numpy as np

from minnet import checks
from minnet.arrays import pieces
from minnet.schedules import constant, cosine, exponential, linear_warmup, step_decay

__all__ = ["SGD", "Adam", "AdamW", "Optimizer", "RMSprop", "State", "clip_by_norm", "constant", "cosine", "exponential",
           "linear_warmup", "step_decay"]

State = dict[str, Any]


@dataclass(frozen=True)
class Optimizer:
    """What the optimizers share: a learning rate, decoupled weight decay and L1 penalty, and the count of steps.

    `vectors` names the vectors in `state`, `squares` those of them that average g² and are therefore ≥ 0. One of your
    own defines them and `update`.
    """

    learning_rate: float
    _: KW_ONLY
    weight_decay: float = 0.0
    l1: float = 0.0

    vectors: ClassVar[tuple[str, ...]] = ()
    squares: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        checks.number("learning_rate", self.learning_rate, above=0)
        checks.number("weight_decay", self.weight_decay, least=0)
        checks.number("l1", self.l1, least=0)

    def init(self, params: np.ndarray, decay_mask: np.ndarray | None = None) -> State:
        """A fresh state for a vector of this size. decay_mask (P,) bool: what weight decay and l1 shrink; None: all."""
        if type(params) is not np.ndarray or params.dtype.kind != "f":
            raise TypeError(f"expected params to be a vector of floats, such as net.params, got {params!r}")
        if params.ndim != 1:
            raise ValueError(f"expected params to be a vector, got shape {params.shape}: use params.ravel()")
        checks.not_zero_in(params.dtype, getattr(self, "epsilon", 1.0))
        return {"t": 0, "decay_mask": _mask(decay_mask, params)} | {
            name: np.zeros(len(params), params.dtype) for name in self.vectors}

    def step(self, params: np.ndarray, grads: np.ndarray, state: State, *, factor: float = 1.0) -> None:
        """Step number t + 1, in place; `factor` is the schedule's, on the learning rate."""
        try:
            if params.shape != grads.shape:
                raise ValueError(f"expected grads of params' shape {params.shape}, got {grads.shape}")
            parts = pieces(params, grads, state["decay_mask"], *[state[v] for v in self.vectors])
            state["t"] += 1
        except (AttributeError, KeyError, TypeError) as error:
            raise TypeError("expected params and grads to be vectors, such as net.params and net.grads, and state to "
                            f"come from init of this {type(self).__name__}, got {error!r}") from error
        rate, decay, l1 = float(self.learning_rate * factor), float(self.weight_decay), float(self.l1)
        for p, g, mask, *vectors in parts:
            if decay:
                p -= rate * decay * (mask * p)
            self.update(p, g, rate, state["t"], *vectors)
            if l1:
                p -= mask * p.clip(-rate * l1, rate * l1)

    def update(self, p: np.ndarray, g: np.ndarray, rate: float, t: int, *vectors: np.ndarray) -> None:
        """The formula: step t on p and on the vectors, in place."""
        raise NotImplementedError


@dataclass(frozen=True)
class SGD(Optimizer):
    """v ← μ v + g,  p ← p − η v;  Nesterov: p ← p − η (g + μ v).

    μ = momentum, 0 ≤ μ < 1; μ = 0 is plain gradient descent. Polyak 1964, Sutskever et al. 2013 for Nesterov's form.
    The rate stands outside v, as in PyTorch, so that a schedule acts at once. PyTorch: SGD(lr, momentum, nesterov=…).
    """

    learning_rate: float = 1e-3
    _: KW_ONLY
    momentum: float = 0.0
    nesterov: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        checks.number("momentum", self.momentum, least=0, below=1)
        if checks.boolean("nesterov", self.nesterov) and not self.momentum:
            raise ValueError("expected momentum > 0 with nesterov=True, got 0: there is nothing to look ahead along")

    @property
    def vectors(self) -> tuple[str, ...]:  # type: ignore[override]
        return ("v",) if self.momentum else ()

    def update(self, p: np.ndarray, g: np.ndarray, rate: float, t: int, *vectors: np.ndarray) -> None:
        if not self.momentum:
            p -= rate * g
            return
        mu, (v,) = float(self.momentum), vectors
        v *= mu
        v += g
        p -= rate * (g + mu * v if self.nesterov else v)


@dataclass(frozen=True)
class RMSprop(Optimizer):
    """s ← α s + (1 − α) g²,  p ← p − η g/(√s + ε).

    0 ≤ α < 1, ε > 0 outside the root, as in PyTorch and unlike Keras. Tieleman & Hinton 2012, lecture 6.5.
    """

    learning_rate: float = 1e-2
    _: KW_ONLY
    alpha: float = 0.99
    epsilon: float = 1e-8

    vectors: ClassVar[tuple[str, ...]] = ("s",)
    squares: ClassVar[tuple[str, ...]] = ("s",)

    def __post_init__(self) -> None:
        super().__post_init__()
        checks.number("alpha", self.alpha, least=0, below=1)
        checks.number("epsilon", self.epsilon, above=0)

    def update(self, p: np.ndarray, g: np.ndarray, rate: float, t: int, *vectors: np.ndarray) -> None:
        alpha, (s,) = float(self.alpha), vectors
        s *= alpha
        s += (1 - alpha) * g * g
        p -= rate * g / (np.sqrt(s) + float(self.epsilon))


@dataclass(frozen=True)
class Adam(Optimizer):
    """m ← β₁ m + (1 − β₁) g,  v ← β₂ v + (1 − β₂) g²,  p ← p − η m̂/(√v̂ + ε).

    m̂ = m/(1 − β₁ᵗ) and v̂ = v/(1 − β₂ᵗ) undo the start from zero. ε > 0 stands outside the root and after the
    correction, as in the paper's Algorithm 1 and in PyTorch (Keras applies it before the correction).
    0 ≤ β₁, β₂ < 1. Kingma & Ba 2015, Algorithm 1.
    """

    learning_rate: float = 1e-3
    _: KW_ONLY
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    vectors: ClassVar[tuple[str, ...]] = ("m", "v")
    squares: ClassVar[tuple[str, ...]] = ("v",)

    def __post_init__(self) -> None:
        super().__post_init__()
        checks.number("beta1", self.beta1, least=0, below=1)
        checks.number("beta2", self.beta2, least=0, below=1)
        checks.number("epsilon", self.epsilon, above=0)

    def update(self, p: np.ndarray, g: np.ndarray, rate: float, t: int, *vectors: np.ndarray) -> None:
        beta1, beta2, (m, v) = float(self.beta1), float(self.beta2), vectors
        m *= beta1
        m += (1 - beta1) * g
        v *= beta2
        v += (1 - beta2) * g * g
        m_scale, root_scale = 1 / (1 - beta1**t), 1 / math.sqrt(1 - beta2**t)                # of m̂ and of √v̂
        p -= (rate * m_scale) * m / (root_scale * np.sqrt(v) + float(self.epsilon))


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam with weight decay λ = 0.01 by default. Since decay is decoupled here, Adam(weight_decay=λ) is the same.

    p ← p − η λ mask ⊙ p, then Adam's step. Loshchilov & Hutter 2019, Algorithm 2; PyTorch decays biases too unless
    told otherwise, the mask of a `Network` leaves them out.
    """

    _: KW_ONLY
    weight_decay: float = 0.01


def clip_by_norm(grads: np.ndarray, max_norm: float) -> float:
    """g ← g · min(1, max_norm/‖g‖) in place; returns ‖g‖ before. ‖·‖ is over the whole vector.

    Pascanu, Mikolov & Bengio 2013, Algorithm 1. The sum runs in float64: a float32 gradient of norm 1e20 has a square
    that float32 cannot hold. A norm that is not finite is returned, and nothing scaled. Raises TypeError where grads is
    no vector of floats, ValueError where max_norm is not > 0.
    """
    checks.number("max_norm", max_norm, above=0)
    if type(grads) is not np.ndarray or grads.ndim != 1 or grads.dtype.kind != "f":
        raise TypeError(f"expected grads to be a vector of floats, such as net.grads, got {grads!r}")
    norm = math.sqrt(np.einsum("i,i->", grads, grads, dtype=np.float64))
    if max_norm < norm < math.inf:
        grads *= max_norm / norm
    return norm


def _mask(mask: Any, params: np.ndarray) -> np.ndarray:
    """The decay mask as an array (P,) bool; all True for None."""
    found: np.ndarray = np.ones(len(params), bool) if mask is None else checks.array("decay_mask", mask)
    if found.shape != params.shape:
        raise ValueError(f"expected decay_mask of params' shape {params.shape}, got {found.shape}")
    if found.dtype != bool:
        raise TypeError(f"expected decay_mask to hold True and False, got dtype {found.dtype}")
    return found
