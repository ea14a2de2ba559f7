"""Compare the speed and memory of minnet with PyTorch, JAX, scikit-learn and plain numpy: python -m tests.benchmarks

It runs all parts in about ten minutes on two cores, or only those that you name: `python -m tests.benchmarks steps
memory`. Run it on an idle machine. It judges nothing, because times belong to a machine, and it reports which libraries
are not installed (pip install -e ".[peers]"). Ratios are medians over the rounds, with
quartiles in parentheses. --json FILE writes everything that was measured, and `python -m tests.benchmarks.report FILE`
makes the tables of this folder's README from it.
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
import tempfile
import time
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

import minnet as mn
from minnet import activations, initializers, losses, optimizers
from tests.benchmarks import autoencoders, measure
from tests.benchmarks.steps import LEARNING_RATE, MOMENTUM, STEPS, UNREAD, WORKLOADS, Absent, Work, minnet_training

PYTORCH = ("PyTorch", "PyTorch foreach", "PyTorch fused")
PRODUCTS = ("products", "products @")
PACKAGES = {"PyTorch": "torch", "JAX": "jax", "scikit-learn": "sklearn.neural_network"}
DEPTHS = (10, 30, 100, 300, 1000, 3000, 10000)
BATCHES = (32, 128, 512, 1024, 2048, 4096, 8192)
PLAIN = [name for name, work in WORKLOADS.items() if work.optimizer == "sgd" and work.activation != "selu"]
ROOT = Path(__file__).parents[2]
Rows = list[dict[str, Any]]


def steps(options: argparse.Namespace) -> Rows:
    """Time of one training step: the other's over minnet's, so that above 1 minnet is faster.

    PyTorch: its best of the plain, foreach and fused optimizer, whose name follows. JAX: jit; every step ends with its
    loss in hand, "not read" lets JAX run ahead of Python. The last two: minnet's time over that of the step's bare
    matrix products, by dot into arrays that are there (the limit), and as one writes them, x @ W.
    """
    columns = {"PyTorch": "PyTorch", "JAX": "JAX", "JAX unread": "JAX, not read", "scikit-learn": "scikit-learn",
               "numpy": "plain numpy", "products": "÷ products",
               "products @": "÷ products @"}
    print(f"{'':12}{'minnet µs':>10}" + "".join(f"{title:>20}" for title in columns.values()))
    rows: Rows = []
    for work in options.workloads or WORKLOADS:
        makers = {name: partial(make, WORKLOADS[work]) for name, make in STEPS.items()}
        times, missing = measure.rounds(makers, number=options.rounds, unread=UNREAD)
        for name in ("minnet", "numpy", *PRODUCTS):
            if name in missing:
                raise missing[name]
        best = min((name for name in PYTORCH if name in times), key=lambda name: statistics.median(times[name]),
                   default="PyTorch")
        ratio, cells = {}, []
        for name in columns:
            source = best if name == "PyTorch" else name
            if source in missing:
                reason = missing[source]
                cells.append("no such net" if isinstance(reason, Absent) else "not installed"
                             if isinstance(reason, ImportError) else f"failed: {reason!r}")
            else:
                over, under = (times["minnet"], times[name]) if name in PRODUCTS else (times[source], times["minnet"])
                ratio[name] = measure.ratio(over, under)
                cells.append((best.partition(" ")[2] + " " if name == "PyTorch" else "") + shown(ratio[name]))
        seconds = {name: statistics.median(found) for name, found in times.items()}
        print(f"{work:12}{seconds['minnet'] * 1e6:10.0f}" + "".join(f"{cell:>20}" for cell in cells), flush=True)
        rows.append({"workload": work, "seconds": seconds, "ratio": ratio, "best PyTorch": best,
                     "missing": {name: repr(reason) for name, reason in missing.items()}})
    return rows


def shown(ratio: tuple[float, float, float]) -> str:
    return "{:.2f} ({:.2f}–{:.2f})".format(*ratio)


def epoch(options: argparse.Namespace) -> Rows:
    """Time of an epoch of fit, with shuffling, checks, accuracy and progress bar, over that of its bare steps."""
    rows: Rows = []
    for name in options.workloads or PLAIN:
        work = WORKLOADS[name]
        weights = sum(a * b for a, b in pairwise(work.sizes))
        batches = max(12, min(400, 12_000_000 // weights))             # epochs of tens to hundreds of milliseconds
        net, step = minnet_training(work)
        rng = np.random.default_rng(0)
        x = rng.normal(size=(batches * work.batch, work.sizes[0])).astype(np.float32)
        y = rng.integers(work.sizes[-1], size=len(x))
        optimizer = (optimizers.SGD(LEARNING_RATE, momentum=MOMENTUM) if work.optimizer == "sgd" else
                     optimizers.Adam())
        fit = partial(mn.fit, net, (x, y), loss=losses.softmax_cross_entropy, optimizer=optimizer, epochs=5,
                      batch_size=work.batch, rng=0, progress=True)
        with contextlib.redirect_stderr(io.StringIO()):
            under, over = measure.in_turn([partial(repeat, step, 5 * batches), fit], options.rounds)
        rows.append({"workload": name, "ratio": measure.ratio(over, under),
                     "step": statistics.median(under) / (5 * batches)})
        print(f"{name:12}{shown(rows[-1]['ratio'])}, a bare step takes {rows[-1]['step'] * 1e6:.0f} µs", flush=True)
    return rows


def repeat(run: Callable[[], Any], count: int) -> None:
    for _ in range(count):
        run()


MEMORY = """
import importlib, sys
import psutil
from tests.benchmarks.steps import STEPS, WORKLOADS
name, work = sys.argv[1], WORKLOADS[sys.argv[2]]
for module in sys.argv[3:]:
    importlib.import_module(module)
