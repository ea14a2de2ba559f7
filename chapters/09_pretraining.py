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
# # 2006: one layer at a time
#
# Two networks with five hidden layers are to read digits. Both start from the same random weights and get the same
# training with labels. But the layers of one were trained beforehand, one after the other and *without labels*. Look at
# the left picture: only this one learns.

# %% jupyter={"source_hidden": true} tags=["hide-input"]
from functools import partial

import matplotlib.pyplot as plt
import numpy as np

import minnet as mn
from minnet import activations, claims, datasets, initializers, losses, optimizers, plots, pretraining, theory
from minnet.diagnostics import profile
from minnet.experiments.chapter import SEEDS, stored, style
from minnet.experiments.rows import Rows

style()
(x, y), (unseen, _) = datasets.mnist_5k()
NAMES = {"heuristic, sigmoid": "random weights", "edge of chaos, sigmoid": "random, right size", "He, ReLU": "ReLU, He"}
runs = Rows(row | {"start": NAMES.get(row["start"], row["start"]), "equal": row.get("equal", row["test_error"])}
            for name in ("09_random", "09_pretrained") for row in stored(name))
LOOKS = {"random weights": plots.initializer_style("heuristic_uniform"),
         "pretrained": {"color": "black", "linestyle": "-", "marker": "s"}}

# %%
SIZES, sgd = [784, *[400] * 5, 10], optimizers.SGD(0.1)
net, learned = (mn.mlp(SIZES, activation=activations.sigmoid, init=initializers.heuristic_uniform, rng=0)
                for _ in range(2))
pretraining.greedy_pretrain(learned, x, optimizer=sgd, epochs=2, batch_size=20, rng=0, progress=False,
                            corruption=partial(pretraining.masking, rate=0.25))
nets = {"random weights": net, "pretrained": learned}
gradients = {name: profile(one, x[:300], y[:300], losses.softmax_cross_entropy).delta
             for name, one in nets.items()}                                            # before training, for section 1
histories = {name: mn.fit(one, (x, y), loss=losses.softmax_cross_entropy, optimizer=sgd, epochs=5, batch_size=20, rng=0,
                          progress=False) for name, one in nets.items()}

# %%
fig, (left, right) = plt.subplots(1, 2, figsize=(11, 3.6))
plots.learning_curves(histories, styles=LOOKS, ax=left)
left.set(title="Five hidden layers: only the pretrained net learns", ylim=(0, 2.6))
for name in nets:
    found = runs.where(start=name, labels=4000, rate=0.1).spread("test_error", by="depth")
    right.plot(found.array("depth"), 100 * found.array("median"), label=name, **LOOKS[name])
right.set(title="More layers: worse from random weights,\nbetter after pre-training", xlabel="hidden layers",
          xticks=(1, 3, 5), yscale="log", yticks=(5, 10, 20, 50, 90), yticklabels=(5, 10, 20, 50, 90),
          ylabel="test error, %", ylim=(4, 110))
right.minorticks_off()
for ax in (left, right):
    plots.label_lines(ax)

