# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 07.6 Weights from cosines
#
# **(40 min)** Only the variance of the weights counts, so need they be random at all? For a square layer of $n$ inputs
# and units the cosines $W_{ij} \propto \cos\big(\pi(i + \tfrac12)\,j/n\big)$, with $i, j = 0, \ldots, n - 1$, make an
# orthogonal matrix, if each column is multiplied by the right factor. (a) Find the factors. (b) Then every layer has
# the same matrix. Write the initializer, a function of a generator and of the shape $(n, n)$, that puts the rows of
# this matrix in a random order and gives each row a random sign, $+1$ or $-1$.
#
# Before you run the last cell: would random signs alone make the layers as different as independent ones are?
#
# <details><summary>Hint 1</summary>
#
# Column $j$ must have the length 1. What is the mean of $\cos^2$ over a column with $j > 0$? And over column 0?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `i = np.arange(n)[:, None]` runs down and `j = np.arange(n)` across. Check with `W @ W.T` that the matrix is
# orthogonal.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# `rng.permutation(W)` puts the rows in a random order, and `rng.choice([-1.0, 1.0], (n, 1))` draws a sign for each row.
#
# </details>

# %%
import numpy as np

from minnet import activations
from minnet.coursework import check
from minnet.diagnostics import scorecard


# %% jupyter={"source_hidden": true} tags=["solution", "hide-input"]
def cosines(rng, shape):
    """The orthogonal matrix of cosines, its rows in a random order and with random signs."""
    ### BEGIN SOLUTION
    n, _ = shape
    i, j = np.arange(n)[:, None], np.arange(n)
    W = np.sqrt(np.where(j == 0, 1, 2) / n) * np.cos(np.pi * (i + 0.5) * j / n)
    return rng.permutation(W) * rng.choice([-1.0, 1.0], (n, 1))
    ### END SOLUTION


# %% tags=["check"]
check("07.6", cosines)


# %%
def once(rng, shape):
    """The same matrix in every layer."""
    return cosines(np.random.default_rng(0), shape)


def signs(rng, shape):
    """Of this matrix, the signs alone drawn anew for each layer."""
    return once(rng, shape) * rng.choice([-1.0, 1.0], (shape[0], 1))


alike = {}
for name, init in {"drawn once": once, "signs drawn anew": signs, "signs and order drawn anew": cosines}.items():
    row = scorecard(init, activations.tanh, widths=(64,), depths=(10,), seeds=2, epochs=0).rows[0]
    alike[name] = row.correlation
    print(f"{name}: largest correlation of two layers {row.correlation:.1f} times chance")

# %% [markdown] tags=["explanation"]
# <details><summary>Explanation</summary>
#
# (a) $\cos^2$ has the mean 1 in column 0 and $\tfrac12$ in the others, so the factors are $\sqrt{1/n}$ and
# $\sqrt{2/n}$. The matrix is the cosine transform: orthogonal, so that signals and gradients pass as through any
# orthogonal matrix.
#
# (b) Independent layers have a largest correlation of a few times chance, $1/\sqrt N$ for $N$ weights. Signs alone are
# not enough: a sign is one number for a whole row, and two layers that happen to have many equal signs are still alike.
# With the rows in another order as well, the layers are about as different as independent ones. $n$ signs and one
# order are all the chance that $n^2$ weights need for that.
#
#
# </details>

# %% tags=["explanation"]
W = cosines(np.random.default_rng(0), (64, 64))
assert np.abs(W @ W.T - np.eye(64)).max() < 1e-12
assert abs(alike["drawn once"] / 64 - 1) < 0.05
assert alike["signs drawn anew"] > 8 > 5 > alike["signs and order drawn anew"]
