"""Measurements inside a network: signals, gradients, Jacobians. Nothing in the network is changed.

    print(layer_statistics(net, x, y, loss, learning_rate=0.1))
    print(jacobian(net, x[:3]))

Each is a table with one row for each weight matrix. Row l is the l-th Dense layer and the layers that follow it, up to
the next Dense layer (BatchNorm, an activation, dropout, …); layers before the first one belong to row 1. f and a are
those of the last nonlinearity of the row, or of the Dense layer if there is none; W, dW and δ = ∂C/∂z are the Dense
layer's. The Dense layers in the branches of residual blocks have rows too, in the order of the forward pass; for
`jacobian` a residual block as a whole is one row.

Everything runs on a copy in float64, where 10⁻⁵⁵ is still a number. Noise is off, as in prediction. BatchNorm takes the
batch's mean and variance, as in training: before the first step its running statistics say nothing of the network.
A residual block that contains dropout runs as in prediction, its BatchNorm too.
"""

# numpy types what a ufunc returns as Any:
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from minnet import activations, checks
from minnet.layers import ActivationLayer, Dense, Layer, PReLU
from minnet.network import Loss, Network
from minnet.optimizers import SGD, Optimizer
from minnet.reporting import Table
from minnet.sequence import nested

FLAT = 0.05                # a slope below this part of the function's largest counts as saturated


# A copy after both passes -------------------------------------------------------------------------------------

@dataclass
class Snapshot:
    """A float64 copy of a network after a forward and a backward pass: its layers hold x, z, a, delta, W, dW."""

    net: Network
    loss_value: float
    outputs: np.ndarray              # (n, fan_out)
    blocks: list[range]              # for each row of a table, which of `every_layer(net)` belong to it


def take_snapshot(net: Network, x: np.ndarray, y: np.ndarray, loss: Loss) -> Snapshot:
    """Run both passes on a copy; noise is off, BatchNorm uses the statistics of the batch."""
    copied = float64_copy(net)
    examples = checks.batch("x", x, copied.fan_in, copied.dtype)
    loss = checks.loss(loss)
    with np.errstate(all="ignore"):                  # what has exploded is reported as inf or NaN
        value, outputs = both_passes(copied, examples, y, loss)
    return Snapshot(copied, value, outputs, blocks_of(copied))


def float64_copy(net: Network) -> Network:
    """The network in float64, for a pass that must leave the original alone."""
    if not isinstance(net, Network):
        raise TypeError(f"expected a Network, such as minnet.mlp makes, got {net!r}")
    if not any(isinstance(layer, Dense) for layer in every_layer(net)):
        raise ValueError(f"expected a network with at least one Dense layer, got {net!r}, without weights")
    return net.astype(np.float64)


def both_passes(net: Network, x: np.ndarray, y: np.ndarray, loss: Loss) -> tuple[float, np.ndarray]:
    """The loss and the outputs; fills net.grads. Layers that draw noise run as in prediction, others as in training."""
    for layer in net.layers:
        x = layer.forward(x, not layer.noisy)
    value, da = loss(x, y)
    for layer in reversed(net.layers):
        da = layer.backward(da)
    return float(value), x


def every_layer(net: Network) -> list[Layer]:
    """The layers of a network in the order of the forward pass; those inside a residual block follow it."""
    return [layer for _, layer in nested(net.layers)]


def blocks_of(net: Network) -> list[range]:
    """The layers of each row, as indices of `every_layer(net)`: a Dense layer and what follows it."""
    return _cut([isinstance(layer, Dense) for layer in every_layer(net)])


def _cut(begins: list[bool]) -> list[range]:
    """One range from each True to the next; what stands before the first belongs to it."""
    starts = [i for i, begin in enumerate(begins) if begin]
    return [range(first, last) for first, last in zip([0, *starts[1:]], [*starts[1:], len(begins)], strict=True)]


