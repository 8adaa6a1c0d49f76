import torch
import torch.nn.functional as F
from torch import Tensor

from tad.forgery.blob import moving_blob
from tad.forgery.registry import forgery

SWEEPS = 8  # at full resolution; twice as many at half of it, four times as many below
RADIUS = 0.98  # spectral radius of Jacobi's iteration that the acceleration assumes


@forgery("poisson_blend", scope="local", needs=("donor",))
def poisson_blend(clip, strength, generator, *, donor, **_):
    """A region of another video shines through, its colours shifted so that they join the clip's without a seam.

    Source: Perez, Gangnet and Blake, "Poisson Image Editing", SIGGRAPH 2003: the gradients inside are the donor's, the
    colours on the outline are the clip's. The solution is the donor plus a membrane spanned by the difference of both
    on the outline, solved in each frame by itself and approximately; see `membrane`.

    Strength 0: nothing. 0.5: the mean of the clip and the composite. 1: the composite alone, inside a soft edge of 20 %
    of the region's radius.
    """
    mask = moving_blob(clip.shape, generator, feather=0.2, device=clip.device)
    rows, columns = (_span(mask.amax(axes) > 0) for axes in ((0, 2), (0, 1)))
    box = (..., rows, columns)
    difference = (clip - donor)[box].transpose(0, 1)
    frames = zip(difference.split(1), (mask[box][:, None] > 0).split(1), strict=True)  # each fits a processor's cache
    composite = clip.clone()
    composite[box] = donor[box] + torch.cat([membrane(*frame) for frame in frames]).transpose(0, 1)
    return torch.lerp(clip, composite.clamp(-1, 1), strength * mask), mask


def _span(touched):  # (N,) -> slice with a pixel to spare on either side, where the membrane is held
    places = touched.nonzero()
    return slice(max(places.min().item() - 1, 0), places.max().item() + 2)


def membrane(values: Tensor, inside: Tensor, sweeps: int = SWEEPS) -> Tensor:
    """Fill regions with the smoothest surface that joins the values around them: Laplace's equation, approximately.

    Each resolution starts from the solution of half of it (cascadic multigrid) and is refined by a few sweeps of
    Jacobi's iteration under Chebyshev's acceleration. Of the values around a region, only those next to it count. The
    frame's border, where a region reaches it, holds nothing: the surface runs into it without a slope. Against a direct
    solver the RMS error is a few percent of the surface's RMS, up to 8 % in small frames; more sweeps make it smaller.

    Args:
        values: (N, C, H, W).
        inside: (N, 1, H, W), bool: what is to be filled.
        sweeps: at this resolution.

    Returns:
        (N, C, H, W), equal to `values` outside.

    Example:
        >>> ramp, inside = torch.arange(9.0).expand(1, 1, 9, 9), torch.zeros(1, 1, 9, 9, dtype=torch.bool)
        >>> inside[..., 2:7, 2:7] = True
        >>> filled = membrane(ramp.where(~inside, 0), inside, sweeps=16)
        >>> (filled - ramp).abs().max().item() < 0.05
        True
    """
    height, width = values.shape[-2:]
    if min(height, width) > 2:
        hole = inside.to(values)
        rim = F.max_pool2d(hole, 3, 1, 1) - hole
        coarse = membrane(
            _half(values * rim) / _half(rim).clamp(min=1e-6), _half(hole) == 1, min(2 * sweeps, 4 * SWEEPS)
        )
        start = F.interpolate(coarse, scale_factor=2, mode="bilinear")[..., :height, :width]
        values = torch.where(inside, start, values)
    before, gain = values, 1.0
    for sweep in range(sweeps):
        relaxed = before + gain * (_mean_of_neighbours(values) - before)
        before, values = values, torch.where(inside, relaxed, values)
        gain = 1 / (1 - RADIUS**2 * gain / (4 if sweep else 2))
    return values


def _half(values):  # (N, C, H, W) -> (N, C, ceil(H / 2), ceil(W / 2))
    return F.avg_pool2d(values, 2, ceil_mode=True, count_include_pad=False)


def _mean_of_neighbours(values):  # (N, C, H, W)
    padded = F.pad(values, (1, 1, 1, 1), mode="replicate")
    across, down = padded[..., 1:-1, :], padded[..., 1:-1]
    return (across[..., :-2] + across[..., 2:] + down[..., :-2, :] + down[..., 2:, :]) / 4
