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
# # Symmetry
#
# **The question.** What happens to a network whose weights all start equal? Every textbook answers in one line:
# nothing, so draw them at random. That line hides a theorem, its exact conditions, and a surprise. This chapter asks
# what "equal" has to mean, what such a network learns all the same, and how much noise it takes to set it free.
#
# **What you need.** The backward pass (chapter 01) and nothing else. Rows are examples: x (n, fan_in),
# W (fan_in, fan_out), z = x W + b, a = f(z), δ = ∂C/∂z. All code runs in under a minute on one core.
#
# Where it says **Predict**, stop and write an answer down before you read on. Numbers in the text are computed by the
# cell that prints them.

# %%
import os
from functools import partial
from itertools import pairwise, product

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Markdown

import minnet as mn
from minnet import activations, claims, datasets, initializers, layers, losses, optimizers

FAST = os.environ.get("MINNET_FAST") == "1"
SEEDS = range(2 if FAST else 5)
plt.rcParams.update({"figure.figsize": (7.5, 3.2), "figure.constrained_layout.use": True, "axes.grid": True,
                     "grid.alpha": 0.3, "legend.framealpha": 0.9, "font.size": 9})

# %% [markdown]
# The data are 8 × 8 digits, every pixel standardised: mean 0 and variance 1 over the training part. All networks are
# trained by the same stochastic gradient descent, in batches of 64.

# %%
digits = datasets.standardized(datasets.digits())
x, y = digits.train[0].astype(np.float64), digits.train[1]
STEPS = -(-len(x) // 64)                                   # batches in an epoch, the last one smaller
sgd = optimizers.SGD(learning_rate=0.05, momentum=0.9)


def follow(model, watch, *, epochs, rng, optimizer=sgd):
    """Train; call watch(model) after every epoch. Returns the History and what was seen."""
    history, seen = mn.History(), []
    for record in mn.train(model, digits.train, loss=losses.softmax_cross_entropy, optimizer=optimizer,
                           epochs=epochs, batch_size=64, rng=rng):
        history.append(record)
        seen.append(watch(model))
    return history, np.array(seen)


def fitted(model, *, epochs, rng, optimizer=sgd):
    """Train and return the model."""
    follow(model, lambda _: None, epochs=epochs, rng=rng, optimizer=optimizer)
    return model


def steps_until(reached, model, *, epochs, rng):
    """Train until reached(record, model) is true after an epoch; the steps it took, NaN if it never was."""
    for record in mn.train(model, digits.train, loss=losses.softmax_cross_entropy, optimizer=sgd, epochs=epochs,
                           batch_size=64, rng=rng):
        if reached(record, model):
            return record.step
    return np.nan


def accuracy(model, part=digits.train):
    return float((model(part[0]).argmax(axis=1) == part[1]).mean())


def below(error, bound):
    """Check that an error of rounding is below the bound, and say so. How large it is depends on the processor."""
    assert error < bound, (error, bound)
    return f"below {bound:.0e}"


# %% [markdown]
# Three ways to look at a weight matrix whose columns are the units of a layer. *Spread* is how far two units differ in
# a weight, at most: 0 if all are equal. *Kinds* counts units that differ. *Rank* counts directions.

# %%
def spread(net):
    """The largest difference of a weight between two units of a hidden layer."""
    return max(float(np.ptp(layer.W, axis=1).max()) for layer in hidden(net))


def hidden(net):
    return [layer for layer in net.layers if isinstance(layer, mn.Dense)][:-1]


def kinds(W, tolerance=1e-6):
    """How many columns of W differ by more than tolerance · max|W|."""
    found = []
    for column in W.T:
        if not any(np.abs(column - other).max() <= tolerance * np.abs(W).max() for other in found):
            found.append(column)
    return len(found)


def rank(W, tolerance=1e-8):
    s = np.linalg.svd(W, compute_uv=False)
    return int((s > tolerance * s[0]).sum())


def constant(value, noise=0.0):
    """An initializer: value everywhere, plus noise · N(0, 1)."""
    return lambda rng, shape: value + noise * rng.normal(size=shape)


# %% [markdown]
# ## 1. Three starts
#
# One network of tanh units, 64-32-32-10, is trained three times, on the same batches in the same order. Only the start
# of the weights differs: 0 everywhere, 0.1 everywhere, or random numbers (Glorot's, which chapter 04 explains). All
# biases start at 0.
#
# **Predict.** After 20 epochs, which of the three give the right answer for more than a fifth of the training digits:
# (a) the random start alone, (b) the random start and 0.1, or (c) all three?

# %%
SIZES = [64, 32, 32, 10]
STARTS = {"all 0": initializers.zeros, "all 0.1": constant(0.1), "random": initializers.glorot_uniform}
nets = {name: mn.mlp(SIZES, activation=activations.tanh, init=init, rng=0, dtype=np.float64)
        for name, init in STARTS.items()}
histories = {name: follow(net, lambda _: None, epochs=20, rng=0)[0] for name, net in nets.items()}

# %%
SHOWN = 6                                                  # units, each an image of 8 × 8 weights with a white margin
sheet = np.vstack([np.hstack([np.pad(w.reshape(8, 8), 1, constant_values=np.nan)
                              for w in net.layers[0].W.T[:SHOWN]]) for net in nets.values()])
fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.2), width_ratios=(1, 1.5))
for (name, history), style in zip(histories.items(), (":", "--", "-"), strict=True):
    left.plot(history.step, history.loss, "k", ls=style, label=f"{name}: accuracy {accuracy(nets[name]):.2f}")
left.set(xlabel="step", ylabel="training loss (nats)", title="equal weights learn nothing, or little", ylim=(0, 3.5))
left.legend(loc="upper right")
image = right.imshow(sheet, cmap="gray", vmin=-0.5, vmax=0.5)
right.set(title="equal units stay equal (weights after training)", xlabel="unit of layer 1",
          xticks=10 * np.arange(SHOWN) + 4.5, xticklabels=range(1, SHOWN + 1),
          yticks=10 * np.arange(3) + 4.5, yticklabels=STARTS)
right.grid(False)
fig.colorbar(image, ax=right, label="weight", shrink=0.9)
plt.show()

# %%
assert [accuracy(net) > 0.2 for net in nets.values()] == [False, True, True]
assert not any(layer.W.any() for layer in nets["all 0"].layers)
Markdown(f"""**What to see.** Left: from 0 the loss stays where it began, at ln 10 = {np.log(10):.2f}, the loss of
ten equal guesses. From 0.1 it falls to {histories["all 0.1"].loss[-1]:.2f}, and {accuracy(nets["all 0.1"]):.0%} of the
answers are right, which answers the question: (b). From random numbers it falls to
{histories["random"].loss[-1]:.2f}. Right: six of the 32 units of layer 1, each drawn as the image of its 64 weights.
The weights that began at 0 are 0 still. Those that began at 0.1 have moved, and all units have made the same move: the
largest difference of a weight between two units is {below(spread(nets["all 0.1"]), 1e-9)}. Random units are all
different.""")

# %% [markdown]
# The textbook's line is about the images. Units that start equal get the same input and the same error, hence the same
# gradient, and stay equal. But the curves say more: 0 and 0.1 are both networks of equal units, and one of them learns.
#
# So there are four questions, and they are the chapter:
# - Why should the units stay equal, and under which conditions exactly (§4, §6)?
# - Why does 0 learn nothing (§3), and what can equal units learn (§5)?
# - How small a difference sets the units free, and how long does it take (§7)?
# - Do they stay equal in a computer, which rounds (§10)?
#
# All networks up to §10 are in float64, and every statement about equality says how far rounding can have come.

# %% [markdown]
# ## 2. Plain functions first
#
# A multi-layer perceptron with softmax and cross-entropy, both passes, in numpy. `f` and `df` are the activation of
# the hidden layers and its derivative.

