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
# # Symmetry
#
# One network, trained three times on the same images in the same order. Only the start differs: all weights 0, all
# weights 0.1, or random weights. Each small square on the right is one unit of the first layer, drawn as the image of
# its 64 weights after training. Compare the rows: units that start equal stay equal.

# %% jupyter={"source_hidden": true} tags=["hide-input"]
from itertools import product

import matplotlib.pyplot as plt
import numpy as np

import minnet as mn
from minnet import activations, claims, datasets, initializers, losses, optimizers, plots
from minnet.diagnostics import kinds
from minnet.experiments.chapter import SEEDS, style
from minnet.experiments.rounding import TwoOrders
from minnet.theory import Deviations, EqualUnits

style()
digits = datasets.standardized(datasets.digits())            # 8 × 8 pixels: mean 0, variance 1; three are always 0
x, y = digits.train[0].astype(np.float64), digits.train[1]
SIZES = [64, 32, 32, 10]
constant = initializers.constant(value=0.1)

# %%
def trained(model, epochs=20, rng=0):
    """SGD with momentum on the digits, in batches of 64. Returns the History."""
    return mn.fit(model, (x, y), loss=losses.softmax_cross_entropy, epochs=epochs, batch_size=64, rng=rng,
                  optimizer=optimizers.SGD(0.05, momentum=0.9), progress=False)


def accuracy(model):
    return float((model(x).argmax(axis=1) == y).mean())


STARTS = {"all 0": initializers.zeros, "all 0.1": constant, "random": initializers.glorot_uniform}
nets = {name: mn.mlp(SIZES, activation=activations.tanh, init=init, rng=0, dtype=np.float64)
        for name, init in STARTS.items()}
histories = {name: trained(net) for name, net in nets.items()}

# %%
fig, (left, right) = plt.subplots(1, 2, figsize=(11, 3.4), width_ratios=(1.1, 1.3))
for (name, history), line in zip(histories.items(), (":", "--", "-"), strict=True):
    left.plot(history.epoch, history.loss, "k", ls=line, label=f"{name}: {accuracy(nets[name]):.0%} right")
left.set(xlabel="epoch", ylabel="training loss", ylim=(0, 2.6), title="Equal weights learn nothing, or little")
plots.label_lines(left)
sheet = np.vstack([np.hstack([np.pad(w.reshape(8, 8), 1, constant_values=np.nan) for w in net.layers[0].W.T[:8]])
                   for net in nets.values()])
right.imshow(sheet, cmap="gray", vmin=-0.5, vmax=0.5)
right.set(title="After training: equal units are still equal", xticks=10 * np.arange(8) + 4.5,
          xticklabels=range(1, 9), xlabel="unit of layer 1", yticks=10 * np.arange(3) + 4.5, yticklabels=STARTS)
right.grid(False)

# %% [markdown]
# **What to see.** Right: the weights that started at 0 are 0 still. Those that started at 0.1 have moved, all units
# alike. Random units are all different. Left: from 0 the loss stays at $\ln 10 = 2.30$, the loss of a network that
# gives all ten classes the same probability. From 0.1 the network learns *something*.
#
# **The question.** "Draw the weights at random, or all units learn the same", say the textbooks. Why exactly? What does
# a network of equal units learn? Which differences between units are enough, and how small may they be?
#
# **What you need.** The backward pass (chapter 01). Rows are examples; $z = xW + b$, $a = f(z)$, $\delta = \partial
# C/\partial z$; a number below a letter is that of the layer. All networks compute in float64; section 6 says where
# rounding matters.
#
# Where it says **Predict**, write your answer down before you open the folded one or read on.

# %%
ax = plots.network_diagram(SIZES, labels=["input x", "a₁", "a₂", "output z₃"])
_ = ax.set_title("Our network: 64 pixels, two hidden layers of 32 tanh units, 10 classes", fontsize=10)

# %% [markdown]
# ## 1. Zeros
#
# The network has six arrays of parameters: $W_1, b_1, W_2, b_2, W_3, b_3$. All of them start at 0.
#
# **Predict.** Which of the six gradients are not 0 at the first step: for tanh, and for the sigmoid?
#
# <details><summary>Answer</summary>
#
# Every $z$ is 0, so every hidden activation is $f(0)$. At the output all classes get the probability $p = 1/10$, so
# with a batch of $B$ images $\delta_3 = (p - [\text{right class}])/B$ is not 0. Nor is $db_3 = \sum \delta_3$, since
# the classes are not exactly equally frequent.
#
# - $dW_3 = a_2^\top \delta_3$ with $a_2 = f(0)$: zero for tanh, since $\tanh 0 = 0$; not zero for the sigmoid, since
#   $\sigma(0) = \tfrac12$.
# - One layer down, $\partial C/\partial a_2 = \delta_3 W_3^\top = 0$, since $W_3 = 0$. So $\delta_2 = 0$, $dW_2 = 0$,
#   $db_2 = 0$, and so on down to the input.
#
# </details>

