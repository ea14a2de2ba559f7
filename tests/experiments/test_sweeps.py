"""Sweeps: the grid's order, the same numbers however they are computed, restarts, failures, changes, and the runner.

Cells that count their calls append a line to a file, which works from any process. Numbers are compared for equality:
nothing here is allowed to round differently.
"""

import importlib
import json
import math
import os
import subprocess
import sys
import tempfile
import time
import warnings
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minnet import activations, initializers, sweeps
from minnet.experiments import store
from minnet.experiments.rows import Rows

joblib = pytest.importorskip("joblib")
threadpoolctl = pytest.importorskip("threadpoolctl")

ROOT = Path(__file__).parents[2]
GRID = {"b": [3, 1], "a": [10, 20, 5]}


@pytest.fixture(autouse=True, scope="module")
def two_threads():
    """A process that uses two BLAS threads, as its children would: else nothing were to be seen of the limit to one."""
    with pytest.MonkeyPatch.context() as patch, threadpoolctl.threadpool_limits(2):
        for name in sweeps.ONE_THREAD:
            patch.setenv(name, "2")
        yield


def product(b, a, seed):
    return {"value": 100 * a + 10 * b + seed}


def counted(log):
    """A cell that notes its call in a file, and is otherwise `product`."""
    def cell(b, a, seed):
        with open(log, "a") as file:
            file.write(f"{b} {a} {seed}\n")
        return {"value": 100 * a + 10 * b + seed}
    return cell


def calls(log):
    return Path(log).read_text().splitlines() if Path(log).exists() else []


def run(function=product, grid=GRID, seeds=(0, 1), **options):
    return sweeps.sweep(function, grid, seeds=seeds, **{"workers": 1, "progress": False} | options)


def entries(file):
    return [json.loads(line) for line in Path(file).read_text().splitlines()]


# Order and rows ------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("workers", [1, 2])
def test_rows_come_in_the_grids_order(workers):
    rows = run(counted(os.devnull), workers=workers)
    assert [(row["b"], row["a"], row["seed"]) for row in rows] == [
        (b, a, seed) for b in (3, 1) for a in (10, 20, 5) for seed in (0, 1)]
    assert all(row["value"] == 100 * row["a"] + 10 * row["b"] + row["seed"] for row in rows)
    assert all(list(row) == ["b", "a", "seed", "value", "seconds"] for row in rows)


def test_cells_are_computed_seed_by_seed(tmp_path):
    run(counted(tmp_path / "log"), seeds=[1, 0])
    assert [line.split()[2] for line in calls(tmp_path / "log")] == ["0"] * 6 + ["1"] * 6


def test_a_list_of_cells_is_taken_as_it_is():
    rows = run(lambda a, seed, b=7: {"value": a + b}, [{"a": 5}, {"b": 1, "a": 2}, {"a": 1}], seeds=[4])
    assert rows.array("value").tolist() == [12, 3, 8]
    assert [row.get("b") for row in rows] == [None, 1, None]


def test_an_empty_grid_is_one_cell():
    assert run(lambda seed: {"value": seed}, {}, seeds=range(3)).array("value").tolist() == [0, 1, 2]


def test_each_dict_of_a_list_becomes_a_row():
    rows = run(lambda a, seed: [{"epoch": e, "loss": a / e} for e in range(1, a)], {"a": [1, 3, 4]}, seeds=[0])
    assert [(row["a"], row["epoch"], row["loss"]) for row in rows] == [
        (3, 1, 3.0), (3, 2, 1.5), (4, 1, 4.0), (4, 2, 2.0), (4, 3, 4 / 3)]


def test_seconds_are_those_of_the_call():
    rows = run(lambda a, seed: time.sleep(a) or {}, {"a": [0.0, 0.05]}, seeds=[0])
    assert rows[1]["seconds"] >= 0.0499                            # kept to three digits
    assert rows[0]["seconds"] < rows[1]["seconds"]


def test_numpy_numbers_become_plain_ones(tmp_path):
    rows = run(lambda a, seed: {"x": np.float32(0.1), "n": np.int64(3), "b": np.bool_(True), "z": np.array(2.5)},
               {"a": np.array([1, 2])}, seeds=np.arange(1))
    assert {type(value) for row in rows for value in row.values()} == {int, float, bool}
    assert rows[0]["x"] == float(np.float32(0.1))


@given(st.lists(st.dictionaries(st.sampled_from(["loss", "steps", "β", "word"]),
                                st.none() | st.booleans() | st.integers() | st.floats() | st.text(), max_size=3)))
def test_the_file_gives_back_what_was_computed(results):
    def cell(seed):
        return results

    with tempfile.TemporaryDirectory() as folder:
        first = run(cell, {}, [0], file=f"{folder}/rows.jsonl")
        assert repr(list(first)) == repr(list(run(cell, {}, [0], file=f"{folder}/rows.jsonl")))         # NaN too
        assert repr(list(first)) == repr(list(sweeps.read(f"{folder}/rows.jsonl")))
        assert [{k: v for k, v in row.items() if k not in ("seed", "seconds")} for row in map(repr_of, first)] == [
            repr_of(row) for row in results]


def repr_of(row):
    return {name: repr(value) for name, value in row.items()}


# The same numbers ----------------------------------------------------------------------------------------------

def threads_here():
    return max(lib["num_threads"] for lib in threadpoolctl.threadpool_info() if lib["user_api"] == "blas")


def spending():
    """A cell whose products round differently with one thread and with two, and that says how many there are."""
    names = list(sweeps.ONE_THREAD)

    def cell(a, seed):
        import threadpoolctl

        rng = np.random.default_rng(seed)
        x, y = rng.normal(size=(1000, 1000)), rng.normal(size=(1000, 10))
        blas = [lib["num_threads"] for lib in threadpoolctl.threadpool_info() if lib["user_api"] == "blas"]
        return {"sum": a * float(abs(x @ y).sum()), "pid": os.getpid(), "threads": max(blas),
                "variables": ",".join(os.environ.get(name, "") for name in names)}
    return cell


