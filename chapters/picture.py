"""The README's picture, what three initializers do to one deep ReLU net: python -m chapters.picture

Left: the root mean square of z in each layer before training. A mark is one network; a line is the variance map of
mean-field theory, q ← Var[W] · fan_in · E[max(√q u, 0)²] with u ~ N(0, 1). Right: the training loss of the first few of
these networks. It takes about half a minute and writes chapters/picture.png.
"""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np

import minnet as mn
from minnet import activations, datasets, initializers, losses, optimizers, theory

FILE = Path(__file__).with_name("picture.png")
WIDTH, STD = 128, 0.05
OPTIMIZER = optimizers.SGD(learning_rate=0.003, momentum=0.9)


class Start(NamedTuple):
    """An initializer, its Var[W] as a function of the fans, and its look: lightness and marker differ, for grey
    printers and colour-blind readers."""

    init: initializers.Initializer
    variance: Callable[[int, int], float]
    color: str
    marker: str


STARTS = {
    "He": Start(initializers.he_normal, lambda fan_in, fan_out: 2 / fan_in, "#000000", "o"),
    "Xavier": Start(initializers.glorot_normal, lambda fan_in, fan_out: 2 / (fan_in + fan_out), "#b84a00", "s"),
    f"N(0, {STD}²)": Start(initializers.normal(std=STD), lambda fan_in, fan_out: STD**2, "#56b4e9", "^"),
}


def widths(depth: int) -> list[int]:
    return [64, *[WIDTH] * (depth - 1), 10]


def network(start: Start, depth: int, seed: int) -> mn.Network:
    return mn.mlp(widths(depth), activation=activations.relu, init=start.init, rng=seed)


def measured(start: Start, depth: int, x: np.ndarray, seeds: range) -> np.ndarray:
    """rms of z (seeds, depth) in networks as they are drawn."""
    rows = []
    for seed in seeds:
        net = network(start, depth, seed)
        net.forward(x)
        rows.append([np.sqrt(np.square(layer.z, dtype=np.float64).mean()) for layer in net.layers])
    return np.array(rows)


def predicted(start: Start, depth: int, x: np.ndarray) -> np.ndarray:
    """rms of z (depth,) in theory. No ReLU has halved the input: the first layer takes its mean square as it is."""
    q: list[float] = []
    for fan_in, fan_out in pairwise(widths(depth)):
        weight_var = fan_in * start.variance(fan_in, fan_out)
        q.append(theory.MeanField(activations.relu, weight_var).variance(q[-1]) if q else
                 weight_var * float(np.square(x, dtype=np.float64).mean()))
    return np.sqrt(q)


def trained(start: Start, depth: int, data: tuple[np.ndarray, np.ndarray], seeds: range, epochs: int) -> np.ndarray:
    """Training loss (seeds, epochs)."""
    return np.array([mn.fit(network(start, depth, seed), data, loss=losses.softmax_cross_entropy, optimizer=OPTIMIZER,
                            epochs=epochs, batch_size=64, rng=seed, progress=False).loss for seed in seeds])


def draw(file: Path = FILE, *, depth: int = 30, drawn: int = 10, runs: int = 3, epochs: int = 30) -> None:
    """Write the picture: `drawn` networks of each start on the left, the first `runs` of them on the right."""
    data = datasets.digits().train
    layers, steps = np.arange(1, depth + 1), np.arange(1, epochs + 1)
    look = {"font.size": 10, "axes.titlesize": 11, "axes.titlelocation": "left", "axes.spines.top": False,
            "axes.spines.right": False, "figure.constrained_layout.use": True}
    with plt.rc_context(look):
        figure = plt.figure(figsize=(9.6, 4.0))
        left, right = figure.subplots(1, 2)
        for name, start in STARTS.items():
            style = {"color": start.color, "markersize": 3.5, "marker": start.marker}
            line = predicted(start, depth, data[0])
            left.semilogy(layers, line, color=start.color, linewidth=1.5)
            left.semilogy(layers, measured(start, depth, data[0], range(drawn)).T, linestyle="", alpha=0.5, **style)
            left.annotate(name, (depth, line[-1]), (8, 0), textcoords="offset points", va="center", fontweight="bold")
            right.plot(steps, trained(start, depth, data, range(runs), epochs).T, linewidth=1.2, **style)
        left.set(title="Before training: with He's weights the signal\nkeeps its size, with the others it fades",
                 xlabel="layer", ylabel="root mean square of z")
        left.text(0.03, 0.05, f"marks: {drawn} networks each\nlines: theory", transform=left.transAxes)
        right.axhline(np.log(10), color="grey", linewidth=0.8, linestyle=":")
        right.annotate("Xavier and " + list(STARTS)[-1], (epochs, np.log(10)), (0, 7), textcoords="offset points",
                       ha="right", fontweight="bold")
        right.annotate("guessing: ln 10", (epochs, np.log(10)), (0, -14), textcoords="offset points", ha="right")
        right.annotate("He", (epochs, 0.1), (8, 0), textcoords="offset points", va="center", fontweight="bold")
        right.set(title=f"The same training, {runs} runs each:\nonly the nets with He's weights learn",
                  xlabel="epoch", ylabel="training loss", ylim=(0, 2.7))
        figure.savefig(file, dpi=105)
        plt.close(figure)


if __name__ == "__main__":
    mn.blas_threads(1)
    draw()
