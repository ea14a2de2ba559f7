"""minnet's networks as scikit-learn estimators, for pipelines, grid searches and cross-validation.

perceptrons  MinnetClassifier and MinnetRegressor

They need scikit-learn: pip install -e ".[sklearn]". Nothing else in minnet imports it.
"""

from minnet.estimators.perceptrons import MinnetClassifier, MinnetRegressor

__all__ = ["MinnetClassifier", "MinnetRegressor"]
