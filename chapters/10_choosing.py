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
# # Choosing an initializer
#
# Below are 42 networks of ten hidden layers that read handwritten digits: seven activations, and six ways to draw the
# weights and biases. Each has trained for ten epochs, at the best of three learning rates. Compare the cells of one
# row, then those of one column.

# %% jupyter={"source_hidden": true} tags=["hide-input"]
from functools import partial

import matplotlib.pyplot as plt
import numpy as np

import minnet as mn
from minnet import activations, claims, datasets, initializers, losses, optimizers, plots, theory
from minnet.experiments.chapter import SEEDS, stored, style

style()
digits = datasets.standardized(datasets.digits())
sweep = stored("10_choosing")
UNITS = {"relu": "ReLU", "leaky_relu": "leaky ReLU", "gelu": "GELU", "swish": "swish", "selu": "SELU", "tanh": "tanh",
         "sigmoid": "sigmoid"}
STARTS = {"PyTorch": "PyTorch's\ndefault", "Glorot": "Glorot", "LeCun": "LeCun", "orthogonal": "orthogonal", "He": "He",
          "for_activation": "for_\nactivation"}
FIXED = [start for start in STARTS if start != "for_activation"]           # the same rule for every activation

# %%
cells = {key: rows.best("rate", by="held_out") for key, rows in sweep.by("depth", "activation", "start").items()}


def accuracy(depth, unit, start):
    """Test accuracy for each seed, at the rate with the lowest median error on held-out training images."""
    return 1 - cells[depth, unit, start].array("test")


def accuracies(depth):
    return np.array([[np.median(accuracy(depth, unit, start)) for start in STARTS] for unit in UNITS])


ax = plots.heat_map(accuracies(10).round(2), list(UNITS.values()), list(STARTS.values()), xlabel="", ylabel="",
                    label="test accuracy, median over seeds", ax=plt.figure(figsize=(8.5, 3.9)).subplots())
_ = ax.set_title("Ten hidden layers: the same start trains one activation and fails with another")

# %% [markdown]
# **What to see.** A dark cell (0.10) is a net that guesses, a light one reads nine of ten digits. SELU learns from
# every start, ReLU from every start but one, the sigmoid from a single one. The runs are stored;
# `python -m chapters --sweeps 10` repeats them.
#
# **The question.** Popular introductions to weight initialization (articles A to D in this course) end in a table:
# *this activation, that initializer*. Which rows hold, for which depth, and what does a wrong choice cost?
#
# **What you need.** From chapters 03 to 07: every layer multiplies signals and gradients by a factor; the weights'
# variance sets it; the right variance depends on the activation.
#
# At **Predict**, write your answer down before you read on. A claim is *reproduced* if every run meets its criterion,
# *refuted* if none does, *conditional* if this depends on a stated condition, and *mixed* otherwise.

# %%
ax = plots.network_diagram([64, 64, 64, 10], labels=["x", "$a_1$", "… $a_L$", "softmax"])
_ = ax.set_title("Our network: 64 pixels, L = 2, 10 or 30 hidden layers of 64 units, 10 classes", fontsize=10)

# %% [markdown]
# ## 1. Six names, two numbers
#
# Each start draws weights and biases with mean 0. Theory needs two numbers,
#
# $$\sigma_w^2 = \text{fan\_in}\cdot\mathrm{Var}[W], \qquad \sigma_b^2 = \mathrm{Var}[b],$$
#
# because the mean square $q$ of $z$ in the next layer is $\sigma_w^2\, E[f(\sqrt q\, g)^2] + \sigma_b^2$ with a
# standard Gaussian $g$.
#
# **Predict.** All hidden layers have 64 inputs and 64 units. What is $\sigma_w^2$ for (a) He, (b) LeCun, (c) Glorot,
# whose variance is $2/(\text{fan\_in} + \text{fan\_out})$, (d) orthogonal matrices, (e) PyTorch's default, which draws
# weights *and* biases uniformly from $\pm 1/\sqrt{\text{fan\_in}}$?
#
# <details><summary>Answer</summary>
#
# (a) 2. (b) 1. (c) $64 \cdot 2/128 = 1$. (d) The columns have length 1, so the 64 squares of a column add up to 1: also
# 1. (e) A uniform distribution on $\pm r$ has variance $r^2/3$, so it is $1/3$; and $\sigma_b^2 = 1/(3\cdot 64)$.
#
# The output layer (10 units) is drawn by the same rule; only (c) changes there, to $64 \cdot 2/74 = 1.7$.
#
# </details>

