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
# # Does it still matter?
#
# Networks of today have shortcuts around their layers, normalization inside them, and Adam. Below are seven kinds of
# network with 30 layers, each drawn from He's weights times ¼, ½, 1, 2 and 4. Compare the top and the bottom row.

# %% jupyter={"source_hidden": true} tags=["hide-input"]
import math
from functools import partial

import matplotlib.pyplot as plt
import numpy as np

import minnet as mn
from minnet import activations, claims, datasets, initializers, losses, mup, optimizers, plots, theory
from minnet.experiments.chapter import FAST, SEEDS, stored, style
from minnet.layers import Dense, LearnedScale, Residual

style()
x, y = datasets.standardized(datasets.digits()).train
images, labels = x[:200].astype(np.float64), y[:200]
blocks, widths, lazy = stored("11_blocks"), stored("11_width"), stored("11_lazy")
relu, zeros, he = activations.relu, initializers.zeros, initializers.he_normal


def show(claim):
    otherwise = f"; otherwise by {claim.without_met}" if claim.condition else ""
    print(f"{claim.id}: {claim.verdict}, met by {claim.met} runs{otherwise}")


# %%
FACTORS = {0.25: "¼", 0.5: "½", 1.0: "1", 2.0: "2", 4.0: "4"}
KINDS = ["plain", "plain, LayerNorm", "residual", "residual, 1/√L", "ReZero", "Fixup", "pre-LN"]


def accuracy(kind):
    """Training accuracy at the best rate, (seeds, sizes)."""
    return np.transpose([blocks.where(kind=kind, factor=factor).best("rate", by="error").array("accuracy")
                         for factor in FACTORS])


ax = plots.heat_map(np.median([accuracy(kind) for kind in KINDS], axis=1).round(2), KINDS, list(FACTORS.values()),
                    xlabel="He's weights times", ylabel="", label="training accuracy",
                    ax=plt.figure(figsize=(7.5, 4)).subplots())
ax.set_title("30 layers: a plain net trains at no size of its weights, pre-LN at every size")
print("ReZero, weights times 2, three runs:", accuracy("ReZero")[:, 3].round(2), "at the rate",
      blocks.where(kind="ReZero", factor=2.0).best("rate", by="error")[0]["rate"])

# %% [markdown]
# **What to see.** Cells are medians of three runs: 32 units, ten epochs of SGD with momentum 0.9 on 1,000 digits, at
# the best of the rates 0.001, 0.003, 0.01, 0.03 and 0.1 on held-out digits (with LayerNorm of three: plain up to 0.01,
# pre-LN 0.003 to 0.03). A diverged run counts as a guess, 0.1. Where the lowest rate is best (printed), a lower one
# might do more.
#
# **The question.** Does initialization still matter, and what takes its place?
#
# **What you need.** The backward pass (chapter 01), He's factor (chapter 05), Adam; for section 7 chapter 07.
#
# At **Predict**, write your answer down before you read on. A claim is *reproduced* if every run meets its criterion,
# *refuted* if none does, *conditional* if this depends on a stated condition, and *mixed* otherwise.
#
# ## 1. A shortcut for the gradient
#
# A *residual block* (He, Zhang, Ren and Sun 2016) adds the output of some layers, the *branch* $F$, to its input:
#
# $$a = x + F(x) .$$
#
# The branch here is Dense, ReLU, Dense. Backward, $x$ has two ways to the loss $C$. With
# $\delta = \partial C/\partial a$ from above, they add up:
#
# $$\boxed{\;\frac{\partial C}{\partial x} = \delta + B(\delta)\;}$$
#
# where $B$ is the branch's backward pass (`Residual.backward`).
#
# **Predict.** Fifty blocks, all weights He's times ¼. How much of the gradient reaches the first block? And in a plain
# net of fifty layers? Criterion for *does not vanish*: at least half.

# %%
def passes(net):
    """Root mean squares, at the input of each block and at the last output, of the signal and of its gradient."""
    net = net.astype(np.float64)                                     # float32 has no squares of 10⁻³⁰
    a, signal, gradient = images, [], []
    for layer in net.layers:
        signal.append(math.sqrt(np.square(a := layer.forward(a)).mean()))
    _, delta = losses.softmax_cross_entropy(a, labels)
    for layer in reversed(net.layers[1:]):
        gradient.append(math.sqrt(np.square(delta := layer.backward(delta)).mean()))
    return signal[:-1], gradient[::-1]


