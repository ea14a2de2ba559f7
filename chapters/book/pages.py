"""Write the sources of the book's pages into a folder that mirrors the repository: notebooks, Markdown, API."""

import importlib
import json
import re
import shutil
from html import escape
from pathlib import Path
from typing import Any

from chapters import front_page, title
from chapters.book import ledger, notebooks
from chapters.book.notebooks import MODULES

ROOT = Path(__file__).parents[2]
EXPLORER = ROOT / "chapters" / "explorer_page" / "index.html"    # a page that is complete: it is copied
NOTEBOOK = "chapters/explorer.ipynb"                             # the explorer with widgets
PROJECT = ("tests/DEVELOPING.md", "tests/benchmarks/README.md", "datasets/README.md")
# Values for options that have no default.
EXAMPLES: dict[str, dict[str, Any]] = {"constant": {"value": 0.1}, "fixup": {"blocks": 8},
                                       "gpt2_residual": {"sums": 24}}
CALLS = ("Keras", "PyTorch", "JAX")


def write(source: Path, repository: str | None = None) -> None:
    """All pages, into the new folder `source`. `repository`, OWNER/NAME on GitHub, adds links to Colab and Binder."""
    rows = json.loads((ROOT / "chapters" / "ledger.json").read_text(encoding="utf-8"))
    chapters = {path.name[:2]: path.name for path in sorted((ROOT / "chapters").glob("[0-9][0-9]_*.ipynb"))}
    books = read(sorted((ROOT / "chapters").glob("**/*.ipynb")))
    claims = {row["id"] for row in rows}
    places = {id: f"{Path(name).with_suffix('.html').as_posix()}#claim-{id}" for name, book in books.items()
              if judges(name) for id in notebooks.judged(book.cells, claims)}
    uses = initializers_used(books, claims)                 # before the notebooks are changed
    write_notebooks(source, books, chapters, claims, repository)
    write_chapters(source, list(books))
    write_explorer(source)
    write_claims(source, rows, places)
    write_initializers(source, rows, uses)
    write_api(source)
    write_project(source)