# %% [markdown]
# **What to see.** Left, the net with random weights comes down to the loss of a guess, $\ln 10 = 2.30$, and stays
# there. Right, medians of five stored runs with one, three and five hidden layers; a guess has 90% errors.
# `python -m chapters --sweeps 09` repeats the stored runs.
#
# **The question.** Before 2006 nets of many layers were seldom trained with success. Then Hinton, Osindero and Teh
# (2006) and Bengio and others (2007) trained one layer at a time. What was wrong before, what does the method do, and
# was it needed?
#
# **What you need.** The backward pass (chapter 01) and the factor $\chi$ on the gradient in each layer
# ([chapter 03](03_vanishing.ipynb)). The data are MNIST-5k: 4,000 training and 1,000 test images, pixels in [0, 1]. On
# 1,000 images an error of 5% has a standard error of 0.7 points (one point is ten images).
#
# At **Predict**, write your answer down before you read on. A claim is *reproduced* if every run meets its criterion,
# *refuted* if none does, *conditional* if this depends on a stated condition, and *mixed* otherwise.
#
# ## 1. Why five layers do not learn
#
# A layer computes $z = aW + b$ and $f(z) = 1/(1 + e^{-z})$. Its weights are drawn uniformly between $\pm 1/\sqrt n$,
# where $n$ is fan_in, so $n\,\mathrm{Var}[W] = \tfrac13$. Going back,
# $\delta_l = (\delta_{l+1}W_{l+1}^\top) \odot f'(z_l)$, and between layers of equal width (fan_out $m = n$) the mean
# square of $\delta$ is multiplied by
#
# $$\chi = n\,\mathrm{Var}[W]\,E[f'(z)^2].$$
#
# **Predict.** The slope of the sigmoid is at most $\tfrac14$. How much of the gradient of layer 5 is left in layer 1?
#
# <details><summary>Answer</summary>
#
# $\chi \le \tfrac13 \cdot \tfrac1{16} = \tfrac1{48}$. After four layers the mean square is at most $48^{-4}$ of what it
# was, and the gradient itself $48^{-2} \approx 1/2{,}300$. The step from the output to layer 5 costs even more: only
# $m = 10$ outputs send a gradient back, and the weights have the size for $n = 400$.
#
# </details>

# %%
net.reset(0)                                                  # draws the weights that it had before training
line = theory.predict_statistics(net, x).delta.square
ax = plots.depth_profile({name: delta / delta[-1] for name, delta in gradients.items()}, styles=LOOKS,
                         predicted={"random weights": np.sqrt(line)}, ylabel="gradient (rms of δ, output = 1)")
ax.set_title("With random weights the gradient hardly reaches layer 1")
ax.get_legend().remove()
for (name, delta), shift in zip(gradients.items(), (-14, 9), strict=True):
    ax.annotate(name, (2, delta[1] / delta[-1]), (8, shift), textcoords="offset points", color=LOOKS[name]["color"])
print("layer 1 against layer 5:", ", ".join(f"{name} 1/{d[4] / d[0]:,.0f}" for name, d in gradients.items()))

# %% [markdown]
# **What to see.** Read it from right to left. Markers are measured before training; the line is the theory. From layer
# 5 on it is straight on this logarithmic axis: the same factor in every layer. The pretrained net passes far more of
# its gradient on. The forward pass has the same problem: the squared *difference* between two images shrinks by the
# same $\chi$ in each layer ([chapter 07](07_scaling.ipynb)), and layer 5 can hardly tell them apart.
#
# **Predict.** A large learning rate could make up for a small gradient. So far it was 0.1. Do five layers learn at 0.3,
# 1 or 3? Do three?

# %%
ax = plt.figure().subplots()
for depth, mark in ((1, "o-"), (3, "s--"), (5, "^:")):
    found = runs.where(start="random weights", labels=4000, depth=depth).spread("equal", by="rate")
    ax.plot(found.array("rate"), 100 * found.array("median"), mark, color="0.55" if depth == 1 else "0.1",
            label=f"{depth} layer{'s' * (depth > 1)}")
    ax.vlines(found.array("rate"), 100 * found.array("low"), 100 * found.array("high"),
              color="0.75" if depth == 1 else "0.45", linewidth=3)
ax.set(title="Three layers learn at a larger rate; five do not", xlabel="learning rate", xscale="log",
       xticks=(0.1, 0.3, 1, 3), xticklabels=(0.1, 0.3, 1, 3), ylabel="test error, %", ylim=(0, 95))
ax.minorticks_off()
_ = plots.label_lines(ax)

