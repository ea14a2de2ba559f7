"""Checkpoints: what is read is what was written, a run that goes on ends in the same bits, errors keep the old file."""

import errno
import json
import os
import pickle
from dataclasses import astuple, dataclass
from functools import partial

import numpy as np
import pytest

import minnet as mn
from minnet import (
    Dense,
    Network,
    activations,
    checkpoint,
    initializers,
    layers,
    losses,
    mlp,
    optimizers,
    pretraining,
    schedules,
    theory,
)
from minnet.activations import Activation
from minnet.checkpoint import CheckpointError
from minnet.initializers.definition import ALL
from minnet.layer import Layer
from minnet.parameter_groups import ParameterGroups
from minnet.storage import archive
from minnet.storage.description import LAYERS, describe
from tests.conftest import ACTIVATIONS, batch, every_layer, frozen, stirred

CE = losses.softmax_cross_entropy


def small(rng=0, **settings):
    return mlp([3, 5, 4], activation=activations.tanh, init=initializers.glorot_uniform, rng=rng, **settings)


def back(net, tmp_path, **options):
    net.save(tmp_path / "net.npz")
    return mn.load(tmp_path / "net.npz", **options)


def numbers(history):
    """The records without seconds."""
    return [astuple(record)[:-1] for record in history]


# The network ---------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_layer_comes_back(dtype, tmp_path):
    net = every_layer(dtype)
    x, y = batch()
    net.gradient(x, y, CE, rng=0)                                        # running statistics are no longer 0 and 1
    other = back(net, tmp_path)
    assert repr(other) == repr(net)
    assert (other.params.tobytes(), other.state.tobytes()) == (net.params.tobytes(), net.state.tobytes())
    assert other(x).tobytes() == net(x).tobytes()
    assert other.dtype == dtype
    assert np.array_equal(other.decay_mask, net.decay_mask)
    assert other.params.base is other.layers[0].W.base or np.shares_memory(other.params, other.layers[0].W)
    assert other.gradient(x, y, CE, rng=5) == net.gradient(x, y, CE, rng=5)
    assert frozen(other) == frozen(net)


def test_residual_blocks_come_back_with_their_branches(tmp_path):
    block = layers.Residual([Dense(4, 4, activations.tanh), layers.BatchNorm(4), layers.LearnedScale(0.5)], 0.25)
    net = stirred(Network([Dense(3, 4), block, layers.Residual([layers.Residual([Dense(4, 4)])])], rng=0))
    other, (x, _) = back(net, tmp_path), batch()
    assert repr(other) == repr(net)
    assert other(x).tobytes() == net(x).tobytes()
    assert describe(other) == describe(net)


def test_every_kind_of_layer_is_in_that_test():
    kinds = {type(layer) for layer in every_layer().layers}
    assert set(LAYERS.values()) <= kinds | {layers.Residual, layers.LearnedScale}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_comes_back(name, tmp_path):
    f = ACTIVATIONS[name]
    net = Network([Dense(2, 3, f), f], rng=0)
    other = back(net, tmp_path)
    z = np.linspace(-3, 3, 12).reshape(6, 2)
    assert other(z).tobytes() == net(z).tobytes()
    assert (other.layers[1].activation.range, other.layers[1].activation.kinks) == (f.range, f.kinks)


def test_settings_keep_every_digit(tmp_path):
    slope, std = 0.1234567890123, np.float32(0.3)
    net = Network([Dense(2, 3, activations.leaky_relu(slope), initializers.normal(std=std),
                         partial(initializers.uniform, low=-1e-9, high=np.float64(1 / 3)))], rng=0)
    layer = back(net, tmp_path).layers[0]
    assert layer.activation.f.keywords == {"slope": slope}
    assert layer.init.keywords == {"std": float(std)}
    assert layer.bias_init.keywords == {"low": -1e-9, "high": 1 / 3}
    assert layer.init.func is initializers.normal


@pytest.mark.parametrize("name", ALL)
def test_every_initializer_comes_back(name, tmp_path):
    """The network that was read, drawn anew, is the one that was written, drawn anew."""
    needed = {"constant": {"value": 0.5}, "fixup": {"blocks": 4}, "gpt2_residual": {"sums": 4}}
    init = ALL[name](**needed[name]) if name in needed else ALL[name]
    net = Network([Dense(20, 30, init=init)], rng=0)
    other = back(net, tmp_path)
    net.reset(3)
    other.reset(3)
    assert other.params.tobytes() == net.params.tobytes()


