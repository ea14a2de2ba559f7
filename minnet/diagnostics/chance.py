"""The reference of every diagnosis: the loss of the best constant output, which knows nothing of x.

    chance(loss, y, outputs=10)          the least C over all c, where every example gets the outputs z_i = c

A network has learned something only where its loss is below this number. It is the entropy of the class frequencies,
not ln K: where 4% of the labels are positive, a constant output costs 0.168, and a loss of 0.2 is no success.
"""

from __future__ import annotations

import math

import numpy as np

from minnet import losses
from minnet.network import Loss

SEARCH_STEPS = 300              # for a loss of unknown form


def chance(loss: Loss, y: np.ndarray, outputs: int) -> float | None:
    """The loss of the best constant output; y (n,) or (n, outputs). None where none can be found.

        softmax_cross_entropy   −Σ_k p_k ln p_k                           p_k: the frequency of class k
        sigmoid_cross_entropy   −Σ_k [p_k ln p_k + (1 − p_k) ln(1 − p_k)] p_k: the mean of y's column k
        squared_error           ½ Σ_k Var[y_k]
        mean_squared_error      the mean over k of Var[y_k]

    For another loss the minimum is searched by gradient descent.
    """
    y = np.asarray(y)
    if loss is losses.softmax_cross_entropy:
        return _entropy(np.bincount(y) / len(y))
    if loss is losses.sigmoid_cross_entropy:
        positive = y.reshape(len(y), -1).mean(axis=0, dtype=np.float64)
        return _entropy(positive) + _entropy(1 - positive)
    if loss is losses.squared_error:
        return 0.5 * float(y.var(axis=0, dtype=np.float64).sum())
    if loss is losses.mean_squared_error:
        return float(y.var(axis=0, dtype=np.float64).mean())
    return _searched(loss, y, outputs)


def _entropy(p: np.ndarray) -> float:
    return float(-sum(q * math.log(q) for q in p if q > 0))


def _searched(loss: Loss, y: np.ndarray, outputs: int) -> float | None:
    """Gradient descent on c with the step of Barzilai & Borwein 1988, s·s/s·d: s is the last step, d what it changed
    in the gradient. The least value met on the way is returned."""
    def value_and_gradient(c: np.ndarray) -> tuple[float, np.ndarray]:
        value, dz = loss(np.tile(c, (len(y), 1)), y)
        return float(value), np.asarray(dz).sum(axis=0)

    c = np.zeros(outputs)
    if y.shape == (len(y), outputs) and y.dtype.kind == "f":
        c = y.mean(axis=0, dtype=np.float64)
    try:
        value, gradient = value_and_gradient(c)
        best, rate = value, 1.0
        for _ in range(SEARCH_STEPS):
            step = -rate * gradient
            value, after = value_and_gradient(c + step)
            if not math.isfinite(value):
                rate /= 10
                continue
            best, change = min(best, value), after - gradient
            c, gradient = c + step, after
            rate = float(step @ step / abs(step @ change)) if abs(step @ change) > 0 else rate
    except (ArithmeticError, ValueError, TypeError, IndexError):
        return None                       # this loss does not take equal outputs
    return best if math.isfinite(best) else None
