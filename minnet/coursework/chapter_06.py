"""The exercises of chapter 06: a thousand layers."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np

from minnet import activations, initializers
from minnet.coursework.chapter_04 import NOT_PASSED, SEED_INSIDE, SWAPPED
from minnet.coursework.comparisons import NotDone, equal
from minnet.coursework.exercises import Exercise, Function, Mistake, Observation
from minnet.coursework.observations import FRESH, REPEATS, outputs
from minnet.network import Network, mlp
from minnet.theory import MeanField

# 06.1 A head start ---------------------------------------------------------------------------------------------------


def a_mode(rng: np.random.Generator) -> tuple[float, float, float, float]:
    """The strength of a mode, u before training, the part that is to be learned, and the rate."""
    s = float(rng.uniform(1, 5))
    return s, s * float(10 ** rng.uniform(-4, -2)), float(rng.uniform(0.6, 0.95)), float(10 ** rng.uniform(-4, -2))


def time_until(s: float, u0: float, part: float, rate: float) -> float:
    """The steps from u₀ to part · s, by integration of du/dt = 2ηu(s − u)."""
    return math.log(part * (s - u0) / ((1 - part) * u0)) / (2 * s * rate)


def ahead(s: float, u0: float, part: float, rate: float) -> float:
    """By how many steps ten times the u₀ is earlier."""
    return time_until(s, u0, part, rate) - time_until(s, 10 * u0, part, rate)


def learned(steps: Any = time_until, lead: Any = ahead) -> Any:
    """Both numbers."""
    return lambda s, u0, part, rate: (steps(s, u0, part, rate), lead(s, u0, part, rate))


def like(steps: Any) -> Any:
    """Both numbers by another formula for the steps."""
    return learned(steps, lambda s, u0, part, rate: steps(s, u0, part, rate) - steps(s, 10 * u0, part, rate))


START = Exercise("06.1", learned(), outputs("steps", "lead", inputs=a_mode), (
    Mistake("`steps` is τ times too large or too small: τ is 1 divided by the rate",
            like(lambda s, u0, p, rate: time_until(s, u0, p, rate) * rate**2)),
    Mistake("is a 2 lost? Both layers learn, and both add to the growth of u",
            like(lambda s, u0, p, rate: 2 * time_until(s, u0, p, rate))),
    Mistake("the strength belongs in front of the logarithm as well: strong modes are learned sooner",
            like(lambda s, u0, p, rate: s * time_until(s, u0, p, rate))),
    Mistake("log₁₀ is not the integral of 1/u", like(lambda s, u0, p, rate: time_until(s, u0, p, rate) / math.log(10))),
    Mistake("this is the time until half is learned: where does the part enter?",
            like(lambda s, u0, p, rate: time_until(s, u0, 0.5, rate))),
    Mistake("the part is a share of the strength: u ends at part · s, not at the part itself",
            like(lambda s, u0, p, rate: math.log(p * (s - u0) / ((s - p) * u0)) / (2 * s * rate))),
    Mistake("this is the time of pure exponential growth. Near the end the factor s − u slows it down",
            like(lambda s, u0, p, rate: math.log(p * s / u0) / (2 * s * rate))),
    Mistake("s − u is taken as s at the beginning: nearly right for small u₀, and the exact integral is asked for",
            like(lambda s, u0, p, rate: math.log(p * s / ((1 - p) * u0)) / (2 * s * rate))),
    Mistake("`lead` is ln 10/(2sη), which is nearly right. What else does ten times the u₀ change in the logarithm?",
            learned(lead=lambda s, u0, p, rate: math.log(10) / (2 * s * rate))),
    Mistake("`lead` is that of a single layer, or a factor 2 is lost",
            learned(lead=lambda s, u0, p, rate: 2 * ahead(s, u0, p, rate))),
), points=2)


# 06.2 The gradient of a deep linear network --------------------------------------------------------------------------

def three_layers(rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """W₁, W₂, W₃ and T: square, so that an order which is wrong has the right shape."""
    return tuple(rng.normal(size=(4, 4, 4)))


def linear_gradients(W1: np.ndarray, W2: np.ndarray, W3: np.ndarray, T: np.ndarray) -> tuple[np.ndarray, ...]:
    """The gradients of ½‖W₁W₂W₃ − T‖²."""
    error = W1 @ W2 @ W3 - T
    return error @ W3.T @ W2.T, W1.T @ error @ W3.T, W2.T @ W1.T @ error


def changed(change: Any) -> Any:
    """The gradients with a change, a function of the right ones, the matrices and the error."""
    def gradients(W1: np.ndarray, W2: np.ndarray, W3: np.ndarray, T: np.ndarray) -> Any:
        right = linear_gradients(W1, W2, W3, T)
        return change(right, (W1, W2, W3), W1 @ W2 @ W3 - T)

    return gradients


def stepping(W1: np.ndarray, W2: np.ndarray, W3: np.ndarray, T: np.ndarray) -> Any:
    """Each gradient at weights of which those above have already made a step."""
    d3 = linear_gradients(W1, W2, W3, T)[2]
    d2 = linear_gradients(W1, W2, W3 - 0.1 * d3, T)[1]
    return linear_gradients(W1, W2 - 0.1 * d2, W3 - 0.1 * d3, T)[0], d2, d3


LINEAR = Exercise("06.2", linear_gradients, outputs("dW1", "dW2", "dW3", inputs=three_layers), (
    Mistake("all three have the opposite sign: they are the steps downhill. A gradient points uphill",
            changed(lambda d, W, e: tuple(-one for one in d))),
    Mistake("all three are twice what they should be: the cost has a ½ in front",
            changed(lambda d, W, e: tuple(2 * one for one in d))),
    Mistake("all three are means over the entries of T: ‖…‖² is the sum of the squares",
            changed(lambda d, W, e: tuple(one / e.size for one in d))),
    Mistake("all three are transposed: a gradient has the shape of its matrix",
            changed(lambda d, W, e: tuple(one.T for one in d))),
    Mistake("the error adds T to the product: it is a difference",
            lambda W1, W2, W3, T: linear_gradients(W1, W2, W3, -T)),
    Mistake("`dW1` passes the matrices in the order of the way up. Which one does the error meet first, going back?",
            changed(lambda d, W, e: (e @ W[1].T @ W[2].T, d[1], d[2]))),
    Mistake("`dW3`: in which order does x pass the matrices below? The transpose of a product turns the order round",
            changed(lambda d, W, e: (d[0], d[1], W[0].T @ W[1].T @ e))),
    Mistake("no matrix is transposed: going back, the error meets each matrix from its other side",
            changed(lambda d, W, e: (e @ W[2] @ W[1], W[0] @ e @ W[2], W[0] @ W[1] @ e))),
    Mistake("`dW1` goes back through one matrix too few: what lies between W1 and the output?",
            changed(lambda d, W, e: (e @ W[2].T, d[1], d[2]))),
    Mistake("`dW1` goes back through one matrix too few, not the one next to the output: what lies between?",
            changed(lambda d, W, e: (e @ W[1].T, d[1], d[2]))),
    Mistake("`dW2`: what is the input of layer 2? With white inputs x is left out, W1 is not",
            changed(lambda d, W, e: (d[0], e @ W[2].T, d[2]))),
    Mistake("`dW2`: how does the error come down to layer 2?",
            changed(lambda d, W, e: (d[0], W[0].T @ e, d[2]))),
    Mistake("`dW3`: the input of layer 3 has passed both matrices below",
            changed(lambda d, W, e: (d[0], d[1], W[1].T @ e))),
    Mistake("each gradient is taken after the step of the layers above. All are derivatives at the same weights",
            stepping),
), points=3)


# 06.3 Orthogonal weights ---------------------------------------------------------------------------------------------

def orthonormal(function: Function, rng: np.random.Generator) -> Observation:
    """W Wᵀ or Wᵀ W at a tall, a wide and a square shape, both signs in the corner, and how it draws."""
    found: Observation = {}
    seed = int(rng.integers(2**31))
    for shape in ((30, 12), (12, 30), (20, 20)):
        generator = np.random.default_rng(seed)
        first, second = function(generator, shape), function(generator, shape)
        again = function(np.random.default_rng(seed), shape)
        if not isinstance(first, np.ndarray) or first.dtype.kind not in "fiu" or first.ndim != 2:
            raise NotDone.of(first, f"expected a matrix of real numbers of shape {shape}")
        small = first.T @ first if len(first) > first.shape[1] else first @ first.T
        found |= {f"the shape for {shape}": first.shape, f"the product with its transpose for {shape}": small,
                  FRESH: not equal(first, second, 0.0), REPEATS: equal(first, again, 0.0)}
    found[MIXES] = bool((first != 0).all())
    corner = [float(function(rng, (3, 3))[0, 0]) for _ in range(60)]
    return found | {BOTH_SIGNS: min(corner) < 0 < max(corner)}


MIXES = "every output depends on every input: no weight is 0"
BOTH_SIGNS = "its first entry is sometimes positive and sometimes negative"


def by_qr(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Q as numpy returns it, with LAPACK's signs."""
    q = np.linalg.qr(rng.normal(size=(max(shape), min(shape))))[0]
    return np.asarray(q if shape[0] >= shape[1] else q.T)


