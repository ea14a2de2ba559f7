"""A Boltzmann machine against the sums over all its states, which small ones allow, written here state by state.

Averages of what is drawn are held to five standard errors, estimated from the repetitions. Seeds are fixed.
"""

import copy
import itertools
import math
import pickle
from functools import partial

import numpy as np
import pytest

from minnet import activations, datasets, fit, initializers, losses, mlp, optimizers
from minnet.pretraining import greedy_pretrain, unrolled
from minnet.pretraining.boltzmann import BoltzmannMachine

RNG = np.random.default_rng
CE = losses.sigmoid_cross_entropy
SIGMAS = 5


def machine(visible=4, hidden=3, seed=0, scale=1.0, dtype=np.float64, **settings):
    """A small machine with weights and biases of size `scale`."""
    model = BoltzmannMachine(visible, hidden, rng=0, dtype=dtype, **settings)
    model.params = scale * RNG(seed).normal(size=model.params.shape)
    return model


def states(n):
    return np.array(list(itertools.product([0.0, 1.0], repeat=n)))


def joint(model):
    """p(v, h) from the energy, one pair at a time: (2^visible, 2^hidden), and ln Z."""
    e = np.array([[math.exp(v @ model.W @ h + h @ model.b + v @ model.c) for h in states(model.hidden)]
                  for v in states(model.visible)])
    return e / e.sum(), math.log(e.sum())


def some_data(model, n=6, seed=1):
    return (RNG(seed).random((n, model.visible)) < 0.6).astype(model.params.dtype)


def statistics(model, v, weights):
    """Σ w (v p(h|v)ᵀ, p(h|v), v), one example at a time, laid out as params."""
    total = np.zeros(len(model.params))
    for row, w in zip(v, weights, strict=True):
        p = np.array([1 / (1 + math.exp(-(row @ model.W[:, j] + model.b[j]))) for j in range(model.hidden)])
        total += w * np.concatenate([np.outer(row, p).ravel(), p, row])
    return total


def kernel(model):
    """P(v → v') of one Gibbs step, all states: Σ_h p(h|v) p(v'|h), from the joint distribution."""
    p, _ = joint(model)
    return (p / p.sum(axis=1, keepdims=True)) @ (p / p.sum(axis=0, keepdims=True)).T


def start(model, data):
    """The distribution of the data over all states."""
    index = data @ 2 ** np.arange(model.visible)[::-1]
    return np.bincount(index.astype(int), minlength=2**model.visible) / len(data)


def expected_direction(model, data, k):
    """E[grads] of CD-k: the data's statistics pull down, those after k steps push up."""
    after = start(model, data) @ np.linalg.matrix_power(kernel(model), k)
    return statistics(model, states(model.visible), after - start(model, data))


def repeated(model, data, times=2000, seed=3):
    """`grads` of many calls, (times, P)."""
    rng, found = RNG(seed), np.empty((times, len(model.params)))
    for i in range(times):
        model.gradient(data, data, CE, rng=rng)
        found[i] = model.grads
    return found


def assert_mean(samples, expected):
    error = samples.std(axis=0, ddof=1) / math.sqrt(len(samples))
    assert (abs(samples.mean(axis=0) - expected) <= SIGMAS * error + 1e-12).all()


def cosine(a, b):
    return a @ b / math.sqrt((a @ a) * (b @ b))


# Exact -------------------------------------------------------------------------------------------------------

shapes = pytest.mark.parametrize(("visible", "hidden"), [(4, 3), (3, 4), (3, 3), (1, 5), (5, 1)])


