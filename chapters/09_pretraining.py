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
# **What you need.** The backward pass (chapter 01), χ, the factor on the gradient's variance in a layer (chapter 03),
# and the edge of chaos, where χ = 1 (chapter 07). The data are 4,000 images for training and 1,000 for testing from
# MNIST, pixels in [0, 1]. All code runs in under a minute on one core; what takes longer, five seeds of
# every comparison, is read from stored results, which `python -m chapters --sweeps 09` computes again.
#
# **How exact is it?** A test error of 5% on 1,000 images has a standard error of 0.7 *points* (percentage points: one
# point is ten images), from the choice of images alone. All nets here are tested on the same images, so that their
# *differences* are known better than that, but a few tenths of a point say little about other images. "Five seeds" does
# not cover this.
#
# Article C is one of four popular introductions (see the README). A claim's table has the median over runs and their
# range, and the verdict compares the *whole range* with the criterion: *reproduced* if every run meets it, *refuted* if
# none does, else *not reproduced*; *conditional* means that it holds under the condition that is named, and fails in
# the counter-measurement, "otherwise".
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
drawn, stacks, codes = (sweeps.read(RESULTS / f"09_{name}.jsonl") for name in ("random", "pretrained", "codes"))


def error(net, part=test):
    """The share of wrong answers, in percent."""
    return 100 * float((net(part[0]).argmax(axis=1) != part[1]).mean())


def tuned(net, data, epochs):
    """Supervised training: SGD at a rate of 0.1, batches of 20. Returns the History."""
    return mn.fit(net, data, loss=losses.softmax_cross_entropy, optimizer=optimizers.SGD(0.1), epochs=epochs,
                  batch_size=20, rng=0, progress=False)


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
some = (x[:1600], y[:1600]) if FAST else (x, y)
histories = {"1 hidden layer": tuned(shallow, some, 3), "5 hidden layers": tuned(deep, some, 3)}
ax = plots.learning_curves(histories, ylabel="training loss")
ax.axhline(np.log(10), color="black", linewidth=0.8, linestyle=":")
ax.annotate("ln 10: every class alike", (1, np.log(10)), (0, -11), textcoords="offset points", fontsize=8)
Markdown(f"Errors: {error(shallow):.1f}% with one hidden layer, {error(deep):.1f}% with five.")

# %% [markdown]
# The deep net answers the same whatever it is shown. Mean-field theory says why (chapter 03, section 2). Going back,
# the variance of the gradient δ = ∂C/∂z is multiplied in each layer by χ = σ_w² E[f′(z)²], with σ_w² = fan_in · Var[W]
# and z normal with the variance that it settles at. The heuristic has σ_w² = 1/3, and the sigmoid's slope f′ is at most
# 1/4. The first step back, from the output, is another: only 10 units send, through weights made for 400 inputs,
#
# E[δ₅²] = 10 · Var[W] · E[δ₆²] · E[f′²] = 10/400 · χ · E[δ₆²],    since Var[W] = σ_w²/400.

# %%
field = theory.MeanField(activations.sigmoid, 1 / 3)
chi = field.chi(field.limit())
predicted = theory.predict_statistics(sigmoid_net(5, initializers.heuristic_uniform), x)
net = sigmoid_net(5, initializers.heuristic_uniform)
net.gradient(x[:300], y[:300], losses.softmax_cross_entropy)
measured = np.array([(layer.delta.astype(float) ** 2).mean() for layer in net.layers])
plots.depth_profile(measured / measured[-1], predicted=predicted.delta.square, ylabel="mean δ², relative to the output")
Markdown(f"χ = {chi:.4f}: in each hidden layer the gradient's variance falls to a {1 / chi:.0f}th. From layer 5 to "
         f"layer 1 that is four times, χ⁴ = {chi**4:.1e}; with the step from the output, 10/400 · χ = {chi / 40:.1e}, "
         f"it is {chi**5 / 40:.1e}. Measured {measured[0] / measured[-1]:.1e}; the line in the figure, theory for this "
         f"very net, with its first layers, which have not settled, {predicted.delta.square[0]:.1e}.")

# %% [markdown]
# The forward pass is no better. A small *difference* Δz between two images becomes (Δz ⊙ f′) W in the next layer (⊙:
# entry by entry), so that its mean square is multiplied by χ as well (chapter 07, section 3): layer 5 sees nearly the
# same vector for all images.
# Nothing to tell apart, and no message about how to.

# %% [markdown]
# ## 2. An autoencoder, by hand
#
# The cure of 2006 asks less: learn one layer whose code h = f(x W + b) still contains x. How do we know that it does?
# Decode it, z = h Wᵀ + c with the same W turned round (*tied* weights) and biases c of its own, and compare the
# probabilities p = 1/(1 + e^(−z)) with x. For pixels in [0, 1] the cross-entropy serves, over all pixels of n images
#
# C = −(1/n) Σ [x ln p + (1 − x) ln(1 − p)],    so that ∂C/∂z = (p − x)/n, the decoder's delta, in the code dz.
#
# **The derivation.** W occurs twice. As the decoder it gets what any layer gets, inputs times deltas; z = h Wᵀ, so
# dWᵀ = hᵀ dz, that is dW = dzᵀ h. As the encoder it gets xᵀ δ with δ = (dz W) ⊙ f′. The gradient is the sum, Σ over the
# images:
#
# dW = xᵀ δ + dzᵀ h,    db = Σ δ,    dc = Σ dz.
#
# **In code**, with an x̃ going in whose pixels were set to 0, each with probability 1/4, and the clean x as the target.
# That is *denoising* (Vincent and others 2010): a copy machine would fail, so the layer has to learn what pixels go
# together. In the formula x̃ᵀ stands for xᵀ, no more.

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
# Each column of W is a filter: of all images of one norm, the one proportional to it excites its unit most. Two
# autoencoders with the same initial weights: one trained on whole images, one on images that lose half of their pixels.
#
# **Predict.** What will the second do better: show parts of digits in its filters, or mend an image that it has never
# seen?

