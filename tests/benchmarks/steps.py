"""One training step in each library, written as its users write it, with the same weights and the same batch.

`STEPS[name](work)` builds a network and returns a function: forward, cross-entropy, backward, optimizer. Each call
makes one step and returns the loss of before it, as something that float() takes; a library that computes in the
background has finished when float() returns. A maker raises ImportError where the library is missing, and Absent where
it has no such activation or optimizer.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

Step = Callable[[], Any]
LEARNING_RATE, MOMENTUM = 0.001, 0.9
ADAM_RATE, BETA1, BETA2, EPSILON = 1e-3, 0.9, 0.999, 1e-8


class Absent(Exception):
    """The library has nothing like this."""


@dataclass(frozen=True)
class Work:
    """What is trained: the sizes of the layers, examples in a batch, activation and optimizer by name."""

    sizes: tuple[int, ...]
    batch: int
    activation: str
    optimizer: str = "sgd"

    def data(self) -> tuple[np.ndarray, np.ndarray]:
        """A fixed batch: the benchmark times arithmetic, which is the same whatever the numbers mean."""
        rng = np.random.default_rng(0)
        return (rng.normal(size=(self.batch, self.sizes[0])).astype(np.float32),
                rng.integers(self.sizes[-1], size=self.batch))

    def weights(self) -> list[np.ndarray]:
        """Glorot's W for each layer, the same for every library; biases are 0."""
        rng = np.random.default_rng(0)
        return [rng.uniform(-1, 1, (m, n)).astype(np.float32) * (6 / (m + n)) ** 0.5 for m, n in pairwise(self.sizes)]


def minnet_training(work: Work, init: Any = None) -> tuple[Any, Step]:
    """The network and its step, from the weights of all or drawn by another initializer."""
    from minnet import activations, initializers, losses, mlp, optimizers
    x, y = work.data()
    net = mlp(work.sizes, activation=getattr(activations, work.activation), init=init or initializers.zeros, rng=0)
    if init is None:
        for layer, W in zip(net.layers, work.weights(), strict=True):
            layer.W = W
    optimizer = (optimizers.SGD(LEARNING_RATE, momentum=MOMENTUM) if work.optimizer == "sgd" else
                 optimizers.Adam(ADAM_RATE, beta1=BETA1, beta2=BETA2, epsilon=EPSILON))
    state = optimizer.init(net.params, net.decay_mask)

    def step() -> float:
        value = net.gradient(x, y, losses.softmax_cross_entropy)
        optimizer.step(net.params, net.grads, state)
        return value

    return net, step


def minnet_step(work: Work) -> Step:
    return minnet_training(work)[1]


def numpy_step(work: Work) -> Step:
    """What one writes for these architectures alone: lists of arrays, no checks, no names, no flat vector."""
    x, y = work.data()
    weights = work.weights()
    params = weights + (biases := [np.zeros(W.shape[1], np.float32) for W in weights])
    m, v = [np.zeros_like(p) for p in params], [np.zeros_like(p) for p in params]
    rows, n, t = np.arange(len(x)), len(x), 0
    scale, alpha = 1.0507009873554805, 1.6732632423543772
    f, df = {"relu": (lambda z: np.maximum(z, 0), lambda a: a > 0),
             "tanh": (np.tanh, lambda a: 1 - a * a),
             "selu": (lambda z: scale * np.where(z > 0, z, alpha * np.expm1(z)),
                      lambda a: np.where(a > 0, scale, a + scale * alpha))}[work.activation]

    def step() -> float:
        nonlocal t
        a = [x]
        for W, b in zip(weights[:-1], biases[:-1], strict=True):
            a.append(f(a[-1] @ W + b))
        z = a[-1] @ weights[-1] + biases[-1]
        e = np.exp(z - z.max(axis=1, keepdims=True))
        p = e / e.sum(axis=1, keepdims=True)
        value = -float(np.log(p[rows, y]).mean())
        p[rows, y] -= 1
        delta = p / n
        dWs, dbs = [], []
        for k in range(len(weights) - 1, -1, -1):
            dWs.append(a[k].T @ delta)
            dbs.append(delta.sum(axis=0))
            if k:
                delta = delta @ weights[k].T * df(a[k])
        grads = dWs[::-1] + dbs[::-1]
        t += 1
        for i, g in enumerate(grads):
            m[i] *= MOMENTUM if work.optimizer == "sgd" else BETA1
            if work.optimizer == "sgd":
                m[i] += g
                params[i] -= LEARNING_RATE * m[i]
            else:
                m[i] += (1 - BETA1) * g
                v[i] *= BETA2
                v[i] += (1 - BETA2) * g * g
                params[i] -= ADAM_RATE * (m[i] / (1 - BETA1**t)) / (np.sqrt(v[i] / (1 - BETA2**t)) + EPSILON)
        return value

    return step


