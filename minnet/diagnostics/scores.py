"""What an initializer is good for, on one page: `print(scorecard(my_init, activations.tanh))`.

Networks of several widths and depths are drawn from several seeds and measured: how signals and gradients change with
depth, and what mean-field theory predicts; whether units and layers are distinct; how equal the singular values of the
Jacobian are; and up to which depth a network learns the digits. Use it to test an initializer of your own.
"""

from __future__ import annotations

import base64
import html
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np

from minnet import checks, datasets, losses, theory
from minnet.activations import Activation
from minnet.diagnostics.symmetries import symmetry
from minnet.initializers import Initializer, lecun_normal, zeros
from minnet.layers import Dense
from minnet.network import Network
from minnet.optimizers import SGD
from minnet.reporting import Table, described, printable
from minnet.training import Diverged, fit

RATES = (0.3, 0.1, 0.03, 0.01, 0.003, 0.001)
LEARNED = 0.5                   # accuracy on the training part above which a network counts as trained
BATCH, EXAMPLES = 32, 64        # of the training; for the variances


@dataclass(frozen=True)
class ScoreRow:
    """One width and depth: medians over the seeds."""

    width: int
    depth: int
    forward: float              # E[z²] in the last hidden layer over that in the first
    forward_predicted: float
    backward: float             # E[δ²] in the first hidden layer over that in the last
    backward_predicted: float
    distinct: float             # share of the units that are no copy of another
    correlation: float          # the largest |correlation| between layers, over chance
    spread: float               # Var[s²]/mean[s²]² of the hidden layers' Jacobian: 0 is an isometry
    accuracy: float             # on digits after training at the best rate; NaN where it was not trained, or diverged
    rate: float                 # that learning rate

    @property
    def alike(self) -> str:
        """`correlation` as a multiple of chance; empty where no two layers can be compared."""
        return "" if math.isnan(self.correlation) else f"{self.correlation:.1f}×"


class Scorecard(Table):
    """What `scorecard` measured: `rows`, and the profiles through the deepest network of each width."""

    shown: ClassVar[dict[str, str]] = {
        "width": "{0.width}", "depth": "{0.depth}", "E[z²] last/first": "{0.forward:.2g}",
        "predicted": "{0.forward_predicted:.2g}", "E[δ²] first/last": "{0.backward:.2g}",
        " predicted": "{0.backward_predicted:.2g}", "distinct units": "{0.distinct:.0%}",
        "layers alike": "{0.alike}", "spread of s²": "{0.spread:.2g}", "accuracy": "{0.accuracy:.2f}",
        "at rate": "{0.rate:g}"}

    def __init__(self, title: str, rows: tuple[ScoreRow, ...], profiles: dict[int, dict[str, Any]],
                 epochs: int) -> None:
        self.title, self.rows, self.profiles, self.epochs = title, rows, profiles, epochs

    def trainable_depth(self, width: int) -> int:
        """The largest depth tried at this width at which the digits were learned; 0 if at none."""
        checks.count("width", width)
        return max((row.depth for row in self.rows if row.width == width and row.accuracy >= LEARNED), default=0)

    def summary(self) -> str:
        """One sentence for each width."""
        if not self.epochs:
            return "not trained (epochs=0)"
        found = []
        for width in dict.fromkeys(row.width for row in self.rows):
            deepest = max(row.depth for row in self.rows if row.width == width)
            depth = self.trainable_depth(width)
            found.append(f"width {width}: " + (f"learns the digits up to {depth} hidden layers, the deepest tried"
                                               if depth == deepest else f"learns the digits up to {depth} hidden layers"
                                               if depth else "learns the digits at no depth tried")
                         + f" ({self.epochs} epoch{'s' * (self.epochs > 1)}, best of {len(RATES)} rates)")
        return "\n".join(found)

    def __str__(self) -> str:
        return printable(f"{self.title}\n{super().__str__()}\n{self.summary()}")

    __repr__ = __str__

    def _repr_html_(self) -> str:
        figure, data = self.plot(), io.BytesIO()
        figure.savefig(data, format="png", dpi=80)
        png = base64.b64encode(data.getvalue()).decode()
        picture = f'<img alt="signals and gradients, layer by layer" src="data:image/png;base64,{png}">'
        lines = "<br>".join(map(html.escape, self.summary().splitlines()))
        return f"<b>{html.escape(self.title)}</b>{super()._repr_html_()}<p>{lines}</p>{picture}"

    def plot(self) -> Any:
        """Signals and gradients through the deepest networks, theory over measurement; a matplotlib Figure."""
        from matplotlib.figure import Figure

        from minnet import plots

        figure = Figure(figsize=(9, 3.2 * len(self.profiles)), layout="constrained")
        axes = figure.subplots(len(self.profiles), 2, squeeze=False)
        for pair, (width, profile) in zip(axes, self.profiles.items(), strict=True):
            for ax, name, label in zip(pair, ("z", "delta"), ("E[z²]", "E[δ²], relative to the output"), strict=True):
                plots.depth_profile(profile[name], predicted=profile[f"{name} predicted"], ylabel=label, ax=ax)
                ax.set_title(f"width {width}")
            pair[0].get_legend().remove()                  # the one on the right says the same
        figure.suptitle(self.title)
        return figure