# %%
def layer_of(rate, epochs=1 if FAST else 5):
    corruption = partial(pretraining.masking, rate=rate) if rate else None
    model = pretraining.Autoencoder(784, 400, corruption=corruption, init=initializers.glorot_uniform, rng=0)
    mn.fit(model, (x, x), loss=losses.sigmoid_cross_entropy, optimizer=optimizers.SGD(0.1), epochs=epochs,
           batch_size=20, rng=0, progress=False)
    return model


def strip(ax, images, title, **scale):
    """Images side by side, with their name on the left."""
    ax.imshow(np.hstack(images.reshape(-1, 28, 28)), **scale)
    ax.set_ylabel(title, rotation=0, ha="right", va="center")
    ax.set(xticks=[], yticks=[])
    ax.grid(False)


copier, mender = layer_of(0), layer_of(0.5)
chosen = np.argsort(-np.linalg.norm(mender.W, axis=0))[::40]                      # ten units, from strong to weak
fig, axes = plt.subplots(2, 1, figsize=(8, 1.9))
for ax, (name, model) in zip(axes, {"whole images": copier, "half masked": mender}.items(), strict=True):
    strip(ax, model.W.T[chosen], name, cmap="gray", vmin=-0.8, vmax=0.8)

# %%
def smoothness(W):
    """Σ w w′/Σ w² of each filter, w′ the weight to the right of w: 0 for noise, near 1 for broad strokes."""
    images = W.T.reshape(-1, 28, 28)
    return (images[:, :, 1:] * images[:, :, :-1]).sum(axis=(1, 2)) / (images**2).sum(axis=(1, 2))


def squared_error(a, b):
    """Sum over the pixels, mean over the images."""
    return float(np.square(a - b).sum(axis=1).mean())


damaged = pretraining.masking(np.random.default_rng(9), test[0], rate=0.5)
mended = [activations.sigmoid(model(damaged)) for model in (copier, mender)]
fig, axes = plt.subplots(4, 1, figsize=(8, 3.6))
for ax, (name, images) in zip(axes, {"image": test[0], "half masked": damaged, "learned from whole": mended[0],
                                     "learned from masked": mended[1]}.items(), strict=True):
    strip(ax, images[::97][:10], name, cmap="gray_r", vmin=0, vmax=1)
smooth = [smoothness(model.W) for model in (copier, mender)]
Markdown("The filters (first figure: the same ten units, the same scale) differ little to the eye. They are smoother "
         f"in {(smooth[1] > smooth[0]).mean():.0%} of the units, but not by much: products of neighbouring weights, "
         f"relative to their squares, are {smooth[0].mean():.2f} and {smooth[1].mean():.2f}. What differs is what the "
         "layer can do (second figure). The holes alone are a squared error of "
         f"{squared_error(damaged, test[0]):.1f} in images not seen; the layer that had whole images leaves "
         f"{squared_error(mended[0], test[0]):.1f}, the other {squared_error(mended[1], test[0]):.1f}.")

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


def cross_entropy(p, a):
    """Sum over the inputs a of a layer, mean over the images; least where p = a, but not 0: the *floor*."""
    p = p.clip(1e-7, 1 - 1e-7)
    return -float((a * np.log(p) + (1 - a) * np.log(1 - p)).sum(axis=1).mean())


floors, a = [], x
for layer in net.layers[:3]:
    floors.append(cross_entropy(a, a))
    a = layer(a)
excess = [np.array(history.loss) - floor for history, floor in zip(stack.histories, floors, strict=True)]
fig, ax = plt.subplots(figsize=(7.5, 2.8))
for k, (style, values) in enumerate(zip(("o-", "s--", "^:"), excess, strict=True), start=1):
    ax.plot(range(1, len(values) + 1), values, style, label=f"layer {k}")
ax.set(xlabel="epoch", ylabel="cross-entropy above its floor", ylim=(0, None))
ax.legend()
Markdown("Even p = x leaves a cross-entropy where inputs lie between 0 and 1, the entropy of the inputs: "
         + ", ".join(f"{floor:.0f}" for floor in floors) + " for the three layers. Above this floor, each layer's loss "
         "falls, from the first epoch to the last, to " + ", ".join(f"{v[-1] / v[0]:.0%}" for v in excess) + ".")

# %% [markdown]
# Article C describes exactly this. Does each layer learn to encode the one below? Criterion, for images not seen: above
# the floor, the cross-entropy is at most half of what the best *constant* answer has, the mean of the training part,
# which needs no W; in every layer, for five nets with 1,000 images each. They are pretrained layer by layer (`stack=`
# goes on where the call before stopped, with the same result as one call), and a check sees to it that meanwhile no
# other layer of the net moves.

# %%
def step_by_step(seed):
    """Of each layer: cross-entropy above the floor, relative to that of the best constant answer, images not seen."""
    net, stack, left = sigmoid_net(3, initializers.glorot_uniform, seed), None, []
    part = x[np.random.default_rng(seed).permutation(len(x))[:1000]]
    a, unseen = part, test[0]
    for k in range(3):
        before, own = net.params.copy(), net.span(k)
        stack = pretraining.greedy_pretrain(net, part, layers=k + 1, stack=stack, corruption=damage, epochs=4,
                                            optimizer=optimizers.SGD(0.1), batch_size=20, rng=seed, progress=False)
        moved = np.flatnonzero(net.params != before)
        assert own.start <= moved.min() <= moved.max() < own.stop
        answers = activations.sigmoid(stack.models[k](unseen)), np.broadcast_to(a.mean(axis=0), unseen.shape)
        mended, constant = (cross_entropy(p, unseen) - cross_entropy(unseen, unseen) for p in answers)
        left.append(mended / constant)
        a, unseen = net.layers[k](a), net.layers[k](unseen)
    return left


