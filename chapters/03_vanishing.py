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
# In the picture below, each cell is an experiment: networks of some depth, with weights of some size at the start,
# learn to read digits. Light cells have learned, dark cells have not. The deeper the network, the fewer sizes of
# weights work.

# %% jupyter={"source_hidden": true} tags=["hide-input"]
import matplotlib.pyplot as plt
import numpy as np

import minnet as mn
from minnet import activations, claims, datasets, diagnostics, initializers, losses, optimizers, plots, theory
from minnet.experiments.chapter import SEEDS, stored, style

style()
x, y = datasets.standardized(datasets.digits()).train       # pixels: mean 0, variance 1; three are always 0
x = x.astype(np.float64)
images, labels = x[:200], y[:200]

# %%
# python -m chapters --sweeps 03 repeats the stored runs
sweep = stored("03_vanishing").where(activation=activations.tanh, distribution="normal")
depths, stds = [40, 20, 10, 5, 2], sorted(set(sweep.array("std")))
cells = sweep.by("depth", "std")
accuracy = [[np.median(cells[depth, std].array("accuracy")) for std in stds] for depth in depths]
ax = plots.heat_map(accuracy, depths, stds, xlabel="σ: the weights are drawn from N(0, σ²)", ylabel="hidden layers",
                    label="training accuracy", annotate=False)
ax.set_title("The deeper the network, the fewer sizes of weights train")
works = [std for std, value in zip(stds, accuracy[0], strict=True) if value > 0.9]
print("40 hidden layers learn (more than 90% right) with σ =", *works)
for column, row, word, color in ((1.5, 1, "vanishes", "w"), (5.5, 2, "trains", "k"), (9, 0, "explodes", "w")):
    ax.text(column, row, word, color=color, ha="center", va="center", fontsize=13, fontweight="bold")

# %% [markdown]
# **What to see.** With two hidden layers every σ works; with 40 layers only few do. To the left of them the gradient
# *vanishes* (shrinks to almost 0) on its way through the layers, to the right it *explodes* (becomes huge). Each cell
# is the median of five stored runs at the best of four learning rates.
#
# **The question.** "The gradient is a product of many factors, and such a product vanishes or explodes", say the
# textbooks. Which factors? And what does this sentence leave out?
#
# **What you need.** The backward pass (chapter 01), expectation and variance. In layer $l$, $z_l = a_{l-1}W_l$ (biases
# start at 0), $a_l = f(z_l)$, $\delta_l = \partial C/\partial z_l$. The *size* of an array is its root mean square
# (rms). With $n$ inputs and $m$ outputs of a layer, Glorot's weights have the variance $2/(n + m)$, He's $2/n$
# (chapters 04 and 05).
#

# %%
ax = plots.network_diagram([64, 64, 64, 64, 10], labels=["input $x$", "$a_1$", "$a_2$", "… $a_L$", "output $z$"])
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
# Forward: each $z$ is a sum of $n$ products $aW$, uncorrelated and of mean 0, so
# $E[z_l^2] = n\sigma^2 E[a_{l-1}^2] = \sigma_w^2 E[a_{l-1}^2]$, and $a_{l-1} \approx z_{l-1}$.
#
# Backward: $\delta_l = (\delta_{l+1} W_{l+1}^\top) \odot f'(z_l)$ is again a sum of $n$ terms, and $f' \approx 1$.
#
# </details>
#
# For signals of any size we keep $f'$. Let $q = E[z^2]$. In a wide layer $z$, a sum of many small terms, is nearly
# normal, so with a standard normal number $g$
#
# $$E[\delta_l^2] = \chi\; E[\delta_{l+1}^2],
# \qquad \boxed{\;\chi = \sigma_w^2\, E\big[\big(f'(\sqrt q\, g)\big)^2\big]\;}$$
#
# (Here $W_{l+1}$ and $\delta_{l+1}$ are taken as independent, which is nearly right in wide layers.) Going up, the
# signal follows $q_{l+1} = \sigma_w^2\, E[(f(\sqrt{q_l}\, g))^2]$ and approaches a limit. From there on $\chi$ is the
# same in every layer: **$k$ layers multiply the size of the gradient by $\sqrt\chi^{\,k}$** (Poole and others 2016;
# Schoenholz and others 2017).

