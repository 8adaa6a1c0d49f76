"""One path for all: the same length, rate, size and encoder, so that a container tells nothing of a label."""

import math
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
from torch import Tensor
from tqdm.auto import tqdm

from tad.data.codec import DecodeError, decode, encode
from tad.data.manifest import COLUMNS, read_manifest
from tad.data.transforms import centre_crop, resize_short_side


def canonicalise(
    manifest: str | Path, folder: str | Path, *, seconds: float = 4.0, fps: float = 25.0, size: int = 256, crf: int = 18
) -> tuple[Path, dict[str, str]]:
    """Write every video of a manifest anew: its first seconds, at one rate, as a centred square, once through x264.

    A frame of the new rate is the last one that was shown by its time. It does not undo what an earlier encoder did to
    the picture; it takes away what the container says.

    Args:
        manifest: table of videos, of all labels.
        folder: receives the videos, numbered, and `manifest.csv`.
        seconds: length of all; a video that is shorter is left out.
        fps: frames a second.
        size: side of the square, px, even.
        crf: constant rate factor of x264.

    Returns:
        The new manifest, and the videos that were left out with the reason.

    Raises:
        ValueError: not a manifest, or a size that is odd.
    """
    if size % 2:
        raise ValueError(f"size must be even, for 4:2:0 video; got {size}")
    if size < 2:
        raise ValueError(f"size must be 2 px or more; got {size}")
    if not (0 < seconds < math.inf and 0 < fps < math.inf and 0 <= crf <= 51):
        raise ValueError(f"seconds and fps must be above 0, crf from 0 to 51; got {seconds}, {fps} and {crf}")
    table, folder = read_manifest(manifest, check_groups=False), Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    kept, left_out, count = [], {}, round(seconds * fps)
    for n, row in enumerate(tqdm(table.itertuples(), total=len(table), desc="encoding", unit="video")):
        path = folder / f"{n:06d}.mp4"
        try:
            frames = list(_at_rate(decode(row.path, row.crop), fps, count))
            if len(frames) < count:
                raise DecodeError(f"shorter than {seconds:g} s: {len(frames)} of {count} frames")
        except DecodeError as error:
            left_out[row.video] = str(error)
            continue
        encode(path, (centre_crop(resize_short_side(frame, size), size) for frame in frames), fps=fps, crf=crf)
        facts = {"path": path.name, "crop": "", "sha256": "", "fps": fps, "width": size, "height": size}
        kept.append({**{name: getattr(row, name) for name in COLUMNS}, **facts})
    pd.DataFrame(kept, columns=list(COLUMNS)).to_csv(folder / "manifest.csv", index=False)
    return folder / "manifest.csv", left_out


def _at_rate(frames: Iterator[tuple[float, Tensor]], fps: float, most: int) -> Iterator[Tensor]:
    """The frame on show at each tick of the new rate, at most so many."""
    shown, tick = None, 0
    for time_s, frame in frames:
        while shown is not None and tick < most and tick / fps < time_s - 1e-6:
            yield shown
            tick += 1
        if tick >= most:
            return
        shown = frame
    if shown is not None and tick < most:
        yield shown  # the last frame is on show for its own time
