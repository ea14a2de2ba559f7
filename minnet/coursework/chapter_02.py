"""The exercises of chapter 02: Symmetry."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np

from minnet.coursework.comparisons import NotDone
from minnet.coursework.exercises import Exercise, Function, Mistake, Observation, Wrong
from minnet.coursework.observations import outputs

Arrays = tuple[np.ndarray, ...]
Unit = tuple[np.ndarray, float, np.ndarray]
Pairs = list[tuple[int, int]]

# 02.1 Opposite twins -------------------------------------------------------------------------------------------------


def gradients_and_signs(rng: np.random.Generator) -> tuple[Any, ...]:
    """dW (n,), db and dV (k,) of unit i, and the signs s and t."""
    n, k = rng.integers(3, 8, 2)
    s, t = (int(sign) for sign in rng.choice([-1, 1], 2))
    return rng.normal(size=n), float(rng.normal()), rng.normal(size=k), s, t


def opposite(dW: np.ndarray, db: float, dV: np.ndarray, s: int, t: int) -> tuple[Any, ...]:
    """dW, db and dV of unit j, and the gradient of the difference W_j − s W_i, where a step moves them apart."""
    return t * dW, t * db, s * dV, (t - s) * dW


def signs(**changed: Callable[[int, int], int]) -> Any:
    """The right signs but for some of dW, db, dV, functions of s and t."""
    def function(dW: np.ndarray, db: float, dV: np.ndarray, s: int, t: int) -> tuple[Any, ...]:
        sign = {"dW": t, "db": t, "dV": s} | {name: change(s, t) for name, change in changed.items()}
        return sign["dW"] * dW, sign["db"] * db, sign["dV"] * dV, (sign["dW"] - s) * dW

    return function


OPPOSITE = Exercise("02.1", opposite, outputs("dW", "db", "dV", "apart", inputs=gradients_and_signs), (
    Mistake("all three are as those of unit i: follow the signs through the backward pass",
            signs(dW=lambda s, t: 1, db=lambda s, t: 1, dV=lambda s, t: 1)),
    Mistake("all three are the opposite of those of unit i, whatever s and t are",
            signs(dW=lambda s, t: -1, db=lambda s, t: -1, dV=lambda s, t: -1)),
    Mistake("the signs are exchanged: dW is made on the way back, so through which weights did δ come?",
            signs(dW=lambda s, t: s, db=lambda s, t: s, dV=lambda s, t: t)),
    Mistake("dW and db take both signs: is f′ odd too, if f is odd?",
            signs(dW=lambda s, t: s * t, db=lambda s, t: s * t)),
    Mistake("db has the sign of the bias: which sign has δ, of which it is the sum?", signs(db=lambda s, t: s)),
    Mistake("dW has the sign of the weights: which sign has δ?", signs(dW=lambda s, t: s)),
    Mistake("db is that of unit i: δ may have another sign", signs(db=lambda s, t: 1)),
    Mistake("dV has the sign of the outgoing weights: it is a product of a and the next layer's δ. Which of the two "
            "differs between the units?", signs(dV=lambda s, t: t)),
    Mistake("dV takes both signs: it is a product of a and the next layer's δ. Does the latter belong to a unit?",
            signs(dV=lambda s, t: s * t)),
    Mistake("apart compares with W_i, not with s W_i",
            lambda dW, db, dV, s, t: (t * dW, t * db, s * dV, (t - 1) * dW)),
    Mistake("apart is the sum and not the difference", lambda dW, db, dV, s, t: (t * dW, t * db, s * dV, (t + s) * dW)),
    Mistake("apart has the opposite sign: it is the gradient of W_j less s times that of W_i",
            lambda dW, db, dV, s, t: (t * dW, t * db, s * dV, (s - t) * dW)),
), rounds=12)


# 02.2 Find the twins -------------------------------------------------------------------------------------------------

def a_layer_with_twins(rng: np.random.Generator) -> Arrays:
    """W, b and V of a layer: three twins, two twins, and pairs that agree in all but one thing; in random order."""
    n, k = 4, 3
    units = []

    def unit() -> Unit:
        return rng.normal(size=n), float(rng.normal()), rng.normal(size=k)

    for count in (3, 2):
        units += [unit()] * count
    (W, b, V), (W_, b_, V_) = unit(), unit()
    units += [(W, b, V), (W, b, V_)]                            # equal but for the outgoing weights
    (W, b, V), (W_, b_, V_) = unit(), unit()
    units += [(W, b, V), (W, b_, V)]                            # for the bias
    (W, b, V), (W_, b_, V_) = unit(), unit()
    units += [(W, b, V), (W_, b, V)]                            # for the incoming weights
    W, b, V = unit()
    units += [(W, b, V), (2 * W, 2 * b, 2 * V)]                 # proportional
    W, b, V = unit()
    units += [(W, b, V), (-W, -b, -V)]                          # opposite
    order = rng.permutation(len(units))
    return (np.stack([units[i][0] for i in order], axis=1), np.array([units[i][1] for i in order]),
            np.stack([units[i][2] for i in order]))


def rows_of(W: np.ndarray, b: np.ndarray, V: np.ndarray) -> np.ndarray:
    """All that belongs to a unit, a row for each."""
    return np.hstack([W.T, b[:, None], V])


def alike(rows: np.ndarray) -> Pairs:
    """The pairs (i, j), i < j, of equal rows."""
    return [(i, j) for i, j in combinations(range(len(rows)), 2) if np.array_equal(rows[i], rows[j])]


def twins(W: np.ndarray, b: np.ndarray, V: np.ndarray) -> Pairs:
    """The pairs of twins, i < j."""
    return alike(rows_of(W, b, V))


def first_of_each(pairs: Pairs) -> Pairs:
    """Of the pairs with the same first unit only the first one."""
    return [(i, j) for k, (i, j) in enumerate(pairs) if i not in [first for first, _ in pairs[:k]]]


def both_orders(pairs: Pairs) -> Pairs:
    """(i, j) and (j, i), in ascending order."""
    return sorted([*pairs, *((j, i) for i, j in pairs)])


TWINS = Exercise("02.2", twins, outputs("pairs", inputs=a_layer_with_twins), (
    Mistake("there are pairs with unequal outgoing weights among them", lambda W, b, V: alike(rows_of(W, b, V[:, :0]))),
    Mistake("there are pairs with unequal biases among them", lambda W, b, V: alike(np.hstack([W.T, V]))),
    Mistake("there are pairs with unequal incoming weights among them",
            lambda W, b, V: alike(np.hstack([b[:, None], V]))),
    Mistake("there are pairs with equal incoming weights whose biases and outgoing weights were not compared",
            lambda W, b, V: alike(W.T)),
    Mistake("there are pairs of opposite units among them: is an absolute value taken, or a square?",
            lambda W, b, V: alike(abs(rows_of(W, b, V)))),
    Mistake("there are pairs of proportional units among them: a correlation of 1 is not equality",
            lambda W, b, V: alike((rows := rows_of(W, b, V)) / abs(rows[:, :1]))),
    Mistake("each pair occurs twice: take i < j only", lambda W, b, V: both_orders(twins(W, b, V))),
    Mistake("each unit is paired with itself as well",
            lambda W, b, V: sorted([*twins(W, b, V), *((i, i) for i in range(len(b)))])),
    Mistake("only one pair of three twins with the same first unit is there: does the search stop too early?",
            lambda W, b, V: first_of_each(twins(W, b, V))),
    Mistake("units count from 0, as columns of W do", lambda W, b, V: [(i + 1, j + 1) for i, j in twins(W, b, V)]),
    Mistake("the smaller number stands first in a pair", lambda W, b, V: [(j, i) for i, j in twins(W, b, V)]),
))


# 02.3 Merge equal units ----------------------------------------------------------------------------------------------

def groups(rows: np.ndarray) -> list[list[int]]:
    """The numbers of equal rows, in the order of the first of each group."""
    found: dict[bytes, list[int]] = {}
    for i, row in enumerate(rows):
        found.setdefault(row.tobytes(), []).append(i)
    return list(found.values())


def incoming(W: np.ndarray, b: np.ndarray, V: np.ndarray) -> np.ndarray:
    """What decides about a unit's activation, a row for each."""
    return np.ascontiguousarray(np.hstack([W.T, b[:, None]]))


