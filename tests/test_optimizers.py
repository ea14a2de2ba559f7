import dataclasses
import inspect
import math
from functools import partial

import numpy as np
import pytest

from minnet import arrays, optimizers
from minnet.optimizers import SGD, Adam, AdamW, RMSprop, clip_by_norm

# Every formula once more, for one parameter in plain Python: (settings, p, [g₁, g₂, …]) → p after each step.


def sgd(o, p, gradients):
    v = 0.0
    for g in gradients:
        v = o.momentum * v + g
        yield (p := p - o.learning_rate * (g + o.momentum * v if o.nesterov else v))


def rmsprop(o, p, gradients):
    s = 0.0
    for g in gradients:
        s = o.alpha * s + (1 - o.alpha) * g**2
        yield (p := p - o.learning_rate * g / (math.sqrt(s) + o.epsilon))


def adam(o, p, gradients):
    m = v = 0.0
    for t, g in enumerate(gradients, start=1):
        p -= o.learning_rate * o.weight_decay * p
        m, v = o.beta1 * m + (1 - o.beta1) * g, o.beta2 * v + (1 - o.beta2) * g**2
        m_hat, v_hat = m / (1 - o.beta1**t), v / (1 - o.beta2**t)
        yield (p := p - o.learning_rate * m_hat / (math.sqrt(v_hat) + o.epsilon))


TABLE = {
    "SGD": (SGD(learning_rate=0.1), sgd),
    "momentum": (SGD(learning_rate=0.1, momentum=0.9), sgd),
    "Nesterov": (SGD(learning_rate=0.1, momentum=0.9, nesterov=True), sgd),
    "RMSprop": (RMSprop(learning_rate=0.1), rmsprop),
    "RMSprop, other settings": (RMSprop(learning_rate=0.02, alpha=0.5, epsilon=1e-3), rmsprop),
    "Adam": (Adam(learning_rate=0.1), adam),
    "Adam, other settings": (Adam(learning_rate=0.02, beta1=0.5, beta2=0.6, epsilon=1e-3), adam),
    "AdamW": (AdamW(learning_rate=0.1), adam),
}
every_optimizer = pytest.mark.parametrize("name", TABLE)


def gradients(steps=5, seed=0):
    """Vectors of 7 whose entries reach from 1e-9, where ε matters, to 10."""
    return np.random.default_rng(seed).normal(size=(steps, 7)) * 10.0 ** np.array([-9, -8, -6, -3, -1, 0, 1])


def run(opt, params, steps, state=None, **options):
    state = opt.init(params, options.pop("decay_mask", None)) if state is None else state
    for g in steps:
        opt.step(params, g, state, **options)
    return state


@every_optimizer
def test_the_formula_by_hand(name):
    opt, by_hand = TABLE[name]
    start, steps = np.linspace(-1, 1, 7), gradients()
    params, state = start.copy(), opt.init(start)
    expected = [list(by_hand(opt, float(p), steps[:, i].tolist())) for i, p in enumerate(start)]
    for t, g in enumerate(steps):
        before = g.copy()
        opt.step(params, g, state)
        np.testing.assert_allclose(params, [column[t] for column in expected], rtol=1e-13)
        np.testing.assert_array_equal(g, before)
    assert state["t"] == 5


def test_first_steps_in_numbers():
    """g = 2 from p = 1: what the papers' formulas give at a glance."""
    for opt, expected in ((SGD(learning_rate=0.1), 0.8), (SGD(learning_rate=0.1, momentum=0.5, nesterov=True), 0.7),
                          (RMSprop(learning_rate=0.1, alpha=0.75), 0.8), (Adam(learning_rate=0.1), 0.9),
                          (AdamW(learning_rate=0.1, weight_decay=0.5), 0.85)):
        params = np.ones(1)
        run(opt, params, [np.array([2.0])])
        assert params[0] == pytest.approx(expected, rel=1e-7)


