import math

import torch
from kornia.filters import gaussian_blur2d

from tad.forgery.blob import moving_blob
from tad.forgery.by_frame import each_frame
from tad.forgery.registry import forgery

DEPTH = 0.7  # of the grid, over the local contrast
FLOOR = 0.02  # contrast that even a flat surface counts for
SIGMA = 0.02  # of the window in which contrast is measured, over the short side


@forgery("upsampling_grid", scope="frequency")
def upsampling_grid(clip, strength, generator, **_):
    """A regular pattern of 2 or 4 px lies over a region, the stronger the more contrast there is.

    Transposed convolutions and pixel shuffles treat the phases of their output grid differently and leave such
    patterns: Odena, Dumoulin and Olah, "Deconvolution and Checkerboard Artifacts", 2016; Zhang, Karaman and Chang,
    "Detecting and Simulating Artifacts in GAN Fake Images", 2019. The pattern is one random tile of zero mean, the same
    in all channels and frames. Its period is in px, because so is a decoder's.

    Strength 0: nothing. 0.5: the grid's standard deviation is 35 % of the local contrast, itself a standard deviation
    and at least 0.02. 1: 70 %.
    """
    mask = moving_blob(clip.shape, generator, device=clip.device)
    tile = torch.randn((4, 4), generator=generator)
    period = 2 ** torch.randint(1, 3, (), generator=generator).item()
    tile = tile[:period, :period] - tile[:period, :period].mean()
    tile = (tile / tile.std(correction=0)).to(clip.device)
    height, width = clip.shape[-2:]
    grid = tile.repeat(math.ceil(height / period), math.ceil(width / period))[:height, :width]
    return clip + strength * DEPTH * mask * grid * _contrast(clip), mask


def _contrast(clip):  # (C, T, H, W) -> (T, H, W), standard deviation of the grey value around each pixel
    grey = clip.mean(0)[:, None]
    sigma = SIGMA * min(clip.shape[-2:])
    blur = lambda frames: gaussian_blur2d(frames, 2 * math.ceil(2 * sigma) + 1, (sigma, sigma))  # noqa: E731
    mean, square = (each_frame(blur, part) for part in (grey, grey**2))
    return (square - mean**2).clamp(min=FLOOR**2).sqrt()[:, 0]
