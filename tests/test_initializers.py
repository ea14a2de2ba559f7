import inspect
from functools import partial

import numpy as np
import pytest

from minnet import initializers
from minnet.initializers import (
    constant,
    fans,
    glorot_normal,
    glorot_uniform,
    he_normal,
    he_uniform,
    lecun_normal,
    lecun_uniform,
    normal,
    ones,
    uniform,
    zeros,
)

IN, OUT = 512, 256                     # unequal: taking one fan for the other is a factor of 2 in the variance

# init, mean, variance, end of the support (None: a normal without cut)
TABLE = {
    "normal": (normal, 0, 1, None),
    "normal(mean=1, std=0.01)": (partial(normal, mean=1, std=0.01), 1, 1e-4, None),
    "uniform": (uniform, 0, 1 / 3, 1),
    "uniform(low=0, high=0.5)": (partial(uniform, low=0, high=0.5), 0.25, 0.25 / 12, 0.25),
    "lecun_normal": (lecun_normal, 0, 1 / IN, None),
    "lecun_uniform": (lecun_uniform, 0, 1 / IN, (3 / IN) ** 0.5),
    "glorot_normal": (glorot_normal, 0, 2 / (IN + OUT), None),
    "glorot_normal(gain=1.5)": (partial(glorot_normal, gain=1.5), 0, 2.25 * 2 / (IN + OUT), None),
    "glorot_uniform": (glorot_uniform, 0, 2 / (IN + OUT), (6 / (IN + OUT)) ** 0.5),
    "glorot_uniform(gain=1.5)": (partial(glorot_uniform, gain=1.5), 0, 2.25 * 2 / (IN + OUT),
                                 1.5 * (6 / (IN + OUT)) ** 0.5),
    "he_normal": (he_normal, 0, 2 / IN, None),
    "he_uniform": (he_uniform, 0, 2 / IN, (6 / IN) ** 0.5),
}
FIXED = {"zeros": (zeros, 0), "ones": (ones, 1), "constant(value=0.3)": (partial(constant, value=0.3), 0.3)}

random_ones = pytest.mark.parametrize(("init", "mean", "variance", "end"), TABLE.values(), ids=TABLE)


def draw(init, seed=0, shape=(IN, OUT)):
    return init(np.random.default_rng(seed), shape)


def test_the_table_holds_every_initializer():
    functions = {name for name, f in vars(initializers).items()
                 if inspect.isfunction(f) and "rng" in inspect.signature(f).parameters and f.__module__.endswith("rs")}
    assert functions == {name.split("(")[0] for name in (*TABLE, *FIXED)}


@random_ones
def test_mean_and_variance(init, mean, variance, end):
    w = draw(init)
    assert w.mean() == pytest.approx(mean, abs=5 * (variance / w.size) ** 0.5)
    assert w.var() == pytest.approx(variance, rel=0.03)


@random_ones
def test_the_form_of_the_distribution(init, mean, variance, end):
    """The fourth moment tells a normal (3) from a uniform (1.8) and from one cut at two deviations (2.4)."""
    centred = draw(init) - mean
    assert (centred**4).mean() / variance**2 == pytest.approx(3 if end is None else 1.8, rel=0.05)
    if end is None:
        assert abs(centred).max() > 3.9 * variance**0.5
    else:
        assert -end <= centred.min() < -0.999 * end
        assert 0.999 * end < centred.max() <= end


@random_ones
def test_form_and_reproducibility(init, mean, variance, end):
    w = draw(init, shape=(5, 3))
    assert (w.dtype, w.shape) == (np.float64, (5, 3))
    np.testing.assert_array_equal(draw(init, shape=(5, 3)), w)
    assert (draw(init, seed=1, shape=(5, 3)) != w).all()
    rng = np.random.default_rng(0)
    first, second = init(rng, (5, 3)), init(rng, (5, 3))
    np.testing.assert_array_equal(first, w)
    assert (first != second).all()
    assert len(np.unique(w)) == w.size


@pytest.mark.parametrize(("init", "value"), FIXED.values(), ids=FIXED)
@pytest.mark.parametrize("shape", [(4, 3), (3,)], ids=str)
def test_the_fixed_ones_draw_nothing(init, value, shape):
    rng = np.random.default_rng(0)
    before = rng.bit_generator.state
    w = init(rng, shape)
    assert (w.dtype, w.shape) == (np.float64, shape)
    assert (w == value).all()
    assert rng.bit_generator.state == before


@pytest.mark.parametrize("init", [normal, uniform])
def test_normal_and_uniform_serve_biases_too(init):
    assert draw(init, shape=(7,)).shape == (7,)


def test_no_initializer_touches_the_global_generator():
    before = np.random.get_state()[1].copy()      # noqa: NPY002  (that nobody uses it is what is tested)
    for init, *_ in TABLE.values():
        draw(init, shape=(4, 3))
    np.testing.assert_array_equal(np.random.get_state()[1], before)          # noqa: NPY002


def test_options_are_keyword_only():
    with pytest.raises(TypeError):
        normal(np.random.default_rng(0), (2, 2), 0.0, 0.01)
    with pytest.raises(TypeError):
        glorot_uniform(np.random.default_rng(0), (2, 2), 2.0)


def test_degenerate_settings_are_allowed_at_the_edge():
    assert (draw(partial(normal, std=0), shape=(2, 2)) == 0).all()
    assert (draw(partial(uniform, low=0.5, high=0.5), shape=(2, 2)) == 0.5).all()


def test_fans():
    assert fans((3, 5)) == (3, 5)
    assert fans([np.int64(3), 5]) == (3, 5)
