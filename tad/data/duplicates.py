"""The same footage twice, found by what it shows: also after another encoder, another size, another container."""

from collections.abc import Iterator

import pandas as pd
import torch
from torch import Tensor
from torch.nn import functional as F
from tqdm.auto import tqdm

from tad.data.codec import DecodeError, decode, probe

POINTS = (0.1, 0.3, 0.5, 0.7, 0.9)  # of a video's length; a copy that was cut to another length is not found
GRID = 12
STEP_LEVELS = 3.0  # of 255; a smaller step between neighbouring cells is noise and says nothing
# Of the steps that both videos show. Measured: a copy at half the size through a coarse MPEG-4, 0.046 at most; a second
# take of the same man before the same wall, 0.15.
MOST_DIFFERING = 0.08
FEWEST = 100  # steps that both must show


def content_print(path: str, crop: tuple | None = None) -> Tensor:
    """What a video shows, coarsely: at five times, whether each cell of a grid is darker or brighter than the next.

    Source: the difference hash of images, here with a third value for steps too small to tell.

    Args:
        path: the file.
        crop: box of the footage.

    Returns:
        Steps to the right and down, -1, 0 or 1, (5 * 2 * GRID * GRID,).

    Raises:
        DecodeError: the video cannot be decoded.
    """
    duration_s, steps = probe(path).duration_s, []
    for point in POINTS:
        frame = next((image for _, image in decode(path, crop, start_s=point * duration_s)), None)
        if frame is None:  # the container promises more than it holds
            raise DecodeError(f"no frame at {point * duration_s:.2f} s of {duration_s:.2f} s")
        cells = F.adaptive_avg_pool2d(frame.float().mean(0, keepdim=True), GRID + 1)[0]
        for step in (cells[:-1].diff(dim=1), cells[:, :-1].diff(dim=0)):
            steps.append((step.sign() * (step.abs() >= STEP_LEVELS)).flatten())
    return torch.cat(steps)


def duplicates(prints: Tensor, block: int = 1024) -> Iterator[tuple[int, int, float]]:
    """Yield the pairs of rows of prints (N, K) that show the same, with the share of steps in which they differ."""
    for start in range(0, len(prints), block):
        rows = prints[start : start + block]
        both = rows.abs() @ prints.abs().T
        differing = (both - rows @ prints.T) / 2
        share = differing / both.clamp(min=1)
        for i, j in ((share <= MOST_DIFFERING) & (both >= FEWEST)).nonzero().tolist():
            if start + i < j:
                yield start + i, j, share[i, j].item()


def find_duplicates(table: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, str]]:
    """Find videos of a manifest that show the same although they should not.

    A fake shares most of its picture with the real it was made from. So a pair counts if it stands in two groups or on
    two sides of a split, or if label and method are the same.

    Returns:
        The pairs (columns first, second, differing, why), and the videos that could not be read with their reasons.
    """
    prints, rows, lost = [], [], {}
    for row in tqdm(table.itertuples(), total=len(table), desc="comparing videos", unit="video"):
        try:
            prints.append(content_print(row.path, row.crop))
            rows.append(row)
        except DecodeError as error:
            lost[row.video] = str(error)
    found = []
    for i, j, share in duplicates(torch.stack(prints)) if prints else ():
        why = _why(rows[i], rows[j])
        if why:
            found.append({"first": rows[i].video, "second": rows[j].video, "differing": round(share, 4), "why": why})
    return pd.DataFrame(found, columns=["first", "second", "differing", "why"]), lost


def _why(a, b) -> str:
    if a.split != b.split:
        return f"on two sides: {a.split} and {b.split}"
    if a.group != b.group:
        return f"in two groups: {a.group} and {b.group}"
    return "listed twice" if (a.label, a.method) == (b.label, b.method) else ""
