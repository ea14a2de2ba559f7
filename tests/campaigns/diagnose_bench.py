"""How well diagnoses are made: of sick networks, how many are named; of healthy ones, how many are called sick.

    python -m tests.campaigns.diagnose_bench [--sick 20] [--healthy 200] [--first 10000]

Networks are drawn by tests/sick_networks.py, where it is written what healthy and sick mean. The thresholds were set on
seeds below 1,000; these are from 10,000 on, of which no single case was looked at. A sickness counts as named if its
kind is among the findings. Status 1 where fewer than 95% of the sicknesses are named, or more than 2% of the healthy
networks get a finding. About ten minutes on one core.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter

from tqdm import tqdm

from minnet.diagnostics import diagnose
from tests.sick_networks import SICKNESSES, Case, draw


def diagnosed(case: Case) -> tuple[str, ...]:
    recipe = case.recipe
    return diagnose(case.net, recipe.x, recipe.y, recipe.loss, optimizer=recipe.optimizer).kinds


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sick", type=int, default=20, help="networks of each sickness")
    parser.add_argument("--healthy", type=int, default=200)
    parser.add_argument("--first", type=int, default=10_000, help="the first seed")
    parser.add_argument("--show", action="store_true", help="every miss; for setting thresholds, on other seeds")
    options = parser.parse_args()
    hits = total = alarms = healthy = 0
    for kind in ("healthy", *SICKNESSES):
        count = options.healthy if kind == "healthy" else options.sick
        named, cases, others = 0, 0, Counter[str]()
        for seed in tqdm(range(options.first, options.first + count), desc=kind, leave=False, disable=None):
            case = draw(kind, seed)
            if case is None:
                continue
            kinds = diagnosed(case)
            cases, named = cases + 1, named + (kind in kinds)
            others.update(other for other in kinds if other != kind)
            if options.show and (kind not in kinds if kind != "healthy" else kinds):
                print(f"  seed {seed}, after {case.steps} steps: {case.recipe}: {kinds}")
            alarms, healthy = (alarms + bool(kinds), healthy + 1) if kind == "healthy" else (alarms, healthy)
        hits, total = (hits, total) if kind == "healthy" else (hits + named, total + cases)
        also = ", ".join(f"{other} {times}" for other, times in others.most_common())
        result = f"{alarms} of {cases} called sick" if kind == "healthy" else f"{named} of {cases} named"
        print(f"{kind:22} {result:24} {'as' if kind == 'healthy' else 'also'}: {also or '–'}", flush=True)
    print(f"named {hits} of {total} sicknesses ({hits / total:.1%}), "
          f"{alarms} false alarms on {healthy} healthy networks ({alarms / healthy:.1%})")
    return 0 if hits >= 0.95 * total and alarms <= 0.02 * healthy else 1


if __name__ == "__main__":
    sys.exit(main())
