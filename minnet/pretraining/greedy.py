"""Greedy layer-wise pre-training: each layer learns from the codes of the layer below, before the network is trained.

    stack = greedy_pretrain(net, x, optimizer=SGD(0.1), epochs=10, batch_size=20, rng=0,
                            corruption=partial(masking, rate=0.25))
    fit(net, (x, y), …)                                 # fine-tune: net starts from the learned W and b
    fit(net, (x, y), …, span=net.span(-1))              # or train the last layer only, with the features frozen
    deep = unrolled(net, stack)                         # or put the decoders on top: a deep autoencoder,
    fit(deep, (x, x), …)                                # which learns to restore x

*Greedy*: while layer k learns, the layers below it are finished and frozen, so their codes are computed once. A layer
is learned by an `Autoencoder` (Bengio, Lamblin, Popovici & Larochelle 2007) or by a `BoltzmannMachine` (Hinton,
Osindero & Teh 2006; Hinton & Salakhutdinov 2006).
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from minnet import activations, checks, losses
from minnet.layers import Dense
from minnet.losses import Loss
from minnet.network import Network
from minnet.optimizers import Optimizer
from minnet.parameters import Model
from minnet.pretraining.autoencoder import Autoencoder
from minnet.pretraining.corruption import Corruption
from minnet.pretraining.data_dependent import dense_layers, inputs_of
from minnet.reporting import described, printable, progress_bar
from minnet.training import History, train


@dataclass
class Stack:
    """The result of greedy pre-training: the model, the History and the loss of each finished layer, bottom up.

    `interrupted`: Ctrl-C ended the run. The finished layers are in the network, the others are unchanged, and
    `greedy_pretrain(…, stack=stack)` continues.
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
        return printable("\n".join([*lines, "interrupted"] if self.interrupted else lines)) or "Stack()"


def greedy_pretrain(net: Network, x: np.ndarray, *, optimizer: Optimizer | Sequence[Optimizer],
                    epochs: int | Sequence[int], batch_size: int, rng: int | np.random.Generator,
                    corruption: Corruption | Sequence[Corruption | None] | None = None,
                    loss: Loss | Sequence[Loss | None] | None = None, layers: int | None = None,
                    model: Callable[..., Any] | Sequence[Callable[..., Any]] = Autoencoder, stack: Stack | None = None,
                    progress: bool | None = None) -> Stack:
    """Pre-train the Dense layers of `net` on x (n, fan_in), one after the other; labels are not needed.

    Layer k is trained as the encoder of an autoencoder of the codes of layer k − 1. It starts from the W and b that it
    has; the learned ones are copied into `net` when it is finished.

    - x: best in [0, 1] or with variance about 1; a RuntimeWarning is given for a root mean square above 10.
    - optimizer: one for all layers, or one for each; a linear code layer needs a learning rate ten times smaller.
    - epochs: one number for all layers, or one for each. batch_size: of all layers.
    - layers: how many layers, from the bottom; by default all but the last, the classifier. A deep autoencoder needs
      all of them.
    - corruption: a function (rng, x) → x̃, or one (or None) for each layer.
    - loss: by default sigmoid_cross_entropy where a layer's inputs lie in [0, 1] (x itself, or sigmoid units below),
      else squared_error; or one function, or one (or None) for each layer.
    - model: what trains a layer: `Autoencoder`, a partial of it (tied, contractive, sparse …), or `BoltzmannMachine`;
      called as model(fan_in, units, activation, rng=…, dtype=…), with corruption=… where there is one. Or one for each
      layer: Hinton & Salakhutdinov 2006 have Boltzmann machines, and a linear code layer on top.
    - rng: each layer gets its own child, so that its result does not depend on how many layers follow.
    - stack: the result of an earlier call, interrupted or with fewer `layers`: its layers are skipped. With the same
      seed and settings the result is that of a single call. Fine-tune only afterwards.

    Dropout between the layers is skipped, as in prediction; other layers than Dense raise TypeError. After Ctrl-C the
    finished layers are returned, and a RuntimeWarning says how many. Raises ValueError where inputs do not fit the
    loss, or `stack` does not fit the network, and Diverged where training diverges.
    """
    dense = _layers_to_train(net, layers)
    x = inputs_of(net, x)
    tasks = _tasks(dense, x, optimizer, epochs, rng, corruption, loss, model)
    stack = _continued(stack, dense)
    if (size := math.sqrt(np.square(x, dtype=np.float64).mean())) > 10:
        warnings.warn(f"x has a root mean square of {size:.3g}, at which units saturate: divide pixels by 255, or "
                      "scale every feature to variance 1", RuntimeWarning, stacklevel=2)
    finished, count = len(stack.models), len(tasks)
    bar = progress_bar(sum(task.epochs for task in tasks[finished:]), progress)
    try:
        for k, task in enumerate(tasks, start=1):
            if k > finished:
                bar.set_description(f"layer {k} of {count}", refresh=False)
                history = _train_layer(task, x, batch_size, bar)
                stack.histories.append(history)
                stack.losses.append(task.loss)
                stack.models.append(task.model)          # last: a layer is finished when its model is there
            if k < count:
                x = task.layer(x)                        # the codes of this layer are the data of the next
    except KeyboardInterrupt:
        stack.interrupted = True
        warnings.warn(f"pre-training was interrupted: {len(stack.models)} of {count} layers are finished, the others "
                      "are unchanged; to continue, repeat the call with stack=…, the Stack that this one returns",
                      RuntimeWarning, stacklevel=2)
    except Exception as error:
        error.add_note(f"while pre-training layer {len(stack.models) + 1} of {count}; the network has what the layers "
                       "below it have learned")
        raise
    finally:
        del stack.histories[len(stack.models):], stack.losses[len(stack.models):]     # an interrupt between the lines
        bar.close()
    return stack


