"""One function over a grid and over seeds: in parallel, restartable, the same numbers however it is run.

    rows = sweep(cell, {"depth": [5, 10], "init": [he_normal, glorot_normal]}, seeds=range(5), file="depth.jsonl")
    rows.where(depth=5).array("loss")

calls `cell(depth=…, init=…, seed=…)` for every combination. It returns a dict of numbers, or a list of them (one per
epoch, one per layer), and each dict becomes a row: the cell, the seed, the result, the seconds that the call took.

A cell's only chance is its seed, and every cell runs with one BLAS thread, in this process as in a worker, since matrix
products round differently with another number of threads. So the numbers depend neither on the number of workers nor
on the order in which cells finish. What is finished goes to the file at once, and is read there by the next call.
"""

from __future__ import annotations

import inspect
import itertools
import numbers
import os
import time
import traceback
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from minnet import checks
from minnet.experiments import store
from minnet.experiments.rows import Rows, plain
from minnet.experiments.store import REMEDY, Record
from minnet.reporting import described, library, progress_bar

Cell = dict[str, Any]
Grid = Mapping[str, Iterable[Any]] | Sequence[Mapping[str, Any]]

OWN = ("seed", "seconds", "failed")                     # what a row says beside the cell and its result
ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1")


def sweep(function: Callable[..., Any], grid: Grid, *, seeds: Iterable[int], file: str | Path | None = None,
          workers: int = 2, progress: bool | None = None, changed: str = "refuse") -> Rows:
    """The rows of function(**cell, seed=s) for every cell of the grid and every seed, in that order; they are computed
    seed by seed, so that half of the work is the whole grid with half of the seeds.

    - grid: name → values, of which all combinations are taken, the last name varying fastest; or a list of cells.
      Functions and objects among the values appear in the rows under their names.
    - file: where finished cells are kept; those that stand there are not computed again.
      One call at a time has the file, another raises RuntimeError.
    - workers: processes; 1 starts none. With `joblib.parallel_config(backend="dask"):` around the call and a
      `distributed.Client` the cells go to all workers of a cluster instead; each needs minnet.
    - progress: True shows a bar, False none, None one in a terminal or a notebook.
    - changed: what to do with the file's cells if the function is no longer the one that computed them: "refuse" raises
      ValueError, "recompute" drops them, "keep" uses them. What counts as a change: see `store.fingerprint`.

    A cell that raises becomes a row with `failed`; a RuntimeWarning says so at the end, and the next call with the file
    tries it again. After Ctrl-C the next call goes on where this one stopped. Functions of a notebook serve too; data
    are better loaded inside the function than closed over, for what it closes over travels with every cell. Raises
    TypeError or ValueError, before anything is computed, where arguments do not fit.
    """
    workers = checks.count("workers", workers)
    tasks, path = _tasks(function, grid, seeds), None if file is None else Path(file)
    source = {} if path is None else store.fingerprint(function, _objects(tasks))
    if path and not path.resolve().parent.is_dir():
        raise ValueError(f"expected a file in a folder that exists, got {path}")
    with store.held(path) if path else nullcontext():
        runs, done = _finished(function, tasks, path, source, workers, progress, changed)
    failed = [record for record in done.values() if "failed" in record]
    if failed:
        first = failed[0]["cell"] | {"seed": failed[0]["seed"]}
        warnings.warn(f"{len(failed)} of {len(tasks)} cells failed, the first of them "
                      f"({', '.join(f'{name}={value}' for name, value in first.items())}) with {failed[0]['failed']}; "
                      "rows.failed has all", RuntimeWarning, stacklevel=2)
    return _rows(runs, done)


