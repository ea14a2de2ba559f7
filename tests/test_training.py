import copy
import functools
import math
import pickle
from itertools import chain, count

import numpy as np
import pytest

from minnet import (
    Dense,
    Diverged,
    History,
    Network,
    activations,
    datasets,
    fit,
    initializers,
    layers,
    losses,
    mlp,
    train,
)
from minnet.optimizers import SGD, Adam, AdamW, RMSprop
from minnet.training import Record, accuracy
from tests.conftest import LOSSES, batch, bound_arrays, every_layer, frozen

CE = losses.softmax_cross_entropy
COMMON = {"loss": CE, "optimizer": SGD(learning_rate=0.1, momentum=0.9), "epochs": 2, "batch_size": 8, "rng": 0}


def small(rng=0, dtype=np.float32):
    return mlp([3, 6, 4], activation=activations.tanh, init=initializers.he_normal, rng=rng, dtype=dtype)


def run(net, data=None, **changes):
    return fit(net, batch(20) if data is None else data, **COMMON | changes)


class Recorder:
    """A model that only notes which rows it is given, and in which batches; its gradient is 1, its loss the step."""

    def __init__(self, size=1):
        self.params, self.grads, self.batches = np.zeros(size), np.zeros(size), []

    def gradient(self, x, y, loss, *, training=True, rng=None):
        self.batches.append(x[:, 0].astype(int).tolist())
        assert y.tolist() == self.batches[-1]
        self.grads[...] = 1
        return float(len(self.batches))


def recorded(n, batch_size, epochs=1, rng=0, **changes):
    """The batches of rows, all epochs in a row, that a run over n rows makes."""
    model, rows = Recorder(), np.arange(n)
    run(model, (rows[:, None], rows), batch_size=batch_size, epochs=epochs, rng=rng, **changes)
    return model.batches


def flat(batches):
    return list(chain.from_iterable(batches))


# Batches -----------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("n", "batch_size", "sizes"), [
    (10, 4, [4, 4, 2]), (8, 4, [4, 4]), (9, 4, [4, 5]), (5, 4, [5]), (3, 10, [3]), (1, 10, [1]), (5, 5, [5]),
    (4, 1, [1, 1, 1, 1]), (70, 32, [32, 32, 6]), (65, 32, [32, 33]),
])
def test_every_row_is_used_once_and_a_remainder_of_one_joins_the_batch_before(n, batch_size, sizes):
    batches = recorded(n, batch_size)
    assert [len(rows) for rows in batches] == sizes
    assert sorted(flat(batches)) == list(range(n))


def test_every_epoch_has_an_order_of_its_own():
    batches = recorded(12, 4, epochs=3)
    epochs = [flat(batches[i:i + 3]) for i in (0, 3, 6)]
    assert all(sorted(order) == list(range(12)) for order in epochs)
    assert len({tuple(order) for order in [*epochs, range(12)]}) == 4


def test_the_order_depends_on_rng_alone():
    first = recorded(12, 4, epochs=2)
    assert recorded(12, 4, epochs=2, optimizer=Adam(), schedule=lambda t: 0.5, clip_norm=0.1) == first
    assert recorded(12, 4, epochs=2, rng=np.random.default_rng(0)) == first
    assert flat(recorded(12, 3, epochs=2)) == flat(first)
    assert recorded(12, 4, epochs=2, rng=1) != first


def test_the_same_seed_gives_the_same_bits():
    results = []
    for seed in (0, 0, 1):
        net = every_layer(np.float32)
        history = run(net, rng=seed)
        results.append((frozen(net), history.loss.tolist(), history.accuracy.tolist()))
    assert results[0] == results[1] != results[2]


def test_data_are_left_alone():
    x, y = batch(20)
    x_before, y_before = x.copy(), y.copy()
    run(small(dtype=np.float64), (x, y), validation=(x, y))
    np.testing.assert_array_equal(x, x_before)
    np.testing.assert_array_equal(y, y_before)