def test_the_same_numbers_from_one_thread_whatever_the_number_of_workers():
    here = run(spending(), {"a": [1, 2]}, range(3))
    assert threads_here() == 2, "as many as before"
    assert os.environ["OMP_NUM_THREADS"] == "2"
    there = run(spending(), {"a": [1, 2]}, range(3), workers=2)
    assert here.without("pid", "seconds") == there.without("pid", "seconds")
    assert {row["threads"] for row in here + there} == {1}
    assert {row["variables"] for row in here + there} == {"1,1,1,1"}
    assert set(here.array("pid")) == {os.getpid()}
    assert os.getpid() not in there.array("pid")


def test_variables_that_were_not_set_are_not_set_afterwards(monkeypatch):
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    run()
    assert "MKL_NUM_THREADS" not in os.environ


def test_floating_point_errors_are_treated_alike():
    def cell(a, seed):
        return {"value": float(np.float64(a) / 0)}

    with np.errstate(all="raise"), pytest.warns(RuntimeWarning, match="2 of 2 cells failed"):
        here = run(cell, {"a": [1, 2]}, [0])
    with np.errstate(all="raise"), pytest.warns(RuntimeWarning, match="2 of 2 cells failed"):
        there = run(cell, {"a": [1, 2]}, [0], workers=2)
    assert here.without("seconds") == there.without("seconds")
    assert "FloatingPointError: divide by zero" in here[0]["failed"]


def test_one_worker_starts_no_process_and_needs_no_joblib(monkeypatch):
    monkeypatch.setitem(sys.modules, "joblib", None)
    assert len(run()) == 12
    with pytest.raises(ImportError, match=r'this needs joblib: pip install -e "\.\[chapters\]"'):
        run(workers=2)


SCRIPT = """
from minnet import sweeps
from minnet.initializers import he_normal
SCALE = 2
def twice(x):
    return SCALE * x
def made(k):
    def closure(a, init, seed):
        return {"value": twice(a) + k + seed}
    return closure
for function in (made(100), lambda a, init, seed: {"value": twice(a) + 100 + seed}):
    rows = sweeps.sweep(function, {"a": [1, 2], "init": [he_normal, lambda_free]}, seeds=[0, 5], workers=2)
    assert rows.where(init=he_normal).array("value").tolist() == [102, 107, 104, 109], rows
print("ran")
""".replace("lambda_free", "twice")


def test_functions_of_a_script_and_closures_travel(tmp_path):
    """No `if __name__ == "__main__"` is needed, and nothing is said on the way."""
    (tmp_path / "script.py").write_text(SCRIPT)
    done = subprocess.run([sys.executable, "-W", "error", "script.py"], cwd=tmp_path, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("ran\n", "")


def test_dask(tmp_path):
    """The same call on a dask cluster: equal numbers, in other processes, from one thread each."""
    distributed = pytest.importorskip("distributed")
    call = partial(run, spending(), {"a": [1, 2]}, range(2))
    with (distributed.LocalCluster(n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None,
                                   local_directory=str(tmp_path / "space"), silence_logs=50) as cluster,
          distributed.Client(cluster), joblib.parallel_config(backend="dask")):
        there = call(workers=2, file=tmp_path / "rows.jsonl")
    assert os.getpid() not in there.array("pid")
    assert set(there.array("threads")) == {1}
    assert there.without("pid", "seconds") == call().without("pid", "seconds")
    assert there == call(file=tmp_path / "rows.jsonl"), "kept in the file as ever"


# Stopping and going on -----------------------------------------------------------------------------------------

def test_finished_cells_are_not_computed_again(tmp_path):
    log, file = tmp_path / "log", tmp_path / "rows.jsonl"
    small = run(counted(log), {"b": [3], "a": [10, 5]}, file=file)
    assert len(calls(log)) == 4
    assert run(counted(log), {"b": [3], "a": [10, 5]}, file=str(file)) == small
    assert len(calls(log)) == 4
    whole = run(counted(log), seeds=(0, 1, 2), file=file, workers=2)
    assert len(calls(log)) == len(set(calls(log))) == 18
    assert whole.without("seconds") == run(seeds=(0, 1, 2)).without("seconds")
    assert run(counted(log), {"b": [3], "a": [10, 5]}, file=file) == small, "the narrower grid's rows, and no others"
    assert len(sweeps.read(file)) == 18
    assert len(run(counted(log), {"b": [8], "a": [10, 5]}, file=file)) == 4
    assert len(sweeps.read(file)) == 22, "another grid's cells stay"


def test_the_file_is_in_the_grids_order_whoever_came_first(tmp_path):
    def cell(a, seed):
        time.sleep(a)
        return {}

    for workers in (1, 2):
        file = tmp_path / f"{workers}.jsonl"
        run(cell, {"a": [0.2, 0.0]}, [1, 0], file=file, workers=workers)
        assert [(e["cell"]["a"], e["seed"]) for e in entries(file)[1:]] == [(0.2, 1), (0.2, 0), (0.0, 1), (0.0, 0)]
    assert sweeps.read(file).array("seed").tolist() == [1, 0, 1, 0]


def test_nothing_to_do_leaves_the_file_alone(tmp_path, monkeypatch):
    file = tmp_path / "rows.jsonl"
    run(file=file)
    before = file.read_bytes()
    monkeypatch.setattr(np, "__version__", "0.0")
    monkeypatch.setitem(sys.modules, "joblib", None)
    monkeypatch.setitem(sys.modules, "threadpoolctl", None)
    run(file=file, workers=2)
    run(grid={"b": [1], "a": [5]}, file=file)
    assert file.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["rows.jsonl"]


def test_runs_say_by_what_cells_were_computed(tmp_path, monkeypatch):
    file = tmp_path / "rows.jsonl"
    run(seeds=[0], file=file)
    file.write_text(file.read_text().replace('"date": "2', '"date": "1'))
    run(seeds=[0, 1], file=file)
    assert len(sweeps.read(file).runs) == 1, "nothing but the date has changed"
    monkeypatch.setattr(np, "__version__", "9.9")
    rows = run(seeds=[0, 1, 2], file=file)
    assert [r["numpy"] for r in rows.runs] == [importlib.metadata.version("numpy"), "9.9"]
    assert {(entry["seed"], entry["run"]) for entry in entries(file)[2:]} == {(0, 0), (1, 0), (2, 1)}
    assert rows.runs[0]["function"] == "tests.experiments.test_sweeps.product"
    assert rows.runs == sweeps.read(file).runs == rows.where(a=5).runs == rows.by("a")[5].runs
    assert set(rows.runs[0]) == {"function", "source", "minnet", "numpy", "python", "blas", "date"}
    assert "blas" in rows.runs[0]["blas"] or "mkl" in rows.runs[0]["blas"] or "accelerate" in rows.runs[0]["blas"]


def stopping(log, stop):
    """Raises KeyboardInterrupt in one cell while the file `stop` is there."""
    def cell(a, seed):
        if a == 3 and os.path.exists(stop):
            raise KeyboardInterrupt
        with open(log, "a") as file:
            file.write(f"{a}\n")
        return {"value": a}
    return cell


def test_after_ctrl_c_the_next_call_goes_on(tmp_path):
    log, stop, file = tmp_path / "log", tmp_path / "stop", tmp_path / "rows.jsonl"
    stop.touch()
    cell = stopping(str(log), str(stop))
    with pytest.raises(KeyboardInterrupt) as caught:
        run(cell, {"a": [1, 2, 3, 4]}, [0], file=file)
    assert caught.value.__notes__ == ["the sweep stopped with 2 of 4 cells finished: they stand in rows.jsonl, and the "
                                      "same call goes on from there"]
    assert sweeps.read(file).array("value").tolist() == [1, 2]
    assert threads_here() == 2
    stop.unlink()
    assert run(cell, {"a": [1, 2, 3, 4]}, [0], file=file).array("value").tolist() == [1, 2, 3, 4]
    assert calls(log) == ["1", "2", "3", "4"]


def test_without_a_file_ctrl_c_says_what_is_lost(tmp_path):
    (tmp_path / "stop").touch()
    with pytest.raises(KeyboardInterrupt) as caught:
        run(stopping(os.devnull, str(tmp_path / "stop")), {"a": [1, 3]}, [0])
    assert "1 of 2 cells finished: they are lost, file=… would have kept them" in caught.value.__notes__[0]


def test_a_worker_that_dies_takes_no_finished_cell_along(tmp_path):
    file = tmp_path / "rows.jsonl"

    def cell(a, seed):
        while a == 3:
            if len(calls(file)) == 3:                # the run and two cells
                os._exit(1)
            time.sleep(0.01)
        return {"value": a}

    with pytest.raises(Exception, match="worker process") as caught:
        run(cell, {"a": [1, 2, 3]}, [0], file=file, workers=2)
    assert "the same call goes on from there" in caught.value.__notes__[-1]
    assert sorted(sweeps.read(file).array("value")) == [1, 2]


def test_one_call_at_a_time_has_the_file(tmp_path):
    """Also from another process; the lock is gone afterwards, and what stands of a crashed call does not count."""
    path = tmp_path / "rows.jsonl"

    def meddling(*, a, seed):
        with pytest.raises(RuntimeError, match=r"expected rows\.jsonl for this sweep alone, got one that another call"):
            run(meddling, {"a": [1]}, [0], file=path)
        return {"b": a}

    (tmp_path / "rows.jsonl.lock").write_text("left by a crash")
    assert run(meddling, {"a": [1, 2]}, [0], file=path).array("b").tolist() == [1, 2]
    assert [one.name for one in tmp_path.iterdir()] == ["rows.jsonl"]
    code = ("from pathlib import Path; from minnet.experiments import store\n"
            f"with store.held(Path({str(path)!r})): print('has it')")
    with store.held(path):
        assert "another call is writing" in subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                                                           check=False).stderr
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "has it\n"