def _finished(function: Callable[..., Any], tasks: dict[str, Cell], path: Path | None, source: dict[str, str],
              workers: int, progress: bool | None, changed: str) -> tuple[list[store.Run], dict[str, Record]]:
    """The runs, and every cell of the grid in its order: those of the file, the others computed and kept there."""
    runs, records = store.stored(path, source, changed)
    done = {key: records[key] for key in tasks if key in records and "rows" in records[key]}
    todo = {key: task for key, task in sorted(tasks.items(), key=lambda item: item[1]["seed"]) if key not in done}
    if todo or store.differing(runs, source):
        run = store.this_run(function, source)
        if not runs or not store.same(run, runs[-1]):
            runs.append(run)
        if path:
            store.save(path, runs, records.values())
    with progress_bar(len(tasks), progress, done=len(done), unit="cell") as shown:
        try:
            with closing(_results(function, todo, workers)) as results:
                for key, result in results:
                    cell = {name: plain(name, value) for name, value in tasks[key].items()}
                    done[key] = {"seed": cell.pop("seed"), "cell": cell, "run": len(runs) - 1, **result}
                    if path:
                        store.append(path, done[key])
                    shown.update()
        except BaseException as error:
            kept = f"they stand in {path.name}, and the same call goes on from there" if path else (
                "they are lost, file=… would have kept them")
            error.add_note(f"the sweep stopped with {len(done)} of {len(tasks)} cells finished: {kept}")
            raise
    done = {key: done[key] for key in tasks}
    if path and todo:                                # the grid's order, so that the file does not tell who came first
        store.save(path, runs, (done | {k: record for k, record in records.items() if k not in done}).values())
    return runs, done


def read(file: str | Path) -> Rows:
    """All rows of a sweep's file. Raises ValueError where it is none, FileNotFoundError where there is no such file."""
    return _rows(*store.load(Path(file)))


@dataclass(frozen=True)
class Plan:
    """How many cells a sweep has, counted with their seeds; how many are finished, and the mean of their seconds (None
    where none is); how many others stand in the file, from another grid."""

    cells: int
    finished: int
    seconds: float | None
    others: int

    def estimate(self, workers: int = 1) -> float | None:
        """The seconds that are left with so many workers, if the cells to come are like those that are finished."""
        left = self.cells - self.finished
        return self.seconds if self.seconds is None else left * self.seconds / max(1, min(workers, left))


def plan(function: Callable[..., Any], grid: Grid, *, seeds: Iterable[int], file: str | Path | None = None,
         changed: str = "refuse") -> Plan:
    """What `sweep` would have to do; the same arguments and errors, and nothing is computed or written."""
    tasks, path = _tasks(function, grid, seeds), None if file is None else Path(file)
    source = {} if path is None else store.fingerprint(function, _objects(tasks))
    _, records = store.stored(path, source, changed)
    seconds = [records[key]["seconds"] for key in tasks if key in records and "rows" in records[key]]
    return Plan(len(tasks), len(seconds), sum(seconds) / len(seconds) if seconds else None, len(records.keys() - tasks))


# Computing ---------------------------------------------------------------------------------------------------

def _results(function: Callable[..., Any], todo: dict[str, Cell],
             workers: int) -> Generator[tuple[str, Record], None, None]:
    """(key, result) of each cell, as they finish."""
    if todo and workers == 1:
        with _one_thread():
            for key, arguments in todo.items():
                yield key, _computed(function, arguments)
    elif todo:
        joblib = library("joblib", REMEDY)
        parallel = joblib.Parallel(n_jobs=workers, batch_size=1, return_as="generator_unordered")
        task = joblib.delayed(partial(_in_worker, function, np.geterr()))
        with closing(parallel(task(key, arguments) for key, arguments in todo.items())) as results:
            yield from results


def _in_worker(function: Callable[..., Any], float_errors: Any, key: str, arguments: Cell) -> tuple[str, Record]:
    """A cell in another process, whose threads and floating-point warnings are made those of this one."""
    os.environ.update(ONE_THREAD)                                          # for libraries that the function loads …
    library("threadpoolctl", REMEDY).threadpool_limits(limits=1)           # … and for those that are loaded
    with np.errstate(**float_errors):
        return key, _computed(function, arguments)


@contextmanager
def _one_thread() -> Iterator[None]:
    """One BLAS thread here too, and as many as before afterwards."""
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    with library("threadpoolctl", REMEDY).threadpool_limits(limits=1):
        os.environ.update(ONE_THREAD)
        try:
            yield
        finally:
            for name, value in before.items():
                del os.environ[name]
                if value is not None:
                    os.environ[name] = value


