"""Compute a function over a grid and over seeds: in parallel, restartable, the same numbers however it is run.

    rows = sweep(cell, {"depth": [5, 10], "init": [he_normal, glorot_normal]}, seeds=range(5), file="depth.jsonl")
    rows.where(depth=5).array("loss")

calls `cell(depth=…, init=…, seed=…)` for every combination, which is called a *cell*. The function returns a dict of
numbers, or a list of them (one per epoch, one per layer), and each dict becomes a row: the cell, the seed, the result,
the seconds that the call took.

All randomness of a cell comes from its seed, and every cell runs with one BLAS thread, in this process as in a worker,
since matrix products round differently with another number of threads. So the numbers depend neither on the number of
workers nor on the order in which cells finish. A finished cell is written to the file at once, and the next call reads
it there: see `store` for the file's format.
"""

from __future__ import annotations

import inspect
import itertools
import json
import numbers
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from minnet import checks
from minnet.experiments import store
from minnet.experiments.fingerprint import Entry, fingerprint
from minnet.experiments.parallel import RESERVED, results
from minnet.experiments.rows import Rows
from minnet.experiments.store import Record
from minnet.experiments.values import same_value, stored_value
from minnet.reporting import described, progress_bar

Cell = dict[str, Any]
Grid = Mapping[str, Iterable[Any]] | Sequence[Mapping[str, Any]]


def sweep(function: Callable[..., Any], grid: Grid, *, seeds: Iterable[int], file: str | Path | None = None,
          workers: int = 2, progress: bool | None = None, changed: str = "refuse") -> Rows:
    """Call function(**cell, seed=s) for every cell of the grid and every seed, and return the rows in that order.

    Cells are computed seed by seed, so that half of the work is the whole grid with half of the seeds.

    - grid: name → values, of which all combinations are taken, the last name varying fastest; or a list of cells.
      Functions and objects among the values are written in the rows under their names.
    - file: where finished cells are kept; cells that the file has are not computed again. Floats of the grid and of
      the file are the same if they differ by rounding only (`values.same_value`). Only one call at a time may write to
      a file; another raises RuntimeError.
    - workers: how many processes compute; 1 starts none. With `joblib.parallel_config(backend="dask"):` around the call
      and a `distributed.Client` the cells go to all workers of a cluster instead; each needs minnet.
    - progress: True shows a bar, False none, None one in a terminal or a notebook.
    - changed: what to do with the file's cells if the function has changed since they were computed: "refuse" raises
      ValueError, "recompute" drops them, "keep" uses them. What counts as a change: see `fingerprint.fingerprint`.

    A cell that raises becomes a row with `failed`; a RuntimeWarning says so at the end, and the next call with the file
    tries it again. After Ctrl-C the next call goes on where this one stopped. Functions that are defined in a notebook
    can be used too; load data inside the function, since everything that it closes over is sent with every cell.

    Raises TypeError or ValueError for wrong arguments, before anything is computed.
    """
    workers = checks.count("workers", workers)
    wanted = _check(function, grid, seeds, file)
    state = _state(wanted, changed)
    if not state.complete:
        with store.locked(wanted.path) if wanted.path else nullcontext():
            state = _state(wanted, changed)                           # another process may have written since
            _compute(wanted, state, workers, progress)
    failed = [record for record in state.done.values() if "failed" in record]
    if failed:
        first = failed[0]["cell"] | {"seed": failed[0]["seed"]}
        warnings.warn(f"{len(failed)} of {len(state.calls)} cells failed, the first of them "
                      f"({', '.join(f'{name}={value}' for name, value in first.items())}) with {failed[0]['failed']}; "
                      "rows.failed has all", RuntimeWarning, stacklevel=2)
    return _rows(state.runs, state.done)


def read(file: str | Path) -> Rows:
    """All rows of a sweep's file. Raises FileNotFoundError if there is none, ValueError if it has another format."""
    return _rows(*store.load(store.path_of(file)))


