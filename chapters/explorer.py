# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # The explorer
#
# Choose an initializer, an activation, a depth, a width, the size of the inputs and the data. You see at once what
# happens in every layer, with theory drawn over the measurement. Train the network. Then rewind it to step 0, where it
# has the same weights as before, change **one** thing, and compare.
#
# The next cell needs ipywidgets: `pip install -e ".[explorer]"`. Outside a notebook, `python -m minnet.explorer` opens
# the same in a browser, behind a small server on your own machine.

# %%
from minnet.explorer import explore

explore()

# %% [markdown]
# **How to read it.**
#
# - **rms of z, rms of δ**: the root mean square in each layer. Solid with dots: measured on 300 training examples.
#   Dashed: what theory predicts for random weights of this size; grey: the range of 68% of the networks. The last layer
#   gives the outputs.
# - **z and δ in units of their rms**: histograms of up to six layers. The dashed bell curve is theory's: it takes every
#   example for one of the mean size, and so the measured histogram is more peaked where some inputs are small.
# - **Jacobian**: the singular values of $\partial z_L/\partial z_1$ over the hidden layers, at one example. In a
#   direction with $s = 1$ a small change arrives in its full size.
# - **Diagnosis**: what `diagnostics.diagnose` finds, half a second after the last change.
# - **This run in Python**: these lines make the same network, bit for bit.
#
# **Three experiments.**
#
# 1. Choose `glorot_normal` with ReLU and 20 hidden layers, and *Pin*. Now choose `he_normal`. By which factor
#    do the two curves of z part in every further layer, and why?
# 2. Take tanh, 20 layers, `normal(std=0.3)`. What does the diagnosis say? Find the input scale, if there is one, that
#    mends it. Then find an initializer that does.
# 3. Train `orthogonal` and `glorot_normal` with the activation `identity` and 30 layers. Rewind, and look at the two
#    Jacobians. Which of the networks can carry *every* direction of the input to its end?
#
# ## The same without widgets
#
# What the explorer shows is a `Run`. Here two networks differ in their initializer alone.

# %%
from IPython.display import SVG, display

from minnet.explorer import Run, Settings, view

glorot = Run(Settings(init="glorot_normal", activation="relu", depth=20))
he = Run(Settings(init="he_normal", activation="relu", depth=20))
pictures = view.profile_pictures(view.observe(he), he.expected(), pinned=view.observe(glorot))
display(SVG(pictures["z"].replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg" width="640"', 1)))

# %% [markdown]
# **What to see.** With He's weights (solid) z keeps its size; with Glorot's (dotted) it falls by the same factor in
# every layer.

# %%
for name, run in (("glorot_normal", glorot), ("he_normal", he)):
    run.advance(20)
    print(f"{name}: loss {run.history[-1].loss:.2f} after {run.step} steps")
    run.rewind()

# %% [markdown]
# The lines that the explorer lets you copy:

# %%
print(he.settings.code(epochs=20))
