"""How the scores of real and fake clips lie to each other and to the thresholds."""

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from tad.report.card import CARD
from tad.report.selection import counts, strongest, usable
from tad.report.style import CARD_COLOUR, LABELS, MUTED, OURS, mpl_text, plain_log_ticks, spans_decades, style

CARD_DETECTOR = "midframe_mse"  # the card's numbers mean nothing on the axis of another score


@style()
def mse_distribution(
    scores: pd.DataFrame, threshold: float, detector: str = CARD_DETECTOR, oracle: float | None = None
) -> Figure:
    """Draw the distributions of real and fake scores, with thresholds, means and the card's numbers.

    Args:
        scores: scores table (see `tad.report.selection.usable`); of each family the strongest rows are drawn.
        threshold: the threshold chosen on validation reals, in units of the score.
        detector: whose scores; the card's numbers are drawn only beside its own, "midframe_mse".
        oracle: the threshold chosen on the test set, named so in the figure.

    Returns:
        A matplotlib figure: histograms above (each label sums to 100 %), means and standard deviations below.
        The axis is logarithmic if the scores cover more than 1.5 decades.

    Raises:
        ValueError: if the table has no usable real or fake row of the detector.
    """
    rows = strongest(usable(scores, detector))
    log = spans_decades(rows["score"])
    figure = Figure(figsize=(10, 5.2), layout="constrained")
    top, below = figure.subplots(2, 1, sharex=True, height_ratios=[3.4, 1])
    sns.histplot(
        rows, x="score", hue="label", hue_order=LABELS, palette=LABELS, stat="probability", bins=36,
        common_norm=False, element="step", alpha=0.35, lw=1.4, log_scale=log, ax=top, legend=False,
    )  # fmt: skip
    for label, colour in LABELS.items():
        top.fill_between([], [], color=colour, alpha=0.5, label=f"{label} clips")
    _thresholds(top, threshold, detector, oracle)
    top.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    top.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:g} %"))
    top.set_ylabel("share of the label's clips")
    top.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=5, columnspacing=1.4, handlelength=1.6)
    _means(below, rows, detector)
    _score_axis(below, rows, detector)
    return figure


@style()
def score_by_family(scores: pd.DataFrame, threshold: float, detector: str = CARD_DETECTOR) -> Figure:
    """Draw each family's scores by itself, the reals on top, with the share that lies above the threshold.

    Args:
        scores: scores table (see `tad.report.selection.usable`); of each family the strongest rows are drawn.
        threshold: the threshold chosen on validation reals, in units of the score.
        detector: whose scores.

    Returns:
        A matplotlib figure, one line a family, sorted by median.

    Raises:
        ValueError: if the table has no usable real or fake row of the detector.
    """
    rows = strongest(usable(scores, detector))
    rows["family"] = rows["method"].map(mpl_text).where(rows["label"] == "fake", "real")
    fakes = rows[rows["label"] == "fake"]
    order = ["real", *fakes.groupby("family")["score"].median().sort_values(ascending=False).index]
    figure = Figure(figsize=(10, 1.7 + 0.36 * len(order)), layout="constrained")
    ax = figure.subplots()
    sns.boxplot(
        rows, x="score", y="family", order=order, hue="label", palette=LABELS, dodge=False, legend=False,
        log_scale=spans_decades(rows["score"]), showfliers=False, fill=False, linewidth=1, width=0.55, ax=ax,
    )  # fmt: skip
    # seaborn's own strip plot draws its jitter from numpy's global state
    jitter = np.random.default_rng(0).uniform(-0.18, 0.18, len(rows))
    lines = rows["family"].map(order.index) + jitter
    ax.scatter(rows["score"], lines, s=7, alpha=0.45, lw=0, color=rows["label"].map(LABELS))
    _thresholds(ax, threshold, detector, None)
    for line, family in enumerate(order):
        share = 100 * (rows.loc[rows["family"] == family, "score"] > threshold).mean()
        ax.text(
            1.01, line, f"{share:.0f} %", transform=ax.get_yaxis_transform(), va="center", color=MUTED, fontsize=9.5
        )
    ax.set_title("above our threshold", loc="right", fontsize=9, weight="normal", color=MUTED)
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2)
    _score_axis(ax, rows, detector)
    ax.set_ylabel("")
    return figure


def _thresholds(ax: Axes, threshold: float, detector: str, oracle: float | None) -> None:
    ax.axvline(threshold, color=OURS, lw=1.6, label=f"our threshold {threshold:.4g}")
    if oracle is not None:
        ax.axvline(oracle, color=MUTED, lw=1.4, ls=":", label=f"oracle {oracle:.4g}")
    if detector == CARD_DETECTOR:
        label = f"card's threshold {CARD.threshold}"
        ax.axvline(CARD.threshold, color=CARD_COLOUR, lw=1.4, ls="--", label=label)


def _means(ax: Axes, rows: pd.DataFrame, detector: str) -> None:
    """Mean and standard deviation of each label, the card's below ours."""
    lines = []
    card = {"real": (CARD.real_mse_mean, CARD.real_mse_std), "fake": (CARD.fake_mse_mean, CARD.fake_mse_std)}
    for label, colour in LABELS.items():
        values = rows.loc[rows["label"] == label, "score"]
        lines.append((f"{label}, measured", values.mean(), values.std(ddof=0), colour))
        if detector == CARD_DETECTOR:
            lines.append((f"{label}, card", *card[label], CARD_COLOUR))
    for line, (_, mean, std, colour) in enumerate(lines):
        low = mean - std if ax.get_xscale() == "linear" else max(mean - std, mean * 0.05)
        ax.plot([low, mean + std], [line, line], color=colour, lw=2.2, solid_capstyle="butt")
        ax.plot(mean, line, "o", color=colour, ms=5.5)
        text, at = f"{mean:.4g} ± {std:.3g}", (mean + std, line)
        ax.annotate(text, at, (7, 0), textcoords="offset points", va="center", fontsize=9, color=MUTED)
    ax.set_yticks(range(len(lines)), [name for name, *_ in lines])
    ax.set_ylim(len(lines) - 0.4, -0.6)
    ax.grid(axis="y", visible=False)


def _score_axis(ax: Axes, rows: pd.DataFrame, detector: str) -> None:
    """Say below the axis what the score is, in which unit, and how many clips stand behind the figure."""
    is_card = detector == CARD_DETECTOR
    name = "MSE of the mid frame, RGB in [-1, 1]" if is_card else f"score of {mpl_text(detector)}"
    if ax.get_xscale() == "log":
        name += " (logarithmic)"
        plain_log_ticks(ax.xaxis)
    ax.set_xlabel(f"{name}\n{counts(rows)}")