def times(rng, shape, *, factor, init=he):
    return factor * init(rng, shape)


def branch(init, n=128):
    return [Dense(n, n, relu, init), Dense(n, n, init=init)]


def deep(block, count, seed, n=128):
    return mn.Network([Dense(64, n, relu, he), *[block() for _ in range(count)], Dense(n, 10)], rng=seed)


small = partial(times, factor=0.25)
STYLES = {"residual": {"color": "#0e49ae", "linestyle": "-", "marker": "o"},
          "plain": {"color": "#a7a7a7", "linestyle": "--", "marker": "s"},
          "residual, 1/√L": {"color": "#04994f", "linestyle": "-.", "marker": "D"}}
nets = {"residual": lambda: Residual(branch(small)), "plain": lambda: Dense(128, 128, relu, small)}
found = {name: np.array([passes(deep(block, 50, seed))[1] for seed in SEEDS]) for name, block in nets.items()}
ax = plots.depth_profile({name: g / g[:, -1:] for name, g in found.items()}, styles=STYLES, xlabel="block",
                         ylabel="gradient (rms, last = 1)")
ax.set_title("Weights too small by 4: the shortcut carries the gradient to the first block")
ax.get_legend().remove()
for name, height in (("residual", 1e-3), ("plain", 1e-24)):
    ax.text(14, height, name, color=STYLES[name]["color"], weight="bold")
show(claims.judge(
    "11-identity", source="He and others 2016, Identity Mappings, (5)", criterion=claims.at_least(0.5),
    statement="the gradient does not vanish even when the weights are arbitrarily small (rms below block 1 / above "
              "block 50, He × ¼)", measured=found["residual"][:, 0] / found["residual"][:, -1],
    condition="the layers are residual blocks", without=found["plain"][:, 0] / found["plain"][:, -1],
    headline="In a residual network the gradient does not vanish, even when the weights are too small"))

# %% [markdown]
# **What to see.** Read from right to left. (The plain net has one layer per block.)
#
# **Verdict.** With too small weights the gradient vanishes in a plain net, not in a residual one.
#
# <details><summary>Answer</summary>
#
# In the plain net each layer keeps about a quarter: $4^{-50} \approx 10^{-30}$. With shortcuts $\delta$ loses nothing.
# $B(\delta)$ even adds $2/4^4 = 1/128$ of the mean square per block (section 2), and $(1 + 1/128)^{50/2} = 1.2$.
#
# </details>
#
# ## 2. What the sum does to the signal
#
# **Predict.** He's weights as they are: what is $E[a^2]$ after one block, if $E[x^2] = 1$? After 15?
#
# <details><summary>Answer</summary>
#
# Dense doubles the mean square, ReLU halves it, the second Dense doubles it: $E[F^2] = 2 E[x^2]$. Random weights make
# $F(x)$ uncorrelated with $x$, so the squares add up:
#
# $$E[a^2] = E[x^2] + E[F^2] = 3\,E[x^2] .$$
#
# After 15 blocks it is $3^{15} \approx 14$ million. With all weights times $s$ the factor is $1 + 2s^4$: 1.01 at
# $s = ¼$, and 513 at $s = 4$.
#
# </details>
#
# A fixed number before each of $L$ branches repairs that: $a = x + F(x)/\sqrt L$ gives
#
# $$\left(1 + \tfrac{2}{L}\right)^L < e^2 \approx 7.4 \quad\text{for every depth } L .$$
#
# Criterion for *exponential growth*: a factor of at least 2 on the mean square per block, over 15 blocks.

# %%
L = 15
nets = {"residual": lambda: Residual(branch(he)), "residual, 1/√L": lambda: Residual(branch(he), 1 / math.sqrt(L))}
found = {name: np.array([passes(deep(block, L, seed))[0] for seed in SEEDS]) for name, block in nets.items()}
theories = {"residual": 3 ** (np.arange(L + 1) / 2), "residual, 1/√L": (1 + 2 / L) ** (np.arange(L + 1) / 2)}
ax = plots.depth_profile({name: signal / signal[:, :1] for name, signal in found.items()}, predicted=theories, first=0,
                         styles=STYLES, xlabel="blocks passed", ylabel="signal (rms, start = 1)")
