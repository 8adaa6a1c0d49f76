"""Figures of the reports: plain tables and arrays in, a matplotlib or plotly figure out."""

from tad.report.figures.curves import training_curves, training_steps
from tad.report.figures.detectability import detectability
from tad.report.figures.frames import attention_grid, film_strip
from tad.report.figures.scores import mse_distribution, roc, score_by_family

__all__ = [
    "attention_grid", "detectability", "film_strip", "mse_distribution", "roc", "score_by_family", "training_curves",
    "training_steps",
]  # fmt: skip