def scorecard(initializer: Initializer, activation: Activation, *, widths: Sequence[int] = (64, 256),
              depths: Sequence[int] = (2, 10, 30), bias: Initializer = zeros, seeds: int = 3, epochs: int = 5,
              rng: int | np.random.Generator = 0) -> Scorecard:
    """Judge an initializer for hidden layers of `activation`: a table, a sentence for each width, and `.plot()`.

    Each network has `depth` hidden layers of equal width on standardised digits (64 features), and a linear output
    drawn by lecun_normal, the same for all. Measured over `seeds` seeds from `rng` on (a Generator draws the first):

    - forward E[z²] from the first hidden layer to the last, backward E[δ²] from the last to the first, for a random
      gradient at the output; beside them `theory.predict_statistics`, with its finite-width shift (blank for weights
      that are not centred);
    - the share of units that have no twin, with equal weights in and out (behind the last hidden layer stands, for
      this, one more of its kind), and the likeness of layers: 1 to 4 times chance is what independent ones show;
    - Var[s²]/mean[s²]² of the Jacobian from the first hidden layer to the last: 0 is an isometry;
    - accuracy on the training digits after `epochs` epochs (41 steps each) of SGD with momentum at the best of
      six rates, one seed.

    epochs=0 leaves the training out, which takes most of the time. Raises TypeError or ValueError for settings that do
    not fit, and where the initializer fails.
    """
    widths, depths = checks.counts("widths", widths), sorted(checks.counts("depths", depths))
    seeds, epochs = checks.count("seeds", seeds), checks.count("epochs", epochs, least=0)
    checks.generator(rng)
    first = int(rng.integers(2**32)) if isinstance(rng, np.random.Generator) else int(rng)
    x, y = datasets.standardized(datasets.digits()).train
    rows: list[ScoreRow] = []
    profiles: dict[int, dict[str, Any]] = {}
    for width in widths:
        for depth in depths:
            def drawn(seed: int, dtype: Any = np.float64, width: int = width, depth: int = depth) -> Network:
                hidden = [Dense(64 if k == 0 else width, width, activation, initializer, bias) for k in range(depth)]
                return Network([*hidden, Dense(width, 10, init=lecun_normal)], rng=seed, dtype=dtype)

            measured = [_measured(drawn(first + k), x[:EXAMPLES], first + k) for k in range(seeds)]
            z, delta, expected_z, expected_delta, spread = (np.array(values) for values in zip(*measured, strict=True))
            with np.errstate(all="ignore"):
                alike = symmetry(drawn(first, depth=depth + 1), x[:EXAMPLES], y[:EXAMPLES],
                                 losses.softmax_cross_entropy).rows[:depth]
            likeness = [row.correlation / row.chance for row in alike if row.like is not None]
            accuracy, rate = (_trained(partial(drawn, first, np.float32), (x, y), epochs) if epochs else
                              (math.nan, math.nan))
            profiles[width] = {"z": z, "delta": delta, "z predicted": np.median(expected_z, axis=0),
                               "delta predicted": np.median(expected_delta, axis=0)}
            rows.append(ScoreRow(
                width, depth,
                forward=_ratio(z[:, -1], z[:, 0]), forward_predicted=_ratio(expected_z[:, -1], expected_z[:, 0]),
                backward=_ratio(delta[:, 0], delta[:, -1]),
                backward_predicted=_ratio(expected_delta[:, 0], expected_delta[:, -1]),
                distinct=sum(row.distinct for row in alike) / sum(row.units for row in alike),
                correlation=max(likeness, default=math.nan), spread=float(np.median(spread)),
                accuracy=accuracy, rate=rate))
    title = f"{described(initializer)} for {activation}" + ("" if bias is zeros else f", biases {described(bias)}")
    return Scorecard(title, tuple(rows), profiles, epochs)


def _ratio(over: np.ndarray, under: np.ndarray) -> float:
    """The median over seeds; NaN where nothing arrives."""
    with np.errstate(all="ignore"):
        return float(np.median(over / under))


def _measured(net: Network, x: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, float]:
    """E[z²] and E[δ²] (relative to the output's) of the hidden layers, both predicted, and the Jacobian's spread."""
    with np.errstate(all="ignore"):
        net.backward(np.random.default_rng([seed, 7]).normal(size=net.forward(x).shape))
        z, delta = (np.array([float(np.mean(np.square(getattr(layer, name)))) for layer in net.layers])
                    for name in ("z", "delta"))
    try:
        found = theory.predict_statistics(net, x)
        predicted = [profile.typical[:-1] for profile in (found.z, found.delta)]
    except ValueError:                      # a signal that dies or explodes at once, or weights that are not centred
        predicted = [np.full(len(z) - 1, math.nan)] * 2
    return z[:-1], (delta / delta[-1])[:-1], *predicted, _spread(net, x[:2])


def _spread(net: Network, x: np.ndarray) -> float:
    """Var[s²]/mean[s²]² of ∂a_L/∂a_1 over the examples, hidden layers only; NaN where nothing passes, or too much."""
    found = []
    with np.errstate(all="ignore"):
        for example in x:
            net.forward(example[None])
            J = np.eye(net.layers[0].fan_out)
            for layer in net.layers[1:-1]:
                J = J @ layer.W * layer.activation.df(layer.z, layer.a)
                J /= np.abs(J).max()                # the scale drops out; a long product of small numbers would too
            s = np.linalg.svd(J, compute_uv=False) if np.isfinite(J).all() else np.full(1, math.nan)
            found.append((s**2).var() / (s**2).mean() ** 2)
    return float(np.mean(found))


def _trained(draw: Any, data: tuple[np.ndarray, np.ndarray], epochs: int) -> tuple[float, float]:
    """(accuracy in the last epoch, rate) of the best rate; NaN where every one diverged."""
    found = []
    for rate in RATES:
        try:
            history = fit(draw(), data, loss=losses.softmax_cross_entropy, optimizer=SGD(rate, momentum=0.9),
                          epochs=epochs, batch_size=BATCH, rng=0, progress=False)
        except Diverged:
            continue
        found.append((float(history.accuracy[-1]), rate))
    return max(found, default=(math.nan, math.nan))