def text(path: Path, words: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(words, encoding="utf-8")


def toctree(names: list[str], options: str = "") -> str:
    return "```{toctree}\n" + options + "\n" + "\n".join(names) + "\n```\n"


def read(paths: list[Path]) -> dict[str, Any]:
    """{path from the root: notebook}."""
    import nbformat

    return {path.relative_to(ROOT).as_posix(): nbformat.read(path, as_version=4) for path in paths
            if ".ipynb_checkpoints" not in path.parts}


def judges(name: str) -> bool:
    """Is it a notebook that judges claims: a chapter or its further part?"""
    return Path(name).parent.name in ("chapters", "further")


# Chapters --------------------------------------------------------------------------------------------------------

def write_notebooks(source: Path, books: dict[str, Any], chapters: dict[str, str], claims: set[str],
                    repository: str | None) -> None:
    """Every notebook; what carries a chapter's number is nested under the chapter."""
    import nbformat

    for name, book in books.items():
        path = Path(name)
        below = [other.removesuffix(".ipynb") for other in books
                 if path.parent.name == "chapters" and Path(other).parent.name in ("further", "exercises")
                 and Path(other).name[:2] == path.name[:2]]
        below.sort(key=lambda other: "/further/" not in other)
        for cell in book.cells:
            if cell.cell_type == "markdown":
                cell.source = relinked(source, name, cell.source)
        notebooks.page(book, here=name, chapters=chapters, claims=claims, judges=judges(name), below=below,
                       run=notebooks.run_links(repository, name))
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(book, source / name)


def write_chapters(source: Path, names: list[str]) -> None:
    """The list of chapters: the README's table, what else there is in the folder, and the lecturer's page.

    A notebook of chapters/ or of a folder in it that belongs to no chapter is listed by itself, but for the explorer's.
    """
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    table = readme.split("\n## Chapters\n")[1].split("\n## ")[0].replace("](chapters/", "](")
    paths = [Path(name).relative_to("chapters").with_suffix("") for name in names
             if name != NOTEBOOK]
    top = [path for path in paths if path.parent == Path()]
    numbers = {path.name[:2] for path in top if path.name[:2].isdigit()}
    listed = [f"{path.name[:2]} {title(ROOT / 'chapters' / path.with_suffix('.py'))} <{path}>"
              if path.name[:2] in numbers else path.as_posix() for path in top]
    listed += [path.as_posix() for path in paths if path not in top and path.name[:2] not in numbers]
    copy(source, "chapters/lecturers.md")
    listed.append("lecturers")
    text(source / "chapters" / "index.md", f"# Chapters\n{table}\n{explorer_link('explorer_page/index.html')}"
         + toctree(listed, ":hidden:\n:titlesonly:\n"))


def explorer_link(address: str) -> str:
    """A paragraph that opens the explorer's page."""
    return (f'<a href="{address}"><strong>Open the explorer</strong></a>: it replays the training of networks that '
            "differ in their start, layer by layer, with nothing to install.\n\n" if EXPLORER.exists() else "")


def write_explorer(source: Path) -> None:
    """The explorer's entry in the bar on top."""
    text(source / "explorer.md", f"# Explorer\n\n{explorer_link(EXPLORER.relative_to(ROOT).as_posix())}With minnet "
         "installed you choose networks and data of your own:\n\n"
         + toctree(["/" + NOTEBOOK.removesuffix(".ipynb")], ":maxdepth: 1\n"))


def write_claims(source: Path, rows: list[dict[str, Any]], places: dict[str, str]) -> None:
    """The front page of the ledger, and the whole of it."""
    front = (ROOT / "chapters" / "README.md").read_text(encoding="utf-8")
    front = relinked(source, "chapters/README.md", front)
    text(source / "chapters" / "README.md", front + "\n" + toctree(["/ledger", "articles"], ":hidden:\n"))
    copy(source, "chapters/articles.md")
    missing = sorted(row["id"] for row in rows if row["id"] not in places)
    if missing:
        raise ValueError(f"expected every claim of the ledger to be judged in a notebook, got none for {missing}")
    text(source / "ledger.md", "\n\n".join([
        "# The ledger", f"All {len(rows)} claims, each with a link to the cell that judges it. A piece of the picture "
        "shows its claims, a head of the table sorts by its column.",
        ledger.picture(rows), ledger.form(rows), ledger.table(rows, places), ""]))


# Initializers ----------------------------------------------------------------------------------------------------

def initializers_used(books: dict[str, Any], claims: set[str]) -> dict[str, set[str]]:
    """{initializer: the claims that are judged in a section of a notebook whose code names it}."""
    from minnet.initializers.definition import ALL

    uses: dict[str, set[str]] = {name: set() for name in ALL}
    for book in (book for name, book in books.items() if judges(name)):
        for cells in notebooks.sections(book.cells):
            code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
            judged = set(notebooks.judged(cells, claims))
            for name in re.findall(r"\binitializers\.(\w+)", code) + re.findall(r"init=\"(\w+)\"", code):
                uses.get(name, set()).update(judged)
    return uses


def write_initializers(source: Path, rows: list[dict[str, Any]], uses: dict[str, set[str]]) -> None:
    """A page for each initializer: its card and the claims about it; and the calls of the frameworks in one table."""
    from minnet import reference
    from minnet.initializers import definition

    names = list(definition.ALL)
    for name, init in definition.ALL.items():
        card = reference.card(init(**EXAMPLES[name]) if name in EXAMPLES else init)
        about = [row for row in rows if row["id"] in uses[name]]
        text(source / "initializers" / f"{name}.md", card_page(name, card, about))
        card.figure().savefig(source / "initializers" / f"{name}.png", dpi=140, metadata={"Software": None})
    table = reference.parity()._repr_html_()
    text(source / "initializers" / "index.md", "\n\n".join([
        "# Initializers", "A page for each: formula, source, a drawn matrix beside its prediction, what it keeps and "
        "when it fails, the calls of other frameworks, and the claims about it.", toctree(names, ":maxdepth: 1\n"),
        "## The calls of Keras, PyTorch and JAX", f'<div class="scroll" tabindex="0">{table}</div>', ""]))


def card_page(name: str, card: Any, rows: list[dict[str, Any]]) -> str:
    """A card in Markdown."""
    shown = dict(card.rows)
    lines = [f"# {name}", f"<p>{escape(shown.pop('formula'))}</p>"]
    cells = "".join(f"<dt>{escape(label)}</dt><dd>{escape(words)}</dd>" for label, words in shown.items()
                    if label not in ("histogram", *CALLS))
    calls = "".join(f"<dt>{label}</dt><dd><code>{escape(shown[label])}</code></dd>" for label in CALLS)
    alt = notebooks.plain(f"Entries and singular values of {card.title}. {shown['entries']}. {shown['spectrum']}.")
    lines += [f"![{alt}]({name}.png)", f'<dl class="sheet">{cells}</dl>', "## In other frameworks",
              f'<dl class="sheet">{calls}</dl>',
              f"In the library: {{py:obj}}`initializers.{name} <minnet.initializers.{name}>`."]
    if rows:
        items = "".join(
            f'<li><a href="../ledger.html#{row["id"]}">{row["id"]}</a>, {front_page.MARKS[row["verdict"]]}: '
            f"{escape(row['headline'] or row['statement'])}</li>" for row in rows)
        lines += ["## Claims", "Judged in a section of a chapter whose code uses this initializer:",
                  f"<ul>{items}</ul>"]
    return "\n\n".join([*lines, ""])


# API and project ---------------------------------------------------------------------------------------------------

def write_api(source: Path) -> None:
    for name in MODULES:
        title = f"minnet.{name}"
        text(source / "api" / f"{title}.rst",
             f"{title}\n{'=' * len(title)}\n\n.. automodule:: {title}\n   :members:\n{exported(name)}")
    text(source / "api" / "index.md", "# API\n\nMade from the docstrings of the library.\n\n"
         + toctree([f"minnet.{name}" for name in MODULES], ":maxdepth: 1\n"))


def exported(name: str) -> str:
    """Options for a module that says in __all__ what it offers: also what is defined elsewhere, but for other pages."""
    module = importlib.import_module(f"minnet.{name}")
    if not hasattr(module, "__all__"):
        return ""
    others = {f"minnet.{other}" for other in MODULES if other != name}
    shown_there = [one for one in module.__all__ if getattr(getattr(module, one), "__module__", "") in others]
    return "   :imported-members:\n" + (f"   :exclude-members: {', '.join(shown_there)}\n" if shown_there else "")


def copy(source: Path, name: str) -> None:
    """A page of the repository."""
    text(source / name, relinked(source, name, (ROOT / name).read_text(encoding="utf-8")))


def relinked(source: Path, name: str, words: str) -> str:
    """The Markdown of page `name` with links that hold in the book.

    Files that are no pages come along, to be downloaded; the README is the first page; a folder is no page.
    """
    def link(found: re.Match[str]) -> str:
        label, target = found.groups()
        path = ((ROOT / name).parent / target).resolve()
        if path == ROOT / "README.md":
            return f"[{label}](/index.md)"
        if path == ROOT / "chapters" / "ledger.json":
            return f"[{label}](/ledger.md)"
        if path.is_dir():
            return label
        if path.suffix == ".html":                         # a page that is complete, such as the explorer's
            return f'<a href="{escape(target)}">{label}</a>'
        if path.is_file() and path.suffix not in (".md", ".ipynb"):
            place = source / path.relative_to(ROOT)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, place)
        return found[0]

    return re.sub(r"\[([^]]*)\]\(([^()#:\s]+)\)", link, words)


def write_project(source: Path) -> None:
    """The README as the first page, and the pages for whoever carries on."""
    copy(source, "README.md")
    (source / "README.md").rename(source / "index.md")
    sections = ["chapters/index", "chapters/README", "explorer", "initializers/index", "api/index", "project"]
    with (source / "index.md").open("a", encoding="utf-8") as page:
        page.write("\n" + toctree(sections, ":hidden:\n"))
    for name in PROJECT:
        copy(source, name)
    text(source / "project.md", "# Project\n\nFor whoever carries on.\n\n"
         + toctree([name.removesuffix(".md") for name in PROJECT], ":maxdepth: 1\n"))