@dataclass
class _Task:
    """What one layer is trained with."""

    layer: Dense
    model: Any
    loss: Loss
    optimizer: Optimizer
    epochs: int
    rng: np.random.Generator


def _train_layer(task: _Task, x: np.ndarray, batch_size: int, bar: Any) -> History:
    """Train the layer's model to restore x, and copy the encoder into the layer."""
    layer, model, history = task.layer, task.model, History()
    model.W, model.b = layer.W, layer.b
    for record in train(model, (x, x), loss=task.loss, optimizer=task.optimizer, epochs=task.epochs,
                        batch_size=batch_size, rng=task.rng):
        history.append(record)
        bar.set_postfix(loss=f"{record.loss:.4g}", refresh=False)
        bar.update()
    layer.W, layer.b = model.W, model.b
    return history


def unrolled(net: Network, stack: Stack) -> Network:
    """A deep autoencoder: the pre-trained layers of `net`, then their decoders (Hinton & Salakhutdinov 2006).

        x → h₁ → … → h_k → … → h₁ → z:      encoders h_i = f_i(h_{i−1} W_i + b_i), decoders g_i(h_i V_i + c_i)

    g_i is the output function with which layer i was learned: σ where the loss was a cross-entropy or the model a
    binary Boltzmann machine, else the identity. So the network at first computes what the layers have learned. The last
    layer, whose outputs are compared with x, is linear: its output function is part of the loss. W and b are copied
    from `net` as it is now, V and c from the stack; `net` and the new network then share nothing. Dropout is left out.
    A stack of fewer layers than `net` has, also an interrupted one, gives a shallower autoencoder of its layers.
    Raises ValueError for an empty stack, and for a network of other shapes or other units than the stack's.
    """
    dense = dense_layers(net)[:len(_checked_stack(stack).models)]
    if not stack.models:
        raise ValueError("expected a stack with at least one finished layer, got none: run greedy_pretrain first")
    if [layer.W.shape for layer in dense] != [one.W.shape for one in stack.models]:
        raise ValueError(f"expected the network that the stack was made with, whose first layers have W of shapes "
                         f"{[one.W.shape for one in stack.models]}, got {[layer.W.shape for layer in dense]}")
    _check_units(dense, stack)
    up = [Dense(layer.fan_in, layer.fan_out, layer.activation, layer.init, layer.bias_init) for layer in dense]
    down = []
    for i, (layer, one, loss) in enumerate(zip(dense, stack.models, stack.losses, strict=True)):
        function = getattr(one, "output_function", None) or getattr(loss, "output_function", None)
        g = activations.sigmoid if function is activations.sigmoid.f and i > 0 else activations.identity
        down.append(Dense(layer.fan_out, layer.fan_in, g))
    deep = Network([*up, *reversed(down)], rng=0, dtype=net.dtype)
    for encoder, decoder, layer, one in zip(up, down, dense, stack.models, strict=True):
        encoder.W, encoder.b, decoder.W, decoder.b = layer.W, layer.b, one.V, one.c
    return deep


# Checks of the arguments, and what follows from them for each layer ---------------------------------------------

def _layers_to_train(net: Network, layers: int | None) -> list[Dense]:
    """The Dense layers to pre-train, from the bottom: by default all but the last."""
    dense = dense_layers(net)
    count = len(dense) - 1 if layers is None else checks.count("layers", layers)
    if not count:
        raise ValueError("expected a network with a hidden layer, got one with the classifier alone, which needs "
                         "labels; layers=1 pre-trains it nonetheless")
    if count > len(dense):
        raise ValueError(f"expected between 1 and {len(dense)} layers to pre-train, got {count}: `layers` says how "
                         "many; by default it is all but the last, the classifier")
    return dense[:count]


