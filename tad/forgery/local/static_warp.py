from tad.forgery.blob import moving_blob
from tad.forgery.draws import smooth_noise
from tad.forgery.registry import forgery
from tad.forgery.warp import displace

REACH = 0.08  # of the short side
CELLS = 3  # smooth enough that the picture stretches but does not fold


@forgery("static_warp", scope="local")
def static_warp(clip, strength, generator, **_):
    """A region is bent by a smooth displacement field constant in time, as by a retouching brush.

    Every frame by itself looks natural, and so does the motion: only shapes are wrong.

    Strength 0: nothing. 0.5: up to 4 % of the short side. 1: up to 8 %.
    """
    mask = moving_blob(clip.shape, generator, feather=1.0, device=clip.device)
    field = smooth_noise(2, clip.shape[-2:], CELLS, generator, clip.device)[:, None]  # (2, 1, H, W)
    return displace(clip, field, mask, strength * REACH * min(clip.shape[-2:])), mask
