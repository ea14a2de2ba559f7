"""Three layers pretrained once for each seed, as in 09_pretraining, and what fine-tuning makes of them.

`learned`: the stack, and its first layer alone, at the learning rates of 09_rates, since a random start at its best
rate is to be compared with a stack at its best. And size or content, at a rate of 0.1: the same stack after its entries
were `shuffled` within each W and each b (all sizes stay, what was learned is lost), and `normal` weights of each
layer's variance, with b = 0.
"""

from functools import partial

import numpy as np

import minnet as mn
from minnet import activations, datasets, initializers, losses, optimizers, pretraining

UNITS, BATCH, RATE, EPOCHS_A_LAYER = 400, 20, 0.1, 10
EPOCHS = {500: 60, 4000: 20}
RATES = [0.3, 1, 3]
GRID = {"layers": [3]}
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


def stacked(layers, seed):
    """W and b of each layer, learned without labels."""
    net = drawn(layers, seed)
    pretraining.greedy_pretrain(net, datasets.mnist_5k().train[0], optimizer=optimizers.SGD(RATE), batch_size=BATCH,
                                epochs=EPOCHS_A_LAYER, rng=seed, corruption=partial(pretraining.masking, rate=0.25),
                                progress=False)
    return [(layer.W.copy(), layer.b.copy()) for layer in net.layers[:layers]]


def tuned(weights, labels, rate, seed):
    """Test error and training loss of a net that starts with these W and b, and a classifier drawn by the seed."""
    net, (data, (x, y)) = drawn(len(weights), seed), labelled(labels, seed)
    for layer, (W, b) in zip(net.layers[:-1], weights, strict=True):
        layer.W, layer.b = W, b
    history = mn.fit(net, data, loss=losses.softmax_cross_entropy, optimizer=optimizers.SGD(rate), batch_size=BATCH,
                     epochs=EPOCHS[labels], rng=seed, progress=False)
    return {"depth": len(weights), "labels": labels, "rate": rate, "train_loss": float(history.loss[-1]),
            "test_error": float((net(x).argmax(axis=1) != y).mean())}


def cell(*, layers, seed):
    learned, rng = stacked(layers, seed), np.random.default_rng([seed, 9])
    rows = [{"start": "learned", **tuned(learned[:depth], labels, rate, seed)}
            for depth in (1, layers) for labels in EPOCHS for rate in RATES]
    shuffled = [(rng.permuted(W.ravel()).reshape(W.shape), rng.permutation(b)) for W, b in learned]
    normal = [(rng.normal(0, W.std(), W.shape), np.zeros_like(b)) for W, b in learned]
    for start, weights in {"learned": learned, "shuffled": shuffled, "normal": normal}.items():
        rows.append({"start": start, **tuned(weights, 500, RATE, seed)})
    return rows
