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
# # He: the factor of two
#
# Below are two networks of 30 layers with the same data and the same units (ReLU). The weights of one are √2 times as
# large as those of the other, and each is trained at its best learning rate. Look at the right picture: the loss of one
# falls, that of the other does not change.

# %% jupyter={"source_hidden": true} tags=["hide-input"]
import matplotlib.pyplot as plt
import numpy as np

import minnet as mn
from minnet import activations, claims, datasets, diagnostics, initializers, losses, plots, theory
from minnet.experiments.chapter import SEEDS, stored, style

style()
x, y = datasets.mnist_5k().train
images, labels = x[:200], y[:200]
sweep = stored("05_he")

# %%
SIZES = [784, *[256] * 29, 10]                              # 30 weight matrices
STARTS = {"He: Var[W] = 2/n": initializers.he_normal, "Xavier: Var[W] = 1/n": initializers.lecun_normal}
LOOKS = {name: plots.initializer_style(init) for name, init in STARTS.items()}


def signal(init, sizes=SIZES, activation=activations.relu):
    """Root mean square of z in every layer, (seeds, layers)."""
    nets = [mn.mlp(sizes, activation=activation, init=init, rng=seed) for seed in SEEDS]
    return np.array([diagnostics.profile(net, images, labels, losses.softmax_cross_entropy).z for net in nets])


signals = {name: signal(init) for name, init in STARTS.items()}
fig, (left, right) = plt.subplots(1, 2, figsize=(11, 3.6))
plots.depth_profile(signals, ylabel="size of the signal (rms of z)", styles=LOOKS, ax=left)
left.set_title("Before training: only He's weights\nkeep the size of the signal")
curves = {name: sweep.where(start=name.split(":")[0], depth=30, optimizer="SGD").best("rate", by="loss").table("loss")
          for name in STARTS}
plots.learning_curves(curves, styles=LOOKS, ax=right)
right.axhline(np.log(10), color="0.5", linestyle=":", linewidth=1)
right.annotate("guessing: ln 10", (0.35, np.log(10)), (0, -13), xycoords=("axes fraction", "data"),
               textcoords="offset points")
right.set(title="Training, 30 layers: only He learns", ylabel="training loss", ylim=(0, 2.6))
for ax in (left, right):
    plots.label_lines(ax)

# %% [markdown]
# **What to see.** Left, each marker is a layer, and its bar shows the range over five networks. With He's weights the
# signal keeps its size through 30 layers. With Xavier's it falls by the same factor in every layer (the axis is
# logarithmic, so this is a straight line). Right, lines are medians over five runs and bands are their range; each
# network has the learning rate that suits it best. These runs are stored; `python -m chapters --sweeps 05` repeats
# them.
#
# **The question.** ReLU, $f(z) = \max(z, 0)$, makes 0 of all negative numbers, so it loses a part of every signal.
# Which weights make up for it, and where is that not enough? The answer of He, Zhang, Ren and Sun (2015) is a factor of
# two.
#
# **What you need.** The backward pass (chapter 01), expectation and variance. A layer has $n$ inputs (fan_in) and $m$
# outputs (fan_out); a number below a letter is that of the layer. "Xavier" stands here for the rule that was common
# before 2015, $n\,\mathrm{Var}[W] = 1$. Glorot and Bengio's own formula (chapter 04) is the same for square layers.

# %%
ax = plots.network_diagram([784, 256, 256, 256, 10], labels=["input x", "a₁", "a₂", "… a₂₉", "output z₃₀"])
_ = ax.set_title("Our network: z = aW and a = max(z, 0) in each of 29 hidden layers", fontsize=10)