# %% [markdown]
# **What to see.** Markers are medians and bars the range of five runs. Pre-training takes computing time; here the nets
# with random weights get as much extra time, as further epochs. (So at 0.1 three layers do a little better than in the
# first picture.) At 0.1 three layers fail; at 1 they are nearly as good as one layer.
#
# Criterion: a net *does not train* if it has 85% errors or more at its best rate. Judged are five layers; the
# comparison is three.

# %%
def best(start, labels, depth):
    """Test errors in percent of five runs, at the rate where their mean is lowest."""
    rates = runs.where(start=start, labels=labels, depth=depth).by("rate").values()
    return 100 * min((rows.array("equal") for rows in rates), key=np.mean)


BEST = "the rate, best of four, was chosen by the errors on the test images"
_ = claims.judge("09-deep-fails", source="Glorot & Bengio 2010; Erhan and others 2010", mode="stored",
                 statement="deep sigmoid nets drawn by the common heuristic do not train (test error, %, at the best "
                           "rate)", measured=best("random weights", 4000, 5), criterion=claims.at_least(85),
                 condition="five hidden layers", without=best("random weights", 4000, 3), post_hoc=BEST,
                 headline="With the random weights of before 2006 five sigmoid layers train at no rate; three do")

# %% [markdown]
# **Verdict: conditional.** From these random weights five layers train at no rate that was tried, and three do.
#
# **How rates were chosen.** The best of four rates is the one with the fewest errors *on the test images*. It should be
# chosen on images that were kept aside for this, but the stored runs have none. So the errors are a little too low,
# most of all where they vary much from run to run. The ledger marks the claims that depend on it.
#
# ## 2. A layer that keeps the image
#
# The method of 2006 gives a layer a task that needs no depth and no labels: learn a code $h$ from which the image can
# be computed again.

# %%
ax = plots.network_diagram([784, 400, 784], labels=["x, or damaged x̃", "h", "p, close to x"])
_ = ax.set_title("An autoencoder: up by W, down by Wᵀ", fontsize=10)

# %% [markdown]
# The *encoder* is the layer itself, the *decoder* uses the same $W$ and has biases $c$ of its own:
#
# $$h = f(xW + b), \qquad z = hW^\top + c, \qquad p = \frac1{1 + e^{-z}} .$$
#
# The loss is the cross-entropy of $p$ and the $N$ images, $C = -\tfrac1N \sum [x \ln p + (1 - x) \ln(1 - p)]$. Its
# derivative is $dz = \partial C/\partial z = (p - x)/N$ (chapter 01).
#
# **Predict.** $W$ occurs twice. What is $dW = \partial C/\partial W$?
#
# <details><summary>Answer</summary>
#
# The sum of two terms. The encoder gives $x^\top \delta$ with $\delta = (dz\,W) \odot f'$, as in any layer. The decoder
# gives $dW^\top = h^\top dz$, as in any layer, so $dW = dz^\top h$:
#
# $$dW = x^\top \delta + dz^\top h, \qquad db = \sum \delta, \qquad dc = \sum dz .$$
#
# </details>

# %%
def by_hand(W, b, c, x):
    h = activations.sigmoid(x @ W + b)
    p = activations.sigmoid(h @ W.T + c)
    dz = (p - x) / len(x)
    delta = (dz @ W) * h * (1 - h)
    return x.T @ delta + dz.T @ h, delta.sum(axis=0), dz.sum(axis=0)


model, some = pretraining.Autoencoder(784, 400, rng=0, dtype=np.float64), x[:20].astype(float)
model.gradient(some, some, losses.sigmoid_cross_entropy)
for mine, theirs in zip(by_hand(model.W, model.b, model.c, some), (model.dW, model.db, model.dc), strict=True):
    np.testing.assert_allclose(mine, theirs, rtol=1e-10, atol=1e-14)
print("The library's gradient is the same, to rounding.")

