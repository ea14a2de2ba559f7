"""The diagnosis against networks that are known to be sick: one of each kind, and inputs as in public bug reports."""

import math
import re
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from minnet import Dense, Network, activations, datasets, layers, mlp, mup, optimizers, schedules, theory
from minnet.activations import identity, relu, sigmoid, tanh
from minnet.diagnostics import KINDS, diagnose, symmetry
from minnet.initializers import constant, glorot_uniform, he_normal, lecun_normal, normal, zeros
from minnet.losses import mean_squared_error, sigmoid_cross_entropy, squared_error
from minnet.losses import softmax_cross_entropy as softmax_ce
from minnet.parameter_groups import ParameterGroups
from minnet.residual import LearnedScale, Residual
from minnet.training import fit
from tests.conftest import batch

X, Y = batch(n=40, features=5, classes=4)
DIGITS = datasets.standardized(datasets.digits())
D_X, D_Y = DIGITS.train[0][:256], DIGITS.train[1][:256]
D_V = DIGITS.test[0][:200], DIGITS.test[1][:200]
SGD = optimizers.SGD(0.05, momentum=0.9)
NORMAL = np.random.default_rng(0).normal(size=(600, 10)).astype(np.float32)
LINE = NORMAL[:, :1]                                        # a regression on the first feature
EVEN, RARE = (NORMAL[:, 0] > 0).astype(int), (NORMAL[:, 0] > 1.75).astype(int)
XOR = (NORMAL[:, 0] * NORMAL[:, 1] > 0).astype(int)


def digits_net(f=relu, init=he_normal, depth=3, **options):
    return mlp([64, *[32] * (depth - 1), 10], activation=f, init=init, rng=0, **options)


def small_net(outputs=2, f=relu, init=he_normal, last=identity, behind=(), hidden=32):
    return Network([Dense(10, hidden, f, init), Dense(hidden, outputs, last), *behind], rng=0)


def diagnosed(read, *, x=D_X, y=D_Y, loss=softmax_ce, optimizer=SGD, **options):
    return diagnose(read, x, y, loss, optimizer=optimizer, **options)


def trained(read, x=D_X, y=D_Y, loss=softmax_ce, optimizer=SGD, epochs=38):
    fit(read, (x, y), loss=loss, optimizer=optimizer, epochs=epochs, batch_size=64, rng=0, progress=False)
    return read


def columns(**changes):
    """NORMAL with columns replaced or scaled: columns(c3=5.0, times0=1e-3)."""
    x = NORMAL.copy()
    for name, value in changes.items():
        place = int(name[-1])
        x[:, place] = x[:, place] * value if name.startswith("times") else value
    return x


def with_code(value, every=20, column=3):
    x = NORMAL.copy()
    x[::every, column] = value
    return x


# one of each kind --------------------------------------------------------------------------------------------

wrong_tanh = activations.Activation("wrong tanh", np.tanh, lambda z, a: 1 - a, range=(-1, 1))


def memorized():
    flipped = np.where(np.random.default_rng(3).random(600) < 0.3, 1 - EVEN, EVEN)
    read = trained(small_net(hidden=256), NORMAL[:150], flipped[:150], optimizer=optimizers.Adam(0.01), epochs=100)
    return read, {"x": NORMAL[:150], "y": flipped[:150], "validation": (NORMAL[150:], flipped[150:])}, ()


