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
# # A thousand layers
#
# Below are networks of 1,000 tanh layers, one after another, without skip connections or normalization. The weights of
# one kind are *orthogonal* matrices. Those of the other are independent Gaussian numbers of the same size.
# Orthogonal weights keep the images apart, and the network learns. Gaussian weights move all images onto one line, and
# no learning rate helps.

# %% jupyter={"source_hidden": true} tags=["hide-input"]
from functools import partial

import matplotlib.pyplot as plt
import numpy as np

import minnet as mn
from minnet import activations, claims, datasets, diagnostics, initializers, losses, optimizers, plots, theory
from minnet.experiments.chapter import SEEDS, stored, style

style()
digits = datasets.digits().map_x(lambda x: 2 * x - 1)               # 64 pixels between −1 and 1
(x, y), loss = digits.train, losses.softmax_cross_entropy
rates, thousand, times = stored("06_rates"), stored("06_thousand"), stored("06_learning_time")
LOOKS = {name: plots.initializer_style(init) for name, init in
         {"orthogonal": initializers.orthogonal, "Gaussian": initializers.glorot_normal}.items()}

# %%
DEEP = {"orthogonal": partial(initializers.orthogonal, gain=1.02),  # 1.02 times an orthogonal matrix
        "Gaussian": partial(initializers.glorot_normal, gain=1.02)}  # std 1.02/√n: the same size


def directions(a):
    """Among how many directions the images are spread: (Σs²)²/Σs⁴ of the singular values s."""
    s2 = np.linalg.svd(a - a.mean(axis=0), compute_uv=False) ** 2
    return s2.sum() ** 2 / (s2**2).sum()


fig, (left, right) = plt.subplots(1, 2, figsize=(11, 3.8))
for name, init in DEEP.items():
    net = mn.mlp([64] * 1000 + [10], activation=activations.tanh, init=init, rng=0)
    net.forward(x[:128])
    left.plot(range(1, 1000, 20), [directions(layer.a) for layer in net.layers[:-1:20]], label=name, **LOOKS[name])
    found = rates.where(start=f"{name}, gain 1.02").table("train", by="rate")
    right.plot([1e-4, 3e-4, 1e-3, 1e-2, 1e-1, 1], np.median(found, axis=1), label=name, **LOOKS[name])
left.set(title="The images: Gaussian layers leave one direction", xlabel="layer", ylabel="directions", ylim=(0, None))
right.set(title="Training: only orthogonal weights learn", xscale="log", xlabel="learning rate",
          ylabel="accuracy after 3 epochs", ylim=(0, 1))
plots.label_lines(left)
for name, place in {"orthogonal": (1.3e-3, 0.9), "Gaussian": (2e-4, 0.13)}.items():
    right.text(*place, name, color=LOOKS[name]["color"], weight="bold")

# %% [markdown]
# **What to see.** Left, before training: among how many directions 128 images are spread in each layer. Right: the
# accuracy on the training digits after three epochs, at six learning rates (medians over five stored runs; a guess is
# right in 10% of the cases).
#
# **The question.** How deep may a plain network be, and what do the weights have to do with it? Saxe, McClelland and
# Ganguli (2014) solved the *linear* case exactly. We follow them, then train 1,000 tanh layers.
#
# **What you need.** The backward pass (chapter 01) and the singular value decomposition $W = USV^\top$: orthonormal
# columns in $U$ and $V$, and stretching factors $s \ge 0$ on the diagonal of $S$. If all $s$ are 1, $W$ keeps every
# length. It is then called orthogonal, or an *isometry*.
#
# At **Predict**, write your answer down before you read on. A claim is *reproduced* if every run meets its criterion,
# *refuted* if none does, *conditional* if this depends on a stated condition, and *mixed* otherwise.

# %%
ax = plots.network_diagram([64, 64, 64, 64, 10], labels=["$x$", "$a_1$", "$a_2$", "… $a_{999}$", "$z_{1000}$"])
_ = ax.set_title("The network of this chapter: 999 tanh layers and a linear one", fontsize=10)