# %% [markdown]
# A *denoising* autoencoder (Vincent and others 2010) gets a damaged image $\tilde x$, with some pixels set to 0, and is
# compared with the clean one. It cannot succeed by copying: it must learn which pixels go together.
#
# **Predict.** Two autoencoders start from the same weights. One is trained on whole images, the other on images that
# lose half of their pixels. Then both get damaged images that they have never seen. Do both repair them?
#
# Criterion: a layer *restores* images if it removes at least half of the damage, measured as squared error. Judged is
# the one trained on damaged images; the comparison is the other.

# %%
def autoencoder(rate, seed):
    model = pretraining.Autoencoder(784, 400, corruption=partial(pretraining.masking, rate=rate), rng=seed)
    mn.fit(model, (x, x), loss=losses.sigmoid_cross_entropy, optimizer=sgd, epochs=3, batch_size=20, rng=seed,
           progress=False)
    return model


damaged = pretraining.masking(np.random.default_rng(9), unseen, rate=0.5)
restored = {rate: [activations.sigmoid(autoencoder(rate, seed)(damaged)) for seed in SEEDS] for rate in (0, 0.5)}
left_over = {rate: [np.square(p - unseen).sum() / np.square(damaged - unseen).sum() for p in found]
             for rate, found in restored.items()}
fig, axes = plt.subplots(4, 1, figsize=(8, 3.6))
for ax, (name, found) in zip(axes, {"the image": unseen, "damaged": damaged, "learned from whole": restored[0][0],
                                    "learned from damaged": restored[0.5][0]}.items(), strict=True):
    ax.imshow(np.hstack(found[::97][:10].reshape(-1, 28, 28)), cmap="gray_r", vmin=0, vmax=1)
    ax.set_ylabel(name, rotation=0, ha="right", va="center")
    ax.set(xticks=[], yticks=[])
    ax.grid(False)
axes[0].set_title("The layer that saw damaged images restores more")
for rate, name in ((0, "whole"), (0.5, "damaged")):
    print(f"damage that remains, learned from {name} images: {min(left_over[rate]):.0%} to {max(left_over[rate]):.0%}")
_ = claims.judge("09-restores", source="Vincent and others 2010", condition="it was trained on damaged images",
                 statement="an autoencoder restores masked pixels (squared error of restored/damaged images, unseen)",
                 measured=left_over[0.5], criterion=claims.at_most(0.5), without=left_over[0],
                 headline="A denoising autoencoder leaves at most half of the damage; one that learned from whole "
                          "images does not")

# %% [markdown]
# **What to see.** The third row is pale: that layer copies the holes in part. The fourth row is close to the first.
#
# **Verdict: conditional.** An autoencoder restores images if it was trained on damaged ones, and otherwise not.
#
# <details><summary>Answer</summary>
#
# Both repair something: a layer of 400 units cannot copy 784 pixels one by one, so even whole images teach it which
# pixels go together. But only the other one had to fill holes in training, and only it removes half of the damage.
#
# </details>
#
# ## 3. The stack
#
# *Greedy* pre-training: layer 1 learns to encode images. It is then frozen, all images are encoded once, and layer 2
# learns to encode these codes; and so on. No label is used, and never more than one layer is trained. The result is the
# starting point for ordinary training of the whole net, called *fine-tuning*. The library's `greedy_pretrain`, in the
# first cell of this chapter, does just this.
#
# **Predict.** Compare the pretrained net of five layers with a net of *one* hidden layer and Glorot's weights (chapter
# 04), the best shallow start. That one gets the best of four rates, and the arithmetic of pre-training as further
# epochs. Which makes fewer errors?
#
# Criterion for *it trains well*: every pretrained net has at most as many errors as the shallow nets on average. The
# pretrained net keeps the rate 0.1: nothing is chosen for it.

