import math

import torch
from kornia.enhance import adjust_contrast_with_mean_subtraction, adjust_saturation_with_gray_subtraction
from kornia.filters import gaussian_blur2d
from kornia.geometry.transform import get_affine_matrix2d, resize, warp_affine

from tad.forgery.blob import moving_blob
from tad.forgery.by_frame import each_frame
from tad.forgery.draws import signed, smooth_noise, uniform
from tad.forgery.registry import forgery
from tad.forgery.warp import displace

BEND = 0.03  # of the mask, over the short side
CELLS = 6  # of the field that bends it
FACTOR = (2, 4)  # of the down-scaling


@forgery("self_blend", scope="local")
def self_blend(clip, strength, generator, **_):
    """A region is blended with the clip's own pixels, slightly recoloured, moved, and scaled down or sharpened.

    Source: Shiohara and Yamasaki, "Detecting Deepfakes with Self-Blended Images", CVPR 2022: no face is generated, but
    the traces of blending one in are there. Limits of movement, colour and scaling are the paper's, and as there the
    mask is bent by an elastic deformation, which the pixels do not follow. Here one change holds for the whole clip,
    the region may be anywhere, every magnitude is at least half of its limit, and the blend is always full inside.

    Strength 0: nothing. 1: shift up to 3 % of the width and 1.5 % of the height, zoom up to 5 %, channels up to 20 /
    255 brighter or darker, saturation up to 30 % and contrast up to 10 % more or less; and either scaled down 2 to 4
    fold and up again, or detail finer than 1 % of the short side doubled at most. 0.5: half of each. Whatever the
    strength, the mask's outline is bent by up to 3 % of the short side.
    """
    height, width = clip.shape[-2:]
    mask = moving_blob(clip.shape, generator, device=clip.device)
    shift = signed(0.5, 1, (1, 2), generator, clip.device) * clip.new_tensor([0.03 * width, 0.015 * height])
    zoom = signed(0.025, 0.05, (1, 1), generator, clip.device).expand(1, 2)
    colour = signed(10 / 255, 20 / 255, (3, 1, 1), generator, clip.device)
    saturation, contrast, detail = signed(0.5, 1, (3,), generator).tolist()
    factor = uniform(*FACTOR, (), generator).item()
    mask = _bent(mask, generator)

    centre = clip.new_tensor([[(width - 1) / 2, (height - 1) / 2]])
    matrix = get_affine_matrix2d(strength * shift, centre, 1 + strength * zoom, clip.new_zeros(1))[:, :2]

    def altered(frame):  # (1, C, H, W) in [0, 1], as kornia's colours want it
        frame = adjust_saturation_with_gray_subtraction(frame, 1 + 0.3 * strength * saturation)
        frame = adjust_contrast_with_mean_subtraction(frame, 1 + 0.1 * strength * contrast) + strength * colour
        sharper = detail > 0
        frame = _sharper(frame, strength * detail) if sharper else torch.lerp(frame, _coarse(frame, factor), strength)
        return warp_affine(frame, matrix, (height, width), padding_mode="reflection")

    frames = each_frame(altered, (clip.transpose(0, 1) + 1) / 2)
    return torch.lerp(clip, 2 * frames.transpose(0, 1) - 1, mask), mask


def _bent(mask, generator):  # (T, H, W), by a field that stays over the clip
    field = smooth_noise(2, mask.shape[-2:], CELLS, generator, mask.device)[:, None]
    everywhere = torch.ones_like(mask)
    return displace(mask[None], field, everywhere, BEND * min(mask.shape[-2:]))[0].clamp(0, 1)


def _sharper(frames, amount):  # (T, C, H, W)
    sigma = min(frames.shape[-2:]) / 100
    blurred = gaussian_blur2d(frames, 2 * math.ceil(2 * sigma) + 1, (sigma, sigma))
    return torch.lerp(blurred, frames, 1 + amount)


def _coarse(frames, factor):  # (T, C, H, W), scaled down and up again
    size = tuple(frames.shape[-2:])
    return resize(resize(frames, tuple(max(1, round(side / factor)) for side in size), antialias=True), size)
