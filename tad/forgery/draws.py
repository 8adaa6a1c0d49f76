"""What forgeries draw at random: on the CPU, and as many numbers whatever the strength and the device.

Hence the same generator state replays the same manipulation at another strength or on another device. Everywhere here
`generator` is on the CPU, `shape` is that of the float32 result, and `device` is where the result goes.
"""

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from tad import checks


def uniform(low: float, high: float, shape: tuple[int, ...], generator: Generator, device=None) -> Tensor:
    """Uniform numbers between `low` and `high`.

    Args:
        low: least value.
        high: greatest value.
        shape: of the result.
        generator: on the CPU.
        device: of the result.
    """
    checks.number("low", low)
    checks.number("high", high)
    checks.of_kind("shape", shape, tuple | list, "a tuple of whole numbers")
    checks.sizes("shape", shape, len(shape))
    checks.generator(generator)
    return (low + (high - low) * torch.rand(shape, generator=generator)).to(device)


def signed(low: float, high: float, shape: tuple[int, ...], generator: Generator, device=None) -> Tensor:
    """Uniform magnitudes with a random sign: for parameters of which a draw near 0 would be no manipulation.

    Args:
        low: least magnitude.
        high: greatest magnitude.
        shape: of the result.
        generator: on the CPU.
        device: of the result.

    Example:
        >>> signed(2, 3, (4,), Generator().manual_seed(0)).abs().floor()
        tensor([2., 2., 2., 2.])
    """
    magnitude = uniform(low, high, shape, generator)
    return torch.where(torch.rand(shape, generator=generator) < 0.5, -magnitude, magnitude).to(device)


def smooth_noise(count: int, size: tuple[int, int], cells: int, generator: Generator, device=None) -> Tensor:
    """Independent smooth random fields, (N, H, W) of zero mean: white noise on a coarse grid, interpolated.

    Args:
        count: number of fields N.
        size: (H, W) in pixels.
        cells: grid points along a side; fewer are smoother.
        generator: on the CPU.
        device: of the result.

    Example:
        >>> smooth_noise(2, (16, 24), 3, Generator().manual_seed(0)).shape
        torch.Size([2, 16, 24])
    """
    checks.whole("count", count, 1)
    checks.sizes("size", size, 2)
    checks.whole("cells", cells, 1)
    checks.generator(generator)
    grid = torch.randn((count, 1, cells, cells), generator=generator).to(device)
    return F.interpolate(grid, size=size, mode="bicubic", align_corners=True)[:, 0]


def nested_swaps(count: int, generator: Generator) -> tuple[Tensor, Tensor]:
    """A derangement of `count` things, made of swaps that come one after the other as the strength grows.

    Things are paired at random, the last three in a ring if the count is odd. Moving what has `turn < strength` gives a
    permutation at any strength, nothing at 0, everything at 1, and what has moved stays so at any higher strength.

    Args:
        count: N.
        generator: on the CPU.

    Returns:
        source (N,): the place each thing comes from once it has moved, never its own; turn (N,) in [0, 1).

    Example:
        >>> source, turn = nested_swaps(5, Generator().manual_seed(0))
        >>> bool((source != torch.arange(5)).all()), (turn < 0.5).sum().item() in (2, 3)
        (True, True)
    """
    checks.whole("the count of a derangement", count, 2)
    checks.generator(generator)
    order = torch.randperm(count, generator=generator)
    place = torch.arange(count)
    pair = torch.clamp(place // 2, max=count // 2 - 1)  # the odd one out joins the last pair
    partner = place ^ 1
    if count % 2:
        partner[-3:] = place[-3:].roll(-1)
    source, turn = torch.empty(count, dtype=torch.long), torch.empty(count)
    source[order] = order[partner]
    turn[order] = pair / (count // 2)
    return source, turn
