"""Figures of real video alone: scores by source with the threshold, and false-positive rates as a map."""

from collections.abc import Iterable

import matplotlib as mpl
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tad import checks
from tad.report.card import CARD
from tad.report.style import (
    CARD_COLOUR,
    EDGE,
    HEAT,
    LABELS,
    MUTED,
    OURS,
    mpl_text,
    plain_log_ticks,
    spans_decades,
    theme,
)

COLUMNS = 3  # panels side by side
ROW_IN, HEAD_IN = 0.2, 0.85
SPLITS = {"val": "chose the threshold", "test": "unseen"}
CARDS = "midframe_mse"  # the detector whose axis the card's threshold belongs to
DARK = 0.55  # luminance of a cell below which its text is white


@theme()
def scores_by_source(units: pd.DataFrame, thresholds: pd.DataFrame, unit: str = "video") -> Figure:
    """Draw the scores of each source of real video, a panel a detector, with the threshold and how far it moves.

    Args:
        units: what was judged, reals alone; columns detector, split ("val" or "test"), group, score.
        thresholds: one row a detector; columns detector, value, and low and high, between which the threshold lies when
            one validation group is left out (NaN where unknown).
        unit: what a point is, in a word.
    """
    checks.rows("units", units, ("detector", "split", "group", "score"))
    checks.rows("thresholds", thresholds, ("detector", "value", "low", "high"))
    for name in dict.fromkeys(units["detector"]):
        checks.check(name in set(thresholds["detector"]), f"thresholds must hold a row of {name}", thresholds)
    checks.of_kind("unit", unit, str, "a text")
    names = list(dict.fromkeys(units["detector"]))
    lines = units.drop_duplicates(["split", "group"])[["split", "group"]]
    lines = pd.concat([lines[lines["split"].eq(split)] for split in SPLITS], ignore_index=True)
    columns = min(COLUMNS, len(names))
    rows = -(-len(names) // columns)
    figure = Figure(figsize=(10, 0.75 + rows * (HEAD_IN + ROW_IN * len(lines))), layout="constrained")
    axes = list(figure.subplots(rows, columns, sharey=True, squeeze=False).flat)
    for ax, name in zip(axes, names, strict=False):
        _source_panel(ax, name, units[units["detector"].eq(name)], thresholds.set_index("detector").loc[name], lines)
    for ax in axes[len(names) :]:
        ax.remove()
    _source_legend(figure, units, unit)
    return figure


def _source_panel(ax: Axes, name: str, rows: pd.DataFrame, cut: pd.Series, lines: pd.DataFrame) -> None:
    place = {key: y for y, key in enumerate(lines.itertuples(index=False, name=None))}
    card = [CARD.threshold] if name == CARDS else []
    if spans_decades([*rows["score"], cut["value"], *card]):
        ax.set_xscale("log")
        plain_log_ticks(ax.xaxis)
    ys = np.array([place[key] for key in rows[["split", "group"]].itertuples(index=False, name=None)])
    score = rows["score"].to_numpy(float)
    over = score > cut["value"]
    if np.isfinite(cut["low"]):
        ax.axvspan(cut["low"], cut["high"], color=MUTED, alpha=0.15, lw=0)
    ax.axvline(cut["value"], color=OURS, lw=1.4)
    for value in card:
        ax.axvline(value, color=CARD_COLOUR, lw=1.4, ls="--")
    ax.scatter(score[~over], ys[~over], s=26, color=LABELS["real"], alpha=0.75, lw=0, zorder=3)
    ax.scatter(score[over], ys[over], s=34, color=LABELS["fake"], marker="X", lw=0, zorder=3)
    ax.axhline(lines["split"].eq("val").sum() - 0.5, color=EDGE, lw=1, ls="--")
    ax.set_yticks(range(len(lines)), [f"{mpl_text(group)} ({split})" for split, group in place])
    ax.set_ylim(len(lines) - 0.4, -0.6)
    ax.set_title(mpl_text(name), fontsize=10)
    ax.set_xlabel("score, higher = more likely fake", fontsize=9)
    ax.tick_params(labelsize=8.5)


def _source_legend(figure: Figure, units: pd.DataFrame, unit: str) -> None:
    ax, mark = figure.axes[0], {"ls": "", "markeredgewidth": 0}
    counted = units.drop_duplicates(["detector", "split", "group"]).groupby("split")["group"].nunique()
    told = ", ".join(f"{counted.get(split, 0)} {split} groups ({word})" for split, word in SPLITS.items())
    handles = [
        ax.plot([], [], "o", color=LABELS["real"], label=f"real {unit}", **mark)[0],
        ax.plot([], [], "X", color=LABELS["fake"], label=f"real {unit} called fake", **mark)[0],
        ax.plot([], [], color=OURS, lw=1.4, label="threshold")[0],
        ax.fill_between([], [], color=MUTED, alpha=0.15, label="threshold with one validation group left out"),
    ]
    if units["detector"].eq(CARDS).any():
        label = f"card's threshold {CARD.threshold}"
        handles.append(ax.plot([], [], color=CARD_COLOUR, lw=1.4, ls="--", label=label)[0])
    figure.legend(handles=handles, loc="outside upper left", ncols=3, alignment="left", title=f"n = {told}",
                  title_fontsize=9.5, columnspacing=1.4)  # fmt: skip


@theme()
def false_positive_map(table: pd.DataFrame, across: Iterable[str], rate: str = "after") -> Figure:
    """Draw false-positive rates as a map: a row a detector, a column each source or change.

    Args:
        table: one row a cell; columns detector, those of `across` and `rate`, in [0, 1], NaN where there is none.
        across: columns that name the map's columns, from the wider to the narrower, such as change and level.
        rate: the column to draw.
    """
    checks.texts("across", across := list(across) if isinstance(across, Iterable) else across)
    checks.of_kind("rate", rate, str, "the name of a column")
    checks.rows("table", table, ("detector", *across, rate))
    order = table[across].drop_duplicates().itertuples(index=False, name=None)
    keys = [key if len(across) > 1 else key[0] for key in order]
    names = list(dict.fromkeys(table["detector"]))
    wide = table.pivot(index="detector", columns=across, values=rate).reindex(index=names)
    wide = wide[keys]
    figure = Figure(figsize=(10, 1.9 + 0.3 * len(names)), layout="constrained")
    ax = figure.subplots()
    sns.heatmap(
        wide.to_numpy(float), vmin=0, vmax=1, cmap=HEAT, linewidths=0.6, linecolor="white", ax=ax,
        cbar_kws={"label": "false-positive rate", "format": lambda share, _: f"{100 * share:.0f} %", "pad": 0.01},
    )  # fmt: skip
    _cell_texts(ax, wide.to_numpy(float))
    ax.set_yticks(np.arange(len(names)) + 0.5, [mpl_text(name) for name in names], rotation=0)
    ax.set_xticks(np.arange(len(keys)) + 0.5, [_key_text(key) for key in keys], rotation=90, fontsize=8.5)
    ax.set(xlabel="", ylabel="")
    firsts = [key[0] if isinstance(key, tuple) else key for key in keys]
    if len(across) > 1:
        for x in (i for i in range(1, len(keys)) if firsts[i] != firsts[i - 1]):
            ax.axvline(x, color=OURS, lw=1.2)
    return figure


def _cell_texts(ax: Axes, rates: np.ndarray) -> None:
    """Write each rate into its cell, in per cent, and n/a into an empty one."""
    ax.set_facecolor("#F3F4F6")
    colours = mpl.colormaps[HEAT]
    for (y, x), value in np.ndenumerate(rates):
        if np.isnan(value):
            ax.text(x + 0.5, y + 0.5, "n/a", ha="center", va="center", fontsize=7.5, color=MUTED)
            continue
        dark = np.dot(colours(value)[:3], [0.299, 0.587, 0.114]) < DARK
        text = f"{100 * value:.0f}"
        ax.text(x + 0.5, y + 0.5, text, ha="center", va="center", fontsize=8, color="white" if dark else OURS)


def _key_text(key: tuple | str) -> str:
    return mpl_text(" ".join(filter(None, map(str, key))) if isinstance(key, tuple) else key)
