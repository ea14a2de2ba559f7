"""The exercises of chapter 09: pre-training."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import numpy as np

from minnet import datasets, losses, pretraining
from minnet.activations import sigmoid
from minnet.coursework.comparisons import NotDone, equal
from minnet.coursework.exercises import Exercise, Function, Mistake, Observation
from minnet.coursework.observations import UNCHANGED, outputs
from minnet.network import Network, mlp
from minnet.optimizers import SGD

# 09.1 How much of the gradient arrives -------------------------------------------------------------------------------


def some_widths(rng: np.random.Generator) -> tuple[list[int]]:
    """Inputs, some hidden layers, outputs."""
    return ([int(n) for n in rng.integers(10, 800, int(rng.integers(4, 8)))],)


def arrives(widths: list[int]) -> tuple[float, float]:
    """The bound on rms δ in layer 1 over that of the outputs; the c of U(±c/√n) that loses nothing near z = 0."""
    return math.sqrt(widths[-1] / widths[1]) * math.sqrt(48) ** -(len(widths) - 2), math.sqrt(48)


def arrives_but(left: Callable[[list[int], int], float]) -> Function:
    """left(widths, number of hidden layers), and c right."""
    return lambda widths: (left(widths, len(widths) - 2), math.sqrt(48))


ARRIVES = Exercise("09.1", arrives, outputs("left", "c", inputs=some_widths), (
    Mistake("left is the factor on the mean square of δ: is a root missing?",
            arrives_but(lambda w, hidden: w[-1] / w[1] * 48.0**-hidden)),
    Mistake("left has one layer too many: how many matrices does δ cross from the outputs to layer 1?",
            arrives_but(lambda w, hidden: math.sqrt(w[-1] / w[1]) * 48 ** (-(hidden + 1) / 2))),
    Mistake("left has one layer too few: how many matrices does δ cross from the outputs to layer 1?",
            arrives_but(lambda w, hidden: math.sqrt(w[-1] / w[1]) * 48 ** (-(hidden - 1) / 2))),
    Mistake("going back, a unit adds as many terms as its layer above has units: are the fans exchanged?",
            arrives_but(lambda w, hidden: math.sqrt(w[1] / w[-1]) * 48 ** (-hidden / 2))),
    Mistake("left holds for layers of equal width: here fan_in and fan_out differ",
            arrives_but(lambda w, hidden: 48 ** (-hidden / 2))),
    Mistake("does δ cross the matrix of layer 1, whose fan_in is the number of inputs?",
            arrives_but(lambda w, hidden: math.sqrt(w[-1] / w[0]) * 48 ** (-hidden / 2))),
    Mistake("which power of the slope is in the mean square of δ?",
            arrives_but(lambda w, hidden: math.sqrt(w[-1] / w[1]) * 12 ** (-hidden / 2))),
    Mistake("the variance of U(−r, r) is not r²: what is it?",
            arrives_but(lambda w, hidden: math.sqrt(w[-1] / w[1]) * 16 ** (-hidden / 2))),
    Mistake("c is n Var[W], or its square: is a root missing?", lambda w: (arrives(w)[0], 48.0)),
    Mistake("c is the deviation that is needed; c/√n is the bound of a uniform distribution",
            lambda w: (arrives(w)[0], 4.0)),
    Mistake("c undoes the slope only once: which power of it is in χ?", lambda w: (arrives(w)[0], math.sqrt(12))),
))


# 09.2 The gradient of a tied autoencoder -----------------------------------------------------------------------------

def images(rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Clean and damaged images, and W, b, c: as many units as pixels, so that no transpose raises."""
    n, k = int(rng.integers(3, 9)), int(rng.integers(4, 7))
    x = rng.uniform(size=(n, k))
    return x, x * (rng.uniform(size=x.shape) > 0.3), rng.normal(size=(k, k)), rng.normal(size=k), rng.normal(size=k)


def tied(x: np.ndarray, damaged: np.ndarray, W: np.ndarray, b: np.ndarray, c: np.ndarray) -> tuple[np.ndarray, ...]:
    """dW, db, dc of the squared error, by minnet's autoencoder."""
    model = pretraining.Autoencoder(*W.shape, rng=0, dtype=np.float64)
    model.W, model.b, model.c = W, b, c
    model.gradient(damaged, x, losses.squared_error)
    return model.dW, model.db, model.dc


