"""The exercises of chapter 10: choosing an initializer."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minnet import initializers
from minnet.coursework.exercises import Exercise, Function, Mistake, Observation
from minnet.coursework.observations import outputs
from minnet.network import Network, mlp

# 10.1 Unequal fans ---------------------------------------------------------------------------------------------------


def two_fans(rng: np.random.Generator) -> tuple[int, int]:
    """fan_in and fan_out, which differ."""
    fan_in = int(rng.integers(20, 1000))
    return fan_in, fan_in + int(rng.integers(1, 1000))


def sizes(fan_in: int, fan_out: int) -> tuple[float, float, float, float]:
    """σ_w² = fan_in · Var[W] of He, Glorot and PyTorch's default, and PyTorch's σ_b² = 1/(3 fan_in)."""
    return 2.0, 2 * fan_in / (fan_in + fan_out), 1 / 3, 1 / (3 * fan_in)


def sizes_with(he: Any = None, glorot: Any = None, pytorch: Any = None, bias: Any = None) -> Function:
    """The right sizes, but for parts that are functions of the fans."""
    def found(n: int, m: int) -> tuple[float, ...]:
        return tuple(part(n, m) if part else right
                     for part, right in zip((he, glorot, pytorch, bias), sizes(n, m), strict=True))

    return found


FANS = Exercise("10.1", sizes, outputs("he", "glorot", "pytorch", "bias", inputs=two_fans), (
    Mistake("these are the variances of one weight; σ_w² is fan_in times that",
            lambda n, m: (2 / n, 2 / (n + m), 1 / (3 * n), 1 / (3 * n))),
    Mistake("the variances are multiplied by fan_out: how many products does the sum z have?",
            lambda n, m: (2 * m / n, 2 * m / (n + m), m / (3 * n), 1 / (3 * n))),
    Mistake("these are standard deviations; σ_w² and σ_b² are variances",
            lambda n, m: tuple(np.sqrt(sizes(n, m)))),
    Mistake("he is LeCun's: by how much do He's weights make up for what ReLU loses?", sizes_with(he=lambda n, m: 1)),
    Mistake("glorot is multiplied by fan_out: how many products does the sum z have?",
            sizes_with(glorot=lambda n, m: 2 * m / (n + m))),
    Mistake("glorot is that of equal fans: put in the fans as they are", sizes_with(glorot=lambda n, m: 1)),
    Mistake("glorot has half of its variance: the mean of the fans is half their sum",
            sizes_with(glorot=lambda n, m: n / (n + m))),
    Mistake("glorot has the geometric mean of the fans; Glorot takes the arithmetic one",
            sizes_with(glorot=lambda n, m: np.sqrt(n / m))),
    Mistake("pytorch takes the bound of the interval for the standard deviation: what is the variance of U(−r, r)?",
            sizes_with(pytorch=lambda n, m: 1, bias=lambda n, m: 1 / n)),
    Mistake("pytorch takes r for the width of the interval, which goes from −r to r",
            sizes_with(pytorch=lambda n, m: 1 / 12, bias=lambda n, m: 1 / (12 * n))),
    Mistake("bias is multiplied by fan_in: how many biases does a unit have?", sizes_with(bias=lambda n, m: 1 / 3)),
    Mistake("bias is 0, as Keras has it; PyTorch draws the biases, too", sizes_with(bias=lambda n, m: 0)),
))


# 10.2 What a choice costs --------------------------------------------------------------------------------------------

FLOOR = 0.5                                                   # what the best start counts for at least


def accuracies(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Accuracies (starts, rates, seeds) on held-out and on test images: any numbers, so that no two choices agree."""
    shape = (6, 4, 5)
    return rng.uniform(0.1, 1, shape), rng.uniform(0.1, 1, shape)


def rule(select: np.ndarray, test: np.ndarray, start: np.ndarray | None = None, *, middle: Any = np.median,
         floor: float = FLOOR) -> tuple[int, np.ndarray]:
    """The best start and the costs. `select` chooses the rates and `start` the best start, as a rule the same."""
    medians = middle(select, axis=2)
    each = np.arange(len(test)), medians.argmax(axis=1)
    best = int((medians if start is None else middle(start, axis=2))[each].argmax())
    accuracy = test[each]
    return best, np.maximum(accuracy[best], floor) - accuracy


