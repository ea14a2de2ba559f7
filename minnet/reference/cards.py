"""Cards: all about an initializer at a glance.

    card(he_normal)        formula, what it keeps and for which units, entries and singular values drawn and predicted,
                           source, calls of other frameworks, when it fails
    parity()               the calls of all initializers in one table

In a notebook both show themselves with a table and a picture; print(…) shows them as text.
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
from minnet.initializer import ALL
from minnet.reference.frameworks import ROWS, Law, Lines, constant_lines
from minnet.reporting import described
from minnet.theory import spectra

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FRAMEWORKS = ("Keras", "PyTorch", "JAX")
BINS = 44
SPACED = "border-spacing: 0.8em 0.1em"
LARGEST = 1e150                                   # of the weights of a card
WANTED = "expected init to be a function of (rng, shape), such as initializers.he_normal"
CAPTION = ("What draws from the same distribution. Keras: kernel_initializer=…; PyTorch: W = layer.weight, which is "
           "(fan_out, fan_in), under torch.no_grad(); JAX: …(key, (fan_in, fan_out)). Variables are the options of "
           "minnet's function, fan_in, fan_out, and sigma, the deviation (of a cut normal: before the cut).")


@dataclass(frozen=True, repr=False, eq=False)
class Card:
    """What `card` returns: `rows` of (label, text); `W` as it was drawn and its singular values, largest first; and
    what is predicted of them: the `law` of an entry (None: not known), single values (`lines`), and for the rest
    Marchenko and Pastur's density, where `spread` is the deviation of independent entries (None: it does not apply)."""

    title: str
    rows: tuple[tuple[str, str], ...]
    W: np.ndarray
    singular_values: np.ndarray
    law: Law | None
    lines: Lines
    spread: float | None

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
            wide = max(s[0], self.lines[0][0]) / 40 or 1 / 40     # of a bin: 0 and the largest lie in the middle of one
            _bars(right, s, -0.5 * wide, 44.5 * wide, bins=45)
            for (value, count), dash in zip(self.lines, ("--", ":"), strict=False):
                right.axvline(value, color="k", linestyle=dash, label=f"predicted: {count} × {value:.4g}")
        right.set_xlabel("singular value")
        for ax, place in ((left, "upper right"), (right, "upper right" if self.spread is not None else "upper center")):
            ax.set_ylabel("density")
            ax.set_ylim(0, 1.3 * ax.get_ylim()[1])            # room for the legend
            ax.locator_params(axis="x", nbins=6)
            ax.legend(loc=place, fontsize="small", frameon=False)
        return figure

    def __str__(self) -> str:
        return "\n".join([self.title, *(_lines(label, text) for label, text in self.rows)])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        image = io.BytesIO()
        self.figure().savefig(image, format="png", dpi=100)
        rows = "".join(f"<tr>{_cell(label, 'th')}{_cell(text, code=label in FRAMEWORKS)}</tr>"
                       for label, text in self.rows if label != "histogram")
        return (f'<h4>{html.escape(self.title)}</h4><table style="{SPACED}">{rows}</table>'
                f'<img alt="histograms of {html.escape(self.title)}: entries and singular values" '
                f'src="data:image/png;base64,{base64.b64encode(image.getvalue()).decode()}">')


