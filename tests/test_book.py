"""The book: built without a warning, every link leads somewhere, figures are described, Chromium shows it offline."""

import json
import re
import subprocess
import sys
import threading
from collections import Counter
from functools import partial
from html import unescape
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from shutil import which
from urllib.parse import unquote, urlsplit

import pytest

nbformat = pytest.importorskip("nbformat")
from chapters.book import build, docstrings, ledger, mathematics, notebooks, pages  # noqa: E402

ROOT = Path(__file__).parents[1]
ROWS = json.loads((ROOT / "chapters" / "ledger.json").read_text(encoding="utf-8"))
NOTEBOOKS = sorted((ROOT / "chapters").glob("**/*.ipynb"))
CHROMIUM = next(filter(None, map(which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]


# Parts, without Sphinx -----------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("text", "expected"), [
    ("see chapter 05.", "see [chapter 05](/chapters/05_he.ipynb)."),
    ("Chapters 04 and 05", "Chapters [04](/chapters/04_glorot.ipynb) and [05](/chapters/05_he.ipynb)"),
    ("[chapter 05](05_he.ipynb), `chapter 05`, $chapter 05$", "[chapter 05](05_he.ipynb), `chapter 05`, $chapter 05$"),
    ("this is chapter 02, not chapter 77", "this is chapter 02, not chapter 77"),
    ("claim *05-half*, *no-claim*", 'claim <a href="../ledger.html#05-half"><em>05-half</em></a>, *no-claim*'),
    ("by `theory.gains`, `mn.fit`, `net.params`", "by {py:obj}`theory.gains <minnet.theory.gains>`, "
     "{py:obj}`mn.fit <minnet.training.fit>`, `net.params`"),
    ("The further part says", "[The further part](/chapters/further/02_symmetry.ipynb) says"),
])
def test_links_from_words(text, expected):
    chapters = {"02": "02_symmetry.ipynb", "04": "04_glorot.ipynb", "05": "05_he.ipynb"}
    assert notebooks.linked(text, chapters, {"05-half"}, here="chapters/02_symmetry.ipynb", up="../") == expected


def test_a_description_is_the_title_and_the_first_sentences_below():
    below = "**What to see.** The *signal* $\\delta \\le 1$ keeps its size. More.\n\nNot this."
    cells = [nbformat.v4.new_code_cell('ax.set_title("He keeps it")'), nbformat.v4.new_markdown_cell(below)]
    assert notebooks.description(cells, 0) == "He keeps it. The signal δ ≤ 1 keeps its size. More."
    cells[1].source = "**What to see.** It is small. In words:\n\n- no more"
    assert notebooks.description(cells, 0) == "He keeps it. It is small."
    cells[1].source = "no such words"
    assert notebooks.description(cells, 0) == "He keeps it. Figure for this text: the first of the page."


def test_every_claim_has_a_cell_that_judges_it():
    claims = {row["id"] for row in ROWS}
    books = [nbformat.read(path, as_version=4) for path in NOTEBOOKS if pages.judges(path.as_posix())]
    found = [id for book in books for id in notebooks.judged(book.cells, claims)]
    assert Counter(found) == Counter(claims)


def test_docstrings_are_plain_text():
    assert docstrings.translated(["a * b and |x| of `code_`", "", "    z = x W", "", "- one", "  more"]) == [
        r"a \* b and \|x\| of `code_`", "", "::", "", "        z = x W", "", "- one", "  more"]


def test_mathematics_has_the_spaces_of_latex():
    pytest.importorskip("latex2mathml", reason="pip install -e '.[book]'")
    thin = mathematics.THIN
    formula = mathematics.mathml(r"x \ln p = (1 - x) \ln(1 - p) / \mathrm{Var}[\text{fan\_in}]", block=False)
    assert f'<mo lspace="{thin}" rspace="{thin}">ln</mo><mi>p</mi>' in formula
    assert f')</mo><mo lspace="{thin}" rspace="0">ln</mo>' in unescape(formula)
    assert '<mo lspace="0" rspace="0">/</mo>' in formula
    assert "<mi>Var</mi>" in formula
    assert '=</mo><mo form="prefix">−</mo>' in unescape(mathematics.mathml("C = -x", block=False))
    assert 'form="prefix"' not in formula
    assert "<mtext>fan_in</mtext>" in formula
    assert '<mo lspace="0" rspace="0">max</mo>' in mathematics.mathml(r"f(z) = \max(z, 0)", block=False)


