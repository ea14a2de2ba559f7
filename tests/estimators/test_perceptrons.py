"""The estimators: scikit-learn's own checks, and that they are minnet's networks, trained as minnet trains them."""

import os
import pickle
import re
import subprocess
import sys
from functools import partial

import numpy as np
import pytest

import minnet as mn
from minnet import Diverged, datasets, diagnostics, initializers, losses, optimizers

pytest.importorskip("sklearn")

from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.estimator_checks import parametrize_with_checks

from minnet.estimators import MinnetClassifier, MinnetRegressor, perceptrons

pytestmark = pytest.mark.peers
X, Y = datasets.digits().train
SMALL = X[:200], Y[:200]
WORDS = np.array(["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"])


@parametrize_with_checks([MinnetClassifier(), MinnetRegressor()])
def test_what_scikit_learn_asks_of_an_estimator(estimator, check):
    check(estimator)


# They are minnet's networks ------------------------------------------------------------------------------------

@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_classifier_is_mlp_and_fit(dtype):
    x, y = X[:200].astype(dtype), Y[:200]
    net = mn.mlp([64, 20, 12, 10], activation="tanh", init=initializers.orthogonal, rng=3, dtype=dtype)
    history = mn.fit(net, (x, y), loss=losses.softmax_cross_entropy, epochs=4, batch_size=32, rng=3,
                     optimizer=optimizers.SGD(0.1, momentum=0.9))
    model = MinnetClassifier((20, 12), activation="tanh", init=initializers.orthogonal, learning_rate=0.1, epochs=4,
                             optimizer=partial(optimizers.SGD, momentum=0.9), batch_size=32, random_state=3).fit(x, y)
    assert model.network_.dtype == dtype
    assert (model.network_.params == net.params).all()
    assert model.loss_curve_ == history.loss.tolist()
    assert (model.predict(x) == net.predict(x)).all()
    assert (model.predict_proba(x) == net.predict_proba(x)).all()


def test_a_regressor_is_mlp_and_fit():
    x, y = X[:200], X[:200, :3] - X[:200, 30:33]
    net = mn.mlp([64, 20, 3], activation="relu", rng=3)
    history = mn.fit(net, (x, y), loss=losses.squared_error, epochs=4, batch_size=64, rng=3,
                     optimizer=optimizers.Adam(1e-3))
    model = MinnetRegressor((20,), epochs=4, random_state=3).fit(x, y)
    assert model.loss_curve_ == history.loss.tolist()
    assert (model.predict(x) == net(x)).all()


def test_diagnostics_take_the_network():
    model = MinnetClassifier((20, 20), init=initializers.zeros, epochs=2, random_state=0).fit(*SMALL)
    assert "identical_units" in diagnostics.diagnose(model.network_, *SMALL, losses.softmax_cross_entropy).kinds


@pytest.mark.parametrize(("model", "y"), [(MinnetClassifier((20,), random_state=1), Y[:200]),
                                          (MinnetRegressor((20,), random_state=1), X[:200, 20])])
def test_partial_fit_goes_on_where_training_ended(model, y):
    """The optimizer's state and the order of the batches are carried on, also through a pickle."""
    x = X[:200]
    whole = clone(model).set_params(epochs=6).fit(x, y)
    parts = clone(model).set_params(epochs=3).fit(x, y).partial_fit(x, y)
    parts = pickle.loads(pickle.dumps(parts)).partial_fit(x, y).partial_fit(x, y)
    alone = clone(model)
    for _ in range(6):
        alone.partial_fit(x, y)
    for other in (parts, alone):
        assert (other.network_.params == whole.network_.params).all()
        assert other.loss_curve_ == whole.loss_curve_


def test_no_hidden_layers_make_a_linear_model():
    """It finds the coefficients that made the targets."""
    x, w = np.random.default_rng(0).normal(size=(300, 4)), np.array([1.0, -2, 0, 0.5])
    model = MinnetRegressor((), learning_rate=0.03, random_state=0).fit(x, x @ w + 3)
    (layer,) = model.network_.layers
    assert layer.W[:, 0] == pytest.approx(w, abs=1e-3)
    assert layer.b == pytest.approx(3, abs=1e-3)


