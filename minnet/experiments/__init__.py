"""Experiments: one function over a grid and over seeds, its rows, and claims that are judged by them.

sweeps  sweep: compute the cells of a grid in parallel; plan, read
store   the file in which a sweep keeps its finished cells
rows    Rows: tidy rows with the few questions that a figure needs
claims  judge: a claim, a criterion, a measurement, a verdict
"""

from minnet.experiments.claims import judge
from minnet.experiments.rows import Rows
from minnet.experiments.sweeps import plan, read, sweep

__all__ = ["Rows", "judge", "plan", "read", "sweep"]