def test_the_cell_for_colab_finds_everything(tmp_path):
    """Its clone has what the notebooks import and the stored results, without what the extras install."""
    clone, into, _ = notebooks.install_cell(ROOT.as_uri()).splitlines()
    subprocess.run(clone.removeprefix("!"), shell=True, cwd=tmp_path, check=True)
    here = tmp_path / into.removeprefix("%cd ")
    code = "\n".join(cell.source for path in NOTEBOOKS for cell in nbformat.read(path, as_version=4).cells
                     if cell.cell_type == "code" and "exercises" not in path.parts)
    lines = sorted(set(re.findall(r"^(?:import|from) .*", code, re.MULTILINE)))
    stored = sorted(set(re.findall(r"\bstored\(\"\w+\"\)", code)))
    assert len(lines) > 10
    assert len(stored) > 10
    blocked = "import sys\nsys.modules |= dict.fromkeys(('joblib', 'filelock', 'jupytext', 'nbclient', 'pooch'))"
    program = "\n".join([blocked, *lines, "import minnet.experiments.chapter",
                         "stored = minnet.experiments.chapter.stored", *stored, "print(minnet.__file__)"])
    done = subprocess.run([sys.executable, "-c", program], cwd=here, capture_output=True, encoding="utf-8",
                          env={"PATH": "", "MPLBACKEND": "Agg", "MPLCONFIGDIR": str(tmp_path / "matplotlib")})
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).is_relative_to(here)


def test_binder_installs_the_chapters():
    assert (ROOT / "binder" / "requirements.txt").read_text(encoding="utf-8") == "-e .[chapters]\n"
    line = notebooks.run_links("owner/name", "chapters/05_he.ipynb")
    for address in ("https://mybinder.org/v2/gh/owner/name/main?urlpath=lab/tree/chapters/05_he.ipynb",
                    "https://colab.research.google.com/github/owner/name/blob/main/chapters/05_he.ipynb"):
        assert f'href="{address}"' in line
    assert notebooks.run_links(None, "chapters/05_he.ipynb") == ""


def test_the_workflow_publishes_what_the_command_builds():
    yaml = pytest.importorskip("yaml")
    read = yaml.safe_load((ROOT / ".github" / "workflows" / "book.yml").read_text(encoding="utf-8"))
    steps = read["jobs"]["book"]["steps"]
    (command,) = [step["run"] for step in steps if "chapters book" in step.get("run", "")]
    (artifact,) = [step["with"]["path"] for step in steps if "upload-pages-artifact" in step.get("uses", "")]
    assert f"--out {artifact} " in command
    assert {"pages": "write", "id-token": "write"}.items() <= read["permissions"].items()
    build.parser().parse_args(command.split(" book ")[1].replace("${{ github.repository }}", "owner/name").split())


def test_only_an_earlier_book_is_replaced(tmp_path):
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(FileExistsError, match="expected an empty folder or an earlier book"):
        build.build(tmp_path)
    assert (tmp_path / "thesis.tex").exists()


def test_the_picture_of_verdicts_counts_every_claim():
    counts = re.findall(r'aria-label="chapter (\d\d): (\d+) ([\w ]+)">', ledger.picture(ROWS))
    expected = Counter((row["chapter"], row["verdict"]) for row in ROWS)
    assert {(chapter, verdict): int(count) for chapter, count, verdict in counts} == expected


# The site ------------------------------------------------------------------------------------------------------------

