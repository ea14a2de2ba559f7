"""A committed notebook as a page of the book.

What is added: links from "chapter 05" and from the names of claims, a line below each cell that judges a claim, a
description of each figure for those who do not see it, links that open the notebook elsewhere.
"""

import ast
import contextlib
import html
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# The modules of the API: those that `import minnet` offers by name, in the order in which one meets them, and two more.
MODULES = ("initializers", "activations", "losses", "layers", "network", "optimizers", "schedules", "parameter_groups",
           "mup", "training", "checkpoint", "gradient_check", "datasets", "theory", "diagnostics", "pretraining",
           "reference", "exchange", "plots", "experiments", "experiments.claims", "experiments.sweeps", "estimators")
# Text that stays as it is: links, code, mathematics, tags of HTML.
KEPT = re.compile(r"(\[[^\]]*\]\([^)]*\)|```.*?```|`[^`]*`|\$\$.*?\$\$|\$[^$]*\$|<[^>]*>)", re.DOTALL)
CHAPTERS = re.compile(r"\b[Cc]hapters?\s\d\d(?:(?:,\s|\sand\s|\sto\s)\d\d)*\b")
CLAIM = re.compile(r"\*(\d\d-[a-z0-9-]+)\*")
NAME = re.compile(r"`([a-z_]+(?:\.\w+)+)`")
FURTHER = re.compile(r"\b[Tt]he\sfurther\spart\b")


def linked(text: str, chapters: dict[str, str], claims: set[str], *, here: str, up: str) -> str:
    """The text with links to chapters {number: file name}, the further part, claims in the ledger, and the API.

    `here` is the page's path from the root, "chapters/05_he.ipynb"; `up` leads from its folder to the root, "../".
    """
    own = Path(here).name[:2]

    def number(digits: str, words: str) -> str:
        return f"[{words}](/chapters/{chapters[digits]})" if digits in chapters and digits != own else words

    def chapter(found: re.Match[str]) -> str:
        digits = re.findall(r"\d\d", found[0])
        if len(digits) == 1:
            return number(digits[0], found[0])
        return re.sub(r"\d\d", lambda one: number(one[0], one[0]), found[0])

    def claim(found: re.Match[str]) -> str:
        return f'<a href="{up}ledger.html#{found[1]}"><em>{found[1]}</em></a>' if found[1] in claims else found[0]

    def further(found: re.Match[str]) -> str:
        return f"[{found[0]}](/chapters/further/{Path(here).name})" if here.count("/") == 1 else found[0]

    def api(found: re.Match[str]) -> str:
        name = found[1].removeprefix("mn.").removeprefix("minnet.")
        where = {"fit": "training.fit", "mlp": "network.mlp"}.get(name, name)
        known = where.split(".")[0] in MODULES
        return f"{{py:obj}}`{found[1]} <minnet.{where}>`" if known else found[0]

    parts = KEPT.split(text)
    for i in range(0, len(parts), 2):
        parts[i] = FURTHER.sub(further, CLAIM.sub(claim, CHAPTERS.sub(chapter, parts[i])))
    for i in range(1, len(parts), 2):
        parts[i] = NAME.sub(api, parts[i])
    return "".join(parts)


def plain(text: str) -> str:
    """Markdown without its marks, for a place that takes text alone."""
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", re.sub(r"<[^>]*>", "", text))
    text = re.sub(r"\\(?:mathrm|text|operatorname)\{([^}]*)\}|\\([a-zA-Z]+)|\\.", lambda m: m[1] or symbol(m[2]), text)
    return " ".join(re.sub(r"[*`${}]", "", text).split())


def symbol(command: str | None) -> str:
    """The character that the LaTeX command of this name stands for, or else the name."""
    signs = {"le": "≤", "ge": "≥", "approx": "≈", "cdot": "·", "times": "×", "pm": "±", "to": "→", "mapsto": "↦",
             "sqrt": "√"}
    if not command:
        return " "
    with contextlib.suppress(KeyError):
        return signs.get(command) or unicodedata.lookup(f"GREEK SMALL LETTER {command.upper()}")
    return command


def joined(parts: list[str]) -> str:
    """Titles and sentences as one text."""
    return " ".join(part if part.endswith((".", "?", "!", ":")) else f"{part}." for part in parts)


def sentences(text: str, length: int = 300) -> str:
    """The first sentence, and those after it while all are within that many characters.

    Short words before a colon at the end, "In words:", announce what is not part of the text, and are left out.
    """
    text = re.sub(r"(?<=[.!?])\s+[^.!?:]{1,30}:$", "", plain(text))
    first, *others = re.split(r"(?<=[.!?:])\s+(?=[A-Z(])", text)
    for other in others:
        if len(first) + len(other) >= length:
            break
        first += f" {other}"
    return first


