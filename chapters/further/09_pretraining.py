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
# # 2006, further
#
# What the chapter [2006: one layer at a time](../09_pretraining.ipynb) leaves out: how the filters of a layer look,
# what each layer of a stack learns, few labels, optimization against regularization, frozen features, the deep
# autoencoder of 2006, overfitting, and more on shuffled weights. Read the chapter first.
#
# Comparisons over five seeds are read from stored results, which `python -m chapters --sweeps 09` computes again. All
# nets have layers of 400 units. "Heuristic" is the rule that the chapter calls random weights, uniform between ±1/√n.
# One *point* is one percent of the 1,000 test images, ten images. An error of 5% has a standard error of 0.7 points.
#
# **How rates were chosen.** "The best rate" is the one of four with the lowest mean error of five runs *on the test
# images*. It should be chosen on training images that are kept aside; the stored runs have none. The choice favours
# every start, and most of all those whose errors vary much from run to run. Claims that depend on it carry the mark
# `post_hoc`. One claim is one setting: where several depths were run, it is about five layers if nothing else is said.

# %% jupyter={"source_hidden": true} tags=["hide-input"]
from functools import partial

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Markdown

import minnet as mn
from minnet import activations, claims, datasets, initializers, losses, optimizers, plots, pretraining, theory
from minnet.experiments.chapter import FAST, SEEDS, stored, style
from minnet.experiments.rows import Rows

style()
(x, y), test = datasets.mnist_5k()
codes = stored("09_codes")
runs = Rows(row | {"equal": row.get("equal", row["test_error"])}      # after equal work, see section 3
            for name in ("09_random", "09_pretrained") for row in stored(name))
BEST = "the rate, best of four, was chosen by the errors on the test images"


def error(net, part=test):
    """The share of wrong answers, in percent."""
    return 100 * float((net(part[0]).argmax(axis=1) != part[1]).mean())


def tuned(net, data, epochs, rng=0):
    """Supervised training: SGD at a rate of 0.1, batches of 20. Returns the History."""
    return mn.fit(net, data, loss=losses.softmax_cross_entropy, optimizer=optimizers.SGD(0.1), epochs=epochs,
                  batch_size=20, rng=rng, progress=False)


def sigmoid_net(depth, init, seed=0):
    return mn.mlp([784, *[400] * depth, 10], activation=activations.sigmoid, init=init, rng=seed)


def damage(rng, x):
    return pretraining.masking(rng, x, rate=0.25)


# %% [markdown]
# ## 1. What a layer learns
#
# Each column of W is a filter: of all images of one norm, the one proportional to it excites its unit most. Two
# autoencoders with the same initial weights: one trained on whole images, one on images that lose half of their pixels.

# %%
def layer_of(rate, epochs=1 if FAST else 5):
    model = pretraining.Autoencoder(784, 400, corruption=partial(pretraining.masking, rate=rate), rng=0)
    mn.fit(model, (x, x), loss=losses.sigmoid_cross_entropy, optimizer=optimizers.SGD(0.1), epochs=epochs,
           batch_size=20, rng=0, progress=False)
    return model


def strip(ax, images, title, **scale):
    """Images side by side, with their name on the left."""
    ax.imshow(np.hstack(images.reshape(-1, 28, 28)), **scale)
    ax.set_ylabel(title, rotation=0, ha="right", va="center")
    ax.set(xticks=[], yticks=[])
    ax.grid(False)


def smoothness(W):
    """Σ w w′/Σ w² of each filter, w′ the weight to the right of w: 0 for noise, near 1 for broad strokes."""
    images = W.T.reshape(-1, 28, 28)
    return (images[:, :, 1:] * images[:, :, :-1]).sum(axis=(1, 2)) / (images**2).sum(axis=(1, 2))


whole, half = layer_of(0), layer_of(0.5)
chosen = np.argsort(-np.linalg.norm(half.W, axis=0))[::40]                      # ten units, from strong to weak
fig, axes = plt.subplots(2, 1, figsize=(8, 2.1))
for ax, (name, model) in zip(axes, {"whole images": whole, "half masked": half}.items(), strict=True):
    strip(ax, model.W.T[chosen], name, cmap="gray", vmin=-0.8, vmax=0.8)
axes[0].set_title("The filters of ten units: damage makes them a little smoother")
smooth = [smoothness(model.W) for model in (whole, half)]
Markdown(f"The second layer's filters are smoother in {(smooth[1] > smooth[0]).mean():.0%} of the units: the mean "
         f"product of neighbouring weights, relative to their mean square, is {smooth[0].mean():.2f} and "
         f"{smooth[1].mean():.2f}.")

# %% [markdown]
# **What to see.** The same ten units on the same scale, black negative and white positive. The eye finds little
# difference. What differs is what the layers can do (claim *09-restores* in the chapter).
#
# ## 2. The stack, layer by layer
#
# `greedy_pretrain` trains one layer after the other and copies each W and b into the net. If inputs lie between 0 and
# 1, even a perfect answer p = x leaves a cross-entropy, the entropy of the inputs. We call it the *floor* and draw what
# lies above it.

