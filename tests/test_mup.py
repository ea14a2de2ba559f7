"""Parameter groups, and μP: its table of learning rates, and what it is for."""

import math

import numpy as np
import pytest

from minnet import Dense, Network, datasets, fit, layers, losses, mlp, mup, schedules
from minnet.activations import relu, tanh
from minnet.initializers import he_normal, lecun_normal, mup_output
from minnet.optimizers import SGD, Adam, AdamW, RMSprop
from minnet.parameter_groups import ParameterGroups
from tests.conftest import batch, frozen

CE = losses.softmax_cross_entropy


def net(dtype=np.float64):
    return mlp([3, 6, 5, 4], activation=tanh, rng=0, dtype=dtype)


def trained(optimizer, **options):
    made = net()
    fit(made, batch(20), loss=CE, optimizer=optimizer, epochs=3, batch_size=8, rng=0, progress=False, **options)
    return made


# Parameter groups --------------------------------------------------------------------------------------------

@pytest.mark.parametrize("optimizer", [SGD(0.1), SGD(0.1, momentum=0.9, nesterov=True, weight_decay=0.1), RMSprop(0.01),
                                       Adam(0.01), AdamW(0.01)], ids=str)
def test_one_group_of_factor_one_is_the_optimizer_itself(optimizer):
    whole = slice(0, net().params.size)
    assert frozen(trained(ParameterGroups(optimizer, [(whole, 1)]))) == frozen(trained(optimizer))
    parts = [(net().span(i), 1) for i in (2, 0, 1)]
    assert frozen(trained(ParameterGroups(optimizer, parts))) == frozen(trained(optimizer))


@pytest.mark.parametrize("kind", [lambda rate: SGD(rate, momentum=0.9, weight_decay=0.1), Adam, AdamW, RMSprop])
def test_a_factor_is_another_learning_rate_of_a_part(kind):
    """One step: each part moves as under an optimizer with the product as its rate."""
    x, y = batch()
    one, three = net().span(0), net().span(1, 2)
    expected = net().params.copy()
    for part, rate in ((one, 0.02), (three, 0.06)):
        other = net()
        other.gradient(x, y, CE)
        kind(rate).step(other.params, other.grads, kind(rate).init(other.params, other.decay_mask))
        expected[part] = other.params[part]
    made, groups = net(), ParameterGroups(kind(0.04), [(one, 0.5), (three, 1.5)])
    made.gradient(x, y, CE)
    state = groups.init(made.params, made.decay_mask)
    groups.step(made.params, made.grads, state)
    np.testing.assert_allclose(made.params, expected, rtol=1e-14)
    assert state["t"] == 1


def test_what_is_in_no_group_or_has_factor_0_stays():
    before = net().params
    for groups in ([(net().span(1), 1)], [(net().span(1), 1), (net().span(0), 0), (net().span(2), 0)]):
        after = trained(ParameterGroups(Adam(0.01, weight_decay=0.1), groups)).params
        moved = before != after
        assert moved[net().span(1)].all()
        assert moved.sum() == moved[net().span(1)].sum()


def test_schedules_act_on_groups_too():
    def half(step):
        return 0.5

    whole = [(slice(0, net().params.size), 1)]
    assert frozen(trained(ParameterGroups(SGD(0.2), whole), schedule=half)) == frozen(trained(SGD(0.1)))
    assert frozen(trained(ParameterGroups(SGD(0.1), whole), schedule=schedules.constant)) == frozen(trained(SGD(0.1)))
    assert ParameterGroups(AdamW(0.3), whole).learning_rate == 0.3
    assert ParameterGroups(AdamW(0.3), whole).weight_decay == 0.01
    assert ParameterGroups(SGD(0.3, l1=0.2), whole).l1 == 0.2