@shapes
def test_free_energy_and_partition_are_sums_over_states(visible, hidden):
    model = machine(visible, hidden)
    p, log_Z = joint(model)
    assert model.log_partition() == pytest.approx(log_Z, rel=1e-13)
    v = states(visible)
    np.testing.assert_allclose(model.free_energy(v), -np.log(p.sum(axis=1)) - log_Z, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(model.log_likelihood(v), np.log(p.sum(axis=1)), rtol=1e-12, atol=1e-12)
    assert np.exp(model.log_likelihood(v)).sum() == pytest.approx(1, rel=1e-13)


def test_conditionals_are_those_of_the_joint_distribution():
    model = machine()
    p, _ = joint(model)
    np.testing.assert_allclose(model.encode(states(4)), p @ states(3) / p.sum(axis=1)[:, None], rtol=1e-12)
    down = activations.sigmoid.f(states(3) @ model.V + model.c)
    np.testing.assert_allclose(down, p.T @ states(4) / p.sum(axis=0)[:, None], rtol=1e-12)


def slopes(model, data, h=1e-5):
    """The mean log-likelihood's finite differences; truncation is about h² and rounding 1e-15/h."""
    found = np.empty(len(model.params))
    for i in range(len(found)):
        ends = []
        for sign in (1, -1):
            model.params[i] += sign * h
            ends.append(model.log_likelihood(data).mean())
            model.params[i] -= sign * h
        found[i] = (ends[0] - ends[1]) / (2 * h)
    return found


@shapes
def test_likelihood_gradient(visible, hidden):
    """By hand against statistics of the joint distribution, and against finite differences of the likelihood."""
    model = machine(visible, hidden)
    data = some_data(model)
    by_hand = (statistics(model, data, np.full(len(data), 1 / len(data)))
               - statistics(model, states(visible), joint(model)[0].sum(axis=1)))
    exact = model.likelihood_gradient(data)
    np.testing.assert_allclose(exact, by_hand, rtol=0, atol=1e-13)
    np.testing.assert_allclose(exact, slopes(model, data), rtol=0, atol=1e-9)


def test_a_sum_in_chunks_and_its_limit():
    model = machine(14, 13, scale=0.3)                                      # two chunks of 4,096 states
    np.testing.assert_allclose(model.log_partition(), np.logaddexp.reduce(-model.free_energy(states(14))), rtol=1e-12)
    wide = BoltzmannMachine(30, 21, rng=0)
    for call in (wide.log_partition, lambda: wide.log_likelihood(np.ones((1, 30))),
                 lambda: wide.likelihood_gradient(np.ones((1, 30)))):
        with pytest.raises(ValueError, match=r"expected at most 20 units on the smaller side .*, got 21"):
            call()
    assert wide.free_energy(np.ones((2, 30))).shape == (2,)


def test_large_weights_do_not_overflow():
    model = machine(scale=500.0, dtype=np.float32)
    data = some_data(model)
    for value in (model.free_energy(data), model.log_partition(), model.likelihood_gradient(data)):
        assert np.isfinite(value).all()
    model.gradient(data, data, CE, rng=0)
    assert np.isfinite(model.grads).all()


# Contrastive divergence --------------------------------------------------------------------------------------

@pytest.mark.parametrize("k", [1, 2, 3])
def test_the_mean_of_the_direction_is_that_of_the_enumerated_chain(k):
    model, data = two_wells(1.5, k=k)                         # slow enough for k and k + 1 to differ
    found = repeated(model, data)
    assert_mean(found, expected_direction(model, data, k))
    for other in (k - 1, k + 1):
        with pytest.raises(AssertionError):
            assert_mean(found, expected_direction(model, data, other))


def two_wells(depth, **settings):
    """All units like to agree: one mode near 1, one near 0, the harder to leave the deeper. The data lie in one."""
    model = machine(scale=0.2, **settings)
    model.W += depth
    model.b -= 2 * depth
    model.c -= 1.5 * depth
    return model, np.array([[1, 1, 1, 0], [1, 1, 0, 1], [1, 1, 1, 1], [1, 1, 1, 1]], float)


def test_it_is_the_likelihood_gradient_only_in_the_limit():
    """The mean points along −∂ ln p, the better the longer the chain, and a long chain leaves no bias."""
    model, data = two_wells(1.5)
    exact = -model.likelihood_gradient(data)
    along = [cosine(expected_direction(model, data, k), exact) for k in (1, 2, 4, 8, 16)]
    assert along[0] > 0
    assert all(a < b for a, b in itertools.pairwise(along))
    np.testing.assert_allclose(expected_direction(model, data, 2000), exact, rtol=0, atol=1e-9)
    (short, _), (long, _) = two_wells(1.5), two_wells(1.5, k=100)
    assert_mean(repeated(long, data, times=1000), exact)                          # 0.80^100 of the bias is left: none
    with pytest.raises(AssertionError):
        assert_mean(repeated(short, data, times=1000), exact)


def test_where_chains_stay_in_their_mode_it_may_point_downhill():
    """CD-1 cannot see that the model has a second mode, where there are no data; the likelihood does."""
    model, data = two_wells(2.5)
    exact = -model.likelihood_gradient(data)
    assert cosine(expected_direction(model, data, 1), exact) < 0 < cosine(expected_direction(model, data, 100), exact)
    assert cosine(repeated(model, data).mean(axis=0), exact) < 0


@pytest.mark.parametrize("grey", [False, True])
def test_the_part_of_the_data_is_exact(grey):
    """Where the model side is known, one call shows the data's: with c → −∞ the fantasies are 0, whatever is drawn.
    Grey values are taken as they stand."""
    model = machine()
    data = RNG(0).random((6, 4)) if grey else some_data(model)
    model.c = -1e3
    model.gradient(data, data, CE, rng=0)
    zero = statistics(model, np.zeros((1, 4)), [1.0])
    np.testing.assert_allclose(model.grads, zero - statistics(model, data, np.full(6, 1 / 6)), rtol=0, atol=1e-14)


def test_gibbs_samples_from_the_model():
    model = machine()
    n = 40_000
    first = model.gibbs(np.tile(states(4)[5], (n, 1)), rng=0)
    assert set(np.unique(first)) == {0, 1}
    long = model.gibbs(np.zeros((n, 4)), steps=60, rng=1)
    for drawn, expected in ((first, kernel(model)[5]), (long, joint(model)[0].sum(axis=1))):
        share = np.bincount((drawn @ [8, 4, 2, 1]).astype(int), minlength=16) / n
        assert (abs(share - expected) <= SIGMAS * np.sqrt(expected * (1 - expected) / n)).all()
    assert model.gibbs(first.astype(np.float32), rng=0).dtype == np.float64       # the machine's
    np.testing.assert_array_equal(model.gibbs(first, rng=5), model.gibbs(first, rng=5))


def test_persistent_chains_go_on_and_reach_the_model():
    """With the weights held still CD-1 stays biased; PCD-1 forgets the data. Batch means over many chains show it."""
    model, data = machine(scale=1.5, persistent=True), some_data(machine())
    many = np.repeat(data, 200, axis=0)                                           # 1,200 chains
    rng = RNG(0)
    for _ in range(100):
        model.gradient(many, many, CE, rng=rng)
    found = []
    for _ in range(60):
        for _ in range(20):                                    # the second eigenvalue of a step, to the 20th: < 0.01
            model.gradient(many, many, CE, rng=rng)
        found.append(model.grads.copy())
    assert abs(sorted(np.linalg.eigvals(kernel(model)).real)[-2]) ** 20 < 0.01
    assert_mean(np.array(found), -model.likelihood_gradient(data))
    assert model.particles.shape == (1200, 3)
    model.gradient(data, data, CE, rng=0)                                         # a smaller batch, as many chains
    assert model.particles.shape == (1200, 3)
    assert machine().particles is None


@pytest.mark.parametrize("settings", [{}, {"k": 3}, {"persistent": True}], ids=str)
def test_training_raises_the_exact_likelihood(settings):
    """Two clusters of patterns; the best factorizing model, units independent, is beaten."""
    x = np.repeat([[1, 1, 1, 0, 0, 0], [0, 0, 0, 1, 1, 1], [1, 1, 0, 0, 0, 0]], 20, axis=0).astype(np.float32)
    model = BoltzmannMachine(6, 4, rng=0, **settings)
    before = model.log_likelihood(x).mean()
    history = fit(model, (x, x), loss=CE, optimizer=optimizers.SGD(0.2), epochs=150, batch_size=20, rng=0)
    mean = x.mean(axis=0)
    alone = (mean * np.log(mean + 1e-300) + (1 - mean) * np.log(1 - mean + 1e-300)).sum()
    after = model.log_likelihood(x).mean()
    assert before < alone < after < -math.log(3) + 1e-6                           # three patterns: at most ln ⅓
    assert history.loss[-1] < history.loss[0]


# Gaussian visible units --------------------------------------------------------------------------------------

def gaussian_machine(visible=2, hidden=3, **settings):
    return machine(visible, hidden, scale=0.7, gaussian=True, **settings)


def mixture(model):
    """p(v) is a mixture of 2^hidden normals N(c + h Wᵀ, 1): weights p(h), means; from ∫ e^{−E} dv, one h at a time.

    −E = h·b − ½‖v − c‖² + v·u with u = W h, and the exponent's maximum over v is h·b + ½‖u‖² + c·u, at v = c + u.
    """
    h = states(model.hidden)
    means = np.array([model.c + model.W @ one for one in h])
    e = np.array([math.exp(one @ model.b + sum(u * u / 2 + c * u for u, c in zip(model.W @ one, model.c, strict=True)))
                  for one in h])
    return e / e.sum(), means, math.log(e.sum()) + model.visible / 2 * math.log(2 * math.pi)


def grid(half=12.0, n=481):
    """Points and weights of the trapezoidal rule in the plane; for Gaussians it converges faster than any power."""
    line = np.linspace(-half, half, n)
    return np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2), (line[1] - line[0]) ** 2


