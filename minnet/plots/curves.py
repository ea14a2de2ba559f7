"""Curves over layers, epochs and values: histograms, profiles over depth, spectra, learning curves, iterated maps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from minnet import checks
from minnet.plots import drawing
from minnet.plots.drawing import FLOAT, of

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def histograms(values: Any, *, labels: Sequence[str] | None = None, xlabel: str = "value",
               bins: int | None = None, log: bool = False, offset: bool = False, ax: Axes | None = None) -> Axes:
    """How the numbers of each layer are distributed: normalized histograms (area 1), one curve per layer.

    values: a list of arrays of any shape, one per layer, such as `layer.a` or `layer.delta`, or a dict name → array.
    bins: how many, √(number of values) but 60 at most if not given. They are cut over the layer's own range: a layer
    a thousand times narrower than its neighbour is then a peak, not a single bin. Values that are all the same are a
    vertical line.

    - log: |value| on a logarithmic axis, and density per factor of ten: for scales that are far apart. Zeros have no
      place there; the label says how many there are.
    - offset: the curves stand one above another, the first lowest, each scaled to its own peak: for many layers.

    After Glorot & Bengio 2010, Figs 6 and 7. Raises TypeError or ValueError where a layer is empty or not finite.
    """
    curves = {}
    for name, value in drawing.layered("values", values, labels).items():
        v = checks.real_array(f"values of {name}", value, FLOAT).ravel()
        if v.size == 0:
            raise ValueError(f"expected values of {name} to hold at least one number, got shape {np.shape(value)}")
        if log and (v == 0).any():
            name = f"{name} ({(v == 0).mean():.0%} are 0)"
        x, density = drawing.polygon(np.log10(abs(v[v != 0])) if log else v, drawing.bins_for(v, bins))
        curves[name] = 10**x if log else x, density
    k, longest = len(curves), max(len(x) for x, _ in curves.values())
    ax = drawing.axes(ax, height=max(4.0, 1.5 + 0.35 * k) if offset else 4.0)
    for i, ((name, (x, density)), style) in enumerate(zip(curves.items(), drawing.styles(k, longest), strict=True)):
        if offset:
            height = 0.9 * density / density.max() if len(x) > 1 else np.array([0, 0.9])
            x = x if len(x) > 1 else np.resize(x, 2) if len(x) else np.full(2, np.nan)
            ax.fill_between(x, i, i + height, color=style["color"], alpha=0.3, linewidth=0)
            ax.plot(x, i + height, color=style["color"], label=name)
        elif len(x) == 1:
            ax.axvline(x[0], color=style["color"], linestyle=style["linestyle"], label=name)
        else:
            ax.plot(x, density, label=name, **style)
    ax.set(xlabel=f"|{xlabel}|" if log else xlabel)
    if log:
        ax.set_xscale("log")
        drawing.log_ticks(ax.xaxis)
    else:
        ax.locator_params(axis="x", nbins=6)
    if offset:
        ax.set_yticks(range(k), list(curves))
        ax.set_ylim(-0.2, k)
    else:
        ax.set_ylabel(f"density{' per factor of ten' * log}")
        ax.set_ylim(bottom=0)
        drawing.legend(ax)
    return ax


def depth_profile(measured: Any, *, predicted: Any = None, spread: Any = None, ylabel: str, xlabel: str = "layer",
                  first: int = 1, band: str = "range", log: bool = True, ax: Axes | None = None) -> Axes:
    """A statistic against depth: markers for what was measured, lines drawn over them for what theory predicts.

    measured: (layers,), or (seeds, layers): then the median, and a bar over the seeds (`band`, their "range" or
    "quartiles"); or a dict name → either. predicted: (layers,), or a dict name → that; under a name that was measured
    it has the same colour and the same entry in the legend, under another it is a line of its own. spread: (layers,),
    for a band of predicted ± spread, or (2, layers), its lower and its upper edge; or a dict. first: the number of the
    first layer, 0 for the input.

    Raises TypeError or ValueError where lengths do not agree, and for values < 0 on a logarithmic axis.
    """
    points = {name: drawing.array(f"measured{of(name)}", value, 1, 2)
              for name, value in drawing.series("measured", measured).items()}
    lines = {} if predicted is None else {name: drawing.array(f"predicted{of(name)}", value, 1)
                                          for name, value in drawing.series("predicted", predicted).items()}
    bands = {} if spread is None else {name: drawing.array(f"spread{of(name)}", value, 1, 2)
                                       for name, value in drawing.series("spread", spread).items()}
    longest = max(values.shape[-1] for values in points.values())
    for name, line in lines.items():
        layers = points[name].shape[-1] if name in points else longest
        if line.shape != (layers,):
            raise ValueError(f"expected predicted{of(name)} of shape ({layers},), one number per layer measured, got "
                             f"{line.shape}")
    for name, width in bands.items():
        if name not in lines or width.shape not in (lines[name].shape, (2, *lines[name].shape)):
            raise ValueError(f"expected spread{of(name)} beside predicted{of(name)} and of its shape (layers,), or (2, "
                             f"layers), got {width.shape} beside {lines[name].shape if name in lines else 'nothing'}")
    log = drawing.logarithmic(log, [*points.values(), *lines.values()])
    medians = {name: drawing.over_runs(np.atleast_2d(values), band) for name, values in points.items()}

    ax = drawing.axes(ax)
    if log:
        ax.set_yscale("log")
    names = list(dict.fromkeys([*points, *lines]))
    for name, style in zip(names, drawing.styles(len(names)), strict=True):
        color, seeds = style["color"], len(points[name]) if name in points and points[name].ndim == 2 else 1
        if name in points:
            layer = first + np.arange(points[name].shape[-1])
            y, low, high = (drawing.at_the_edge(ax, layer, values, color) for values in medians[name])
            every = math.ceil(len(layer) / 60)
            marks, = ax.plot(layer, y, style["marker"], color=color, mfc="none", ms=5, markevery=every, lw=0.7,
                             linestyle="-" if every > 1 else "",
                             label=drawing.with_runs(name or "measured", seeds, seeds))
            if seeds > 1:
                low = np.where(medians[name][1] == 0, 0, low)                  # down to the edge, where a triangle is
                bars = np.stack([low, np.fmax(y, high), np.full_like(y, np.nan)], axis=1)[::every]
                ax.plot(layer[::every].repeat(3), bars.ravel(), color=color, lw=1)        # NaN lifts the pen
        if name in lines:
            layer = first + np.arange(len(lines[name]))
            drawn, = ax.plot(layer, drawing.at_the_edge(ax, layer, lines[name], color), color=color, zorder=3,
                             linestyle=style["linestyle"])
            if name and name in points:
                marks.theory = drawn  # type: ignore[attr-defined]      # the legend shows it behind them
            else:
                drawn.set_label(name or "theory")
        if name in bands:
            width = bands[name]
            low, high = width if width.ndim == 2 else (lines[name] - width, lines[name] + width)
            ax.fill_between(layer, low, high, color=color, alpha=0.2, linewidth=0)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    drawing.whole_numbers(ax)
    drawing.log_ticks(ax.yaxis)
    said = [drawing.MEANING[band]] if any(v.ndim == 2 and len(v) > 1 for v in points.values()) else []
    said += ["lines: theory"] if any(hasattr(line, "theory") for line in ax.get_lines()) else []
    drawing.legend(ax, "\n".join(said))
    return ax


def layer_curves(values: Any, *, ylabel: str, spread: Any = None, points: Any = None, epochs: Any = None,
                 labels: Sequence[str] | None = None, log: bool = False, ax: Axes | None = None) -> Axes:
    """A quantity of each layer while it learns: one line per layer, the first layer darkest.

    values: (epochs, layers), such as the mean activation, or the share of saturated units. spread: the same shape,
    drawn as bars of ± spread at some of the epochs, each layer's at others, so that they do not cover each other.
    points: the same shape, drawn as markers alone at those epochs (a high percentile beside a standard deviation).
    epochs: (epochs,), where they are not 1, 2, …

    After Glorot & Bengio 2010, Figs 2 and 3. Raises TypeError or ValueError where shapes do not agree.
    """
    table = drawing.array("values (epochs, layers)", values, 2)
    n, layers = table.shape
    at = np.arange(1, n + 1) if epochs is None else drawing.array("epochs", epochs, 1)
    beside = {name: drawing.array(name, given, 2) for name, given in (("spread", spread), ("points", points))
              if given is not None}
    for name, given, shape in [("epochs", at, (n,)), *((name, given, (n, layers)) for name, given in beside.items())]:
        if given.shape != shape:
            raise ValueError(f"expected {name} of shape {shape} beside values (epochs, layers) of shape {(n, layers)}, "
                             f"got {given.shape}")
    if (beside.get("spread", np.zeros(1)) < 0).any():
        raise ValueError(f"expected spread ≥ 0, got {np.nanmin(beside['spread']):g}: it is drawn as ± spread")
    names, log = drawing.labelled(labels, layers), drawing.logarithmic(log, [table])
    ax = drawing.axes(ax)
    if log:
        ax.set_yscale("log")
    for i, (name, style) in enumerate(zip(names, drawing.styles(layers, n), strict=True)):
        y = drawing.at_the_edge(ax, at, table[:, i], style["color"])
        ax.plot(at, y, label=name, **style)
        some = slice(style["markevery"][0], None, style["markevery"][1])
        if "spread" in beside:
            ax.errorbar(at[some], y[some], beside["spread"][some, i], fmt="none", color=style["color"],
                        capsize=2, elinewidth=1)
        if "points" in beside:
            ax.plot(at[some], beside["points"][some, i], linestyle="", color=style["color"], marker=style["marker"],
                    markerfacecolor="none")
    ax.set(xlabel="epoch", ylabel=ylabel)
    drawing.whole_numbers(ax)
    drawing.log_ticks(ax.yaxis)
    drawing.legend(ax)
    return ax


def singular_values(values: Any, *, density: Any = None, labels: Sequence[str] | None = None,
                    bins: int | None = None, ranked: bool = False, xlabel: str = "singular value",
                    ax: Axes | None = None) -> Axes:
    """The singular values of matrices: histograms (area 1), and the density that a theory predicts drawn over them.

    values: those of one matrix (k,), as np.linalg.svd(W, compute_uv=False) gives them, or a list with one such array
    per layer, or a dict name → array. density: a function s → density, or a pair of arrays (s, density), or a dict name
    → either; under a name of `values` it has the same colour. Values that are all the same, as those of an orthogonal
    matrix, are a vertical line. bins: as in `histograms`.

    ranked=True draws each value against its rank instead, on a logarithmic axis: for products, whose values span many
    scales. Raises TypeError or ValueError for values that are negative or not finite.
    """
    single = labels is None and not isinstance(values, dict) and not (
        isinstance(values, list | tuple) and values and np.ndim(values[0]))
    spectra = drawing.series("values", values) if single else drawing.layered("values", values, labels)
    for name, value in spectra.items():
        spectra[name] = array = checks.real_array(f"values{of(name)}", value, FLOAT)
        if array.ndim != 1 or array.size == 0 or array.min() < 0:
            raise ValueError(f"expected values{of(name)} to be singular values (k,), at least one, all ≥ 0, got shape "
                             f"{array.shape}{f' from {array.min():g}' if array.size else ''}: np.linalg.svd(W, "
                             "compute_uv=False) gives those of W")
    if ranked and density is not None:
        raise ValueError("expected density only where histograms are drawn, got one with ranked=True")
    top, most = max(values.max() for values in spectra.values()), max(map(len, spectra.values()))
    curves = {} if density is None else {
        name: drawing.curve(f"density{of(name)}", given, np.linspace(0, 1.05 * top, 501)[1:])
        for name, given in drawing.series("density", density).items()}

    ax = drawing.axes(ax)
    if ranked and top > 0:
        ax.set_yscale("log")
    names = list(dict.fromkeys([*spectra, *curves]))
    for i, (name, style) in enumerate(zip(names, drawing.styles(len(names), most), strict=True)):
        color, s = style["color"], spectra.get(name)
        if s is not None and ranked:
            rank = np.arange(1, len(s) + 1)
            y = drawing.at_the_edge(ax, rank, np.sort(s)[::-1], color)
            ax.plot(rank, y, label=name or "measured", **style)
        elif s is not None and drawing.constant(s):
            ax.axvline(s[0], color=color, linestyle=style["linestyle"], label=f"{name or 'measured'} (all {s[0]:.3g})")
        elif s is not None:
            heights, edges = np.histogram(s, drawing.bins_for(s, bins), density=True)
            ax.stairs(heights, edges, fill=True, facecolor=(*color[:3], 0.25), edgecolor=color,
                      hatch=("", "///", "...", "\\\\\\")[i % 4], label=name or "measured")
        if name in curves:
            ax.plot(*curves[name], color=color, linestyle=style["linestyle"], linewidth=2, zorder=3,
                    label=drawing.theory(name, spectra))
    if ranked:
        ax.set(xlabel="rank", ylabel=xlabel)
        drawing.whole_numbers(ax)
        drawing.log_ticks(ax.yaxis)
    else:
        ax.set(xlabel=xlabel, ylabel="density")
        ax.set_ylim(bottom=0)
    drawing.legend(ax)
    return ax


def learning_curves(runs: Any, *, column: str = "loss", ylabel: str | None = None, band: str = "range",
                    log: bool = False, ax: Axes | None = None) -> Axes:
    """One column of the records against the epoch: the median over the seeds, and their `band`: "range" or "quartiles".

    runs: a History, or a list of them, one per seed, or an array (epochs,) or (seeds, epochs); or a dict name → any of
    these. column: loss, accuracy, validation_loss, validation_accuracy or seconds.

    A run that ended early (stopped, or diverged: `error.history`) counts as far as it goes; median and band are over
    the runs that still go on, and the legend says how many came to the last epoch of the picture.

    Raises AttributeError for a column that records do not have, ValueError where there is no number in it.
    """
    drawn = {name: drawing.records(name, value, column) for name, value in drawing.series("runs", runs).items()}
    tables = [rows for _, rows in drawn.values()]
    if not any(np.isfinite(rows).any() for rows in tables):
        raise ValueError(f"expected numbers in column {column}, got none in {len(tables)} series: those of "
                         "validation are there after fit(…, validation=(x, y)), accuracy where y are class labels")
    last, log = max(rows.shape[1] for rows in tables) - 1, drawing.logarithmic(log, tables)
    medians = {name: drawing.over_runs(rows, band) for name, (_, rows) in drawn.items()}
    what = column.replace("validation_", "validation ").replace("seconds", "seconds since the start")
    if column in ("loss", "accuracy"):
        what = f"training {column}"
    ax = drawing.axes(ax)
    if log:
        ax.set_yscale("log")
    for (name, (epochs, rows)), style in zip(drawn.items(), drawing.styles(len(drawn), last + 1), strict=True):
        y, low, high = (np.where(np.isinf(ends), np.nan, ends) for ends in medians[name])
        drawing.at_the_edge(ax, epochs, medians[name][0], style["color"])
        label = drawing.with_runs(name or what, len(rows), int((~np.isnan(rows[:, last:])).sum()))
        ax.plot(epochs, y, label=label, **style)
        if len(rows) > 1:
            ax.fill_between(epochs, low, high, color=style["color"], alpha=0.2, linewidth=0)
    ax.set(xlabel="epoch", ylabel=ylabel or what + " (share of examples)" * column.endswith("accuracy"))
    drawing.whole_numbers(ax)
    drawing.log_ticks(ax.yaxis)
    drawing.legend(ax, drawing.MEANING[band] if any(len(rows) > 1 for rows in tables) else None)
    return ax


def iterated_maps(maps: Any, *, stop: float, begin: float = 0.0, fixed_points: Any = None, start: float | None = None,
                  steps: int = 20, symbol: str = "q", ax: Axes | None = None) -> Axes:
    """What one layer makes of a number, again and again: the map q → V(q), the diagonal, and where they meet.

    maps: a function of a float, or a dict name → function, drawn from begin to stop: variance maps, or correlation maps
    with symbol="c". fixed_points: a number or several, or a dict name → those, each marked by a circle, which is filled
    where the point is stable: the map takes what is beside it, by the hundredth part of the axis, closer. start: from
    here a staircase follows each map for `steps` layers (up to the map, across to the diagonal), if it stays in the
    picture.

    Raises ValueError for a point that is not fixed: where V(q) is further from q than the hundredth part of the axis.
    """
    steps, begin = checks.count("steps", steps), checks.number("begin", begin)
    stop = checks.number("stop", stop, above=begin)
    functions = drawing.series("maps", maps)
    if not all(map(callable, functions.values())):
        raise TypeError(f"expected maps to be a function of a float, or a dict name → function, got {maps!r}")
    given = {} if fixed_points is None else drawing.series("fixed_points", fixed_points)
    fixed = {name: drawing.array(f"fixed_points{of(name)}", np.atleast_1d(value), 1) for name, value in given.items()}
    for name, values in fixed.items():
        if name not in functions:
            raise ValueError(f"expected fixed_points of one of the maps {[*functions]}, got {name!r}")
        for q in values.tolist():
            if not abs((to := float(functions[name](q))) - q) <= 0.01 * (stop - begin):
                raise ValueError(f"expected fixed points{of(name)}, got {q:g}, which the map sends to {to:g}")
    if start is not None:
        start = checks.number("start", start, least=begin, most=stop)
    grid = np.linspace(begin, stop, 201)
    curves = {name: np.array([float(f(q)) for q in grid.tolist()]) for name, f in functions.items()}

    ax = drawing.axes(ax, width=6.8, height=4.5)
    circle: dict[str, Any] = {"mew": 1.5, "ms": 9, "zorder": 4}
    kinds: set[bool] = set()
    ax.plot([begin, stop], [begin, stop], color="0.6", linewidth=1, label=f"${symbol}$ unchanged")
    for (name, y), style in zip(curves.items(), drawing.styles(len(curves), len(grid)), strict=True):
        ax.plot(grid, y, label=name or "the map", **style)
        if start is not None:
            path = [(start, begin)]
            while len(path) < 2 * steps and begin <= (to := float(functions[name](path[-1][0]))) <= stop:
                path += [(path[-1][0], to), (to, to)]
            ax.plot(*zip(*path, strict=True), color=style["color"], linewidth=0.8)
        for q in fixed.get(name, np.empty(0)).tolist():
            beside = [p for p in (q - 0.01 * (stop - begin), q + 0.01 * (stop - begin)) if begin <= p <= stop]
            attracts = all(abs(float(functions[name](p)) - q) < abs(p - q) for p in beside)
            ax.plot(q, q, "o", color=style["color"], mfc=style["color"] if attracts else "w", clip_on=False, **circle)
            kinds.add(attracts)
    for attracts in sorted(kinds, reverse=True):
        ax.plot([], [], "o", color="0.4", mfc="0.4" if attracts else "w", **circle,
                label="stable" if attracts else "not stable")
    ax.set(xlabel=f"${symbol}^{{l-1}}$", ylabel=f"${symbol}^{{l}}$", xlim=(begin, stop), ylim=(begin, stop))
    ax.locator_params(nbins=6)
    drawing.legend(ax, gap=0.04)                   # a circle in the corner needs room
    return ax