def test_lists_and_other_dtypes_are_cast_once_at_the_door():
    x, y = batch(20)
    one, other = small(), small()
    run(one, (x.astype(np.float32), y))
    run(other, [x.astype(np.float32).tolist(), y.astype(np.uint8).tolist()])
    assert one.params.tobytes() == other.params.tobytes()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("optimizer", [
    SGD(learning_rate=np.float64(0.01)), SGD(learning_rate=0.01, momentum=0.9, nesterov=True, weight_decay=0.1),
    RMSprop(weight_decay=0.1), Adam(), AdamW(),
], ids=lambda o: type(o).__name__ + "+" * (o.weight_decay > 0))
def test_after_training_every_buffer_still_has_the_networks_dtype(dtype, name, optimizer):
    net, (loss, targets) = every_layer(dtype), LOSSES[name]
    x = batch(9)[0]
    state = optimizer.init(net.params, net.decay_mask)
    run(net, (x, targets(np.random.default_rng(0), 9, 4)), loss=loss, optimizer=optimizer, batch_size=4, state=state,
        schedule=lambda t: np.float64(0.5), clip_norm=0.1)
    held = {"params": net.params, "grads": net.grads, "state": net.state, "prediction": net(x)}
    held |= {f"state {name}": state[name] for name in optimizer.vectors}
    held |= {f"{i} {name}": a for i, layer in enumerate(net.layers) for name, a in bound_arrays(layer).items()}
    assert {name: a.dtype for name, a in held.items() if a.dtype != dtype} == {}
    assert len(held) > 60                                     # the caches are among them


def test_a_loss_of_your_own_gets_targets_in_the_networks_dtype():
    seen = []

    def loss(z, y):
        seen.append((z.dtype, y.dtype))
        return losses.squared_error(z, y)

    x, _ = batch(20)
    run(small(), (x, np.ones((20, 4))), loss=loss, validation=(x, np.ones((20, 4))))
    run(small(), (x, np.ones((20, 4), int)), loss=loss, validation=(x, np.ones((20, 4), int)))
    assert seen == [(np.float32, np.float32)] * 8 + [(np.float32, int)] * 8


# Records and history -----------------------------------------------------------------------------------------

def test_a_record_has_the_epochs_means():
    """With the learning rate at 0 the means over uneven batches are those of the whole data."""
    net, (x, y) = small(dtype=np.float64), batch(23)
    (record,) = run(net, (x, y), epochs=1, schedule=lambda t: 0.0)
    assert record.loss == pytest.approx(CE(net(x), y)[0], rel=1e-13)
    assert record.accuracy == pytest.approx((net(x).argmax(axis=1) == y).mean(), rel=1e-13)
    assert (record.epoch, record.step) == (1, 3)
    assert record.validation_loss is None
    assert record.validation_accuracy is None
    assert record.seconds > 0


def test_a_records_loss_is_taken_before_the_update():
    net, (x, y) = small(dtype=np.float64), batch(20)
    value = CE(net(x), y)[0]
    (record,) = run(net, (x, y), epochs=1, batch_size=20)
    assert record.loss == pytest.approx(value, rel=1e-13)
    assert CE(net(x), y)[0] < value


def test_validation_is_a_direct_evaluation_in_prediction():
    net, held_out = every_layer(), batch(11, seed=4)
    for record in train(net, batch(20), **COMMON, validation=held_out):
        before = frozen(net)
        z = net(held_out[0])
        assert record.validation_loss == CE(z, held_out[1])[0]
        assert record.validation_accuracy == (z.argmax(axis=1) == held_out[1]).mean()
        assert frozen(net) == before


def test_validation_changes_nothing():
    one, other = every_layer(), every_layer()
    run(one)
    run(other, validation=batch(11, seed=4))
    assert frozen(one) == frozen(other)


def test_epochs_steps_and_seconds_are_counted(monkeypatch):
    monkeypatch.setattr("time.perf_counter", count(100.0, 0.5).__next__)       # read at the start and after each epoch
    history = run(small(), epochs=3)
    assert [(r.epoch, r.step, r.seconds) for r in history] == [(1, 3, 0.5), (2, 6, 1.0), (3, 9, 1.5)]


def test_accuracy():
    z = np.array([[1.0, 2.0], [3.0, 0.0], [0.0, 1.0]])
    assert accuracy(z, np.array([1, 0, 0])) == pytest.approx(2 / 3)
    assert accuracy(z[:, :1], np.array([1, 1, 1])) == pytest.approx(2 / 3)            # z > 0 says 1 1 0
    assert accuracy(z, [1, 0, 1]) == 1
    assert accuracy(z, z) is None
    assert accuracy(z, np.array([1.0, 0.0, 0.0])) is None


