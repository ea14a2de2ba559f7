"""A network: layers in a row over one flat vector of parameters.

    z = net(x)                         the prediction, x (n, fan_in of the first layer)
    C = net.gradient(x, y, loss)       forward, loss, backward: fills net.grads and returns C

`net.params` and `net.grads` are one vector each, and every W, b, dW, db is a view into them. An optimizer is
then the paper's formula on vectors, and freezing, clipping, saving and checking gradients are slices of them.
"""

from __future__ import annotations

import copy
import math
import numbers
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from minnet import checks
from minnet.activations import Activation
from minnet.initializers import Initializer, zeros
from minnet.layer import Layer, view
from minnet.layers import Dense

Loss = Callable[[np.ndarray, np.ndarray], tuple[float, np.ndarray]]


class Network:
    """Layers in a row: `Network([Dense(64, 10)], rng=0)`.

    rng: an int or a Generator. Weight layer k draws from its child k (`rng.spawn`), so that its weights depend
    neither on the depth nor on the layers between. dtype: float32, or float64 for checking; initializers draw in
    float64 and are cast, so that one seed gives the same network in both.

    `params` (P,), `grads` (P,): every learned number and its gradient. `state` (S,): what is carried along but not
    learned. `decay_mask` (P,) bool: True on the weight matrices, which alone weight decay shrinks.
    Raises TypeError or ValueError for layers that do not fit together and for initializers that fail.
    """

    def __init__(self, layers: Sequence[Layer], *, rng: int | np.random.Generator, dtype: Any = np.float32) -> None:
        self.layers = tuple(layers)
        self.dtype = checks.float_dtype(dtype)
        generator = checks.generator(rng)
        self.fan_in, self.fan_out = _fitted(self.layers)
        size = sum(_size(layer.shapes()) for layer in self.layers)
        self._params, self._grads = np.zeros(size, self.dtype), np.zeros(size, self.dtype)
        self._state = np.zeros(sum(_size(layer.state_shapes()) for layer in self.layers), self.dtype)
        self._bind()
        self.decay_mask = np.zeros(size, bool)
        places = self.arrays()
        for i, layer in enumerate(self.layers):
            for name in layer.decayed:
                self.decay_mask[places[f"layer {i} {name}"]] = True
        try:
            self.reset(generator)
        except BaseException:
            for layer in self.layers:
                layer.release()
            raise

    # Memory ------------------------------------------------------------------------------------------------

    def _bind(self) -> None:
        """Cut the vectors into views and hand them to the layers."""
        self._noisy = any(layer.noisy for layer in self.layers)
        self._starts = [0]
        state_start = 0
        for layer in self.layers:
            views, start = {}, self._starts[-1]
            for name, shape in layer.shapes().items():
                cut = slice(start, start := start + int(np.prod(shape)))
                views[name], views[f"d{name}"] = self._params[cut].reshape(shape), self._grads[cut].reshape(shape)
            for name, shape in layer.state_shapes().items():
                cut = slice(state_start, state_start := state_start + int(np.prod(shape)))
                views[name] = self._state[cut].reshape(shape)
            layer.bind(views)
            self._starts.append(start)

    # Assigning copies into the vector, so that the layers' views stay alive; `net.params -= …` works as well.
    params, grads, state = view("params"), view("grads"), view("state")

    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in vars(self).items() if key != "_output_shape"}      # a copy has no caches

    def __setstate__(self, saved: dict[str, Any]) -> None:
        vars(self).update(saved)
        self._bind()

    def astype(self, dtype: Any) -> Network:
        """A copy of the network in another dtype: `net.astype(np.float64)` for checking."""
        other = copy.deepcopy(self)
        other.dtype = checks.float_dtype(dtype)
        for name in ("_params", "_grads", "_state"):
            setattr(other, name, getattr(self, name).astype(other.dtype))
        other._bind()
        return other

    def span(self, first: int, last: int | None = None) -> slice:
        """The slice of `params` that layers first … last hold, *both included*; last=None means `first` alone.

        One run of neighbouring layers, since a slice has no gaps. Negative indices count from the end:
        `fit(…, span=net.span(-1))` trains the last layer only.
        Raises IndexError for a layer that is not there, ValueError where `last` comes before `first`.
        """
        indices = [first, first if last is None else last]
        for i, index in enumerate(indices):
            if isinstance(index, bool) or not isinstance(index, numbers.Integral):
                raise TypeError(f"expected the numbers of two layers, span(first, last), got {index!r}")
            if not -len(self.layers) <= index < len(self.layers):
                raise IndexError(f"expected a layer between 0 and {len(self.layers) - 1}, got {index}")
            indices[i] = index % len(self.layers)
        if indices[1] < indices[0]:
            raise ValueError(f"expected first ≤ last, got layers {indices[0]} and {indices[1]}")
        return slice(self._starts[indices[0]], self._starts[indices[1] + 1])

    def arrays(self) -> dict[str, slice]:
        """Where every learned array lies in `params`, by layer and letter: {"layer 0 W": slice(0, 640), …}."""
        found = {}
        for i, layer in enumerate(self.layers):
            start = self._starts[i]
            for name, shape in layer.shapes().items():
                found[f"layer {i} {name}"] = slice(start, start := start + int(np.prod(shape)))
        return found

    def reset(self, rng: int | np.random.Generator) -> None:
        """Draw every weight anew and forget gradients and state; where an initializer fails, nothing changes."""
        generator = checks.generator(rng)
        before = self._params.copy(), self._state.copy()
        drawing = [layer for layer in self.layers if layer.draws]
        child = dict(zip(map(id, drawing), generator.spawn(len(drawing)), strict=True))
        try:
            for layer in self.layers:
                layer.reset(child.get(id(layer), generator))
        except BaseException as error:
            self._params[...], self._state[...] = before
            error.add_note(f"while initializing {layer!r}")
            raise
        self._grads[...] = 0

    # The two passes ----------------------------------------------------------------------------------------

    def _checked(self, x: Any) -> np.ndarray:
        return checks.batch("x", x, self.fan_in, self.dtype)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """The outputs for x (n, fan_in), as in prediction: a fresh array, and no cache is touched."""
        a = x = self._checked(x)
        for layer in self.layers:
            a = layer(a)
        return a.copy() if np.may_share_memory(a, x) else a

    def forward(self, x: np.ndarray, *, training: bool | slice = False,
                rng: int | np.random.Generator | None = None) -> np.ndarray:
        """The outputs for x, keeping in the layers what `backward` needs.

        training=True switches every layer to training (dropout's noise from `rng`, batch statistics); a slice
        of `params`, as from `span`, only the layers that it holds. A layer without parameters belongs to the
        one before it. The returned array is the last layer's cache, and x is kept as it is, not copied: change neither
        before `backward`.
        """
        a, modes = self._checked(x), self._modes(training)
        self._output_shape = None
        generator = None if rng is None else checks.generator(rng)
        if self._noisy and rng is None:
            for i, layer in enumerate(self.layers):
                if modes[i] and layer.noisy:
                    raise ValueError(f"layer {i}, {layer!r}, draws noise in training: expected rng, got None; pass "
                                     "rng=0 or a Generator")
        for layer, mode in zip(self.layers, modes, strict=True):
            a = layer.forward(a, mode, generator)
            if getattr(a, "dtype", None) != self.dtype:
                self._refuse(layer, "forward", a)
        self._output_shape = a.shape
        return a

    def backward(self, dz: np.ndarray, *, input_gradient: bool = True) -> np.ndarray | None:
        """Fill `grads` from dz = ∂C/∂(outputs) (n, fan_out) of the last `forward`; return ∂C/∂x (n, fan_in).

        input_gradient=False leaves out ∂C/∂x, a matrix product that training has no use for. A linear last layer keeps
        dz itself as its `delta`, not a copy.
        """
        expected: tuple[int, ...] | None = getattr(self, "_output_shape", None)
        if expected is None:
            raise RuntimeError("backward needs what forward keeps: call net.forward(x) first")
        if np.shape(dz) != expected:
            raise ValueError(f"expected dz of the outputs' shape {expected}, got {np.shape(dz)}")
        da: Any = np.asarray(dz, self.dtype)
        for layer in reversed(self.layers[1:]):
            da = layer.backward(da)
            if getattr(da, "dtype", None) != self.dtype:
                self._refuse(layer, "backward", da)
        return self.layers[0].backward(da, input_gradient)

    def _refuse(self, layer: Layer, method: str, returned: Any) -> None:
        place = next(i for i, other in enumerate(self.layers) if other is layer)
        got = (f"dtype {returned.dtype}: Python floats keep an array's dtype, np.sqrt(2) and np.zeros(n) do not"
               if isinstance(returned, np.ndarray) else repr(returned))
        raise TypeError(f"expected {method} of layer {place}, {layer!r}, to return an array of dtype {self.dtype}, got "
                        f"{got}")

    def gradient(self, x: np.ndarray, y: np.ndarray, loss: Loss, *, training: bool | slice = True,
                 rng: int | np.random.Generator | None = None) -> float:
        """C for the batch (x, y), filling `grads` with ∂C/∂params: forward, loss, backward.

        `training` and `rng` as in `forward`, but training is the default here. An error, or a C that is not finite,
        leaves `state` as it was.
        """
        before = self._state.copy() if self._state.size else self._state
        right = False
        try:
            value, dz = loss(self.forward(x, training=training, rng=rng), y)
            self.backward(dz, input_gradient=False)
            right = math.isfinite(value)
        finally:
            if not right:
                self._state[...] = before
        return float(value)

    def _modes(self, training: bool | slice) -> list[bool]:
        if not isinstance(training, slice):
            return [bool(training)] * len(self.layers)
        start, stop, _ = training.indices(len(self._params))
        trained: list[bool | None] = [a < stop and start < b if a < b else None
                                      for a, b in pairwise(self._starts)]
        mode = next((t for t in trained if t is not None), False)     # leading layers follow the first that learns
        return [mode := t if t is not None else mode for t in trained]

    # What it looks like ------------------------------------------------------------------------------------

    def __repr__(self) -> str:
        return f"Network({' → '.join(map(repr, self.layers))}; {self.params.size:,} parameters, {self.dtype})"

    def _rows(self) -> list[tuple[str, ...]]:
        head = ("", "layer", "parameters", "shapes")
        rows = [(str(i), repr(layer), f"{_size(layer.shapes()):,}",
                 ", ".join(f"{name} {shape}" for name, shape in layer.shapes().items()))
                for i, layer in enumerate(self.layers)]
        return [head, *rows, ("", "total", f"{self.params.size:,}", str(self.dtype))]

    def summary(self) -> str:
        """A table of the layers, their parameters and shapes: `print(net.summary())`."""
        rows = self._rows()
        wide = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return "\n".join(f"{i:>{wide[0]}}  {layer:<{wide[1]}}  {size:>{wide[2]}}  {shapes}".rstrip()
                         for i, layer, size, shapes in rows)

    def _repr_html_(self) -> str:
        head, *rows = self._rows()
        escape = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
        lines = ["".join(f"<td>{cell.translate(escape)}</td>" for cell in row) for row in rows]
        return (f"<table><tr>{''.join(f'<th>{cell}</th>' for cell in head)}</tr>"
                f"{''.join(f'<tr>{line}</tr>' for line in lines)}</table>")


