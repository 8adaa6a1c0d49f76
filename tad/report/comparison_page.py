"""The page of `tad compare`: runs side by side."""

from pathlib import Path

import pandas as pd
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from tad.report import pages
from tad.report.figures.runs import run_curves
from tad.report.html import PLOTLY_JS
from tad.report.show import table_html


def write_comparison(
    path: str | Path, runs: list[dict], differing: pd.DataFrame, metrics: dict[str, pd.DataFrame], paired: pd.DataFrame,
    curves: pd.DataFrame,
) -> Path:  # fmt: skip
    """Write the page; plotly's script is put beside it where there are curves.

    Args:
        path: the .html.
        runs: name, status, started, commit and link (relative to the page, or empty) of each.
        differing: what they were told differently.
        metrics: tables by caption.
        paired: tests of each run against the first.
        curves: as for `run_curves`; may be empty.
    """
    path, figure = Path(path), None
    if len(curves):
        figure = run_curves(curves).to_json().replace("<", "\\u003c")  # no </script> in the middle of the data
        if not (path.parent / PLOTLY_JS).exists():
            (path.parent / PLOTLY_JS).write_text(get_plotlyjs(), encoding="utf-8")
    return pages.write(
        path,
        "compare.html.j2",
        script="compare.js",
        runs=runs,
        differing=_table(differing, "Parameters, versions and the like that differ"),
        metrics=[_table(table, caption) for caption, table in metrics.items()],
        paired=_table(paired, "Each run against the first; positive: it tells fakes better. Holm over all rows"),
        figure=Markup(figure) if figure else None,
        plotly_js=PLOTLY_JS,
    )


def _table(table: pd.DataFrame, caption: str) -> Markup | None:
    return Markup(table_html(table, caption)) if len(table) else None