@pytest.mark.parametrize(("call", "kind", "message"), [
    (lambda: ParameterGroups(0.1, []), TypeError, "expected an optimizer such as optimizers.Adam.*got 0.1"),
    (lambda: ParameterGroups(SGD(), [slice(0, 3)]), TypeError, r"expected groups of \(slice of params, factor\).*got"),
    (lambda: ParameterGroups(SGD(), [(3, 1)]), TypeError, r"expected groups of \(slice.*got \(3, 1\)"),
    (lambda: ParameterGroups(SGD(), [(slice(None), 1)]), ValueError, "expected groups of.*got slice"),
    (lambda: ParameterGroups(SGD(), [(slice(-3, 4), 1)]), ValueError, "expected groups of.*got slice"),
    (lambda: ParameterGroups(SGD(), [(slice(0, 4, 2), 1)]), ValueError, "expected groups of.*got slice"),
    (lambda: ParameterGroups(SGD(), [(slice(0, 4), -1)]), ValueError, "expected factor to be a number ≥ 0, got -1"),
    (lambda: ParameterGroups(SGD(), [(slice(0, 4), 1), (slice(3, 5), 1)]), ValueError, "groups that do not overlap"),
    (lambda: trained(ParameterGroups(SGD(), [(slice(0, 999), 1)])), ValueError, "within the 83 parameters.* 999"),
    (lambda: trained(ParameterGroups(SGD(), [(net().span(1), 1)]), span=net().span(0)), ValueError,
     "either parameter groups.*or span, got both"),
    (lambda: trained(ParameterGroups(SGD(), [(slice(0, 2), 1)]), span=net().span(1)), ValueError, "or span, got both"),
    (lambda: ParameterGroups(ParameterGroups(SGD(), []), []), TypeError, "expected an optimizer such as .*got Param"),
    (lambda: ParameterGroups(SGD(), None), TypeError, "groups to be a list.*got None"),
    (lambda: ParameterGroups(SGD(), [], l1=1.0), TypeError, "l1"),
])
def test_errors_of_groups(call, kind, message):
    with pytest.raises(kind, match=message):
        call()


# The table of μP ---------------------------------------------------------------------------------------------

def factors(optimizer, made=None, base_width=2):
    made = made or net()
    groups = mup.optimizer(made, optimizer, base_width=base_width).groups
    names = {part.start: name for name, part in made.arrays().items()}
    return {names[part.start]: factor for part, factor in groups}


def test_the_rates_are_those_of_the_table():
    """Widths 3, 6, 5, 4: every fan is another number. Tensor Programs V, Table 3, relative to the width 2."""
    assert factors(SGD(0.1, momentum=0.9)) == {
        "layer 0 W": 3, "layer 0 b": 3, "layer 1 W": 1, "layer 1 b": 2.5, "layer 2 W": 2 / 5, "layer 2 b": 1}
    for optimizer in (Adam(0.1), AdamW(0.1), RMSprop(0.1)):
        assert factors(optimizer) == {
            "layer 0 W": 1, "layer 0 b": 1, "layer 1 W": 2 / 6, "layer 1 b": 1, "layer 2 W": 2 / 5, "layer 2 b": 1}


def test_other_layers_and_layers_in_blocks():
    made = Network([Dense(3, 6), layers.PReLU(1), layers.Residual([layers.LayerNorm(6), Dense(6, 5), Dense(5, 6),
                                                                  layers.LearnedScale()]), Dense(6, 4)], rng=0)
    sgd, adam = factors(SGD(0.1), made), factors(Adam(0.1), made)
    assert set(sgd) == set(adam) == set(made.arrays())
    assert {name: sgd[name] for name in ("layer 1 slope", "layer 2.0 gamma", "layer 2.1 W", "layer 2.3 alpha")} == {
        "layer 1 slope": 1, "layer 2.0 gamma": 3, "layer 2.1 W": 1, "layer 2.3 alpha": 1}
    assert {name: adam[name] for name in ("layer 2.0 gamma", "layer 2.1 W", "layer 2.2 W", "layer 3 W")} == {
        "layer 2.0 gamma": 1, "layer 2.1 W": 2 / 6, "layer 2.2 W": 2 / 5, "layer 3 W": 2 / 6}


