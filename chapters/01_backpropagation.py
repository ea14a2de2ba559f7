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
# Seven backward passes train the same network to read digits. One of them is right, the other six contain a mistake: a
# wrong sign, a forgotten factor. Can you tell from the training curves on the left which one is right? The right
# picture can: it compares each gradient with the slope of the cost itself.

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
# Here is the whole network, in plain numpy: the forward pass, the cost, and the backward pass. Section 2 derives every
# line of it. The mistakes are made on purpose, one at a time.

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
    """dW and db of every layer, from the last to the first."""
    delta = (p - np.eye(p.shape[1])[y]) / len(y)
    dWs, dbs = [], []
    for k in reversed(range(len(weights))):
        dWs.insert(0, inputs[k].T @ delta)
        dbs.insert(0, delta.sum(axis=0) * {"db forgotten": 0, "db negated": -1}.get(mistake, 1))
        if k > 0:
            W = weights[k]
            if mistake == "random feedback":             # fixed random numbers instead of the weights
                W = np.random.default_rng(k).normal(0, np.sqrt(1 / len(W)), W.shape)
            slope = 1 - inputs[k] ** 2                   # tanh′ = 1 − a²
            if mistake == "f′ forgotten":
                slope = 1
            if mistake == "f′ of a, not z":
                slope = 1 - np.tanh(inputs[k]) ** 2
            delta = (delta @ W.T) * slope * (-1 if mistake == "δ negated" and k == 1 else 1)
    return dWs, dbs


def draw(sizes, seed):
    rng = np.random.default_rng(seed)
    return [rng.normal(0, np.sqrt(1 / m), (m, n)) for m, n in pairwise(sizes)], [np.zeros(n) for n in sizes[1:]]


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


MISTAKES = ["no mistake", "f′ forgotten", "f′ of a, not z", "db forgotten", "db negated", "δ negated",
            "random feedback"]
errors = {mistake: np.array([errors_of(mistake, seed) for seed in SEEDS]) for mistake in MISTAKES}
checks = {mistake: check(mistake) for mistake in MISTAKES}

# %%
fig, (left, right) = plt.subplots(1, 2, figsize=(11, 3.8), width_ratios=(3, 2))
styles = ["-", "--", "-.", ":", (0, (5, 1)), (0, (1, 3)), (0, (3, 1, 1, 1, 1, 1))]
for mistake, line in zip(MISTAKES, styles, strict=True):
    curve = np.median(errors[mistake], axis=0)
    left.semilogy(1 + np.arange(len(curve)), np.maximum(curve, 1e-4), ls=line, lw=1.8, label=mistake)
left.set(xlabel="epoch", ylabel="training error (median over seeds)", title="Trained: which one is right?")
plots.label_lines(left)
right.plot([checks[mistake] for mistake in MISTAKES], MISTAKES, "ko")
right.axvline(1e-7, color="k", ls="--")
right.text(1.5e-7, -0.75, "limit $10^{-7}$", va="center")
_ = right.set(xscale="log", xlim=(1e-12, 3), xlabel="worst relative error of an array", ylim=(6.6, -1.1),
              title="Checked: only one is right")