def changed(cost: Function) -> Function:
    """The right choices, with another cost of the right one, the best start and the accuracies at the rates chosen."""
    def found(held_out: np.ndarray, test: np.ndarray) -> tuple[int, np.ndarray]:
        best, right = rule(held_out, test)
        each = np.arange(len(test)), np.median(held_out, axis=2).argmax(axis=1)
        return best, cost(right, best, test[each], held_out[each])

    return found


def one_rate(held_out: np.ndarray, test: np.ndarray) -> tuple[int, np.ndarray]:
    """One rate for all starts: the one that is best on average."""
    rate = int(np.median(held_out, axis=2).mean(axis=0).argmax())
    return rule(held_out[:, [rate]], test[:, [rate]])


def rate_of_each_seed(held_out: np.ndarray, test: np.ndarray) -> tuple[int, np.ndarray]:
    """The best rate of each seed by itself."""
    best = int(np.median(held_out.max(axis=1), axis=1).argmax())
    accuracy = np.take_along_axis(test, held_out.argmax(axis=1)[:, None], axis=1)[:, 0]
    return best, np.maximum(accuracy[best], FLOOR) - accuracy


COST = Exercise("10.2", rule, outputs("best", "cost", inputs=accuracies), (
    Mistake("rates and the best start are chosen on the test images: which images may choose?",
            lambda held_out, test: rule(test, test)),
    Mistake("the rates are chosen on the held-out images, the best start on the test images",
            lambda held_out, test: rule(held_out, test, test)),
    Mistake("the best start is chosen on the held-out images, the rates on the test images",
            lambda held_out, test: rule(test, test, held_out)),
    Mistake("the mean over seeds chooses; the rule says the median",
            lambda held_out, test: rule(held_out, test, middle=np.mean)),
    Mistake("the luckiest seed chooses: the largest accuracy over seeds is taken, not the median",
            lambda held_out, test: rule(held_out, test, middle=np.max)),
    Mistake("the lowest accuracy is chosen: the stored results have errors, these arrays have accuracies",
            lambda held_out, test: rule(1 - held_out, test)),
    Mistake("each seed has a rate of its own: first the median over seeds, then the choice", rate_of_each_seed),
    Mistake("all starts have the same rate: each start has the one that suits it", one_rate),
    Mistake("the best start's accuracy is taken as it is, however low: what does the best start count for at least?",
            lambda held_out, test: rule(held_out, test, floor=0)),
    Mistake("both accuracies are raised to 0.5: that holds for the best start's alone",
            changed(lambda right, best, accuracy, _: (
                np.maximum(accuracy[best], FLOOR) - np.maximum(accuracy, FLOOR)))),
    Mistake("negative costs are set to 0: may a start have more test images right than the one that was chosen?",
            changed(lambda right, *_: np.maximum(right, 0))),
    Mistake("the cost is measured on the held-out images, which have chosen already",
            changed(lambda right, best, _, held_out: np.maximum(held_out[best], FLOOR) - held_out)),
    Mistake("the cost is against the best test accuracy of each seed, not against the start that was chosen",
            changed(lambda right, best, accuracy, _: np.maximum(accuracy.max(axis=0), FLOOR) - accuracy)),
    Mistake("the best start's median stands for all of its seeds: compare seed by seed",
            changed(lambda right, best, accuracy, _: np.maximum(np.median(accuracy[best]), FLOOR) - accuracy)),
    Mistake("the cost is one number for each start; one for each seed, too, is asked for",
            changed(lambda right, *_: np.median(right, axis=1))),
    Mistake("best is one too large: an index counts from 0",
            lambda held_out, test: (rule(held_out, test)[0] + 1, rule(held_out, test)[1])),
    Mistake("best is the index of a rate, not of a start: along which axis of (starts, rates) do the starts lie?",
            lambda held_out, test: (int(np.median(held_out, axis=2).max(axis=0).argmax()), rule(held_out, test)[1])),
), points=3, rounds=6)


# 10.3 Equal predictions ----------------------------------------------------------------------------------------------