# %%
print(" σ      limit of the size of z    √χ, factor on the size of δ")
for std in (0.01, 0.05, 0.125, 0.25, 1.0):
    field = theory.MeanField(activations.tanh, weight_var=64 * std**2)
    q = field.limit()
    print(f"{std:5}  {np.sqrt(q):12.2f}  {np.sqrt(field.chi(q)):20.2f}")

# %% [markdown]
# $\sqrt\chi$ is 1 at $\sigma = 1/\sqrt{64} = 0.125$. In the first
# picture this is the smallest σ with which 40 layers learn.
#
# Now look into networks of 20 hidden layers, at 200 images.

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
# **What to see.** Histograms on a logarithmic axis. Left, $z$ shrinks from layer 1 to 20, and $\delta$ from
# layer 20 to 1, in equal steps. Right, $z$ does not grow, since $|\tanh| \le 1$, but $\delta$ does.
#
# ## 2. Fifty layers
#
# **Predict.** Fifty hidden layers of 64 units. By how many powers of ten does the size of $\delta$ change from the
# output to layer 1: for ReLU with N(0, 1), and for tanh with N(0, 0.01²)? (ReLU's slope is 0 for half of the
# numbers, 1 for the others, so $\chi = \tfrac12\sigma_w^2$.)
#
# <details><summary>Answer</summary>
#
# ReLU: $\sqrt\chi = 8/\sqrt2 = 5.7$, and $5.7^{50} \approx 10^{38}$. Tanh: $\sqrt\chi = 0.08$, and
# $0.08^{50} \approx 10^{-55}$.
#
# </details>
#
# The factors are random, too. For the mean of $\delta^2$ in a layer, `theory.predict_statistics` predicts the median
# over networks and the standard deviation of the logarithm, which grows as the root of depth/width.

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
for name in ("ReLU, σ = 1", "tanh, σ = 0.01"):
    print(f"{name:15} size of δ in layer 1: 10 to the power {np.median(np.log10(measured[name][:, -1])) / 2:.0f}")

# %% [markdown]
# **What to see.** Markers are networks, lines are the theory, with nothing fitted. A straight line means one factor per
# layer.
#
# Criterion for "the gradient is a product of one factor per layer, which theory gives": in layer 1 of every network,
# the logarithm lies at most three of the predicted standard deviations from the predicted median.

# %%
off = [[abs(np.log(row[-1] / p.typical[0])) / p.spread[0] for row, p in zip(rows, found, strict=True)]
       for rows, found in zip(measured.values(), predicted.values(), strict=True)]
claim = claims.judge("03-product", source="Glorot & Bengio 2010, eq. 6; Schoenholz and others 2017",
                     statement="the gradient is a product of one factor per layer, which theory gives (deviation over "
                               "50 layers, the worst of six starts, in predicted standard deviations)",
                     measured=np.max(off, axis=0), criterion=claims.at_most(3),
                     headline="The size of a gradient is a product of one factor per layer, and theory gives the "
                              "factor")
print("verdict:", claim.verdict)

# %% [markdown]
# **Verdict.** The theory predicts how large the gradient is after 50 layers, up to chance.
#
# ## 3. Does ReLU help?
#
# *ReLU mitigates vanishing gradients*, say popular articles A and B.
#
# **Predict.** 20 layers of 256 units with Glorot's weights ($\sigma_w^2 = 1$). In which network does the gradient
# shrink more: in one of tanh or in one of ReLU?
#
# <details><summary>Answer</summary>
#
# In the one of ReLU: $\chi = \tfrac12$, and $2^{-10}$ of the size is left after 20 layers. For tanh $\chi$ is near 1,
# and smaller only near the input, where $z$ is still large. ReLU needs $\sigma_w^2 = 2$, which is He's formula.
#
# </details>
#
# Criterion, with He's weights and with Glorot's: over 20 layers the gradient loses at most one power of ten.

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
claim = claims.judge("03-relu", source="popular articles A and B", measured=decades["ReLU, He"],
                     statement="ReLU mitigates vanishing gradients (powers of ten over 20 layers)",
                     criterion=claims.at_least(-1), condition="the weights are He's, not Glorot's",
                     without=decades["ReLU, Glorot"],
                     headline="ReLU prevents vanishing gradients: with He's weights, not with Glorot's")
print("verdict:", claim.verdict)

