"""The exercises of chapter 04: Glorot."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minnet import activations, initializers
from minnet.coursework.exercises import Exercise, Function, Mistake, Observation
from minnet.coursework.observations import outputs, weights
from minnet.network import Network, mlp

# 04.1 The geometric mean ---------------------------------------------------------------------------------------------


def two_fans(rng: np.random.Generator) -> tuple[int, int]:
    """fan_in and fan_out, which differ."""
    fan_in = int(rng.integers(20, 1000))
    return fan_in, fan_in + int(rng.integers(1, 1000))


def geometric(fan_in: int, fan_out: int) -> tuple[float, float, float]:
    """The bound r with r²/3 = 1/√(nm), and what the layer does to the mean square going up and going down."""
    return math.sqrt(3) / (fan_in * fan_out) ** 0.25, math.sqrt(fan_in / fan_out), math.sqrt(fan_out / fan_in)


GEOMETRIC = Exercise("04.1", geometric, outputs("r", "up", "down", inputs=two_fans), (
    Mistake("r is the standard deviation. How wide is a uniform distribution of this deviation?",
            lambda n, m: (1 / (n * m) ** 0.25, math.sqrt(n / m), math.sqrt(m / n))),
    Mistake("r is that of a variance 1/(nm): is the root of nm taken before dividing?",
            lambda n, m: (math.sqrt(3 / (n * m)), math.sqrt(n / m), math.sqrt(m / n))),
    Mistake("r²/3 is the variance, and here r/3 is: is a root missing?",
            lambda n, m: (3 / math.sqrt(n * m), math.sqrt(n / m), math.sqrt(m / n))),
    Mistake("r is the width of the whole interval: a uniform distribution of the width w has the variance w²/12, and "
            "here it goes from −r to r", lambda n, m: (math.sqrt(12) / (n * m) ** 0.25, math.sqrt(n / m),
                                                       math.sqrt(m / n))),
    Mistake("up and down are exchanged: going up, a unit adds as many terms as it has inputs",
            lambda n, m: (math.sqrt(3) / (n * m) ** 0.25, math.sqrt(m / n), math.sqrt(n / m))),
    Mistake("up and down are the factors of the root mean square; the mean square is asked for",
            lambda n, m: (math.sqrt(3) / (n * m) ** 0.25, (n / m) ** 0.25, (m / n) ** 0.25)),
    Mistake("up and down are those of Glorot's mean of the fans, not of the geometric mean",
            lambda n, m: (math.sqrt(3) / (n * m) ** 0.25, 2 * n / (n + m), 2 * m / (n + m))),
))


# 04.2 Glorot's uniform distribution ----------------------------------------------------------------------------------

def uniform(bound: Any) -> Any:
    """An initializer U(−r, r) with r = bound(fan_in, fan_out)."""
    return lambda rng, shape: rng.uniform(-(r := bound(*shape)), r, shape)


def gaussian(std: Any) -> Any:
    """An initializer N(0, σ²) with σ = std(fan_in, fan_out)."""
    return lambda rng, shape: rng.normal(0, std(*shape), shape)


SEED_INSIDE = "two calls return equal weights: is there a seed inside? Draw from the rng that is passed"
NOT_PASSED = ("generators of equal seed give different weights: is there a generator of your own inside? Draw from the "
              "rng that is passed")
SWAPPED = "the shape is (fan_out, fan_in): in minnet a matrix is (fan_in, fan_out), since z = x @ W"

UNIFORM = Exercise("04.2", initializers.glorot_uniform, weights(), (
    Mistake(SEED_INSIDE, lambda rng, shape: initializers.glorot_uniform(np.random.default_rng(0), shape)),
    Mistake(NOT_PASSED, lambda rng, shape: initializers.glorot_uniform(np.random.default_rng(), shape)),
    Mistake(SWAPPED, lambda rng, shape: initializers.glorot_uniform(rng, shape[::-1])),
    Mistake("a third of the variance: the bound is the standard deviation. What is the variance of U(−r, r)?",
            uniform(lambda n, m: math.sqrt(2 / (n + m)))),
    Mistake("a third of 1/fan_in: these are the weights from before 2010", uniform(lambda n, m: 1 / math.sqrt(n))),
    Mistake("the standard deviation matches 1/√fan_in: where is fan_out?", uniform(lambda n, m: math.sqrt(3 / n))),
    Mistake("the standard deviation matches 1/√fan_out: are the axes swapped, and where is the other fan?",
            uniform(lambda n, m: math.sqrt(3 / m))),
    Mistake("half the variance: the mean of the fans is half their sum", uniform(lambda n, m: math.sqrt(3 / (n + m)))),
    Mistake("twice the variance: the fans are added twice, or the 2 counts twice",
            uniform(lambda n, m: math.sqrt(12 / (n + m)))),
    Mistake("the bound is the variance: is a root missing?", uniform(lambda n, m: 2 / (n + m))),
    Mistake("the bound is squared: is a root missing?", uniform(lambda n, m: 6 / (n + m))),
    Mistake("the geometric mean of the fans; Glorot takes the arithmetic one",
            uniform(lambda n, m: math.sqrt(3 / math.sqrt(n * m)))),
    Mistake("the variance is right, the distribution is normal and not uniform",
            gaussian(lambda n, m: math.sqrt(2 / (n + m)))),
    Mistake("all weights are positive: the interval goes from −r to r",
            lambda rng, shape: rng.uniform(0, math.sqrt(6 / sum(shape)), shape)),
), points=3, tolerance=0.04)


# 04.3 The same as a truncated normal ---------------------------------------------------------------------------------

def sigma(fan_in: int, fan_out: int) -> float:
    """Glorot's standard deviation."""
    return math.sqrt(2 / (fan_in + fan_out))