def products_step(work: Work) -> Step:
    """The matrix products of the step and nothing else, into arrays that are already there: the limit."""
    weights = work.weights()
    a = [np.full((work.batch, W.shape[0]), 0.1, np.float32) for W in weights]
    delta = [np.full((work.batch, W.shape[1]), 0.1, np.float32) for W in weights]
    z, da, dW = [d.copy() for d in delta], [one.copy() for one in a], [W.copy() for W in weights]

    def step() -> float:
        for k in range(len(weights)):
            a[k].dot(weights[k], out=z[k])
        for k in range(len(weights) - 1, -1, -1):
            a[k].T.dot(delta[k], out=dW[k])
            if k:
                delta[k].dot(weights[k].T, out=da[k])
        return 0.0

    return step


def written_products_step(work: Work) -> Step:
    """The same products as one writes them, each a new array: x @ W."""
    weights = work.weights()
    a = [np.full((work.batch, W.shape[0]), 0.1, np.float32) for W in weights]
    delta = [np.full((work.batch, W.shape[1]), 0.1, np.float32) for W in weights]

    def step() -> float:
        for k in range(len(weights)):
            _ = a[k] @ weights[k]
        for k in range(len(weights) - 1, -1, -1):
            _ = a[k].T @ delta[k]
            if k:
                _ = delta[k] @ weights[k].T
        return 0.0

    return step


def torch_step(work: Work, **options: bool) -> Step:
    import torch
    x, y = work.data()
    layers: list[Any] = []
    for k, W in enumerate(work.weights()):
        if k:
            layers.append({"relu": torch.nn.ReLU, "tanh": torch.nn.Tanh, "selu": torch.nn.SELU}[work.activation]())
        linear = torch.nn.Linear(*W.shape)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(W.T))
            linear.bias.zero_()
        layers.append(linear)
    net = torch.nn.Sequential(*layers)
    optimizer: Any = (torch.optim.SGD(net.parameters(), LEARNING_RATE, momentum=MOMENTUM, **options)
                      if work.optimizer == "sgd" else
                      torch.optim.Adam(net.parameters(), ADAM_RATE, (BETA1, BETA2), EPSILON, **options))
    xt, yt = torch.from_numpy(x), torch.from_numpy(y)

    def step() -> Any:
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(net(xt), yt)
        loss.backward()
        optimizer.step()
        return loss.detach()

    return step