# %% [markdown]
# ## 1. Half of the signal
#
# One layer takes inputs $a$ from the layer before and computes $z = aW$. Weights are drawn independently, with mean 0
# and variance $\mathrm{Var}[W]$.
#
# **Predict.** Let the mean square of $z$ in one layer be $q = E[z^2]$. What is the mean square of $a = \max(z, 0)$?
# And what is $E[z^2]$ in the next layer?
#
# <details><summary>Answer</summary>
#
# The weights are symmetric about 0, and so is $z$. Where $z < 0$, $a^2$ is 0; where $z > 0$, it is $z^2$. By symmetry
# both halves hold equally much of $E[z^2]$, so
#
# $$E[a^2] = \tfrac12\, q ,$$
#
# exactly, whatever the distribution. In the next layer, each $z$ is a sum of $n$ products $aW$, uncorrelated and of
# mean 0, so its mean square is the sum of theirs:
#
# $$E[z_{\text{next}}^2] = n\,\mathrm{Var}[W]\,E[a^2] = \tfrac12\, n\,\mathrm{Var}[W]\; q .$$
#
# </details>
#
# To keep $q$ from layer to layer the factor in front must be 1:
#
# $$\boxed{\;\tfrac12\, n\,\mathrm{Var}[W] = 1 \quad\Longleftrightarrow\quad \mathrm{std}[W] = \sqrt{2/n}\;}$$
#
# This is equation (10) of He and others 2015. With $n\,\mathrm{Var}[W] = 1$ half of the mean square is lost in every
# layer. After 29 layers of ReLU, $2^{-29}$ of the mean square is left, and $2^{-14.5} \approx 1/23{,}000$ of the size,
# on average over networks (single networks differ: section 6).
#
# We check both. Criterion for *a half*: the share of $E[z^2]$ that ReLU passes on, averaged over 29 layers, lies
# between 0.46 and 0.54. (By chance it varies with a standard deviation of 0.01; the margin is four times that.)

# %%
shares = []
for seed in SEEDS:
    net = mn.mlp(SIZES, activation=activations.relu, init=initializers.he_normal, rng=seed)
    found = diagnostics.profile(net, images, labels, losses.softmax_cross_entropy)
    shares.append(np.mean(found.a[:29] ** 2 / found.z[:29] ** 2))
left_over = signals["Xavier: Var[W] = 1/n"][:, -1] / signals["Xavier: Var[W] = 1/n"][:, 0]
print(f"share that ReLU passes on: {min(shares):.3f} to {max(shares):.3f}")
print(f"left of Xavier's signal after 29 layers: 1/{1 / np.median(left_over):,.0f}")
claim = claims.judge("05-half", source="He and others 2015, (10)", paper=0.5, measured=shares,
                     statement="ReLU passes half of E[z²] (share, 29 layers)", criterion=claims.between(0.46, 0.54),
                     headline="ReLU passes on half of the signal's mean square")
print("verdict:", claim.verdict)

# %% [markdown]
# **Verdict.** ReLU passes on half of the mean square, as derived.
#
# In the library the formula is one function:

# %%
W = initializers.he_normal(np.random.default_rng(0), (784, 256))
print(initializers.he_normal.__doc__.splitlines()[0])
print(f"n · Var[W] = {784 * W.var():.3f}")

# %% [markdown]
# ## 2. Forward or backward?
#
# Training needs the gradient as well. Going back, $\delta_l = (\delta_{l+1} W_{l+1}^\top) \odot f'(z_l)$ is a sum of
# $m$ products, and $f'$, which is 0 or 1, sets half of the entries to 0. The same argument gives
#
# $$\tfrac12\, m\,\mathrm{Var}[W] = 1 \qquad\text{(He's equation 14)}.$$
#
# Where $n$ and $m$ differ, the two conditions contradict each other. Glorot and Bengio had the same conflict, and took
# the mean of the two fans, $\bar n = (n + m)/2$.
#
# **Predict.** The hidden layers have 64, 256, 64, 256, … units. (a) Under the forward rule (10), does the gradient
# vanish, explode, or neither? (b) And what do signal and gradient do under the mean of the fans?
#
# <details><summary>Answer</summary>
#
# (a) Neither. Under (10) the mean square of the gradient is multiplied by $m/n$ in each layer. In the product over all
# layers every hidden width is once a numerator and once a denominator: they cancel. So each condition alone is enough.
#
# (b) Both fall. The mean of the fans multiplies the signal's mean square by $n/\bar n$, in turn 0.4 and 1.6 here, and
# $0.4 \cdot 1.6 = 0.64 < 1$.
#
# </details>

# %%
ZIGZAG = [784, *[64, 256] * 14, 10]
RULES = {"fan_in, rule (10)": initializers.he_normal, "fan_out, rule (14)": initializers.he_normal(mode="fan_out"),
         "mean of the fans": initializers.glorot_normal(gain=np.sqrt(2))}
profiles = {name: [diagnostics.profile(mn.mlp(ZIGZAG, activation=activations.relu, init=init, rng=seed), images,
                                       labels, losses.softmax_cross_entropy) for seed in range(10)]
            for name, init in RULES.items()}