def test_a_line_that_was_cut_off_is_computed_again(tmp_path):
    log, file = tmp_path / "log", tmp_path / "rows.jsonl"
    rows = run(counted(log), file=file)
    file.write_bytes(file.read_bytes()[:-20])
    assert run(counted(log), file=file).without("seconds") == rows.without("seconds")
    assert len(calls(log)) == 13
    assert len(entries(file)) == 13


@pytest.mark.parametrize("text", ["a diary\n", '{"cell": {}, "seed": 0}\n', "no line end", '{"a": 1}\n', "[1]\n",
                                  '{"source": {}}\n{"cell": 3}\n'])
def test_a_file_that_is_none_of_its_own_is_left_alone(tmp_path, text):
    file = tmp_path / "diary.txt"
    file.write_text(text)
    for changed in ("refuse", "recompute", "keep"):
        with pytest.raises(ValueError, match=r"expected .*diary\.txt to be a sweep's file"):
            run(file=file, changed=changed)
    with pytest.raises(ValueError, match=r"expected .*diary\.txt to be a sweep's file"):
        sweeps.read(file)
    assert file.read_text() == text


def test_an_empty_file_is_a_new_one(tmp_path):
    (tmp_path / "rows.jsonl").touch()
    assert run(file=tmp_path / "rows.jsonl") == sweeps.read(tmp_path / "rows.jsonl")


# Cells that fail -----------------------------------------------------------------------------------------------

def failing(stop, log):
    def cell(a, seed):
        with open(log, "a") as file:
            file.write(f"{a}\n")
        if a == 2 and os.path.exists(stop):
            raise OSError("the disk is full")
        return {"value": a}
    return cell


