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
# # Vanishing and exploding gradients
#
# The picture below shows 55 experiments, in which networks learn to read digits. They differ in the number of hidden
# layers and in the size of the weights at the start. Light cells have learned, dark cells have not. The deeper the
# network, the fewer sizes of weights work.

# %% jupyter={"source_hidden": true} tags=["hide-input"]
import matplotlib.pyplot as plt
import numpy as np

import minnet as mn
from minnet import activations, claims, datasets, diagnostics, initializers, losses, optimizers, plots, theory
from minnet.experiments.chapter import SEEDS, stored, style

style()
x, y = datasets.standardized(datasets.digits()).train       # 8 × 8 pixels, each of mean 0 and variance 1
x = x.astype(np.float64)
images, labels = x[:200], y[:200]

# %%
sweep = stored("03_vanishing").where(activation=activations.tanh, distribution="normal")
depths, stds = [40, 20, 10, 5, 2], sorted(set(sweep.array("std")))
cells = sweep.by("depth", "std")
accuracy = [[np.median(cells[depth, std].array("accuracy")) for std in stds] for depth in depths]
ax = plots.heat_map(accuracy, depths, stds, xlabel="σ: the weights are drawn from N(0, σ²)", ylabel="hidden layers",
                    label="training accuracy", annotate=False)
ax.set_title("Deep networks train only from weights of one size")
for column, row, word, color in ((1.5, 1, "vanishes", "w"), (5.5, 2, "trains", "k"), (9, 0, "explodes", "w")):
    ax.text(column, row, word, color=color, ha="center", va="center", fontsize=13, fontweight="bold")

# %% [markdown]
# **What to see.** With two hidden layers every σ works. With 40 layers only 0.125 and 0.177 do. To the left of it the
# gradient *vanishes* on its way through the layers, to the right it *explodes*. Each cell is the median of five
# networks of 64 tanh units a layer, each at the best of four learning rates. (The runs are stored;
# `python -m chapters --sweeps 03` repeats them.)
#
# **The question.** "A gradient that passes many layers is a product of many factors, and such a product vanishes or
# explodes", say the textbooks. Which factor? And what does this sentence leave out?
#
# **What you need.** The backward pass (chapter 01), expectation and variance. $z = aW + b$ with the $a$ of the layer
# below; $a = f(z)$; $\delta = \partial C/\partial z$. Biases start at 0. The *size* of an array is its root mean
# square (rms). Glorot's weights have the variance 2/(fan_in + fan_out), He's 2/fan_in (chapters 04 and 05).
#
# Where it says **Predict**, write your answer down before you open the folded one or read on.

# %%
ax = plots.network_diagram([64, 64, 64, 64, 10], labels=["x", "a¹", "a²", "… aᴸ", "z"])
_ = ax.set_title("Our network: 64 pixels, L hidden layers of 64 units, 10 classes", fontsize=10)

# %% [markdown]
# ## 1. One factor per layer
#
# A layer has $n$ inputs and $n$ units. Its weights are independent, with mean 0 and variance $\sigma^2$. Write
# $\sigma_w^2 = n\sigma^2$.
#
# **Predict.** Let $n = 64$ and $\sigma = 0.05$, and let the signals be small, so that $\tanh z \approx z$. By which
# factor does the size of $z$ change from one layer to the next? And the size of $\delta$ on its way back?
#
# <details><summary>Answer</summary>
#
# Both by $\sigma_w = 0.05 \cdot 8 = 0.4$.
#
# Forward: $z_j = \sum_i a_i W_{ij}$ is a sum of $n$ uncorrelated terms of mean 0, so
# $E[z^2] = n\sigma^2 E[a^2] = \sigma_w^2 E[a^2]$, and $a \approx z_{\text{below}}$.
#
# Backward: $\delta^l = (\delta^{l+1} W^\top) \odot f'(z^l)$ is again a sum of $n$ terms, and $f' \approx 1$.
#
# </details>
#
# For signals of any size we keep $f'$. Let $q = E[z^2]$. In a wide layer $z$, a sum of many small terms, is nearly
# normal, so with a standard normal number $g$
#
# $$E[(\delta^l)^2] = \chi\; E[(\delta^{l+1})^2], \qquad \boxed{\;\chi = \sigma_w^2\, E[f'(\sqrt q\, g)^2]\;}$$
#
# (This treats $W$ and $\delta^{l+1}$ as independent, which is wrong by terms of order $1/n$.) Going up, the signal
# follows $q_{l+1} = \sigma_w^2\, E[f(\sqrt{q_l}\, g)^2]$ and settles after some layers. From there on $\chi$ is the
# same in every layer: **$k$ layers multiply the size of the gradient by $\chi^{k/2}$** (Poole and others 2016;
# Schoenholz and others 2017).

