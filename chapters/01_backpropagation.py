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
# # Backpropagation by hand
#
# A network with ten thousand weights makes a mistake. Which of the weights was to blame, and by how much? One could
# move each weight a little and see what happens to the error: ten thousand trials for a single step of learning.
# Backpropagation answers for all of them at once, at the price of about two more passes through the network.
#
# This chapter builds it from one neuron upwards, in plain numpy functions. Every derivative is written out, and every
# derivative is checked against the trial and error that it replaces. At the end stands `minnet`, which does the same
# and nothing else, and we check that too.
#
# **Predict before you read on.** (1) You make a mistake in the backward pass: a missing factor, a wrong sign. Will
# the training loss fall all the same? (2) In the backward pass you replace the weights by fixed random numbers that
# have nothing to do with the network. Will it learn to read digits?

# %%
import inspect
import os
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Markdown
from matplotlib.ticker import MaxNLocator

import minnet as mn
from minnet import activations, claims, datasets, gradient_check, initializers, layers, losses, optimizers

FAST = os.environ.get("MINNET_FAST") == "1"          # fewer seeds and epochs
SEEDS = range(3) if FAST else range(5)
plt.rcParams.update({"figure.figsize": (7, 3.6), "figure.constrained_layout.use": True, "axes.grid": True,
                     "grid.alpha": 0.3})

# %% [markdown]
# ## One neuron
#
# A neuron weighs its input, adds a bias and bends the sum:
#
# $$z = wx + b, \qquad a = f(z), \qquad C = \tfrac12 (a - y)^2 .$$
#
# How does the cost $C$ change when $w$ changes? A change of $w$ moves $z$, the change of $z$ moves $a$, the change
# of $a$ moves $C$. The rates multiply: that is the chain rule, and it is all of backpropagation.
#
# $$\frac{\partial C}{\partial w}
#   = \underbrace{\frac{\partial C}{\partial a}}_{a - y}\;
#     \underbrace{\frac{\partial a}{\partial z}}_{f'(z)}\;
#     \underbrace{\frac{\partial z}{\partial w}}_{x},
# \qquad
# \frac{\partial C}{\partial b} = (a - y)\, f'(z) \cdot 1 .$$
#
# Both share the factor $\delta = \partial C/\partial z = (a-y) f'(z)$, the *error* of the neuron. The bias gets
# $\delta$, the weight gets $\delta x$: a weight is to blame in proportion to the signal that went through it.

# %%
def f(z):
    return 1 / (1 + np.exp(-z))


def neuron_cost(w, b, x, y):
    return 0.5 * (f(w * x + b) - y) ** 2


def neuron_gradient(w, b, x, y):
    a = f(w * x + b)
    delta = (a - y) * a * (1 - a)                    # σ′ = σ(1 − σ)
    return delta * x, delta


w, b, x, y = 0.6, -0.2, 1.5, 0.0
neuron_gradient(w, b, x, y)

# %% [markdown]
# ### Is it right? Ask the cost itself
#
# The derivative is the slope of $C(w)$. Move $w$ by $h$ to both sides and look:
#
# $$\frac{C(w+h) - C(w-h)}{2h} = C'(w) + \frac{h^2}{6} C'''(w) + \dots$$
#
# The error of this *central difference* has two sources that pull in opposite directions. The formula is off by
# $\frac{h^2}{6}|C'''|$, which asks for a small $h$. And the computer rounds $C$ to a relative precision $\varepsilon$,
# which the division by $2h$ blows up to about $\varepsilon C/h$: that asks for a large $h$.

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
for dtype, marker, style in ((np.float32, "s", "--"), (np.float64, "o", ":")):
    ax.loglog(h_values, np.maximum(errors[dtype], 1e-13), marker, ms=4, mfc="none", label=f"measured, {dtype.__name__}")
    rounding = np.finfo(dtype).eps * neuron_cost(w, b, x, y) / slope / h_values
    ax.loglog(h_values, rounding, "k", ls=style, lw=1.2, label=f"rounding, $\\varepsilon C/h$, {dtype.__name__}")
