"use strict";

// A page that is opened as a file may not read its neighbours: the search then shows titles without excerpts.
if (location.protocol === "file:" && typeof DOCUMENTATION_OPTIONS !== "undefined") {
  DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
}

document.addEventListener("DOMContentLoaded", () => {
  // What is wider than the page scrolls inside its own box, by keyboard too.
  for (const box of document.querySelectorAll("article pre, article .cell_output .text_html, article .pst-scrollable-table-container")) {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
  }
  document.querySelectorAll('article img[src$=".gif"]').forEach(pausable);
  const table = document.getElementById("ledger");
  if (table) ledger(table);
});

// A moving picture gets a button that shows its first frame instead; so it begins for readers who asked for less motion.
function pausable(image) {
  const still = document.createElement("canvas"), button = document.createElement("button");
  still.setAttribute("role", "img");
  still.setAttribute("aria-label", image.alt);
  still.style.maxWidth = "100%";
  button.type = "button";
  button.className = "still";
  image.after(still, button);
  const show = moving => {
    image.hidden = !moving;
    still.hidden = moving;
    button.textContent = moving ? "Stop this picture" : "Play this picture";
  };
  const ready = () => {
    still.width = image.naturalWidth;
    still.height = image.naturalHeight;
    still.getContext("2d").drawImage(image, 0, 0);
    show(!matchMedia("(prefers-reduced-motion: reduce)").matches);
  };
  button.addEventListener("click", () => show(image.hidden));
  if (image.complete) ready(); else image.addEventListener("load", ready);
}

// Two initializers go by their author's surname and by his first name: a row with one of the names is found by both.
const NAMES = [[/glorot|xavier/i, "glorot xavier"], [/\bHe\b|\bhe_|[Kk]aiming/, "he kaiming"]];

function searched(row) {
  const text = Array.from(row.cells, cell => cell.textContent).join(" ");
  const both = NAMES.filter(([name]) => name.test(text)).map(([, names]) => names);
  return [text, ...both].join(" ").toLowerCase();
}

function ledger(table) {
  const form = document.getElementById("filter");
  const body = table.tBodies[0];
  const rows = Array.from(body.rows), texts = new Map(rows.map(row => [row, searched(row)]));
  const pieces = document.querySelectorAll("#verdicts button");

  function filter() {
    const words = form.words.value.toLowerCase().split(/\s+/).filter(Boolean);
    const verdict = form.verdict.value, chapter = form.chapter.value;
    let shown = 0;
    for (const row of rows) {
      row.hidden = (verdict && row.dataset.verdict !== verdict) || (chapter && row.dataset.chapter !== chapter)
        || !words.every(word => texts.get(row).includes(word));
      if (!row.hidden) shown++;
    }
    for (const piece of pieces) {
      piece.setAttribute("aria-pressed", piece.dataset.chapter === chapter && piece.dataset.verdict === verdict);
    }
    form.querySelector("output").textContent = `${shown} of ${rows.length} claims`;
  }

  function sort(header) {
    const column = header.cellIndex;
    const down = header.getAttribute("aria-sort") === "ascending";
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", down ? "descending" : "ascending");
    const sorted = rows.map((row, i) => [row.cells[column].textContent, i, row]);
    sorted.sort((a, b) => (down ? -1 : 1) * a[0].localeCompare(b[0], "en", {numeric: true}) || a[1] - b[1]);
    body.append(...sorted.map(entry => entry[2]));
  }

  form.addEventListener("input", filter);
  form.addEventListener("submit", event => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(filter));
  for (const header of table.tHead.rows[0].cells) {
    header.firstElementChild.addEventListener("click", () => sort(header));
  }
  for (const piece of pieces) {
    piece.addEventListener("click", () => {
      const again = piece.getAttribute("aria-pressed") === "true";
      form.verdict.value = again ? "" : piece.dataset.verdict;
      form.chapter.value = again ? "" : piece.dataset.chapter;
      filter();
    });
  }
  filter();
}
