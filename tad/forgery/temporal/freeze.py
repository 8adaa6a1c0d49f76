import torch

from tad.forgery.blob import moving_blob
from tad.forgery.registry import forgery


@forgery("freeze", scope="temporal")
def freeze(clip, strength, generator, **_):
    """A region stands still: in all frames it shows what one of them, drawn at random, has there.

    The region does not move either, since its edge would then wander over a still picture. The frame drawn is not the
    mid frame, and it is the only one that stays as it is.

    Strength 0: nothing. 0.5: the mean of the still and the moving picture. 1: the still alone, inside the soft edge.
    """
    frames = clip.shape[1]
    region = moving_blob(clip.shape, generator, device=clip.device)
    others = torch.randint(max(frames - 1, 1), (), generator=generator).item()
    held = (frames // 2 + 1 + others) % frames
    mask = region[held].repeat(frames, 1, 1)
    mask[held] = 0
    return torch.lerp(clip, clip[:, held : held + 1], strength * mask), mask
