"""The exercises of chapter 01: Backpropagation by hand."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from minnet import activations, losses
from minnet.coursework.exercises import Exercise, Mistake
from minnet.coursework.observations import outputs
from minnet.layers import Dense
from minnet.network import Network

Arrays = tuple[np.ndarray, ...]

# 01.1 The linear output ----------------------------------------------------------------------------------------------


def two_arrays(rng: np.random.Generator) -> Arrays:
    """Outputs z and targets y (B, m), with B > m > 2, so that no factor is another one by chance."""
    m = int(rng.integers(3, 7))
    shape = (m + int(rng.integers(1, 6)), m)
    return rng.normal(size=shape), rng.normal(size=shape)


def linear_output(z: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, float]:
    """δ of (1/B) Σ ½‖z − y‖², and the factor on it with the mean over all entries, without the ½."""
    return (z - y) / len(z), 2 / z.shape[1]


def delta_as(change: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Any:
    """Another δ, and the right factor."""
    return lambda z, y: (change(z, y), 2 / z.shape[1])


def factor_as(change: Callable[[int, int], float]) -> Any:
    """The right δ, and another factor, a function of B and m."""
    return lambda z, y: ((z - y) / len(z), change(*z.shape))


LINEAR_OUTPUT = Exercise("01.1", linear_output, outputs("delta", "factor", inputs=two_arrays), (
    Mistake("delta has the opposite sign: where z is above y, does the cost grow or fall if z grows?",
            delta_as(lambda z, y: (y - z) / len(z))),
    Mistake("delta is that of a sum over the examples; the cost is their mean", delta_as(lambda z, y: z - y)),
    Mistake("delta is divided by the number of outputs: the mean goes over the examples, which are the rows",
            delta_as(lambda z, y: (z - y) / z.shape[1])),
    Mistake("delta is divided by the number of all entries: the cost is a mean over examples, of a *sum* over outputs",
            delta_as(lambda z, y: (z - y) / z.size)),
    Mistake("delta is twice too large: what becomes of the ½ when the square is differentiated?",
            delta_as(lambda z, y: 2 * (z - y) / len(z))),
    Mistake("delta is half of what it should be: the square gives a factor as well",
            delta_as(lambda z, y: (z - y) / 2 / len(z))),
    Mistake("delta holds the terms of the cost: their derivatives are asked for",
            delta_as(lambda z, y: (z - y) ** 2 / 2 / len(z))),
    Mistake("delta is summed over the examples: each example has its own error",
            delta_as(lambda z, y: (z - y).sum(axis=0) / len(z))),
    Mistake("factor is upside down: it is the δ of `mean_squared_error` over that of this cost",
            factor_as(lambda B, m: m / 2)),
    Mistake("factor counts the mean over the outputs, but not the ½ that `mean_squared_error` does not have",
            factor_as(lambda B, m: 1 / m)),
    Mistake("factor counts the ½, but not the mean over the outputs", factor_as(lambda B, m: 2.0)),
    Mistake("factor has the number of examples: both costs are means over them, so does it not cancel?",
            factor_as(lambda B, m: 2 / B)),
))


# 01.2 A layer of ReLU ------------------------------------------------------------------------------------------------

def a_layer(rng: np.random.Generator) -> Arrays:
    """x, W, b and ∂C/∂a of a layer with as many outputs as inputs, so that W can stand wherever its transpose can."""
    n = int(rng.integers(4, 8))
    B = n + int(rng.integers(1, 6))
    return rng.normal(size=(B, n)), rng.normal(size=(n, n)), rng.normal(size=n), rng.normal(size=(B, n))


def relu_backward(x: np.ndarray, W: np.ndarray, b: np.ndarray, da: np.ndarray) -> Arrays:
    """dx, dW and db of a = max(xW + b, 0)."""
    return formulas(x, W, da * (x @ W + b > 0))


def formulas(x: np.ndarray, W: np.ndarray, delta: np.ndarray) -> Arrays:
    """dx, dW and db from δ."""
    return delta @ W.T, x.T @ delta, delta.sum(axis=0)


def with_delta(delta: Callable[..., np.ndarray]) -> Any:
    """The formulas with another δ, a function of x, z and ∂C/∂a."""
    return lambda x, W, b, da: formulas(x, W, delta(x, x @ W + b, da))


def but(**changed: Callable[..., np.ndarray]) -> Any:
    """The right dx, dW and db but for one, a function of x, W, ∂C/∂a and δ."""
    def function(x: np.ndarray, W: np.ndarray, b: np.ndarray, da: np.ndarray) -> Arrays:
        delta = da * (x @ W + b > 0)
        right = dict(zip(("dx", "dW", "db"), formulas(x, W, delta), strict=True))
        return tuple(changed[name](x, W, da, delta) if name in changed else value for name, value in right.items())

    return function


LAYER = Exercise("01.2", relu_backward, outputs("dx", "dW", "db", inputs=a_layer), (
    Mistake("the slope f′ is left out: ∂C/∂a is not yet δ", with_delta(lambda x, z, da: da)),
    Mistake("δ is multiplied by the activation: its slope is asked for", with_delta(lambda x, z, da: da * z.clip(0))),
    Mistake("the slope is taken at x: at which point is f evaluated in the forward pass?",
            with_delta(lambda x, z, da: da * (x > 0))),
    Mistake("∂C/∂a is cut off at 0: the slope depends on the forward pass, not on the sign of what comes back",
            with_delta(lambda x, z, da: da.clip(0))),
    Mistake("the slope is 0 where it should be 1, and 1 where it should be 0",
            with_delta(lambda x, z, da: da * (z <= 0))),
    Mistake("the slope is −1 for negative z: that is the slope of |z|", with_delta(lambda x, z, da: da * np.sign(z))),
    Mistake("the slope is that of tanh: which f does this layer have?",
            with_delta(lambda x, z, da: da / np.cosh(z) ** 2)),
    Mistake("the bias is left out of z, which changes where f has its slope",
            lambda x, W, b, da: formulas(x, W, da * (x @ W > 0))),
    Mistake("W is not transposed in dx: going back, each input collects from all outputs that it went into",
            but(dx=lambda x, W, da, delta: delta @ W)),
    Mistake("dx lacks the slope: is it ∂C/∂a itself that goes back through W?",
            but(dx=lambda x, W, da, delta: da @ W.T)),
    Mistake("dx is multiplied by a slope of the layer below as well: that layer does this itself",
            but(dx=lambda x, W, da, delta: delta @ W.T * (x > 0))),
    Mistake("dW lacks the slope: is it ∂C/∂a itself that meets x?", but(dW=lambda x, W, da, delta: x.T @ da)),
    Mistake("dW is made from the layer's output: what does a weight multiply in the forward pass?",
            lambda x, W, b, da: (lambda z, delta: (delta @ W.T, z.clip(0).T @ delta, delta.sum(axis=0)))(
                x @ W + b, da * (x @ W + b > 0))),
    Mistake("dW is divided by the number of examples: the mean is in ∂C/∂a already",
            but(dW=lambda x, W, da, delta: x.T @ delta / len(x))),
    Mistake("db is summed over the units: a bias acts in every *example*",
            but(db=lambda x, W, da, delta: delta.sum(axis=1))),
    Mistake("db is a mean over the examples: the mean is in ∂C/∂a already",
            but(db=lambda x, W, da, delta: delta.mean(axis=0))),
    Mistake("db lacks the slope: is it ∂C/∂a itself that is summed?", but(db=lambda x, W, da, delta: da.sum(axis=0))),
), points=3)


# 01.3 Find the wrong backward pass -----------------------------------------------------------------------------------

class Careless(Dense):
    """A dense layer of tanh with a mistake in its backward pass, δ = mistake(∂C/∂a, z)."""

    mistake: Callable[[np.ndarray, np.ndarray], np.ndarray]

    def backward(self, da: np.ndarray, input_gradient: bool = True) -> np.ndarray | None:
        self.delta = delta = type(self).mistake(da, self.z)
        dx, self.dW[...], self.db[...] = formulas(self.x, self.W, delta)
        return dx


class SlopeLeftOut(Careless):
    mistake = staticmethod(lambda da, z: da)


class WrongPoint(Careless):
    mistake = staticmethod(lambda da, z: da * (1 - np.tanh(np.tanh(z)) ** 2))


class WrongSign(Careless):
    mistake = staticmethod(lambda da, z: -da * (1 - np.tanh(z) ** 2))


def with_a_mistake(rng: np.random.Generator) -> tuple[Network, np.ndarray, np.ndarray]:
    """A tanh network, one hidden layer of which is careless, not the first one; with inputs and labels."""
    sizes = [int(n) for n in rng.integers(8, 20, 6)]
    wrong, kind = int(rng.integers(1, 5)), rng.choice(np.array([SlopeLeftOut, WrongPoint, WrongSign]))
    hidden = [(kind if k == wrong else Dense)(n, m, activations.tanh)
              for k, (n, m) in enumerate(pairwise(sizes))]
    net = Network([*hidden, Dense(sizes[-1], 10)], rng=rng, dtype=np.float64)
    return net, 2 * rng.normal(size=(20, sizes[0])), rng.integers(0, 10, 20)


def careless(net: Network, x: np.ndarray, y: np.ndarray) -> int:
    """The number of the careless layer, counted from 1."""
    return next(k for k, layer in enumerate(net.layers, 1) if isinstance(layer, Careless))


def lengths(net: Network, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The norm of each layer's dW as it is computed."""
    net.gradient(x, y, losses.softmax_cross_entropy)
    return np.array([np.linalg.norm(layer.dW) for layer in net.layers])


