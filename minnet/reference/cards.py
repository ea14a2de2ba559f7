"""Cards: one page about an initializer.

    card(he_normal)        formula, what it keeps and when it fails, source, the entries and singular values of a
                           drawn matrix beside their prediction, and the calls of other frameworks
    parity()               the calls for all initializers in one table

A notebook shows a card as a table with a picture, and the parity as a table; print(…) shows both as text.
"""

from __future__ import annotations

import base64
import contextlib
import html
import inspect
import io
import math
import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from minnet import checks
from minnet.checks import unmasked
from minnet.initializers.definition import ALL
from minnet.reference.frameworks import ROWS, Law, Lines, constant_lines
from minnet.reporting import described, printable
from minnet.theory import spectra

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FRAMEWORKS = ("Keras", "PyTorch", "JAX")
BINS = 44                                         # of the histogram of the entries
TABLE_STYLE = "border-spacing: 0.8em 0.1em"
MAX_WEIGHT = 1e150                                # the square of a larger |weight| may not fit a float
WANTED = "expected init to be a function of (rng, shape), such as initializers.he_normal"
CAPTION = ("Calls that draw from the same distribution. Keras: kernel_initializer=…; PyTorch: W = layer.weight, which "
           "is (fan_out, fan_in), under torch.no_grad(); JAX: …(key, (fan_in, fan_out)). The variables are the options "
           "of minnet's function, fan_in, fan_out, and sigma, the standard deviation (of a truncated normal: before "
           "truncation).")


@dataclass(frozen=True, repr=False, eq=False)
class Card:
    """What `card` returns: texts, a drawn matrix with its singular values, and the prediction of both."""

    title: str
    rows: tuple[tuple[str, str], ...]             # (label, text)
    W: np.ndarray                                 # as drawn
    singular_values: np.ndarray                   # of W, largest first
    law: Law | None                               # predicted distribution of an entry; None: not known
    lines: Lines                                  # predicted singular values that are exact, with their multiplicity
    spread: float | None                          # std of independent entries, whose other singular values follow
                                                  # Marchenko and Pastur; None: they do not

    def figure(self) -> Figure:
        """The entries of W and its singular values: drawn (grey) and predicted (black)."""
        from matplotlib.figure import Figure

        figure = Figure(figsize=(8.5, 2.8), layout="constrained")
        left, right = figure.subplots(1, 2)
        entries = _filled(self.W, self.law)
        grid = _bars(left, entries, *_range(entries))
        density = None if self.law is None else self.law.density(grid)
        if density is not None:
            left.plot(grid, density, "k", label="predicted")
        left.set_xlabel("weight" if entries.size == self.W.size else "weight, where it is not 0")
        s = self.singular_values
        if self.spread is not None:
            low, high = spectra.edges(self.W.shape, std=self.spread)
            bulk = s[sum(count for _, count in self.lines):]
            grid = _bars(right, bulk, min([low, *bulk]), max([high, *bulk]), bins=25)
            right.plot(grid, spectra.marchenko_pastur(grid, self.W.shape, std=self.spread), "k",
                       label="Marchenko–Pastur")
            for value, _ in self.lines:
                right.plot([], [], " ", label=f"and one at {s[0]:.4g}\n(predicted {value:.4g})")
        else:
            width = max(s[0], self.lines[0][0]) / 40 or 1 / 40    # of a bin: 0 and the largest lie in the middle of one
            _bars(right, s, -0.5 * width, 44.5 * width, bins=45)
            for (value, count), dash in zip(self.lines[:1] + self.lines[1:][-1:], ("--", ":"), strict=False):
                right.axvline(value, color="k", linestyle=dash, label=f"predicted: {count} × {value:.4g}")
        right.set_xlabel("singular value")
        place = "upper right" if self.spread is not None else "upper center"
        for ax, corner in ((left, "upper right"), (right, place)):
            ax.set_ylabel("density")
            ax.set_ylim(0, 1.3 * ax.get_ylim()[1])            # room for the legend
            ax.locator_params(axis="x", nbins=6)
            ax.legend(loc=corner, fontsize="small", frameon=False)
        return figure

    def __str__(self) -> str:
        return "\n".join([printable(self.title), *(_paragraph(label, text) for label, text in self.rows)])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        image = io.BytesIO()
        self.figure().savefig(image, format="png", dpi=100)
        rows = "".join(f"<tr>{_cell(label, 'th')}{_cell(text, code=label in FRAMEWORKS)}</tr>"
                       for label, text in self.rows if label != "histogram")
        return (f'<h4>{html.escape(self.title)}</h4><table style="{TABLE_STYLE}">{rows}</table>'
                f'<img alt="histograms of {html.escape(self.title)}: entries and singular values" '
                f'src="data:image/png;base64,{base64.b64encode(image.getvalue()).decode()}">')


