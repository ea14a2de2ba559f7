"""`python -m minnet.explorer`: the explorer in a browser, behind a small server on this machine.

The server is voila, which runs a notebook of one cell, `explore()`, and shows its widgets. It listens on 127.0.0.1
alone. voila's own template loads two style sheets from the internet; the one below leaves them out, so that the page
needs no network. Python for the browser itself would need a numpy for WebAssembly, which the package registries do not
have.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import sys
import tempfile
from pathlib import Path

TEMPLATE = """{% extends 'voila/templates/lab/index.html.j2' %}
{% import "spinner.macro.html.j2" as spinner %}
{% block notebook_css %}
{{ resources.include_js("static/voila-style.js") }}
{{ spinner.css() }}
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
  #rendered_cells { max-width: 1500px; margin: auto; padding: 8px; }
  .jp-Cell, .jp-OutputArea-output, body.jp-Notebook { padding: 0 !important; margin: 0 !important; }
  .jp-OutputPrompt, .jp-InputPrompt { display: none; }
  button:focus-visible, select:focus-visible, pre:focus-visible { outline: 3px solid #0e49ae; }
</style>
{{ super.super() }}
{% endblock %}
"""


def notebook() -> dict[str, object]:
    """The notebook that the server runs."""
    cell: dict[str, object] = {
        "cell_type": "code", "id": "explore", "execution_count": None, "metadata": {}, "outputs": [],
        "source": "from minnet.explorer import explore\n\nexplore()"}
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {"cells": [cell], "metadata": {"kernelspec": kernel, "title": "minnet: the explorer"}, "nbformat": 4,
            "nbformat_minor": 5}


def prepared(folder: Path, port: int, browser: bool) -> list[str]:
    """Write notebook and template into `folder`; the arguments with which voila serves them."""
    (folder / "explorer.ipynb").write_text(json.dumps(notebook()), encoding="utf-8")
    template = folder / "jupyter" / "voila" / "templates" / "minnet"
    template.mkdir(parents=True)
    (template / "index.html.j2").write_text(TEMPLATE, encoding="utf-8")
    (template / "conf.json").write_text('{"base_template": "lab"}', encoding="utf-8")
    return [str(folder / "explorer.ipynb"), "--Voila.ip=127.0.0.1",
            f"--port={port}", "--template=minnet",
            # A page that was closed leaves its kernel behind: it is ended after ten minutes without a page or a task.
            "--MappingKernelManager.cull_idle_timeout=600", "--MappingKernelManager.cull_interval=60",
            *([] if browser else ["--no-browser"])]


def main(arguments: list[str] | None = None) -> int:
    """Serve until Ctrl-C; the exit status is 0, or 1 where something is missing."""
    parser = argparse.ArgumentParser(prog="python -m minnet.explorer", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=8866, help="the port to listen on (8866)")
    parser.add_argument("--no-browser", action="store_true", help="open no browser; the address is printed")
    chosen = parser.parse_args(arguments)
    missing = [name for name in ("voila", "ipywidgets") if importlib.util.find_spec(name) is None]
    if missing:
        print(f'the explorer needs {" and ".join(missing)}: pip install "minnet[explorer]"', file=sys.stderr)
        return 1
    from voila.app import Voila

    with tempfile.TemporaryDirectory() as folder:
        paths = [str(Path(folder) / "jupyter"), *filter(None, [os.environ.get("JUPYTER_PATH")])]
        os.environ["JUPYTER_PATH"] = os.pathsep.join(paths)
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")    # see README, "Two commands"
        print(f"The explorer: http://127.0.0.1:{chosen.port}/  (Ctrl-C ends it)", flush=True)
        Voila.launch_instance(argv=prepared(Path(folder), chosen.port, not chosen.no_browser))
    return 0


if __name__ == "__main__":
    sys.exit(main())
