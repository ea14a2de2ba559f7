"""Shared by all pictures: checks of arguments, medians over seeds, histograms, axes, legends and ticks.

A value that has no place on an axis (0 on a logarithmic one, infinity) is drawn as a triangle at the edge of the axes,
because a picture without it would be misleading.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from minnet import checks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

FLOAT = np.dtype(np.float64)


# Arguments -------------------------------------------------------------------------------------------------------

def of_series(name: str) -> str:
    """" of NAME" for an error message about a named series, and "" for a series without a name."""
    return f" of {name}" if name else ""


def number_array(what: str, value: Any, *dims: int) -> np.ndarray:
    """`value` as a float64 array that is not empty and has one of these numbers of dimensions; it may contain NaN and
    infinity."""
    wanted = f"expected {what} to be an array of numbers with {' or '.join(map(str, dims))} dimension(s)"
    found = checks.array(what, value)
    if found.dtype.kind not in "fiub":
        raise TypeError(f"{wanted}, got {type(value).__name__} of dtype {found.dtype}")
    if found.ndim not in dims or found.size == 0:
        raise ValueError(f"{wanted}, at least one of them, got shape {found.shape}")
    return found.astype(FLOAT)


def finite_array(what: str, value: Any) -> np.ndarray:
    """`value` as a float64 array of any shape, with neither NaN nor infinity."""
    return checks.real_array(what, value, FLOAT)


def series_by_name(what: str, values: Any) -> dict[str, Any]:
    """A dict name → values as it is; anything else is a single series, whose name is ""."""
    found = {str(name): value for name, value in values.items()} if isinstance(values, dict) else {"": values}
    if not found:
        raise ValueError(f"expected {what} to hold at least one series, got an empty dict: there is nothing to draw")
    return found


def layers_by_name(what: str, values: Any, names: Sequence[str] | None) -> dict[str, Any]:
    """A list with one array per layer as a dict with the keys layer 1, layer 2, … (or `names`); a dict as it is."""
    if isinstance(values, dict) and names is None:
        return series_by_name(what, values)
    if not isinstance(values, list | tuple):
        raise TypeError(f"expected {what} to be a list with one array per layer, or a dict name → array and no labels, "
                        f"got {type(values).__name__}: one layer is a list of one, [{what}]")
    if not values:
        raise ValueError(f"expected {what} to hold at least one array, got an empty list: there is nothing to draw")
    return dict(zip(layer_labels(names, len(values)), values, strict=True))


def layer_labels(names: Sequence[str] | None, layers: int) -> list[str]:
    """One distinct label per layer: `names`, or layer 1, layer 2, …"""
    if names is not None and not isinstance(names, Sequence):
        raise TypeError(f"expected labels to be a list with {layers} names, got {names!r}")
    found = [f"layer {i}" for i in range(1, layers + 1)] if names is None else [str(name) for name in names]
    if len(found) != layers or len(set(found)) != layers:
        raise ValueError(f"expected {layers} distinct labels, got {found}")
    return found


def use_log_scale(log: bool, values: Iterable[np.ndarray]) -> bool:
    """Whether the scale is logarithmic: `log` says so, and a value is > 0. Raises ValueError if a value is < 0."""
    values = list(values)
    checks.boolean("log", log)
    if log and (lowest := min(array.min(where=~np.isnan(array), initial=0) for array in values)) < 0:
        raise ValueError(f"expected values ≥ 0 on a logarithmic scale, got {lowest:g}: pass log=False")
    return log and any((array > 0).any() for array in values)


BAND_LABELS = {"range": "median, range over seeds", "quartiles": "median, quartiles over seeds"}


def median_and_band(rows: np.ndarray, band: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(median, low, high) of each column of `rows` (runs, n); NaN means that a run has no value there."""
    if not isinstance(band, str) or band not in BAND_LABELS:
        raise ValueError(f"expected band to be {' or '.join(map(repr, BAND_LABELS))}, got {band!r}")
    ends = (0.5, 0.0, 1.0) if band == "range" else (0.5, 0.25, 0.75)
    columns = [np.sort(column[~np.isnan(column)]).tolist() for column in rows.T]
    middle, low, high = (np.array([_quantile(column, share) for column in columns]) for share in ends)
    return middle, low, high


def _quantile(ordered: list[float], share: float) -> float:
    """Linear between neighbours, as np.quantile, but without its NaN next to an infinite value."""
    if not ordered:
        return math.nan
    i, part = divmod(share * (len(ordered) - 1), 1)
    return (1 - part) * ordered[int(i)] + part * ordered[int(i) + 1] if part else ordered[int(i)]


