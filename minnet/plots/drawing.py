"""What the pictures of plots.py share: axes and legends, styles that survive a grey printer, medians over seeds.

A style is a lightness, a line style and a marker together, so that no two series differ by hue alone. What an axis has
no place for (0 on a log axis, infinity) becomes a triangle at its edge: a point left out would tell another story.
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


# What comes in ---------------------------------------------------------------------------------------------------

def of(name: str) -> str:
    """The end of "expected measured of relu …"; nothing for the one series that has no name."""
    return f" of {name}" if name else ""


def array(what: str, value: Any, *dims: int) -> np.ndarray:
    """`value` as a float64 array of one of these numbers of dimensions, not empty; NaN and infinity may be in it."""
    wanted = f"expected {what} to be an array of numbers with {' or '.join(map(str, dims))} dimension(s)"
    try:
        found = np.asarray(value)
    except ValueError:
        raise ValueError(f"{wanted}, got rows of unequal lengths") from None
    if found.dtype.kind not in "fiub":
        raise TypeError(f"{wanted}, got {type(value).__name__} of dtype {found.dtype}")
    if found.ndim not in dims or found.size == 0:
        raise ValueError(f"{wanted}, at least one of them, got shape {found.shape}")
    return found.astype(FLOAT)


def series(what: str, values: Any) -> dict[str, Any]:
    """A dict name → values as it is; anything else is the one series, whose name is ""."""
    found = {str(name): value for name, value in values.items()} if isinstance(values, dict) else {"": values}
    if not found:
        raise ValueError(f"expected {what} to hold at least one series, got an empty dict: there is nothing to draw")
    return found


def layered(what: str, values: Any, names: Sequence[str] | None) -> dict[str, Any]:
    """A list with one array per layer as layer 1, layer 2, … (or `names`); a dict name → array as it is."""
    if isinstance(values, dict) and names is None:
        return series(what, values)
    if not isinstance(values, list | tuple):
        raise TypeError(f"expected {what} to be a list with one array per layer, or a dict name → array and no labels, "
                        f"got {type(values).__name__}: one layer is a list of one, [{what}]")
    if not values:
        raise ValueError(f"expected {what} to hold at least one array, got an empty list: there is nothing to draw")
    return dict(zip(labelled(names, len(values)), values, strict=True))


def labelled(names: Sequence[str] | None, layers: int) -> list[str]:
    """One distinct label per layer: `names`, or layer 1, layer 2, …"""
    found = [f"layer {i}" for i in range(1, layers + 1)] if names is None else [str(name) for name in names]
    if len(found) != layers or len(set(found)) != layers:
        raise ValueError(f"expected {layers} distinct labels, got {found}")
    return found


def logarithmic(log: bool, values: Iterable[np.ndarray]) -> bool:
    """`log`, where one of the values is > 0; without one the scale is linear. Raises ValueError where one is < 0."""
    values = list(values)
    if log and (lowest := min(array.min(where=~np.isnan(array), initial=0) for array in values)) < 0:
        raise ValueError(f"expected values ≥ 0 on a logarithmic scale, got {lowest:g}: pass log=False")
    return log and any((array > 0).any() for array in values)


def over_runs(rows: np.ndarray, band: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(median, low, high) over the runs in rows (runs, n), column by column; NaN is no value and is left out."""
    if band not in MEANING:
        raise ValueError(f"expected band to be {' or '.join(map(repr, MEANING))}, got {band!r}")
    ends = (0.5, 0.0, 1.0) if band == "range" else (0.5, 0.25, 0.75)
    columns = [np.sort(column[~np.isnan(column)]).tolist() for column in rows.T]
    middle, low, high = (np.array([_quantile(column, share) for column in columns]) for share in ends)
    return middle, low, high


def _quantile(ordered: list[float], share: float) -> float:
    """Linear between neighbours, as np.quantile; which gives NaN where one of them is infinite."""
    if not ordered:
        return math.nan
    i, part = divmod(share * (len(ordered) - 1), 1)
    return (1 - part) * ordered[int(i)] + part * ordered[int(i) + 1] if part else ordered[int(i)]