SICK = {
    "constant_targets": (digits_net(), {"y": np.full(256, 3)}, ()),
    "sentinel_values": (small_net(), {"x": with_code(-999), "y": EVEN}, (1,)),
    "constant_features": (small_net(), {"x": columns(c5=200.0), "y": EVEN}, (1,)),
    "unequal_features": (small_net(), {"x": columns(times0=1e-3), "y": EVEN}, (1,)),
    "unstandardized_inputs": (digits_net(), {"x": 50 * D_X}, (1,)),
    "conflicting_labels": (small_net(), {"x": np.tile(NORMAL, (2, 1)), "y": np.r_[EVEN, 1 - EVEN]}, ()),
    "shifted_labels": (small_net(), {"x": NORMAL, "y": np.roll(EVEN, 2)}, ()),
    "unrelated_labels": (digits_net(), {"y": np.random.default_rng(0).permutation(D_Y)}, ()),
    "unscaled_targets": (small_net(1), {"x": NORMAL, "y": 1e8 * LINE, "loss": squared_error}, (2,)),
    "validation_shift": (trained(digits_net()), {"validation": datasets.digits().test}, ()),
    "output_activation": (small_net(1, last=sigmoid), {"x": NORMAL, "y": EVEN, "loss": sigmoid_cross_entropy}, (2,)),
    "output_range": (small_net(1, last=relu), {"x": NORMAL, "y": LINE - 3, "loss": squared_error}, (2,)),
    "layer_after_output": (small_net(behind=[layers.Dropout(0.5)]), {"x": NORMAL, "y": EVEN}, (2,)),
    "linear_network": (small_net(f=identity, init=glorot_uniform), {"x": NORMAL, "y": XOR}, (1,)),
    "identical_units": (digits_net(tanh, partial(constant, value=0.1)), {}, (1, 2)),
    "equal_layers": (digits_net(depth=4, init=lambda rng, shape: he_normal(np.random.default_rng(0), shape)), {},
                     (1, 2, 3, 4)),
    "wrong_gradient": (digits_net(wrong_tanh, glorot_uniform), {}, (1,)),
    "exploding": (digits_net(init=partial(normal, std=1.0), depth=4), {}, None),
    "dead_units": (digits_net(bias_init=partial(constant, value=-30.0)), {}, (1, 2)),
    "saturated": (digits_net(tanh, partial(normal, std=2.0), output_init=glorot_uniform), {}, (1, 2)),
    "vanishing": (digits_net(tanh, partial(normal, std=0.01), depth=6), {}, (1, 2, 3, 4, 5)),
    "initial_loss": (digits_net(output_init=partial(normal, std=3.0)), {}, (3,)),
    "too_narrow": (mlp([2, 2, 2], activation=relu, init=he_normal, rng=0),
                   dict(zip("xy", datasets.parity(2), strict=True)), (1,)),
    "schedule_small": (digits_net(), {"schedule": lambda step: 0.0}, ()),
    "clip_norm_small": (digits_net(), {"clip_norm": 1e-6}, ()),
    "weight_decay_large": (digits_net(), {"optimizer": optimizers.AdamW(0.01, weight_decay=50.0)}, ()),
    "l1_large": (digits_net(), {"optimizer": optimizers.SGD(0.1, l1=5.0)}, ()),
    "momentum_large": (digits_net(), {"optimizer": optimizers.SGD(0.1, momentum=0.99)}, ()),
    "learning_rate_large": (digits_net(), {"optimizer": optimizers.SGD(30.0)}, ()),
    "learning_rate_small": (digits_net(), {"optimizer": optimizers.Adam(1e-8)}, ()),
    "overfitting": memorized(),
}
NUMBERS = {
    "sentinel_values": ("value", -999), "constant_features": ("columns", 1), "shifted_labels": ("rows", 2),
    "unequal_features": ("columns", 1), "conflicting_labels": ("floor", math.log(2)),
    "unstandardized_inputs": ("rms", 50 * np.sqrt((D_X.astype(float) ** 2).mean())), "output_range": ("low", 0),
    "identical_units": ("distinct", 1), "equal_layers": ("correlation", 1), "dead_units": ("dead", 1),
    "schedule_small": ("full_steps", 0), "learning_rate_large": ("better_factor", 0.01)}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_named_with_its_layers_and_numbers(kind):
    read, options, where = SICK[kind]
    report = diagnosed(read, **options)
    assert report.kinds == (kind,)
    (finding,) = report.findings
    assert where is None or finding.layers == where
    if kind in NUMBERS:
        name, value = NUMBERS[kind]
        assert finding.numbers[name] == pytest.approx(value, rel=1e-6)
    for text in (str(report), repr(report)):
        assert text.endswith(str(finding))
        assert "distinct units" in text
    assert f"<li>{kind}: " in report._repr_html_()


@pytest.mark.parametrize("kind", KINDS)
def test_a_finding_is_three_plain_sentences(kind):
    """What is wrong, the cause, what to do; in characters that a Windows terminal has."""
    read, options, _ = SICK[kind]
    (finding,) = diagnosed(read, **options).findings
    for part in (finding.problem, finding.cause, finding.remedy):
        assert part.endswith(".")
        assert len(part) < 400
    assert not finding.sentence[0].islower()
    assert finding.sentence.encode("cp1252")


def test_the_remedy_names_what_helps():
    remedies = {kind: diagnosed(read, **options).findings[0].remedy for kind, (read, options, _) in SICK.items()}
    assert "initializers.he_normal" in remedies["exploding"]
    assert "initializers.he_normal" in remedies["dead_units"]
    assert "initializers.glorot_uniform" in remedies["saturated"]
    assert "initializers.glorot_uniform" in remedies["identical_units"]
    assert "datasets.standardized" in remedies["unstandardized_inputs"]
    assert "optimizers.SGD(learning_rate=0.3)" in remedies["learning_rate_large"]
    assert "np.roll(y, -2, axis=0)" in remedies["shifted_labels"]
    assert "`Dense(32, 1)`" in remedies["output_activation"]
    assert "optimizers.SGD(learning_rate=0.1, momentum=0.9)" in remedies["momentum_large"]