def test_what_theory_recommends_comes_back(tmp_path):
    weights, biases = theory.critical(activations.tanh)
    net = mlp([4, 8, 2], activation="tanh", init=weights, bias_init=biases, rng=0)
    assert describe(back(net, tmp_path)) == describe(net)


def test_copies_and_pickles_are_written_like_the_network_itself(tmp_path):
    net = mlp([3, 4, 2], activation=activations.selu, rng=0)
    assert describe(pickle.loads(pickle.dumps(net))) == describe(net)
    assert describe(net)["layers"][0]["settings"]["activation"] == {"activation": "selu"}


@pytest.mark.parametrize(("loss", "word"), [(CE, "softmax"), (losses.sigmoid_cross_entropy, "sigmoid"),
                                            (losses.squared_error, "identity"), (lambda z, y: (0.0, z), "unknown")])
def test_predictions_come_back(loss, word, tmp_path):
    net, (x, y) = small(), batch()
    assert describe(net)["output"] is None
    assert "output_function" not in vars(back(net, tmp_path))
    net.gradient(x, y if loss is CE else np.zeros((8, 4)), loss)
    other = back(net, tmp_path)
    assert describe(other)["output"] == word
    if word == "unknown":
        with pytest.raises(ValueError, match="does not say"):
            other.predict(x)
    else:
        assert np.array_equal(other.predict(x), net.predict(x))


def test_equal_networks_make_equal_files(tmp_path):
    for name in ("a.npz", "b.npz"):
        small().save(tmp_path / name)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.npz", "b.npz"]


def test_the_layout_is_the_documented_one(tmp_path):
    net, history = small(), mn.History()
    state, rng = optimizers.Adam().init(net.params, net.decay_mask), np.random.default_rng(1)
    checkpoint.save(net, tmp_path / "net.npz", state=state, history=history, rng=rng)
    with np.load(tmp_path / "net.npz", allow_pickle=False) as file:
        found = {name: (file[name].dtype.str, file[name].shape) for name in file.files if name != "header"}
        header = json.loads(file["header"].tobytes())
    assert found == {"params": ("<f4", (44,)), "state": ("<f4", (0,)), "optimizer.m": ("<f4", (44,)),
                     "optimizer.v": ("<f4", (44,)), "optimizer.decay_mask": ("|b1", (44,)), "history": ("<f8", (0, 7))}
    assert list(header) == ["format", "version", "network", "optimizer", "history", "rng"]
    assert (header["format"], header["version"]) == ("minnet checkpoint", 1)
    for name in (*found, *header):
        assert name in checkpoint.__doc__ or name == "optimizer.v"


# What is your own ------------------------------------------------------------------------------------------------

def _wave(z):
    return np.sin(z)


def _d_wave(z, a):
    return np.cos(z)


WAVE = Activation("wave", _wave, _d_wave)


def start(rng, shape, *, scale=1.0):
    return scale * rng.normal(size=shape)


@dataclass(eq=False, repr=False)
class Shift(Layer):
    """a = x + by."""

    by: float = 1.0

    draws = False

    def __call__(self, x):
        return x + self.by

    def forward(self, x, training=False, rng=None):
        return x + self.by

    def backward(self, da, input_gradient=True):
        return da


def own_network():
    return Network([Dense(3, 5, WAVE, partial(start, scale=0.5)), Shift(0.25), WAVE, Dense(5, 2, init=start)], rng=0)


def test_your_own_things_are_handed_over_by_name(tmp_path):
    net = own_network()
    other = back(net, tmp_path, own={"wave": WAVE, "start": start, "Shift": Shift})
    x, _ = batch()
    assert other(x).tobytes() == net(x).tobytes()
    assert describe(other) == describe(net)
    assert other.layers[0].init.keywords == {"scale": 0.5}


@pytest.mark.parametrize("missing", ["wave", "start", "Shift"])
def test_what_is_missing_is_named(missing, tmp_path):
    own = {"wave": WAVE, "start": start, "Shift": Shift}
    del own[missing]
    with pytest.raises(CheckpointError, match=rf"your own, '{missing}': hand it over, own={{'{missing}': …}}"):
        back(own_network(), tmp_path, own=own)


