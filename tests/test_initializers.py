"""One table (initializer_table.py) says what each initializer draws from; what is drawn is held against it.

Every tolerance is five standard errors of what is measured (chance of a false alarm: one in two million), or, for
equalities, rounding. Seeds are fixed.
"""

import inspect
import itertools
import math
import pickle
import re
from functools import partial

import numpy as np
import pytest

from minnet import activations, initializers, mlp
from minnet.initializers import (
    caffe_xavier,
    constant,
    fans,
    fixup,
    glorot_normal,
    glorot_uniform,
    gpt2_residual,
    he_normal,
    he_uniform,
    heuristic_uniform,
    identity,
    kumar_normal,
    lecun_normal,
    lecun_uniform,
    looks_linear,
    mup_output,
    normal,
    orthogonal,
    random_walk,
    siren,
    sparse,
    truncated_normal,
    uniform,
    variance_scaling,
    zero_hadamard,
    zeros,
)
from minnet.initializers.definition import ALL
from minnet.reporting import described
from tests.initializer_table import EVERY, FIXED, RANDOM, SHAPE, STD2, STRUCTURED, kolmogorov

RNG = np.random.default_rng
SIGMAS = 5

random_ones = pytest.mark.parametrize(("init", "mean", "variance", "form"), RANDOM.values(), ids=RANDOM)


def draw(init, seed=0, shape=SHAPE):
    return init(RNG(seed), shape)


def initializers_of_the_module():
    return {name: f for name, f in vars(initializers).items()
            if inspect.isfunction(f) and next(iter(inspect.signature(f).parameters), None) == "rng" and name[0] != "_"}


def test_the_table_holds_every_initializer():
    assert set(initializers_of_the_module()) == {name.split("(")[0] for name in EVERY}


@random_ones
def test_mean_and_variance(init, mean, variance, form):
    centred = draw(init) - mean
    assert abs(centred.mean()) < SIGMAS * math.sqrt(variance / centred.size)
    error = math.sqrt((form.moment(4) - 1) / centred.size)        # of the mean of t², Var[t²] = E[t⁴] − 1
    assert (centred**2).mean() / variance == pytest.approx(1, abs=SIGMAS * error)
    assert SIGMAS * error < 0.02                                  # that a variance 5% off is noticed


@random_ones
def test_the_form_of_the_distribution(init, mean, variance, form):
    """The fourth moment: 3 for a normal, 1.8 for a uniform, 2.36 for a normal cut at two deviations; and the ends."""
    t = (draw(init) - mean) / math.sqrt(variance)
    error = math.sqrt((form.moment(8) - form.moment(4) ** 2) / t.size)
    assert (t**4).mean() == pytest.approx(form.moment(4), abs=SIGMAS * error)
    if form.unlimited:
        assert abs(t).max() > 3.9
    else:                                                         # the largest of 131,072 comes close to the end
        assert 0.999 * form.end < t.max() <= form.end * (1 + 1e-12)
        assert 0.999 * form.end < -t.min() <= form.end * (1 + 1e-12)


@random_ones
def test_the_distribution_itself(init, mean, variance, form):
    t = np.sort((draw(init) - mean).ravel()) / math.sqrt(variance)
    assert kolmogorov(form.cdf(t)) < 2.74


@random_ones
def test_form_and_reproducibility(init, mean, variance, form):
    w = draw(init, shape=(5, 3))
    assert (w.dtype, w.shape) == (np.float64, (5, 3))
    np.testing.assert_array_equal(draw(init, shape=(5, 3)), w)
    assert (draw(init, seed=1, shape=(5, 3)) != w).all()
    rng = RNG(0)
    first, second = init(rng, (5, 3)), init(rng, (5, 3))
    np.testing.assert_array_equal(first, w)
    assert (first != second).all()
    assert len(np.unique(w)) == w.size


@pytest.mark.parametrize(("init", "value"), FIXED.values(), ids=FIXED)
@pytest.mark.parametrize("shape", [(4, 3), (3,)], ids=str)
def test_the_fixed_ones_draw_nothing(init, value, shape):
    rng = RNG(0)
    before = rng.bit_generator.state
    w = init(rng, shape)
    assert (w.dtype, w.shape) == (np.float64, shape)
    assert (w == value).all()
    assert rng.bit_generator.state == before