# %% [markdown]
# **What to see.** With Glorot's weights ReLU loses more than tanh does.
#
# **Verdict.** ReLU prevents vanishing gradients only if the weights fit ReLU.
#
# ## 4. Which layers learn least?
#
# *Where gradients vanish, the first layers learn slowest*, it is said. What moves a weight is
# $dW_l = a_{l-1}^\top \delta_l$.
#
# **Predict.** In which of 20 layers is $dW$ smallest: with sigmoid units and Glorot's weights, and with tanh and
# $\sigma = 0.05$?
#
# <details><summary>Answer</summary>
#
# Sigmoid: in layer 1. Its $a$ is near ½ everywhere, so $dW$ falls as $\delta$ does.
#
# Tanh: in none; all are equal. Of $L$ layers, $\delta_l$ has passed the $L - l$ layers above and $a_{l-1}$ the $l - 1$
# layers below, each with the factor $\sigma_w$. The product $\sigma_w^{L-l}\sigma_w^{l-1} = \sigma_w^{L-1}$ has no $l$.
#
# </details>
#
# Criterion: the size of $dW$ in layer 1 is at most a tenth of that in layer 20.

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
claim = claims.judge("03-early-layers", source="Nielsen 2015, Neural Networks and Deep Learning, chapter 5",
                     statement="where gradients vanish, the first layers get the least (dW of layer 1/layer 20)",
                     measured=ratio["sigmoid, Glorot"], criterion=claims.at_most(0.1),
                     condition="the signal does not vanish too: sigmoid, not tanh or ReLU from N(0, 0.05²)",
                     without=np.minimum(ratio["tanh, σ = 0.05"], ratio["ReLU, σ = 0.05"]),
                     headline="Where gradients vanish, the first layers learn least: unless the signal vanishes too")
print("verdict:", claim.verdict)

# %% [markdown]
# **What to see.** The sigmoid's row falls to the left. The other two are level: layer 20 gets $\delta$ but no signal,
# layer 1 gets the signal but no $\delta$.
#
# **Verdict.** The first layers learn slowest if only the gradient vanishes, and not the signal.
#
# ## 5. What float32 makes of it
#
# The smallest positive number of float32 is about $10^{-45}$. A smaller gradient becomes 0: it *underflows*. That is
# what ends learning, it is said.
#
# **Predict.** Tanh with $\sigma = 0.01$. Gradients become $10^{-45}$ with about forty layers. With how many layers does
# a step of gradient descent (rate 0.1) leave most weights exactly as they were?
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
claim = claims.judge("03-underflow-ends-it", source="lore", measured=stuck / zero, criterion=claims.at_least(0.9),
                     statement="it is underflow that ends learning in float32 (depth of standstill/depth of underflow)",
                     headline="What ends learning in float32 is that gradients underflow to 0")
print("verdict:", claim.verdict)

# %% [markdown]
# **What to see.** Between the two lines gradients are not 0, and yet weights do not move. (The few zeros on the left
# belong to three pixels that never change.)
#
# **Verdict.** Learning ends by rounding, at a depth far smaller than that of underflow.
#
# ## 6. Saturated units
#
# A tanh unit with $|z| \gg 1$ is *saturated*: its slope is nearly 0. Therefore, it is said, *saturation makes gradients
# vanish*.
#
# **Predict.** Ten layers of 256 tanh units. N(0, 1) saturates most units, U(0, 1), uniform from 0 to 1, all of them.
# What becomes of the gradient in each?
#
# Criterion: the size of $\delta$ falls to a thousandth or less from the output to layer 1.

# %%
STARTS = {"N(0, 1)": initializers.normal(std=1.0), "U(0, 1)": initializers.uniform(low=0.0, high=1.0)}
passed = {name: np.array([p.delta[::-1] / p.delta[-1] for p in profiles(activations.tanh, init, 10, 256)])
          for name, init in STARTS.items()}
ax = plots.depth_profile(passed, first=0, xlabel="layers below the output", ylabel="size of δ (output = 1)",
                         styles={"N(0, 1)": plots.initializer_style(initializers.normal),
                                 "U(0, 1)": plots.initializer_style(initializers.uniform) | {"color": "k"}})
ax.set_title("Both starts saturate the units; one gradient explodes, the other is 0")
ax.get_legend().remove()
ax.annotate("N(0, 1)", (6, 130), (-12, 6), textcoords="offset points", ha="right", fontweight="bold")
ax.annotate("U(0, 1): 0 in every hidden layer", (6, 0.5), ha="center", fontweight="bold")
for name, init in STARTS.items():
    net = deep_net(activations.tanh, init, 10, 256)
    net.forward(images)
    print(f"{name}: {np.mean(abs(net.layers[9].a) > 0.99):.0%} of the units of layer 10 are saturated (|a| > 0.99)")
