"""A patch head at the video's own resolution, taught by self-made forgeries of real clips.

Source: Shiohara and Yamasaki, "Detecting Deepfakes with Self-Blended Images", 2022, for fakes that are made from the
very real they are compared with; Nguyen et al., "Vulnerability-Aware Spatio-Temporal Learning for Generalizable
Deepfake Video Detection" (FakeSTormer), 2025, for supervision of places in space and time by the known mask. The
network is `tad.model.LocalBranch`; the score is the mean of its highest 3 % of logits.

It has seen fakes, so it is to be judged on families that it has not seen: `left_out` names those that a variant of it
was trained without.
"""

from collections.abc import Iterable, Sequence
from typing import Self

import torch
from torch import Tensor
from torch.nn import functional as F

from tad.data import to_frames
from tad.forgery import families
from tad.model import EnhancedTimeSformer, LocalBranch, peak
from tad.scoring.detectors.protocol import Base, register_fitted
from tad.training import HeadRecipe, Pool, SelfForged, Variation, fit_head, make_pool
from tad.training.self_forged import Forge


@register_fitted
class LocalHead(Base):
    """Peak over places of the logits of a small local network that was trained on reals with self-made fakes."""

    name, trained_on = "local_head", "reals with self-made fakes"
    share = 0.03  # of places whose logits are averaged

    def __init__(
        self, model: EnhancedTimeSformer | None = None, *, pairs: int = 6000, recipe: HeadRecipe = HeadRecipe(1200),  # noqa: B008 it is frozen
        variation: Variation = Variation(weakest=0.15), seed: int = 0,  # noqa: B008 it is frozen
    ):  # fmt: skip
        """Build a head that has learned nothing yet.

        Args:
            model: not looked at; detectors are built from a network.
            pairs, recipe, variation, seed: of `fit`.
        """
        super().__init__()
        self.pairs, self.recipe, self.variation, self.seed = pairs, recipe, variation, seed
        self.net = LocalBranch().eval()
        self.learns = tuple(self.net.state_dict())

    def fit(
        self, clips: Iterable[Tensor], *, groups: Sequence[str] | None = None, forgeries: dict[str, Forge] | None = None
    ) -> Self:  # fmt: skip
        """Learn from real clips (3, T, H, W) and forgeries that are made of them.

        Args:
            clips: as `look` shows them.
            groups: of each; each clip is a group of its own unless given.
            forgeries: by name; all registered families that need no landmarks unless given.
        """
        frames = [to_frames(clip) for clip in clips]
        if not frames:
            raise ValueError(f"{self.name} is fitted on one real clip or more; got none")
        known = {name: family for name, family in families().items() if "landmarks" not in family.needs}
        groups = groups or [str(i) for i in range(len(frames))]
        data = SelfForged(frames, groups, forgeries or known, self.pairs, self.seed, self.variation)
        pool = make_pool(data)
        return self.learn_from(pool, torch.arange(len(data)))

    def learn_from(self, pool: Pool, which: Tensor) -> Self:
        """Learn from some pairs of a pool, on the device where it lies; see `tad.training.fit_head`."""
        with torch.random.fork_rng():
            torch.manual_seed(self.seed)
            net = LocalBranch().to(pool.real.device)
        fit_head(net, pool, which, self.recipe, self.seed, f"teaching {self.name}")
        return self.load(net.cpu().state_dict())

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
