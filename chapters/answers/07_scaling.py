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
# # Answers to chapter 07
#
# Each answer asserts what it states.

# %%
import math
from functools import partial

import numpy as np

import minnet as mn
from minnet import activations, datasets, initializers, losses, optimizers, pretraining, theory
from minnet.diagnostics import scorecard

x, y = datasets.standardized(datasets.digits()).train

# %% [markdown]
# ## 1. Powers
#
# E[f²] = ½ E|z|^(2k) = c q^k: V(q) = σ_w² c q^k, a power law. At V(q) = q the slope is σ_w² c k q^(k−1) = k, whatever
# the gain. For k = 2, E[z⁴]/2 = 3/2 and g = √(2/3) at q = 1. Only k = 1, ReLU, is not unstable (k > 1) or ordered to
# one size (k < 1). Biases do not help: V is convex for k > 1, and `for_activation` refuses.

# %%
squared = activations.Activation("squared relu", lambda z: np.maximum(z, 0) ** 2, lambda z, a: 2 * np.maximum(z, 0),
                                 kinks=(0.0,), range=(0.0, math.inf))
forward = theory.gains(squared)[0]
assert math.isclose(forward.gain, math.sqrt(2 / 3))
assert math.isclose(forward.slope, 2)
try:
    refused = ""
    theory.for_activation(squared)
except ValueError as error:
    refused = str(error)
assert "stable" in refused

# %% [markdown]
# ## 2. A sine
#
# sin² u = (1 − cos 2u)/2 and E[cos 2√q z] = e^(−2q): E[f²] = (1 − e^(−2q))/2 and E[f′²] = (1 + e^(−2q))/2. At q = 1 the
# gains are 1.521 forward and 1.327 backward. The edge: σ_w² = 2/(1 + e^(−2q)), between 1 and 2, and
# σ_b² = q − σ_w² E[f²] = q − tanh q, which is above 0 for every q > 0. Without biases there is the edge at q → 0 only,
# at σ_w² = 1, as for tanh.

# %%
sine = activations.Activation("sine", np.sin, lambda z, a: np.cos(z), range=(-1.0, 1.0))
forward, _, backward = theory.gains(sine)
assert math.isclose(forward.gain, math.sqrt(2 / (1 - math.exp(-2))), rel_tol=1e-9)
assert math.isclose(backward.gain, math.sqrt(2 / (1 + math.exp(-2))), rel_tol=1e-9)
for q in (0.5, 1.0, 4.0):
    field = theory.critical_line(sine, q)
    assert math.isclose(field.weight_var, 2 / (1 + math.exp(-2 * q)), rel_tol=1e-9)
    assert math.isclose(field.bias_var, q - math.tanh(q), rel_tol=1e-9)

# %% [markdown]
# ## 3. Two digits
#
# LSUV divides both digits by the same number, so only V can change their ratio, and swish's V is steeper than a
# proportion: on the way from q to V(q) the ratio gains V(2q)/(2V(q)) in each layer. Follow the two through V with the
# σ_w² that LSUV has left in each layer. The factor of two becomes one of more than 20 in 20 layers. (Of a single pair
# one cannot say more than its order of magnitude: 256 units per layer scatter. Here are 20 digits on either side, and
# the median of five nets, within a factor of three of theory.)

# %%
batch = x[:256].astype(float)
swish, found = activations.swish(), []
for seed in range(5):
    net = mn.Network([*[mn.Dense(256 if k else 64, 256, swish) for k in range(20)], mn.Dense(256, 10)], rng=seed,
                     dtype=np.float64)
    pretraining.lsuv(net, batch, rng=seed)
    net.forward(batch)
    first, last = (np.square(net.layers[k].z).mean(axis=1) for k in (0, 19))
    sides, predicted = [], []
    for q in (0.6, 1.2):
        near = np.argsort(np.abs(np.log(first / q)))[:20]
        sides.append(np.log(last[near]).mean())
        q = math.exp(np.log(first[near]).mean())
        for layer in net.layers[1:20]:
            q = layer.fan_in * np.square(layer.W).mean() * theory.moments(swish, q).second.value
        predicted.append(math.log(q))
    found.append((sides[1] - sides[0], predicted[1] - predicted[0]))