def test_an_activation_of_your_own_may_have_the_name_of_another(tmp_path):
    mine = Activation("relu", _wave, _d_wave)
    net = Network([Dense(3, 2, mine)], rng=0)
    assert back(net, tmp_path, own={"relu": mine}).layers[0].activation is mine
    with pytest.raises(CheckpointError, match="hand it over"):
        mn.load(tmp_path / "net.npz")


def test_what_cannot_be_written_is_refused(tmp_path):
    class Bare(Layer):
        draws = False

    @dataclass(eq=False, repr=False)
    class Holding(Shift):
        by: object = None

    two = [Activation("wave", _wave, _d_wave), Activation("wave", np.tanh, activations.tanh.df)]
    for net, error, message in (
            (Network([Dense(3, 2), Bare()], rng=0), TypeError, "expected Bare to be a dataclass"),
            (Network([Dense(3, 2), Holding(np.zeros(3))], rng=0), TypeError, "settings that can be written as text"),
            (Network([Dense(3, 2), Holding(float("inf"))], rng=0), TypeError, "finite numbers"),
            (Network([Dense(3, 2, f) if i == 0 else f for i, f in enumerate(two)], rng=0), ValueError,
             "a name of its own")):
        with pytest.raises(error, match=message):
            net.save(tmp_path / "net.npz")
    auto = pretraining.Autoencoder(4, 2, rng=0)
    with pytest.raises(TypeError, match="a checkpoint holds networks only"):
        checkpoint.save(auto, tmp_path / "net.npz")
    with pytest.raises(TypeError, match=r"as from np\.random\.default_rng\(0\), got one of MT19937"):
        checkpoint.save(small(), tmp_path / "net.npz", rng=np.random.Generator(np.random.MT19937(0)))
    with pytest.raises(TypeError, match="expected v in state to be a vector of 44 numbers in float32"):
        checkpoint.save(small(), tmp_path / "net.npz", state={"t": 0, "decay_mask": np.ones(44, bool), "v": np.ones(3)})
    assert list(tmp_path.iterdir()) == []


# The generator ---------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("make", [
    lambda: np.random.default_rng(7), lambda: np.random.default_rng([1, 2, 3]), np.random.default_rng,
    lambda: np.random.default_rng(7).spawn(3)[2], lambda: np.random.Generator(np.random.PCG64DXSM(5)),
    lambda: np.random.default_rng(np.random.SeedSequence(np.int64(4), spawn_key=(2, 5), pool_size=8))])
def test_a_generator_goes_on_and_so_do_its_children(make, tmp_path):
    rng = make()
    rng.spawn(2)
    rng.random(5, dtype=np.float32)                          # an odd number leaves 32 bits for the next one
    checkpoint.save(small(), tmp_path / "net.npz", rng=rng)
    other = checkpoint.load(tmp_path / "net.npz").rng
    for one, two in ((rng, other), (rng.spawn(1)[0], other.spawn(1)[0])):
        assert one.random(3, dtype=np.float32).tolist() == two.random(3, dtype=np.float32).tolist()
        assert one.integers(0, 1000, 5).tolist() == two.integers(0, 1000, 5).tolist()


# A run that goes on ----------------------------------------------------------------------------------------------

DATA, HELD_OUT = batch(37), batch(9, seed=1)
RUNS = {
    "plain": {"optimizer": optimizers.SGD(0.1)},
    "momentum, clipped": {"optimizer": optimizers.SGD(0.1, momentum=0.9, nesterov=True), "clip_norm": 0.5},
    "RMSprop, validation": {"optimizer": optimizers.RMSprop(), "validation": HELD_OUT},
    "Adam, schedule, validation": {"optimizer": optimizers.Adam(0.01), "validation": HELD_OUT,
                                   "schedule": partial(schedules.cosine, steps=30)},
    "AdamW, a part": {"optimizer": optimizers.AdamW(0.01), "span": slice(70, 112), "validation": HELD_OUT},
}


class Cut(Exception):
    pass