sizes = [psutil.Process().memory_info().rss]
for each in (WORKLOADS["tiny"], work):
    step = STEPS[name](each)
    for _ in range(10):
        float(step())
    sizes.append(psutil.Process().memory_info().rss)
print(sizes[-1] - sizes[0], sizes[-1] - sizes[1])
"""


def memory(options: argparse.Namespace) -> Rows:
    """Growth of the resident set after the imports, in MB: network, optimizer and ten steps, a process for each.

    In parentheses, without what a library loads and starts with its first steps, which were made on the tiny net.
    """
    if importlib.util.find_spec("psutil") is None:
        print("not measured: psutil is not installed")
        return []
    rows: Rows = []
    for work in options.workloads or PLAIN:
        row: dict[str, Any] = {"workload": work}
        for name in ("minnet", "numpy", *PACKAGES):
            modules = ["minnet", "numpy.random", *PACKAGES.get(name, "").split()]
            done = subprocess.run([sys.executable, "-c", MEMORY, name, work, *modules], capture_output=True, text=True,
                                  cwd=ROOT, check=False)
            if done.returncode == 0:
                row[name] = [int(size) for size in done.stdout.split()]
            else:
                row[f"{name} missing"] = done.stderr.strip().rpartition("\n")[2]
        rows.append(row)
        print(f"{work:12}" + "  ".join(f"{name} {value[0] / 1e6:.1f} ({value[1] / 1e6:.1f})"
                                       if isinstance(value, list) else f"{name}: {value}"
                                       for name, value in row.items() if name != "workload"), flush=True)
    return rows


def depth(options: argparse.Namespace) -> Rows:
    """Cost of a layer against depth (64 units, batch 64, tanh), and the memory that a step walks through."""
    rows: Rows = []
    for layers in DEPTHS:
        net, step = minnet_training(Work((*[64] * layers, 10), 64, "tanh"))
        seconds = one(step, options.rounds, layers)
        walked = 3 * net.params.nbytes + sum(a.nbytes for layer in net.layers for a in (layer.z, layer.a, layer.delta))
        rows.append({"layers": layers, "seconds per layer": seconds / layers, "bytes": walked})
        print(f"{layers:6} layers  {seconds / layers * 1e6:6.1f} µs a layer  {walked / 1e6:8.1f} MB", flush=True)
    return rows


def batch(options: argparse.Namespace) -> Rows:
    """Cost of an example against the size of the batch (the digits and mnist nets)."""
    rows: Rows = []
    for name in ("digits", "mnist"):
        for size in BATCHES:
            _, step = minnet_training(Work(WORKLOADS[name].sizes, size, "relu"))
            seconds = one(step, options.rounds, size / 64)
            rows.append({"workload": name, "batch": size, "seconds per example": seconds / size})
            print(f"{name:8}{size:6} examples  {seconds / size * 1e6:6.2f} µs each", flush=True)
    return rows


def one(step: Callable[[], Any], rounds: int, size: float) -> float:
    """Seconds of one step, the median over ten times the rounds, fewer where it is large."""
    return statistics.median(measure.in_turn([step], max(3, round(rounds * min(10, 1000 / size))))[0])


def imports(options: argparse.Namespace) -> Rows:
    """Time of `import minnet` over that of `import numpy`, whole processes."""
    with tempfile.TemporaryDirectory() as folder:        # compiled by the first turn, whatever the settings here
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": folder}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)

        def run(module: str) -> None:
            subprocess.run([sys.executable, "-c", f"import {module}"], check=True, cwd=ROOT, env=environment)

        under, over = measure.in_turn([partial(run, "numpy"), partial(run, "minnet")], 2 * options.rounds)
    row = {"ratio": measure.ratio(over, under), "numpy": statistics.median(under), "minnet": statistics.median(over)}
    print(f"{shown(row['ratio'])}: {row['minnet'] * 1e3:.0f} ms, {row['numpy'] * 1e3:.0f} ms")
    return [row]


def subnormals(options: argparse.Namespace) -> Rows:
    """Time of a step of the deep net drawn from N(0, std²), whose gradients vanish, over one with Glorot's weights."""
    stds = (0.05, 0.02, 0.01)
    made = [minnet_training(WORKLOADS["deep"], partial(initializers.normal, std=std) if std else None)
            for std in (None, *stds)]
    usual, *others = measure.in_turn([step for _, step in made], 10 * options.rounds)
    rows: Rows = []
    for std, (net, _), times in zip(stds, made[1:], others, strict=True):
        size = np.abs(net.grads)
        share = float(((size > 0) & (size < np.finfo(np.float32).tiny)).mean())
        rows.append({"std": std, "subnormal": share, "zero": float((size == 0).mean()),
                     "ratio": measure.ratio(times, usual)})
        print(f"std {std}: {shown(rows[-1]['ratio'])}; {share:.0%} of the gradients are subnormal, "
              f"{rows[-1]['zero']:.0%} zero", flush=True)
    return rows


