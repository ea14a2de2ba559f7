"""A card says what is so: its predictions are held against what is drawn, its calls are evaluated in
test_peers_initializers.py, and it stands up to functions and shapes of the reader's own."""

import base64
import math
import re
from functools import partial
from html.parser import HTMLParser

import matplotlib
import numpy as np
import pytest

from minnet import activations, initializers
from minnet.initializers import (
    constant,
    glorot_uniform,
    he_normal,
    he_uniform,
    identity,
    looks_linear,
    normal,
    ones,
    orthogonal,
    sparse,
    truncated_normal,
    uniform,
    variance_scaling,
    zeros,
)
from minnet.reference import card, cards, frameworks, parity
from minnet.reference.frameworks import ROWS, Law
from tests.initializer_table import EVERY, kolmogorov

RNG = np.random.default_rng
SIGMAS = 5
every_one = pytest.mark.parametrize("init", EVERY.values(), ids=EVERY)


def rows(init, shape=(64, 48), **options):
    return dict(card(init, shape, **options).rows)


def test_there_is_a_row_for_every_initializer():
    assert set(ROWS) == {name for name, f in vars(initializers).items()
                         if getattr(f, "__doc__", None) and re.search("^ *Keeps: ", f.__doc__, re.MULTILINE)}


# Predicted and drawn -------------------------------------------------------------------------------------------

@every_one
@pytest.mark.parametrize("shape", [(200, 120), (60, 200)], ids=str)
def test_the_law_is_that_of_what_is_drawn(init, shape):
    """Mean and deviation, within five standard errors; where entries depend on each other exactly, or nearly so."""
    shown = card(init, shape)
    law, W = shown.law, shown.W
    kurtosis = 3 / law.filled                                     # at most: that of a normal, where it is not 0
    assert W.mean() == pytest.approx(law.mean, abs=SIGMAS * law.std / math.sqrt(W.size) + 1e-15)
    deviation = (W - law.mean).std()
    assert deviation**2 == pytest.approx(law.std**2, rel=SIGMAS * math.sqrt((kurtosis - 1) / W.size), abs=1e-15)
    assert np.count_nonzero(W) / W.size == (pytest.approx(law.filled) if W.any() else 0)


@every_one
def test_the_density_is_that_of_what_is_drawn(init):
    """Kolmogorov and Smirnov, as in test_initializers.py; twice as far for mirrored entries, of which half are others'
    images. Entries of an orthogonal matrix depend on each other so that they stay closer to their law."""
    shown = card(init, (200, 120))
    entries = np.unique(shown.W[shown.W != 0])
    grid = np.linspace(shown.W.min() - 0.01, shown.W.max() + 0.01, 20_001)
    density = shown.law.density(grid)
    if density is None:
        assert len(entries) <= 1 or shown.law.form == "unknown"
    else:
        steps = np.append(0, np.cumsum((density[1:] + density[:-1]) / 2 * np.diff(grid)))
        assert kolmogorov(np.interp(entries, grid, steps)) < 2.74 * (2 if "looks_linear" in shown.title else 1)


@pytest.mark.parametrize("law", [
    Law("normal", 1, 0.5), Law("uniform", 1, 0.5), Law("truncated", 1, 0.5, cut=2), Law("truncated", -1, 2, cut=0.7),
    Law("normal", 0, 0.5, filled=0.1), *(Law("sphere", 0, 0.5, dimension=n) for n in (3, 4, 7, 500))], ids=str)
def test_densities_have_the_moments_of_their_law(law):
    w = np.linspace(law.mean - 9 * law.sigma, law.mean + 9 * law.sigma, 2_000_001)      # 1 − Φ(9) = 1e-19
    p = law.density(w)
    assert np.trapezoid(p, w) == pytest.approx(1, abs=1e-5)       # steps of 9e-6 σ at the ends of a uniform
    assert np.trapezoid(p * w, w) == pytest.approx(law.mean, abs=1e-4)
    variance = np.trapezoid(p * (w - law.mean) ** 2, w) * law.filled
    assert variance == pytest.approx(law.std**2, rel=1e-4)
    if law.form == "truncated":
        assert (p > 0).sum() == pytest.approx((abs(w - law.mean) <= law.cut * law.sigma).sum(), abs=2)


