"""Networks drawn at random, healthy ones and ones made sick in a named way: what a diagnosis is tested on.

    case = draw(kind, seed)           kind: "healthy" or one of SICKNESSES; None where this seed has no such case

A healthy network is a draw of depth (1 … 30 weight matrices), widths (16 … 256), activation, a suitable initializer,
data, optimizer and a suitable learning rate *that trains*: after STEPS steps the loss is below half of C₀, that of the
best constant answer, and with twice the learning rate too, so that it is no lucky escape. Every fourth is handed over
after these steps, the others before the first.

A sick one is a healthy one, its twin, with one thing changed, and it is *truly* sick only by its consequences:

    fails to train      after as many steps on the same batches the loss is still ≥ 0.9 C₀, or not finite:
                        vanishing, exploding, saturated, dead_units, learning_rate_large, learning_rate_small,
                        unstandardized_inputs
    loses its start     its first loss is at least three times its twin's, and it needs at least twice as many steps to
                        bring it below half of C₀ (or never does): initial_loss
    by construction     identical_units (every hidden layer of copies, exact or up to a noise of 10⁻⁴ of the weights),
                        equal_layers (one seed for every layer)

What ails a network must also be what the name says, since one change can have several effects: where units are dead,
90% of the values of some hidden layer are exactly 0; where they are saturated, half of the values of some hidden layer
lie in the outer twentieth of f's range, on either side.

A draw that does not behave so is thrown away; `draw` then takes the next stream of the same seed. A few of the sick
(LATER) are handed over after 20 steps.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any

import numpy as np

from minnet import Dense, Network, activations, datasets, initializers, layers, losses, optimizers
from minnet.reporting import described

STEPS, BATCH, ROWS = 200, 64, 512
LATER = ("vanishing", "learning_rate_small", "equal_layers")             # also handed over after 20 steps
SICKNESSES = ("identical_units", "equal_layers", "vanishing", "exploding", "saturated", "dead_units",
              "learning_rate_large", "learning_rate_small", "unstandardized_inputs", "initial_loss")


@dataclass(frozen=True)
class Recipe:
    """All that makes a network and its training, before anything is drawn for the weights."""

    sizes: tuple[int, ...]
    activation: activations.Activation
    init: Callable[..., np.ndarray]
    output_init: Callable[..., np.ndarray]
    data: str
    x: np.ndarray
    y: np.ndarray
    loss: Any
    optimizer: optimizers.Optimizer
    seed: int
    bias_init: Callable[..., np.ndarray] = initializers.zeros
    batch_norm: bool = False
    dropout: float = 0.0
    change: str = "none"

    def network(self) -> Network:
        stack: list[Any] = []
        for k, (fan_in, fan_out) in enumerate(zip(self.sizes[:-1], self.sizes[1:], strict=True)):
            if k == len(self.sizes) - 2:
                stack.append(Dense(fan_in, fan_out, init=self.output_init))
            elif self.batch_norm:
                stack += [Dense(fan_in, fan_out, init=self.init, bias_init=self.bias_init), layers.BatchNorm(fan_out),
                          layers.Activation(self.activation)]
            else:
                stack.append(Dense(fan_in, fan_out, self.activation, self.init, self.bias_init))
            if self.dropout and k < len(self.sizes) - 2:
                stack.append(layers.Dropout(self.dropout))
        return Network(stack, rng=self.seed)

    def __str__(self) -> str:
        hidden = self.sizes[1:-1] or (0,)
        sizes = f"{len(self.sizes) - 1} layers, width {min(hidden)} … {max(hidden)}"
        extra = (" batch_norm" if self.batch_norm else "") + (f" dropout {self.dropout}" if self.dropout else "")
        return (f"{sizes} {self.activation.name}{extra} {described(self.init)} on {self.data}, "
                f"{self.optimizer}; {self.change}")


@dataclass(frozen=True)
class Case:
    """A network with its data, loss and optimizer, and what ails it."""

    kind: str
    seed: int
    attempt: int                      # which of the seed's streams
    recipe: Recipe
    net: Network
    steps: int                        # already trained


# Healthy recipes ---------------------------------------------------------------------------------------------

def gain(factor: float, init: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
    """The initializer, times a factor."""
    def scaled(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        return factor * init(rng, shape)

    scaled.__name__ = f"{factor:.3g}·{described(init)}"
    return scaled


# activation, suitable initializers, greatest depth at which they suit
SUITABLE = [
    (activations.tanh, (initializers.glorot_uniform, initializers.glorot_normal, initializers.lecun_normal), 30),
    (activations.softsign, (initializers.glorot_uniform, gain(1.3, initializers.glorot_normal)), 12),
    (activations.hard_tanh, (initializers.glorot_normal, initializers.lecun_uniform), 30),
    (activations.scaled_tanh, (initializers.lecun_normal, initializers.glorot_uniform), 30),
    (activations.relu, (initializers.he_normal, initializers.he_uniform), 30),
    (activations.leaky_relu(0.1), (initializers.he_normal, initializers.he_uniform), 30),
    (activations.selu, (initializers.lecun_normal, initializers.lecun_uniform), 30),
    (activations.elu(), (initializers.he_normal, gain(1.2, initializers.lecun_normal)), 20),
    (activations.gelu, (gain(1.5, initializers.lecun_normal), initializers.he_normal), 10),
    (activations.swish(), (gain(1.6, initializers.lecun_normal), initializers.he_normal), 8),
    (activations.softplus, (initializers.he_normal, initializers.glorot_uniform), 3),
    (activations.sigmoid, (gain(4, initializers.glorot_uniform),), 4),
    (activations.identity, (initializers.glorot_normal, initializers.lecun_normal), 20),
]


@cache
def _digits() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    raw, y = datasets.digits().train
    return raw[:ROWS], datasets.standardized(datasets.digits()).train[0][:ROWS], y[:ROWS]


def _data(rng: np.random.Generator) -> tuple[str, np.ndarray, np.ndarray, Any, int]:
    """A name, x, y, the loss, and the number of outputs."""
    kind = rng.choice(["digits", "digits [0, 1]", "digits ±1", "blobs", "yes or no", "teacher"])
    raw, standard, labels = _digits()
    if kind.startswith("digits"):
        x = {"digits": standard, "digits [0, 1]": raw, "digits ±1": 2 * raw - 1}[str(kind)]
        return str(kind), x, labels, losses.softmax_cross_entropy, 10
    features = int(rng.integers(4, 65))
    if kind == "teacher":
        k = int(rng.integers(1, 9))
        x = rng.normal(size=(ROWS, features))
        y = x @ rng.normal(0, math.sqrt(1 / features), (features, k))
        return "teacher", x.astype(np.float32), y.astype(np.float32), losses.squared_error, k
    k = 2 if kind == "yes or no" else int(rng.integers(2, 11))
    y = np.arange(ROWS) % k
    x = 2 * rng.normal(size=(k, features))[y] + rng.normal(size=(ROWS, features))
    x = ((x - x.mean(axis=0)) / x.std(axis=0)).astype(np.float32)
    if kind == "yes or no":
        return "yes or no", x, y, losses.sigmoid_cross_entropy, 1
    return "blobs", x, y, losses.softmax_cross_entropy, k


def _whole(rng: np.random.Generator, low: int, high: int) -> int:
    """Log-uniform from low to high, both included."""
    return int(math.exp(rng.uniform(math.log(low), math.log(high + 1))))


def _healthy(rng: np.random.Generator, *, least: int = 1, names: tuple[str, ...] = ()) -> Recipe:
    """A recipe that should train; `least` weight matrices, one of the named activations."""
    data, x, y, loss, outputs = _data(rng)
    choices = [row for row in SUITABLE if (not names or row[0].name in names) and row[2] >= least]
    activation, inits, deepest = choices[rng.integers(len(choices))]
    depth = min(max(_whole(rng, 1, 30), least), deepest)
    width = _whole(rng, 16, 256)
    same = rng.random() < 0.7
    hidden = [width if same else _whole(rng, 16, 256) for _ in range(depth - 1)]
    init = inits[rng.integers(len(inits))]
    rate = 10 ** rng.uniform(-0.5, 0.5)
    kind = rng.choice(["sgd", "momentum", "adam"])
    optimizer: optimizers.Optimizer
    if kind == "adam":
        optimizer = optimizers.Adam(2e-3 * rate / math.sqrt(depth))
    elif kind == "momentum":
        optimizer = optimizers.SGD(0.03 * rate / math.sqrt(depth), momentum=0.9)
    else:
        optimizer = optimizers.SGD(0.15 * rate / math.sqrt(depth))
    return Recipe((x.shape[1], *hidden, outputs), activation, init, initializers.glorot_uniform, data, x, y, loss,
                  optimizer, int(rng.integers(2**31)), batch_norm=bool(rng.random() < 0.1 and depth <= 12),
                  dropout=float(rng.choice([0.1, 0.3])) if rng.random() < 0.07 and depth <= 6 else 0.0)


# Sick ones ---------------------------------------------------------------------------------------------------

def _log(rng: np.random.Generator, low: float, high: float) -> float:
    return float(10 ** rng.uniform(math.log10(low), math.log10(high)))


def _pair(kind: str, rng: np.random.Generator) -> tuple[Recipe, Recipe]:
    """A healthy recipe and the same with one thing changed; healthy: with nothing changed."""
    if kind == "healthy":
        recipe = _healthy(rng)
        return recipe, recipe
    return _CHANGES[kind](rng)


def _identical(rng: np.random.Generator) -> tuple[Recipe, Recipe]:
    twin = replace(_healthy(rng, least=2), dropout=0.0)
    value = 0.0 if rng.random() < 0.3 else _log(rng, 0.01, 0.5)
    noise = 0.0 if rng.random() < 0.6 else value * _log(rng, 1e-12, 1e-4)

    def equal(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        return value + noise * rng.normal(size=shape)

    equal.__name__ = f"constant {value:.3g}, noise {noise:.1g}"
    return twin, replace(twin, init=equal, output_init=equal, change=equal.__name__)


def _one_seed(rng: np.random.Generator) -> tuple[Recipe, Recipe]:
    twin = _healthy(rng, least=3)
    seed = int(rng.integers(1000))
    different = rng.random() < 0.2                          # widths that differ: the same numbers in other shapes
    sizes = twin.sizes if different else (twin.sizes[0], *[twin.sizes[1]] * (len(twin.sizes) - 2), twin.sizes[-1])
    twin = replace(twin, sizes=sizes)

    def seeded(init: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
        return lambda rng, shape: init(np.random.default_rng(seed), shape)

    return twin, replace(twin, init=seeded(twin.init), output_init=seeded(twin.output_init),
                         change=f"seed {seed} for every layer")


def _fading(rng: np.random.Generator) -> tuple[Recipe, Recipe]:
    twin = replace(_healthy(rng, least=3), batch_norm=False, dropout=0.0)
    while not isinstance(twin.optimizer, optimizers.SGD):   # Adam divides a small gradient by its own size
        twin = replace(_healthy(rng, least=3), batch_norm=False, dropout=0.0)
    if rng.random() < 0.3:
        init = partial(initializers.normal, std=0.01)
    elif rng.random() < 0.3:
        init = gain(math.sqrt(1 / 3), initializers.lecun_normal)
    else:
        init = gain(_log(rng, 0.1, 0.8), twin.init)
    if rng.random() < 0.2:
        return twin, replace(twin, init=initializers.glorot_uniform, activation=activations.sigmoid,
                             change="sigmoid, glorot_uniform")
    return twin, replace(twin, init=init, change=described(init))


def _growing(rng: np.random.Generator) -> tuple[Recipe, Recipe]:
    names = ("relu", "leaky_relu(0.1)", "selu", "elu(1)", "gelu", "swish(1)", "identity", "softplus")
    twin = replace(_healthy(rng, least=3, names=names), batch_norm=False)
    init = initializers.normal if rng.random() < 0.3 else gain(_log(rng, 1.5, 10), twin.init)
    return twin, replace(twin, init=init, change=described(init))


def _saturated(rng: np.random.Generator) -> tuple[Recipe, Recipe]:
    twin = replace(_healthy(rng, least=2, names=("tanh", "softsign", "hard_tanh", "scaled_tanh", "sigmoid")),
                   batch_norm=False)
    way = rng.integers(4)
    if way == 0:
        return twin, replace(twin, init=initializers.normal, change="normal")
    if way == 1:
        return twin, replace(twin, init=partial(initializers.uniform, low=0, high=1), change="uniform(0, 1)")
    if way == 2:
        value = _log(rng, 3, 30) * float(rng.choice([-1, 1]))
        return twin, replace(twin, bias_init=partial(initializers.constant, value=value), change=f"biases {value:.2g}")
    factor = _log(rng, 5, 50)
    return twin, replace(twin, init=gain(factor, twin.init), change=f"weights × {factor:.3g}")


def _dead(rng: np.random.Generator) -> tuple[Recipe, Recipe]:
    twin = replace(_healthy(rng, least=2, names=("relu",)), batch_norm=False)
    if rng.random() < 0.6:
        value = -_log(rng, 0.5, 30)
        return twin, replace(twin, bias_init=partial(initializers.constant, value=value), change=f"biases {value:.2g}")
    shift = -_log(rng, 0.3, 3)

    def negative(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        return initializers.he_normal(rng, shape) + shift * math.sqrt(2 / shape[0])

    return twin, replace(twin, init=negative, change=f"weights with mean {shift:.2g} σ")


def _rate(low: float, high: float) -> Callable[[np.random.Generator], tuple[Recipe, Recipe]]:
    def changed(rng: np.random.Generator) -> tuple[Recipe, Recipe]:
        twin, factor = _healthy(rng), _log(rng, low, high)
        return twin, replace(_times(twin, factor), change=f"learning rate × {factor:.2g}")
    return changed


def _times(recipe: Recipe, factor: float) -> Recipe:
    """The same with `factor` times the learning rate."""
    optimizer = replace(recipe.optimizer, learning_rate=recipe.optimizer.learning_rate * factor)
    return replace(recipe, optimizer=optimizer)


def _raw(rng: np.random.Generator) -> tuple[Recipe, Recipe]:
    twin = replace(_healthy(rng), batch_norm=False)
    way = rng.integers(3)
    if way == 0:
        factor = _log(rng, 10, 1000) if rng.random() < 0.7 else 1 / _log(rng, 10, 1000)
        return twin, replace(twin, x=twin.x * np.float32(factor), change=f"inputs × {factor:.3g}")
    if way == 1:
        shift = _log(rng, 5, 300)
        return twin, replace(twin, x=twin.x + np.float32(shift), change=f"inputs + {shift:.3g}")
    scales = 10 ** rng.uniform(-3, 3, twin.x.shape[1])
    return twin, replace(twin, x=(twin.x * scales).astype(np.float32), change="units of 10⁻³ … 10³")


def _loud(rng: np.random.Generator) -> tuple[Recipe, Recipe]:
    twin = replace(_healthy(rng, least=2), batch_norm=False)
    while twin.loss is not losses.softmax_cross_entropy:
        twin = replace(_healthy(rng, least=2), batch_norm=False)
    factor = _log(rng, 10, 100)
    return twin, replace(twin, output_init=gain(factor, twin.output_init), change=f"output weights × {factor:.3g}")


_CHANGES = {"identical_units": _identical, "equal_layers": _one_seed, "vanishing": _fading, "exploding": _growing,
            "saturated": _saturated, "dead_units": _dead, "learning_rate_large": _rate(10, 1e4),
            "learning_rate_small": _rate(1e-6, 1e-2), "unstandardized_inputs": _raw, "initial_loss": _loud}


# Consequences ------------------------------------------------------------------------------------------------

def constant_loss(y: np.ndarray, loss: Any) -> float:
    """C₀: the loss of the best constant answer."""
    if loss is losses.squared_error:
        return float(0.5 * y.var(axis=0).sum())
    shares = np.bincount(y) / len(y)
    return float(-(shares[shares > 0] * np.log(shares[shares > 0])).sum())


def trained(recipe: Recipe, net: Network, steps: int) -> list[float]:
    """Train the network in place; the losses on the whole data before the first step and after every tenth."""
    optimizer, rng = recipe.optimizer, np.random.default_rng(recipe.seed)
    state, values = optimizer.init(net.params, net.decay_mask), []
    with np.errstate(all="ignore"):
        for step in range(steps + 1):
            if step % 10 == 0:
                values.append(recipe.loss(_predicted(net, recipe.x), recipe.y)[0])
                if not math.isfinite(values[-1]):
                    return values
            if step < steps:
                rows = rng.permutation(len(recipe.x))[:BATCH]
                net.gradient(recipe.x[rows], recipe.y[rows], recipe.loss, rng=rng)
                optimizer.step(net.params, net.grads, state)
    return values


def _predicted(net: Network, x: np.ndarray) -> np.ndarray:
    """Outputs with BatchNorm by the data, noise off: the running statistics lag behind."""
    for layer in net.layers:
        if isinstance(layer, layers.BatchNorm):
            x = layer.gamma * (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + layer.epsilon) + layer.beta
        else:
            x = layer(x)
    return x


def fails(values: list[float], reference: float) -> bool:
    """Still at 0.9 C₀, or not finite."""
    return not values[-1] < 0.9 * reference


def trains(values: list[float], reference: float) -> bool:
    """Below half of C₀."""
    return values[-1] < 0.5 * reference


def _as_named(kind: str, recipe: Recipe) -> bool:
    """Whether the units of some hidden layer are off, or at the ends of their range, where the kind says so."""
    net, (low, high) = recipe.network(), recipe.activation.range
    net.forward(recipe.x)
    hidden = [layer.a for layer in net.layers[:-1] if isinstance(layer, Dense)]
    if kind == "dead_units":
        return max(float((a == 0).mean()) for a in hidden) >= 0.9
    if kind == "saturated":
        end = (high - low) / 20
        return max(float(((a < low + end) | (a > high - end)).mean()) for a in hidden) >= 0.5
    return True


def _halved(values: list[float], reference: float) -> float:
    """Steps until the loss is below half of C₀."""
    return next((10 * i for i, value in enumerate(values) if value < 0.5 * reference), math.inf)


def draw(kind: str, seed: int, *, tries: int = 40) -> Case | None:
    """A case of this kind: the streams of the seed in turn, until one is what it should be."""
    for attempt in range(tries):
        if (case := attempted(kind, seed, attempt)) is not None:
            return case
    return None


def attempted(kind: str, seed: int, attempt: int, *, verify: bool = True) -> Case | None:
    """The case of one stream of the seed, or None where its consequences are not those of its kind.

    verify=False leaves the check out, for a stream that has passed it before.
    """
    rng = np.random.default_rng([seed, attempt, ("healthy", *SICKNESSES).index(kind)])
    twin, recipe = _pair(kind, rng)
    if verify and not _behaves(kind, twin, recipe):
        return None
    late = rng.random() < 0.25
    steps = STEPS if kind == "healthy" else 20 if kind in LATER else 0
    net = recipe.network()
    if late and steps and not math.isfinite(trained(recipe, net, steps)[-1]):
        return None
    return Case(kind, seed, attempt, recipe, net, steps if late else 0)


def _behaves(kind: str, twin: Recipe, recipe: Recipe) -> bool:
    """Whether the recipe has the consequences that its kind is defined by, and the twin trains."""
    reference = constant_loss(twin.y, twin.loss)
    if kind in ("identical_units", "equal_layers"):
        return True
    if kind == "healthy":
        return all(trains(trained(one, one.network(), STEPS), reference) for one in (recipe, _times(recipe, 2)))
    if not _as_named(kind, recipe):
        return False
    course = trained(recipe, recipe.network(), STEPS)
    if kind != "initial_loss" and not fails(course, reference):
        return False
    healthy = trained(twin, twin.network(), STEPS)
    if kind == "initial_loss":
        slower = _halved(course, reference) >= 2 * _halved(healthy, reference)
        return trains(healthy, reference) and slower and course[0] >= 3 * healthy[0]
    return trains(healthy, reference)
