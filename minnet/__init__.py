"""minnet: a small neural-network library on numpy, written to be read.

No autograd: every forward and backward pass is written by hand, and checked. Every initializer is a function that
stands in one file, formula first. Start with `minnet.mlp` and `minnet.fit`; read on in
`layers.py`, whose two methods `forward` and `backward` are what the rest is built around.
"""

from minnet import (
    activations,
    claims,
    datasets,
    gradient_check,
    initializers,
    layers,
    losses,
    network,
    optimizers,
    training,
)
from minnet.layers import Dense
from minnet.network import Network, mlp
from minnet.training import Diverged, History, fit, train

__version__ = "0.1.0"
__all__ = ["Dense", "Diverged", "History", "Network", "activations", "claims", "datasets", "fit", "gradient_check",
           "initializers", "layers", "losses", "mlp", "network", "optimizers", "train", "training"]
