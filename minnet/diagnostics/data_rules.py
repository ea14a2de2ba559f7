"""Rules about the data: x, y, and the validation part. Each takes the evidence and returns a Finding or None.

Where a threshold was set on networks drawn at random (tests/healthy_networks.py and tests/sick_networks.py, seeds below
1,000), the comment says so; the others follow from the meaning of the number.
"""

from __future__ import annotations

import math

import numpy as np

from minnet.diagnostics.advice import STANDARDIZE_X, STANDARDIZE_Y
from minnet.diagnostics.chance import chance
from minnet.diagnostics.evidence import Evidence
from minnet.diagnostics.findings import Finding
from minnet.diagnostics.relation import (
    LEAST_ROWS,
    LIMIT,
    linear_fit,
    principal_directions,
    related,
    shift,
    standardized_columns,
)
from minnet.layers import BatchNorm, LayerNorm

MISSING_CODES = (-99.0, -999.0, -9999.0, -99999.0, -32768.0, 999.0, 9999.0, 99999.0)


def constant_targets(e: Evidence) -> Finding | None:
    """All of y is the same number."""
    y = e.y.reshape(len(e.y), -1)
    if np.ptp(y, axis=0).any():
        return None
    value = float(y[0, 0])
    return Finding(
        "constant_targets", (), {"value": value},
        f"all targets y are equal ({value:g}, …), so there is nothing to learn.",
        "Usually the wrong column was read, or all rows come from one class, because the file is sorted by class.",
        "Look at y before training, np.unique(y, return_counts=True), and take rows from every class.")


def sentinel_values(e: Evidence) -> Finding | None:
    """A number that stands for "not measured", such as −999, in x or in the targets of a regression."""
    for name, array in (("x", e.x), ("y", e.targets)):
        if array is None or (found := _sentinel(array)) is None:
            continue
        column, value = found
        missing = array[:, column] == value
        share, others = float(missing.mean()), array[~missing, column]
        if name == "x":
            at = f"x == {value!r}"
            remedy = ("Replace it by the median of the other values of its column: "
                      f"`x = np.where({at}, np.nanmedian(np.where({at}, np.nan, x), axis=0), x)`, and standardize "
                      f"afterwards: {STANDARDIZE_X}.")
        else:
            rows = f"[(y != {value!r}).all(axis=1)]"
            remedy = f"Leave these rows out: `x = x{rows}`, then `y = y{rows}`."
        return Finding(
            "sentinel_values", (1 if name == "x" else len(e.statistics),),
            {"value": value, "share": share, "column": column},
            f"{name}[:, {column}] is {value:g} in {share:.1%} of the rows, far from the other values, "
            f"{others.min():.3g} to {others.max():.3g}.",
            "Such a number usually stands for \"not measured\", but the network takes it for a measurement.",
            remedy)
    return None


def _sentinel(array: np.ndarray) -> tuple[int, float] | None:
    """(column, value) of the most frequent number that repeats, far away from all other values of its column.

    Far: the gap to the next value is three times the range of the other values (twenty standard deviations of normal
    data). A column whose other values are mostly equal, such as a pixel that is hardly ever on, is left out, unless the
    number is a usual code. A negative code is enough where all other values are ≥ 0.
    """
    found: list[tuple[int, int, float]] = []                                # (rows, column, value)
    for sign in (1.0, -1.0):
        a = sign * array
        lowest = a.min(axis=0)
        at_lowest = a == lowest
        count = at_lowest.sum(axis=0)
        next_lowest = np.where(at_lowest, np.inf, a).min(axis=0)
        rest_range = np.where(at_lowest, -np.inf, a).max(axis=0) - next_lowest
        many = (len(a) - count >= 10) & (rest_range > 0)
        far = (next_lowest - lowest > 3 * rest_range) & (2 * count <= len(a))
        code = np.isin(sign * lowest, MISSING_CODES)
        only_negative = code & (lowest < 0) & (next_lowest >= 0) & (sign > 0)
        for column in np.flatnonzero(many & (far | only_negative)):
            value = float(sign * lowest[column])
            quartiles = np.quantile(a[~at_lowest[:, column], column], [0.25, 0.75])
            if code[column] or ((array == value).sum() >= 2 and np.ptp(quartiles) > 0):
                found.append((int(count[column]), int(column), value))
    return max(found)[1:] if found else None


def constant_features(e: Evidence) -> Finding | None:
    """Constant columns of x that are larger than all the others together; constant zeros (empty pixels) do no harm.

    A constant column c is a second bias whose gradient is c times as large. Threshold: Σ c² over the constant columns
    against Σ E[x²] over the others, set on seeds below 1,000.
    """
    constants = e.x[0, ~e.varying]
    ratio = float((constants**2).sum() / (e.x[:, e.varying] ** 2).mean(axis=0).sum())
    if not ratio > 4 or _normalized_first(e):
        return None
    columns = np.flatnonzero(~e.varying)
    largest = int(columns[np.abs(constants).argmax()])
    return Finding(
        "constant_features", (1,), {"columns": len(columns), "value": float(e.x[0, largest]), "ratio": ratio},
        f"{len(columns)} of the {e.x.shape[1]} columns of x are constant, and large: x[:, {largest}] is always "
        f"{e.x[0, largest]:g}.",
        "A constant column carries no information, but its weights get the largest gradients, so that each step moves "
        "mostly them.",
        "Leave these columns out, or set every column to mean 0: `x = x - x.mean(axis=0)`.")


