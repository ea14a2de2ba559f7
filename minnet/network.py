"""A network: layers in a row over one vector of parameters.

    z = net(x)                         the outputs for x (n, fan_in of the first layer)
    C = net.gradient(x, y, loss)       forward, loss, backward: fills net.grads and returns C

`net.params` and `net.grads` are one vector each, and every W, b, dW, db is a view into them. An optimizer is then the
paper's formula on vectors, and freezing, clipping, saving and checking gradients are slices of them.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from minnet import activations, checks, initializers, losses, sequence
from minnet.activations import Activation
from minnet.initializers import Initializer, zeros
from minnet.layers import Dense, Layer
from minnet.losses import Loss
from minnet.parameters import Model, declared
from minnet.reporting import as_html, printable
from minnet.storage import archive
from minnet.storage.description import describe

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Evaluation", "Loss", "Network", "mlp"]

Inits = Initializer | str | Sequence[Initializer | str]


class Evaluation(NamedTuple):
    """What `evaluate` returns; accuracy is None where y holds no classes, and NaN where an output is NaN."""

    loss: float
    accuracy: float | None


class Network(Model):
    """Layers in a row: `Network([Dense(64, 10)], rng=0)`. An activation in the list becomes an `ActivationLayer`.

    rng: an int or a Generator. Weight layer k draws from its child k (`rng.spawn`), so that its weights depend neither
    on the depth nor on the layers between. dtype: float32, or float64 for checking; initializers draw in float64 and
    are cast, so that one seed gives the same network in both.

    `params` (P,), `grads` (P,): every learned number and its gradient. `state` (S,): what is carried along but not
    learned. All three change with every step: keep `net.params.copy()`. `decay_mask` (P,) bool: True on the weight
    matrices, which alone weight decay shrinks.
    `output_function`: turns outputs into a prediction; that of the loss that the network was last trained with.
    Raises TypeError or ValueError for layers that do not fit together and for initializers that fail.
    """

    output_function: Callable[[np.ndarray], np.ndarray] | None = None

    def __init__(self, layers: Sequence[Layer | Activation], *, rng: int | np.random.Generator,
                 dtype: Any = np.float32) -> None:
        generator = checks.generator(rng)
        self._arrange(layers, dtype)
        self.reset(generator)
        self._take_layers()

    @classmethod
    def blank(cls, layers: Sequence[Layer | Activation], dtype: Any = np.float32) -> Network:
        """A network whose parameters are all 0, to be filled with numbers from elsewhere; nothing is drawn."""
        net = cls.__new__(cls)
        net._arrange(layers, dtype)
        net._take_layers()
        return net

    def _arrange(self, layers: Sequence[Layer | Activation], dtype: Any) -> None:
        self.layers: tuple[Any, ...] = sequence.in_a_row(layers, "Network([Dense(64, 10)], rng=0)")
        self.fan_in, self.fan_out = sequence.checked_widths(self.layers)
        self.allocate(dtype)
        sizes = (sum(_size(one) for _, one in sequence.nested([layer])) for layer in self.layers)
        stops = accumulate(sizes, initial=0)
        self._spans = [slice(start, stop) for start, stop in pairwise(stops)]    # of each layer, in params

    def _take_layers(self) -> None:
        for layer in self.owners().values():
            layer.bound = True

    def owners(self) -> dict[str, Layer]:
        return {f"layer {place} ": layer for place, layer in sequence.nested(self.layers)}

    def span(self, first: int, last: int | None = None) -> slice:
        """The slice of `params` that layers first … last hold, *both included*; last=None means `first` alone.

        Negative indices count from the end: `fit(…, span=net.span(-1))` trains the last layer only.
        Raises IndexError for a layer that is not there, ValueError where `last` comes before `first`.
        """
        depth = len(self.layers)
        ends: list[int] = []
        for i in (first, first if last is None else last):
            if isinstance(i, bool) or not isinstance(i, numbers.Integral):
                raise TypeError(f"expected the numbers of two layers, span(first, last), got {i!r}")
            if not -depth <= i < depth:
                raise IndexError(f"expected a layer between 0 and {depth - 1}, got {i}")
            ends.append(i % depth)
        begin, end = ends
        if end < begin:
            raise ValueError(f"expected first ≤ last, got layers {begin} and {end}")
        return slice(self._spans[begin].start, self._spans[end].stop)

    def reset(self, rng: int | np.random.Generator) -> None:
        """Draw every weight anew and forget gradients and state; where an initializer fails, nothing changes."""
        generator = checks.generator(rng)
        before = self.params.copy(), self.state.copy()
        try:
            sequence.reset(self.layers, generator)
        except BaseException:
            self.params, self.state = before
            raise
        self.grads = 0

    # The two passes ----------------------------------------------------------------------------------------

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """The outputs z for x (n, fan_in), as in prediction: a fresh array, and no cache is touched."""
        a = x = checks.batch("x", x, self.fan_in, self.dtype)
        for layer in self.layers:
            a = layer(a)
        return a.copy() if np.may_share_memory(a, x) else a

    def forward(self, x: np.ndarray, *, training: bool | slice = False,
                rng: int | np.random.Generator | None = None) -> np.ndarray:
        """The outputs for x; the layers keep what `backward` needs.

        training=True switches every layer to training (dropout's noise from `rng`, batch statistics); a slice of
        `params`, as from `span`, only the layers whose parameters it holds. A layer without parameters belongs to the
        one before it, or, if there is none, to the first that has parameters. The returned array is the last layer's
        cache, and x is kept, not copied: change neither before `backward`.
        """
        dtype, modes = self.dtype, self._training(training)
        a = checks.batch("x", x, self.fan_in, dtype)
        self.outputs = None
        generator = self._noise(rng, modes)
        for layer, mode in zip(self.layers, modes, strict=True):
            a = layer.forward(a, mode, generator)
            if getattr(a, "dtype", None) != dtype:
                raise _wrong(layer, "forward", a, self)
        self.outputs = a
        return a

    def backward(self, dz: np.ndarray, *, input_gradient: bool = True) -> np.ndarray | None:
        """Fill `grads` from dz = ∂C/∂(outputs) (n, fan_out) of the last `forward`; return ∂C/∂x (n, fan_in).

        input_gradient=False leaves out ∂C/∂x, a matrix product that training does not need. A linear last layer keeps
        dz itself as its `delta`, not a copy.
        """
        outputs = vars(self).get("outputs")
        if outputs is None:
            raise RuntimeError("backward needs what forward keeps: call net.forward(x) first")
        if np.shape(dz) != outputs.shape:
            raise ValueError(f"expected dz of the outputs' shape {outputs.shape}, got {np.shape(dz)}")
        dtype = self.dtype
        da: Any = np.asarray(checks.array("dz", dz), dtype)
        for layer in reversed(self.layers[1:]):
            da = layer.backward(da)
            if getattr(da, "dtype", None) != dtype:
                raise _wrong(layer, "backward", da, self)
        dx: np.ndarray | None = self.layers[0].backward(da, input_gradient)
        return dx

    def gradient(self, x: np.ndarray, y: np.ndarray, loss: Loss, *, training: bool | slice = True,
                 rng: int | np.random.Generator | None = None) -> float:
        """C for the batch (x, y), filling `grads` with ∂C/∂params: forward, loss, backward.

        `training` and `rng` as in `forward`, but training is the default here. An error, or a C that is not finite,
        leaves `state` as it was.
        """
        before = self.state.copy()
        C = math.nan                                     # until everything has succeeded
        try:
            z = self.forward(x, training=training, rng=rng)
            try:
                value, dz = loss(z, y)
                value = float(value)
            except (TypeError, ValueError):
                checks.loss(loss)(z, y)                  # says what is wrong with a loss of one's own
                raise
            self.backward(dz, input_gradient=False)
            C = value
        finally:
            if not math.isfinite(C):
                self.state = before
        if training is not False:
            self.output_function = getattr(loss, "output_function", None)
        return C

    def _training(self, training: bool | slice) -> list[bool]:
        """For each layer, whether it is in training: of a slice, where its parameters, or its neighbour's, lie."""
        if not isinstance(training, slice):
            return [checks.boolean("training", training)] * len(self.layers)
        start, stop, _ = training.indices(len(self.params))
        nearest = next((span for span in self._spans if span.start < span.stop), slice(0, 0))
        modes = []
        for span in self._spans:
            nearest = span if span.start < span.stop else nearest
            modes.append(nearest.start < stop and start < nearest.stop)
        return modes

    def _noise(self, rng: int | np.random.Generator | None, modes: list[bool]) -> np.random.Generator | None:
        """The generator of a pass; ValueError if it is missing and a layer in training needs it."""
        if rng is not None:
            return checks.generator(rng)
        for i, (layer, mode) in enumerate(zip(self.layers, modes, strict=True)):
            if mode and layer.noisy:
                raise ValueError(f"layer {i}, {layer!r}, draws noise in training: expected rng, got None; pass rng=0 "
                                 "or a Generator")
        return None

    # What a user wants -------------------------------------------------------------------------------------

    def predict(self, x: np.ndarray) -> np.ndarray:
        """The prediction for x: classes (n,) of a classifier, values (n, fan_out) of a regression.

        The loss that the network was trained with decides. softmax_cross_entropy: the class with the largest output.
        sigmoid_cross_entropy: 0 or 1, where z > 0; (n,) for a single output, (n, fan_out) for several. squared_error
        and mean_squared_error: the outputs. Before training it is taken for a classifier. Raises ValueError after
        training with a loss of your own, which does not say what its outputs mean.
        """
        z, function = self(x), self._output_function()
        if function is activations.identity.f:
            return z
        classes: np.ndarray = z.argmax(axis=1) if function is activations.softmax else (z > 0).astype(np.intp)
        return classes[:, 0] if classes.shape[1:] == (1,) else classes

    def predict_proba(self, x: np.ndarray) -> np.ndarray:
        """p (n, fan_out): softmax(z) of a classifier, σ(z) of yes-or-no outputs; which of them, as in `predict`.

        Raises ValueError for a regression.
        """
        function = self._output_function()
        if function is activations.identity.f:
            raise ValueError("expected a classifier, got a network trained for a regression: it predicts values, "
                             "net(x)")
        p: np.ndarray = function(self(x))
        return p

    def _output_function(self) -> Callable[[np.ndarray], np.ndarray]:
        """What turns outputs into a prediction: softmax, σ or the identity."""
        if "output_function" not in vars(self):
            return activations.sigmoid.f if self.fan_out == 1 else activations.softmax
        if self.output_function is None:
            raise ValueError("expected a network trained with one of minnet's losses, got one trained with a loss that "
                             "does not say what its outputs mean: net(x) gives the outputs")
        return self.output_function

    def evaluate(self, data: tuple[np.ndarray, ...], loss: Loss) -> Evaluation:
        """Loss and accuracy on data = (x, y), as in prediction: `net.evaluate(digits.test, loss).accuracy`.

        With data = (x, y, weights) the loss is weighted. `losses.accuracy` says what counts as right.
        """
        x, y, *weights = checks.data("data", data)
        z = self(x)
        C, _ = checks.loss(loss)(z, y, **({"weights": weights[0]} if weights else {}))
        return Evaluation(float(C), losses.accuracy(z, y, loss))

    def save(self, path: str | Path) -> None:
        """Write the network to a file, which `minnet.load(path)` reads; with its training: `checkpoint.save`."""
        archive.write(path, {"network": describe(self)}, {"params": self.params, "state": self.state})

    # What it looks like ------------------------------------------------------------------------------------

    def __repr__(self) -> str:
        layers = " → ".join(map(repr, self.layers))
        return printable(f"Network({layers}; {self.params.size:,} parameters, {self.dtype})")

    def _cells(self) -> list[list[str]]:
        rows = []
        for place, layer in sequence.nested(self.layers):
            shapes = ", ".join(f"{array.name} {array.shape(layer)}" for array in declared(layer, "params"))
            name = f"{'  ' * place.count('.')}{f'{type(layer).__name__} of' if layer.inner else repr(layer)}"
            rows.append([place, name, f"{_size(layer):,}", shapes])
        return [["", "layer", "parameters", "shapes"], *rows, ["", "total", f"{self.params.size:,}", str(self.dtype)]]

    def summary(self) -> str:
        """A table of the layers, their parameters and shapes: `print(net.summary())`."""
        cells = self._cells()
        i, name, size, _ = (max(map(len, column)) for column in zip(*cells, strict=True))
        return printable("\n".join(f"{a:>{i}}  {b:<{name}}  {c:>{size}}  {d}".rstrip() for a, b, c, d in cells))

    def _repr_html_(self) -> str:
        return as_html(self._cells())


def mlp(sizes: Sequence[int], *, activation: Activation | str, init: Inits | None = None,
        output_init: Initializer | str | None = None, bias_init: Initializer | str = zeros,
        rng: int | np.random.Generator, dtype: Any = np.float32) -> Network:
    """A multi-layer perceptron: Dense layers of the given sizes, the last one linear.

    sizes: (inputs, hidden …, outputs). `init` is one initializer for all layers (`output_init` replaces it in the
    last), or a sequence with one for each of the len(sizes) − 1 layers; `bias_init` is for all biases. Without `init`
    it is `initializers.default(activation)`: he_normal for ReLU and its relatives, lecun_normal for SELU,
    glorot_uniform for the others. Activation and initializers may be given by name ("relu", "he_normal"). Raises
    TypeError or ValueError otherwise.
    """
    sizes = checks.counts("sizes", sizes)
    depth = len(sizes) - 1
    if depth < 1:
        raise ValueError(f"expected sizes to name at least inputs and outputs, got {sizes}")
    activation = activations.named(activation)
    if init is None:
        init = initializers.default(activation)
    if callable(init) or isinstance(init, str):
        inits = [init] * (depth - 1) + [init if output_init is None else output_init]
    elif not isinstance(init, list | tuple):
        raise TypeError("expected init to be a function such as initializers.he_normal, or one for each layer, got "
                        f"{init!r}")
    elif output_init is not None:
        raise ValueError("expected either a sequence init, which holds the last layer's too, or output_init, got both")
    else:
        inits = list(init)
    if len(inits) != depth:
        raise ValueError(f"expected {depth} initializers for {depth} layers, got {len(inits)}")
    functions, bias = [activation] * (depth - 1) + [activations.identity], initializers.named("bias_init", bias_init)
    return Network([Dense(fan_in, fan_out, f, initializers.named("init", one), bias)
                    for (fan_in, fan_out), f, one in zip(pairwise(sizes), functions, inits, strict=True)],
                   rng=rng, dtype=dtype)


def _size(layer: Layer) -> int:
    """How many parameters a layer holds itself, without its inner layers."""
    return sum(math.prod(array.shape(layer)) for array in declared(layer, "params"))


def _wrong(layer: Layer, method: str, returned: Any, net: Network) -> TypeError:
    got = (f"dtype {returned.dtype}: Python floats keep an array's dtype, np.sqrt(2) and np.zeros(n) do not"
           if isinstance(returned, np.ndarray) else repr(returned))
    place = [id(other) for other in net.layers].index(id(layer))
    return TypeError(f"expected {method} of layer {place}, {layer!r}, to return an array of dtype {net.dtype}, got "
                     f"{got}")
