"""Pictures: arrays in, one matplotlib Axes out.

    ax = plots.depth_profile(stds, predicted=theory, ylabel="std of $z$")        in a new figure
    plots.depth_profile(stds, ylabel="std of $z$", ax=axes[0])                   in existing axes

Every function draws into `ax`, or into a new figure without it, and returns the Axes. It never calls show() and changes
no setting of matplotlib, which is imported only when something is drawn.

curves         depth_profile: a statistic against depth; layer_curves: of each layer during training; learning_curves:
               loss or accuracy against epochs; rate_range: loss against a growing learning rate; iterated_maps:
               variance and correlation maps with their fixed points
distributions  histograms of activations, gradients, weights; singular_values and their predicted density
images         decision_boundary of a network in the plane; weight_images; heat_map of a table; phase_diagram
labels         label_lines: labels at the lines' ends instead of a legend; network_diagram
styles         initializer_style: the colour, line style and marker of an initializer, the same in every picture
helpers        checks, legends and ticks that the others share

All pictures can be read without colour: series differ in lightness (the first is darkest), line style and marker;
classes, weights and cells differ in lightness. Values without a place on an axis (0 on a logarithmic one, and infinity)
are triangles at its edge; NaN is a gap.

The legend stands beside the axes if the figure has a layout engine, as the figures made here do
(layout="constrained"), and inside the axes otherwise. ax.legend(loc=…) moves it, ax.get_legend().remove() removes it.
"""

from minnet.plots.curves import depth_profile, iterated_maps, layer_curves, learning_curves, rate_range
from minnet.plots.distributions import histograms, singular_values
from minnet.plots.images import decision_boundary, heat_map, phase_diagram, weight_images
from minnet.plots.labels import label_lines, network_diagram
from minnet.plots.styles import initializer_style

__all__ = ["decision_boundary", "depth_profile", "heat_map", "histograms", "initializer_style", "iterated_maps",
           "label_lines", "layer_curves", "learning_curves", "network_diagram", "phase_diagram", "rate_range",
           "singular_values", "weight_images"]