ax.loglog(h_values, h_values**2 / 6 * abs(third) / slope, "k-", lw=1, label="formula, $h^2 |C'''|/6$")
ax.set(xlabel="step $h$", ylabel="relative error of the slope", ylim=(1e-13, 1e2),
       title="A finite difference is wrong on both sides of its best step")
ax.legend(loc="lower right", fontsize=8)
plt.show()

# %% [markdown]
# *What to see:* on the right the points lie along the solid line, whose slope is 2: the formula's error. On the left
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
# ## A wrong neuron that does not learn
#
# Take a sigmoid neuron that is confidently wrong: for the input $x = 1$ it says nearly 1, and should say 0. Being so
# wrong, it has the most to learn. But $\delta = (a - y) f'(z)$, and where the neuron is sure of itself $f'(z)$ is
# nearly 0.
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
# *What to see:* under the squared error the curve begins flat and stays flat, as if there were nothing to learn. Under
# the cross-entropy it bends down within a few steps: $\delta$ is largest where the error is.

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
# ## A layer, and a batch
#
# Now $n$ examples at once, as rows: $x$ is $(n, \text{fan\_in})$, $W$ is $(\text{fan\_in}, \text{fan\_out})$, and
#
# $$z = xW + b, \qquad a = f(z), \qquad z_{ij} = \sum_k x_{ik} W_{kj} + b_j .$$
#
# Assume that we know $\partial C/\partial a$. Then, entry by entry:
#
# - $z_{ij}$ moves only $a_{ij}$, so $\delta_{ij} = \partial C/\partial z_{ij} = \partial C/\partial a_{ij}\;
#   f'(z_{ij})$.
# - $W_{kj}$ moves $z_{ij}$ in every example $i$, at the rate $x_{ik}$. Sum over the examples:
#   $\partial C/\partial W_{kj} = \sum_i x_{ik}\,\delta_{ij}$.
# - $b_j$ moves $z_{ij}$ in every example at the rate 1: $\partial C/\partial b_j = \sum_i \delta_{ij}$.
# - $x_{ik}$ moves every unit $j$ at the rate $W_{kj}$: $\partial C/\partial x_{ik} = \sum_j \delta_{ij} W_{kj}$.
#
# As matrices, with $\odot$ for the product entry by entry:
#
# $$\delta = \frac{\partial C}{\partial a} \odot f'(z), \qquad
#   dW = x^{\top}\delta, \qquad db = \sum_i \delta_i, \qquad \frac{\partial C}{\partial x} = \delta W^{\top} .$$
#
# The last of the four is what makes it *back*propagation: $x$ is the activation $a$ of the layer before, so the
# formula hands that layer its own $\partial C/\partial a$, and the game starts again.
#
# At the output stands the softmax with the cross-entropy, the mean over the examples. With $p = \text{softmax}(z)$ and
# $C = -\frac1n\sum_i \ln p_{i,y_i} = \frac1n \sum_i \big(\ln \sum_j e^{z_{ij}} - z_{i,y_i}\big)$,
#
# $$\frac{\partial C}{\partial z_{ik}} = \frac1n\left(\frac{e^{z_{ik}}}{\sum_j e^{z_{ij}}} - [k = y_i]\right)
#   = \frac{p_{ik} - [k = y_i]}{n} .$$

# %%
def tanh_forward(weights, biases, x):
    """Every layer's input, and the linear output of the last."""
    inputs = [x]
    for W, b in zip(weights[:-1], biases[:-1], strict=True):
        inputs.append(np.tanh(inputs[-1] @ W + b))
    return inputs, inputs[-1] @ weights[-1] + biases[-1]


def cross_entropy(z, y):
    z = z - z.max(axis=1, keepdims=True)                 # the same p, and no overflow
    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    return -log_p[np.arange(len(y)), y].mean(), np.exp(log_p)


def tanh_backward(weights, inputs, p, y):
    """dW and db of every layer: the four formulas, from the last layer to the first."""
    delta = (p - np.eye(p.shape[1])[y]) / len(y)
    dWs, dbs = [], []
    for k in reversed(range(len(weights))):
        dWs.insert(0, inputs[k].T @ delta)
        dbs.insert(0, delta.sum(axis=0))
        if k > 0:
            delta = (delta @ weights[k].T) * (1 - inputs[k] ** 2)         # tanh′ = 1 − a²
    return dWs, dbs