def mlp(sizes: Sequence[int], *, activation: Activation, init: Initializer | Sequence[Initializer],
        output_init: Initializer | None = None, bias_init: Initializer = zeros, rng: int | np.random.Generator,
        dtype: Any = np.float32) -> Network:
    """A multi-layer perceptron: Dense layers of the given sizes, the last one linear.

    sizes: (inputs, hidden …, outputs). `init` is one initializer for all layers (`output_init` replaces it in the
    last), or a sequence with one for each of the len(sizes) − 1 layers; `bias_init` is for all biases.
    Raises TypeError or ValueError otherwise.
    """
    sizes = [checks.count(f"sizes[{i}]", size) for i, size in enumerate(sizes)]
    depth = len(sizes) - 1
    if depth < 1:
        raise ValueError(f"expected sizes to name at least inputs and outputs, got {sizes}")
    if callable(init):
        inits = [init] * (depth - 1) + [output_init or init]
    elif output_init is not None:
        raise ValueError("expected either a sequence init, which holds the last layer's too, or output_init, got both")
    elif isinstance(init, Sequence) and not isinstance(init, str):
        inits = list(init)
    else:
        raise TypeError("expected init to be a function such as initializers.he_normal, or one for each layer, got "
                        f"{init!r}")
    if len(inits) != depth:
        raise ValueError(f"expected {depth} initializers for {depth} layers, got {len(inits)}")
    layers = [Dense(fan_in, fan_out, activation, one, bias_init)
              for (fan_in, fan_out), one in zip(pairwise(sizes), inits, strict=True)]
    layers[-1] = Dense(sizes[-2], sizes[-1], init=inits[-1], bias_init=bias_init)
    return Network(layers, rng=rng, dtype=dtype)


