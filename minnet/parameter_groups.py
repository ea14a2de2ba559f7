"""Learning rates of single layers: an optimizer for groups of parameters, each with a factor on the learning rate.

    optimizer = ParameterGroups(Adam(1e-3), [(net.span(0), 0.1), (net.span(1, -1), 1.0)])

trains the first layer a tenth as fast as the others. `fit` and `train` take it like any other optimizer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from minnet import checks
from minnet.optimizers import Optimizer, State


@dataclass(frozen=True)
class ParameterGroups(Optimizer):
    """`optimizer`, whose learning rate in each group (slice of `params`, factor) is multiplied by the factor.

    Each group makes the optimizer's own step with the schedule's factor times its own; what is in no group stays as it
    is. Decoupled weight decay contains the learning rate, and is multiplied too. Slices come from `net.span` or
    `net.arrays()`; they refer to all of `params`, so that `span` in training must be left out.
    Raises TypeError or ValueError for groups that overlap, are no slices of whole numbers, or have a factor below 0.
    """

    learning_rate: float = field(init=False, repr=False)
    weight_decay: float = field(init=False, repr=False)
    l1: float = field(init=False, repr=False)
    optimizer: Optimizer
    groups: Sequence[tuple[slice, float]]

    def __post_init__(self) -> None:
        if not isinstance(self.optimizer, Optimizer) or isinstance(self.optimizer, ParameterGroups):
            raise TypeError(f"expected an optimizer such as optimizers.Adam(0.001), got {self.optimizer!r}")
        if not isinstance(self.groups, list | tuple):
            raise TypeError(f"expected groups to be a list of (slice of params, factor), got {self.groups!r}")
        groups = tuple(_group(group) for group in self.groups)
        ends = sorted((part.start, part.stop) for part, _ in groups)
        if any(stop > start for (_, stop), (start, _) in pairwise(ends)):
            raise ValueError(f"expected groups that do not overlap, got {ends}: each parameter has one learning rate")
        object.__setattr__(self, "groups", groups)
        object.__setattr__(self, "learning_rate", self.optimizer.learning_rate)
        object.__setattr__(self, "weight_decay", self.optimizer.weight_decay)
        object.__setattr__(self, "l1", self.optimizer.l1)

    def init(self, params: np.ndarray, decay_mask: np.ndarray | None = None) -> State:
        last = max((part.stop for part, _ in self.groups), default=0)
        if last > np.size(params):
            raise ValueError(f"expected groups within the {np.size(params)} parameters to be trained, got one that "
                             f"ends at {last}: make the groups from the same network, and train without span")
        return self.optimizer.init(params, decay_mask)

    def step(self, params: np.ndarray, grads: np.ndarray, state: State, *, factor: float = 1.0) -> None:
        for part, multiple in self.groups:
            views = {name: value[part] if isinstance(value, np.ndarray) else value for name, value in state.items()}
            self.optimizer.step(params[part], grads[part], views, factor=factor * multiple)
        state["t"] += 1


def _group(group: tuple[slice, float]) -> tuple[slice, float]:
    wanted = "expected groups of (slice of params, factor), such as (net.span(0), 0.1)"
    if not isinstance(group, tuple) or len(group) != 2 or not isinstance(group[0], slice):
        raise TypeError(f"{wanted}, got {group!r}")
    part = group[0]
    if not (isinstance(part.start, int) and isinstance(part.stop, int) and 0 <= part.start <= part.stop
            and part.step in (None, 1)):
        raise ValueError(f"{wanted}, got {part!r}")
    return slice(part.start, part.stop), checks.number("factor", group[1], least=0)
