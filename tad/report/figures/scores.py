"""Figures of a scores table: how real and fake clips lie to each other, to the thresholds, to the card."""

from html import escape

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from sklearn.metrics import auc, roc_curve

from tad import checks
from tad.report import style
from tad.report.card import CARD

DETECTOR = "midframe_mse"  # the card's numbers mean nothing on the axis of another score
ROC_FAMILIES = 10  # so many curves can be told apart
HOVER = "%{fullData.name}<br>false-positive rate %{x:.3f}<br>true-positive rate %{y:.3f}"
HOVER += "<br>threshold %{customdata}<extra></extra>"
RESAMPLES = 200  # of groups, for the band of a curve


@style.theme()
def mse_distribution(scores: pd.DataFrame, threshold: float, oracle: float | None = None) -> Figure:
    """Draw histograms of real and fake scores, and below them means and standard deviations beside the card's.

    Args:
        scores: scores table; of each family the rows at its greatest strength are drawn.
        threshold: the threshold chosen on validation reals, in units of the score.
        oracle: the threshold chosen on the test set, named so in the figure.
    """
    rows = _strongest(scores)
    checks.number("threshold", threshold)
    if oracle is not None:
        checks.number("oracle", oracle)
    figure = Figure(figsize=(10, 5.2), layout="constrained")
    top, below = figure.subplots(2, 1, sharex=True, height_ratios=[3.4, 1])
    sns.histplot(
        rows, x="score", hue="label", hue_order=style.LABELS, palette=style.LABELS, stat="probability", bins=36,
        common_norm=False, element="step", alpha=0.35, lw=1.4, legend=False, ax=top,
        log_scale=style.spans_decades(rows["score"]),
    )  # fmt: skip
    for label, colour in style.LABELS.items():
        top.fill_between([], [], color=colour, alpha=0.5, label=f"{label} clips")
    _thresholds(top, threshold, oracle)
    top.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    top.yaxis.set_major_formatter(lambda share, _: f"{100 * share:g} %")
    top.set_ylabel("share of the label's clips")
    top.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=5, columnspacing=1.4, handlelength=1.6)
    _means(below, rows)
    _score_axis(below, rows)
    return figure


@style.theme()
def score_by_family(scores: pd.DataFrame, threshold: float) -> Figure:
    """Draw each family's scores on a line, sorted by median, reals on top, with the share above the threshold."""
    rows = _strongest(scores)
    checks.number("threshold", threshold)
    rows["family"] = rows["method"].map(style.mpl_text).where(rows["label"] == "fake", "real")
    medians = rows[rows["label"] == "fake"].groupby("family")["score"].median()
    order = ["real", *medians.sort_values(ascending=False).index]
    figure = Figure(figsize=(10, 1.7 + 0.36 * len(order)), layout="constrained")
    ax = figure.subplots()
    sns.boxplot(
        rows, x="score", y="family", order=order, hue="label", palette=style.LABELS, dodge=False, legend=False,
        log_scale=style.spans_decades(rows["score"]), showfliers=False, fill=False, linewidth=1, width=0.55, ax=ax,
    )  # fmt: skip
    # seaborn's own strip plot draws its jitter from numpy's global state
    lines = rows["family"].map(order.index) + np.random.default_rng(0).uniform(-0.18, 0.18, len(rows))
    ax.scatter(rows["score"], lines, s=7, alpha=0.45, lw=0, color=rows["label"].map(style.LABELS))
    _thresholds(ax, threshold)
    above = (rows["score"] > threshold).groupby(rows["family"]).mean()
    right = {"transform": ax.get_yaxis_transform(), "va": "center", "color": style.MUTED, "fontsize": 9.5}
    for line, family in enumerate(order):
        ax.text(1.01, line, f"{100 * above[family]:.0f} %", **right)
    ax.set_title("above our threshold", loc="right", fontsize=9, weight="normal", color=style.MUTED)
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2)
    _score_axis(ax, rows)
    ax.set(ylabel="", ylim=(len(order) - 0.4, -0.6))
    return figure