def _computed(function: Callable[..., Any], arguments: Cell) -> Record:
    """{"rows": …, "seconds": …}, or {"failed": …, "seconds": …} where the function failed."""
    result: Record = {}
    begin = time.perf_counter()
    try:
        result["rows"] = _checked(function(**arguments), arguments)
    except Exception as error:
        path = " → ".join(f"{frame.name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)
                         if frame.filename != __file__)
        result["failed"] = f"{type(error).__name__}: {error}" + (f" (in {path})" if path else "")
    return result | {"seconds": float(f"{time.perf_counter() - begin:.3g}")}


def _checked(returned: Any, arguments: Cell) -> list[Cell]:
    rows = [returned] if isinstance(returned, Mapping) else returned
    if not isinstance(rows, list | tuple) or not all(isinstance(row, Mapping) for row in rows):
        raise TypeError(f"expected the function to return a dict of numbers, or a list of dicts, got {returned!r}")
    taken = sorted({*arguments, *OWN} & {name for row in rows for name in row})
    if taken:
        raise ValueError(f"expected results under names of their own, got {', '.join(taken)}: the row has that already")
    return [{str(name): _number(name, value) for name, value in row.items()} for row in rows]


def _number(name: str, value: Any) -> Any:
    if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and value.ndim == 0):
        value = value.item()
    if value is not None and not isinstance(value, bool | int | float | str):
        raise TypeError(f"expected {name} to be a number (or a word), got {value!r}: for several numbers return a list "
                        "of dicts, one per epoch or layer")
    return value


def _rows(runs: list[store.Run], records: dict[str, Record]) -> Rows:
    """A row for each dict that a cell returned, and one for each cell that failed."""
    found = Rows(runs=runs)
    for record in records.values():
        for row in record["rows"] if "rows" in record else [{"failed": record["failed"]}]:
            found.append(record["cell"] | {"seed": record["seed"]} | row | {"seconds": record["seconds"]})
    return found


# The door ----------------------------------------------------------------------------------------------------

def _tasks(function: Callable[..., Any], grid: Grid, seeds: Iterable[int]) -> dict[str, Cell]:
    """The arguments of every call, under the key of its cell."""
    if not callable(function):
        raise TypeError(f"expected a function of the cell and a seed, got {function!r}")
    if isinstance(seeds, str | numbers.Number) or not isinstance(seeds, Iterable):
        raise TypeError(f"expected seeds to be whole numbers such as range(5), got {seeds!r}")
    wholes = [checks.count(f"seeds[{i}]", seed, least=0) for i, seed in enumerate(seeds)]
    if not wholes:
        raise ValueError("expected at least one seed, got none")
    tasks: dict[str, Cell] = {}
    for cell in cells(grid):
        taken = [name for name in OWN if name in cell]
        if taken:
            raise ValueError(f"expected a grid without {', '.join(taken)}: a row says that itself, and seeds are given "
                             "by seeds=…")
        try:
            inspect.signature(function).bind(**cell, seed=0)
        except (TypeError, ValueError) as error:               # ValueError: no signature is known
            raise TypeError(f"expected a function that takes {', '.join(map(str, [*cell, 'seed']))} by name, got "
                            f"{described(function)}: {error}") from None
        for seed in wholes:
            key = store.key({name: plain(name, value) for name, value in cell.items()}, seed)
            if key in tasks:
                raise ValueError(f"expected cells that differ, got {key} twice: a value or a seed is given twice, or "
                                 "two objects have the same name")
            tasks[key] = {**cell, "seed": seed}
    return tasks


def _objects(tasks: dict[str, Cell]) -> dict[str, Any]:
    """The functions and objects among the grid's values, under their names."""
    found: dict[str, Any] = {}
    left = [value for task in tasks.values() for value in task.values()]
    while left:
        value = left.pop()
        if isinstance(value, list | tuple):
            left += value
        elif isinstance(name := plain("", value), str) and not isinstance(value, str):
            found[name] = value
    return found


def cells(grid: Grid) -> list[Cell]:
    """The cells of a grid in their order, without seeds."""
    if isinstance(grid, Mapping):
        for name, values in grid.items():
            if isinstance(values, str) or not isinstance(values, Iterable):
                raise TypeError(f"expected a list of values for {name}, got {values!r}: one value is a list of one")
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
