"""Residual blocks: a branch of layers whose output is added to its input, and the learned scale of a branch.

    Residual([Dense(64, 64, relu, he_normal), Dense(64, 64)])                       x + branch(x)
    Residual([Dense(64, 64, relu, he_normal), Dense(64, 64)], scale=1 / math.sqrt(L))    of L blocks, each scaled down
    Residual([Dense(64, 64, relu, he_normal), Dense(64, 64), LearnedScale()])       ReZero and SkipInit: starts as x
    Residual([LayerNorm(64), Dense(64, 64, relu, he_normal), Dense(64, 64)])        pre-LN, as in transformers

In the backward pass ∂C/∂x contains ∂C/∂a itself: a gradient reaches the first layer however small the weights are. How
the weights of a branch are scaled to the number of blocks (Fixup, GPT-2) stands in initializers/residual.py.

Measured (tests/campaigns/residual.py): thirty layers of 32 ReLU units, He's weights × ¼, ½, 1, 2, 4, accuracy on the
digits after ten epochs at the best of four learning rates, mean of two seeds; –: the loss is no longer finite

    plain         .10    .10    .45    –      –            ReZero        1.00   1.00   1.00   –      –
    residual      1.00   1.00   –      –      –            Fixup         1.00   1.00   1.00   1.00   .98
    scale 1/√L    1.00   1.00   1.00   –      –            pre-LN        1.00   1.00   1.00   1.00   1.00
"""

# numpy types what a ufunc returns as Any:
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from minnet import checks, sequence
from minnet.layer import Layer
from minnet.parameters import parameter
from minnet.reporting import described


@dataclass(eq=False, repr=False)
class Residual(Layer):
    """a = x + s · branch(x): the branch learns the difference between output and input.

    branch: a list of layers, as for `Network`, that returns as many features as it takes; s = scale, a fixed number.
    x, a (n, features). Backward, with B the branch's backward pass, which also fills its layers' gradients:

        ∂C/∂x = ∂C/∂a + B(s ∂C/∂a)

    If branch(x) has the variance of x, each block with s = 1 doubles it: 2^L after L blocks, but (1 + 1/L)^L < e with
    s = 1/√L. In the network the branch's arrays are called "layer 3.0 W", and its first layer is
    net.layers[3].branch[0]. Raises TypeError or ValueError for layers that do not fit together, or a branch that
    changes the number of features.

    He, Zhang, Ren & Sun 2016, *Deep Residual Learning*, eq. 1; *Identity Mappings*, eq. 5 for the gradient.
    """

    branch: Sequence[Any]
    scale: float = 1.0

    def __post_init__(self) -> None:
        self.branch = sequence.in_a_row(self.branch, "Residual([Dense(64, 64), activations.relu])")
        self.scale = checks.number("scale", self.scale)
        self.features, fan_out = sequence.checked_widths(self.branch)
        if self.features != fan_out:
            raise ValueError(f"expected a branch with as many outputs as inputs, got {self.features} → {fan_out}: they "
                             f"are added; end it with {self.features} units, and change the width between blocks")

    @property
    def inner(self) -> tuple[Layer, ...]:
        return tuple(self.branch)

    @property
    def noisy(self) -> bool:  # type: ignore[override]
        return any(layer.noisy for layer in self.branch)

    def widths(self) -> tuple[int | None, int | None]:
        return self.features, self.features

    def reset(self, rng: np.random.Generator) -> None:
        sequence.reset(self.branch, rng)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        a = x
        for layer in self.branch:
            a = layer(a)
        return x + self.scale * a

    def forward(self, x: np.ndarray, training: bool = False, rng: np.random.Generator | None = None) -> np.ndarray:
        a = self.x = x
        for layer in self.branch:
            a = layer.forward(a, training, rng)
        self.a = x + self.scale * a
        return self.a

    def backward(self, da: np.ndarray, input_gradient: bool = True) -> np.ndarray | None:
        dx = self.scale * da
        for layer in reversed(self.branch):
            dx = layer.backward(dx)
        return da + dx

    def __repr__(self) -> str:
        return f"{type(self).__name__}({list(self.branch)!r}, {described(self.scale)})"


@dataclass(eq=False, repr=False)
class LearnedScale(Layer):
    """a = α x with one learned number α, `start` at first: at the end of a residual branch, ReZero and SkipInit.

    x, a (n, features), α (1,). ∂C/∂α = Σ x ⊙ ∂C/∂a and ∂C/∂x = α ∂C/∂a. With α = 0 a block is the identity at the
    start, whatever its weights, and the branch itself has no gradient until the first step has moved α. α never
    decays. start=1 is the multiplier of Fixup.
    Bachlechner, Majumder, Mao, Cottrell & McAuley 2021 (ReZero), eq. 1; De & Smith 2020 (SkipInit).
    """

    start: float = 0.0

    draws: ClassVar[bool] = False
    alpha, dalpha = parameter(1)

    def __post_init__(self) -> None:
        self.start = checks.number("start", self.start)

    def reset(self, rng: np.random.Generator) -> None:
        self.alpha = self.start

    def __call__(self, x: np.ndarray) -> np.ndarray:
        return self.alpha * x

    def forward(self, x: np.ndarray, training: bool = False, rng: np.random.Generator | None = None) -> np.ndarray:
        self.x, self.a = x, self.alpha * x
        return self.a

    def backward(self, da: np.ndarray, input_gradient: bool = True) -> np.ndarray | None:
        self.dalpha = (self.x * da).sum()
        return self.alpha * da
