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
# # Choosing an initializer, further
#
# What the chapter [Choosing an initializer](../10_choosing.ipynb) states in a sentence is measured here: the whole map
# with its range and its learning rates, the popular table at ten layers, how many epochs a start costs, what Adam makes
# of the defaults, what one gradient before training tells, and what a dead net does. Read the chapter first.
#
# The data are the 8 × 8 digits, every pixel standardized; of the training part rows 1029 and later are held out and
# choose the rate. Comparisons over seeds are read from stored results, which `python -m chapters --sweeps 10`
# computes again.

# %% jupyter={"source_hidden": true} tags=["hide-input"]
import matplotlib.pyplot as plt
import numpy as np

import minnet as mn
from minnet import activations, claims, datasets, initializers, losses, optimizers, plots, theory
from minnet.experiments.chapter import SEEDS, stored, style

style()
(x, y), (x_test, y_test) = datasets.standardized(datasets.digits())
sweep = stored("10_choosing")
UNITS = {"relu": activations.relu, "leaky_relu": activations.leaky_relu(), "gelu": activations.gelu,
         "swish": activations.swish(), "selu": activations.selu, "tanh": activations.tanh,
         "sigmoid": activations.sigmoid}
STARTS = ["PyTorch", "Glorot", "LeCun", "orthogonal", "He", "for_activation"]
cells = {key: rows.best("rate", by="held_out") for key, rows in sweep.by("depth", "activation", "start").items()}
depths = (2, 10, 30)


def accuracy(depth, unit, start):
    """Test accuracy for each seed, at the rate with the lowest median error on held-out training images."""
    return 1 - cells[depth, unit, start].array("test")


def best_start(depth, unit):
    """The start with the lowest median error on held-out training images."""
    return min(STARTS, key=lambda start: np.median(cells[depth, unit, start].array("held_out")))


def cost(depth, unit, start):
    """Test accuracy lost against the best start, or against 0.5 if that is more; a number for each seed."""
    best = np.maximum(accuracy(depth, unit, best_start(depth, unit)), 0.5)
    return (best - accuracy(depth, unit, start)).round(3)


# %% [markdown]
# ## 1. The whole map
#
# Medians and ranges of the test accuracy for all activations, starts and depths.

# %%
fig, axes = plt.subplots(1, 3, figsize=(13, 5.4), sharey=True)
for ax, depth in zip(axes, depths, strict=True):
    for k, unit in enumerate(UNITS):
        for j, start in enumerate(STARTS):
            found, place = accuracy(depth, unit, start), k + (j - 2.5) * 0.13
            name = {"PyTorch": "heuristic_uniform", "Glorot": "glorot_uniform", "LeCun": "lecun_normal",
                    "orthogonal": "orthogonal", "He": "he_normal", "for_activation": "variance_scaling"}[start]
            look = plots.initializer_style(name)
            ax.plot([found.min(), found.max()], [place, place], color=look["color"], linewidth=1)
            ax.plot(np.median(found), place, color=look["color"], marker=look["marker"], linestyle="",
                    label=start if k == 0 else None)
    ax.set(title=f"{depth} hidden layers", xlabel="test accuracy", xlim=(0, 1), yticks=range(len(UNITS)),
           yticklabels=list(UNITS))
axes[0].invert_yaxis()
fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=6, frameon=False)
_ = fig.suptitle("With depth the starts part: two layers forgive, thirty do not", fontsize=12)

# %% [markdown]
# **What to see.** A marker is the median over seeds, its line the range. Left, nearly all markers stand together.
#
# Was each start given a fair rate? The next cell counts, among the cells that end above one half, those whose best rate
# is the largest or the smallest of the grid. There a rate outside of the grid might have been better still.

# %%
learned = {key: rows for key, rows in cells.items() if np.median(rows.array("test")) < 0.5}
for depth in depths:
    rates = sorted({row["rate"] for row in sweep.where(depth=depth)})
    chosen = [rows[0]["rate"] for key, rows in learned.items() if key[0] == depth]
    print(f"{depth:2} hidden layers: {len(chosen)} of 42 cells learn; best rate "
          + ", ".join(f"{rate:g}: {chosen.count(rate)}" for rate in rates))

# %% [markdown]
# ## 2. The popular table at ten layers, with every start
#
# The chapter judges the table of article D with two hidden layers and with 30. Here is the depth between: for each
# activation the recommended start, its cost, and the start that was best.