def test_every_kind_has_its_case():
    assert set(SICK) == set(KINDS)
    assert len(set(KINDS)) == len(KINDS)


# chance ------------------------------------------------------------------------------------------------------

def entropy(*p):
    return -sum(q * math.log(q) for q in p)


def test_chance_is_the_loss_of_the_best_constant_output():
    share = RARE.mean()
    assert diagnose(small_net(2), NORMAL, RARE, softmax_ce).chance == pytest.approx(entropy(share, 1 - share))
    report = diagnose(small_net(1), NORMAL, RARE, sigmoid_cross_entropy)
    assert report.chance == pytest.approx(entropy(share, 1 - share))
    t = np.random.default_rng(0).normal(3, 2, (600, 4))
    assert diagnose(small_net(4), NORMAL, t, squared_error).chance == pytest.approx(0.5 * t.var(axis=0).sum())
    assert diagnose(small_net(4), NORMAL, t, mean_squared_error).chance == pytest.approx(t.var(axis=0).mean())
    labels = (t > [3, 4, 5, 6]) * 1.0
    expected = sum(entropy(p, 1 - p) for p in labels.mean(axis=0))
    assert diagnose(small_net(4), NORMAL, labels, sigmoid_cross_entropy).chance == pytest.approx(expected)
    soft = sigmoid(t)
    expected = sum(entropy(p, 1 - p) for p in soft.mean(axis=0))
    assert diagnose(small_net(4), NORMAL, soft, sigmoid_cross_entropy).chance == pytest.approx(expected)


@pytest.mark.parametrize(("loss", "y", "outputs"), [
    (softmax_ce, RARE, 2), (softmax_ce, D_Y, 10), (sigmoid_cross_entropy, RARE, 1),
    (squared_error, 40 + 3 * NORMAL[:, :4], 4), (mean_squared_error, 1e6 * NORMAL[:, :4], 4)])
def test_chance_of_an_unknown_loss_is_searched(loss, y, outputs):
    from minnet.diagnostics.chance import chance

    assert chance(lambda z, y: loss(z, y), y, outputs) == pytest.approx(chance(loss, y, outputs), rel=1e-4)


def test_chance_of_absolute_errors_is_at_the_median():
    from minnet.diagnostics.chance import chance

    def absolute(z, y):
        return float(np.abs(z - y).mean()), np.sign(z - y) / z.size

    y = np.exp(NORMAL[:, :1].astype(float))
    assert chance(absolute, y, 1) == pytest.approx(np.abs(y - np.median(y)).mean(), rel=0.02)


def test_a_loss_that_takes_no_constant_has_no_chance():
    def contrast(z, y):
        if np.ptp(z) == 0:
            raise ValueError("expected outputs that differ")
        return float(((z - z.mean()) ** 2).mean()), 2 * (z - z.mean()) / z.size

    report = diagnosed(small_net(), x=NORMAL, y=EVEN, loss=contrast)
    assert report.chance is None
    assert str(report).startswith("loss ")
    assert "constant output" not in str(report)


# healthy -----------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("f", "init"), [(relu, he_normal), (tanh, glorot_uniform), (activations.selu, lecun_normal),
                                         (activations.hard_tanh, lecun_normal)])
def test_a_healthy_network_before_and_after_training(f, init):
    read = digits_net(f, init)
    assert diagnosed(read).findings == ()
    assert "healthy" in str(diagnosed(read))
    assert "healthy" in diagnosed(read)._repr_html_()
    report = diagnosed(trained(read), validation=D_V)
    assert report.loss < 0.1 * report.chance             # far below ln 10, which is nothing wrong
    assert report.findings == ()


def test_what_was_looked_for_is_said():
    alone, all_given = diagnose(digits_net(), D_X, D_Y, softmax_ce), diagnosed(digits_net(), validation=D_V)
    assert all_given.checked == KINDS
    assert {"learning_rate_large", "overfitting", "validation_shift"} <= set(KINDS) - set(alone.checked)
    assert "overfitting" in str(all_given)
    assert "overfitting" not in str(alone)


@pytest.mark.parametrize(("read", "y", "loss"), [
    (small_net(2), RARE, softmax_ce), (small_net(1), RARE, sigmoid_cross_entropy), (small_net(2), XOR, softmax_ce),
    (small_net(1), LINE, squared_error), (small_net(1), np.abs(NORMAL[:, :1]), squared_error),
    (small_net(1, last=tanh), np.tanh(LINE), mean_squared_error),
    (small_net(1, last=relu), np.maximum(LINE, 0), mean_squared_error),
    (small_net(1, last=sigmoid), EVEN[:, None].astype(np.float32), squared_error),
    (small_net(2, f=identity, init=glorot_uniform), EVEN, softmax_ce),               # linear, and that is enough
    (small_net(3), NORMAL[:, :3] > 0, sigmoid_cross_entropy),
    (small_net(2, behind=[layers.PReLU(2)]), EVEN, softmax_ce)])
