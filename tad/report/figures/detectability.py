"""How detection falls as fakes get subtler: AUC over strength, or over visibility, one panel a scope."""

from html import escape
from itertools import pairwise

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from tad import checks
from tad.report.style import BANDS_DB, EDGE, INVISIBLE, MUTED, by_scope, line_styles, plotly_layout, spans_decades

NEEDED = ("family", "scope", "strength", "auc", "low", "high", "psnr_db", "n_groups")
BAND_OPACITY = 0.11
PANEL_PX, HEAD_PX, FOOT_PX, GAP_PX, LEGEND_PX = 240, 164, 64, 66, 164
COLUMNS, GAP = 2, 0.24  # between two columns, of the width; holds the legend of the left one
SMALL = {"showarrow": False, "font": {"size": 11, "color": MUTED}}
BUTTONS = {"type": "buttons", "direction": "right", "y": 1, "yanchor": "bottom", "bgcolor": "white"}
BUTTONS |= {"bordercolor": EDGE, "font": {"size": 12}, "pad": {"l": 0, "r": 0, "b": 44}}


def detectability(curves: pd.DataFrame) -> go.Figure:
    """Draw the AUC of each family over the strength of the forgery, with a switch to its visibility.

    Args:
        curves: one row a family and strength; columns family, scope (a panel each), strength in [0, 1],
            auc, low and high (interval of the AUC, NaN where the groups do not resolve one), psnr_db
            (inside the mask; inf where nothing changed), n_groups. With fit, fit_low and fit_high the lines and bands
            are those of the fit, and the AUCs as measured are dots.
    """
    checks.rows("curves", curves, NEEDED)
    strength_axis = {"title.text": "strength of the forgery", "type": "linear", "tickmode": "auto"}
    if spans_decades(curves.loc[curves["strength"] > 0, "strength"]):
        curves = curves[curves["strength"] > 0]  # no place for the identity on a logarithmic axis
        measured = sorted(curves["strength"].unique())  # label these, not powers of ten between them
        strength_axis |= {"type": "log", "tickmode": "array"}
        strength_axis |= {"tickvals": measured, "ticktext": [f"{value:g}" for value in measured]}
    scopes = by_scope(curves)
    panels = {str(i) if i > 1 else "": scope for i, scope in enumerate(scopes, 1)}  # by what plotly calls their axes
    figure = _panels(curves, panels)
    by_strength, by_psnr = [], []
    for panel, rows in zip(panels, scopes.values(), strict=True):
        for family, line in line_styles(rows["family"]).items():
            one = rows[rows["family"] == family].sort_values("strength")
            _family(figure, panel, one, line, by_strength, by_psnr)
    bands = [i for i, trace in enumerate(figure.data) if trace.fill]
    reveal, hide = ([{"opacity": opacity}, bands] for opacity in (BAND_OPACITY, 0))
    toggle = [{"label": "intervals", "method": "restyle", "args": reveal, "args2": hide}]
    band_switch = BUTTONS | {"x": 1, "xanchor": "right", "showactive": False, "buttons": toggle}
    switch, at_first = _axis_switch(by_strength, by_psnr, strength_axis, panels)
    return figure.update_layout(updatemenus=[switch, band_switch], **at_first)