# Labels, targets, seeds ----------------------------------------------------------------------------------------

def test_labels_may_be_words():
    numbers, words = (MinnetClassifier((20,), epochs=20, random_state=0).fit(X, y) for y in (Y, WORDS[Y]))
    assert words.classes_.tolist() == sorted(WORDS)
    assert words.score(X, WORDS[Y]) > 0.9
    p = words.predict_proba(X)
    assert p.shape == (len(X), 10)
    assert (words.classes_[p.argmax(axis=1)] == words.predict(X)).all()
    assert p.sum(axis=1) == pytest.approx(np.ones(len(X)), abs=1e-5)
    assert numbers.classes_.tolist() == list(range(10))


def test_partial_fit_is_told_the_classes():
    first, x, y = Y < 5, X, WORDS[Y]
    model = MinnetClassifier((20,), learning_rate=0.01, random_state=0)
    for _ in range(10):
        model.partial_fit(x[first], y[first], classes=WORDS)
    assert model.score(x[first], y[first]) > 0.9
    assert model.partial_fit(x, y).predict_proba(x).shape == (len(x), 10)
    model = MinnetClassifier((20,), random_state=0).partial_fit(x[first], y[first])
    with pytest.raises(ValueError, match=r"expected labels of the classes \['four' .* got \['eight' .*classes=…"):
        model.partial_fit(x, y)


def test_targets_keep_their_form():
    y = np.stack([X[:, 20], X[:, 30]], axis=1)
    assert MinnetRegressor(epochs=1).fit(X, y[:, 0]).predict(X).shape == (len(X),)
    assert MinnetRegressor(epochs=1).fit(X, y).predict(X).shape == (len(X), 2)


def test_targets_can_be_scaled():
    y = 1000 + 300 * X[:, 20]
    model = TransformedTargetRegressor(MinnetRegressor(random_state=0), transformer=StandardScaler())
    assert model.fit(X, y).score(X, y) > 0.95


def test_seeds():
    def drawn(random_state):
        return MinnetClassifier((5,), epochs=1, random_state=random_state).fit(*SMALL).network_.params.tolist()

    assert drawn(4) == drawn(4) != drawn(5)
    shared = np.random.RandomState(0)
    first, second = drawn(shared), drawn(shared)
    assert first != second
    assert first == drawn(np.random.RandomState(0))
    assert drawn(None) != drawn(None)


# Weights -------------------------------------------------------------------------------------------------------

WEIGHTS = np.random.default_rng(0).integers(0, 4, 50).astype(float)


@pytest.mark.parametrize(("model", "y"), [(MinnetClassifier((20,), random_state=1), Y[:50]),
                                          (MinnetClassifier((20,), class_weight="balanced", random_state=1), Y[:50]),
                                          (MinnetClassifier((20,), class_weight={3: 2, 5: 0}, random_state=1), Y[:50]),
                                          (MinnetRegressor((20,), random_state=1), X[:50, 20:22].astype(float))])
def test_a_weight_is_as_good_as_copies(model, y):
    """With all rows in one batch, and up to rounding, which is 1e-15 in float64."""
    x, times, model = X[:50].astype(float), WEIGHTS.astype(int), clone(model).set_params(batch_size=200)
    weighted = clone(model).fit(x, y, sample_weight=WEIGHTS)
    copied = clone(model).fit(x.repeat(times, axis=0), y.repeat(times, axis=0))
    assert weighted.network_.params == pytest.approx(copied.network_.params, rel=1e-9, abs=1e-9)
    assert weighted.loss_curve_ == pytest.approx(copied.loss_curve_, rel=1e-9)


@pytest.mark.parametrize(("kind", "y", "loss"), [(MinnetClassifier, Y[:50], losses.softmax_cross_entropy),
                                                 (MinnetRegressor, X[:50, 20:22], losses.squared_error)])
