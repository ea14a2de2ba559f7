"""Pictures of two dimensions: the classes of a plane, weights as images, a table of numbers, a phase diagram."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from minnet import checks
from minnet.plots import helpers
from minnet.plots.styles import series_styles

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def decision_boundary(net: Any, data: tuple[Any, Any], *, resolution: int = 200, names: Sequence[str] | None = None,
                      ax: Axes | None = None) -> Axes:
    """The class that a network predicts at each point of the plane: grey regions, black boundaries, and the data.

    Class 0 is the darkest. The legend shows each class's marker on the grey of its region.

    net: a function of x (n, 2) that returns outputs (n, K), whose largest is the class, or (n, 1), where > 0 is class
    1. data: a pair (x (n, 2), y (n,)) with integer labels y. resolution: grid points along each axis. names: of the K
    classes.

    Raises TypeError or ValueError if data is no such pair, or y is not in 0 … K − 1.
    """
    checks.function("net", net, "of x, such as a Network")
    x, y = checks.pair("data", data)
    x, y = checks.batch("x", x, 2, helpers.FLOAT), checks.array("y", y)
    if y.shape != (len(x),) or y.dtype.kind not in "iub":
        raise ValueError(f"expected y of shape ({len(x)},), an integer label for each row of x, got shape {y.shape} "
                         f"and dtype {y.dtype}")
    low, high = x.min(axis=0), x.max(axis=0)
    margin = np.where(high > low, 0.06 * (high - low), 0.5)
    low, high = low - margin, high + margin
    across, up = np.linspace(low, high, checks.count("resolution", resolution, least=2)).T
    grid = np.stack(np.meshgrid(across, up), axis=-1)                          # (up, across, 2)
    z = helpers.number_array("net(x)", net(grid.reshape(-1, 2)), 2)
    z = helpers.finite_array("net(x)", z).reshape(*grid.shape[:2], -1)
    z = z if z.shape[2] > 1 else np.concatenate([np.zeros_like(z), z], axis=2)
    classes = z.shape[2]
    if y.min() < 0 or y.max() >= classes:
        raise ValueError(f"expected labels in 0 … {classes - 1} for the outputs of net, got {y.min()} … {y.max()}")
    labels = [f"class {k}" for k in range(classes)] if names is None else helpers.layer_labels(names, classes)
    greys = np.linspace(0.7, 0.97, classes)

    from matplotlib.patches import Patch

    ax = helpers.axes(ax, width=6.0, height=4.5)
    ax.imshow(greys[z.argmax(axis=2)], cmap="gray", vmin=0, vmax=1, origin="lower", aspect="auto",
              extent=(low[0], high[0], low[1], high[1]), interpolation="nearest")
    for k in range(classes):
        lead = z[..., k] - np.delete(z, k, axis=2).max(axis=2)                 # > 0 where class k is predicted
        if lead.min() < 0 < lead.max():
            ax.contour(across, up, lead, levels=[0], colors="k", linewidths=1)
        style = series_styles(classes)[k]
        ax.plot(*x[y == k].T, style["marker"], color=style["color"], ms=5, mec="w", mew=0.6, label=labels[k])
    ax.set(xlabel="$x_1$", ylabel="$x_2$", xlim=(low[0], high[0]), ylim=(low[1], high[1]))
    ax.locator_params(nbins=6)
    ax.grid(False)
    helpers.legend(ax, behind={label: Patch(color=str(grey)) for label, grey in zip(labels, greys, strict=True)})
    return ax


def weight_images(W: Any, shape: tuple[int, int], *, count: int = 25, limit: float | None = None,
                  label: str = "weight", ax: Axes | None = None) -> Axes:
    """The incoming weights of units: the first `count` columns of W (fan_in, fan_out), each as an image (h, w).

    To compare several pictures, give all of them the same `limit`: by default each picture has its own scale, whose
    limit is the largest |weight| in it. Black is −limit, mid-grey 0 and white +limit for all units of a picture.

        limit = max(abs(W).max() for W in matrices)
        for W, ax in zip(matrices, axes): plots.weight_images(W, (8, 8), limit=limit, ax=ax)

    `W[:, chosen]` shows other units. Raises TypeError or ValueError if h · w is not fan_in, or W is not finite.
    """
    W = helpers.finite_array("W", W)
    if np.shape(shape) != (2,):
        raise ValueError(f"expected shape (h, w) of an image, got {shape!r}")
    h, w = (checks.count("a side of shape (h, w)", side) for side in shape)
    if W.ndim != 2 or W.shape[0] != h * w or W.shape[1] == 0:
        turned = ": is W.T meant?" if W.ndim == 2 and W.shape[1] == h * w else ""
        raise ValueError(f"expected W of shape (fan_in, fan_out) with fan_in = {h} · {w} = {h * w}, got "
                         f"{W.shape}{turned}")
    count = min(checks.count("count", count), W.shape[1])
    across = math.ceil(math.sqrt(count))
    down = math.ceil(count / across)
    largest = abs(W[:, :count]).max() or 1.0
    limit = float(largest) if limit is None else checks.number("limit", limit, above=0)
    gap = max(1, round(0.1 * min(h, w)))
    sheet = np.full((down * (h + gap) + gap, across * (w + gap) + gap), np.nan)
    corners = [(gap + i // across * (h + gap), gap + i % across * (w + gap)) for i in range(count)]
    for (top, left), column in zip(corners, W.T, strict=False):
        sheet[top:top + h, left:left + w] = column.reshape(h, w)

    from matplotlib.patches import Rectangle

    ax = helpers.axes(ax, width=5.5, height=0.4 + 4.5 * sheet.shape[0] / sheet.shape[1])
    picture = ax.imshow(sheet, cmap="gray", vmin=-limit, vmax=limit, interpolation="nearest")
    for top, left in corners:
        ax.add_patch(Rectangle((left - 0.5, top - 0.5), w, h, fill=False, edgecolor="0.3", linewidth=0.5))
    units = f"units 1–{count}" if count > 1 else "unit 1"
    ax.set(xticks=[], yticks=[], xlabel=f"incoming weights of {units} of {W.shape[1]}, row by row")
    ax.spines[:].set_visible(False)
    ax.figure.colorbar(picture, ax=ax, label=label, shrink=0.8, extend="neither" if limit >= largest else "both")
    return ax


def heat_map(values: Any, rows: Sequence[Any], columns: Sequence[Any], *, xlabel: str, ylabel: str, label: str,
             annotate: bool = True, log: bool = False, ax: Axes | None = None) -> Axes:
    """A table of numbers as coloured cells: values (r, c) with r row names and c column names, the first row on top.

    Light cells are large. Values without a place on the scale (NaN, ±∞, and 0 if log) are hatched cells, explained in
    the legend below. log: the lightness follows the logarithm. label: the name of the quantity. annotate: write the
    numbers into the cells, with three digits.

    Raises TypeError or ValueError if names and shape do not agree, and for values < 0 with log=True.
    """
    for name, names in (("rows", rows), ("columns", columns)):
        if not isinstance(names, Sequence | np.ndarray):
            raise TypeError(f"expected {name} to be a list of names, got {names!r}")
    table = helpers.number_array("values (rows, columns)", values, 2)
    if table.shape != (len(rows), len(columns)):
        raise ValueError(f"expected values of shape ({len(rows)}, {len(columns)}), a number for each row and column "
                         f"named, got {table.shape}")
    log, annotate = helpers.use_log_scale(log, [table]), checks.boolean("annotate", annotate)
    inside = np.where(np.isfinite(table) & ((table > 0) | (not log)), table, np.nan)
    finite = inside[~np.isnan(inside)]
    low, high = (finite.min(), finite.max()) if finite.size else (1.0, 1.0)
    if low == high:                                                            # a scale needs two ends
        low, high = (low / 2, high * 2) if log else (low - 0.5, high + 0.5)

    outside = {"no value": np.isnan(table), "0": (table == 0) & log, "−∞": table == -math.inf, "∞": table == math.inf}

    from matplotlib.colors import LogNorm, Normalize
    from matplotlib.patches import Patch, Rectangle
    from matplotlib.transforms import ScaledTranslation

    ax = helpers.axes(ax, width=min(12.0, 2.5 + 0.8 * len(columns)), height=min(9.0, 1.5 + 0.45 * len(rows)))
    norm = LogNorm(low, high) if log else Normalize(low, high)
    picture = ax.imshow(inside, cmap="viridis", norm=norm, aspect="auto")
    handles = []
    for (name, cells), hatch in zip(outside.items(), ("////", "....", "ooo", "xxxx"), strict=True):
        style: dict[str, Any] = {"fill": False, "hatch": hatch, "edgecolor": "0.6", "linewidth": 0}
        for i, j in np.argwhere(cells).tolist():
            ax.add_patch(Rectangle((j - 0.5, i - 0.5), 1, 1, **style))
        handles += [Patch(label=name, **style)] * bool(cells.any())
    if handles:                                                                # below the label of the x axis
        below = ax.transAxes + ScaledTranslation(0, -0.5, ax.figure.dpi_scale_trans)
        ax.legend(handles=handles, loc="upper left", bbox_to_anchor=(0, 0), bbox_transform=below, borderaxespad=0.0,
                  ncols=4, fontsize="small", frameon=False)
    for (i, j), value in np.ndenumerate(inside):
        red, green, blue, _ = picture.cmap(norm(value))
        if annotate and np.isfinite(value):
            ax.text(j, i, f"{value:.3g}", ha="center", va="center", fontsize="small",
                    color="k" if 0.299 * red + 0.587 * green + 0.114 * blue > 0.5 else "w")
    for axis, names, most in ((ax.xaxis, columns, 16), (ax.yaxis, rows, 24)):
        shown = range(0, len(names), math.ceil(len(names) / most))             # all names, or every second, third, …
        axis.set_ticks(shown, [f"{names[i]:g}" if isinstance(names[i], float) else str(names[i]) for i in shown])
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.grid(False)
    if finite.size:
        ax.figure.colorbar(picture, ax=ax, label=label)
    return ax


def phase_diagram(diagram: Any, *, ax: Axes | None = None) -> Axes:
    """The phases over σ_w² and σ_b², from `theory.phase_diagram`: dark where inputs become different, white alike.

    The shade is c*, the correlation of two inputs after many layers. The thick line is the edge of chaos, χ = 1 (for a
    scale-free activation it is a point, σ_b² = 0); thin lines have other factors χ on the gradient's variance. Where
    the variance of z grows without limit, the plane is hatched.
    Raises TypeError for anything but a PhaseDiagram, ValueError for one with a single row or column.
    """
    if not hasattr(diagram, "phase"):
        raise TypeError(f"expected what theory.phase_diagram(activation) returns, got {type(diagram).__name__}")
    x, y, chi = diagram.weight_var, diagram.bias_var, np.ma.masked_invalid(diagram.chi)
    if min(len(x), len(y)) < 2:
        raise ValueError(f"expected a diagram with at least 2 values of each variance, got {len(x)} and {len(y)}")

    ax = helpers.axes(ax, width=6.5, height=4.2)
    picture = ax.pcolormesh(x, y, np.nan_to_num(diagram.c, nan=1.0), cmap="gray", vmin=-0.3, vmax=1, shading="gouraud")
    unbounded = diagram.phase == "unbounded"
    if unbounded.any():
        ax.contourf(x, y, unbounded.astype(float), levels=[0.5, 1.5], colors="none", hatches=["///"])
    if levels := [level for level in (0.25, 0.5, 0.75, 1.25, 1.5, 2.0, 3.0) if chi.min() < level < chi.max()]:
        ax.clabel(ax.contour(x, y, chi, levels=levels, colors="0.4", linewidths=0.8), fmt="χ = %g", fontsize="small")
    across, up = diagram.line
    ax.plot(across, up, color="k", linewidth=3, marker="o" if np.allclose(up, 0) else "", zorder=3)
    box: dict[str, Any] = {"ha": "center", "va": "center", "weight": "bold", "zorder": 4,
                           "bbox": {"facecolor": "w", "edgecolor": "none", "alpha": 0.8, "pad": 1}}
    if len(up):                                                                # the line's name in its middle
        k = int(abs(up - 0.45 * y[-1]).argmin())
        ax.text(across[k], max(up[k], 0.05 * y[-1]), "χ = 1", fontsize="small", **box)
    height = int(abs(y - 0.8 * y[-1]).argmin())                                # the phases' names near the top
    for phase, text in (("ordered", "ordered"), ("chaotic", "chaotic"), ("unbounded", "variance grows\nwithout limit")):
        columns = x[diagram.phase[height] == phase]
        if len(columns) > len(x) / 8:
            ax.text((columns[0] + columns[-1]) / 2, y[height], text, **box)
    ax.set(xlim=(x[0], x[-1]), ylim=(min(0, y[0]) - 0.015 * (y[-1] - y[0]), y[-1]),
           xlabel="$\\sigma_w^2$, variance of the weights times fan_in", ylabel="$\\sigma_b^2$, variance of the biases")
    ax.grid(False)
    ax.figure.colorbar(picture, ax=ax, label="$c^*$, correlation of two inputs", boundaries=np.linspace(0, 1, 101),
                       ticks=[0, 0.25, 0.5, 0.75, 1])
    return ax