def pretraining(options: argparse.Namespace) -> Rows:
    """A step of a denoising autoencoder, 784-400 at batch 20, and the cost of an epoch of layer k in a stack.

    First PyTorch's best over minnet. Then, for a stack of layers of 300 units, the time of an epoch of the layer on top
    over that of the second, whose size is the same: 1 if the layers below cost nothing, since their codes are kept.
    """
    from minnet.pretraining import greedy_pretrain
    times, missing = measure.rounds(autoencoders.STEPS, number=options.rounds)
    row: dict[str, Any] = {"seconds": {name: statistics.median(found) for name, found in times.items()},
                           "missing": {name: repr(reason) for name, reason in missing.items()}}
    if best := min((name for name in times if name != "minnet"), key=lambda name: row["seconds"][name], default=None):
        row["ratio"] = measure.ratio(times[best], times["minnet"])
        print(f"{best} {shown(row['ratio'])}, a step of minnet takes {row['seconds']['minnet'] * 1e6:.0f} µs",
              flush=True)
    else:
        print(f"PyTorch: {missing['PyTorch']!r}")
    x = np.random.default_rng(0).random((2000, 300)).astype(np.float32)
    epochs: dict[int, list[float]] = {2: [], 5: []}
    for _ in range(options.rounds):
        net = mn.mlp([300] * 6 + [10], activation=activations.sigmoid, init=initializers.glorot_uniform, rng=0)
        stack = greedy_pretrain(net, x, optimizer=optimizers.SGD(0.1), epochs=2, batch_size=20, rng=0, progress=False)
        for layer, found in epochs.items():
            found.append(float(np.diff(stack.histories[layer - 1].seconds)[0]))
    row["layer 5 over layer 2"] = measure.ratio(epochs[5], epochs[2])
    print(f"an epoch of layer 5 over one of layer 2: {shown(row['layer 5 over layer 2'])}")
    return [row]


