"""How a training went: losses, the error beside trivial answers, the flow's terms, the learning rate."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tad import checks
from tad.report.card import CARD
from tad.report.style import CARD_COLOUR, MUTED, PALETTE, plain_log_ticks, spans_decades, theme

# A copied neighbour is a strong answer to "what is the mid frame?", so the error is never drawn without it.
PANELS = {
    "Loss": {"train_loss": "training", "val_loss": "validation"},
    "Error of the mid frame, MSE": {
        "val_frame_mse": "network", "val_copy_mse": "copy of the neighbour",
        "val_neighbour_mean_mse": "mean of both neighbours",
    },
    "Terms of the flow": {"train_photometric": "photometric", "train_smoothness": "smoothness"},
    "Learning rate": {"learning_rate": "learning rate"},
}  # fmt: skip

STEP_PANELS = {
    "Loss of a step": {"loss": "all terms"},
    "Its parts": {"frame_mse": "frame", "photometric": "photometric", "smoothness": "smoothness"},
    "Learning rate": {"learning_rate": "learning rate"},
    "Length of the gradient before clipping": {"grad_norm": "gradient"},
    "Clips per second": {"clips_per_s": "clips per second"},
    "Share of the time spent waiting for data": {"wait_share": "share"},
}


def training_curves(log: pd.DataFrame) -> Figure:
    """Draw what a training logged each epoch, with the card's final validation loss.

    Args:
        log: one row an epoch; step or epoch, and any of the columns in PANELS; NaN where not logged.
    """
    return _draw(log, PANELS)


def training_steps(steps: pd.DataFrame) -> Figure:
    """Draw what a training logged each step: loss and its parts, gradients, speed.

    Args:
        steps: one row a step (or some); step, and any of the columns in STEP_PANELS.
    """
    return _draw(steps, STEP_PANELS)


@theme()
def _draw(log: pd.DataFrame, told: dict[str, dict[str, str]]) -> Figure:
    checks.rows("log", log)
    checks.check("step" in log or "epoch" in log, "log must have the column step or epoch", log)
    log = log.dropna(axis="columns", how="all")
    panels = {title: {c: label for c, label in names.items() if c in log} for title, names in told.items()}
    panels = {title: names for title, names in panels.items() if names}
    if not panels:
        raise ValueError(f"log must hold a column of {told}; got columns {list(log)}")
    n_rows = (len(panels) + 1) // 2
    figure = Figure(figsize=(10, 3.4 * n_rows), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.12, h_pad=0.12)
    axes = figure.subplots(n_rows, min(2, len(panels)), squeeze=False).flat
    for ax, (title, names) in zip(axes, panels.items(), strict=False):
        _panel(ax, log, title, names)
    for ax in axes[len(panels) :]:
        ax.remove()
    return figure


def _panel(ax: Axes, log: pd.DataFrame, title: str, names: dict[str, str]) -> None:
    columns = list(names)
    x = "step" if "step" in log else "epoch"
    for column, colour in zip(columns, PALETTE, strict=False):
        points = log[[x, column]].dropna()
        marker = "o" if len(points) <= 60 else None
        ax.plot(points[x], points[column], marker=marker, ms=3.5, lw=1.6, color=colour, label=names[column])
    if "val_loss" in columns:
        label = f"card's validation loss {CARD.val_loss}"
        ax.axhline(CARD.val_loss, color=CARD_COLOUR, ls="--", lw=1.2, label=label)
    if spans_decades(log[columns].stack().dropna()):
        ax.set_yscale("log")
        plain_log_ticks(ax.yaxis)
    ax.set_title(title)
    ax.set_xlabel(x, color=MUTED)
    if len(columns) > 1 or "val_loss" in columns:
        ax.legend()