WRONG_LAYER = Exercise("01.3", careless, outputs("wrong_layer", inputs=with_a_mistake), (
    Mistake("one too small: layers count from 1, as in the table of diagnose",
            lambda net, x, y: careless(net, x, y) - 1),
    Mistake("one too large: this is the layer above, whose gradient is still right. Which is the first wrong one on "
            "the way down?", lambda net, x, y: careless(net, x, y) + 1),
    Mistake("this is layer 1, whose gradient is wrong in every network here: a mistake spoils all layers below it. "
            "Where does it begin?", lambda net, x, y: 1),
    Mistake("this is the last layer for every network: its gradient is right. Compare layer by layer with differences",
            lambda net, x, y: len(net.layers)),
    Mistake("this is the number of wrong layers below the mistake: which layer made it?",
            lambda net, x, y: len(net.layers) - careless(net, x, y)),
    Mistake("this is the layer with the largest gradient: how large a gradient is does not say whether it is right",
            lambda net, x, y: int(lengths(net, x, y).argmax()) + 1),
    Mistake("this is the layer with the smallest gradient: how small a gradient is does not say whether it is right",
            lambda net, x, y: int(lengths(net, x, y).argmin()) + 1),
), points=3, rounds=6)


# 01.4 An activation of one's own -------------------------------------------------------------------------------------

