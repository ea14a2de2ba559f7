"""The learning-rate range test: the loss while the learning rate grows from one step to the next.

    found = rate_range(net, *digits.train, losses.softmax_cross_entropy, optimizer=optimizers.SGD(momentum=0.9), rng=0)
    plots.rate_range(found)
    found.suggested

Step t = 0, 1, …, T − 1 has the rate η_t = η_0 (η_{T−1}/η_0)^{t/(T−1)}, at equal distances on a logarithmic axis.
"""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from minnet import checks, schedules
from minnet.arrays import all_finite
from minnet.losses import Loss
from minnet.optimizers import Optimizer

BETA = 0.9                 # of the running mean: about the last 1/(1 − β) = 10 losses count
EXPLODED = 4               # times the lowest smoothed loss


@dataclass(frozen=True, eq=False, repr=False)
class RateRange:
    """What `rate_range` found: arrays (m,), an entry for each step made."""

    rates: np.ndarray
    losses: np.ndarray               # of the batch, before the step at this rate
    smoothed: np.ndarray             # their running mean
    exploded: bool                   # False: the largest rate was reached first

    @property
    def suggested(self) -> float:
        """A tenth of the rate at which the smoothed loss is lowest; NaN where it has not fallen."""
        best = int(self.smoothed.argmin())
        return float(self.rates[best]) / 10 if best else math.nan

    def __repr__(self) -> str:
        end = "where the loss exploded" if self.exploded else "where the loss had not exploded"
        return (f"RateRange({len(self.rates)} steps from {self.rates[0]:.2g} to {self.rates[-1]:.2g}, {end}; "
                f"suggested: {self.suggested:.2g})")


def rate_range(model: Any, x: np.ndarray, y: np.ndarray, loss: Loss, *, optimizer: Optimizer,
               rng: int | np.random.Generator, lowest: float = 1e-6, highest: float = 10.0, steps: int = 100,
               batch_size: int = 32) -> RateRange:
    """Train a copy of the model for at most `steps` steps at rates from `lowest` to `highest`, and record the losses.

    x (n, features), y as `loss` takes them. The optimizer's own learning rate does not matter; its other settings do.
    `rng` orders the batches and is the source of noise. The test ends where the smoothed loss is 4 times its lowest
    value, or where loss or gradient are not finite. The smoothed loss is the running mean
    s_t = (1 − β) Σ_k β^k C_{t−k} / (1 − β^{t+1}), β = 0.9, which lags by about ten steps.

    How to read it: on the left the steps are too small to change the loss; then it falls; on the right it jumps about
    and grows. A good rate lies where the loss falls steeply, well before its minimum: there the rate is already so
    large that it does harm. `suggested` is a tenth of the rate at the minimum. The test sees the first steps alone: a
    long training, or one without warm-up, may need a smaller rate. Where the loss has not fallen, or still falls at the
    end, take other bounds. A ReLU network may die in place of exploding: the loss then jumps up to that of a constant
    prediction and stays there.

    This is Gugger's variant (2018, *How Do You Find a Good Learning Rate*), as in fastai's lr_find. In Smith 2017,
    §3.3, the rate grows linearly over several epochs, and the *accuracy* is plotted: where it begins to rise, and where
    it becomes ragged or falls, are the bounds of a cyclical schedule.

    Raises TypeError or ValueError for arguments that do not fit, before a step is made.
    """
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"expected an optimizer such as optimizers.SGD(momentum=0.9), got {optimizer!r}")
    lowest = checks.number("lowest", lowest, above=0)
    highest = checks.number("highest", highest, above=lowest)
    steps, batch_size = checks.count("steps", steps, least=2), checks.count("batch_size", batch_size)
    generator, model = checks.generator(rng), copy.deepcopy(model)
    x, y = checks.batch("x", x, getattr(model, "fan_in", None), model.params.dtype), np.asarray(checks.unmasked("y", y))
    if y.ndim == 0 or len(y) != len(x):
        raise ValueError(f"expected a y for each of the {len(x)} rows of x, got y of shape {y.shape}")
    state = optimizer.init(model.params, getattr(model, "decay_mask", None))
    parts, growth = max(1, len(x) // batch_size), (highest / lowest) ** (1 / (steps - 1))
    rates: list[float] = []
    losses: list[float] = []
    smoothed: list[float] = []
    mean, exploded = 0.0, False
    with np.errstate(over="ignore", invalid="ignore"):
        for t in range(steps):
            if t % parts == 0:
                batches = np.array_split(generator.permutation(len(x)), parts)
            rows, rate = batches[t % parts], lowest * schedules.exponential(t, decay=growth)
            C = float(model.gradient(x[rows], y[rows], loss, rng=generator))
            mean = BETA * mean + (1 - BETA) * C
            s = mean / (1 - BETA ** (t + 1))
            best = min([s, *smoothed])
            exploded = not (math.isfinite(C) and all_finite(model.grads)) or s - best > (EXPLODED - 1) * abs(best)
            if exploded:
                break
            rates.append(rate)
            losses.append(C)
            smoothed.append(s)
            optimizer.step(model.params, model.grads, state, factor=rate / optimizer.learning_rate)
    if not rates:
        raise ValueError(f"expected a model whose loss and gradient are finite at the start, got the loss {C}: try an "
                         "initializer with a smaller variance")
    return RateRange(np.array(rates), np.array(losses), np.array(smoothed), exploded)
