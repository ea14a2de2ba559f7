"""From a gradient to a step: each optimizer is its paper's formula on vectors, and so is each schedule.

    state = opt.init(params, decay_mask)        a dict of vectors, the optimizer's memory
    opt.step(params, grads, state)              changes params and state in place

An optimizer is its settings and never changes; what it remembers of one network is in `state`, so that using it
for another carries nothing over. Definitions and defaults are PyTorch's, but for weight decay, which is always
*decoupled* (Loshchilov & Hutter 2019): before the step, p ← p − η λ mask ⊙ p, and the gradient knows nothing of it.
(The paper's Algorithm 2 puts the schedule's factor alone before λ; η λ, with the learning rate, is PyTorch's form.)
With g = ∂C/∂p, η the learning rate, t = 1, 2, … the number of the step. All raise TypeError or ValueError for
settings out of range.

A schedule is a function of the number of steps done, 0, 1, 2, …, to a factor on the learning rate. Its options are
set with functools.partial, `partial(cosine, steps=900)`, and schedules are multiplied:
`lambda t: linear_warmup(t, steps=100) * cosine(t, steps=900)`.
"""

from __future__ import annotations

import math
from dataclasses import KW_ONLY, dataclass
from typing import Any

import numpy as np

from minnet import checks
from minnet.memory import pieces

State = dict[str, Any]


@dataclass(frozen=True)
class Optimizer:
    """What the optimizers share: a learning rate, decoupled weight decay, and the count of steps."""

    learning_rate: float
    _: KW_ONLY
    weight_decay: float = 0.0

    @property
    def memory(self) -> tuple[str, ...]:
        """The names of the vectors that the optimizer keeps from step to step."""
        raise NotImplementedError

    def init(self, params: np.ndarray, decay_mask: np.ndarray | None = None) -> State:
        """A fresh memory for a vector of this size. decay_mask (P,) bool: what decays; None decays everything."""
        if np.ndim(params) != 1:
            raise ValueError(f"expected params to be a vector, got shape {np.shape(params)}: use params.ravel()")
        if decay_mask is not None and np.shape(decay_mask) != np.shape(params):
            raise ValueError(f"expected decay_mask of params' shape {np.shape(params)}, got {np.shape(decay_mask)}")
        state: State = {"t": 0, "decay_mask": decay_mask}
        return state | {name: np.zeros(len(params), params.dtype) for name in self.memory}

    def step(self, params: np.ndarray, grads: np.ndarray, state: State, *, factor: float = 1.0) -> None:
        """Step number t + 1, in place; `factor` is the schedule's, on the learning rate."""
        if params.shape != grads.shape:
            raise ValueError(f"expected grads of params' shape {params.shape}, got {grads.shape}")
        state["t"] += 1
        rate = float(self.learning_rate * factor)
        vectors = [state[name] for name in self.memory]
        mask = state["decay_mask"]
        for piece in pieces(len(params)):
            p, g = params[piece], grads[piece]
            if self.weight_decay:
                p -= rate * self.weight_decay * (p if mask is None else mask[piece] * p)
            self._update(p, g, rate, state["t"], *[vector[piece] for vector in vectors])

    def _update(self, p: np.ndarray, g: np.ndarray, rate: float, t: int, *memory: np.ndarray) -> None:
        """The formula: step t on the vector p and on the vectors named by `memory`, in place."""
        raise NotImplementedError

    def _set(self, name: str, **bounds: float) -> None:
        """The setting as a Python float: a numpy scalar would turn float32 vectors into float64."""
        object.__setattr__(self, name, checks.number(name, getattr(self, name), **bounds))

    def __post_init__(self) -> None:
        self._set("learning_rate", above=0)
        self._set("weight_decay", least=0)


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
        self._set("momentum", least=0, below=1)
        if not isinstance(self.nesterov, bool):
            raise TypeError(f"expected nesterov to be True or False, got {self.nesterov!r}")
        if self.nesterov and not self.momentum:
            raise ValueError("expected momentum > 0 with nesterov=True, got 0: there is nothing to look ahead along")

    @property
    def memory(self) -> tuple[str, ...]:
        return ("v",) if self.momentum else ()

    def _update(self, p: np.ndarray, g: np.ndarray, rate: float, t: int, *memory: np.ndarray) -> None:
        if not memory:
            p -= rate * g
            return
        (v,) = memory
        v *= self.momentum
        v += g
        p -= rate * (g + self.momentum * v if self.nesterov else v)