def test_a_coordinate_on_the_sphere():
    """In 3 dimensions uniform (Archimedes), in 2 the arcsine law; on a line it is ±radius, and has no density."""
    assert Law("sphere", std=1 / math.sqrt(3), dimension=3).density([-0.9, 0, 0.9]) == pytest.approx(0.5)
    assert Law("sphere", std=1 / math.sqrt(2), dimension=2).density([0.6]) == pytest.approx(1 / (math.pi * 0.8))
    assert Law("sphere", std=1, dimension=1).density([0.5]) is None


@every_one
@pytest.mark.parametrize("shape", [(30, 20), (20, 30), (24, 24)], ids=str)
def test_single_singular_values(init, shape):
    """Those that are exact; a predicted outlier of independent entries is tested below."""
    shown = card(init, shape)
    if shown.spread is None:
        predicted = np.repeat([v for v, _ in shown.lines], [n for _, n in shown.lines])
        np.testing.assert_allclose(shown.singular_values, predicted, atol=1e-13 * predicted[0] + 1e-300)
        assert (np.diff(predicted) <= 0).all()
    else:
        assert shown.spread == shown.law.std


def test_a_mean_adds_one_large_singular_value():
    """Near the threshold it differs from θ = |mean| √(fan_in · fan_out); it varies about as much as an entry does."""
    shape, draws = (200, 100), 25
    for mean, outlier in ((0.17, True), (-0.17, True), (0.05, False)):
        made = [card(partial(normal, mean=mean), shape, rng=seed) for seed in range(draws)]
        largest = np.mean([c.singular_values[0] for c in made])
        theta = abs(mean) * math.sqrt(200 * 100)
        if outlier:
            ((predicted, count),) = made[0].lines
            assert count == 1
            assert predicted == pytest.approx(math.sqrt((theta**2 + 200) * (theta**2 + 100)) / theta)
            assert largest == pytest.approx(predicted, abs=SIGMAS / math.sqrt(draws))
            assert abs(largest - theta) > SIGMAS
        else:
            assert made[0].lines == ()
            assert largest == pytest.approx(math.sqrt(200) + math.sqrt(100), abs=SIGMAS / math.sqrt(draws))


def test_the_spectrum_in_words():
    assert rows(orthogonal)["spectrum"] == "singular values 1 … 1; predicted 48 × 1"
    assert rows(zeros)["spectrum"] == "singular values 0 … 0; predicted 48 × 0"
    assert rows(ones)["spectrum"] == f"singular values 0 … {math.sqrt(64 * 48):.4g}; predicted 1 × 55.43 and 47 × 0"
    edges = f"{(8 - math.sqrt(48)) / 8:.4g} … {(8 + math.sqrt(48)) / 8:.4g}"
    assert f"predicted {edges} (Marchenko–Pastur, std 0.125)" in rows(initializers.lecun_normal)["spectrum"]
    assert "for dense entries of this std" in rows(sparse)["spectrum"]
    outlier = math.sqrt((64 * 48 + 64) * (64 * 48 + 48)) / math.sqrt(64 * 48)
    assert rows(partial(normal, mean=1))["spectrum"].endswith(f"std 1) and 1 × {outlier:.4g}")


# What a card shows ---------------------------------------------------------------------------------------------