# %%
rng = np.random.default_rng(0)
for init in ("heuristic_uniform", "glorot_uniform", "lecun_normal", "orthogonal", "he_normal"):
    draws = [getattr(initializers, init)(rng, (64, 64)) for _ in range(50)]
    print(f"{init:18} σ_w² = {64 * np.var(draws):.2f}")
for name, unit in (("GELU", activations.gelu), ("swish", activations.swish()), ("sigmoid", activations.sigmoid)):
    found = theory.critical_point(unit)[0]
    print(f"for_activation, {name:8} σ_w² = {found.weight_var:.2f}, σ_b² = {found.bias_var:.2f}")

# %% [markdown]
# So five of the six names are three sizes: 1/3, 1 and 2. The sixth, `theory.for_activation`, computes the two numbers
# from the activation (chapter 07). For ReLU it gives He's weights, for SELU and tanh the size 1, drawn as orthogonal
# matrices if there are ten or more layers: there two columns hold the same runs. Two columns are defaults, too: Glorot
# (with zero biases) that of Keras, LeCun that of Flax.
#
# ## 2. What a choice costs
#
# The **cost** of a start is the test accuracy that it loses against the best of the six starts, for the same
# activation and depth, seed by seed. A start **suits** if its cost is at most 0.05. A net that reads fewer than half of
# the digits is not trained, so the accuracy to compare with is at least 0.5: where no start trains, a guess costs 0.40.
#
# Rates and the best start have the lowest median error on held-out training images; accuracies are those on the test
# images, so a cost can be negative. The three sets of digits come from different writers. Rates are the best of four
# (two layers) or three; with 30 layers several nets took the smallest rate.

# %%
def best_start(depth, unit):
    """The start with the lowest median error on held-out training images."""
    return min(STARTS, key=lambda start: np.median(cells[depth, unit, start].array("held_out")))


def cost(depth, unit, start):
    """Test accuracy lost against the best start, a number for each seed."""
    best = np.maximum(accuracy(depth, unit, best_start(depth, unit)), 0.5)
    return (best - accuracy(depth, unit, start)).round(3)


def verdict(claim):
    otherwise = f", without the condition {claim.without_met}" if claim.condition else ""
    print(f"{claim.id}: {claim.verdict} (runs that meet the criterion: {claim.met}{otherwise})")


# %% [markdown]
# Train one cell of the map: ReLU, He's weights, ten layers. The median must lie within the stored range (up to 0.01:
# processors round differently).

# %%
(x, y), (x_test, y_test) = digits


def trained(depth, rate, seed, **net):
    """(held-out accuracy, test accuracy) of a net that is trained as in the stored runs."""
    net = mn.mlp([64, *[64] * depth, 10], rng=seed, **net)
    mn.fit(net, (x[:1029], y[:1029]), loss=losses.softmax_cross_entropy, epochs=10, batch_size=32, rng=seed,
           optimizer=optimizers.SGD(rate, momentum=0.9), progress=False)
    return (net.predict(x[1029:]) == y[1029:]).mean(), (net.predict(x_test) == y_test).mean()


rate = cells[10, "relu", "He"][0]["rate"]
live = [trained(10, rate, seed, activation="relu", init="he_normal")[1] for seed in SEEDS]
low, high = accuracy(10, "relu", "He").min(), accuracy(10, "relu", "He").max()
print(f"live {np.median(live):.2f}, stored {low:.2f} to {high:.2f}")
assert low - 0.01 <= np.median(live) <= high + 0.01

# %% [markdown]
# ## 3. The popular table, row by row
#
# Article D's table says: *sigmoid, tanh, softmax: Xavier* (that is, Glorot); *ReLU, leaky ReLU, swish: He*. Articles A
# and C say the same of sigmoid, tanh and ReLU. Each row is a claim of its own: the recommended start suits (cost at
# most 0.05) with two hidden layers; counter-measurement: 30.
#
# **Predict.** Which rows hold for two layers? Which for 30?

