"""The loss against learning rate and width, with the standard scaling of rates and with μP: digits, Adam, three epochs.

Three hidden layers of ReLU, He's weights, batches of 32. "μP" is `mup.optimizer` and `mup_output` with base_width = 32:
at width 32 both are the same. `loss` is that of the whole training part after the last step; none where it diverged.
"""

import minnet as mn
from minnet import activations, datasets, initializers, losses, mup, optimizers
from minnet.experiments.runs import fit_until_diverged

EPOCHS, BASE = 3, 32
GRID = {"rates": ["standard", "μP"], "width": [32, 128, 512], "exponent": list(range(-11, -3))}
SEEDS = range(5)


def trained(rates, width, rate, seed, epochs=EPOCHS):
    """The loss after training; None where it diverged."""
    data = datasets.digits().train
    adam = optimizers.Adam(rate)
    output = initializers.mup_output(base_width=BASE) if rates == "μP" else initializers.lecun_normal
    net = mn.mlp([64, width, width, width, 10], activation=activations.relu, init=initializers.he_normal,
                 output_init=output, rng=seed)
    history = fit_until_diverged(net, data, loss=losses.softmax_cross_entropy, epochs=epochs, rng=seed,
                                 optimizer=mup.optimizer(net, adam, base_width=BASE) if rates == "μP" else adam)
    return None if history.diverged else float(net.evaluate(data, losses.softmax_cross_entropy).loss)


def cell(*, rates, width, exponent, seed):
    return {"loss": trained(rates, width, 2.0**exponent, seed)}
