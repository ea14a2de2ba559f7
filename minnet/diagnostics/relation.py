"""Whether y depends on x at all, as far as simple models see: correlations, a quadratic fit, nearest neighbours.

    related(x, y)           False where none of the three tells y from labels that were shuffled
    shift(x, y)             the number of rows by which y is displaced against x, if that makes it depend on x

Rows and labels that do not belong together are a common fault of loading code, and no network can learn from them. Each
test compares a number with what shuffled labels give, in units of its standard deviation.
"""

# numpy types what a ufunc returns as Any:
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

import math

import numpy as np

LEAST_ROWS = 100            # with fewer nothing can be said
MOST_ROWS = 1000            # more are not needed, and nearest neighbours cost their square
SURE = 4.0                  # standard deviations above what shuffled labels give
SURE_SHIFT = 8.0            # the same where the best of all shifts is chosen
NEAR_SHIFTS = 20            # shifts for which nearest neighbours are tried
MOST_PRODUCTS = 64          # features, up to which all products of two are looked at
LIMIT = 4.0                 # features are cut off at ± this many standard deviations: outliers fake correlations


def label_columns(y: np.ndarray) -> np.ndarray:
    """y as uncorrelated columns of mean 0 and variance 1, (n, K): K classes make K − 1 of them, since one follows."""
    y = np.asarray(y)
    if y.ndim == 1 and y.dtype.kind in "iub":
        columns = (y[:, None] == np.unique(y)).astype(np.float64)
    else:
        columns = y.reshape(len(y), -1).astype(np.float64)
    return principal_directions(standardized_columns(columns), columns.shape[1])


def standardized_columns(a: np.ndarray) -> np.ndarray:
    """The columns that vary, with mean 0 and variance 1."""
    a = a[:, np.ptp(a, axis=0) > 0]
    return (a - a.mean(axis=0)) / a.std(axis=0)