def label_with_runs(label: str, runs: int, ended: int) -> str:
    """`label (n = runs)`; if some runs stopped early, with the number of those that reached the last epoch."""
    if runs == 1:
        return label
    return f"{label} (n = {runs}{f', {ended} to the end' if ended < runs else ''})"


def bin_count(values: np.ndarray, bins: int | None) -> int:
    """`bins`, or by default the square root of the number of values, at most 60: few values give noisy bins."""
    return max(1, min(60, math.isqrt(values.size))) if bins is None else checks.count("bins", bins)


def theory_label(name: str, measured: dict[str, Any]) -> str:
    """The label of a predicted line, which may have the same name as a measured series."""
    return f"{name}, theory" if name and name in measured else name or "theory"


def column_of_runs(name: str, runs: Any, column: str) -> tuple[np.ndarray, np.ndarray]:
    """(epochs, rows (runs, epochs)) of Histories or of an array; NaN after the end of a run that stopped early."""
    checks.text("column", column)
    if not hasattr(runs, "epoch") and not (isinstance(runs, list | tuple) and runs and hasattr(runs[0], "epoch")):
        rows = np.atleast_2d(number_array(f"runs{of_series(name)}", runs, 1, 2))
        return np.arange(1, rows.shape[1] + 1), rows
    histories = [runs] if hasattr(runs, "epoch") else runs
    columns = [np.asarray(getattr(history, column), float) for history in histories]
    if any(values.ndim != 1 for values in columns):
        raise TypeError(f"expected runs{of_series(name)} to be a History or a list of Histories, one per seed, got "
                        "single records: History(records) is the run that they make")
    longest = max(histories, key=len)
    rows = np.full((len(histories), len(longest)), np.nan)
    for row, values in zip(rows, columns, strict=True):
        row[:len(values)] = values
    return np.asarray(longest.epoch), rows


def histogram_curve(values: np.ndarray, bins: int | None = None, *, log: bool = False
                    ) -> tuple[np.ndarray, np.ndarray]:
    """The histogram of `values` as a curve of area 1 through the middles of its bins, with a 0 one bin outside.

    With log=True, of log₁₀|value| for the values that are not 0. Equal values have no density: they give ([value],
    [inf]). No values give two empty arrays.

    The default bins have equal widths, the range divided by `bin_count`. If the tails are heavy, that would be too wide
    for the peak; the width is then 8 interquartile ranges (of the values that are not 0) divided by `bin_count`, but
    not less than a hundredth of the former.
    """
    count, nonzero = bin_count(values, bins), values[values != 0]
    values = np.log10(abs(nonzero)) if log else values
    if values.size == 0 or all_equal(values):
        return values[:1], np.full(min(1, values.size), math.inf)
    if bins is None and not log:
        quarter, three_quarters = np.quantile(nonzero, [0.25, 0.75])
        peak = 8 * (three_quarters - quarter)
        if 0 < peak < (reach := np.ptp(values)):
            count = math.ceil(count * reach / max(peak, reach / 100))
    heights, edges = np.histogram(values, count, density=True)
    half = (edges[1] - edges[0]) / 2
    return np.array([edges[0] - half, *(edges[:-1] + half), edges[-1] + half]), np.array([0, *heights, 0])


def all_equal(values: np.ndarray) -> bool:
    """Whether all values are equal up to float32 rounding, as the singular values of an orthogonal matrix are.

    Values that differ by less than 1e-100, such as vanished gradients, also count as equal: their density would be too
    large for a picture.
    """
    return bool(np.ptp(values) <= max(1e-5 * abs(values).max(), 1e-100))


