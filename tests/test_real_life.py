"""What people bring, in one table: an input as it occurs, and the right value, or an error whose remedy works.

A row is called with the names that `given` makes. `right` is the value, or `Refused`: the exception, what its message
says, and the remedy. The remedy stands in the message word for word; the test carries it out and calls the row again,
which must then give `then`. Sources are told in general words. To add a case, add a row.
"""

import datetime
import tracemalloc
from collections.abc import Callable
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pytest

from minnet import activations, arrays, datasets, diagnostics, fit, gradient_check, losses, mlp, plots, pretraining
from minnet.datasets import Dataset
from minnet.optimizers import SGD

CE, BCE, SE = losses.softmax_cross_entropy, losses.sigmoid_cross_entropy, losses.squared_error
X = np.random.default_rng(0).normal(size=(60, 3)).astype(np.float32)
Y = (X[:, 0] > 0).astype(int)
Y3 = np.digitize(X[:, 0], [-0.5, 0.5])
WORDS = np.array(["bird", "cat", "dog"])[Y3]
T = X[:, :1] - X[:, 1:2]                                # targets of a regression
BYTES = np.random.default_rng(1).integers(0, 256, (60, 3)).astype(np.uint8)
HOLES = np.where(np.arange(180).reshape(60, 3) % 50 == 0, np.nan, X)
WHOLE = ~np.isnan(HOLES).any(axis=1)
DAYS = np.datetime64("2020-01-01") + np.arange(60)


class Refused(NamedTuple):
    """An error. `remedy` stands in its message; `code` carries it out, {} being the remedy; `then` is the result."""

    kind: type[Exception]
    says: str
    remedy: str = ""
    code: str = "{}"
    then: Callable[[], Any] = lambda: None


class Row(NamedTuple):
    what: str
    source: str
    call: Callable[..., Any]
    given: Callable[[], dict[str, Any]]
    right: Any                                           # a value, a function that returns it, or Refused


def trained(x, y, loss=CE, outputs=2):
    """The parameters after an epoch, and the history's accuracy: what the numbers in x and y make of a network."""
    net = mlp([3, 8, outputs], activation="relu", rng=0)
    history = fit(net, (x, y), loss=loss, optimizer=SGD(0.01), epochs=1, batch_size=16, rng=0)
    return net.params.copy(), history.accuracy


def classes(x, y):
    return trained(x, y, outputs=3)


def yes_or_no(x, y):
    return trained(x, y, BCE, 1)


def regression(x, y):
    return trained(x, y, SE, 1)


def pandas():
    return pytest.importorskip("pandas")


def frame(**columns):
    """A table of X with columns a, b, c, of which some are replaced."""
    return pandas().DataFrame({"a": X[:, 0], "b": X[:, 1], "c": X[:, 2]} | columns)


def with_x(make):
    return lambda: {"x": make(), "y": Y}


def with_y(make):
    return lambda: {"x": X, "y": make()}


def plain(x=X, y=Y, call=trained):
    """The right value: that of plain arrays."""
    return lambda: call(np.array(x, np.float32), y)


def column(name, values):
    """X with one column replaced, as numbers."""
    x = X.copy()
    x[:, "abc".index(name)] = values
    return x


class Foreign:
    """A tensor of another library: numpy reads it through __array__, unless it refuses."""

    def __init__(self, values, refuses=False):
        self.values, self.refuses = values, refuses

    def __array__(self, dtype=None, copy=None):
        if self.refuses:
            raise RuntimeError("it lies on a graphics card")
        return np.asarray(self.values, dtype)

    def detach(self):
        return Foreign(self.values)

    def cpu(self):
        return self

    def numpy(self):
        return np.array(self.values)


def points(y):
    """Where the points of a decision boundary are drawn."""
    ax = plots.decision_boundary(mlp([2, 2], activation="relu", rng=0), (X[:, :2], y), resolution=5)
    found = [line.get_xydata() for line in ax.lines] + [dots.get_offsets() for dots in ax.collections]
    plt.close(ax.figure)
    return np.concatenate(found)


FORUM, ISSUE, COURSE, FILES = "a question in a forum", "a framework's issue list", "a course", "files as they are found"
LOOP = """    rng, state = np.random.default_rng(0), optimizer.init(net.params, net.decay_mask)
    for xb, yb in batches:
        net.gradient(xb, yb, loss, rng=rng)
        optimizer.step(net.params, net.grads, state)"""