def related(x: np.ndarray, y: np.ndarray) -> bool:
    """Whether some simple model sees that y depends on x. x (n, features), n ≥ LEAST_ROWS."""
    rows = np.linspace(0, len(x) - 1, min(len(x), MOST_ROWS)).astype(int)
    features = np.clip(standardized_columns(x[rows]), -LIMIT, LIMIT)
    labels = label_columns(y[rows])
    if largest_correlation(features, labels) > SURE:
        return True
    if features.shape[1] <= MOST_PRODUCTS:
        i, j = np.triu_indices(features.shape[1])
        products = standardized_columns(features[:, i] * features[:, j])
        if largest_correlation(products, labels) > SURE:
            return True
    directions = principal_directions(quadratic(features), len(rows) // 8)
    return linear_fit(directions, labels) > SURE or abs(neighbours_agree(features, labels)) > SURE


def largest_correlation(features: np.ndarray, labels: np.ndarray) -> float:
    """max |√n r| over all pairs of a feature and a label column, minus √(2 ln m), which m shuffled pairs give."""
    n, pairs = len(features), max(2, features.shape[1] * labels.shape[1])
    largest = float(np.abs(features.T @ labels).max(initial=0)) / math.sqrt(n)
    return largest - math.sqrt(2 * math.log(pairs))


def quadratic(features: np.ndarray) -> np.ndarray:
    """The features with their products, as far as those are fewer than n/8; else with their squares."""
    i, j = np.triu_indices(features.shape[1])
    if features.shape[1] + len(i) > len(features) // 8:
        return np.hstack([features, standardized_columns(features**2)])
    return np.hstack([features, standardized_columns(features[:, i] * features[:, j])])


def principal_directions(features: np.ndarray, most: int) -> np.ndarray:
    """The leading principal components, `most` of them at most, each with variance 1.

    A fit to n/8 of them still means something; to n of them, every y is fitted exactly.
    """
    n, wide = len(features), features.shape[1] > len(features)
    variances, axes = np.linalg.eigh((features @ features.T if wide else features.T @ features) / n)
    keep = [k for k in range(len(variances)) if variances[k] > 1e-6 * variances[-1]][-most:]
    if wide:                                            # the axes of rows: already the components, of length 1
        return axes[:, keep] * math.sqrt(n)
    return features @ axes[:, keep] / np.sqrt(variances[keep])


def linear_fit(directions: np.ndarray, labels: np.ndarray) -> float:
    """How sure a linear fit is, in standard deviations.

    n R², summed over the labels, is a sum of d·K squares (√n r)²: χ² with d·K degrees of freedom for shuffled labels.
    """
    squares = float(((directions.T @ labels) ** 2).sum()) / len(directions)
    return float(as_normal(np.array(squares), directions.shape[1] * labels.shape[1]))


def as_normal(squares: np.ndarray, freedom: int) -> np.ndarray:
    """A χ² number as a standard normal one: its cube root is nearly normal (Wilson & Hilferty 1931)."""
    variance = 2 / (9 * freedom)
    return (np.cbrt(squares / freedom) - (1 - variance)) / math.sqrt(variance)


def nearest(features: np.ndarray) -> np.ndarray:
    """The nearest other row of each row, (n,)."""
    squares = (features**2).sum(axis=1)
    distances = squares[:, None] + squares - 2 * features @ features.T
    np.fill_diagonal(distances, np.inf)
    return distances.argmin(axis=1)


def agreement(neighbour: np.ndarray, labels: np.ndarray) -> float:
    """The mean correlation of a row's labels with its neighbour's."""
    return float((labels * labels[neighbour]).mean())


def neighbours_agree(features: np.ndarray, labels: np.ndarray) -> float:
    """How sure the agreement of nearest neighbours is, against 100 shuffles; negative: neighbours differ."""
    neighbour, rng = nearest(features), np.random.default_rng(0)
    shuffled = [agreement(neighbour, rng.permutation(labels)) for _ in range(100)]
    return (agreement(neighbour, labels) - float(np.mean(shuffled))) / (float(np.std(shuffled)) or 1.0)


def shift(x: np.ndarray, y: np.ndarray, *, already_related: bool) -> int | None:
    """The k ≠ 0 for which np.roll(y, −k, axis=0) depends on x: a linear fit at every k, nearest neighbours at small k.

    The fit at all k at once is a cross-correlation: a product of Fourier transforms. Where y depends on x as it is
    (`already_related`), a shift must explain 30% of y, five times as much as no shift, and neighbours must agree
    better: labels in a sequence such as 0, 1, …, 9, 0, … can be guessed from those of the rows before.
    """
    x, y = x[:MOST_ROWS], y[:MOST_ROWS]
    features, labels = np.clip(standardized_columns(x), -LIMIT, LIMIT), label_columns(y)
    n, directions = len(x), principal_directions(quadratic(features), len(x) // 8)
    freedom = directions.shape[1] * labels.shape[1]
    transformed = np.conj(np.fft.rfft(directions, axis=0))
    squares = np.zeros(n)
    for column in np.fft.rfft(labels, axis=0).T:
        squares += (np.fft.irfft(transformed * column[:, None], n, axis=0) ** 2).sum(axis=1) / n
    best = int(squares.argmax())
    explained = (squares - freedom) / (n * labels.shape[1])                 # R², less what chance gives
    found = best if best <= n // 2 else best - n
    if already_related:
        if not explained[best] > max(0.3, 5 * explained[0]):
            return None
        neighbour, moved = nearest(features), np.roll(labels, -best, axis=0)
        return found if agreement(neighbour, moved) > 1.5 * agreement(neighbour, labels) else None
    if found != 0 and as_normal(squares[best], freedom) > SURE_SHIFT:
        return found
    near = [k for k in range(-NEAR_SHIFTS, NEAR_SHIFTS + 1) if k]
    agree = [neighbours_agree(features, np.roll(labels, -k, axis=0)) for k in near]
    return near[int(np.argmax(agree))] if max(agree) > SURE_SHIFT else None
