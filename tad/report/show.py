"""Show figures and tables in a notebook so that alternative text and caption survive into the report.

Both travel in the output's metadata under "tad"; `tad.report.html` reads them there. The caption is also
printed below the figure, for readers of the notebook; that output is marked, and the report leaves it out.
"""

import base64
import io
import json
from collections.abc import Callable, Mapping

import matplotlib.pyplot as plt
import pandas as pd
import plotly.graph_objects as go
from IPython.display import display
from matplotlib.figure import Figure

from tad.report.tables import format_cells, table_html

DPI, CSS_PX_PER_INCH = 176, 88  # two picture dots for each dot of the page: sharp on good screens
PLOTLY_MIME = "application/vnd.plotly.v1+json"
PLOTLY_CONFIG = {
    "displaylogo": False,
    "responsive": True,
    "showSendToCloud": False,
}  # on by default since plotly.js 4


def show(figure: Figure | go.Figure, alt: str, caption: str = "") -> None:
    """Show a figure in the notebook; a matplotlib figure is closed afterwards.

    Args:
        figure: a matplotlib or plotly figure.
        alt: what the figure says, in a sentence or two, for those who cannot see it.
        caption: text below the figure.

    Raises:
        ValueError: if alt is empty.
        TypeError: if figure is neither.
    """
    if not alt.strip():
        raise ValueError(f"alt must say what the figure shows; got {alt!r}")
    metadata = {"tad": {"alt": alt, "caption": caption}}
    if isinstance(figure, go.Figure):
        data = {PLOTLY_MIME: json.loads(figure.to_json()) | {"config": PLOTLY_CONFIG}}
    elif isinstance(figure, Figure):
        data = {"image/png": base64.b64encode(_png(figure)).decode()}
        width, height = (round(inches * CSS_PX_PER_INCH) for inches in figure.get_size_inches())
        metadata["image/png"] = {"width": width, "height": height, "alt": alt}
        plt.close(figure)
    else:
        raise TypeError(f"figure must be a matplotlib or plotly figure; got {type(figure).__name__}")
    display(data | {"text/plain": alt}, metadata=metadata, raw=True)
    if caption:
        display({"text/plain": caption}, metadata={"tad": {"repeats_caption": True}}, raw=True)


def show_table(df: pd.DataFrame, caption: str, formats: Mapping[str, str | Callable] | None = None) -> None:
    """Show a table in the notebook; see `tad.report.tables.table_html` for the arguments."""
    texts = format_cells(df if isinstance(df.index, pd.RangeIndex) else df.reset_index(), formats)
    plain = f"{caption}\n\n{texts.to_string(index=False)}"
    display({"text/html": table_html(df, caption, formats), "text/plain": plain}, raw=True)


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI, facecolor="white")
    return buffer.getvalue()
