"""Pictures side by side: film strips with heat and outlines laid over, and grids of attention maps."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure

from tad.report.style import HEAT, MUTED, mpl_text, style

WIDTH_IN, GAP_IN, TITLE_IN, LABEL_IN, BAR_IN = 10.0, 0.05, 0.42, 0.24, 0.62
HEAT_ALPHA = 0.6
OUTLINE = "#FFFFFF"


@style()
def film_strip(
    rows: Sequence[Sequence[np.ndarray]],
    titles: Sequence[str],
    frame_labels: Sequence[str] | None = None,
    overlays: Sequence[Sequence[np.ndarray] | None] | None = None,
    outlines: Sequence[Sequence[np.ndarray] | None] | None = None,
    heat_label: str = "heat, share of the greatest",
) -> Figure:
    """Lay frames out as strips, one a row, with heat and mask outlines over those that have them.

    Args:
        rows: each a sequence of frames (H, W, 3), uint8 or float in [0, 1]; up to about eight stay readable.
        titles: one line of text for each row.
        frame_labels: what stands below the columns, for instance times.
        overlays: for each row None or heat maps (H, W) in [0, 1], one a frame; the frames below turn grey so
            that only the heat has colour.
        outlines: for each row None or masks (H, W) in [0, 1], one a frame, outlined at 0.5.
        heat_label: what the one colour bar means.

    Returns:
        A matplotlib figure ten inches wide.

    Raises:
        ValueError: if titles, overlays or outlines do not fit the rows, or a frame is not (H, W, 3) in range.

    Example:
        >>> len(film_strip([[np.zeros((8, 8, 3))] * 4], ["black"]).axes)
        4
    """
    overlays, outlines = overlays or [None] * len(rows), outlines or [None] * len(rows)
    for name, given in (("titles", titles), ("overlays", overlays), ("outlines", outlines)):
        if len(given) != len(rows):
            raise ValueError(f"{name} must have one entry a row; got {len(given)} for {len(rows)} rows")
    columns = max(len(row) for row in rows)
    cell = (WIDTH_IN - GAP_IN * (columns - 1)) / columns
    heights = [cell * np.shape(row[0])[0] / np.shape(row[0])[1] for row in rows]
    bar = BAR_IN if any(heat is not None for heat in overlays) else 0.0
    total = sum(heights) + TITLE_IN * len(rows) + (LABEL_IN if frame_labels else 0.05) + bar
    figure = Figure(figsize=(WIDTH_IN, total), layout="none")
    top = total
    for row, title, heats, masks, height in zip(rows, titles, overlays, outlines, heights, strict=True):
        figure.text(0, (top - TITLE_IN + 0.08) / total, mpl_text(title), va="baseline", fontsize=10.5, weight="bold")
        top -= TITLE_IN + height
        for i, frame in enumerate(row):
            box = (i * (cell + GAP_IN) / WIDTH_IN, top / total, cell / WIDTH_IN, height / total)
            ax = figure.add_axes(box)
            _frame(ax, frame, None if heats is None else heats[i], None if masks is None else masks[i])
    for ax, label in zip(figure.axes[-len(rows[-1]) :], frame_labels or (), strict=False):
        ax.set_xlabel(mpl_text(label), fontsize=9, color=MUTED, labelpad=3)
    if bar:
        _colour_bar(figure, heat_label, [0.0, 0.4 / total, 0.3, 0.1 / total])
    return figure


def flow_pictures(frames: Sequence[np.ndarray], flow_rgb: Sequence[np.ndarray]) -> Figure:
    """Show frames above the optical flow from each to the next.

    Args:
        frames: (H, W, 3) each, uint8 or float in [0, 1].
        flow_rgb: as many pictures of flow, as `torchvision.utils.flow_to_image` makes them, but (H, W, 3).

    Returns:
        A matplotlib figure of two strips.
    """
    return film_strip([frames, flow_rgb], ["frame", "flow to the next frame: hue is direction, saturation is speed"])


@style()
def attention_grid(maps: np.ndarray) -> Figure:
    """Show the attention map of every head in every layer, each scaled to its own maximum.

    Args:
        maps: (layers, heads, h, w), attention of one query over the h x w tokens of a frame, >= 0.

    Returns:
        A matplotlib figure; layers from top to bottom, heads from left to right, one colour bar.

    Raises:
        ValueError: if maps does not have four axes or holds a negative value.
    """
    maps = np.asarray(maps, dtype=float)
    if maps.ndim != 4 or maps.min() < 0:
        raise ValueError(f"maps must be (layers, heads, h, w) and >= 0; got shape {maps.shape}, minimum {maps.min()}")
    layers, heads, h, w = maps.shape
    scaled = maps / np.maximum(maps.max(axis=(2, 3), keepdims=True), np.finfo(float).tiny)
    gap = max(1, h // 12)
    padded = np.pad(scaled, ((0, 0), (0, 0), (0, gap), (0, gap)), constant_values=np.nan)
    mosaic = padded.transpose(0, 2, 1, 3).reshape(layers * (h + gap), heads * (w + gap))
    cell = min(1.4, 9.2 / heads)  # inches
    figure = Figure(figsize=(heads * cell + 0.9, layers * cell * h / w + 1.1), layout="constrained")
    ax = figure.subplots()
    ax.imshow(mosaic, cmap=HEAT, vmin=0, vmax=1, interpolation="nearest")
    ax.set_xticks(np.arange(heads) * (w + gap) + (w - 1) / 2, [f"{i + 1}" for i in range(heads)])
    ax.set_yticks(np.arange(layers) * (h + gap) + (h - 1) / 2, [f"{i + 1}" for i in range(layers)])
    ax.set(xlabel="head", ylabel="layer")
    ax.tick_params(length=0)
    ax.grid(False)
    ax.spines[:].set_visible(False)
    figure.colorbar(ScalarMappable(cmap=HEAT), ax=ax, label="share of the map's maximum", shrink=0.8, aspect=30)
    return figure


def _frame(ax: Axes, frame: np.ndarray, heat: np.ndarray | None, mask: np.ndarray | None) -> None:
    frame = _pixels(frame)
    if heat is None:
        ax.imshow(frame)
    else:
        ax.imshow(frame @ [0.299, 0.587, 0.114], cmap="gray", vmin=0, vmax=1)  # luma of ITU-R BT.601
        ax.imshow(heat, cmap=HEAT, vmin=0, vmax=1, alpha=HEAT_ALPHA, interpolation="bilinear")
    if mask is not None and np.min(mask) < 0.5 <= np.max(mask):  # contour warns where there is no edge
        ax.contour(mask, levels=[0.5], colors=["black"], linewidths=2.4)
        ax.contour(mask, levels=[0.5], colors=[OUTLINE], linewidths=1.1)
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)


def _pixels(frame: np.ndarray) -> np.ndarray:
    frame = np.asarray(frame)
    if frame.ndim != 3 or frame.shape[2] != 3:
        raise ValueError(f"a frame must be (H, W, 3); got shape {frame.shape}")
    frame = frame / 255 if frame.dtype == np.uint8 else frame.astype(float)
    if frame.min() < -1e-6 or frame.max() > 1 + 1e-6:
        raise ValueError(f"a float frame must lie in [0, 1]; got [{frame.min():.3g}, {frame.max():.3g}]")
    return frame.clip(0, 1)


def _colour_bar(figure: Figure, label: str, box: list[float]) -> None:
    bar = figure.colorbar(
        ScalarMappable(cmap=HEAT), cax=figure.add_axes(box), orientation="horizontal", alpha=HEAT_ALPHA
    )
    bar.ax.tick_params(labelsize=8.5, length=2)
    bar.outline.set_visible(False)
    figure.text(box[0] + box[2] + 0.015, box[1], mpl_text(label), fontsize=9, color=MUTED, va="baseline")
