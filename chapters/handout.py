"""Write the student's notebook of a chapter's exercises: python -m chapters handout 04

It is made of the sources chapters/exercises/NN_k_name.py. Their tagged cells become

    solution       a stub that runs: what stands between ### BEGIN SOLUTION and ### END SOLUTION is replaced
    check          the cell that says whether the answer is right
    explanation    left out

The cells carry the metadata of nbgrader. `--nbgrader` writes what nbgrader calls the source version instead, with the
solutions and with hidden tests: `nbgrader generate_assignment` takes it from there.
"""

import argparse
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from chapters import title

HERE = Path(__file__).parent
STUB = 'raise NotImplementedError("write your answer here")'
SOLUTION = re.compile(r"^( *)### BEGIN SOLUTION\n.*?^ *### END SOLUTION$", re.MULTILINE | re.DOTALL)
HIDDEN_ROUNDS = 20                             # of the hidden tests, and of `python -m chapters grade`
HEADING = re.compile(r"^# (\d\d\.\d+) (.+)$", re.MULTILINE)
BEGIN = """# Exercises to chapter {number}: {title}

{worth}. They belong to the chapter `chapters/{stem}.ipynb` of minnet: read it first.

**Before you begin.** The checks are a part of minnet. In the folder of minnet, with Python 3.11 or newer,

    python3 -m venv .venv && .venv/bin/pip install -q -e ".[chapters]" && .venv/bin/jupyter lab

installs it and opens Jupyter (on Windows, write `.venv\\Scripts` for `.venv/bin`). Open this notebook there.

**How it works.** Write your answer where `raise NotImplementedError` stands, run the cell, then run the check below.
It calls your function with random inputs and says *right*, or where to look. Run it as often as you like: this costs
nothing. You may add cells and imports. Where a task asks for a derivation or a reason, add a text cell for it.

**What to hand in.** This notebook, saved, with your name in the cell below."""
NAME = "Your name:"


def path(chapter: str) -> Path:
    """The text of a chapter."""
    return next(HERE.glob(f"{chapter}_*.py"))


def sources(chapter: str, only: Sequence[str] = ()) -> dict[str, Path]:
    """The source of each exercise of a chapter by its id, {"04.1": …}: of all, or of the given ones only."""
    found = sorted(HERE.glob(f"exercises/{chapter}_[0-9]*_*.py"), key=lambda path: int(path.stem.split("_")[1]))
    if not found:
        there = sorted({path.name[:2] for path in HERE.glob("exercises/[0-9][0-9]_[0-9]*_*.py")})
        raise SystemExit(f"no exercises of chapter {chapter}: there are those of {', '.join(there)}")
    every = {".".join(path.stem.split("_")[:2]): path for path in found}
    unknown = [id for id in only if id not in every]
    if unknown:
        raise SystemExit(f"expected exercises of chapter {chapter}, {', '.join(every)}, got {', '.join(unknown)}")
    return {id: path for id, path in every.items() if id in only or not only}


def kind(cell: Any) -> str:
    """solution, check, explanation, or given."""
    return next((tag for tag in ("solution", "check", "explanation") if tag in cell.metadata.get("tags", ())), "given")


def stubbed(solution: str) -> str:
    """A solution cell without its solution."""
    return SOLUTION.sub(lambda found: found[1] + STUB, solution)


def marked(kind: str, grade_id: str, points: int) -> dict[str, Any]:
    """nbgrader's metadata of a cell: what is not the student's is locked."""
    graded = {"points": points} if kind == "check" else {}
    return {"grade": kind == "check", "grade_id": grade_id, "locked": kind != "solution", "schema_version": 3,
            "solution": kind == "solution", "task": False} | graded


def notebook(chapter: str, *, only: Sequence[str] = (), points: bool = False, nbgrader: bool = False) -> Any:
    """The exercises of a chapter, or the given ones only, as one notebook, without results."""
    import jupytext
    import nbformat

    from minnet.coursework import exercises

    files = sources(chapter, only)
    worth = {id: exercise.points for id, exercise in exercises(chapter).items()}
    made = nbformat.v4.new_notebook(metadata={
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"}})
    total = f"{len(files)} exercises" + (f", {sum(worth[id] for id in files)} points together" if points else "")
    begin = BEGIN.format(number=chapter, title=title(path(chapter)), worth=total, stem=path(chapter).stem)
    for name, text in (("begin", begin), ("name", NAME)):
        mark = marked(name, f"{chapter}-{name}", 0) | {"locked": name == "begin"}
        made.cells.append(nbformat.v4.new_markdown_cell(text, id=f"{chapter}-{name}", metadata={"nbgrader": mark}))
    for id, source in files.items():
        for position, cell in enumerate(jupytext.read(source).cells):
            what = kind(cell)
            if what == "explanation":
                continue
            text = cell.source
            if what == "solution" and not nbgrader:
                text = stubbed(text)
            if what == "check" and nbgrader:
                again = text.strip().removesuffix(")") + f", rounds={HIDDEN_ROUNDS})"
                text = f"{text}\n### BEGIN HIDDEN TESTS\n{again}\n### END HIDDEN TESTS"
            if points and cell.cell_type == "markdown":
                text = HEADING.sub(lambda found: f"{found[0]} ({worth[found[1]]} points)", text)
            name = f"{id.replace('.', '-')}-{what if what != 'given' else position}"
            new = nbformat.v4.new_code_cell if cell.cell_type == "code" else nbformat.v4.new_markdown_cell
            made.cells.append(new(text, id=name, metadata={"nbgrader": marked(what, name, worth[id])}))
    nbformat.validate(made)
    return made


def main(arguments: list[str]) -> int:
    import nbformat

    parser = argparse.ArgumentParser(prog="python -m chapters handout", description=__doc__.splitlines()[0])
    parser.add_argument("chapters", nargs="+", metavar="NUMBER", help="chapters, such as 04")
    parser.add_argument("--only", nargs="+", metavar="EXERCISE", default=(), help="these exercises, such as 04.1 04.3")
    parser.add_argument("--points", action="store_true", help="say in the headings what an exercise is worth")
    parser.add_argument("--nbgrader", action="store_true",
                        help="write nbgrader's source version, with solutions and hidden tests: not for students")
    parser.add_argument("--force", action="store_true", help="overwrite a notebook that is there")
    parser.add_argument("--out", metavar="DIR", type=Path, default=Path(),
                        help="the folder to write to; default: the current one")
    options = parser.parse_args(arguments)
    files = {}
    for number in options.chapters:
        chapter = number.zfill(2)
        sources(chapter, options.only)
        files[chapter] = options.out / f"{path(chapter).stem}_exercises.ipynb"
        if files[chapter].exists() and not options.force:
            raise SystemExit(f"{files[chapter]} exists, perhaps with answers in it: move it, choose another folder "
                             "with --out, or overwrite it with --force")
    options.out.mkdir(parents=True, exist_ok=True)
    for chapter, file in files.items():
        made = notebook(chapter, only=options.only, points=options.points, nbgrader=options.nbgrader)
        nbformat.write(made, file)
        print(f"{file}: {len(sources(chapter, options.only))} exercises")
    return 0
