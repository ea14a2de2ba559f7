"""What other starts are worth in training: ReLU, tanh and swish nets of 10, 30 and 100 layers on the digits.

Layers have 64 units; the output layer is drawn by lecun_normal, but for looks-linear nets, which have one of their own.
Inputs are the digits with every pixel standardised; LSUV sees the first 256 of them. Each net is trained for five
epochs (205 steps of 32 images), anew at each of six learning rates, from the largest down, until one leaves it with an
accuracy of 0.9; the best counts. `accuracy` is that on the training part, when training is over; a net that diverges at
every rate has accuracy 0.

The starts: he, glorot; forward: the gain √(1/E[f²]); critical: the edge of chaos, with biases; lsuv; looks-linear;
random walk; sparse: 15 connections N(0, 1) a unit; sparse, scaled: 15 connections with n Var[W] as in he or glorot.
"""

import math
from functools import partial

import minnet as mn
from minnet import activations, datasets, initializers, losses, optimizers, pretraining, theory

WIDTH, EPOCHS, BATCH, RATES, ENOUGH = 64, 5, 32, (0.03, 0.01, 0.003, 0.001, 0.0003, 0.0001), 0.9
CRITICAL_Q = 14.32                    # of swish: the smallest q at which χ(q) = 1, V(q) = q and V′(q) = 1
UNITS = {"relu": activations.relu, "tanh": activations.tanh, "swish": activations.swish()}
STARTS = {"relu": ["he", "lsuv", "looks-linear", "random walk", "sparse", "sparse, scaled"],
          "tanh": ["glorot", "lsuv", "sparse", "sparse, scaled"], "swish": ["he", "forward", "critical", "lsuv"]}
DEEP = [("relu", "he"), ("relu", "lsuv"), ("relu", "looks-linear"), ("relu", "random walk")]
GRID = [{"units": units, "start": start, "depth": depth} for depth in (10, 30, 100) for units, starts in STARTS.items()
        for start in starts if depth < 100 or (units, start) in DEEP]
SEEDS = range(5)


def initializers_of(units, start):
    """(weights, biases) of the hidden layers."""
    scaled = math.sqrt({"relu": 2, "tanh": 1, "swish": 2}[units] / 15)
    if start == "critical":
        return theory.critical(UNITS[units], q=CRITICAL_Q)
    return {"he": initializers.he_normal, "glorot": initializers.glorot_normal, "lsuv": initializers.orthogonal,
            "forward": partial(initializers.variance_scaling, scale=theory.gains(UNITS[units])[0].gain ** 2),
            "random walk": initializers.random_walk, "looks-linear": initializers.looks_linear,
            "sparse": initializers.sparse, "sparse, scaled": partial(initializers.sparse, std=scaled),
            }[start], initializers.zeros


def drawn(units, start, depth, seed, x):
    weights, biases = initializers_of(units, start)
    mirrored = start == "looks-linear"
    first = partial(weights, position="first") if mirrored else weights
    last = partial(weights, position="last") if mirrored else initializers.lecun_normal
    hidden = [mn.Dense(WIDTH if k else 64, WIDTH, UNITS[units], weights if k else first, biases) for k in range(depth)]
    net = mn.Network([*hidden, mn.Dense(WIDTH, 10, init=last)], rng=seed)
    if start == "lsuv":
        pretraining.lsuv(net, x[:256], rng=seed)
    return net


def trained(net, data, rate, seed):
    """Accuracy on the training part after training in place; a net that diverged knows nothing."""
    try:
        mn.fit(net, data, loss=losses.softmax_cross_entropy, optimizer=optimizers.SGD(rate, momentum=0.9),
               epochs=EPOCHS, batch_size=BATCH, rng=seed, progress=False)
    except mn.training.Diverged:
        return 0.0
    return float((net(data[0]).argmax(axis=1) == data[1]).mean())


def cell(*, units, start, depth, seed):
    data, found = datasets.standardized(datasets.digits()).train, []
    for rate in RATES:
        found.append((trained(drawn(units, start, depth, seed, data[0]), data, rate, seed), rate))
        if found[-1][0] >= ENOUGH:
            break
    accuracy, rate = max(found)
    return {"accuracy": accuracy, "rate": rate, "diverged": sum(one == 0 for one, _ in found)}