def card(init: Any, shape: Sequence[int] = (512, 256), *, rng: int | np.random.Generator = 0) -> Card:
    """All about an initializer: one of minnet's, a partial of one, or a function of your own.

    W (fan_in, fan_out) is drawn once from `rng`. Of a function of your own minnet knows the docstring; its singular
    values are compared with those of independent entries with the deviation that was measured.
    Raises TypeError where `init` is no function of (rng, shape) or does not return real numbers, ValueError for a shape
    that is no (fan_in, fan_out), and where what it returns has another shape, or numbers whose squares are not finite.
    """
    if not callable(init):
        got = (f"an array of shape {init.shape}: pass the function, not what it draws"
               if isinstance(init, np.ndarray) else f"{init!r}: card(init, shape), in this order")
        raise TypeError(f"{WANTED}, got {got}")
    if np.ndim(shape) != 1 or len(shape) != 2:
        raise ValueError(f"expected shape (fan_in, fan_out) of a weight matrix, got {shape!r}")
    fan_in, fan_out = (checks.count(name, n) for name, n in zip(("fan_in", "fan_out"), shape, strict=True))
    W = _drawn(init, checks.generator(rng), (fan_in, fan_out))
    singular_values = np.linalg.svd(W, compute_uv=False)
    function = init.func if isinstance(init, partial) else init
    name = getattr(function, "__name__", "")
    row = ROWS.get(name) if ALL.get(name) is function else None     # elsewhere, a function of the same name is another
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
    said = _sections(inspect.getdoc(function))

    rows = [
        ("formula" if row else "docstring", said.pop("formula", "none")),
        ("options", ", ".join(f"{name} = {value!r}" for name, value in options.items())),
        *said.items(),
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
    """What `parity` returns: the expressions of minnet.frameworks.ROWS as one table."""

    def __str__(self) -> str:
        parts = textwrap.wrap(CAPTION, 116)
        for name, row in ROWS.items():
            told = (("Keras", row.keras), ("PyTorch", row.pytorch), ("JAX", row.jax), ("differs", row.differs))
            parts += [name, *(_lines(label, "none" if text == "None" else text) for label, text in told if text)]
        return "\n".join(parts)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        head = "".join(_cell(label, "th") for label in ("minnet", *FRAMEWORKS, "differs"))
        body = "".join(
            f"<tr>{_cell(name, 'th')}"
            + "".join(_cell("none" if call == "None" else call, code=call != "None")
                      for call in (row.keras, row.pytorch, row.jax))
            + f"{_cell(row.differs)}</tr>" for name, row in ROWS.items())
        return f'<p>{html.escape(CAPTION)}</p><table style="{SPACED}"><tr>{head}</tr>{body}</table>'


def parity() -> Parity:
    """What draws from the same distribution in Keras, PyTorch and JAX, for every initializer, in terms of its options,
    fan_in, fan_out and sigma (the deviation before a cut); and in what the namesakes differ."""
    return Parity()


# What a card is made of ----------------------------------------------------------------------------------------

def _drawn(init: Any, rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """The matrix that `init` returns, checked as a layer checks it."""
    function, args, options = (init.func, init.args, init.keywords) if isinstance(init, partial) else (init, (), {})
    try:
        with contextlib.suppress(ValueError):     # a function in C need not have a signature
            inspect.signature(function).bind(*args, rng, shape, **options)
    except TypeError as error:
        raise TypeError(f"{WANTED}, got {described(init)}: {error}; options are set with functools.partial") from None
    W = np.asarray(init(rng, shape))
    if W.dtype.kind not in "fiu":
        raise TypeError(f"expected {described(init)} to return real numbers, got dtype {W.dtype}")
    if W.shape != shape:
        raise ValueError(f"expected {described(init)} to return an array of shape {shape}, got {W.shape}")
    W = checks.real_array(f"what {described(init)} returns", W, np.dtype(np.float64))
    if abs(W).max() > LARGEST:
        raise ValueError(f"expected {described(init)} to return numbers whose squares a float can hold, got "
                         f"{abs(W).max():.3g}")
    return W


def _options(init: Any) -> dict[str, Any]:
    """Every option with the value it has: the default, or what a partial sets."""
    parameters = inspect.signature(init).parameters.values()
    return {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}


def _sections(doc: str | None) -> dict[str, str]:
    """The first paragraph of a docstring and its lines Keeps, Fails and Source; {} where there is none."""
    if not doc:
        return {}
    labelled = re.split(r"^(Keeps|Fails|Source): ", doc, flags=re.MULTILINE)
    texts = dict(zip(("formula", *(label.lower() for label in labelled[1::2])), labelled[::2], strict=True))
    return {label: " ".join(text.strip().split("\n\n")[0].split()) for label, text in texts.items()}


def _spectrum(W: np.ndarray, law: Law | None, lines: Lines) -> tuple[Lines, float | None]:
    """The single singular values that are predicted, and the deviation for Marchenko and Pastur's, if they apply.

    A mean of the entries adds a matrix of rank 1 with the singular value θ = |mean| √(fan_in · fan_out). It stands out
    of the rest where θ > std · (fan_in · fan_out)^¼, and then a little higher: Benaych-Georges & Nadakuditi 2012.
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
    """The deviation of the entries; rounding gives equal ones none."""
    return float(W.std()) if np.ptp(W) else 0.0


def _filled(W: np.ndarray, law: Law | None) -> np.ndarray:
    """The entries that `law.density` is about."""
    return W[W != 0] if law and law.filled < 1 and W.any() else W.ravel()


def _entries(W: np.ndarray, law: Law | None) -> str:
    mean, std = (f" (predicted {value:.4g})" for value in (law.mean, law.std)) if law else ("", "")
    share = f"; {np.count_nonzero(W) / W.size:.3g} of them not 0" if law and law.filled < 1 else ""
    square = float((W * W).mean())
    return (f"mean {W.mean():.4g}{mean}, std {_std(W):.4g}{std}{share}; fan_in · E[W²] = {len(W) * square:.4g}, "
            f"fan_out · E[W²] = {W.shape[1] * square:.4g}")


def _spectrum_text(s: np.ndarray, W: np.ndarray, law: Law | None, lines: Lines, spread: float | None) -> str:
    single = " and ".join(f"{count} × {value:.4g}" for value, count in lines)
    smallest = s[-1] if s[-1] > 1e-12 * s[0] else 0.0             # what is below comes from rounding
    drawn = f"singular values {smallest:.4g} … {s[0]:.4g}; predicted "
    if spread is None:
        return drawn + single
    low, high = spectra.edges(W.shape, std=spread)
    why = "measured std" if law is None else "for dense entries of this std" if law.filled < 1 else f"std {spread:.4g}"
    return f"{drawn}{low:.4g} … {high:.4g} (Marchenko–Pastur, {why})" + (f" and {single}" if single else "")


# … and how it is shown -----------------------------------------------------------------------------------------

def _lines(label: str, text: str) -> str:
    return textwrap.fill(text, 116, initial_indent=f"  {label:<11}", subsequent_indent=" " * 13,
                         break_long_words=False, break_on_hyphens=False)


def _cell(text: str, tag: str = "td", code: bool = False) -> str:
    shown = html.escape(text)
    if code:                                      # a long call may break behind a dot or a parenthesis
        shown = "<code>" + re.sub(r"(?<=[a-z])\.|\(", r"\g<0><wbr>", shown) + "</code>"
    return f'<{tag} style="text-align: left; vertical-align: top">{shown}</{tag}>'


def _range(values: np.ndarray) -> tuple[float, float]:
    """From the least to the greatest, or, where these are far out, where all but one in a thousand lie; and two bins
    more at either end."""
    least, low, high, greatest = np.quantile(values, [0, 0.0005, 0.9995, 1])
    if greatest - least < 1.5 * (high - low):
        low, high = least, greatest
    size = max(abs(low), abs(high))
    margin = 2 / (BINS - 4) * (high - low) if high - low > 1e-9 * size else size / 2 or 0.5
    return float(low - margin), float(high + margin)


def _sparkline(values: np.ndarray) -> str:
    low, high = _range(values)
    counts, _ = np.histogram(values, BINS, (low, high))
    bars = "".join("▁▂▃▄▅▆▇█"[round(7 * count / counts.max())] for count in counts.tolist())
    return f"{low:.3g} {bars} {high:.3g}"


def _bars(ax: Axes, values: np.ndarray, low: float, high: float, bins: int = BINS) -> np.ndarray:
    """Draw a histogram whose area is the share of the values between low and high; return a grid for the theory."""
    counts, ends = np.histogram(values, bins, (low, high))
    density = counts / max(len(values), 1) / np.diff(ends)
    ax.stairs(density, ends, fill=True, color="0.75", label=f"drawn ({len(values)})")
    return np.linspace(low, high, 500)