def dense_in(net: Network, block: range) -> tuple[int, Dense]:
    """The Dense layer of a block and its index in `every_layer(net)`."""
    layers = every_layer(net)
    return next((i, layer) for i in block if isinstance(layer := layers[i], Dense))


def nonlinearity_in(net: Network, block: range) -> Any:
    """The last layer of the block that applies a function to each unit: ActivationLayer, PReLU, or the Dense itself."""
    layers = every_layer(net)
    found = [layer for i in block if isinstance(layer := layers[i], ActivationLayer | PReLU)]
    return found[-1] if found else dense_in(net, block)[1]


# Signals and gradients ---------------------------------------------------------------------------------------

@dataclass(frozen=True)
class LayerRow:
    """One row of `layer_statistics`."""

    layer: int                       # 1 … L
    index: int                       # its Dense layer is every_layer(net)[index]: net.layers[index] without blocks
    fan_in: int
    fan_out: int
    activation: str
    mean: float                      # of a, over units and examples
    std: float                       # of a, likewise
    spread: float                    # of a over the examples alone: what is left of the signal
    saturated: float                 # share of (example, unit) whose slope is nearly 0; NaN where f has no finite end
    dead: float                      # share of the units whose slope is 0 for every example
    delta_std: float                 # of n δ, the gradient of one example's loss
    W_norm: float
    dW_norm: float
    dW_std: float
    update: float                    # ‖ΔW‖/‖W‖ of one step; NaN without a learning rate
    histogram: tuple[np.ndarray, np.ndarray] = field(repr=False, compare=False)        # counts and edges, of a


class LayerStatistics(Table):
    """What `layer_statistics` measured: `rows`, or columns such as `.delta_std`; `value` is the loss of the batch."""

    shown: ClassVar[dict[str, str]] = {
        "layer": "{0.layer}", "shape": "{0.fan_in}→{0.fan_out}", "f": "{0.activation}", "mean a": "{0.mean:.3g}",
        "std a": "{0.std:.3g}", "over examples": "{0.spread:.3g}", "saturated": "{0.saturated:.0%}",
        "dead": "{0.dead:.0%}", "std n δ": "{0.delta_std:.3g}", "‖W‖": "{0.W_norm:.3g}", "‖dW‖": "{0.dW_norm:.3g}",
        "std dW": "{0.dW_std:.3g}", "‖ΔW‖/‖W‖": "{0.update:.2g}"}
    legend: ClassVar[str] = (
        "a: what the units give, over units and examples; over examples: std of a over the examples alone, which is "
        "what is left of the signal; saturated: share of slopes that have gone; dead: share of units without a slope "
        "for any example; n δ: ∂C/∂z of one example's loss; ‖ ‖: root of the sum of squares; ΔW: one step")

    def __init__(self, rows: tuple[LayerRow, ...], value: float) -> None:
        self.rows, self.value = rows, value

    @property
    def histogram(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """(counts, edges) of each layer's a."""
        return [row.histogram for row in self.rows]


def layer_statistics(net: Network, x: np.ndarray, y: np.ndarray, loss: Loss, *,
                     learning_rate: float | Optimizer | None = None, bins: int = 50) -> LayerStatistics:
    """The size of signals and gradients in every layer, on the batch x (n, features), y.

    - `mean`, `std`: of the activations a, over units and examples; `spread` ("over examples"): over the examples
      alone, the root of the mean variance of a unit. At 0 all inputs give the same a, and no signal is left.
    - `saturated`: f′(z) below 5% of the largest slope that f has, where f has a finite end: tanh beyond ±0.975. ReLU's
      lower end counts too: for ReLU one half is usual.
    - `dead`: f′(z) = 0 for each of the n examples. Use some hundreds: with few, a living unit may look dead.
    - `delta_std`: of n δ. The loss is a mean over examples; times n, the size of the batch drops out.
    - `W_norm`, `dW_norm`: ‖W‖ and ‖dW‖, root of the sum of squares; `dW_std`: over the entries of dW.
    - `update`: ‖ΔW‖/‖W‖ of one step from a fresh state; `learning_rate` is gradient descent's, or an optimizer.

    Raises TypeError or ValueError for x, y or settings that do not fit.
    """
    return statistics_of(take_snapshot(net, x, y, loss), learning_rate, checks.count("bins", bins))


def statistics_of(snapshot: Snapshot, learning_rate: float | Optimizer | None, bins: int) -> LayerStatistics:
    """The table of a snapshot."""
    with np.errstate(all="ignore"):
        updates = _updates(snapshot, learning_rate)
        return LayerStatistics(tuple(_row(snapshot, k, update, bins) for k, update in enumerate(updates)),
                               snapshot.loss_value)


def _row(snapshot: Snapshot, k: int, update: float, bins: int) -> LayerRow:
    block = snapshot.blocks[k]
    index, dense = dense_in(snapshot.net, block)
    nonlinear = nonlinearity_in(snapshot.net, block)
    a, slopes = nonlinear.a, slopes_of(nonlinear)
    f: activations.Activation | None = getattr(nonlinear, "activation", None)
    bounded = f is not None and np.isfinite(f.range).any()
    return LayerRow(
        k + 1, index, dense.fan_in, dense.fan_out, f.name if f is not None else "prelu",
        float(a.mean()), deviation(a), deviation(a, axis=0),
        float((np.abs(slopes) < FLAT * _steepest(f)).mean()) if f is not None and bounded else math.nan,
        float((slopes == 0).all(axis=0).mean()), deviation(len(a) * dense.delta),
        norm(dense.W), norm(dense.dW), deviation(dense.dW), update, _histogram(a, bins))


def _histogram(values: np.ndarray, bins: int) -> tuple[np.ndarray, np.ndarray]:
    """Counts and edges; values that differ by rounding alone share one bin. What has exploded is left out."""
    values = values[np.abs(values) < 1e300]
    low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 0.0)
    size = max(abs(low), abs(high))
    if high - low <= max(1e-9 * size, 1e-300):
        half = size / 2 if size > 1e-300 else 0.5
        low, high = low - half, high + half
    return np.histogram(values, bins, (low, high))


