"""Figures of the reports: plain tables and arrays in, a matplotlib or plotly figure out."""

from tad.report.figures.animation import animation
from tad.report.figures.curves import training_curves, training_steps
from tad.report.figures.detectability import detectability
from tad.report.figures.detectors import cross_dataset_map, detector_map, left_out_map
from tad.report.figures.explanations import explanation_scores, explanation_strength, score_profile
from tad.report.figures.frames import attention_grid, film_strip
from tad.report.figures.scores import counted, mse_distribution, roc, score_by_family
from tad.report.figures.sheet import SheetRow, contact_sheet
from tad.report.figures.sources import false_positive_map, scores_by_source
from tad.report.figures.timeline import score_timeline
from tad.report.figures.visibility import visibility_chart

__all__ = [
    "SheetRow", "animation", "attention_grid", "contact_sheet", "counted", "cross_dataset_map", "detectability",
    "detector_map", "explanation_scores", "explanation_strength", "false_positive_map", "film_strip",
    "left_out_map", "mse_distribution", "roc", "score_by_family", "score_profile", "score_timeline",
    "scores_by_source", "training_curves", "training_steps", "visibility_chart",
]  # fmt: skip
