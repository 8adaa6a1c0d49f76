"""Random clips for training, from memory or from files."""

from dataclasses import asdict

import pandas as pd
import torch
from torch import Tensor
from torch.utils.data import Dataset
from tqdm.auto import tqdm

from tad import checks
from tad.data.clips import Counts, no_clip_reason, random_clip, shots
from tad.data.codec import DecodeError, decode
from tad.data.sampling import PADDING, generator
from tad.data.transforms import augment, resize_short_side, to_clip, vary_light

ZOOM = 1.5  # training frames are kept this much larger than the crop, as room for it to move


def sample(video: str, clip: Tensor | None = None, error: str = "", *, frames: int = 0, size: int = 0) -> dict:
    """One item of a batch; without a clip it is a blank one of weight 0, which teaches nothing.

    Args:
        video: its name.
        clip: float32 (3, T, size, size) in [-1, 1]; None for a blank.
        error: why there is none.
        frames: T of a blank.
        size: side of a blank, px.

    Returns:
        "clip" (3, T, size, size) in [-1, 1], "weight" 1.0 or 0.0, "video" (its name) and "error" (a reason or "").
    """
    if clip is None:
        _check_shape(frames, size)
    else:
        checks.tensor("clip", clip, "3 T H W")
    weight = torch.tensor(float(clip is not None))
    clip = torch.zeros(3, frames, size, size) if clip is None else clip
    return {"clip": clip, "weight": weight, "video": video, "error": error}


def _check_shape(frames: int, size: int) -> None:
    checks.whole("frames", frames, 1)
    checks.whole("size", size, 1)


def training_view(frames: Tensor, size: int, draws: torch.Generator) -> Tensor:
    """Augment uint8 frames (T, 3, H, W), shorter side `ZOOM` times `size`, and scale them: (3, T, size, size)."""
    return to_clip(vary_light(augment(frames, size, draws), draws))


class TrainingClips(Dataset):
    """Random clips of real videos; every group is drawn equally often, however long its footage.

    The frames are decoded once and kept in memory (uint8, shorter side `ZOOM` times the crop), so an item costs a
    crop and no decoding. Item `epoch, index` depends on the seed and on these two alone.
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
            ValueError: none of the videos holds a whole clip.
        """
        checks.table("manifest", manifest, ("video", "path", "crop", "group"))
        _check_shape(frames, size)
        checks.whole("length", length)
        checks.whole("seed", seed)
        self.frames, self.size, self.length, self.seed = frames, size, length, seed
        self.groups: dict[str, list[tuple[str, Tensor]]] = {}  # shots with the names of their videos
        self.counts: dict[str, dict] = {}
        self.failures: list[tuple[str, str]] = []  # videos that give nothing, and why
        for row in tqdm(manifest.itertuples(), total=len(manifest), desc="decoding training videos", unit="video"):
            counts = Counts()
            try:
                found = _shots(row, round(size * ZOOM), counts)
                counts.clips = sum(len(shot) // frames for shot in found)
                if not counts.clips:
                    raise DecodeError(no_clip_reason(counts, frames))
            except DecodeError as error:
                found = []
                self.failures.append((row.video, str(error)))
            for shot in found:
                if len(shot) >= frames:
                    self.groups.setdefault(row.group, []).append((row.video, shot))
            self.counts[row.video] = asdict(counts)
        if not self.groups:
            told = f": {self.failures[0][0]}: {self.failures[0][1]}" if self.failures else ""
            raise ValueError(f"training needs a video with {frames} frames without a cut; got none{told}")

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, which: tuple[int, int]) -> dict:
        """Return the `sample` of an epoch and index."""
        epoch, index = which
        if index == PADDING:
            return sample("", frames=self.frames, size=self.size)
        draws = generator(self.seed, epoch, index)
        names = sorted(self.groups)
        videos, shots_ = zip(*self.groups[names[_below(len(names), draws)]], strict=True)
        starts = torch.tensor([len(shot) - self.frames + 1 for shot in shots_])
        start = _below(int(starts.sum()), draws)
        shot = int((start >= starts.cumsum(0)).sum())
        start -= int(starts[:shot].sum())
        return sample(videos[shot], training_view(shots_[shot][start : start + self.frames], self.size, draws))


def _below(n: int, draws: torch.Generator) -> int:
    return int(torch.randint(n, (), generator=draws))


class VideoFiles(Dataset):
    """One random clip of each video of a table, read from its file when it is asked for: for tables of any length.

    Item `epoch, index` depends on the seed and on these two alone. A video that cannot be used gives a blank sample
    with the reason, never another video's clip.
    """

    def __init__(self, table: pd.DataFrame, frames: int, size: int, seed: int = 0):
        """Take what it is made of.

        Args:
            table: rows of `read_manifest`.
            frames: T.
            size: side of the network's square, px.
            seed: of every draw.
        """
        checks.table("table", table, ("video", "path", "crop", "group"))
        _check_shape(frames, size)
        checks.whole("seed", seed)
        self.frames, self.size, self.seed = frames, size, seed
        self.rows = table[["video", "path", "crop"]].to_dict("list")  # plain lists: a process each would copy a frame
        self.groups = sorted(set(table["group"]))

    def __len__(self) -> int:
        return len(self.rows["path"])

    def __getitem__(self, which: tuple[int, int]) -> dict:
        """Return the `sample` of an epoch and the video of that index."""
        epoch, index = which
        if index == PADDING:
            return sample("", frames=self.frames, size=self.size)
        path, crop = self.rows["path"][index], self.rows["crop"][index]
        return video_sample(
            self.rows["video"][index], path, generator(self.seed, epoch, index), self.frames, self.size, crop
        )


def video_sample(name: str, source: str | bytes, draws: torch.Generator, frames: int, size: int, crop=None) -> dict:
    """The `sample` of a random clip of a video file or its bytes."""
    try:
        clip = random_clip(source, draws, frames=frames, size=round(size * ZOOM), crop=crop)
    except DecodeError as error:
        return sample(name, error=str(error), frames=frames, size=size)
    return sample(name, training_view(clip.frames, size, draws))


def _shots(row, size: int, counts: Counts) -> list[Tensor]:
    """All shots of a video as uint8 (N, 3, H, W), shorter side `size` px."""
    resized = ((time_s, resize_short_side(frame, size)) for time_s, frame in decode(row.path, row.crop))
    out: list[list[Tensor]] = []
    for begins, _, frame in shots(resized, counts):
        if begins:
            out.append([])
        out[-1].append(frame)
    return [torch.stack(shot) for shot in out]
