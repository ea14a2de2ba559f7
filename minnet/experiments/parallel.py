"""Call one function many times, in several processes with one BLAS thread each; a call that fails stops no other."""

from __future__ import annotations

import os
import time
import traceback
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from functools import partial
from typing import Any

import numpy as np

from minnet.reporting import library

Arguments = dict[str, Any]
Result = dict[str, Any]            # rows or failed, and seconds, as in the sweep's file
INSTALL = 'pip install -e ".[chapters]"'
RESERVED = ("seed", "seconds", "failed")                # columns of a row that are neither the cell's nor the result's
ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1")


def results(function: Callable[..., Any], calls: dict[str, Arguments],
            workers: int) -> Generator[tuple[str, Result], None, None]:
    """(key, result) of each call, key → arguments, in the order in which they finish."""
    if calls and workers == 1:
        with _one_thread():
            for key, arguments in calls.items():
                yield key, _computed(function, arguments)
    elif calls:
        joblib = library("joblib", INSTALL)
        parallel = joblib.Parallel(n_jobs=workers, batch_size=1, return_as="generator_unordered")
        task = joblib.delayed(partial(_in_worker, function, np.geterr()))
        with closing(parallel(task(key, arguments) for key, arguments in calls.items())) as finished:
            yield from finished


def _in_worker(function: Callable[..., Any], float_errors: Any, key: str, arguments: Arguments) -> tuple[str, Result]:
    """A call in another process, with the floating-point warnings of this one."""
    os.environ.update(ONE_THREAD)                                          # for libraries that the function loads …
    library("threadpoolctl", INSTALL).threadpool_limits(limits=1)          # … and for those that are loaded
    with np.errstate(**float_errors):
        return key, _computed(function, arguments)


@contextmanager
def _one_thread() -> Iterator[None]:
    """One BLAS thread in this process, and afterwards as many as before."""
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    with library("threadpoolctl", INSTALL).threadpool_limits(limits=1):
        os.environ.update(ONE_THREAD)
        try:
            yield
        finally:
            for name, value in before.items():
                del os.environ[name]
                if value is not None:
                    os.environ[name] = value


def _computed(function: Callable[..., Any], arguments: Arguments) -> Result:
    """{"rows": …, "seconds": …}, or {"failed": …, "seconds": …} where the function raised an error."""
    result: Result = {}
    begin = time.perf_counter()
    try:
        result["rows"] = _checked(function(**arguments), arguments)
    except Exception as error:
        path = " → ".join(f"{frame.name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)
                         if frame.filename != __file__)
        result["failed"] = f"{type(error).__name__}: {error}" + (f" (in {path})" if path else "")
    return result | {"seconds": float(f"{time.perf_counter() - begin:.3g}")}


def _checked(returned: Any, arguments: Arguments) -> list[dict[str, Any]]:
    rows = [returned] if isinstance(returned, Mapping) else returned
    if not isinstance(rows, list | tuple) or not all(isinstance(row, Mapping) for row in rows):
        raise TypeError(f"expected the function to return a dict of numbers, or a list of dicts, got {returned!r}")
    taken = sorted({*arguments, *RESERVED} & {name for row in rows for name in row})
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