@pytest.mark.parametrize("workers", [1, 2])
def test_a_failed_cell_is_reported_and_tried_again(tmp_path, workers):
    log, stop, file = tmp_path / "log", tmp_path / "stop", tmp_path / "rows.jsonl"
    stop.touch()
    cell = failing(str(stop), str(log))
    for attempt in (1, 2):
        with pytest.warns(RuntimeWarning, match=r"1 of 3 cells failed, the first of them \(a=2, seed=0\) with OSError: "
                                                r"the disk is full \(in cell:\d+\); rows.failed has all") as said:
            rows = run(cell, {"a": [1, 2, 3]}, [0], file=file, workers=workers)
        assert said[0].filename == __file__
        assert sorted(calls(log)) == sorted(["1", "2", "3"] + ["2"] * (attempt - 1))
        assert [list(row) for row in rows] == [["a", "seed", "value", "seconds"], ["a", "seed", "failed", "seconds"],
                                               ["a", "seed", "value", "seconds"]]
        assert rows.failed == [rows[1]]
        np.testing.assert_array_equal(rows.array("value"), [1, math.nan, 3])
        assert rows == sweeps.read(file)
    stop.unlink()
    rows = run(cell, {"a": [1, 2, 3]}, [0], file=file, workers=workers)
    assert rows.array("value").tolist() == [1, 2, 3]
    assert rows == sweeps.read(file)
    assert rows.failed == []


@pytest.mark.parametrize(("returned", "error"), [
    (3.5, "TypeError: expected the function to return a dict of numbers, or a list of dicts, got 3.5"),
    ([1, 2], "TypeError: expected the function to return a dict of numbers, or a list of dicts, got [1, 2]"),
    (None, "TypeError: expected the function to return a dict of numbers, or a list of dicts, got None"),
    ({"w": np.ones(2)}, "TypeError: expected w to be a number (or a word), got array([1., 1.]): for several numbers "
                        "return a list of dicts, one per epoch or layer"),
    ({"w": 1j}, "TypeError: expected w to be a number (or a word), got 1j: for several numbers return a list of dicts, "
                "one per epoch or layer"),
    ({"a": 1}, "ValueError: expected results under names of their own, got a: the row has that already"),
    ([{}, {"seed": 1, "seconds": 1, "failed": 1}],
     "ValueError: expected results under names of their own, got failed, seconds, seed: the row has that already"),
])
def test_a_result_that_is_no_row_is_a_failure(returned, error):
    with pytest.warns(RuntimeWarning, match="1 of 1 cells failed"):
        rows = run(lambda a, seed: returned, {"a": [1]}, [0])
    assert rows[0]["failed"] == error


def test_where_it_failed_is_said_from_the_functions_own_frame_on():
    def deep(x):
        return np.linalg.cholesky(x)

    with pytest.warns(RuntimeWarning, match="LinAlgError"):
        rows = run(lambda seed: deep(-np.eye(2)), {}, [0])
    assert " (in <lambda>:" in rows[0]["failed"]
    assert " → deep:" in rows[0]["failed"]


# Functions that change -----------------------------------------------------------------------------------------

MODULE = '''
"""A module."""
import math
from functools import partial

from minnet.initializers import normal

def in_a_table(x):
    return 5 * x

WIDTH = 64
TABLE = {"x": partial(normal, std=0.25), "y": {3, 1, "word"}, "z": [(in_a_table, 1)]}
UNUSED = 1

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
    def value(self):
        return helper(self.size)
    @property
    def double(self):
        return self.size
    @staticmethod
    def static(f):
        return 3 * f

def made(k):
    def inner(a, seed):
        return {"value": a + k}
    return inner

def mine(rng, shape):
    return rng.normal(size=shape)

def cell(a, seed, init=None):
    # a remark
    rows = [{"value": WIDTH * a + Model().value() + len(TABLE)} for _ in range(1)]
    return rows

closed = made(3)
'''


def module(folder, text, name="sweep_module"):
    """The text as a fresh module, not registered: its functions travel by value."""
    path = folder / f"{name}.py"
    path.write_text(text)
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
    function = made.cell if name == "cell" else eval(name, vars(made) | {"partial": partial})
    return store.fingerprint(function, {key: getattr(made, key) for key in values or []})


@pytest.mark.parametrize(("old", "new", "name", "changed"), [
    ("WIDTH * a", "WIDTH + a", "cell", ["the function"]),
    ("WIDTH = 64", "WIDTH = 65", "cell", ["WIDTH"]),
    ("2 * x", "3 * x", "cell", ["helper"]),
    ("size = 5", "size = 6", "cell", ["Model"]),
    ("3, 1,", "3, 2,", "cell", ["TABLE"]),
    ("made(3)", "made(4)", "closed", ["k"]),
    ("0.25", "0.2500000001", "cell", ["TABLE"]),
    ("0.25", "0.25000000000001", "cell", []),
    ("Base):", "Root):", "cell", ["Model"]),
    ("size = 7", "size = 8", "cell", ["Base"]),
    ("return self", "return 2 * self", "cell", ["Model.double"]),
    ("@staticmethod", "@classmethod", "cell", ["Model", "Model.static"]),
    ("* f", "+ f", "cell", ["Model.static"]),
    ("a + k", "a * k", "closed", ["the function"]),
    ("WIDTH * a", "WIDTH + a", "partial(cell, init=3)", ["the function.cell"]),
    ("5 * x", "6 * x", "cell", ["TABLE.in_a_table"]),
    ("# a remark", "# another", "cell", []),
    ('"""Twice."""', '"""Two times."""', "cell", []),
    ('"""Twice."""', "", "cell", []),
    ("a + k}", "a  +  k }", "closed", []),
    ("UNUSED = 1", "UNUSED = 2", "cell", []),
    ("rng.normal", "rng.uniform", "cell", []),
])
def test_what_counts_as_a_change(tmp_path, old, new, name, changed):
    assert MODULE.count(old) == 1
    before, after = prints(tmp_path, name=name), prints(tmp_path, MODULE.replace(old, new), name)
    assert store.differing([{"source": before}], after) == changed


def test_the_settings_of_a_partial_count(tmp_path):
    before, after = (prints(tmp_path, name=f"partial(cell, init={i})") for i in (1, 2))
    assert store.differing([{"source": before}], after) == ["the function"]


def test_functions_among_the_values_count(tmp_path):
    text = f"{MODULE}option = partial(mine, shape=3)\nby_lambda = partial(lambda r, s: r + s)\n"
    before = prints(tmp_path, text, values=["mine", "option", "by_lambda"])
    after = prints(tmp_path, text.replace("rng.normal", "rng.uniform").replace("r + s", "r * s"),
                   values=["mine", "option", "by_lambda"])
    assert store.differing([{"source": before}], after) == ["by_lambda.<lambda>", "mine", "option.mine"]


