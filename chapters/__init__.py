"""The chapters: notebooks that reproduce the classic experiments, and the runner, python -m chapters."""

from pathlib import Path


def title(source: Path) -> str:
    """The first heading of a chapter's text, chapters/NN_name.py."""
    return next(line.removeprefix("# # ") for line in source.read_text(encoding="utf-8").splitlines()
                if line.startswith("# # "))
