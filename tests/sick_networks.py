"""Networks made sick in a named way: what a diagnosis is tested on.

    case = draw(kind, seed, family)           kind: "healthy" or one of SICKNESSES; None where no such case is found

A sick network is a healthy one, its twin, with one thing changed (tests/healthy_networks.py has the twins, and what
*trains* means). It counts as sick only by its consequences, named in SICKNESSES:

    fails          the twin trains; after as many steps this one is still at 0.9 C₀, or not finite
    handicapped    the twin trains; this one ends lower by at least 30% of the way from C₀ to the lowest loss
    stuck          handicapped, and after five times as many steps still so
    slow start     the first loss is at least three times the twin's, and this one needs twice as many steps to come
                   half of the way (or never does)
    memorized      the training part is learned, and the validation loss has risen by 30% since its lowest value
    misread        the twin's validation loss is below 0.7 C₀, this one's at 0.9 C₀ or above
    construction   the change is the sickness: copied units, shuffled labels, a wrong derivative

What is wrong must also be what the name says, since one change can have several effects: where units are dead, 90% of
the values of some hidden layer are exactly 0; where they are saturated, half of the values of some hidden layer lie in
the outer twentieth of f's range, on either side.

A draw that does not behave so is thrown away; the next stream of the same seed is taken.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from minnet import Dense, Network, activations, initializers, layers, optimizers, schedules
from minnet.reporting import described
from tests.healthy_networks import (
    MEASURING,
    REGRESSION,
    SOFTMAX,
    STEPS,
    Init,
    Recipe,
    constant_loss,
    gain,
    healthy,
    loss_of,
    progress,
    thousand_layers,
    times,
    trained,
    trains,
)

Pair = tuple[Recipe, Recipe]
Family = dict[str, Any]
CLASSES = ("digits", "blobs", "many classes", "rare", "yes or no", "categories", "mnist", "moons", "multi-label")
BALANCED = ("digits", "blobs", "yes or no", "mnist", "moons", "linear", "regression")


@dataclass(frozen=True)
class Case:
    """A network with its recipe, and the healthy recipe that it was made from."""

    kind: str
    seed: int
    attempt: int                      # which of the seed's streams
    recipe: Recipe
    twin: Recipe
    net: Network
    steps: int                        # already trained


def between(rng: np.random.Generator, low: float, high: float) -> float:
    """Log-uniform."""
    return float(10 ** rng.uniform(math.log10(low), math.log10(high)))


def changed(twin: Recipe, change: str, **what: Any) -> Pair:
    """The twin, and the same with something replaced."""
    return twin, replace(twin, change=change, **what)


def on_all_rows(twin: Recipe, change: str, *, x: Any = None, y: Any = None, **what: Any) -> Pair:
    """The twin, and the same with x or y of the training and of the validation part changed by a function."""
    assert twin.validation is not None
    n, (x_v, y_v) = len(twin.x), twin.validation
    all_x, all_y = np.concatenate([twin.x, x_v]), np.concatenate([twin.y, y_v])
    all_x, all_y = (all_x if x is None else x(all_x)), (all_y if y is None else y(all_y))
    all_x, all_y = all_x.astype(twin.x.dtype), all_y.astype(twin.y.dtype)
    return twin, replace(twin, change=change, x=all_x[:n], y=all_y[:n], validation=(all_x[n:], all_y[n:]), **what)


# Changes of the data -----------------------------------------------------------------------------------------

def constant_targets(rng: np.random.Generator, family: Family) -> Pair:
    twin = healthy(rng, family)
    return on_all_rows(twin, "all targets equal", y=lambda y: np.broadcast_to(y[:1], y.shape))


def sentinel_values(rng: np.random.Generator, family: Family) -> Pair:
    twin = healthy(rng, family, plain=True, data=("blobs", "rare", "linear", "yes or no", "moons", "regression",
                                                  "multi-label", "many classes"))
    value, share = float(rng.choice([-999, 999, -9999, 9999, -1e6, -99])), between(rng, 0.01, 0.3)
    columns = rng.choice(twin.x.shape[1], int(rng.integers(1, min(4, twin.x.shape[1]) + 1)), replace=False)
    standardized = rng.random() < 0.2                       # after the sentinels came in

    def with_sentinels(x: np.ndarray) -> np.ndarray:
        x = x.copy()
        for column in columns:
            x[rng.random(len(x)) < share, column] = value
        return (x - x.mean(axis=0)) / x.std(axis=0) if standardized else x

    return on_all_rows(twin, f"{value:g} in {share:.1%} of {len(columns)} columns", x=with_sentinels)


def constant_features(rng: np.random.Generator, family: Family) -> Pair:
    twin = healthy(rng, family, plain=True)
    columns, value = int(rng.integers(1, 9)), between(rng, 20, 3000) * float(rng.choice([-1, 1]))
    twin = on_all_rows(twin, "none", x=lambda x: np.hstack([np.zeros((len(x), columns)), x]),
                       sizes=(twin.sizes[0] + columns, *twin.sizes[1:]))[1]
    return on_all_rows(twin, f"{columns} columns of {value:.3g}",
                       x=lambda x: x + value * (np.arange(x.shape[1]) < columns))


def unequal_features(rng: np.random.Generator, family: Family) -> Pair:
    twin = healthy(rng, family, plain=True)
    way = rng.integers(3)
    if way == 0:
        column, factor = int(rng.integers(twin.x.shape[1])), between(rng, 50, 1e4)
        scales = np.ones(twin.x.shape[1])
        scales[column] = factor
        return on_all_rows(twin, f"column {column} × {factor:.3g}", x=lambda x: x * scales)
    if way == 1:
        scales = 10 ** rng.uniform(-3, 3, twin.x.shape[1])
        return on_all_rows(twin, "units of 10⁻³ … 10³", x=lambda x: x * scales)
    others, factor = int(rng.integers(4, 40)), between(rng, 1e-4, 1e-2)
    twin = on_all_rows(twin, "none", x=lambda x: np.hstack([x, rng.normal(size=(len(x), others))]),
                       sizes=(twin.sizes[0] + others, *twin.sizes[1:]))[1]
    scales = np.where(np.arange(twin.sizes[0]) < twin.sizes[0] - others, factor, 1)
    return on_all_rows(twin, f"{others} columns of noise, the others × {factor:.1g}", x=lambda x: x * scales)


def unstandardized_inputs(rng: np.random.Generator, family: Family) -> Pair:
    twin = healthy(rng, family, plain=True)
    if rng.random() < 0.6:
        factor = between(rng, 10, 1000) if rng.random() < 0.7 else 1 / between(rng, 10, 1000)
        return on_all_rows(twin, f"inputs × {factor:.3g}", x=lambda x: factor * x)
    shift = between(rng, 5, 300)
    return on_all_rows(twin, f"inputs + {shift:.3g}", x=lambda x: x + shift)


def conflicting_labels(rng: np.random.Generator, family: Family) -> Pair:
    twin = healthy(rng, family, data=BALANCED)
    share = rng.uniform(0.2, 0.7)
    copied = rng.permutation(len(twin.x))[:int(share * len(twin.x))]
    order = rng.permutation(len(twin.x) + len(copied))
    x = np.concatenate([twin.x, twin.x[copied]])[order]
    y = np.concatenate([twin.y, rng.permutation(twin.y[copied])])[order]
    return changed(twin, f"{share:.0%} of the rows again, with labels of others", x=x, y=y)


def shifted_labels(rng: np.random.Generator, family: Family) -> Pair:
    twin = healthy(rng, family, data=BALANCED)
    rows = int(rng.integers(1, 20) if rng.random() < 0.7 else rng.integers(20, len(twin.y) // 2))
    rows *= int(rng.choice([-1, 1]))
    assert twin.validation is not None
    x_v, y_v = twin.validation
    return changed(twin, f"labels shifted by {rows}", y=np.roll(twin.y, rows, axis=0),
                   validation=(x_v, np.roll(y_v, rows, axis=0)))


def unrelated_labels(rng: np.random.Generator, family: Family) -> Pair:
    twin = healthy(rng, family)
    return on_all_rows(twin, "labels shuffled", y=rng.permutation)


def unscaled_targets(rng: np.random.Generator, family: Family) -> Pair:
    twin = healthy(rng, family, data=REGRESSION, plain=True)
    factor, shift = [(between(rng, 30, 1e8), 0.0), (1.0, between(rng, 50, 1e4)),
                     (between(rng, 1e-8, 1e-3), 0.0)][rng.integers(3)]
    return on_all_rows(twin, f"targets × {factor:.2g} + {shift:.3g}", y=lambda y: factor * y + shift,
                       noise=twin.noise * factor**2)


def validation_shift(rng: np.random.Generator, family: Family) -> Pair:
    twin = healthy(rng, family)
    assert twin.validation is not None
    x, y = twin.validation
    if rng.random() < 0.7:
        factor = between(rng, 3, 300) ** float(rng.choice([-1, 1]))
        return changed(twin, f"validation × {factor:.3g}", validation=(x * np.float32(factor), y))
    shift = between(rng, 1, 100) * float(rng.choice([-1, 1]))
    return changed(twin, f"validation + {shift:.3g}", validation=(x + np.float32(shift), y))


# Changes of the output ---------------------------------------------------------------------------------------

def _softmax(z: np.ndarray) -> np.ndarray:
    return activations.softmax(z)


own_softmax = activations.Activation("own softmax", _softmax, lambda z, a: a * (1 - a))
own_sigmoid = activations.Activation("own sigmoid", activations.sigmoid.f, activations.sigmoid.df)


def output_activation(rng: np.random.Generator, family: Family) -> Pair:
    twin = healthy(rng, family, data=CLASSES, plain=True)
    choices = [activations.sigmoid, activations.tanh, activations.relu, activations.hard_tanh, activations.softplus,
               activations.softsign, own_sigmoid] + [own_softmax] * (twin.loss is SOFTMAX)
    f = choices[rng.integers(len(choices))]
    return changed(twin, f"output {f}", output_activation=f)


def output_range(rng: np.random.Generator, family: Family) -> Pair:
    twin = healthy(rng, family, data=REGRESSION, plain=True)
    f, shift = [(activations.relu, -between(rng, 0.3, 5)),
                (activations.tanh, float(rng.choice([-1, 1])) * between(rng, 0.5, 5)),
                (activations.sigmoid, float(rng.choice([-1, 1])) * between(rng, 0.5, 5)),
                (activations.softplus, -between(rng, 0.3, 5))][rng.integers(4)]
    twin = on_all_rows(twin, "none", y=lambda y: y + shift)[1]
    return changed(twin, f"output {f}, targets around {shift:.2g}", output_activation=f)


def layer_after_output(rng: np.random.Generator, family: Family) -> Pair:
    twin = healthy(rng, family)
    rate = float(rng.uniform(0.1, 0.6))
    choices: list[tuple[str, Any]] = [(f"Dropout({rate:.1f})", lambda k: layers.Dropout(rate)),
                                      ("BatchNorm", layers.BatchNorm)]
    choices += [("LayerNorm", layers.LayerNorm)] if twin.sizes[-1] > 1 else []
    name, layer = choices[rng.integers(len(choices))]
    return changed(twin, f"{name} after the output", after_output=layer)


def initial_loss(rng: np.random.Generator, family: Family) -> Pair:
    twin = healthy(rng, family, least=2, plain=True)
    factor = between(rng, 10, 100)
    return changed(twin, f"output weights × {factor:.3g}", output_init=gain(factor, twin.output_init))


# Changes of the layers ---------------------------------------------------------------------------------------

def linear_network(rng: np.random.Generator, family: Family) -> Pair:
    twin = healthy(rng, family, data=("nonlinear", "moons", "regression"), least=2)
    return changed(twin, "no activation", activation=activations.identity, norm=None,
                   init=initializers.glorot_uniform if rng.random() < 0.7 else twin.init)


def too_narrow(rng: np.random.Generator, family: Family) -> Pair:
    twin = healthy(rng, family, data=("nonlinear", "moons", "digits", "mnist", "many classes"), least=2, plain=True,
                   names=("relu", "leaky_relu(0.1)", "tanh", "elu(1)"))
    width = int(rng.integers(1, 4))
    return changed(twin, f"{width} units", sizes=(twin.sizes[0], *[width] * (len(twin.sizes) - 2), twin.sizes[-1]))


def identical_units(rng: np.random.Generator, family: Family) -> Pair:
    twin = replace(healthy(rng, family, least=2), dropout=0.0)
    value = 0.0 if rng.random() < 0.3 else between(rng, 0.01, 0.5)
    noise = 0.0 if rng.random() < 0.6 else value * between(rng, 1e-12, 1e-4)

    def equal(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        return value + noise * rng.normal(size=shape)

    equal.__name__ = f"constant {value:.3g}, noise {noise:.1g}"
    return changed(twin, equal.__name__, init=equal, output_init=equal)


def equal_layers(rng: np.random.Generator, family: Family) -> Pair:
    twin = healthy(rng, family, least=3)
    seed = int(rng.integers(1000))
    different = rng.random() < 0.2                          # widths that differ: the same numbers in other shapes
    sizes = twin.sizes if different else (twin.sizes[0], *[twin.sizes[1]] * (len(twin.sizes) - 2), twin.sizes[-1])
    twin = replace(twin, sizes=sizes)

    def seeded(init: Init) -> Init:
        return lambda rng, shape: init(np.random.default_rng(seed), shape)

    return changed(twin, f"seed {seed} for every layer", init=seeded(twin.init), output_init=seeded(twin.output_init))


def wrong_gradient(rng: np.random.Generator, family: Family) -> Pair:
    name, f, df = [("own relu", activations.relu.f, lambda z, a: np.ones_like(z)),
                   ("own tanh", np.tanh, lambda z, a: 1 - a), ("own tanh", np.tanh, lambda z, a: 1 - z * z),
                   ("own elu", activations.elu().f, lambda z, a: (z > 0).astype(z.dtype)),
                   ("own sigmoid", activations.sigmoid.f, lambda z, a: z * (1 - z)),
                   ("own softplus", activations.softplus.f, lambda z, a: -activations.sigmoid.f(z))][rng.integers(6)]
    right = {"own relu": "relu", "own tanh": "tanh", "own elu": "elu(1)", "own sigmoid": "sigmoid",
             "own softplus": "softplus"}[name]
    twin = healthy(rng, family, least=2, names=(right,))
    wrong = activations.Activation(name, f, df, range=twin.activation.range)
    return changed(twin, f"{name} with a wrong df", activation=wrong)


def exploding(rng: np.random.Generator, family: Family) -> Pair:
    names = ("relu", "leaky_relu(0.1)", "selu", "elu(1)", "gelu", "swish(1)", "identity", "softplus", "prelu")
    twin = replace(healthy(rng, family, least=3, names=names), norm=None)
    init = initializers.normal if rng.random() < 0.3 else gain(between(rng, 1.5, 10), twin.init)
    return changed(twin, described(init), init=init)


def dead_units(rng: np.random.Generator, family: Family) -> Pair:
    twin = replace(healthy(rng, family, least=2, names=("relu",)), norm=None)
    if rng.random() < 0.6:
        value = -between(rng, 0.5, 30)
        return changed(twin, f"biases {value:.2g}", bias_init=partial(initializers.constant, value=value))
    shift = -between(rng, 0.3, 3)

    def negative(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        return initializers.he_normal(rng, shape) + shift * math.sqrt(2 / shape[0])

    return changed(twin, f"weights with mean {shift:.2g} σ", init=negative)


def dead_after_training(rng: np.random.Generator, family: Family) -> Pair:
    twin = healthy(rng, family, least=2, names=("relu",), plain=True)
    factor = between(rng, 5, 300)
    return twin, replace(times(twin, factor), change=f"trained at {factor:.2g} times the learning rate")


def saturated(rng: np.random.Generator, family: Family) -> Pair:
    twin = replace(healthy(rng, family, least=2, names=("tanh", "softsign", "hard_tanh", "scaled_tanh", "sigmoid")),
                   norm=None)
    way = rng.integers(4)
    if way == 0:
        return changed(twin, "normal", init=initializers.normal)
    if way == 1:
        return changed(twin, "uniform(0, 1)", init=partial(initializers.uniform, low=0, high=1))
    if way == 2:
        value = between(rng, 3, 30) * float(rng.choice([-1, 1]))
        return changed(twin, f"biases {value:.2g}", bias_init=partial(initializers.constant, value=value))
    factor = between(rng, 5, 50)
    return changed(twin, f"weights × {factor:.3g}", init=gain(factor, twin.init))


def vanishing(rng: np.random.Generator, family: Family) -> Pair:
    twin = replace(healthy(rng, family, least=3), norm=None, dropout=0.0)
    while not isinstance(twin.optimizer, optimizers.SGD):   # Adam divides a small gradient by its own size
        twin = replace(healthy(rng, family, least=3), norm=None, dropout=0.0)
    if rng.random() < 0.2 and len(twin.sizes) > 5:
        return changed(twin, "sigmoid, glorot_uniform", init=initializers.glorot_uniform,
                       activation=activations.sigmoid)
    way = rng.random()
    init = (partial(initializers.normal, std=0.01) if way < 0.3 else
            gain(math.sqrt(1 / 3), initializers.lecun_normal) if way < 0.5 else gain(between(rng, 0.1, 0.8), twin.init))
    return changed(twin, described(init), init=init)


# Changes of the training -------------------------------------------------------------------------------------

def schedule_small(rng: np.random.Generator, family: Family) -> Pair:
    twin = replace(healthy(rng, family), schedule=schedules.constant)
    factor = between(rng, 1e-6, 1e-3)
    choices: list[tuple[str, Any]] = [
        ("0", lambda t: 0.0), (f"{factor:.1g}", lambda t: factor),
        ("cosine over epochs", partial(schedules.cosine, steps=int(rng.integers(2, 11)))),
        ("decay by epochs", partial(schedules.exponential, decay=float(rng.uniform(0.3, 0.8)))),
        ("warmup over 10⁵", partial(schedules.linear_warmup, steps=100_000)),
        ("step decay by epochs", partial(schedules.step_decay, every=int(rng.integers(1, 6))))]
    name, schedule = choices[rng.integers(len(choices))]
    return changed(twin, f"schedule {name}", schedule=schedule)


def clip_norm_small(rng: np.random.Generator, family: Family) -> Pair:
    twin = healthy(rng, family)
    while not isinstance(twin.optimizer, optimizers.SGD):
        twin = healthy(rng, family)
    clip = between(rng, 1e-7, 1e-2)
    return changed(replace(twin, clip_norm=None), f"clip_norm {clip:.1g}", clip_norm=clip)


def weight_decay_large(rng: np.random.Generator, family: Family) -> Pair:
    twin = healthy(rng, family)
    decay = between(rng, 0.02, 0.8) / twin.optimizer.learning_rate
    return changed(twin, f"weight_decay {decay:.2g}", optimizer=replace(twin.optimizer, weight_decay=decay))


def l1_large(rng: np.random.Generator, family: Family) -> Pair:
    twin = healthy(rng, family)
    l1 = between(rng, 0.01, 0.5) / twin.optimizer.learning_rate
    return changed(twin, f"l1 {l1:.2g}", optimizer=replace(twin.optimizer, l1=l1))


def momentum_large(rng: np.random.Generator, family: Family) -> Pair:
    twin = healthy(rng, family)
    while getattr(twin.optimizer, "momentum", 0) != 0.9:
        twin = healthy(rng, family)
    momentum = 1 - between(rng, 1e-3, 0.03)
    return changed(twin, f"momentum {momentum:.3f}", optimizer=replace(twin.optimizer, momentum=momentum))


def _rate(low: float, high: float) -> Callable[[np.random.Generator, Family], Pair]:
    def learning_rate(rng: np.random.Generator, family: Family) -> Pair:
        twin, factor = healthy(rng, family), between(rng, low, high)
        return twin, replace(times(twin, factor), change=f"learning rate × {factor:.2g}")
    return learning_rate


def overfitting(rng: np.random.Generator, family: Family) -> Pair:
    twin = healthy(rng, family, least=2, plain=True, data=("blobs", "yes or no", "digits", "mnist", "moons",
                                                           "regression", "multi-label"))
    rows, flipped = int(rng.integers(60, 160)), rng.uniform(0.2, 0.5)
    x, y = twin.x[:rows], twin.y[:rows].copy()
    wrong = rng.random(rows) < flipped
    y[wrong] = rng.permutation(twin.y)[:wrong.sum()]
    return changed(twin, f"{rows} rows, {flipped:.0%} of the labels wrong", x=x, y=y)


@dataclass(frozen=True)
class Sickness:
    """How one kind is made, by what consequence it counts, and when the network is handed over."""

    make: Callable[[np.random.Generator, Family], Pair]
    consequence: str
    kind: str = ""                    # what a diagnosis should name, where it is not the name of the sickness
    later: tuple[int, float] = (0, 0.0)       # trained for so many steps first, with this probability


SICKNESSES = {
    "constant_targets": Sickness(constant_targets, "construction", later=(STEPS, 0.5)),
    "sentinel_values": Sickness(sentinel_values, "fails"),
    "constant_features": Sickness(constant_features, "fails"),
    "unequal_features": Sickness(unequal_features, "fails"),
    "unstandardized_inputs": Sickness(unstandardized_inputs, "fails"),
    "conflicting_labels": Sickness(conflicting_labels, "construction", later=(STEPS, 0.5)),
    "shifted_labels": Sickness(shifted_labels, "construction", later=(STEPS, 0.5)),
    "unrelated_labels": Sickness(unrelated_labels, "construction", later=(STEPS, 0.5)),
    "unscaled_targets": Sickness(unscaled_targets, "fails"),
    "validation_shift": Sickness(validation_shift, "misread", later=(STEPS, 1.0)),
    "output_activation": Sickness(output_activation, "handicapped", later=(STEPS, 0.3)),
    "output_range": Sickness(output_range, "handicapped", later=(STEPS, 0.3)),
    "layer_after_output": Sickness(layer_after_output, "construction", later=(STEPS, 0.3)),
    "linear_network": Sickness(linear_network, "handicapped", later=(STEPS, 0.3)),
    "identical_units": Sickness(identical_units, "construction"),
    "equal_layers": Sickness(equal_layers, "construction", later=(20, 0.25)),
    "wrong_gradient": Sickness(wrong_gradient, "construction"),
    "exploding": Sickness(exploding, "fails"),
    "dead_units": Sickness(dead_units, "fails"),
    "dead_after_training": Sickness(dead_after_training, "fails", "dead_units", later=(STEPS, 1.0)),
    "saturated": Sickness(saturated, "fails"),
    "vanishing": Sickness(vanishing, "fails", later=(20, 0.25)),
    "initial_loss": Sickness(initial_loss, "slow start"),
    "too_narrow": Sickness(too_narrow, "stuck", later=(2 * STEPS, 0.6)),
    "schedule_small": Sickness(schedule_small, "handicapped", later=(20, 0.25)),
    "clip_norm_small": Sickness(clip_norm_small, "fails", later=(20, 0.25)),
    "weight_decay_large": Sickness(weight_decay_large, "fails"),
    "momentum_large": Sickness(momentum_large, "fails"),
    "learning_rate_large": Sickness(_rate(10, 1e4), "fails"),
    "learning_rate_small": Sickness(_rate(1e-6, 1e-2), "fails", later=(20, 0.25)),
    "overfitting": Sickness(overfitting, "memorized", later=(10 * STEPS, 1.0)),
    "l1_large": Sickness(l1_large, "fails"),            # last: its place is a part of the seed
}


# Consequences ------------------------------------------------------------------------------------------------

def as_named(name: str, recipe: Recipe, net: Network) -> bool:
    """Whether the units of some hidden layer are off, or at the ends of their range, where the name says so."""
    hidden = [layer for layer in net.layers[:-1] if isinstance(layer, Dense)]
    if name not in ("dead_units", "dead_after_training", "saturated"):
        return True
    net.forward(recipe.x)
    if name != "saturated":
        return bool(np.isfinite(net.params).all()) and max(float((layer.a == 0).mean()) for layer in hidden) >= 0.9
    low, high = recipe.activation.range
    end = (high - low) / 20
    return max(float(((layer.a < low + end) | (layer.a > high - end)).mean()) for layer in hidden) >= 0.5


def halved(recipe: Recipe, values: list[float]) -> float:
    """Steps until it has come half of the way."""
    return next((10 * i for i, value in enumerate(values) if progress(recipe, value) > 0.5), math.inf)


def has_consequence(name: str, twin: Recipe, recipe: Recipe) -> bool:
    """Whether the recipe behaves as its sickness is defined, and the twin trains."""
    what = SICKNESSES[name].consequence
    if not trains(twin) or (name == "momentum_large" and not trains(times(twin, 2))):
        return False
    if what == "construction":
        return name != "conflicting_labels" or progress(recipe, 0.0) > 0
    if what == "misread":
        net = twin.network()
        trained(twin, net)
        assert twin.validation is not None
        assert recipe.validation is not None
        x, y = twin.validation
        reference = constant_loss(y, twin.loss)
        with np.errstate(all="ignore"):
            right, wrong = (float(twin.loss(net(part), y)[0]) for part in (x, recipe.validation[0]))
        return right < 0.7 * reference and not wrong < 0.9 * reference
    if what == "memorized":
        net, lowest, value = recipe.network(), math.inf, math.inf
        assert recipe.validation is not None
        x, y = recipe.validation
        for k in range(10):
            trained(replace(recipe, seed=recipe.seed + k), net)
            value = float(recipe.loss(net(x), y)[0])
            lowest = min(lowest, value)
        end = loss_of(net, recipe.x, recipe.y, recipe.loss)
        return (progress(recipe, end) > 0.8 and value > 1.3 * lowest and lowest < 0.9 * constant_loss(y, recipe.loss)
                and value > 0.8 * constant_loss(y, recipe.loss))
    net = recipe.network()
    if name != "dead_after_training" and not as_named(name, recipe, net):
        return False
    course = trained(recipe, net)
    if name == "dead_after_training" and not as_named(name, recipe, net):
        return False
    if what == "fails":
        return not any(progress(recipe, value) > 0.1 for value in course[-5:])
    healthy_course = trained(twin, twin.network())
    if what == "stuck":
        course = trained(recipe, net, 4 * STEPS)
    if what in ("handicapped", "stuck"):
        return not progress(recipe, course[-1]) > progress(twin, healthy_course[-1]) - 0.3
    slower = halved(recipe, course) >= 2 * halved(twin, healthy_course)
    return slower and course[0] >= 3 * healthy_course[0]


def generalizes(recipe: Recipe, net: Network) -> bool:
    """Whether the validation loss is below 0.6 C₀: a network that has learned the noise by heart is not healthy."""
    assert recipe.validation is not None
    x, y = recipe.validation
    with np.errstate(all="ignore"):
        return float(recipe.loss(net(x), y)[0]) < 0.6 * constant_loss(y, recipe.loss)


# Draws -------------------------------------------------------------------------------------------------------

def draw(name: str, seed: int, family: Family = MEASURING, *, tries: int = 60) -> Case | None:
    """A case of this sickness, or a healthy one: the streams of the seed in turn, until one is what it should be."""
    for attempt in range(tries):
        if (case := attempted(name, seed, attempt, family)) is not None:
            return case
    return None


def attempted(name: str, seed: int, attempt: int, family: Family = MEASURING, *, verify: bool = True) -> Case | None:
    """The case of one stream of the seed, or None where its consequences are not those of its name.

    verify=False leaves the check out, for a stream that has passed it before.
    """
    rng = np.random.default_rng([seed, attempt, ("healthy", *SICKNESSES).index(name)])
    if name == "healthy":
        recipe = thousand_layers(rng, family) if seed % 50 == 49 else healthy(rng, family)
        twin = recipe
        if verify and not all(map(trains, (recipe, times(recipe, 2)))):     # at twice the rate too: no lucky escape
            return None
        steps, late = STEPS, rng.random() < 0.4
    else:
        sickness = SICKNESSES[name]
        twin, recipe = sickness.make(rng, family)
        if verify and not has_consequence(name, twin, recipe):
            return None
        steps, late = sickness.later[0], rng.random() < sickness.later[1]
    net = recipe.network()
    if late:
        for k in range(max(1, steps // STEPS)):             # in stretches, as `has_consequence` trains
            trained(replace(recipe, seed=recipe.seed + k), net, min(steps, STEPS))
        if not np.isfinite(net.params).all() or (name == "healthy" and not generalizes(recipe, net)):
            return None
    return Case(name, seed, attempt, recipe, twin, net, steps if late else 0)
