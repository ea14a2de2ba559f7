"""The phase diagram: against the single functions of mean-field theory, known points and networks."""

import math

import numpy as np
import pytest

from minnet import activations, mlp, theory
from minnet.activations import gelu, hard_tanh, identity, relu, selu, sigmoid, tanh
from minnet.initializers import normal, variance_scaling
from minnet.theory import MeanField, phase_diagram

# (σ_w², σ_b², q*) on the edge of chaos of tanh, computed independently of the library, to three digits
EDGE = [(1.189, 0.001, 0.107), (1.424, 0.01, 0.273), (1.761, 0.05, 0.570), (1.986, 0.1, 0.806), (2.285, 0.2, 1.165)]


@pytest.mark.parametrize(("weight_var", "bias_var", "q"), EDGE)
def test_the_edge_of_tanh_divides_the_phases(weight_var, bias_var, q):
    found = phase_diagram(tanh, weight_var=[0.99 * weight_var, weight_var, 1.01 * weight_var], bias_var=[bias_var])
    assert found.phase[0, [0, 2]].tolist() == ["ordered", "chaotic"]
    assert found.q[0, 1] == pytest.approx(q, rel=0.01)
    assert found.chi[0, 1] == pytest.approx(1, abs=2e-3)
    assert (found.chi[0, 0] < 1) & (found.chi[0, 2] > 1)
    assert found.c[0, 0] == 1 > found.c[0, 2]


@pytest.mark.parametrize("activation", [tanh, selu, hard_tanh, gelu, sigmoid], ids=str)
def test_each_point_is_that_of_mean_field(activation):
    middle = 1 / MeanField(activation, 1.0).chi(1.0)
    across, up = middle * np.array([0.4, 1.1, 1.9]), middle * np.array([0, 0.05])
    found = phase_diagram(activation, weight_var=across, bias_var=up)
    for i, k in np.ndindex(found.q.shape):
        field = MeanField(activation, float(across[k]), float(up[i]))
        q = field.limit()
        if q == math.inf:
            assert (found.phase[i, k], found.q[i, k]) == ("unbounded", math.inf)
            assert np.isnan([found.c[i, k], found.chi[i, k]]).all()
            continue
        at = max(q, 1e-12)
        assert (found.q[i, k], found.chi[i, k]) == (q, field.chi(at))
        assert found.c[i, k] == pytest.approx(field.correlation_limit(at), abs=3e-3)
        assert found.phase[i, k] == ("chaotic" if field.chi(at) > 1 else "ordered")
    assert found.q.shape == found.c.shape == found.chi.shape == found.phase.shape == (2, 3)


def test_scale_free_activations_have_one_critical_point():
    """ReLU: χ = σ_w²/2 everywhere; without biases the critical weights are He's, above it E[z²] has no limit."""
    found = phase_diagram(relu, weight_var=[1, 2, 3], bias_var=[0, 0.5])
    assert found.phase.tolist() == [["ordered", "critical", "unbounded"], ["ordered", "unbounded", "unbounded"]]
    assert found.chi[:, 0] == pytest.approx(0.5)
    assert found.q[:, 0] == pytest.approx([0, 1])                              # q = σ_w² q/2 + σ_b²
    assert repr(found) == "PhaseDiagram(relu: 1 critical, 2 ordered, 3 unbounded of 6 points)"
    assert found.line[0] == pytest.approx(2)
    assert phase_diagram(identity, weight_var=[1], bias_var=[0]).phase.tolist() == [["critical"]]


def test_the_line_lies_between_the_phases():
    found = phase_diagram(tanh, weight_var=np.linspace(0.5, 4, 8), bias_var=np.linspace(0, 0.5, 5))
    across, up = found.line
    assert (np.diff(up) >= 0).all()
    assert up[0] < 1e-6
    assert across[0] == pytest.approx(1, abs=1e-3)
    for row, height in zip(found.phase[1:], found.bias_var[1:], strict=True):
        edge = np.interp(height, up, across)
        assert row.tolist() == ["ordered" if w < edge else "chaotic" for w in found.weight_var]


@pytest.mark.parametrize(("weight_var", "bias_var"), [(0.8, 0.1), (3.0, 0.1)])
def test_networks_have_that_correlation(weight_var, bias_var):
    """Two inputs of correlation 0 after 20 layers of width 300; five standard errors of ten networks, and 2/n."""
    found = phase_diagram(tanh, weight_var=[weight_var], bias_var=[bias_var])
    x = np.eye(2, 300) * math.sqrt(300)
    seen = []
    for seed in range(10):
        net = mlp([300] * 21, activation=tanh, init=variance_scaling(scale=weight_var), rng=seed, dtype=np.float64,
                  bias_init=normal(std=math.sqrt(bias_var)))
        z = net(x)
        seen.append(z[0] @ z[1] / np.linalg.norm(z[0]) / np.linalg.norm(z[1]))
    assert np.mean(seen) == pytest.approx(found.c[0, 0], abs=5 * np.std(seen) / math.sqrt(10) + 2 / 300)


def test_the_default_picture_has_both_phases():
    across = phase_diagram(tanh, bias_var=[0.1])
    assert across.phase[0].tolist() == ["ordered"] * 11 + ["chaotic"] * 13
    up = phase_diagram(gelu, weight_var=[1])
    assert up.bias_var[0] == 0
    assert up.bias_var[-1] > 2 * theory.critical_point(gelu)[0].bias_var - 1e-9
    assert phase_diagram(relu).phase.shape == (15, 24)


@pytest.mark.parametrize(("options", "kind", "message"), [
    ({"weight_var": [0, 1]}, ValueError, "expected weight_var to be a number > 0, got 0"),
    ({"bias_var": [-1]}, ValueError, "expected bias_var to be a number ≥ 0, got -1"),
    ({"weight_var": [2, 1]}, ValueError, r"expected weight_var to be numbers that increase, got \[2.0, 1.0\]"),
    ({"weight_var": []}, ValueError, r"expected weight_var to be numbers that increase, got \[\]"),
    ({"bias_var": ["a"]}, TypeError, "expected bias_var to be a number"),
])
def test_errors(options, kind, message):
    with pytest.raises(kind, match=message):
        phase_diagram(tanh, **options)


def test_an_activation_that_jumps_has_no_phases():
    step = activations.Activation("step", lambda z: np.sign(z), lambda z, a: 0 * z, kinks=(0.0,))
    with pytest.raises(ValueError, match="expected an activation without jumps"):
        theory.phase_diagram(step)
