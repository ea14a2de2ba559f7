"""A restricted Boltzmann machine: the layer of 2006, whose weights are learned by comparing data with fantasies.

Visible units v and hidden units h are 0 or 1. A pair is the more probable the lower its energy,

    E(v, h) = −v·c − h·b − v W h,      p(v, h) = e^{−E}/Z,      Z = Σ_v Σ_h e^{−E}.

No connections run within a side: given one side, the units of the other are independent,

    p(h_j = 1 | v) = σ(v W + b)_j,      p(v_i = 1 | h) = σ(h Wᵀ + c)_i,

and the sum over h can be done, which leaves the free energy F: p(v) = e^{−F(v)}/Z, and with z = v W + b

    F(v) = −v·c − Σ_j ln(1 + e^{z_j}),      −∂F/∂W = vᵀ σ(z),   −∂F/∂b = σ(z),   −∂F/∂c = v.

The likelihood has a gradient of two terms, data against model: ∂ ln p(v)/∂θ = −∂F(v)/∂θ + E_model[∂F/∂θ]. The second
needs Z. Contrastive divergence puts in its place what the model makes of the data within k steps.
"""

# numpy types what a ufunc returns as Any:
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from minnet import checks, initializers
from minnet.activations import Activation, sigmoid, softplus
from minnet.initializers import Initializer, normal
from minnet.losses import Loss
from minnet.parameters import Model, parameter

_MOST = 20                         # units on the smaller side for which a sum over all its states is made
_CHUNK = 2**12                     # states at a time
_SMALL = partial(normal, std=0.01)


