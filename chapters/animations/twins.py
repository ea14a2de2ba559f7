"""Units that start equal stay equal: the weights of eight tanh units in training, from two starts."""

from pathlib import Path
from typing import Any

import numpy as np

import minnet as mn
from chapters.animations import film
from minnet import activations, datasets, initializers, losses, optimizers, plots

UNITS, EPOCHS = 8, 60
STARTS = {"Equal weights: eight units move as one": initializers.constant(value=0.3),
          "Random weights: the units part": initializers.glorot_normal}


def paths(init: Any, epochs: int = EPOCHS) -> np.ndarray:
    """The incoming weights of the hidden units before training and after each epoch: (epochs + 1, 2, units)."""
    data = datasets.spirals(300, rng=0, classes=2, turns=0.4)
    net = mn.mlp([2, UNITS, 2], activation=activations.tanh, init=init, rng=0)
    found = [net.layers[0].W.copy()]
    for _ in mn.train(net, data, loss=losses.softmax_cross_entropy, optimizer=optimizers.SGD(0.2, momentum=0.9),
                      epochs=epochs, batch_size=30, rng=0):
        found.append(net.layers[0].W.copy())
    return np.array(found)


def write(folder: Path = film.HERE, epochs: int = EPOCHS) -> Path:
    runs = {title: paths(init, epochs) for title, init in STARTS.items()}
    colors = [plots.initializer_style(init)["color"] for init in STARTS.values()]
    size = 1.08 * max(abs(run).max() for run in runs.values())
    steps = np.unique(np.round(epochs * np.linspace(0, 1, 26) ** 1.7).astype(int))

    def draw(figure: Any, i: int) -> None:
        step = steps[i]
        for k, (title, run) in enumerate(runs.items()):
            ax = figure.add_axes((0.09 + 0.49 * k, 0.15, 0.4, 0.68))
            ax.plot(run[:step + 1, 0], run[:step + 1, 1], color=colors[k], linewidth=1, alpha=0.5)
            ax.plot(run[step, 0], run[step, 1], "so"[k], color=colors[k], markersize=8, markeredgecolor="white")
            ax.axhline(0, color="0.85", zorder=0)
            ax.axvline(0, color="0.85", zorder=0)
            distinct = len(np.unique(np.round(run[step], 4), axis=1).T)
            ax.set(xlim=(-size, size), ylim=(-size, size), xlabel="weight from input 1", ylabel="weight from input 2",
                   title=f"{title}\nepoch {step}, different units: {distinct} of {UNITS}")

    return film.write("twins", draw, len(steps), folder=folder)