# %%
net = sigmoid_net(3, initializers.glorot_uniform)
stack = pretraining.greedy_pretrain(net, x, optimizer=optimizers.SGD(0.1), epochs=2 if FAST else 10, batch_size=20,
                                    rng=0, corruption=damage, progress=False)


def cross_entropy(p, a):
    """Sum over the inputs a of a layer, mean over the images; least where p = a, but not 0."""
    p = p.clip(1e-7, 1 - 1e-7)
    return -float((a * np.log(p) + (1 - a) * np.log(1 - p)).sum(axis=1).mean())


floors, a = [], x
for layer in net.layers[:3]:
    floors.append(cross_entropy(a, a))
    a = layer(a)
ax = plots.learning_curves({f"layer {k}": np.array(history.loss) - floor for k, (history, floor) in
                            enumerate(zip(stack.histories, floors, strict=True), start=1)},
                           ylabel="cross-entropy above its floor")
ax.set(title="Each layer learns its task, one after the other", ylim=(0, None))
_ = plots.label_lines(ax)

# %% [markdown]
# **What to see.** Each curve is the training of one layer, while the others stand still. The layers have different
# inputs, so that the curves' heights cannot be compared with each other, only with their own beginning.
#
# Article C describes exactly this. Four of its statements can be judged.
#
# - *Each layer learns to encode the one below.* Criterion, for images not seen: above the floor, the cross-entropy is
#   at most half of what the best *constant* answer has, the mean of the training part, which needs no W. The worst of
#   three layers counts, for five nets with 1,000 images each.
# - *Only the current layer is optimized.* That is the definition of greedy training. Criterion: no parameter of another
#   layer moves meanwhile.
# - *Greedy training, instead of all layers jointly.* An autoencoder with the codes 200, 100 and 30, built greedily
#   from three layers, against the same autoencoder whose layers are trained together, from a random start and for as
#   many epochs. Criterion: on images not seen, the greedy one has at most 0.8 times the squared error. The condition is
#   that the joint one has sigmoid units drawn by Glorot; the counter-measurement is ReLU with He's weights.
# - *Zero initialization emerged to replace pre-training.* Who came after whom is not a matter for a run. Whether zeros
#   can replace it is. Criterion: from weights of 0 the net of five layers trains, to less than 85% errors. (Chapter 02
#   shows why it cannot: all units of a layer stay equal.)

# %%
def step_by_step(seed):
    """For each layer, cross-entropy above the floor relative to the best constant's; and what moved elsewhere."""
    net, stack, left, elsewhere = sigmoid_net(3, initializers.glorot_uniform, seed), None, [], 0
    part = x[np.random.default_rng(seed).permutation(len(x))[:1000]]
    a, unseen = part, test[0]
    for k in range(3):
        before, own = net.params.copy(), net.span(k)
        stack = pretraining.greedy_pretrain(net, part, layers=k + 1, stack=stack, corruption=damage, epochs=4,
                                            optimizer=optimizers.SGD(0.1), batch_size=20, rng=seed, progress=False)
        moved = net.params != before
        elsewhere += int(moved.sum() - moved[own].sum())
        answers = activations.sigmoid(stack.models[k](unseen)), np.broadcast_to(a.mean(axis=0), unseen.shape)
        restored, constant = (cross_entropy(p, unseen) - cross_entropy(unseen, unseen) for p in answers)
        left.append(restored / constant)
        a, unseen = net.layers[k](a), net.layers[k](unseen)
    return max(left), elsewhere


steps = [step_by_step(seed) for seed in SEEDS]
claims.judge("09-greedy", source="popular article C",
             statement="greedy pre-training: each layer learns to encode the one below (cross-entropy above its floor, "
                       "layer/best constant, the worst of three layers)",
             measured=[left for left, _ in steps], criterion=claims.at_most(0.5))

# %%
claims.judge("09-current-layer", source="popular article C", definition=True,
             statement="greedy: only the current layer is optimized (parameters of other layers that move)",
             measured=[moved for _, moved in steps], criterion=claims.at_most(0))

# %%
def restored(net):
    """Squared error of unseen images: sum over the pixels, mean over the images."""
    return float(np.square(activations.sigmoid(net(test[0])) - test[0]).sum(axis=1).mean())


def trained_by(seed, joint_starts):
    """Squared errors of an autoencoder of 500 images: built greedily, then trained jointly from each of the starts."""
    part = x[np.random.default_rng(seed).permutation(len(x))[:500]]
    how = {"optimizer": optimizers.Adam(0.001), "epochs": 10, "batch_size": 20, "rng": seed, "progress": False}
    encoder = mn.mlp([784, 200, 100, 30], activation=activations.sigmoid, init=initializers.glorot_uniform, rng=seed)
    nets = [pretraining.unrolled(encoder, pretraining.greedy_pretrain(encoder, part, layers=3, **how))]
    for unit, init in joint_starts:
        units = [(784, 200, unit), (200, 100, unit), (100, 30, "identity"),                      # a linear code
                 (30, 100, unit), (100, 200, unit), (200, 784, "identity")]
        nets.append(mn.Network([mn.Dense(n, m, f, init) for n, m, f in units], rng=seed))
        mn.fit(nets[-1], (part, part), loss=losses.sigmoid_cross_entropy, **how)
    return [restored(net) for net in nets]