# %%
print(" σ      size of z in the end    √χ, factor on the size of δ")
for std in (0.01, 0.05, 0.125, 0.25, 1.0):
    field = theory.MeanField(activations.tanh, weight_var=64 * std**2)
    q = field.limit()
    print(f"{std:5}  {np.sqrt(q):12.2f}  {np.sqrt(field.chi(q)):20.2f}")

# %% [markdown]
# (At 0.125 the signal goes to 0, too, but slowly.) $\sqrt\chi$ is 1 at $\sigma = 1/\sqrt{64} = 0.125$. In the first
# picture this is the left edge of what trains with 40 layers.
#
# Now look into networks of 20 hidden layers: the numbers $z$ and $\delta$ of 200 images.

# %%
TITLES = {0.05: "σ = 0.05: signal and gradient vanish", 0.125: "σ = 0.125: both stay",
          0.5: "σ = 0.5: the gradient explodes"}
fig, axes = plt.subplots(2, 3, figsize=(11, 5), sharex="row", sharey=True)
for (top, bottom), (std, title) in zip(axes.T, TITLES.items(), strict=True):
    net = mn.mlp([64, *[64] * 20, 10], activation=activations.tanh, init=initializers.normal(std=std), rng=0,
                 dtype=np.float64)
    net.gradient(images, labels, losses.softmax_cross_entropy)
    shown = {f"layer {k}": net.layers[k - 1] for k in (1, 5, 10, 15, 20)}
    plots.histograms({k: layer.z for k, layer in shown.items()}, xlabel="z", log=True, offset=True, ax=top)
    plots.histograms({k: layer.delta for k, layer in shown.items()}, xlabel="δ", log=True, offset=True, ax=bottom)
    top.set(title=title, xlim=(1e-11, 1e3))
    bottom.set(xlim=(1e-14, 1e2))
_ = axes[0, 0].set_yticks(range(5), shown)

# %% [markdown]
# **What to see.** Each curve is the histogram of a layer, layer 1 lowest; the axes are logarithmic. Left, $z$ shrinks
# on its way up and $\delta$ on its way down, in equal steps. Right, $z$ does not grow, since $|\tanh| \le 1$, but
# $\delta$ grows on its way down.
#
# ## 2. Ninety powers of ten
#
# **Predict.** Fifty hidden layers of 64 units. By how many powers of ten does the size of $\delta$ change from the
# output to layer 1: for ReLU with N(0, 1), and for tanh with N(0, 0.01²)? (ReLU is off for half of the numbers, so
# $\chi = \tfrac12\sigma_w^2$.)
#
# <details><summary>Answer</summary>
#
# ReLU: $\sqrt\chi = 8/\sqrt2 = 5.7$, and $5.7^{50} \approx 10^{38}$. Tanh: $\sqrt\chi = 0.08$, and
# $0.08^{50} \approx 10^{-55}$.
#
# </details>
#
# Weights are random, and so is the product of factors. `theory.predict_statistics` gives its median over networks, and
# the standard deviation of $\ln \delta^2$, which grows as the root of depth/width.

# %%
def deep_net(activation, init, depth, width=64, seed=0, dtype=np.float64):
    return mn.mlp([64, *[width] * depth, 10], activation=activation, init=init, rng=seed, dtype=dtype)