fig, (left, right) = plt.subplots(1, 2, figsize=(11, 3.6))
plots.depth_profile({name: [p.z for p in found] for name, found in profiles.items()}, band="quartiles",
                    ylabel="signal (rms of z)", ax=left)
plots.depth_profile({name: [p.delta / p.delta[-1] for p in found] for name, found in profiles.items()},
                    band="quartiles", ylabel="gradient (rms of δ, output = 1)", ax=right)
left.set_title("Only the mean of the fans loses the signal …")
right.set_title("… and the gradient, going down")
right.get_legend().remove()
_ = plots.label_lines(left)

# %% [markdown]
# **What to see.** Read the left picture from left to right and the right one from right to left, as the passes go. With
# fan_in the signal stays level, and the gradient goes up and down in turn; with fan_out it is the other way round. With
# the mean of the fans both fall, more with every pair of layers.
#
# The further part measures the factor per layer under both rules and finds 1, as the paper says.
#
# ## 3. Thirty layers
#
# He and others trained networks of 22 and 30 layers. With 22, both initializations learned, He's sooner. With 30,
# Xavier's "completely stalls". Our stored sweep repeats this with 256 units in each layer, five seeds and several
# learning rates.
#
# **Predict.** Is it the *network* that cannot learn, or is it plain gradient descent (SGD) that cannot train it? What
# would Adam do, which divides every gradient by its own size?
#
# Criterion for *stalls*: with SGD, for every rate and every seed, the loss after ten epochs is at least 0.99 times
# $\ln 10$, the loss of guessing. To see whether SGD is the condition, we measure Adam at its best rate.

# %%
xavier = sweep.where(start="Xavier", depth=30)
last = xavier.where(epoch=10)
claim = claims.judge("05-fig3-stalls", source="He and others 2015, Fig. 3", refutable=False, mode="stored",
                     statement="30 layers: Xavier's completely stalls (training loss, every rate)",
                     measured=last.where(optimizer="SGD").array("loss"), criterion=claims.at_least(0.99 * np.log(10)),
                     condition="stochastic gradient descent",
                     without=xavier.where(optimizer="Adam").best("rate", by="loss").table("loss")[:, -1],
                     headline="30 layers with Xavier's weights do not learn by gradient descent; with Adam they do")
print("verdict:", claim.verdict)
last.spread("loss", by=["optimizer", "rate"])

# %% [markdown]
# **What to see.** Each row of the table is one optimizer and one rate: the median, lowest and highest loss of five
# runs. All rows of SGD are at $\ln 10 = 2.30$. Adam's medians are far below, though at its largest rate at least one
# run of five stays at 2.30.
#
# **Verdict.** With SGD the network stalls, as the paper says. With Adam it learns.
#
# <details><summary>Answer</summary>
#
# The network can learn: it computes the same function as He's, times one small number (next section). Only the gradient
# is too small, and Adam makes up for that.
#
# </details>
#
# ## 4. One number
#
# Draw He's and Xavier's weights from the same random numbers. Then Xavier's are He's divided by $\sqrt2$ in every
# layer. ReLU satisfies $\max(tz, 0) = t \max(z, 0)$ for $t > 0$, so each factor can be moved through all layers above
# it to the output. With $L = 30$ layers,
#
# $$\text{Xavier's net}(x) = 2^{-L/2}\;\text{He's net}(x) \qquad\text{for every image } x .$$

# %%
he, xavier_net = (mn.mlp(SIZES, activation=activations.relu, init=init, rng=0, dtype=np.float64)
                  for init in STARTS.values())
difference = np.abs(2.0**15 * xavier_net(images) / he(images) - 1).max()
print(f"2¹⁵ · Xavier's net(x) and He's net(x): largest relative difference {difference:.0e}")

# %% [markdown]
# The two nets differ by one number, $2^{15} = 32{,}768$, and by nothing else.
#
# One often reads: *every layer must have the variance that suits its activation*. Make the weights of the first layer
# $2^{15}$ times larger, and leave the other 29 layers with Xavier's variance.
#
# Criterion for *must*: with this change the network still stalls, with a loss of at least 0.99 times $\ln 10$ after ten
# epochs at the best rate, in every run.
#
# **Predict.** Will it train?

# %%
repaired = sweep.where(start="Xavier, layer 1 larger", depth=30).best("rate", by="loss").table("loss")
ax = plots.learning_curves(curves | {"Xavier, layer 1 times 2¹⁵": repaired},
                           styles=LOOKS | {"Xavier, layer 1 times 2¹⁵": {"color": "black", "linestyle": "--"}})
