"""The region that local forgeries work on: a soft blob of random smooth shape that drifts over time."""

import math

import torch
from torch import Generator, Tensor

from tad import checks
from tad.forgery.draws import uniform

HARMONICS = 4


def moving_blob(shape: tuple[int, ...], generator: Generator, *, feather: float = 0.4, device=None) -> Tensor:
    """A region of random smooth outline, 10-22 % of the frame, that drifts and turns: a soft mask (T, H, W) in [0, 1].

    The outline is a circle whose radius is modulated by a few low harmonics of the angle; sizes are relative to the
    frame, so the same draws give the same region at any resolution and stretch it in wide frames.

    Args:
        shape: of the clip, (C, T, H, W).
        generator: on the CPU.
        feather: width of the soft edge relative to the radius, in (0, 2]; centred on the outline.
        device: where the region is rendered.

    Example:
        >>> mask = moving_blob((3, 16, 32, 32), Generator().manual_seed(0))
        >>> mask.shape, 0.05 < mask.mean().item() < 0.25
        (torch.Size([16, 32, 32]), True)
    """
    checks.sizes("shape", shape, 4)
    checks.number("feather", feather, 0, 2, above=True)
    checks.generator(generator)
    _, frames, height, width = shape
    share = uniform(0.10, 0.22, (), generator)
    swing = uniform(-0.3, 0.3, (HARMONICS,), generator) / torch.arange(1, HARMONICS + 1)
    phase = uniform(0, 2 * math.pi, (HARMONICS,), generator)
    middle = uniform(0.35, 0.65, (2,), generator)
    heading = uniform(0, 2 * math.pi, (), generator)
    distance = uniform(0.1, 0.2, (), generator)
    turn = uniform(-0.6, 0.6, (), generator)

    time = torch.linspace(-0.5, 0.5, frames)
    row = middle[0] + distance * time * heading.sin()  # (T,), relative to the frame's height
    column = middle[1] + distance * time * heading.cos()
    rows = ((torch.arange(height) + 0.5) / height)[:, None].to(device)
    columns = ((torch.arange(width) + 0.5) / width).to(device)
    # The area of such an outline is pi r^2 (1 + sum of squares / 2): divide, so that `share` always holds.
    scale = torch.sqrt(share / (math.pi * (1 + swing.square().sum() / 2))).to(device)
    swing, phase = swing.to(device), phase.to(device)

    def at(row: Tensor, column: Tensor, spin: Tensor) -> Tensor:  # (H, W)
        y, x = rows - row, columns - column
        angle = torch.atan2(y, x) - spin
        outline = torch.ones_like(angle)
        for k in range(HARMONICS):
            outline = outline + swing[k] * torch.cos((k + 1) * angle + phase[k])
        level = (0.5 + (1 - torch.hypot(y, x) / (scale * outline)) / feather).clamp(0, 1)
        return level.square() * (3 - 2 * level)

    places = (row.to(device), column.to(device), (turn * time).to(device))
    return torch.stack([at(*place) for place in zip(*places, strict=True)])  # a frame stays in a processor's cache