MEANING = {"range": "median, range over seeds", "quartiles": "median, quartiles over seeds"}


def with_runs(label: str, runs: int, ended: int) -> str:
    """The label with the number of runs behind it, and of those that came to the end if not all did."""
    if runs == 1:
        return label
    return f"{label} (n = {runs}{f', {ended} to the end' if ended < runs else ''})"


def bins_for(values: np.ndarray, bins: int | None) -> int:
    """`bins`, or the square root of the number of values, 60 at most: fewer values, fewer bins to be noisy in."""
    return max(1, min(60, math.isqrt(values.size))) if bins is None else checks.count("bins", bins)


def theory(name: str, measured: dict[str, Any]) -> str:
    """The label of a predicted line: it may stand beside a measured series of the same name, or alone."""
    return f"{name}, theory" if name and name in measured else name or "theory"


def records(name: str, runs: Any, column: str) -> tuple[np.ndarray, np.ndarray]:
    """(epochs, rows (runs, epochs)) of Histories or of an array; a run that ended early is NaN from there."""
    if not hasattr(runs, "epoch") and not (isinstance(runs, list | tuple) and runs and hasattr(runs[0], "epoch")):
        rows = np.atleast_2d(array(f"runs{of(name)}", runs, 1, 2))
        return np.arange(1, rows.shape[1] + 1), rows
    histories = [runs] if hasattr(runs, "epoch") else runs
    columns = [np.asarray(getattr(history, column), float) for history in histories]
    if any(values.ndim != 1 for values in columns):
        raise TypeError(f"expected runs{of(name)} to be a History or a list of Histories, one per seed, got single "
                        "records: History(records) is the run that they make")
    longest = max(histories, key=len)
    rows = np.full((len(histories), len(longest)), np.nan)
    for row, values in zip(rows, columns, strict=True):
        row[:len(values)] = values
    return np.asarray(longest.epoch), rows


def polygon(values: np.ndarray, bins: int) -> tuple[np.ndarray, np.ndarray]:
    """The histogram of `values` as a curve of area 1 through the middles of its bins, down to 0 one bin outside.

    Values that are all the same have no density: they give ([value], [inf]); no values at all give two empty arrays.
    """
    if values.size == 0 or constant(values):
        return values[:1], np.full(min(1, values.size), math.inf)
    heights, edges = np.histogram(values, bins, density=True)
    half = (edges[1] - edges[0]) / 2
    return np.array([edges[0] - half, *(edges[:-1] + half), edges[-1] + half]), np.array([0, *heights, 0])


def constant(values: np.ndarray) -> bool:
    """Whether all values are the same, to the rounding of float32 (an orthogonal matrix' singular values).

    Or so close, as gradients that have vanished are, that a density would be too large for a picture.
    """
    return bool(np.ptp(values) <= max(1e-5 * abs(values).max(), 1e-100))


