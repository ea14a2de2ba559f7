"""What the numbers of a sweep depend on, in a form that can be compared on another machine.

`fingerprint(cell, …)` has an entry for the function, one for each global name that it uses (constants, helper
functions, classes), one for each name that these use, and so on, and one for each function or object in the grid:

    {"the function": "5f0c1d…",  "WIDTH": "64",
     "SCALE": {"text": "#", "numbers": [0.25], "eps": 2.2e-16},
     "RATES": {"text": "float64 (2,)", "numbers": [[0.001, 10.0]], "eps": 2.2e-16}}

An entry is a text, or the hash of a long one, that has to be equal, and the floats and arrays in it, which have to be
close: their last digits differ between processors. Code is compared by its syntax tree, which is the same in all
versions of Python but for fields that are empty. Of what is imported from other modules only the name counts.
"""

from __future__ import annotations

import ast
import dis
import hashlib
import inspect
import linecache
import math
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache, partial
from pathlib import PurePath
from types import CodeType
from typing import Any

import numpy as np

from minnet.experiments.values import FLOAT, close, precision
from minnet.reporting import described

Entry = str | dict[str, Any]
Reading = tuple[str, list[Any]]    # a text, in which # stands for each float, and the floats and arrays of them

SHORT = 60                         # a longer text is stored as its hash
FEW = 32                           # more numbers than these are stored as sums


def fingerprint(function: Callable[..., Any], objects: Mapping[str, Any]) -> dict[str, Entry]:
    """The entries for a function and for the functions and objects among the grid's values, name → object.

    What counts: the code of functions and classes of the function's own module, the values of constants, and what all
    of these hold or close over. What does not: comments, layout and docstrings, the order of a dict or a set, the
    folder of a path, rounding (see `values.close`), code of other modules. Raises TypeError for a function whose
    source is not known.
    """
    made: Any = function
    while isinstance(made, partial):
        made = made.func
    made = inspect.unwrap(made)
    if not inspect.isfunction(made) or made.__name__ == "<lambda>" or not _syntax_trees(made):
        raise TypeError(f"expected a function made with def, in a file or in a notebook, got {described(function)}: a "
                        "file's cells are used again only while the function is the same; if the function's file was "
                        "edited after it was imported, import it again")
    reader, entries = _Reader(made.__module__), {}
    reader.used = {"the function": function, **objects}
    while reader.used:
        name, thing = reader.used.popitem()
        if name not in entries:
            entries[name] = _entry(*reader.read(thing))
    return dict(sorted(entries.items()))


def same_entry(before: Entry, now: Entry) -> bool:
    """Whether two entries agree: their texts are equal, their numbers are close."""
    if not isinstance(before, dict) or not isinstance(now, dict):
        return before == now
    return before["text"] == now["text"] and _all_close(before["numbers"], now["numbers"], now["eps"], 0.0)


def _all_close(before: list[Any], now: list[Any], eps: float, scale: float) -> bool:
    return len(before) == len(now) and all(
        _all_close(a, b, eps, max(map(abs, b), default=0.0)) if isinstance(b, list) else close(a, b, eps, scale)
        for a, b in zip(before, now, strict=True))


def _entry(text: str, numbers: list[Any]) -> Entry:
    text = text if len(text) <= SHORT else hashlib.sha256(text.encode()).hexdigest()[:16]
    if not numbers:
        return text
    arrays = [number for number in numbers if isinstance(number, np.ndarray)]
    floats = [number for number in numbers if not isinstance(number, np.ndarray)]
    return {"text": text, "numbers": [*_few(np.array(floats, float)), *map(_few, arrays)],
            "eps": max(map(precision, numbers))}