@pytest.mark.parametrize("init", [normal, uniform, truncated_normal])
def test_those_blind_to_the_width_serve_biases_too(init):
    assert draw(init, shape=(7,)).shape == (7,)


def test_no_initializer_touches_the_global_generator():
    before = np.random.get_state()[1].copy()      # noqa: NPY002  (that nobody uses it is what is tested)
    for init in EVERY.values():
        draw(init, shape=(4, 6))
    np.testing.assert_array_equal(np.random.get_state()[1], before)          # noqa: NPY002


def test_options_are_keyword_only():
    for name, f in initializers_of_the_module().items():
        kinds = [p.kind for p in inspect.signature(f).parameters.values()][2:]
        assert set(kinds) <= {inspect.Parameter.KEYWORD_ONLY}, name
    with pytest.raises(TypeError):
        normal(RNG(0), (2, 2), 0.0, 0.01)


def test_degenerate_settings_are_allowed_at_the_edge():
    assert (draw(partial(normal, std=0), shape=(2, 2)) == 0).all()
    assert (draw(partial(uniform, low=0.5, high=0.5), shape=(2, 2)) == 0.5).all()
    assert (draw(partial(truncated_normal, mean=2, std=0), shape=(2, 2)) == 2).all()
    assert (draw(partial(sparse, connections=4), shape=(4, 3)) != 0).all()


def test_fans():
    assert fans((3, 5)) == (3, 5)
    assert fans([np.int64(3), 5]) == (3, 5)


@pytest.mark.parametrize("shape", [(5, 3), (3, 5), (8, 8)], ids=str)
def test_one_formula_for_the_family(shape):
    """Same seed, same numbers up to rounding: variance_scaling is LeCun, He, Glorot and the heuristic."""
    for init, options in ((lecun_normal, {}), (lecun_uniform, {"distribution": "uniform"}),
                          (he_normal, {"scale": 2}), (he_uniform, {"scale": 2, "distribution": "uniform"}),
                          (partial(he_normal, mode="fan_out"), {"scale": 2, "mode": "fan_out"}),
                          (glorot_normal, {"mode": "fan_avg"}),
                          (glorot_uniform, {"mode": "fan_avg", "distribution": "uniform"}),
                          (heuristic_uniform, {"scale": 1 / 3, "distribution": "uniform"})):
        np.testing.assert_allclose(draw(partial(variance_scaling, **options), shape=shape), draw(init, shape=shape),
                                   rtol=1e-14, atol=1e-16)


def test_the_correction_of_the_cut_normal_is_the_known_number():
    """Both frameworks paste .87962566103423978; here it is computed, and integrated in this file."""
    ratio = draw(partial(truncated_normal, corrected=False), shape=(5, 3)) / draw(truncated_normal, shape=(5, 3))
    np.testing.assert_allclose(ratio, 0.87962566103423978, rtol=1e-14)
    assert pytest.approx(ratio[0, 0], rel=1e-9) == STD2


# What the docstrings promise -----------------------------------------------------------------------------------

def mean_log_chi_square(m):
    """E[ln χ²] with m degrees of freedom: ψ(m/2) + ln 2, where ψ(x + 1) = ψ(x) + 1/x."""
    start = -np.euler_gamma - (2 * math.log(2) if m % 2 else 0)
    return start + sum(2 / k for k in range(1 if m % 2 else 2, m, 2)) + math.log(2)


@pytest.mark.parametrize("shape", [(20, 60), (60, 20)], ids=str)
@pytest.mark.parametrize("units", ["linear", "relu"])
def test_random_walk_centres_the_step_of_the_gradients_logarithm(units, shape):
    """E[ln ‖δx‖² − ln ‖δ‖²] = 0 for any pair of widths. In closed form, since δx has χ²-distributed length with fan_in
    degrees of freedom, or with as many as ReLU units are on (given that one is); and by drawing."""
    n, draws = shape[0], 4000
    on = {n: 1.0} if units == "linear" else {m: math.comb(n, m) / (2**n - 1) for m in range(1, n + 1)}
    logs = sum(chance * mean_log_chi_square(m) for m, chance in on.items())
    variance = {"linear": math.exp(1 / n), "relu": 2 * math.exp(2.4 / (n - 2.4))}[units] / n
    step = math.log(variance) + logs
    assert abs(step) < 0.002                      # 1/n would be 0.05 and 0.017: what is left of it is the fit's error
    if units == "linear":                         # as the docstring says, to the next order
        assert step == pytest.approx(-1 / (3 * n**2), rel=2 / n)

    rng, steps = RNG(0), []
    for _ in range(draws):
        delta = rng.normal(size=shape[1])
        back = random_walk(rng, shape, units=units) @ delta * (units == "linear" or rng.random(n) < 0.5)
        steps.append(math.log(back @ back / (delta @ delta)))
    assert np.mean(steps) == pytest.approx(step, abs=SIGMAS * np.std(steps) / math.sqrt(draws))