def bent_values(rng: np.random.Generator) -> Arrays:
    """Values a = z/√(1 + z²)."""
    z = rng.normal(0, 2, (4, 5))
    return (z / np.sqrt(1 + z * z),)


BENT = Exercise("01.4", lambda a: (1 - a * a) ** 1.5, outputs("slope", inputs=bent_values), (
    Mistake("this is f′ as a function of z with a put in: the slope at a wrong point. Express z by a first",
            lambda a: (1 + a * a) ** -1.5),
    Mistake("this is the slope of tanh: 1 − a² is not all of it", lambda a: 1 - a * a),
    Mistake("the first term of the quotient rule is there, the second is missing", lambda a: np.sqrt(1 - a * a)),
    Mistake("the exponent has the wrong sign: how does 1 + z² follow from 1 − a²?", lambda a: (1 - a * a) ** -1.5),
    Mistake("this is z, expressed by a: it is half of the way", lambda a: a / np.sqrt(1 - a * a)),
    Mistake("this is the second term of the quotient rule alone", lambda a: a * a * np.sqrt(1 - a * a)),
    Mistake("the exponent is not right: collect the powers of 1 + z² once more", lambda a: (1 - a * a) ** 2),
    Mistake("the square of a is missing: a² = z²/(1 + z²)", lambda a: (1 - abs(a)) ** 1.5),
))


# 01.5 Random feedback ------------------------------------------------------------------------------------------------

def two_layers(rng: np.random.Generator) -> Arrays:
    """x, y, W1, W2 and the feedback matrix, of the shape of W2."""
    B, n, h, m = (int(k) for k in rng.integers(5, 9, 4))
    return (rng.normal(size=(B, n)), rng.integers(0, m, B), rng.normal(size=(n, h)) / 2, rng.normal(size=(h, m)),
            rng.normal(size=(h, m)))


def degrees(u: np.ndarray, v: np.ndarray) -> float:
    """The angle between two arrays as vectors."""
    return math.degrees(math.acos(float(np.vdot(u, v) / (np.linalg.norm(u) * np.linalg.norm(v)))))


def feedback(x: np.ndarray, y: np.ndarray, W1: np.ndarray, W2: np.ndarray, F: np.ndarray, *,
             sloped: bool = True, scale: float = 1.0, back: bool = True) -> tuple[np.ndarray, np.ndarray, float]:
    """dW1 by the feedback, dW2, and the angle of dW1 with the gradient; the options are what goes wrong."""
    a = np.tanh(x @ W1)
    delta = losses.softmax_cross_entropy(a @ W2, y)[1] * scale
    slope = 1 - a * a if sloped else 1.0
    step, gradient = (x.T @ (delta @ M.T * slope) for M in (F if back else W2, W2))
    return step, a.T @ delta, degrees(step, gradient) if back else 0.0