def test_gaussian_free_energy_partition_and_likelihood_are_integrals():
    model, (v, area) = gaussian_machine(), grid()
    energies = np.array([[((one - model.c) ** 2).sum() / 2 - h @ model.b - one @ model.W @ h for h in states(3)]
                         for one in v[::4001]])
    np.testing.assert_allclose(model.free_energy(v[::4001]), -np.logaddexp.reduce(-energies, axis=1), rtol=1e-12)
    p, means, log_Z = mixture(model)
    assert model.log_partition() == pytest.approx(log_Z, rel=1e-13)
    assert np.exp(-model.free_energy(v)).sum() * area == pytest.approx(math.exp(log_Z), rel=1e-12)
    density = np.exp(-((v[:, None] - means) ** 2).sum(axis=2) / 2) @ p / (2 * math.pi)
    np.testing.assert_allclose(np.exp(model.log_likelihood(v)), density, rtol=1e-10, atol=1e-300)
    np.testing.assert_allclose(density @ v * area, p @ means, rtol=1e-10)


@pytest.mark.parametrize(("visible", "hidden"), [(2, 3), (3, 1), (1, 4)])
def test_gaussian_likelihood_gradient(visible, hidden):
    """Against finite differences of the exact likelihood, which the test above holds to an integral."""
    model, data = gaussian_machine(visible, hidden), RNG(2).normal(size=(6, visible))
    exact = model.likelihood_gradient(data)
    np.testing.assert_allclose(exact, slopes(model, data), rtol=0, atol=1e-9)