ax.set_title("He's weights: every block multiplies the signal by √3, unless it is scaled by 1/√L")
plots.label_lines(ax)
growth = {name: (signal[:, -1] / signal[:, 0]) ** (2 / L) for name, signal in found.items()}
show(claims.judge(
    "11-exponential", source="Zhang, Dauphin & Ma 2019", measured=growth["residual"], criterion=claims.at_least(2),
    statement="with standard weights the signal of a residual net grows exponentially with depth (factor on the mean "
              "square per block)", condition="the branches are not scaled by 1/√L", without=growth["residual, 1/√L"],
    headline="With He's weights a residual network's signal grows exponentially with depth"))

# %% [markdown]
# **What to see.** Markers are networks, lines the theory. In the first picture the row *residual* ends where this
# growth begins; with $1/\sqrt L$ it goes one size further.
#
# **Verdict.** With He's weights the signal grows exponentially with depth; with $1/\sqrt L$ it does not.
#
# ## 3. Start as the identity
#
# If a branch is 0 at the start, then $a = x$, at any depth. Two ways:
#
# - **ReZero** (Bachlechner and others 2021; SkipInit, De and Smith 2020): $a = x + \alpha F(x)$ with a learned number
#   $\alpha$, 0 at first.
# - **Fixup** (Zhang, Dauphin and Ma 2019): the last layer of each branch and the output layer are 0 at first, the other
#   layer is He's times $L^{-1/2}$; a learned number, 1 at first, multiplies the branch.
#
# **Predict.** (a) At $\alpha = 0$, which gradient do the weights of a ReZero branch have in the first step? (b) Do both
# kinds train from weights of any size?

# %%
block = Residual([*branch(he), LearnedScale()])
net = mn.Network([Dense(64, 128, relu, he), block, Dense(128, 10)], rng=0)
for step in range(3):
    net.gradient(images.astype(np.float32), labels, losses.softmax_cross_entropy)
    print(f"step {step}: α = {block.branch[2].alpha.item():7.4f}, ∂C/∂α = {block.branch[2].dalpha.item():7.4f}, "
          f"norm of ∂C/∂W in the branch: {np.linalg.norm(block.branch[0].dW):.4f}")
    net.params -= 0.01 * net.grads

# %% [markdown]
# <details><summary>Answer</summary>
#
# (a) None: $\partial C/\partial W$ has the factor $\alpha$. But $\partial C/\partial\alpha = \sum F(x) \odot \delta$ is
# not 0: the first step moves $\alpha$, and then the branch learns.
#
# (b) Fixup does, ReZero does not. What does a branch add after its first update? In ReZero $\alpha$ moves in proportion
# to $F$, so $\alpha F$ grows like $F^2$. $F$ has two weight layers: weights times 4 make this $4^4 = 256$ times as
# large. In Fixup the last layer $W$ starts at 0 and moves in proportion to its input $h$, so $hW$ grows like $h^2$. $h$
# has *one* weight layer: $4^2 = 16$ times, and $L^{-1/2}$ divides it by $L = 15$.
#
# </details>
#
# ## 4. Normalize
#
# LayerNorm gives each example's features mean 0 and variance 1. *Pre-LN* blocks, as in transformers, begin the branch
# with it: $a = x + F(\mathrm{LN}(x))$.
#
# **Predict.** One often reads: (a) *with residual connections, initialization no longer matters*; (b) *normalization
# makes initialization irrelevant*. Which rows of the first picture judge this?
#
# Criterion for (a), and for Fixup with its own weights (times 1): a training accuracy of at least 0.9 in every run, for
# (a) at the worst of the five sizes. (b) cannot be judged so: plain nets with LayerNorm fail at *every* size. After
# seeing this, we judge what (b) presupposes, *LayerNorm alone makes 30 plain layers trainable*: at least 0.9 at the
# *best* size.