def run(path=None, *, cut=None, epochs=6, rng=3, net=None, **settings):
    """Train `every_layer`; raise Cut after `cut` calls of the loss. Returns the network and its history."""
    calls = 0

    def loss(z, y):
        nonlocal calls
        calls += 1
        if calls == cut:
            raise Cut
        return CE(z, y)

    loss.output_function = CE.output_function
    net = every_layer(np.float32) if net is None else net
    return net, mn.fit(net, DATA, loss=loss, epochs=epochs, batch_size=8, rng=rng, checkpoint=path, progress=False,
                       **settings)


@pytest.mark.parametrize("name", RUNS)
@pytest.mark.parametrize(("cut", "every"), [(3, 1), (7, 1), (17, 1), (25, 2), (29, 4)])
def test_a_run_that_was_cut_off_goes_on_in_the_same_bits(name, cut, every, tmp_path):
    whole, history = run(**RUNS[name])
    path = tmp_path / "run.npz"
    with pytest.raises(Cut):
        run(path, cut=cut, every=every, **RUNS[name])
    net, again = run(path, resume=True, every=every, **RUNS[name])
    assert net.params.tobytes() == whole.params.tobytes()
    assert net.state.tobytes() == whole.state.tobytes()
    assert numbers(again) == numbers(history)
    assert [*tmp_path.iterdir()] == [path]
    saved = checkpoint.load(path)
    assert saved.network.params.tobytes() == whole.params.tobytes()
    assert saved.history == again
    finished, same = run(path, resume=True, every=every, **RUNS[name])      # nothing is left to do
    assert finished.params.tobytes() == whole.params.tobytes()
    assert same == again
    assert finished.predict(DATA[0]).tolist() == whole.predict(DATA[0]).tolist()


def test_a_cut_in_an_epoch_goes_back_to_its_start(tmp_path):
    """Otherwise the test above would pass without any checkpoint, by training from the start."""
    with pytest.raises(Cut):
        run(tmp_path / "run.npz", cut=17, **RUNS["plain"])                  # 5 batches an epoch
    assert len(checkpoint.load(tmp_path / "run.npz").history) == 3
    with pytest.raises(Cut):
        run(tmp_path / "run.npz", cut=4, resume=True, **RUNS["plain"])
    assert len(checkpoint.load(tmp_path / "run.npz").history) == 3
    run(tmp_path / "run.npz", cut=16, resume=True, **RUNS["plain"])         # 15 batches are left, and no cut comes


def test_more_epochs_extend_a_finished_run(tmp_path):
    whole, _ = run(epochs=5, **RUNS["plain"])
    run(tmp_path / "run.npz", epochs=2, **RUNS["plain"])
    net, history = run(tmp_path / "run.npz", epochs=5, resume=True, **RUNS["plain"])
    assert net.params.tobytes() == whole.params.tobytes()
    assert [record.epoch for record in history] == [1, 2, 3, 4, 5]
    assert (np.diff(history.seconds) > 0).all()
    fresh, rng = every_layer(np.float32), np.random.default_rng(3)
    before, drawn = frozen(fresh), rng.bit_generator.state
    with pytest.raises(ValueError, match="expected epochs to be a whole number ≥ 5, got 3"):
        run(tmp_path / "run.npz", epochs=3, net=fresh, rng=rng, resume=True, **RUNS["plain"])
    assert frozen(fresh) == before
    assert rng.bit_generator.state == drawn


def test_groups_of_parameters_are_written_and_compared(tmp_path):
    def groups(factor):
        net = small()
        return net, ParameterGroups(optimizers.Adam(0.01), [(net.span(0), factor), (net.span(1), 1.0)])

    settings = {"loss": CE, "rng": 0, "progress": False}
    whole, optimizer = groups(0.5)
    mn.fit(whole, DATA, optimizer=optimizer, epochs=4, **settings)
    for epochs in (2, 4):
        net, optimizer = groups(0.5)
        mn.fit(net, DATA, optimizer=optimizer, epochs=epochs, checkpoint=tmp_path / "run.npz", resume=epochs == 4,
               **settings)
    assert net.params.tobytes() == whole.params.tobytes()
    net, optimizer = groups(0.25)
    with pytest.raises(CheckpointError, match=r"groups\[0\]\[1\] was 0\.5 and is 0\.25"):
        mn.fit(net, DATA, optimizer=optimizer, epochs=4, checkpoint=tmp_path / "run.npz", resume=True, **settings)


