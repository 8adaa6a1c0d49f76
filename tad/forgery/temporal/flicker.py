from tad.forgery.blob import moving_blob
from tad.forgery.draws import uniform
from tad.forgery.registry import forgery


@forgery("flicker", scope="temporal")
def flicker(clip, strength, generator, **_):
    """Brightness of a region wavers: each frame of it has an offset of its own.

    The offsets are uniform on both sides of 0.

    Strength 0: nothing. 0.5: up to 0.25 brighter or darker, an eighth of the range of values. 1: up to 0.5.
    """
    mask = moving_blob(clip.shape, generator, device=clip.device)
    offset = uniform(-0.5, 0.5, (clip.shape[1], 1, 1), generator, clip.device)
    return clip + strength * offset * mask, mask
