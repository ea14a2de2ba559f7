"""What the pictures show: the numbers in their lines, bars, bands and cells; and that they leave everything else alone.

Seeds are 0. Every test runs under `untouched`: no setting of matplotlib changes, nothing is shown, no figure is left.
"""

import math
import subprocess
import sys
from itertools import pairwise

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from minnet import (
    Diverged,
    History,
    activations,
    datasets,
    fit,
    initializers,
    losses,
    mlp,
    optimizers,
    plots,
    theory,
    train,
)
from minnet.diagnostics import RateRange
from minnet.plots import helpers
from minnet.plots.styles import series_styles
from tests.conftest import batch

NAN, INF = math.nan, math.inf
RNG = np.random.default_rng


@pytest.fixture(autouse=True, scope="module")
def agg():
    """A canvas without windows, for this module only."""
    before = matplotlib.get_backend()
    plt.switch_backend("agg")
    yield
    plt.switch_backend(before)


@pytest.fixture(autouse=True)
def untouched(monkeypatch):
    """No picture may change a setting, show itself or need a current figure; the figures that are made are closed."""
    settings = dict(matplotlib.rcParams)
    monkeypatch.setattr(plt, "show", lambda *a, **k: pytest.fail("a picture was shown"))
    assert plt.get_fignums() == []
    yield
    plt.close("all")
    assert dict(matplotlib.rcParams) == settings


def history(seed=0, epochs=4, rate=0.1, validation=True):
    x, y = batch(40)
    net = mlp([3, 5, 4], activation=activations.tanh, init=initializers.glorot_uniform, rng=seed)
    return fit(net, (x, y), loss=losses.softmax_cross_entropy, optimizer=optimizers.SGD(learning_rate=rate),
               epochs=epochs, batch_size=8, rng=seed, validation=(x, y) if validation else None, progress=False)


def halves(x):
    """A network of one's own: class 1 where x₁ > 0."""
    return np.stack([-x[:, 0], x[:, 0]], axis=1)


POINTS = np.array([[-1.0, 0.0], [-2, 1], [1, 0], [2, 2]]), np.array([0, 0, 1, 1])
NAMES = {"xlabel": "width", "ylabel": "depth", "label": "loss"}

def range_test(start):
    """A range test of five steps; the loss is lowest at rate 1e-3, or falls to 0 where it starts there."""
    losses = start * np.array([1, 0.9, 0.5, 0.2, 1])
    return RateRange(10.0 ** np.arange(-6, -1), losses, losses, True)


# Every function once, with all that it can draw.
_CHI = np.tile([0.5, 0.9, 1.2, NAN], (6, 1))
PHASES = theory.PhaseDiagram(                       # columns: two ordered, one chaotic, one without a limit
    activations.tanh, np.array([0.5, 1.5, 2.5, 4.0]), np.linspace(0, 0.5, 6), np.where(np.isnan(_CHI), INF, 1.0),
    np.where(np.isnan(_CHI), NAN, np.where(_CHI > 1, 0.3, 1.0)), _CHI,
    np.tile(["ordered", "ordered", "chaotic", "unbounded"], (6, 1)), (np.array([1.0, 2.0]), np.array([0.0, 0.5])))

PICTURES = {
    "histograms": lambda ax=None: plots.histograms([RNG(0).normal(size=99), np.ones(3)], ax=ax),
    "histograms log": lambda ax=None: plots.histograms({"a": RNG(0).normal(size=99), "0": [0.0]}, log=True, ax=ax),
    "histograms offset": lambda ax=None: plots.histograms([RNG(0).normal(size=99), [0.0]], offset=True, ax=ax),
    "histograms offset log": lambda ax=None: plots.histograms([RNG(0).normal(size=99), [0.0]], offset=True, log=True,
                                                              ax=ax),
    "depth_profile": lambda ax=None: plots.depth_profile(
        {"a": [[1, 2, 0], [2, INF, 0], [3, 3, 1]], "b": [NAN, 1, 2]}, predicted={"a": [1, 2, 3], "c": [3, 2, 1]},
        spread={"a": [0.1, 0.2, 5], "c": [[2, 1, 0], [4, 3, 2]]}, ylabel="std of $z$", ax=ax),
    "layer_curves": lambda ax=None: plots.layer_curves(RNG(0).random((30, 4)), spread=np.full((30, 4), 0.1),
                                                       points=RNG(1).random((30, 4)), ylabel="mean of $a$", ax=ax),
    "singular_values": lambda ax=None: plots.singular_values(
        {"a": RNG(0).random(50), "b": np.ones(4)}, ax=ax,
        density={"a": lambda s: 1.0 * (s < 1), "c": ([0, 1], [1, INF])}),
    "singular_values ranked": lambda ax=None: plots.singular_values([[3, 1e-9, 0], [2, 1]], ranked=True, ax=ax),
    "learning_curves": lambda ax=None: plots.learning_curves({"a": [history(0), history(1, 2)], "b": [[1.0, 0, INF]]},
                                                             log=True, ax=ax),
    "rate_range": lambda ax=None: plots.rate_range({"a": range_test(0.5), "b": range_test(0)}, ax=ax),
    "decision_boundary": lambda ax=None: plots.decision_boundary(halves, POINTS, resolution=20, ax=ax),
    "weight_images": lambda ax=None: plots.weight_images(RNG(0).normal(size=(6, 5)), (2, 3), limit=1, ax=ax),
    "iterated_maps": lambda ax=None: plots.iterated_maps({"a": lambda q: q / 2, "b": math.sqrt}, stop=2, start=1.5,
                                                         fixed_points={"a": 0, "b": [0, 1]}, ax=ax),
    "heat_map": lambda ax=None: plots.heat_map([[0, 1, NAN], [10, INF, 2]], ["a", "b"], [0.1, 2, 1e-5], log=True,
                                               **NAMES, ax=ax),
    "phase_diagram": lambda ax=None: plots.phase_diagram(PHASES, ax=ax),
}
every_picture = pytest.mark.parametrize("draw", PICTURES.values(), ids=PICTURES)


def line(ax, label):
    """(x, y) of the one line with this label."""
    found, = (line for line in ax.get_lines() if line.get_label() == label)
    return np.asarray(found.get_xdata(), float), np.asarray(found.get_ydata(), float)


