"""Symmetry: which units of a network are copies of one another, and which layers are.

    print(symmetry(net, x, y, loss))

One row for each weight matrix, as in `layer_statistics`. Chapter 02 has the theorem and its conditions.
"""

# numpy types what a ufunc returns as Any:
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from minnet.diagnostics.measurements import Snapshot, dense_in, every_layer, take_snapshot
from minnet.network import Loss, Network
from minnet.parameters import declared
from minnet.reporting import Table

ALIKE = 1e-2               # units whose weights differ by less than this part of their norm are counted as one
NEGLIGIBLE = 1e-6          # singular values below this part of the largest do not count for a rank


@dataclass(frozen=True)
class SymmetryRow:
    """One row of `symmetry`."""

    layer: int
    units: int
    distinct: int                    # units that are not twins of one another
    rank: int                        # of W
    rank_dW: int
    correlation: float               # |correlation| of W with the layer that is most like it; NaN if there is none
    chance: float                    # 1/√N, the root mean square for N independent numbers
    like: int | None                 # that layer
    noisy: bool                      # dropout follows these units: in training it makes twins different


class Symmetry(Table):
    """What `symmetry` measured."""

    shown: ClassVar[dict[str, str]] = {
        "layer": "{0.layer}", "units": "{0.units}", "distinct": "{0.distinct}", "rank W": "{0.rank}",
        "rank dW": "{0.rank_dW}", "|correlation|": "{0.correlation:.2g}", "with layer": "{0.like}",
        "chance": "{0.chance:.2g}"}

    def __init__(self, rows: tuple[SymmetryRow, ...]) -> None:
        self.rows = rows


def kinds(W: np.ndarray, tolerance: float = 1e-6) -> int:
    """How many columns of W (fan_in, units) differ by more than tolerance · max|W| in an entry: kinds of unit.

    Unlike `distinct` in `symmetry`, it looks at the incoming weights alone.
    """
    found: list[np.ndarray] = []
    for column in W.T:
        if not any(np.abs(column - other).max() <= tolerance * np.abs(W).max() for other in found):
            found.append(column)
    return len(found)


def symmetry(net: Network, x: np.ndarray, y: np.ndarray, loss: Loss) -> Symmetry:
    """Which units are twins, and which layers are the same numbers again; x (n, features), y as `loss` takes them.

    Twins have equal incoming weights, equal biases (and γ, β, slope) *and* equal outgoing weights, to 1% of their norm:
    then they get equal gradients, and stay twins. Units of the last layer differ by their targets and have none.
    Ranks count singular values above 10⁻⁶ of the largest. `correlation` compares the numbers of two weight matrices in
    the order in which they are drawn, as far as the shorter one goes, without their diagonals (identity layers are
    equal on purpose). One seed for every layer makes it 1; independent layers leave a few times `chance` = 1/√N.
    """
    return symmetry_of(take_snapshot(net, x, y, loss))


def symmetry_of(snapshot: Snapshot) -> Symmetry:
    """The table of a snapshot."""
    net = snapshot.net
    dense = [dense_in(net, block)[1] for block in snapshot.blocks]
    correlations = np.abs(_correlations([layer.W for layer in dense]))
    rows, sizes, layers = [], np.array([layer.W.size for layer in dense]), every_layer(net)
    for k, (block, layer) in enumerate(zip(snapshot.blocks, dense, strict=True)):
        last = k + 1 == len(dense)
        distinct = layer.fan_out if last else _distinct([*_incoming(net, block), dense[k + 1].W])
        chances = 1 / np.sqrt(np.minimum(layer.W.size, sizes))
        like = int(np.argmax(np.nan_to_num(correlations[k], nan=-1.0) / chances))      # the least likely one
        defined = bool(np.isfinite(correlations[k, like]))
        rows.append(SymmetryRow(k + 1, layer.fan_out, distinct, _rank(layer.W), _rank(layer.dW),
                                float(correlations[k, like]), float(chances[like]) if defined else math.nan,
                                like + 1 if defined else None, any(layers[i].noisy for i in block)))
    return Symmetry(tuple(rows))


def _incoming(net: Network, block: range) -> list[np.ndarray]:
    """What a unit owns of what is learned, a row for each unit: W's column and b; then γ, β, slope of a layer behind.

    A layer is an array of its own, for γ = 1 says nothing of how large W is.
    """
    dense, units = dense_in(net, block)
    found = [np.hstack([units.W.T, units.b[:, None]])]
    layers = every_layer(net)
    for layer in (layers[i] for i in block if i > dense):
        own = [view for array in declared(layer, "params")
               if (view := getattr(layer, array.name)).shape == (units.fan_out,)]
        found += [np.stack(own, axis=1)] if own else []
    return found


def _distinct(arrays: list[np.ndarray]) -> int:
    """How many units have none before them that is alike in all arrays, (units, numbers) each."""
    alike = np.all([_alike(array) for array in arrays], axis=0)
    return int((~np.triu(alike, 1).any(axis=0)).sum())


def _alike(rows: np.ndarray) -> np.ndarray:
    """Which two rows differ by at most `ALIKE` of the longer one, (units, units).

    By the cosine rule: ‖r − t‖²/‖r‖² = 1 + ρ² − 2ρ cos, where ρ = ‖t‖/‖r‖ ≤ 1. Each row is divided by its own largest
    number first, so that no square is too large or too small for a float.
    """
    with np.errstate(all="ignore"):
        largest = np.abs(rows).max(axis=1, keepdims=True)
        rows = rows / np.where(largest > 0, largest, 1)
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)                  # ≥ 1, or 0 for a row of zeros
        rows = rows / np.where(lengths > 0, lengths, 1)
        norms = largest * lengths
        longer = np.maximum(norms, norms.T)
        ratio = np.minimum(norms, norms.T) / np.where(longer > 0, longer, 1)
        return (1 + ratio**2 - 2 * ratio * (rows @ rows.T) <= ALIKE**2) | (longer == 0)


def _rank(W: np.ndarray) -> int:
    if not np.isfinite(W).all():
        return 0
    s = np.linalg.svd(W, compute_uv=False)
    return int((s > NEGLIGIBLE * s[0]).sum())


def _correlations(matrices: list[np.ndarray]) -> np.ndarray:
    """Between every two matrices, over the leading numbers of both that lie on neither diagonal. NaN: not defined."""
    found = np.full((len(matrices), len(matrices)), np.nan)
    flat = [W.ravel() for W in matrices]
    off = [(np.eye(*W.shape) == 0).ravel() for W in matrices]
    for size in sorted({W.size for W in matrices}):
        group = [k for k, numbers in enumerate(flat) if len(numbers) >= size]
        keep = np.all([off[k][:size] for k in group], axis=0)
        if keep.sum() < 2:
            continue
        numbers = np.array([flat[k][:size][keep] for k in group])
        numbers -= numbers.mean(axis=1, keepdims=True)
        lengths, sizes = np.linalg.norm(numbers, axis=1), [np.linalg.norm(flat[k][:size]) for k in group]
        numbers /= np.where(lengths > 1e-12 * np.array(sizes), lengths, np.nan)[:, None]      # a constant has none
        short = [i for i, k in enumerate(group) if len(flat[k]) == size]
        table = numbers[short] @ numbers.T
        for i, row in zip(short, table, strict=True):
            found[group[i], group] = found[group, group[i]] = row
    np.fill_diagonal(found, np.nan)
    return found
