import math

import torch
from kornia.geometry.transform import resize

from tad.forgery.blob import moving_blob
from tad.forgery.by_frame import each_frame
from tad.forgery.registry import forgery

OCTAVES = 3  # at strength 1 the region is scaled down 2^3-fold


@forgery("low_resolution", scope="local")
def low_resolution(clip, strength, generator, **_):
    """A region is scaled down and up again, as if generated at a lower resolution and pasted in.

    Generators of faces work at a fixed small size, and the warp to the video's own size leaves this trace (Li and Lyu,
    "Exposing DeepFake Videos By Detecting Face Warping Artifacts", 2019). Factors between powers of two are blends of
    both neighbours, as textures are filtered between mip-map levels, so that the effect has no jump anywhere.

    Strength 0: nothing. 0.5: between 2- and 4-fold. 1: 8-fold.
    """
    mask = moving_blob(clip.shape, generator, device=clip.device)
    octave = strength * OCTAVES
    whole = math.floor(octave)
    frames = clip.transpose(0, 1)
    made = _down_and_up(frames, 2**whole)
    if octave > whole:
        made = torch.lerp(made, _down_and_up(frames, 2 ** (whole + 1)), octave - whole)
    return torch.lerp(clip, made.transpose(0, 1), mask), mask


def _down_and_up(frames, factor):  # (T, C, H, W)
    if factor == 1:
        return frames
    size = tuple(frames.shape[-2:])
    small = tuple(max(1, side // factor) for side in size)
    return each_frame(lambda one: resize(resize(one, small, antialias=True), size, interpolation="bicubic"), frames)
