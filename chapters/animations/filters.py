"""Greedy pre-training: what the units of layer 1, and then those of layer 2, look for in an image of a digit."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from chapters.animations import film
from minnet import activations, datasets, fit, losses, optimizers, pretraining

SIZES, SHOWN = (784, 400, 200), 12
EPOCHS = (0, 1, 1, 1, 2, 3, 5, 8)               # between two frames of a layer


def layer(x: np.ndarray, units: int, rate: float, epochs: tuple[int, ...]) -> tuple[Any, list[np.ndarray]]:
    """A denoising autoencoder of x and its weights in the course of training."""
    model = pretraining.Autoencoder(x.shape[1], units, activations.sigmoid, rng=0,
                                    corruption=partial(pretraining.masking, rate=rate))
    weights = []
    for k, more in enumerate(epochs):
        if more:
            fit(model, (x, x), loss=losses.sigmoid_cross_entropy, optimizer=optimizers.SGD(0.1), epochs=more,
                batch_size=20, rng=k, progress=False)
        weights.append(model.W.copy())
    return model, weights


def tiles(W: np.ndarray, shown: int = SHOWN) -> np.ndarray:
    """The first columns of W (784, units) as images, each with mean 0 and scaled to [−1, 1], three in a row."""
    columns = W[:, :shown] - W[:, :shown].mean(axis=0)
    columns = columns / abs(columns).max(axis=0)
    images = np.pad(columns.T.reshape(-1, 28, 28), ((0, 0), (1, 1), (1, 1)), constant_values=1)
    return np.concatenate([np.concatenate(list(row), axis=1) for row in images.reshape(-1, 4, 30, 30)])


def write(folder: Path = film.HERE, images: int = 4000, epochs: tuple[int, ...] = EPOCHS) -> Path:
    x = datasets.mnist_5k().train[0][:images]
    below, first = layer(x, SIZES[1], 0.25, epochs)
    _, second = layer(below.encode(x), SIZES[2], 0.25, epochs)
    passed = np.cumsum(epochs)

    def draw(figure: Any, i: int) -> None:
        now = (min(i, len(epochs) - 1), i - len(epochs))
        for k, place in enumerate(now):
            # Two pixels of the picture for each weight: 240 of 540 across, 180 of 230 up.
            ax = figure.add_axes((20 / 540 + 0.5 * k, 14 / 230, 240 / 540, 180 / 230))
            ax.axis("off")
            if place >= 0:
                # What a unit of layer 2 looks for: its weights times the filters of the units below.
                W = first[place] if k == 0 else first[-1] @ second[place]
                ax.imshow(tiles(W), cmap="gray", vmin=-1, vmax=1, interpolation="nearest")
                state = f"epoch {passed[place]}" if k == 1 or now[1] < 0 else "finished"
                ax.set_title(f"Layer {k + 1}, {state}", loc="left")
            else:
                ax.text(0.5, 0.5, "layer 2 waits", ha="center", va="center", color="0.4", transform=ax.transAxes)

    return film.write("filters", draw, 2 * len(epochs), folder=folder, seconds=0.4,
                      size=(5.4, 2.3), colors=16)
