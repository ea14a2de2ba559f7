"""Grade submissions of a handout: python -m chapters grade FOLDER

Each notebook is run in a process of its own, see sandbox.py. The tests are ours: a submission's functions are called
with random inputs that are drawn here, and what they return is compared here, so that edited, deleted or rewritten
tests change nothing. What hangs or crashes costs its own exercise. grades.csv and grades.md say, for each student and
exercise, the points and the hint; they are written anew, from memory, after each submission.
"""

import argparse
import ast
import csv
import dataclasses
import json
import math
import os
import re
import secrets
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from chapters import handout, sandbox
from minnet.coursework import Wrong, exercises
from minnet.coursework.checking import judge

MENTIONED = re.compile(r"check\(\s*[\"'](\d\d)\.\d+|^# (\d\d)\.\d+ |\"grade_id\": \"(\d\d)-\d+-", re.MULTILINE)

TABLES = ("grades.csv", "grades.md")


@dataclasses.dataclass
class Grade:
    """What came of one submission: points and hint of each exercise."""

    student: str
    points: dict[str, int] = dataclasses.field(default_factory=dict)
    hints: dict[str, str] = dataclasses.field(default_factory=dict)
    seconds: float = 0.0


def answer_names(chapter: str, only: Sequence[str] = ()) -> dict[str, str]:
    """The name of each exercise's function, from our check cells."""
    import jupytext

    names = {}
    for id, source in handout.sources(chapter, only).items():
        cell = next(cell for cell in jupytext.read(source).cells if handout.kind(cell) == "check")
        call = ast.parse(cell.source).body[0].value
        names[id] = ast.unparse(call.args[1])
    return names


def cells(notebook: dict[str, Any], chapter: str) -> list[str]:
    """What to run of a submission: every cell that the student wrote or changed, and the cells that we gave.

    A cell that we gave is run as we wrote it, in front where it is missing; then, where the student changed it, as it
    is now: a line added there counts, and a line deleted costs nothing. Checks, and cells that only show something
    after an exercise's check, are left out where they are unchanged: grading does not need them.
    """
    ours: dict[str, str] = {}
    needed: set[str] = set()
    checked: set[str] = set()
    for cell in handout.notebook(chapter).cells:
        id = cell.metadata["nbgrader"]["grade_id"]
        exercise = id.rsplit("-", 1)[0]
        if cell.cell_type != "code" or id.endswith("-solution"):
            continue
        ours[id] = cell.source.strip()
        if id.endswith("-check"):
            checked.add(exercise)
        if exercise not in checked:
            needed.add(id)
    found, seen = [], set()
    for cell in notebook["cells"]:
        if cell["cell_type"] != "code":
            continue
        source = "".join(cell["source"]).strip()
        id = cell.get("metadata", {}).get("nbgrader", {}).get("grade_id")
        if id in needed:
            seen.add(id)
            found.append(ours[id])
        if source and source != ours.get(id):
            found.append(source)
    return [ours[id] for id in ours if id in needed - seen] + found


def mentioned(content: bytes) -> list[str]:
    """The chapters that the cells of a notebook name."""
    text = content.decode("utf-8", "replace").replace('\\"', '"')
    return [next(filter(None, groups)) for groups in MENTIONED.findall(text)]


def nothing(student: str, hint: str, chapter: str, only: Sequence[str] = ()) -> Grade:
    """What a submission gets of which nothing can be run."""
    ids = handout.sources(chapter, only)
    return Grade(student, dict.fromkeys(ids, 0), dict.fromkeys(ids, hint))