# %% [markdown]
# ## 1. Two layers without a nonlinearity
#
# $z = xW_1W_2$ is a linear function of $x$: it computes no more than one layer does. But it *learns* differently. Let
# the $N$ inputs be *white* (of variance 1 and uncorrelated, $x^\top x/N = I$), and let $T = x^\top y/N$ with the
# targets $y$. Then the squared error $\tfrac1{2N}\|xW_1W_2 - y\|^2$ is $\tfrac12\|W_1W_2 - T\|^2$ plus a constant,
# where $\|\cdot\|^2$ sums the squares of all entries. If $t$ counts the steps, gradient descent with a small rate
# $\eta = 1/\tau$ follows
#
# $$\tau\frac{dW_1}{dt} = (T - W_1W_2)\,W_2^\top, \qquad \tau\frac{dW_2}{dt} = W_1^\top(T - W_1W_2).$$
#
# The singular value decomposition of $T$ is $T = \sum_\alpha s_\alpha e_\alpha v_\alpha^\top$. Each *mode* $\alpha$ is
# one thing to be learned: direction $e_\alpha$ of the input is to give direction $v_\alpha$ of the output, with
# strength $s_\alpha$. In the hidden layer a mode has two vectors, $a = e_\alpha^\top W_1$ and $b = W_2v_\alpha$ (not
# activations and biases here). Their product $u = a \cdot b$ is what the network has learned of the mode. If $a$ and
# $b$ are parallel, and orthogonal to the vectors of the other modes, only their lengths matter:
#
# $$\tau\frac{da}{dt} = b\,(s - u), \qquad \tau\frac{db}{dt} = a\,(s - u).$$
#
# For $a = b$ we have $u = a^2$, and so
#
# $$\tau\frac{du}{dt} = 2u\,(s - u).$$
#
# A small $u$ grows slowly, because $u$ is a factor in its own growth. Separate the variables and integrate from $u_0$,
# the value before training, to $s/2$. This gives the time until half of a mode is learned (nearly, for small $u_0$):
#
# $$\boxed{\;t_{1/2} = \frac{\tau}{2s}\,\ln\Big(\frac{s}{u_0} - 1\Big) \approx \frac{\tau}{2s}\,\ln\frac{s}{u_0}\;}$$
#
# With *random* weights $a$ and $b$ are not parallel. But while small, $\tau\,da/dt \approx sb$ and
# $\tau\,db/dt \approx sa$. So the sum $a + b$ grows as $e^{st/\tau}$, and the difference shrinks as $e^{-st/\tau}$.
# Soon $a \approx b \approx (a + b)/2$, and
#
# $$u = a \cdot b \approx u_0\,e^{2st/\tau}, \qquad u_0 = \|(a + b)/2\|^2 \text{ at } t = 0.$$
#
# as if the mode had begun with $a = b$ and this $u_0$. So we can predict its time beforehand.
#
# **Predict.** Four modes of strengths 4, 3, 2 and 1, and very small random weights. When the first mode is learned, how
# much is learned of the last? How many times longer does the last one take?

# %%
S, RATE = np.array([4.0, 3.0, 2.0, 1.0]), 0.004


def learn(std, seed, steps):
    """Gradient descent on ½‖W₁W₂ − T‖²: u of the four modes by step, and their predicted half-times."""
    rng = np.random.default_rng(seed)
    e, v = initializers.orthogonal(rng, (32, 4)), initializers.orthogonal(rng, (16, 4))     # columns: e_α and v_α
    T, W1, W2 = e * S @ v.T, std * rng.normal(size=(32, 64)), std * rng.normal(size=(64, 16))
    u0 = ((e.T @ W1 + (W2 @ v).T) ** 2).sum(axis=1) / 4
    u = []
    for _ in range(steps):
        u.append(np.diag(e.T @ W1 @ W2 @ v))
        error = T - W1 @ W2
        W1, W2 = W1 + RATE * error @ W2.T, W2 + RATE * W1.T @ error
    return np.array(u), np.log(S / u0 - 1) / (2 * S * RATE)


u, predicted = learn(0.001, 0, 2000)
ax = plt.figure(figsize=(8, 3.6)).subplots()
for k, line in enumerate(("-", "--", "-.", ":")):
    ax.plot(u[:, k], line, color="black", label=f"s = {S[k]:g}")
ax.plot(predicted, S / 2, "D", color="tab:orange", markersize=8)
ax.annotate("predicted half-times", (predicted[2], 1), (predicted[2] + 130, 1.3), arrowprops={"arrowstyle": "-"})
ax.set(title="One mode after another, each in a sudden rise", xlabel="step", ylabel="u, learned of a mode")
_ = plots.label_lines(ax)

