"""A restricted Boltzmann machine: a model of p(v) whose hidden units h are a layer's features, trained by CD-k.

Visible units v and hidden units h are 0 or 1. Each pair (v, h) has an energy, and a lower energy means that it is more
probable:

    E(v, h) = −v·c − h·b − v W h,      p(v, h) = e^{−E}/Z,      Z = Σ_v Σ_h e^{−E}.

*Restricted*: no two units of the same side are connected. Given one side, the units of the other are independent,

    p(h_j = 1 | v) = σ(v W + b)_j,      p(v_i = 1 | h) = σ(h Wᵀ + c)_i.

The sum over h has a closed form, the free energy F: p(v) = e^{−F(v)}/Z, and with z = v W + b

    F(v) = −v·c − Σ_j ln(1 + e^{z_j}),      −∂F/∂W = vᵀ σ(z),   −∂F/∂b = σ(z),   −∂F/∂c = v.

The gradient of the likelihood compares data with model: ∂ ln p(v)/∂θ = −∂F(v)/∂θ + E_model[∂F/∂θ]. The second term
needs Z, a sum over 2ⁿ states. Contrastive divergence (CD-k) replaces it by ∂F/∂θ at a sample v_k, which k Gibbs steps
v → h → v have drawn, starting from the data.

Real-valued data have *Gaussian* visible units of variance 1 (Welling, Rosen-Zvi & Hinton 2005; Hinton 2010, §13.2):

    E(v, h) = ½‖v − c‖² − h·b − v W h,      p(v | h) = N(c + h Wᵀ, 1),      F(v) = ½‖v − c‖² − Σ_j ln(1 + e^{z_j}).

p(h | v) is the same, and −∂F/∂c = v − c; the difference of two means of it, data minus model, is again one of v.
"""

# numpy types what a ufunc returns as Any:
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from minnet import checks, initializers
from minnet.activations import Activation, identity, sigmoid, softplus
from minnet.initializers import Initializer, normal
from minnet.losses import Loss
from minnet.parameters import Model, parameter
from minnet.reporting import described

_MOST = 20                         # an exact sum over 2ⁿ states is made for at most so many units n
_CHUNK = 2**12                     # states at a time
_SMALL = partial(normal, std=0.01)


