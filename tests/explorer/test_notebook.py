"""The notebook of the explorer is its text, executed; the widgets, which need a kernel, are not stored."""

from pathlib import Path

import pytest

jupytext = pytest.importorskip("jupytext")
nbformat = pytest.importorskip("nbformat")
from minnet.explorer import Run, Settings  # noqa: E402

TEXT = Path(__file__).parents[2] / "chapters" / "explorer.py"


def test_notebook_is_its_text_executed():
    text, notebook = jupytext.read(TEXT), nbformat.read(TEXT.with_suffix(".ipynb"), as_version=4)
    assert [(c.cell_type, c.source) for c in notebook.cells] == [(c.cell_type, c.source) for c in text.cells], (
        "python -m chapters.explorer_page --notebook renews it")
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert all(output.output_type != "error" for cell in code for output in cell.outputs)
    assert "widgets" not in notebook.metadata
    assert any("image/svg+xml" in output.get("data", {}) for cell in code for output in cell.outputs)
    nbformat.validate(notebook)


def test_what_the_text_says():
    """Glorot's z falls by one factor a layer, 1/√2 for ReLU; He's keeps its size: medians of 20 networks."""
    ratios = {init: sorted((z := Run(Settings(init=init, depth=20, seed=seed)).layers().z)[19] / z[0]
                           for seed in range(20))[10] for init in ("he_normal", "glorot_normal")}
    assert 0.3 < ratios["he_normal"] < 2
    assert 0.3 < ratios["glorot_normal"] * 2 ** (19 / 2) < 2