# %%
TABLE = {"sigmoid": "Glorot", "tanh": "Glorot", "relu": "He", "leaky_relu": "He", "swish": "He"}
SOURCES = {"swish": "popular article D", "leaky_relu": "popular article D"}
CLAIMS = "10-sigmoid", "10-tanh", "10-relu", "10-leaky-relu", "10-swish"
costs = np.array([[np.median(cost(depth, unit, start)) for depth in (2, 10, 30)] for unit, start in TABLE.items()])
ax = plots.heat_map(costs.round(2) + 0.0, [f"{UNITS[unit]}: {start}" for unit, start in TABLE.items()], [2, 10, 30],
                    xlabel="hidden layers", ylabel="", label="accuracy lost, median",
                    ax=plt.figure(figsize=(6.5, 3)).subplots())
ax.set_title("The popular table is right for shallow nets")
for name, (unit, start) in zip(CLAIMS, TABLE.items(), strict=True):
    claim = claims.judge(name, source=SOURCES.get(unit, "popular articles A, C and D"),
                         statement=f"{start} suits {UNITS[unit]} (test accuracy lost against the best of six starts)",
                         measured=cost(2, unit, start), criterion=claims.at_most(0.05), condition="two hidden layers",
                         without=cost(30, unit, start), mode="stored",
                         headline=f"{start}'s weights suit {UNITS[unit]} layers")
    verdict(claim)

# %% [markdown]
# **What to see.** A cell has what the recommended start loses; 0.05 is the limit.
#
# **Verdicts.** With two layers all rows hold. With 30, *ReLU* still does, as He derived, and *leaky ReLU* in four of
# five runs: mixed. *Tanh* loses less than 0.05 in two runs: mixed. *Sigmoid* and *swish* fail: conditional.
# Glorot's weights let the sigmoid's gradient vanish (chapter 04); swish is like ReLU only for large signals (chapter
# 05).
#
# *Softmax: Xavier* is about the output layer. Its fans are 64 and 10, so Glorot's variance is $2/74$ and He's $2/64$:
# nearly the same. Criterion: with Xavier's weights in the output layer the net is at least 0.02 more accurate than with
# He's or *zeros*, whichever is better on the held-out images. (Zeros in one layer do no harm: the units below it
# differ.) Two hidden ReLU layers, He's weights, best of three rates.

# %%
held_out, test = {}, {}
for output in ("glorot_uniform", "he_normal", "zeros"):
    runs = np.array([[trained(2, rate, seed, activation="relu", init="he_normal", output_init=output)
                      for seed in SEEDS] for rate in (0.03, 0.01, 0.003)])
    medians = np.median(runs[:, :, 0], axis=1)
    held_out[output], test[output] = medians.max(), runs[medians.argmax(), :, 1]
    print(f"output layer {output}: {np.median(test[output]):.3f}")
other = max(("he_normal", "zeros"), key=held_out.get)
claim = claims.judge("10-softmax", source="popular article D", criterion=claims.at_least(0.02),
                     statement="softmax: Xavier (test accuracy, Xavier's output layer less the better of He's and "
                               "zeros)",
                     measured=(test["glorot_uniform"] - test[other]).round(3),
                     headline="The layer below the softmax needs Xavier's weights")
verdict(claim)

# %% [markdown]
# **Verdict.** The output layer does not need Xavier's weights.
#
# ## 4. Does the choice depend on the architecture?
#
# Article A says so. Is there *one* start among the five fixed rules that suits all activations? The sigmoid is left
# out, since none of the five trains it in ten layers. For each start take its largest cost over six activations, and of
# these five numbers the smallest. Criterion: it is at least 0.05, so no rule suits all; for ten hidden layers and for
# 30. Counter-measurement: two.
#
# A second test is about depth alone: for tanh, orthogonal weights gain at least 0.05 against Glorot's with 30 layers,
# and not with two.
#
# **Predict.** Which rule loses least with ten layers? With 30?

# %%
SIX = [unit for unit in UNITS if unit != "sigmoid"]
worst = {depth: {start: np.max([cost(depth, unit, start) for unit in SIX], axis=0) for start in STARTS}
         for depth in (2, 10, 30)}
