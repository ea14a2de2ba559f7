import pytest

import minnet as mn

threadpoolctl = pytest.importorskip("threadpoolctl")


def blas():
    return {lib["num_threads"] for lib in threadpoolctl.threadpool_info() if lib["user_api"] == "blas"}


def test_blas_threads_holds_for_a_block_or_for_good():
    with threadpoolctl.threadpool_limits(2, user_api="blas"):        # the suite itself runs with one
        assert blas() == {2}
        with mn.blas_threads(1):
            assert blas() == {1}
        assert blas() == {2}
        limits = mn.blas_threads(1)
        assert blas() == {1}
        limits.restore_original_limits()
    with pytest.raises(ValueError, match="expected count to be a whole number ≥ 1, got 0"):
        mn.blas_threads(0)
