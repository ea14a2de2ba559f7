"""The explorer's pictures, as SVG text: what is measured and, over it, what theory predicts.

Each function takes numbers and returns one `<svg>` with a title and a description for a screen reader. It writes the
text itself, which takes a millisecond; a plotting library takes some hundred. The measured run is solid with filled
marks, theory is dashed black in a grey band, a pinned run is dotted with hollow marks: this reads without colour, too.
"""

from __future__ import annotations

import base64
import html
import math
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

WIDTH, HEIGHT = 420, 250
LEFT, RIGHT, TOP, BOTTOM = 52, 12, 46, 34        # margins of the axes inside the picture
CLASSES = ("#1b4f9c", "#e8a33d", "#8a2f5d")
SHAPES = ("m-2.6 0a2.6 2.6 0 1 0 5.2 0a2.6 2.6 0 1 0-5.2 0", "m-2.4-2.4h4.8v4.8h-4.8z", "m0-3.2l3 5.4h-6z")


@dataclass(frozen=True)
class Curve:
    """One line of a picture: its label, its values, its colour, and "measured", "theory" or "pinned"."""

    label: str
    values: np.ndarray
    color: str
    kind: str
    band: np.ndarray | None = None               # (2, points), drawn behind it
    x: np.ndarray | None = None                  # 1, 2, … by default


def svg(title: str, description: str, body: str, *, width: int = WIDTH, height: int = HEIGHT) -> str:
    """A picture that scales with its column; `title` stands at its top and is read aloud with `description`."""
    label = html.escape(f"{title}. {description}", quote=True)
    return (f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{label}" class="minnet" '
            'style="width:100%;height:auto;background:#fff" font-family="system-ui,sans-serif" font-size="11" '
            f'fill="#222"><text x="4" y="15" font-size="13" font-weight="600">{html.escape(title)}</text>{body}</svg>')


def text(x: float, y: float, words: str, *, anchor: str = "start") -> str:
    """Words at a place."""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{html.escape(words)}</text>'


def message(title: str, words: str, *, height: int = HEIGHT) -> str:
    """A picture that cannot be drawn, with the reason in words, cut into lines."""
    lines, line = [], ""
    for word in words.split():
        if len(line) + len(word) > 62:
            lines.append(line)
            line = ""
        line = f"{line} {word}".strip()
    body = "".join(text(12, 50 + 16 * k, one) for k, one in enumerate([*lines, line]))
    return svg(title, words, body, height=height)


# Curves --------------------------------------------------------------------------------------------------------

def curves(title: str, lines: Sequence[Curve], xlabel: str, *, log: bool = True, note: str = "") -> str:
    """Lines over 1, 2, …, on a logarithmic axis; zeros and what is not finite are left out, and counted.

    The count follows `xlabel`, and so does a `note` of the caller's. Without a single point it is a message.
    """
    drawn = [line for line in lines if usable(line.values, log).any()]
    left_out = unusable([line for line in lines if line.kind == "measured"], log)
    if not drawn:
        return message(title, f"There is nothing to draw: {left_out}.")
    every = np.concatenate([line.values[usable(line.values, log)] for line in drawn]
                           + [line.band[usable(line.band, log)] for line in drawn if line.band is not None])
    xs = [places(line) for line in drawn]
    x_low, x_high = min(float(x.min()) for x in xs), max(float(x.max()) for x in xs)
    axes = Axes(x_low, x_high, float(every.min()), float(every.max()), log)
    note = "".join(f"; left out: {words}" for words in (left_out, note) if words)
    shapes = [axes.frame(f"{xlabel}{note}")]
    shapes += [shape for line in drawn for shape in (axes.band(line), axes.line(line))]
    said = [f"{line.label}: from {number(first(line, log))} to {number(last(line, log))}" for line in drawn]
    return svg(title, "; ".join(said) + f"{note}.", legend(drawn) + "".join(shapes))


def usable(values: np.ndarray, log: bool) -> np.ndarray:
    """Which values can be drawn."""
    with np.errstate(invalid="ignore"):
        found: np.ndarray = np.isfinite(values) & ((values > 0) | (not log))
    return found


def unusable(lines: Sequence[Curve], log: bool) -> str:
    """How many values cannot be drawn, and why: "2 zeros, 1 not finite"; empty where all can."""
    values = np.concatenate([np.zeros(0), *(line.values for line in lines)])
    zeros, lost = int((values == 0).sum()) if log else 0, int((~np.isfinite(values)).sum())
    return ", ".join([f"{zeros} zero{'s' if zeros > 1 else ''}"] * (zeros > 0) + [f"{lost} not finite"] * (lost > 0))