# %% [markdown]
# **What to see.** Each mode waits, then rises. The diamonds were computed before the first step.
#
# <details><summary>Answer</summary>
#
# Nearly nothing. The last mode has a quarter of the strength, which makes its time four times as long; its logarithm
# $\ln(s/u_0)$ is slightly smaller. With $u_0 \approx 3 \cdot 10^{-5}$ it takes 3.5 times as long.
#
# </details>
#
# Criterion for the formula: with small weights (std 0.001) all four modes are half learned within 5% of the predicted
# time. The comparison is with the usual size, std $1/\sqrt{64}$. There learning is over before $a - b$ is small.

# %%
def largest_error(std, seed):
    u, predicted = learn(std, seed, 2000)
    half = (u > S / 2).argmax(axis=0)
    return (np.abs(half - predicted) / half).max()


errors = {name: [largest_error(std, seed) for seed in SEEDS] for name, std in (("small", 0.001), ("usual", 0.125))}
for name, found in errors.items():
    print(f"{name} weights: the formula misses the half-time by {min(found):.1%} to {max(found):.1%}")
_ = claims.judge("06-half-time", source="Saxe and others 2014, eq. 11",
                 statement="a mode of strength s takes the time (τ/2s) ln(s/u₀), nearly (half-time, relative error)",
                 measured=errors["small"], criterion=claims.at_most(0.05),
                 condition="small random weights", without=errors["usual"],
                 headline="A deep linear net learns its strongest mode first; a mode's time is (τ/2s) ln(s/u₀)")

# %% [markdown]
# **Verdict: conditional.** The formula holds for small random weights, not for those of the usual size.
#
# ## 2. More layers
#
# Let each of $L$ layers have the same strength $a$ in a mode. Then $u = a^L$, and the gradient of one layer contains
# the strengths of all others. The same steps give
#
# $$\tau\frac{du}{dt} = L\,u^{2-2/L}\,(s - u).$$
#
# From a small product this is slow. But let $u_0$ be near 1, whatever the depth. For large $L$ the right side is about
# $L\,u^2(s - u)$: the time is $\tau/L$ times an integral without $L$. How small may $\tau$ be? The largest stable rate
# is 2 divided by the curvature (the second derivative of the error along the gradient): near $a = 1$
#
# $$\sum_{l=1}^{L} \Big(\frac{\partial u}{\partial a_l}\Big)^2 = L.$$
#
# So $\tau = 1/\eta \ge L/2$ grows like $L$, and in deep networks the number of steps **does not depend on the depth**.
#
# For this the *product* of all weights must have its singular values near 1. A product of orthogonal matrices keeps
# lengths, so all its singular values are 1. Gaussian weights of variance $1/n$, where $n$ is fan_in, keep lengths *on
# average*.
#
# **Predict.** Linear networks of 64 units learn the (whitened) digits. From 16 layers to 64, by what factor does the
# time grow with orthogonal weights? With Gaussian ones?

# %%
ax = plt.figure(figsize=(8, 3.6)).subplots()
depths = [2, 4, 8, 16, 32, 64]
for name, looks in LOOKS.items():
    steps = times.where(start=name).table("steps")                  # (seeds, depths), at the best of 16 rates
    ax.plot(depths, np.median(steps, axis=0), label=name, **looks)
    ax.fill_between(depths, steps.min(axis=0), steps.max(axis=0), color=looks["color"], alpha=0.2)
ax.axhline(2000, color="0.5", linestyle=":")
ax.annotate("stopped here", (2, 2000), (0, -13), textcoords="offset points")
ax.set(title="Orthogonal weights: from 16 layers on, depth costs few extra steps", xscale="log", yscale="log",
       xticks=depths, xticklabels=depths, xlabel="layers (linear)", ylabel="steps until 99% is learned")
ax.minorticks_off()
_ = plots.label_lines(ax)

