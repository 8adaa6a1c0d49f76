"""Detectors beside each other as a map of AUCs: on every family, and on families that a variant was trained without."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from tad import checks
from tad.report.style import BANDS_DB, INVISIBLE, LABELS, MUTED, OURS, by_scope, mpl_text, theme

EMPTY, DARK = "#F3F4F6", 0.45  # luminance of a cell below which its text is white
DIVERGING = LinearSegmentedColormap.from_list("auc", [LABELS["real"], "#FFFFFF", LABELS["fake"]])
WIDTH_IN, HEAD_IN, ROW_IN = 10, 2.2, 0.3
ORDER = (*BANDS_DB, INVISIBLE)


@theme()
def detector_map(table: pd.DataFrame) -> Figure:
    """Draw the AUC of each detector on each family as a map, families from the plainest to the subtlest by band.

    Args:
        table: one row a detector and family, at one strength; columns detector, family, strength, auc (NaN is n/a),
            band and psnr_db (in the mask; both missing where they were not measured: those families stand last).
    """
    checks.rows("table", table, ("detector", "family", "strength", "auc", "band", "psnr_db"))
    if table["strength"].nunique() > 1:
        raise ValueError(f"a map is of one strength; got {sorted(set(table['strength'].tolist()))}")
    families = table.drop_duplicates("family")[["family", "band", "psnr_db"]]
    rank = families["band"].map({name: i for i, name in enumerate(ORDER)}).fillna(len(ORDER))
    families = families.assign(rank=rank).sort_values(["rank", "psnr_db", "family"], ignore_index=True)
    wide = table.pivot(index="detector", columns="family", values="auc")
    wide = wide.loc[list(dict.fromkeys(table["detector"])), families["family"]]
    figure, ax = _map(wide)
    for rank, own in families.groupby("rank"):
        name, first = (*ORDER, "not measured")[int(rank)], own.index[0]
        if first:
            ax.axvline(first, color=OURS, lw=1.4)
        ax.annotate(name, (first, 1), (2, 4), ("data", "axes fraction"), "offset points", fontsize=9, color=MUTED,
                    rotation=0 if 10 * len(own) > len(families) else 30)  # fmt: skip
    return figure


@theme()
def left_out_map(table: pd.DataFrame) -> Figure:
    """Draw the AUC of a head and its variants on each family as a map, framed where the family was left out.

    Args:
        table: one row a variant and family; columns detector, family, scope, auc (NaN is n/a) and left_out.
    """
    checks.rows("table", table, ("detector", "family", "scope", "auc", "left_out"))
    families = [name for rows in by_scope(table).values() for name in dict.fromkeys(rows["family"])]
    names = list(dict.fromkeys(table["detector"]))
    figure, ax = _map(table.pivot(index="detector", columns="family", values="auc").loc[names, families])
    for row in table[table["left_out"].astype(bool)].itertuples():
        corner = families.index(row.family), names.index(row.detector)
        ax.add_patch(Rectangle(corner, 1, 1, fill=False, edgecolor=OURS, lw=2, clip_on=False, zorder=4))
    frame = Rectangle((0, 0), 1, 1, fill=False, edgecolor=OURS, lw=2, label="trained without this family")
    figure.legend(handles=[frame], loc="outside upper left")
    return figure


@theme()
def cross_dataset_map(table: pd.DataFrame) -> Figure:
    """Draw how accurate each detector is on each data set by the threshold of each: what a carried threshold costs.

    Args:
        table: one row a detector and pair of data sets; columns detector, calibrated_on, judged_on and
            balanced_accuracy (NaN is n/a).
    """
    checks.rows("table", table, ("detector", "calibrated_on", "judged_on", "balanced_accuracy"))
    pairs = table["calibrated_on"] + " \N{RIGHTWARDS ARROW} " + table["judged_on"]
    wide = table.assign(pair=pairs).pivot(index="detector", columns="pair", values="balanced_accuracy")
    figure, ax = _map(wide.loc[list(dict.fromkeys(table["detector"])), list(dict.fromkeys(pairs))], "balanced accuracy")
    ax.set_xlabel("calibrated on \N{RIGHTWARDS ARROW} judged on")
    return figure


def _map(wide: pd.DataFrame, quantity: str = "AUC") -> tuple[Figure, Axes]:
    """A row a detector, a column a family, the quantity in its cell; white is chance."""
    figure = Figure(figsize=(WIDTH_IN, HEAD_IN + ROW_IN * len(wide)), layout="constrained")
    ax, aucs = figure.subplots(), wide.to_numpy(float)
    sns.heatmap(
        aucs, vmin=0, vmax=1, cmap=DIVERGING, linewidths=0.6, linecolor="white", ax=ax,
        cbar_kws={"label": f"{quantity}, 0.5 = chance", "pad": 0.01, "ticks": [0, 0.25, 0.5, 0.75, 1]},
    )  # fmt: skip
    ax.set_facecolor(EMPTY)
    ax.grid(visible=False)
    for (y, x), auc in np.ndenumerate(aucs):
        ax.text(x + 0.5, y + 0.5, _short(auc), ha="center", va="center", fontsize=7, color=_ink(auc))
    ax.set_yticks(np.arange(len(wide)) + 0.5, [mpl_text(name) for name in wide.index], rotation=0)
    ax.set_xticks(np.arange(wide.shape[1]) + 0.5, [mpl_text(name) for name in wide.columns], rotation=90, fontsize=8.5)
    ax.set(xlabel="", ylabel="")
    return figure, ax


def _short(auc: float) -> str:
    """Two decimals without the nought before them: a map of many families leaves little room.

    Example:
        >>> _short(0.834), _short(0.998), _short(float("nan"))
        ('.83', '1.0', 'n/a')
    """
    return "n/a" if np.isnan(auc) else f"{auc:.2f}".removeprefix("0").replace("1.00", "1.0")


def _ink(auc: float) -> str:
    """What can be read on the colour of a cell."""
    if np.isnan(auc):
        return MUTED
    return "white" if np.dot(mpl.colors.to_rgb(DIVERGING(auc)), [0.299, 0.587, 0.114]) < DARK else OURS