# %%
print("norm of      dW1      dW2      dW3      db1      db2      db3")
for activation in (activations.tanh, activations.relu, activations.sigmoid, activations.selu):
    net = mn.mlp(SIZES, activation=activation, init=initializers.zeros, rng=0, dtype=np.float64)
    net.gradient(x, y, losses.softmax_cross_entropy)
    gradients = [layer.dW for layer in net.layers] + [layer.db for layer in net.layers]
    print(f"{activation.name:8}" + "".join(f"{np.linalg.norm(g):9.2g}" for g in gradients))

# %% [markdown]
# For tanh, ReLU and SELU only one array of the six learns: the output's bias. Such a network gives the same answer for
# every image.
#
# Popular article A makes two statements about zeros. First: *every unit of a layer learns the same feature*. Criterion:
# after 10 epochs each hidden layer has **one** kind of unit (columns of $W$ that agree to $10^{-6}$), for tanh, ReLU
# and the sigmoid. Second: *networks with the activation SELU (chapter 08) need no careful initialization; even zeros
# work*. Criterion: a training accuracy of 0.9 or more after 10 epochs.
#
# **Predict** both verdicts.

# %%
most, selu = [], []
for seed in SEEDS:
    count = 0
    for activation in (activations.tanh, activations.relu, activations.sigmoid):
        net = mn.mlp(SIZES, activation=activation, init=initializers.zeros, rng=0, dtype=np.float64)
        trained(net, 10, seed)
        count = max(count, *(kinds(layer.W) for layer in net.layers[:2]))
    most.append(count)
    net = mn.mlp(SIZES, activation=activations.selu, init=initializers.zeros, rng=0, dtype=np.float64)
    trained(net, 10, seed)
    selu.append(accuracy(net))
print(f"kinds of unit, at most: {max(most)};  accuracy of SELU from zeros: {min(selu):.2f} to {max(selu):.2f}")
claim = claims.judge("02-zeros-one-feature", source="popular article A", measured=most, criterion=claims.between(1, 1),
                     statement="zeros make symmetric gradients: every unit of a layer learns the same feature",
                     headline="From zero weights, every unit of a layer learns the same")
print("verdict on the first statement, one feature:    ", claim.verdict)
claim = claims.judge("02-selu-zeros", source="popular article A", measured=selu, criterion=claims.at_least(0.9),
                     statement="self-normalizing networks need no careful initialization, even zeros work",
                     headline="SELU networks need no careful initialization: even zeros work")
print("verdict on the second statement, SELU and zeros:", claim.verdict)

# %% [markdown]
# **Verdicts.** From zeros all units of a layer are equal, as the article says. (With tanh and ReLU
# they learn nothing.) A SELU network does not learn from zeros: SELU has $f(0) = 0$, and the answer above uses no more.
#
# ## 2. The theorem
#
# When exactly do two units stay equal? Units $i$ and $j$ of a layer are **twins** if
#
# 1. their incoming weights are equal: columns $W_{:i} = W_{:j}$ of the layer's matrix,
# 2. their biases are equal, $b_i = b_j$,
# 3. their outgoing weights are equal: rows $V_{i:} = V_{j:}$ of the next layer's matrix $V$.
#
# **Theorem.** Twins have equal gradients in all three, so they stay twins under SGD, momentum, RMSprop and Adam.
#
# **Proof.** By 1 and 2, $z_i = z_j$ and $a_i = a_j$ for every example. Let $\gamma$ be the $\delta$ of the next layer.
# Column $i$ of $\partial C/\partial a$ is $\gamma V_{i:}^\top$, so by 3 the columns $i$ and $j$ are equal, and so are
# those of $\delta$. Then $dW = x^\top \delta$ has equal columns, $db = \sum\delta$ has equal entries, and
# $dV = a^\top\gamma$ has equal rows. Equal parameters and equal gradients make equal steps. $\blacksquare$
#
# The theorem holds whatever the other units, the other layers, $f$ and the data are.
#
# **Predict.** You may draw *one* of the matrices $W_1, W_2, W_3$ at random; the other two are 0.1 everywhere. Which one
# do you draw, so that the units of *both* hidden layers become different?
#
# <details><summary>Answer</summary>
#
# $W_2$. A hidden layer stays one kind of unit if *both* matrices that touch it are constant: the one before it has
# equal columns, and the one behind it has equal rows. $W_2$ touches both hidden layers.
#
# </details>