def learns_from_batches(batches, loop=None):
    """Training from a generator; with `loop`, the loop that the error shows."""
    net, optimizer, loss = mlp([3, 8, 2], activation="relu", rng=0), SGD(0.1), CE
    if loop is None:
        return fit(net, batches, loss=loss, optimizer=optimizer, epochs=1, batch_size=16, rng=0)
    before = net.evaluate((X, Y), CE).loss
    exec("if True:\n" + loop, {"np": np, "net": net, "optimizer": optimizer, "loss": loss, "batches": batches})
    return net.evaluate((X, Y), CE).loss < 0.9 * before


def some_batches(epochs=5):
    return ((X[i:i + 10], Y[i:i + 10]) for _ in range(epochs) for i in range(0, 60, 10))


def standardized(data):
    return datasets.standardized(data).train[0].std(axis=0)


SORTED, TARGETS = plain(y=Y3, call=classes), plain(y=T, call=regression)
NUMBERED = "classes, y = np.unique(y, return_inverse=True)"
TABLES = [
    Row("table of floats and bools", FORUM, trained, with_x(lambda: frame(c=X[:, 2] > 0)),
        plain(column("c", X[:, 2] > 0))),
    Row("table of floats and whole numbers", FORUM, trained, with_x(lambda: frame(c=np.arange(60) % 3)),
        plain(column("c", np.arange(60) % 3))),
    Row("nullable Float64", ISSUE, trained, with_x(lambda: frame().astype("Float64")), plain()),
    Row("nullable Int64", ISSUE, trained, with_x(lambda: frame(c=range(60)).round().astype("Int64")),
        plain(np.round(column("c", range(60))))),
    Row("nullable boolean beside floats", ISSUE, trained,
        with_x(lambda: frame(c=pandas().array(X[:, 2] > 0, dtype="boolean"))), plain(column("c", X[:, 2] > 0))),
    Row("sparse columns", ISSUE, trained, with_x(lambda: frame().astype(pandas().SparseDtype(np.float32, 0))), plain()),
    Row("rows picked from a table, with the old index", FORUM, trained,
        lambda: {"x": frame()[X[:, 0] > 0], "y": pandas().Series(Y)[X[:, 0] > 0]},
        plain(X[X[:, 0] > 0], Y[X[:, 0] > 0])),
    Row("nullable with missing values", ISSUE, trained,
        with_x(lambda: pandas().DataFrame(HOLES).astype("Float64")), Refused(
            ValueError, "expected x without missing values, got 4, the first in column 0",
            "x = x.astype(float).fillna(x.mean())",
            then=plain(np.where(np.isnan(HOLES), np.nanmean(HOLES, axis=0), HOLES)))),
    Row("nullable whole numbers with missing values", ISSUE, trained,
        with_x(lambda: pandas().DataFrame(np.round(HOLES)).astype("Int64")), Refused(
            ValueError, "expected x without missing values", "x = x.astype(float).fillna(x.mean())",
            then=plain(np.where(np.isnan(HOLES), np.nanmean(np.round(HOLES), axis=0), np.round(HOLES))))),
    Row("missing values, their rows removed", FORUM, trained, with_x(lambda: pandas().DataFrame(HOLES)), Refused(
        ValueError, "expected x without missing values, got 4", "good = x.notna().all(axis=1)",
        "{}; x, y = x[good], y[good]",
        plain(HOLES[WHOLE], Y[WHOLE]))),
    Row("column of words", COURSE, trained, with_x(lambda: frame(c=WORDS)[["c"]].replace({"bird": "cat"})), Refused(
        TypeError, "in column 'c'", "x = pd.get_dummies(x)", "{}; x['c_fox'] = 0",
        plain(np.stack([Y3 < 2, Y3 == 2, 0 * Y3], axis=1)))),
    Row("column of categories", COURSE, trained,
        with_x(lambda: frame(c=pandas().Categorical(WORDS))[["c"]]), Refused(
            TypeError, "dtype category in column 'c'", "x = pd.get_dummies(x)", then=plain(np.eye(3)[Y3]))),
    Row("column of categories that are numbers", COURSE, trained,
        with_x(lambda: frame(c=pandas().Categorical(Y3))[["c"]]), Refused(
            TypeError, "dtype category in column 'c'", "x = pd.get_dummies(x)", then=plain(np.eye(3)[Y3]))),
    Row("numbers among words", FILES, trained,
        with_x(lambda: frame(c=["?", *map(str, range(59))])), Refused(
            TypeError, "in column 'c'", "x['c'] = pd.to_numeric(x['c'], errors=\"coerce\")", "{}; x, y = x[1:], y[1:]",
            plain(column("c", range(-1, 59))[1:], Y[1:]))),
    Row("numbers read as words", FILES, trained, with_x(lambda: frame(c=[str(i) for i in range(60)])), Refused(
        TypeError, "in column 'c'", "x['c'] = x['c'].astype(float)", then=plain(column("c", range(60))))),
    Row("numbers in an object column", ISSUE, trained, with_x(lambda: frame().astype({"b": object})), Refused(
        TypeError, "dtype object in column 'b'", "x['b'] = x['b'].astype(float)", then=plain())),
    Row("column of dates", COURSE, trained, with_x(lambda: frame(c=DAYS)), Refused(
        TypeError, "dtype datetime64", "x['c'] = (x['c'] - x['c'].min()) / np.timedelta64(1, \"D\")",
        then=plain(column("c", range(60))))),
    Row("column of dates of the standard library", COURSE, trained,
        with_x(lambda: frame(c=[datetime.date(2020, 1, 1) + datetime.timedelta(i) for i in range(60)])), Refused(
            TypeError, "in column 'c'", "x['c'] = pd.to_datetime(x['c'])",
            "{}; x['c'] = (x['c'] - x['c'].min()).dt.days", plain(column("c", range(60))))),
    Row("column of durations", COURSE, trained, with_x(lambda: frame(c=DAYS - DAYS[0])), Refused(
        TypeError, "dtype timedelta64", "x['c'] = x['c'] / np.timedelta64(1, \"D\")",
        then=plain(column("c", range(60))))),
    Row("column whose entries are arrays", FORUM, trained, with_x(lambda: frame(c=list(X))[["c"]]), Refused(
        TypeError, "in column 'c'", "np.stack(x['c'])", "x = {}", plain())),
    Row("a column for x", FORUM, lambda x, y: trained(np.hstack([x, X[:, 1:]]), y),
        with_x(lambda: frame()["a"].to_frame()), plain()),
    Row("one column of a table as x", FORUM, lambda x, y: mlp([1, 2], activation="relu", rng=0)(x).shape,
        with_x(lambda: frame()["a"]),
        Refused(ValueError, "got (60,)", "np.array(x)[:, None]", "x = {}", lambda: (60, 2))),
    Row("y a column", FORUM, trained, with_y(lambda: pandas().Series(Y)), plain()),
    Row("y a nullable column", ISSUE, trained, with_y(lambda: pandas().Series(Y, dtype="Int64")), plain()),
    Row("y a column of bools", FORUM, trained, with_y(lambda: pandas().Series(Y > 0)), plain()),
    Row("y a table of one column", FORUM, trained, with_y(lambda: pandas().DataFrame(Y)), Refused(
        ValueError, "labels y of shape (60,), one per example, got (60, 1)", "np.ravel(y)", "y = {}", plain())),
    Row("y a column of words", FORUM, classes, with_y(lambda: pandas().Series(WORDS)), Refused(
        TypeError, "integer class labels", NUMBERED, then=SORTED)),
    Row("y a table of one column of words", FORUM, classes, with_y(lambda: pandas().DataFrame(WORDS)), Refused(
        TypeError, "integer class labels", "classes, y = np.unique(np.ravel(y), return_inverse=True)",
        then=SORTED)),
    Row("y categories", COURSE, classes, with_y(lambda: pandas().Series(WORDS).astype("category")), Refused(
        TypeError, "integer class labels", NUMBERED, then=SORTED)),
    Row("y indicator columns", COURSE, classes, with_y(lambda: pandas().get_dummies(WORDS)), Refused(
        TypeError, "got dtype bool", "np.array(y).argmax(axis=1)", "y = {}", SORTED)),
    Row("y with missing labels", FILES, trained,
        with_y(lambda: pandas().Series(np.where(WHOLE, Y, None)).astype("Int64")), Refused(
            ValueError, "expected y without missing values, got 4 of 60", "good = y.notna()",
            "{}; x, y = x[good], y[good]",
            plain(X[WHOLE], Y[WHOLE]))),
    Row("targets in a nullable table", ISSUE, regression, with_y(lambda: pandas().DataFrame(T).astype("Float64")),
        TARGETS),
    Row("targets a column", FORUM, regression, with_y(lambda: pandas().Series(T[:, 0])), Refused(
        ValueError, "outputs' shape (60, 1), got (60,)", "np.array(y)[:, None]", "y = {}", TARGETS)),
    Row("the whole table", FORUM, lambda data: trained(*data) if isinstance(data, tuple) else learns_from_batches(data),
        lambda: {"data": frame(target=Y)}, Refused(
            TypeError, "a pair (x, y), got DataFrame",
            '(data.drop(columns="target"), data["target"])', "data = {}", plain())),
]