# %%
worst = {kind: accuracy(kind).min(axis=1) for kind in KINDS}
for kind, values in worst.items():
    best = accuracy(kind).max(axis=1)
    print(f"{kind:18} worst of five sizes: {values.min():.2f} to {values.max():.2f}, "
          f"best: {best.min():.2f} to {best.max():.2f}")
ENOUGH = claims.at_least(0.9)
show(claims.judge(
    "11-any-size", source="lore", measured=worst["pre-LN"], criterion=ENOUGH, mode="stored",
    statement="residual nets train from weights of any size (training accuracy, 30 layers, worst of five)",
    condition="each block starts with LayerNorm", without=worst["residual"],
    headline="With residual connections initialization no longer matters: with LayerNorm inside the block"))
show(claims.judge(
    "11-normalization", source="lore", measured=accuracy("plain, LayerNorm").max(axis=1), criterion=ENOUGH,
    mode="stored", post_hoc="the statement, and the best of the sizes: the runs fail at every size",
    statement="LayerNorm alone makes a deep plain net trainable (training accuracy, 30 layers, ten epochs, best of "
              "five sizes)", headline="Normalization alone makes a deep plain network trainable"))
show(claims.judge(
    "11-fixup", source="Zhang, Dauphin & Ma 2019", measured=accuracy("Fixup")[:, 2], criterion=ENOUGH, mode="stored",
    statement="Fixup trains a deep residual net without normalization (training accuracy, 30 layers)",
    headline="Fixup trains a deep residual network without normalization"))

# %% [markdown]
# **Verdicts.** (a) holds with LayerNorm inside the block, not without. LayerNorm alone does not make 30 plain layers
# trainable, in ten epochs at these rates. Fixup trains without normalization.
#
# <details><summary>Answer</summary>
#
# (a) *Residual* and *pre-LN*. (b) *Plain, LayerNorm*. LayerNorm cancels the size of the weights in the signal. But
# $\partial C/\partial(sW) = \frac1s\,\partial C/\partial W$: relative to the weights, a step is $1/s^2$ as large, so
# size acts like a learning rate. One reason why no size helps: plain ReLU layers make different images alike, and
# LayerNorm does not undo this (further part).
#
# Still signal and gradient must keep their size. Shortcuts keep the gradient; normalization, Fixup or $1/\sqrt L$ the
# signal.
#
# </details>
#
# ## 5. Which learning rate, at which width?
#
# Adam's first step moves each weight by $\eta$. For one image $\Delta w_i = -\eta\,\mathrm{sign}(a_i\delta)$, and
# $a_i \ge 0$ after ReLU, so the terms of $\sum_i \Delta w_i a_i$ have one sign: $z$ changes in proportion to $n\,\eta$.
# (Images of a batch agree in part; random signs would give $\sqrt n\,\eta$.) But random weights of variance $c/n$ gave
# $z$ a size that does not depend on $n$. *Maximal update parametrization*, μP (Yang, Hu and others 2022, Table 3),
# repairs that with $r = $ fan_in$/n_0$:
#
# | | standard | μP |
# |---|---|---|
# | Adam's rate, hidden and output layers | $\eta$ | $\eta/r$ |
# | variance of the output weights | $1/$fan_in | $1/(r\,$fan_in$)$ |
#
# At the width $n_0$ nothing changes.
#
# **Predict.** From width 32 to 512, how does the best rate of Adam change, without and with μP ($n_0 = 32$)?
#
# Criteria. The change of $z$ at width 512 is at most twice that at 32. In each run (seed) the best rates of the two
# widths differ by at most a factor of 2. And what one hopes of μP: width 512, at width 32's best rate, has at most 1.5
# times the loss that *tuning width 512 itself* gives without μP.

# %%
def change(width, with_mup, seed):
    """Root mean square change of the last hidden z in Adam's first step, relative to z."""
    output = initializers.mup_output(base_width=32) if with_mup else initializers.lecun_normal
    net = mn.mlp([64, width, width, width, 10], activation=relu, init=he, output_init=output, rng=seed)
    adam = optimizers.Adam(2.0**-7)
    net.forward(x[:200])
    before = net.layers[2].z.copy()
    mn.fit(net, (x[:200], y[:200]), loss=losses.softmax_cross_entropy, epochs=1, batch_size=200, rng=seed,
           optimizer=mup.optimizer(net, adam, base_width=32) if with_mup else adam, progress=False)
    net.forward(x[:200])
    return np.sqrt(np.square(net.layers[2].z - before).mean() / np.square(before).mean())


