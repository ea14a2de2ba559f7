"""Initializers whose matrices have a structure: orthogonal, identity, zero_hadamard, sparse, looks_linear.

They have the form of those in initializers.py and are used from there: `initializers.orthogonal`. Left out are Dirac
and delta-orthogonal, which are for convolutions, and IDInit (Pan et al. 2025), which is a set of rules for the layers
of residual networks and no formula for one matrix.
"""

from __future__ import annotations

import numpy as np

from minnet import checks
from minnet.initializers.definition import fans, initializer, not_negative, one_of, positive


@initializer(gain=positive)
def orthogonal(rng: np.random.Generator, shape: tuple[int, ...], *, gain: float = 1.0) -> np.ndarray:
    """W Wᵀ = gain² I where fan_in ≤ fan_out, Wᵀ W = gain² I where fan_in ≥ fan_out: uniform among such matrices.

    Only the smaller side can be orthonormal. Q of the QR decomposition of a Gaussian matrix; QR leaves the sign of
    each column open, and LAPACK's choice is not uniform (Q₀₀ comes out negative): a positive diagonal of R mends it.

    Keeps: for linear units the length of x (fan_in ≤ fan_out) and of δ (fan_in ≥ fan_out) exactly, up to the gain, in
    any direction and at any depth; tanh nets a little above gain 1 nearly so.
    Fails: with ReLU, which zeroes components: gain √2 keeps E[z²], but lengths differ by direction again.
    Source: Saxe, McClelland & Ganguli 2014; the sign: Mezzadri 2007.
    """
    fan_in, fan_out = fans(shape)
    q, r = np.linalg.qr(rng.normal(size=(max(fan_in, fan_out), min(fan_in, fan_out))))
    q *= gain * np.sign(np.diag(r))
    return q if fan_in >= fan_out else q.T


@initializer(draws=False, gain=checks.number)
def identity(rng: np.random.Generator, shape: tuple[int, ...], *, gain: float = 1.0) -> np.ndarray:
    """W = gain · I; rectangular: ones on the diagonal from the corner, zeros elsewhere.

    The generator is not used.

    Keeps: the input itself, of linear units, and of ReLU where it is not negative, as long as widths do not change.
    Fails: in a layer that widens: the added units get no input, and are all alike; one that narrows drops inputs.
    Source: Le, Jaitly & Hinton 2015, for the recurrent weights of ReLU networks.
    """
    return gain * np.eye(*fans(shape))


@initializer(draws=False)
def zero_hadamard(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """ZerO: the identity, or, in a layer that widens, 2^(−(m − 1)/2) times a corner of the Hadamard matrix H_m.

    H_m has 2^m ≥ fan_out rows of ±1 that are orthogonal to each other, m as small as possible: H₀ = 1,
    H_{k+1} = ((H_k, H_k), (H_k, −H_k)). The corner (fan_in, fan_out) is filled, where `identity` would leave the added
    units without inputs. A layer that narrows drops inputs, as `identity` does. The generator is not used.

    Keeps: as `identity`, the input itself where widths do not change; ranks grow above fan_in in training, to which
    padding with zeros would keep them.
    Fails: with activations in a plain deep net, which the paper does not use it for: its layers are in residual nets.
    Source: Zhao, Schäfer & Anandkumar 2022, *ZerO Initialization*, Algorithm 1.
    """
    fan_in, fan_out = fans(shape)
    if fan_in >= fan_out:
        return np.eye(fan_in, fan_out)
    m = (fan_out - 1).bit_length()
    H = np.ones((1, 1))
    for _ in range(m):
        H = np.block([[H, H], [H, -H]])
    return 2 ** (-(m - 1) / 2) * H[:fan_in, :fan_out]


@initializer(connections=checks.count, std=not_negative)
def sparse(rng: np.random.Generator, shape: tuple[int, ...], *, connections: int = 15, std: float = 1.0) -> np.ndarray:
    """Each unit gets exactly k = connections inputs, chosen at random, with weights N(0, std²); the rest are 0.

    Raises ValueError where connections > fan_in.

    Keeps: E[z²] = k · std² · E[x²] whatever the width, with units that look at different inputs.
    Fails: at its defaults with inputs of size 1: E[z²] is then 15, which saturates tanh; std = 1/√k keeps it.
    Source: Martens 2010 (15 connections, N(0, 1)).
    """
    fan_in, fan_out = fans(shape)
    if connections > fan_in:
        raise ValueError(f"expected connections to be at most fan_in = {fan_in}, got {connections}: a unit has no more "
                         "inputs")
    w = np.zeros((fan_in, fan_out))
    w[:connections] = rng.normal(0.0, std, (connections, fan_out))
    return rng.permuted(w, axis=0)                # every column in an order of its own


@initializer(position=one_of("first", "hidden", "last"), gain=positive)
def looks_linear(rng: np.random.Generator, shape: tuple[int, ...], *, position: str = "hidden",
                 gain: float = 1.0) -> np.ndarray:
    """Mirrored blocks of an orthogonal V: first (V, −V), hidden ((V, −V), (−V, V)), last (V, −V)ᵀ.

    A layer holds z beside −z; of max(z, 0) and max(−z, 0) the next layer takes the difference, which is z. So
    relu((z, −z)) W = (zV, −zV): at the start a ReLU net is the linear map x ↦ x V₁ V₂ ⋯, and bends in training.
    `mlp([64, 128, 128, 10], …, init=[partial(looks_linear, position="first"), looks_linear,
    partial(looks_linear, position="last")])`, with zero biases. Raises ValueError for an odd hidden width.

    Keeps: all that a deep linear net of `orthogonal` keeps, for ReLU units.
    Fails: with other units, nonzero biases, or layers out of position.
    Source: Balduzzi, Frean, Leary, Lewis, Ma & McWilliams 2017.
    """
    inner = {"first": (1,), "hidden": (0, 1), "last": (0,)}[position]
    halves = list(fans(shape))
    for side in inner:
        if halves[side] % 2:
            raise ValueError(f"expected an even {('fan_in', 'fan_out')[side]} for position={position!r}, got "
                             f"{halves[side]}: every unit has a mirror image; make the hidden width even")
        halves[side] //= 2
    v = orthogonal(rng, tuple(halves), gain=gain)
    for side in inner:
        v = np.concatenate([v, -v], axis=side)
    return v