@pytest.mark.parametrize("gain", [1, 1.5])
@pytest.mark.parametrize("shape", [(6, 4), (4, 6), (5, 5), (1, 3), (3, 1), (1, 1)], ids=str)
def test_orthogonal_has_the_smaller_side_orthonormal(shape, gain):
    w = draw(partial(orthogonal, gain=gain), shape=shape)
    product = w.T @ w if shape[0] >= shape[1] else w @ w.T
    assert (w.dtype, w.shape) == (np.float64, shape)
    np.testing.assert_allclose(product, gain**2 * np.eye(min(shape)), atol=20 * np.finfo(float).eps)


def share(values):
    """How far the share of True is from one half, in standard errors."""
    return abs(np.mean(values) - 0.5) * 2 * math.sqrt(len(values))


def test_orthogonal_is_uniform():
    """Haar measure, which QR without the sign fix is not: signs are even, E[tr Q] = 0, E[(tr Q)²] = 1, E[(tr Q)⁴] = 3
    (from 4 × 4 on), and a coordinate of a random point on the sphere in 3 dimensions is uniform (Archimedes)."""
    rng = RNG(0)
    q = np.array([orthogonal(rng, (4, 4)) for _ in range(2000)])
    trace = q.trace(axis1=1, axis2=2)
    for i, k in itertools.product(range(4), repeat=2):
        assert share(q[:, i, k] > 0) < SIGMAS
    assert share(np.linalg.det(q) > 0) < SIGMAS
    assert abs(trace.mean()) < SIGMAS / math.sqrt(len(q))
    assert abs((trace**2).mean() - 1) < SIGMAS * math.sqrt((3 - 1) / len(q))
    for shape, place in itertools.product([(3, 3), (3, 2), (2, 3)], [(0, 0), (1, 1)]):
        entries = np.sort([orthogonal(rng, shape)[place] for _ in range(1000)])
        assert kolmogorov((entries + 1) / 2) < 2.74


def test_orthogonal_keeps_lengths_at_any_depth():
    x = RNG(1).normal(size=(3, 20))
    y = x
    for seed in range(100):
        y = y @ draw(orthogonal, seed, (20, 20))
    np.testing.assert_allclose(np.linalg.norm(y, axis=1), np.linalg.norm(x, axis=1), rtol=1e-13)


@pytest.mark.parametrize("shape", [(2, 4), (4, 2), (3, 3)], ids=str)
def test_identity(shape):
    rng = RNG(0)
    before = rng.bit_generator.state
    w = identity(rng, shape, gain=0.5)
    assert (w.dtype, w.shape) == (np.float64, shape)
    assert w.tolist() == [[0.5 * (i == k) for k in range(shape[1])] for i in range(shape[0])]
    assert rng.bit_generator.state == before


def test_sparse_gives_every_unit_exactly_so_many_inputs():
    w = draw(partial(sparse, connections=15, std=0.5))
    assert ((w != 0).sum(axis=0) == 15).all()
    weights = w[w != 0] / 0.5
    assert abs(weights.mean()) < SIGMAS / math.sqrt(weights.size)
    assert abs((weights**2).mean() - 1) < SIGMAS * math.sqrt(2 / weights.size)
    assert (weights**4).mean() == pytest.approx(3, abs=SIGMAS * math.sqrt(96 / weights.size))
    draws = np.array([draw(partial(sparse, connections=2), seed, (6, 3)) != 0 for seed in range(2000)])
    chance = 2 / 6                                # every input is as likely as every other, in every unit
    assert abs(draws.mean(axis=0) - chance).max() < SIGMAS * math.sqrt(chance * (1 - chance) / 2000)
    together = (draws[:, :, 0] == draws[:, :, 1]).all(axis=1)     # two units choose the same pair of inputs: 1 in 15
    assert abs(together.mean() - 1 / 15) < SIGMAS * math.sqrt(14 / 15**2 / 2000)
    assert ((draw(sparse) != 0).sum(axis=0) == 15).all()