def places(line: Curve) -> np.ndarray:
    """The abscissas of a line."""
    return np.arange(1, len(line.values) + 1) if line.x is None else line.x


def first(line: Curve, log: bool) -> float:
    """The first value of a line that can be drawn."""
    return float(line.values[usable(line.values, log)][0])


def last(line: Curve, log: bool) -> float:
    """The last value of a line that can be drawn."""
    return float(line.values[usable(line.values, log)][-1])


def number(value: float, digits: int = 3) -> str:
    """A number of three digits, such as 0.0123 and 1.2e-7, or in words that it is none."""
    return short_exponent(f"{value:.{digits}g}") if math.isfinite(value) else "not finite"


def short_exponent(words: str) -> str:
    """1e-07 and 1e+10 as 1e-7 and 1e10."""
    return words.replace("e-0", "e-").replace("e+0", "e").replace("e+", "e")


@dataclass(frozen=True)
class Axes:
    """From values to places in the picture."""

    x_low: float
    x_high: float
    y_low: float
    y_high: float
    log: bool

    def x(self, value: np.ndarray | float) -> np.ndarray:
        """Places from left to right."""
        share = (np.asarray(value) - self.x_low) / ((self.x_high - self.x_low) or 1)
        return np.asarray(LEFT + 8 + share * (WIDTH - LEFT - RIGHT - 16))

    def ends(self) -> tuple[float, float]:
        """The lowest and highest value, or its logarithm, on the axis: at least a factor of 4 apart."""
        if not self.log:
            return min(0.0, self.y_low), self.y_high if self.y_high > min(0.0, self.y_low) else self.y_low + 1
        low, high = math.log10(self.y_low), math.log10(self.y_high)
        more = max(0.3 - (high - low) / 2, 0.04 * (high - low))
        return low - more, high + more

    def y(self, value: np.ndarray | float) -> np.ndarray:
        """Places from bottom to top."""
        low, high = self.ends()
        found = np.log10(value) if self.log else np.asarray(value)
        return np.asarray(HEIGHT - BOTTOM - (found - low) / (high - low) * (HEIGHT - TOP - BOTTOM))

    def ticks(self) -> list[float]:
        """Round values of the vertical axis: powers of ten where there are enough, else numbers between."""
        low, high = self.ends()
        if not self.log:
            step = 10 ** math.floor(math.log10((high - low) / 2))
            step = next(k * step for k in (1, 2, 5, 10) if (high - low) / (k * step) <= 5)
            return [k * step for k in range(math.ceil(low / step), math.floor(high / step) + 1)]
        powers = range(math.ceil(low), math.floor(high) + 1)
        if len(powers) >= 3:
            every = math.ceil(len(powers) / 5)
            return [10.0**k for k in powers if k % every == 0]
        fine = [m * 10.0**k for k in range(math.floor(low), math.ceil(high) + 1) for m in (1, 1.5, 2, 3, 5, 7)]
        shown = [value for value in fine if low <= math.log10(value) <= high]
        return shown[::math.ceil(len(shown) / 6)]

    def frame(self, xlabel: str) -> str:
        """Grid lines, ticks and the label of the horizontal axis."""
        right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
        shapes = [f'<path d="M{LEFT} {TOP}V{bottom}H{right}" fill="none" stroke="#777"/>']
        for value in self.ticks():
            y = float(self.y(value))
            shapes.append(f'<path d="M{LEFT} {y:.1f}H{right}" stroke="#e4e4e4"/>')
            shapes.append(text(LEFT - 5, y + 4, tick(value), anchor="end"))
        between = round_step((self.x_high - self.x_low) / 5)
        for place in range(between * math.ceil(self.x_low / between), round(self.x_high) + 1, between):
            shapes.append(text(float(self.x(place)), bottom + 14, str(place), anchor="middle"))
        shapes.append(text((LEFT + right) / 2, HEIGHT - 6, xlabel, anchor="middle"))
        return "".join(shapes)

    def band(self, line: Curve) -> str:
        """The grey range behind a line."""
        if line.band is None or not usable(line.band, self.log).all():
            return ""
        x = self.x(places(line))
        low, high = self.y(line.band)
        points = path(np.append(x, x[::-1]), np.append(high, low[::-1]))
        return f'<path d="{points}Z" fill="#000" fill-opacity=".13"/>'

    def line(self, line: Curve) -> str:
        """A line with at most 64 marks, with gaps where a value cannot be drawn."""
        good = usable(line.values, self.log)
        x = self.x(places(line))
        y = self.y(np.where(good, line.values, self.y_high))
        begins = good & ~np.append(False, good[:-1])
        pieces = "".join(f"{'M' if begins[k] else 'L'}{x[k]:.1f} {y[k]:.1f}" for k in np.flatnonzero(good))
        every = math.ceil(len(x) / 64)
        marks = "" if line.kind == "theory" else "".join(
            mark(*place, line) for place in zip(x[good][::every], y[good][::every], strict=True))
        return f'<path d="{pieces}" {stroke(line)}/>{marks}'


