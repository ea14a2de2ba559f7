"""The loss C of a batch and its gradient at the outputs.

    value, dz = loss(z, y)           z (n, k) the network's linear outputs, dz = ∂C/∂z (n, k), value a float

One convention throughout: C is the mean over the n examples of the *sum* over the k outputs. Each canonical pair of
output function and loss then has the same gradient, δ = (p − y)/n, p the prediction: the derivative of the output
function cancels against the loss, so that a confidently wrong unit still learns. This is why the last layer of a
network here is linear and the output function is part of the loss. `mean_squared_error` is the exception that the other
frameworks have.

Weights (n,) of the examples are a third argument, `loss(z, y, weights)`: C = (1/n) Σ_i w_i C_i, C_i the loss of example
i. The divisor is n and not Σ w: n is the same for every batch, Σ w is not, so that the average of the batches'
gradients is the gradient of all data. An example of weight 2 counts as if it were there twice, without changing n.
Training takes them as data = (x, y, weights). Weights of classes are those of their examples: `class_weights[y]`, or
`balanced_weights(y)`.

A loss of your own is any function loss(z, y) that leaves z and y as they are, or loss(z, y, weights=None) to train with
weights. The functions raise TypeError or ValueError where y or weights do not fit z. Those of this module carry two
attributes: `loss.check(z, y)`, by which training checks all of y before the first step, and `loss.output_function`,
which turns outputs z into the prediction p.
"""

# numpy types what a ufunc returns as Any:
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import numpy as np

from minnet import activations, checks
from minnet.activations import softmax
from minnet.arrays import sum_of_rows
from minnet.checks import conversion

Loss = Callable[[np.ndarray, np.ndarray], tuple[float, np.ndarray]]
L = TypeVar("L", bound=Loss)


def _carries(check: Callable[[np.ndarray, Any], np.ndarray],
          output_function: Callable[[np.ndarray], np.ndarray]) -> Callable[[L], L]:
    """Attach to a loss the check of its targets and its output function."""
    def attach(loss: L) -> L:
        vars(loss).update(check=check, output_function=output_function)
        return loss
    return attach


_EMPTY = "expected at least one example and one output, got z of shape {}: the mean over none is not defined"


# What y must be ----------------------------------------------------------------------------------------------
# Only the shape and dtype of z count. Each returns y as the formulas need it.

def labels(z: np.ndarray, y: Any) -> np.ndarray:
    """y (n,) as class labels 0 … K−1 for z (n, K)."""
    _check_floats(z)
    (n, k), y = z.shape, checks.array("y", y)
    if k == 1:
        raise ValueError("softmax over 1 output is always 1 and learns nothing: use sigmoid_cross_entropy, or an "
                         "output for each class")
    if not n:
        raise ValueError(_EMPTY.format(z.shape))
    if y.shape != (n,) or y.dtype.kind not in ("iub" if k == 2 else "iu"):      # True and False name two classes
        raise conversion.label_error(y, n, k)
    found = y.astype(np.intp, copy=False)
    if np.maximum.reduce(found.view(np.uintp), initial=0) >= k:    # read as unsigned, a negative number is a huge one
        raise conversion.range_error(y, k)
    return found


def targets(z: np.ndarray, y: Any) -> np.ndarray:
    """y (n, k) as real numbers in z's dtype."""
    _check_floats(z)
    y = checks.array("y", y)
    if y.shape != z.shape:
        raise conversion.target_error(y, *z.shape)
    if not z.size:
        raise ValueError(_EMPTY.format(z.shape))
    return checks.real_array("targets y", y, z.dtype)


def probabilities(z: np.ndarray, y: Any) -> np.ndarray:
    """y (n, k) in [0, 1], or 0 or 1, True or False (n,), for k = 1."""
    y = checks.array("y", y)
    if y.shape == (len(z),) and z.shape[1] == 1:
        if y.dtype.kind not in "iub":
            raise conversion.yes_or_no_error(y)
        y = y[:, None]
    y = targets(z, y)
    if y.size and (y.min() < 0 or y.max() > 1):
        raise conversion.probability_error(y)
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


