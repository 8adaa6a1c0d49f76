"""What is explained: one detector's score of a clip, as a module that Captum can differentiate and probe."""

from collections.abc import Iterable

import torch
from kornia.filters import gaussian_blur2d
from torch import Tensor, nn

from tad import checks
from tad.model import LocalBranch
from tad.scoring import Detector
from tad.scoring.detectors import Base
from tad.scoring.detectors.protocol import check_detector

BLUR = 0.1  # deviation of the baseline's blur, in shorter sides of the frame


class ClipScore(nn.Module):
    """A detector's score, one number a clip, (B,), never a mean over a batch.

    The gradient passes through all that the detector reads. For scores of the mid frame that is the network's input
    *and the true mid frame*, to which its reconstruction is compared: the mid frame is expected to dominate.
    """

    def __init__(self, detector: Detector):
        super().__init__()
        check_detector(detector)
        detector_score = getattr(type(detector), "score", None)
        self.one_by_one = detector_score is Base.score  # which scores without a gradient; `score_clip` has one
        self.detector = detector

    def forward(self, clips: Tensor) -> Tensor:
        """Score clips (B, 3, T, H, W) in [-1, 1]: (B,), higher = more likely fake."""
        if not self.one_by_one:
            return self.detector.score(clips).to(clips.dtype)
        self.detector.require_fitted()
        return torch.stack([self.detector.score_clip(clip) for clip in clips]).to(clips.dtype)


def check_explained(detector: Detector, clip: Tensor) -> None:
    """Refuse what is no detector, and what is no clip (3, T, H, W)."""
    check_detector(detector)
    checks.clip("clip", clip)


def is_differentiable(detector: Detector, clip: Tensor) -> bool:
    """Whether a gradient comes back from a detector's score of a clip (3, T, H, W); costs one scoring.

    What leaves torch on the way (for OpenCV, say), or asks whether rather than how much, gives none.
    """
    check_explained(detector, clip)
    try:
        score = ClipScore(detector)(clip[None].clone().requires_grad_())
    except RuntimeError as error:
        if "requires grad" not in str(error):  # what torch says where a tensor with a gradient is handed to NumPy
            raise
        return False
    return score.requires_grad


def embedded_layer(detector: Detector) -> nn.Module | None:
    """The module whose output (B, D, T', H', W') layer methods read; None where a detector has none.

    Of a detector that reads the network the embedded tokens; of the local head its deepest convolutions.
    """
    check_detector(detector)
    net = getattr(detector, "net", None)
    if isinstance(net, LocalBranch):
        return net.deep
    return getattr(getattr(detector, "model", None), "embedded", None)


def blurred(clips: Tensor) -> Tensor:
    """Blur each frame of clips (B, 3, T, H, W) until nothing but broad colours is left: what "not there" means here.

    Brightness and its changes over time stay: a baseline of grey would be a clip that no detector was made for.
    """
    checks.tensor("clips", clips, "B 3 T H W")
    frames = clips.transpose(1, 2).flatten(0, 1)
    sigma = BLUR * min(frames.shape[-2:])
    side = 2 * min(round(2 * sigma), min(frames.shape[-2:]) - 1) + 1
    soft = gaussian_blur2d(frames, (side, side), (sigma, sigma))
    return soft.unflatten(0, (len(clips), -1)).transpose(1, 2).contiguous()


def modules(detector: Detector) -> Iterable[tuple[str, nn.Module]]:
    """The networks that a detector holds, by attribute."""
    check_detector(detector)
    return [(name, part) for name, part in vars(detector).items() if isinstance(part, nn.Module)]
