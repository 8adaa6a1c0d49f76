"""Tokens that the network knows no real footage by: their Mahalanobis distance from those of reals.

Source: Lee et al., "A Simple Unified Framework for Detecting Out-of-Distribution Samples", 2018, for the distance in a
network's features, and Ben Hayun et al., "Training-free Detection of Generated Videos via Spatial-Temporal
Likelihoods" (STALL), 2026, for the likelihood of whitened features fitted on reals alone. There an image encoder gives
a feature a frame; here they are the network's own tokens f, half-way through its blocks, one a patch:

    d = sqrt( (f - m)' C^-1 (f - m) / D ),   score = max over tokens of d

with the mean m and the shrunk covariance C over tokens of reals.
"""

from torch import Tensor

from tad.model import EnhancedTimeSformer
from tad.scoring.detectors.patches import Gaussian
from tad.scoring.detectors.protocol import register_fitted, side


@register_fitted
class LatentDistance(Gaussian):
    """Largest Mahalanobis distance of the network's mid-depth tokens from those of reals."""

    name, share, per_clip = "latent_distance", 0.0, 256

    def __init__(self, model: EnhancedTimeSformer):
        super().__init__()
        self.model, self.view, c = model, side(model), model.config
        self.cell = (c.tubelet, c.patch, c.patch)
        self.block = f"block_{max(0, c.depth // 2 - 1)}"

    def describe(self, clip: Tensor) -> Tensor:
        return self.model.features(clip[None])[self.block][0].movedim(0, -1)