# %% [markdown]
# That is a multi-layer perceptron with its gradient, whole. Two questions: is it right, and what does it cost?

# %%
def draw(sizes, seed):
    rng = np.random.default_rng(seed)
    weights = [rng.normal(0, np.sqrt(1 / m), (m, n)) for m, n in pairwise(sizes)]
    return weights, [np.zeros(n) for n in sizes[1:]]


def checked(weights, biases, x, y, backward=tanh_backward, h=1e-4):
    """The gradient check: ‖g − ĝ‖/(‖g‖ + ‖ĝ‖) for every array, ĝ by differences of fourth order."""
    inputs, z = tanh_forward(weights, biases, x)
    dWs, dbs = backward(weights, inputs, cross_entropy(z, y)[1], y)
    found = {}
    for name, arrays, gradients in (("W", weights, dWs), ("b", biases, dbs)):
        for k, (p, g) in enumerate(zip(arrays, gradients, strict=True)):
            numeric = np.zeros_like(p)
            for i in np.ndindex(p.shape):
                at = p[i]
                C = {}
                for step in (-2, -1, 1, 2):
                    p[i] = at + step * h
                    C[step] = cross_entropy(tanh_forward(weights, biases, x)[1], y)[0]
                p[i] = at
                numeric[i] = (8 * (C[1] - C[-1]) - (C[2] - C[-2])) / (12 * h)
            found[f"{name}{k}"] = np.linalg.norm(g - numeric) / (np.linalg.norm(g) + np.linalg.norm(numeric))
    return found


digits = datasets.digits().map_x(lambda x: x.astype(np.float64))
few = digits.train[0][:20], digits.train[1][:20]
check_errors = [max(checked(*draw([64, 6, 5, 10], seed), *few).values()) for seed in SEEDS]
claims.judge("01-gradient-check", source="this chapter", measured=check_errors, criterion=claims.at_most(1e-7),
             statement="the four formulas give the gradient of every array, to a relative error of 1e-7 in float64")

# %% [markdown]
# And the cost. Count the multiplications of the matrix products. The forward pass has one product a layer, $xW$. The
# backward pass has two, $x^\top\delta$ and $\delta W^\top$, of the same size each; the first layer can leave out the
# second. So the gradient costs less than two forward passes, *however many parameters there are*, where differences
# would need two forward passes for each parameter.

# %%
sizes = [64, 128, 128, 10]
forward_products = [m * n for m, n in pairwise(sizes)]
ratio = (2 * sum(forward_products) - forward_products[0]) / sum(forward_products)
parameters = sum(forward_products) + sum(sizes[1:])
Markdown(f"For the sizes {sizes}: {parameters:,} parameters; the backward pass takes {ratio:.2f} times the "
         f"multiplications of the forward pass, central differences would take {2 * parameters:,} times.")

# %% [markdown]
# ## Breaking it on purpose
#
# Here are backward passes with one mistake each, of the kind that everybody has made. Each is used to train the same
# network on the digits. Which of them will you notice from the training curve?

# %%
def broken(mistake, seed=0):
    """tanh_backward with a mistake."""
    feedback = {}

    def backward(weights, inputs, p, y):
        n = len(y)
        delta = (p - np.eye(p.shape[1])[y]) / n
        dWs, dbs = [], []
        for k in reversed(range(len(weights))):
            dWs.insert(0, inputs[k].T @ delta)
            dbs.insert(0, delta.sum(axis=0))
            if mistake == "db negated in layer 0" and k == 0:
                dbs[0] = -dbs[0]
            if mistake == "db forgotten":
                dbs[0] = 0 * dbs[0]
            if k > 0:
                W = weights[k]
                if mistake == "random feedback":
                    if k not in feedback:
                        feedback[k] = np.random.default_rng([seed, k]).normal(0, np.sqrt(1 / W.shape[0]), W.shape)
                    W = feedback[k]
                delta = delta @ W.T
                if mistake == "f′ forgotten":
                    continue
                delta = delta * (1 - inputs[k] ** 2)
                if mistake == "f′ of a instead of z":
                    delta = delta / (1 - inputs[k] ** 2) * (1 - np.tanh(inputs[k]) ** 2)
                if mistake == "δ negated in layer 0" and k == 1:
                    delta = -delta
        return dWs, dbs

    return backward