# %%
deep = 100 * runs.where(start="pretrained", labels=4000, depth=5, rate=0.1).array("equal")
shallow = best("Glorot, sigmoid", 4000, 1).mean()
print(f"test error: five pretrained layers {deep.min():.1f}% to {deep.max():.1f}%, one random layer {shallow:.1f}%")
_ = claims.judge("09-rescue", source="Hinton, Osindero & Teh 2006; Bengio and others 2007", mode="stored",
                 statement="pretrained layer by layer, deep sigmoid nets train well (test error, %, 5 layers, 4,000 "
                           "labels)", measured=deep, criterion=claims.at_most(round(shallow, 2)),
                 post_hoc="the criterion: the shallow nets' rate, best of four, was chosen by the errors on the test "
                          "images",
                 headline="Pretrained layer by layer, five sigmoid layers are better than one")

# %% [markdown]
# **Verdict: reproduced.** All five pretrained nets of five layers make fewer errors than one layer does on average.
#
# ## 4. Size, or content?
#
# Pretrained weights differ from random ones in two ways: they have another size, and they have learned something. A
# test separates the two: *shuffle* the entries within each $W$, and within each $b$. All values stay, and with them the
# size. What a weight had learned for its place is gone.
#
# **Predict.** Three layers, 500 labels, rate 0.1. The net with random weights only guesses, and the pretrained net
# learns. Which of the two is the shuffled one closer to?

# %%
STARTS = ["random weights", "shuffled", "pretrained"]
ax = plt.figure(figsize=(7.5, 2.2)).subplots()
for k, start in enumerate(STARTS):
    values = 100 * runs.where(start=start, labels=500, depth=3, rate=0.1).array("test_error")
    ax.plot(values, k + np.linspace(-0.2, 0.2, len(values)), "ko", markerfacecolor="none")
_ = ax.set(title="The size of the weights is most of the gain, what they learned is the rest", xlabel="test error, %",
           yticks=range(3), yticklabels=["random", "pretrained, shuffled", "pretrained"], ylim=(-0.5, 2.5),
           xlim=(0, 95))
for start in STARTS:
    values = 100 * runs.where(start=start, labels=500, depth=3, rate=0.1).array("test_error")
    print(f"{start}: {values.min():.1f}% to {values.max():.1f}% errors")

# %% [markdown]
# **What to see.** Each circle is one run. Most of the gain is *size*: weights large enough to carry signal and
# gradient. The rest, between shuffled and pretrained, is what was learned. (With five layers, shuffled weights need a
# larger rate: see the further part.)
#
# ## 5. Was it needed?
#
# If size is what counts, draw random weights of the right size. This is the size at which the gradient's factor is
# $\chi = 1$, called the *edge of chaos* ([chapter 07](07_scaling.ipynb)). For the sigmoid it is a large
# $n\,\mathrm{Var}[W]$, printed below.
#
# **Predict.** (a) *Deep sigmoid nets cannot be trained without pre-training*: is this true for such weights, at the
# rate 0.1?
# (b) ReLU with He's weights *makes pre-training superfluous* where all images have labels (Glorot, Bordes and Bengio
# 2011): is this true? And with 500 labels?
#
# Criteria: (a) 85% errors or more, as before; (b) at most half a point more errors than the pretrained net, five
# layers, each start at its best rate.

# %%
edge = theory.critical(activations.sigmoid)[0]
print(f"edge of chaos: n · Var[W] = {edge.keywords['scale']:.0f}")
LOOKS |= {"random, right size": plots.initializer_style(edge), "ReLU, He": plots.initializer_style("he_normal")}
fig, axes = plt.subplots(1, 2, figsize=(11, 3.8), sharey=True)
for ax, labels in zip(axes, (500, 4000), strict=True):
    for start in LOOKS:
        ax.plot((1, 3, 5), [np.median(best(start, labels, depth)) for depth in (1, 3, 5)], label=start,
                **LOOKS[start])
    ax.set(xlabel="hidden layers", xticks=(1, 3, 5), yscale="log", yticks=(5, 10, 20, 50, 90), ylim=(3.5, 110),
           yticklabels=(5, 10, 20, 50, 90), ylabel="test error, %, best rate")
    ax.minorticks_off()
    plots.label_lines(ax)
