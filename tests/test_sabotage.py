"""Every fault that is put into the library turns the claim red that should notice it: the ledger can fail."""

import json
import os
import subprocess
import sys

import pytest

pytest.importorskip("jupytext")
from tests.sabotage import CHAPTERS, FAULTS, ROOT, Importer


@pytest.mark.chapters
@pytest.mark.parametrize("name", FAULTS)
def test_the_claim_notices_the_fault(name):
    environment = os.environ | dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1") | {"PYTHONUTF8": "1"}
    done = subprocess.run([sys.executable, "-m", "tests.sabotage", name], cwd=ROOT, env=environment,
                          capture_output=True, encoding="utf-8")
    expected = {row["id"]: row["verdict"] for row in json.loads((CHAPTERS / "ledger.json").read_bytes())}
    claim = FAULTS[name].claim
    assert done.stdout.strip() in {"reproduced", "conditional", "mixed", "refuted", "not reproduced"}, done.stderr
    assert done.stdout.strip() != expected[claim], f"{claim} does not notice that {name}"


@pytest.mark.parametrize("name", FAULTS)
def test_the_fault_is_where_it_is_said_to_be(name):
    fault = FAULTS[name]
    assert Importer(fault).get_data("").decode() != Importer(fault).path.read_text(encoding="utf-8")
    compile(Importer(fault).get_data(""), fault.module, "exec")