def sparse(x):
    return pytest.importorskip("scipy.sparse").csr_matrix(x)


def torch():
    return pytest.importorskip("torch")


ARRAYS = [
    Row("sparse x", ISSUE, trained, with_x(lambda: sparse(X)), Refused(
        TypeError, "expected x to be a dense array, got csr_matrix", "x.toarray()", "x = {}", plain())),
    Row("sparse targets", ISSUE, regression, with_y(lambda: sparse(T)), Refused(
        TypeError, "expected y to be a dense array", "y.toarray()", "y = {}", TARGETS)),
    Row("lists of lists", COURSE, trained, lambda: {"x": X.tolist(), "y": Y.tolist()}, plain()),
    Row("tuples of tuples", COURSE, trained, lambda: {"x": tuple(map(tuple, X)), "y": tuple(Y)}, plain()),
    Row("list of arrays", FORUM, trained, lambda: {"x": list(X), "y": list(Y)}, plain()),
    Row("rows of unequal lengths", FORUM, trained,
        with_x(lambda: [[*row, 1] if i == 3 else row for i, row in enumerate(X)]), Refused(
            ValueError, "rows of unequal lengths, 3 in row 0 and 4 in row 3", "cut",
            "x = [row[:3] for row in x]", plain())),
    Row("a list of rows that is one row", COURSE, lambda x: mlp([3, 2], activation="relu", rng=0)(x).shape,
        lambda: {"x": [1.0, 2.0, 3.0]}, Refused(
            ValueError, "one example is a batch of one", "np.array(x)[None, :]", "x = {}", lambda: (1, 2))),
    Row("images", COURSE, trained, with_x(lambda: X.reshape(60, 3, 1).tolist()), Refused(
        ValueError, "flatten images", "np.array(x).reshape(len(x), -1)", "x = {}", plain())),
    Row("torch tensors", FORUM, trained, lambda: {"x": torch().tensor(X), "y": torch().tensor(Y)}, plain()),
    Row("a tensor with a gradient", FORUM, trained, with_x(lambda: torch().tensor(X, requires_grad=True)), Refused(
        TypeError, "which numpy cannot read", "x.detach().cpu().numpy()", "x = {}", plain())),
    Row("a torch tensor in bfloat16", ISSUE, trained, with_x(lambda: torch().tensor(X).bfloat16()), Refused(
        TypeError, "which numpy cannot read", "x.float()", "x = {}",
        lambda: trained(torch().tensor(X).bfloat16().float(), Y))),
    Row("anything with __array__", ISSUE, trained, lambda: {"x": Foreign(X), "y": Foreign(Y)}, plain()),
    Row("a tensor on a graphics card", ISSUE, trained, with_x(lambda: Foreign(X, refuses=True)), Refused(
        TypeError, "numpy cannot read (it lies on a graphics card)", "x.detach().cpu().numpy()", "x = {}", plain())),
    Row("bytes", FILES, trained, with_x(lambda: BYTES), plain(BYTES)),
    Row("bools", FILES, trained, with_x(lambda: X > 0), plain(X > 0)),
    Row("half precision", ISSUE, trained, with_x(lambda: X.astype(np.float16)), plain(X.astype(np.float16))),
    Row("the other byte order", FILES, trained, with_x(lambda: X.astype(">f4")), plain()),
    Row("columns in Fortran's order", FILES, trained, with_x(lambda: np.asfortranarray(X)), plain()),
    Row("every second row, backwards", FORUM, trained, lambda: {"x": np.repeat(X, 2, axis=0)[::-2], "y": Y[::-1]},
        plain(X[::-1], Y[::-1])),
    Row("a structured array", FILES, trained,
        with_x(lambda: np.array(list(map(tuple, X)), [(name, np.float32) for name in "abc"])), Refused(
            TypeError, "array of real numbers", "numpy.lib.recfunctions.structured_to_unstructured(x)",
            "import numpy.lib.recfunctions; x = {}", plain())),
    Row("numbers as objects", ISSUE, trained, with_x(lambda: X.astype(object)), Refused(
        TypeError, "got dtype object", "np.array(x).astype(float)", "x = {}", plain())),
    Row("numbers as text", FILES, trained, with_x(lambda: X.astype(str)), Refused(
        TypeError, "got dtype <U", "np.array(x).astype(float)", "x = {}", plain())),
    Row("a column of words in an array", COURSE, trained, with_x(lambda: WORDS[:, None].astype(object)), Refused(
        TypeError, "among them", "x[:, [j]] == np.unique(x[:, j])", "j = 0; x = {}", plain(np.eye(3)[Y3]))),
    Row("dates in an array", COURSE, trained, with_x(lambda: np.stack([DAYS] * 3, axis=1)), Refused(
        TypeError, "got dtype datetime64", "(x - np.min(x)) / np.timedelta64(1, \"D\")", "x = {}",
        plain(np.arange(60)[:, None] + np.zeros(3)))),
    Row("an array of arrays", FORUM, trained, with_x(lambda: pandas().Series(list(X)).to_numpy()), Refused(
        TypeError, "each entry is itself an array", "np.stack(x)", "x = {}", plain())),
    Row("NaN", FORUM, trained, with_x(lambda: HOLES), Refused(
        ValueError, "(4 such entries)", "good = np.isfinite(x).all(axis=1), np.array(x)[good]",
        "good = np.isfinite(x).all(axis=1); x, y = np.array(x)[good], np.array(y)[good]",
        plain(HOLES[WHOLE], Y[WHOLE]))),
    Row("a sentinel beyond float32", FILES, trained,
        with_x(lambda: np.where(np.isnan(HOLES), 1e300, X.astype(float))), Refused(
            ValueError, "got inf at index (0, 0) (4 such", "good = (np.abs(x) < 1e38).all(axis=1), np.array(x)[good]",
            "good = (np.abs(x) < 1e38).all(axis=1); x, y = x[good], y[good]", plain(HOLES[WHOLE], Y[WHOLE]))),
    Row("nothing for x", FORUM, trained, with_x(lambda: None), Refused(TypeError, "real numbers, got NoneType")),
]
LABELS = [
    Row("words", COURSE, classes, with_y(lambda: WORDS), Refused(
        TypeError, "integer class labels", NUMBERED, then=SORTED)),
    Row("a list of words", COURSE, classes, with_y(lambda: WORDS.tolist()), Refused(
        TypeError, "integer class labels", NUMBERED, then=SORTED)),
    Row("words, some missing", FILES, classes, with_y(lambda: np.where(WHOLE, WORDS, None)), Refused(
        TypeError, "integer class labels", "known = [isinstance(one, str) for one in y], x[known], np.array(y)[known]",
        "known = [isinstance(one, str) for one in y]; x, y = x[known], np.array(y)[known]; "
        + NUMBERED,
        plain(X[WHOLE], Y3[WHOLE], classes))),
    Row("a column", FORUM, trained, with_y(lambda: Y[:, None].tolist()), Refused(
        ValueError, "got (60, 1): one column becomes a vector", "np.ravel(y)", "y = {}", plain())),
    Row("one-hot rows", ISSUE, classes, with_y(lambda: np.eye(3)[Y3].tolist()), Refused(
        TypeError, "one-hot rows", "np.array(y).argmax(axis=1)", "y = {}", SORTED)),
    Row("rows with several 1s", FORUM, lambda x, y, loss=CE: trained(x, y, loss, 3),
        with_y(lambda: (X > 0).astype(int)), Refused(
            ValueError, "rows with several 1s, or none", "sigmoid_cross_entropy", "loss = losses.{}",
            plain(y=X > 0, call=lambda x, y: trained(x, y, BCE, 3)))),
    Row("numbers for targets", FORUM, lambda x, y, loss=CE: trained(x, y, loss, 3), with_y(lambda: X), Refused(
        TypeError, "real-valued targets", "squared_error", "loss = losses.{}",
        plain(y=X, call=lambda x, y: trained(x, y, SE, 3)))),
    Row("1 … K", ISSUE, classes, with_y(lambda: Y3 + 1), Refused(
        ValueError, "labels in 0 … 2 for 3 outputs, got 1 … 3", "np.array(y) - 1", "y = {}", SORTED)),
    Row("−1 and 1", COURSE, trained, with_y(lambda: 2 * Y - 1), Refused(
        ValueError, "labels in 0 … 1 for 2 outputs, got -1 … 1", NUMBERED, then=plain())),
    Row("numbers with gaps", FILES, trained, with_y(lambda: np.where(Y, 700, 30)), Refused(
        ValueError, "got 30 … 700", NUMBERED, then=plain())),
    Row("prices as classes", FORUM, lambda x, y, loss=CE: trained(x, y, loss, 1 if loss is SE else 2),
        with_y(lambda: 1000 * np.arange(60)), Refused(
            ValueError, "got 0 … 59000", "squared_error", "loss = losses.{}; y = y[:, None] / 1e5",
            plain(y=np.arange(60)[:, None] / 1e2, call=regression))),
    Row("floats that are whole", FORUM, trained, with_y(lambda: Y.astype(float).tolist()), Refused(
        TypeError, "integer class labels y, got dtype float64", "np.array(y).astype(int)", "y = {}", plain())),
    Row("bools for two classes", FORUM, trained, with_y(lambda: Y > 0), plain()),
    Row("bools for three classes", FORUM, classes, with_y(lambda: Y3 > 1), Refused(
        TypeError, "got dtype bool", "np.array(y).astype(int)", "y = {}", plain(y=(Y3 > 1).astype(int), call=classes))),
    Row("bools in a picture", FORUM, points, lambda: {"y": Y > 0}, lambda: points(Y)),
    Row("bools for one output", FORUM, yes_or_no, with_y(lambda: Y > 0), plain(call=yes_or_no)),
    Row("floats for one output", FORUM, yes_or_no, with_y(lambda: Y.astype(float)), Refused(
        TypeError, "integers 0 or 1, got dtype float64", "np.array(y).astype(int)", "y = {}", plain(call=yes_or_no))),
    Row("words for one output", FORUM, yes_or_no, with_y(lambda: np.where(Y, "yes", "no")), Refused(
        TypeError, "integers 0 or 1, got dtype <U3", NUMBERED, then=plain(call=yes_or_no))),
    Row("−1 and 1 for one output", COURSE, yes_or_no, with_y(lambda: 2 * Y - 1), Refused(
        ValueError, "got -1 … 1", "np.array(y) == 1", "y = {}", plain(call=yes_or_no))),
    Row("1 and 2 for one output", FILES, yes_or_no, with_y(lambda: (Y + 1).tolist()), Refused(
        ValueError, "got 1 … 2", "np.array(y) == 2", "y = {}", plain(call=yes_or_no))),
    Row("pixels 0 … 255 as probabilities", ISSUE, lambda x, y: trained(x, y, BCE, 3), with_y(lambda: BYTES), Refused(
        ValueError, "y in [0, 1]", "np.array(y) / 255", "y = {}",
        plain(y=BYTES / 255, call=lambda x, y: trained(x, y, BCE, 3)))),
    Row("labels under squared error", ISSUE, lambda x, y: trained(x, y, SE, 3), with_y(lambda: Y3.tolist()), Refused(
        ValueError, "outputs' shape (60, 3), got (60,)", "np.eye(3)[np.array(y, int)]", "y = {}",
        plain(y=np.eye(3)[Y3], call=lambda x, y: trained(x, y, SE, 3)))),
    Row("a target for two outputs", FORUM, lambda x, y, k=2: trained(x, y, SE, k), with_y(lambda: T), Refused(
        ValueError, "outputs' shape (60, 2), got (60, 1)", "give the last layer 1 output", "k = 1", TARGETS)),
]
SETS = [
    Row("a generator of batches", FORUM, learns_from_batches, lambda: {"batches": some_batches()}, Refused(
        TypeError, "expected data to be a pair (x, y), got generator", LOOP, "loop = LOOP", lambda: True)),
    Row("a list of batches", FORUM, learns_from_batches, lambda: {"batches": list(some_batches())}, Refused(
        TypeError, "expected data to be a pair (x, y), got list", LOOP, "loop = LOOP", lambda: True)),
    Row("a loader of another library", ISSUE, learns_from_batches, lambda: {"batches": torch().utils.data.DataLoader(
        [*zip(X, Y, strict=True)] * 5, batch_size=10)}, Refused(
            TypeError, "expected data to be a pair (x, y), got DataLoader", LOOP, "loop = LOOP", lambda: True)),
    Row("a dict", COURSE, lambda data: trained(*data) if isinstance(data, tuple) else learns_from_batches(data),
        lambda: {"data": {"x": X, "y": Y}}, Refused(
            TypeError, "got dict", "tuple(data.values())", "data = {}", plain())),
    Row("a pair to be standardized", FORUM, standardized, lambda: {"data": (X, Y)}, Refused(
        TypeError, "a Dataset with a training and a test part, got tuple", "datasets.Dataset((x, y), (x_test, y_test))",
        "x, y = data; x_test, y_test = x[:9], y[:9]; data = {}", lambda: np.ones(3, np.float32))),
    Row("constant columns to be standardized", FORUM, standardized,
        lambda: {"data": Dataset((column("b", 0.1), Y), (X, Y))}, lambda: np.array([1, 0, 1], np.float32)),
    Row("bytes to be standardized", FILES, standardized, lambda: {"data": Dataset((BYTES, Y), (BYTES, Y))},
        lambda: np.ones(3, np.float32)),
    Row("a table to be standardized", FORUM, standardized, lambda: {"data": Dataset((frame(c=Y > 0), Y), (X, Y))},
        lambda: np.ones(3)),
    Row("NaN to be standardized", FORUM, standardized, lambda: {"data": Dataset((HOLES, Y), (X, Y))}, Refused(
        ValueError, "expected x to be finite in float64, got nan at index (0, 0)")),
]


