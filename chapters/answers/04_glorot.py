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
# # Answers to the further part of chapter 04
#
# Answers to the exercises of the chapter's further part; each asserts what it states. The exercises of the chapter
# itself, 1 to 6, are notebooks in `chapters/exercises`.

# %%
import os

import numpy as np

import minnet as mn
from minnet import activations, datasets, diagnostics, initializers, losses, optimizers

FAST = os.environ.get("MINNET_FAST") == "1"
mnist = datasets.mnist_5k()
x300 = mnist.test[0][:300]


def trained(net, epochs, rate):
    return mn.fit(net, mnist.train, loss=losses.softmax_cross_entropy, optimizer=optimizers.SGD(rate), epochs=epochs,
                  batch_size=10, rng=0, progress=False)


# %% [markdown]
# ## 7. The mean at 1
#
# The quarter circle has the mean 8σ/(3π), so σ has to be 3π/8 = 1.178. Sizes go with the rms, which is σ: over 20
# layers they grow by 1.178²⁰ = 26.5. A mean singular value of 1 is an explosion, though a slow one.

# %%
rng, growth = np.random.default_rng(0), []
for _ in range(3):
    h = rng.normal(size=300)
    begin = np.sqrt((h**2).mean())
    for _ in range(20):
        W = rng.normal(size=(300, 300))
        W /= np.linalg.svd(W, compute_uv=False).mean()
        h = h @ W
    growth.append(float(np.sqrt((h**2).mean()) / begin))
expected = (3 * np.pi / 8) ** 20
# ln of the size has a standard deviation of about √(20/(2 · 300)) = 0.18 over draws
assert all(abs(np.log(value / expected)) < 5 * 0.18 for value in growth)

# %% [markdown]
# ## 8. Who pushes the top layer?
#
# Not the random output weights: with zeros there, the top layer goes to 0 just as fast. Take one image, its top layer h
# and its logits u = h W. A gradient step moves h along −(∂C/∂u) Wᵀ, and of that the part along h itself is
# −h W (∂C/∂u)ᵀ = −u · ∂C/∂u. The loss is convex in u and costs ln 10 at u = 0, so that u · ∂C/∂u ≥ C(u) − ln 10. While
# the layers below do not tell the images apart, the outputs cannot on average cost less than ln 10, and every chance
# turn of the small batches makes them cost more. Then the right side is positive and h gets shorter: the net learns
# that its top layer only does harm. For a sigmoid, all of whose h are positive, shorter means towards 0. For tanh the
# mean is 0 already, and there is little to shorten.

# %%
def top_mean(output_init, epochs=2):
    net = mn.mlp([784, *[200] * 4, 10], activation=activations.sigmoid, init=initializers.heuristic_uniform,
                 output_init=output_init, rng=0)
    trained(net, epochs, 0.1)
    net.forward(x300)
    return float(net.layers[3].a.mean())


drawn, zero = top_mean(initializers.heuristic_uniform), top_mean(initializers.zeros)
assert drawn < 0.2
assert abs(drawn - zero) < 0.02

# %% [markdown]
# ## 9. Does training bring the singular values to 1?
#
# No: in both nets the mean falls, from 0.8 as well as from 0.5. In the heuristic's net the largest ones grow meanwhile:
# what is learned is a few directions that matter, and a mean over all directions hardly sees them. Near 1 is a good
# place to start from; it is no place that training looks for.

# %%
def singular(net):
    """Layers 2 to 5: the mean and the largest singular value, at three images."""
    found = diagnostics.jacobian(net, x300[:3])
    return {"mean": found.mean[1:5], "largest": found.largest[1:5]}


for init in (initializers.heuristic_uniform, initializers.glorot_uniform):
    net = mn.mlp([784, *[200] * 5, 10], activation=activations.tanh, init=init, rng=0)
    before = singular(net)
    trained(net, 5 if FAST else 10, 0.05)
    after = singular(net)
    assert (after["mean"] < 0.95 * before["mean"]).all()
    if init is initializers.heuristic_uniform:
        assert (after["largest"] > before["largest"]).all()

# %% [markdown]
# ## 10. Unequal widths
#
# Write n for fan_in and m for fan_out of layer l, and 1, ρ, ρ², … for powers of 1/3. Going up, every layer multiplies
# the mean square by n Var[W] = 1/3, whatever the widths: a_(l−1) has E[a²] ∝ ρ^(l−1). Going down, from δ_(l+1) to δ_l,
# the factor is (fan_out of layer l + 1) · 1/(3 · fan_in of layer l + 1). The fan_in of a layer is the fan_out of the
# one below, so in the product over all layers above l the widths cancel, and E[δ_l²] ∝ ρ^(L−l)/m remains. The mean
# square of dW is the product of the two: ∝ ρ^(L−1)/m. In section 2 of the chapter the output layer has 10 units and
# the others 500: its dW is √50 = 7.1 times as large, and that is no sign of a fault.

# %%
x, y = x300, mnist.test[1][:300]
for sizes in ([784, 500, 400, 300, 200, 100, 10], [784, 100, 400, 100, 400, 100, 10]):
    scaled = []
    for seed in range(5):
        net = mn.mlp(sizes, activation=activations.tanh, init=initializers.heuristic_uniform, rng=seed)
        dW = diagnostics.profile(net, x, y, losses.softmax_cross_entropy).dW
        scaled.append(dW * np.sqrt(sizes[1:]))
        assert dW.max() / dW.min() > 3                       # without √m the layers differ
    mean = np.mean(scaled, axis=0)
    assert mean.max() / mean.min() < 1.25
