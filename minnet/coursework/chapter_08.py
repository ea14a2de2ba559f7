"""The exercises of chapter 08: self-normalization."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from minnet import activations, initializers, theory
from minnet.activations import SELU_ALPHA, SELU_LAMBDA
from minnet.coursework.chapter_04 import NOT_PASSED, SEED_INSIDE, SWAPPED
from minnet.coursework.exercises import Exercise, Function, Mistake, Observation
from minnet.coursework.observations import outputs, weights
from minnet.network import mlp
from minnet.theory import gaussian

# 08.1 Another fixed point --------------------------------------------------------------------------------------------


def averages(nu: float) -> tuple[float, float, float]:
    """E[max(z, 0)], E[e^min(z, 0) − 1] and E[(e^min(z, 0) − 1)²] for z ~ N(0, ν)."""
    s = math.sqrt(nu)
    once, twice = (math.exp(k * k * nu / 2) * math.erfc(k * s / math.sqrt(2)) / 2 for k in (1, 2))
    return s / math.sqrt(2 * math.pi), once - 0.5, twice - 2 * once + 0.5


def constants(nu: float) -> tuple[float, float]:
    """α and λ with E[f(z)] = 0 and E[f(z)²] = ν for z ~ N(0, ν)."""
    up, down, square = averages(nu)
    alpha = -up / down
    return alpha, math.sqrt(nu / (nu / 2 + alpha**2 * square))


def with_lambda(scale: Callable[[float, float, float], float]) -> Function:
    """α right, and λ = scale(ν, α, E[(e^min(z, 0) − 1)²])."""
    return lambda nu: (alpha := constants(nu)[0], scale(nu, alpha, averages(nu)[2]))


def with_alpha(alpha: Callable[[float, float, float], float]) -> Function:
    """α = alpha(ν, E[max(z, 0)], E[e^min(z, 0) − 1]), and the λ that belongs to it."""
    def both(nu: float) -> tuple[float, float]:
        up, down, square = averages(nu)
        a = alpha(nu, up, down)
        return a, math.sqrt(nu / (nu / 2 + a**2 * square))

    return both


CONSTANTS = Exercise("08.1", constants, outputs("alpha", "lam", inputs=lambda rng: (float(rng.uniform(1.5, 3)),)), (
    Mistake("these are SELU's own, for every ν", lambda nu: (SELU_ALPHA, SELU_LAMBDA)),
    Mistake("ν stands where its root should stand: what is the standard deviation of z?", lambda nu: constants(nu**2)),
    Mistake("the inputs are those of N(0, 1): which deviation has z?",
            lambda nu: (SELU_ALPHA, math.sqrt(nu) * SELU_LAMBDA)),
    Mistake("the variance that comes out is 1: the one that goes in shall come out",
            with_lambda(lambda nu, a, square: 1 / math.sqrt(nu / 2 + a**2 * square))),
    Mistake("lam is squared: is a root missing?", with_lambda(lambda nu, a, square: nu / (nu / 2 + a**2 * square))),
    Mistake("which power of α is in E[f²]?", with_lambda(lambda nu, a, square: math.sqrt(nu / (nu / 2 + a * square)))),
    Mistake("E[z²] over the positive half is not all of ν",
            with_lambda(lambda nu, a, square: math.sqrt(nu / (nu + a**2 * square)))),
    Mistake("only the negative half is in E[f²]", with_lambda(lambda nu, a, square: math.sqrt(nu / (a**2 * square)))),
    Mistake("α is negative: which sign has e^z − 1 below 0?", with_alpha(lambda nu, up, down: up / down)),
    Mistake("α is too small: E[e^z] below 0 without the −1 is not what stands in the condition",
            with_alpha(lambda nu, up, down: up / (down + 0.5))),
    Mistake("E[max(z, 0)] is that of |z|: only the positive half counts",
            with_alpha(lambda nu, up, down: -2 * up / down)),
    Mistake("the deviation of z is missing in E[max(z, 0)]",
            with_alpha(lambda nu, up, down: -up / math.sqrt(nu) / down)),
), tolerance=1e-5)


# 08.2 The backward pass of a SELU layer ------------------------------------------------------------------------------

def layer_inputs(rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """x, W, the activations a of the layer, and ∂C/∂a: as many inputs as units, so that no transpose raises."""
    n, k = int(rng.integers(3, 9)), int(rng.integers(4, 7))
    x, W = rng.normal(size=(n, k)), rng.normal(size=(k, k))
    return x, W, activations.selu.f(x @ W), rng.normal(size=(n, k))


def selu_with(slope: Callable[..., Any]) -> Function:
    """The backward pass with f′ = slope(x, W, a)."""
    def backward(x: np.ndarray, W: np.ndarray, a: np.ndarray, da: np.ndarray) -> tuple[np.ndarray, ...]:
        delta = da * slope(x, W, a)
        return delta @ W.T, x.T @ delta, delta.sum(axis=0)

    return backward


BOTTOM = SELU_LAMBDA * SELU_ALPHA                                # how far below 0 SELU can go, and its slope at 0⁻

BACKWARD = Exercise("08.2", selu_with(lambda x, W, a: activations.selu.df(x @ W, a)),
                    outputs("dx", "dW", "db", inputs=layer_inputs), (
    Mistake("the derivative at the wrong point: a is f(z), and e^z is not e^a",
            selu_with(lambda x, W, a: np.where(a > 0, SELU_LAMBDA, BOTTOM * np.exp(np.minimum(a, 0))))),
    Mistake("f itself stands where its slope should stand, below 0",
            selu_with(lambda x, W, a: np.where(a > 0, SELU_LAMBDA, a))),
    Mistake("this is the slope of ELU with SELU's α: λ scales the negative half too",
            selu_with(lambda x, W, a: np.where(a > 0, SELU_LAMBDA, a + SELU_ALPHA))),
    Mistake("the slope below 0 is that of ELU with α = 1, or λ stands where λα should stand",
            selu_with(lambda x, W, a: np.where(a > 0, SELU_LAMBDA, a + SELU_LAMBDA))),
    Mistake("on the positive side the slope is not 1", selu_with(lambda x, W, a: np.where(a > 0, 1, a + BOTTOM))),
    Mistake("the slope is that of ReLU, times λ: SELU has a slope below 0 as well",
            selu_with(lambda x, W, a: SELU_LAMBDA * (a > 0))),
    Mistake("the two sides are exchanged", selu_with(lambda x, W, a: np.where(a > 0, a + BOTTOM, SELU_LAMBDA))),
    Mistake("the sides are told apart by x: which number has a kink at 0?",
            selu_with(lambda x, W, a: np.where(x > 0, SELU_LAMBDA, a + BOTTOM))),
    Mistake("below 0 the slope is the constant λα, which it has at 0 only",
            selu_with(lambda x, W, a: np.where(a > 0, SELU_LAMBDA, BOTTOM))),
    Mistake("∂C/∂a is not multiplied by any slope", selu_with(lambda x, W, a: np.ones_like(a))),
), points=3)


# 08.3 Centred weights ------------------------------------------------------------------------------------------------

def centred(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Gaussian weights with Σ w = 0 and Σ w² = 1 in every unit, which is a column."""
    return normalized(less_mean(rng.normal(size=shape), 0), 0)