def net():
    return mlp([3, 8, 2], activation="relu", rng=0, dtype=np.float64)


def machine():
    return pretraining.BoltzmannMachine(3, 2, gaussian=True, rng=0)


def encoder():
    return pretraining.Autoencoder(3, 2, rng=0)


def pretrained(x):
    return pretraining.greedy_pretrain(net(), x, optimizer=SGD(0.1), epochs=1, batch_size=8, rng=0)


def masked_dz(z, y):
    return 0.0, np.ma.masked_less(z, 0)


TAKE_X = {
    "net(x)": lambda x: net()(x), "forward": lambda x: net().forward(x), "predict": lambda x: net().predict(x),
    "predict_proba": lambda x: net().predict_proba(x), "gradient": lambda x: net().gradient(x, Y, CE),
    "evaluate": lambda x: net().evaluate((x, Y), CE), "fit": lambda x: trained(x, Y),
    "validation": lambda x: fit(net(), (X, Y), loss=CE, optimizer=SGD(), epochs=1, rng=0, validation=(x, Y)),
    "targets": lambda x: trained(X, x, SE, 3), "standardized": lambda x: datasets.standardized(Dataset((X, Y), (x, Y))),
    "gradient check": lambda x: gradient_check.check(net(), x, Y, CE),
    "diagnose": lambda x: diagnostics.diagnose(net(), x, Y, CE),
    "layer statistics": lambda x: diagnostics.layer_statistics(net(), x, Y, CE),
    "jacobian": lambda x: diagnostics.jacobian(net(), x), "symmetry": lambda x: diagnostics.symmetry(net(), x, Y, CE),
    "greedy pre-training": pretrained, "encode": lambda x: encoder().encode(x),
    "Boltzmann machine": lambda x: machine().encode(x),
    "lsuv": lambda x: pretraining.lsuv(net(), x, rng=0), "balanced": lambda x: pretraining.balanced(net(), x, Y, CE),
    "unit normalized": lambda x: pretraining.unit_normalized(net(), x, rng=0),
    "boundary": lambda x: plots.decision_boundary(mlp([2, 2], activation="relu", rng=0), (x[:, :2], Y)),
    "weights": lambda x: setattr(mlp([3, 60], activation="relu", rng=0).layers[0], "W", x.T),
}
TAKE_Y = {
    "labels": lambda y: trained(X, y), "accuracy": lambda y: losses.accuracy(X[:, :2], y),
    "gradient check": lambda y: gradient_check.check(net(), X, y, CE),
    "diagnose": lambda y: diagnostics.diagnose(net(), X, y, CE),
    "boundary": lambda y: plots.decision_boundary(mlp([2, 2], activation="relu", rng=0), (X[:, :2], y)),
}
WITHOUT_MASK = Refused(TypeError, "without a mask, got a masked array, whose mask would be ignored")
MASKS = [
    *[Row(f"mask on x of {what}", ISSUE, call, lambda: {"x": np.ma.masked_less(X, 0)}, WITHOUT_MASK)
      for what, call in TAKE_X.items()],
    *[Row(f"mask on y of {what}", ISSUE, call, lambda: {"y": np.ma.masked_equal(Y, 0)}, WITHOUT_MASK)
      for what, call in TAKE_Y.items()],
    Row("mask on what a loss returns", ISSUE, trained, lambda: {"x": X, "y": Y, "loss": masked_dz}, WITHOUT_MASK),
]


