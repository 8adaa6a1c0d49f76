import math

import torch

from tad.forgery.registry import forgery


@forgery("foreign_frames", scope="whole", needs=("donor",))
def foreign_frames(clip, strength, generator, *, donor, **_):
    """Frames of another video stand in the place of the clip's own.

    Every second frame, counted from the mid frame both ways, may be replaced, in a random order: the ones replaced at
    one strength stay so at any higher one.

    Strength 0: nothing. 0.5: half of these are foreign, a quarter of all frames. 1: all of them, the mid frame too.
    """
    frames = clip.shape[1]
    candidates = torch.arange((frames // 2) % 2, frames, 2)
    order = torch.randperm(len(candidates), generator=generator)
    foreign = torch.zeros(frames)
    foreign[candidates[order[: math.ceil(strength * len(candidates))]]] = 1
    mask = foreign.to(clip.device)[:, None, None].expand(clip.shape[1:])
    return torch.where(mask > 0, donor, clip), mask.contiguous()
