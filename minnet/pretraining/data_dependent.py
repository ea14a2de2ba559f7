"""Weights scaled by measurement: send a batch of data through the network and scale each layer by what z is there.

    lsuv(net, x, rng=0)                  orthonormal W, then W /= std of the layer's z: one number per layer
    unit_normalized(net, x, rng=0)       the z of every *unit* gets mean 0 and variance 1, by its column of W and its b
    balanced(net, x, y, loss)            ‖dW‖/‖W‖ becomes equal in all layers; the network's function does not change

An initializer knows only the widths of a layer; these functions also use x (n, fan_in), a batch of some hundred rows,
and so work for any activation. All three change W and b of `net` in place, and nothing else; where they raise an error,
the network is unchanged. They take networks of Dense layers. Dropout between these is skipped, as in prediction.
"""

from __future__ import annotations

import copy
import math

import numpy as np

from minnet import checks
from minnet.initializers import Initializer, normal, orthogonal
from minnet.layers import Dense, Dropout
from minnet.network import Loss, Network


def lsuv(net: Network, x: np.ndarray, *, tolerance: float = 0.1, tries: int = 10,
         rng: int | np.random.Generator) -> list[list[float]]:
    """Layer-sequential unit variance: W orthonormal, then W ← W/std(z) while |Var[z] − 1| > tolerance.

    Var[z] is taken over all examples and units of a layer together. The layers are scaled one after the other, each on
    the outputs of the finished ones below. With b = 0, z is proportional to W and one division is exact. b is not
    changed: where it varies over the units, its variance adds to that of x W, and more divisions are needed, or no
    number of them is enough. Raises ValueError after `tries` divisions. Weight layer k draws from child k of rng, as
    in a Network.

    Returns, for each Dense layer, the standard deviations of z: before each division, and at the end.
    Mishkin & Matas 2016, Algorithm 1.
    """
    tolerance, tries = checks.number("tolerance", tolerance, above=0), checks.count("tries", tries)
    dense_layers(net)                                          # or an error, before anything else
    other = copy.deepcopy(net)
    a = inputs_of(net, x)
    found: list[list[float]] = []
    for i, (layer, child) in enumerate(_with_children(other, rng)):
        layer.W = orthogonal(child, layer.W.shape)
        stds = [_std(i, layer, a)]
        while abs(stds[-1] ** 2 - 1) > tolerance:
            if len(stds) > tries:
                raise ValueError(f"expected Var[z] of weight layer {i}, {layer!r}, within {tolerance:g} of 1 after "
                                 f"{tries} divisions, got {stds[-1] ** 2:.4g}: b, which is not scaled, has variance "
                                 f"{layer.b.var():.4g} over the units; set it to 0")
            layer.W /= stds[-1]
            stds.append(_std(i, layer, a))
        found.append(stds)
        a = layer(a)
    net.params = other.params
    return found


def unit_normalized(net: Network, x: np.ndarray, *, rng: int | np.random.Generator, bias: float = 0.0,
                    init: Initializer = normal) -> list[np.ndarray]:
    """Every unit's z with variance 1 over the data and mean β = `bias`: W_j ← W_j/σ_j, b_j ← β − μ_j/σ_j.

    μ_j and σ_j are the mean and the standard deviation over the examples of (a W)_j, a the outputs of the finished
    layers below: batch normalization of the first batch, written into the weights. `init` draws W first; the paper has
    N(0, 1), but the scale cancels. b is replaced. Weight layer k draws from child k of rng, as in a Network. Raises
    ValueError for units whose z does not vary.

    Returns σ (units,) for each Dense layer. Krähenbühl, Doersch, Donahue & Darrell 2016, Algorithm 1.
    """
    bias = checks.number("bias", bias)
    if not callable(init):
        raise TypeError(f"expected init to be a function of (rng, shape), such as initializers.normal, got {init!r}")
    dense_layers(net)                                          # or an error, before anything else
    other = copy.deepcopy(net)
    a = inputs_of(net, x)
    found = []
    for i, (layer, child) in enumerate(_with_children(other, rng)):
        layer.W = init(child, layer.W.shape)
        z = a.dot(layer.W).astype(np.float64)
        mean, std = z.mean(axis=0), z.std(axis=0)
        # Rounding moves a sum of fan_in products by up to fan_in · ε/2 of the sum of their sizes, two by twice that.
        rounding = layer.fan_in * np.finfo(net.dtype).eps * np.abs(a).dot(np.abs(layer.W)).max(axis=0)
        if not (varies := (np.ptp(z, axis=0) > rounding) & np.isfinite(std)).all():
            raise ValueError(f"expected every unit's z to vary over the {len(a)} rows of x, got {(~varies).sum()} of "
                             f"{len(varies)} units in weight layer {i}, {layer!r}, that are constant or not finite: "
                             "take more rows, or see whether the units below are dead")
        layer.W /= std.astype(net.dtype)
        layer.b = checks.real_array("b", bias - mean / std, net.dtype)
        found.append(std)
        a = layer(a)
    net.params = other.params
    return found


