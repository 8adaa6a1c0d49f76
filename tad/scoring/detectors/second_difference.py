"""How unevenly a clip changes from frame to frame: the second difference over time, too small or too large.

Source: Zheng et al., "D3: Training-Free AI-Generated Video Detection Using Second-Order Features", ICCV 2025. There a
pretrained image encoder maps the frames to features f_t, the distances of successive ones are d_t = |f_{t+1} - f_t|,
and the standard deviation over time of d_{t+1} - d_t is the score: generated video accelerates too evenly. Carried over
are the second difference and that a *small* one is suspect; not the encoder, so that the difference is one of pixels,
and not the deviation of distances, which has 14 numbers to rest on in a clip of 16 frames:

    s = mean over t, pixels and colours of |x_{t+1} - 2 x_t + x_{t-1}|

Noise, flicker and jitter make it large, interpolated, generated or smoothed frames small, so that neither direction
alone is "more likely fake". It is registered as the distance from the middle of the reals' (`TwoTailed`), which makes
it a detector that is fitted on reals.
"""

from torch import Tensor

from tad.model import EnhancedTimeSformer
from tad.scoring.detectors.protocol import Base, register_fitted
from tad.scoring.detectors.two_tailed import TwoTailed


class Acceleration(Base):
    """Mean absolute second difference over time of the whole frame, higher = rougher. Nothing is learned."""

    name = "acceleration"

    def score_clip(self, clip: Tensor) -> Tensor:
        return clip.diff(n=2, dim=1).abs().mean()


@register_fitted
class SecondDifference(TwoTailed):
    """How unusual the mean absolute second difference over time is among reals, to either side."""

    name = "second_difference"

    def __init__(self, model: EnhancedTimeSformer | None = None):
        super().__init__(Acceleration(model))
