"""Weights that are learned from data before training: one layer at a time, each as an autoencoder of the one below.

    stack = greedy_pretrain(net, x, optimizer=SGD(0.1), epochs=10, batch_size=20, rng=0,
                            corruption=partial(masking, rate=0.25))
    fit(net, (x, y), …)                                 # fine-tune: net starts from the learned W and b
    fit(net, (x, y), …, span=net.span(-1))              # or train the last layer only, the features frozen
    deep = unrolled(net, stack)                         # or put the decoders on top: a deep autoencoder,
    fit(deep, (x, x), …)                                # which learns to give x back

An autoencoder of one layer encodes and decodes,

    h = f(x W + b),     z = h V + c,     V = Wᵀ where the weights are tied,

and learns to give x back from a damaged x̃ (Vincent et al. 2010): the loss compares z with the clean x. It has its own
vector and hand-written gradients, and `train` trains it as it trains a network. *Greedy*: layer k sees the codes of the
finished, frozen layer k − 1, which are computed once. Hinton & Salakhutdinov 2006 (with Boltzmann machines, see
`boltzmann`); Bengio, Lamblin, Popovici & Larochelle 2007 (with autoencoders).
"""

# numpy types what a ufunc returns as Any:
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from minnet import activations, checks, initializers, losses
from minnet.activations import Activation
from minnet.arrays import sum_of_rows
from minnet.initializers import Initializer, glorot_uniform
from minnet.layers import Dense
from minnet.losses import Loss
from minnet.network import Network
from minnet.optimizers import Optimizer
from minnet.parameters import Model, parameter
from minnet.pretraining.boltzmann import BoltzmannMachine
from minnet.pretraining.data_dependent import dense_layers, inputs_of
from minnet.reporting import described, progress_bar
from minnet.training import History, train

Corruption = Callable[[np.random.Generator, np.ndarray], np.ndarray]


# Corruptions: (rng, x) → x̃, x a float array that stays as it is; their strength is set with functools.partial ---

def masking(rng: np.random.Generator, x: np.ndarray, *, rate: float) -> np.ndarray:
    """Each entry is set to 0 with probability `rate` in [0, 1]. Vincent, Larochelle, Lajoie, Bengio & Manzagol 2010."""
    return x * (_uniform(rng, x) >= _rate(rate))


def salt_and_pepper(rng: np.random.Generator, x: np.ndarray, *, rate: float) -> np.ndarray:
    """Each entry is set to the smallest or largest value of x, at even odds, with probability `rate` in [0, 1]."""
    u, rate = _uniform(rng, x), _rate(rate)
    return np.where(u < rate / 2, x.min(), np.where(u < rate, x.max(), x))


def gaussian_noise(rng: np.random.Generator, x: np.ndarray, *, std: float) -> np.ndarray:
    """x + ε with ε ~ N(0, std²), std ≥ 0; what is added may lead out of [0, 1], which only the clean x has to keep."""
    return x + checks.number("std", std, least=0) * rng.standard_normal(x.shape, dtype=_float(x))


def _uniform(rng: np.random.Generator, x: np.ndarray) -> np.ndarray:
    return rng.random(x.shape, dtype=_float(x))


def _float(x: np.ndarray) -> Any:
    if x.dtype not in (np.float32, np.float64):
        raise TypeError(f"expected x in float32 or float64, got {x.dtype}: convert with x.astype(np.float32)")
    return x.dtype.type


def _rate(rate: float) -> float:
    return checks.number("rate", rate, least=0, most=1)


# One layer ---------------------------------------------------------------------------------------------------

# f″ as a function of a = f(z), which the contractive penalty's gradient needs.
_SECOND: dict[Activation, Callable[[np.ndarray], np.ndarray]] = {
    activations.sigmoid: lambda a: a * (1 - a) * (1 - 2 * a), activations.tanh: lambda a: -2 * a * (1 - a * a),
    activations.identity: np.zeros_like, activations.relu: np.zeros_like}