def jax_step(work: Work) -> Step:
    import jax
    import jax.numpy as jnp
    x, y = work.data()
    f = {"relu": jax.nn.relu, "tanh": jnp.tanh, "selu": jax.nn.selu}[work.activation]
    params = [(jnp.asarray(W), jnp.zeros(W.shape[1])) for W in work.weights()]
    zeros = jax.tree.map(jnp.zeros_like, params)
    memory = (zeros,) if work.optimizer == "sgd" else (zeros, jax.tree.map(jnp.zeros_like, params))
    rows = jnp.arange(len(y))

    def loss(params: Any, x: Any, y: Any) -> Any:
        a = x
        for W, b in params[:-1]:
            a = f(a @ W + b)
        W, b = params[-1]
        return -jax.nn.log_softmax(a @ W + b)[rows, y].mean()

    def sgd(params: Any, memory: Any, t: Any, x: Any, y: Any) -> Any:
        value, grads = jax.value_and_grad(loss)(params, x, y)
        (v,) = memory
        v = jax.tree.map(lambda v, g: MOMENTUM * v + g, v, grads)
        return value, jax.tree.map(lambda p, v: p - LEARNING_RATE * v, params, v), (v,), t + 1

    def adam(params: Any, memory: Any, t: Any, x: Any, y: Any) -> Any:
        value, grads = jax.value_and_grad(loss)(params, x, y)
        m, v = memory
        m = jax.tree.map(lambda m, g: BETA1 * m + (1 - BETA1) * g, m, grads)
        v = jax.tree.map(lambda v, g: BETA2 * v + (1 - BETA2) * g * g, v, grads)
        a, c = 1 / (1 - BETA1**t), 1 / (1 - BETA2**t)
        params = jax.tree.map(lambda p, m, v: p - ADAM_RATE * a * m / (jnp.sqrt(c * v) + EPSILON), params, m, v)
        return value, params, (m, v), t + 1

    update = jax.jit(sgd if work.optimizer == "sgd" else adam, donate_argnums=(0, 1, 2))
    xj, yj, t = jnp.asarray(x), jnp.asarray(y), jnp.asarray(1.0)

    def step() -> Any:
        nonlocal params, memory, t
        value, params, memory, t = update(params, memory, t, xj, yj)
        return value

    return step


def sklearn_step(work: Work) -> Step:
    from sklearn.neural_network import MLPClassifier
    if work.activation == "selu":
        raise Absent("MLPClassifier has no SELU")
    x, y = work.data()
    make = partial(MLPClassifier, work.sizes[1:-1], activation=work.activation, alpha=0.0, batch_size=len(x),
                   shuffle=False, random_state=0)
    model: Any = (make(solver="sgd", learning_rate_init=LEARNING_RATE, momentum=MOMENTUM, nesterovs_momentum=False)
                  if work.optimizer == "sgd" else
                  make(solver="adam", learning_rate_init=ADAM_RATE, beta_1=BETA1, beta_2=BETA2, epsilon=EPSILON))
    model.partial_fit(x, y, classes=np.arange(work.sizes[-1]))
    for W, W0, b in zip(model.coefs_, work.weights(), model.intercepts_, strict=True):
        W[...], b[...] = W0, 0
    optimizer = model._optimizer
    for name in ("velocities", "ms", "vs"):
        for array in getattr(optimizer, name, ()):
            array[...] = 0
    if hasattr(optimizer, "t"):
        optimizer.t = 0

    def step() -> Any:
        model.partial_fit(x, y)
        return model.loss_

    return step


WORKLOADS = {
    "tiny": Work((2, 16, 16, 3), 32, "tanh"),
    "digits": Work((64, 64, 64, 64, 10), 32, "relu"),
    "deep": Work((*[64] * 51, 10), 64, "tanh"),
    "mnist": Work((784, 256, 128, 10), 128, "relu"),
    "glorot": Work((784, *[1000] * 5, 10), 10, "tanh"),
    "wide": Work((784, *[2048] * 3, 10), 256, "relu"),
}
WORKLOADS |= {f"{name}-adam": replace(WORKLOADS[name], optimizer="adam") for name in ("digits", "deep", "glorot")}
WORKLOADS |= {f"{name}-selu": replace(WORKLOADS[name], activation="selu") for name in ("digits", "deep", "glorot")}

# "JAX unread" reads the loss after the last step only, so that JAX may run ahead of Python; in the others every step
# ends with its loss in hand, as in a loop that records it or stops where it is not finite.
UNREAD = ("JAX unread",)
STEPS: dict[str, Callable[[Work], Step]] = {
    "minnet": minnet_step,
    "numpy": numpy_step,
    "products": products_step,
    "products @": written_products_step,
    "PyTorch": torch_step,
    "PyTorch foreach": partial(torch_step, foreach=True),
    "PyTorch fused": partial(torch_step, fused=True),
    "JAX": jax_step,
    "JAX unread": jax_step,
    "scikit-learn": sklearn_step,
}
