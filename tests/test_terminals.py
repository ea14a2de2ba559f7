"""No text of the library fails for its letters, whatever the terminal or the pipe can encode."""

import os
import subprocess
import sys

import pytest

PROGRAM = """
import numpy as np
import minnet as mn
from minnet import activations, claims, datasets, diagnostics, gradient_check, initializers, losses, optimizers
from minnet import pretraining, reference, theory

x, y = datasets.digits().train
x, y = x[:200], y[:200]
net = mn.mlp([64, 16, 10], activation="relu", init="zeros", rng=0)
history = mn.fit(net, (x, y), loss=losses.softmax_cross_entropy, optimizer=optimizers.SGD(0.1), epochs=1, rng=0)
stack = pretraining.greedy_pretrain(net, x, optimizer=optimizers.SGD(0.1), epochs=1, batch_size=50, rng=0)
diagnosis = diagnostics.diagnose(net, x, y, losses.softmax_cross_entropy)
claim = claims.judge("99-x", source="é", statement="σ ≤ ½", measured=0.4, criterion=claims.at_most(0.5))
for thing in (net, net.summary(), history, stack, diagnosis, *diagnosis.findings, claim, reference.parity(),
              reference.card(initializers.he_normal), theory.for_activation(activations.gelu),
              theory.predict_statistics(mn.mlp([64, 16, 10], activation="tanh", rng=0), x),
              diagnostics.layer_statistics(net, x, y, losses.softmax_cross_entropy, learning_rate=0.1),
              *(gradient_check.check(net, x[:5], y[:5], loss, samples=3) for loss in (
                  losses.softmax_cross_entropy, lambda z, y: (1.0, np.ones_like(z))))):
    print(thing)
    print(repr(thing))
"""


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "utf-8"])
def test_every_text_can_be_printed(encoding, tmp_path):
    program = tmp_path / "program.py"           # an argument would be encoded as the locale says
    program.write_text(PROGRAM, encoding="utf-8")
    environment = os.environ | {"PYTHONUTF8": "0", "PYTHONIOENCODING": encoding}
    done = subprocess.run([sys.executable, str(program)], env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")
    assert len(done.stdout.decode(encoding)) > 2000
