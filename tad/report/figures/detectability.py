"""How detection falls as fakes get subtler: AUC over strength, or over visibility."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from tad.report.style import MUTED, line_styles, plotly_layout, plotly_text, spans_decades

BANDS_DB = {20: "extreme | moderate", 30: "moderate | subtle", 40: "subtle | invisible"}
BAND_OPACITY = 0.11
SMALL = {"showarrow": False, "font": {"size": 11, "color": MUTED}}
BUTTONS = {"type": "buttons", "direction": "right", "y": 1.07, "yanchor": "bottom", "bgcolor": "white"}
BUTTONS |= {"bordercolor": "#B8BEC5", "font": {"size": 12}, "pad": {"l": 0, "r": 0}}
COLUMNS = ("family", "scope", "strength", "auc", "low", "high", "psnr_db", "n_groups")


def detectability(curves: pd.DataFrame) -> go.Figure:
    """Draw the AUC of each family over the strength of the forgery, with a switch to its visibility.

    Args:
        curves: one row a family and strength; columns family, scope ("whole" or "local"), strength in [0, 1],
            auc, low and high (interval of the AUC, NaN where the groups do not resolve one), psnr_db
            (inside the mask; inf where nothing changed), n_groups.

    Returns:
        A plotly figure: bands are the intervals, the dashed line is chance, a click on the legend switches a
        family, the buttons change the horizontal axis.

    Raises:
        ValueError: if a column is missing or the table is empty.
    """
    missing = [column for column in COLUMNS if column not in curves]
    if missing or curves.empty:
        raise ValueError(f"curves must have rows and the columns {COLUMNS}; got {len(curves)} rows, without {missing}")
    log = spans_decades(curves.loc[curves["strength"] > 0, "strength"])
    if log:  # no place for the identity on a logarithmic axis
        curves = curves[curves["strength"] > 0]
    strength_axis = _strength_axis(curves, log)
    figure = go.Figure(layout=_layout(curves, strength_axis))
    by_strength, by_psnr = [], []
    for family, line in line_styles(curves["family"]).items():
        rows = curves[curves["family"] == family].sort_values("strength")
        figure.add_trace(_band(rows, family, line["color"]))
        figure.add_trace(_line(rows, family, line))
        for xs, column in ((by_strength, "strength"), (by_psnr, "psnr_db")):
            xs += [_around(rows, column), _finite(rows[column])]
    figure.update_layout(
        updatemenus=[_axis_switch(by_strength, by_psnr, strength_axis), _band_switch(len(figure.data))]
    )
    return figure


def _line(rows: pd.DataFrame, family: str, line: dict) -> go.Scatter:
    return go.Scatter(
        x=_finite(rows["strength"]), y=_finite(rows["auc"]), text=[_hover(row) for row in rows.to_dict("records")],
        mode="lines+markers", line={**line, "width": 2}, marker={"size": 6}, name=plotly_text(family),
        legendgroup=plotly_text(family), hovertemplate="%{text}<extra></extra>",
    )  # fmt: skip


def _hover(row: dict) -> str:
    """Written here and not by plotly's template, which turns a missing number into 0.000."""
    known = np.isfinite(row["low"]) and np.isfinite(row["high"])
    interval = f"[{row['low']:.3f}, {row['high']:.3f}]" if known else "[n/a]"
    return (
        f"{plotly_text(row['family'])} ({plotly_text(row['scope'])})<br>"
        f"AUC {row['auc']:.3f} {interval}, {row['n_groups']} groups<br>"
        f"strength {row['strength']:.3g}, PSNR {row['psnr_db']:.1f} dB"
    )


def _band(rows: pd.DataFrame, family: str, colour: str) -> go.Scatter:
    known = rows.dropna(subset=["low", "high"])
    return go.Scatter(
        x=_around(rows, "strength"), y=_finite([*known["high"], *known["low"][::-1]]), hoverinfo="skip",
        mode="lines", fill="toself", line={"width": 0}, fillcolor=colour, opacity=BAND_OPACITY,
        name=plotly_text(family) + ", interval", legendgroup=plotly_text(family), showlegend=False,
    )  # fmt: skip