def test_the_mean_of_the_gaussian_direction_is_that_of_the_enumerated_step():
    """One step from the data: h drawn with p(h | v), then v ~ N(c + h Wᵀ, 1), integrated by the trapezoidal rule."""
    model, data = gaussian_machine(), RNG(2).normal(size=(5, 2))
    (v, area), h = grid(half=9.0, n=181), states(3)
    p = model.encode(data)
    weight = np.prod(np.where(h == 1, p[:, None], 1 - p[:, None]), axis=2).mean(axis=0)           # of each h
    density = np.exp(-((v[:, None] - model.c - h @ model.W.T) ** 2).sum(axis=2) / 2) @ weight / (2 * math.pi)
    expected = statistics(model, v, density * area) - statistics(model, data, np.full(5, 1 / 5))
    found = np.empty((2000, len(expected)))
    rng = RNG(3)
    for i in range(len(found)):
        model.gradient(data, data, losses.squared_error, rng=rng)
        found[i] = model.grads
    assert_mean(found, expected)
    exact = -model.likelihood_gradient(data)
    with pytest.raises(AssertionError):
        assert_mean(found, exact)
    long = gaussian_machine(k=60)
    found = found[:1000]
    for i in range(len(found)):
        long.gradient(data, data, losses.squared_error, rng=rng)
        found[i] = long.grads
    assert_mean(found, exact)


