"""Multi-layer perceptrons as scikit-learn estimators.

    model = make_pipeline(StandardScaler(), MinnetClassifier((64, 64), random_state=0))
    inits = ["he_normal", "glorot_uniform", initializers.orthogonal]
    search = GridSearchCV(model, {"minnetclassifier__init": inits}).fit(X, y)
    search.cv_results_["mean_test_score"]

`fit` is `minnet.mlp` followed by `minnet.train`. The trained network is `network_`, which diagnostics and plots take as
any other. Both classes pass scikit-learn's `check_estimator`.
"""

# scikit-learn has no type hints: what comes from it has type Any
# mypy: disable-error-code="misc, no-any-return"

from __future__ import annotations

import numbers
from collections.abc import Callable, Sequence
from typing import Any, Self

import numpy as np

from minnet import activations, checks, losses, optimizers
from minnet.activations import Activation
from minnet.losses import Loss
from minnet.network import Inits, mlp
from minnet.optimizers import Optimizer
from minnet.training import train

try:
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
    from sklearn.utils import check_random_state
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import check_is_fitted, validate_data
except ImportError as error:
    raise ImportError('this needs scikit-learn ≥ 1.6: pip install -e ".[sklearn]"') from error

FLOATS = (np.float64, np.float32)          # these dtypes of X are kept; other numbers become float64


class MultilayerPerceptron(BaseEstimator):
    """What the two estimators share: settings and training.

    - hidden_layer_sizes: the widths of the hidden layers; () is a linear model.
    - activation, init: as in `minnet.mlp`; init=None is the one that suits the activation.
    - optimizer: a function that makes an optimizer from the learning rate: `optimizers.Adam`, or
      `partial(optimizers.SGD, momentum=0.9)`.
    - learning_rate, epochs, batch_size: as in `minnet.train`.
    - random_state: with an int, weights are those of mlp(…, rng=random_state), and batches are ordered as by
      train(…, rng=random_state). None, or a numpy RandomState, draws such an int.

    After `fit`: `network_`, the Network, of X's dtype if that is float32 or float64, otherwise float64; `loss_curve_`,
    a list of each epoch's loss; `n_features_in_`, and `feature_names_in_` where X is a data frame.

    As in all of scikit-learn, `fit` checks the settings, and raises TypeError or ValueError. It raises Diverged where
    the loss is no longer finite.
    """

    def __init__(self, hidden_layer_sizes: Sequence[int] = (100,), *, activation: Activation | str = "relu",
                 init: Inits | None = None, optimizer: Callable[[float], Optimizer] = optimizers.Adam,
                 learning_rate: float = 1e-3, epochs: int = 100, batch_size: int = 64,
                 random_state: Any = None) -> None:
        self.hidden_layer_sizes, self.activation, self.init = hidden_layer_sizes, activation, init
        self.optimizer, self.learning_rate = optimizer, learning_rate
        self.epochs, self.batch_size, self.random_state = epochs, batch_size, random_state

    def _start(self, x: np.ndarray, outputs: int) -> None:
        """A new network, a new state of the optimizer, and the generator that orders the batches."""
        hidden, seed = self.hidden_layer_sizes, self.random_state
        if np.size(hidden):
            hidden = checks.counts("hidden_layer_sizes", hidden)
        if not isinstance(seed, numbers.Integral):
            seed = check_random_state(seed).randint(2**31 - 1)
        network = mlp([x.shape[1], *hidden, outputs], activation=self.activation, init=self.init, rng=seed,
                      dtype=x.dtype)
        self._state = self._optimizer().init(network.params, network.decay_mask)
        self._generator = np.random.default_rng(seed)
        self.network_ = network
        self.loss_curve_: list[float] = []

    def _optimizer(self) -> Optimizer:
        optimizer = self.optimizer(self.learning_rate) if callable(self.optimizer) else None
        if not isinstance(optimizer, Optimizer):
            raise TypeError("expected optimizer to be a function that makes one from the learning rate, such as "
                            f"optimizers.Adam or partial(optimizers.SGD, momentum=0.9), got {self.optimizer!r}")
        return optimizer

    def _train(self, x: np.ndarray, y: np.ndarray, loss: Loss, epochs: int) -> Self:
        for record in train(self.network_, (x, y), loss=loss, optimizer=self._optimizer(), epochs=epochs,
                            batch_size=self.batch_size, rng=self._generator, state=self._state):
            self.loss_curve_.append(record.loss)
        return self

    def _outputs(self, X: Any) -> np.ndarray:
        check_is_fitted(self)
        return self.network_(validate_data(self, X, dtype=FLOATS, reset=False))


