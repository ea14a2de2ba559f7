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
# # Does it still matter? Further
#
# What the chapter [Does it still matter?](../11_today.ipynb) states in a sentence is derived and measured here: the
# kinds of residual block, Fixup's exponent, what LayerNorm cancels, LayerNorm before and after the sum, whether wider
# is better, and lazy training as a linear method. Read the chapter first.
#
# The runs over several seeds are stored; `python -m chapters --sweeps 11` computes them again. *Trained* means, as in
# the chapter, a training accuracy of at least 0.9 in every run, at the learning rate that is best on held-out digits.

# %% jupyter={"source_hidden": true} tags=["hide-input"]
from functools import partial

import matplotlib.pyplot as plt
import numpy as np

import minnet as mn
from minnet import activations, claims, datasets, initializers, losses, optimizers, plots
from minnet.experiments.chapter import SEEDS, stored, style
from minnet.layers import Dense, LayerNorm, Residual

style()
x, y = datasets.standardized(datasets.digits()).train
images, labels = x[:200].astype(np.float64), y[:200]
blocks, widths, lazy = stored("11_blocks"), stored("11_width"), stored("11_lazy")
relu, zeros, he = activations.relu, initializers.zeros, initializers.he_normal
cross_entropy = losses.softmax_cross_entropy
TRAINED = claims.at_least(0.9)

# %% [markdown]
# ## 1. Residual blocks, kind by kind
#
# Three statements of the literature, judged by the chapter's runs.
#
# - De and Smith (2020): what batch normalization does for residual nets is to scale the branches down by about
#   $1/\sqrt L$; a branch that is small at the start makes deep nets trainable. Judged at He's weights, with the factor
#   $1/\sqrt L$ and without.
# - Bachlechner and others (2021): $\alpha = 0$ at the start suffices. Judged at He's weights.
# - A conclusion that one may draw: if the branch starts at 0, the size of its weights is irrelevant. Judged at the
#   worst of five sizes, for Fixup and for ReZero.

# %%
FACTORS = [0.25, 0.5, 1.0, 2.0, 4.0]


def accuracy(kind, factor):
    """Training accuracy at the best rate, one number per seed."""
    return blocks.where(kind=kind, factor=factor).best("rate", by="error").array("accuracy")


def worst(kind):
    return np.min([accuracy(kind, factor) for factor in FACTORS], axis=0)


for kind in ("residual", "residual, 1/√L", "ReZero", "Fixup"):
    found = [accuracy(kind, factor) for factor in FACTORS]
    print(f"{kind:16}" + "".join(f"   × {factor:g}: {min(a):.2f} to {max(a):.2f}"
                                 for factor, a in zip(FACTORS, found, strict=True)))
_ = claims.judge("11-small-branch", source="De & Smith 2020", mode="stored", criterion=TRAINED,
                 statement="deep residual nets without normalization train if their branches start small (training "
                           "accuracy, He's weights)", measured=accuracy("residual, 1/√L", 1.0),
                 condition="branches are scaled by 1/√L", without=accuracy("residual", 1.0))
_ = claims.judge("11-rezero", source="Bachlechner and others 2021", measured=accuracy("ReZero", 1.0), mode="stored",
                 statement="ReZero trains a deep residual net without normalization (training accuracy, He's weights)",
                 criterion=TRAINED)
_ = claims.judge("11-identity-start", source="lore", mode="stored", criterion=TRAINED, measured=worst("Fixup"),
                 statement="if every block starts as the identity, the size of the weights is irrelevant (training "
                           "accuracy, worst of five sizes)", condition="the weights are scaled by Fixup, not only "
                 "hidden by α = 0 as in ReZero", without=worst("ReZero"))