@every_one
def test_a_card_has_everything(init):
    shown = card(init, (64, 48))
    labels = [label for label, _ in shown.rows]
    wanted = ["formula", "keeps", "fails", "source", "entries", "histogram", "spectrum", "Keras", "PyTorch", "JAX"]
    assert [label for label in labels if label in wanted] == wanted
    assert set(labels) - set(wanted) <= {"options", "differs"}
    told, function = dict(shown.rows), getattr(init, "func", init)
    assert told["formula"] == function.__doc__.splitlines()[0]
    for label in ("keeps", "fails", "source"):
        assert told[label] in " ".join(function.__doc__.split())
    text = str(shown)
    assert repr(shown) == text
    assert max(map(len, text.splitlines())) <= 120
    for label, value in shown.rows:
        assert "".join(value.split()) in "".join(text.split()), label
    assert text.startswith(cards.described(init))
    (made,) = re.findall(r" (\S+) -?[\d.e-]+$", told["histogram"])
    assert set(made) <= set("▁▂▃▄▅▆▇█")
    assert "█" in made


def test_entries():
    shown = card(partial(constant, value=0.5), (8, 4))
    assert dict(shown.rows)["entries"] == ("mean 0.5 (predicted 0.5), std 0 (predicted 0); fan_in · E[W²] = 2, "
                                           "fan_out · E[W²] = 1")
    W = RNG(3).normal(0, math.sqrt(2 / 64), (64, 48))
    square = (W**2).mean()
    assert rows(he_normal, rng=3)["entries"] == (
        f"mean {W.mean():.4g} (predicted 0), std {W.std():.4g} (predicted 0.1768); "
        f"fan_in · E[W²] = {64 * square:.4g}, fan_out · E[W²] = {48 * square:.4g}")
    assert "; 0.234 of them not 0;" in rows(sparse)["entries"]


def test_options_are_shown_with_their_values():
    assert rows(he_normal)["options"] == "negative_slope = 0.0, mode = 'fan_in'"
    assert rows(partial(he_normal, mode="fan_out"))["options"] == "negative_slope = 0.0, mode = 'fan_out'"
    assert "options" not in rows(initializers.lecun_normal)
    nested = partial(partial(normal, std=0.5), mean=2)
    assert rows(nested)["options"] == "mean = 2, std = 0.5"
    assert str(card(nested, (4, 2))).startswith("normal(std=0.5, mean=2) for 4 inputs and 2 units")


@pytest.mark.parametrize(("init", "framework", "call"), [
    (partial(he_uniform, negative_slope=0.5), "Keras", "keras.initializers.VarianceScaling(1.6, 'fan_in', 'uniform')"),
    (he_uniform, "Keras", "keras.initializers.HeUniform()"),
    (partial(he_uniform, mode="fan_out"), "PyTorch", "torch.nn.init.kaiming_uniform_(W, a=0.0, mode='fan_out')"),
    (partial(glorot_uniform, gain=np.float64(1.5)), "PyTorch", "torch.nn.init.xavier_uniform_(W, gain=1.5)"),
    (partial(glorot_uniform, gain=2), "JAX", "jax.nn.initializers.variance_scaling(4, 'fan_avg', 'uniform')"),
    (partial(truncated_normal, corrected=False), "PyTorch", "torch.nn.init.trunc_normal_(W, 0.0, 1.0, -2.0, 2.0)"),
    (partial(variance_scaling, scale=64, distribution="uniform"), "PyTorch",
     f"torch.nn.init.uniform_(W, {-(3**0.5)}, {3**0.5})"),
    (partial(truncated_normal, cut=3), "Keras", "none"), (looks_linear, "JAX", "none"),
    (partial(sparse, connections=15), "PyTorch", f"torch.nn.init.sparse_(W.T, {48.5 / 64}, 1.0)"),
])
def test_calls_have_the_options_in_them(init, framework, call):
    assert rows(init)[framework] == call


def test_negative_numbers_survive():
    assert rows(partial(constant, value=-0.5))["Keras"] == "keras.initializers.Constant(-0.5)"
    assert rows(partial(uniform, low=-2, high=-1))["PyTorch"] == "torch.nn.init.uniform_(W, -2, -1)"


