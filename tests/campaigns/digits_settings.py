"""How the settings for the digits were chosen, within the training part alone.

    python -m tests.campaigns.digits_settings

Five folds that leave whole writers out (the training rows stand in blocks by writer), several seeds; the mean held-out
accuracy of each candidate, and of scikit-learn's MLPClassifier((128, 128)) where it is installed. Of the candidates
that the folds cannot tell from the best (two standard errors of the difference), the README's is the simplest. The
test part is not looked at. About two minutes.
"""

import argparse
import warnings
from collections.abc import Callable
from functools import partial
from itertools import pairwise

import numpy as np
from tqdm import tqdm

from minnet import activations, datasets, fit, initializers, losses, mlp, optimizers

WRITERS = [0, 256, 516, 776, 1029, 1287]          # each between two blocks of rows by one writer
Fold = tuple[datasets.Data, datasets.Data]


def folds() -> list[Fold]:
    x, y = datasets.digits().train
    rows = np.arange(len(x))
    masks = [(first <= rows) & (rows < last) for first, last in pairwise(WRITERS)]
    return [((x[~mask], y[~mask]), (x[mask], y[mask])) for mask in masks]


def trained(optimizer: optimizers.Optimizer, epochs: int, batch_size: int, anneal: bool,
            activation: activations.Activation = activations.relu,
            init: initializers.Initializer = initializers.he_normal) -> Callable[[Fold, int], float]:
    def score(fold: Fold, seed: int) -> float:
        train, (x, y) = fold
        steps = epochs * -(-len(train[0]) // batch_size)
        net = mlp([64, 128, 128, 10], activation=activation, init=init, rng=seed)
        fit(net, train, loss=losses.softmax_cross_entropy, optimizer=optimizer, epochs=epochs, batch_size=batch_size,
            rng=seed, progress=False,
            schedule=partial(optimizers.cosine, steps=steps) if anneal else optimizers.constant)
        return float((net(x).argmax(axis=1) == y).mean())

    return score


def scikit_learn(fold: Fold, seed: int) -> float:
    from sklearn.neural_network import MLPClassifier

    train, held_out = fold
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")            # it warns where its 200 iterations end before it has converged
        return float(MLPClassifier((128, 128), random_state=seed).fit(*train).score(*held_out))


CANDIDATES = {
    "SGD 0.1, 20 epochs (README)": trained(optimizers.SGD(0.1, momentum=0.9), 20, 64, False),
    "SGD 0.1, 50 epochs, cosine": trained(optimizers.SGD(0.1, momentum=0.9), 50, 64, True),
    "SGD 0.02, 50 epochs, cosine": trained(optimizers.SGD(0.02, momentum=0.9), 50, 64, True),
    "Adam 1e-3, 50 epochs, cosine": trained(optimizers.Adam(1e-3), 50, 32, True),
    "AdamW 1e-3, decay 0.1": trained(optimizers.AdamW(1e-3, weight_decay=0.1), 50, 32, True),
    "AdamW 2e-3, decay 0.5": trained(optimizers.AdamW(2e-3, weight_decay=0.5), 30, 32, True),
    "AdamW 2e-3, decay 0.5, tanh": trained(optimizers.AdamW(2e-3, weight_decay=0.5), 30, 32, True, activations.tanh,
                                           initializers.glorot_uniform),
    "AdamW 2e-3, decay 0.5, SELU": trained(optimizers.AdamW(2e-3, weight_decay=0.5), 30, 32, True, activations.selu,
                                           initializers.lecun_normal),
    "scikit-learn, defaults": scikit_learn,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=4)
    options = parser.parse_args()
    for name, score in CANDIDATES.items():
        try:
            means = [np.mean([score(fold, seed) for fold in folds()])
                     for seed in tqdm(range(options.seeds), desc=name, leave=False, disable=None)]
        except ImportError:
            print(f"{name:32} not installed")
            continue
        print(f"{name:32} {np.mean(means):.4f} ± {np.std(means, ddof=1) / np.sqrt(len(means)):.4f}", flush=True)


if __name__ == "__main__":
    main()