def test_weights_are_those_of_fit(kind, y, loss):
    """Divided by their mean, and in several batches; equal weights change nothing."""
    x, model = X[:50], kind((20,), epochs=2, batch_size=20, random_state=1)
    plain, equal, weighted = (clone(model).fit(x, y, sample_weight=w) for w in (None, np.full(50, 8.0), WEIGHTS))
    assert (equal.network_.params == plain.network_.params).all()
    assert (weighted.network_.params != plain.network_.params).any()
    net = clone(model).set_params(epochs=0).fit(x, y).network_
    history = mn.fit(net, (x, y, WEIGHTS / WEIGHTS.mean()), loss=loss, optimizer=optimizers.Adam(1e-3), epochs=2,
                     batch_size=20, rng=1)
    assert (weighted.network_.params == net.params).all()
    assert weighted.loss_curve_ == history.loss.tolist()
    parts = clone(model).partial_fit(x, y, sample_weight=WEIGHTS).partial_fit(x, y, sample_weight=WEIGHTS)
    assert (parts.network_.params == net.params).all()


def test_balanced_classes():
    """5% of the rows are of the rare class. Balanced weights are scikit-learn's, and find more of these rows."""
    x, rare = np.delete(X, 2, axis=1), (X[:, 2] > 0.9).astype(int)
    n, k = len(rare), rare.sum()
    assert 0.03 < k / n < 0.07
    model = MinnetClassifier((), epochs=10, random_state=0)
    plain, balanced = clone(model).fit(x, rare), clone(model).set_params(class_weight="balanced").fit(x, rare)
    given = clone(model).fit(x, rare, sample_weight=compute_sample_weight("balanced", rare))
    words = np.array(["often", "rarely"])
    named = clone(model).set_params(class_weight={"often": n / (n - k), "rarely": n / k}).fit(x, words[rare])
    for other in (given, named):
        assert balanced.network_.params == pytest.approx(other.network_.params, abs=1e-5)
    found, usually = (m.predict(x)[rare == 1].mean() for m in (balanced, plain))
    assert found > usually + 0.5


def test_a_class_without_weight_is_not_learned():
    model = MinnetClassifier((20,), class_weight="balanced", epochs=20, random_state=0)
    model.fit(X, Y, sample_weight=np.where(Y == 3, 0, 1))
    assert 3 in model.classes_
    assert 3 not in model.predict(X)
    assert model.score(X[Y != 3], Y[Y != 3]) > 0.9


def test_partial_fit_weights_classes_that_a_batch_does_not_hold():
    """The rows of class "b" are not in the second batch; the others have the weights of {class: weight}."""
    x, y = X[:200], np.array(["a", "b", "c"])[Y[:200] % 3]
    rest, weights = y != "b", np.where(y == "a", 2.0, 1.0)
    model = MinnetClassifier((20,), class_weight={"a": 2, "b": 3}, random_state=0).partial_fit(x, y)
    same = pickle.loads(pickle.dumps(model)).set_params(class_weight=None)
    model.partial_fit(x[rest], y[rest])
    same.partial_fit(x[rest], y[rest], sample_weight=weights[rest])
    assert (model.network_.params == same.network_.params).all()
    model.set_params(class_weight={"a": 0}).partial_fit(x, y)
    before = model.network_.params.copy()
    with pytest.raises(ValueError, match="weight > 0, got only zeros"):
        model.partial_fit(x[y == "a"], y[y == "a"])
    assert (model.network_.params == before).all()
    with pytest.raises(ValueError, match="not in class_weight"):
        model.set_params(class_weight={"d": 2}).partial_fit(x, y)


def test_weights_pass_through_a_pipeline():
    model = MinnetClassifier((20,), epochs=2, random_state=0)
    piped = make_pipeline(StandardScaler(), model).fit(*SMALL, minnetclassifier__sample_weight=SMALL[1])
    alone = clone(model).fit(StandardScaler().fit_transform(SMALL[0]), SMALL[1], sample_weight=SMALL[1])
    assert (piped[-1].network_.params == alone.network_.params).all()


# In scikit-learn's company -------------------------------------------------------------------------------------

def test_a_grid_search_over_initializers():
    inits = ["he_normal", initializers.orthogonal, initializers.normal(std=0.5), ["he_normal", initializers.zeros]]
    model = make_pipeline(StandardScaler(), MinnetClassifier((20,), epochs=3, random_state=0))
    search = GridSearchCV(model, {"minnetclassifier__init": inits}, cv=3, error_score="raise").fit(*SMALL)
    search = pickle.loads(pickle.dumps(search))
    assert len(set(search.cv_results_["mean_test_score"])) > 1
    assert search.score(*SMALL) > 0.5