def truncated(cut: float = 2.0, corrected: bool = True) -> Any:
    """Glorot's deviation as a truncated normal."""
    return lambda rng, shape: initializers.truncated_normal(std=sigma(*shape), cut=cut, corrected=corrected)(rng, shape)


def clipped(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """A normal whose tails are moved to the bounds."""
    s = sigma(*shape)
    return np.clip(rng.normal(0, s, shape), -2 * s, 2 * s)


def normalized(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """A truncated normal, each matrix of which is scaled to exactly Glorot's deviation."""
    W = truncated()(rng, shape)
    return np.asarray(W * sigma(*shape) / W.std())


def narrow(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """The normal of the corrected deviation, cut at two of Glorot's deviations."""
    s = sigma(*shape)
    return initializers.truncated_normal(std=s / CUT_STD, cut=2 * CUT_STD, corrected=False)(rng, shape)


CUT_STD = 0.8796256610342398                                  # of a unit normal cut at ±2; truncated_normal derives it

TRUNCATED = Exercise("04.3", truncated(), weights(), (
    Mistake(SEED_INSIDE, lambda rng, shape: truncated()(np.random.default_rng(0), shape)),
    Mistake(NOT_PASSED, lambda rng, shape: truncated()(np.random.default_rng(), shape)),
    Mistake(SWAPPED, lambda rng, shape: truncated()(rng, shape[::-1])),
    Mistake("0.77 of the variance: the truncation is not corrected", truncated(corrected=False)),
    Mistake("1/0.77 of the variance: is it divided by the variance of the cut normal, and a root is missing, or is the "
            "correction applied twice?", lambda rng, shape: truncated()(rng, shape) / CUT_STD),
    Mistake("0.6 of the variance: is it multiplied by the correction instead of divided?",
            lambda rng, shape: truncated(corrected=False)(rng, shape) * CUT_STD),
    Mistake("every matrix has exactly the same standard deviation: is each divided by its own? The deviation of the "
            "distribution is meant; that of what is drawn varies", normalized),
    Mistake("the bounds are ±2, whatever the deviation, so that nothing is cut off: where is twice the deviation of "
            "your normal?", gaussian(lambda n, m: sigma(n, m) / CUT_STD)),
    Mistake("the bounds are two of the standard deviations that the result shall have: the task has them at two of "
            "those of the normal that is cut", narrow),
    Mistake("many weights lie exactly at the bounds: values beyond them are clipped. Draw them again instead", clipped),
    Mistake("the variance is right, but there are weights beyond the bounds: nothing is cut off. Are the bounds "
            "±2, whatever the deviation?", gaussian(sigma)),
    Mistake("the standard deviation matches 1/√fan_in: where is fan_out?",
            lambda rng, shape: initializers.truncated_normal(std=1 / math.sqrt(shape[0]))(rng, shape)),
    Mistake("the variance is right, the distribution is uniform and not a truncated normal",
            initializers.glorot_uniform),
), points=3, tolerance=0.04)


# 04.4 Another cure for the slope -------------------------------------------------------------------------------------

def scaled_sigmoid(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """f(z) = 4σ(z) − 2 and its derivative 4σ(1 − σ)."""
    s = activations.sigmoid(z)
    return 4 * s - 2, 4 * s * (1 - s)


def sigmoid_and(derivative: Any) -> Any:
    """f right, f′ a function of z, σ and f."""
    def both(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        s = activations.sigmoid(z)
        return 4 * s - 2, derivative(z, s, 4 * s - 2)

    return both


SLOPE = Exercise("04.4", scaled_sigmoid, outputs("f", "df", inputs=lambda rng: (rng.normal(0, 3, (4, 5)),)), (
    Mistake("df is the derivative of σ alone: the factor 4 is lost", sigmoid_and(lambda z, s, f: s * (1 - s))),
    Mistake("df uses a(1 − a) with a = f(z): this form holds for the sigmoid itself only",
            sigmoid_and(lambda z, s, f: f * (1 - f))),
    Mistake("df uses z(1 − z): it shall be σ(z) that stands there", sigmoid_and(lambda z, s, f: z * (1 - z))),
    Mistake("df has the constant −2, whose derivative is 0", sigmoid_and(lambda z, s, f: 4 * s * (1 - s) - 2)),
    Mistake("df has the form for 4σ, which lies between 0 and 4: f lies between −2 and 2. What is σ, written in f?",
            sigmoid_and(lambda z, s, f: f * (1 - f / 4))),
    Mistake("f and df are exchanged: the function returns f first", lambda z: scaled_sigmoid(z)[::-1]),
    Mistake("df is that of tanh(z): f is 2 tanh(z/2), so the chain rule gives other factors",
            sigmoid_and(lambda z, s, f: 1 - np.tanh(z) ** 2)),
    Mistake("df is 1 everywhere: 1 is the slope at 0 only", sigmoid_and(lambda z, s, f: np.ones_like(z))),
    Mistake("f is not centred: f(0) shall be 0", lambda z: (4 * activations.sigmoid(z), scaled_sigmoid(z)[1])),
    Mistake("f is tanh(z), which is another function: compare their largest values",
            lambda z: (np.tanh(z), 1 - np.tanh(z) ** 2)),
    Mistake("f is σ(4z) scaled: the 4 stands before σ, not inside",
            lambda z: (4 * activations.sigmoid(4 * z) - 2, scaled_sigmoid(z)[1])),
))


# 04.5 Find the broken layer ------------------------------------------------------------------------------------------

def broken(rng: np.random.Generator, *factors: float) -> tuple[Network, np.ndarray]:
    """A tanh network from Glorot's weights, one layer of which was multiplied by one of the factors, and inputs."""
    depth = 8
    sizes = [int(n) for n in rng.integers(30, 90, depth + 1)]
    net = mlp(sizes, activation="tanh", init="glorot_uniform", rng=rng)
    net.layers[int(rng.integers(1, depth - 1))].W *= rng.choice(factors)
    return net, rng.normal(scale=2, size=(50, sizes[0]))


def find_both(function: Function, rng: np.random.Generator) -> Observation:
    """What a function finds in a network with weights too small, and in one with weights too large."""
    weak = outputs("weak_layer", inputs=lambda rng: broken(rng, 1 / 40, 1 / 20))
    strong = outputs("strong_layer", inputs=lambda rng: broken(rng, 15, 30))
    return weak(function, rng) | strong(function, rng)


def deviations(net: Network) -> np.ndarray:
    """How far the deviation of each layer's weights is from Glorot's, as |log|."""
    return np.array([abs(math.log(layer.W.std() / sigma(*layer.W.shape))) for layer in net.layers])


def activity(net: Network, x: np.ndarray) -> np.ndarray:
    """The root mean square of each layer's activations."""
    net.forward(x)
    return np.array([math.sqrt((layer.a**2).mean()) for layer in net.layers])


def largest_jump(net: Network, x: np.ndarray) -> int:
    """The layer at which the root mean square of the signal changes by the largest factor."""
    size = np.log([math.sqrt((x**2).mean()), *activity(net, x)])
    return int(abs(np.diff(size)).argmax()) + 1


FIND = Exercise("04.5", lambda net, x: int(deviations(net).argmax()) + 1, find_both, (
    Mistake("one too small: layers count from 1, as in the table of diagnose",
            lambda net, x: int(deviations(net).argmax())),
    Mistake("one too large: does the loop over layers begin too late?",
            lambda net, x: int(deviations(net).argmax()) + 2),
    Mistake("this is the layer at which the size of the activations changes most. That is often the broken one, but "
            "not always: tanh bounds what weights that are too large can do. Which size does it not touch?",
            largest_jump),
    Mistake("this is the layer with the smallest activations. Once a layer has shrunk the signal it stays small above: "
            "look where it *changes*", lambda net, x: int(activity(net, x).argmin()) + 1),
    Mistake("this is the layer with the largest activations, which finds weights that are too large at best",
            lambda net, x: int(activity(net, x).argmax()) + 1),
    Mistake("this is the layer with the largest weights: they may also be too small",
            lambda net, x: int(np.argmax([layer.W.std() for layer in net.layers])) + 1),
    Mistake("this is the layer with the smallest weights: they may also be too large, and what is small depends on the "
            "fans", lambda net, x: int(np.argmin([layer.W.std() for layer in net.layers])) + 1),
    Mistake("this is the last layer for every network: which statistic does not depend on the layer?",
            lambda net, x: len(net.layers)),
    Mistake("this is layer 1 for every network. What changes at the broken layer?", lambda net, x: 1),
), points=3, rounds=12)                                         # largest_jump is right in a third of the rounds


# 04.6 Every p --------------------------------------------------------------------------------------------------------

def swings(widths: list[int], p: float) -> tuple[float, float]:
    """The largest |log₁₀| of the mean square on the way up, and on the way down, by theory."""
    logs = np.log10(widths)
    return float((1 - p) * abs(logs - logs[0]).max()), float(p * abs(logs - logs[-1]).max())


def some_widths(rng: np.random.Generator) -> tuple[list[int], float]:
    """Widths of five layers, and p."""
    return [int(n) for n in rng.integers(10, 1000, 6)], float(rng.uniform(0.1, 0.4))


def steps(widths: list[int]) -> np.ndarray:
    """log₁₀(fan_in/fan_out), layer by layer."""
    return np.diff(-np.log10(widths))


EVERY_P = Exercise("04.6", swings, outputs("up", "down", inputs=some_widths), (
    Mistake("p and 1 − p are exchanged: going up, fan_in · Var[W] = n/(n^p m^(1−p)); what is left of n?",
            lambda w, p: (swings(w, 1 - p)[0], swings(w, 1 - p)[1])),
    Mistake("natural logarithms: log₁₀ is asked for", lambda w, p: tuple(math.log(10) * s for s in swings(w, p))),
    Mistake("the logarithm of the root mean square: the mean square is asked for",
            lambda w, p: tuple(s / 2 for s in swings(w, p))),
    Mistake("the largest factor of a single layer: multiply the factors on the way first",
            lambda w, p: ((1 - p) * abs(steps(w)).max(), p * abs(steps(w)).max())),
    Mistake("the product over all layers: the swing is the largest on the way, which may be in the middle",
            lambda w, p: ((1 - p) * abs(steps(w).sum()), p * abs(steps(w).sum()))),
    Mistake("going down begins at the last width, not at the first",
            lambda w, p: (swings(w, p)[0], p / (1 - p) * swings(w, p)[0])),
    Mistake("going up the signs count: is the absolute value missing?",
            lambda w, p: ((1 - p) * steps(w).cumsum().max(), p * (-steps(w)[::-1]).cumsum().max())),
), points=4, rounds=6)


EXERCISES = (GEOMETRIC, UNIFORM, TRUNCATED, SLOPE, FIND, EVERY_P)