@dataclass(frozen=True)
class RMSprop(Optimizer):
    """s ← α s + (1 − α) g²,  p ← p − η g/(√s + ε).

    0 ≤ α < 1, ε > 0 outside the root, as in PyTorch and unlike Keras. Tieleman & Hinton 2012, lecture 6.5.
    """

    learning_rate: float = 1e-2
    _: KW_ONLY
    alpha: float = 0.99
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        super().__post_init__()
        self._set("alpha", least=0, below=1)
        self._set("epsilon", above=0)

    @property
    def memory(self) -> tuple[str, ...]:
        return ("s",)

    def _update(self, p: np.ndarray, g: np.ndarray, rate: float, t: int, *memory: np.ndarray) -> None:
        (s,) = memory
        s *= self.alpha
        s += (1 - self.alpha) * g * g
        p -= rate * g / (np.sqrt(s) + self.epsilon)


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

    def __post_init__(self) -> None:
        super().__post_init__()
        self._set("beta1", least=0, below=1)
        self._set("beta2", least=0, below=1)
        self._set("epsilon", above=0)

    @property
    def memory(self) -> tuple[str, ...]:
        return ("m", "v")

    def _update(self, p: np.ndarray, g: np.ndarray, rate: float, t: int, *memory: np.ndarray) -> None:
        m, v = memory
        m *= self.beta1
        m += (1 - self.beta1) * g
        v *= self.beta2
        v += (1 - self.beta2) * g * g
        m_scale, root_scale = 1 / (1 - self.beta1**t), 1 / math.sqrt(1 - self.beta2**t)       # of m̂ and of √v̂
        p -= (rate * m_scale) * m / (root_scale * np.sqrt(v) + self.epsilon)


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
    that float32 cannot hold. A norm that is not finite is returned, and nothing scaled. Raises ValueError where
    max_norm is not > 0.
    """
    checks.number("max_norm", max_norm, above=0)
    norm = math.sqrt(np.einsum("i,i->", grads, grads, dtype=np.float64))
    if max_norm < norm < math.inf:
        grads *= max_norm / norm
    return norm


# Schedules ---------------------------------------------------------------------------------------------------

def constant(step: int) -> float:
    """1: the learning rate as it is."""
    return 1.0


def step_decay(step: int, *, every: int, factor: float = 0.1) -> float:
    """factor^⌊step/every⌋: multiplied by `factor` after each `every` steps."""
    return checks.number("factor", factor, above=0) ** (step // checks.count("every", every))


def exponential(step: int, *, decay: float) -> float:
    """decay^step, 0 < decay ≤ 1."""
    return checks.number("decay", decay, above=0, most=1) ** step


def cosine(step: int, *, steps: int, floor: float = 0.0) -> float:
    """floor + (1 − floor) · ½(1 + cos(π step/steps)): from 1 to `floor` over `steps`, then floor.

    Loshchilov & Hutter 2017, eq. 5, without restarts.
    """
    done = min(step / checks.count("steps", steps), 1.0)
    return floor + (1 - checks.number("floor", floor, least=0, most=1)) * 0.5 * (1 + math.cos(math.pi * done))


def linear_warmup(step: int, *, steps: int) -> float:
    """(step + 1)/steps, at most 1: the first of `steps` steps is already larger than 0."""
    return min((step + 1) / checks.count("steps", steps), 1.0)