def card(init: Any, shape: Sequence[int] = (512, 256), *, rng: int | np.random.Generator = 0) -> Card:
    """One page about an initializer: one of minnet's, a partial of one, or a function of your own.

    W (fan_in, fan_out) is drawn once from `rng`. For a function of your own, minnet knows only the docstring; its
    singular values are compared with those of independent entries that have the measured standard deviation.
    Raises TypeError if `init` is not a function of (rng, shape) or does not return real numbers; ValueError if `shape`
    is not (fan_in, fan_out), if the array has another shape, or if squares of its numbers are not finite.
    """
    if not callable(init):
        got = (f"an array of shape {init.shape}: pass the function, not the array"
               if isinstance(init, np.ndarray) else f"{init!r}: card(init, shape), in this order")
        raise TypeError(f"{WANTED}, got {got}")
    if np.ndim(shape) != 1 or len(shape) != 2:
        raise ValueError(f"expected shape (fan_in, fan_out) of a weight matrix, got {shape!r}")
    fan_in, fan_out = (checks.count(name, n) for name, n in zip(("fan_in", "fan_out"), shape, strict=True))
    W = _drawn(init, checks.generator(rng), (fan_in, fan_out))
    singular_values = np.linalg.svd(W, compute_uv=False)
    function = init.func if isinstance(init, partial) else init
    name = getattr(function, "__name__", "")
    row = ROWS.get(name) if ALL.get(name) is function else None     # one of your own may have the same name
    options = _options(init) if row else {}
    law: Law | None = None
    exact: Lines = ()
    calls: dict[str, str | None] = dict.fromkeys(FRAMEWORKS, "not known to minnet")
    if row:
        given = {**options, "fan_in": fan_in, "fan_out": fan_out}
        try:
            law, exact = row.law(**given), row.lines(**given) if row.lines else ()
            calls = row.calls({**given, "sigma": law.sigma})
        except OverflowError:
            raise ValueError(f"expected options whose squares a float can hold, got {described(init)}") from None
    lines, spread = _spectrum(W, law, exact)
    sections = _sections(inspect.getdoc(function))

    rows = [
        ("formula" if row else "docstring", sections.pop("formula", "none")),
        ("options", ", ".join(f"{name} = {value!r}" for name, value in options.items())),
        *sections.items(),
        ("entries", _entries(W, law)),
        ("histogram", _sparkline(_filled(W, law))),
        ("spectrum", _spectrum_text(singular_values, W, law, lines, spread)),
        *((name, call or "none") for name, call in calls.items()),
        ("differs", row.differs if row else ""),
    ]
    return Card(f"{described(init)} for {fan_in} inputs and {fan_out} units", tuple((k, v) for k, v in rows if v), W,
                singular_values, law, lines, spread)


