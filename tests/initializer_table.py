"""Every initializer with its options, and what it draws from: one table for the tests of the initializers, of their
cards and of their calls in Keras, PyTorch and JAX."""

import math
from dataclasses import dataclass
from functools import partial

import numpy as np

from minnet.initializers import (
    caffe_xavier,
    constant,
    fixup,
    glorot_normal,
    glorot_uniform,
    gpt2_residual,
    he_normal,
    he_uniform,
    heuristic_uniform,
    identity,
    kumar_normal,
    lecun_normal,
    lecun_uniform,
    looks_linear,
    mup_output,
    nguyen_widrow,
    normal,
    ones,
    orthogonal,
    random_walk,
    siren,
    sparse,
    truncated_normal,
    uniform,
    variance_scaling,
    zero_hadamard,
    zeros,
)
from minnet.reporting import described

SHAPE = IN, OUT = 512, 256             # unequal: taking one fan for the other is a factor of 2 in the variance


@dataclass(frozen=True)
class Form:
    """A distribution with mean 0 and variance 1: its density on a fine grid, by the trapezoidal rule."""

    density: object
    end: float
    unlimited: bool = False

    def moment(self, k):
        t = np.linspace(-self.end, self.end, 200_001)
        return np.trapezoid(t**k * self.density(t), t)

    def cdf(self, x):
        t = np.linspace(-self.end, self.end, 200_001)
        steps = (self.density(t[1:]) + self.density(t[:-1])) / 2 * np.diff(t)
        return np.interp(x, t, np.append(0, np.cumsum(steps)))


def gauss(t):
    return np.exp(-t * t / 2) / math.sqrt(2 * math.pi)


def cut(k):
    """A unit normal cut at ±k, scaled to variance 1. The variance is integrated here; the library has it closed."""
    inside = Form(lambda t: gauss(t) / math.erf(k / math.sqrt(2)), k)
    std = math.sqrt(inside.moment(2))
    return Form(lambda t: std * inside.density(std * t), k / std), std


NORMAL = Form(gauss, 12, unlimited=True)
UNIFORM = Form(lambda t: np.full_like(t, 0.5 / math.sqrt(3)), math.sqrt(3))
CUT2, STD2 = cut(2)
CUT1, STD1 = cut(1)
G_RELU = 2**0.5 * math.exp(1.2 / (IN - 2.4))

# Independent entries: name → (init, mean, variance at SHAPE, form).
RANDOM = {described(row[0]): row for row in [
    (normal, 0, 1, NORMAL),
    (partial(normal, mean=1, std=0.01), 1, 1e-4, NORMAL),
    (uniform, 0, 1 / 3, UNIFORM),
    (partial(uniform, low=0, high=0.5), 0.25, 0.25 / 12, UNIFORM),
    (truncated_normal, 0, 1, CUT2),
    (partial(truncated_normal, mean=0.2, std=0.1), 0.2, 0.01, CUT2),
    (partial(truncated_normal, mean=-1, std=0.1, cut=1), -1, 0.01, CUT1),
    (partial(truncated_normal, std=0.05, corrected=False), 0, (0.05 * STD2) ** 2, CUT2),
    (partial(truncated_normal, mean=1, cut=1, corrected=False), 1, STD1**2, CUT1),
    (lecun_normal, 0, 1 / IN, NORMAL),
    (lecun_uniform, 0, 1 / IN, UNIFORM),
    (heuristic_uniform, 0, 1 / (3 * IN), UNIFORM),
    (glorot_normal, 0, 2 / (IN + OUT), NORMAL),
    (partial(glorot_normal, gain=1.5), 0, 2.25 * 2 / (IN + OUT), NORMAL),
    (glorot_uniform, 0, 2 / (IN + OUT), UNIFORM),
    (partial(glorot_uniform, gain=1.5), 0, 2.25 * 2 / (IN + OUT), UNIFORM),
    (he_normal, 0, 2 / IN, NORMAL),
    (partial(he_normal, mode="fan_out"), 0, 2 / OUT, NORMAL),
    (partial(he_normal, negative_slope=0.5), 0, 1.6 / IN, NORMAL),
    (he_uniform, 0, 2 / IN, UNIFORM),
    (partial(he_uniform, mode="fan_out"), 0, 2 / OUT, UNIFORM),
    (partial(he_uniform, mode="fan_out", negative_slope=0.5), 0, 1.6 / OUT, UNIFORM),
    (variance_scaling, 0, 1 / IN, NORMAL),
    *((partial(variance_scaling, scale=3, mode=mode, distribution=distribution), 0, 3 / n, form)
      for mode, n in (("fan_in", IN), ("fan_out", OUT), ("fan_avg", (IN + OUT) / 2))
      for distribution, form in (("normal", NORMAL), ("truncated_normal", CUT2), ("uniform", UNIFORM))),
    (random_walk, 0, G_RELU**2 / IN, NORMAL),
    (partial(random_walk, units="linear"), 0, math.exp(1 / IN) / IN, NORMAL),
    (siren, 0, 2 / 900 / IN, UNIFORM),
    (partial(siren, omega=10), 0, 2 / 100 / IN, UNIFORM),
    (partial(siren, position="first"), 0, 1 / (3 * IN**2), UNIFORM),
    (kumar_normal, 0, 12.8 / IN, NORMAL),
    (partial(kumar_normal, value=0, slope=1), 0, 1 / IN, NORMAL),
    (partial(kumar_normal, value=-2, slope=0.5), 0, 0.8 / IN, NORMAL),
    (caffe_xavier, 0, 1 / IN, UNIFORM),
    (partial(caffe_xavier, mode="fan_out"), 0, 1 / OUT, UNIFORM),
    (partial(caffe_xavier, mode="fan_avg"), 0, 2 / (IN + OUT), UNIFORM),
    (partial(fixup, blocks=25), 0, 2 / 25 / IN, NORMAL),
    (partial(fixup, blocks=25, layers=3), 0, 2 / 5 / IN, NORMAL),
    (partial(gpt2_residual, sums=24), 0, 4e-4 / 24, NORMAL),
    (partial(gpt2_residual, sums=1, std=0.1), 0, 0.01, NORMAL),
    (mup_output, 0, 1 / IN**2, NORMAL),
    (partial(mup_output, base_width=64), 0, 64 / IN**2, NORMAL),
]}
# The same number in every place: name → (init, number).
FIXED = {described(row[0]): row for row in [
    (zeros, 0), (ones, 1), (partial(constant, value=0.3), 0.3), (partial(constant, value=-0.3), -0.3)]}
STRUCTURED = {described(init): init for init in [
    orthogonal, partial(orthogonal, gain=1.5), identity, partial(identity, gain=-0.5), partial(sparse, connections=3),
    partial(sparse, connections=3, std=0.5), looks_linear, partial(looks_linear, position="first", gain=0.5),
    partial(looks_linear, position="last"), nguyen_widrow, zero_hadamard]}
EVERY = {**{name: row[0] for name, row in (*RANDOM.items(), *FIXED.items())}, **STRUCTURED}


def kolmogorov(cdf):
    """√n · sup|F_n − F|, from F at the n values in order: above x with probability 2e^(−2x²), 6e-7 for x = 2.74."""
    steps = np.arange(len(cdf) + 1) / len(cdf)
    return max((steps[1:] - cdf).max(), (cdf - steps[:-1]).max()) * math.sqrt(len(cdf))
