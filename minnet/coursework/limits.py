"""A call that is stopped after some time, on every system."""

from __future__ import annotations

import contextvars
import ctypes
import math
import threading
from collections.abc import Callable
from typing import Any


class TooLong(BaseException):
    """Raised inside a call that takes too long. No Exception, so that `except Exception` in the call lets it pass."""


def limited(call: Callable[[], Any], seconds: float) -> Any:
    """The result of call(), or what it raises; raises TooLong where it takes longer than this (math.inf: never).

    The call runs in a thread of its own, which is told to stop by an exception between two lines of Python: signals
    would do so on POSIX alone, and processes could not run a function that a notebook defines. A call that waits inside
    C (time.sleep, a product of huge matrices) is left to end by itself in the background.
    """
    result: list[Any] = []
    error: list[BaseException] = []

    def run() -> None:
        try:
            result.append(call())
        except BaseException as raised:
            error.append(raised)

    thread = threading.Thread(target=contextvars.copy_context().run, args=(run,), daemon=True)   # numpy's errstate too
    thread.start()
    thread.join(None if seconds == math.inf else seconds)
    if thread.is_alive():
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(TooLong))
        thread.join(0.5)
        raise TooLong
    if error:
        raise error[0]
    return result[0]