def checked(x, activation):
    """Whether the gradient check passes, and where it sees a kink that is not declared."""
    model = mlp([3, 4, 2], activation=activation, rng=0, dtype=np.float64)
    report = gradient_check.check(model, x, Y[:len(x)], CE)
    return report.passed, bool(report.worst.undeclared), len(report.examples)


def own_relu(**settings):
    return activations.Activation("own", activations.relu.f, activations.relu.df, **settings)


ZEROS = np.where(np.arange(8)[:, None] < 2, 0, X[:8])
NOISE = np.random.default_rng(3).normal(size=(8, 3)) / 10
GRADIENTS = [
    Row("an own ReLU without kinks, on rows of zeros", FORUM, checked, lambda: {"x": ZEROS, "activation": own_relu()},
        (False, True, 0)),
    Row("an own ReLU with kinks, on rows of zeros", FORUM, checked,
        lambda: {"x": ZEROS, "activation": own_relu(kinks=(0.0,))}, (False, False, 2)),
    Row("an own ReLU without kinks, on rows with noise", FORUM, checked,
        lambda: {"x": ZEROS + NOISE, "activation": own_relu()}, (True, False, 0)),
]
ROWS = [*TABLES, *ARRAYS, *LABELS, *SETS, *MASKS, *GRADIENTS]


