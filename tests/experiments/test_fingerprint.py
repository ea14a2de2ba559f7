"""What counts as a change of a sweep's function, and that every machine agrees on it."""

import ast
import importlib.util
import json
import math
import os
import subprocess
import sys
from functools import partial

import numpy as np
import pytest

from minnet.experiments import fingerprint as fp
from minnet.experiments import store

MODULE = '''
"""A module."""
import math
from functools import partial

from minnet.initializers import normal

def in_a_table(x):
    return 5 * x

WIDTH = 64
TABLE = {"x": partial(normal, std=0.25), "y": {3, 1, "word"}, "z": [(in_a_table, 1)]}
DEPTH = 8
UNUSED = 1
a = 1

def helper(x):
    """Twice."""
    return 2 * x

class Root:
    size = 6

class Base:
    size = 7

class Model(Base):
    """A model."""
    size = 5
    def __init__(self):
        self.own = 4
    def value(self):
        return helper(self.size)
    @property
    def double(self):
        return self.size
    @staticmethod
    def static(f):
        return 3 * f

MODEL = Model()

def made(k):
    def inner(a, seed):
        return {"value": a + k}
    return inner

def mine(rng, shape):
    return rng.normal(size=shape)

def decorated(function):
    return function

@decorated
def cell(a, seed, init=None, mode="fan_in", width=WIDTH, *, depth=DEPTH):
    # a remark
    rows = [{"value": width * a + Model().value() + len(TABLE), "mode": f"{mode:{3}{4}}"} for _ in range(1)]
    return rows

def with_objects(a, seed):
    return {"value": MODEL.own}

closed = made(3)
'''


