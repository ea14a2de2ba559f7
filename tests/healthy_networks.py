"""Networks that train, drawn at random: architecture, weights, data, optimizer. tests/sick_networks.py makes them sick.

    recipe = healthy(rng, family)        family: SETTING or MEASURING, two disjoint lists of data sets
    net = recipe.network()

The thresholds of a diagnosis are set on the data of SETTING; how well it works is measured on the data of MEASURING.
A recipe *trains* if after STEPS steps its loss is at least halfway from C₀, that of the best constant output, to the
lowest that the noise in the labels allows.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any

import numpy as np

from minnet import Dense, Network, activations, datasets, initializers, layers, losses, optimizers, schedules
from minnet.reporting import described

STEPS = 200
HELD_OUT = 200                       # rows of the validation part
SOFTMAX, SIGMOID = losses.softmax_cross_entropy, losses.sigmoid_cross_entropy
SQUARED, MEAN_SQUARED = losses.squared_error, losses.mean_squared_error
Init = Callable[..., np.ndarray]


@dataclass(frozen=True)
class Recipe:
    """All that makes a network and its training, before anything is drawn for the weights."""

    sizes: tuple[int, ...]
    activation: Any                  # an Activation, or "prelu"
    init: Init
    data: str
    x: np.ndarray
    y: np.ndarray
    loss: Any
    optimizer: optimizers.Optimizer
    seed: int
    output_init: Init = initializers.glorot_uniform
    bias_init: Init = initializers.zeros
    output_activation: Any = activations.identity
    after_output: Any = None         # None, or a function from the number of outputs to a layer
    norm: Any = None                 # None, layers.BatchNorm or layers.LayerNorm
    dropout: float = 0.0
    schedule: Callable[[int], float] = schedules.constant
    clip_norm: float | None = None
    batch_size: int = 64
    validation: tuple[np.ndarray, np.ndarray] | None = None
    noise: float = 0.0               # the lowest loss that the labels allow
    change: str = "none"             # what was changed, in words

    def network(self) -> Network:
        stack: list[Any] = []
        for fan_in, fan_out in zip(self.sizes[:-2], self.sizes[1:-1], strict=True):
            if self.norm is None and self.activation != "prelu":
                stack.append(Dense(fan_in, fan_out, self.activation, self.init, self.bias_init))
            else:
                stack.append(Dense(fan_in, fan_out, init=self.init, bias_init=self.bias_init))
                stack += [self.norm(fan_out)] if self.norm else []
                stack.append(layers.PReLU(fan_out) if self.activation == "prelu" else
                             layers.ActivationLayer(self.activation))
            stack += [layers.Dropout(self.dropout)] if self.dropout else []
        stack.append(Dense(*self.sizes[-2:], self.output_activation, self.output_init))
        stack += [self.after_output(self.sizes[-1])] if self.after_output else []
        return Network(stack, rng=self.seed)

    def __str__(self) -> str:
        hidden = self.sizes[1:-1] or (0,)
        extra = ([self.norm.__name__] if self.norm else []) + ([f"dropout {self.dropout}"] if self.dropout else [])
        return (f"{len(self.sizes) - 1} layers, width {min(hidden)} … {max(hidden)}, {self.activation} {extra} "
                f"{described(self.init)} on {len(self.x)} of {self.data}, batch {self.batch_size}, "
                f"{self.optimizer}, schedule {described(self.schedule)}, clip {self.clip_norm}; {self.change}")


def gain(factor: float, init: Init) -> Init:
    """The initializer, times a factor."""
    def scaled(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        return factor * init(rng, shape)

    scaled.__name__ = f"{factor:.3g}·{described(init)}"
    return scaled


# Data: a function of rng to (name, x, y, loss, outputs, noise); HELD_OUT of the rows are the validation part --------

def _rows(rng: np.random.Generator) -> int:
    return HELD_OUT + int(rng.integers(200, 801))


@cache
def _pictures(name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    data = datasets.digits() if name == "digits" else datasets.mnist_5k()
    return data.train[0], datasets.standardized(data).train[0], data.train[1]


def _picture(name: str, rng: np.random.Generator) -> tuple[Any, ...]:
    raw, standard, labels = _pictures(name)
    rows = rng.permutation(len(raw))[:_rows(rng)]
    way = str(rng.choice(["standardized", "[0, 1]", "±1"]))
    x = {"standardized": standard, "[0, 1]": raw, "±1": 2 * raw - 1}[way][rows]
    return f"{name} {way}", x, labels[rows], SOFTMAX, 10, 0.0


def _standardized(x: np.ndarray) -> np.ndarray:
    return ((x - x.mean(axis=0)) / x.std(axis=0)).astype(np.float32)


def _blobs(rng: np.random.Generator) -> tuple[Any, ...]:
    n, features, k = _rows(rng), int(rng.integers(4, 65)), int(rng.integers(2, 11))
    y = rng.permutation(np.arange(n) % k)
    x = 2 * rng.normal(size=(k, features))[y] + rng.normal(size=(n, features))
    return "blobs", _standardized(x), y, SOFTMAX, k, 0.0


def _many_blobs(rng: np.random.Generator) -> tuple[Any, ...]:
    n, features, k = _rows(rng) + 400, int(rng.integers(20, 65)), int(rng.integers(20, 51))
    y = rng.permutation(np.arange(n) % k)
    x = 3 * rng.normal(size=(k, features))[y] + rng.normal(size=(n, features))
    return "many classes", _standardized(x), y, SOFTMAX, k, 0.0


def _rare_blob(rng: np.random.Generator) -> tuple[Any, ...]:
    n, features = _rows(rng) + 200, int(rng.integers(4, 33))
    y = (rng.random(n) < rng.uniform(0.03, 0.15)).astype(int)
    x = _standardized(y[:, None] * 2.5 * rng.normal(size=features) + rng.normal(size=(n, features)))
    loss, k = ((SOFTMAX, 2), (SIGMOID, 1))[rng.integers(2)]
    return "rare blob", x, y, loss, k, 0.0


def _linear_teacher(rng: np.random.Generator) -> tuple[Any, ...]:
    n, features, k = _rows(rng), int(rng.integers(4, 65)), int(rng.integers(1, 9))
    x = rng.normal(size=(n, features))
    y = x @ rng.normal(0, math.sqrt(1 / features), (features, k))
    loss = (SQUARED, MEAN_SQUARED)[rng.integers(2)]
    return "linear teacher", x.astype(np.float32), y.astype(np.float32), loss, k, 0.0


def _yes_or_no(rng: np.random.Generator) -> tuple[Any, ...]:
    n, features = _rows(rng), int(rng.integers(4, 65))
    y = rng.permutation(np.arange(n) % 2)
    x = _standardized(2 * rng.normal(size=(2, features))[y] + rng.normal(size=(n, features)))
    flipped = float(rng.choice([0, 0, 0.05, 0.1]))
    y = np.where(rng.random(n) < flipped, 1 - y, y)
    return f"yes or no, {flipped:.0%} flipped", x, y, SIGMOID, 1, _binary_entropy(flipped)


def _xor(rng: np.random.Generator) -> tuple[Any, ...]:
    n, features = _rows(rng), int(rng.integers(2, 6))
    x = rng.choice([-1.0, 1.0], size=(n, features)) + 0.25 * rng.normal(size=(n, features))
    y = (x[:, 0] * x[:, 1] > 0).astype(int)
    return "xor", x.astype(np.float32), y, *((SOFTMAX, 2), (SIGMOID, 1))[rng.integers(2)], 0.0


def _categories(rng: np.random.Generator) -> tuple[Any, ...]:
    """One-hot columns of a few categories: rows may repeat, with labels that agree but for noise."""
    n, variables, values = _rows(rng), int(rng.integers(2, 6)), int(rng.integers(3, 7))
    codes = rng.integers(values, size=(n, variables))
    x = (codes[:, :, None] == np.arange(values)).reshape(n, -1).astype(np.float32)
    score = x @ rng.normal(size=x.shape[1])
    return "categories", x, (score > np.median(score)).astype(int), SOFTMAX, 2, 0.0


def _moons(rng: np.random.Generator) -> tuple[Any, ...]:
    n = _rows(rng)
    y = rng.permutation(np.arange(n) % 2)
    angle = np.pi * rng.random(n)
    x = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    x[y == 1] = [1, 0.5] - x[y == 1]
    x = _standardized(x + rng.normal(0, rng.uniform(0.05, 0.2), x.shape))
    return "two moons", x, y, *((SOFTMAX, 2), (SIGMOID, 1))[rng.integers(2)], 0.0


def _rings(rng: np.random.Generator) -> tuple[Any, ...]:
    n, k = _rows(rng), int(rng.integers(2, 5))
    y = rng.permutation(np.arange(n) % k)
    angle, radius = 2 * np.pi * rng.random(n), 0.5 + y + rng.normal(0, 0.12, n)
    x = _standardized(radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1))
    return "rings", x, y, SOFTMAX, k, 0.0


def _teacher(rng: np.random.Generator, features: int, k: int, n: int) -> tuple[np.ndarray, np.ndarray]:
    """x and the k outputs, standardized, of a random tanh network of one hidden layer."""
    x = rng.normal(size=(n, features))
    y = np.tanh(x @ rng.normal(0, 1.5 / math.sqrt(features), (features, 16))) @ rng.normal(size=(16, k))
    return x.astype(np.float32), (y - y.mean(axis=0)) / y.std(axis=0)


def _tanh_teacher(rng: np.random.Generator) -> tuple[Any, ...]:
    k, noise = int(rng.integers(1, 7)), float(rng.choice([0, 0, 0.1, 0.3]))
    x, y = _teacher(rng, int(rng.integers(3, 31)), k, _rows(rng))
    y = y + noise * rng.normal(size=y.shape)
    loss = (SQUARED, MEAN_SQUARED)[rng.integers(2)]
    return (f"tanh teacher, noise {noise}", x, y.astype(np.float32), loss, k,
            noise**2 * (k / 2 if loss is SQUARED else 1))


def _rare_teacher(rng: np.random.Generator) -> tuple[Any, ...]:
    x, y = _teacher(rng, int(rng.integers(3, 16)), 1, _rows(rng) + 200)
    y = (y[:, 0] > np.quantile(y, 1 - rng.uniform(0.03, 0.15))).astype(int)
    return "rare teacher", x, y, *((SOFTMAX, 2), (SIGMOID, 1))[rng.integers(2)], 0.0


def _multi_label(rng: np.random.Generator) -> tuple[Any, ...]:
    k = int(rng.integers(2, 13))
    x, y = _teacher(rng, int(rng.integers(5, 41)), k, _rows(rng))
    return "multi-label", x, (y > rng.normal(0.5, 0.5, k)).astype(np.float32), SIGMOID, k, 0.0


def _many_teacher(rng: np.random.Generator) -> tuple[Any, ...]:
    k = int(rng.integers(15, 41))
    centres = rng.normal(size=(k, int(rng.integers(10, 41))))
    x = rng.normal(size=(_rows(rng) + 400, centres.shape[1])) + 1.5 * centres[rng.integers(k, size=1)]
    x = 1.5 * centres[rng.integers(k, size=len(x))] + 0.7 * rng.normal(size=x.shape)
    y = (x @ centres.T - 0.75 * (centres**2).sum(axis=1)).argmax(axis=1)
    return "many regions", _standardized(x), y, SOFTMAX, k, 0.0


def _binary_entropy(p: float) -> float:
    return float(-(p * math.log(p) + (1 - p) * math.log(1 - p))) if 0 < p < 1 else 0.0


SETTING = {"digits": partial(_picture, "digits"), "blobs": _blobs, "many classes": _many_blobs, "rare": _rare_blob,
           "linear": _linear_teacher, "yes or no": _yes_or_no, "nonlinear": _xor, "categories": _categories}
MEASURING = {"mnist": partial(_picture, "mnist"), "moons": _moons, "nonlinear": _rings, "regression": _tanh_teacher,
             "rare": _rare_teacher, "multi-label": _multi_label, "many classes": _many_teacher}
REGRESSION = ("linear", "regression")


# Recipes -----------------------------------------------------------------------------------------------------

# activation, suitable initializers, greatest depth at which they suit
SUITABLE: list[tuple[Any, tuple[Init, ...], int]] = [
    (activations.tanh, (initializers.glorot_uniform, initializers.glorot_normal, initializers.lecun_normal), 30),
    (activations.softsign, (initializers.glorot_uniform, gain(1.3, initializers.glorot_normal)), 12),
    (activations.hard_tanh, (initializers.glorot_normal, initializers.lecun_uniform), 30),
    (activations.scaled_tanh, (initializers.lecun_normal, initializers.glorot_uniform), 30),
    (activations.relu, (initializers.he_normal, initializers.he_uniform), 30),
    (activations.leaky_relu(0.1), (initializers.he_normal, initializers.he_uniform), 30),
    ("prelu", (partial(initializers.he_normal, negative_slope=0.25), initializers.he_uniform), 20),
    (activations.selu, (initializers.lecun_normal, initializers.lecun_uniform), 30),
    (activations.elu(), (initializers.he_normal, gain(1.2, initializers.lecun_normal)), 20),
    (activations.gelu, (gain(1.5, initializers.lecun_normal), initializers.he_normal), 10),
    (activations.swish(), (gain(1.6, initializers.lecun_normal), initializers.he_normal), 8),
    (activations.softplus, (initializers.he_normal, initializers.glorot_uniform), 3),
    (activations.sigmoid, (gain(4, initializers.glorot_uniform),), 4),
    (activations.identity, (initializers.glorot_normal, initializers.lecun_normal), 20),
]


def name_of(activation: Any) -> str:
    """ "relu", "prelu", …"""
    return str(getattr(activation, "name", activation))


def whole(rng: np.random.Generator, low: int, high: int) -> int:
    """Log-uniform from low to high, both included."""
    return int(math.exp(rng.uniform(math.log(low), math.log(high + 1))))


def healthy(rng: np.random.Generator, family: dict[str, Any], *, least: int = 1, names: tuple[str, ...] = (),
            data: tuple[str, ...] = (), plain: bool = False) -> Recipe:
    """A recipe that should train: `least` weight matrices or more, one of the named activations and data sets.

    plain: no normalization and dropout, a constant schedule, no clipping.
    """
    choices = [key for key in family if not data or key in data]
    name, x, y, loss, outputs, noise = family[choices[rng.integers(len(choices))]](rng)
    fitting = [row for row in SUITABLE if (not names or name_of(row[0]) in names) and row[2] >= least]
    activation, inits, deepest = fitting[rng.integers(len(fitting))]
    depth = min(max(whole(rng, 1, 30), least), deepest)
    width, same = whole(rng, 16, 256), rng.random() < 0.7
    hidden = [width if same else whole(rng, 16, 256) for _ in range(depth - 1)]
    recipe = Recipe((x.shape[1], *hidden, outputs), activation, inits[rng.integers(len(inits))], name,
                    x[HELD_OUT:], y[HELD_OUT:], loss, _optimizer(rng, depth), int(rng.integers(2**31)),
                    validation=(x[:HELD_OUT], y[:HELD_OUT]), noise=noise,
                    batch_size=int(rng.choice([16, 32, 64, 64, 128])))
    if plain:
        return recipe
    norm = rng.choice([layers.BatchNorm, layers.LayerNorm, None, None, None, None, None, None])
    dropout = float(rng.choice([0.1, 0.3])) if rng.random() < 0.1 and depth <= 6 else 0.0
    schedule: Any = schedules.constant
    if rng.random() < 0.3:
        schedule = (partial(schedules.cosine, steps=STEPS), partial(schedules.linear_warmup, steps=30),
                    partial(schedules.step_decay, every=100), partial(schedules.exponential, decay=0.995)
                    )[rng.integers(4)]
    clip = float(10 ** rng.uniform(0, 1)) if rng.random() < 0.2 else None
    return replace(recipe, norm=norm if depth <= 12 else None, dropout=dropout, schedule=schedule, clip_norm=clip)


def _optimizer(rng: np.random.Generator, depth: int) -> optimizers.Optimizer:
    rate = 10 ** rng.uniform(-0.5, 0.5) / math.sqrt(depth)
    kind = rng.choice(["sgd", "sgd", "momentum", "momentum", "long momentum", "adam", "adam", "adamw", "rmsprop"])
    decay = float(rng.choice([0, 0, 1e-4, 1e-3]))
    if kind == "momentum":
        return optimizers.SGD(0.03 * rate, momentum=0.9, weight_decay=decay, nesterov=bool(rng.random() < 0.3))
    if kind == "long momentum":
        return optimizers.SGD(0.006 * rate, momentum=float(rng.choice([0.95, 0.97, 0.98])))
    if kind == "adam":
        return optimizers.Adam(2e-3 * rate)
    if kind == "adamw":
        return optimizers.AdamW(2e-3 * rate, weight_decay=float(rng.choice([0.01, 0.1])))
    if kind == "rmsprop":
        return optimizers.RMSprop(1e-3 * rate)
    return optimizers.SGD(0.15 * rate, weight_decay=decay)


def thousand_layers(rng: np.random.Generator, family: dict[str, Any]) -> Recipe:
    """1,000 tanh layers from orthogonal weights: they train at rates of the order of 1/depth."""
    recipe = healthy(rng, family, data=("digits", "mnist", "blobs", "moons"), plain=True)
    width = int(rng.integers(16, 33))
    return replace(recipe, sizes=(recipe.sizes[0], *[width] * 999, recipe.sizes[-1]), activation=activations.tanh,
                   init=partial(initializers.orthogonal, gain=1.02), batch_size=64,
                   optimizer=optimizers.SGD(3e-4 * float(10 ** rng.uniform(-0.3, 0.3)), momentum=0.9))


# Training ----------------------------------------------------------------------------------------------------

def constant_loss(y: np.ndarray, loss: Any) -> float:
    """C₀: the loss of the best constant output, written out here for the tests."""
    if loss is SOFTMAX:
        shares = np.bincount(y) / len(y)
        return float(-(shares[shares > 0] * np.log(shares[shares > 0])).sum())
    if loss is SIGMOID:
        return sum(_binary_entropy(float(p)) for p in y.reshape(len(y), -1).mean(axis=0, dtype=float))
    variances = y.astype(float).var(axis=0)
    return float(0.5 * variances.sum() if loss is SQUARED else variances.mean())


def loss_of(net: Network, x: np.ndarray, y: np.ndarray, loss: Any) -> float:
    """The loss with BatchNorm by these data and noise off: the running statistics lag behind."""
    for layer in net.layers:
        if isinstance(layer, layers.BatchNorm):
            x = layer.gamma * (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + layer.epsilon) + layer.beta
        else:
            x = layer(x)
    return float(loss(x, y)[0])


def trained(recipe: Recipe, net: Network, steps: int = STEPS) -> list[float]:
    """Train the network in place; the losses on all of x before the first step and after every tenth."""
    optimizer, rng = recipe.optimizer, np.random.default_rng(recipe.seed)
    state, values = optimizer.init(net.params, net.decay_mask), []
    with np.errstate(all="ignore"):
        for step in range(steps + 1):
            if step % 10 == 0:
                values.append(loss_of(net, recipe.x, recipe.y, recipe.loss))
                if not math.isfinite(values[-1]):
                    return values
            if step < steps:
                rows = rng.permutation(len(recipe.x))[:recipe.batch_size]
                net.gradient(recipe.x[rows], recipe.y[rows], recipe.loss, rng=rng)
                if recipe.clip_norm is not None:
                    optimizers.clip_by_norm(net.grads, recipe.clip_norm)
                optimizer.step(net.params, net.grads, state, factor=recipe.schedule(step))
    return values


def progress(recipe: Recipe, value: float) -> float:
    """How far a loss has come from C₀ (0) to the lowest that the labels allow (1); −∞ where it is not finite."""
    reference = constant_loss(recipe.y, recipe.loss)
    return (reference - value) / (reference - recipe.noise) if math.isfinite(value) else -math.inf


def trains(recipe: Recipe) -> bool:
    """Whether it comes half of the way in STEPS steps."""
    return progress(recipe, trained(recipe, recipe.network())[-1]) > 0.5


def times(recipe: Recipe, factor: float) -> Recipe:
    """The same with `factor` times the learning rate."""
    optimizer = replace(recipe.optimizer, learning_rate=recipe.optimizer.learning_rate * factor)
    return replace(recipe, optimizer=optimizer)
