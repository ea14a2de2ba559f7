"""A run: a network at step 0, trained epoch by epoch, and rewound to the same weights; what is measured in it.

    run = Run(Settings(depth=20))
    run.advance(10)                       # ten epochs of training
    print(run.layers().z)                 # the root mean square of z in each layer, now
    run.rewind()                          # step 0, the same weights, bit for bit

There is no widget here: whatever the explorer shows can be had, and tested, without one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from minnet import losses, theory
from minnet.diagnostics import Diagnosis, diagnose, jacobian
from minnet.diagnostics.measurements import Snapshot, take_snapshot
from minnet.explorer.settings import EXAMPLES, Settings
from minnet.history import Diverged, History, Record
from minnet.layers import ActivationLayer, Dense
from minnet.network import Network
from minnet.training import train

LOSS = losses.softmax_cross_entropy
WITHOUT_END = 10**9                    # epochs of the generator that `advance` takes from
BINS, REACH = 40, 4.0                  # of a histogram: bins from −4 to 4 times the root mean square


class Layers(NamedTuple):
    """What is measured on the first 300 examples; L = depth + 1 layers, the last one gives the outputs."""

    z: np.ndarray                      # root mean square of z, (L,)
    delta: np.ndarray                  # of δ = ∂C/∂z of the mean loss, (L,)
    z_counts: np.ndarray               # (L, 40): shares of z/rms in 40 equal bins from −4 to 4; 0 where rms is 0 or ∞
    delta_counts: np.ndarray           # likewise of δ
    loss: float                        # C of these examples


class Expected(NamedTuple):
    """What theory predicts for random weights: the median over networks, and the range of 68% of them."""

    z: np.ndarray                      # (L,), root mean squares as in `Layers`
    z_band: np.ndarray                 # (2, L)
    delta: np.ndarray                  # of δ, relative to the last layer's
    delta_band: np.ndarray
    stretch: float                     # root mean square of the singular values of ∂z_L/∂z_1 over the hidden layers


class Run:
    """A network and its training, from `settings`. `history` holds the records so far, `stopped` why it diverged."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.x, self.y = settings.examples()
        self.net = settings.network()
        self.start = self.net.params.copy()
        self.rewind()

    def rewind(self) -> None:
        """Back to step 0: the same weights and the same batches to come, bit for bit."""
        self.net.params = self.start
        self.net.grads = 0
        self.history, self.stopped = History(), ""
        self._records: Iterator[Record] | None = None

    def advance(self, epochs: int) -> None:
        """Train for so many more epochs.

        Where training diverges nothing is raised: `stopped` says so in words, and the network is put back to the end of
        the epoch before. The steps, the loss and the Python of the run then belong to the same weights.
        """
        if self._records is None:
            self._records = train(
                self.net, (self.x, self.y), loss=LOSS, optimizer=self.settings.optimizer(), epochs=WITHOUT_END,
                batch_size=self.settings.batch_size, rng=self.settings.seed)
        for _ in range(epochs):
            if self.stopped:
                break
            before = self.net.params.copy()
            try:
                self.history.append(next(self._records))
            except Diverged as error:
                self.net.params, self.stopped = before, str(error)

    @property
    def step(self) -> int:
        """Updates made so far."""
        return self.history[-1].step if self.history else 0

    def code(self) -> str:
        """The Python that makes this run, up to the present epoch."""
        return self.settings.code(len(self.history))

    # Measurements -----------------------------------------------------------------------------------------

    def measured(self) -> tuple[np.ndarray, np.ndarray]:
        """The examples that measurements are made on: the first 300."""
        return self.x[:EXAMPLES], self.y[:EXAMPLES]

    def layers(self) -> Layers:
        """z and δ in every layer, now."""
        return layers_of(take_snapshot(self.net, *self.measured(), LOSS))

    def singular_values(self) -> np.ndarray:
        """Singular values (width,), descending, of ∂z_L/∂z_1 at the first example, over the hidden layers 1 … L.

        Empty with one hidden layer, NaN where the network has exploded.
        """
        first, *rest = self.net.layers[:-1]
        if not rest:
            return np.zeros(0)
        layers: list[ActivationLayer | Dense] = []
        for _ in rest:
            layers += [ActivationLayer(first.activation), Dense(first.fan_out, first.fan_out)]
        hidden = Network.blank(layers, np.float64)           # from z_1 to z_L: f, then the product, L − 1 times
        hidden.params = np.concatenate([np.append(layer.W, layer.b) for layer in rest])
        with np.errstate(all="ignore"):
            z = self.x[:1].astype(np.float64) @ first.W + first.b
            if not np.isfinite(z).all() or not np.isfinite(hidden.params).all():
                return np.full(first.fan_out, np.nan)
            found: np.ndarray = jacobian(hidden, z, layers=False).whole[0]
        return found

    def probabilities(self, points: int) -> np.ndarray:
        """p (points, points, classes) on a grid over `extent`, row 0 at the top; for data in the plane."""
        low, high = self.extent()
        line = np.linspace(low, high, points, dtype=np.float32)
        grid = np.stack(np.meshgrid(line, line[::-1]), axis=-1).reshape(-1, 2)
        with np.errstate(all="ignore"):
            return self.net.predict_proba(grid).reshape(points, points, -1)

    def extent(self) -> tuple[float, float]:
        """The square that the plane is drawn in: from − to +, 10% beyond the largest coordinate."""
        half = 1.1 * float(np.abs(self.x).max())
        return -half, half

    def diagnosis(self) -> Diagnosis:
        """What `diagnostics.diagnose` finds now, with the optimizer's settings."""
        return diagnose_network(self.net, self)

    def expected(self) -> Expected:
        """What theory predicts for the weights at step 0. Raises ValueError where it cannot, and says why."""
        at_start = self.settings.network()
        found = theory.predict_statistics(at_start, self.measured()[0])
        hidden = found.delta.square[:-1]
        return Expected(np.sqrt(found.z.typical), np.sqrt(found.z.band), np.sqrt(found.delta.typical),
                        np.sqrt(found.delta.band), float(np.sqrt(hidden[0] / hidden[-1])))