# %% [markdown]
# ## 2. Fixup's exponent
#
# A branch has $m$ layers, the last one 0 at first; the others have He's weights times $\sigma$. How much does the first
# step of gradient descent change the outputs of a network of $L$ such blocks?
#
# At the start every block is the identity. Only the last layers $W$ have a gradient: $dW = h^\top\delta$, where $h$ is
# the branch's signal before $W$. After a step $W = -\eta\, h^\top\delta$, and the branch adds $hW = -\eta\, h h^\top
# \delta$: in proportion to $\|h\|^2$, which the $m - 1$ layers make $\sigma^{2(m-1)}$ times as large. The $L$ blocks
# add up their changes, all of them downhill and so with one sign:
#
# $$\text{change of the outputs} \;\propto\; L\,\sigma^{2(m-1)} = 1 \quad\Longleftrightarrow\quad
# \boxed{\;\sigma = L^{-1/(2m-2)}\;}$$
#
# This is the second of the paper's three rules. It is the size of the *update* that is kept ("fixed-update
# initialization"), not the size of the signal. The output layer is 0 in Fixup, and then the blocks have no gradient in
# the very first step; so it is drawn by LeCun's formula here, to see the step that the derivation is about.
#
# Criterion: from 4 to 64 blocks of two layers, the change of the outputs by a step on the weights grows by a factor of
# at most 2. (Without $\sigma$ the derivation says 16.)

# %%
def change(L, init, seed, rate=1e-4, n=128):
    """Root mean square change of the outputs after one step on the branches' weights."""
    branches = [[Dense(n, n, relu, init), Dense(n, n, init=zeros)] for _ in range(L)]
    net = mn.Network([Dense(64, n, relu, he), *map(Residual, branches),
                      Dense(n, 10, init=initializers.lecun_normal)], rng=seed, dtype=np.float64)
    before = net(images)
    net.gradient(images, labels, cross_entropy)
    for _, last in branches:
        last.W = last.W - rate * last.dW
    return np.sqrt(np.square(net(images) - before).mean())


DEPTHS = [4, 16, 64]
found = {name: np.array([[change(L, init(L), seed) for L in DEPTHS] for seed in SEEDS])
         for name, init in {"He": lambda L: he, "Fixup": lambda L: initializers.fixup(blocks=L)}.items()}
ax = plt.figure().subplots()
for name, values in found.items():
    ax.loglog(DEPTHS, np.median(values / values[:, :1], axis=0), label=name,
              **plots.initializer_style("fixup" if name == "Fixup" else "he_normal"))
ax.set(xlabel="blocks L", ylabel="change of the outputs, 4 blocks = 1", xticks=DEPTHS, xticklabels=DEPTHS,
       title="One step changes the outputs alike at every depth with Fixup's σ, not with He's")
ax.minorticks_off()
plots.label_lines(ax)
growth = {name: values[:, -1] / values[:, 0] for name, values in found.items()}
print({name: f"{values.min():.2f} to {values.max():.2f}" for name, values in growth.items()})
_ = claims.judge("11-fixup-step", source="Zhang, Dauphin & Ma 2019", measured=growth["Fixup"],
                 statement="the first step changes the outputs of a residual net alike at any depth (change at 64 "
                           "blocks / 4 blocks)", criterion=claims.at_most(2),
                 condition="weights are He's times L^(-1/2)", without=growth["He"])

# %% [markdown]
# **What to see.** Both lines are medians over the seeds. He's rises in proportion to $L$.
#
# ## 3. What normalization cancels, and what it does not
#
# Put LayerNorm behind a Dense layer without bias: $\mathrm{LN}(xW)$. With $tW$ in place of $W$ mean and deviation are
# both multiplied by $t$, and the output is the same. So the loss is the same, too, and its gradient is $1/t$ of what it
# was: $\partial C/\partial(tW) = \frac1t\,\partial C/\partial W$.
#
# The size of the weights is therefore only a learning rate: relative to its size, $tW$ moves $1/t^2$ as far in a step.
# In this sense normalization does make the size irrelevant. What it cannot repair is that a plain deep net of ReLU
# makes different images alike (chapter 05, further part).
#
# We measure the mean cosine between the signals of different digits in layer 30. And we judge a statement in substance
# of Ioffe and Szegedy (2015), that with batch normalization one need be less careful about initialization: 30 plain
# layers from He's weights are *trained*.