class BoltzmannMachine(Model):
    """W (visible, hidden), b (hidden,), c (visible,), trained by CD-k; greedy_pretrain takes it for a layer.

    `fit(model, (x, x), loss=losses.sigmoid_cross_entropy, …)`, or `greedy_pretrain(…, model=BoltzmannMachine)`.
    x (n, visible) in [0, 1]: 0 and 1, or grey values, which count as probabilities of 1.

    - gaussian=True: visible units are Gaussian, of variance 1, for real-valued x that has variance 1 in every feature.
      The loss is `losses.squared_error`, and the learning rate should be 10 to 100 times smaller (Hinton 2010, §13.2).
    - The loss is only reported: CD-k takes the same step whatever the loss is. The loss gets z, from which its output
      function must make the reconstruction: σ(z) for binary units, z itself for Gaussian ones. `gradient` raises
      ValueError for the library's other losses.
    - k: the number of Gibbs steps. persistent=True: the chains do not start from the data, but from where the last
      batch left them (PCD), and come nearer to the model's own distribution. There are as many chains as the first
      batch has rows.
    - corruption: None; the argument is there so that the machine is made as an Autoencoder is.
    - init draws W, by default from N(0, 0.01²) (Hinton 2010, *A Practical Guide*, §8); b = c = 0.

    `params`, `grads`: one vector (W, b, c). Raises TypeError or ValueError for settings out of range and for hidden
    units other than sigmoid. Smolensky 1986; Hinton 2002; Hinton, Osindero & Teh 2006; persistent: Tieleman 2008.
    """

    W, dW = parameter("visible", "hidden", decays=True)
    b, db = parameter("hidden")
    c, dc = parameter("visible")

    def __init__(self, visible: int, hidden: int, activation: Activation = sigmoid, *, k: int = 1,
                 persistent: bool = False, gaussian: bool = False, corruption: None = None, init: Initializer = _SMALL,
                 rng: int | np.random.Generator, dtype: Any = np.float32) -> None:
        self.visible = self.fan_in = checks.count("visible", visible)
        self.hidden = self.units = checks.count("hidden", hidden)
        self.k = checks.count("k", k)
        if not isinstance(activation, Activation) or activation != sigmoid:
            raise ValueError("the hidden units of a Boltzmann machine are 1 with probability σ(z): expected sigmoid "
                             f"units, got {activation!r}; an Autoencoder takes any")
        if corruption is not None:
            raise ValueError(f"expected corruption to be None, got {corruption!r}: a Boltzmann machine has no clean "
                             "target to restore; an Autoencoder takes a corruption")
        self.activation, self.persistent = activation, checks.boolean("persistent", persistent)
        self.gaussian = checks.boolean("gaussian", gaussian)
        self.output_function = (identity if gaussian else sigmoid).f       # from z to E[v | h], the reconstruction
        self.particles: np.ndarray | None = None            # where the persistent chains are: p(h = 1), (m, hidden)
        self.allocate(dtype)
        self.W = initializers.drawn(initializers.named("init", init), checks.generator(rng), self.W)

    @property
    def V(self) -> np.ndarray:
        """The weights from hidden to visible units (hidden, visible): Wᵀ, a view."""
        return self.W.T

    # Units are drawn, and contrastive divergence -------------------------------------------------------------

    def encode(self, x: np.ndarray) -> np.ndarray:
        """p(h = 1 | x) = σ(x W + b), (n, hidden): the features that the layer above gets."""
        return self._up(self._values("x", x))

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """z = p(h = 1 | x) Wᵀ + c (n, visible); the reconstruction is σ(z), or z for Gaussian units. No unit is drawn.
        """
        return self.encode(x).dot(self.V) + self.c

    def gibbs(self, v: np.ndarray, *, rng: int | np.random.Generator, steps: int = 1) -> np.ndarray:
        """v (n, visible) after `steps` Gibbs steps v → h → v, every unit drawn: many steps sample from p(v)."""
        p = self._up(self._values("v", v))
        return self._chain(p, checks.count("steps", steps), checks.generator(rng))[0]

    def _up(self, v: np.ndarray) -> np.ndarray:
        return sigmoid.f(v.dot(self.W) + self.b)

    def _down(self, h: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """v, drawn from p(v | h)."""
        z = h.dot(self.V) + self.c
        return z + rng.standard_normal(z.shape, dtype=z.dtype.type) if self.gaussian else _drawn(sigmoid.f(z), rng)

    def _chain(self, p: np.ndarray, steps: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Gibbs steps from p = p(h = 1 | v): the last v drawn, and its p(h = 1 | v)."""
        for _ in range(steps):
            v = self._down(_drawn(p, rng), rng)
            p = self._up(v)
        return v, p

    def gradient(self, x: np.ndarray, y: np.ndarray, loss: Loss, *, training: bool = True,
                 rng: int | np.random.Generator | None = None) -> float:
        """Fill `grads` with the direction of CD-k; return loss(z of the reconstruction, y), which is only reported.

            grads = mean ∂F/∂θ at the data − mean ∂F/∂θ at v_k,      v_k: k Gibbs steps from the data

        A step p ← p − η grads lowers the free energy of the data and raises that of the samples v_k. The direction is
        not the gradient of the loss, nor of any other function (Sutskever & Tieleman 2010). As k grows, its mean tends
        to the gradient of −ln p; for small k it may even point the other way, where the chains do not leave a mode of
        the model. The last h is not drawn: its probability has the same mean and less noise. y is usually x. `rng`
        draws the units, for training=False too, since the machine has no separate prediction mode.
        Raises ValueError where rng is missing, and for a loss of another output function.
        """
        if rng is None:
            raise ValueError("a Boltzmann machine draws its units: expected rng, got None; pass rng=0 or a Generator")
        self.check_loss(loss)
        x = self._values("x", x)
        p = self._up(x)
        start = p if self.particles is None else self.particles
        v, last = self._chain(start, self.k, checks.generator(rng))
        if self.persistent:
            self.particles = last
        self.grads[...] = _moments(v, last) - _moments(x, p)
        self.outputs = p.dot(self.V) + self.c
        return float(loss(self.outputs, y)[0])

    def check_loss(self, loss: Loss) -> None:
        """Raise ValueError for a loss that would compare something else than the reconstruction with x, TypeError for
        what is no function.

        So does a loss with weights: CD-k does not use the loss, and the weights would change nothing but its value.
        """
        checks.function("loss", loss, "of (z, y), such as losses.sigmoid_cross_entropy")
        if hasattr(loss, "weights"):
            raise ValueError("expected data (x, x) without weights, got weights: CD-k does not use the loss that they "
                             "belong to; draw the rows of x in proportion to their weights")
        if getattr(loss, "output_function", self.output_function) is not self.output_function:
            made, remedy = ("z", "squared_error") if self.gaussian else ("σ(z)", "sigmoid_cross_entropy")
            raise ValueError(f"expected a loss that compares the reconstruction {made} with x, got {described(loss)}, "
                             f"which has another output function: use losses.{remedy}")

    # Exact, in float64 -------------------------------------------------------------------------------------

    def free_energy(self, v: np.ndarray) -> np.ndarray:
        """F(v) = −v·c − Σ_j ln(1 + e^{z_j}), z = v W + b: (n,); Gaussian units have ½‖v − c‖² in place of −v·c."""
        v = self._values("v", v, np.float64)
        outside = 0.5 * np.square(v - self.c).sum(axis=1) if self.gaussian else -v @ self.c
        return outside - softplus.f(v @ self.W + self.b).sum(axis=1)

    def log_partition(self) -> float:
        """ln Z, summed over all states of the smaller side (the hidden one for Gaussian units).

        With h the smaller side Z = Σ_h e^{h·b} Π_i (1 + e^{u_i}), u = h Wᵀ + c; else the same with v and h exchanged.
        For Gaussian units Z = (2π)^{visible/2} Σ_h e^{h·b + (‖u‖² − ‖c‖²)/2}. Raises ValueError for more than 20 units.
        """
        return float(np.logaddexp.reduce(np.concatenate([weight for _, weight, _ in self._states()])))

    def log_likelihood(self, v: np.ndarray) -> np.ndarray:
        """ln p(v) = −F(v) − ln Z for each row, (n,). For binary units v must be 0 or 1: grey values only have an F."""
        return -self.free_energy(v) - self.log_partition()

    def likelihood_gradient(self, v: np.ndarray) -> np.ndarray:
        """∂(mean ln p(v))/∂params, exact, laid out as `params`; the mean of CD-k tends to minus this as k grows."""
        v = self._values("v", v, np.float64)
        log_Z, model = self.log_partition(), np.zeros(len(self.params))
        for states, weight, others in self._states():
            pair = (others, states) if self._hidden_side else (states, others)
            model += _moments(*pair, np.exp(weight - log_Z))
        return _moments(v, sigmoid.f(v @ self.W + self.b)) - model

    @property
    def _hidden_side(self) -> bool:
        """Whether the exact sums run over the states of h: there are fewer, or v is not discrete."""
        return self.gaussian or self.hidden <= self.visible

    def _states(self) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Every state of one side, the log of its weight in Z, the mean of the other side given it; chunk by chunk."""
        M, near, far = (self.V, self.b, self.c) if self._hidden_side else (self.W, self.c, self.b)
        if len(near) > _MOST:
            side = "hidden" if self.gaussian else "smaller"
            raise ValueError(f"expected at most {_MOST} units on the {side} side for a sum over its 2ⁿ states, got "
                             f"{len(near)}: compare free energies, or build a smaller machine")
        for first in range(0, 2**len(near), _CHUNK):
            numbers = np.arange(first, min(first + _CHUNK, 2**len(near)))
            states = (numbers[:, None] >> np.arange(len(near)) & 1).astype(np.float64)
            z = states @ M + far
            if self.gaussian:                                   # ∫ e^{−E} dv, by completing the square
                integral = 0.5 * (np.square(z) - np.square(far) + math.log(2 * math.pi)).sum(axis=1)
                yield states, states @ near + integral, z
            else:
                yield states, states @ near + softplus.f(z).sum(axis=1), sigmoid.f(z)

    def _values(self, name: str, value: Any, dtype: Any = None) -> np.ndarray:
        v = checks.batch(name, value, self.visible, np.dtype(dtype or self.params.dtype))
        if not self.gaussian and (v.min() < 0 or v.max() > 1):
            raise ValueError(f"expected {name} in [0, 1], values or probabilities of binary units, got {v.min():g} … "
                             f"{v.max():g}: rescale it, or take gaussian=True for real values of variance 1")
        return v

    def __repr__(self) -> str:
        units = ", gaussian" if self.gaussian else ""
        return f"BoltzmannMachine({self.visible}, {self.hidden}, {'P' if self.persistent else ''}CD-{self.k}{units})"


def _drawn(p: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """1 with probability p, else 0, in p's dtype."""
    return (rng.random(p.shape, dtype=p.dtype.type) < p).astype(p.dtype)


def _moments(v: np.ndarray, p: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Σ_n w_n (v_nᵀ p_n, p_n, v_n) in one vector, w_n = 1/n by default: with p = σ(v W + b) the mean of −∂F/∂(W, b, c).

    For Gaussian units −∂F/∂c = v − c; c is left out, since only differences of two such means are used.
    """
    weights = np.full(len(v), 1 / len(v), v.dtype) if weights is None else weights
    weighted = weights[:, None] * p
    return np.concatenate([(v.T @ weighted).ravel(), weighted.sum(axis=0), weights @ v])
