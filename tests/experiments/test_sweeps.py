"""Sweeps: the grid's order, the same numbers however they are computed, restarts, failures, changes, and the runner.

Cells that count their calls append a line to a file, which works from any process. Numbers are compared for equality:
nothing here is allowed to round differently.
"""

import errno
import importlib
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minnet import activations, initializers, sweeps
from minnet.experiments import parallel, store
from tests.experiments.test_fingerprint import MODULE, bumped, module

joblib = pytest.importorskip("joblib")
filelock = pytest.importorskip("filelock")
threadpoolctl = pytest.importorskip("threadpoolctl")

ROOT = Path(__file__).parents[2]
GRID = {"b": [3, 1], "a": [10, 20, 5]}


@pytest.fixture(autouse=True, scope="module")
def two_threads():
    """A process that uses two BLAS threads, as its children would: else nothing were to be seen of the limit to one."""
    with pytest.MonkeyPatch.context() as patch, threadpoolctl.threadpool_limits(2):
        for name in parallel.ONE_THREAD:
            patch.setenv(name, "2")
        yield


def product(b, a, seed):
    return {"value": 100 * a + 10 * b + seed}


def counted(log):
    """A cell that notes its call in a file, and is otherwise `product`."""
    def cell(b, a, seed):
        with open(log, "a", encoding="utf-8") as file:
            file.write(f"{b} {a} {seed}\n")
        return {"value": 100 * a + 10 * b + seed}
    return cell


def calls(log):
    return Path(log).read_text(encoding="utf-8").splitlines() if Path(log).exists() else []


def run(function=product, grid=GRID, seeds=(0, 1), **options):
    return sweeps.sweep(function, grid, seeds=seeds, **{"workers": 1, "progress": False} | options)


def entries(file):
    return [json.loads(line) for line in Path(file).read_text(encoding="utf-8").splitlines()]


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
    names = list(parallel.ONE_THREAD)

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
    (tmp_path / "script.py").write_text(SCRIPT, encoding="utf-8")
    done = subprocess.run([sys.executable, "-W", "error", "script.py"], cwd=tmp_path, capture_output=True,
                          encoding="utf-8")
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
    monkeypatch.setitem(sys.modules, "filelock", None)
    (tmp_path / "rows.jsonl.lock").unlink()
    run(file=file, workers=2)
    run(grid={"b": [1], "a": [5]}, file=file)
    assert file.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["rows.jsonl"], "not even a lock is needed"


def test_runs_say_by_what_cells_were_computed(tmp_path, monkeypatch):
    file = tmp_path / "rows.jsonl"
    run(seeds=[0], file=file)
    file.write_text(file.read_text(encoding="utf-8").replace('"date": "2', '"date": "1'), encoding="utf-8")
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
        with open(log, "a", encoding="utf-8") as file:
            file.write(f"{a}\n")
        return {"value": a}
    return cell


def test_after_ctrl_c_the_next_call_goes_on(tmp_path):
    log, stop, file = tmp_path / "log", tmp_path / "stop", tmp_path / "rows.jsonl"
    stop.touch()
    cell = stopping(str(log), str(stop))
    with pytest.raises(KeyboardInterrupt) as caught:
        run(cell, {"a": [1, 2, 3, 4]}, [0], file=file)
    assert caught.value.__notes__ == ["the sweep stopped with 2 of 4 cells finished: they are in rows.jsonl, and the "
                                      "same call goes on from there"]
    assert sweeps.read(file).array("value").tolist() == [1, 2]
    assert threads_here() == 2
    stop.unlink()
    assert run(cell, {"a": [1, 2, 3, 4]}, [0], file=file).array("value").tolist() == [1, 2, 3, 4]
    assert calls(log) == ["1", "2", "3", "4"]


