"""Thirty-six submissions graded by one command, and what came of each: python -m tests.campaigns.submissions

It grades what tests/coursework/submissions.py makes: right, blank, wrong in ten ways, hanging, crashing, attacking.
Then it looks whether anything was left: files outside the temporary folder, changed submissions, a connection.
The submission that forks without end runs only where the number of processes is limited, so not as root.
"""

import argparse
import contextlib
import csv
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from chapters import sandbox
from tests.coursework.submissions import WRONG, all_submissions, expected

ROOT = Path(__file__).parents[2]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path)
    parser.add_argument("--timeout", default="10")
    parser.add_argument("--workers", default="2")
    options = parser.parse_args()
    listener = socket.create_server(("127.0.0.1", 0))
    arrived: list[object] = []

    def listen() -> None:
        with contextlib.suppress(OSError):
            while True:
                arrived.append(listener.accept())

    threading.Thread(target=listen, daemon=True).start()
    with tempfile.TemporaryDirectory(prefix="minnet-submissions-") as text:
        folder = Path(text)
        out = options.out or folder / "out"
        written = folder / "submissions"
        written.mkdir()
        for name, notebook in all_submissions().items():
            if name == "forks without end" and (not sandbox.namespaces() or os.getuid() == 0):
                print("left out: forks without end (no limit on processes here)")
                continue
            for word, value in (("HERE", str(written)), ("PORT", listener.getsockname()[1]),
                                ("OTHER", str(written / "right.ipynb"))):
                notebook = notebook.replace(word, f"'{value}'" if word != "PORT" else str(value))
            (written / f"{name}.ipynb").write_text(notebook, encoding="utf-8")
        before = {file: file.read_bytes() for file in written.iterdir()}
        begin = time.perf_counter()
        subprocess.run([sys.executable, "-m", "chapters", "grade", str(written), "--out", str(out), "--timeout",
                        options.timeout, "--workers", options.workers], cwd=ROOT, check=True,
                       stderr=subprocess.DEVNULL)
        seconds = time.perf_counter() - begin
        with (out / "grades.csv").open(encoding="utf-8") as file:
            grades = {row["student"]: row for row in csv.DictReader(file)}
        wrong = []
        for name in before:
            row = grades[name.stem]
            print(f"{row['points']:>3} of {row['of']}  {name.stem:24} {row['04.2 hint'][:110]}")
            said = WRONG.get(name.stem.removeprefix("wrong "), ("", ""))[1]
            if int(row["points"]) != expected(name.stem) or said.lower() not in row["04.2 hint"].lower():
                wrong.append(name.stem)
        left = [str(place) for place in (Path("/"), Path("/tmp"), Path("/var/tmp"), Path.home(), ROOT, written)
                if (place / "left_behind.txt").exists()]
        changed = [file.stem for file, content in before.items() if file.read_bytes() != content]
        print(f"{len(before)} submissions in {seconds:.0f} s; {sandbox.isolation()}")
        print(f"not as expected: {wrong or 'none'}; files left: {left or 'none'}; submissions changed: "
              f"{changed or 'none'}; connections that arrived: {len(arrived)}")
        return 1 if wrong or left or changed or arrived else 0


if __name__ == "__main__":
    sys.exit(main())
