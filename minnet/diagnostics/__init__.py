"""What happens inside a network, and what is wrong with it. Everything here measures; nothing changes the network.

diagnosis     diagnose: what is wrong, what causes it and what to do, in sentences
measurements  layer_statistics and jacobian: signals, gradients and singular values, layer by layer
profiles      profile: the size of signals and gradients, layer by layer
symmetries    symmetry: which units of a layer, and which layers, are alike
rate_range    rate_range: the loss while the learning rate grows, and the rate to take
scores        scorecard: how good an initializer is for an activation, on one page

A diagnosis is made from the evidence (evidence.py, with chance.py, relation.py and trials.py) by rules (*_rules.py).
"""

from minnet.diagnostics.diagnosis import KINDS, diagnose
from minnet.diagnostics.findings import Diagnosis, Finding
from minnet.diagnostics.measurements import JacobianRow, LayerRow, LayerStatistics, jacobian, layer_statistics
from minnet.diagnostics.profiles import Profile, profile
from minnet.diagnostics.rate_range import RateRange, rate_range
from minnet.diagnostics.scores import Scorecard, ScoreRow, scorecard
from minnet.diagnostics.symmetries import Symmetry, SymmetryRow, kinds, symmetry
from minnet.reporting import Table

__all__ = ["KINDS", "Diagnosis", "Finding", "JacobianRow", "LayerRow", "LayerStatistics", "Profile", "RateRange",
           "ScoreRow", "Scorecard", "Symmetry", "SymmetryRow", "Table", "diagnose", "jacobian", "kinds",
           "layer_statistics", "profile", "rate_range", "scorecard", "symmetry"]
