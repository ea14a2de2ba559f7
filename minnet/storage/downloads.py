"""The full MNIST and Fashion-MNIST: files that are too large to come with minnet, and are fetched where you ask for it.

    (x, y), (x_test, y_test) = downloads.read("mnist", download=True)

The files are kept in the folder that the environment variable MINNET_DATA names; without it, in the user's cache
(pooch's os_cache("minnet")). A file counts only if its MD5 is the published one, so that half a file is fetched anew.
The network is used with download=True alone, and only for files that are not there.

Each file is in the format idx, compressed by gzip: two zero bytes, the type (8: unsigned bytes), the number of
dimensions, each dimension as four bytes, the most significant first, and then the numbers. LeCun & Cortes 1998.
"""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

FILES = ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz",
          "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz")


class Source(NamedTuple):
    """Where a data set comes from: addresses of folders, tried in turn; the MD5s of FILES; the rows of its parts."""

    urls: tuple[str, ...]
    md5: tuple[str, ...]
    rows: tuple[int, int] = (60_000, 10_000)


# The first host of MNIST, yann.lecun.com, answers 403. An MD5 finds damage; where no address is https, it does not find
# a forger, but a forged file can only hold other pixels and labels.
SOURCES = {
    "mnist": Source(
        ("https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/"),
        ("f68b3c2dcbeaaa9fbdd348bbdeb94873", "d53e105ee54ea40749a09fcbcd1e9432",
         "9fb629c4189551a2d022fa330f9573f3", "ec29112dd5afa0611ce80d1b7f02629c")),
    "fashion_mnist": Source(
        ("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",),
        ("8d4fb7e6c68d591d4c3dfef9ec88bf0d", "25c81989df183df01b3e8a0aad5dffbe",
         "bef4ecab320f06d8554ea6380940ec79", "bb300cfdad3c16e7a12a480ee83cd310")),
}


class DataFileError(OSError):
    """A data file is not there, could not be fetched, or is not what it should be."""


def read(name: str, *, download: bool) -> list[tuple[np.ndarray, np.ndarray]]:
    """The training part and the test part of `SOURCES[name]`: x (n, 784) float32 in [0, 1], y (n,) int64 in 0 … 9.

    Raises ModuleNotFoundError without pooch; DataFileError for a file that is missing (download=False), could not be
    fetched or is not right; its text says how to put the file there by hand.
    """
    source = SOURCES[name]
    paths = [_file(name, file, md5, source.urls, download) for file, md5 in zip(FILES, source.md5, strict=True)]
    parts = []
    for n, images, labels in zip(source.rows, paths[::2], paths[1::2], strict=True):
        x, y = read_idx(images, (n, 28, 28)), read_idx(labels, (n,))
        if y.max() > 9:
            raise DataFileError(f"{labels}: expected labels 0 … 9, got {y.max()}")
        parts.append((x.reshape(n, 784) / np.float32(255), y.astype(np.int64)))
    return parts


def folder() -> Path:
    """Where downloaded data is kept: MINNET_DATA, or else the user's cache."""
    return Path(os.environ.get("MINNET_DATA") or _pooch().os_cache("minnet"))


def _file(name: str, file: str, md5: str, urls: tuple[str, ...], download: bool) -> Path:
    """The path of a file with this MD5, which is fetched if need be and allowed."""
    pooch, path = _pooch(), folder() / name / file
    try:
        if path.is_file() and pooch.file_hash(path, alg="md5") == md5:
            return path
        state = "has another MD5: it is damaged or incomplete" if path.is_file() else "is not there"
        if not download:
            raise DataFileError(f"{path} {state}. Fetch it with datasets.{name}(download=True), or " +
                                _by_hand(path, md5, urls))
    except PermissionError as error:
        raise DataFileError(f"{path} cannot be read ({error.strerror}): set MINNET_DATA to another folder") from error
    reasons = []
    for url in urls:
        try:
            return Path(pooch.retrieve(url + file, f"md5:{md5}", fname=file, path=path.parent))
        except (OSError, ValueError) as error:       # connections and disks raise the one, a wrong MD5 the other
            reasons.append(f"{url}{file}: {error}")
    raise DataFileError("could not fetch " + "; ".join(reasons) + ". Try again later, or " + _by_hand(path, md5, urls))


def _by_hand(path: Path, md5: str, urls: tuple[str, ...]) -> str:
    where = " or ".join(url + path.name for url in urls)
    return (f"fetch it by hand: from {where}, on any machine, and put it into the folder {path.parent} as {path.name}, "
            f"still compressed (its MD5 is {md5}). Another folder is used if MINNET_DATA names one")


def read_idx(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    """The bytes (uint8) of this shape in a gzipped idx file. Raises DataFileError for anything else in it.

    No more is decompressed than this shape needs.
    """
    import gzip
    import zlib

    header = bytes([0, 0, 8, len(shape)]) + np.array(shape, ">u4").tobytes()
    size = math.prod(shape)
    try:
        with gzip.open(path) as file:
            data = file.read(len(header) + size + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise DataFileError(f"{path}: expected a complete gzip file, got {type(error).__name__}: {error}") from error
    if data[:len(header)] != header:
        raise DataFileError(f"{path}: expected an idx file of unsigned bytes of shape {shape}, whose first bytes are "
                            f"{header.hex()}, got {data[:len(header)].hex()}")
    if len(data) - len(header) != size:
        more = "more" if len(data) - len(header) > size else f"only {len(data) - len(header)}"
        raise DataFileError(f"{path}: expected {size} bytes after the header, got {more}")
    return np.frombuffer(data, np.uint8, offset=len(header)).reshape(shape)


def _pooch() -> Any:
    try:
        import pooch
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError("the full data sets need pooch, which keeps and checks downloaded files: pip install "
                                  '"minnet[data]"', name="pooch") from error
    return pooch
