"""The sweep's file: which lines it has, and how it is read, written and locked.

A file is text in UTF-8, one JSON object a line. The first lines are *runs*, the others *cells*:

    {"function": "chapters.sweeps.06_learning_time.cell",
     "source": {"the function": "61dce9fe7710eaa6", "LIMIT": "2000",
                "RATES": {"text": "float64 (16,)", "numbers": [[0.001, 0.00185, …]], "eps": 2.2e-16}},
     "minnet": "0.1.0", "numpy": "2.4.6", "python": "3.11.7", "blas": "openblas 0.3.31", "date": "2026-11-23T14:30:11"}
    {"seed": 0, "cell": {"depth": 5, "init": "he_normal"}, "run": 0, "rows": [{"loss": 0.3}], "seconds": 1.2}
    {"seed": 1, "cell": {"depth": 5, "init": "he_normal"}, "run": 0, "failed": "OSError: no memory", "seconds": 0.1}

A run says by what cells were computed:
    function                       the function's module and name
    source                         what its numbers depend on, name → entry; see `fingerprint`
    minnet, numpy, python, blas    versions; blas is the library of the matrix products, with its kernels
    date                           when the first of the run's cells was begun, in UTC
A new run is added when one of these, other than the date, has changed.

A cell is one call of the function:
    seed, cell                     its arguments; functions and objects under their names, see `values.stored_value`
    run                            the number of its run, from 0
    rows                           the dicts that the function returned, in order
    failed                         in place of `rows`: the error of a call that failed; the next sweep tries it again
    seconds                        how long the call took

NaN and Infinity are written as Python's json module does. A cell is appended when it is finished, so that a crash loses
only what was being computed; a last line that was not written to its end is not read. When a sweep ends, all lines are
written to a new file, in the order of the grid, and this replaces the old one in one step. A process that writes holds
a lock on FILE.lock beside the file. That is an empty file, which stays; the lock ends with the process. Reading needs
no lock.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from minnet.experiments.fingerprint import Entry, same_entry
from minnet.experiments.parallel import INSTALL
from minnet.reporting import described, library

Run = dict[str, Any]
Record = dict[str, Any]            # a finished cell


def cell_key(cell: dict[str, Any], seed: int) -> str:
    """A text that is the same for the same cell and seed, whatever the order of the cell's names."""
    return json.dumps([cell, seed], sort_keys=True, ensure_ascii=False)


def new_run(function: Callable[..., Any], source: dict[str, Entry]) -> Run:
    """The run of cells that are computed here and now."""
    import minnet

    loaded = library("threadpoolctl", INSTALL).threadpool_info()
    blas = {f"{lib['internal_api']} {lib['version']} {lib.get('architecture') or ''}".strip()
            for lib in loaded if lib["user_api"] == "blas"}
    return {"function": f"{getattr(function, '__module__', None) or '__main__'}.{described(function)}",
            "source": source, "minnet": minnet.__version__, "numpy": np.__version__,
            "python": platform.python_version(), "blas": ", ".join(sorted(blas)),
            "date": datetime.now(UTC).isoformat(timespec="seconds")}


def equal_but_date(a: Run, b: Run) -> bool:
    """Whether two runs differ in nothing but the date."""
    return a | {"date": None} == b | {"date": None}


def changed_names(runs: list[Run], source: dict[str, Entry]) -> list[str]:
    """The names whose entries differ from those of the runs; an entry of a later run replaces that of an earlier one.

    A name that is new or missing is no change by itself: either what uses it has changed too, or only the grid has.
    """
    before: dict[str, Entry] = {}
    for run in runs:
        before |= run["source"]
    return sorted(name for name in before.keys() & source.keys() if not same_entry(before[name], source[name]))


def path_of(file: Any) -> Path:
    """`file` as a Path. Raises TypeError for what names no file."""
    if not isinstance(file, str | PathLike) or not str(file):
        raise TypeError(f"expected file to be the path of a file, such as 'rows.jsonl', got {file!r}")
    return Path(file)


def checked_path(file: str | Path) -> Path:
    """The absolute path of a file that may be new; ValueError if it is a folder, or if its folder does not exist."""
    path = path_of(file)
    if path.is_dir():
        raise ValueError(f"expected a file, got the folder {path}: add a name, such as {path / 'rows.jsonl'}")
    if not path.resolve().parent.is_dir():
        raise ValueError(f"expected a file in a folder that exists, got {path}: make the folder first")
    return path.resolve()


def usable(file: Path | None, source: dict[str, Entry], changed: str) -> tuple[list[Run], dict[str, Record]]:
    """The runs and the cells (key → record) of the file that a sweep of this source may use; see `sweeps.sweep`."""
    if not isinstance(changed, str) or changed not in ("refuse", "recompute", "keep"):
        raise ValueError(f"expected changed to be 'refuse', 'recompute' or 'keep', got {changed!r}")
    if file is None or not file.exists() or not file.stat().st_size:
        return [], {}
    runs, records = load(file)
    names = changed_names(runs, source)
    if not names or changed == "keep":
        return runs, records
    if changed == "recompute":
        return [], {}
    failed = sum("failed" in record for record in records.values())
    again = f" ({failed} of them failed, and are tried again in any case)" if failed else ""
    raise ValueError(f"expected {file.name} to hold cells of this very function, got {len(records)}{again} from before "
                     f"a change to {', '.join(names)}: pass changed='recompute' (or delete the file) to compute "
                     "them anew, changed='keep' if their numbers would be the same, or name another file")


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Hold the lock on the file; RuntimeError if another call holds it."""
    filelock = library("filelock", INSTALL)
    lock = filelock.FileLock(f"{file}.lock")
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        raise RuntimeError(f"expected {file.name} to be written by this call only, got a file that another call is "
                           "writing: wait until that has ended, or name another file") from None
    except (OSError, NotImplementedError) as error:
        raise OSError(f"expected a folder in which {file.name} can be written and locked, got {file.parent} "
                      f"({error}): name a file on a local disk") from None
    try:
        yield
    finally:
        lock.release()


def load(file: Path) -> tuple[list[Run], dict[str, Record]]:
    """All runs and cells (key → record) of a file; a last line that was not written to its end is left out."""
    runs: list[Run] = []
    records: dict[str, Record] = {}
    try:
        for line in file.read_bytes().split(b"\n")[:-1]:          # bytes: a cut may have split a letter
            entry = json.loads(line)
            if "source" in entry:
                runs.append(entry)
            else:
                records[cell_key(entry["cell"], entry["seed"])] = entry
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"expected {file} to be a sweep's file, got a line of another format ({error!r}): name "
                         "another file, or delete this one") from None
    if not runs:
        raise ValueError(f"expected {file} to be a sweep's file, got no run in it: name another file, or delete it")
    return runs, records


def save(file: Path, runs: list[Run], records: Iterable[Record]) -> None:
    """Write all lines to a new file, and let it replace the old one; an interrupt leaves the old one alone."""
    new = file.with_name(f"{file.name}.new")
    try:
        _write(new, "w", [*runs, *records])
        new.replace(file)
    finally:
        new.unlink(missing_ok=True)


def append(file: Path, record: Record) -> None:
    """Add a finished cell."""
    _write(file, "a", [record])


def _write(file: Path, mode: str, entries: list[dict[str, Any]]) -> None:
    # a lone surrogate, which Python puts for a byte that is not UTF-8, is written as \udcff, which JSON reads
    with file.open(mode, encoding="utf-8", errors="backslashreplace", newline="\n") as out:
        out.writelines(json.dumps(entry, ensure_ascii=False) + "\n" for entry in entries)
