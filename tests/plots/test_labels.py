"""Labels at the lines' ends, and the diagram of a network."""

from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pytest

from minnet import plots
from minnet.plots.labels import _apart


@pytest.fixture
def ax():
    figure, ax = plt.subplots(layout="constrained")
    yield ax
    plt.close(figure)


def test_each_line_has_its_label_in_its_colour_and_the_legend_is_gone(ax):
    ax.plot([0, 1, 2], [1, 2, 3], color="tab:red", label="up (n = 5)")
    ax.plot([0, 1, 2], [3, 2, 1], color="tab:blue", label="down")
    ax.plot([0, 1], [0, 0])
    ax.legend()
    plots.label_lines(ax)
    assert ax.get_legend() is None
    assert {text.get_text(): text.get_color() for text in ax.texts} == {"up": "tab:red", "down": "tab:blue"}
    assert {text.get_text(): tuple(text.xy) for text in ax.texts} == {
        "up": pytest.approx((2, 3)), "down": pytest.approx((2, 1))}


def test_labels_of_lines_that_end_together_do_not_cover_each_other(ax):
    for i in range(4):
        ax.plot([0, 1], [0, 1 + i / 1000], label=f"line {i}")
    plots.label_lines(ax)
    ax.figure.canvas.draw()
    boxes = sorted((text.get_window_extent() for text in ax.texts), key=lambda box: box.y0)
    assert all(below.y1 <= above.y0 + 1 for below, above in pairwise(boxes))
    assert min(box.x0 for box in boxes) > ax.transAxes.transform((1, 0))[0]


def test_a_line_that_ends_with_nan_is_labelled_at_its_last_point(ax):
    ax.plot([0, 1, 2], [1, 5, np.nan], label="short")
    ax.plot([0, 1, 2], [np.nan] * 3, label="nothing")
    plots.label_lines(ax)
    assert [tuple(text.xy) for text in ax.texts] == [pytest.approx((1, 5))]


def test_heights_are_the_nearest_that_are_apart():
    np.testing.assert_allclose(_apart(np.array([5.0, 0.0, 10.0]), 1), [5, 0, 10])
    np.testing.assert_allclose(_apart(np.array([1.0, 1.0, 1.0]), 2), [-1, 1, 3])
    np.testing.assert_allclose(_apart(np.array([4.0, 0.0, 0.0]), 1), [4, -0.5, 0.5])


def test_a_diagram_has_a_circle_for_each_unit_or_as_many_as_fit(ax):
    plots.network_diagram([784, 5, 3], labels=["x", "a", "z"], most=7, ax=ax)
    assert [len(circles.get_offsets()) for circles in ax.collections] == [6, 5, 3]
    assert len(ax.lines) == 6 * 5 + 5 * 3
    assert {"784", "5", "3", "x", "a", "z"} <= {text.get_text() for text in ax.texts}


def test_a_diagram_needs_sizes_and_as_many_labels(ax):
    with pytest.raises(ValueError, match="expected a label for each of the 2 layers, got 1"):
        plots.network_diagram([3, 2], labels=["x"], ax=ax)
    with pytest.raises(ValueError, match="sizes"):
        plots.network_diagram([3, 0], ax=ax)
