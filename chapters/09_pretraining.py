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
# # 2006
#
# **The question.** Before 2006 fully connected networks with many hidden layers were seldom trained with success: from
# random weights, gradient descent often ended worse than with one or two. Then Hinton, Osindero and Teh (2006), Hinton
# and Salakhutdinov (2006) and Bengio and others (2007) learned one layer at a time, without labels, and fine-tuned the
# whole afterwards. What was wrong before, what did the trick do, and would it have been needed?
#
# **What you need.** The backward pass (chapter 01). The data are 4,000 images for training and 1,000 for testing from
# MNIST, pixels in [0, 1] (mean 0.13). All code runs in under a minute on one core; what takes longer, five seeds of
# every comparison, is read from stored results, which `python -m chapters --sweeps 09` computes again.
#
# **How exact is it?** A test error of 5% on 1,000 images has a standard error of 0.7%, from the choice of images alone.
# All nets here are tested on the same images, so that their *differences* are known better than that, but differences
# of a few tenths of a percent say little about other images. "Five seeds" does not cover this.
#
# Where it says **Predict**, stop and write an answer down before you read on. Numbers in the text are computed by the
# cell that prints them.

# %%
import os
from functools import partial
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Markdown

import minnet as mn
from minnet import activations, claims, datasets, initializers, losses, optimizers, plots, pretraining, sweeps, theory

FAST = os.environ.get("MINNET_FAST") == "1"
plt.rcParams.update({"figure.figsize": (7.5, 3.2), "figure.constrained_layout.use": True, "axes.grid": True,
                     "grid.alpha": 0.3, "legend.framealpha": 0.9, "font.size": 9})

mnist = datasets.mnist_5k()
(x, y), test = mnist.train, mnist.test
RESULTS = Path(mn.__file__).parents[1] / "chapters" / "results"
stored = sweeps.read(RESULTS / "09_pretraining.jsonl")
codes = sweeps.read(RESULTS / "09_codes.jsonl")


def error(net, part=test):
    """The share of wrong answers, in percent."""
    return 100 * float((net(part[0]).argmax(axis=1) != part[1]).mean())


def tuned(net, data, epochs, *, seed=0, span=None):
    """Supervised training, the same for every net: SGD at a rate of 0.1, batches of 20. Returns the History."""
    return mn.fit(net, data, loss=losses.softmax_cross_entropy, optimizer=optimizers.SGD(0.1), epochs=epochs,
                  batch_size=20, rng=seed, span=span, progress=False)


def sigmoid_net(depth, init, seed=0):
    return mn.mlp([784, *[400] * depth, 10], activation=activations.sigmoid, init=init, rng=seed)


# %% [markdown]
# ## 1. The patient
#
# Sigmoid layers of 400 units, drawn as everyone drew them: U(±1/√fan_in), the "commonly used heuristic" (Glorot &
# Bengio 2010, eq. 1). One net has one hidden layer, the other five.
#
# **Predict.** The shallow net soon makes few errors. The deep one: 10%, 20%, 50%, 90%?

# %%
shallow, deep = sigmoid_net(1, initializers.heuristic_uniform), sigmoid_net(5, initializers.heuristic_uniform)
EPOCHS = 2 if FAST else 4
histories = {"1 hidden layer": tuned(shallow, (x, y), EPOCHS), "5 hidden layers": tuned(deep, (x, y), EPOCHS)}
ax = plots.learning_curves(histories, ylabel="training loss")
ax.axhline(np.log(10), color="black", linewidth=0.8, linestyle=":")
ax.annotate("ln 10: every class alike", (1, np.log(10)), (0, -11), textcoords="offset points", fontsize=8)
Markdown(f"Errors: {error(shallow):.1f}% with one hidden layer, {error(deep):.1f}% with five.")

# %% [markdown]
# The deep net answers the same whatever it is shown. Mean-field theory says why. Going back, the variance of the
# gradient is multiplied in each layer by χ = σ_w² E[f′(√q z)²], with σ_w² = fan_in · Var[W] and q the variance of z.
# The heuristic has σ_w² = 1/3, and the sigmoid's slope is at most 1/4:

# %%
field = theory.MeanField(activations.sigmoid, 1 / 3)
chi = field.chi(field.limit())
predicted = theory.predict(sigmoid_net(5, initializers.heuristic_uniform), x)
net = sigmoid_net(5, initializers.heuristic_uniform)
net.gradient(x[:300], y[:300], losses.softmax_cross_entropy)
measured = np.array([(layer.delta.astype(float) ** 2).mean() for layer in net.layers])
plots.depth_profile(measured / measured[-1], predicted=predicted.delta.square, ylabel="mean δ², relative to the output")
Markdown(f"χ = {chi:.4f}: in each hidden layer the gradient's variance falls to a {1 / chi:.0f}th. From layer 5 to "
         f"layer 1 that is four times, χ⁴ = {chi**4:.1e}. The step from the output to layer 5 has a factor of its own: "
         f"only 10 units send back, through weights made for 400 inputs, 10/400 · χ = {chi / 40:.1e}. The product of "
         f"all five is {chi**5 / 40:.1e}; measured {measured[0] / measured[-1]:.1e} (theory for this very net: "
         f"{predicted.delta.square[0]:.1e}).")

# %% [markdown]
# The forward pass is no better: χ is also the factor by which the *differences* between two images shrink, so that
# layer 5 sees the same vector for all of them. Nothing to tell apart, and no message about how to.

# %% [markdown]
# ## 2. An autoencoder, by hand
#
# The cure of 2006 asks less: learn one layer whose code h = f(x W + b) still contains x. How do we know that it does?
# Decode it, z = h Wᵀ + c with the same W turned round (*tied* weights), and compare σ(z) with x. For pixels in [0, 1]
# the cross-entropy serves, summed over pixels and averaged over images, so that ∂C/∂z = (σ(z) − x)/n.
#
# **The derivation.** W occurs twice. As the decoder it gets what any layer gets, inputs times deltas; z = h Wᵀ, so
# dWᵀ = hᵀ dz, that is dW = dzᵀ h. As the encoder it gets xᵀ δ with δ = (dz W) ⊙ f′. The gradient is the sum:
#
# dW = xᵀ δ + dzᵀ h,    db = Σ δ,    dc = Σ dz.
#
# **In code**, with a damaged x̃ going in and the clean x as the target. That is *denoising* (Vincent and others 2010):
# a copy machine would fail, so the layer has to learn what pixels go together.

# %%
def by_hand(W, b, c, damaged, clean):
    """The gradient of the tied denoising autoencoder, line by line."""
    h = 1 / (1 + np.exp(-(damaged @ W + b)))
    p = 1 / (1 + np.exp(-(h @ W.T + c)))
    dz = (p - clean) / len(clean)
    delta = (dz @ W) * h * (1 - h)
    return {"W": damaged.T @ delta + dz.T @ h, "b": delta.sum(axis=0), "c": dz.sum(axis=0)}


def damage(rng, x):
    return pretraining.masking(rng, x, rate=0.25)


model = pretraining.Autoencoder(784, 400, corruption=damage, rng=0, dtype=np.float64)
images = x[:20].astype(float)
model.gradient(images, images, losses.sigmoid_cross_entropy, rng=1)
mine = by_hand(model.W, model.b, model.c, damage(np.random.default_rng(1), images), images)
for name, gradient in mine.items():
    np.testing.assert_allclose(getattr(model, f"d{name}"), gradient, rtol=1e-10, atol=1e-14)
Markdown("The library's `Autoencoder` computes the same gradient, to rounding.")

# %% [markdown]
# ## 3. What a layer learns
#
# Each column of W is a filter: of all images of one norm, the one proportional to it excites its unit most. Three
# autoencoders, whose inputs were left alone, or lost a quarter, or half of their pixels in training.
#
# **Predict.** Which of the three has filters that look like parts of digits?

# %%
def layer_of(rate, epochs=1 if FAST else 4):
    corruption = partial(pretraining.masking, rate=rate) if rate else None
    model = pretraining.Autoencoder(784, 400, corruption=corruption, init=initializers.glorot_uniform, rng=0)
    mn.fit(model, (x, x), loss=losses.sigmoid_cross_entropy, optimizer=optimizers.SGD(0.1), epochs=epochs,
           batch_size=20, rng=0, progress=False)
    return model


layers = {rate: layer_of(rate) for rate in (0, 0.25, 0.5)}
fig, axes = plt.subplots(1, 3, figsize=(9, 3.3))
for ax, (rate, model) in zip(axes, layers.items(), strict=True):
    plots.weight_images(model.W, (28, 28), count=25, ax=ax)
    ax.set(title=f"{rate:.0%} of the pixels masked" if rate else "clean inputs", xlabel="")

# %%
def smoothness(W):
    """Σ w w′/Σ w², w′ the weight to the right of w, over all filters: 0 for noise, near 1 for broad strokes."""
    images = W.T.reshape(-1, 28, 28)
    return float((images[:, :, 1:] * images[:, :, :-1]).sum() / (images**2).sum())


