"""The explorer's controls and the order in which it answers: measurement at once, then theory, then the diagnosis.

Everything that is shown is computed in runs.py and written in view.py. Theory and the diagnosis are computed in a
thread, and are dropped where another setting has been chosen in the meantime. Without a running event loop, as in a
script, they are computed at once.
"""

from __future__ import annotations

import asyncio
import copy
from typing import Any

import ipywidgets as ipy
import numpy as np

from minnet.explorer import drawings, view
from minnet.explorer.runs import Expected, Run, diagnose_network
from minnet.explorer.settings import ACTIVATIONS, DATA, INITIALIZERS, Settings

CHOICES: dict[str, tuple[str, list[Any]]] = {
    "init": ("initializer", list(INITIALIZERS)),
    "activation": ("activation", list(ACTIVATIONS)),
    "depth": ("hidden layers", [1, 2, 3, 4, 5, 7, 10, 15, 20, 30, 50]),
    "width": ("units in each", [4, 8, 16, 32, 64, 100, 128]),
    "scale": ("input scale", [0.01, 0.1, 0.3, 1.0, 3.0, 10.0, 100.0]),
    "data": ("data", list(DATA)),
    "learning_rate": ("learning rate", [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0]),
    "batch_size": ("batch size", [8, 16, 32, 64, 128]),
}
AWAY = 0.03                                       # seconds in which the first pictures leave, before theory begins
PAUSE = 0.4                                       # seconds without a change before the diagnosis begins
FRAMES = 20                                       # pictures in one training
PANELS = ("z", "delta", "z_histograms", "delta_histograms", "loss", "boundary", "jacobian")