def unequal_features(e: Evidence) -> Finding | None:
    """One feature that is far wider than the typical one, or one that matters and is far narrower than the others.

    The gradient of a weight grows with its input, and what the weight does as well: a feature k times as wide is
    learned k² times as fast. Narrow features matter where a linear fit to them explains what the outputs still lack, or
    where a model sees that y depends on them (relation.py). The corner of an image is narrow as well, but empty: most
    of its values are equal. Thresholds 30, 1/20 and 10%: seeds below 1,000.
    """
    if _normalized_first(e):
        return None
    std = e.x.std(axis=0)
    wide = float(std.max() / np.median(std[e.varying]))
    typical = math.sqrt((std[e.varying] ** 2).mean())
    cause = ("Weights start with one size for all features and are moved with one learning rate, so that the wide "
             "features decide the outputs, and the narrow ones are hardly learned.")
    remedy = f"Give every feature mean 0 and variance 1: {STANDARDIZE_X}; datasets.standardized does it too."
    if wide > 30:
        column = int(std.argmax())
        return Finding(
            "unequal_features", (1,), {"ratio": wide, "column": column},
            f"the features of x have very different sizes: the standard deviation of x[:, {column}] is {wide:.3g} "
            "times the median one.", cause, remedy)
    narrow = np.flatnonzero(e.varying & (std < typical / 20))
    if e.learned or len(narrow) == 0 or not (_explains(e, narrow) or _relates(e, narrow)):
        return None
    ratio = float(typical / std[narrow].min())
    return Finding(
        "unequal_features", (1,), {"ratio": ratio, "columns": len(narrow)},
        f"y depends on features of x that are far narrower than the others: the standard deviations of {len(narrow)} "
        f"columns, such as x[:, {narrow[0]}], are down to {ratio:.3g} times smaller than the typical one.",
        cause, remedy)