class Balanced(HTMLParser):
    """Raises where tags do not close in order; collects text and images."""

    def __init__(self, page):
        super().__init__()
        self.open, self.text, self.images = [], "", []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        if tag == "img":
            self.images.append(dict(attributes))
        elif tag != "wbr":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize("init", [he_normal, looks_linear, partial(identity, gain=0.5)], ids=cards.described)
def test_html(init):
    shown = card(init, (64, 48))
    page = Balanced(shown._repr_html_())
    for label, value in shown.rows:
        assert (label + value in page.text) == (label != "histogram")
    assert "keras.<wbr>" in shown._repr_html_() or "none" in page.text                # where a long call may break
    (image,) = page.images
    kind, data = image["src"].split(",")
    assert kind == "data:image/png;base64"
    assert base64.b64decode(data).startswith(b"\x89PNG\r\n")
    assert shown.title in image["alt"]


def legends(figure):
    return [[text.get_text() for text in ax.get_legend().get_texts()] for ax in figure.axes]


def test_the_figure():
    figure = card(he_normal).figure()
    left, right = figure.axes
    assert legends(figure) == [["drawn (131072)", "predicted"], ["drawn (256)", "Marchenko–Pastur"]]
    assert (left.get_xlabel(), right.get_xlabel()) == ("weight", "singular value")
    for ax in (left, right):                                      # areas: both histograms hold everything
        heights, ends, _ = ax.patches[0].get_data()
        assert (heights * np.diff(ends)).sum() == pytest.approx(1)
        ((x, y),) = [line.get_xydata().T for line in ax.get_lines()]
        assert np.trapezoid(y, x) == pytest.approx(1, abs=0.01)
    assert legends(card(looks_linear).figure())[1] == ["drawn (256)", "predicted: 128 × 2", "predicted: 128 × 0"]
    for init, values in ((orthogonal, (1,)), (partial(orthogonal, gain=1.5), (1.5,)), (looks_linear, (0, 2)),
                         (zeros, (0,)), (partial(identity, gain=1e-9), (1e-9,))):   # each line in its bar's middle
        heights, ends, _ = card(init, (64, 48)).figure().axes[1].patches[0].get_data()
        middles = (ends[1:] + ends[:-1])[heights > 0] / 2
        np.testing.assert_allclose(middles, values, atol=1e-9 * ends[-1])
    assert legends(card(sparse).figure())[0] == ["drawn (3840)", "predicted"]
    outlier = card(partial(uniform, low=0)).figure()
    assert re.fullmatch(r"and one at 181\.?\d*\n\(predicted 181\.2\)", legends(outlier)[1][2])
    assert outlier.axes[1].get_xlim()[1] < 13                     # where the other 255 are


def test_the_figure_changes_nothing_global():
    from matplotlib import pyplot

    before = dict(matplotlib.rcParams), pyplot.get_fignums()
    card(he_normal, (8, 4))._repr_html_()
    assert (dict(matplotlib.rcParams), pyplot.get_fignums()) == before


def test_the_matrix_is_drawn_once_from_the_generator_given():
    np.testing.assert_array_equal(card(he_normal, (6, 4), rng=5).W, he_normal(RNG(5), (6, 4)))
    np.testing.assert_array_equal(card(he_normal, (6, 4)).W, he_normal(RNG(0), (6, 4)))
    rng = RNG(0)
    first, second = card(he_normal, (6, 4), rng=rng), card(he_normal, (6, 4), rng=rng)
    assert (first.W != second.W).all()
    assert card(he_normal).W.shape == (512, 256)


# Functions of one's own ----------------------------------------------------------------------------------------

def laplace(rng, shape, *, scale=0.1):
    """Heavy tails, with <b> and & in the docstring.

    A second paragraph, which is not shown.

    Keeps: nothing in particular.
    """
    return rng.laplace(0, scale, shape)


