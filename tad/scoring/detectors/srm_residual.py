"""The grain of the picture, patch by patch: what high-pass filters leave of it, against the grain of real footage.

Source: Fridrich and Kodovsky, "Rich Models for Steganalysis of Digital Images", 2012, for the filters: second
derivatives across and down, and the 3 x 3 and 5 x 5 square ones. Instead of their co-occurrence histograms, which want
whole images, three numbers a filter and patch of 16 x 16 px, of the residual r_t in levels:

    log(E r_t^2 + 0.1),  log(E r_t^4 / (E r_t^2)^2),  E r_t r_{t+1} / sqrt(E r_t^2 E r_{t+1}^2)

Their distance from those of real patches is Mahalanobis's. The clip's median distance is subtracted: another camera or
codec moves all patches alike, a local forgery differs from the rest of its own clip. The score is the mean of the
highest 1 %. It needs no `TwoTailed`: grain that is too smooth lies as far from that of reals as grain that is too
rough, and a low score means that all patches are alike, which is not suspicious.
"""

from itertools import pairwise

import torch
from torch import Tensor
from torch.nn import functional as F

from tad.scoring.detectors.patches import Gaussian, luma
from tad.scoring.detectors.protocol import register_fitted

SQUARE_3 = [[-1, 2, -1], [2, -4, 2], [-1, 2, -1]]
SQUARE_5 = [[-1, 2, -2, 2, -1], [2, -6, 8, -6, 2], [-2, 8, -12, 8, -2], [2, -6, 8, -6, 2], [-1, 2, -2, 2, -1]]
FLOOR = 0.1  # levels squared: a variance that counts as none


def kernels() -> Tensor:
    """The high-pass filters, (4, 1, 5, 5), each scaled so that the middle weighs -1."""
    line = torch.tensor([0.5, -1, 0.5])
    out = torch.zeros(4, 1, 5, 5)
    out[0, 0, 2, 1:4], out[1, 0, 1:4, 2] = line, line
    out[2, 0, 1:4, 1:4], out[3, 0] = torch.tensor(SQUARE_3) / 4, torch.tensor(SQUARE_5) / 12
    return out


@register_fitted
class SRMResidual(Gaussian):
    """How far the grain of the most unusual patches lies from that of reals, compared with the rest of the clip."""

    name, cell = "srm_residual", (1, 16, 16)

    def describe(self, clip: Tensor) -> Tensor:
        if clip.shape[1] < 2 or min(clip.shape[2:]) < 20:
            raise ValueError(f"{self.name} needs 2 frames of 20 x 20 px; got {tuple(clip.shape[1:])}")
        high_pass, pool = kernels().to(clip), lambda x: F.avg_pool2d(x, self.cell[1])
        # a frame at a time stays in a processor's cache
        padded = (F.pad(frame[None, None], [2] * 4, mode="reflect") for frame in luma(clip))
        residuals = [F.conv2d(frame, high_pass)[0] for frame in padded]  # (4, H, W) each
        squares = (residual.square() for residual in residuals)
        energy, fourth = map(torch.stack, zip(*((pool(x), pool(x.square())) for x in squares), strict=True))
        shared = torch.stack([pool(here * there) for here, there in pairwise(residuals)])
        shared = shared / ((energy[:-1] * energy[1:]).sqrt() + FLOOR)
        shared = torch.cat([shared, shared[-1:]])  # the last frame has no next one
        kurtosis = fourth / (energy.square() + FLOOR**2)
        return torch.cat([(energy + FLOOR).log(), (kurtosis + FLOOR).log(), shared], dim=1).movedim(1, -1)

    def heat(self, clip: Tensor) -> Tensor:
        distance = super().heat(clip)
        return distance - distance.median()
