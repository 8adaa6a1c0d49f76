"""The ladder of every family as a picture: the real frame, then the forged one at each strength."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from tad import checks
from tad.report.figures.frames import draw_frame
from tad.report.style import EDGE, MUTED, by_scope, mpl_text, theme

WIDTH_IN, GAP_IN, NAME_IN, CAPTION_IN, SCOPE_IN, HEAD_IN = 10.6, 0.06, 0.3, 0.2, 0.52, 0.24
LETTER = 0.58  # width of a letter in font sizes, on average


@dataclass(frozen=True)
class SheetRow:
    """One family of a contact sheet."""

    family: str  # stands above the row; may be followed by what it does
    scope: str  # rows of one scope stand together
    real: np.ndarray  # (H, W, 3), uint8 or float in [0, 1]
    forged: Sequence[np.ndarray]  # like `real`, one a strength
    captions: Sequence[str]  # below each of `forged`, for instance its PSNR and band
    mask: np.ndarray | None = None  # (H, W) in [0, 1], outlined at 0.5 on `real`
    extra: np.ndarray | None = None  # (h, w, 3), stretched to the size of the others: a slice through time, say
    extra_caption: str = ""


@theme()
def contact_sheet(rows: Sequence[SheetRow], strengths: Sequence[str], extra_title: str = "") -> Figure:
    """Lay out the ladder of every family: the real frame with its mask, the forged one at each strength, one extra.

    Args:
        rows: one a family; they are grouped by scope and stay in their order within it.
        strengths: what stands above the columns of forged frames.
        extra_title: what stands above the column of extra pictures, where a row has one.
    """
    checks.check(isinstance(rows, Sequence), "rows must be a list of SheetRow", rows)
    for row in rows:
        checks.of_kind("each of rows", row, SheetRow, "a SheetRow")
    checks.texts("strengths", strengths)
    checks.of_kind("extra_title", extra_title, str, "a text")
    if not rows or any(not len(row.forged) == len(row.captions) == len(strengths) for row in rows):
        found = [(len(row.forged), len(row.captions)) for row in rows]
        raise ValueError(f"every row must have {len(strengths)} forged frames and captions; got {found}")
    extras = any(row.extra is not None for row in rows)
    titles = ["real, mask outlined", *strengths, *[extra_title] * extras]
    cell = (WIDTH_IN - GAP_IN * (len(titles) - 1)) / len(titles)
    scopes = by_scope(pd.DataFrame({"scope": [row.scope for row in rows], "row": list(rows)}))
    heights = {id(row): cell * np.shape(row.real)[0] / np.shape(row.real)[1] for row in rows}
    per_row = NAME_IN + CAPTION_IN
    total = sum(heights.values()) + per_row * len(rows) + (SCOPE_IN + HEAD_IN) * len(scopes)
    sheet = _Sheet(Figure(figsize=(WIDTH_IN, total), layout="none"), cell, total)
    top = total
    for scope, members in scopes.items():
        sheet.text(0, top - 0.34, scope, fontsize=13, weight="bold")
        sheet.rule(top - SCOPE_IN + 0.1)
        for column, title in enumerate(titles):
            sheet.text(column, top - SCOPE_IN - 0.12, title, fontsize=9.5, color=MUTED)
        top -= SCOPE_IN + HEAD_IN
        for row in members["row"]:
            sheet.row(row, top, heights[id(row)])
            top -= heights[id(row)] + per_row
    return sheet.figure


@dataclass(frozen=True)
class _Sheet:
    """A figure measured in columns from the left and inches from the bottom."""

    figure: Figure
    cell_in: float
    height_in: float

    def left(self, column: int) -> float:
        return column * (self.cell_in + GAP_IN) / WIDTH_IN

    def text(self, column: int, y_in: float, text: str, fontsize: float, **look) -> None:
        """Write from a column's left edge, small enough to end with the column; bold text may run on over the row."""
        room_pt = 72 * (WIDTH_IN if "weight" in look else self.cell_in)
        fontsize = min(fontsize, room_pt / (LETTER * max(len(text), 1)))
        place = self.left(column), y_in / self.height_in
        self.figure.text(*place, mpl_text(text), va="baseline", fontsize=fontsize, **look)

    def rule(self, y_in: float) -> None:
        y = y_in / self.height_in
        self.figure.add_artist(Line2D([0, 1], [y, y], color=EDGE, lw=1))

    def row(self, row: SheetRow, top_in: float, frame_in: float) -> None:
        """A family: its name, its pictures, and below them their captions."""
        self.text(0, top_in - NAME_IN + 0.08, row.family, fontsize=10.5, weight="bold")
        bottom = top_in - NAME_IN - frame_in
        pictures = [row.real, *row.forged, *([] if row.extra is None else [row.extra])]
        captions = ["", *row.captions, row.extra_caption]
        for column, picture in enumerate(pictures):
            place = (self.left(column), bottom / self.height_in)
            ax = self.figure.add_axes((*place, self.cell_in / WIDTH_IN, frame_in / self.height_in))
            draw_frame(ax, picture, mask=row.mask if column == 0 else None)
            ax.set_aspect("auto")  # what is no frame fills the place of one
            self.text(column, bottom - 0.15, captions[column], fontsize=9, color=MUTED)
