"""What theory predicts before a network is trained: gains, the edge of chaos, an initializer for any activation.

    r = theory.for_activation(activations.gelu)
    net = mlp([64, 128, 10], activation=activations.gelu, init=r.weights, bias_init=r.bias, rng=0)
    init, bias_init = theory.critical(activations.gelu)
    theory.predict_statistics(net, x)                  # what a given network should show, layer by layer

recommend           an initializer for an activation, and the reasons
mean_field          the maps of variance and correlation from layer to layer, their fixed points and depth scales
predictions         signals and gradients of a given network, with the spread that its finite width causes
spectra             singular values of layers and of their products
self_normalization  SELU's map of mean and variance
gaussian            the integrals over a normal distribution that the others need
"""

from minnet.theory.mean_field import DepthScales, Gain, MeanField, Moments, gains, moments
from minnet.theory.predictions import Prediction, predict_statistics
from minnet.theory.recommend import Recommendation, critical, critical_line, critical_point, for_activation
from minnet.theory.self_normalization import selu_jacobian, selu_map
from minnet.theory.spectra import jacobian_spread, marchenko_pastur, product_density, product_moments

__all__ = ["DepthScales", "Gain", "MeanField", "Moments", "Prediction", "Recommendation", "critical", "critical_line",
           "critical_point", "for_activation", "gains", "jacobian_spread", "marchenko_pastur", "moments",
           "predict_statistics", "product_density", "product_moments", "selu_jacobian", "selu_map"]

predict = predict_statistics              # the old name, which diagnostics.scores still uses
