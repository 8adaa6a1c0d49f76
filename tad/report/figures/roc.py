"""Receiver operating characteristic: what each family costs in false alarms."""

import pandas as pd
import plotly.graph_objects as go
from sklearn.metrics import auc, roc_curve

from tad.report.selection import counts, strongest, usable
from tad.report.style import MUTED, OURS, line_styles, plotly_layout, plotly_text

HOVER = "%{fullData.name}<br>false-positive rate %{x:.3f}<br>true-positive rate %{y:.3f}"
HOVER += "<br>threshold %{customdata}<extra></extra>"


def roc(scores: pd.DataFrame, detector: str = "midframe_mse") -> go.Figure:
    """Draw one ROC curve for each family and one for all fakes together, against the same reals.

    Args:
        scores: scores table (see `tad.report.selection.usable`); of each family the strongest rows count.
        detector: whose scores.

    Returns:
        A plotly figure; thresholds on hover, AUC in the legend, a click on the legend switches a family.

    Raises:
        ValueError: if the table has no usable real or fake row of the detector.

    Source: sklearn.metrics.roc_curve.
    """
    rows = strongest(usable(scores, detector))
    fakes = rows[rows["label"] == "fake"]
    figure = go.Figure(layout=_layout(detector, counts(rows)))
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", name="chance (AUC 0.500)", hoverinfo="skip",
        line={"color": MUTED, "width": 1, "dash": "dash"},
    )  # fmt: skip
    figure.add_trace(_curve("all families", rows, {"color": OURS, "width": 3.5}))
    styles = line_styles(fakes["method"])
    curves = []
    for family, style in styles.items():
        own = rows[(rows["label"] == "real") | (rows["method"] == family)]
        curves.append(_curve(family, own, {**style, "width": 2}))
    figure.add_traces(sorted(curves, key=lambda curve: -curve.meta["auc"]))
    return figure


def _curve(name: str, rows: pd.DataFrame, line: dict) -> go.Scatter:
    false_rate, true_rate, thresholds = roc_curve(rows["label"] == "fake", rows["score"])
    area = auc(false_rate, true_rate)
    thresholds = [f"{value:.6g}" for value in thresholds]  # as text: the first is infinite, which JSON lacks
    return go.Scatter(
        x=false_rate.tolist(), y=true_rate.tolist(), customdata=thresholds, mode="lines", line=line,
        name=f"{plotly_text(name)} (AUC {area:.3f})", hovertemplate=HOVER, meta={"auc": area},
    )  # fmt: skip


def _layout(detector: str, note: str) -> go.Layout:
    return plotly_layout(
        f"ROC of {plotly_text(detector)}",
        f"{note}<br>each family at its greatest strength",
        xaxis={"title": {"text": "false-positive rate"}, "range": [-0.01, 1.01], "constrain": "domain"},
        yaxis={"title": {"text": "true-positive rate"}, "range": [-0.01, 1.02]},
        hovermode="closest",
        margin={"t": 104},
    )