def less_mean(W: np.ndarray, axis: int | None) -> np.ndarray:
    """W without its mean along an axis."""
    found: np.ndarray = W - W.mean(axis=axis, keepdims=True)
    return found


def normalized(W: np.ndarray, axis: int, power: float = 0.5) -> np.ndarray:
    """W over a power of the sum of its squares along an axis."""
    found: np.ndarray = W / np.square(W).sum(axis=axis, keepdims=True) ** power
    return found


def sums(function: Function, rng: np.random.Generator) -> Observation:
    """The statistics of an initializer, and whether ω and τ of every unit are 0 and 1."""
    found = weights()(function, rng)
    W = function(rng, (300, 120))
    return found | {"every unit has ω = 0": bool((abs(W.sum(axis=0)) < 1e-4).all()),
                    "every unit has τ = 1": bool((abs(np.square(W).sum(axis=0) - 1) < 1e-4).all())}


CENTRED = Exercise("08.3", centred, sums, (
    Mistake(SEED_INSIDE, lambda rng, shape: centred(np.random.default_rng(0), shape)),
    Mistake(NOT_PASSED, lambda rng, shape: centred(np.random.default_rng(), shape)),
    Mistake(SWAPPED, lambda rng, shape: centred(rng, shape[::-1])),
    Mistake("these are weights as drawn, N(0, 1/n): neither ω nor τ is exact", initializers.lecun_normal),
    Mistake("τ is 1, and ω is not 0: is the mean of each unit subtracted, or that of something else?",
            lambda rng, shape: normalized(less_mean(rng.normal(size=shape), None), 0)),
    Mistake("ω is 0, and τ is not exactly 1: is the size set at all, and after the mean was subtracted?",
            lambda rng, shape: less_mean(normalized(rng.normal(size=shape), 0), 0)),
    Mistake("each row is centred and scaled: which axis has the weights of one unit?",
            lambda rng, shape: normalized(less_mean(rng.normal(size=shape), 1), 1)),
    Mistake("the weights are divided by Σ w²: what does division by a number do to a square?",
            lambda rng, shape: normalized(less_mean(rng.normal(size=shape), 0), 0, 1.0)),
    Mistake("each unit has weights of variance 1: this makes τ as large as fan_in",
            lambda rng, shape: math.sqrt(shape[0]) * centred(rng, shape)),
    Mistake("ω and τ are right, and the distribution is uniform instead of Gaussian",
            lambda rng, shape: normalized(less_mean(rng.uniform(-1, 1, shape), 0), 0)),
), points=3, tolerance=0.04)