def test_what_is_unusual_and_right(read, y, loss):
    assert diagnosed(read, x=NORMAL, y=y, loss=loss, optimizer=optimizers.SGD(0.1)).findings == ()


@pytest.mark.parametrize(("learned", "kinds"), [(False, ("exploding",)), (True, ())])
def test_what_has_learned_may_have_large_signals(learned, kinds):
    """max(0, 10 z)/10 = max(0, z): the same function, with signals ten times as large in layer 1."""
    read = trained(digits_net()) if learned else digits_net()
    read.layers[0].W *= 10
    read.layers[0].b *= 10
    read.layers[1].W /= 10
    assert diagnose(read, D_X, D_Y, softmax_ce).kinds == kinds


@pytest.mark.parametrize(("learned", "kinds"), [(False, ("saturated",)), (True, ())])
def test_what_has_learned_may_saturate(learned, kinds):
    """Three quarters of the units of layer 1 are pushed to the end, their constant 1 taken out of the biases behind."""
    read = trained(digits_net(tanh, glorot_uniform)) if learned else digits_net(tanh, glorot_uniform)
    read.layers[0].b[:24] += 50
    read.layers[1].b -= read.layers[1].W[:24].sum(axis=0)
    if learned:
        trained(read)
    assert diagnose(read, D_X, D_Y, softmax_ce).kinds == kinds


def test_labels_in_order_are_shuffled_for_the_trial():
    """In order, at this rate, a batch of a few classes undoes what the one before has taught."""
    order = np.argsort(D_Y, kind="stable")
    assert diagnosed(digits_net(), x=D_X[order], y=D_Y[order], optimizer=optimizers.SGD(1.0)).findings == ()


def test_dropout_parts_twins():
    equal = partial(constant, value=0.1)
    read = Network([Dense(64, 32, tanh, equal), layers.Dropout(0.2), Dense(32, 10, init=equal)], rng=0)
    assert symmetry(read, D_X, D_Y, softmax_ce).distinct.tolist() == [1, 10]
    assert "identical_units" not in diagnosed(read).kinds


def test_batch_norm_as_the_first_layer_standardizes():
    read = Network([layers.BatchNorm(64), Dense(64, 32, relu, he_normal), Dense(32, 10)], rng=0)
    assert diagnosed(read, x=50 * D_X + 7).findings == ()


def test_ordered_and_repeated_rows_are_not_shifted():
    """The four rows of XOR a hundred times: a linear model sees y in the row before, a network in the row itself."""
    x, y = (np.tile(part, (100, 1) if part.ndim == 2 else 100) for part in datasets.parity(2))
    read = mlp([2, 16, 2], activation=relu, init=he_normal, rng=0)
    assert diagnose(read, x, y, softmax_ce).findings == ()


# the data ----------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("x", "y", "kind"), [
    (NORMAL, 0 * EVEN, "constant_targets"),
    (with_code(-999, every=2), EVEN, "sentinel_values"),
    (with_code(9999), EVEN, "sentinel_values"),
    (with_code(-999, every=600), EVEN, "sentinel_values"),
    (np.where(NORMAL > 1.5, np.float32(-1e6), NORMAL), EVEN, "sentinel_values"),
    (np.where(np.arange(600)[:, None] % 9 == np.arange(10), np.float32(-99), np.exp(NORMAL)), EVEN, "sentinel_values"),
    (columns(c5=10.0), EVEN, "constant_features"),
    (columns(c5=-1000.0, c6=3.0), EVEN, "constant_features"),
    (columns(times3=1000.0), EVEN, "unequal_features"),
    (columns(times0=1e-2), EVEN, "unequal_features"),
    (columns(times0=1e-3), XOR, "unequal_features"),
    (NORMAL * 10.0 ** np.arange(-5, 5), EVEN, "unequal_features"),
    (NORMAL + 100, EVEN, "unstandardized_inputs"),
    (NORMAL / 100, EVEN, "unstandardized_inputs"),
    (np.concatenate([NORMAL, NORMAL[:100]]), np.r_[EVEN, 1 - EVEN[:100]], "conflicting_labels"),
    (NORMAL[1:], EVEN[:-1], "shifted_labels"),
    (NORMAL, np.roll(EVEN, -100), "shifted_labels"),
    (NORMAL, np.roll(XOR, 1), "shifted_labels"),
    (columns(c0=0.0), EVEN, "unrelated_labels"),
])
def test_faults_of_the_data(x, y, kind):
    report = diagnosed(small_net(), x=x.astype(np.float32), y=y)
    assert report.kinds[0] == kind
    assert report.findings[0].sentence in str(report)


