"""ReLU against PReLU on MNIST-5k: what the nets come to, and the slopes that they learn in each layer.

Layers of 256 units, pixels in [0, 1], SGD with momentum 0.9 in batches of 64; weights drawn by He's formula for the
slope in question, ½ (1 + a²) fan_in Var[W] = 1. PReLU has one slope a layer ("channel-shared"), which starts at 0.25
and gets no weight decay (He, Zhang, Ren & Sun 2015).
"""

from functools import partial
from itertools import pairwise

import minnet as mn
from minnet import activations, datasets, initializers, layers, losses, optimizers
from minnet.training import Diverged

UNITS, BATCH, EPOCHS, SLOPE = 256, 64, 10, 0.25
GRID = {"depth": [8, 22], "unit": ["ReLU", "PReLU"], "rate": [0.001, 0.003, 0.01, 0.03]}
SEEDS = range(5)


def built(depth, unit, seed):
    """A net of `depth` weight matrices, the last layer linear."""
    init = partial(initializers.he_normal, negative_slope=SLOPE if unit == "PReLU" else 0.0)
    stack = []
    for fan_in, fan_out in pairwise([784, *[UNITS] * (depth - 1)]):
        nonlinear = layers.PReLU(1, SLOPE) if unit == "PReLU" else layers.Activation(activations.relu)
        stack += [mn.Dense(fan_in, fan_out, init=init), nonlinear]
    return mn.Network([*stack, mn.Dense(UNITS, 10, init=init)], rng=seed)


def cell(*, depth, unit, rate, seed):
    mnist, net = datasets.mnist_5k(), built(depth, unit, seed)
    try:
        record = mn.fit(net, mnist.train, loss=losses.softmax_cross_entropy,
                        optimizer=optimizers.SGD(rate, momentum=0.9), epochs=EPOCHS, batch_size=BATCH, rng=seed,
                        validation=mnist.test, progress=False)[-1]
        found = {"loss": record.loss, "test_error": 1 - record.validation_accuracy}
    except Diverged:
        found = {"loss": None, "test_error": 0.9}
    slopes = [float(layer.slope[0]) for layer in net.layers if isinstance(layer, layers.PReLU)]
    return [found | {"layer": k, "slope": slope} for k, slope in enumerate(slopes or [0.0], start=1)]
