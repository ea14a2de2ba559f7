"""Rules about the layers between input and output: what their weights are, and how signals and gradients pass."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from minnet.activations import Activation
from minnet.diagnostics.advice import initializers_for, layer_names
from minnet.diagnostics.evidence import Evidence
from minnet.diagnostics.findings import Finding
from minnet.diagnostics.measurements import norm


def identical_units(e: Evidence) -> Finding | None:
    """Half of the units of a layer, or more, are copies of others (symmetries.py). Dropout makes them different."""
    equal = [row for row in e.symmetry.rows if 2 * row.distinct <= row.units and not row.noisy]
    if not equal:
        return None
    worst = min(equal, key=lambda row: row.distinct / row.units)
    return Finding(
        "identical_units", _numbers(equal), {"distinct": worst.distinct, "units": worst.units},
        f"in {layer_names(_numbers(equal))} units are copies of each other; only {worst.distinct} of {worst.units} "
        f"differ in layer {worst.layer}.",
        "Copies have equal weights in, equal biases and equal weights out, so they get equal gradients and stay equal.",
        f"Draw all weights at random, those of the last layer too: {initializers_for(e, worst.layer)}; for the last "
        "layer `output_init=initializers.glorot_uniform`.")


def equal_layers(e: Evidence) -> Finding | None:
    """Two weight matrices hold the same numbers. Threshold: correlation 0.3, or six times what chance gives.

    Few numbers correlate by chance: between 16 and 36 of them the threshold is 0.99, and fewer are not compared.
    """
    equal = [row for row in e.symmetry.rows
             if row.chance <= 1 / 4 and row.correlation > min(0.99, max(0.3, 6 * row.chance))]
    if not equal:
        return None
    worst = max(equal, key=lambda row: row.correlation)
    return Finding(
        "equal_layers", _numbers(equal), {"correlation": worst.correlation, "chance": worst.chance},
        f"{layer_names(_numbers(equal))} hold the same numbers: layers {worst.layer} and {worst.like} correlate by "
        f"{worst.correlation:.2f}.",
        "This happens where an initializer makes a new generator from a fixed seed each time it is called.",
        "Let the initializer draw from the generator that it is given as its first argument, as those of the library "
        f"do: {initializers_for(e, worst.layer)}.")


def wrong_gradient(e: Evidence) -> Finding | None:
    """The gradient is not the slope of the loss: a derivative of one's own is wrong.

    The df of every activation is compared with differences of f, and the gradient as a whole with the loss.
    Along d = ∇C/‖∇C‖ the loss must rise by ‖∇C‖ per unit length: (C(p + h d) − C(p))/h, and (C(p) − C(p − h d))/h. The
    two have to agree, or there is a kink within h, or noise, and nothing can be said. Threshold 2%: they agree to 0.5%.
    """
    remedy = "Compare every derivative of your own with finite differences (minnet.gradient_check), and correct it."
    for row in range(len(e.statistics)):
        wrong = _wrong_slope(e.activation(row), e.nonlinearity(row).z)
        if wrong is not None:
            z, slope, rise = wrong
            return Finding(
                "wrong_gradient", (row + 1,), {"z": z, "df": slope, "slope": rise},
                f"the derivative of {e.activation(row)} is wrong: at z = {z:.3g} its df gives {slope:.3g}, but f rises "
                f"by {rise:.3g} per unit of z.",
                "The gradients of all layers below are multiplied by this df, so that steps go in wrong directions.",
                remedy)
    net, length, value = e.net, norm(e.net.grads), e.snapshot.loss_value
    size = norm(net.params) or 1.0
    if not math.isfinite(length + size + value) or length == 0:
        return None
    h = min(1e-6 * size, 1e-4 * abs(value) / length)           # so short that C changes by 1e-4 of itself at most
    if h * length < 1e-9 * abs(value) or h < 1e-12 * size:
        return None                                            # lost in the rounding of C, or of p
    if e.statistics.std[:-1].min(initial=math.inf) < 100 * h:
        return None                                            # signals so small that h moves them across a kink
    copied = net.astype(np.float64)
    start, direction = copied.params.copy(), net.grads / length

    def loss_at(step: float) -> float:
        copied.params[...] = start + step * direction
        a = e.x
        for layer in copied.layers:
            a = layer.forward(a, not layer.noisy)
        return float(e.loss(a, e.y)[0])

    ahead, behind = (loss_at(h) - loss_at(0)) / h, (loss_at(0) - loss_at(-h)) / h
    ratio = (ahead + behind) / 2 / length
    if not abs(ahead - behind) <= 0.005 * length * max(1, abs(ratio)) or abs(ratio - 1) <= 0.02:
        return None
    return Finding(
        "wrong_gradient", (), {"ratio": ratio},
        f"the computed gradient is wrong: along it the loss changes {ratio:.3g} times as fast as it says.",
        "A derivative that does not come from the library has an error: the df of an activation, the backward of a "
        "layer, or the dz of a loss.",
        remedy)


def _wrong_slope(f: Activation | None, z: np.ndarray) -> tuple[float, float, float] | None:
    """(z, df, differences of f) at the worst of the z of a layer, if df is wrong at a fifth of them or more.

    500 of them, in one column: a softmax in the place of an activation is not meant here (output_activation). At a kink
    the differences ahead and behind disagree, and nothing can be said.
    """
    z = z[np.isfinite(z) & (np.abs(z) < 100)]
    if f is None or len(z) == 0:
        return None
    z, h = np.quantile(z, np.linspace(0, 1, 500))[:, None], 1e-5
    a = f.f(z)
    slope, ahead, behind = f.df(z, a), (f.f(z + h) - a) / h, (a - f.f(z - h)) / h
    rise = (ahead + behind) / 2
    error = np.where(np.abs(ahead - behind) < 1e-2 * (1 + np.abs(rise)), np.abs(slope - rise), 0)
    if not (error > 1e-3 * (1 + np.abs(rise))).mean() > 0.2:
        return None
    worst = int(error.argmax())
    return float(z[worst, 0]), float(slope[worst, 0]), float(rise[worst, 0])


def exploding(e: Evidence) -> Finding | None:
    """Signals or gradients grow from layer to layer, and the network has not learned. Thresholds: seeds below 1,000.

    Gradients are compared with the last hidden layer's, since the output has its own rule (initial_loss).
    """
    if e.learned and math.isfinite(norm(e.net.params)):
        return None
    broken = [row.layer for row in e.statistics.rows if not math.isfinite(row.std + row.delta_std + row.W_norm)]
    signals = e.statistics.std[:-1] / e.input_size
    gradients = e.gradient[:-1] / np.where(e.gradient[-2:-1] > 0, e.gradient[-2:-1], np.nan)
    layers = broken or [k + 1 for k in range(len(signals)) if signals[k] > 4 or gradients[k] > 30]
    if not layers:
        return None
    numbers = {"signal": float(signals.max(initial=0)), "gradient": float(np.fmax.reduce(gradients, initial=0))}
    problem = (f"numbers in {layer_names(layers)} are no longer finite" if broken else
               f"signals grow to {numbers['signal']:.2g} times the inputs, gradients to {numbers['gradient']:.2g} "
               f"times those of the last hidden layer, in {layer_names(layers)}")
    return Finding(
        "exploding", tuple(layers), numbers, f"{problem}: exploding.",
        "Each layer multiplies by its weights, and they are too large: over all layers the factors multiply.",
        f"Start from smaller weights: {initializers_for(e, layers[0])}.")


def dead_units(e: Evidence) -> Finding | None:
    """A layer of which more than 80% of the units have slope 0 for every example, or in which more than 85% of the
    slopes, over units and examples, are below 5% of f's largest. A function that is flat at both ends, such as tanh, is
    left to `saturated`. The thresholds were set on networks with seeds below 1,000, which the bench does not use."""
    off = np.where(e.two_sided, 0, np.nan_to_num(e.statistics.saturated))
    dead = [row for row, share, both in zip(e.statistics.rows, off, e.two_sided, strict=True)
            if not both and (row.dead > 0.8 or share > 0.85)]
    if not dead or not np.isfinite(e.statistics.std).all():
        return None
    share_dead, share_off = max(row.dead for row in dead), float(max(off[row.layer - 1] for row in dead))
    return Finding(
        "dead_units", _numbers(dead), {"dead": share_dead, "off": share_off},
        f"in {layer_names(_numbers(dead))} up to {share_dead:.0%} of the units are dead: their slope is 0 for every "
        f"example ({share_off:.0%} of all pairs of unit and example).",
        "Where the slope is 0 no gradient passes, so these units never change; negative biases, weights with a "
        "negative mean, or a step that was too long bring them there.",
        f"Draw the weights anew: {initializers_for(e, dead[0].layer)}; if units die again in training, use a smaller "
        "learning rate.")


def saturated(e: Evidence) -> Finding | None:
    """Units at an end of a range with two ends, and the network has not learned. Threshold 60%: seeds below 1,000."""
    ends = [row for row, both in zip(e.statistics.rows[:-1], e.two_sided, strict=False) if both and row.saturated > 0.6]
    if not ends or e.learned:
        return None
    share = max(row.saturated for row in ends)
    return Finding(
        "saturated", _numbers(ends), {"saturated": share},
        f"in {layer_names(_numbers(ends))} up to {share:.0%} of the values of {ends[0].activation} are saturated: they "
        "lie at the ends of its range.",
        "There the slope is nearly 0 and little gradient passes; the weights or the biases are too large.",
        f"Start from smaller ones: {initializers_for(e, ends[0].layer, smaller=True)}.")


def vanishing(e: Evidence) -> Finding | None:
    """Signals or gradients fade from layer to layer, and the network does not learn.

    Judged by the product of the smallest signal and the smallest gradient; below 10⁻³ a trial decides, since Adam and a
    large learning rate make up for much; below 5·10⁻⁵ they do not. Without an optimizer: 2·10⁻⁴. Seeds below 1,000.
    """
    if len(e.signal) == 0 or e.learned or any(layer.inner for layer in e.net.layers):
        return None                                            # around a residual block the gradient passes unchanged
    forward, backward = float(e.signal.min()), float(e.gradient.min())
    if not forward * backward < (1e-3 if e.settings else 2e-4):
        return None
    if e.settings and forward * backward > 5e-5:
        best = e.loss_after(e.settings.times(e.best_larger_factor))
        if e.below_chance(best, 0.02):
            return None
    weak = [row.layer for row, s, g in zip(e.statistics.rows, e.signal, e.gradient, strict=False) if min(s, g) < 0.03]
    layers = tuple(weak) or (1 + int(e.gradient.argmin()),)
    return Finding(
        "vanishing", layers, {"signal": forward, "gradient": backward},
        f"gradients fall to {backward:.1e} of the last layer's, signals to {forward:.1e} of the inputs', in "
        f"{layer_names(layers)}: vanishing.",
        "Each layer multiplies by its weights and by the slope of its activation; the product is below 1, and over all "
        "layers little is left.",
        f"Start from larger weights: {initializers_for(e, layers[0])}.")


def _numbers(rows: Sequence[Any]) -> tuple[int, ...]:
    return tuple(row.layer for row in rows)
