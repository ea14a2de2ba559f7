"""The classic initializers: constants, distributions of a given deviation, and those scaled by the fans.

LeCun, Glorot and He: each makes fan_in · Var[W], or fan_out · Var[W], what its units need; see the package's docstring.
"""

from __future__ import annotations

import math
from functools import partial

import numpy as np

from minnet import checks
from minnet.initializers.definition import fan, fans, initializer, not_negative, one_of, positive

# The same in every place ---------------------------------------------------------------------------------------

@initializer(draws=False)
def zeros(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """W = 0. Right for biases; as weights it fails, since all units stay equal.

    The generator is not used. Chapter 02 shows what happens.

    Keeps: as biases, whatever the weights keep. As weights, nothing.
    Fails: as weights: every unit of a layer gets the same gradient, and stays the same as its neighbours.
    Source: no paper; the common choice for biases.
    """
    return np.zeros(shape)


@initializer(draws=False)
def ones(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """W = 1. As weights it fails, since all units stay equal.

    The generator is not used.

    Keeps: nothing; every unit of the layer computes the sum of the inputs. BatchNorm's scale starts so.
    Fails: as weights: rank 1, and a linear layer multiplies a constant input by fan_in.
    Source: no paper.
    """
    return np.ones(shape)


@initializer(draws=False, value=checks.number)
def constant(rng: np.random.Generator, shape: tuple[int, ...], *, value: float) -> np.ndarray:
    """W = value in every place.

    The generator is not used. Raises ValueError where value is not finite.

    Keeps: nothing, whatever the value.
    Fails: as weights: rank 1, every unit of the layer computes the same.
    Source: no paper; small positive biases are sometimes given to ReLU units so.
    """
    return np.full(shape, value)


# Blind to the width --------------------------------------------------------------------------------------------

@initializer(mean=checks.number, std=not_negative)
def normal(rng: np.random.Generator, shape: tuple[int, ...], *, mean: float = 0.0, std: float = 1.0) -> np.ndarray:
    """N(mean, std²): a width-blind scale, since fan_in does not enter.

    std = 1 is the default of the distribution, not a recommendation. Raises ValueError where std is negative.

    Keeps: E[z²] of linear units at one width only, fan_in = 1/std².
    Fails: at every other width: with std = 1 E[z²] grows fan_in-fold, which saturates tanh and makes ReLU explode.
    Source: no paper; the habit before 2010. Keras' RandomNormal has std = 0.05, JAX' normal 0.01.
    """
    return rng.normal(mean, std, shape)


@initializer(low=checks.number, high=checks.number)
def uniform(rng: np.random.Generator, shape: tuple[int, ...], *, low: float = -1.0, high: float = 1.0) -> np.ndarray:
    """U[low, high): variance (high − low)²/12, again blind to the width.

    Raises ValueError where high < low.

    Keeps: E[z²] of linear units at one width only, fan_in = 3/high² where low = −high.
    Fails: at every other width; and U(0, 1), often seen, is not centred: its mean of ½ makes one direction (all units
    alike) dominate every other.
    Source: no paper; the habit before 2010. Keras' RandomUniform is U(−0.05, 0.05), JAX' uniform U[0, 0.01).
    """
    high = checks.number("high", high, least=low)
    checks.number("high - low", high - low)
    return rng.uniform(low, high, shape)


@initializer(mean=checks.number, std=not_negative, cut=partial(checks.number, least=0.5), corrected=checks.boolean)
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
    w = rng.normal(size=shape)
    while (out := abs(w) > cut).any():            # at least 38% are kept, so that few rounds of drawing again suffice
        w[out] = rng.normal(size=int(out.sum()))
    return mean + (std / _cut_std(cut) if corrected else std) * w


def _cut_std(k: float) -> float:
    """The standard deviation of a unit normal cut at ±k."""
    return math.sqrt(1 - k * math.sqrt(2 / math.pi) * math.exp(-k * k / 2) / math.erf(k / math.sqrt(2)))


# Scaled by the width -------------------------------------------------------------------------------------------

@initializer()
def lecun_normal(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """N(0, 1/fan_in): fan_in · Var[W] = 1.

    Untruncated; Keras' and JAX' lecun_normal cut the normal at two standard deviations (same variance).

    Keeps: E[z²], going forward, of linear units; and zero mean and unit variance of SELU, which is made for it.
    Fails: with ReLU, where E[z²] halves from layer to layer.
    Source: LeCun, Bottou, Orr & Müller 1998, *Efficient BackProp*, eq. 16: σ_w = m^(−1/2), m the number of inputs.
    """
    fan_in, _ = fans(shape)
    return rng.normal(0.0, math.sqrt(1 / fan_in), shape)


@initializer()
def lecun_uniform(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """U(−a, a) with a = √(3 / fan_in), so that Var[W] = a²/3 = 1/fan_in.

    Keeps: E[z²], going forward, of linear units, as `lecun_normal`.
    Fails: with ReLU, where E[z²] halves from layer to layer.
    Source: LeCun, Bottou, Orr & Müller 1998, *Efficient BackProp*, eq. 16.
    """
    fan_in, _ = fans(shape)
    a = math.sqrt(3 / fan_in)
    return rng.uniform(-a, a, shape)


@initializer()
def heuristic_uniform(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """U(−a, a) with a = 1/√fan_in, so that Var[W] = a²/3 = 1/(3 fan_in): the "commonly used heuristic".

    Often taken for Xavier's; it is the baseline that Glorot & Bengio argue against. PyTorch's nn.Linear draws weights
    (and biases) from it, written as kaiming_uniform_(a=√5).

    Keeps: nothing; E[z²] of linear units shrinks to a third from layer to layer (eq. 15: fan_in · Var[W] = 1/3).
    Fails: with depth, forwards and backwards; deep sigmoid nets never start to learn.
    Source: Glorot & Bengio 2010, eq. 1.
    """
    fan_in, _ = fans(shape)
    a = 1 / math.sqrt(fan_in)
    return rng.uniform(-a, a, shape)


@initializer(gain=positive)
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
    fan_in, fan_out = fans(shape)
    return rng.normal(0.0, gain * math.sqrt(2 / (fan_in + fan_out)), shape)


@initializer(gain=positive)
def glorot_uniform(rng: np.random.Generator, shape: tuple[int, ...], *, gain: float = 1.0) -> np.ndarray:
    """U(−a, a) with a = gain · √(6 / (fan_in + fan_out)): "normalized initialization".

    fan_in · Var[W] = 1 would keep the activations' variance, fan_out · Var[W] = 1 the gradients'; with
    Var[W] = a²/3 = 2/(fan_in + fan_out) it stands between them.

    Keeps: E[z²] and E[δ²] about equally well, and exactly where fan_in = fan_out, for units linear about 0 (tanh,
    softsign).
    Fails: with ReLU (a half is lost in each layer) and with sigmoid, whose slope about 0 is ¼.
    Source: Glorot & Bengio 2010, eq. 16.
    """
    fan_in, fan_out = fans(shape)
    a = gain * math.sqrt(6 / (fan_in + fan_out))
    return rng.uniform(-a, a, shape)


@initializer(negative_slope=checks.number, mode=one_of("fan_in", "fan_out"))
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
    n = fan(shape, mode)
    return rng.normal(0.0, math.sqrt(2 / n) / math.hypot(1, negative_slope), shape)


@initializer(negative_slope=checks.number, mode=one_of("fan_in", "fan_out"))
def he_uniform(rng: np.random.Generator, shape: tuple[int, ...], *, negative_slope: float = 0.0,
               mode: str = "fan_in") -> np.ndarray:
    """U(−b, b) with b = √(6 / ((1 + a²) n)), so that Var[W] = b²/3 is that of `he_normal`.

    a is the slope below 0 (ReLU: 0), n = fan_in or fan_out. The paper draws from the normal.

    Keeps: for ReLU and leaky ReLU the second moment E[z²] going forward (mode="fan_in"), or E[δ²] going back
    (mode="fan_out").
    Fails: with linear units, whose E[z²] doubles in each layer, and with SELU.
    Source: He, Zhang, Ren & Sun 2015, eq. 10 (forward), 14 (backward), 15 (leaky).
    """
    n = fan(shape, mode)
    b = math.sqrt(6 / n) / math.hypot(1, negative_slope)
    return rng.uniform(-b, b, shape)


@initializer(scale=positive, mode=one_of("fan_in", "fan_out", "fan_avg"),
             distribution=one_of("normal", "truncated_normal", "uniform"))
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
    variance = scale / fan(shape, mode)
    if distribution == "uniform":
        a = math.sqrt(3 * variance)
        return rng.uniform(-a, a, shape)
    if distribution == "truncated_normal":
        return truncated_normal(rng, shape, std=math.sqrt(variance))
    return rng.normal(0.0, math.sqrt(variance), shape)


@initializer(units=one_of("linear", "relu"))
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
    n, _ = fans(shape)
    g = math.exp(1 / (2 * n)) if units == "linear" else math.sqrt(2) * math.exp(1.2 / (max(n, 6) - 2.4))
    return rng.normal(0.0, g / math.sqrt(n), shape)
