"""The exercises of chapter 05: He."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minnet import initializers, layers
from minnet.coursework.chapter_04 import NOT_PASSED, SEED_INSIDE, SWAPPED, gaussian, uniform
from minnet.coursework.exercises import Exercise, Mistake
from minnet.coursework.observations import outputs, weights
from minnet.network import Network, mlp

# 05.1 The other variance ---------------------------------------------------------------------------------------------


def slope_and_fan(rng: np.random.Generator) -> tuple[float, int]:
    """A slope below zero, and fan_in."""
    return float(rng.uniform(0.1, 0.6)), int(rng.integers(20, 1000))


def putting_back(passed: Any) -> Any:
    """The weights that put back what is left of q, `passed(slope)`, and what becomes of E[z²] with them."""
    return lambda a, n: (1 / math.sqrt(n * passed(a)), (1 + a**2) / 2 / passed(a))


def variance(a: float) -> float:
    """Var[f(z)]/q for a leaky ReLU: its mean is (1 − a)√(q/2π)."""
    return (1 + a**2) / 2 - (1 - a) ** 2 / (2 * math.pi)


OTHER = Exercise("05.1", putting_back(variance), outputs("std", "growth", inputs=slope_and_fan), (
    Mistake("these are He's weights, which put back the mean square. The variance of a is smaller, since a has a mean",
            putting_back(lambda a: (1 + a**2) / 2)),
    Mistake("the slope below zero is left out: these are the numbers of ReLU",
            lambda a, n: putting_back(variance)(0.0, n)),
    Mistake("does the part below zero raise the mean of a, or lower it?",
            putting_back(lambda a: (1 + a**2) / 2 - (1 + a) ** 2 / (2 * math.pi))),
    Mistake("the mean of a is subtracted from E[a²]: in a variance it is squared",
            putting_back(lambda a: (1 + a**2) / 2 - (1 - a) / math.sqrt(2 * math.pi))),
    Mistake("which power of the slope is in E[a²]?", putting_back(lambda a: variance(a) + (a - a**2) / 2)),
    Mistake("`std` is the variance of the weights: is a root missing?",
            lambda a, n: (1 / (n * variance(a)), putting_back(variance)(a, n)[1])),
    Mistake("`growth` is n · Var[W]: how much of E[z²] arrives at the next layer's weights?",
            lambda a, n: (putting_back(variance)(a, n)[0], 1 / variance(a))),
    Mistake("`growth` is 1, as if the variance of z depended on the variance of a alone. Weights of mean 0 do not take "
            "the mean of a away", lambda a, n: (putting_back(variance)(a, n)[0], 1.0)),
))


# 05.2 The backward pass of PReLU -------------------------------------------------------------------------------------

def prelu(z: np.ndarray, slope: np.ndarray, da: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """∂C/∂z and ∂C/∂slope, by minnet's layer."""
    layer = layers.PReLU(z.shape[1])
    network = Network([layer], rng=0, dtype=np.float64)
    layer.slope = slope
    network.forward(z)
    dz = layer.backward(da)
    assert dz is not None
    return dz, layer.dslope


def prelu_and(dz: Any = None, dslope: Any = None) -> Any:
    """PReLU's backward pass with one of the two replaced."""
    def both(z: np.ndarray, slope: np.ndarray, da: np.ndarray) -> tuple[Any, Any]:
        right = prelu(z, slope, da)
        return (dz(z, slope, da) if dz else right[0]), (dslope(z, slope, da) if dslope else right[1])

    return both


