"""One training step, minnet beside plain numpy code written for the one architecture: python -m tests.benchmarks

Forward, backward, SGD with momentum 0.9, float32, cross-entropy on one fixed batch. The two take turns in one process
(A B A B …), so that a slow second of the machine hits both; the figure is the median of the pairwise ratios, with its
quartiles. --json FILE writes the rows.
"""

import argparse
import json
import platform
import statistics
import time
from collections.abc import Callable

import numpy as np

from minnet import activations, initializers, losses, mlp, optimizers

WORKLOADS: dict[str, tuple[list[int], int, activations.Activation]] = {
    "tiny": ([2, 16, 16, 3], 32, activations.tanh),
    "digits": ([64, 64, 64, 64, 10], 32, activations.relu),
    "deep": ([64] * 51 + [10], 64, activations.tanh),
    "mnist": ([784, 256, 128, 10], 128, activations.relu),
    "glorot": ([784] + [1000] * 5 + [10], 10, activations.tanh),
    "wide": ([784] + [2048] * 3 + [10], 256, activations.relu),
}
LEARNING_RATE, MOMENTUM = 0.01, 0.9


Step = Callable[[], float]


def minnet_step(sizes: list[int], activation: activations.Activation, x: np.ndarray, y: np.ndarray) -> Step:
    net = mlp(sizes, activation=activation, init=initializers.glorot_uniform, rng=0)
    optimizer = optimizers.SGD(learning_rate=LEARNING_RATE, momentum=MOMENTUM)
    state = optimizer.init(net.params, net.decay_mask)

    def step() -> float:
        value = net.gradient(x, y, losses.softmax_cross_entropy)
        optimizer.step(net.params, net.grads, state)
        return value

    return step


def numpy_step(sizes: list[int], activation: activations.Activation, x: np.ndarray, y: np.ndarray) -> Step:
    """What one writes for this architecture alone: a list of arrays, no checks, no names, no flat vector."""
    start = mlp(sizes, activation=activation, init=initializers.glorot_uniform, rng=0)
    weights = [layer.W.copy() for layer in start.layers]
    biases = [layer.b.copy() for layer in start.layers]
    velocities = [np.zeros_like(p) for p in weights + biases]
    rows, n, relu = np.arange(len(x)), len(x), activation is activations.relu

    def step() -> float:
        a = [x]
        for W, b in zip(weights[:-1], biases[:-1], strict=True):
            z = a[-1] @ W + b
            a.append(np.maximum(z, 0) if relu else np.tanh(z))
        z = a[-1] @ weights[-1] + biases[-1]
        e = np.exp(z - z.max(axis=1, keepdims=True))
        p = e / e.sum(axis=1, keepdims=True)
        value = -float(np.log(p[rows, y]).mean())
        p[rows, y] -= 1
        delta = p / n
        dWs, dbs = [], []
        for k in range(len(weights) - 1, -1, -1):
            dWs.append(a[k].T @ delta)
            dbs.append(delta.sum(axis=0))
            if k:
                da = delta @ weights[k].T
                delta = da * (a[k] > 0) if relu else da * (1 - a[k] * a[k])
        for p, g, v in zip(weights + biases, dWs[::-1] + dbs[::-1], velocities, strict=True):
            v *= MOMENTUM
            v += g
            p -= LEARNING_RATE * v
        return value

    return step


def compare(first: Step, second: Step, seconds: float) -> tuple[list[float], list[float]]:
    """Times of both, taken in turn for about `seconds`; each entry is a burst of steps long enough to time."""
    def burst(step: Step, repeats: int) -> float:
        begin = time.perf_counter()
        for _ in range(repeats):
            step()
        return (time.perf_counter() - begin) / repeats

    for step in (first, second):
        burst(step, 2)
    repeats = max(1, int(0.005 / burst(first, 3)))
    times: tuple[list[float], list[float]] = ([], [])
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times[0]) < 5:
        times[0].append(burst(first, repeats))
        times[1].append(burst(second, repeats))
    return times


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("workloads", nargs="*", choices=[*WORKLOADS, []], help="default: all")
    parser.add_argument("--seconds", type=float, default=4.0, help="for each workload")
    parser.add_argument("--json", metavar="FILE")
    options = parser.parse_args()
    print(f"numpy {np.__version__}, Python {platform.python_version()}, {platform.machine()}")
    print(f"{'':8}{'minnet µs':>11}{'numpy µs':>11}  numpy ÷ minnet (quartiles)")
    rows = []
    for name in options.workloads or WORKLOADS:
        sizes, batch, activation = WORKLOADS[name]
        rng = np.random.default_rng(0)
        x, y = rng.normal(size=(batch, sizes[0])).astype(np.float32), rng.integers(sizes[-1], size=batch)
        steps = [make(sizes, activation, x, y) for make in (minnet_step, numpy_step)]
        ours, plain = compare(*steps, options.seconds)
        low, middle, high = statistics.quantiles([b / a for a, b in zip(ours, plain, strict=True)], n=4)
        a, b = statistics.median(ours), statistics.median(plain)
        rows.append({"workload": name, "minnet": a, "numpy": b, "ratio": middle, "ratio_low": low, "ratio_high": high})
        print(f"{name:8}{a * 1e6:11.0f}{b * 1e6:11.0f}  {middle:.2f} ({low:.2f} … {high:.2f})")
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(rows, file, indent=1)


if __name__ == "__main__":
    main()