# %%
print("    W1       W2       W3       kinds of unit in layers 1 and 2     accuracy")
for drawn in product((False, True), repeat=3):
    inits = [initializers.glorot_uniform if random else constant for random in drawn]
    net = mn.mlp(SIZES, activation=activations.tanh, init=inits, rng=0, dtype=np.float64)
    trained(net, 10)
    names = "".join(f"{'random' if random else '0.1':9}" for random in drawn)
    print(f"  {names}      {[kinds(layer.W) for layer in net.layers[:2]]!s:28} {accuracy(net):8.2f}")

# %% [markdown]
# **What to see.** `[1, 1]` is one kind of unit in both layers, `[32, 32]` means that all units differ. Each `1` is as
# the theorem says. That all other units become different is measured: unequal outgoing weights are enough, too.
#
# ## 3. One feature is not nothing
#
# *Any constant fails as zero does*, says popular article C. The theorem supports half of it: from any constant all
# units of a layer stay equal. But zero has a second problem: the gradients are products with zeros. From 0.1 they are
# not, so each layer has one unit that works.
#
# The $m$ equal units of a layer pass on the same number $m$ times, so one unit with $m$
# times the outgoing weights can replace them. The network 64-32-32-10 becomes a network 64-1-1-10 with other learning
# rates. `theory.EqualUnits` is this small network (the further part derives the rates).
# It has no twins that rounding could separate.
#
# Criterion for "fails as zero does": a training accuracy of at most 0.15 after 40 epochs. (Guessing has 0.10.)
#
# **Predict.** One number in each layer has to tell ten digits apart. Which accuracy can it reach: 10%, 20%, or more?

# %%
one = EqualUnits(SIZES, 0.1)
trained(one, 60)
net = one.load()
a2 = net.layers[1](net.layers[0](x))[:, 0]
order = sorted(range(10), key=lambda k: np.median(a2[y == k]))
ax = plt.figure(figsize=(7.5, 3.2)).subplots()
ax.boxplot([a2[y == k] for k in order], tick_labels=order, whis=(5, 95), showfliers=False,
           medianprops={"color": "k", "lw": 2})
ax.set(title=f"One unit sorts the digits along a line: {accuracy(one):.0%} right", ylabel="the one unit of layer 2",
       xlabel="digit, sorted by the median (boxes: middle half, whiskers: 5% to 95%)")
constants = [EqualUnits(SIZES, 0.1) for _ in SEEDS]
for seed, model in zip(SEEDS, constants, strict=True):
    trained(model, 40, seed)
right = [accuracy(model) for model in constants]
print(f"training accuracy after 40 epochs: {min(right):.2f} to {max(right):.2f}")
claim = claims.judge("02-any-constant", source="popular article C", statement="any constant fails as zero does",
                     measured=right, criterion=claims.at_most(0.15),
                     headline="Any constant fails as zero does")
print("verdict:", claim.verdict)

# %% [markdown]
# **What to see.** The unit puts some classes at separate places on a line, and mixes up others. The output layer cuts
# the line into intervals, one for each class that it can separate.
#
# **Verdict.** The constant 0.1 is a bad start, but not as bad as zero: one unit in each layer
# learns.
#
# ## 4. And the biases?
#
# The theorem has three conditions, so unequal *biases* break the symmetry too. Take the extreme: all weights 0, biases
# drawn from $N(0, 0.5^2)$.
#
# **Predict.** Does the network learn? Popular article D says that *zeros are to be avoided, except for biases*.
#
# <details><summary>Answer</summary>
#
# Yes, with tanh. Follow section 1 with $b \ne 0$: $a_2 = \tanh(b_2)$ is the same for every image, but it is not 0, and
# it differs between units. So $dW_3 = a_2^\top\delta_3$ is not 0 and has unequal rows. At the second step
# $\delta_3 W_3^\top$ has unequal columns, and at the third $W_1$ begins to move.
#
# </details>
#
# Criterion for "to be avoided": with zero weights the training accuracy is at least 0.5 lower than with random weights.
# We measure it with zero biases, and with random ones.

# %%
cost = {"zero biases": [], "random biases": []}
for seed in SEEDS:
    good = mn.mlp(SIZES, activation=activations.tanh, rng=seed, dtype=np.float64)
    trained(good, 20, seed)
    for name, bias in (("zero biases", initializers.zeros), ("random biases", initializers.normal(std=0.5))):
        net = mn.mlp(SIZES, activation=activations.tanh, init=initializers.zeros, bias_init=bias, rng=seed,
                     dtype=np.float64)
        trained(net, 20, seed)
        cost[name].append(accuracy(good) - accuracy(net))
