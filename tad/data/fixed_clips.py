"""The clips of a manifest in order, for validation and scoring."""

from dataclasses import asdict

import pandas as pd
import torch
from torch import Tensor
from torch.utils.data import Dataset
from tqdm.auto import tqdm

from tad import checks
from tad.data.clips import Counts, no_clip_reason, read_clips
from tad.data.codec import DecodeError, probe
from tad.data.transforms import centre_crop, to_clip

LONG_SIDE = 640  # px, of clips kept at their own resolution
FACTS = ("video", "group", "split", "label", "dataset", "method", "strength")


class FixedClips(Dataset):
    """The clips of a manifest in order, as the network takes them or at the video's own resolution."""

    def __init__(
        self, manifest: pd.DataFrame, frames: int, size: int | None = None, per_video: int | None = None,
        desc: str = "decoding", long_side: int = LONG_SIDE,
    ):  # fmt: skip
        """Decode the clips.

        Args:
            manifest: rows of `read_manifest`.
            frames: T.
            size: side of the network's square, px; when None clips keep the video's own resolution, even sides of at
                most `long_side`, so that they can be forged and encoded there.
            per_video: at most so many clips of a video, spread evenly over it; all when None.
            desc: name of the progress bar.
            long_side: px.
        """
        checks.table("manifest", manifest, ("video", "path", "crop"))
        checks.whole("frames", frames, 1)
        if size is not None:
            checks.whole("size", size, 1)
        if per_video is not None:
            checks.whole("clips of a video", per_video, 1)
        checks.whole("the longer side in px", long_side, 2)
        self.frames: list[Tensor] = []  # uint8 (T, 3, H, W) of each clip
        self.rows: list[dict] = []
        self.counts: dict[str, dict] = {}
        self.failures: list[tuple[dict, str]] = []  # the row's facts and "error: reason"
        own = {"size": None, "long_side": long_side} if size is None else {"size": size}
        for row in tqdm(manifest.itertuples(), total=len(manifest), desc=desc, unit="video"):
            facts = {name: getattr(row, name, "") for name in FACTS}
            counts = Counts()
            try:
                fps = probe(row.path).fps
                clips = read_clips(row.path, frames=frames, crop=row.crop, counts=counts, **own)
                found = [(c.start_s, c.frames if size is None else centre_crop(c.frames, size)) for c in clips]
                if not found:
                    raise DecodeError(no_clip_reason(counts, frames))
            except DecodeError as error:
                found = []
                self.failures.append((facts, f"error: {error}"))
            self.counts[row.video] = asdict(counts)
            for start_s, kept in _spread(found, per_video):
                self.frames.append(kept)
                self.rows.append({**facts, "start_s": round(start_s, 4), "fps": fps or 25.0})

    def __len__(self) -> int:
        return len(self.frames)

    def __getitem__(self, index: int) -> Tensor:
        """Return clip (3, T, H, W) in [-1, 1]."""
        return to_clip(self.frames[index])


def _spread(clips: list, most: int | None) -> list:
    if most is None or len(clips) <= most:
        return clips
    return [clips[i] for i in torch.linspace(0, len(clips) - 1, most).round().long().tolist()]
