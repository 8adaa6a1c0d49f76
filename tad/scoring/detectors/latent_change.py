"""Tokens that change as those of no real footage do: the second difference over time, whitened.

Source: Ben Hayun et al., "Training-free Detection of Generated Videos via Spatial-Temporal Likelihoods" (STALL), 2026,
for the likelihood of temporal changes of features beside that of the features; Zheng et al., D3, 2025 (see
`second_difference`), for the second order. With the tokens f of `latent_distance` and the distance d there:

    score = max over tokens of d(f_{t+1} - 2 f_t + f_{t-1})

A network of two positions in time has no second difference: the first, f_{t+1} - f_t, takes its place.
"""

from torch import Tensor

from tad.model import EnhancedTimeSformer
from tad.scoring.detectors.latent_distance import LatentDistance
from tad.scoring.detectors.protocol import register_fitted


@register_fitted
class LatentChange(LatentDistance):
    """Largest Mahalanobis distance of the second temporal differences of mid-depth tokens from those of reals."""

    name, first = "latent_change", 1

    def __init__(self, model: EnhancedTimeSformer):
        super().__init__(model)
        self.order = min(2, model.config.frames // model.config.tubelet - 1)

    def describe(self, clip: Tensor) -> Tensor:
        tokens = super().describe(clip)
        if not 0 < self.order < len(tokens):
            raise ValueError(f"{self.name} needs more than {max(1, self.order)} positions in time; got {len(tokens)}")
        return tokens.diff(n=self.order, dim=0)
