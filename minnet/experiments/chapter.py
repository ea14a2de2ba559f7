"""The first cell of a chapter: fast mode, seeds, stored results, and the look of the pictures.

    from minnet.experiments.chapter import FAST, SEEDS, stored, style

    style()
    rows = stored("05_he")

MINNET_FAST=1 in the environment asks for fewer epochs and seeds; `python -m chapters --fast` sets it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from minnet.experiments.rows import Rows
from minnet.experiments.sweeps import read

FAST = os.environ.get("MINNET_FAST") == "1"
SEEDS = range(2 if FAST else 5)
RESULTS = Path(__file__).parents[2] / "chapters" / "results"

LOOK: dict[Any, Any] = {
    "figure.figsize": (7.5, 3.4), "figure.constrained_layout.use": True, "font.size": 10, "axes.titlesize": 11,
    "axes.titlelocation": "left", "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True,
    "grid.alpha": 0.25, "legend.framealpha": 0.9, "legend.fontsize": 9,
}


def stored(name: str) -> Rows:
    """The rows of a stored sweep, `stored("05_he")`: `python -m chapters --sweeps 05` computes them.

    Raises FileNotFoundError where the repository's chapters/results has no such file.
    """
    file = RESULTS / f"{name}.jsonl"
    if not file.exists():
        there = ", ".join(sorted(path.stem for path in RESULTS.glob("*.jsonl"))) or "no others: clone the repository"
        raise FileNotFoundError(f"expected stored results of the name {name} in {RESULTS}, got none; there are {there}")
    return read(file)


def style() -> None:
    """Set matplotlib's defaults for the chapters' pictures: titles on the left, light grids, no frame."""
    import matplotlib.pyplot as plt

    plt.rcParams.update(LOOK)