claims.judge("09-greedy", source="popular article C",
             statement="greedy pre-training: each layer learns to encode the one below (cross-entropy above its floor, "
                       "layer/best constant, the worst of three layers)",
             measured=[max(step_by_step(seed)) for seed in range(3 if FAST else 5)], criterion=claims.at_most(0.5))

# %% [markdown]
# Hinton's own model of a layer was another, the restricted Boltzmann machine: binary units h, drawn with the
# probabilities f(x W + b); from them an image x′ is drawn back, from it h′; and W moves by xᵀh − x′ᵀh′, data against
# the machine's own fantasy ("contrastive divergence"). `greedy_pretrain(…, model=pretraining.BoltzmannMachine)` does
# that. From here on "pretrained" means denoising autoencoders, also where a claim is Hinton's.

# %% [markdown]
# ## 5. The cure
#
# Fine-tuning: a classifier on top, and ordinary training of everything. Few labels are where pre-training should
# matter, since it has learned from all 4,000 images before it sees the first label. Here is seed 0 with 500
# labels and three hidden layers, live.

# %%
def labelled(count, seed):
    """`count` training examples, as many of each class."""
    rng = np.random.default_rng([seed, count])
    rows = np.concatenate([rng.permutation(np.flatnonzero(y == k))[:count // 10] for k in range(10)])
    return x[rows], y[rows]


few = labelled(500, 0)
TUNED, LEVELS = (16, (0.6, 0.4)) if FAST else (60, (0.1, 0.07))
helpless = sigmoid_net(3, initializers.heuristic_uniform)
history = {"drawn by the heuristic": tuned(helpless, few, TUNED // 4), "pretrained": tuned(net, few, TUNED)}
live = error(net)
ax = plots.learning_curves(history, ylabel="training loss")
ax.axhline(np.log(10), color="black", linewidth=0.8, linestyle=":")
Markdown(f"Errors on the test part: {error(helpless):.1f}% without, {live:.1f}% with pre-training.")

# %% [markdown]
# The net drawn by the heuristic falls towards ln 10 (dotted), no further; a quarter of the epochs is enough to see it.
# And the whole picture: one, three and five hidden layers, 500 labels (60 epochs) and 4,000 (20 epochs), five seeds
# each, SGD at a rate of 0.1 as everywhere so far. Marks are medians; bars go from the smallest to the largest seed.
#
# Criteria. A net that *does not train* is at 85% errors or more; chance is 90%. Pretrained nets of three and of five
# layers train *well* if every one of them makes at most as many errors as shallow nets that start at random: the mean
# of the better of the two starts with one hidden layer, at the best of four rates, and with the work of pre-training
# added to its epochs (both are explained below).

# %%
RANDOM = {row["start"] for row in drawn}


def runs(start, **where):
    """The stored rows of a start, drawn at random or pretrained."""
    return (drawn if start in RANDOM else stacks).where(start=start, **where)


def tried(start, labels, depth, column="equal"):
    """Percent errors of the stored runs: learning rate → (seeds,).

    Column "test_error": after the same fine-tuning; "equal": after the same work, pre-training counted, which makes no
    difference to a net that was pretrained.
    """
    rows, column = runs(start, labels=labels, depth=depth), column if start in RANDOM else "test_error"
    return {rate: 100 * rows.where(rate=rate).array(column) for rate in sorted(set(rows.array("rate")))}


def best_rate(found):
    """The learning rate with the smallest mean error over the seeds, the smaller rate where two are alike."""
    return min(found, key=lambda rate: found[rate].mean())


def errors(start, *, labels, depth, rate=0.1, column="equal"):
    """The same at one learning rate, or at the best: (seeds,), or (seeds, depths) for several depths."""
    if isinstance(depth, tuple):
        return np.stack([errors(start, labels=labels, depth=d, rate=rate, column=column) for d in depth], axis=1)
    found = tried(start, labels, depth, column)
    return found[best_rate(found) if rate == "best" else rate]


def points(start, other, **where):
    """By how many points a start's errors are above another's, of each seed; rounded to images, 0.1 points each."""
    return np.round(errors(start, **where) - errors(other, **where), 1)


def compared(*starts, low=4, high=25, **kind):
    """Errors against depth, with 500 and with 4,000 labels: the median of the seeds, and their range."""
    fig, axes = plt.subplots(1, 2, figsize=(9, 3.7), sharey=True)
    depths = np.array((1, 3, 5))
    for ax, labels in zip(axes, (500, 4000), strict=True):
        for k, (style, start) in enumerate(zip(("o-", "s--", "^:", "D-."), starts, strict=False)):
            values = errors(start, labels=labels, depth=(1, 3, 5), **kind)
            middle = np.median(values, axis=0)
            ax.errorbar(depths + 0.1 * k, middle, yerr=[middle - values.min(axis=0), values.max(axis=0) - middle],
                        fmt=style, markersize=4, capsize=2, linewidth=1, label=start)
        ax.set(title=f"{labels:,} labels", xlabel="hidden layers", xticks=depths, yscale="log",
               yticks=[t for t in (5, 7, 10, 14, 20, 50, 90) if high < 30 or t not in (7, 14)], ylim=(low, high))
        ax.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
        ax.minorticks_off()
    axes[0].set_ylabel("test error, %, at the best rate" if kind.get("rate") == "best" else "test error, %")
    fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4, fontsize=8)
    return axes


def as_table(*rows):
    """Rows of texts, the head first, in Markdown."""
    head, *body = (f"| {' | '.join(row)} |" for row in rows)
    return "\n".join([head, f"|{' --- |' * len(rows[0])}", *body])


def lowest(*starts):
    """Mean errors after the same work, each with the rate at which it is lowest."""
    settings = [(depth, labels) for depth in (1, 3, 5) for labels in (500, 4000)]
    rows = [("mean error, % (rate)", *(f"{depth} hidden, {labels:,} labels" for depth, labels in settings))]
    for start in starts:
        row = [start]
        for depth, labels in settings:
            found = tried(start, labels, depth)
            alike = len({values.mean() for values in found.values()}) == 1
            row.append(f"{found[best_rate(found)].mean():.1f} ({'any' if alike else f'{best_rate(found):g}'})")
        rows.append(row)
    return Markdown(as_table(*rows))


# %%
axes = compared("heuristic, sigmoid", "Glorot, sigmoid", "pretrained", column="test_error", high=110)
axes[0].plot(3.2, live, "kx", markersize=9)
band = errors("pretrained", labels=500, depth=3)
if not FAST:
    assert band.min() - 1 <= live <= band.max() + 1, (live, band)          # 1 point: ten images
shallow = {labels: round(min(errors(start, labels=labels, depth=1, rate="best").mean()
                             for start in ("heuristic, sigmoid", "Glorot, sigmoid")), 2) for labels in (500, 4000)}
glorot = theory.MeanField(activations.sigmoid, 1.0)
Markdown("The cross is the live run. Means of the five seeds, pretrained, with 500 and with 4,000 labels: " + "; ".join(
    f"{depth} layers, " + " and ".join(f"{errors('pretrained', labels=n, depth=depth).mean():.1f}%"
                                       for n in (500, 4000)) for depth in (3, 5))
    + ". Glorot's weights, made for units of slope 1 such as tanh, have three times the heuristic's variance: for the "
    f"sigmoid that is χ = {glorot.chi(glorot.limit()):.3f} instead of {chi:.3f}, and three layers train, five do not.")

# %%
claims.judge("09-rescue", source="Hinton, Osindero & Teh 2006; Bengio and others 2007",
             statement="pretrained layer by layer, deep sigmoid nets train well (test error with 4,000 labels, %)",
             measured=errors("pretrained", labels=4000, depth=(3, 5)).ravel(), criterion=claims.at_most(shallow[4000]),
             mode="stored")

# %%
claims.judge("09-few-labels", source="Hinton, Osindero & Teh 2006; Bengio and others 2007",
             statement="… and with few labels too (test error with 500 labels, %)",
             measured=errors("pretrained", labels=500, depth=(3, 5)).ravel(), criterion=claims.at_most(shallow[500]),
             mode="stored")

# %% [markdown]
# The story of 2006, whole: drawn by the heuristic, deeper is worse and soon hopeless; pretrained, deeper is *better*.
#
# **Was it the learning rate?** All nets in the figure are at 0.1, and where gradients are small one could step further.
# So the same nets were trained at 0.3, 1 and 3 as well, and the random starts get the arithmetic of pre-training as
# further epochs. (For each weight and example an autoencoder takes five products; a classifier three, in its first
# layer two.) Each start has, for each depth and number of labels, the rate at which the mean error of its five seeds is
# smallest: on the test images themselves, which flatters all starts, and the erratic most. The criterion is the same:
# 85%.
#
# **Predict.** At 90% are the heuristic's nets of three and of five layers, and Glorot's of five. Which come down?

# %%
compared("heuristic, sigmoid", "Glorot, sigmoid", "pretrained", rate="best", low=3, high=110)
lowest("heuristic, sigmoid", "Glorot, sigmoid", "pretrained")

# %%
def further_epochs(depth, labels):
    """Epochs of fine-tuning that take as many products as pre-training, ten epochs a layer of all images."""
    weights = np.array([784 * 400] + [400 * 400] * (depth - 1) + [400 * 10])
    return int(np.ceil(10 * 4000 * 5 * weights[:-1].sum() / (labels * (3 * weights.sum() - weights[0]))))


late = {column: errors("Glorot, sigmoid", labels=4000, depth=5, rate="best", column=column)
        for column in ("test_error", "equal")}
moved = {labels: errors("heuristic, sigmoid", labels=labels, depth=3).mean() for labels in (500, 4000)}
Markdown("Further epochs, for one, three and five hidden layers: " + "; ".join(
    f"{labels:,} labels " + ", ".join(str(further_epochs(depth, labels)) for depth in (1, 3, 5))
    for labels in (500, 4000))
    + f". After them the heuristic's three layers are at {moved[500]:.0f}% (500 labels) and {moved[4000]:.0f}% also at "
    f"the rate of 0.1. Glorot's five, 4,000 labels, seed by seed: {late['test_error'].min():.0f} … "
    f"{late['test_error'].max():.0f}% after 20 epochs, or {20 * 4000 // 20:,} steps, {late['equal'].min():.0f} … "
    f"{late['equal'].max():.0f}% after the further ones. For the heuristic's five even 3, 30 times 0.1, is too little: "
    f"the gradient that reaches layer 1 is smaller than that at the output by a factor of "
    f"{1 / np.sqrt(chi**5 / 40):,.0f} (in size; section 1).")

# %% [markdown]
# What looked hopeless at 0.1 was, with three layers, a matter of the rate and of patience. With labels for all images
# the random starts come within a few points of the pretrained nets, with 500 they stay far behind. Five layers drawn by
# Glorot, with 4,000 labels, rest for thousands of steps at 90% and then begin to train, at a rate of 1; not all get far
# before the time is up, and with 500 labels one of five does. Only the heuristic's five do not move at any rate tried.
# So *deep sigmoid nets do not train* is true of five layers with the weights that everyone used; of three, with 4,000
# labels, at a rate of 0.1 for 20 epochs. And *deeper is better*, for pretrained nets, holds at that rate; with the best
# one and 4,000 labels five layers are no better than three.

# %%
claims.judge("09-deep-fails", source="Glorot & Bengio 2010; Erhan and others 2010",
             statement="deep sigmoid nets drawn by the common heuristic do not train (test error, %, at the best rate)",
             measured=errors("heuristic, sigmoid", labels=4000, depth=5, rate="best"), criterion=claims.at_least(85),
             condition="five hidden layers", without=errors("heuristic, sigmoid", labels=4000, depth=3, rate="best"),
             mode="stored")

# %%
claims.judge("09-three-layers", source="this chapter",
             statement="three layers drawn by the common heuristic do not train either (test error, %)",
             measured=errors("heuristic, sigmoid", labels=4000, depth=3, column="test_error"),
             criterion=claims.at_least(85), condition="a learning rate of 0.1 and 20 epochs",
             without=errors("heuristic, sigmoid", labels=4000, depth=3, column="test_error", rate="best"),
             mode="stored")

# %% [markdown]
# ## 6. Optimization or regularization?
#
# Erhan and others (2010) asked what pre-training does: does it find a place from which the training loss can be brought
# *down* (optimization), or one from which the same training loss means fewer errors on new images (regularization)?
# One hidden layer tells: there the random start trains as well. If pre-training were only a head start, larger steps or
# more of them would make up for it. So compare the nets *where they have the same training loss*, on the way there.
# First one seed, live. (Layer 1 of a stack does not depend on what is above it, so the net with one hidden layer takes
# it from section 4.)
#
# **Predict.** One hidden layer, 500 labels. The random start may step ten times as far. How much of its distance to the
# pretrained net does it make up?

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


paths = {}
for start in ("Glorot", "pretrained"):
    for rate in (0.1, 1):
        one = sigmoid_net(1, initializers.glorot_uniform)
        if start == "pretrained":
            one.layers[0].W, one.layers[0].b = first.W, first.b
        paths[f"{start}, rate {rate}"] = followed(one, rate)
fig, ax = plt.subplots(figsize=(7.5, 3.2))
for style, (name, path) in zip(("o-", "^:", "s--", "D-."), paths.items(), strict=True):
    ax.plot(*path.T, style, markersize=3, label=name)
ax.set(xlabel="training loss (training goes to the right)", ylabel="test error, %", xscale="log", ylim=(10, 24),
       xlim=(1, 0.8 * min(path[-1, 0] for path in paths.values())), title="one hidden layer, 500 labels, along the run")
ax.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
ax.legend()
assert all(path[-1, 0] <= min(LEVELS) for path in paths.values())
usual, larger, learned = (errors(start, labels=500, depth=1, rate=rate, column="test_error")
                          for start, rate in (("Glorot, sigmoid", 0.1), ("Glorot, sigmoid", 1), ("pretrained", 0.1)))
made_up = (usual - larger) / (usual - learned)
Markdown("Test errors where the training loss is " + "; ".join(
    f"{loss:g}: " + ", ".join(f"{at_loss(path, loss):.1f}% ({name})" for name, path in paths.items())
    for loss in LEVELS) + ". At the end: " + ", ".join(
    f"{path[-1, 1]:.1f}% at {path[-1, 0]:.3f}" for path in paths.values())
    + f". How much of the distance between the first and the third at the end does the larger rate make up? In five "
    f"stored seeds {made_up.min():.0%} … {made_up.max():.0%}, of the mean distance "
    f"{(usual - larger).mean() / (usual - learned).mean():.0%}. Further epochs at 0.1 change the first mean error "
    f"from {usual.mean():.1f}% to {errors('Glorot, sigmoid', labels=500, depth=1).mean():.1f}%.")

# %% [markdown]
# Late in training, at the same training loss, the pretrained net has fewer errors than the random start, whichever of
# the two rates either has: that is regularization. The larger step makes up part of the distance, but hardly by
# bringing the loss further down: further epochs do that too, and change next to nothing. With it the random start has
# fewer errors where losses are alike; large steps regularize as well. How much remains when each start has its best
# rate, the stored runs say. Two claims of that paper can be judged, after the same work.
#
# - *Better generalization*: the pretrained net makes fewer errors than one drawn by Glorot. Criterion: at least half a
#   point for every seed, with one hidden layer, with few labels and with many.
# - *Less variance*: its errors depend less on the seed. Here the standard deviation over five seeds, pooled over one
#   and three layers and both numbers of labels (the root of the mean of four variances), pretrained against random.
#   So few seeds can mislead; hence the criterion is the value that two *equal* starts would stay below in one of
#   twenty experiments, drawn in the next cell: normal errors, whose variance in each of the four settings is the mean
#   of the two measured. (A larger ratio refutes nothing: it may be chance too.)

# %%
SETTINGS = ((1, 500), (1, 4000), (3, 500), (3, 4000))


def gains(depth, labels, rate, start="Glorot, sigmoid"):
    """By how many points the pretrained net is ahead, as mean (smallest … largest)."""
    found = points(start, "pretrained", labels=labels, depth=depth, rate=rate)
    return f"{found.mean():.1f} ({found.min():.1f} … {found.max():.1f})"


Markdown("Points by which the pretrained net is ahead after the same work, mean (smallest … largest):\n\n" + as_table(
    ("setting", "of Glorot's weights, rate 0.1", "the same, best rates", "of the edge of chaos (section 8), the same"),
    *((f"{depth} hidden, {labels:,} labels", gains(depth, labels, 0.1), gains(depth, labels, "best"),
       gains(depth, labels, "best", "edge of chaos, sigmoid")) for depth, labels in SETTINGS)))

# %%
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
Markdown("Standard deviations in these settings: pretrained " + ", ".join(f"{np.sqrt(v):.2f}" for v in both[0])
         + ", Glorot " + ", ".join(f"{np.sqrt(v):.2f}" for v in both[1]) + f". Pooled, their ratio is {ratio:.2f}; two "
         f"equal starts have less in {(alike < ratio).mean():.1%} of all experiments, and less than {rare} in 5%. "
         "With one rate for both it would be " + ", ".join(f"{v:.2f} ({rate})" for rate, v in same_rate.items()) + ".")

# %%
claims.judge("09-regularises", source="Erhan and others 2010",
             statement="pretrained nets generalize better (points of error less than Glorot's weights, 1 hidden layer)",
             measured=np.concatenate([points("Glorot, sigmoid", "pretrained", labels=labels, depth=1, rate="best")
                                      for labels in (500, 4000)]),
             criterion=claims.at_least(0.5), mode="stored")

# %%
claims.judge("09-variance", source="Erhan and others 2010",
             statement="pretrained nets depend less on the seed (standard deviation of the error, pretrained/random)",
             measured=ratio, criterion=claims.at_most(rare), refutable=False, mode="stored")

# %% [markdown]
# **Frozen or fine-tuned?** The features alone, with only the classifier on top of them trained (*frozen*), against all
# of the net. And **denoising or copying?** The same stack, pretrained on whole images (*clean*). Criteria, each net at
# its best rate, with three and five layers: frozen features cost at least one point in every run, on condition that all
# images have labels (500 are the counter-measurement); whole images cost at least 0.1 points for every seed, on average
# over the two depths, with 4,000 labels.

# %%
compared("pretrained", "clean", "frozen", rate="best", low=3.5, high=14)
cost = {(start, labels): points(start, "pretrained", labels=labels, depth=(3, 5), rate="best")
        for start in ("frozen", "clean") for labels in (500, 4000)}
clean = points("clean", "pretrained", labels=4000, depth=(3, 5))
steep = {start: [float(v) for n in (500, 4000) for v in errors(start, labels=n, depth=5, rate=3)]
         for start in ("clean", "pretrained")}
Markdown("What it costs with three or five layers, in points, means over depths and seeds: " + "; ".join(
    f"{start}, {labels:,} labels: {values.mean():.1f}" for (start, labels), values in cost.items())
    + f". At a rate of 0.1 whole images cost {clean.mean():.1f} with 4,000 labels. With five layers and a rate of 3, "
    + " and ".join(f"{sum(v > 50 for v in values)} of {len(values)} nets that started {start}"
                   for start, values in steep.items()) + " end with more than 50% errors.")

# %%
claims.judge("09-fine-tuning", source="popular article C",
             statement="the stack is fine-tuned afterwards, and has to be (points of error more without)",
             measured=cost["frozen", 4000].ravel(), criterion=claims.at_least(1),
             condition="labels for all images", without=cost["frozen", 500].ravel(), mode="stored")

# %%
claims.judge("09-denoising", source="Vincent and others 2010",
             statement="denoising makes better features than copying (points of error less, 4,000 labels)",
             measured=cost["clean", 4000].mean(axis=1), criterion=claims.at_least(0.1), mode="stored")

# %% [markdown]
# With 500 labels most of what counts was learned without them: freezing costs less than a point in most runs. With
# 4,000 every run loses more. What denoising adds to copying is clear with 500 labels; with 4,000 and the best rates it
# is less than five seeds can tell from chance. And it makes the deepest stack robust: at the largest rate most of those
# that learned from whole images are lost. That errors depend less on the seed is seen, if at all, where both starts
# have one rate; the best rate for each takes part of the difference away.
#
# ## 7. The deep autoencoder
#
# The figure that made the method famous (Hinton & Salakhutdinov 2006): put an image into a code of 30 numbers, take it
# out again, and compare with the best *linear* code of 30, principal components. *Unroll* the stack: each layer comes
# with a decoder, so put the three encoders in a row and after them their decoders in reverse,
# 784-500-250-30-250-500-784. At first the whole computes what the layers have learned; then W and Wᵀ go separate ways,
# fine-tuned together to reproduce the input. The code is linear, numbers of any size, so that it gets a tenth of the
# learning rate; and no noise, since 250 numbers do not fit into 30 anyway.

# %%
mean = x.mean(axis=0)
components = np.linalg.svd(x - mean, full_matrices=False)[2][:30]


def pca(images, clip=(0, 1)):
    """30 numbers and back; clipped, as the sigmoid of the deep net clips itself, which only makes PCA better."""
    return ((images - mean) @ components.T @ components + mean).clip(*clip)


encoder = mn.mlp([784, 500, 250, 30], activation=activations.sigmoid, init=initializers.glorot_uniform, rng=0)
masked = partial(pretraining.masking, rate=0.1)
part = x[:2000] if FAST else x
layers = pretraining.greedy_pretrain(encoder, part, layers=3, epochs=1 if FAST else 4, batch_size=20, rng=0,
                                     optimizer=[optimizers.SGD(0.1), optimizers.SGD(0.1), optimizers.SGD(0.01)],
                                     corruption=[masked, masked, None], progress=False)
deep = pretraining.unrolled(encoder, layers)
before = squared_error(activations.sigmoid(deep(test[0])), test[0])
mn.fit(deep, (part, part), loss=losses.sigmoid_cross_entropy, optimizer=optimizers.Adam(), epochs=1 if FAST else 3,
       batch_size=20, rng=0, progress=False)
after = activations.sigmoid(deep(test[0]))

# %%
fig, axes = plt.subplots(3, 1, figsize=(8, 2.9))
shown_images = test[0][::97][:10]
for ax, (name, images) in zip(axes, {"image": shown_images, "deep, code of 30": activations.sigmoid(deep(shown_images)),
                                     "PCA, code of 30": pca(shown_images)}.items(), strict=True):
    strip(ax, images, name, cmap="gray_r", vmin=0, vmax=1)
free = squared_error(pca(test[0], clip=(-np.inf, np.inf)), test[0])
Markdown(f"Squared error on images not seen: PCA {squared_error(pca(test[0]), test[0]):.1f} ({free:.1f} if values "
         f"outside [0, 1] are left as they are), the stack as it was pretrained {before:.1f}, fine-tuned "
         f"{squared_error(after, test[0]):.1f}. This is a short run; the stored ones, which are judged, pretrain and "
         f"fine-tune for ten epochs: {codes.where(start='pretrained, sigmoid').array('test').mean():.1f} on average.")

# %% [markdown]
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
             without=relative("He, ReLU"), mode="stored")

# %%
on_training = codes.where(start="Glorot, sigmoid", rate=0.003).array("train") / squared_error(pca(x), x)
Markdown(f"(On the training images random sigmoid nets come closer to PCA: {on_training.min():.2f} … "
         f"{on_training.max():.2f} at the larger rate.)")

# %% [markdown]
# ## 8. Then and now
#
# Was it needed? Three other nets, which get no pre-training but all of its arithmetic, as further epochs: tanh units
# with Glorot's weights (2010), ReLU with He's (2015), and the same *sigmoid* units with weights of the right size.
# Mean-field theory has an edge of chaos for them too, with biases 0 and weights far larger than the heuristic's
# (`theory.critical`; the output layer keeps an ordinary size). Each net has the best of four rates: sigmoid units of
# 0.1, 0.3, 1 and 3, the two others of 0.03, 0.1, 0.3 and 1.
#
# What was said at the time and since, and the criteria:
#
# - *Deep nets need pre-training to train*: five sigmoid layers stay at 85% errors or more, also with weights of the
#   right size, 4,000 labels. (With the heuristic's they do: section 5.)
# - *A better nonlinearity and scale replace it*: ReLU's error is at most half a point above the pretrained net's, with
#   three and with five layers. Condition: labels for all images. With 500 labels pre-training has still seen all 4,000
#   images.
# - Article C's *random weights are prone to overfitting*: with 500 labels nets that reach no errors on their training
#   images have a test error that *is* the gap between the two; that of each of these three starts is at least 2 points
#   above the pretrained net's, with three and with five layers.

# %%
critical = theory.critical(activations.sigmoid)[0].keywords["scale"]
q = theory.MeanField(activations.sigmoid, critical).limit()
modern = ("edge of chaos, sigmoid", "Glorot, tanh", "He, ReLU")
compared("pretrained", *modern, rate="best", low=3.5)
lowest("pretrained", *modern)

# %%
def lost(start, rate):
    """How many of the runs with three and five layers end at 85% errors or more."""
    found = [tried(start, labels, depth).get(rate, np.array([])) for labels in (500, 4000) for depth in (3, 5)]
    return f"{sum(int((v >= 85).sum()) for v in found)} of {sum(len(v) for v in found)}" if len(found[0]) else ""


edge = errors("edge of chaos, sigmoid", depth=5, labels=4000, rate="best")
Markdown(f"The edge of chaos is at σ_w² = {critical:.0f}, where z has a deviation of {np.sqrt(q):.1f}. There five "
         "sigmoid layers train, at all but the largest rate. Runs with three and five layers that end at 85% errors or "
         "more, so that a start may have fewer rates to choose from than four:\n\n" + as_table(
             ("learning rate", *(f"{rate:g}" for rate in (0.03, 0.1, 0.3, 1, 3))),
             *((start, *(lost(start, rate) for rate in (0.03, 0.1, 0.3, 1, 3))) for start in ("pretrained", *modern))))

# %%
claims.judge("09-needed", source="the view of 2006",
             statement="deep sigmoid nets cannot be trained without pre-training (test error, %, 5 layers, weights at "
                       "the edge of chaos)",
             measured=edge, criterion=claims.at_least(85), mode="stored")

# %%
more = {labels: points("He, ReLU", "pretrained", labels=labels, depth=(3, 5), rate="best").ravel()
        for labels in (500, 4000)}
claims.judge("09-replaced", source="the view since 2011",
             statement="ReLU with the right scale makes pre-training superfluous (points of error more, 3 or 5 layers)",
             measured=more[4000], criterion=claims.at_most(0.5), condition="labels for all images",
             without=more[500], mode="stored")

# %%
behind = {start: points(start, "pretrained", labels=500, depth=(3, 5), rate="best") for start in modern}
claims.judge("09-overfitting", source="popular article C",
             statement="random weights are prone to overfitting (points of test error more, 500 labels)",
             measured=np.ravel(list(behind.values())), criterion=claims.at_least(2), mode="stored")

# %%
def last_error(start, depth):
    """The largest error on the 500 training images at the end, percent."""
    rows = runs(start, labels=500, depth=depth, rate=best_rate(tried(start, 500, depth)))
    return 100 * rows.array("equal_train" if start in RANDOM else "train_error").max()


remain = max(last_error(start, depth) for start in ("pretrained", *modern) for depth in (3, 5))
Markdown(f"Errors that remain on the 500 training images: at most {remain:.1f}%. On the test images the random starts "
         "are behind, with three and with five layers on average, by " + "; ".join(
             f"{v[:, 0].mean():.1f} and {v[:, 1].mean():.1f} points ({start})" for start, v in behind.items())
         + ". Part of what they lack is data, rather than the right weights: the pretrained nets have seen eight times "
         f"as many images. Where all images have labels, ReLU nets are {more[4000].mean():+.1f} points from the "
         f"pretrained ones ({more[4000].min():+.1f} … {more[4000].max():+.1f}), close, though not the half point "
         f"asked for; where 500 have, {more[500].mean():+.1f}.")

# %% [markdown]
# ## 9. Size, or content?
#
# Two things come with pretrained weights: their size and what they have learned. Here is a way to tell them apart. Take
# the stack of section 4, and *shuffle* the entries within each W, and within each b: their values stay, and with them
# the size that was learned; what each weight had learned for its place is gone. Three layers, 500 labels.
#
# **Predict.** Pretrained, the net had the errors of section 5; drawn by the heuristic, 90%. Where is the shuffled one?

# %%
shuffled, rng = sigmoid_net(3, initializers.glorot_uniform), np.random.default_rng(0)
for layer, model in zip(shuffled.layers[:-1], stack.models, strict=True):
    layer.W = rng.permuted(model.W.ravel()).reshape(model.W.shape)
    layer.b = rng.permutation(model.b)
tuned(shuffled, few, TUNED)
scale = [float(len(model.W) * model.W.var()) for model in stack.models]
five = errors("shuffled", depth=3, labels=500)
if not FAST:
    assert five.min() - 1 <= error(shuffled) <= five.max() + 1
Markdown("σ_w² after pre-training, layer by layer: " + ", ".join(f"{one:.1f}" for one in scale)
         + f" (the heuristic: 0.33; the edge of chaos: {critical:.0f}). Plain random weights of these sizes and b = 0 "
         "would have χ = " + ", ".join(f"{field.chi(field.limit()):.2f}" for field in (
             theory.MeanField(activations.sigmoid, one) for one in scale))
         + f" (the heuristic: {chi:.2f}). Errors: pretrained {live:.1f}%, shuffled {error(shuffled):.1f}%.")

# %% [markdown]
# Five seeds, at four rates. "Normal" are Gaussian weights with the variance of each W, and b = 0. All have 60 epochs,
# the nets drawn by Glorot and by the heuristic without their further ones.

# %%
three = {"labels": 500, "depth": 3}
starts = ("pretrained", "shuffled", "normal", "Glorot, sigmoid", "heuristic, sigmoid")


def cell(start, rate):
    loss = runs(start, rate=rate, **three).array("train_loss")
    return f"{errors(start, rate=rate, column='test_error', **three).mean():.1f}% ({loss.mean():.3f})"


Markdown("Test error (training loss of the last epoch), means over five seeds, three layers, 500 labels:\n\n"
         + as_table(("rate", *starts), *((f"{rate:g}", *(cell(start, rate) for start in starts))
                                         for rate in (0.1, 0.3, 1, 3))))

# %%
def both_rates(start, depth):
    found = tried(start, 500, depth, "test_error")
    return f"{found[0.1].mean():.1f} / {found[best_rate(found)].mean():.1f}"


Markdown("One and five layers too, at a rate of 0.1 / at the best one, %:\n\n" + as_table(
    ("hidden layers", *starts),
    *((str(depth), *(both_rates(start, depth) for start in starts)) for depth in (1, 3, 5))))

# %% [markdown]
# With three layers, at a rate of 0.1, the size alone takes a net from 90% to where shallow nets are. Larger rates help
# small weights too, but they bring shuffled ones only part of the way to the pretrained net, at training losses near 0:
# the rest is content. With one layer, where everything trains, normal weights of this size bring next to nothing, and
# shuffled ones a part of a small advantage. With five, shuffled weights hardly train at 0.1, and normal ones of the
# same variance do: not every draw of a size is alike. (Shuffling keeps the values of b and the mean of W. Which of them
# it is, and why normal weights do not bear a rate of 3, was not looked into.)
#
# ## What to keep
#
# - Drawn small, deep sigmoid nets lose the gradient on the way down and the image on the way up, by the same factor in
#   every layer. With three layers a learning rate ten or thirty times as large, and more epochs, let a net train (it
#   stays behind, far behind with few labels); with five, only from Glorot's weights, and late.
# - Pre-training asks each layer to keep what it is given, which needs no depth. A stack of denoising autoencoders
#   trains at any rate tried, and three layers are better than one.
# - Optimization or regularization? With one hidden layer and few labels mostly regularization, and larger steps do part
#   of the same. With many labels a random start at 0.1 had not finished: a better rate and more epochs bring it up to
#   the pretrained net at 0.1, or past it; with the best rate for each the pretrained net is ahead again.
# - With three layers at a rate of 0.1 size takes a net from 90% to where shallow nets are; that of the edge of chaos
#   needs no data, that of the shuffled weights was learned. What was learned beside it makes the rest of the way to the
#   pretrained net, and with 500 labels no rate tried makes up for it. Where all images have labels, ReLU with He's
#   weights comes close; where few have, no random start on this page does.
#
# To learn without labels first and to fine-tune afterwards is common practice again, with other models and objectives.
#
# **Where this breaks.** One data set, small; one width. Of the four rates the best was chosen by the test error; where
# it is the first or the last of them, one beyond might be better still. A run that diverges in its further epochs is
# lost, even if it was good before. Pre-training itself had one rate, one number of epochs, one amount of noise; of the
# deep autoencoders only Glorot's had two rates. Equal work counts the products of training, not those that encode the
# images for the next layer, one or two in a hundred. Glorot's five layers might go on with more epochs. Dropout and
# weight decay, which regularize too, were not tried.

# %% [markdown]
# ## Exercises
#
# 1. **(10 min)** The decoder's term. Leave `dz.T @ h` out of the tied gradient. Does the layer still learn? How far
#    does its loss fall, compared with the whole gradient? *Needs:* section 2.
# 2. **(15 min)** Untied weights. Train an untied autoencoder on the same data. How close does V come to Wᵀ by itself,
#    by the correlation of their entries? *Needs:* section 3.
# 3. **(20 min)** A code of two units. Pretrain 784-500-250-2 and plot the codes of the test images, marked by class.
#    How well does a nearest-neighbour rule do on two numbers? *Needs:* section 7.
# 4. **(30 min)** The wrong loss. Pretrain tanh layers with the cross-entropy for layer 2. What does the library say,
#    and why is it right? Which loss does it choose by itself? *Needs:* section 4.
# 5. **(45 min)** Depth without data. Replace pre-training by a mere rescaling: orthogonal weights, each layer divided
#    by the standard deviation of its z (`pretraining.lsuv`). Which part of the gain does that explain at five layers?
#    *Needs:* sections 5 and 8.