def balanced(net: Network, x: np.ndarray, y: np.ndarray, loss: Loss) -> np.ndarray:
    """Scale the layers so that ‖dW‖/‖W‖ is the same in all of them, without changing the network's function.

    Where f(rz) = r f(z) for every r > 0 (ReLU, leaky ReLU, identity), W_k ← r_k W_k and b_k ← r_1 ⋯ r_k b_k multiply
    the outputs by the product of all r. If that is 1, the function is unchanged, ‖∂C/∂W_k‖ is divided by r_k, and
    q_k = ‖dW_k‖/‖W_k‖ is divided by r_k². So, with q the geometric mean of all q_k,

        r_k = √(q_k/q)

    gives every layer the ratio q in one step. The last layer may have any activation, since its z does not change.

    Returns r (layers,). The between-layer step of Krähenbühl, Doersch, Donahue & Darrell 2016, Algorithm 2, which is
    iterated, since their layers need not be homogeneous. In their code random numbers take the place of the gradient at
    the outputs; here dW is the gradient of `loss` for the batch (x, y), without noise and in float64. Raises ValueError
    for activations that are not homogeneous, and where a W or its gradient is 0.
    """
    dense_layers(net)
    other = net.astype(np.float64)                             # in float32 small gradients may have vanished
    dense = dense_layers(other)
    for i, layer in enumerate(dense[:-1]):
        if not _homogeneous(layer):
            raise ValueError("expected activations with f(rz) = r f(z), such as ReLU, below the last layer, got "
                             f"{layer.activation} in weight layer {i}: scaling it would change the network's function")
    other.gradient(x, y, loss, training=False)
    q = np.array([np.linalg.norm(layer.dW) / (np.linalg.norm(layer.W) or math.nan) for layer in dense])
    if not (np.isfinite(q) & (q > 0)).all():
        raise ValueError("expected every W and its gradient to be finite and not 0, got ‖dW‖/‖W‖ = "
                         f"{', '.join(f'{one:.3g}' for one in q)}, layer by layer: see whether weights are 0, "
                         "or units dead or saturated")
    r: np.ndarray = np.exp((np.log(q) - np.log(q).mean()) / 2)
    for layer, factor, so_far in zip(dense, r, np.cumprod(r), strict=True):
        layer.W *= factor
        layer.b *= so_far
    net.params = checks.real_array("the scaled parameters", other.params, net.dtype)
    return r


def dense_layers(net: Network) -> list[Dense]:
    """The Dense layers of a network of Dense layers and dropout; TypeError or ValueError for any other network."""
    if not isinstance(net, Network):
        raise TypeError(f"expected a Network, such as minnet.mlp makes, got {net!r}")
    for i, layer in enumerate(net.layers):
        if not isinstance(layer, Dense | Dropout):
            raise TypeError(f"expected a network of Dense layers and dropout, got {layer!r} as layer {i}: only "
                            "the W and b of Dense(fan_in, fan_out, activation) are learned from data here")
    if not (dense := [layer for layer in net.layers if isinstance(layer, Dense)]):
        raise ValueError(f"expected a network with at least one Dense layer, got {net!r}")
    return dense


def inputs_of(net: Network, x: np.ndarray) -> np.ndarray:
    """x (n, fan_in) in the network's dtype; TypeError for a pair (x, y) or a whole data set."""
    if isinstance(x, tuple):
        raise TypeError(f"expected x alone, an array (n, {net.fan_in}), got a tuple: labels are not needed; pass "
                        + ("data.train[0]" if hasattr(x, "train") else "data[0]"))
    return checks.batch("x", x, net.fan_in, net.dtype)


def _with_children(net: Network, rng: int | np.random.Generator) -> list[tuple[Dense, np.random.Generator]]:
    """Each Dense layer with a generator of its own, as in `Network.reset`."""
    dense = dense_layers(net)
    return list(zip(dense, checks.generator(rng).spawn(len(dense)), strict=True))


def _std(i: int, layer: Dense, a: np.ndarray) -> float:
    """The standard deviation of all entries of z = a W + b."""
    std = float((a.dot(layer.W) + layer.b).std(dtype=np.float64))
    if not 0 < std < math.inf:
        raise ValueError(f"expected the z of weight layer {i}, {layer!r}, to vary, got standard deviation {std:g} on "
                         f"{len(a)} rows of x: see whether x or the outputs below are all 0, or not finite")
    return std


def _homogeneous(layer: Dense) -> bool:
    """Whether f(rz) = r f(z), up to rounding, for r = 2 and r = 1000 and |z| from 1e-6 to 1e6, of both signs."""
    z = np.geomspace(1e-6, 1e6, 49)
    z = np.concatenate([-z, z])
    with np.errstate(all="ignore"):
        f = layer.activation.f
        return all(np.allclose(f(r * z), r * f(z), rtol=1e-6, atol=0) for r in (2.0, 1000.0))