def with_decay(name, weight_decay):
    return dataclasses.replace(TABLE[name][0], weight_decay=weight_decay)


@every_optimizer
def test_decay_is_decoupled_and_masked(name):
    """With zero gradients p shrinks by 1 − ηλ where the mask says so; the state is that of a run without."""
    opt, mask = with_decay(name, 0.25), np.array([True, False, True])
    rate = 1 - opt.learning_rate * 0.25 * 0.5
    params = np.array([1.0, 2.0, -3.0])
    state = run(opt, params, np.zeros((2, 3)), decay_mask=mask, factor=0.5)
    np.testing.assert_allclose(params, [rate**2, 2, -3 * rate**2], rtol=1e-15)
    assert all((state[vector] == 0).all() for vector in opt.vectors)
    params = np.array([1.0, 2.0, -3.0])
    run(opt, params, np.zeros((2, 3)), factor=0.5)                                   # without a mask all decay
    np.testing.assert_allclose(params, np.array([1.0, 2, -3]) * rate**2, rtol=1e-15)


@every_optimizer
def test_decay_acts_before_the_step_and_leaves_the_state_of_a_run_without(name):
    opt, plain = with_decay(name, 0.25), with_decay(name, 0)
    start, steps = np.linspace(-1, 1, 7), gradients()
    decayed, other = start.copy(), start * (1 - opt.learning_rate * 0.25)
    one, two = run(opt, decayed, steps[:1]), run(plain, other, steps[:1])
    np.testing.assert_allclose(decayed, other, rtol=1e-14)
    for vector in opt.vectors:
        np.testing.assert_array_equal(one[vector], two[vector])


def test_adam_with_decay_is_adamw():
    one, other = np.ones(7), np.ones(7)
    run(Adam(weight_decay=0.01), one, gradients())
    run(AdamW(), other, gradients())
    np.testing.assert_array_equal(one, other)


def test_decay_does_not_pass_through_adams_division():
    """L2 in the loss would give both weights the same step; decoupled, the larger one shrinks a hundred times more."""
    params = np.array([1.0, 100.0])
    run(AdamW(learning_rate=0.1, weight_decay=0.1), params, [np.ones(2)])
    np.testing.assert_allclose(params, [0.99 - 0.1, 99 - 0.1], rtol=1e-7)


@every_optimizer
def test_the_schedules_factor_multiplies_the_rate(name):
    opt = TABLE[name][0]
    slow = dataclasses.replace(opt, learning_rate=0.3 * opt.learning_rate)
    one, other = np.ones(7), np.ones(7)
    run(opt, one, gradients(), factor=0.3)
    run(slow, other, gradients())
    np.testing.assert_allclose(one, other, rtol=1e-13)


@every_optimizer
def test_l1_is_a_soft_threshold_after_the_step(name):
    """Where the mask says so; 0 exactly where |p| ≤ ηλ₁, and the state is that of a run without."""
    plain, mask, start = TABLE[name][0], np.arange(7) % 3 > 0, np.linspace(-1, 1, 7)
    opt, t = dataclasses.replace(plain, l1=1.5), plain.learning_rate * 0.5 * 1.5
    params, other = start.copy(), start.copy()
    one = run(opt, params, gradients(1), decay_mask=mask, factor=0.5)
    two = run(plain, other, gradients(1), decay_mask=mask, factor=0.5)
    shrunk = np.sign(other) * np.maximum(abs(other) - t, 0)
    np.testing.assert_allclose(params, np.where(mask, shrunk, other), rtol=1e-14)
    for vector in opt.vectors:
        np.testing.assert_array_equal(one[vector], two[vector])
    zero = np.array([0.9, -0.9, 1.1]) * t
    dataclasses.replace(opt, weight_decay=0).step(zero, np.zeros(3), opt.init(zero), factor=0.5)
    np.testing.assert_allclose(zero, [0, 0, 0.1 * t], rtol=1e-13)