def test_schedules_of_one_name_are_told_apart_by_their_factors(tmp_path):
    settings = {"loss": CE, "optimizer": optimizers.SGD(0.1), "epochs": 1, "rng": 0, "progress": False,
                "checkpoint": tmp_path / "run.npz"}
    mn.fit(small(), DATA, schedule=lambda step: 1 / (1 + step), **settings)
    with pytest.raises(CheckpointError, match="schedule"):
        mn.fit(small(), DATA, schedule=lambda step: 1 / (2 + step), resume=True, **settings)
    mn.fit(small(), DATA, schedule=lambda step: 1 / (1 + step), resume=True, **settings)


def test_numbers_that_a_run_cannot_have_are_refused(tmp_path):
    net = mn.Network([Dense(3, 4), layers.BatchNorm(4), Dense(4, 4)], rng=0)
    net.layers[1].running_var = -5
    net.save(tmp_path / "net.npz")
    with pytest.raises(CheckpointError, match="expected variances ≥ 0 in BatchNorm"):
        mn.load(tmp_path / "net.npz")


@pytest.mark.parametrize(("settings", "kind", "message"), [
    ({"resume": True}, ValueError, "expected checkpoint, the file to resume from"),
    ({"resume": "no"}, TypeError, "expected resume to be True or False"),
    ({"every": 0}, ValueError, "expected every to be a whole number ≥ 1"),
    ({"checkpoint": ""}, TypeError, "expected checkpoint to be the path of a file"),
    ({"checkpoint": 5}, TypeError, "expected checkpoint to be the path of a file"),
])
def test_settings_that_need_a_file(settings, kind, message):
    with pytest.raises(kind, match=message):
        mn.fit(small(), DATA, loss=CE, optimizer=optimizers.SGD(0.1), epochs=1, rng=0, progress=False, **settings)


def test_a_generator_that_is_handed_over_goes_on_too(tmp_path):
    """Whoever draws from it afterwards gets the numbers of a run that was not cut off."""
    whole = np.random.default_rng(9)
    run(rng=whole, **RUNS["plain"])
    with pytest.raises(Cut):
        run(tmp_path / "run.npz", rng=np.random.default_rng(9), cut=12, **RUNS["plain"])
    rng = np.random.default_rng(9)
    run(tmp_path / "run.npz", rng=rng, resume=True, **RUNS["plain"])
    assert rng.random(4).tolist() == whole.random(4).tolist()
    assert rng.spawn(1)[0].random() == whole.spawn(1)[0].random()


def test_children_spawned_in_training_go_on(tmp_path):
    """A layer may spawn its noise: the children of a run that goes on must not be those of its first epochs."""
    @dataclass(eq=False, repr=False)
    class Spawning(Shift):
        noisy = True

        def forward(self, x, training=False, rng=None):
            return x + 0.1 * rng.spawn(1)[0].normal(size=x.shape).astype(x.dtype) if training else x

    def trained(path=None, epochs=4):
        net = Network([Dense(3, 4), Spawning(), Dense(4, 4)], rng=0)
        rng = np.random.default_rng(1)
        mn.fit(net, DATA, loss=CE, optimizer=optimizers.SGD(0.1), epochs=epochs, rng=rng, checkpoint=path,
               resume=path is not None)
        return net.params.tobytes(), rng.spawn(1)[0].random()

    trained(tmp_path / "run.npz", epochs=2)
    assert trained(tmp_path / "run.npz") == trained()


def test_a_finished_run_predicts_as_its_loss_says(tmp_path):
    settings = {"loss": losses.squared_error, "optimizer": optimizers.SGD(0.1), "epochs": 1, "rng": 0, "resume": True,
                "checkpoint": tmp_path / "run.npz"}
    for net in (small(), small()):
        mn.fit(net, (DATA[0], np.zeros((37, 4))), **settings)
        assert net.predict(DATA[0]).shape == (37, 4)                    # before training it would predict classes


def test_a_loop_over_train_sees_every_record(tmp_path):
    path, seen = tmp_path / "run.npz", []
    settings = {"loss": CE, "optimizer": optimizers.Adam(), "batch_size": 8, "checkpoint": path, "resume": True}
    for record in mn.train(small(), DATA, epochs=6, rng=0, **settings):
        if record.epoch == 3:
            break
    for record in mn.train(net := small(), DATA, epochs=6, rng=0, **settings):
        seen.append(record.epoch)
    whole = small()
    mn.fit(whole, DATA, loss=CE, optimizer=optimizers.Adam(), epochs=6, batch_size=8, rng=0)
    assert seen == [1, 2, 3, 4, 5, 6]
    assert net.params.tobytes() == whole.params.tobytes()


