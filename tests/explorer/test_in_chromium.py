"""Both forms of the explorer in headless Chromium: choose, train, rewind, compare; the numbers are the library's."""

import json
import re
import shutil
import socket
import subprocess
import sys

import numpy as np
import pytest

from chapters.explorer_page.__main__ import FRAMES, HERE, computed, grid, page, short
from minnet.explorer import Run, Settings, drawings, view

sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = [pytest.mark.book, pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium")]
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync"]
PATIENCE = 300_000                               # milliseconds until a page that does not answer is given up


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def opened(browser):
    """Opens pages, and lists what they ask the network for and what they write as errors to the console."""
    requests, errors, tabs = [], [], []

    def open_page(address, width=1280):
        tab = browser.new_page(viewport={"width": width, "height": 900})
        tab.set_default_timeout(PATIENCE)
        tab.on("request", lambda request: requests.append(request.url))
        tab.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
        tab.on("pageerror", lambda error: errors.append(str(error)))
        tab.goto(address)
        tabs.append(tab)
        return tab, requests, errors

    yield open_page
    for tab in tabs:
        tab.close()


def paths(html):
    """The lines of a picture."""
    return re.findall(r' d="([^"]*)"', html)


# The widgets behind the local server ---------------------------------------------------------------------------

@pytest.fixture(scope="module")
def server():
    for package in ("voila", "ipywidgets"):
        pytest.importorskip(package, reason="needs the extra explorer")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-m", "minnet.explorer", "--no-browser", "--port", str(port)],
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    said = []
    for line in process.stderr:
        said.append(line)
        if "running at" in line:
            break
    assert process.poll() is None, "".join(said)
    yield port
    process.terminate()
    process.communicate()


def choose(tab, name, option):
    tab.select_option(f".minnet-{name} select", label=option)


def status(tab, words):
    tab.wait_for_function("words => document.querySelector('.minnet-status').textContent.includes(words)", arg=words)


def lines(tab, panel):
    return paths(tab.locator(f".minnet-{panel}").inner_html())


def test_widgets_choose_train_rewind_compare(server, opened):
    tab, requests, _ = opened(f"http://127.0.0.1:{server}/")
    tab.wait_for_selector(".minnet-diagnosis li")
    for name, option in (("depth", "3"), ("width", "16"), ("init", "glorot_normal"), ("activation", "tanh")):
        choose(tab, name, option)
    run = Run(Settings(init="glorot_normal", activation="tanh", depth=3, width=16))
    seen = view.observe(run)
    expected = view.profile_pictures(seen, run.expected(), None)
    tab.wait_for_function("label => document.querySelector('.minnet-z svg')?.getAttribute('aria-label') === label",
                          arg=re.search('aria-label="([^"]*)"', expected["z"])[1])
    for panel, picture in expected.items():
        tab.wait_for_function("([panel, d]) => [...document.querySelectorAll(`.minnet-${panel} path`)].map("
                              "path => path.getAttribute('d')).join() === d", arg=[panel, ",".join(paths(picture))])
    start = lines(tab, "z")

    tab.select_option(".minnet-explorer select >> nth=8", label="10")
    tab.click(".minnet-train button, button.minnet-train")
    status(tab, "epoch 10")
    run.advance(10)
    trained = view.observe(run, seen.last_delta)
    tab.wait_for_function("words => document.querySelector('.minnet-loss').textContent.includes(words)",
                          arg=f"at step {run.step}")
    assert lines(tab, "loss") == paths(view.loss_picture(trained, None))
    code, names = tab.locator(".minnet-code pre").text_content(), {}
    exec(compile(code, "explorer", "exec"), names)
    assert np.array_equal(names["net"].params, run.net.params)

    tab.click("button.minnet-pin")
    tab.click("button.minnet-rewind")
    status(tab, "Step 0")
    choose(tab, "learning-rate", "0.3")
    tab.wait_for_function("() => document.querySelector('.minnet-comparison').textContent.includes("
                          "'learning rate: 0.1 → 0.3')")
    assert "the same in all layers" in tab.locator(".minnet-comparison").text_content()
    tab.click("button.minnet-unpin")
    tab.wait_for_function("d => [...document.querySelectorAll('.minnet-z path')].map(path => path.getAttribute('d'))"
                          ".join() === d", arg=",".join(start))

    choose(tab, "init", "zeros")
    tab.wait_for_function("() => document.querySelector('.minnet-notes').textContent.includes('Theory is not drawn')")
    assert "Traceback" not in tab.content()
    assert [url for url in requests if not url.startswith((f"http://127.0.0.1:{server}/", "data:", "blob:"))] == []


def test_the_server_answers_this_machine_alone(server):
    with socket.socket() as outside:
        outside.settimeout(5)
        try:
            outside.connect((socket.gethostbyname(socket.gethostname()), server))
        except OSError:
            return
        assert outside.getpeername()[0].startswith("127."), "it listens on an address that others can reach"


# The page of stored runs ---------------------------------------------------------------------------------------

PAGE = HERE / "index.html"
STORED = json.loads((HERE / "runs.json").read_text(encoding="utf-8"))


def label(tab, panel):
    return tab.locator(f"#{panel} svg").get_attribute("aria-label")


def test_stored_choose_train_rewind_compare(opened):
    tab, requests, errors = opened(PAGE.as_uri())
    tab.select_option("#init", "glorot_normal")
    tab.select_option("#depth", "10")
    run = STORED["glorot_normal|relu|10"]
    first, last = run["frames"][0], run["frames"][-1]
    assert f"rms of z: {drawings.number(first['z'][0])} in layer 1" in label(tab, "z")
    said = re.search(r"measured: from ([\d.e-]+) to ([\d.e-]+);", label(tab, "delta")).groups()
    assert [float(one) for one in said] == [first["delta"][0], first["delta"][-1]]
    assert "theory for random weights" in label(tab, "z")
    start = {panel: label(tab, panel) for panel in ("z", "delta", "jacobian", "loss")}

    tab.click("#train")
    tab.wait_for_function("words => document.getElementById('status').textContent.startsWith(words)",
                          arg=f"Step {last['step']}, epoch {FRAMES[-1]}.")
    assert f"loss {drawings.number(last['loss'])} at step {last['step']}" in label(tab, "loss")
    assert tab.locator("#train").text_content() == "Train"
    assert "epochs=60" in tab.locator("#code").text_content()
    assert tab.locator("#diagnosis li").count() == max(1, len(run["end"]))

    tab.click("#pin")
    tab.click("#rewind")
    assert {panel: label(tab, panel) for panel in start} != start, "the pinned run is in the pictures"
    tab.select_option("#init", "he_normal")
    assert "pinned: from" in label(tab, "z")
    assert "glorot_normal, relu, 10" in tab.locator("#comparison").text_content()
    tab.click("#unpin")
    tab.select_option("#init", "glorot_normal")
    assert {panel: label(tab, panel) for panel in start} == start
    assert errors == []
    assert all(url.startswith(("file:", "data:")) for url in requests)


def test_stored_singular_values_that_are_rounding_are_left_out_and_counted(opened):
    tab, _, errors = opened(PAGE.as_uri())
    s = STORED["he_normal|relu|2"]["frames"][0]["s"]
    kept = [value for value in s if value > 64 * np.finfo(float).eps * s[0]]
    tab.select_option("#depth", "2")
    said = label(tab, "jacobian")
    assert f"measured: from {drawings.number(s[0])} to {drawings.number(kept[-1])};" in said
    assert f"left out: {16 - len(kept)} of 16 (rounding)." in said
    tab.select_option("#init", "zeros")
    assert "There is nothing to draw: 3 zeros." in label(tab, "z")
    assert errors == []


def test_stored_run_that_diverges_says_so_once_it_is_trained(opened):
    tab, _, errors = opened(PAGE.as_uri())
    tab.select_option("#init", "normal(std=0.3)")
    tab.select_option("#depth", "10")
    run = STORED["normal(std=0.3)|relu|10"]
    assert run["stopped"]
    assert "Training stopped" not in tab.locator("#status").text_content()
    tab.click("#train")
    words = f"Training stopped: {run['stopped']}. The pictures show the network before that epoch, at step 0."
    tab.wait_for_function("words => document.getElementById('status').textContent.includes(words)", arg=words)
    assert run["stopped"] in label(tab, "loss")
    assert "epochs=0" in tab.locator("#code").text_content()
    tab.click("#rewind")
    assert "Training stopped" not in tab.locator("#status").text_content()
    assert errors == []


def test_stored_numbers_have_the_format_of_the_live_ones(opened):
    tab, *_ = opened(PAGE.as_uri())
    values = [0, 5.66e-7, 0.00000133, 0.000123, 0.5, 9.99, 123, 999.9, 2090, 1.3e38]
    assert tab.evaluate("values => values.map(number)", values) == [drawings.number(value) for value in values]
    assert tab.evaluate("number(null)") == drawings.number(np.nan)
    tab.evaluate("() => { const e = document.getElementById('epoch'); e.value = 1; "
                 "e.dispatchEvent(new Event('input')); }")
    assert "bell curve" not in label(tab, "z_counts")


def test_stored_code_has_the_width_of_the_page(opened):
    tab, *_ = opened(PAGE.as_uri())
    assert tab.evaluate("(() => { const code = document.getElementById('code'); return code.scrollWidth <= "
                        "code.clientWidth; })()")


def test_stored_page_leads_back_to_the_book(opened):
    """In the book the page is chapters/explorer_page/index.html, and the notebook chapters/explorer.html."""
    tab, *_ = opened(PAGE.as_uri())
    links = tab.eval_on_selector_all("a", "links => links.map(link => link.getAttribute('href'))")
    assert links == ["../../index.html", "../explorer.html"]


@pytest.mark.parametrize(("mode", "system", "dark"), [(None, "light", False), (None, "dark", True),
                                                      ("auto", "dark", True), ("dark", "light", True),
                                                      ("light", "dark", False)])
def test_stored_page_follows_the_theme_of_the_book_or_of_the_system(opened, mode, system, dark):
    tab, _, errors = opened(PAGE.as_uri())
    tab.emulate_media(color_scheme=system)
    tab.evaluate("mode => mode === null ? localStorage.removeItem('mode') : localStorage.setItem('mode', mode)", mode)
    tab.reload()
    color = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", color))) < 3 * 60) is dark
    assert errors == []


def test_stored_runs_by_keyboard(opened):
    tab, _, errors = opened(PAGE.as_uri())
    for _ in range(2):                                       # the two links
        tab.keyboard.press("Tab")
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.id") == "init"
    tab.keyboard.press("ArrowDown")
    assert "glorot_normal" in tab.locator("#code").text_content()
    for _ in range(5):
        tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.id") == "epoch"
    tab.keyboard.press("ArrowRight")
    assert "epoch 1." in tab.locator("#status").text_content()
    assert errors == []


def test_every_stored_run_is_drawn_and_fits_a_telephone(opened):
    tab, _, errors = opened(PAGE.as_uri(), width=390)
    for key in STORED:
        for field, value in zip(("init", "activation", "depth"), key.split("|"), strict=True):
            tab.select_option(f"#{field}", value)
        tab.evaluate("() => { const e = document.getElementById('epoch'); e.value = e.max; "
                     "e.dispatchEvent(new Event('input')); }")
        assert tab.locator("svg").count() == 7
        assert "NaN" not in tab.locator("body").inner_html(), key
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    assert errors == []


def test_the_page_is_made_of_the_stored_runs():
    html = PAGE.read_text(encoding="utf-8")
    assert html == page(STORED), "python -m chapters.explorer_page renews it"
    assert len(html.encode()) < 2_000_000
    assert list(STORED) == list(grid())
    assert not re.search(r"(src|href)=[\"']?(https?:)?//", html)


@pytest.mark.parametrize("key", ["he_normal|relu|5", "zeros|tanh|2", "normal(std=0.3)|sigmoid|10"])
def test_stored_runs_are_the_library_s(key):
    """Step 0, to the two digits that do not depend on the processor; after that, rounding grows."""
    run, stored = Run(grid()[key]), STORED[key]
    layers = run.layers()
    for name in ("z", "delta"):
        assert short(getattr(layers, name)) == pytest.approx(stored["frames"][0][name], rel=0.01)
    assert [frame["epoch"] for frame in stored["frames"]] == list(FRAMES)
    fresh = computed(grid()[key])
    assert fresh.keys() == stored.keys()
    kinds = [[sentence.split(":")[0] for sentence in run["start"]] for run in (fresh, stored)]
    assert kinds[0] == kinds[1]