# %%
TABLE = {"sigmoid": "Glorot", "tanh": "Glorot", "relu": "He", "leaky_relu": "He", "swish": "He"}
for depth in depths:
    print(f"{depth} hidden layers")
    for unit, start in TABLE.items():
        lost, best = cost(depth, unit, start), best_start(depth, unit)
        print(f"   {unit:10} {start:6} loses {np.median(lost):5.2f} ({lost.min():5.2f} to {lost.max():5.2f}); best: "
              f"{best}, {np.median(accuracy(depth, unit, best)):.2f}")

# %% [markdown]
# GELU is not in the table, though it is the activation of most transformers. A popular rule treats it like ReLU: *GELU:
# He*. Criterion as in the chapter: He's start costs at most 0.05 with two hidden layers; the counter-measurement is 30.

# %%
claims.judge("10-gelu", source="lore", statement="He suits GELU (test accuracy lost against the best of six starts)",
             measured=cost(2, "gelu", "He"), criterion=claims.at_most(0.05), condition="two hidden layers",
             without=cost(30, "gelu", "He"), mode="stored")

# %% [markdown]
# ## 3. What a start costs in epochs
#
# Article B: *good initialization converges faster*. Claim 05-faster judges it for ReLU. Here are the epochs until a net
# has 90% of its training digits right, for ten hidden layers, at the rate that was best for the accuracy.

# %%
epochs = np.array([[np.median([np.inf if row["epochs_to_90"] is None else row["epochs_to_90"]
                               for row in cells[10, unit, start]]) for start in STARTS] for unit in UNITS])
ax = plots.heat_map(epochs, list(UNITS), STARTS, xlabel="", ylabel="", label="epochs, median over seeds",
                    ax=plt.figure(figsize=(8.5, 3.9)).subplots())
_ = ax.set_title("Ten hidden layers: starts that are too small cost epochs, or never arrive")

# %% [markdown]
# **What to see.** Hatched cells (∞) did not arrive within the ten epochs of the sweep.
#
# ## 4. The default, with Adam
#
# The sweep trains with stochastic gradient descent. Most people use Adam, which divides every gradient by its own size
# (chapter 05). A common belief: *with Adam the default is good enough*. ReLU, ten hidden layers, each start at the best
# of three rates. Criterion: PyTorch's default ends at most 0.05 below He's start; the counter-measurement is the same
# difference with gradient descent.

# %%
def uniform_bias(rng, shape):
    return initializers.uniform(rng, shape, low=-1 / 8, high=1 / 8)                          # fan_in is 64 everywhere


DRAWS = {"PyTorch": (initializers.heuristic_uniform, uniform_bias), "He": (initializers.he_normal, initializers.zeros)}


def trained(start, rate, seed):
    """(held-out accuracy, test accuracy) of a ReLU net with ten hidden layers."""
    init, bias_init = DRAWS[start]
    net = mn.mlp([64, *[64] * 10, 10], activation="relu", init=init, bias_init=bias_init, rng=seed)
    mn.fit(net, (x[:1029], y[:1029]), loss=losses.softmax_cross_entropy, epochs=10, batch_size=32, rng=seed,
           optimizer=optimizers.Adam(rate), progress=False)
    return (net.predict(x[1029:]) == y[1029:]).mean(), (net.predict(x_test) == y_test).mean()


adam = {}
for start in DRAWS:
    runs = np.array([[trained(start, rate, seed) for seed in SEEDS] for rate in (0.01, 0.003, 0.001)])
    adam[start] = runs[np.median(runs[:, :, 0], axis=1).argmax(), :, 1]
    print(f"Adam, {start}: {np.median(adam[start]):.2f} ({adam[start].min():.2f} to {adam[start].max():.2f})")
claims.judge("10-adam", source="lore", criterion=claims.at_most(0.05), condition="Adam",
             statement="PyTorch's default is good enough for ReLU layers (test accuracy, He's less the default's, ten "
                       "hidden layers)", measured=(adam["He"] - adam["PyTorch"]).round(3),
             without=(accuracy(10, "relu", "He") - accuracy(10, "relu", "PyTorch")).round(3))

# %% [markdown]
# Adam puts back the size of the gradient, so the default learns, which it does not with gradient descent; but it ends
# below He's start.
#
# ## 5. One gradient tells
#
# A choice can be checked before any training: one forward and one backward pass. Take the layer whose $dW$ has the
# least rms. Where that is tiny, no rate that the other layers bear can move it. Criterion: among all pairs of a cell
# that learned in ten layers (median accuracy of at least 0.5) and one that did not, this least rms is larger in the one
# that learned, in at least 90% of the pairs.

# %%
def smallest_step(unit, init, bias_init, seed):
    """The least rms of dW over the layers, for 200 images, before training."""
    net = mn.mlp([64, *[64] * 10, 10], activation=unit, init=init, bias_init=bias_init, rng=seed)
    net.gradient(x[:200], y[:200], losses.softmax_cross_entropy)
    return min(float(np.sqrt(np.square(layer.dW, dtype=float).mean())) for layer in net.layers)