def looks_linear_net(sizes, gain=1.0):
    places = [partial(looks_linear, position=p, gain=gain) for p in ("first", *["hidden"] * (len(sizes) - 3), "last")]
    return mlp(sizes, activation=activations.relu, init=places, rng=0, dtype=np.float64)


@pytest.mark.parametrize("gain", [1, 0.7])
def test_looks_linear_is_linear_at_the_start(gain):
    net = looks_linear_net([6, 16, 20, 12, 5], gain)
    x, other = RNG(1).normal(size=(2, 9, 6))
    np.testing.assert_allclose(net(2 * x - 3 * other), 2 * net(x) - 3 * net(other), atol=1e-13)
    assert np.linalg.matrix_rank(net(np.eye(6))) == 5


def test_looks_linear_keeps_lengths_as_orthogonal_does():
    net = looks_linear_net([6] + [12] * 50 + [6])
    x = RNG(1).normal(size=(9, 6))
    np.testing.assert_allclose(np.linalg.norm(net(x), axis=1), np.linalg.norm(x, axis=1), rtol=1e-12)


@pytest.mark.parametrize(("position", "shape", "signs"), [
    ("first", (5, 6), [[1, -1]]), ("hidden", (4, 6), [[1, -1], [-1, 1]]), ("last", (4, 3), [[1], [-1]])])
def test_looks_linear_blocks(position, shape, signs):
    w = draw(partial(looks_linear, position=position, gain=2), shape=shape)
    rows, columns = shape[0] // len(signs), shape[1] // len(signs[0])
    v = w[:rows, :columns]
    assert (w.dtype, w.shape) == (np.float64, shape)
    np.testing.assert_array_equal(w, np.kron(signs, v))
    np.testing.assert_allclose(v.T @ v if rows >= columns else v @ v.T, 4 * np.eye(min(rows, columns)), atol=1e-14)


@pytest.mark.parametrize("name", STRUCTURED)
def test_the_structured_ones_are_reproducible(name):
    w = draw(STRUCTURED[name], shape=(4, 6))
    np.testing.assert_array_equal(draw(STRUCTURED[name], shape=(4, 6)), w)
    random = STRUCTURED[name] is not zero_hadamard and "identity" not in name
    assert (draw(STRUCTURED[name], seed=1, shape=(4, 6)) != w).any() == random


def test_old_seeds_give_the_same_numbers():
    """The first draws of seed 0, as they came before he_normal and he_uniform had options."""
    z, u = RNG(0).normal(size=(2, 3)), RNG(0).random((2, 3))
    for init, std in ((he_normal, 1), (lecun_normal, 0.5**0.5), (glorot_normal, 0.4**0.5)):
        np.testing.assert_allclose(draw(init, shape=(2, 3)), std * z, rtol=1e-15)
    for init, end in ((he_uniform, 3**0.5), (lecun_uniform, 1.5**0.5), (glorot_uniform, 1.2**0.5)):
        np.testing.assert_allclose(draw(init, shape=(2, 3)), end * (2 * u - 1), rtol=1e-13)


# Docstrings and errors -----------------------------------------------------------------------------------------

@pytest.mark.parametrize("name", initializers_of_the_module())
def test_docstrings_say_what_is_kept_when_it_fails_and_where_it_is_from(name):
    doc = inspect.getdoc(initializers_of_the_module()[name])
    assert re.findall(r"^(Keeps|Fails|Source): ", doc, re.MULTILINE) == ["Keeps", "Fails", "Source"]
    assert re.search(r"^Source: (no paper|.*\d{4})", doc, re.MULTILINE)
    assert doc.splitlines()[1] == ""              # the first line is the formula, alone


SCALARS = (math.nan, math.inf, True, "0.1", None)