def slopes_of(layer: Any) -> np.ndarray:
    """f′(z) of a nonlinearity after its forward pass, (n, units)."""
    if isinstance(layer, PReLU):
        return np.where(layer.z > 0, 1.0, layer.slope)
    return layer.activation.df(layer.z, layer.a)


def _steepest(f: activations.Activation) -> float:
    """The largest slope of f between −10 and 10, in steps of 0.01."""
    z = np.linspace(-10, 10, 2001)
    return float(np.abs(f.df(z, f.f(z))).max())


def norm(array: np.ndarray) -> float:
    """√(Σ w²), without overflow on the way."""
    largest = float(np.abs(array).max(initial=0))
    return largest if largest in (0, math.inf) else largest * float(np.linalg.norm(array / largest))


def deviation(array: np.ndarray, axis: int | None = None) -> float:
    """The standard deviation, or the root of the mean variance along `axis`: without underflow on the way."""
    largest = float(np.abs(array).max(initial=0)) or 1.0
    return largest * math.sqrt((array / largest).var(axis=axis).mean())


def as_optimizer(learning_rate: float | Optimizer) -> Optimizer:
    """A number means plain gradient descent."""
    if isinstance(learning_rate, Optimizer):
        return learning_rate
    return SGD(checks.number("learning_rate", learning_rate, above=0))


