"""Where a sweep keeps its finished cells: lines of JSON, and what tells whether they are still to be used.

    {"function": "__main__.cell", "source": {"the function": "5f0c…", "WIDTH": "9b1e…"}, "numpy": "2.4.6", …}      a run
    {"seed": 0, "cell": {"depth": 5, "init": "he_normal"}, "run": 0, "rows": [{"loss": 0.3}], "seconds": 1.2}     a cell

There is a run for every change of source or versions, and a cell names its own by number; a failed cell has `failed` in
place of `rows`. Finished cells are appended one by one, so that a stop loses what was running and no more; the file as
a whole is only ever replaced in one step. NaN and Infinity stand as Python writes them.
"""

from __future__ import annotations

import ast
import hashlib
import inspect
import json
import os
import platform
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from minnet.reporting import described, library

Run = dict[str, Any]
Record = dict[str, Any]            # a finished cell
REMEDY = 'pip install -e ".[chapters]"'


def key(cell: dict[str, Any], seed: int) -> str:
    """The name of a cell, the same tomorrow and in another process."""
    return json.dumps([cell, seed], sort_keys=True, ensure_ascii=False)


def this_run(function: Callable[..., Any], source: dict[str, str]) -> Run:
    """By what cells are computed here and now: function, versions, the matrix products' library and kernels."""
    import minnet

    loaded = library("threadpoolctl", REMEDY).threadpool_info()
    blas = {f"{lib['internal_api']} {lib['version']} {lib.get('architecture') or ''}".strip()
            for lib in loaded if lib["user_api"] == "blas"}
    return {"function": f"{getattr(function, '__module__', None) or '__main__'}.{described(function)}",
            "source": source, "minnet": minnet.__version__, "numpy": np.__version__,
            "python": platform.python_version(), "blas": ", ".join(sorted(blas)),
            "date": datetime.now(UTC).isoformat(timespec="seconds")}


def same(a: Run, b: Run) -> bool:
    """Whether two runs differ in nothing but the date."""
    return a | {"date": None} == b | {"date": None}


def differing(runs: list[Run], source: dict[str, str]) -> list[str]:
    """What is not as it was when the file's cells were computed, by name.

    A name that is new, or gone, is no change by itself: whatever named it has changed, or only the grid has.
    """
    before: dict[str, str] = {}
    for run in runs:
        before |= run["source"]
    return sorted(name for name in before.keys() & source.keys() if before[name] != source[name])


def stored(file: Path | None, source: dict[str, str], changed: str) -> tuple[list[Run], dict[str, Record]]:
    """The runs and the cells (key → record) that the file has for a function of this source; see `sweeps.sweep`."""
    if changed not in ("refuse", "recompute", "keep"):
        raise ValueError(f"expected changed to be 'refuse', 'recompute' or 'keep', got {changed!r}")
    if file is None:
        return [], {}
    if not file.resolve().parent.is_dir():
        raise ValueError(f"expected a file in a folder that exists, got {file}")
    if not file.exists() or not file.stat().st_size:
        return [], {}
    runs, records = load(file)
    names = differing(runs, source)
    if not names or changed == "keep":
        return runs, records
    if changed == "recompute":
        return [], {}
    failed = sum("failed" in record for record in records.values())
    again = f" ({failed} of them failed, and are tried again in any case)" if failed else ""
    raise ValueError(f"expected {file.name} to hold cells of this very function, got {len(records)}{again} from before "
                     f"a change to {' and '.join(names)}: pass changed='recompute' (or delete the file) to compute "
                     "them anew, changed='keep' if their numbers would be the same, or name another file")


@contextmanager
def held(file: Path) -> Iterator[None]:
    """Keep `file` for one call: a lock of the operating system on a file beside it, which ends with the process.

    RuntimeError where another call has it. Where the file system knows no locks nothing is held.
    """
    beside = file.with_name(f"{file.name}.lock")
    with beside.open("w", encoding="utf-8") as lock:
        try:
            if os.name == "nt":
                import msvcrt

                msvcrt.locking(lock.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined, unused-ignore]
            else:
                import fcntl

                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            raise RuntimeError(f"expected {file.name} for this sweep alone, got one that another call is writing: wait "
                               "for that, or name another file") from None
        except OSError:
            pass
        try:
            yield
        finally:
            with suppress(OSError):                       # Windows deletes no open file: it stays, and does no harm
                beside.unlink()


def load(file: Path) -> tuple[list[Run], dict[str, Record]]:
    """All runs and cells of a file; a line that was cut off while it was written is left out."""
    runs: list[Run] = []
    records: dict[str, Record] = {}
    try:
        for line in file.read_text(encoding="utf-8").split("\n")[:-1]:
            entry = json.loads(line)
            if "source" in entry:
                runs.append(entry)
            else:
                records[key(entry["cell"], entry["seed"])] = entry
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"expected {file} to be a sweep's file, got a line that is none of its own ({error!r}): name "
                         "another file, or delete this one") from None
    if not runs:
        raise ValueError(f"expected {file} to be a sweep's file, got one without a run: name another, or delete it")
    return runs, records


def save(file: Path, runs: list[Run], records: Iterable[Record]) -> None:
    """Write the file anew beside the old one, and put it in its place."""
    new = file.with_name(f"{file.name}.new")
    new.write_text("".join(_line(entry) for entry in [*runs, *records]), encoding="utf-8", newline="\n")
    new.replace(file)


def append(file: Path, record: Record) -> None:
    """Add a finished cell."""
    with file.open("a", encoding="utf-8", newline="\n") as out:
        out.write(_line(record))


