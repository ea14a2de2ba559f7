"""Run the chapters from fresh kernels and judge the claims of the literature: python -m chapters [NUMBER …]

Each chapter's text, chapters/NN_name.py, and its further part, chapters/further/NN_name.py, are executed in a temporary
folder, two at a time with one BLAS thread each; nothing in the project changes unless --write renews the notebooks, the
ledger's rows of the chapters that ran, and the front page.
The ledger of claims is printed, with the verdict that chapters/ledger.json expects where this run's differs.
Exit status: 0, or 1 where a chapter failed or a verdict is not the expected one.

What is too long for a reading is computed apart, by --sweeps, and kept in chapters/results: see run_sweeps.py.
`python -m chapters handout NUMBER` writes a chapter's exercises for students, `python -m chapters grade FOLDER` grades
what they hand in: see handout.py and grade.py.
`python -m chapters book` makes a site of the notebooks as they are: see book/.
"""

import argparse
import asyncio
import importlib
import json
import os
import sys
import tempfile
import textwrap
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chapters import front_page, run_sweeps, title

HERE = Path(__file__).parent
LEDGER = HERE / "ledger.json"
JOBS = {"handout": "chapters.handout", "grade": "chapters.grade", "book": "chapters.book.build"}
KERNELS = 2                                    # at a time, one BLAS thread each: for two cores
ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1")


@dataclass
class Run:
    """What came of one chapter, or of its further part."""

    source: Path
    notebook: Any = None
    seconds: float = 0.0
    error: str | None = None
    claims: list[dict[str, Any]] = field(default_factory=list)

    @property
    def number(self) -> str:
        return self.source.name[:2]

    @property
    def judges(self) -> bool:
        """Whether it is a chapter's text, which judges claims: an exercise judges none."""
        return self.source.parent.name not in ("exercises", "inventory")


def sources(numbers: list[str], folders: tuple[str, ...] = ("", "further")) -> list[Path]:
    """The texts in reading order, a chapter before its further part: of the given numbers, "2" as "02", or all.

    `folders` are those of chapters/ whose texts are meant: "" is chapters/ itself, "exercises" has the exercises.
    """
    order = [HERE / folder for folder in folders]
    texts = [path for folder in order for path in folder.glob("[0-9][0-9]_*.py")]
    found = sorted(texts, key=lambda path: (path.name[:2], order.index(path.parent), path.name))
    there, wanted = {path.name[:2] for path in found}, {number.zfill(2) for number in numbers}
    if wanted - there:
        raise SystemExit(f"no chapter {', '.join(sorted(wanted - there))}: there are {', '.join(sorted(there))}; "
                         "--list shows their titles")
    return [path for path in found if not wanted or path.name[:2] in wanted]


async def execute(source: Path, fast: bool, folder: Path) -> Run:
    """Execute one chapter in a kernel of its own."""
    import jupytext
    import nbclient

    run = Run(source, notebook=jupytext.read(source))
    name = source.relative_to(HERE).with_suffix("").as_posix().replace("/", "-")
    here = folder / name
    here.mkdir()
    claims = here / "claims.jsonl"
    inherited = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}     # figures stay inline
    environment = inherited | ONE_THREAD | {
        "MINNET_CLAIMS": str(claims), "MINNET_LEDGER": str(LEDGER), "MINNET_FAST": "1" if fast else "0",
        "TQDM_DISABLE": "1", "IPYTHONDIR": str(here / "ipython"),
        "PYTHONPATH": os.pathsep.join(filter(None, [str(HERE.parent), os.environ.get("PYTHONPATH")])),
    }
    client = nbclient.NotebookClient(run.notebook, timeout=None, kernel_name="python3", coalesce_streams=True,
                                     resources={"metadata": {"path": str(here)}})
    socket = str(here / "kernel")
    if os.name == "posix" and len(socket) < 90:       # the kernel talks through files there, not through ports
        manager = client.create_kernel_manager()
        manager.transport, manager.ip = "ipc", socket
    begin = time.perf_counter()
    try:
        await client.async_execute(env=environment, cwd=str(here))
    except nbclient.exceptions.CellExecutionError as error:
        run.error = f"{error.ename}: {error.evalue}\n{error.traceback}"
    except Exception as error:                        # a kernel that does not start, or dies
        run.error = f"{type(error).__name__}: {error}"
    run.seconds = time.perf_counter() - begin
    if claims.exists():
        for line in claims.read_text(encoding="utf-8").splitlines():
            try:
                run.claims.append(json.loads(line))
            except json.JSONDecodeError:              # the kernel died while it wrote
                run.error = f"{run.error or ''}\na claim was written in part: {line[:80]}".strip()
    return run


