"""Chapter 04's handout through the real nbgrader: python -m tests.campaigns.nbgrader_round_trip --bin VENV/bin

generate_assignment, autograde and generate_feedback, for a student whose answers are right, one who hands in the
handout as it is, and one who makes a mistake in 04.2. nbgrader needs an environment of its own, with numpy, matplotlib,
tqdm and ipykernel: python -m venv VENV && VENV/bin/pip install nbgrader numpy matplotlib tqdm ipykernel
"""

import argparse
import csv
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat

from chapters import handout
from tests.coursework.submissions import ALL, WRONG, glorot

ROOT = Path(__file__).parents[2]
NAME = "04_glorot_exercises.ipynb"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", type=Path, help="the folder of nbgrader's command, if it is not on PATH")
    options = parser.parse_args()
    path = os.pathsep.join(filter(None, [str(options.bin or ""), os.environ["PATH"]]))
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    environment |= {"PATH": path, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}
    if shutil.which("nbgrader", path=path) is None:
        raise SystemExit("expected nbgrader on PATH, or --bin with the folder it is in; got neither")

    with tempfile.TemporaryDirectory(prefix="minnet-nbgrader-") as folder:
        course = Path(folder)

        def nbgrader(*arguments: str) -> str:
            begin = time.perf_counter()
            done = subprocess.run(["nbgrader", *arguments], cwd=course, env=environment, capture_output=True,
                                  encoding="utf-8")
            print(f"nbgrader {' '.join(arguments)}: {time.perf_counter() - begin:.0f} s, status {done.returncode}")
            if done.returncode:
                raise SystemExit(done.stdout + done.stderr)
            return done.stdout

        print("version", nbgrader("--version").split()[-1])
        (course / "nbgrader_config.py").write_text(
            'c = get_config()\nc.CourseDirectory.course_id = "minnet"\nc.ExecutePreprocessor.timeout = 300\n',
            encoding="utf-8")
        handout.main(["04", "--nbgrader", "--points", "--out", str(course / "source" / "04")])
        nbgrader("generate_assignment", "04", "--create")
        release = nbformat.read(course / "release" / "04" / NAME, as_version=4)
        given = "\n".join(cell.source for cell in release.cells)
        assert "SOLUTION" not in given
        assert "HIDDEN" not in given
        assert "np.sqrt(6" not in given
        source = nbformat.read(course / "source" / "04" / NAME, as_version=4)
        for student in ("right", "blank", "mistaken"):
            mine = nbformat.from_dict(release)
            answers = {cell.metadata.nbgrader.grade_id: cell.source for cell in source.cells}
            if student == "mistaken":
                answers["04-2-solution"] = glorot(WRONG["deviation as bound"][0])["04-2"]
            for cell in mine.cells:
                if cell.metadata.nbgrader.solution and student != "blank":
                    cell.source = answers[cell.metadata.nbgrader.grade_id]
            place = course / "submitted" / student / "04"
            place.mkdir(parents=True)
            nbformat.write(mine, place / NAME)
            nbgrader("db", "student", "add", student)
        nbgrader("autograde", "04")
        nbgrader("generate_feedback", "04")
        nbgrader("export")
        with (course / "grades.csv").open(encoding="utf-8") as file:
            points = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
        feedback = (course / "feedback" / "mistaken" / "04" / NAME).with_suffix(".html").read_text(encoding="utf-8")
        hint = WRONG["deviation as bound"][1] in feedback.lower()
        print(f"points of {ALL}: {points}; the hint is in the feedback: {hint}")
        return 0 if points == {"right": ALL, "blank": 0, "mistaken": ALL - 3} and hint else 1


if __name__ == "__main__":
    sys.exit(main())