def roc(scores: pd.DataFrame) -> go.Figure:
    """Draw ROC curves against the same reals: of all fakes, of each scope, and of each family at its greatest strength.

    The band is that of all fakes, from bootstraps over groups; the star is what the model card claims. Of more families
    than `ROC_FAMILIES` the legend shows the names alone, to be clicked: thirty curves are a tangle.
    """
    rows = _strongest(scores)
    layout = style.plotly_layout(
        f"ROC of {DETECTOR}",
        f"{_counts(rows)}<br>each family at its greatest strength; band: 95 % over groups, pointwise",
        xaxis={"title": {"text": "false-positive rate"}, "range": [-0.01, 1.01], "constrain": "domain"},
        yaxis={"title": {"text": "true-positive rate"}, "range": [-0.01, 1.02]},
        hovermode="closest",
        margin={"t": 104},
    )
    families = rows.loc[rows["label"] == "fake", "method"].unique()
    layout.height = max(layout.height, 380 + 20 * len(families))  # the legend would scroll
    chance = {
        "name": "chance (AUC 0.500)",
        "hoverinfo": "skip",
        "line": {"color": style.MUTED, "width": 1, "dash": "dash"},
    }
    curves = _roc_curves(rows, "method", 2)
    if len(curves) > ROC_FAMILIES:
        scopes = _roc_curves(rows, "scope", 2.5)
        curves = [*scopes, *(curve.update(visible="legendonly") for curve in curves)]
    pooled = _roc_curve("all families", rows, {"color": style.OURS, "width": 3.5})
    straight = go.Scatter(x=[0, 1], y=[0, 1], mode="lines", **chance)
    return go.Figure([straight, _card_point(), *_roc_band(rows), pooled, *curves], layout)


def _roc_curves(rows: pd.DataFrame, column: str, width: float) -> list[go.Scatter]:
    """A curve for each value that the fakes have in a column, the greatest area first."""
    lines = style.line_styles(rows.loc[rows["label"] == "fake", column].unique())
    own = {name: rows[(rows["label"] == "real") | (rows[column] == name)] for name in lines}
    curves = [_roc_curve(name, own[name], {**line, "width": width}) for name, line in lines.items()]
    return sorted(curves, key=lambda curve: -curve.meta["auc"])


def _roc_curve(name: str, rows: pd.DataFrame, line: dict) -> go.Scatter:
    false_rate, true_rate, thresholds = roc_curve(rows["label"] == "fake", rows["score"])
    area = auc(false_rate, true_rate)
    thresholds = [f"{value:.6g}" for value in thresholds]  # as text: the first is infinite, which JSON lacks
    return go.Scatter(
        x=false_rate.tolist(), y=true_rate.tolist(), customdata=thresholds, mode="lines", line=line,
        name=f"{escape(name)} (AUC {area:.3f})", hovertemplate=HOVER, meta={"auc": area},
    )  # fmt: skip


def _roc_band(rows: pd.DataFrame) -> list[go.Scatter]:
    """The band in which 95 % of the curves of resampled groups lie, at each false-positive rate; none of one group."""
    groups, codes = np.unique(rows["group"], return_inverse=True)
    if len(groups) < 2:
        return []
    grid, fake = np.linspace(0, 1, 101), (rows["label"] == "fake").to_numpy()
    drawn, curves = np.random.default_rng(0).multinomial(len(groups), [1 / len(groups)] * len(groups), RESAMPLES), []
    for taken in drawn:
        weight = taken[codes]
        if weight[fake].any() and weight[~fake].any():
            false_rate, true_rate, _ = roc_curve(fake, rows["score"], sample_weight=weight)
            curves.append(np.interp(grid, false_rate, true_rate))
    if not curves:
        return []
    low, high = np.quantile(curves, [0.025, 0.975], axis=0)
    return [go.Scatter(
        x=[*grid, *grid[::-1]], y=[*high, *low[::-1]], mode="lines", fill="toself", fillcolor=style.OURS, opacity=0.1,
        line={"width": 0}, name="all families, interval", hoverinfo="skip",
    )]  # fmt: skip


