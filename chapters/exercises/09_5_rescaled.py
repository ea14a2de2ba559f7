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
# # 09.5 Size without learning
#
# **(35 min)** Section 4 says that most of the gain is the size of the weights. So give random weights a size by
# measurement, with images but without learning. Write a function `rescaled(x, *matrices)` for a sigmoid net without
# biases: each matrix is divided by one number, so that $z$ of its layer has variance 1 over all images and units.
# Return the new matrices as a list.
#
# Say before you run the last cell: do five sigmoid layers learn from such weights? As well as pretrained ones?
#
# <details><summary>Hint 1</summary>
#
# Begin with layer 1. What does layer 2 get as inputs once layer 1 is done?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# $z$ is proportional to $W$, so one division is exact. What is the factor on the variance of $z$?
#
# </details>

# %%
import numpy as np

import minnet as mn
from minnet import datasets, losses, optimizers, pretraining
from minnet.coursework import check


# %% jupyter={"source_hidden": true} tags=["solution", "hide-input"]
def rescaled(x, *matrices):
    """The matrices, each divided by one number, so that every layer's z has variance 1."""
    ### BEGIN SOLUTION
    a, found = x, []
    for W in matrices:
        W = W / (a @ W).std()
        a = 1 / (1 + np.exp(-(a @ W)))
        found.append(W)
    return found
    ### END SOLUTION


# %% tags=["check"]
check("09.5", rescaled)

# %%
data = datasets.digits().train
final = {}
for start in ("random", "rescaled", "pretrained"):
    net = mn.mlp([64, *[60] * 5, 10], activation="sigmoid", init="heuristic_uniform", rng=0)
    if start == "rescaled":
        for layer, W in zip(net.layers, rescaled(data[0], *(layer.W for layer in net.layers)), strict=True):
            layer.W = W
    if start == "pretrained":
        pretraining.greedy_pretrain(net, data[0], optimizer=optimizers.SGD(0.5), epochs=8, batch_size=20, rng=0,
                                    progress=False)
    loss = mn.fit(net, data, loss=losses.softmax_cross_entropy, optimizer=optimizers.SGD(0.3), epochs=20,
                  batch_size=20, rng=0, progress=False).loss
    final[start] = loss[-1]
    print(f"{start:10}  training loss after 1, 5, 10 and 20 epochs:", *(f"{loss[k - 1]:.2f}" for k in (1, 5, 10, 20)))

# %% [markdown] tags=["explanation"]
# <details><summary>Explanation</summary>
#
# The layers are done one after the other: once a layer is divided, all layers above get other inputs. The deviation is
# taken over images and units together, after the mean is subtracted, since positive inputs give each unit a mean.
# The library's `pretraining.lsuv` does the same with orthogonal matrices (Mishkin and Matas 2016).
#
# The rescaled net starts to learn where the random one stays at the loss of a guess, $\ln 10 = 2.30$. The pretrained
# net is far ahead of both. So size explains that a deep sigmoid net begins to train at all, and not how fast. The
# variance 1 is not the size that a sigmoid net needs (section 5); it is only much nearer to it than the heuristic's.
#
# </details>

# %% tags=["explanation"]
assert final["random"] > 2.2
assert final["rescaled"] < 1
assert final["pretrained"] < final["rescaled"]