def test_history():
    history = History([Record(1, 3, 0.5, None, 0.25, None, 0.1), Record(2, 6, 0.125, None, 0.0625, None, 0.2)])
    assert history.loss.tolist() == [0.5, 0.125]
    assert history.epoch.tolist() == [1, 2]
    assert np.isnan(history.accuracy).all()
    assert history.accuracy.shape == (2,)
    assert history[-1].validation_loss == 0.0625
    assert len(history) == 2
    assert not history.interrupted
    assert History().loss.shape == (0,)
    with pytest.raises(AttributeError, match="no column 'losses': it has epoch, step, loss, accuracy"):
        history.losses  # noqa: B018
    lines = repr(history).splitlines()
    assert lines[0].split() == [*vars(history[0])]
    assert lines[2].split() == ["2", "6", "0.125", "0.0625", "0.2"]
    assert len({len(line) for line in lines}) == 1


@pytest.mark.parametrize("again", [copy.deepcopy, lambda h: pickle.loads(pickle.dumps(h))], ids=["deepcopy", "pickle"])
def test_history_is_copied_whole(again):
    history = run(small(), validation=batch(11), patience=1)
    history.interrupted = True
    other = again(history)
    assert type(other) is History
    assert other == history
    assert other.interrupted
    assert other.best_epoch == history.best_epoch
    np.testing.assert_array_equal(other.loss, history.loss)


# Steps -------------------------------------------------------------------------------------------------------

def test_one_batch_is_one_step_of_the_optimizer():
    net, by_hand, (x, y) = small(dtype=np.float64), small(dtype=np.float64), batch(20)
    opt = AdamW(learning_rate=0.01)
    run(net, (x, y), optimizer=opt, epochs=1, batch_size=20)
    by_hand.gradient(x, y, CE)
    opt.step(by_hand.params, by_hand.grads, opt.init(by_hand.params, by_hand.decay_mask))
    np.testing.assert_allclose(net.params, by_hand.params, rtol=1e-8)        # the rows are summed in another order


def test_weight_decay_spares_the_biases():
    net = Network([Dense(3, 4, bias_init=initializers.ones)], rng=0, dtype=np.float64)
    weights = net.layers[0].W.copy()
    run(net, loss=lambda z, y: (0.0, np.zeros_like(z)), optimizer=SGD(learning_rate=0.1, weight_decay=0.5), epochs=1,
        batch_size=20)
    np.testing.assert_allclose(net.layers[0].W, 0.95 * weights, rtol=1e-14)
    assert (net.layers[0].b == 1).all()


def test_clip_norm_and_schedule():
    model, seen = Recorder(4), []                              # its gradient has norm 2

    def schedule(step):
        seen.append(step)
        return [1, 1, 0.5][step]

    rows = np.arange(6)
    options = {"optimizer": SGD(learning_rate=0.1), "epochs": 1, "batch_size": 2, "schedule": schedule}
    run(model, (rows[:, None], rows), **options)
    np.testing.assert_allclose(model.params, -0.25)
    assert seen == [0, 0, 1, 2]                                # once at the door, then once a step
    for clip_norm, expected in ((1.0, -0.125), (5.0, -0.25)):
        clipped = Recorder(4)
        run(clipped, (rows[:, None], rows), **options, clip_norm=clip_norm)
        np.testing.assert_allclose(clipped.params, expected)


def test_span_trains_its_part_alone():
    """Layers outside run as in prediction: with or without Dropout before the span, the result is the same."""
    def net(*between):
        return Network([Dense(3, 6, activations.relu), *between, Dense(6, 5, activations.relu), Dense(5, 4)], rng=0)

    quiet, noisy = net(), net(layers.Dropout(0.5))
    before = quiet.params.copy()
    for one in (quiet, noisy):
        run(one, span=one.span(-2, -1), optimizer=AdamW(weight_decay=0.1), clip_norm=0.5)
    inside = quiet.span(-2, -1)
    assert quiet.params[:inside.start].tobytes() == before[:inside.start].tobytes()
    assert (quiet.params[inside][quiet.decay_mask[inside]] != before[inside][quiet.decay_mask[inside]]).all()
    assert quiet.params.tobytes() == noisy.params.tobytes()
    assert noisy.layers[1].factor is None

    middle = net()
    run(middle, span=middle.span(1))
    changed = middle.params != before
    assert changed[middle.span(1)].any()
    assert not changed[middle.span(0)].any()
    assert not changed[middle.span(2)].any()