@pytest.mark.parametrize("momentum", [0, 0.9])
def test_l1_finds_the_lasso_in_closed_form(momentum):
    """C = ½‖Qp − y‖² with orthonormal columns: the minimum of C + λ Σ|p| is S(Qᵀy, λ), zeros included."""
    rng = np.random.default_rng(0)
    Q, y = np.linalg.qr(rng.normal(size=(20, 8)))[0], 2 * rng.normal(size=20)
    opt = SGD(learning_rate=0.1, momentum=momentum, l1=1.0)
    p, threshold = np.ones(8), 1 - momentum
    state = opt.init(p)
    for _ in range(2000):
        opt.step(p, Q.T @ (Q @ p - y), state)
    least_squares = Q.T @ y
    expected = np.sign(least_squares) * np.maximum(abs(least_squares) - threshold, 0)
    np.testing.assert_allclose(p, expected, rtol=0, atol=1e-12)
    if not momentum:
        assert 0 < (p == 0).sum() < 8
        np.testing.assert_array_equal(p == 0, expected == 0)


def test_momentum_remembers_gradients_not_steps():
    """The rate stands outside v: after a step at rate 0 the next one is as large as without the schedule."""
    opt, params = SGD(learning_rate=0.1, momentum=0.9), np.zeros(1)
    state = run(opt, params, [np.ones(1)], factor=0.0)
    assert params[0] == 0
    run(opt, params, [np.ones(1)], state=state)
    assert params[0] == pytest.approx(-0.19)


@every_optimizer
def test_settings_are_immutable_and_state_is_not_shared(name):
    opt = TABLE[name][0]
    for setting in dataclasses.fields(opt):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(opt, setting.name, 0.5)
    before, first = repr(opt), np.ones(7)
    run(opt, first, gradients())
    again = np.ones(7)
    run(opt, again, gradients())                                                     # the same optimizer, used again
    np.testing.assert_array_equal(again, first)
    assert repr(opt) == before
    assert hash(opt) == hash(TABLE[name][0])


@every_optimizer
@pytest.mark.parametrize("size", [1, 3, 7])
def test_results_do_not_depend_on_the_size_of_the_pieces(name, size, monkeypatch):
    opt, mask = with_decay(name, 0.1), np.arange(7) % 2 == 0
    whole, pieces = np.ones(7), np.ones(7)
    one = run(opt, whole, gradients(), decay_mask=mask)
    monkeypatch.setattr(arrays, "PIECE", size)
    other = run(opt, pieces, gradients(), decay_mask=mask)
    np.testing.assert_array_equal(pieces, whole)
    for vector in opt.vectors:
        np.testing.assert_array_equal(one[vector], other[vector])


@every_optimizer
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_and_identity_of_every_vector(name, dtype):
    opt = dataclasses.replace(with_decay(name, 0.1), learning_rate=np.float64(0.1))       # a scalar that promotes
    params = np.ones(7, dtype)
    state = opt.init(params, np.ones(7, bool))
    held = {vector: state[vector] for vector in opt.vectors}
    assert all((v.dtype, v.shape) == (dtype, (7,)) for v in held.values())
    assert set(state) == {"t", "decay_mask", *opt.vectors}
    for g in gradients():
        opt.step(params, g.astype(dtype), state, factor=np.float64(0.5))
    assert params.dtype == dtype
    assert all(state[vector] is held[vector] and held[vector].dtype == dtype for vector in opt.vectors)


def test_state_that_is_passed_on_continues():
    opt, whole, halves = Adam(learning_rate=0.1), np.ones(7), np.ones(7)
    run(opt, whole, gradients(4))
    state = run(opt, halves, gradients(4)[:2])
    run(opt, halves, gradients(4)[2:], state=state)
    np.testing.assert_array_equal(halves, whole)
    assert state["t"] == 4


