"""How well networks are diagnosed: sick ones named, false alarms on healthy ones, and advice followed.

    python -m tests.campaigns.diagnose_bench [--sick 20] [--healthy 400] [--advice 20] [--first 10000]

Networks are drawn by tests/sick_networks.py, where it is written what healthy and sick mean. All thresholds were set on
the data sets SETTING of tests/healthy_networks.py with seeds below 1,000; measured is on the data sets MEASURING with
seeds from 10,000 on. A sickness is *named* if its kind is among the findings, and *first* if it is the first of them.
The advice of the first finding is followed to the letter (tests/cures.py) on the first networks of each sickness, as
many as --advice says: *at once* counts those that learn then, *cured* those that learn after three rounds at most.
Status 1 where fewer than 95% are named, fewer than 90% are named first, or more than 1% of the healthy networks get a
finding. About twenty minutes on two idle cores.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")        # one for each process, set before numpy is loaded

from tqdm import tqdm

from tests.cures import cured, diagnosed
from tests.healthy_networks import MEASURING, SETTING
from tests.sick_networks import SICKNESSES, draw


@dataclass(frozen=True)
class Result:
    """What the diagnosis of one network said, and after how many rounds of advice it learned (None: it did not)."""

    kinds: tuple[str, ...]
    followed: bool                   # whether the advice was tried
    rounds: int | None
    text: str


def judged(name: str, seed: int, setting: bool, follow: bool) -> Result | None:
    """The result for one draw; None where no network of this seed has the consequences of the sickness."""
    case = draw(name, seed, SETTING if setting else MEASURING)
    if case is None:
        return None
    kinds = diagnosed(case.recipe, case.net).kinds
    return Result(kinds, follow, cured(case) if follow else None,
                  f"seed {seed}, stream {case.attempt}, after {case.steps} steps: {case.recipe}: "
                  f"{', '.join(kinds) or 'healthy'}")


def line(name: str, results: Sequence[Result]) -> tuple[str, Counter[str]]:
    """A row of the table, and its counts."""
    wanted = SICKNESSES[name].kind or name if name != "healthy" else ""
    counts = Counter(cases=len(results), named=sum(wanted in one.kinds for one in results),
                     first=sum(one.kinds[:1] == (wanted,) for one in results),
                     alarms=sum(bool(one.kinds) for one in results),
                     followed=sum(one.followed for one in results),
                     at_once=sum(one.rounds == 1 for one in results),
                     cured=sum(one.rounds is not None for one in results))
    others = Counter(kind for one in results for kind in one.kinds if kind != wanted)
    also = ", ".join(f"{other} {times}" for other, times in others.most_common())
    columns = ["cases", "alarms"] if name == "healthy" else ["cases", "named", "first", "followed", "at_once", "cured"]
    return f"{name:22} {' '.join(f'{counts[c]:5} {c}' for c in columns)}   also: {also or '-'}", counts


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sick", type=int, default=20, help="networks of each sickness")
    parser.add_argument("--healthy", type=int, default=400)
    parser.add_argument("--advice", type=int, default=20, help="of them, those for which the advice is followed")
    parser.add_argument("--first", type=int, default=10_000, help="the first seed")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--kinds", nargs="*", default=["healthy", *SICKNESSES], metavar="KIND")
    parser.add_argument("--setting", action="store_true", help="the data sets on which thresholds are set")
    parser.add_argument("--show", action="store_true", help="every miss; for setting thresholds")
    options = parser.parse_args()
    sick, alarms = Counter[str](), Counter[str]()
    with ProcessPoolExecutor(options.jobs) as pool:
        for name in options.kinds:
            count = options.healthy if name == "healthy" else options.sick
            follow = [name != "healthy" and k < options.advice for k in range(count)]
            seeds = range(options.first, options.first + count)
            found = pool.map(judged, [name] * count, seeds, [options.setting] * count, follow)
            results = [one for one in tqdm(found, desc=name, total=count, leave=False, disable=None) if one]
            row, counts = line(name, results)
            print(row, flush=True)
            (alarms if name == "healthy" else sick).update(counts)
            wanted = () if name == "healthy" else (SICKNESSES[name].kind or name,)
            for one in results:
                if options.show and (one.kinds[:1] != wanted or (one.followed and one.rounds is None)):
                    print(f"    {one.text}; rounds {one.rounds}")
    status = 0
    if sick["cases"]:
        named, first = (sick[c] / sick["cases"] for c in ("named", "first"))
        print(f"{sick['cases']} sick networks: named {named:.1%}, first {first:.1%}")
        if sick["followed"]:
            at_once, learned = (sick[c] / sick["followed"] for c in ("at_once", "cured"))
            print(f"advice followed on {sick['followed']}: {at_once:.1%} learn at once, {learned:.1%} in three rounds")
        status = int(named < 0.95 or first < 0.9)
    if alarms["cases"]:
        share = alarms["alarms"] / alarms["cases"]
        print(f"{alarms['cases']} healthy networks: {alarms['alarms']} false alarms, {share:.1%}")
        status = int(status or share > 0.01)
    return status


if __name__ == "__main__":
    sys.exit(main())