def test_span_clips_only_what_it_holds():
    net = Network([Dense(3, 6), Dense(6, 4)], rng=0, dtype=np.float64)
    before = net.params.copy()
    run(net, span=net.span(1), optimizer=SGD(learning_rate=1.0), clip_norm=1e-3, epochs=1, batch_size=20)
    assert np.linalg.norm(net.params - before) == pytest.approx(1e-3, rel=1e-9)


def test_span_decays_only_the_weights_that_it_holds():
    net = Network([Dense(3, 6, bias_init=initializers.ones), Dense(6, 4, bias_init=initializers.ones)], rng=0)
    first, second = (layer.W.copy() for layer in net.layers)
    run(net, span=net.span(1), loss=lambda z, y: (0.0, np.zeros_like(z)), epochs=1, batch_size=20,
        optimizer=SGD(learning_rate=0.1, weight_decay=0.5))
    np.testing.assert_array_equal(net.layers[0].W, first)
    np.testing.assert_allclose(net.layers[1].W, 0.95 * second, rtol=1e-6)
    assert all((layer.b == 1).all() for layer in net.layers)


def test_statistics_outside_the_span_stand_still():
    net = Network([Dense(3, 6), layers.BatchNorm(6), Dense(6, 4), layers.BatchNorm(4)], rng=0)
    run(net, span=net.span(2, 3))
    assert net.layers[1].running_mean.tolist() == [0] * 6
    assert (net.layers[3].running_mean != 0).all()


@pytest.mark.parametrize("optimizer", [SGD(learning_rate=0.05, momentum=0.9), Adam(), RMSprop()], ids=repr)
def test_a_state_that_is_passed_on_continues_the_run(optimizer):
    whole, halves, fresh = small(), small(), small()
    run(whole, optimizer=optimizer)
    state, rng = optimizer.init(halves.params, halves.decay_mask), np.random.default_rng(0)
    run(halves, optimizer=optimizer, state=state, epochs=1, rng=rng)
    history = run(halves, optimizer=optimizer, state=state, epochs=1, rng=rng)
    assert halves.params.tobytes() == whole.params.tobytes()
    assert state["t"] == history[-1].step == 6
    rng = np.random.default_rng(0)
    for _ in range(2):
        run(fresh, optimizer=optimizer, epochs=1, rng=rng)
    assert fresh.params.tobytes() != whole.params.tobytes()


def test_an_optimizer_carries_nothing_from_one_network_to_the_next():
    first, second = small(), small()
    for net in (first, second):
        run(net, optimizer=COMMON["optimizer"])
    assert first.params.tobytes() == second.params.tobytes()


def test_train_is_a_generator_that_can_be_left():
    net = small()
    before = frozen(net)
    records = train(net, batch(20), **COMMON | {"epochs": 100})
    assert frozen(net) == before
    for record in records:
        if record.epoch == 2:
            break
    one = small()
    run(one, epochs=2)
    assert net.params.tobytes() == one.params.tobytes()


def test_no_epochs_change_nothing():
    net = small()
    before = frozen(net)
    assert run(net, epochs=0) == []
    assert frozen(net) == before


# Models that are no Network ----------------------------------------------------------------------------------

class Tied:
    """An autoencoder x → x w wᵀ: one vector used twice, both gradient terms added."""

    def __init__(self):
        self.params, self.grads = np.array([0.5, 0.1, -0.2]), np.zeros(3)

    def gradient(self, x, y, loss, *, training=True, rng=None):
        code = x @ self.params
        value, dz = loss(np.outer(code, self.params), y)
        self.grads[...] = x.T @ (dz @ self.params) + dz.T @ code
        return value


def test_any_object_with_params_grads_and_gradient_trains():
    x = batch(20)[0]
    model = Tied()
    history = run(model, (x, x), loss=losses.squared_error, batch_size=20, epochs=300)
    assert np.isnan(history.accuracy).all()
    principal = np.linalg.svd(x)[2][0]                         # where the optimum is known to be: ±, of length 1
    np.testing.assert_allclose(model.params * np.sign(principal @ model.params), principal, atol=1e-6)


def test_a_model_is_told_that_it_trains_and_gets_the_generator():
    class Model(Recorder):
        def gradient(self, x, y, loss, **options):
            assert options == {"training": True, "rng": generator}
            return super().gradient(x, y, loss)

    model, rows, generator = Model(), np.arange(6), np.random.default_rng(0)
    run(model, (rows[:, None], rows), rng=generator)
    assert len(model.batches) == 2