claim = claims.judge("03-saturation", source="CS231n notes, Neural Networks Part 1", criterion=claims.at_most(1e-3),
                     statement="saturation makes gradients vanish (rms δ, layer 1/output, ten layers of 256)",
                     measured=passed["U(0, 1)"][:, -1], without=passed["N(0, 1)"][:, -1],
                     condition="the weights have a common sign, U(0, 1), not N(0, 1)",
                     headline="Saturated units make gradients vanish: with weights of one sign, not with mean 0")
print("verdict:", claim.verdict)

# %% [markdown]
# **What to see.** Triangles on the lower edge are exact zeros.
#
# **Verdict.** Saturation stops the gradient if all weights have one sign. With mean 0 it explodes.
#
# <details><summary>Why</summary>
#
# With weights of mean 0, $z$ is nearly normal, of density $0.4/\sigma_w$ near 0. So about $2/\sigma_w$ of the units
# have $|z| < 2.65$ and are not saturated. With $\int \tanh'(z)^2\,dz = \tfrac43$, $E[f'^2] \approx 0.53/\sigma_w$, but
# the weights multiply $\delta^2$ by $\sigma_w^2$: $\chi \approx 0.53\,\sigma_w$. *Larger* weights make the gradient
# explode more.
#
# With weights of mean ½ every unit adds up inputs with the same sign. All $|z|$ are near $n/2 = 128$, and in a computer
# $1 - \tanh^2 128$ is exactly 0.
#
# </details>
#
# ## 7. Does the loss oscillate?
#
# *Exploding gradients make the loss oscillate*, says popular article D. Take ten tanh layers, N(0, 1), and 300 images
# as one batch.
#
# **Predict.** What does the loss do at a learning rate of 0.01? And at $10^{-7}$?
#
# <details><summary>Answer</summary>
#
# Where the loss is a parabola of curvature $\lambda$, the loss rises if the rate is above $2/\lambda$. The curvature
# grows roughly as the *square* of the gradient. If the gradient is $k$ times as long as with $\sigma = 0.125$ (the cell
# prints $k$), the rate must be about $k^2$ times smaller.
#
# </details>
#
# Criterion for "oscillates": in 100 steps the loss turns, from falling to rising or back, at 20% of the steps or more.

# %%
fig, ax = plt.subplots(figsize=(7.5, 3.4))
for name, std, rate, line in (("N(0, 1), rate 0.01", 1.0, 1e-2, "k-"), ("N(0, 1), rate 10⁻⁷", 1.0, 1e-7, "k--"),
                              ("σ = 0.125, rate 0.01", 0.125, 1e-2, "k:")):
    net = deep_net(activations.tanh, initializers.normal(std=std), 10)
    history = mn.fit(net, (x[:300], y[:300]), loss=losses.softmax_cross_entropy, optimizer=optimizers.SGD(rate),
                     batch_size=300, epochs=100, rng=0, progress=False)
    ax.plot(history.epoch, history.loss, line, lw=1, label=name)
ax.set(xlabel="step", ylabel="training loss", ylim=(0, 14),
       title="A large gradient makes the loss jump, unless the learning rate is small")
plots.label_lines(ax)
runs = stored("03_oscillation")
lengths = [runs.where(start=f"tanh, {start}", rate=1e-2).array("gradient") for start in ("exploding", "critical")]
k = lengths[0] / lengths[1]
print(f"k, the length of the gradient, N(0, 1) over σ = 0.125: {k.min():.0f} to {k.max():.0f}")
for name, start in (("N(0, 1)", "exploding"), ("σ = 0.125", "critical")):
    grid = runs.where(start=f"tanh, {start}")
    calm = max(rate for rate in set(grid.array("rate")) if not grid.where(rate=rate).array("turns").any())
    print(f"the largest of the ten stored rates at which no loss turns, {name}: {calm:.0e}")
turns = {rate: runs.where(start="tanh, exploding", rate=rate).array("turns") for rate in (1e-2, 1e-7)}
claim = claims.judge("03-oscillates", source="popular article D", mode="stored", measured=turns[1e-2],
                     statement="exploding gradients make the loss oscillate (share of steps at which it turns, tanh)",
                     criterion=claims.at_least(0.2), without=turns[1e-7],
                     condition="the rate is not reduced by the square of the gradient's length: 0.01, not 10⁻⁷",
                     headline="Exploding gradients make the loss oscillate: at an ordinary rate, not at a small one")
