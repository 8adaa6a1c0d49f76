import math

import torch
from kornia.enhance import posterize

from tad.forgery.by_frame import each_frame
from tad.forgery.registry import forgery

BITS = 8


@forgery("posterise", scope="whole")
def posterise(clip, strength, generator, **_):
    """Colours are cut down to few levels in each channel.

    Bits are dropped, the lowest first, and the step from one number of bits to the next is a cross-fade: low bits only
    ever darken a pixel, so the effect grows without a jump in every single pixel.

    Strength 0: 8 bits, nothing. 0.5: 4.5 bits, that is 16 to 32 levels. 1: 1 bit, black and mid grey.
    """
    dropped = strength * (BITS - 1)
    whole = math.floor(dropped)
    frames = (clip.transpose(0, 1) + 1) / 2  # (T, C, H, W) in [0, 1]
    made = each_frame(lambda one: posterize(one, BITS - whole), frames)
    if dropped > whole:
        made = torch.lerp(made, each_frame(lambda one: posterize(one, BITS - whole - 1), frames), dropped - whole)
    return 2 * made.transpose(0, 1) - 1, torch.ones_like(clip[0])