NAMES = {"Glorot": initializers.glorot_uniform, "LeCun": initializers.lecun_normal,
         "orthogonal": initializers.orthogonal}
DRAWS |= {start: (init, initializers.zeros) for start, init in NAMES.items()}
steps = {}
for name, unit in UNITS.items():
    found = theory.for_activation(unit, depth=11)
    for start, (init, bias_init) in (DRAWS | {"for_activation": (found.weights, found.bias)}).items():
        steps[name, start] = np.array([smallest_step(unit, init, bias_init, seed) for seed in SEEDS])
good = np.array([np.median(accuracy(10, *key)) >= 0.5 for key in steps])
size = np.array(list(steps.values()))                                                            # (cells, seeds)
pairs = (size[good][:, None] > size[~good][None]).mean(axis=(0, 1))
ax = plt.figure(figsize=(7.5, 3.4)).subplots()
ax.scatter(np.median(size, axis=1), [np.median(accuracy(10, *key)) for key in steps], s=28, edgecolors="k",
           facecolors="none")
ax.set(xscale="log", xlabel="rms of the smallest dW, before training", ylabel="test accuracy after training",
       title="A net whose gradient is tiny in one layer does not learn")
print(f"pairs in that order: {pairs.min():.0%} to {pairs.max():.0%}")
claims.judge("10-one-gradient", source="this chapter", criterion=claims.at_least(0.9), measured=pairs,
             statement="one gradient before training tells which nets will learn (share of pairs in the right order, "
                       "ten hidden layers)", mode="stored",
             headline="One gradient before training tells which start will learn")

# %% [markdown]
# **What to see.** Each circle is one cell of the map with ten hidden layers. Between nets that guess and nets that
# learn lie one or two powers of ten of the gradient.
#
# ## 6. What a dead net does
#
# The chapter counts nets whose units in one layer are 0 for all images. Four facts, as assertions. (a) For *one* image
# the share of dead nets is the formula $1 - (1 - 2^{-n})^L$, within four standard errors. (b) A dead net has gradient 0
# in all parameters but the biases of the output. (c) Training leaves all its other parameters as they are, and it gives
# all images the same answer. (d) A leaky ReLU has no zeros: none of its nets is dead.

# %%
def dead_net(seed, layers=20, activation="relu", images=100):
    net = mn.mlp([64, *[4] * layers, 10], activation=activation, init="he_normal", rng=seed)
    net.forward(x[:images])
    return net, not net.layers[-2].a.any()


share, expected = np.mean([dead_net(seed, images=1)[1] for seed in range(200)]), 1 - (15 / 16) ** 20
print(f"dead for one image: {share:.2f} measured, {expected:.2f} expected")
assert abs(share - expected) < 4 * np.sqrt(expected * (1 - expected) / 200)
net = next(net for net, dead in map(dead_net, range(200)) if dead)
net.gradient(x[:100], y[:100], losses.softmax_cross_entropy)
assert np.flatnonzero(net.grads).min() >= len(net.params) - 10                    # the output's biases are the last ten
before = net.params.copy()
mn.fit(net, (x[:100], y[:100]), loss=losses.softmax_cross_entropy, optimizer=optimizers.SGD(0.1), epochs=50,
       batch_size=100, rng=0, progress=False)
assert (net.params[:-10] == before[:-10]).all()
assert len(np.unique(net.predict(x[:100]))) == 1
assert not any(dead_net(seed, activation="leaky_relu")[1] for seed in range(50))

# %% [markdown]
# So this is no minimum with a valley around it: the loss is flat in every direction but ten. Gradient descent cannot
# leave, and a random step would have to be large. That is why the chapter says *a point where it cannot learn* rather
# than *local minimum*.
#
# ## The claims of this part

# %%
claims.summary()

# %% [markdown]
# ## Exercises
#
# Answers are in `chapters/answers/10_choosing.py`; 1 to 5 are in the chapter.
#
# 6. **(15 min)** How deep does a default reach? After how many ReLU layers is the signal a thousandth of what it was,
#    with PyTorch's weights, and with Keras's? Check by measuring (width 512). *Needs:* section 5 of the chapter.
# 7. **(10 min)** The factor √6. Multiply PyTorch's default weights by √6. Whose weights are these? Train ten layers.
# 8. **(20 min)** ELU is not in the map. What does `theory.for_activation` say about it, and by which of its rules?
#    Train ten layers. *Needs:* section 8 of the chapter.