def curve(what: str, given: Any, s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(s, density) of a theory, given as those two arrays or as a function, which is then computed at `s`."""
    if callable(given):
        given = s, given(s)
    if not isinstance(given, tuple | list) or len(given) != 2:
        raise TypeError(f"expected {what} to be a function s → density or a pair of arrays (s, density), got {given!r}")
    x, y = (array(what, values, 1) for values in given)
    if x.shape != y.shape:
        raise ValueError(f"expected {what} to give one density for each s, got {y.shape} for {x.shape}")
    return x, np.where(np.isfinite(y), y, np.nan)          # a density may be infinite at the edge of its support


# What is drawn ---------------------------------------------------------------------------------------------------

def axes(ax: Axes | None, width: float = 7.0, height: float = 4.0) -> Axes:
    """`ax`, or the Axes of a new figure of this size (inches), which pyplot knows and a notebook shows."""
    import matplotlib.axes

    if ax is None:
        import matplotlib.pyplot as plt

        return plt.subplots(figsize=(width, height), layout="constrained")[1]
    if not isinstance(ax, matplotlib.axes.Axes):
        raise TypeError(f"expected ax to be one matplotlib Axes, got {type(ax).__name__}: of the array that "
                        "plt.subplots(1, 2) returns, pass axes[0]")
    return ax


def styles(k: int, points: int = 1) -> list[dict[str, Any]]:
    """k styles, from dark to light; colour, line style and marker differ, and each marks others of its `points`.

    More than twelve go without markers, which would only cover each other: there the shade tells the order.
    """
    from matplotlib import colormaps

    shades = colormaps["viridis"](np.linspace(0, 0.78 * min(1, k / 4), k))     # its lightness rises throughout
    lines, marks = ("-", "--", "-.", (0, (1, 1)), (0, (5, 1, 1, 1, 1, 1))), "osD^vPX<>*"
    every = max(1, points // 8)
    return [{"color": tuple(shade), "linestyle": lines[i % 5], "marker": marks[i % 10], "markersize": 5 * (k <= 12),
             "markevery": (i * every // k, every)} for i, shade in enumerate(shades.tolist())]


def legend(ax: Axes, title: str | None = None, *, behind: Mapping[str, Any] = {}, gap: float = 0.01) -> None:
    """The legend beside the axes, where the figure's layout makes room for it; else inside, where it hides least.

    Of more than twelve numbered layers every second, third, … is shown, and the last: the shades between are in order.
    behind: what is shown behind the line or marker of a label, as its `theory` is where it has one. gap: how far
    beside, as a part of the axes' width.
    """
    entries = list(zip(*ax.get_legend_handles_labels(), strict=True))
    edges = [entry for entry in entries if entry[1] in EDGES]
    entries = [entry for entry in entries if entry[1] not in EDGES]
    step = math.ceil(len(entries) / 12) if all(text.startswith("layer ") for _, text in entries) else 1
    shown = [entry for i, entry in enumerate(entries) if i % step == 0 or i == len(entries) - 1] + edges
    place: dict[str, Any] = {"loc": "best"}
    if ax.figure.get_layout_engine():
        place = {"loc": "upper left", "bbox_to_anchor": (1 + gap, 1), "borderaxespad": 0.0}
    backs = [behind.get(text, getattr(handle, "theory", None)) for handle, text in shown]
    handles = [handle if back is None else (back, handle) for back, (handle, _) in zip(backs, shown, strict=True)]
    ax.legend(handles, [text for _, text in shown], title=title, fontsize="small", title_fontsize="small",
              handlelength=2.5, **place)


def at_the_edge(ax: Axes, x: np.ndarray, y: np.ndarray, color: Any) -> np.ndarray:
    """y for the axis of `ax`: what has no place there becomes NaN, and a triangle at the lower or upper edge."""
    zero = (y == 0) & (ax.get_yscale() == "log")
    for places, height, mark, label in ((zero, 0, "v", EDGES[0]), (np.isneginf(y), 0, "v", EDGES[1]),
                                        (np.isposinf(y), 1, "^", EDGES[2])):
        if n := int(places.sum()):
            known = label in ax.get_legend_handles_labels()[1]
            ax.plot(x[places], np.full(n, height), mark, color=color, ms=7, mfc="w", clip_on=False, zorder=4,
                    markevery=math.ceil(n / 40), transform=ax.get_xaxis_transform(), label=None if known else label)
    return np.where(zero | np.isinf(y), np.nan, y)


EDGES = "0 (below the axis)", "−∞ (below the axis)", "∞ (above the axis)"


def whole_numbers(ax: Axes) -> None:
    """Ticks of the x axis at whole numbers that were drawn: there is no layer 2.5, and no rank 0. The first has one."""
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
    """Plain numbers on a logarithmic axis of less than a decade and a half: 0.6 for 6 × 10⁻¹, and not too many."""
    from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

    low, high = axis.get_view_interval()
    if axis.get_scale() != "log" or high >= 10**1.5 * low:
        return
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)) if high > 5 * low else MaxNLocator(6, steps=[1, 2, 5, 10]))
    axis.set_major_formatter("{x:g}")
    axis.set_minor_locator(NullLocator())
