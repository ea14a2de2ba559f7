"""The book: a static site made from the committed notebooks, without running them and without the network.

    python -m chapters book [--out DIR] [--repository OWNER/NAME]        needs: pip install -e ".[book]"

build.py      the command: writes the sources of the pages into a temporary folder, and calls Sphinx on them
pages.py      the pages that no notebook holds: chapters, ledger, initializers, API, the project's own pages
notebooks.py  a notebook as a page: links, descriptions of figures, the place at which a claim is judged
ledger.py     the ledger as a picture and a table, in HTML
mathematics.py  LaTeX to MathML, with the font that it needs
docstrings.py   docstrings, which are plain text, to reStructuredText
conf.py       what Sphinx is told
static/       the look, and the filter of the ledger
"""