def density_curve(what: str, given: Any, s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(s, density), from a pair of arrays or from a function, which is evaluated at `s`."""
    if callable(given):
        given = s, given(s)
    if not isinstance(given, tuple | list) or len(given) != 2:
        raise TypeError(f"expected {what} to be a function s → density or a pair of arrays (s, density), got {given!r}")
    x, y = (number_array(what, values, 1) for values in given)
    if x.shape != y.shape:
        raise ValueError(f"expected {what} to give one density for each s, got {y.shape} for {x.shape}")
    return x, np.where(np.isfinite(y), y, np.nan)          # a density may be infinite at the edge of its support


# Axes ------------------------------------------------------------------------------------------------------------

def axes(ax: Axes | None, width: float = 7.0, height: float = 4.0) -> Axes:
    """`ax`, or the Axes of a new pyplot figure of this size in inches, which a notebook shows."""
    import matplotlib.axes

    if ax is None:
        import matplotlib.pyplot as plt

        return plt.subplots(figsize=(width, height), layout="constrained")[1]
    if not isinstance(ax, matplotlib.axes.Axes):
        raise TypeError(f"expected ax to be one matplotlib Axes, got {type(ax).__name__}: of the array that "
                        "plt.subplots(1, 2) returns, pass axes[0]")
    return ax


def legend(ax: Axes, title: str | None = None, *, behind: Mapping[str, Any] = {}, gap: float = 0.01) -> None:
    """The legend: beside the axes if the figure has a layout engine, which makes room for it; otherwise inside.

    Of more than twelve layers, the legend lists every second, third, … and the last one. behind: label → a patch that
    is drawn behind the label's line or marker; a line with an attribute `theory` has that line behind it. gap: the
    distance between axes and legend, as a fraction of the axes' width.
    """
    entries = list(zip(*ax.get_legend_handles_labels(), strict=True))
    edges = [entry for entry in entries if entry[1] in OFF_SCALE]
    entries = [entry for entry in entries if entry[1] not in OFF_SCALE]
    step = math.ceil(len(entries) / 12) if all(text.startswith("layer ") for _, text in entries) else 1
    shown = [entry for i, entry in enumerate(entries) if i % step == 0 or i == len(entries) - 1] + edges
    place: dict[str, Any] = {"loc": "best"}
    if ax.figure.get_layout_engine():
        place = {"loc": "upper left", "bbox_to_anchor": (1 + gap, 1), "borderaxespad": 0.0}
    backs = [behind.get(text, getattr(handle, "theory", None)) for handle, text in shown]
    handles = [handle if back is None else (back, handle) for back, (handle, _) in zip(backs, shown, strict=True)]
    ax.legend(handles, [text for _, text in shown], title=title, fontsize="small", title_fontsize="small",
              handlelength=2.5, **place)


OFF_SCALE = "0 (below the axis)", "−∞ (below the axis)", "∞ (above the axis)"


def mark_off_scale(ax: Axes, x: np.ndarray, y: np.ndarray, color: Any) -> np.ndarray:
    """Draw a triangle at the edge of `ax` for every y that has no place on its axis; return y with NaN in its place."""
    zero = (y == 0) & (ax.get_yscale() == "log")
    for places, height, mark, label in ((zero, 0, "v", OFF_SCALE[0]), (np.isneginf(y), 0, "v", OFF_SCALE[1]),
                                        (np.isposinf(y), 1, "^", OFF_SCALE[2])):
        if n := int(places.sum()):
            known = label in ax.get_legend_handles_labels()[1]
            ax.plot(x[places], np.full(n, height), mark, color=color, ms=7, mfc="w", clip_on=False, zorder=4,
                    markevery=math.ceil(n / 40), transform=ax.get_xaxis_transform(), label=None if known else label)
    return np.where(zero | np.isinf(y), np.nan, y)


def integer_ticks(ax: Axes) -> None:
    """Ticks of the x axis at whole numbers between the first and the last one drawn: no layer 2.5, no rank 0.

    The first number drawn has a tick if there is room for it.
    """
    from matplotlib.ticker import MaxNLocator

    class Drawn(MaxNLocator):
        def tick_values(self, vmin: float, vmax: float) -> Any:
            first, last = ax.dataLim.intervalx
            ticks = np.asarray(super().tick_values(vmin, vmax))
            inside = ticks[(ticks >= first) & (ticks <= last)]
            room = len(inside) == 0 or inside[0] - first >= (ticks[1] - ticks[0]) / 2
            return np.append(first, inside) if room and math.isfinite(first) else inside

    ax.xaxis.set_major_locator(Drawn(integer=True, min_n_ticks=1))


def log_ticks(axis: Axis) -> None:
    """On a logarithmic axis shorter than 1.5 decades: few ticks with plain numbers, 0.6 instead of 6 × 10⁻¹."""
    from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

    low, high = axis.get_view_interval()
    if axis.get_scale() != "log" or high >= 10**1.5 * low:
        return
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)) if high > 5 * low else MaxNLocator(6, steps=[1, 2, 5, 10]))
    axis.set_major_formatter("{x:g}")
    axis.set_minor_locator(NullLocator())