@dataclass(frozen=True)
class Plan:
    """How many cells a sweep has, each seed counted; how many of them are finished, and the mean of their seconds (None
    if none is finished); how many other cells the file has, from another grid."""

    cells: int
    finished: int
    seconds: float | None
    others: int

    def estimate(self, workers: int = 1) -> float | None:
        """The seconds that are left with so many workers, if the other cells take as long as the finished ones."""
        left, workers = self.cells - self.finished, checks.count("workers", workers)
        return self.seconds if self.seconds is None else left * self.seconds / max(1, min(workers, left))


def plan(function: Callable[..., Any], grid: Grid, *, seeds: Iterable[int], file: str | Path | None = None,
         changed: str = "refuse") -> Plan:
    """How much `sweep` would compute; it takes the same arguments and raises the same errors, and computes nothing."""
    state = _state(_check(function, grid, seeds, file), changed)
    seconds = [record["seconds"] for record in state.done.values()]
    return Plan(len(state.calls), len(seconds), sum(seconds) / len(seconds) if seconds else None,
                len(state.records.keys() - state.calls))


class _Wanted(NamedTuple):
    """The arguments of a sweep, checked, and the fingerprint of its function."""

    function: Callable[..., Any]
    cells: list[Cell]
    seeds: list[int]
    path: Path | None
    source: dict[str, Entry]


class _Call(NamedTuple):
    """A call of the function: its cell and seed as they are written in the file, and its arguments."""

    cell: Cell
    seed: int
    arguments: Cell


@dataclass
class _State:
    """What a sweep consists of, and what its file has of it."""

    runs: list[store.Run]              # the runs of the file
    records: dict[str, Record]         # key → cell of the file, also of other grids
    calls: dict[str, _Call]            # key → call, in the grid's order
    done: dict[str, Record]            # key → cell, of the calls that are finished
    complete: bool                     # whether nothing is left to be computed or to be written


def _state(wanted: _Wanted, changed: str) -> _State:
    """Compare the sweep with its file; ValueError where two calls are the same, or the function has changed."""
    runs, records = store.usable(wanted.path, wanted.source, changed)
    known: dict[str, dict[str, Any]] = {}                      # column → text of a value → the value
    for record in records.values():
        for name, value in record["cell"].items():
            known.setdefault(name, {})[json.dumps(value)] = value
    calls: dict[str, _Call] = {}
    for cell in wanted.cells:
        written = {name: _known(known.setdefault(name, {}), name, value) for name, value in cell.items()}
        for seed in wanted.seeds:
            key = store.cell_key(written, seed)
            if key in calls:
                raise ValueError(f"expected cells that differ, got {key} twice: a value or a seed is given twice, or "
                                 "two objects have the same name, or two floats differ by less than 1e-9 of their size")
            calls[key] = _Call(written, seed, {**cell, "seed": seed})
    done = {key: records[key] for key in calls if "rows" in records.get(key, ())}
    complete = len(done) == len(calls) and not store.changed_names(runs, wanted.source)
    return _State(runs, records, calls, done, complete)


def _known(known: dict[str, Any], name: str, value: Any) -> Any:
    """The same value as it is written in the file or in an earlier cell of the grid; else as it is to be written."""
    written = stored_value(name, value)
    text = json.dumps(written)
    if text not in known:
        known[text] = next((other for other in known.values() if same_value(value, other)), written)
    return known[text]


def _compute(wanted: _Wanted, state: _State, workers: int, progress: bool | None) -> None:
    """Compute what is missing, append each cell to the file as soon as it is finished, and bring `state` up to date."""
    if state.complete:
        return
    path, runs, calls, done = wanted.path, state.runs, state.calls, state.done
    todo = {key: call.arguments for key, call in sorted(calls.items(), key=lambda item: item[1].seed)
            if key not in done}
    with progress_bar(len(calls), progress, done=len(done), unit="cell") as bar:
        run = store.new_run(wanted.function, wanted.source)
        if not runs or not store.equal_but_date(run, runs[-1]):
            runs.append(run)
        if path:
            store.save(path, runs, state.records.values())
        try:
            with closing(results(wanted.function, todo, workers)) as finished:
                for key, result in finished:
                    record = {"seed": calls[key].seed, "cell": calls[key].cell, "run": len(runs) - 1, **result}
                    if path:
                        store.append(path, record)
                    done[key] = record
                    bar.update()
        except BaseException as error:
            kept = f"they are in {path.name}, and the same call goes on from there" if path else (
                "they are lost; with file=… they would have been kept")
            error.add_note(f"the sweep stopped with {len(done)} of {len(calls)} cells finished: {kept}")
            raise
    state.done = {key: done[key] for key in calls}
    if path and todo:                                      # in the grid's order, whichever was finished first
        others = [record for key, record in state.records.items() if key not in calls]
        store.save(path, runs, [*state.done.values(), *others])


