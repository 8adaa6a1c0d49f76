"""Training material for the heads: tiles of real clips, each beside a forgery of the same tile, through one encoder.

Nothing is labelled by hand: a fake is made from the very tile it is compared with, so that scene, camera and codec are
the same and only the manipulation tells the two apart (Shiohara and Yamasaki 2022). The forgeries come in as functions
that the caller chose; a donor is another place or time of the same group, so that no group's pixels reach another's.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from kornia.enhance import adjust_gamma, adjust_saturation
from torch import Tensor
from torch.nn import functional as F
from torch.utils.data import Dataset
from torchvision.transforms.v2 import functional as TF

from tad import checks
from tad.data import Encoding, to_clip, to_frames, transcode

Forge = Callable[..., tuple[Tensor, Tensor]]  # (clip, strength, generator, *, donor) -> (clip, mask)


@dataclass(frozen=True)
class Variation:
    """How training tiles vary, beside the forgery."""

    tile: int = 192  # px
    shrink: float = 0.5  # a tile shows up to 1 / shrink times as much of the scene
    weakest: float = 0.06  # strength, drawn evenly in its logarithm up to 1
    crf: tuple[int, int] = (18, 29)  # of H.264
    uncoded: float = 0.05  # share of pairs that no encoder sees

    def __post_init__(self):
        checks.whole("tile", self.tile, 8)
        for name in ("shrink", "weakest"):
            checks.number(name, getattr(self, name), 0, 1, above=True)
        checks.sizes("crf", self.crf, 2, least=0)
        checks.check(self.crf[0] < self.crf[1] <= 52, "crf must rise, to at most 52", self.crf)
        checks.number("uncoded", self.uncoded, 0, 1)


class SelfForged(Dataset):
    """Pairs of a real tile and a forgery of it; item i is the same whatever came before."""

    def __init__(
        self, clips: Sequence[Tensor], groups: Sequence[str], forgeries: dict[str, Forge], pairs: int, seed: int,
        variation: Variation = Variation(),
    ):  # fmt: skip
        """Prepare pairs.

        Args:
            clips: real ones, uint8 (T, 3, H, W) of any size.
            groups: of each clip; each group is drawn equally often.
            forgeries: by name; families that need landmarks cannot take part.
            pairs: their number.
            seed: of all draws.
            variation: how tiles are cut, shrunk, forged and encoded.
        """
        checks.of_kind("clips", clips, Sequence, "a list")
        for frames in clips:
            checks.tensor("each of clips", frames, "T 3 H W", torch.uint8)
        checks.of_kind("forgeries", forgeries, dict, "functions by name")
        checks.of_kind("variation", variation, Variation, "a Variation")
        checks.check(
            isinstance(groups, Sequence) and len(groups) == len(clips), "groups must be as many as clips", groups
        )
        checks.whole("pairs", pairs, 1)
        checks.whole("seed", seed)
        self.clips, self.forgeries, self.pairs = clips, forgeries, pairs
        self.seed, self.variation = seed, variation
        self.names, self.of_group = list(forgeries), {}
        for index, group in enumerate(groups):
            self.of_group.setdefault(group, []).append(index)
        self.groups = sorted(self.of_group)
        if not self.groups or not self.names:
            raise ValueError(f"pairs want a clip and a forgery; got {len(self.groups)} groups, {len(self.names)}")

    def __len__(self) -> int:
        return self.pairs

    def __getitem__(self, index: int) -> dict:
        """Return `real` and `fake`, uint8 (T, 3, tile, tile); `mask`, float16 (T / 2, tile / 8, tile / 8), the share
        of forged pixels; `group` and `family` (indices into `groups` and `names`) and `strength`."""
        v, g = self.variation, torch.Generator().manual_seed(self.seed * 1_000_003 + index)
        group, family = index % len(self.groups), (index // len(self.groups)) % len(self.names)
        clip, donor = self._tile(group, g), self._tile(group, g)
        strength = v.weakest ** torch.rand((), generator=g).item()
        fake, mask = self.forgeries[self.names[family]](clip, strength, g, donor=donor)
        quality = int(torch.randint(*v.crf, (), generator=g))
        encoding = Encoding("none") if torch.rand((), generator=g) < v.uncoded else Encoding("h264", quality)
        real, fake = (transcode(to_frames(one), encoding) for one in (clip, fake))
        pooled = F.avg_pool3d(mask[None], (2, 8, 8))[0].half()
        return {"real": real, "fake": fake, "mask": pooled, "group": group, "family": family, "strength": strength}

    def _tile(self, group: int, g: torch.Generator) -> Tensor:
        """A varied tile of a clip of a group, (3, T, tile, tile) in [-1, 1]."""
        draw = lambda low, high: low + (high - low) * torch.rand((), generator=g).item()  # noqa: E731
        pick = lambda most: int(torch.randint(most, (), generator=g))  # noqa: E731
        indices, side = self.of_group[self.groups[group]], self.variation.tile
        frames = self.clips[indices[pick(len(indices))]]
        short = min(frames.shape[-2:])
        shown = max(1.0, min(short / side, draw(1.0, 1 / self.variation.shrink)))  # times as much as one tile
        wide = min(short, round(side * shown))
        top, left = (pick(length - wide + 1) for length in frames.shape[-2:])
        frames = frames[..., top : top + wide, left : left + wide]
        if wide != side:
            frames = TF.resize(frames, [side, side], antialias=True)
        if pick(2):
            frames = frames.flip(-1)
        return self._light(to_clip(frames), draw, pick)

    def _light(self, clip: Tensor, draw, pick) -> Tensor:
        """Another exposure, gamma and colour, now and then grain, the same in all frames but for the grain."""
        frames = (clip.transpose(0, 1) + 1) / 2
        frames = adjust_gamma(frames, draw(0.7, 1.4)) * draw(0.6, 1.2) + draw(0, 0.1)
        frames = adjust_saturation(frames.clamp(0, 1), draw(0.4, 1.4))
        if not pick(3):
            grain = torch.Generator().manual_seed(pick(2**31))
            frames = frames + draw(0, 0.015) * torch.randn(frames.shape, generator=grain)
        return frames.transpose(0, 1).clamp(0, 1) * 2 - 1
