"""Training: shuffled mini-batches, one record an epoch.

    for record in train(net, data, loss=…, optimizer=…, epochs=…, batch_size=…, rng=…): …
    history = fit(net, data, …)

`train` is a generator: whoever wants to stop early, plot or log writes a for loop. `fit` runs the loop, shows a
progress bar and returns the History. Any object with vectors `params` and `grads` and a method
`gradient(x, y, loss)`, which fills `grads` and returns the loss, can be trained.
"""

from __future__ import annotations

import inspect
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import astuple, dataclass, fields
from itertools import pairwise
from typing import Any

import numpy as np

from minnet import checks, optimizers
from minnet.network import Loss
from minnet.optimizers import Optimizer, State
from minnet.reporting import progress_bar

Data = tuple[np.ndarray, np.ndarray]

_ASKED = 10_000                         # rows for which the door asks the loss at once


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

    `interrupted` is True where Ctrl-C ended the run.
    """

    interrupted = False

    def __getattr__(self, name: str) -> np.ndarray:
        if name not in _COLUMNS:
            raise AttributeError(f"History has no column {name!r}: it has {', '.join(_COLUMNS)}")
        return np.array([getattr(record, name) for record in self], dtype=float)

    def __repr__(self) -> str:
        rows = [_COLUMNS] + [tuple("" if v is None else f"{v:.4g}" if isinstance(v, float) else str(v)
                                   for v in astuple(record)) for record in self]
        wide = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return "\n".join("  ".join(f"{cell:>{w}}" for cell, w in zip(row, wide, strict=True)) for row in rows)


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


def accuracy(z: np.ndarray, y: np.ndarray) -> float | None:
    """The share of rows of z (n, k) whose largest output is the label y (n,); for k = 1, of z > 0 against y.

    None where y is not an integer vector: there are no classes to hit.
    """
    y = np.asarray(y)
    return float((_predicted(z) == y).mean()) if _are_labels(y) else None


def _are_labels(y: np.ndarray) -> bool:
    return y.ndim == 1 and y.dtype.kind in "iu"


def _predicted(z: np.ndarray) -> np.ndarray:
    return z.argmax(axis=1) if z.shape[1] > 1 else z[:, 0] > 0


def train(model: Any, data: Data, *, loss: Loss, optimizer: Optimizer, epochs: int, batch_size: int,
          rng: int | np.random.Generator, validation: Data | None = None,
          schedule: Callable[[int], float] = optimizers.constant, clip_norm: float | None = None,
          span: slice | None = None, state: State | None = None) -> Iterator[Record]:
    """Train `model` in place on data = (x, y), yielding a Record after every epoch.

    x (n, features), y whatever `loss` takes. In each epoch the rows are shuffled and cut into batches of
    `batch_size`; the last one is smaller, and joins the one before it if it is a single row (BatchNorm needs two).

    - rng: int or Generator; orders the batches and feeds the layers' noise.
    - validation: (x, y), measured after every epoch, as in prediction.
    - schedule: a factor on the learning rate as a function of the steps done (`optimizers.cosine`, …).
    - clip_norm: gradients of a larger norm are scaled down to it (`optimizers.clip_by_norm`).
    - span: a slice of `params`, as from `net.span`; optimizer, clipping and decay see only that part, and every
      layer outside runs as in prediction.
    - state: the optimizer's memory, from `optimizer.init`, to go on where another run ended; fresh by default.

    Data and settings are checked when this is called: TypeError or ValueError, with nothing changed. Raises Diverged
    where the loss or the gradient is no longer finite.
    """
    for name in ("params", "grads", "gradient"):
        if not hasattr(model, name):
            raise TypeError("expected a model with params, grads and gradient(x, y, loss), such as a Network; got "
                            f"{model!r} without {name}")
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"expected an optimizer such as optimizers.SGD(learning_rate=0.1), got {optimizer!r}")
    if not callable(loss):
        raise TypeError(f"expected loss to be a function of (z, y), such as losses.softmax_cross_entropy, got {loss!r}")
    if not callable(schedule):
        raise TypeError(f"expected schedule to be a function of the step, got {schedule!r}: "
                        "partial(optimizers.cosine, steps=1000) is one")
    epochs, batch_size = checks.count("epochs", epochs, least=0), checks.count("batch_size", batch_size)
    if clip_norm is not None:
        checks.number("clip_norm", clip_norm, above=0)
    generator = checks.generator(rng)
    span = _checked_span(model, span)
    if state is None:
        mask = getattr(model, "decay_mask", None)
        state = optimizer.init(model.params[span], None if mask is None else mask[span])
    state = _checked_state(state, optimizer, model.params[span])
    _checked_factor(schedule, state["t"])
    x, y = _checked_data("data", model, data, loss)
    held_out = None if validation is None else _checked_data("validation", model, validation, loss)
    return _epochs(model, x, y, loss, optimizer, epochs, batch_size, generator, held_out, schedule, clip_norm, span,
                   state)


def _epochs(model: Any, x: np.ndarray, y: np.ndarray, loss: Loss, optimizer: Optimizer, epochs: int, batch_size: int,
            rng: np.random.Generator, validation: Data | None, schedule: Callable[[int], float],
            clip_norm: float | None, span: slice, state: State) -> Iterator[Record]:
    n, edges = len(x), _edges(len(x), batch_size)
    sizes = np.diff(edges)
    accepted = noise_arguments(model, training=True if span == slice(0, len(model.params)) else span, rng=rng)
    carries = getattr(model, "state", np.empty(0)).size > 0
    x, y = np.ascontiguousarray(x), np.ascontiguousarray(y)      # else `take` copies all of it for every batch
    history, start = History(), time.perf_counter()
    values: list[float] = []
    hits: list[np.ndarray] = []

    def watched(z: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
        if _are_labels(labels := np.asarray(y)):
            hits.append(_predicted(z) == labels)       # the loss sees every output: accuracy is taken there
        return loss(z, y)

    for epoch in range(1, epochs + 1):
        values.clear()
        hits.clear()
        order, params = rng.permutation(n), model.params[span]
        with np.errstate(over="ignore", invalid="ignore"):     # Diverged reports it; must not reach through the yield
            for first, last in pairwise(edges):
                rows, factor = order[first:last], _checked_factor(schedule, state["t"])
                before = model.state.copy() if carries else None        # for a gradient that is not finite
                value = float(model.gradient(x.take(rows, axis=0), y.take(rows, axis=0), watched, **accepted))
                grads = model.grads[span]
                if not (math.isfinite(value) and checks.all_finite(grads)):
                    what = (f"the loss became {value}" if not math.isfinite(value) else
                            f"a gradient became {grads[~np.isfinite(grads)][0]}")
                    if carries:
                        model.state[...] = before
                    raise Diverged(what, epoch, state["t"] + 1, optimizer.learning_rate * factor, history)
                if clip_norm is not None:
                    optimizers.clip_by_norm(grads, clip_norm)
                optimizer.step(params, grads, state, factor=factor)
                values.append(value)
            if not checks.all_finite(params):
                raise Diverged(f"a parameter became {params[~np.isfinite(params)][0]}", epoch, state["t"],
                               optimizer.learning_rate * factor, history)
            held_out: tuple[float | None, float | None] = (None, None)
            if validation is not None:
                z = model(validation[0])
                held_out = loss(z, validation[1])[0], accuracy(z, validation[1])
                if not math.isfinite(held_out[0]):
                    raise Diverged(f"the validation loss became {held_out[0]}", epoch, state["t"],
                                   optimizer.learning_rate * factor, history)
        once = [len(hit) for hit in hits] == sizes.tolist()            # a model may ask its loss twice, or not at all
        hit = float(np.concatenate(hits).mean()) if once else None
        history.append(Record(epoch, state["t"], float(sizes @ np.array(values)) / n, hit, *held_out,
                              time.perf_counter() - start))
        yield history[-1]


def fit(model: Any, data: Data, *, loss: Loss, optimizer: Optimizer, epochs: int, batch_size: int,
        rng: int | np.random.Generator, validation: Data | None = None,
        schedule: Callable[[int], float] = optimizers.constant, clip_norm: float | None = None,
        span: slice | None = None, state: State | None = None, progress: bool | None = None) -> History:
    """Run `train` to its end and return the History; the arguments are those of `train`.

    progress: True shows a bar over the epochs, False none, None one in a terminal or a notebook. Ctrl-C ends the run
    early: the history so far is returned, marked `interrupted`, and the network keeps what it has learned. (The step
    that was under way may have been made in part; whoever needs to go on exactly takes copies in a loop over `train`.)
    """
    records = train(model, data, loss=loss, optimizer=optimizer, epochs=epochs, batch_size=batch_size, rng=rng,
                    validation=validation, schedule=schedule, clip_norm=clip_norm, span=span, state=state)
    history, bar = History(), progress_bar(epochs, progress)
    try:
        for record in records:
            history.append(record)
            bar.set_postfix({name: f"{value:.4g}" for name in ("loss", "accuracy", "validation_accuracy")
                             if (value := getattr(record, name)) is not None}, refresh=False)
            bar.update()
    except KeyboardInterrupt:
        history.interrupted = True
    finally:
        bar.close()
    return history


# The door ----------------------------------------------------------------------------------------------------

def _checked_data(name: str, model: Any, data: Data, loss: Loss) -> Data:
    """(x, y) as arrays that model and loss accept, or an error before anything has changed."""
    if not isinstance(data, tuple | list) or len(data) != 2 or hasattr(data, "train"):
        hint = f": pass one of its parts, {name}.train" if hasattr(data, "train") else ""
        raise TypeError(f"expected {name} to be a pair (x, y), got {type(data).__name__}{hint}")
    dtype = model.params.dtype
    x, y = checks.batch("x", data[0], getattr(model, "fan_in", None), dtype), np.asarray(data[1])
    if y.ndim == 0 or len(y) != len(x):
        raise ValueError(f"expected a y for each of the {len(x)} rows of x in {name}, got y of shape {y.shape}")
    if y.dtype.kind == "f":
        y = checks.real_array("y", y, dtype)
    if callable(model):                                 # the loss knows best which y fit: ask it once, for all of them
        outputs = model(x[:1]).shape[1]
        with np.errstate(all="ignore"):                 # in parts: a loss makes several arrays as large as its outputs
            for first in range(0, len(y), _ASKED):
                part = y[first:first + _ASKED]
                loss(np.zeros((len(part), outputs), dtype), part)
    elif name == "validation":
        raise TypeError(f"validation needs a model that predicts, model(x); got {model!r}, which cannot be called")
    return x, y


def _checked_span(model: Any, span: slice | None) -> slice:
    size = len(model.params)
    if span is None:
        return slice(0, size)
    if not isinstance(span, slice) or span.step not in (None, 1):
        raise TypeError(f"expected span to be a slice of params without a step, as from net.span(0, 2), got {span!r}")
    start, stop, _ = span.indices(size)
    if start >= stop:
        raise ValueError(f"expected span to hold at least one of the {size} parameters, got {span!r}")
    return slice(start, stop)


def _checked_state(state: State, optimizer: Optimizer, params: np.ndarray) -> State:
    remedy = "use optimizer.init(params[span], decay_mask[span])"
    if not isinstance(state, dict):
        raise TypeError(f"expected state to be a dict from optimizer.init, got {state!r}: {remedy}")
    expected = {"t", "decay_mask", *optimizer.memory}
    if set(state) != expected:
        raise ValueError(f"expected a state of {type(optimizer).__name__} with {', '.join(sorted(expected))}, got one "
                         f"with {', '.join(sorted(state)) or 'nothing'}: {remedy}")
    for name, vector in state.items():
        if isinstance(vector, np.ndarray) and vector.shape != params.shape:
            raise ValueError(f"expected a state for {params.size} parameters, got {name} of shape {vector.shape}: "
                             f"{remedy}")
    return state


def _checked_factor(schedule: Callable[[int], float], t: int) -> float:
    factor = float(schedule(t))
    if not 0 <= factor < math.inf:
        raise ValueError(f"expected schedule({t}) to be a finite factor ≥ 0, got {factor}")
    return factor


def _edges(n: int, batch_size: int) -> list[int]:
    """Where the batches begin, and n: [0, 32, 64, 70] for 70 rows in batches of 32."""
    edges = [*range(0, n, batch_size), n]
    if n % batch_size == 1 and n > batch_size:
        del edges[-2]
    return edges


def noise_arguments(model: Any, **offered: Any) -> dict[str, Any]:
    """Of `training` and `rng`, those that the model's gradient takes."""
    taken = inspect.signature(model.gradient).parameters
    return {name: value for name, value in offered.items()
            if name in taken or any(p.kind is p.VAR_KEYWORD for p in taken.values())}
