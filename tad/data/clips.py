"""Clips of a video: consecutive frames, never across a cut, never of a picture that stands still."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from tad import checks
from tad.data.codec import DecodeError, decode, probe
from tad.data.transforms import at_most, centre_crop, resize_short_side, to_clip

# In levels of 255 on a thumbnail. A cut changes the picture by more than CUT_LEVELS and by twice what the last frames
# did (a shaken camera changes it as much, but for several frames). A picture stands still when no block of the
# thumbnail changes by STILL_LEVELS for STILL_FRAMES frames: webcams and sparse codecs repeat a frame or a few.
CUT_LEVELS = 25.0
STILL_LEVELS = 0.1
STILL_FRAMES = 8
THUMBNAIL = (48, 64)
BLOCK = 8


@dataclass
class Counts:
    """What was met on the way through a video."""

    frames: int = 0
    cuts: int = 0
    still_frames: int = 0  # dropped, as parts of static stretches
    still_stretches: int = 0
    clips: int = 0
    broken: str = ""  # why the file breaks off after these frames


@dataclass(frozen=True)
class Clip:
    """T consecutive frames of a video."""

    start_s: float
    end_s: float  # time of the last frame
    frames: Tensor  # uint8 (T, 3, H, W), shorter side as asked


class _Watch:
    """Compares each frame with the one before."""

    def __init__(self):
        self.last, self.recent = None, []

    def __call__(self, frame: Tensor) -> tuple[bool, bool]:
        """Return whether a cut lies before this uint8 frame (3, H, W), and whether it repeats the one before."""
        # numpy keeps to one thread: torch would call all of its threads together for work of microseconds
        red, green, blue = frame.numpy()
        grey = (red.astype(np.int16) + green + blue).astype(np.float32)  # a third of the time of a mean of floats
        thumbnail = F.adaptive_avg_pool2d(torch.from_numpy(grey)[None], THUMBNAIL)[0] / 3
        last, self.last = self.last, thumbnail
        if last is None:
            return False, False
        difference = (thumbnail - last).abs()
        change = difference.mean().item()
        cut = change > CUT_LEVELS and change > 2 * max(self.recent, default=0.0)
        self.recent = [] if cut else [*self.recent[-3:], change]
        return cut, _blocks(difference).max().item() < STILL_LEVELS


def _blocks(thumbnail: Tensor) -> Tensor:
    """Means over the blocks of a thumbnail (H, W)."""
    height, width = thumbnail.shape
    return thumbnail.view(height // BLOCK, BLOCK, width // BLOCK, BLOCK).mean((1, 3))


def _readable(frames: Iterable[tuple[float, Tensor]], counts: Counts) -> Iterator[tuple[float, Tensor]]:
    """Count frames up to where the file breaks off, which is noted; an error only if not one frame is readable."""
    try:
        for frame in frames:
            counts.frames += 1
            yield frame
    except DecodeError as error:
        if not counts.frames:
            raise
        counts.broken = str(error)


def shots(
    frames: Iterable[tuple[float, Tensor]], counts: Counts, keep: Callable[[Tensor], Tensor] = lambda frame: frame
) -> Iterator[tuple[bool, float, Tensor]]:
    """Pass on the frames that may be in clips, and say where a new shot begins.

    Args:
        frames: time in s and uint8 (3, H, W), in order; where they end with a `DecodeError`, those before it are used.
        counts: is added to.
        keep: makes of each frame, once it was compared with the one before, what is passed on.

    Yields:
        Whether a shot begins here (a cut, or the end of a static stretch), time in s, frame.
    """
    watch, still, begins, stretch = _Watch(), [], True, 0
    for time_s, frame in _readable(frames, counts):
        cut, repeats = watch(frame)
        frame = keep(frame)
        counts.cuts += cut
        if repeats:
            stretch += 1
            still = [*still, (time_s, frame)] if stretch < STILL_FRAMES else []
            continue
        if stretch >= STILL_FRAMES:
            counts.still_frames += stretch
            counts.still_stretches += 1
            begins = True
        for waiting in still:  # too few to be a static stretch
            yield begins, *waiting
            begins = False
        still, stretch = [], 0
        yield begins or cut, time_s, frame
        begins = False
    if stretch >= STILL_FRAMES:
        counts.still_frames += stretch
        counts.still_stretches += 1
    for waiting in still:
        yield begins, *waiting
        begins = False


def windows(marked: Iterable[tuple[bool, float, Tensor]], frames: int, stride: int, counts: Counts) -> Iterator[Clip]:
    """Cut marked frames (see `shots`) into windows of `frames`, `stride` apart, each within one shot."""
    buffer, skip = [], 0
    for begins, time_s, frame in marked:
        if begins:
            buffer, skip = [], 0
        if skip:
            skip -= 1
            continue
        buffer.append((time_s, frame))
        if len(buffer) == frames:
            counts.clips += 1
            images = np.stack([image.numpy() for _, image in buffer])  # laid as decoded, which torch would change
            yield Clip(buffer[0][0], buffer[-1][0], torch.from_numpy(images))
            buffer, skip = buffer[stride:], max(0, stride - frames)


def read_clips(
    path: str | Path | bytes,
    *,
    frames: int = 16,
    size: int | None = 224,
    stride: int | None = None,
    crop: tuple[int, int, int, int] | None = None,
    counts: Counts | None = None,
    start_s: float = 0.0,
    decoder: str = "pyav",
    long_side: int | None = None,
) -> Iterator[Clip]:
    """Decode a video once, in constant memory, into its clips.

    Args:
        path: the file, or its bytes.
        frames: T, frames of a clip, at native rate.
        size: shorter side of the frames, px; their own when None.
        stride: frames from the start of a clip to the start of the next; T when not given.
        crop: box of the footage in the file: top, bottom, left, right, px.
        counts: is filled with what was met.
        start_s: where to begin.
        decoder: see `decode`.
        long_side: frames of their own size are scaled down to it one by one, as `at_most` does a clip: 16 frames of 8K
            take 1.6 GB. What is a cut or stands still is told by the frames as they are.

    Yields:
        Clips in order.

    Raises:
        DecodeError: not one frame can be decoded; where only the end is lost, `counts.broken` says so.
    """
    checks.whole("frames", frames, 1)
    for name, value in {"size": size, "stride": stride, "long_side": long_side}.items():
        if value is not None:
            checks.whole(name, value, 1)
    checks.check(size is None or long_side is None, "size and long_side must not both be given", (size, long_side))
    counts = counts if counts is not None else Counts()
    seen = decode(path, crop, start_s, decoder=decoder)
    if size is not None:
        seen = ((time_s, resize_short_side(frame, size)) for time_s, frame in seen)
    keep = [] if long_side is None else [lambda frame: at_most(frame, long_side)]
    yield from windows(shots(seen, counts, *keep), frames, stride or frames, counts)


def random_clip(
    path: str | Path | bytes, generator: torch.Generator, *, frames: int, size: int, crop: tuple | None = None
) -> Clip:
    """Return the first clip from a random time on, or, if there is none to the end, the video's first.

    Args:
        path: the file, or its bytes.
        generator: source of the time.
        frames, size, crop: as `read_clips`.

    Raises:
        DecodeError: the video cannot be decoded or holds no whole clip.
    """
    info, counts = probe(path), Counts()
    last_s = max(0.0, info.duration_s - frames / info.fps) if info.fps else 0.0
    for start_s in (last_s * torch.rand((), generator=generator).item(), 0.0):
        counts = Counts()
        try:
            for clip in read_clips(path, frames=frames, size=size, crop=crop, counts=counts, start_s=start_s):
                return clip
        except DecodeError:
            if not start_s:
                raise  # else the file breaks off before that time
    raise DecodeError(no_clip_reason(counts, frames))


def network_input(clip: Clip, size: int) -> Tensor:
    """Centre-crop a clip to the network's square and scale it: (3, T, size, size) in [-1, 1]."""
    checks.of_kind("clip", clip, Clip, "a Clip")
    return to_clip(centre_crop(clip.frames, size))


def preprocess_video(path: str | Path, frames: int = 16, size: int = 224) -> Tensor:
    """Return the first clip of a video as the network takes it.

    Args:
        path: the file.
        frames: T.
        size: side of the square, px.

    Returns:
        (1, 3, T, size, size) in [-1, 1].

    Raises:
        DecodeError: the file cannot be decoded or holds no whole clip.
    """
    counts = Counts()
    for clip in read_clips(path, frames=frames, size=size, counts=counts):
        return network_input(clip, size)[None]
    raise DecodeError(no_clip_reason(counts, frames))


def no_clip_reason(counts: Counts, frames: int) -> str:
    """Say why a decodable video gave no clip.

    Args:
        counts: what was met on the way through it.
        frames: T that a clip needs.
    """
    dropped = f", of which {counts.still_frames} stand still" if counts.still_frames else ""
    cuts = f" and {counts.cuts} cuts" if counts.cuts else ""
    broken = f", then breaks off: {counts.broken}" if counts.broken else ""
    return f"no whole clip: needs {frames} frames without a cut, has {counts.frames}{dropped}{cuts}{broken}"