def grade(student: str, content: bytes, chapter: str, hidden: list[Path], *, megabytes: int, seconds: float,
          rounds: int, limit: float = math.inf, only: Sequence[str] = ()) -> Grade:
    """Grade one submission. A cell or call may take `seconds`, the calls of an exercise together `limit` seconds."""
    begin = time.perf_counter()
    result = Grade(student)
    all_of_them = exercises(chapter)
    others = set(mentioned(content))
    if others and chapter not in others:
        return nothing(student, f"this is a notebook of chapter {min(others)}, not of chapter {chapter}", chapter, only)
    try:
        submission = sandbox.Submission(cells(json.loads(content), chapter), hidden=hidden, megabytes=megabytes,
                                        seconds=seconds)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return nothing(student, "the file is no notebook that can be read", chapter, only)
    try:
        for id, name in answer_names(chapter, only).items():
            exercise = all_of_them[id]
            try:
                function = submission.function(name)
                if function is None:
                    notes = "; ".join(submission.notes.values())
                    raise Wrong(f"{id}: there is no {name}" + (f" (cells failed: {notes})" if notes else ""))
                submission.allow(limit)
                judge(dataclasses.replace(exercise, seconds=math.inf), function,
                      [secrets.randbits(64) for _ in range(max(rounds, exercise.rounds))])
                result.points[id], result.hints[id] = exercise.points, "right"
            except Exception as error:
                said = str(error) if isinstance(error, Wrong) else f"it cannot be compared: {type(error).__name__}"
                result.points[id], result.hints[id] = 0, said.removeprefix(f"{id}: ")[:400]
    finally:
        submission.close()
    result.seconds = time.perf_counter() - begin
    return result


def files(paths: list[Path]) -> tuple[dict[str, Path], dict[str, str], list[Path]]:
    """The notebooks of files and folders by the student's name, folders without one with a hint, and what was skipped.

    The name is the path below the folder that is common to all arguments, without .ipynb. A folder without a notebook
    is listed where a student's could stand: directly in an argument, or beside other folders with no notebook between.
    """
    for path in paths:
        if not path.exists():
            raise SystemExit(f"expected a notebook or a folder, got {path}, which does not exist")
    paths = [path.resolve() for path in paths]
    common = Path(os.path.commonpath([path if path.is_dir() else path.parent for path in paths]))

    def hidden(path: Path) -> bool:
        """Whether a program made it, or this one: a folder with grades.csv is no student's."""
        return ((path / TABLES[0]).exists() or path.name in TABLES
                or any(part.startswith((".", "__")) for part in path.relative_to(common).parts))

    found, empty, skipped = {}, {}, []
    for path in paths:
        inside = sorted(one for one in path.rglob("*") if not hidden(one)) if path.is_dir() else [path]
        notebooks = [one for one in inside if one.is_file() and (one.suffix.lower() == ".ipynb" or one == path)]
        above = {folder for one in notebooks for folder in one.parents}
        direct = {one.parent for one in notebooks}
        for one in inside:
            name = one.relative_to(common)
            if one in notebooks:
                student = (name.with_suffix("") if one.suffix.lower() == ".ipynb" else name).as_posix()
                if found.setdefault(student, one) != one:
                    raise SystemExit(f"expected one notebook for each student, got {found[student]} and {one}")
            elif one.is_file():
                skipped.append(name)
            elif one not in above and (one.parent == path or one.parent in above - direct):
                there = ", ".join(file.name for file in sorted(one.rglob("*")) if file.is_file())
                empty[name.as_posix()] = f"there is no notebook (.ipynb) in this folder: {there or 'it is empty'}"
    if not found:
        raise SystemExit("expected at least one notebook (.ipynb), found none" + (
            f"; skipped: {', '.join(map(str, skipped))}" if skipped else ""))
    return found, empty, skipped


def plain(text: str) -> str:
    """Text that a spreadsheet does not take for a formula."""
    text = re.sub(r"[\x00-\x1f\x7f]+", " ", text)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") else text


def marked_down(text: str) -> str:
    """Text for a cell of a Markdown table."""
    return re.sub(r"([|<>*_`\\\[\]])", r"\\\1", re.sub(r"\s+", " ", text))


