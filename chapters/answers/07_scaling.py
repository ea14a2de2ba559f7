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
# # Answers to the further part of chapter 07
#
# Answers to the exercises of the chapter's further part; each asserts what it states. The exercises of the chapter
# itself, 1 to 6, are notebooks in `chapters/exercises`.

# %%
import math
from functools import partial

import numpy as np

import minnet as mn
from minnet import activations, datasets, initializers, losses, optimizers, pretraining, theory

x, y = datasets.standardized(datasets.digits()).train

# %% [markdown]
# ## 7. Two digits
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
# ## 8. More steps
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
# ## 9. Another cut
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