def merged(W: np.ndarray, b: np.ndarray, V: np.ndarray, *, rows: Any = incoming, into: Any = lambda W: W[:, 0],
           bias: Any = lambda b: b[0], out: Any = lambda V: V.sum(axis=0)) -> Arrays:
    """A layer with one unit for each group of equal rows, made of what the group has."""
    found = groups(rows(W, b, V))
    return (np.stack([into(W[:, group]) for group in found], axis=1), np.array([bias(b[group]) for group in found]),
            np.stack([out(V[group]) for group in found]))


def wrongly(**options: Any) -> Any:
    """`merged` with a mistake."""
    return lambda W, b, V: merged(W, b, V, **options)


def as_a_function(function: Function, rng: np.random.Generator) -> Observation:
    """How many units the merged layer has, and what it and the next one compute with tanh for random inputs."""
    arrays = dict(zip(("W", "b", "V"), a_layer_with_twins(rng), strict=True))
    parts = outputs("W", "b", "V", inputs=lambda rng: tuple(arrays.values()))(function, rng)
    W, b, V = (np.asarray(parts.pop(name)) for name in arrays)
    if any(part.dtype.kind not in "fiu" for part in (W, b, V)):
        raise NotDone.of((W, b, V), "expected three arrays of numbers, (W, b, V)")
    n, k = len(arrays["W"]), arrays["V"].shape[1]
    units = b.size
    if (W.shape, b.shape, V.shape) != ((n, units), (units,), (units, k)):
        raise Wrong(f"not yet: for u units W, b and V have the shapes ({n}, u), (u,), (u, {k}); yours are {W.shape}, "
                    f"{b.shape}, {V.shape}")
    x = rng.normal(size=(5, n))
    return {"units": units, "function": np.tanh(x @ W + b) @ V} | parts


