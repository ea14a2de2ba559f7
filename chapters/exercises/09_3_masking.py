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
# # 09.3 Damage
#
# **(10 min)** Write the corruption of a denoising autoencoder: a function that returns images in which each pixel is
# set to 0 with probability `rate`, independently, and keeps its value otherwise. It gets a generator,
# `np.random.default_rng(…)`, and images, one in each row. Use numpy alone.
#
# Then look at the last cell: how much does half of the pixels lost hurt a classifier that never saw damage?
#
# <details><summary>Hint 1</summary>
#
# `rng.random(shape)` draws from $U(0, 1)$. What is $P(u < r)$?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# The loss compares with the clean images. Are they still clean when your function is done?
#
# </details>

# %%
import matplotlib.pyplot as plt
import numpy as np

import minnet as mn
from minnet import datasets, losses, optimizers
from minnet.coursework import check


# %% jupyter={"source_hidden": true} tags=["solution", "hide-input"]
def masked(rng, x, rate):
    """The images with each pixel set to 0 with probability rate."""
    ### BEGIN SOLUTION
    return x * (rng.random(x.shape) >= rate)
    ### END SOLUTION


# %% tags=["check"]
check("09.3", masked)

# %%
(x, y), (unseen, labels) = datasets.digits()
net = mn.mlp([64, 50, 10], activation="relu", init="he_normal", rng=0)
mn.fit(net, (x, y), loss=losses.softmax_cross_entropy, optimizer=optimizers.SGD(0.1), epochs=20, batch_size=20, rng=0,
       progress=False)
right = {}
fig, axes = plt.subplots(3, 1, figsize=(7, 2.6))
for ax, rate in zip(axes, (0, 0.25, 0.5), strict=True):
    damaged = masked(np.random.default_rng(0), unseen, rate)
    right[rate] = (net(damaged.astype(np.float32)).argmax(axis=1) == labels).mean()
    ax.imshow(np.hstack(damaged[:10].reshape(-1, 8, 8)), cmap="gray_r", vmin=0, vmax=1)
    ax.set_title(f"rate {rate}: {right[rate]:.0%} are classified correctly", fontsize=9)
    ax.axis("off")
fig.tight_layout()

# %% [markdown] tags=["explanation"]
# <details><summary>Explanation</summary>
#
# `rng.random(x.shape) >= rate` is True with probability 1 − rate, for each pixel by itself. Nothing is scaled up as in
# dropout: dropout must keep the mean of what a layer sums, since it is absent in prediction; here the damage is the
# task. The product makes a new array, so that the clean images are still there for the loss. A mask of the shape of
# *one* image would teach the layer to do without certain pixels instead of filling any hole.
#
# </details>

# %% tags=["explanation"]
assert right[0] > 0.85
assert right[0.5] < right[0] - 0.1
