import torch

from tad.forgery.blob import moving_blob
from tad.forgery.registry import forgery


@forgery("splice", scope="local", needs=("donor",))
def splice(clip, strength, generator, *, donor, **_):
    """A region of another video shines through, in the end in place of the clip's own.

    The plainest form of compositing: what a face swap does before any matching of colour, sharpness or pose.

    Strength 0: nothing. 0.5: the mean of both videos. 1: the donor alone, inside the soft edge.
    """
    mask = moving_blob(clip.shape, generator, device=clip.device)
    return torch.lerp(clip, donor, strength * mask), mask
