import math

import torch
from kornia.enhance import adjust_contrast_with_mean_subtraction, adjust_saturation_with_gray_subtraction
from kornia.filters import gaussian_blur2d
from kornia.geometry.transform import get_affine_matrix2d, warp_affine

from tad.forgery.draws import signed, smooth_noise, uniform
from tad.forgery.face.mesh import face_px, hull, soft_mask
from tad.forgery.registry import forgery

FEATHER = (0.08, 0.25)  # width of the soft edge, over the size of the face
BEND = 0.04  # elastic deformation of the outline, likewise: the standard deviation of the noise that bends it
JITTER = 0.015  # and of each landmark by itself
FIELD = 32  # grid points along the face, on which the deformation is rendered
COLOUR = (0.2, 0.1, 1.0)  # limits of saturation, contrast, detail


@forgery("self_blended_face", scope="face", needs=("landmarks",))
def self_blended_face(clip, strength, generator, *, landmarks, **_):
    """The face is blended with the clip's own pixels, slightly recoloured, moved, and blurred or sharpened.

    Source: Shiohara and Yamasaki, "Detecting Deepfakes with Self-Blended Images", CVPR 2022: the hull of the landmarks,
    jittered and elastically deformed, is the mask, and what is blended in carries the traces of a swap without one.
    Limits of movement, brightness and contrast are the paper's, movement as a share of the face; here one change holds
    for the whole clip, and all but the channels' offsets are at least half of their limit.

    Strength 0: nothing. 1: shift up to 3 % of the face across and 1.5 % down, zoom up to 5 %, channels up to 20 / 255
    brighter or darker, saturation up to 20 % and contrast up to 10 % more or less, detail finer than 2 % of the face
    removed, as by scaling down, or doubled. 0.5: half of each.
    """
    points = landmarks[0].cpu()
    face = face_px(points)
    mask = _mask(points, face, clip.shape[-2:], generator, clip.device)
    centre = points.mean((0, 1), keepdim=True)[0].to(clip.device) - 0.5
    altered = _altered(clip.transpose(0, 1), strength, centre, face, generator)
    return torch.lerp(clip, altered.transpose(0, 1), mask), mask


def _altered(frames, strength, centre, face, generator):  # (T, C, H, W)
    shift, zoom, looks = (signed(0.5, 1, (n,), generator, frames.device) for n in (2, 1, 3))
    offset = uniform(-20 / 255, 20 / 255, (3, 1, 1), generator, frames.device)
    saturation, contrast, detail = 1 + strength * looks * frames.new_tensor(COLOUR)
    frames = (frames + 1) / 2  # in [0, 1], as kornia's colours want it
    frames = adjust_saturation_with_gray_subtraction(frames, saturation)
    frames = adjust_contrast_with_mean_subtraction(frames, contrast) + strength * offset
    sigma = face / 50
    blurred = gaussian_blur2d(frames, 2 * math.ceil(2 * sigma) + 1, (sigma, sigma))
    frames = torch.lerp(blurred, frames, detail)
    move = strength * face * shift[None] * frames.new_tensor([0.03, 0.015])
    matrix = get_affine_matrix2d(move, centre, 1 + strength * 0.05 * zoom.expand(1, 2), frames.new_zeros(1))[:, :2]
    moved = warp_affine(frames, matrix.expand(len(frames), 2, 3), frames.shape[-2:], padding_mode="reflection")
    return 2 * moved - 1


def _mask(points, face, size, generator, device):
    field = smooth_noise(2, (FIELD, FIELD), 4, generator)
    jitter = torch.randn((points.shape[1], 2), generator=generator)
    feather = uniform(*FEATHER, (), generator).item() * face
    middle = points[len(points) // 2]
    unit = (middle - middle.amin(0)) / (middle.amax(0) - middle.amin(0))
    x, y = (unit * (FIELD - 1)).long().unbind(1)
    jittered = points + face * JITTER * jitter  # the shift of a landmark is the same in all frames
    corners = hull(jittered)
    bend = face * BEND * field[:, y[corners], x[corners]].T
    return soft_mask(jittered[:, corners] + bend, size, feather, device=device)