def _line(entry: dict[str, Any]) -> str:
    return json.dumps(entry, ensure_ascii=False) + "\n"


# Has the function changed? -----------------------------------------------------------------------------------

def fingerprint(function: Callable[..., Any], values: Mapping[str, Any]) -> dict[str, str]:
    """Hashes of what the numbers depend on, name → hash: the function's source, and what that names, and so on from
    there; likewise the functions and objects among the grid's values.

    Functions, classes and constants of the function's own module count, and values that they close over or hold; of
    what is imported only the name. Comments, layout and docstrings do not. Raises TypeError for a function without a
    name or without a source.
    """
    made = function
    while isinstance(made, partial):
        made = made.func
    made = inspect.unwrap(made)
    if not inspect.isfunction(made) or made.__name__ == "<lambda>" or not _source(made)[0]:
        raise TypeError("expected a function made with def, in a file or in a notebook, got "
                        f"{described(function)}: a file's cells are used again only while the function is the same")
    found: dict[str, str] = {}

    def ours(thing: Any) -> bool:
        return getattr(thing, "__module__", None) == made.__module__

    def visit(name: str, thing: Any) -> None:
        if name in found:
            return
        found[name] = ""                             # under way: functions may name each other
        thing = inspect.unwrap(thing) if callable(thing) else thing
        text, names = _source(thing) if ours(thing) else ("", set())
        around = inspect.getclosurevars(thing).nonlocals if inspect.isfunction(thing) else {}
        scope = {**made.__globals__, **around}
        for other in sorted(names & scope.keys()):
            visit(other, scope[other])
        if not text:                                 # no function: what it holds
            text = _constant(thing)
            for key, value in _held(thing, ours).items():
                bare = getattr(value, "fget", None) or getattr(value, "__func__", value)      # of a property, …
                if any(callable(inner) and ours(inner) for inner in _inside(bare)):
                    visit(f"{name}.{key}", bare)
                if isinstance(thing, type):
                    text += f" {key}: {type(value).__name__} {'' if callable(bare) else _constant(bare)}"
            kinds = thing.__bases__ if isinstance(thing, type) else (type(thing),)
            for kind in filter(ours, kinds):
                text += f" {kind.__name__}"
                visit(kind.__name__, kind)
        found[name] = hashlib.sha256(text.encode()).hexdigest()[:16]

    visit("the function", function)
    for name, value in values.items():
        visit(name, value)
    return found


def _source(thing: Any) -> tuple[str, set[str]]:
    """The syntax of a function, without comments and docstring, and the names in it; nothing for anything else."""
    try:
        text = inspect.getsource(thing) if inspect.isfunction(thing) else ""
        tree = ast.parse(f"if True:\n{text}" if text[:1].isspace() else text)       # indented: made within another
    except OSError:                                                                  # generated, as by a dataclass
        return "", set()
    except SyntaxError:                                                              # a lambda: a piece of its line
        return text, set(thing.__code__.co_names)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and ast.get_docstring(node):
            node.body = node.body[1:]
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return _syntax(tree.body) if text else "", names


def _syntax(node: Any) -> str:
    """As ast.dump, but the same in every version of Python: what is empty is left out."""
    if isinstance(node, list):
        return f"[{', '.join(map(_syntax, node))}]"
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = (f"{name}={_syntax(value)}" for name, value in ast.iter_fields(node) if value is not None and value != [])
    return f"{type(node).__name__}({', '.join(fields)})"


def _inside(thing: Any) -> list[Any]:
    """What stands in lists, dicts and partials, at any depth; of anything else that thing itself."""
    if isinstance(thing, partial):
        parts: Iterable[Any] = (thing.func, *thing.args, *thing.keywords.values())
    elif isinstance(thing, dict):
        parts = thing.values()
    elif isinstance(thing, list | tuple):
        parts = thing
    else:
        return [thing]
    return [inner for part in parts for inner in _inside(part)]


def _held(thing: Any, ours: Callable[[Any], bool]) -> dict[str, Any]:
    """What an object holds, or a class of one's own: attributes, methods, the functions in lists, dicts and partials.

    A class is not read as a whole, since in a notebook it has no source; its methods have.
    """
    if isinstance(thing, partial | dict | list | tuple):
        return {described(inner): inner for inner in _inside(thing) if callable(inner)}
    if isinstance(thing, ModuleType) or (isinstance(thing, type) and not ours(thing)):
        return {}
    return {key: value for key, value in getattr(thing, "__dict__", {}).items()
            if not key.startswith("__") or (inspect.isfunction(value) and ours(value))}


def _constant(thing: Any) -> str:
    """A value as text, the same in every process; of a float ten digits, since the last ones depend on the machine."""
    if isinstance(thing, float):
        return f"{thing:.10g}"
    if isinstance(thing, partial):
        return f"partial of {_constant(thing.func)}, {_constant(thing.args)}, {_constant(thing.keywords)}"
    if isinstance(thing, ModuleType):
        return thing.__name__
    if isinstance(thing, np.ndarray):
        return f"{thing.dtype} {thing.shape} {hashlib.sha256(thing.tobytes()).hexdigest()}"
    if isinstance(thing, dict):
        return f"{[(_constant(key), _constant(value)) for key, value in thing.items()]}"
    if isinstance(thing, list | tuple):
        return f"{list(map(_constant, thing))}"
    if isinstance(thing, set | frozenset):
        return f"{sorted(map(_constant, thing))}"
    if hasattr(thing, "__qualname__"):
        return f"{thing.__module__}.{thing.__qualname__}"
    return re.sub(r" at 0x[0-9a-f]+", "", repr(thing), flags=re.IGNORECASE)
