"""Bad inputs: each raises, says what was expected and what came, and leaves the network as it was."""

import math
import re
from functools import partial

import numpy as np
import pytest

from minnet import (
    Dense,
    Network,
    activations,
    datasets,
    diagnostics,
    fit,
    gradient_check,
    layers,
    mlp,
    optimizers,
    plots,
    pretraining,
    theory,
    train,
)
from minnet import initializers as init
from minnet.activations import relu, tanh
from minnet.experiments import claims, rows, sweeps
from minnet.losses import accuracy, balanced_weights, mean_squared_error, squared_error
from minnet.losses import sigmoid_cross_entropy as sigmoid_ce
from minnet.losses import softmax_cross_entropy as softmax_ce
from minnet.optimizers import SGD, Adam, AdamW, RMSprop
from minnet.pretraining import corruption
from minnet.reporting import described
from minnet.theory import gaussian
from tests.conftest import batch, frozen

X, Y = batch(6)[0], np.array([0, 3, 1, 2, 0, 1])
RNG = np.random.default_rng
NAN, INF = math.nan, math.inf


def net():
    """Running statistics, dropout, and gradients that are not zero: whatever an error might leave behind shows."""
    made = Network([Dense(3, 5, tanh), layers.BatchNorm(5), layers.Dropout(0.5), Dense(5, 4)], rng=0)
    made.gradient(*batch(), softmax_ce, rng=0)
    return made


def put(array, value, where=(1, 2)):
    """A float64 copy of the array with one entry replaced."""
    changed = np.array(array, dtype=float)
    changed[where] = value
    return changed


def fitted(model, data=None, run=fit, **changes):
    settings = {"loss": softmax_ce, "optimizer": SGD(learning_rate=0.1), "epochs": 1, "batch_size": 2,
                "rng": 0}
    run(model, (X, Y) if data is None else data, **settings | changes)


def gradient(y, loss=softmax_ce, x=X):
    return lambda net: net.gradient(x, y, loss, rng=0)


def setting(call, name, wanted, *bad):
    """Cases for one setting: a number out of range is a ValueError, anything else a TypeError, 2.0 for 2 included."""
    def kind(value):
        return ValueError if type(value) is int or (type(value) is float and "whole" not in wanted) else TypeError
    return [(f"{name}={value!r}", lambda net, value=value: call(net, value), kind(value),
             rf"expected {name} to be {wanted}, got {re.escape(repr(value))}") for value in bad]


def optimizer(kind, name, wanted, *bad):
    return [(f"{kind.__name__} {what}", *rest) for what, *rest in
            setting(lambda net, value: kind(**{name: value}), name, wanted, *bad)]


def layer(make, name, wanted, *bad):
    return setting(lambda net, value: make(value), name, wanted, *bad)


LOSSES = {"fit": lambda net, loss: fitted(net, loss=loss),
          "gradient": lambda net, loss: net.gradient(X, Y, loss, rng=0),
          "evaluate": lambda net, loss: net.evaluate((X, Y.copy()), loss),
          "check": lambda net, loss: gradient_check.check(net, X, Y.copy(), loss),
          "symmetry": lambda net, loss: diagnostics.symmetry(net, X, Y.copy(), loss)}
NUMBERS = (NAN, INF, True, "0.1", None)          # no optimizer, layer or schedule takes any of these
POSITIVE, RATE = "a number > 0", "a number ≥ 0 and < 1"
WHOLE = "a whole number ≥ 1"

