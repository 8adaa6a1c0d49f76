"""Reports: figures, tables, HTML pages, the index over all runs. Takes plain tables, knows no model."""

from tad.report import figures
from tad.report.card import CARD
from tad.report.index import write_index, write_run_index
from tad.report.show import show, show_table

__all__ = ["CARD", "export_html", "figures", "show", "show_table", "write_index", "write_run_index"]


def __getattr__(name: str):
    """Import nbconvert only when a page is written: it takes seconds, and notebooks do not need it."""
    if name == "export_html":
        from tad.report.html import export_html

        return export_html
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
