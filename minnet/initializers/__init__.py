"""What the weights are before the first step: a function from a generator and a shape to an array.

    W = he_normal(rng, (fan_in, fan_out))       float64; the layer casts it to the network's dtype
    init = he_normal(mode="fan_out")            called with options alone it returns an initializer that has them

Options are keyword-only. fan_in is the number of inputs of a unit, fan_out the number of units that it feeds. For
z = x @ W with centred, independent weights,

    E[z²] = fan_in · Var[W] · E[x²]          and, backwards,        E[δx²] = fan_out · Var[W] · E[δ²]

so Var[W] alone decides whether a signal grows or fades from layer to layer: each of the scaled initializers gives one
of the two products the value that its units need, 1 for linear units and 2 for ReLU, or compromises between both.

A docstring begins with the formula and ends with three lines: what the initializer keeps, and for which units; when
that fails; the source. `reference.card(he_normal)` shows them beside a matrix that was drawn, with the calls of Keras,
PyTorch and JAX. One of your own is any function of (rng, shape).

classic      zeros, ones, constant; normal, uniform, truncated; LeCun, Glorot, He; variance_scaling
structured   matrices with a structure: orthogonal, identity, sparse, looks_linear, zero_hadamard
for_units    for one kind of unit: sine, sigmoid, tanh with data in a box
residual     for the branches of residual networks: Fixup, GPT-2
outputs      for the last layer: μP, log frequencies as the bias
definition   what an initializer is: checked arguments, options set beforehand, a name
"""

from minnet.initializers.classic import (
    constant,
    glorot_normal,
    glorot_uniform,
    he_normal,
    he_uniform,
    heuristic_uniform,
    lecun_normal,
    lecun_uniform,
    normal,
    ones,
    random_walk,
    truncated_normal,
    uniform,
    variance_scaling,
    zeros,
)
from minnet.initializers.definition import Initializer, default, drawn, fan, fans, named
from minnet.initializers.for_units import caffe_xavier, kumar_normal, nguyen_widrow, siren
from minnet.initializers.outputs import log_frequencies, mup_output
from minnet.initializers.residual import fixup, gpt2_residual
from minnet.initializers.structured import identity, looks_linear, orthogonal, sparse, zero_hadamard

__all__ = ["Initializer", "caffe_xavier", "constant", "default", "drawn", "fan", "fans", "fixup", "glorot_normal",
           "glorot_uniform", "gpt2_residual", "he_normal", "he_uniform", "heuristic_uniform", "identity",
           "kumar_normal", "lecun_normal", "lecun_uniform", "log_frequencies", "looks_linear", "mup_output", "named",
           "nguyen_widrow", "normal", "ones", "orthogonal", "random_walk", "siren", "sparse", "truncated_normal",
           "uniform", "variance_scaling", "zero_hadamard", "zeros"]