# When a run ends early ---------------------------------------------------------------------------------------

def test_divergence_is_reported_where_it_happens():
    net, (x, _) = small(), batch(20)
    with pytest.raises(Diverged, match=r"the loss became (inf|nan) in epoch \d+, step \d+, at learning rate 1e\+06"
                       ) as caught:
        run(net, (x, x @ np.ones((3, 4))), loss=losses.squared_error, optimizer=SGD(learning_rate=2e6), epochs=50,
            schedule=lambda t: 0.5)
    error = caught.value
    assert error.learning_rate == 1e6
    assert error.epoch == len(error.history) + 1
    assert error.step in range(3 * len(error.history) + 1, 3 * len(error.history) + 4)
    assert np.isfinite(error.history.loss).all()
    assert np.isfinite(net.params).all()
    assert isinstance(error, ArithmeticError)
    for advice in ("learning rate", "clip_norm", "initializer"):
        assert advice in str(error)


def test_the_step_that_diverges_is_not_made():
    """The third of three batches costs inf: two steps are made, the running statistics are those of two batches."""
    def make():
        return Network([Dense(3, 4), layers.BatchNorm(4)], rng=0)

    def until(step, calls=0):
        def loss(z, y):
            nonlocal calls
            calls += len(z) < 20                               # not the trial at the door
            value, dz = CE(z, y)
            return (math.inf if calls == step else value), dz
        return loss

    net, two = make(), make()
    with pytest.raises(Diverged, match="loss became inf in epoch 1, step 3"):
        run(net, loss=until(3))
    order = np.random.default_rng(0).permutation(20)
    (x, y), opt = batch(20), COMMON["optimizer"]
    state = opt.init(two.params)
    for rows in (order[:8], order[8:16]):
        two.gradient(x[rows], y[rows], CE)
        opt.step(two.params, two.grads, state)
    assert net.params.tobytes() == two.params.tobytes()
    assert net.state.tobytes() == two.state.tobytes()


@pytest.mark.parametrize("clip_norm", [None, 1.0])
@pytest.mark.parametrize("bad", [math.inf, math.nan])
def test_a_gradient_that_is_not_finite_is_divergence(clip_norm, bad):
    net = small()
    before = net.params.tobytes()
    with pytest.raises(Diverged, match=r"gradient.* became (inf|nan) in epoch 1, step 1, at learning rate 0\.1"):
        run(net, loss=lambda z, y: (1.0, np.full_like(z, bad)), clip_norm=clip_norm, batch_size=20)
    assert net.params.tobytes() == before


def test_a_large_gradient_is_no_divergence():
    """Its square overflows float32; clipped, it makes a step of the length asked for."""
    net = small()
    before = net.params.copy()
    run(net, loss=lambda z, y: (1.0, np.full_like(z, 1e25)), clip_norm=1.0, optimizer=SGD(learning_rate=1.0), epochs=1,
        batch_size=20)
    assert np.linalg.norm(net.params - before) == pytest.approx(1, rel=1e-5)


def test_divergence_during_validation_is_reported_too():
    """The last step of an epoch may leave weights on which the validation overflows."""
    data = batch(20)
    net = mlp([3, 20, 20, 4], activation=activations.relu, init=initializers.he_normal, rng=0)
    with pytest.raises(Diverged, match=r"the validation loss became (inf|nan) in epoch 1, step 1, ") as caught:
        run(net, data, optimizer=SGD(learning_rate=1e15), epochs=10, batch_size=20, validation=data)
    assert caught.value.history == []
    assert np.isfinite(net.params).all()


def test_diverged_can_cross_a_process_border():
    error = Diverged("the loss became nan", 2, 7, 0.5, run(small()))
    back = pickle.loads(pickle.dumps(error))
    assert str(back) == str(error)
    assert (back.epoch, back.step, back.learning_rate, back.history) == (2, 7, 0.5, error.history)


def test_ctrl_c_before_the_first_step_returns_an_empty_history():
    """While the arguments are being checked: the schedule is called there, before an epoch begins."""
    def interrupted(step):
        raise KeyboardInterrupt

    net = small()
    before = net.params.tobytes()
    history = run(net, schedule=interrupted)
    assert history.interrupted
    assert not history
    assert net.params.tobytes() == before


