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
# # Symmetry, further
#
# What the chapter [Symmetry](../02_symmetry.ipynb) states in a sentence is measured here: the plain functions, what
# zeros learn, six optimizers, the learning rates of the small network, noise around zero, ReLU and the scale of its
# inputs, one seed for every layer, dropout. Read the chapter first.

# %% jupyter={"source_hidden": true} tags=["hide-input"]
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Markdown

import minnet as mn
from minnet import activations, claims, datasets, initializers, layers, losses, optimizers
from minnet.diagnostics import kinds
from minnet.experiments.chapter import FAST, SEEDS, style
from minnet.theory import Deviations, EqualUnits

style()
digits = datasets.standardized(datasets.digits())
x, y = digits.train[0].astype(np.float64), digits.train[1]
STEPS = -(-len(x) // 64)                                   # batches in an epoch, the last one smaller
SIZES = [64, 32, 32, 10]
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
# Two ways to look at a weight matrix whose columns are the units of a layer. *Kinds* counts units that differ. *Rank*
# counts directions.

# %%
def hidden(net):
    return [layer for layer in net.layers if isinstance(layer, mn.Dense)][:-1]


def rank(W, tolerance=1e-8):
    s = np.linalg.svd(W, compute_uv=False)
    return int((s > tolerance * s[0]).sum())


def spread(net):
    """The largest difference of a weight between two units of a hidden layer."""
    return max(float(np.ptp(layer.W, axis=1).max()) for layer in hidden(net))


def constant(value, noise=0.0):
    """An initializer: value everywhere, plus noise · N(0, 1)."""
    return lambda rng, shape: value + noise * rng.normal(size=shape)


# %% [markdown]
# ## 1. Plain functions first
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
# The library must give the same gradients. The test uses a random network: in an equal one, many
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
# ## 2. What zeros learn
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
# The sigmoid is different, because f(0) = ½. The output layer learns at the first
# step, and the layer below gets a gradient at the second. The cell prints norm and rank of each gradient, step by step.

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
# One more layer has a gradient at each step, from the output down, and every gradient has rank 1: all units of a layer
# get the same.
#
# ## 3. Twins
#
# A single pair of twins in a random network is enough to test the theorem. All six optimizers get the same network, in
# which unit 1 was made a copy of unit 0.

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
claims.judge("02-twins", source="lore", statement="units with equal incoming weights stay twins",
             measured=[distance(fitted(with_twins(seed), epochs=10, rng=seed)) for seed in SEEDS],
             criterion=claims.at_most(1e-6), condition="their biases and outgoing rows are equal too",
             without=[distance(fitted(with_twins(seed, **missing), epochs=10, rng=seed))
                      for missing in ({"rows": False}, {"bias": 0.1}) for seed in SEEDS])

# %% [markdown]
# ## 4. One unit for each layer
#
# In a network of constants all units of a layer are twins. It *is* a small network with one unit in each layer,
# 64-1-1-10. Let layer l have m_l equal units (m₀ = 1 and m_L = 1 for the input and the output, which are not merged),
# and let c be an entry of W_l that is repeated for all units.
# - *Forward.* The m_{l−1} equal inputs add up: z = m_{l−1} c a + b. The small network's weight is **u = m_{l−1} c**,
#   its bias is b.
# - *Backward.* The one unit stands for m_l units, and its δ is the sum of theirs. Hence its gradients are
#   **du = m_l dc**, and m_l db for the bias.
# - *The step.* c ← c − η dc is, in u, a step u ← u − η (m_{l−1}/m_l) du; for the bias the factor is 1/m_l. The equal
#   network *is* the small one, trained with these rates for each layer. With momentum too, since v is linear in the
#   gradient.
#
# Adam is not linear in the gradient. `theory.EqualUnits` therefore holds the entries c and gives the gradients dc: then
# every optimizer works as it is. The check: the whole network and the small one, from 0.1, over 20 epochs, parameter by
# parameter.

# %%
table = [f"{'':<10}{'largest difference of a parameter':>36}{'ranks of W1 W2 W3':>20}{'of dW1 dW2 dW3':>18}"]
for optimizer in (sgd, optimizers.Adam(learning_rate=1e-3)):
    whole = mn.mlp(SIZES, activation=activations.tanh, init=constant(0.1), rng=0, dtype=np.float64)
    small = EqualUnits(SIZES, 0.1)
    fitted(whole, epochs=20, rng=0, optimizer=optimizer)
    fitted(small, epochs=20, rng=0, optimizer=optimizer)
    difference = below(np.abs(whole.params - small.expanded()).max(), 1e-10)
    ranks = [[rank(getattr(layer, name)) for layer in whole.layers] for name in ("W", "dW")]
    table.append(f"{type(optimizer).__name__:<10}{difference:>36}{ranks[0]!s:>20}{ranks[1]!s:>18}")
    assert ranks == [[1, 1, 1], [1, 1, 1]]
print("\n".join(table))

# %% [markdown]
# And with the rates: 64-1-1-10 in the coordinates u, by plain momentum with η m_{l−1}/m_l for the
# weights and η/m_l for the biases, against `EqualUnits`.

# %%
rescaled, small = EqualUnits(SIZES, 0.1), fitted(EqualUnits(SIZES, 0.1), epochs=20, rng=0)
rng = np.random.default_rng(0)
rescaled.load()
net, rates, v = rescaled.net, rescaled.rates, 0
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
# Which constant is best? Here are more of them, in exact arithmetic.

# %%
VALUES = [0, 0.01, 0.03, 0.1, 0.3, 1]
EPOCHS = 40 if FAST else 60
models = {value: EqualUnits(SIZES, value) for value in VALUES}
curves = {value: follow(model, lambda _: None, epochs=EPOCHS, rng=0)[0] for value, model in models.items()}

# %%
fig, ax = plt.subplots(figsize=(7.5, 3.6))
for (value, history), line, mark in zip(curves.items(), ("-", "--", "-.", "-", "--", ":"), "ovs^DP", strict=True):
    ax.plot(history.step, history.loss, ls=line, marker=mark, markevery=(VALUES.index(value) * 3, 25), ms=5,
            label=f"all {value:g}: accuracy {accuracy(models[value]):.2f}")
ax.set(xlabel="step", ylabel="training loss (nats)", ylim=(0, 2.8), xlim=(0, None))
ax.legend(ncols=2, loc="lower right", bbox_to_anchor=(1, 0.06))
plt.show()

# %%
Markdown(f"""**What to see.** Zero stays at the entropy of the labels. Small constants all learn one feature; 0.1 ends
at accuracy {accuracy(models[0.1]):.2f}: {accuracy(models[0.1]) / accuracy(models[0]):.1f} times that of zero. Large
constants do worse again, but for another reason: with all weights equal to 1, z₁ is the sum of all pixels and z₂ is
32 times an activation, so that tanh is saturated. In the last layer but one, the mean of f′ at the start is
{(1 - np.tanh(32 * np.tanh(x.sum(axis=1))) ** 2).mean():.3f} for the constant 1 and
{(1 - np.tanh(3.2 * np.tanh(0.1 * x.sum(axis=1))) ** 2).mean():.3f} for 0.1.""")

# %% [markdown]
# ## 5. Biases may be zero
#
# It is also said that *zero biases are bad*. By the theorem they are no danger: random weights make columns and rows
# unequal. Criterion: random biases U(±1/√fan_in) instead of zeros, with the same weights, must gain at least 0.02 of
# accuracy on the test part.

# %%
def start(weights, biases, seed):
    return mn.mlp(SIZES, activation=activations.tanh, init=weights, bias_init=biases, rng=seed, dtype=np.float64)


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
claims.judge("02-zero-biases", source="lore", statement="zero biases are bad (accuracy that random ones gain)",
             measured=gain, criterion=claims.at_least(0.02))

# %% [markdown]
# ## 6. The time it takes
#
# The chapter shows that differences between units grow as ε S(t). How long does it take from another noise, and from
# zero? This also says how far rounding can have come in 10 epochs: the cell starts with a difference of 10⁻⁹ in each of
# the three settings used so far and prints the factor by which it has grown.

# %%
def noisy(value, noise, seed):
    return mn.mlp(SIZES, activation=activations.tanh, init=constant(value, noise), rng=seed, dtype=np.float64)


def growth(seed, epochs):
    """S(t) after 1, 2, … epochs: the spread in layer 1 for noise ε = 1."""
    return follow(Deviations(noisy(0, 1, seed), 0.1), Deviations.spread, epochs=epochs, rng=seed)[1]


def spread_of_first(net):
    return float(np.ptp(net.layers[0].W, axis=1).max())


S = growth(0, 60)
runs = {noise: follow(noisy(0.1, noise, 0), spread_of_first, epochs=60, rng=0) for noise in (1e-4, 1e-12)}
steps = runs[1e-4][0].step
rising = (S > 1e2) & (S < 1e9)
rate = float(np.polyfit(steps[rising], np.log(S[rising]), 1)[0])
small = runs[1e-12][1] < 1e-5
error = np.abs(np.log(runs[1e-12][1][small] / (1e-12 * S[small]))).max()
assert error < 1e-3

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
# The tolerances of 10⁻¹⁰, 10⁻⁹ and 10⁻⁶ above leave room for many rounding errors. The verdicts do not depend on them.
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
# Article A: *a small random range breaks the symmetry*. Weights from U(−0.05, 0.05), zero biases, 20 epochs. Criterion:
# all 32 units of both hidden layers are different. (What else a small range does to a deep net is judged in chapter
# 03.)

# %%
small_range = [fitted(start(initializers.uniform(low=-0.05, high=0.05), initializers.zeros, seed), epochs=20, rng=seed)
               for seed in SEEDS]
claims.judge("02-small-range", source="popular article A",
             statement="a small random range breaks the symmetry (kinds of unit, the fewer of two layers of 32)",
             measured=[min(kinds(layer.W) for layer in hidden(net)) for net in small_range],
             criterion=claims.at_least(32))

# %% [markdown]
# It is also said that *a tiny noise is enough*, and the network will train. Criterion: training accuracy of at least
# 0.9 after 70 epochs. Measured with noise of 10⁻¹² around the constant 0.1, and, where the condition does not hold,
# with noise a hundred million times *larger*, 10⁻⁴, around zero.

# %%
claims.judge("02-tiny-noise", source="lore", statement="a tiny noise on the weights is enough to train",
             measured=[accuracy(fitted(noisy(0.1, 1e-12, seed), epochs=70, rng=seed)) for seed in SEEDS],
             criterion=claims.at_least(0.9), condition="the noise is around 0.1, not around 0",
             without=[accuracy(fitted(noisy(0, 1e-4, seed), epochs=70, rng=seed)) for seed in SEEDS])

# %% [markdown]
# Equal units are a saddle with steep sides: any noise leads away from it. Small weights are a plateau, on which small
# noise stays small. A good random start has to be unequal *and* large enough.

# %% [markdown]
# ## 7. ReLU from a constant: the scale of the inputs
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
    model = EqualUnits(SIZES, 0.1, activations.relu)
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
for (name, (on, value, share, _)), line in zip(relu_runs.items(), (":", "--", "-"), strict=True):
    ax.semilogx(np.arange(len(on)) + 1, on, "k", ls=line, lw=2,
                label=f"pixels {name}: loss {value:.2f}, accuracy {share:.2f} at the end")
ax.set(xlabel="step", ylabel="share of the images\nfor which layer 1 is on", ylim=(-0.05, 1.05))
ax.legend(loc="center right", bbox_to_anchor=(1, 0.7))
plt.show()

# %%
died = int(np.argmax(np.array(relu_runs["[0, 1]"][0]) == 0))
assert relu_runs["[−1, 1]"][0][0] == 0
assert max(relu_runs["[−1, 1]"][0]) == 0                           # off means no gradient: off for good
Markdown(f"""**What to see** (exact arithmetic). Scaled to [−1, 1], every image of this data set has a
negative sum: all units are off for all images, f′ = 0, and they never move again. Scaled to [0, 1], all are on; 32
equal units pull the output in the same direction, the first steps overshoot (the loss of a batch rises to
{relu_runs["[0, 1]"][3]:.0f}), and at step {died} they are off for good as well. Standardised, they start on for
{100 * relu_runs["standardised"][0][0]:.0f}% of the images, and the network learns its one feature.
Same constant, same network, same images.""")

# %% [markdown]
# ## 8. One seed for every layer
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
claims.judge("02-one-seed", source="lore", statement="one seed for every layer brings the symmetry problem back",
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
# ## 9. Dropout
#
# The theorem needs twins to get the same numbers and the same treatment. Dropout switches each *unit* off at random.
# Its noise is drawn per unit, so twins get different gradients, and a network of equal units trains.
#
# Article D says that random weights are *necessary* to break the symmetry. Criterion: from weights of 0.1 everywhere a
# hidden layer has at most two kinds of unit after ten epochs. The condition is that nothing else treats units
# differently; the counter-measurement is dropout, which keeps 80% of the units. (Random biases with zero weights are
# another way, see the chapter.)

# %%
def equal_net(rate):
    """All weights 0.1, dropout at this rate after each hidden layer."""
    return mn.Network([mn.Dense(64, 32, activations.tanh, constant(0.1)), layers.Dropout(rate),
                       mn.Dense(32, 32, activations.tanh, constant(0.1)), layers.Dropout(rate),
                       mn.Dense(32, 10, init=constant(0.1))], rng=0, dtype=np.float64)


def most_kinds(net):
    return max(kinds(layer.W) for layer in hidden(net))


with_dropout = [fitted(equal_net(0.2), epochs=10, rng=seed) for seed in SEEDS]
claims.judge("02-random-necessary", source="popular article D",
             statement="random weights are necessary to break the symmetry (kinds of unit from weights of 0.1)",
             measured=[most_kinds(fitted(equal_net(0.0), epochs=10, rng=seed)) for seed in SEEDS],
             criterion=claims.at_most(2), condition="nothing else treats units differently, as dropout does",
             without=[most_kinds(net) for net in with_dropout])

# %%
dropped = []
for seed, net in zip(SEEDS, with_dropout, strict=True):
    fitted(net, epochs=10, rng=seed)
    assert [kinds(layer.W) for layer in hidden(net)] == [32, 32]
    dropped.append(accuracy(net))
Markdown(f"With dropout of 0.2 and every weight 0.1, all 32 units of both hidden layers are different after 20 epochs, "
         f"and the training accuracy is {min(dropped):.3f} … {max(dropped):.3f}.")

# %% [markdown]
# ## Exercises
#
# Answers are in `chapters/answers/02_symmetry.py`; 1 to 5 are in the chapter.
#
# 6. **(25 min)** Two kinds. Let half of the units of both hidden layers start with columns of 0.1 and half with columns
#    of 0.2, $W_3 = 0.1$. How many kinds of unit are there, for ever? Which rank can $W_2$ have? Check after 10 epochs.
# 7. **(30 min)** Normalization. Put BatchNorm between the layers of a network of equal units. Do the twins stay twins?
#    And LayerNorm: what does it make of a layer of equal features?
# 8. **(45 min)** Three hidden layers. From zero with noise $\epsilon$, how does the time of escape depend on $\epsilon$
#    with $L$ weight matrices? Derive the exponent and measure it for $L = 3$ and $L = 4$. Use the first 200 images as
#    one batch, so that the noise of the batches does not disturb.