def squares(net):
    """Mean δ² in every layer, the output first."""
    net.forward(x[:1])
    net.backward(output)
    return np.array([np.mean(layer.delta**2) for layer in net.layers[::-1]])


CASES = {"ReLU, σ = 1": (activations.relu, 1.0), "tanh, σ = 0.25": (activations.tanh, 0.25),
         "tanh, σ = 0.125": (activations.tanh, 0.125), "tanh, σ = 0.05": (activations.tanh, 0.05),
         "sigmoid, σ = 0.125": (activations.sigmoid, 0.125), "tanh, σ = 0.01": (activations.tanh, 0.01)}
output = np.random.default_rng(0).normal(size=(1, 10))
output /= np.sqrt(np.mean(output**2))                        # δ of the output: ten random numbers of size 1
nets = {name: [deep_net(activation, initializers.normal(std=std), 50, seed=seed) for seed in SEEDS]
        for name, (activation, std) in CASES.items()}
measured = {name: np.array([squares(net) for net in some]) for name, some in nets.items()}
predicted = {name: [theory.predict_statistics(net, x[:1]).delta for net in some] for name, some in nets.items()}
medians = {name: np.median([p.typical[::-1] for p in found], axis=0) for name, found in predicted.items()}
ax = plots.depth_profile({name: np.sqrt(rows) for name, rows in measured.items()},
                         predicted={name: np.sqrt(row) for name, row in medians.items()}, first=0,
                         xlabel="layers below the output", ylabel="size of δ (output = 1)")
ax.set_title("50 layers: the gradient changes by the same factor in each")
plots.label_lines(ax)

# %% [markdown]
# **What to see.** Markers are networks, lines are the theory, with nothing fitted. A straight line on a logarithmic
# axis means one factor per layer. The highest and the lowest line end more than ninety powers of ten apart.
#
# Criterion for "the gradient is a product of one factor per layer, which theory gives": in layer 1 each network is
# within three of the predicted standard deviations.

# %%
off = [[abs(np.log(row[-1] / p.typical[0])) / p.spread[0] for row, p in zip(rows, found, strict=True)]
       for rows, found in zip(measured.values(), predicted.values(), strict=True)]
_ = claims.judge("03-product", source="Glorot & Bengio 2010, eq. 6; Schoenholz and others 2017",
                 statement="the gradient is a product of one factor per layer, which theory gives (deviation over 50 "
                           "layers, the worst of six starts, in predicted standard deviations)",
                 measured=np.max(off, axis=0), criterion=claims.at_most(3),
                 headline="The size of a gradient is a product of one factor per layer, and theory gives the factor")

# %% [markdown]
# ## 3. Does ReLU help?
#
# *ReLU mitigates vanishing gradients*, say popular articles A and B.
#
# **Predict.** 20 layers with Glorot's weights ($\sigma_w^2 = 1$). In which network does the gradient shrink more: in
# one of tanh or in one of ReLU?
#
# <details><summary>Answer</summary>
#
# In the one of ReLU. The slope is 1 for half of the units and 0 for the others, so $\chi = \tfrac12$, and $2^{-10}$ of
# the size is left after 20 layers. For tanh $\chi$ is near 1. ReLU needs $\sigma_w^2 = 2$, which is He's formula.
#
# </details>
#
# Criterion: over 20 layers less than one power of ten is lost. Measured with He's weights, and with Glorot's.

# %%
def profiles(activation, init, depth, width=64):
    """The sizes of z, a, δ, W and dW in every layer, one profile for each seed."""
    return [diagnostics.profile(deep_net(activation, init, depth, width, seed), images, labels,
                                losses.softmax_cross_entropy) for seed in SEEDS]


he, glorot = initializers.he_normal, initializers.glorot_normal
deltas = {name: np.array([p.delta[19::-1] / p.delta[19] for p in profiles(activation, init, 20, 256)])
          for name, activation, init in (("ReLU, He", activations.relu, he), ("tanh, Glorot", activations.tanh, glorot),
                                         ("ReLU, Glorot", activations.relu, glorot))}
