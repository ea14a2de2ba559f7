"""What the weights are before the first step: a function from a generator and a shape to an array.

    W = init(rng, (fan_in, fan_out))        float64; the layer casts it to the network's dtype

Every function here has that form; its options are keyword-only and are set with functools.partial:
`partial(normal, std=0.01)`. fan_in is the number of inputs of a unit, fan_out the number of units that it
feeds. For z = x @ W with centred, independent weights,

    E[z²] = fan_in · Var[W] · E[x²]          and, backwards,        E[δx²] = fan_out · Var[W] · E[δ²]

so that Var[W] alone decides whether a signal grows or fades from layer to layer: each of the scaled
initializers is one answer to the question which of the two products should be 1.

A docstring begins with the formula and ends with three lines: what is kept, and for which units; when that fails; the
source. `card(he_normal)` shows them beside a matrix that was drawn, with the calls of Keras, PyTorch and JAX;
`parity()` shows these calls for all.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from minnet import checks


class Initializer(Protocol):
    """What a layer calls: `init(rng, shape)`, a float64 array of that shape."""

    def __call__(self, rng: np.random.Generator, shape: tuple[int, ...], /) -> np.ndarray: ...


def fans(shape: Sequence[int]) -> tuple[int, int]:
    """(fan_in, fan_out) of a weight matrix. Raises ValueError for any other shape (a bias has no fans)."""
    found = checks.shape(shape)
    if len(found) != 2:
        raise ValueError(f"expected shape (fan_in, fan_out) of a weight matrix, got {found}: a bias has no fans, "
                         "initialize it with zeros, constant, normal or uniform")
    return found[0], found[1]


# The same in every place ---------------------------------------------------------------------------------------

def zeros(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """W = 0. Right for biases; for weights it is the bad alternative.

    The generator is not used. Chapter 02 shows what happens.

    Keeps: as biases, whatever the weights keep. As weights, nothing.
    Fails: as weights: every unit of a layer gets the same gradient, and stays the same as its neighbours.
    Source: no paper; the common choice for biases.
    """
    return np.zeros(checks.shape(shape))


def ones(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """W = 1. As a weight matrix it is the bad alternative.

    The generator is not used.

    Keeps: nothing; every unit of the layer computes the sum of the inputs. BatchNorm's scale starts so.
    Fails: as weights: rank 1, and a linear layer multiplies a constant input by fan_in.
    Source: no paper.
    """
    return np.ones(checks.shape(shape))


def constant(rng: np.random.Generator, shape: tuple[int, ...], *, value: float) -> np.ndarray:
    """W = value in every place.

    The generator is not used. Raises ValueError where value is not finite.

    Keeps: nothing, whatever the value.
    Fails: as weights: rank 1, every unit of the layer computes the same.
    Source: no paper; small positive biases are sometimes given to ReLU units so.
    """
    return np.full(checks.shape(shape), checks.number("value", value))


# Blind to the width --------------------------------------------------------------------------------------------

def normal(rng: np.random.Generator, shape: tuple[int, ...], *, mean: float = 0.0, std: float = 1.0) -> np.ndarray:
    """N(mean, std²): a width-blind scale, since fan_in does not enter.

    std = 1 is the default of the distribution, not a recommendation. Raises ValueError where std is negative.

    Keeps: E[z²] of linear units at one width only, fan_in = 1/std².
    Fails: at every other width: with std = 1 E[z²] grows fan_in-fold, which saturates tanh and makes ReLU explode.
    Source: no paper; the habit before 2010. Keras' RandomNormal has std = 0.05, JAX' normal 0.01.
    """
    checks.drawing(rng, shape)
    return rng.normal(checks.number("mean", mean), checks.number("std", std, least=0), shape)


def uniform(rng: np.random.Generator, shape: tuple[int, ...], *, low: float = -1.0, high: float = 1.0) -> np.ndarray:
    """U[low, high): variance (high − low)²/12, again blind to the width.

    Raises ValueError where high < low.

    Keeps: E[z²] of linear units at one width only, fan_in = 3/high² where low = −high.
    Fails: at every other width; and U(0, 1), often seen, is not centred: its mean of ½ makes one direction (all units
    alike) dominate every other.
    Source: no paper; the habit before 2010. Keras' RandomUniform is U(−0.05, 0.05), JAX' uniform U[0, 0.01).
    """
    checks.drawing(rng, shape)
    low = checks.number("low", low)
    high = checks.number("high", high, least=low)
    checks.number("high - low", high - low)
    return rng.uniform(low, high, shape)


def truncated_normal(rng: np.random.Generator, shape: tuple[int, ...], *, mean: float = 0.0, std: float = 1.0,
                     cut: float = 2.0, corrected: bool = True) -> np.ndarray:
    """N(mean, σ²) cut at mean ± cut · σ; σ = std/c if corrected, c the deviation of the cut unit normal, else σ = std.

    Cutting takes variance away: a unit normal cut at ±k has c² = 1 − k √(2/π) e^(−k²/2) / erf(k/√2), and for k = 2
    c = 0.8796. corrected=True: std is that of what is drawn. corrected=False: std is that of the normal before the
    cut, so that what is drawn has 0.88 std; so do Keras' TruncatedNormal, JAX' truncated_normal and PyTorch's
    trunc_normal_ (whose cut-offs are absolute), while Keras' and JAX' *scaled* initializers are corrected.
    Raises ValueError for cut < 0.5, where what is left is nearly uniform (use that), and TypeError or ValueError for
    other options out of range.

    Keeps: what `normal` keeps; no weight is far out.
    Fails: where `normal` fails; and uncorrected its variance is 23% short, which is 0.77^L after L linear layers.
    Source: no paper; moments of the truncated normal are textbook. Keras and JAX cut their normals so.
    """
    checks.drawing(rng, shape)
    mean, std = checks.number("mean", mean), checks.number("std", std, least=0)
    cut = checks.number("cut", cut, least=0.5)
    if not isinstance(corrected, bool | np.bool_):
        raise TypeError(f"expected corrected to be True or False, got {corrected!r}")
    w = rng.normal(size=shape)
    while (out := abs(w) > cut).any():            # at least 38% are kept, so that few rounds of drawing again suffice
        w[out] = rng.normal(size=int(out.sum()))
    return mean + (std / _cut_std(cut) if corrected else std) * w


def _cut_std(k: float) -> float:
    """The standard deviation of a unit normal cut at ±k."""
    return math.sqrt(1 - k * math.sqrt(2 / math.pi) * math.exp(-k * k / 2) / math.erf(k / math.sqrt(2)))


# Scaled by the width -------------------------------------------------------------------------------------------

def lecun_normal(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """N(0, 1/fan_in): fan_in · Var[W] = 1.

    Untruncated; Keras' and JAX' lecun_normal cut the normal at two standard deviations (same variance).

    Keeps: E[z²], going forward, of linear units; and zero mean and unit variance of SELU, which is made for it.
    Fails: with ReLU, where E[z²] halves from layer to layer.
    Source: LeCun, Bottou, Orr & Müller 1998, *Efficient BackProp*, eq. 16: σ_w = m^(−1/2), m the number of inputs.
    """
    fan_in, _ = _fans(rng, shape)
    return rng.normal(0.0, math.sqrt(1 / fan_in), shape)


def lecun_uniform(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """U(−a, a) with a = √(3 / fan_in), so that Var[W] = a²/3 = 1/fan_in.

    Keeps: E[z²], going forward, of linear units, as `lecun_normal`.
    Fails: with ReLU, where E[z²] halves from layer to layer.
    Source: LeCun, Bottou, Orr & Müller 1998, *Efficient BackProp*, eq. 16.
    """
    fan_in, _ = _fans(rng, shape)
    a = math.sqrt(3 / fan_in)
    return rng.uniform(-a, a, shape)


def heuristic_uniform(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """U(−a, a) with a = 1/√fan_in, so that Var[W] = a²/3 = 1/(3 fan_in): the "commonly used heuristic".

    Often taken for Xavier's; it is the baseline that Glorot & Bengio argue against. PyTorch's nn.Linear draws weights
    (and biases) from it, written as kaiming_uniform_(a=√5).

    Keeps: nothing; E[z²] of linear units shrinks to a third from layer to layer (eq. 15: fan_in · Var[W] = 1/3).
    Fails: with depth, forwards and backwards; deep sigmoid nets never start to learn.
    Source: Glorot & Bengio 2010, eq. 1.
    """
    fan_in, _ = _fans(rng, shape)
    a = 1 / math.sqrt(fan_in)
    return rng.uniform(-a, a, shape)


def glorot_normal(rng: np.random.Generator, shape: tuple[int, ...], *, gain: float = 1.0) -> np.ndarray:
    """N(0, σ²) with σ = gain · √(2 / (fan_in + fan_out)).

    fan_in · Var[W] = 1 would keep the activations' variance (eq. 10), fan_out · Var[W] = 1 the gradients'
    (eq. 11); Var[W] = 2/(fan_in + fan_out) stands between them. The paper draws from the uniform (`glorot_uniform`).
    Untruncated, as PyTorch's xavier_normal_; Keras' GlorotNormal and JAX' glorot_normal are cut (same variance).

    Keeps: E[z²] and E[δ²] about equally well, and exactly where fan_in = fan_out, for units linear about 0 (tanh,
    softsign).
    Fails: with ReLU (a half is lost in each layer) and with sigmoid, whose slope about 0 is ¼.
    Source: Glorot & Bengio 2010, eq. 12.
    """
    fan_in, fan_out = _fans(rng, shape)
    return rng.normal(0.0, checks.number("gain", gain, above=0) * math.sqrt(2 / (fan_in + fan_out)), shape)


def glorot_uniform(rng: np.random.Generator, shape: tuple[int, ...], *, gain: float = 1.0) -> np.ndarray:
    """U(−a, a) with a = gain · √(6 / (fan_in + fan_out)): "normalized initialization".

    fan_in · Var[W] = 1 would keep the activations' variance, fan_out · Var[W] = 1 the gradients'; with
    Var[W] = a²/3 = 2/(fan_in + fan_out) it stands between them.

    Keeps: E[z²] and E[δ²] about equally well, and exactly where fan_in = fan_out, for units linear about 0 (tanh,
    softsign).
    Fails: with ReLU (a half is lost in each layer) and with sigmoid, whose slope about 0 is ¼.
    Source: Glorot & Bengio 2010, eq. 16.
    """
    fan_in, fan_out = _fans(rng, shape)
    a = checks.number("gain", gain, above=0) * math.sqrt(6 / (fan_in + fan_out))
    return rng.uniform(-a, a, shape)


def he_normal(rng: np.random.Generator, shape: tuple[int, ...], *, negative_slope: float = 0.0,
              mode: str = "fan_in") -> np.ndarray:
    """N(0, σ²) with σ² = 2 / ((1 + a²) n), a the slope below 0 (ReLU: 0) and n = fan_in or fan_out.

    (Leaky) ReLU passes the share ½(1 + a²) of E[z²], which is put back: ½ (1 + a²) n Var[W] = 1. The first layer,
    whose inputs no ReLU has halved, would strictly need 1/fan_in. For PReLU a is the slope at the start, 0.25.
    Untruncated, as PyTorch's kaiming_normal_; Keras' HeNormal and JAX' he_normal are cut (same variance).

    Keeps: for ReLU and leaky ReLU the second moment E[z²] going forward (mode="fan_in"), or E[δ²] going back
    (mode="fan_out"). One of them suffices: the other then changes by the ratio of the first width to the last, not with
    depth.
    Fails: with linear units, whose E[z²] doubles in each layer, and with SELU. It keeps E[z²], not the differences
    between inputs: in deep ReLU nets all inputs come out ever more alike.
    Source: He, Zhang, Ren & Sun 2015, eq. 10 (forward), 14 (backward), 15 (leaky).
    """
    n = _n(rng, shape, mode, "fan_in", "fan_out")
    return rng.normal(0.0, math.sqrt(2 / n) / math.hypot(1, checks.number("negative_slope", negative_slope)), shape)


def he_uniform(rng: np.random.Generator, shape: tuple[int, ...], *, negative_slope: float = 0.0,
               mode: str = "fan_in") -> np.ndarray:
    """U(−b, b) with b = √(6 / ((1 + a²) n)), so that Var[W] = b²/3 is that of `he_normal`.

    a is the slope below 0 (ReLU: 0), n = fan_in or fan_out. The paper draws from the normal.

    Keeps: for ReLU and leaky ReLU the second moment E[z²] going forward (mode="fan_in"), or E[δ²] going back
    (mode="fan_out").
    Fails: with linear units, whose E[z²] doubles in each layer, and with SELU.
    Source: He, Zhang, Ren & Sun 2015, eq. 10 (forward), 14 (backward), 15 (leaky).
    """
    n = _n(rng, shape, mode, "fan_in", "fan_out")
    b = math.sqrt(6 / n) / math.hypot(1, checks.number("negative_slope", negative_slope))
    return rng.uniform(-b, b, shape)


def variance_scaling(rng: np.random.Generator, shape: tuple[int, ...], *, scale: float = 1.0, mode: str = "fan_in",
                     distribution: str = "normal") -> np.ndarray:
    """Var[W] = scale / n, with n = fan_in, fan_out or (fan_avg) their mean; normal, truncated_normal or uniform.

    One formula for all of the above: LeCun is scale 1, He 2 with fan_in, Glorot 1 with fan_avg, the heuristic 1/3
    with fan_in, uniform. Keras' "normal" is its "truncated_normal"; ours and JAX' is not cut.

    Keeps: E[z²] going forward (fan_in), E[δ²] going back (fan_out) or a compromise (fan_avg), for the units that pass
    the share 1/scale of it: 1 linear, 2 ReLU.
    Fails: where scale and units do not fit: the signal changes by the same factor in each layer.
    Source: no paper; the form is that of Keras' VarianceScaling, the content that of LeCun 1998, Glorot 2010, He 2015.
    """
    variance = checks.number("scale", scale, above=0) / _n(rng, shape, mode, "fan_in", "fan_out", "fan_avg")
    if checks.one_of("distribution", distribution, "normal", "truncated_normal", "uniform") == "uniform":
        a = math.sqrt(3 * variance)
        return rng.uniform(-a, a, shape)
    if distribution == "truncated_normal":
        return truncated_normal(rng, shape, std=math.sqrt(variance))
    return rng.normal(0.0, math.sqrt(variance), shape)


def random_walk(rng: np.random.Generator, shape: tuple[int, ...], *, units: str = "relu") -> np.ndarray:
    """N(0, g²/N) with N = fan_in and g = e^(1/2N) for linear units, √2 · e^(1.2/(max(N, 6) − 2.4)) for ReLU.

    From layer to layer the logarithm of the gradient's length makes a random step; g is chosen so that the mean of
    that step, not of the squared length, is about 0: for linear units E[Δ ln ‖δ‖²] is −1/(3N²) where g = 1 has −1/N,
    and the ReLU's g is a fit. The paper has one width N. Here it is fan_in, the number of components of the gradient
    that the layer passes down: then the step is centred so for any fan_out.

    Keeps: E[ln ‖δ‖], going back, for units="linear" or "relu": the typical gradient of a deep and narrow net, where
    keeping E[δ²] leaves it to fade.
    Fails: to narrow the spread: the variance of ln ‖δ‖ still grows with depth / width. Other units: g is to be tuned.
    Source: Sussillo & Abbott 2014, g_linear and g_ReLU.
    """
    n, _ = _fans(rng, shape)
    linear = checks.one_of("units", units, "linear", "relu") == "linear"
    g = math.exp(1 / (2 * n)) if linear else math.sqrt(2) * math.exp(1.2 / (max(n, 6) - 2.4))
    return rng.normal(0.0, g / math.sqrt(n), shape)


# With structure ------------------------------------------------------------------------------------------------

def orthogonal(rng: np.random.Generator, shape: tuple[int, ...], *, gain: float = 1.0) -> np.ndarray:
    """W Wᵀ = gain² I where fan_in ≤ fan_out, Wᵀ W = gain² I where fan_in ≥ fan_out: uniform among such matrices.

    Only the smaller side can be orthonormal. Q of the QR decomposition of a Gaussian matrix; QR leaves the sign of
    each column open, and LAPACK's choice is not uniform (Q₀₀ comes out negative): a positive diagonal of R mends it.

    Keeps: for linear units the length of x (fan_in ≤ fan_out) and of δ (fan_in ≥ fan_out) exactly, up to the gain, in
    any direction and at any depth; tanh nets a little above gain 1 nearly so.
    Fails: with ReLU, which zeroes components: gain √2 keeps E[z²], but lengths differ by direction again.
    Source: Saxe, McClelland & Ganguli 2014; the sign: Mezzadri 2007.
    """
    fan_in, fan_out = _fans(rng, shape)
    q, r = np.linalg.qr(rng.normal(size=(max(fan_in, fan_out), min(fan_in, fan_out))))
    q *= checks.number("gain", gain, above=0) * np.sign(np.diag(r))
    return q if fan_in >= fan_out else q.T


def identity(rng: np.random.Generator, shape: tuple[int, ...], *, gain: float = 1.0) -> np.ndarray:
    """W = gain · I; rectangular: ones on the diagonal from the corner, zeros elsewhere.

    The generator is not used.

    Keeps: the input itself, of linear units, and of ReLU where it is not negative, as long as widths do not change.
    Fails: in a layer that widens: the added units get no input, and are all alike; one that narrows drops inputs.
    Source: Le, Jaitly & Hinton 2015, for the recurrent weights of ReLU networks.
    """
    return checks.number("gain", gain) * np.eye(*fans(shape))


def sparse(rng: np.random.Generator, shape: tuple[int, ...], *, connections: int = 15, std: float = 1.0) -> np.ndarray:
    """Each unit gets exactly k = connections inputs, chosen at random, with weights N(0, std²); the rest are 0.

    Raises ValueError where connections > fan_in.

    Keeps: E[z²] = k · std² · E[x²] whatever the width, with units that look at different inputs.
    Fails: at its defaults with inputs of size 1: E[z²] is then 15, which saturates tanh; std = 1/√k keeps it.
    Source: Martens 2010 (15 connections, N(0, 1)).
    """
    fan_in, fan_out = _fans(rng, shape)
    k = checks.count("connections", connections)
    if k > fan_in:
        raise ValueError(f"expected connections to be at most fan_in = {fan_in}, got {k}: a unit has no more inputs")
    w = np.zeros((fan_in, fan_out))
    w[:k] = rng.normal(0.0, checks.number("std", std, least=0), (k, fan_out))
    return rng.permuted(w, axis=0)                # every column in an order of its own


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
    inner = {"first": (1,), "hidden": (0, 1), "last": (0,)}[
        checks.one_of("position", position, "first", "hidden", "last")]
    halves = list(_fans(rng, shape))
    for side in inner:
        if halves[side] % 2:
            raise ValueError(f"expected an even {('fan_in', 'fan_out')[side]} for position={position!r}, got "
                             f"{halves[side]}: every unit has a mirror image; make the hidden width even")
        halves[side] //= 2
    v = orthogonal(rng, tuple(halves), gain=gain)
    for side in inner:
        v = np.concatenate([v, -v], axis=side)
    return v


def _fans(rng: np.random.Generator, shape: Sequence[int]) -> tuple[int, int]:
    """`fans`, where the generator is looked at too."""
    return fans(checks.drawing(rng, shape))


def _n(rng: np.random.Generator, shape: Sequence[int], mode: Any, *modes: str) -> float:
    fan_in, fan_out = _fans(rng, shape)
    checks.one_of("mode", mode, *modes)
    return {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[mode]