def entries(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def band(ax, which=-1):
    """The corners of a filled band."""
    return ax.collections[which].get_paths()[0].vertices


def rendered(ax):
    """Draw it for good: layout and text are computed only then, and some warnings come only then."""
    figure = ax.figure.figure                                 # of a subfigure too
    figure.draw_without_rendering()
    return figure


def plain():
    """Axes without a layout engine, which are the quickest to render."""
    return Figure().subplots()


# What holds for all ----------------------------------------------------------------------------------------------

def test_the_table_holds_every_picture():
    others = {"initializer_style", "label_lines", "network_diagram"}
    assert {name.split()[0] for name in PICTURES} == set(plots.__all__) - others


@every_picture
def test_it_makes_one_figure_and_returns_its_axes(draw):
    ax = draw()
    assert plt.get_fignums() == [1]
    assert ax.figure is plt.figure(1)
    assert ax.get_xlabel()
    assert ax.get_ylabel() or ax.get_yticklabels() or not len(ax.get_yticks())      # names of layers, or images
    rendered(ax)


@every_picture
def test_it_draws_into_the_axes_given_and_nowhere_else(draw):
    figure = Figure(layout="constrained")                      # one that pyplot does not know
    left, right = figure.subplots(1, 2)
    figure.sca(right)
    other = plt.figure()
    assert draw(left) is left
    assert plt.get_fignums() == [other.number]
    assert plt.gcf() is other
    assert other.axes == []
    assert figure.gca() is right
    assert not right.has_data()


@every_picture
def test_it_draws_into_a_subfigure_and_without_a_layout(draw):
    rendered(draw(Figure(figsize=(9, 4)).subfigures(1, 2)[1].subplots()))


@every_picture
def test_two_beside_each_other_keep_their_room(draw):
    """What is measured for the layout must be where it is seen: markers of a legend are not at the origin."""
    figure = Figure(figsize=(10, 4), layout="constrained")
    for ax in figure.subplots(1, 2):
        draw(ax)
    rendered(ax)
    assert min(ax.get_position().width for ax in figure.axes[:2]) > 0.2


def test_what_is_drawn_stays_as_it_was():
    table, names = np.array([[3.0, 0], [1, INF]]), {"a": np.array([2.0, 0, 1])}
    before = table.copy()
    table.flags.writeable = names["a"].flags.writeable = False
    for log in (False, True):
        plots.depth_profile({"a": table, "b": table[0]}, predicted={"a": table[0]}, ylabel="std", log=log)
        plots.layer_curves(table, spread=table, ylabel="share", log=log)
        plots.learning_curves(table, log=log)
        plots.heat_map(table, "ab", "cd", log=log, **NAMES)
        plots.histograms(names, log=log)
        plots.singular_values(names, ranked=log)
        plt.close("all")
    np.testing.assert_array_equal(table, before)
    assert isinstance(names["a"], np.ndarray)                 # the dict of the caller too


def test_matplotlib_is_imported_only_to_draw():
    code = "import sys, minnet.plots; print([name for name in sys.modules if name.startswith('matplotlib')])"
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("k", [1, 2, 3, 5, 10, 12, 30])
def test_styles_can_be_told_apart_in_grey(k):
    styles = series_styles(k, 100)
    light = [0.299 * r + 0.587 * g + 0.114 * b for r, g, b, _ in (style["color"] for style in styles)]
    assert (np.diff(light) > 0).all()                                              # dark first
    assert light[-1] < 0.72                                                        # and dark enough on white
    if k <= 10:
        assert len({style["marker"] for style in styles}) == k
        assert len({style["markevery"] for style in styles}) == k                  # no marker covers another
    for a, b in pairwise(styles):
        assert a["linestyle"] != b["linestyle"]
    assert (styles[0]["markersize"] > 0) == (k <= 12)


def test_the_legend_stands_beside_the_axes_where_there_is_room():
    ax = plots.histograms([[1, 2, 3], [2, 3, 4]])
    figure = rendered(ax)
    place, axes = ax.get_legend().get_window_extent(), ax.get_window_extent()
    assert place.x0 >= axes.x1                                                     # it covers nothing
    assert place.x1 <= figure.bbox.x1 + 0.5                                        # and is not cut off
    inside = plain()
    plots.histograms([[1, 2, 3], [2, 3, 4]], ax=inside)
    rendered(inside)
    assert inside.get_legend().get_window_extent().x1 <= inside.get_window_extent().x1


def test_of_many_layers_the_legend_names_some_of_many_names_all():
    ax = plots.layer_curves(RNG(0).random((3, 30)), ylabel="share")
    assert entries(ax) == [f"layer {i}" for i in (*range(1, 30, 3), 30)]
    ax = plots.learning_curves({f"run {i}": [1, 2] for i in range(20)})
    assert entries(ax) == [f"run {i}" for i in range(20)]


# Histograms ------------------------------------------------------------------------------------------------------

def test_histogram_is_the_polygon_through_the_bins():
    ax = plots.histograms([[0, 0, 0, 1]], bins=2, xlabel="activation")
    x, y = line(ax, "layer 1")
    np.testing.assert_allclose(x, [-0.25, 0.25, 0.75, 1.25])
    np.testing.assert_allclose(y, [0, 1.5, 0.5, 0])
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_ylim()[0]) == ("activation", "density", 0)


def test_histograms_have_area_1_and_their_own_bins():
    """A layer 10⁶ times narrower has as many bins as the wide one."""
    layers = {"wide": RNG(0).normal(size=(300, 20)), "narrow": 1e-6 * RNG(1).normal(size=(300, 20))}
    ax = plots.histograms(layers)
    for name, values in layers.items():
        x, y = line(ax, name)
        assert len(x) == 60 + 2
        assert np.trapezoid(y, x) == pytest.approx(1, rel=1e-12)
        half = (x[1] - x[0]) / 2
        np.testing.assert_allclose([x[0] + half, x[-1] - half], [values.min(), values.max()], rtol=1e-9)


def test_the_number_of_bins():
    assert len(line(plots.histograms([np.arange(25.0)]), "layer 1")[0]) == 5 + 2
    assert len(line(plots.histograms([np.arange(25.0)], bins=7), "layer 1")[0]) == 7 + 2


def test_heavy_tails_leave_the_peak_its_bins():
    """A tail 100 times as far out as the quartiles: the peak keeps 60 bins in 8 interquartile ranges."""
    v = np.concatenate([RNG(0).laplace(size=5000), [-60, 60]])
    for offset in (False, True):
        x, y = line(plots.histograms([v], offset=offset), "layer 1")
        quartiles = np.quantile(v, [0.25, 0.75])
        assert x[1] - x[0] == pytest.approx(8 * np.ptp(quartiles) / 60, rel=0.01)
        assert [x[0], x[-1]] == pytest.approx([-60, 60], abs=1)                    # and all of the tails is there
        if not offset:
            assert np.trapezoid(y, x) == pytest.approx(1, rel=1e-12)
            assert y.max() == pytest.approx(0.5, rel=0.15)                         # the density at 0
    assert len(line(plots.histograms([v], bins=30), "layer 1")[0]) == 30 + 2       # bins that are given stay


@pytest.mark.parametrize(("v", "bins"), [
    (np.maximum(RNG(0).normal(size=5000) - 0.5, 0), 60),                           # 69% are 0: no heavy tail
    (np.append(RNG(0).standard_cauchy(size=5000), 1e9), 6000),                     # at most a hundred times as many
    (np.append(np.ones(99), 5.0), 10), (np.append(1e-300 * RNG(0).normal(size=99), 1.0), 1000)],
    ids=["relu", "cauchy", "equal quartiles", "tiny quartiles"])
def test_the_number_of_bins_of_uncommon_values(v, bins):
    assert len(line(plots.histograms([v]), "layer 1")[0]) == bins + 2


def test_histogram_of_magnitudes():
    ax = plots.histograms([[0.0, 1e-3, -1e-3, 1e-3, 0.1], np.zeros(3)], bins=2, log=True, xlabel="gradient")
    x, y = line(ax, "layer 1 (20% are 0)")
    np.testing.assert_allclose(x, 10.0 ** np.array([-3.5, -2.5, -1.5, -0.5]))      # bins [-3, -2] and [-2, -1]
    np.testing.assert_allclose(y, [0, 0.75, 0.25, 0])
    assert len(line(ax, "layer 2 (100% are 0)")[0]) == 0
    assert (ax.get_xscale(), ax.get_xlabel()) == ("log", "|gradient|")
    assert ax.get_ylabel() == "density per factor of ten"


def test_histograms_one_above_another():
    ax = plots.histograms([RNG(0).normal(size=400), 1e-3 * RNG(1).normal(size=400), np.full(3, 0.5)], offset=True)
    for i in range(3):
        y = line(ax, f"layer {i + 1}")[1]
        assert (y.min(), y.max()) == pytest.approx((i, i + 0.9))
        assert band(ax, i)[:, 1].min() == i
    assert [text.get_text() for text in ax.get_yticklabels()] == ["layer 1", "layer 2", "layer 3"]
    assert ax.get_legend() is None


@pytest.mark.parametrize("value", [0.0, 1.0, -3.5])
def test_equal_values_are_a_vertical_line(value):
    ax = plots.histograms([np.full(9, value, np.float32), [1, 2, 3]], labels=["equal", "other"], ax=plain())
    np.testing.assert_array_equal(line(ax, "equal")[0], [value, value])
    rendered(ax)


@pytest.mark.parametrize("scale", [1e-320, 1e-200, 1e-90, 1e90])
def test_gradients_that_vanished_can_be_drawn(scale):
    values = scale * np.arange(10.0)
    rendered(plots.histograms([values], ax=plain()))
    ax = plots.histograms([values], log=True, ax=plain())
    rendered(ax)
    assert np.trapezoid(*line(ax, "layer 1 (10% are 0)")[::-1]) > 0


# Depth -----------------------------------------------------------------------------------------------------------

SEEDS = np.array([[1.0, 2, 4, 8], [2, 3, 5, 1], [9, 4, 6, 3]])


def bars(ax):
    """(layers, lower ends, upper ends) of the bars over the seeds."""
    found, = (line for line in ax.get_lines() if np.isnan(np.asarray(line.get_ydata(), float)).sum() * 3
              == len(line.get_ydata()) > 3)
    low, high, _ = np.reshape(found.get_ydata(), (-1, 3)).T
    return np.asarray(found.get_xdata())[::3], low, high