def test_a_code_for_missing_targets():
    y = LINE.copy()
    y[::30] = -999
    report = diagnosed(small_net(1), x=NORMAL, y=y, loss=squared_error)
    assert report.kinds == ("sentinel_values",)
    assert report.findings[0].layers == (2,)
    x, y = NORMAL[y[:, 0] != -999], y[y[:, 0] != -999]
    assert diagnosed(small_net(1), x=x, y=y, loss=squared_error).kinds == ()


def test_digits_shifted_against_their_labels():
    """They follow each other as 0, 1, …, 9: some of y can be guessed from the row before."""
    x, y = datasets.digits().train
    (finding,) = diagnose(digits_net(), x, np.roll(y, 1), softmax_ce).findings
    assert (finding.kind, finding.numbers["rows"]) == ("shifted_labels", 1)
    assert diagnose(digits_net(), x, y, softmax_ce).findings == ()


@pytest.mark.parametrize(("y", "loss"), [(1e8 * LINE, squared_error), (1e8 * LINE, mean_squared_error),
                                         (1e-6 * LINE, squared_error), (LINE + 2000, squared_error)])
def test_targets_of_another_size(y, loss):
    report = diagnosed(small_net(1), x=NORMAL, y=y, loss=loss, optimizer=optimizers.Adam(0.001))
    assert report.kinds == ("unscaled_targets",)


def test_a_training_part_scaled_in_another_way():
    x, y = datasets.digits().test
    read = trained(digits_net())
    for other in (x, 255 * x, D_V[0] + 5):
        report = diagnosed(read, validation=(other, y if len(other) == len(y) else D_V[1]))
        assert report.kinds == ("validation_shift",)
    assert diagnosed(read, validation=D_V).findings == ()


# the output --------------------------------------------------------------------------------------------------

class SoftmaxLayer(layers.Layer):
    """A softmax as a layer of one's own."""

    def __call__(self, x):
        return activations.softmax(x)

    def forward(self, x, training=False, rng=None):
        self.a = self(x)
        return self.a

    def backward(self, da, input_gradient=True):
        return self.a * (da - (da * self.a).sum(axis=1, keepdims=True))


own_sigmoid = activations.Activation("mine", sigmoid.f, sigmoid.df)               # without its range
own_softmax = activations.Activation("mine", activations.softmax, lambda z, a: a * (1 - a))


@pytest.mark.parametrize("last", [relu, tanh, sigmoid, activations.hard_tanh, activations.softplus,
                                  activations.softsign, own_sigmoid, own_softmax])
@pytest.mark.parametrize("apart", [False, True])
def test_a_cross_entropy_wants_plain_outputs(last, apart):
    read = small_net(2, behind=[layers.ActivationLayer(last)]) if apart else small_net(2, last=last)
    assert diagnosed(read, x=NORMAL, y=EVEN).kinds == ("output_activation",)


def test_a_softmax_layer_before_the_softmax_of_the_loss():
    assert diagnosed(small_net(2, behind=[SoftmaxLayer()]), x=NORMAL, y=EVEN).kinds == ("output_activation",)


def test_dead_logits():
    read = small_net(2, last=relu)
    read.layers[1].b[:] = -50
    report = diagnosed(read, x=NORMAL, y=EVEN)
    assert report.kinds == ("output_activation",)


def test_a_sigmoid_applied_twice_is_found_after_training():
    read = trained(small_net(1, last=sigmoid), NORMAL, EVEN, sigmoid_cross_entropy, optimizers.Adam(0.01), 10)
    assert diagnosed(read, x=NORMAL, y=EVEN, loss=sigmoid_cross_entropy).kinds == ("output_activation",)


@pytest.mark.parametrize(("last", "y"), [(relu, LINE - 3), (tanh, 2 * LINE), (sigmoid, LINE),
                                         (activations.softplus, LINE), (own_sigmoid, 3 * LINE)])
def test_targets_out_of_reach(last, y):
    assert diagnosed(small_net(1, last=last), x=NORMAL, y=y, loss=squared_error).kinds == ("output_range",)


def test_a_dead_output():
    read = small_net(1, last=relu)
    read.layers[1].b[:] = -50
    assert diagnosed(read, x=NORMAL, y=np.abs(LINE), loss=squared_error).kinds == ("dead_units",)


def test_tanh_for_targets_of_thirty():
    report = diagnosed(small_net(1, last=tanh), x=NORMAL, y=30 + 5 * LINE, loss=squared_error)
    assert report.kinds == ("unscaled_targets", "output_range")


@pytest.mark.parametrize("behind", [layers.Dropout(0.2), layers.AlphaDropout(0.1), layers.BatchNorm(2),
                                    layers.LayerNorm(2)])
def test_layers_behind_the_output(behind):
    assert diagnosed(small_net(2, behind=[behind]), x=NORMAL, y=EVEN).kinds == ("layer_after_output",)


