"""Figures of the reports: plain tables and arrays in, a matplotlib or plotly figure out."""

from tad.report.figures.curves import training_curves, training_steps
from tad.report.figures.detectability import detectability
from tad.report.figures.detectors import detector_map, left_out_map
from tad.report.figures.frames import attention_grid, film_strip
from tad.report.figures.scores import mse_distribution, roc, score_by_family
from tad.report.figures.sheet import SheetRow, contact_sheet
from tad.report.figures.sources import false_positive_map, scores_by_source
from tad.report.figures.timeline import score_timeline
from tad.report.figures.visibility import visibility_chart

__all__ = [
    "SheetRow", "attention_grid", "contact_sheet", "detectability", "detector_map", "false_positive_map", "film_strip",
    "left_out_map", "mse_distribution", "roc", "score_by_family", "score_timeline", "scores_by_source",
    "training_curves", "training_steps", "visibility_chart",
]  # fmt: skip