# %%
def passes(x, y, Ws, bs, f, df):
    """The loss and the gradients of all W and b."""
    a, z, n = [x], [], len(x)
    for k, (W, b) in enumerate(zip(Ws, bs, strict=True), start=1):
        z.append(a[-1] @ W + b)
        a.append(f(z[-1]) if k < len(Ws) else z[-1])
    p = np.exp(z[-1] - z[-1].max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    value = -np.log(p[np.arange(n), y]).mean()
    delta = (p - np.eye(p.shape[1])[y]) / n                # δ = (p − y)/n at the output
    dWs, dbs = [], []
    for k in reversed(range(len(Ws))):
        dWs.insert(0, a[k].T @ delta)                      # dW = xᵀ δ, x the layer's input
        dbs.insert(0, delta.sum(axis=0))
        if k > 0:
            delta = (delta @ Ws[k].T) * df(z[k - 1])       # δ = da ⊙ f′(z), da = δ Wᵀ from the layer above
    return value, dWs, dbs


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


FUNCTIONS = {"tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
             "ReLU": (lambda z: np.maximum(z, 0), lambda z: (z > 0) * 1.0),
             "sigmoid": (sigmoid, lambda z: sigmoid(z) * (1 - sigmoid(z)))}

# %% [markdown]
# **The rung.** The library must give the same gradients. A random network is the honest test: in an equal one, many
# mistakes would cancel.

# %%
net = mn.mlp(SIZES, activation=activations.tanh, init=initializers.glorot_uniform, rng=0, dtype=np.float64)
value = net.gradient(x, y, losses.softmax_cross_entropy)
plain_value, plain_dWs, plain_dbs = passes(x, y, [layer.W for layer in net.layers], [layer.b for layer in net.layers],
                                           *FUNCTIONS["tanh"])
worst = max(np.abs(plain - mine).max() for layer, dW, db in zip(net.layers, plain_dWs, plain_dbs, strict=True)
            for plain, mine in ((dW, layer.dW), (db, layer.db)))
assert abs(value - plain_value) < 1e-12
Markdown(f"The largest difference between the library's gradients and those of `passes` is {below(worst, 1e-14)}. "
         "From here on the library does the work.")

# %% [markdown]
# ## 3. Zeros
#
# The network 64-32-32-10 has six arrays of parameters: W₁ b₁ W₂ b₂ W₃ b₃. Set all of them to 0.
#
# **Predict.** Which of the six gradients are not zero, for tanh, for ReLU, for the sigmoid?
#
# **The derivation.** With W = 0 and b = 0 every z is 0, so every hidden activation is f(0).
# - The output layer: all p = 1/10, so δ₃ = (p − y)/n is not zero, and db₃ = Σ δ₃ is not.
# - dW₃ = a₂ᵀ δ₃, and a₂ = f(0) everywhere. For tanh and ReLU f(0) = 0: dW₃ = 0. For the sigmoid f(0) = ½.
# - One layer down: da₂ = δ₃ W₃ᵀ = 0, since W₃ = 0. Hence δ₂ = 0, dW₂ = 0, db₂ = 0, and so on down to the input.

# %%
zero_Ws = [np.zeros(shape) for shape in pairwise(SIZES)]
zero_bs = [np.zeros(width) for width in SIZES[1:]]
table = [f"{'norm of':>10}{'dW1':>9}{'dW2':>9}{'dW3':>9}{'db1':>9}{'db2':>9}{'db3':>9}"]
for name, (f, df) in FUNCTIONS.items():
    _, dWs, dbs = passes(x, y, zero_Ws, zero_bs, f, df)
    table.append(f"{name:>10}" + "".join(f"{np.linalg.norm(g):9.2g}" for g in [*dWs, *dbs]))
    assert all(not g.any() for g in [*dWs[:2], *dbs[:2]])              # exactly zero: no rounding enters 0 · c
    assert dWs[2].any() == (name == "sigmoid")
print("\n".join(table))

# %% [markdown]
# For tanh and ReLU one array of six learns, the output's bias, and since nothing else ever changes, that stays so for
# ever. This is exact even in floating point: 0 · c has no rounding error.
#
# A network in which only b₃ learns gives the same prediction p = softmax(b₃) for every image. The best constant
# prediction is the frequency q of each class, and its loss is −Σ q_k ln q_k: the **entropy of the labels**, H. So the
# loss must fall from ln 10 to H, and no further. (Here the classes are almost equally frequent, so H is just below
# ln 10.) To check it to many digits we train with the full batch, at a large rate, which suits ten biases.

# %%
q = np.bincount(y) / len(y)
H = float(-(q * np.log(q)).sum())
rows = []
for activation in (activations.tanh, activations.relu):
    net = mn.mlp(SIZES, activation=activation, init=initializers.zeros, rng=0, dtype=np.float64)
    mn.fit(net, (x, y), loss=losses.softmax_cross_entropy, optimizer=optimizers.SGD(learning_rate=5), epochs=40,
           batch_size=len(x), rng=0)
    assert not any(layer.W.any() for layer in net.layers)
    assert not any(layer.b.any() for layer in hidden(net))
    rows.append(abs(losses.softmax_cross_entropy(net(x), y)[0] - H))
Markdown(f"The entropy of the labels is H = {H:.6f}, ln 10 = {np.log(10):.6f}. After 40 steps every weight is exactly "
         f"0, and the difference of the loss from H is {below(max(rows), 1e-9)}, with tanh and with ReLU.")

# %% [markdown]
# The sigmoid is different, because its units say ½ when they should say nothing. The output layer learns at the first
# step, and wakes the layer below at the second. The cell prints norm and rank of each gradient, step by step.

# %%
net = mn.mlp(SIZES, activation=activations.sigmoid, init=initializers.zeros, rng=0, dtype=np.float64)
state = sgd.init(net.params)
table = [f"{'step':>4}" + "".join(f"{name + ': norm, rank':>22}" for name in ("dW1", "dW2", "dW3"))]
for step in range(1, 5):
    net.gradient(x, y, losses.softmax_cross_entropy)
    table.append(f"{step:>4}" + "".join(f"{np.linalg.norm(layer.dW):>16.1e}, {rank(layer.dW):>4}"
                                        for layer in net.layers))
    assert all(rank(layer.dW) <= 1 for layer in net.layers)
    assert [bool(layer.dW.any()) for layer in net.layers] == [step >= 3, step >= 2, True]
    sgd.step(net.params, net.grads, state)
print("\n".join(table))

# %% [markdown]
# One layer wakes per step, from the output down, and every gradient has rank 1: all units of a layer get the same.
# Article A's sentence can be judged now. The criterion, fixed before the run: in each hidden layer, for three
# activations, there is **one** kind of unit after 10 epochs. (Columns count as equal up to 10⁻⁶ of the largest weight.
# §7 measures that rounding cannot have grown to that in so few steps.)

# %%
claims.judge("02-zeros-one-feature", source="popular article A",
             statement="zeros make symmetric gradients: every unit of a layer learns the same feature",
             measured=[max(kinds(layer.W)
                           for activation in (activations.tanh, activations.relu, activations.sigmoid)
                           for layer in hidden(fitted(mn.mlp(SIZES, activation=activation, init=initializers.zeros,
                                                             rng=0, dtype=np.float64), epochs=10, rng=seed)))
                       for seed in SEEDS],
             criterion=claims.between(1, 1))

# %% [markdown]
# It holds, with a footnote: with tanh and ReLU the common feature is no feature.
#
# The same article says that self-normalizing networks (SELU) need no careful initialization and work even from zeros.
# SELU has f(0) = 0, and that is all the derivation above asks. "Works" is taken to mean a training accuracy of at
# least 0.9 after 10 epochs, which SELU reaches from its proper start, N(0, 1/fan_in).

# %%
selu = {init.__name__: [fitted(mn.mlp(SIZES, activation=activations.selu, init=init, rng=seed, dtype=np.float64),
                               epochs=10, rng=seed) for seed in SEEDS]
        for init in (initializers.zeros, initializers.lecun_normal)}
assert not any(layer.W.any() for net in selu["zeros"] for layer in net.layers)
Markdown("SELU after 10 epochs: from zeros, every weight is still exactly 0 and the loss exceeds the entropy of the "
         f"labels by {max(losses.softmax_cross_entropy(net(x), y)[0] for net in selu['zeros']) - H:.4f} at most "
         "(small batches keep the bias moving). From N(0, 1/fan_in) the accuracy is at least "
         f"{min(map(accuracy, selu['lecun_normal'])):.3f}.")

# %%
claims.judge("02-selu-zeros", source="popular article A",
             statement="self-normalizing networks need no careful initialization, even zeros work",
             measured=[accuracy(net) for net in selu["zeros"]], criterion=claims.at_least(0.9))

# %% [markdown]
# ## 4. The theorem
#
# Let us say exactly when units are copies. Units i and j of a layer are **twins** if
# 1. their incoming columns are equal: W[:, i] = W[:, j],
# 2. their biases are equal: b[i] = b[j],
# 3. their **outgoing rows** are equal: with V the next layer's matrix, V[i, :] = V[j, :].
#
# **Theorem.** Twins have equal gradients in all three. Hence they stay twins under any optimizer that treats each
# entry by its own gradient and its own memory in the same way, from equal memories: SGD, momentum, RMSprop, Adam.
#
# **Proof.** By 1 and 2, z_i = z_j and a_i = a_j for every example. Going back, da = δ′ Vᵀ, with δ′ the δ of the next
# layer; column i of da is δ′ V[i, :]ᵀ, so by 3 da_i = da_j. Then δ = da ⊙ f′(z) gives δ_i = δ_j; dW = xᵀ δ gives equal
# columns; db = Σ δ gives equal biases; and dV = aᵀ δ′ has the rows a_iᵀ δ′ = a_jᵀ δ′. Equal parameters and equal
# gradients make equal steps, and the argument starts again. ∎
#
# Nothing is asked of the other units, of the other layers, of f or of the data. A single pair of twins in a random
# network is enough to test it. All six optimizers get the same network, in which unit 1 was made a copy of unit 0.

# %%
def with_twins(seed, *, rows=True, bias=0.0):
    """A random network whose units 0 and 1 in the first hidden layer have equal columns, and so on as asked."""
    net = mn.mlp(SIZES, activation=activations.tanh, init=initializers.glorot_uniform, rng=seed, dtype=np.float64)
    first, second = net.layers[:2]
    first.W[:, 1] = first.W[:, 0]
    first.b[1] = first.b[0] + bias
    if rows:
        second.W[1] = second.W[0]
    return net


def distance(net):
    """How far the incoming weights of units 0 and 1 are apart."""
    return float(np.abs(net.layers[0].W[:, 0] - net.layers[0].W[:, 1]).max())


OPTIMIZERS = [optimizers.SGD(learning_rate=0.5), sgd,
              optimizers.SGD(learning_rate=0.05, momentum=0.9, nesterov=True),
              optimizers.RMSprop(learning_rate=1e-3), optimizers.Adam(learning_rate=1e-3),
              optimizers.AdamW(learning_rate=1e-3, weight_decay=0.1)]
table = [f"{'distance of the twins after 10 epochs':<44}{'to another unit':>16}"]
for optimizer in OPTIMIZERS:
    net = fitted(with_twins(0), epochs=10, rng=0, optimizer=optimizer)
    name = type(optimizer).__name__ + (" momentum" if getattr(optimizer, "momentum", 0) else "") \
        + (", nesterov" if getattr(optimizer, "nesterov", False) else "")
    other = np.abs(net.layers[0].W[:, 0] - net.layers[0].W[:, 2]).max()
    table.append(f"  {name:<24}{below(distance(net), 1e-9):>18}{other:16.2f}")
print("\n".join(table))

# %% [markdown]
# **Predict.** Now the statement as it circulates: *units with equal incoming weights stay twins*. Condition 1 alone,
# without 2 or without 3. Is it enough?
#
# The criterion: after 10 epochs the two columns differ by at most 10⁻⁶. It is measured with all three conditions, and
# then without: outgoing rows drawn independently, or biases that differ by 0.1.

# %%
claims.judge("02-twins", source="circulating", statement="units with equal incoming weights stay twins",
             measured=[distance(fitted(with_twins(seed), epochs=10, rng=seed)) for seed in SEEDS],
             criterion=claims.at_most(1e-6), condition="their biases and outgoing rows are equal too",
             without=[distance(fitted(with_twins(seed, **missing), epochs=10, rng=seed))
                      for missing in ({"rows": False}, {"bias": 0.1}) for seed in SEEDS])

# %% [markdown]
# ### One unit for each layer
#
# In a network of constants all units of a layer are twins. Then it carries one unit's worth of information per layer,
# and we can write down the small network that it is: its **quotient**, 64-1-1-10.
#
# Let layer l have m_l equal units (m₀ = 1 and m_L = 1 for the input and the output, which are not merged), and let
# c be an entry of W_l that is repeated for all units.
# - *Forward.* The m_{l−1} equal inputs add up: z = m_{l−1} c a + b. The quotient's weight is **u = m_{l−1} c**, its
#   bias is b.
# - *Backward.* The quotient's one unit stands for m_l units, and its δ is the sum of theirs. Hence the quotient's
#   gradients are **du = m_l dc**, and m_l db for the bias.
# - *The step.* c ← c − η dc is, in u, a step u ← u − η (m_{l−1}/m_l) du; for the bias the factor is 1/m_l. The equal
#   network *is* the quotient, trained with these rates for each layer. With momentum too, since v is linear in the
#   gradient.
#
# Adam is not linear in the gradient, so instead of changing its rates we let the class below hold the entries c and
# give the gradients dc: then every optimizer works as it is. `mn.train` needs nothing of a model but `params`, `grads`
# and `gradient`.

# %%
class Quotient:
    """The network 64-m-m-10 of equal units, held as 64-1-1-10: params are the repeated entries c themselves."""

    def __init__(self, m, value, activation=activations.tanh):
        self.net = mn.mlp([64, 1, 1, 10], activation=activation, init=constant(value), rng=0, dtype=np.float64)
        self.m, self.params, self.grads = m, self.net.params.copy(), np.zeros_like(self.net.params)
        self.into, self.out_of = np.ones((2, len(self.params)))
        for k, (before, after) in enumerate(((1, m), (m, m), (m, 1))):          # m_{l−1} and m_l
            self.into[self.net.arrays()[f"layer {k} W"]] = before
            self.out_of[self.net.span(k)] = after

    def load(self):
        self.net.params = self.into * self.params                              # u = m_{l−1} c

    def __call__(self, x):
        self.load()
        return self.net(x)

    def gradient(self, x, y, loss, *, training=True, rng=None):
        self.load()
        value = self.net.gradient(x, y, loss)
        self.grads[...] = self.net.grads / self.out_of                         # dc = du/m_l
        return value

    def expanded(self):
        """The parameters of the whole network 64-m-m-10, every entry repeated as often as it occurs."""
        widths, whole = [64, self.m, self.m, 10], []
        for k, layer in enumerate(self.net.layers):
            for letter, shape in (("W", (widths[k], widths[k + 1])), ("b", (widths[k + 1],))):
                c = self.params[self.net.arrays()[f"layer {k} {letter}"]].reshape(getattr(layer, letter).shape)
                whole.append(np.broadcast_to(c, shape).ravel())
        return np.concatenate(whole)


# %% [markdown]
# The check: the whole network and its quotient, from 0.1, over 20 epochs, parameter by parameter.

# %%
table = [f"{'':<10}{'largest difference of a parameter':>36}{'ranks of W1 W2 W3':>20}{'of dW1 dW2 dW3':>18}"]
for optimizer in (sgd, optimizers.Adam(learning_rate=1e-3)):
    whole = mn.mlp(SIZES, activation=activations.tanh, init=constant(0.1), rng=0, dtype=np.float64)
    small = Quotient(32, 0.1)
    fitted(whole, epochs=20, rng=0, optimizer=optimizer)
    fitted(small, epochs=20, rng=0, optimizer=optimizer)
    difference = below(np.abs(whole.params - small.expanded()).max(), 1e-10)
    ranks = [[rank(getattr(layer, name)) for layer in whole.layers] for name in ("W", "dW")]
    table.append(f"{type(optimizer).__name__:<10}{difference:>36}{ranks[0]!s:>20}{ranks[1]!s:>18}")
    assert ranks == [[1, 1, 1], [1, 1, 1]]
print("\n".join(table))

# %% [markdown]
# And the rates, taken at their word: 64-1-1-10 in the coordinates u, by plain momentum with η m_{l−1}/m_l for the
# weights and η/m_l for the biases, against the class.

# %%
rescaled, small, rng = Quotient(32, 0.1), fitted(Quotient(32, 0.1), epochs=20, rng=0), np.random.default_rng(0)
rescaled.load()
net, rates, v = rescaled.net, rescaled.into / rescaled.out_of, 0
for _ in range(20):
    order = rng.permutation(len(x))
    for k in range(0, len(x), 64):
        net.gradient(x[order[k:k + 64]], y[order[k:k + 64]], losses.softmax_cross_entropy)
        v = 0.9 * v + net.grads
        net.params -= 0.05 * rates * v
small.load()
difference = below(np.abs(net.params - small.net.params).max(), 1e-10)
Markdown(f"The rates for W₁, W₂, W₃ are {', '.join(f'{r:g}' for r in rates[[0, 65, 67]])} times η; the largest "
         f"difference of a parameter is {difference}.")

# %% [markdown]
# The two trajectories agree, and every W and dW has rank 1, as they must: a matrix whose columns (or rows) are all
# equal is an outer product.
#
# The quotient has no twins whom rounding could part. So it answers a question that the whole network, in floating
# point, cannot: what happens **in exact arithmetic**, however long one trains? That is the next section. What rounding
# does to the whole network is the last.

# %% [markdown]
# ## 5. One feature is not nothing
#
# *Any constant fails as zero does*, says article C. The theorem supports half of it: from any constant, in exact
# arithmetic, there is one kind of unit per layer for ever. But zero fails for a second reason, which has nothing to do
# with symmetry: its gradients are products with zeros. A network of equal units from 0.1 has one unit per layer, and
# one unit can learn.
#
# **Predict.** One number a = f(x · w + b) has to tell ten digits apart. What accuracy can it reach: about that of
# guessing (one in ten), about twice that, or more?

# %%
VALUES = [0, 0.01, 0.03, 0.1, 0.3, 1]
EPOCHS = 40 if FAST else 60
quotients = {value: Quotient(32, value) for value in VALUES}
curves = {value: follow(model, lambda _: None, epochs=EPOCHS, rng=0)[0] for value, model in quotients.items()}

# %%
fig, ax = plt.subplots(figsize=(7.5, 3.6))
for (value, history), style, mark in zip(curves.items(), ("-", "--", "-.", "-", "--", ":"), "ovs^DP", strict=True):
    ax.plot(history.step, history.loss, ls=style, marker=mark, markevery=(VALUES.index(value) * 3, 25), ms=5,
            label=f"all {value:g}: accuracy {accuracy(quotients[value]):.2f}")
ax.plot(histories["random"].step, histories["random"].loss, "k-", lw=2,
        label=f"random, 20 epochs: {accuracy(nets['random']):.2f}")
ax.set(xlabel="step", ylabel="training loss (nats)", ylim=(0, 2.8), xlim=(0, None))
ax.legend(ncols=2, loc="lower right", bbox_to_anchor=(1, 0.06))
plt.show()

# %%
Markdown(f"""**What to see.** The curves are exact arithmetic (quotients), the black line below is the random start of
§1. Zero stays at the entropy of the labels. Small constants all learn one feature, and 0.1 ends at accuracy
{accuracy(quotients[0.1]):.2f}: {accuracy(quotients[0.1]) / accuracy(quotients[0]):.1f} times that of zero. Large
constants do worse again, but for another reason: with all weights equal to 1, z₁ is the sum of all pixels and z₂ is
32 times an activation, so that tanh is saturated. In the last layer but one, the mean of f′ at the start is
{(1 - np.tanh(32 * np.tanh(x.sum(axis=1))) ** 2).mean():.3f} for the constant 1 and
{(1 - np.tanh(3.2 * np.tanh(0.1 * x.sum(axis=1))) ** 2).mean():.3f} for 0.1.""")

# %% [markdown]
# What is the feature? The left picture shows the 64 weights of the one unit in layer 1, as an image. The right one
# shows what the one unit in layer 2 says about the digits of each class.

# %%
one = quotients[0.1]
one.load()
a2 = one.net.layers[1](one.net.layers[0](x))[:, 0]
order = sorted(range(10), key=lambda k: np.median(a2[y == k]))
fig, (left, right) = plt.subplots(1, 2, width_ratios=(1, 1.7))
image = left.imshow(one.net.layers[0].W.reshape(8, 8), cmap="gray")
left.set(title="W₁: the one feature", xlabel="pixel column", ylabel="pixel row")
left.grid(False)
fig.colorbar(image, ax=left, label="weight", shrink=0.8)
right.boxplot([a2[y == k] for k in order], tick_labels=order, whis=(5, 95), showfliers=False,
              medianprops={"color": "k", "lw": 2})
right.set(title="what the one unit of layer 2 says", xlabel="class of the digit, sorted by the median",
          ylabel="activation a₂ (boxes: quartiles)")
plt.show()

# %%
predicted = np.unique(one(x).argmax(axis=1))
Markdown(f"""**What to see.** The unit orders the classes along a line, some well, some not at all. The ten outputs are
straight lines in a₂, and the largest of them changes from one class to the next as a₂ grows: the output layer cuts the
line into intervals, one for each class that it can separate. The answers that this network ever gives are
{", ".join(map(str, predicted))}: {len(predicted)} of the ten classes, with one number.""")

# %% [markdown]
# **The claim.** "Fails as zero does" gets a criterion that zero, with one answer for all ten classes, must meet: an
# accuracy of at most 0.15. Measured is the constant 0.1 with tanh in exact arithmetic, after 40 epochs. One constant
# that does not fail refutes "any".

# %%
claims.judge("02-any-constant", source="popular article C", statement="any constant fails as zero does",
             measured=[accuracy(fitted(Quotient(32, 0.1), epochs=40, rng=seed)) for seed in SEEDS],
             criterion=claims.at_most(0.15))

# %% [markdown]
# The advice behind it is sound, of course: one feature is little. But "the gradient is zero" and "the units are equal"
# are different illnesses, and the cure of one need not cure the other, as §7 shows.

# %% [markdown]
# ## 6. What breaks the symmetry
#
# The theorem has three conditions, so there are three ways out: columns, biases, outgoing rows. A matrix is the columns
# of one layer and the rows of the layer before it.
#
# **Predict.** In the network W₁ W₂ W₃ you may draw *one* matrix at random; the other two are 0.1 everywhere, biases 0.
# Which one do you draw, so that the units of both hidden layers become different?
#
# **Theory.** The units of layer 1 are twins if W₁ has equal columns and W₂ has equal rows; those of layer 2 if W₂ has
# equal columns and W₃ has equal rows. So a hidden layer stays one kind of unit if *both* matrices that touch it are
# constant. W₂ touches both layers. The theorem does not say that the units part otherwise; the table does.

# %%
table = [f"{'W1':>9}{'W2':>9}{'W3':>9}{'kinds of unit: theory':>25}{'measured':>12}{'ranks of W':>16}{'accuracy':>10}"]
accuracies = {}
for drawn in product((False, True), repeat=3):
    net = mn.mlp(SIZES, activation=activations.tanh, rng=0, dtype=np.float64,
                 init=[initializers.glorot_uniform if r else constant(0.1) for r in drawn])
    fitted(net, epochs=10, rng=0)
    measured = [kinds(layer.W) for layer in hidden(net)]
    theory = [32 if drawn[k] or drawn[k + 1] else 1 for k in range(2)]
    accuracies[drawn] = accuracy(net)
    table.append("".join(f"{'random' if r else '0.1':>9}" for r in drawn) + f"{theory!s:>25}{measured!s:>12}"
                 f"{[rank(layer.W) for layer in net.layers]!s:>16}{accuracies[drawn]:10.2f}")
    assert measured == theory
print("\n".join(table))

# %%
Markdown(f"""The theory is right in all eight rows. With W₂ alone drawn at random, both layers come apart and the
network reaches accuracy {accuracies[False, True, False]:.2f} in 10 epochs. With W₃ alone, layer 2 has 32 different
units, which all see the same single input from layer 1; with W₁ alone, layer 1 has 32 features, of which the one kind
of unit in layer 2 sees one sum. Unequal outgoing rows are as good a cure as unequal columns.""")

# %% [markdown]
# ### And biases?
#
# Condition 2 says that unequal biases break the symmetry as well. Now take the extreme: **all weights zero, biases
# drawn from N(0, 0.5²)**.
#
# **Predict.** Does it learn?
#
# Follow the derivation of §3 with b ≠ 0: a₁ = tanh(b₁) and a₂ = tanh(b₂) are the same for every image, but they are
# not 0 and they differ between units. dW₃ = a₂ᵀ δ₃ is not zero, with unequal rows. At the second step da₂ = δ₃ W₃ᵀ has
# unequal columns, at the third W₁ begins to move.

# %%
def start(weights, biases, seed, activation=activations.tanh):
    return mn.mlp(SIZES, activation=activation, init=weights, bias_init=biases, rng=seed, dtype=np.float64)


noisy_bias = partial(initializers.normal, std=0.5)
final = {"random weights, zero biases": [], "zero weights, zero biases": [], "zero weights, random biases": []}
for seed in SEEDS:
    for (weights, biases), values in zip(((initializers.glorot_uniform, initializers.zeros),
                                          (initializers.zeros, initializers.zeros),
                                          (initializers.zeros, noisy_bias)), final.values(), strict=True):
        values.append(accuracy(fitted(start(weights, biases, seed), epochs=20, rng=seed)))
off = fitted(start(initializers.zeros, noisy_bias, 0, activations.relu), epochs=20, rng=0)
table = [f"{name:<30} training accuracy after 20 epochs {min(values):.3f} … {max(values):.3f}"
         for name, values in final.items()]
table.append(f"{'the last one with ReLU':<30} training accuracy after 20 epochs {accuracy(off):.3f}")
print("\n".join(table))

# %% [markdown]
# Zero weights train with tanh, if the biases are random. (With ReLU far less: a unit with b < 0 is off for every image
# and has no gradient.) That makes article D's sentence, *zeros are to be avoided except for biases*, a conditional one.
# Criterion: weights of zero cost at least 0.5 of accuracy against random ones. Measured where biases are zero, and
# where they are random.

# %%
price = {biases: [good - bad for good, bad in zip(final["random weights, zero biases"],
                                                 final[f"zero weights, {biases}"], strict=True)]
         for biases in ("zero biases", "random biases")}
claims.judge("02-zeros-except-biases", source="popular article D",
             statement="zeros are to be avoided, except for biases (accuracy that zero weights cost)",
             measured=price["zero biases"], criterion=claims.at_least(0.5), condition="the biases are zero too",
             without=price["random biases"])

# %% [markdown]
# The other half, that biases *may* be zero, is doubted in its turn: *zero biases are bad*. By the theorem they are no
# danger: random weights make columns and rows unequal. Criterion: random biases U(±1/√fan_in) instead of zeros, with
# the same weights, must gain at least 0.02 of accuracy on the test part.

# %%
def random_biases(seed):
    """The network with random weights, and biases from U(±1/√fan_in) instead of 0."""
    net, rng = start(initializers.glorot_uniform, initializers.zeros, seed), np.random.default_rng([seed, 1])
    for layer in net.layers:
        layer.b = rng.uniform(-1, 1, layer.fan_out) / np.sqrt(layer.fan_in)
    return net


gain = [accuracy(fitted(random_biases(seed), epochs=20, rng=seed), digits.test)
        - accuracy(fitted(start(initializers.glorot_uniform, initializers.zeros, seed), epochs=20, rng=seed),
                   digits.test) for seed in SEEDS]

# %%
claims.judge("02-zero-biases", source="circulating", statement="zero biases are bad (accuracy that random ones gain)",
             measured=gain, criterion=claims.at_least(0.02))

# %% [markdown]
# ## 7. How noise breaks it
#
# Start from 0.1 again and add noise: W = 0.1 + ε N(0, 1), with ε as small as 10⁻¹².
#
# **Predict.** Noise of 10⁻⁴, 10⁻⁸, 10⁻¹². How much longer does the smallest take to break the symmetry than the
# largest: about as long, ten thousand times, a hundred million times longer?
#
# **The derivation.** Move unit j of layer 1 a little away from its twins: column w + ω_j, bias b + β_j, and the sum q
# of its outgoing row to q + κ_j, where ω, β, κ have mean zero over the units. (The part with a mean moves all twins
# alike and belongs to the quotient.) To first order, Σ_j a_j does not change, so nothing downstream notices: the
# outputs, the loss and δ₂ are those of the equal network. Each unit is alone with its own deviation. With
# ζ_j = x ω_j + β_j, the change of z_j:
#
# - δ_j = (δ₂ q) f′(z) changes by δ₂ (κ_j f′ + q f″ ζ_j), which gives the changes of dω_j = xᵀ(…) and dβ_j = Σ(…);
# - the row's gradients a_jᵀ δ₂, summed over the m units of layer 2, change by m (f′ ζ_j)ᵀ δ₂ = dκ_j.
#
# These equations are linear in (ω, β, κ). So a deviation ε grows as ε · S(t) with the same S for every ε: an
# exponential as long as the equal network sits on its plateau. The cause of the growth is the pair in the middle: a
# larger outgoing weight κ speeds up ω, and a larger ω speeds up κ.
#
# **In code.** Gradient descent with momentum is linear too, so the deviations obey the very update of the parameters.
# We append them to the quotient's parameter vector, give their "gradients" by the two lines above, and let the same
# optimizer move everything.

# %%
class Tangent(Quotient):
    """The quotient (tanh), and to first order the deviations of the units of its first hidden layer."""

    def __init__(self, whole, value):
        super().__init__(32, value)
        first, second = whole.layers[:2]
        deviation = np.vstack([first.W, first.b, second.W.sum(axis=1)])         # rows: ω (64), β, κ; a column a unit
        deviation -= deviation.mean(axis=1, keepdims=True)
        self.size = len(self.params)
        self.params = np.concatenate([self.params, deviation.ravel()])
        self.grads = np.zeros_like(self.params)

    def load(self):
        self.net.params = self.into * self.params[:self.size]

    def deviation(self):
        return self.params[self.size:].reshape(66, self.m)

    def gradient(self, x, y, loss, *, training=True, rng=None):
        self.load()
        value = self.net.gradient(x, y, loss)
        first, second = self.net.layers[:2]
        a, q, delta = first.a, second.W[0, 0], second.delta / self.m            # δ₂ of one of the m units
        slope, bend = 1 - a**2, -2 * a * (1 - a**2)                             # f′ and f″ of tanh
        inputs, theta, kappa = np.hstack([x, np.ones((len(x), 1))]), self.deviation()[:65], self.deviation()[65]
        zeta = inputs @ theta
        change = delta * (kappa * slope + q * bend * zeta)
        self.grads[:self.size] = self.net.grads / self.out_of
        self.grads[self.size:] = np.vstack([inputs.T @ change, self.m * delta.T @ (slope * zeta)]).ravel()
        return value


# %% [markdown]
# Three whole networks with noise, and one tangent with ε = 1, which predicts all three: its curve, times ε. There is
# no free parameter.

# %%
def noisy(value, noise, seed):
    return mn.mlp(SIZES, activation=activations.tanh, init=constant(value, noise), rng=seed, dtype=np.float64)


def growth(seed, epochs):
    """S(t) after 1, 2, … epochs: the spread in layer 1 for noise ε = 1."""
    return follow(Tangent(noisy(0, 1, seed), 0.1), lambda model: np.ptp(model.deviation()[:64], axis=1).max(),
                  epochs=epochs, rng=seed)[1]


def spread_of_first(net):
    return float(np.ptp(net.layers[0].W, axis=1).max())


S = growth(0, 60)
runs = {noise: follow(noisy(0.1, noise, 0), spread_of_first, epochs=60, rng=0) for noise in (1e-4, 1e-8, 1e-12)}
steps = runs[1e-4][0].step
rising = (S > 1e2) & (S < 1e9)
rate = float(np.polyfit(steps[rising], np.log(S[rising]), 1)[0])

# %%
fig, ax = plt.subplots(figsize=(7.5, 3.6))
for (noise, (_, seen)), mark in zip(runs.items(), "o^s", strict=True):
    ax.semilogy(steps, seen, mark, ms=4, mfc="none", color="k", markevery=2, label=f"measured, noise {noise:g}")
    ax.semilogy(steps, noise * S, "-", color="0.5", lw=1, label="theory: ε · S(t)" if noise == 1e-12 else None)
ax.axhline(1e-3, color="0.5", ls=":")
ax.text(steps[-1], 1.3e-3, "broken", ha="right", va="bottom")
ax.set(xlabel="step", ylabel="spread in layer 1 (weight)", ylim=(1e-13, 10))
ax.legend(loc="lower right")
plt.show()

# %%
small = runs[1e-12][1] < 1e-5
error = np.abs(np.log(runs[1e-12][1][small] / (1e-12 * S[small]))).max()
assert error < 1e-3
Markdown(f"""**What to see.** Symbols are three networks of 32 + 32 units, lines are the theory, computed on one unit a
layer. While the spread is below 10⁻⁵ they differ by less than 0.1%. First the deviations hardly move (the
quotient is still learning its feature), then they grow by a factor e every {1 / rate:.0f} steps, until the units are
apart and the theory, which is first order, ends. The network then leaves the plateau: with noise 10⁻¹² its accuracy at
step {steps[-1]:.0f} is {runs[1e-12][0].accuracy[-1]:.2f}.""")

# %% [markdown]
# This also settles what was left open in §3, §4 and §6: how far rounding can have come in 10 epochs. The cell starts
# with a difference of 10⁻⁹ in each of the three settings and prints the factor by which it has grown.

# %%
apart = with_twins(0)
apart.layers[0].W[:, 1] += 1e-9
sigmoids = mn.mlp(SIZES, activation=activations.sigmoid, init=constant(0, 1e-9), rng=0, dtype=np.float64)
before = spread(sigmoids)
factors = {"equal units, tanh from 0.1": S[9] / S[0],
           "one pair of twins in a random network": distance(fitted(apart, epochs=10, rng=0)) / 1e-9,
           "equal units, sigmoid from 0": spread(fitted(sigmoids, epochs=10, rng=0)) / before}
assert max(factors.values()) < 1e4
table = [f"{name:<40} grew by a factor {factor:.1f}" for name, factor in factors.items()]
table.append(f"{'rounding of a weight of 0.1, float64':<40} {np.spacing(0.1) / 2:.0e}")
print("\n".join(table))

# %% [markdown]
# The tolerances of 10⁻¹⁰, 10⁻⁹ and 10⁻⁶ above leave room for many rounding errors. The verdicts do not hang on them.

# %% [markdown]
# ### The time it takes
#
# The symmetry is broken when ε S(t) reaches 10⁻³, say. If S grows as e^{λt}, then **t = (ln(1/ε) + constant)/λ**: every
# factor of ten in the noise costs the same number of steps.
#
# **And from zero?** The same noise around 0 instead of 0.1. Let ε be the scale of all weights, W = ε w. With two hidden
# layers and tanh z ≈ z, each gradient is a product of *two* weight matrices with something fixed: dW₂ = a₁ᵀ δ₂ contains
# W₁ and W₃. So ε dw/dt = ε² (…), and w depends on time only through ε t: **t ∝ 1/ε**. With one hidden layer each
# gradient has one matrix in it, ε drops out, and t grows as ln(1/ε) again. Zero is a saddle in both cases, but with two
# hidden layers so flat a one that nothing grows exponentially on it.
#
# The cell measures both: from 0.1 the step at which the spread passes 10⁻³; from zero the step at which the loss of an
# epoch falls below 2, from the plateau at H.

# %%
def first_step(history, condition):
    return float(history.step[np.argmax(condition)]) if np.any(condition) else np.nan


NOISES = np.array([1e-2, 1e-5, 1e-8, 1e-12] if FAST else [1e-2, 1e-4, 1e-6, 1e-8, 1e-10, 1e-12, 1e-14])
S_of = [growth(seed, 60) for seed in SEEDS[:3]]
predicted = np.array([[first_step(runs[1e-4][0], noise * S > 1e-3) for noise in NOISES] for S in S_of])
measured = np.array([[steps_until(lambda record, net: spread_of_first(net) > 1e-3, noisy(0.1, noise, seed), epochs=60,
                                  rng=seed) for noise in NOISES] for seed in SEEDS[:3]])
assert np.abs(measured - predicted).max() <= 2 * STEPS            # to within two epochs, the grid that we look at

# %%
ZERO_NOISES = np.array([1e-1, 1e-2, 3e-3, 1e-3] if FAST else [1e-1, 3e-2, 1e-2, 3e-3, 1e-3, 3e-4, 1e-4])


def escape(sizes, noise, epochs):
    net = mn.mlp(sizes, activation=activations.tanh, init=constant(0, noise), rng=0, dtype=np.float64)
    return steps_until(lambda record, _: record.loss < 2, net, epochs=epochs, rng=0)


deep = np.array([escape(SIZES, noise, epochs=int(10 + 0.05 / noise)) for noise in ZERO_NOISES])
shallow_noises = np.array([1e-1, 1e-4, 1e-8, 1e-12])
shallow = np.array([escape([64, 32, 10], noise, epochs=40) for noise in shallow_noises])
assert np.isfinite(deep).all()
assert np.isfinite(shallow).all()

# %%
fig, (left, right) = plt.subplots(1, 2, figsize=(8, 3.6))
for k, values in enumerate(measured):
    left.semilogx(NOISES, values, "ko", ms=5, mfc="none", label="measured, one symbol a seed" if k == 0 else None)
middle = np.median(predicted, axis=0)
left.semilogx(NOISES, middle, "-", color="0.5", label="theory: ε · S(t) reaches 10⁻³")
reference = len(NOISES) // 2
left.semilogx(NOISES, middle[reference] + np.log(NOISES[reference] / NOISES) / rate, "k--", lw=1,
              label="a straight line of slope 1/λ")
left.set(xlabel="noise ε around 0.1", ylabel="steps until broken", title="from a constant: ln(1/ε)", ylim=(0, None))
left.invert_xaxis()
left.legend()
right.loglog(ZERO_NOISES, deep, "ks", ms=5, label="two hidden layers")
right.loglog(ZERO_NOISES, deep[-1] * ZERO_NOISES[-1] / ZERO_NOISES, "k-", lw=1, label="theory: slope −1")
right.loglog(shallow_noises, shallow, "k^", mfc="none", ms=6, label="one hidden layer")
right.set(xlabel="noise ε around 0", ylabel="steps until the loss is below 2", title="from zero: 1/ε, with two layers",
          ylim=(10, 3e4), xlim=(0.3, 1e-13))
right.legend()
plt.show()

# %%
low = NOISES < 1e-4                                       # later than the beginning, where S hardly grows
per_ten = {name: -np.polyfit(np.log10(NOISES[low]), values.mean(axis=0)[low], 1)[0]
           for name, values in (("measured", measured), ("theory", predicted))}
longer = first_step(runs[1e-12][0], runs[1e-12][1] > 1e-3) / first_step(runs[1e-4][0], runs[1e-4][1] > 1e-3)
still = noisy(0, 1e-8, 0)
effect = [float(np.linalg.norm(W - W.mean(axis=1, keepdims=True)))             # the softmax ignores the mean
          for W in (still.layers[2].W.copy(), fitted(still, epochs=60, rng=0).layers[2].W)]
Markdown(f"""**What to see.** Left: after the beginning, the time to break the symmetry grows by
{per_ten["measured"]:.0f} steps for every factor of ten (theory: {per_ten["theory"]:.0f}). A noise of 10⁻¹², a hundred
million times smaller than 10⁻⁴, takes {longer:.1f} times as long. Right, both axes logarithmic: from zero, two hidden
layers need {deep[-1]:.0f} steps at noise {ZERO_NOISES[-1]:g}, and the squares approach the line t ∝ 1/ε; one hidden
layer needs {shallow[-1]:.0f} steps at noise 10⁻¹². Continued along the line, two layers would need
{deep[-1] * ZERO_NOISES[-1] / 1e-12:.0e} steps for that, and in fact more. The batches push b₃ to and fro, and W₃ and b₂
with it, by a symmetric matrix A: a push and its return leave (1 + A)(1 − A) = 1 − A², which is less than 1. After 60
epochs from noise 10⁻⁸, W₃ has shrunk to {100 * effect[1] / effect[0]:.0f}% of what it was.""")

# %% [markdown]
# Two claims follow. Article A: *a small random range breaks the symmetry*. As far as symmetry is concerned this is
# right, whatever the range: the units are different in proportion to their size. Criterion: all 32 units of each hidden
# layer are of their own kind (columns that differ by more than 10⁻⁶ of the largest weight), after 20 epochs from
# U(−0.05, 0.05).

# %%
def uniform(half):
    return partial(initializers.uniform, low=-half, high=half)


claims.judge("02-small-range", source="popular article A", statement="a small random range breaks the symmetry",
             measured=[min(kinds(layer.W) for layer in hidden(
                 fitted(start(uniform(0.05), initializers.zeros, seed), epochs=20, rng=seed))) for seed in SEEDS],
             criterion=claims.between(32, 32))

# %% [markdown]
# What circulates says more: that *a tiny noise is enough*, and the network will train. Criterion: training accuracy of
# at least 0.9 after 70 epochs. Measured with noise of 10⁻¹² around the constant 0.1, and, where the condition does not
# hold, with noise a hundred million times *larger*, 10⁻⁴, around zero.

# %%
claims.judge("02-tiny-noise", source="circulating", statement="a tiny noise on the weights is enough to train",
             measured=[accuracy(fitted(noisy(0.1, 1e-12, seed), epochs=70, rng=seed)) for seed in SEEDS],
             criterion=claims.at_least(0.9), condition="the noise is around 0.1, not around 0",
             without=[accuracy(fitted(noisy(0, 1e-4, seed), epochs=70, rng=seed)) for seed in SEEDS])

# %% [markdown]
# This is the difference between the two illnesses. Equal units are a saddle with steep sides: anything tips them off
# it. Small weights are a plateau, and noise that is small too lies flat on it. A good random start has to be unequal
# *and* large enough, and how large is the subject of the chapters that follow.

# %% [markdown]
# ## 8. ReLU from a constant: look at the input first
#
# All weights 0.1 and ReLU. A unit of layer 1 has z = 0.1 · (sum of the pixels): whether it is on for an image is
# decided by the sign of that sum, that is, by how the inputs were scaled.
#
# **Predict.** Pixels in [0, 1]; pixels in [−1, 1]; pixels standardised. For which share of the images are the units of
# layer 1 on, and which of the three networks learns?

# %%
raw = datasets.digits().train[0].astype(np.float64)
SCALED = {"[−1, 1]": 2 * raw - 1, "[0, 1]": raw, "standardised": x}


def share_on(model, inputs):
    model.load()
    return float((inputs @ model.net.layers[0].W + model.net.layers[0].b > 0).mean())


relu_runs = {}
for name, inputs in SCALED.items():
    model = Quotient(32, 0.1, activations.relu)
    state, rng, on, values = sgd.init(model.params), np.random.default_rng(0), [], []
    for _ in range(30):
        order = rng.permutation(len(inputs))
        for k in range(0, len(inputs), 64):
            on.append(share_on(model, inputs))
            rows = order[k:k + 64]
            values.append(model.gradient(inputs[rows], y[rows], losses.softmax_cross_entropy))
            sgd.step(model.params, model.grads, state)
    z = model(inputs)
    relu_runs[name] = on, losses.softmax_cross_entropy(z, y)[0], float((z.argmax(axis=1) == y).mean()), max(values)
    assert on[0] == (inputs.sum(axis=1) > 0).mean()                # for any positive constant

# %%
fig, ax = plt.subplots()
for (name, (on, value, share, _)), style in zip(relu_runs.items(), (":", "--", "-"), strict=True):
    ax.semilogx(np.arange(len(on)) + 1, on, "k", ls=style, lw=2,
                label=f"pixels {name}: loss {value:.2f}, accuracy {share:.2f} at the end")
ax.set(xlabel="step", ylabel="share of the images\nfor which layer 1 is on", ylim=(-0.05, 1.05))
ax.legend(loc="center right", bbox_to_anchor=(1, 0.7))
plt.show()

# %%
died = int(np.argmax(np.array(relu_runs["[0, 1]"][0]) == 0))
assert relu_runs["[−1, 1]"][0][0] == 0
assert max(relu_runs["[−1, 1]"][0]) == 0                           # off means no gradient: off for good
Markdown(f"""**What to see** (exact arithmetic, by the quotient). Scaled to [−1, 1], every image of this data set has a
negative sum: all units are off for all images, f′ = 0, and they never move again. Scaled to [0, 1], all are on; 32
equal units pull the output in the same direction, the first steps overshoot (the loss of a batch rises to
{relu_runs["[0, 1]"][3]:.0f}), and at step {died} they are off for good as well. Standardised, they start on for
{100 * relu_runs["standardised"][0][0]:.0f}% of the images, and the network learns its one feature.
Same constant, same network, same images.""")

# %% [markdown]
# ## 9. One seed for every layer
#
# A common bug: every layer makes its own generator from the same seed. *One seed for every layer brings the symmetry
# problem back*, it is said. (In this library each layer draws from its own child of the network's generator, so the bug
# must be built by hand.)
#
# **Predict.** Four layers of 64 units, all drawn from seed 0. Are there twins?
#
# **Theory.** No: within a layer all numbers are different, so columns and rows are. What comes out equal are *layers*
# of the same shape. Two independent matrices with N entries each have a correlation with mean 0 and standard deviation
# 1/√(N − 1); one seed makes it 1.

# %%
def from_seed(seed):
    return lambda rng, shape: initializers.glorot_uniform(np.random.default_rng(seed), shape)      # the bug


def correlation(net, i=1, j=2):
    return float(np.corrcoef(net.layers[i].W.ravel(), net.layers[j].W.ravel())[0, 1])


widths = [4, 8, 16, 32, 64, 128]
independent = np.array([[correlation(mn.mlp([64, w, w, w, 10], activation=activations.tanh,
                                            init=initializers.glorot_uniform, rng=seed, dtype=np.float64))
                         for seed in range(20)] for w in widths])
same = np.array([correlation(mn.mlp([64, w, w, w, 10], activation=activations.tanh, init=from_seed(0), rng=0,
                                    dtype=np.float64)) for w in widths])
assert np.allclose(same, 1)

# %%
fig, ax = plt.subplots()
entries = np.array(widths) ** 2
ax.loglog(entries.repeat(20), np.abs(independent).ravel(), ".", color="0.6", label="independent seeds, one pair a dot")
ax.loglog(entries, np.sqrt((independent**2).mean(axis=1)), "ko", mfc="none", label="their root mean square")
ax.loglog(entries, 1 / np.sqrt(entries - 1), "k-", lw=1, label="theory: 1/√(N − 1)")
ax.loglog(entries, same, "k^", label="one seed for every layer")
ax.set(xlabel="entries N of the matrix", ylabel="|correlation| of W₂ and W₃", ylim=(1e-4, 3))
ax.legend(loc="lower left")
plt.show()

# %%
rms = np.sqrt((independent[-1] ** 2).mean())
Markdown(f"""**What to see.** Independent layers are as uncorrelated as chance allows (at N = {entries[-1]:,} the root
mean square is {rms:.4f}, theory {1 / np.sqrt(entries[-1] - 1):.4f}); layers from one seed are the same matrix.""")

# %% [markdown]
# Equal layers are not equal units. The criterion of the claim: after training, some layer has only one kind of unit.

# %%
WIDE = [64, 64, 64, 64, 10]
seeded = {label: [fitted(mn.mlp(WIDE, activation=activations.tanh, init=init(seed), rng=seed, dtype=np.float64),
                         epochs=10, rng=seed) for seed in SEEDS]
          for label, init in (("one seed", from_seed), ("independent", lambda seed: initializers.glorot_uniform))}
claims.judge("02-one-seed", source="circulating", statement="one seed for every layer brings the symmetry problem back",
             measured=[min(kinds(layer.W) for layer in hidden(net)) for net in seeded["one seed"]],
             criterion=claims.at_most(1))

# %%
tests = {label: [accuracy(net, digits.test) for net in nets] for label, nets in seeded.items()}
after = np.median([correlation(net) for net in seeded["one seed"]])
one, other = (f"{min(tests[label]):.3f} … {max(tests[label]):.3f}" for label in ("one seed", "independent"))
Markdown(f"""It does no visible harm here: test accuracy {one} with one seed, {other} with independent ones. Training
does not undo the bug either: W₂ and W₃ still correlate by {after:.2f} after 10 epochs. It is a bug all the same: an
experiment that assumes independent layers does not have them.""")

# %% [markdown]
# ## 10. Where the theorem breaks
#
# The theorem asks that twins get the same numbers and the same treatment. Two things in daily use do not give that.
#
# **Dropout** switches each *unit* off at random. Its noise is drawn per unit, so twins see different gradients, and a
# network of equal units trains.

# %%
dropped = []
for seed in SEEDS:
    net = mn.Network([mn.Dense(64, 32, activations.tanh, constant(0.1)), layers.Dropout(0.2),
                      mn.Dense(32, 32, activations.tanh, constant(0.1)), layers.Dropout(0.2),
                      mn.Dense(32, 10, init=constant(0.1))], rng=0, dtype=np.float64)
    fitted(net, epochs=20, rng=seed)
    assert [kinds(layer.W) for layer in hidden(net)] == [32, 32]
    dropped.append(accuracy(net))
Markdown(f"With dropout of 0.2 and every weight 0.1, all 32 units of both hidden layers are different after 20 epochs, "
         f"and the training accuracy is {min(dropped):.3f} … {max(dropped):.3f}.")

# %% [markdown]
# **Rounding** is the second. The sums in a matrix product are rounded, and the result depends on the order in which
# the terms are added. Whether equal columns are added in the same order is the business of the processor, of the kernel
# that the BLAS library has for it, of the width of the layer. To see it on *every* machine, the layer below does it on
# purpose: the right half of the units adds its inputs in an order that was drawn at random, once. In exact arithmetic
# it is a `Dense` layer like any other.

# %%
class TwoOrders(mn.Dense):
    """A Dense layer whose right half adds up x W in another order than the left."""

    def product(self, x):
        half, order = self.fan_out // 2, self.order
        return np.hstack([x @ self.W[:, :half], x[:, order] @ self.W[order, half:]])

    def __call__(self, x):
        return self.activation.f(self.product(x) + self.b)

    def forward(self, x, training=False, rng=None):
        self.x, self.z = x, self.product(x) + self.b
        self.a = self.activation.f(self.z)
        return self.a


def two_orders(dtype, seed):
    first = TwoOrders(64, 32, activations.tanh, constant(0.1))
    first.order = np.random.default_rng(seed).permutation(64)
    return mn.Network([first, mn.Dense(32, 32, activations.tanh, constant(0.1)), mn.Dense(32, 10, init=constant(0.1))],
                      rng=0, dtype=dtype)


def spread_and_kinds(net):
    """The spread in layer 1, and of how many kinds a unit of the left and one of the right half are, to 10⁻³."""
    return spread_of_first(net), kinds(net.layers[0].W[:, [0, -1]], 1e-3)


rounded = {dtype: [follow(two_orders(dtype, seed), spread_and_kinds, epochs=70, rng=0) for seed in SEEDS]
           for dtype in (np.float32, np.float64)}
long_S = growth(0, 70)

# %% [markdown]
# **Predict** with the theory of §7: rounding is noise of half the spacing of the numbers near 0.1. When does float32
# break, and when float64?

# %%
fig, ax = plt.subplots()
for (dtype, found), grey in zip(rounded.items(), ("0.3", "0.7"), strict=True):
    history, spreads = found[0][0], np.array([seen[:, 0] for _, seen in found])
    grain = float(np.spacing(dtype(0.1))) / 2
    ax.fill_between(history.step, spreads.min(axis=0), spreads.max(axis=0), color=grey, alpha=0.6, lw=0,
                    label=f"{dtype.__name__}, {len(found)} orders of adding")
    part = grain * long_S < 1
    ax.semilogy(history.step[part], (grain * long_S)[part], "k--" if dtype == np.float64 else "k-", lw=1,
                label=f"theory: S(t) · {grain:.1e}")
ax.axhline(1e-3, color="0.5", ls=":")
ax.text(0, 1.5e-3, "broken", va="bottom")
ax.set(xlabel="step", ylabel="spread in layer 1 (weight)", ylim=(1e-18, 10), title="float64 breaks as well, but later")
ax.legend(loc="lower right")
plt.show()

# %%
expected = {dtype: first_step(found[0][0], np.spacing(dtype(0.1)) / 2 * long_S > 1e-3)
            for dtype, found in rounded.items()}
for dtype, found in rounded.items():
    for history, seen in found:
        assert abs(first_step(history, seen[:, 0] > 1e-3) / expected[dtype] - 1) < 0.25
Markdown(f"""**What to see.** The network of §1, told only to add in two orders in its first layer. Theory lets
the symmetry break at step {expected[np.float32]:.0f} in float32 and at step {expected[np.float64]:.0f} in float64, and
every run does so at that step ± 25%. The exact step depends on the order that was drawn, and on the order in which your
processor adds:
the bands look a little different on another machine. The theory takes the rounding of the first step for all of it,
and real rounding is not independent from unit to unit, so it is a rough estimate. It has the exponential right, and
that decides: the digits that float64 adds do not prevent the break, they postpone it, in theory by
{expected[np.float64] - expected[np.float32]:.0f} steps.""")

# %% [markdown]
# And a network of ordinary layers, for which nobody chose an order? Some kernels treat all its equal columns alike, and
# it stays as it is; others do not, and it parts as in the picture. Try it: train the constant start of §1 in float32
# for 100 epochs, with layers of 32 and of 51 units. The outcome is your processor's.
#
# So the theorem is a statement about exact arithmetic, and "equal for ever" must say so. In floating point it holds for
# as long as rounding has not grown. Criterion: a unit of the left half and one of the right half of layer 1 are of one
# kind, to 10⁻³ of the largest weight. Measured on the networks with two orders, in float32: after 10 epochs, and
# after 70.

# %%
claims.judge("02-equal-for-ever", source="circulating", statement="units that start equal stay equal for ever",
             measured=[seen[9, 1] for _, seen in rounded[np.float32]], criterion=claims.at_most(1),
             condition="rounding has not had the time to grow (10 epochs, not 70)",
             without=[seen[-1, 1] for _, seen in rounded[np.float32]])

# %% [markdown]
# ## What to keep
#
# - Twins need equal columns, equal biases **and** equal outgoing rows. Break any of the three and they part.
# - A network of equal units is a network with one unit per layer, with other learning rates. It learns one feature.
# - Zero is worse than other constants, for a reason of its own: gradients that are products of zeros. With random
#   biases even zero weights train (tanh).
# - Deviations from equality grow exponentially: a factor in the noise costs a constant number of steps. Around zero,
#   with two hidden layers, it costs steps in proportion.
# - "For ever" is exact arithmetic. In floating point the order of a sum is enough to end it.
# - Biases may be zero, and one seed for all layers does not make twins. It makes equal layers.
#
# **Where this chapter is silent.** One data set, tanh in most places, fully connected layers, two hidden ones. Which
# scale the random numbers should have is the question of the chapters to come.
#
# ## Exercises
#
# Answers are in `answers/02_symmetry.py`.
#
# 1. **Opposite twins** (10 minutes; pencil, then `with_twins`). Let W[:, j] = −W[:, i], b[j] = −b[i], V[j] = −V[i].
#    Show that for tanh the units stay opposite. For which activations does it hold? Test tanh, softsign and sigmoid.
# 2. **The same numbers in another shape** (10 minutes; `from_seed`). Layers 64-32 and 32-32 drawn from one seed have
#    different shapes. Find the correlation that is 1 nevertheless.
# 3. **Two kinds** (25 minutes; the `Quotient` as a model). Let half of the units of both hidden layers start with
#    columns of 0.1 and half with columns of 0.2, W₃ = 0.1. How many kinds of unit are there, for ever? Which rank can
#    W₂ have? Check after 10 epochs.
# 4. **Normalization** (30 minutes; `layers.BatchNorm`, `layers.LayerNorm`). Put BatchNorm between the layers of a
#    network of equal units. Do the twins stay twins? And LayerNorm: what does it make of a layer of equal features?
# 5. **Rates for Adam** (40 minutes; §4). Train 64-1-1-10 in the coordinates u, with Adam and a learning rate and an ε
#    for each layer, so that it follows the network of equal units. Derive both factors, then check to 10⁻¹⁰.
# 6. **Three hidden layers** (45 minutes; §7). From zero with noise ε, how does the time of escape depend on ε with L
#    weight matrices? Derive the exponent and measure it for L = 3 and L = 4. Use the first 200 images as one batch, so
#    that the noise of the batches does not disturb.
