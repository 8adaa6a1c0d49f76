"""From decoded frames to the network's clip: resize, crop, augment, scale."""

import torch
from torch import Tensor
from torchvision.transforms.v2 import functional as V

from tad import checks


def _check_pictures(frames: Tensor) -> None:
    """Frames are uint8; masks, which follow them through the same changes, are floating-point."""
    checks.tensor("frames", frames, "... H W", torch.uint8 if getattr(frames, "dtype", None) == torch.uint8 else None)


def resize_short_side(frames: Tensor, size: int) -> Tensor:
    """Resize uint8 frames (..., H, W) so that the shorter side has `size` px, with antialiasing."""
    _check_pictures(frames)
    checks.whole("size", size, 1)
    return V.resize(frames, [size], antialias=True)


def at_most(frames: Tensor, long_side: int) -> Tensor:
    """Scale uint8 frames (..., H, W) down to a longer side of at most so many px, and cut them to even sides.

    Video with halved colour needs even sides.

    Args:
        frames: uint8 (..., H, W).
        long_side: px.

    Example:
        >>> at_most(torch.zeros(3, 61, 100, dtype=torch.uint8), 50).shape
        torch.Size([3, 30, 50])
    """
    _check_pictures(frames)
    checks.whole("the longer side in px", long_side, 2)
    longest = max(frames.shape[-2:])
    if longest > long_side:
        size = [round(side * long_side / longest) for side in frames.shape[-2:]]
        frames = V.resize(frames, size, antialias=True)
    height, width = (side - side % 2 for side in frames.shape[-2:])
    return frames[..., :height, :width]


def cover(frames: Tensor, height: int, width: int) -> Tensor:
    """Scale frames (..., H, W) so that they cover a frame of that size, and cut out its middle.

    Args:
        frames: uint8 (..., H, W).
        height: of the result, px.
        width: of the result, px.
    """
    _check_pictures(frames)
    checks.whole("height", height, 1)
    checks.whole("width", width, 1)
    scale = max(height / frames.shape[-2], width / frames.shape[-1])
    size = [max(target, round(side * scale)) for target, side in zip((height, width), frames.shape[-2:], strict=True)]
    return V.center_crop(V.resize(frames, size, antialias=True), [height, width])


def centre_crop(frames: Tensor, size: int) -> Tensor:
    """Cut the square of `size` px out of the middle of frames (..., H, W)."""
    _check_pictures(frames)
    checks.whole("size", size, 1)
    return V.center_crop(frames, [size, size])


def to_clip(frames: Tensor) -> Tensor:
    """Turn uint8 frames (T, 3, H, W) into a float32 clip (3, T, H, W) in [-1, 1].

    Raises:
        ValueError: another type or shape.

    Example:
        >>> to_clip(torch.full((2, 3, 4, 4), 255, dtype=torch.uint8)).max().item()
        1.0
    """
    checks.tensor("frames", frames, "T 3 H W", torch.uint8)
    clip = torch.empty(3, len(frames), *frames.shape[2:], device=frames.device)
    for t, frame in enumerate(frames):  # one after another: a frame stays in the cache, a clip does not
        torch.sub(frame.contiguous().float().div_(127.5), 1, out=clip[:, t])
    return clip


def to_frames(clip: Tensor) -> Tensor:
    """Turn a clip (3, T, H, W) in [-1, 1] into uint8 frames (T, 3, H, W): the inverse of `to_clip`.

    Raises:
        ValueError: NaN or infinity, which would become some grey.
    """
    checks.tensor("clip", clip, "3 T H W")
    checks.finite("a clip", clip)
    # a frame at a time, as `to_clip`
    return torch.stack([((frame.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8) for frame in clip.unbind(1)])


def check_clip(clip: Tensor) -> Tensor:
    """Return the clip or batch of clips if it is float32, finite and within [-1, 1].

    Raises:
        ValueError: it is not.
    """
    checks.tensor("a clip", clip, "... 3 T H W", torch.float32)
    checks.in_range("a clip", clip)
    return clip


def augment(frames: Tensor, size: int, generator: torch.Generator) -> Tensor:
    """Cut a random square out of a clip, half of the time from a camera that pans, and mirror half of the clips.

    The pan is real footage seen through a moving window: motion of known size for a corpus whose cameras
    mostly stand still. It is at most `MAX_PAN_PX` a frame.

    Args:
        frames: uint8 (T, 3, H, W), both sides at least `size`.
        size: side of the result, px.
        generator: source of the draws.

    Returns:
        uint8 (T, 3, size, size).
    """
    t, _, h, w = frames.shape
    if min(h, w) < size:
        raise ValueError(f"frames must be at least {size} px high and wide; got {h} x {w}")
    pan, mirror, scale, top, left, speed_y, speed_x = torch.rand(7, generator=generator).tolist()
    if pan < 0.5:
        dy, dx = (speed_y * 2 - 1) * MAX_PAN_PX, (speed_x * 2 - 1) * MAX_PAN_PX
        tops, lefts = _path(top, dy, t, h - size), _path(left, dx, t, w - size)
        out = torch.stack(
            [frames[i, :, y : y + size, x : x + size] for i, (y, x) in enumerate(zip(tops, lefts, strict=True))]
        )
    else:
        side = round(size + scale * (min(h, w) - size))
        y, x = round(top * (h - side)), round(left * (w - side))
        out = V.resize(frames[..., y : y + side, x : x + side], [size, size], antialias=True)
    return V.horizontal_flip(out) if mirror < 0.5 else out


MAX_PAN_PX = 4.0
MAX_LIGHT = 0.4


def vary_light(frames: Tensor, generator: torch.Generator) -> Tensor:
    """Multiply brightness, contrast and saturation of uint8 frames (T, 3, H, W) by a factor each, 1 +- MAX_LIGHT.

    The factors hold for the whole clip: the light of real footage does not flicker.
    """
    for change, draw in zip(
        (V.adjust_brightness, V.adjust_contrast, V.adjust_saturation),
        torch.rand(3, generator=generator).tolist(),
        strict=True,
    ):
        frames = change(frames, 1 + MAX_LIGHT * (2 * draw - 1))
    return frames


def _path(where: float, speed: float, frames: int, room: int) -> list[int]:
    """Whole-pixel positions of a window that moves evenly and stays in its room."""
    span = min(abs(speed) * (frames - 1), room)
    start = where * (room - span)
    steps = [start + span * i / (frames - 1) for i in range(frames)]
    return [round(s) for s in (steps if speed >= 0 else steps[::-1])]
