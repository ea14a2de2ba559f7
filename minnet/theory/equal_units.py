"""Networks whose units are all equal: one unit per layer tells everything, in exact arithmetic.

    model = EqualUnits([64, 32, 32, 10], value=0.1, activation=activations.tanh)
    mn.fit(model, data, loss=…, optimizer=…, epochs=20, rng=0)

Units with equal incoming weights, equal biases and equal outgoing weights have equal gradients, and stay equal. A layer
of m such units is one unit that counts m times, so a network 64-32-32-10 of equal units is a network 64-1-1-10 with
other learning rates. The small network has no equal units that rounding could part: it shows what happens in exact
arithmetic, however long it is trained.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from minnet import activations, checks, initializers
from minnet.activations import Activation
from minnet.losses import Loss
from minnet.network import Network, mlp


class EqualUnits:
    """The network `sizes`, every weight of which starts at `value`, held with one unit in each hidden layer.

    Let layer l have m_l equal units (m = 1 for inputs and outputs, which are not merged), and let c be an entry of W_l,
    repeated for all units, and b an entry of its bias. In the small network

        u = m_{l−1} c    is the weight, since the m_{l−1} equal inputs add up,
        dc = du/m_l      is the gradient of an entry, since the one unit stands for m_l units, and db likewise.

    `params` (P,) are the entries c and b, `grads` (P,) their gradients, so that every optimizer works as it does on the
    whole network. `net` is the small network, in float64. Raises TypeError or ValueError for sizes and values that do
    not fit.
    """

    def __init__(self, sizes: Sequence[int], value: float, activation: Activation = activations.tanh) -> None:
        self.sizes = checks.counts("sizes", sizes)
        if len(self.sizes) < 3:
            raise ValueError(f"expected sizes with at least one hidden layer, got {self.sizes}")
        small = [self.sizes[0], *[1] * (len(self.sizes) - 2), self.sizes[-1]]
        self.net = mlp(small, activation=activation, init=initializers.constant(value=value), rng=0, dtype=np.float64)
        self.params, self.grads = self.net.params.copy(), np.zeros_like(self.net.params)
        self.m_in, self.m_out = np.ones((2, len(self.params)))        # m_{l−1}, and m_l, for each parameter
        counts = [1, *self.sizes[1:-1], 1]
        for k, (before, after) in enumerate(pairwise(counts)):
            self.m_in[self.net.arrays()[f"layer {k} W"]] = before
            self.m_out[self.net.span(k)] = after

    @property
    def rates(self) -> np.ndarray:
        """The learning rates (P,) with which the small network follows the whole one by SGD.

        m_{l−1}/m_l for weights, 1/m_l for biases.
        """
        rates: np.ndarray = self.m_in / self.m_out
        return rates

    def load(self) -> Network:
        """The small network with the present parameters."""
        self.net.params = self.m_in * self.params[:len(self.m_in)]
        return self.net

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """The outputs for x (n, features)."""
        return self.load()(x)

    def gradient(self, x: np.ndarray, y: np.ndarray, loss: Loss, *, training: bool = True,
                 rng: int | np.random.Generator | None = None) -> float:
        """The loss of the batch, filling `grads`."""
        value = self.load().gradient(x, y, loss)
        self.grads[:len(self.m_in)] = self.net.grads / self.m_out
        return value

    def expanded(self) -> np.ndarray:
        """The parameters of the whole network: every entry repeated as often as it occurs."""
        whole = []
        for k, layer in enumerate(self.net.layers):
            for name, shape in (("W", self.sizes[k:k + 2]), ("b", self.sizes[k + 1:k + 2])):
                entries = self.params[self.net.arrays()[f"layer {k} {name}"]].reshape(getattr(layer, name).shape)
                whole.append(np.broadcast_to(entries, shape).ravel())
        return np.concatenate(whole)


class Deviations(EqualUnits):
    """Equal tanh units, and to first order the deviations of the first hidden layer's units from their mean.

    Move unit j of layer 1 a little away from the others: its incoming weights by ω_j, its bias by β_j, the sum q of its
    outgoing weights by κ_j, with mean 0 over the units. To first order no later layer notices. With ζ_j = x ω_j + β_j:

        δ_j changes by δ₂ (κ_j f′ + q f″ ζ_j),   so dω_j = xᵀ(…), dβ_j = Σ(…),   and dκ_j = m (f′ ζ_j)ᵀ δ₂

    with δ₂ that of one of the m units of layer 2. This is linear: a deviation of size ε grows as ε S(t), with one S for
    every ε. `whole`: a network of two hidden tanh layers whose deviations are taken; `value`: the common weight.
    Momentum is linear too, so `params` holds the deviations behind the entries, and SGD moves them all.
    """

    def __init__(self, whole: Network, value: float) -> None:
        layers = whole.layers
        if len(layers) != 3 or layers[0].activation is not activations.tanh:
            raise ValueError(f"expected a network of two hidden tanh layers, got {whole!r}")
        super().__init__([layers[0].fan_in, *[layer.fan_out for layer in layers]], value)
        deviation = np.vstack([layers[0].W, layers[0].b, layers[1].W.sum(axis=1)])     # ω, β, κ: a column for each unit
        deviation = deviation - deviation.mean(axis=1, keepdims=True)
        self.shape = deviation.shape
        self.params = np.concatenate([self.params, deviation.ravel()])
        self.grads = np.zeros_like(self.params)

    @property
    def deviations(self) -> np.ndarray:
        """ω, β, κ (fan_in + 2, units)."""
        deviations: np.ndarray = self.params[len(self.m_in):].reshape(self.shape)
        return deviations

    def spread(self) -> float:
        """The largest difference of an incoming weight between two units."""
        return float(np.ptp(self.deviations[:-2], axis=1).max())

    def gradient(self, x: np.ndarray, y: np.ndarray, loss: Loss, *, training: bool = True,
                 rng: int | np.random.Generator | None = None) -> float:
        """The loss of the equal network, filling `grads`, those of the deviations included."""
        value = super().gradient(x, y, loss)
        layers: Any = self.net.layers
        m = self.sizes[2]
        a, q, delta = layers[0].a, m * layers[1].W[0, 0] / self.sizes[1], layers[1].delta / m
        slope, bend = 1 - a**2, -2 * a * (1 - a**2)                                    # f′ and f″ of tanh
        inputs = np.hstack([x, np.ones((len(x), 1))])
        zeta, kappa = inputs @ self.deviations[:-1], self.deviations[-1]
        change = delta * (kappa * slope + q * bend * zeta)
        self.grads[len(self.m_in):] = np.vstack([inputs.T @ change, m * delta.T @ (slope * zeta)]).ravel()
        return value