class Autoencoder(Model):
    """h = f(x W + b), z = h V + c: x (n, fan_in), h (n, units), z (n, fan_in) before the output function.

    The loss decides what z means: with `losses.sigmoid_cross_entropy` σ(z) is compared with x in [0, 1], with
    `squared_error` z itself with any x. tied=True: V = Wᵀ, one array with two terms in its gradient; otherwise V = U
    (units, fan_in), which is learned on its own.

    - corruption: a function (rng, x) → x̃ such as partial(masking, rate=0.25); the loss compares with the clean x. It
      is tried at once, on a batch of ½.
    - contractive: weight λ of λ · mean ‖∂h/∂x‖² = λ · mean_n Σ_j f′(z_nj)² Σ_i W_ij², which makes the code insensitive
      (Rifai, Vincent, Muller, Glorot & Bengio 2011); sigmoid, tanh, ReLU, identity.
    - sparse: weight β of β Σ_j KL(ρ ‖ mean_n h_nj), ρ = `sparsity`, which makes most units rest (for the sigmoid).

    `params`, `grads`: one vector (W, b, [U,] c). rng draws W, and U, from `init`. Train it with
    `fit(model, (x, x), loss=…, …)`. Raises TypeError or ValueError for settings out of range.
    """

    W, dW = parameter("fan_in", "units", decays=True)
    b, db = parameter("units")
    U, dU = parameter("untied_units", "fan_in", decays=True)
    c, dc = parameter("fan_in")

    def __init__(self, fan_in: int, units: int, activation: Activation = activations.sigmoid, *, tied: bool = True,
                 corruption: Corruption | None = None, contractive: float = 0.0, sparse: float = 0.0,
                 sparsity: float = 0.05, init: Initializer = glorot_uniform, rng: int | np.random.Generator,
                 dtype: Any = np.float32) -> None:
        self.fan_in, self.units = checks.count("fan_in", fan_in), checks.count("units", units)
        self.activation, self.corruption = activations.named(activation), corruption
        self.tied = checks.boolean("tied", tied)
        self.contractive = checks.number("contractive", contractive, least=0)
        self.sparse = checks.number("sparse", sparse, least=0)
        self.sparsity = checks.number("sparsity", sparsity, above=0, below=1)
        if not callable(corruption) and corruption is not None:
            raise TypeError("expected corruption to be a function of (rng, x), such as partial(masking, rate=0.25), "
                            f"got {corruption!r}")
        if self.contractive and activation not in _SECOND:
            raise ValueError("the contractive penalty needs f″, which is known here for "
                             f"{', '.join(map(str, _SECOND))}; got {activation}")
        if self.sparse and activation.range != (0.0, 1.0):
            raise ValueError("the sparsity penalty compares mean activations with a probability: expected sigmoid "
                             f"units, got {activation} with values in {activation.range}")
        self.untied_units = 0 if tied else self.units               # so that U is empty where the weights are tied
        self.allocate(dtype)
        self._damaged(np.full((2, self.fan_in), 0.5, dtype), np.random.default_rng(0))
        first, second = checks.generator(rng).spawn(2)
        init = initializers.named("init", init)
        self.W = initializers.drawn(init, first, self.W)
        if not tied:
            self.U = initializers.drawn(init, second, self.U)

    @property
    def V(self) -> np.ndarray:
        """The decoder's weights (units, fan_in): Wᵀ where they are tied."""
        return self.W.T if self.tied else self.U

    def encode(self, x: np.ndarray) -> np.ndarray:
        """h = f(x W + b), (n, units), of clean x."""
        return self.activation.f(checks.batch("x", x, self.fan_in, self.params.dtype).dot(self.W) + self.b)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """z = h V + c for clean x; σ(z) is the reconstruction where the loss is a cross-entropy."""
        return self.encode(x).dot(self.V) + self.c

    def gradient(self, x: np.ndarray, y: np.ndarray, loss: Loss, *, training: bool = True,
                 rng: int | np.random.Generator | None = None) -> float:
        """Fill `grads` for inputs x and targets y (usually x itself); returns the loss, penalties included.

        training=True corrupts x with noise from `rng`; without a corruption none is needed.
        """
        x = checks.batch("x", x, self.fan_in, self.params.dtype)
        if training and self.corruption is not None:
            if rng is None:
                raise ValueError("the corruption draws noise in training: expected rng, got None; pass rng=0 or a "
                                 "Generator")
            x = self._damaged(x, checks.generator(rng))
        z = x.dot(self.W)
        z += self.b
        h = self.activation.f(z)
        self.outputs = h.dot(self.V) + self.c
        value, dz = loss(self.outputs, y)
        dh = dz.dot(self.V.T)
        slope = self.activation.df(z, h)
        if self.sparse:
            value += self._sparse(h, dh)
        delta = dh * slope
        if self.contractive:
            value += self._contract(h, slope, delta)
        sum_of_rows(delta, out=self.db)
        sum_of_rows(dz, out=self.dc)
        if self.tied:                       # W encodes and decodes: dW = x̃ᵀδ + dzᵀh, both terms in one product
            np.concatenate([x, dz]).T.dot(np.concatenate([delta, h]), out=self.dW)
        else:
            x.T.dot(delta, out=self.dW)
            h.T.dot(dz, out=self.dU)
        if self.contractive:                # and the penalty's own dependence on W
            self.dW += (2 * self.contractive / len(x)) * self.W * np.square(slope).sum(axis=0)
        return value

    def _damaged(self, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """x̃ in x's dtype; it needs the shape of x, and nothing else: noise may lead out of [0, 1]."""
        if self.corruption is None:
            return x
        try:
            damaged = np.asarray(self.corruption(rng, x))
        except TypeError as error:
            error.add_note("a corruption is called as corruption(rng, x); what else it takes is set beforehand, as in "
                           "partial(masking, rate=0.25)")
            raise
        if damaged.shape != x.shape:
            raise ValueError(f"expected {described(self.corruption)} to return an array of x's shape {x.shape}, got "
                             f"{damaged.shape}")
        return damaged.astype(x.dtype, copy=False)

    def _sparse(self, h: np.ndarray, dh: np.ndarray) -> float:
        """β Σ_j KL(ρ ‖ ρ̂_j) with ρ̂ the mean activation; adds its derivative to dh."""
        rho, mean = self.sparsity, h.mean(axis=0, dtype=np.float64).clip(1e-7, 1 - 1e-7)
        dh += (self.sparse / len(h)) * ((1 - rho) / (1 - mean) - rho / mean)
        return self.sparse * float((rho * np.log(rho / mean) + (1 - rho) * np.log((1 - rho) / (1 - mean))).sum())

    def _contract(self, h: np.ndarray, slope: np.ndarray, delta: np.ndarray) -> float:
        """λ · mean_n Σ_j f′² w_j with w_j = Σ_i W_ij²; adds 2λ f′ f″ w_j/n, its derivative by z, to delta."""
        w = np.square(self.W).sum(axis=0)
        delta += (2 * self.contractive / len(h)) * slope * _SECOND[self.activation](h) * w
        return self.contractive * float(np.square(slope).sum(axis=0) @ w) / len(h)

    def __repr__(self) -> str:
        kind = "tied" if self.tied else "untied"
        settings = "".join(f", {name}={described(value)}" for name in ("corruption", "contractive", "sparse")
                           if (value := getattr(self, name)))
        return f"Autoencoder({self.fan_in}, {self.units}, {self.activation}, {kind}{settings})"


# The stack ---------------------------------------------------------------------------------------------------

@dataclass
class Stack:
    """What greedy pre-training leaves: of each finished layer, bottom up, the model, its History, and its loss.

    `interrupted`: Ctrl-C ended it; the finished layers are in the network, the others are as they were, and
    `greedy_pretrain(…, stack=stack)` goes on.
    """

    models: list[Any] = field(default_factory=list)
    histories: list[History] = field(default_factory=list)
    losses: list[Loss] = field(default_factory=list)
    interrupted: bool = False

    def __repr__(self) -> str:
        lines = [f"{model}: {described(loss)} "
                 + (f"{history.loss[0]:.4g} → {history.loss[-1]:.4g} in {len(history)} epochs" if history else
                    "not trained: 0 epochs")
                 for model, history, loss in zip(self.models, self.histories, self.losses, strict=True)]
        return "\n".join([*lines, "interrupted"] if self.interrupted else lines) or "Stack()"


def greedy_pretrain(net: Network, x: np.ndarray, *, optimizer: Optimizer | Sequence[Optimizer],
                    epochs: int | Sequence[int], batch_size: int, rng: int | np.random.Generator,
                    corruption: Corruption | Sequence[Corruption | None] | None = None,
                    loss: Loss | Sequence[Loss] | None = None, layers: int | None = None,
                    model: Callable[..., Any] | Sequence[Callable[..., Any]] = Autoencoder, stack: Stack | None = None,
                    progress: bool | None = None) -> Stack:
    """Pre-train the Dense layers of `net` on x (n, fan_in), one after the other; labels are not needed.

    Layer k is trained as an autoencoder of the codes of layer k − 1, which are computed once, from the W and b that it
    has; what it learns is copied into `net` when it is finished.

    - x: best in [0, 1] or of variance about 1; a RuntimeWarning says so for a root mean square above 10.
    - optimizer: one for all layers, or one for each; linear codes want a learning rate ten times smaller.
    - epochs: of every layer, or one number for each. batch_size: of every layer.
    - layers: how many, from below; by default all but the last, the classifier. For a deep autoencoder: all.
    - corruption: a function (rng, x) → x̃, or one (or None) for each layer.
    - loss: by default sigmoid_cross_entropy where a layer's inputs lie in [0, 1] (x itself, or sigmoid units below),
      else squared_error; or one function, or one for each layer.
    - model: what trains a layer: `Autoencoder`, a partial of it (tied, contractive, sparse …), or `BoltzmannMachine`;
      called as model(fan_in, units, activation, rng=…, dtype=…), and corruption=… where there is one. Or one for each
      layer: Hinton & Salakhutdinov 2006 have Boltzmann machines, and a linear code layer on top.
    - rng: one child for each layer, so that a layer does not depend on how many follow, nor on what was run before.
    - stack: what an earlier call returned, interrupted or with fewer `layers`: its layers are skipped. With the same
      seed and settings the result is that of one call; fine-tune only afterwards.

    Dropout between the layers is passed by; other layers than Dense raise TypeError. Ctrl-C returns early, with the
    layers that are finished, and a RuntimeWarning says how many. Raises ValueError where inputs do not fit the loss,
    or `stack` the network, and Diverged where training diverges.
    """
    dense = dense_layers(net)
    count = len(dense) - 1 if layers is None else checks.count("layers", layers)
    if layers is None and not count:
        raise ValueError("expected a network with a hidden layer, got one with the classifier alone, which needs "
                         "labels; layers=1 pre-trains it nonetheless")
    if not 1 <= count <= len(dense):
        raise ValueError(f"expected between 1 and {len(dense)} layers to pre-train, got {count}: by default all but "
                         "the last are, the classifier, which needs labels; `layers` says how many")
    if any(isinstance(one, Model) for one in (model if isinstance(model, Sequence) else [model])):
        raise TypeError("expected model to be a function that makes the model of a layer, such as Autoencoder or "
                        f"partial(Autoencoder, tied=False), got {model!r}")
    corruptions = _one_for_each("corruption", corruption, count, _function_or_none)
    optimizers = _one_for_each("optimizer", optimizer, count, lambda one: isinstance(one, Optimizer))
    makers = _one_for_each("model", model, count, callable)
    several = _one_for_each("epochs", epochs, count, lambda one: not isinstance(one, Sequence))
    several = [checks.count("epochs", one, least=0) for one in several]
    ranges = [(0.0, 1.0) if _within(x := inputs_of(net, x)) else (-math.inf, math.inf)]
    ranges += [layer.activation.range for layer in dense[:count - 1]]
    chosen = _one_for_each("loss", loss, count, _function_or_none)
    for i, (one, (low, high)) in enumerate(zip(chosen, ranges, strict=True)):
        fits = low >= 0 and high <= 1
        chosen[i] = one or (losses.sigmoid_cross_entropy if fits else losses.squared_error)
        if one is losses.sigmoid_cross_entropy and not fits:
            what = "x" if i == 0 else f"the outputs of layer {i}, {dense[i - 1].activation},"
            raise ValueError(f"sigmoid_cross_entropy needs inputs in [0, 1], and {what} may lie in [{low:g}, "
                             f"{high:g}]: rescale them, or use squared_error for this layer")
    children, stack = checks.generator(rng).spawn(count), _continued(stack, dense[:count])
    models = [make(layer.fan_in, layer.fan_out, layer.activation, rng=child.spawn(1)[0], dtype=net.dtype,
                    **({} if noise is None else {"corruption": noise}))
              for make, layer, noise, child in zip(makers, dense[:count], corruptions, children, strict=True)]
    if (size := math.sqrt(np.square(x, dtype=np.float64).mean())) > 10:
        warnings.warn(f"x has a root mean square of {size:.3g}, at which units saturate: divide pixels by 255, or "
                      "scale every feature to variance 1", RuntimeWarning, stacklevel=2)
    finished = len(stack.models)
    bar = progress_bar(sum(several[finished:]), progress)
    try:
        for i, (layer, one, child) in enumerate(zip(dense[:count], models, children, strict=True)):
            if i < finished:
                x = layer(x) if i + 1 < count else x
                continue
            one.W, one.b = layer.W, layer.b
            bar.set_description(f"layer {i + 1} of {count}", refresh=False)
            history = History()
            for record in train(one, (x, x), loss=chosen[i], optimizer=optimizers[i], epochs=several[i],
                                batch_size=batch_size, rng=child):
                history.append(record)
                bar.set_postfix(loss=f"{record.loss:.4g}", refresh=False)
                bar.update()
            layer.W, layer.b = one.W, one.b
            stack.models.append(one)
            stack.histories.append(history)
            stack.losses.append(chosen[i])
            x = layer(x) if i + 1 < count else x
    except KeyboardInterrupt:
        stack.interrupted = True
        warnings.warn(f"pre-training was interrupted: {len(stack.models)} of {count} layers are finished, the others "
                      "are as they were; the same call with stack=…, the Stack that this one returns, goes on",
                      RuntimeWarning, stacklevel=2)
    except Exception as error:
        error.add_note(f"while pre-training layer {len(stack.models) + 1} of {count}; what the layers below it have "
                       "learned is in the network")
        raise
    finally:
        bar.close()
    return stack


def unrolled(net: Network, stack: Stack) -> Network:
    """A deep autoencoder: the pre-trained layers of `net`, then their decoders (Hinton & Salakhutdinov 2006).

        x → h₁ → … → h_k → … → h₁ → z:      encoders h_i = f_i(h_{i−1} W_i + b_i), decoders g_i(h_i V_i + c_i)

    g_i is what stood between z and the codes when they were compared: σ where the loss was a cross-entropy, else the
    identity. So the network computes at first what the layers have learned. The last layer, at x, is linear: its output
    function is part of the loss. W and b are copied from `net` as it is now, V and c from the stack; from here on all
    are separate. Dropout is left out. A stack of fewer layers than `net` has, an interrupted one too, gives a
    shallower autoencoder: the layers that are not in it are left out.
    """
    dense = dense_layers(net)[:len(stack.models)]
    if not stack.models:
        raise ValueError("expected a stack with at least one finished layer, got none: run greedy_pretrain first")
    if [layer.W.shape for layer in dense] != [one.W.shape for one in stack.models]:
        raise ValueError(f"expected the network that the stack was made with, whose first layers have W of shapes "
                         f"{[one.W.shape for one in stack.models]}, got {[layer.W.shape for layer in dense]}")
    up = [Dense(layer.fan_in, layer.fan_out, layer.activation, layer.init, layer.bias_init) for layer in dense]
    down = []
    for i, (layer, one, loss) in enumerate(zip(dense, stack.models, stack.losses, strict=True)):
        squashed = loss is losses.sigmoid_cross_entropy or isinstance(one, BoltzmannMachine)
        g = activations.sigmoid if squashed and i > 0 else activations.identity
        down.append(Dense(layer.fan_out, layer.fan_in, g))
    deep = Network([*up, *reversed(down)], rng=0, dtype=net.dtype)
    for encoder, decoder, layer, one in zip(up, down, dense, stack.models, strict=True):
        encoder.W, encoder.b, decoder.W, decoder.b = layer.W, layer.b, one.V, one.c
    return deep


def _continued(stack: Stack | None, dense: list[Dense]) -> Stack:
    """A Stack of one's own to go on with; its finished layers must be what the network has."""
    if stack is None:
        return Stack()
    if not isinstance(stack, Stack):
        raise TypeError(f"expected stack to be what greedy_pretrain returned, got {stack!r}")
    if len(stack.models) > len(dense) or not all(np.array_equal(layer.W, one.W) and np.array_equal(layer.b, one.b)
                                                 for layer, one in zip(dense, stack.models, strict=False)):
        raise ValueError(f"expected a stack of at most {len(dense)} layers whose W and b the network still has, got "
                         f"one of {len(stack.models)}: go on with the network it was made with, before fine-tuning")
    return Stack(list(stack.models), list(stack.histories), list(stack.losses))


def _within(x: np.ndarray) -> bool:
    return bool(x.min() >= 0 and x.max() <= 1)


def _function_or_none(value: Any) -> bool:
    return value is None or callable(value)


def _one_for_each(name: str, value: Any, count: int, fits: Callable[[Any], bool]) -> list[Any]:
    if fits(value):
        return [value] * count
    if isinstance(value, Sequence) and len(value) == count and all(map(fits, value)):
        return list(value)
    kind = {"optimizer": "optimizer such as optimizers.SGD(learning_rate=0.1)", "epochs": "whole number",
            "corruption": "function such as partial(masking, rate=0.25)"}.get(name, "function")
    raise ValueError(f"expected {name} to be one {kind}, or one for each of the {count} layers, got {value!r}")
