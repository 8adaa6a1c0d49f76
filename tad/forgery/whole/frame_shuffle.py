import torch

from tad.forgery.draws import nested_swaps
from tad.forgery.registry import forgery


@forgery("frame_shuffle", scope="whole")
def frame_shuffle(clip, strength, generator, **_):
    """The frames change places.

    Frames swap in random pairs, so those moved at one strength are among those moved at any higher one, and the mean
    displacement grows. Every single frame stays real, only their order tells.

    Strength 0: nothing. 0.5: half of the frames have moved. 1: all of them.
    """
    source, turn = (part.to(clip.device) for part in nested_swaps(clip.shape[1], generator))
    moved = turn < strength
    order = torch.where(moved, source, torch.arange(len(source), device=clip.device))
    return clip[:, order], moved.to(clip)[:, None, None].expand(clip.shape[1:]).contiguous()