# %%
def alike(build, seed, count=15, n=32):
    """Mean cosine between the signals of 50 digits at the output of each block."""
    net = mn.Network([Dense(64, n, relu, he), *[layer for _ in range(count) for layer in build(n)]], rng=seed,
                     dtype=np.float64)
    a, found = images[:50], []
    for layer in net.layers:
        a = layer(a)
        unit = a / np.linalg.norm(a, axis=1, keepdims=True)
        found.append((unit @ unit.T)[np.triu_indices(50, 1)].mean())
    return np.array(found)[::len(build(n))]


def normalized(n):
    return [part for _ in range(2) for part in (Dense(n, n, init=he), LayerNorm(n), relu)]


def pre_ln(n):
    return [Residual([LayerNorm(n), Dense(n, n, relu, he), Dense(n, n, init=he)])]


cosines = {name: np.array([alike(build, seed) for seed in SEEDS])
           for name, build in {"plain, LayerNorm": normalized, "pre-LN": pre_ln}.items()}
ax = plots.depth_profile(cosines, ylabel="cosine between digits", xlabel="pairs of layers passed", first=0, log=False)
ax.set_title("LayerNorm keeps the size, and yet different digits become alike in a plain net")
plots.label_lines(ax)
W = np.random.default_rng(0).normal(size=(64, 32))
norm = mn.Network([LayerNorm(32)], rng=0, dtype=np.float64)
np.testing.assert_allclose(norm(images @ W), norm(images @ (4 * W)), rtol=1e-3, atol=1e-3)
_ = claims.judge("11-batch-norm", source="Ioffe & Szegedy 2015", mode="stored", refutable=False, criterion=TRAINED,
                 statement="with batch normalization a deep plain net trains (training accuracy, 30 layers, He's "
                           "weights, ten epochs)", measured=accuracy("plain, BatchNorm", 1.0))

# %% [markdown]
# **What to see.** Markers are medians over networks, bars their range. In the plain net with LayerNorm the cosines go
# towards 1, although every signal has the right size.
#
# ## 4. LayerNorm before the block, or after the sum
#
# The first transformers normalized after the sum, $a = \mathrm{LN}(x + F(x))$: *post-LN*. Xiong and others (2020)
# derive that the gradient of the last block is then large at any depth, while in pre-LN nets (with one LayerNorm before
# the outputs) it falls as $1/\sqrt L$; this, they say, is why post-LN needs a warm-up of the learning rate.
#
# The reason: in a pre-LN net the sum has grown to a mean square of about $L$ branches before the last LayerNorm divides
# by its root. In a post-LN net every block starts at size 1.
#
# Criterion: from 4 to 64 blocks the gradient of the last block's last weights falls by a factor of at least 2 (theory:
# 4).

# %%
def last_gradient(kind, L, seed, n=64):
    branches = [[Dense(n, n, relu, he), Dense(n, n, init=he)] for _ in range(L)]
    if kind == "pre-LN":
        between = [*[Residual([LayerNorm(n), *branch]) for branch in branches], LayerNorm(n)]
    else:
        between = [layer for branch in branches for layer in (Residual(branch), LayerNorm(n))]
    net = mn.Network([Dense(64, n, init=he), *between, Dense(n, 10, init=initializers.lecun_normal)], rng=seed,
                     dtype=np.float64)
    net.gradient(images, labels, cross_entropy)
    return np.sqrt(np.square(branches[-1][-1].dW).mean())


found = {kind: np.array([[last_gradient(kind, L, seed) for L in DEPTHS] for seed in SEEDS])
         for kind in ("pre-LN", "post-LN")}
