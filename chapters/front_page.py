"""The ledger's front page: the claims with a headline, a sentence each, as chapters/README.md with a picture.

`python -m chapters --write` renews both, and chapters/articles.md with them; `python -m chapters.front_page` makes them
from the ledger as it is.
"""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

from chapters import articles

HERE = Path(__file__).parent
VERDICTS = ("reproduced", "conditional", "mixed", "refuted", "not reproduced")
MARKS = {"reproduced": "✔ reproduced", "conditional": "◐ conditional", "mixed": "◑ mixed", "refuted": "✘ refuted",
         "not reproduced": "○ not reproduced"}
COLORS = {"reproduced": "#0072b2", "conditional": "#56b4e9", "mixed": "#e69f00", "refuted": "#7a2b00",
          "not reproduced": "#bbbbbb"}


def measured(row: dict[str, Any]) -> str:
    """What was measured, the median over runs with two digits, the criterion, and how many runs meet it.

    What was measured stands in brackets at the end of the claim's statement. Where a condition is stated, the runs
    without it are counted too.
    """
    found = re.search(r"\(([^()]*)\)$", row["statement"])
    criterion = re.sub(r"\d+\.\d{3,}", lambda number: f"{float(number[0]):.3g}", row["criterion"])
    what = f"{found[1]}: " if found else ""
    without = f"; without the condition {row['without_met']}" if row["condition"] else ""
    return f"{what}{row['measured']:.2g} (criterion {criterion}, met by {row['met']}{without})"


def text(rows: list[dict[str, Any]]) -> str:
    """The front page in Markdown."""
    shown = [row for row in rows if row.get("headline")]
    notebooks = {path.name[:2]: path.name for path in sorted(HERE.glob("[0-9][0-9]_*.ipynb"))}
    table = [f"| [{row['chapter']}]({notebooks.get(row['chapter'], '')}) | {row['headline']} | "
             f"{MARKS[row['verdict']]} | {row['condition'] or ''} | {measured(row)} |" for row in shown]
    counts = Counter(row["verdict"] for row in rows)
    return "\n".join([
        "# What holds, and what does not", "",
        "Every claim of the literature that the chapters test is judged by a run, against a criterion that the text "
        "states before the measurement. These are the main ones; the [ledger](ledger.json) has all "
        f"{len(rows)}: {', '.join(f'{counts[v]} {v}' for v in VERDICTS)}.", "",
        "![A square for each claim, chapter by chapter, in the colour of its verdict](verdicts.png)", "",
        "Where a *condition* is named, the claim was measured under it and without it, and the last column counts "
        "both. *Reproduced*: every run meets the criterion, also without the condition. *Conditional*: every run meets "
        "it under the condition, and none without it. *Mixed*: some runs meet it and others do not, under the "
        "condition or without it. *Refuted*: no run meets it under the condition, if there is one. *Not reproduced*: "
        "the same, where a paper's setting was not repeated in full. (Xavier is Glorot's first name; "
        "popular articles A to D are four introductions on the web: [what they say](articles.md), sentence by "
        "sentence.) Back to the [overview](../README.md).", "",
        "| chapter | claim | verdict | condition | measured |", "|---|---|---|---|---|", *table, "",
        "This page is made from the ledger by `python -m chapters --write`.", ""])


def draw(rows: list[dict[str, Any]], file: Path) -> None:
    """A square for each claim, a row for each chapter; the squares differ in lightness too."""
    import matplotlib.pyplot as plt

    chapters = sorted({row["chapter"] for row in rows})
    with plt.rc_context({"font.size": 10}):
        figure = plt.figure(figsize=(8, 0.32 * len(chapters) + 0.9), layout="constrained")
        ax = figure.subplots()
        for y, chapter in enumerate(chapters):
            verdicts = sorted((row["verdict"] for row in rows if row["chapter"] == chapter), key=VERDICTS.index)
            ax.scatter(range(len(verdicts)), [y] * len(verdicts), s=110, marker="s",
                       color=[COLORS[verdict] for verdict in verdicts], linewidths=0)
        for verdict in VERDICTS:
            ax.scatter([], [], s=80, marker="s", color=COLORS[verdict], label=verdict)
        ax.set_yticks(range(len(chapters)), [f"chapter {chapter}" for chapter in chapters])
        ax.set(xticks=[], ylim=(len(chapters) - 0.5, -0.5))
        ax.spines[:].set_visible(False)
        ax.tick_params(length=0)
        figure.legend(loc="outside lower center", ncols=len(VERDICTS), frameon=False, handletextpad=0.1)
        figure.savefig(file, dpi=100, metadata={"Software": None})
        plt.close(figure)


def write(here: Path, rows: list[dict[str, Any]]) -> None:
    """Renew README.md, articles.md and verdicts.png in this folder."""
    (here / "README.md").write_text(text(rows), encoding="utf-8")
    (here / "articles.md").write_text(articles.text(rows), encoding="utf-8")
    draw(rows, here / "verdicts.png")


if __name__ == "__main__":
    write(HERE, json.loads((HERE / "ledger.json").read_text(encoding="utf-8")))
