"""How deep a tanh net trains, from order to chaos: accuracy on the digits over σ_w² and depth, at σ_b² = 0.05.

Layers have 100 units, weights N(0, σ_w²/fan_in), the output layer too, and biases N(0, 0.05). Inputs are the digits
with every pixel standardised. Each net is trained for five epochs (205 steps of 32 images), anew at each of four
learning rates, from the largest down, until one leaves it with an accuracy of 0.9; the best counts. `accuracy` is that
on the training part, when training is over. Depths are tried in order, and a row is one depth; after two in a row with
an accuracy below 0.5 deeper nets are not tried.
"""

import math
from functools import partial

import minnet as mn
from minnet import activations, datasets, initializers, losses, optimizers

WIDTH, EPOCHS, BATCH, RATES, ENOUGH, TRAINED, BIAS_VAR = 100, 5, 32, (0.01, 0.003, 0.001, 0.0003), 0.9, 0.5, 0.05
DEPTHS = (6, 8, 10, 14, 20, 28, 40, 56, 80, 112)                     # in steps of √2
GRID = {"weight_var": [0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 4.0, 6.0]}
SEEDS = range(5)


def drawn(weight_var, depth, seed):
    """A net at (σ_w², 0.05) of the phase diagram."""
    weights = partial(initializers.variance_scaling, scale=weight_var)
    biases = partial(initializers.normal, std=math.sqrt(BIAS_VAR))
    hidden = [mn.Dense(WIDTH if k else 64, WIDTH, activations.tanh, weights, biases) for k in range(depth)]
    return mn.Network([*hidden, mn.Dense(WIDTH, 10, init=weights)], rng=seed)


def trained(net, data, rate, seed):
    """Accuracy on the training part after training in place; a net that diverged knows nothing."""
    try:
        mn.fit(net, data, loss=losses.softmax_cross_entropy, optimizer=optimizers.SGD(rate, momentum=0.9),
               epochs=EPOCHS, batch_size=BATCH, rng=seed, progress=False)
    except mn.training.Diverged:
        return 0.0
    return float((net(data[0]).argmax(axis=1) == data[1]).mean())


def best_of_rates(draw, data, seed):
    """(accuracy, rate) of the best rate; none is tried after one that was enough."""
    found = []
    for rate in RATES:
        found.append((trained(draw(), data, rate, seed), rate))
        if found[-1][0] >= ENOUGH:
            break
    return max(found)


def cell(*, weight_var, seed):
    data, rows = datasets.standardized(datasets.digits()).train, []
    for depth in DEPTHS:
        accuracy, rate = best_of_rates(lambda depth=depth: drawn(weight_var, depth, seed), data, seed)
        rows.append({"depth": depth, "accuracy": accuracy, "rate": rate})
        if max(row["accuracy"] for row in rows[-2:]) < TRAINED:
            break
    return rows