# 08.4 Find the layer that does not belong ----------------------------------------------------------------------------

def strange(rng: np.random.Generator, f: activations.Activation) -> tuple[list[np.ndarray]]:
    """The activations of ten layers for 100 inputs of some size: SELU layers, but for one whose activation is f."""
    sizes = [int(n) for n in rng.integers(50, 90, 11)]
    net = mlp(sizes, activation=activations.selu, init="lecun_normal", rng=rng, dtype=np.float64)
    net.layers[-1].activation = activations.selu
    net.layers[int(rng.integers(10))].activation = f
    net.forward(rng.choice([0.5, 1.0, 3.0]) * rng.normal(size=(100, sizes[0])))
    return ([layer.a for layer in net.layers],)


OTHERS = {"relu_layer": activations.relu, "elu_layer": activations.elu(1.0), "tanh_layer": activations.tanh}


def find_all(function: Function, rng: np.random.Generator) -> Observation:
    """What a function finds where the strange layer has ReLU, ELU or tanh."""
    found: Observation = {}
    for name, f in OTHERS.items():
        found |= outputs(name, inputs=partial(strange, f=f))(function, rng)
    return found


def where(score: Callable[[np.ndarray], Any], offset: int = 1) -> Function:
    """The layer with the highest score."""
    return lambda signals: int(np.argmax([score(a) for a in signals])) + offset


