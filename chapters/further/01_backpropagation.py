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
# # Backpropagation by hand, further
#
# Three additions to the chapter [Backpropagation by hand](../01_backpropagation.ipynb): how exact a finite difference
# can be, why a neuron that is confidently wrong learns slowly, and a backward pass without the weights. At the end,
# what a gradient check must leave out.

# %% jupyter={"source_hidden": true} tags=["hide-input"]
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Markdown

from minnet import claims, datasets
from minnet.experiments.chapter import FAST, SEEDS, style

style()


def f(z):
    return 1 / (1 + np.exp(-z))


def neuron_cost(w, b, x, y):
    return 0.5 * (f(w * x + b) - y) ** 2


def neuron_gradient(w, b, x, y):
    a = f(w * x + b)
    delta = (a - y) * a * (1 - a)                    # σ′ = σ(1 − σ)
    return delta * x, delta


w, b, x, y = 0.6, -0.2, 1.5, 0.0

# %% [markdown]
# ## 1. How exact is a difference?
#
# $$\frac{C(w+h) - C(w-h)}{2h} = C'(w) + \frac{h^2}{6} C'''(w) + \dots$$
#
# The error of this *central difference* has two sources that pull in opposite directions. The formula is off by
# $\frac{h^2}{6}|C'''|$, so $h$ should be small. And the computer rounds $C$ to a relative precision $\varepsilon$,
# which the division by $2h$ makes about $\varepsilon C/h$: so $h$ should be large.

# %%
h_values = np.logspace(-11, 0, 56)


def central_error(h, dtype):
    w_, b_, x_, y_, h = (dtype(v) for v in (w, b, x, y, h))
    one, half = dtype(1), dtype(0.5)

    def cost(w):
        return half * (one / (one + np.exp(-(w * x_ + b_))) - y_) ** 2

    exact = neuron_gradient(w, b, x, y)[0]
    return abs(float((cost(w_ + h) - cost(w_ - h)) / (h + h)) - exact) / abs(exact)


errors = {dtype: np.array([central_error(h, dtype) for h in h_values]) for dtype in (np.float32, np.float64)}

# The theory's two lines need C‴, from a wide difference of the exact derivative, and ε.
third = (neuron_gradient(w + 1e-3, b, x, y)[0] - 2 * neuron_gradient(w, b, x, y)[0]
         + neuron_gradient(w - 1e-3, b, x, y)[0]) / 1e-6
slope = abs(neuron_gradient(w, b, x, y)[0])

fig, ax = plt.subplots()
for dtype, marker, line in ((np.float32, "s", "--"), (np.float64, "o", ":")):
    ax.loglog(h_values, np.maximum(errors[dtype], 1e-13), marker, ms=4, mfc="none", label=f"measured, {dtype.__name__}")
    rounding = np.finfo(dtype).eps * neuron_cost(w, b, x, y) / slope / h_values
    ax.loglog(h_values, rounding, "k", ls=line, lw=1.2, label=f"rounding, $\\varepsilon C/h$, {dtype.__name__}")
ax.loglog(h_values, h_values**2 / 6 * abs(third) / slope, "k-", lw=1, label="formula, $h^2 |C'''|/6$")
ax.set(xlabel="step $h$", ylabel="relative error of the slope", ylim=(1e-13, 1e2),
       title="A finite difference is wrong on both sides of its best step")
ax.legend(loc="lower right", fontsize=8)
plt.show()

# %% [markdown]
# **What to see.** On the right the points lie along the solid line, whose slope is 2: the formula's error. On the left
# they scatter about and below their dashed or dotted line, one for each precision: rounding. (Where float32 points
# stand at 1, the step is so small that the cost does not change at all.) The best step is near the crossing of the
# lines.

# %%
least = {dtype: round(np.log10(error.min())) for dtype, error in errors.items()}             # to a power of ten
Markdown(f"The smallest error is about 1e{least[np.float32]} in float32 and 1e{least[np.float64]} in "
         "float64. A bug that disturbs a gradient by less than that cannot be seen: gradients are checked in float64.")

# %%
falling = (h_values > 1e-3) & (h_values < 1e-1)
order = np.polyfit(np.log(h_values[falling]), np.log(errors[np.float64][falling]), 1)[0]
claims.judge("01-difference-order", source="Taylor's theorem", measured=order, criterion=claims.between(1.9, 2.1),
             statement="the error of a central difference falls as the square of the step, until rounding takes over")

# %% [markdown]
# ## 2. A wrong neuron that does not learn
#
# Take a sigmoid neuron that is confidently wrong: for the input $x = 1$ its output is nearly 1, and should be 0. It has
# much to learn. But $\delta = (a - y) f'(z)$, and where the output is near 0 or 1, $f'(z)$ is nearly 0.
#
# Another cost repairs this. Take the cross-entropy $C = -[y \ln a + (1-y)\ln(1-a)]$. Its derivative by $a$ is
# $(a-y)/(a(1-a))$, and the denominator is exactly the $f'(z) = a(1-a)$ that follows in the chain:
#
# $$\delta = \frac{a - y}{a(1-a)} \cdot a(1-a) = a - y .$$
#
# The factor that stopped the learning is gone. This is no accident: for each usual output function there is one cost
# that cancels its derivative. Identity and squared error, sigmoid and cross-entropy, softmax and cross-entropy all
# have $\delta = p - y$.

