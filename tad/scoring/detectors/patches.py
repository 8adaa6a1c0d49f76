"""Detectors that rate patches: a score from the worst of them, a map from all."""

import torch
from kornia.color import rgb_to_grayscale
from sklearn.covariance import LedoitWolf
from torch import Tensor
from torch.nn import functional as F

from tad.scoring.detectors.protocol import Base


class Patches(Base):
    """Rates the patches of a clip and scores it by the mean over the worst of them.

    The mean of the upper share of patches is a high quantile that still sees a forgery smaller than that share.
    """

    share = 0.01  # of the patches that are averaged; one patch at least
    cell = (1, 8, 8)  # from patch to patch, frames and px
    first = 0  # position in time of the first that is rated
    mid_only = False  # whether the mid frame alone is rated

    def heat(self, clip: Tensor) -> Tensor:
        """Rate the patches of a clip (3, T, H, W): (t, h, w), higher = more likely forged."""
        raise NotImplementedError

    def score_clip(self, clip: Tensor) -> Tensor:
        heat = self.heat(clip).flatten()
        return heat.topk(max(1, round(self.share * len(heat)))).values.mean()

    @torch.no_grad()
    def map(self, clips: Tensor) -> Tensor:
        """What each patch of clips (B, 3, T, H, W) is rated, at its pixels: (B, T, H, W)."""
        self.require_fitted()
        return torch.stack([self._spread(self.heat(clip), clip) for clip in clips])

    def _spread(self, heat: Tensor, clip: Tensor) -> Tensor:
        for axis, first in enumerate((self.first, 0, 0)):
            place = torch.arange(clip.shape[axis + 1], device=heat.device) // self.cell[axis] - first
            heat = heat.index_select(axis, place.clamp(0, heat.shape[axis] - 1))
        mid = clip.shape[1] // 2
        return F.pad(heat[:1], (0, 0, 0, 0, mid, clip.shape[1] - mid - 1)) if self.mid_only else heat


class Gaussian(Patches):
    """Rates patches by how far their features lie from those of reals: sqrt((f - m)' C^-1 (f - m) / F).

    C is the covariance over patches of reals, shrunk as Ledoit and Wolf, "A well-conditioned estimator for
    large-dimensional covariance matrices", 2004.
    """

    trained_on, learns = "reals only", ("mean", "whiten")

    def describe(self, clip: Tensor) -> Tensor:
        """The features of the patches of a clip: (t, h, w, F)."""
        raise NotImplementedError

    def samples(self, clip: Tensor) -> Tensor:
        return self.describe(clip).flatten(0, 2)

    def learn(self, samples: Tensor) -> dict[str, Tensor]:
        found = LedoitWolf().fit(samples.double().cpu().numpy())
        values, vectors = torch.linalg.eigh(torch.from_numpy(found.covariance_))
        whiten = vectors * values.clamp(min=1e-12).rsqrt()
        return {"mean": torch.from_numpy(found.location_).float(), "whiten": whiten.float()}

    def heat(self, clip: Tensor) -> Tensor:
        features = self.describe(clip)
        mean, whiten = (self.learned[name].to(features) for name in self.learns)
        return ((features - mean) @ whiten).square().mean(-1).sqrt()


def luma(clip: Tensor) -> Tensor:
    """Brightness of a clip (3, T, H, W) in [-1, 1]: (T, H, W) in levels from 0 to 255."""
    # a frame at a time stays in a processor's cache; torch's operations on a whole clip wait for memory
    return torch.stack([rgb_to_grayscale(frame)[0].add_(1).mul_(127.5) for frame in clip.unbind(1)])


def gradient_energy(frames: Tensor) -> Tensor:
    """Squared length of the gradient of frames (T, H, W), by central differences.

    Example:
        >>> ramp = 3 * torch.arange(5.0).expand(1, 4, 5)
        >>> gradient_energy(ramp).unique().tolist()
        [9.0]
    """
    each = (sum(part.square() for part in torch.gradient(frame)) for frame in frames)
    return torch.stack(list(each))
