"""What is too smooth is as suspicious as what is too rough: a score's distance from the middle of the reals'."""

from collections.abc import Iterable
from typing import Self

import torch
from torch import Tensor

from tad.scoring.detectors.protocol import Base, Detector, check_detector


class TwoTailed(Base):
    """How far a detector's score lies from the middle of the reals' scores, in percentiles.

    With F the share of the reals' scores below s, half of those level with it counted, and r their range:

        |2 F(s) - 1|  +  (distance of s from r) / (interquartile range of the reals)

    The first part is 0 at the median and 1 beyond every real. The second tells apart what passes every real, where
    percentiles end. A detector that must be fitted is fitted first, on the same clips, which then come a second time:
    its scores of reals are those of clips that it knows.
    """

    trained_on, learns = "reals only", ("reals",)

    def __init__(self, detector: Detector):
        super().__init__()
        check_detector(detector)
        self.inner, self.view, self.name = detector, detector.view, getattr(type(self), "name", "") or detector.name

    def fit(self, clips: Iterable[Tensor]) -> Self:
        if not self.inner.fitted:
            if iter(clips) is clips:
                raise ValueError(f"{self.name} passes twice over real clips: a list or the like; got an iterator")
            self.inner.fit(clips)
        return super().fit(clips)

    def samples(self, clip: Tensor) -> Tensor:
        return self.inner.score(clip[None])[:, None]

    def learn(self, samples: Tensor) -> dict[str, Tensor]:
        return {"reals": samples.flatten().double().sort().values}

    def score_clip(self, clip: Tensor) -> Tensor:
        reals = self.learned["reals"].to(clip.device)
        score = self.inner.score(clip[None])[0].double()
        low, high = (torch.searchsorted(reals, score, right=right) for right in (False, True))
        outside = (score - score.clamp(reals[0], reals[-1])).abs()
        quartiles = reals.quantile(reals.new_tensor([0.25, 0.75]))
        unit = (quartiles[1] - quartiles[0]).clamp(min=1e-12)
        return ((low + high) / len(reals) - 1).abs() + outside / unit

    @property
    def fitted(self) -> bool:
        return self.inner.fitted and super().fitted

    def state(self) -> dict[str, Tensor]:
        return super().state() | {f"inner.{name}": of for name, of in self.inner.state().items()}

    def load(self, state: dict[str, Tensor]) -> Self:
        inner = {name: of for name, of in state.items() if name.startswith("inner.")}
        self.inner.load({name.removeprefix("inner."): of for name, of in inner.items()})
        return super().load({name: of for name, of in state.items() if name not in inner})


def two_tailed(detector: Detector) -> TwoTailed:
    """Turn a detector's score into its distance from the middle of the reals', see `TwoTailed`.

    Example:
        >>> from tad.scoring.detectors.neighbour_copy import NeighbourCopy
        >>> flicker = lambda size: torch.tensor([0, size, 0]).reshape(1, 3, 1, 1).expand(3, 3, 8, 8)
        >>> reals = [flicker(0.2), flicker(0.3), flicker(0.4)]
        >>> detector = two_tailed(NeighbourCopy()).fit(reals)
        >>> scores = detector.score(torch.stack([flicker(0.3), flicker(0.0), flicker(0.9)]))
        >>> [round(score, 2) for score in scores.tolist()]
        [0.0, 1.67, 11.83]
    """
    return TwoTailed(detector)
