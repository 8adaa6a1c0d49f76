import torch

from tad.forgery.registry import forgery


@forgery("inversion", scope="whole")
def inversion(clip, strength, generator, **_):
    """The clip turns into its negative, one colour channel after the other in a random order.

    All channels at once would pass through plain grey, which is the easiest of all clips to reconstruct. To a network
    that is equivariant to the sign of its input, even the full negative looks like the original.

    Strength 0: nothing. 0.5: one channel is negative, one is flat, one is untouched. 1: the negative.
    """
    turn = torch.randperm(3, generator=generator).to(clip.device)
    weight = (3 * strength - turn).clamp(0, 1)
    return torch.lerp(clip, -clip, weight[:, None, None, None]), torch.ones_like(clip[0])