def test_gaussian_gibbs_samples_from_the_mixture():
    model, n = gaussian_machine(), 40_000
    drawn = model.gibbs(np.zeros((n, 2)), steps=60, rng=1)
    p, means, _ = mixture(model)
    mean = p @ means
    covariance = np.eye(2) + (means - mean).T @ (p[:, None] * (means - mean))
    assert_mean(drawn, mean)
    centred = drawn - mean
    assert_mean(centred[:, :, None] * centred[:, None, :], covariance)
    assert gaussian_machine(dtype=np.float32).gibbs(drawn, rng=0).dtype == np.float32


def test_gaussian_units_learn_a_mixture_and_beat_one_normal():
    x = RNG(0).normal(size=(200, 3)) + 2 * np.sign(RNG(1).normal(size=(200, 1)))
    model = BoltzmannMachine(3, 2, rng=0, gaussian=True, dtype=np.float64)
    fit(model, (x, x), loss=losses.squared_error, optimizer=optimizers.SGD(0.02), epochs=150, batch_size=20, rng=0)
    one_normal = -((x - x.mean(axis=0)) ** 2).sum(axis=1).mean() / 2 - 1.5 * math.log(2 * math.pi)
    assert model.log_likelihood(x).mean() > one_normal + 1
    assert repr(model) == "BoltzmannMachine(3, 2, CD-1, gaussian)"
    z = model.encode(x) @ model.W.T + model.c
    assert model.gradient(x, x, losses.squared_error, rng=0) == pytest.approx(losses.squared_error(z, x)[0], rel=1e-12)
    other = pickle.loads(pickle.dumps(model))
    other.gradient(x, x, losses.squared_error, rng=0)
    np.testing.assert_array_equal(other.grads, model.grads)


def test_gaussian_units_below_binary_ones_in_the_stack():
    """The losses follow the units; unrolled, the code of the first layer is restored through the sigmoid."""
    net = mlp([6, 5, 4, 3], activation=activations.sigmoid, init=initializers.glorot_uniform, rng=0, dtype=np.float64)
    for x in (RNG(0).normal(size=(20, 6)), RNG(0).random((20, 6))):
        stack = greedy_pretrain(net, x, optimizer=optimizers.SGD(0.01), epochs=1, batch_size=5, rng=0,
                                model=[partial(BoltzmannMachine, gaussian=True), BoltzmannMachine])
        assert stack.losses == [losses.squared_error, CE]
    first, second = stack.models
    codes = second.encode(first.encode(x))
    np.testing.assert_allclose(unrolled(net, stack)(x),
                               activations.sigmoid.f(codes @ second.V + second.c) @ first.V + first.c, rtol=1e-12)


def test_a_loss_of_another_output_function_is_refused():
    net = mlp([6, 5, 4, 3], activation=activations.sigmoid, init=initializers.glorot_uniform, rng=0)
    before, x = net.params.copy(), np.ones((2, 4))
    for model, loss, message in (
            (machine(), losses.squared_error, r"reconstruction σ\(z\) with x, got squared_error, .*use losses.sigm"),
            (machine(), losses.mean_squared_error, "got mean_squared_error"),
            (machine(gaussian=True), CE, "reconstruction z with x, got sigmoid_cross_entropy, .*use losses.squared_e")):
        with pytest.raises(ValueError, match=message):
            model.gradient(x, x, loss, rng=0)
    machine(gaussian=True).gradient(x, x, losses.mean_squared_error, rng=0)
    with pytest.raises(ValueError, match="got squared_error, which has another output function"):
        greedy_pretrain(net, RNG(0).random((20, 6)), optimizer=optimizers.SGD(0.1), epochs=1, batch_size=5, rng=0,
                        model=BoltzmannMachine, loss=[None, losses.squared_error])
    np.testing.assert_array_equal(net.params, before)                        # not even the first layer is trained


# The object --------------------------------------------------------------------------------------------------