falls = {kind: values[:, 0] / values[:, -1] for kind, values in found.items()}
print({kind: f"{values.min():.2f} to {values.max():.2f}" for kind, values in falls.items()})
for kind, factor in [(kind, factor) for kind in ("pre-LN", "post-LN") for factor in (0.25, 1.0, 4.0)]:
    print(f"{kind:8} He × {factor:<5g} training accuracy {accuracy(kind, factor).min():.2f} to "
          f"{accuracy(kind, factor).max():.2f}")
_ = claims.judge("11-pre-ln", source="Xiong and others 2020", measured=falls["pre-LN"], criterion=claims.at_least(2),
                 statement="the last block's gradient falls with depth at initialization (4 blocks / 64 blocks)",
                 condition="LayerNorm stands before the block, not after the sum", without=falls["post-LN"])

# %% [markdown]
# The accuracies printed above are the stored runs', without a warm-up, with SGD.
#
# ## 5. Is wider better?
#
# Two more statements on μP (Yang, Hu and others 2022): at one and the same rate a wider network has the lower loss; and
# the rate that is found in a narrow one is about as good as the best one *under μP*.
#
# Criteria, at the rate that is best for width 32 (median of five runs): the loss at 512 is below that at 32; the loss
# at 512 is at most 1.5 times the loss there at its best rate. The chapter compares with the standard rates instead.

# %%
def table(name, width):
    """Loss by seed and rate; infinite where a run diverged."""
    found = widths.where(rates=name, width=width).by("seed").values()
    return np.nan_to_num(np.array([rows.array("loss") for rows in found], float), nan=np.inf)


def median_best(name, width):
    return int(np.median(table(name, width), axis=0).argmin())


at_narrow = {(name, width): table(name, width)[:, median_best(name, 32)]
             for name in ("standard", "μP") for width in (32, 128, 512)}
for (name, width), values in at_narrow.items():
    print(f"{name:9} width {width:4}: loss at width 32's best rate {values.min():.3f} to {values.max():.3f}, "
          f"at its own best {np.median(table(name, width)[:, median_best(name, width)]):.3f} (median)")
YANG = "Yang, Hu and others 2022"
_ = claims.judge("11-wider", source=YANG, mode="stored", criterion=claims.at_most(1),
                 statement="at one rate a wider net has the lower loss (loss at width 512 / 32, Adam, three epochs)",
                 measured=at_narrow["μP", 512] / at_narrow["μP", 32], condition="μP",
                 without=at_narrow["standard", 512] / at_narrow["standard", 32])
own = table("μP", 512)[:, median_best("μP", 512)]
_ = claims.judge("11-mup-own", source=YANG, mode="stored", measured=at_narrow["μP", 512] / own, refutable=False,
                 statement="under μP the narrow net's best rate is nearly the wide net's (loss at it / at its own "
                           "best, width 512)", criterion=claims.at_most(1.5))

# %% [markdown]
# ## 6. Lazy training is a linear method
#
# Near its start $w_0$ a network is linear in its weights:
# $f(x, w) \approx f(x, w_0) + \nabla f(x, w_0) \cdot (w - w_0)$. Gradient descent on the squared error then
# has a closed form. With the *tangent kernel* $K_{ij} = \nabla f(x_i, w_0) \cdot \nabla f(x_j, w_0)$ on the $n$
# training examples, the linear model has after $t$ steps
#
# $$f_t(x) - f_0(x) = k(x)^\top K^{-1}\left[I - \left(I - \tfrac{\eta}{n} K\right)^t\right] y .$$
#
# For two layers, $f(x) = \sum_j v_j \max(z_j, 0) + c$ with $z = xW + b$, the gradient by hand gives
#
# $$K(x, x') = (x \cdot x' + 1) \sum_j v_j^2\, 1[z_j > 0]\, 1[z_j' > 0] + a \cdot a' + 1 .$$
#
# Two statements of Chizat, Oyallon and Bach (2019). *The lazy net is its linearization*: the correlation between the
# trained net and the formula on 1,000 new examples is at least 0.95 at $\alpha = 30$, and not at $\alpha = 0.1$. *Its
# parameters hardly vary*: $\|\Delta W\|/\|W\|$ falls as $1/\alpha$; criterion: from $\alpha = 3$ to 30 by a factor in
# 8 … 12.