STRANGE = Exercise("08.4", where(np.min), find_all, (
    Mistake("one too small: layers count from 1, as in the table of diagnose", where(np.min, 0)),
    Mistake("one too large: this is the layer above", where(np.min, 2)),
    Mistake("this is the layer with the largest mean. Inputs of another size move the mean too, and tanh does not",
            where(np.mean)),
    Mistake("this is the layer whose mean is farthest from 0. Inputs of another size move the mean too, and tanh does "
            "not", where(lambda a: abs(a.mean()))),
    Mistake("this is the layer with the smallest variance. Which layers have a small variance because of their inputs?",
            where(lambda a: -a.var())),
    Mistake("this is the layer whose variance is farthest from 1. Which layers are far from it because of their "
            "inputs?", where(lambda a: abs(a.var() - 1))),
    Mistake("this is the layer whose largest activation is smallest: this finds tanh at best",
            where(lambda a: -a.max())),
    Mistake("this is the layer that reaches lowest: it is the others that do", where(lambda a: -a.min())),
    Mistake("this is layer 1 for every network", lambda signals: 1),
    Mistake("this is the last layer for every network", len),
), points=3, rounds=6)


# 08.5 The price of normalization -------------------------------------------------------------------------------------

def curved(rng: np.random.Generator) -> tuple[Function, Function]:
    """A random activation, an ELU and a tanh added, and its derivative."""
    alpha, t, k = rng.uniform(0.3, 1.2), rng.uniform(0.5, 1), rng.uniform(0.5, 2)
    return (lambda z: np.where(z > 0, z, alpha * np.expm1(np.minimum(z, 0))) + t * np.tanh(k * z),
            lambda z: np.where(z > 0, 1, alpha * np.exp(np.minimum(z, 0))) + t * k * (1 - np.tanh(k * z) ** 2))


def price(f: Function, df: Function) -> tuple[float, float, float, float]:
    """m and s of g = (f − m)/s, which keeps mean 0 and variance 1; the slope V′(1) of its variance map, and its χ."""
    def mean(g: Function) -> float:
        return gaussian.expectation(g, kinks=(0.0,)).value

    m = mean(f)
    s = math.sqrt(mean(lambda z: (f(z) - m) ** 2))
    return m, s, mean(lambda z: (f(z) - m) * df(z) * z) / s**2, mean(lambda z: df(z) ** 2) / s**2


def expected(g: Function) -> float:
    """E[g(z)] for z ~ N(0, 1)."""
    return gaussian.expectation(g, kinks=(0.0,)).value


def price_but(**parts: Callable[..., float]) -> Function:
    """The right answer with some parts computed by a function of (f, df, m, s)."""
    def both(f: Function, df: Function) -> tuple[float, ...]:
        right = dict(zip(("m", "s", "slope", "chi"), price(f, df), strict=True))
        m, s = right["m"], right["s"]
        return tuple((right | {name: part(f, df, m, s) for name, part in parts.items()}).values())

    return both


PRICE = Exercise("08.5", price, outputs("m", "s", "slope", "chi", inputs=curved), (
    Mistake("s is the root mean square of f: what is left of it when the mean is subtracted?",
            price_but(s=lambda f, df, m, s: math.sqrt(s**2 + m**2))),
    Mistake("s is the variance: is a root missing?", price_but(s=lambda f, df, m, s: s**2)),
    Mistake("m is f(0), where the mean of f is asked for", price_but(m=lambda f, df, m, s: float(f(np.zeros(1))[0]))),
    Mistake("chi is that of f, before it is divided by s", price_but(chi=lambda f, df, m, s: price(f, df)[3] * s**2)),
    Mistake("chi is divided by s once: which power has the slope in χ?",
            price_but(chi=lambda f, df, m, s: price(f, df)[3] * s)),
    Mistake("chi is the square of the mean slope; it is the mean of something else",
            price_but(chi=lambda f, df, m, s: expected(df) ** 2 / s**2)),
    Mistake("chi is the slope of the variance map: the way back has an average of its own",
            price_but(chi=lambda f, df, m, s: price(f, df)[2])),
    Mistake("slope is χ: the variance map V has an average of its own",
            price_but(slope=lambda f, df, m, s: price(f, df)[3])),
    Mistake("slope is that of f with its mean: it is (f − m)/s that is squared in V",
            price_but(slope=lambda f, df, m, s: expected(lambda z: f(z) * df(z) * z) / s**2)),
    Mistake("slope has a factor 2 too many: what is the derivative of √q at 1?",
            price_but(slope=lambda f, df, m, s: 2 * price(f, df)[2])),
    Mistake("slope is not divided by the square of s", price_but(slope=lambda f, df, m, s: price(f, df)[2] * s**2)),
    Mistake("in slope the inner derivative is missing: √q multiplies z",
            price_but(slope=lambda f, df, m, s: expected(lambda z: (f(z) - m) * df(z)) / s**2)),
), points=4, tolerance=1e-3)


