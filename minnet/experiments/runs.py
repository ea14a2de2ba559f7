"""Runs that may fail: training whose end is a result also where it diverges."""

from __future__ import annotations

from typing import Any

from minnet.history import Diverged, History
from minnet.training import Data, fit


def fit_until_diverged(model: Any, data: Data, **options: Any) -> History:
    """`mn.fit`, but a run that diverges returns the History up to there, with `diverged` set to True.

    options: those of `fit`; the progress bar is off unless `progress=True`. A comparison over learning rates needs the
    rates that are too large as well: such a run counts as not learned, and must not end the comparison.
    """
    try:
        return fit(model, data, **{"progress": False} | options)
    except Diverged as error:
        error.history.diverged = True
        return error.history
