"""Labels where the eye already is: at the end of each line instead of in a legend, and the picture of a network."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from minnet import checks
from minnet.plots import helpers

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def label_lines(ax: Axes, *, fontsize: float = 9) -> Axes:
    """Write each line's label at its right end, in its colour, and remove the legend.

    Labels that would cover each other are moved apart vertically. The number of runs, which this package's pictures put
    behind a label, " (n = 5)", is left out: say it in the text. Call it when everything is drawn and the axes have
    their final scales. Lines without a label, or without a finite point, stay as they are.
    """
    figure = ax.figure
    figure.canvas.draw()                                              # now the axes have their final place
    if (legend := ax.get_legend()) is not None:
        legend.remove()
    found = []
    for line in ax.get_lines():
        x, y = (np.asarray(values, float) for values in line.get_data())
        shown = np.isfinite(x) & np.isfinite(y)
        if not str(line.get_label()).startswith("_") and shown.any():
            last = np.flatnonzero(shown)[np.argmax(x[shown])]
            found.append((ax.transData.transform((x[last], y[last])), line))
    low, high = ax.transAxes.transform([(0, 0), (0, 1)])[:, 1]
    room = 1.25 * fontsize * figure.dpi / 72                          # the height of a line of text, in pixels
    wanted = np.array([min(max(place[1], low), high) for place, _ in found])
    edge, points = ax.transAxes.transform((1, 0))[0], 72 / figure.dpi
    for (place, line), y in zip(found, _apart(wanted, room), strict=True):
        shift = points * (max(edge - place[0], 0) + 6), points * (y - place[1])
        ax.annotate(str(line.get_label()).split(" (n = ")[0], ax.transData.inverted().transform(place).tolist(), shift,
                    textcoords="offset points", va="center", color=line.get_color(), fontsize=fontsize,
                    fontweight="bold", annotation_clip=False)
    return ax


def _apart(wanted: np.ndarray, room: float) -> np.ndarray:
    """The heights nearest to the wanted ones that are at least `room` apart, in the same order.

    With yᵢ = uᵢ + i · room the u must not decrease: the least squares solution averages neighbours that are out of
    order (pool adjacent violators).
    """
    order = np.argsort(wanted, kind="stable")
    blocks: list[list[float]] = []                                    # [mean, how many]
    for i, value in enumerate(wanted[order]):
        blocks.append([value - i * room, 1])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (mean, n), (other, m) = blocks[-2:]
            blocks[-2:] = [[(n * mean + m * other) / (n + m), n + m]]
    placed = np.empty(len(wanted))
    placed[order] = np.repeat([b[0] for b in blocks], [int(b[1]) for b in blocks]) + room * np.arange(len(wanted))
    return placed


def network_diagram(sizes: Sequence[int], *, labels: Sequence[str] | None = None, most: int = 6,
                    ax: Axes | None = None) -> Axes:
    """A multi-layer perceptron as circles and lines, inputs on the left.

    sizes: (inputs, hidden …, outputs). A layer of more than `most` units is drawn with about `most` circles and a
    gap, and its size stands below it. labels: a text above each layer.
    Raises TypeError or ValueError for sizes that are not whole numbers ≥ 1, and where labels and sizes do not agree.
    """
    sizes = checks.counts("sizes", sizes)
    if labels is not None and len(labels) != len(sizes):
        raise ValueError(f"expected a label for each of the {len(sizes)} layers, got {len(labels)}")
    ax = helpers.axes(ax, 1.6 * len(sizes), 3.0)
    places = [_places(size, most) for size in sizes]
    for left, (these, those) in enumerate(pairwise(places)):
        for a in these:
            for b in those:
                ax.plot([left, left + 1], [a, b], color="0.7", lw=0.6, zorder=1)
    for x, (size, heights) in enumerate(zip(sizes, places, strict=True)):
        ax.scatter([x] * len(heights), heights, s=110, color="w", edgecolors="k", zorder=2)
        if size > most:
            ax.text(x, 0, "⋮", ha="center", va="center", fontsize=14)
        ax.text(x, -most / 2 - 0.35, f"{size:,}", ha="center", va="top", fontsize=9)
        if labels is not None:
            ax.text(x, most / 2 + 0.2, labels[x], ha="center", va="bottom", fontsize=10)
    ax.set(xlim=(-0.4, len(sizes) - 0.6), ylim=(-most / 2 - 0.9, most / 2 + 0.7))
    ax.axis("off")
    return ax


def _places(size: int, most: int) -> np.ndarray:
    """Heights of a layer's circles around 0, with a gap in the middle where some are left out."""
    shown = size if size <= most else most - most % 2
    heights = np.arange(shown)[::-1] - (shown - 1) / 2
    return heights if size <= most else heights + np.sign(heights) * 0.4
