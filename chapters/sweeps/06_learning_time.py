"""Deep linear networks on the whitened digits: steps of gradient descent until 99% are learned, by depth and start.

The inputs are the digits in their principal components, white: xᵀx/n = I. Then, with y one-hot and centred, the loss is
½‖W₁ ⋯ W_L − T‖² and a constant, with T = xᵀy/n, and descent on all examples is descent on that. `steps` is the number
after which it is below 1% of ½‖T‖², which an answer of 0 would cost, at the best of 16 learning rates (`rate`), LIMIT
where no rate gets there in time. All hidden layers have 64 units.
"""

import numpy as np

from minnet import datasets, initializers

LIMIT = 2_000
RATES = np.geomspace(1e-3, 10, 16)
STARTS = {"orthogonal": initializers.orthogonal, "Gaussian": initializers.lecun_normal}
GRID = {"start": list(STARTS), "layers": [2, 4, 8, 16, 32, 64]}
SEEDS = range(5)


def target():
    """T = xᵀy/n (k, 10) for the white components x (n, k) of the digits and centred one-hot labels y."""
    x, y = datasets.digits().train
    u, s, _ = np.linalg.svd(x.astype(np.float64) - x.mean(axis=0, dtype=np.float64), full_matrices=False)
    white = u[:, s > 1e-6 * s[0]] * np.sqrt(len(x))
    labels = np.eye(10)[y]
    return white.T @ (labels - labels.mean(axis=0)) / len(x)


def drawn(start, layers, k, seed):
    """The weights W₁ (k, 64), …, W_L (64, 10), each from a child of the seed's generator."""
    sizes = [k] + [64] * (layers - 1) + [10]
    return [STARTS[start](rng, (sizes[i], sizes[i + 1]))
            for i, rng in enumerate(np.random.default_rng(seed).spawn(layers))]


def steps_to(weights, T, rate, limit, part=0.01):
    """How many steps take ½‖W₁ ⋯ W_L − T‖² to `part` of ½‖T‖²; `limit` where it takes as many or more."""
    W, L, first = [w.copy() for w in weights], len(weights), None
    for step in range(limit):
        before = [np.eye(len(W[0]))]                        # before[l] = W₁ ⋯ W_l
        for w in W:
            before.append(before[-1] @ w)
        error = before[-1] - T
        value = 0.5 * float((error**2).sum())
        first = value if first is None else first
        if value <= part * 0.5 * (T**2).sum():
            return step
        if not value <= 100 * first:                        # diverging, or NaN already
            return limit
        back = error                                        # error · (W_{l+1} ⋯ W_L)ᵀ
        for k in reversed(range(L)):
            gradient = before[k].T @ back
            back = back @ W[k].T
            W[k] = W[k] - rate * gradient
    return limit


def cell(*, start, layers, seed):
    T = target()
    weights = drawn(start, layers, len(T), seed)
    best, best_rate = LIMIT, 0.0
    with np.errstate(all="ignore"):
        for rate in RATES[::-1]:                            # no rate need go on for longer than the best so far
            steps = steps_to(weights, T, rate, best)
            if steps < best:
                best, best_rate = steps, float(rate)
    return {"steps": best, "rate": best_rate}