# rare classes ------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("read", "optimizer", "kind"), [
    (mlp([10, *[32] * 8, 2], activation=tanh, init=partial(normal, std=0.02), rng=0), SGD, "vanishing"),
    (mlp([10, 32, 32, 2], activation=relu, init=he_normal, bias_init=partial(constant, value=-30.0), rng=0), SGD,
     "dead_units"),
    (small_net(2), optimizers.SGD(100.0), "learning_rate_large"),
    (small_net(2), optimizers.Adam(10.0), "learning_rate_large"),
    (small_net(2), optimizers.AdamW(0.01, weight_decay=50.0), "weight_decay_large")])
def test_a_rare_class_hides_nothing(read, optimizer, kind):
    """4% positives: the loss of a network that knows nothing, ln 2 at first, soon is 0.157, and is no success."""
    assert diagnosed(read, x=NORMAL, y=RARE, optimizer=optimizer).kinds == (kind,)


def test_a_new_network_does_not_know_that_a_class_is_rare():
    """Chance is 0.157, but outputs 0 cost ln 2: a first loss of 2.6 is not far above that, 6.5 is."""
    for std, kinds in ((2.0, ()), (5.0, ("initial_loss",))):
        read = mlp([10, 32, 2], activation=relu, init=he_normal, output_init=partial(normal, std=std), rng=0)
        report = diagnosed(read, x=NORMAL, y=RARE)
        assert report.loss > 3 * report.chance + 1
        assert report.kinds == kinds


# the training ------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("options", "kind"), [
    ({"optimizer": optimizers.SGD(0.1, weight_decay=1.0)}, "weight_decay_large"),
    ({"optimizer": optimizers.SGD(0.1, l1=0.5)}, "l1_large"),
    ({"optimizer": optimizers.SGD(0.1, l1=0.1)}, "l1_large"),
    ({"optimizer": optimizers.Adam(0.01, l1=5.0)}, "l1_large"),
    ({"schedule": partial(schedules.cosine, steps=5)}, "schedule_small"),
    ({"schedule": partial(schedules.linear_warmup, steps=10**6)}, "schedule_small"),
    ({"schedule": lambda step: 1e-4}, "schedule_small"),
    ({"optimizer": optimizers.SGD(0.1), "clip_norm": 1e-4}, "clip_norm_small"),
    ({"optimizer": optimizers.SGD(1e-6)}, "learning_rate_small"),
])
def test_settings_are_judged(options, kind):
    assert diagnosed(digits_net(), **options).kinds == (kind,)


@pytest.mark.parametrize("options", [
    {"schedule": partial(schedules.cosine, steps=200)}, {"schedule": partial(schedules.linear_warmup, steps=50)},
    {"clip_norm": 1.0}, {"optimizer": optimizers.AdamW(0.003)}, {"batch_size": 16},
    {"optimizer": optimizers.SGD(0.1, l1=0.001)}, {"optimizer": optimizers.Adam(0.01, l1=0.001)},
    {"optimizer": optimizers.SGD(0.005, momentum=0.98)}, {"optimizer": optimizers.RMSprop(0.001)}])
def test_usual_settings_are_healthy(options):
    assert diagnosed(digits_net(), **options).findings == ()


@pytest.mark.parametrize("settings", [
    optimizers.Adam(10.0, beta2=0.9999), optimizers.Adam(10.0, epsilon=1.23456e-8),
    optimizers.RMSprop(np.float32(10.0), alpha=np.float64(0.9999)), optimizers.SGD(30.0, l1=1.23456e-7)])
@pytest.mark.parametrize("grouped", [False, True])
def test_the_code_of_an_optimizer_runs_and_keeps_its_settings(settings, grouped):
    """beta2=.9999 rounded to three digits would be 1, which Adam refuses."""
    read = digits_net()
    optimizer = ParameterGroups(settings, [(read.span(0), 0.5), (read.span(1, 2), 1.0)]) if grouped else settings
    (finding,) = diagnosed(read, optimizer=optimizer).findings
    assert finding.kind == "learning_rate_large"
    (code,) = re.findall("`optimizer=(.*?)`", finding.remedy)
    advised = eval(code, {"optimizers": optimizers, "ParameterGroups": ParameterGroups, "optimizer": optimizer})
    base = replace(settings, learning_rate=advised.learning_rate)
    assert advised == (replace(optimizer, optimizer=base) if grouped else base)
    assert diagnosed(read, optimizer=advised).findings == ()


