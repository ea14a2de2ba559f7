"""`theory.predict_statistics` against drawn networks, for tests/theory and tests/campaigns."""

import math
from dataclasses import dataclass
from functools import partial

import numpy as np

from minnet import Dense, Network, activations, initializers, theory

BIASED = {"gelu critical": activations.gelu, "swish critical": activations.swish()}
SETTINGS = {
    "tanh Glorot": (activations.tanh, initializers.glorot_uniform, initializers.zeros),
    "relu He": (activations.relu, initializers.he_normal, initializers.zeros),
    "selu LeCun": (activations.selu, initializers.lecun_normal, initializers.zeros),
    "sigmoid 4 Glorot": (activations.sigmoid, partial(initializers.glorot_uniform, gain=4), initializers.zeros),
    **{name: (activation, *theory.critical(activation)) for name, activation in BIASED.items()},
}


@dataclass(frozen=True)
class Row:
    """ln(measured/predicted) over seeds: its mean less the predicted shift, in standard errors, and both deviations."""

    name: str
    what: str
    layers: int                 # between the end that is given and where it is measured
    shift: float
    mean: float
    errors: float               # (mean − shift)/standard error
    spread: float
    deviation: float


def compare(name, *, width, depths, seeds, dtype=np.float32):
    """Rows for E[z²] at those depths from the input, and E[δ²] as many layers below the output.

    One unit input a seed, a random gradient at a linear output layer of ten units.
    """
    activation, init, bias_init = SETTINGS[name]
    deepest = max(depths)
    forward, backward, shifts, spreads = [], [], [], []
    for seed in seeds:
        net = Network([Dense(width, width, activation, init, bias_init) for _ in range(deepest)]
                      + [Dense(width, 10, init=initializers.lecun_normal)], rng=seed, dtype=dtype)
        rng = np.random.default_rng([seed, 1])
        x = rng.normal(size=(1, width))
        x /= math.sqrt((x**2).mean())
        net.forward(x)
        net.backward(rng.normal(size=(1, 10)))
        expected = theory.predict_statistics(net, x)
        z = np.array([np.mean(np.square(layer.z, dtype=np.float64)) for layer in net.layers])
        delta = np.array([np.mean(np.square(layer.delta, dtype=np.float64)) for layer in net.layers])
        forward.append(np.log(z / expected.z.square))
        backward.append(np.log(delta / delta[-1] / expected.delta.square))
        shifts.append((expected.z.shift, expected.delta.shift))
        spreads.append((expected.z.spread, expected.delta.spread))
    rows = []
    for depth in depths:
        for what, measured, k, layer in (("z", forward, 0, depth - 1), ("delta", backward, 1, -1 - depth)):
            values = np.array(measured)[:, layer]
            shift, spread = (float(np.mean([pair[k][layer] for pair in pairs])) for pairs in (shifts, spreads))
            mean, deviation = float(values.mean()), float(values.std(ddof=1))
            rows.append(Row(name, what, depth, shift, mean, (mean - shift) / (deviation / math.sqrt(len(values))),
                            spread,
                            deviation))
    return rows
