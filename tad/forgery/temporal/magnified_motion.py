import math

import torch
from kornia.filters import gaussian_blur2d

from tad.forgery.blob import moving_blob
from tad.forgery.by_frame import each_frame, highest_around
from tad.forgery.registry import forgery
from tad.forgery.temporal.damped_motion import past_mean

GAIN = 3
DETAIL = 0.01  # of the short side: standard deviation of the blur
REACH = 0.02  # of the short side


@forgery("magnified_motion", scope="temporal")
def magnified_motion(clip, strength, generator, **_):
    """Motion in a region is exaggerated: what moves runs ahead of itself and swings too far.

    Source: Wu, Rubinstein, Shih, Guttag, Durand and Freeman, "Eulerian Video Magnification for Revealing Subtle Changes
    in the World", SIGGRAPH 2012: each pixel's difference from its mean over the last 8 frames is amplified. As there,
    fine detail is left out, here what is finer than 1 % of the short side, since that would amplify noise and not
    motion. Every pixel keeps to the values found within 2 % of the short side around it in its own frame, so that edges
    move by no more than this and get no halo. Motion faster than a few pixels a frame is smeared rather than magnified.

    Strength 0: nothing. 0.5: the difference grows to 2.5 times its size. 1: to 4 times.
    """
    mask = moving_blob(clip.shape, generator, device=clip.device)
    mask[0] = 0  # the first frame has no past
    side = min(clip.shape[-2:])
    frames, change = clip.transpose(0, 1), (clip - past_mean(clip)).transpose(0, 1)  # (T, C, H, W)
    sigma, reach = DETAIL * side, math.ceil(REACH * side)
    change = each_frame(lambda own: gaussian_blur2d(own, 2 * math.ceil(2 * sigma) + 1, (sigma, sigma)), change)
    high, low = (sign * each_frame(lambda own: highest_around(own, reach), sign * frames) for sign in (1, -1))
    moved = (frames + strength * GAIN * change).clamp(low, high)
    return torch.lerp(clip, moved.transpose(0, 1), mask), mask
