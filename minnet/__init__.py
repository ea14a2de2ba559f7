"""minnet: a small neural-network library on numpy, written to be read.

There is no autograd: every forward and backward pass is written by hand, and checked. Every initializer is a function
that stands in one file, formula first. Start with `minnet.mlp` and `minnet.fit`; read on in `layers.py`.

The files of this folder are the core. What builds on it stands in packages, one question each:

theory       what should happen in a network, computed before it is trained
diagnostics  what happens in a network, and what is wrong with it
pretraining  weights that are learned from data before training
reference    each initializer on a page, and how other frameworks draw the same
exchange     weights to and from PyTorch and Keras, networks to ONNX
plots        pictures of all this
coursework   exercises that check themselves: from minnet.coursework import check
experiments  sweeps over settings and seeds, and claims that are judged
estimators   networks as scikit-learn estimators; needs scikit-learn: from minnet.estimators import MinnetClassifier
explorer     choose settings and see what happens; needs ipywidgets: from minnet.explorer import explore

`import minnet` loads the core alone, so that it starts quickly; a package is loaded when it is first named. (That is
why every file begins with `from __future__ import annotations`: evaluating `rng: np.random.Generator` would load
numpy.random.)
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from minnet import activations, checkpoint, initializers, layers, losses, network, optimizers, schedules, training
from minnet.checkpoint import load_network as load
from minnet.layers import Dense
from minnet.network import Network, mlp
from minnet.threads import blas_threads
from minnet.training import Diverged, History, fit, train

if TYPE_CHECKING:
    from minnet import (
        datasets,
        diagnostics,
        exchange,
        experiments,
        gradient_check,
        mup,
        plots,
        pretraining,
        reference,
        theory,
    )
    from minnet.experiments import claims, sweeps

__version__ = "0.1.0"
__all__ = ["Dense", "Diverged", "History", "Network", "activations", "blas_threads", "checkpoint", "claims",
           "datasets", "diagnostics", "exchange", "experiments", "fit", "gradient_check", "initializers", "layers",
           "load", "losses", "mlp", "mup", "network", "optimizers", "plots", "pretraining", "reference", "schedules",
           "sweeps", "theory", "train", "training"]


if not TYPE_CHECKING:              # a type checker would take every name for one of minnet's

    def __getattr__(name: str) -> Any:
        if name not in __all__:
            raise AttributeError(f"module 'minnet' has no attribute {name!r}")
        package = "minnet.experiments" if name in ("claims", "sweeps") else "minnet"
        return import_module(f"{package}.{name}")

    def __dir__() -> list[str]:
        return [*__all__, "__version__"]