Markdown("Clean, a quarter, half masked. Products of neighbouring weights, relative to their squares: "
         + ", ".join(f"{smoothness(model.W):.2f}" for model in layers.values())
         + ". To fill in what is missing, a unit has to know which pixels go together, and filters become smoother.")

# %% [markdown]
# ## 4. The stack, layer by layer
#
# *Greedy*: layer 1 learns to encode images; then it is frozen, all images are encoded once, and layer 2 learns to
# encode the codes; and so on. No label is used, and at no time is more than one layer trained. `greedy_pretrain` does
# that and copies each W and b into the net.

# %%
net = sigmoid_net(3, initializers.glorot_uniform)
stack = pretraining.greedy_pretrain(net, x, optimizer=optimizers.SGD(0.1), epochs=2 if FAST else 10, batch_size=20,
                                    rng=0, corruption=damage, progress=False)
first = stack.models[0]
fig, axes = plt.subplots(1, 3, figsize=(9, 2.6))
for k, (ax, history) in enumerate(zip(axes, stack.histories, strict=True), start=1):
    plots.learning_curves({"loss": history}, ylabel="cross-entropy of an input", ax=ax)
    ax.set(title=f"layer {k}", ylabel=ax.get_ylabel() if k == 1 else "")
    ax.get_legend().remove()
Markdown("From the first epoch to the last, each layer's loss falls to "
         + ", ".join(f"{history.loss[-1] / history.loss[0]:.0%}" for history in stack.histories) + ".")

# %% [markdown]
# Article C describes exactly this. Criteria: in each layer the last epoch's loss is at most 0.95 of the first's; and
# while a layer learns, no other layer of the net moves. Five nets say so, on 500 images each. Layer by layer: `stack=`
# goes on where the call before stopped, with the same result as one call, and in between there is time to look.

# %%
def step_by_step(seed):
    """The worst layer's loss, last epoch/first; and the share of the other layers that stay while a layer learns."""
    net, stack, still = sigmoid_net(3, initializers.glorot_uniform, seed), None, []
    for k in range(3):
        before = [layer.W.copy() for layer in net.layers]
        stack = pretraining.greedy_pretrain(net, x[seed::8], layers=k + 1, stack=stack, corruption=damage,
                                            optimizer=optimizers.SGD(0.1), epochs=4 if FAST else 5, batch_size=20,
                                            rng=seed, progress=False)
        moved = [bool((layer.W != W).any()) for layer, W in zip(net.layers, before, strict=True)]
        assert moved.pop(k)
        still += [not other for other in moved]
    return max(history.loss[-1] / history.loss[0] for history in stack.histories), np.mean(still)


falls, alone = np.transpose([step_by_step(seed) for seed in range(5)])
claims.judge("09-greedy", source="popular article C",
             statement="greedy pre-training: each layer learns to encode the one below (loss of the worst of three "
                       "layers, last epoch/first)",
             measured=falls, criterion=claims.at_most(0.95))

# %%
claims.judge("09-one-at-a-time", source="popular article C",
             statement="only the current layer is optimized (share of the other layers that do not move meanwhile)",
             measured=alone, criterion=claims.at_least(1))

# %% [markdown]
# Hinton's own route to the same end was another model of a layer, the restricted Boltzmann machine: binary units,
# learned by comparing the data with what the machine makes of it ("contrastive divergence"). It is an alternative for
# `greedy_pretrain`; its filters, after the same number of epochs:

# %%
machine = pretraining.BoltzmannMachine(784, 400, rng=0)
mn.fit(machine, (x, x), loss=losses.sigmoid_cross_entropy, optimizer=optimizers.SGD(0.1), epochs=1 if FAST else 4,
       batch_size=20, rng=0, progress=False)
ax = plots.weight_images(machine.W, (28, 28), count=25)
ax.set_title("filters of a Boltzmann machine")
Markdown("Strokes and whole digits, light where a pixel speaks for the unit and dark where it speaks against it. "
         f"Products of neighbouring weights, relative to their squares: {smoothness(machine.W):.2f}, more than in any "
         "of the three autoencoders, though nothing was masked: smooth filters alone are no sign of denoising.")

# %% [markdown]
# ## 5. The cure
#
# Fine-tuning: a classifier on top, and ordinary training of everything. Few labels are where pre-training should
# matter most, since it has learned from all 4,000 images before it sees the first label. Here is seed 0 with 500
# labels and three hidden layers, live. From here on "pretrained" means denoising autoencoders, also where a claim is
# Hinton's, whose layers were Boltzmann machines.

