"""What happens inside a network, and what is wrong with it. Everything reads; nothing changes the network.

findings      diagnose: what is wrong, what causes it and what to do, in sentences
measurements  layer_statistics and jacobian: signals, gradients and singular values, layer by layer
profiles      profile: the size of signals and gradients, layer by layer
symmetries    symmetry: which units of a layer, and which layers, are alike
rate_range    rate_range: the loss while the learning rate grows, and the rate to take
scores        scorecard: how good an initializer is for an activation, on one page
"""

from minnet.diagnostics.findings import KINDS, Diagnosis, Finding, diagnose
from minnet.diagnostics.measurements import JacobianRow, LayerRow, LayerStatistics, jacobian, layer_statistics
from minnet.diagnostics.profiles import Profile, profile
from minnet.diagnostics.rate_range import RateRange, rate_range
from minnet.diagnostics.scores import Scorecard, ScoreRow, scorecard
from minnet.diagnostics.symmetries import Symmetry, SymmetryRow, symmetry
from minnet.reporting import Table

__all__ = ["KINDS", "Diagnosis", "Finding", "JacobianRow", "LayerRow", "LayerStatistics", "Profile", "RateRange",
           "ScoreRow", "Scorecard", "Symmetry", "SymmetryRow", "Table", "diagnose", "jacobian", "layer_statistics",
           "profile", "rate_range", "scorecard", "symmetry"]
