"""A patch head at the video's own resolution, taught by self-made forgeries of real clips.

Source: Shiohara and Yamasaki, "Detecting Deepfakes with Self-Blended Images", 2022, for fakes that are made from the
very real they are compared with; Nguyen et al., "Vulnerability-Aware Spatio-Temporal Learning for Generalizable
Deepfake Video Detection" (FakeSTormer), 2025, for supervision of places in space and time by the known mask. The
network is `tad.model.LocalBranch`; the score is the mean of its highest 3 % of logits.

It has seen fakes, so it is to be judged on families that it has not seen: `left_out` names those that a variant of it
was trained without.
"""

from collections.abc import Iterable
from typing import Self

import torch
from torch import Tensor
from torch.nn import functional as F

from tad.model import EnhancedTimeSformer, LocalBranch, peak
from tad.scoring.detectors.protocol import Base, register_fitted


@register_fitted
class LocalHead(Base):
    """Peak over places of the logits of a small local network that was trained on reals with self-made fakes."""

    name, trained_on = "local_head", "reals with self-made fakes"
    share = 0.03  # of places whose logits are averaged

    def __init__(self, model: EnhancedTimeSformer | None = None):
        super().__init__()
        self.net = LocalBranch().eval()
        self.learns = tuple(self.net.state_dict())

    def fit(self, clips: Iterable[Tensor]) -> Self:
        """Refuse: what it learns from are pairs, which `tad.experiment.fit_heads` makes."""
        raise ValueError(f"{self.name} learns from pairs of real and self-forged tiles (tad fit); got clips alone")

    def load(self, state: dict[str, Tensor]) -> Self:
        super().load(state)
        self.net.load_state_dict(state)
        return self

    def score_clip(self, clip: Tensor) -> Tensor:
        return peak(self.net(clip[None]), self.share)[0]

    @torch.no_grad()
    def map(self, clips: Tensor) -> Tensor:
        """The logit of each place, spread over its pixels: (B, T, H, W)."""
        self.require_fitted()
        return F.interpolate(self.net(clips)[:, None], clips.shape[2:], mode="trilinear")[:, 0]