@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The folder of the book, built once, and its status: warnings are errors."""
    for name in ("sphinx", "myst_nb", "pydata_sphinx_theme", "latex2mathml", "ziamath"):
        pytest.importorskip(name, reason="pip install -e '.[book]'")
    out = tmp_path_factory.mktemp("book") / "site"
    done = subprocess.run([sys.executable, "-m", "chapters", "book", "--out", str(out), "--repository", "owner/name"],
                          cwd=ROOT, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    return out


class Page(HTMLParser):
    """The anchors, links, parts and figures of a page."""

    def __init__(self, path):
        super().__init__()
        self.anchors, self.links, self.parts, self.images, self.formulas = set(), [], [], [], 0
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        if tag in ("img", "script", "link", "source", "iframe"):
            self.parts += [given[name] for name in ("src", "href") if given.get(name)]
        if tag == "img":
            self.images.append(given)
        self.formulas += tag == "math"


@pytest.fixture(scope="session")
def read(site):
    return {path: Page(path) for path in site.rglob("*.html")}


@pytest.mark.book
def test_every_link_leads_somewhere(site, read):
    checked, wrong = 0, []
    for path, page in read.items():
        for address in page.links + page.parts:
            parts = urlsplit(address)
            if parts.scheme in ("http", "https", "mailto", "data"):
                continue
            checked += 1
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            if not target.is_file() or (target in read and parts.fragment
                                        and unquote(parts.fragment) not in read[target].anchors):
                wrong.append(f"{path.relative_to(site)}: {address}")
    assert sorted(set(wrong)) == []
    assert checked > 5_000
    print(f"{len(read)} pages, {checked} links")


@pytest.mark.book
def test_the_explorer_is_one_step_from_every_page(site, read):
    """It is in the bar on top, and the list of chapters opens it."""
    assert "../explorer.html" in read[site / "chapters" / "05_he.html"].links
    assert "chapters/explorer_page/index.html" in read[site / "explorer.html"].links
    assert "explorer_page/index.html" in read[site / "chapters" / "index.html"].links


@pytest.mark.book
def test_nothing_is_fetched_from_elsewhere(read):
    assert [part for page in read.values() for part in page.parts if urlsplit(part).scheme in ("http", "https")] == []


@pytest.mark.book
def test_every_figure_is_described(site, read):
    images = [(path.name, image) for path, page in read.items() for image in page.images]
    figures = sum(notebooks.pictures(cell) for path in NOTEBOOKS for cell in nbformat.read(path, as_version=4).cells)
    assert len(images) >= figures + len(list((site / "initializers").glob("*.html"))) - 1
    short = [(name, image.get("src", "")[:60]) for name, image in images if len(image.get("alt") or "") < 20]
    assert short == []


@pytest.mark.book
def test_mathematics_is_typeset(site, read):
    assert sum(page.formulas for page in read.values()) > 1000
    assert (site / "_static" / "STIXTwoMath.woff").stat().st_size < 300_000
    text = "\n".join(path.read_text(encoding="utf-8") for path in (site / "chapters").rglob("*.html"))
    for formula in re.findall(r"<math.*?</math>", text, re.DOTALL):
        assert "\\" not in re.sub(r"<[^>]*>", "", formula), formula


@pytest.mark.book
def test_chapters_claims_and_cards_point_to_each_other(site, read):
    table, he = read[site / "ledger.html"], read[site / "chapters" / "05_he.html"]
    assert {row["id"] for row in ROWS} <= table.anchors
    assert "chapters/05_he.html#claim-05-half" in table.links
    assert "../ledger.html#05-half" in he.links
    assert {"01_backpropagation.html", "further/05_he.html"} <= set(he.links)
    assert any(link.startswith("https://mybinder.org/") for link in he.links)
    card = read[site / "initializers" / "he_normal.html"]
    assert "../ledger.html#05-half" in card.links
    assert "../api/minnet.initializers.html#minnet.initializers.he_normal" in card.links


# In a browser --------------------------------------------------------------------------------------------------------

@pytest.fixture(scope="session")
def served(site):
    """The address of the site on this machine."""
    class Silent(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Silent, directory=site))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def chromium(site):
    api = pytest.importorskip("playwright.sync_api", reason="pip install playwright")
    if CHROMIUM is None:
        pytest.skip("there is no chromium on the path")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(params=["served", "file"])
def page(request, chromium, site):
    """A page of a browser at `page.home`. Afterwards there was no error, and nothing was asked of another machine."""
    home = request.getfixturevalue("served") if request.param == "served" else site.as_uri() + "/"
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.home, errors, asked = home, [], []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    yield page
    context.close()
    assert errors == []
    assert asked
    assert [address for address in asked if not address.startswith((home, "data:", "blob:"))] == []


@pytest.mark.book
def test_pages_are_turned(page):
    page.goto(page.home + "chapters/01_backpropagation.html")
    seen = []
    for _ in range(3):
        seen.append(page.locator("h1").first.inner_text().strip("#"))
        page.locator("a.right-next").click()
        page.wait_for_load_state()
    assert seen[0].startswith("Backpropagation by hand")
    assert "further" in seen[1]
    page.locator("a.left-prev").click()
    page.wait_for_load_state()
    assert page.locator("h1").first.inner_text().strip("#") == seen[-1]


@pytest.mark.book
def test_search_opens_a_card(page):
    page.goto(page.home + "search.html?q=orthogonal")
    results = page.locator("#search-results ul.search li a, ul.search li a")
    results.first.wait_for()
    page.wait_for_function("document.querySelector('.search-summary, #search-results p')?.textContent.match(/\\d/)")
    addresses = [link.get_attribute("href") for link in results.all()]
    assert len(addresses) > 5
    assert any("chapters/06_orthogonal" in address for address in addresses)
    page.locator('ul.search li a[href*="initializers/orthogonal.html"]').first.click()
    page.wait_for_load_state()
    assert page.locator("h1").inner_text().startswith("orthogonal")
    assert page.evaluate("[...document.images].every(image => image.complete && image.naturalWidth > 0)")
    assert "Saxe" in page.locator("dl.sheet").first.inner_text()


@pytest.mark.book
def test_the_ledger_is_filtered_and_sorted(page):
    page.goto(page.home + "ledger.html")
    shown = page.locator("#ledger tbody tr:visible")
    said = page.locator("#filter output")
    assert said.inner_text() == f"{len(ROWS)} of {len(ROWS)} claims"
    page.locator("#filter select[name=verdict]").select_option("refuted")
    refuted = [row for row in ROWS if row["verdict"] == "refuted"]
    assert shown.count() == len(refuted) < len(ROWS)
    page.locator("#filter input").press_sequentially("zero")
    assert 0 < shown.count() < len(refuted)
    assert all("zero" in text.lower() for text in shown.all_inner_texts())
    page.locator("#filter button[type=reset]").click()
    page.wait_for_function(f"document.querySelector('#filter output').textContent.startsWith('{len(ROWS)} of')")
    for words, claim in (("Xavier sigmoid", "10-sigmoid"), ("Kaiming swish", "10-swish")):     # first names
        page.locator("#filter input").fill(words)
        assert page.locator(f'[id="{claim}"]').is_visible()
        assert shown.count() < len(ROWS) / 4
    page.locator("#filter input").fill("")
    piece = page.locator('#verdicts button[data-chapter="05"][data-verdict="mixed"]')
    piece.focus()
    page.keyboard.press("Enter")
    assert shown.count() == len([r for r in ROWS if r["chapter"] == "05" and r["verdict"] == "mixed"])
    page.keyboard.press("Enter")
    assert shown.count() == len(ROWS)
    head = page.locator("#ledger th").nth(0)
    for direction in ("ascending", "descending"):
        head.locator("button").press("Enter")
        assert head.get_attribute("aria-sort") == direction
    ids = page.eval_on_selector_all("#ledger tbody tr", "rows => rows.map(row => row.id)")
    assert ids == sorted((row["id"] for row in ROWS), reverse=True)


@pytest.mark.book
def test_a_claim_leads_to_its_cell_and_back(page):
    page.goto(page.home + "ledger.html#05-half")
    page.locator("#ledger tr:target a").first.click()
    page.wait_for_load_state()
    assert page.url.endswith("chapters/05_he.html#claim-05-half")
    page.locator("#claim-05-half").click()
    page.wait_for_load_state()
    assert page.url.endswith("ledger.html#05-half")


@pytest.mark.book
def test_a_moving_picture_can_be_stopped(page):
    page.goto(page.home + "index.html")
    button = page.locator("button.still").first
    button.click()
    assert button.inner_text() == "Play this picture"
    assert page.locator("canvas[role=img]").first.get_attribute("aria-label")
    assert not page.locator('img[src$="twins.gif"]').is_visible()


@pytest.mark.book
def test_no_page_is_wider_than_a_telephone(chromium, site, served):
    context = chromium.new_context(viewport={"width": 390, "height": 844}, color_scheme="dark")
    page = context.new_page()
    wide = []
    for path in sorted(site.rglob("*.html")):
        if not {"_modules", "_static"} & set(path.parts):
            page.goto(served + path.relative_to(site).as_posix(), wait_until="domcontentloaded")
            if page.evaluate("document.documentElement.scrollWidth") > 390:
                wide.append(path.relative_to(site).as_posix())
    context.close()
    assert wide == []


def test_pages_names_modules_that_import_minnet_offers():
    import minnet

    offered = {name for name in minnet.__all__ if type(getattr(minnet, name)).__name__ == "module"}
    assert offered - {name.split(".")[-1] for name in notebooks.MODULES} == set()
