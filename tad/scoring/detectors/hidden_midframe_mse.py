"""The card's score with the mid frame hidden: what the network predicts from both sides, against what was there.

Plain reconstruction sees the frame that it is asked for, and may copy a fake as well as a real one. Here the network
sees the mean of both neighbours in its place. It means most with weights that were trained so: `tad train --hidden 1`,
or 0.5 for a mixture with plain reconstruction.
"""

import torch
from torch import Tensor

from tad.model import EnhancedTimeSformer
from tad.scoring.detectors.protocol import Base, register
from tad.training import frame_error, hide_mid_frame


@register
class HiddenMidFrameMSE(Base):
    """The network's mean squared error on a mid frame that it has not seen."""

    name, trained_on = "hidden_midframe_mse", "reals only"

    def __init__(self, model: EnhancedTimeSformer):
        super().__init__()
        self.model, self.view = model, model.config.size

    def score(self, clips: Tensor) -> Tensor:
        return frame_error(self.model(hide_mid_frame(clips))[0], clips[:, :, clips.shape[2] // 2])

    def map(self, clips: Tensor) -> Tensor:
        """Squared error of each pixel, mean over colours; it speaks of the mid frame alone, elsewhere it is zero."""
        mid = clips.shape[2] // 2
        out = torch.zeros_like(clips[:, 0])
        out[:, mid] = (self.model(hide_mid_frame(clips))[0] - clips[:, :, mid]).square().mean(1)
        return out
