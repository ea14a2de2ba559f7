"""The chapters' long runs: python -m chapters --sweeps [NAME …]

A sweep is a file chapters/sweeps/NN_name.py, which begins with a docstring and has

    GRID = {"depth": [5, 10], "init": [he_normal]}         the cells, as minnet.sweeps takes them
    SEEDS = range(5)
    def cell(depth, init, seed): …                         a dict of numbers, or a list of them

Its rows are kept in chapters/results/NN_name.jsonl, where the chapter reads them with minnet.sweeps.read. Cells that
the file has are not computed again: a run can be stopped at any time, and the same command goes on from there.
"""

import sys
import warnings
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType


def sources(here: Path, names: list[str]) -> list[Path]:
    """The files of the sweeps with the given names (05_depth) or of the given chapters (5, 05), or all of them."""
    found = sorted((here / "sweeps").glob("[0-9][0-9]_*.py"))
    if not found:
        raise SystemExit(f"no sweeps: there is no NN_name.py in {here.name}/sweeps")
    for name in names:
        if not any(matches(source, name) for source in found):
            raise SystemExit(f"no sweep {name}: there are {', '.join(source.stem for source in found)}")
    return [source for source in found if not names or any(matches(source, name) for name in names)]


def matches(source: Path, name: str) -> bool:
    """Whether this is the sweep's name, or its chapter's number."""
    return name == source.stem or (name.isdecimal() and name.zfill(2) == source.stem[:2])


def loaded(source: Path) -> ModuleType:
    """Load the file as a module that no other process can import, so that its functions are sent to workers as code."""
    spec = spec_from_file_location(f"chapters.sweeps.{source.stem}", source)
    module = module_from_spec(spec)
    sys.modules[spec.name] = module                    # where a dataclass looks up its module while it is defined
    try:
        spec.loader.exec_module(module)
    finally:
        del sys.modules[spec.name]
    missing = [name for name in ("GRID", "SEEDS", "cell", "__doc__") if not getattr(module, name, None)]
    if missing:
        raise SystemExit(f"{source.name}: expected a docstring, GRID, SEEDS and cell(…, seed), got no "
                         f"{', '.join(missing)}")
    return module


def duration(seconds: float) -> str:
    """40 s, 12 min, 3.5 h."""
    return (f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min" if seconds < 5400 else
            f"{seconds / 3600:.1f} h")


def main(here: Path, names: list[str], *, workers: int, changed: str, only_list: bool) -> int:
    """Print what is to be computed and how long it will take, and compute it. 1 if a cell failed, 130 after Ctrl-C."""
    from minnet import sweeps

    modules = {source.stem: loaded(source) for source in sources(here, names)}
    results, settings, plans = here / "results", {}, {}
    if not only_list:
        results.mkdir(exist_ok=True)
    for name, module in modules.items():
        file = results / f"{name}.jsonl"
        settings[name] = {"seeds": module.SEEDS, "file": file if results.is_dir() else None, "changed": changed}
        try:
            plans[name] = sweeps.plan(module.cell, module.GRID, **settings[name])
        except (TypeError, ValueError) as error:
            hint = " (here: --changed recompute, --changed keep)" if "changed=" in str(error) else ""
            raise SystemExit(f"{name}: {error}{hint}") from None
        print(f"{name}  {module.__doc__.splitlines()[0]}\n    {in_words(plans[name], workers)}")
    guesses = [p.estimate(workers) for p in plans.values() if p.finished < p.cells]
    if len(guesses) > 1 and None not in guesses:
        print(f"in all about {duration(sum(guesses))}")
    if only_list:
        return 0

    failed = 0
    for name, module in modules.items():
        if plans[name].finished == plans[name].cells and changed != "keep":     # "keep" is written to the file
            continue
        try:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", message=r"\d+ of \d+ cells failed")           # printed below
                if plans[name].seconds is None:      # for an estimate: often the quickest cell and the slowest one
                    cells = sweeps.cells(module.GRID)
                    few = {**settings[name], "seeds": [next(iter(module.SEEDS))], "workers": min(workers, 2)}
                    sweeps.sweep(module.cell, [cells[0], *cells[1:][-1:]], progress=False, **few)
                    plan = sweeps.plan(module.cell, module.GRID, **settings[name])
                    print(f"{name}: {in_words(plan, workers)}", flush=True)
                rows = sweeps.sweep(module.cell, module.GRID, workers=workers, **settings[name])
        except KeyboardInterrupt:
            print("interrupted: finished cells are kept, the same command goes on from there", file=sys.stderr)
            return 130
        for row in rows.failed[:3]:
            print(f"{name}: failed: {row}", file=sys.stderr)
        print(f"{name}: {len(rows)} rows, {len(rows.failed)} of failed cells" + (
            ", which the same command tries again" if rows.failed else ""))
        failed += len(rows.failed)
    return 1 if failed else 0


def in_words(plan, workers: int) -> str:
    """What a plan says."""
    left = plan.cells - plan.finished
    others = f"; {plan.others} more in the file are of another grid" if plan.others else ""
    if not left:
        return f"{plan.cells} cells, all of them finished{others}"
    guess = ("no estimate before the first cells are finished" if plan.seconds is None else
             f"about {duration(plan.estimate(workers))}, {workers} at a time, if a cell takes {plan.seconds:.2g} s as "
             "those finished did on average")
    return f"{plan.cells} cells, {plan.finished} finished, {left} to compute: {guess}{others}"