def agree(found, right):
    """Equal in structure and bits, up to the last bits that a sum over a column may differ by."""
    if isinstance(right, tuple):
        assert len(found) == len(right)
        for one, other in zip(found, right, strict=True):
            agree(one, other)
    else:
        np.testing.assert_allclose(found, right, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.what)
def test_row(row):
    names, right = row.given(), row.right
    if isinstance(right, Refused):
        with pytest.raises(right.kind) as caught:
            row.call(**names)
        assert right.says in str(caught.value)
        assert str(caught.value).startswith("expected ")
        if not right.remedy:
            return
        assert right.remedy in str(caught.value)
        given = set(names)
        tools = {"np": np, "losses": losses, "datasets": datasets, "LOOP": LOOP}
        if "pd." in right.remedy:
            tools["pd"] = pandas()
        exec(right.code.format(right.remedy), tools, names)
        wanted = row.call.__code__.co_varnames[:row.call.__code__.co_argcount]
        names, right = {name: names[name] for name in wanted if name in names}, right.then
        assert given & set(names)
    agree(row.call(**names), right() if callable(right) else right)


def test_the_table_is_long_and_its_names_are_distinct():
    assert len(ROWS) >= 80
    assert len({(row.call, row.what) for row in ROWS}) == len(ROWS)