async def execute_all(chosen: list[Path], fast: bool) -> list[Run]:
    """Execute the chapters, KERNELS at a time, with a progress bar."""
    from tqdm import tqdm

    free = asyncio.Semaphore(KERNELS)
    with (tempfile.TemporaryDirectory(prefix="minnet-") as folder,
          tqdm(total=len(chosen), unit="chapter", disable=None) as bar):

        async def one(source: Path) -> Run:
            async with free:
                run = await execute(source, fast, Path(folder))
            bar.set_postfix_str(f"{source.stem} {run.seconds:.0f} s")
            bar.update()
            return run

        return await asyncio.gather(*map(one, chosen))


def differences(runs: list[Run]) -> list[str]:
    """Where this run's verdicts are not those of the ledger: one sentence each."""
    if not LEDGER.exists():
        return [f"there is no {LEDGER.name} to compare with: python -m chapters --write makes it"]
    expected = {row["id"]: row for row in json.loads(LEDGER.read_text(encoding="utf-8"))}
    claims = [claim for run in runs for claim in run.claims]
    found = {claim["id"]: claim for claim in claims}
    judged = {run.number for run in runs if run.judges}
    twice = sorted({claim["id"] for claim in claims if claim is not found[claim["id"]]})
    said = [f"{id}: judged twice, expected one claim of a name" for id in twice]
    said += [f"{id}: {claim['verdict']}, expected {expected[id]['verdict'] if id in expected else 'no such claim'}"
            for id, claim in found.items() if id not in expected or claim["verdict"] != expected[id]["verdict"]]
    missing = [id for id, row in expected.items() if id not in found and row["chapter"] in judged]
    return said + [f"{id}: not judged, expected {expected[id]['verdict']}" for id in missing]


def report(runs: list[Run]) -> str:
    """The ledger as a table: verdict, claim, measurement. An exercise, which judges none, is named where it failed."""
    lines = []
    for run in runs:
        if not run.judges and not run.error:
            continue
        lines += ["", f"{run.number}  {title(run.source)}  ({run.seconds:.0f} s)"]
        for claim in run.claims:
            text = f"{claim['statement']} [{claim['source']}]"
            lines += textwrap.wrap(text, 100, initial_indent=f"  {claim['verdict']:15} ", subsequent_indent=" " * 18)
            spread = f" ({claim['low']:.4g} … {claim['high']:.4g}, {claim['seeds']} runs)"
            measured = (f"measured {claim['measured']:.4g}{spread if claim['seeds'] > 1 else ''}, criterion "
                        f"{claim['criterion']}, met by {claim['met']}, {claim['mode']}")
            if claim["condition"] is not None:
                measured += (f"; where {claim['condition']}, otherwise {claim['without']:.4g}, met by "
                             f"{claim['without_met']}")
            lines += textwrap.wrap(measured, 100, initial_indent=" " * 18, subsequent_indent=" " * 18)
        if run.error:
            lines += ["  failed:", textwrap.indent(run.error, "    ")]
    return "\n".join(lines)


def cleaned(notebook: Any) -> Any:
    """An executed notebook without what changes from run to run and says nothing: times, ids of the machine."""
    for position, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{position}"
        cell.metadata.pop("execution", None)
    notebook.metadata = {key: notebook.metadata[key] for key in ("jupytext", "kernelspec") if key in notebook.metadata}
    notebook.metadata["language_info"] = {"name": "python"}
    return notebook


