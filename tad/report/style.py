"""One look for all figures: one theme for each drawing library, colours that colour-blind readers tell apart.

Source of the colours: Okabe and Ito, "Color Universal Design" (2008). A meaning keeps its colour everywhere.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import matplotlib as mpl
import numpy as np
import pandas as pd
import plotly.graph_objects as go
import seaborn as sns

LABELS = {"real": "#0072B2", "fake": "#D55E00"}
OURS, CARD_COLOUR, MUTED, EDGE, GRID = "#1F2328", "#8A5A9E", "#5C6670", "#B8BEC5", "#EBEDF0"
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
FONTS = ("Arial", "Liberation Sans", "DejaVu Sans")
HEAT = "viridis"  # perceptually uniform, readable without red and green, and in grey
# What the families are called and where they lie, as in tad.forgery, which this room may not import; a test holds them
# together.
SCOPES = ("whole", "local", "temporal", "face", "frequency")
BANDS_DB = {"extreme": 20.0, "moderate": 30.0, "subtle": 40.0}  # upper limits; above the last it is INVISIBLE
INVISIBLE = "invisible"
MATPLOTLIB = {
    "font.sans-serif": FONTS, "axes.edgecolor": EDGE, "axes.labelcolor": OURS, "axes.labelsize": 10,
    "axes.titlelocation": "left", "axes.titleweight": "bold", "axes.titlesize": 11,
    "axes.spines.top": False, "axes.spines.right": False, "grid.color": GRID,
    "xtick.color": MUTED, "ytick.color": MUTED, "xtick.labelsize": 9.5, "ytick.labelsize": 9.5,
    "legend.frameon": False, "legend.fontsize": 9.5, "figure.constrained_layout.use": True,
}  # fmt: skip


@contextmanager
def theme() -> Iterator[None]:
    """Apply the theme to the matplotlib figures made inside, and only to them; also a decorator."""
    with mpl.rc_context(sns.axes_style("whitegrid") | sns.plotting_context("notebook") | MATPLOTLIB):
        yield


def plotly_layout(title: str, note: str, **layout) -> go.Layout:
    """The layout shared by the plotly figures; `title` and `note` (below it) must be escaped already."""
    axis = {"gridcolor": GRID, "linecolor": EDGE, "tickcolor": EDGE, "zeroline": False, "ticks": "outside"}
    axis |= {"title": {"standoff": 12, "font": {"size": 13}}}
    heading = {"text": f"<b>{title}</b>", "subtitle": {"text": note, "font": {"color": MUTED, "size": 12}}}
    base = go.Layout(
        template="none",
        font={"family": ", ".join((*FONTS, "sans-serif")), "size": 13, "color": OURS},
        title={**heading, "x": 0, "xref": "paper", "y": 0.97, "yanchor": "top", "font": {"size": 15}},
        xaxis=axis, yaxis=axis, margin={"l": 64, "r": 24, "t": 84, "b": 64}, height=540,
        hoverlabel={"font": {"size": 12.5}, "align": "left"},
    )  # fmt: skip
    return base.update(layout)


def line_styles(names: Iterable[str]) -> dict[str, dict[str, str]]:
    """Give each name a colour and, when the colours are used up, another dash; the same names get the same."""
    return {
        name: {"color": PALETTE[i % len(PALETTE)], "dash": DASHES[i // len(PALETTE) % len(DASHES)]}
        for i, name in enumerate(sorted(set(names)))
    }


def by_scope(table: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The rows of each scope, in the order of `SCOPES`, others after them by name; columns as they are.

    Example:
        >>> list(by_scope(pd.DataFrame({"scope": ["other", "face", "local"]})))
        ['local', 'face', 'other']
    """
    order = {scope: rank for rank, scope in enumerate(SCOPES)}
    found = sorted(table["scope"].unique(), key=lambda scope: (order.get(scope, len(order)), scope))
    return {scope: table[table["scope"] == scope] for scope in found}


def spans_decades(values: Iterable[float]) -> bool:
    """Whether the values are all positive and cover more than 1.5 powers of ten: a case for a log axis."""
    values = np.asarray(list(values), dtype=float)
    return bool(len(values) and values.min() > 0 and np.log10(values.max() / values.min()) > 1.5)


def plain_log_ticks(axis) -> None:
    """Label a logarithmic axis 0.01, 0.1, 1 instead of powers; readers compare these with a table."""

    def minor(value: float, _) -> str:
        low, high = axis.get_view_interval()
        return f"{value:g}" if high < 1e3 * low and f"{value:e}"[0] in "25" else ""

    axis.set_major_formatter("{x:g}")
    axis.set_minor_formatter(minor)


def mpl_text(name: object) -> str:
    """A name from outside as matplotlib text: a pair of dollar signs would be read as mathematics."""
    return str(name).replace("$", r"\$")