# %% [markdown]
# **What to see.** Left: nearly all broken gradients train, some of them as well as the right one. Right: under the
# gradient check not one of them comes near the limit. No training curve proves a gradient; differences do.
#
# **The question.** A network with ten thousand weights makes a mistake. Which of the weights were responsible, and by
# how much? One could move each weight a little and see how the cost changes: ten thousand trials for one step of
# learning. Backpropagation answers for all weights at once. How?
#
# **What you need.** The chain rule and products of matrices.
#
# Where it says **Predict**, write your answer down before you open the folded one or read on.
#
# **Words.** $dW$ is short for $\partial C/\partial W$. A *seed* fixes the random numbers of a run; an *epoch* is one
# pass over the training data, in *mini-batches* of some rows each; *softmax* turns outputs into probabilities, $p_k =
# e^{z_k}/\sum_j e^{z_j}$; $[k = y]$ is 1 if $k = y$ and 0 otherwise. *Popular articles A to D* are four introductions
# on the web, whose statements the chapters test. A claim is *reproduced* if every run meets the criterion, *refuted* if
# no run does, *conditional* if every run does under a stated condition and none without it, *mixed* if some do.
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
# A change of $w$ changes $z$, the change of $z$ changes $a$, the change of $a$ changes $C$. The rates multiply: that is
# the chain rule, and it is all of backpropagation.
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
# Is it right? The derivative is the slope of $C(w)$, and a slope can be measured: move $w$ by $h$ to both sides.

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
# **What to see.** The two numbers agree to eight digits or so. The further part measures how well such a *central
# difference* can do at most, and why a gradient has to be checked in float64.
#
# ## 2. A layer, and a batch
#
# Now $n$ examples at once, as rows: $x$ is $(n, \text{fan\_in})$, $W$ is $(\text{fan\_in}, \text{fan\_out})$, and
#
# $$z = xW + b, \qquad a = f(z), \qquad z_{ij} = \sum_k x_{ik} W_{kj} + b_j .$$
#
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
# As matrices, with $\odot$ for the product entry by entry:
#
# $$\boxed{\;\delta = \frac{\partial C}{\partial a} \odot f'(z), \qquad
#   dW = x^{\top}\delta, \qquad db = \sum_i \delta_i, \qquad \frac{\partial C}{\partial x} = \delta W^{\top}\;}$$
#
# The last of the four is what makes it *back*propagation: $x$ is the activation $a$ of the layer before, so the formula
# gives that layer its own $\partial C/\partial a$, and the same four formulas apply again.
#
# At the output stands the softmax with the cross-entropy, the mean over the examples. With $p = \text{softmax}(z)$ and
# $C = -\frac1n\sum_i \ln p_{i,y_i} = \frac1n \sum_i \big(\ln \sum_j e^{z_{ij}} - z_{i,y_i}\big)$,
#
# $$\frac{\partial C}{\partial z_{ik}} = \frac1n\left(\frac{e^{z_{ik}}}{\sum_j e^{z_{ij}}} - [k = y_i]\right)
#   = \frac{p_{ik} - [k = y_i]}{n} .$$
#
# Go back to `backward` at the top: it is these formulas, line by line.
#
# **Predict.** How much more does the backward pass cost than the forward pass: for 10,000 parameters ten thousand
# times, or twice?

# %%
sizes = [64, 128, 128, 10]
products = [m * n for m, n in pairwise(sizes)]
print(f"parameters:                                          {sum(products) + sum(sizes[1:]):,}")
print(f"multiplications, backward pass over forward pass:    {(2 * sum(products) - products[0]) / sum(products):.2f}")
print(f"forward passes for central differences of all of them: {2 * (sum(products) + sum(sizes[1:])):,}")

# %% [markdown]
# <details><summary>Why</summary>
#
# The forward pass has one product a layer, $xW$. The backward pass has two, $x^\top\delta$ and $\delta W^\top$, of the
# same size each, and the first layer can leave out the second. So the gradient costs less than two forward passes,
# *however many parameters there are*.
#
# </details>
#
# ## 3. Breaking it on purpose
#
# The right picture at the top compares every array of the gradient, $g$, with differences of the cost, $\hat g$:
#
# $$\frac{\|g - \hat g\|}{\|g\| + \|\hat g\|} \le 10^{-7} .$$
#
# A popular piece of advice is simpler: *if the loss falls and the network learns, the gradient is right*. Criterion:
# not one of the six wrong gradients trains to more than 90% with every seed.
#
# **Predict.** How many of the six do?

# %%
passed = [mistake for mistake in MISTAKES[1:] if errors[mistake][:, -1].max() < 0.1]
print(f"over 90% with every seed, in spite of a mistake, {len(passed)} of 6:", "; ".join(passed))
assert checks["no mistake"] < 1e-7 < min(checks[mistake] for mistake in MISTAKES[1:])
_ = claims.judge("01-loss-falls", source="lore", measured=float(len(passed)), criterion=claims.at_most(0),
                 statement="a network that trains to over 90% shows that its gradient is right (counted: wrong "
                           "gradients that do so with every seed)",
                 headline="If the network learns, its gradient is right")

# %% [markdown]
# A falling loss needs only that enough of the weights move *somewhat* downhill. Others may stand still, or even climb;
# the network learns around them, more slowly, or to a worse place, or only on this data set. *Random feedback* is the
# strangest case: it sends the error back through matrices that have nothing to do with the weights. The further part
# and exercise 3 look at it.
#
# ## 4. The same in minnet
#
# A layer of the library is the two halves that we have just written, side by side. This is its source, not a copy:

