"""SELU nets and their rivals on MNIST-5k: training loss by epoch, test error, the layers' variances afterwards.

After Figure 1 of Klambauer and others (2017): the inputs are standardised, layers are of equal width, plain SGD with
batches of 128; ReLU + BatchNorm normalizes after the ReLU, as their code does. Widths are 128 here, where they take the
number of inputs. The five learning rates are the same for every net; 0.00128 is their 1e-5, whose loss is a sum over
the batch. `scale` is the variance of the weights times fan_in.
"""

from functools import partial

import numpy as np

import minnet as mn
from minnet import activations, datasets, initializers, layers, losses, optimizers, training

WIDTH, EPOCHS, BATCH, RATES = 128, 10, 128, [0.00128, 0.005, 0.02, 0.08, 0.32]
# name: activation, scale, whether there is BatchNorm
NETS = {"SELU": (activations.selu, 1.0, False), "SELU, scale 9/16": (activations.selu, 9 / 16, False),
        "SELU, scale 2": (activations.selu, 2.0, False), "SELU, scale 1/3": (activations.selu, 1 / 3, False),
        "ReLU + BatchNorm": (activations.relu, 2.0, True), "ReLU": (activations.relu, 2.0, False),
        "tanh": (activations.tanh, 1.0, False), "SELU + BatchNorm": (activations.selu, 1.0, True)}
GRID = [{"net": net, "depth": depth, "rate": rate}
        for depth in (32, 16, 8) for net in (NETS if depth == 32 else ("SELU", "ReLU + BatchNorm")) for rate in RATES]
SEEDS = range(5)


def built(net, depth, seed, width=WIDTH, fan_in=784):
    """`depth` hidden layers of a kind, and a linear output drawn by 1/fan_in."""
    activation, scale, normalized = NETS[net]
    init = partial(initializers.variance_scaling, scale=scale, mode="fan_in", distribution="normal")
    stack = []
    for k in range(depth):
        stack.append(mn.Dense(width if k else fan_in, width, activation, init))
        stack += [layers.BatchNorm(width)] if normalized else []
    return mn.Network([*stack, mn.Dense(width, 10, init=initializers.lecun_normal)], rng=seed)


def trained(net, data, rate, seed, epochs=EPOCHS):
    return mn.fit(net, data, loss=losses.softmax_cross_entropy, optimizer=optimizers.SGD(rate), epochs=epochs,
                  batch_size=BATCH, rng=seed, progress=False)


def spread(net, x):
    """The least and the largest variance of a in any hidden layer, and the mean over its units of Σ w²."""
    variances, taus = [], []
    for layer in net.layers[:-1]:
        x = layer(x)
        variances.append(float(x.var(dtype=float)))
        taus.append(float(np.square(layer.W, dtype=float).sum(axis=0).mean()))
    return {"least": min(variances), "largest": max(variances), "tau": float(np.mean(taus[1:]))}


def cell(*, net, depth, rate, seed):
    data, test = datasets.standardized(datasets.mnist_5k())
    model = built(net, depth, seed)
    try:
        history = trained(model, data, rate, seed)
    except training.Diverged:
        return [{"epoch": EPOCHS, "diverged": True}]
    rows = [{"epoch": record.epoch, "loss": float(f"{record.loss:.5g}")} for record in history]
    rows[-1] |= {"test_error": float((model(test[0]).argmax(axis=1) != test[1]).mean())}
    rows[-1] |= spread(model, data[0][:1000]) if net == "SELU" else {}
    return rows