def _tasks(dense: list[Dense], x: np.ndarray, optimizer: Any, epochs: Any, rng: Any, corruption: Any, loss: Any,
           model: Any) -> list[_Task]:
    """The arguments of greedy_pretrain, checked and sorted by layer; each layer's model is made here."""
    count = len(dense)
    if any(isinstance(one, Model) for one in (model if isinstance(model, Sequence) else [model])):
        raise TypeError("expected model to be a function that makes the model of a layer, such as Autoencoder or "
                        f"partial(Autoencoder, tied=False), got {model!r}")
    corruptions = _one_for_each("corruption", corruption, count, _function_or_none)
    optimizers = _one_for_each("optimizer", optimizer, count, lambda one: isinstance(one, Optimizer))
    makers = _one_for_each("model", model, count, callable)
    several = [checks.count("epochs", one, least=0)
               for one in _one_for_each("epochs", epochs, count, lambda one: not isinstance(one, Sequence))]
    given = _one_for_each("loss", loss, count, _function_or_none)
    inputs = [("x lies", (float(x.min()), float(x.max())))]
    inputs += [(f"the outputs of layer {k}, {layer.activation}, may lie", layer.activation.range)
               for k, layer in enumerate(dense[:-1], start=1)]
    tasks = []
    for i, (layer, child) in enumerate(zip(dense, checks.generator(rng).spawn(count), strict=True)):
        noise = {} if corruptions[i] is None else {"corruption": corruptions[i]}
        one = makers[i](layer.fan_in, layer.fan_out, layer.activation, rng=child.spawn(1)[0], dtype=layer.W.dtype,
                        **noise)
        tasks.append(_Task(layer, one, _chosen_loss(given[i], one, *inputs[i]), optimizers[i], several[i], child))
    return tasks


def _chosen_loss(given: Loss | None, model: Any, what: str, interval: tuple[float, float]) -> Loss:
    """The loss of a layer whose inputs lie in this interval: the given one, if it fits, or the default."""
    low, high = interval
    function = getattr(model, "output_function", None)           # a Boltzmann machine's; an Autoencoder takes any
    squashed = low >= 0 and high <= 1 if function is None else function is activations.sigmoid.f
    loss = given or (losses.sigmoid_cross_entropy if squashed else losses.squared_error)
    if hasattr(model, "check_loss"):
        model.check_loss(loss)
    if loss is losses.sigmoid_cross_entropy and not (low >= 0 and high <= 1):
        remedy = "use squared_error for this layer" if function is None else "take gaussian=True for this machine"
        raise ValueError(f"sigmoid_cross_entropy needs inputs in [0, 1], and {what} in [{low:g}, {high:g}]: rescale "
                         f"them, or {remedy}")
    return loss


def _continued(stack: Stack | None, dense: list[Dense]) -> Stack:
    """A new Stack that begins with the finished layers of this one, which the network must still have."""
    if stack is None:
        return Stack()
    learned = _checked_stack(stack).models
    if len(learned) > len(dense) or not all(np.array_equal(layer.W, one.W) and np.array_equal(layer.b, one.b)
                                            for layer, one in zip(dense, learned, strict=False)):
        raise ValueError(f"expected a stack of at most {len(dense)} layers whose W and b the network still has, got "
                         f"one of {len(learned)}: continue with the network it was made with, before fine-tuning")
    _check_units(dense, stack)
    return Stack(list(stack.models), list(stack.histories), list(stack.losses))


def _checked_stack(value: Any) -> Stack:
    if not isinstance(value, Stack):
        raise TypeError(f"expected stack to be what greedy_pretrain returned, got {value!r}")
    return value


def _check_units(dense: list[Dense], stack: Stack) -> None:
    """Raise ValueError where a layer has another activation than its model; both are compared by their values."""
    z = np.linspace(-5, 5, 41)
    for k, (layer, one) in enumerate(zip(dense, stack.models, strict=False), start=1):
        learned = getattr(one, "activation", layer.activation)
        if not np.array_equal(layer.activation.f(z), learned.f(z)):
            raise ValueError(f"expected the network that the stack was made with, whose layer {k} has {learned} units, "
                             f"got {layer.activation} units")


def _function_or_none(value: Any) -> bool:
    return value is None or callable(value)


def _one_for_each(name: str, value: Any, count: int, fits: Callable[[Any], bool]) -> list[Any]:
    """`value` for every layer, or the values of a sequence with one for each."""
    if fits(value):
        return [value] * count
    if isinstance(value, Sequence) and len(value) == count and all(map(fits, value)):
        return list(value)
    kind = {"optimizer": "optimizer such as optimizers.SGD(learning_rate=0.1)", "epochs": "whole number",
            "corruption": "function such as partial(masking, rate=0.25)"}.get(name, "function")
    raise ValueError(f"expected {name} to be one {kind}, or one for each of the {count} layers, got {value!r}")
