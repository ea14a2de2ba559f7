"""The tests and the chapters on other machines: python -m tests.campaigns.machines [RUN …]

What differs between machines is set up on this one, run after run: the vector instructions that numpy and the C library
use, the kernels and threads of OpenBLAS, the last bit of what is computed (see last_bit.py), the oldest and the newest
versions of everything, Python, the seed of hashes, the locale, the load. A RUN is the name of a row below, or settings
of your own joined by commas; what they do not name stays as it is on this machine. Without a RUN all rows run, in which
every value of SETTINGS occurs (of rounding, one). Where a row fails, try its settings one at a time:

    python -m tests.campaigns.machines oldest
    python -m tests.campaigns.machines packages=oldest simd=none blas=Nehalem

A run is the README's test command without test_the_main_job, and then python -m chapters --fast, which is what that
test runs. (The chapters have one BLAS thread in every run: their runner sees to that.) The environments, and what the
runs printed, are kept in build/machines. Status 1 where a run fails. For Linux on x86-64, where numpy has OpenBLAS, and
with python3.12 and python3.13 on the PATH; about 4 minutes for a run on two cores.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "build" / "machines"
TESTS = ("--deselect", "tests/test_chapters.py::test_the_main_job")
THIS_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
SETTINGS = {
    "simd": ("all", "avx2", "none"),           # what the processor has; no AVX-512; no AVX2 and no FMA either
    "blas": ("Haswell", "SkylakeX", "Zen", "Nehalem"),                # kernels; numpy from 2.4 on has none for Zen
    "threads": ("1", "2"),
    "packages": ("here", "oldest", "newest"),  # this environment; the lower bounds of pyproject.toml; what pip installs
    "python": ("3.11", "3.12", "3.13"),        # of the environment made for packages=oldest or newest
    "hash": ("0", "random"),
    "locale": ("C", "ASCII"),                  # ASCII: C without Python's UTF-8 mode, so that encodings must be named
    "load": ("0", "2"),                        # busy processes beside the run
    "rounding": tuple("123456789"),            # other last bits, for machines that are none of the above
}
ROWS = {
    "newest": "packages=newest,python=3.11,simd=all,blas=SkylakeX,threads=1,hash=random",
    "oldest": "packages=oldest,python=3.11,simd=none,blas=Nehalem,threads=1,hash=0",
    "avx2": "packages=newest,python=3.12,simd=avx2,blas=Haswell,threads=2,hash=random,locale=C",
    "zen": "packages=oldest,python=3.11,simd=avx2,blas=Zen,threads=2,hash=random",
    "load": "packages=newest,python=3.13,simd=none,blas=Haswell,threads=1,load=2",
    "here": "packages=here,simd=all,threads=1,hash=0,locale=ASCII,load=0,rounding=1",
}
# Only these can be switched off: numpy warns of a name that it does not dispatch or that the processor does not have.
DISPATCHED = """
from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__
print(*(name for name in __cpu_dispatch__ if __cpu_features__[name]))
"""
LOADED = """
import platform, numpy, threadpoolctl
[blas] = threadpoolctl.threadpool_info()
print(platform.python_version(), numpy.__version__, blas["architecture"], blas["num_threads"])
"""


def parsed(run: str) -> dict[str, str]:
    """The settings of a row, or of name=value,name=value."""
    settings = dict(setting.split("=", 1) for setting in ROWS.get(run, run).split(",") if "=" in setting)
    if not settings or any(value not in SETTINGS.get(name, ()) for name, value in settings.items()):
        known = "; ".join(f"{name}={' or '.join(values)}" for name, values in SETTINGS.items())
        raise SystemExit(f"{run}: expected one of {', '.join(ROWS)}, or settings such as blas=Zen,threads=2 of {known}")
    return settings


def interpreter(packages: str, version: str) -> Path:
    """The Python of an environment with these packages, which is made, or brought up to date."""
    if packages == "here":
        return Path(sys.executable)
    found = sys.executable if version == THIS_PYTHON else shutil.which(f"python{version}")
    if found is None:
        raise SystemExit(f"python={version}: expected python{version} on the PATH: install it, or choose other runs")
    folder = FOLDER / f"{packages}-{version}"
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([found, "-m", "venv", folder], check=True)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = project["dependencies"] + extras["chapters"] + extras["test"]
    if packages == "oldest":
        wanted = [requirement.replace(">=", "==") for requirement in wanted]
    pip = [python, "-m", "pip", "install", "--upgrade", "--upgrade-strategy", "eager", "-e", ROOT, *wanted]
    subprocess.run(pip, check=True, capture_output=True)
    return python


def environment(python: Path, settings: dict[str, str]) -> dict[str, str]:
    """The variables of a run: those of this process that no setting is about, and the settings'."""
    about = ("OPENBLAS_", "OMP_", "MKL_", "NPY_", "GLIBC_", "LC_", "LANG", "PYTHONHASHSEED", "PYTHONUTF8", "LAST_BIT")
    variables = {name: value for name, value in os.environ.items() if not name.startswith(about)}
    if (simd := settings.get("simd", "all")) != "all":
        names = subprocess.run([python, "-c", DISPATCHED], env=variables, capture_output=True, text=True, check=True)
        off = [name for name in names.stdout.split() if simd == "none" or name.startswith(("AVX512", "X86_V4"))]
        variables["NPY_DISABLE_CPU_FEATURES"] = " ".join(off)
        variables["GLIBC_TUNABLES"] = f"glibc.cpu.hwcaps=-AVX512F{',-AVX2,-FMA,-FMA4' * (simd == 'none')}"
    for name, value in settings.items():
        variables |= {
            # The size: kernels of another processor do not always find that of the cache, and crash.
            "blas": {"OPENBLAS_CORETYPE": value, "OPENBLAS_L2_SIZE": "512"},
            "threads": dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), value),
            "hash": {"PYTHONHASHSEED": value},
            "locale": {"LC_ALL": "C"} | ({"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"} if value == "ASCII" else {}),
            "rounding": {"LAST_BIT": value, "PYTEST_PLUGINS": "tests.campaigns.last_bit"},
        }.get(name, {})
    return variables