def main(arguments: list[str] | None = None) -> int:
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments and arguments[0] in JOBS:
        return int(importlib.import_module(JOBS[arguments[0]]).main(arguments[1:]))
    parser = argparse.ArgumentParser(prog="python -m chapters", description=__doc__.splitlines()[0])
    parser.add_argument("numbers", nargs="*", metavar="NUMBER",
                        help="chapters to run, such as 02, or with --sweeps also a sweep's name; default: all")
    parser.add_argument("--exercises", action="store_true",
                        help="run the exercises and the inventory alone; --write runs them too")
    parser.add_argument("--fast", action="store_true", help="fewer epochs and seeds")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the claims of this run, - for standard output")
    parser.add_argument("--list", action="store_true", help="list the chapters and stop")
    parser.add_argument("--write", action="store_true",
                        help="renew the notebooks, those of the exercises too, and the ledger's rows for the chapters "
                             "run (not with --fast)")
    long = parser.add_argument_group("long runs")
    long.add_argument("--sweeps", action="store_true",
                      help="compute what is missing in chapters/results; says first how much that is and how long it "
                           "will take (with --list, only that); after Ctrl-C the same command goes on from there")
    long.add_argument("--workers", type=int, metavar="N", default=KERNELS, help="processes; default: %(default)s")
    long.add_argument("--changed", choices=("refuse", "recompute", "keep"), default="refuse",
                      help="what to do with stored cells if the function that computed them has changed since")
    options = parser.parse_args(arguments)
    if options.sweeps:
        if options.fast or options.write or options.json or options.workers < 1:
            parser.error("--sweeps goes with --list, --changed and --workers N, N ≥ 1: sweeps are full runs, and judge "
                         "no claims")
        return run_sweeps.main(HERE, options.numbers, workers=options.workers, changed=options.changed,
                               only_list=options.list)
    folders = () if options.exercises else ("", "further")
    if options.exercises or options.write:
        folders = (*folders, "exercises", "inventory")
    chosen = sources(options.numbers, folders)
    if options.list:
        print("\n".join(f"{source.name[:2]}  {title(source)}" for source in chosen))
        return 0
    if options.write and options.fast:
        parser.error("--write keeps what readers see, which is a full run: leave out --fast")

    if options.json and str(options.json) != "-" and not options.json.resolve().parent.is_dir():
        parser.error(f"--json {options.json}: expected a file in a folder that exists")

    try:
        runs = asyncio.run(execute_all(chosen, options.fast))
    except KeyboardInterrupt:
        print("interrupted: nothing was judged or written", file=sys.stderr)
        return 130
    print(report(runs), file=sys.stderr if str(options.json) == "-" else sys.stdout)
    claims = [claim for run in runs for claim in run.claims]
    failed = any(run.error for run in runs)
    twice = len({claim["id"] for claim in claims}) < len(claims)
    if options.write and not failed and not twice:
        write(runs)
    if options.json:
        text = json.dumps(claims, ensure_ascii=False, indent=1)
        print(text) if str(options.json) == "-" else options.json.write_text(text + "\n", encoding="utf-8")
    wrong = differences(runs)
    verdicts = [claim["verdict"] for claim in claims]
    counts = ", ".join(f"{verdicts.count(v)} {v}" for v in front_page.VERDICTS)
    print(f"\n{len(claims)} claims: {counts}" + ("; as expected" if not wrong else ""), file=sys.stderr)
    for sentence in wrong:
        print(f"not as expected: {sentence}", file=sys.stderr)
    return 1 if failed or wrong else 0


def write(runs: list[Run]) -> None:
    """Renew the notebooks, and the ledger's rows of the chapters that ran."""
    import nbformat

    ran = {run.number for run in runs if run.judges}
    kept = json.loads(LEDGER.read_text(encoding="utf-8")) if LEDGER.exists() else []
    rows = [row for row in kept if row["chapter"] not in ran]
    for run in runs:
        nbformat.write(cleaned(run.notebook), run.source.with_suffix(".ipynb"))
        rows += [claim | {"expected": claim["verdict"]} for claim in run.claims]
    rows.sort(key=lambda row: row["chapter"])           # stable: within a chapter in the order of its texts
    LEDGER.write_text(json.dumps(rows, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    front_page.write(HERE, rows)


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8")           # a file or a pipe may have an encoding without σ
    sys.exit(main())