axes[0].set_title("500 labels: pre-training is ahead")
_ = axes[1].set_title("4,000 labels: the right size comes close")

# %%
more = {labels: best("ReLU, He", labels, 5) - best("pretrained", labels, 5) for labels in (500, 4000)}
for labels, points in more.items():
    print(f"{labels:,} labels: ReLU has {points.min():.1f} to {points.max():.1f} points more errors than pre-training")
_ = claims.judge("09-needed", source="lore", mode="stored",
                 statement="deep sigmoid nets cannot be trained without pre-training (test error, %, 5 layers, weights "
                           "at the edge of chaos, rate 0.1)", criterion=claims.at_least(85),
                 measured=100 * runs.where(start="random, right size", labels=4000, depth=5,
                                           rate=0.1).array("test_error"),
                 headline="Deep sigmoid nets cannot be trained without pre-training")
_ = claims.judge("09-replaced", source="Glorot, Bordes & Bengio 2011", mode="stored",
                 statement="ReLU with the right scale makes pre-training superfluous (points of error more, 5 layers)",
                 measured=np.round(more[4000], 1), criterion=claims.at_most(0.5), condition="labels for all images",
                 without=np.round(more[500], 1), post_hoc=BEST,
                 headline="Where all images have labels, ReLU with He's weights makes pre-training superfluous")

# %% [markdown]
# **What to see.** Lines are medians of five runs. Right, the random weights of the right size train at every depth, and
# ReLU comes close to pre-training. Left, pre-training is clearly ahead.
#
# **Verdict (a): refuted.** Five random sigmoid layers train without pre-training, if their weights have the right size.
#
# **Verdict (b): mixed.** With labels for all images ReLU is nearly as good as pre-training: some runs meet the
# criterion and others do not. With 500 labels none does. (The pretrained nets have seen all 4,000 images, the others
# only 500.)
#
# ## Summary
#
# 1. Five sigmoid layers with small random weights do not train: every layer makes the gradient smaller by the factor
#    $\sqrt\chi$, about 1/7.
# 2. An autoencoder trains one layer without labels; damaging its inputs makes it learn which pixels go together.
# 3. A network that starts from a stack of such layers trains well, and five layers are better than one.
# 4. Most of the gain is the size of the weights, and random weights of the right size have it as well.
# 5. What remains is what was learned from images without labels. It counts where labels are few.

# %%
claims.summary()

# %% [markdown]
# ## Exercises
#
# Each is a notebook with hints, a check that answers at once, and the solution, folded.
# `python -m chapters handout 09` writes a copy without the solutions for you to work in.
#
# 1. **(15 min, pencil)** [How much of the gradient arrives?](exercises/09_1_gradient_arrives.ipynb) Derive a bound for
#    layers of any widths.
# 2. **(20 min)** [The gradient of a tied autoencoder](exercises/09_2_tied_gradient.ipynb), with linear outputs. Does
#    the layer learn without $dz^\top h$?
# 3. **(10 min)** [Damage](exercises/09_3_masking.ipynb). Write the corruption that sets pixels to 0.
# 4. **(25 min)** [Break a layer, and find it](exercises/09_4_forgotten_layer.ipynb). The weights of one layer are
#    shuffled; say which.
# 5. **(35 min)** [Size without learning](exercises/09_5_rescaled.ipynb). Scale random weights by measurement. How far
#    does that come?
#
# **Where to go on.** [The further part](further/09_pretraining.ipynb): what filters look like, few labels, optimization
# or regularization, frozen features, the deep autoencoder of 2006, overfitting, more on shuffled weights. Today's large
# models also learn without labels first and are fine-tuned afterwards, with other tasks. The theory of the right size
# is in [chapter 03](03_vanishing.ipynb) and [chapter 07](07_scaling.ipynb).