PARTS: dict[str, Callable[[argparse.Namespace], Rows]] = {
    "steps": steps, "epoch": epoch, "memory": memory, "depth": depth, "batch": batch, "imports": imports,
    "subnormals": subnormals, "pretraining": pretraining,
}


def machine() -> dict[str, Any]:
    """What the figures belong to."""
    model = platform.processor() or platform.machine()
    with contextlib.suppress(OSError, StopIteration):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    found: dict[str, Any] = {"date": datetime.date.today().isoformat(), "processor": model, "cores": os.cpu_count(),
                             "caches": caches(), "Python": platform.python_version(), "numpy": np.__version__}
    for package in ("torch", "jax", "scikit-learn"):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[package] = importlib.metadata.version(package)
    with contextlib.suppress(ImportError):
        from threadpoolctl import threadpool_info
        found["BLAS"] = ", ".join(f"{pool['internal_api']} {pool['version']} with {pool.get('architecture', '')} "
                                  f"kernels and {pool['num_threads']} threads" for pool in threadpool_info())
    settings = {key: value for key, value in os.environ.items() if key.startswith(("OPENBLAS_", "OMP_", "MKL_"))}
    return found | ({"environment": settings} if settings else {})


def caches() -> str:
    """The sizes of the first core's data caches, where Linux tells them."""
    found = []
    for index in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        level, kind, size = ((index / file).read_text().strip() for file in ("level", "type", "size"))
        if kind != "Instruction":
            found.append(f"L{level} {size}")
    return ", ".join(found) or "unknown"


def main() -> None:
    parts = "\n".join(f"  {name:12}{part.__doc__.splitlines()[0]}" for name, part in PARTS.items())
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=f"{__doc__}\nparts:\n{parts}",
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help="default: all")
    parser.add_argument("--workloads", nargs="+", metavar="NAME", default=[],
                        help=f"of {', '.join(WORKLOADS)}; default: all for steps, the first six for epoch and memory")
    parser.add_argument("--rounds", type=int, default=15, help="turns of each contestant, at least 2 (default: 15)")
    parser.add_argument("--json", metavar="FILE")
    options = parser.parse_args()
    for kind, asked, known in (("part", options.parts, PARTS), ("workload", options.workloads, WORKLOADS)):
        for name in asked:
            if name not in known:
                parser.error(f"no {kind} {name!r}: expected one of {', '.join(known)}")
    if options.rounds < 2:
        parser.error(f"expected --rounds ≥ 2, got {options.rounds}: one round has no quartiles")
    result: dict[str, Any] = {"machine": machine(), "rounds": options.rounds}
    print("; ".join(f"{key} {value}" for key, value in result["machine"].items()), f"; {options.rounds} rounds", sep="")
    begin = time.perf_counter()
    for part in options.parts or PARTS:
        print(f"\n{part}: {PARTS[part].__doc__.strip()}\n")
        result[part] = PARTS[part](options)
    print(f"\n{time.perf_counter() - begin:.0f} s")
    if options.json:
        Path(options.json).write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