def angle_as(change: Callable[..., float]) -> Any:
    """Another angle, a function of the step, of the right angle, and of both matrices."""
    def function(x: np.ndarray, y: np.ndarray, W1: np.ndarray, W2: np.ndarray, F: np.ndarray) -> Any:
        dW1, dW2, right = feedback(x, y, W1, W2, F)
        return dW1, dW2, change(right, W2, F)

    return function


FEEDBACK = Exercise("01.5", feedback, outputs("dW1", "dW2", "angle", inputs=two_layers), (
    Mistake("dW1 is the gradient itself: where does the feedback matrix go?",
            lambda x, y, W1, W2, F: feedback(x, y, W1, W2, F, back=False)),
    Mistake("the slope of tanh is left out of dW1", lambda x, y, W1, W2, F: feedback(x, y, W1, W2, F, sloped=False)),
    Mistake("dW1 and dW2 have the opposite sign: does the cost fall or grow if the right class gets a larger z?",
            lambda x, y, W1, W2, F: feedback(x, y, W1, W2, F, scale=-1)),
    Mistake("dW1 and dW2 are sums over the examples: the cross-entropy is their mean",
            lambda x, y, W1, W2, F: feedback(x, y, W1, W2, F, scale=len(x))),
    Mistake("angle is in radians; degrees are asked for", angle_as(lambda right, W2, F: math.radians(right))),
    Mistake("angle is the cosine: which function undoes it?",
            angle_as(lambda right, W2, F: math.cos(math.radians(right)))),
    Mistake("angle is that between the two matrices: between dW1 and the gradient it is asked for",
            angle_as(lambda right, W2, F: degrees(W2, F))),
    Mistake("angle is that with minus the gradient", angle_as(lambda right, W2, F: 180 - right)),
    Mistake("angle is the complement of what it should be: sine or cosine?", angle_as(lambda right, W2, F: 90 - right)),
), points=4)


# 01.6 A layer that scales --------------------------------------------------------------------------------------------

def to_scale(rng: np.random.Generator) -> Arrays:
    """x (B, n), s (n,) and ∂C/∂a (B, n)."""
    n = int(rng.integers(3, 8))
    B = n + int(rng.integers(1, 6))
    return rng.normal(size=(B, n)), rng.normal(size=n), rng.normal(size=(B, n))


SCALE = Exercise("01.6", lambda x, s, da: (da * s, (da * x).sum(axis=0)), outputs("dx", "ds", inputs=to_scale), (
    Mistake("ds has a row for each example: the same s acts in all of them", lambda x, s, da: (da * s, da * x)),
    Mistake("ds is one number: every feature has its own s", lambda x, s, da: (da * s, float((da * x).sum()))),
    Mistake("ds is summed over the features: s acts in every *example*",
            lambda x, s, da: (da * s, (da * x).sum(axis=1))),
    Mistake("ds is a mean over the examples: the mean is in ∂C/∂a already",
            lambda x, s, da: (da * s, (da * x).mean(axis=0))),
    Mistake("ds is the gradient of a bias: s is not added, it multiplies", lambda x, s, da: (da * s, da.sum(axis=0))),
    Mistake("ds is made from a: at which rate does a change with s?",
            lambda x, s, da: (da * s, (da * x * s).sum(axis=0))),
    Mistake("ds is made from the sums of both: first multiply, then sum over the examples",
            lambda x, s, da: (da * s, da.sum(axis=0) * x.sum(axis=0))),
    Mistake("dx is ∂C/∂a unchanged: at which rate does a change with x?", lambda x, s, da: (da, (da * x).sum(axis=0))),
    Mistake("dx is divided by s: going back multiplies by the rate as well",
            lambda x, s, da: (da / s, (da * x).sum(axis=0))),
    Mistake("dx and ds are exchanged: the function returns dx first",
            lambda x, s, da: ((da * x).sum(axis=0), da * s)),
    Mistake("dx is the rate alone: multiply it by what comes from above",
            lambda x, s, da: (np.ones_like(x) * s, (da * x).sum(axis=0))),
), points=3)


EXERCISES = (LINEAR_OUTPUT, LAYER, WRONG_LAYER, BENT, FEEDBACK, SCALE)