def tied_but(error: Any = None, slope: Any = None, dW: Any = None, dc: Any = None) -> Function:
    """The tied gradient with some steps replaced: error(z, x), slope(u, h), dW(x, damaged, delta, dz, h), dc(…)."""
    def gradient(x: np.ndarray, damaged: np.ndarray, W: np.ndarray, b: np.ndarray,
                 c: np.ndarray) -> tuple[np.ndarray, ...]:
        u = damaged @ W + b
        h = sigmoid.f(u)
        z = h @ W.T + c
        dz = error(z, x, damaged) if error else (z - x) / len(x)
        delta = (dz @ W) * (slope(u, h) if slope else h * (1 - h))
        both = dW(x, damaged, delta, dz, h) if dW else damaged.T @ delta + dz.T @ h
        return both, delta.sum(axis=0), (dc(delta, dz) if dc else dz.sum(axis=0))

    return gradient


TIED = Exercise("09.2", tied, outputs("dW", "db", "dc", inputs=images), (
    Mistake("the sign of the second term of dW: both uses of W add", tied_but(
        dW=lambda x, damaged, delta, dz, h: damaged.T @ delta - dz.T @ h)),
    Mistake("dW has the encoder's term only: W is used a second time", tied_but(
        dW=lambda x, damaged, delta, dz, h: damaged.T @ delta)),
    Mistake("dW has the decoder's term only: W is used a first time too", tied_but(
        dW=lambda x, damaged, delta, dz, h: dz.T @ h)),
    Mistake("the second term of dW is the gradient of the decoder's matrix, which is the transpose of W", tied_but(
        dW=lambda x, damaged, delta, dz, h: damaged.T @ delta + h.T @ dz)),
    Mistake("the first term of dW is transposed: it shall have the shape (fan_in, units)", tied_but(
        dW=lambda x, damaged, delta, dz, h: delta.T @ damaged + dz.T @ h)),
    Mistake("dW is half the sum: each use of W counts fully", tied_but(
        dW=lambda x, damaged, delta, dz, h: (damaged.T @ delta + dz.T @ h) / 2)),
    Mistake("in the encoder's term stands the clean image: which one went into the layer?", tied_but(
        dW=lambda x, damaged, delta, dz, h: x.T @ delta + dz.T @ h)),
    Mistake("z is compared with the damaged image: what shall the layer restore?", tied_but(
        error=lambda z, x, damaged: (z - damaged) / len(x))),
    Mistake("z passes through a sigmoid: with the squared error here z itself is the restored image", tied_but(
        error=lambda z, x, damaged: (sigmoid.f(z) - x) / len(x))),
    Mistake("off by the number of images: mean or sum?", tied_but(error=lambda z, x, damaged: z - x)),
    Mistake("off by a factor that is the number of pixels: the loss is a mean over images, and a sum over pixels",
            tied_but(error=lambda z, x, damaged: (z - x) / x.size)),
    Mistake("a factor 2 too many: does the loss have a ½?", tied_but(error=lambda z, x, damaged: 2 * (z - x) / len(x))),
    Mistake("the derivative at the wrong point: h is f already", tied_but(slope=lambda u, h: sigmoid.f(h) * (
        1 - sigmoid.f(h)))),
    Mistake("in the encoder f′ is missing", tied_but(slope=lambda u, h: np.ones_like(h))),
    Mistake("dc is the gradient of the encoder's bias", tied_but(dc=lambda delta, dz: delta.sum(axis=0))),
), points=3)


# 09.3 Damage ---------------------------------------------------------------------------------------------------------

ANEW, AGAIN = "two calls lose different pixels", "generators of equal seed lose the same pixels"


def damage(function: Function, rng: np.random.Generator) -> Observation:
    """What a corruption (rng, x, rate) does to 1,000 images of 80 pixels, none of which is 0."""
    x, rate, seed = rng.uniform(0.1, 1, (1000, 80)), float(rng.uniform(0.25, 0.45)), int(rng.integers(2**31))
    before, generator = x.copy(), np.random.default_rng(seed)
    first = function(generator, x, rate)
    if not isinstance(first, np.ndarray) or first.shape != x.shape or first.dtype.kind not in "biuf":
        raise NotDone.of(first, f"expected an array of real numbers of shape {x.shape}")
    first, unchanged = first.copy(), bool((x == before).all())
    second, again = (function(source, before.copy(), rate) for source in (generator, np.random.default_rng(seed)))
    zero = first == 0
    return {"share": zero.mean(), "kept": (first[~zero] / before[~zero]).mean() if not zero.all() else 0.0,
            "pixels that are not set to 0 keep their value": bool((zero | (first == before)).all()),
            "images lose different pixels": bool((zero[0] != zero[1:10]).any()),
            "an image loses some pixels and keeps others": bool((zero.mean(axis=1) % 1 > 0).all()),
            ANEW: not equal(first, second, 0.0), AGAIN: equal(first, again, 0.0), UNCHANGED: unchanged}


