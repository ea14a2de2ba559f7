"""Rules about the output: the last layer, what stands behind it, and the loss."""

from __future__ import annotations

import math

import numpy as np

from minnet import losses
from minnet.activations import Activation
from minnet.diagnostics.advice import initializer_code
from minnet.diagnostics.evidence import CROSS_ENTROPIES, Evidence
from minnet.diagnostics.findings import Finding
from minnet.diagnostics.measurements import dense_in
from minnet.initializers import zeros
from minnet.layers import BatchNorm, Dropout, LayerNorm

NO_SLOPE = 1e-3                  # at z = ±50 softsign's slope is below, that of leaky_relu(0.01) above


def values_of(f: Activation) -> tuple[float, float]:
    """The least and the largest value of f, ±∞ where it goes on rising or falling at z = ±50.

    Computed and not read from `f.range` alone, which an activation of one's own may have left at ±∞.
    """
    z = np.linspace(-50, 50, 2001)
    a = f.f(z)
    slopes = f.df(z, a)
    low = -math.inf if slopes[0] > NO_SLOPE or slopes[-1] < -NO_SLOPE else float(a.min())
    high = math.inf if slopes[-1] > NO_SLOPE or slopes[0] < -NO_SLOPE else float(a.max())
    low, high = (low if math.isinf(f.range[0]) else min(low, f.range[0]),
                 high if math.isinf(f.range[1]) else max(high, f.range[1]))
    return low, high


def output_activation(e: Evidence) -> Finding | None:
    """A last layer with an activation under a cross-entropy, which has its own and expects any real number."""
    if e.loss not in CROSS_ENTROPIES or e.ends_in_block:
        return None
    z, last = e.snapshot.outputs, len(e.statistics)
    f = e.activation(last - 1)
    low, high = values_of(f) if f is not None else (-math.inf, math.inf)
    probabilities = e.loss is losses.softmax_cross_entropy and z.min() >= 0 and np.allclose(z.sum(axis=1), 1)
    if math.isinf(low) and math.isinf(high) and not probabilities:
        return None
    own = "softmax" if e.loss is losses.softmax_cross_entropy else "sigmoid"
    name = "softmax" if probabilities else str(f)
    twice = name == own
    within = "between 0 and 1" if probabilities else f"in the range {low:.3g} to {high:.3g}"
    return Finding(
        "output_activation", (last,), {"low": float(z.min()), "high": float(z.max())},
        f"the last layer applies {name}, and then the loss applies its own {own}.",
        (f"With {name} applied twice" if twice else f"With outputs {within}") + " the network cannot give "
        "a confident answer: the loss expects any real number, a large one for \"yes\", a negative one for \"no\".",
        f"Leave the activation of the last layer out, `{_plain_dense(e)}`, and apply {own} only when you need "
        "probabilities.")


def output_range(e: Evidence) -> Finding | None:
    """A last layer whose activation cannot give the targets of a regression. Threshold: 5% of them out of reach."""
    last = len(e.statistics)
    f = e.activation(last - 1)
    if e.targets is None or f is None or e.ends_in_block:
        return None
    low, high = values_of(f)
    outside = float(((e.targets < low) | (e.targets > high)).mean())
    if not outside > 0.05:
        return None
    return Finding(
        "output_range", (last,), {"outside": outside, "low": low, "high": high},
        f"{outside:.0%} of the targets lie outside the range of the last layer's activation, {f}, which is {low:.3g} "
        f"to {high:.3g}.",
        f"The targets go from {e.targets.min():.3g} to {e.targets.max():.3g}; the outputs come to the end of the range "
        "and stay there, where the slope is 0.",
        f"Leave the activation of the last layer out: `{_plain_dense(e)}`.")


def layer_after_output(e: Evidence) -> Finding | None:
    """Dropout or a normalization behind the last Dense layer."""
    behind = [layer for layer in e.net.layers[e.last_dense + 1:]
              if isinstance(layer, BatchNorm | LayerNorm) or (isinstance(layer, Dropout) and layer.rate > 0)]
    if not behind:
        return None
    layer, name = behind[0], type(behind[0]).__name__
    if isinstance(layer, Dropout):
        cause = "In training it sets outputs to 0 at random, which raises the loss whatever the weights are."
    elif isinstance(layer, LayerNorm):
        cause = "It gives the outputs of every example the same size, so that it is equally sure of all."
    else:
        cause = "It ties the output of an example to the others of its batch, and to a running mean in prediction."
    return Finding(
        "layer_after_output", (len(e.statistics),), {"layers": len(behind)},
        f"{name} stands behind the output layer.", cause,
        f"End the network with its last Dense layer, `{_plain_dense(e)}`; Dropout and normalization belong between "
        "hidden layers.")


def _plain_dense(e: Evidence) -> str:
    dense = dense_in(e.net, e.snapshot.blocks[-1])[1]
    return f"Dense({dense.fan_in}, {dense.fan_out})"


def initial_loss(e: Evidence) -> Finding | None:
    """Outputs that are large and wrong. Thresholds: 3 C₀ + 1 for cross-entropies, 25 C₀ for others, seeds below 1,000.

    C₀ is the loss of a network that knows nothing: chance, or for a cross-entropy that of outputs 0 if it is higher,
    since a new network cannot know that a class is rare. With outputs of size 1 it costs about C₀ + 1 at most. A
    regression whose targets are far from 0 is another matter: see unscaled_targets.
    """
    if e.chance is None:
        return None
    most = 25 * e.chance
    if e.loss in CROSS_ENTROPIES:
        most = 3 * max(e.chance, float(e.loss(np.zeros_like(e.snapshot.outputs), e.y)[0])) + 1
    if not most < e.snapshot.loss_value < math.inf:
        return None
    last, size = len(e.statistics), float(e.snapshot.outputs.std())
    return Finding(
        "initial_loss", (last,), {"loss": e.snapshot.loss_value, "chance": e.chance, "outputs": size},
        f"the loss is {e.snapshot.loss_value:.3g}, but the best constant output costs only {e.chance:.3g}.",
        f"The outputs have standard deviation {size:.3g}: they are large and wrong, and the first steps only make them "
        "smaller.",
        f"Start the last layer at zero: `output_init={initializer_code(zeros)}`, or give it smaller weights.")