class Explorer:
    """The widgets around one Run. `box` is what a notebook shows; `run` is the network, for whoever wants to go on."""

    def __init__(self, settings: Settings) -> None:
        self.controls = {name: _select(name, label, options, getattr(settings, name))
                         for name, (label, options) in CHOICES.items()}
        self.seed = settings.seed
        self.epochs = ipy.Dropdown(options=[1, 10, 50, 200], value=50, description="epochs", layout=_wide())
        self.panels = {name: ipy.HTML() for name in PANELS}
        self.texts = {name: ipy.HTML() for name in ("status", "notes", "diagnosis", "comparison", "code")}
        self.buttons = {name: ipy.Button(description=label, tooltip=tip, layout=ipy.Layout(width="auto"))
                        for name, label, tip in (
            ("train", "Train", "Train for the chosen number of epochs"),
            ("rewind", "Rewind", "Back to step 0 with the same weights"),
            ("weights", "New weights", "Draw other weights, points and batches: the next seed"),
            ("pin", "Pin", "Keep this run in the pictures, to compare others with it"),
            ("unpin", "Remove pin", "Forget the pinned run"))}
        for name, button in self.buttons.items():
            button.add_class(f"minnet-{name}")
            button.on_click(lambda _, name=name: getattr(self, name)())
        for control in self.controls.values():
            control.observe(lambda _: self.choose(), "value")
        self.pinned: tuple[view.Observed, np.ndarray] | None = None
        self._theories: dict[Settings, Expected | str] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._training: asyncio.Task[None] | None = None
        self.box = self._laid_out()
        self.choose()

    def _laid_out(self) -> Any:
        grid = ipy.Layout(display="grid", grid_template_columns="repeat(auto-fit, minmax(min(100%, 320px), 1fr))",
                          grid_gap="6px 14px", width="100%")
        buttons = ipy.Box([self.epochs, *self.buttons.values()],
                          layout=ipy.Layout(display="flex", flex_flow="row wrap", align_items="center"))
        controls = ipy.Box(list(self.controls.values()), layout=ipy.Layout(
            display="grid", grid_template_columns="repeat(auto-fit, minmax(min(100%, 215px), 1fr))", width="100%"))
        shown = [*self.panels.values(), *(self.texts[name] for name in ("diagnosis", "comparison", "code"))]
        box = ipy.VBox([controls, buttons, self.texts["status"], self.texts["notes"],
                        ipy.Box(shown, layout=grid)])
        box.add_class("minnet-explorer")
        for name, panel in (self.panels | self.texts).items():
            panel.add_class(f"minnet-{name}")
            panel.layout.min_width = "0"
        return box

    # What buttons and menus do ----------------------------------------------------------------------------

    def choose(self) -> None:
        """A setting has changed: a new run at step 0."""
        self._stop()
        self.run = Run(Settings(**{name: control.value for name, control in self.controls.items()}, seed=self.seed))
        self._begin()

    def rewind(self) -> None:
        """The same run at step 0, with the same weights."""
        self._stop()
        self.run.rewind()
        self._begin()

    def weights(self) -> None:
        """The next seed."""
        self.seed += 1
        self.choose()

    def pin(self) -> None:
        """Keep what is seen now."""
        self.pinned = self.seen, self.run.singular_values()
        self._draw_all()

    def unpin(self) -> None:
        """Forget it."""
        self.pinned = None
        self._draw_all()

    def train(self) -> None:
        """Train for the chosen epochs, drawing on the way; pressed again, pause."""
        if self._training is not None:
            self._stop()
            self._draw_all()
            return
        self._cancel()
        if not _looping():
            self.run.advance(self.epochs.value)
            self._draw_all()
            return
        self.buttons["train"].description = "Pause"
        self._training = asyncio.get_running_loop().create_task(self._train(self.epochs.value))

    async def _train(self, epochs: int) -> None:
        await self._learn_theory()
        at_once = max(1, epochs // FRAMES)
        for _ in range(0, epochs, at_once):
            self.run.advance(at_once)
            self._draw_first()
            self._draw_second()
            await asyncio.sleep(0.01)                       # messages from the browser, such as "pause", come in here
            if self.run.stopped:
                break
        self._training = None
        self._stop()
        self._draw_all()

    def _stop(self) -> None:
        if self._training is not None:
            self._training.cancel()
        self._training = None
        self.buttons["train"].description = "Train"
        self._cancel()

    # What is drawn, and when ------------------------------------------------------------------------------

    def _begin(self) -> None:
        """A run at step 0."""
        self.last_delta: float | None = None
        self._draw_all()

    def _draw_all(self) -> None:
        """The measurement now, theory and the rest as soon as nothing else is to be done, the diagnosis at last."""
        self._cancel()
        self._draw_first()
        if _looping():
            self._show(self.texts, {"diagnosis": "The diagnosis follows."})
            task = asyncio.get_running_loop().create_task(self._follow())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            return
        self._theories[self._key()] = _theory(self.run)
        self._draw_first()
        self._draw_second()
        self._say(diagnose_network(self.run.net, self.run))

    async def _follow(self) -> None:
        run = self.run
        await asyncio.sleep(AWAY)
        await self._learn_theory()
        self._draw_first()
        await asyncio.sleep(0)
        self._draw_second()
        await asyncio.sleep(PAUSE)
        net = copy.deepcopy(run.net)                        # training goes on with the original
        self._say(await asyncio.to_thread(diagnose_network, net, run))

    def _cancel(self) -> None:
        for task in self._tasks:
            task.cancel()

    def _key(self) -> Settings:
        """The settings without those that theory does not depend on."""
        return Settings(**vars(self.run.settings) | {"learning_rate": 1.0, "batch_size": 1})

    async def _learn_theory(self) -> None:
        key = self._key()
        if key not in self._theories:
            self._theories[key] = await asyncio.to_thread(_theory, self.run)

    def _draw_first(self) -> None:
        """Layers and loss: a pass forward and a pass backward."""
        self.seen = view.observe(self.run, self.last_delta)
        self.last_delta = self.seen.last_delta
        theory = self._theories.get(self._key())
        pinned = None if self.pinned is None else self.pinned[0]
        expected = theory if isinstance(theory, Expected) else None
        self._show(self.panels, view.profile_pictures(self.seen, expected, pinned))
        self._show(self.panels, {"loss": view.loss_picture(self.seen, pinned)})
        self._show(self.texts, {
            "status": f"<b>Step {self.seen.step}</b>, epoch {len(self.run.history)}, seed {self.seed}. Loss "
                      f"{drawings.number(self.seen.layers.loss, 4)}. A change of a setting begins at step 0.",
            "notes": view.notes(self.seen, theory),
            "code": view.code_text(self.run.code())})

    def _draw_second(self) -> None:
        """Boundary, Jacobian and the comparison."""
        theory = self._theories.get(self._key())
        other, pinned = (None, None) if self.pinned is None else self.pinned
        self._show(self.texts, {"comparison": view.comparison(self.run, self.seen, other)})
        self._show(self.panels, {
            "boundary": view.boundary_picture(self.run),
            "jacobian": view.jacobian_picture(self.run.singular_values(), self.seen,
                                              theory if isinstance(theory, Expected) else None, pinned, other)})

    def _say(self, diagnosis: Any) -> None:
        self._show(self.texts, {"diagnosis": view.diagnosis_text(diagnosis, self.run.step)})

    def _show(self, widgets: dict[str, Any], contents: dict[str, str]) -> None:
        for name, content in contents.items():
            widgets[name].value = content


def _theory(run: Run) -> Expected | str:
    """The prediction, or why there is none."""
    try:
        return run.expected()
    except ValueError as error:
        return str(error)


def _looping() -> bool:
    """Whether an event loop runs, as in a notebook."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _wide() -> Any:
    return ipy.Layout(width="150px")


def _select(name: str, label: str, options: list[Any], value: Any) -> Any:
    """A menu; a value of one's own, which is not among the options, is put into its place."""
    if value not in options:
        options = sorted([*options, value]) if isinstance(value, int | float) else [*options, value]
    control = ipy.Dropdown(options=options, value=value, description=label, layout=ipy.Layout(width="auto"),
                           style={"description_width": "90px"})
    control.add_class(f"minnet-{name.replace('_', '-')}")
    return control