def test_a_function_of_ones_own():
    shown = card(partial(laplace, scale=0.5))
    told = dict(shown.rows)
    assert told["docstring"] == "Heavy tails, with <b> and & in the docstring."
    assert told["keeps"] == "nothing in particular."
    assert [told[name] for name in cards.FRAMEWORKS] == ["not known to minnet"] * 3
    assert "formula" not in told
    assert "predicted" not in told["entries"]
    assert shown.spread == shown.W.std() == pytest.approx(0.5 * math.sqrt(2), rel=SIGMAS * math.sqrt(5 / 512 / 256))
    assert "(Marchenko–Pastur, measured std)" in told["spectrum"]
    assert shown.title == "laplace(scale=0.5) for 512 inputs and 256 units"
    assert "with <b> and & in" in Balanced(shown._repr_html_()).text
    assert legends(shown.figure()) == [["drawn (131072)"], ["drawn (256)", "Marchenko–Pastur"]]


def test_a_namesake_is_not_mistaken_for_minnets():
    def he_normal(rng, shape):
        return rng.normal(size=shape)

    told = dict(card(he_normal, (8, 4)).rows)
    assert told["docstring"] == "none"
    assert told["PyTorch"] == "not known to minnet"


class Callable:
    """An object that can be called."""

    def __call__(self, rng, shape):
        return rng.integers(-1, 2, shape)


@pytest.mark.parametrize("init", [
    Callable(), lambda rng, shape: rng.standard_cauchy(shape), lambda rng, shape: np.full(shape, 0.1),
    lambda rng, shape: np.zeros(shape), lambda rng, shape: 1e-20 * rng.normal(size=shape),
    lambda rng, shape: 1e20 * rng.normal(size=shape), lambda rng, shape: np.eye(*shape),
    lambda rng, shape: -np.ones(shape), lambda rng, shape: 0.1 + 1e-16 * rng.normal(size=shape)])
def test_whatever_is_drawn_can_be_shown(init):
    for shape in ((30, 20), (1, 1), (1, 5), (5, 1)):
        shown = card(init, shape)
        assert "nan" not in str(shown)
        figure = shown.figure()
    figure.draw_without_rendering()


@pytest.mark.parametrize("init", [
    partial(sparse, connections=3, std=0), partial(identity, gain=0), partial(normal, std=0),
    partial(normal, std=1e-200), partial(normal, mean=1e-200, std=1e-202), partial(normal, std=1e149),
    partial(uniform, low=1e148, high=1e149)],
    ids=cards.described)
def test_options_at_their_ends(init):
    shown = card(init, (20, 16))
    shown.figure().draw_without_rendering()
    assert "nan" not in str(shown)
    assert "inf" not in str(shown)
    if "mean" in init.keywords or "low" in init.keywords:         # the outlier, scaled with the weights
        assert shown.lines[0][0] == pytest.approx(shown.singular_values[0], rel=0.1)


@every_one
def test_every_initializer_can_be_shown_in_a_small_shape(init):
    card(init, (4, 2)).figure()


# Parity and errors ---------------------------------------------------------------------------------------------

def test_parity_holds_every_row():
    table = parity()
    text, page = "".join(str(table).split()), Balanced(table._repr_html_())
    assert repr(table) == str(table)
    assert max(map(len, str(table).splitlines())) <= 120
    for name, row in ROWS.items():
        told = [told if told != "None" else "none" for told in (row.keras, row.pytorch, row.jax)]
        assert "".join("".join([name, *(f"{label}{call}" for label, call in zip(cards.FRAMEWORKS, told, strict=True)),
                                f"differs{row.differs}" if row.differs else ""]).split()) in text
        assert name + "".join(told) + row.differs in page.text
    assert page.text.startswith(cards.CAPTION)
    assert text.startswith("".join(cards.CAPTION.split()))