def test_by_hand_too(tmp_path):
    """save and load in a loop of one's own."""
    whole, optimizer, rng = small(), optimizers.Adam(), np.random.default_rng(2)
    state, history = optimizer.init(whole.params, whole.decay_mask), mn.History()
    for record in mn.train(whole, DATA, loss=CE, optimizer=optimizer, epochs=4, rng=rng, state=state):
        history.append(record)
        if record.epoch == 2:
            checkpoint.save(whole, tmp_path / "run.npz", state=state, history=history, rng=rng)
    net, state, before, rng = checkpoint.load(tmp_path / "run.npz")
    assert before == history[:2]
    list(mn.train(net, DATA, loss=CE, optimizer=optimizer, epochs=2, rng=rng, state=state))
    assert net.params.tobytes() == whole.params.tobytes()


@pytest.mark.parametrize(("change", "message"), [
    ({"optimizer": optimizers.SGD(0.2)}, r"optimizer\.learning_rate was 0\.1 and is 0\.2"),
    ({"optimizer": optimizers.Adam()}, "optimizer was .*SGD.* and is .*Adam"),
    ({"clip_norm": 1.0}, r"clip_norm was None and is 1\.0"),
    ({"schedule": schedules.constant, "validation": HELD_OUT}, r"validation was \[\] and is"),
    ({"schedule": partial(schedules.cosine, steps=30)}, "schedule.* was .*constant.* and is .*cosine.*30"),
    ({"span": slice(0, 50)}, r"span\[1\] was \d+ and is 50"),
    ({"rng": 4}, r"rng\[1\] was 3 and is 4"),
    ({"net": every_layer()}, "dtype was float32 and is float64"),
    ({"net": small()}, "layers was .*"),
])
def test_a_run_goes_on_with_its_own_settings_only(change, message, tmp_path):
    run(tmp_path / "run.npz", epochs=1, **RUNS["plain"])
    bytes_before = (tmp_path / "run.npz").read_bytes()
    net = change.get("net", every_layer(np.float32))
    before = frozen(net)
    with pytest.raises(CheckpointError, match=f"expected the settings of the run in the file, got others: .*{message}"):
        run(tmp_path / "run.npz", resume=True, **{**RUNS["plain"], "net": net, **change})
    assert frozen(net) == before
    assert (tmp_path / "run.npz").read_bytes() == bytes_before


def test_other_data_and_batches_are_named(tmp_path):
    settings = {"loss": CE, "optimizer": optimizers.SGD(0.1), "epochs": 2, "rng": 0, "checkpoint": tmp_path / "run.npz"}
    mn.fit(small(), DATA, batch_size=8, **settings)
    x = DATA[0].copy()
    x[3, 1] += 1
    with pytest.raises(CheckpointError, match=r"data\[0\] was .*checksum .* and is .*checksum"):
        mn.fit(small(), (x, DATA[1]), batch_size=8, resume=True, **settings)
    with pytest.raises(CheckpointError, match="batch_size was 8 and is 9"):
        mn.fit(small(), DATA, batch_size=9, resume=True, **settings)
    with pytest.raises(CheckpointError, match=r"loss.* was .*softmax_cross_entropy.* and is .*plain"):
        mn.fit(small(), DATA, batch_size=8, resume=True, **settings | {"loss": losses.plain_softmax_cross_entropy})


def test_a_file_is_not_overwritten_by_mistake(tmp_path):
    run(tmp_path / "run.npz", epochs=1, **RUNS["plain"])
    with pytest.raises(CheckpointError, match="which is there already: pass resume=True"):
        run(tmp_path / "run.npz", epochs=1, **RUNS["plain"])
    small().save(tmp_path / "net.npz")
    with pytest.raises(CheckpointError, match="got one written by save"):
        run(tmp_path / "net.npz", resume=True, net=small(), **RUNS["plain"])


