"""Training: shuffled mini-batches, one record an epoch.

    for record in train(net, data, loss=…, optimizer=…, epochs=…, rng=…): …
    history = fit(net, data, …)

`train` is a generator: whoever wants to stop early, plot or log writes a for loop. `fit` runs the loop, shows a
progress bar and returns the History. `parameters.Model` says what can be trained: a network, an autoencoder, a
Boltzmann machine.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from minnet import checks, optimizers, schedules
from minnet.arrays import all_finite
from minnet.checkpoint import keeper
from minnet.history import Diverged, History, Record
from minnet.losses import Loss, accuracy, hits
from minnet.optimizers import Optimizer, State
from minnet.reporting import progress_bar

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Data", "Diverged", "History", "Record", "accuracy", "fit", "train"]

Data = tuple[np.ndarray, np.ndarray]
Schedule = Callable[[int], float]


def train(model: Any, data: Data, *, loss: Loss, optimizer: Optimizer, epochs: int, batch_size: int = 32,
          rng: int | np.random.Generator, validation: Data | None = None, schedule: Schedule = schedules.constant,
          clip_norm: float | None = None, span: slice | None = None, state: State | None = None,
          checkpoint: str | Path | None = None, every: int = 1, resume: bool = False) -> Iterator[Record]:
    """Train `model` in place on data = (x, y), yielding a Record after every epoch.

    x (n, features), y whatever `loss` takes. In each epoch the rows are shuffled and cut into batches of
    `batch_size`; the last one is smaller, and joins the one before it if it is a single row (BatchNorm needs two).

    - rng: int or Generator; orders the batches and is the source of the layers' noise.
    - validation: (x, y), measured after every epoch, as in prediction.
    - schedule: a factor on the learning rate as a function of the steps done (`schedules.cosine`, …).
    - clip_norm: gradients of a larger norm are scaled down to it (`optimizers.clip_by_norm`).
    - span: a slice of `params`, as from `net.span`: only this part is trained. Optimizer, clipping and decay see no
      other part, and every layer outside runs as in prediction.
    - state: that of the optimizer, from `optimizer.init`, to go on where another run ended; fresh by default.
    - checkpoint: a file that the run is written to after each `every`-th epoch and after the last; see checkpoint.py.
    - resume: if the file is there, go on where it ended, in the same bits as a run that was never cut off: `model` is
      filled from it, and its records are yielded first. Then all settings but `epochs`, and the data, must be those of
      the file: CheckpointError says which differ. Without resume a file that is there already is an error.

    Data and settings are checked when this is called: TypeError or ValueError, with nothing changed. Raises Diverged
    where the loss or the gradient is no longer finite.
    """
    _check_settings(model, loss, optimizer, schedule)
    epochs, batch_size = checks.count("epochs", epochs, least=0), checks.count("batch_size", batch_size)
    clip_norm = None if clip_norm is None else checks.number("clip_norm", clip_norm, above=0)
    generator, span = checks.generator(rng), _checked_span(model, span)
    state = _checked_state(state, optimizer, model, span)
    _factor(schedule, state["t"])
    x, y = _checked_data("data", model, data, loss)
    held_out = None if validation is None else _checked_data("validation", model, validation, loss)
    edges = _edges(len(x), batch_size)
    x, y = np.ascontiguousarray(x), np.ascontiguousarray(y)      # else `take` copies all of it for every batch

    carried, training = getattr(model, "state", np.zeros(0)), True if span == slice(0, len(model.params)) else span
    history, sizes = History(), np.diff(edges)
    keep = None if checkpoint is None else keeper(
        checkpoint, every=every, resume=resume, epochs=epochs, model=model, state=state, history=history, rng=generator,
        loss=loss, settings={"data": (x, y), "validation": held_out, "batch_size": batch_size, "optimizer": optimizer,
                             "schedule": schedule, "clip_norm": clip_norm, "span": [span.start, span.stop]})
    start = time.perf_counter() - (history[-1].seconds if history else 0)

    def step(rows: np.ndarray, epoch: int) -> tuple[float, Any]:
        """One update from the batch of these rows; returns its loss before it, and which rows were classified right."""
        factor, before, labels = _factor(schedule, state["t"]), carried.copy(), y.take(rows, axis=0)
        C = float(model.gradient(x.take(rows, axis=0), labels, loss, training=training, rng=generator))
        grads = model.grads[span]
        if not (math.isfinite(C) and all_finite(grads)):
            carried[...] = before
            what = _not_finite("a gradient", grads) if math.isfinite(C) else f"the loss became {C}"
            raise Diverged(what, epoch, state["t"] + 1, optimizer.learning_rate * factor, history)
        if clip_norm is not None:
            optimizers.clip_by_norm(grads, clip_norm)
        optimizer.step(model.params[span], grads, state, factor=factor)
        return C, hits(getattr(model, "outputs", None), labels)

    def records() -> Iterator[Record]:
        yield from history
        for epoch in range(len(history) + 1, epochs + 1):
            order, held_loss, held_accuracy = generator.permutation(len(x)), None, None
            with np.errstate(over="ignore", invalid="ignore"):              # Diverged says what numpy would warn of
                values, right = zip(*[step(order[first:last], epoch) for first, last in pairwise(edges)], strict=True)
                if held_out is not None:
                    held_loss, held_accuracy = _validated(model, held_out, loss)
            if not all_finite(params := model.params[span]) or (held_loss is not None and not math.isfinite(held_loss)):
                what = _not_finite("a parameter", params) if not all_finite(params) else (
                    f"the validation loss became {held_loss}")
                rate = optimizer.learning_rate * _factor(schedule, state["t"] - 1)
                raise Diverged(what, epoch, state["t"], rate, history)
            hit = None if right[0] is None else float(np.concatenate(right).mean())
            history.append(Record(epoch, state["t"], float(sizes @ np.array(values)) / len(x), hit,
                                  held_loss, held_accuracy, time.perf_counter() - start))
            if keep is not None:
                keep()
            yield history[-1]

    return records()


def fit(model: Any, data: Data, *, loss: Loss, optimizer: Optimizer, epochs: int, batch_size: int = 32,
        rng: int | np.random.Generator, validation: Data | None = None, schedule: Schedule = schedules.constant,
        clip_norm: float | None = None, span: slice | None = None, state: State | None = None,
        checkpoint: str | Path | None = None, every: int = 1, resume: bool = False, progress: bool | None = None
        ) -> History:
    """Run `train` to its end and return the History; the arguments are those of `train`.

    progress: True shows a bar over the epochs, False none, None one in a terminal or a notebook. Ctrl-C ends the run
    early: the history so far is returned, marked `interrupted`, and the network keeps what it has learned. (The step
    that was under way may have been made in part; whoever needs to go on exactly takes copies in a loop over `train`.)
    """
    records = train(model, data, loss=loss, optimizer=optimizer, epochs=epochs, batch_size=batch_size, rng=rng,
                    validation=validation, schedule=schedule, clip_norm=clip_norm, span=span, state=state,
                    checkpoint=checkpoint, every=every, resume=resume)
    history = History()
    try:
        with progress_bar(epochs, progress) as bar:
            for record in records:
                history.append(record)
                bar.set_postfix({name: f"{value:.4g}" for name in ("loss", "accuracy", "validation_accuracy")
                                 if (value := getattr(record, name)) is not None}, refresh=False)
                bar.update()
    except KeyboardInterrupt:
        history.interrupted = True
    return history


def _validated(model: Any, data: Data, loss: Loss) -> tuple[float, float | None]:
    z = model(data[0])
    return float(loss(z, data[1])[0]), accuracy(z, data[1])


def _factor(schedule: Schedule, step: int) -> float:
    factor = schedule(step)
    if isinstance(factor, float) and 0 <= factor < math.inf:
        return factor
    return checks.number(f"schedule({step}), a factor on the learning rate,", factor, least=0)


def _edges(n: int, batch_size: int) -> list[int]:
    """Where the batches begin, and n: [0, 32, 64, 70] for 70 rows in batches of 32."""
    edges = [*range(0, n, batch_size), n]
    if n % batch_size == 1 and n > batch_size:
        del edges[-2]
    return edges


def _not_finite(what: str, vector: np.ndarray) -> str:
    return f"{what} became {vector[~np.isfinite(vector)][0]}"


# Checks of the arguments ---------------------------------------------------------------------------------------

def _check_settings(model: Any, loss: Any, optimizer: Any, schedule: Any) -> None:
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
                        "partial(schedules.cosine, steps=1000) is one")


def _checked_data(name: str, model: Any, data: Any, loss: Any) -> Data:
    """(x, y) as arrays that model and loss accept, or an error before anything has changed."""
    if not isinstance(data, tuple | list) or len(data) != 2 or hasattr(data, "train"):
        hint = f": pass one of its parts, {name}.train" if hasattr(data, "train") else ""
        raise TypeError(f"expected {name} to be a pair (x, y), got {type(data).__name__}{hint}")
    if name == "validation" and not callable(model):
        raise TypeError(f"validation needs a model that predicts, model(x); got {model!r}, which cannot be called")
    dtype = model.params.dtype
    x, y = checks.batch("x", data[0], getattr(model, "fan_in", None), dtype), np.asarray(checks.unmasked("y", data[1]))
    if y.ndim == 0 or len(y) != len(x):
        raise ValueError(f"expected a y for each of the {len(x)} rows of x in {name}, got y of shape {y.shape}")
    if y.dtype.kind == "f":
        y = checks.real_array("y", y, dtype)
    if callable(model) and hasattr(loss, "check"):
        shape = len(x), model(x[:1]).shape[1]
        loss.check(np.broadcast_to(np.zeros((), dtype), shape), y)              # no memory: only shape and dtype count
    return x, y


def _checked_span(model: Any, span: slice | None) -> slice:
    size = len(model.params)
    if span is None:
        return slice(0, size)
    if not isinstance(span, slice) or span.step not in (None, 1):
        raise TypeError(f"expected span to be a slice of params without a step, as from net.span(0, 2), got {span!r}")
    try:
        start, stop, _ = span.indices(size)
    except TypeError:
        raise TypeError(f"expected span to be a slice of whole numbers, as from net.span(0, 2), got {span!r}") from None
    if start >= stop:
        raise ValueError(f"expected span to hold at least one of the {size} parameters, got {span!r}")
    return slice(start, stop)


def _checked_state(state: State | None, optimizer: Optimizer, model: Any, span: slice) -> State:
    """The optimizer's state for this part of the parameters: the given one, if it fits, or a fresh one."""
    params, mask = model.params[span], getattr(model, "decay_mask", None)
    fresh = optimizer.init(params, None if mask is None else mask[span])
    if state is None:
        return fresh
    remedy = "use optimizer.init(params[span], decay_mask[span])"
    if not isinstance(state, dict):
        raise TypeError(f"expected state to be a dict from optimizer.init, got {state!r}: {remedy}")
    if set(state) != set(fresh):
        raise ValueError(f"expected a state of {type(optimizer).__name__} with {', '.join(sorted(fresh))}, got one "
                         f"with {', '.join(sorted(state)) or 'nothing'}: {remedy}")
    checks.count("t in state", state["t"], least=0)
    for name, vector in fresh.items():
        if name == "t":
            continue
        if not isinstance(state[name], np.ndarray) or state[name].shape != vector.shape:
            raise ValueError(f"expected a state for {params.size} parameters, got {name} of shape "
                             f"{np.shape(state[name])}: {remedy}")
        if state[name].dtype != vector.dtype or not all_finite(state[name]):
            raise ValueError(f"expected {name} in state to be finite numbers in {vector.dtype}, got dtype "
                             f"{state[name].dtype}, or numbers that are not finite: {remedy}")
    return state
