"""The exercises of chapter 11: does it still matter?"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from minnet import mup
from minnet.activations import relu
from minnet.coursework.exercises import Exercise, Function, Mistake
from minnet.coursework.observations import outputs
from minnet.layers import Dense, LayerNorm, Residual
from minnet.network import Network, mlp
from minnet.optimizers import Adam

# 11.1 A scaled block -------------------------------------------------------------------------------------------------


def block_inputs(rng: np.random.Generator) -> tuple[Any, ...]:
    """x, W₁, W₂, s and ∂C/∂a: as many units as features, so that no transpose raises."""
    n, k = int(rng.integers(3, 9)), int(rng.integers(4, 7))
    return (rng.normal(size=(n, k)), rng.normal(size=(k, k)), rng.normal(size=(k, k)), float(rng.uniform(0.2, 0.8)),
            rng.normal(size=(n, k)))


def block(x: np.ndarray, W1: np.ndarray, W2: np.ndarray, s: float, da: np.ndarray) -> tuple[Any, ...]:
    """∂C/∂x, ∂C/∂W₂ and ∂C/∂s of a = x + s relu(x W₁) W₂, by minnet's Residual."""
    k = len(W1)
    layer = Residual([Dense(k, k, relu), Dense(k, k)], s)
    net = Network([layer], rng=0, dtype=np.float64)
    layer.branch[0].W, layer.branch[1].W = W1, W2
    F = (net.forward(x) - x) / s
    return layer.backward(da), layer.branch[1].dW, (F * da).sum()


def block_but(**parts: Callable[..., Any]) -> Function:
    """The right answer with some parts computed by a function of (x, W1, W2, s, da, h, B), h and B of the branch."""
    def backward(x: np.ndarray, W1: np.ndarray, W2: np.ndarray, s: float, da: np.ndarray) -> tuple[Any, ...]:
        right = dict(zip(("dx", "dW2", "ds"), block(x, W1, W2, s, da), strict=True))
        h = np.maximum(x @ W1, 0)
        B = ((da @ W2.T) * (h > 0)) @ W1.T
        return tuple((right | {name: part(x, W1, W2, s, da, h, B) for name, part in parts.items()}).values())

    return backward


BLOCK = Exercise("11.1", block, outputs("dx", "dW2", "ds", inputs=block_inputs), (
    Mistake("dx has only the way through the branch: x reaches a by a second way",
            block_but(dx=lambda x, W1, W2, s, da, h, B: s * B)),
    Mistake("in dx the branch counts fully: where is s?", block_but(dx=lambda x, W1, W2, s, da, h, B: da + B)),
    Mistake("in dx the shortcut is multiplied by s too: which of the two terms of a has the factor?",
            block_but(dx=lambda x, W1, W2, s, da, h, B: s * (da + B))),
    Mistake("in dx the branch is multiplied by s twice", block_but(dx=lambda x, W1, W2, s, da, h, B: da + s * s * B)),
    Mistake("in dx the slope of ReLU is missing",
            block_but(dx=lambda x, W1, W2, s, da, h, B: da + s * da @ W2.T @ W1.T)),
    Mistake("in dx the matrices are not transposed, or in the order of the forward pass",
            block_but(dx=lambda x, W1, W2, s, da, h, B: da + s * ((da @ W2) * (h > 0)) @ W1)),
    Mistake("in dx the slope of ReLU is taken at x: at which number was ReLU evaluated?",
            block_but(dx=lambda x, W1, W2, s, da, h, B: da + s * ((da @ W2.T) * (x > 0)) @ W1.T)),
    Mistake("in dW2 the factor s is missing", block_but(dW2=lambda x, W1, W2, s, da, h, B: h.T @ da)),
    Mistake("in dW2 stands the input of the block: what is the input of the second layer?",
            block_but(dW2=lambda x, W1, W2, s, da, h, B: s * x.T @ da)),
    Mistake("ds has the whole output of the block: which part of a does s multiply?", block_but(
        ds=lambda x, W1, W2, s, da, h, B: ((x + s * h @ W2) * da).sum())),
    Mistake("in ds s itself is still a factor: what is the derivative of s F by s?", block_but(
        ds=lambda x, W1, W2, s, da, h, B: (s * (h @ W2) * da).sum())),
    Mistake("ds is one number for each feature; s is one number for all", block_but(
        ds=lambda x, W1, W2, s, da, h, B: ((h @ W2) * da).sum(axis=0))),
    Mistake("ds is a mean: s enters every entry of a", block_but(
        ds=lambda x, W1, W2, s, da, h, B: ((h @ W2) * da).mean())),
))


# 11.2 Weights instead of 1/√L ----------------------------------------------------------------------------------------

