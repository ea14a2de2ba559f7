"""Training: shuffled mini-batches, one record an epoch.

    for record in train(net, data, loss=…, optimizer=…, epochs=…, rng=…): …
    history = fit(net, data, …)

`train` checks its arguments at once and returns a generator: to stop early, plot or log, write a for loop. `fit` runs
the loop, shows a progress bar and returns the History. `parameters.Model` says what can be trained: a network, an
autoencoder, a Boltzmann machine.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from minnet import checks, examples, optimizers, schedules
from minnet.arrays import all_finite
from minnet.checkpoint import keeper
from minnet.checks import training as training_checks
from minnet.examples import Data
from minnet.history import Diverged, History, Record
from minnet.losses import Loss, accuracy, hits
from minnet.optimizers import Optimizer, State
from minnet.reporting import progress_bar

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Data", "Diverged", "History", "Record", "accuracy", "fit", "train"]

Schedule = Callable[[int], float]


def train(model: Any, data: Data, *, loss: Loss, optimizer: Optimizer, epochs: int, batch_size: int = 32,
          rng: int | np.random.Generator, validation: Data | None = None, schedule: Schedule = schedules.constant,
          clip_norm: float | None = None, span: slice | None = None, state: State | None = None,
          checkpoint: str | Path | None = None, every: int = 1, resume: bool = False) -> Iterator[Record]:
    """Train `model` in place on data = (x, y) or (x, y, weights), yielding a Record after every epoch.

    x (n, features), y whatever `loss` takes, weights (n,) ≥ 0 of the examples in the loss (see losses.py). In each
    epoch the rows are shuffled and cut into batches of `batch_size`; the last one is smaller, and joins the one before
    it if it is a single row (BatchNorm needs two). Only a batch at a time is copied and cast, so that x may be a memory
    map larger than memory.

    - rng: int or Generator; orders the batches and is the source of the layers' noise.
    - validation: data, measured after every epoch, as in prediction.
    - schedule: a factor on the learning rate as a function of the steps done (`schedules.cosine`, …).
    - clip_norm: gradients of a larger norm are scaled down to it (`optimizers.clip_by_norm`).
    - span: a slice of `params`, as from `net.span`: only this part is trained. Optimizer, clipping and decay see no
      other part, and every layer outside runs as in prediction.
    - state: that of the optimizer, from `optimizer.init`, to go on where another run ended; fresh by default.
    - checkpoint: a file that the run is written to after each `every`-th epoch and after the last; see checkpoint.py.
    - resume: if the file is there, go on where it ended, in the same bits as a run that was never cut off: `model` is
      filled from it, and its records are yielded first. Then all settings but `epochs`, and the data, must be those of
      the file: CheckpointError says which differ. Without resume a file that is there already is an error.

    Early stopping, as a loop (`fit(…, patience=5)` does the same):

        lowest, patience = math.inf, 5
        for record in train(net, data, validation=held_out, **settings):
            if record.validation_loss < lowest:
                lowest, best_epoch = record.validation_loss, record.epoch
                best = net.params.copy(), net.state.copy()          # net.params itself changes with every step
            elif record.epoch - best_epoch == patience:
                break
        net.params, net.state = best

    Data and settings are checked when this is called: TypeError or ValueError, with nothing changed. What a loss of
    your own returns is checked at the first step, before anything has changed. A schedule is checked at every step: a
    factor that is no number ≥ 0 raises before this step, and the steps before it are made. Raises Diverged where the
    loss or the gradient is no longer finite.
    """
    training_checks.settings(model, loss, optimizer, schedule)
    epochs, batch_size = checks.count("epochs", epochs, least=0), checks.count("batch_size", batch_size)
    clip_norm = None if clip_norm is None else checks.number("clip_norm", clip_norm, above=0)
    generator, span = checks.generator(rng), training_checks.span(model, span)
    state = training_checks.optimizer_state(state, optimizer, model, span)
    training_checks.first_factor(schedule, state["t"])
    shown = examples.checked("data", model, data, loss)
    held_out = None if validation is None else examples.checked("validation", model, validation, loss)
    edges = _edges(len(shown), batch_size)

    carried, training = getattr(model, "state", np.zeros(0)), True if span == slice(0, len(model.params)) else span
    history, sizes = History(), np.diff(edges)
    training_checks.checkpoint(checkpoint, every, resume)
    keep = None if checkpoint is None else keeper(
        checkpoint, every=every, resume=resume, epochs=epochs, model=model, state=state, history=history, rng=generator,
        loss=loss, settings={"data": shown, "validation": held_out, "batch_size": batch_size, "optimizer": optimizer,
                             "schedule": schedule, "clip_norm": clip_norm, "span": [span.start, span.stop]})
    start = time.perf_counter() - (history[-1].seconds if history else 0)      # the seconds of a resumed run go on
    first_step = state["t"]

    def step(rows: np.ndarray, epoch: int) -> tuple[float, Any]:
        """One update from the batch of these rows; returns its loss before it, and which rows were classified right."""
        factor, before = training_checks.factor(schedule, state["t"]), carried.copy()
        x, y, batch_loss = shown.batch(rows, loss if state["t"] > first_step else checks.loss(loss))
        C = float(model.gradient(x, y, batch_loss, training=training, rng=generator))
        grads = model.grads[span]
        if not (math.isfinite(C) and all_finite(grads)):
            carried[...] = before
            what = _not_finite("a gradient", grads) if math.isfinite(C) else f"the loss became {C}"
            raise Diverged(what, epoch, state["t"] + 1, optimizer.learning_rate * factor, history)
        if clip_norm is not None:
            optimizers.clip_by_norm(grads, clip_norm)
        optimizer.step(model.params[span], grads, state, factor=factor)
        return C, hits(getattr(model, "outputs", None), y, loss)

    def records() -> Iterator[Record]:
        yield from history
        for epoch in range(len(history) + 1, epochs + 1):
            order = generator.permutation(len(shown))
            held_loss = held_accuracy = None
            with np.errstate(over="ignore", invalid="ignore"):              # Diverged says what numpy would warn of
                values, right = zip(*[step(order[begin:end], epoch) for begin, end in pairwise(edges)], strict=True)
                if held_out is not None:
                    held_loss, held_accuracy = held_out.measured(model, loss)
            if not all_finite(params := model.params[span]) or (held_loss is not None and not math.isfinite(held_loss)):
                what = _not_finite("a parameter", params) if not all_finite(params) else (
                    f"the validation loss became {held_loss}")
                rate = optimizer.learning_rate * training_checks.factor(schedule, state["t"] - 1)
                raise Diverged(what, epoch, state["t"], rate, history)
            hit = None if right[0] is None else float(np.concatenate(right).mean())
            history.append(Record(epoch, state["t"], float(sizes @ np.array(values)) / len(shown), hit,
                                  held_loss, held_accuracy, time.perf_counter() - start))
            if keep is not None:
                keep()
            yield history[-1]

    return records()


def fit(model: Any, data: Data, *, loss: Loss, optimizer: Optimizer, epochs: int, batch_size: int = 32,
        rng: int | np.random.Generator, validation: Data | None = None, schedule: Schedule = schedules.constant,
        clip_norm: float | None = None, span: slice | None = None, state: State | None = None,
        checkpoint: str | Path | None = None, every: int = 1, resume: bool = False, patience: int | None = None,
        progress: bool | None = None) -> History:
    """Run `train` to its end and return the History; the arguments are those of `train`.

    patience: with a number, training stops after so many epochs without a new lowest *validation loss*, and however it
    ends, `params` and `state` of the epoch with the lowest one are back in the model. `history.best_epoch` says which,
    `history.stopped` whether training stopped early. It needs `validation`; report the result on data of a third kind,
    since the lowest of many losses is too good by chance. The loss is watched, not the accuracy, because it is also
    there in a regression and does not move in steps of 1/n. Prechelt 1998, *Early Stopping – But When?*

    progress: True shows a bar over the epochs, False none, None one in a terminal or a notebook. Ctrl-C ends the run
    early: the history so far is returned, marked `interrupted`, and the network keeps what it has learned. (The step
    that was under way may have been made in part; whoever needs to go on exactly takes copies in a loop over `train`.)
    """
    if patience is not None and checks.count("patience", patience) and validation is None:
        raise ValueError("patience counts epochs without a lower validation loss: expected validation=(x, y), got None")
    if patience is not None and checkpoint is not None:
        raise ValueError("expected patience or checkpoint, got both: the file does not hold the weights of the best "
                         "epoch; train with checkpoint, and keep the best ones in a loop over train")
    history, carried, lowest, best = History(), getattr(model, "state", np.zeros(0)), math.inf, None
    try:
        records = train(model, data, loss=loss, optimizer=optimizer, epochs=epochs, batch_size=batch_size, rng=rng,
                        validation=validation, schedule=schedule, clip_norm=clip_norm, span=span, state=state,
                        checkpoint=checkpoint, every=every, resume=resume)
        with progress_bar(epochs, progress) as bar:
            for record in records:
                history.append(record)
                bar.set_postfix({name: f"{value:.4g}" for name in ("loss", "accuracy", "validation_accuracy")
                                 if (value := getattr(record, name)) is not None}, refresh=False)
                bar.update()
                if patience is None or record.validation_loss is None:
                    continue
                if record.validation_loss < lowest:
                    lowest, history.best_epoch = record.validation_loss, record.epoch
                    best = model.params.copy(), carried.copy()
                elif record.epoch == (history.best_epoch or 0) + patience:
                    history.stopped = True
                    break
    except KeyboardInterrupt:
        history.interrupted = True
    except Diverged as error:
        error.history.best_epoch = history.best_epoch
        raise
    finally:
        if best is not None:
            model.params[...], carried[...] = best
    return history


def _edges(n: int, batch_size: int) -> list[int]:
    """Where the batches begin, and n: [0, 32, 64, 70] for 70 rows in batches of 32."""
    edges = [*range(0, n, batch_size), n]
    if n % batch_size == 1 and n > batch_size:
        del edges[-2]
    return edges


def _not_finite(what: str, vector: np.ndarray) -> str:
    return f"{what} became {vector[~np.isfinite(vector)][0]}"
