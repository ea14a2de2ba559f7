"""What holds for the package as a whole: what it imports, how long its files are, that all of it is documented."""

import ast
import importlib
import inspect
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import minnet

FOLDER = Path(minnet.__file__).parent
MODULES = sorted(path.relative_to(FOLDER).with_suffix("").as_posix().replace("/", ".")
                 for path in FOLDER.rglob("*.py") if path.name != "__init__.py")
every_module = pytest.mark.parametrize("name", MODULES)


def source(name):
    """The file of a module, or the __init__.py of a package."""
    path = FOLDER / name.replace(".", "/")
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


CORE_PACKAGES = {"initializers", "checks", "storage"}
CORE = {name for name in MODULES if "." not in name or name.split(".")[0] in CORE_PACKAGES}
ROOMS = {name.split(".")[0] for name in MODULES} - {name.split(".")[0] for name in CORE}


@cache
def imported(name):
    """The minnet modules that a module imports, anywhere in it; of a package of the core, what the package imports."""
    found = set()
    for node in ast.walk(ast.parse(source(name).read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert not node.level, "imports are absolute"
            if (node.module or "").split(".")[0] == "minnet":
                inside = node.module.removeprefix("minnet").removeprefix(".")
                for alias in node.names:
                    full = f"{inside}.{alias.name}".removeprefix(".")
                    found.add(full if full in MODULES else inside or full)
        elif isinstance(node, ast.Import):
            found |= {alias.name.removeprefix("minnet.") for alias in node.names if alias.name.startswith("minnet.")}
    packages = {one for one in found if one in CORE_PACKAGES and one != name}
    inside = [module for one in packages for module in imported(one) if not name.startswith(f"{one}.")]
    return (found - packages).union(inside)


@every_module
def test_the_core_imports_nothing_but_the_core(name):
    """Not even inside a function. Rooms import the core, and one another in one direction."""
    if name in CORE:
        assert imported(name) <= CORE


def test_no_circle_of_imports():
    left = {name: imported(name) for name in MODULES}
    while left:
        free = {name for name, needs in left.items() if not needs & set(left)}
        assert free, f"a circle among {sorted(left)}"
        left = {name: needs for name, needs in left.items() if name not in free}


def test_no_circle_of_rooms():
    left = {room: {other.split(".")[0] for name in MODULES if name.startswith(f"{room}.") for other in imported(name)}
            & ROOMS - {room} for room in ROOMS}
    while left:
        free = {room for room, needs in left.items() if not needs & set(left)}
        assert free, f"a circle among the rooms {left}"
        left = {room: needs for room, needs in left.items() if room not in free}


def test_import_minnet_needs_nothing_but_numpy():
    code = ("import sys, numpy.random; before = set(sys.modules); import minnet; "
            "print(*sorted({name.split('.')[0] for name in set(sys.modules) - before}))")
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    outside = set(done.stdout.split()) - set(sys.stdlib_module_names)
    assert outside - {"numpy"} == {"minnet"}
    assert done.stderr == ""


def test_import_minnet_is_quick():
    """It loads neither numpy.random nor what only some programs use; the rest comes when it is named.

    copy, dataclasses and inspect are needed; with some versions of numpy they, and what they load, are there before.
    """
    code = ("import sys, copy, dataclasses, inspect, numpy; before = set(sys.modules); import minnet; "
            "print(*set(sys.modules) - before); "
            "print(minnet.datasets.digits.__name__, 'claims' in dir(minnet), 'numpy.random' in sys.modules)")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded, later = done.stdout.splitlines()
    needed = (CORE | CORE_PACKAGES) - {"datasets", "gradient_check"}
    assert set(loaded.split()) <= {"minnet", *(f"minnet.{name}" for name in needed), "__future__"}
    assert later == "digits True False"
    with pytest.raises(AttributeError, match="module 'minnet' has no attribute 'nothing'"):
        minnet.nothing  # noqa: B018


@every_module
def test_no_file_is_longer_than_400_lines(name):
    assert len(source(name).read_text(encoding="utf-8").splitlines()) <= 400


def public(module):
    """Every public function, class and method that the module defines, by name."""
    for name, thing in vars(module).items():
        if name.startswith("_") or getattr(thing, "__module__", None) != module.__name__:
            continue
        if inspect.isfunction(thing) or inspect.isclass(thing):
            yield name, thing
        if inspect.isclass(thing):
            for method, what in vars(thing).items():
                if not method.startswith("_") and inspect.isfunction(what):
                    yield f"{name}.{method}", getattr(thing, method)


@every_module
def test_everything_public_has_a_docstring(name):
    if name.startswith("estimators."):
        pytest.importorskip("sklearn")
    if name == "explorer.widgets":
        pytest.importorskip("ipywidgets")
    module = importlib.import_module(f"minnet.{name}")
    assert module.__doc__
    # A method that overrides one with a docstring has that one's; a dataclass' generated signature is no docstring.
    missing = [what for what, thing in public(module)
               if not inspect.getdoc(thing) or inspect.getdoc(thing).startswith(f"{what}(")]
    assert missing == []


def test_every_activation_object_says_what_it_is():
    """The string below each object is for the reader of the source: none may be forgotten."""
    body = ast.parse((FOLDER / "activations.py").read_text(encoding="utf-8")).body
    made = [i for i, node in enumerate(body) if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)
            and getattr(node.value.func, "id", "") == "Activation"]
    assert len(made) >= 10
    for i in made:
        assert isinstance(body[i + 1], ast.Expr)
        assert isinstance(body[i + 1].value, ast.Constant)


def test_names_at_the_top():
    assert len(set(minnet.__all__)) == len(minnet.__all__)
    for name in minnet.__all__:
        assert hasattr(minnet, name)
    for name in ("Dense", "Network", "mlp", "fit", "train", "History", "Diverged"):
        assert name in minnet.__all__
    assert minnet.__version__
    assert (FOLDER / "py.typed").is_file()