# %%
print(inspect.getsource(layers.Dense.forward), inspect.getsource(layers.Dense.backward), sep="\n")

# %% [markdown]
# One thing is added: all weights of a network are parts of one long vector, `net.params`, and all gradients of another,
# `net.grads`. A step of gradient descent is then one line, whatever the architecture. We put our own weights into a
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
# Now the whole of it. Note how the data are divided: the digits come from many people, and the test digits are those of
# *other people* than the training digits.

# %%
data = datasets.digits()


def trained(data, seed):
    net = mn.mlp([64, 128, 128, 10], activation=activations.relu, init=initializers.he_normal, rng=seed)
    return mn.fit(net, data.train, loss=losses.softmax_cross_entropy, epochs=20, batch_size=64, rng=seed,
                  optimizer=optimizers.SGD(learning_rate=0.1, momentum=0.9), validation=data.test, progress=False)


histories = [trained(data, seed) for seed in SEEDS]
ax = plots.learning_curves({"training": [history.loss for history in histories],
                            "other people": [history.validation_loss for history in histories]}, log=True)
ax.set(title="The network goes on learning the training digits, and nothing else", ylabel="loss")
plots.label_lines(ax)

# %% [markdown]
# **What to see.** On the training digits the loss keeps falling, by orders of magnitude. On other people's digits it
# soon stops: the gap between the lines is overfitting.
#
# The usual way to divide these digits is at random. Then everybody's handwriting is on both sides.
#
# **Predict.** How much does a random split flatter the network: not at all, by half a percent, by several percent?
#
# Criterion for "a random split shows what to expect on a new writer": the accuracies differ by at most 0.01, on digits
# of the same people.

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
print(f"the random split flatters by                        {np.median(at_random - by_writer):.3f} (median)")
_ = claims.judge("01-random-split", source="lore", measured=at_random - by_writer, criterion=claims.at_most(0.01),
                 statement="a random split of the digits shows what accuracy to expect on a new writer (the "
                           "difference, on digits of the same people)",
                 headline="A random split of the digits shows the accuracy on a new person's handwriting")

# %% [markdown]
# ## Summary
#
# 1. The chain rule multiplies rates: $\partial C/\partial w$ is the error $\delta$ times the input of the weight.
# 2. Four formulas give all gradients of a layer; the fourth, $\delta W^\top$, passes the error on to the layer below.
# 3. The gradient of all parameters costs less than two forward passes.
# 4. A network may learn with a wrong gradient: check it by differences, in float64.
# 5. Test on people that the network has not seen; a random split flatters.

# %%
claims.summary()

# %% [markdown]
# ## Exercises
#
# Answers are in `chapters/answers/01_backpropagation.py`.
#
# 1. **(10 min, paper)** Derive $\delta$ for a linear output with the cost $\frac1n\sum_i\frac12\|z_i - y_i\|^2$.
#    Which of the library's losses is it, and what would change with `mean_squared_error`?
# 2. **(15 min)** Replace tanh by ReLU in `forward` and `backward`. Check the gradient.
#    In a 64-12-12-10 network on 200 digits, how many of the differences by $W_1$ straddle a kink with $h = 10^{-4}$,
#    and how wrong are they?
# 3. **(20 min)** Train 64-32-10 with random feedback and measure the angle between the wrong
#    gradient and the right one during training. Does the forward weight really turn towards the feedback?
# 4. **(30 min)** Make an `Activation` of your own, $f(z) = z/\sqrt{1+z^2}$, with its
#    derivative written in terms of $a$ alone, and let `gradient_check` judge it in a network.
# 5. **(45 min)** Write a layer `Scale` that multiplies each feature by a learned number, forward
#    and backward, as a subclass of `minnet.layer.Layer`. Check it in a network, and see that weight decay leaves it
#    alone.
#
# **Where to go on.** [The further part](further/01_backpropagation.ipynb): how exact a difference can be, why a neuron
# that is confidently wrong learns slowly, and learning with random feedback. The backward pass multiplies one matrix
# $W^\top$ and one $f'$ per layer, and fifty factors below 1 are nothing. Which weights prevent that is the subject of
# the chapters to come; [chapter 02](02_symmetry.ipynb) begins with weights that are all equal.
