"""Keras, PyTorch and JAX as oracles of the initializers: every call that a card shows is evaluated, and what it draws
is compared with what minnet draws; and what the cards say of differences is measured.

Two samples of one distribution differ in a moment by less than five standard errors of the difference, and have a
Kolmogorov–Smirnov p above 1e-6. Seeds are fixed (0 everywhere, minnet's 1).
"""

import inspect
import math
import tempfile
from functools import cache, partial

import numpy as np
import pytest

from minnet import initializers
from minnet.initializers import (
    glorot_normal,
    he_normal,
    heuristic_uniform,
    lecun_normal,
    orthogonal,
    sparse,
    variance_scaling,
)
from minnet.reference import cards, frameworks
from tests.initializer_table import EVERY, FIXED, RANDOM, SHAPE

pytestmark = pytest.mark.peers
SIGMAS = 5
EXACT = {described: init for described, init in EVERY.items() if described in FIXED or "identity" in described}
NONE = {("truncated_normal", "Keras"), ("sparse", "Keras"), ("sparse", "JAX"), ("looks_linear", "Keras"),
        ("looks_linear", "PyTorch"), ("looks_linear", "JAX")}        # truncated_normal where cut is not 2


@pytest.fixture(scope="module")
def peers():
    """The modules that an expression may name; Keras runs on PyTorch and writes into a temporary home folder."""
    torch, jax = pytest.importorskip("torch"), pytest.importorskip("jax")
    with tempfile.TemporaryDirectory() as home, pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERAS_BACKEND", "torch")
        patch.setenv("KERAS_HOME", home)
        keras = pytest.importorskip("keras")
        yield {"torch": torch, "jax": jax, "keras": keras, "math": math}


@pytest.fixture
def of(peers):
    """Seeds everything, and returns a function that evaluates an expression and gives W as (fan_in, fan_out)."""
    torch, jax, keras = peers["torch"], peers["jax"], peers["keras"]
    keras.utils.set_random_seed(0)
    torch.manual_seed(0)
    keys = iter(jax.random.split(jax.random.key(0), 1000))

    def evaluate(framework, call, shape=SHAPE):
        W = torch.nn.Linear(*shape).weight
        with torch.no_grad():
            made = eval(call, {**peers, "W": W})
        if framework == "PyTorch":
            return W.detach().numpy().T.astype(float)
        made = made(shape) if framework == "Keras" else made(next(keys), shape)
        return np.asarray(made.detach().cpu() if framework == "Keras" else made, float)

    return evaluate


@cache
def card(init, shape=SHAPE):
    return cards.card(init, shape)


def calls(init, shape=SHAPE):
    """What the card shows: framework → call; those without one are left out."""
    rows = dict(card(init, shape).rows)
    return {name: rows[name] for name in cards.FRAMEWORKS if rows[name] != "none"}


def name(init):
    return getattr(init, "func", init).__name__


def same_distribution(mine, theirs):
    from scipy.stats import ks_2samp

    mine, theirs = mine.ravel(), theirs.ravel()
    assert ks_2samp(mine, theirs).pvalue > 1e-6
    for power in (1, 2, 4):
        a, b = ((w - mine.mean()) ** power if power > 1 else w for w in (mine, theirs))
        assert abs(a.mean() - b.mean()) < SIGMAS * math.sqrt(a.var() / a.size + b.var() / b.size), power


def test_every_row_is_tested():
    tested = {name(EVERY[described]) for described in (*RANDOM, *EXACT)} | {
        "orthogonal", "sparse", "looks_linear", "nguyen_widrow", "zero_hadamard"}
    assert tested == set(frameworks.ROWS)


@pytest.mark.parametrize("framework", cards.FRAMEWORKS)
@pytest.mark.parametrize("init", [EVERY[described] for described in RANDOM], ids=RANDOM)
def test_random_entries(of, init, framework):
    call = calls(init).get(framework)
    if call is None:
        assert (name(init), framework) in NONE
        return
    mine, theirs = init(np.random.default_rng(1), SHAPE), of(framework, call)
    assert theirs.shape == SHAPE
    same_distribution(mine, theirs)
    law = card(init).law
    end = {"uniform": math.sqrt(3) * law.std, "truncated": law.cut * law.sigma}.get(law.form)
    let_through = 6 if (framework, law.form) == ("Keras", "truncated") else 0         # see the test of it below
    for w in (mine, theirs):
        far = np.sort(abs(w - law.mean), axis=None)
        if end is None:
            assert far[-1] > 3.9 * law.std                        # not cut
        else:
            assert 0.999 * end < far[-1 - let_through] <= end * (1 + 1e-6)            # theirs are float32