def scaled(scale: Any) -> Any:
    """An orthogonal matrix times a factor, a function of the shape."""
    return lambda rng, shape: initializers.orthogonal(rng, shape) * scale(*shape)


def unit_columns(rng: np.random.Generator, shape: tuple[int, int], axis: int = 0) -> np.ndarray:
    """A Gaussian matrix with columns, or rows, of length 1."""
    w = rng.normal(size=shape)
    return np.asarray(w / np.linalg.norm(w, axis=axis, keepdims=True))


ORTHOGONAL = Exercise("06.3", initializers.orthogonal, orthonormal, (
    Mistake("its first entry is always negative: np.linalg.qr fixes the signs of the columns in its own way. Look at "
            "the diagonal of R", by_qr),
    Mistake(SEED_INSIDE, lambda rng, shape: initializers.orthogonal(np.random.default_rng(0), shape)),
    Mistake(NOT_PASSED, lambda rng, shape: initializers.orthogonal(np.random.default_rng(), shape)),
    Mistake(SWAPPED, lambda rng, shape: initializers.orthogonal(rng, shape[::-1])),
    Mistake("the wide matrix has the wrong shape. What does np.linalg.qr return for a wide matrix, and what for its "
            "transpose?", lambda rng, shape: np.linalg.qr(rng.normal(size=shape))[0] * rng.choice([-1, 1])),
    Mistake("nothing is drawn: this is the identity. Among all orthogonal matrices it is one",
            lambda rng, shape: np.eye(*shape)),
    Mistake("these are Gaussian weights, which keep lengths on average only",
            lambda rng, shape: rng.normal(size=shape) / math.sqrt(shape[0])),
    Mistake("each column has the length 1, but are they orthogonal to each other?", unit_columns),
    Mistake("each row has the length 1, but are they orthogonal to each other?", partial(unit_columns, axis=1)),
    Mistake("it is orthogonal times √fan_in: the entries of size 1/√fan_in are right as they come from QR",
            scaled(lambda n, m: math.sqrt(n))),
    Mistake("it is orthogonal divided by √fan_in: QR has made the columns of length 1 already",
            scaled(lambda n, m: 1 / math.sqrt(n))),
    Mistake("it is orthogonal times √2: this gain is for ReLU, and none is asked for",
            scaled(lambda n, m: math.sqrt(2))),
), points=3)