MERGED = Exercise("02.3", merged, as_a_function, (
    Mistake("function: the outgoing weights are those of one unit of the group. What does the next layer get from all "
            "of them?", wrongly(out=lambda V: V[0])),
    Mistake("function: the outgoing weights are the mean of the group. What does the next layer get from all of them?",
            wrongly(out=lambda V: V.mean(axis=0))),
    Mistake("function: the outgoing weights are as many times those of one unit: in a group they may differ",
            wrongly(out=lambda V: len(V) * V[0])),
    Mistake("function: the incoming weights are added up. What do the units of a group have in common?",
            wrongly(into=lambda W: W.sum(axis=1))),
    Mistake("function: the biases are added up. What do the units of a group have in common?",
            wrongly(bias=lambda b: b.sum())),
    Mistake("function: both incoming and outgoing weights are added up",
            wrongly(into=lambda W: W.sum(axis=1), bias=lambda b: b.sum())),
    Mistake("too few units: some with unequal biases were merged, which have unequal activations",
            wrongly(rows=lambda W, b, V: np.ascontiguousarray(W.T))),
    Mistake("too many units: some with unequal outgoing weights are left, though their activations are equal",
            wrongly(rows=rows_of)),
    Mistake("nothing is merged: the arrays come back as they were", lambda W, b, V: (W, b, V)),
    Mistake("all units are merged into one", wrongly(rows=lambda W, b, V: np.zeros((len(b), 1)))),
), points=3)


# 02.4 The same numbers twice -----------------------------------------------------------------------------------------

def two_matrices(rng: np.random.Generator) -> Arrays:
    """Matrices of different shapes that begin alike in part, V the larger one, with means other than 0."""
    n, m, k = (int(size) for size in rng.integers(6, 12, 3))
    stream = rng.normal(size=n * m)
    V = 0.2 + rng.uniform(0.2, 2) * stream.reshape(n, m)
    shape = (n - 2, min(k, m - 2))
    W = 0.3 + stream[:shape[0] * shape[1]].reshape(shape) + rng.uniform(0.3, 1) * rng.normal(size=shape)
    return V, W


def correlation(v: np.ndarray, w: np.ndarray) -> float:
    """The correlation of two vectors as far as the shorter one goes."""
    length = min(len(v), len(w))
    return float(np.corrcoef(v[:length], w[:length])[0, 1])


def along(V: np.ndarray, W: np.ndarray) -> Arrays:
    """Both matrices in the order in which they are drawn, as far as the shorter one goes."""
    length = min(V.size, W.size)
    return V.ravel()[:length], W.ravel()[:length]


def cosine(v: np.ndarray, w: np.ndarray) -> float:
    """v·w/(‖v‖‖w‖)."""
    return float(v @ w / (np.linalg.norm(v) * np.linalg.norm(w)))


def covariance(V: np.ndarray, W: np.ndarray) -> float:
    """The covariance of the numbers in the order in which they are drawn."""
    v, w = along(V, W)
    return float(((v - v.mean()) * (w - w.mean())).mean())


def regression(V: np.ndarray, W: np.ndarray) -> float:
    """The slope of a straight line through the points (v, w)."""
    return covariance(V, W) / float(along(V, W)[0].var())


