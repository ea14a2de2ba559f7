"""Colours, line styles and markers that can be told apart without colour.

`series_styles` numbers the series of one picture from dark to light. `initializer_style` gives an initializer the same
look in every picture. In both, styles differ in lightness, line style and marker, so they survive a grey printer and
colour blindness.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np


def series_styles(k: int, points: int = 1) -> list[dict[str, Any]]:
    """k styles, from dark to light. Each puts its markers at other ones of its `points`.

    More than twelve series have no markers, which would cover each other: there the lightness shows the order.
    """
    from matplotlib import colormaps

    shades = colormaps["viridis"](np.linspace(0, 0.78 * min(1, k / 4), k))     # its lightness rises throughout
    lines, marks = ("-", "--", "-.", (0, (1, 1)), (0, (5, 1, 1, 1, 1, 1))), "osD^vPX<>*"
    every = max(1, points // 8)
    return [{"color": tuple(shade), "linestyle": lines[i % 5], "marker": marks[i % 10], "markersize": 5 * (k <= 12),
             "markevery": (i * every // k, every)} for i, shade in enumerate(shades.tolist())]


def named_styles(names: Sequence[str], points: int = 1, styles: Mapping[str, Any] | None = None
                 ) -> dict[str, dict[str, Any]]:
    """`series_styles` by name; where `styles` has a name, its colour, line style and marker are used instead."""
    from matplotlib.colors import to_rgba

    styles = {} if styles is None else styles
    if not isinstance(styles, Mapping) or not all(isinstance(style, Mapping) for style in styles.values()):
        raise TypeError(f"expected styles to be a dict name → style, as from initializer_style, got {styles!r}")
    found = {}
    for name, style in zip(names, series_styles(len(names), points), strict=True):
        found[name] = style | styles.get(name, {})
        found[name]["color"] = to_rgba(found[name]["color"])
    return found


# The lightness (0.299 R + 0.587 G + 0.114 B) of these colours rises in even steps, from 0 to 0.72.
_FAMILIES = {                                     # (colour, marker)
    "constant": ("#000000", "x"),                 # black
    "lecun": ("#300e5f", "v"),                    # indigo
    "lsuv": ("#2a3c11", "p"),                     # olive
    "glorot": ("#0e49ae", "o"),                   # blue
    "scaled": ("#873372", "<"),                   # purple
    "orthogonal": ("#04994f", "D"),               # green
    "sparse": ("#b66327", "*"),                   # brown
    "he": ("#ff5d17", "^"),                       # orange
    "identity": ("#4cb1d2", "P"),                 # sky blue
    "fixed": ("#a7a7a7", "s"),                    # grey: the same deviation for every width
    "heuristic": ("#eeb632", "X"),                # yellow
}
_DASHES = (0, (1, 1))
_INITIALIZERS = {                                 # name: (family, line style)
    "zeros": ("constant", "-"), "ones": ("constant", "--"), "constant": ("constant", "-."),
    "normal": ("fixed", "-"), "uniform": ("fixed", "--"), "truncated_normal": ("fixed", "-."),
    "lecun_normal": ("lecun", "-"), "lecun_uniform": ("lecun", "--"), "heuristic_uniform": ("heuristic", "--"),
    "glorot_normal": ("glorot", "-"), "glorot_uniform": ("glorot", "--"),
    "he_normal": ("he", "-"), "he_uniform": ("he", "--"),
    "variance_scaling": ("scaled", "-"), "random_walk": ("scaled", "-."), "lsuv": ("lsuv", "-."),
    "orthogonal": ("orthogonal", "-."), "identity": ("identity", "-."), "looks_linear": ("identity", _DASHES),
    "sparse": ("sparse", _DASHES), "zero_hadamard": ("identity", "--"),
    "caffe_xavier": ("lecun", "-."), "mup_output": ("lecun", _DASHES), "kumar_normal": ("scaled", "--"),
    "nguyen_widrow": ("scaled", _DASHES), "siren": ("heuristic", "-."), "fixup": ("he", "-."),
    "gpt2_residual": ("fixed", _DASHES),
}


def initializer_style(init: Any) -> dict[str, Any]:
    """The colour, line style and marker of an initializer, the same in every picture.

        ax.plot(epochs, losses, label="He", **plots.initializer_style("he_normal"))
        plots.learning_curves({"He": runs}, styles={"He": plots.initializer_style(initializers.he_normal)})

    init: one of minnet's initializers, a partial of it, or its name; also "lsuv". Initializers that differ only in the
    distribution share colour and marker: normal ones have solid lines, uniform ones dashed lines.
    Raises ValueError for any other name.
    """
    while isinstance(init, partial):
        init = init.func
    name = init if isinstance(init, str) else getattr(init, "__name__", repr(init))
    if name not in _INITIALIZERS:
        raise ValueError(f"expected one of the initializers {', '.join(_INITIALIZERS)}, got {name!r}: choose the style "
                         "of your own initializer yourself")
    family, line = _INITIALIZERS[name]
    color, marker = _FAMILIES[family]
    return {"color": color, "linestyle": line, "marker": marker}