def test_a_schedule_that_fails_later_leaves_the_steps_before():
    net, whole, (x, y), opt = small(), small(), batch(20), COMMON["optimizer"]
    with pytest.raises(ValueError, match=r"schedule\(2\), a factor on the learning rate, to be a number ≥ 0, got nan"):
        run(net, (x, y), schedule=lambda step: math.nan if step == 2 else 1.0)
    state, order = opt.init(whole.params), np.random.default_rng(0).permutation(20)
    for rows in (order[:8], order[8:16]):
        whole.gradient(x[rows], y[rows], CE)
        opt.step(whole.params, whole.grads, state)
    assert net.params.tobytes() == whole.params.tobytes()


def test_the_check_of_a_loss_calls_it_no_more_often_and_changes_nothing():
    calls, (ours, own) = [], (small(), small())

    def mine(z, y):
        calls.append(len(z))
        return CE(z, y)

    assert [r.loss for r in run(own, loss=mine)] == [r.loss for r in run(ours)]
    assert own.params.tobytes() == ours.params.tobytes()
    assert len(calls) == 3 * COMMON["epochs"]


@pytest.mark.parametrize("where", ["schedule", "loss"])
def test_ctrl_c_keeps_what_was_learned(where):
    data, net = batch(20), small()

    def interrupted(step):
        if step == 4:                                          # the second batch of the second epoch
            raise KeyboardInterrupt
        return 1.0

    calls = []

    def interrupted_loss(z, y):
        calls.append(len(z))
        if len(calls) == 5:
            raise KeyboardInterrupt
        return CE(z, y)

    options = {"schedule": interrupted} if where == "schedule" else {"loss": interrupted_loss}
    history = run(net, data, epochs=5, **options)
    assert history.interrupted
    assert [record.epoch for record in history] == [1]
    whole = small()
    state = COMMON["optimizer"].init(whole.params)
    rng = np.random.default_rng(0)
    first, second = rng.permutation(20), rng.permutation(20)
    for rows in (first[:8], first[8:16], first[16:], second[:8]):
        whole.gradient(data[0][rows], data[1][rows], CE)
        COMMON["optimizer"].step(whole.params, whole.grads, state)
    assert net.params.tobytes() == whole.params.tobytes()
    assert not run(net, data).interrupted


# Early stopping ----------------------------------------------------------------------------------------------

def with_statistics():
    return Network([Dense(3, 6, activations.tanh), layers.BatchNorm(6), Dense(6, 4)], rng=0)


def scripted(monkeypatch, *validation_losses):
    """Validation losses as given, one an epoch; the training is real."""
    left = iter(validation_losses)
    monkeypatch.setattr("minnet.examples.Examples.measured", lambda *_: (next(left), None))


def after(epochs):
    """params and state after so many epochs without early stopping."""
    net = with_statistics()
    run(net, epochs=epochs)
    return net.params.tobytes(), net.state.tobytes()


@pytest.mark.parametrize(("held", "patience", "epochs", "best", "stopped"), [
    ([3, 2, 2, 2.5, 1, 1], 2, 4, 2, True),                     # an equal loss is no better one
    ([3, 2, 2.1, 1, 1.5, 1.2], 2, 6, 4, True),                 # the last epoch is the one that ends the patience
    ([3, 2, 2.1, 1, 1.5, 0.5], 2, 6, 6, False),
    ([3, 2, 2.1, 2.2, 2.1, 2.3], 5, 6, 2, False),              # never stopped, and the best weights all the same
    ([1, 2, 3, 4, 5, 6], 1, 2, 1, True),
])
def test_patience(held, patience, epochs, best, stopped, monkeypatch):
    scripted(monkeypatch, *held)
    net, data = with_statistics(), batch(20)
    history = run(net, epochs=6, validation=data, patience=patience)
    assert (len(history), history.best_epoch, history.stopped, history.interrupted) == (epochs, best, stopped, False)
    monkeypatch.undo()
    assert (net.params.tobytes(), net.state.tobytes()) == after(best)


def test_without_patience_the_last_weights_stay():
    net = with_statistics()
    history = run(net, epochs=3, validation=batch(11, seed=4))
    assert (history.best_epoch, history.stopped) == (None, False)
    assert (net.params.tobytes(), net.state.tobytes()) == after(3)