for name, values in cost.items():
    print(f"{name:13} accuracy lower by {min(values):.3f} to {max(values):.3f}")
claim = claims.judge("02-zeros-except-biases", source="popular article D", measured=cost["zero biases"],
                     statement="zeros are to be avoided, except for biases (accuracy that zero weights cost)",
                     criterion=claims.at_least(0.5), condition="the biases are zero too", without=cost["random biases"],
                     headline="Zero weights are to be avoided: true with zero biases, not with random ones")
print("verdict:", claim.verdict)

# %% [markdown]
# **Verdict.** Article D is right if the biases are zero too. With random biases zero weights learn.
#
# ## 5. How small may the noise be?
#
# Start from 0.1 again and add noise: $W = 0.1 + \epsilon\,N(0, 1)$.
#
# **Predict.** Noise of $10^{-4}$, $10^{-8}$, $10^{-12}$. How much longer does it take with the smallest than with the
# largest, until the units are different: a few times, ten thousand times, or a hundred million times as long?
#
# <details><summary>Answer</summary>
#
# A few times as long. Let unit $j$ differ from the others by a small $\omega_j$ in its incoming weights and $\kappa_j$
# in the sum of its outgoing weights. While these are small, the speed at which each grows is *proportional* to the
# other. So the difference grows as $\epsilon\,S(t)$, with the same function $S$ of the time $t$ for all $\epsilon$.
# After a flat start $S$ grows about as $e^{\lambda t}$; from then on noise that is $10^4$ times smaller needs only
# $\ln(10^4)/\lambda$ more epochs.
#
# </details>

# %%
def followed(model, watch, epochs):
    """What watch(model) sees after every epoch of training."""
    return np.array([watch(model) for _ in mn.train(model, (x, y), loss=losses.softmax_cross_entropy, rng=0,
                                                    optimizer=optimizers.SGD(0.05, momentum=0.9), epochs=epochs,
                                                    batch_size=64)])


def spread(net):
    """The largest difference of a weight between two units of layer 1."""
    return np.ptp(net.layers[0].W, axis=1).max()


def noisy(value, noise, seed=0):
    return mn.mlp(SIZES, activation=activations.tanh, rng=seed, dtype=np.float64,
                  init=lambda rng, shape: value + noise * rng.normal(size=shape))


S = followed(Deviations(noisy(0, 1), 0.1), Deviations.spread, 70)
epochs = np.arange(1, 61)
fig, ax = plt.subplots(figsize=(7.5, 3.6))
for noise in (1e-4, 1e-8, 1e-12):
    found, theory = followed(noisy(0.1, noise), spread, 60), noise * S[:60]
    print(f"noise {noise:.0e}: the difference exceeds 0.001 after epoch {epochs[found > 1e-3][0]}")
    ax.semilogy(epochs[::2], found[::2], "ko", ms=4, mfc="none")
    ax.semilogy(epochs[theory < 1], theory[theory < 1], "-", color="0.5")
    ax.annotate(f"noise $10^{{{np.log10(noise):.0f}}}$", (3, 3 * theory[3]))
ax.axhline(1e-3, color="0.5", ls=":")
ax.annotate("above: the units are different", (60, 1.7e-3), ha="right", fontsize=9)
_ = ax.set(xlabel="epoch", ylabel="difference between units", ylim=(1e-13, 10),
           title="Differences between units grow exponentially")

# %% [markdown]
# **What to see.** Circles are three networks; lines are the theory (`theory.Deviations`), computed from the network
# with one unit in each layer, with nothing fitted. First the differences hardly change, while the network learns its
# one feature. Then they grow exponentially until the units are different.
#
# The largest difference among 32 units starts at about seven times the noise. So $10^{-4}$ is near the dotted line at
# once, and $10^{-8}$ has to wait for the growth: the gaps are not equal.
#
# So equal units are not stable: the smallest noise grows. Around *zero* it grows much more slowly: there each gradient
# is a product of two small matrices, and with two hidden layers the time grows as $1/\epsilon$ (further part).
#
# ## 6. Equal for ever?
#
# The theorem is about exact arithmetic. A computer rounds, so a sum depends on the order in which it is added. The
# order depends on the processor. To show the effect on every machine, the layer `TwoOrders` does it on purpose: the
# right half of its units adds its inputs in another order.
#
# Criterion for "equal units stay equal for ever": the incoming weights of a unit of the left half and of one of the
# right half agree to $10^{-3}$ in float32. We measure it after 10 epochs, and after 70.
#
# **Predict** with section 5: rounding is noise of about $4\cdot10^{-9}$ in float32 and $7\cdot10^{-18}$ in float64. Do
# units that start equal stay equal for ever? If not, do they become different first in float32 or in float64?