def test_measured_and_predicted():
    ax = plots.depth_profile([4, 2, 1], predicted=[4, 2.5, 1], spread=[0.5, 0.25, 0.75], ylabel="std of $z$")
    for got, wanted in ((line(ax, "measured"), ([1, 2, 3], [4, 2, 1])), (line(ax, "theory"), ([1, 2, 3], [4, 2.5, 1]))):
        np.testing.assert_array_equal(got, wanted)
    corners = {tuple(corner) for corner in band(ax).tolist()}
    assert corners == {(1, 3.5), (2, 2.25), (3, 0.25), (1, 4.5), (2, 2.75), (3, 1.75)}
    assert (ax.get_yscale(), ax.get_ylabel(), ax.get_xlabel()) == ("log", "std of $z$", "layer")
    assert entries(ax) == ["measured", "theory"]
    markers = {line.get_label(): (line.get_marker(), line.get_linestyle()) for line in ax.get_lines()}
    assert markers == {"measured": ("o", "None"), "theory": ("None", "-")}
    above = {line.get_label(): line.get_zorder() for line in ax.get_lines()}
    assert above["theory"] > above["measured"]


@pytest.mark.parametrize(("which", "low", "high"), [("range", [1, 2, 4, 1], [9, 4, 6, 8]),
                                                    ("quartiles", [1.5, 2.5, 4.5, 2], [5.5, 3.5, 5.5, 5.5])])
def test_median_and_bars_over_seeds(which, low, high):
    ax = plots.depth_profile(SEEDS, ylabel="std", band=which, first=0)
    np.testing.assert_array_equal(line(ax, "measured (n = 3)"), ([0, 1, 2, 3], [2, 3, 5, 3]))
    np.testing.assert_array_equal(bars(ax), ([0, 1, 2, 3], low, high))
    assert ax.get_legend().get_title().get_text() == f"median, {which} over seeds"


def test_spread_as_two_edges():
    ax = plots.depth_profile([1, 1], predicted=[1, 1], spread=[[0.5, 0.25], [2, 4]], ylabel="std")
    assert {tuple(corner) for corner in band(ax).tolist()} == {(1, 0.5), (2, 0.25), (1, 2), (2, 4)}


def test_series_by_name_share_colour_and_entry_with_their_theory():
    ax = plots.depth_profile({"he": SEEDS, "lecun": [1, 0.5]}, ylabel="std",
                             predicted={"lecun": [1, 0.75], "paper": [1, 2, 3, 4]})
    assert entries(ax) == ["he (n = 3)", "lecun", "paper"]
    assert ax.get_legend().get_title().get_text() == "median, range over seeds\nlines: theory"
    color = {line.get_label(): line.get_color() for line in ax.get_lines()}
    assert len({color["he (n = 3)"], color["lecun"], color["paper"]}) == 3
    predicted, = (line for line in ax.get_lines() if list(line.get_ydata()) == [1, 0.75])
    assert predicted.get_color() == color["lecun"]
    shown = [(handle.get_color(), handle.get_marker()) for handle in ax.get_legend().findobj(Line2D)]
    assert shown == [(color["he (n = 3)"], "o"), (color["lecun"], "None"), (color["lecun"], "s"),
                     (color["paper"], "None")]


def test_a_second_profile_in_the_same_axes_keeps_the_lines_of_the_first():
    ax = plots.depth_profile({"a": [1, 2]}, predicted={"a": [1, 2.5]}, ylabel="std")
    plots.depth_profile({"b": [2, 3]}, ylabel="std", ax=ax)
    assert entries(ax) == ["a", "b"]
    assert ax.get_legend().get_title().get_text() == "lines: theory"
    assert [line.get_marker() for line in ax.get_legend().findobj(Line2D)] == ["None", "o", "o"]


def test_one_series_has_two_entries():
    ax = plots.depth_profile([1, 2], predicted=[1, 3], ylabel="std")
    assert entries(ax) == ["measured", "theory"]
    assert ax.get_legend().get_title().get_text() == ""


def test_what_has_no_place_on_the_axis_is_a_triangle_at_its_edge():
    ax = plots.depth_profile({"dies": [1, 0.1, 0, 0], "overflows": [1, 10, INF, 2]}, ylabel="std")
    np.testing.assert_array_equal(line(ax, "0 (below the axis)"), ([3, 4], [0, 0]))
    np.testing.assert_array_equal(line(ax, "∞ (above the axis)"), ([3], [1]))
    assert entries(ax) == ["dies", "overflows", "0 (below the axis)", "∞ (above the axis)"]
    np.testing.assert_array_equal(line(ax, "dies")[1], [1, 0.1, NAN, NAN])
    edge, = (line for line in ax.get_lines() if line.get_label() == "0 (below the axis)")
    assert edge.get_transform() == ax.get_xaxis_transform()
    assert ax.get_ylim()[0] > 0.01                            # a 0 has not stretched the axis
    ax = plots.depth_profile([0, -1, -INF], ylabel="ln std", log=False)
    np.testing.assert_array_equal(line(ax, "−∞ (below the axis)"), ([3], [0]))
    np.testing.assert_array_equal(line(ax, "measured")[1], [0, -1, NAN])


def test_bars_of_seeds_that_die_or_overflow():
    ax = plots.depth_profile([[1, 0, INF], [2, 3, 4], [3, 4, 5], [NAN, NAN, NAN]], ylabel="std")
    np.testing.assert_array_equal(line(ax, "measured (n = 4)")[1], [2, 3, 5])
    np.testing.assert_array_equal(bars(ax), ([1, 2, 3], [1, 0, 4], [3, 4, 5]))     # the triangle is the other end
    assert {"0 (below the axis)", "∞ (above the axis)"} <= set(entries(ax))
    assert 0.5 < ax.get_ylim()[0] < 1                         # a bar down to 0 has not stretched the axis either
    rendered(ax)


def test_a_layer_without_values_does_not_pull_the_axis_to_zero():
    ax = plots.depth_profile([[100, NAN, 101], [102, NAN, 103]], ylabel="std", log=False)
    assert ax.get_ylim()[0] > 90


def test_lower_edge_of_a_band_below_zero_on_a_log_axis():
    ax = plots.depth_profile([1, 1], predicted=[1, 1], spread=[0.5, 2], ylabel="std")
    rendered(ax)
    assert ax.get_ylim()[0] > 1e-3


@pytest.mark.parametrize("values", [[0.0, 0, 0], [NAN, NAN], [1.0], [[1.0]], [[1.0, 2]], [5.0, 5, 5]], ids=str)
def test_degenerate_profiles(values):
    ax = plots.depth_profile(values, ylabel="std", ax=plain())
    rendered(ax)
    assert entries(ax)[0] == "measured"
    assert ax.get_yscale() == ("log" if np.nansum(values) > 0 else "linear")
    assert all(tick == int(tick) for tick in ax.get_xticks() if ax.get_xlim()[0] <= tick <= ax.get_xlim()[1])


def test_a_thousand_layers():
    values = np.exp(RNG(0).normal(size=(5, 1000)))
    ax = plots.depth_profile(values, predicted=np.ones(1000), ylabel="std", ax=plain())
    marked, = (line for line in ax.get_lines() if line.get_label() == "measured (n = 5)")
    np.testing.assert_array_equal(marked.get_ydata(), np.median(values, axis=0))   # all of it is there, as a line,
    assert marked.get_linestyle() == "-"
    assert len(bars(ax)[0]) <= 60                                                  # with markers and bars at some
    assert marked.get_markevery() == bars(ax)[0][1] - 1
    rendered(ax)


@pytest.mark.parametrize("share", [0, 0.25, 0.5, 1])
def test_quantiles_are_numpys(share):
    for n in range(1, 8):
        values = np.sort(RNG(n).normal(size=n)).tolist()
        assert helpers._quantile(values, share) == pytest.approx(np.quantile(values, share), rel=1e-14, abs=1e-14)


# Layers while they learn -----------------------------------------------------------------------------------------

