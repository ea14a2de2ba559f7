"""A small part of the campaign diagnose_bench: networks that are told apart, and advice that helps when it is followed.

The campaign (tests/campaigns/diagnose_bench.py) measures how many sick networks are named. Here stands the smallest
network of each kind that it names, so that no test trains a large one.
"""

import pytest

from minnet.diagnostics import KINDS
from tests.cures import cured, diagnosed
from tests.sick_networks import SICKNESSES, attempted

# name: seed, and which of its streams has the consequences that the sickness is defined by (the campaign finds them)
SICK: dict[str, tuple[int, int]] = {}
HEALTHY: list[tuple[int, int]] = []


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
