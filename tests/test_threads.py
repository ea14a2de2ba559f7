import numpy as np
import pytest

import minnet as mn

threadpoolctl = pytest.importorskip("threadpoolctl")


def blas():
    return {lib["num_threads"] for lib in threadpoolctl.threadpool_info() if lib["user_api"] == "blas"}


def test_blas_threads_holds_for_a_block_or_for_good():
    np.ones((2, 2)) @ np.ones((2, 2))
    before = blas()
    with mn.blas_threads(1):
        assert blas() == {1}
    assert blas() == before
    limits = mn.blas_threads(1)
    assert blas() == {1}
    limits.restore_original_limits()
    with pytest.raises(ValueError, match="expected count to be a whole number ≥ 1, got 0"):
        mn.blas_threads(0)