def test_it_returns_the_loss_of_the_reconstruction_without_chance():
    model = machine(dtype=np.float32)
    data = some_data(model)
    z = model.encode(data) @ model.W.T + model.c
    np.testing.assert_allclose(model(data), z, rtol=1e-6)
    values = {model.gradient(data, data, CE, rng=seed, training=seed == 0) for seed in range(3)}
    assert values == {CE(model(data), data)[0]}
    assert model(data).dtype == model.grads.dtype == np.float32


def test_vectors_views_and_copies():
    model = BoltzmannMachine(6, 4, rng=0, persistent=True)
    x = (RNG(0).random((5, 6)) < 0.5).astype(np.float32)
    assert list(model.arrays()) == ["W", "b", "c"]
    assert sum(cut.stop - cut.start for cut in model.arrays().values()) == len(model.params) == 6 * 4 + 4 + 6
    assert np.shares_memory(model.V, model.W)
    assert np.shares_memory(model.W, model.params)
    assert model.decay_mask.sum() == 24
    assert model.decay_mask[model.arrays()["W"]].all()
    assert model.W.std() == pytest.approx(0.01, rel=5 / math.sqrt(2 * 24))
    assert not model.b.any()
    assert not model.c.any()
    model.gradient(x, x, CE, rng=0)
    before = model.grads.copy(), model.particles.copy()
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        other.params += 1
        assert (other.W == model.W + 1).all()
        assert (other.c == 1).all()
        other.gradient(x, x, CE, rng=1)
        assert np.shares_memory(other.dW, other.grads)
        assert (other.grads != before[0]).any()
        np.testing.assert_array_equal(model.grads, before[0])
        np.testing.assert_array_equal(model.particles, before[1])
    assert repr(model) == "BoltzmannMachine(6, 4, PCD-1)"
    assert repr(machine(k=3)) == "BoltzmannMachine(4, 3, CD-3)"


def test_one_seed_one_run():
    x = (RNG(0).random((20, 6)) < 0.5).astype(np.float32)
    runs = []
    for _ in range(2):
        model = BoltzmannMachine(6, 4, rng=1)
        fit(model, (x, x), loss=CE, optimizer=optimizers.SGD(0.1), epochs=2, batch_size=5, rng=2)
        runs.append(model.params)
    np.testing.assert_array_equal(*runs)


@pytest.mark.parametrize(("settings", "error", "message"), [
    ({"visible": 0}, ValueError, "expected visible to be a whole number ≥ 1, got 0"),
    ({"hidden": 2.0}, TypeError, "expected hidden to be a whole number ≥ 1, got 2.0"),
    ({"k": 0}, ValueError, "expected k to be a whole number ≥ 1, got 0"),
    ({"activation": activations.tanh}, ValueError, "expected sigmoid units, got tanh; an Autoencoder takes any"),
    ({"activation": "sigmoid"}, ValueError, "expected sigmoid units, got 'sigmoid'"),
    ({"corruption": np.add}, ValueError, "expected corruption to be None, got <ufunc 'add'>.*Autoencoder takes a corr"),
    ({"dtype": int}, ValueError, "expected dtype float32 or float64, got int64"),
    ({"init": 3}, TypeError, r"expected init to be a function of \(rng, shape\), such as .*, got 3"),
    ({"init": lambda rng, shape: np.full(shape, np.inf)}, ValueError, "expected what <lambda> returns to be finite"),
    ({"gaussian": 1}, TypeError, "expected gaussian to be True or False, got 1"),
    ({"persistent": "yes"}, TypeError, "expected persistent to be True or False, got 'yes'"),
    ({"rng": None}, TypeError, "expected rng to be an int"),
    ({"init": initializers.zeros, "rng": -1}, TypeError, "expected rng to be an int"),
])
def test_settings_out_of_range(settings, error, message):
    with pytest.raises(error, match=message):
        BoltzmannMachine(**{"visible": 6, "hidden": 4, "rng": 0} | settings)


