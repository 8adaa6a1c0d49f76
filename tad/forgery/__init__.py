"""Forgeries: manipulations of real clips, with a continuous strength and the mask of what was changed.

A family is one function under the `forgery` decorator, in a file of its own: `whole/` holds those that change entire
frames and that nobody overlooks, `local/` those that change a region, `temporal/` those that change time, `face/` those
that need a face, `frequency/` those that change the spectrum. Once its file is imported a family appears in every list,
and in the tests; a file of your own is imported by `load_file`.

Shared by all: random draws are made on the CPU and do not depend on the strength, so the same generator state shows the
same manipulation growing with it; strength 0 is the identity; nothing outside the mask changes.
"""

from tad.forgery import face, frequency, local, temporal, whole  # noqa: F401 - importing them registers their families
from tad.forgery.blob import moving_blob
from tad.forgery.draws import nested_swaps, signed, smooth_noise, uniform
from tad.forgery.registry import SCOPES, Forgery, families, forge, forge_batch, forgery, get, load_file
from tad.forgery.visibility import BANDS_DB, band, jod, psnr_clip_db, psnr_db, ssim, visibility
from tad.forgery.warp import displace

__all__ = [
    "BANDS_DB", "SCOPES", "Forgery", "band", "displace", "families", "forge", "forge_batch", "forgery", "get",
    "jod", "load_file", "moving_blob", "nested_swaps", "psnr_clip_db", "psnr_db", "signed", "smooth_noise", "ssim",
    "uniform", "visibility",
]  # fmt: skip
