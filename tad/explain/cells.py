"""Cells of a clip: the tubelets that methods cover, sum over and are compared on."""

import torch
from torch import Tensor
from torch.nn import functional as F

from tad import checks

Grid = tuple[int, int, int]  # cells over time, rows and columns
TUBELETS: Grid = (8, 7, 7)  # those of the preset tiny: 2 frames x 16 x 16 px of its 16 x 112 x 112


def cells(shape: tuple[int, int, int], grid: Grid) -> Tensor:
    """Number the cells of a clip.

    Args:
        shape: frames, rows, columns.
        grid: so many cells along each, at most one a frame or px; where it does not come out even, sizes differ by one.

    Returns:
        (T, H, W), int64, from 0 to the number of cells less one.

    Raises:
        ValueError: more cells than frames or px.

    Example:
        >>> cells((2, 2, 4), (1, 1, 2))[0].tolist()
        [[0, 0, 1, 1], [0, 0, 1, 1]]
    """
    _check(grid, shape)
    if any(not 1 <= n <= side for n, side in zip(grid, shape, strict=True)):
        raise ValueError(f"a grid must have from one cell to one a frame or px of {tuple(shape)}; got {grid}")
    t, y, x = (torch.arange(side) * n // side for side, n in zip(shape, grid, strict=True))
    return (t[:, None, None] * grid[1] + y[:, None]) * grid[2] + x


def _check(grid: Grid, shape: tuple[int, int, int]) -> None:
    checks.sizes("shape", shape, 3)
    checks.sizes("a grid", grid, 3)


def check_heat(heat: Tensor) -> None:
    """Refuse what is no heat map (T, H, W), finite."""
    checks.tensor("heat", heat, "T H W")
    checks.finite("heat", heat)


def fitting(grid: Grid, shape: tuple[int, int, int]) -> Grid:
    """The grid, or as many cells as a small clip has frames and px.

    Example:
        >>> fitting((8, 7, 7), (4, 32, 32))
        (4, 7, 7)
    """
    _check(grid, shape)
    return tuple(min(n, side) for n, side in zip(grid, shape, strict=True))


def pooled(heat: Tensor, grid: Grid) -> Tensor:
    """Sum a heat map (T, H, W) over its cells: (n,), in the order of their numbers.

    Example:
        >>> pooled(torch.ones(2, 2, 4), (1, 1, 2)).tolist()
        [8.0, 8.0]
    """
    check_heat(heat)
    number = cells(heat.shape, grid).flatten()
    return heat.new_zeros(int(number.max()) + 1).index_add(0, number, heat.flatten())


def spread(values: Tensor, shape: tuple[int, int, int], grid: Grid) -> Tensor:
    """Share out what each cell holds (n,) evenly over its pixels: (T, H, W), the inverse of `pooled`."""
    number = cells(shape, grid)
    checks.tensor("values", values, str(grid[0] * grid[1] * grid[2]))
    return (values / torch.bincount(number.flatten()))[number]


def enlarged(tokens: Tensor, shape: tuple[int, int, int], smooth: bool = False) -> Tensor:
    """Draw a map of tokens (t, h, w) at the size of its clip, frames, rows and columns, keeping its sum."""
    mode = {"mode": "trilinear", "align_corners": False} if smooth else {"mode": "nearest"}
    large = F.interpolate(tokens[None, None], size=tuple(shape), **mode)[0, 0]
    return large * (tokens.numel() / large.numel())


def evidence(heat: Tensor, grid: Grid = TUBELETS) -> Tensor:
    """Keep what speaks for a fake: each cell's sum where it is positive, over its pixels, (T, H, W).

    A method's values have a sign, and what adds to the score in one pixel and takes from it in the next is no evidence:
    they are summed over cells first. All methods and controls are compared after this, on the same cells.
    """
    check_heat(heat)
    grid = fitting(grid, heat.shape)
    return spread(pooled(heat, grid).clamp(min=0), heat.shape, grid)
