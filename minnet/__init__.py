"""minnet: a small neural-network library on numpy, written to be read.

No autograd: every forward and backward pass is written by hand, and checked. Every initializer is a function that
stands in one file, formula first. Start with `minnet.mlp` and `minnet.fit`; read on in
`layers.py`, whose two methods `forward` and `backward` are what the rest is built around.

To start quickly, `import minnet` leaves out what not every program uses: the modules below under TYPE_CHECKING are
loaded when they are first named, and numpy.random with the first generator. (That is why every file begins with
`from __future__ import annotations`: evaluating `rng: np.random.Generator` would load it.)
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from minnet import activations, initializers, layers, losses, network, optimizers, training
from minnet.layers import Dense
from minnet.network import Network, mlp
from minnet.training import Diverged, History, fit, train

if TYPE_CHECKING:
    from minnet import claims, datasets, diagnostics, gradient_check, plots, pretraining, sweeps, theory

__version__ = "0.1.0"
__all__ = ["Dense", "Diverged", "History", "Network", "activations", "claims", "datasets", "diagnostics", "fit",
           "gradient_check", "initializers", "layers", "losses", "mlp", "network", "optimizers", "plots", "pretraining",
           "sweeps", "theory", "train", "training"]


if not TYPE_CHECKING:              # a type checker would take every name for one of minnet's

    def __getattr__(name: str) -> Any:
        if name in __all__:
            return import_module(f"minnet.{name}")
        raise AttributeError(f"module 'minnet' has no attribute {name!r}")

    def __dir__() -> list[str]:
        return [*__all__, "__version__"]