ax.set(title="One layer of thirty was changed, and the net learns", ylabel="training loss", ylim=(0, 2.6))
plots.label_lines(ax)
claim = claims.judge("05-every-layer", source="lore", mode="stored", measured=repaired[:, -1],
                     statement="every layer must be initialized for its activation (loss, 29 of 30 layers with "
                               "Xavier's)",
                     criterion=claims.at_least(0.99 * np.log(10)),
                     headline="Every layer must have the variance that suits its activation, or a deep net does not "
                              "learn")
print("verdict:", claim.verdict)

# %% [markdown]
# **What to see.** The dashed curve falls nearly as fast as He's, though 29 of 30 layers have Xavier's weights.
#
# **Verdict.** Not every layer needs the right variance: one layer can make up for the others.
#
# <details><summary>Why</summary>
#
# Gradient descent fails because the output is too small, and so is the gradient. One factor, in any layer, repairs
# both. He's formula in every layer is the simplest way to do so.
#
# </details>
#
# ## 5. Other units
#
# Popular tables say: *ReLU, leaky ReLU, swish: use He*. Swish, $f(z) = z\,\sigma(z)$, looks like a smooth ReLU.
#
# Criterion for *use He*: the mean square of $z$ in layer 49 lies between 0.01 and 100 times that in layer 1. We measure
# ReLU and leaky ReLU, and apart from them swish.
#
# **Predict.** Fifty layers with He's weights. What happens to the signal of swish?

# %%
UNITS = {"ReLU": activations.relu, "leaky ReLU": activations.leaky_relu(), "swish": activations.swish()}
DEEP = [784, *[256] * 49, 10]
fifty = {name: signal(initializers.he_normal, DEEP, unit)[:, :-1] for name, unit in UNITS.items()}
first = 2 * np.square(images).mean()
lines = {name: np.sqrt(theory.MeanField(unit, 2.0).variances(first, 49)) for name, unit in UNITS.items()}
ax = plots.depth_profile(fifty, predicted=lines, ylabel="signal (rms of z)")
ax.set_title("50 layers, He's weights: swish loses the signal")
plots.label_lines(ax)
last = {name: found[:, -1] ** 2 / found[:, 0] ** 2 for name, found in fifty.items()}
claim = claims.judge("05-swish", source="popular article D", condition="ReLU, leaky ReLU", without=last["swish"],
                     statement="He for ReLU, leaky ReLU and swish (mean z², layer 49 over layer 1)",
                     measured=np.concatenate([last["ReLU"], last["leaky ReLU"]]), criterion=claims.between(0.01, 100),
                     headline="He's formula suits ReLU and leaky ReLU, and not swish")
print("verdict:", claim.verdict)

# %% [markdown]
# **What to see.** Markers are networks. Lines are the theory: from layer to layer, the mean square $q$ of $z$ becomes
# $n\,\mathrm{Var}[W]\,E[f(\sqrt q\,g)^2]$, with a standard normal number $g$.
#
# **Verdict.** He's formula is right for ReLU and leaky ReLU. A deep network of swish loses its signal with it.
#
# <details><summary>Why swish fails</summary>
#
# Near 0, $z\,\sigma(z) \approx z/2$, which passes a *quarter* of a small signal's square, not a half. The smaller the
# signal, the better this describes it. Chapter 07 finds the weights that suit swish.
#
# </details>
#
# ## 6. What the factor does not do
#
# The derivation is about an *average* over networks. In a single network with $n$ units in each layer, each layer
# multiplies the squared length of $a$ by a random number of mean 1 and variance $5/n$. (With a standard normal $g$,
# $\mathrm{Var}[2\max(g,0)^2] = 4 \cdot \tfrac32 - 1 = 5$.) The factors are independent, so their logarithms add up to a
# nearly normal number:
#
# $$\ln\frac{\|a_L\|^2}{\|a_0\|^2} \;\approx\; \text{Normal}\!\left(-\frac{5L}{2n},\; \frac{5L}{n}\right)$$
#
# after $L$ layers (Hanin and Nica 2020). We measure 1,000 networks of 16 layers of 64 units for each seed. Criterion:
# the variance of the logarithm over the 1,000 networks lies between 0.75 and 1.25 times $5L/n$.
#
# **Predict.** Of a thousand such networks, all drawn by He's formula, how many have a signal whose square is more than
# $e^2 = 7.4$ times too large or too small: about 1%, 10% or 50%?

