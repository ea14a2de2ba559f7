"""Deep autoencoders 784-500-250-30-250-500-784 on MNIST-5k: squared error of images not seen, by start.

As in Hinton & Salakhutdinov (2006) an image is put into 30 linear codes and taken out again; the output is a sigmoid,
the loss a cross-entropy, and what is compared is the sum of squared differences of an image, on the test part. The
pretrained stack is unrolled and fine-tuned by Adam; a random start gets as many more epochs as pre-training costs, and
sigmoid units drawn at random a second learning rate.
"""

import math
from functools import partial
from itertools import pairwise

import numpy as np

import minnet as mn
from minnet import activations, datasets, initializers, losses, optimizers, pretraining

SIZES = [784, 500, 250, 30]
EPOCHS_A_LAYER, EPOCHS, BATCH = 10, 10, 20
ENCODER = [a * b for a, b in pairwise(SIZES)]
# five products for each weight and example in a layer's training; in the whole three for each of the two copies of a
# weight, but two in the first layer, which sends no gradient to the images
EXTRA = math.ceil(5 * sum(ENCODER) * EPOCHS_A_LAYER / (6 * sum(ENCODER) - ENCODER[0]))
STARTS = {"pretrained, sigmoid": activations.sigmoid, "Glorot, sigmoid": activations.sigmoid,
          "He, ReLU": activations.relu}
GRID = [{"start": start, "rate": 0.001} for start in STARTS] + [{"start": "Glorot, sigmoid", "rate": 0.003}]
SEEDS = range(5)


def stacked(seed, epochs=EPOCHS_A_LAYER):
    """The encoder, pretrained layer by layer, and its stack; linear codes get a tenth of the learning rate."""
    net = mn.mlp(SIZES, activation=activations.sigmoid, init=initializers.glorot_uniform, rng=seed)
    masked = partial(pretraining.masking, rate=0.1)
    stack = pretraining.greedy_pretrain(net, datasets.mnist_5k().train[0], layers=3, epochs=epochs, batch_size=BATCH,
                                        optimizer=[optimizers.SGD(0.1), optimizers.SGD(0.1), optimizers.SGD(0.01)],
                                        corruption=[masked, masked, None], rng=seed, progress=False)
    return net, stack


def at_random(start, seed):
    """The same architecture, drawn: linear codes and a linear output."""
    init = initializers.he_normal if start == "He, ReLU" else initializers.glorot_uniform
    sizes = SIZES + SIZES[-2::-1]
    linear = {len(SIZES) - 2, len(sizes) - 2}
    return mn.Network([mn.Dense(a, b, activations.identity if k in linear else STARTS[start],
                                initializers.glorot_uniform if k in linear else init)
                       for k, (a, b) in enumerate(pairwise(sizes))], rng=seed)


def tuned(deep, rate, epochs, seed):
    x = datasets.mnist_5k().train[0]
    return mn.fit(deep, (x, x), loss=losses.sigmoid_cross_entropy, optimizer=optimizers.Adam(rate), epochs=epochs,
                  batch_size=BATCH, rng=seed, progress=False)


def reconstructed(deep, x):
    return activations.sigmoid(deep(x))


def squared_error(x, y):
    """Sum over pixels, mean over images."""
    return float(np.square(x - y).sum(axis=1).mean())


def cell(*, start, rate, seed):
    (x, _), (held_out, _) = datasets.mnist_5k()
    if start.startswith("pretrained"):
        deep = pretraining.unrolled(*stacked(seed))
        before = squared_error(reconstructed(deep, held_out), held_out)
        tuned(deep, rate, EPOCHS, seed)
    else:
        deep = at_random(start, seed)
        before = squared_error(reconstructed(deep, held_out), held_out)
        tuned(deep, rate, EPOCHS + EXTRA, seed)
    return {"before": before, "train": squared_error(reconstructed(deep, x), x),
            "test": squared_error(reconstructed(deep, held_out), held_out)}
