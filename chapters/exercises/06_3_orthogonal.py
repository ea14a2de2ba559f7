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
# # 06.3 Orthogonal weights
#
# **(25 min)** Write an initializer of orthogonal weights: a function of a generator, `np.random.default_rng(…)`, and
# the shape (fan_in, fan_out). If fan_in ≤ fan_out the rows are orthonormal, $WW^\top = I$; if fan_in ≥ fan_out the
# columns are, $W^\top W = I$. No such matrix shall be more likely than another: if $W$ may be drawn, so may $W$ with
# any column (of a wide matrix: any row) of the opposite sign, and equally often. Use numpy alone.
#
# <details><summary>Hint 1</summary>
#
# `q, r = np.linalg.qr(w)` gives orthonormal columns `q` for a tall matrix `w`. What do you do for a wide one?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# A Gaussian matrix prefers no direction. But `w = q @ r` holds just as well if a column of `q` and the row of `r`
# change their signs, and `qr` has to decide. Print `q[0, 0]` of some draws.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# There is one decomposition with a *positive* diagonal of `r`.
#
# </details>

# %%
import numpy as np

from minnet.coursework import check


# %% jupyter={"source_hidden": true} tags=["solution", "hide-input"]
def my_orthogonal(rng, shape):
    """A matrix of this shape with orthonormal rows or columns."""
    ### BEGIN SOLUTION
    w = rng.normal(size=(max(shape), min(shape)))
    q, r = np.linalg.qr(w)
    q = q * np.sign(np.diag(r))
    return q if shape[0] >= shape[1] else q.T
    ### END SOLUTION


# %% tags=["check"]
check("06.3", my_orthogonal)

# %% [markdown] tags=["explanation"]
# <details><summary>Explanation</summary>
#
# A Gaussian matrix $w$ and $Ow$, with a fixed orthogonal $O$, are equally likely, and if $w = qr$ then $Ow = (Oq)\,r$.
# So $q$ and $Oq$ are equally likely, *if* the decomposition is unique, which the positive diagonal makes it.
# `np.linalg.qr` chooses the signs otherwise: its first entry is always negative. Multiplying `q` by the sign of the
# diagonal of `r` mends that. Only the smaller side can be orthonormal, hence the transpose for a wide matrix.
#
# </details>

# %% tags=["explanation"]
rng = np.random.default_rng(0)
mine = [my_orthogonal(rng, (3, 3)) for _ in range(2000)]
assert abs(np.mean(mine, axis=0)).max() < 5 * np.sqrt(1 / 3 / 2000)       # every entry has the mean 0, deviation 1/√3
plain = [np.linalg.qr(rng.normal(size=(3, 3)))[0][0, 0] for _ in range(100)]
assert max(plain) < 0