def _few(values: np.ndarray) -> list[float]:
    """The numbers themselves, or, of many, sums of consecutive ones, with weights that tell their places apart.

    Positive and negative numbers are summed apart: nothing cancels, so that the sums are as exact as their terms.
    """
    if len(values) <= FEW:
        return list(map(float, values))
    weighted = values * (1 + np.arange(len(values)) * 0.618033988749895 % 1)
    return [float(part[sign * part > 0].sum()) for part in np.array_split(weighted, FEW // 2) for sign in (1, -1)]


class _Reader:
    """Turns functions, classes and values into texts and numbers; `used` collects the global names that code uses."""

    def __init__(self, module: str) -> None:
        self.module = module
        self.used: dict[str, Any] = {}
        self.unfinished: list[Any] = []                     # what is being read: it may hold itself

    def read(self, thing: Any) -> Reading:
        if isinstance(thing, float | np.floating):
            kind = "" if isinstance(thing, float) else f"{thing.dtype} "
            return (f"{kind}#", [thing]) if math.isfinite(thing) else (f"{kind}{thing!s}", [])
        if isinstance(thing, np.ndarray):
            return self.array(thing)
        if isinstance(thing, np.generic):
            thing = thing.item()
        if thing is None or isinstance(thing, bool | int | str | bytes):
            return ascii(thing), []
        if any(thing is one for one in self.unfinished):
            return "itself", []
        self.unfinished.append(thing)
        try:
            return self.compound(thing)
        finally:
            self.unfinished.pop()

    def several(self, name: str, things: Iterable[Any]) -> Reading:
        return _joined(name, map(self.read, things))

    def array(self, a: np.ndarray) -> Reading:
        if a.dtype.kind in "biu":
            return f"array of {a.dtype.kind} {a.shape} {a.tolist()}", []        # int is not int64 everywhere
        if a.dtype.kind != "f":
            return self.several(f"array of {a.dtype.kind} {a.shape}", a.ravel().tolist())
        flat, finite = a.ravel(), np.isfinite(a.ravel())
        others = "" if finite.all() else f" {np.flatnonzero(~finite).tolist()} {flat[~finite].tolist()}"
        return f"{a.dtype.name} {a.shape}{others}", [flat[finite]]

    def compound(self, thing: Any) -> Reading:
        """What consists of parts."""
        if isinstance(thing, dict):
            return _joined("dict", sorted((self.several("", item) for item in thing.items()), key=_order))
        if isinstance(thing, set | frozenset):
            return _joined("set", sorted(map(self.read, thing), key=_order))
        if isinstance(thing, list | tuple):
            return self.several("list", thing)
        if isinstance(thing, partial):
            return self.several("partial", [thing.func, thing.args, thing.keywords])
        if isinstance(thing, PurePath):
            return f"path {thing.name}", []
        if isinstance(thing, property):
            return self.read(thing.fget)
        if inspect.ismethod(thing):
            return self.several("method", [thing.__func__, thing.__self__])
        thing = inspect.unwrap(thing) if callable(thing) else thing
        if self.is_own(thing) and inspect.isfunction(thing):
            return self.function(thing)
        if self.is_own(thing) and inspect.isclass(thing):
            return self.own_class(thing)
        if inspect.ismodule(thing) or inspect.isclass(thing):
            return _name(thing), []
        return self.instance(thing)

    def is_own(self, thing: Any) -> bool:
        return getattr(thing, "__module__", None) == self.module

    def function(self, function: Any) -> Reading:
        """Its syntax and what it closes over; the globals that it names are noted in `used`."""
        trees = _syntax_trees(function)
        around = [(name, cell.cell_contents) for name, cell in zip(
            function.__code__.co_freevars, function.__closure__ or (), strict=True) if name != "__class__"]
        for name in sorted(_global_names(function.__code__, trees) & function.__globals__.keys()):
            if not name.startswith("__"):                                             # __file__ is a folder's name
                self.used[name] = function.__globals__[name]
        return self.several(" ".join(map(_syntax, trees)) or function.__qualname__, around)

    def own_class(self, kind: type) -> Reading:
        """Its attributes and methods. A class is not read as a whole, since in a notebook it has no source; what Python
        or a decorator adds has none either."""
        found = [(name, value) for name, value in sorted(vars(kind).items()) if not _is_special(name)
                 or (inspect.isfunction(value) and self.is_own(value) and _syntax_trees(inspect.unwrap(value)))]
        self.used |= {base.__name__: base for base in kind.__bases__ if self.is_own(base)}
        bases = ", ".join(base.__name__ for base in kind.__bases__)
        return self.several(f"class {kind.__name__}({bases})", found)

    def instance(self, thing: Any) -> Reading:
        """An object of an own class counts by its attributes, another by how it is shown and by own code in it."""
        kind = type(thing)
        state = {name: value for name, value in getattr(thing, "__dict__", {}).items() if not _is_special(name)}
        if self.is_own(kind):
            self.used[kind.__name__] = kind
            if state or repr(thing) == object.__repr__(thing):
                return self.several(kind.__name__, sorted(state.items()))
        if hasattr(thing, "__name__"):
            shown: Reading = _name(thing), []
        else:
            text = re.sub(r" at 0x[0-9a-f]+", "", repr(thing), flags=re.IGNORECASE)
            shown = f"{kind.__name__} {FLOAT.sub('#', text)}", list(map(float, FLOAT.findall(text)))
        own = [(name, value) for name, value in sorted(state.items()) if self.holds_own(value)]
        return _joined("", [shown, self.several("", own)]) if own else shown

    def holds_own(self, thing: Any) -> bool:
        parts = (thing.values() if isinstance(thing, dict) else thing if isinstance(thing, list | tuple) else
                 [thing.func, *thing.args, *thing.keywords.values()] if isinstance(thing, partial) else [])
        return self.is_own(thing) or any(map(self.holds_own, parts))


def _order(reading: Reading) -> Any:
    return reading[0], [np.ravel(number).tolist() for number in reading[1]]


def _joined(name: str, readings: Iterable[Reading]) -> Reading:
    texts, numbers = [], []
    for text, several in readings:
        texts.append(text)
        numbers += several
    return f"{name}({', '.join(texts)})", numbers


def _is_special(name: str) -> bool:
    """Whether Python, or a class such as Enum, gives this name a meaning: which there are depends on the version."""
    return name.startswith("_") and name.endswith("_")


def _name(thing: Any) -> str:
    """The name of what is defined elsewhere, with its library, but without the module, which versions rename."""
    if isinstance(thing, np.ufunc):                              # has no __module__ in numpy 2.0
        return f"ufunc {thing.__name__}"
    library = (getattr(thing, "__module__", None) or "").split(".")[0]
    name = getattr(thing, "__qualname__", None) or thing.__name__
    return name if not library or library in sys.stdlib_module_names else f"{library}.{name}"


# Syntax ------------------------------------------------------------------------------------------------------

def _syntax_trees(function: Any) -> list[ast.AST]:
    """The def of a function, or the lambdas that begin in its line; nothing where no source is known."""
    code = function.__code__
    linecache.checkcache(code.co_filename)
    text = "".join(linecache.getlines(code.co_filename, function.__globals__))
    return _definitions(text).get((code.co_name, code.co_firstlineno), [])


@lru_cache(maxsize=32)
def _definitions(text: str) -> dict[tuple[str, int], list[ast.AST]]:
    """All functions of a source, by name and first line."""
    found: dict[tuple[str, int], list[ast.AST]] = {}
    try:
        nodes = list(ast.walk(ast.parse(text)))
    except SyntaxError:
        return found
    for node in nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            line = min(part.lineno for part in [node, *node.decorator_list])
            found.setdefault((node.name, line), []).append(node)
        elif isinstance(node, ast.Lambda):
            found.setdefault(("<lambda>", node.lineno), []).append(node)
    return found


def _global_names(code: CodeType, trees: list[Any]) -> set[str]:
    """The names that code looks up outside of functions: in its body, its decorators and its parameters' defaults."""
    steps = dis.get_instructions(code)
    names = {step.argval for step in steps if "GLOBAL" in step.opname or step.opname == "LOAD_NAME"}
    for part in code.co_consts:
        names |= _global_names(part, []) if isinstance(part, CodeType) else set()
    heads = [[*getattr(tree, "decorator_list", []), *tree.args.defaults, *filter(None, tree.args.kw_defaults)]
             for tree in trees]
    return names | {node.id for head in heads for part in head for node in ast.walk(part) if isinstance(node, ast.Name)}


def _syntax(node: Any) -> str:
    """As ast.dump, but the same in every version of Python: without docstrings, and without fields that are empty."""
    if isinstance(node, list):
        return f"[{', '.join(_syntax(part) for part in node if not _is_docstring(part))}]"
    if isinstance(node, ast.Constant):
        return ascii(node.value)
    if isinstance(node, ast.JoinedStr):                        # an f-string, to which 3.12 adds empty texts
        return f"f{_syntax([part for part in node.values if getattr(part, 'value', None) != ''])}"
    if isinstance(node, ast.AST):
        return f"{type(node).__name__}({', '.join(f'{k}={_syntax(v)}' for k, v in ast.iter_fields(node) if v)})"
    return ascii(node)


def _is_docstring(node: Any) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
