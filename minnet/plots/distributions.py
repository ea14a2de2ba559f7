"""How numbers are distributed: histograms of layers, and spectra of singular values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from minnet import checks
from minnet.plots import helpers
from minnet.plots.helpers import of_series
from minnet.plots.styles import named_styles, series_styles

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def histograms(values: Any, *, labels: Sequence[str] | None = None, xlabel: str = "value",
               bins: int | None = None, log: bool = False, offset: bool = False, ax: Axes | None = None) -> Axes:
    """Normalized histograms (area 1) of the numbers in each layer, one curve per layer.

    values: a list of arrays of any shape, one per layer, such as `layer.a` or `layer.delta`, or a dict name → array.
    bins: their number, over each layer's own range, so that a narrow layer beside a wide one is resolved, too. The
    default is √(number of values), at most 60, for layers without heavy tails; with heavy tails the bins are as narrow
    as the peak requires. The axis shows all values; ax.set_xlim shows the peak more closely. Equal values are drawn as
    a vertical line.

    - log: |value| on a logarithmic axis, with the density per factor of ten, for very different scales. Zeros cannot
      be drawn; the label says how many there are.
    - offset: the curves stand above one another, the first one lowest, each scaled to its own peak: for many layers.

    After Glorot & Bengio 2010, Figs 6 and 7. Raises TypeError or ValueError for a layer that is empty or not finite.
    """
    checks.boolean("log", log)
    checks.boolean("offset", offset)
    curves = {}
    for name, value in helpers.layers_by_name("values", values, labels).items():
        v = helpers.finite_array(f"values of {name}", value).ravel()
        if v.size == 0:
            raise ValueError(f"expected values of {name} to hold at least one number, got shape {np.shape(value)}")
        if log and (v == 0).any():
            name = f"{name} ({(v == 0).mean():.0%} are 0)"
        x, density = helpers.histogram_curve(v, bins, log=log)
        curves[name] = 10**x if log else x, density
    k, longest = len(curves), max(len(x) for x, _ in curves.values())
    ax = helpers.axes(ax, height=max(4.0, 1.5 + 0.35 * k) if offset else 4.0)
    for i, ((name, (x, density)), style) in enumerate(zip(curves.items(), series_styles(k, longest), strict=True)):
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
        helpers.log_ticks(ax.xaxis)
    else:
        ax.locator_params(axis="x", nbins=6)
    if offset:
        ax.set_yticks(range(k), list(curves))
        ax.set_ylim(-0.2, k)
    else:
        ax.set_ylabel(f"density{' per factor of ten' * log}")
        ax.set_ylim(bottom=0)
        helpers.legend(ax)
    return ax


def singular_values(values: Any, *, density: Any = None, labels: Sequence[str] | None = None,
                    bins: int | None = None, ranked: bool = False, xlabel: str = "singular value",
                    styles: Mapping[str, Any] | None = None, ax: Axes | None = None) -> Axes:
    """The singular values of one matrix or several: histograms (area 1), with a predicted density as a line.

    values: the singular values of one matrix (k,), as from np.linalg.svd(W, compute_uv=False), or a list with one such
    array per layer, or a dict name → array. A single histogram is filled; several are outlines. Equal values, such as
    those of an orthogonal matrix, are a vertical line. density: a function s → density, or a pair of arrays
    (s, density), or a dict name → either; under a name of `values` it has the same colour, and is the thick line.
    bins: their number, by default √k, at most 60. styles: name → style, as from `initializer_style`.

    ranked=True draws each value against its rank instead, on a logarithmic axis, for products of matrices, whose
    singular values span many scales. Raises TypeError or ValueError for values that are negative or not finite.
    """
    single = labels is None and not isinstance(values, dict) and not (
        isinstance(values, list | tuple) and values and np.ndim(values[0]))
    spectra = helpers.series_by_name("values", values) if single else helpers.layers_by_name("values", values, labels)
    for name, value in spectra.items():
        spectra[name] = array = helpers.finite_array(f"values{of_series(name)}", value)
        if array.ndim != 1 or array.size == 0 or array.min() < 0:
            raise ValueError(f"expected values{of_series(name)} to be singular values (k,), at least one, all ≥ 0, got "
                             f"shape {array.shape}{f' from {array.min():g}' if array.size else ''}: np.linalg.svd(W, "
                             "compute_uv=False) gives those of W")
    if checks.boolean("ranked", ranked) and density is not None:
        raise ValueError("expected density only where histograms are drawn, got one with ranked=True")
    top, most = max(values.max() for values in spectra.values()), max(map(len, spectra.values()))
    curves = {} if density is None else {
        name: helpers.density_curve(f"density{of_series(name)}", given, np.linspace(0, 1.05 * top, 501)[1:])
        for name, given in helpers.series_by_name("density", density).items()}

    ax = helpers.axes(ax)
    if ranked and top > 0:
        ax.set_yscale("log")
    several = len(spectra) > 1
    for name, style in named_styles(list(dict.fromkeys([*spectra, *curves])), most, styles).items():
        color, s = style["color"], spectra.get(name)
        if s is not None and ranked:
            rank = np.arange(1, len(s) + 1)
            y = helpers.mark_off_scale(ax, rank, np.sort(s)[::-1], color)
            ax.plot(rank, y, label=name or "measured", **style)
        elif s is not None and helpers.all_equal(s):
            ax.axvline(s[0], color=color, linestyle=style["linestyle"], label=f"{name or 'measured'} (all {s[0]:.3g})")
        elif s is not None:
            heights, edges = np.histogram(s, helpers.bin_count(s, bins), density=True)
            ax.stairs(heights, edges, fill=not several, color=color if several else (*color[:3], 0.25),
                      linestyle=style["linestyle"], linewidth=1.5, label=name or "measured")
        if name in curves:
            ax.plot(*curves[name], color=color, linestyle=style["linestyle"], linewidth=3 if several else 2, zorder=3,
                    label=helpers.theory_label(name, spectra))
    if ranked:
        ax.set(xlabel="rank", ylabel=xlabel)
        helpers.integer_ticks(ax)
        helpers.log_ticks(ax.yaxis)
    else:
        ax.set(xlabel=xlabel, ylabel="density")
        ax.set_ylim(bottom=0)
    helpers.legend(ax)
    return ax
