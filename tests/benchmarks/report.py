"""Make the tables of this folder's README from what was measured: python -m tests.benchmarks.report FILE"""

import json
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.benchmarks.autoencoders import BATCH, FAN_IN, RATE, UNITS

Result = dict[str, Any]
RATIOS = {"PyTorch": "PyTorch ÷ minnet", "JAX": "JAX ÷ minnet", "JAX unread": "JAX ÷ minnet, loss not read",
          "scikit-learn": "scikit-learn ÷ minnet", "numpy": "plain numpy ÷ minnet",
          "products": "minnet ÷ bare products", "products @": "minnet ÷ bare products, written x @ W"}


def heading(result: Result) -> str:
    """What the figures belong to."""
    machine = result["machine"]
    packages = ", ".join(f"{name} {machine[name]}" for name in ("Python", "numpy", "torch", "jax", "scikit-learn"))
    return f"{machine['date']}, {machine['processor']}, {machine['cores']} cores, {packages}, {machine['BLAS']}"


def table(result: Result, workloads: list[str]) -> list[str]:
    """A row for each figure, a column for each workload; rows without figures are left out."""
    measured = {row["workload"]: row["ratio"] for row in result["steps"]}
    epochs = {row["workload"]: row["ratio"] for row in result.get("epoch", [])}
    memory = {row["workload"]: row for row in result.get("memory", [])}
    rows = {title: [f"{measured[work][name][0]:.2f}" if name in measured[work] else "" for work in workloads]
            for name, title in RATIOS.items()}
    rows["epoch of `fit` ÷ its bare steps"] = [f"{epochs[work][0]:.2f}" if work in epochs else "" for work in workloads]
    for name in ("minnet", "PyTorch"):
        rows[f"memory of {name}, MB (without first loads)"] = [
            "{:.1f} ({:.1f})".format(*(size / 1e6 for size in memory[work][name])) if work in memory else ""
            for work in workloads]
    return [f"| | {' | '.join(workloads)} |", "|---" * (len(workloads) + 1) + "|",
            *(f"| {title} | {' | '.join(cells)} |" for title, cells in rows.items() if any(cells))]


def sentences(result: Result) -> list[str]:
    """What was measured of depth, batches, import and subnormal numbers."""
    depth = result["depth"]
    costs = [row["seconds per layer"] for row in depth]
    before, after = max(pairwise(depth), key=lambda pair: pair[1]["seconds per layer"] / pair[0]["seconds per layer"])
    large = [row for row in result["batch"] if row["batch"] >= 512]
    spread = []
    for name in ("digits", "mnist"):
        examples = [row["seconds per example"] for row in large if row["workload"] == name]
        spread.append(f"{max(examples) / min(examples) - 1:.0%} ({name})")
    vanished = max(result["subnormals"], key=lambda row: row["subnormal"])
    return [
        f"From {depth[0]['layers']} to {depth[-1]['layers']:,} layers of 64 units the cost of a layer stays within a "
        f"factor {max(costs) / min(costs):.2f}. It rises most between {before['layers']} and {after['layers']} layers, "
        f"where what a step walks through grows from {before['bytes'] / 1e6:.0f} to {after['bytes'] / 1e6:.0f} MB: "
        f"there the cache ends ({result['machine']['caches']}).",
        f"From {large[0]['batch']} to {large[-1]['batch']:,} examples in a batch the cost of an example varies by "
        f"{' and '.join(spread)}.",
        f"`import minnet` takes {result['imports'][0]['ratio'][0]:.2f} times as long as `import numpy`.",
        f"In a 51-layer tanh net drawn from N(0, {vanished['std']}²) {vanished['subnormal']:.0%} of the gradients have "
        "vanished into subnormal floats (below 1.2e-38), and a step takes "
        f"{vanished['ratio'][0]:.2f} times as long as with Glorot's weights. Many processors leave such numbers to "
        "microcode and become many times slower; the remedy is an initializer under which gradients do not vanish, or "
        "float64, where numbers are normal down to 2.2e-308.",
    ]


def pretraining(result: Result) -> list[str]:
    """What was measured of autoencoders."""
    (row,) = result["pretraining"]
    shown = "{:.2f} ({:.2f}–{:.2f})".format
    return [f"PyTorch takes {shown(*row['ratio'])} times as long as minnet's "
            f"{row['seconds']['minnet'] * 1e3:.2f} ms for a step of a denoising autoencoder ("
            f"{FAN_IN}-{UNITS}-{FAN_IN}, weights tied, {RATE:.0%} of the inputs masked, cross-entropy, batch {BATCH}); "
            f"in parentheses quartiles over {result['rounds']} rounds.",
            "In a stack of equal layers an epoch of the fifth takes "
            f"{shown(*row['layer 5 over layer 2'])} times as long as one of the second: the codes of the layers below "
            "are computed once."]


def report(result: Result) -> list[str]:
    """All of it, line by line, as it stands in README.md."""
    names = [row["workload"] for row in result.get("steps", [])]
    tables = [table(result, kind) for kind in ([name for name in names if "-" not in name],
                                               [name for name in names if "-" in name]) if kind]
    return [heading(result), "", *(line for rows in tables for line in [*rows, ""]),
            *(f"- {sentence}" for part, say in (("depth", sentences), ("pretraining", pretraining)) if part in result
              for sentence in say(result))]


def main() -> None:
    print(*report(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))), sep="\n")


if __name__ == "__main__":
    main()