def width_and_depth(rng: np.random.Generator) -> tuple[int, int]:
    """The width n and the number of blocks L."""
    return int(rng.integers(20, 500)), int(rng.integers(3, 60))


def second(n: int, blocks: int) -> tuple[float, float]:
    """The variance of the second layer's weights, and what L blocks do to the mean square."""
    return 1 / (n * blocks), (1 + 1 / blocks) ** blocks


SECOND = Exercise("11.2", second, outputs("var", "total", inputs=width_and_depth), (
    Mistake("var is He's divided by L: does a ReLU follow the second layer?",
            lambda n, L: (2 / (n * L), second(n, L)[1])),
    Mistake("var is half of what it should be: what does the first layer with its ReLU do to the mean square?",
            lambda n, L: (1 / (2 * n * L), second(n, L)[1])),
    Mistake("var is the standard deviation", lambda n, L: (1 / math.sqrt(n * L), second(n, L)[1])),
    Mistake("var goes with 1/√L: the mean square is asked to grow by 1/L", lambda n, L: (1 / (n * math.sqrt(L)),
                                                                                        second(n, L)[1])),
    Mistake("var goes with 1/L²: a scale 1/√L of the branch is squared once", lambda n, L: (1 / (n * L**2),
                                                                                          second(n, L)[1])),
    Mistake("var does not depend on n: how many terms does a unit add?", lambda n, L: (1 / L, second(n, L)[1])),
    Mistake("var makes the block multiply by 1 + 1: where is L?", lambda n, L: (1 / n, second(n, L)[1])),
    Mistake("total is that of infinitely many blocks", lambda n, L: (second(n, L)[0], math.e)),
    Mistake("total is that of one block", lambda n, L: (second(n, L)[0], 1 + 1 / L)),
    Mistake("total adds the blocks, which multiply each other", lambda n, L: (second(n, L)[0], 2.0)),
    Mistake("total is that of the root mean square", lambda n, L: (second(n, L)[0], math.sqrt(second(n, L)[1]))),
))


# 11.3 The backward pass of LayerNorm ---------------------------------------------------------------------------------

def layer_norm(x: np.ndarray, da: np.ndarray) -> np.ndarray:
    """∂C/∂x, by minnet's LayerNorm with γ = 1, β = 0."""
    layer = LayerNorm(x.shape[1], epsilon=1e-12)
    Network([layer], rng=0, dtype=np.float64).forward(x)
    dx = layer.backward(da)
    assert dx is not None
    return dx


