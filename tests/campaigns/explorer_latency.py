"""How fast the explorer answers, measured in the browser: `python -m tests.campaigns.explorer_latency`.

It starts `python -m minnet.explorer` and headless Chromium, chooses 20 layers of 64 units, and changes one setting
after another. The time is from the change of a menu to the frame in which the picture of z has changed; the second
number, with theory in it. It needs the extra explorer, playwright and Debian's chromium, and says how busy the machine
was: with other work the times are longer.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time

import numpy as np
from playwright.sync_api import sync_playwright

CHANGES = [("init", "glorot_normal"), ("activation", "tanh"), ("init", "orthogonal"), ("scale", "3.0"),
           ("activation", "relu"), ("data", "moons"), ("init", "he_normal"), ("scale", "1.0"), ("data", "spirals")]
ROUNDS = 3
ANSWER = """async ([name, value]) => {
  const select = document.querySelector(`.minnet-${name} select`), z = document.querySelector('.minnet-z');
  return await new Promise(done => {
    let first = 0;
    const begin = performance.now();
    const seen = new MutationObserver(() => requestAnimationFrame(() => {
      first = first || performance.now() - begin;
      if (z.textContent.includes('theory')) { seen.disconnect(); done([first, performance.now() - begin]); }
    }));
    seen.observe(z, {childList: true, subtree: true});
    select.selectedIndex = [...select.options].findIndex(option => option.textContent === value);
    select.dispatchEvent(new Event('change', {bubbles: true}));
  });
}"""


def measured(port: int) -> np.ndarray:
    """Milliseconds (changes, 2): to the measurement, and to theory."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox",
                                             "--disable-gpu"])
        tab = browser.new_page(viewport={"width": 1280, "height": 1500})
        tab.set_default_timeout(300_000)
        tab.goto(f"http://127.0.0.1:{port}/")
        tab.wait_for_selector(".minnet-diagnosis li")
        tab.evaluate(ANSWER, ["depth", "20"])
        found = []
        for change in CHANGES * ROUNDS:
            time.sleep(1.0)                                    # a person looks at the picture
            found.append(tab.evaluate(ANSWER, list(change)))
        browser.close()
    return np.array(found)


def main() -> None:
    """Start the server, measure, print."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen([sys.executable, "-m", "minnet.explorer", "--no-browser", "--port", str(port)],
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        while "running at" not in server.stderr.readline():
            assert server.poll() is None, "the server did not start"
        found = measured(port)
    finally:
        server.terminate()
        server.communicate()
    for name, times in zip(("measurement", "theory"), found.T, strict=True):
        print(f"{name}: p50 {np.median(times):.0f} ms, p95 {np.quantile(times, 0.95):.0f} ms")
    print(f"{len(found)} changes; {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
