"""Frames, drawn with matplotlib, as a small GIF."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np

HERE = Path(__file__).parent
LOOK = {"font.size": 10, "axes.titlesize": 10.5, "axes.titlelocation": "left", "axes.spines.top": False,
        "axes.spines.right": False}


def write(name: str, draw: Callable[[Any, int], None], frames: int, *, folder: Path = HERE, hold: float = 2.5,
          seconds: float = 0.22, size: tuple[float, float] = (7.2, 3.3), colors: int = 32) -> Path:
    """Write `name`.gif; draw(figure, i) draws frame i into an empty figure.

    Few colours make a small file."""
    images = [picture(draw, i, size, colors) for i in range(frames)]
    file = folder / f"{name}.gif"
    times = [1.0, *[seconds] * (frames - 2), hold]
    images[0].save(file, save_all=True, append_images=images[1:], duration=[round(1000 * t) for t in times], loop=0,
                   optimize=True)
    return file


def picture(draw: Callable[[Any, int], None], i: int, size: tuple[float, float], colors: int) -> Any:
    """Frame i as an image of few colours."""
    from PIL import Image

    with plt.rc_context(LOOK):
        figure = plt.figure(figsize=size, dpi=100)
        draw(figure, i)
        figure.canvas.draw()
        pixels = np.asarray(figure.canvas.buffer_rgba())[:, :, :3]
        plt.close(figure)
    return Image.fromarray(pixels).quantize(colors, dither=Image.Dither.NONE)


def main(arguments: Sequence[str] | None = None) -> None:
    import minnet as mn
    from chapters.animations import edge, filters, twins

    plt.switch_backend("Agg")
    mn.blas_threads(1)
    for film in (twins, edge, filters):
        file = film.write()
        print(f"{file.name}: {file.stat().st_size / 1000:.0f} kB")
