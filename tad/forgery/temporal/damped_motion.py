import torch

from tad.forgery.blob import moving_blob
from tad.forgery.registry import forgery

WINDOW = 8  # frames, about a third of a second


@forgery("damped_motion", scope="temporal")
def damped_motion(clip, strength, generator, **_):
    """Motion in a region is damped: what moves lags behind and leaves a trail.

    Source: Wu, Rubinstein, Shih, Guttag, Durand and Freeman, "Eulerian Video Magnification for Revealing Subtle Changes
    in the World", SIGGRAPH 2012, with a negative gain: each pixel's difference from its mean over the last 8 frames
    shrinks. Temporal filters against noise leave the same trace.

    Strength 0: nothing. 0.5: half of the difference is left. 1: none, only the mean of the last 8 frames.
    """
    mask = moving_blob(clip.shape, generator, device=clip.device)
    mask[0] = 0  # the first frame has no past
    return torch.lerp(clip, past_mean(clip), strength * mask), mask


def past_mean(clip):
    """Mean over each frame and the 7 before it, where the first frame stands in for those before the clip.

    Args:
        clip: (C, T, H, W).

    Example:
        >>> past_mean(torch.arange(10.0).view(1, 10, 1, 1)).flatten()[[0, 1, 9]]
        tensor([0.0000, 0.1250, 5.5000])
    """
    before = clip[:, :1].expand(-1, WINDOW - 1, -1, -1)
    return torch.cat([before, clip], 1).unfold(1, WINDOW, 1).mean(-1)