def titles(code: str) -> list[str]:
    """The titles that the code gives to its figures, where they are text: ax.set_title("…"), ax.set(title="…")."""
    found: list[str] = []
    try:
        tree = ast.parse(code)
    except SyntaxError:                                    # a cell with commands of IPython
        return found
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", "")
            given = [word.value for word in node.keywords if word.arg == "title"]
            given += node.args[:1] if name in ("set_title", "suptitle") else []
            constants = [value.value for value in given if isinstance(value, ast.Constant)]
            found += [value for value in constants if isinstance(value, str)]
    return list(dict.fromkeys(" ".join(title.split()).strip("… ") for title in found))


def description(cells: list[Any], position: int) -> str:
    """What a figure shows: its titles, and the text "What to see." below it, or else the text nearest to it."""
    said = titles(cells[position].source)
    for cell in cells[position + 1:position + 4]:
        if cell.cell_type == "markdown" and "**What to see.**" in cell.source:
            below = cell.source.split("**What to see.**")[1].split("\n\n")[0]
            return joined([*said, sentences(below)])
        if pictures(cell):
            break
    if len(joined(said)) > 30:
        return joined(said)
    paragraphs = [part for cell in cells[:position] if cell.cell_type == "markdown"
                  for part in cell.source.split("\n\n") if not part.startswith(("#", "<", "$$"))]
    above = sentences(paragraphs[-1]) if paragraphs else "the first of the page"
    return joined([*said, f"Figure for this text: {above}"])


def pictures(cell: Any) -> int:
    return sum("image/png" in output.get("data", {}) for output in cell.get("outputs", []))


def judged(cells: list[Any], claims: set[str]) -> dict[str, int]:
    """{claim: position of the first cell of code that names it}."""
    places: dict[str, int] = {}
    for position, cell in enumerate(cells):
        if cell.cell_type == "code":
            for id in re.findall(r"[\"'](\d\d-[a-z0-9-]+)[\"']", cell.source):
                if id in claims:
                    places.setdefault(id, position)
    return places


def sections(cells: list[Any]) -> Iterator[list[Any]]:
    """The cells of each section, which begins at a cell that contains a heading."""
    inside: list[Any] = []
    for cell in cells:
        if cell.cell_type == "markdown" and re.search(r"^##? ", cell.source, re.MULTILINE):
            yield inside
            inside = []
        inside.append(cell)
    yield inside


def page(notebook: Any, *, here: str, chapters: dict[str, str], claims: set[str], judges: bool, run: str,
         below: list[str]) -> Any:
    """The notebook with what the book adds: `run` stands below its title, the pages `below` are nested under it, and
    where it `judges` claims they lead to the ledger.
    """
    from nbformat.v4 import new_markdown_cell

    up = "../" * here.count("/")
    places = judged(notebook.cells, claims) if judges else {}
    cells: list[Any] = []
    for position, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown":
            cell.source = linked(cell.source, chapters, claims, here=here, up=up)
        elif pictures(cell):
            cell.metadata["mystnb"] = {"image": {"alt": description(notebook.cells, position)}}
        cells.append(cell)
        here_judged = [id for id, place in places.items() if place == position]
        if here_judged:
            names = ", ".join(f'<a id="claim-{id}" href="{up}ledger.html#{id}">{id}</a>' for id in here_judged)
            words = "claim" if len(here_judged) == 1 else "claims"
            cells.append(new_markdown_cell(f'<p class="judged">In the ledger: {words} {names}</p>'))
    if run:
        title, newline, rest = cells[0].source.partition("\n")
        cells[0].source = f"{title}{newline}\n{run}\n{rest}"
    if below:
        names = "\n".join(f"/{name}" for name in below)
        cells.append(new_markdown_cell(f"```{{toctree}}\n:hidden:\n\n{names}\n```"))
    notebook.cells = cells
    return notebook


def run_links(repository: str | None, path: str) -> str:
    """A line that opens the notebook of this path in Colab, Binder and on GitHub; nothing without a repository."""
    if not repository:
        return ""
    github = f"https://github.com/{repository}"
    binder = f"https://mybinder.org/v2/gh/{repository}/main?urlpath=lab/tree/{path}"
    colab = f"https://colab.research.google.com/github/{repository}/blob/main/{path}"
    first = html.escape(install_cell(github))
    return (f'<details class="run"><summary>Run this page</summary><p><a href="{binder}">Open it in Binder</a>, or '
            f'<a href="{colab}">open it in Colab</a>, with this as its first cell:</p><pre>{first}</pre>'
            f'<p><a href="{github}/blob/main/{path}">The notebook on GitHub</a></p></details>\n')


def install_cell(address: str) -> str:
    """A first cell for Colab. A clone brings the stored results; a kernel that runs finds minnet in its own folder."""
    return f"!git clone -q {address} minnet\n%cd minnet\n%pip install -q -e ."
