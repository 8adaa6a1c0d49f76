import math

import torch
from kornia.enhance import adjust_contrast_with_mean_subtraction, adjust_saturation_with_gray_subtraction
from kornia.filters import gaussian_blur2d
from kornia.geometry.transform import get_affine_matrix2d, warp_affine

from tad.forgery.blob import moving_blob
from tad.forgery.draws import signed
from tad.forgery.registry import forgery


@forgery("self_blend", scope="local")
def self_blend(clip, strength, generator, **_):
    """A region is blended with the clip's own pixels, slightly recoloured, moved, and blurred or sharpened.

    Source: Shiohara and Yamasaki, "Detecting Deepfakes with Self-Blended Images", CVPR 2022: no face is generated, but
    the traces of blending one in are there. Limits of movement and colour are the paper's; here one change holds for
    the whole clip, the region may be anywhere, and every magnitude is at least half of its limit.

    Strength 0: nothing. 1: shift up to 3 % of the width and 1.5 % of the height, zoom up to 5 %, channels up to 20 /
    255 brighter or darker, saturation up to 30 % and contrast up to 10 % more or less, detail finer than 1 % of the
    short side removed or doubled. 0.5: half of each.
    """
    height, width = clip.shape[-2:]
    mask = moving_blob(clip.shape, generator, device=clip.device)
    shift = signed(0.5, 1, (1, 2), generator, clip.device) * clip.new_tensor([0.03 * width, 0.015 * height])
    zoom = signed(0.025, 0.05, (1, 1), generator, clip.device).expand(1, 2)
    colour = signed(10 / 255, 20 / 255, (3, 1, 1), generator, clip.device)
    limits = clip.new_tensor([0.3, 0.1, 1.0])
    saturation, contrast, detail = signed(0.5, 1, (3,), generator, clip.device) * limits

    frames = (clip.transpose(0, 1) + 1) / 2  # (T, C, H, W) in [0, 1], as kornia's colours want it
    frames = adjust_saturation_with_gray_subtraction(frames, 1 + strength * saturation)
    frames = adjust_contrast_with_mean_subtraction(frames, 1 + strength * contrast) + strength * colour
    sigma = min(height, width) / 100
    blurred = gaussian_blur2d(frames, 2 * math.ceil(2 * sigma) + 1, (sigma, sigma))
    frames = torch.lerp(blurred, frames, 1 + strength * detail)
    centre = clip.new_tensor([[(width - 1) / 2, (height - 1) / 2]])
    matrix = get_affine_matrix2d(strength * shift, centre, 1 + strength * zoom, clip.new_zeros(1))[:, :2]
    frames = warp_affine(frames, matrix.expand(len(frames), 2, 3), (height, width), padding_mode="reflection")
    return torch.lerp(clip, 2 * frames.transpose(0, 1) - 1, mask), mask