def test_layer_curves():
    values, spread = RNG(0).random((40, 3)), RNG(1).random((40, 3))
    ax = plots.layer_curves(values, spread=spread, points=values + 2, ylabel="mean", labels=["a", "b", "c"])
    starts = set()
    for i, name in enumerate("abc"):
        np.testing.assert_array_equal(line(ax, name), (np.arange(1, 41), values[:, i]))
        segments = np.array(ax.collections[i].get_segments())                      # (bars, ends, x and y)
        at = segments[:, 0, 0].astype(int) - 1
        np.testing.assert_array_equal(segments[:, 0, 0], segments[:, 1, 0])
        np.testing.assert_allclose(segments[:, :, 1], np.stack([values[at, i] - spread[at, i],
                                                                values[at, i] + spread[at, i]], axis=1))
        alone, = (line for line in ax.get_lines() if line.get_linestyle() == "None" and line.get_marker() == "osD"[i])
        np.testing.assert_array_equal((alone.get_xdata(), alone.get_ydata()), (at + 1, values[at, i] + 2))
        starts.add(at[0])
        assert 5 <= len(at) <= 10
    assert len(starts) == 3                                                        # bars do not cover each other
    assert entries(ax) == ["a", "b", "c"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("epoch", "mean")


def test_layer_curves_at_given_epochs():
    np.testing.assert_array_equal(line(plots.layer_curves([[1], [2]], epochs=[0, 10], ylabel="share"), "layer 1"),
                                  ([0, 10], [1, 2]))


@pytest.mark.parametrize("values", [[[0.1]], [[0.0, 0.0]], [[NAN], [NAN]], [[1.0, INF], [2, 0]]], ids=str)
@pytest.mark.parametrize("log", [False, True])
def test_degenerate_layer_curves(values, log):
    rendered(plots.layer_curves(values, spread=np.ones_like(values), ylabel="share", log=log, ax=plain()))


# Singular values -------------------------------------------------------------------------------------------------

def test_singular_values_and_their_density():
    ax = plots.singular_values([0.5, 1, 1, 2.5], bins=2, density=lambda s: 2 * s)
    steps, = ax.patches
    np.testing.assert_allclose(steps.get_data().edges, [0.5, 1.5, 2.5])
    np.testing.assert_allclose(steps.get_data().values, [0.75, 0.25])
    s, density = line(ax, "theory")
    np.testing.assert_array_equal(density, 2 * s)
    assert 0 < s[0] < 0.01                                    # from near 0 beyond the largest
    assert 2.5 < s[-1] < 2.7
    assert entries(ax) == ["measured", "theory"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("singular value", "density")


def test_densities_by_name_and_as_arrays():
    ax = plots.singular_values({"a": [1, 2], "b": [2, 4]},
                               density={"b": ([1, 2, 3], [INF, 0.5, 0]), "limit": np.ones_like})
    np.testing.assert_array_equal(line(ax, "b, theory"), ([1, 2, 3], [NAN, 0.5, 0]))
    assert entries(ax) == ["a", "b", "b, theory", "limit"]
    assert [patch.get_fill() for patch in ax.patches] == [False, False]            # outlines, one behind the other


def test_one_histogram_of_singular_values_is_filled_several_are_told_apart():
    (only,) = plots.singular_values(np.arange(9.0)).patches
    assert only.get_fill()
    three = plots.singular_values({name: RNG(0).random(50) * k for k, name in enumerate("abc", start=1)}).patches
    assert not any(patch.get_fill() for patch in three)
    assert len({patch.get_linestyle() for patch in three}) == 3
    light = [patch.get_edgecolor()[:3] @ np.array([0.299, 0.587, 0.114]) for patch in three]
    assert (np.diff(light) > 0.1).all()


def test_an_orthogonal_matrix_is_a_line():
    q = np.linalg.qr(RNG(0).normal(size=(64, 64)))[0]
    for dtype in (np.float64, np.float32):
        ax = plots.singular_values(np.linalg.svd(q.astype(dtype), compute_uv=False))
        np.testing.assert_allclose(line(ax, "measured (all 1)")[0], [1, 1], rtol=1e-5)


def test_ranked_singular_values():
    ax = plots.singular_values([[1e-6, 3, 0], [2, 1]], ranked=True, xlabel="$s$ of the product")
    np.testing.assert_array_equal(line(ax, "layer 1"), ([1, 2, 3], [3, 1e-6, NAN]))
    np.testing.assert_array_equal(line(ax, "layer 2"), ([1, 2], [2, 1]))
    np.testing.assert_array_equal(line(ax, "0 (below the axis)"), ([3], [0]))
    assert (ax.get_yscale(), ax.get_xlabel(), ax.get_ylabel()) == ("log", "rank", "$s$ of the product")
    assert plots.singular_values(np.zeros(3), ranked=True).get_yscale() == "linear"


@pytest.mark.parametrize("values", [[0.0], [0.0, 0], [1.0], [[1.0], [1e-9, 5]]], ids=str)
@pytest.mark.parametrize("ranked", [False, True])
def test_degenerate_spectra(values, ranked):
    rendered(plots.singular_values(values, ranked=ranked, density=None if ranked else np.ones_like, ax=plain()))


# Learning --------------------------------------------------------------------------------------------------------

def test_learning_curves_of_histories():
    runs = [history(seed) for seed in range(3)]
    table = np.array([run.loss for run in runs])
    ax = plots.learning_curves({"tanh": runs, "one": runs[0]})
    np.testing.assert_allclose(line(ax, "tanh (n = 3)"), ([1, 2, 3, 4], np.median(table, axis=0)))
    np.testing.assert_array_equal(line(ax, "one"), ([1, 2, 3, 4], runs[0].loss))
    corners = band(ax)
    for epoch in range(4):
        y = corners[corners[:, 0] == epoch + 1, 1]
        np.testing.assert_allclose([y.min(), y.max()], [table[:, epoch].min(), table[:, epoch].max()])
    assert len(ax.collections) == 1                           # one run has no band
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("epoch", "training loss")
    assert ax.get_legend().get_title().get_text() == "median, range over seeds"


@pytest.mark.parametrize("column", ["loss", "accuracy"])
def test_a_history_plots_itself(column):
    """Without an import of plots: both curves, the best epoch, in new axes or in those given."""
    run = history(epochs=4)
    run.best_epoch = 3
    for given in (None, plain()):
        ax = run.plot(column, ax=given)
        assert given in (None, ax)
        assert entries(ax) == [f"training {column}", f"validation {column}", "best epoch"]
        for label, name in ((f"training {column}", column), (f"validation {column}", f"validation_{column}")):
            np.testing.assert_array_equal(line(ax, label), (run.epoch, getattr(run, name)))
        assert line(ax, "best epoch")[0].tolist() == [3, 3]
        assert ax.get_xlabel() == "epoch"
        assert column in ax.get_ylabel()
        rendered(ax)
        assert all(tick == int(tick) for tick in ax.get_xticks())
    assert entries(history(validation=False).plot()) == ["training loss"]
    rendered(history(epochs=1).plot())


def test_a_history_without_values_says_so():
    x = batch(40)[0]
    net = mlp([3, 3], activation="tanh", rng=0)
    run = fit(net, (x, x), loss=losses.squared_error, optimizer=optimizers.SGD(), epochs=2, rng=0)
    for call, message in ((lambda: run.plot("accuracy"), "values of accuracy, got none in 2 epochs: accuracy needs"),
                          (lambda: History().plot(), "values of loss, got none in 0 epochs"),
                          (lambda: run.plot("seconds"), "column to be one of 'loss', 'accuracy', got 'seconds'")):
        with pytest.raises(ValueError, match=message):
            call()


@pytest.mark.parametrize(("column", "label"), [
    ("accuracy", "training accuracy (share of examples)"), ("validation_loss", "validation loss"),
    ("validation_accuracy", "validation accuracy (share of examples)"), ("seconds", "seconds since the start")])
def test_columns(column, label):
    run = history()
    ax = plots.learning_curves(run, column=column)
    (y,) = (line.get_ydata() for line in ax.get_lines())
    np.testing.assert_array_equal(y, getattr(run, column))
    assert ax.get_ylabel() == label
    assert plots.learning_curves(run, column=column, ylabel="mine").get_ylabel() == "mine"


def test_learning_curves_of_arrays():
    ax = plots.learning_curves({"a": [[1, 2], [3, 4], [5, 9], [7, 8]], "b": [2, 1]}, band="quartiles")
    np.testing.assert_array_equal(line(ax, "a (n = 4)"), ([1, 2], [4, 6]))
    assert {tuple(c) for c in band(ax).tolist()} == {(1, 2.5), (1, 5.5), (2, 3.5), (2, 8.25)}
    np.testing.assert_array_equal(line(ax, "b"), ([1, 2], [2, 1]))


def test_runs_that_ended_early_count_as_far_as_they_go():
    long, short = history(0, 4), history(1, 2)
    with pytest.raises(Diverged) as failed:
        fit(mlp([3, 4], activation=activations.tanh, init=initializers.zeros, rng=0), batch(8), batch_size=8, rng=0,
            loss=lambda z, y: (INF, z), optimizer=optimizers.SGD(learning_rate=1), epochs=3, progress=False)
    nothing = failed.value.history
    assert len(nothing) == 0
    ax = plots.learning_curves({"a": [long, short, nothing], "b": [nothing, nothing]})
    expected = [*np.median([long.loss[:2], short.loss], axis=0), *long.loss[2:]]
    np.testing.assert_allclose(line(ax, "a (n = 3, 1 to the end)"), ([1, 2, 3, 4], expected))
    assert entries(ax)[1] == "b (n = 2, 0 to the end)"
    rendered(ax)
    ax = plots.learning_curves({"all stop at 2": [short, short], "goes on": long})
    assert entries(ax) == ["all stop at 2 (n = 2, 0 to the end)", "goes on"]


@pytest.mark.parametrize("runs", [[1.0], [0.0, 0], [NAN, 1], [[1.0, INF], [INF, INF]], [[2.0]]], ids=str)
@pytest.mark.parametrize("log", [False, True])
def test_degenerate_learning_curves(runs, log):
    rendered(plots.learning_curves(runs, log=log, ax=plain()))


# Planes ----------------------------------------------------------------------------------------------------------

def test_rate_range():
    ax = plots.rate_range(range_test(0.5))
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    for label in ("batch loss", "running mean"):
        np.testing.assert_array_equal(line(ax, label), (range_test(0.5).rates, range_test(0.5).losses))
    assert line(ax, "suggested: 0.0001")[0].tolist() == [1e-4, 1e-4]
    ax = plots.rate_range({"a": range_test(0.5), "b": range_test(2)}, log=False)
    assert entries(ax) == ["a", "a, suggested: 0.0001", "b", "b, suggested: 0.0001"]
    assert ax.get_yscale() == "linear"
    flat = RateRange(np.array([0.1, 1]), np.ones(2), np.ones(2), False)
    assert entries(plots.rate_range(flat)) == ["batch loss", "running mean"]      # nothing to suggest
    with pytest.raises(TypeError, match=r"tests of b to be what diagnostics.rate_range returns, got \[1\]"):
        plots.rate_range({"a": flat, "b": [1]})


def test_decision_boundary():
    ax = plots.decision_boundary(halves, POINTS, resolution=81, names=["left", "right"])
    image, = ax.images
    regions = np.asarray(image.get_array())
    left, right, bottom, top = image.get_extent()
    middles = left + (np.arange(81) + 0.5) / 81 * (right - left)
    assert (regions[:, middles < -0.05] == 0.7).all()          # dark first, as the markers
    assert (regions[:, middles > 0.05] == 0.97).all()
    for drawn in ax.collections:                                                   # the boundary, from either side
        np.testing.assert_allclose(drawn.get_paths()[0].vertices[:, 0], 0, atol=1e-12)
    for k, name in enumerate(["left", "right"]):
        np.testing.assert_array_equal(np.transpose(line(ax, name)), POINTS[0][POINTS[1] == k])
    assert len({line.get_marker() for line in ax.get_lines()}) == 2
    light = [line.get_color()[:3] @ np.array([0.299, 0.587, 0.114]) for line in ax.get_lines()]
    assert light[0] < light[1]
    keys = [patch.get_facecolor()[0] for patch in ax.get_legend().get_patches()]
    assert entries(ax) == ["left", "right"]                    # each with its marker on its region's grey
    assert keys == pytest.approx([0.7, 0.97])
    assert [key.get_marker() for key in ax.get_legend().findobj(Line2D)] == [line.get_marker()
                                                                            for line in ax.get_lines()]
    assert left < -2 < 2 < right
    assert bottom < 0 < 2 < top
    assert ax.get_xlim() == (left, right)


def test_rows_of_the_regions_stand_where_their_points_do():
    """Up is up: class 1 where x₂ is large."""
    ax = plots.decision_boundary(lambda x: x[:, 1:] - 1.5, POINTS, resolution=50)
    regions, (*_, bottom, top) = np.asarray(ax.images[0].get_array()), ax.images[0].get_extent()
    assert ax.images[0].origin == "lower"
    assert (regions[0] == 0.7).all()
    assert (regions[-1] == 0.97).all()
    share = (regions[:, 0] == 0.97).mean()
    assert share == pytest.approx((top - 1.5) / (top - bottom), abs=1 / 50)


def test_a_network_of_minnet_and_one_class_everywhere():
    net = mlp([2, 4, 3], activation=activations.tanh, init=initializers.glorot_uniform, rng=0)
    ax = plots.decision_boundary(net, (POINTS[0], [0, 1, 2, 2]), resolution=30)
    assert entries(ax) == ["class 0", "class 1", "class 2"]
    grid = np.stack(np.meshgrid(np.linspace(*ax.get_xlim(), 30), np.linspace(*ax.get_ylim(), 30)), axis=-1)
    greys = np.linspace(0.7, 0.97, 3)[net(grid.reshape(-1, 2)).argmax(axis=1)].reshape(30, 30)
    np.testing.assert_array_equal(np.asarray(ax.images[0].get_array()), greys)
    for constant in (np.zeros, np.ones):
        ax = plots.decision_boundary(lambda x, make=constant: make((len(x), 1)), ([[1.0, 2]], [0]), resolution=5)
        assert len(ax.collections) == 0
        rendered(ax)


def test_weight_images():
    W = RNG(0).normal(size=(6, 5))
    ax = plots.weight_images(W, (2, 3), count=4)
    sheet = np.asarray(ax.images[0].get_array(), float)
    assert sheet.shape == (2 * 3 + 1, 2 * 4 + 1)
    for i, (row, column) in enumerate([(1, 1), (1, 5), (4, 1), (4, 5)]):
        np.testing.assert_array_equal(sheet[row:row + 2, column:column + 3], W[:, i].reshape(2, 3))
    assert np.ma.getmaskarray(ax.images[0].get_array()).sum() == sheet.size - 24
    low, high = ax.images[0].get_clim()
    assert -low == high == abs(W[:, :4]).max()
    assert ax.get_xlabel() == "incoming weights of units 1–4 of 5, row by row"
    assert len(ax.figure.axes) == 2                           # and the colour bar
    assert ax.figure.axes[1].get_ylabel() == "weight"


def test_weight_images_on_a_given_scale():
    ax = plots.weight_images(RNG(0).normal(size=(6, 5)), (2, 3), limit=0.5, label="dW")
    assert ax.images[0].get_clim() == (-0.5, 0.5)
    assert ax.images[0].colorbar.extend == "both"             # some weights are beyond it, and it says so
    assert ax.images[0].cmap(0.5)[:3] == pytest.approx((0.5, 0.5, 0.5), abs=0.01)
    ax = plots.weight_images(np.zeros((4, 1)), (2, 2))
    assert ax.images[0].get_clim() == (-1, 1)
    assert ax.get_xlabel() == "incoming weights of unit 1 of 1, row by row"
    rendered(ax)


def test_heat_map():
    table = np.array([[1.0, 2, NAN], [0, 8, INF]])
    ax = plots.heat_map(table, ["a", "b"], [0.1, 1e-5, 3], **NAMES)
    image = ax.images[0]
    np.testing.assert_array_equal(np.ma.filled(image.get_array(), NAN), [[1, 2, NAN], [0, 8, NAN]])
    assert image.get_clim() == (0, 8)
    texts = {tuple(map(int, text.get_position())): text for text in ax.texts}
    assert {at: text.get_text() for at, text in texts.items()} == {(0, 0): "1", (1, 0): "2", (0, 1): "0", (1, 1): "8"}
    assert texts[0, 1].get_color() == "w"                     # white on the darkest, black on the lightest
    assert texts[1, 1].get_color() == "k"
    nothing, infinite = ax.patches                            # what is not on the scale
    assert (nothing.get_xy(), infinite.get_xy()) == ((1.5, -0.5), (1.5, 0.5))
    assert nothing.get_hatch() != infinite.get_hatch()
    keys = {text.get_text(): key.get_hatch() for text, key in zip(ax.get_legend().get_texts(),
                                                                  ax.get_legend().get_patches(), strict=True)}
    assert keys == {"no value": nothing.get_hatch(), "∞": infinite.get_hatch()}
    rendered(ax)
    bottom = min(label.get_window_extent().y0 for label in (ax.xaxis.label, *ax.get_xticklabels()))
    assert ax.get_legend().get_window_extent().y1 <= bottom   # below the label, over nothing
    assert [text.get_text() for text in ax.get_xticklabels()] == ["0.1", "1e-05", "3"]
    assert [text.get_text() for text in ax.get_yticklabels()] == ["a", "b"]
    assert ax.get_ylim() == (1.5, -0.5)                       # the first row on top
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.figure.axes[1].get_ylabel()) == ("width", "depth", "loss")


def test_heat_map_on_a_logarithmic_scale():
    ax = plots.heat_map([[0, 1e-4], [1e-2, 1]], "ab", "cd", log=True, annotate=False, **NAMES)
    assert ax.images[0].get_clim() == (1e-4, 1)
    place = ax.images[0].norm(ax.images[0].get_array())
    np.testing.assert_allclose(np.ma.filled(place, NAN), [[NAN, 0], [0.5, 1]], atol=1e-12)
    assert len(ax.texts) == 0
    assert entries(ax) == ["0"]
    assert ax.patches[0].get_xy() == (-0.5, -0.5)
    assert plots.heat_map([[0, 1]], "a", "bc", **NAMES).get_legend() is None
    assert entries(plots.heat_map([[-INF, 1]], "a", "bc", **NAMES)) == ["−∞"]


def test_no_grid_over_a_plane():
    """The chapters switch the grid on for all axes; over regions and cells it would be lines without a meaning."""
    with matplotlib.rc_context({"axes.grid": True}):
        for name in ("decision_boundary", "heat_map", "phase_diagram", "weight_images"):
            ax = PICTURES[name]()
            assert not any(line.get_visible() for line in (*ax.get_xgridlines(), *ax.get_ygridlines()))


def test_of_many_columns_some_are_named():
    ax = plots.heat_map(np.eye(2, 40), range(2), np.arange(40) / 8, annotate=False, **NAMES, ax=plain())
    assert [text.get_text() for text in ax.get_xticklabels()] == [f"{i / 8:g}" for i in range(0, 40, 3)]
    np.testing.assert_array_equal(ax.get_xticks(), range(0, 40, 3))


def test_phase_diagram():
    """The edge of chaos as given, names inside the phases, all c* as shades, hatching where q* is infinite."""
    ax = plots.phase_diagram(PHASES)
    assert (ax.get_xlim()[1], ax.get_ylim()[1]) == (4, 0.5)
    assert ax.get_xlabel().startswith("$\\sigma_w^2$")
    assert ax.get_ylabel().startswith("$\\sigma_b^2$")
    np.testing.assert_array_equal(ax.get_lines()[0].get_xydata().T, PHASES.line)
    places = {text.get_text(): text.get_position() for text in ax.texts if not text.get_text().startswith("χ = 0.")}
    assert {"χ = 1", "ordered", "chaotic", "variance grows\nwithout limit"} <= set(places)
    assert places["ordered"] == (1.0, 0.4)
    assert places["chaotic"] == (2.5, 0.4)
    shades = next(thing for thing in ax.collections if thing.get_array() is not None)
    np.testing.assert_array_equal(shades.get_array().reshape(6, 4), np.nan_to_num(PHASES.c, nan=1))
    assert any(thing.hatches == ["///"] for thing in ax.collections if hasattr(thing, "hatches"))
    assert "correlation" in ax.figure.axes[1].get_ylabel()
    rendered(ax)


def test_errors_of_phase_diagram():
    with pytest.raises(TypeError, match=r"expected what theory.phase_diagram\(activation\) returns, got ndarray"):
        plots.phase_diagram(np.eye(3))
    for weight_var, bias_var in (([1], [0, 1]), ([1, 2], [0])):
        diagram = theory.phase_diagram(activations.relu, weight_var=weight_var, bias_var=bias_var)
        with pytest.raises(ValueError, match="expected a diagram with at least 2 values of each variance"):
            plots.phase_diagram(diagram)


@pytest.mark.parametrize("values", [[[NAN, NAN]], [[0.0, 0]], [[3.0, 3]], [[INF, 1]], [[INF, INF]]], ids=str)
@pytest.mark.parametrize("log", [False, True])
def test_degenerate_heat_maps(values, log):
    ax = plots.heat_map(values, ["a"], ["b", "c"], log=log, **NAMES, ax=plain())
    rendered(ax)
    assert len(ax.figure.axes) == (2 if np.isfinite(values).any() else 1)


# Maps ------------------------------------------------------------------------------------------------------------

def test_iterated_maps():
    ax = plots.iterated_maps(lambda q: q / 2, stop=2, start=1.6, steps=3, fixed_points=0.0)
    x, y = line(ax, "the map")
    np.testing.assert_array_equal(y, x / 2)
    assert (x[0], x[-1]) == (0, 2)
    np.testing.assert_array_equal(line(ax, "$q$ unchanged"), ([0, 2], [0, 2]))
    stairs, circle = (line for line in ax.get_lines() if line.get_label().startswith("_"))
    assert entries(ax)[-1] == "stable"
    np.testing.assert_allclose(np.transpose(stairs.get_data()), [
        (1.6, 0), (1.6, 0.8), (0.8, 0.8), (0.8, 0.4), (0.4, 0.4), (0.4, 0.2), (0.2, 0.2)])
    assert (circle.get_marker(), *map(list, circle.get_data())) == ("o", [0], [0])
    assert ax.get_xlim() == ax.get_ylim() == (0, 2)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("$q^{l-1}$", "$q^{l}$")


def test_stable_fixed_points_are_filled():
    """√q leaves 0 and comes to 1, from both sides; q and 1/q keep their distance; q − q³ comes to 0, by its third order
    alone; and in 0 · q all comes to 0."""
    maps = {"root": math.sqrt, "same": lambda q: q, "turns": lambda q: 1 / q if q else NAN, "slow": lambda q: q - q**3,
            "dead": lambda q: 0 * q}
    given = {"root": [0, 1], "same": [0, 1], "turns": 1, "slow": 0, "dead": 0}
    ax = plots.iterated_maps(maps, stop=2, fixed_points=given)
    color = {line.get_label(): line.get_color() for line in ax.get_lines()}
    filled = {(name, line.get_xdata()[0]): line.get_markerfacecolor() != "w" for line in ax.get_lines()
              for name in maps if line.get_label().startswith("_") and line.get_color() == color[name]}
    assert filled == {("root", 0): False, ("root", 1): True, ("same", 0): False, ("same", 1): False,
                      ("turns", 1): False, ("slow", 0): True, ("dead", 0): True}
    assert entries(ax)[-2:] == ["stable", "not stable"]


def test_fixed_points_at_the_ends_are_drawn_and_outside_refused():
    for q in (0, 1, 1 + 1e-12):
        rendered(plots.iterated_maps(math.sqrt, stop=1, fixed_points=q))
    with pytest.raises(ValueError, match=r"expected fixed points of a from begin = 0.5 to stop = 2, got 0, which lies"):
        plots.iterated_maps({"a": math.sqrt}, begin=0.5, stop=2, fixed_points={"a": [1, 0]})


def test_a_circle_in_the_corner_is_not_under_the_legend():
    ax = plots.iterated_maps(math.sqrt, stop=1, fixed_points=1)
    rendered(ax)
    circle, = (line for line in ax.get_lines() if line.get_label().startswith("_"))
    assert circle.get_window_extent().x1 <= ax.get_legend().get_window_extent().x0


def test_ticks_of_layers_are_layers_that_there_are():
    for n, first in ((10, 1), (30, 1), (30, 0), (60, 1), (200, 1), (3, 5), (1, 1)):
        ax = plots.depth_profile(np.ones(n), ylabel="std", first=first)
        rendered(ax)
        ticks = ax.get_xticks()
        assert first <= ticks.min() <= ticks.max() <= first + n - 1
        assert (ticks == np.round(ticks)).all()
        assert ticks[0] == first or ticks[0] - first < (ticks[1] - ticks[0]) / 2          # the first has one, or almost
        assert (2 * np.diff(ticks) >= np.diff(ticks).max(initial=1)).all()                # none crowds the next
        assert len(ticks) <= 12
    assert 0 not in plots.singular_values(np.arange(1.0, 61), ranked=True).get_xticks()


@pytest.mark.parametrize(("low", "high"), [(1, 1.3), (2, 4), (0.5, 4), (2e-7, 5e-7), (0.7, 1.2)])
def test_short_logarithmic_axes_have_plain_numbers(low, high):
    for ax in (plots.depth_profile([low, high], ylabel="std"), plots.learning_curves([low, high], log=True),
               plots.layer_curves([[low], [high]], ylabel="std", log=True),
               plots.singular_values([low, high], ranked=True),
               plots.histograms([np.geomspace(low, high, 50)], log=True)):
        rendered(ax)
        axis, k = (ax.xaxis, 0) if ax.get_xscale() == "log" else (ax.yaxis, 1)
        least, greatest = axis.get_view_interval()
        shown = [label for label in axis.get_ticklabels(which="both") if label.get_text()
                 and least <= label.get_position()[k] <= greatest]
        assert 2 <= len(shown) <= 8
        for label in shown:
            assert float(label.get_text().replace("−", "-")) == pytest.approx(label.get_position()[k], rel=1e-3)
        boxes = [label.get_window_extent() for label in shown]
        assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
        plt.close("all")


def test_long_logarithmic_axes_keep_their_powers():
    ax = plots.depth_profile([1e-5, 1], ylabel="std")
    rendered(ax)
    assert any("10^" in label.get_text() for label in ax.get_yticklabels())


def test_a_staircase_ends_where_it_leaves_the_picture():
    ax = plots.iterated_maps({"grows": lambda c: 2 * c, "ends": lambda c: NAN if c > 0.5 else c}, begin=-1, stop=1,
                             start=0.3, symbol="c")
    grows, ends = (line for line in ax.get_lines() if line.get_label().startswith("_"))
    assert len(grows.get_xdata()) == 3                        # 0.3 → 0.6, and 1.2 is outside
    assert np.isfinite(ends.get_ydata()).all()
    assert ax.get_xlabel() == "$c^{l-1}$"
    assert ax.get_xlim() == (-1, 1)
    rendered(ax)


# Errors ----------------------------------------------------------------------------------------------------------

def net_of(z):
    return lambda x: np.full((len(x), 2), z)


ERRORS = [
    ("no list", lambda ax: plots.histograms(np.ones((2, 3)), ax=ax), TypeError, r"a list with one array.*got ndarray"),
    ("empty list", lambda ax: plots.histograms([], ax=ax), ValueError, "at least one array, got an empty list"),
    ("empty layer", lambda ax: plots.histograms([[1.0], []], ax=ax), ValueError, r"of layer 2 .* got shape \(0,\)"),
    ("empty dict", lambda ax: plots.histograms({}, ax=ax), ValueError, "at least one series, got an empty dict"),
    ("NaN", lambda ax: plots.histograms([[1.0], [1, NAN]], ax=ax), ValueError,
     "layer 2 to be finite.*got nan at index"),
    ("infinite", lambda ax: plots.histograms({"a": [INF]}, ax=ax), ValueError, "values of a to be finite.*got inf"),
    ("strings", lambda ax: plots.histograms([["a"]], ax=ax), TypeError, "array of real numbers, got dtype <U1"),
    ("labels short", lambda ax: plots.histograms([[1], [2]], labels=["a"], ax=ax), ValueError,
     r"expected 2 distinct labels, got \['a'\]"),
    ("labels twice", lambda ax: plots.layer_curves([[1, 2]], ylabel="", labels="aa", ax=ax), ValueError,
     "expected 2 distinct labels"),
    ("bins", lambda ax: plots.histograms([[1]], bins=0, ax=ax), ValueError, "bins to be a whole number ≥ 1, got 0"),
    ("ax of two", lambda ax: plots.histograms([[1]], ax=[ax, ax]), TypeError,
     r"one matplotlib Axes, got list.*axes\[0\]"),
    ("profile 3-d", lambda ax: plots.depth_profile(np.ones((1, 2, 3)), ylabel="", ax=ax), ValueError,
     r"measured to be an array of numbers with 1 or 2 dimension\(s\).*got shape \(1, 2, 3\)"),
    ("profile empty", lambda ax: plots.depth_profile({"a": []}, ylabel="", ax=ax), ValueError,
     r"measured of a .*at least one.*got shape \(0,\)"),
    ("profile ragged", lambda ax: plots.depth_profile([[1], [1, 2]], ylabel="", ax=ax), ValueError, "unequal lengths"),
    ("profile None", lambda ax: plots.depth_profile(None, ylabel="", ax=ax), TypeError, "got NoneType of dtype object"),
    ("profile negative", lambda ax: plots.depth_profile([NAN, 1, -2], ylabel="", ax=ax), ValueError,
     "≥ 0 on a logarithmic scale, got -2: pass log=False"),
    ("predicted negative", lambda ax: plots.depth_profile([1], predicted=[-3], ylabel="", ax=ax), ValueError, "got -3"),
    ("predicted long", lambda ax: plots.depth_profile([1, 2], predicted=[1, 2, 3], ylabel="", ax=ax), ValueError,
     r"predicted of shape \(2,\), one number per layer measured, got \(3,\)"),
    ("predicted by name", lambda ax: plots.depth_profile({"a": [1], "b": [1, 2]}, predicted={"a": [1, 2]}, ylabel="",
                                                         ax=ax), ValueError,
     r"predicted of a of shape \(1,\).*got \(2,\)"),
    ("spread alone", lambda ax: plots.depth_profile([1, 2], spread=[1, 2], ylabel="", ax=ax), ValueError,
     "spread beside predicted.*beside nothing"),
    ("spread shape", lambda ax: plots.depth_profile([1, 2], predicted=[1, 2], spread=np.ones((3, 2)), ylabel="", ax=ax),
     ValueError, r"its shape \(layers,\), or \(2, layers\), got \(3, 2\) beside \(2,\)"),
    ("band", lambda ax: plots.depth_profile([1], ylabel="", band="std", ax=ax), ValueError,
     "expected band to be 'range' or 'quartiles', got 'std'"),
    ("curves 1-d", lambda ax: plots.layer_curves([1, 2], ylabel="", ax=ax), ValueError,
     r"\(epochs, layers\) .*got.*\(2,\)"),
    ("curves spread", lambda ax: plots.layer_curves([[1, 2]], spread=[[1]], ylabel="", ax=ax), ValueError,
     r"spread of shape \(1, 2\) beside values.*got \(1, 1\)"),
    ("curves spread < 0", lambda ax: plots.layer_curves([[1, 2]], spread=[[1, -1]], ylabel="", ax=ax), ValueError,
     "spread ≥ 0, got -1"),
    ("curves points", lambda ax: plots.layer_curves([[1, 2]], points=[[1]], ylabel="", ax=ax), ValueError,
     r"points of shape \(1, 2\)"),
    ("curves epochs", lambda ax: plots.layer_curves([[1, 2]], epochs=[1, 2], ylabel="", ax=ax), ValueError,
     r"epochs of shape \(1,\).*got \(2,\)"),
    ("curves negative", lambda ax: plots.layer_curves([[1, -2]], log=True, ylabel="", ax=ax), ValueError, "got -2"),
    ("matrix for its values", lambda ax: plots.singular_values(RNG(0).normal(size=(3, 3)), ax=ax), ValueError,
     r"singular values \(k,\).*got shape \(3, 3\) from -.*np.linalg.svd"),
    ("s negative", lambda ax: plots.singular_values([1, -1], ax=ax), ValueError, "≥ 0, got .*from -1: np.linalg.svd"),
    ("s empty", lambda ax: plots.singular_values([], ax=ax), ValueError, r"at least one.*got shape \(0,\)"),
    ("s NaN", lambda ax: plots.singular_values({"a": [1, NAN]}, ax=ax), ValueError, "values of a to be finite"),
    ("density ranked", lambda ax: plots.singular_values([1, 2], density=np.ones_like, ranked=True, ax=ax), ValueError,
     "got one with ranked=True"),
    ("density array", lambda ax: plots.singular_values([1, 2], density=np.ones(3), ax=ax), TypeError,
     "a function s → density or a pair"),
    ("density lengths", lambda ax: plots.singular_values([1, 2], density=([1, 2], [1]), ax=ax), ValueError,
     r"one density for each s, got \(1,\) for \(2,\)"),
    ("column", lambda ax: plots.learning_curves(history(), column="los", ax=ax), AttributeError,
     "History has no column 'los': it has epoch, step, loss"),
    ("column empty", lambda ax: plots.learning_curves(history(validation=False), column="validation_loss", ax=ax),
     ValueError, r"numbers in column validation_loss, got none.*fit\(…, validation"),
    ("no epochs", lambda ax: plots.learning_curves({"a": History()}, ax=ax), ValueError, "column loss, got none"),
    ("records", lambda ax: plots.learning_curves({"a": list(history())}, ax=ax), TypeError,
     r"runs of a to be a History .*History\(records\)"),
    ("runs negative", lambda ax: plots.learning_curves([1, -1], log=True, ax=ax), ValueError, "got -1: pass log=False"),
    ("three features", lambda ax: plots.decision_boundary(halves, batch(), ax=ax), ValueError,
     r"\(n, 2\), got \(8, 3\)"),
    ("data None", lambda ax: plots.decision_boundary(halves, None, ax=ax), TypeError,
     r"data to be a pair \(x, y\), got NoneType"),
    ("data x alone", lambda ax: plots.decision_boundary(halves, POINTS[0], ax=ax), TypeError, "a pair.*got ndarray"),
    ("data a Dataset", lambda ax: plots.decision_boundary(halves, datasets.Dataset(POINTS, POINTS), ax=ax), TypeError,
     "a pair.*got Dataset: pass one of its parts, data.train"),
    ("labels float", lambda ax: plots.decision_boundary(halves, (POINTS[0], np.ones(4)), ax=ax), ValueError,
     r"y of shape \(4,\), an integer label.*float64"),
    ("labels short", lambda ax: plots.decision_boundary(halves, (POINTS[0], [0]), ax=ax), ValueError,
     r"got shape \(1,\)"),
    ("labels beyond", lambda ax: plots.decision_boundary(halves, (POINTS[0], [0, 1, 2, 1]), ax=ax), ValueError,
     "labels in 0 … 1 for the outputs of net, got 0 … 2"),
    ("labels negative", lambda ax: plots.decision_boundary(halves, (POINTS[0], [0, -1, 1, 1]), ax=ax), ValueError,
     "labels in 0 … 1 for the outputs of net, got -1 … 1"),
    ("outputs NaN", lambda ax: plots.decision_boundary(net_of(NAN), POINTS, ax=ax), ValueError,
     r"net\(x\) to be finite"),
    ("outputs 1-d", lambda ax: plots.decision_boundary(lambda x: x[:, 0], POINTS, ax=ax), ValueError,
     r"net\(x\) .*2 dimension"),
    ("names short", lambda ax: plots.decision_boundary(halves, POINTS, names=["a"], ax=ax), ValueError,
     "2 distinct labels"),
    ("resolution", lambda ax: plots.decision_boundary(halves, POINTS, resolution=1, ax=ax), ValueError,
     "resolution.*≥ 2"),
    ("image shape", lambda ax: plots.weight_images(np.ones((6, 2)), (2, 2), ax=ax), ValueError,
     r"fan_in = 2 · 2 = 4, got \(6, 2\)"),
    ("transposed", lambda ax: plots.weight_images(np.ones((2, 6)), (2, 3), ax=ax), ValueError, r"is W\.T meant\?"),
    ("no pair", lambda ax: plots.weight_images(np.ones((4, 6)), 4, ax=ax), ValueError, r"shape \(h, w\) .*got 4"),
    ("W NaN", lambda ax: plots.weight_images(np.full((4, 6), NAN), (2, 2), ax=ax), ValueError, "W to be finite"),
    ("limit", lambda ax: plots.weight_images(np.ones((4, 6)), (2, 2), limit=0, ax=ax), ValueError, "limit.*> 0, got 0"),
    ("count", lambda ax: plots.weight_images(np.ones((4, 6)), (2, 2), count=0, ax=ax), ValueError, "count.*≥ 1, got 0"),
    ("no function", lambda ax: plots.iterated_maps([1, 2], stop=1, ax=ax), TypeError,
     "maps to be a function of a float"),
    ("stop", lambda ax: plots.iterated_maps(math.sqrt, stop=0, ax=ax), ValueError, "stop to be a number > 0, got 0"),
    ("not fixed", lambda ax: plots.iterated_maps(math.sqrt, stop=2, fixed_points=[1, 0.25], ax=ax), ValueError,
     "expected fixed points, got 0.25, which the map sends to 0.5"),
    ("fixed NaN", lambda ax: plots.iterated_maps({"a": lambda q: NAN}, stop=2, fixed_points={"a": 1}, ax=ax),
     ValueError,
     "expected fixed points of a, got 1, which the map sends to nan"),
    ("fixed of another", lambda ax: plots.iterated_maps({"a": math.sqrt}, stop=2, fixed_points={"b": 1}, ax=ax),
     ValueError, r"one of the maps \['a'\], got 'b'"),
    ("fixed outside", lambda ax: plots.iterated_maps(math.sqrt, stop=0.5, fixed_points=[0, 1], ax=ax), ValueError,
     "expected fixed points from begin = 0 to stop = 0.5, got 1, which lies outside the axes: change begin or stop"),
    ("start outside", lambda ax: plots.iterated_maps(math.sqrt, stop=2, start=3, ax=ax), ValueError,
     "start to be a number ≥ 0 and ≤ 2, got 3"),
    ("steps", lambda ax: plots.iterated_maps(math.sqrt, stop=2, start=1, steps=1.5, ax=ax), TypeError,
     "steps.*got 1.5"),
    ("heat shape", lambda ax: plots.heat_map([[1, 2]], "ab", "c", **NAMES, ax=ax), ValueError,
     r"values of shape \(2, 1\).*got \(1, 2\)"),
    ("heat 1-d", lambda ax: plots.heat_map([1, 2], "ab", "c", **NAMES, ax=ax), ValueError,
     r"2 dimension.*got shape \(2,\)"),
    ("heat negative", lambda ax: plots.heat_map([[1, -2]], "a", "bc", log=True, **NAMES, ax=ax), ValueError, "got -2"),
]


MASKED = np.ma.masked_array([1.0, 2.0], [False, True])
TWO = np.ma.masked_array(np.eye(2), np.eye(2))
ERRORS += [(f"masked {i}", call, TypeError, f"expected {name}.* without a mask, got .*x.filled")
           for i, (name, call) in enumerate([
    ("values of layer 2", lambda ax: plots.histograms([[1.0], MASKED], ax=ax)),
    ("measured", lambda ax: plots.depth_profile(MASKED, ylabel="", ax=ax)),
    ("measured of a", lambda ax: plots.depth_profile({"a": [MASKED, MASKED]}, ylabel="", ax=ax)),
    ("predicted", lambda ax: plots.depth_profile([1, 2], predicted=MASKED, ylabel="", ax=ax)),
    ("spread", lambda ax: plots.depth_profile([1, 2], predicted=[1, 2], spread=MASKED, ylabel="", ax=ax)),
    (r"values \(epochs", lambda ax: plots.layer_curves(TWO, ylabel="", ax=ax)),
    ("points", lambda ax: plots.layer_curves(np.eye(2), points=TWO, ylabel="", ax=ax)),
    ("values", lambda ax: plots.singular_values(MASKED, ax=ax)),
    ("density", lambda ax: plots.singular_values([1, 2], density=([1, 2], MASKED), ax=ax)),
    ("runs", lambda ax: plots.learning_curves(MASKED, ax=ax)),
    ("x", lambda ax: plots.decision_boundary(halves, (TWO, [0, 1]), ax=ax)),
    ("y", lambda ax: plots.decision_boundary(halves, (np.eye(2), np.ma.masked_array([0, 1], [0, 1])), ax=ax)),
    ("W", lambda ax: plots.weight_images(TWO, (1, 2), ax=ax)),
    ("fixed_points", lambda ax: plots.iterated_maps(math.sqrt, stop=2, fixed_points=MASKED, ax=ax)),
    (r"values \(rows", lambda ax: plots.heat_map(TWO, "ab", "cd", **NAMES, ax=ax)),
])]

EMPTY = plain()


@pytest.mark.parametrize(("call", "kind", "message"), [case[1:] for case in ERRORS], ids=[case[0] for case in ERRORS])
def test_errors_say_what_came_and_leave_no_figure(call, kind, message):
    ax = EMPTY
    with pytest.raises(kind, match=message):
        call(ax)
    assert not ax.has_data()                                  # nothing was drawn into the axes given
    assert ax.get_legend() is None
    assert ax.get_yscale() == "linear"
    with pytest.raises(kind, match=message):
        call(None)
    assert plt.get_fignums() == []


def test_records_of_a_loop_over_train_can_be_drawn():
    net = mlp([3, 4], activation=activations.tanh, init=initializers.glorot_uniform, rng=0)
    records = History(train(net, batch(16), loss=losses.softmax_cross_entropy, epochs=3, batch_size=8, rng=0,
                            optimizer=optimizers.SGD(learning_rate=0.1)))
    np.testing.assert_array_equal(line(plots.learning_curves(records), "training loss")[1], records.loss)
