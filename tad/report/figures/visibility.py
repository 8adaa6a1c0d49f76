"""Where each family stands on the scales of visibility, at every strength."""

from itertools import pairwise

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, MultipleLocator

from tad import checks
from tad.report.style import BANDS_DB, EDGE, HEAT, INVISIBLE, MUTED, OURS, by_scope, mpl_text, theme

COLUMNS = ("family", "scope", "strength", "psnr_db", "jod")
SHADES = (0.20, 0.12, 0.05, 0.0)  # of the bands, from extreme to invisible
ROW_IN, HEAD_IN, SMALLEST, LARGEST = 0.26, 1.5, 22, 80  # the last two are areas of markers in square points
MARK = {"edgecolor": "white", "lw": 0.6, "zorder": 3}
UNCHANGED = {"marker": ">", "clip_on": False, "s": 60}
BEST_JOD = 10.0
LEGEND_MOST = 8  # strengths that are named one by one


@theme()
def visibility_chart(table: pd.DataFrame) -> Figure:
    """Draw each family's strengths on two scales of visibility, subtler to the right: PSNR in the mask, and JOD.

    Families stand under their scope, those that are plainest to see at their greatest strength on top.

    Args:
        table: one row a family and strength; columns family, scope, strength, psnr_db (in the mask; inf, where nothing
            changed, is drawn at the right edge) and jod (NaN is left out; a table without any gets no such panel).
    """
    checks.rows("table", table, COLUMNS)
    lines = _lines(table)
    scales = ["psnr_db", "jod"] if table["jod"].notna().any() else ["psnr_db"]
    figure = Figure(figsize=(10, HEAD_IN + ROW_IN * len(lines)), layout="constrained")
    axes = figure.subplots(1, len(scales), sharey=True, squeeze=False, width_ratios=[1.5, 1][: len(scales)])[0]
    _bands(axes[0], table["psnr_db"])
    strengths = sorted(table["strength"].unique())
    look = dict(zip(strengths, _look(len(strengths)), strict=True))
    for ax, scale in zip(axes, scales, strict=True):
        for y, (_, rows) in enumerate(lines):
            _family(ax, y, rows, scale, look)
    if len(scales) > 1:
        axes[1].axvline(BEST_JOD, color=MUTED, lw=1, ls="--", zorder=1)
        axes[1].set_xlim(min(axes[1].get_xlim()[0], BEST_JOD - 1), BEST_JOD + 0.4)
        axes[1].set_xlabel("JOD of the clip, 10 = no visible difference\n(subtler to the right)")
    for ax, locator in zip(axes, (MultipleLocator(10), MaxNLocator(6, steps=[1, 2, 5, 10])), strict=False):
        ax.xaxis.set_major_locator(locator)
        ax.grid(axis="y", lw=0.6)
    _names(axes[0], lines)
    _legend(figure, look)
    return figure


def _lines(table: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """What stands in each line from the top: a scope with no rows, or a family with its own, in order of strength."""
    lines = []
    for scope, rows in by_scope(table).items():
        families = [(str(name), own.sort_values("strength")) for name, own in rows.groupby("family")]
        families.sort(key=lambda family: (family[1]["psnr_db"].iloc[-1], family[0]))
        lines += [(str(scope), rows.iloc[:0]), *families]
    return lines


def _bands(ax: Axes, psnr_db: pd.Series) -> None:
    """Shade and name the bands; a band that no point reaches gets the room of its name."""
    finite = psnr_db[np.isfinite(psnr_db)]
    limits = [min([10, *finite - 2]), *BANDS_DB.values(), max([51, *finite + 3])]
    for (low, high), name, shade in zip(pairwise(limits), (*BANDS_DB, INVISIBLE), SHADES, strict=True):
        ax.axvspan(low, high, color=MUTED, alpha=shade, lw=0, zorder=0)
        ax.annotate(name, ((low + high) / 2, 1), (0, 4), ax.get_xaxis_transform(), "offset points",
                    ha="center", fontsize=9.5, color=MUTED)  # fmt: skip
    ax.set_xlim(limits[0], limits[-1])
    ax.set_xlabel("PSNR in the mask, dB\n(subtler to the right)")


def _look(strengths: int) -> list[dict]:
    """Colour and size of the markers, darker and larger with strength."""
    shares = np.linspace(0, 1, strengths) if strengths > 1 else [1.0]
    colours = mpl.colormaps[HEAT](0.85 * (1 - np.asarray(shares)))  # the palest yellow is lost on white
    return [{"color": c, "s": SMALLEST + (LARGEST - SMALLEST) * k} for c, k in zip(colours, shares, strict=True)]


def _family(ax: Axes, y: int, rows: pd.DataFrame, scale: str, look: dict[float, dict]) -> None:
    """Draw a family's strengths into its line, what lies beyond the scale at its edge."""
    known = rows[rows[scale].notna()]
    ax.plot(known[scale].where(np.isfinite(known[scale])), [y] * len(known), color=EDGE, lw=1.4, zorder=2)
    for strength, value in zip(known["strength"], known[scale], strict=True):
        mark = MARK | look[strength] | (UNCHANGED if np.isinf(value) else {})
        ax.scatter(ax.get_xlim()[1] if np.isinf(value) else value, y, **mark)
    if len(rows) and known.empty:
        ax.text(0.5, y, "n/a", transform=ax.get_yaxis_transform(), ha="center", va="center", color=MUTED, fontsize=9)


def _names(ax: Axes, lines: list[tuple[str, pd.DataFrame]]) -> None:
    ax.set_yticks(range(len(lines)), [mpl_text(name) for name, _ in lines])
    ax.set_ylim(len(lines) - 0.4, -0.6)
    for tick, (_, rows) in zip(ax.yaxis.get_major_ticks(), lines, strict=True):
        tick.gridline.set_visible(len(rows) > 0)
        if rows.empty:
            tick.label1.set(weight="bold", color=OURS)


def _legend(figure: Figure, look: dict[float, dict]) -> None:
    """Name the strengths, or of many the first, the last and some between."""
    strengths = list(look)
    shown = {strengths[round(i)] for i in np.linspace(0, len(strengths) - 1, min(len(strengths), LEGEND_MOST))}
    ax = figure.axes[0]
    for strength in sorted(shown):
        ax.scatter([], [], **MARK | look[strength], label=f"{strength:g}")
    if any(not marks.get_clip_on() for marks in ax.collections):
        ax.scatter([], [], label="nothing changed", **MARK | UNCHANGED | {"color": MUTED})
    figure.legend(title="strength of the forgery", loc="outside upper left", ncols=LEGEND_MOST + 1, title_fontsize=9.5,
                  alignment="left", handletextpad=0.2, columnspacing=1.2)  # fmt: skip