NAMES = ("heuristic_uniform", "glorot_uniform", "lecun_normal", "orthogonal", "he_normal", "variance_scaling")
LOOKS = dict(zip(STARTS, map(plots.initializer_style, NAMES), strict=True))
ax = plt.figure(figsize=(7.5, 3.4)).subplots()
ax.axhspan(-0.03, 0.05, color="0.88")
for start in STARTS:
    ax.plot(range(3), [np.median(worst[depth][start]) for depth in (2, 10, 30)], label=start, **LOOKS[start])
ax.set(xlabel="hidden layers", xticks=range(3), xticklabels=[2, 10, 30], ylabel="largest cost of six activations",
       title="Two layers forgive any rule, thirty layers forgive none")
plots.label_lines(ax)
least = {depth: np.min([worst[depth][start] for start in FIXED], axis=0) for depth in worst}
for name, depth, words in (("10-architecture-10", 10, "ten"), ("10-architecture-30", 30, "30")):
    claim = claims.judge(name, source="popular article A", mode="stored",
                         statement="the choice depends on the activation: no single rule suits six of them (largest "
                                   "cost, of the rule that loses least)",
                         criterion=claims.at_least(0.05), measured=least[depth],
                         condition=f"{words} hidden layers, not two", without=least[2],
                         headline=f"With {words} hidden layers no single rule suits all activations")
    verdict(claim)
gain = {depth: (accuracy(depth, "tanh", "orthogonal") - accuracy(depth, "tanh", "Glorot")).round(3)
        for depth in (2, 30)}
claim = claims.judge("10-deep-tanh", source="Saxe, McClelland & Ganguli 2014", mode="stored", measured=gain[30],
                     statement="orthogonal weights are better for tanh (test accuracy, orthogonal less Glorot)",
                     criterion=claims.at_least(0.05), condition="30 hidden layers, not two", without=gain[2],
                     headline="Orthogonal weights suit a deep tanh net better than Glorot's")
verdict(claim)

# %% [markdown]
# **What to see.** Each line is one start. In the grey band it suits all six activations.
#
# **Verdicts.** *Ten layers*: refuted. He's weights suit all six activations, though derived for ReLU: too large does
# less harm here than too small. *30 layers*: conditional. He fails GELU and swish, every other fixed rule fails ReLU;
# with two layers one rule suits all. *Tanh*: mixed. Orthogonal weights gain in every run, in two less than 0.05.
#
# ## 5. Is the default good enough?
#
# Take ReLU, the most common activation.
#
# **Predict.** PyTorch's default has $\sigma_w^2 = 1/3$ and Keras's has 1, where ReLU needs 2. By which factor does a
# layer multiply the square of the difference between two images? How much of it do ten layers leave? Criterion as
# before: cost at most 0.05 with two hidden layers; counter-measurement 30.

# %%
ax = plt.figure(figsize=(7.5, 3.2)).subplots()
for start, name in (("He", "He"), ("Glorot", "Keras's default (Glorot)"), ("PyTorch", "PyTorch's default")):
    runs = np.array([accuracy(depth, "relu", start) for depth in (2, 10, 30)])
    middle = np.median(runs, axis=1)
    ax.errorbar(range(3), middle, [middle - runs.min(axis=1), runs.max(axis=1) - middle], capsize=3, **LOOKS[start])
    ax.plot(range(3), middle, label=name, **LOOKS[start])
ax.axhline(0.1, color="0.5", linestyle=":")
ax.set(xlabel="hidden layers", xticks=range(3), xticklabels=[2, 10, 30], ylabel="test accuracy", ylim=(0, 1),
       title="ReLU: the defaults stop at some depth")
plots.label_lines(ax)
for name, start, framework in (("10-default-pytorch", "PyTorch", "PyTorch"), ("10-default-keras", "Glorot", "Keras")):
    claim = claims.judge(name, source="popular articles A to D", mode="stored",
                         statement=f"{framework}'s default is good enough for ReLU layers (test accuracy lost, SGD)",
                         measured=cost(2, "relu", start), criterion=claims.at_most(0.05), condition="two hidden layers",
                         without=cost(30, "relu", start),
                         headline=f"For ReLU layers {framework}'s default start is enough")
    verdict(claim)

