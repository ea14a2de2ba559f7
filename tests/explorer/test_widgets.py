"""The widgets without a browser: what they show is what view.py makes of the library's numbers."""

import asyncio

import numpy as np
import pytest

pytest.importorskip("ipywidgets", reason="needs ipywidgets: pip install -e '.[explorer]'")
from minnet.explorer import Run, Settings, explore, view
from minnet.explorer.__main__ import prepared
from minnet.explorer.widgets import Explorer

SMALL = Settings(depth=3, width=8)


def shown(explorer):
    return {name: widget.value for name, widget in (explorer.panels | explorer.texts).items()}


def expected_of(run, pinned=None):
    seen = view.observe(run)
    return view.profile_pictures(seen, run.expected(), pinned) | {
        "loss": view.loss_picture(seen, pinned), "boundary": view.boundary_picture(run),
        "diagnosis": view.diagnosis_text(run.diagnosis(), run.step), "code": view.code_text(run.code())}


def test_choose_train_rewind_pin():
    explorer = Explorer(SMALL)
    start = shown(explorer)
    assert start.items() >= expected_of(Run(SMALL)).items()
    explorer.epochs.value = 10
    explorer.buttons["train"].click()
    run = Run(SMALL)
    run.advance(10)
    assert np.array_equal(explorer.run.net.params, run.net.params)
    assert shown(explorer)["loss"] == view.loss_picture(view.observe(run), None)
    explorer.buttons["rewind"].click()
    assert shown(explorer) == start
    explorer.buttons["pin"].click()
    explorer.controls["learning_rate"].value = 0.3
    assert "learning rate: 0.1 → 0.3" in explorer.texts["comparison"].value
    assert "the same in all layers" in explorer.texts["comparison"].value
    assert "pinned" in explorer.panels["z"].value
    explorer.buttons["unpin"].click()
    assert "pinned" not in explorer.panels["z"].value
    explorer.buttons["weights"].click()
    assert explorer.run.settings == Settings(depth=3, width=8, learning_rate=0.3, seed=1)


def test_what_fails_is_said_in_words():
    explorer = Explorer(Settings(depth=10, width=32, init="normal(std=1.0)", learning_rate=3.0))
    explorer.buttons["train"].click()
    assert "Training stopped" in explorer.texts["notes"].value
    assert "The pictures show the network before that epoch, at step 0." in explorer.texts["notes"].value
    explorer.controls["init"].value = "zeros"
    assert "Theory is not drawn" in explorer.texts["notes"].value
    assert "Training stopped" not in explorer.texts["notes"].value


def test_the_measurement_comes_first_then_theory_then_the_diagnosis():
    async def session():
        explorer = Explorer(SMALL)
        first = explorer.panels["z"].value
        explorer.controls["init"].value = "glorot_normal"          # before the theory of the first is known
        while "theory" not in explorer.panels["z"].value:
            await asyncio.sleep(0.01)
        second = explorer.panels["z"].value
        said = explorer.texts["diagnosis"].value
        while "<li>" not in explorer.texts["diagnosis"].value:
            await asyncio.sleep(0.01)
        return first, second, said

    first, second, said = asyncio.run(session())
    assert "measured" in first
    assert "theory" not in first
    assert said == "The diagnosis follows."
    assert second == expected_of(Run(Settings(depth=3, width=8, init="glorot_normal")))["z"]


def test_training_can_be_paused_and_gone_on_with():
    async def session():
        explorer = Explorer(SMALL)
        explorer.epochs.value = 200
        explorer.buttons["train"].click()
        while not explorer.run.history:
            await asyncio.sleep(0)
        assert explorer.buttons["train"].description == "Pause"
        explorer.buttons["train"].click()
        paused = len(explorer.run.history)
        await asyncio.sleep(0.05)
        assert len(explorer.run.history) == paused < 200
        explorer.epochs.value = 1
        explorer.buttons["train"].click()
        while explorer._training is not None:
            await asyncio.sleep(0.01)
        return explorer, paused + 1

    explorer, epochs = asyncio.run(session())
    assert "theory" in explorer.panels["z"].value, "it was trained before the theory was known"
    run = Run(SMALL)
    run.advance(epochs)
    assert np.array_equal(explorer.run.net.params, run.net.params)


def test_the_server_ends_the_kernels_of_closed_pages(tmp_path):
    app = pytest.importorskip("voila.app").Voila()
    app.parse_command_line(prepared(tmp_path, 8866, False))
    kernels = app.config.MappingKernelManager
    assert 0 < int(kernels.cull_interval) <= int(kernels.cull_idle_timeout) <= 3600
    assert "cull_connected" not in kernels, "a page that is open keeps its kernel"


def test_a_setting_of_one_s_own_is_a_choice():
    box = explore(Settings(depth=3, width=10))
    assert box.children
    assert Explorer(Settings(width=10)).controls["width"].value == 10
