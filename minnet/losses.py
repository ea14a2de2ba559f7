"""The loss C of a batch and its gradient at the outputs.

    value, dz = loss(z, y)           z (n, k) the network's linear outputs, dz = ∂C/∂z (n, k), value a float

One convention throughout: C is the mean over the n examples of the *sum* over the k outputs. Each canonical pair of
output function and loss then has the same gradient, δ = (p − y)/n, p the prediction: the derivative of the output
function cancels against the loss, so that a confidently wrong unit still learns. This is why the last layer of a
network here is linear and the output function is part of the loss. `mean_squared_error` is the exception that the other
frameworks have.

A loss of your own is any function of this form. The functions raise TypeError or ValueError where y does not fit z.
Those of this module carry two attributes: `loss.check(z, y)`, by which training checks all of y before the first step,
and `loss.output_function`, which turns outputs z into the prediction p.
"""

# numpy types what a ufunc returns as Any:
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from minnet import activations, checks
from minnet.activations import softmax
from minnet.arrays import sum_of_rows

Loss = Callable[[np.ndarray, np.ndarray], tuple[float, np.ndarray]]


def _with(check: Callable[[np.ndarray, Any], np.ndarray],
          output_function: Callable[[np.ndarray], np.ndarray]) -> Callable[[Loss], Loss]:
    """Attach to a loss the check of its targets and its output function."""
    def attach(loss: Loss) -> Loss:
        vars(loss).update(check=check, output_function=output_function)
        return loss
    return attach


# What y must be ----------------------------------------------------------------------------------------------
# Only the shape and dtype of z count. Each returns y as the formulas need it.

def labels(z: np.ndarray, y: Any) -> np.ndarray:
    """y (n,) as class labels 0 … K−1 for z (n, K)."""
    _check_floats(z)
    (n, k), y = z.shape, np.asarray(checks.unmasked("y", y))
    if k == 1:
        raise ValueError("softmax over 1 output is always 1 and learns nothing: use sigmoid_cross_entropy, or an "
                         "output for each class")
    if y.dtype.kind not in "iu":
        raise TypeError(f"expected integer class labels y, got dtype {y.dtype}: convert with y.astype(int); if each "
                        "row is one-hot, use y.argmax(axis=1)")
    if y.shape != (n,):
        one_hot = ": one-hot rows become labels with y.argmax(axis=1)" if y.shape == (n, k) else ""
        raise ValueError(f"expected labels y of shape ({n},), one per example, got {y.shape}{one_hot}")
    found = y.astype(np.intp, copy=False)
    if np.maximum.reduce(found.view(np.uintp), initial=0) >= k:    # read as unsigned, a negative number is a huge one
        raise ValueError(f"expected labels in 0 … {k - 1} for {k} outputs, got {y.min()} … {y.max()}: number the "
                         "classes from 0, or widen the last layer")
    return found


def targets(z: np.ndarray, y: Any) -> np.ndarray:
    """y (n, k) as real numbers in z's dtype."""
    _check_floats(z)
    y = np.asarray(checks.unmasked("y", y))
    if y.shape != z.shape:
        hint = ": one column is y[:, None]" if y.shape == (len(z),) and z.shape[1] == 1 else ""
        raise ValueError(f"expected targets y of the outputs' shape {z.shape}, got {y.shape}{hint}")
    return checks.real_array("targets y", y, z.dtype)


def probabilities(z: np.ndarray, y: Any) -> np.ndarray:
    """y (n, k) in [0, 1], or integers (n,), 0 or 1, for k = 1."""
    y = np.asarray(checks.unmasked("y", y))
    if y.shape == (len(z),) and z.shape[1] == 1:
        if y.dtype.kind not in "iu":
            raise TypeError(f"expected labels y (n,) to be integers 0 or 1, got dtype {y.dtype}: convert with "
                            "y.astype(int), or pass probabilities as a column, y[:, None]")
        y = y[:, None]
    y = targets(z, y)
    if y.size and (y.min() < 0 or y.max() > 1):
        raise ValueError(f"expected y in [0, 1] (0 or 1 for labels), got {y.min():g} … {y.max():g}: rescale "
                         "targets, or use squared_error for real-valued ones")
    return y


def _check_floats(z: np.ndarray) -> None:
    """Integers would cut off targets such as 0.5, and a sum over 100,000 rows overflows in float16."""
    if z.dtype.kind != "f" or z.dtype.itemsize < 4:
        raise TypeError(f"expected outputs z in float32 or float64, got {z.dtype}: convert with z.astype(np.float32)")


# The losses --------------------------------------------------------------------------------------------------

def plain_softmax_cross_entropy(z: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """`softmax_cross_entropy` in the order of the formula; the tests hold both equal."""
    y, rows = labels(z, y), np.arange(len(z))
    z = z - z.max(axis=1, keepdims=True)                                    # p is unchanged, and no e^z overflows
    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))                # ln p_k = z_k − ln Σ_j e^{z_j}
    dz = np.exp(log_p)
    dz[rows, y] -= 1                                                        # p_k − [k = y]
    return float(-log_p[rows, y].mean()), dz / len(z)