# 06.4 Where the images meet ------------------------------------------------------------------------------------------

def directions(s: np.ndarray) -> float:
    """Among how many directions a matrix of singular values s spreads its outputs."""
    return float((s**2).sum() ** 2 / (s**4).sum())


def narrowed(rng: np.random.Generator) -> tuple[Network, np.ndarray]:
    """A tanh network of Gaussian weights, one layer of which has few large singular values and the same mean square."""
    depth, n = 8, int(rng.integers(50, 80))
    net = mlp([n] * depth + [10], activation="tanh", init="lecun_normal", rng=rng, dtype=np.float64)
    net.layers[int(rng.integers(1, depth - 3))].W = few_directions(rng, n)
    for layer in net.layers:
        layer.W *= rng.uniform(0.9, 1.1)
    return net, rng.normal(size=(100, n))


def few_directions(rng: np.random.Generator, n: int) -> np.ndarray:
    """An n × n matrix with two large singular values and the length of an orthogonal matrix."""
    s = np.where(np.arange(n) < 2, 1, 0.02)
    w = (initializers.orthogonal(rng, (n, n)) * s) @ initializers.orthogonal(rng, (n, n))
    return np.asarray(w * math.sqrt(n / (s**2).sum()))


def narrowest(net: Network, x: np.ndarray) -> int:
    """The layer whose weights have the fewest directions, counted from 1."""
    return int(np.argmin([directions(np.linalg.svd(layer.W, compute_uv=False)) for layer in net.layers])) + 1


