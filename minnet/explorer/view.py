"""What the explorer shows of a run: pictures and sentences, as HTML, from numbers that were measured before.

    shown = observe(run)
    html = profile_pictures(shown, expected, pinned)
"""

from __future__ import annotations

import html
from dataclasses import dataclass

import numpy as np

from minnet.diagnostics import Diagnosis
from minnet.explorer import drawings
from minnet.explorer.drawings import Curve
from minnet.explorer.runs import REACH, Expected, Layers, Run, same_weights
from minnet.explorer.settings import Settings
from minnet.plots.styles import initializer_style

WORDS = {"init": "initializer", "depth": "hidden layers", "width": "units in each", "scale": "input scale"}
GRID = 40                                         # points of the plane in a row


@dataclass(frozen=True)
class Observed:
    """A run at one moment: what stays visible when it is pinned and another one is chosen."""

    settings: Settings
    step: int
    layers: Layers
    last_delta: float                             # rms of δ in the last layer at step 0; theory is relative to it
    steps: np.ndarray                             # of the records
    losses: np.ndarray
    accuracies: np.ndarray
    stopped: str

    @property
    def color(self) -> str:
        """The initializer's colour, the same in every picture of minnet."""
        return str(initializer_style(self.settings.init.split("(")[0])["color"])


def observe(run: Run, last_delta: float | None = None) -> Observed:
    """Measure a run; last_delta is known from step 0, and measured where it is None."""
    layers, history = run.layers(), run.history
    return Observed(run.settings, run.step, layers, float(layers.delta[-1]) if last_delta is None else last_delta,
                    np.array([record.step for record in history]), history.loss, history.accuracy, run.stopped)


def _lines(now: np.ndarray, pinned: np.ndarray | None, seen: Observed, other: Observed | None,
           theory: np.ndarray | None = None, band: np.ndarray | None = None) -> list[Curve]:
    """Pinned below, then the measurement, then theory over it."""
    lines = [] if pinned is None or other is None else [Curve("pinned", pinned, other.color, "pinned")]
    lines.append(Curve("measured", now, seen.color, "measured"))
    if theory is not None:
        lines.append(Curve("theory for random weights", theory, "#000", "theory", band))
    return lines


def profile_pictures(seen: Observed, expected: Expected | None, pinned: Observed | None) -> dict[str, str]:
    """Root mean squares of z and δ through the layers, and their histograms."""
    found, scale = {}, seen.last_delta
    for name, letter in (("z", "z"), ("delta", "δ")):
        now, counts = getattr(seen.layers, name), getattr(seen.layers, f"{name}_counts")
        theory = band = None
        if expected is not None:
            factor = scale if name == "delta" else 1.0
            theory, band = factor * getattr(expected, name), factor * getattr(expected, f"{name}_band")
        other = None if pinned is None else getattr(pinned.layers, name)
        ends = f"{drawings.number(now[0])} in layer 1, {drawings.number(now[-1])} in layer {len(now)}"
        found[name] = drawings.curves(f"rms of {letter}: {ends}", _lines(now, other, seen, pinned, theory, band),
                                      "layer (the last one gives the outputs)")
        bell = name == "z" and seen.step == 0     # training moves z away from the normal distribution of random weights
        words = "bell curve: theory" if bell else "dashed: ± the predicted rms"
        found[f"{name}_histograms"] = drawings.histograms(
            f"{letter} in units of its rms{'' if theory is None else f'; {words}'}", counts, now, seen.color,
            reach=REACH, theory=theory, normal=bell)
    return found


def jacobian_picture(s: np.ndarray, seen: Observed, expected: Expected | None, pinned: np.ndarray | None,
                     other: Observed | None) -> str:
    """The singular values of ∂z_L/∂z_1, in descending order."""
    title = "Jacobian ∂z_L/∂z_1 of the hidden layers"
    if not s.size:
        return drawings.message(title, "With one hidden layer it is the identity: choose a depth of two or more.")
    if not np.isfinite(s).all():
        return drawings.message(title, "It cannot be computed: the signal is no longer a finite number.")
    with np.errstate(all="ignore"):
        size = float(np.sqrt(np.square(s).mean()))
    kept = _above_rounding(s)
    lines = _lines(kept, None if pinned is None or not pinned.size else _above_rounding(pinned), seen, other)
    if expected is not None and 0 < expected.stretch < np.inf:
        lines.append(Curve("rms in theory", np.full(len(s), expected.stretch), "#000", "theory"))
    return drawings.curves(f"Jacobian ∂z_L/∂z_1: largest s {drawings.number(float(s[0]))}, rms "
                           f"{drawings.number(size)}", lines, "singular value s, the largest first",
                           note=f"{len(s) - len(kept)} of {len(s)} (rounding)" if len(kept) < len(s) else "")


def _above_rounding(s: np.ndarray) -> np.ndarray:
    """The singular values above n·ε times the largest; those below are rounding, as for `np.linalg.matrix_rank`."""
    if not s[0] > 0:
        return s                                  # all are 0 or not finite: the picture says so
    kept: np.ndarray = s[s > len(s) * np.finfo(s.dtype).eps * s[0]]
    return kept