def test_ctrl_c_while_the_progress_bar_is_imported_leaves_the_file_as_it_was(tmp_path, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    file = tmp_path / "rows.jsonl"
    run(file=file)
    before = file.read_bytes()
    monkeypatch.setattr(sweeps, "progress_bar", interrupted)
    for function, options in ((product, {"seeds": [7]}), (untouched, {"changed": "recompute"})):
        with pytest.raises(KeyboardInterrupt):
            run(function, file=file, **options)
        assert file.read_bytes() == before


def test_without_a_file_ctrl_c_says_what_is_lost(tmp_path):
    (tmp_path / "stop").touch()
    with pytest.raises(KeyboardInterrupt) as caught:
        run(stopping(os.devnull, str(tmp_path / "stop")), {"a": [1, 3]}, [0])
    assert "1 of 2 cells finished: they are lost; with file=… they would have been kept" in caught.value.__notes__[0]


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
    """Also from another process; a lock file that a crashed call has left does not count."""
    path = tmp_path / "rows.jsonl"

    def meddling(*, a, seed):
        with pytest.raises(RuntimeError, match=r"expected rows\.jsonl to be written by this call only, got a file"):
            run(meddling, {"a": [7]}, [0], file=path)
        return {"b": a}

    (tmp_path / "rows.jsonl.lock").write_text("left by a crash", encoding="utf-8")
    assert run(meddling, {"a": [1, 2]}, [0], file=path).array("b").tolist() == [1, 2]
    code = ("from pathlib import Path; from minnet.experiments import store\n"
            f"with store.locked(Path({str(path)!r})): print('has it')")
    other = partial(subprocess.run, [sys.executable, "-c", code], capture_output=True, encoding="utf-8")
    with store.locked(path):
        assert "another call is writing" in other().stderr
    assert other(check=True).stdout == "has it\n"


STRESS = """
import sys, time
from pathlib import Path
from minnet import sweeps
from minnet.experiments import store

def cell(a, seed):
    return {"value": a}

def again(call):
    while True:
        try:
            return call()
        except RuntimeError:
            time.sleep(0.001)

def hold():
    with store.locked(Path("held")):
        begin = time.monotonic_ns()
        time.sleep(0)
        return begin, time.monotonic_ns()

number, count = map(int, sys.argv[1:])
for a in range(number * count, (number + 1) * count):
    again(lambda: sweeps.sweep(cell, {"a": [a]}, seeds=[0], file="rows.jsonl", workers=1, progress=False))
for _ in range(20 * count):
    print(*again(hold))
"""


def test_several_processes_write_to_one_file(tmp_path):
    """No cell is lost, and no two processes hold the lock at a time (the clock is that of the whole machine)."""
    processes, count = 3, 10
    (tmp_path / "stress.py").write_text(STRESS, encoding="utf-8")
    running = [subprocess.Popen([sys.executable, "stress.py", str(number), str(count)], cwd=tmp_path, encoding="utf-8",
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE) for number in range(processes)]
    said = [process.communicate() for process in running]
    assert [error for _, error in said] == [""] * processes
    assert sorted(sweeps.read(tmp_path / "rows.jsonl").array("value")) == list(range(processes * count))
    holds = sorted(tuple(map(int, line.split())) for output, _ in said for line in output.splitlines())
    assert len(holds) == processes * 20 * count
    assert all(end <= begin for (_, end), (begin, _) in pairwise(holds))


def test_what_another_process_wrote_before_the_lock_was_got_is_kept(tmp_path, monkeypatch):
    log, file, really = tmp_path / "log", tmp_path / "rows.jsonl", store.locked
    cell = counted(log)

    def meanwhile(path):
        monkeypatch.setattr(store, "locked", really)
        run(cell, {"b": [1], "a": [10]}, [0], file=file)
        return really(path)

    monkeypatch.setattr(store, "locked", meanwhile)
    run(cell, {"b": [1], "a": [10, 20]}, [0], file=file)
    assert calls(log) == ["1 10 0", "1 20 0"]
    assert sweeps.read(file).array("a").tolist() == [10, 20]


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "folder").mkdir()
    target, link = tmp_path / "folder" / "rows.jsonl", tmp_path / "link.jsonl"
    target.touch()
    link.symlink_to(target)
    rows = run(file=link)
    assert link.is_symlink()
    assert rows == sweeps.read(target)
    with store.locked(target), pytest.raises(RuntimeError, match="another call is writing"):
        run(seeds=[7], file=link)


