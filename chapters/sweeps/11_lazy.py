"""A two-layer ReLU net of 256 units learns y = x₁x₂ from weights × √α: for which α does it learn the feature?

x has 30 entries of ±1; 400 examples to train, 1,000 to test. Weights × √α make the outputs α times as large. The
network is to learn the difference from its start, f(x) − f₀(x): the targets are y + f₀(x). Whole-batch gradient descent
on the squared error, 3,000 steps at the rate 0.01/max(α, 1): larger weights bear smaller steps. `moved` is ‖ΔW‖/‖W‖ of
the first layer.
"""

from functools import partial

import numpy as np

import minnet as mn
from minnet import activations, initializers, losses, optimizers

INPUTS, UNITS, EXAMPLES, STEPS, RATE = 30, 256, 400, 3000, 0.01
GRID = {"alpha": [0.1, 0.3, 1.0, 3.0, 10.0, 30.0]}
SEEDS = range(5)


def data(seed):
    """x (1400, 30) and y (1400, 1), all entries ±1."""
    x = np.random.default_rng(1000 + seed).choice([-1.0, 1.0], size=(EXAMPLES + 1000, INPUTS)).astype(np.float32)
    return x, x[:, :1] * x[:, 1:2]


def scaled(rng, shape, *, init, factor):
    return factor * init(rng, shape)


def trained(alpha, seed, steps=STEPS):
    """The network before and after training."""
    net = mn.mlp([INPUTS, UNITS, 1], activation=activations.relu, rng=seed,
                 init=partial(scaled, init=initializers.he_normal, factor=alpha**0.5))
    start, (x, y) = net.astype(np.float32), (part[:EXAMPLES] for part in data(seed))
    mn.fit(net, (x, y + start(x)), loss=losses.squared_error, optimizer=optimizers.SGD(RATE / max(alpha, 1)),
           epochs=steps, batch_size=EXAMPLES, rng=seed, progress=False)
    return start, net


def cell(*, alpha, seed):
    start, net = trained(alpha, seed)
    x, y = data(seed)
    right = (net(x) - start(x)) * y > 0
    first, last = start.layers[0].W, net.layers[0].W
    return {"train": float(right[:EXAMPLES].mean()), "test": float(right[EXAMPLES:].mean()),
            "moved": float(np.linalg.norm(last - first) / np.linalg.norm(first))}