def mask(rng: np.random.Generator, x: np.ndarray, rate: float) -> np.ndarray:
    """The library's masking."""
    return pretraining.masking(rng, x, rate=rate)


def in_place(rng: np.random.Generator, x: np.ndarray, rate: float) -> np.ndarray:
    """x itself, with pixels set to 0."""
    x[rng.random(x.shape) < rate] = 0
    return x


MASKING = Exercise("09.3", mask, damage, (
    Mistake("two calls lose the same pixels: is there a seed inside, or is nothing drawn?",
            lambda rng, x, rate: mask(np.random.default_rng(0), x, rate)),
    Mistake("generators of equal seed lose different pixels: is there a generator of your own inside?",
            lambda rng, x, rate: mask(np.random.default_rng(), x, rate)),
    Mistake("the array that was passed is changed: the clean image is still needed, for the loss", in_place),
    Mistake("rate is the share of pixels that are lost, not of those that are kept",
            lambda rng, x, rate: mask(rng, x, 1 - rate)),
    Mistake("the pixels that are kept are scaled up, as in dropout: here they shall keep their values",
            lambda rng, x, rate: mask(rng, x, rate) / (1 - rate)),
    Mistake("all images lose the same pixels: what is the shape of what is drawn?",
            lambda rng, x, rate: x * (rng.random(x.shape[1]) >= rate)),
    Mistake("whole images are lost: what is the shape of what is drawn?",
            lambda rng, x, rate: x * (rng.random((len(x), 1)) >= rate)),
    Mistake("half of the pixels that are lost are set to 1", lambda rng, x, rate: np.where(
        (u := rng.random(x.shape)) < rate / 2, 0, np.where(u < rate, 1, x))),
    Mistake("noise is added to every pixel, and none is set to 0",
            lambda rng, x, rate: x + rate * rng.normal(size=x.shape)),
    Mistake("this is the mask, not the image", lambda rng, x, rate: 1.0 * (rng.random(x.shape) >= rate)),
    Mistake("rng.normal is compared with rate: which distribution has P(u < rate) = rate?",
            lambda rng, x, rate: x * (rng.normal(size=x.shape) >= rate)),
), points=3, tolerance=0.04)


# 09.4 Find the layer that has forgotten ------------------------------------------------------------------------------

@cache
def pretrained(seed: int) -> Network:
    """A net of five sigmoid layers, pretrained on small digits."""
    x, _ = datasets.digits().train
    net = mlp([64, 60, 55, 50, 45, 40, 10], activation=sigmoid, init="heuristic_uniform", rng=seed)
    pretraining.greedy_pretrain(net, x, optimizer=SGD(0.5), epochs=8, batch_size=20, rng=seed, progress=False,
                                corruption=partial(pretraining.masking, rate=0.25))
    return net


def forgetful(rng: np.random.Generator) -> tuple[Network, np.ndarray]:
    """A pretrained net, the weights of one of whose hidden layers were shuffled, and images."""
    net = copy.deepcopy(pretrained(int(rng.integers(2))))
    layer = net.layers[int(rng.integers(5))]
    layer.W = rng.permutation(layer.W.ravel()).reshape(layer.W.shape)
    return net, datasets.digits().train[0][:200]


def order(W: np.ndarray) -> float:
    """Σ s⁴/(Σ s²)² of the singular values, over that of shuffled entries: 1 where the entries have no order."""
    def spread(matrix: np.ndarray) -> float:
        squares = np.linalg.svd(matrix.astype(float), compute_uv=False) ** 2
        return float((squares**2).sum() / squares.sum() ** 2)

    return spread(W) / spread(np.random.default_rng(0).permutation(W.ravel()).reshape(W.shape))