@dataclass(frozen=True, repr=False)
class Parity:
    """What `parity` returns: the calls in `reference.frameworks.ROWS` as one table."""

    def __str__(self) -> str:
        parts = textwrap.wrap(printable(CAPTION), 116)
        for name, row in ROWS.items():
            texts = (("Keras", row.keras), ("PyTorch", row.pytorch), ("JAX", row.jax), ("differs", row.differs))
            parts += [name, *(_paragraph(label, "none" if text == "None" else text) for label, text in texts if text)]
        return "\n".join(parts)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        head = "".join(_cell(label, "th") for label in ("minnet", *FRAMEWORKS, "differs"))
        body = "".join(
            f"<tr>{_cell(name, 'th')}"
            + "".join(_cell("none" if call == "None" else call, code=call != "None")
                      for call in (row.keras, row.pytorch, row.jax))
            + f"{_cell(row.differs)}</tr>" for name, row in ROWS.items())
        return f'<p>{html.escape(CAPTION)}</p><table style="{TABLE_STYLE}"><tr>{head}</tr>{body}</table>'


def parity() -> Parity:
    """The calls of Keras, PyTorch and JAX that draw from the same distribution, for every initializer of minnet.

    They contain the initializer's options, fan_in, fan_out and sigma (the standard deviation before truncation) as
    variables. Where a framework's function of the same name differs, the table says how.
    """
    return Parity()


# The contents of a card ----------------------------------------------------------------------------------------