def test_defaults_are_pytorchs():
    assert (SGD().learning_rate, SGD().momentum, SGD().nesterov, SGD().weight_decay) == (1e-3, 0, False, 0)
    assert (RMSprop().learning_rate, RMSprop().alpha, RMSprop().epsilon) == (1e-2, 0.99, 1e-8)
    assert (Adam().learning_rate, Adam().beta1, Adam().beta2, Adam().epsilon) == (1e-3, 0.9, 0.999, 1e-8)
    assert (Adam().weight_decay, AdamW().weight_decay) == (0, 0.01)
    assert {opt.l1 for opt in (SGD(), RMSprop(), Adam(), AdamW())} == {0}


@pytest.mark.parametrize("kind", [SGD, RMSprop, Adam, AdamW])
def test_positional_arguments_mean_what_the_class_body_says(kind):
    """SGD(0.1, 0.9): the second is the momentum, as it stands in the source, or may not be given by position."""
    order = [name for name, p in inspect.signature(kind).parameters.items() if p.kind is p.POSITIONAL_OR_KEYWORD]
    assert order[1:2] not in (["weight_decay"], ["l1"])


# Clipping ----------------------------------------------------------------------------------------------------

def test_clip_by_norm():
    g = np.array([3.0, 4.0])
    assert clip_by_norm(g, 10) == 5
    assert g.tolist() == [3, 4]
    assert clip_by_norm(g, 5) == 5
    assert g.tolist() == [3, 4]
    assert clip_by_norm(g, 1) == 5
    np.testing.assert_allclose(g, [0.6, 0.8], rtol=1e-15)
    zero = np.zeros(3)
    assert clip_by_norm(zero, 1) == 0
    assert (zero == 0).all()


def test_clipping_gradients_whose_square_float32_cannot_hold():
    g = np.array([3e20, 4e20], np.float32)
    assert clip_by_norm(g, 1) == pytest.approx(5e20, rel=1e-6)
    assert g.dtype == np.float32
    np.testing.assert_allclose(g, [0.6, 0.8], rtol=1e-6)
    small = np.array([3e-25, 4e-25], np.float32)
    assert clip_by_norm(small, 1e-25) == pytest.approx(5e-25, rel=1e-6)
    np.testing.assert_allclose(small, [6e-26, 8e-26], rtol=1e-6)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_norm_that_is_not_finite_is_returned_and_nothing_scaled(bad):
    g = np.array([1, bad, 2], np.float32)
    norm = clip_by_norm(g, 0.5)
    assert not math.isfinite(norm)
    np.testing.assert_array_equal(g, [1, bad, 2])


# Schedules ---------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("schedule", "values"), [
    (optimizers.constant, {0: 1, 1000: 1}),
    (partial(optimizers.step_decay, every=10), {0: 1, 9: 1, 10: 0.1, 19: 0.1, 20: 0.01}),
    (partial(optimizers.step_decay, every=3, factor=0.5), {2: 1, 3: 0.5, 6: 0.25}),
    (partial(optimizers.exponential, decay=0.9), {0: 1, 1: 0.9, 2: 0.81}),
    (partial(optimizers.exponential, decay=1), {0: 1, 50: 1}),
    (partial(optimizers.exponential, decay=1.1), {0: 1, 1: 1.1, 2: 1.21, 10_000: math.inf}),
    (partial(optimizers.cosine, steps=100), {0: 1, 25: 0.5 + 0.5**1.5, 50: 0.5, 100: 0, 101: 0, 1000: 0}),
    (partial(optimizers.cosine, steps=100, floor=0.2), {0: 1, 50: 0.6, 100: 0.2, 500: 0.2}),
    (partial(optimizers.linear_warmup, steps=4), {0: 0.25, 1: 0.5, 3: 1, 4: 1, 99: 1}),
    (lambda t: optimizers.linear_warmup(t, steps=4) * optimizers.cosine(t, steps=8), {0: 0.25, 4: 0.5, 8: 0}),
])
def test_schedules(schedule, values):
    for step, value in values.items():
        assert schedule(step) == pytest.approx(value, rel=1e-12, abs=1e-16), step
