"""Rules about what the network could learn at all: layers that are all linear, layers with too few units."""

from __future__ import annotations

import numpy as np

from minnet.diagnostics.evidence import Evidence
from minnet.diagnostics.findings import Finding
from minnet.diagnostics.measurements import every_layer
from minnet.diagnostics.relation import standardized_columns
from minnet.diagnostics.trials import Settings, Trials
from minnet.layers import ActivationLayer, AlphaDropout, BatchNorm, Dense, Dropout, LayerNorm, PReLU
from minnet.network import Network
from minnet.optimizers import Adam

STEPS, ROWS = 300, 512           # of the comparisons: full batches, Adam at 0.01
NARROW, WIDE = 8, 32             # units that still respond in the narrowest layer; units in its wide copy, at least


def linear_network(e: Evidence) -> Finding | None:
    """No nonlinearity between the Dense layers, and a linear model does not suffice.

    Matrix products of matrices are matrices: any number of linear layers computes what one does. That is no fault where
    one suffices, so the best linear model is trained, on standardized inputs.
    """
    hidden = e.net.layers[:e.last_dense]
    if not any(isinstance(layer, Dense) for layer in hidden) or not all(_is_linear(layer) for layer in hidden):
        return None
    if e.learned:
        return None
    rows = slice(0, ROWS)
    x = standardized_columns(e.x[rows])
    model = Network([Dense(x.shape[1], e.snapshot.outputs.shape[1])], rng=0, dtype=np.float64)
    best = Trials(model, x, e.y[rows], e.loss).loss_after(Settings(Adam(0.05), batch_size=ROWS), STEPS)
    if e.below_chance(best, 0.5):
        return None
    count = sum(isinstance(layer, Dense) for layer in e.net.layers)
    return Finding(
        "linear_network", tuple(range(1, count)), {"linear_loss": best},
        f"no hidden layer has an activation function, so all {count} layers together compute one linear function.",
        f"Dense(…) is linear unless it gets an activation; the best linear model reaches a loss of {best:.3g}.",
        "Give every hidden layer an activation and weights that suit it: `activation=activations.relu` and "
        "`init=initializers.he_normal`.")


def _is_linear(layer: object) -> bool:
    if isinstance(layer, BatchNorm | Dropout) and not isinstance(layer, AlphaDropout):
        return True
    if isinstance(layer, Dense | ActivationLayer):
        z = np.linspace(-3, 3, 61)
        f = layer.activation
        return bool(np.ptp(f.df(z, f.f(z))) == 0)
    return False


def too_narrow(e: Evidence) -> Finding | None:
    """A hidden layer with so few living units that the network stops far from what a wider copy learns.

    Judged by training both, with the given settings or with Adam: the present weights, and a copy whose hidden layers
    have WIDE units, or twice as many as there are outputs. Thresholds: seeds below 1,000.
    """
    alive = [row.fan_out * (1 - row.dead) for row in e.statistics.rows[:-1]]
    if not alive or min(alive) > NARROW or e.below_chance(e.snapshot.loss_value, 0.8) or e.chance is None:
        return None
    wide = widened(e.net)
    if wide is None:
        return None
    rows = slice(0, ROWS)
    for settings in ([e.settings] if e.settings else []) + [Settings(Adam(0.01), batch_size=ROWS)]:
        reached, possible = (Trials(net, e.x[rows], e.y[rows], e.loss).loss_after(settings, STEPS)
                             for net in (e.net, wide))
        if e.below_chance(possible, 0.5):                    # else these settings train neither
            break
    if not reached > max(0.35 * e.chance, possible + 0.25 * e.chance):
        return None
    layer, units_needed = int(np.argmin(alive)), wide_for(e.net)
    dead = e.statistics.rows[layer].dead
    units = f"{e.statistics.rows[layer].fan_out} units" + (f", {dead:.0%} of them dead," if dead else "")
    return Finding(
        "too_narrow", (layer + 1,), {"units": alive[layer], "loss": reached, "wide_loss": possible},
        f"layer {layer + 1} has only {units} and the loss gets stuck at {reached:.3g}.",
        f"All information passes through these units; a copy with {units_needed} units in each hidden layer comes to "
        f"{possible:.3g} in as many steps.",
        f"Use hidden layers with at least {units_needed} units, and draw the weights anew.")


def wide_for(net: Network) -> int:
    """WIDE units, or twice as many as there are outputs: K classes need about K directions."""
    return max(WIDE, 2 * [layer.fan_out for layer in every_layer(net) if isinstance(layer, Dense)][-1])


def widened(net: Network) -> Network | None:
    """The network with at least `wide_for` units in every hidden layer, from its own initializers; None if it fails."""
    layers: list[object] = []
    width = net.fan_in
    last = max((i for i, layer in enumerate(net.layers) if isinstance(layer, Dense)), default=0)
    for i, layer in enumerate(net.layers):
        if isinstance(layer, Dense):
            assert width is not None
            fan_out = layer.fan_out if i == last else max(wide_for(net), layer.fan_out)
            layers.append(Dense(width, fan_out, layer.activation, layer.init, layer.bias_init))
            width = fan_out
        elif isinstance(layer, BatchNorm | LayerNorm):
            layers.append(type(layer)(width or layer.features, epsilon=layer.epsilon))
        elif isinstance(layer, PReLU):
            layers.append(PReLU(width if width and layer.features > 1 else 1, layer.initial_slope))
        elif isinstance(layer, ActivationLayer):
            layers.append(ActivationLayer(layer.activation))
        elif isinstance(layer, Dropout):
            layers.append(type(layer)(layer.rate))
        else:
            return None
    try:
        return Network(layers, rng=0, dtype=np.float64)         # type: ignore[arg-type]
    except (TypeError, ValueError):                              # an initializer made for one shape
        return None