def _drawn(init: Any, rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """The matrix that `init` returns, with the same checks as in a layer."""
    function, args, options = (init.func, init.args, init.keywords) if isinstance(init, partial) else (init, (), {})
    try:
        with contextlib.suppress(ValueError):     # a function written in C may have no signature
            inspect.signature(function).bind(*args, rng, shape, **options)
    except TypeError as error:
        raise TypeError(f"{WANTED}, got {described(init)}: {error}; options are set with functools.partial") from None
    W = np.asarray(unmasked(f"the array that {described(init)} returns", init(rng, shape)))
    if W.dtype.kind not in "fiu":
        raise TypeError(f"expected {described(init)} to return real numbers, got dtype {W.dtype}")
    if W.shape != shape:
        raise ValueError(f"expected {described(init)} to return an array of shape {shape}, got {W.shape}")
    W = checks.real_array(f"the array that {described(init)} returns", W, np.dtype(np.float64))
    if abs(W).max() > MAX_WEIGHT:
        raise ValueError(f"expected {described(init)} to return numbers whose squares a float can hold, got "
                         f"{abs(W).max():.3g}")
    return W


def _options(init: Any) -> dict[str, Any]:
    """Every option with its value: the default, or the value that a partial sets."""
    parameters = inspect.signature(init).parameters.values()
    return {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}


def _sections(doc: str | None) -> dict[str, str]:
    """The first paragraph of a docstring ("formula") and its parts Keeps, Fails and Source; {} without a docstring."""
    if not doc:
        return {}
    first, *parts = re.split(r"^(Keeps|Fails|Source): ", doc, flags=re.MULTILINE)      # label, text, label, text, …
    texts = {"formula": first, **{label.lower(): text for label, text in zip(parts[::2], parts[1::2], strict=True)}}
    return {label: " ".join(text.strip().split("\n\n")[0].split()) for label, text in texts.items()}


def _spectrum(W: np.ndarray, law: Law | None, lines: Lines) -> tuple[Lines, float | None]:
    """The prediction for the singular values of W: (exact values, std for Marchenko and Pastur's law or None).

    If the entries have a mean, W contains a matrix of rank 1 with the singular value θ = |mean| √(fan_in · fan_out).
    The largest singular value of W lies outside Marchenko and Pastur's law if θ > std · (fan_in · fan_out)^¼, and is a
    little larger than θ: Benaych-Georges & Nadakuditi 2012.
    """
    mean, std = (law.mean, law.std) if law else (float(W.mean()), _std(W))
    fan_in, fan_out = W.shape
    theta = abs(mean) * math.sqrt(fan_in * fan_out)
    if lines:
        return lines, None
    if std == 0:
        return constant_lines(mean, fan_in, fan_out), None
    if theta <= std * (fan_in * fan_out) ** 0.25:
        return (), std
    return ((math.hypot(theta, std * math.sqrt(fan_in)) / theta * math.hypot(theta, std * math.sqrt(fan_out)), 1),), std


def _std(W: np.ndarray) -> float:
    """The standard deviation of the entries; exactly 0 if they are equal, where numpy may return a rounding error."""
    return float(W.std()) if np.ptp(W) else 0.0


def _filled(W: np.ndarray, law: Law | None) -> np.ndarray:
    """The entries that `law.density` describes: those that are not 0, if the law has a share of zeros."""
    return W[W != 0] if law and law.filled < 1 and W.any() else W.ravel()


def _entries(W: np.ndarray, law: Law | None) -> str:
    mean, std = (f" (predicted {value:.4g})" for value in (law.mean, law.std)) if law else ("", "")
    share = f"; {np.count_nonzero(W) / W.size:.3g} of them not 0" if law and law.filled < 1 else ""
    square = float((W * W).mean())
    return (f"mean {W.mean():.4g}{mean}, std {_std(W):.4g}{std}{share}; fan_in · E[W²] = {len(W) * square:.4g}, "
            f"fan_out · E[W²] = {W.shape[1] * square:.4g}")


def _spectrum_text(s: np.ndarray, W: np.ndarray, law: Law | None, lines: Lines, spread: float | None) -> str:
    single = " and ".join(f"{count} × {value:.4g}" for value, count in lines)
    if len(lines) > 3:
        single = f"{lines[-1][0]:.4g} … {lines[0][0]:.4g}"
    smallest = s[-1] if s[-1] > 1e-12 * s[0] else 0.0             # smaller values are rounding errors
    drawn = f"singular values {smallest:.4g} … {s[0]:.4g}; predicted "
    if spread is None:
        return drawn + single
    low, high = spectra.edges(W.shape, std=spread)
    why = "measured std" if law is None else "for dense entries of this std" if law.filled < 1 else f"std {spread:.4g}"
    return f"{drawn}{low:.4g} … {high:.4g} (Marchenko–Pastur, {why})" + (f" and {single}" if single else "")


# How it is shown -----------------------------------------------------------------------------------------------

def _paragraph(label: str, text: str) -> str:
    return textwrap.fill(printable(text), 116, initial_indent=f"  {label:<11}", subsequent_indent=" " * 13,
                         break_long_words=False, break_on_hyphens=False)


def _cell(text: str, tag: str = "td", code: bool = False) -> str:
    shown = html.escape(text)
    if code:                                      # allow line breaks after a dot or a parenthesis
        shown = "<code>" + re.sub(r"(?<=[a-z])\.|\(", r"\g<0><wbr>", shown) + "</code>"
    return f'<{tag} style="text-align: left; vertical-align: top">{shown}</{tag}>'


def _range(values: np.ndarray) -> tuple[float, float]:
    """The range of a histogram: all values, or, if a few lie far outside, all but one in a thousand; plus two bins at
    each end."""
    smallest, low, high, largest = np.quantile(values, [0, 0.0005, 0.9995, 1])
    if largest - smallest < 1.5 * (high - low):
        low, high = smallest, largest
    size = max(abs(low), abs(high))
    margin = 2 / (BINS - 4) * (high - low) if high - low > 1e-9 * size else size / 2 or 0.5
    return float(low - margin), float(high + margin)


def _sparkline(values: np.ndarray) -> str:
    low, high = _range(values)
    counts, _ = np.histogram(values, BINS, (low, high))
    bars = "".join("▁▂▃▄▅▆▇█"[round(7 * count / counts.max())] for count in counts.tolist())
    return f"{low:.3g} {bars} {high:.3g}"


def _bars(ax: Axes, values: np.ndarray, low: float, high: float, bins: int = BINS) -> np.ndarray:
    """Draw a histogram, whose area is the share of values between low and high; return a grid for the prediction."""
    counts, ends = np.histogram(values, bins, (low, high))
    density = counts / max(len(values), 1) / np.diff(ends)
    ax.stairs(density, ends, fill=True, color="0.75", label=f"drawn ({len(values)})")
    return np.linspace(low, high, 500)
