"""The exercises of chapter 03: Vanishing and exploding gradients."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from minnet import activations, losses, theory
from minnet.coursework.exercises import Exercise, Function, Mistake, Observation
from minnet.coursework.observations import UNCHANGED, outputs
from minnet.network import Network, mlp

# 03.1 How deep? ------------------------------------------------------------------------------------------------------


def a_vanishing_start(rng: np.random.Generator) -> tuple[float, int, float]:
    """σ, the width, and the size of δ at the output."""
    width = int(rng.integers(30, 300))
    return float(rng.uniform(0.2, 0.8)) / math.sqrt(width), width, float(10 ** rng.uniform(-3, -0.5))


def per_layer(std: float, width: int) -> float:
    """The factor on the size of δ, for tanh and small signals."""
    return std * math.sqrt(width)


def depth(smallest: float = 2.0**-149, factor: Callable[[float, int], float] = per_layer) -> Any:
    """How many layers take δ from its size at the output to the smallest number, each multiplying by the factor."""
    return lambda std, width, size: math.log(smallest / size) / math.log(factor(std, width))


HOW_DEEP = Exercise("03.1", depth(), outputs("layers", inputs=a_vanishing_start), (
    Mistake("the factor is that of the mean square of δ: its size is the root",
            depth(factor=lambda std, n: std**2 * n)),
    Mistake("the factor is σ: a unit's δ is a sum over all units above", depth(factor=lambda std, n: std)),
    Mistake("the factor is σ√n/√2, that of ReLU: which slope has tanh near 0?",
            depth(factor=lambda std, n: std * math.sqrt(n / 2))),
    Mistake("2⁻¹²⁶ is the smallest *normal* number of float32; below it are smaller ones with fewer digits",
            depth(2.0**-126)),
    Mistake("this is where δ falls below the rounding of float32 near 1: small numbers have their own rounding",
            depth(2.0**-23)),
    Mistake("this is where δ falls below half of the rounding of float32 near 1: small numbers have their own rounding",
            depth(2.0**-24)),
    Mistake("the smallest number is that of float64: the network computes in float32", depth(2.0**-1074)),
    Mistake("δ starts at 1, and not at its size at the output",
            lambda std, width, size: math.log(2.0**-149) / math.log(per_layer(std, width))),
    Mistake("the size at the output is counted on the wrong side: the smaller δ starts, the sooner it is gone",
            lambda std, width, size: math.log(2.0**-149 * size) / math.log(per_layer(std, width))),
    Mistake("two kinds of logarithm are mixed, ln and log₁₀",
            lambda *given: depth()(*given) / math.log(10)),
    Mistake("the number is rounded: give it as it comes out of the formula", lambda *given: round(depth()(*given))),
))


# 03.2 χ by integration -----------------------------------------------------------------------------------------------

G = np.linspace(-8, 8, 1601)
DENSITY = np.exp(-G**2 / 2) / np.exp(-G**2 / 2).sum()


def average(h: Callable[[np.ndarray], np.ndarray], q: float) -> float:
    """E[h(√q g)] for a standard normal g."""
    return float(DENSITY @ h(math.sqrt(q) * G))


def tanh_slope(z: np.ndarray) -> np.ndarray:
    """tanh′(z)."""
    slope: np.ndarray = 1 - np.tanh(z) ** 2
    return slope


def mean_field(weight_var: float, q: float) -> tuple[float, float]:
    """q of the next layer and χ, for tanh."""
    field = theory.MeanField(activations.tanh, weight_var)
    return field.variance(q), field.chi(q)


def chi_as(change: Callable[[float, float], float]) -> Any:
    """The right q, and another χ."""
    return lambda weight_var, q: (mean_field(weight_var, q)[0], change(weight_var, q))


def next_as(change: Callable[[float, float], float]) -> Any:
    """Another q, and the right χ."""
    return lambda weight_var, q: (change(weight_var, q), mean_field(weight_var, q)[1])


def a_point(rng: np.random.Generator) -> tuple[float, float]:
    """σ_w² and q, neither of them near 1."""
    return float(rng.uniform(1.5, 4)), float(rng.choice([rng.uniform(0.3, 0.7), rng.uniform(1.6, 3)]))


CHI = Exercise("03.2", mean_field, outputs("next_q", "chi", inputs=a_point), (
    Mistake("both averages are taken with the standard deviation q: q is the variance of z",
            lambda w, q: mean_field(w, q * q)),
    Mistake("both averages are taken with the density e^(−g²), which is that of a normal number of variance ½",
            lambda w, q: mean_field(w, q / 2)),
    Mistake("both are too large by √(2π): the density is not normalized",
            lambda w, q: tuple(math.sqrt(2 * math.pi) * value for value in mean_field(w, q))),
    Mistake("both lack a factor: by what do the weights multiply a mean square?",
            lambda w, q: tuple(value / w for value in mean_field(w, q))),
    Mistake("both are multiplied by σ_w: the mean *square* is multiplied by the variance of the weights",
            lambda w, q: tuple(value / math.sqrt(w) for value in mean_field(w, q))),
    Mistake("both are taken at q = 1: where does q enter?", lambda w, q: mean_field(w, 1.0)),
    Mistake("chi is the factor on the size of δ: the factor on the mean square is asked for",
            chi_as(lambda w, q: math.sqrt(mean_field(w, q)[1]))),
    Mistake("chi is made from the mean of f′: is a square missing?", chi_as(lambda w, q: w * average(tanh_slope, q))),
    Mistake("chi is made from the square of the mean of f′: first square, then average",
            chi_as(lambda w, q: w * average(tanh_slope, q) ** 2)),
    Mistake("chi is made from f, not from f′", chi_as(lambda w, q: mean_field(w, q)[0])),
    Mistake("chi has the slope at 0 alone: z is not 0", chi_as(lambda w, q: w)),
    Mistake("chi has 1 − tanh for the slope", chi_as(lambda w, q: w * average(lambda z: (1 - np.tanh(z)) ** 2, q))),
    Mistake("chi has the slope at tanh z instead of z",
            chi_as(lambda w, q: w * average(lambda z: tanh_slope(np.tanh(z)) ** 2, q))),
    Mistake("next_q is a size: the mean square is asked for", next_as(lambda w, q: math.sqrt(mean_field(w, q)[0]))),
    Mistake("next_q is that of a linear unit: which f does the layer have?", next_as(lambda w, q: w * q)),
    Mistake("next_q is made from |f|: is a square missing?",
            next_as(lambda w, q: w * average(lambda z: abs(np.tanh(z)), q))),
), points=3, tolerance=0.01)


# 03.3 The sigmoid's edge ---------------------------------------------------------------------------------------------

def a_sigmoid(rng: np.random.Generator) -> tuple[float, float]:
    """Height and steepness."""
    return float(rng.uniform(1.5, 4)), float(rng.uniform(0.3, 0.7))


@lru_cache
def edge_of_sigmoid() -> float:
    """σ_w² with χ = 1 for the sigmoid itself."""
    return theory.critical_point(activations.sigmoid)[0].weight_var


def edge(height: float, steepness: float) -> float:
    """σ_w² with χ = 1 for f(z) = height · σ(steepness · z), whose f′² is (height · steepness)² times the sigmoid's."""
    return edge_of_sigmoid() / (height * steepness) ** 2


