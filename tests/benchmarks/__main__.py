"""How fast and how large minnet is, beside PyTorch, JAX, scikit-learn and plain numpy: python -m tests.benchmarks

All of it, a few minutes on two cores, or the parts that are named: `python -m tests.benchmarks steps memory`. A library
that is not installed is said (pip install -e ".[peers]"). --json FILE writes everything that was measured. Nothing is
judged: times belong to a machine. Run it on a quiet one.
"""

import argparse
import contextlib
import datetime
import importlib.metadata
import importlib.util
import io
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import minnet as mn
from minnet import activations, initializers, losses, optimizers
from tests.benchmarks import measure
from tests.benchmarks.steps import STEPS, UNREAD, WORKLOADS, Absent, Work

PYTORCH = ("PyTorch", "PyTorch foreach", "PyTorch fused")
PACKAGES = {"PyTorch": "torch", "JAX": "jax", "scikit-learn": "sklearn.neural_network"}
DEPTHS = (10, 30, 100, 300, 1000, 3000, 10000)
BATCHES = (32, 128, 512, 1024, 2048, 4096, 8192)
Rows = list[dict[str, Any]]


def steps(number: int, names: list[str]) -> Rows:
    """One training step, each library's time over minnet's."""
    columns = ["numpy", "PyTorch", "JAX", "JAX unread", "scikit-learn"]
    print("| workload | minnet µs | " + " | ".join(f"{name} ÷ minnet" for name in columns) + " | minnet ÷ products |")
    print("|---" * (len(columns) + 3) + "|")
    rows: Rows = []
    for work in names:
        makers = {name: partial(make, WORKLOADS[work]) for name, make in STEPS.items()}
        times, missing = measure.rounds(makers, number=number, unread=UNREAD)
        if "minnet" in missing:
            raise RuntimeError(missing["minnet"])
        ours = times["minnet"]
        best = min((name for name in PYTORCH if name in times), key=lambda name: statistics.median(times[name]),
                   default="PyTorch")
        row = {"workload": work, "seconds": {name: statistics.median(found) for name, found in times.items()},
               "best PyTorch": best, "missing": missing, "ratio": {}}
        cells = []
        for name in columns:
            source = best if name == "PyTorch" else name
            if source in times:
                row["ratio"][name] = measure.ratio(times[source], ours)
                cells.append(shown(row["ratio"][name]) + (f" {best.removeprefix('PyTorch')}" if source == best else ""))
            else:
                cells.append("none" if missing[source].startswith(Absent.__name__) else "not installed")
        row["ratio"]["products"] = measure.ratio(ours, times["products"])
        cells.append(shown(row["ratio"]["products"]))
        print(f"| {work} | {row['seconds']['minnet'] * 1e6:.0f} | {' | '.join(cells)} |", flush=True)
        rows.append(row)
    return rows


def shown(ratio: tuple[float, float, float]) -> str:
    return "{:.2f} ({:.2f}–{:.2f})".format(*ratio)


def epoch(number: int, names: list[str]) -> Rows:
    """An epoch of fit, with shuffling and progress bar, over its bare steps (gradient and optimizer on one batch)."""
    rows: Rows = []
    for name in names:
        work = WORKLOADS[name]
        batches = max(4, min(400, round(3e6 / sum(a * b for a, b in zip(work.sizes, work.sizes[1:], strict=False)))))
        rng = np.random.default_rng(0)
        x = rng.normal(size=(batches * work.batch, work.sizes[0])).astype(np.float32)
        y = rng.integers(work.sizes[-1], size=len(x))
        net, optimizer, state = started(work)
        fit = partial(mn.fit, net, (x, y), loss=losses.softmax_cross_entropy, optimizer=optimizer, state=state,
                      epochs=5, batch_size=work.batch, rng=0, progress=True)
        step = stepping(net, optimizer, state, x[:work.batch], y[:work.batch])
        with contextlib.redirect_stderr(io.StringIO()):
            under, over = measure.in_turn([partial(repeat, step, 5 * batches), fit], number)
        rows.append({"workload": name, "ratio": measure.ratio(over, under),
                     "step": statistics.median(under) / (5 * batches)})
        print(f"{name:12}{shown(rows[-1]['ratio'])}", flush=True)
    return rows


