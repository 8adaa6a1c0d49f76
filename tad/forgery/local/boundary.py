import math

import torch
from kornia.filters import gaussian_blur2d

from tad.forgery.blob import moving_blob
from tad.forgery.by_frame import each_frame
from tad.forgery.draws import signed
from tad.forgery.registry import forgery

SIGMA = 0.02  # of the blur, over the short side


@forgery("boundary", scope="local")
def boundary(clip, strength, generator, **_):
    """A ring along the outline of a region is blurred and slightly recoloured; inside and outside it nothing changes.

    Source: Li, Bao, Zhang, Yang, Chen, Wen and Guo, "Face X-ray for More General Face Forgery Detection", CVPR 2020:
    what all face swaps share is the boundary of the blending, at 4 m (1 - m) of a soft mask m, which is the ring here.

    Strength 0: nothing. 0.5: half of the way. 1: a blur with a sigma of 2 % of the short side, channels 8 to 16 / 255
    brighter or darker, in the middle of a ring about 40 % of the region's radius wide.
    """
    blob = moving_blob(clip.shape, generator, device=clip.device)
    ring = 4 * blob * (1 - blob)
    colour = signed(16 / 255, 32 / 255, (3, 1, 1, 1), generator, clip.device)
    sigma = SIGMA * min(clip.shape[-2:])
    blur = lambda frames: gaussian_blur2d(frames, 2 * math.ceil(2 * sigma) + 1, (sigma, sigma))  # noqa: E731
    blurred = each_frame(blur, clip.transpose(0, 1)).transpose(0, 1)
    return torch.lerp(clip, (blurred + colour).clamp(-1, 1), strength * ring), ring