def both_of(height: float, steepness: float) -> tuple[Any, Any]:
    """f and f′."""
    def sigmoid(z: np.ndarray) -> np.ndarray:
        return activations.sigmoid.f(steepness * z)

    return lambda z: height * sigmoid(z), lambda z: height * steepness * sigmoid(z) * (1 - sigmoid(z))


def edge_where(q: Callable[[Any, float], float]) -> Any:
    """σ_w² with σ_w² E[f′²] = 1 by bisection, where E is taken at q(f, σ_w²)."""
    def function(height: float, steepness: float) -> float:
        f, slope = both_of(height, steepness)
        low, high = 1e-3, 1e5
        for _ in range(60):
            middle = math.sqrt(low * high)
            chi = middle * average(lambda z: slope(z) ** 2, q(f, middle))
            low, high = (middle, high) if chi < 1 else (low, middle)
        return low

    return function


EDGE = Exercise("03.3", edge, outputs("weight_var", inputs=a_sigmoid), (
    Mistake("this is 1 over the square of the slope at 0: f is not 0 at 0, so z does not stay near 0. Where does q go?",
            lambda height, steepness: 16 / (height * steepness) ** 2),
    Mistake("χ is taken at q = 1, not at the limit of q for these weights", edge_where(lambda f, w: 1.0)),
    Mistake("q is that of the second layer, from q = 1 in the first: repeat the step until q stays",
            edge_where(lambda f, w: w * average(lambda z: f(z) ** 2, 1.0))),
    Mistake("the height and the steepness are left out", lambda height, steepness: edge_of_sigmoid()),
    Mistake("the height is left out", lambda height, steepness: edge_of_sigmoid() / steepness**2),
    Mistake("the steepness is left out: the chain rule puts it into f′",
            lambda height, steepness: edge_of_sigmoid() / height**2),
    Mistake("χ = 1 is solved for f′ and not for its square",
            lambda height, steepness: edge_of_sigmoid() / (height * steepness)),
    Mistake("the slope of f goes the wrong way: a steeper f needs smaller weights",
            lambda height, steepness: edge_of_sigmoid() * (height * steepness) ** 2),
    Mistake("this is σ_w: its square is asked for", lambda height, steepness: math.sqrt(edge(height, steepness))),
), points=3, tolerance=1e-3)


