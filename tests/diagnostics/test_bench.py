"""A small part of the campaign diagnose_bench: networks that are told apart, and advice that helps when it is followed.

The campaign (tests/campaigns/diagnose_bench.py) measures how many sick networks are named. Here stands the smallest
network of each kind that it names, so that no test trains a large one.
"""

import pytest

from minnet.diagnostics import KINDS
from tests.cures import cured, diagnosed
from tests.sick_networks import SICKNESSES, attempted

# name: seed, and which of its streams has the consequences that the sickness is defined by (the campaign finds them)
SICK = {
    "constant_targets": (10002, 2),
    "sentinel_values": (10001, 0),
    "constant_features": (10002, 0),
    "unequal_features": (10000, 0),
    "unstandardized_inputs": (10000, 0),
    "conflicting_labels": (10000, 0),
    "shifted_labels": (10000, 0),
    "unrelated_labels": (10000, 1),
    "unscaled_targets": (10000, 0),
    "validation_shift": (10000, 1),
    "output_activation": (10001, 1),
    "output_range": (10003, 0),
    "layer_after_output": (10002, 1),
    "linear_network": (10000, 0),
    "identical_units": (10001, 0),
    "equal_layers": (10002, 0),
    "wrong_gradient": (10003, 1),
    "exploding": (10002, 3),
    "dead_units": (10001, 1),
    "dead_after_training": (10003, 2),
    "saturated": (10001, 0),
    "vanishing": (10001, 1),
    "initial_loss": (10001, 0),
    "too_narrow": (10001, 0),
    "schedule_small": (10001, 0),
    "clip_norm_small": (10001, 0),
    "weight_decay_large": (10000, 4),
    "momentum_large": (10000, 2),
    "learning_rate_large": (10002, 3),
    "learning_rate_small": (10000, 0),
    "overfitting": (10003, 9),
    "l1_large": (10002, 0),
}
HEALTHY = [(seed, 0) for seed in range(10_000, 10_010)]


@pytest.mark.parametrize("name", SICKNESSES)
def test_the_sickness_is_named_first_and_the_advice_helps(name):
    case = attempted(name, *SICK[name], verify=False)
    kind = SICKNESSES[name].kind or name
    assert diagnosed(case.recipe, case.net).kinds[0] == kind
    assert cured(case) is not None


@pytest.mark.parametrize(("seed", "stream"), HEALTHY)
def test_a_healthy_network_gets_no_finding(seed, stream):
    case = attempted("healthy", seed, stream, verify=False)
    assert diagnosed(case.recipe, case.net).findings == ()


def test_every_kind_has_its_sickness():
    assert {sickness.kind or name for name, sickness in SICKNESSES.items()} == set(KINDS)