mistakes = ["none", "f′ forgotten", "f′ of a instead of z", "db forgotten", "db negated in layer 0",
            "δ negated in layer 0", "random feedback"]


def train_plain(backward, seed, epochs=15 if FAST else 30, rate=0.2, batch=32):
    """Training accuracy after every epoch, plain gradient descent on mini-batches."""
    rng = np.random.default_rng(seed)
    weights, biases = draw([64, 32, 32, 10], seed)
    x, y = digits.train
    accuracy = []
    for _ in range(epochs):
        for rows in np.array_split(rng.permutation(len(x)), len(x) // batch):
            inputs, z = tanh_forward(weights, biases, x[rows])
            dWs, dbs = backward(weights, inputs, cross_entropy(z, y[rows])[1], y[rows])
            for p, g in zip(weights + biases, dWs + dbs, strict=True):
                p -= rate * g
        accuracy.append((tanh_forward(weights, biases, x)[1].argmax(axis=1) == y).mean())
    return np.array(accuracy)


curves = {mistake: np.array([train_plain(broken(mistake, seed), seed) for seed in SEEDS]) for mistake in mistakes}
check_of = {mistake: max(checked(*draw([64, 6, 5, 10], 0), *few, backward=broken(mistake)).values())
            for mistake in mistakes}

# %%
fig, (left, right) = plt.subplots(1, 2, figsize=(10, 4.2), width_ratios=(3, 2))
styles = ["-", "--", "-.", ":", (0, (5, 1)), (0, (1, 3)), (0, (3, 1, 1, 1, 1, 1))]
for mistake, style in zip(mistakes, styles, strict=True):
    error = 1 - curves[mistake].mean(axis=0)
    left.semilogy(1 + np.arange(len(error)), error, ls=style, lw=1.8, label=mistake)
left.set(xlabel="epoch", ylabel="training error (mean over seeds)", title="Trained with a mistake")
left.xaxis.set_major_locator(MaxNLocator(integer=True))
left.legend(title="mistake", fontsize=7, title_fontsize=8, loc="upper right", bbox_to_anchor=(1, 0.95))
right.plot([check_of[mistake] for mistake in mistakes], mistakes, "ko")
right.axvline(1e-7, color="k", ls="--")
right.text(1.5e-7, -0.75, "limit $10^{-7}$", va="center", fontsize=8)
right.set(xscale="log", xlim=(1e-12, 3), xlabel="worst relative error of an array", title="Checked", ylim=(6.6, -1.1))
plt.show()

# %% [markdown]
# *What to see:* on the left, all but one of the broken gradients train, and several are hard to tell from the right
# one. On the right the same mistakes under the gradient check: not one comes near the limit.

# %%
final = {mistake: curves[mistake][:, -1].mean() for mistake in mistakes}
trained = [mistake for mistake in mistakes[1:] if curves[mistake][:, -1].min() > 0.9]
Markdown(f"With the right gradient the training accuracy ends at {final['none']:.3f}. Above 0.9 with every seed, in "
         "spite of their mistake: " + "; ".join(f"*{mistake}* ({final[mistake]:.3f})" for mistake in trained) + ". The "
         f"check catches {sum(check_of[m] > 1e-7 for m in mistakes[1:])} of the {len(mistakes) - 1}.")

# %% [markdown]
# A falling loss needs only that enough of the weights move *somewhat* downhill; others may stand still, or even
# climb, and the network learns around them; slower, or to a worse place, or only on this data set. No training curve
# proves a gradient. Differences do.

# %%
claims.judge("01-loss-falls", source="circulating advice", measured=float(len(trained)), criterion=claims.at_most(0),
             statement="a network that trains to over 90% shows that its gradient is right (counted: wrong gradients "
                       "that do so with every seed)")

# %%
claims.judge("01-check-catches", source="this chapter", criterion=claims.at_least(1e-7),
             measured=min(check_of[mistake] for mistake in mistakes[1:]),
             statement="the gradient check catches each of these mistakes (relative error of the one hardest to see)")

# %% [markdown]
# *Random feedback* is the strangest of them. It sends the error back through matrices that were drawn once and have
# nothing to do with the weights: hardly a gradient at all. It works because the forward weights slowly turn towards the
# feedback (Lillicrap, Cownden, Tweed & Akerman 2016); exercise 3 measures the angle.

# %%
claims.judge("01-feedback", source="a common belief about backpropagation", measured=curves["random feedback"][:, -1],
             criterion=claims.at_most(0.5),
             statement="without the transposed weights in its backward pass a deep network cannot learn (training "
                       "accuracy with fixed random feedback)")

# %% [markdown]
# ## The same in minnet
#
# A layer of the library is the two halves that we have just written, side by side. This is its source, not a copy:

# %%
print(inspect.getsource(layers.Dense.forward), inspect.getsource(layers.Dense.backward), sep="\n")

# %% [markdown]
# One thing is added: all weights of a network are parts of one long vector, `net.params`, and all gradients of
# another, `net.grads`. A step of gradient descent is then one line, whatever the architecture. We put our own weights
# into a network of the library and compare.

# %%
differences = []
for seed in SEEDS:
    weights, biases = draw([64, 32, 32, 10], seed)
    net = mn.mlp([64, 32, 32, 10], activation=activations.tanh, init=initializers.lecun_normal, rng=0, dtype=np.float64)
    for layer, W, b in zip(net.layers, weights, biases, strict=True):
        layer.W, layer.b = W, b
    inputs, z = tanh_forward(weights, biases, digits.train[0])
    C, p = cross_entropy(z, digits.train[1])
    dWs, dbs = tanh_backward(weights, inputs, p, digits.train[1])
    ours = np.concatenate([np.append(dW.ravel(), db) for dW, db in zip(dWs, dbs, strict=True)])
    value = net.gradient(*digits.train, losses.softmax_cross_entropy)
    differences.append(max(abs(value - C) / C, np.linalg.norm(net.grads - ours) / np.linalg.norm(ours)))
assert max(differences) < 1e-12
claims.judge("01-library", source="this chapter", measured=differences, criterion=claims.at_most(1e-12),
             statement="loss and gradient of the library equal those of the plain functions (relative difference)")

# %% [markdown]
# The library checks itself by the same differences, array by array; for a network of your own this is one call. (These
# errors are rounding: their digits, not their size, depend on the processor.)

# %%
net = mn.Network([layers.Dense(64, 8), layers.BatchNorm(8), layers.Activation(activations.relu), layers.Dropout(0.2),
                  layers.Dense(8, 10)], rng=0)
print(gradient_check.check(net, *few, losses.softmax_cross_entropy, samples=40))

# %% [markdown]
# ## Reading digits
#
# Now the whole of it, in float32. Note how the data are divided: the rows of this data set stand in blocks, one for
# each person who wrote, and the test digits are those of *other people*.

# %%
data = datasets.digits()
Markdown(f"{len(data.train[0]):,} digits for training, {len(data.test[0])} for testing, "
         f"{data.train[0].shape[1]} pixels each, between {data.train[0].min():g} and {data.train[0].max():g}.")


# %%
def trained_network(data, seed, epochs=20):
    net = mn.mlp([64, 128, 128, 10], activation=activations.relu, init=initializers.he_normal, rng=seed)
    history = mn.fit(net, data.train, loss=losses.softmax_cross_entropy, epochs=epochs, batch_size=64, rng=seed,
                     optimizer=optimizers.SGD(learning_rate=0.1, momentum=0.9), validation=data.test)
    return net, history


histories = [trained_network(data, seed)[1] for seed in SEEDS]

fig, (left, right) = plt.subplots(1, 2, figsize=(10, 3.6))
for ax, column in ((left, "loss"), (right, "accuracy")):
    for name, style, mark in ((column, "-", "training"), (f"validation_{column}", "--", "other writers")):
        values = np.array([getattr(history, name) for history in histories])
        epochs = histories[0].epoch
        ax.plot(epochs, values.mean(axis=0), style, lw=2, label=mark)
        ax.fill_between(epochs, values.min(axis=0), values.max(axis=0), alpha=0.2)
    ax.set(xlabel="epoch", ylabel=column)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.legend()
left.set(yscale="log", title="Loss (mean and range over seeds)")
right.set(ylim=(0.6, 1.01), title="Accuracy (mean and range over seeds)")
plt.show()

# %% [markdown]
# *What to see:* on the training digits the loss keeps falling, by orders of magnitude, and the accuracy goes to 1. On
# other people's digits the loss soon stops falling and the accuracy stops short: the gap between the lines is
# overfitting.

# %% [markdown]
# A last experiment, about the data. The usual way to divide these digits is at random. Then everybody's handwriting is
# on both sides. How much does that flatter?

# %%
def random_split(seed):
    """As many digits to train on, but from all writers; to test on, others of the same people as in data.test."""
    x, y = (np.concatenate(parts) for parts in zip(data.train, data.test, strict=True))
    order = np.random.default_rng([seed, 1]).permutation(len(x))
    first, last = order[:len(data.train[0])], order[len(data.train[0]):]
    last = last[last >= len(data.train[0])]
    return datasets.Dataset((x[first], y[first]), (x[last], y[last]))


by_writer = np.array([history.validation_accuracy[-1] for history in histories])
at_random = np.array([trained_network(random_split(seed), seed)[1].validation_accuracy[-1] for seed in SEEDS])
Markdown(f"Accuracy on digits of the same people: {by_writer.mean():.3f} if nothing they wrote was in training, "
         f"{at_random.mean():.3f} if other digits of theirs were. The error is "
         f"{(1 - by_writer.mean()) / (1 - at_random.mean()):.1f} times as large for a stranger's hand.")

# %%
claims.judge("01-random-split", source="common practice with these digits", measured=at_random - by_writer,
             criterion=claims.at_most(0.01),
             statement="a random split of the digits shows what accuracy to expect on a new writer (the difference, on "
                       "digits of the same people)")

# %% [markdown]
# ## Where it breaks
#
# - *Kinks.* ReLU has no derivative at 0. The library takes 0 there; any value between 0 and 1 would do, and a
#   difference that straddles the kink agrees with none. A gradient check must leave such points out, and
#   `gradient_check` does.
# - *Noise.* With dropout the cost is another function at every evaluation, unless the noise is held fixed.
# - *Depth.* The backward pass multiplies one matrix $W^\top$ and one $f'$ per layer. Fifty factors below 1 are
#   nothing, fifty above 1 are everything. Which of the two it is, the initial weights decide; that is what the
#   chapters to come are about.

# %% [markdown]
# ## Exercises
#
# Answers are in `answers/01_backpropagation.py`.
#
# 1. *(10 minutes, paper.)* Derive $\delta$ for a linear output with the cost $\frac1n\sum_i\frac12\|z_i - y_i\|^2$.
#    Which of the library's losses is it, and what would change with `mean_squared_error`?
# 2. *(15 minutes, this notebook.)* Replace tanh by ReLU in `tanh_forward` and `tanh_backward`. Check the gradient.
#    In a 64-12-12-10 network on 200 digits, how many of the differences by $W_1$ straddle a kink with $h = 10^{-4}$,
#    and how wrong are they?
# 3. *(20 minutes, this notebook.)* Train 64-32-10 with random feedback and measure the angle between the wrong
#    gradient and the right one during training. Does the forward weight really turn towards the feedback?
# 4. *(30 minutes, `minnet.activations`.)* Make an `Activation` of your own, $f(z) = z/\sqrt{1+z^2}$, with its
#    derivative written in terms of $a$ alone, and let `gradient_check` judge it in a network.
# 5. *(45 minutes, `minnet.layer`.)* Write a layer `Scale` that multiplies each feature by a learned number, forward
#    and backward, as a subclass of `minnet.layer.Layer`. Check it in a network, and see that weight decay leaves it
#    alone.
