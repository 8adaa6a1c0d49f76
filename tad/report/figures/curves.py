"""How a training went: losses, the error beside trivial answers, the flow's terms, the learning rate."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tad.report.card import CARD
from tad.report.style import CARD_COLOUR, MUTED, PALETTE, plain_log_ticks, spans_decades, style

# A copied neighbour is a strong answer to "what is the mid frame?", so the error is never drawn without it.
PANELS = {
    "Loss": {"train_loss": "training", "val_loss": "validation"},
    "Error of the mid frame, MSE": {
        "val_frame_mse": "network",
        "val_copy_mse": "copy of the neighbour",
        "val_neighbour_mean_mse": "mean of both neighbours",
    },
    "Terms of the flow": {"train_photometric": "photometric", "train_smoothness": "smoothness"},
    "Learning rate": {"learning_rate": "learning rate"},
}


@style()
def training_curves(log: pd.DataFrame) -> Figure:
    """Draw what a training logged, with the card's final validation loss as a reference.

    Args:
        log: one row a logging event; columns epoch, step, train_loss, val_loss, val_frame_mse, val_copy_mse,
            val_neighbour_mean_mse, train_photometric, train_smoothness, learning_rate. Any but one may be
            missing; NaN where a quantity was not logged at that row.

    Returns:
        A matplotlib figure with one panel for each kind of quantity that was logged.

    Raises:
        ValueError: if nothing that can be drawn was logged.

    Example:
        >>> figure = training_curves(pd.DataFrame({"step": [1, 2], "train_loss": [0.9, 0.5]}))
        >>> figure.axes[0].get_title(loc="left")
        'Loss'
    """
    log = log.dropna(axis="columns", how="all")
    panels = {
        title: {column: name for column, name in series.items() if column in log} for title, series in PANELS.items()
    }
    panels = {title: series for title, series in panels.items() if series}
    if not panels:
        known = [column for series in PANELS.values() for column in series]
        raise ValueError(f"log must hold one of {known}; got columns {list(log)}")
    n_rows = (len(panels) + 1) // 2
    figure = Figure(figsize=(10, 3.4 * n_rows), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.12, h_pad=0.12)
    axes = figure.subplots(n_rows, min(2, len(panels)), squeeze=False).flat
    for ax, (title, series) in zip(axes, panels.items(), strict=False):
        _panel(ax, log, title, series)
    for ax in list(axes)[len(panels) :]:
        ax.remove()
    return figure


def _panel(ax: Axes, log: pd.DataFrame, title: str, series: dict[str, str]) -> None:
    x = next((column for column in ("step", "epoch") if column in log), None)
    drawn = []
    for column, colour in zip(series, PALETTE, strict=False):
        points = log[column].dropna()
        where = points.index if x is None else log.loc[points.index, x]
        marker = "o" if len(points) <= 60 else None
        ax.plot(where, points, marker=marker, ms=3.5, lw=1.6, color=colour, label=series[column])
        drawn.append(points)
    if "val_loss" in series:
        label = f"card's validation loss {CARD.val_loss}"
        ax.axhline(CARD.val_loss, color=CARD_COLOUR, ls="--", lw=1.2, label=label)
    if spans_decades(pd.concat(drawn)):
        ax.set_yscale("log")
        plain_log_ticks(ax.yaxis)
    ax.set_title(title)
    ax.set_xlabel(x or "row of the log", color=MUTED)
    if len(series) > 1 or "val_loss" in series:
        ax.legend()