STARTS = (activations.sigmoid, initializers.glorot_uniform), (activations.relu, initializers.he_normal)
greedy, *joint = np.transpose([trained_by(seed, STARTS) for seed in SEEDS])
claims.judge("09-greedy-or-joint", source="popular article C",
             statement="greedy training of a stack is better than training all layers jointly (squared error of unseen "
                       "images, greedy/joint)", measured=greedy / joint[0], criterion=claims.at_most(0.8),
             condition="the joint start is Glorot's, with sigmoid units", without=greedy / joint[1])

# %% [markdown]
# A greedy stack is better than a joint training that does not get started. Where the joint one has a start that suits
# its units, that advantage is gone. (One rate of Adam and ten epochs for all; the stored runs of section 6 have longer
# ones.)

# %%
zeros = [sigmoid_net(5, initializers.zeros) for _ in SEEDS]
for seed, one in enumerate(zeros):
    tuned(one, (x, y), 2, rng=seed)
claims.judge("09-zeros", source="popular article C",
             statement="zero initialization emerged to replace pre-training (test error, %, 5 layers from zeros)",
             measured=[error(one) for one in zeros], criterion=claims.at_most(85))

# %% [markdown]
# Hinton's own model of a layer was another, the restricted Boltzmann machine. Its units h are 0 or 1, drawn with the
# probabilities f(x W + b). From h an image x′ is drawn, and from x′ new units h′. Then W moves by xᵀh − x′ᵀh′: what the
# data show minus what the machine itself draws ("contrastive divergence").
# `greedy_pretrain(…, model=pretraining.BoltzmannMachine)` does that. Here "pretrained" always means denoising
# autoencoders, also where a claim is Hinton's.
#
# ## 3. Few labels
#
# Few labels are where pre-training should matter most, since it has learned from all 4,000 images before it sees the
# first label. One, three and five hidden layers, 500 labels (60 epochs) and 4,000 (20 epochs), SGD at a rate of 0.1.
# Seed 0 with three layers is also run here.