def test_the_best_weights_are_back_after_ctrl_c(monkeypatch):
    def interrupted(step):
        if step == 7:                                          # in the third epoch
            raise KeyboardInterrupt
        return 1.0

    scripted(monkeypatch, 2, 3)
    net = with_statistics()
    history = run(net, epochs=5, validation=batch(11), patience=4, schedule=interrupted)
    assert (history.interrupted, history.stopped, history.best_epoch) == (True, False, 1)
    monkeypatch.undo()
    assert (net.params.tobytes(), net.state.tobytes()) == after(1)


def test_the_best_weights_are_back_after_divergence(monkeypatch):
    scripted(monkeypatch, 2, 3, math.nan)
    net = with_statistics()
    with pytest.raises(Diverged, match="validation loss became nan in epoch 3"):
        run(net, epochs=5, validation=batch(11), patience=4)
    monkeypatch.undo()
    assert (net.params.tobytes(), net.state.tobytes()) == after(1)


def test_patience_with_a_model_of_ones_own():
    """It needs no state and no copy of its own: params are enough."""
    class Line(Tied):
        def __call__(self, x):
            return np.outer(x @ self.params, self.params)

    model, x = Line(), batch(20)[0]
    history = run(model, (x, x), validation=(x[:5], x[:5]), loss=losses.squared_error, epochs=40, patience=3,
                  optimizer=SGD(learning_rate=0.5))
    assert losses.squared_error(model(x[:5]), x[:5])[0] == history.validation_loss.min()
    assert history.best_epoch == history.validation_loss.argmin() + 1


def test_the_loop_in_the_docstring_is_what_fit_does():
    """The example of `train`, run as it stands."""
    lines = train.__doc__.splitlines()
    start = next(i for i, line in enumerate(lines) if "lowest, patience" in line)
    stop = next(i for i, line in enumerate(lines) if line.strip() == "net.params, net.state = best")
    held_out, settings = batch(30, seed=4), COMMON | {"epochs": 60}
    names = {"math": math, "train": train, "net": with_statistics(), "data": batch(20), "held_out": held_out,
             "settings": settings}
    exec("\n".join(line[8:] for line in lines[start:stop + 1]), names)
    net = with_statistics()
    history = run(net, epochs=60, validation=held_out, patience=5)
    assert history.stopped
    assert len(history) == history.best_epoch + 5 == names["record"].epoch
    assert frozen(net)[0] == names["net"].params.tobytes()
    assert frozen(net)[2] == names["net"].state.tobytes()
    assert losses.softmax_cross_entropy(net(held_out[0]), held_out[1])[0] == history.validation_loss.min()


# The progress bar --------------------------------------------------------------------------------------------

@pytest.mark.parametrize("progress", [None, False])
def test_fit_is_quiet_where_nobody_watches(progress, capfd):
    run(small(), progress=progress)
    assert capfd.readouterr() == ("", "")


def test_fit_shows_a_bar_on_request(capfd):
    run(small(), progress=True, validation=batch(11))
    out, shown = capfd.readouterr()
    assert out == ""
    assert "2/2" in shown
    for word in ("loss=", "accuracy=", "validation_accuracy="):
        assert word in shown


# Acceptance --------------------------------------------------------------------------------------------------

@functools.cache
def digits_accuracy():
    """The accuracy on the other writers' digits, ten seeds."""
    digits, found = datasets.digits(), []
    for seed in range(10):
        net = mlp([64, 128, 128, 10], activation=activations.relu, init=initializers.he_normal, rng=seed)
        fit(net, digits.train, loss=CE, optimizer=SGD(learning_rate=0.1, momentum=0.9), epochs=20, batch_size=64,
            rng=100 + seed)
        found.append(accuracy(net(digits.test[0]), digits.test[1]))
    return np.array(found)


def test_digits_of_other_writers_are_read():
    assert digits_accuracy().mean() >= 0.925


@pytest.mark.peers
@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def test_digits_are_read_no_worse_than_by_scikit_learn():
    """At most two standard errors of the difference below MLPClassifier with its defaults, same split, ten seeds."""
    neural_network = pytest.importorskip("sklearn.neural_network")
    digits = datasets.digits()
    theirs = np.array([neural_network.MLPClassifier((128, 128), random_state=seed).fit(*digits.train)
                       .score(*digits.test) for seed in range(10)])
    ours = digits_accuracy()
    error = math.sqrt(ours.var(ddof=1) / 10 + theirs.var(ddof=1) / 10)
    assert ours.mean() >= theirs.mean() - 2 * error
