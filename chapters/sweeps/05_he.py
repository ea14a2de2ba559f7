"""ReLU nets of 3 to 30 layers on MNIST-5k, by start and learning rate: loss and errors after each epoch.

Layers of 256 units, "depth" counts weight matrices, pixels in [0, 1], SGD with momentum 0.9 in batches of 64, as the
paper has it (He, Zhang, Ren & Sun 2015), or Adam. "Xavier" is what that paper calls so: fan_in · Var[W] = 1, half of
He's variance, which for the square layers is Glorot's as well. In the last of the starts every layer is Xavier's but
the first, whose weights are 2^(L/2) times larger: so the outputs are as large as He's.
"""

from functools import partial

import minnet as mn
from minnet import activations, datasets, initializers, losses, optimizers
from minnet.training import Diverged

UNITS, BATCH, EPOCHS = 256, 64, 10
LONGER = {("He", 22): 20, ("Xavier", 22): 20}                  # where it is the question whether both arrive
FIXED = partial(initializers.normal, std=0.01)
STARTS = {"He": initializers.he_normal, "Xavier": initializers.lecun_normal, "N(0, 0.01²)": FIXED,
          "Xavier, layer 1 larger": initializers.lecun_normal}
# depth: learning rates; what is drawn smaller may need a larger one
SGD = {"He": {3: [0.003, 0.01, 0.03, 0.1], 6: [0.003, 0.01, 0.03, 0.1], 14: [0.003, 0.01, 0.03],
              22: [0.001, 0.003, 0.01], 30: [0.001, 0.003, 0.01]},
       "Xavier": {3: [0.003, 0.01, 0.03, 0.1], 6: [0.003, 0.01, 0.03, 0.1], 14: [0.003, 0.01, 0.03],
                  22: [0.003, 0.01, 0.03], 30: [0.003, 0.01, 0.03, 0.1, 0.3]},
       "N(0, 0.01²)": {3: [0.01, 0.03, 0.1, 0.3], 6: [0.01, 0.03, 0.1, 0.3]},
       "Xavier, layer 1 larger": {30: [0.0005, 0.0015, 0.005]}}
ADAM = {"He": {30: [0.0001, 0.0003, 0.001]}, "Xavier": {30: [0.0001, 0.0003, 0.001]}}
GRID = [{"optimizer": optimizer, "depth": depth, "start": start, "rate": rate}
        for optimizer, by_start in (("SGD", SGD), ("Adam", ADAM)) for start, by_depth in by_start.items()
        for depth, rates in by_depth.items() for rate in rates]
SEEDS = range(5)


def built(depth, start, seed):
    init = STARTS[start]
    first = partial(initializers.variance_scaling, scale=2.0**depth) if start.endswith("larger") else init
    return mn.mlp([784, *[UNITS] * (depth - 1), 10], activation=activations.relu, init=[first, *[init] * (depth - 1)],
                  rng=seed)


def trained(net, optimizer, rate, seed, epochs):
    """The records of the epochs, as far as the run went."""
    chosen = optimizers.Adam(rate) if optimizer == "Adam" else optimizers.SGD(rate, momentum=0.9)
    mnist, found = datasets.mnist_5k(), []
    try:
        for record in mn.train(net, mnist.train, loss=losses.softmax_cross_entropy, optimizer=chosen, epochs=epochs,
                               batch_size=BATCH, rng=seed, validation=mnist.test):
            found.append(record)
    except Diverged:
        pass
    return found


def cell(*, optimizer, depth, start, rate, seed):
    epochs = LONGER.get((start, depth), EPOCHS)
    records = trained(built(depth, start, seed), optimizer, rate, seed, epochs)
    rows = [{"epoch": record.epoch, "loss": record.loss, "train_accuracy": record.accuracy,
             "test_error": 1 - record.validation_accuracy} for record in records]
    # a run that diverged says nothing more: no loss, and the errors of a guess
    return rows + [{"epoch": epoch, "loss": None, "train_accuracy": 0.1, "test_error": 0.9}
                   for epoch in range(len(rows) + 1, epochs + 1)]