def test_what_is_passed_in_is_checked():
    model, x = machine(), np.ones((2, 4))
    with pytest.raises(ValueError, match="a Boltzmann machine draws its units: expected rng, got None"):
        model.gradient(x, x, CE)
    for name, call in (("x", lambda v: model.gradient(v, v, CE, rng=0)), ("x", model), ("x", model.encode),
                       ("v", model.free_energy),
                       ("v", model.likelihood_gradient), ("v", lambda v: model.gibbs(v, rng=0))):
        with pytest.raises(ValueError, match=rf"expected {name} in \[0, 1\].*got 0 … 2: .* or take gaussian=True"):
            call(x * [0, 1, 1, 2])
        with pytest.raises(ValueError, match=r"in \[0, 1\].*got -1 … 1"):
            call(x * [-1, 1, 1, 1])
        with pytest.raises(ValueError, match=rf"expected {name} of shape \(n, 4\), got \(2, 3\)"):
            call(x[:, :3])
    with pytest.raises(ValueError, match="expected steps to be a whole number ≥ 1, got 0"):
        model.gibbs(x, rng=0, steps=0)


# In the stack ------------------------------------------------------------------------------------------------

def test_greedy_pretraining_with_boltzmann_machines():
    """The deep belief net of 2006 in small: sigmoid layers that do not learn at all, and do after pre-training."""
    digits = datasets.digits()
    (x, y), test = digits.train, digits.test

    def accuracy(pretrained):
        net = mlp([64, 50, 50, 10], activation=activations.sigmoid, init=initializers.heuristic_uniform, rng=0)
        if pretrained:
            stack = greedy_pretrain(net, x, optimizer=optimizers.SGD(0.5), epochs=20, batch_size=20, rng=0,
                                    model=BoltzmannMachine)
            assert [repr(one) for one in stack.models] == ["BoltzmannMachine(64, 50, CD-1)",
                                                           "BoltzmannMachine(50, 50, CD-1)"]
            for layer, one in zip(net.layers[:2], stack.models, strict=True):
                np.testing.assert_array_equal(layer.W, one.W)
            deep = unrolled(net, stack)
            assert deep(x[:3]).shape == (3, 64)
            assert [layer.activation.name for layer in deep.layers] == ["sigmoid", "sigmoid", "sigmoid", "identity"]
        fit(net, (x, y), loss=losses.softmax_cross_entropy, optimizer=optimizers.SGD(0.1), epochs=10, batch_size=20,
            rng=0)
        return (net(test[0]).argmax(axis=1) == test[1]).mean()

    assert accuracy(False) < 0.2                                                  # one class for all: 10%
    assert accuracy(True) > 0.5


def test_a_stack_of_machines_unrolls_through_the_sigmoid_whatever_loss_is_reported():
    net, x = mlp([6, 5, 4, 3], activation=activations.sigmoid, init=initializers.normal, rng=0), RNG(0).random((20, 6))
    stack = greedy_pretrain(net, x, optimizer=optimizers.SGD(0.1), epochs=1, batch_size=5, rng=0,
                            model=BoltzmannMachine, loss=lambda z, y: CE(z, y))
    deep = unrolled(net, stack)
    below, (first, second) = activations.sigmoid.f, stack.models
    codes = second.encode(first.encode(x))
    np.testing.assert_allclose(deep(x), below(codes @ second.V + second.c) @ first.V + first.c, rtol=1e-5, atol=1e-6)


def test_the_stack_refuses_what_the_machine_does_not_take():
    net = mlp([6, 5, 4, 3], activation=activations.sigmoid, init=initializers.glorot_uniform, rng=0)
    settings = {"optimizer": optimizers.SGD(0.1), "epochs": 1, "batch_size": 5, "rng": 0, "model": BoltzmannMachine}
    before = net.params.copy()
    with pytest.raises(ValueError, match=r"needs inputs in \[0, 1\], and x lies in .* or take gaussian=True"):
        greedy_pretrain(net, RNG(0).normal(size=(20, 6)), **settings)
    with pytest.raises(ValueError, match="expected corruption to be None"):
        greedy_pretrain(net, RNG(0).random((20, 6)), corruption=lambda rng, x: x, **settings)
    np.testing.assert_array_equal(net.params, before)
