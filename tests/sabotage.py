"""Faults put into the library in memory, to see that a claim of the chapters notices: python -m tests.sabotage FAULT

A fault is a piece of a module's source and what takes its place. It is made while the module is imported, in a process
of its own; no file changes. Then the cells of the chapter that judges the claim are executed, in fast mode, up to the
claim, and its verdict is printed. A cell that raises is passed over: an assertion may notice the fault before the
claim. With --all the verdicts of all chapters are printed that differ from the ledger's: the claims that notice.
"""

import contextlib
import importlib.abc
import importlib.util
import io
import json
import os
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
CHAPTERS = ROOT / "chapters"


class Fault(NamedTuple):
    """What is replaced in which module, and the claim that must notice."""

    module: str
    old: str
    new: str
    claim: str


FAULTS = {
    "he_normal has Glorot's variance": Fault(
        "minnet.initializers.classic", "    n = fan(shape, mode)\n    return rng.normal(",
        "    n = sum(shape)\n    return rng.normal(", "05-n-in"),
    "orthogonal is not orthogonal": Fault(
        "minnet.initializers.structured", "return q if fan_in >= fan_out else q.T",
        "return gain * rng.normal(size=shape) / max(shape) ** 0.5", "06-recurrence"),
    "SELU's alpha is off by a tenth": Fault(
        "minnet.activations", "SELU_ALPHA = -math.sqrt(2 / math.pi)", "SELU_ALPHA = -1.1 * math.sqrt(2 / math.pi)",
        "08-theorem-1"),
    "the fans are swapped": Fault(
        "minnet.initializers.definition", '{"fan_in": fan_in, "fan_out": fan_out,',
        '{"fan_in": fan_out, "fan_out": fan_in,', "05-n-in"),
    "a wrong sign in a backward pass": Fault(
        "minnet.layers", "self.x.T.dot(delta, out=self.dW)  ", "self.x.T.dot(-delta, out=self.dW)  ",
        "02-any-constant"),
    "one seed for every layer": Fault(
        "minnet.sequence", "children = iter(rng.spawn(sum(layer.draws for layer in layers)))",
        "children = iter([np.random.default_rng(0) for layer in layers if layer.draws])", "03-product"),
    "the corruption is ignored": Fault(
        "minnet.pretraining.autoencoder", 'if self.corruption is not None and checks.boolean("training", training):',
        "if False:", "09-restores"),
    "alpha dropout is plain dropout": Fault(
        "minnet.dropout", "class AlphaDropout(Dropout):",
        "class AlphaDropout(Dropout):\n    pass\n\n\nclass Unused(Dropout):",
        "08-alpha-dropout"),
    "the truncation is not corrected": Fault(
        "minnet.initializers.classic", "(std / _cut_std(cut) if corrected else std) * w", "std * w", "07-truncation"),
    "the gradient is divided by n twice": Fault(
        "minnet.losses", "return value, _weighted(e.T, weights)", "return value, _weighted(e.T, weights) / n",
        "02-zeros-except-biases"),
}


class Importer(importlib.abc.MetaPathFinder, importlib.abc.SourceLoader):
    """Finds and loads the one module with the fault."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.path = ROOT / (fault.module.replace(".", "/") + ".py")

    def find_spec(self, name, path=None, target=None):
        return importlib.util.spec_from_loader(name, self, origin=str(self.path)) if name == self.fault.module else None

    def get_filename(self, name):
        return str(self.path)

    def get_data(self, path):
        text = self.path.read_text(encoding="utf-8")
        if (count := text.count(self.fault.old)) != 1:
            raise AssertionError(f"expected {self.fault.old!r} once in {self.path.name}, got it {count} times")
        return text.replace(self.fault.old, self.fault.new).encode()


def source_of(claim: str) -> Path:
    """The chapter, or its further part, that judges the claim."""
    found = [path for path in [*CHAPTERS.glob(f"{claim[:2]}_*.py"), *CHAPTERS.glob(f"further/{claim[:2]}_*.py")]
             if f'"{claim}"' in path.read_text(encoding="utf-8")]
    assert len(found) == 1, f"expected one text that judges {claim}, got {found}"
    return found[0]


def verdicts(source: Path, upto: str | None = None) -> dict[str, str]:
    """The verdicts of a chapter's claims, up to one of them, or of all."""
    import jupytext

    from minnet.experiments import claims

    found: dict[str, str] = {}
    judge = claims.judge

    class Reached(Exception):
        pass

    def noted(id, **options):
        claim = judge(id, **options)
        found[id] = claim.verdict
        if id == upto:
            raise Reached
        return claim

    claims.judge = noted
    namespace: dict[str, object] = {"__name__": "__main__"}
    for cell in jupytext.read(source).cells:
        if cell.cell_type == "code":
            try:
                with contextlib.redirect_stdout(io.StringIO()):
                    exec(compile(cell.source, source.name, "exec"), namespace)
            except Reached:
                break
            except Exception as error:
                print(f"passed over: {type(error).__name__}: {str(error)[:100]}", file=sys.stderr)
    claims.judge = judge
    return found


def main(arguments: list[str]) -> int:
    os.environ |= {"MINNET_FAST": "1", "MPLBACKEND": "agg", "TQDM_DISABLE": "1"}
    fault = FAULTS.get(arguments[0])
    if fault:
        sys.meta_path.insert(0, Importer(fault))
    if "--all" not in arguments:
        print(verdicts(source_of(fault.claim), fault.claim).get(fault.claim, "not judged"))
        return 0
    expected = {row["id"]: row["verdict"] for row in json.loads((CHAPTERS / "ledger.json").read_bytes())}
    for source in sorted([*CHAPTERS.glob("[0-9]*.py"), *CHAPTERS.glob("further/[0-9]*.py")]):
        for id, verdict in verdicts(source).items():
            if verdict != expected[id]:
                print(f"{id}: {verdict}, expected {expected[id]}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
