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
# # Answers to the further part of chapter 11
#
# Answers to the exercises of the chapter's further part; each asserts what it states. The exercises of the chapter
# itself, 1 to 6, are notebooks in `chapters/exercises`.

# %%
import numpy as np

import minnet as mn
from minnet import activations, datasets, initializers, losses, optimizers

relu, he = activations.relu, initializers.he_normal
x, y = datasets.standardized(datasets.digits()).train
x, y = x[:200].astype(np.float64), y[:200]

# %% [markdown]
# ## 7. Adam's first step
#
# In the first step Adam's two averages, corrected for their start, are the gradient g and its square: the step is
# η g/(|g| + ε), or ±η. Weights of a unit whose gradient is 0 do not move. The change of z sums fan_in terms of one sign
# on average, so it grows like the width, 16 times from 32 to 512, and not like its root, 4 times.

# %%
changes = {}
for width in (32, 512):
    net = mn.mlp([64, width, width, 10], activation=relu, init=he, rng=0, dtype=np.float64)
    net.gradient(x, y, losses.softmax_cross_entropy)
    W, dW, a = (array.copy() for array in (net.layers[1].W, net.layers[1].dW, net.layers[1].x))
    mn.fit(net, (x, y), loss=losses.softmax_cross_entropy, epochs=1, batch_size=200, rng=0, progress=False,
           optimizer=optimizers.Adam(0.001))
    step = net.layers[1].W - W
    clear = np.abs(dW) > 1e-5                                                  # far above Adam's ε = 1e-8
    assert clear.mean() > 0.5
    np.testing.assert_allclose(step[clear], -0.001 * np.sign(dW[clear]), rtol=0.01)
    changes[width] = np.sqrt(np.square(a @ step).mean())
print(f"the change of z grows {changes[512] / changes[32]:.1f} times")
assert changes[512] / changes[32] > 8