def _family(figure: go.Figure, panel: str, rows: pd.DataFrame, line: dict, by_strength: list, by_psnr: list) -> None:
    """Draw a family's band and line into its panel, and note both kinds of x values for the switch."""
    fitted = "fit" in rows
    middle, low, high = ("fit", "fit_low", "fit_high") if fitted else ("auc", "low", "high")
    known = rows.dropna(subset=[low, high])  # a band runs along its upper edge and back along the lower
    for xs, column in ((by_strength, "strength"), (by_psnr, "psnr_db")):
        xs += [_finite([*known[column], *known[column][::-1]]), *[_finite(rows[column])] * (1 + fitted)]
    name, place = escape(rows["family"].iloc[0]), {"xaxis": f"x{panel}", "yaxis": f"y{panel}"}
    place |= {"legend": f"legend{panel}"}
    figure.add_scatter(
        x=_finite([*known["strength"], *known["strength"][::-1]]), y=_finite([*known[high], *known[low][::-1]]),
        name=f"{name}, interval",
        mode="lines", fill="toself", fillcolor=line["color"], opacity=BAND_OPACITY, line={"width": 0},
        legendgroup=name, showlegend=False, hoverinfo="skip", **place,
    )  # fmt: skip
    told = {"hovertemplate": "%{text}<extra></extra>", "text": [_hover(row) for row in rows.to_dict("records")]}
    dots = {"marker": {"size": 6}, **told}
    look = {"x": by_strength[-1], "legendgroup": name, **place}
    figure.add_scatter(
        y=_finite(rows[middle]), name=name, mode="lines" if fitted else "lines+markers", line={**line, "width": 2},
        **(told if fitted else dots), **look,
    )  # fmt: skip
    if fitted:
        dots["marker"] = {"size": 6, "color": line["color"]}
        figure.add_scatter(
            y=_finite(rows["auc"]), name=f"{name}, measured", mode="markers", showlegend=False, **dots, **look
        )


