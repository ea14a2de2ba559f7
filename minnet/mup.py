"""μP, the maximal update parametrization: the best learning rate is then the same at any width.

    net = mlp([64, n, n, 10], activation=relu, init=he_normal, output_init=mup_output(base_width=64), rng=0)
    optimizer = mup.optimizer(net, Adam(2**-7), base_width=64)

A rate that was found in a narrow, cheap network serves a wide one. With n the width and n₀ = base_width, where nothing
changes, every layer learns as much in a wide network as in a narrow one if

                           weights of layer 1,          weights of          weights of
                           biases of hidden units       hidden layers       the outputs
    Var[W]                 c/fan_in                     c/fan_in            c n₀/fan_in²
    rate with SGD          η · fan_out/n₀               η                   η · n₀/fan_in
    rate with Adam         η                            η · n₀/fan_in       η · n₀/fan_in

(the biases of the outputs keep η, since their number does not grow). The reason: after a step a hidden unit's z changes
by the sum of fan_in terms Δw a that all have the same sign, not random ones. Adam makes Δw = ±η, whatever the gradient,
so that η must fall as 1/fan_in; with SGD Δw = −η dw has a gradient that shrinks with the outputs' weights by itself.

Measured (tests/campaigns/mup.py; digits, three hidden layers of ReLU, Adam, three epochs, loss on the training data,
three seeds): without μP the best rate at widths 32, 128 and 512 is 2⁻⁶, 2⁻⁷ and 2⁻⁹, with μP, n₀ = 32, it is 2⁻⁶, 2⁻⁷
and 2⁻⁷. Width 512 has the loss .221 at width 32's best rate without μP, .094 with it; at its own best .021 and .069.

Yang, Hu, Babuschkin, Sidor, Liu, Farhi, Ryder, Pachocki, Chen & Gao 2022, *Tensor Programs V*, Table 3.
"""

from __future__ import annotations

from minnet import checks
from minnet.layers import Dense
from minnet.network import Network
from minnet.optimizers import SGD, Adam, Optimizer, RMSprop
from minnet.parameter_groups import ParameterGroups


def optimizer(net: Network, optimizer: Optimizer, *, base_width: float) -> ParameterGroups:
    """`optimizer` with μP's learning rates for `net`; base_width > 0 is the width at which all of them are η.

    The first and the last Dense layer are those of the inputs and of the outputs, all others hidden, also in residual
    blocks. γ, β and the slopes of other layers have the rate of hidden biases, single numbers (`LearnedScale`) have η.
    RMSprop divides by the gradient's size, as Adam does, and has Adam's rates.

    Raises TypeError for an optimizer of another kind, and for what is no Network with a hidden layer.
    """
    n0 = checks.number("base_width", base_width, above=0)
    if not isinstance(optimizer, SGD | Adam | RMSprop):
        raise TypeError(f"expected SGD, Adam, AdamW or RMSprop, whose rates under μP are known, got {optimizer!r}")
    layers = net.owners() if isinstance(net, Network) else {}
    dense = [layer for layer in layers.values() if isinstance(layer, Dense)]
    if len(dense) < 2:
        raise TypeError(f"expected a Network with a hidden layer, whose width may grow, got {net!r}")
    first, *_, last = dense
    sgd = isinstance(optimizer, SGD)

    def factor(layer: object, array: str, size: int) -> float:
        """On the learning rate of one array: the column of the table in which it stands."""
        if isinstance(layer, Dense) and array == "W":
            if layer is first:
                return layer.fan_out / n0 if sgd else 1.0
            return 1.0 if sgd and layer is not last else n0 / layer.fan_in
        return size / n0 if sgd and layer is not last and size > 1 else 1.0

    return ParameterGroups(optimizer, [
        (part, factor(layers[name[:-len(array)]], array, part.stop - part.start))
        for name, part in net.arrays().items() for array in [name.split()[-1]]])