def batch(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """z of seven examples and four units, the slopes, and ∂C/∂a."""
    return rng.normal(size=(7, 4)), rng.uniform(0.1, 0.5, 4), rng.normal(size=(7, 4))


BACKWARD = Exercise("05.2", prelu, outputs("dz", "dslope", inputs=batch), (
    Mistake("`dz`: are the two sides exchanged? Where z is positive, a is z itself",
            prelu_and(dz=lambda z, s, da: da * np.where(z > 0, s, 1))),
    Mistake("`dz`: below zero nothing comes through. This is ReLU, whose slope there is 0",
            prelu_and(dz=lambda z, s, da: da * (z > 0))),
    Mistake("`dz` is f′(z) alone: where does da enter?", prelu_and(dz=lambda z, s, da: np.where(z > 0, 1, s))),
    Mistake("`dz` has the sign of da to choose the side: it is the sign of z that counts",
            prelu_and(dz=lambda z, s, da: da * np.where(da > 0, 1, s))),
    Mistake("`dz` is da · f(z): the derivative of f belongs there",
            prelu_and(dz=lambda z, s, da: da * np.where(z > 0, z, s * z))),
    Mistake("`dslope` has a row for each example. One slope serves all examples: what becomes of their parts?",
            prelu_and(dslope=lambda z, s, da: da * np.minimum(z, 0))),
    Mistake("`dslope` is summed over the units. Which axis are the examples?",
            prelu_and(dslope=lambda z, s, da: (da * np.minimum(z, 0)).sum(axis=1))),
    Mistake("`dslope` is one number for all units: each unit has a slope of its own",
            prelu_and(dslope=lambda z, s, da: (da * np.minimum(z, 0)).sum())),
    Mistake("`dslope` counts the examples where z is positive, and there a does not depend on the slope",
            prelu_and(dslope=lambda z, s, da: (da * np.maximum(z, 0)).sum(axis=0))),
    Mistake("`dslope` counts all examples: where does a depend on the slope?",
            prelu_and(dslope=lambda z, s, da: (da * z).sum(axis=0))),
    Mistake("`dslope`: is a factor lost? Below zero a = slope · z; derive it by the slope, not by z",
            prelu_and(dslope=lambda z, s, da: (da * (z < 0)).sum(axis=0))),
    Mistake("`dslope` still has the slope in it: derive slope · z by the slope",
            prelu_and(dslope=lambda z, s, da: (da * s * np.minimum(z, 0)).sum(axis=0))),
), points=3)


# 05.3 He's initializer for a leaky ReLU ------------------------------------------------------------------------------

A = 0.5                                                         # the slope of the exercise

LEAKY = Exercise("05.3", initializers.he_normal(negative_slope=A), weights(), (
    Mistake(SEED_INSIDE, lambda rng, shape: initializers.he_normal(np.random.default_rng(0), shape, negative_slope=A)),
    Mistake(NOT_PASSED, lambda rng, shape: initializers.he_normal(np.random.default_rng(), shape, negative_slope=A)),
    Mistake(SWAPPED, lambda rng, shape: initializers.he_normal(rng, shape[::-1], negative_slope=A)),
    Mistake("the variance is 2/fan_in, as for ReLU: the slope below zero passes on some of the signal as well",
            initializers.he_normal),
    Mistake("the variance is 1/fan_in, as for linear units: which share of E[z²] does the leaky ReLU pass on?",
            initializers.lecun_normal),
    Mistake("the variance has fan_out in it: this keeps the gradient. Asked for is the forward condition",
            initializers.he_normal(negative_slope=A, mode="fan_out")),
    Mistake("the variance has the mean of the fans in it: section 2 shows what becomes of the signal then",
            gaussian(lambda n, m: math.sqrt(4 / (n + m) / (1 + A**2)))),
    Mistake("the slope enters unsquared: the mean square of a · z has another factor",
            gaussian(lambda n, m: math.sqrt(2 / (1 + A) / n))),
    Mistake("the share that is passed on is multiplied, and should be divided by",
            gaussian(lambda n, m: math.sqrt((1 + A**2) / 2 / n))),
    Mistake("the standard deviation is the variance: rng.normal takes the deviation",
            gaussian(lambda n, m: 2 / (1 + A**2) / n)),
    Mistake("the variance is right, the distribution is uniform and not normal",
            uniform(lambda n, m: math.sqrt(6 / (1 + A**2) / n))),
), points=2, tolerance=0.04)


# 05.4 One layer repairs all ------------------------------------------------------------------------------------------

def wrong_scales(rng: np.random.Generator) -> tuple[Network]:
    """A ReLU network whose layers have He's weights, each times a number of its own."""
    sizes = [int(n) for n in rng.integers(40, 120, 13)]
    net = mlp(sizes, activation="relu", init="he_normal", rng=rng)
    for layer in net.layers:
        layer.W *= rng.uniform(0.2, 0.9)
    return (net,)


def off(net: Network, fan: int = 0, scale: float = 2.0) -> np.ndarray:
    """By how much the deviation of each layer's weights falls short of √(scale/fan)."""
    return np.array([math.sqrt(scale / layer.W.shape[fan]) / layer.W.std() for layer in net.layers])


REPAIR = Exercise("05.4", lambda net: float(off(net).prod()), outputs("factor", inputs=wrong_scales), (
    Mistake("`factor` is √2 for each layer, as if all had Xavier's weights: how large are those of this network?",
            lambda net: 2.0 ** (len(net.layers) / 2)),
    Mistake("the output layer is left out", lambda net: off(net)[:-1].prod()),
    Mistake("layer 1 itself is left out", lambda net: off(net)[1:].prod()),
    Mistake("the deviation is compared with √(2/fan_out): which fan keeps the signal, and on which axis of W is it?",
            lambda net: off(net, fan=1).prod()),
    Mistake("the deviation is compared with 1/√fan_in: these units are ReLU", lambda net: off(net, scale=1).prod()),
    Mistake("this is what each layer would need, on average. One layer makes up for all of them",
            lambda net: off(net).prod() ** (1 / len(net.layers))),
    Mistake("the factors of the layers are averaged: how do they act one after another?", lambda net: off(net).mean()),
    Mistake("the factors of the layers are added: how do they act one after another?", lambda net: off(net).sum()),
    Mistake("this is the factor of layer 1 alone; the others have the wrong scale, too", lambda net: off(net)[0]),
    Mistake("this repairs the mean square. W takes the factor of the size", lambda net: (off(net) ** 2).prod()),
), points=3, tolerance=0.03)


# 05.5 The slow corner ------------------------------------------------------------------------------------------------

def cosine(c: float) -> float:
    """The cosine between the signals of two inputs, a layer of ReLU later."""
    return (math.sqrt(1 - c * c) + c * (math.pi - math.acos(c))) / math.pi


def count(distance: float) -> int:
    """How many layers bring the cosine from 0 to less than `distance` from 1."""
    c, n = 0.0, 0
    while 1 - c >= distance:
        c, n = cosine(c), n + 1
    return n


def counted_and(estimate: Any) -> Any:
    """The count, and an estimate of it."""
    return lambda distance: (count(distance), estimate(distance))


def corner(distance: float) -> float:
    """l with 9π²/(2l²) = distance."""
    return 3 * math.pi / math.sqrt(2 * distance)


CORNER = Exercise("05.5", counted_and(corner),
                  outputs("layers", "estimate", inputs=lambda rng: (float(10 ** rng.uniform(-4.5, -2.5)),)), (
    Mistake("`layers` is one too small: is the last layer counted, the one that comes below the distance?",
            lambda d: (count(d) - 1, corner(d))),
    Mistake("`layers` is one too large: the cosine 0 is that of the inputs, before any layer",
            lambda d: (count(d) + 1, corner(d))),
    Mistake("`layers` is the estimate, rounded. Count with the map", lambda d: (round(corner(d)), corner(d))),
    Mistake("`layers` is the estimate, rounded up. Count with the map", lambda d: (math.ceil(corner(d)), corner(d))),
    Mistake("`estimate` is what was counted: derive a formula", lambda d: (count(d), count(d))),
    Mistake("`estimate`: by how much does u = 1/√ε grow in a layer? Expand (1 − k/u) to the power −½",
            counted_and(lambda d: corner(d) / 2)),
    Mistake("`estimate`: 1 − cos θ is θ²/2, not θ², so that k changes",
            counted_and(lambda d: corner(d) * math.sqrt(2))),
    Mistake("`estimate` is l², not l: is a root missing?", counted_and(lambda d: corner(d) ** 2)),
    Mistake("`estimate` has the distance itself in it. How does u depend on ε?",
            counted_and(lambda d: 3 * math.pi / (math.sqrt(2) * d))),
    Mistake("`estimate` falls with the logarithm of the distance, as if the distance shrank by a constant factor. It "
            "shrinks by ever less", counted_and(lambda d: -math.log(d))),
), points=3)


# 05.6 A steeper walk -------------------------------------------------------------------------------------------------

def some_slope(rng: np.random.Generator) -> tuple[float]:
    """A slope below zero."""
    return (float(rng.uniform(0.1, 0.8)),)


def gaussian_walk(a: float) -> float:
    """n Var[X] with X the mean of 2f(g)²/(1 + a²) over n units."""
    return 6 * (1 + a**4) / (1 + a**2) ** 2 - 1


def orthogonal_walk(a: float) -> float:
    """The same where the length of z is exact: 3 ((1 − a²)/(1 + a²))²."""
    return 3 * ((1 - a**2) / (1 + a**2)) ** 2


def walks(gaussian: Any = gaussian_walk, orthogonal: Any = orthogonal_walk) -> Any:
    """Both numbers."""
    return lambda a: (gaussian(a), orthogonal(a))


WALK = Exercise("05.6", walks(), outputs("gaussian", "orthogonal", inputs=some_slope), (
    Mistake("`gaussian` and `orthogonal`: the slope is left out, these are the numbers of ReLU",
            walks(lambda a: 5.0, lambda a: 3.0)),
    Mistake("`gaussian` is the mean of the square, not yet a variance", walks(lambda a: gaussian_walk(a) + 1)),
    Mistake("`gaussian`: what is E[g⁴] of a standard normal number?",
            walks(lambda a: 2 * (1 + a**4) / (1 + a**2) ** 2 - 1)),
    Mistake("`gaussian`: which power of the slope is in f⁴?", walks(lambda a: 6 * (1 + a**2) / (1 + a**2) ** 2 - 1)),
    Mistake("`gaussian`: the mean that is divided by has to be squared",
            walks(lambda a: 6 * (1 + a**4) / (1 + a**2) - 1)),
    Mistake("`gaussian` is the variance of 2f², whose mean is 1 + a² and not 1",
            walks(lambda a: 6 * (1 + a**4) - (1 + a**2) ** 2)),
    Mistake("`orthogonal` is the number of Gaussian weights: is the length of z left to chance with orthogonal ones?",
            walks(orthogonal=gaussian_walk)),
    Mistake("`orthogonal`: it is the number of ReLU, whatever the slope. What should it be at slope 1, a linear layer?",
            walks(orthogonal=lambda a: 3.0)),
    Mistake("`orthogonal`: what is E[g⁴] of a standard normal number?",
            walks(orthogonal=lambda a: orthogonal_walk(a) / 3)),
    Mistake("`orthogonal`: a deviation of both signs is squared before it is averaged",
            walks(orthogonal=lambda a: 3 * (1 - a**2) / (1 + a**2))),
    Mistake("`orthogonal`: which power of the slope is in f²?",
            walks(orthogonal=lambda a: 3 * ((1 - a) / (1 + a)) ** 2)),
), points=4)


EXERCISES = (OTHER, BACKWARD, LEAKY, REPAIR, CORNER, WALK)
