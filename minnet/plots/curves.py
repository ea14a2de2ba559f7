"""Curves over layers and epochs, and maps that are iterated from layer to layer."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from minnet import checks
from minnet.plots import helpers
from minnet.plots.helpers import of_series
from minnet.plots.styles import named_styles, series_styles

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def depth_profile(measured: Any, *, predicted: Any = None, spread: Any = None, ylabel: str, xlabel: str = "layer",
                  first: int = 1, band: str = "range", log: bool = True, styles: Mapping[str, Any] | None = None,
                  ax: Axes | None = None) -> Axes:
    """A statistic against depth: markers for measured values, and lines over them for predicted ones.

    measured: (layers,); or (seeds, layers), drawn as the median with a bar over the seeds (`band`: their "range" or
    "quartiles"); or a dict name → either. predicted: (layers,), or a dict name → (layers,). Under the name of a
    measured series it has the same colour and legend entry, under another name it has its own. spread: (layers,), for
    a band of predicted ± spread; or (2, layers), the lower and upper edge of the band; or a dict name → either.
    first: the number of the first layer, 0 for the input. styles: name → style, as from `initializer_style`.

    Raises TypeError or ValueError if lengths do not agree, and for values < 0 on a logarithmic axis.
    """
    points = {name: helpers.number_array(f"measured{of_series(name)}", value, 1, 2)
              for name, value in helpers.series_by_name("measured", measured).items()}
    lines = {} if predicted is None else {name: helpers.number_array(f"predicted{of_series(name)}", value, 1)
                                          for name, value in helpers.series_by_name("predicted", predicted).items()}
    bands = {} if spread is None else {name: helpers.number_array(f"spread{of_series(name)}", value, 1, 2)
                                       for name, value in helpers.series_by_name("spread", spread).items()}
    longest = max(values.shape[-1] for values in points.values())
    for name, line in lines.items():
        layers = points[name].shape[-1] if name in points else longest
        if line.shape != (layers,):
            raise ValueError(f"expected predicted{of_series(name)} of shape ({layers},), one number per layer "
                             f"measured, got {line.shape}")
    for name, width in bands.items():
        if name not in lines or width.shape not in (lines[name].shape, (2, *lines[name].shape)):
            raise ValueError(f"expected spread{of_series(name)} beside predicted{of_series(name)} and of its shape "
                             f"(layers,), or (2, layers), got {width.shape} beside "
                             f"{lines[name].shape if name in lines else 'nothing'}")
    log, first = helpers.use_log_scale(log, [*points.values(), *lines.values()]), checks.count("first", first, least=0)
    medians = {name: helpers.median_and_band(np.atleast_2d(values), band) for name, values in points.items()}

    ax = helpers.axes(ax)
    if log:
        ax.set_yscale("log")
    names = list(dict.fromkeys([*points, *lines]))
    for name, style in named_styles(names, 1, styles).items():
        color, seeds = style["color"], len(points[name]) if name in points and points[name].ndim == 2 else 1
        if name in points:
            layer = first + np.arange(points[name].shape[-1])
            y, low, high = (helpers.mark_off_scale(ax, layer, values, color) for values in medians[name])
            every = math.ceil(len(layer) / 60)
            marks, = ax.plot(layer, y, style["marker"], color=color, mfc="none", ms=5, markevery=every, lw=0.7,
                             linestyle="-" if every > 1 else "",
                             label=helpers.label_with_runs(name or "measured", seeds, seeds))
            if seeds > 1:
                low = np.where(medians[name][1] == 0, 0, low)                  # so that the bar reaches the triangle
                bars = np.stack([low, np.fmax(y, high), np.full_like(y, np.nan)], axis=1)[::every]
                ax.plot(layer[::every].repeat(3), bars.ravel(), color=color, lw=1)        # NaN ends a bar
        if name in lines:
            layer = first + np.arange(len(lines[name]))
            drawn, = ax.plot(layer, helpers.mark_off_scale(ax, layer, lines[name], color), color=color, zorder=3,
                             linestyle=style["linestyle"])
            if name and name in points:
                marks.theory = drawn  # type: ignore[attr-defined]      # `helpers.legend` draws it behind the markers
            else:
                drawn.set_label(name or "theory")
        if name in bands:
            width = bands[name]
            low, high = width if width.ndim == 2 else (lines[name] - width, lines[name] + width)
            ax.fill_between(layer, low, high, color=color, alpha=0.2, linewidth=0)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    helpers.integer_ticks(ax)
    helpers.log_ticks(ax.yaxis)
    title = [helpers.BAND_LABELS[band]] if any(v.ndim == 2 and len(v) > 1 for v in points.values()) else []
    title += ["lines: theory"] if any(hasattr(line, "theory") for line in ax.get_lines()) else []
    helpers.legend(ax, "\n".join(title))
    return ax


def layer_curves(values: Any, *, ylabel: str, spread: Any = None, points: Any = None, epochs: Any = None,
                 labels: Sequence[str] | None = None, log: bool = False, ax: Axes | None = None) -> Axes:
    """A statistic of each layer during training: one line per layer, the first layer darkest.

    values: (epochs, layers), such as the mean activation or the share of saturated units. spread: the same shape,
    drawn as bars of ± spread at some epochs, which differ from layer to layer so that bars do not cover each other.
    points: the same shape, drawn as markers without a line at those epochs (a high percentile, for example). epochs:
    (epochs,), if they are not 1, 2, …

    After Glorot & Bengio 2010, Figs 2 and 3. Raises TypeError or ValueError if shapes do not agree.
    """
    table = helpers.number_array("values (epochs, layers)", values, 2)
    n, layers = table.shape
    at = np.arange(1, n + 1) if epochs is None else helpers.number_array("epochs", epochs, 1)
    extras = {name: helpers.number_array(name, given, 2) for name, given in (("spread", spread), ("points", points))
              if given is not None}
    for name, given, shape in [("epochs", at, (n,)), *((name, given, (n, layers)) for name, given in extras.items())]:
        if given.shape != shape:
            raise ValueError(f"expected {name} of shape {shape} beside values (epochs, layers) of shape {(n, layers)}, "
                             f"got {given.shape}")
    if (extras.get("spread", np.zeros(1)) < 0).any():
        raise ValueError(f"expected spread ≥ 0, got {np.nanmin(extras['spread']):g}: it is drawn as ± spread")
    names, log = helpers.layer_labels(labels, layers), helpers.use_log_scale(log, [table])
    ax = helpers.axes(ax)
    if log:
        ax.set_yscale("log")
    for i, (name, style) in enumerate(zip(names, series_styles(layers, n), strict=True)):
        y = helpers.mark_off_scale(ax, at, table[:, i], style["color"])
        ax.plot(at, y, label=name, **style)
        some = slice(style["markevery"][0], None, style["markevery"][1])       # the epochs with markers
        if "spread" in extras:
            ax.errorbar(at[some], y[some], extras["spread"][some, i], fmt="none", color=style["color"],
                        capsize=2, elinewidth=1)
        if "points" in extras:
            ax.plot(at[some], extras["points"][some, i], linestyle="", color=style["color"], marker=style["marker"],
                    markerfacecolor="none")
    ax.set(xlabel="epoch", ylabel=ylabel)
    helpers.integer_ticks(ax)
    helpers.log_ticks(ax.yaxis)
    helpers.legend(ax)
    return ax


def learning_curves(runs: Any, *, column: str = "loss", ylabel: str | None = None, band: str = "range",
                    log: bool = False, styles: Mapping[str, Any] | None = None, ax: Axes | None = None) -> Axes:
    """One column of the records against the epoch: the median over seeds, with a band ("range" or "quartiles").

    runs: a History, or a list with one History per seed, or an array (epochs,) or (seeds, epochs); or a dict name →
    any of these. column: loss, accuracy, validation_loss, validation_accuracy or seconds. styles: name → style, as
    from `initializer_style`.

    A run may end early (stopped, or diverged: `error.history`). Median and band of an epoch are over the runs that
    reached it, and the legend says how many runs reached the last epoch of the picture.

    Raises AttributeError for a column that records do not have, and ValueError if it contains no numbers.
    """
    drawn = {name: helpers.column_of_runs(name, value, column)
             for name, value in helpers.series_by_name("runs", runs).items()}
    tables = [rows for _, rows in drawn.values()]
    if not any(np.isfinite(rows).any() for rows in tables):
        raise ValueError(f"expected numbers in column {column}, got none in {len(tables)} series: validation columns "
                         "need fit(…, validation=(x, y)), and accuracy needs integer class labels y")
    last, log = max(rows.shape[1] for rows in tables) - 1, helpers.use_log_scale(log, tables)
    medians = {name: helpers.median_and_band(rows, band) for name, (_, rows) in drawn.items()}
    what = column.replace("validation_", "validation ").replace("seconds", "seconds since the start")
    if column in ("loss", "accuracy"):
        what = f"training {column}"
    ax = helpers.axes(ax)
    if log:
        ax.set_yscale("log")
    for name, style in named_styles(list(drawn), last + 1, styles).items():
        epochs, rows = drawn[name]
        y, low, high = (np.where(np.isinf(ends), np.nan, ends) for ends in medians[name])
        helpers.mark_off_scale(ax, epochs, medians[name][0], style["color"])
        label = helpers.label_with_runs(name or what, len(rows), int((~np.isnan(rows[:, last:])).sum()))
        ax.plot(epochs, y, label=label, **style)
        if len(rows) > 1:
            ax.fill_between(epochs, low, high, color=style["color"], alpha=0.2, linewidth=0)
    ax.set(xlabel="epoch", ylabel=ylabel or what + " (share of examples)" * column.endswith("accuracy"))
    helpers.integer_ticks(ax)
    helpers.log_ticks(ax.yaxis)
    helpers.legend(ax, helpers.BAND_LABELS[band] if any(len(rows) > 1 for rows in tables) else None)
    return ax


def rate_range(tests: Any, *, log: bool = True, styles: Mapping[str, Any] | None = None, ax: Axes | None = None
               ) -> Axes:
    """A learning-rate range test: losses of batches as points, their running mean as a line, against the learning rate.

    tests: what `diagnostics.rate_range` returns, or a dict name → such. The vertical line is at the suggested rate, a
    tenth of that at the minimum. From left to right: the steps are too small to change the loss, the loss falls, it
    grows; take a rate well before the minimum. log: the scale of the loss. styles: name → style, as from
    `initializer_style`.

    Raises ValueError for losses < 0 on a logarithmic axis.
    """
    found = helpers.series_by_name("tests", tests)
    for name, one in found.items():
        if not all(hasattr(one, column) for column in ("rates", "losses", "smoothed", "suggested")):
            raise TypeError(f"expected tests{of_series(name)} to be what diagnostics.rate_range returns, got {one!r}")
    log = helpers.use_log_scale(log, [one.losses for one in found.values()])
    ax = helpers.axes(ax)
    ax.set_xscale("log")
    if log:
        ax.set_yscale("log")
    for name, style in named_styles(list(found), 1, styles).items():
        one, color = found[name], style["color"]
        batches = helpers.mark_off_scale(ax, one.rates, one.losses, color)
        ax.plot(one.rates, batches, style["marker"], color=color, ms=2, alpha=0.5, label=None if name else "batch loss")
        means = helpers.mark_off_scale(ax, one.rates, one.smoothed, color)
        ax.plot(one.rates, means, color=color, linestyle=style["linestyle"], label=name or "running mean")
        if math.isfinite(one.suggested):
            label = f"suggested: {one.suggested:.2g}"
            ax.axvline(one.suggested, color=color, lw=1, linestyle=":", label=f"{name}, {label}" if name else label)
    ax.set(xlabel="learning rate", ylabel="training loss of a batch")
    helpers.log_ticks(ax.yaxis)
    helpers.legend(ax)
    return ax


def iterated_maps(maps: Any, *, stop: float, begin: float = 0.0, fixed_points: Any = None, start: float | None = None,
                  steps: int = 20, symbol: str = "q", ax: Axes | None = None) -> Axes:
    """A map from one layer to the next, q → V(q), with the diagonal, fixed points and an iteration as a staircase.

    maps: a function of a float, or a dict name → function: variance maps, or correlation maps with symbol="c". They
    are drawn from begin to stop. fixed_points: one or several numbers, or a dict name → numbers; each is drawn as a
    circle, which is filled if the point is stable: V maps points at a distance of 1% of the axis closer to it. start:
    a staircase from there shows up to `steps` layers of each map (up to the map, across to the diagonal), as long as it
    stays inside the axes.

    Raises ValueError for a point outside the axes, and for one that is not fixed: V(q) differs from q by more than 1%
    of the axis.
    """
    steps, begin = checks.count("steps", steps), checks.number("begin", begin)
    stop = checks.number("stop", stop, above=begin)
    functions = helpers.series_by_name("maps", maps)
    if not all(map(callable, functions.values())):
        raise TypeError(f"expected maps to be a function of a float, or a dict name → function, got {maps!r}")
    given = {} if fixed_points is None else helpers.series_by_name("fixed_points", fixed_points)
    fixed = {name: helpers.number_array(f"fixed_points{of_series(name)}", np.atleast_1d(value), 1)
             for name, value in given.items()}
    one_percent, rounding = 0.01 * (stop - begin), 1e-9 * (stop - begin)
    for name, values in fixed.items():
        if name not in functions:
            raise ValueError(f"expected fixed_points of one of the maps {[*functions]}, got {name!r}")
        for q in values.tolist():
            if not begin - rounding <= q <= stop + rounding:
                raise ValueError(f"expected fixed points{of_series(name)} from begin = {begin:g} to stop = {stop:g}, "
                                 f"got {q:g}, which lies outside the axes: change begin or stop, or leave it out")
            if not abs((to := float(functions[name](q))) - q) <= one_percent:
                raise ValueError(f"expected fixed points{of_series(name)}, got {q:g}, which the map sends to {to:g}")
    if start is not None:
        start = checks.number("start", start, least=begin, most=stop)
    grid = np.linspace(begin, stop, 201)
    curves = {name: np.array([float(f(q)) for q in grid.tolist()]) for name, f in functions.items()}

    ax = helpers.axes(ax, width=6.8, height=4.5)
    circle: dict[str, Any] = {"mew": 1.5, "ms": 9, "zorder": 4}
    kinds: set[bool] = set()
    ax.plot([begin, stop], [begin, stop], color="0.6", linewidth=1, label=f"${symbol}$ unchanged")
    for (name, y), style in zip(curves.items(), series_styles(len(curves), len(grid)), strict=True):
        ax.plot(grid, y, label=name or "the map", **style)
        if start is not None:
            path = [(start, begin)]
            while len(path) < 2 * steps and begin <= (to := float(functions[name](path[-1][0]))) <= stop:
                path += [(path[-1][0], to), (to, to)]
            ax.plot(*zip(*path, strict=True), color=style["color"], linewidth=0.8)
        for q in fixed.get(name, np.empty(0)).tolist():
            neighbours = [p for p in (q - one_percent, q + one_percent) if begin <= p <= stop]
            stable = all(abs(float(functions[name](p)) - q) < abs(p - q) for p in neighbours)
            ax.plot(q, q, "o", color=style["color"], mfc=style["color"] if stable else "w", clip_on=False, **circle)
            kinds.add(stable)
    for stable in sorted(kinds, reverse=True):
        ax.plot([], [], "o", color="0.4", mfc="0.4" if stable else "w", **circle,
                label="stable" if stable else "not stable")
    ax.set(xlabel=f"${symbol}^{{l-1}}$", ylabel=f"${symbol}^{{l}}$", xlim=(begin, stop), ylim=(begin, stop))
    ax.locator_params(nbins=6)
    helpers.legend(ax, gap=0.04)                   # room for a circle in the corner of the axes
    return ax
