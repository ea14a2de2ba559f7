"""How many threads numpy's matrix products use."""

from __future__ import annotations

from typing import Any

from minnet import checks
from minnet.reporting import library


def blas_threads(count: int) -> Any:
    """Let BLAS use so many threads: `mn.blas_threads(1)`, or only in `with mn.blas_threads(1): …`.

    Small nets run fastest on one thread; on a machine with other work two threads can make them several times slower.
    Needs threadpoolctl, which the extra `chapters` brings; without it ImportError says how to install it.
    """
    limits = library("threadpoolctl", "pip install threadpoolctl").threadpool_limits
    return limits(limits=checks.count("count", count), user_api="blas")
