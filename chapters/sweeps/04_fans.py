"""Which mean of the two fans? Hidden layers of 512 and 16 units in turn on MNIST-5k, by start and learning rate.

784-512-16-512-16-…-10, twelve hidden layers of tanh units, pixels in [0, 1]. The variance of a weight is 1/fan_in,
1/fan_out, 2/(fan_in + fan_out) as in Glorot & Bengio 2010, eq. 12, or 1/√(fan_in · fan_out); all are uniform. A net
that diverges knows nothing: the loss of a uniform guess.
"""

import math
from functools import partial

import numpy as np

import minnet as mn
from minnet import activations, datasets, initializers, losses, optimizers

SIZES, BATCH, EPOCHS = (784, *(512, 16) * 6, 10), 20, 8


def geometric(rng, shape):
    """U(−a, a) of variance 1/√(fan_in · fan_out)."""
    a = math.sqrt(3) / (shape[0] * shape[1]) ** 0.25
    return rng.uniform(-a, a, shape)


STARTS = {"fan_in": initializers.lecun_uniform,
          "fan_out": partial(initializers.variance_scaling, mode="fan_out", distribution="uniform"),
          "Glorot": initializers.glorot_uniform, "geometric": geometric}
GRID = {"start": list(STARTS), "rate": [0.01, 0.03, 0.1]}
SEEDS = range(5)


def cell(*, start, rate, seed):
    mnist = datasets.mnist_5k()
    net = mn.mlp(SIZES, activation=activations.tanh, init=STARTS[start], rng=seed)
    try:
        history = mn.fit(net, mnist.train, loss=losses.softmax_cross_entropy, optimizer=optimizers.SGD(rate),
                         epochs=EPOCHS, batch_size=BATCH, rng=seed, progress=False)
    except mn.training.Diverged:
        return {"loss_1": math.log(10), "loss": math.log(10), "test_error": 0.9, "diverged": True}
    wrong = net(mnist.test[0]).argmax(axis=1) != mnist.test[1]
    return {"loss_1": float(history.loss[0]), "loss": float(history.loss[-1]), "test_error": float(np.mean(wrong)),
            "diverged": False}
