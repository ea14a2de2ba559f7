"""What the rules of a diagnosis look at: measurements of the network, and the few ratios that several rules need."""

# numpy types what a ufunc returns as Any:
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from minnet import losses
from minnet.activations import Activation
from minnet.diagnostics.chance import chance
from minnet.diagnostics.measurements import LayerStatistics, Snapshot, nonlinearity_in
from minnet.diagnostics.relation import LEAST_ROWS, related
from minnet.diagnostics.symmetries import Symmetry
from minnet.diagnostics.trials import Settings, Trials
from minnet.layers import Dense
from minnet.network import Loss, Network
from minnet.optimizers import SGD

CROSS_ENTROPIES = (losses.softmax_cross_entropy, losses.sigmoid_cross_entropy)


@dataclass(frozen=True)
class Validation:
    """Validation data, the loss on them in prediction, and that of the best constant output."""

    x: np.ndarray
    y: np.ndarray
    loss_value: float
    chance: float | None


@dataclass
class Evidence:
    """All measurements. Arrays over layers have layer 1 at index 0; x and validation.x are float64."""

    snapshot: Snapshot
    x: np.ndarray
    y: np.ndarray
    loss: Loss
    statistics: LayerStatistics
    symmetry: Symmetry
    settings: Settings | None
    validation: Validation | None

    @property
    def net(self) -> Network:
        """The float64 copy, after both passes."""
        return self.snapshot.net

    # The loss ----------------------------------------------------------------------------------------------

    @cached_property
    def chance(self) -> float | None:
        """The loss of the best constant output: see chance.py."""
        return chance(self.loss, self.y, self.snapshot.outputs.shape[1])

    @property
    def reference(self) -> float:
        """What a loss is compared with: chance, or the present loss where chance is not known."""
        return self.snapshot.loss_value if self.chance is None else self.chance

    def below_chance(self, value: float, share: float) -> bool:
        """Whether a loss is below chance by at least this share of it."""
        return self.chance is not None and value < self.chance - share * abs(self.chance)

    @property
    def learned(self) -> bool:
        """Whether the loss is below half of chance: signals may then be sharp, and gradients small."""
        return self.below_chance(self.snapshot.loss_value, 0.5)

    # The data ----------------------------------------------------------------------------------------------

    @cached_property
    def input_size(self) -> float:
        """Root mean square of the inputs."""
        return math.sqrt((self.x**2).mean())

    @cached_property
    def varying(self) -> np.ndarray:
        """Which features are not constant, (features,) bool."""
        return np.ptp(self.x, axis=0) > 0

    @cached_property
    def residual(self) -> np.ndarray:
        """n ∂C/∂z at the outputs, (n, outputs): the errors of each example; p − y for the canonical losses."""
        return np.multiply(self.loss(self.snapshot.outputs, self.y)[1], len(self.x), dtype=np.float64)

    @cached_property
    def targets(self) -> np.ndarray | None:
        """y of a regression, (n, outputs): real numbers that the outputs should be equal to. None for labels."""
        same_shape = self.y.shape == self.snapshot.outputs.shape and self.y.dtype.kind in "fiu"
        if not same_shape or self.loss in CROSS_ENTROPIES:
            return None
        return self.y.astype(np.float64)

    @cached_property
    def labels_related(self) -> bool:
        """Whether a simple model sees that y depends on x (relation.py), in the validation part too where there is one.

        True also where there are too few rows. Each part is standardized by itself: one may be scaled differently.
        """
        if len(self.x) < LEAST_ROWS or related(self.x, self.y):
            return True
        if (v := self.validation) is None:
            return False
        x = np.concatenate([(part - part.mean(axis=0)) / np.where(np.ptp(part, axis=0) > 0, part.std(axis=0), 1)
                            for part in (self.x, v.x)])
        return related(x, np.concatenate([self.y, v.y]))

    # The layers --------------------------------------------------------------------------------------------

    def activation(self, row: int) -> Activation | None:
        """The activation of a row of the table, 0 for layer 1; None for PReLU."""
        found: Activation | None = getattr(self.nonlinearity(row), "activation", None)
        return found

    def nonlinearity(self, row: int) -> Any:
        """The layer that holds the activation of a row of the table: Activation, PReLU or Dense."""
        return nonlinearity_in(self.net, self.snapshot.blocks[row])

    @cached_property
    def last_dense(self) -> int:
        """The index in net.layers of the last Dense layer, or of the last layer where all stand in residual blocks."""
        return max((i for i, layer in enumerate(self.net.layers) if isinstance(layer, Dense)),
                   default=len(self.net.layers) - 1)

    @property
    def ends_in_block(self) -> bool:
        """Whether the last layer is a residual block: then no activation is the last thing before the loss."""
        return bool(self.net.layers[-1].inner)

    @cached_property
    def gradient(self) -> np.ndarray:
        """Standard deviation of δ in every layer, in units of the last layer's."""
        return self.statistics.delta_std / self.statistics.delta_std[-1]

    @cached_property
    def signal(self) -> np.ndarray:
        """Spread of a over the examples in the hidden layers, in units of the inputs' size where that is below 1."""
        return self.statistics.spread[:-1] / min(1, self.input_size)

    @cached_property
    def two_sided(self) -> np.ndarray:
        """Whether f is bounded above and below, so that both ends saturate; a ReLU's lower end is meant to be used."""
        functions = [self.activation(row) for row in range(len(self.statistics))]
        return np.array([f is not None and bool(np.isfinite(f.range).all()) for f in functions])

    # The trials --------------------------------------------------------------------------------------------

    @cached_property
    def trials(self) -> Trials:
        """Short trainings from the present weights."""
        return Trials(self.net, self.x, self.y, self.loss)

    def loss_after(self, settings: Settings, steps: int | None = None) -> float:
        """The loss after a trial of so many steps; by default as many as the settings under judgement need."""
        assert self.settings is not None
        return self.trials.loss_after(settings, steps or self.settings.horizon)

    @cached_property
    def after(self) -> float:
        """The loss after a trial with the settings as they are."""
        assert self.settings is not None
        return self.loss_after(self.settings)

    @cached_property
    def best_larger_factor(self) -> float:
        """The factor, 1, 10, 100, …, up to which larger learning rates bring the loss lower in a trial."""
        assert self.settings is not None
        settings, factor = self.settings.at_peak(), 1.0
        optimizer = settings.base
        largest = 10.0 if isinstance(optimizer, SGD) else 0.1          # where more is needed, the rate is not the cause
        while 10 * factor * optimizer.learning_rate <= largest:
            more, present = (self.loss_after(settings.times(k * factor)) for k in (10, 1))
            if not more <= present < math.inf:
                break
            factor *= 10
        return factor