# 03.4 Find the saturated layer ---------------------------------------------------------------------------------------

def saturated_net(rng: np.random.Generator, by: str) -> tuple[Network, np.ndarray, np.ndarray]:
    """A tanh network from Glorot's weights, one layer of which has large biases or large weights; inputs and labels."""
    sizes = [int(n) for n in rng.integers(30, 90, 8)]
    net = mlp([*sizes, 10], activation="tanh", init="glorot_uniform", rng=rng, dtype=np.float64)
    layer = net.layers[int(rng.integers(1, 6))]
    if by == "biases":
        layer.b = rng.uniform(5, 8) * rng.choice([-1, 1], layer.b.shape)
    else:
        layer.W *= rng.uniform(20, 40)
    return net, rng.normal(size=(50, sizes[0])), rng.integers(0, 10, 50)


def find_both(function: Function, rng: np.random.Generator) -> Observation:
    """What a function finds where the biases are too large, and where the weights are."""
    return (outputs("by_biases", inputs=lambda rng: saturated_net(rng, "biases"))(function, rng)
            | outputs("by_weights", inputs=lambda rng: saturated_net(rng, "weights"))(function, rng))


def layer_with_most(measure: Callable[[Any], float]) -> Any:
    """The number of the hidden layer with the largest measure after a forward and a backward pass."""
    def function(net: Network, x: np.ndarray, y: np.ndarray) -> int:
        net.gradient(x, y, losses.softmax_cross_entropy)
        return int(np.argmax([measure(layer) for layer in net.layers[:-1]])) + 1

    return function


def saturated(net: Network, x: np.ndarray, y: np.ndarray) -> int:
    """The number of the hidden layer with the largest share of |a| > 0.99."""
    number: int = layer_with_most(lambda layer: float((abs(layer.a) > 0.99).mean()))(net, x, y)
    return number


SATURATED = Exercise("03.4", saturated, find_both, (
    Mistake("one too small: layers count from 1, as in the table of diagnose", lambda *given: saturated(*given) - 1),
    Mistake("one too large: this layer has healthy units. Its inputs come from saturated ones",
            lambda *given: saturated(*given) + 1),
    Mistake("this is the layer with the largest weights: large biases saturate units as well",
            layer_with_most(lambda layer: float(layer.W.std()))),
    Mistake("this is the layer with the largest biases: large weights saturate units as well",
            layer_with_most(lambda layer: float(abs(layer.b).max()))),
    Mistake("this is the layer with the smallest δ: below a saturated layer δ may stay small, or grow again",
            layer_with_most(lambda layer: -float(np.square(layer.delta).mean()))),
    Mistake("this is the layer with the smallest dW: below a saturated layer gradients may stay small, or grow again",
            layer_with_most(lambda layer: -float(np.square(layer.dW).mean()))),
    Mistake("this is the layer whose units differ least from input to input: those above a saturated layer differ as "
            "little", layer_with_most(lambda layer: -float(layer.a.std(axis=0).mean()))),
    Mistake("this is the layer with the largest mean of a: saturated units may be at either end of the range",
            layer_with_most(lambda layer: float(layer.a.mean()))),
    Mistake("this is layer 1 for every network. What is special about saturated units?", lambda *given: 1),
), points=3, rounds=6)


# 03.5 Clip a gradient ------------------------------------------------------------------------------------------------

def length(dW: np.ndarray, db: np.ndarray) -> float:
    """The norm of both arrays as one vector."""
    return math.sqrt(float((dW**2).sum() + (db**2).sum()))


def clip_both(function: Function, rng: np.random.Generator) -> Observation:
    """What a function makes of a gradient that is longer than the limit, and of one that is shorter."""
    n, m = (int(size) for size in rng.integers(3, 7, 2))
    dW, db = rng.normal(size=(n, m)), rng.normal(size=m)
    limits = {"long": float(rng.uniform(0.5, 0.9) * np.linalg.norm(db)),                  # below the norm of db alone
              "short": float(rng.uniform(1.05, 1.2) * length(dW, db))}

    def observed(limit: float) -> Observation:
        return outputs("dW", "db", inputs=lambda rng: (dW.copy(), db.copy(), limit))(function, rng)

    parts = {name: observed(limit) for name, limit in limits.items()}
    unchanged = [part.pop(UNCHANGED) for part in parts.values()]
    return {f"{array} of a {name} gradient": value for name, part in parts.items() for array, value in part.items()} | {
        UNCHANGED: all(unchanged)}