def loss_picture(seen: Observed, pinned: Observed | None) -> str:
    """The training loss of each epoch over the steps, on a logarithmic axis."""
    start = f"loss {drawings.number(seen.layers.loss, 4)} at step {seen.step}"
    if not len(seen.losses) and (pinned is None or not len(pinned.losses)):
        return drawings.message(f"Training: {start}", seen.stopped or "Press “Train”, and the loss of each epoch is "
                                "drawn here.")
    lines = []
    if pinned is not None and len(pinned.losses):
        lines.append(Curve("pinned", pinned.losses, pinned.color, "pinned", x=pinned.steps))
    if len(seen.losses):
        lines.append(Curve("mean loss of an epoch", seen.losses, seen.color, "measured", x=seen.steps))
    return drawings.curves(f"Training: {start}", lines, "step (one batch each)")


def boundary_picture(run: Run) -> str:
    """The plane with its decision boundary; of digits, twenty images and what the network takes them for."""
    with np.errstate(all="ignore"):
        right = float((run.net.predict(run.x) == run.y).mean())
    if run.settings.planar:
        return drawings.plane(f"Boundary: {right:.0%} of the points are right", run.probabilities(GRID), run.x, run.y,
                              run.extent())
    with np.errstate(all="ignore"):
        said = run.net.predict(run.x[:40])
    return drawings.digit_images(f"Digits: {right:.0%} of the training images are right", run.x[:40], said, run.y[:40])


# Sentences -----------------------------------------------------------------------------------------------------

def diagnosis_text(diagnosis: Diagnosis, step: int) -> str:
    """The sentences of a diagnosis as a list."""
    items = "".join(f"<li><b>{html.escape(finding.kind.replace('_', ' '))}.</b> {html.escape(finding.sentence)}</li>"
                    for finding in diagnosis.findings)
    if not items:
        items = f"<li>Healthy: none of {len(diagnosis.checked)} known faults was found.</li>"
    return f"<b>Diagnosis at step {step}</b><ul style='line-height:1.4;margin:4px 0'>{items}</ul>"


def notes(seen: Observed, theory: Expected | str | None) -> str:
    """What a reader has to know about the state: training that diverged; why there is no theory, or what it is of."""
    found = []
    if seen.stopped:
        found.append(f"<b>Training stopped:</b> {html.escape(seen.stopped)}. The pictures show the network before that "
                     f"epoch, at step {seen.step}. Change one setting and train again.")
    if isinstance(theory, str):
        found.append(f"<b>Theory is not drawn:</b> {html.escape(theory)}.")
    elif theory is not None and seen.step:
        found.append("Theory is that of the random weights at step 0: it shows how far training has moved the layers.")
    return f"<div style='line-height:1.4'>{'<br>'.join(found)}</div>" if found else ""


def comparison(run: Run, seen: Observed, pinned: Observed | None) -> str:
    """What differs between the pinned run and this one, and their numbers side by side."""
    if pinned is None:
        return "Press “Pin” to keep this run in the pictures while you change one thing."
    changed = seen.settings.changed(pinned.settings)
    words = "; ".join(f"{WORDS.get(name, name.replace('_', ' '))}: {there} → {here}"
                      for name, (here, there) in changed.items())
    same = same_weights(run, Run(pinned.settings))
    weights = ("in all layers" if all(same) else "in no layer" if not any(same) else
               f"in layers {', '.join(str(k + 1) for k, equal in enumerate(same) if equal)}")
    rows = [("", "pinned", "now"), ("step", pinned.step, seen.step),
            ("loss", drawings.number(pinned.layers.loss, 4), drawings.number(seen.layers.loss, 4)),
            ("rms of z, last hidden layer", *(drawings.number(one.layers.z[-2]) for one in (pinned, seen))),
            ("rms of δ, first layer", *(drawings.number(one.layers.delta[0]) for one in (pinned, seen)))]
    cells = "".join("<tr>" + "".join(f"<td style='padding:1px 12px 1px 0'>{html.escape(str(cell))}</td>"
                                     for cell in row) + "</tr>" for row in rows)
    return (f"<div style='line-height:1.4'><b>Changed since the pin:</b> {html.escape(words) or 'nothing'}.<br>"
            f"The weights of step 0 are the same {weights}.<table>{cells}</table></div>")


COPY = ("navigator.clipboard.writeText(this.parentNode.querySelector('pre').textContent).then(()=>this.textContent="
        "'Copied',()=>getSelection().selectAllChildren(this.parentNode.querySelector('pre')))")


def code_text(code: str) -> str:
    """The Python of a run, with a button that copies it, or selects it where a browser forbids copying."""
    return (f'<b>This run in Python</b><div><button type="button" class="copy" onclick="{html.escape(COPY)}">Copy the '
            'code</button><pre class="code" tabindex="0" style="overflow-x:auto;white-space:pre;'
            'font-family:monospace;font-size:12px;line-height:1.35">'
            f"{html.escape(code)}</pre></div>")