# %%
def kernel(net, x, other):
    """K (n, m) at the network's weights, for x (n, inputs) and other (m, inputs)."""
    first, last = net.layers
    a, b = relu.f(x @ first.W + first.b), relu.f(other @ first.W + first.b)
    v = last.W[:, 0]
    return (x @ other.T + 1) * (((a > 0) * v**2) @ (b > 0).T) + a @ b.T + 1


def times(rng, shape, *, factor):
    return factor * he(rng, shape)


def both(alpha, seed, steps=1000, n=400):
    """Change of the outputs on new examples: of the trained net, and of its linearization."""
    x = np.random.default_rng(1000 + seed).choice([-1.0, 1.0], size=(1400, 30))
    y, rate = x[:, :1] * x[:, 1:2], 0.01 / max(alpha, 1)
    net = mn.mlp([30, 256, 1], activation=relu, init=partial(times, factor=alpha**0.5), rng=seed, dtype=np.float64)
    start = net.astype(np.float64)
    mn.fit(net, (x[:n], y[:n] + start(x[:n])), loss=losses.squared_error, optimizer=optimizers.SGD(rate),
           epochs=steps, batch_size=n, rng=seed, progress=False)
    values, vectors = np.linalg.eigh(kernel(start, x[:n], x[:n]))
    weights = vectors @ ((1 - (1 - rate / n * values) ** steps) / values * (vectors.T @ y[:n, 0]))
    return (net(x[n:]) - start(x[n:]))[:, 0], kernel(start, x[n:], x[:n]) @ weights


pairs = {alpha: [both(alpha, seed) for seed in SEEDS] for alpha in (30.0, 0.1)}
fig, axes = plt.subplots(1, 2, figsize=(9, 4), sharex=True, sharey=True)
for ax, runs in zip(axes, pairs.values(), strict=True):
    ax.plot(*runs[0][::-1], "k.", markersize=3, alpha=0.5)
    ax.plot([-1.5, 1.5], [-1.5, 1.5], "-", color="0.6", linewidth=1)
    ax.set(xlabel="linearized network", ylabel="trained network")
axes[0].set_title("α = 30: the net is its linearization")
axes[1].set_title("α = 0.1: it is something else")
correlations = {alpha: [np.corrcoef(*pair)[0, 1] for pair in runs] for alpha, runs in pairs.items()}
print({alpha: f"{min(values):.4f} to {max(values):.4f}" for alpha, values in correlations.items()})
LAZY = "Chizat, Oyallon & Bach 2019"
_ = claims.judge("11-tangent", source=LAZY, measured=correlations[30.0], criterion=claims.at_least(0.95),
                 statement="a wide net behaves as its linearization around the start (correlation of the outputs on "
                           "new examples)", condition="the output scale is 30, not 0.1", without=correlations[0.1])
moved = {alpha: lazy.where(alpha=alpha).array("moved") for alpha in (3.0, 30.0)}
_ = claims.judge("11-lazy-moves", source=LAZY, mode="stored", measured=moved[3.0] / moved[30.0],
                 statement="in lazy training the weights hardly vary: their change falls as 1/α (α = 3 over 30)",
                 criterion=claims.between(8, 12))

# %% [markdown]
# **What to see.** Each point is a new example of the first run. Left they lie on the line: training has done what the
# formula does, and the formula knows only the features that were drawn. Right they do not.

# %%
claims.summary()

# %% [markdown]
# ## Exercises
#
# Answers are in `chapters/answers/11_today.py`; 1 to 6 are in the chapter.
#
# 7. **(20 min)** In Adam's first step every weight moves by $\eta$. Verify it with the library's Adam, and that the
#    change of $z$ grows like the width.