@_carries(labels, softmax)
def softmax_cross_entropy(z: np.ndarray, y: np.ndarray, weights: np.ndarray | None = None) -> tuple[float, np.ndarray]:
    """C = −(1/n) Σ_i ln p_i,y_i with p = softmax(z): K classes, one of them true.

    z (n, K), y integers (n,) in 0 … K−1, or False and True for K = 2. From ln p_y = z_y − ln Σ_j e^{z_j}:

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
    value = float(np.add.reduce(_weighted(np.log(total) - z.take(true), weights))) / n
    e /= n * total                           # p/n
    e.reshape(-1)[true] -= 1 / n             # reshape gives a view of e, so e changes
    return value, _weighted(e.T, weights)


@_carries(probabilities, activations.sigmoid.f)
def sigmoid_cross_entropy(z: np.ndarray, y: np.ndarray, weights: np.ndarray | None = None) -> tuple[float, np.ndarray]:
    """C = −(1/n) Σ_i Σ_k [y ln p + (1 − y) ln(1 − p)] with p = σ(z): k independent yes-or-no questions.

    z (n, k), y (n, k) in [0, 1] (probabilities or pixels), or 0 or 1, False or True (n,), for k = 1. Written in z the
    loss is ln(1 + e^z) − y z per output, finite for every z, and its derivative is σ(z) − y:

        ∂C/∂z = (p − y)/n:   dC/dp = (p − y)/(p(1 − p)), and σ′(z) = p(1 − p) cancels the denominator.

    Predict with activations.sigmoid(net(x)), or net(x) > 0; training counts an accuracy where y are labels.
    PyTorch: k · F.binary_cross_entropy_with_logits(z, y), whose mean runs over all n · k entries.
    """
    y = probabilities(z, y)
    n = len(z)
    e = np.exp(-np.abs(z))                   # ln(1 + e^z) = max(z, 0) + ln(1 + e^{−|z|}) keeps the small digits
    value = float(np.sum(_weighted(z.clip(0, math.inf) - y * z + np.log1p(e), weights))) / n
    p = np.maximum(e, z >= 0) / (1 + e)      # σ(z) = 1/(1 + e) for z ≥ 0, e/(1 + e) below: nothing overflows
    return value, _weighted(p - y, weights) / n


@_carries(targets, activations.identity.f)
def squared_error(z: np.ndarray, y: np.ndarray, weights: np.ndarray | None = None) -> tuple[float, np.ndarray]:
    """C = (1/n) Σ_i ½‖z_i − y_i‖²: real-valued targets, p = z.

    z and y (n, k), real. ∂C/∂z = (z − y)/n: the ½ cancels the 2. Minus the log likelihood of y ~ N(z, 1), up to a
    constant. PyTorch: k/2 · F.mse_loss(z, y).
    """
    difference, n = z - targets(z, y), len(z)
    weighted_difference = _weighted(difference, weights)
    return 0.5 * float(np.vdot(difference, weighted_difference)) / n, weighted_difference / n


@_carries(targets, activations.identity.f)
def mean_squared_error(z: np.ndarray, y: np.ndarray, weights: np.ndarray | None = None) -> tuple[float, np.ndarray]:
    """C = (1/nk) Σ_i ‖z_i − y_i‖²: the mean over all entries, as PyTorch and Keras have it.

    z and y (n, k), real. ∂C/∂z = 2(z − y)/(nk): 2/k times that of `squared_error`, so a learning rate that suits
    one is not right for the other. PyTorch: F.mse_loss(z, y), factor 1.
    """
    difference = z - targets(z, y)
    weighted_difference = _weighted(difference, weights)
    return float(np.vdot(difference, weighted_difference)) / z.size, weighted_difference * (2 / z.size)


# Weights of the examples -------------------------------------------------------------------------------------------

def _weighted(rows: np.ndarray, weights: Any) -> np.ndarray:
    """w_i · rows[i] for rows (n,) or (n, k); the rows themselves without weights."""
    if weights is None:
        return rows
    return (rows.T * checked_weights(len(rows), weights, rows.dtype)).T


def checked_weights(n: int, weights: Any, dtype: np.dtype[Any]) -> np.ndarray:
    """The weights of n examples, (n,) in `dtype`. Raises TypeError or ValueError unless they are finite and ≥ 0."""
    w = checks.real_array("weights", weights, dtype)
    if w.shape != (n,):
        column = ": a column becomes a vector with np.ravel(weights)" if w.shape == (n, 1) else ""
        raise ValueError(f"expected weights of shape ({n},), one per example, got {w.shape}{column}")
    if w.size and w.min() < 0:
        raise ValueError(f"expected weights ≥ 0, got {w.min():g}: training would maximize the loss of this example")
    return w


def weighted(loss: Callable[..., tuple[float, np.ndarray]], weights: np.ndarray) -> Loss:
    """The loss of one batch with weights (n,): weighted(loss, w)(z, y) is loss(z, y, weights=w).

    For `net.gradient(x, y, weighted(loss, w))`. Its attributes are `weights` and the loss' `output_function`.
    """
    of_batch: Any = partial(loss, weights=weights)
    of_batch.weights, of_batch.output_function = weights, getattr(loss, "output_function", None)
    return of_batch


def balanced_weights(y: Any) -> np.ndarray:
    """w_i = n/(K n_k) for an example of class k, (n,): every class gets the same share n/K of the total weight n.

    y (n,) are labels of any kind, K the number of different ones, n_k how many examples have label k. A rare class then
    counts as much as a frequent one, and predicted probabilities are those of balanced classes: the network says "rare"
    more often than it is. King & Zeng 2001; scikit-learn: compute_sample_weight("balanced", y). Raises ValueError where
    y is no vector.
    """
    labels_of_all = np.asarray(checks.unmasked("y", y))
    if labels_of_all.ndim != 1 or not len(labels_of_all):
        raise ValueError(f"expected labels y of shape (n,), one per example, got {labels_of_all.shape}")
    _, which, counts = np.unique(labels_of_all, return_inverse=True, return_counts=True)
    share: np.ndarray = len(which) / (len(counts) * counts[which])
    return share


# How often the prediction is right -----------------------------------------------------------------------------

def accuracy(z: np.ndarray, y: np.ndarray, loss: Loss | None = None) -> float | None:
    """The share of right predictions, the mean of `hits`. NaN where an output is NaN, None where `hits` is None.

    - y (n,) labels, z (n, K): rows whose largest output is the label; for K = 1, rows where z > 0 agrees with y.
    - y (n, k) integers, 0 or 1, the answers to k yes-or-no questions: *entries* where z > 0 agrees with y, as the loss
      too is a sum over questions. For k = 1 it is the line above. The share of rows in which every answer is right
      tends to 0 as k grows: with 95% right answers to 50 questions it is .95⁵⁰ = 8%. It is
      `(net.predict(x) == y).all(axis=1).mean()`, and what scikit-learn's accuracy_score returns.

    Examples count alike, whatever their weights in the loss. Raises ValueError for labels of another shape.
    """
    right = hits(z, y, loss)
    if right is None:
        return None
    return math.nan if np.isnan(z).any() else float(right.mean())


def hits(z: np.ndarray | None, y: np.ndarray, loss: Loss | None = None) -> np.ndarray | None:
    """Which predictions are right: (n,) bool for labels y (n,), (n, k) for y (n, k) of integers 0 or 1, or of bool.

    None where z is not known or y holds no classes. Integers y (n, k) count as yes-or-no answers only
    for a `loss` whose output function is σ; otherwise they are the values of a regression.
    """
    y = checks.array("y", y)
    if z is None or y.dtype.kind not in "iub":
        return None
    if y.ndim == 1 and len(y) == len(z):
        return (z.argmax(axis=1) if z.shape[1] > 1 else z[:, 0] > 0) == y
    if y.ndim != 1:
        questions = loss is None or getattr(loss, "output_function", None) is activations.sigmoid.f
        if not questions or y.min(initial=0) < 0 or y.max(initial=1) > 1:
            return None
    if y.shape != z.shape:
        raise ValueError(f"expected labels y of shape ({len(z)},), one for each row of z, or {z.shape}, one for each "
                         f"output, got {y.shape}")
    return (z > 0) == y
