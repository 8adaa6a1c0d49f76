"""Benign changes of real video: what happens to footage on its way to a viewer, and is no forgery.

A detector of forgeries should not answer to them. They act on uint8 frames at the video's own resolution, before the
one encode that every clip takes; those that are themselves an encode take its place.
"""

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import pandas as pd
import torch
from kornia.filters import gaussian_blur2d
from torch import Tensor
from torchvision.transforms.v2 import functional as V

from tad.data import Encoding, at_most


@dataclass(frozen=True)
class Change:
    """A registered benign change with its levels."""

    name: str
    levels: tuple[str, ...]  # in words, as they stand in tables
    unit: str  # of the levels
    function: Callable[[Tensor, float, torch.Generator], Tensor]
    encodes: bool = False  # whether a level is an encoding, which takes the place of the usual one
    span: int = 1  # frames that it needs for each frame that it leaves

    @property
    def doc(self) -> str:
        """What it does, in a sentence."""
        return " ".join((inspect.getdoc(self.function) or "").split())

    def encoding(self, level: str, usual: Encoding) -> Encoding:
        """What a clip at this level is encoded with."""
        return Encoding.parse(level) if self.encodes else usual

    def __call__(self, frames: Tensor, level: str, generator: torch.Generator) -> Tensor:
        """Change a clip; it is never written to.

        Args:
            frames: uint8 (span * T, 3, H, W).
            level: one of `levels`.
            generator: on the CPU; its draws do not depend on the level.

        Returns:
            uint8 (T, 3, h, w), h and w even where H and W are.

        Raises:
            ValueError: another level, other frames, or a number of them that the span does not divide.

        Example:
            >>> grey = torch.full((4, 3, 8, 8), 100, dtype=torch.uint8)
            >>> BENIGN["frame_rate"](grey, "0.5", torch.Generator()).shape
            torch.Size([2, 3, 8, 8])
        """
        if level not in self.levels:
            raise ValueError(f"{self.name} has the levels {', '.join(self.levels)}; got {level!r}")
        if frames.dtype != torch.uint8 or frames.ndim != 4 or frames.shape[1] != 3 or len(frames) % self.span:
            wanted = f"uint8 frames ({self.span} T, 3, H, W)"
            raise ValueError(f"{self.name} takes {wanted}; got {frames.dtype} {tuple(frames.shape)}")
        return self.function(frames, 0.0 if self.encodes or not level else float(level), generator)


BENIGN: dict[str, Change] = {}


def benign(name: str, levels: Iterable[str], unit: str = "", **options) -> Callable:
    """Register a function (frames, level, generator) -> frames as a benign change; `options` as in `Change`."""

    def enter(function: Callable[[Tensor, float, torch.Generator], Tensor]) -> Callable:
        BENIGN[name] = Change(name, tuple(levels), unit, function, **options)
        return function

    return enter


def choose_changes(names: Iterable[str] = ()) -> dict[str, Change]:
    """Benign changes by name; all when none is named.

    Raises:
        ValueError: a name that no change has.

    Example:
        >>> list(choose_changes(["blur"]))
        ['blur']
    """
    names = list(names)
    if unknown := sorted(set(names) - set(BENIGN)):
        raise ValueError(f"benign changes must be among {', '.join(BENIGN)}; got {', '.join(unknown)}")
    return {name: BENIGN[name] for name in names or BENIGN}


def benign_changes(names: Iterable[str] = ()) -> pd.DataFrame:
    """What each benign change does, a row a change: change, levels, unit, what it does.

    Args:
        names: of the changes wanted; all when empty.
    """
    return pd.DataFrame(
        {"change": c.name, "levels": ", ".join(c.levels) or "-", "unit": c.unit, "what it does": c.doc}
        for c in choose_changes(names).values()
    )


@benign("none", [""])
def none(frames, _level, _generator):
    """Nothing: the control, which must score as the real does."""
    return frames


@benign("codec", ["none", "hevc:28", "mpeg4:4", "jpeg:75"], "encoding", encodes=True)
def codec(frames, _level, _generator):
    """Another encoder takes the place of the usual one, or none does."""
    return frames


@benign("compression", ["h264:18", "h264:28", "h264:35"], "encoding", encodes=True)
def compression(frames, _level, _generator):
    """H.264 at another constant rate factor takes the place of the usual encode."""
    return frames


@benign("size", ["0.75", "0.5"], "of either side")
def size(frames, level, _generator):
    """Frames are scaled down with antialiasing and stay small."""
    return at_most(frames, round(level * max(frames.shape[-2:])))


@benign("blur", ["1", "2"], "sigma, px")
def blur(frames, level, _generator):
    """Every frame is blurred by a Gaussian."""
    side = 2 * round(3 * level) + 1
    return gaussian_blur2d(frames.float(), (side, side), (level, level)).round().to(torch.uint8)


@benign("noise", ["2", "5"], "sigma, levels of 255")
def noise(frames, level, generator):
    """Gaussian noise is added, independent in every pixel, channel and frame."""
    drawn = torch.randn(frames.shape, generator=generator)
    return (frames + level * drawn).round().clamp(0, 255).to(torch.uint8)


@benign("gamma", ["0.7", "1.4"], "exponent")
def gamma(frames, level, _generator):
    """Brightness is raised to a power: lighter below 1, darker above."""
    return V.adjust_gamma(frames, level)


@benign("contrast", ["0.5"], "factor")
def contrast(frames, level, _generator):
    """Contrast is scaled about the mean of the whole clip, so that the light does not waver."""
    tall = frames.transpose(0, 1).flatten(1, 2)  # (3, T H, W): one picture has one mean
    return V.adjust_contrast(tall, level).unflatten(1, (len(frames), -1)).transpose(0, 1)


@benign("frame_rate", ["0.5"], "of the frames", span=2)
def frame_rate(frames, _level, _generator):
    """Every second frame is left out: the clip spans twice the time."""
    return frames[::2]
