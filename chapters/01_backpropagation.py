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
# A network learns by changing each of its weights a little, so that its answers become less wrong. How much each weight
# is to change is computed by a *backward pass*; the result is called the *gradient*. Below, one network learns to read
# digits with seven different backward passes. One of them is right, and six contain a mistake. Look at the training
# curves on the left: can you tell which one is right? The test on the right can.

# %% jupyter={"source_hidden": true} tags=["hide-input"]
import inspect
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np

import minnet as mn
from minnet import activations, claims, datasets, gradient_check, initializers, layers, losses, optimizers, plots
from minnet.experiments.chapter import FAST, SEEDS, style

style()
digits = datasets.digits().map_x(lambda x: x.astype(np.float64))         # 8 × 8 pixels, in [0, 1]
few = digits.train[0][:20], digits.train[1][:20]

# %% [markdown]
# The next cell is the whole network, in plain numpy: the forward pass, the cost, and the backward pass, with mistakes
# that are made on purpose, one at a time. Sections 1 and 2 explain every letter and derive every line, so you can go on
# to the picture now.

# %%
def forward(weights, biases, x):
    """Every layer's input, and the linear output of the last."""
    inputs = [x]
    for W, b in zip(weights[:-1], biases[:-1], strict=True):
        inputs.append(np.tanh(inputs[-1] @ W + b))
    return inputs, inputs[-1] @ weights[-1] + biases[-1]


def cross_entropy(z, y):
    z = z - z.max(axis=1, keepdims=True)                 # the same p, and no overflow
    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    return -log_p[np.arange(len(y)), y].mean(), np.exp(log_p)


def backward(weights, inputs, p, y, mistake="no mistake"):
    """The gradients dW and db of every layer, computed from the last to the first."""
    delta = (p - np.eye(p.shape[1])[y]) / len(y)
    dWs, dbs = [], []
    for k in reversed(range(len(weights))):
        dWs.insert(0, inputs[k].T @ delta)
        dbs.insert(0, delta.sum(axis=0) * {"biases left out": 0, "sign of the biases": -1}.get(mistake, 1))
        if k > 0:
            W = weights[k]
            if mistake == "random backward weights":     # fixed random numbers instead of the weights
                W = np.random.default_rng(k).normal(0, np.sqrt(1 / len(W)), W.shape)
            slope = 1 - inputs[k] ** 2                   # tanh′ = 1 − a²
            if mistake == "slope left out":
                slope = 1
            if mistake == "slope at a wrong point":       # at a instead of z
                slope = 1 - np.tanh(inputs[k]) ** 2
            delta = (delta @ W.T) * slope * (-1 if mistake == "sign of the error" and k == 1 else 1)
    return dWs, dbs


def draw(sizes, seed):
    rng = np.random.default_rng(seed)
    return [rng.normal(0, np.sqrt(1 / n), (n, m)) for n, m in pairwise(sizes)], [np.zeros(m) for m in sizes[1:]]