def module(folder, text, name="sweep_module"):
    """The text as a fresh module, not registered: its functions travel by value."""
    path = folder / f"{name}.py"
    path.write_text(text, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(name, path)
    made = importlib.util.module_from_spec(spec)
    importlib.invalidate_caches()
    sys.dont_write_bytecode, before = True, sys.dont_write_bytecode
    try:
        spec.loader.exec_module(made)
    finally:
        sys.dont_write_bytecode = before
    return made


def prints(folder, text=MODULE, name="cell", values=None):
    made = module(folder, text)
    function = eval(name, vars(made) | {"partial": partial})
    return json.loads(json.dumps(fp.fingerprint(function, {key: getattr(made, key) for key in values or []})))


def changes(before, after):
    return store.changed_names([{"source": before}], after)


@pytest.mark.parametrize(("old", "new", "name", "changed"), [
    ("width * a", "width + a", "cell", ["the function"]),
    ('"fan_in"', '"fan_out"', "cell", ["the function"]),
    ("{3}{4}", "{3}{5}", "cell", ["the function"]),
    ("WIDTH = 64", "WIDTH = 65", "cell", ["WIDTH"]),
    ("WIDTH = 64", "WIDTH = 60 + 4", "cell", []),
    ("DEPTH = 8", "DEPTH = 9", "cell", ["DEPTH"]),
    ("2 * x", "3 * x", "cell", ["helper"]),
    ("return function", "return (function)", "cell", []),
    ("return function", "return partial(function)", "cell", ["decorated", "the function"]),
    ("size = 5", "size = 6", "cell", ["Model"]),
    ("3, 1,", "3, 2,", "cell", ["TABLE"]),
    ("made(3)", "made(4)", "closed", ["the function"]),
    ("0.25", "0.250000003", "cell", ["TABLE"]),
    ("0.25", "0.25000000000001", "cell", []),
    ("std=0.25", "std=0.25, mean=0", "cell", ["TABLE"]),
    ("Base):", "Root):", "cell", ["Model"]),
    ("size = 7", "size = 8", "cell", ["Base"]),
    ("return self.size", "return 2 * self.size", "cell", ["Model"]),
    ("return helper(self", "return 2 * helper(self", "cell", ["Model"]),
    ("@staticmethod", "@classmethod", "cell", ["Model"]),
    ("* f", "+ f", "cell", ["Model"]),
    ("def value", "def values", "with_objects", ["Model"]),
    ("own = 4", "own = 5", "with_objects", ["MODEL", "Model"]),
    ("a + k", "a * k", "closed", ["the function"]),
    ("width * a", "width + a", "partial(cell, init=3)", ["the function"]),
    ("5 * x", "6 * x", "cell", ["TABLE"]),
    ("# a remark", "# another", "cell", []),
    ('"""Twice."""', '"""Two times."""', "cell", []),
    ('"""Twice."""', "", "cell", []),
    ("a + k}", "a  +  k }", "closed", []),
    ("a = 1", "a = 2", "cell", []),                                   # a is a parameter there
    ("UNUSED = 1", "UNUSED = 2", "cell", []),
    ("rng.normal", "rng.uniform", "cell", []),
    ("minnet.initializers", "minnet.initializers ", "cell", []),
    ("import normal", "import uniform as normal", "cell", ["TABLE"]),
])
def test_what_counts_as_a_change(tmp_path, old, new, name, changed):
    assert MODULE.count(old) == 1
    before, after = prints(tmp_path, name=name), prints(tmp_path, MODULE.replace(old, new), name)
    assert changes(before, after) == changed


def test_the_settings_of_a_partial_count(tmp_path):
    before, after = (prints(tmp_path, name=f"partial(cell, init={i})") for i in (1, 2))
    assert changes(before, after) == ["the function"]
    before, after = (prints(tmp_path, name=f"partial(cell, {s})") for s in ("init=1, mode=2", "mode=2, init=1"))
    assert changes(before, after) == []


def test_functions_among_the_values_count(tmp_path):
    text = f"{MODULE}option = partial(mine, shape=3)\nby_lambda = partial(lambda r, s: r + s)\n"
    before = prints(tmp_path, text, values=["mine", "option", "by_lambda"])
    after = prints(tmp_path, text.replace("rng.normal", "rng.uniform").replace("r + s", "r * s"),
                   values=["mine", "option", "by_lambda"])
    assert changes(before, after) == ["by_lambda", "mine", "option"]


def test_a_lambda_in_the_midst_of_a_call_counts(tmp_path):
    text = MODULE + "option = [partial(\n    lambda r, s: r + s), max([1,\n  2], key=lambda n: n)]\n"
    before, after, laid_out = (prints(tmp_path, t, values=["option"]) for t in (
        text, text.replace("r + s", "r * s"), text.replace("r, s: r + s)", "r, s: (\n  r+s)  )")))
    assert changes(before, after) == ["option"]
    assert changes(before, laid_out) == []


def test_objects_that_hold_functions_of_ones_own_count(tmp_path):
    text = MODULE + """
from minnet.activations import Activation
import numpy
def f(z):
    return z * z
def df(z, a):
    return 2 * z
square = Activation("square", f, df)
table = [numpy.vectorize(f), {"df": Model().value}]
"""
    before, other_df, other_f, other_value = (prints(tmp_path, text.replace(old, new), values=["square", "table"]) for
                                              old, new in (("", ""), ("2 * z", "3 * z"), ("z * z", "z + z"),
                                                           ("own = 4", "own = 5")))
    assert changes(before, other_df) == ["square"]
    assert changes(before, other_f) == ["square", "table"]
    assert changes(before, other_value) == ["Model", "table"]


def test_what_holds_itself_is_read(tmp_path):
    text = MODULE + "LOOP = [1]\nLOOP.append(LOOP)\ndef looping(a, seed):\n    return LOOP, looping(a, seed)\n"
    before, after = (prints(tmp_path, text.replace("[1]", new), "looping") for new in ("[1]", "[2]"))
    assert changes(before, after) == ["LOOP"]


# The same on every machine -------------------------------------------------------------------------------------

def entry(constant):
    """The entry of a constant, as it comes back from a file."""
    return json.loads(json.dumps(fp._entry(*fp._Reader(__name__).read(constant))))


RNG = np.random.default_rng(0)
TIES = [0.15, 0.1500000005, 0.15000000005, 0.150000000005, 2.5, 1e-300, 1 / 3, 12345.5, -0.1, 1e15]
TIED = np.round(RNG.normal(size=10**5), 10) + 0.5e-10


def bumped(constant, by=1):
    """The same with another last bit, or another `by` of them."""
    if isinstance(constant, dict):
        return {bumped(key, by): bumped(value, by) for key, value in constant.items()}
    if isinstance(constant, list | tuple | set):
        return type(constant)(bumped(value, by) for value in constant)
    if isinstance(constant, partial):
        return partial(constant.func, *bumped(constant.args, by), **bumped(constant.keywords, by))
    if isinstance(constant, float | np.floating | np.ndarray) and np.asarray(constant).dtype.kind == "f":
        found = np.asarray(constant)
        for _ in range(abs(by)):
            found = np.where(np.isfinite(found), np.nextafter(found, found.dtype.type(np.inf * by)), found)
        return found if isinstance(constant, np.ndarray) else type(constant)(found)
    return constant


@pytest.mark.parametrize("constant", [
    *TIES, *map(np.float32, set(TIES) - {1e-300}), TIES, set(TIES), {0.1: TIES}, {"a": 1, "b": [1.5, None, "0.15"]},
    partial(max, 0.5, key=1 / 3), np.geomspace(1e-3, 10, 16), np.geomspace(1e-3, 10, 16, dtype=np.float32),
    [float(x) for x in RNG.normal(size=1000)], RNG.normal(size=(100, 100)), RNG.normal(size=10**6).astype(np.float32),
    np.array([0.0, np.nan, np.inf, 0.1]), TIED, {"x": RNG.normal(size=50), "y": 0.3},
    range(5), np.arange(5), np.array(["a", "b"]), b"bytes", np.float16(0.1), np.array([1.5 + 0.25j]), 0.5j,
    math.nan, math.inf, -math.inf, np.float32("nan"), [math.nan, 0.5],
], ids=lambda constant: repr(constant)[:40])
def test_the_last_bits_of_a_constant_are_no_change(constant):
    """Among them values that lie on the border of a rounding step, and arrays of which some entry always does."""
    before = entry(constant)
    for by in (0, 1, 2, -1):
        assert fp.same_entry(before, entry(bumped(constant, by)))


def test_values_on_the_border_of_a_rounding_step_would_change_if_they_were_rounded():
    """The test above tests something: with ten digits, or with bytes, the last bit does change these."""
    assert any(f"{x:.10g}" != f"{np.nextafter(x, 9):.10g}" for x in TIES)
    assert (np.round(TIED, 10) != np.round(np.nextafter(TIED, 9), 10)).any()


@pytest.mark.parametrize(("before", "after"), [
    (0.25, 0.25 * (1 + 3e-9)), (64, 65), (64, 64.0), (True, 1), ("a", "b"), (0.1, None), (0.1, -0.1), (0.0, 1e-300),
    (1e-300, 2e-300), (np.float32(0.1), np.float32(0.10001)), (np.float32(0.5), 0.5), (2**60, 2**60 + 1),
    (np.nan, np.inf), (np.inf, -np.inf), (np.nan, 0.0),
    (np.arange(3), np.arange(3.0)), (np.arange(3.0), np.arange(3.0, dtype=np.float32)), (np.arange(4), np.arange(5)),
    (np.arange(6.0), np.arange(6.0).reshape(2, 3)), (np.arange(6), np.arange(6)[::-1]), (np.zeros(3), np.zeros(4)),
    ([1.0, 2.0], [2.0, 1.0]), ([0.1], [0.1, 0.1]), ({"a": 1.0}, {"b": 1.0}), ({1, 2}, {1, 3}), ({0.1}, {0.2}),
    ({"limit": 1e6, "eps": 1e-12}, {"limit": 1e6, "eps": 2e-12}), (range(5), range(6)), (b"a", b"b"), (0.5j, 0.6j),
    (partial(max, key=0.5), partial(max, key=0.6)), (partial(max, key=0.5), partial(min, key=0.5)), (max, min),
    (np.tanh, np.sinh), (np.array([np.nan, 1.0]), np.array([1.0, np.nan])), (np, json),
], ids=repr)
def test_another_value_or_type_is_a_change(before, after):
    assert not fp.same_entry(entry(before), entry(after))
    assert not fp.same_entry(entry(after), entry(before))


@pytest.mark.parametrize("where", [1, 17, 4_999, 9_999])
@pytest.mark.parametrize(("make", "decades"), [(lambda a: a.tolist(), 100), (lambda a: a, 6),
                                               (lambda a: a.astype(np.float32), 1)])
def test_one_entry_of_many_is_a_change(where, make, decades):
    """Also a small one among large ones, as far as it is more than what rounding leaves of the largest; a swap of
    neighbours; a sign; NaN."""
    values = np.geomspace(1, 10.0**decades, 10_000) * (-1) ** np.arange(10_000)
    for change in (lambda a: np.put(a, where, a[where] * 1.3), lambda a: np.put(a, where, -a[where]),
                   lambda a: np.put(a, [where, where - 1], a[[where - 1, where]]), lambda a: np.put(a, where, np.nan)):
        other = values.copy()
        change(other)
        assert not fp.same_entry(entry(make(values)), entry(make(other)))
    assert len(json.dumps(entry(make(values)))) < 1500


def test_what_rounding_leaves_beside_large_entries_is_no_change():
    """A zero of one BLAS is 1e-17 with another."""
    product = np.eye(5)
    noisy = product + RNG.normal(size=(5, 5)) * 1e-16
    assert fp.same_entry(entry(product), entry(noisy))
    assert fp.same_entry(entry(noisy), entry(product))
    assert not fp.same_entry(entry(product), entry(product + 1e-12))


def test_order_counts_only_where_it_means_something():
    assert entry({"a": 1, "b": 2.5}) == entry({"b": 2.5, "a": 1})
    assert entry({"x", "y", "z"}) == entry({"z", "y", "x"})
    assert entry(["a", "b"]) != entry(["b", "a"])


def test_the_folder_of_a_path_is_no_change(tmp_path):
    text = MODULE + ("from pathlib import Path\nHERE = Path(__file__)\n"
                     "def reading(a, seed):\n    return HERE, __file__, Path(__file__).parent\n")
    (tmp_path / "another").mkdir()
    assert changes(prints(tmp_path, text, "reading"), prints(tmp_path / "another", text, "reading")) == []


HASHED = MODULE.replace("len(TABLE)", "len(TABLE) + len(NAMES) + len(OBJECTS) + len(KEYS) + Color.RED.value").replace(
    "UNUSED = 1", """
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
import numpy
NAMES = frozenset({"one", "two", "three", 0.1, 0.2})
OBJECTS = [object(), len, print, range(3), math.tanh, numpy.tanh, numpy.linalg.norm, numpy.random.default_rng, 2j, b"x"]
KEYS = {name: 1 for name in NAMES}
class Color(Enum):
    RED = 1
    BLUE = 2.5
@dataclass
class Pair:
    left: int
    right: float = 0.5
    @cached_property
    def total(self):
        return self.left + self.right
OBJECTS += [Pair(3), Color.BLUE, Pair]
""")


def test_fingerprints_are_the_same_in_every_process(tmp_path):
    """Sets, addresses and hashes differ from process to process; a C locale knows no UTF-8."""
    code = (f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import sweep_module as m, json\n"
            "from minnet.experiments import fingerprint; print(json.dumps(fingerprint.fingerprint(m.cell, {})))")
    expected = prints(tmp_path, HASHED)
    for seed, locale in (("1", "C"), ("2", "C.UTF-8"), ("3", "POSIX")):
        said = subprocess.run([sys.executable, "-B", "-c", code], capture_output=True, encoding="utf-8", check=True,
                              env=os.environ | {"PYTHONHASHSEED": seed, "LC_ALL": locale}).stdout
        assert json.loads(said) == expected


def test_fingerprints_are_the_same_in_every_version_of_python(tmp_path):
    """These were computed once, with Python 3.11; other versions parse f-strings, classes and comprehensions otherwise.
    """
    assert prints(tmp_path, HASHED) == STORED


EPS = 2.0**-52
STORED = {
    "Base": "class Base(object)(list('size', 7))",
    "Color": {"eps": EPS, "numbers": [2.5], "text": "0261b1ed41fab547"},
    "DEPTH": "8",
    "KEYS": {"eps": EPS, "numbers": [0.1, 0.2], "text": "dict((#, 1), (#, 1), ('one', 1), ('three', 1), ('two', 1))"},
    "Model": "692428e0a1788837",
    "NAMES": {"eps": EPS, "numbers": [0.1, 0.2], "text": "set(#, #, 'one', 'three', 'two')"},
    "OBJECTS": {"eps": EPS, "numbers": [0.5, 2.5, 0.5], "text": "978f68c0cd3e5c12"},
    "Pair": {"eps": EPS, "numbers": [0.5], "text": "658c0c1db020750c"},
    "TABLE": {"eps": EPS, "numbers": [0.25], "text": "697f7c947b061412"},
    "WIDTH": "64",
    "cached_property": "cached_property",
    "decorated": "5019f57a77b51460",
    "helper": "afe3012846c3942d",
    "the function": "38367409ccc85da4",
}


def test_syntax_is_the_same_in_every_version_of_python():
    """Fields that a version adds are empty in older code; 3.12 puts empty texts into the format of an f-string."""
    source = "def f(x, *, y=''):\n    '''Text.'''\n    return f'{x:{y}{x}}' + g('', 0, None, False, n=[])\n"
    tree, old = ast.parse(source).body[0], fp._syntax(ast.parse(source).body[0])
    assert "args=['', 0, None, False]" in old

    class NewNode(ast.Return):
        _fields = ("first", "value", "type_params", "flag", "last")

    new = NewNode(first=None, value=tree.body[1].value, type_params=[], flag=0, last="")
    assert fp._syntax(new) == fp._syntax(tree.body[1]).replace("Return", "NewNode")
    inner = tree.body[1].value.left.values[0].format_spec
    inner.values = [ast.Constant(""), *inner.values, ast.Constant("")]
    assert fp._syntax(tree) == old
    inner.values = [ast.Constant(" "), *inner.values]
    assert fp._syntax(tree) != old


@pytest.mark.parametrize(("before", "after", "same"), [
    ("f('')", "f()", False), ("f(x=0)", "f(x=1)", False), ("f(x='a')", "f(x='b')", False), ("f(x='a')", "f()", False),
    ("1", "True", False), ("1", "1.0", False), ("'a'", "b'a'", False), ("None", "0", False), ("''", "None", False),
    ("a and b", "a or b", False), ("a[1:]", "a[:1]", False), ("f(*a)", "f(a)", False), ("lambda x: x", "lambda y: x",
                                                                                         False),
    ("1_000", "1000", True), ("'a'", '"a"', True), ("'a' 'b'", "'ab'", True), ("(a)", "a", True), ("0x10", "16", True),
    ("f(a,)", "f( a )", True), ("u'a'", "'a'", True), ("f'{a!r}'", "f'{a}'", False), ("f'{a:3}'", "f'{a:4}'", False),
])
def test_syntax(before, after, same):
    assert (fp._syntax(ast.parse(before)) == fp._syntax(ast.parse(after))) == same