# %% [markdown]
# **What to see.** Lines are medians over five stored seeds, bands their range.
#
# <details><summary>Answer</summary>
#
# Orthogonal: nearly 1; the growth comes before 16. Gaussian: at 32 and 64 layers most runs were stopped before the end.
#
# </details>
#
# ## 3. Why "on average" is not enough
#
# **Predict.** One Gaussian $n \times n$ matrix of variance $1/n$ has singular values from 0 to 2, with mean square 1.
# Multiply ten such matrices ($n$ large): the mean of $s^2$ is still 1, in expectation. How many of the $n$ directions
# carry nearly all of it?

# %%
def product(init, layers, n=300, seed=0):
    """The singular values of a product of matrices, the largest first."""
    P = np.eye(n)
    for rng in np.random.default_rng(seed).spawn(layers):
        P = P @ init(rng, (n, n))
    return np.linalg.svd(P, compute_uv=False)


ax = plt.figure(figsize=(8, 3.8)).subplots()
for layers, line, rank in ((1, "-", 255), (5, "--", 210), (10, "-.", 193), (20, ":", 146)):
    s = product(initializers.glorot_normal, layers)
    ax.plot(range(1, 301), s, line, color=LOOKS["Gaussian"]["color"])
    ax.text(rank + 4, s[rank], f" {layers} Gaussian", color=LOOKS["Gaussian"]["color"], va="bottom")
    print(f"{layers:2} Gaussian layers: share of the directions {(s**2).sum() ** 2 / (s**4).sum() / 300:.3f}, "
          f"theory {1 / (layers + 1):.3f}")
ax.plot(range(1, 301), product(initializers.orthogonal, 20), color=LOOKS["orthogonal"]["color"], linewidth=2)
ax.text(235, 1.4, "20 orthogonal", color=LOOKS["orthogonal"]["color"])
_ = ax.set(title="Gaussian layers make most directions tiny; orthogonal layers keep all", yscale="log",
           ylim=(1e-6, 30), xlabel="which singular value, the largest first", ylabel="singular value of the product")

# %% [markdown]
# **What to see.** Each line shows the 300 singular values of one product, on a logarithmic axis. Most values of 20
# Gaussian layers are tiny. A few are larger than 1, and they alone keep the mean of $s^2$ at 1.
#
# <details><summary>Answer</summary>
#
# One eleventh. If $n$ is much larger than $L$, one more Gaussian layer leaves the mean of $s^2$ at 1 and adds 1 to the
# mean of $s^4$, so the mean of $s^4$ is $L + 1$ for $L$ layers. The share of directions among which the signal is
# spread is
#
# $$\frac{(\sum s^2)^2}{n\sum s^4} = \frac{1}{L + 1},$$
#
# printed above the picture beside the measured share.
#
# </details>
#
# At the top (tanh, $n = 64 < L$) the formula does not give the numbers, but the cause is the same, and one is the
# fewest directions possible. Larger weights do not help: a common factor multiplies all singular values equally.
#
# ## 4. The gradient, and tanh
#
# Popular article A says that orthogonal weights *preserve the gradient norm*, the length of $\delta$. For linear units
# this is clear: $\delta_l = \delta_{l+1}W_{l+1}^\top$, and $W^\top$ keeps lengths too. With tanh each layer also
# multiplies by the slope $1 - \tanh^2 z \le 1$.
#
# **Predict.** 100 layers with orthogonal weights. What is the length of $\delta$ in layer 1, as a part of that in layer
# 100? For linear units? For tanh?
#
# Criterion for *preserves*: over 100 layers the length changes by less than a factor of 2. Judged are linear units; the
# comparison is tanh.

# %%
def gradient(activation, init):
    """Size of δ in layers 1 to 100, relative to layer 100, (seeds, layers)."""
    nets = [mn.mlp([64] * 101 + [10], activation=activation, init=init, rng=seed) for seed in SEEDS]
    sizes = np.array([diagnostics.profile(net, x[:200], y[:200], loss).delta[:100] for net in nets])
    return sizes / sizes[:, -1:]


found = {"orthogonal, linear": gradient(activations.identity, initializers.orthogonal),
         "orthogonal, tanh": gradient(activations.tanh, initializers.orthogonal),
         "Gaussian, tanh": gradient(activations.tanh, initializers.glorot_normal)}
looks = {name: LOOKS[name.split(",")[0]] | {"marker": marker}
         for name, marker in zip(found, ("D", "s", "v"), strict=True)}