def round_step(least: float) -> int:
    """1, 2, 5, 10, 20, …: the first that is not below `least`."""
    steps: Iterator[int] = (m * int(10**k) for k in range(9) for m in (1, 2, 5))
    return next(step for step in steps if step >= least)


def path(x: np.ndarray, y: np.ndarray) -> str:
    """A line through points."""
    return "M" + "L".join(f"{a:.1f} {b:.1f}" for a, b in zip(x, y, strict=True))


def tick(value: float) -> str:
    """The label of a tick: 0.1, 1, 100 as they are, others as powers."""
    if value == 0 or 1e-3 < abs(value) < 1e4:
        return f"{value:g}"
    return short_exponent(f"{value:.0e}")


def stroke(line: Curve) -> str:
    """How a kind of line is drawn."""
    color, width, dashes = {"measured": (line.color, 2, ""), "theory": ("#000", 1.4, "6 4"),
                            "pinned": (line.color, 1.6, "2 3")}[line.kind]
    return f'fill="none" stroke="{color}" stroke-width="{width}" stroke-dasharray="{dashes}"'


def mark(x: float, y: float, line: Curve) -> str:
    """A filled mark of a measured value, a hollow one of a pinned value."""
    fill = line.color if line.kind == "measured" else "#fff"
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.8" fill="{fill}" stroke="{line.color}"/>'


def legend(lines: Sequence[Curve]) -> str:
    """Samples with labels in one row under the title."""
    shapes, x = [], 8.0
    for line in lines:
        shapes.append(f'<path d="M{x:.0f} 29h24" {stroke(line)}/>')
        if line.kind != "theory":
            shapes.append(mark(x + 12, 29, line))
        shapes.append(text(x + 29, 33, line.label))
        x += 29 + 6.1 * len(line.label) + 14
    return "".join(shapes)


# Histograms ----------------------------------------------------------------------------------------------------

