"""Does the loss oscillate? Full-batch gradient descent for 100 steps, over starts and learning rates.

Ten hidden layers of 64 units, drawn from N(0, σ_w²/64) with σ_w² at the edge of chaos (1 for tanh, 2 for ReLU), or so
large that the gradient is hundreds of times as long at the start (64 for tanh, which is N(0, 1), and 8 for ReLU). The
300 first digits, standardised, are the only batch, in float64, so that neither the noise of batches nor rounding is
mistaken for an oscillation.
`turns` is the share of steps at which the loss turns round, from falling to rising or back; `rises` the share of steps
after which it is higher than before.
"""

from functools import partial

import numpy as np

import minnet as mn
from minnet import activations, datasets, initializers, losses, optimizers

DEPTH, STEPS, EXAMPLES = 10, 100, 300
STARTS = {"tanh, critical": (activations.tanh, 1.0), "tanh, exploding": (activations.tanh, 64.0),
          "ReLU, critical": (activations.relu, 2.0), "ReLU, exploding": (activations.relu, 8.0)}
GRID = {"start": list(STARTS), "rate": [10.0**-k for k in range(10)]}
SEEDS = range(5)


def built(start, seed):
    activation, weight_var = STARTS[start]
    return mn.mlp([64, *[64] * DEPTH, 10], activation=activation, rng=seed, dtype=np.float64,
                  init=partial(initializers.variance_scaling, scale=weight_var))


def losses_of(net, rate):
    """The loss before each step and after the last; shorter where it diverged."""
    x, y = (part[:EXAMPLES] for part in datasets.standardized(datasets.digits()).train)
    found = []
    try:
        for record in mn.train(net, (x, y), loss=losses.softmax_cross_entropy, optimizer=optimizers.SGD(rate),
                               epochs=STEPS + 1, batch_size=EXAMPLES, rng=0):
            found.append(record.loss)
    except mn.training.Diverged:
        pass
    return np.array(found)


def cell(*, start, rate, seed):
    x, y = (part[:EXAMPLES] for part in datasets.standardized(datasets.digits()).train)
    net = built(start, seed)
    net.gradient(x, y, losses.softmax_cross_entropy)
    length = float(np.linalg.norm(net.grads))
    values = losses_of(net, rate)
    steps = np.diff(values) > 0
    return {"gradient": length, "turns": float((steps[1:] != steps[:-1]).mean()) if len(steps) > 1 else 0.0,
            "rises": float(steps.mean()) if len(steps) else 1.0, "diverged": int(len(values) <= STEPS),
            "first": float(values[0]) if len(values) else None, "last": float(values[-1]) if len(values) else None}