measured, expected = np.median(found, axis=0)
assert measured > math.log(20), measured
assert abs(measured - expected) < math.log(3), (measured, expected)

# %% [markdown]
# ## 4. More steps
#
# At σ_w² = 1 and 40 layers, four times the steps are enough to learn something; at 56 layers they are not. (Both depth
# scales are 3.6 layers: the gradient's mean square falls by a factor of e for every four layers, and each needs more
# steps.) At the edge 40 layers were learned in 205 steps already. So the border moves slowly, and the edge keeps its
# lead.

# %%
def accuracy(weight_var, depth, epochs, rate=0.003):
    weights = partial(initializers.variance_scaling, scale=weight_var)
    biases = partial(initializers.normal, std=math.sqrt(0.05))
    hidden = [mn.Dense(100 if k else 64, 100, activations.tanh, weights, biases) for k in range(depth)]
    net = mn.Network([*hidden, mn.Dense(100, 10, init=weights)], rng=0)
    mn.fit(net, (x, y), loss=losses.softmax_cross_entropy, optimizer=optimizers.SGD(rate, momentum=0.9), epochs=epochs,
           batch_size=32, rng=0, progress=False)
    return (net(x).argmax(axis=1) == y).mean()


assert accuracy(1.0, 40, 5) < 0.3
assert accuracy(1.0, 40, 20) > 0.4
assert accuracy(1.0, 56, 20) < 0.3
assert accuracy(1.75, 40, 5) > 0.8


# %% [markdown]
# ## 5. No random numbers
#
# The cosine transform, W_ij = √(2/n) cos(π(i + ½)j/n) (and √(1/n) for j = 0), is orthogonal: signals and gradients
# pass as through any orthogonal matrix. But every layer gets the same one, and the card says so. What has to be added
# is chance in every layer. A random sign for each input keeps W orthogonal and is not enough: that is one number for a
# whole row, and two layers with many equal signs are still alike. With the rows in a random order as well, layers are
# as different as independent ones.

# %%
def cosine(rng, shape):
    """The orthonormal cosine transform, for square layers."""
    n, _ = shape
    i, j = np.arange(n)[:, None], np.arange(n)
    return np.sqrt(np.where(j == 0, 1, 2) / n) * np.cos(np.pi * (i + 0.5) * j / n)


def signed(rng, shape):
    """The same, with a sign for each input."""
    return rng.choice([-1.0, 1.0], (shape[0], 1)) * cosine(rng, shape)


def shuffled(rng, shape):
    """The same, with the inputs in a random order."""
    return rng.permutation(signed(rng, shape))


W = shuffled(np.random.default_rng(0), (64, 64))
assert np.abs(W @ W.T - np.eye(64)).max() < 1e-12
alike = [scorecard(init, activations.tanh, widths=(64,), depths=(10,), seeds=2, epochs=0).rows[0] for init in
         (cosine, signed, shuffled)]
assert math.isclose(alike[0].correlation, 64, rel_tol=0.05)
assert alike[1].correlation > 8 > 5 > alike[2].correlation
assert alike[2].distinct == 1


# %% [markdown]
# ## 6. Another cut (the further part)
#
# c² = 1 − 2k φ(k)/erf(k/√2). For k = 1 it is 0.29, c = 0.54. As k goes to 0 the density between −k and k becomes flat:
# the uniform distribution on [−k, k], of deviation k/√3. So c itself goes to 0, as k/√3; and what is drawn, divided by
# c, becomes uniform on ±√3. A truncated normal lies between the normal and the uniform.

# %%
def cut(k):
    """The deviation of a unit normal cut at ±k."""
    return math.sqrt(1 - 2 * k * math.exp(-k * k / 2) / math.sqrt(2 * math.pi) / math.erf(k / math.sqrt(2)))


assert abs(cut(1) - 0.5396) < 1e-4
w = initializers.truncated_normal(np.random.default_rng(0), (1000, 1000), cut=1.0, corrected=False)
assert abs(w.std() / cut(1) - 1) < 4 / math.sqrt(2 * w.size)
assert all(abs(cut(k) / (k / math.sqrt(3)) - 1) < k * k for k in (0.3, 0.1, 0.03))