def test_at_the_base_width_nothing_changes():
    made = mlp([64, 8, 8, 10], activation=relu, rng=0)
    for optimizer in (SGD(0.1), Adam(0.1)):
        assert set(factors(optimizer, made, base_width=8).values()) == {1}


@pytest.mark.parametrize(("call", "kind", "message"), [
    (lambda: mup.optimizer(net(), 0.1, base_width=2), TypeError, "expected SGD, Adam, AdamW or RMSprop"),
    (lambda: mup.optimizer(net(), ParameterGroups(SGD(), []), base_width=2), TypeError, "expected SGD, Adam"),
    (lambda: mup.optimizer([3, 4], SGD(), base_width=2), TypeError, "expected a Network with a hidden layer"),
    (lambda: mup.optimizer(Network([Dense(3, 4)], rng=0), SGD(), base_width=2), TypeError, "with a hidden layer"),
    (lambda: mup.optimizer(net(), SGD(), base_width=0), ValueError, "expected base_width to be a number > 0, got 0"),
])
def test_errors(call, kind, message):
    with pytest.raises(kind, match=message):
        call()


# What it is for ----------------------------------------------------------------------------------------------

def changes(n, optimizer, steps=3):
    """Root mean square of what a few steps change at the outputs and at z of the last hidden layer, on the digits."""
    x, y = datasets.digits().train
    made = mlp([64, n, n, n, 10], activation=relu, init=he_normal, output_init=mup_output(base_width=32), rng=0,
               dtype=np.float64)
    groups, found = mup.optimizer(made, optimizer, base_width=32), []
    state = groups.init(made.params, made.decay_mask)
    made.forward(x[:200])
    before = [made.layers[k].z for k in (2, 3)]
    for k in range(steps):
        made.gradient(x[32 * k:32 * k + 32], y[32 * k:32 * k + 32], CE)
        groups.step(made.params, made.grads, state)
    made.forward(x[:200])
    found = [np.sqrt(np.mean((made.layers[k].z - z) ** 2)) for k, z in zip((2, 3), before, strict=True)]
    return np.array(found)


@pytest.mark.parametrize(("optimizer", "rate"), [(Adam, 2**-8), (SGD, 2**-4)])
def test_a_step_changes_wide_and_narrow_networks_alike(optimizer, rate):
    """The coordinate check: from width 128 to 1024 the changes differ by a factor of 1.02 to 1.24.

    With equal rates in all layers it is 5.0 and 6.7 for Adam, 1.2 and 8.5 for SGD."""
    narrow, wide = (changes(n, optimizer(rate)) for n in (128, 1024))
    assert (abs(np.log(wide / narrow)) < math.log(1.5)).all()


def loss_after_an_epoch(n, exponent, with_mup):
    """Loss on the digits, ReLU, the learning rate 2^exponent: mean of three seeds."""
    x, y = datasets.digits().train
    found = []
    for seed in range(3):
        made = mlp([64, n, n, 10], activation=relu, init=he_normal, rng=seed,
                   output_init=mup_output(base_width=32) if with_mup else lecun_normal)
        optimizer = mup.optimizer(made, Adam(2.0**exponent), base_width=32) if with_mup else Adam(2.0**exponent)
        fit(made, (x, y), loss=CE, optimizer=optimizer, epochs=1, rng=seed, progress=False)
        found.append(made.evaluate((x, y), CE).loss)
    return np.mean(found)


@pytest.mark.parametrize("exponent", [-10, -9])
def test_a_rate_does_at_twelve_times_the_width_what_it_does_at_32(exponent):
    """Measured losses at 2⁻¹⁰ and 2⁻⁹: width 32 1.99 and 1.58; 384 with μP 1.92 and 1.45, without .26 and .13.

    tests/campaigns/mup.py has the best rates at three widths."""
    narrow, wide = (loss_after_an_epoch(n, exponent, True) for n in (32, 384))
    assert wide == pytest.approx(narrow, rel=0.2)
    assert loss_after_an_epoch(384, exponent, False) < narrow / 4
