"""A patch head at the video's own resolution, taught by self-made forgeries of real clips; see `taught`."""

from tad.model import LocalBranch
from tad.scoring.detectors.protocol import register_fitted
from tad.scoring.detectors.taught import PatchHead


@register_fitted
class LocalHead(PatchHead):
    """Peak over places of the logits of a small local network that was trained on reals with self-made fakes."""

    name, trained_on = "local_head", "reals with self-made fakes"

    def make_net(self) -> LocalBranch:
        return LocalBranch()