def test_objects_that_hold_functions_of_ones_own_count(tmp_path):
    text = MODULE + """
from minnet.activations import Activation
def f(z):
    return z * z
def df(z, a):
    return 2 * z
square = Activation("square", f, df)
"""
    before, after = (prints(tmp_path, text, values=["square"]) for text in (text, text.replace("2 * z", "3 * z")))
    assert store.differing([{"source": before}], after) == ["square.df"]


def test_fingerprints_are_the_same_in_every_process(tmp_path):
    """Sets, addresses and hashes differ from process to process."""
    text = MODULE.replace("len(TABLE)", "len(TABLE) + len(NAMES) + len(OBJECTS)").replace("UNUSED = 1", (
        'NAMES = frozenset({"one", "two", "three"})\nOBJECTS = [object(), helper_of_old, print]').replace(
        "helper_of_old", "len"))
    code = (f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import sweep_module as m\n"
            "from minnet.experiments import store; print(sorted(store.fingerprint(m.cell, {}).items()))")
    prints(tmp_path, text)
    said = {subprocess.run([sys.executable, "-B", "-c", code], capture_output=True, text=True, check=True,
                           env=os.environ | {"PYTHONHASHSEED": seed}).stdout for seed in ("1", "2", "3")}
    assert said == {f"{sorted(prints(tmp_path, text).items())}\n"}


@pytest.fixture
def versions(tmp_path):
    """Two versions of one function: WIDTH is 64 in the first, 65 in the second."""
    made = []
    for width in ("64", "65"):
        (tmp_path / width).mkdir()
        made.append(module(tmp_path / width, MODULE.replace("WIDTH = 64", f"WIDTH = {width}")).cell)
    return made


def test_a_changed_function_is_refused_recomputed_or_kept(tmp_path, versions):
    (old, new), file, grid = versions, tmp_path / "rows.jsonl", {"a": [1, 2]}
    first = run(old, grid, [0], file=file)
    assert first.array("value").tolist() == [64 + 13, 128 + 13]
    before = file.read_bytes()
    with pytest.raises(ValueError, match=r"expected rows\.jsonl to hold cells of this very function, got 2 from before "
                                         r"a change to WIDTH: pass changed='recompute' .* changed='keep'"):
        run(new, grid, [0], file=file)
    assert file.read_bytes() == before
    file.write_text(file.read_text().replace('"rows": [{"value": 141}]', '"failed": "no memory"'), newline="\n")
    with pytest.raises(ValueError, match=r"got 2 \(1 of them failed, and are tried again in any case\) from before"):
        run(new, grid, [0], file=file)
    file.write_bytes(before)
    kept = run(new, {"a": [1, 2, 3]}, [0], file=file, changed="keep")
    assert kept.array("value").tolist() == [64 + 13, 128 + 13, 195 + 13]
    assert [entry["run"] for entry in entries(file)[2:]] == [0, 0, 1]
    assert run(new, {"a": [1, 2, 3]}, [0], file=file) == kept, "kept once is kept"
    with pytest.raises(ValueError, match="change to WIDTH"):
        run(old, grid, [0], file=file)
    anew = run(new, grid, [0], file=file, changed="recompute")
    assert anew == kept[:2], "what has not changed is not recomputed"
    anew = run(old, grid, [0], file=file, changed="recompute")
    assert anew.array("value").tolist() == [64 + 13, 128 + 13]
    assert len(entries(file)) == 3, "one run, two cells"


def test_to_keep_is_remembered_even_if_nothing_is_computed(tmp_path, versions):
    (old, new), file = versions, tmp_path / "rows.jsonl"
    first = run(old, {"a": [1]}, [0], file=file)
    assert run(new, {"a": [1]}, [0], file=file, changed="keep") == first
    assert run(new, {"a": [1]}, [0], file=file) == first


def test_another_sweeps_file_is_not_taken_for_ones_own(tmp_path):
    run(file=tmp_path / "rows.jsonl")
    with pytest.raises(ValueError, match="change to the function"):
        run(untouched, file=tmp_path / "rows.jsonl")


@pytest.mark.parametrize("wrapped", [lambda f: f, lambda f: [f, 3], lambda f: partial(f, shape=2)])
def test_a_changed_initializer_of_ones_own_among_the_values_is_noticed(tmp_path, wrapped):
    made = []
    for folder, text in (("a", MODULE), ("b", MODULE.replace("rng.normal", "rng.uniform"))):
        (tmp_path / folder).mkdir()
        made.append(module(tmp_path / folder, text))
    first, second = ((version.cell, {"a": [1], "init": [wrapped(version.mine), initializers.he_normal]}, [0])
                     for version in made)
    run(*first, file=tmp_path / "rows.jsonl")
    with pytest.raises(ValueError, match=r"a change to .*mine"):
        run(*second, file=tmp_path / "rows.jsonl")


# Names of objects ----------------------------------------------------------------------------------------------

class Setting:
    """Shown by its address, as objects are that do not say what they are."""


def scaled(rng, shape):
    return rng.normal(size=shape)


def test_objects_stand_in_the_rows_under_their_names(tmp_path):
    def cell(init, activation, sizes, seed):
        return {"std": float(init(np.random.default_rng(seed), (50, 50)).std()), "f": float(activation(np.ones(1))[0]),
                "n": len(sizes)}

    grid = {"init": [initializers.he_normal, scaled, partial(initializers.normal, std=0.123456789)],
            "activation": [activations.relu, activations.leaky_relu(0.3)], "sizes": [(2, 3), [4]]}
    rows = run(cell, grid, [0], file=tmp_path / "rows.jsonl")
    assert list(rows.by("init")) == ["he_normal", "scaled", "normal(std=0.123456789)"]
    assert list(rows.by("activation")) == ["relu", "leaky_relu(0.3)"]
    assert list(rows.by("sizes")) == [(2, 3), (4,)]
    found = rows.where(init=grid["init"][2], activation=activations.relu, sizes=(2, 3))
    assert len(found) == 1
    assert found[0]["std"] == pytest.approx(0.123456789, rel=5 / math.sqrt(2 * 2500))         # five standard errors
    assert rows == sweeps.read(tmp_path / "rows.jsonl")
    assert rows.array("sizes")[1] == [4]