def started(work: Work, **options: Any) -> tuple[mn.Network, optimizers.Optimizer, optimizers.State]:
    settings = {"activation": getattr(activations, work.activation), "init": initializers.glorot_uniform, "rng": 0}
    net = mn.mlp(work.sizes, **(settings | options))
    optimizer = optimizers.SGD(1e-3, momentum=0.9)
    return net, optimizer, optimizer.init(net.params, net.decay_mask)


def step_seconds(work: Work, number: int, **options: Any) -> tuple[float, mn.Network]:
    """Seconds of one step, the median of `number`, and the network."""
    net, optimizer, state = started(work, **options)
    step = stepping(net, optimizer, state, *work.data())
    return statistics.median(measure.in_turn([step], number)[0]), net


def stepping(net: mn.Network, optimizer: optimizers.Optimizer, state: optimizers.State, x: np.ndarray,
             y: np.ndarray) -> Callable[[], None]:
    def step() -> None:
        net.gradient(x, y, losses.softmax_cross_entropy)
        optimizer.step(net.params, net.grads, state)

    return step


def repeat(run: Callable[[], None], count: int) -> None:
    for _ in range(count):
        run()


MEMORY = """
import importlib, sys
import psutil
from tests.benchmarks.steps import STEPS, WORKLOADS
name, work = sys.argv[1], WORKLOADS[sys.argv[2]]
for module in sys.argv[3:]:
    importlib.import_module(module)
before = psutil.Process().memory_info().rss
step = STEPS[name](work)
for _ in range(10):
    float(step())
print(psutil.Process().memory_info().rss - before)
"""


def memory(number: int, names: list[str]) -> Rows:
    """Growth of the resident set in MB after the imports: network, optimizer, ten steps; each in its own process."""
    if importlib.util.find_spec("psutil") is None:
        print("not measured: psutil is not installed")
        return []
    rows: Rows = []
    for work in names:
        row: dict[str, Any] = {"workload": work}
        for name in ("minnet", "numpy", "PyTorch", "JAX", "scikit-learn"):
            modules = ["minnet", "numpy.random", *PACKAGES.get(name, "").split()]
            done = subprocess.run([sys.executable, "-c", MEMORY, name, work, *modules], capture_output=True, text=True,
                                  cwd=Path(__file__).parents[2], check=False)
            row[name] = int(done.stdout) if done.returncode == 0 else None
        rows.append(row)
        print(f"{work:12}" + "  ".join(f"{name} {row[name] / 2**20:.1f}" for name in row if isinstance(row[name], int)),
              flush=True)
    return rows