def fewest(net: Network, x: np.ndarray) -> int:
    """The hidden layer whose activations are spread among the fewest directions, counted from 1."""
    net.forward(x)
    return int(np.argmin([directions(np.linalg.svd(layer.a - layer.a.mean(axis=0), compute_uv=False))
                          for layer in net.layers[:-1]])) + 1


def largest(number: Any) -> Any:
    """The layer where number(layer) is largest, counted from 1."""
    def layer(net: Network, x: np.ndarray) -> int:
        net.forward(x)
        return int(np.argmax([number(layer) for layer in net.layers])) + 1

    return layer


NARROW = Exercise("06.4", narrowest, outputs("narrow_layer", inputs=narrowed), (
    Mistake("one too small: layers count from 1, as in the table of diagnose", lambda net, x: narrowest(net, x) - 1),
    Mistake("one too large: is it the layer above the one where the images meet?",
            lambda net, x: narrowest(net, x) + 1),
    Mistake("this is the layer with the fewest directions in its signal. What is lost stays lost above, and each layer "
            "loses some: look for the layer that loses most", fewest),
    Mistake("this is the layer with the largest standard deviation: all deviations are nearly as they should be",
            largest(lambda layer: layer.W.std())),
    Mistake("this is the layer with the smallest standard deviation: all deviations are nearly as they should be",
            largest(lambda layer: -layer.W.std())),
    Mistake("this is the layer with the smallest signal, which does not say how many directions it has",
            largest(lambda layer: -np.square(layer.a).mean())),
    Mistake("this is layer 1 for every network, the one with the largest signal. What changes at the narrow layer?",
            lambda net, x: 1),
), points=3, rounds=6)


# 06.5 The gain of tanh -----------------------------------------------------------------------------------------------

Z = np.linspace(-8, 8, 801)
DENSITY = np.exp(-(Z**2) / 2) / math.sqrt(2 * math.pi) * (Z[1] - Z[0])


def fixed_point(gain: float) -> float:
    """q* = gain² E[tanh²(√q* g)]."""
    return float(MeanField(activations.tanh, gain**2).limit())


def chi(gain: float, q: float) -> float:
    """gain² E[tanh′²(√q g)]."""
    return float(gain**2 * (DENSITY * (1 - np.tanh(math.sqrt(q) * Z) ** 2) ** 2).sum())


def growth(q: Any = fixed_point, factor: Any = None) -> Any:
    """q, and the factor on the square of the gradient over L layers, by default from χ at this q."""
    def both(gain: float, layers: int) -> tuple[float, float]:
        return q(gain), factor(gain, layers) if factor else chi(gain, q(gain)) ** layers

    return both


def after(gain: float, maps: int, start: float = 1.0) -> float:
    """q after so many maps."""
    q = start
    for _ in range(maps):
        q = gain**2 * float((DENSITY * np.tanh(math.sqrt(q) * Z) ** 2).sum())
    return q


def settled(step: Any) -> Any:
    """Where 500 steps q ← step(gain, q) end, from 1."""
    def end(gain: float) -> float:
        q = 1.0
        for _ in range(500):
            q = step(gain, q)
        return float(q)

    return end


def gain_and_depth(rng: np.random.Generator) -> tuple[float, int]:
    """A gain above 1 and a depth."""
    return float(rng.uniform(1.05, 1.5)), int(rng.integers(5, 40))