ax = plots.depth_profile(deltas, first=0, xlabel="layers below layer 20", ylabel="size of δ (layer 20 = 1)", styles={
    "ReLU, He": plots.initializer_style(he), "ReLU, Glorot": plots.initializer_style(glorot),
    "tanh, Glorot": plots.initializer_style(glorot) | {"marker": "s"}})
ax.set_title("ReLU keeps the gradient only with weights that suit it")
plots.label_lines(ax)
decades = {name: np.log10(rows[:, -1]) for name, rows in deltas.items()}
_ = claims.judge("03-relu", source="popular articles A and B", measured=decades["ReLU, He"],
                 statement="ReLU mitigates vanishing gradients (powers of ten over 20 layers)",
                 criterion=claims.at_least(-1), condition="the weights are He's, not Glorot's",
                 without=decades["ReLU, Glorot"],
                 headline="ReLU prevents vanishing gradients: with He's weights, not with Glorot's")

# %% [markdown]
# **What to see.** With Glorot's weights ReLU loses more than tanh. What counts is slope and weights together.
#
# ## 4. Which layers learn least?
#
# *Where gradients vanish, the first layers learn slowest*, it is said. What moves a weight is
# $dW^l = (a^{l-1})^\top \delta^l$.
#
# **Predict.** Where in 20 layers is $dW$ smallest: with sigmoid units and Glorot's weights, and with tanh and
# $\sigma = 0.05$?
#
# <details><summary>Answer</summary>
#
# Sigmoid: in layer 1. Its $a$ is near ½ everywhere, so $dW$ falls as $\delta$ does.
#
# Tanh: nowhere. $\delta^l$ has passed the $L - l$ layers above, $a^{l-1}$ the $l - 1$ layers below, each of them with
# the factor $\sigma_w$ (section 1). The product is $\sigma_w^{L-l}\sigma_w^{l-1} = \sigma_w^{L-1}$, and $l$ drops out.
#
# </details>
#
# Criterion: $dW$ in layer 1 is at most a tenth of that in layer 20.

# %%
UNITS = {"tanh, σ = 0.05": (activations.tanh, initializers.normal(std=0.05)),
         "ReLU, σ = 0.05": (activations.relu, initializers.normal(std=0.05)),
         "sigmoid, Glorot": (activations.sigmoid, glorot)}
steps = {name: np.array([p.dW[:20] for p in profiles(*unit, 20)]) for name, unit in UNITS.items()}
grey = plots.initializer_style(initializers.normal)
ax = plots.depth_profile(steps, ylabel="size of dW", xlabel="hidden layer", styles={
    "tanh, σ = 0.05": grey, "ReLU, σ = 0.05": grey | {"marker": "D"},
    "sigmoid, Glorot": plots.initializer_style(glorot)})
ax.set_title("Where the signal vanishes too, all layers learn equally little")
plots.label_lines(ax)
ratio = {name: rows[:, 0] / rows[:, -1] for name, rows in steps.items()}
_ = claims.judge("03-early-layers", source="Nielsen 2015, Neural Networks and Deep Learning, chapter 5",
                 statement="where gradients vanish, the first layers get the least (dW of layer 1/layer 20)",
                 measured=ratio["sigmoid, Glorot"], criterion=claims.at_most(0.1),
                 condition="the signal does not vanish too: sigmoid, not tanh or ReLU from N(0, 0.05²)",
                 without=np.minimum(ratio["tanh, σ = 0.05"], ratio["ReLU, σ = 0.05"]),
                 headline="Where gradients vanish, the first layers learn least: unless the signal vanishes too")