def _around(rows: pd.DataFrame, column: str) -> list[float | None]:
    """The way along a band's upper edge and back along its lower one."""
    xs = rows.dropna(subset=["low", "high"])[column]
    return _finite([*xs, *xs[::-1]])


def _finite(values) -> list[float | None]:
    """Plain numbers, None (a gap) for NaN and infinity, which JSON does not have."""
    return [float(value) if np.isfinite(value) else None for value in values]


def _chance() -> dict:
    line = {"color": MUTED, "width": 1, "dash": "dash"}
    return {
        "type": "line",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "y0": 0.5,
        "y1": 0.5,
        "line": line,
        "layer": "below",
    }


def _chance_name() -> dict:
    place = {"xref": "paper", "x": 1, "xanchor": "right", "y": 0.5, "yanchor": "top"}
    return {**place, "text": "chance", **SMALL}


def _axis_switch(by_strength: list, by_psnr: list, strength_axis: dict) -> dict:
    """Two buttons that exchange the x values, the axis and the lines that name the bands of visibility."""
    edges, names = [_chance()], [_chance_name()]
    for edge, name in BANDS_DB.items():
        line = {"color": "#B8BEC5", "width": 1, "dash": "dot"}
        edges.append({"type": "line", "x0": edge, "x1": edge, "yref": "paper", "y0": 0, "y1": 1, "line": line})
        names.append({"x": edge, "y": 1, "yref": "paper", "yanchor": "bottom", "text": name, **SMALL})
    psnr_axis = {
        "title.text": "PSNR inside the mask, dB (subtler to the left)",
        "type": "linear",
        "tickmode": "auto",
    }
    plain = {"shapes": [_chance()], "annotations": [_chance_name()], "xaxis.autorange": True}
    banded = {"shapes": edges, "annotations": names, "xaxis.autorange": "reversed"}
    buttons = [
        {
            "label": label,
            "method": "update",
            "args": [{"x": xs}, {f"xaxis.{k}": v for k, v in axis.items()} | rest],
        }
        for label, xs, axis, rest in (
            ("strength", by_strength, strength_axis, plain),
            ("visibility", by_psnr, psnr_axis, banded),
        )
    ]
    return BUTTONS | {"x": 0, "xanchor": "left", "buttons": buttons}


def _band_switch(n_traces: int) -> dict:
    """One button that hides the bands, which lie over each other where families do, and shows them again."""
    bands = list(range(0, n_traces, 2))  # each family's band comes before its line
    hide, reveal = ([{"opacity": opacity}, bands] for opacity in (0, BAND_OPACITY))
    button = {"label": "intervals", "method": "restyle", "args": reveal, "args2": hide}
    return BUTTONS | {"x": 1, "xanchor": "right", "showactive": False, "buttons": [button]}


def _strength_axis(curves: pd.DataFrame, log: bool) -> dict:
    axis = {"title.text": "strength of the forgery", "type": "log" if log else "linear", "tickmode": "auto"}
    if log:  # label the strengths that were measured, not powers of ten between them
        strengths = sorted(curves["strength"].unique())
        axis |= {
            "tickmode": "array",
            "tickvals": strengths,
            "ticktext": [f"{value:g}" for value in strengths],
        }
    return axis


def _layout(curves: pd.DataFrame, strength_axis: dict) -> go.Layout:
    fewest, most = int(curves["n_groups"].min()), int(curves["n_groups"].max())
    groups = f"{fewest}" if fewest == most else f"{fewest} to {most}"
    lowest = curves[["auc", "low"]].min().min()
    layout = plotly_layout(
        "Detectability",
        f"bands: 95 % intervals over n = {groups} groups",
        yaxis={"title": {"text": "AUC"}, "range": [min(0.4, lowest) - 0.02, 1.02]},
        shapes=[_chance()],
        annotations=[_chance_name()],
        margin={"t": 140},
        height=600,
    )
    return layout.update({f"xaxis.{key}": value for key, value in strength_axis.items()})