def _panels(curves: pd.DataFrame, panels: dict[str, str]) -> go.Figure:
    """The empty panels, two side by side, all on the same axes, with a legend beside each."""
    columns = min(COLUMNS, len(panels))
    rows = -(-len(panels) // columns)
    panel_px = PANEL_PX if rows > 1 else 1.6 * PANEL_PX
    plot_px = rows * panel_px + (rows - 1) * GAP_PX
    fewest, most = int(curves["n_groups"].min()), int(curves["n_groups"].max())
    groups = f"{fewest}" if fewest == most else f"{fewest} to {most}"
    layout = plotly_layout(
        _title(curves), f"bands: 95 % intervals over n = {groups} groups",
        margin={"t": HEAD_PX, "b": FOOT_PX, "r": LEGEND_PX}, height=plot_px + HEAD_PX + FOOT_PX,
    )  # fmt: skip
    lowest = curves[["auc", "low", *["fit_low"] * ("fit" in curves)]].min().min()
    x_axis, y_axis = (layout[key].to_plotly_json() for key in ("xaxis", "yaxis"))
    y_axis |= {"range": [min(0.4, lowest) - 0.02, 1.02]}
    width, height, step = (1 - GAP * (columns - 1)) / columns, panel_px / plot_px, (panel_px + GAP_PX) / plot_px
    for i, panel in enumerate(panels):
        row, column = divmod(i, columns)
        left, top = column * (width + GAP), 1 - row * step
        place = {"domain": [left, left + width], "anchor": f"y{panel}", "showticklabels": panel in _lowest(panels)}
        alike = [{"matches": axis} if panel else {} for axis in "xy"]  # the first follows none: plotly warns of a loop
        layout[f"xaxis{panel}"] = x_axis | place | alike[0]
        layout[f"yaxis{panel}"] = y_axis | {"domain": [max(0, top - height), top], "anchor": f"x{panel}"} | alike[1]
        layout[f"yaxis{panel}"].title.text = "" if column else "AUC"
        legend = {"x": left + width + 0.008, "y": top, "xanchor": "left", "yanchor": "top", "tracegroupgap": 0}
        layout[f"legend{panel}"] = legend | {"font": {"size": 11}, "bgcolor": "rgba(0,0,0,0)"}
    return go.Figure(layout=layout)


def _title(curves: pd.DataFrame) -> str:
    names = set(curves["detector"]) if "detector" in curves else set()
    return f"Detectability by {escape(names.pop())}" if len(names) == 1 else "Detectability"


def _hover(row: dict) -> str:
    """Written here and not by plotly's template, which turns a missing number into 0.000."""
    interval = "[n/a]" if np.isnan(row["high"] - row["low"]) else f"[{row['low']:.3f}, {row['high']:.3f}]"
    fit = f", rising fit {row['fit']:.3f}" if "fit" in row else ""
    return (
        f"{escape(row['family'])} ({escape(row['scope'])})<br>"
        f"AUC {row['auc']:.3f} {interval}{fit}, {row['n_groups']} groups<br>"
        f"strength {row['strength']:.3g}, PSNR {row['psnr_db']:.1f} dB"
    )


def _finite(values) -> list[float | None]:
    """Plain numbers, None (a gap) for NaN and infinity, which JSON does not have."""
    return [float(value) if np.isfinite(value) else None for value in values]


def _axis_switch(by_strength: list, by_psnr: list, strength_axis: dict, panels: dict[str, str]) -> tuple[dict, dict]:
    """Two buttons that exchange the x values, the axes and the lines that part the bands; and the layout at first."""
    psnr_axis = {"title.text": "PSNR inside the mask, dB (subtler to the left)", "type": "linear", "tickmode": "auto"}
    chance, titles = _chance_and_titles(panels)
    edges, names = [], []
    tiny = {**SMALL, "y": 1, "yanchor": "bottom", "font": {"size": 10, "color": MUTED}}
    edge = {"type": "line", "y0": 0, "y1": 1, "line": {"color": EDGE, "width": 1, "dash": "dot"}}
    limits = list(BANDS_DB.values())
    middles = [limits[0] - 6, *((low + high) / 2 for low, high in pairwise(limits)), limits[-1] + 6]
    for panel in panels:
        on = {"xref": f"x{panel}", "yref": f"y{panel} domain"}
        edges += [{**edge, **on, "x0": db, "x1": db} for db in limits]
        named = zip(middles, (*BANDS_DB, INVISIBLE), strict=True)
        names += [{**tiny, **on, "x": db, "text": name} for db, name in named]
    buttons = []
    for label, xs, axis, autorange, shapes, notes in (
        ("strength", by_strength, strength_axis, True, chance, titles),
        ("visibility", by_psnr, psnr_axis, "reversed", [*chance, *edges], [*titles, *names]),
    ):
        layout = {"shapes": shapes, "annotations": notes}
        for panel in panels:
            title = {"title.text": axis["title.text"] if panel in _lowest(panels) else ""}
            changed = {**axis, **title, "autorange": autorange}
            layout |= {f"xaxis{panel}.{key}": value for key, value in changed.items()}
        buttons.append({"label": label, "method": "update", "args": [{"x": xs}, layout]})
    return BUTTONS | {"x": 0, "xanchor": "left", "buttons": buttons}, buttons[0]["args"][1]


def _lowest(panels: dict[str, str]) -> list[str]:
    """Those under which nothing stands."""
    return list(panels)[-COLUMNS:]


def _chance_and_titles(panels: dict[str, str]) -> tuple[list[dict], list[dict]]:
    """What each panel has whatever its axis: the line of chance, and the name of its scope above it."""
    line = {"type": "line", "x0": 0, "x1": 1, "y0": 0.5, "y1": 0.5, "layer": "below"}
    line |= {"line": {"color": MUTED, "width": 1, "dash": "dash"}}
    chance = [{**line, "xref": f"x{panel} domain", "yref": f"y{panel}"} for panel in panels]
    title = {"x": 0, "xanchor": "left", "y": 1, "yanchor": "bottom", "yshift": 15, "showarrow": False}
    titles = [
        {**title, "text": f"<b>{escape(scope)}</b>", "xref": f"x{panel} domain", "yref": f"y{panel} domain"}
        for panel, scope in panels.items()
    ]
    note = {"xref": "x domain", "x": 1, "xanchor": "right", "y": 0.5, "yanchor": "top", "text": "chance", **SMALL}
    return chance, [*titles, note]
