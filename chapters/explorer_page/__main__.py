"""Make the explorer's page for the book: `index.html`, one file that needs neither Python nor a network.

    python -m chapters.explorer_page --compute     train every network of the grid (minutes), make the page
    python -m chapters.explorer_page               make index.html from page.html and the stored runs.json
    python -m chapters.explorer_page --notebook    execute chapters/explorer.py and write chapters/explorer.ipynb

The page computes nothing about networks: it draws numbers that `minnet.explorer.Run` has measured.
"""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path

import numpy as np

from minnet.explorer import Run, Settings
from minnet.explorer.drawings import spread_out
from minnet.plots import initializer_style

HERE = Path(__file__).parent
INITIALIZERS = ("he_normal", "glorot_normal", "orthogonal", "normal(std=0.05)", "normal(std=0.3)", "zeros")
ACTIVATIONS = ("relu", "tanh", "sigmoid", "gelu")
DEPTHS = (2, 5, 10, 20)
FRAMES = (0, 1, 2, 5, 10, 20, 40, 60)          # epochs after which a run is measured
BINS, POINTS, SINGULAR = 20, 20, 16            # of a histogram; of the plane in a row; singular values that are kept
SURE = 4                                       # steps of confidence in a pixel of the plane
LETTERS = "0123456789abcdefghijklmnopqrstuvwxyz"


def short(values: np.ndarray | float) -> list[float | None] | float | None:
    """Three digits; None for what is no finite number."""
    if np.ndim(values):
        return [short(value) for value in values]
    return float(f"{float(values):.3g}") if math.isfinite(values) else None


def histogram(shares: np.ndarray) -> str:
    """A letter for the height of each bin, 0 … z: the largest bin is z, and all 0 means that there is none."""
    bins = shares.reshape(BINS, -1).sum(axis=1)
    return "".join(LETTERS[round(35 * value / max(bins.max(), 1e-300))] for value in bins)


def plane(run: Run) -> str:
    """A letter for each place, row by row: class · 4 + confidence, 0 … 3; empty where the outputs are not finite."""
    p = run.probabilities(POINTS)
    if not np.isfinite(p).all():
        return ""
    sure = (p.max(axis=-1) - 1 / 3) / (2 / 3)
    return "".join(LETTERS[SURE * k + min(SURE - 1, int(SURE * s))]
                   for k, s in zip(p.argmax(axis=-1).ravel(), sure.ravel(), strict=True))


def frame(run: Run) -> dict[str, object]:
    """What is seen of a run at one moment."""
    layers, s = run.layers(), run.singular_values()
    chosen = spread_out(len(layers.z), 6)
    kept = spread_out(len(s), SINGULAR)
    with np.errstate(all="ignore"):
        size = float(np.sqrt(np.square(s).mean()))
        right = float((run.net.predict(run.x) == run.y).mean())
    return {"epoch": len(run.history), "step": run.step, "loss": short(layers.loss), "right": short(right),
            "z": short(layers.z), "delta": short(layers.delta), "s": short(s[kept]), "s_rms": short(size),
            "z_counts": [histogram(layers.z_counts[k]) for k in chosen],
            "delta_counts": [histogram(layers.delta_counts[k]) for k in chosen], "plane": plane(run)}


def sentences(run: Run) -> list[str]:
    """The diagnosis, a string for each finding."""
    return [f"{finding.kind.replace('_', ' ')}: {finding.sentence}" for finding in run.diagnosis().findings]


def computed(settings: Settings) -> dict[str, object]:
    """One run of the grid: predicted, measured at each of FRAMES, diagnosed at its start and its end."""
    run = Run(settings)
    found: dict[str, object] = {"frames": [frame(run)], "start": sentences(run)}
    try:
        expected = run.expected()
        found["theory"] = {name: short(getattr(expected, name)) for name in ("z", "delta", "stretch")} | {
            name: [short(side) for side in getattr(expected, name)] for name in ("z_band", "delta_band")}
    except ValueError as error:
        found["no_theory"] = str(error)
    for epochs in np.diff(FRAMES):
        run.advance(int(epochs))
        if run.stopped:
            break
        found["frames"].append(frame(run))
    return found | {"losses": short(run.history.loss), "stopped": run.stopped, "end": sentences(run)}


def grid() -> dict[str, Settings]:
    """The stored settings, by the key that the page looks up."""
    return {f"{init}|{activation}|{depth}": Settings(init=init, activation=activation, depth=depth)
            for init in INITIALIZERS for activation in ACTIVATIONS for depth in DEPTHS}


def page(runs: dict[str, object]) -> str:
    """The HTML of the page, with the runs, the points and the colours in it."""
    first = Run(next(iter(grid().values())))
    data = {"initializers": INITIALIZERS, "activations": ACTIVATIONS, "depths": DEPTHS, "letters": LETTERS,
            "colors": {init: initializer_style(init.split("(")[0])["color"] for init in INITIALIZERS},
            "points": [[*map(short, point), int(label)] for point, label in zip(first.x, first.y, strict=True)],
            "extent": short(first.extent()[1]), "side": POINTS, "runs": runs,
            "code": {key: settings.code(FRAMES[-1]) for key, settings in grid().items()}}
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/")
    return (HERE / "page.html").read_text(encoding="utf-8").replace("/* DATA */", text)


def notebook() -> None:
    """Execute the notebook's text; the widgets themselves are not stored, they need a kernel."""
    import jupytext
    import nbclient
    import nbformat

    from chapters.__main__ import cleaned

    text = HERE.parent / "explorer.py"
    executed = nbclient.NotebookClient(jupytext.read(text), timeout=None, kernel_name="python3").execute()
    for cell in executed.cells:
        if cell.source.endswith("explore()"):
            cell.outputs = []
    nbformat.write(cleaned(executed), text.with_suffix(".ipynb"))


def main() -> None:
    """Compute if asked to, and write the page."""
    parser = argparse.ArgumentParser(prog="python -m chapters.explorer_page", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--compute", action="store_true", help="train the networks of the grid anew")
    parser.add_argument("--notebook", action="store_true", help="write chapters/explorer.ipynb instead")
    chosen = parser.parse_args()
    if chosen.notebook:
        notebook()
        return
    if chosen.compute:
        runs = {}
        for key, settings in grid().items():
            runs[key] = computed(settings)
            print(f"{len(runs)} of {len(grid())}: {key}", flush=True)
        rows = [f"{json.dumps(key)}:{json.dumps(run, ensure_ascii=False, separators=(',', ':'))}"
                for key, run in runs.items()]
        (HERE / "runs.json").write_text("{" + ",\n".join(rows) + "}\n", encoding="utf-8")
    html = page(json.loads((HERE / "runs.json").read_text(encoding="utf-8")))
    (HERE / "index.html").write_text(html, encoding="utf-8")
    print(f"{HERE / 'index.html'}: {len(html.encode()) / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