# %% [markdown]
# **What to see.** Markers are medians, bars the range over seeds; the dotted line is guessing.
#
# <details><summary>Answer</summary>
#
# On average ReLU passes at most half of the square, so a layer multiplies it by at most $\sigma_w^2/2$: 1/6 and 1/2.
# Ten layers leave at most $6^{-10} \approx 2\cdot 10^{-8}$ and $2^{-10} \approx 10^{-3}$. The gradient shrinks in the
# same way. (PyTorch's biases keep a signal alive, but the same for every image.)
#
# </details>
#
# **Verdicts.** Both defaults are enough for two layers, not for 30.
#
# ## 6. A better approximation?
#
# Article B says that good initialization *starts with a better approximation*. Criterion: before the first step a net
# with He's weights is at least 0.05 more accurate than a guess, on average over 20 nets of two hidden ReLU layers. To
# compare: N(0, 1) and zeros.
#
# **Predict.** Which of the three has the highest accuracy before training? And which has the lowest loss?

# %%
def before_training(init, seed):
    """(accuracy, loss) on the test images, means of 20 nets."""
    nets = [mn.mlp([64, 64, 64, 10], activation="relu", init=init, rng=100 * seed + k) for k in range(20)]
    found = [net.evaluate((x_test, y_test), losses.softmax_cross_entropy) for net in nets]
    return np.mean([f.accuracy for f in found]), np.mean([f.loss for f in found])


first = {name: np.array([before_training(init, seed) for seed in SEEDS]) for name, init in
         {"He": "he_normal", "N(0, 1)": initializers.normal(std=1.0), "zeros": "zeros"}.items()}
for name, found in first.items():
    print(f"{name:8} accuracy {found[:, 0].min():.3f} to {found[:, 0].max():.3f}, loss {np.median(found[:, 1]):.3g}")
claim = claims.judge("10-better-approximation", source="popular article B", criterion=claims.at_least(0.05),
                     statement="good initialization starts with a better approximation (test accuracy at step 0 above "
                               "a guess, mean of 20 nets, He)", measured=first["He"][:, 0] - 0.1,
                     headline="Good initialization starts with a better approximation")
verdict(claim)
claim = claims.judge("10-first-loss", source="lore", criterion=claims.at_most(0),
                     statement="the better start has the lower loss at step 0 (loss, He less zeros)",
                     measured=first["He"][:, 1] - first["zeros"][:, 1],
                     headline="The better start has the lower loss before training")
verdict(claim)

# %% [markdown]
# **Verdicts.** Before the first step the good start is no better: refuted, both.
#
# <details><summary>Answer</summary>
#
# None: all three guess. The accuracies of He and N(0, 1) are even *equal*, because both were drawn from the same random
# numbers: $\max(tz, 0) = t\max(z, 0)$ for $t > 0$, so without biases one net is the other times a number. The worst
# start has the lowest loss: zeros give $\ln 10$, the loss of a guess, and never learn (chapter 02).
#
# </details>
#
# ## 7. Does a good start avoid bad minima (article B)?
#
# Deep linear nets have no bad minima (chapter 06). ReLU nets have bad points: if all units of a layer
# are 0 for all images, the output does not depend on the image, and all weights have gradient 0. Such a net is
# **dead**, and stays so.
#
# **Predict.** A layer of $n$ ReLU units, He's weights, no biases. What is the probability that it is 0 for *one* given
# image? And that this happens somewhere in $L$ layers?
#
# <details><summary>Answer</summary>
#
# Each $z$ is negative with probability ½, independently, so a layer is 0 with probability $2^{-n}$, whatever enters.
# Somewhere in $L$ layers:
#
# $$P = 1 - (1 - 2^{-n})^L .$$
#
# For many images it is less, so $P$ is an upper bound for dead nets. For $n$ fixed and $L \to \infty$ it goes to 1;
# Lu, Shin, Su and Karniadakis (2020) prove the same for nets with biases.
#
# </details>
#
# Criterion: of 40 nets of 20 hidden layers with He's weights at most one is dead on 100 images. Width 64;
# counter-measurement: width 4. Five times 40 nets.

# %%
def depth_of_death(width, seed, most=50):
    """The first of `most` hidden layers that is 0 for all 100 images; most + 1 if none is."""
    rng, a = np.random.default_rng(seed), x[:100]
    for layer in range(1, most + 1):
        a = np.maximum(a @ initializers.he_normal(rng, (a.shape[1], width)), 0)
        if not a.any():
            return layer
    return most + 1