# What, the call (it gets a network), the exception, and what the message says of the expected and of the given.
CASES = [
    # x
    ("x 1-d", lambda net: net(X[0]), ValueError, r"x of shape \(n, 3\), got \(3,\): one example is a batch of one"),
    ("x 3-d", lambda net: net(X[None]), ValueError, r"x of shape \(n, 3\), got \(1, 6, 3\): flatten"),
    ("x 0-d", lambda net: net(2.0), ValueError, r"x of shape \(n, 3\), got \(\)"),
    ("x wide", lambda net: net(np.ones((6, 4))), ValueError, r"x of shape \(n, 3\), got \(6, 4\): .* takes 3.* has 4"),
    ("x transposed", lambda net: net(np.ones((3, 6))), ValueError, r"x of shape \(n, 3\), got \(3, 6\).*x\.T meant"),
    ("x empty", lambda net: net(np.ones((0, 3))), ValueError, r"x of shape \(n, 3\), got \(0, 3\): the batch is empty"),
    ("x ragged", lambda net: net([[1, 2, 3], [1, 2]]), ValueError,
     r"x to be an array, got rows of unequal lengths, 3 in row 0 and 2 in row 1: cut or fill them"),
    ("x forward", lambda net: net.forward(X[0]), ValueError, r"x of shape \(n, 3\), got \(3,\)"),
    ("x gradient", gradient(Y, x=X.T), ValueError, r"x of shape \(n, 3\), got \(3, 6\)"),
    ("x NaN", lambda net: net(put(X, NAN)), ValueError,
     r"x to be finite in float32, got nan at index \(1, 2\) \(1 such"),
    ("x infinite", lambda net: net(put(X, -INF)), ValueError, r"x to be finite in float32, got -inf at index \(1, 2\)"),
    ("x too large", lambda net: net(put(X, 1e300)), ValueError,
     r"x to be finite in float32, got inf at index \(1, 2\)"),
    ("x complex", lambda net: net(X + 0j), TypeError, r"x to be an array of real numbers, got dtype complex128"),
    ("x object", lambda net: net(X.astype(object)), TypeError, r"x to be an array of real numbers, got dtype object"),
    ("x strings", lambda net: net(X.astype(str)), TypeError, r"x to be an array of real numbers, got dtype <U"),
    # y of classes
    ("labels negative", gradient(Y - 2), ValueError, r"labels in 0 … 3 for 4 outputs, got -2 … 1"),
    ("labels too large", gradient(Y + 1), ValueError, r"labels in 0 … 3 for 4 outputs, got 1 … 4"),
    ("labels float", gradient(Y.astype(float)), TypeError, r"integer class labels y, got dtype float64.*astype\(int\)"),
    ("labels one-hot floats", gradient(np.eye(4)[Y]), TypeError, r"integer class labels y, got dtype float64.*argmax"),
    ("labels one-hot ints", gradient(np.eye(4, dtype=int)[Y]), ValueError, r"y of shape \(6,\).*got \(6, 4\).*argmax"),
    ("labels short", gradient(Y[:5]), ValueError, r"labels y of shape \(6,\), one per example, got \(5,\)"),
    ("labels bool", gradient(Y > 1), TypeError, r"integer class labels y, got dtype bool"),
    ("labels strings", gradient(Y.astype(str)), TypeError, r"integer class labels y, got dtype <U"),
    ("softmax on one output", lambda net: softmax_ce(np.zeros((3, 1)), [0, 0, 1]), ValueError,
     r"softmax over 1 output.*use sigmoid_cross_entropy"),
    # y of numbers
    ("targets shape", gradient(Y, squared_error), ValueError, r"targets y of the outputs' shape \(6, 4\), got \(6,\)"),
    ("targets column", lambda net: squared_error(np.zeros((6, 1)), Y), ValueError,
     r"\(6, 1\), got \(6,\): one column is np\.array\(y\)\[:, None\]"),
    ("targets NaN", gradient(put(np.ones((6, 4)), NAN), squared_error), ValueError,
     r"targets y to be finite in float32, got nan at index \(1, 2\)"),
    ("targets infinite", gradient(put(np.ones((6, 4)), INF), mean_squared_error), ValueError,
     r"targets y to be finite in float32, got inf at index \(1, 2\)"),
    ("targets inf and -inf", gradient(put(put(np.ones((6, 4)), INF), -INF, (0, 0)), squared_error), ValueError,
     r"targets y to be finite in float32, got -inf at index \(0, 0\) \(2 such"),
    ("targets too large", gradient(put(np.ones((6, 4)), 1e300), squared_error), ValueError,
     r"targets y to be finite in float32, got inf at index \(1, 2\)"),
    ("targets complex", gradient(np.ones((6, 4)) + 0j, squared_error), TypeError,
     r"real numbers, got dtype complex128"),
    ("targets strings", gradient(np.full((6, 4), "a"), squared_error), TypeError, r"real numbers, got dtype <U1"),
    ("probabilities > 1", gradient(np.full((6, 4), 1.5), sigmoid_ce), ValueError, r"y in \[0, 1\].*got 1.5 … 1.5"),
    ("probabilities < 0", gradient(np.full((6, 4), -1), sigmoid_ce), ValueError, r"y in \[0, 1\].*got -1 … -1"),
    ("probabilities NaN", gradient(put(np.ones((6, 4)), NAN), sigmoid_ce), ValueError, r"finite in float32, got nan"),
    ("labels ±1", lambda net: sigmoid_ce(np.zeros((2, 1)), [-1, 1]), ValueError, r"0 or 1 for labels\), got -1"),
    ("labels (n,) float", lambda net: sigmoid_ce(np.zeros((2, 1)), [0.0, 1.0]), TypeError,
     r"labels y \(n,\) to be integers 0 or 1, got dtype float64"),
    # the passes
    ("dropout without rng", lambda net: net.gradient(X, Y, softmax_ce), ValueError, r"expected rng, got None"),
    ("forward without rng", lambda net: net.forward(X, training=True), ValueError, r"expected rng, got None"),
    ("alpha dropout without rng", lambda net: layers.AlphaDropout().forward(X, training=True), ValueError,
     r"expected rng, got None"),
    ("batch of one", gradient(Y[:1], x=X[:1]), ValueError, r"expected at least 2 examples, got 1"),
    ("backward first", lambda net: net.astype(np.float64).backward(np.ones((6, 4))), RuntimeError,
     r"call net\.forward"),
    ("dz shape", lambda net: (net.forward(X), net.backward(np.ones((6, 3)))), ValueError, r"\(6, 4\), got \(6, 3\)"),
    ("dz 1-d", lambda net: (net.forward(X), net.backward(np.ones(4))), ValueError, r"\(6, 4\), got \(4,\)"),
    ("params shape", lambda net: setattr(net, "params", np.zeros(3)), ValueError,
     r"params of shape \(54,\), got \(3,\)"),
    ("span outside", lambda net: net.span(4), IndexError, r"a layer between 0 and 3, got 4"),
    ("span turned", lambda net: net.span(2, 1), ValueError, r"first ≤ last, got layers 2 and 1"),
    ("astype int", lambda net: net.astype(int), ValueError, r"dtype float32 or float64, got int64"),
    ("astype float16", lambda net: net.astype(np.float16), ValueError, r"dtype float32 or float64, got float16"),
    # rng
    *[(f"Network rng={bad!r}", lambda net, bad=bad: Network([Dense(2, 2)], rng=bad), TypeError,
       rf"rng to be an int ≥ 0 or a numpy Generator, got {re.escape(repr(bad))}: nothing is drawn from a hidden seed")
      for bad in (None, 1.5, True, "0", -1)],
    *[(f"{what} rng=None", call, TypeError, r"rng to be an int ≥ 0 or a numpy Generator, got None") for what, call in (
        ("reset", lambda net: net.reset(None)), ("fit", lambda net: fitted(net, rng=None)),
        ("spirals", lambda net: datasets.spirals(9, rng=None)),
        ("mlp", lambda net: mlp([2, 2], activation=relu, init=init.he_normal, rng=None)))],
    ("forward rng=1.5", lambda net: net.forward(X, training=True, rng=1.5), TypeError, r"int ≥ 0.* got 1\.5"),
    ("fit RandomState", lambda net: fitted(net, rng=np.random.RandomState(0)), TypeError,
     r"numpy Generator, got RandomState"),
    # layers and networks
    ("no layers", lambda net: Network([], rng=0), ValueError, r"at least one layer, got none"),
    ("not a layer", lambda net: Network([Dense(2, 2), np.tanh], rng=0), TypeError,
     r"layers such as Dense\(64, 10\), got <ufunc 'tanh'> in place 1"),
    ("not a list of layers", lambda net: Network(Dense(2, 2), rng=0), TypeError,
     r"a list of layers, .*got Dense\(2, 2"),
    ("layers do not fit", lambda net: Network([Dense(3, 5), layers.Dropout(), Dense(4, 2)], rng=0), ValueError,
     r"layer 2, Dense\(4, 2.*takes 4 features, but gets 5 from layer 1"),
    ("norm does not fit", lambda net: Network([Dense(3, 5), layers.BatchNorm(4)], rng=0), ValueError,
     r"layer 1, BatchNorm\(4.*takes 4 features, but gets 5 from layer 0"),
    ("layer twice", lambda net: Network([twin := Dense(2, 2), twin], rng=0), ValueError,
     r"each place, got the same object"),
    ("dropout twice", lambda net: Network([twin := layers.Dropout(), twin], rng=0), ValueError,
     r"got the same object twice"),
    ("layer of another", lambda net: Network([net.layers[0]], rng=0), ValueError, r"layer 0.*already has its place"),
    ("dtype", lambda net: Network([Dense(2, 2)], rng=0, dtype=int), ValueError, r"float32 or float64, got int64"),
    ("activation name", lambda net: Dense(2, 2, "rule"), ValueError,
     r"activation to be one of identity, sigmoid, .*leaky_relu, elu, swish, got 'rule'"),
    ("softmax in a layer", lambda net: Dense(2, 2, activations.softmax), ValueError,
     r"softmax is no activation of a layer: losses\.softmax_cross_entropy applies it"),
    ("no activation", lambda net: Dense(2, 2, np.tanh), TypeError,
     r"an activation such as activations\.relu, got <ufunc"),
    ("Activation(None)", lambda net: layers.Activation(None), TypeError,
     r"an activation such as activations\.relu, got None"),
    ("init name", lambda net: Dense(2, 2, init="he"), ValueError,
     r"init to name an initializer, one of .*he_normal.*got 'he'"),
    ("constant alone", lambda net: Dense(2, 2, init=init.constant), TypeError,
     r"constant needs value: write constant\(value="),
    ("bias_init array", lambda net: Dense(2, 2, bias_init=0.0), TypeError, r"bias_init to be a function of .*got 0\.0"),
    *layer(lambda v: Dense(v, 2), "fan_in", WHOLE, 0, -3, 2.0, True, "3", None),
    *layer(lambda v: Dense(2, v), "fan_out", WHOLE, 0, 2.0, True),
    *layer(layers.BatchNorm, "features", WHOLE, 0, 1.5), *layer(layers.LayerNorm, "features", WHOLE, 0, "4"),
    *layer(layers.PReLU, "features", WHOLE, 0, None),
    *layer(lambda v: layers.PReLU(2, v), "initial_slope", "a number", *NUMBERS),
    *layer(layers.Dropout, "rate", RATE, 1, -0.1, *NUMBERS), *layer(layers.AlphaDropout, "rate", RATE, 1.0, NAN),
    *layer(lambda v: layers.BatchNorm(2, momentum=v), "momentum", "a number > 0 and ≤ 1", 0, 1.1, *NUMBERS),
    *layer(lambda v: layers.BatchNorm(2, epsilon=v), "epsilon", POSITIVE, 0, *NUMBERS),
    *layer(lambda v: layers.LayerNorm(2, v), "epsilon", POSITIVE, -1e-5, *NUMBERS),
    ("mlp one size", lambda net: mlp([3], activation=relu, init=init.he_normal, rng=0), ValueError,
     r"at least .*got \[3\]"),
    ("mlp size", lambda net: mlp([3, 0, 2], activation=relu, init=init.he_normal, rng=0), ValueError,
     r"sizes\[1\].*got 0"),
    ("mlp too few inits", lambda net: mlp([3, 4, 2], activation=relu, init=[init.ones], rng=0), ValueError,
     r"2 initializers for 2 layers, got 1"),
    ("mlp init name", lambda net: mlp([3, 2], activation=relu, init="he", rng=0), ValueError,
     r"init to name an initializer, one of .*got 'he'"),
    ("mlp init number", lambda net: mlp([3, 2], activation=relu, init=0.1, rng=0), TypeError,
     r"init to be a function such as .* or one for each layer, got 0\.1"),
    ("mlp output_init False", lambda net: mlp([3, 2], activation=relu, output_init=False, rng=0), TypeError,
     r"init to be a function of .*got False"),
    *[(f"mlp sizes {bad!r}", lambda net, bad=bad: mlp(bad, activation=relu, rng=0), TypeError,
       r"sizes to be a list of whole numbers ≥ 1, got") for bad in (None, 4, {64, 10}, "64")],
    ("mlp two last inits", lambda net: mlp([3, 2], activation=relu, init=[init.ones], output_init=init.ones, rng=0),
     ValueError, r"either a sequence init.* or output_init, got both"),
    # initializers
    ("init shape", lambda net: Network([Dense(2, 3, init=lambda rng, shape: np.ones((3, 2)))], rng=0), ValueError,
     r"to return an array of shape \(2, 3\), got \(3, 2\)"),
    ("init scalar", lambda net: Network([Dense(2, 3, init=lambda rng, shape: 0.1)], rng=0), ValueError,
     r"\(2, 3\), got \(\)"),
    ("init NaN", lambda net: Network([Dense(1, 1, init=lambda rng, shape: np.full(shape, NAN))], rng=0), ValueError,
     r"what <lambda> returns to be finite in float32, got nan"),
    ("init complex", lambda net: Network([Dense(1, 1, init=lambda rng, shape: np.full(shape, 1j))], rng=0), TypeError,
     r"what <lambda> returns to be an array of real numbers, got dtype complex128"),
    ("init too large", lambda net: Network([Dense(1, 1, init=partial(init.constant, value=1e300))], rng=0), ValueError,
     r"what constant\(value=1e\+300\) returns to be finite in float32, got inf"),
    ("bias_init shape", lambda net: Network([Dense(2, 3, bias_init=lambda rng, shape: np.ones(2))], rng=0), ValueError,
     r"shape \(3,\), got \(2,\)"),
    *[(f"fans of a bias: {f.__name__}", lambda net, f=f: f(RNG(0), (5,)), ValueError,
       r"shape \(fan_in, fan_out\) of a weight matrix, got \(5,\): a bias has no fans")
      for f in (init.glorot_uniform, init.glorot_normal, init.he_normal, init.he_uniform, init.lecun_normal,
                init.lecun_uniform)],
    ("fans of a bias in a layer", lambda net: Network([Dense(2, 3, bias_init=init.he_normal)], rng=0), ValueError,
     r"of a weight matrix, got \(3,\)"),
    ("fans of 0", lambda net: init.fans((0, 3)), ValueError, r"shape to be .* whole numbers ≥ 1.* got \(0, 3\)"),
    *layer(lambda v: init.constant(RNG(0), (2, 2), value=v), "value", "a number", *NUMBERS),
    *layer(lambda v: init.normal(RNG(0), (2, 2), std=v), "std", "a number ≥ 0", -1, *NUMBERS),
    *layer(lambda v: init.uniform(RNG(0), (2, 2), high=v), "high", "a number ≥ -1", -2),
    *layer(lambda v: init.uniform(RNG(0), (2, 2), high=v), "high", "a number", *NUMBERS),
    *layer(lambda v: init.glorot_uniform(RNG(0), (2, 2), gain=v), "gain", POSITIVE, 0, *NUMBERS),
    *layer(lambda v: init.glorot_normal(RNG(0), (2, 2), gain=v), "gain", POSITIVE, -1, *NUMBERS),
    # optimizers and schedules
    *[case for kind in (SGD, RMSprop, Adam, AdamW) for name, wanted, edge in
      (("learning_rate", POSITIVE, 0), ("weight_decay", "a number ≥ 0", -0.1), ("l1", "a number ≥ 0", -0.1))
      for case in optimizer(kind, name, wanted, edge, *NUMBERS)],
    *optimizer(SGD, "momentum", RATE, 1, -0.1, *NUMBERS), *optimizer(RMSprop, "alpha", RATE, 1, -0.1, *NUMBERS),
    *optimizer(RMSprop, "epsilon", POSITIVE, 0, *NUMBERS), *optimizer(Adam, "epsilon", POSITIVE, 0, *NUMBERS),
    *optimizer(Adam, "beta1", RATE, 1, -0.1, *NUMBERS), *optimizer(Adam, "beta2", RATE, 1, -0.1, *NUMBERS),
    ("Nesterov without momentum", lambda net: SGD(learning_rate=0.1, nesterov=True), ValueError,
     r"momentum > 0.*got 0"),
    ("Nesterov in words", lambda net: SGD(learning_rate=0.1, momentum=0.9, nesterov="no"), TypeError,
     r"nesterov to be True or False, got 'no'"),
    ("decay_mask shape", lambda net: SGD().init(np.ones(3), np.ones(2, bool)), ValueError, r"shape \(3,\), got \(2,\)"),
    ("grads shape", lambda net: SGD().step(np.ones(3), np.ones(2), SGD().init(np.ones(3))), ValueError,
     r"grads of params' shape \(3,\), got \(2,\)"),
    *layer(lambda v: optimizers.clip_by_norm(np.ones(2), v), "max_norm", POSITIVE, 0, *NUMBERS),
    *layer(lambda v: optimizers.step_decay(0, every=v), "every", WHOLE, 0, 1.5, True),
    *layer(lambda v: optimizers.step_decay(0, every=2, factor=v), "factor", POSITIVE, 0, *NUMBERS),
    *layer(lambda v: optimizers.exponential(0, decay=v), "decay", POSITIVE, 0, -0.9, *NUMBERS),
    ("a schedule that overflows", lambda net: fitted(net, state=SGD().init(net.params) | {"t": 10_000}, optimizer=SGD(),
                                                     schedule=partial(optimizers.exponential, decay=1.1)), ValueError,
     r"schedule\(10000\), a factor on the learning rate, to be a number ≥ 0, got inf"),
    *layer(lambda v: optimizers.cosine(0, steps=v), "steps", WHOLE, 0, 10.0, "10"),
    *layer(lambda v: optimizers.cosine(0, steps=9, floor=v), "floor", "a number ≥ 0 and ≤ 1", 1.1, -0.1, *NUMBERS),
    *layer(lambda v: optimizers.linear_warmup(0, steps=v), "steps", WHOLE, 0, 10.0),
    # fit and train: everything is checked before anything changes
    ("data a Dataset", lambda net: fitted(net, datasets.digits()), TypeError,
     r"a pair \(x, y\), got Dataset: pass one of its parts"),
    ("data x alone", lambda net: fitted(net, X), TypeError, r"data to be a pair \(x, y\), got ndarray"),
    ("data of four", lambda net: fitted(net, (X, Y, Y, Y)), TypeError, r"data to be a pair \(x, y\), got tuple"),
    ("patience without validation", lambda net: fitted(net, patience=3), ValueError,
     r"patience counts .*: expected validation=\(x, y\), got None"),
    *setting(lambda net, value: fitted(net, patience=value, validation=(X, Y)), "patience", WHOLE, 0, 2.0, True, "3"),
    ("weights short", lambda net: fitted(net, (X, Y, np.ones(5))), ValueError,
     r"weights of shape \(6,\), one per example, got \(5,\)"),
    ("weights a column", lambda net: fitted(net, (X, Y, np.ones((6, 1)))), ValueError,
     r"weights of shape \(6,\), one per example, got \(6, 1\): .*np\.ravel\(weights\)"),
    ("weights negative", lambda net: fitted(net, (X, Y, Y - 1.0)), ValueError, r"weights ≥ 0, got -1"),
    ("weights NaN", lambda net: fitted(net, (X, Y, put(Y, NAN, 2))), ValueError,
     r"weights to be finite in float32, got nan at index \(2,\)"),
    ("weights words", lambda net: fitted(net, (X, Y, ["a"] * 6)), TypeError, r"weights to be an array of real numbers"),
    ("weights of validation", lambda net: fitted(net, validation=(X, Y, -np.ones(6))), ValueError, r"weights ≥ 0, got"),
    ("weights, own loss", lambda net: fitted(net, (X, Y, np.ones(6)), loss=lambda z, y: softmax_ce(z, y)), TypeError,
     r"a loss that takes weights, loss\(z, y, weights=None\), .*got <lambda>: multiply each example's part"),
    ("weights of a loss", lambda net: softmax_ce(np.zeros((6, 4)), Y, [1, 2]), ValueError, r"weights of shape \(6,\)"),
    ("balanced: a table", lambda net: balanced_weights(X), ValueError, r"labels y of shape \(n,\), .*\(6, 3\)"),
    ("balanced: nothing", lambda net: balanced_weights([]), ValueError, r"labels y of shape \(n,\), .*\(0,\)"),
    ("accuracy, labels short", lambda net: accuracy(np.eye(3), [0]), ValueError, r"y of shape \(3,\), .*got \(1,\)"),
    ("accuracy, labels a column", lambda net: accuracy(np.eye(3), np.ones((3, 1), int)), ValueError,
     r"y of shape \(3,\), .* or \(3, 3\), .*got \(3, 1\)"),
    ("x and y differ", lambda net: fitted(net, (X, Y[:4])), ValueError,
     r"each of the 6 rows of x in data, got y.*\(4,\)"),
    ("y a number", lambda net: fitted(net, (X, 3)), ValueError,
     r"each of the 6 rows of x in data, got y of shape \(\)"),
    ("fit no rows", lambda net: fitted(net, (X[:0], Y[:0])), ValueError, r"x of shape \(n, 3\), got \(0, 3\)"),
    ("fit NaN late", lambda net: fitted(net, (put(X, NAN, (5, 0)), Y)), ValueError,
     r"x to be finite.*got nan at .*\(5, 0\)"),
    ("fit label late", lambda net: fitted(net, (X, np.array([0, 1, 2, 3, 0, 4]))), ValueError, r"0 … 3.*got 0 … 4"),
    ("fit targets NaN", lambda net: fitted(net, (X, put(np.ones((6, 4)), NAN)), loss=squared_error), ValueError,
     r"y to be finite in float32, got nan at index \(1, 2\)"),
    ("fit targets too large", lambda net: fitted(net, (X, put(np.ones((6, 4)), 1e300)), loss=squared_error), ValueError,
     r"y to be finite in float32, got inf at index \(1, 2\)"),
    ("train checks at once", lambda net: fitted(net, (X, Y + 9), run=train), ValueError,
     r"labels in 0 … 3.*got 9 … 12"),
    ("validation a Dataset", lambda net: fitted(net, validation=datasets.digits()), TypeError,
     r"validation to be a pair \(x, y\), got Dataset: pass one of its parts"),
    ("validation x alone", lambda net: fitted(net, validation=X), TypeError, r"validation to be a pair.*got ndarray"),
    ("validation width", lambda net: fitted(net, validation=(X[:, :2], Y)), ValueError, r"\(n, 3\), got \(6, 2\)"),
    ("validation labels", lambda net: fitted(net, validation=(X, Y + 1)), ValueError,
     r"0 … 3 for 4 outputs, got 1 … 4"),
    ("validation length", lambda net: fitted(net, validation=(X, Y[:1])), ValueError,
     r"6 rows of x in validation.*\(1,\)"),
    *setting(lambda net, v: fitted(net, epochs=v), "epochs", "a whole number ≥ 0", -1, 2.0, True, "3", None),
    *setting(lambda net, v: fitted(net, batch_size=v), "batch_size", WHOLE, 0, -2, 2.5, True, "3", None),
    *setting(lambda net, v: fitted(net, clip_norm=v), "clip_norm", POSITIVE, 0, -1, NAN, INF, True, "1"),
    ("span a pair", lambda net: fitted(net, span=(0, 5)), TypeError, r"span to be a slice of params.*got \(0, 5\)"),
    ("span a step", lambda net: fitted(net, span=slice(0, 9, 2)), TypeError, r"without a step.*got slice\(0, 9, 2\)"),
    ("span empty", lambda net: fitted(net, span=net.span(2)), ValueError,
     r"at least one of the 54 param.*got slice\(30, 30"),
    ("progress in words", lambda net: fitted(net, progress="no"), TypeError,
     r"progress to be True, False or None, got 'no'"),
    ("schedule a number", lambda net: fitted(net, schedule=0.1), TypeError,
     r"schedule to be a function of the step, got 0\.1"),
    *[(f"schedule {bad}", lambda net, bad=bad: fitted(net, schedule=lambda step: bad), ValueError,
       rf"schedule\(0\), a factor on the learning rate, to be a number ≥ 0, got {bad}") for bad in (NAN, INF, -0.1)],
    ("optimizer name", lambda net: fitted(net, optimizer="sgd"), TypeError,
     r"optimizers\.SGD\(learning_rate.*got 'sgd'"),
    ("optimizer class", lambda net: fitted(net, optimizer=SGD), TypeError,
     r"optimizers\.SGD\(learning_rate.*got <class"),
    ("loss name", lambda net: fitted(net, loss="mse"), TypeError, r"loss to be a function of \(z, y\).*got 'mse'"),
    ("model", lambda net: fitted(np.ones(3)), TypeError, r"a model with params, grads and gradient.*without params"),
    ("state size", lambda net: fitted(net, optimizer=Adam(), state=Adam().init(np.zeros(7))), ValueError,
     r"a state for 54 parameters, got decay_mask of shape \(7,\)"),
    ("state before step 0", lambda net: fitted(net, optimizer=Adam(), state=Adam().init(net.params) | {"t": -1}),
     ValueError, r"t in state to be a whole number ≥ 0, got -1"),
    ("state NaN", lambda net: fitted(net, optimizer=Adam(), state=Adam().init(net.params) | {
        "m": np.full(54, NAN, np.float32)}), ValueError, r"m in state to be finite numbers in float32"),
    *[(f"decay mask of {kind.__name__}", lambda net, kind=kind: SGD(0.1).init(net.params, np.ones(54, kind)), TypeError,
       r"decay_mask to hold True and False, got dtype") for kind in (int, float)],
    ("decay mask too short", lambda net: SGD(0.1).init(net.params, [True]), ValueError,
     r"decay_mask of params' shape \(54,\), got \(1,\)"),
    *[(f"tiny epsilon of {type(made).__name__}", lambda net, made=made: made.init(net.params), ValueError,
       r"epsilon to be larger than 0 in float32, got 1e-60") for made in (Adam(epsilon=1e-60), RMSprop(epsilon=1e-60))],
    *[(f"tiny epsilon of {kind.__name__}", lambda net, kind=kind: Network([kind(3, epsilon=1e-60)], rng=0), ValueError,
       r"epsilon to be larger than 0 in float32, got 1e-60") for kind in (layers.BatchNorm, layers.LayerNorm)],
    # masked arrays, whose mask np.asarray would drop
    *[(f"masked {what}", call, TypeError, r"without a mask, got a masked array.*x\.filled") for what, call in (
        ("x", lambda net: net(np.ma.masked_less(X, 0))),
        ("x of fit", lambda net: fitted(net, (np.ma.masked_less(X, 0), Y))),
        ("y of fit", lambda net: fitted(net, (X, np.ma.masked_equal(Y, 0)), loss=lambda z, y: (0.0, 0 * z))),
        ("labels", lambda net: softmax_ce(np.zeros((6, 4)), np.ma.masked_equal(Y, 0))),
        ("targets", lambda net: squared_error(np.zeros((6, 3)), np.ma.masked_less(X, 0))),
        ("probabilities", lambda net: sigmoid_ce(np.zeros((6, 1)), np.ma.masked_equal(Y % 2, 0))))],
    ("state of another optimizer", lambda net: fitted(net, optimizer=Adam(), state=RMSprop().init(net.params)),
     ValueError, r"a state of Adam with decay_mask, m, t, v, got one with decay_mask, s, t:"),
    ("state empty", lambda net: fitted(net, optimizer=Adam(), state={}), ValueError,
     r"a state of Adam with decay_mask, m, t, v, got one with nothing"),
    ("state no dict", lambda net: fitted(net, optimizer=Adam(), state=5), TypeError, r"state to be a dict .*got 5"),
    ("state of negative squares", lambda net: fitted(net, optimizer=Adam(), state=Adam().init(net.params) | {
        "v": np.full(54, -1, np.float32)}), ValueError, r"v in state to be ≥ 0, since it averages squares, got -1:"),
    ("step with another state", lambda net: Adam().step(np.ones(3), np.ones(3), RMSprop().init(np.ones(3))), TypeError,
     r"state to come from init of this Adam, got KeyError"),
    ("step on a list", lambda net: SGD().step([1.0], [1.0], SGD().init(np.ones(1))), TypeError,
     r"expected params and grads to be vectors"),
    *[(f"init of {what}", lambda net, params=params: Adam().init(params), TypeError,
       r"params to be a vector of floats, such as net\.params, got") for what, params in (
        ("None", None), ("a list", [1.0]), ("ints", np.arange(3)), ("a mask", np.ma.masked_less(np.ones(3), 2)))],
    # a loss of one's own: what it returns, and what it changes
    *[(f"loss in {where} returns {what}",
       lambda net, returned=returned, call=call: call(net, lambda z, y: returned), TypeError,
       r"expected the loss to return \(value, dz\), a number and an array .* got") for what, returned in (
        ("a float", 1.0), ("None", None), ("a word", "mse"), ("a triple", (1.0, 1.0, 1.0)))
      for where, call in LOSSES.items()],
    *[(f"loss with {what}", lambda net, change=change: fitted(net, loss=lambda z, y: change(*softmax_ce(z, y))),
       TypeError, rf"a number and an array of real numbers of shape \(2, 4\), got .*{got}") for what, change, got in (
        ("complex dz", lambda C, dz: (C, dz * 1j), "dtype complex"),
        ("complex C", lambda C, dz: (C * 1j, dz), "dtype complex"),
        ("C for each row", lambda C, dz: (dz[:, 0], dz), r"a value of shape \(2,\)"),
        ("one row of dz", lambda C, dz: (C, dz[0]), r"dz of shape \(4,\)"), ("words", lambda C, dz: ("a", dz), "<U1"))],
    *[(f"loss in {where} writes into {name}", lambda net, call=call, loss=loss: call(net, loss), ValueError,
       rf"a loss that leaves {name} as it is, got one that writes into {name}: change a copy, {name}\.copy")
      for name, loss in (("z", lambda z, y: softmax_ce(np.subtract(z, 1, out=z), y)),
                         ("y", lambda z, y: softmax_ce(z, np.subtract(3, y, out=y))))
      for where, call in LOSSES.items() if where != "gradient"],           # a step does not look for it
    *[(f"{where} with loss {loss!r}", lambda net, call=call, loss=loss: call(net, loss), TypeError,
       rf"loss to be a function of \(z, y\), such as .* got {loss!r}")
      for where, call in LOSSES.items() for loss in (None, "mse")],
    *[(f"{loss.__name__} of nothing", lambda net, loss=loss: loss(np.ones((0, 3)), np.ones((0, 3))), ValueError,
       r"at least one example and one output, got z of shape \(0, 3\)")
      for loss in (squared_error, mean_squared_error, sigmoid_ce)],
    ("softmax_cross_entropy of nothing", lambda net: softmax_ce(np.ones((0, 3)), np.ones(0, int)), ValueError,
     r"at least one example and one output, got z of shape \(0, 3\)"),
    # words, sets, functions and numbers in place of each other
    *[(f"{what} of shape {name}=7", lambda net, make=make, name=name: setattr(make(net), name, 7), AttributeError,
       rf"expected {name} of .* to stay \d, got 7: its arrays have that shape") for what, make, name in (
        ("Dense", lambda net: net.layers[0], "fan_out"), ("Dense", lambda net: net.layers[0], "fan_in"),
        ("BatchNorm", lambda net: net.layers[1], "features"),
        ("Autoencoder", lambda net: pretraining.Autoencoder(3, 2, rng=0), "units"))],
    *[(f"{name} ragged", call, ValueError, rf"expected {name} to be an array, got rows of unequal lengths")
      for name, call in (("y", gradient([[1], [1, 2]], x=X[:2])),
                         ("y", lambda net: fitted(net, (X[:2], [[1], [1, 2]]))),
                         ("params", lambda net: setattr(net, "params", [[1], [1, 2]])))],
    ("params masked", lambda net: setattr(net, "params", np.ma.masked_less(net.params, 0)), TypeError,
     r"expected params without a mask"),
    ("init masked", lambda net: Network([Dense(2, 3, init=lambda rng, shape: np.ma.masked_less(np.ones(shape), 2))],
                                        rng=0), TypeError, r"what <lambda> returns without a mask"),
    *[(f"dtype {bad!r}", lambda net, bad=bad: net.astype(bad), ValueError, r"dtype float32 or float64, got '?foo|None")
      for bad in ("foo", None)],
    ("a number of 400 digits", lambda net: SGD(10**400), ValueError, r"learning_rate to be a number > 0, got 1000"),
    *[(f"Activation {name}", lambda net, name=name, bad=bad: activations.Activation(
        **{"name": "mine", "f": np.tanh, "df": tanh.df} | {name: bad}), TypeError, message) for name, bad, message in (
        ("name", None, "name to be a text, got None"), ("f", None, r"f of mine to take an array, f\(z\), got: 'None"),
        ("df", 3, r"df of mine to take two arrays, df\(z, a\)"),
        ("kinks", {0.0}, r"kinks of mine to be a list of numbers, got \{0\.0\}"),
        ("kinks", 0.0, r"kinks of mine to be a list of numbers, got 0\.0"),
        ("range", "01", r"range of mine to be a list of numbers, got '01'"))],
    *[(f"activation {type(bad).__name__}", lambda net, bad=bad: Dense(2, 2, bad), TypeError,
       r"an activation such as activations\.relu, got") for bad in (None, np.ones((2, 2)), {}, 1.0)],
    *[(f"{what} activated", lambda net, f=f, z=z: f(z), TypeError, r"z to be an array of real numbers, got")
      for f in (relu, activations.softmax)
      for what, z in (("a word", "a"), ("None", None), ("complex", np.ones(2) * 1j))],
    ("schedule misses steps", lambda net: fitted(net, schedule=optimizers.cosine), TypeError,
     r"'steps'\n.*set its other arguments beforehand, as in partial\(schedules\.cosine, steps=1000\)"),
    ("schedule a word", lambda net: fitted(net, schedule=lambda t: "0.5"), TypeError,
     r"schedule\(0\), a factor on the learning rate, to be a number ≥ 0, got '0\.5'"),
    *layer(lambda v: optimizers.step_decay(v, every=2), "step", "a whole number ≥ 0", -1, 0.5, "1", None),
    *[(f"teacher {what}", lambda net, change=change: datasets.linear_teacher(
        **{"n": 9, "singular_values": (1,), "fan_in": 3, "fan_out": 2, "rng": 0} | change), kind, message)
      for what, change, kind, message in (
        ("in ints", {"dtype": int}, ValueError, "float32 or float64, got int64"),
        ("of words", {"singular_values": "12"}, TypeError, "singular_values to be a list of numbers, got '12'"),
        ("of a set", {"singular_values": {1, 2}}, TypeError, "singular_values to be a list of numbers"))],
    ("map_x", lambda net: datasets.digits().map_x(2), TypeError, r"f to be a function of x, .* got 2"),
    ("standardized parts", lambda net: datasets.standardized(datasets.Dataset(X, X)), TypeError,
     r"each part to be a pair \(x, y\), got ndarray"),
    ("standardized NaN", lambda net: datasets.standardized(datasets.Dataset((put(X, NAN), Y), (X, Y))), ValueError,
     r"x to be finite in float64, got nan"),
    ("checked without a model", lambda net: gradient_check.check(None, X, Y, softmax_ce), TypeError,
     r"a model with params, grads and gradient.* got None"),
    # generated data, gradient check
    *layer(lambda v: datasets.spirals(v, rng=0), "n", WHOLE, 0, 2.5, True),
    *layer(lambda v: datasets.spirals(9, rng=0, noise=v), "noise", "a number ≥ 0", -1, *NUMBERS),
    *layer(lambda v: datasets.spirals(9, rng=0, classes=v), "classes", "a whole number ≥ 2", 1, "3"),
    *layer(lambda v: datasets.parity(v), "bits", "a (whole )?number [≥≤] (1|20)", 0, 21, 3.0, True),
    ("teacher rows", lambda net: datasets.linear_teacher(3, singular_values=(1,), fan_in=4, fan_out=2, rng=0),
     ValueError,
     r"n to be a whole number ≥ 4, got 3"),
    ("teacher rank", lambda net: datasets.linear_teacher(9, singular_values=(1, 1, 1), fan_in=4, fan_out=2, rng=0),
     ValueError, r"1 … 2 singular values for a \(4, 2\) map, got \(3,\)"),
    ("gradient check in float32", lambda net: gradient_check.check(Float32(), X, Y, squared_error), TypeError,
     r"a model in float64, got params of dtype float32"),
    *setting(lambda net, v: gradient_check.check(net, X, Y, softmax_ce, samples=v), "samples", WHOLE, 0, True),
]