# Data that are larger than memory --------------------------------------------------------------------------------

def peak_of_training(path, dtype, megabytes, features=10_000, columns=slice(None)):
    """The most memory in MB that an epoch on a memory map of this size takes; validation is on another such map.

    The file has holes for all its zeros, so that it takes no room on the disk.
    """
    rows = megabytes * 10**6 // (features * np.dtype(dtype).itemsize)
    x = np.memmap(path, dtype, "w+", shape=(rows, features))[:, columns]
    x[-1] = 1
    net = mlp([x.shape[1], 2, 2], activation="relu", rng=0)
    tracemalloc.start()
    try:
        fit(net, (x, np.arange(rows) % 2), loss=CE, optimizer=SGD(1e-3), epochs=1, batch_size=100, rng=0,
            validation=(x, np.arange(rows) % 2))
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("dtype", "columns"), [(np.uint8, slice(None)), (np.float32, slice(None)),
                                                (np.float64, slice(None)), (np.float32, slice(1, None))],
                         ids=["bytes", "float32", "float64", "without the first column"])
def test_memory_does_not_grow_with_a_memory_map(tmp_path, dtype, columns, monkeypatch):
    monkeypatch.setattr(arrays, "BLOCK", 2**20)          # 4 MB in float32
    small, large = (peak_of_training(tmp_path / f"{size}", dtype, size, columns=columns) for size in (50, 200))
    assert large < small + 5                             # a copy would add 150, and 600 of bytes