# %%
def learn_one(delta, w=2.0, b=2.0, x=1.0, y=0.0, rate=0.15, steps=300):
    outputs = []
    for _ in range(steps):
        a = f(w * x + b)
        outputs.append(a)
        d = delta(a, y)
        w, b = w - rate * d * x, b - rate * d
    return np.array(outputs)


squared = learn_one(lambda a, y: (a - y) * a * (1 - a))
entropy = learn_one(lambda a, y: a - y)

fig, ax = plt.subplots()
ax.plot(squared, "-", color="0.2", label="squared error, $\\delta = (a-y)f'(z)$")
ax.plot(entropy, "--", color="C0", lw=2, label="cross-entropy, $\\delta = a - y$")
ax.set(xlabel="step", ylabel="output $a$ (target 0)", ylim=(0, 1), title="One neuron, started wrong: $w = b = 2$")
ax.legend()
plt.show()

# %% [markdown]
# **What to see.** Under the squared error the curve begins flat and stays flat, as if there were nothing to learn.
# Under the cross-entropy it bends down within a few steps: $\delta$ is largest where the error is.

# %%
half_way = [int(np.argmax(outputs < 0.5)) for outputs in (squared, entropy)]
Markdown(f"The output falls below ½ after {half_way[0]} steps with the squared error, and after {half_way[1]} with the "
         "cross-entropy, at the same learning rate.")

# %%
claims.judge("01-slow-start", source="after Nielsen 2015, chapter 3", measured=half_way[0] / half_way[1],
             criterion=claims.at_least(3),
             statement="at the same learning rate, a sigmoid neuron that starts confidently wrong learns several times "
                       "more slowly with the squared error than with the cross-entropy")

# %% [markdown]
# ## 3. Random feedback
#
# The backward pass multiplies by $W^\top$. Replace it by a fixed random matrix that has nothing to do with the weights.
# Criterion for "cannot learn": a training accuracy of at most 0.5.

# %%
def draw(sizes, seed):
    rng = np.random.default_rng(seed)
    return [rng.normal(0, np.sqrt(1 / m), (m, n)) for m, n in pairwise(sizes)], [np.zeros(n) for n in sizes[1:]]


def trained(seed, epochs=15 if FAST else 30, rate=0.2, batch=32):
    """Training accuracy of a tanh network whose error goes back through random matrices."""
    x, y = datasets.digits().map_x(lambda x: x.astype(np.float64)).train
    rng, (Ws, bs) = np.random.default_rng(seed), draw([64, 32, 32, 10], seed)
    feedback = [np.random.default_rng([seed, k]).normal(0, np.sqrt(1 / len(W)), W.shape) for k, W in enumerate(Ws)]
    for _ in range(epochs):
        for rows in np.array_split(rng.permutation(len(x)), len(x) // batch):
            a1 = np.tanh(x[rows] @ Ws[0] + bs[0])
            a2 = np.tanh(a1 @ Ws[1] + bs[1])
            z = a2 @ Ws[2] + bs[2]
            p = np.exp(z - z.max(axis=1, keepdims=True))
            d3 = (p / p.sum(axis=1, keepdims=True) - np.eye(10)[y[rows]]) / len(rows)
            d2 = d3 @ feedback[2].T * (1 - a2**2)
            d1 = d2 @ feedback[1].T * (1 - a1**2)
            for W, b, a, d in zip(Ws, bs, (x[rows], a1, a2), (d1, d2, d3), strict=True):
                W -= rate * a.T @ d
                b -= rate * d.sum(axis=0)
    a = np.tanh(np.tanh(x @ Ws[0] + bs[0]) @ Ws[1] + bs[1])
    return float(((a @ Ws[2] + bs[2]).argmax(axis=1) == y).mean())


claims.judge("01-feedback", source="lore", measured=[trained(seed) for seed in SEEDS], criterion=claims.at_most(0.5),
             statement="without the transposed weights in its backward pass a deep network cannot learn (training "
                       "accuracy with fixed random feedback)")

# %% [markdown]
# It works because the forward weights slowly turn towards the feedback (Lillicrap, Cownden, Tweed and Akerman 2016);
# exercise 5 of the chapter measures the angle.
#
# ## 4. Where a gradient check fails
#
# - *Kinks.* ReLU has no derivative at 0. The library takes 0 there; any value between 0 and 1 would do, and a
#   difference that straddles the kink agrees with none. A gradient check must leave such points out, and
#   `gradient_check` does.
# - *Noise.* With dropout the cost is another function at every evaluation, unless the noise is held fixed.
#
# ## Exercises
#
# Answers are in `chapters/answers/01_backpropagation.py`; 1 to 6 are in the chapter.
#
# 7. **(25 min)** Kinks. Draw five 64-12-12-10 networks of ReLU units and check their $dW_2$ by central differences on
#    200 digits with $h = 10^{-4}$. How many of the differences straddle a kink, and how wrong are they? *Needs:*
#    section 4.