@pytest.mark.parametrize(("settings", "kinds"), [
    (optimizers.Adam(0.01), ()), (optimizers.SGD(30.0), ("learning_rate_large",)),
    (optimizers.Adam(1e-8), ("learning_rate_small",)), (optimizers.SGD(0.1, momentum=0.99), ("momentum_large",)),
    (optimizers.AdamW(0.01, weight_decay=50.0), ("weight_decay_large",)), (optimizers.SGD(0.1, l1=5.0), ("l1_large",))])
def test_groups_are_judged_as_their_optimizer_is(settings, kinds):
    read = digits_net()
    for optimizer in (ParameterGroups(settings, [(slice(0, len(read.params)), 1.0)]),
                      mup.optimizer(read, settings, base_width=32)):
        assert diagnosed(read, optimizer=optimizer).kinds == kinds


def test_momentum_of_a_trained_network():
    """It had learned; with this momentum it forgets. (At 0.5 the rate alone is near to too large: rounding decides.)"""
    read = trained(digits_net(), epochs=10)
    report = diagnosed(read, optimizer=optimizers.SGD(0.25, momentum=0.99))
    assert report.loss < 0.3 * report.chance
    assert report.kinds == ("momentum_large",)


def test_without_a_learning_rate_none_is_judged():
    read, options, _ = SICK["learning_rate_large"]
    assert diagnose(read, D_X, D_Y, softmax_ce).findings == ()
    assert diagnose(read, D_X, D_Y, softmax_ce, learning_rate=30.0).kinds == ("learning_rate_large",)
    assert diagnosed(read, **options).findings[0].numbers["update"] > 1


# single rules ------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("seed", [0, 1, 4, 5])
def test_xor_that_stops_at_three_of_four(seed):
    x, y = datasets.parity(2)
    read = trained(mlp([2, 2, 2], activation=relu, init=he_normal, rng=seed), x, y, optimizer=optimizers.SGD(0.1),
                   epochs=1000)
    assert (read(x).argmax(axis=1) == y).mean() == 0.75
    assert diagnose(read, x, y, softmax_ce).kinds == ("too_narrow",)


def test_numbers_that_are_not_finite_are_found():
    read = digits_net()
    read.layers[1].W[0, 0] = np.nan
    report = diagnosed(read)
    assert report.kinds == ("exploding",)
    assert "no longer finite" in str(report)


@pytest.mark.parametrize("loss", [
    lambda z, y: (squared_error(z, y)[0], len(z) * squared_error(z, y)[1]),               # the mean is missing
    lambda z, y: (squared_error(z, y)[0], -squared_error(z, y)[1])])
def test_a_loss_with_a_wrong_gradient(loss):
    assert "wrong_gradient" in diagnosed(small_net(1), x=NORMAL, y=LINE, loss=loss).kinds


class Halved(layers.Layer):
    """A layer whose backward pass is wrong by a factor."""

    def __call__(self, x):
        return 2 * x

    def forward(self, x, training=False, rng=None):
        return 2 * x

    def backward(self, da, input_gradient=True):
        return da


def test_a_layer_with_a_wrong_gradient():
    read = Network([Dense(10, 32, relu, he_normal), Halved(), Dense(32, 2)], rng=0)
    assert diagnosed(read, x=NORMAL, y=EVEN).kinds == ("wrong_gradient",)


def test_signals_smaller_than_a_step_say_nothing_of_a_gradient():
    """At z = 1e-20 any step of the weights crosses the kink of PReLU, for all examples at once."""
    stack = [part for fan_in in (10, *[32] * 9) for part in (Dense(fan_in, 32, init=partial(normal, std=0.001)),
                                                             layers.PReLU(32))]
    read = Network([*stack, Dense(32, 1)], rng=0)
    order = np.argsort(EVEN, kind="stable")
    rows = np.concatenate([order[:280], order[-280:]])                # as many of each class: no gradient of the bias
    report = diagnosed(read, x=NORMAL[rows], y=EVEN[rows], loss=sigmoid_cross_entropy)
    assert report.kinds == ("vanishing",)


def test_an_activation_that_nothing_suits_still_gets_a_diagnosis():
    square = activations.Activation("square", lambda z: z * z, lambda z, a: 2 * z)
    read = digits_net(square, partial(normal, std=1.0))
    assert diagnosed(read).kinds == ("exploding",)


def test_prelu_gets_a_remedy():
    read = Network([Dense(64, 32, init=partial(normal, std=3.0)), layers.PReLU(32), Dense(32, 10)], rng=0)
    assert "negative_slope=0.25" in diagnosed(read).findings[0].remedy


def test_advice_against_saturation_never_names_larger_weights():
    """The sigmoid on its edge of chaos is saturated; its recommended weights are the very ones it has."""
    read = mlp([5, *[60] * 5, 4], activation=sigmoid, init=theory.for_activation(sigmoid).weights, rng=0)
    (found,) = [finding for finding in diagnose(read, X, Y, softmax_ce).findings if finding.kind == "saturated"]
    assert "variance_scaling" not in found.remedy
    assert "activation=activations.tanh" in found.remedy


