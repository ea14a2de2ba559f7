"""The style of an initializer: the same everywhere, and different from the others without colour."""

from functools import partial
from itertools import combinations

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from minnet import initializers, plots
from minnet.plots import styles
from minnet.reference.frameworks import ROWS

# What dichromats see of linear RGB: Machado, Oliveira & Fernandes 2009, severity 1.
SEEN = {
    "all cones": np.eye(3),
    "no red": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
                        [-0.003882, -0.048116, 1.051998]]),
    "no green": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
                          [-0.011820, 0.042940, 0.968881]]),
    "no blue": np.array([[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
                         [0.004733, 0.691367, 0.303900]]),
}
COLORS = {plots.initializer_style(name)["color"] for name in styles._INITIALIZERS}


def linear(color):
    c = np.array(to_rgb(color))
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def lab(rgb):
    """CIELAB of linear RGB, in which a distance of 2 can just be seen."""
    x, y, z = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ rgb
    t = np.array([x / 0.9505, y, z / 1.089])
    f = np.where(t > 0.008856, np.cbrt(t), 7.787 * t + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def test_every_initializer_has_a_style_of_its_own():
    assert set(ROWS) <= set(styles._INITIALIZERS)
    found = [tuple(plots.initializer_style(name).values()) for name in styles._INITIALIZERS]
    assert len(set(found)) == len(found)
    for style in found:
        Figure().subplots().plot([1, 2], **dict(zip(("color", "linestyle", "marker"), style, strict=True)))


def test_colours_differ_in_grey_and_have_markers_of_their_own():
    light = np.sort([np.dot(to_rgb(color), [0.299, 0.587, 0.114]) for color in COLORS])
    assert np.diff(light).min() > 0.06
    assert light[-1] < 0.73                                                        # dark enough on white
    pairs = {(style["color"], style["marker"]) for style in map(plots.initializer_style, styles._INITIALIZERS)}
    assert len({marker for _, marker in pairs}) == len(pairs) == len(COLORS)


@pytest.mark.parametrize("eyes", SEEN)
def test_colours_differ_for_every_eye(eyes):
    seen = [lab(np.clip(SEEN[eyes] @ linear(color), 0, 1)) for color in COLORS]
    assert min(np.linalg.norm(a - b) for a, b in combinations(seen, 2)) > 12


def test_a_function_a_partial_and_a_name_are_the_same():
    style = plots.initializer_style("he_normal")
    assert set(style) == {"color", "linestyle", "marker"}
    assert plots.initializer_style(initializers.he_normal) == style
    assert plots.initializer_style(partial(initializers.he_normal, mode="fan_out")) == style
    assert plots.initializer_style("he_uniform") == style | {"linestyle": "--"}
    for wrong in ("He", lambda rng, shape: None, 3):
        with pytest.raises(ValueError, match=r"expected one of the initializers zeros, .*choose the style of your ow"):
            plots.initializer_style(wrong)


def test_pictures_take_styles_by_name():
    he = plots.initializer_style("he_normal")
    chosen = {"He": he, "not drawn": he}
    for draw in (lambda **k: plots.depth_profile({"a": [1, 2], "He": [2, 3]}, predicted={"He": [2, 3]}, ylabel="", **k),
                 lambda **k: plots.learning_curves({"a": [1, 2], "He": [2, 3]}, **k),
                 lambda **k: plots.singular_values({"a": [1, 2], "He": [2, 3]}, ranked=True, **k)):
        ax = draw(styles=chosen, ax=Figure().subplots())
        plain = draw(ax=Figure().subplots())
        (line,), (other,) = ([line for line in axes.get_lines() if line.get_label() == "He"] for axes in (ax, plain))
        assert to_rgb(line.get_color()) == to_rgb(he["color"]) != to_rgb(other.get_color())
        assert line.get_marker() == "^"
        same, as_before = ([line.get_color() for line in axes.get_lines() if line.get_label() == "a"]
                           for axes in (ax, plain))
        assert same == as_before
    steps = plots.singular_values({"He": np.arange(9.0), "a": [1, 2, 3]}, styles=chosen, ax=Figure().subplots()).patches
    assert to_rgb(steps[0].get_edgecolor()) == to_rgb(he["color"])
