"""The card's score: mean squared error between the reconstructed and the true mid frame."""

import torch
from torch import Tensor

from tad.model import EnhancedTimeSformer
from tad.scoring.detectors.protocol import Base, register, side
from tad.training import frame_error


@register
class MidFrameMSE(Base):
    """The network's mean squared error on the mid frame; all there is to learn is in the network."""

    name, trained_on = "midframe_mse", "reals only"

    def __init__(self, model: EnhancedTimeSformer):
        super().__init__()
        self.model, self.view = model, side(model)

    def shown(self, clips: Tensor) -> Tensor:
        """What the network sees of clips (B, 3, T, H, W)."""
        return clips

    def score(self, clips: Tensor) -> Tensor:
        return frame_error(self.model(self.shown(clips))[0], clips[:, :, clips.shape[2] // 2])

    def map(self, clips: Tensor) -> Tensor:
        """Squared error of each pixel, mean over colours; it speaks of the mid frame alone, elsewhere it is zero."""
        mid = clips.shape[2] // 2
        out = torch.zeros_like(clips[:, 0])
        out[:, mid] = (self.model(self.shown(clips))[0] - clips[:, :, mid]).square().mean(1)
        return out
