"""How right explanations are, how that falls with strength, and a score over time."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from tad import checks
from tad.report.style import DASHES, EDGE, LABELS, MUTED, OURS, PALETTE, mpl_text, theme

CHANGED = "#E9C7A6"  # a light tint of the colour of fakes
PANELS = {"space_auc": "where: pixel AUC", "time_auc": "when: frame AUC", "deletion": "deletion, lower is better"}
MPL_DASHES = dict(zip(DASHES, ("-", "--", ":", "-.", (0, (8, 3)), (0, (8, 3, 2, 3))), strict=True))
ROW_IN, HEAD_IN = 0.27, 1.3


@theme()
def explanation_scores(table: pd.DataFrame, panels: Mapping[str, str] = PANELS) -> Figure:
    """Draw methods and controls by some measures, each with its interval, and a line at the best control.

    Args:
        table: one row a method and measure; columns method, kind ("method" or "control"), measure, value, low, high
            (NaN where the groups resolve no interval: the value stands alone) and control (the best one, or NaN).
        panels: measures, and what stands above each.
    """
    checks.rows("table", table, ("method", "kind", "measure", "value", "low", "high", "control"))
    checks.check(isinstance(panels, Mapping) and len(panels) > 0, "panels must be titles by measure", panels)
    kinds = table.drop_duplicates("method").set_index("method")["kind"]
    names = [*kinds.index[kinds != "control"], *kinds.index[kinds == "control"]][::-1]
    figure = Figure(figsize=(10, HEAD_IN + ROW_IN * len(names)), layout="constrained")
    for ax, (measure, title) in zip(figure.subplots(1, len(panels), sharey=True), panels.items(), strict=True):
        rows = table[table["measure"].eq(measure)].set_index("method").reindex(names)
        for y, (_, row) in enumerate(rows.iterrows()):
            control = row["kind"] == "control"
            look = {"color": MUTED if control else LABELS["real"], "zorder": 3}
            if not np.isnan(row["low"]):
                ax.plot([row["low"], row["high"]], [y, y], lw=1.6, alpha=0.6, **look)
            ax.plot(row["value"], y, marker="s" if control else "o", ms=6, ls="", **look)
        if rows["value"].isna().all():
            ax.text(0.5, 0.5, "not measured", transform=ax.transAxes, ha="center", color=MUTED, fontsize=9.5)
            ax.set_xticks([])
        best = rows["control"].dropna()
        if len(best):
            ax.axvline(rows.loc[best.iloc[0], "value"], color=MUTED, lw=1, ls="--", zorder=1)
        ax.set_title(mpl_text(title), fontsize=10)
        ax.set_yticks(range(len(names)), [mpl_text(name) for name in names])
        ax.grid(axis="y", lw=0.5)
    handles = [
        Line2D([], [], marker="o", ls="", color=LABELS["real"], label="method"),
        Line2D([], [], marker="s", ls="", color=MUTED, label="control, knows nothing of the detector"),
        Line2D([], [], ls="--", color=MUTED, label="the best control"),
    ]
    figure.legend(handles=handles, loc="outside lower left", ncols=3)
    return figure


@theme()
def explanation_strength(table: pd.DataFrame, label: str) -> Figure:
    """Draw how right each method is as the same forgery grows, one panel a detector; strength 0 is the real clip.

    Args:
        table: columns detector, method, kind, strength, value, low, high.
        label: of the measure.
    """
    checks.rows("table", table, ("detector", "method", "kind", "strength", "value", "low", "high"))
    checks.of_kind("label", label, str, "a text")
    detectors = list(dict.fromkeys(table["detector"]))
    strengths = sorted(table["strength"].unique())
    figure = Figure(figsize=(10, 3.9), layout="constrained")
    axes = figure.subplots(1, len(detectors), sharey=True, squeeze=False)[0]
    names = list(dict.fromkeys(table["method"][table["kind"].ne("control")]))
    look = {name: (PALETTE[i % len(PALETTE)], MPL_DASHES[DASHES[i // len(PALETTE)]]) for i, name in enumerate(names)}
    for ax, detector in zip(axes, detectors, strict=True):
        own = table[table["detector"].eq(detector)]
        for (name, kind), rows in own.groupby(["method", "kind"], sort=False):
            rows, control = rows.sort_values("strength"), kind == "control"
            places = [strengths.index(s) for s in rows["strength"]]
            colour, dash = (EDGE, "-") if control else look[name]
            ax.plot(places, rows["value"], color=colour, ls=dash, lw=1.2 if control else 2, zorder=1 if control else 3)
            if not control:
                ax.fill_between(places, rows["low"].astype(float), rows["high"].astype(float), color=colour, alpha=0.08)
        ax.axhline(0.5, color=MUTED, lw=1, ls=":")
        ax.set_xticks(range(len(strengths)), [f"{s:g}" for s in strengths])
        ax.set_title(mpl_text(detector), fontsize=10)
        ax.set_xlabel("strength (0: the real clip)")
    axes[0].set_ylabel(mpl_text(label))
    handles = [Line2D([], [], color=c, ls=d, lw=2, label=mpl_text(name)) for name, (c, d) in look.items()]
    handles.append(Line2D([], [], color=EDGE, label="controls"))
    figure.legend(handles=handles, loc="outside lower left", ncols=4)
    return figure


@theme()
def score_profile(
    times: Sequence[float], scores: Mapping[str, Sequence[float]], changed: Sequence[tuple[float, float]] = (),
    threshold: float | None = None, explained: tuple[float, float] | None = None,
) -> Figure:  # fmt: skip
    """Draw a score over the time of a video, with what was changed marked where that is known.

    Args:
        times: of the mid frames that are scored, s.
        scores: by name ("real", "fake" or another), one a time.
        changed: stretches that were forged, from and to, s.
        threshold: above it a clip counts as fake.
        explained: the stretch that is explained, from and to, s.
    """
    checks.numbers("times", times)
    checks.check(isinstance(scores, Mapping) and len(scores) > 0, "scores must be rows of numbers by name", scores)
    for name, values in scores.items():
        fits = len(checks.numbers(f"scores of {name}", values)) == len(times)
        checks.check(fits, f"scores must be one a time, {len(times)}", values)
    for name, stretches in (("changed", changed), ("explained", [explained] if explained else [])):
        _check_stretches(name, stretches)
    if threshold is not None:
        checks.number("threshold", threshold)
    figure = Figure(figsize=(10, 3.2), layout="constrained")
    ax: Axes = figure.subplots()
    handles = []
    for start, end in changed:
        ax.axvspan(start, end, color=CHANGED, lw=0, zorder=0)
    if changed:
        handles.append(Patch(color=CHANGED, label="frames that were changed"))
    if explained:
        ax.axvspan(*explained, facecolor="none", edgecolor=OURS, hatch="///", lw=0, alpha=0.25, zorder=1)
        handles.append(Patch(facecolor="none", edgecolor=MUTED, hatch="///", label="the clip that is explained"))
    for i, (name, values) in enumerate(scores.items()):
        look = {"color": LABELS.get(name, PALETTE[2 + i % 4]), "marker": "os^D"[i % 4], "ms": 5, "lw": 1.8}
        handles += ax.plot(times, values, label=mpl_text(name), zorder=3, **look)
    if threshold is not None:
        handles.append(ax.axhline(threshold, color=MUTED, lw=1, ls="--", label="threshold"))
    ax.set(xlabel="time of the scored mid frame, s", ylabel="score")
    figure.legend(handles=handles, loc="outside lower left", ncols=5)
    return figure


def _check_stretches(name: str, stretches: Sequence[tuple[float, float]]) -> None:
    checks.of_kind(name, stretches, Sequence, "a list of stretches")
    for each in stretches:
        checks.check(len(checks.numbers(name, each)) == 2, f"{name} must be from and to, s", each)