def logged(log: Path, variables: dict[str, str], *command: str | Path) -> int:
    """Run the command at the root, keep what it prints, give its exit status."""
    with log.open("w", encoding="utf-8") as file:
        return subprocess.run(command, env=variables, cwd=ROOT, stdout=file, stderr=subprocess.STDOUT).returncode


def tests(python: Path, variables: dict[str, str], here: Path) -> tuple[dict[str, int], list[str]]:
    """How many tests passed, failed and were skipped, and which failed."""
    report = here / "tests.xml"
    report.unlink(missing_ok=True)
    status = logged(here / "tests.txt", variables, python, "-m", "pytest", *TESTS, f"--junitxml={report}")
    cases = list(ElementTree.parse(report).iter("testcase")) if report.exists() else []
    failed = [f"{case.get('classname')}::{case.get('name')}" for case in cases
              if case.find("failure") is not None or case.find("error") is not None]
    skipped = sum(case.find("skipped") is not None for case in cases)
    counts = {"passed": len(cases) - len(failed) - skipped, "failed": len(failed), "skipped": skipped}
    return counts, failed or [f"pytest ended with status {status}"] * (status != 0)


def chapters(python: Path, variables: dict[str, str], here: Path) -> str:
    """Whether the verdicts of a fast run are the ledger's; which are not."""
    if "LAST_BIT" in variables:                # Python imports sitecustomize when it starts
        (here / "sitecustomize.py").write_text("import tests.campaigns.last_bit\n", encoding="utf-8")
        variables = variables | {"PYTHONPATH": os.pathsep.join([str(here), str(ROOT)])}
    file, log = here / "claims.json", here / "chapters.txt"
    file.unlink(missing_ok=True)
    status = logged(log, variables, python, "-m", "chapters", "--fast", "--json", file)
    claims = json.loads(file.read_text(encoding="utf-8")) if file.exists() else []
    other = [claim["id"] for claim in claims if claim["verdict"] != claim["expected"]]
    return "as in the ledger" if status == 0 and not other else f"status {status}: {', '.join(other) or log.name}"


def measured(name: str, settings: dict[str, str]) -> bool:
    """Install what the run needs, run the tests and the chapters, and print the row; whether all is well."""
    python = interpreter(settings.get("packages", "here"), settings.get("python", THIS_PYTHON))
    variables = environment(python, settings)
    loaded = subprocess.run([python, "-c", LOADED], env=variables, capture_output=True, text=True, check=True)
    version, numpy, kernels, threads = loaded.stdout.split()
    if (settings.get("blas", kernels), settings.get("threads", threads)) != (kernels, threads):
        raise SystemExit(f"{name}: expected what it names, got {kernels} kernels, {threads} threads: choose other runs")
    here = FOLDER / re.sub(r"[^\w.-]", "_", name)
    here.mkdir(parents=True, exist_ok=True)
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(int(settings.get("load", "0")))]
    begin = time.perf_counter()
    try:
        counts, failed = tests(python, variables, here)
        verdicts = chapters(python, variables, here)
    finally:
        for process in busy:
            process.kill()
            process.wait()
    cells = [name, ", ".join(f"{setting} {value}" for setting, value in settings.items()),
             f"Python {version}, numpy {numpy}, {kernels}", *counts.values(), verdicts,
             f"{(time.perf_counter() - begin) / 60:.1f}"]
    print("|", " | ".join(map(str, cells)), "|", flush=True)
    for test in failed:
        print(f"{name}: {test}", file=sys.stderr)
    return counts["passed"] > 0 and not failed and verdicts == "as in the ledger"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", nargs="*", metavar="RUN", default=list(ROWS),
                        help=f"{', '.join(ROWS)}, or settings such as blas=Zen,threads=2; default: all rows")
    runs = {run: parsed(run) for run in parser.parse_args().runs}
    print(f"{datetime.date.today().isoformat()}\n\n| run | settings | what ran | passed | failed | skipped | verdicts "
          "| minutes |\n|---|---|---|---|---|---|---|---|", flush=True)
    good = [measured(run, settings) for run, settings in runs.items()]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
