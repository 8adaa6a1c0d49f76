import math

import torch

from tad.forgery.registry import forgery


@forgery("time_reversed", scope="whole")
def time_reversed(clip, strength, generator, **_):
    """The clip runs backwards, from its middle outwards.

    Frames swap with their mirror images in time, first the mid frame with the one before it, then the two around these,
    and so on: a stretch in the middle that grows, with every frame in it real and only the order wrong. A frame that
    has swapped stays so, thus neither the distance of the clip nor that of any frame can fall, and the mid frame is
    changed at every strength. Moving all frames at once towards their mirror images would stop the clip half-way, and
    blends of frames lie closer to the truth than either. With an odd number of frames the last one stays.

    Strength 0: nothing. 0.5: the middle half runs backwards. 1: the whole clip.
    """
    frames = clip.shape[1]
    middle = frames // 2
    reach = math.ceil(strength * middle)
    order = torch.arange(frames, device=clip.device)
    order[middle - reach : middle + reach] = order[middle - reach : middle + reach].flip(0)
    mask = torch.zeros_like(clip[0])
    mask[middle - reach : middle + reach] = 1
    return clip[:, order], mask
