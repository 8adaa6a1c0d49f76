"""Pictures side by side: film strips with heat and outlines laid over, and grids of attention maps."""

from collections.abc import Sequence
from itertools import chain

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from tad import checks
from tad.report.style import HEAT, MUTED, mpl_text, theme

WIDTH_IN, GAP_IN, TITLE_IN, LABEL_IN, BAR_IN = 10.0, 0.05, 0.42, 0.24, 0.62
HEAT_ALPHA = 0.6


@theme()
def film_strip(
    rows: Sequence[Sequence[np.ndarray]],
    titles: Sequence[str],
    frame_labels: Sequence[str] = (),
    overlays: Sequence[Sequence[np.ndarray] | None] | None = None,
    outlines: Sequence[Sequence[np.ndarray] | None] | None = None,
) -> Figure:
    """Lay frames out as strips, one a row, with heat and mask outlines over those that have them.

    Args:
        rows: each a sequence of frames (H, W, 3), uint8 or float in [0, 1]; up to about eight stay readable.
        titles: one line of text for each row.
        frame_labels: what stands below the columns, for instance times.
        overlays: for each row None or heat maps (H, W) in [0, 1], one a frame or None, drawn over grey frames.
        outlines: for each row None or masks (H, W) in [0, 1], one a frame, outlined at 0.5.
    """
    _check_strips(rows, titles, {"overlays": overlays, "outlines": outlines})
    overlays, outlines = overlays or [None] * len(rows), outlines or [None] * len(rows)
    columns = max(len(row) for row in rows)
    cell = (WIDTH_IN - GAP_IN * (columns - 1)) / columns
    heights = [cell * np.shape(row[0])[0] / np.shape(row[0])[1] for row in rows]
    heated, outlined = (any(part is not None for part in parts) for parts in (overlays, outlines))
    bar = BAR_IN if heated or outlined else 0.0
    total = sum(heights) + TITLE_IN * len(rows) + (LABEL_IN if frame_labels else 0.05) + bar
    figure = Figure(figsize=(WIDTH_IN, total), layout="none")
    top = total
    for row, title, heats, masks, height in zip(rows, titles, overlays, outlines, heights, strict=True):
        figure.text(0, (top - TITLE_IN + 0.08) / total, mpl_text(title), va="baseline", fontsize=10.5, weight="bold")
        top -= TITLE_IN + height
        for i, frame in enumerate(row):
            ax = figure.add_axes((i * (cell + GAP_IN) / WIDTH_IN, top / total, cell / WIDTH_IN, height / total))
            draw_frame(ax, frame, None if heats is None else heats[i], None if masks is None else masks[i])
    for ax, label in zip(figure.axes[-len(rows[-1]) :], frame_labels, strict=False):
        ax.set_xlabel(mpl_text(label), fontsize=9, color=MUTED, labelpad=3)
    if outlined:
        y = (0.45 if heated else 0.32) / total
        figure.add_artist(Line2D([0.62, 0.65], [y, y], color="black", lw=2.4))
        figure.add_artist(Line2D([0.62, 0.65], [y, y], color="white", lw=1.1))
        figure.text(0.66, y - 0.05 / total, "outline: what was changed", fontsize=9, color=MUTED, va="baseline")
    if heated:
        cax = figure.add_axes((0.015, 0.4 / total, 0.3, 0.1 / total))
        scale = figure.colorbar(ScalarMappable(cmap=HEAT), cax=cax, orientation="horizontal", alpha=HEAT_ALPHA)
        scale.outline.set_visible(False)
        cax.tick_params(labelsize=8.5, length=2)
        figure.text(0.33, 0.4 / total, "heat, share of the greatest", fontsize=9, color=MUTED, va="baseline")
    return figure


def _check_strips(rows: Sequence, titles: Sequence[str], beside: dict[str, Sequence | None]) -> None:
    good = (
        isinstance(rows, list | tuple) and rows and all(isinstance(r, Sequence | np.ndarray) and len(r) for r in rows)
    )
    checks.check(bool(good), "rows must be lists of frames, one or more", rows)
    for frame in chain(*rows):
        checks.picture("a frame of rows", frame)
    checks.texts("titles", titles)
    for name, found in {"titles": titles, **beside}.items():
        fits = found is None or isinstance(found, Sequence) and len(found) == len(rows)
        checks.check(fits, f"{name} must be one a row, {len(rows)}", found)
    for name, found in beside.items():
        for row, parts in zip(rows, found or [None] * len(rows), strict=True):
            fits = parts is None or isinstance(parts, Sequence | np.ndarray) and len(parts) == len(row)
            checks.check(fits, f"{name} must be one a frame, {len(row)}", parts)


def draw_frame(ax: Axes, frame: np.ndarray, heat: np.ndarray | None = None, mask: np.ndarray | None = None) -> None:
    """Draw a frame without its axes, with heat and the mask's outline where given; shapes as in `film_strip`."""
    checks.picture("a frame", frame)
    frame = frame / 255 if frame.dtype == np.uint8 else frame
    for name, part in (("heat of overlays", heat), ("a mask of outlines", mask)):
        if part is not None:
            checks.plane(name, part)
    if heat is None:
        ax.imshow(frame.clip(0, 1))
    else:
        ax.imshow(frame @ [0.299, 0.587, 0.114], cmap="gray", vmin=0, vmax=1)  # luma of ITU-R BT.601
        ax.imshow(heat, cmap=HEAT, vmin=0, vmax=1, alpha=HEAT_ALPHA, interpolation="bilinear")
    if mask is not None and np.min(mask) < 0.5 <= np.max(mask):  # contour warns where there is no edge
        ax.contour(mask, levels=[0.5], colors=["black"], linewidths=2.4)
        ax.contour(mask, levels=[0.5], colors=["white"], linewidths=1.1)
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)


@theme()
def attention_grid(maps: np.ndarray) -> Figure:
    """Show the attention map of every layer (down) and head (across), each scaled to its own maximum.

    Args:
        maps: (layers, heads, h, w), attention of one query over the h x w tokens of a frame, >= 0.
    """
    good = isinstance(maps, np.ndarray) and maps.ndim == 4 and maps.size and np.isfinite(maps).all() and maps.min() >= 0
    checks.check(bool(good), "maps must be (layers, heads, h, w), of 0 or more", maps)
    layers, heads, h, w = maps.shape
    scaled = maps / np.maximum(maps.max(axis=(2, 3), keepdims=True), np.finfo(float).tiny)
    gap = max(1, h // 12)
    padded = np.pad(scaled, ((0, 0), (0, 0), (0, gap), (0, gap)), constant_values=np.nan)
    mosaic = padded.transpose(0, 2, 1, 3).reshape(layers * (h + gap), heads * (w + gap))
    cell = min(1.4, 9.2 / heads)  # inches
    figure = Figure(figsize=(heads * cell + 0.9, layers * cell * h / w + 1.1), layout="constrained")
    ax = figure.subplots()
    ax.imshow(mosaic, cmap=HEAT, vmin=0, vmax=1, interpolation="nearest")
    ax.set_xticks(np.arange(heads) * (w + gap) + (w - 1) / 2, range(1, heads + 1))
    ax.set_yticks(np.arange(layers) * (h + gap) + (h - 1) / 2, range(1, layers + 1))
    ax.set(xlabel="head", ylabel="layer")
    ax.tick_params(length=0, grid_alpha=0)
    ax.spines[:].set_visible(False)
    figure.colorbar(ScalarMappable(cmap=HEAT), ax=ax, label="share of the map's maximum", shrink=0.8, aspect=30)
    return figure