WIDTHS = [32, 128, 512]
one_step = {name: np.array([[change(width, name == "μP", seed) for width in WIDTHS] for seed in SEEDS])
            for name in ("standard", "μP")}
fig, axes = plt.subplots(1, 3, figsize=(11, 3.6))
for (name, values), look in zip(one_step.items(), ({"marker": "o"}, {"marker": "D", "linestyle": "--"}), strict=True):
    axes[0].loglog(WIDTHS, np.median(values, axis=0), color="k", label=name, **look)
axes[0].set(title="One step: standard moves\nz more in wide layers", xlabel="width", ylabel="(change of z) / z, rms",
            xticks=WIDTHS, xticklabels=WIDTHS, yticks=(0.2, 0.5, 1, 2), yticklabels=(0.2, 0.5, 1, 2))
axes[0].minorticks_off()
for ax, name in zip(axes[1:], one_step, strict=True):
    for width, shade in zip(WIDTHS, ("0.7", "0.45", "0"), strict=True):
        runs = widths.where(rates=name, width=width).spread("loss", by="exponent")
        ax.semilogy(runs.array("exponent"), runs.array("median"), color=shade, label=f"{width}")
        lowest = runs[int(np.nanargmin(runs.array("median")))]
        ax.plot(lowest["exponent"], lowest["median"], "o", color=shade)
    ax.set(xlabel="log₂ of the learning rate", ylabel="training loss", ylim=(0.01, 3))
axes[1].set_title("Standard: the best rate\nfalls from 32 to 512")
axes[2].set_title("μP: it stays nearly the same")
for ax in axes:
    plots.label_lines(ax)

# %% [markdown]
# **What to see.** Left: from width 32 to 512 the standard change grows by less than 16 (equal signs) and more than
# $\sqrt{16}$ (random signs). Markers: the best of the rates $2^{-11} \dots 2^{-4}$ (median of five runs, three epochs).
# At width 128 two standard rates are nearly equally good.

# %%
def table(name, width):
    """Loss by seed and rate; infinite where a run diverged."""
    found = widths.where(rates=name, width=width).by("seed").values()
    return np.nan_to_num(np.array([rows.array("loss") for rows in found], float), nan=np.inf)


shift = {name: np.abs(table(name, 32).argmin(axis=1) - table(name, 512).argmin(axis=1)) for name in one_step}
narrow = np.median(table("μP", 32), axis=0).argmin()
cost = table("μP", 512)[:, narrow] / table("standard", 512)[:, np.median(table("standard", 512), axis=0).argmin()]
print(f"loss of the transferred rate over that of tuning: {cost.min():.1f} to {cost.max():.1f}")
YANG = "Yang, Hu and others 2022"
show(claims.judge(
    "11-coordinate", source=YANG, measured=one_step["μP"][:, -1] / one_step["μP"][:, 0], criterion=claims.at_most(2),
    statement="a step of Adam changes the hidden z alike at widths 32 and 512 (ratio of the changes)",
    condition="μP", without=one_step["standard"][:, -1] / one_step["standard"][:, 0]))
show(claims.judge(
    "11-mup-rate", source=YANG, mode="stored", measured=shift["μP"], criterion=claims.at_most(1),
    statement="the best rate of Adam is the same at widths 32 and 512 (distance in powers of two)",
    condition="μP", without=shift["standard"],
    headline="The best learning rate of Adam does not depend on the width: with μP's rates"))
show(claims.judge(
    "11-mup-cost", source=YANG, mode="stored", measured=cost, criterion=claims.at_most(1.5), refutable=False,
    statement="a rate found at width 32 serves at 512 as well as tuning there (loss under μP / best loss of the "
              "standard rates)",
    headline="With μP a rate found in a narrow network is as good as tuning the wide one itself"))