@pytest.mark.parametrize(("init", "option", "wanted", "bad"), [
    (init, option, wanted, bad) for init, option, wanted, edges in (
        (truncated_normal, "mean", "a number", ()), (truncated_normal, "std", "a number ≥ 0", (-1,)),
        (truncated_normal, "cut", "a number ≥ 0.5", (0, 0.4)), (he_normal, "negative_slope", "a number", ()),
        (he_uniform, "negative_slope", "a number", ()), (variance_scaling, "scale", "a number > 0", (0, -1)),
        (orthogonal, "gain", "a number > 0", (0, -1)), (identity, "gain", "a number", ()),
        (sparse, "std", "a number ≥ 0", (-1,)), (looks_linear, "gain", "a number > 0", (0,)),
        (siren, "omega", "a number > 0", (0, -1)), (kumar_normal, "value", "a number", ()),
        (kumar_normal, "slope", "a number > 0", (0, -1)), (mup_output, "base_width", "a number > 0", (0, -1)),
        (partial(gpt2_residual, sums=2), "std", "a number ≥ 0", (-1,)),
    ) for bad in (*SCALARS, *edges)])
def test_numbers_out_of_range(init, option, wanted, bad):
    kind = ValueError if type(bad) in (int, float) else TypeError
    with pytest.raises(kind, match=rf"expected {option} to be {wanted}, got {re.escape(repr(bad))}"):
        init(RNG(0), (16, 16), **{option: bad})


@pytest.mark.parametrize(("init", "option", "choices"), [
    (he_normal, "mode", "'fan_in', 'fan_out'"), (he_uniform, "mode", "'fan_in', 'fan_out'"),
    (variance_scaling, "mode", "'fan_in', 'fan_out', 'fan_avg'"),
    (variance_scaling, "distribution", "'normal', 'truncated_normal', 'uniform'"),
    (random_walk, "units", "'linear', 'relu'"), (looks_linear, "position", "'first', 'hidden', 'last'"),
    (siren, "position", "'first', 'hidden'"), (caffe_xavier, "mode", "'fan_in', 'fan_out', 'fan_avg'")])
@pytest.mark.parametrize(("bad", "kind"), [("fan", ValueError), ("", ValueError), (None, TypeError),
                                           (np.ones(2), TypeError)], ids=str)
def test_choices_that_are_none(init, option, choices, bad, kind):
    with pytest.raises(kind, match=rf"expected {option} to be one of {choices}, got {re.escape(repr(bad))}"):
        init(RNG(0), (16, 16), **{option: bad})


@pytest.mark.parametrize(("call", "kind", "message"), [
    (lambda: he_normal(RNG(0), (4, 4), mode="fan_avg"), ValueError, "one of 'fan_in', 'fan_out', got 'fan_avg'"),
    (lambda: truncated_normal(RNG(0), (4, 4), corrected="no"), TypeError, "corrected to be True or False, got 'no'"),
    (lambda: sparse(RNG(0), (14, 20)), ValueError, "connections to be at most fan_in = 14, got 15"),
    (lambda: sparse(RNG(0), (14, 20), connections=0), ValueError, "connections to be a whole number ≥ 1, got 0"),
    (lambda: sparse(RNG(0), (14, 20), connections=2.0), TypeError, "connections to be a whole number ≥ 1, got 2.0"),
    (lambda: looks_linear(RNG(0), (4, 5), position="first"), ValueError, "even fan_out for position='first', got 5"),
    (lambda: looks_linear(RNG(0), (5, 4), position="last"), ValueError, "even fan_in for position='last', got 5"),
    (lambda: looks_linear(RNG(0), (5, 4)), ValueError, "even fan_in for position='hidden', got 5"),
    (lambda: looks_linear(RNG(0), (4, 5)), ValueError, "even fan_out for position='hidden', got 5"),
    (lambda: fixup(blocks=0), ValueError, "blocks to be a whole number ≥ 1, got 0"),
    (lambda: fixup(blocks=3, layers=1), ValueError, "layers to be a whole number ≥ 2, got 1"),
    (lambda: gpt2_residual(sums=0), ValueError, "sums to be a whole number ≥ 1, got 0"),
])
def test_other_bad_input(call, kind, message):
    with pytest.raises(kind, match=message):
        call()


