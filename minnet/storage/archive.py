"""Numbers in a file that is whole or not there, and that can be read without trust.

    write(path, header, {"params": net.params, …})
    with reading(path) as file:
        file.header, file.arrays({"params": ((12,), np.float32)})

The file is a zip archive of .npy members, which `np.load(path)` reads as well: `header.npy` holds JSON (UTF-8 bytes as
uint8), every other member a vector or matrix, little-endian, uncompressed. checkpoint.py says what they mean.

Written: to a new file in the same folder, which is synced to the disk and then renamed. Whatever happens in between
(an error, a full disk, Ctrl-C, kill -9, no power), `path` is the old file or the new one, never half of one.

Read: no pickles, and nothing is allocated on the file's word alone. Members must be stored uncompressed, so that none
is larger than the file; each must have the one dtype and shape that the header implies; and their checksums must agree.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from minnet.arrays import all_finite

if TYPE_CHECKING:
    from pathlib import Path

FORMAT = {"format": "minnet checkpoint", "version": 1}
HEADER = "header"
_LARGEST_HEADER = 2**24                                   # bytes; 10,000 layers take 3 million
_DTYPES = {np.dtype(code) for code in ("<f4", "<f8", "|b1", "|u1")}

Shapes = dict[str, tuple[tuple[int, ...], Any]]           # member → (shape, dtype)


class CheckpointError(ValueError):
    """A file is no checkpoint, is damaged, or holds another run; or a network that cannot be written."""


# Writing -------------------------------------------------------------------------------------------------------

def write(path: str | Path, header: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
    """Replace the file `path` by one with this header and these arrays, in one step.

    Raises OSError where the folder or the disk cannot take it, CheckpointError for numbers that are not finite; the old
    file is then as it was.
    """
    import json

    for member, array in arrays.items():
        _check_finite(member, array)
    text = json.dumps(FORMAT | header, ensure_ascii=False, allow_nan=False).encode()
    members = {HEADER: np.frombuffer(text, np.uint8)} | arrays
    replace(path, lambda file: _write_members(file, members))


def replace(path: str | Path, write: Callable[[IO[bytes]], object]) -> None:
    """Replace the file `path`, in one step, by what write(file) writes: after a crash it is the old one or the new one.

    Raises OSError where the folder or the disk cannot take it; the old file is then as it was.
    """
    target = os.path.realpath(path)                       # through a link to the file itself
    folder, name = os.path.split(target)
    new = f"{target}.{os.urandom(4).hex()}.tmp"
    try:
        with open(new, "xb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, target)
    except OSError as error:
        reason = error.strerror or error
        raise OSError(error.errno, f"{name} could not be written, and is as it was ({reason}): expected a folder that "
                      "exists and can be written, on a disk with space", target) from error
    finally:
        with suppress(OSError):
            os.unlink(new)                                # it is there only after an error
    with suppress(OSError):                               # not every file system can
        _sync_folder(folder)


def _write_members(file: IO[bytes], members: dict[str, np.ndarray]) -> None:
    import zipfile

    with zipfile.ZipFile(file, "w") as archive:
        for name, array in members.items():
            info = zipfile.ZipInfo(f"{name}.npy")         # dated 1980: equal numbers make equal files
            with archive.open(info, "w", force_zip64=True) as member:
                little = array.astype(array.dtype.newbyteorder("<"), copy=False)
                np.lib.format.write_array(member, little, version=(1, 0), allow_pickle=False)


def _sync_folder(folder: str) -> None:
    """The new name, too, must reach the disk; only POSIX can sync a folder."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


# Reading -------------------------------------------------------------------------------------------------------