def test_a_folder_that_cannot_be_locked_is_an_error(tmp_path, monkeypatch):
    def unlockable(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(filelock.FileLock, "_acquire", unlockable)
    with pytest.raises(OSError, match=r"folder in which rows\.jsonl can be written and locked, got .*No locks avail.*"
                                      "name a file on a local disk"):
        run(untouched, file=tmp_path / "rows.jsonl")


def test_a_file_needs_filelock_and_a_sweep_without_one_does_not(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "filelock", None)
    assert len(run()) == 12
    with pytest.raises(ImportError, match=r'this needs filelock: pip install -e "\.\[chapters\]"'):
        run(untouched, file=tmp_path / "rows.jsonl")


def test_a_line_that_was_cut_off_is_computed_again(tmp_path):
    log, file = tmp_path / "log", tmp_path / "rows.jsonl"
    rows = run(counted(log), file=file)
    file.write_bytes(file.read_bytes()[:-20])
    assert run(counted(log), file=file).without("seconds") == rows.without("seconds")
    assert len(calls(log)) == 13
    assert len(entries(file)) == 13


def test_a_cut_through_a_letter_is_a_cut_line_too(tmp_path):
    def cell(a, seed):
        return {"letter": "σ"}

    file = tmp_path / "rows.jsonl"
    rows = run(cell, {"a": [1, 2]}, [0], file=file)
    file.write_bytes(file.read_bytes()[:file.read_bytes().rindex("σ".encode()) + 1])
    assert sweeps.read(file).array("a").tolist() == [1]
    assert run(cell, {"a": [1, 2]}, [0], file=file).without("seconds") == rows.without("seconds")


def test_an_error_that_is_not_utf_8_is_written(tmp_path):
    """Python shows bytes of a file name that are not UTF-8 as halves of surrogate pairs."""
    def cell(seed):
        raise OSError("no file \udcff")

    with pytest.warns(RuntimeWarning, match="1 of 1 cells failed"):
        rows = run(cell, {}, [0], file=tmp_path / "rows.jsonl")
    assert "no file \udcff" in rows[0]["failed"]
    assert sweeps.read(tmp_path / "rows.jsonl") == rows


@pytest.mark.parametrize("text", ["a diary\n", '{"cell": {}, "seed": 0}\n', "no line end", '{"a": 1}\n', "[1]\n",
                                  '{"source": {}}\n{"cell": 3}\n'])
def test_a_file_that_is_none_of_its_own_is_left_alone(tmp_path, text):
    file = tmp_path / "diary.txt"
    file.write_text(text, encoding="utf-8")
    for changed in ("refuse", "recompute", "keep"):
        with pytest.raises(ValueError, match=r"expected .*diary\.txt to be a sweep's file"):
            run(file=file, changed=changed)
    with pytest.raises(ValueError, match=r"expected .*diary\.txt to be a sweep's file"):
        sweeps.read(file)
    assert file.read_text(encoding="utf-8") == text


def test_an_empty_file_is_a_new_one(tmp_path):
    (tmp_path / "rows.jsonl").touch()
    assert run(file=tmp_path / "rows.jsonl") == sweeps.read(tmp_path / "rows.jsonl")


# Cells that fail -----------------------------------------------------------------------------------------------

def failing(stop, log):
    def cell(a, seed):
        with open(log, "a", encoding="utf-8") as file:
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
    lines = before.splitlines(keepends=True)
    file.write_bytes(b"".join(lines[:2]) + lines[2].partition(b'"rows"')[0] + b'"failed": "no memory", "seconds": 1}\n')
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


@pytest.mark.parametrize(("old", "new", "name"), [
    ("WIDTH = 64", "WIDTH = 64.00001", "WIDTH"), ("WIDTH = 64", "WIDTH = '64'", "WIDTH"),
    ("2 * x", "2 + x", "helper"), ("init=None", "init=3", "the function"),
    ("width * a", "width - a", "the function"), ("size = 5", "size = 6", "Model"), ("std=0.25", "std=0.26", "TABLE"),
])
def test_every_change_is_refused_with_the_remedy(tmp_path, old, new, name):
    before, after = (module(tmp_path, text) for text in (MODULE, MODULE.replace(old, new)))
    file = tmp_path / "rows.jsonl"
    module(tmp_path, MODULE)
    run(before.cell, {"a": [1]}, [0], file=file)
    module(tmp_path, MODULE.replace(old, new))
    with pytest.raises(ValueError, match=rf"got 1 from before a change to {name}: pass changed='recompute' \(or delete "
                                         r"the file\) .* changed='keep' .* or name another file"):
        run(after.cell, {"a": [1]}, [0], file=file)


def test_a_renamed_function_or_parameter_is_refused(tmp_path):
    file = tmp_path / "rows.jsonl"
    run(module(tmp_path, MODULE).cell, {"a": [1]}, [0], file=file)
    renamed = module(tmp_path, MODULE.replace("def cell(", "def new_cell("))
    with pytest.raises(ValueError, match="a change to the function: pass changed="):
        run(renamed.new_cell, {"a": [1]}, [0], file=file)
    renamed = module(tmp_path, MODULE.replace("def cell(a,", "def cell(b,").replace("width * a", "width * b"))
    with pytest.raises(ValueError, match="a change to the function: pass changed="):
        run(renamed.cell, {"b": [1]}, [0], file=file)


NUMBERS = [0.15000000005, 2.5, 0.35000000015, 1e-300, 1 / 3, np.sqrt(2), 1e15, -0.1, np.inf,
           np.float32(0.3), np.float32(3) ** 0.5, [1 / 3, 7], [[np.float32(0.1)], "0.15"],
           partial(initializers.normal, std=1 / 3), partial(initializers.normal, std=np.float32(0.1)),
           [partial(initializers.normal, std=np.sqrt(0.1)), 2]]


def numbered(x, seed):
    return {"value": seed}


def test_the_last_bits_of_the_grids_numbers_recompute_nothing(tmp_path):
    """Among them values on the border of a rounding step; and rows are found by a value with other last bits."""
    file = tmp_path / "rows.jsonl"
    rows = run(numbered, {"x": NUMBERS}, [0, 1], file=file)
    before = file.read_bytes()
    for by in (1, 2):
        for other in (bumped(NUMBERS, by), bumped(NUMBERS, -by)):
            assert all(str(x) != str(y) for x, y in zip(other, NUMBERS, strict=True) if x != np.inf)
            assert run(untouched_x, {"x": other}, [0, 1], file=file, changed="keep") == rows
            assert [len(rows.where(x=x, seed=0)) for x in other] == [1] * len(NUMBERS)
    assert run(numbered, {"x": NUMBERS}, [0, 1], file=file, changed="keep") == rows
    assert file.read_bytes().endswith(before.partition(b"\n")[2]), "no cell has changed"


def untouched_x(x, seed):
    raise AssertionError("nothing may be computed")


def test_the_file_is_the_reference_for_new_cells_too(tmp_path):
    """A column has one float for what is one value, so that a group has all of its rows."""
    file = tmp_path / "rows.jsonl"
    run(numbered, {"x": [1 / 3]}, [0], file=file)
    rows = run(numbered, {"x": [float(np.nextafter(1 / 3, 1)), 0.5]}, [0, 1], file=file)
    assert {x: len(group) for x, group in rows.by("x").items()} == {1 / 3: 2, 0.5: 2}


@pytest.mark.parametrize(("before", "after"), [
    (0.1, 0.1 * (1 + 3e-9)), (np.float32(0.1), np.float32(0.100001)), (0.0, 1e-300), ("0.1", "0.10"), ("a1.0", "a1.00"),
    (True, None), (2**60, 2**60 + 1), ([1.0], [1.0, 1.0]), ([1.0], 1.0),
    (partial(initializers.normal, std=0.1), partial(initializers.normal, std=0.1 * (1 + 3e-9))),
    (partial(initializers.normal, std=1), partial(initializers.normal, std=2)),
])
def test_another_value_of_the_grid_is_another_cell(tmp_path, before, after):
    file = tmp_path / "rows.jsonl"
    for first, second in ((before, after), (after, before)):
        run(numbered, {"x": [first]}, [0], file=file, changed="recompute")
        assert sweeps.plan(numbered, {"x": [second]}, seeds=[0], file=file) == sweeps.Plan(1, 0, None, 1)
        file.unlink()


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


def test_a_changed_initializer_is_noticed_though_its_settings_have_other_last_bits(tmp_path):
    old = module(tmp_path, MODULE)
    run(old.cell, {"a": [1], "init": [partial(old.mine, std=1 / 3)]}, [0], file=tmp_path / "rows.jsonl")
    new = module(tmp_path, MODULE.replace("rng.normal", "rng.uniform"))
    with pytest.raises(ValueError, match=r"a change to mine: pass"):
        run(new.cell, {"a": [1], "init": [partial(new.mine, std=bumped(1 / 3))]}, [0], file=tmp_path / "rows.jsonl")


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


@pytest.mark.parametrize("value", [lambda rng, shape: 0, Setting(), np.arange(3), partial(lambda x: x), [Setting()],
                                   partial(scaled, np.arange(2000))],
                         ids=["lambda", "object", "array", "partial", "list", "partial with an array"])
def test_what_has_no_name_is_refused(value):
    with pytest.raises(TypeError, match="expected values of a that have a name by which a row can be found again"):
        run(grid={"b": [1], "a": [value]})


# Wrong arguments -----------------------------------------------------------------------------------------------

def untouched(b, a, seed):
    raise AssertionError("nothing may be computed")


@pytest.mark.parametrize(("changes", "error", "message"), [
    ({"function": 3}, TypeError, "expected a function of the cell and a seed, got 3"),
    ({"grid": {"a": [1]}}, TypeError, "expected a function that takes a, seed by name, got untouched: missing a req"),
    ({"grid": {"a": [1], "b": [1], "c": [1]}}, TypeError, "takes a, b, c, seed by name, got untouched: got an unexp"),
    ({"grid": {1: [1]}}, TypeError, "takes 1, seed by name"),
    ({"grid": {"a": 1}}, TypeError, "expected a list of values for a, got 1: one value is a list of one"),
    ({"grid": {"a": "relu"}}, TypeError, "expected a list of values for a, got 'relu'"),
    ({"grid": {"a": {"x", "y"}}}, TypeError, "expected a list of values for a, got .*: .* a set has no order"),
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
    ({"file": "."}, ValueError, r"expected a file, got the folder \.: add a name, such as rows\.jsonl"),
    ({"grid": {"b": [1], "a": [math.nan]}}, ValueError, "expected values of a that equal themselves, got nan"),
    ({"grid": {"b": [1], "a": [[1.0, np.nan]]}}, ValueError, "expected values of a that equal themselves, got nan"),
    ({"grid": {"b": [1], "a": [1 / 3, np.nextafter(1 / 3, 1)]}}, ValueError, "two floats differ by less than 1e-9"),
    ({"grid": {"b": [1], "a": [1, 1.0]}}, ValueError, "cells that differ"),
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
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    plan = sweeps.plan(cell, {"a": [1, 2, 3, 4, 5, 6, 7]}, seeds=[0, 1], file=file)
    assert plan == sweeps.Plan(14, 2, 3.0, 0), "a failed cell is not finished, and its seconds say nothing"
    assert (plan.estimate(), plan.estimate(2), plan.estimate(100)) == (36.0, 18.0, 3.0)
    assert sweeps.plan(cell, {"a": [2, 9]}, seeds=[0], file=file) == sweeps.Plan(2, 1, 2.0, 2)
    assert sweeps.plan(cell, {"a": [1, 2]}, seeds=[0], file=file).estimate(2) == 0