@pytest.mark.parametrize("framework", cards.FRAMEWORKS)
@pytest.mark.parametrize("init", EXACT.values(), ids=EXACT)
def test_fixed_entries(of, init, framework):
    for shape in (SHAPE, (4, 6), (6, 4)):
        np.testing.assert_array_equal(of(framework, calls(init, shape)[framework], shape),
                                      init(None, shape).astype(np.float32))


@pytest.mark.parametrize("framework", cards.FRAMEWORKS)
@pytest.mark.parametrize("shape", [(40, 20), (20, 40)], ids=str)
def test_orthogonal(of, framework, shape):
    """The same side is orthonormal, with the gain; entries are distributed alike; and the signs are fixed in all."""
    init = partial(orthogonal, gain=1.5)
    call = calls(init, shape)[framework]
    theirs = of(framework, call, shape)
    product = theirs.T @ theirs if shape[0] >= shape[1] else theirs @ theirs.T
    np.testing.assert_allclose(product, 2.25 * np.eye(20), atol=20 * np.finfo(np.float32).eps)
    same_distribution(init(np.random.default_rng(1), shape), theirs)
    first = [of(framework, call, (3, 3))[0, 0] > 0 for _ in range(200)]
    assert abs(np.mean(first) - 0.5) < SIGMAS * 0.5 / math.sqrt(200)


@pytest.mark.parametrize("shape", [(512, 64), (20, 40), (15, 7), (101, 9)], ids=str)
def test_sparse(of, shape):
    init = partial(sparse, std=0.5)
    assert set(calls(init, shape)) == {"PyTorch"}
    mine, theirs = init(np.random.default_rng(1), shape), of("PyTorch", calls(init, shape)["PyTorch"], shape)
    assert ((mine != 0).sum(axis=0) == 15).all()
    assert ((theirs != 0).sum(axis=0) == 15).all()
    same_distribution(mine[mine != 0], theirs[theirs != 0])


def test_the_half_makes_the_number_of_zeros_right_for_every_width():
    for fan_in in range(1, 600):
        k = np.arange(1, fan_in + 1)
        assert (np.ceil((fan_in - k - 0.5) / fan_in * fan_in) == fan_in - k).all()


# What the cards say of differences -----------------------------------------------------------------------------

@pytest.mark.parametrize(("init", "keras_name", "jax_name"), [
    (glorot_normal, "GlorotNormal", "glorot_normal"), (he_normal, "HeNormal", "he_normal"),
    (lecun_normal, "LecunNormal", "lecun_normal")])
def test_the_namesakes_are_cut(of, init, keras_name, jax_name):
    """They are variance_scaling with the truncated normal: same variance, nothing beyond 2 / 0.8796 deviations."""
    law = card(init).law
    scale, mode = {"glorot_normal": (1, "fan_avg"), "he_normal": (2, "fan_in"), "lecun_normal": (1, "fan_in")}[jax_name]
    cut = variance_scaling(np.random.default_rng(1), SHAPE, scale=scale, mode=mode, distribution="truncated_normal")
    assert abs(init(np.random.default_rng(1), SHAPE)).max() > 3.9 * law.std
    for theirs in (of("Keras", f"keras.initializers.{keras_name}()"), of("JAX", f"jax.nn.initializers.{jax_name}()")):
        same_distribution(cut, theirs)
        assert (abs(theirs) > 2.28 * law.std).sum() <= 6          # JAX 0, Keras: see below