# %% [markdown]
# **Verdicts.** Under μP a step changes $z$ alike at both widths. The best rate stays within the factor in every run
# under μP, but in one run without μP too: *mixed*, not *conditional*. The hope fails in most runs, though width 32's
# best rate is also μP's best at 512: in three epochs the tuned standard nets reach less loss.
#
# <details><summary>Answer</summary>
#
# For steps of $z$ of one size the standard rate must fall like $1/n$, or $1/\sqrt n$ for random signs. μP's need not.
#
# </details>
#
# ## 6. The size of the weights decides *what* is learned
#
# So far size decided *whether* a network learns. Take one hidden layer of 256 ReLU units, a linear output, and
# $y = x_1 x_2$ with 30 entries $x_i = \pm1$: only two matter. All weights times $\sqrt\alpha$ make the output $f$
# $\alpha$ times as large. The targets are $y + f_0(x)$, where $f_0$ is the untrained net, and the prediction is
# $f(x) - f_0(x)$: it starts at 0.
#
# **Predict.** With any $\alpha$ the 400 training examples are learned perfectly. On new ones, is small $\alpha$ better
# or large? Criterion for *learns the feature*: a test accuracy of at least 0.95.

# %%
found = lazy.spread("test", by="alpha")
fig, (left, right) = plt.subplots(1, 2, figsize=(11, 3.4))
left.semilogx(found.array("alpha"), found.array("median"), "ko-")
left.fill_between(found.array("alpha"), found.array("low"), found.array("high"), color="0.85")
left.set(title="Small outputs learn the rule, large ones in part", xlabel="output scale α", ylabel="test accuracy")
rng = np.random.default_rng(1000)
signs = rng.choice([-1.0, 1.0], size=(400, 30)).astype(np.float32)
for alpha, look in ((0.1, "k-"), (30.0, "k:")):
    net = mn.mlp([30, 256, 1], activation=relu, init=partial(times, factor=alpha**0.5), rng=0)
    start = net.layers[0].W.copy()
    targets = signs[:, :1] * signs[:, 1:2] + net(signs)
    mn.fit(net, (signs, targets), loss=losses.squared_error, optimizer=optimizers.SGD(0.01 / max(alpha, 1)),
           epochs=1000 if FAST else 3000, batch_size=400, rng=0, progress=False)
    moved = np.linalg.norm(net.layers[0].W - start, axis=1) / np.linalg.norm(start, axis=1)
    right.semilogy(range(1, 31), moved, look, label=f"α = {alpha:g}")
right.set(title="At α = 0.1 the weights of x₁ and x₂ move far", xlabel="input", ylabel="change of its weights")
plots.label_lines(right)
show(claims.judge(
    "11-lazy", source="Chizat, Oyallon & Bach 2019", mode="stored", criterion=claims.at_least(0.95),
    statement="a wide net learns the feature x₁x₂ from 400 examples (test accuracy)",
    measured=lazy.where(alpha=0.1).array("test"), condition="the output scale is 0.1, not 30",
    without=lazy.where(alpha=30.0).array("test"),
    headline="A wide network learns features: if its outputs start small, not if they start large"))

# %% [markdown]
# **What to see.** Left, the band is the range of five runs; guessing gives 0.5. Right, changes are relative to the
# weights' size.
#
# **Verdict.** At $\alpha = 0.1$ every run learns the feature, at 30 none does.
#
# <details><summary>Answer</summary>
#
# Small. The output must change by about 1. If a small relative change of the weights suffices, the network stays close
# to its start, where it is *linear* in its weights: it fits the examples with the features it was born with. This is
# *lazy training*. Where outputs start small, the weights must move far, and hidden units turn towards $x_1$ and $x_2$.
# With standard weights very wide networks become lazy by themselves (Jacot, Gabriel and Hongler 2018); μP's smaller
# output weights prevent it.
#
# </details>
#
# ## 7. An activation of your own
#
# For plain nets theory draws the map before training (chapter 07). From $\sigma_w^2 = n\,\mathrm{Var}[W]$ and the
# variance $\sigma_b^2$ of the biases it gives the correlation $c^*$ of two images' signals after many layers:
# $c^* = 1$, all alike, is the *ordered* phase, $c^* < 1$ the *chaotic* one.
#
# **Predict.** For $f(z) = \arctan z$: does $c^*$ hold in a drawn network of 30 layers of 500 units? (Criterion: to
# within 0.05, at the worse of two points, one on either side.)

