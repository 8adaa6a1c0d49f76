"""A small convolutional branch that looks at the video's own pixels: where does a clip not fit itself?

The resize to the network's input erases what is subtle, and a transformer that must learn to see needs more footage
than a few scenes. So this branch is local, translation-invariant, and sees no picture but evidence: high-pass residuals
and temporal differences, each divided by the local contrast, so that a dim scene and a bright one look alike. Sources:
Fridrich and Kodovsky 2012 for high-pass residuals in place of pixels; Shiohara and Yamasaki, "Detecting Deepfakes with
Self-Blended Images", 2022, and Nguyen et al., "FakeSTormer", 2025, for what it is trained on; Tran et al., "A Closer
Look at Spatiotemporal Convolutions", 2018, for convolutions factorised into space and time.
"""

import torch
from einops import rearrange
from torch import Tensor, nn
from torch.nn import functional as F

from tad import checks
from tad.model.stem import TimeConv3d

LEVEL = 1 / 127.5  # one level of 8 bit, in a clip's unit
EVIDENCE = 9  # channels


def box(x: Tensor, side: int) -> Tensor:
    """Mean over side x side px of each frame of (B, C, T, H, W); at the rim over what lies inside."""
    pooled = rearrange(x, "b c t h w -> (b t) c h w")
    for kernel in ((side, 1), (1, side)):  # one axis after the other: 2 side instead of side^2 additions
        pooled = F.avg_pool2d(pooled, kernel, 1, [k // 2 for k in kernel], count_include_pad=False)
    return rearrange(pooled, "(b t) c h w -> b c t h w", b=len(x))


def evidence(video: Tensor) -> Tensor:
    """What the branch sees of a video: residuals relative to the local contrast, no brightness and no scene.

    Args:
        video: (B, 3, T, H, W), RGB in [-1, 1], T at least 3.

    Returns:
        (B, 9, T, H, W): fine and coarse high-pass residual over the contrast c; first and second temporal difference
        over the local gradient; the fine part of the first difference over c; log c against its mean over the clip;
        both chroma channels against their neighbourhood; the temporal change of chroma.
    """
    r, g, b = video.unbind(1)
    y = (0.299 * r + 0.587 * g + 0.114 * b)[:, None]
    chroma = torch.stack([b - y[:, 0], r - y[:, 0]], dim=1)
    small, wide = box(y, 3), box(y, 9)
    fine, coarse = y - small, small - wide
    contrast = (box(fine.square(), 9) + LEVEL**2).sqrt()
    gradient = (box(coarse.square(), 9) + LEVEL**2).sqrt()
    step = F.pad(y.diff(dim=2), (0, 0, 0, 0, 0, 1), mode="replicate")
    bend = F.pad(y.diff(n=2, dim=2), (0, 0, 0, 0, 1, 1), mode="replicate")
    texture = contrast.log()
    texture = texture - texture.mean(dim=(2, 3, 4), keepdim=True)
    tint = chroma - box(chroma, 31)
    colour = F.pad(chroma.diff(dim=2), (0, 0, 0, 0, 0, 1), mode="replicate").abs().mean(1, keepdim=True)
    found = [fine / contrast, coarse / gradient, step / gradient, bend / gradient, (step - box(step, 3)) / contrast]
    found = [channel.clamp(-6, 6) / 2 for channel in found]
    return torch.cat([*found, texture, (tint / LEVEL / 8).clamp(-4, 4), (colour / LEVEL / 4).clamp(0, 4)], dim=1)


class Block(nn.Module):
    """A residual block: a convolution over space, then one over time."""

    def __init__(self, width: int):
        super().__init__()
        self.space = nn.Conv3d(width, width, (1, 3, 3), padding=(0, 1, 1), bias=False)
        self.time = TimeConv3d(width, width, bias=False)
        self.norms = nn.ModuleList(nn.BatchNorm3d(width) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        inner = F.relu(self.norms[0](self.space(x)))
        return F.relu(x + self.norms[1](self.time(inner)))


def down(inside: int, outside: int, time: int) -> nn.Sequential:
    """Halve space, and time by `time`."""
    conv = nn.Conv3d(inside, outside, (time, 3, 3), (time, 2, 2), (0, 1, 1), bias=False)
    return nn.Sequential(conv, nn.BatchNorm3d(outside), nn.ReLU())


def over_time(width: int) -> nn.Sequential:
    """Mix each frame with the one before and the one after."""
    return nn.Sequential(TimeConv3d(width, width, bias=False), nn.BatchNorm3d(width), nn.ReLU())


class LocalBranch(nn.Module):
    """From a clip at its own resolution to a logit for each 2 frames x 8 x 8 px: higher = more likely forged."""

    stride = (2, 8, 8)  # frames, px, px of an output

    def __init__(self, widths: tuple[int, int, int] = (32, 64, 96), depth: int = 2):
        """Build the branch.

        Args:
            widths: channels at a half, a quarter and an eighth of the resolution.
            depth: residual blocks at each of the latter two.
        """
        super().__init__()
        checks.sizes("widths", widths, 3)
        checks.whole("depth", depth)
        a, b, c = widths
        self.stem = nn.Sequential(down(EVIDENCE, a, 1), over_time(a))
        self.middle = nn.Sequential(down(a, b, 2), *(Block(b) for _ in range(depth)))
        self.deep = nn.Sequential(down(b, c, 1), *(Block(c) for _ in range(depth)))
        # each place against the clip's mean: what is odd here may be usual there
        self.compare = nn.Conv3d(2 * c, c, 1)
        self.rate = nn.Conv3d(c, 1, 1)

    def forward(self, video: Tensor) -> Tensor:
        """Rate each place of clips.

        Args:
            video: (B, 3, T, H, W) in [-1, 1]; T even and at least 4, H and W at least 16.

        Returns:
            Logits (B, T / 2, ~H / 8, ~W / 8).
        """
        checks.tensor("video", video, "B 3 T H W")
        if video.shape[2] < 4 or video.shape[2] % 2:
            raise ValueError(f"video must have the shape (B, 3, T, H, W), T even, 4 or more; got {tuple(video.shape)}")
        x = self.deep(self.middle(self.stem(evidence(video))))
        mean = x.mean(dim=(2, 3, 4), keepdim=True).expand_as(x)
        return self.rate(F.relu(self.compare(torch.cat([x, mean], dim=1))))[:, 0]


def peak(logits: Tensor, share: float = 0.03) -> Tensor:
    """The mean of the highest share of logits (B, ...), at least one: (B,).

    Example:
        >>> peak(torch.tensor([[0.0, 3.0, 1.0, 2.0]]), 0.5).item()
        2.5
    """
    fits = isinstance(logits, Tensor) and logits.ndim > 1 and logits.numel() > 0
    checks.check(fits, "logits must be a tensor (B, ...) with a number in it", logits)
    checks.number("share", share, 0, 1)
    flat = logits.flatten(1)
    return flat.topk(max(1, round(share * flat.shape[1])), dim=1).values.mean(1)
