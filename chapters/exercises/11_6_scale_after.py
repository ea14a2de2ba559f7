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
# # 11.6 The scale after the network
#
# **(35 min)** Section 6 multiplies all weights of $f = \max(xv, 0)\,V$ by $\sqrt\alpha$. The same network has its
# weights as they are, and the outputs multiplied by $\alpha$ at the end: $\alpha f$. Both have the same outputs. Do
# they also learn the same?
#
# The network with the large weights is trained by gradient descent at the rate $\eta$, on $C = \frac1N\sum
# \tfrac12\|\text{output} - y\|^2$. Derive the rate at which the network $\alpha f$ must be trained so that both outputs
# stay equal, step by step. Write one step of it: from $v$, $V$, a batch, $\eta$ and $\alpha$ to the new $v$ and $V$.
#
# <details><summary>Hint 1</summary>
#
# With $\tilde v = \sqrt\alpha\,v$ and $\tilde V = \sqrt\alpha\,V$: when $\tilde v$ moves by some amount, by how much
# must $v$ move?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# $f(\tilde v, \tilde V) = \alpha f(v, V)$. Compare the gradient by $\tilde v$ with the one by $v$.
#
# </details>

# %%
import numpy as np

from minnet.coursework import check


# %% jupyter={"source_hidden": true} tags=["solution", "hide-input"]
def step(v, V, x, y, rate, alpha):
    """The new v and V of the network α max(x v, 0) V."""
    ### BEGIN SOLUTION
    h = np.maximum(x @ v, 0)
    dz = alpha * (alpha * h @ V - y) / len(x)
    dV = h.T @ dz
    dv = x.T @ ((dz @ V.T) * (h > 0))
    return v - rate / alpha * dv, V - rate / alpha * dV
    ### END SOLUTION


# %% tags=["check"]
check("11.6", step)

# %%
rng = np.random.default_rng(0)
x = rng.choice([-1.0, 1.0], size=(100, 10))
y = x[:, :1] * x[:, 1:2]
start = rng.normal(size=(10, 64)) / np.sqrt(10), rng.normal(size=(64, 1)) / np.sqrt(64)
moved = {}
for alpha in (0.1, 1, 30):
    v, V = start
    for _ in range(4000):
        v, V = step(v, V, x, y, 0.1 / max(alpha, 1), alpha)
    cost = ((alpha * np.maximum(x @ v, 0) @ V - y) ** 2).mean() / 2
    moved[alpha] = np.linalg.norm(v - start[0]) / np.linalg.norm(start[0])
    print(f"α = {alpha:<4} training loss {cost:.0e}, v has moved by {moved[alpha]:.0%} of its size")

# %% [markdown] tags=["explanation"]
# <details><summary>Explanation</summary>
#
# The gradient by $\tilde v$ is $\sqrt\alpha\,\nabla f(v) \cdot e$, with the error $e = \text{output} - y$. So $\tilde
# v$ moves by $-\eta\sqrt\alpha\,\nabla f(v)\cdot e$, and $v = \tilde v/\sqrt\alpha$ by $-\eta\,\nabla f(v)\cdot e$. The
# gradient of $\alpha f$ by $v$ is $\alpha\,\nabla f(v)\cdot e$. Both agree at the rate $\eta/\alpha$.
#
# The large $\alpha$ of lazy training is thus a matter of size alone, whether it stands in the weights or after the
# network: the larger $\alpha$, the less do the weights move for the same change of the output.
#
# </details>

# %% tags=["explanation"]
def inside(v, V, rate):
    """A step of the network with its scale in the weights."""
    return step(v, V, x, y, rate, 1.0)


alpha, outer, inner = 3.0, start, tuple(np.sqrt(3.0) * part for part in start)
for _ in range(50):
    outer, inner = step(*outer, x, y, 0.01, alpha), inside(*inner, 0.01)
for mine, scaled in zip(outer, inner, strict=True):
    np.testing.assert_allclose(np.sqrt(alpha) * mine, scaled, rtol=1e-8)
assert moved[30] < moved[1] < moved[0.1]
