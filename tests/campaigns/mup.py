"""The best learning rate against the width, without and with μP: python -m tests.campaigns.mup

Three hidden layers of ReLU on the digits, three epochs, batches of 32, Adam; loss on the training data at the rates
2⁻¹¹ … 2⁻⁴, mean of three seeds. One minute on one core.
"""

import numpy as np

from minnet import Diverged, datasets, fit, losses, mlp, mup, optimizers
from minnet.activations import relu
from minnet.initializers import he_normal, lecun_normal, mup_output

EXPONENTS, BASE = range(-11, -3), 32
LOSS = losses.softmax_cross_entropy


def trained_loss(width: int, exponent: int, with_mup: bool, seed: int) -> float:
    x, y = datasets.digits().train
    net = mlp([64, width, width, width, 10], activation=relu, init=he_normal, rng=seed,
              output_init=mup_output(base_width=BASE) if with_mup else lecun_normal)
    adam = optimizers.Adam(2.0**exponent)
    optimizer = mup.optimizer(net, adam, base_width=BASE) if with_mup else adam
    try:
        fit(net, (x, y), loss=LOSS, optimizer=optimizer, epochs=3, rng=seed, progress=False)
    except Diverged:
        return np.inf
    return net.evaluate((x, y), LOSS).loss


def main() -> None:
    print(f"{'':8}{'width':>6}{'best':>6}" + "".join(f"{f'2^{k}':>8}" for k in EXPONENTS))
    for with_mup in (False, True):
        for width in (32, 128, 512):
            means = [np.mean([trained_loss(width, k, with_mup, seed) for seed in range(3)]) for k in EXPONENTS]
            print(f"{'μP' if with_mup else 'standard':8}{width:6}{f'2^{EXPONENTS[int(np.argmin(means))]}':>6}"
                  + "".join(f"{value:8.3f}" for value in means), flush=True)


if __name__ == "__main__":
    main()
