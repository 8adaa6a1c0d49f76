"""Curves of several runs laid over each other."""

from html import escape

import pandas as pd
import plotly.graph_objects as go

from tad.report.style import MUTED, line_styles, plotly_layout

MEAN = "mean over families"


def run_curves(curves: pd.DataFrame, first: str = "midframe_mse") -> go.Figure:
    """Draw AUC over strength, a line a run, with a switch to every detector and family.

    Args:
        curves: run, detector, family, strength in (0, 1], auc, low, high (NaN where the groups resolve no interval).
        first: the detector that is shown at first, where it is there.
    """
    detectors = sorted(set(curves["detector"]), key=lambda name: (name != first, name))
    drawn = [(name, MEAN, _mean(curves[curves["detector"].eq(name)])) for name in detectors]
    of_first = curves[curves["detector"].isin(detectors[:1])]
    drawn += [
        (detectors[0], family, of_first[of_first["family"].eq(family)]) for family in sorted(set(of_first["family"]))
    ]
    runs = list(dict.fromkeys(curves["run"]))
    lines = line_styles(runs)
    figure = go.Figure(layout=plotly_layout(
        "AUC over the strength of the forgery", "a line a run; whiskers: 95 % intervals over groups",
        xaxis={"title": {"text": "strength of the forgery"}}, yaxis={"title": {"text": "AUC"}, "range": [0, 1.02]},
        margin={"t": 140}, legend={"orientation": "h", "y": -0.2},
    ))  # fmt: skip
    for number, (_, _, rows) in enumerate(drawn):
        for run in runs:
            figure.add_trace(_line(run, rows[rows["run"].eq(run)].sort_values("strength"), lines[run], number == 0))
    figure.add_hline(0.5, line={"color": MUTED, "width": 1, "dash": "dash"}, annotation_text="chance")
    shown = [[i // len(runs) == number for i in range(len(figure.data))] for number in range(len(drawn))]
    options = [
        {"label": escape(f"{detector}: {what}"), "method": "restyle", "args": [{"visible": seen}]}
        for (detector, what, _), seen in zip(drawn, shown, strict=True)
    ]
    menu = {"buttons": options, "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom", "bgcolor": "white"}
    return figure.update_layout(updatemenus=[menu])


def _mean(curves: pd.DataFrame) -> pd.DataFrame:
    """The mean over the families that every run has at a strength; no interval, which would need the scores."""
    cells = curves.groupby(["family", "strength"])["run"].transform("nunique")
    rows = curves[cells.eq(curves["run"].nunique())]
    return rows.groupby(["run", "strength"], as_index=False)["auc"].mean().assign(low=float("nan"), high=float("nan"))


def _line(run: str, rows: pd.DataFrame, line: dict, visible: bool) -> go.Scatter:
    up, down = rows["high"] - rows["auc"], rows["auc"] - rows["low"]
    whiskers = {"type": "data", "array": up.fillna(0).tolist(), "arrayminus": down.fillna(0).tolist(), "width": 3}
    return go.Scatter(
        x=rows["strength"].tolist(), y=rows["auc"].tolist(), name=escape(run), mode="lines+markers",
        line={**line, "width": 2}, error_y=whiskers | {"thickness": 1}, visible=visible,
        hovertemplate="%{fullData.name}<br>strength %{x:.3g}<br>AUC %{y:.3f}<extra></extra>",
    )  # fmt: skip