def histograms(title: str, counts: np.ndarray, sizes: np.ndarray, color: str, *, reach: float,
               theory: np.ndarray | None = None, normal: bool = False) -> str:
    """Histograms of up to six layers, each from −reach to reach times its root mean square `sizes`.

    theory: the predicted root mean squares. With normal=True the bell curve of this size is drawn over the histogram;
    otherwise two dashed lines mark ± the predicted size.
    """
    chosen = spread_out(len(counts), 6)
    width, height, bins = (WIDTH - 16) / 3, (HEIGHT - 30) / 2, counts.shape[1]
    shapes = []
    for k, layer in enumerate(chosen):
        x, bottom = 8 + (k % 3) * width, 26 + (k // 3 + 1) * height - 18
        inner, tall = width - 10, height - 36
        shapes.append(text(x, bottom + 13, f"layer {layer + 1}, rms {number(sizes[layer])}"))
        shapes.append(f'<path d="M{x:.1f} {bottom:.1f}h{inner:.1f}" stroke="#777"/>')
        if not counts[layer].any():
            shapes.append(text(x, bottom - 20, "all 0, or not finite"))
            continue
        top = max(float(counts[layer].max()), 0.09)
        y = bottom - tall * counts[layer] / top
        steps = "".join(f"V{one:.1f}h{inner / bins:.2f}" for one in y)
        shapes.append(f'<path d="M{x:.1f} {bottom:.1f}{steps}V{bottom:.1f}Z" fill="{color}" fill-opacity=".75"/>')
        if theory is None or not 0 < theory[layer] < math.inf:
            continue
        size = theory[layer] / sizes[layer]                       # in units of the measured root mean square
        if normal:
            t = np.linspace(-reach, reach, 61)
            height_of = np.exp(-0.5 * (t / size) ** 2) / (size * math.sqrt(2 * math.pi)) * (2 * reach / bins)
            points = path(x + inner * (t + reach) / (2 * reach), bottom - tall * np.minimum(height_of / top, 1.12))
        else:
            points = "".join(f"M{x + inner * (s * size + reach) / (2 * reach):.1f} {bottom:.1f}v{-tall:.1f}"
                             for s in (-1, 1) if size < reach)
        shapes.append(f'<path d="{points}" fill="none" stroke="#000" stroke-width="1.4" stroke-dasharray="5 3"/>')
    said = ", ".join(f"layer {layer + 1}: root mean square {number(sizes[layer])}" for layer in chosen)
    return svg(title, said + ".", "".join(shapes))


def spread_out(layers: int, most: int) -> list[int]:
    """The first, the last and some layers between, evenly."""
    return sorted({round(k * (layers - 1) / max(1, min(layers, most) - 1)) for k in range(min(layers, most))})


# The plane -----------------------------------------------------------------------------------------------------

def plane(title: str, p: np.ndarray, x: np.ndarray, y: np.ndarray, extent: tuple[float, float]) -> str:
    """The decision boundary: each place in the colour of the class with the largest p, paler where p is lower."""
    side, left = HEIGHT - 30, (WIDTH - HEIGHT + 30) / 2
    colors = np.array([[int(color[k:k + 2], 16) for k in (1, 3, 5)] for color in CLASSES])
    if np.isfinite(p).all():
        sure = (p.max(axis=-1, keepdims=True) - 1 / p.shape[-1]) / (1 - 1 / p.shape[-1])
        pixels = 255 - (255 - colors[p.argmax(axis=-1)]) * (0.12 + 0.5 * sure)
    else:
        pixels = np.full((*p.shape[:2], 3), 230.0)
    body = (f'<image x="{left:.0f}" y="24" width="{side}" height="{side}" preserveAspectRatio="none" '
            f'href="data:image/png;base64,{base64.b64encode(png(pixels)).decode()}"/>')
    low, high = extent
    places = (x - low) / (high - low) * side
    for k, shape in zip(range(p.shape[-1]), SHAPES, strict=False):
        points = "".join(f"M{left + a:.1f} {24 + side - b:.1f}{shape}" for a, b in places[y == k])
        body += f'<path d="{points}" fill="{CLASSES[k]}" stroke="#fff" stroke-width=".5"/>'
    return svg(title, f"{len(x)} points of {p.shape[-1]} classes over the class that the network gives each place.",
               body)


def png(pixels: np.ndarray) -> bytes:
    """An image file of pixels (rows, columns, 3) between 0 and 255: the three chunks that the format asks for."""
    rows, columns, _ = pixels.shape
    lines = np.zeros((rows, 1 + 3 * columns), np.uint8)                  # each line begins with its filter, 0
    lines[:, 1:] = pixels.reshape(rows, -1).round()
    found = b"\x89PNG\r\n\x1a\n"
    for kind, data in ((b"IHDR", struct.pack(">IIBBBBB", columns, rows, 8, 2, 0, 0, 0)),
                       (b"IDAT", zlib.compress(lines.tobytes(), 1)), (b"IEND", b"")):
        found += struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return found


def digit_images(title: str, x: np.ndarray, predicted: np.ndarray, y: np.ndarray) -> str:
    """Images of 8 × 8 pixels in rows of ten, each with the class that the network gives it; wrong ones are framed."""
    body, size = "", 38
    for k, (image, said, right) in enumerate(zip(x, predicted, y, strict=True)):
        left, top = 10 + (k % 10) * (size + 2), 26 + (k // 10) * (size + 15)
        shade = 255 * (1 - image.reshape(8, 8, 1) / max(float(image.max()), 1e-12)) * np.ones(3)
        frame = "" if said == right else (f'<rect x="{left}" y="{top}" width="{size - 3}" height="{size - 3}" '
                                          'fill="none" stroke="#c1121f" stroke-width="2.5"/>')
        body += (f'<image x="{left}" y="{top}" width="{size - 3}" height="{size - 3}" '
                 f'href="data:image/png;base64,{base64.b64encode(png(shade)).decode()}"/>{frame}'
                 + text(left + 17, top + size + 8, str(said), anchor="middle"))
    wrong = int((predicted != y).sum())
    return svg(title, f"{len(y)} digits with the class that the network gives each; {wrong} are wrong and framed.",
               body)
