"""How detection falls as fakes get subtler: AUC over strength, or over visibility."""

from html import escape

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from tad.report.style import EDGE, MUTED, line_styles, plotly_layout, spans_decades

BANDS_DB = {20: "extreme | moderate", 30: "moderate | subtle", 40: "subtle | invisible"}
BAND_OPACITY = 0.11
SMALL = {"showarrow": False, "font": {"size": 11, "color": MUTED}}
CHANCE = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": 0.5, "y1": 0.5, "layer": "below"}
CHANCE |= {"line": {"color": MUTED, "width": 1, "dash": "dash"}}
CHANCE_NAME = {"xref": "paper", "x": 1, "xanchor": "right", "y": 0.5, "yanchor": "top", "text": "chance", **SMALL}
BUTTONS = {"type": "buttons", "direction": "right", "y": 1.07, "yanchor": "bottom", "bgcolor": "white"}
BUTTONS |= {"bordercolor": EDGE, "font": {"size": 12}, "pad": {"l": 0, "r": 0}}


def detectability(curves: pd.DataFrame) -> go.Figure:
    """Draw the AUC of each family over the strength of the forgery, with a switch to its visibility.

    Args:
        curves: one row a family and strength; columns family, scope ("whole" or "local"), strength in [0, 1],
            auc, low and high (interval of the AUC, NaN where the groups do not resolve one), psnr_db
            (inside the mask; inf where nothing changed), n_groups.
    """
    strength_axis = {"title.text": "strength of the forgery", "type": "linear", "tickmode": "auto"}
    if spans_decades(curves.loc[curves["strength"] > 0, "strength"]):
        curves = curves[curves["strength"] > 0]  # no place for the identity on a logarithmic axis
        measured = sorted(curves["strength"].unique())  # label these, not powers of ten between them
        strength_axis |= {"type": "log", "tickmode": "array"}
        strength_axis |= {"tickvals": measured, "ticktext": [f"{value:g}" for value in measured]}
    figure = go.Figure(layout=_layout(curves).update({f"xaxis.{key}": v for key, v in strength_axis.items()}))
    by_strength, by_psnr = [], []
    for family, line in line_styles(curves["family"]).items():
        rows = curves[curves["family"] == family].sort_values("strength")
        known = rows.dropna(subset=["low", "high"])  # a band runs along its upper edge and back along the lower
        for xs, column in ((by_strength, "strength"), (by_psnr, "psnr_db")):
            xs += [_finite([*known[column], *known[column][::-1]]), _finite(rows[column])]
        name = escape(family)
        figure.add_scatter(
            x=by_strength[-2], y=_finite([*known["high"], *known["low"][::-1]]), name=f"{name}, interval",
            mode="lines", fill="toself", fillcolor=line["color"], opacity=BAND_OPACITY, line={"width": 0},
            legendgroup=name, showlegend=False, hoverinfo="skip",
        )  # fmt: skip
        figure.add_scatter(
            x=by_strength[-1], y=_finite(rows["auc"]), name=name, mode="lines+markers", line={**line, "width": 2},
            marker={"size": 6}, legendgroup=name, hovertemplate="%{text}<extra></extra>",
            text=[_hover(row) for row in rows.to_dict("records")],
        )  # fmt: skip
    bands = list(range(0, len(figure.data), 2))  # each family's band comes before its line
    reveal, hide = ([{"opacity": opacity}, bands] for opacity in (BAND_OPACITY, 0))
    toggle = [{"label": "intervals", "method": "restyle", "args": reveal, "args2": hide}]
    band_switch = BUTTONS | {"x": 1, "xanchor": "right", "showactive": False, "buttons": toggle}
    return figure.update_layout(updatemenus=[_axis_switch(by_strength, by_psnr, strength_axis), band_switch])


def _layout(curves: pd.DataFrame) -> go.Layout:
    fewest, most = int(curves["n_groups"].min()), int(curves["n_groups"].max())
    groups = f"{fewest}" if fewest == most else f"{fewest} to {most}"
    lowest = curves[["auc", "low"]].min().min()
    return plotly_layout(
        "Detectability",
        f"bands: 95 % intervals over n = {groups} groups",
        yaxis={"title": {"text": "AUC"}, "range": [min(0.4, lowest) - 0.02, 1.02]},
        shapes=[CHANCE], annotations=[CHANCE_NAME], margin={"t": 140}, height=600,
    )  # fmt: skip


def _hover(row: dict) -> str:
    """Written here and not by plotly's template, which turns a missing number into 0.000."""
    interval = "[n/a]" if np.isnan(row["high"] - row["low"]) else f"[{row['low']:.3f}, {row['high']:.3f}]"
    return (
        f"{escape(row['family'])} ({escape(row['scope'])})<br>"
        f"AUC {row['auc']:.3f} {interval}, {row['n_groups']} groups<br>"
        f"strength {row['strength']:.3g}, PSNR {row['psnr_db']:.1f} dB"
    )


def _finite(values) -> list[float | None]:
    """Plain numbers, None (a gap) for NaN and infinity, which JSON does not have."""
    return [float(value) if np.isfinite(value) else None for value in values]


def _axis_switch(by_strength: list, by_psnr: list, strength_axis: dict) -> dict:
    """Two buttons that exchange the x values, the axis and the lines that name the bands of visibility."""
    psnr_axis = {"title.text": "PSNR inside the mask, dB (subtler to the left)", "type": "linear", "tickmode": "auto"}
    edge = {"type": "line", "yref": "paper", "y0": 0, "y1": 1, "line": {"color": EDGE, "width": 1, "dash": "dot"}}
    edges = [CHANCE, *({**edge, "x0": db, "x1": db} for db in BANDS_DB)]
    name = {"y": 1, "yref": "paper", "yanchor": "bottom", **SMALL}
    names = [CHANCE_NAME, *({**name, "x": db, "text": text} for db, text in BANDS_DB.items())]
    buttons = []
    for label, xs, axis, autorange, shapes, notes in (
        ("strength", by_strength, strength_axis, True, [CHANCE], [CHANCE_NAME]),
        ("visibility", by_psnr, psnr_axis, "reversed", edges, names),
    ):
        layout = {f"xaxis.{key}": value for key, value in axis.items()}
        layout |= {"xaxis.autorange": autorange, "shapes": shapes, "annotations": notes}
        buttons.append({"label": label, "method": "update", "args": [{"x": xs}, layout]})
    return BUTTONS | {"x": 0, "xanchor": "left", "buttons": buttons}