def diagnose_network(net: Network, run: Run) -> Diagnosis:
    """`diagnose` for a network, such as a copy of the run's, with the run's data and training."""
    return diagnose(net, *run.measured(), LOSS, optimizer=run.settings.optimizer(),
                    batch_size=run.settings.batch_size)


def layers_of(snapshot: Snapshot) -> Layers:
    """The root mean squares and histograms of a snapshot's z and δ."""
    with np.errstate(all="ignore"):
        dense = snapshot.net.layers
        z, delta = (np.array([np.sqrt(np.square(getattr(layer, name)).mean()) for layer in dense])
                    for name in ("z", "delta"))
        z_counts, delta_counts = (
            np.array([shares(getattr(layer, name), size) for layer, size in zip(dense, sizes, strict=True)])
            for name, sizes in (("z", z), ("delta", delta)))
    return Layers(z, delta, z_counts, delta_counts, snapshot.loss_value)


def shares(values: np.ndarray, size: float) -> np.ndarray:
    """The share of values/size in each bin; (40,). What lies beyond ±4 is in none."""
    if not 0 < size < np.inf:
        return np.zeros(BINS)
    bins = ((values.ravel() / size + REACH) * (BINS / (2 * REACH))).astype(np.int64)
    bins = bins[(bins >= 0) & (bins < BINS) & (values.ravel() >= -REACH * size)]
    counts: np.ndarray = np.bincount(bins, minlength=BINS) / values.size
    return counts


def same_weights(run: Run, other: Run) -> list[bool]:
    """For each layer that both networks have, whether its weights at step 0 are the same, bit for bit."""
    mine, theirs = run.settings.network(), other.settings.network()
    return [np.array_equal(a.W, b.W) for a, b in zip(mine.layers, theirs.layers, strict=False)]
