"""Experiments: compute a function over a grid and over seeds, look at its rows, and judge claims by them.

sweeps       sweep: compute the cells of a grid and keep them in a file; plan, read
rows         Rows: tidy rows with the few operations that a figure needs
claims       judge: a claim, a criterion, a measurement, a verdict
runs         fit_until_diverged: training whose end is a result also where it diverges
chapter      the first cell of a chapter: fast mode, seeds, stored results, the look of the pictures
rounding     TwoOrders: a layer that rounds in two ways
store        the sweep's file: its format, how it is read, written and locked
fingerprint  what the numbers of a sweep depend on, so that a change of the function is noticed
values       how the values of a grid are written, and when two of them are the same
parallel     calls of a function in several processes
"""

from minnet.experiments.claims import judge
from minnet.experiments.rows import Rows
from minnet.experiments.runs import fit_until_diverged
from minnet.experiments.sweeps import plan, read, sweep

__all__ = ["Rows", "fit_until_diverged", "judge", "plan", "read", "sweep"]