@pytest.mark.parametrize("init", EVERY.values(), ids=EVERY)
def test_arguments_in_the_wrong_order_or_of_the_wrong_kind(init):
    with pytest.raises(TypeError, match=r"expected shape to be a tuple .*got a Generator: .* init\(rng, shape\), in"):
        init((4, 6), RNG(0))
    for shape, kind in ((3, TypeError), ("ab", TypeError), ((4.0, 6), TypeError), ((True, 6), TypeError),
                        ((4, -6), ValueError), ((0, 6), ValueError)):
        with pytest.raises(kind, match=rf"expected shape to be a tuple of whole numbers ≥ 1.*{re.escape(repr(shape))}"):
            init(RNG(0), shape)
    if init not in [row[0] for row in FIXED.values()] and (
            getattr(init, "func", init) not in (identity, zero_hadamard)):
        for rng, seed in ((7, 7), (None, 0), ("a", 0)):
            with pytest.raises(TypeError, match=rf"expected rng to be a numpy Generator, got {rng!r}: pass "
                                                rf"np\.random\.default_rng\({seed}\)"):
                init(rng, (4, 6))


def test_options_that_a_float_cannot_hold():
    with pytest.raises(ValueError, match="expected high - low to be a number, got inf"):
        uniform(RNG(0), (2, 2), low=-1e308, high=1e308)
    for init in (he_normal, he_uniform):           # √(1 + a²) is about a
        np.testing.assert_allclose(init(RNG(0), (4, 2), negative_slope=1e200), init(RNG(0), (4, 2)) / 1e200, rtol=1e-14)


@pytest.mark.parametrize("init", [heuristic_uniform, variance_scaling, random_walk, siren, kumar_normal, caffe_xavier,
                                  mup_output, fixup(blocks=2), gpt2_residual(sums=2), *STRUCTURED.values()])
def test_a_bias_has_no_fans(init):
    for shape in ((5,), (5, 4, 2)):
        with pytest.raises(ValueError, match=rf"weight matrix, got {re.escape(str(shape))}: a bias has no fans"):
            init(RNG(0), shape)


# Options by call ---------------------------------------------------------------------------------------------

def test_called_with_options_alone_it_is_an_initializer_with_them():
    init = he_normal(mode="fan_out", negative_slope=0.2)
    np.testing.assert_array_equal(init(RNG(0), (4, 6)), he_normal(RNG(0), (4, 6), mode="fan_out", negative_slope=0.2))
    np.testing.assert_array_equal(he_normal()(RNG(0), (4, 6)), he_normal(RNG(0), (4, 6)))
    np.testing.assert_array_equal(init(negative_slope=0)(RNG(0), (4, 6)), he_normal(RNG(0), (4, 6), mode="fan_out"))
    assert described(uniform(low=-0.1, high=0.1)) == "uniform(low=-0.1, high=0.1)"
    assert pickle.loads(pickle.dumps(init))(RNG(0), (4, 6)).tolist() == init(RNG(0), (4, 6)).tolist()


@pytest.mark.parametrize(("call", "error", "message"), [
    (lambda: he_normal(mode="fan"), ValueError, "expected mode to be one of 'fan_in', 'fan_out', got 'fan'"),
    (lambda: he_normal(scale=2), TypeError, "he_normal has no option scale: expected negative_slope, mode"),
    (lambda: zeros(value=1), TypeError, "zeros has no option value: expected none"),
    (lambda: constant(), TypeError, r"constant needs value: write constant\(value=…\)"),
    (lambda: he_normal(RNG(0)), TypeError, r"expected he_normal\(rng, shape\), or he_normal\(option=…\) to set"),
    (lambda: orthogonal(gain=0), ValueError, "expected gain to be a number > 0, got 0"),
])
def test_options_are_checked_when_they_are_set(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_every_initializer_has_a_name():
    bare = {init.func if isinstance(init, partial) else init for init in EVERY.values()}
    assert {init.__name__ for init in bare} == set(ALL), "a row of the table for each"
    for name, init in ALL.items():
        assert getattr(initializers, name) is init
        if name in ("constant", "fixup", "gpt2_residual"):
            with pytest.raises(TypeError, match=f"{name} needs"):
                initializers.named("init", name)
        else:
            assert initializers.named("init", name) is init