def _card_point() -> go.Scatter:
    """What the card claims for ultra-extreme fakes."""
    place = {"x": [CARD.false_positive_rate], "y": [CARD.recall], "mode": "markers", "cliponaxis": False}
    told = f"card: recall {CARD.recall:.0%}, false positives {CARD.false_positive_rate:.0%} (ultra-extreme)"
    look = {"symbol": "star", "size": 13, "color": style.CARD_COLOUR}
    return go.Scatter(**place, name="card, ultra-extreme fakes", marker=look, hovertemplate=f"{told}<extra></extra>")


def counted(scores: pd.DataFrame) -> str:
    """How many clips and groups stand behind the figures of a scores table, for a caption: "n = 6 real clips ..."."""
    return _counts(_strongest(scores))


def _strongest(scores: pd.DataFrame) -> pd.DataFrame:
    """The scored reals and, of each family, the scored fakes at the greatest strength it has."""
    checks.rows("scores", scores, ("detector", "status", "label", "method", "strength", "score", "group"))
    wanted = (scores["detector"] == DETECTOR) & (scores["status"] == "ok") & scores["label"].isin(["real", "fake"])
    rows = scores[wanted]
    found = rows["label"].value_counts().to_dict()
    if len(found) < 2:
        raise ValueError(f"scores must hold real and fake rows of {DETECTOR!r} with status 'ok'; got {found}")
    at_most = rows.groupby("method")["strength"].transform("max")
    return rows[(rows["label"] == "real") | (rows["strength"] == at_most)].reset_index(drop=True)


def _counts(rows: pd.DataFrame) -> str:
    """How many clips and groups stand behind a figure."""
    parts = []
    for label in style.LABELS:
        clips, groups = rows.loc[rows["label"] == label, "group"].agg(["size", "nunique"])
        parts.append(f"{clips:,} {label} clip{'s' * (clips != 1)} ({groups} group{'s' * (groups != 1)})")
    return "n = " + ", ".join(parts)


def _thresholds(ax: Axes, threshold: float, oracle: float | None = None) -> None:
    ax.axvline(threshold, color=style.OURS, lw=1.6, label=f"our threshold {threshold:.4g}")
    if oracle is not None:
        ax.axvline(oracle, color=style.MUTED, lw=1.4, ls=":", label=f"oracle {oracle:.4g}")
    ax.axvline(CARD.threshold, color=style.CARD_COLOUR, lw=1.4, ls="--", label=f"card's threshold {CARD.threshold}")


def _means(ax: Axes, rows: pd.DataFrame) -> None:
    """Mean and standard deviation of each label, the card's below ours."""
    ours = rows.groupby("label")["score"].agg(["mean", lambda values: values.std(ddof=0)])
    lines = {
        "real, measured": (*ours.loc["real"], style.LABELS["real"]),
        "real, card": (CARD.real_mse_mean, CARD.real_mse_std, style.CARD_COLOUR),
        "fake, measured": (*ours.loc["fake"], style.LABELS["fake"]),
        "fake, card": (CARD.fake_mse_mean, CARD.fake_mse_std, style.CARD_COLOUR),
    }
    for line, (mean, std, colour) in enumerate(lines.values()):
        low = mean - std if ax.get_xscale() == "linear" else max(mean - std, mean * 0.05)
        ax.plot([low, mean + std], [line, line], color=colour, lw=2.2, solid_capstyle="butt")
        ax.plot(mean, line, "o", color=colour, ms=5.5)
        text, at = f"{mean:.4g} ± {std:.3g}", (mean + std, line)
        ax.annotate(text, at, (7, 0), textcoords="offset points", va="center", fontsize=9, color=style.MUTED)
    ax.set_yticks(range(len(lines)), list(lines))
    ax.set_ylim(len(lines) - 0.4, -0.6)
    ax.grid(axis="y", visible=False)


def _score_axis(ax: Axes, rows: pd.DataFrame) -> None:
    """Say below the axis what the score is, in which unit, and how many clips stand behind the figure."""
    name = "MSE of the mid frame, RGB in [-1, 1]"
    if ax.get_xscale() == "log":
        name += " (logarithmic)"
        style.plain_log_ticks(ax.xaxis)
    ax.set_xlabel(f"{name}\n{_counts(rows)}")