@pytest.mark.parametrize("stack", [
    [Dense(10, 32, relu, he_normal), Residual([Dense(32, 32, relu, he_normal), Dense(32, 32), LearnedScale()]),
     Dense(32, 2)],
    [Dense(10, 2), Residual([Dense(2, 16, relu, he_normal), Dense(16, 2, tanh)])],
    [Residual([Dense(10, 32, relu, he_normal), Dense(32, 10)])]])
def test_residual_blocks_are_healthy(stack):
    """A branch that starts at 0 passes no gradient back yet; an activation in the last block is not the output's."""
    read = Network(stack, rng=0)
    assert diagnosed(read, x=NORMAL, y=EVEN, optimizer=optimizers.Adam(0.01)).findings == ()


def test_layers_from_one_seed():
    def seeded(rng, shape):
        return glorot_uniform(np.random.default_rng(0), shape)

    for sizes in ([5, 16, 16, 4], [5, 6, 4]):
        read = mlp(sizes, activation=tanh, init=seeded, rng=0)
        assert diagnose(read, X, Y, softmax_ce).kinds == ("equal_layers",)


def test_small_layers_are_alike_by_chance():
    x, y = datasets.parity(2)
    for seed in range(50):
        read = mlp([2, 2, 2, 2], activation=tanh, init=normal, rng=seed)
        assert "equal_layers" not in diagnose(read, x, y, softmax_ce).kinds


@pytest.mark.parametrize("init", [zeros, partial(constant, value=-1.0)])
def test_units_on_a_kink_say_nothing_of_a_derivative(init):
    """Behind dead units z is exactly 0, where ReLU's slope is 0 or 1, and differences on both sides give 1/2."""
    assert "wrong_gradient" not in diagnosed(mlp([64, 32, 32, 10], activation=relu, init=init, rng=0), x=D_X**2).kinds


# errors ------------------------------------------------------------------------------------------------------

def test_equal_examples_are_refused():
    read = mlp([5, 8, 4], activation=tanh, init=glorot_uniform, rng=0)
    for x, y in ((X[:1], Y[:1]), (np.repeat(X[:1], 9, axis=0), np.repeat(Y[:1], 9))):
        with pytest.raises(ValueError, match="expected examples that differ, got"):
            diagnose(read, x, y, softmax_ce)


@pytest.mark.parametrize(("options", "kind", "message"), [
    ({"learning_rate": 0.1}, ValueError, "expected either optimizer or learning_rate, got both"),
    ({"optimizer": 0.1}, TypeError, r"an optimizer such as .*, got 0\.1"),
    ({"optimizer": None, "learning_rate": -1}, ValueError, "to be a number > 0, got -1"),
    ({"loss": D_Y, "y": softmax_ce}, TypeError, r"expected loss to be .*, got an array of shape \(256,\)"),
    ({"loss": "softmax"}, TypeError, "expected loss to be a function of .*, got 'softmax'"),
    ({"schedule": 0.5}, TypeError, r"expected schedule to be a function of the step, got 0\.5"),
    ({"schedule": lambda step: -1.0}, ValueError, r"expected schedule\(0\), a factor .* a number ≥ 0, got -1\.0"),
    ({"schedule": lambda step: 1 - step / 500}, ValueError, r"expected schedule\(501\), .*≥ 0, got -0\.002"),
    ({"validation": (D_X, D_Y, np.ones(256))}, TypeError, r"got \(x, y, weights\).* leave the weights out"),
    ({"clip_norm": 0}, ValueError, "clip_norm to be a number > 0, got 0"),
    ({"batch_size": 0}, ValueError, "batch_size to be a whole number ≥ 1, got 0"),
    ({"optimizer": None, "clip_norm": 1.0}, ValueError, "expected an optimizer with schedule and clip_norm, got None"),
    ({"validation": (D_X, np.ma.masked_equal(D_Y, 3))}, TypeError, "expected validation y without a mask"),
    ({"validation": D_X}, TypeError, r"expected validation to be a pair \(x, y\), got ndarray"),
    ({"validation": (D_X[:, :9], D_Y)}, ValueError, r"expected validation x of shape \(n, 64\), got \(256, 9\)"),
    ({"validation": (D_X, D_Y[:9])}, ValueError, r"expected labels y of shape \(256,\)"),
])
def test_bad_input(options, kind, message):
    with pytest.raises(kind, match=message):
        diagnosed(digits_net(), **options)


def test_a_schedule_without_its_steps_is_told_how_to_set_them():
    with pytest.raises(TypeError) as caught:
        diagnosed(digits_net(), schedule=schedules.cosine)
    assert "partial(schedules.cosine, steps=1000)" in caught.value.__notes__[0]
