import math

import torch

from tad.forgery.registry import forgery


@forgery("time_repeated", scope="whole")
def time_repeated(clip, strength, generator, **_):
    """A few frames are shown over and over, in place of those around them.

    The stretch that is looped ends right before the mid frame and is 2 frames to half of the clip long. From there the
    loop spreads both ways, to the mid frame first; what is replaced at one strength stays so at any higher one.

    Strength 0: nothing. 0.5: half of the frames outside the stretch are replaced. 1: all, the clip is nothing but loop.
    """
    frames = clip.shape[1]
    middle = frames // 2
    longest = max(middle, 1)
    period = torch.randint(min(2, longest), longest + 1, (), generator=generator).item()
    start = max(middle - period, 0)
    time = torch.arange(frames)
    source = start + (time - start) % period
    outside = time[source != time]
    nearest = outside[(outside - middle).abs().argsort(stable=True)]
    replaced = nearest[: math.ceil(strength * len(nearest))]
    order = time.clone()
    order[replaced] = source[replaced]
    mask = torch.zeros_like(clip[0])
    mask[replaced.to(clip.device)] = 1
    return clip[:, order.to(clip.device)], mask