ax = plots.depth_profile(found, ylabel="size of δ (layer 100 = 1)", styles=looks, band="quartiles")
ax.set_title("Orthogonal weights keep the gradient's length in linear layers, not with tanh")
ax.get_legend().remove()
for name, place in zip(found, ((3, 0.84), (3, 0.6), (48, 0.3)), strict=True):
    ax.text(*place, name, color=looks[name]["color"], weight="bold", va="center")
linear, tanh = found["orthogonal, linear"][:, 0], found["orthogonal, tanh"][:, 0]
print(f"layer 1/layer 100: linear {linear.min():.2f} to {linear.max():.2f}, tanh {tanh.min():.2f} to {tanh.max():.2f}")
_ = claims.judge("06-gradient-norm", source="popular article A",
                 statement="orthogonal weights preserve the gradient's norm (‖δ‖ in layer 1/layer 100)",
                 measured=linear, criterion=claims.between(0.5, 2), condition="linear units", without=tanh,
                 headline="Orthogonal weights preserve the gradient's norm")

# %% [markdown]
# **What to see.** Read from right to left, as the gradient goes. Bars: the middle half of five seeds.
#
# **Verdict: conditional.** Orthogonal weights preserve the gradient in linear layers, not with tanh.
#
# A *gain* $\sigma_w$ slightly above 1, $W = \sigma_w Q$ with $Q$ orthogonal, makes up for the slope of tanh. In wide
# layers $z$ is nearly Gaussian, $z = \sqrt q\,g$ with $g \sim N(0, 1)$, and its mean square $q$ settles where
# $q = \sigma_w^2\,E[\tanh^2(\sqrt q\,g)]$. From there the square of the gradient is multiplied in each layer by
#
# $$\chi = \sigma_w^2\,E\big[\tanh'(\sqrt q\,g)^2\big],$$
#
# which is slightly more than 1. Over $L$ layers that is $\chi^L$, a power.
#
# Why not the gain 1? Since $\tanh^2 z \approx z^2 - \tfrac23z^4$, the next $q$ is about $\sigma_w^2(q - 2q^2)$. With
# gain 1 it falls in every layer: the only fixed point is 0, and the signal fades. With a larger gain
# $q \approx (\sigma_w^2 - 1)/2$, and one more term gives $\chi \approx 1 + \tfrac43q^2$ for small $q$.
#
# **Predict.** At which of the gains 1.02, 1.05 and 1.1 does the gradient's square grow less than a hundredfold over
# 1,000 layers?

# %%
for gain in (1.02, 1.05, 1.1):
    field = theory.MeanField(activations.tanh, gain**2)
    print(f"gain {gain}: signal √q = {field.limit() ** 0.5:.2f}, χ = {field.chi(field.limit()):.4f}, "
          f"gradient's square over 1,000 layers × {field.chi(field.limit()) ** 1000:.2g}")

# %% [markdown]
# At 1.02 and 1.05. (The approximation gives $\chi = 1.0005$, 1.0035 and 1.015.) At 1.02 the signal is so small that
# tanh is nearly linear, but it does not fade. The networks at the top have this gain.
#
# ## 5. One thousand layers
#
# Here is one epoch:

# %%
net = mn.mlp([64] * 1000 + [10], activation=activations.tanh, init=DEEP["orthogonal"], rng=0)
history = mn.fit(net, digits.train, loss=loss, optimizer=optimizers.SGD(3e-4, momentum=0.9), epochs=1, batch_size=64,
                 rng=0, validation=digits.test, progress=False)
print(f"after one epoch: {history.validation_accuracy[0]:.0%} of the digits of other writers are right")

# %% [markdown]
# **Predict.** How many of the training digits does it get right after 15 epochs? And what can Gaussian weights of the
# same size reach, at the best learning rate?
#
# Criterion for *it trains*: at least 97% of the training digits are right after 15 epochs.

# %%
runs = thousand.where(layers=1000)
ax = plots.learning_curves({"training digits": runs.table("accuracy"), "other writers": runs.table("test")},
                           ylabel="accuracy", styles={"training digits": {"color": "black", "linestyle": "-"}})
ax.axhline(0.1, color="0.5", linestyle=":")
ax.annotate("guessing", (8, 0.1), (0, 4), textcoords="offset points")
ax.set(title="1,000 plain tanh layers learn to read digits", ylim=(0, 1.02))
plots.label_lines(ax)
last = runs.where(epoch=15)
for name, column in {"training digits": "train", "other writers": "test"}.items():
    print(f"after 15 epochs, {name}: {last.array(column).min():.1%} to {last.array(column).max():.1%}")