def _explains(e: Evidence, columns: np.ndarray) -> bool:
    """Whether a linear fit to these columns explains 10% of the residual (R², less what chance gives)."""
    if not np.isfinite(e.residual).all() or not np.ptp(e.residual, axis=0).any():
        return False
    directions = principal_directions(np.clip(standardized_columns(e.x[:, columns]), -LIMIT, LIMIT), len(e.x) // 8)
    lacking = standardized_columns(e.residual)
    explained = float(((directions.T @ lacking) ** 2).sum()) / len(e.x) ** 2 / lacking.shape[1]
    return explained - directions.shape[1] / len(e.x) > 0.1 and linear_fit(directions, lacking) > 6


def _relates(e: Evidence, columns: np.ndarray) -> bool:
    """Whether y depends on those of these columns that are not mostly one value: on them alone, or only with them."""
    full = columns[np.ptp(np.quantile(e.x[:, columns], [0.25, 0.75], axis=0), axis=0) > 0]
    if len(full) == 0 or len(e.x) < LEAST_ROWS:
        return False
    if related(e.x[:, full], e.y):
        return True
    others = np.delete(e.x, full, axis=1)
    return e.labels_related and bool(np.ptp(others, axis=0).any()) and not related(others, e.y)


def unstandardized_inputs(e: Evidence) -> Finding | None:
    """All of x is too large, too small, or far from 0. Thresholds: seeds below 1,000."""
    if _normalized_first(e) or isinstance(e.net.layers[0], LayerNorm):
        return None
    mean, std = e.x.mean(axis=0), e.x.std(axis=0)
    shift_size = math.sqrt((mean**2).mean()) / math.sqrt((std**2).mean())
    if 0.1 <= e.input_size <= 5 and shift_size <= 4:
        return None
    return Finding(
        "unstandardized_inputs", (1,), {"rms": e.input_size, "shift": shift_size},
        f"the inputs x have root mean square {e.input_size:.3g}, and their means are {shift_size:.3g} times their "
        "standard deviation.",
        "Initial weights and usual learning rates are made for features with mean 0 and variance 1.",
        f"Give every feature mean 0 and variance 1: {STANDARDIZE_X}; datasets.standardized does it too.")


def _normalized_first(e: Evidence) -> bool:
    """Whether BatchNorm as the first layer gives every feature mean 0 and variance 1."""
    return isinstance(e.net.layers[0], BatchNorm)


def conflicting_labels(e: Evidence) -> Finding | None:
    """Equal rows of x with different y: below the loss of the best output for each distinct row no network can go.

    Threshold: this floor is a tenth of chance, a tenth of what there is to learn.
    """
    first: dict[bytes, int] = {}
    group = np.array([first.setdefault(row.tobytes(), len(first)) for row in e.x + 0.0])       # −0.0 becomes 0.0
    if len(first) == len(e.x) or not e.chance:
        return None
    order = np.argsort(group, kind="stable")
    groups = [rows for rows in np.split(order, np.flatnonzero(np.diff(group[order])) + 1) if len(rows) > 1]

    def floor_and_share(y: np.ndarray) -> tuple[float, float]:
        conflicts = [rows for rows in groups if np.ptp(y[rows], axis=0).any()]
        lowest = [len(rows) * (chance(e.loss, y[rows], e.snapshot.outputs.shape[1]) or 0.0) for rows in conflicts]
        return sum(lowest) / len(y), sum(map(len, conflicts)) / len(y)

    floor, share = floor_and_share(e.y)
    if not floor > 0.1 * e.chance:
        return None
    if not e.labels_related and floor < 1.1 * floor_and_share(np.random.default_rng(0).permutation(e.y))[0]:
        return None                                           # shuffled labels conflict as much: see unrelated_labels
    return Finding(
        "conflicting_labels", (), {"share": share, "floor": floor},
        f"{share:.0%} of the rows of x occur more than once, with different targets y; no network can bring the loss "
        f"below {floor:.3g}.",
        "A network gives equal outputs for equal inputs, so at least one of two different targets is missed.",
        "Find out which target is right, and remove the rows with the wrong ones; if you do not know, remove all rows "
        "that contradict each other.")


def unrelated_labels(e: Evidence) -> Finding | None:
    """y does not depend on x as far as simple models see (relation.py): shifted by some rows, or not related at all."""
    v = e.validation
    if len(e.x) < LEAST_ROWS or (v is not None and v.chance is not None and v.loss_value < 0.9 * v.chance):
        return None                                           # too few rows to say, or the network predicts new rows
    rows = shift(e.x, e.y, already_related=e.labels_related)
    if rows is not None:
        return Finding(
            "shifted_labels", (), {"rows": rows},
            f"the targets y are shifted against the rows of x by {abs(rows)}: x[i] belongs to y[i {rows:+d}].",
            "With the rows as they are, a simple model predicts y hardly better than a constant; with the shift undone "
            "it does.",
            f"Undo the shift, `y = np.roll(y, {-rows}, axis=0)`, and look for a header or a missing row in the file "
            "(unless y is meant to be a forecast).")
    if e.labels_related:
        return None
    return Finding(
        "unrelated_labels", (), {},
        "the targets y do not seem to depend on x.",
        "Neither correlations nor a quadratic fit nor the nearest neighbours predict y better than shuffled targets "
        "would be predicted: perhaps x and y were shuffled or sorted separately.",
        "Check that x[i] and y[i] come from the same example, and shuffle both with one permutation: "
        "order = rng.permutation(len(x)), x[order], y[order].")


def unscaled_targets(e: Evidence) -> Finding | None:
    """Targets of a regression that are much larger or smaller than 1, or far from 0. Thresholds: seeds below 1,000."""
    if e.targets is None:
        return None
    mean, std = np.abs(e.targets.mean(axis=0)), e.targets.std(axis=0)
    largest, widest = float(mean.max()), float(std.max())
    if 0.05 <= widest <= 10 and largest <= 20:
        return None
    return Finding(
        "unscaled_targets", (len(e.statistics),), {"mean": largest, "std": widest},
        f"the targets y have means up to {largest:.3g} and standard deviations up to {widest:.3g}.",
        "A new network gives outputs near 0 of size 1, and the gradient grows with the error: for such targets it is "
        "far too large or too small at usual learning rates.",
        f"Train on targets with mean 0 and variance 1, {STANDARDIZE_Y}, and scale the outputs back afterwards.")


def validation_shift(e: Evidence) -> Finding | None:
    """Training and validation inputs differ in mean or size: one of them was scaled in another way.

    Both numbers are sums over the features, so that a rare pixel does not decide. Thresholds: seeds below 1,000.
    """
    if e.validation is None:
        return None
    variance = float(e.x.var(axis=0).sum())
    ratio = math.sqrt(float(e.validation.x.var(axis=0).sum()) / variance)
    moved = math.sqrt(float(((e.validation.x.mean(axis=0) - e.x.mean(axis=0)) ** 2).sum()) / variance)
    if 0.5 <= ratio <= 2 and moved <= 0.7:
        return None
    return Finding(
        "validation_shift", (), {"ratio": ratio, "shift": moved},
        f"the validation inputs are scaled differently from the training inputs: their standard deviation is "
        f"{ratio:.3g} times as large, and their mean lies {moved:.3g} standard deviations away.",
        "The network was trained on the numbers of the training part; the same example in other numbers gives other "
        "outputs.",
        "Treat both parts alike: compute mean and std on the training part and use these same numbers for both, as "
        "datasets.standardized does.")