class Reader:
    """An open file: `header`, and `arrays(shapes)` once the header has said which arrays there must be."""

    def __init__(self, archive: Any, size: int) -> None:
        self.archive = archive
        members = archive.infolist()
        self.names = [member.filename for member in members]
        for member in members:
            if member.compress_type != 0 or member.compress_size != member.file_size:              # 0: stored
                raise CheckpointError(f"expected members that are stored uncompressed, got {member.filename!r}, which "
                                      "is compressed: its size could not be trusted")
        if sum(member.file_size for member in members) > size:
            raise CheckpointError("expected members that fit into the file, got larger ones")
        if len(set(self.names)) < len(self.names):
            raise CheckpointError(f"expected each member once, got {self.names}")
        if f"{HEADER}.npy" not in self.names:
            raise CheckpointError(f"expected a member {HEADER}.npy, got {self.names}")
        self.header = _parsed(_array(archive, HEADER, np.dtype(np.uint8), None).tobytes())
        if (got := {key: self.header.get(key) for key in FORMAT}) != FORMAT:
            raise CheckpointError(f"expected a file with {FORMAT}, got {got}: it may be that of a newer minnet")

    def arrays(self, shapes: Shapes) -> dict[str, np.ndarray]:
        """Name → array, each of this shape and dtype and finite, and no others in the file."""
        wanted = {f"{name}.npy" for name in (HEADER, *shapes)}
        if set(self.names) != wanted:
            raise CheckpointError(f"expected the members {sorted(wanted)}, got {sorted(self.names)}")
        return {name: _array(self.archive, name, np.dtype(dtype), shape) for name, (shape, dtype) in shapes.items()}


@contextmanager
def reading(path: str | Path) -> Iterator[Reader]:
    """`with reading(path) as file:` use file.header and file.arrays(shapes).

    OSError where the file cannot be opened. Every other error in the block becomes a CheckpointError: the block does
    nothing but make sense of the file.
    """
    import zipfile

    with open(path, "rb") as file:
        try:
            with zipfile.ZipFile(file) as archive:
                yield Reader(archive, os.fstat(file.fileno()).st_size)
        except CheckpointError as error:
            raise CheckpointError(f"{path}: {error}") from error.__cause__
        except Exception as error:          # the readers of zip, .npy and JSON raise errors of many kinds
            raise CheckpointError(f"{path} is no checkpoint of minnet, or is damaged: expected a file that "
                                  f"checkpoint.save has written, got {type(error).__name__}: {error}") from error


def _array(archive: Any, name: str, dtype: np.dtype[Any], shape: tuple[int, ...] | None) -> np.ndarray:
    """The array of one member, of this dtype and shape; shape=None: a vector of at most _LARGEST_HEADER numbers."""
    with archive.open(f"{name}.npy") as member:
        if (version := np.lib.format.read_magic(member)) != (1, 0):
            raise CheckpointError(f"expected {name}.npy in version 1.0 of the format .npy, got {version}")
        got, fortran, kind = np.lib.format.read_array_header_1_0(member)
        if kind not in _DTYPES or kind != dtype.newbyteorder("<") or fortran:
            raise CheckpointError(f"expected {name} in {dtype}, row by row, got {kind}")
        if shape is None and len(got) == 1 and 0 <= got[0] <= _LARGEST_HEADER:
            shape = got
        if got != shape:
            raise CheckpointError(f"expected {name} of shape {shape}, got {got}")
        count = int(np.prod(shape, dtype=object))
        data = member.read(count * dtype.itemsize + 1)    # to the end, where zipfile compares the checksum
        if len(data) != count * dtype.itemsize:
            raise CheckpointError(f"expected {count} numbers in {name}, got {len(data)} bytes")
    if dtype.kind == "b" and not set(data) <= {0, 1}:
        raise CheckpointError(f"expected {name} to hold True and False, got other bytes")
    array: np.ndarray = np.frombuffer(data, kind).reshape(shape).astype(dtype)       # a copy that can be written
    _check_finite(name, array)
    return array


def _check_finite(name: str, array: np.ndarray) -> None:
    if name != "history" and not all_finite(array):      # there NaN stands for a value that was not measured
        raise CheckpointError(f"expected finite numbers in {name}, got NaN or inf: the training had diverged")


def _parsed(text: bytes) -> dict[str, Any]:
    """JSON without the freedoms that Python's parser takes: no NaN, no key twice, an object at the top."""
    import json

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({key for key, _ in pairs}) < len(pairs):
            raise CheckpointError(f"expected each key once, got {[key for key, _ in pairs]}")
        return dict(pairs)

    def no_constant(word: str) -> None:
        raise CheckpointError(f"expected finite numbers in the header, got {word}")

    header = json.loads(text.decode(), object_pairs_hook=once, parse_constant=no_constant)
    if not isinstance(header, dict):
        raise CheckpointError(f"expected a header with keys and values, got {type(header).__name__}")
    return header