# %%
arctan = activations.Activation("arctan", np.arctan, lambda z, a: 1 / (1 + z * z), range=(-math.pi / 2, math.pi / 2))
diagram = theory.phase_diagram(arctan, weight_var=np.linspace(0.3, 4, 12), bias_var=0.6 * np.linspace(0, 1, 7) ** 2)
ax = plots.phase_diagram(diagram)
ax.set_title("The phases of the arctangent, computed from f alone")
POINTS = [(1.0, 0.3), (3.0, 0.1)]
off = []
for seed in range(5):                                                # also in fast mode: one of five decides here
    for weight_var, bias_var in POINTS:
        field = theory.MeanField(arctan, weight_var, bias_var)
        net = mn.mlp([64, *[500] * 30], activation=arctan, init=initializers.variance_scaling(scale=weight_var),
                     bias_init=initializers.normal(std=bias_var**0.5), rng=seed,
                     dtype=np.float64)
        z = net(images[:20])
        z /= np.linalg.norm(z, axis=1, keepdims=True)
        off.append(abs((z @ z.T)[np.triu_indices(20, 1)].mean() - field.correlation_limit(field.limit())))
ax.plot(*zip(*POINTS, strict=True), "wX", markeredgecolor="k", markersize=10)
print(f"off by, at the worse of two points: {np.reshape(off, (-1, 2)).max(axis=1).round(3)}")
show(claims.judge(
    "11-phase", source="Poole and others 2016", measured=np.reshape(off, (-1, 2)).max(axis=1),
    statement="mean field theory gives the correlation of two signals after many layers for an activation of one's "
              "own (arctan, 30 layers of 500, worse of two points)", criterion=claims.at_most(0.05)))

# %% [markdown]
# **What to see.** Dark: images end up unlike. White: all the same. Crosses: the measured points.
#
# **Verdict.** In most networks, not in all: *mixed*.
#
# <details><summary>Answer</summary>
#
# The theory is exact for infinitely wide layers; a network of 500 units in the chaotic phase wanders about it.
#
# </details>
#
# ## Summary
#
# 1. A residual block's backward pass has the term $\delta$ itself: small weights do not make gradients vanish.
# 2. But the signal grows by a factor per block. $1/\sqrt L$, zero branches, Fixup's scaling or LayerNorm stop it.
# 3. LayerNorm alone did not make plain nets of 30 layers trainable.
# 4. With μP Adam's best rate stayed nearly the same from width 32 to 512; in our short runs, tuning the wide net
#    without μP mostly gave less loss.
# 5. The size of the weights decides whether a wide network learns features or stays lazy: initialization still matters.

# %%
claims.summary()

# %% [markdown]
# ## Exercises
#
# Each is a notebook with hints, a check that answers at once, and the solution, folded.
# `python -m chapters handout 11` writes a copy without the solutions for you to work in.
#
# 1. **(15 min, pencil)** [A scaled block](exercises/11_1_scaled_block.ipynb), $a = x + sF(x)$. Derive its backward
#    pass, and $\partial C/\partial s$.
# 2. **(10 min, pencil)** [Weights instead of $1/\sqrt L$](exercises/11_2_second_layer.ipynb). Which variance must the
#    second layer of each branch have?
# 3. **(25 min)** [The backward pass of LayerNorm](exercises/11_3_layer_norm.ipynb). Derive it, and write it.
# 4. **(20 min)** [Break a block, and find it](exercises/11_4_missing_shortcut.ipynb). One block has lost its shortcut.
# 5. **(20 min)** [The table of μP](exercises/11_5_mup.ipynb). Write Adam's rates and the variances, layer by layer.
# 6. **(35 min)** [The scale after the network](exercises/11_6_scale_after.ipynb). At which rate does $\alpha f$ learn
#    the same as weights times $\sqrt\alpha$?
#
# **Where to go on.** [The further part](further/11_today.ipynb): ReZero, 1/√L and Fixup judged, Fixup's exponent
# derived, LayerNorm before and after the sum, batch normalization, is wider better, lazy training as a linear method.
