"""Control: the error of taking the mean of both neighbours for the mid frame. Nothing is learned."""

from torch import Tensor

from tad.model import EnhancedTimeSformer
from tad.scoring.detectors.protocol import Base, register, side
from tad.training import neighbour_errors


@register
class NeighbourMean(Base):
    """Mean squared difference of the mid frame from its neighbours' mean, as the network sees them, if there is one."""

    name = "neighbour_mean"

    def __init__(self, model: EnhancedTimeSformer | None = None):
        super().__init__()
        self.view = None if model is None else side(model)

    def score(self, clips: Tensor) -> Tensor:
        return neighbour_errors(clips)["neighbour_mean"]
