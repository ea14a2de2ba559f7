"""Short trainings on a copy, by which the settings of an optimizer are judged.

    trials = Trials(net, x, y, loss)
    trials.loss_after(settings)                     the loss of the whole batch after `settings.horizon` steps

What one setting does is found by changing it alone: `loss_after(settings.changed(weight_decay=0.0))`. A trial starts
from the weights as they are and from a fresh state of the optimizer; the rows are shuffled in every epoch, by one seed,
so that all trials see the same batches. Noise is off, and BatchNorm uses the statistics of the batch.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from minnet import optimizers, schedules
from minnet.diagnostics.measurements import both_passes
from minnet.network import Loss, Network
from minnet.optimizers import Optimizer
from minnet.parameter_groups import ParameterGroups

LEAST_STEPS, LONG_STEPS, MOST_STEPS = 24, 100, 300
FAR = 1000                  # steps over which a schedule is looked at


@dataclass(frozen=True)
class Settings:
    """How the network is to be trained: the arguments of `fit` that a trial follows."""

    optimizer: Optimizer
    schedule: Callable[[int], float] = schedules.constant
    clip_norm: float | None = None
    batch_size: int = 32

    @property
    def base(self) -> Optimizer:
        """The optimizer that makes the steps: the one inside of ParameterGroups."""
        return self.optimizer.optimizer if isinstance(self.optimizer, ParameterGroups) else self.optimizer

    @property
    def momentum(self) -> float:
        """μ of SGD, β₁ of Adam: the share of the last step that the next one repeats."""
        return float(getattr(self.base, "momentum", getattr(self.base, "beta1", 0.0)))

    @property
    def decay(self) -> float:
        """η λ, the part of each weight that a step of weight decay takes away."""
        return self.base.learning_rate * self.base.weight_decay

    @property
    def shrinkage(self) -> float:
        """η λ₁, by which a step of the L1 penalty moves each weight towards 0."""
        return self.base.learning_rate * self.base.l1

    @property
    def horizon(self) -> int:
        """How many steps a trial needs until the settings have shown what they do.

        Momentum μ reaches 95% of its speed after 3/(1 − μ) steps, weight decay 95% of its effect after 3/(ηλ); an
        L1 penalty brings a weight of size 1 to 0 in 1/(ηλ₁). What is slower than 300 steps leaves the weights alone for
        the first epochs, and is not waited for.
        """
        steps = max(LEAST_STEPS, 3 / (1 - self.momentum))
        if self.decay >= 3 / MOST_STEPS:
            steps = max(steps, 3 / self.decay)
        if self.shrinkage >= 1 / MOST_STEPS:
            steps = max(steps, 1 / self.shrinkage)
        return min(MOST_STEPS, math.ceil(steps))

    def changed(self, **settings: float) -> Settings:
        """The same with other settings of the optimizer: `changed(weight_decay=0.0)`."""
        base = replace(self.base, **settings)                                             # type: ignore[arg-type]
        if isinstance(self.optimizer, ParameterGroups):
            return replace(self, optimizer=replace(self.optimizer, optimizer=base))
        return replace(self, optimizer=base)

    def times(self, factor: float) -> Settings:
        """The same with `factor` times the learning rate."""
        return self.changed(learning_rate=self.base.learning_rate * factor)

    def at_peak(self) -> Settings:
        """The same at the largest rate that the schedule comes to, from the first step on: without a warmup."""
        if self.schedule is schedules.constant:
            return self
        peak = max(self.schedule(step) for step in range(FAR))
        return replace(self, schedule=schedules.constant).times(peak or 1.0)

    def with_momentum(self, momentum: float) -> Settings:
        """The same with another μ, or β₁."""
        return self.changed(**{"momentum" if hasattr(self.base, "momentum") else "beta1": momentum})


class Trials:
    """Losses after trial steps from the weights of `net`, each computed once."""

    def __init__(self, net: Network, x: np.ndarray, y: np.ndarray, loss: Loss) -> None:
        self._net, self._x, self._y, self._loss = net, x, y, loss
        self._done: list[tuple[Settings, int, float]] = []         # not a dict: groups hold slices, without a hash

    def loss_after(self, settings: Settings, steps: int) -> float:
        """The loss of the whole batch after this many steps; infinite where it is no longer a finite number.

        A long trial gives the mean loss over its last quarter where that is higher: with too much momentum the loss
        swings, and its last value is a matter of luck.
        """
        for done, length, value in self._done:
            if length == steps and done == settings:
                return value
        value = self._run(settings, steps)
        self._done.append((settings, steps, value))
        return value

    def _run(self, settings: Settings, steps: int) -> float:
        net, optimizer = self._net.astype(np.float64), settings.optimizer
        parts, rng = max(1, len(self._x) // max(2, settings.batch_size)), np.random.default_rng(0)
        state = optimizer.init(net.params, net.decay_mask)
        values: list[float] = []
        with np.errstate(all="ignore"):
            for step in range(steps):
                if step % parts == 0:
                    batches = np.array_split(rng.permutation(len(self._x)), parts)
                rows = batches[step % parts]
                value, _ = both_passes(net, self._x[rows], self._y[rows], self._loss)
                if not math.isfinite(value):
                    return math.inf
                values.append(value)
                if settings.clip_norm is not None:
                    optimizers.clip_by_norm(net.grads, settings.clip_norm)
                optimizer.step(net.params, net.grads, state, factor=settings.schedule(step))
            value, _ = both_passes(net, self._x, self._y, self._loss)
        if steps >= LONG_STEPS:
            value = max(value, float(np.mean(values[-steps // 4:])))
        return value if math.isfinite(value) else math.inf
