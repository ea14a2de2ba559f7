"""A hundred SELU layers on MNIST-5k, before and after training: mean, variance and gradient of each, for five inputs.

Layers have 128 units. The inputs are the standardised test images, shifted and scaled: m + s · x. Each row is a layer,
for one of them, before or after training by plain SGD with batches of 128; `delta` is the mean square of ∂C/∂z relative
to the output layer's.
"""

import numpy as np

import minnet as mn
from minnet import activations, datasets, initializers, losses, optimizers

WIDTH, DEPTH, EPOCHS, BATCH, RATE = 128, 100, 10, 128, 0.0025
INPUTS = {"as it is": (0, 1), "a third": (0, 1 / 3), "three times": (0, 3), "shifted by 1": (1, 1),
          "doubled, shifted by -2": (-2, 2)}
GRID = {"rate": [RATE]}
SEEDS = range(5)


def built(seed, depth=DEPTH):
    return mn.mlp([784, *[WIDTH] * depth, 10], activation=activations.selu, init=initializers.lecun_normal, rng=seed)


def trained(net, data, seed, epochs=EPOCHS, rate=RATE):
    return mn.fit(net, data, loss=losses.softmax_cross_entropy, optimizer=optimizers.SGD(rate), epochs=epochs,
                  batch_size=BATCH, rng=seed, progress=False)


def moments(net, x):
    """Mean and variance of every hidden layer's a, over units and examples."""
    found = []
    for layer in net.layers[:-1]:
        x = layer(x)
        found.append((x.mean(dtype=float), x.var(dtype=float)))
    return np.array(found).T


def gradients(net, x, y):
    """Mean square of δ in every layer, relative to the last."""
    net.gradient(x, y, losses.softmax_cross_entropy)
    squares = np.array([np.square(layer.delta, dtype=float).mean() for layer in net.layers])
    return squares / squares[-1]


def read(net, test, when):
    """A row for each input and layer."""
    x, y = test
    delta = gradients(net, x, y)
    rows = []
    for name, (m, s) in INPUTS.items():
        mean, variance = moments(net, (m + s * x).astype(np.float32))
        for k in range(DEPTH):
            found = {"mean": mean[k], "variance": variance[k]} | ({"delta": delta[k]} if name == "as it is" else {})
            rows.append({"when": when, "input": name, "layer": k + 1}
                        | {key: float(f"{value:.4g}") for key, value in found.items()})
    return rows


def cell(*, rate, seed):
    data, test = datasets.standardized(datasets.mnist_5k())
    net = built(seed)
    rows = read(net, test, "before")
    trained(net, data, seed, rate=rate)
    return rows + read(net, test, "after")