# %% [markdown]
# **What to see.** The sigmoid's row falls to the left. The other two are level: layer 20 gets $\delta$, but no signal;
# layer 1 gets the signal, but no $\delta$.
#
# ## 5. What float32 makes of it
#
# The smallest positive number of float32 is about $10^{-45}$. A smaller gradient becomes 0: it *underflows*. That is
# what ends learning, it is said.
#
# **Predict.** Tanh with $\sigma = 0.01$. Gradients of $10^{-45}$ are reached with about forty layers. With how many
# layers does a step of gradient descent (rate 0.1) leave most weights exactly as they were?
#
# <details><summary>Answer</summary>
#
# With eight at most. The neighbours of a number $w$ in float32 are about $10^{-7}|w|$ away. With $|w| = 0.01$ the step
# $0.1 \cdot |dW|$ is lost by rounding if it is below half of $10^{-9}$: for $|dW|$ below $5 \cdot 10^{-9}$, not
# $10^{-45}$. A factor of 0.08 per layer is 1.1 powers of ten, so eight layers are enough.
#
# </details>
#
# Criterion: the depth at which half of the weights stand still is at least 0.9 times the depth at which half of the
# gradients are 0.

# %%
def after_a_step(depth, seed):
    """The share of the hidden weights that one step leaves as they are, and of their gradients that are 0."""
    net = deep_net(activations.tanh, initializers.normal(std=0.01), depth, seed=seed, dtype=np.float32)
    net.gradient(images[:64], labels[:64], losses.softmax_cross_entropy)
    before, sgd = [layer.W.copy() for layer in net.layers[:-1]], optimizers.SGD(0.1)
    sgd.step(net.params, net.grads, sgd.init(net.params))
    return (np.mean([layer.W == W for layer, W in zip(net.layers[:-1], before, strict=True)]),
            np.mean([layer.dW == 0 for layer in net.layers[:-1]]))


depths = np.array([*range(1, 15), 20, 25, 30, *range(34, 46)])
shares = np.array([[after_a_step(depth, seed) for depth in depths] for seed in SEEDS])      # (seeds, depths, 2)
ax = plt.figure(figsize=(7.5, 3.2)).subplots()
for k, (name, line) in enumerate({"weights that stay\nas they are": "ko-", "gradients\nthat are 0": "k^--"}.items()):
    ax.plot(depths, np.median(shares[:, :, k], axis=0), line, mfc="none", ms=5)
    ax.annotate(name, ((7.5, 37.5)[k], 0.5), fontweight="bold", ha=("left", "right")[k], va="center")
ax.set(xlabel="hidden layers", ylabel="share", title="Weights stand still long before gradients underflow")
stuck, zero = (depths[(shares[:, :, k] >= 0.5).argmax(axis=1)] for k in (0, 1))
_ = claims.judge("03-underflow-ends-it", source="lore", measured=stuck / zero, criterion=claims.at_least(0.9),
                 statement="it is underflow that ends learning in float32 (depth of standstill/depth of underflow)",
                 headline="What ends learning in float32 is that gradients underflow to 0")

# %% [markdown]
# **What to see.** Between the two lines gradients are there and do nothing. (The few zeros on the left belong to three
# pixels that never change.)
#
# ## 6. Saturated units
#
# A tanh unit with $|z| \gg 1$ is *saturated*: its slope is nearly 0. Therefore, it is said, *saturation makes gradients
# vanish*.
#
# **Predict.** Ten layers of 256 tanh units. N(0, 1) saturates most units, U(0, 1) all of them. What becomes of the
# gradient in each?
#
# Criterion: the size of $\delta$ falls to a thousandth or less from the output to layer 1.

# %%
STARTS = {"N(0, 1)": initializers.normal(std=1.0), "U(0, 1)": initializers.uniform(low=0.0, high=1.0)}
passed = {name: np.array([p.delta[::-1] / p.delta[-1] for p in profiles(activations.tanh, init, 10, 256)])
          for name, init in STARTS.items()}
ax = plots.depth_profile(passed, first=0, xlabel="layers below the output", ylabel="size of δ (output = 1)",
                         styles={name: plots.initializer_style(init) for name, init in STARTS.items()})
ax.set_title("Both starts saturate the units; one gradient explodes, the other is 0")
ax.get_legend().remove()
ax.annotate("N(0, 1)", (6, 130), (-12, 6), textcoords="offset points", ha="right", fontweight="bold")
ax.annotate("U(0, 1): 0 in every hidden layer", (6, 0.5), ha="center", fontweight="bold")
for name, init in STARTS.items():
    net = deep_net(activations.tanh, init, 10, 256)
    net.forward(images)
    print(f"{name}: {np.mean(abs(net.layers[9].a) > 0.99):.0%} of the units of layer 10 are saturated (|a| > 0.99)")