class MinnetClassifier(ClassifierMixin, MultilayerPerceptron):
    """A classifier: one output for each class, trained on `losses.softmax_cross_entropy`.

    The settings are those of `MultilayerPerceptron`. Labels may be numbers or strings; `classes_` holds them in order.
    """

    def fit(self, X: Any, y: Any) -> Self:
        """Train a new network on X (n, features) and labels y (n,), `epochs` epochs long."""
        return self._learn(X, y, None, self.epochs, new=True)

    def partial_fit(self, X: Any, y: Any, classes: Any = None) -> Self:
        """One more epoch, on these X and y alone. `classes` names all classes in the first call, if y does not."""
        return self._learn(X, y, classes, 1, new=not hasattr(self, "network_"))

    def _learn(self, X: Any, y: Any, classes: Any, epochs: int, new: bool) -> Self:
        x, y = validate_data(self, X, y, dtype=FLOATS, reset=new)
        check_classification_targets(y)
        if new:
            self.classes_ = np.unique(y if classes is None else classes)
            if len(self.classes_) < 2:
                raise ValueError(f"expected labels y of at least two classes, got one class, {self.classes_[0]}")
            self._start(x, len(self.classes_))
        unknown = np.setdiff1d(y, self.classes_)
        if len(unknown):
            raise ValueError(f"expected labels of the classes {self.classes_}, got {unknown}: name every class in the "
                             "first call, partial_fit(X, y, classes=…)")
        return self._train(x, np.searchsorted(self.classes_, y), losses.softmax_cross_entropy, epochs)

    def predict(self, X: Any) -> np.ndarray:
        """The class with the largest output for each row of X (n, features), (n,)."""
        z = self._outputs(X)
        return self.classes_[z.argmax(axis=1)]

    def predict_proba(self, X: Any) -> np.ndarray:
        """p = softmax(z) for each row of X (n, features), (n, classes), in the order of `classes_`."""
        return activations.softmax(self._outputs(X))


class MinnetRegressor(RegressorMixin, MultilayerPerceptron):
    """A regression with linear outputs, trained on `losses.squared_error`, ½‖z − y‖² per example.

    The settings are those of `MultilayerPerceptron`. Targets y (n,) or (n, outputs) are taken as they are: where their
    mean and spread are far from 0 and 1, scale them by sklearn.compose.TransformedTargetRegressor.
    """

    def fit(self, X: Any, y: Any) -> Self:
        """Train a new network on X (n, features) and targets y (n,) or (n, outputs), `epochs` epochs long."""
        return self._learn(X, y, self.epochs, new=True)

    def partial_fit(self, X: Any, y: Any) -> Self:
        """One more epoch, on these X and y alone."""
        return self._learn(X, y, 1, new=not hasattr(self, "network_"))

    def _learn(self, X: Any, y: Any, epochs: int, new: bool) -> Self:
        x, y = validate_data(self, X, y, dtype=FLOATS, reset=new, multi_output=True, y_numeric=True)
        y = y.reshape(len(y), -1)
        if new:
            self._start(x, y.shape[1])
        return self._train(x, y, losses.squared_error, epochs)

    def predict(self, X: Any) -> np.ndarray:
        """The outputs z for X (n, features): (n,) where there is one output, otherwise (n, outputs)."""
        z = self._outputs(X)
        return z[:, 0] if z.shape[1] == 1 else z

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
