"""Build the book: python -m chapters book [--out DIR] [--repository OWNER/NAME]"""

import argparse
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from chapters.book import pages

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def build(out: Path, repository: str | None = None) -> int:
    """Write the site into the folder `out`; return Sphinx's exit status, 0 if there was no warning.

    What an earlier build left in `out` is removed first. Raises FileExistsError where `out` holds anything else.
    """
    if out.exists() and any(out.iterdir()):
        if not (out / ".buildinfo").exists():
            raise FileExistsError(f"expected an empty folder or an earlier book in {out}, got other files: name "
                                  "another folder with --out")
        shutil.rmtree(out)
    from sphinx.cmd.build import main as sphinx

    with tempfile.TemporaryDirectory(prefix="minnet-book-") as folder:
        source = Path(folder) / "source"
        pages.write(source, repository)
        status = sphinx(["-W", "--keep-going", "-q", "-b", "html", "-c", str(HERE),
                         "-d", str(Path(folder) / "doctrees"), str(source), str(out)])
    (out / "_static" / "webpack-macros.html").unlink(missing_ok=True)     # a template of the theme, not a page
    if pages.EXPLORER.exists():
        place = out / pages.EXPLORER.relative_to(ROOT)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(pages.EXPLORER, place)
    return int(status)


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m chapters book", description="Build the book, a static site.")
    parser.add_argument("--out", type=Path, metavar="DIR", default=ROOT / "build" / "book",
                        help="folder of the site; default: build/book")
    parser.add_argument("--repository", metavar="OWNER/NAME", default=os.environ.get("GITHUB_REPOSITORY"),
                        help="on GitHub: adds links that open a chapter in Colab and Binder")
    return parser


def main(arguments: list[str]) -> int:
    command = parser()
    options = command.parse_args(arguments)
    try:
        import myst_nb  # noqa: F401
    except ImportError:
        command.error('expected Sphinx and MyST-NB: pip install -e ".[book]"')
    begin = time.perf_counter()
    try:
        status = build(options.out, options.repository)
    except FileExistsError as error:
        command.error(str(error))
    files = [path for path in options.out.rglob("*") if path.is_file()]
    pages_made, size = sum(path.suffix == ".html" for path in files), sum(path.stat().st_size for path in files)
    print(f"{pages_made} pages, {size / 1e6:.1f} MB, {time.perf_counter() - begin:.0f} s: open "
          f"{options.out / 'index.html'}", file=sys.stderr)
    return status
