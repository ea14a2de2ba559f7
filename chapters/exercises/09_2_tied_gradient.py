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
# # 09.2 The gradient of a tied autoencoder
#
# **(20 min)** A denoising autoencoder for inputs that are not pixels between 0 and 1: its output is linear, and its
# loss is the squared error. With clean images $x$ and damaged ones $\tilde x$, one in each of $N$ rows,
#
# $$h = \sigma(\tilde x W + b), \qquad z = hW^\top + c, \qquad C = \frac1N \sum_{\text{images}} \tfrac12 \|z - x\|^2 .$$
#
# Derive $dW$, $db$ and $dc$, and write them with numpy. Then say before you run the last cell: does the layer still
# learn if the decoder's term is left out of $dW$?
#
# <details><summary>Hint 1</summary>
#
# First $dz = \partial C/\partial z$. Then go back through the decoder, and through $\sigma$.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Pretend that encoder and decoder have different matrices, $W$ and $V = W^\top$, and derive the gradient of each. Which
# shape has that of $V$?
#
# </details>

# %%
import numpy as np

import minnet as mn
from minnet import datasets, losses, optimizers, pretraining
from minnet.coursework import check


# %% jupyter={"source_hidden": true} tags=["solution", "hide-input"]
def tied_gradient(x, damaged, W, b, c):
    """dW, db and dc."""
    ### BEGIN SOLUTION
    h = 1 / (1 + np.exp(-(damaged @ W + b)))
    z = h @ W.T + c
    dz = (z - x) / len(x)
    delta = (dz @ W) * h * (1 - h)
    return damaged.T @ delta + dz.T @ h, delta.sum(axis=0), dz.sum(axis=0)
    ### END SOLUTION


# %% tags=["check"]
check("09.2", tied_gradient)

# %%
class EncoderOnly(pretraining.Autoencoder):
    """A tied autoencoder whose dW lacks the decoder's term."""

    def gradient(self, x, y, loss, **options):
        value = super().gradient(x, y, loss, **options)
        h = self.encode(x)
        _, dz = loss(h @ self.V + self.c, y)
        self.dW -= dz.T @ h
        return value


x, _ = datasets.digits().train
lost = {}
for kind in (pretraining.Autoencoder, EncoderOnly):
    history = mn.fit(kind(64, 40, rng=0), (x, x), loss=losses.squared_error, optimizer=optimizers.SGD(0.1), epochs=20,
                     batch_size=20, rng=0, progress=False)
    lost[kind.__name__] = history.loss[0], history.loss[-1]
    print("{:12} loss after one epoch {:.2f}, after 20 {:.2f}".format(kind.__name__, *lost[kind.__name__]))

# %% [markdown] tags=["explanation"]
# <details><summary>Explanation</summary>
#
# $dz = (z - x)/N$, $\delta = (dz\,W) \odot h \odot (1 - h)$, and
#
# $$dW = \tilde x^\top \delta + dz^\top h, \qquad db = \sum \delta, \qquad dc = \sum dz .$$
#
# The second term is the transpose of $h^\top dz$, the decoder's gradient in the shape of $V = W^\top$. Only the encoder
# sees $\tilde x$; only the loss sees $x$.
#
# Without the decoder's term the layer follows the gradient of another function than its loss: it changes $W$ only so as
# to change the code, never to draw better with it. The loss still falls, because $c$ learns the mean image and the code
# adapts to the decoder that it happens to have. It does not fall as far.
#
# </details>

# %% tags=["explanation"]
whole, half = lost["Autoencoder"], lost["EncoderOnly"]
assert half[1] < 0.5 * half[0]
assert whole[1] < 0.7 * half[1]
