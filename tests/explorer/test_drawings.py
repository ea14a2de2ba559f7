"""The pictures: well-formed, described in words, and right about where a value lies."""

import re
import zlib
from xml.etree import ElementTree

import numpy as np
import pytest

from minnet import diagnostics, losses, plots, theory
from minnet.explorer import Run, Settings, drawings, view
from minnet.explorer.drawings import Axes, Curve, number


def parsed(svg):
    """The tree of a picture, which must be well-formed and have a description."""
    tree = ElementTree.fromstring(svg)
    assert tree.tag == "svg"
    assert tree.get("role") == "img"
    assert len(tree.get("aria-label")) > 20
    return tree


@pytest.mark.parametrize("settings", [
    Settings(depth=4, width=8), Settings(depth=1, width=8), Settings(depth=3, width=8, init="zeros"),
    Settings(depth=12, width=16, init="normal(std=1.0)", learning_rate=3.0), Settings(depth=2, width=8, data="digits"),
    Settings(depth=50, width=8, init="normal(std=0.01)", activation="tanh")], ids=str)
def test_every_picture_of_a_run(settings):
    run, other = Run(settings), Run(Settings(depth=2, width=8))
    other.advance(2)
    try:
        expected = run.expected()
    except ValueError:
        expected = None
    for _ in range(2):
        seen = view.observe(run)
        for pinned in (None, view.observe(other)):
            pictures = [*view.profile_pictures(seen, expected, pinned).values(), view.loss_picture(seen, pinned),
                        view.boundary_picture(run), view.jacobian_picture(run.singular_values(), seen, expected,
                                                                         other.singular_values(), pinned)]
            for picture in pictures:
                parsed(picture)
                said = re.sub(r'"data:[^"]*"|became nan', "", picture)        # letters of an image are chance
                assert "nan" not in said.lower()
            view.comparison(run, seen, pinned)
        run.advance(2)


def test_pictures_say_the_library_s_numbers():
    """δ's prediction is relative to the last layer, and is drawn through the measured one there."""
    run = Run(Settings(depth=6, width=32, init="glorot_normal"))
    measured = diagnostics.profile(run.net, run.x, run.y, losses.softmax_cross_entropy)
    predicted = theory.predict_statistics(run.net, run.x)
    seen, expected = view.observe(run), run.expected()
    pictures = view.profile_pictures(seen, expected, None)
    for name, rms, median in (("z", measured.z, predicted.z.typical**0.5),
                              ("delta", measured.delta, predicted.delta.typical**0.5 * measured.delta[-1])):
        said = parsed(pictures[name]).get("aria-label")
        assert f"measured: from {number(rms[0])} to {number(rms[-1])}" in said
        assert f"theory for random weights: from {number(median[0])} to {number(median[-1])}" in said
        assert plots.initializer_style("glorot_normal")["color"] in pictures[name]
    s = run.singular_values()
    said = parsed(view.jacobian_picture(s, seen, expected, None, None)).get("aria-label")
    assert f"largest s {number(s[0])}, rms {number(np.sqrt((s**2).mean()))}" in said
    assert f"rms in theory: from {number(expected.stretch)}" in said
    run.advance(3)
    later = parsed(view.profile_pictures(view.observe(run, seen.last_delta), expected, None)["delta"])
    assert later.get("aria-label").split("theory")[1] == parsed(pictures["delta"]).get("aria-label").split("theory")[1]


def test_where_a_value_lies():
    axes = Axes(1, 5, 1e-3, 1e3, True)
    y = axes.y(np.array([1e-3, 1.0, 1e3]))
    assert y[1] == pytest.approx((y[0] + y[2]) / 2), "a logarithmic axis"
    assert drawings.TOP <= y[2] < y[0] <= drawings.HEIGHT - drawings.BOTTOM
    assert axes.ticks() == [1e-2, 1, 1e2]
    assert Axes(1, 5, 0.5, 0.6, True).ticks()
    assert Axes(1, 5, 2.0, 2.0, True).ticks()
    line = Curve("measured", np.array([1.0, np.nan, 0.0, 10.0, 100.0]), "#f00", "measured")
    tree = parsed(drawings.curves("title", [line], "layer"))
    assert "left out: 1 zero, 1 not finite" in tree.get("aria-label")
    (d,) = [path.get("d") for path in tree.iter("path") if path.get("stroke") == "#f00" and "h24" not in path.get("d")]
    assert re.sub(r"[\d. ]+", "", d) == "MML", "a gap where a value is missing"
    assert len(list(tree.iter("circle"))) == 3 + 1, "three marks, and one in the legend"


