"""Choose an initializer, an activation, a depth and data, and see what happens: theory drawn over measurement.

    from minnet.explorer import explore
    explore()                              # in a notebook; `python -m minnet.explorer` opens the same in a browser

settings  Settings: what is chosen; the data, the network and the Python that belong to it
points    moons, circles, quadrants: examples in the plane
runs      Run: a network at step 0, trained, rewound; what is measured in it and what theory predicts
drawings  the pictures, as SVG
widgets   the controls, in a notebook
view      what the widgets show of a run

`explore` needs ipywidgets: pip install -e ".[explorer]". The rest needs numpy alone.
"""

from __future__ import annotations

from typing import Any

from minnet.explorer.runs import Layers, Run
from minnet.explorer.settings import Settings

__all__ = ["Layers", "Run", "Settings", "explore"]


def explore(settings: Settings | None = None) -> Any:
    """The explorer as an ipywidgets box, which a notebook shows where it is the last expression of a cell.

    It begins with `settings`, or with the defaults of `Settings`. Raises ImportError where ipywidgets is missing, and
    says how to install it.
    """
    try:
        from minnet.explorer.widgets import Explorer
    except ImportError as error:
        raise ImportError('the explorer needs ipywidgets: pip install -e ".[explorer]"') from error
    return Explorer(settings or Settings()).box
