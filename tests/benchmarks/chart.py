"""Draw the README's chart of speed from what was measured: python -m tests.benchmarks.chart

It reads measured.json and writes speed.png, both in this folder. A mark is the median of other ÷ minnet over the
rounds, its bar the quartiles.
"""

import json
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import FuncFormatter, NullFormatter

HERE = Path(__file__).parent
# Lightness and marker differ, for grey printers and colour-blind readers.
STYLES = {"PyTorch": {"color": "#b84a00", "marker": "s"}, "JAX": {"color": "#000000", "marker": "o"},
          "scikit-learn": {"color": "#56b4e9", "marker": "^"}}


def draw(result: dict[str, Any], file: Path = HERE / "speed.png") -> None:
    """Write the chart of the steps that use SGD and no SELU: those that all three libraries can make."""
    rows = [row for row in result["steps"] if "-" not in row["workload"]]
    y = np.arange(len(rows))[::-1]
    look = {"font.size": 10, "axes.spines.top": False, "axes.spines.right": False,
            "figure.constrained_layout.use": True}
    with plt.rc_context(look):
        figure, ax = plt.subplots(figsize=(7.5, 3.0))
        ax.axvline(1, color="grey", linewidth=1)
        for shift, (name, style) in zip((0.22, 0, -0.22), STYLES.items(), strict=True):
            middle, low, high = np.array([row["ratio"].get(name, [np.nan] * 3) for row in rows]).T
            ax.errorbar(middle, y + shift, xerr=[middle - low, high - middle], linestyle="", capsize=2, **style)
            ax.annotate(name, (middle[0], y[0] + shift), (0, 7), textcoords="offset points", ha="center",
                        fontweight="bold")
        ax.set_xscale("log")
        ax.set_xticks([0.5, 1, 2, 5, 10, 20])
        ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
        ax.xaxis.set_minor_formatter(NullFormatter())
        ax.set_yticks(y, [row["workload"] for row in rows])
        ax.set(ylim=(-1.1, len(rows) - 0.2), xlabel="time of a training step ÷ that of minnet (log axis)")
        ax.text(1.03, -0.95, "minnet is faster →", va="bottom")
        ax.text(0.97, -0.95, "← slower", va="bottom", ha="right")
        ax.set_title("minnet is fastest on small nets; on large ones PyTorch and JAX are level or ahead", loc="left",
                     fontsize=11)
        figure.savefig(file, dpi=105)
        plt.close(figure)


if __name__ == "__main__":
    draw(json.loads((HERE / "measured.json").read_text(encoding="utf-8")))
