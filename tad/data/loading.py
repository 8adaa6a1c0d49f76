"""Clips in memory for training, and in order for validation and scoring."""

from dataclasses import asdict

import pandas as pd
import torch
from torch import Tensor
from torch.utils.data import Dataset
from tqdm import tqdm

from tad.data.clips import Clip, Counts, network_input, no_clip_reason, read_clips, shots
from tad.data.codec import DecodeError, decode
from tad.data.transforms import augment, resize_short_side, to_clip, vary_light

ZOOM = 1.5  # training frames are kept this much larger than the crop, as room for it to move


class TrainingClips(Dataset):
    """Random clips of real videos; every group is drawn equally often, however long its footage.

    The frames are decoded once and kept in memory (uint8, shorter side `ZOOM` times the crop), so an item costs a
    crop and no decoding. Item `i` of epoch `e` depends on `seed`, `e` and `i` alone.
    """

    def __init__(self, manifest: pd.DataFrame, frames: int, size: int, length: int, seed: int = 0):
        """Decode the videos of a manifest.

        Args:
            manifest: rows of `read_manifest`, all of them training videos.
            frames: T.
            size: side of the crop, px.
            length: clips of an epoch.
            seed: of every draw.

        Raises:
            ValueError: a video cannot be decoded, or none holds a whole clip.
        """
        self.frames, self.size, self.length, self.seed, self.epoch = frames, size, length, seed, 0
        self.groups: dict[str, list[Tensor]] = {}
        self.counts: dict[str, dict] = {}
        for row in tqdm(manifest.itertuples(), total=len(manifest), desc="decoding training videos", unit="video"):
            counts = Counts()
            try:
                found = _shots(row, round(size * ZOOM), counts)
            except DecodeError as error:
                raise ValueError(f"every training video must be decodable; got {row.path}: {error}") from error
            for shot in found:
                counts.clips += len(shot) // frames
                if len(shot) >= frames:
                    self.groups.setdefault(row.group, []).append(shot)
            self.counts[row.video] = asdict(counts)
        if not self.groups:
            raise ValueError(f"training needs a video with {frames} frames without a cut; got none")

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> Tensor:
        """Return clip (3, T, size, size) in [-1, 1]."""
        if not 0 <= index < self.length:
            raise IndexError(f"an epoch has {self.length} clips; got {index}")
        generator = torch.Generator().manual_seed((self.seed * 1_000_003 + self.epoch) * 1_000_003 + index)
        names = sorted(self.groups)
        shots_ = self.groups[names[_below(len(names), generator)]]
        starts = torch.tensor([len(shot) - self.frames + 1 for shot in shots_])
        start = _below(int(starts.sum()), generator)
        which = int((start >= starts.cumsum(0)).sum())
        start -= int(starts[:which].sum())
        seen = augment(shots_[which][start : start + self.frames], self.size, generator)
        return to_clip(vary_light(seen, generator))


def _below(n: int, generator: torch.Generator) -> int:
    return int(torch.randint(n, (), generator=generator))


def _shots(row, size: int, counts: Counts) -> list[Tensor]:
    """All shots of a video as uint8 (N, 3, H, W), shorter side `size` px."""
    resized = ((time_s, resize_short_side(frame, size)) for time_s, frame in decode(row.path, row.crop))
    out: list[list[Tensor]] = []
    for begins, _, frame in shots(resized, counts):
        if begins:
            out.append([])
        out[-1].append(frame)
    return [torch.stack(shot) for shot in out]


class FixedClips(Dataset):
    """The clips of a manifest in order, centre-cropped, for validation and scoring."""

    def __init__(
        self,
        manifest: pd.DataFrame,
        frames: int,
        size: int,
        per_video: int | None = None,
        desc: str = "decoding",
    ):
        """Decode the clips.

        Args:
            manifest: rows of `read_manifest`.
            frames: T.
            size: side of the square, px.
            per_video: at most so many clips of a video, spread evenly over it; all when None.
            desc: name of the progress bar.
        """
        self.clips: list[Tensor] = []
        self.rows: list[dict] = []
        self.counts: dict[str, dict] = {}
        self.failures: list[tuple[dict, str]] = []  # the row's facts and "error: reason"
        for row in tqdm(manifest.itertuples(), total=len(manifest), desc=desc, unit="video"):
            facts = {name: getattr(row, name) for name in ("video", "group", "split", "label", "dataset")}
            counts = Counts()
            try:
                found = list(read_clips(row.path, frames=frames, size=size, crop=row.crop, counts=counts))
                if not found:
                    raise DecodeError(no_clip_reason(counts, frames))
            except DecodeError as error:
                found = []
                self.failures.append((facts, f"error: {error}"))
            self.counts[row.video] = asdict(counts)
            for clip in _spread(found, per_video):
                self.clips.append(network_input(clip, size))
                self.rows.append({**facts, "start_s": round(clip.start_s, 4)})

    def __len__(self) -> int:
        return len(self.clips)

    def __getitem__(self, index: int) -> Tensor:
        """Return clip (3, T, size, size) in [-1, 1]."""
        return self.clips[index]


def _spread(clips: list[Clip], most: int | None) -> list[Clip]:
    if most is None or len(clips) <= most:
        return clips
    return [clips[i] for i in torch.linspace(0, len(clips) - 1, most).round().long().tolist()]