def test_keras_on_pytorch_lets_a_few_through(of):
    """It draws four times and, if all four are out (0.0455⁴, one in 233,000), keeps the first: 17 of 4,000,000 weights,
    and 0.6 of the 131,072 elsewhere in this file (more than 6 with probability 1e-6)."""
    out = (abs(of("Keras", "keras.initializers.TruncatedNormal(0.0, 1.0)", (2000, 2000))) > 2).sum()
    expected = 4e6 * math.erfc(math.sqrt(2)) ** 4
    assert out == pytest.approx(expected, abs=4 * math.sqrt(expected))                 # 17 ± 16.5: not 0
    assert (abs(of("JAX", "jax.nn.initializers.truncated_normal(1.0)", (2000, 2000))) > 2).sum() == 0


@pytest.mark.parametrize(("framework", "call", "std"), [
    ("Keras", "keras.initializers.RandomNormal()", 0.05), ("JAX", "jax.nn.initializers.normal()", 0.01),
    ("PyTorch", "torch.nn.init.normal_(W)", 1), ("Keras", "keras.initializers.TruncatedNormal()", 0.0440),
    ("JAX", "jax.nn.initializers.truncated_normal()", 0.00880),
    ("PyTorch", "torch.nn.init.trunc_normal_(W, std=0.05)", 0.05),                 # limits ±2, nothing is cut
    ("PyTorch", "torch.nn.init.trunc_normal_(W)", 0.880)])
def test_default_deviations(of, framework, call, std):
    w = of(framework, call)
    assert w.std() == pytest.approx(std, rel=SIGMAS * math.sqrt(0.5 / w.size) + 0.001)      # 0.0440 is 0.04398
    assert abs(w.mean()) < SIGMAS * w.std() / math.sqrt(w.size)


@pytest.mark.parametrize(("framework", "call", "low", "high"), [
    ("Keras", "keras.initializers.RandomUniform()", -0.05, 0.05), ("JAX", "jax.nn.initializers.uniform()", 0, 0.01),
    ("JAX", "jax.nn.initializers.uniform(3.0)", 0, 3), ("PyTorch", "torch.nn.init.uniform_(W)", 0, 1)])
def test_default_intervals(of, framework, call, low, high):
    w = of(framework, call)
    span = high - low
    assert low <= w.min() < low + 1e-3 * span
    assert high - 1e-3 * span < w.max() <= high


def test_what_layers_draw_by_default(peers, of):
    torch, keras = peers["torch"], peers["keras"]
    layer = torch.nn.Linear(*SHAPE)
    same_distribution(heuristic_uniform(np.random.default_rng(1), SHAPE), layer.weight.detach().numpy().T.astype(float))
    end = 1 / math.sqrt(SHAPE[0])                                 # 256 biases: the largest is within 6% of the end
    assert (1 - 14 / SHAPE[1]) * end < abs(layer.bias.detach().numpy()).max() <= end
    assert isinstance(keras.layers.Dense(3).kernel_initializer, keras.initializers.GlorotUniform)


def test_keras_takes_normal_for_truncated_normal(peers):
    scaling = peers["keras"].initializers.VarianceScaling
    assert scaling(distribution="normal").distribution == scaling().distribution == "truncated_normal"


def test_pytorchs_sparse_limits_what_leaves_an_input(of):
    """Of W (fan_out, fan_in) each column has so many zeros: a row of ours, an input."""
    w = of("PyTorch", "torch.nn.init.sparse_(W, 0.75)", (12, 8))
    assert ((w != 0).sum(axis=1) == 2).all()
    assert len(set((w != 0).sum(axis=0))) > 1
    assert w[w != 0].std() < 0.02


def test_what_there_is_none_of(peers):
    """Were one of these added, the table would have to say so."""
    for module in (peers["keras"].initializers, peers["jax"].nn.initializers, peers["torch"].nn.init):
        names = {name.lower().replace("_", "") for name in dir(module)}
        assert not {"lookslinear", "randomwalk", "siren", "kumarnormal", "nguyenwidrow", "fixup"} & names
    assert not any("sparse" in name.lower() for name in dir(peers["keras"].initializers))
    assert not {"sparse", "eye", "identity"} & set(dir(peers["jax"].nn.initializers))
    assert "variance_scaling_" not in dir(peers["torch"].nn.init)
    assert set(inspect.signature(peers["keras"].initializers.TruncatedNormal).parameters) == {"mean", "stddev", "seed"}
    assert "gain" not in inspect.signature(peers["torch"].nn.init.eye_).parameters
    assert set(initializers.__dict__) >= set(frameworks.ROWS)
