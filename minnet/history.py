"""What training records: one Record an epoch, in a History; the error that ends a run that has diverged."""

from __future__ import annotations

from dataclasses import astuple, dataclass, fields

import numpy as np

from minnet.reporting import aligned


@dataclass(frozen=True)
class Record:
    """One epoch. `loss` and `accuracy` are means over its batches, each taken before its update."""

    epoch: int                          # 1, 2, …
    step: int                           # updates made so far
    loss: float
    accuracy: float | None              # None where y are no class labels
    validation_loss: float | None       # None without validation data
    validation_accuracy: float | None
    seconds: float                      # since the start, validation included


class History(list[Record]):
    """The records of a run, in order; `history.loss` is the array of one column, NaN where there is no value.

    `interrupted` is True where Ctrl-C ended the run, `diverged` where it is the part of a run before it diverged.
    """

    interrupted = False
    diverged = False

    def __getattr__(self, name: str) -> np.ndarray:
        if name not in _COLUMNS:
            raise AttributeError(f"History has no column {name!r}: it has {', '.join(_COLUMNS)}")
        return np.array([getattr(record, name) for record in self], dtype=float)

    def __repr__(self) -> str:
        rows = [["" if v is None else f"{v:.4g}" if isinstance(v, float) else str(v) for v in astuple(record)]
                for record in self]
        return aligned([list(_COLUMNS), *rows])


_COLUMNS = tuple(field.name for field in fields(Record))


class Diverged(ArithmeticError):
    """The loss, a gradient or a parameter is no longer finite. Carries `epoch step learning_rate history`.

    Where the loss or a gradient failed, the step is not made: `params` are those that gave the loss, and `state` is
    that of before. They may be very large; `net.reset(rng)` draws new ones.
    """

    def __init__(self, what: str, epoch: int, step: int, learning_rate: float, history: History) -> None:
        super().__init__(what, epoch, step, learning_rate, history)
        self.what, self.epoch, self.step, self.learning_rate, self.history = what, epoch, step, learning_rate, history

    def __str__(self) -> str:
        return (f"{self.what} in epoch {self.epoch}, step {self.step}, at learning rate {self.learning_rate:g}: "
                "training has diverged; try a learning rate ten times smaller, clip_norm=1, or an initializer with a "
                "smaller variance")