@pytest.mark.parametrize("value", [lambda rng, shape: 0, Setting(), np.arange(3), partial(lambda x: x), [Setting()]],
                         ids=["lambda", "object", "array", "partial", "list"])
def test_what_has_no_name_is_refused(value):
    with pytest.raises(TypeError, match="expected values of a that have a name by which a row can be found again"):
        run(grid={"b": [1], "a": [value]})


# The door ------------------------------------------------------------------------------------------------------

def untouched(b, a, seed):
    raise AssertionError("nothing may be computed")


@pytest.mark.parametrize(("changes", "error", "message"), [
    ({"function": 3}, TypeError, "expected a function of the cell and a seed, got 3"),
    ({"grid": {"a": [1]}}, TypeError, "expected a function that takes a, seed by name, got untouched: missing a req"),
    ({"grid": {"a": [1], "b": [1], "c": [1]}}, TypeError, "takes a, b, c, seed by name, got untouched: got an unexp"),
    ({"grid": {1: [1]}}, TypeError, "takes 1, seed by name"),
    ({"grid": {"a": 1}}, TypeError, "expected a list of values for a, got 1: one value is a list of one"),
    ({"grid": {"a": "relu"}}, TypeError, "expected a list of values for a, got 'relu'"),
    ({"grid": {"a": []}}, ValueError, "expected at least one value for a, got none"),
    ({"grid": []}, ValueError, "expected at least one cell, got an empty list"),
    ({"grid": "a"}, TypeError, "expected grid to be a dict, name → values, or a list of dicts"),
    ({"grid": [1, 2]}, TypeError, "expected grid to be a dict, name → values, or a list of dicts"),
    ({"grid": {"seed": [1], "a": [1]}}, ValueError, "expected a grid without seed: "),
    ({"grid": {"failed": [1], "seconds": [1]}}, ValueError, "expected a grid without seconds, failed: "),
    ({"grid": {"b": [1], "a": [1, 2, 1]}}, ValueError, r'cells that differ, got \[\{"a": 1, "b": 1\}, 0\] twice'),
    ({"seeds": [0, 0]}, ValueError, "expected cells that differ"),
    ({"seeds": 5}, TypeError, r"expected seeds to be whole numbers such as range\(5\), got 5"),
    ({"seeds": "01"}, TypeError, "expected seeds to be whole numbers"),
    ({"seeds": []}, ValueError, "expected at least one seed, got none"),
    ({"seeds": [0.5]}, TypeError, r"expected seeds\[0\] to be a whole number ≥ 0, got 0.5"),
    ({"seeds": [-1]}, ValueError, r"expected seeds\[0\] to be a whole number ≥ 0, got -1"),
    ({"workers": 0}, ValueError, "expected workers to be a whole number ≥ 1, got 0"),
    ({"progress": "yes"}, TypeError, "expected progress to be True, False or None, got 'yes'"),
    ({"changed": "maybe"}, ValueError, "expected changed to be 'refuse', 'recompute' or 'keep', got 'maybe'"),
    ({"file": "nowhere/rows.jsonl"}, ValueError, "expected a file in a folder that exists, got nowhere"),
    ({"file": "rows.jsonl", "function": lambda b, a, seed: {}}, TypeError, "expected a function made with def, in a "
     "file or in a notebook, got <lambda>: a file's cells are used again only while the function is the same"),
    ({"function": dict}, TypeError, "expected a function that takes b, a, seed by name, got dict: no signature found"),
])
def test_what_does_not_fit_is_refused_before_anything_is_computed(tmp_path, monkeypatch, changes, error, message):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=message):
        run(**{"function": untouched} | changes)
    if not {"workers", "progress"} & set(changes):
        with pytest.raises(error, match=message):
            sweeps.plan(**{"function": untouched, "grid": GRID, "seeds": [0]} | changes)
    assert list(tmp_path.iterdir()) == []


def test_the_bar_counts_cells_and_is_silent_where_nobody_looks(tmp_path, capsys):
    run(seeds=[0], file=tmp_path / "rows.jsonl", progress=None)
    assert capsys.readouterr().err == ""
    run(seeds=[0, 1], file=tmp_path / "rows.jsonl", progress=True)
    said = capsys.readouterr().err
    assert "6/12" in said, "those that stand in the file are counted"
    assert "12/12" in said


# A plan --------------------------------------------------------------------------------------------------------

def test_a_plan_says_what_is_left_and_how_long_it_will_take(tmp_path):
    def cell(a, seed):
        if a == 3:
            raise ValueError
        return {}

    file = tmp_path / "rows.jsonl"
    assert sweeps.plan(cell, {"a": [1, 2]}, seeds=[0]) == sweeps.Plan(2, 0, None, 0)
    assert sweeps.plan(cell, {"a": [1, 2]}, seeds=[0], file=file).estimate(2) is None
    assert not file.exists()
    with pytest.warns(RuntimeWarning, match="1 of 3"):
        run(cell, {"a": [1, 2, 3]}, [0], file=file)
    lines = entries(file)
    for line, seconds in zip(lines[1:], (4.0, 2.0, 100.0), strict=True):
        line["seconds"] = seconds
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    plan = sweeps.plan(cell, {"a": [1, 2, 3, 4, 5, 6, 7]}, seeds=[0, 1], file=file)
    assert plan == sweeps.Plan(14, 2, 3.0, 0), "a failed cell is not finished, and its seconds say nothing"
    assert (plan.estimate(), plan.estimate(2), plan.estimate(100)) == (36.0, 18.0, 3.0)
    assert sweeps.plan(cell, {"a": [2, 9]}, seeds=[0], file=file) == sweeps.Plan(2, 1, 2.0, 2)
    assert sweeps.plan(cell, {"a": [1, 2]}, seeds=[0], file=file).estimate(2) == 0


# Rows ----------------------------------------------------------------------------------------------------------