L, WIDTHS = np.arange(1, 51), {4: "-", 8: "--", 64: ":"}
deaths = {width: np.array([depth_of_death(width, seed) for seed in range(200)]) for width in WIDTHS}
ax = plt.figure(figsize=(7.5, 3.2)).subplots()
for width, line in WIDTHS.items():
    ax.plot(L, [np.mean(deaths[width] <= depth) for depth in L], "k", linestyle=line, label=f"width {width}")
    ax.plot(L, 1 - (1 - 2.0**-width) ** L, color="tab:orange", linestyle=line, linewidth=1)
ax.set(xlabel="hidden layers", ylabel="share of dead nets", title="He's weights do not save a narrow ReLU net")
ax.annotate("orange: the bound for one image", (12, 1 - (15 / 16) ** 12), (1, 0.85), arrowprops={"arrowstyle": "-"})
plots.label_lines(ax)
dead = {width: (deaths[width] <= 20).reshape(5, 40).mean(axis=1) for width in WIDTHS}
print("dead with 20 layers:", ", ".join(f"width {width} {share.mean():.1%}" for width, share in dead.items()))
claim = claims.judge("10-local-minima", source="popular article B", measured=dead[64], criterion=claims.at_most(1 / 40),
                     statement="good initialization avoids bad minima, in ReLU nets (share of dead nets among 40, 20 "
                               "hidden layers, He)", condition="width 64, not width 4", without=dead[4],
                     headline="He's weights keep a ReLU net from starting at a point where it cannot learn")
verdict(claim)

# %% [markdown]
# **What to see.** Black lines are 200 nets for each width.
#
# **Verdict.** Width decides: at 64 units the bound is below $10^{-17}$.
#
# ## 8. One page to keep
#
# Last, `theory.for_activation`. Criterion: its largest cost over six activations is at most 0.05, with ten layers and
# with 30.

# %%
for name, depth, words in (("10-for-activation-10", 10, "ten"), ("10-for-activation-30", 30, "30")):
    claim = claims.judge(name, source="theory.for_activation", mode="stored",
                         statement="the start computed from the activation's own formula suits it (largest cost of six "
                                   f"activations, {words} hidden layers)", criterion=claims.at_most(0.05),
                         measured=worst[depth]["for_activation"],
                         headline=f"With {words} hidden layers, the start computed from the activation suits it")
    verdict(claim)

# %% [markdown]
# **Verdicts.** Both are mixed. With ten layers leaky ReLU's lowest *median* error belongs to the largest rate; there
# one run diverges and another loses 0.19. With 30 layers one run is just over the limit.
#
# What to take (median cost at most 0.05):

# %%
def to_take(depth, unit):
    """The starts that suit; where only one or two do not, those."""
    suit = [start for start in STARTS if np.median(cost(depth, unit, start)) <= 0.05]
    others = [start for start in STARTS if start not in suit]
    return ("any" if not others else f"all but {', '.join(others)}" if len(others) < 3 else ", ".join(suit) or "none")


print(f"{'hidden layers':14}{2:<24}{10:<36}30")
for unit, name in UNITS.items():
    print(f"{name:14}{to_take(2, unit):24}{to_take(10, unit):36}{to_take(30, unit)}")

# %%
fig, axes = plt.subplots(3, 1, figsize=(7, 10.5), sharex=True)
for ax, depth in zip(axes, (2, 10, 30), strict=True):
    for (i, unit), (j, start) in ((u, v) for u in enumerate(UNITS) for v in enumerate(STARTS)):
        lost, best = np.median(cost(depth, unit, start)), start == best_start(depth, unit)
        reached = np.median(accuracy(depth, unit, best_start(depth, unit)))
        shown = "not\ntrained" if reached < 0.5 else f"{reached:.2f}" if best else f"{-lost:+.2f}".replace("-", "−")
        ax.add_patch(plt.Rectangle((j - 0.46, i - 0.44), 0.92, 0.88, facecolor=str(0.95 - min(max(lost, 0), 0.7)),
                                   edgecolor="tab:blue" if lost <= 0.05 else "none", linewidth=3 if best else 1.5,
                                   linestyle="-" if max(cost(depth, unit, start)) <= 0.05 else ":"))
        ax.text(j, i, shown.replace("−0.00", "0").replace("+0.00", "0"), ha="center", va="center",
                fontsize=8 if reached < 0.5 else 9.5, fontweight="bold" if best and reached >= 0.5 else "normal",
                color="w" if lost > 0.4 else "k")
    ax.set(xlim=(-0.55, 5.55), ylim=(6.55, -0.55), xticks=range(6), xticklabels=STARTS.values(), yticks=range(7),
           yticklabels=UNITS.values(), title=f"{depth} hidden layers")
    ax.tick_params(axis="x", labelsize=8)
    ax.grid(False)
