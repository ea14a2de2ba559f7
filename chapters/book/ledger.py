"""The whole ledger in HTML: a picture of the verdicts, which filters, and a table that can be sorted and filtered.

Everything is in the page; static/book.js adds the filter, and without it the table is complete.
"""

from collections import Counter
from html import escape
from typing import Any

from chapters.front_page import COLORS, MARKS, VERDICTS, measured

COLUMNS = ("claim", "chapter", "statement", "source", "verdict", "measured")
LETTERS = {verdict: "#fff" if verdict in ("reproduced", "refuted") else "#000" for verdict in VERDICTS}  # on COLORS


def picture(rows: list[dict[str, Any]]) -> str:
    """A bar for each chapter, cut into its verdicts; each piece is a button that shows its claims."""
    claims = Counter(row["chapter"] for row in rows)
    lines = []
    for chapter in sorted(claims):
        counts = Counter(row["verdict"] for row in rows if row["chapter"] == chapter)
        pieces = "".join(
            f'<button type="button" data-chapter="{chapter}" data-verdict="{verdict}" '
            f'title="{counts[verdict]} {verdict}" style="flex-grow: {counts[verdict]}; '
            f'background: {COLORS[verdict]}; color: {LETTERS[verdict]}" '
            f'aria-label="chapter {chapter}: {counts[verdict]} {verdict}">{counts[verdict]}</button>'
            for verdict in VERDICTS if counts[verdict])
        width = 100 * claims[chapter] / max(claims.values())
        lines.append(f'<div class="bar"><span>{chapter}</span><div style="width: {width:.1f}%">{pieces}</div></div>')
    key = "".join(f'<li><span style="background: {COLORS[verdict]}"></span>{MARKS[verdict]}</li>'
                  for verdict in VERDICTS)
    return (f'<div id="verdicts" role="group" aria-label="Claims of each chapter by verdict">{"".join(lines)}</div>'
            f'<ul class="key">{key}</ul>')


def options(name: str, label: str, values: list[str]) -> str:
    chosen = "".join(f'<option value="{escape(value)}">{escape(value)}</option>' for value in values)
    return f'<label>{label} <select name="{name}"><option value="">all</option>{chosen}</select></label>'


def form(rows: list[dict[str, Any]]) -> str:
    """The filter: words, verdict, chapter."""
    return ('<form id="filter" role="search" aria-label="Filter the claims">'
            '<label>Words <input type="search" name="words" autocomplete="off"></label>'
            + options("verdict", "Verdict", list(VERDICTS))
            + options("chapter", "Chapter", sorted({row["chapter"] for row in rows}))
            + '<button type="reset">Show all</button> <output aria-live="polite"></output></form>')


def line(row: dict[str, Any], place: str) -> str:
    """One claim; `place` is the address of the cell that judges it."""
    condition = f' <span class="condition">Condition: {escape(row["condition"])}.</span>' if row["condition"] else ""
    headline = f"<strong>{escape(row['headline'])}.</strong> " if row["headline"] else ""
    notes = "".join(f' <span class="condition">{escape(note)}</span>' for note in (
        f"The source has {row['paper']}." if row["paper"] is not None else "",
        f"Chosen after the data were seen: {row['post_hoc']}." if row["post_hoc"] else "",
        "Decided by arithmetic alone." if row["definition"] else "") if note)
    cells = {
        "claim": f'<a href="{place}">{row["id"]}</a>', "chapter": row["chapter"],
        "statement": f"{headline}{escape(row['statement'])}{condition}{notes}", "source": escape(row["source"]),
        "verdict": MARKS[row["verdict"]], "measured": escape(measured(row | {"statement": ""})),
    }
    body = "".join(f'<td data-label="{name}">{cells[name]}</td>' for name in COLUMNS)
    return f'<tr id="{row["id"]}" data-verdict="{row["verdict"]}" data-chapter="{row["chapter"]}">{body}</tr>'


def table(rows: list[dict[str, Any]], places: dict[str, str]) -> str:
    head = "".join(f'<th scope="col"><button type="button">{name}</button></th>' for name in COLUMNS)
    body = "".join(line(row, places[row["id"]]) for row in rows)
    return (f'<div class="scroll" tabindex="0" role="region" aria-label="All claims"><table id="ledger">'
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>")