def scaled(factor: Callable[[np.ndarray, np.ndarray, float], float]) -> Any:
    """Both arrays times factor(dW, db, limit)."""
    return lambda dW, db, limit: ((c := factor(dW, db, limit)) * dW, c * db)


CLIP = Exercise("03.5", scaled(lambda dW, db, limit: min(1, limit / length(dW, db))), clip_both, (
    Mistake("each array is clipped by its own norm, which changes the direction: the norm is that of both together",
            lambda dW, db, limit: tuple(min(1, limit / float(np.linalg.norm(g))) * g for g in (dW, db))),
    Mistake("the entries are cut off one by one, which changes the direction",
            lambda dW, db, limit: (dW.clip(-limit, limit), db.clip(-limit, limit))),
    Mistake("a gradient that is shorter than the limit is made longer",
            scaled(lambda dW, db, limit: limit / length(dW, db))),
    Mistake("long gradients are left alone, and short ones are made longer",
            scaled(lambda dW, db, limit: max(1, limit / length(dW, db)))),
    Mistake("it is divided by the square of the norm: is a root missing?",
            scaled(lambda dW, db, limit: min(1, limit / length(dW, db) ** 2))),
    Mistake("the result has the norm 1 and not that of the limit",
            scaled(lambda dW, db, limit: 1 / length(dW, db) if length(dW, db) > limit else 1)),
    Mistake("the two norms are added up: the norm of both together is another number",
            scaled(lambda dW, db, limit: min(1, limit / float(np.linalg.norm(dW) + np.linalg.norm(db))))),
    Mistake("the norm is that of dW alone", scaled(lambda dW, db, limit: min(1, limit / float(np.linalg.norm(dW))))),
    Mistake("the largest entry is taken for the norm",
            scaled(lambda dW, db, limit: min(1, limit / max(float(abs(dW).max()), float(abs(db).max()))))),
    Mistake("the sum of the absolute values is taken for the norm: the length of a vector has squares and a root",
            scaled(lambda dW, db, limit: min(1, limit / float(abs(dW).sum() + abs(db).sum())))),
    Mistake("nothing is clipped: long gradients come back as they were", lambda dW, db, limit: (dW, db)),
))


# 03.6 One number for a whole network ---------------------------------------------------------------------------------

def two_widths(rng: np.random.Generator) -> tuple[int, int]:
    """n and m, which differ, in either order."""
    n, m = (int(size) for size in rng.choice(np.arange(20, 1000), 2, replace=False))
    return n, m


def divided_by(largest: Callable[[int, int], float]) -> Any:
    """The factors up and down, √n and √m, divided by what is taken for the largest singular value over σ."""
    return lambda n, m: (math.sqrt(n) / largest(n, m), math.sqrt(m) / largest(n, m))


def stretch(n: int, m: int) -> tuple[float, float]:
    """The factors up and down after W is divided by its largest singular value, σ(√n + √m)."""
    largest = math.sqrt(n) + math.sqrt(m)
    return math.sqrt(n) / largest, math.sqrt(m) / largest


STRETCH = Exercise("03.6", stretch, outputs("up", "down", inputs=two_widths), (
    Mistake("up and down are exchanged: going up, a unit adds as many terms as it has inputs",
            lambda n, m: stretch(n, m)[::-1]),
    Mistake("up and down are factors of the mean square: those of the size are asked for",
            lambda n, m: tuple(value**2 for value in stretch(n, m))),
    Mistake("both are ½, which holds where n and m are equal", lambda n, m: (0.5, 0.5)),
    Mistake("the largest singular value is that of an n × n matrix", divided_by(lambda n, m: 2 * math.sqrt(n))),
    Mistake("the largest singular value is that of an m × m matrix", divided_by(lambda n, m: 2 * math.sqrt(m))),
    Mistake("√n + √m is not √(n + m)", divided_by(lambda n, m: math.sqrt(n + m))),
    Mistake("W is divided by its norm, the root of the sum of all squares, and not by its largest singular value",
            divided_by(lambda n, m: math.sqrt(n * m))),
    Mistake("the division is forgotten: this is the size for σ = 1", divided_by(lambda n, m: 1.0)),
    Mistake("both are 1: no vector is stretched, but the typical one is not kept either", lambda n, m: (1.0, 1.0)),
), points=3)


EXERCISES = (HOW_DEEP, CHI, EDGE, SATURATED, CLIP, STRETCH)