SAME_NUMBERS = Exercise("02.4", lambda V, W: correlation(V.ravel(), W.ravel()),
                        outputs("correlation", inputs=two_matrices), (
    Mistake("the corners of the matrices are compared: in which order does a generator fill an array?",
            lambda V, W: correlation(V[:len(W), :W.shape[1]].ravel(), W.ravel())),
    Mistake("the numbers are taken column by column: in which order does a generator fill an array?",
            lambda V, W: correlation(V.T.ravel(), W.T.ravel())),
    Mistake("the last numbers are compared: the streams begin alike",
            lambda V, W: correlation(V.ravel()[::-1], W.ravel()[::-1])),
    Mistake("this is the cosine of the angle: a correlation subtracts the means first",
            lambda V, W: cosine(*along(V, W))),
    Mistake("this is the covariance: a correlation does not depend on the scale of the weights",
            covariance),
    Mistake("this is the covariance (divided by N − 1): a correlation does not depend on the scale of the weights",
            lambda V, W: covariance(V, W) * W.size / (W.size - 1)),
    Mistake("this is the slope of a regression: it depends on the scale of the weights", regression),
    Mistake("the numbers are sorted: then any two samples of the same distribution look alike",
            lambda V, W: correlation(*(np.sort(v) for v in along(V, W)))),
), rounds=4)


# 02.5 Rates for Adam -------------------------------------------------------------------------------------------------

def a_merged_layer(rng: np.random.Generator) -> tuple[int, int, float, float]:
    """How many units one unit of the layer below and one of this layer stand for, the rate and Adam's ε."""
    m_in, m_out = (int(m) for m in rng.choice(np.arange(3, 60), 2, replace=False))
    return m_in, m_out, float(rng.uniform(0.01, 0.2)), float(rng.uniform(1e-8, 1e-6))


def rates(m_in: int, m_out: int, rate: float, epsilon: float) -> tuple[float, ...]:
    """The rates of W and b for SGD, those for Adam, and Adam's ε."""
    return rate * m_in / m_out, rate / m_out, rate * m_in, rate, epsilon * m_out


def rates_but(position: int, change: Callable[..., float]) -> Any:
    """The right five but for one."""
    return lambda *given: tuple(change(*given) if k == position else value for k, value in enumerate(rates(*given)))


ADAM = Exercise("02.5", rates, outputs("sgd_W", "sgd_b", "adam_W", "adam_b", "adam_epsilon", inputs=a_merged_layer), (
    Mistake("m_in and m_out are exchanged: a weight of the small network stands for m_in weights, which add up",
            lambda m_in, m_out, rate, epsilon: rates(m_out, m_in, rate, epsilon)),
    Mistake("sgd_W is the rate unchanged: how long is a step of u = m_in · c, if c makes its own?",
            rates_but(0, lambda m_in, m_out, rate, epsilon: rate)),
    Mistake("sgd_W counts how u moves with c, but not how the gradient by u differs from that by c",
            rates_but(0, lambda m_in, m_out, rate, epsilon: rate * m_in)),
    Mistake("sgd_W counts how the gradient differs, but not how u moves with c",
            rates_but(0, lambda m_in, m_out, rate, epsilon: rate / m_out)),
    Mistake("sgd_W is multiplied by both numbers: is the gradient by u larger or smaller than that by one c?",
            rates_but(0, lambda m_in, m_out, rate, epsilon: rate * m_in * m_out)),
    Mistake("sgd_b is the rate unchanged: a bias of the small network acts in m_out units. How large is its gradient?",
            rates_but(1, lambda m_in, m_out, rate, epsilon: rate)),
    Mistake("sgd_b is as sgd_W: do the biases of equal units add up as weights from equal units do?",
            rates_but(1, lambda m_in, m_out, rate, epsilon: rate * m_in / m_out)),
    Mistake("adam_W is that of SGD: does Adam's step grow with the gradient?",
            rates_but(2, lambda m_in, m_out, rate, epsilon: rate * m_in / m_out)),
    Mistake("adam_W is the rate unchanged: the step of u is still m_in times that of c",
            rates_but(2, lambda m_in, m_out, rate, epsilon: rate)),
    Mistake("adam_b is that of SGD: does Adam's step grow with the gradient?",
            rates_but(3, lambda m_in, m_out, rate, epsilon: rate / m_out)),
    Mistake("adam_b is as adam_W: do the biases of equal units add up as weights from equal units do?",
            rates_but(3, lambda m_in, m_out, rate, epsilon: rate * m_in)),
    Mistake("adam_epsilon is unchanged: it is added to the size of a gradient, which has another scale now",
            rates_but(4, lambda m_in, m_out, rate, epsilon: epsilon)),
    Mistake("adam_epsilon is scaled the wrong way: is the gradient by u larger or smaller than that by one c?",
            rates_but(4, lambda m_in, m_out, rate, epsilon: epsilon / m_out)),
    Mistake("adam_epsilon has the scale of the weight: it is added to the size of a *gradient*",
            rates_but(4, lambda m_in, m_out, rate, epsilon: epsilon * m_in)),
), points=4)


EXERCISES = (OPPOSITE, TWINS, MERGED, SAME_NUMBERS, ADAM)