def write(grades: list[Grade], chapter: str, out: Path, of: int, only: Sequence[str] = ()) -> None:
    """Write grades.csv and grades.md: of so many submissions those that are graded."""
    worth = {id: exercises(chapter)[id].points for id in handout.sources(chapter, only)}
    with (out / TABLES[0]).open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["student", *worth, "points", "of", *(f"{id} hint" for id in worth)])
        for one in grades:
            rows.writerow([plain(one.student), *one.points.values(), sum(one.points.values()), sum(worth.values()),
                           *map(plain, one.hints.values())])
    lines = [f"# Chapter {chapter}: {len(grades)} of {of} submissions", "",
             f"Isolation: {sandbox.isolation()}.", "",
             "| student | " + " | ".join(f"{id} ({points})" for id, points in worth.items())
             + f" | points of {sum(worth.values())} |", "|---|" + "---|" * (len(worth) + 1)]
    lines += [f"| {marked_down(one.student)} | " + " | ".join(map(str, one.points.values()))
              + f" | {sum(one.points.values())} |" for one in grades]
    for one in grades:
        lines += ["", f"## {marked_down(one.student)}", ""]
        lines += [f"- {id}: {marked_down(hint)}" for id, hint in one.hints.items()]
    (out / TABLES[1]).write_text("\n".join(lines) + "\n", encoding="utf-8")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m chapters grade", description=__doc__.splitlines()[0])
    parser.add_argument("paths", nargs="+", type=Path, metavar="FILE_OR_FOLDER", help="notebooks, or folders of them")
    parser.add_argument("--chapter", metavar="NUMBER", help="default: the one that most cells name")
    parser.add_argument("--only", nargs="+", metavar="EXERCISE", default=(), help="these exercises, such as 04.1 04.3")
    parser.add_argument("--out", metavar="DIR", type=Path, default=Path(), help="where grades.csv and grades.md go")
    parser.add_argument("--timeout", metavar="SECONDS", type=float, default=20.0,
                        help="of one cell or call; default: %(default)s")
    parser.add_argument("--limit", metavar="SECONDS", type=float, default=60.0,
                        help="of all calls of an exercise together; default: %(default)s")
    parser.add_argument("--memory", metavar="MB", type=int, default=2048, help="of a process; default: %(default)s")
    parser.add_argument("--workers", metavar="N", type=int, default=os.cpu_count() or 1, help="default: %(default)s")
    parser.add_argument("--rounds", metavar="N", type=int, default=handout.HIDDEN_ROUNDS,
                        help="random inputs for each exercise; default: %(default)s")
    options = parser.parse_args(arguments)
    if options.workers < 1 or options.rounds < 1 or options.memory < 256 or not (
            options.timeout > 0 and options.limit > 0):
        parser.error("expected workers and rounds ≥ 1, a timeout and a limit above 0, and a memory of at least 256 MB")
    found, empty, skipped = files(options.paths)
    for file in skipped:
        print(f"skipped, no notebook (.ipynb): {file}", file=sys.stderr)
    contents = {student: file.read_bytes() for student, file in found.items()}       # before any of them runs
    named = [number for content in contents.values() for number in mentioned(content)]
    if options.chapter is None and not named:
        raise SystemExit("no cell names an exercise: say which chapter, --chapter 04")
    chapter = options.chapter.zfill(2) if options.chapter else max(sorted(set(named)), key=named.count)
    handout.sources(chapter, options.only)
    options.out.mkdir(parents=True, exist_ok=True)
    hidden = [file.resolve() for file in found.values()]
    print(f"chapter {chapter}, {len(found)} submissions; {sandbox.isolation()}", file=sys.stderr)
    grades = {student: nothing(student, hint, chapter, options.only) for student, hint in empty.items()}
    pool = ThreadPoolExecutor(options.workers)
    try:
        for job in as_completed([
                pool.submit(grade, student, content, chapter, hidden, megabytes=options.memory, seconds=options.timeout,
                            rounds=options.rounds, limit=options.limit, only=options.only)
                for student, content in contents.items()]):
            done = job.result()
            grades[done.student] = done
            write([grades[student] for student in [*empty, *found] if student in grades], chapter, options.out,
                  of=len(empty) + len(found), only=options.only)
            print(f"{done.student}: {sum(done.points.values())} points, {done.seconds:.0f} s", file=sys.stderr)
    finally:
        pool.shutdown(cancel_futures=True)                     # Ctrl-C: those that run end, no other begins
    print(f"{options.out / TABLES[0]}, {options.out / TABLES[1]}")
    return 0
