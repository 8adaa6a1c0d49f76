from tad.forgery.blob import moving_blob
from tad.forgery.draws import smooth_noise
from tad.forgery.registry import forgery
from tad.forgery.warp import displace

REACH = 0.05  # of the short side
CELLS = 5


@forgery("jitter_warp", scope="local")
def jitter_warp(clip, strength, generator, **_):
    """A region trembles: each frame of it is bent by a small field of displacements of its own.

    The trace of methods that generate each frame by itself, whose shapes do not agree from one frame to the next.

    Strength 0: nothing. 0.5: up to 2.5 % of the short side where it moves most. 1: up to 5 %.
    """
    frames = clip.shape[1]
    mask = moving_blob(clip.shape, generator, feather=0.8, device=clip.device)
    field = smooth_noise(2 * frames, clip.shape[-2:], CELLS, generator, clip.device).unflatten(0, (2, frames))
    return displace(clip, field, mask, strength * REACH * min(clip.shape[-2:])), mask