def features(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """x, whose mean and deviation are far from 0 and 1, and ∂C/∂a."""
    size = int(rng.integers(4, 9)), int(rng.integers(4, 9))
    return rng.uniform(2, 5) + rng.uniform(2, 4) * rng.normal(size=size), rng.normal(size=size)


def norm_with(change: Callable[..., np.ndarray], axis: int = 1, power: int = 1) -> Function:
    """change(da, x̂, mean), divided by σ to a power; the means are over an axis."""
    def backward(x: np.ndarray, da: np.ndarray) -> np.ndarray:
        def mean(values: np.ndarray) -> np.ndarray:
            found: np.ndarray = values.mean(axis=axis, keepdims=True)
            return found

        sigma = np.sqrt(mean((x - mean(x)) ** 2))
        found: np.ndarray = change(da, (x - mean(x)) / sigma, mean) / sigma**power
        return found

    return backward


def both_terms(da: np.ndarray, xhat: np.ndarray, mean: Callable[..., np.ndarray]) -> np.ndarray:
    """da without its mean and without its part along x̂."""
    found: np.ndarray = da - mean(da) - xhat * mean(da * xhat)
    return found


def with_raw_x(x: np.ndarray, da: np.ndarray) -> np.ndarray:
    """x where x̂ should stand."""
    found: np.ndarray = ((da - da.mean(axis=1, keepdims=True) - x * (da * x).mean(axis=1, keepdims=True))
                         / x.std(axis=1, keepdims=True))
    return found


NORM = Exercise("11.3", layer_norm, outputs("dx", inputs=features), (
    Mistake("mean and deviation are treated as constants: they depend on x too",
            norm_with(lambda da, xhat, mean: da)),
    Mistake("the deviation is treated as a constant, the mean is not", norm_with(lambda da, xhat, mean: da - mean(da))),
    Mistake("the mean is treated as a constant, the deviation is not",
            norm_with(lambda da, xhat, mean: da - xhat * mean(da * xhat))),
    Mistake("the means are over the examples, as in BatchNorm", norm_with(both_terms, axis=0)),
    Mistake("the sign of the term with x̂", norm_with(lambda da, xhat, mean: da - mean(da) + xhat * mean(da * xhat))),
    Mistake("the sign of the mean of da", norm_with(lambda da, xhat, mean: da + mean(da) - xhat * mean(da * xhat))),
    Mistake("sums stand where means should stand", norm_with(
        lambda da, xhat, mean: da - da.shape[1] * (mean(da) + xhat * mean(da * xhat)))),
    Mistake("divided by the variance: x̂ is divided by the deviation", norm_with(both_terms, power=2)),
    Mistake("not divided by the deviation at all", norm_with(both_terms, power=0)),
    Mistake("x stands where x̂ should stand", with_raw_x),
    Mistake("the mean of da · x̂ is not multiplied by x̂", norm_with(
        lambda da, xhat, mean: da - mean(da) - mean(da * xhat))),
), points=3, tolerance=1e-4)                                # so that an ε of 1e-5 under the root is no mistake


# 11.4 Find the block without a shortcut ------------------------------------------------------------------------------

def without_shortcut(rng: np.random.Generator) -> tuple[list[np.ndarray]]:
    """The signal before the first of twelve blocks and after each; one block has no shortcut, and keeps the size."""
    n, factor, missing = int(rng.integers(60, 120)), rng.uniform(0.2, 0.7), int(rng.integers(1, 13))
    signals = [rng.normal(size=(100, n))]
    for number in range(1, 13):
        x = signals[-1]
        W1, W2 = factor * math.sqrt(2 / n) * rng.normal(size=(2, n, n))
        F = np.maximum(x @ W1, 0) @ W2
        size = math.sqrt((1 + 2 * factor**4) * (x**2).mean() / (F**2).mean()) * rng.uniform(0.8, 1.2)
        signals.append(size * F if number == missing else x + F)
    return (signals,)


def likeness(a: np.ndarray, b: np.ndarray) -> float:
    """The cosine of the angle between two signals."""
    return float((a * b).sum() / math.sqrt((a**2).sum() * (b**2).sum()))


def step(score: Callable[[np.ndarray, np.ndarray], float], offset: int = 1) -> Function:
    """The block between whose input and output the score is lowest."""
    return lambda signals: int(np.argmin([score(a, b) for a, b in pairwise(signals)])) + offset


def rms(a: np.ndarray) -> float:
    """The root mean square."""
    return math.sqrt((a**2).mean())


MISSING = Exercise("11.4", step(likeness), outputs("block", inputs=without_shortcut), (
    Mistake("one too small: blocks count from 1, and signals[0] is the input of block 1", step(likeness, 0)),
    Mistake("one too large: signals[k] is the output of block k", step(likeness, 2)),
    Mistake("this is the block that changes its input least: the others have the shortcut",
            step(lambda a, b: -likeness(a, b))),
    Mistake("this is the block with the smallest output. A block without a shortcut may keep the size",
            step(lambda a, b: rms(b))),
    Mistake("this is the block with the largest output. A block without a shortcut may keep the size",
            step(lambda a, b: -rms(b))),
    Mistake("this is the block after which the signal falls most. A block without a shortcut may keep the size",
            step(lambda a, b: rms(b) / rms(a))),
    Mistake("each output is compared with the input of the network: after the broken block all of them are unlike it",
            lambda signals: int(np.argmin([likeness(signals[0], a) for a in signals[1:]])) + 1),
), points=3, rounds=6)


# 11.5 μP's table -----------------------------------------------------------------------------------------------------

def layer_sizes(rng: np.random.Generator) -> tuple[list[int], int]:
    """The widths of a network, inputs to outputs, and the base width."""
    return [int(n) for n in rng.integers(10, 600, 5)], int(rng.integers(8, 64))


def table(widths: list[int], base: int) -> tuple[list[float], list[float]]:
    """Adam's rates, over η, and the variances of the weights, layer by layer: He's and LeCun's, under μP."""
    net = mlp(widths, activation="relu", init="zeros", rng=0)
    parts = mup.optimizer(net, Adam(1.0), base_width=base).groups
    rates = [factor for place, factor in parts if any(place == at for name, at in net.arrays().items()
                                                      if name.endswith(" W"))]
    ins = widths[:-1]
    return rates, [2 / n for n in ins[:-1]] + [base / ins[-1] ** 2]


def table_but(rates: Any = None, variances: Any = None) -> Function:
    """The table with its rates or variances from a function of (fan_ins, fan_outs, base)."""
    def both(widths: list[int], base: int) -> tuple[list[float], list[float]]:
        right = table(widths, base)
        fans = np.array(widths[:-1]), np.array(widths[1:])
        return (list(rates(*fans, base)) if rates else right[0],
                list(variances(*fans, base)) if variances else right[1])

    return both


def first_one(values: np.ndarray) -> np.ndarray:
    """The values with 1 for the first layer."""
    return np.concatenate([[1.0], values[1:]])


def last_one(values: np.ndarray, last: float) -> np.ndarray:
    """The values with another one for the last layer."""
    return np.concatenate([values[:-1], [last]])


TABLE = Exercise("11.5", table, outputs("rates", "variances", inputs=layer_sizes), (
    Mistake("the rate of layer 1 is divided too: does its fan_in grow with the width?",
            table_but(lambda n, m, base: base / n)),
    Mistake("fan_out stands where fan_in should stand", table_but(lambda n, m, base: first_one(base / m))),
    Mistake("the rates grow with the width: which way must they go?",
            table_but(lambda n, m, base: first_one(n / base))),
    Mistake("the rates go with the root of the width: are the terms of the sum random, or of one sign?",
            table_but(lambda n, m, base: first_one(np.sqrt(base / n)))),
    Mistake("the rate of the outputs is η: their fan_in grows with the width too",
            table_but(lambda n, m, base: last_one(first_one(base / n), 1.0))),
    Mistake("the rates are those of SGD", table_but(lambda n, m, base: np.concatenate(
        [[m[0] / base], np.ones(len(n) - 2), [base / n[-1]]]))),
    Mistake("all rates are η, which is the standard parametrization", table_but(lambda n, m, base: np.ones(len(n)))),
    Mistake("the rates do not depend on n₀: at the width n₀ nothing shall change",
            table_but(lambda n, m, base: first_one(1 / n))),
    Mistake("the variance of the outputs' weights is the usual one: it falls once more",
            table_but(None, lambda n, m, base: last_one(2 / n, 1 / n[-1]))),
    Mistake("the outputs' variance has He's 2: no ReLU follows them",
            table_but(None, lambda n, m, base: last_one(2 / n, 2 * base / n[-1] ** 2))),
    Mistake("the outputs' *deviation* is divided by the factor: it is the variance that is",
            table_but(None, lambda n, m, base: last_one(2 / n, base**2 / n[-1] ** 3))),
    Mistake("the variances of the hidden layers fall once more too: only that of the outputs' does",
            table_but(None, lambda n, m, base: last_one(2 * base / n**2, base / n[-1] ** 2))),
    Mistake("these are standard deviations: variances are asked for",
            table_but(None, lambda n, m, base: np.sqrt(last_one(2 / n, base / n[-1] ** 2)))),
), points=3)


# 11.6 The scale after the network ------------------------------------------------------------------------------------

def lazy_inputs(rng: np.random.Generator) -> tuple[Any, ...]:
    """v, V, x, y, the rate and α."""
    x, y = rng.choice([-1.0, 1.0], (12, 5)), rng.normal(size=(12, 1))
    return (rng.normal(size=(5, 7)), rng.normal(size=(7, 1)), x, y, float(rng.uniform(0.01, 0.1)),
            float(rng.uniform(2, 9)))


def descend(outside: Callable[[float], float] = lambda a: a, chain: Callable[[float], float] = lambda a: a,
            slower: Callable[[float], float] = lambda a: 1 / a, late: bool = False, sign: float = -1) -> Function:
    """A step of v, V; outside(α), chain(α): the factors in forward and backward pass; late: V's gradient from new v."""
    def one(v: np.ndarray, V: np.ndarray, x: np.ndarray, y: np.ndarray, rate: float,
            alpha: float) -> tuple[np.ndarray, np.ndarray]:
        z = x @ v
        e = chain(alpha) * (outside(alpha) * np.maximum(z, 0) @ V - y) / len(x)
        rate = sign * rate * slower(alpha)
        new = v + rate * x.T @ ((e @ (V.T)) * (z > 0))
        return new, V + rate * np.maximum(x @ new if late else z, 0).T @ e

    return one


SCALED = Exercise("11.6", descend(), outputs("v", "V", inputs=lazy_inputs), (
    Mistake("the rate is not changed: how does the gradient depend on α?", descend(slower=lambda a: 1.0)),
    Mistake("the step is too small by a factor α: is it in the backward pass too, and is the rate divided by it once?",
            descend(slower=lambda a: 1 / a**2)),
    Mistake("the rate is multiplied by a power of α: which way must it go?", descend(slower=lambda a: a)),
    Mistake("the rate is divided by √α: the weights have this factor, and so has their gradient",
            descend(slower=lambda a: a**-0.5)),
    Mistake("the outputs are not multiplied by α", descend(outside=lambda a: 1.0)),
    Mistake("in the outputs stands √α: two layers have this factor each", descend(outside=lambda a: a**0.5)),
    Mistake("V's gradient uses the new v: both gradients belong to the same forward pass", descend(late=True)),
    Mistake("the step goes uphill: which sign has gradient descent?", descend(sign=1)),
    Mistake("off by the number of examples: the loss is a mean", descend(chain=lambda a: 12 * a)),
), points=4)


EXERCISES = (BLOCK, SECOND, NORM, MISSING, TABLE, SCALED)
