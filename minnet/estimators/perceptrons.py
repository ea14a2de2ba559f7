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
    from sklearn.utils.class_weight import compute_class_weight
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

    sample_weight (n,) ≥ 0 in `fit` and `partial_fit` are divided by their mean, since a loss divides by n. Then, while
    all rows fit into one batch, an example of weight 2 is as good as two examples, and one of weight 0 as none. With
    several batches that holds for the mean of the gradients over the batches.

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

    def _train(self, x: np.ndarray, y: np.ndarray, weights: np.ndarray | None, loss: Loss, epochs: int) -> Self:
        data = (x, y) if weights is None else (x, y, weights / weights.mean())
        for record in train(self.network_, data, loss=loss, optimizer=self._optimizer(), epochs=epochs,
                            batch_size=self.batch_size, rng=self._generator, state=self._state):
            self.loss_curve_.append(record.loss)
        return self

    def _outputs(self, X: Any) -> np.ndarray:
        check_is_fitted(self)
        return self.network_(validate_data(self, X, dtype=FLOATS, reset=False))


def checked_weights(x: np.ndarray, weights: Any) -> np.ndarray:
    """The weights of the rows of x, (n,). Raises TypeError or ValueError unless they are ≥ 0, and their mean is > 0."""
    found = losses.checked_weights(len(x), weights, np.dtype(float))
    if not found.any():
        raise ValueError("expected a weight > 0, got only zeros: sample_weight and class_weight leave nothing to learn")
    with np.errstate(over="ignore"):
        mean = found.mean()
    if not 0 < mean < np.inf:
        raise ValueError(f"expected weights whose mean is a number > 0, got {mean:g}, since they are too large or too "
                         "small for float64: divide sample_weight by its largest entry")
    return found


class MinnetClassifier(ClassifierMixin, MultilayerPerceptron):
    """A classifier: one output for each class, trained on `losses.softmax_cross_entropy`.

    The settings are those of `MultilayerPerceptron`, and class_weight: {class: weight}, a factor on the weights of its
    examples, or "balanced", by which every class gets the same share of the whole weight (not in `partial_fit`, which
    does not see all labels). Labels may be numbers or strings; `classes_` holds them in order.
    """

    classes_: np.ndarray

    def __init__(self, hidden_layer_sizes: Sequence[int] = (100,), *, activation: Activation | str = "relu",
                 init: Inits | None = None, optimizer: Callable[[float], Optimizer] = optimizers.Adam,
                 learning_rate: float = 1e-3, epochs: int = 100, batch_size: int = 64,
                 class_weight: dict[Any, float] | str | None = None, random_state: Any = None) -> None:
        super().__init__(hidden_layer_sizes, activation=activation, init=init, optimizer=optimizer, epochs=epochs,
                         learning_rate=learning_rate, batch_size=batch_size, random_state=random_state)
        self.class_weight = class_weight

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train a new network on X (n, features) and labels y (n,), `epochs` epochs long."""
        return self._learn(X, y, sample_weight, None, self.epochs, new=True)

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Self:
        """One more epoch, on these X and y alone. `classes` names all classes in the first call, if y does not."""
        if self.class_weight == "balanced":
            raise ValueError('expected class_weight {class: weight} or None in partial_fit, got "balanced": it needs '
                             "the labels of all data; use {class: n/(K n_k)} for n_k of n labels, K classes")
        return self._learn(X, y, sample_weight, classes, 1, new=not hasattr(self, "network_"))

    def _learn(self, X: Any, y: Any, sample_weight: Any, classes: Any, epochs: int, new: bool) -> Self:
        x, y = validate_data(self, X, y, dtype=FLOATS, reset=new)
        check_classification_targets(y)
        classes = self.classes_ if not new else np.unique(y if classes is None else classes)
        if len(classes) < 2:
            raise ValueError(f"expected labels y of at least two classes, got one class, {classes[0]}")
        unknown = np.setdiff1d(y, classes)
        if len(unknown):
            raise ValueError(f"expected labels of the classes {classes}, got {unknown}: name every class in the first "
                             "call, partial_fit(X, y, classes=…)")
        labels = np.searchsorted(classes, y)
        weights = self._weights(x, labels, classes, sample_weight)
        if new:
            self._start(x, len(classes))
            self.classes_ = classes
        return self._train(x, labels, weights, losses.softmax_cross_entropy, epochs)

    def _weights(self, x: np.ndarray, labels: np.ndarray, classes: np.ndarray,
                 sample_weight: Any) -> np.ndarray | None:
        """sample_weight times class_weight, (n,), or None where both are."""
        weights = None if sample_weight is None else checked_weights(x, sample_weight)
        if self.class_weight is None:
            return weights
        weights = np.ones(len(x)) if weights is None else weights
        if self.class_weight == "balanced":
            totals = np.bincount(labels, weights)                       # of each class; 0 where all its weights are
            return weights / np.where(totals > 0, totals, 1)[labels]
        factors = compute_class_weight(self.class_weight, classes=classes, y=classes)           # of each class
        return checked_weights(x, weights * factors[labels])

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

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train a new network on X (n, features) and targets y (n,) or (n, outputs), `epochs` epochs long."""
        return self._learn(X, y, sample_weight, self.epochs, new=True)

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """One more epoch, on these X and y alone."""
        return self._learn(X, y, sample_weight, 1, new=not hasattr(self, "network_"))

    def _learn(self, X: Any, y: Any, sample_weight: Any, epochs: int, new: bool) -> Self:
        x, y = validate_data(self, X, y, dtype=FLOATS, reset=new, multi_output=True, y_numeric=True)
        y = y.reshape(len(y), -1)
        weights = None if sample_weight is None else checked_weights(x, sample_weight)
        if new:
            self._start(x, y.shape[1])
        return self._train(x, y, weights, losses.squared_error, epochs)

    def predict(self, X: Any) -> np.ndarray:
        """The outputs z for X (n, features): (n,) where there is one output, otherwise (n, outputs)."""
        z = self._outputs(X)
        return z[:, 0] if z.shape[1] == 1 else z

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