# %%
def walk(n, L, count, seed):
    """ln ‖a‖² after L layers of n ReLU units, relative to the input, for `count` networks."""
    rng, found = np.random.default_rng(seed), []
    for _ in range(count):
        a = np.ones(n)
        for _ in range(L):
            a = np.maximum(a @ initializers.he_normal(rng, (n, n)), 0)
        found.append(np.log(a @ a / n))
    return np.array(found)


n, L = 64, 16
walks = [walk(n, L, 1000, seed) for seed in SEEDS]
t = np.linspace(-6, 4, 200)
density = np.exp(-((t + 5 * L / (2 * n)) ** 2) / (2 * 5 * L / n)) / np.sqrt(2 * np.pi * 5 * L / n)
ax = plt.figure(figsize=(7.5, 3.2)).subplots()
ax.hist(walks[0], bins=40, density=True, color="0.8", edgecolor="0.5")
ax.plot(t, density, "k-")
ax.axvspan(-2, 2, color="tab:blue", alpha=0.08)
ax.annotate("theory", (-1.2, 0.36), (-4.5, 0.33), arrowprops={"arrowstyle": "-"})
ax.annotate("shaded: square within\na factor of e²", (1.5, 0.25), (2.2, 0.3), arrowprops={"arrowstyle": "-"})
ax.set(xlabel="logarithm of the signal's square, of 1,000 networks (0: the right size)", ylabel="density",
       title="Networks drawn by He's formula: chance changes the size of the signal")
print(f"outside the shaded part: {min(np.mean(np.abs(w) > 2) for w in walks):.0%} to "
      f"{max(np.mean(np.abs(w) > 2) for w in walks):.0%} of the networks")
claim = claims.judge("05-log-normal", source="Hanin & Nica 2020", measured=[w.var() / (5 * L / n) for w in walks],
                     statement="ln ‖a‖² over networks has the variance 5L/n (1,000 nets, 16 layers of 64, "
                               "measured/theory)",
                     criterion=claims.between(0.75, 1.25),
                     headline="In a single He network the signal varies by chance: its logarithm has the variance 5L/n")
print("verdict:", claim.verdict)

# %% [markdown]
# **What to see.** The histogram is the measurement, the line the theory. Only the ratio $L/n$ of depth to width
# matters: in wide networks the size is nearly right, in networks as deep as they are wide it can be anything.
#
# **Verdict.** Chance changes the signal of a single He network as much as the formula says.
#
# ## Summary
#
# 1. ReLU passes on half of the signal's mean square, whatever the weights' distribution.
# 2. Weights of variance $2/n$ put it back; $n$ may be fan_in or fan_out, but not their mean.
# 3. In a plain deep net the formula sets one number, the size of the output, and gradient descent needs that number
#    right; Adam does not.
# 4. It is not right for every unit that looks like ReLU: swish loses the signal.
# 5. It holds on average: in a single network the logarithm of the signal's square varies by chance, with variance
#    $5L/n$.

# %%
claims.summary()

# %% [markdown]
# ## Exercises
#
# Each is a notebook with hints, a check that answers at once, and the solution, folded.
# `python -m chapters handout 05` writes a copy without the solutions for you to work in.
#
# 1. **(15 min, pencil)** [The other variance](exercises/05_1_other_variance.ipynb). Put back the *variance* of $a$, not
#    its mean square. How fast does $E[z^2]$ grow?
# 2. **(20 min)** [The backward pass of PReLU](exercises/05_2_prelu_backward.ipynb), whose slope below 0 is learned.
# 3. **(15 min)** [He's initializer for a leaky ReLU](exercises/05_3_he_leaky.ipynb). Write it with numpy alone.
# 4. **(25 min)** [Break every layer, repair one](exercises/05_4_one_layer.ipynb). Which factor in layer 1 makes up for
#    20 layers?
# 5. **(30 min)** [The slow corner](exercises/05_5_slow_corner.ipynb). All images become alike: how fast?
# 6. **(40 min)** [A steeper walk](exercises/05_6_steeper_walk.ipynb). What takes the place of the 5 in $5L/n$ for leaky
#    ReLU, and for orthogonal matrices?
#
# **Where to go on.** [The further part](further/05_he.ipynb): both conditions measured, 22 layers, deeper and worse,
# fixed deviations, leaky and parametric ReLU, how alike images become. Chapter 06 takes matrices that change no
# length at all, and chapter 07 derives the factor for *any* activation.