# %% jupyter={"source_hidden": true} tags=["hide-input"]
def errors_of(mistake, seed, epochs=15 if FAST else 30, rate=0.2, batch=32):
    """The training error after every epoch of gradient descent on mini-batches."""
    rng, (weights, biases), (x, y) = np.random.default_rng(seed), draw([64, 32, 32, 10], seed), digits.train
    error = []
    for _ in range(epochs):
        for rows in np.array_split(rng.permutation(len(x)), len(x) // batch):
            inputs, z = forward(weights, biases, x[rows])
            dWs, dbs = backward(weights, inputs, cross_entropy(z, y[rows])[1], y[rows], mistake)
            for p, g in zip(weights + biases, dWs + dbs, strict=True):
                p -= rate * g
        error.append((forward(weights, biases, x)[1].argmax(axis=1) != y).mean())
    return np.array(error)


def check(mistake="no mistake", h=1e-4):
    """The largest of ‖g − ĝ‖/(‖g‖ + ‖ĝ‖) over the arrays, ĝ by differences: see section 3."""
    weights, biases = draw([64, 6, 5, 10], 0)
    inputs, z = forward(weights, biases, few[0])
    dWs, dbs = backward(weights, inputs, cross_entropy(z, few[1])[1], few[1], mistake)
    found = []
    for p, g in zip(weights + biases, dWs + dbs, strict=True):
        numeric = np.zeros_like(p)
        for i in np.ndindex(p.shape):
            at, C = p[i], {}
            for step in (-2, -1, 1, 2):
                p[i] = at + step * h
                C[step] = cross_entropy(forward(weights, biases, few[0])[1], few[1])[0]
            p[i] = at
            numeric[i] = (8 * (C[1] - C[-1]) - (C[2] - C[-2])) / (12 * h)     # two central differences: error h⁴
        found.append(np.linalg.norm(g - numeric) / (np.linalg.norm(g) + np.linalg.norm(numeric)))
    return max(found)


MISTAKES = ["no mistake", "slope left out", "slope at a wrong point", "biases left out", "sign of the biases",
            "sign of the error", "random backward weights"]
errors = {mistake: np.array([errors_of(mistake, seed) for seed in SEEDS]) for mistake in MISTAKES}
checks = {mistake: check(mistake) for mistake in MISTAKES}

# %%
fig, (left, right) = plt.subplots(1, 2, figsize=(11, 3.8), width_ratios=(3, 2))
for mistake, look in zip(MISTAKES, plots.styles.series_styles(7, 30), strict=True):
    curve = np.median(errors[mistake], axis=0)
    left.semilogy(1 + np.arange(len(curve)), np.maximum(curve, 1e-4), **look, label=mistake)
left.set(xlabel="epoch: passes over the training digits", ylabel="share of wrong training digits (median)",
         title="Training: backward passes with a mistake learn too")
plots.label_lines(left)
right.plot([checks[mistake] for mistake in MISTAKES], MISTAKES, "ko")
right.axvline(1e-7, color="k", ls="--")
right.text(1.5e-7, -0.75, "limit $10^{-7}$", va="center")
_ = right.set(xscale="log", xlim=(1e-12, 3), xlabel="relative error of the gradient", ylim=(6.6, -1.1),
              title="Test: only one is right")

# %% [markdown]
# **What to see.** Left: most of the wrong backward passes train the network, some of them as well as the right one.
# Right: the relative error of the right one is far below the limit, and those of the others are far above it. So a
# training curve does not show whether a gradient is right. The test does: it moves each weight a little and measures
# how the answers get better or worse.
#
# **The question.** A network with ten thousand weights makes a mistake. Which of the weights were responsible, and by
# how much? One could move each weight a little and see what changes: ten thousand trials for one step of learning.
# Backpropagation answers for all weights at once. How?
#
# **What you need.** The chain rule and products of matrices.
#
# Where it says **Predict**, write your answer down before you open the folded one or read on.
#
# **Words.** The *cost* $C$, also called the *loss*, is a number that says how wrong the answers are. $dW$ is short for
# $\partial C/\partial W$. A *seed* fixes the random numbers of a run. An *epoch* is one pass over the training data, in
# *mini-batches* of some examples each. *Softmax* turns outputs into probabilities, $p_k = e^{z_k}/\sum_j e^{z_j}$.
#
# **Claims.** The chapters test statements of papers, of four introductions on the web (*popular articles A to D*), and
# common opinions without one source (*lore*). Each has a criterion, stated before we measure, and is measured in
# several runs. It is *reproduced* if every run meets the criterion, *refuted* if no run does, *mixed* if some do, and
# *conditional* if every run does under a stated condition and none without it.
#
# ## 1. One neuron
#
# A neuron multiplies its input by a weight, adds a bias and applies a function:
#
# $$z = wx + b, \qquad a = f(z), \qquad C = \tfrac12 (a - y)^2 .$$
#
# **Predict.** How does the cost $C$ change when $w$ changes? Write $\partial C/\partial w$ as a product of three
# factors.
#
# <details><summary>Answer</summary>
#
# A change of $w$ changes $z$, the change of $z$ changes $a$, the change of $a$ changes $C$. The rates multiply. That is
# the chain rule, and backpropagation needs nothing else.
#
# $$\frac{\partial C}{\partial w}
#   = \underbrace{\frac{\partial C}{\partial a}}_{a - y}\;
#     \underbrace{\frac{\partial a}{\partial z}}_{f'(z)}\;
#     \underbrace{\frac{\partial z}{\partial w}}_{x},
# \qquad
# \frac{\partial C}{\partial b} = (a - y)\, f'(z) \cdot 1 .$$
#
# </details>
#
# Both derivatives share the factor $\delta = \partial C/\partial z = (a-y) f'(z)$, the *error* of the neuron. The bias
# gets $\delta$, the weight gets $\delta x$.
#
# Is it right? The derivative is the slope of $C(w)$, and a slope can be measured: move $w$ by a small $h$ up and down,
# and divide the difference of the two costs by $2h$.

# %%
def f(z):
    return 1 / (1 + np.exp(-z))                          # the sigmoid; f′ = a(1 − a)


def cost(w, b=-0.2, x=1.5, y=0.0):
    return 0.5 * (f(w * x + b) - y) ** 2


w, b, x, y, h = 0.6, -0.2, 1.5, 0.0, 1e-4
a = f(w * x + b)
print(f"chain rule:  {(a - y) * a * (1 - a) * x:.9f}")
print(f"difference:  {(cost(w + h) - cost(w - h)) / (2 * h):.9f}")

# %% [markdown]
# **What to see.** The two numbers agree to many digits. The second is called a *central difference*. The further part
# measures how exact it can be at best, and why a gradient has to be checked in float64, with 16 digits.
#
# ## 2. A layer, and a batch
#
# A layer has $n$ inputs (called fan_in) and $m$ outputs (fan_out). It treats a *batch* of $B$ examples at once, as
# rows: $x$ is $B \times n$, the weights $W$ are $n \times m$, and
#
# $$z = xW + b, \qquad a = f(z), \qquad z_{ij} = \sum_{k=1}^{n} x_{ik} W_{kj} + b_j .$$

# %%
ax = plots.network_diagram([64, 32, 32, 10], labels=["input x", "a₁ = f(z₁)", "a₂ = f(z₂)", "output z₃"])
_ = ax.set_title("Our network: the output of each layer is the input of the next", fontsize=10)

# %% [markdown]
# **Predict.** Somebody tells you $\partial C/\partial a$, an array of the shape of $a$. Which formulas give
# $\delta = \partial C/\partial z$, $dW$, $db$ and $\partial C/\partial x$? The shapes nearly decide it.
#
# <details><summary>Answer</summary>
#
# - $z_{ij}$ changes only $a_{ij}$, so $\delta_{ij} = \partial C/\partial a_{ij}\; f'(z_{ij})$.
# - $W_{kj}$ changes $z_{ij}$ in every example $i$, at the rate $x_{ik}$. Sum over the examples:
#   $\partial C/\partial W_{kj} = \sum_i x_{ik}\,\delta_{ij}$.
# - $b_j$ changes $z_{ij}$ in every example at the rate 1: $\partial C/\partial b_j = \sum_i \delta_{ij}$.
# - $x_{ik}$ changes every unit $j$ at the rate $W_{kj}$: $\partial C/\partial x_{ik} = \sum_j \delta_{ij} W_{kj}$.
#
# </details>
#
# As matrices, with $\odot$ for the product entry by entry, and $\delta_i$ for row $i$ of $\delta$:
#
# $$\boxed{\;\delta = \frac{\partial C}{\partial a} \odot f'(z), \qquad
#   dW = x^{\top}\delta, \qquad db = \sum_i \delta_i, \qquad \frac{\partial C}{\partial x} = \delta W^{\top}\;}$$
#
# The last of the four is what makes it *back*propagation: $x$ is the activation $a$ of the layer before, so the formula
# gives that layer its own $\partial C/\partial a$, and the same four formulas apply again.
#
# The output $z$ becomes probabilities $p = \text{softmax}(z)$. The cost is the *cross-entropy*: minus the logarithm of
# the probability that the network gives to the right class $y_i$, averaged over the examples. Write $[k = y_i]$ for 1
# if $k = y_i$ and 0 otherwise. With
# $C = -\frac1B\sum_i \ln p_{i,y_i} = \frac1B \sum_i \big(\ln \sum_j e^{z_{ij}} - z_{i,y_i}\big)$,
#
# $$\frac{\partial C}{\partial z_{ik}} = \frac1B\left(\frac{e^{z_{ik}}}{\sum_j e^{z_{ij}}} - [k = y_i]\right)
#   = \frac{p_{ik} - [k = y_i]}{B} .$$
#
# Go back to `backward` at the top: it is these formulas, line by line.
#
# **Predict.** How many multiplications does a backward pass need, compared with a forward pass: about twice as many, or
# thousands of times as many?

# %%
sizes = [64, 128, 128, 10]
products = [n * m for n, m in pairwise(sizes)]
print(f"parameters:                                          {sum(products) + sum(sizes[1:]):,}")
print(f"multiplications, backward pass over forward pass:    {(2 * sum(products) - products[0]) / sum(products):.2f}")
print(f"forward passes for central differences of all of them: {2 * (sum(products) + sum(sizes[1:])):,}")

# %% [markdown]
# <details><summary>Why</summary>
#
# The forward pass has one product in each layer, $xW$. The backward pass has two, $x^\top\delta$ and $\delta W^\top$,
# of the same size each, and the first layer can leave out the second. So it costs less than two forward passes,
# *however many parameters there are*.
#
# </details>
#
# ## 3. Mistakes on purpose
#
# The right picture at the top is a *gradient check*. It compares the gradient $g$ of every $W$ and $b$ with differences
# of the cost, $\hat g$. (The picture shows the worst of these. *Slope left out* is a backward pass without $f'$; *slope
# at a wrong point* has $f'(a)$ for $f'(z)$.) A right gradient has
#
# $$\frac{\|g - \hat g\|}{\|g\| + \|\hat g\|} \le 10^{-7} .$$
#
# A popular piece of advice is simpler: *if the network learns, its gradient is right*. Criterion for this advice: none
# of the six wrong gradients trains to more than 90% right training digits with every seed.
#
# **Predict.** How many of the six do?

# %%
passed = [mistake for mistake in MISTAKES[1:] if errors[mistake][:, -1].max() < 0.1]
print(f"over 90% with every seed, in spite of a mistake: {len(passed)} of 6,", "; ".join(passed), sep="\n  ")
assert checks["no mistake"] < 1e-7 < min(checks[mistake] for mistake in MISTAKES[1:])
claim = claims.judge("01-loss-falls", source="lore", measured=float(len(passed)), criterion=claims.at_most(0),
                     statement="a network that trains to over 90% shows that its gradient is right (counted: wrong "
                               "gradients that do so with every seed)",
                     headline="If the network learns, its gradient is right")
print("verdict:", claim.verdict)

# %% [markdown]
# **Verdict.** That a network learns does not show that its gradient is right.
#
# The loss falls if enough of the weights move roughly in the right direction. Other weights may stand still, or move in
# the wrong direction. *Random backward weights* is the strangest case: it sends the error back through fixed random
# matrices that have nothing to do with the weights. Papers call it *random feedback*; the further part and exercise 5
# look at it.
#
# ## 4. The same in minnet
#
# A layer of the library has the forward and the backward formulas side by side. This is its source:

# %%
print(inspect.getsource(layers.Dense.forward), inspect.getsource(layers.Dense.backward), sep="\n")

# %% [markdown]
# One thing is added: all weights and biases of a network are parts of one long vector, `net.params`, and all gradients
# of another, `net.grads`. So a step of gradient descent is one line for every network. We put our own weights into a
# network of the library and compare.

# %%
weights, biases = draw([64, 32, 32, 10], 0)
net = mn.mlp([64, 32, 32, 10], activation=activations.tanh, rng=0, dtype=np.float64)
for layer, W, b in zip(net.layers, weights, biases, strict=True):
    layer.W, layer.b = W, b
inputs, z = forward(weights, biases, digits.train[0])
C, p = cross_entropy(z, digits.train[1])
dWs, dbs = backward(weights, inputs, p, digits.train[1])
assert abs(net.gradient(*digits.train, losses.softmax_cross_entropy) / C - 1) < 1e-12
for layer, dW, db in zip(net.layers, dWs, dbs, strict=True):
    assert np.linalg.norm(layer.dW - dW) < 1e-12 * np.linalg.norm(dW)
    assert np.linalg.norm(layer.db - db) < 1e-12 * np.linalg.norm(db)
print("loss and gradient of the library are those of the plain functions")

# %% [markdown]
# For a network of your own the gradient check is one call. (These errors are rounding: their digits depend on the
# processor.)

# %%
net = mn.Network([mn.Dense(64, 8), layers.BatchNorm(8), activations.relu, layers.Dropout(0.2), mn.Dense(8, 10)], rng=0)
print(gradient_check.check(net, *few, losses.softmax_cross_entropy, samples=40))

# %% [markdown]
# ## 5. Reading digits
#
# Now we train a network of the library. Note how the data are divided: many people wrote the digits, and those who
# wrote the test digits wrote none of the training digits.

# %%
data = datasets.digits()


def trained(data, seed):
    net = mn.mlp([64, 128, 128, 10], activation=activations.relu, init=initializers.he_normal, rng=seed)
    return mn.fit(net, data.train, loss=losses.softmax_cross_entropy, epochs=20, batch_size=64, rng=seed,
                  optimizer=optimizers.SGD(learning_rate=0.1, momentum=0.9), validation=data.test, progress=False)


histories = [trained(data, seed) for seed in SEEDS]
ax = plots.learning_curves({"training": [history.loss for history in histories],
                            "other people": [history.validation_loss for history in histories]}, log=True)
ax.set(title="The loss keeps falling on the training digits only", ylabel="loss")
_ = plots.label_lines(ax)

# %% [markdown]
# **What to see.** On the training digits the loss keeps falling, by orders of magnitude. On other people's digits it
# soon stops falling. The gap between the lines is called *overfitting*. (Lines are medians over the seeds, bands their
# range.)
#
# The usual way to divide these digits is at random. Then digits of every person are on both sides.
#
# **Predict.** How much higher is the test accuracy with a random split: not at all, by half a percent, or by several
# percent?
#
# Criterion for "a random split shows what accuracy to expect on a new person's digits": with a random split, the
# accuracy is at most 0.01 higher. (Both are measured on digits of the same people.)

# %%
def random_split(seed):
    """As many digits to train on, but from all writers; to test on, others of the same people as in data.test."""
    x, y = (np.concatenate(parts) for parts in zip(data.train, data.test, strict=True))
    order = np.random.default_rng([seed, 1]).permutation(len(x))
    first, last = order[:len(data.train[0])], order[len(data.train[0]):]
    last = last[last >= len(data.train[0])]                    # only people of data.test
    return datasets.Dataset((x[first], y[first]), (x[last], y[last]))


by_writer = np.array([history.validation_accuracy[-1] for history in histories])
at_random = np.array([trained(random_split(seed), seed).validation_accuracy[-1] for seed in SEEDS])
print(f"accuracy, nothing of these people was in training:  {by_writer.min():.3f} to {by_writer.max():.3f}")
print(f"accuracy, other digits of the same people were:     {at_random.min():.3f} to {at_random.max():.3f}")
print(f"with the random split it is higher by               {np.median(at_random - by_writer):.3f} (median)")
claim = claims.judge("01-random-split", source="lore", measured=at_random - by_writer, criterion=claims.at_most(0.01),
                     statement="a random split of the digits shows what accuracy to expect on a new writer (the "
                               "difference, on digits of the same people)",
                     headline="A random split of the digits shows the accuracy on a new person's handwriting")
print("verdict:", claim.verdict)

# %% [markdown]
# **Verdict.** A network that has seen other digits of a person reads this person's digits better
# than those of a stranger. So a random split promises too much.
#
# ## Summary
#
# 1. The chain rule multiplies rates: $\partial C/\partial w$ is the error $\delta$ times the input of the weight.
# 2. Four formulas give all gradients of a layer; the fourth, $\delta W^\top$, passes the error on to the layer below.
# 3. The gradient of all parameters costs less than two forward passes.
# 4. A network may learn with a wrong gradient: check it by differences, in float64.
# 5. Test on digits of people whom the network has not seen: a random split makes it look better than it is.

# %%
claims.summary()

# %% [markdown]
# ## Exercises
#
# Each is a notebook with hints, a check that answers at once, and the solution, folded.
# `python -m chapters handout 01` writes a copy without the solutions for you to work in.
#
# 1. **(10 min, pencil)** [The linear output](exercises/01_1_linear_output.ipynb). Derive $\delta$ for the cost
#    $\frac1B\sum_i\frac12\|z_i - y_i\|^2$, and compare it with that of the library's `mean_squared_error`.
# 2. **(15 min)** [The backward pass of a ReLU layer](exercises/01_2_relu_layer.ipynb). Write it with numpy alone.
# 3. **(25 min)** [Break a backward pass, and find it](exercises/01_3_wrong_layer.ipynb). `diagnose` says that a
#    gradient is wrong; say in which layer.
# 4. **(20 min)** [An activation of your own](exercises/01_4_own_activation.ipynb). Write the slope of
#    $a = z/\sqrt{1+z^2}$ in terms of $a$ alone.
# 5. **(35 min)** [Random feedback](exercises/01_5_random_feedback.ipynb). Measure the angle between the wrong gradient
#    and the right one during training.
# 6. **(30 min)** [A layer that scales](exercises/01_6_scale.ipynb). Each feature is multiplied by a learned number:
#    write the backward pass, and make a layer of the library from it.
#
# **Where to go on.** [The further part](further/01_backpropagation.ipynb): how exact a difference can be, why a neuron
# that is confidently wrong learns slowly, and learning with random feedback. The backward pass multiplies by one matrix
# $W^\top$ and one $f'$ in each layer, and a product of fifty factors below 1 is nearly 0. Which weights prevent that is
# the subject of the next chapters; [chapter 02](02_symmetry.ipynb) begins with weights that are all equal.