@_with(labels, softmax)
def softmax_cross_entropy(z: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """C = −(1/n) Σ_i ln p_i,y_i with p = softmax(z): K classes, one of them true.

    z (n, K), y integers (n,) in 0 … K−1. From ln p_y = z_y − ln Σ_j e^{z_j}:

        ∂C/∂z_k = (p_k − [k = y])/n:   the derivative of −z_y gives −[k = y], that of ln Σ e^{z_j} gives p_k.

    A prediction at random costs ln K. Computed in an order that numpy runs fast; `plain_softmax_cross_entropy` is the
    same as written here. PyTorch: F.cross_entropy(z, y), factor 1. Bridle 1990.
    """
    n = len(z)
    true = labels(z, y) * n + np.arange(n)   # z[i, y_i], as a place in the flat transposed array
    z = z.T.copy()                           # (K, n): with few classes numpy is quicker along the examples
    z -= np.maximum.reduce(z, axis=0)        # p is unchanged, and no e^z overflows
    e = np.exp(z)
    total = sum_of_rows(e)                   # Σ_j e^{z_j}
    value = float(np.add.reduce(np.log(total) - z.take(true))) / n
    e /= n * total                           # p/n
    e.reshape(-1)[true] -= 1 / n
    return value, e.T


@_with(probabilities, activations.sigmoid.f)
def sigmoid_cross_entropy(z: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """C = −(1/n) Σ_i Σ_k [y ln p + (1 − y) ln(1 − p)] with p = σ(z): k independent yes-or-no questions.

    z (n, k), y (n, k) in [0, 1] (probabilities or pixels), or integers (n,), 0 or 1, for k = 1. Written in z the
    loss is ln(1 + e^z) − y z per output, finite for every z, and its derivative is σ(z) − y:

        ∂C/∂z = (p − y)/n:   dC/dp = (p − y)/(p(1 − p)), and σ′(z) = p(1 − p) cancels the denominator.

    Predict with activations.sigmoid(net(x)), or net(x) > 0; training counts an accuracy where y are integers (n,).
    PyTorch: k · F.binary_cross_entropy_with_logits(z, y), whose mean runs over all n · k entries.
    """
    y = probabilities(z, y)
    n = len(z)
    e = np.exp(-np.abs(z))                   # ln(1 + e^z) = max(z, 0) + ln(1 + e^{−|z|}) keeps the small digits
    value = float(np.sum(z.clip(0, math.inf) - y * z + np.log1p(e))) / n
    p = np.maximum(e, z >= 0) / (1 + e)      # σ(z) = 1/(1 + e) for z ≥ 0, e/(1 + e) below: nothing overflows
    return value, (p - y) / n


@_with(targets, activations.identity.f)
def squared_error(z: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """C = (1/n) Σ_i ½‖z_i − y_i‖²: real-valued targets, p = z.

    z and y (n, k), real. ∂C/∂z = (z − y)/n: the ½ cancels the 2. Minus the log likelihood of y ~ N(z, 1), up to a
    constant. PyTorch: k/2 · F.mse_loss(z, y).
    """
    difference = z - targets(z, y)
    n = len(z)
    return 0.5 * _sum_of_squares(difference) / n, difference / n


@_with(targets, activations.identity.f)
def mean_squared_error(z: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """C = (1/nk) Σ_i ‖z_i − y_i‖²: the mean over all entries, as PyTorch and Keras have it.

    z and y (n, k), real. ∂C/∂z = 2(z − y)/(nk): 2/k times that of `squared_error`, so a learning rate that suits
    one is not right for the other. PyTorch: F.mse_loss(z, y), factor 1.
    """
    difference = z - targets(z, y)
    return _sum_of_squares(difference) / z.size, difference * (2 / z.size)


def _sum_of_squares(d: np.ndarray) -> float:
    return float(np.vdot(d, d))


# How often the prediction is right -----------------------------------------------------------------------------

def accuracy(z: np.ndarray, y: np.ndarray) -> float | None:
    """The share of rows of z (n, k) whose largest output is the label y (n,); for k = 1, of z > 0 against y.

    None where y is not an integer vector: then there are no classes.
    """
    right = hits(z, y)
    return None if right is None else float(right.mean())


def hits(z: np.ndarray | None, y: np.ndarray) -> np.ndarray | None:
    """Which rows of z predict their label, (n,) bool; None where y is not an integer vector, or z is not known."""
    y = np.asarray(y)
    if z is None or y.ndim != 1 or y.dtype.kind not in "iu":
        return None
    return (z.argmax(axis=1) if z.shape[1] > 1 else z[:, 0] > 0) == y