def _rows(runs: list[store.Run], records: dict[str, Record]) -> Rows:
    """A row for each dict that a cell returned, and one for each cell that failed."""
    found = Rows(runs=runs)
    for record in records.values():
        for row in record["rows"] if "rows" in record else [{"failed": record["failed"]}]:
            found.append(record["cell"] | {"seed": record["seed"]} | row | {"seconds": record["seconds"]})
    return found


def _check(function: Callable[..., Any], grid: Grid, seeds: Iterable[int], file: str | Path | None) -> _Wanted:
    if not callable(function):
        raise TypeError(f"expected a function of the cell and a seed, got {function!r}")
    if isinstance(seeds, str | numbers.Number) or not isinstance(seeds, Iterable):
        raise TypeError(f"expected seeds to be whole numbers such as range(5), got {seeds!r}")
    wholes = [checks.count(f"seeds[{i}]", seed, least=0) for i, seed in enumerate(seeds)]
    if not wholes:
        raise ValueError("expected at least one seed, got none")
    found = cells(grid)
    for cell in found:
        taken = [name for name in RESERVED if name in cell]
        if taken:
            raise ValueError(f"expected a grid without {', '.join(taken)}: these are columns of their own, and seeds "
                             "are given by seeds=…")
        try:
            inspect.signature(function).bind(**cell, seed=0)
        except (TypeError, ValueError) as error:               # ValueError: no signature is known
            raise TypeError(f"expected a function that takes {', '.join(map(str, [*cell, 'seed']))} by name, got "
                            f"{described(function)}: {error}") from None
    path = None if file is None else store.checked_path(file)
    return _Wanted(function, found, wholes, path, {} if path is None else fingerprint(function, _objects(found)))


def _objects(found: list[Cell]) -> dict[str, Any]:
    """The functions and objects among the values of cells, by name; a partial's settings are in the cell already."""
    objects: dict[str, Any] = {}
    left = [item for cell in found for item in cell.items()]
    while left:
        column, value = left.pop()
        if isinstance(value, partial):
            value = [part for part in (value.func, *value.args, *value.keywords.values()) if callable(part)]
        if isinstance(value, list | tuple):
            left += [(column, entry) for entry in value]
        elif isinstance(name := stored_value(column, value), str) and not isinstance(value, str):
            objects[name] = value
    return objects


def cells(grid: Grid) -> list[Cell]:
    """The cells of a grid in their order, without seeds."""
    if isinstance(grid, Mapping):
        for name, values in grid.items():
            if isinstance(values, str | set | frozenset) or not isinstance(values, Iterable):
                raise TypeError(f"expected a list of values for {name}, got {values!r}: one value is a list of one, "
                                "a set has no order")
        columns = {name: list(values) for name, values in grid.items()}
        for name, values in columns.items():
            if not values:
                raise ValueError(f"expected at least one value for {name}, got none")
        return [dict(zip(columns, values, strict=True)) for values in itertools.product(*columns.values())]
    if isinstance(grid, str) or not isinstance(grid, Sequence) or not all(isinstance(cell, Mapping) for cell in grid):
        raise TypeError(f"expected grid to be a dict, name → values, or a list of dicts, one per cell, got {grid!r}")
    if not grid:
        raise ValueError("expected at least one cell, got an empty list")
    return [dict(cell) for cell in grid]