def test_the_expressions_name_options_and_shapes_only():
    """Every variable that an expression has is filled in: what is left names the framework, W, or what lambda binds."""
    for init in EVERY.values():
        for call in (rows(init)[name] for name in cards.FRAMEWORKS):
            left = {node.id for node in frameworks.ast.walk(frameworks.ast.parse(call))
                    if isinstance(node, frameworks.ast.Name)}
            assert left <= {"torch", "keras", "jax", "math", "W", "none", "key", "shape", "dtype", "float"}, call


@pytest.mark.parametrize(("call", "kind", "message"), [
    (lambda: card("he_normal"), TypeError, r"function of \(rng, shape\), such as .*he_normal, got 'he_normal'"),
    (lambda: card(None), TypeError, r"function of \(rng, shape\).*got None"),
    (lambda: card(activations.relu), TypeError, r"function of \(rng, shape\).*got relu: too many positional"),
    (lambda: card(constant), TypeError, r"got constant: missing a required.* 'value'; options are set with functools"),
    (lambda: card(partial(normal, width=3)), TypeError, r"got normal\(width=3\): .*'width'"),
    (lambda: card(lambda rng, shape: np.ones(3)), ValueError, r"<lambda> to return .* of shape \(512, 256\), got \(3"),
    (lambda: card(lambda rng, shape: 0.1), ValueError, r"<lambda> to return an array of shape \(512, 256\), got \(\)"),
    (lambda: card(lambda rng, shape: np.full(shape, math.nan)), ValueError, r"array that <lambda> returns to be fin"),
    (lambda: card(lambda rng, shape: np.full(shape, 1j)), TypeError, r"<lambda> to return real numbers, got .*complex"),
    (lambda: card(lambda rng, shape: np.ma.masked_array(np.ones(shape), np.eye(*shape))), TypeError,
     "expected the array that <lambda> returns without a mask, got a masked array"),
    (lambda: card(lambda rng, shape: None), TypeError, r"<lambda> to return real numbers, got dtype object"),
    (lambda: card(he_normal, (5,)), ValueError, r"shape \(fan_in, fan_out\) of a weight matrix, got \(5,\)"),
    (lambda: card(he_normal, 5), ValueError, r"shape \(fan_in, fan_out\) of a weight matrix, got 5"),
    (lambda: card(he_normal, (3, 0)), ValueError, r"fan_out to be a whole number ≥ 1, got 0"),
    (lambda: card(he_normal, (3.0, 2)), TypeError, r"fan_in to be a whole number ≥ 1, got 3.0"),
    (lambda: card(he_normal, rng=None), TypeError, r"rng to be an int ≥ 0 or a numpy Generator, got None"),
    (lambda: card(partial(normal, std=-1)), ValueError, r"std to be a number ≥ 0, got -1"),
    (lambda: card((8, 4), he_normal), TypeError, r"function of \(rng, shape\).*got \(8, 4\): card\(init, shape\), in"),
    (lambda: card(he_normal(RNG(0), (8, 4))), TypeError, r"got an array of shape \(8, 4\): pass the function, not"),
    (lambda: card(partial(normal, std=1e200)), ValueError, r"normal\(std=1e\+200\) to return numbers whose squares a"),
    (lambda: card(partial(glorot_uniform, gain=1e200)), ValueError, "to return numbers whose squares a float can hold"),
    (lambda: card(partial(he_normal, negative_slope=1e200)), ValueError,
     r"options whose squares a float can hold, got he_normal\(negative_slope=1e\+200\)"),
])
def test_bad_input(call, kind, message):
    with pytest.raises(kind, match=message):
        call()


def test_a_negative_number_keeps_its_parentheses():
    """(−0.5)² is 0.25 in the call that a card prints, and the scale 2/(1 + 0.25)."""
    text = str(cards.card(partial(initializers.he_normal, negative_slope=-0.5), (4, 4)))
    assert "VarianceScaling(1.6, 'fan_in', 'untruncated_normal')" in text
