"""How visible a forgery is: PSNR inside its mask, and the bands that every table and figure uses."""

import math

from torch import Tensor

# Upper limits in dB, from plain to see to hardly there. A value on a limit belongs to the subtler band, save that 40 dB
# itself is still subtle: "invisible" is what lies above.
BANDS_DB = {"extreme": 20.0, "moderate": 30.0, "subtle": 40.0}
RANGE = 2.0  # clips lie in [-1, 1]


def psnr_db(clip: Tensor, forged: Tensor, mask: Tensor) -> float:
    """Peak signal-to-noise ratio in dB over the pixels that a forgery could change; inf where nothing changed.

    Args:
        clip, forged: (C, T, H, W) in [-1, 1], before any encoding.
        mask: (T, H, W); pixels above 0 count, each fully, in all channels.

    Example:
        >>> import torch
        >>> clip, mask = torch.zeros(3, 2, 4, 4), torch.ones(2, 4, 4)
        >>> round(psnr_db(clip, clip + 0.2, mask), 3)
        20.0
    """
    if forged.shape != clip.shape or mask.shape != clip.shape[1:]:
        shapes = f"{(*clip.shape,)}, {(*forged.shape,)} and {(*mask.shape,)}"
        raise ValueError(f"clip and forged must be (C, T, H, W) and mask (T, H, W); got {shapes}")
    error = (forged - clip).double().square()[:, mask > 0]
    mse = error.mean().item() if error.numel() else 0.0
    return 10 * math.log10(RANGE**2 / mse) if mse > 0 else math.inf


def band(psnr_db: float) -> str:
    """Name the band of visibility of a PSNR in dB: "extreme", "moderate", "subtle" or "invisible".

    Example:
        >>> band(25.0), band(math.inf)
        ('moderate', 'invisible')
    """
    if math.isnan(psnr_db):
        raise ValueError(f"psnr_db must be a number; got {psnr_db}")
    if psnr_db > BANDS_DB["subtle"]:
        return "invisible"
    return next((name for name, limit in BANDS_DB.items() if psnr_db < limit), "subtle")