_ = claims.judge("03-saturation", source="CS231n notes, Neural Networks Part 1", criterion=claims.at_most(1e-3),
                 statement="saturation makes gradients vanish (rms δ, layer 1/output, ten layers of 256)",
                 measured=passed["U(0, 1)"][:, -1], without=passed["N(0, 1)"][:, -1],
                 condition="the weights have a common sign, U(0, 1), not N(0, 1)",
                 headline="Saturated units make gradients vanish: with weights of one sign, not with mean 0")

# %% [markdown]
# **What to see.** Triangles on the lower edge are exact zeros.
#
# <details><summary>Why</summary>
#
# With weights of mean 0, $z$ is spread widely, and a share of the order of $1/\sigma_w$ of the units is not saturated.
# But the weights multiply $\delta^2$ by $\sigma_w^2$. Together, $\chi \approx 0.53\,\sigma_w$: the *larger* the
# weights, the more the gradient explodes.
#
# With weights of mean ½ every unit adds up all its inputs with the same sign. All $|z|$ are near $n/2 = 128$, and in a
# computer $1 - \tanh^2 128$ is exactly 0.
#
# </details>
#
# ## 7. Does the loss oscillate?
#
# *Exploding gradients make the loss oscillate*, says popular article D. Take ten tanh layers, N(0, 1), and gradient
# descent on 300 images as one batch.
#
# **Predict.** What does the loss do at a learning rate of 0.01? And at $10^{-7}$?
#
# <details><summary>Answer</summary>
#
# In a valley of curvature $\lambda$ gradient descent overshoots if the rate is above $2/\lambda$. The curvature grows
# roughly as the *square* of the gradient. If the gradient is $k$ times as long as with $\sigma = 0.125$, the largest
# calm rate is about $k^2$ times smaller. (The cell prints $k$.)
#
# </details>
#
# Criterion for "oscillates": the loss turns round, from falling to rising or back, at 20% of 100 steps or more.

# %%
fig, ax = plt.subplots(figsize=(7.5, 3.4))
for name, std, rate, line in (("N(0, 1), rate 0.01", 1.0, 1e-2, "k-"), ("N(0, 1), rate 10⁻⁷", 1.0, 1e-7, "k--"),
                              ("σ = 0.125, rate 0.01", 0.125, 1e-2, "k:")):
    net = deep_net(activations.tanh, initializers.normal(std=std), 10)
    history = mn.fit(net, (x[:300], y[:300]), loss=losses.softmax_cross_entropy, optimizer=optimizers.SGD(rate),
                     batch_size=300, epochs=100, rng=0, progress=False)
    ax.plot(history.epoch, history.loss, line, lw=1, label=name)
ax.set(xlabel="step", ylabel="training loss", ylim=(0, 14),
       title="A long gradient makes the loss jump, unless the steps are made short")
plots.label_lines(ax)
runs = stored("03_oscillation")
lengths = [runs.where(start=f"tanh, {start}", rate=1e-2).array("gradient") for start in ("exploding", "critical")]
k = lengths[0] / lengths[1]
print(f"k, the length of the gradient, N(0, 1) over σ = 0.125: {k.min():.0f} to {k.max():.0f}")
turns = {rate: runs.where(start="tanh, exploding", rate=rate).array("turns") for rate in (1e-2, 1e-7)}
_ = claims.judge("03-oscillates", source="popular article D", mode="stored", measured=turns[1e-2],
                 statement="exploding gradients make the loss oscillate (share of steps at which it turns, tanh)",
                 criterion=claims.at_least(0.2), without=turns[1e-7],
                 condition="the learning rate is not reduced in proportion: 0.01, not 10⁻⁷",
                 headline="Exploding gradients make the loss oscillate: at an ordinary rate, not at a small one")