def test_weights_of_examples_are_data_too(tmp_path):
    settings = {"loss": CE, "optimizer": optimizers.SGD(0.1), "epochs": 1, "rng": 0, "checkpoint": tmp_path / "run.npz"}
    weights = np.arange(1.0, 38)
    mn.fit(small(), (*DATA, weights), **settings)
    mn.fit(small(), (*DATA, weights), resume=True, **settings)
    with pytest.raises(CheckpointError, match=r"data\[2\] was .* and is "):
        mn.fit(small(), (*DATA, weights[::-1]), resume=True, **settings)


def test_patience_and_checkpoint_are_refused_together(tmp_path):
    with pytest.raises(ValueError, match="expected patience or checkpoint, got both"):
        run(tmp_path / "run.npz", patience=2, validation=HELD_OUT, **RUNS["plain"])


def test_wrong_arguments_change_nothing(tmp_path):
    net = every_layer(np.float32)
    before = frozen(net)
    for settings, error, message in (({"path": tmp_path / "none" / "run.npz"}, FileNotFoundError, "make the folder"),
                                     ({"path": tmp_path / "run.npz", "every": 0}, ValueError, "every")):
        with pytest.raises(error, match=message):
            run(net=net, **settings, **RUNS["plain"])
    auto = pretraining.Autoencoder(3, 2, rng=0)
    with pytest.raises(TypeError, match="a checkpoint holds networks only"):
        mn.fit(auto, (DATA[0], DATA[0]), loss=losses.squared_error, optimizer=optimizers.SGD(0.1), epochs=1, rng=0,
               checkpoint=tmp_path / "run.npz")
    assert frozen(net) == before
    assert list(tmp_path.iterdir()) == []


def test_a_generator_that_has_spawned_more_is_refused(tmp_path):
    run(tmp_path / "run.npz", epochs=1, **RUNS["plain"])
    rng = np.random.default_rng(3)
    rng.spawn(1)
    with pytest.raises(CheckpointError, match="make a new one of the same seed"):
        run(tmp_path / "run.npz", rng=rng, resume=True, **RUNS["plain"])


# The disk --------------------------------------------------------------------------------------------------------

def test_numbers_that_are_not_finite_are_not_written(tmp_path):
    small().save(tmp_path / "net.npz")
    before = (tmp_path / "net.npz").read_bytes()
    net = small()
    net.params[3] = np.nan
    with pytest.raises(CheckpointError, match="finite numbers in params, got NaN or inf"):
        net.save(tmp_path / "net.npz")
    assert (tmp_path / "net.npz").read_bytes() == before


@pytest.mark.parametrize("function", ["fsync", "replace"])
def test_an_error_while_writing_leaves_the_old_file(function, tmp_path, monkeypatch):
    path = tmp_path / "net.npz"
    small().save(path)
    before = path.read_bytes()

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, function, full)
    message = r"net\.npz could not be written, and is as it was \(No space left on device\)"
    with pytest.raises(OSError, match=message) as caught:
        small(rng=1).save(path)
    assert caught.value.errno == errno.ENOSPC
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert [*tmp_path.iterdir()] == [path]


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "folder").mkdir()
    os.symlink(tmp_path / "folder" / "net.npz", tmp_path / "link.npz")
    small().save(tmp_path / "link.npz")
    assert (tmp_path / "link.npz").is_symlink()
    assert mn.load(tmp_path / "folder" / "net.npz").params.tobytes() == small().params.tobytes()


def test_a_folder_or_a_missing_file_is_an_os_error(tmp_path):
    for path in (tmp_path, tmp_path / "none.npz"):
        with pytest.raises(OSError, match=str(path)):
            mn.load(path)
    with pytest.raises(FileNotFoundError, match="expected a folder that exists"):
        small().save(tmp_path / "none" / "net.npz")


def test_reading_needs_no_more_than_the_file_says(tmp_path):
    """A header that asks for 10¹⁸ weights is refused before any memory is asked for."""
    net = small()
    header = {"network": describe(net)}
    for setting in ("fan_in", "fan_out"):
        header["network"]["layers"][0]["settings"][setting] = 10**9
    header["network"]["layers"][1]["settings"]["fan_in"] = 10**9
    archive.write(tmp_path / "net.npz", header, {"params": net.params, "state": net.state})
    with pytest.raises(CheckpointError, match=r"expected params of shape \(1000000005000000004,\), got \(44,\)"):
        mn.load(tmp_path / "net.npz")
