"""What holds for the package as a whole: what it imports, how long its files are, that all of it is documented."""

import ast
import importlib
import inspect
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import minnet

FOLDER = Path(minnet.__file__).parent
MODULES = sorted(module.name for module in pkgutil.iter_modules([str(FOLDER)]))
every_module = pytest.mark.parametrize("name", MODULES)

# Who imports whom. A new module or a new arrow is entered here, after thought: none may close a circle.
IMPORTS = {
    "activations": {"checks"},
    "boltzmann": {"activations", "checks", "initializers", "layer", "model", "network"},
    "cards": {"checks", "frameworks", "layer", "spectra"},
    "checks": set(),
    "claims": set(),
    "data_dependent": {"checks", "initializers", "layers", "network"},
    "datasets": {"checks"},
    "diagnostics": {"checks", "initializers", "instruments", "layer", "layers", "losses", "network", "optimizers",
                    "scorecard", "symmetry", "theory"},
    "drawing": {"checks"},
    "frameworks": set(),
    "gaussian": set(),
    "gradient_check": {"checks", "network", "training"},
    "images": {"checks", "drawing"},
    "initializers": {"cards", "checks"},
    "instruments": {"activations", "checks", "layers", "network", "optimizers"},
    "layer": set(),
    "layers": {"activations", "checks", "initializers", "layer", "memory"},
    "losses": {"checks", "memory"},
    "mean_field": {"activations", "checks", "gaussian"},
    "memory": set(),
    "model": {"checks", "initializers", "layer"},
    "network": {"activations", "checks", "initializers", "layer", "layers"},
    "optimizers": {"checks", "memory"},
    "plots": {"checks", "drawing", "images"},
    "pretraining": {"activations", "boltzmann", "checks", "data_dependent", "initializers", "layer", "layers", "losses",
                    "memory", "model", "network", "optimizers", "training"},
    "predictions": {"activations", "checks", "gaussian", "instruments", "layers", "network"},
    "rows": {"instruments", "layer"},
    "scorecard": {"activations", "checks", "datasets", "initializers", "instruments", "layer", "layers", "losses",
                  "network",
                  "optimizers", "plots", "symmetry", "theory", "training"},
    "selu_map": {"activations", "checks", "gaussian"},
    "spectra": {"activations", "checks", "gaussian"},
    "sweep_file": {"layer", "rows"},
    "sweeps": {"checks", "layer", "rows", "sweep_file", "training"},
    "symmetry": {"instruments", "network"},
    "theory": {"activations", "gaussian", "initializers", "layer", "mean_field", "predictions", "selu_map", "spectra"},
    "training": {"checks", "network", "optimizers"},
}


def imported(name):
    """The minnet modules that a module imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse((FOLDER / f"{name}.py").read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "minnet":
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("minnet."):
            found.add(node.module.split(".")[1])
        elif isinstance(node, ast.Import):
            found |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("minnet.")}
        assert not (isinstance(node, ast.ImportFrom) and node.level), "imports are absolute"
    return found


def test_imports_are_those_of_the_table():
    assert {name: imported(name) for name in MODULES} == IMPORTS


def test_no_circle_of_imports():
    left = {name: imported(name) for name in MODULES}
    while left:
        free = {name for name, needs in left.items() if not needs & set(left)}
        assert free, f"a circle among {sorted(left)}"
        left = {name: needs for name, needs in left.items() if name not in free}


def test_import_minnet_needs_nothing_but_numpy():
    code = ("import sys, numpy.random; before = set(sys.modules); import minnet; "
            "print(*sorted({name.split('.')[0] for name in set(sys.modules) - before}))")
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    outside = set(done.stdout.split()) - set(sys.stdlib_module_names)
    assert outside - {"numpy"} == {"minnet"}
    assert done.stderr == ""


def test_import_minnet_is_quick():
    """It loads neither numpy.random nor what only some programs use; the rest comes when it is named."""
    code = ("import sys, numpy; before = set(sys.modules); import minnet; print(*set(sys.modules) - before); "
            "print(minnet.datasets.digits.__name__, 'claims' in dir(minnet), 'numpy.random' in sys.modules)")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded, later = done.stdout.splitlines()
    needed = {"activations", "checks", "initializers", "layer", "layers", "losses", "memory", "network", "optimizers",
              "training"}
    assert set(loaded.split()) <= {"minnet", *(f"minnet.{name}" for name in needed), "dataclasses", "inspect", "copy",
                                   "__future__"}
    assert later == "digits True False"
    with pytest.raises(AttributeError, match="module 'minnet' has no attribute 'nothing'"):
        minnet.nothing  # noqa: B018


@every_module
def test_no_file_is_longer_than_400_lines(name):
    assert len((FOLDER / f"{name}.py").read_text(encoding="utf-8").splitlines()) <= 400


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