# %% [markdown]
# **What to see.** At the ordinary rate the loss from N(0, 1) jumps up and down. At the small one it falls smoothly.
# (The verdict is about five stored runs.)
#
# ## 8. A start from an article
#
# Popular article D draws all weights from N(0, 0.01²), in a network with hidden layers of 128 and 64 units.
#
# **Predict**, with the first picture: is this a usable start for two hidden layers, and for ten? What about N(0, 1) and
# U(0, 1), the defaults in article C's code?
#
# Criterion for "usable": the test accuracy is at most 0.05 below that from Glorot's weights. (It was chosen after the
# data were seen: an earlier version judged the training accuracy.)

# %%
starts = stored("03_defaults").where(activation=activations.relu)


def cost(start, depth):
    """How much test accuracy a start costs, against Glorot's weights, for each of five seeds."""
    test = {name: starts.where(depth=depth, start=name).array("test") for name in ("Glorot", start)}
    return test["Glorot"] - test[start]


_ = claims.judge("03-article-d", source="popular article D (its code)", mode="stored", criterion=claims.at_most(0.05),
                 statement="N(0, 0.01²) is a usable custom initializer (test accuracy, Glorot's less its own, ReLU)",
                 measured=cost("N(0, 0.01²)", 2), condition="two hidden layers, as there, not ten",
                 without=cost("N(0, 0.01²)", 10), post_hoc="the criterion: test instead of training accuracy",
                 headline="N(0, 0.01²) is a usable start: with two hidden layers, not with ten")
starts.spread("test", by=["depth", "start"])

# %% [markdown]
# **What to see.** Median, lowest and highest test accuracy of five runs. With two layers N(0, 0.01²) does nearly as
# well as Glorot and He; with ten it is at chance. N(0, 1) with two layers fits all training images, but is worse on
# test images; the further part says why.
#
# ## Summary
#
# 1. Each layer multiplies the size of the gradient by $\sqrt\chi$, with $\chi = \sigma_w^2 E[f'^2]$. It is 1 for one
#    size of the weights, which depends on the width and the unit.
# 2. No unit prevents vanishing gradients by itself: weights and unit must fit.
# 3. Small weights let the signal vanish as well as the gradient, and then no layer learns, not even the last one.
# 4. In float32 rounding stops learning long before gradients underflow.
# 5. Saturation by large weights of mean 0 makes gradients explode; saturation by weights of one sign stops them.

# %%
claims.summary()

# %% [markdown]
# ## Exercises
#
# Answers are in `chapters/answers/03_vanishing.py`.
#
# 1. **(10 min)** How deep? With N(0, 0.05²), tanh and 64 units, how many layers below the output is every $\delta$ of
#    64 images exactly 0 in float32? Pencil first, then count. And with 1,024 units?
# 2. **(15 min)** The sigmoid's edge. Which $\sigma_w^2$ makes $\chi = 1$ for the sigmoid without biases? Find it by
#    bisection (look up to 1,000) with `theory.MeanField`, and check it on twenty layers of 256 units.
# 3. **(20 min)** Adam. It divides the gradient by its size. Take N(0, 0.01²) with ten tanh layers. Does one step move
#    the weights (section 5)? Does the network learn in 20 epochs, and what has Adam's $\epsilon$ to do with it?
# 4. **(25 min)** Clipping. Ten ReLU layers with $\sigma_w^2 = 8$ explode. Limit the norm of the gradient to 1
#    (`clip_norm=` of `mn.fit`). Does the network train now, and at which rates?
# 5. **(40 min)** One number for a whole network. Divide every $W$ of a ten-layer N(0, 0.01²) network by its largest
#    singular value (near $2\sigma\sqrt n$), so that no layer can stretch a vector. Predict $\sqrt\chi$, and say how
#    deep such a network can be.
#
# **Where to go on.** [The further part](further/03_vanishing.ipynb): the theory of the first picture, the sigmoid's ¼,
# width and saturation, the loss at step 0, what $\chi$ does not see. [Chapter 04](04_glorot.ipynb) chooses weights for
# tanh, [chapter 05](05_he.ipynb) for ReLU, [chapter 07](07_scaling.ipynb) for any unit.
