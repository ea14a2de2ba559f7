"""The answers of a submission in a process of their own: python -m minnet.coursework.remote MEGABYTES SECONDS PROCESSES

The process runs the cells that it is sent, and calls the functions that they define. It is not trusted: what decides
about right and wrong runs in the process that started it, and what comes back is data, never pickled: numbers, text,
arrays, tuples, lists and dicts of these. So a submission that rewrites `check`, or this file, changes nothing about its
grade: it has to return the right outputs.

Messages are frames, eight bytes of length and then the text: pickled going in, JSON coming out.
"""

from __future__ import annotations

import base64
import json
import os
import pickle
import struct
import sys
from typing import Any, BinaryIO

import numpy as np

LARGEST = 256 * 2**20                                # bytes of one answer


def send(stream: BinaryIO, message: bytes) -> None:
    """Write one frame."""
    left = memoryview(struct.pack("<Q", len(message)) + message)
    while left:
        left = left[stream.write(left):]
    stream.flush()


def receive(stream: BinaryIO) -> bytes:
    """Read one frame. Raises EOFError where the other end is gone, ValueError for one that is too long."""
    length, = struct.unpack("<Q", _read(stream, 8))
    if length > LARGEST:
        raise ValueError(f"expected at most {LARGEST} bytes, got {length}")
    return _read(stream, length)


def _read(stream: BinaryIO, length: int) -> bytes:
    found = bytearray()
    while len(found) < length:
        part = stream.read(min(length - len(found), 2**20))
        if not part:
            raise EOFError
        found += part
    return bytes(found)


def encode(value: Any) -> Any:
    """A value as JSON can hold it. Raises TypeError for what is not data."""
    if value is None or isinstance(value, (bool, str)) or type(value) in (int, float):
        return value
    if value is ...:
        return {"ellipsis": True}
    if isinstance(value, (np.ndarray, np.generic)):
        array = np.asarray(value)
        if array.dtype.kind not in "biufc":
            raise TypeError(f"expected an array of numbers, got one of dtype {array.dtype}")
        return {"array": [array.dtype.str, array.shape, base64.b64encode(array.tobytes()).decode()]}
    if isinstance(value, (tuple, list)):
        return {"tuple" if isinstance(value, tuple) else "list": [encode(one) for one in value]}
    if isinstance(value, dict):
        return {"dict": [[encode(key), encode(one)] for key, one in value.items()]}
    raise TypeError(f"expected numbers, text or arrays, got a {type(value).__name__}")


def decode(value: Any) -> Any:
    """The value of what `encode` made. Raises ValueError, TypeError or KeyError for anything else."""
    if not isinstance(value, dict):
        return value
    (kind, content), = value.items()
    if kind == "ellipsis":
        return ...
    if kind == "array":
        dtype = np.dtype(content[0])
        if dtype.kind not in "biufc":
            raise ValueError(f"expected an array of numbers, got {dtype}")
        return np.frombuffer(base64.b64decode(content[2]), dtype).reshape(content[1]).copy()
    if kind == "dict":
        return {decode(key): decode(one) for key, one in content}
    return {"tuple": tuple, "list": list}[kind](decode(one) for one in content)


def limit(megabytes: int, seconds: int, processes: int) -> None:
    """Bound what this process may use, where the system can (not on Windows); 0 processes: no bound on them."""
    try:
        import resource
    except ImportError:
        return
    bounds = {"RLIMIT_AS": megabytes * 2**20, "RLIMIT_CPU": seconds, "RLIMIT_FSIZE": 64 * 2**20, "RLIMIT_CORE": 0,
              "RLIMIT_NOFILE": 256, "RLIMIT_NPROC": processes or None}
    for name, value in bounds.items():
        if value is not None and hasattr(resource, name):
            try:
                resource.setrlimit(getattr(resource, name), (value, value))
            except (ValueError, OSError):                       # macOS has no bound on memory
                continue


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Run cells and call functions until the requests end. A request has a number, which its answer repeats.

    ("run", source) → {} or {"error": text};  ("look", name) → {"missing": …}, {"callable": true} or {"value": …};
    ("call", name, arguments) → {"value": …, "arguments": …, "states": …} or {"wrong": text}
    """
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    from minnet.coursework.checking import in_one_sentence

    shell: Any = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    names, mine = shell.user_ns, os.getpid()

    def answer(request: tuple[Any, ...]) -> dict[str, Any]:
        if request[0] == "run":
            result = shell.run_cell(request[1], store_history=False)
            error = result.error_before_exec or result.error_in_exec
            return {"error": f"{type(error).__name__}: {error}"} if error else {}
        if request[0] == "look":
            if request[1] not in names:
                return {"missing": True}
            found = names[request[1]]
            return {"callable": True} if callable(found) else {"value": encode(found)}
        arguments = request[2]
        before = pickle.dumps([one for one in arguments if isinstance(one, np.ndarray)])
        result = names[request[1]](*arguments)
        arrays = [one for one in arguments if isinstance(one, np.ndarray)]
        changed = [encode(one) for one in arrays] if pickle.dumps(arrays) != before else None
        states = [one.bit_generator.state for one in arguments if isinstance(one, np.random.Generator)]
        return {"value": encode(result), "arrays": changed, "states": states}

    while True:
        try:
            number, request = pickle.loads(receive(requests))
        except EOFError:
            return
        try:
            found = answer(request)
        except BaseException as error:
            found = {"wrong": in_one_sentence(error)}
        if os.getpid() != mine:                                 # a copy that a cell has made by os.fork
            os._exit(0)
        send(answers, json.dumps(found | {"number": number}, default=lambda value: value.tolist()).encode())


def main(arguments: list[str]) -> None:
    """Serve the process that started this one, by what were its input and its output."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):                                  # what cells print, and what they want to read
        os.dup2(nothing, standard)
    limit(*map(int, arguments))
    serve(requests, answers)


if __name__ == "__main__":
    main(sys.argv[1:])
