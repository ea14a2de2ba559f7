"""Time code on a noisy machine: each contestant has a process, they take turns, and each round is compared.

In one process the thread pools of two libraries disturb each other: one's idle workers still spin, waiting for work,
when the other's turn has come. So each gets a process, which sleeps while the others run. A turn is a pause, in which
the spinning dies down, a warm-up, and the timed calls. A slow second of the machine hits a whole round alike: the
figure is the median over the rounds of the ratio within a round. `in_turn` is for runs of minnet alone, which have the
same threads: they take turns in this process.
"""

import multiprocessing
import statistics
import time
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from typing import Any

PAUSE = 0.1             # seconds; with less, OpenBLAS's threads of the process before are still awake
WARM_UP = 0.04

Make = Callable[[], Callable[[], Any]]


class Worker:
    """A process that makes one function and times it when asked."""

    def __init__(self, make: Make, read: bool) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, there = context.Pipe()
        self._process = context.Process(target=_serve, args=(there, make, read), daemon=True)
        self._process.start()
        there.close()

    def made(self) -> Exception | None:
        """Wait until the function is there; or why there is none."""
        error: Exception | None = self._connection.recv()
        return error

    def seconds(self, at_least: float) -> float:
        """Seconds for one call, over a burst of about `at_least`."""
        self._connection.send(at_least)
        found = self._connection.recv()
        if isinstance(found, Exception):
            raise found
        return float(found)

    def close(self) -> None:
        self._connection.close()
        self._process.join()


def _serve(connection: Connection, make: Make, read: bool) -> None:
    try:
        run = make()
        float(run())                              # what is compiled or loaded at the first call
    except Exception as error:
        connection.send(error)
        return
    connection.send(None)
    while True:
        try:
            at_least = connection.recv()
        except EOFError:
            return
        time.sleep(PAUSE)
        try:
            connection.send(burst(run, at_least, read))
        except Exception as error:
            connection.send(error)


def burst(run: Callable[[], Any], at_least: float, read: bool = True) -> float:
    """Seconds for one call of `run`, whose result is read with float(): after every call, or after the last."""
    count, begin = 0, time.perf_counter()
    while count < 2 or time.perf_counter() - begin < WARM_UP:
        float(run())
        count += 1
    repeats = max(2, round(at_least * count / (time.perf_counter() - begin)))
    begin = time.perf_counter()
    for i in range(repeats):
        result = run()
        if read or i == repeats - 1:
            float(result)
    return (time.perf_counter() - begin) / repeats


def rounds(makers: dict[str, Make], *, number: int, at_least: float = 0.06,
           unread: Sequence[str] = ()) -> tuple[dict[str, list[float]], dict[str, Exception]]:
    """Seconds for a call of each maker's function in `number` rounds, and why the others could not be made."""
    workers: dict[str, Worker] = {}
    try:
        for name, make in makers.items():
            workers[name] = Worker(make, name not in unread)         # they import what they need side by side
        missing = {name: error for name, worker in workers.items() if (error := worker.made())}
        times: dict[str, list[float]] = {name: [] for name in workers if name not in missing}
        for _ in range(number):
            for name, found in times.items():
                found.append(workers[name].seconds(at_least))
        return times, missing
    finally:
        for worker in workers.values():
            worker.close()


def in_turn(runs: Sequence[Callable[[], Any]], number: int) -> list[list[float]]:
    """Seconds of each run, A B A B … `number` times, in this process, after one turn that is not counted."""
    times: list[list[float]] = [[] for _ in runs]
    for turn in range(number + 1):
        for run, found in zip(runs, times, strict=True):
            begin = time.perf_counter()
            run()
            if turn:
                found.append(time.perf_counter() - begin)
    return times


def ratio(over: Sequence[float], under: Sequence[float]) -> tuple[float, float, float]:
    """Median, lower and upper quartile of over/under, pair by pair."""
    low, middle, high = statistics.quantiles([a / b for a, b in zip(over, under, strict=True)], n=4, method="inclusive")
    return middle, low, high
