"""What training records: one Record an epoch, in a History; the error that ends a run that has diverged."""

from __future__ import annotations

from dataclasses import astuple, dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from minnet import checks
from minnet.reporting import aligned

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class Record:
    """One epoch. `loss` and `accuracy` are means over its examples, each taken before the update of its batch."""

    epoch: int                          # 1, 2, …
    step: int                           # updates made so far
    loss: float
    accuracy: float | None              # None where y holds no classes; see losses.accuracy
    validation_loss: float | None       # None without validation data
    validation_accuracy: float | None
    seconds: float                      # since the start, validation included


class History(list[Record]):
    """The records of a run, in order; `history.loss` is the array of one column, NaN where there is no value.

    `interrupted` is True where Ctrl-C ended the run, `diverged` where it is the part of a run before it diverged. Of a
    run with patience, `best_epoch` is the epoch whose weights the model has at the end, and `stopped` is True where
    patience ended the run.
    """

    interrupted = False
    diverged = False
    stopped = False
    best_epoch: int | None = None

    def __getattr__(self, name: str) -> np.ndarray:
        if name not in _COLUMNS:
            raise AttributeError(f"History has no column {name!r}: it has {', '.join(_COLUMNS)}")
        return np.array([getattr(record, name) for record in self], dtype=float)

    def plot(self, column: str = "loss", *, ax: Axes | None = None) -> Axes:
        """Draw "loss" or "accuracy" against the epoch, in training and, where there is one, in validation.

        The dotted line is at `best_epoch`. It draws into `ax`, or with plt.subplots into a new figure, and returns the
        Axes. Several runs are compared by `plots.learning_curves`, which has bands over seeds. Raises ValueError for
        another column and where there is nothing to draw.
        """
        from matplotlib.ticker import MaxNLocator

        checks.one_of("column", column, "loss", "accuracy")
        curves = {name: getattr(self, name) for name in (column, f"validation_{column}")}
        drawn = {name: values for name, values in curves.items() if np.isfinite(values).any()}
        if not drawn:
            raise ValueError(f"expected a history with values of {column}, got none in {len(self)} epochs: accuracy "
                             "needs class labels y")
        if ax is None:
            import matplotlib.pyplot as plt

            ax = plt.subplots(layout="constrained")[1]
        marker = "o" if len(self) == 1 else ""                      # one point makes no line
        for (name, values), line, color in zip(drawn.items(), ("-", "--"), ("black", "tab:orange"), strict=False):
            ax.plot(self.epoch, values, linestyle=line, marker=marker, color=color,
                    label=name.replace("_", " ") if "_" in name else f"training {name}")
        if self.best_epoch is not None:
            ax.axvline(self.best_epoch, linestyle=":", color="gray", label="best epoch")
        ax.set(xlabel="epoch", ylabel=column if column == "loss" else "accuracy (share of right predictions)")
        ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        ax.legend()
        return ax

    def __repr__(self) -> str:
        rows = [["" if v is None else f"{v:.4g}" if isinstance(v, float) else str(v) for v in astuple(record)]
                for record in self]
        return aligned([list(_COLUMNS), *rows])


_COLUMNS = tuple(field.name for field in fields(Record))


class Diverged(ArithmeticError):
    """The loss, a gradient or a parameter is no longer finite. Carries `epoch step learning_rate history`.

    Where the loss or a gradient failed, the step is not made: `params` are those that gave the loss, and `state` is
    that of before. They may be very large; `net.reset(rng)` draws new ones. With patience, both are those of the best
    epoch.
    """

    def __init__(self, what: str, epoch: int, step: int, learning_rate: float, history: History) -> None:
        super().__init__(what, epoch, step, learning_rate, history)
        self.what, self.epoch, self.step, self.learning_rate, self.history = what, epoch, step, learning_rate, history

    def __str__(self) -> str:
        return (f"{self.what} in epoch {self.epoch}, step {self.step}, at learning rate {self.learning_rate:g}: "
                "training has diverged; try a learning rate ten times smaller, clip_norm=1, or an initializer with a "
                "smaller variance")
