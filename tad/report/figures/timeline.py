"""How the score of one video goes over its time, beside real videos, with thumbnails below."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tad import checks
from tad.report import style
from tad.report.figures.frames import draw_frame

SLOTS, WIDTH_IN, PLOT_IN, HEAD_IN, FOOT_IN = 8, 10.0, 2.6, 0.5, 0.62
FEWEST = 5  # thumbnails of a width; a video with fewer clips leaves room


@style.theme()
def score_timeline(
    clips: pd.DataFrame, threshold: float, reals: Sequence[float], thumbnails: Sequence[tuple[float, np.ndarray]]
) -> Figure:
    """Draw the score of each clip of a video at its time.

    Args:
        clips: one row a clip; start_s, end_s, score.
        threshold: scores above it are called fake.
        reals: scores of the real videos of the calibration; may be empty.
        thumbnails: time in s and frame (H, W, 3), uint8; of many, those next to eight evenly spaced times are shown.
    """
    checks.rows("clips", clips, ("start_s", "end_s", "score"))
    checks.number("threshold", threshold)
    checks.of_kind("reals", reals, Sequence | np.ndarray, "a row of scores")
    if len(reals):
        checks.numbers("reals", reals)
    checks.check(_are_thumbnails(thumbnails), "thumbnails must be pairs of a time and a frame", thumbnails)
    begin, end = float(clips["start_s"].min()), float(clips["end_s"].max())
    end = max(end, begin + 0.04)  # a clip of equal times would have no axis
    shown = nearest(thumbnails, begin, end, SLOTS)
    slots = max(FEWEST, len(shown))
    tall = max((image.shape[0] / image.shape[1] for _, image in shown), default=0) * WIDTH_IN / slots
    total = HEAD_IN + PLOT_IN + FOOT_IN + tall
    figure = Figure(figsize=(WIDTH_IN, total), layout="none")
    ax = figure.add_axes((0.07, (tall + FOOT_IN) / total, 0.93, PLOT_IN / total))
    _curve(ax, clips, threshold, reals)
    ax.set(xlim=(begin, end), xlabel="time in the video, s", ylabel="score")
    for slot, (at, image) in enumerate(shown):
        box = (slot / slots + 0.002, 0.0, 1 / slots - 0.004, (tall - 0.06) / total)
        thumb = figure.add_axes(box)
        draw_frame(thumb, image)
        thumb.set_title(f"{at:.1f} s", fontsize=8.5, weight="normal", color=style.MUTED, loc="center", pad=2)
    return figure


def _are_thumbnails(found: object) -> bool:
    pairs = isinstance(found, Sequence) and all(isinstance(pair, tuple | list) and len(pair) == 2 for pair in found)
    return pairs and all(isinstance(image, np.ndarray) and image.ndim == 3 for _, image in found)


def _curve(ax: Axes, clips: pd.DataFrame, threshold: float, reals: Sequence[float]) -> None:
    above = clips["score"] > threshold
    if len(reals):
        told = f"real videos of the calibration, n = {len(reals)}"
        ax.axhspan(min(reals), max(reals), color=style.LABELS["real"], alpha=0.1, lw=0, label=told)
    ax.axhline(threshold, color=style.OURS, lw=1.4, label=f"threshold {threshold:.4g}")
    for kind, rows in (("fake", clips[above]), ("real", clips[~above])):
        if rows.empty:
            continue
        where = "above" if kind == "fake" else "at or below"
        label = f"clips {where} the threshold, n = {len(rows)}"
        ax.hlines(rows["score"], rows["start_s"], rows["end_s"], color=style.LABELS[kind], lw=3, label=label)
    if style.spans_decades([*clips["score"], threshold, *reals]):
        ax.set_yscale("log")
        style.plain_log_ticks(ax.yaxis)
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=4, columnspacing=1.2, handlelength=1.4, fontsize=8.5)


def nearest(
    thumbnails: Sequence[tuple[float, np.ndarray]], begin: float, end: float, most: int
) -> list[tuple[float, np.ndarray]]:
    """Pick the thumbnails next to evenly spaced times, each once, in order.

    Example:
        >>> [time for time, _ in nearest([(t, None) for t in (0.0, 1.0, 2.0, 9.0)], 0, 10, 2)]
        [2.0, 9.0]
    """
    if len(thumbnails) <= most:
        return list(thumbnails)
    middles = begin + (np.arange(most) + 0.5) * (end - begin) / most
    times = np.array([time for time, _ in thumbnails])
    return [thumbnails[i] for i in sorted({int(np.abs(times - middle).argmin()) for middle in middles})]