# %%
def labelled(count, seed):
    """`count` training examples, as many of each class."""
    rng = np.random.default_rng([seed, count])
    rows = np.concatenate([rng.permutation(np.flatnonzero(y == k))[:count // 10] for k in range(10)])
    return x[rows], y[rows]


def tried(start, labels, depth, column="equal"):
    """Percent errors of the stored runs: learning rate → (seeds,).

    Column "test_error": after the same fine-tuning; "equal": after the same work, pre-training counted, which makes no
    difference to a net that was pretrained.
    """
    return {rate: 100 * rows.array(column)
            for rate, rows in runs.where(start=start, labels=labels, depth=depth).by("rate").items()}


def best_rate(found):
    """The learning rate with the smallest mean error over the seeds, the smaller rate where two are alike."""
    return min(found, key=lambda rate: found[rate].mean())


def errors(start, *, labels, depth, rate=0.1, column="equal"):
    """The same at one learning rate, or at the best: (seeds,)."""
    found = tried(start, labels, depth, column)
    return found[best_rate(found) if rate == "best" else rate]


def points(start, other, **where):
    """By how many points a start's errors are above another's, of each seed; rounded to images, 0.1 points each."""
    return np.round(errors(start, **where) - errors(other, **where), 1)


LOOKS = {"heuristic, sigmoid": plots.initializer_style("heuristic_uniform"),
         "Glorot, sigmoid": plots.initializer_style("glorot_uniform"),
         "pretrained": {"color": "black", "linestyle": "-", "marker": "s"},
         "edge of chaos, sigmoid": plots.initializer_style(theory.critical(activations.sigmoid)[0]),
         "Glorot, tanh": plots.initializer_style("glorot_normal"), "He, ReLU": plots.initializer_style("he_normal"),
         "clean": {"color": "0.35", "linestyle": "--", "marker": "o"},
         "frozen": {"color": "0.6", "linestyle": ":", "marker": "^"}}


def compared(*starts, titles, ticks=(5, 10, 20, 50, 90), **kind):
    """Errors against depth, with 500 and with 4,000 labels: the median of the seeds, and their range."""
    _, axes = plt.subplots(1, 2, figsize=(11, 3.8), sharey=True)
    for ax, labels, title in zip(axes, (500, 4000), titles, strict=True):
        for k, start in enumerate(starts):
            values = np.stack([errors(start, labels=labels, depth=depth, **kind) for depth in (1, 3, 5)])
            place = np.array((1, 3, 5)) + 0.08 * k
            ax.plot(place, np.median(values, axis=1), label=start, markersize=5, **LOOKS[start])
            ax.vlines(place, values.min(axis=1), values.max(axis=1), color=LOOKS[start]["color"], linewidth=1)
        ax.set(title=title, xlabel="hidden layers", xticks=(1, 3, 5), yscale="log", yticks=ticks, yticklabels=ticks,
               ylim=(0.75 * ticks[0], 1.2 * ticks[-1]), ylabel="test error, %" + ", best rate" * (len(kind) == 1))
        ax.minorticks_off()
        plots.label_lines(ax)
    return axes


def lowest(*starts):
    """Mean errors after the same work, each with the rate at which it is lowest."""
    table = Rows()
    for start in starts:
        row = {"mean error, % (rate)": start}
        for depth in (1, 3, 5):
            for labels in (500, 4000):
                found = tried(start, labels, depth)
                alike = len({values.mean() for values in found.values()}) == 1
                rate = "any" if alike else f"{best_rate(found):g}"
                row[f"{depth} hidden, {labels:,} labels"] = f"{found[best_rate(found)].mean():.1f} ({rate})"
        table.append(row)
    return table


# %%
few = labelled(500, 0)
TUNED, LEVELS = (16, (0.6, 0.4)) if FAST else (60, (0.1, 0.07))
tuned(net, few, TUNED)
live, band = error(net), errors("pretrained", labels=500, depth=3)
if not FAST:
    assert band.min() - 1 <= live <= band.max() + 1, (live, band)          # 1 point: ten images
axes = compared("heuristic, sigmoid", "Glorot, sigmoid", "pretrained", column="test_error", rate=0.1,
                titles=("500 labels, rate 0.1: deeper is better\nonly after pre-training",
                        "4,000 labels, rate 0.1: the same"))
_ = axes[0].plot(3.3, live, "kx", markersize=9)
shallow = {labels: round(min(errors(start, labels=labels, depth=1, rate="best").mean()
                             for start in ("heuristic, sigmoid", "Glorot, sigmoid")), 2) for labels in (500, 4000)}
glorot, usual = (theory.MeanField(activations.sigmoid, scale) for scale in (1.0, 1 / 3))
Markdown("Glorot's weights, made for units of slope 1 such as tanh, have three times the heuristic's variance. For the "
         f"sigmoid that is χ = {glorot.chi(glorot.limit()):.3f} instead of {usual.chi(usual.limit()):.3f}.")

# %% [markdown]
# **What to see.** Lines are medians of five runs, vertical bars their range; the cross is the run of seed 0 made here.
# With Glorot's weights three layers train, five do not. Criterion for *trains well with few labels*: every pretrained
# net of five layers has at most as many errors as shallow nets from random weights on average, which get their best
# rate and the work of pre-training as further epochs.

# %%
claims.judge("09-few-labels", source="Hinton, Osindero & Teh 2006; Bengio and others 2007",
             statement="pretrained layer by layer, deep sigmoid nets train well with few labels too (test error, %, 5 "
                       "layers, 500 labels)",
             measured=errors("pretrained", labels=500, depth=5), criterion=claims.at_most(shallow[500]), mode="stored",
             post_hoc=f"the criterion: the shallow nets' {BEST.removeprefix('the ')}")

# %% [markdown]
# **Was it the learning rate?** The same nets at 0.1, 0.3, 1 and 3. Random starts get the arithmetic of pre-training as
# further epochs. (For each weight and example an autoencoder takes five products; a classifier takes three, in its
# first layer two.)

# %%
compared("heuristic, sigmoid", "Glorot, sigmoid", "pretrained", rate="best",
         titles=("500 labels, best rates: random starts\nstay behind", "4,000 labels, best rates: with three layers\n"
                 "they come close"))
lowest("heuristic, sigmoid", "Glorot, sigmoid", "pretrained")

# %%
def further_epochs(depth, labels):
    """Epochs of fine-tuning that take as many products as pre-training, ten epochs a layer of all images."""
    weights = np.array([784 * 400] + [400 * 400] * (depth - 1) + [400 * 10])
    return int(np.ceil(10 * 4000 * 5 * weights[:-1].sum() / (labels * (3 * weights.sum() - weights[0]))))


late = {column: errors("Glorot, sigmoid", labels=4000, depth=5, rate=1, column=column)
        for column in ("test_error", "equal")}
Markdown("Further epochs, for one, three and five hidden layers: " + "; ".join(
    f"{labels:,} labels " + ", ".join(str(further_epochs(depth, labels)) for depth in (1, 3, 5))
    for labels in (500, 4000))
    + ". Glorot's five layers with 4,000 labels at the rate 1, seed by seed: "
    f"{late['test_error'].min():.0f}% to {late['test_error'].max():.0f}% after 20 epochs, "
    f"{late['equal'].min():.0f}% to {late['equal'].max():.0f}% after the further ones.")

# %% [markdown]
# **What to see.** With three layers the trouble was the rate and the number of epochs. With labels for all images the
# random starts come within a few points of the pretrained nets; with 500 they stay far behind. Five layers with
# Glorot's weights and 4,000 labels stay at 90% for thousands of steps and then begin to train, at a rate of 1; not all
# get far before the epochs end. The heuristic's five do not move at any rate.
#
# So *deep sigmoid nets do not train* is true of five layers with the usual weights (*09-deep-fails* in the chapter),
# and of three layers only at a rate of 0.1 and with 20 epochs. This last is judged here: 85% errors or more.

# %%
claims.judge("09-three-layers", source="lore",
             statement="three layers drawn by the common heuristic do not train (test error, %, 4,000 labels)",
             measured=errors("heuristic, sigmoid", labels=4000, depth=3, column="test_error"),
             criterion=claims.at_least(85), condition="a learning rate of 0.1 and 20 epochs",
             without=errors("heuristic, sigmoid", labels=4000, depth=3, column="test_error", rate="best"),
             mode="stored", post_hoc=BEST)

# %% [markdown]
# ## 4. Optimization or regularization?
#
# Erhan and others (2010) asked what pre-training does. Does it find weights from which the training loss can be brought
# *down* (optimization)? Or weights from which the same training loss means fewer errors on new images
# (regularization)? One hidden layer tells, because there the random start trains as well: compare the nets *where they
# have the same training loss*. If pre-training were only a head start, a larger rate would make up for it.

# %%
def followed(net, rate, every=4 if FAST else 2):
    """(training loss, test error in percent) after every second epoch."""
    training = mn.train(net, few, loss=losses.softmax_cross_entropy, optimizer=optimizers.SGD(rate), epochs=TUNED,
                        batch_size=20, rng=0)
    return np.array([(losses.softmax_cross_entropy(net(few[0]), few[1])[0], error(net))
                     for k, _ in enumerate(training, start=1) if k % every == 0])


def at_loss(path, loss):
    """The test error at this training loss, interpolated in its logarithm."""
    return np.interp(-np.log(loss), -np.log(np.minimum.accumulate(path[:, 0])), path[:, 1])


first, paths = stack.models[0], {}                  # layer 1 of a stack does not depend on what is above it
for start in ("Glorot", "pretrained"):
    for rate in (0.1, 1):
        one = sigmoid_net(1, initializers.glorot_uniform)
        if start == "pretrained":
            one.layers[0].W, one.layers[0].b = first.W, first.b
        paths[f"{start}, rate {rate}"] = followed(one, rate)
fig, ax = plt.subplots(figsize=(7.5, 3.4))
for (name, path), mark in zip(paths.items(), ("o--", "^:", "s-", "D-."), strict=True):
    ax.plot(*path.T, mark, markersize=3, color="black" if "pretrained" in name else "tab:blue", label=name)
ax.set(xlabel="training loss (training goes to the right)", ylabel="test error, %", xscale="log", ylim=(10, 24),
       xlim=(1, 0.8 * min(path[-1, 0] for path in paths.values())),
       title="One hidden layer, 500 labels: fewer errors at the same training loss")
ax.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
ax.legend(loc="upper right")
assert all(path[-1, 0] <= min(LEVELS) for path in paths.values())
slow, larger, learned = (errors(start, labels=500, depth=1, rate=rate, column="test_error")
                         for start, rate in (("Glorot, sigmoid", 0.1), ("Glorot, sigmoid", 1), ("pretrained", 0.1)))
Markdown("Test errors where the training loss is " + "; ".join(
    f"{loss:g}: " + ", ".join(f"{at_loss(path, loss):.1f}% ({name})" for name, path in paths.items())
    for loss in LEVELS) + ". In five stored runs the larger rate makes up "
    f"{(slow - larger).mean() / (slow - learned).mean():.0%} of the mean distance between the random and the "
    f"pretrained start at 0.1. Further epochs at 0.1 change the random start's mean error from {slow.mean():.1f}% to "
    f"{errors('Glorot, sigmoid', labels=500, depth=1).mean():.1f}%.")

# %% [markdown]
# **What to see.** Compare heights at one place of the horizontal axis. Late in training (right) the pretrained nets
# have fewer errors at the same training loss, whichever of two rates either has: that is regularization. A larger rate
# makes up a part of the distance, but not by a lower training loss: further epochs bring it down too and change little.
# So large steps regularize as well.
#
# Two claims of that paper, after the same work, each start at its best rate:
#
# - *Better generalization*: the pretrained net makes fewer errors than Glorot's. Criterion: at least half a point for
#   every seed, one hidden layer; one claim for 500 labels and one for 4,000.
# - *Less variance*: errors depend less on the seed. The standard deviation over five seeds, pooled over one and three
#   layers and both numbers of labels (the root of the mean of four variances), pretrained against Glorot. So few seeds
#   can mislead. Hence the criterion is the value that two *equal* starts would stay below in one of twenty experiments;
#   the next cell simulates them. (A larger ratio refutes nothing: it may be chance.)

# %%
for id, labels in (("09-regularises", 500), ("09-regularises-many", 4000)):
    print(claims.judge(id, source="Erhan and others 2010", mode="stored", post_hoc=BEST,
                       statement="pretrained nets generalize better (points of error less than Glorot's weights, 1 "
                                 f"hidden layer, {labels:,} labels)", criterion=claims.at_least(0.5),
                       measured=points("Glorot, sigmoid", "pretrained", labels=labels, depth=1, rate="best")))

# %%
SETTINGS = ((1, 500), (1, 4000), (3, 500), (3, 4000))


def variances(start, rate="best"):
    """Of the errors over five seeds: (settings,)."""
    return np.array([errors(start, labels=labels, depth=depth, rate=rate).var() for depth, labels in SETTINGS])


def pooled(learned, random):
    """The ratio of pooled standard deviations; settings are the last axis."""
    return np.sqrt(learned.mean(axis=-1) / random.mean(axis=-1))


both = variances("pretrained"), variances("Glorot, sigmoid")
equal = np.sqrt(np.mean(both, axis=0))[:, None] * np.random.default_rng(0).standard_normal((2, 20_000, 4, 5))
alike, ratio = pooled(*equal.var(axis=3)), pooled(*both)
rare = round(float(np.quantile(alike, 0.05)), 2)
same_rate = {rate: pooled(variances("pretrained", rate), variances("Glorot, sigmoid", rate))
             for rate in (0.1, 0.3, 1, 3)}
Markdown(f"The ratio is {ratio:.2f}; two equal starts have less in {(alike < ratio).mean():.1%} of all experiments, "
         f"and less than {rare} in 5%. With one rate for both it would be "
         + ", ".join(f"{v:.2f} ({rate})" for rate, v in same_rate.items())
         + ". The claim is seen, if at all, where both have the same rate.")

# %%
claims.judge("09-variance", source="Erhan and others 2010",
             statement="pretrained nets depend less on the seed (standard deviation of the error, pretrained/random)",
             measured=ratio, criterion=claims.at_most(rare), refutable=False, mode="stored", post_hoc=BEST)

# %% [markdown]
# ## 5. Frozen or fine-tuned, denoising or copying?
#
# *Frozen*: only the classifier on top of the features is trained. *Clean*: the stack was pretrained on whole images.
# Criteria, each net at its best rate: frozen features cost at least one point in every run, five layers, on condition
# that all images have labels (500 are the counter-measurement); whole images cost at least 0.1 points for every seed,
# on average over three and five layers, with 4,000 labels.

# %%
compared("pretrained", "clean", "frozen", rate="best", ticks=(4, 5, 7, 10, 14),
         titles=("500 labels: fine-tuning adds little", "4,000 labels: fine-tuning pays"))
frozen = {labels: points("frozen", "pretrained", labels=labels, depth=5, rate="best") for labels in (500, 4000)}
clean = np.mean([points("clean", "pretrained", labels=4000, depth=depth, rate="best") for depth in (3, 5)], axis=0)
steep = {start: [float(v) for n in (500, 4000) for v in errors(start, labels=n, depth=5, rate=3)]
         for start in ("clean", "pretrained")}
Markdown("With five layers and a rate of 3, " + " and ".join(
    f"{sum(v > 50 for v in values)} of {len(values)} nets that started {start}" for start, values in steep.items())
    + " end with more than 50% errors.")

# %%
claims.judge("09-fine-tuning", source="popular article C",
             statement="the stack is fine-tuned afterwards, and has to be (points of error more without, 5 layers)",
             measured=frozen[4000], criterion=claims.at_least(1), condition="labels for all images",
             without=frozen[500], mode="stored", post_hoc=BEST)

# %%
claims.judge("09-denoising", source="Vincent and others 2010",
             statement="denoising makes better features than copying (points of error less, 4,000 labels, mean of 3 "
                       "and 5 layers)", measured=clean, criterion=claims.at_least(0.1), mode="stored", post_hoc=BEST)

# %% [markdown]
# **What to see.** With 500 labels most of what counts was learned without them, and freezing costs less than a point in
# most runs. With 4,000 labels every run loses more. What denoising adds to copying is clear with 500 labels; with 4,000
# it is less than five seeds can tell from chance. But denoising makes the deepest stack robust: at the largest rate
# most of the nets that learned from whole images are lost.
#
# ## 6. The deep autoencoder
#
# The figure that made the method famous (Hinton & Salakhutdinov 2006): put an image into a code of 30 numbers, compute
# it again from them, and compare with the best *linear* code of 30, principal components (PCA). *Unroll* the stack:
# after the three encoders come their decoders in reverse, 784-500-250-30-250-500-784. At first the whole computes what
# the layers have learned; then W and Wᵀ are trained as separate weights. The code is linear, numbers of any size, so it
# gets a tenth of the learning rate, and no noise, since 250 numbers do not fit into 30 anyway.

# %%
mean = x.mean(axis=0)
components = np.linalg.svd(x - mean, full_matrices=False)[2][:30]


def pca(images):
    """30 numbers and back; clipped, as the sigmoid of the deep net clips itself, which only makes PCA better."""
    return ((images - mean) @ components.T @ components + mean).clip(0, 1)


def squared_error(a, b):
    """Sum over the pixels, mean over the images."""
    return float(np.square(a - b).sum(axis=1).mean())


encoder = mn.mlp([784, 500, 250, 30], activation=activations.sigmoid, init=initializers.glorot_uniform, rng=0)
masked = partial(pretraining.masking, rate=0.1)
part = x[:2000] if FAST else x
layers = pretraining.greedy_pretrain(encoder, part, layers=3, epochs=1 if FAST else 4, batch_size=20, rng=0,
                                     optimizer=[optimizers.SGD(0.1), optimizers.SGD(0.1), optimizers.SGD(0.01)],
                                     corruption=[masked, masked, None], progress=False)
deep = pretraining.unrolled(encoder, layers)
before = squared_error(activations.sigmoid(deep(test[0])), test[0])
_ = mn.fit(deep, (part, part), loss=losses.sigmoid_cross_entropy, optimizer=optimizers.Adam(), epochs=1 if FAST else 3,
           batch_size=20, rng=0, progress=False)

# %%
fig, axes = plt.subplots(3, 1, figsize=(8, 2.9))
shown_images = test[0][::97][:10]
for ax, (name, images) in zip(axes, {"image": shown_images, "deep, code of 30": activations.sigmoid(deep(shown_images)),
                                     "PCA, code of 30": pca(shown_images)}.items(), strict=True):
    strip(ax, images, name, cmap="gray_r", vmin=0, vmax=1)
axes[0].set_title("30 numbers for each image: the deep code restores it better")
Markdown(f"Squared error on images not seen: PCA {squared_error(pca(test[0]), test[0]):.1f}, the stack as it was "
         f"pretrained {before:.1f}, fine-tuned {squared_error(activations.sigmoid(deep(test[0])), test[0]):.1f}. This "
         "is a short run; the stored ones, which are judged, pretrain and fine-tune for ten epochs: "
         f"{codes.where(start='pretrained, sigmoid').array('test').mean():.1f} on average.")

# %% [markdown]
# **What to see.** PCA adds and subtracts images, which leaves grey shadows beside the strokes. The deep code has fewer
# of them.
#
# The paper has 3.00 for the deep autoencoder and 13.87 for PCA, with a larger net and all 60,000 images. Criterion: the
# ratio of the two is at most 0.8 for every seed. Then the same architecture from a random start, with the work of
# pre-training added to its epochs, and the better of two rates of Adam, 0.001 and 0.003; criterion for *it does not
# train well*: every seed is worse than PCA. Condition: sigmoid units, drawn by Glorot; the counter-measurement is ReLU
# with He's weights.

# %%
linear = squared_error(pca(test[0]), test[0])


def relative(start, rate=0.001):
    """Squared error of unseen images over that of PCA: (seeds,)."""
    return codes.where(start=start, rate=rate).array("test") / linear


claims.judge("09-pca", source="Hinton & Salakhutdinov 2006",
             statement="with a code of 30 a deep autoencoder beats PCA (squared error of unseen images, deep/PCA)",
             paper=round(3.00 / 13.87, 2), measured=relative("pretrained, sigmoid"), criterion=claims.at_most(0.8),
             mode="stored")

# %%
random = min((relative("Glorot, sigmoid", rate) for rate in (0.001, 0.003)), key=np.mean)
claims.judge("09-deep-autoencoder-needs-it", source="Hinton & Salakhutdinov 2006",
             statement="without pre-training deep autoencoders do not train well (squared error, random/PCA)",
             measured=random, criterion=claims.at_least(1), condition="sigmoid units, drawn by Glorot",
             without=relative("He, ReLU"), mode="stored",
             post_hoc="the random start's rate, the better of two, was chosen by the errors on the test images")

# %% [markdown]
# ## 7. Then and now
#
# Three other starts without pre-training, but with all of its arithmetic as further epochs: tanh units with Glorot's
# weights (2010), ReLU with He's (2015), and sigmoid units at the edge of chaos (the output layer keeps an ordinary
# size). Sigmoid units have the best rate of 0.1, 0.3, 1 and 3, the two others of 0.03, 0.1, 0.3 and 1.

# %%
modern = ("edge of chaos, sigmoid", "Glorot, tanh", "He, ReLU")
compared("pretrained", *modern, rate="best", ticks=(4, 5, 7, 10, 14, 20),
         titles=("500 labels: no random start comes close", "4,000 labels: ReLU is within a point or so"))
lowest("pretrained", *modern)

# %%
def lost(start, rate):
    """How many of the runs with three and five layers end at 85% errors or more."""
    found = [tried(start, labels, depth).get(rate, np.array([])) for labels in (500, 4000) for depth in (3, 5)]
    return f"{sum(int((v >= 85).sum()) for v in found)} of {sum(len(v) for v in found)}" if len(found[0]) else "not run"


Rows({"runs that end at 85% errors or more": start} | {f"rate {rate:g}": lost(start, rate)
                                                       for rate in (0.03, 0.1, 0.3, 1, 3)}
     for start in ("pretrained", *modern))

# %% [markdown]
# **What to see.** The chapter's picture with one more start, and with the range of five runs. The table says how many
# of the runs with three and five layers are lost. At the largest rate the random starts are lost more often, so that
# they have fewer rates to choose from.
#
# **Overfitting.** Article C: *random weights are prone to overfitting*. Naive random weights (the heuristic) against
# scaled ones (edge of chaos): sigmoid units, three layers, 500 labels. Overfitting is a gap between training and test
# error, so we compare at the rate 1, the only one of four at which both nets end without a single error on their 500
# training images, in all runs. Then the test error *is* the gap. Criterion: naive weights have at least 2 points more,
# for every seed. The condition is three layers; the counter-measurement is one layer, at the same rate.

# %%
def gap(start, depth):
    """Test error minus training error in points, after the same work, at the rate 1."""
    rows = runs.where(start=start, labels=500, depth=depth, rate=1)
    assert not rows.array("equal_train").any()
    return 100 * (rows.array("equal") - rows.array("equal_train"))


naive = {depth: np.round(gap("heuristic, sigmoid", depth) - gap("edge of chaos, sigmoid", depth), 1)
         for depth in (1, 3)}
claims.judge("09-overfitting", source="popular article C",
             statement="naive random weights are prone to overfitting (gap between training and test error, points "
                       "more than with scaled weights, 500 labels)",
             measured=naive[3], criterion=claims.at_least(2), condition="three layers", without=naive[1],
             mode="stored", post_hoc="the rate: the only one of four at which both nets have no training errors")

# %%
at_best = points("heuristic, sigmoid", "edge of chaos, sigmoid", labels=500, depth=3, rate="best")
ahead = {start: points(start, "pretrained", labels=500, depth=5, rate="best") for start in modern}
Markdown(f"With the best rate for each the naive weights are {at_best.min():.1f} to {at_best.max():.1f} points behind "
         "the scaled ones with three layers. Against *pretrained* nets of five layers all random starts are behind, by "
         + "; ".join(f"{v.min():.1f} to {v.max():.1f} points ({start})" for start, v in ahead.items())
         + ". Part of what they lack is data: the pretrained nets have seen eight times as many images.")

# %% [markdown]
# ## 8. Size, or content?
#
# The chapter shuffles the entries of each W and of each b: values stay, what was learned is gone. Here at four rates
# and three depths. "Normal" are Gaussian weights with the variance of each W, and b = 0. All have 60 epochs, 500
# labels.

# %%
starts = ("pretrained", "shuffled", "normal", "Glorot, sigmoid", "heuristic, sigmoid")


def cell(start, rate):
    rows = runs.where(start=start, rate=rate, labels=500, depth=3)
    return f"{100 * rows.array('test_error').mean():.1f}% ({rows.array('train_loss').mean():.3f})"


Rows({"test error (training loss), 3 layers": f"rate {rate:g}"} | {start: cell(start, rate) for start in starts}
     for rate in (0.1, 0.3, 1, 3))

# %%
def both_rates(start, depth):
    found = tried(start, 500, depth, "test_error")
    return f"{found[0.1].mean():.1f} / {found[best_rate(found)].mean():.1f}"


Rows({"mean test error, %, rate 0.1 / best": f"{depth} hidden layers"} | {start: both_rates(start, depth)
                                                                          for start in starts} for depth in (1, 3, 5))

# %%
scale = [float(len(model.W) * model.W.var()) for model in stack.models]
Markdown("n Var[W] of the stack of section 2, layer by layer: " + ", ".join(f"{one:.1f}" for one in scale)
         + " (the heuristic has 0.33). Random weights of these sizes with b = 0 have χ = "
         + ", ".join(f"{field.chi(field.limit()):.2f}" for field in
                     (theory.MeanField(activations.sigmoid, one) for one in scale)) + ".")

# %% [markdown]
# With three layers at a rate of 0.1, the size alone takes a net from 90% to where shallow nets are. Larger rates help
# small weights too, but they bring shuffled ones only part of the way to the pretrained net, at training losses near 0:
# the rest is content. With one layer, where everything trains, normal weights of this size bring next to nothing, and
# shuffled ones a part of a small advantage. With five, shuffled weights hardly train at 0.1, and normal ones of the
# same variance do: not every draw of a size is alike. (Shuffling keeps the values of b and the mean of W. Which of them
# it is, and why normal weights do not bear a rate of 3, was not looked into.)
#
# **Where this breaks.** One data set, small; one width. The best of four rates was chosen by the test error; where it
# is the first or the last of them, one beyond might be better still. A run that diverges in its further epochs is lost,
# even if it was good before. Pre-training itself had one rate, one number of epochs, one amount of noise; of the deep
# autoencoders only Glorot's had two rates. Equal work counts the products of training, not those that encode the images
# for the next layer, one or two in a hundred. Glorot's five layers might go on with more epochs. Dropout and weight
# decay, which regularize too, were not tried.
#
# ## Exercises
#
# Answers are in `chapters/answers/09_pretraining.py`; 1 to 5 are in the chapter.
#
# 6. **(15 min)** Untied weights. Train an autoencoder with `tied=False`. How close does the decoder come to $W^\top$ by
#    itself, by the correlation of their entries?
# 7. **(20 min)** A code of two units. Pretrain 784-500-250-2 (`pretraining.unrolled` makes an autoencoder of the
#    stack) and plot the codes of the test images, marked by class. How well does a nearest-neighbour rule do on two
#    numbers?
# 8. **(30 min)** The wrong loss. Pretrain tanh layers with the cross-entropy for layer 2. What does the library say,
#    and why is it right? Which loss does it choose by itself?
# 9. **(45 min)** Depth without data. Replace pre-training by rescaling: orthogonal weights, each layer divided by the
#    standard deviation of its $z$ (`pretraining.lsuv`). Which part of the gain does that explain at five layers?
