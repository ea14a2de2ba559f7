"""Mean-field theory: gains, the edge of chaos, and what a network will show, computed before it is trained.

    r = theory.for_activation(activations.gelu)        # an initializer for any activation, and the reason
    net = mlp([64, 128, 10], activation=activations.gelu, init=r.weights, bias_init=r.bias, rng=0)
    init, bias_init = theory.critical(activations.gelu)
    theory.predict_statistics(net, x)                  # E[z²], E[a²] and E[δ²] of a given network, layer by layer

Which initializer?
    recommend           for_activation, Recommendation; critical, critical_point, critical_line: the edge of chaos
Signals and gradients in wide networks
    phases              phase_diagram: q*, c*, χ and the phase over the plane of σ_w² and σ_b²
    mean_field          moments, gains: E[f²], E[f′²] and the gains of an activation. MeanField: the maps of variance
                        and correlation, their fixed points (tanh, GELU, ...), χ, and depth scales
    predictions         predict_statistics, Prediction: a given network of finite width, with the random deviation
    equal_units         EqualUnits: networks whose units are all equal, one unit per layer; Deviations: how they part
    self_normalization  selu_map, selu_jacobian: SELU's fixed point (0, 1) and its stability
Singular values
    spectra             marchenko_pastur: of one matrix; product_moments, product_density: of a product of matrices;
                        jacobian_spread: of a network's Jacobian
Integrals
    gaussian            expectation, correlation: averages over normal variables, which the others use
"""

from minnet.theory.equal_units import Deviations, EqualUnits
from minnet.theory.mean_field import DepthScales, Gain, MeanField, Moments, gains, moments
from minnet.theory.phases import PhaseDiagram, phase_diagram
from minnet.theory.predictions import Prediction, predict_statistics
from minnet.theory.recommend import Recommendation, critical, critical_line, critical_point, for_activation
from minnet.theory.self_normalization import selu_jacobian, selu_map
from minnet.theory.spectra import jacobian_spread, marchenko_pastur, product_density, product_moments

__all__ = ["DepthScales", "Deviations", "EqualUnits", "Gain", "MeanField", "Moments", "PhaseDiagram", "Prediction",
           "Recommendation", "critical", "critical_line", "critical_point", "for_activation", "gains",
           "jacobian_spread", "marchenko_pastur", "moments", "phase_diagram", "predict_statistics", "product_density",
           "product_moments", "selu_jacobian", "selu_map"]