ROWS = Rows([{"depth": 5, "init": "he", "seed": 0, "loss": 1.0}, {"depth": 5, "init": "he", "seed": 1, "loss": 4.0},
             {"depth": 5, "init": "he", "seed": 2, "loss": 2.0},
             {"depth": 9, "init": "he", "seed": 0, "failed": "E: no"},
             {"depth": 9, "init": "xa", "seed": 0, "loss": 7.0}])


def test_columns_and_arrays():
    assert ROWS.columns == ["depth", "init", "seed", "loss", "failed"]
    np.testing.assert_array_equal(ROWS.array("loss"), [1, 4, 2, math.nan, 7])
    assert ROWS.array("depth").dtype.kind == "i"
    assert ROWS.array("failed").tolist() == [None] * 3 + ["E: no", None]
    assert Rows().columns == []


def test_where_and_by():
    assert [row["seed"] for row in ROWS.where(depth=5, init="he")] == [0, 1, 2]
    assert isinstance(ROWS.where(depth=5), Rows)
    assert ROWS.where(depth=77) == []
    assert ROWS.where(loss=7.0) == [ROWS[4]]
    assert {key: len(group) for key, group in ROWS.by("depth").items()} == {5: 3, 9: 2}
    assert {key: len(group) for key, group in ROWS.by("depth", "init").items()} == {(5, "he"): 3, (9, "he"): 1,
                                                                                    (9, "xa"): 1}
    assert ROWS.by("depth")[5].array("loss").tolist() == [1, 4, 2]
    assert ROWS.failed == [ROWS[3]]


def test_spread():
    spread = ROWS.spread("loss", by=["depth", "init"])
    assert spread[0] == {"depth": 5, "init": "he", "n": 3, "median": 2.0, "low": 1.0, "high": 4.0}
    assert (spread[1]["n"], math.isnan(spread[1]["median"])) == (0, True)
    assert spread[2] == {"depth": 9, "init": "xa", "n": 1, "median": 7.0, "low": 7.0, "high": 7.0}
    assert ROWS.spread("loss", by="depth")[1] == {"depth": 9, "n": 1, "median": 7.0, "low": 7.0, "high": 7.0}
    assert ROWS.spread("loss", by=[]) == [{"n": 4, "median": 3.0, "low": 1.0, "high": 7.0}]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        infinite = Rows([{"a": 1, "x": math.inf}, {"a": 1, "x": math.inf}]).spread("x", by="a")
    assert infinite[0]["high"] == math.inf


def test_a_slice_of_rows_is_rows():
    rows = Rows([{"a": k} for k in range(5)], runs=[{"numpy": "2"}])
    assert isinstance(rows[1:3], Rows)
    assert rows[1:3].array("a").tolist() == [1, 2]
    assert rows[1:3].runs == rows.runs
    assert rows[-1] == {"a": 4}
    with pytest.raises(TypeError, match=r"expected the name of one column, got \['a', 'b'\]"):
        rows.spread(["a", "b"], by=[])


def test_without():
    assert ROWS.without("loss", "failed", "init")[0] == {"depth": 5, "seed": 0}
    assert "loss" in ROWS[0]


@pytest.mark.parametrize("question", [lambda r: r.array("los"), lambda r: r.where(los=1), lambda r: r.by("los"),
                                      lambda r: r.without("los"), lambda r: r.spread("los", by="depth"),
                                      lambda r: r.spread("loss", by="los")])
def test_a_column_that_is_not_there(question):
    with pytest.raises(ValueError, match="expected columns out of depth, init, seed, loss, failed, got los"):
        question(ROWS)


def test_shown_as_a_table():
    text = str(ROWS).splitlines()
    assert text[0].split() == ["depth", "init", "seed", "loss", "failed"]
    assert text[4].split() == ["9", "he", "0", "E:", "no"]
    assert repr(ROWS) == str(ROWS)
    html = ROWS._repr_html_()
    assert html.count("<tr>") == 6
    assert "<th>loss</th>" in html
    many = Rows({"x": 0.123456, "failed": "<a>\nb" + "c" * 100} for _ in range(25))
    assert str(many).splitlines()[-1] == "… and 5 more rows"
    assert len(str(many).splitlines()) == 22
    assert "0.1235" in str(many)
    assert "<a> b" + "c" * 75 + "…" in str(many)
    assert "&lt;a&gt;" in many._repr_html_()
    assert "… and 5 more rows" in many._repr_html_()
    assert str(Rows()) == Rows()._repr_html_() == "no rows"


def test_to_frame(monkeypatch):
    pandas = pytest.importorskip("pandas")
    frame = ROWS.to_frame()
    assert isinstance(frame, pandas.DataFrame)
    assert list(frame.columns) == ROWS.columns
    assert frame["loss"].isna().tolist() == [False, False, False, True, False]
    assert Rows().to_frame().empty
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="this needs pandas: pip install pandas"):
        ROWS.to_frame()


# python -m chapters --sweeps -----------------------------------------------------------------------------------

SWEEP = '''"""A small sweep.

More about it.
"""

from __future__ import annotations

from dataclasses import dataclass

GRID = {"a": [1, 2, 3]}
SEEDS = range(2)


@dataclass
class Pair:
    left: int
    right: int


def cell(a, seed):
    return {"value": Pair(a, FACTOR * seed).right + a}


FACTOR = 10
'''


@pytest.fixture
def chapters(tmp_path, monkeypatch):
    """A folder of chapters with two sweeps, and the runner for it."""
    runner = importlib.import_module("chapters.__main__")
    monkeypatch.setattr(runner, "HERE", tmp_path)
    (tmp_path / "sweeps").mkdir()
    (tmp_path / "sweeps" / "03_small.py").write_text(SWEEP)
    (tmp_path / "sweeps" / "05_other.py").write_text(SWEEP.replace("A small", "Another"))
    return lambda *arguments: runner.main(["--sweeps", *arguments])


