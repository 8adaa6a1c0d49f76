"""Geometry of a face from its landmarks: soft masks, and for each pixel of a frame its place in another one.

Landmarks are in px from the frame's top left corner, so the centre of the first pixel lies at (0.5, 0.5).
"""

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from kornia.geometry.transform import remap
from scipy.interpolate import LinearNDInterpolator
from torch import Tensor

# Points of MediaPipe's face mesh: the outer contour of the lips in its order, and what talking hardly moves.
LIPS = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185)
STABLE = (33, 133, 362, 263, 168, 1)  # corners of the eyes, bridge and tip of the nose
SMOOTHING = 5  # frames in the centred mean of colour statistics


def face_px(points: Tensor) -> float:
    """The size of a face: mean of its width and height over the clip, px.

    Args:
        points: (T, N, 2).

    Raises:
        ValueError: all points of a frame in one place.

    Example:
        >>> face_px(torch.tensor([[[0.0, 0.0], [2.0, 4.0]]]))
        3.0
    """
    extent = points.amax(1) - points.amin(1)
    if not extent.amin() > 0:
        raise ValueError(f"landmarks must span a face in every frame; got an extent of {extent.amin().item()} px")
    return extent.mean().item()


def hull(points: Tensor) -> list[int]:
    """The points on the convex hull of the mid frame, in their order around it; they hold for all frames.

    Args:
        points: (T, N, 2).

    Example:
        >>> sorted(hull(torch.tensor([[[0.0, 0.0], [4.0, 0.0], [1.0, 1.0], [0.0, 4.0]]])))
        [0, 1, 3]
    """
    return cv2.convexHull(points[len(points) // 2].cpu().numpy(), returnPoints=False)[:, 0].tolist()


def soft_mask(outline: Tensor, size: tuple[int, int], feather_px: float, *, grow_px: float = 0, device=None) -> Tensor:
    """The inside of an outline, (T, H, W) in [0, 1]: 0 on its edge, rising smoothly to 1 at `feather_px` within.

    Args:
        outline: corners (T, N, 2) of a polygon a frame; it may reach over the frame's border.
        size: (H, W) of the frame.
        feather_px: width of the soft edge.
        grow_px: by how much the edge lies outside the outline.
        device: where the mask goes.

    Example:
        >>> square = torch.tensor([[[0.0, 0.0], [8.0, 0.0], [8.0, 8.0], [0.0, 8.0]]])
        >>> soft_mask(square, (9, 12), 4.0)[0, 3, 3:].round(decimals=2)
        tensor([0.9600, 0.9600, 0.6800, 0.3200, 0.0400, 0.0000, 0.0000, 0.0000, 0.0000])
    """
    mask = torch.zeros(len(outline), *size, device=device)
    left, top = (outline.amin((0, 1)) - grow_px).clamp(min=0).long().tolist()
    right, bottom = (outline.amax((0, 1)) + grow_px).clamp(min=0).ceil().long().tolist()
    box = mask[:, top:bottom, left:right]
    x, y = (torch.arange(n, device=device) + first + 0.5 for n, first in ((box.shape[2], left), (box.shape[1], top)))
    level = ((_depth(outline.to(device), x, y[:, None]) + grow_px) / feather_px).clamp(0, 1)
    box.copy_(level.square() * (3 - 2 * level))
    return mask


def _depth(outline: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Distance (T, h, w) from the edges of polygons (T, N, 2), negative outside, at the pixels x (w,) and y (h, 1)."""
    nearest, inside = x.new_tensor(torch.inf), torch.zeros((), dtype=torch.bool, device=x.device)
    for start, end in zip(outline.unbind(1), outline.roll(-1, 1).unbind(1), strict=True):
        left, top = x - start[:, 0, None, None], y - start[:, 1, None, None]  # (T, 1, w) and (T, h, 1)
        across, down = (end - start).T[..., None, None]
        share = (left * across + top * down) / (across**2 + down**2).clamp(min=1e-12)  # of the edge, up to the pixel
        share = share.clamp(0, 1)
        nearest = torch.minimum(nearest, (left - share * across).square() + (top - share * down).square())
        # A ray to the right crosses the edges of what it starts inside of an odd number of times.
        inside = inside ^ (((top < 0) != (top < down)) & (left < top * across / down))
    return torch.where(inside, 1.0, -1.0) * nearest.sqrt()


def mesh_map(points: Tensor, source: Tensor, size: tuple[int, int]) -> Tensor:
    """The piecewise affine map that takes a mesh to another: for each pixel its place in the other's frame.

    The triangles are Delaunay's of each frame: those of one frame fold in others, where lips close or the head turns.

    Args:
        points: (T, N, 2), the mesh in the frames that are to be filled.
        source: (T, N, 2), the same points in the frames that are sampled.
        size: (H, W) of the frames to be filled.

    Returns:
        (T, H, W, 2), x and y in px; outside the convex hull of `points` every pixel stays where it is.

    Example:
        >>> points = torch.tensor([[[0.0, 0.0], [8.0, 0.0], [8.0, 8.0], [0.0, 8.0]]])
        >>> mesh_map(points, points * 2 + 1, (9, 9))[0, 1, 3]  # the centre of that pixel is (3.5, 1.5)
        tensor([8., 4.])
    """
    place = _centres(size)[None].repeat(len(points), 1, 1, 1)
    for there, p, s in zip(place.numpy(), points.cpu().numpy(), source.cpu().numpy(), strict=True):
        (left, top), (right, bottom) = (p.min(0).clip(0).astype(int), np.ceil(p.max(0)).clip(0).astype(int))
        box = there[top:bottom, left:right]
        if box.size:
            found = LinearNDInterpolator(p, s)(box)
            np.copyto(box, found, where=~np.isnan(found), casting="same_kind")
    return place


def similarity_map(points: Tensor, source: Tensor, size: tuple[int, int]) -> Tensor:
    """As `mesh_map`, by the shift, turn and zoom that take `points` nearest to `source` (least squares), everywhere.

    Example:
        >>> points = torch.tensor([[[0.0, 0.0], [8.0, 0.0], [8.0, 8.0], [0.0, 8.0]]])
        >>> similarity_map(points, points * 2 + 1, (9, 9))[0, 1, 3].round(decimals=3)
        tensor([8., 4.])
    """
    z, w, grid = (torch.view_as_complex(part.cpu().contiguous()) for part in (points, source, _centres(size)))
    middle, target = z.mean(1, keepdim=True), w.mean(1, keepdim=True)
    zoom = ((z - middle).conj() * (w - target)).sum(1) / (z - middle).abs().square().sum(1)  # and turn
    moved = zoom[:, None, None] * (grid - middle[..., None]) + target[..., None]
    return torch.view_as_real(moved)


def _centres(size: tuple[int, int]) -> Tensor:
    y, x = torch.meshgrid(*(torch.arange(side) + 0.5 for side in size), indexing="ij")
    return torch.stack([x, y], -1)  # (H, W, 2)


def sample(clip: Tensor, place: Tensor) -> Tensor:
    """Sample a clip (C, T, H, W) at places (T, H, W, 2) in px; what would come from outside the frame is mirrored."""
    x, y = (place.to(clip.device) - 0.5).unbind(-1)
    return remap(clip.transpose(0, 1), x, y, padding_mode="reflection", align_corners=True).transpose(0, 1)


def match_colour(clip: Tensor, like: Tensor, weight: Tensor, max_gain: float = 2.0) -> Tensor:
    """Give a clip the colours of another: mean and standard deviation of each channel, weighted, smoothed over time.

    Args:
        clip, like: (C, T, H, W).
        weight: (T, H, W) >= 0, of each pixel in the statistics; a frame without any stays as it is.
        max_gain: of contrast, and 1 / `max_gain` is the least.

    Returns:
        (C, T, H, W), not clamped.

    Example:
        >>> like = torch.rand(3, 2, 9, 9)
        >>> torch.allclose(match_colour(0.8 * like + 0.1, like, torch.ones(2, 9, 9)), like, atol=1e-4)
        True
    """
    mean, deviation = _statistics(clip, weight)
    wanted, spread = _statistics(like, weight)
    gain = (spread / deviation).clamp(1 / max_gain, max_gain)
    return (clip - mean) * gain + wanted


def _statistics(clip: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:  # (C, T, 1, 1) each
    smooth = lambda part: F.avg_pool1d(part, SMOOTHING, 1, SMOOTHING // 2, count_include_pad=False)  # noqa: E731
    total = smooth(weight.sum((1, 2))[None]) + 1e-6
    mean, square = (smooth(torch.einsum("cthw,thw->ct", part, weight)) / total for part in (clip, clip.square()))
    deviation = (square - mean.square()).clamp(min=1e-6).sqrt()
    return mean[..., None, None], deviation[..., None, None]