def test_a_search_goes_on_where_one_setting_diverges():
    model = MinnetRegressor((20,), optimizer=optimizers.SGD, random_state=0)
    x, y = X[:200], 100 * X[:200, 20]
    with pytest.raises(Diverged):
        clone(model).set_params(learning_rate=1e3).fit(x, y)
    search = GridSearchCV(model, {"learning_rate": [1e-4, 1e3]}, cv=3)
    with pytest.warns(match="3 fits failed"), pytest.warns(match="non-finite"):
        search.fit(x, y)
    assert search.best_params_ == {"learning_rate": 1e-4}


def test_the_example_of_the_module():
    names = vars(sys.modules[__name__]) | {"X": X, "y": Y}
    *example, score = re.findall(r"(?m)^    (?=\S)(.*)", perceptrons.__doc__)
    exec("\n".join(example).replace("(64, 64)", "(64, 64), epochs=5"), names)
    assert (eval(score, names) > 0.8).all()


# Errors --------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("settings", "error", "message"), [
    ({"optimizer": optimizers.SGD(0.1)}, TypeError, r"from the learning rate, such as optimizers.Adam.*got SGD\("),
    ({"optimizer": "adam"}, TypeError, "from the learning rate.*got 'adam'"),
    ({"optimizer": float}, TypeError, "from the learning rate.*got <class 'float'>"),
    ({"hidden_layer_sizes": (20, 0)}, ValueError, r"hidden_layer_sizes\[1\] to be a whole number ≥ 1, got 0"),
    ({"hidden_layer_sizes": 20}, TypeError, "hidden_layer_sizes to be a list of whole numbers"),
    ({"init": "he"}, ValueError, "he_normal"),
    ({"learning_rate": -1.0}, ValueError, "learning_rate"),
    ({"epochs": -1}, ValueError, "epochs"),
    ({"batch_size": 0}, ValueError, "batch_size"),
])
def test_settings_are_checked_in_fit(settings, error, message):
    for kind in (MinnetClassifier, MinnetRegressor):
        model = kind(**settings)
        with pytest.raises(error, match=message):
            model.fit(*SMALL)


def test_errors_about_data():
    with pytest.raises(ValueError, match="at least two classes, got one class, 7"):
        MinnetClassifier().fit(X[:9], np.full(9, 7))
    with pytest.raises(NotFittedError):
        MinnetRegressor().predict(X)
    for kind in (MinnetClassifier, MinnetRegressor):
        for weights, message in ((np.zeros(200), "weight > 0, got only zeros"), (-np.ones(200), "weights ≥ 0, got -1"),
                                 (np.full(200, 1e308), "mean is a number > 0, got inf.*by its largest entry"),
                                 (5e-324 * (np.arange(200) < 9), "mean is a number > 0, got 0"),
                                 (np.ones(3), r"weights of shape \(200,\)")):
            with pytest.raises(ValueError, match=message):
                kind().fit(*SMALL, sample_weight=weights)
    with pytest.raises(ValueError, match="balanced"):
        MinnetClassifier(class_weight="balanced").partial_fit(*SMALL)
    with pytest.raises(ValueError, match="balance"):
        MinnetClassifier(class_weight="balance").fit(*SMALL)
    with pytest.raises(ValueError, match="≥ 0, got -2"):
        MinnetClassifier(class_weight={1: -2}).fit(*SMALL)
    model = MinnetRegressor(epochs=1).fit(X, X[:, :2])
    with pytest.raises(ValueError, match="outputs' shape"):
        model.partial_fit(X, X[:, :3])


def test_without_scikit_learn_the_error_says_what_to_install():
    code = "import sys; sys.modules['sklearn.base'] = None; import minnet.estimators"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8",
                          env={**os.environ, "PYTHONIOENCODING": "utf-8"})
    assert 'ImportError: this needs scikit-learn ≥ 1.6: pip install -e ".[sklearn]"' in done.stderr
