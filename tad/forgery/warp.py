"""Moving the pixels of a region by a field of displacements."""

import torch
from kornia.geometry.transform import remap
from kornia.utils import create_meshgrid
from torch import Tensor

from tad import checks


def displace(clip: Tensor, field: Tensor, mask: Tensor, reach_px: float) -> Tensor:
    """Warp a region; displacements fade out with the mask, so its edge shows no seam and no double image.

    Args:
        clip: (C, T, H, W); what would come from outside the frame is mirrored.
        field: (2, T, H, W), or with T = 1 if constant in time; displacements in x and y, of any scale.
        mask: (T, H, W) in [0, 1].
        reach_px: the largest displacement after weighting by the mask, in pixels.

    Example:
        >>> import torch
        >>> clip, right = torch.arange(8.0).expand(3, 2, 8, 8), torch.tensor([1.0, 0.0]).view(2, 1, 1, 1)
        >>> displace(clip, right, torch.ones(2, 8, 8), 2.0)[0, 0, 0, :4].round()
        tensor([2., 3., 4., 5.])
    """
    checks.tensor("clip", clip, "C T H W")
    checks.tensor("mask", mask, "T H W")
    checks.tensor("field", field, "2 T H W")
    checks.finite("mask", mask)
    checks.check(mask.shape == clip.shape[1:], f"mask must have the clip's frames {tuple(clip.shape[1:])}", mask)
    checks.number("reach_px", reach_px)
    move = field * mask  # (2, T, H, W)
    x, y = move * (reach_px / torch.hypot(*move).max())
    grid = create_meshgrid(*clip.shape[-2:], normalized_coordinates=False, device=clip.device)[0]  # (H, W, 2)
    # align_corners: with kornia's default even the identity map would resample.
    frames = remap(
        clip.transpose(0, 1), grid[..., 0] + x, grid[..., 1] + y, padding_mode="reflection", align_corners=True
    )
    return frames.transpose(0, 1)
