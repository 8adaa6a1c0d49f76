import math

import torch

from tad.forgery.blob import moving_blob
from tad.forgery.draws import smooth_noise
from tad.forgery.registry import forgery
from tad.forgery.warp import displace

REACH = 0.08  # of the short side
CELLS = 3  # as in `static_warp`


@forgery("smooth_warp", scope="local")
def smooth_warp(clip, strength, generator, **_):
    """A region is bent by a smooth displacement field that turns into another one over the clip.

    Shapes flow where they should be rigid, as in clips of video generators, whose geometry does not hold over time.
    Unlike in `jitter_warp`, neighbouring frames agree. The field runs on a circle from one random field to a second
    one, so that neither its size nor its speed dips on the way, as they would on a straight line.

    Strength 0: nothing. 0.5: up to 4 % of the short side where it moves most. 1: up to 8 %.
    """
    mask = moving_blob(clip.shape, generator, feather=1.0, device=clip.device)
    first, last = smooth_noise(4, clip.shape[-2:], CELLS, generator, clip.device).view(2, 2, 1, *clip.shape[-2:])
    angle = torch.linspace(0, math.pi / 2, clip.shape[1], device=clip.device)[:, None, None]
    field = angle.cos() * first + angle.sin() * last  # (2, T, H, W)
    return displace(clip, field, mask, strength * REACH * min(clip.shape[-2:])), mask
