"""Test errors on MNIST-5k of sigmoid nets that were pretrained: by kind, depth, learning rate, and number of labels.

Five layers of 400 units are pretrained greedily, ten epochs each, on all 4,000 images without labels. A net with one or
three hidden layers takes the first ones, since a layer does not depend on those above it. A classifier is drawn on top,
and the net is fine-tuned on the labels by SGD in batches of 20:

- pretrained: all of it, after denoising autoencoders whose inputs lose a quarter of their values;
- clean: all of it, after autoencoders that get whole inputs;
- frozen: the classifier alone, on top of the denoising autoencoders' layers;
- shuffled (500 labels): all of it, after the entries of each W and of each b were put in random order: all sizes
  stay, what was learned is lost;
- normal (500 labels): all of it, with Gaussian weights of each W's variance, and b = 0.
"""

from functools import partial

import numpy as np

import minnet as mn
from minnet import activations, datasets, initializers, losses, optimizers, pretraining

UNITS, BATCH, EPOCHS_A_LAYER = 400, 20, 10
EPOCHS = {500: 60, 4000: 20}
RATES = (0.1, 0.3, 1, 3)
GRID = {"labels": [500, 4000]}
SEEDS = range(5)


def labelled(count, seed):
    """`count` training examples, as many of each class, drawn by the seed; and the test part."""
    mnist = datasets.mnist_5k()
    x, y = mnist.train
    rng = np.random.default_rng([seed, count])
    rows = np.concatenate([rng.permutation(np.flatnonzero(y == k))[:count // 10] for k in range(10)])
    return (x[rows], y[rows]), mnist.test


def drawn(depth, seed):
    return mn.mlp([784, *[UNITS] * depth, 10], activation=activations.sigmoid, init=initializers.glorot_uniform,
                  rng=seed)


def stacked(rate, seed):
    """W and b of five layers, learned without labels from inputs that lose each value with a probability of `rate`."""
    net, corruption = drawn(5, seed), partial(pretraining.masking, rate=rate) if rate else None
    pretraining.greedy_pretrain(net, datasets.mnist_5k().train[0], optimizer=optimizers.SGD(0.1), batch_size=BATCH,
                                epochs=EPOCHS_A_LAYER, rng=seed, corruption=corruption, progress=False)
    return [(layer.W.copy(), layer.b.copy()) for layer in net.layers[:-1]]


def error(net, part):
    """The share of wrong answers."""
    return float((net(part[0]).argmax(axis=1) != part[1]).mean())


def tuned(weights, labels, rate, seed, frozen=False):
    """What becomes of a net that starts with these W and b, and a classifier drawn by the seed."""
    net, (data, test) = drawn(len(weights), seed), labelled(labels, seed)
    for layer, (W, b) in zip(net.layers[:-1], weights, strict=True):
        layer.W, layer.b = W, b
    history = mn.fit(net, data, loss=losses.softmax_cross_entropy, optimizer=optimizers.SGD(rate), batch_size=BATCH,
                     epochs=EPOCHS[labels], rng=seed, span=net.span(-1) if frozen else None, progress=False)
    return {"depth": len(weights), "rate": rate, "train_loss": float(history.loss[-1]),
            "train_error": error(net, data), "test_error": error(net, test)}


def cell(*, labels, seed):
    learned, rng = stacked(0.25, seed), np.random.default_rng([seed, 9])
    shuffled = [(rng.permuted(W.ravel()).reshape(W.shape), rng.permutation(b)) for W, b in learned]
    normal = [(rng.normal(0, W.std(), W.shape), np.zeros_like(b)) for W, b in learned]
    starts = {"pretrained": learned, "clean": stacked(0, seed), "frozen": learned}
    if labels == 500:
        starts |= {"shuffled": shuffled, "normal": normal}
    return [{"start": start, **tuned(weights[:depth], labels, rate, seed, frozen=start == "frozen")}
            for start, weights in starts.items() for depth in (1, 3, 5) for rate in RATES]