def test_the_runner_computes_what_is_missing(chapters, tmp_path, capsys):
    assert chapters("--list") == 0
    said = capsys.readouterr().out
    assert "03_small  A small sweep.\n    6 cells, 0 finished, 6 to compute: no estimate before the first cells" in said
    assert "05_other  Another sweep." in said
    assert not (tmp_path / "results").exists(), "--list writes nothing"

    assert chapters("3") == 0
    said = capsys.readouterr().out
    assert "03_small: 6 cells, 2 finished, 4 to compute: about 0 s, 2 at a time, if a cell takes" in said
    assert "03_small: 6 rows, 0 of failed cells" in said
    assert [path.name for path in (tmp_path / "results").iterdir()] == ["03_small.jsonl"]
    rows = sweeps.read(tmp_path / "results" / "03_small.jsonl")
    assert rows.array("value").tolist() == [1, 11, 2, 12, 3, 13]
    assert rows.runs[0]["function"] == "chapters.sweeps.03_small.cell"
    before = (tmp_path / "results" / "03_small.jsonl").read_bytes()

    assert chapters("--workers", "1") == 0
    said = capsys.readouterr().out
    assert "    6 cells, all of them finished" in said
    assert "05_other: 6 rows" in said
    assert (tmp_path / "results" / "03_small.jsonl").read_bytes() == before

    (tmp_path / "sweeps" / "03_small.py").write_text(SWEEP.replace("[1, 2, 3]", "[2, 5]"))
    assert chapters("03_small", "--list") == 0
    assert ("4 cells, 2 finished, 2 to compute: about 0 s, 2 at a time, if a cell takes "
            in (said := capsys.readouterr().out))
    assert said.rstrip().endswith("4 more in the file are of another grid")
    assert "05_other" not in said


def test_the_runner_estimates_from_stored_seconds(chapters, tmp_path, capsys):
    assert chapters("--workers", "1") == 0
    for name in ("03_small", "05_other"):
        file = tmp_path / "results" / f"{name}.jsonl"
        lines = [line | {"seconds": 3600.0} if "cell" in line else line for line in entries(file)]
        file.write_text("".join(json.dumps(line) + "\n" for line in lines))
        (tmp_path / "sweeps" / f"{name}.py").write_text(SWEEP.replace("range(2)", "range(4)"))
    capsys.readouterr()
    assert chapters("--list") == 0
    said = capsys.readouterr().out
    assert said.count("12 cells, 6 finished, 6 to compute: about 3.0 h, 2 at a time") == 2
    assert "in all about 6.0 h" in said


def test_the_runner_and_a_changed_function(chapters, tmp_path, capsys):
    assert chapters("3", "--workers", "1") == 0
    (tmp_path / "sweeps" / "03_small.py").write_text(SWEEP.replace("FACTOR = 10", "FACTOR = 20"))
    with pytest.raises(SystemExit, match=r"03_small: expected 03_small\.jsonl .* change to FACTOR.*--changed recomp"):
        chapters("3")
    assert chapters("3", "--changed", "keep") == 0
    assert chapters("3") == 0, "kept once is kept"
    assert sweeps.read(tmp_path / "results" / "03_small.jsonl").array("value").tolist() == [1, 11, 2, 12, 3, 13]
    (tmp_path / "sweeps" / "03_small.py").write_text(SWEEP.replace("FACTOR = 10", "FACTOR = 20 + 0"))
    assert chapters("3") == 0, "the same number"
    (tmp_path / "sweeps" / "03_small.py").write_text(SWEEP.replace("FACTOR = 10", "FACTOR = 30"))
    assert chapters("3", "--workers", "1", "--changed", "recompute") == 0
    assert sweeps.read(tmp_path / "results" / "03_small.jsonl").array("value").tolist() == [1, 31, 2, 32, 3, 33]


def test_the_runner_and_failed_cells(chapters, tmp_path, capsys):
    broken = SWEEP.replace("    return", "    if a == 2:\n        raise ValueError('no')\n    return")
    (tmp_path / "sweeps" / "03_small.py").write_text(broken)
    assert chapters("3", "--workers", "1") == 1
    shown = capsys.readouterr()
    assert "03_small: 6 rows, 2 of failed cells, which the same command tries again" in shown.out
    assert "03_small: failed: {'a': 2, 'seed': 0, 'failed': 'ValueError: no (in cell:" in shown.err


def test_the_runner_and_ctrl_c(chapters, tmp_path, capsys):
    (tmp_path / "sweeps" / "03_small.py").write_text(
        SWEEP.replace("    return", "    if a == 2:\n        raise KeyboardInterrupt\n    return"))
    assert chapters("3", "--workers", "1") == 130
    assert "finished cells are kept, the same command goes on from there" in capsys.readouterr().err
    assert sweeps.read(tmp_path / "results" / "03_small.jsonl").array("value").tolist() == [1, 3]


def test_what_the_runner_refuses(chapters, tmp_path, capsys):
    with pytest.raises(SystemExit, match="no sweep 77: there are 03_small, 05_other"):
        chapters("77")
    for options in (["--fast"], ["--write"], ["--json", "-"], ["--workers", "0"]):
        with pytest.raises(SystemExit):
            chapters(*options)
        assert "--sweeps goes with --list, --changed and --workers N, N ≥ 1" in capsys.readouterr().err
    (tmp_path / "sweeps" / "03_small.py").write_text("SEEDS = [0]\n")
    with pytest.raises(SystemExit, match=r"03_small.py: expected a docstring, .* got no GRID, cell, __doc__"):
        chapters()
    for path in (tmp_path / "sweeps").iterdir():
        path.unlink()
    with pytest.raises(SystemExit, match=r"no sweeps: there is no NN_name\.py in"):
        chapters()


@pytest.mark.parametrize("source", sorted((ROOT / "chapters" / "sweeps").glob("[0-9][0-9]_*.py")), ids=lambda p: p.stem)
def test_every_sweep_of_the_chapters_is_stored(source):
    """Whole, nothing else beside it, and computed by the function as it stands."""
    run_sweeps = importlib.import_module("chapters.run_sweeps")
    made, file = run_sweeps.loaded(source), ROOT / "chapters" / "results" / f"{source.stem}.jsonl"
    plan = sweeps.plan(made.cell, made.GRID, seeds=made.SEEDS, file=file)
    assert 0 < plan.cells == plan.finished
    assert plan.others == 0