# 08.6 Dropout that keeps mean and variance ---------------------------------------------------------------------------

CHI = theory.MeanField(activations.selu, 1.0).chi(1.0)


def alpha_dropout(rate: float, low: float = -BOTTOM) -> tuple[float, float, float]:
    """s and t of alpha dropout, and the factor on E[δ²] of a SELU layer that it follows."""
    q = 1 - rate
    s = (q + low**2 * q * (1 - q)) ** -0.5
    return s, -s * (1 - q) * low, CHI * q * s**2


def dropout_but(**parts: Callable[..., float]) -> Function:
    """The right answer with some parts computed by a function of (rate, s, t, growth)."""
    def both(rate: float) -> tuple[float, ...]:
        right = dict(zip(("s", "t", "growth"), alpha_dropout(rate), strict=True))
        return tuple((right | {name: part(rate, *right.values()) for name, part in parts.items()}).values())

    return both


DROPOUT = Exercise("08.6", alpha_dropout, outputs("s", "t", "growth",
                                                  inputs=lambda rng: (float(rng.uniform(0.05, 0.4)),)), (
    Mistake("rate is the probability to drop a unit, not to keep it", lambda rate: alpha_dropout(1 - rate)),
    Mistake("these are the numbers where dropped units are set to 0", lambda rate: alpha_dropout(rate, 0.0)),
    Mistake("this is ordinary dropout, which keeps the mean alone", lambda rate: (1 / (1 - rate), 0.0,
                                                                                  CHI / (1 - rate))),
    Mistake("s and t are those for dropped units at −α: how low does SELU go?",
            lambda rate: alpha_dropout(rate, -SELU_ALPHA)),
    Mistake("t has the sign of the mean that it shall remove", dropout_but(t=lambda rate, s, t, growth: -t)),
    Mistake("t is added after the multiplication by s: is the mean that it removes multiplied too?",
            dropout_but(t=lambda rate, s, t, growth: t / s)),
    Mistake("t counts the units that are kept: which of them have a mean that is not 0?",
            dropout_but(t=lambda rate, s, t, growth: t * (1 - rate) / rate)),
    Mistake("s is the inverse of a variance: is a root missing?", dropout_but(s=lambda rate, s, t, growth: s**2)),
    Mistake("s is the inverse of E[a²]. The variance is asked for, and the mean is not 0 before t is added",
            dropout_but(s=lambda rate, s, t, growth: (1 - rate + BOTTOM**2 * rate) ** -0.5)),
    Mistake("growth leaves out that dropped units send no gradient back",
            dropout_but(growth=lambda rate, s, t, growth: growth / (1 - rate))),
    Mistake("growth is that of dropout alone: SELU's own χ is missing",
            dropout_but(growth=lambda rate, s, t, growth: growth / CHI)),
    Mistake("growth is that of the root mean square; E[δ²] is asked for",
            dropout_but(growth=lambda rate, s, t, growth: math.sqrt(growth))),
    Mistake("in growth s is not squared", dropout_but(growth=lambda rate, s, t, growth: growth / s)),
), points=3)


EXERCISES = (CONSTANTS, BACKWARD, CENTRED, STRANGE, PRICE, DROPOUT)