def lowest(score: Callable[[np.ndarray], Any], layers: slice = slice(5), offset: int = 1) -> Function:
    """The layer whose weights have the lowest score."""
    return lambda net, x: int(np.argmin([score(layer.W) for layer in net.layers[layers]])) + offset


def least_varied(net: Network, x: np.ndarray) -> int:
    """The hidden layer whose activations have the smallest deviation over the images."""
    net.forward(x)
    return int(np.argmin([layer.a.std(axis=0).mean() for layer in net.layers[:-1]])) + 1


FORGOTTEN = Exercise("09.4", lowest(order), outputs("layer", inputs=forgetful), (
    Mistake("one too small: layers count from 1, as in the table of diagnose", lowest(order, offset=0)),
    Mistake("one too large: this is the layer above", lowest(order, offset=2)),
    Mistake("this is the output layer, which was never pretrained: it is not one of those to look at",
            lowest(order, slice(None))),
    Mistake("this is the layer with the most order: the one with the least is looked for",
            lowest(lambda W: -order(W))),
    Mistake("this is the layer with the smallest weights. Does shuffling change their size?", lowest(np.std)),
    Mistake("this is the layer with the largest weights. Does shuffling change their size?",
            lowest(lambda W: -np.std(W))),
    Mistake("this is the layer whose activations differ least from image to image: those above a broken layer differ "
            "little too", least_varied),
    Mistake("this is layer 1 for every network", lambda net, x: 1),
), points=3, rounds=8)


# 09.5 Size without data ----------------------------------------------------------------------------------------------

def stack(rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Images and three matrices of equal shape, too small or too large."""
    n = int(rng.integers(6, 12))
    return rng.uniform(size=(40, n)), *(rng.uniform(0.1, 5) * rng.normal(size=(n, n)) for _ in range(3))


def rescaled(divisor: Callable[..., Any], f: Function = sigmoid.f, *, fixed: bool = False) -> Function:
    """W₁, W₂, W₃, each divided by divisor(z, W, a); fixed: all layers get the images themselves."""
    def function(x: np.ndarray, *matrices: np.ndarray) -> tuple[np.ndarray, ...]:
        a, found = x, []
        for W in matrices:
            found.append(W / divisor(a @ W, W, a))
            a = a if fixed else f(a @ found[-1])
        return tuple(found)

    return function


def at_once(x: np.ndarray, *matrices: np.ndarray) -> tuple[np.ndarray, ...]:
    """Each matrix divided by the deviation of z in the net as it was."""
    a, found = x, []
    for W in matrices:
        z = a @ W
        found.append(W / z.std())
        a = sigmoid.f(z)
    return tuple(found)


RESCALED = Exercise("09.5", rescaled(lambda z, W, a: z.std()), outputs("W1", "W2", "W3", inputs=stack), (
    Mistake("the layers above see the net as it was: when layer 1 is scaled, what does layer 2 get?", at_once),
    Mistake("each layer gets the images: which layers' outputs does it get in the network?",
            rescaled(lambda z, W, a: z.std(), fixed=True)),
    Mistake("the activation is left out between the layers", rescaled(lambda z, W, a: z.std(), lambda z: z)),
    Mistake("each matrix is divided by the variance of its z: what does division by a number do to a variance?",
            rescaled(lambda z, W, a: z.var())),
    Mistake("each matrix is divided by the root mean square of z, which has a mean: the inputs are positive",
            rescaled(lambda z, W, a: math.sqrt((z**2).mean()))),
    Mistake("each unit is scaled by a number of its own: one number for each layer is asked for",
            rescaled(lambda z, W, a: z.std(axis=0))),
    Mistake("the deviation is that over units alone, example by example, and then averaged",
            rescaled(lambda z, W, a: z.std(axis=1).mean())),
    Mistake("the deviation is that of the activations: it is z that shall have variance 1",
            rescaled(lambda z, W, a: sigmoid.f(z).std())),
    Mistake("the weights get variance 1, whatever z is", rescaled(lambda z, W, a: W.std())),
    Mistake("the weights are multiplied where they should be divided", rescaled(lambda z, W, a: 1 / z.std())),
    Mistake("each matrix is divided by the deviation of its inputs", rescaled(lambda z, W, a: a.std())),
), points=4)


EXERCISES = (ARRIVES, TIED, MASKING, FORGOTTEN, RESCALED)