def biases_and_factors(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """The biases of a net, (layers, units), and a factor for the weights of each layer."""
    layers = int(rng.integers(3, 7))
    return rng.normal(size=(layers, 8)), rng.uniform(0.3, 3, layers)


def matching(b: np.ndarray, t: np.ndarray) -> tuple[np.ndarray, float]:
    """Layer l of B has c_l = t_1 ⋯ t_l times the activations of A, and needs the biases c_l b."""
    c = np.cumprod(t)
    return b * c[:, None], float(c[-1])


def multiplied(by: Function) -> Function:
    """Biases multiplied by by(t), a number for each layer; the right factor."""
    return lambda b, t: (b * np.broadcast_to(by(t), t.shape)[:, None], np.prod(t))


EQUAL = Exercise("10.3", matching, outputs("biases", "factor", inputs=biases_and_factors), (
    Mistake("the biases are those of A: do they grow with the weights by themselves?", multiplied(lambda t: 1)),
    Mistake("the biases grow with their own layer's weights; what enters the layer has grown, too",
            multiplied(lambda t: t)),
    Mistake("the biases of a layer have the factor of the whole net: which layers has the signal passed there?",
            multiplied(np.prod)),
    Mistake("the biases lack the factor of their own layer: they are added to z, after the weights",
            multiplied(lambda t: np.cumprod(t) / t)),
    Mistake("the biases have the factors of the layers above: which layers has the signal passed there?",
            multiplied(lambda t: np.cumprod(t[::-1])[::-1])),
    Mistake("the biases are divided by the factor: do B's activations grow where t > 1, or shrink?",
            multiplied(lambda t: 1 / np.cumprod(t))),
    Mistake("the factors of the layers are added up: what does a second layer do to what the first has made?",
            lambda b, t: (b * np.cumsum(t)[:, None], np.sum(t))),
    Mistake("all layers have the factor of the first, to a power: t may differ from layer to layer",
            lambda b, t: (b * t[0] ** np.arange(1, len(t) + 1)[:, None], t[0] ** len(t))),
    Mistake("a root is taken of the factor: t multiplies weights, not variances",
            lambda b, t: (b * np.sqrt(np.cumprod(t))[:, None], np.sqrt(np.prod(t)))),
    Mistake("the factor is that of the last layer alone: what has grown below it?",
            lambda b, t: (matching(b, t)[0], t[-1])),
    Mistake("the factor is that of the last hidden layer: the outputs have weights, too",
            lambda b, t: (matching(b, t)[0], np.prod(t[:-1]))),
    Mistake("the factor is 1, but only the predictions are equal, which ask for the largest output alone",
            lambda b, t: (matching(b, t)[0], 1.0)),
), points=3)


# 10.4 Which start? ---------------------------------------------------------------------------------------------------

DRAWS = {"PyTorch": initializers.heuristic_uniform, "Glorot": initializers.glorot_uniform,
         "LeCun": initializers.lecun_normal, "orthogonal": initializers.orthogonal, "He": initializers.he_normal}


def from_each_start(function: Function, rng: np.random.Generator) -> Observation:
    """What a function says about a network from each of the starts: one part for each, of its name."""
    found: Observation = {}
    widths = [int(rng.integers(80, 120)), *[int(rng.integers(35, 50))] * 4, 10]
    for name, init in DRAWS.items():
        net = mlp(widths, activation="relu", init=init, rng=rng, dtype=np.float64)
        found |= outputs(name, inputs=lambda _, net=net: (net,))(function, rng)  # type: ignore[misc]
    return found


def variances(n: float, m: float) -> dict[str, float]:
    """The variance of a weight for each start that has independent weights."""
    return {"PyTorch": 1 / (3 * n), "Glorot": 2 / (n + m), "LeCun": 1 / n, "He": 2 / n}


def nearest(known: Any = variances, *, layer: int = 0, size: Function = np.var, orthogonal: bool = True) -> Function:
    """A function that finds orthogonal weights by their singular values, others by the nearest size of a weight."""
    def which_start(net: Network) -> str:
        W = net.layers[layer].W
        s = np.linalg.svd(W, compute_uv=False)
        if orthogonal and s.max() < 1.01 * s.min():
            return "orthogonal"
        candidates: dict[str, float] = known(*W.shape)
        return min(candidates, key=lambda name: abs(math.log(size(W) / candidates[name])))

    return which_start


WHICH = Exercise("10.4", nearest(), from_each_start, (
    Mistake("LeCun's weights are taken for Glorot's: in which layers do the two differ?", nearest(layer=1)),
    Mistake("Glorot's weights are taken for LeCun's: in which layers do the two differ?",
            nearest(lambda n, m: dict(reversed(variances(n, m).items())), layer=1)),
    Mistake("orthogonal weights are taken for LeCun's, whose variance they have: what else do their columns have?",
            nearest(orthogonal=False)),
    Mistake("the axes are exchanged: in minnet a matrix is (fan_in, fan_out), since z = x @ W",
            nearest(lambda n, m: variances(m, n))),
    Mistake("the answer is He for nearly all: is a standard deviation compared with variances?", nearest(size=np.std)),
    Mistake("the answer is PyTorch for nearly all: which factor lies between Var[W] and σ_w²?",
            nearest(lambda n, m: {name: n * v for name, v in variances(n, m).items()})),
    Mistake("LeCun's weights are taken for PyTorch's: is the bound of a uniform distribution its standard deviation?",
            nearest(lambda n, m: variances(n, m) | {"PyTorch": 1 / n})),
    Mistake("He's variance is that of fan_out: how many terms does z have?",
            nearest(lambda n, m: variances(n, m) | {"He": 2 / m})),
    Mistake("these are the names of initializers; the exercise asks for those of the starts, as the chapter's map has "
            "them", lambda net: {"PyTorch": "heuristic_uniform", "Glorot": "glorot_uniform", "LeCun": "lecun_normal",
                                 "orthogonal": "orthogonal", "He": "he_normal"}[nearest()(net)]),
), points=3)


# 10.5 How wide is safe? ----------------------------------------------------------------------------------------------


def depth_and_share(rng: np.random.Generator) -> tuple[int, float]:
    """A number of layers, and the share of dead nets that is allowed."""
    return int(rng.integers(5, 300)), float(rng.uniform(0.02, 0.95))


def exact_width(layers: int, share: float) -> float:
    """n with 1 − (1 − 2⁻ⁿ)^L = share."""
    return -math.log2(1 - (1 - share) ** (1 / layers))


def rounded_up(n: float) -> int:
    """The next whole number, at least 1."""
    return max(1, math.ceil(n))


SAFE = Exercise("10.5", lambda L, p: rounded_up(exact_width(L, p)), outputs("width", inputs=depth_and_share), (
    Mistake("rounded down: does this width keep the promise?", lambda L, p: math.floor(exact_width(L, p))),
    Mistake("rounded to the nearest: does this width always keep the promise?", lambda L, p: round(exact_width(L, p))),
    Mistake("a width is a whole number", exact_width),
    Mistake("one unit too many: does the loop add one after it has found the width?",
            lambda L, p: rounded_up(exact_width(L, p)) + 1),
    Mistake("the approximation L · 2⁻ⁿ asks for a unit too many where the share is large: use P itself",
            lambda L, p: rounded_up(math.log2(L / p))),
    Mistake("this is the width at which the share of *living* nets is that small: which of the two does P give?",
            lambda L, p: rounded_up(exact_width(L, 1 - p))),
    Mistake("this is right for a net of one layer: where does the depth enter?",
            lambda L, p: rounded_up(exact_width(1, p))),
    Mistake("the depth enters at the wrong place: this net would be dead only if all of its layers are",
            lambda L, p: rounded_up(-math.log2(p) / L)),
    Mistake("the logarithm has the base e: a unit is negative with probability ½, so which base is right?",
            lambda L, p: rounded_up(exact_width(L, p) * math.log(2))),
    Mistake("here the probability that a layer is 0 is 1/(2n): all of its units have to be, independently",
            lambda L, p: rounded_up(0.5 / (1 - (1 - p) ** (1 / L)))),
), rounds=12)


EXERCISES = (FANS, COST, EQUAL, WHICH, SAFE)