class BoltzmannMachine(Model):
    """Binary units, W (visible, hidden), b (hidden,), c (visible,); trained by CD-k, in the place of an Autoencoder.

    `fit(model, (x, x), loss=losses.sigmoid_cross_entropy, …)`, or `greedy_pretrain(…, model=BoltzmannMachine)`.
    x (n, visible) in [0, 1]: 0 and 1, or grey values, which are taken for the probabilities of 1.

    - The loss is watched, not descended: CD-k has one direction whatever it is. It is given z, before the sigmoid, so
      that squared_error would show a number without meaning.
    - k: Gibbs steps from the data to the fantasy. persistent=True: the chains, as many as the first batch has rows, go
      on from where the last batch left them (PCD), and come nearer to the model's own distribution.
    - corruption: None, since the chain brings its own noise; an argument so that the call is an Autoencoder's.
    - init draws W, by default N(0, 0.01²) (Hinton 2010, *A Practical Guide*, §8); b = c = 0.

    `params`, `grads`: one vector (W, b, c). Raises TypeError or ValueError for settings out of range and for units
    other than sigmoid. Smolensky 1986; Hinton 2002; Hinton, Osindero & Teh 2006; persistent: Tieleman 2008.
    """

    W, dW = parameter("visible", "hidden", decays=True)
    b, db = parameter("hidden")
    c, dc = parameter("visible")

    def __init__(self, visible: int, hidden: int, activation: Activation = sigmoid, *, k: int = 1,
                 persistent: bool = False, corruption: None = None, init: Initializer = _SMALL,
                 rng: int | np.random.Generator, dtype: Any = np.float32) -> None:
        self.visible = self.fan_in = checks.count("visible", visible)
        self.hidden = self.units = checks.count("hidden", hidden)
        self.k = checks.count("k", k)
        if activation != sigmoid:
            raise ValueError("a Boltzmann machine has units that are 1 with probability σ(z), else 0: expected sigmoid "
                             f"units, got {activation!r}; an Autoencoder takes any")
        if corruption is not None:
            raise ValueError(f"expected corruption to be None, got {corruption!r}: a Boltzmann machine does not learn "
                             "to undo damage, its noise is that of its units; an Autoencoder takes a corruption")
        self.activation, self.persistent = activation, checks.boolean("persistent", persistent)
        self.particles: np.ndarray | None = None            # where the persistent chains are: p(h = 1), (m, hidden)
        self.allocate(dtype)
        self.W = initializers.drawn(initializers.named("init", init), checks.generator(rng), self.W)

    @property
    def V(self) -> np.ndarray:
        """The weights from hidden to visible units (hidden, visible): Wᵀ, a view."""
        return self.W.T

    # By chance ---------------------------------------------------------------------------------------------

    def encode(self, x: np.ndarray) -> np.ndarray:
        """p(h = 1 | x) = σ(x W + b), (n, hidden): the features that the layer above sees."""
        return self._up(self._probabilities("x", x))

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """z = p(h = 1 | x) Wᵀ + c (n, visible): σ(z) is the reconstruction in one step without chance."""
        return self.encode(x).dot(self.V) + self.c

    def gibbs(self, v: np.ndarray, *, rng: int | np.random.Generator, steps: int = 1) -> np.ndarray:
        """v (n, visible) after `steps` times v → h → v, every unit drawn: many steps sample from p(v)."""
        p = self._up(self._probabilities("v", v))
        return self._chain(p, checks.count("steps", steps), checks.generator(rng))[0]

    def _up(self, v: np.ndarray) -> np.ndarray:
        return sigmoid.f(v.dot(self.W) + self.b)

    def _chain(self, p: np.ndarray, steps: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """From p = p(h = 1 | v) on: the last v drawn, and its p(h = 1 | v)."""
        for _ in range(steps):
            h = _drawn(p, rng)
            v = _drawn(sigmoid.f(h.dot(self.V) + self.c), rng)
            p = self._up(v)
        return v, p

    def gradient(self, x: np.ndarray, y: np.ndarray, loss: Loss, *, training: bool = True,
                 rng: int | np.random.Generator | None = None) -> float:
        """Fill `grads` with the direction of CD-k; returns loss(z of the reconstruction, y), a number to watch.

            grads = mean ∂F/∂θ at the data − mean ∂F/∂θ at v_k,      v_k: k Gibbs steps from the data

        A step against it lowers the free energy of the data and raises that of the fantasies. It is not the gradient of
        the loss, nor of any other function (Sutskever & Tieleman 2010). As k grows its mean tends to the gradient of
        −ln p; before that it may even point the other way, where chains stay in a mode of the model. The last h is not
        drawn: its probability has the same mean and less noise. y is usually x. `rng` draws the units, also where
        training=False, which is no other mode here.
        """
        if rng is None:
            raise ValueError("a Boltzmann machine draws its units: expected rng, got None; pass rng=0 or a Generator")
        x = self._probabilities("x", x)
        p = self._up(x)
        start = p if self.particles is None else self.particles
        v, last = self._chain(start, self.k, checks.generator(rng))
        if self.persistent:
            self.particles = last
        self.grads[...] = _moments(v, last) - _moments(x, p)
        self.outputs = p.dot(self.V) + self.c
        return float(loss(self.outputs, y)[0])

    # Exact, in float64 -------------------------------------------------------------------------------------

    def free_energy(self, v: np.ndarray) -> np.ndarray:
        """F(v) = −v·c − Σ_j ln(1 + e^{z_j}), z = v W + b: (n,). The lower, the more probable."""
        v = self._probabilities("v", v, np.float64)
        return -v @ self.c - softplus.f(v @ self.W + self.b).sum(axis=1)

    def log_partition(self) -> float:
        """ln Z, summed over all states of the smaller side; ValueError where that has more than 20 units.

        With h the smaller side Z = Σ_h e^{h·b} Π_i (1 + e^{(h Wᵀ + c)_i}), else the same with v and h exchanged.
        """
        return float(np.logaddexp.reduce(np.concatenate([weight for _, weight, _ in self._states()])))

    def log_likelihood(self, v: np.ndarray) -> np.ndarray:
        """ln p(v) = −F(v) − ln Z for each row, (n,). Grey values have an F, but no probability."""
        return -self.free_energy(v) - self.log_partition()

    def likelihood_gradient(self, v: np.ndarray) -> np.ndarray:
        """∂(mean ln p(v))/∂params, exact, laid out as `params`: minus what CD-k tends to as k grows."""
        v = self._probabilities("v", v, np.float64)
        log_Z, model = self.log_partition(), np.zeros(len(self.params))
        for states, weight, others in self._states():
            pair = (others, states) if self.hidden <= self.visible else (states, others)
            model += _moments(*pair, np.exp(weight - log_Z))
        return _moments(v, sigmoid.f(v @ self.W + self.b)) - model

    def _states(self) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Every state of the smaller side, the log of its weight in Z, p(other side = 1 | state); chunk by chunk."""
        M, near, far = (self.V, self.b, self.c) if self.hidden <= self.visible else (self.W, self.c, self.b)
        if len(near) > _MOST:
            raise ValueError(f"expected at most {_MOST} units on the smaller side for a sum over its 2ⁿ states, got "
                             f"{len(near)}: compare free energies, or build a smaller machine")
        for first in range(0, 2**len(near), _CHUNK):
            numbers = np.arange(first, min(first + _CHUNK, 2**len(near)))
            states = (numbers[:, None] >> np.arange(len(near)) & 1).astype(np.float64)
            z = states @ M + far
            yield states, states @ near + softplus.f(z).sum(axis=1), sigmoid.f(z)

    def _probabilities(self, name: str, value: Any, dtype: Any = None) -> np.ndarray:
        v = checks.batch(name, value, self.visible, np.dtype(dtype or self.params.dtype))
        if v.min() < 0 or v.max() > 1:
            raise ValueError(f"expected {name} in [0, 1], values or probabilities of binary units, got {v.min():g} … "
                             f"{v.max():g}: rescale it")
        return v

    def __repr__(self) -> str:
        return f"BoltzmannMachine({self.visible}, {self.hidden}, {'P' if self.persistent else ''}CD-{self.k})"


def _drawn(p: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """1 with probability p, else 0, in p's dtype."""
    return (rng.random(p.shape, dtype=p.dtype.type) < p).astype(p.dtype)


def _moments(v: np.ndarray, p: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Σ_n w_n (v_nᵀ p_n, p_n, v_n) in one vector, w_n = 1/n by default: the mean of −∂F/∂(W, b, c), p = σ(v W + b)."""
    weights = np.full(len(v), 1 / len(v), v.dtype) if weights is None else weights
    weighted = weights[:, None] * p
    return np.concatenate([(v.T @ weighted).ravel(), weighted.sum(axis=0), weights @ v])
