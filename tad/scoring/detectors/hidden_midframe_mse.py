"""The card's score with the mid frame hidden: what the network predicts from both sides, against what was there.

Plain reconstruction sees the frame that it is asked for, and may copy a fake as well as a real one. Here the network
sees the mean of both neighbours in its place. It means most with weights that were trained so: `tad train --hidden 1`,
or 0.5 for a mixture with plain reconstruction.
"""

from torch import Tensor

from tad.scoring.detectors.midframe_mse import MidFrameMSE
from tad.scoring.detectors.protocol import register
from tad.training import hide_mid_frame


@register
class HiddenMidFrameMSE(MidFrameMSE):
    """The network's mean squared error on a mid frame that it has not seen."""

    name = "hidden_midframe_mse"

    def shown(self, clips: Tensor) -> Tensor:
        return hide_mid_frame(clips)