_ = fig.suptitle("Take a framed start. Bold: accuracy of the best one. The others: difference from it.", fontsize=12)

# %% [markdown]
# **What to see.** Frames mark a median cost of at most 0.05, dotted if some run costs more; the thick one is the start
# that held-out images prefer. (For leaky ReLU with ten layers that is LeCun by its median, though two of its runs are
# not trained; all of He's are.) A difference of 0.02 is noise. In words:
#
# - *Two hidden layers*: take any; the sigmoid alone dislikes the large weights of `for_activation`.
# - *ReLU, leaky ReLU*: He, at any depth; the defaults fail once the net is deep.
# - *GELU, swish*: He for ten layers, `for_activation` beyond.
# - *tanh, SELU*: size 1; with 30 layers orthogonal.
# - *Sigmoid*: not in deep nets. Four times Glorot's weights (chapter 04) are not in the map; at the best of two rates:

# %%
four = partial(initializers.glorot_uniform, gain=4)
for depth in (2, 5, 10):
    runs = np.array([[trained(depth, rate, seed, activation="sigmoid", init=four) for seed in SEEDS]
                     for rate in (0.1, 0.03)])
    found = runs[np.median(runs[:, :, 0], axis=1).argmax(), :, 1]
    print(f"sigmoid, 4 × Glorot, {depth:2} hidden layers: accuracy {found.min():.2f} to {found.max():.2f}")

# %% [markdown]
# They train five layers, as in chapter 04; in ten most runs fail, and `for_activation` reads about half of the digits.
#
# This holds for plain nets and gradient descent, not for residual blocks, normalization or Adam (further part).
#
# ## Summary
#
# 1. Six names of starts are three sizes, $\sigma_w^2$ = 1/3, 1 and 2, and one rule that computes the size.
# 2. The popular table holds for two layers, where nearly any start does; with 30 it holds for ReLU, and for leaky ReLU
#    in four of five runs.
# 3. Framework defaults are too small for deep ReLU nets: a layer divides the squared difference between two images by
#    at least 6 (PyTorch) or 2 (Keras), and shrinks the gradient too.
# 4. A good start is no better approximation: it guesses, too. What it has is a gradient that reaches every layer.
# 5. A ReLU net of width $n$ and depth $L$ is dead with probability up to $1 - (1 - 2^{-n})^L$.

# %%
claims.summary()

# %% [markdown]
# ## Exercises
#
# Each is a notebook with hints and a check; `python -m chapters handout 10` leaves the solutions out.
#
# 1. **(10 min, pencil)** [Unequal fans](exercises/10_1_unequal_fans.ipynb). Which $\sigma_w^2$ has each start where the
#    fans differ?
# 2. **(25 min)** [What a choice costs](exercises/10_2_cost.ipynb). Write the rule of section 2.
# 3. **(20 min)** [Equal predictions](exercises/10_3_equal_predictions.ipynb). Which biases keep the predictions of
#    section 6 equal?
# 4. **(25 min)** [Break a network, and find the start](exercises/10_4_which_start.ipynb). Read it from the weights.
# 5. **(20 min)** [How wide is safe?](exercises/10_5_safe_width.ipynb) Turn the formula of section 7 round.
#
# **Where to go on.** [The further part](further/10_choosing.ipynb): the whole map with its ranges, what a start costs
# in epochs, the defaults with Adam, one gradient that tells which start will learn, what a dead net does. The theory of
# the sixth column is in [chapter 07](07_scaling.ipynb).
