"""What is chosen in the explorer, and what follows from it: data, network, optimizer, and all this as Python."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from minnet import activations, checks, datasets, initializers
from minnet.datasets import Data
from minnet.explorer import points
from minnet.initializers import Initializer
from minnet.network import Network, mlp
from minnet.optimizers import SGD

EXAMPLES = 300                        # of data in the plane; and so many are measured

DATA: dict[str, tuple[str, Callable[[int], Data]]] = {       # name: the Python, and the same as a function of the seed
    "spirals": (f"datasets.spirals({EXAMPLES}, rng={{seed}})", lambda seed: datasets.spirals(EXAMPLES, rng=seed)),
    "moons": (f"points.moons({EXAMPLES}, rng={{seed}})", lambda seed: points.moons(EXAMPLES, rng=seed)),
    "circles": (f"points.circles({EXAMPLES}, rng={{seed}})", lambda seed: points.circles(EXAMPLES, rng=seed)),
    "quadrants": (f"points.quadrants({EXAMPLES}, rng={{seed}})", lambda seed: points.quadrants(EXAMPLES, rng=seed)),
    "digits": ("datasets.digits().train", lambda seed: datasets.digits().train),
}

INITIALIZERS: dict[str, Initializer] = {                     # each name is the Python, after "initializers."
    **{name: initializers.named("init", name) for name in (
        "he_normal", "he_uniform", "glorot_normal", "glorot_uniform", "lecun_normal", "lecun_uniform", "orthogonal",
        "heuristic_uniform", "zeros")},
    "orthogonal(gain=1.41)": initializers.orthogonal(gain=1.41),
    "normal(std=0.01)": initializers.normal(std=0.01),
    "normal(std=0.05)": initializers.normal(std=0.05),
    "normal(std=0.3)": initializers.normal(std=0.3),
    "normal(std=1.0)": initializers.normal(std=1.0),
    "constant(value=0.1)": initializers.constant(value=0.1),
}

ACTIVATIONS = ("relu", "tanh", "sigmoid", "identity", "leaky_relu", "elu", "selu", "gelu", "swish", "softplus",
               "softsign", "hard_tanh", "scaled_tanh")


@dataclass(frozen=True)
class Settings:
    """One experiment. Equal settings give the same weights, the same batches and the same numbers, bit for bit.

    `depth` hidden layers of `width` units each; the inputs are multiplied by `scale`. `seed` draws the points, the
    weights (of layer k from child k of the generator, so that they do not depend on the other settings) and the order
    of the batches. Training is stochastic gradient descent. Raises TypeError or ValueError for what is not offered.
    """

    init: str = "he_normal"
    activation: str = "relu"
    depth: int = 5
    width: int = 64
    scale: float = 1.0
    data: str = "spirals"
    learning_rate: float = 0.1
    batch_size: int = 32
    seed: int = 0

    def __post_init__(self) -> None:
        checks.one_of("init", self.init, *INITIALIZERS)
        checks.one_of("activation", self.activation, *ACTIVATIONS)
        checks.one_of("data", self.data, *DATA)
        for name in ("depth", "width", "batch_size"):
            checks.count(name, getattr(self, name))
        checks.count("seed", self.seed, least=0)
        for name in ("scale", "learning_rate"):
            checks.number(name, getattr(self, name), above=0)

    @property
    def planar(self) -> bool:
        """Whether the inputs are points in the plane."""
        return self.data != "digits"

    def examples(self) -> Data:
        """The training data: x (n, features), multiplied by `scale`, and y (n,)."""
        x, y = DATA[self.data][1](self.seed)
        return self.scale * x, y

    def sizes(self) -> list[int]:
        """Inputs, hidden units of each layer, outputs."""
        inputs, outputs = (64, 10) if self.data == "digits" else (2, 3 if self.data == "spirals" else 2)
        return [inputs, *[self.width] * self.depth, outputs]

    def network(self) -> Network:
        """The network before its first step, float32."""
        return mlp(self.sizes(), activation=activations.named(self.activation), init=INITIALIZERS[self.init],
                   rng=self.seed)

    def optimizer(self) -> SGD:
        """Plain gradient descent, on batches."""
        return SGD(learning_rate=self.learning_rate)

    def code(self, epochs: int) -> str:
        """The Python that makes this run: the same network, trained for so many epochs, bit for bit."""
        inputs, *_, outputs = self.sizes()
        data = DATA[self.data][0].format(seed=self.seed)
        first = "from minnet.explorer import points\n" if "points." in data else ""
        return (
            "import minnet as mn\n"
            "from minnet import datasets, diagnostics, initializers, losses, optimizers\n"
            f"{first}\n"
            f"x, y = {data}\n"
            f"x = {self.scale!r} * x\n"
            f"net = mn.mlp([{inputs}, *[{self.width}] * {self.depth}, {outputs}], activation={self.activation!r}, "
            f"init=initializers.{self.init}, rng={self.seed})\n"
            f"loss, optimizer = losses.softmax_cross_entropy, optimizers.SGD({self.learning_rate!r})\n"
            f"mn.fit(net, (x, y), loss=loss, optimizer=optimizer, batch_size={self.batch_size}, epochs={epochs}, "
            f"rng={self.seed})\n"
            "print(net.evaluate((x, y), loss))\n"
            f"print(diagnostics.diagnose(net, x[:{EXAMPLES}], y[:{EXAMPLES}], loss, optimizer=optimizer, "
            f"batch_size={self.batch_size}))\n")

    def changed(self, other: Settings) -> dict[str, tuple[object, object]]:
        """Where two experiments differ: name → (here, there)."""
        return {name: (mine, theirs) for name, mine in vars(self).items() if mine != (theirs := getattr(other, name))}

