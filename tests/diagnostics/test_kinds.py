"""Kinds of unit: columns of a weight matrix that differ."""

import numpy as np
import pytest

from minnet.diagnostics import kinds

W = np.random.default_rng(0).normal(size=(5, 4))


@pytest.mark.parametrize(("columns", "number"), [([0, 1, 2, 3], 4), ([0, 0, 0], 1), ([0, 1, 0, 1], 2)])
def test_equal_columns_are_one_kind(columns, number):
    assert kinds(W[:, columns]) == number


def test_the_tolerance_is_a_part_of_the_largest_entry():
    pair = np.stack([W[:, 0], W[:, 0] + 1e-4 * abs(W[:, 0]).max()], axis=1)
    assert (kinds(pair), kinds(pair, 1e-3)) == (2, 1)
    assert (kinds(1e9 * pair), kinds(1e9 * pair, 1e-3)) == (2, 1)
    assert kinds(np.zeros((3, 2))) == 1