moved = last.array("moved")
print(f"the median layer moved by {moved.min():.2%} to {moved.max():.2%} of its length")
_ = claims.judge("06-thousand", source="Xiao and others 2018 (there: convolutional nets)", mode="stored",
                 statement="a plain tanh net of 1,000 layers trains (accuracy on the training part)",
                 measured=last.array("train"), criterion=claims.at_least(0.97),
                 post_hoc="the schedule: the rate falls to 0 along a cosine",
                 headline="A plain tanh network of 1,000 layers can be trained")

# %% [markdown]
# **What to see.** Lines are medians over five seeds, bands their range. Training accuracy is an average over the epoch,
# in which the net still changes, so it begins lower.
#
# **Verdict: reproduced.** All five networks of 1,000 layers train. (Their learning rate falls to 0. This was chosen
# after first runs with a constant rate.)
#
# If the right size is enough, *all* weights of that size train. Criterion: with the worse of orthogonal and Gaussian
# weights, the best of six rates reaches 80% of the training digits after three epochs.

# %%
best = {name: rates.where(start=f"{name}, gain 1.02").table("train").max(axis=1) for name in DEEP}     # over the rates
for name, found in best.items():
    print(f"{name}, best rate: {found.min():.0%} to {found.max():.0%} of the training digits after three epochs")
_ = claims.judge("06-size-is-enough", source="lore", mode="stored", criterion=claims.at_least(0.8),
                 statement="the right size of the weights is enough to train 1,000 layers (best training accuracy, "
                           "gain 1.02, the worse of orthogonal and Gaussian)",
                 measured=np.minimum(best["orthogonal"], best["Gaussian"]),
                 headline="To train 1,000 layers it is enough that the weights have the right size")

# %% [markdown]
# **Verdict: refuted.** The size is not enough: orthogonal weights train, Gaussian ones of the same size do not.
#
# <details><summary>Answer</summary>
#
# Nearly all of them. Gaussian weights stay near a guess at every rate: the upper layers get all images on one line and
# cannot tell them apart.
#
# </details>
#
# Each layer moved by only about a thousandth of its length: many small changes add up. Is so much depth *useful*? Not
# here: one hidden layer reads these digits as well (further part).
#
# ## Summary
#
# 1. A deep linear network learns the strongest mode first, each after a time that can be computed.
# 2. If all singular values of the weights' product are near 1, the steps hardly grow with depth from 16 layers on.
# 3. Gaussian layers keep lengths on average, but $L$ wide linear ones leave only $1/(L + 1)$ of the directions.
# 4. Orthogonal weights keep signal and gradient exactly for linear units; tanh needs a gain slightly above 1.
# 5. With them plain networks of 1,000 layers can be trained, with Gaussian weights of the same size they cannot.

# %%
claims.summary()

# %% [markdown]
# ## Exercises
#
# Each is a notebook with hints, a check that answers at once, and the solution, folded.
# `python -m chapters handout 06` writes a copy without the solutions for you to work in.
#
# 1. **(15 min, pencil)** [A head start](exercises/06_1_head_start.ipynb). How many steps does ten times the $u_0$ save?
# 2. **(20 min)** [The backward pass of a deep linear network](exercises/06_2_linear_gradients.ipynb). Write it.
# 3. **(25 min)** [Orthogonal weights](exercises/06_3_orthogonal.ipynb). Draw them, all equally likely.
# 4. **(25 min)** [Break a layer, and find where the images meet](exercises/06_4_narrow_layer.ipynb).
# 5. **(30 min)** [What a gain does to tanh](exercises/06_5_gain.ipynb). Compute $q$ and $\chi^L$ for any gain.
# 6. **(40 min)** [Layers of any singular values](exercises/06_6_any_spectrum.ipynb). Which share of the directions is
#    left after $L$ of them?
#
# **Where to go on.** [The further part](further/06_orthogonal.ipynb): the whole learning curve of a mode, the law of
# products, recurrent networks, which gain suits which depth, what does not train, and 10,000 layers.
# [Chapter 07](07_scaling.ipynb) finds the right size of the weights for any activation.
