"""Detectors: something that gives each clip one score, higher = more likely fake."""

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor

from tad.data import centre_crop, resize_short_side, to_clip
from tad.model import EnhancedTimeSformer
from tad.training import frame_error, neighbour_errors


class Detector(Protocol):
    """What every detector offers; one that can say where adds `map(clips) -> (B, T, H, W)`."""

    name: str
    trained_on: str  # "nothing", "reals only", "reals with self-made fakes" or "labelled fakes"
    view: int | None  # what `score` is given: the side of the network's square, px, or None for the whole frame

    def score(self, clips: Tensor) -> Tensor:
        """Score clips (B, 3, T, H, W) in [-1, 1]: (B,), higher = more likely fake."""
        ...


DETECTORS: dict[str, Callable[[EnhancedTimeSformer], Detector]] = {}


def register(detector: type) -> type:
    """Enter a detector, built from a network, under its name."""
    DETECTORS[detector.name] = detector
    return detector


@register
class MidFrameMSE:
    """The card's score: mean squared error between the reconstructed and the true mid frame."""

    name, trained_on = "midframe_mse", "reals only"

    def __init__(self, model: EnhancedTimeSformer):
        self.model, self.view = model, model.config.size

    def score(self, clips: Tensor) -> Tensor:
        return frame_error(self.model(clips)[0], clips[:, :, clips.shape[2] // 2])

    def map(self, clips: Tensor) -> Tensor:
        """Squared error of each pixel, mean over colours; it speaks of the mid frame alone, elsewhere it is zero."""
        mid = clips.shape[2] // 2
        out = torch.zeros_like(clips[:, 0])
        out[:, mid] = (self.model(clips)[0] - clips[:, :, mid]).square().mean(1)
        return out


@register
class NeighbourCopy:
    """Control: the error of taking the previous frame for the mid frame. Nothing is learned."""

    name, trained_on = "neighbour_copy", "nothing"

    def __init__(self, model: EnhancedTimeSformer | None = None):
        self.view = model.config.size if model else None

    def score(self, clips: Tensor) -> Tensor:
        return neighbour_errors(clips)["copy"]


@register
class NeighbourMean:
    """Control: the error of taking the mean of both neighbours for the mid frame. Nothing is learned."""

    name, trained_on = "neighbour_mean", "nothing"

    def __init__(self, model: EnhancedTimeSformer | None = None):
        self.view = model.config.size if model else None

    def score(self, clips: Tensor) -> Tensor:
        return neighbour_errors(clips)["neighbour_mean"]


def build(name: str, model: EnhancedTimeSformer) -> Detector:
    """Build a registered detector on a network.

    Raises:
        ValueError: no detector of that name.
    """
    if name not in DETECTORS:
        raise ValueError(f"detector must be one of {', '.join(DETECTORS)}; got {name!r}")
    return DETECTORS[name](model)


def look(frames: Tensor, view: int | None) -> Tensor:
    """Show uint8 frames (T, 3, H, W) as a detector asks for them: (3, T, h, w) in [-1, 1], see `Detector.view`."""
    return to_clip(frames if view is None else centre_crop(resize_short_side(frames, view), view))


@torch.inference_mode()
def score(detectors: list[Detector], frames: Tensor) -> dict[str, float]:
    """Score one clip by some detectors.

    One clip at a time: a batch would round otherwise, and a clip must have the same score whatever stands beside it.

    Args:
        detectors: built ones.
        frames: uint8 (T, 3, H, W) of any size.

    Returns:
        The scores by the detectors' names.

    Raises:
        ValueError: what comes is no uint8 frames.
    """
    views = {view: look(frames, view)[None] for view in {d.view for d in detectors}}
    return {d.name: d.score(views[d.view]).item() for d in detectors}