# %%
def two_orders(dtype, seed):
    first = TwoOrders(64, 32, activations.tanh, constant)
    first.order = np.random.default_rng(seed).permutation(64)
    return mn.Network([first, mn.Dense(32, 32, activations.tanh, constant), mn.Dense(32, 10, init=constant)],
                      rng=0, dtype=dtype)


def seen(net):
    """The difference between units, and how many kinds a unit of the left and one of the right half are (1 or 2)."""
    return spread(net), kinds(net.layers[0].W[:, [0, -1]], 1e-3)


runs = {dtype: np.array([followed(two_orders(dtype, seed), seen, 70) for seed in SEEDS])
        for dtype in (np.float32, np.float64)}
fig, ax = plt.subplots(figsize=(7.5, 3.4))
for (dtype, found), grey in zip(runs.items(), ("0.3", "0.65"), strict=True):
    epochs, theory = np.arange(1, 71), np.spacing(dtype(0.1)) / 2 * S
    ax.fill_between(epochs, found[:, :, 0].min(axis=0), found[:, :, 0].max(axis=0), color=grey, alpha=0.6, lw=0)
    ax.semilogy(epochs[theory < 1], theory[theory < 1], "k--", lw=1)
    ax.annotate(dtype.__name__, (epochs[20], found[:, 20, 0].max()), (0, 10), textcoords="offset points", ha="right")
ax.axhline(1e-3, color="0.5", ls=":")
ax.annotate("above: the units are different", (1, 4e-3))
ax.set(xlabel="epoch", ylabel="difference between units", ylim=(1e-18, 10),
       title="Rounding alone separates equal units; float64 only takes longer")
claim = claims.judge("02-equal-for-ever", source="lore", statement="units that start equal stay equal for ever",
                     measured=runs[np.float32][:, 9, 1], criterion=claims.at_most(1),
                     condition="rounding has not had the time to grow (10 epochs, not 70)",
                     without=runs[np.float32][:, -1, 1],
                     headline="Units that start equal stay equal for ever: in a computer only until rounding has grown")
print("verdict:", claim.verdict)

# %% [markdown]
# **What to see.** Grey bands are networks that add in different orders; dashed lines are the theory: the largest
# rounding error of 0.1 times $S(t)$, which starts near 7. It gives the growth, but the height only to a factor of about
# ten: rounding errors are not normal noise, and they depend on your processor.
#
# **Verdict.** In a computer equal units stay equal only until rounding errors have grown.
#
# ## Summary
#
# 1. Two units stay equal if their incoming weights, their biases *and* their outgoing weights are equal; if one of the
#    three differs, they usually become different.
# 2. A network of equal units is a network with one unit in each layer; it learns one feature.
# 3. Zero weights are worse than other constants: their gradients are products with zeros.
# 4. Differences between units grow exponentially, so the smallest noise is enough, except around zero.
# 5. "For ever" holds in exact arithmetic; in a computer rounding breaks the symmetry as well.

# %%
claims.summary()

# %% [markdown]
# ## Exercises
#
# Each is a notebook with hints, a check that answers at once, and the solution, folded.
# `python -m chapters handout 02` writes a copy without the solutions for you to work in.
#
# 1. **(15 min, pencil)** [Opposite twins](exercises/02_1_opposite_twins.ipynb). With tanh, let one unit's weights be
#    the opposite of another's. Derive its gradients. Do the units stay opposite?
# 2. **(15 min)** [Find the twins](exercises/02_2_find_twins.ipynb) of a layer.
# 3. **(25 min)** [Merge equal units](exercises/02_3_merge.ipynb) into one, so that the network computes the same.
# 4. **(20 min)** [One seed for every layer](exercises/02_4_same_numbers.ipynb). `diagnose` says that layers of
#    different shapes hold the same numbers. Measure it.
# 5. **(40 min, pencil)** [Rates for one unit that stands for many](exercises/02_5_rates.ipynb). Derive the learning
#    rates with which the small network of section 3 follows the large one, for gradient descent and for Adam.
#
# **Where to go on.** [The further part](further/02_symmetry.ipynb): the rates of the small network, six optimizers,
# noise around zero, one seed for every layer, ReLU and the scale of its inputs, dropout.
# [Chapter 03](03_vanishing.ipynb) asks how *large* random weights should be.