def depth(number: int, names: list[str]) -> Rows:
    """Cost per layer against depth, 64 units, batch 64, beside the bytes that a step walks through."""
    rows: Rows = []
    for layers in DEPTHS:
        work = Work((*[64] * layers, 10), 64, "tanh")
        seconds, net = step_seconds(work, max(3, min(number * 10, 3000 // layers)))
        walked = 3 * net.params.nbytes + sum(a.nbytes for layer in net.layers for a in (layer.z, layer.a, layer.delta))
        rows.append({"layers": layers, "seconds per layer": seconds / layers, "bytes": walked})
        print(f"{layers:6} layers  {seconds / layers * 1e6:6.1f} µs a layer   {walked / 2**20:8.1f} MB", flush=True)
    print("caches:", caches() or "unknown")
    return rows


def caches() -> str:
    """The sizes of the first core's data caches, where Linux tells them."""
    found = []
    for index in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        level, kind, size = ((index / file).read_text().strip() for file in ("level", "type", "size"))
        if kind != "Instruction":
            found.append(f"L{level} {size}")
    return ", ".join(found)


def batch(number: int, names: list[str]) -> Rows:
    """Cost per example against the size of the batch."""
    rows: Rows = []
    for name in ("digits", "mnist"):
        for size in BATCHES:
            work = Work(WORKLOADS[name].sizes, size, "relu")
            seconds, _ = step_seconds(work, max(9, min(number * 10, 40000 // size)))
            rows.append({"workload": name, "batch": size, "seconds per example": seconds / size})
            print(f"{name:8}{size:6} examples  {seconds / size * 1e6:6.2f} µs each", flush=True)
    return rows


def imports(number: int, names: list[str]) -> Rows:
    """import minnet over import numpy, whole processes."""
    def run(module: str) -> None:
        subprocess.run([sys.executable, "-c", f"import {module}"], check=True, cwd=Path(__file__).parents[2])

    under, over = measure.in_turn([partial(run, "numpy"), partial(run, "minnet")], 2 * number)
    print(f"import minnet ÷ import numpy: {shown(measure.ratio(over, under))}")
    return [{"ratio": measure.ratio(over, under), "numpy": statistics.median(under)}]


def subnormals(number: int, names: list[str]) -> Rows:
    """A step of the deep net whose gradients vanish, over a step with Glorot's initializer."""
    work = WORKLOADS["deep"]
    rows: Rows = []
    usual, _ = step_seconds(work, 3 * number)
    for std in (0.05, 0.02, 0.01):
        seconds, net = step_seconds(work, 3 * number, init=partial(initializers.normal, std=std))
        size = np.abs(net.grads)
        share = float(((size > 0) & (size < np.finfo(np.float32).tiny)).mean())
        rows.append({"std": std, "subnormal": share, "zero": float((size == 0).mean()), "ratio": seconds / usual})
        print(f"N(0, {std}²): {share:.0%} of the gradients subnormal, {rows[-1]['zero']:.0%} zero, step ÷ Glorot's "
              f"{seconds / usual:.2f}", flush=True)
    return rows


PARTS: dict[str, Callable[[int, list[str]], Rows]] = {
    "steps": steps, "epoch": epoch, "memory": memory, "depth": depth, "batch": batch, "imports": imports,
    "subnormals": subnormals,
}


def machine() -> dict[str, Any]:
    """What the figures belong to."""
    model = platform.processor() or platform.machine()
    with contextlib.suppress(OSError, StopIteration):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    found: dict[str, Any] = {"date": datetime.date.today().isoformat(), "processor": model, "cores": os.cpu_count(),
                             "Python": platform.python_version(), "numpy": np.__version__}
    for package in ("torch", "jax", "scikit-learn"):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[package] = importlib.metadata.version(package)
    with contextlib.suppress(ImportError):
        from threadpoolctl import threadpool_info
        found["BLAS"] = ", ".join(f"{pool['internal_api']} {pool['version']} {pool.get('architecture', '')}, "
                                  f"{pool['num_threads']} threads" for pool in threadpool_info())
    settings = {key: value for key, value in os.environ.items() if key.startswith(("OPENBLAS_", "OMP_", "MKL_"))}
    return found | ({"environment": settings} if settings else {})


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__.split(": python")[0])
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help=f"of {', '.join(PARTS)}; default: all")
    parser.add_argument("--workloads", nargs="+", choices=WORKLOADS, default=list(WORKLOADS))
    parser.add_argument("--rounds", type=int, default=15, help="turns of each contestant")
    parser.add_argument("--json", metavar="FILE")
    options = parser.parse_args()
    result: dict[str, Any] = {"machine": machine()}
    print("; ".join(f"{key} {value}" for key, value in result["machine"].items()))
    begin = time.perf_counter()
    for part in options.parts or PARTS:
        print(f"\n{PARTS[part].__doc__}")
        plain = [name for name in options.workloads if " " not in name]
        result[part] = PARTS[part](options.rounds, options.workloads if part == "steps" else plain)
    print(f"\n{time.perf_counter() - begin:.0f} s")
    if options.json:
        Path(options.json).write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
