"""The exercises of chapter 07: variance scaling and the edge of chaos."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from minnet import activations, initializers
from minnet.activations import Activation
from minnet.coursework.chapter_04 import NOT_PASSED, SEED_INSIDE
from minnet.coursework.comparisons import NotDone, equal
from minnet.coursework.exercises import Exercise, Function, Mistake, Observation
from minnet.coursework.observations import FRESH, REPEATS, outputs
from minnet.network import Network, mlp
from minnet.theory import MeanField, critical_line, gains, moments

Values = Callable[[np.ndarray], np.ndarray]

# 07.1 Powers ---------------------------------------------------------------------------------------------------------


def odd(k: int) -> int:
    """E[g^(2k)] = 1 · 3 · 5 ⋯ (2k − 1)."""
    return math.prod(range(1, 2 * k, 2))


def power(k: int) -> tuple[float, float]:
    """The gain of max(z, 0)^k and V′ at its fixed point, by theory."""
    f = Activation(f"relu^{k}", lambda z: np.maximum(z, 0) ** k, lambda z, a: k * np.maximum(z, 0) ** (k - 1),
                   kinks=(0.0,), range=(0.0, math.inf))
    found = gains(f)[0]
    return found.gain, found.slope


def power_and(gain: Any = None, slope: Any = None) -> Any:
    """Both, with one replaced."""
    return lambda k: (gain(k) if gain else math.sqrt(2 / odd(k)), slope(k) if slope else float(k))


POWERS = Exercise("07.1", power, outputs("gain", "slope", inputs=lambda rng: (int(rng.integers(2, 6)),)), (
    Mistake("`gain` is that of z to the power k on both sides: which half of the average does max(z, 0) keep?",
            power_and(gain=lambda k: math.sqrt(1 / odd(k)))),
    Mistake("`gain` is σ_w², whose root is asked for", power_and(gain=lambda k: 2 / odd(k))),
    Mistake("`gain` is 1/gain: should the layer put back what f takes away, or take it away again?",
            power_and(gain=lambda k: math.sqrt(odd(k) / 2))),
    Mistake("`gain` is that of ReLU for every k", power_and(gain=lambda k: math.sqrt(2))),
    Mistake("`gain`: the moments of a standard normal number are not factorials: only every second factor occurs",
            power_and(gain=lambda k: math.sqrt(2 / math.factorial(2 * k - 1)))),
    Mistake("`gain`: f² has the power 2k. The moment that is used has two factors too few",
            power_and(gain=lambda k: math.sqrt(2 / odd(k - 1)))),
    Mistake("`slope` is χ, the factor of the gradient: V′ is the derivative of V by q",
            power_and(slope=lambda k: k * k / (2 * k - 1))),
    Mistake("`slope` is the exponent of √q in V: write V as a power of q", power_and(slope=lambda k: 2 * k)),
    Mistake("`slope` is the exponent of q in the derivative, not the derivative at q = 1",
            power_and(slope=lambda k: k - 1)),
    Mistake("`slope` is 1, V itself at the fixed point: its derivative is asked for", power_and(slope=lambda k: 1.0)),
    Mistake("`slope` lacks the weights: V(q) has σ_w² in front", power_and(slope=lambda k: k * odd(k) / 2)),
), points=2)


# 07.2 A sine ---------------------------------------------------------------------------------------------------------

SINE = Activation("sine", np.sin, lambda z, a: np.cos(z), range=(-1.0, 1.0))


def sine(q: float) -> tuple[float, float, float, float]:
    """E[f²], E[f′²] and the edge of chaos of the sine at q, by theory."""
    found, edge = moments(SINE, q), critical_line(SINE, q)
    return found.second.value, found.slope.value, edge.weight_var, edge.bias_var


def closed(second: Any, slope: Any) -> Any:
    """All four from other averages."""
    return lambda q: (second(q), slope(q), 1 / slope(q), q - second(q) / slope(q))


def with_mean(cosine: Any) -> Any:
    """All four from another average of cos(2√q g)."""
    return closed(lambda q: (1 - cosine(q)) / 2, lambda q: (1 + cosine(q)) / 2)


def edge_and(weight_var: Any, bias_var: Any) -> Any:
    """Right averages, other variances."""
    def four(q: float) -> tuple[float, float, float, float]:
        second, slope, *_ = sine(q)
        return second, slope, weight_var(q, second, slope), bias_var(q, second, slope)

    return four


WAVE = Exercise("07.2", sine, outputs("second", "slope", "weight_var", "bias_var",
                                      inputs=lambda rng: (float(rng.uniform(0.3, 2)),)), (
    Mistake("what is the variance of 2√q g? The average of cos has half of it in the exponent: is a 2 not squared?",
            with_mean(lambda q: math.exp(-q))),
    Mistake("the exponent is the whole variance: the average of cos(σg) has half of σ² there",
            with_mean(lambda q: math.exp(-4 * q))),
    Mistake("the angle is doubled in sin² u = (1 − cos 2u)/2: is the 2 lost?", with_mean(lambda q: math.exp(-q / 2))),
    Mistake("the exponent has √q: the variance of √q g is asked there",
            with_mean(lambda q: math.exp(-2 * math.sqrt(q)))),
    Mistake("`second` and `slope` are exchanged: f′ is the cosine",
            closed(lambda q: (1 + math.exp(-2 * q)) / 2, lambda q: (1 - math.exp(-2 * q)) / 2)),
    Mistake("is the ½ of sin² u = (1 − cos 2u)/2 lost?",
            closed(lambda q: 1 - math.exp(-2 * q), lambda q: 1 + math.exp(-2 * q))),
    Mistake("`weight_var` is that of section 1, which keeps the signal without biases. The edge asks for the gradient",
            edge_and(lambda q, second, slope: q / second, lambda q, second, slope: 0.0)),
    Mistake("`weight_var` is E[f′²] itself: χ = 1 is asked for", edge_and(lambda q, second, slope: slope,
                                                                        lambda q, second, slope: q - slope * second)),
    Mistake("`bias_var`: the weights multiply E[f²]",
            edge_and(lambda q, second, slope: 1 / slope, lambda q, second, slope: q - second)),
    Mistake("`bias_var`: the fixed point is q, not 1",
            edge_and(lambda q, second, slope: 1 / slope, lambda q, second, slope: 1 - second / slope)),
    Mistake("`bias_var` is what the weights give, not what is missing to q",
            edge_and(lambda q, second, slope: 1 / slope, lambda q, second, slope: second / slope)),
), points=3)


# 07.3 The edge of any activation -------------------------------------------------------------------------------------

G = np.linspace(-10, 10, 4001)
DENSITY = np.exp(-(G**2) / 2) / math.sqrt(2 * math.pi) * (G[1] - G[0])


def mixture(rng: np.random.Generator) -> tuple[Values, Values, float]:
    """An activation that is a mixture of tanh and swish, its derivative, and q."""
    a, b = rng.uniform(0.5, 1.5, 2)

    def f(z: np.ndarray) -> np.ndarray:
        return np.asarray(a * np.tanh(z) + b * z * activations.sigmoid(z))

    def df(z: np.ndarray) -> np.ndarray:
        s = activations.sigmoid(z)
        return np.asarray(a / np.cosh(z) ** 2 + b * s * (1 + z * (1 - s)))

    return f, df, float(rng.uniform(0.4, 2.5))


def mean(values: np.ndarray) -> float:
    """The average of a function of g over the grid."""
    return float((DENSITY * values).sum())


def edge(f: Values, df: Values, q: float) -> tuple[float, float, float]:
    """σ_w² = 1/E[f′²], σ_b² = q − σ_w² E[f²], V′ = σ_w² E[f f′ g]/√q."""
    z = math.sqrt(q) * G
    weight_var = 1 / mean(df(z) ** 2)
    return weight_var, q - weight_var * mean(f(z) ** 2), weight_var * mean(f(z) * df(z) * G) / math.sqrt(q)


def edge_with(weight_var: Any = None, bias_var: Any = None, slope: Any = None) -> Any:
    """The three, with some replaced: functions of z, f(z), f′(z), q and σ_w²."""
    def three(f: Values, df: Values, q: float) -> tuple[float, float, float]:
        z = math.sqrt(q) * G
        w, b, v = edge(f, df, q)
        if weight_var:
            w = weight_var(f(z), df(z), q)
            b, v = q - w * mean(f(z) ** 2), w * mean(f(z) * df(z) * G) / math.sqrt(q)
        return w, bias_var(f(z), df(z), q, w) if bias_var else b, slope(f(z), df(z), q, w) if slope else v

    return three


EDGE = Exercise("07.3", edge, outputs("weight_var", "bias_var", "slope", inputs=mixture), (
    Mistake("z is q · g: what is the standard deviation of z, if q is its mean square?",
            lambda f, df, q: (1 / mean(df(q * G) ** 2), q - mean(f(q * G) ** 2) / mean(df(q * G) ** 2),
                              mean(f(q * G) * df(q * G) * G) / mean(df(q * G) ** 2) / math.sqrt(q))),
    Mistake("the averages are those at q = 1, whatever q is",
            lambda f, df, q: (1 / mean(df(G) ** 2), q - mean(f(G) ** 2) / mean(df(G) ** 2),
                              mean(f(G) * df(G) * G) / mean(df(G) ** 2) / math.sqrt(q))),
    Mistake("`weight_var` keeps the signal without biases, E[f²] instead of E[f′²]: at the edge it keeps the gradient",
            edge_with(weight_var=lambda f, df, q: q / mean(f**2))),
    Mistake("`weight_var`: is f′ averaged and then squared? The mean of the square is asked for",
            edge_with(weight_var=lambda f, df, q: 1 / mean(df) ** 2)),
    Mistake("`weight_var`: is f′ squared?", edge_with(weight_var=lambda f, df, q: 1 / mean(df))),
    Mistake("`weight_var` is the deviation σ_w: its square is asked for",
            edge_with(weight_var=lambda f, df, q: 1 / math.sqrt(mean(df**2)))),
    Mistake("`weight_var`: the weights of the sum do not add up to 1: which constant and which step belong in them?",
            edge_with(weight_var=lambda f, df, q: 1 / mean(df**2) / math.sqrt(2 * math.pi))),
    Mistake("`bias_var`: the weights multiply E[f²]", edge_with(bias_var=lambda f, df, q, w: q - mean(f**2))),
    Mistake("`bias_var`: the fixed point is q, not 1", edge_with(bias_var=lambda f, df, q, w: 1 - w * mean(f**2))),
    Mistake("`bias_var` subtracts the variance of f: the biases add to the mean square, which has the mean of f in it",
            edge_with(bias_var=lambda f, df, q, w: q - w * (mean(f**2) - mean(f) ** 2))),
    Mistake("`slope` is χ, which is 1 at the edge by construction: V′ has f and f′ in it",
            edge_with(slope=lambda f, df, q, w: 1.0)),
    Mistake("`slope` lacks the weights: V(q) has σ_w² in front",
            edge_with(slope=lambda f, df, q, w: mean(f * df * G) / math.sqrt(q))),
    Mistake("`slope`: which power of q comes from deriving √q?",
            edge_with(slope=lambda f, df, q, w: w * mean(f * df * G))),
    Mistake("`slope`: deriving f(√q g) by q gives a g, too: the chain rule",
            edge_with(slope=lambda f, df, q, w: w * mean(f * df) / math.sqrt(q))),
), points=3, tolerance=1e-3)


# 07.4 LSUV -----------------------------------------------------------------------------------------------------------

def layers(rng: np.random.Generator) -> tuple[list[np.ndarray], np.ndarray]:
    """Three matrices, and a batch whose mean is not 0."""
    return [rng.normal(size=shape) for shape in ((6, 8), (8, 7), (7, 5))], rng.normal(0.3, 1, (20, 6))


def relu(z: np.ndarray) -> np.ndarray:
    """max(z, 0)."""
    return np.asarray(np.maximum(z, 0))


def one_after_another(scale: Any, between: Values = relu) -> Any:
    """W ← W/scale(z), each on the outputs of the layers below, which are finished."""
    def scaled(weights: list[np.ndarray], x: np.ndarray) -> list[np.ndarray]:
        found = []
        for W in weights:
            W = W / scale(x @ W)
            x = between(x @ W)
            found.append(W)
        return found

    return scaled


def all_at_once(weights: list[np.ndarray], x: np.ndarray) -> list[np.ndarray]:
    """Each W divided by the deviation that its z has with the weights as they came."""
    found = []
    for W in weights:
        found.append(W / (x @ W).std())
        x = relu(x @ W)
    return found


LSUV = Exercise("07.4", one_after_another(np.std), outputs("W1", "W2", "W3", inputs=layers), (
    Mistake("`W1` is right, and the others are divided by what z was before the layers below were scaled: send the "
            "batch through the scaled layers", all_at_once),
    Mistake("W is divided by the variance: z then has the variance 1/variance", one_after_another(np.var)),
    Mistake("W is multiplied by the deviation: should z become larger or smaller, if it was too large?",
            one_after_another(lambda z: 1 / z.std())),
    Mistake("each unit is divided by its own deviation. LSUV has one number for a layer",
            one_after_another(lambda z: z.std(axis=0))),
    Mistake("the deviations of the units are averaged: take the deviation over all examples and units together",
            one_after_another(lambda z: z.std(axis=0).mean())),
    Mistake("the deviations of the examples are averaged: take the deviation over all examples and units together",
            one_after_another(lambda z: z.std(axis=1).mean())),
    Mistake("the root mean square is 1, not the deviation: the mean of z over the layer is not 0",
            one_after_another(lambda z: math.sqrt((z**2).mean()))),
    Mistake("the deviation of a is 1: LSUV looks at z, before the activation",
            one_after_another(lambda z: relu(z).std())),
    Mistake("there is no activation between the layers", one_after_another(np.std, lambda z: z)),
    Mistake("the deviation has n − 1 in it: here it is that of the batch itself",
            one_after_another(lambda z: z.std(ddof=1))),
), points=3)


# 07.5 Order or chaos -------------------------------------------------------------------------------------------------

def some_phase(rng: np.random.Generator) -> tuple[Network]:
    """A tanh network in order or in chaos."""
    weight_var = rng.uniform(0.4, 0.9) if rng.random() < 0.5 else rng.uniform(2, 4)
    bias_std = math.sqrt(rng.uniform(0.1, 0.4))
    return (mlp([100] * 10 + [10], activation="tanh", init=initializers.variance_scaling(scale=weight_var),
                bias_init=initializers.normal(std=bias_std), rng=rng, dtype=np.float64),)


def variances(net: Network) -> tuple[float, float]:
    """n Var[W] and Var[b], averaged over the hidden layers."""
    hidden = net.layers[:-1]
    return (float(np.mean([len(layer.W) * layer.W.var() for layer in hidden])),
            float(np.mean([layer.b.var() for layer in hidden])))


def settled(weight_var: float, bias_var: float, maps: int = 400) -> float:
    """q after so many maps of tanh, from 1."""
    q = 1.0
    for _ in range(maps):
        q = weight_var * mean(np.tanh(math.sqrt(q) * G) ** 2) + bias_var
    return q


def slope_of(weight_var: float, q: float, exponent: int = 2) -> float:
    """σ_w² E[f′(√q g)²]."""
    return weight_var * mean(1 / np.cosh(math.sqrt(q) * G) ** (2 * exponent))


def chi(net: Network) -> float:
    """χ at the fixed point."""
    field = MeanField(activations.tanh, *variances(net))
    return float(field.chi(field.limit()))


def chi_with(change: Any) -> Any:
    """A number from n Var[W] and Var[b]."""
    return lambda net: change(*variances(net))


PHASE = Exercise("07.5", chi, outputs("chi", inputs=some_phase), (
    Mistake("is n · Var[W] the weights' variance of the theory, or Var[W]?",
            chi_with(lambda w, b: slope_of(w / 100, settled(w / 100, b)))),
    Mistake("the deviation of the weights is taken for σ_w²: it is a variance",
            chi_with(lambda w, b: slope_of(math.sqrt(w), settled(math.sqrt(w), b)))),
    Mistake("the biases are left out: they hold q above 0", chi_with(lambda w, b: slope_of(w, settled(w, 0)))),
    Mistake("the biases' deviation is added to q: add their variance",
            chi_with(lambda w, b: slope_of(w, settled(w, math.sqrt(b))))),
    Mistake("χ is taken at q = 1: at which q does the signal settle?", chi_with(lambda w, b: slope_of(w, 1.0))),
    Mistake("χ is taken after one layer from q = 1. Apply the map until q does not change any more",
            chi_with(lambda w, b: slope_of(w, settled(w, b, 1)))),
    Mistake("this is n · Var[W], χ for units of slope 1: where does tanh enter?", chi_with(lambda w, b: w)),
    Mistake("this is the average of the squared slope alone: where do the weights enter?",
            chi_with(lambda w, b: slope_of(1, settled(w, b)))),
    Mistake("which power of the slope belongs to a mean square?", chi_with(lambda w, b: slope_of(w, settled(w, b), 1))),
    Mistake("`q` is taken for the deviation of z: what is it?", chi_with(lambda w, b: slope_of(w, settled(w, b) ** 2))),
    Mistake("this is the factor of the size; the mean square is asked for",
            chi_with(lambda w, b: math.sqrt(slope_of(w, settled(w, b))))),
    Mistake("this is the depth scale 1/|ln χ|: χ itself is asked for",
            chi_with(lambda w, b: 1 / abs(math.log(slope_of(w, settled(w, b)))))),
    Mistake("this is the mean square at which the signal settles: now the gradient", chi_with(settled)),
), points=3, tolerance=0.03)


# 07.6 Hardly any random numbers --------------------------------------------------------------------------------------

ORDERS = "the inputs are in another order in every draw"
SIGNS = "the inputs have signs, some positive and some negative"


def cosines(n: int) -> np.ndarray:
    """√(2/n) cos(π(i + ½)j/n), √(1/n) for j = 0: orthogonal."""
    i, j = np.arange(n)[:, None], np.arange(n)
    return np.asarray(np.sqrt(np.where(j == 0, 1, 2) / n) * np.cos(np.pi * (i + 0.5) * j / n))


def shuffled(rng: np.random.Generator, W: np.ndarray) -> np.ndarray:
    """The rows of W in a random order, each with a random sign."""
    return np.asarray(rng.permutation(W) * rng.choice([-1.0, 1.0], (len(W), 1)))


def square(function: Function, rng: np.random.Generator) -> Observation:
    """W Wᵀ, the sizes of the entries, and what is drawn."""
    found: Observation = {}
    seed = int(rng.integers(2**31))
    for n in (16, 33):
        generator = np.random.default_rng(seed)
        first, second = function(generator, (n, n)), function(generator, (n, n))
        again = function(np.random.default_rng(seed), (n, n))
        if not isinstance(first, np.ndarray) or first.dtype.kind not in "fiu" or first.ndim != 2:
            raise NotDone.of(first, f"expected a matrix of real numbers of shape {(n, n)}")
        found |= {f"the shape for {n}": first.shape, f"the product with its transpose for {n}": first @ first.T,
                  f"the sizes of the entries for {n}": np.sort(abs(first), axis=None),
                  FRESH: not equal(first, second, 0.0), REPEATS: equal(first, again, 0.0),
                  ORDERS: not equal(abs(first), abs(second), 1e-9),
                  SIGNS: bool(first[:, 0].min() < 0 < first[:, 0].max())}
    return found


def shuffled_from(matrix: Any) -> Any:
    """Another matrix of n, shuffled."""
    return lambda rng, shape: shuffled(rng, matrix(shape[0]))


def grid(n: int) -> tuple[np.ndarray, np.ndarray]:
    """i down, j across."""
    return np.arange(n)[:, None], np.arange(n)


COSINES = Exercise("07.6", shuffled_from(cosines), square, (
    Mistake("nothing is drawn: every layer gets the same matrix. What does the rng decide?",
            lambda rng, shape: cosines(shape[0])),
    Mistake("the signs are drawn, the order of the inputs is not",
            lambda rng, shape: cosines(shape[0]) * rng.choice([-1.0, 1.0], (shape[0], 1))),
    Mistake("the order is drawn, the signs are not: column 0 has equal entries in every draw",
            lambda rng, shape: rng.permutation(cosines(shape[0]))),
    Mistake(SEED_INSIDE, lambda rng, shape: shuffled(np.random.default_rng(0), cosines(shape[0]))),
    Mistake(NOT_PASSED, lambda rng, shape: shuffled(np.random.default_rng(), cosines(shape[0]))),
    Mistake("column 0 is too long: its cosines are all 1. What is the mean of cos² in the other columns?",
            shuffled_from(lambda n: np.sqrt(2 / n) * np.cos(np.pi * (grid(n)[0] + 0.5) * grid(n)[1] / n))),
    Mistake("all columns but the first are too short: what is the mean of cos² there?",
            shuffled_from(lambda n: np.sqrt(1 / n) * np.cos(np.pi * (grid(n)[0] + 0.5) * grid(n)[1] / n))),
    Mistake("the columns are not of length 1: which factor does each need?",
            shuffled_from(lambda n: np.cos(np.pi * (grid(n)[0] + 0.5) * grid(n)[1] / n))),
    Mistake("the cosines are taken at i and not in the middle, at i + ½: then the columns are not orthogonal",
            shuffled_from(lambda n: np.sqrt(np.where(grid(n)[1] == 0, 1, 2) / n) * np.cos(
                np.pi * grid(n)[0] * grid(n)[1] / n))),
    Mistake("is π lost in the cosine?",
            shuffled_from(lambda n: np.sqrt(np.where(grid(n)[1] == 0, 1, 2) / n) * np.cos(
                (grid(n)[0] + 0.5) * grid(n)[1] / n))),
    Mistake("these are orthogonal weights from random numbers; the cosines need none for their entries",
            initializers.orthogonal),
), points=4)


EXERCISES = (POWERS, WAVE, EDGE, LSUV, PHASE, COSINES)