# %%
def labelled(count, seed):
    """`count` training examples, as many of each class."""
    rng = np.random.default_rng([seed, count])
    rows = np.concatenate([rng.permutation(np.flatnonzero(y == k))[:count // 10] for k in range(10)])
    return x[rows], y[rows]


few = labelled(500, 0)
TUNED, LEVELS = (20, (0.3, 0.2)) if FAST else (60, (0.2, 0.1))
helpless, learned = sigmoid_net(3, initializers.heuristic_uniform), net.params.copy()
history = {"drawn by the heuristic": tuned(helpless, few, TUNED // 4), "pretrained": tuned(net, few, TUNED)}
live = error(net)
plots.learning_curves(history, ylabel="training loss")
Markdown(f"Errors on the test part: {error(helpless):.1f}% without, {live:.1f}% with pre-training.")

# %% [markdown]
# (The other one gets a quarter of the epochs: it will not move.) And the whole picture: one, three and five hidden
# layers, 500 and 4,000 labels, five seeds each. Lines are medians; bands go from the smallest to the largest of the
# seeds.

# %%
def errors(start, *, labels, depth=None, column="test_error"):
    """Percent errors of the stored runs: (seeds,) at one depth, (seeds, depths) over all."""
    if depth is None:
        return np.stack([errors(start, labels=labels, depth=d, column=column) for d in (1, 3, 5)], axis=1)
    return 100 * stored.where(start=start, labels=labels, depth=depth).array(column)


def compared(starts, column="test_error"):
    """Errors against depth for several starts, with 500 and with 4,000 labels."""
    fig, axes = plt.subplots(1, 2, figsize=(9, 3.7), sharey=True)
    for ax, labels in zip(axes, (500, 4000), strict=True):
        for style, start in zip(("o-", "s--", "^:", "D-.", "v-", "P--"), starts, strict=False):
            found = errors(start, labels=labels, column=column)
            (line,) = ax.plot((1, 3, 5), np.median(found, axis=0), style, label=start)
            ax.fill_between((1, 3, 5), found.min(axis=0), found.max(axis=0), alpha=0.2, color=line.get_color())
        ax.set(title=f"{labels:,} labels", xlabel="hidden layers", xticks=(1, 3, 5), yscale="log",
               yticks=(5, 10, 20, 50, 90), ylim=(4, 110 if "heuristic, sigmoid" in starts else 25))
        ax.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
        ax.minorticks_off()
    axes[0].set_ylabel("test error, %")
    fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4, fontsize=8)
    return axes


axes = compared(["heuristic, sigmoid", "Glorot, sigmoid", "pretrained, sigmoid"])
axes[0].plot(3, live, "kx", markersize=9)
band = errors("pretrained, sigmoid", labels=500, depth=3)
if not FAST:
    assert band.min() - 1 <= live <= band.max() + 1, (live, band)          # 1%: ten images
means = {(depth, labels): errors("pretrained, sigmoid", labels=labels, depth=depth).mean()
         for depth in (3, 5) for labels in (500, 4000)}
Markdown("The cross is the live run. Means of the five seeds, pretrained: "
         f"three layers, {means[3, 500]:.1f}% with 500 labels, {means[3, 4000]:.1f}% with 4,000; "
         f"five layers, {means[5, 500]:.1f}% and {means[5, 4000]:.1f}%.")

# %% [markdown]
# The story of 2006, whole: drawn by the heuristic, deeper is worse and soon hopeless; pretrained, deeper is *better*.
# Criteria, set before the runs: a net that does not train is at 85% errors or more (chance is 90%); the pretrained ones
# stay below 7.5% with 4,000 labels and below 13.5% with 500, at three and at five layers.

# %%
claims.judge("09-deep-fails", source="Glorot & Bengio 2010; Erhan and others 2010",
             statement="deep sigmoid nets drawn by the common heuristic do not train (test error, %)",
             measured=errors("heuristic, sigmoid", labels=4000, depth=5), criterion=claims.at_least(85),
             condition="five hidden layers", without=errors("heuristic, sigmoid", labels=4000, depth=1), mode="stored")

# %%
claims.judge("09-rescue", source="Hinton, Osindero & Teh 2006; Bengio and others 2007",
             statement="pretrained layer by layer, deep sigmoid nets train (test error with 4,000 labels, %)",
             measured=errors("pretrained, sigmoid", labels=4000)[:, 1:].ravel(), criterion=claims.at_most(7.5),
             mode="stored")

# %%
claims.judge("09-few-labels", source="Hinton, Osindero & Teh 2006; Bengio and others 2007",
             statement="… and with few labels too (test error with 500 labels, %)",
             measured=errors("pretrained, sigmoid", labels=500)[:, 1:].ravel(), criterion=claims.at_most(13.5),
             mode="stored")

# %% [markdown]
# ## 6. Optimization or regularisation?
#
# Erhan and others (2010) asked what pre-training does: does it find a place from which the training loss can be brought
# *down* (optimization), or one from which the same training loss means fewer errors on new images (regularisation)?
# One hidden layer tells: there the random start trains as well. If pre-training were only a head start, more training
# would make up for it: let the random start train on, until it has done as much arithmetic as pre-training took. Then
# compare the two nets *where they have the same training loss*, on the way there. First one seed, live. (Layer 1 of a
# stack does not depend on what is above it, so the net with one hidden layer takes it from section 4.)
#
# **Predict.** One hidden layer, 500 labels. After the same fine-tuning the pretrained net is ahead. How much of
# that does the random start make up when it is trained several times as long?

# %%
def followed(net, epochs, seed):
    """(training loss, test error in percent) after each epoch."""
    training = mn.train(net, few, loss=losses.softmax_cross_entropy, optimizer=optimizers.SGD(0.1), epochs=epochs,
                        batch_size=20, rng=seed)
    return [(losses.softmax_cross_entropy(net(few[0]), few[1])[0], error(net)) for _ in training]


one, random = (sigmoid_net(1, initializers.glorot_uniform) for _ in range(2))
one.layers[0].W, one.layers[0].b = first.W, first.b
paths = {"Glorot": np.array(followed(random, TUNED, 0) + followed(random, 20 if FAST else 132, 1000)),
         "pretrained": np.array(followed(one, TUNED, 0))}                     # 132: see chapters/sweeps
fig, ax = plt.subplots(figsize=(7.5, 3.2))
for style, (name, path) in zip(("o-", "s--"), paths.items(), strict=True):
    ax.plot(*path[2:].T, style, markersize=3, label=name)
ax.set(xlabel="training loss (training goes to the right)", ylabel="test error, %", xscale="log", ylim=(10, 30),
       title="one hidden layer, 500 labels, along the run")
ax.xaxis.set_inverted(True)
ax.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
ax.legend()
same = {f"{loss:g}": [path[np.argmax(path[:, 0] <= loss), 1] for path in paths.values()] for loss in LEVELS}
Markdown("Where the training loss first falls below "
         + "; ".join(f"{loss}: {a:.1f}% errors from random weights, {b:.1f}% pretrained"
                     for loss, (a, b) in same.items())
         + f". At the end: {paths['Glorot'][-1, 1]:.1f}% at a training loss of {paths['Glorot'][-1, 0]:.3f}, and "
         f"{paths['pretrained'][-1, 1]:.1f}% at {paths['pretrained'][-1, 0]:.3f}.")

# %% [markdown]
# The same training loss, fewer errors: that is regularisation, and one seed shows it. Now the ends of all stored runs,
# after the same number of epochs of fine-tuning:

# %%
def shown(start, labels, depth=1):
    rows = stored.where(start=start, labels=labels, depth=depth)
    return rows.array("train_loss"), 100 * rows.array("test_error")


fig, axes = plt.subplots(1, 2, figsize=(9, 3))
for ax, labels in zip(axes, (500, 4000), strict=True):
    for marker, start in zip("os^", ("heuristic, sigmoid", "Glorot, sigmoid", "pretrained, sigmoid"), strict=True):
        ax.plot(*shown(start, labels), marker, label=start)
    ax.set(title=f"one hidden layer, {labels:,} labels", xlabel="training loss at the end", ylabel="test error, %")
axes[0].legend(fontsize=8)


def ahead(labels, column):
    """By how many percent of the test images the pretrained net is better, one hidden layer."""
    random = errors("Glorot, sigmoid", labels=labels, depth=1, column=column)
    return random - errors("pretrained, sigmoid", labels=labels, depth=1)


gain = {labels: ahead(labels, "equal") for labels in (500, 4000)}
Markdown("In both pictures the pretrained nets lie below *and* to the left: fewer errors, but also a lower training "
         "loss, so that the pictures alone do not decide. By how many percent of the test images they are ahead: "
         + "; ".join(f"with {labels:,} labels {ahead(labels, 'test_error').mean():.1f} after the same fine-tuning, "
                     f"{gain[labels].mean():.1f} after the same work" for labels in gain) + ".")

# %% [markdown]
# What is left is no head start, it is a better place. Two claims of that paper can be judged here. *Better
# generalization*: with one hidden layer and equal work the pretrained net makes fewer errors; criterion: at least half
# a percent for every seed, with few labels and with many. *Less variance*: its errors depend less on the seed;
# criterion: the range over five seeds is at most 0.8 times that of the random start, again with few labels and with
# many. Both after equal work. (The random start is Glorot's, the better of the two in the pictures.)

# %%
claims.judge("09-regularises", source="Erhan and others 2010",
             statement="where both train, pretrained nets generalise better (errors less, % of the test part)",
             measured=np.concatenate([gain[500], gain[4000]]), criterion=claims.at_least(0.5), mode="stored")

# %%
spread = {(start, labels): float(np.ptp(errors(start, labels=labels, depth=1, column="equal")))
          for start in ("Glorot, sigmoid", "pretrained, sigmoid") for labels in (500, 4000)}
claims.judge("09-variance", source="Erhan and others 2010",
             statement="pretrained nets depend less on the seed (range of the error over seeds, pretrained/random)",
             measured=[spread["pretrained, sigmoid", labels] / spread["Glorot, sigmoid", labels]
                       for labels in (500, 4000)],
             criterion=claims.at_most(0.8), mode="stored")

# %%
null = np.divide(*np.ptp(np.random.default_rng(0).standard_normal((2, 20_000, 5)), axis=2))
low, high = np.quantile(null, (0.025, 0.975))
Markdown("These two runs are label counts, each a ratio of two ranges over five seeds, and that is a very noisy thing: "
         "of two starts that are *alike* (normal errors of one variance) it would be below 0.8 in "
         f"{(null < 0.8).mean():.0%} of all experiments, and between {low:.1f} and {high:.1f} in "
         f"95%. Five seeds can neither show nor exclude that the variance is smaller.")

# %% [markdown]
# **Frozen or fine-tuned?** The features alone, with only the classifier trained on them (`span=net.span(-1)`), against
# all of the net. And **denoising or copying?** The same stack, pretrained on clean inputs. Criteria, both with 4,000
# labels and at three and five layers: frozen features cost at least 1% more errors in every run; clean inputs cost at
# least 0.1% more for every seed.

# %%
compared(["pretrained, sigmoid", "pretrained clean, sigmoid", "pretrained frozen, sigmoid"])
frozen = (errors("pretrained frozen, sigmoid", labels=4000) - errors("pretrained, sigmoid", labels=4000))[:, 1:]
clean = (errors("pretrained clean, sigmoid", labels=4000) - errors("pretrained, sigmoid", labels=4000))[:, 1:]
Markdown(f"With 4,000 labels and three or five layers, frozen features cost {frozen.mean():.1f}% more errors than "
         f"fine-tuned ones, clean inputs {clean.mean():.1f}% more than masked ones (means over depths and seeds).")

# %%
claims.judge("09-fine-tuning", source="popular article C",
             statement="the stack is fine-tuned afterwards, and has to be (errors more without, % of the test part)",
             measured=frozen.ravel(), criterion=claims.at_least(1), mode="stored")

# %%
claims.judge("09-denoising", source="Vincent and others 2010",
             statement="denoising makes better features than copying (errors less, % of the test part, 4,000 labels)",
             measured=clean.mean(axis=1), criterion=claims.at_least(0.1), mode="stored")

# %%
few_frozen = errors("pretrained frozen, sigmoid", labels=500) - errors("pretrained, sigmoid", labels=500)
Markdown(f"Fine-tuning helps in every run, but not always as much as the criterion asks: frozen features are less than "
         f"1% behind in {int((frozen < 1).sum())} of {frozen.size} runs. With 500 labels they are behind by "
         f"{few_frozen.mean():.1f}%, on average over all depths: most of what counts was learned without labels.")

# %% [markdown]
# ## 7. The deep autoencoder
#
# The figure that made the method famous (Hinton & Salakhutdinov 2006): put an image into 30 numbers, take it out again,
# and compare with the best *linear* 30 numbers, principal components. Unroll the stack: the encoders, then their
# decoders in reverse, 784-500-250-30-250-500-784; fine-tune the whole to reproduce its input.

# %%
mean = x.mean(axis=0)
components = np.linalg.svd(x - mean, full_matrices=False)[2][:30]


def pca(images, clip=(0, 1)):
    """30 numbers and back; clipped, as the sigmoid of the deep net clips itself, which only makes PCA better."""
    return ((images - mean) @ components.T @ components + mean).clip(*clip)


def squared_error(a, b):
    """Sum over the pixels, mean over the images."""
    return float(np.square(a - b).sum(axis=1).mean())


encoder = mn.mlp([784, 500, 250, 30], activation=activations.sigmoid, init=initializers.glorot_uniform, rng=0)
masked = partial(pretraining.masking, rate=0.1)
stack = pretraining.greedy_pretrain(encoder, x, layers=3, epochs=1 if FAST else 6, batch_size=20, rng=0,
                                    optimizer=[optimizers.SGD(0.1), optimizers.SGD(0.1), optimizers.SGD(0.01)],
                                    corruption=[masked, masked, None], progress=False)
deep = pretraining.unrolled(encoder, stack)
before = squared_error(activations.sigmoid(deep(test[0])), test[0])
mn.fit(deep, (x, x), loss=losses.sigmoid_cross_entropy, optimizer=optimizers.Adam(), epochs=1 if FAST else 3,
       batch_size=20, rng=0, progress=False)
after = activations.sigmoid(deep(test[0]))

# %%
fig, axes = plt.subplots(3, 1, figsize=(8, 2.9))
shown_images = test[0][::97][:10]
for ax, (title, images) in zip(axes, {"image": shown_images, "30 codes, deep": activations.sigmoid(deep(shown_images)),
                                      "30 codes, PCA": pca(shown_images)}.items(), strict=True):
    ax.imshow(np.hstack(images.reshape(-1, 28, 28)), cmap="gray_r", vmin=0, vmax=1)
    ax.set_ylabel(title, rotation=0, ha="right", va="center")
    ax.set(xticks=[], yticks=[])
    ax.grid(False)
free = squared_error(pca(test[0], clip=(-np.inf, np.inf)), test[0])
Markdown(f"Squared error on images not seen: PCA {squared_error(pca(test[0]), test[0]):.1f} ({free:.1f} if values "
         f"outside [0, 1] are left as they are), the stack as it was pretrained {before:.1f}, fine-tuned "
         f"{squared_error(after, test[0]):.1f}. This is a short run; the stored ones, which are judged, pretrain and "
         f"fine-tune for ten epochs: {codes.where(start='pretrained, sigmoid').array('test').mean():.1f} on average.")

# %% [markdown]
# The paper has 3.00 for the deep autoencoder and 13.87 for PCA, with a larger net and all 60,000 images. Ours has fewer
# images and trains for less than a minute. Criterion: the ratio of the two is at most 0.8 for every seed. Then the same
# architecture from a random start, with the pre-training's work added to its epochs; criterion for *it does not train
# well*: every seed is worse than PCA.

# %%
linear = squared_error(pca(test[0]), test[0])
squares = {start: codes.where(start=start).array("test")
           for start in ("pretrained, sigmoid", "Glorot, sigmoid", "He, ReLU")}
claims.judge("09-pca", source="Hinton & Salakhutdinov 2006",
             statement="with 30 codes a deep autoencoder beats PCA (squared error of unseen images, deep/PCA)",
             paper=round(3.00 / 13.87, 2), measured=squares["pretrained, sigmoid"] / linear,
             criterion=claims.at_most(0.8), mode="stored")

# %%
claims.judge("09-deep-autoencoder-needs-it", source="Hinton & Salakhutdinov 2006",
             statement="without pre-training deep autoencoders do not train well (squared error, random/PCA)",
             measured=squares["Glorot, sigmoid"] / linear, criterion=claims.at_least(1),
             condition="sigmoid units, drawn by Glorot", without=squares["He, ReLU"] / linear, mode="stored")

# %% [markdown]
# ## 8. Then and now
#
# Was it needed? Three other nets, which get no pre-training but all of its arithmetic, as further epochs: tanh units
# with Glorot's weights (2010), ReLU with He's (2015), and the same *sigmoid* units with weights of the right size.
# Mean-field theory has an edge of chaos for them too, at weights far larger than the heuristic's. Here is what it
# says; `scale` is σ_w², a third for the heuristic:

# %%
print(theory.for_activation(activations.sigmoid))
axes = compared(["pretrained, sigmoid", "edge of chaos, sigmoid", "Glorot, tanh", "He, ReLU"], column="equal")

# %%
edge, relu, ours = (errors(start, depth=5, labels=4000, column="equal")
                    for start in ("edge of chaos, sigmoid", "He, ReLU", "pretrained, sigmoid"))
relu_few, ours_few = (errors(start, depth=5, labels=500, column="equal")
                      for start in ("He, ReLU", "pretrained, sigmoid"))
Markdown("Means over five seeds, five layers, 4,000 labels: "
         f"pretrained sigmoid {ours.mean():.1f}%, ReLU {relu.mean():.1f}%, sigmoid at the edge "
         f"{edge.mean():.1f}%. With 500 labels: pretrained {ours_few.mean():.1f}%, ReLU {relu_few.mean():.1f}%.")

# %% [markdown]
# Judge what was said at the time and since. *Deep nets need pre-training to train*: criterion, every seed of a
# five-layer sigmoid net without it is above 85% errors; the condition is the size of the weights. *A better
# nonlinearity and scale replace it*: criterion, ReLU's error is at most half a percent above the pretrained net's; the
# condition is the number of labels: pre-training has seen 4,000 images where the others have 500. And article C's
# *random weights are prone to overfitting*: criterion, with 500 labels every random start makes at least 2% more
# errors than the pretrained net.

# %%
claims.judge("09-needed", source="the view of 2006",
             statement="deep sigmoid nets cannot be trained without pre-training (test error, 5 layers, %)",
             measured=errors("heuristic, sigmoid", labels=4000, depth=5), criterion=claims.at_least(85),
             condition="weights drawn by the heuristic",
             without=errors("edge of chaos, sigmoid", labels=4000, depth=5), mode="stored")

# %%
claims.judge("09-replaced", source="the view since 2011",
             statement="ReLU with the right scale makes pre-training superfluous (errors more than pretrained, %)",
             measured=relu - ours, criterion=claims.at_most(0.5), condition="labels for all images",
             without=relu_few - ours_few, mode="stored")

# %%
random = np.concatenate([errors(start, labels=500, depth=5, column="equal") - ours_few
                         for start in ("edge of chaos, sigmoid", "Glorot, tanh", "He, ReLU")])
claims.judge("09-overfitting", source="popular article C",
             statement="random weights are prone to overfitting (errors more than pretrained, 500 labels, %)",
             measured=random, criterion=claims.at_least(2), mode="stored")

# %%
Markdown(f"In {int((random >= 2).sum())} of {random.size} runs the random start is behind by 2% or more, by "
         f"{random.max():.0f}% in the worst; the smallest distance is {random.min():.1f}%. The statement is nearly "
         "right. But the pretrained nets have seen eight times as many images: what the others lack is data, rather "
         "than the right weights.")

# %% [markdown]
# ## 9. Size, or content?
#
# Two things come with pretrained weights: their size and what they have learned. Here is a way to tell them apart. Take
# the stack of section 4, and *shuffle* the entries within each W, with b = 0: every size stays, everything learned is
# gone. Three layers, 500 labels, one seed.
#
# **Predict.** Pretrained, the net had the errors of section 5; drawn by the heuristic, 90%. Where is the shuffled one?

# %%
net.params = learned
edge_scale = theory.critical(activations.sigmoid)[0].keywords["scale"]
scale = [float(layer.fan_in * layer.W.var()) for layer in net.layers[:-1]]
shuffled, rng = sigmoid_net(3, initializers.glorot_uniform), np.random.default_rng(0)
for layer, pretrained in zip(shuffled.layers[:-1], net.layers, strict=False):
    layer.W = rng.permuted(pretrained.W.ravel()).reshape(pretrained.W.shape)
tuned(shuffled, few, TUNED)
Markdown("σ_w² after pre-training, layer by layer: " + ", ".join(f"{one:.1f}" for one in scale)
         + f" (the heuristic: 0.33; the edge of chaos: {edge_scale:.0f}). Errors: pretrained {live:.1f}%, shuffled "
         f"{error(shuffled):.1f}%, heuristic {error(helpless):.1f}%.")

# %% [markdown]
# **What to keep.** Size alone takes the net from "does not train" to "trains"; that is the larger step, and it can be
# had without data, by the weights of the edge of chaos (section 8). That is one line, `mlp(…, init=…, bias_init=…,
# output_init=…)`, but one that sets three things: weights, biases (0 here), and an output layer of ordinary size. The
# step from the shuffled net to the pretrained one is content, learned from images without labels, and no other start on
# this page makes up for it where labels are few. To learn without labels first and to fine-tune afterwards is common
# practice again, with other models and other objectives.

# %% [markdown]
# ## Exercises
#
# 1. **(10 min)** The decoder's term. Leave `dz.T @ h` out of the tied gradient. Does the layer still learn? How far
#    does its loss fall, compared with the whole gradient? *Needs:* section 2.
# 2. **(15 min)** Untied weights. Train an untied autoencoder on the same data. How close does V come to Wᵀ by itself?
#    *Needs:* section 3.
# 3. **(20 min)** A code of two units. Pretrain 784-500-250-2 and plot the codes of the test images, marked by class.
#    How well does a nearest-neighbour rule do on two numbers? *Needs:* section 7.
# 4. **(30 min)** The wrong loss. Pretrain tanh layers with the cross-entropy for layer 2. What does the library say,
#    and why is it right? Which loss does it choose by itself? *Needs:* section 4.
# 5. **(45 min)** Depth without data. Replace pre-training by a mere rescaling: orthogonal weights, each layer divided
#    by the standard deviation of its z (`pretraining.lsuv`). Which part of the gain does that explain at five layers?
#    *Needs:* sections 5 and 8.