GAIN = Exercise("06.5", growth(), outputs("q", "factor", inputs=gain_and_depth), (
    Mistake("`q`: which power of the gain belongs to a mean square?",
            growth(settled(lambda gain, q: gain * (DENSITY * np.tanh(math.sqrt(q) * Z) ** 2).sum()))),
    Mistake("`q`: z is √q · g, not q · g",
            growth(settled(lambda gain, q: gain**2 * (DENSITY * np.tanh(q * Z) ** 2).sum()))),
    Mistake("`q` is that of one layer, from q = 1. Apply the map until q does not change any more",
            growth(partial(after, maps=1))),
    Mistake("`q` is that of the last layer, from q = 1 in the first. Apply the map until q does not change any more",
            lambda gain, L: (after(gain, L), chi(gain, after(gain, L)) ** L)),
    Mistake("`q` is √q: the mean square is asked for", growth(lambda gain: math.sqrt(fixed_point(gain)))),
    Mistake("`factor` is χ, that of one layer", growth(factor=lambda gain, L: chi(gain, fixed_point(gain)))),
    Mistake("`factor` is χ times the number of layers: each layer multiplies",
            growth(factor=lambda gain, L: chi(gain, fixed_point(gain)) * L)),
    Mistake("`factor` is that of the length of the gradient: its square is asked for",
            growth(factor=lambda gain, L: chi(gain, fixed_point(gain)) ** (L / 2))),
    Mistake("`factor`: which power of the slope belongs to the square of the gradient?", growth(
        factor=lambda gain, L: (gain**2 * (DENSITY / np.cosh(math.sqrt(fixed_point(gain)) * Z) ** 2).sum()) ** L)),
    Mistake("`factor`: the gain is left out, and W multiplies the gradient, too",
            growth(factor=lambda gain, L: (chi(gain, fixed_point(gain)) / gain**2) ** L)),
    Mistake("`factor`: the slope is taken at 0, where it is 1, and not at the signal",
            growth(factor=lambda gain, L: gain ** (2 * L))),
    Mistake("`factor`: χ is taken at q = 1, not where the signal settles",
            growth(factor=lambda gain, L: chi(gain, 1.0) ** L)),
), points=3, tolerance=1e-3)


# 06.6 Any singular values --------------------------------------------------------------------------------------------

def singular_values(rng: np.random.Generator) -> tuple[np.ndarray, int]:
    """The singular values of a matrix, and a number of layers."""
    return rng.uniform(0, 2, 20), int(rng.integers(2, 40))


def keeps(s: np.ndarray) -> float:
    """The gain after which the mean of s² is 1."""
    return float(1 / math.sqrt((s**2).mean()))


def excess(s: np.ndarray) -> float:
    """The mean of s⁴ less 1, for singular values with mean square 1."""
    return float((s**4).mean() / (s**2).mean() ** 2 - 1)


def product_of(gain: Any = keeps, share: Any = None) -> Any:
    """The gain, and the share of the directions after L layers, by default 1/(1 + L · excess)."""
    return lambda s, L: (gain(s), share(s, L) if share else 1 / (1 + L * excess(s)))


ANY = Exercise("06.6", product_of(), outputs("gain", "share", inputs=singular_values), (
    Mistake("`gain` makes the *mean* of s equal to 1: sizes go with the mean of s²",
            product_of(lambda s: 1 / s.mean())),
    Mistake("`gain` makes the largest s equal to 1: then all other directions shrink",
            product_of(lambda s: 1 / s.max())),
    Mistake("`gain` is 1/(mean of s²): is a root missing?", product_of(lambda s: 1 / (s**2).mean())),
    Mistake("`gain`: the variance of s is not its mean square", product_of(lambda s: 1 / s.std())),
    Mistake("`share` is that of Gaussian layers, 1/(L + 1). What does one more layer of *these* add to the mean of s⁴?",
            product_of(share=lambda s, L: 1 / (L + 1))),
    Mistake("`share` is that of one layer", product_of(share=lambda s, L: 1 / (1 + excess(s)))),
    Mistake("`share` is that of one layer to the power L, as if the layers stretched all directions independently. "
            "What does the mean of s⁴ gain from a layer: a factor, or a term?",
            product_of(share=lambda s, L: 1 / (1 + excess(s)) ** L)),
    Mistake("`share` is that of L equal matrices with the same directions: between two layers all directions are mixed",
            product_of(share=lambda s, L: (s ** (2 * L)).mean() ** 2 / (s ** (4 * L)).mean())),
    Mistake("`share` counts one layer too few",
            product_of(share=lambda s, L: 1 / (1 + (L - 1) * excess(s)))),
    Mistake("`share` would be 1/L for orthogonal matrices: what should it be for them?",
            product_of(share=lambda s, L: 1 / (L * (1 + excess(s))))),
    Mistake("`share` changes if all s are multiplied by a number: scale them first, so that the mean of s² is 1",
            product_of(share=lambda s, L: 1 / (1 + L * ((s**4).mean() - 1)))),
), points=4)


EXERCISES = (START, LINEAR, ORTHOGONAL, NARROW, GAIN, ANY)
