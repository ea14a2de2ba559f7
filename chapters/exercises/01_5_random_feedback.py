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
# # 01.5 Random feedback
#
# **(35 min)** A network with one hidden layer, $a = \tanh(xW_1)$ and $z = aW_2$, and the cross-entropy of softmax$(z)$,
# averaged over the batch. Going back, use a matrix $F$ of the shape of $W_2$ in place of $W_2$. Write a function that
# returns
#
# - `dW1`: what stands in the place of the gradient of $W_1$,
# - `dW2`: the gradient of $W_2$,
# - `angle`: the angle in degrees between `dW1` and the right gradient of $W_1$, both seen as vectors.
#
# `y` holds class numbers. Then say before you run the last cell: does the angle grow, shrink or stay, while a network
# trains with a fixed random $F$? And the angle between $W_2$ and $F$?
#
# <details><summary>Hint 1</summary>
#
# The $\delta$ of the output is that of section 2: it needs no matrix, so $F$ does not change it. `np.eye(m)[y]` turns
# class numbers into rows with a single 1.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# $\cos\varphi = u \cdot v/(\|u\|\,\|v\|)$; `np.vdot(u, v)` multiplies two matrices entry by entry and adds.
#
# </details>

# %%
import numpy as np

from minnet import datasets
from minnet.coursework import check


# %% jupyter={"source_hidden": true} tags=["solution", "hide-input"]
def feedback(x, y, W1, W2, F):
    """dW1 by the feedback F, dW2, and the angle of dW1 with the right gradient."""
    ### BEGIN SOLUTION
    a = np.tanh(x @ W1)
    e = np.exp(a @ W2)
    delta = (e / e.sum(axis=1, keepdims=True) - np.eye(W2.shape[1])[y]) / len(x)
    dW1 = x.T @ (delta @ F.T * (1 - a**2))
    right = x.T @ (delta @ W2.T * (1 - a**2))
    cosine = np.vdot(dW1, right) / (np.linalg.norm(dW1) * np.linalg.norm(right))
    return dW1, a.T @ delta, np.degrees(np.arccos(cosine))
    ### END SOLUTION


# %% tags=["check"]
check("01.5", feedback)


# %%
def degrees(u, v):
    """The angle between two arrays."""
    return np.degrees(np.arccos(np.vdot(u, v) / (np.linalg.norm(u) * np.linalg.norm(v))))


x, y = datasets.digits().train
rng = np.random.default_rng(0)
W1, W2, F = (rng.normal(0, np.sqrt(1 / n), (n, m)) for n, m in ((64, 32), (32, 10), (32, 10)))
angles = []
for epoch in range(11):
    angles.append((feedback(x, y, W1, W2, F)[2], degrees(W2, F)))
    if epoch % 2 == 0:
        print(f"epoch {epoch:2}: dW1 and the gradient {angles[-1][0]:3.0f}°, W2 and F {angles[-1][1]:3.0f}°")
    for rows in np.array_split(rng.permutation(len(x)), 40):
        dW1, dW2, _ = feedback(x[rows], y[rows], W1, W2, F)
        W1 -= 0.2 * dW1
        W2 -= 0.2 * dW2

# %% [markdown] tags=["explanation"]
# <details><summary>Explanation</summary>
#
# The forward matrix $W_2$ turns towards $F$, and with it the wrong gradient towards the right one. It does not become
# the gradient, but after the first epochs it stays well below 90°, which is all that going downhill asks for. Why it
# turns: while $W_1$ moves along $-x^\top(\delta F^\top \odot f')$, the hidden activations $a$ gain a part along
# $-\delta F^\top$, and $W_2$, which moves along $-a^\top\delta$, gains a part along $F\delta^\top\delta$. (Lillicrap,
# Cownden, Tweed and Akerman 2016.)
#
# </details>

# %% tags=["explanation"]
assert angles[0][1] > 75
assert angles[-1][0] < 80
assert angles[-1][0] < angles[0][0]
assert angles[-1][1] < angles[0][1] - 10
