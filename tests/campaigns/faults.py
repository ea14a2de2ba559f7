"""Runs that are killed or interrupted: what is left of them.

    python -m tests.campaigns.faults                           200 kills, 100 times Ctrl-C in each of three functions
    python -m tests.campaigns.faults --kills 10 --interrupts 5

kills. A forked process trains with `fit(…, checkpoint=…, resume=True)` and gets SIGKILL at a random moment, again and
again in the same file until the run ends, then anew. After every kill the file must load, and a run that goes on from a
copy of it must end in the same bits as one that was never cut off.

Ctrl-C. SIGINT comes at a random one of the lines of minnet that `fit`, `greedy_pretrain` and `sweep` execute. After
each the network must be finite, bound to its vectors and able to train, and going on must give the same numbers as a
run that was not interrupted. Moments come from seeds, but a kill's also from the clock. Linux and macOS.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import minnet
from minnet import activations, checkpoint, fit, initializers, layers, losses, mlp, optimizers, pretraining, schedules
from minnet.experiments import sweeps
from minnet.network import Network

SOURCE = str(Path(minnet.__file__).parent)
Outcome = tuple[str, bool]                               # what happened, and whether all is as it must be


def data() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.random(size=(64, 6)).astype(np.float32), rng.integers(0, 4, 64)


def trained(path: Path | None, net: Network | None = None, epochs: int = 12) -> tuple[Network, minnet.History]:
    """A run in which everything that has a state takes part."""
    net = network() if net is None else net
    history = fit(net, data(), loss=losses.softmax_cross_entropy, optimizer=optimizers.Adam(0.01), epochs=epochs,
                  batch_size=8, rng=1, validation=data(), schedule=partial(schedules.cosine, steps=80), clip_norm=1.0,
                  checkpoint=path, resume=path is not None, progress=False)
    return net, history


def network() -> Network:
    return Network([layers.Dense(6, 20, init=initializers.he_normal), layers.BatchNorm(20), activations.relu,
                    layers.Dropout(0.2), layers.Dense(20, 4)], rng=0)


def numbers(net: Network) -> tuple[bytes, bytes]:
    return net.params.tobytes(), net.state.tobytes()


# kill -9 -------------------------------------------------------------------------------------------------------------

def kills(count: int, folder: Path) -> Counter[Outcome]:
    whole, start = numbers(trained(None)[0]), time.perf_counter()
    trained(folder / "warm.npz")
    longest = time.perf_counter() - start
    path, copy, rng, outcomes = folder / "run.npz", folder / "copy.npz", np.random.default_rng(0), Counter[Outcome]()
    while outcomes.total() < count:
        child = os.fork()
        if child == 0:
            trained(path)
            os._exit(0)
        time.sleep(rng.uniform(0, longest))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        torn = list(folder.glob("run.npz.*.tmp"))
        if os.waitstatus_to_exitcode(status) == 0:                        # it had ended before; no kill to count
            path.unlink()
            continue
        what = "in a save" if torn else "between saves" if path.exists() else "before the first save"
        fine = True
        if path.exists():
            epochs = len(checkpoint.load(path).history)
            shutil.copy(path, copy)
            fine = 1 <= epochs <= 12 and numbers(trained(copy)[0]) == whole
        outcomes[what, fine] += 1
        for file in torn:
            file.unlink()
    return outcomes


# Ctrl-C --------------------------------------------------------------------------------------------------------------

class Interrupt:
    """`with Interrupt(n):` sends SIGINT before the n-th line of minnet that the block executes; n = 0 only counts."""

    def __init__(self, line: int) -> None:
        self.line, self.count = line, 0

    def trace(self, frame: Any, event: str, argument: Any) -> Any:
        if not frame.f_code.co_filename.startswith(SOURCE):
            return None
        if event == "line":
            self.count += 1
            if self.count == self.line:
                self.where = f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}"
                signal.raise_signal(signal.SIGINT)
        return self.trace

    def __enter__(self) -> Interrupt:
        sys.settrace(self.trace)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(None)


def usable(net: Network) -> bool:
    """Finite, bound to its vectors, and able to predict and to train."""
    x, y = data()
    bound = all(np.shares_memory(net.params, layer.W) for layer in net.layers if hasattr(layer, "W"))
    fine = bool(np.isfinite(net.params).all() and np.isfinite(net(x)).all())
    fit(net, (x, y), loss=losses.softmax_cross_entropy, optimizer=optimizers.SGD(0.01), epochs=1, rng=0)
    return bound and fine


def in_fit(line: int, folder: Path) -> tuple[int, Outcome]:
    path, net, what = folder / "run.npz", network(), "raised"
    path.unlink(missing_ok=True)
    with Interrupt(line) as moment:
        try:
            _, history = trained(path, net, epochs=4)
            what = "returned" if history.interrupted else "not interrupted"
        except KeyboardInterrupt:
            pass
    same = usable(net) and numbers(trained(path, epochs=4)[0]) == numbers(trained(None, epochs=4)[0])
    return moment.count, (what, same and sorted(folder.iterdir()) == [path])


def pretrained(net: Network, stack: Any = None) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)                   # it says that it was interrupted
        return pretraining.greedy_pretrain(net, data()[0], optimizer=optimizers.SGD(0.1), epochs=8, batch_size=16,
                                           rng=0, stack=stack, progress=False)


def in_greedy_pretrain(line: int, folder: Path) -> tuple[int, Outcome]:
    def deep() -> Network:
        return mlp([6, 5, 4, 4], activation=activations.sigmoid, init=initializers.glorot_uniform, rng=0)

    net, whole, what, stack = deep(), deep(), "raised", None
    pretrained(whole)
    with Interrupt(line) as moment:
        try:
            stack = pretrained(net)
            what = "returned" if stack.interrupted else "not interrupted"
        except KeyboardInterrupt:
            pass
    same = True
    if stack is not None:
        pretrained(net, stack)
        same = numbers(net) == numbers(whole)
    return moment.count, (what, same and usable(net))


def cell(width: int, seed: int) -> dict[str, float]:
    return {"value": float(np.random.default_rng(seed).normal() * width)}


def in_sweep(line: int, folder: Path) -> tuple[int, Outcome]:
    def swept(path: Path | None) -> list[Any]:
        return [{k: v for k, v in row.items() if k != "seconds"} for row in sweeps.sweep(
            cell, {"width": list(range(20))}, seeds=[0, 1], file=path, workers=1, progress=False)]

    path, what = folder / "rows.jsonl", "raised"
    path.unlink(missing_ok=True)
    with Interrupt(line) as moment:
        try:
            swept(path)
            what = "not interrupted"
        except KeyboardInterrupt:
            pass
    if path.exists() and path.stat().st_size:
        sweeps.read(path)
    same = swept(path) == swept(None)
    return moment.count, (what, same and {file.name for file in folder.iterdir()} <= {path.name, f"{path.name}.lock"})


def interrupts(function: Callable[[int, Path], tuple[int, Outcome]], count: int, folder: Path) -> Counter[Outcome]:
    function(0, folder)                                                  # what is loaded or kept at the first call
    total, _ = function(0, folder)
    rng, outcomes = np.random.default_rng(1), Counter[Outcome]()
    for line in rng.integers(1, total, count):
        _, outcome = function(int(line), folder)
        outcomes[outcome] += 1
        if not outcome[1]:
            print(f"failed: {function.__name__}, line {line} of {total}")
    return outcomes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--interrupts", type=int, default=100)
    options = parser.parse_args()
    found: dict[str, Counter[Outcome]] = {}
    with tempfile.TemporaryDirectory() as folder:
        found["SIGKILL in fit"] = kills(options.kills, Path(folder))
    for function in (in_fit, in_greedy_pretrain, in_sweep):
        with tempfile.TemporaryDirectory() as folder:
            name = f"Ctrl-C {function.__name__.replace('_', ' ', 1)}"
            found[name] = interrupts(function, options.interrupts, Path(folder))
    print("| fault | number | of these | failed |\n|---|---|---|---|")
    for name, outcomes in found.items():
        parts = ", ".join(f"{sum(outcomes[what, fine] for fine in (True, False))} {what}"
                          for what in sorted({what for what, _ in outcomes}))
        failed = sum(number for (_, fine), number in outcomes.items() if not fine)
        print(f"| {name} | {outcomes.total()} | {parts} | {failed} |")
    sys.exit(any(not fine for outcomes in found.values() for _, fine in outcomes))


if __name__ == "__main__":
    main()
