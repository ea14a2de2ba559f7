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
# # 03.5 Clip a gradient
#
# **(20 min)** Where a gradient may explode, its norm is limited: if the gradient is longer than a limit, it is scaled
# down to the length of the limit, and it keeps its direction. The gradient of a network is the vector of *all* its
# entries. Write this for one layer: from `dW`, `db` and `limit` compute the clipped `dW` and `db`. Use numpy alone.
# Then say before you run the last cell: a network of ten ReLU layers with $\sigma_w^2 = 8$ explodes. Does it learn, if
# its gradient is clipped to the norm 1?
#
# <details><summary>Hint 1</summary>
#
# The squared norm of a vector is the sum of the squares of all its entries. Which entries does the gradient of the
# layer have?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# To keep the direction, multiply both arrays by the same number. Which number leaves a short gradient as it is?
#
# </details>

# %%
import numpy as np

import minnet as mn
from minnet import datasets, initializers, losses, optimizers
from minnet.coursework import check


# %% jupyter={"source_hidden": true} tags=["solution", "hide-input"]
def clipped(dW, db, limit):
    """dW and db, scaled down where their norm is above the limit."""
    ### BEGIN SOLUTION
    norm = np.sqrt((dW**2).sum() + (db**2).sum())
    factor = min(1, limit / norm)
    return factor * dW, factor * db
    ### END SOLUTION


# %% tags=["check"]
check("03.5", clipped)

# %%
data = datasets.standardized(datasets.digits()).train
final = {}
for rate in (1e-2, 1e-3):
    net = mn.mlp([64, *[64] * 10, 10], activation="relu", init=initializers.variance_scaling(scale=8.0), rng=0)
    start = losses.softmax_cross_entropy(net(data[0]), data[1])[0]
    history = mn.fit(net, data, loss=losses.softmax_cross_entropy, optimizer=optimizers.SGD(rate), clip_norm=1.0,
                     epochs=5, batch_size=64, rng=0, progress=False)
    final[rate] = history.loss[-1]
    print(f"rate {rate}: loss {start:.0f} at the start, {final[rate]:.0f} after 5 epochs; guessing costs ln 10 = 2.3")

# %% [markdown] tags=["explanation"]
# <details><summary>Explanation</summary>
#
# Both arrays are multiplied by $\min(1, \text{limit}/\text{norm})$ with the norm of both together. With a norm for each
# array, or a limit for each entry, the direction would change, and it would no longer be the direction in which the
# loss falls fastest.
#
# A clipped step is at most as long as the learning rate times the limit, so the network no longer diverges. But it
# starts with a huge loss, and with such short steps there is far to go: after five epochs it is still worse than
# guessing. Clipping guards against the rare long gradient. It does not repair a start at which *every* gradient is
# long; that is what the size of the weights is for.
#
# </details>

# %% tags=["explanation"]
assert all(np.log(10) < loss < np.inf for loss in final.values())
