"""Detectors: something that gives each clip one score, higher = more likely fake."""

from collections.abc import Callable, Iterable
from typing import Protocol

import torch
from torch import Tensor

from tad.data import check_clip
from tad.model import EnhancedTimeSformer
from tad.training import frame_error, neighbour_errors


class Detector(Protocol):
    """What every detector offers; one that can say where adds `map(clips) -> (B, T, H, W)`."""

    name: str
    trained_on: str  # "nothing", "reals only", "reals with self-made fakes" or "labelled fakes"

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
        self.model = model

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
        pass

    def score(self, clips: Tensor) -> Tensor:
        return neighbour_errors(clips)["copy"]


@register
class NeighbourMean:
    """Control: the error of taking the mean of both neighbours for the mid frame. Nothing is learned."""

    name, trained_on = "neighbour_mean", "nothing"

    def __init__(self, model: EnhancedTimeSformer | None = None):
        pass

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


@torch.inference_mode()
def score_stream(detectors: list[Detector], clips: Iterable[Tensor], batch_size: int = 2) -> Iterable[dict[str, float]]:
    """Score clips (3, T, H, W) one after another, in batches behind the scenes and in constant memory.

    Args:
        detectors: built ones.
        clips: in any number.
        batch_size: on a processor small batches stay in its caches: 2 took 0.23 s a clip where 8 took 0.40 s.

    Yields:
        For each clip, in order, the score by each detector's name.

    Raises:
        ValueError: a clip is not float32, not finite or not within [-1, 1].
    """
    batch: list[Tensor] = []

    def flush():
        together = check_clip(torch.stack(batch))
        scores = {d.name: d.score(together).tolist() for d in detectors}
        return [dict(zip(scores, values, strict=True)) for values in zip(*scores.values(), strict=True)]

    for clip in clips:
        batch.append(clip)
        if len(batch) == batch_size:
            yield from flush()
            batch = []
    if batch:
        yield from flush()