def test_numbers_have_one_format():
    assert [drawings.number(value) for value in (0.0, 5.66e-7, 0.000123, 1, 123.4, 2090, 1.3e38, np.inf)] == [
        "0", "5.66e-7", "0.000123", "1", "123", "2.09e3", "1.3e38", "not finite"]
    assert drawings.tick(1e-7) == "1e-7"


def test_a_long_line_has_the_marks_of_its_legend():
    line = Curve("pinned", np.geomspace(1, 10, 200), "#f00", "pinned")
    assert 40 < len(list(parsed(drawings.curves("title", [line], "step")).iter("circle"))) <= 65


def test_the_bell_curve_is_drawn_at_step_0_alone():
    """It is that of random weights; later it would be a spike where training has made z larger."""
    run = Run(Settings(depth=2, width=8))
    expected = run.expected()
    assert "bell curve: theory" in view.profile_pictures(view.observe(run), expected, None)["z_histograms"]
    run.advance(1)
    later = view.profile_pictures(view.observe(run), expected, None)["z_histograms"]
    assert "bell curve" not in later
    assert "dashed: ± the predicted rms" in later


def test_round_steps():
    assert [drawings.round_step(least) for least in (0, 0.4, 1, 1.2, 3, 98, 600)] == [1, 1, 1, 2, 5, 100, 1000]


def test_nothing_to_draw_is_said():
    for values, words in (([0, 0, 0], "3 zeros."), ([np.nan, 0, np.inf], "1 zero, 2 not finite.")):
        line = Curve("measured", np.array(values, float), "#f00", "measured")
        said = parsed(drawings.curves("t", [line], "layer")).get("aria-label")
        assert f"There is nothing to draw: {words}" in said


def test_singular_values_that_are_rounding_are_left_out_and_counted():
    """The tolerance is that of numpy's matrix_rank: n·ε times the largest."""
    run = Run(Settings(depth=3, width=8))
    seen = view.observe(run)
    A = np.diag([5.0, 1.0, 1e-3, 1e-12, 1e-15, 1e-18, 1e-40, 0.0])
    s = np.diag(A)
    said = parsed(view.jacobian_picture(s, seen, None, None, None)).get("aria-label")
    assert np.linalg.matrix_rank(A) == 4
    assert "measured: from 5 to 1e-12; left out: 4 of 8 (rounding)." in said
    assert "rounding" not in view.jacobian_picture(s[:4], seen, None, s, seen)
    assert "There is nothing to draw: 8 zeros." in view.jacobian_picture(np.zeros(8), seen, None, None, None)


def test_words_are_escaped():
    assert "<b>" not in drawings.message("<b>", 'a "quoted" <b>')
    parsed(drawings.message("a < b", 'a "quoted" <b> & more than twenty letters'))


def test_an_image_file_holds_its_pixels():
    pixels = np.arange(24.0).reshape(2, 4, 3) * 10
    file = drawings.png(pixels)
    assert file.startswith(b"\x89PNG\r\n\x1a\n")
    size = int.from_bytes(file[file.index(b"IDAT") - 4:file.index(b"IDAT")], "big")
    data = zlib.decompress(file[file.index(b"IDAT") + 4:][:size])
    rows = np.frombuffer(data, np.uint8).reshape(2, 13)
    assert not rows[:, 0].any()
    assert np.array_equal(rows[:, 1:].reshape(2, 4, 3), pixels)
    pyplot = pytest.importorskip("matplotlib.pyplot")
    import io
    assert np.allclose(pyplot.imread(io.BytesIO(file))[..., :3] * 255, pixels)


def test_layers_that_are_shown():
    assert drawings.spread_out(21, 6) == [0, 4, 8, 12, 16, 20]
    assert drawings.spread_out(3, 6) == [0, 1, 2]
    assert drawings.spread_out(1, 6) == [0]
    assert drawings.spread_out(0, 6) == []