def _size(shapes: dict[str, tuple[int, ...]]) -> int:
    return sum(int(np.prod(shape)) for shape in shapes.values())


def _fitted(layers: tuple[Layer, ...]) -> tuple[int | None, int | None]:
    """The network's fan_in and fan_out, after checking that each layer takes what the one before it gives."""
    if not layers:
        raise ValueError("expected at least one layer, got none")
    for i, layer in enumerate(layers):
        if not isinstance(layer, Layer):
            raise TypeError(f"expected layers such as Dense(64, 10), got {layer!r} in place {i}"
                            + (": an activation becomes a layer with layers.Activation(…)"
                               if isinstance(layer, Activation) else ""))
        if layer.bound:
            raise ValueError(f"layer {i}, {layer!r}, already has its place in a network: expected one network for each "
                             "layer, got two; make a new layer, or copy.deepcopy it; "
                             "either draws its weights anew (assign W and b afterwards to keep them)")
    if len(set(map(id, layers))) < len(layers):
        raise ValueError("expected a layer object in each place, got the same object twice: make one for each")
    first = last = None
    for i, layer in enumerate(layers):
        fan_in, fan_out = layer.widths()
        if last is not None and fan_in is not None and fan_in != last:
            raise ValueError(f"layers do not fit together: layer {i}, {layer!r}, takes {fan_in} features, but gets "
                             f"{last} from layer {i - 1}")
        first = fan_in if first is None and last is None else first
        last = fan_out if fan_out is not None else last
    return first, last
