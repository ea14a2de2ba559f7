"""Pictures: arrays in, one matplotlib Axes out.

    ax = plots.depth_profile(stds, predicted=theory, ylabel="std of $z$")        a figure of its own
    plots.depth_profile(stds, ylabel="std of $z$", ax=axes[0])                   into one that is there

Every function draws into `ax`, or makes a figure where none is given, and returns the Axes; nothing is shown and no
setting of matplotlib is changed. matplotlib is imported when something is drawn.

All of it can be read without colour: series differ in lightness (dark first), line style and marker; classes, weights
and cells in lightness alone. The legend stands beside the axes where the figure has a layout engine, as the figures
made here do (`layout="constrained"`), and inside where it has none; `ax.legend(loc=…)` puts it elsewhere, and
`ax.get_legend().remove()` spares a second one like it. A triangle at the edge stands for what has no place on the axis:
0 on a logarithmic one, and infinity. NaN is a gap.
"""

from minnet.plots.curves import (
    depth_profile,
    histograms,
    iterated_maps,
    layer_curves,
    learning_curves,
    singular_values,
)
from minnet.plots.images import decision_boundary, heat_map, weight_images

__all__ = ["decision_boundary", "depth_profile", "heat_map", "histograms", "iterated_maps", "layer_curves",
           "learning_curves", "singular_values", "weight_images"]