def _updates(snapshot: Snapshot, learning_rate: float | Optimizer | None) -> list[float]:
    """‖ΔW‖/‖W‖ of each Dense layer, for one step from a fresh state."""
    if learning_rate is None:
        return [math.nan] * len(snapshot.blocks)
    net = snapshot.net
    optimizer, moved = as_optimizer(learning_rate), net.params.copy()
    optimizer.step(moved, net.grads, optimizer.init(moved, net.decay_mask))
    step, arrays, places = moved - net.params, net.arrays(), [place for place, _ in nested(net.layers)]
    dense = [dense_in(net, block) for block in snapshot.blocks]
    return [float(np.divide(norm(step[arrays[f"layer {places[i]} W"]]), norm(layer.W))) for i, layer in dense]


# Jacobians ---------------------------------------------------------------------------------------------------

@dataclass(frozen=True)
class JacobianRow:
    """One row of `jacobian`: means over the examples of a layer's largest, mean and smallest singular value."""

    layer: str
    largest: float
    mean: float
    smallest: float


class Jacobian(Table):
    """What `jacobian` computed: singular values (n, k), descending, in `layers[l]` for each layer and in `whole`."""

    shown: ClassVar[dict[str, str]] = {"layer": "{0.layer}", "largest": "{0.largest:.3g}", "mean": "{0.mean:.3g}",
                                       "smallest": "{0.smallest:.3g}"}
    legend: ClassVar[str] = ("singular values of ∂a_l/∂a_(l−1), means over the examples; all: of ∂outputs/∂x; below 1 "
                             "a direction shrinks, above 1 it is stretched")

    def __init__(self, layers: tuple[np.ndarray, ...], whole: np.ndarray) -> None:
        self.layers, self.whole = layers, whole
        names = [*map(str, range(1, len(layers) + 1)), "all"]
        self.rows = tuple(JacobianRow(name, *(float(s[:, k].mean()) for k in (0, slice(None), -1)))
                          for name, s in zip(names, (*layers, whole), strict=True))


def jacobian(net: Network, x: np.ndarray, *, layers: bool = True) -> Jacobian:
    """Singular values of ∂a_l/∂a_(l−1) for every layer, and of ∂outputs/∂x, at each of the examples x (n, features).

    A backward pass is linear in ∂C/∂a: from the identity matrix it computes the Jacobian. For a Dense layer that is
    diag(f′(z)) Wᵀ (fan_out, fan_in), and the product over the layers, last one first, is the network's. All layers run
    as in prediction, BatchNorm too: with the statistics of the batch, an output would depend on the other examples.
    Singular values below 10⁻¹⁶ of the largest are rounding. An SVD costs some k³: a few examples are enough, and
    layers=False leaves out those of the single layers (in a deep net, most of the work).
    """
    copied, layers = float64_copy(net), checks.boolean("layers", layers)
    examples = checks.batch("x", x, copied.fan_in, copied.dtype)
    blocks = _cut([isinstance(layer, Dense) or bool(layer.inner) for layer in copied.layers])
    spectra: list[list[np.ndarray]] = [[] for _ in range(len(blocks) * layers + 1)]
    with np.errstate(all="ignore"):
        for example in examples:
            a, whole = example, np.eye(len(example))
            for k, block in enumerate(blocks):
                J = np.eye(len(a))
                for i in block:
                    a, J_i = _derivative(copied, i, a)
                    J = J_i @ J
                whole = J @ whole
                if layers:
                    spectra[k].append(_singular_values(J))
            spectra[-1].append(_singular_values(whole))
    *each, whole = (np.array(values) for values in spectra)
    return Jacobian(tuple(each), whole)


def _derivative(net: Network, i: int, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Layer i at one example x (k,): its output (m,) and ∂output/∂x (m, k)."""
    layer = net.layers[i]
    a = layer(x[None])[0]
    layer.forward(np.tile(x, (len(a), 1)))                     # m copies of the example, one for each output
    J = layer.backward(np.eye(len(a)))
    assert J is not None
    return a, J


def _singular_values(J: np.ndarray) -> np.ndarray:
    return np.linalg.svd(J, compute_uv=False) if np.isfinite(J).all() else np.full(min(J.shape), math.nan)