print("verdict:", claim.verdict)

# %% [markdown]
# **What to see.** At the ordinary rate the loss from N(0, 1) jumps, at the small one it falls smoothly. Both stay far
# above 2.3, the loss of guessing: with weights of size 1 the outputs have the size 8, so the network is sure of wrong
# answers. (That both end alike is chance: at rates in between stored runs end elsewhere.)
#
# **Verdict.** The loss oscillates because the steps are too large for such a gradient. (Five stored runs.)
#
# ## 8. A start from an article
#
# Popular article D draws all weights from N(0, 0.01²), in a network with hidden layers of 128 and 64 units.
#
# **Predict**, with the first picture: is this a usable start for two hidden layers, and for ten?
#
# Criterion for "usable": the test accuracy is at most 0.05 below that from Glorot's weights. (Chosen after the data
# were seen: an earlier version judged the training accuracy.)

# %%
starts = stored("03_defaults").where(activation=activations.relu)


def cost(start, depth):
    """How much test accuracy a start costs, against Glorot's weights, for each of five seeds."""
    test = {name: starts.where(depth=depth, start=name).array("test") for name in ("Glorot", start)}
    return test["Glorot"] - test[start]


claim = claims.judge("03-article-d", source="popular article D (its code)", mode="stored",
                     statement="N(0, 0.01²) is a usable custom initializer (test accuracy, Glorot's less its own, "
                               "ReLU)", criterion=claims.at_most(0.05),
                     measured=cost("N(0, 0.01²)", 2), condition="two hidden layers, as there, not ten",
                     without=cost("N(0, 0.01²)", 10), post_hoc="the criterion: test instead of training accuracy",
                     headline="N(0, 0.01²) is a usable start: with two hidden layers, not with ten")
print("verdict:", claim.verdict)
starts.spread("test", by=["depth", "start"])

# %% [markdown]
# **What to see.** The test accuracy of five runs: with ten layers N(0, 0.01²) guesses.
#
# **Verdict.** The article's start is good enough for two layers, and useless for ten.
#
# ## Summary
#
# 1. Each layer multiplies the size of the gradient by $\sqrt\chi$, with $\chi = \sigma_w^2 E[f'^2]$. It is 1 for one
#    size of the weights, which depends on the width and the unit.
# 2. No unit prevents vanishing gradients by itself: weights and unit must fit.
# 3. Small weights let signal and gradient vanish, and then no layer learns, not even the last one.
# 4. In float32 rounding stops learning long before gradients underflow.
# 5. Saturation by large weights of mean 0 makes gradients explode; saturation by weights of one sign stops them.

# %%
claims.summary()

# %% [markdown]
# ## Exercises
#
# Each is a notebook with hints, a check that answers at once, and the solution, folded.
# `python -m chapters handout 03` writes a copy without the solutions for you to work in.
#
# 1. **(15 min, pencil)** [How deep?](exercises/03_1_how_deep.ipynb) Derive after how many tanh layers $\delta$ is below
#    the smallest number of float32.
# 2. **(25 min)** [The factor χ](exercises/03_2_chi.ipynb). Compute $\chi$ and the next $q$ with numpy alone.
# 3. **(35 min)** [The sigmoid's edge](exercises/03_3_edge.ipynb). Find the weights with which $\chi = 1$.
# 4. **(20 min)** [Break a layer, and find it](exercises/03_4_saturated_layer.ipynb). All weights are healthy, and yet
#    no gradient comes through.
# 5. **(20 min)** [Clip a gradient](exercises/03_5_clip.ipynb). Does it make an exploding network learn?
# 6. **(30 min)** [One number for a whole network](exercises/03_6_one_number.ipynb). Divide every $W$ by its largest
#    singular value, so that no layer can stretch a vector. Derive what is left of a typical one.
#
# **Where to go on.** [The further part](further/03_vanishing.ipynb): the theory of the first picture, the sigmoid's ¼,
# width and saturation, the loss at step 0, what $\chi$ does not see. [Chapter 04](04_glorot.ipynb) chooses weights for
# tanh, [chapter 05](05_he.ipynb) for ReLU, [chapter 07](07_scaling.ipynb) for any unit.
