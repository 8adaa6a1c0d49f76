"""Reports: figures, tables, HTML pages, the index over all runs. Takes plain tables, knows no model."""

from tad.report import figures
from tad.report.card import CARD
from tad.report.explanation import Part, animation_html, figure_html, show_animation, write_explanation
from tad.report.html import export_html
from tad.report.index import write_index, write_run_index
from tad.report.show import show, show_table

__all__ = [
    "CARD", "Part", "animation_html", "export_html", "figure_html", "figures", "show", "show_animation", "show_table",
    "write_explanation", "write_index", "write_run_index",
]  # fmt: skip
