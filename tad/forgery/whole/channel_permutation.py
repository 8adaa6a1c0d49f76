import torch

from tad.forgery.registry import forgery


@forgery("channel_permutation", scope="whole")
def channel_permutation(clip, strength, generator, **_):
    """The colour channels change places: RGB is blended towards GBR or BRG, where no channel keeps its own.

    Grey footage hardly changes: this one is as visible as the footage is colourful.

    Strength 0: nothing. 0.5: the mean of both orders. 1: the permuted order alone.
    """
    shift = torch.randint(1, 3, (), generator=generator).item()
    return torch.lerp(clip, clip.roll(shift, 0), strength), torch.ones_like(clip[0])