def judged(**changes):
    return claims.judge(**{"id": "01-x", "source": "s", "statement": "t", "measured": 1.0,
                           "criterion": claims.at_most(2)} | changes)


def given(f, *bad, **right):
    """Cases for one argument, which comes last in `right`: each of the bad values in its place is a TypeError."""
    name = list(right)[-1]
    return [(f"{described(f)} {name}={value!r}", lambda net, value=value: f(**right | {name: value}),
             TypeError, f"expected .*{name}.* to be .*, got") for value in bad]


WORDS, FLAG = (None, 1.0, {"a"}), (None, 1, "no", [])
CASES += [
    # the packages around the core
    *[case for name in ("id", "source", "statement") for case in given(judged, *WORDS, **{name: ""})],
    *given(judged, 1.0, ["a"], without=1.0, condition=""), *given(judged, *FLAG, refutable=True),
    *given(judged, None, 1, mode="live"),
    *given(gaussian.expectation, None, "tanh", 1.0, g=np.tanh),
    *given(gaussian.integrate, None, cuts=(0, 1), g=np.tanh),
    *given(gaussian.expectation, None, "1", 1j, True, g=np.tanh, std=1.0),
    *given(gaussian.expectation, None, 0.0, {0.0}, "0", g=np.tanh, kinks=(0.0,)),
    *given(gaussian.integrate, None, 1.0, {0, 1}, g=np.tanh, cuts=(0, 1)),
    *given(gaussian.correlation, None, 1.0, {1, 2}, g=np.tanh, h=np.tanh, c=0.5, std=(1, 1)),
    *[(f"correlation {name}={bad}", lambda net, change={name: bad}: gaussian.correlation(
        **{"g": np.tanh, "h": np.tanh, "c": 0.5} | change), ValueError, f"expected {name} to be .*, got")
      for name, bad in (("c", 2.0), ("c", NAN), ("std", (1.0, 0.0)), ("std", (1.0,)), ("std", (1.0, INF)))],
    *given(theory.spectra.edges, None, 4, "44", {4, 3}, std=1.0, shape=(4, 3)),
    *given(theory.spectra.jacobian_spread, *FLAG, activation=tanh, layers=2, orthogonal=True),
    *given(theory.critical, None, 1, activation=tanh, distribution="normal"),
    *given(lambda layers: diagnostics.jacobian(net(), X, layers=layers), *FLAG, layers=True),
    *given(sweeps.read, None, 1, {"a"}, "", file="rows.jsonl"),
    *given(sweeps.plan, 1, {"a"}, "", function=lambda a, seed: {"b": a}, grid={"a": [1]}, seeds=[0], file=None),
    *given(sweeps.plan(lambda a, seed: {"b": a}, {"a": [1]}, seeds=[0]).estimate, None, "2", 1.0, workers=1),
    *given(rows.Rows, [1], ["ab"], "ab", rows=[]),
    *given(rows.Rows([{"a": 1.0}]).spread, None, 1, {"a": 1}, name="a", by="a"),
    *given(pretraining.unrolled, None, [], "a", net=mlp([3, 4], activation="relu", rng=0), stack=pretraining.Stack()),
    *given(partial(corruption.masking, rate=0.5), None, 0, x=X, rng=RNG(0)),
    *given(partial(corruption.salt_and_pepper, rate=0.5), None, 0, x=X, rng=RNG(0)),
    *given(partial(corruption.gaussian_noise, std=0.5), None, 0, x=X, rng=RNG(0)),
    *[(f"x of {f.__name__} {what}", lambda net, f=f, options=options, x=x: f(RNG(0), x, **options), TypeError, message)
      for f, options in ((corruption.masking, {"rate": 0.5}), (corruption.gaussian_noise, {"std": 0.5}))
      for what, x, message in (
          ("a list", [[1.0]], r"x in float32 or float64, got \[\[1\.0\]\]: convert with np\.array"),
          ("masked", np.ma.masked_less(X, 0), "x without a mask"))],
    ("training in words", lambda net: pretraining.Autoencoder(
        3, 2, corruption=partial(corruption.masking, rate=0.5), rng=0).gradient(
            X, X, squared_error, training="no", rng=0), TypeError, "training to be True or False, got 'no'"),
    *[(f"{kind.__name__} with loss {loss!r}", lambda net, kind=kind, loss=loss: kind(3, 2, rng=0).gradient(
        X > 0, X > 0, loss, rng=0), TypeError, "loss to be a function of")
      for kind in (pretraining.Autoencoder, pretraining.BoltzmannMachine) for loss in (None, "mse")],
    *given(lambda log: plots.histograms([X], log=log), *FLAG, log=True),
    *given(lambda offset: plots.histograms([X], offset=offset), *FLAG, offset=True),
    *given(lambda ranked: plots.singular_values([1.0], ranked=ranked), *FLAG, ranked=True),
    *given(lambda annotate: plots.heat_map([[1.0]], "a", "b", xlabel="", ylabel="", label="", annotate=annotate), *FLAG,
           annotate=True),
    *given(lambda rows: plots.heat_map([[1.0]], rows, "b", xlabel="", ylabel="", label=""), None, 1.0, {"a"}, rows="a"),
    *given(lambda first: plots.depth_profile([1.0], ylabel="", first=first), None, 0.5, "1", first=1),
    *given(lambda styles: plots.depth_profile([1.0], ylabel="", styles=styles), 1, "a", {"": "red"}, styles=None),
    *given(lambda column: plots.learning_curves([[1.0]], column=column), None, 1, column="loss"),
    *given(lambda net: plots.decision_boundary(net, (X[:, :2], Y)), None, "net", net=None),
]


class Float32:
    params = grads = gradient = np.zeros(3, np.float32)


@pytest.mark.parametrize(("what", "call", "kind", "message"), CASES, ids=[case[0] for case in CASES])
def test_bad_input(what, call, kind, message):
    model = net()
    before = frozen(model)
    with pytest.raises(kind, match=message):
        call(model)
    assert frozen(model) == before


def test_an_entry_is_found_in_any_block(monkeypatch):
    monkeypatch.setattr("minnet.arrays.BLOCK", 6)
    with pytest.raises(ValueError, match=r"nan at index \(4, 1\) \(3 such entries\)"):
        fitted(net(), (put(put(X, NAN, (4, 1)), INF, (5, slice(1, 3))), Y))


def test_a_prediction_needs_a_model_that_predicts():
    class Trainable:
        params, grads = np.zeros(3), np.zeros(3)

        def gradient(self, x, y, loss):
            return 0.0

    with pytest.raises(TypeError, match="validation needs a model that predicts"):
        fitted(Trainable(), validation=(X, Y))


def test_the_table_is_long_and_its_names_are_distinct():
    assert len(CASES) >= 45
    assert len({what for what, *_ in CASES}) > 0.9 * len(CASES)
